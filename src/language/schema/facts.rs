//! The facts: what is known of a message, its envelope, its session and the answers of lookups.
//!
//! Every fact has a type, the stage from which on it is known, and a sentence about it and about its absence. Stages
//! are what a policy's own stage is inferred from: authors order nothing.

use super::types::{Enumeration, Type};

/// When something is known. Later stages know all of the earlier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stage {
    /// From the connection on.
    Connection,
    /// From the envelope on (RCPT).
    Envelope,
    /// From the header section on.
    Headers,
    /// When all content has been read.
    Content,
}

impl Stage {
    /// The stage as people read it.
    pub fn name(self) -> &'static str {
        match self {
            Stage::Connection => "connection",
            Stage::Envelope => "envelope",
            Stage::Headers => "headers",
            Stage::Content => "content",
        }
    }
}

/// What is declared of a fact.
#[derive(Debug)]
pub struct Declaration {
    /// The fact.
    pub fact: Fact,
    /// Its path as written: `message.size`.
    pub path: &'static str,
    /// The stage from which on it is known.
    pub stage: Stage,
    /// Whether it differs between recipients.
    pub per_recipient: bool,
    /// One sentence for the reference.
    pub doc: &'static str,
    /// What it is when there is no such thing; empty where it is always there.
    pub absent: &'static str,
    kind: fn() -> Type,
}

impl Declaration {
    /// The fact's type.
    pub fn kind(&self) -> Type {
        (self.kind)()
    }
}

macro_rules! facts {
    ($($fact:ident $path:literal $stage:ident $per_recipient:literal $kind:expr; $doc:literal, absent $absent:literal;)*) => {
        /// A fact as written in policies.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Fact {
            $(#[doc = $doc] $fact,)*
        }

        impl Fact {
            /// Every fact, in the order of the reference.
            pub const ALL: &[Fact] = &[$(Fact::$fact),*];

            /// What is declared of it.
            pub fn declaration(self) -> &'static Declaration {
                match self {
                    $(Fact::$fact => {
                        static DECLARATION: Declaration = Declaration {
                            fact: Fact::$fact,
                            path: $path,
                            stage: Stage::$stage,
                            per_recipient: $per_recipient,
                            kind: || $kind,
                            doc: $doc,
                            absent: $absent,
                        };
                        &DECLARATION
                    })*
                }
            }
        }
    };
}

fn optional(kind: Type) -> Type {
    Type::Optional(Box::new(kind))
}

fn many(kind: Type) -> Type {
    Type::Many(Box::new(kind))
}

