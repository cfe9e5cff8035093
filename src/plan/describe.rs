//! Questions in the words of the language, for records and for who reads a plan.
//!
//! What is written here can stand in a policy: parentheses stand where they are wanted, texts are quoted, and what one
//! quantifier binds has a name that no quantifier around it has. Long texts and lists are cut (`…`), and so is a
//! question as a whole, since criteria that are used over and over can make one of any length.

use super::Plan;
use super::ir::{Membership, Node, NodeId, Noun, Sought, TextPiece};
use super::search::written;
use super::text::{duration, plain};
use super::value::constant;
use crate::language::hir::{CompareOperator, Literal, Occurrence, Pattern, Quantifier, Service};
use crate::language::schema::facts::{Fact, Function};
use crate::language::schema::types::Type;

/// Conditions joined by `and` or `or` that are written out.
const CONDITIONS_SHOWN: usize = 20;
/// Entries of a list that are written out.
const ENTRIES_SHOWN: usize = 4;
/// Characters of one text or regex.
const TEXT_CHARS: usize = 60;
/// Bytes of a question, about.
const LONGEST: usize = 2_000;

impl Plan {
    /// A question as it is written.
    pub fn describe(&self, node: NodeId) -> String {
        let mut writer = Writer { plan: self, out: String::new(), bound: Vec::new() };
        writer.write(node, Place::Alone);
        writer.out
    }

    pub(super) fn describe_sought(&self, sought: &Sought) -> String {
        let hir = self.hir();
        match sought {
            Sought::Patterns(patterns) => {
                let table = self.patterns().table();
                let shown = patterns.iter().take(ENTRIES_SHOWN).filter_map(|&pattern| table.get(pattern));
                let shown: Vec<String> = shown.map(written).collect();
                let more = if patterns.len() > ENTRIES_SHOWN { ", …" } else { "" };
                format!("{}{more}", shown.join(", "))
            }
            Sought::Dictionary(id) => {
                hir.dictionaries.get(id.index()).map(|one| one.name.to_string()).unwrap_or_default()
            }
            Sought::List(id) => hir.lists.get(id.index()).map(|one| one.name.to_string()).unwrap_or_default(),
            Sought::Detector(id) => {
                hir.detectors.get(id.index()).map(|one| one.name.to_string()).unwrap_or_default()
            }
        }
    }
}

/// What stands around a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Nothing, or parentheses.
    Alone,
    /// Others that it is joined with.
    Joined,
    /// `not` before it.
    Negated,
}

struct Writer<'p> {
    plan: &'p Plan,
    out: String,
    /// What the quantifiers around are called that bind, by level.
    bound: Vec<(u16, String)>,
}

