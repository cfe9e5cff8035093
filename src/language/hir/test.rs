//! Tests in the language, typed.

use super::{FolderId, Moment, Priority, Severity, TemplateId};
use crate::base::address::Address;
use crate::base::source::{Span, Spanned};
use jiff::Timestamp;
use std::sync::Arc;

/// `test "…" { … }`.
#[derive(Debug, Clone)]
pub struct Test {
    /// What it shows.
    pub name: Arc<str>,
    /// Where it is written.
    pub span: Span,
    /// The message and its envelope.
    pub input: TestInput,
    /// What is expected, in source order.
    pub expectations: Vec<Spanned<Expected>>,
}

/// The message of a test.
#[derive(Debug, Clone, Default)]
pub struct TestInput {
    /// The clock and `received`.
    pub at: Option<Timestamp>,
    /// `from`: envelope and header. Text as written for the header.
    pub from: Option<TestAddress>,
    /// `to`
    pub to: Vec<TestAddress>,
    /// `cc`
    pub cc: Vec<TestAddress>,
    /// `sender`: `Some(None)` is `<>`.
    pub sender: Option<Option<TestAddress>>,
    /// `recipient`: the envelope alone.
    pub recipients: Vec<TestAddress>,
    /// `header`
    pub headers: Vec<(Arc<str>, Arc<str>)>,
    /// `subject`
    pub subject: Option<Arc<str>>,
    /// `body`
    pub body: Option<Arc<str>>,
    /// `body html`
    pub body_html: Option<Arc<str>>,
    /// `attach`
    pub attachments: Vec<TestAttachment>,
    /// `message "file"`: its bytes.
    pub message: Option<Arc<[u8]>>,
    /// `client`
    pub client: Option<TestClient>,
    /// `given`
    pub given: Vec<Spanned<Given>>,
}

/// An address of a test: as written, and as it compares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestAddress {
    /// As written.
    pub text: Arc<str>,
    /// As it compares.
    pub address: Address,
}

/// An attachment of a test.
#[derive(Debug, Clone)]
pub struct TestAttachment {
    /// Its file name.
    pub name: Arc<str>,
    /// Its bytes.
    pub content: Arc<[u8]>,
}

/// The session of a test.
#[derive(Debug, Clone)]
pub struct TestClient {
    /// Its address.
    pub ip: std::net::IpAddr,
    /// Its verified name.
    pub name: Option<Arc<str>>,
    /// What it calls itself.
    pub helo: Option<Arc<str>>,
    /// Who it authenticated as.
    pub user: Option<Arc<str>>,
    /// Whether the session is encrypted.
    pub tls: bool,
}

/// A given answer of a lookup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Given {
    /// `given virus "Eicar"` (found), `given virus clean` (`None`)
    Virus(Option<Arc<str>>),
    /// `given virus timeout`
    VirusTimeout,
    /// `given spf fail`: position in the enumeration's values
    Spf(u16),
    /// `given dkim pass`
    Dkim(u16),
    /// `given dmarc fail`
    Dmarc(u16),
    /// `given signature valid`
    Signature(u16),
    /// `given dnsbl "zone"`: the client is listed
    Dnsbl(Arc<str>),
    /// `given dnsbl "zone" timeout`
    DnsblTimeout(Arc<str>),
    /// `given group "query" a@b.example, …`: members
    Group(Arc<str>, Vec<Address>),
    /// `given group "query" timeout`
    GroupTimeout(Arc<str>),
    /// `given attribute a@b.example "department" "Sales"`
    Attribute(Address, Arc<str>, Arc<str>),
    /// `given rate 12`: what every rate gives
    Rate(i64),
}

/// An expectation, for all recipients or one.
#[derive(Debug, Clone)]
pub struct Expected {
    /// One recipient.
    pub recipient: Option<Address>,
    /// What is expected.
    pub what: Expectation,
}

/// What is expected.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the line above each variant shows its fields in use")]
pub enum Expectation {
    /// A disposition.
    Disposition(ExpectedDisposition),
    /// All of these triggered.
    Fired(Vec<Arc<str>>),
    /// None of these triggered.
    NotFired(Vec<Arc<str>>),
    /// All of these are undecided.
    Undecided(Vec<Arc<str>>),
    /// A notification goes out.
    Notify { to: Addressee, template: Option<TemplateId> },
    /// None does (to that addressee).
    NotNotify(Option<Addressee>),
    /// The subject of what leaves.
    Subject(Arc<str>),
    /// A header field of what leaves; `None`: absent.
    Header { name: Arc<str>, value: Option<Arc<str>> },
    /// The body of what leaves contains it.
    BodyContains(Arc<str>),
    /// It does not.
    NotBodyContains(Arc<str>),
    /// An attachment of that name leaves.
    Attachment(Arc<str>),
    /// None of that name does.
    NotAttachment(Arc<str>),
    /// A tag.
    Tag(Arc<str>),
    /// The severity.
    Severity(Severity),
    /// The queue's priority.
    Priority(Priority),
    /// A copy goes there.
    CopyTo(Address),
    /// It is redirected there.
    Redirect(Address),
    /// It is routed there.
    Route(Arc<str>),
    /// It is to be encrypted.
    Encrypt,
    /// It is to be signed.
    Sign,
}

/// Somebody who is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Addressee {
    /// The envelope sender.
    Sender,
    /// Each recipient.
    Recipient,
    /// The site's postmaster.
    Postmaster,
    /// An address.
    Address(Address),
}

/// A disposition as expected.
#[derive(Debug, Clone)]
pub enum ExpectedDisposition {
    /// `deliver`
    Deliver,
    /// `defer`, `defer until …`
    DeferUntil(Option<Moment>),
    /// `defer for …`, seconds
    DeferFor(i64),
    /// `quarantine`, `quarantine in f`
    Quarantine(Option<FolderId>),
    /// `return`, with its text
    Return(Option<Arc<str>>),
    /// `reject`, with its text
    Reject(Option<Arc<str>>),
    /// `drop`
    Drop,
    /// `approve`, by whom
    Approve(Option<Address>),
}
