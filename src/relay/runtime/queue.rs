//! What is on its way: a thread that knows every copy in work, gives it to the lines that deliver, and keeps what came of it.
//!
//! A copy is in work from when it is due until what came of it is safe in the store; only then may it be looked at again, so
//! nothing is delivered twice at a time. What was just taken goes out from memory; beyond [`IN_WORK`] copies or
//! [`IN_WORK_BYTES`] it waits in the store. Where the store cannot keep what came of a delivery, nothing new is begun
//! until it can: each delivery would be repeated later.

use super::line::{Job, Lines, Result as JobResult};
use super::routing::{Part, Routing};
use super::{Relay, Shared};
use crate::relay::config::retry::Retry;
use crate::relay::deliver::settle::{self, Attempt, Outcome, Reporter};
use crate::relay::operate;
use crate::relay::store::{Accepted, Arrival, Change, Copy, CopyId, NewCopy, Recipient, State, StoreError};
use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

/// Copies in work at a time.
const IN_WORK: usize = 4_000;
/// Octets of contents in work at a time.
const IN_WORK_BYTES: u64 = 256 << 20;
/// How often another process's changes are looked for.
const LOOK: Duration = Duration::from_secs(1);
/// How often what is too old is deleted.
const EXPIRE: Duration = Duration::from_secs(600);

/// The way to the thread.
#[derive(Debug, Clone)]
pub struct Queue {
    events: Sender<Event>,
}

/// What the thread hears of.
#[derive(Debug)]
pub(super) enum Event {
    /// A message was taken and is safe.
    Offer(Box<Accepted>),
    /// Where the recipients of a copy go.
    Planned(CopyId, Vec<Part>, Vec<(Recipient, Outcome)>),
    /// What an attempt came to for some recipients of a copy.
    Finished(JobResult),
    /// A copy was judged again, with this to be kept.
    Judged(CopyId, Vec<Change>),
    /// What came of a copy is in the store, or is not and is given back.
    Kept(CopyId, Result<(), (StoreError, Vec<Change>)>),
    /// The store is to be looked at.
    Look,
    /// The relay stops.
    Stop,
}

impl Queue {
    /// The way, and what comes out of it.
    pub(super) fn new() -> (Queue, Receiver<Event>) {
        let (events, heard) = channel();
        (Queue { events }, heard)
    }

    /// A message was taken and is safe: its copies may go.
    pub fn offer(&self, accepted: Accepted) {
        let due = |copy: &NewCopy| matches!(copy.state, State::Queued { .. });
        if accepted.copies.iter().any(due) {
            self.tell(Event::Offer(Box::new(accepted)));
        }
    }

    /// The store is to be looked at, since something else has changed it.
    pub fn look(&self) {
        self.tell(Event::Look);
    }

    pub(super) fn tell(&self, event: Event) {
        // The thread ends last; what is in the store is safe anyway.
        let _ = self.events.send(event);
    }
}

/// How what is on its way is handled.
#[derive(Debug, Clone)]
pub struct Settings {
    /// When deliveries are tried again.
    pub retry: Retry,
    /// Who writes reports.
    pub reporter: Reporter,
    /// How long events and audit entries are kept.
    pub keep_events: SignedDuration,
}

struct InWork {
    copy: Arc<Copy>,
    arrival: Arc<Arrival>,
    content: Option<Arc<[u8]>>,
    /// Parts that are still out.
    open: usize,
    outcomes: Vec<(Recipient, Outcome)>,
}

/// The thread's state.
pub(super) struct Worker {
    relay: Arc<Relay>,
    shared: Arc<Shared>,
    lines: Lines,
    in_work: HashMap<CopyId, InWork>,
    /// Octets of the contents in work.
    bytes: u64,
    /// What came of copies in work and could not be kept.
    unkept: HashMap<CopyId, Vec<Change>>,
    /// There is more in the store than is in work.
    more: bool,
    next_due: Option<Timestamp>,
    version: u64,
    looked: Instant,
    expired: Option<Instant>,
    stopping: bool,
}

impl Worker {
    pub(super) fn new(relay: Arc<Relay>, shared: Arc<Shared>) -> Worker {
        let lines = Lines::new(relay.clone(), shared.clone());
        Worker {
            relay,
            shared,
            lines,
            in_work: HashMap::new(),
            bytes: 0,
            unkept: HashMap::new(),
            more: true,
            next_due: None,
            version: 0,
            looked: Instant::now(),
            expired: None,
            stopping: false,
        }
    }

