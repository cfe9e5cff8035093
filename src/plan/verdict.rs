//! What an evaluation says of a policy, with what people need to believe it.
//!
//! A [`Verdict`] holds one [`ClauseResult`] for each clause that was looked at; evidence is bounded in number and in
//! length, so that a record of a hostile message stays small.

use super::ir::NodeId;
use super::truth::{CauseSet, Causes, Truth};
use crate::base::source::Span;
use crate::language::schema::facts::Stage;

/// Matches kept of one clause.
pub const MATCHES_KEPT: usize = 20;
/// Characters kept of a matched text and on either side of it.
pub const TEXT_CHARS: usize = 200;
/// Characters of context on either side of a match.
pub const CONTEXT_CHARS: usize = 60;

/// What became of a policy's criteria.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Every `when` holds and no `unless` does.
    Triggered,
    /// A `when` does not hold or an `unless` does.
    NotTriggered,
    /// Only what could not be read or asked could still turn it.
    Undecided {
        /// Why.
        causes: Causes,
    },
}

/// The word a clause opens with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ClauseKind {
    /// `when`
    When,
    /// `unless`
    Unless,
    /// `except`
    Except,
}

impl ClauseKind {
    /// The word.
    pub fn name(self) -> &'static str {
        match self {
            ClauseKind::When => "when",
            ClauseKind::Unless => "unless",
            ClauseKind::Except => "except",
        }
    }
}

/// A policy judged for one recipient.
#[derive(Debug, Clone)]
pub struct Verdict {
    /// What became of it.
    pub outcome: Outcome,
    /// Every clause that was asked, `when` before `unless`, each in source order. The cheap ones are asked first, and
    /// none after one that decides.
    pub clauses: Vec<ClauseResult>,
    /// The clause (index in `clauses`) that decided a policy not to trigger: of those a `when` that does not hold or an
    /// `unless` that does, the one that was asked first. `None` for a triggered policy: all of its clauses did. Of an
    /// undecided one, the first clause in `clauses` that is unknown.
    pub decided_by: Option<usize>,
    /// Causes of `message.unscannable` that hold and that a `when` of it asks for. A triggered policy has its say on a
    /// message that is undecided for these.
    pub tests_causes: CauseSet,
    /// The earliest stage at which it can be decided.
    pub stage: Stage,
}

/// What became of a policy's criteria for one recipient, and nothing that people read.
#[derive(Debug, Clone)]
pub struct Criteria {
    /// What became of them.
    pub outcome: Outcome,
    /// The question by which the policy does not trigger: a `when` that does not hold or an `unless` that does.
    pub decided_by: Option<NodeId>,
}

/// A clause judged for one recipient.
#[derive(Debug, Clone)]
pub struct ClauseResult {
    /// Which word it opens with.
    pub kind: ClauseKind,
    /// Where it is written.
    pub span: Span,
    /// Whether it holds.
    pub truth: Truth,
    /// What it was decided by.
    pub evidence: Vec<Evidence>,
}

/// A fact a clause was decided by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// The fact as written: `message.size`, `count(card_number in text)`.
    pub fact: String,
    /// Its value, for people; at most [`TEXT_CHARS`] characters.
    pub value: String,
    /// What was found in it; at most [`MATCHES_KEPT`] in a clause.
    pub matches: Vec<MatchEvidence>,
}

/// A matched text and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatchEvidence {
    /// The text that matched; at most [`TEXT_CHARS`] characters.
    pub text: String,
    /// Where: `subject`, `part 1.2`, `photos.zip/holiday.jpg`.
    pub place: String,
    /// The MIME part, where it is in one: `1.2`.
    pub part: Option<String>,
    /// Byte offset in the decoded text of the place.
    pub offset: usize,
    /// Length in bytes there.
    pub length: usize,
    /// What stands before it; at most [`CONTEXT_CHARS`] characters.
    pub before: String,
    /// What stands after it; at most [`CONTEXT_CHARS`] characters.
    pub after: String,
    /// The pattern as its author wrote it: `card_number`, `"Bluebird"`, `/re/i`.
    pub pattern: String,
}
