//! What a file is that could be mail: told by how it begins.
//!
//! Mail is anything with a header section, however broken: one field that mail has is enough. What is told apart from it
//! are archives, which would be read as one message without a word, and texts. Cost: one pass over the beginning.
//! Failure: none; what is not known is "bytes that are no mail".

use memchr::memmem;

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// There is nothing in it.
    Empty,
    /// It begins like a message.
    Message,
    /// It is something else.
    Other(Other),
}

/// What is no mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Other {
    /// What it is, in words.
    pub what: &'static str,
    /// What to do about it.
    pub mend: &'static str,
}

/// Files by their first bytes, with their mend.
const MAGIC: &[(&[u8], &str, &str)] = &[
    (b"\xfd7zXZ\0", "packed with xz", "unpack it first: `xz -dk FILE`"),
    (b"BZh", "packed with bzip2", "unpack it first: `bunzip2 -k FILE`"),
    (b"\x28\xb5\x2f\xfd", "packed with zstd", "unpack it first: `zstd -d FILE`"),
    (b"\x1f\x8b", "packed with gzip twice", "unpack it once: `gunzip -k FILE`"),
    (b"PK\x03\x04", "a ZIP archive", "unpack it first: `unzip FILE -d FOLDER`, and name the folder"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", "unpack it first: `7z x FILE -oFOLDER`, and name the folder"),
    (b"Rar!", "a RAR archive", "unpack it first, and name the folder"),
    (b"!BDN", "an Outlook data file", "make an mbox of it first: `readpst FILE`"),
    (b"%PDF-", "a PDF document", NO_MAIL),
    (
        b"\xd0\xcf\x11\xe0",
        "an Office or Outlook document",
        "save the message as `.eml`, or its mailbox as mbox",
    ),
    (b"SQLite format 3", "a database", NO_MAIL),
];

const NO_MAIL: &str = "name an mbox file, a Maildir, a message, or a folder of them; a message in a file named `.eml` is read however broken";

/// What a text is called that is no mail.
pub const TEXT: &str = "a text without a header section";

/// Fields of which any makes a header section one of mail.
const FIELDS: &[&str] = &[
    "from",
    "to",
    "cc",
    "bcc",
    "subject",
    "date",
    "received",
    "message-id",
    "mime-version",
    "return-path",
    "sender",
    "reply-to",
    "delivered-to",
    "content-type",
    "content-transfer-encoding",
    "in-reply-to",
    "references",
    "dkim-signature",
    "authentication-results",
    "x-mailer",
    "user-agent",
    "resent-from",
    "list-id",
    "errors-to",
];

/// What a file is that begins with these bytes; all of it, where it is short.
pub fn kind(head: &[u8]) -> Kind {
    if head.is_empty() {
        return Kind::Empty;
    }
    if let Some((_, what, mend)) = MAGIC.iter().find(|(magic, ..)| head.starts_with(magic)) {
        return Kind::Other(Other { what, mend });
    }
    if head.get(257..262) == Some(b"ustar") {
        let mend = "unpack it first: `tar -xf FILE -C FOLDER`, and name the folder";
        return Kind::Other(Other { what: "a tar archive", mend });
    }
    if is_message(head) {
        return Kind::Message;
    }
    let is_text = !head.contains(&0) && head.utf8_chunks().all(|chunk| chunk.invalid().len() < 4);
    let what = match is_text && head.utf8_chunks().filter(|chunk| !chunk.invalid().is_empty()).count() <= 1 {
        true => TEXT,
        false => "bytes that are no mail",
    };
    Kind::Other(Other { what, mend: NO_MAIL })
}

/// Whether a line before the first empty one is a field that mail has.
fn is_message(head: &[u8]) -> bool {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let start = head.iter().position(|byte| !byte.is_ascii_whitespace()).unwrap_or(head.len());
    let head = head.get(start..).unwrap_or_default();
    let ends = [b"\n\n".as_slice(), b"\n\r\n", b"\r\r"].map(|end| memmem::find(head, end));
    let end = ends.into_iter().flatten().min().unwrap_or(head.len());
    let section = head.get(..end).unwrap_or_default();
    section.split(|byte| matches!(byte, b'\n' | b'\r')).any(|line| {
        let colon = line.iter().take(64).position(|byte| *byte == b':');
        let name = colon.and_then(|colon| line.get(..colon)).unwrap_or_default().trim_ascii_end();
        FIELDS.iter().any(|field| name.eq_ignore_ascii_case(field.as_bytes()))
    })
}
