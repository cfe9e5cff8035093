//! What the relay keeps: messages it has accepted, the copies of them that are still to go somewhere, and who did what.
//!
//! A message that was answered 250 lies here and is safe against a crash and a power cut. The rooms of the relay know
//! only [`Store`]; [`sqlite`] is the one that is built in.
//!
//! # The contract of a store
//!
//! - A batch of changes happens whole or not at all. `done` is called once for each batch, and with `Ok` only after
//!   everything of it is on the disk and synced; many batches may share a sync (group commit).
//! - Batches of one caller happen in the order in which they were submitted.
//! - After an error nothing of the batch is there. An error of a sync is never tried again: the batch is refused, and the
//!   store opens its files anew or refuses everything from then on ([`StoreError::Broken`]).
//! - A change to a copy that is gone changes nothing and is no error: a person may have deleted it meanwhile. Nor do more
//!   copies of a message that is gone.
//! - When the last copy of a message goes, its contents go with it; its [`Event`]s stay for as long as the store is told.
//!   Whether it was the last is seen when the whole batch is done: a copy may go before another one comes.
//! - Moments are kept to the millisecond.
//! - Every content has a checksum, checked when it is read. What does not fit is [`StoreError::Corrupt`], and concerns that
//!   copy alone.
//! - Reading blocks for as long as the disk takes: it is for threads that may wait.
//! - Large contents are written by the thread that submits them, before it stands in line.
//! - Other processes may read and change the store at the same time; [`Store::version`] tells that one did.

mod id;
pub mod sqlite;

use crate::message::envelope::Session;
use crate::policy::engine::PolicyKey;
use crate::relay::smtp::command::{Notify, Returns};
use jiff::Timestamp;
use std::fmt;
use std::sync::Arc;

/// The name of an accepted message: sixteen characters of Crockford's base 32, ten for the millisecond (so names sort by
/// time) and six of chance.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct QueueId(Arc<str>);

/// The name of a copy: its message, and its number among the copies of it, from 1.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CopyId {
    /// The message.
    pub message: QueueId,
    /// From 1; a number is never given twice.
    pub number: u32,
}

/// A message as it was accepted, with the copies that were made of it.
#[derive(Debug, Clone)]
pub struct Accepted {
    /// How it came.
    pub arrival: Arrival,
    /// Its content as received.
    pub content: Arc<[u8]>,
    /// Its copies, numbered from 1 in this order. There may be none: what is dropped leaves an event.
    pub copies: Vec<NewCopy>,
    /// Why what became of it did, as [`crate::policy::record::Record`] in JSON.
    pub record: Option<String>,
}

/// How a message came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// Its name.
    pub id: QueueId,
    /// When.
    pub received: Timestamp,
    /// Who it is from, as given; empty is `<>`.
    pub sender: Arc<str>,
    /// All whom it was accepted for.
    pub recipients: Vec<Recipient>,
    /// The connection it came over.
    pub session: Session,
    /// Which listener it came in by, for the trace field and for judging it again.
    pub listener: Arc<str>,
    /// What the sender asked for beside (RFC 3461, 6152, 6531, 6710).
    pub parameters: Parameters,
    /// Its subject, decoded, for lists.
    pub subject: Option<String>,
    /// Its Message-ID, without brackets, for lists.
    pub message_id: Option<String>,
}

/// What a sender may ask for beside.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Parameters {
    /// The content may have bytes beyond ASCII (`BODY=8BITMIME`).
    pub eight_bit: bool,
    /// Addresses and header fields may (`SMTPUTF8`).
    pub utf8: bool,
    /// `RET`
    pub returns: Option<Returns>,
    /// `ENVID`, as xtext.
    pub envelope_id: Option<Arc<str>>,
    /// `MT-PRIORITY`
    pub priority: Option<i8>,
}

/// A recipient of a copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient {
    /// Their address, as given.
    pub address: Arc<str>,
    /// `NOTIFY`; `None`: not said.
    pub notify: Option<Notify>,
    /// `ORCPT`, as given.
    pub original: Option<Arc<str>>,
}

impl Recipient {
    /// Addresses in angle brackets, parted by commas.
    pub fn names(recipients: &[Recipient]) -> String {
        let named: Vec<String> = recipients.iter().map(|to| format!("<{}>", to.address)).collect();
        named.join(", ")
    }
}

/// A copy that is to be kept.
#[derive(Debug, Clone)]
pub struct NewCopy {
    /// What it is.
    pub kind: CopyKind,
    /// The envelope sender it leaves with; empty is `<>`.
    pub sender: Arc<str>,
    /// Who is to get it.
    pub recipients: Vec<Recipient>,
    /// Its content; `None`: that of the message as received.
    pub content: Option<Arc<[u8]>>,
    /// Where it stands.
    pub state: State,
    /// How it goes.
    pub way: Way,
    /// What is known of how it was judged.
    pub judged: Judged,
}