impl Writer<'_> {
    fn push(&mut self, text: &str) {
        self.out.push_str(text);
    }

    fn is_full(&self) -> bool {
        self.out.len() > LONGEST
    }

    fn write(&mut self, node: NodeId, place: Place) {
        if self.is_full() {
            if !self.out.ends_with('…') {
                self.push("…");
            }
            return;
        }
        let plan = self.plan;
        match plan.graph().node(node) {
            Node::And(inner) => self.joined(inner, " and ", place),
            Node::Or(inner) => self.joined(inner, " or ", place),
            Node::Not(inner) => self.negated(*inner),
            Node::Quantified { quantifier, over, level, condition } => {
                let parenthesised = place == Place::Joined;
                self.push(if parenthesised { "(" } else { "" });
                self.quantified(*quantifier, *over, *level, *condition);
                self.push(if parenthesised { ")" } else { "" });
            }
            Node::Compare { operator, left, right } => {
                self.value(*left);
                self.push(&format!(" {} ", sign(*operator)));
                self.value(*right);
            }
            Node::In { item, .. } | Node::InService { item, .. } | Node::LooksLike { subject: item, .. } => {
                self.value(*item);
                self.tail(node, " in ");
            }
            Node::Match { subject, sought } => {
                self.value(*subject);
                self.sought(sought);
            }
            Node::IsValue { subject, enumeration, value } => {
                self.value(*subject);
                let name = enumeration.values().get(usize::from(*value)).copied().unwrap_or_default();
                self.push(&format!(" is {name}"));
            }
            Node::IsAbsent(subject) => {
                self.value(*subject);
                self.push(" is absent");
            }
            Node::IsAny(subject) => self.value(*subject),
            _ => self.value(node),
        }
    }

    fn joined(&mut self, inner: &[NodeId], word: &str, place: Place) {
        let parenthesised = place != Place::Alone;
        self.push(if parenthesised { "(" } else { "" });
        for (at, &node) in inner.iter().enumerate() {
            if at > 0 {
                self.push(word);
            }
            if at == CONDITIONS_SHOWN || self.is_full() {
                self.push("…");
                break;
            }
            self.write(node, Place::Joined);
        }
        self.push(if parenthesised { ")" } else { "" });
    }

    fn negated(&mut self, inner: NodeId) {
        match self.plan.graph().node(inner) {
            Node::In { item, .. } | Node::InService { item, .. } => {
                self.value(*item);
                self.tail(inner, " outside ");
            }
            _ => {
                self.push("not ");
                self.write(inner, Place::Negated);
            }
        }
    }

    /// What is asked of an item by its membership or likeness.
    fn tail(&mut self, node: NodeId, word: &str) {
        let plan = self.plan;
        match plan.graph().node(node) {
            Node::In { set, .. } => {
                self.push(word);
                self.set(set);
            }
            Node::InService { service, query, .. } => {
                let service = match service {
                    Service::Dnsbl => "dnsbl",
                    Service::LdapGroup => "group ldap",
                };
                self.push(&format!("{word}{service} {}", quoted(query)));
            }
            Node::LooksLike { directory, .. } => {
                self.push(" looks like ");
                self.set(&Membership::Directory(*directory));
            }
            _ => {}
        }
    }

    fn quantified(&mut self, quantifier: Quantifier, over: NodeId, level: u16, condition: NodeId) {
        self.push(match quantifier {
            Quantifier::Any => "any ",
            Quantifier::No => "no ",
            Quantifier::Every => "every ",
        });
        let plan = self.plan;
        let graph = plan.graph();
        let singular = match graph.node(over) {
            Node::Fact(Fact::Attachments) => Some("attachment"),
            Node::Fact(Fact::Recipients) => Some("recipient"),
            Node::Fact(Fact::Parts) => Some("part"),
            Node::Fact(Fact::Links) => Some("link"),
            _ => None,
        };
        match singular {
            // In a place where the word means what is bound outside, the other one still means the fact.
            Some(word) if self.is_taken(word) => self.push(&format!("{word}s")),
            Some(word) => self.push(word),
            None => self.value(over),
        }
        let is_bound =
            |node: NodeId| matches!(graph.node(node), Node::Variable { level: one, .. } if *one == level);
        match graph.node(condition) {
            Node::In { item, .. } | Node::InService { item, .. } | Node::LooksLike { subject: item, .. }
                if is_bound(*item) =>
            {
                return self.tail(condition, " in ");
            }
            Node::Not(inner) => {
                if let Node::In { item, .. } | Node::InService { item, .. } = graph.node(*inner)
                    && is_bound(*item)
                {
                    return self.tail(*inner, " outside ");
                }
            }
            _ => {}
        }
        let name = self.name(singular.unwrap_or(noun(graph.node(over)).name()));
        if singular != Some(name.as_str()) {
            self.push(&format!(" as {name}"));
        }
        self.push(" where ");
        self.bound.push((level, name));
        self.write(condition, Place::Alone);
        self.bound.pop();
    }

    /// A name that nothing bound outside has.
    fn name(&self, word: &str) -> String {
        let numbered = (2_u32..).map(|number| format!("{word}{number}"));
        let mut names = std::iter::once(word.to_string()).chain(numbered);
        names.find(|name| !self.is_taken(name)).unwrap_or_default()
    }

    fn is_taken(&self, name: &str) -> bool {
        self.bound.iter().any(|(_, bound)| bound == name)
    }

    fn value(&mut self, node: NodeId) {
        if self.is_full() {
            return self.push("…");
        }
        let plan = self.plan;
        match plan.graph().node(node) {
            Node::Constant(literal) => self.literal(literal),
            Node::Fact(fact) => self.push(fact.declaration().path),
            Node::Field { owner, field } => {
                self.value(*owner);
                self.push(&format!(".{}", field.declaration().name));
            }
            Node::Variable { level, kind } => {
                let bound = self.bound.iter().find(|(bound, _)| bound == level);
                let name = bound.map_or(kind.name().to_string(), |(_, name)| name.clone());
                self.push(&name);
            }
            Node::Header { name, occurrence } => self.header(name, *occurrence),
            Node::Call { function, arguments } => self.call(*function, arguments),
            Node::Count { every, sought, subject } => {
                let every = if *every { "every " } else { "" };
                self.push(&format!("count({every}{} in ", plan.describe_sought(sought)));
                self.value(*subject);
                self.push(")");
            }
            Node::Score { dictionary, subject, at_most } => {
                self.push(&format!("score({} in ", plan.describe_sought(&Sought::Dictionary(*dictionary))));
                self.value(*subject);
                self.push(&at_most.map(|most| format!(" at most {most}")).unwrap_or_default());
                self.push(")");
            }
            Node::Rate { key, seconds } => {
                self.push("rate(");
                self.value(*key);
                self.push(&format!(") over {}", duration(*seconds)));
            }
            Node::Default { value, default } => {
                self.push("(");
                self.value(*value);
                self.push(" or ");
                self.value(*default);
                self.push(")");
            }
            _ => self.write(node, Place::Joined),
        }
    }

    fn literal(&mut self, literal: &Literal) {
        let shown = match literal {
            Literal::Text(text) => quoted(text),
            Literal::Enum(enumeration, value) => {
                enumeration.values().get(usize::from(*value)).copied().unwrap_or_default().to_string()
            }
            literal => plain(&constant(literal), self.plan.zone()),
        };
        self.push(&shown);
    }

    fn header(&mut self, name: &[TextPiece], occurrence: Occurrence) {
        self.push("header(\"");
        for piece in name {
            match piece {
                TextPiece::Text(text) => self.push(&escaped(text)),
                TextPiece::Value(value) => {
                    self.push("{");
                    self.value(*value);
                    self.push("}");
                }
            }
        }
        match occurrence {
            Occurrence::Every => self.push("\")"),
            Occurrence::Number(number) => self.push(&format!("\", {number})")),
            Occurrence::Last => self.push("\", last)"),
        }
    }

    fn call(&mut self, function: Function, arguments: &[NodeId]) {
        self.push(match function {
            Function::Length => "length(",
            Function::Lower => "lower(",
            Function::Domain => "domain(",
            Function::Attribute => "attribute(",
            Function::HeaderCount => "header_count(",
        });
        for (at, &argument) in arguments.iter().enumerate() {
            self.push(if at > 0 { ", " } else { "" });
            self.value(argument);
        }
        self.push(")");
    }

    /// What a text is searched for, with the operator.
    fn sought(&mut self, sought: &Sought) {
        let Sought::Patterns(patterns) = sought else {
            return self.push(&format!(" contains {}", self.plan.describe_sought(sought)));
        };
        let table = self.plan.patterns().table();
        let shown = patterns.iter().take(ENTRIES_SHOWN).filter_map(|&id| table.get(id));
        let shown: Vec<(&str, String)> = shown.map(operator_and_operand).collect();
        let first = shown.first().map_or("contains", |(operator, _)| operator);
        let operands = shown.iter().map(|(operator, operand)| match *operator == first {
            true => operand.clone(),
            false => format!("{operator} {operand}"),
        });
        let operands = listed(operands.collect(), patterns.len());
        self.push(&format!(" {first} {operands}"));
    }

    fn set(&mut self, set: &Membership) {
        let plan = self.plan;
        let hir = plan.hir();
        let named = |name: Option<&std::sync::Arc<str>>| name.map(ToString::to_string).unwrap_or_default();
        let shown = match set {
            Membership::Site => "site".to_string(),
            Membership::Directory(id) => named(hir.directories.get(id.index()).map(|one| &one.path)),
            Membership::List(id) => named(hir.lists.get(id.index()).map(|one| &one.name)),
            Membership::Calendar(id) => named(hir.calendars.get(id.index()).map(|one| &one.name)),
            Membership::Addresses(set) => {
                let all = set.addresses.iter().map(ToString::to_string);
                let all = all.chain(set.domains.iter().map(ToString::to_string));
                listed(all.take(ENTRIES_SHOWN).collect(), set.addresses.len() + set.domains.len())
            }
            Membership::Networks(networks) => {
                let shown = networks.iter().take(ENTRIES_SHOWN).map(ToString::to_string).collect();
                listed(shown, networks.len())
            }
            Membership::Values(values) => {
                self.push("[");
                for (at, value) in values.iter().take(ENTRIES_SHOWN).enumerate() {
                    self.push(if at > 0 { ", " } else { "" });
                    self.literal(value);
                }
                return self.push(if values.len() > ENTRIES_SHOWN { ", …]" } else { "]" });
            }
            Membership::Many(node) => return self.value(*node),
        };
        self.push(&shown);
    }
}

