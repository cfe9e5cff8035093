//! The reference interpreter (signatures; bodies follow).

use super::directory::Home;
use super::{ClauseResult, Lookups, Plan, Question, TextContext, Verdict};
use crate::base::address::Address;
use crate::language::hir::{DirectoryId, Expr, Moment, PolicyId, TextTemplate};
use crate::message::envelope::{Envelope, Session};
use crate::message::{AttachmentId, Message};
use jiff::Timestamp;
use std::collections::BTreeSet;

/// One message to judge, with all that is known of it.
#[derive(Clone, Copy)]
pub struct Case<'a> {
    /// The message.
    pub message: &'a Message,
    /// Who it is from and for.
    pub envelope: &'a Envelope,
    /// How it came in.
    pub session: &'a Session,
    /// When it came in.
    pub received: Timestamp,
    /// Who has the answers.
    pub lookups: &'a dyn Lookups,
}

/// Whose home is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Who {
    /// The envelope sender's; of `<>` from an inside client, the postmaster's.
    Sender,
    /// The home of a recipient, by position in the envelope.
    Recipient(usize),
}

/// Judges one message. Everything is asked at most once.
pub struct Evaluator<'a> {
    plan: &'a Plan,
    case: Case<'a>,
    missing: BTreeSet<Question>,
}

#[expect(clippy::todo, unused_variables, reason = "signatures to code against; the bodies land next")]
impl<'a> Evaluator<'a> {
    /// An evaluator that knows nothing yet.
    pub fn new(plan: &'a Plan, case: Case<'a>) -> Evaluator<'a> {
        Evaluator { plan, case, missing: BTreeSet::new() }
    }

    /// The criteria of a policy, for a recipient (position in the envelope).
    pub fn policy(&mut self, policy: PolicyId, recipient: usize) -> Verdict {
        todo!()
    }

    /// An exception (position in its directory), for a recipient.
    pub fn exception(&mut self, directory: DirectoryId, index: usize, recipient: usize) -> ClauseResult {
        todo!()
    }

    /// The attachments that a policy's `strip` (position in its actions) takes away. Where it is undecided whether the
    /// condition holds, the attachment goes.
    pub fn strip(&mut self, policy: PolicyId, action: usize, recipient: usize) -> Vec<AttachmentId> {
        todo!()
    }

    /// The addresses an operand of `notify`, `copy to` or `redirect to` gives, each once.
    pub fn addresses(&mut self, expr: &Expr, recipient: usize) -> Vec<Address> {
        todo!()
    }

    /// A text with its values. What is absent or undecided is an empty text.
    pub fn text(&mut self, template: &TextTemplate, context: &TextContext) -> String {
        todo!()
    }

    /// The moment a message waits for. `None`: there is none, a calendar that never opens or closes within the next
    /// 400 days.
    pub fn moment(&mut self, moment: &Moment, now: Timestamp) -> Option<Timestamp> {
        todo!()
    }

    /// Where somebody is at home. Undecided where a group could not be asked.
    pub fn home(&mut self, who: Who) -> Home {
        todo!()
    }

    /// Questions that were asked and have no answer yet.
    pub fn missing(&self) -> &BTreeSet<Question> {
        &self.missing
    }

    /// The plan it judges by.
    pub fn plan(&self) -> &'a Plan {
        self.plan
    }

    /// What it judges.
    pub fn case(&self) -> &Case<'a> {
        &self.case
    }
}
