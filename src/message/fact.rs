//! What is wrong with a message and what of it could not be read, as data with a place.
//!
//! Neither stops the reading. A malformation says that two readers may see two messages; the other reading has then
//! been looked at too. An unscannable thing is one that nobody here has looked at, and the scopes it leaves unread.

use super::{AttachmentId, PartId};

/// Where in the message something is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Place {
    /// The MIME part, where it is in one.
    pub part: Option<PartId>,
    /// The attachment, where it is in one.
    pub attachment: Option<AttachmentId>,
    /// Byte offset in the message as received, where there is one.
    pub offset: Option<usize>,
    /// The place in words: `part 1.2`, `photos.zip/holiday.jpg`, `header`.
    pub shown: String,
}

macro_rules! malformations {
    ($($(#[doc = $doc:literal])* $variant:ident = $name:literal;)*) => {
        /// The ways in which a message can be malformed or ambiguous.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum MalformationKind { $($(#[doc = $doc])* $variant,)* }

        impl MalformationKind {
            /// Every kind, in the order of declaration.
            pub const ALL: &'static [MalformationKind] = &[$(MalformationKind::$variant,)*];

            /// The stable name by which policies ask for it.
            pub fn name(self) -> &'static str {
                match self { $(MalformationKind::$variant => $name,)* }
            }
        }
    };
}

malformations! {
    /// A field that may occur once occurs several times (RFC 5322 section 3.6).
    DuplicateHeader = "duplicate-header";
    /// More than one From field.
    SeveralFrom = "several-from";
    /// A line of a header section is no field, or a field's name has blanks or foreign bytes.
    BadHeader = "bad-header";
    /// A blank stands between a field's name and its colon (RFC 5322 section 4.5.8).
    ObsoleteHeader = "obsolete-header";
    /// The empty line between header and body is missing.
    MissingBlankLine = "missing-blank-line";
    /// There is no header section at all.
    MissingHeader = "missing-header";
    /// MIME fields without MIME-Version (RFC 2045 section 4).
    MissingMimeVersion = "missing-mime-version";
    /// A Content-Type that is no `type/subtype`.
    BadContentType = "bad-content-type";
    /// The same parameter several times in one field.
    DuplicateParameter = "duplicate-parameter";
    /// A quoted parameter that is not closed.
    UnclosedQuote = "unclosed-quote";
    /// Names of one attachment that differ between readers.
    ConflictingName = "conflicting-name";
    /// A multipart without a usable boundary, or one that does not occur.
    BadBoundary = "bad-boundary";
    /// A boundary folded over lines.
    FoldedBoundary = "folded-boundary";
    /// A boundary written with comments, as an encoded word or in pieces (RFC 2231): readers disagree on it.
    EncodedBoundary = "encoded-boundary";
    /// A line that starts with the boundary and goes on.
    BoundaryJunk = "boundary-junk";
    /// The last boundary of a multipart is missing.
    MissingEndBoundary = "missing-end-boundary";
    /// A multipart with no part in it.
    EmptyMultipart = "empty-multipart";
    /// Parts stand after the last boundary.
    PartsAfterEnd = "parts-after-end";
    /// Something that looks like a part's header, or an encoded file, stands before the first boundary.
    HeaderInPreamble = "header-in-preamble";
    /// A body starts with what looks like a header.
    HeaderInBody = "header-in-body";
    /// A part that says it is no multipart has a boundary and parts.
    HiddenMultipart = "hidden-multipart";
    /// Several transfer encodings are named.
    DoubleEncoding = "double-encoding";
    /// A transfer encoding that is unknown or oddly written.
    BadEncoding = "bad-encoding";
    /// A multipart or attached message with a transfer encoding that it may not have (RFC 2045 section 6.4).
    NestedEncoding = "nested-encoding";
    /// Base64 with padding in the middle, missing padding, another alphabet or foreign text.
    BadBase64 = "bad-base64";
    /// Quoted-printable with an `=` that escapes nothing.
    BadQuotedPrintable = "bad-quoted-printable";
    /// An archive from which programs may unpack different files.
    IrregularArchive = "irregular-archive";
    /// Uuencoded or yEnc data that is cut or does not match its own size or checksum.
    BadUuencode = "bad-uuencode";
    /// A charset that is unknown, or whose bytes are not of it.
    BadCharset = "bad-charset";
    /// The bytes fit another charset than the declared one.
    ConflictingCharset = "conflicting-charset";
    /// A carriage return that is not followed by a line feed.
    BareCr = "bare-cr";
    /// A NUL byte in a header or in text.
    NulByte = "nul-byte";
    /// Another reader finds a part that the main reading does not have.
    SecondReading = "second-reading";
}

/// One way in which the message is malformed, and where.
#[derive(Debug, Clone)]
pub struct Malformation {
    /// What is wrong.
    pub kind: MalformationKind,
    /// Where.
    pub place: Place,
    /// The details in words, without the place.
    pub detail: String,
}

/// Why something could not be read (the reference, Enumerated values).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Cause {
    /// It is encrypted.
    Encrypted,
    /// It is damaged.
    Corrupt,
    /// A limit was reached.
    Limit,
    /// Its format is not one that can be read.
    Unsupported,
    /// Reading it took too long.
    Timeout,
}

