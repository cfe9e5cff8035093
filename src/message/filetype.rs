//! What a file truly is, told from its bytes; and what its name claims.
//!
//! [`detect`] looks at bytes alone: a program named `holiday.jpg` is a program. [`detect_named`] lets the name decide
//! only among things that are all text and that bytes cannot tell apart (a script from a letter). Signatures come from
//! a library; those that are two letters long, or that a firewall must not miss, are checked here first. Cost: a few
//! kilobytes looked at, and the directory of archives. It cannot fail: what nothing fits is [`Family::Unknown`].

use file_format::{FileFormat, Kind};
use std::borrow::Cow;

/// What a file is for, as policies ask for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Family {
    /// Runs when opened: programs, libraries, installers, program archives, shortcuts.
    Executable,
    /// Text that runs when opened: shell, batch, PowerShell, VBScript, HTML applications.
    Script,
    /// Holds other files, or one file packed, or a disk.
    Archive,
    /// For reading: PDF, office formats, RTF, e-books.
    Document,
    /// Pictures.
    Image,
    /// Sound.
    Audio,
    /// Moving pictures.
    Video,
    /// Typefaces.
    Font,
    /// Plain text, also tables and source code that does not run when opened.
    Text,
    /// HTML.
    Html,
    /// A mail message.
    Message,
    /// Calendar data.
    Calendar,
    /// Address cards.
    Contact,
    /// Encrypted for somebody: OpenPGP, S/MIME, age. Encrypted archives and documents keep their own family.
    Encrypted,
    /// Signatures, keys and certificates.
    Key,
    /// A known format of another kind: databases, geographic data, models.
    Data,
    /// Nothing at all.
    Empty,
    /// Bytes that fit nothing.
    Unknown,
}

/// What a file can be opened as to look inside, whatever else it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Container {
    /// Nothing that is looked into here.
    None,
    /// A ZIP archive, alone or behind something else (self-extracting programs, office files).
    Zip,
    /// One packed file.
    Gzip,
    /// A compound file (OLE): old office formats, installers, Outlook messages.
    Ole,
}

/// The type of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileType {
    /// The media type, in lower case, without parameters.
    pub media_type: Cow<'static, str>,
    /// The usual extension, in lower case, without a dot; may be empty.
    pub extension: Cow<'static, str>,
    /// What people call it.
    pub name: Cow<'static, str>,
    /// What it is for.
    pub family: Family,
    /// What it can be opened as.
    pub container: Container,
}

impl FileType {
    const fn of(
        media_type: &'static str,
        extension: &'static str,
        name: &'static str,
        family: Family,
    ) -> FileType {
        FileType {
            media_type: Cow::Borrowed(media_type),
            extension: Cow::Borrowed(extension),
            name: Cow::Borrowed(name),
            family,
            container: Container::None,
        }
    }

    /// Whether the family alone decides how text is shown: letters, tables, source code, HTML, scripts.
    pub fn is_textual(&self) -> bool {
        use Family::{Calendar, Contact, Html, Message, Script, Text};
        matches!(self.family, Text | Html | Script | Message | Calendar | Contact)
    }
}

/// Bytes that are looked at for signs of text.
const TEXT_WINDOW: usize = 4 << 10;

/// The type told by the bytes alone.
pub fn detect(bytes: &[u8]) -> FileType {
    let mut found = detect_format(bytes);
    found.container = container(bytes);
    if found.container == Container::Ole && matches!(found.family, Family::Unknown | Family::Data) {
        // Hardly anything but office programs writes these; encrypted documents show no more of themselves.
        found = FileType { container: Container::Ole, ..OLE };
    }
    if found.media_type == "application/zip" && memchr::memmem::find(bytes, b"[Content_Types].xml").is_some()
    {
        found = FileType { container: Container::Zip, ..PACKAGE };
    }
    if found.container == Container::Zip && matches!(found.family, Family::Unknown | Family::Data) {
        found = FileType { container: Container::Zip, ..ZIP };
    }
    found
}

