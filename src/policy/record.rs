//! The decision record: what every explanation, log line and quarantine entry is made of.
//!
//! Plain data of texts and numbers in a fixed form (`version` counts its changes), which serde writes as JSON and reads
//! back. What is absent is left out of the JSON; lists that are empty are left out too. Shape:
//!
//! ```text
//! record    version, sender?, sender_directory?, received, groups[], notifications[], copies[]
//! group     recipients[] {address, directory?}, outcome, policies[]
//! outcome   action, words, reason, by?, folder?, until?, judge_again, text?, held_by[], encrypt?, sign?, priority?,
//!           route?, redirect?, severity?, tags[], edits[] {policy, words}
//! policy    policy, directory, side, manager, mode, mandatory, stage, place, because?, result, by?, excepted_in?,
//!           decided_by?, clauses[], causes[] {kind, place}, note?, effects[], recipients[] (where not all of the group)
//! clause    word, place, text, truth, causes[], evidence[] {fact, value, matches[]}
//! match     text, place, part?, offset, length, before, after, pattern
//! effect    effect, result, to?, rule?
//! place     file, line, column (both from 1; columns count characters)
//! ```
//!
//! Cost: texts are bounded where the evidence is gathered and here ([`SOURCE_CHARS`]), so a record of a hostile message
//! stays small.

use super::combine::Rule;
use crate::base::source::{SourceMap, Span};
use crate::plan::{Causes, ClauseResult, Evidence, MatchEvidence, Truth};
use serde::{Deserialize, Serialize};

/// The number of the form; it counts up where a reader of an older one would misread.
pub const VERSION: u32 = 1;
/// Characters kept of a clause's source text.
pub const SOURCE_CHARS: usize = 300;

/// How one message was decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// [`VERSION`]
    pub version: u32,
    /// The envelope sender; absent for `<>`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender: Option<String>,
    /// The directory the sender is at home in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender_directory: Option<String>,
    /// When the message came in (RFC 3339).
    pub received: String,
    /// Recipients with equal outcomes.
    pub groups: Vec<GroupRecord>,
    /// Who is told.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notifications: Vec<NotificationRecord>,
    /// Who would be told, were it not for the rules on answering mail.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub withheld: Vec<NotificationRecord>,
    /// Who gets a copy.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub copies: Vec<CopyRecord>,
}

/// Recipients with equal outcomes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupRecord {
    /// Who.
    pub recipients: Vec<RecipientRecord>,
    /// What becomes of their copy.
    pub outcome: OutcomeRecord,
    /// Every policy of either side's chain: sender's side first, outermost directory first.
    pub policies: Vec<PolicyRecord>,
}

/// A recipient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecipientRecord {
    /// The address as it compares.
    pub address: String,
    /// The directory it is at home in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directory: Option<String>,
}

/// What becomes of a copy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutcomeRecord {
    /// `deliver`, `defer`, `quarantine`, `approve`, `return`, `reject`, `drop`
    pub action: String,
    /// The whole disposition in words: `quarantine in dlp`.
    pub words: String,
    /// `no_policy`, `policy`, `undecided`, `unreturnable`, `protected`, `internal_error`
    pub reason: String,
    /// Who decided it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<PolicyReference>,
    /// Of a quarantine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
    /// Of a deferral (RFC 3339).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// Of a deferral: something could not be asked.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub judge_again: bool,
    /// Of a return or refusal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// All that asked for this very hold.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub held_by: Vec<PolicyReference>,
    /// It is encrypted on departure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encrypt: Option<ChosenRecord>,
    /// It is signed on departure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sign: Option<ChosenRecord>,
    /// The queue's priority.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<ChosenRecord>,
    /// The next host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route: Option<ChosenRecord>,
    /// Who gets it instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redirect: Option<ChosenRecord>,
    /// The highest severity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<String>,
    /// Tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Changes of what leaves, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub edits: Vec<EditRecord>,
}

