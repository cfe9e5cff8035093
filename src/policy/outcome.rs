//! What becomes of a message for one recipient, and which recipients share one copy of it.
//!
//! Everything here is plain data with all texts filled in: carrying an outcome out needs the message and no policy.
//! Two recipients share a copy exactly where their outcomes are equal; whom a policy tells of it is no part of that.

use super::candidates::LookupSide;
use super::combine::Value;
use super::return_rule::Going;
use super::words;
use crate::base::address::Address;
use crate::language::hir::{
    Attach, BodyPlace, Conversion, CopyForm, PolicyId, Priority, SettingsId, Severity, SubjectPosition,
    TemplateId,
};
use crate::message::AttachmentId;
use jiff::Timestamp;
use std::collections::HashMap;
use std::sync::Arc;

/// The folder for what could not be read.
pub const UNSCANNABLE: &str = "unscannable";
/// The folder for what would be returned to a sender nobody vouches for.
pub const UNRETURNABLE: &str = "unreturnable";
/// Seconds until a message that is undecided for now is judged again.
pub const JUDGE_AGAIN_SECONDS: i64 = 15 * 60;

/// What becomes of the message, with its moments and texts filled in.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Fate {
    /// It continues.
    Deliver,
    /// It waits.
    Defer {
        /// Until then.
        until: Timestamp,
        /// It is judged again then because something could not be asked.
        judge_again: bool,
    },
    /// It is held in a folder.
    Quarantine {
        /// The folder's name.
        folder: Arc<str>,
    },
    /// It is held until somebody releases it.
    Approve {
        /// Who.
        by: Approver,
        /// After so many seconds `otherwise` holds.
        within: Option<i64>,
        /// What then.
        otherwise: Option<Box<Fate>>,
    },
    /// A delivery status notification goes to the sender.
    Return {
        /// What it says.
        text: String,
    },
    /// It is refused in the session; where it holds for some recipients only, it is a return.
    Reject {
        /// What the refusal says.
        text: String,
    },
    /// It is gone.
    Drop,
}

/// Who releases a message.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Approver {
    /// One address.
    Address(Address),
    /// Everybody of a directory, by its path.
    Directory(Arc<str>),
}

impl Approver {
    /// The approver in words.
    pub fn words(&self) -> String {
        match self {
            Approver::Address(address) => address.to_string(),
            Approver::Directory(path) => path.to_string(),
        }
    }
}

impl Fate {
    /// The word of the language for it.
    pub fn name(&self) -> &'static str {
        match self {
            Fate::Deliver => "deliver",
            Fate::Defer { .. } => "defer",
            Fate::Quarantine { .. } => "quarantine",
            Fate::Approve { .. } => "approve",
            Fate::Return { .. } => "return",
            Fate::Reject { .. } => "reject",
            Fate::Drop => "drop",
        }
    }

    /// Whether it goes back to the sender.
    pub fn goes_back(&self) -> bool {
        matches!(self, Fate::Return { .. } | Fate::Reject { .. })
    }

    /// Whether the message is kept as received for later.
    pub fn is_hold(&self) -> bool {
        matches!(self, Fate::Defer { .. } | Fate::Quarantine { .. } | Fate::Approve { .. })
    }
}

impl Value for Fate {
    /// drop > return = reject > quarantine > approve > defer > deliver
    fn restrictiveness(&self) -> u8 {
        match self {
            Fate::Drop => 6,
            Fate::Return { .. } | Fate::Reject { .. } => 5,
            Fate::Quarantine { .. } => 4,
            Fate::Approve { .. } => 3,
            Fate::Defer { .. } => 2,
            Fate::Deliver => 1,
        }
    }

    fn moment(&self) -> Option<Timestamp> {
        match self {
            Fate::Defer { until, .. } => Some(*until),
            _ => None,
        }
    }

