//! The types of the language.

use std::fmt;

/// The type of an expression.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Type {
    /// True or false; what clauses want.
    Bool,
    /// A whole number.
    Number,
    /// Bytes.
    Size,
    /// Seconds.
    Duration,
    /// Minutes from midnight, in the site's zone.
    TimeOfDay,
    /// A day, in the site's zone.
    Date,
    /// A point in time.
    Moment,
    /// A short text: a header, a name. Compared on its normalised surface.
    Text,
    /// The text of parts: one or many normalised surfaces.
    Surface,
    /// An e-mail address.
    Address,
    /// A mailbox of a header: display name and address.
    Mailbox,
    /// A domain, or a domain with all below it.
    Domain,
    /// An IP address.
    Ip,
    /// A network.
    Network,
    /// A regular expression.
    Regex,
    /// One value of an enumeration.
    Enum(Enumeration),
    /// A set of values of an enumeration; true where it is not empty.
    Flags(Enumeration),
    /// A directory of the set.
    Directory,
    /// `site`: its domains, or of a client its networks.
    Site,
    /// A dictionary of the set.
    Dictionary,
    /// A detector of the set.
    Detector,
    /// A list of the set, or one on the spot, of one type of entries.
    List(Box<Type>),
    /// A calendar of the set.
    Calendar,
    /// A folder of the set.
    Folder,
    /// A template of the set.
    Template,
    /// The message as a noun: `message is encrypted`.
    Message,
    /// The client as a noun: `client in dnsbl "…"`, `client in site`.
    Client,
    /// An attachment bound by a quantifier or a criterion.
    Attachment,
    /// A part of the message: its subject, body or an attachment, with its text.
    Part,
    /// A link.
    Link,
    /// A value that may be absent.
    Optional(Box<Type>),
    /// Several values: `recipients`, `to`, `attachments`.
    Many(Box<Type>),
    /// What an expression with an error in it has; goes with everything and causes no further error.
    Unknown,
}

impl Type {
    /// The type without `Optional` around it.
    pub fn present(&self) -> &Type {
        match self {
            Type::Optional(inner) => inner.present(),
            other => other,
        }
    }

    /// Whether a value may be absent.
    pub fn is_optional(&self) -> bool {
        matches!(self, Type::Optional(_))
    }
}

impl fmt::Display for Type {
    /// The type in words for people: `a size`, `an address that may be absent`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = match self {
            Type::Bool => "a condition",
            Type::Number => "a number",
            Type::Size => "a size",
            Type::Duration => "a duration",
            Type::TimeOfDay => "a time of day",
            Type::Date => "a date",
            Type::Moment => "a point in time",
            Type::Text => "a text",
            Type::Surface => "the text of parts",
            Type::Address => "an address",
            Type::Mailbox => "a mailbox",
            Type::Domain => "a domain",
            Type::Ip => "an IP address",
            Type::Network => "a network",
            Type::Regex => "a regular expression",
            Type::Enum(enumeration) | Type::Flags(enumeration) => {
                return write!(f, "{}", enumeration.words());
            }
            Type::Directory => "a directory",
            Type::Site => "the site",
            Type::Dictionary => "a dictionary",
            Type::Detector => "a detector",
            Type::List(entry) => return write!(f, "a list of {}", entry.plural()),
            Type::Calendar => "a calendar",
            Type::Folder => "a folder",
            Type::Template => "a template",
            Type::Message => "the message",
            Type::Client => "the client",
            Type::Attachment => "an attachment",
            Type::Part => "a part",
            Type::Link => "a link",
            Type::Optional(inner) => return write!(f, "{inner} that may be absent"),
            Type::Many(inner) => return f.write_str(&inner.plural()),
            Type::Unknown => "something with an error in it",
        };
        f.write_str(words)
    }
}

impl Type {
    fn plural(&self) -> String {
        let words = self.to_string();
        let stem = words.strip_prefix("an ").or_else(|| words.strip_prefix("a ")).unwrap_or(&words);
        match stem {
            "address" | "mailbox" => format!("{stem}es"),
            "IP address" => "IP addresses".to_string(),
            _ => format!("{stem}s"),
        }
    }
}

/// An enumeration whose values are asked by `is`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Enumeration {
    /// `direction`
    Direction,
    /// `priority`
    Priority,
    /// `severity`
    Severity,
    /// `message.unscannable`: why something could not be read.
    Cause,
    /// `message.malformed`: what is wrong with the structure.
    Malformation,
    /// `message.kind`
    Kind,
    /// `attachment.family`: what the bytes are.
    Family,
    /// `spf`, `dkim`, `dmarc`
    Authentication,
    /// `signature`: result of verification.
    Verdict,
}

impl Enumeration {
    /// Its values as written in policies. Malformations and families are the message room's stable names.
    pub fn values(self) -> &'static [&'static str] {
        match self {
            Enumeration::Direction => &["inbound", "outbound", "internal", "relay"],
            Enumeration::Priority => &["high", "normal", "low"],
            Enumeration::Severity => &["low", "medium", "high", "critical"],
            Enumeration::Cause => &["encrypted", "corrupt", "limit", "unsupported", "timeout"],
            Enumeration::Malformation => MALFORMATIONS,
            Enumeration::Kind => &[
                "auto_reply",
                "auto_generated",
                "auto_forward",
                "dsn",
                "read_receipt",
                "feedback_report",
                "calendar",
                "list",
                "bulk",
                "voicemail",
                "reply",
                "forward",
            ],
            Enumeration::Family => &[
                "executable",
                "script",
                "archive",
                "document",
                "image",
                "audio",
                "video",
                "text",
                "html",
                "message",
                "calendar",
                "contact",
                "font",
                "database",
                "encrypted",
                "unknown",
            ],
            Enumeration::Authentication => {
                &["pass", "fail", "softfail", "neutral", "none", "temperror", "permerror", "policy"]
            }
            Enumeration::Verdict => &["valid", "invalid", "unknown"],
        }
    }

    /// The enumeration in words.
    pub fn words(self) -> &'static str {
        match self {
            Enumeration::Direction => "a direction",
            Enumeration::Priority => "a priority",
            Enumeration::Severity => "a severity",
            Enumeration::Cause => "a cause",
            Enumeration::Malformation => "a malformation",
            Enumeration::Kind => "a kind of message",
            Enumeration::Family => "a family of file types",
            Enumeration::Authentication => "an authentication result",
            Enumeration::Verdict => "a verdict",
        }
    }
}

/// The names of malformations, as the message room gives them with `_` for `-` (a test compares the two).
pub const MALFORMATIONS: &[&str] = &[
    "duplicate_header",
    "several_from",
    "bad_header",
    "obsolete_header",
    "missing_blank_line",
    "missing_header",
    "missing_mime_version",
    "bad_content_type",
    "duplicate_parameter",
    "unclosed_quote",
    "conflicting_name",
    "bad_boundary",
    "folded_boundary",
    "encoded_boundary",
    "boundary_junk",
    "missing_end_boundary",
    "empty_multipart",
    "parts_after_end",
    "header_in_preamble",
    "header_in_body",
    "hidden_multipart",
    "double_encoding",
    "bad_encoding",
    "nested_encoding",
    "bad_base64",
    "bad_quoted_printable",
    "irregular_archive",
    "bad_uuencode",
    "bad_charset",
    "conflicting_charset",
    "bare_cr",
    "nul_byte",
    "second_reading",
];
