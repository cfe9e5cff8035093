//! Edits of a message's text as operations on its tree of parts, never as splices of text into the raw message.
//!
//! Every edit becomes a replacement of a byte range that the tree knows: a header field, the body of one part, a whole
//! part. What no edit touches stays as it is, byte for byte, and boundaries are those that the message has or new ones
//! that occur nowhere in it. Signed and encrypted parts are never touched: what the caller says in [`OnProtected`]
//! happens instead. Notices are not added twice: what a part, or what it quotes, already shows is left out.
//!
//! Cost: linear in the message. Failure: [`EditError`], and then nothing is changed.

mod body;
mod draft;
mod fields;
mod quote;
mod root;
mod splice;
mod strip;

use super::{AttachmentId, Message, PartId};
use fields::FieldEdit;
use splice::Splices;
use std::collections::{BTreeMap, BTreeSet};

/// A text that is put into a message for its reader.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Notice {
    /// The plain text; lines may be of any length.
    pub text: String,
    /// The HTML, without `html` and `body`; `None`: made from the plain text.
    pub html: Option<String>,
}

/// Where a footer goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FooterPlace {
    /// At the end.
    Bottom,
    /// Before the quoted message that follows the reader's own text; at the end where there is none.
    AboveQuote,
}

/// What happens to a signed or encrypted message, which an edit of its body would destroy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OnProtected {
    /// It is left as it is, without the notice.
    Skip,
    /// It becomes an attachment of a new message with the same header that holds the notice.
    Wrap,
    /// The edit is refused with [`EditError::Protected`], so that the caller can return the message.
    Return,
}

/// A file to be attached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFile {
    /// Its name.
    pub name: String,
    /// Its media type, such as `text/plain`.
    pub media_type: String,
    /// Its bytes.
    pub content: Vec<u8>,
}

/// Why a message was not edited.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// It is signed or encrypted, and the caller asked for a refusal then, or something inside had to be stripped.
    #[error("the message is signed or encrypted and cannot be changed")]
    Protected,
    /// A header field may not have this name, or carries the structure of the message.
    #[error("`{0}` is no header field that can be set")]
    Field(String),
    /// Only the beginning of the message was read.
    #[error("the message is too large to be changed")]
    TooLarge,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Spot {
    Top,
    Bottom,
    AboveQuote,
}

/// Makes the text that stands in the place of stripped attachments from their names.
type StripNotice<'m> = Box<dyn Fn(&[String]) -> String + 'm>;

/// Edits of one message, collected and then applied together.
pub struct Edits<'m> {
    message: &'m Message,
    fields: Vec<FieldEdit>,
    notices: Vec<(Spot, Notice, OnProtected)>,
    files: Vec<(NewFile, OnProtected)>,
    stripped: BTreeSet<AttachmentId>,
    strip_notice: StripNotice<'m>,
    uuencode: bool,
}