/// A value and who set it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChosenRecord {
    /// The value in words.
    pub value: String,
    /// Who set it.
    pub by: PolicyReference,
}

/// A change of what leaves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EditRecord {
    /// Whose.
    pub by: PolicyReference,
    /// What, in words.
    pub words: String,
}

/// A policy by name and the directory it comes from.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PolicyReference {
    /// Its name.
    pub policy: String,
    /// The directory it holds in.
    pub directory: String,
    /// `sender` or `recipient`
    pub side: String,
}

/// A place in a policy set's texts.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PlaceRecord {
    /// The file as people know it.
    pub file: String,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
}

/// What became of a policy of a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PolicyResult {
    /// Its criteria hold.
    Triggered,
    /// They do not.
    NotTriggered,
    /// Only what could not be read or asked could still turn it.
    Undecided,
    /// A directory's exception silences it.
    Excepted,
    /// A deeper policy removed it.
    Overridden,
    /// A deeper application of it stands in its place.
    Replaced,
    /// It is switched off.
    Off,
    /// It does not run yet, or no longer.
    OutOfDates,
    /// The message was released past it.
    Released,
}

impl PolicyResult {
    /// The result in words.
    pub fn words(self) -> &'static str {
        match self {
            PolicyResult::Triggered => "triggered",
            PolicyResult::NotTriggered => "not triggered",
            PolicyResult::Undecided => "undecided",
            PolicyResult::Excepted => "excepted",
            PolicyResult::Overridden => "overridden",
            PolicyResult::Replaced => "replaced",
            PolicyResult::Off => "off",
            PolicyResult::OutOfDates => "out of its dates",
            PolicyResult::Released => "released past it",
        }
    }
}

/// A policy of a chain, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyRecord {
    /// Its name.
    pub policy: String,
    /// The directory it comes from.
    pub directory: String,
    /// `sender` or `recipient`
    pub side: String,
    /// Its manager.
    pub manager: String,
    /// `on`, `observe` or `off`
    pub mode: String,
    /// Deeper directories do not win against it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub mandatory: bool,
    /// The stage at which it can be decided.
    pub stage: String,
    /// Where it is written or applied.
    pub place: PlaceRecord,
    /// Its reason, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
    /// What became of it.
    pub result: PolicyResult,
    /// Who overrode or replaced it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<PolicyReference>,
    /// The directory whose exception silences it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub excepted_in: Option<String>,
    /// The clause that decided, by position in `clauses`; absent where all of its `when` did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_by: Option<usize>,
    /// Its clauses, then the exceptions that speak of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub clauses: Vec<ClauseRecord>,
    /// Why it is undecided.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<CauseRecord>,
    /// A remark for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// What it does or would do, and what became of that.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub effects: Vec<EffectRecord>,
    /// The recipients this holds for, where it is not all of the group.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recipients: Vec<String>,
}

/// A clause and whether it holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClauseRecord {
    /// `when`, `unless` or `except`
    pub word: String,
    /// Where it is written.
    pub place: PlaceRecord,
    /// Its text, on one line.
    pub text: String,
    /// `true`, `false` or `unknown`
    pub truth: String,
    /// Why it is unknown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<CauseRecord>,
    /// What it was decided by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<EvidenceRecord>,
}

/// Why something is undecided.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct CauseRecord {
    /// `encrypted`, `corrupt`, `limit`, `unsupported`, `timeout`, `unavailable`
    pub kind: String,
    /// Where.
    pub place: String,
}

/// A fact and its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvidenceRecord {
    /// The fact as written.
    pub fact: String,
    /// Its value, for people.
    pub value: String,
    /// What was found in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub matches: Vec<MatchRecord>,
}

/// A matched text and its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MatchRecord {
    /// The text.
    pub text: String,
    /// Where: `subject`, `part 1.2`, `photos.zip/holiday.jpg`.
    pub place: String,
    /// The MIME part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<String>,
    /// Byte offset in the decoded text of the place.
    pub offset: usize,
    /// Length in bytes there.
    pub length: usize,
    /// What stands before it.
    pub before: String,
    /// What stands after it.
    pub after: String,
    /// The pattern as its author wrote it.
    pub pattern: String,
}

