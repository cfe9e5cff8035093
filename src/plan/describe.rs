//! Questions in the words of the language, for records and for who reads a plan.

use super::Plan;
use super::ir::{Membership, Node, NodeId, Sought, TextPiece};
use super::search::written;
use super::text::plain;
use super::value::constant;
use crate::language::hir::{CompareOperator, Occurrence, Quantifier, Service};
use crate::language::schema::facts::Function;

/// Conditions joined by `and` or `or` that are written out.
const CONDITIONS_SHOWN: usize = 20;

impl Plan {
    /// A question as it is written.
    pub fn describe(&self, node: NodeId) -> String {
        let graph = self.graph();
        match graph.node(node) {
            Node::Constant(literal) => plain(&constant(literal), self.zone()),
            Node::Fact(fact) => fact.declaration().path.to_string(),
            Node::Field { owner, field } => format!("{}.{}", self.describe(*owner), field.declaration().name),
            Node::Variable { kind, .. } => kind.name().to_string(),
            Node::Header { name, occurrence } => {
                let name: String = name
                    .iter()
                    .map(|piece| match piece {
                        TextPiece::Text(text) => text.to_string(),
                        TextPiece::Value(value) => format!("{{{}}}", self.describe(*value)),
                    })
                    .collect();
                match occurrence {
                    Occurrence::Every => format!("header(\"{name}\")"),
                    Occurrence::Number(number) => format!("header(\"{name}\", {number})"),
                    Occurrence::Last => format!("header(\"{name}\", last)"),
                }
            }
            Node::Call { function, arguments } => {
                let name = match function {
                    Function::Length => "length",
                    Function::Lower => "lower",
                    Function::Domain => "domain",
                    Function::Attribute => "attribute",
                    Function::HeaderCount => "header_count",
                };
                let arguments: Vec<String> =
                    arguments.iter().map(|&argument| self.describe(argument)).collect();
                format!("{name}({})", arguments.join(", "))
            }
            Node::Count { every, sought, subject } => {
                let every = if *every { "every " } else { "" };
                format!("count({every}{} in {})", self.describe_sought(sought), self.describe(*subject))
            }
            Node::Score { dictionary, subject, at_most } => {
                let name = self.describe_sought(&Sought::Dictionary(*dictionary));
                let most = at_most.map(|most| format!(" at most {most}")).unwrap_or_default();
                format!("score({name} in {}{most})", self.describe(*subject))
            }
            Node::Rate { key, seconds } => format!("rate({}) over {seconds} seconds", self.describe(*key)),
            Node::Default { value, default } => {
                format!("({} or {})", self.describe(*value), self.describe(*default))
            }
            Node::Not(inner) => format!("not {}", self.describe(*inner)),
            Node::And(inner) => self.describe_all(inner, " and "),
            Node::Or(inner) => self.describe_all(inner, " or "),
            Node::Compare { operator, left, right } => {
                format!("{} {} {}", self.describe(*left), sign(*operator), self.describe(*right))
            }
            Node::In { item, set } => format!("{} in {}", self.describe(*item), self.describe_set(set)),
            Node::InService { item, service, query } => {
                let service = match service {
                    Service::Dnsbl => "dnsbl",
                    Service::LdapGroup => "group ldap",
                };
                format!("{} in {service} \"{query}\"", self.describe(*item))
            }
            Node::Match { subject, sought } => {
                format!("{} contains {}", self.describe(*subject), self.describe_sought(sought))
            }
            Node::IsValue { subject, enumeration, value } => {
                let name = enumeration.values().get(usize::from(*value)).copied().unwrap_or_default();
                format!("{} is {name}", self.describe(*subject))
            }
            Node::IsAny(subject) => self.describe(*subject),
            Node::IsAbsent(subject) => format!("{} is absent", self.describe(*subject)),
            Node::LooksLike { subject, directory } => {
                format!(
                    "{} looks like {}",
                    self.describe(*subject),
                    self.describe_set(&Membership::Directory(*directory))
                )
            }
            Node::Quantified { quantifier, over, condition, .. } => {
                let word = match quantifier {
                    Quantifier::Any => "any",
                    Quantifier::No => "no",
                    Quantifier::Every => "every",
                };
                format!("{word} of {} where {}", self.describe(*over), self.describe(*condition))
            }
        }
    }

    fn describe_all(&self, inner: &[NodeId], word: &str) -> String {
        let all: Vec<String> = inner.iter().take(CONDITIONS_SHOWN).map(|&node| self.describe(node)).collect();
        all.join(word)
    }

    pub(super) fn describe_sought(&self, sought: &Sought) -> String {
        let hir = self.hir();
        match sought {
            Sought::Patterns(patterns) => {
                let table = self.patterns().table();
                let shown: Vec<String> =
                    patterns.iter().take(4).filter_map(|&pattern| table.get(pattern)).map(written).collect();
                let more = if patterns.len() > 4 { ", …" } else { "" };
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

    pub(super) fn describe_set(&self, set: &Membership) -> String {
        let hir = self.hir();
        match set {
            Membership::Site => "site".to_string(),
            Membership::Directory(id) => {
                hir.directories.get(id.index()).map(|one| one.path.to_string()).unwrap_or_default()
            }
            Membership::List(id) => {
                hir.lists.get(id.index()).map(|one| one.name.to_string()).unwrap_or_default()
            }
            Membership::Calendar(id) => {
                hir.calendars.get(id.index()).map(|one| one.name.to_string()).unwrap_or_default()
            }
            Membership::Addresses { addresses, domains } => {
                let addresses = addresses.iter().map(ToString::to_string);
                let all: Vec<String> =
                    addresses.chain(domains.iter().map(ToString::to_string)).take(4).collect();
                all.join(", ")
            }
            Membership::Networks(networks) => {
                networks.iter().take(4).map(ToString::to_string).collect::<Vec<_>>().join(", ")
            }
            Membership::Values(values) => {
                let all: Vec<String> =
                    values.iter().take(4).map(|value| plain(&constant(value), self.zone())).collect();
                all.join(", ")
            }
            Membership::Many(node) => self.describe(*node),
        }
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
