//! One MIME part (RFC 2045, RFC 2046): its fields, its place, its content, and which reading of the message it belongs to.

use std::{
    ops::Range,
    sync::{Arc, OnceLock},
};

use super::{decode::Encoding, headers::Headers, parameters::Structured, region::Region};

/// Names a part of one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PartId(pub u32);

impl PartId {
    /// Position in [`super::Message::parts`].
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// What a part is for its reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// A multipart; it has children.
    Container,
    /// An attached message; its one child is that message's root.
    Message,
    /// Plain text of the body.
    Text,
    /// HTML of the body.
    Html,
    /// Anything else, and texts that are attached by name or disposition.
    Attachment,
}

/// Why somebody may read the same bytes in another way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Why {
    /// Another Content-Type field counts.
    ContentType,
    /// Another or an unclear transfer encoding counts.
    TransferEncoding,
    /// Another boundary counts.
    Boundary,
    /// Carriage returns alone end lines.
    BareCr,
    /// Lines that only start with the boundary, or stand behind the last one, part the body as well.
    LooseBoundary,
    /// What stands before the first boundary is shown.
    Preamble,
    /// What stands behind the last boundary is shown.
    Epilogue,
    /// The header starts behind an empty line.
    LateHeader,
    /// The header ends at a line of blanks, or at one that is no field.
    EarlyBody,
    /// The part is a multipart without saying so.
    HiddenMultipart,
    /// The encoding of a container is undone, or is not.
    NestedEncoding,
    /// Damaged base64 or quoted-printable is read in another way.
    DamagedEncoding,
    /// What is inside a signature or compression is shown in its place.
    Envelope,
    /// Another program's reading of the whole message.
    SecondReader,
}

impl Why {
    /// The reason in words, to follow "read otherwise:".
    pub fn text(self) -> &'static str {
        match self {
            Why::ContentType => "another Content-Type",
            Why::TransferEncoding => "another transfer encoding",
            Why::Boundary => "another boundary",
            Why::BareCr => "bare carriage returns end lines",
            Why::LooseBoundary => "loose boundaries",
            Why::Preamble => "text before the first boundary",
            Why::Epilogue => "text behind the last boundary",
            Why::EarlyBody => "a header that ends early",
            Why::LateHeader => "a header behind an empty line",
            Why::HiddenMultipart => "a hidden multipart",
            Why::NestedEncoding => "an encoded container",
            Why::DamagedEncoding => "damaged encoding",
            Why::Envelope => "the content of its envelope",
            Why::SecondReader => "another reader",
        }
    }
}

/// Which reading of the message a part belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reading {
    /// The reading of the standards and of most programs.
    Primary,
    /// One that some program may have.
    Alternative(Why),
}

/// A media type, both halves in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaType {
    text: String,
    slash: usize,
}

impl MediaType {
    pub(crate) fn new(main: &str, sub: &str) -> MediaType {
        MediaType { text: format!("{main}/{sub}"), slash: main.len() }
    }

    /// `text/plain`.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// `text`.
    pub fn main(&self) -> &str {
        self.text.get(..self.slash).unwrap_or_default()
    }

    /// `plain`.
    pub fn sub(&self) -> &str {
        self.text.get(self.slash + 1..).unwrap_or_default()
    }

    pub(crate) fn is(&self, main: &str, sub: &str) -> bool {
        self.main() == main && self.sub() == sub
    }
}

/// One part of the message.
#[derive(Debug, Clone)]
pub struct Part {
    pub(crate) id: PartId,
    pub(crate) parent: Option<PartId>,
    pub(crate) children: Vec<PartId>,
    pub(crate) reading: Reading,
    pub(crate) alternative_of: Option<PartId>,
    pub(crate) path: String,
    pub(crate) depth: usize,
    pub(crate) headers: Arc<Headers>,
    pub(crate) header: Region,
    pub(crate) body: Region,
    pub(crate) media: MediaType,
    pub(crate) content_type: Arc<Structured>,
    pub(crate) disposition: Option<String>,
    pub(crate) names: Vec<String>,
    pub(crate) encoding: Encoding,
    pub(crate) role: Role,
    pub(crate) decoded: OnceLock<Arc<[u8]>>,
}

impl Part {
    /// Its name in the message.
    pub fn id(&self) -> PartId {
        self.id
    }

    /// The part that holds it; `None` for the root.
    pub fn parent(&self) -> Option<PartId> {
        self.parent
    }

    /// The parts it holds, those of other readings among them.
    pub fn children(&self) -> &[PartId] {
        &self.children
    }