/// What a copy is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CopyKind {
    /// The message itself.
    Message,
    /// Somebody is told of it.
    Notification,
    /// A copy for somebody else.
    Copy,
    /// A delivery status notification.
    Report,
}

/// Where a copy stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// It is to be delivered.
    Queued {
        /// Not before.
        due: Timestamp,
    },
    /// It waits for a moment, and leaves or is judged again then.
    Deferred {
        /// The moment.
        until: Timestamp,
        /// It is judged again then.
        judge_again: bool,
    },
    /// It is held until somebody releases it.
    Held {
        /// The folder.
        folder: Arc<str>,
        /// It is deleted then; `None`: never.
        until: Option<Timestamp>,
    },
    /// It can be neither delivered nor returned.
    Dead {
        /// Why, in words.
        why: String,
    },
}

/// How a copy goes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Way {
    /// From -9 to 9, as MT-PRIORITY counts; 0 is normal.
    pub priority: i8,
    /// The host that a policy says.
    pub via: Option<Arc<str>>,
    /// A policy says that the connection must be encrypted.
    pub require_tls: bool,
    /// It was suspended by hand: it does not go before somebody resumes it.
    pub suspended: bool,
}

/// What is known of how a copy was judged.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Judged {
    /// Who held it: released, it is judged again past these.
    pub held_by: Vec<PolicyKey>,
    /// It was released past these.
    pub past: Vec<PolicyKey>,
    /// These have notified, tagged and copied already.
    pub done: Vec<PolicyKey>,
    /// Why it stands where it stands, in words, for lists.
    pub why: Option<String>,
    /// Tags.
    pub tags: Vec<Arc<str>>,
    /// The severity's word.
    pub severity: Option<Arc<str>>,
}

/// A copy as it is kept.
#[derive(Debug, Clone)]
pub struct Copy {
    /// Its name.
    pub id: CopyId,
    /// What it is.
    pub kind: CopyKind,
    /// The envelope sender it leaves with; empty is `<>`.
    pub sender: Arc<str>,
    /// Who is still to get it.
    pub recipients: Vec<Recipient>,
    /// Octets of its content.
    pub size: u64,
    /// Where it stands.
    pub state: State,
    /// How it goes.
    pub way: Way,
    /// What is known of how it was judged.
    pub judged: Judged,
    /// How often its delivery was tried.
    pub attempts: u32,
    /// What the last one came to, in words.
    pub last: Option<String>,
    /// Its sender was told that it is late.
    pub delay_told: bool,
    /// When the message came.
    pub received: Timestamp,
}

/// A change.
#[derive(Debug, Clone)]
pub enum Change {
    /// A message was accepted.
    Accept(Box<Accepted>),
    /// A message gets more copies; they get the next numbers.
    Add {
        /// The message.
        message: QueueId,
        /// The copies.
        copies: Vec<NewCopy>,
    },
    /// Some recipients of a copy are done: it was delivered to them or never will be. With the last one the copy goes.
    Done {
        /// The copy.
        copy: CopyId,
        /// Their addresses, as given.
        recipients: Vec<Arc<str>>,
    },
    /// A delivery was tried and will be again. A copy that was held or died meanwhile stays where it is.
    Tried {
        /// The copy.
        copy: CopyId,
        /// The next attempt.
        due: Timestamp,
        /// What it came to, in words.
        last: String,
        /// The sender is told of the delay with this batch; who was told once stays told.
        delay_told: bool,
    },
    /// A copy stands elsewhere now.
    Move {
        /// The copy.
        copy: CopyId,
        /// Where.
        state: State,
    },
    /// A copy goes another way now.
    Redirect {
        /// The copy.
        copy: CopyId,
        /// How.
        way: Way,
    },
    /// A copy goes.
    Remove(CopyId),
    /// Something happened to a message.
    Event(Event),
    /// Somebody did something.
    Audit(AuditEntry),
}

/// Something that happened to a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The message.
    pub message: QueueId,
    /// When.
    pub at: Timestamp,
    /// What, in one word: `accepted`, `delivered`, `tried`, `returned`, `held`, `released`, `deleted`, `dropped`, …
    pub what: Arc<str>,
    /// More of it, in words.
    pub text: String,
}

/// What somebody did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub who: String,
    /// What: `send`, `delete`, `return`, …
    pub action: String,
    /// To what, where it is a copy.
    pub copy: Option<CopyId>,
    /// Why, in their own words.
    pub why: String,
}

