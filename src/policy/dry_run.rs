//! What a policy set would do with the messages of a mailbox. Nothing is sent, written or asked of the outside.
//!
//! As many threads as there are cores judge; whoever has nothing to judge reads the next few messages of the mailbox
//! while the others go on, so that no core waits for a reader. The caller's thread sees the rows in the mailbox's
//! order; who made a row also frees it, since its many small pieces are freed cheaply only there. Memory: messages on their way are bounded in number and in bytes ([`IN_FLIGHT_BYTES`], or the one message
//! that is larger). Failure: a mailbox entry that cannot be read is a row; a message whose judging panics is a row too,
//! held and never delivered, and the run goes on.

use super::arrived::Arrived;
use super::assumed::Unanswered;
use super::compare::{self, Difference};
use super::engine::{Decision, Detail, Engine, Judging};
use super::envelope_rule::EnvelopeRule;
use super::mailboxes::{MailItem, MailboxError};
use super::perform::{self, Leaving};
use super::record::Record;
use super::statistics::Summary;
use crate::base::limits::MessageLimits;
use crate::message::Message;
use crate::plan::Question;
use jiff::Timestamp;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Bytes of messages on their way at a time.
pub const IN_FLIGHT_BYTES: u64 = 64 << 20;
/// Messages on their way at a time, for each thread that judges.
const IN_FLIGHT_PER_THREAD: usize = 4 * BATCH_MESSAGES;
/// Messages that a thread reads at a time, and hands over judged.
const BATCH_MESSAGES: usize = 8;
/// Bytes of messages that a thread reads at a time; the last one may exceed them.
const BATCH_BYTES: u64 = 64 << 10;
/// Stack of a thread that judges; evaluation is bounded well below it.
const STACK_BYTES: usize = 8 << 20;
/// The form of a row in JSON; it counts up where a reader of an older one would misread.
pub const ROW_VERSION: u32 = 1;

/// How a run goes.
#[derive(Debug, Clone)]
pub struct Options {
    /// Threads that judge.
    pub threads: NonZeroUsize,
    /// How envelopes are made.
    pub envelope: EnvelopeRule,
    /// When messages came in of which neither the message nor its mailbox says it.
    pub now: Timestamp,
    /// Bounds of a message.
    pub limits: MessageLimits,
    /// What becomes of questions to the outside, which is not asked.
    pub unanswered: Unanswered,
    /// The topmost `Received` fields whose writers are known: see [`super::traces`].
    pub trust: usize,
    /// Rows carry what would leave.
    pub leaving: bool,
    /// Which rows carry records.
    pub detail: Detail,
}

impl Options {
    /// As many threads as there are cores, envelopes by the default rule, harmless answers assumed, a record of each.
    pub fn new(now: Timestamp) -> Options {
        Options {
            threads: std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
            envelope: EnvelopeRule::default(),
            now,
            limits: MessageLimits::default(),
            unanswered: Unanswered::Assumed,
            trust: 1,
            leaving: false,
            detail: Detail::Record,
        }
    }
}

/// A message of the mailbox, or an entry that could not be read.
#[derive(Debug, Clone)]
pub struct Row {
    /// From 1, in the mailbox's order.
    pub number: u64,
    /// Where it comes from: a path, for an mbox with the number of the message.
    pub origin: String,
    /// Its bytes, as in the mailbox.
    pub size: u64,
    /// What became of it.
    pub result: RowResult,
}

/// What became of a row.
#[derive(Debug, Clone)]
pub enum RowResult {
    /// It was judged.
    Judged(Box<Judged>),
    /// It could not be read.
    Unreadable(MailboxError),
    /// Judging it failed: it would be held.
    Failed {
        /// Why, in words.
        reason: String,
    },
}

/// A judged message.
#[derive(Debug, Clone)]
pub struct Judged {
    /// Its Message-ID, without brackets.
    pub message_id: Option<String>,
    /// Its subject, decoded.
    pub subject: Option<String>,
    /// The first From, as an address.
    pub from: Option<String>,
    /// Nobody was named, so a stand-in was judged for.
    pub stand_in: bool,
    /// Why parts of it could not be read, each cause once.
    pub unscannable: Vec<&'static str>,
    /// What policies asked for that nobody was asked, with what was assumed, in words.
    pub assumed: Vec<&'static str>,
    /// What becomes of it.
    pub decision: Decision,
    /// How the other set differs on it.
    pub difference: Option<Difference>,
    /// What would leave, where asked for.
    pub leaving: Vec<Leaving>,
}