/// The type told by the bytes, with the name deciding among kinds of text, and where bytes carry no sign at all.
pub fn detect_named(bytes: &[u8], name: &str) -> FileType {
    let found = detect(bytes);
    let Some(claimed) = expected_by_name(name) else { return found };
    let refines = match found.family {
        Family::Text => {
            claimed.is_textual() || claimed.media_type.starts_with("text/") || extension_of(name) == "com"
        }
        // A DOS program without header is any bytes at all, so only its name tells.
        Family::Unknown => extension_of(name) == "com",
        // An HTML application is HTML by its bytes.
        Family::Html => claimed.family == Family::Script,
        _ => false,
    };
    if refines { FileType { container: found.container, ..claimed } } else { found }
}

/// The type that a file name claims; `None` for extensions nobody knows.
pub fn expected_by_name(name: &str) -> Option<FileType> {
    let extension = extension_of(name);
    let (media_type, family) = match known_extension(&extension) {
        Some(known) => known,
        None => match family_by_name(name)? {
            Family::Executable => ("application/x-msdownload", Family::Executable),
            family => ("text/x-script", family),
        },
    };
    Some(FileType {
        media_type: Cow::Borrowed(media_type),
        name: Cow::Owned(format!("{} file", extension.to_uppercase())),
        extension: Cow::Owned(extension),
        family,
        container: Container::None,
    })
}

/// Whether the extension is one that systems run when a file is opened, and how; `None` for all other names.
pub fn family_by_name(name: &str) -> Option<Family> {
    let extension = extension_of(name);
    if EXECUTABLE_EXTENSIONS.binary_search(&extension.as_str()).is_ok() {
        return Some(Family::Executable);
    }
    SCRIPT_EXTENSIONS.binary_search(&extension.as_str()).is_ok().then_some(Family::Script)
}

/// The extension of a file name as systems see it: lower case, behind the last dot of the last path component, without
/// the dots, blanks, invisible characters and stream names that a system drops from the end. Empty if there is none.
pub fn extension_of(name: &str) -> String {
    let folded = super::surface::fold(name);
    let base = folded.rsplit(['/', '\\']).next().unwrap_or_default();
    // `report.exe:stream` and `report.exe::$data` open `report.exe`.
    let base = base.split(':').find(|piece| piece.contains('.')).unwrap_or(base);
    let base = base.trim_end_matches(|end: char| end == '.' || end.is_whitespace() || end.is_control());
    match base.rsplit_once('.') {
        Some((_, extension)) => extension.trim().to_owned(),
        None => String::new(),
    }
}

const EXECUTABLE_EXTENSIONS: &[&str] = &[
    "app",
    "appimage",
    "application",
    "appref-ms",
    "appx",
    "appxbundle",
    "class",
    "com",
    "cpl",
    "deb",
    "diagcab",
    "dll",
    "dmg",
    "drv",
    "elf",
    "exe",
    "gadget",
    "ipa",
    "jar",
    "lnk",
    "msi",
    "msix",
    "msixbundle",
    "msp",
    "mst",
    "ocx",
    "pif",
    "pkg",
    "rpm",
    "run",
    "scr",
    "sys",
    "vxd",
    "xap",
    "xbap",
    "xll",
];