/// What a list is to show.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only copies that stand there.
    pub place: Option<Place>,
    /// Only copies whose sender, recipient, subject, Message-ID or name has this text, in any case of letters.
    pub text: Option<String>,
    /// Only copies with this sender or recipient domain.
    pub domain: Option<String>,
    /// Only what came before.
    pub before: Option<Timestamp>,
    /// At most so many, the newest first; 0: all.
    pub limit: usize,
    /// Only copies older than this one, for the next page.
    pub after: Option<CopyId>,
}

/// The queues people see.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Place {
    /// What is to be delivered and was not tried yet, or will be again.
    Queued,
    /// What waits for a moment.
    Deferred,
    /// What is held, in one folder or in all.
    Held(Option<Arc<str>>),
    /// What can be neither delivered nor returned.
    Dead,
}

/// A copy in a list.
#[derive(Debug, Clone)]
pub struct Listed {
    /// The copy.
    pub copy: Copy,
    /// The subject of its message.
    pub subject: Option<String>,
    /// The Message-ID of its message.
    pub message_id: Option<String>,
}

/// What was found when a store was opened.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recovered {
    /// Copies to be delivered.
    pub queued: u64,
    /// Copies that wait.
    pub deferred: u64,
    /// Copies that are held.
    pub held: u64,
    /// Copies that can be neither delivered nor returned.
    pub dead: u64,
    /// Contents of messages that were never accepted, deleted now.
    pub leftovers: u64,
    /// Records that could not be read, in words; they are kept aside.
    pub damaged: Vec<String>,
}

/// Why a store did not do something.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The disk is full, or will be soon.
    #[error("no room: {0}")]
    Full(String),
    /// Reading or writing failed.
    #[error("{0}")]
    Io(String),
    /// What was kept is not what is there.
    #[error("damaged: {0}")]
    Corrupt(String),
    /// The store refuses everything since an error that cannot be mended while it runs.
    #[error("the store is closed after an error: {0}")]
    Broken(String),
}

/// What is called when a batch is on the disk, or is not and never will be.
pub type Done = Box<dyn FnOnce(Result<(), StoreError>) + Send>;

/// Keeps messages. See the contract above.
pub trait Store: Send + Sync + fmt::Debug {
    /// Changes something. Returns at once where there is room in the line of batches, else waits for it.
    fn submit(&self, changes: Vec<Change>, done: Done);

    /// Changes something and waits until it is safe.
    fn commit(&self, changes: Vec<Change>) -> Result<(), StoreError> {
        let (told, result) = std::sync::mpsc::sync_channel(1);
        self.submit(changes, Box::new(move |done| drop(told.send(done))));
        result.recv().unwrap_or_else(|_| Err(StoreError::Broken("it has stopped".to_string())))
    }

    /// Copies to be delivered or deferred that are due before a moment, those with the highest priority first, then those
    /// that are due longest; without those that are suspended, and at most so many.
    fn due(&self, before: Timestamp, limit: usize) -> Result<Vec<Copy>, StoreError>;

    /// When the next copy is due.
    fn next_due(&self) -> Result<Option<Timestamp>, StoreError>;

    /// A copy.
    fn copy(&self, id: &CopyId) -> Result<Option<Copy>, StoreError>;

    /// Every copy of a message.
    fn copies(&self, message: &QueueId) -> Result<Vec<Copy>, StoreError>;

    /// How a message came, as long as a copy of it is kept.
    fn arrival(&self, message: &QueueId) -> Result<Option<Arrival>, StoreError>;

    /// Why what became of a message did, as it was accepted.
    fn record(&self, message: &QueueId) -> Result<Option<String>, StoreError>;

    /// The content of a copy.
    fn content(&self, copy: &CopyId) -> Result<Vec<u8>, StoreError>;

    /// The content of a message as received, as long as a copy of it is kept.
    fn original(&self, message: &QueueId) -> Result<Vec<u8>, StoreError>;

    /// Copies, the newest first.
    fn list(&self, filter: &Filter) -> Result<Vec<Listed>, StoreError>;

    /// How many copies stand where, and how many octets they have; each folder is a place of its own.
    fn counts(&self) -> Result<Vec<(Place, u64, u64)>, StoreError>;

    /// What happened to a message, the oldest first.
    fn events(&self, message: &QueueId) -> Result<Vec<Event>, StoreError>;

    /// What people did, the newest first, at most so many.
    fn audit(&self, limit: usize) -> Result<Vec<AuditEntry>, StoreError>;

    /// Deletes held copies whose time is over, and events and audit entries from before a moment. Says how many copies
    /// were deleted.
    fn expire(&self, now: Timestamp, events_before: Timestamp) -> Result<u64, StoreError>;

    /// A number that differs whenever another process has changed something; it may differ for changes made here, too.
    fn version(&self) -> Result<u64, StoreError>;

    /// Whether there is room on the disk for new messages; without it, batches that bring contents are refused.
    fn has_room(&self) -> bool;
}