impl Cause {
    /// Every cause.
    pub const ALL: &'static [Cause] =
        &[Cause::Encrypted, Cause::Corrupt, Cause::Limit, Cause::Unsupported, Cause::Timeout];

    /// The stable name by which policies ask for it.
    pub fn name(self) -> &'static str {
        match self {
            Cause::Encrypted => "encrypted",
            Cause::Corrupt => "corrupt",
            Cause::Limit => "limit",
            Cause::Unsupported => "unsupported",
            Cause::Timeout => "timeout",
        }
    }
}

/// What a question is about: a question over a scope is undecided where something of that scope was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// The header section and the tree of parts.
    Structure,
    /// The text of the body.
    Body,
    /// The list of attachments with name, type, size and hash.
    Attachments,
    /// The text of attachments.
    AttachmentText,
    /// All text.
    Text,
    /// The list of links.
    Links,
}

impl Scope {
    const fn bit(self) -> u8 {
        match self {
            Scope::Structure => 1,
            Scope::Body => 2,
            Scope::Attachments => 4,
            Scope::AttachmentText => 8,
            Scope::Text => 16,
            Scope::Links => 32,
        }
    }
}

/// A set of scopes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Scopes(u8);

impl Scopes {
    /// Everything: the structure itself is not known.
    pub const ALL: Scopes = Scopes(63);
    /// Body, attachments, their text and links: the structure is known, what it holds is not.
    pub const CONTENT: Scopes = Scopes(62);
    /// What is inside an attachment: further attachments and text.
    pub const INSIDE: Scopes =
        Scopes(Scope::Attachments.bit() | Scope::AttachmentText.bit() | Scope::Text.bit());
    /// The text of an attachment.
    pub const ATTACHMENT_TEXT: Scopes = Scopes(Scope::AttachmentText.bit() | Scope::Text.bit());
    /// The text of the body.
    pub const BODY_TEXT: Scopes = Scopes(Scope::Body.bit() | Scope::Text.bit() | Scope::Links.bit());
    /// The list of links.
    pub const LINKS: Scopes = Scopes(Scope::Links.bit());
    /// Text of any kind.
    pub const ANY_TEXT: Scopes =
        Scopes(Scope::Body.bit() | Scope::AttachmentText.bit() | Scope::Text.bit() | Scope::Links.bit());

    /// Whether `scope` is one of them.
    pub fn contains(self, scope: Scope) -> bool {
        self.0 & scope.bit() != 0
    }
}

/// Something of the message that was not read.
#[derive(Debug, Clone)]
pub struct Unscannable {
    /// Why.
    pub cause: Cause,
    /// Which questions it leaves open.
    pub leaves_unread: Scopes,
    /// Where.
    pub place: Place,
    /// The details in words, without the place.
    pub detail: String,
}

/// How many malformations of one kind are kept: the first ones name the mistake, a hundred thousand more would only fill
/// memory. What is unread has no such bound, since each one decides about its own place; there are a few for each part and
/// attachment at most, and those are limited.
const KEPT_PER_KIND: usize = 50;

/// Collects both kinds of fact while a message is read.
#[derive(Debug, Default, Clone)]
pub(crate) struct Facts {
    pub(crate) malformed: Vec<Malformation>,
    pub(crate) unscannable: Vec<Unscannable>,
}

impl Facts {
    pub(crate) fn malformed(&mut self, kind: MalformationKind, place: Place, detail: impl Into<String>) {
        if self.malformed.iter().filter(|m| m.kind == kind).count() < KEPT_PER_KIND {
            self.malformed.push(Malformation { kind, place, detail: detail.into() });
        }
    }

    pub(crate) fn unscannable(
        &mut self,
        cause: Cause,
        scopes: Scopes,
        place: Place,
        detail: impl Into<String>,
    ) {
        self.unscannable.push(Unscannable { cause, leaves_unread: scopes, place, detail: detail.into() });
    }

    /// A limit that was reached, once for each place.
    pub(crate) fn limit(&mut self, scopes: Scopes, place: Place, detail: &str) {
        let same = |u: &Unscannable| {
            u.cause == Cause::Limit && u.leaves_unread == scopes && u.place == place && u.detail == detail
        };
        if !self.unscannable.iter().any(same) {
            self.unscannable(Cause::Limit, scopes, place, detail);
        }
    }
}