    /// Runs until the relay stops and nothing is in work any more.
    pub(super) fn run(mut self, heard: &Receiver<Event>) {
        self.look();
        loop {
            match heard.recv_timeout(self.patience()) {
                Ok(event) => self.hear(event),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            // Everything that has come meanwhile, before the store is asked again.
            while let Ok(event) = heard.try_recv() {
                self.hear(event);
            }
            if self.stopping && self.in_work.is_empty() {
                return;
            }
            self.tick();
        }
    }

    fn patience(&self) -> Duration {
        let due = self.next_due.map(|due| due.duration_since(Timestamp::now()));
        let due = due.map(|wait| wait.max(SignedDuration::from_millis(5)).unsigned_abs());
        due.unwrap_or(LOOK).min(LOOK)
    }

    fn hear(&mut self, event: Event) {
        match event {
            Event::Offer(accepted) => self.offered(*accepted),
            Event::Planned(copy, parts, failed) => self.planned(&copy, parts, failed),
            Event::Finished(result) => self.finished(result),
            Event::Judged(copy, changes) => {
                // What takes its place is in the store alone.
                self.more = true;
                self.keep(copy, changes);
            }
            Event::Kept(copy, kept) => self.kept(&copy, kept),
            Event::Look => self.look(),
            Event::Stop => {
                self.stopping = true;
                self.lines.stop();
            }
        }
    }

    fn tick(&mut self) {
        if self.looked.elapsed() >= LOOK {
            self.keep_again();
            let version = self.shared.store.version().unwrap_or(self.version);
            if version != self.version || self.more {
                self.version = version;
                self.look();
            }
            self.looked = Instant::now();
        }
        if self.next_due.is_some_and(|due| due <= Timestamp::now()) {
            self.look();
        }
        if self.expired.is_none_or(|last| last.elapsed() >= EXPIRE) {
            self.expired = Some(Instant::now());
            let now = Timestamp::now();
            let before = now.saturating_sub(self.shared.queue.keep_events).unwrap_or(now);
            match self.shared.store.expire(now, before) {
                Ok(0) => {}
                Ok(count) => tracing::info!(count, "held copies were deleted, since their time is over"),
                Err(error) => tracing::error!("what is too old could not be deleted: {error}"),
            }
        }
    }

    /// Whether another copy may be begun.
    fn has_room(&self) -> bool {
        !self.stopping && self.in_work.len() < IN_WORK && self.bytes < IN_WORK_BYTES && self.unkept.is_empty()
    }

    fn offered(&mut self, accepted: Accepted) {
        let Accepted { arrival, content, copies, .. } = accepted;
        let arrival = Arc::new(arrival);
        for (number, copy) in (1..).zip(copies) {
            let State::Queued { .. } = copy.state else { continue };
            if !self.has_room() {
                self.more = true;
                return;
            }
            let content = copy.content.unwrap_or_else(|| content.clone());
            let id = CopyId { message: arrival.id.clone(), number };
            let copy = Copy {
                id,
                kind: copy.kind,
                sender: copy.sender,
                recipients: copy.recipients,
                size: content.len() as u64,
                state: copy.state,
                way: copy.way,
                judged: copy.judged,
                attempts: 0,
                last: None,
                delay_told: false,
                received: arrival.received,
            };
            self.begin(copy, arrival.clone(), Some(content));
        }
    }

    /// Takes what is due from the store, as far as there is room.
    fn look(&mut self) {
        self.more = false;
        let now = Timestamp::now();
        let limit = self.in_work.len() + IN_WORK / 4;
        let due = match self.shared.store.due(now, limit) {
            Ok(due) => due,
            Err(error) => {
                tracing::error!("the store could not be read: {error}");
                return;
            }
        };
        for copy in due {
            if self.in_work.contains_key(&copy.id) {
                continue;
            }
            if !self.has_room() {
                self.more = true;
                break;
            }
            match self.shared.store.arrival(&copy.id.message) {
                Ok(Some(arrival)) => self.begin(copy, Arc::new(arrival), None),
                Ok(None) => {}
                Err(error) => tracing::error!(copy = %copy.id, "it could not be read: {error}"),
            }
        }
        self.next_due = match self.more {
            true => None,
            false => self.next_due_beside(now),
        };
    }

    /// When the next copy is due that is not in work.
    fn next_due_beside(&self, now: Timestamp) -> Option<Timestamp> {
        let due = self.shared.store.next_due().ok().flatten()?;
        // What is due already is in work.
        Some(if due <= now { now.saturating_add(LOOK).unwrap_or(now) } else { due })
    }

    fn begin(&mut self, copy: Copy, arrival: Arc<Arrival>, content: Option<Arc<[u8]>>) {
        if copy.way.suspended {
            return;
        }
        self.bytes += copy.size;
        let (id, copy) = (copy.id.clone(), Arc::new(copy));
        let work =
            InWork { copy: copy.clone(), arrival: arrival.clone(), content, open: 1, outcomes: Vec::new() };
        self.in_work.insert(id.clone(), work);
        if matches!(copy.state, State::Deferred { judge_again: true, .. }) {
            return self.judge_again(copy, arrival);
        }
        let routing = self.shared.routing.load_full();
        match routing.parts_at_once(&copy) {
            Some((parts, failed)) => self.planned(&id, parts, failed),
            None => {
                let queue = self.relay.queue.clone();
                self.shared.handle.spawn(async move {
                    let (parts, failed) = Routing::parts(&routing, &copy).await;
                    queue.tell(Event::Planned(id, parts, failed));
                });
            }
        }
    }

    fn planned(&mut self, copy: &CopyId, parts: Vec<Part>, failed: Vec<(Recipient, Outcome)>) {
        let Some(work) = self.in_work.get_mut(copy) else { return };
        work.open = parts.len();
        work.outcomes.extend(failed);
        if parts.is_empty() {
            return self.settle(copy);
        }
        let jobs: Vec<(Part, Job)> = parts
            .into_iter()
            .map(|part| {
                let job = Job {
                    copy: work.copy.clone(),
                    arrival: work.arrival.clone(),
                    content: work.content.clone(),
                    recipients: part.recipients.clone(),
                };
                (part, job)
            })
            .collect();
        for (part, job) in jobs {
            self.lines.give(part, job);
        }
    }

    fn finished(&mut self, result: JobResult) {
        let Some(work) = self.in_work.get_mut(&result.copy) else { return };
        work.outcomes.extend(result.outcomes);
        work.content = work.content.take().or(result.content);
        work.open = work.open.saturating_sub(1);
        if work.open == 0 {
            self.settle(&result.copy);
        }
    }

    /// All parts of a copy are back: what came of it is kept.
    fn settle(&mut self, id: &CopyId) {
        let Some(work) = self.in_work.get_mut(id) else { return };
        let delivered = |outcome: &Outcome| matches!(outcome, Outcome::Delivered { .. });
        if work.content.is_none() && !work.outcomes.iter().all(|(_, outcome)| delivered(outcome)) {
            work.content = self.shared.store.content(id).ok().map(Into::into);
        }
        let nothing = || Arc::from(Vec::new());
        let content: Arc<[u8]> = work.content.clone().unwrap_or_else(nothing);
        let attempt = Attempt {
            copy: &work.copy,
            arrival: &work.arrival,
            content: &content,
            outcomes: &work.outcomes,
            now: Timestamp::now(),
            chance: self.shared.chances.next(),
        };
        for (recipient, outcome) in &work.outcomes {
            log(id, recipient, outcome);
        }
        let settled = settle::settle(&attempt, &self.shared.queue.retry, &self.shared.queue.reporter);
        let mut changes = settled.changes;
        let intake = self.relay.intake.load_full();
        for report in settled.reports {
            let made = intake.report(report.to, report.content, attempt.now);
            let message = id.message.clone();
            changes.insert(0, Change::Add { message, copies: made.copies });
            self.more = true;
        }
        self.keep(id.clone(), changes);
    }

    fn keep(&mut self, id: CopyId, changes: Vec<Change>) {
        // A copy of them comes back where the store does not have them: a delivery that is forgotten is repeated.
        let again = changes.clone();
        let queue = self.relay.queue.clone();
        let done = move |done: Result<(), StoreError>| {
            queue.tell(Event::Kept(id, done.map_err(|error| (error, again))));
        };
        self.shared.store.submit(changes, Box::new(done));
    }

    fn kept(&mut self, id: &CopyId, kept: Result<(), (StoreError, Vec<Change>)>) {
        if let Err((error, changes)) = kept {
            tracing::error!(copy = %id, "what came of it could not be kept, so nothing new is begun: {error}");
            self.unkept.insert(id.clone(), changes);
            return;
        }
        self.leave(id);
        if self.more && self.in_work.len() < IN_WORK / 2 {
            self.look();
        }
    }

    /// A copy is in work no more.
    fn leave(&mut self, id: &CopyId) {
        if let Some(work) = self.in_work.remove(id) {
            self.bytes = self.bytes.saturating_sub(work.copy.size);
        }
    }

    /// Tries once more to keep what could not be kept.
    fn keep_again(&mut self) {
        for (id, changes) in std::mem::take(&mut self.unkept) {
            self.keep(id, changes);
        }
    }

    /// Judges a copy again that waited for that, on a thread for it.
    fn judge_again(&mut self, copy: Arc<Copy>, arrival: Arc<Arrival>) {
        let (shared, relay) = (self.shared.clone(), self.relay.clone());
        let id = copy.id.clone();
        let asked = self.relay.judges.submit(move || {
            let now = Timestamp::now();
            let changes = operate::judged_again(&*shared.store, &relay.intake.load(), &copy, &arrival, now);
            relay.queue.tell(Event::Judged(copy.id.clone(), changes));
        });
        if asked.is_err() {
            // It is due as before, and is looked at again.
            self.leave(&id);
        }
    }
}

fn log(id: &CopyId, recipient: &Recipient, outcome: &Outcome) {
    let recipient = &recipient.address;
    match outcome {
        Outcome::Delivered { words, .. } => tracing::info!(copy = %id, %recipient, "delivered: {words}"),
        Outcome::Delayed(trouble) => {
            tracing::info!(copy = %id, %recipient, status = trouble.status, "delayed: {}", trouble.line());
        }
        Outcome::Failed(trouble) => {
            tracing::warn!(copy = %id, %recipient, status = trouble.status, "failed: {}", trouble.line());
        }
    }
}