/// A row as one JSON object, for one line.
#[derive(Debug, Serialize)]
pub struct RowRecord<'r> {
    /// [`ROW_VERSION`]
    pub version: u32,
    /// From 1.
    pub number: u64,
    /// Where it comes from.
    pub origin: &'r str,
    /// Bytes.
    pub size: u64,
    /// `judged`, `unreadable`, `failed`
    pub status: &'static str,
    /// Why it could not be read or judged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<&'r str>,
    /// Its Message-ID.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_id: Option<&'r str>,
    /// Its subject.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<&'r str>,
    /// Its first author.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<&'r str>,
    /// Why parts of it could not be read.
    #[serde(skip_serializing_if = "<[&str]>::is_empty")]
    pub unscannable: &'r [&'static str],
    /// How it was decided: see [`super::record`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record: Option<&'r Record>,
    /// How the other set differs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub difference: Option<&'r Difference>,
    /// What policies asked for that nobody was asked, with what was assumed.
    #[serde(skip_serializing_if = "<[&str]>::is_empty")]
    pub assumed: &'r [&'static str],
    /// Files of what would leave.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<String>,
}

impl Row {
    /// The row as JSON shows it.
    pub fn record(&self) -> RowRecord<'_> {
        let judged = match &self.result {
            RowResult::Judged(judged) => Some(judged.as_ref()),
            _ => None,
        };
        let (status, error) = match &self.result {
            RowResult::Judged(_) => ("judged", None),
            RowResult::Unreadable(error) => ("unreadable", Some(error.reason.as_str())),
            RowResult::Failed { reason } => ("failed", Some(reason.as_str())),
        };
        RowRecord {
            version: ROW_VERSION,
            number: self.number,
            origin: &self.origin,
            size: self.size,
            status,
            error,
            message_id: judged.and_then(|judged| judged.message_id.as_deref()),
            subject: judged.and_then(|judged| judged.subject.as_deref()),
            from: judged.and_then(|judged| judged.from.as_deref()),
            unscannable: judged.map(|judged| judged.unscannable.as_slice()).unwrap_or_default(),
            record: judged.and_then(|judged| judged.decision.record.as_ref()),
            difference: judged.and_then(|judged| judged.difference.as_ref()),
            assumed: judged.map(|judged| judged.assumed.as_slice()).unwrap_or_default(),
            files: judged.map(|judged| self.files(judged)).unwrap_or_default(),
        }
    }

    fn files(&self, judged: &Judged) -> Vec<String> {
        judged.leaving.iter().enumerate().map(|(at, leaving)| leaving.file_name(self.number, at)).collect()
    }
}

/// A run of one set, or of two against each other.
#[derive(Clone, Copy)]
pub struct DryRun<'e> {
    /// The set.
    pub engine: &'e Engine,
    /// The set it is compared with.
    pub against: Option<&'e Engine>,
    /// How the run goes.
    pub options: &'e Options,
}