/// What one of several values is called.
fn noun(over: &Node) -> Noun {
    let kind = match over {
        Node::Fact(fact) => fact.declaration().kind(),
        Node::Field { field, .. } => field.declaration().kind(),
        _ => return Noun::Value,
    };
    match kind {
        Type::Many(element) => Noun::of(&element),
        kind => Noun::of(&kind),
    }
}

/// The first of some entries; in brackets where there are several.
fn listed(shown: Vec<String>, count: usize) -> String {
    let more = if count > shown.len() { ", …" } else { "" };
    match count {
        1 => shown.concat(),
        _ => format!("[{}{more}]", shown.join(", ")),
    }
}

/// How a text is searched for a pattern, and the pattern.
fn operator_and_operand(pattern: &Pattern) -> (&'static str, String) {
    match pattern {
        Pattern::Literal { text } => ("contains", quoted(text)),
        Pattern::Word { text } => ("contains word", quoted(text)),
        Pattern::Glob { text } => ("like", quoted(text)),
        Pattern::Prefix { text } => ("starts with", quoted(text)),
        Pattern::Suffix { text } => ("ends with", quoted(text)),
        Pattern::Regex { pattern: text, caseless, dot_all } => {
            let cut = Pattern::Regex { pattern: cut(text).into(), caseless: *caseless, dot_all: *dot_all };
            ("matches", written(&cut))
        }
    }
}

/// A text as a policy writes it.
fn quoted(text: &str) -> String {
    format!("\"{}\"", escaped(&cut(text)))
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(TEXT_CHARS) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text.to_string(),
    }
}

fn sign(operator: CompareOperator) -> &'static str {
    match operator {
        CompareOperator::Equal => "==",
        CompareOperator::NotEqual => "!=",
        CompareOperator::Less => "<",
        CompareOperator::LessOrEqual => "<=",
        CompareOperator::Greater => ">",
        CompareOperator::GreaterOrEqual => ">=",
    }
}
