//! Mail that is written here is judged like any other that leaves.
//!
//! Its sender for the lookup is the site's postmaster; it leaves with the empty sender (RFC 3834, 3.3), so that nothing
//! comes back. Nobody is told of what becomes of it and it is never returned, so that none of it ever loops: what policies
//! refuse lies among the dead letters.

use super::Intake;
use super::outcomes::{Made, plain};
use crate::message::Message;
use crate::message::envelope::{self, Envelope, Session};
use crate::plan::Case;
use crate::policy::combine::Value;
use crate::policy::engine::{Detail, Judging, PolicyKey};
use crate::policy::outcome::{Fate, UNSCANNABLE};
use crate::policy::perform;
use crate::relay::store::{Copy, CopyKind, Judged, NewCopy, Recipient, State, Way};
use jiff::Timestamp;
use std::sync::Arc;

/// The copies of a notification or report.
pub(super) fn judge(
    intake: &Intake,
    kind: CopyKind,
    recipients: Vec<Recipient>,
    content: Arc<[u8]>,
    now: Timestamp,
    past: &[PolicyKey],
) -> Made {
    let hir = intake.engine.hir();
    let message = Message::parse(content.clone(), &intake.settings.limits);
    let envelope = Envelope {
        sender: None,
        sender_text: "".into(),
        recipients: recipients.iter().filter_map(|to| envelope::Recipient::parse(&to.address)).collect(),
    };
    let postmaster = hir.site.postmaster.as_ref().map_or_else(|| "postmaster".into(), |it| it.to_string());
    let session = Session { client_user: Some(postmaster.into()), ..Session::default() };
    let lookups = &intake.settings.answers;
    let case = Case { message: &message, envelope: &envelope, session: &session, received: now, lookups };
    let judging = Judging { past: past.iter().cloned().collect(), ..Judging::default() };
    let copy = |recipients: Vec<Recipient>, content: &Arc<[u8]>, state: State, why: Option<String>| NewCopy {
        kind,
        sender: "".into(),
        recipients,
        content: Some(content.clone()),
        state,
        way: Way::default(),
        judged: Judged { past: past.to_vec(), why, ..Judged::default() },
    };
    let mut made = Made::default();
    let decided = intake.guarded(&"of our own", || intake.engine.decide(case, &judging, Detail::Outcomes));
    let Some(Ok(decision)) = decided else {
        let state = State::Held { folder: UNSCANNABLE.into(), until: None };
        made.copies.push(copy(recipients, &content, state, Some("it cannot be decided for now".to_string())));
        return made;
    };
    for group in &decision.groups {
        let to: Vec<Recipient> =
            group.recipients.iter().filter_map(|&at| recipients.get(at)).cloned().collect();
        let outcome = &group.outcome;
        let words = outcome.fate.words();
        let held = |folder: &str| State::Held { folder: folder.into(), until: None };
        let (state, why) = match &outcome.fate {
            Fate::Deliver => {
                let processed = perform::processed(&message, outcome);
                match processed.held.or(super::outcomes::missing_means(outcome)) {
                    Some(why) => (held(UNSCANNABLE), Some(why)),
                    None => {
                        let leaving: Arc<[u8]> = processed.bytes.into();
                        made.copies.push(copy(to, &leaving, State::Queued { due: now }, None));
                        continue;
                    }
                }
            }
            Fate::Defer { until, judge_again } => {
                (State::Deferred { until: *until, judge_again: *judge_again }, Some(words))
            }
            Fate::Quarantine { folder } => (held(folder), Some(words)),
            Fate::Approve { .. } => (held(super::outcomes::APPROVAL), Some(words)),
            Fate::Return { .. } | Fate::Reject { .. } => {
                (State::Dead { why: format!("policies say of what was written here: {words}") }, Some(words))
            }
            Fate::Drop => {
                made.events.push(("dropped", "what was written here, as policies say".to_string()));
                continue;
            }
        };
        let mut kept = copy(to, &content, state, why);
        let keys = outcome.held_by.iter().filter_map(|&policy| hir.policies.get(policy.index()));
        kept.judged.held_by = keys.map(|policy| PolicyKey::of(hir, policy)).collect();
        made.copies.push(kept);
    }
    made
}

/// The same for a copy that was kept and is judged again.
pub(super) fn judge_again(intake: &Intake, copy: &Copy, content: Arc<[u8]>, now: Timestamp) -> Made {
    let recipients = copy.recipients.iter().map(|to| plain(&to.address)).collect();
    judge(intake, copy.kind, recipients, content, now, &copy.judged.past)
}