    fn words(&self) -> String {
        match self {
            Fate::Deliver => "deliver".to_string(),
            Fate::Defer { until, judge_again: false } => format!("defer until {until}"),
            Fate::Defer { until, judge_again: true } => format!("defer until {until} and judge again"),
            Fate::Quarantine { folder } => format!("quarantine in {folder}"),
            Fate::Approve { by, within, otherwise } => {
                let mut words = format!("approve by {}", by.words());
                if let Some(seconds) = within {
                    words.push_str(&format!(" within {seconds} seconds"));
                }
                if let Some(otherwise) = otherwise {
                    words.push_str(&format!(" else {}", otherwise.words()));
                }
                words
            }
            Fate::Return { text } => format!("return {}", words::quoted(text)),
            Fate::Reject { text } => format!("reject {}", words::quoted(text)),
            Fate::Drop => "drop".to_string(),
        }
    }
}

/// Why the message has the fate it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// No policy had a say: it is delivered.
    NoPolicy,
    /// A triggered policy said so.
    Policy,
    /// A policy could not be decided.
    Undecided,
    /// It would be returned to an outside sender nobody vouches for.
    Unreturnable,
    /// An annotation that would break a signed or encrypted message asks to return it.
    Protected,
    /// It goes past the rules as an answer of the engine's own failure: held.
    InternalError,
}

impl Reason {
    /// The name as records write it.
    pub fn name(self) -> &'static str {
        match self {
            Reason::NoPolicy => "no_policy",
            Reason::Policy => "policy",
            Reason::Undecided => "undecided",
            Reason::Unreturnable => "unreturnable",
            Reason::Protected => "protected",
            Reason::InternalError => "internal_error",
        }
    }
}

/// The value of an effect that can only have one, and who set it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Chosen<V> {
    /// The value.
    pub value: V,
    /// Who set it.
    pub by: PolicyId,
    /// On which side.
    pub side: LookupSide,
}

/// `encrypt`, `sign`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Protect {
    /// With which settings; `None`: the security manager's own.
    pub using: Option<SettingsId>,
    /// The settings' name.
    pub using_name: Option<Arc<str>>,
    /// What becomes of the message where it cannot be done.
    pub otherwise: Option<Fate>,
}

impl Value for Protect {
    fn words(&self) -> String {
        let mut words = match &self.using_name {
            Some(name) => format!("using {name}"),
            None => "yes".to_string(),
        };
        if let Some(otherwise) = &self.otherwise {
            words.push_str(&format!(" else {}", otherwise.words()));
        }
        words
    }
}

impl Value for Priority {
    fn words(&self) -> String {
        priority_name(*self).to_string()
    }
}

/// A priority as written in policies.
pub fn priority_name(priority: Priority) -> &'static str {
    match priority {
        Priority::Low => "low",
        Priority::Normal => "normal",
        Priority::High => "high",
    }
}

/// A severity as written in policies.
pub fn severity_name(severity: Severity) -> &'static str {
    match severity {
        Severity::Low => "low",
        Severity::Medium => "medium",
        Severity::High => "high",
        Severity::Critical => "critical",
    }
}

/// `route via …`
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Route {
    /// The host.
    pub via: String,
    /// Whether the connection must be encrypted.
    pub require_tls: bool,
}

impl Value for Route {
    fn words(&self) -> String {
        format!("via {}{}", self.via, if self.require_tls { " require tls" } else { "" })
    }
}

/// `redirect to …`
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Redirect {
    /// Who gets the message instead.
    pub to: Vec<Address>,
}

impl Value for Redirect {
    fn words(&self) -> String {
        format!("to {}", self.to.iter().map(Address::to_string).collect::<Vec<_>>().join(", "))
    }
}

/// A text with its HTML form, where the template has one.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Rendered {
    /// The subject, of a template that has one.
    pub subject: Option<String>,
    /// Plain text.
    pub text: Option<String>,
    /// HTML, with its values escaped.
    pub html: Option<String>,
}

/// What an annotation does to a message whose signature or encryption it would break.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum OnProtected {
    /// Put the original whole into a new message.
    Wrap,
    /// Leave it as it is.
    Skip,
    /// Return it, with a text.
    Return(String),
}

