//! Lines to where mail goes: jobs wait in them, and a few workers with a connection each take them one after the other.
//!
//! A worker keeps its connection for as long as there is work, and a moment longer. Where no connection comes about,
//! everything that waits there is delayed at once, and for [`DOWN`] nothing else that is new is tried: a server that is down
//! costs one attempt, not one for each message.

use super::connection::{self, Live};
use super::maildir;
use super::queue::Event;
use super::routing::{Part, Place, Target};
use super::{Relay, Shared};
use crate::relay::deliver::settle::{Outcome, Trouble};
use crate::relay::store::{Arrival, Copy, CopyId, Recipient, State};
use jiff::Timestamp;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// How long a worker without work keeps its connection.
const IDLE: Duration = Duration::from_secs(2);
/// How long nothing is tried where no connection came about.
const DOWN: Duration = Duration::from_secs(60);
/// Lines that are remembered without work in them.
const REMEMBERED: usize = 10_000;

/// Some recipients of a copy that are to be delivered to.
#[derive(Debug, Clone)]
pub(super) struct Job {
    pub(super) copy: Arc<Copy>,
    pub(super) arrival: Arc<Arrival>,
    pub(super) content: Option<Arc<[u8]>>,
    pub(super) recipients: Vec<Recipient>,
}

/// What came of a job.
#[derive(Debug)]
pub(super) struct Result {
    pub(super) copy: CopyId,
    pub(super) content: Option<Arc<[u8]>>,
    pub(super) outcomes: Vec<(Recipient, Outcome)>,
}

/// All lines.
pub(super) struct Lines {
    relay: Arc<Relay>,
    shared: Arc<Shared>,
    lines: HashMap<Arc<str>, Arc<Line>>,
}

struct Line {
    target: Arc<Target>,
    state: Mutex<Waiting>,
    wake: Notify,
}

#[derive(Default)]
struct Waiting {
    jobs: VecDeque<Job>,
    workers: usize,
    idle: usize,
    down: Option<Down>,
    stopping: bool,
}

/// No connection came about.
struct Down {
    since: Instant,
    at: Timestamp,
    trouble: Trouble,
}

impl Down {
    /// Whether a copy is not tried for it. One that has waited and is due since then is: its time has come, or somebody says
    /// that the server is up again.
    fn holds(&self, copy: &Copy) -> bool {
        let is_due = matches!(copy.state, State::Queued { due } if due > self.at);
        self.since.elapsed() < DOWN && !(copy.attempts > 0 && is_due)
    }
}

impl Line {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next job; `None` where the worker is to go.
    async fn next(&self) -> Option<Job> {
        let until = tokio::time::Instant::now() + IDLE;
        let mut counted = false;
        loop {
            let woken = self.wake.notified();
            {
                let mut waiting = self.lock();
                if let Some(job) = waiting.jobs.pop_front() {
                    waiting.idle -= usize::from(counted);
                    return Some(job);
                }
                if waiting.stopping || tokio::time::Instant::now() >= until {
                    waiting.idle -= usize::from(counted);
                    waiting.workers = waiting.workers.saturating_sub(1);
                    return None;
                }
                waiting.idle += usize::from(!counted);
                counted = true;
            }
            let _ = tokio::time::timeout_at(until, woken).await;
        }
    }
}

impl Lines {
    pub(super) fn new(relay: Arc<Relay>, shared: Arc<Shared>) -> Lines {
        Lines { relay, shared, lines: HashMap::new() }
    }

