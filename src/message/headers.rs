//! Header sections, read line by line by this room itself: every field with its place, every line that is none, and
//! where the section ends.
//!
//! Linear in the section. A section larger than the limits is read up to them and the rest is passed over; the caller
//! makes that a fact. Values are decoded when they are asked for.

use std::{ops::Range, sync::OnceLock};

use super::{fact::MalformationKind, region::Region, words};
use crate::base::limits::MessageLimits;

/// One header field, as often as it occurs.
#[derive(Debug, Clone)]
pub struct Header {
    name: String,
    field: Region,
    value: Region,
    decoded: OnceLock<String>,
}

impl Header {
    fn new(name: String, field: Region, value: Region) -> Header {
        Header { name, field, value, decoded: OnceLock::new() }
    }

    /// The name as written, without blanks around it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether the field has this name; case does not matter.
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// The value: unfolded, encoded words decoded (RFC 2047), no white space around it.
    pub fn value(&self) -> &str {
        self.decoded.get_or_init(|| words::decode_field(self.raw_value()))
    }

    /// The bytes between the colon and the end of the field, folds included.
    pub fn raw_value(&self) -> &[u8] {
        self.value.bytes()
    }

    /// The bytes of the whole field with its last line end, as offsets in the message; `None` in decoded parts.
    pub fn range(&self) -> Option<Range<usize>> {
        self.field.range()
    }

    /// The bytes of the value, as offsets in the message; `None` in decoded parts.
    pub fn value_range(&self) -> Option<Range<usize>> {
        self.value.range()
    }
}

/// The fields of one header section, every occurrence in order.
#[derive(Debug, Clone, Default)]
pub struct Headers {
    fields: Vec<Header>,
    others: Vec<Header>,
}

impl Headers {
    /// All fields in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Header> {
        self.fields.iter()
    }

    /// Every field of this name in order; case does not matter.
    pub fn all<'a>(&'a self, name: &'a str) -> impl DoubleEndedIterator<Item = &'a Header> {
        self.fields.iter().filter(move |h| h.is(name))
    }

    /// The first field of this name.
    pub fn first(&self, name: &str) -> Option<&Header> {
        self.fields.iter().find(|h| h.is(name))
    }

    /// Fields of this name that only another reader sees: behind a bare carriage return, or with blanks in the name.
    pub fn other_readings<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Header> {
        self.others.iter().filter(move |h| h.is(name))
    }

    /// Fields of this name, those of other readings last.
    pub(crate) fn every<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Header> {
        self.all(name).chain(self.other_readings(name))
    }

    /// Number of fields.
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }
}

/// Something wrong in a section, at an offset of the entity.
#[derive(Debug, Clone)]
pub(crate) struct Defect {
    pub(crate) kind: MalformationKind,
    pub(crate) at: usize,
    pub(crate) detail: String,
}

/// One header section and the body behind it.
#[derive(Debug, Clone)]
pub(crate) struct Section {
    pub(crate) headers: Headers,
    pub(crate) header: Region,
    pub(crate) body: Region,
    pub(crate) defects: Vec<Defect>,
    /// Set where a limit cut the section.
    pub(crate) over_limit: Option<&'static str>,
    /// Offsets of a line at which other readers end the section, and of what they take for the body.
    pub(crate) early_end: Option<(usize, usize)>,
}

impl Section {
    /// The section as those readers see it.
    pub(crate) fn ended_early(&self, entity: &Region) -> Option<Section> {
        let (end, body) = self.early_end?;
        let before = |header: &&Header| match (header.field.start_in(entity), end) {
            (Some(start), end) => start < end,
            (None, _) => false,
        };
        let fields = self.headers.fields.iter().filter(before).cloned().collect();
        Some(Section {
            headers: Headers { fields, others: Vec::new() },
            header: entity.slice(0..end),
            body: entity.slice(body..entity.len()),
            defects: Vec::new(),
            over_limit: None,
            early_end: None,
        })
    }
}

/// A line: its bytes without the line end, and the offset of the next one.
fn line_at(bytes: &[u8], at: usize) -> (&[u8], usize) {
    let rest = bytes.get(at..).unwrap_or_default();
    match memchr::memchr(b'\n', rest) {
        Some(end) => {
            let line = rest.get(..end).unwrap_or_default();
            (line.strip_suffix(b"\r").unwrap_or(line), at + end + 1)
        }
        None => (rest.strip_suffix(b"\r").unwrap_or(rest), bytes.len()),
    }
}