impl DryRun<'_> {
    /// Judges all messages and gives a row for each, in order. The sink may end the run.
    pub fn run<I>(&self, items: I, mut sink: impl FnMut(&Row) -> ControlFlow<()>) -> Summary
    where
        I: Iterator<Item = Result<MailItem, MailboxError>> + Send,
    {
        let threads = self.options.threads.get();
        let gate = Gate::new(threads.saturating_mul(IN_FLIGHT_PER_THREAD));
        let mut summary = Summary::new(self.engine);
        let (to_sink, from_judges) = channel();
        let reader = Mutex::new(Reader { items, next: 1, kept: None, ended: false });
        let seen: Vec<Seen> = (0..threads).map(|_| Seen::default()).collect();
        std::thread::scope(|scope| {
            let (gate, reader) = (&gate, &reader);
            let started = seen.iter().filter(|&seen| {
                let to_sink = to_sink.clone();
                let judge = std::thread::Builder::new().stack_size(STACK_BYTES);
                judge.spawn_scoped(scope, move || self.judge_all(reader, gate, seen, &to_sink)).is_ok()
            });
            if started.count() == 0 {
                summary.internal_errors += 1;
                summary.notices.push("no thread could be started, so nothing was judged".to_string());
            }
            drop(to_sink);
            let _stop = StopAtEnd(gate);
            let mut batches = Ordered::default();
            'rows: for batch in from_judges {
                batches.push(batch);
                while let Some(batch) = batches.next() {
                    let left = Left::of(&batch.rows);
                    for row in &batch.rows {
                        summary.add(row);
                        if sink(row).is_break() {
                            break 'rows;
                        }
                    }
                    gate.leave(left);
                    lock(batch.seen).push(batch.rows);
                }
            }
        });
        summary.finish();
        summary
    }

    fn judge_all<'s, I>(
        &self,
        reader: &Mutex<Reader<I>>,
        gate: &Gate,
        seen: &'s Seen,
        to_sink: &Sender<Batch<'s>>,
    ) where
        I: Iterator<Item = Result<MailItem, MailboxError>>,
    {
        loop {
            drop(std::mem::take(&mut *lock(seen)));
            let batch = lock(reader).batch(gate);
            let rows: Vec<Row> = batch.into_iter().map(|task| self.row(task)).collect();
            if rows.is_empty() || to_sink.send(Batch { rows, seen }).is_err() {
                return;
            }
        }
    }

    fn row(&self, task: Task) -> Row {
        let item = match task.item {
            Ok(item) => item,
            Err(error) => {
                let origin = error.origin.clone();
                return Row { number: task.number, origin, size: 0, result: RowResult::Unreadable(error) };
            }
        };
        let (origin, size) = (item.origin.clone(), item.total_size);
        let result = match catch_unwind(AssertUnwindSafe(|| self.judge(item))) {
            Ok(Ok(judged)) => RowResult::Judged(Box::new(judged)),
            Ok(Err(reason)) => RowResult::Failed { reason },
            Err(panic) => RowResult::Failed { reason: format!("internal error: {}", panic_words(&*panic)) },
        };
        Row { number: task.number, origin, size, result }
    }

    /// Judges one message by the set, and by the other where there is one.
    pub fn judge(&self, item: MailItem) -> Result<Judged, String> {
        let options = self.options;
        let arrived = Arrived::read(item, &self.engine.hir().site, options);
        let (case, message, lookups) = (arrived.case(), &arrived.message, &arrived.lookups);
        // Two sets are compared by their records.
        let detail = if self.against.is_some() { Detail::Record } else { options.detail };
        let decide = |engine: &Engine| {
            engine.decide(case, &Judging::default(), detail).map_err(|missing| {
                let places: Vec<String> = missing.iter().map(Question::place).collect();
                format!("nobody answers for {}", places.join(", "))
            })
        };
        let decision = decide(self.engine)?;
        let other = self.against.map(decide).transpose()?;
        let difference = match (&decision.record, other.and_then(|other| other.record)) {
            (Some(this), Some(other)) => compare::compare(this, &other),
            _ => None,
        };
        let mut assumed = lookups.notes();
        if arrived.named.too_many {
            assumed.push("recipients: the first 1,000 that a message names, as mail servers take at a time");
        }
        let leaving = match options.leaving {
            true => perform::leaving(self.engine.hir(), &case, &decision),
            false => Vec::new(),
        };
        Ok(Judged {
            message_id: message.message_id().map(str::to_string),
            subject: message.subject().map(str::to_string),
            from: message.from().first().map(|mailbox| mailbox.address.clone()),
            stand_in: arrived.named.stand_in,
            unscannable: causes(message),
            assumed,
            decision,
            difference,
            leaving,
        })
    }
}

fn causes(message: &Message) -> Vec<&'static str> {
    let all: BTreeSet<_> = message.unscannable().iter().map(|unscannable| unscannable.cause).collect();
    all.into_iter().map(|cause| cause.name()).collect()
}

fn panic_words(panic: &(dyn std::any::Any + Send)) -> String {
    let words = panic.downcast_ref::<&str>().map(|words| (*words).to_string());
    words.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no words".to_string())
}

/// Rows of one thread that the sink has seen.
type Seen = Mutex<Vec<Vec<Row>>>;

/// A few rows whose numbers follow each other, and where they go when they have been seen.
struct Batch<'s> {
    rows: Vec<Row>,
    seen: &'s Seen,
}

/// A message on its way to be judged.
struct Task {
    number: u64,
    item: Result<MailItem, MailboxError>,
}

impl Task {
    fn bytes(&self) -> u64 {
        self.item.as_ref().map_or(0, |item| item.total_size)
    }
}

