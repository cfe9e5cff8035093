//! What a clause was decided by, for people.
//!
//! The walk goes down the side that decided: all that hold of an `and` that holds, the first that fails of one that does
//! not, the value for which a quantifier found something. At its ends stand facts with their values and the matched
//! texts with their places. Everything is bounded (see [`super::verdict`]); the evidence of a node is kept like its
//! truth, so a clause that many policies share is explained once.

use super::interpret::Evaluator;
use super::ir::{Node, NodeId, Sought};
use super::truth::{Causes, Truth};
use super::value::{Computed, Value};
use super::verdict::{Evidence, MATCHES_KEPT, MatchEvidence, TEXT_CHARS};
use crate::language::hir::{DirectoryId, Quantifier};
use crate::language::schema::types::Enumeration;
use std::rc::Rc;

/// Facts shown of one clause.
const FACTS_KEPT: usize = 16;

/// What has been collected of one clause.
#[derive(Default)]
struct Collected {
    evidence: Vec<Evidence>,
    matches: usize,
}

impl Collected {
    fn is_full(&self) -> bool {
        self.evidence.len() >= FACTS_KEPT || self.matches >= MATCHES_KEPT
    }

    fn room(&self) -> usize {
        MATCHES_KEPT.saturating_sub(self.matches)
    }

    fn add(&mut self, fact: String, value: &str, matches: Vec<MatchEvidence>) {
        self.matches += matches.len();
        let evidence = Evidence { fact, value: bounded(value), matches };
        if !self.evidence.contains(&evidence) {
            self.evidence.push(evidence);
        }
    }
}

fn bounded(text: &str) -> String {
    match text.char_indices().nth(TEXT_CHARS) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text.to_string(),
    }
}

impl<'a> Evaluator<'a> {
    /// What decided a clause that has this truth.
    pub(super) fn explain(&mut self, node: NodeId, truth: &Truth) -> Rc<[Evidence]> {
        let key = self.memo_key(node);
        if let Some(known) = key.and_then(|key| self.evidence.get(&key)) {
            return known.clone();
        }
        let mut collected = Collected::default();
        self.walk(node, truth, &mut collected);
        let evidence: Rc<[Evidence]> = collected.evidence.into();
        if let Some(key) = key {
            self.evidence.insert(key, evidence.clone());
        }
        evidence
    }

    fn walk(&mut self, node: NodeId, truth: &Truth, collected: &mut Collected) {
        if collected.is_full() {
            return;
        }
        let plan = self.plan;
        match plan.graph().node(node) {
            Node::Not(inner) => self.walk(*inner, &!truth.clone(), collected),
            Node::And(inner) => self.walk_junction(inner, truth, truth.is_false(), collected),
            Node::Or(inner) => self.walk_junction(inner, truth, truth.is_true(), collected),
            Node::Quantified { quantifier, over, level, condition } => {
                self.walk_quantified(*quantifier, *over, *level, *condition, collected);
            }
            Node::Match { subject, sought } => {
                let (place, _) = self.subject(*subject);
                let matches = if truth.is_false() {
                    Vec::new()
                } else {
                    self.searcher.evidence(&place, sought, collected.room())
                };
                let value = match (truth, matches.len()) {
                    (Truth::True, _) => format!("has {}", self.plan.describe_sought(sought)),
                    (Truth::False, _) => format!("has no {}", self.plan.describe_sought(sought)),
                    (Truth::Unknown(causes), _) => unknown(causes),
                };
                collected.add(self.describe(*subject), &value, matches);
            }
            Node::Compare { left, right, .. } => {
                for side in [*left, *right] {
                    self.walk_value(side, collected);
                }
            }
            Node::In { item, .. }
            | Node::InService { item, .. }
            | Node::IsValue { subject: item, .. }
            | Node::IsAny(item)
            | Node::IsAbsent(item) => self.walk_value(*item, collected),
            Node::LooksLike { subject, directory } => {
                let mut value = self.shown(*subject);
                let others = self.other_readings(*subject);
                let read = self.value(*subject);
                let all = read.values().0.iter().chain(&others);
                for mailbox in all.filter(|_| truth.is_true()) {
                    if let Some(likeness) = self.likeness(mailbox, *directory) {
                        value = format!("{}: {likeness}", self.show(mailbox));
                    }
                }
                collected.add(self.describe(*subject), &value, Vec::new());
            }
            _ => self.walk_value(node, collected),
        }
    }

    /// Why a mailbox looks like a directory, in words.
    fn likeness(&mut self, mailbox: &Value<'a>, directory: DirectoryId) -> Option<String> {
        let Value::Mailbox { display_name, address, other_reading, .. } = mailbox else { return None };
        if !self.is_alike(mailbox, directory).is_true() {
            return None;
        }
        let alike = self.plan.lookalikes(directory)?.likeness(display_name.as_deref(), address.as_ref());
        let why =
            alike.map_or_else(|| "it is at home there, and From is not".to_string(), |alike| alike.text());
        Some(if *other_reading { format!("{why}, in a reading that not everybody has") } else { why })
    }

    /// Of an `and` that fails or an `or` that holds one decided; else all did, or those that are unknown.
    fn walk_junction(&mut self, inner: &[NodeId], truth: &Truth, one: bool, collected: &mut Collected) {
        for &node in inner {
            let own = self.truth(node);
            let decides = match truth {
                Truth::Unknown(_) => own.causes().is_some(),
                _ => own == *truth,
            };
            if decides {
                self.walk(node, &own, collected);
                if one {
                    return;
                }
            }
        }
    }