/// The name before the colon, if the line can be a field: its printable bytes, and whether a blank stands before the colon.
fn field_name(line: &[u8]) -> Option<(&[u8], bool)> {
    let colon = memchr::memchr(b':', line)?;
    let written = line.get(..colon)?;
    let name = written.trim_ascii_end();
    let printable = !name.is_empty() && name.iter().all(|b| (0x21..=0x7e).contains(b));
    printable.then_some((name, name.len() != written.len()))
}

/// Whether a line looks like a field that programs write: letters, digits and hyphens before the colon.
pub(crate) fn looks_like_field(line: &[u8]) -> bool {
    field_name(line).is_some_and(|(name, _)| {
        name.first().is_some_and(u8::is_ascii_alphabetic)
            && name.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
    })
}

/// Whether `bytes` start with a header field of MIME.
pub(crate) fn starts_with_mime_field(bytes: &[u8]) -> bool {
    bytes.get(..8).is_some_and(|start| start.eq_ignore_ascii_case(b"content-"))
        && looks_like_field(line_at(bytes, 0).0)
}

/// Reads the section at the start of `entity`.
pub(crate) fn read_section(entity: &Region, limits: &MessageLimits) -> Section {
    Reader {
        entity,
        bytes: entity.bytes(),
        limits,
        fields: Vec::new(),
        others: Vec::new(),
        defects: Vec::new(),
    }
    .run()
}

struct Reader<'a> {
    entity: &'a Region,
    bytes: &'a [u8],
    limits: &'a MessageLimits,
    fields: Vec<Header>,
    others: Vec<Header>,
    defects: Vec<Defect>,
}