const SCRIPT_EXTENSIONS: &[&str] = &[
    "ade",
    "adp",
    "applescript",
    "asp",
    "aspx",
    "bas",
    "bash",
    "bat",
    "chm",
    "cmd",
    "command",
    "csh",
    "hlp",
    "hta",
    "inf",
    "iqy",
    "jnlp",
    "js",
    "jse",
    "jsp",
    "ksh",
    "library-ms",
    "lua",
    "mde",
    "mjs",
    "msc",
    "msh",
    "msh1",
    "msh2",
    "php",
    "pl",
    "ps1",
    "ps1xml",
    "ps2",
    "ps2xml",
    "psc1",
    "psc2",
    "psd1",
    "psm1",
    "py",
    "pyc",
    "pyw",
    "rb",
    "reg",
    "scf",
    "scpt",
    "search-ms",
    "sct",
    "settingcontent-ms",
    "sh",
    "shb",
    "shs",
    "slk",
    "sylk",
    "tcl",
    "theme",
    "url",
    "vb",
    "vbe",
    "vbs",
    "website",
    "wsc",
    "wsf",
    "wsh",
    "zsh",
];

fn known_extension(extension: &str) -> Option<(&'static str, Family)> {
    use Family::*;
    Some(match extension {
        "txt" | "text" | "log" | "md" | "asc" | "conf" | "ini" => ("text/plain", Text),
        "csv" => ("text/csv", Text),
        "tsv" => ("text/tab-separated-values", Text),
        "json" => ("application/json", Text),
        "xml" => ("application/xml", Text),
        "css" => ("text/css", Text),
        "diff" | "patch" => ("text/x-diff", Text),
        "htm" | "html" | "shtml" | "xht" | "xhtml" => ("text/html", Html),
        "mht" | "mhtml" | "eml" => ("message/rfc822", Message),
        "msg" => ("application/vnd.ms-outlook", Message),
        "ics" | "ifb" | "vcs" => ("text/calendar", Calendar),
        "vcf" => ("text/vcard", Contact),
        "js" | "mjs" => ("text/javascript", Script),
        "hta" => ("application/hta", Script),
        "bat" | "cmd" => ("application/x-bat", Script),
        "ps1" => ("application/x-powershell", Script),
        "vbs" => ("text/vbscript", Script),
        "sh" | "bash" => ("application/x-sh", Script),
        "py" => ("text/x-python", Script),
        "exe" | "scr" | "com" | "pif" | "cpl" | "dll" => {
            ("application/vnd.microsoft.portable-executable", Executable)
        }
        "msi" => ("application/x-msi", Executable),
        "jar" => ("application/java-archive", Executable),
        "lnk" => ("application/x-ms-shortcut", Executable),
        "zip" | "zipx" => ("application/zip", Archive),
        "rar" => ("application/vnd.rar", Archive),
        "7z" => ("application/x-7z-compressed", Archive),
        "tar" => ("application/x-tar", Archive),
        "gz" | "tgz" => ("application/gzip", Archive),
        "bz2" | "tbz" => ("application/x-bzip2", Archive),
        "xz" | "txz" => ("application/x-xz", Archive),
        "zst" => ("application/zstd", Archive),
        "cab" => ("application/vnd.ms-cab-compressed", Archive),
        "arj" => ("application/x-arj", Archive),
        "lha" | "lzh" => ("application/x-lzh-compressed", Archive),
        "ace" => ("application/x-ace-compressed", Archive),
        "iso" | "img" => ("application/x-iso9660-image", Archive),
        "pdf" => ("application/pdf", Document),
        "doc" | "dot" => ("application/msword", Document),
        "xls" | "xlt" | "xla" => ("application/vnd.ms-excel", Document),
        "ppt" | "pps" | "pot" => ("application/vnd.ms-powerpoint", Document),
        "docx" => ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", Document),
        "xlsx" => ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", Document),
        "pptx" => ("application/vnd.openxmlformats-officedocument.presentationml.presentation", Document),
        "docm" | "dotm" => ("application/vnd.ms-word.document.macroenabled.12", Document),
        "xlsm" | "xltm" | "xlam" => ("application/vnd.ms-excel.sheet.macroenabled.12", Document),
        "xlsb" => ("application/vnd.ms-excel.sheet.binary.macroenabled.12", Document),
        "pptm" | "ppsm" | "potm" => ("application/vnd.ms-powerpoint.presentation.macroenabled.12", Document),
        "odt" => ("application/vnd.oasis.opendocument.text", Document),
        "ods" => ("application/vnd.oasis.opendocument.spreadsheet", Document),
        "odp" => ("application/vnd.oasis.opendocument.presentation", Document),
        "rtf" => ("text/rtf", Document),
        "epub" => ("application/epub+zip", Document),
        "ps" | "eps" => ("application/postscript", Document),
        "jpg" | "jpeg" | "jpe" | "jfif" => ("image/jpeg", Image),
        "png" => ("image/png", Image),
        "gif" => ("image/gif", Image),
        "bmp" => ("image/bmp", Image),
        "tif" | "tiff" => ("image/tiff", Image),
        "webp" => ("image/webp", Image),
        "heic" => ("image/heic", Image),
        "svg" => ("image/svg+xml", Image),
        "ico" => ("image/vnd.microsoft.icon", Image),
        "mp3" => ("audio/mpeg", Audio),
        "wav" => ("audio/wav", Audio),
        "ogg" | "oga" => ("audio/ogg", Audio),
        "m4a" => ("audio/mp4", Audio),
        "flac" => ("audio/flac", Audio),
        "mp4" | "m4v" => ("video/mp4", Video),
        "avi" => ("video/x-msvideo", Video),
        "mov" => ("video/quicktime", Video),
        "mkv" => ("video/matroska", Video),
        "webm" => ("video/webm", Video),
        "mpg" | "mpeg" => ("video/mpeg", Video),
        "ttf" => ("font/ttf", Font),
        "otf" => ("font/otf", Font),
        "woff" | "woff2" => ("font/woff2", Font),
        "p7m" => ("application/pkcs7-mime", Encrypted),
        "p7s" => ("application/pkcs7-signature", Key),
        "pgp" | "gpg" => ("application/pgp-encrypted", Encrypted),
        "sig" => ("application/pgp-signature", Key),
        "cer" | "crt" | "pem" | "p12" | "pfx" | "key" => ("application/x-x509-certificate", Key),
        "dat" | "bin" => ("application/octet-stream", Unknown),
        _ => return None,
    })
}