/// The mailbox, read by whoever judges next.
struct Reader<I> {
    items: I,
    next: u64,
    /// It was read and did not fit any more.
    kept: Option<Task>,
    ended: bool,
}

impl<I> Reader<I>
where
    I: Iterator<Item = Result<MailItem, MailboxError>>,
{
    /// The next messages, in order; none where the mailbox has ended or the run is stopped. Waits where too much is on
    /// its way: all of that has been read before and is with others, who need nothing of this reader to finish it.
    fn batch(&mut self, gate: &Gate) -> Vec<Task> {
        let (mut batch, mut bytes) = (Vec::new(), 0_u64);
        while batch.len() < BATCH_MESSAGES && bytes < BATCH_BYTES {
            let Some(task) = self.kept.take().or_else(|| self.read()) else { break };
            if !gate.enter(task.bytes(), batch.is_empty()) {
                self.kept = Some(task);
                break;
            }
            bytes = bytes.saturating_add(task.bytes());
            batch.push(task);
        }
        batch
    }

    /// A mailbox that panics ends with an error.
    fn read(&mut self) -> Option<Task> {
        if self.ended {
            return None;
        }
        let item = match catch_unwind(AssertUnwindSafe(|| self.items.next())) {
            Ok(item) => item,
            Err(panic) => {
                self.ended = true;
                let reason = format!("internal error: {}", panic_words(&*panic));
                Some(Err(MailboxError { origin: "mailbox".to_string(), reason, mend: None }))
            }
        };
        let Some(item) = item else {
            self.ended = true;
            return None;
        };
        let number = self.next;
        self.next += 1;
        Some(Task { number, item })
    }
}

/// Bounds what is on its way.
struct Gate {
    most: usize,
    state: Mutex<InFlight>,
    freed: Condvar,
}

#[derive(Default)]
struct InFlight {
    messages: usize,
    bytes: u64,
    waits: bool,
    stopped: bool,
}

/// What is no longer on its way.
struct Left {
    messages: usize,
    bytes: u64,
}

impl Left {
    fn of(batch: &[Row]) -> Left {
        let bytes = batch.iter().fold(0_u64, |sum, row| sum.saturating_add(row.size));
        Left { messages: batch.len(), bytes }
    }
}

impl Gate {
    fn new(most: usize) -> Gate {
        Gate { most: most.max(1), state: Mutex::default(), freed: Condvar::new() }
    }

    /// Lets a message of that size come in, if need be after it has waited; one at least always may. False where it may
    /// not come in now, or the run is stopped.
    fn enter(&self, bytes: u64, waits: bool) -> bool {
        let full = |state: &InFlight| {
            let crowded = state.messages >= self.most || state.bytes.saturating_add(bytes) > IN_FLIGHT_BYTES;
            !state.stopped && state.messages > 0 && crowded
        };
        let mut state = lock(&self.state);
        while full(&state) {
            if !waits {
                return false;
            }
            state.waits = true;
            state = self.freed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if state.stopped {
            return false;
        }
        state.messages += 1;
        state.bytes = state.bytes.saturating_add(bytes);
        true
    }

    fn leave(&self, left: Left) {
        let mut state = lock(&self.state);
        state.messages = state.messages.saturating_sub(left.messages);
        state.bytes = state.bytes.saturating_sub(left.bytes);
        if std::mem::take(&mut state.waits) {
            self.freed.notify_all();
        }
    }

    fn stop(&self) {
        lock(&self.state).stopped = true;
        self.freed.notify_all();
    }
}

/// Stops what waits at a gate when the rows are no longer taken, a sink that panics included.
struct StopAtEnd<'g>(&'g Gate);

impl Drop for StopAtEnd<'_> {
    fn drop(&mut self) {
        self.0.stop();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Batches in the order of their rows, as they come.
struct Ordered<'s> {
    waiting: BTreeMap<u64, Batch<'s>>,
    next: u64,
}

impl Default for Ordered<'_> {
    fn default() -> Self {
        Ordered { waiting: BTreeMap::new(), next: 1 }
    }
}

impl<'s> Ordered<'s> {
    fn push(&mut self, batch: Batch<'s>) {
        self.waiting.extend(batch.rows.first().map(|row| row.number).map(|first| (first, batch)));
    }

    fn next(&mut self) -> Option<Batch<'s>> {
        let batch = self.waiting.remove(&self.next)?;
        self.next += batch.rows.len() as u64;
        Some(batch)
    }
}