impl<'m> Edits<'m> {
    /// No edits yet.
    pub fn new(message: &'m Message) -> Edits<'m> {
        Edits {
            message,
            fields: Vec::new(),
            notices: Vec::new(),
            files: Vec::new(),
            stripped: BTreeSet::new(),
            strip_notice: Box::new(default_strip_notice),
            uuencode: false,
        }
    }

    /// Replaces all fields of a name by one.
    pub fn set_header(mut self, name: &str, value: &str) -> Self {
        self.fields.push(FieldEdit::Set { name: name.to_owned(), value: value.to_owned() });
        self
    }

    /// Adds a field at the end of the header.
    pub fn add_header(mut self, name: &str, value: &str) -> Self {
        self.fields.push(FieldEdit::Add { name: name.to_owned(), value: value.to_owned() });
        self
    }

    /// Removes all fields of a name.
    pub fn remove_header(mut self, name: &str) -> Self {
        self.fields.push(FieldEdit::Remove { name: name.to_owned() });
        self
    }

    /// Puts a text before the subject, unless the subject has it already, also behind `Re:` and the like.
    pub fn subject_prefix(mut self, prefix: &str) -> Self {
        self.fields.push(FieldEdit::SubjectPrefix { prefix: prefix.to_owned() });
        self
    }

    /// Puts a text behind the subject, unless it stands there already.
    pub fn subject_suffix(mut self, suffix: &str) -> Self {
        self.fields.push(FieldEdit::SubjectSuffix { suffix: suffix.to_owned() });
        self
    }

    /// Puts a notice at the top of the body, in every alternative of it.
    pub fn banner(mut self, notice: Notice, protected: OnProtected) -> Self {
        self.notices.push((Spot::Top, notice, protected));
        self
    }

    /// Puts a notice at the end of the body or above what it quotes, in every alternative of it.
    pub fn footer(mut self, notice: Notice, place: FooterPlace, protected: OnProtected) -> Self {
        let spot = match place {
            FooterPlace::Bottom => Spot::Bottom,
            FooterPlace::AboveQuote => Spot::AboveQuote,
        };
        self.notices.push((spot, notice, protected));
        self
    }

    /// Attaches a file.
    pub fn attach(mut self, file: NewFile, protected: OnProtected) -> Self {
        self.files.push((file, protected));
        self
    }

    /// Removes the attachments that a condition holds for, leaving a text in their place. What is inside an archive or
    /// a document takes that with it; a file in a text only its own lines.
    pub fn strip(mut self, mut condition: impl FnMut(AttachmentId) -> bool) -> Self {
        let matching = self.message.attachments().iter().map(|attachment| attachment.id());
        self.stripped.extend(matching.filter(|&id| condition(id)));
        self
    }

    /// What stands in the place of stripped attachments, made from their names; without it an English sentence.
    pub fn strip_notice(mut self, text: impl Fn(&[String]) -> String + 'm) -> Self {
        self.strip_notice = Box::new(text);
        self
    }

    /// Turns uuencoded files in the text of the body into attachments.
    pub fn convert_uuencode(mut self) -> Self {
        self.uuencode = true;
        self
    }

    /// The edited message. Where no edit has anything to do it is the message as it was.
    pub fn apply(self) -> Result<Vec<u8>, EditError> {
        let message = self.message;
        if message.bytes().len() > message.limits().message_bytes {
            return Err(EditError::TooLarge);
        }
        let mut work = Work::new(message);
        work.edit_fields(&self.fields)?;
        let protected = message.encrypted().is_some() || message.signed().is_some();
        let asked =
            self.notices.iter().map(|(.., asked)| asked).chain(self.files.iter().map(|(_, asked)| asked));
        if protected && asked.clone().any(|&asked| asked == OnProtected::Return) {
            return Err(EditError::Protected);
        }
        work.strip(&self.stripped, &self.strip_notice)?;
        if protected {
            let wrapped = |asked: &OnProtected| *asked == OnProtected::Wrap;
            let notices: Vec<_> = self.notices.into_iter().filter(|(.., asked)| wrapped(asked)).collect();
            let files: Vec<_> = self.files.into_iter().filter(|(_, asked)| wrapped(asked)).collect();
            if notices.is_empty() && files.is_empty() {
                return Ok(work.finish());
            }
            let mut inner = Work::new(message);
            inner.strip(&self.stripped, &self.strip_notice)?;
            let mut outer = Work::new(message);
            outer.edit_fields(&self.fields)?;
            outer.wrap(&inner.finish(), &notices, &files);
            return Ok(outer.finish());
        }
        if self.uuencode {
            work.convert_uuencode();
        }
        work.add_notices(&self.notices);
        for (file, _) in &self.files {
            let part = root::file_part(file, work.line_end);
            work.parts_after.push(part);
        }
        Ok(work.finish())
    }
}

fn default_strip_notice(names: &[String]) -> String {
    match names {
        [] => "An attachment was removed from this message.".to_owned(),
        [name] => format!("The attachment {name} was removed from this message."),
        names => format!("These attachments were removed from this message: {}.", names.join(", ")),
    }
}

/// A message while it is edited.
struct Work<'m> {
    message: &'m Message,
    line_end: &'static str,
    splices: Splices,
    /// Parts that get into the root before and after what is there.
    parts_before: Vec<Vec<u8>>,
    parts_after: Vec<Vec<u8>>,
    /// Content fields that the root's header lacks and gets.
    root_content_fields: Vec<u8>,
    /// Fields that go to the end of the header.
    new_fields: Vec<u8>,
    /// Fields that parts get at the end of their headers; also parts whose bodies change.
    part_fields: BTreeMap<PartId, Vec<u8>>,
    /// Parts whose bytes are replaced already.
    replaced: BTreeSet<PartId>,
    /// The whole message as an attachment, instead of its own body.
    wrapped: bool,
    drafts: Vec<draft::Draft>,
}

impl<'m> Work<'m> {
    fn new(message: &'m Message) -> Work<'m> {
        let bytes = message.bytes();
        let first = memchr::memchr(b'\n', bytes);
        let crlf = first.is_some_and(|at| at > 0 && bytes.get(at - 1) == Some(&b'\r'));
        Work {
            message,
            line_end: if crlf { "\r\n" } else { "\n" },
            splices: Splices::default(),
            parts_before: Vec::new(),
            parts_after: Vec::new(),
            root_content_fields: Vec::new(),
            new_fields: Vec::new(),
            part_fields: BTreeMap::new(),
            replaced: BTreeSet::new(),
            wrapped: false,
            drafts: Vec::new(),
        }
    }

    fn finish(mut self) -> Vec<u8> {
        for draft in std::mem::take(&mut self.drafts) {
            self.put_draft(draft);
        }
        self.put_root();
        self.put_part_fields();
        self.splices.apply(self.message.bytes())
    }
}