const ZIP: FileType = FileType::of("application/zip", "zip", "ZIP archive", Family::Archive);
const OLE: FileType = FileType::of("application/x-ole-storage", "", "compound document", Family::Document);
const PACKAGE: FileType =
    FileType::of("application/vnd.openxmlformats-package", "", "office package", Family::Document);
const TEXT: FileType = FileType::of("text/plain", "txt", "plain text", Family::Text);
const UNKNOWN: FileType = FileType::of("application/octet-stream", "", "unknown data", Family::Unknown);

fn detect_format(bytes: &[u8]) -> FileType {
    if bytes.is_empty() {
        return FileType::of("application/x-empty", "", "empty file", Family::Empty);
    }
    if let Some(found) = signature(bytes) {
        return found;
    }
    let format = FileFormat::from_bytes(bytes);
    match format {
        FileFormat::ArbitraryBinaryData
        | FileFormat::PlainText
        | FileFormat::Empty
        | FileFormat::MsDosExecutable
        | FileFormat::MsDosBatch
        | FileFormat::HypertextMarkupLanguage
        | FileFormat::ExtensibleMarkupLanguage
        | FileFormat::Icalendar
        | FileFormat::Vcard
        | FileFormat::Vcalendar => textual(bytes).unwrap_or(UNKNOWN),
        _ => from_library(format),
    }
}