/// A change of what leaves, with its texts filled in.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the line above each variant shows its fields in use")]
pub enum Edit {
    /// A header field is added.
    AddHeader { name: String, value: String },
    /// A header field takes the place of all of its name.
    SetHeader { name: String, value: String },
    /// All header fields of a name go.
    RemoveHeader { name: String },
    /// The subject gets a prefix or suffix.
    Subject { position: SubjectPosition, text: String },
    /// The body gets a banner or footer.
    Body { place: BodyPlace, content: Rendered, protected: OnProtected },
    /// An attachment is added.
    Attach { name: String, content: Rendered, protected: OnProtected },
    /// Attachments are replaced by a text.
    Strip { attachments: Vec<AttachmentId>, replacement: Option<Rendered> },
    /// Content is converted.
    Convert(Conversion),
    /// Content is decrypted before anything reads it.
    Decrypt,
}

impl Edit {
    /// What a signed or encrypted message makes of it, where the edit asks.
    pub fn on_protected(&self) -> Option<&OnProtected> {
        match self {
            Edit::Body { protected, .. } | Edit::Attach { protected, .. } => Some(protected),
            _ => None,
        }
    }
}

/// An edit and whose it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AppliedEdit {
    /// Whose.
    pub by: PolicyId,
    /// On which side.
    pub side: LookupSide,
    /// What.
    pub edit: Edit,
}

/// What becomes of the message for a recipient; equal outcomes share one copy.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Outcome {
    /// What becomes of it.
    pub fate: Fate,
    /// Why.
    pub reason: Reason,
    /// Who decided it, and on which side; `None` where no policy had a say.
    pub by: Option<(PolicyId, LookupSide)>,
    /// How a return or a refusal goes back to the sender; `None` for any other fate.
    pub going: Option<Going>,
    /// Every policy that asked for this very hold: released, the message is judged again past these and no other.
    pub held_by: Vec<PolicyId>,
    /// It is encrypted on departure.
    pub encrypt: Option<Chosen<Protect>>,
    /// It is signed on departure.
    pub sign: Option<Chosen<Protect>>,
    /// The queue's priority.
    pub priority: Option<Chosen<Priority>>,
    /// The next host.
    pub route: Option<Chosen<Route>>,
    /// Who gets it instead.
    pub redirect: Option<Chosen<Redirect>>,
    /// The highest severity of any triggered policy.
    pub severity: Option<Severity>,
    /// Tags, each once.
    pub tags: Vec<Arc<str>>,
    /// Changes of what leaves, in the order in which they are carried out.
    pub edits: Vec<AppliedEdit>,
}

/// A notification one policy wants for one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Whose.
    pub by: PolicyId,
    /// On which side.
    pub side: LookupSide,
    /// Who is told.
    pub to: Vec<Address>,
    /// By which template.
    pub template: TemplateId,
    /// What is attached.
    pub attach: Option<Attach>,
}

/// A copy one policy wants for one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopyTo {
    /// Whose.
    pub by: PolicyId,
    /// On which side.
    pub side: LookupSide,
    /// Who gets it.
    pub to: Vec<Address>,
    /// In which form.
    pub form: CopyForm,
}

/// Recipients that share one copy.
#[derive(Debug, Clone)]
pub struct Group {
    /// Positions in the envelope's recipients, ascending, at least one.
    pub recipients: Vec<usize>,
    /// What becomes of their copy.
    pub outcome: Outcome,
}

/// Groups recipients with equal outcomes, in the order of each group's first recipient. Every recipient is in exactly
/// one group. Cost: each outcome is hashed once and compared with hardly any other.
pub fn split<'o>(outcomes: impl IntoIterator<Item = &'o Outcome>) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut known: HashMap<&'o Outcome, usize> = HashMap::new();
    for (recipient, outcome) in outcomes.into_iter().enumerate() {
        // Most messages have one outcome, so the first is compared rather than hashed.
        let at = match groups.first() {
            Some(first) if first.outcome != *outcome => *known.entry(outcome).or_insert(groups.len()),
            _ => 0,
        };
        match groups.get_mut(at) {
            Some(group) => group.recipients.push(recipient),
            None => groups.push(Group { recipients: vec![recipient], outcome: outcome.clone() }),
        }
    }
    groups
}