facts! {
    Sender "sender" Envelope false optional(Type::Address); "the envelope sender (RFC 5321, MAIL FROM)", absent "the null sender `<>`";
    Recipient "recipient" Envelope true Type::Address; "this envelope recipient; a policy is judged for each", absent "";
    Recipients "recipients" Envelope false many(Type::Address); "all envelope recipients", absent "";
    ClientIp "client.ip" Connection false optional(Type::Ip); "the address of the client", absent "no session: a message from a file";
    ClientName "client.name" Connection false optional(Type::Text); "the verified host name of the client", absent "its address has no name that leads back";
    ClientHelo "client.helo" Connection false optional(Type::Text); "what the client called itself (EHLO)", absent "no session";
    ClientTls "client.tls" Connection false Type::Bool; "whether the session is encrypted", absent "";
    ClientUser "client.user" Connection false optional(Type::Text); "the user the client authenticated as", absent "not authenticated";
    Received "received" Connection false Type::Moment; "when the message arrived; stays so while it is held", absent "";
    Direction "direction" Envelope true Type::Enum(Enumeration::Direction); "from where to where: by whether the client is inside (authenticated or in the site's networks) and the recipient in the site", absent "";
    Subject "subject" Headers false optional(Type::Text); "the decoded subject", absent "no Subject field";
    From "from" Headers false many(Type::Mailbox); "the mailboxes of every From field (RFC 5322, 3.6.2); `looks like` alone also sees the authors that other programs read (`Fr om:`, comments, broken syntax), so that a forgery in any reading is found and none earns trust", absent "empty";
    To "to" Headers false many(Type::Mailbox); "the mailboxes of every To field", absent "empty";
    Cc "cc" Headers false many(Type::Mailbox); "the mailboxes of every Cc field", absent "empty";
    ReplyTo "reply_to" Headers false many(Type::Mailbox); "the mailboxes of every Reply-To field", absent "empty";
    Date "date" Headers false optional(Type::Moment); "the time the message says it was written", absent "no readable Date field";
    Priority "priority" Headers false Type::Enum(Enumeration::Priority); "from X-Priority, Importance or Priority; `normal` where there is none", absent "";
    Agent "agent" Headers false optional(Type::Text); "the program that wrote it (User-Agent, X-Mailer)", absent "neither field";
    MessageId "message_id" Headers false optional(Type::Text); "the Message-ID without its brackets", absent "no such field";
    MessageSize "message.size" Content false Type::Size; "bytes as received", absent "";
    MessageEncrypted "message.encrypted" Content false Type::Bool; "whether the message is encrypted as a whole: S/MIME or PGP/MIME structure", absent "";
    MessageSigned "message.signed" Content false Type::Bool; "whether the message is signed as a whole: S/MIME or PGP/MIME structure", absent "";
    MessageUnscannable "message.unscannable" Content false Type::Flags(Enumeration::Cause); "why parts of it could not be read", absent "empty: everything was read";
    MessageMalformed "message.malformed" Content false Type::Flags(Enumeration::Malformation); "what is wrong or ambiguous in its structure", absent "empty";
    MessageLanguage "message.language" Content false optional(Type::Text); "the language of the body (ISO 639-1), where it can be told", absent "too short or unclear";
    MessageCharset "message.charset" Content false many(Type::Text); "the charsets that its parts declare (RFC 2046, 4.1.2), as written, in lower case, each once; those of attachments and attached messages too", absent "empty: none is declared";
    MessageKind "message.kind" Headers false Type::Flags(Enumeration::Kind); "auto-reply, delivery report, list mail, …", absent "empty: an ordinary message";
    Body "body" Content false Type::Surface; "the visible text of the text parts", absent "empty";
    BodyHtml "body.html" Content false Type::Surface; "the source of the HTML parts", absent "empty";
    Text "text" Content false Type::Surface; "subject, body and the text of every attachment, archives unpacked", absent "empty";
    Attachments "attachments" Content false many(Type::Attachment); "every leaf but the body's text, and what archives and attached messages hold", absent "empty";
    Parts "parts" Content false many(Type::Part); "subject, body texts and attachments, each with its text", absent "";
    Links "links" Content false many(Type::Link); "the links of the body", absent "empty";
    VirusFound "virus.found" Content false Type::Bool; "whether a scanner found something; undecided without a scanner's answer", absent "";
    VirusName "virus.name" Content false optional(Type::Text); "what the scanner called it", absent "nothing was found";
    Spf "spf" Envelope false optional(Type::Enum(Enumeration::Authentication)); "the SPF result of the envelope sender (RFC 7208)", absent "not asked";
    Dkim "dkim" Content false optional(Type::Enum(Enumeration::Authentication)); "the best DKIM result aligned with From (RFC 6376)", absent "not asked";
    Dmarc "dmarc" Content false optional(Type::Enum(Enumeration::Authentication)); "the DMARC result of From", absent "not asked";
    Signature "signature" Content false optional(Type::Enum(Enumeration::Verdict)); "the result of verifying the signature, from the security manager", absent "not signed";
    PolicyName "policy.name" Connection false Type::Text; "in templates: the policy that acts", absent "";
    PolicyBecause "policy.because" Connection false Type::Text; "in templates: its `because`", absent "";
    PolicyDirectory "policy.directory" Connection false Type::Text; "in templates: the directory it comes from", absent "";
    PolicyMatches "policy.matches" Content false Type::Text; "in templates: the matched texts", absent "";
}

/// What is declared of a field.
#[derive(Debug)]
pub struct FieldDeclaration {
    /// The field.
    pub field: Field,
    /// Its name after the dot.
    pub name: &'static str,
    /// One sentence for the reference.
    pub doc: &'static str,
    owner: fn() -> Type,
    kind: fn() -> Type,
}

impl FieldDeclaration {
    /// The type it is a field of.
    pub fn owner(&self) -> Type {
        (self.owner)()
    }

    /// Its type.
    pub fn kind(&self) -> Type {
        (self.kind)()
    }
}