/// Signatures that must not depend on another's opinion.
fn signature(bytes: &[u8]) -> Option<FileType> {
    use Family::{Archive, Document, Encrypted, Executable, Key, Script};
    let starts = |magic: &[u8]| bytes.starts_with(magic);
    if starts(b"MZ") || starts(b"ZM") {
        return dos_program(bytes);
    }
    if starts(b"\x7fELF") {
        return Some(FileType::of("application/x-elf", "elf", "ELF program", Executable));
    }
    if [b"\xfe\xed\xfa\xce", b"\xfe\xed\xfa\xcf", b"\xce\xfa\xed\xfe", b"\xcf\xfa\xed\xfe"]
        .iter()
        .any(|magic| starts(*magic))
    {
        return Some(FileType::of("application/x-mach-binary", "macho", "Mach-O program", Executable));
    }
    if starts(b"\xca\xfe\xba\xbe") {
        // The same four bytes begin a Java class (then version 45 or more) and a fat Mach-O (then a small count).
        let count =
            bytes.get(4..8).map_or(0, |word| word.iter().fold(0_u32, |n, &byte| n << 8 | u32::from(byte)));
        return Some(if count & 0xffff >= 45 {
            FileType::of("application/java-vm", "class", "Java class", Executable)
        } else {
            FileType::of("application/x-mach-binary", "macho", "Mach-O program", Executable)
        });
    }
    if starts(b"#!") {
        return Some(FileType::of("text/x-shellscript", "sh", "script", Script));
    }
    if starts(b"{\\rt") {
        return Some(FileType::of("text/rtf", "rtf", "RTF document", Document));
    }
    // Readers accept the header anywhere in the first kilobyte.
    if bytes.get(..bytes.len().min(1_024)).is_some_and(|head| memchr::memmem::find(head, b"%PDF-").is_some())
    {
        return Some(FileType::of("application/pdf", "pdf", "PDF document", Document));
    }
    if starts(b"SZDD\x88\xf0\x27\x33") || starts(b"KWAJ\x88\xf0\x27\xd1") {
        return Some(FileType::of("application/x-ms-compress", "_", "MS compressed file", Archive));
    }
    if starts(b"\x78\x9f\x3e\x22") {
        return Some(FileType::of("application/ms-tnef", "dat", "TNEF container", Archive));
    }
    if starts(b"\x60\xea") && bytes.get(2..4).is_some_and(|size| size != [0, 0]) {
        return Some(FileType::of("application/x-arj", "arj", "ARJ archive", Archive));
    }
    if starts(b"-----BEGIN PGP MESSAGE-----") {
        return Some(FileType::of("application/pgp-encrypted", "asc", "OpenPGP message", Encrypted));
    }
    if starts(b"-----BEGIN PKCS7-----") || starts(b"-----BEGIN CMS-----") {
        return Some(FileType::of("application/pkcs7-mime", "p7m", "S/MIME data", Encrypted));
    }
    if starts(b"-----BEGIN ") {
        return Some(FileType::of("application/x-pem-file", "pem", "key or certificate", Key));
    }
    cryptographic_message(bytes)
}

/// Cryptographic message syntax in DER or BER (RFC 5652): a sequence whose first element is the identifier of its
/// content type. What nobody can read without a key is `Encrypted`.
fn cryptographic_message(bytes: &[u8]) -> Option<FileType> {
    /// 1.2.840.113549.1.7, of which the last number follows.
    const PKCS_7: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07";
    /// 1.2.840.113549.1.9.16.1.23, authenticated and enveloped data (RFC 5083).
    const AUTHENTICATED: &[u8] = b"\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x17";
    let length_bytes = match (bytes.first()?, bytes.get(1)?) {
        (0x30, ..0x80) => 0,
        // A long form says how many bytes the length has; none where it is not known beforehand.
        (0x30, long) => usize::from(long & 0x7f),
        _ => return None,
    };
    let first = bytes.get(2 + length_bytes..)?;
    let encrypted = FileType::of("application/pkcs7-mime", "p7m", "S/MIME data", Family::Encrypted);
    if first.starts_with(AUTHENTICATED) {
        return Some(encrypted);
    }
    match first.strip_prefix(PKCS_7)?.first()? {
        2 => Some(FileType::of("application/pkcs7-signature", "p7s", "S/MIME signature", Family::Key)),
        3 | 6 => Some(encrypted),
        _ => None,
    }
}

