//! Texts with values in them.
//!
//! A value is data wherever it is put: it is escaped in HTML and loses its line ends in a header, so that no sender can
//! write markup or header fields through a template. What is absent or undecided is an empty text. Sizes, times and
//! numbers are written for people: `12.4 MB`, `2026-11-24 18:00 CET`.

use super::explain::named;
use super::interpret::Evaluator;
use super::ir::{Node, NodeId, TextPiece};
use super::lower;
use super::value::{Computed, PartReference, Value};
use crate::language::hir::{TemplatePart, TextTemplate};
use crate::language::schema::facts::Fact;
use jiff::tz::TimeZone;
use std::collections::HashSet;
use std::sync::Arc;

/// Characters of one value that are put into a text.
const VALUE_CHARS: usize = 4_000;

/// How values are made harmless where they are put.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Escape {
    /// Plain text: as they are.
    #[default]
    None,
    /// HTML: `& < > " '` as character references.
    Html,
    /// A header field: line ends and other control characters as one blank.
    Header,
}

/// What templates know beside the message: the policy that acts and for whom.
#[derive(Debug, Clone, Default)]
pub struct TextContext {
    /// Recipients (positions in the envelope) it is written for; `{recipient}` lists them. Never empty in a message to
    /// people; where it is, `{recipient}` is the recipient judged last.
    pub recipients: Vec<usize>,
    /// `policy.name`
    pub policy_name: Arc<str>,
    /// `policy.because`
    pub policy_because: Arc<str>,
    /// `policy.directory`
    pub policy_directory: Arc<str>,
    /// `policy.matches`
    pub policy_matches: Arc<str>,
    /// Where it is put.
    pub escape: Escape,
}

impl<'a> Evaluator<'a> {
    /// A text with its values. What is absent or undecided is an empty text, and so is a value that the set of this plan
    /// does not ask for.
    pub fn text(&mut self, template: &TextTemplate, context: &TextContext) -> String {
        let plan = self.plan;
        let before = self.context.replace(context.clone());
        let mut text = String::new();
        for part in &template.parts {
            match part {
                TemplatePart::Text(fixed) => text.push_str(fixed),
                TemplatePart::Value(expr) => {
                    if let Some(node) = lower::find(plan.hir(), plan.lowered(), expr) {
                        text.push_str(&escaped(&self.inserted(node, context), context.escape));
                    }
                }
            }
        }
        self.context = before;
        text
    }

    /// A value for all recipients of a text, each different one once.
    fn inserted(&mut self, node: NodeId, context: &TextContext) -> String {
        if !self.plan.graph().properties(node).per_recipient || context.recipients.is_empty() {
            return self.joined(node);
        }
        let before = self.recipient;
        let mut all: Vec<String> = Vec::new();
        let mut known = HashSet::new();
        for &recipient in &context.recipients {
            self.recipient = recipient;
            let text = self.joined(node);
            if !text.is_empty() && known.insert(text.clone()) {
                all.push(text);
            }
        }
        self.recipient = before;
        all.join(", ")
    }

    fn joined(&mut self, node: NodeId) -> String {
        let enumeration = self.enumeration_of(node);
        let computed = self.value(node);
        let shown: Vec<String> = match &computed {
            Computed::Range { low: Some(low), .. } => vec![low.to_string()],
            computed => computed
                .values()
                .0
                .iter()
                .take(if self.is_first_of_several(node) { 1 } else { usize::MAX })
                .map(|value| {
                    enumeration.and_then(|kind| named(kind, value)).unwrap_or_else(|| self.show(value))
                })
                .collect(),
        };
        shown.join(", ").chars().take(VALUE_CHARS).collect()
    }

    /// Whether a node gives all occurrences of what is, as a text, the first of them.
    fn is_first_of_several(&self, node: NodeId) -> bool {
        match self.plan.graph().node(node) {
            Node::Header { .. } | Node::Fact(Fact::Subject) => true,
            Node::Default { value, .. } => self.is_first_of_several(*value),
            _ => false,
        }
    }

    /// Pieces of a text as one, for what the graph itself asks (the name of a header).
    pub(super) fn pieces(&mut self, pieces: &[TextPiece]) -> String {
        let mut text = String::new();
        for piece in pieces {
            match piece {
                TextPiece::Text(fixed) => text.push_str(fixed),
                TextPiece::Value(node) => text.push_str(&self.joined(*node)),
            }
        }
        text
    }