    /// Puts a job into its line.
    pub(super) fn give(&mut self, part: Part, job: Job) {
        if self.lines.len() > REMEMBERED {
            self.lines.retain(|_, line| line.lock().workers > 0);
        }
        let line = self.lines.entry(part.key).or_insert_with(|| {
            Arc::new(Line { target: part.target.clone(), state: Mutex::default(), wake: Notify::new() })
        });
        let mut waiting = line.lock();
        if let Some(down) = waiting.down.as_ref().filter(|down| down.holds(&job.copy)) {
            let trouble = down.trouble.clone();
            drop(waiting);
            self.relay.queue.tell(Event::Finished(delayed(job, &trouble)));
            return;
        }
        waiting.down = None;
        waiting.jobs.push_back(job);
        let most = usize::try_from(part.target.route.max_connections).unwrap_or(usize::MAX).max(1);
        if waiting.idle >= waiting.jobs.len() || waiting.workers >= most {
            drop(waiting);
            line.wake.notify_one();
            return;
        }
        waiting.workers += 1;
        drop(waiting);
        let (line, relay, shared) = (line.clone(), self.relay.clone(), self.shared.clone());
        self.shared.handle.spawn(async move { work(&line, &relay, &shared).await });
    }

    /// From now on workers go as soon as they have nothing to do.
    pub(super) fn stop(&mut self) {
        for line in self.lines.values() {
            let waiting: Vec<Job> = {
                let mut waiting = line.lock();
                waiting.stopping = true;
                waiting.jobs.drain(..).collect()
            };
            line.wake.notify_waiters();
            // Nothing came of them, so they are due as before when the relay runs again.
            for job in waiting {
                let result = Result { copy: job.copy.id.clone(), content: job.content, outcomes: Vec::new() };
                self.relay.queue.tell(Event::Finished(result));
            }
        }
    }
}

fn delayed(job: Job, trouble: &Trouble) -> Result {
    let outcomes = job.recipients.into_iter().map(|to| (to, Outcome::Delayed(trouble.clone()))).collect();
    Result { copy: job.copy.id.clone(), content: job.content, outcomes }
}

/// Does the work of a line until there is none.
async fn work(line: &Line, relay: &Arc<Relay>, shared: &Arc<Shared>) {
    let mut live: Option<Live> = None;
    while let Some(mut job) = line.next().await {
        if job.content.is_none() {
            job.content = content(shared, &job.copy.id).await;
        }
        let Some(content) = job.content.clone() else {
            let words = "its content could not be read; see the log".to_string();
            let trouble = Trouble { status: "4.3.0".to_string(), words, host: None };
            relay.queue.tell(Event::Finished(delayed(job, &trouble)));
            continue;
        };
        let outcomes = match &line.target.place {
            Place::Maildir(maildir) => Ok(maildir::deliver(maildir, &job, &content, shared).await),
            _ => connection::deliver(&mut live, &line.target, &job, &content, shared).await,
        };
        match outcomes {
            Ok(outcomes) => {
                let outcomes = job.recipients.iter().cloned().zip(outcomes).collect();
                let result = Result { copy: job.copy.id.clone(), content: job.content, outcomes };
                relay.queue.tell(Event::Finished(result));
            }
            Err(trouble) => {
                let waiting: Vec<Job> = {
                    let mut waiting = line.lock();
                    let (since, at) = (Instant::now(), Timestamp::now());
                    waiting.down = Some(Down { since, at, trouble: trouble.clone() });
                    waiting.jobs.drain(..).collect()
                };
                for job in std::iter::once(job).chain(waiting) {
                    relay.queue.tell(Event::Finished(delayed(job, &trouble)));
                }
            }
        }
    }
    if let Some(live) = live {
        live.quit().await;
    }
}

/// The content of a copy from the store, on a thread that may wait.
async fn content(shared: &Arc<Shared>, copy: &CopyId) -> Option<Arc<[u8]>> {
    let (store, id) = (shared.store.clone(), copy.clone());
    let read = tokio::task::spawn_blocking(move || store.content(&id)).await;
    match read {
        Ok(Ok(content)) => Some(content.into()),
        Ok(Err(error)) => {
            tracing::error!(%copy, "its content could not be read: {error}");
            None
        }
        Err(_) => None,
    }
}