/// What begins with `MZ` is a program unless it is plainly a text that begins with these letters.
fn dos_program(bytes: &[u8]) -> Option<FileType> {
    let head = bytes.get(..bytes.len().min(64)).unwrap_or_default();
    if !head.iter().any(|&byte| byte < 0x20 && !byte.is_ascii_whitespace()) {
        return None;
    }
    let new_header = bytes
        .get(0x3c..0x40)
        .map(|word| word.iter().rev().fold(0_usize, |n, &byte| n << 8 | usize::from(byte)))
        .and_then(|at| bytes.get(at..at.checked_add(4)?))
        .unwrap_or_default();
    let name = match new_header {
        b"PE\0\0" => "Windows program",
        [b'N', b'E', ..] => "16-bit Windows program",
        [b'L', b'E' | b'X', ..] => "OS/2 or Windows driver",
        _ => return Some(FileType::of("application/x-dosexec", "exe", "DOS program", Family::Executable)),
    };
    let media_type = "application/vnd.microsoft.portable-executable";
    Some(FileType::of(media_type, "exe", name, Family::Executable))
}

fn from_library(format: FileFormat) -> FileType {
    let extension = format.extension().to_ascii_lowercase();
    FileType {
        media_type: Cow::Owned(format.media_type().to_ascii_lowercase()),
        family: library_family(format.kind(), &extension),
        extension: Cow::Owned(extension),
        name: Cow::Owned(format.name().to_owned()),
        container: Container::None,
    }
}

fn library_family(kind: Kind, extension: &str) -> Family {
    match (kind, extension) {
        // These signatures are two bytes long, and the files do not run by themselves.
        (_, "coff" | "prg" | "bc") => Family::Unknown,
        (_, "lnk" | "alias" | "swf" | "mso") => Family::Executable,
        (_, "sh" | "py" | "pl" | "rb" | "lua" | "tcl" | "bat" | "chm" | "wpm") => Family::Script,
        (_, "age") => Family::Encrypted,
        (_, "asc" | "crt" | "csr" | "key" | "pub" | "der" | "jks") => Family::Key,
        (_, "mpp" | "pst" | "mxl") => Family::Document,
        (_, "asf" | "mp4" | "ebml" | "ogx" | "rm") => Family::Video,
        (_, "xml" | "json" | "rss" | "atom" | "xsl" | "soap" | "wat" | "txt") => Family::Text,
        (_, "msg" | "eml") => Family::Message,
        (_, "svg") | (Kind::Image, _) => Family::Image,
        (Kind::Package, "crx" | "xpi" | "vsix") => Family::Archive,
        (Kind::Executable | Kind::Package | Kind::Rom, _) => Family::Executable,
        (Kind::Archive | Kind::Compressed | Kind::Disk, _) => Family::Archive,
        (Kind::Document | Kind::Ebook | Kind::Presentation | Kind::Spreadsheet, _) => Family::Document,
        (Kind::Diagram | Kind::Formula, _) => Family::Document,
        (Kind::Audio | Kind::Playlist, _) => Family::Audio,
        (Kind::Video, _) => Family::Video,
        (Kind::Font, _) => Family::Font,
        (Kind::Subtitle, _) => Family::Text,
        (Kind::Other, "bin") => Family::Unknown,
        _ => Family::Data,
    }
}

/// The kinds of text that bytes tell apart; `None` if the bytes are no text.
fn textual(bytes: &[u8]) -> Option<FileType> {
    let head = bytes.get(..bytes.len().min(TEXT_WINDOW)).unwrap_or_default();
    let wide = head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff");
    let text: String = if wide {
        // Sixteen-bit text: what matters here is ASCII, so the other half of each pair is dropped.
        head.iter().filter(|&&byte| byte != 0 && byte < 0x80).map(|&byte| char::from(byte)).collect()
    } else {
        let odd = head.iter().filter(|&&byte| is_odd_in_text(byte)).count();
        if head.contains(&0) || odd * 50 > head.len() {
            return None;
        }
        String::from_utf8_lossy(head).to_lowercase()
    };
    let text = text.to_lowercase();
    let start =
        text.trim_start_matches(|character: char| character.is_whitespace() || character == '\u{feff}');
    Some(text_kind(start))
}

