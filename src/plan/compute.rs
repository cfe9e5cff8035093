//! Values: what facts, fields, functions and counts give.

use super::host::domain_of_text;
use super::interpret::Evaluator;
use super::ir::{Node, NodeId};
use super::lookup::{Answer, Question};
use super::truth::{Causes, Truth};
use super::value::{Computed, Value, constant};
use crate::language::hir::Occurrence;
use crate::language::schema::facts::Function;
use crate::language::schema::types::Type;
use crate::message::Scope;
use crate::message::surface::fold;
use std::sync::Arc;

impl<'a> Evaluator<'a> {
    pub(super) fn ask_value(&mut self, node: NodeId) -> Computed<'a> {
        let plan = self.plan;
        match plan.graph().node(node) {
            Node::Constant(literal) => Computed::known(constant(literal)),
            Node::Fact(fact) => self.fact(*fact),
            Node::Variable { level, .. } => match self.environment.get(usize::from(*level)) {
                Some(value) => Computed::known(value.clone()),
                None => Computed::Absent,
            },
            Node::Field { owner, field } => {
                let owner = self.value(*owner);
                self.map(&owner, |this, value| this.field(value, *field))
            }
            Node::Header { name, occurrence } => {
                let name = self.pieces(name);
                match occurrence {
                    Occurrence::Every => self.header_values(name.trim()),
                    occurrence => self.header_value(name.trim(), *occurrence),
                }
            }
            Node::Call { function, arguments } => self.call(*function, arguments),
            Node::Count { every, sought, subject } => {
                let (searched, unread) = self.subject(*subject);
                let count = if *every {
                    self.searcher.count_every(&searched, sought)
                } else {
                    self.searcher.count_different(&searched, sought)
                };
                let gave_up = self.searcher.gave_up(&searched, sought);
                let unread = self.or_gave_up(unread, gave_up, *subject);
                at_least(i64::try_from(count).unwrap_or(i64::MAX), unread)
            }
            Node::Score { dictionary, subject, at_most } => {
                let (searched, unread) = self.subject(*subject);
                let Some(table) = plan.dictionary(*dictionary) else { return Computed::Absent };
                let score = self.searcher.score(&searched, table, *at_most);
                let gave_up = self.searcher.score_gave_up(&searched, table);
                let unread = self.or_gave_up(unread, gave_up, *subject);
                match (unread, table.signs()) {
                    (None, _) | (_, (false, false)) => Computed::known(Value::Number(score)),
                    (Some(causes), (adds, takes)) => Computed::Range {
                        low: (!takes).then_some(score),
                        high: (!adds).then_some(score),
                        causes,
                    },
                }
            }
            Node::Rate { key, seconds } => self.rate(*key, *seconds),
            Node::Default { value, default } => match self.value(*value) {
                Computed::Absent | Computed::Known(Value::NullAddress, _) => self.value(*default),
                Computed::Many(values, None) if values.is_empty() => self.value(*default),
                value => value,
            },
            _ => match self.truth(node) {
                Truth::True => Computed::known(Value::Bool(true)),
                Truth::False => Computed::known(Value::Bool(false)),
                Truth::Unknown(causes) => Computed::Unknown(causes),
            },
        }
    }

    /// Asks each value at hand; what is absent drops out of several.
    fn map(
        &mut self,
        computed: &Computed<'a>,
        mut ask: impl FnMut(&mut Self, &Value<'a>) -> Computed<'a>,
    ) -> Computed<'a> {
        match computed {
            Computed::Known(value, _) => ask(self, value),
            Computed::Many(values, unread) => {
                let (mut all, mut causes) = (Vec::new(), unread.clone());
                for value in values.iter() {
                    let answer = ask(self, value);
                    let (found, more) = answer.values();
                    all.extend_from_slice(found);
                    if let Some(more) = more {
                        causes = Some(causes.unwrap_or_default().union(more));
                    }
                }
                Computed::many(all, causes)
            }
            Computed::Range { causes, .. } | Computed::Unknown(causes) => Computed::Unknown(causes.clone()),
            Computed::Absent => Computed::Absent,
        }
    }

    fn call(&mut self, function: Function, arguments: &[NodeId]) -> Computed<'a> {
        let Some(&first) = arguments.first() else { return Computed::Absent };
        let argument = self.value(first);
        let is_text = matches!(argument.first(), Some(Value::Text(_))) && !self.is_several(first);
        match function {
            Function::Length => self.length(&argument, is_text),
            Function::Lower => self.map(&argument, |this, value| {
                Computed::known(Value::Text(this.show(value).to_lowercase().into()))
            }),
            Function::Domain => self.map(&argument, |_, value| {
                let domain = match value {
                    Value::Text(text) => domain_of_text(text),
                    value => value.domain().map(Arc::from),
                };
                domain.map_or(Computed::Absent, |domain| Computed::known(Value::Domain(domain)))
            }),
            Function::Attribute => {
                let name = match arguments.get(1).map(|&name| self.value(name)) {
                    Some(Computed::Known(Value::Text(name), _)) => name,
                    _ => return Computed::Absent,
                };
                self.map(&argument, |this, value| this.attribute(value, &name))
            }
            Function::HeaderCount => {
                let Some(Value::Text(name)) = argument.first() else { return Computed::Absent };
                let count = self.case.message.headers().all(name.trim()).count();
                let unread = self.unread(Scope::Structure);
                at_least(i64::try_from(count).unwrap_or(i64::MAX), unread)
            }
        }
    }

    /// Whether several values are meant, and not every reading of one. The way down is as long as the graph is high.
    fn is_several(&self, node: NodeId) -> bool {
        match self.plan.graph().node(node) {
            Node::Fact(fact) => matches!(fact.declaration().kind(), Type::Many(_)),
            Node::Field { owner: inner, .. } | Node::Default { value: inner, .. } => self.is_several(*inner),
            Node::Call { arguments, .. } => arguments.first().is_some_and(|&inner| self.is_several(inner)),
            _ => false,
        }
    }

    /// Characters of a text (of a header the first), number of several values.
    fn length(&mut self, argument: &Computed<'a>, is_text: bool) -> Computed<'a> {
        let number = |length: usize, unread: Option<Causes>| {
            at_least(i64::try_from(length).unwrap_or(i64::MAX), unread)
        };
        match argument {
            Computed::Many(values, unread) if !is_text => number(values.len(), unread.clone()),
            Computed::Known(Value::Surfaces(tree), unread) => {
                let message = self.case.message;
                let characters = tree.leaves().into_iter().filter_map(|id| message.surface(id));
                number(characters.map(|one| one.surface.cased().chars().count()).sum(), unread.clone())
            }
            Computed::Known(value, unread) => number(self.show(value).chars().count(), unread.clone()),
            Computed::Many(values, _) => match values.first() {
                Some(value) => number(self.show(value).chars().count(), None),
                None => Computed::Absent,
            },
            Computed::Range { causes, .. } | Computed::Unknown(causes) => Computed::Unknown(causes.clone()),
            Computed::Absent => Computed::Absent,
        }
    }

    fn attribute(&mut self, value: &Value<'a>, name: &Arc<str>) -> Computed<'a> {
        let Some(address) = value.address() else { return Computed::Absent };
        match self.ask(Question::Attribute { address: address.clone(), name: name.clone() }) {
            Ok(Answer::Attribute(value)) => Computed::text(value.as_deref()),
            Ok(_) => Computed::Absent,
            Err(causes) => Computed::Unknown(causes),
        }
    }

    fn rate(&mut self, key: NodeId, seconds: i64) -> Computed<'a> {
        let key = self.value(key);
        let text = match key.first() {
            Some(Value::Address(address, _)) => address.to_string(),
            Some(value) => fold(&self.show(value)),
            None => return Computed::absent_unless(key.values().1.cloned()),
        };
        match self.ask(Question::Rate { key: text.into(), seconds }) {
            Ok(Answer::Rate(rate)) => Computed::known(Value::Number(rate)),
            Ok(_) => Computed::Absent,
            Err(causes) => Computed::Unknown(causes),
        }
    }
}

/// A number that is exact where everything was read, else a lower bound.
fn at_least<'a>(number: i64, unread: Option<Causes>) -> Computed<'a> {
    match unread {
        None => Computed::known(Value::Number(number)),
        Some(causes) => Computed::Range { low: Some(number), high: None, causes },
    }
}