    /// Which reading of the message it belongs to.
    pub fn reading(&self) -> Reading {
        self.reading
    }

    /// Whether it belongs to the primary reading.
    pub fn is_primary(&self) -> bool {
        self.reading == Reading::Primary
    }

    /// The part whose bytes it reads in another way.
    pub fn alternative_of(&self) -> Option<PartId> {
        self.alternative_of
    }

    /// Position among its siblings all the way up: `1` is the root, `1.2` its second child; `~` marks another reading.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Nesting below the root, which has 0.
    pub fn depth(&self) -> usize {
        self.depth
    }

    /// Its fields.
    pub fn headers(&self) -> &Headers {
        &self.headers
    }

    /// Bytes of its header section, as offsets in the message; `None` where it only exists decoded.
    pub fn header_range(&self) -> Option<Range<usize>> {
        self.header.range()
    }

    /// Bytes of its body still encoded, as offsets in the message; `None` where it only exists decoded.
    pub fn body_range(&self) -> Option<Range<usize>> {
        self.body.range()
    }

    /// The bytes of its body still encoded.
    pub fn raw_body(&self) -> &[u8] {
        self.body.bytes()
    }

    /// The declared type, or the default that stands for a missing or unreadable one (RFC 2045 section 5.2).
    pub fn media_type(&self) -> &MediaType {
        &self.media
    }

    /// A parameter of the Content-Type, decoded; the likeliest reading of it.
    pub fn parameter(&self, name: &str) -> Option<String> {
        self.content_type.first(name)
    }

    /// The declared charset.
    pub fn charset(&self) -> Option<String> {
        self.parameter("charset")
    }

    /// Every reading of the declared charset as written, in lower case, each once, the likeliest first.
    pub fn charsets(&self) -> Vec<String> {
        distinct_labels(self.content_type.readings("charset").into_iter().map(|reading| reading.text))
    }

    /// The declared disposition in lower case: `attachment`, `inline` …
    pub fn disposition(&self) -> Option<&str> {
        self.disposition.as_deref()
    }

    /// The file name, decoded (RFC 2047, RFC 2231); the likeliest reading of it.
    pub fn file_name(&self) -> Option<&str> {
        self.names.first().map(String::as_str)
    }

    /// Every reading of the file name, the likeliest first.
    pub fn file_names(&self) -> &[String] {
        &self.names
    }

    /// The transfer encoding by which this reading decodes the body.
    pub fn transfer_encoding(&self) -> Encoding {
        self.encoding
    }

    /// The Content-ID without its brackets.
    pub fn content_id(&self) -> Option<&str> {
        let value = self.headers.first("content-id")?.value();
        Some(value.trim_start_matches('<').trim_end_matches('>'))
    }

    /// What it is for its reader.
    pub fn role(&self) -> Role {
        self.role
    }

    /// Whether its text is shown as part of the body: text without the disposition `attachment`.
    pub fn is_body_text(&self) -> bool {
        match self.role {
            Role::Text | Role::Html => true,
            Role::Attachment => {
                matches!(self.media.as_str(), "text/plain" | "text/html")
                    && self.disposition.as_deref().is_none_or(|d| d == "inline")
            }
            Role::Container | Role::Message => false,
        }
    }

    /// The body with its transfer encoding undone; decoded once, then kept.
    pub fn content(&self) -> &[u8] {
        if self.encoding == Encoding::Identity {
            return self.body.bytes();
        }
        self.decoded.get_or_init(|| Arc::from(self.encoding.decode(self.body.bytes()).into_owned()))
    }

    /// The decoded body as a buffer that can be kept.
    pub(crate) fn content_region(&self) -> Region {
        if self.encoding == Encoding::Identity {
            return self.body.clone();
        }
        self.content();
        match self.decoded.get() {
            Some(decoded) => Region::decoded(decoded.clone()),
            None => self.body.clone(),
        }
    }

    /// The place in words.
    pub fn shown(&self) -> String {
        match self.reading {
            Reading::Primary => format!("part {}", self.path),
            Reading::Alternative(why) => format!("part {} (read otherwise: {})", self.path, why.text()),
        }
    }
}

/// Labels in lower case without blanks around them, each once; empty ones are none.
pub(crate) fn distinct_labels(labels: impl Iterator<Item = String>) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for label in labels.map(|label| label.trim().to_lowercase()).filter(|label| !label.is_empty()) {
        if !all.contains(&label) {
            all.push(label);
        }
    }
    all
}