fn text_kind(start: &str) -> FileType {
    let begins = |any: &[&str]| any.iter().any(|prefix| start.starts_with(prefix));
    if start.contains("<hta:application") {
        return FileType::of("application/hta", "hta", "HTML application", Family::Script);
    }
    if begins(&["<?php", "<%@", "@echo off", "<job", "<package"]) {
        return FileType::of("text/x-script", "", "script", Family::Script);
    }
    if begins(&["begin:vcalendar"]) {
        return FileType::of("text/calendar", "ics", "calendar data", Family::Calendar);
    }
    if begins(&["begin:vcard"]) {
        return FileType::of("text/vcard", "vcf", "address card", Family::Contact);
    }
    const HTML: &[&str] = &[
        "<!doctype html",
        "<html",
        "<head",
        "<body",
        "<script",
        "<table",
        "<title",
        "<meta",
        "<div",
        "<style",
        "<iframe",
        "<h1",
        "<font",
        "<p>",
        "<br",
        "<a href",
        "<center",
        "<img ",
    ];
    if begins(HTML) || (begins(&["<!--", "<?xml"]) && start.contains("<html")) {
        return FileType::of("text/html", "html", "HTML document", Family::Html);
    }
    if begins(&["<svg"]) || (begins(&["<?xml", "<!doctype svg"]) && start.contains("<svg")) {
        return FileType::of("image/svg+xml", "svg", "SVG image", Family::Image);
    }
    if begins(&["<?xml"]) {
        return FileType::of("application/xml", "xml", "XML document", Family::Text);
    }
    if is_message(start) {
        return FileType::of("message/rfc822", "eml", "mail message", Family::Message);
    }
    TEXT
}

/// Whether a text in lower case begins like a mail message: fields only, and at least two that mail has.
fn is_message(start: &str) -> bool {
    const FIELDS: &[&str] = &[
        "received",
        "return-path",
        "from",
        "to",
        "subject",
        "date",
        "message-id",
        "mime-version",
        "delivered-to",
        "reply-to",
        "dkim-signature",
        "content-type",
        "cc",
        "x-mailer",
    ];
    let start =
        start.strip_prefix("from ").and_then(|rest| rest.split_once('\n')).map_or(start, |(_, rest)| rest);
    let mut known = 0;
    for line in start.lines().take(60) {
        if line.is_empty() {
            break;
        }
        if line.starts_with([' ', '\t']) {
            continue;
        }
        let Some((name, _)) = line.split_once(':') else { return false };
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_graphic()) {
            return false;
        }
        known += usize::from(FIELDS.contains(&name));
    }
    known >= 2
}

fn is_odd_in_text(byte: u8) -> bool {
    matches!(byte, 0x01..=0x07 | 0x0e..=0x1a | 0x1c..=0x1f | 0x7f)
}

fn container(bytes: &[u8]) -> Container {
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06") || bytes.starts_with(b"PK00PK") {
        return Container::Zip;
    }
    if bytes.starts_with(b"\x1f\x8b") {
        return Container::Gzip;
    }
    if bytes.starts_with(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") {
        return Container::Ole;
    }
    // The end record of a ZIP archive, which readers find whatever stands before the archive.
    let tail = bytes.get(bytes.len().saturating_sub(22 + 0xffff)..).unwrap_or_default();
    let found = memchr::memmem::rfind(tail, b"PK\x05\x06");
    if found.is_some_and(|at| tail.len() - at >= 22) { Container::Zip } else { Container::None }
}
