//! What an office document, PDF or RTF text can do to its reader: macros, encryption, content that acts by itself.
//!
//! Nothing is rendered and no macro is read; the marks that the formats must carry for such things are looked for, in
//! every place where a reader would find them. Where a structure is broken the marks are looked for in all bytes.
//! Cost: linear in the document. It cannot fail: a broken document is `corrupt`.

use super::archive::{Budget, Unpacked, unpack_zip};
use super::filetype::{Container, FileType};
use crate::base::limits::MessageLimits;
use flate2::{Decompress, FlushDecompress};

/// Facts about one document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DocumentFacts {
    /// It holds macros (VBA, Excel 4, Basic) or declares that it does.
    pub macros: bool,
    /// It cannot be read without a password.
    pub encrypted: bool,
    /// It holds what acts when opened: scripts, launch actions, embedded objects of RTF, DDE, remote templates.
    pub active: bool,
    /// Its structure contradicts itself.
    pub corrupt: bool,
}

/// Looks at a document. `unpacked` is the content of a ZIP-based one where it has been unpacked already; without it
/// such a document is unpacked here within the usual limits. What is no document has no facts.
pub fn inspect(bytes: &[u8], file_type: &FileType, unpacked: Option<&Unpacked>) -> DocumentFacts {
    let mut facts = DocumentFacts::default();
    match file_type.container {
        Container::Zip => match unpacked {
            Some(unpacked) => inspect_zip(unpacked, &mut facts),
            None => {
                let mut budget = Budget::new(&MessageLimits::default());
                inspect_zip(&unpack_zip(bytes, &mut budget), &mut facts);
            }
        },
        Container::Ole => inspect_ole(bytes, &mut facts),
        Container::Gzip | Container::None => {}
    }
    match file_type.media_type.as_ref() {
        "application/pdf" => inspect_pdf(bytes, &mut facts),
        "text/rtf" => inspect_rtf(bytes, &mut facts),
        _ => inspect_flat(bytes, &mut facts),
    }
    facts
}

fn inspect_zip(unpacked: &Unpacked, facts: &mut DocumentFacts) {
    for member in &unpacked.members {
        let names = std::iter::once(&member.name).chain(&member.other_names);
        for name in names {
            let name = name.to_lowercase().replace('\\', "/");
            let base = name.rsplit('/').next().unwrap_or_default();
            facts.macros |= base.starts_with("vbaproject")
                || name.contains("xl/macrosheets/")
                || name.contains("xl/dialogsheets/")
                || name.starts_with("basic/")
                || name.starts_with("scripts/");
            facts.active |= name.contains("/activex/");
            match base {
                "[content_types].xml" => inspect_content_types(&member.content, facts),
                "manifest.xml" => facts.encrypted |= contains(&member.content, b"encryption-data"),
                _ if base.ends_with(".rels") => inspect_relations(&member.content, facts),
                _ if base.ends_with(".xml") => inspect_flat(&member.content, facts),
                _ => {}
            }
        }
    }
}

fn inspect_content_types(content: &[u8], facts: &mut DocumentFacts) {
    let types = String::from_utf8_lossy(content).to_lowercase();
    facts.macros |= types.contains("vbaproject") || types.contains("ms-excel.macrosheet");
    // The binary workbook's own type has `macroEnabled` in it whether it holds macros or not.
    facts.macros |=
        types.matches("macroenabled").count() > types.matches("sheet.binary.macroenabled").count();
}

fn inspect_relations(content: &[u8], facts: &mut DocumentFacts) {
    let relations = String::from_utf8_lossy(content).to_lowercase();
    facts.macros |= relations.contains("/vbaproject");
    // A relation is written in one element; a template or object from elsewhere is loaded when the document opens.
    facts.active |= relations.split('<').any(|element| {
        element.contains("targetmode=\"external\"")
            && ["/attachedtemplate", "/oleobject", "/frame", "/externallink"]
                .iter()
                .any(|kind| element.contains(kind) && (*kind != "/externallink" || element.contains("dde")))
    });
}

/// Marks of macros and of DDE in documents that are one text: flat XML and the parts of ZIP-based ones, CSV.
fn inspect_flat(bytes: &[u8], facts: &mut DocumentFacts) {
    facts.active |= contains(bytes, b"DDEAUTO") || contains(bytes, b"<ddeLink") || has_dde_field(bytes);
    if contains(bytes, b"<?mso-application")
        || contains(bytes, b"schemas.microsoft.com/office/word/2003/wordml")
    {
        facts.macros |= contains(bytes, b"macrosPresent=\"yes\"");
    }
    let is_flat_package = contains(bytes, b"http://schemas.microsoft.com/office/2006/xmlPackage");
    facts.macros |= is_flat_package && contains(bytes, b"vbaProject");
}

