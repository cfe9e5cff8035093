//! What people do with what is kept: release, return, delete, hold, send now, judge again. Each is one batch of changes with
//! who did it and why, whoever runs it: a command beside the running relay, or the relay itself.

use super::config::retry::Retry;
use super::deliver::settle::{self, Attempt, Outcome, Reporter, Trouble};
use super::intake::{Intake, Made};
use super::store::{
    Arrival, AuditEntry, Change, Copy, CopyId, CopyKind, Event, Judged, QueueId, Recipient, State, Store,
    StoreError, Way,
};
use crate::policy::engine::PolicyKey;
use crate::policy::outcome::JUDGE_AGAIN_SECONDS;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Who does something, when, and why.
#[derive(Debug, Clone)]
pub struct Operator {
    /// Who.
    pub who: String,
    /// Why, in their own words; may be empty.
    pub why: String,
    /// When.
    pub now: Timestamp,
}

/// Why something was not done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OperateError {
    /// There is no such copy, or no more.
    #[error("there is no {0}")]
    NoCopy(CopyId),
    /// It has no sender to go back to.
    #[error("{0} has no sender it could be returned to")]
    NoSender(CopyId),
    /// It could not be judged for now.
    #[error("{0} cannot be judged now; try again later")]
    NotNow(CopyId),
    /// The store did not do it.
    #[error("{0}")]
    Store(#[from] StoreError),
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcomes {
    /// What happened, in words; one line for each that took the copy's place, or one for the copy.
    pub lines: Vec<String>,
}

impl Operator {
    /// Releases a held copy: it is judged again past the policies that held it and no other. What waits for a moment or
    /// among the dead letters goes now.
    pub fn send(&self, store: &dyn Store, intake: &Intake, id: &CopyId) -> Result<Outcomes, OperateError> {
        let copy = find(store, id)?;
        match &copy.state {
            State::Held { .. } => {
                let past: BTreeSet<PolicyKey> =
                    copy.judged.past.iter().chain(&copy.judged.held_by).cloned().collect();
                let judged = Judged { past: past.into_iter().collect(), ..copy.judged.clone() };
                self.judge(store, intake, &Copy { judged, ..copy }, "send")
            }
            State::Queued { .. } | State::Deferred { .. } | State::Dead { .. } => {
                self.retry(store, id, "send")
            }
        }
    }

    /// Judges a copy again by the present policies, as it was judged when it came, save what it was released past already.
    pub fn judge_again(
        &self,
        store: &dyn Store,
        intake: &Intake,
        id: &CopyId,
    ) -> Result<Outcomes, OperateError> {
        let copy = find(store, id)?;
        self.judge(store, intake, &copy, "judge")
    }

    fn judge(
        &self,
        store: &dyn Store,
        intake: &Intake,
        copy: &Copy,
        action: &str,
    ) -> Result<Outcomes, OperateError> {
        let arrival = arrival(store, copy)?;
        let content: Arc<[u8]> = original(store, copy)?.into();
        let made = intake.judge_again(copy, &arrival, content, self.now);
        let made = made.ok_or_else(|| OperateError::NotNow(copy.id.clone()))?;
        let lines = lines(&made);
        let mut changes = replaced(copy, made, self.now);
        changes.push(self.event(copy, action, "judged again".to_string()));
        changes.push(self.audit(action, &copy.id));
        store.commit(changes)?;
        Ok(Outcomes { lines })
    }

    /// Sends a copy back to its sender, with a text.
    pub fn return_to_sender(
        &self,
        store: &dyn Store,
        intake: &Intake,
        (retry, reporter): (&Retry, &Reporter),
        id: &CopyId,
        text: &str,
    ) -> Result<Outcomes, OperateError> {
        let copy = find(store, id)?;
        if copy.sender.is_empty() {
            return Err(OperateError::NoSender(id.clone()));
        }
        let arrival = arrival(store, &copy)?;
        let content: Arc<[u8]> = store.content(id)?.into();
        let trouble = Trouble { status: "5.7.1".to_string(), words: text.to_string(), host: None };
        let outcomes: Vec<_> =
            copy.recipients.iter().map(|to| (to.clone(), Outcome::Failed(trouble.clone()))).collect();
        let attempt = Attempt {
            copy: &copy,
            arrival: &arrival,
            content: &content,
            outcomes: &outcomes,
            now: self.now,
            chance: 0,
        };
        let settled = settle::settle(&attempt, retry, reporter);
        let mut changes = Vec::new();
        for report in settled.reports {
            let made = intake.report(report.to, report.content, self.now);
            changes.push(Change::Add { message: id.message.clone(), copies: made.copies });
        }
        changes.extend(settled.changes);
        changes.push(self.event(&copy, "returned", text.to_string()));
        changes.push(self.audit("return", id));
        store.commit(changes)?;
        Ok(Outcomes { lines: vec![format!("returned to <{}>", copy.sender)] })
    }

    /// Deletes a copy. Nobody is told.
    pub fn delete(&self, store: &dyn Store, id: &CopyId) -> Result<Outcomes, OperateError> {
        let copy = find(store, id)?;
        let changes = vec![
            Change::Remove(id.clone()),
            self.event(&copy, "deleted", format!("for {}", Recipient::names(&copy.recipients))),
            self.audit("delete", id),
        ];
        store.commit(changes)?;
        Ok(Outcomes { lines: vec!["deleted".to_string()] })
    }

    /// Holds a copy in a folder until somebody releases it.
    pub fn hold(&self, store: &dyn Store, id: &CopyId, folder: &str) -> Result<Outcomes, OperateError> {
        let copy = find(store, id)?;
        let state = State::Held { folder: folder.into(), until: None };
        let changes = vec![
            Change::Move { copy: id.clone(), state },
            self.event(&copy, "held", format!("in {folder}")),
            self.audit("hold", id),
        ];
        store.commit(changes)?;
        Ok(Outcomes { lines: vec![format!("held in {folder}")] })
    }

    /// A copy is due now; what was suspended goes on.
    pub fn retry(&self, store: &dyn Store, id: &CopyId, action: &str) -> Result<Outcomes, OperateError> {
        let copy = find(store, id)?;
        let changes = vec![
            Change::Move { copy: id.clone(), state: State::Queued { due: self.now } },
            Change::Redirect { copy: id.clone(), way: Way { suspended: false, ..copy.way.clone() } },
            self.event(&copy, "due", "now".to_string()),
            self.audit(action, id),
        ];
        store.commit(changes)?;
        Ok(Outcomes { lines: vec!["due now".to_string()] })
    }

    fn event(&self, copy: &Copy, what: &str, text: String) -> Change {
        let text = format!("{} by {}: {text}", copy.id, self.who);
        Change::Event(Event { message: copy.id.message.clone(), at: self.now, what: what.into(), text })
    }

    fn audit(&self, action: &str, copy: &CopyId) -> Change {
        Change::Audit(AuditEntry {
            at: self.now,
            who: self.who.clone(),
            action: action.to_string(),
            copy: Some(copy.clone()),
            why: self.why.clone(),
        })
    }
}

/// What takes the place of a copy that waited to be judged again. Where that cannot be done now either, it waits on.
pub fn judged_again(
    store: &dyn Store,
    intake: &Intake,
    copy: &Copy,
    arrival: &Arrival,
    now: Timestamp,
) -> Vec<Change> {
    let later = || {
        let until = now.saturating_add(SignedDuration::from_secs(JUDGE_AGAIN_SECONDS)).unwrap_or(now);
        vec![Change::Move { copy: copy.id.clone(), state: State::Deferred { until, judge_again: true } }]
    };
    match original(store, copy) {
        Ok(content) => match intake.judge_again(copy, arrival, content.into(), now) {
            Some(made) => replaced(copy, made, now),
            None => later(),
        },
        Err(error) => {
            tracing::error!(copy = %copy.id, "it could not be read to be judged: {error}");
            later()
        }
    }
}

/// The new copies come before the old one goes, so that the message stays.
fn replaced(copy: &Copy, made: Made, now: Timestamp) -> Vec<Change> {
    let message: QueueId = copy.id.message.clone();
    let mut changes = Vec::new();
    if !made.copies.is_empty() {
        changes.push(Change::Add { message: message.clone(), copies: made.copies });
    }
    changes.push(Change::Remove(copy.id.clone()));
    changes.extend(made.events.into_iter().map(|(what, text)| {
        Change::Event(Event { message: message.clone(), at: now, what: what.into(), text })
    }));
    changes
}

fn lines(made: &Made) -> Vec<String> {
    let copies = made.copies.iter().map(|copy| {
        let to = Recipient::names(&copy.recipients);
        match &copy.state {
            State::Queued { .. } => format!("queued for {to}"),
            State::Deferred { until, .. } => format!("waits until {until} for {to}"),
            State::Held { folder, .. } => format!("held again in {folder} for {to}"),
            State::Dead { why } => format!("cannot be delivered to {to}: {why}"),
        }
    });
    let events = made.events.iter().filter(|(what, _)| *what != "held");
    copies.chain(events.map(|(what, text)| format!("{what} {text}"))).collect()
}

/// What is judged of a copy: its message as received, or what was written here.
fn original(store: &dyn Store, copy: &Copy) -> Result<Vec<u8>, StoreError> {
    match copy.kind {
        CopyKind::Message | CopyKind::Copy => store.original(&copy.id.message),
        CopyKind::Notification | CopyKind::Report => store.content(&copy.id),
    }
}

fn find(store: &dyn Store, id: &CopyId) -> Result<Copy, OperateError> {
    store.copy(id)?.ok_or_else(|| OperateError::NoCopy(id.clone()))
}

fn arrival(store: &dyn Store, copy: &Copy) -> Result<Arrival, OperateError> {
    store.arrival(&copy.id.message)?.ok_or_else(|| OperateError::NoCopy(copy.id.clone()))
}