    pub(super) fn policy_fact(&self, fact: Fact) -> Computed<'a> {
        let Some(context) = &self.context else { return Computed::Absent };
        let text = match fact {
            Fact::PolicyName => &context.policy_name,
            Fact::PolicyBecause => &context.policy_because,
            Fact::PolicyDirectory => &context.policy_directory,
            _ => &context.policy_matches,
        };
        Computed::known(Value::Text(text.clone()))
    }

    /// A value for people.
    pub(super) fn show(&self, value: &Value<'a>) -> String {
        let message = self.case.message;
        match value {
            Value::Surfaces(tree) => {
                let texts = tree.leaves().into_iter().filter_map(|id| message.surface(id));
                let text: Vec<&str> = texts.map(|surfaced| surfaced.surface.cased()).take(1).collect();
                text.concat().chars().take(VALUE_CHARS).collect()
            }
            Value::Surface(id) => {
                let text = message.surface(*id).map(|surfaced| surfaced.surface.cased()).unwrap_or_default();
                text.chars().take(VALUE_CHARS).collect()
            }
            Value::Attachment(id) => {
                message.attachment(*id).map(|attachment| attachment.path().to_string()).unwrap_or_default()
            }
            Value::Part(PartReference::Subject) => "subject".to_string(),
            Value::Part(PartReference::Body(id, _)) => {
                message.part(*id).map(|part| part.shown()).unwrap_or_default()
            }
            Value::Part(PartReference::Attachment(id)) => {
                message.attachment(*id).map(|attachment| attachment.path().to_string()).unwrap_or_default()
            }
            Value::Link(at) => {
                message.links().get(*at).map(|placed| placed.link.url.clone()).unwrap_or_default()
            }
            value => plain(value, self.plan.zone()),
        }
    }
}

/// A value for people that is no piece of a message; such a piece is an empty text.
pub(super) fn plain(value: &Value, zone: &TimeZone) -> String {
    match value {
        Value::Bool(holds) => if *holds { "true" } else { "false" }.to_string(),
        Value::Number(number) => number.to_string(),
        Value::Size(bytes) => size(*bytes),
        Value::Duration(seconds) => duration(*seconds),
        Value::TimeOfDay(minutes) => format!("{:02}:{:02}", minutes / 60, minutes % 60),
        Value::Date(day) => day.to_string(),
        Value::Moment(at) => at.to_zoned_datetime(zone.clone()).strftime("%Y-%m-%d %H:%M %Z").to_string(),
        Value::Text(text) => text.to_string(),
        Value::Address(address, text) if text.is_empty() => address.to_string(),
        Value::Address(_, text) => text.to_string(),
        Value::NullAddress => "<>".to_string(),
        Value::Mailbox { display_name: Some(name), text, .. } => format!("{name} <{text}>"),
        Value::Mailbox { display_name: None, text, .. } => text.to_string(),
        Value::Domain(domain) => domain.to_string(),
        Value::DomainPattern(pattern) => pattern.to_string(),
        Value::Ip(ip) => ip.to_string(),
        Value::Network(network) => network.to_string(),
        Value::Enum(at) => at.to_string(),
        Value::Flags(flags) => if flags.any { "some" } else { "none" }.to_string(),
        Value::Surfaces(_) | Value::Surface(_) | Value::Attachment(_) | Value::Part(_) | Value::Link(_) => {
            String::new()
        }
    }
}

/// A size as people write it, in powers of ten: `999 bytes`, `12.4 MB`.
pub fn size(bytes: i64) -> String {
    const UNITS: [(i64, &str); 4] =
        [(1_000_000_000_000, "TB"), (1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "KB")];
    for (unit, name) in UNITS {
        if bytes >= unit {
            let tenths = bytes / (unit / 10);
            return match tenths % 10 {
                0 => format!("{} {name}", tenths / 10),
                rest => format!("{}.{rest} {name}", tenths / 10),
            };
        }
    }
    if bytes == 1 { "1 byte".to_string() } else { format!("{bytes} bytes") }
}

/// A duration in its largest whole unit: `2 days`, `90 minutes`.
pub fn duration(seconds: i64) -> String {
    const UNITS: [(i64, &str); 4] = [(86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")];
    for (unit, name) in UNITS {
        if seconds != 0 && seconds % unit == 0 {
            let count = seconds / unit;
            return format!("{count} {name}{}", if count == 1 { "" } else { "s" });
        }
    }
    "0 seconds".to_string()
}

/// A value made harmless.
pub fn escaped(value: &str, escape: Escape) -> String {
    match escape {
        Escape::None => value.to_string(),
        Escape::Html => {
            let mut out = String::with_capacity(value.len());
            for character in value.chars() {
                match character {
                    '&' => out.push_str("&amp;"),
                    '<' => out.push_str("&lt;"),
                    '>' => out.push_str("&gt;"),
                    '"' => out.push_str("&quot;"),
                    '\'' => out.push_str("&#39;"),
                    other => out.push(other),
                }
            }
            out
        }
        Escape::Header => {
            let breaks =
                |character: char| character.is_control() || matches!(character, '\u{2028}' | '\u{2029}');
            value.split(breaks).filter(|piece| !piece.is_empty()).collect::<Vec<_>>().join(" ")
        }
    }
}