/// `DDE` as a field instruction of Word, or as the beginning of a spreadsheet formula.
fn has_dde_field(bytes: &[u8]) -> bool {
    memchr::memmem::find_iter(bytes, b"instrText").any(|at| {
        let field = bytes.get(at..(at + 200).min(bytes.len())).unwrap_or_default();
        let end = memchr::memmem::find(field, b"</").unwrap_or(field.len());
        let field = String::from_utf8_lossy(field.get(..end).unwrap_or_default()).into_owned();
        let text = field.split_once('>').map_or("", |(_, text)| text);
        text.split_whitespace().next().is_some_and(|word| word.eq_ignore_ascii_case("dde"))
    }) || memchr::memmem::find_iter(bytes, b"|'").any(|at| is_dde_formula(bytes, at))
}

/// Whether `|'` at an offset belongs to `=program|'arguments'!cell`.
fn is_dde_formula(bytes: &[u8], at: usize) -> bool {
    let before = bytes.get(at.saturating_sub(64)..at).unwrap_or_default();
    let word_start =
        before.iter().rposition(|byte| !byte.is_ascii_alphanumeric()).map_or(0, |start| start + 1);
    let has_program = before.len() > word_start;
    let opens = word_start.checked_sub(1).and_then(|index| before.get(index));
    let after = bytes.get(at..(at + 512).min(bytes.len())).unwrap_or_default();
    has_program && matches!(opens, Some(b'=' | b'+' | b'-' | b'@')) && contains(after, b"'!")
}

/// One entry of the directory of a compound file (MS-CFB 2.6.1) takes 128 bytes.
const OLE_ENTRY: usize = 128;

fn inspect_ole(bytes: &[u8], facts: &mut DocumentFacts) {
    facts.corrupt |= !has_ole_directory(bytes);
    // Directory entries stand at multiples of their size wherever the chains of sectors lead, so all such places are
    // looked at: what a broken or forged chain leads away from is found too.
    for entry in bytes.chunks_exact(OLE_ENTRY) {
        let Some(name) = ole_name(entry) else { continue };
        let name = name.to_lowercase();
        match name.as_str() {
            "_vba_project" | "vba" | "macros" | "_vba_project_cur" | "vbaproject" => facts.macros = true,
            "encryptedpackage" | "encryptioninfo" | "encryptedsummary" | "\u{6}dataspaces" => {
                facts.encrypted = true;
            }
            _ => {}
        }
    }
    inspect_old_office(bytes, facts);
}

/// Whether the header of a compound file leads to a directory.
fn has_ole_directory(bytes: &[u8]) -> bool {
    let shift = number(bytes, 30, 2);
    if shift != 9 && shift != 12 {
        return false;
    }
    let sector = number(bytes, 48, 4);
    let at = (sector + 1) << shift;
    let root = usize::try_from(at).ok().and_then(|at| bytes.get(at..at + OLE_ENTRY));
    root.is_some_and(|entry| entry.get(66) == Some(&5))
}

/// The name of a directory entry; `None` if the bytes cannot be one.
fn ole_name(entry: &[u8]) -> Option<String> {
    let len = number(entry, 64, 2) as usize;
    if !(4..=64).contains(&len) || !len.is_multiple_of(2) || !matches!(entry.get(66)?, 1 | 2 | 5) {
        return None;
    }
    let units: Vec<u16> =
        entry.get(..len - 2)?.chunks_exact(2).map(|pair| number(pair, 0, 2) as u16).collect();
    if units.contains(&0) || number(entry, len - 2, 2) != 0 {
        return None;
    }
    String::from_utf16(&units).ok()
}

/// Marks inside the streams of the old binary formats. Streams begin at sectors.
fn inspect_old_office(bytes: &[u8], facts: &mut DocumentFacts) {
    for sector in bytes.chunks(512) {
        // Word: the file information block with its flag `fEncrypted` (MS-DOC 2.5.2).
        if sector.starts_with(&[0xec, 0xa5]) && number(sector, 10, 2) & 0x0100 != 0 {
            facts.encrypted = true;
        }
        // PowerPoint: the token of the current-user atom says that the document is encrypted (MS-PPT 2.3.2).
        if number(sector, 2, 2) == 0x0ff6 && number(sector, 12, 4) == 0xf3d1_c4df {
            facts.encrypted = true;
        }
    }
    // Every sheet has such a beginning, and ends before the next; records are walked twice where a file is forged.
    let mut records = bytes.len() / 2;
    for at in memchr::memmem::find_iter(bytes, &[0x09, 0x08, 0x10, 0x00, 0x00, 0x06]) {
        inspect_workbook(bytes, at, &mut records, facts);
    }
}