/// What became of an effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EffectResult {
    /// It holds, or is carried out.
    Taken,
    /// Another policy's value holds.
    Lost,
    /// It is carried out once already.
    Once,
    /// The policy only observes.
    Observed,
    /// The message is held as received; it is carried out if released.
    Kept,
    /// The message does not leave.
    NotLeaving,
    /// The message is signed or encrypted and left as it is.
    Skipped,
}

impl EffectResult {
    /// The result in words.
    pub fn words(self) -> &'static str {
        match self {
            EffectResult::Taken => "taken",
            EffectResult::Lost => "lost",
            EffectResult::Once => "done once already",
            EffectResult::Observed => "observed only",
            EffectResult::Kept => "kept as received until released",
            EffectResult::NotLeaving => "nothing leaves",
            EffectResult::Skipped => "skipped: the message is signed or encrypted",
        }
    }
}

/// An effect and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EffectRecord {
    /// In words: `quarantine in dlp`, `notify security@acme.example using alert`.
    pub effect: String,
    /// What became of it.
    pub result: EffectResult,
    /// To whom it was lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<PolicyReference>,
    /// By which rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<Rule>,
}

/// A notification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotificationRecord {
    /// Who is told.
    pub to: String,
    /// Whose.
    pub by: PolicyReference,
    /// The template.
    pub template: String,
    /// `original` or `headers`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attach: Option<String>,
    /// The recipients it speaks of.
    pub recipients: Vec<String>,
    /// Why it is not sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why_not: Option<String>,
}

/// A copy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CopyRecord {
    /// Who gets it.
    pub to: String,
    /// Whose.
    pub by: PolicyReference,
    /// `original` or `processed`
    pub form: String,
    /// The recipients whose copy is copied.
    pub recipients: Vec<String>,
}

/// The place of a span's start.
pub fn place(sources: &SourceMap, span: Span) -> PlaceRecord {
    match sources.get(span.source) {
        Some(source) => {
            let (line, column) = source.line_column(span.start as usize);
            PlaceRecord { file: source.name.clone(), line, column }
        }
        None => PlaceRecord { file: String::new(), line: 1, column: 1 },
    }
}

/// A clause with its evidence.
pub fn clause(sources: &SourceMap, result: &ClauseResult) -> ClauseRecord {
    let words: Vec<&str> = sources.slice(result.span).split_whitespace().collect();
    ClauseRecord {
        word: result.kind.name().to_string(),
        place: place(sources, result.span),
        text: words.join(" ").chars().take(SOURCE_CHARS).collect(),
        truth: match result.truth {
            Truth::True => "true",
            Truth::False => "false",
            Truth::Unknown(_) => "unknown",
        }
        .to_string(),
        causes: result.truth.causes().map(causes).unwrap_or_default(),
        evidence: result.evidence.iter().map(evidence).collect(),
    }
}

/// Causes with their places.
pub fn causes(causes: &Causes) -> Vec<CauseRecord> {
    causes
        .iter()
        .map(|cause| CauseRecord { kind: cause.kind.name().to_string(), place: cause.place.to_string() })
        .collect()
}

fn evidence(evidence: &Evidence) -> EvidenceRecord {
    EvidenceRecord {
        fact: evidence.fact.clone(),
        value: evidence.value.clone(),
        matches: evidence.matches.iter().map(matched).collect(),
    }
}

fn matched(found: &MatchEvidence) -> MatchRecord {
    MatchRecord {
        text: found.text.clone(),
        place: found.place.clone(),
        part: found.part.clone(),
        offset: found.offset,
        length: found.length,
        before: found.before.clone(),
        after: found.after.clone(),
        pattern: found.pattern.clone(),
    }
}