    fn walk_quantified(
        &mut self,
        quantifier: Quantifier,
        over: NodeId,
        level: u16,
        condition: NodeId,
        collected: &mut Collected,
    ) {
        let others = self.forged_readings(quantifier, over, level, condition);
        let all = self.value(over);
        let (values, unread) = all.values();
        for value in values.iter().chain(&others) {
            if collected.is_full() {
                return;
            }
            let found = self.with(level, value.clone(), |this| {
                let holds = this.truth(condition);
                let speaks = match quantifier {
                    Quantifier::Every => !holds.is_true(),
                    Quantifier::Any | Quantifier::No => !holds.is_false(),
                };
                if speaks {
                    let name = this.show(value);
                    let before = collected.evidence.len();
                    this.walk(condition, &holds, collected);
                    // Say which one it is, where the facts do not.
                    for evidence in collected.evidence.iter_mut().skip(before) {
                        if !name.is_empty() && !evidence.value.contains(&name) {
                            evidence.value = bounded(&format!("{} ({name})", evidence.value));
                        }
                    }
                }
                speaks
            });
            if found && collected.matches == 0 && collected.evidence.len() >= FACTS_KEPT / 2 {
                return;
            }
        }
        if collected.evidence.is_empty() {
            let value = match unread {
                Some(causes) => unknown(causes),
                None => match values.len() {
                    0 => "none".to_string(),
                    1 => values.first().map_or_else(String::new, |value| self.show(value)),
                    count => format!("{count} of them"),
                },
            };
            collected.add(self.describe(over), &value, Vec::new());
        }
    }

    fn walk_value(&mut self, node: NodeId, collected: &mut Collected) {
        let plan = self.plan;
        match plan.graph().node(node) {
            Node::Constant(_) => {}
            Node::Count { sought, subject, .. } => {
                let (place, _) = self.subject(*subject);
                let matches = self.searcher.evidence(&place, sought, collected.room());
                collected.add(self.describe(node), &self.shown(node), matches);
            }
            Node::Score { dictionary, subject, .. } => {
                let (place, _) = self.subject(*subject);
                let sought = Sought::Dictionary(*dictionary);
                let matches = self.searcher.evidence(&place, &sought, collected.room());
                collected.add(self.describe(node), &self.shown(node), matches);
            }
            Node::Call { arguments, .. } if arguments.len() == 1 => {
                let value = self.shown(node);
                collected.add(self.describe(node), &value, Vec::new());
            }
            _ => {
                let value = self.shown(node);
                collected.add(self.describe(node), &value, Vec::new());
            }
        }
    }

    /// What a node gives, for people.
    pub(super) fn shown(&mut self, node: NodeId) -> String {
        let enumeration = self.enumeration_of(node);
        match self.value(node) {
            Computed::Absent => "absent".to_string(),
            Computed::Unknown(causes) => unknown(&causes),
            Computed::Range { low, high, causes } => {
                let bounds = match (low, high) {
                    (Some(low), _) => format!("at least {low}"),
                    (None, Some(high)) => format!("at most {high}"),
                    (None, None) => "unknown".to_string(),
                };
                format!("{bounds}: {}", unknown(&causes))
            }
            computed => {
                let (values, unread) = computed.values();
                let mut shown: Vec<String> = values
                    .iter()
                    .take(FACTS_KEPT)
                    .map(|value| {
                        enumeration.and_then(|kind| named(kind, value)).unwrap_or_else(|| self.show(value))
                    })
                    .collect();
                if values.len() > FACTS_KEPT {
                    shown.push(format!("and {} more", values.len() - FACTS_KEPT));
                }
                if shown.is_empty() {
                    shown.push("none".to_string());
                }
                if let Some(causes) = unread {
                    shown.push(unknown(causes));
                }
                shown.join(", ")
            }
        }
    }

    /// The enumeration a node's value is of.
    pub(super) fn enumeration_of(&self, node: NodeId) -> Option<Enumeration> {
        use crate::language::schema::types::Type;
        let kind = match self.plan.graph().node(node) {
            Node::Fact(fact) => fact.declaration().kind(),
            Node::Field { field, .. } => field.declaration().kind(),
            Node::Default { value, .. } => return self.enumeration_of(*value),
            _ => return None,
        };
        match kind.present() {
            Type::Enum(enumeration) | Type::Flags(enumeration) => Some(*enumeration),
            _ => None,
        }
    }

    /// A question as it is written.
    pub(super) fn describe(&self, node: NodeId) -> String {
        self.plan.describe(node)
    }
}

/// The name of an enumerated value, or the names of several.
pub(super) fn named(enumeration: Enumeration, value: &Value) -> Option<String> {
    match value {
        Value::Enum(at) => enumeration.values().get(usize::from(*at)).map(|name| (*name).to_string()),
        Value::Flags(flags) => {
            let names: Vec<&str> = enumeration
                .values()
                .iter()
                .enumerate()
                .filter(|&(at, _)| at < 64 && flags.bits >> at & 1 == 1)
                .map(|(_, name)| *name)
                .collect();
            match (names.is_empty(), flags.any) {
                (true, false) => Some("none".to_string()),
                (true, true) => Some("some".to_string()),
                (false, _) => Some(names.join(", ")),
            }
        }
        _ => None,
    }
}

/// Causes in words: `not known: part 1.2 (encrypted)`.
fn unknown(causes: &Causes) -> String {
    let all: Vec<String> =
        causes.iter().take(4).map(|cause| format!("{} ({})", cause.place, cause.kind.name())).collect();
    format!("not known: {}", all.join(", "))
}