impl Reader<'_> {
    fn run(mut self) -> Section {
        let bytes = self.bytes;
        let mut at = self.skip_envelope_line();
        let mut over_limit = None;
        let mut open: Option<(String, usize, usize)> = None;
        // Offset of the last line that looks like a field, looked for once and only when a line does not.
        let mut last_field_line: Option<usize> = None;
        let mut early_end = None;
        let (header_end, body_start) = loop {
            if at >= bytes.len() {
                break (bytes.len(), bytes.len());
            }
            if at > self.limits.header_bytes {
                over_limit = Some("bytes");
                break self.pass_over(at);
            }
            let (line, next) = line_at(bytes, at);
            if line.is_empty() {
                break (at, next);
            }
            if matches!(line.first(), Some(b' ' | b'\t')) {
                if open.is_none() {
                    // A line of blanks alone, before any field, is not the end: programs read the fields behind it.
                    self.defect(
                        MalformationKind::BadHeader,
                        at,
                        "the section starts with a continuation line",
                    );
                } else if line.trim_ascii().is_empty() {
                    early_end.get_or_insert((at, next));
                }
                at = next;
                continue;
            }
            self.close(&mut open, at);
            if self.fields.len() >= self.limits.header_fields {
                over_limit = Some("fields");
                break self.pass_over(at);
            }
            match field_name(line) {
                Some((name, blank)) => {
                    if blank {
                        let detail =
                            format!("a blank before the colon of `{}`", String::from_utf8_lossy(name));
                        self.defect(MalformationKind::ObsoleteHeader, at, &detail);
                    }
                    open = Some((String::from_utf8_lossy(name).into_owned(), at, at + line_colon(line) + 1));
                }
                None => {
                    let last = *last_field_line
                        .get_or_insert_with(|| last_field(bytes, at, self.limits.header_bytes));
                    // A line that looks like a boundary starts the body in every reading that matters.
                    if self.fields.is_empty() || last <= at || line.starts_with(b"--") {
                        let kind = if self.fields.is_empty() {
                            MalformationKind::MissingHeader
                        } else {
                            MalformationKind::MissingBlankLine
                        };
                        self.defect(kind, at, "the body starts without an empty line before it");
                        break (at, at);
                    }
                    let shown: String = charset_guess(line).chars().take(60).collect();
                    self.defect(MalformationKind::BadHeader, at, &format!("a line is no field: `{shown}`"));
                    self.other_name(line, at, next);
                    early_end.get_or_insert((at, at));
                }
            }
            at = next;
        };
        self.close(&mut open, if over_limit.is_some() { at } else { header_end });
        let header = self.entity.slice(0..header_end);
        if memchr::memchr(0, header.bytes()).is_some() {
            let at = memchr::memchr(0, header.bytes()).unwrap_or(0);
            self.defect(MalformationKind::NulByte, at, "a NUL byte in the header");
        }
        self.split_at_bare_cr();
        if self.others.len() > self.limits.header_fields {
            self.others.truncate(self.limits.header_fields);
            over_limit = Some("fields");
        }
        Section {
            headers: Headers { fields: self.fields, others: self.others },
            header,
            body: self.entity.slice(body_start..self.bytes.len()),
            defects: self.defects,
            over_limit,
            early_end,
        }
    }

    /// The first few of each kind name the mistake.
    fn defect(&mut self, kind: MalformationKind, at: usize, detail: &str) {
        if self.defects.iter().filter(|known| known.kind == kind).count() < 8 {
            self.defects.push(Defect { kind, at, detail: detail.to_string() });
        }
    }

    /// A line `From …` or `>From …` of a mailbox before the fields is no field.
    fn skip_envelope_line(&self) -> usize {
        let mut at = 0;
        for _ in 0..2 {
            let (line, next) = line_at(self.bytes, at);
            if line.starts_with(b"From ") || line.starts_with(b">From ") {
                at = next;
            }
        }
        at
    }

    fn close(&mut self, open: &mut Option<(String, usize, usize)>, end: usize) {
        let Some((name, start, value)) = open.take() else { return };
        let end = end.max(value);
        let stretch = self.bytes.get(value..end).unwrap_or_default();
        let trimmed = stretch.strip_suffix(b"\n").unwrap_or(stretch);
        let trimmed = trimmed.strip_suffix(b"\r").unwrap_or(trimmed);
        let value = self.entity.slice(value..value + trimmed.len());
        self.fields.push(Header::new(name, self.entity.slice(start..end), value));
    }

    /// The end of a section of which no more fields are read: the next empty line.
    fn pass_over(&self, at: usize) -> (usize, usize) {
        let mut at = at.saturating_sub(1);
        loop {
            let rest = self.bytes.get(at..).unwrap_or_default();
            let Some(end) = memchr::memchr(b'\n', rest) else { return (self.bytes.len(), self.bytes.len()) };
            let next = at + end + 1;
            match self.bytes.get(next..) {
                Some([b'\n', ..]) => return (next, next + 1),
                Some([b'\r', b'\n', ..]) => return (next, next + 2),
                _ => at = next,
            }
        }
    }

    /// `Fr om: x` is `From` to readers that drop blanks.
    fn other_name(&mut self, line: &[u8], at: usize, next: usize) {
        let Some(colon) = memchr::memchr(b':', line) else { return };
        let name: String = line
            .get(..colon)
            .unwrap_or_default()
            .iter()
            .filter(|b| (0x21..=0x7e).contains(*b))
            .map(|b| char::from(*b))
            .collect();
        if !name.is_empty() {
            let value = self.entity.slice(at + colon + 1..at + line.len());
            self.others.push(Header::new(name, self.entity.slice(at..next), value));
        }
    }

    /// Fields that stand behind a bare carriage return inside another field's value.
    fn split_at_bare_cr(&mut self) {
        let mut found = Vec::new();
        for header in &self.fields {
            let value = header.value.bytes();
            for at in memchr::memchr_iter(b'\r', value).filter(|at| value.get(at + 1) != Some(&b'\n')) {
                let rest = value.get(at + 1..).unwrap_or_default();
                let end = memchr::memchr2(b'\r', b'\n', rest).unwrap_or(rest.len());
                let line = rest.get(..end).unwrap_or_default();
                let name = field_name(line).map(|(name, _)| String::from_utf8_lossy(name).into_owned());
                if name.is_some() || found.is_empty() {
                    found.push((name, header.value.slice(at + 1..at + 1 + end), line_colon(line) + 1));
                }
            }
        }
        if let Some((_, region, _)) = found.first() {
            let at =
                region.offset(0).zip(self.entity.offset(0)).map_or(0, |(at, start)| at.saturating_sub(start));
            self.defect(MalformationKind::BareCr, at, "a carriage return without line feed in the header");
        }
        for (name, line, value) in found {
            if let Some(name) = name {
                let value = line.slice(value..line.len());
                self.others.push(Header::new(name, line, value));
            }
        }
    }
}

fn line_colon(line: &[u8]) -> usize {
    memchr::memchr(b':', line).unwrap_or(0)
}

fn charset_guess(line: &[u8]) -> std::borrow::Cow<'_, str> {
    super::charset::guess(line.get(..line.len().min(200)).unwrap_or_default())
}

/// Offset of the last line that looks like a field, from `at` to the next empty line or the limit.
fn last_field(bytes: &[u8], at: usize, limit: usize) -> usize {
    let mut last = 0;
    let mut here = at;
    while here < bytes.len() && here <= limit {
        let (line, next) = line_at(bytes, here);
        if line.is_empty() || line.starts_with(b"--") {
            break;
        }
        if looks_like_field(line) {
            last = here;
        }
        here = next;
    }
    last
}
