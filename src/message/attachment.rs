//! One attachment: names, declared and true type, content, and what it is in.

use std::{fmt::Write as _, sync::OnceLock};

use sha2::{Digest, Sha256};

use super::{
    documents::DocumentFacts,
    filetype::{Container, Family, FileType},
    part::{PartId, Reading, distinct_labels},
    region::Region,
};

/// Names an attachment of one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AttachmentId(pub u32);

impl AttachmentId {
    /// Position in [`super::Message::attachments`].
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Something attached to the message, directly or inside something else that is.
#[derive(Debug, Clone)]
pub struct Attachment {
    pub(crate) id: AttachmentId,
    pub(crate) part: Option<PartId>,
    pub(crate) container: Option<AttachmentId>,
    pub(crate) name: Option<String>,
    pub(crate) other_names: Vec<String>,
    pub(crate) declared_type: Option<String>,
    pub(crate) declared_charsets: Vec<String>,
    pub(crate) content: Region,
    pub(crate) file_type: FileType,
    pub(crate) document: DocumentFacts,
    pub(crate) encrypted: bool,
    pub(crate) corrupt: bool,
    pub(crate) depth: usize,
    pub(crate) path: String,
    pub(crate) reading: Reading,
    pub(crate) sha256: OnceLock<String>,
}

impl Attachment {
    /// Its name in the list.
    pub fn id(&self) -> AttachmentId {
        self.id
    }

    /// The part of the message that it is, or that its text was found in; `None` inside archives and the messages in them.
    pub fn part(&self) -> Option<PartId> {
        self.part
    }

    /// The attachment that holds it.
    pub fn container(&self) -> Option<AttachmentId> {
        self.container
    }

    /// The file name, decoded; `None` where there is none.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// File names that other readers see.
    pub fn other_names(&self) -> &[String] {
        &self.other_names
    }

    /// All names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.name.iter().chain(&self.other_names).map(String::as_str)
    }

    /// The declared media type in lower case; `None` for members of archives and files in text.
    pub fn declared_type(&self) -> Option<&str> {
        self.declared_type.as_deref()
    }

    /// Every reading of the declared charset as written, in lower case, each once, the likeliest first.
    pub fn charsets(&self) -> Vec<String> {
        distinct_labels(self.declared_charsets.iter().cloned())
    }

    /// The true type, told from the bytes.
    pub fn file_type(&self) -> &FileType {
        &self.file_type
    }

    /// The decoded bytes; empty where an archive member could not be unpacked.
    pub fn content(&self) -> &[u8] {
        self.content.bytes()
    }

    /// Size of the content in bytes.
    pub fn size(&self) -> u64 {
        self.content.len() as u64
    }

    /// SHA-256 of the content in lower-case hexadecimal.
    pub fn sha256(&self) -> &str {
        self.sha256.get_or_init(|| {
            let mut hex = String::with_capacity(64);
            for byte in Sha256::digest(self.content()) {
                let _ = write!(hex, "{byte:02x}");
            }
            hex
        })
    }

    /// Whether it, or something of it, is encrypted.
    pub fn is_encrypted(&self) -> bool {
        self.encrypted
    }

    /// Whether it is damaged.
    pub fn is_corrupt(&self) -> bool {
        self.corrupt
    }

    /// Whether it is a document with macros.
    pub fn has_macros(&self) -> bool {
        self.document.macros
    }

    /// Whether a file of its true type can hold macros of an office program, seen or not: office documents in any form,
    /// what may be one packed or encrypted, and what was not told apart at all.
    pub fn may_hold_macros(&self) -> bool {
        if self.has_macros() || self.content().is_empty() {
            return true;
        }
        if matches!(self.file_type.container, Container::Zip | Container::Ole) {
            return true;
        }
        match self.file_type.family {
            Family::Document => self.file_type.media_type != "application/pdf",
            Family::Unknown | Family::Data | Family::Archive | Family::Encrypted => true,
            Family::Executable
            | Family::Script
            | Family::Image
            | Family::Audio
            | Family::Video
            | Family::Font
            | Family::Text
            | Family::Html
            | Family::Message
            | Family::Calendar
            | Family::Contact
            | Family::Key
            | Family::Empty => false,
        }
    }

    /// What a document can do to its reader.
    pub fn document(&self) -> &DocumentFacts {
        &self.document
    }

    /// How many containers it is in, plus one: 1 for what hangs on the message itself.
    pub fn depth(&self) -> usize {
        self.depth
    }

    /// The place shown to people: `photos.zip/holiday.jpg`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Which reading of the message it belongs to.
    pub fn reading(&self) -> Reading {
        self.reading
    }
}