/// Walks the records of an Excel stream (MS-XLS 2.1.4) for a password and for Excel 4 macro sheets. A record takes four
/// bytes at least; a file in which more are walked than it can have is forged, hence damaged.
fn inspect_workbook(bytes: &[u8], start: usize, records: &mut usize, facts: &mut DocumentFacts) {
    let mut at = start;
    loop {
        let Some(left) = records.checked_sub(1) else {
            facts.corrupt = true;
            return;
        };
        *records = left;
        let (kind, len) = (number(bytes, at, 2), number(bytes, at + 2, 2) as usize);
        match kind {
            0x002f => facts.encrypted = true,
            0x0085 if number(bytes, at + 9, 1) == 1 => facts.macros = true,
            0x000a => return,
            _ => {}
        }
        at += 4 + len;
        if at + 4 > bytes.len() {
            return;
        }
    }
}

fn inspect_pdf(bytes: &[u8], facts: &mut DocumentFacts) {
    facts.corrupt |= !contains(bytes, b"%%EOF") && !contains(bytes, b"startxref");
    let mut object_streams = Vec::new();
    scan_pdf_names(bytes, facts, &mut object_streams);
    const STREAMS: usize = 256;
    let mut left: usize = 32 << 20;
    // Streams that overlap, or that expand to nothing, must not be read many times over.
    let mut packed = bytes.len().saturating_mul(2);
    for at in object_streams.into_iter().take(STREAMS) {
        let content = inflate_pdf_stream(bytes, at, left, &mut packed);
        left = left.saturating_sub(content.len());
        scan_pdf_names(&content, facts, &mut Vec::new());
    }
}

/// Looks at every name of a PDF (ISO 32000-1, 7.3.5), in whatever way it is spelled.
fn scan_pdf_names(bytes: &[u8], facts: &mut DocumentFacts, object_streams: &mut Vec<usize>) {
    for at in memchr::memchr_iter(b'/', bytes) {
        let (name, len) = pdf_name(bytes.get(at + 1..).unwrap_or_default());
        let behind = at + 1 + len;
        match name.as_slice() {
            b"Encrypt" => facts.encrypted = true,
            b"JavaScript" | b"JS" | b"Launch" | b"RichMedia" | b"GoToE" | b"ImportData" | b"SubmitForm" => {
                facts.active = true;
            }
            // An action; an array would only say which page to show.
            b"OpenAction" | b"AA" => {
                let rest = bytes.get(behind..).unwrap_or_default();
                let next = rest.iter().find(|byte| !byte.is_ascii_whitespace());
                facts.active |= next.is_some_and(|&byte| byte != b'[');
            }
            b"ObjStm" => object_streams.push(behind),
            _ => {}
        }
    }
}

/// The name that begins here, its escapes decoded, and how many bytes it takes. Names of interest are short.
fn pdf_name(bytes: &[u8]) -> (Vec<u8>, usize) {
    const LONGEST: usize = 48;
    let mut name = Vec::with_capacity(16);
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        if byte.is_ascii_whitespace() || b"/<>[](){}%\0".contains(&byte) || at > LONGEST {
            break;
        }
        let escaped = bytes.get(at + 1..at + 3).filter(|_| byte == b'#');
        let decoded = escaped.and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        name.push(decoded.unwrap_or(byte));
        at += if decoded.is_some() { 3 } else { 1 };
    }
    (name, at)
}

fn inflate_pdf_stream(bytes: &[u8], from: usize, limit: usize, packed: &mut usize) -> Vec<u8> {
    let window = bytes.get(from..(from + 2_048).min(bytes.len())).unwrap_or_default();
    let Some(at) = memchr::memmem::find(window, b"stream") else { return Vec::new() };
    let data = bytes.get(from + at + b"stream".len()..).unwrap_or_default();
    let data = data.strip_prefix(b"\r").unwrap_or(data);
    let data = data.strip_prefix(b"\n").unwrap_or(data);
    let mut content = Vec::with_capacity(limit.min(data.len().saturating_mul(20)).min(4 << 20));
    // One call fills at most the room that is there; what is beyond is not looked at.
    let data = data.get(..data.len().min(*packed)).unwrap_or_default();
    let mut stream = Decompress::new(true);
    let _ = stream.decompress_vec(data, &mut content, FlushDecompress::Finish);
    *packed = packed.saturating_sub(usize::try_from(stream.total_in()).unwrap_or(usize::MAX));
    content
}

fn inspect_rtf(bytes: &[u8], facts: &mut DocumentFacts) {
    const MARKS: &[&[u8]] =
        &[b"\\objdata", b"\\objupdate", b"\\objocx", b"\\objautlink", b"DDEAUTO", b"\\*\\template"];
    facts.active |= MARKS.iter().any(|mark| contains(bytes, mark));
}

fn contains(bytes: &[u8], needle: &[u8]) -> bool {
    memchr::memmem::find(bytes, needle).is_some()
}

/// A little-endian number; bytes beyond the end count as zero.
fn number(bytes: &[u8], at: usize, len: usize) -> u64 {
    (0..len).rev().fold(0, |number, index| {
        let byte = at.checked_add(index).and_then(|at| bytes.get(at)).copied().unwrap_or(0);
        number << 8 | u64::from(byte)
    })
}