macro_rules! fields {
    ($($field:ident $owner:ident $name:literal $kind:expr; $doc:literal;)*) => {
        /// A field of something: `attachment.name`, `link.host`, `sender.domain`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Field {
            $(#[doc = $doc] $field,)*
        }

        impl Field {
            /// Every field, in the order of the reference.
            pub const ALL: &[Field] = &[$(Field::$field),*];

            /// What is declared of it.
            pub fn declaration(self) -> &'static FieldDeclaration {
                match self {
                    $(Field::$field => {
                        static DECLARATION: FieldDeclaration = FieldDeclaration {
                            field: Field::$field,
                            name: $name,
                            owner: || Type::$owner,
                            kind: || $kind,
                            doc: $doc,
                        };
                        &DECLARATION
                    })*
                }
            }
        }
    };
}

fields! {
    AttachmentName Attachment "name" optional(Type::Text); "its file name, decoded (RFC 2047, 2231)";
    AttachmentExtension Attachment "extension" optional(Type::Text); "what follows the last dot of its name, lower case";
    AttachmentType Attachment "type" Type::Text; "its true media type, told from its bytes";
    AttachmentDeclaredType Attachment "declared_type" Type::Text; "the media type its header declares";
    AttachmentCharset Attachment "charset" optional(Type::Text); "the charset it declares, as written, in lower case; absent where it declares none";
    AttachmentFamily Attachment "family" Type::Enum(Enumeration::Family); "what its bytes are, in one word";
    AttachmentSize Attachment "size" Type::Size; "bytes after decoding";
    AttachmentText Attachment "text" Type::Surface; "its text, where it holds any";
    AttachmentSha256 Attachment "sha256" Type::Text; "the SHA-256 of its bytes, as 64 hexadecimal digits";
    AttachmentEncrypted Attachment "encrypted" Type::Bool; "whether it cannot be read without a key or password";
    AttachmentDepth Attachment "depth" Type::Number; "how many archives and messages it lies in";
    AttachmentContainer Attachment "container" optional(Type::Text); "the name of the archive or message it lies in";
    AttachmentMacros Attachment "macros" Type::Bool; "whether the document holds macros";
    AttachmentUnscannable Attachment "unscannable" Type::Flags(Enumeration::Cause); "why it could not be read";
    AttachmentInline Attachment "inline" Type::Bool; "whether it is shown in the text (Content-Disposition: inline)";
    PartText Part "text" Type::Surface; "its text";
    PartName Part "name" optional(Type::Text); "its name";
    PartType Part "type" Type::Text; "its media type";
    PartCharset Part "charset" optional(Type::Text); "the charset it declares, as written, in lower case; absent where it declares none, and of the subject";
    PartSize Part "size" Type::Size; "bytes after decoding";
    LinkUrl Link "url" Type::Text; "the target as written";
    LinkText Link "text" optional(Type::Text); "the text it is shown as";
    LinkHost Link "host" optional(Type::Text); "the host of the target, lower case, in Unicode";
    LinkDomain Link "domain" optional(Type::Domain); "the registrable domain of the target";
    LinkScheme Link "scheme" Type::Text; "`https`, `mailto`, …";
    MailboxAddress Mailbox "address" optional(Type::Address); "its address";
    MailboxDisplayName Mailbox "display_name" optional(Type::Text); "its display name, decoded";
    AddressLocal Address "local" Type::Text; "the part before the last `@`";
    AddressUser Address "user" Type::Text; "the local part before the first separator of sub-addresses (RFC 5233; `+`, unless `site` says otherwise); all of it where there is none";
    AddressDetail Address "detail" optional(Type::Text); "the local part behind the first separator of sub-addresses: `news` of `anna+news@acme.example`; absent where there is none";
    AddressDomain Address "domain" Type::Domain; "the part after the last `@`";
}

/// A function as written in policies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Function {
    /// `length(x)`: characters of a text, number of several values.
    Length,
    /// `lower(x)`: a text in lower case.
    Lower,
    /// `domain(x)`: the domain of an address, of a text the domain of the first address in it, or of a host name its
    /// registrable domain.
    Domain,
    /// `attribute(address, "department")`: from the LDAP directory, may be absent.
    Attribute,
    /// `header_count("X")`: number of fields of that name.
    HeaderCount,
}
