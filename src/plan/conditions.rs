//! Conditions: what holds, what does not, and what cannot be told.
//!
//! Of several values one that satisfies a question is enough, so a question about values of which some may not have been
//! read holds where one is found and is unknown where none is.

use super::directory::{GroupEntry, Home};
use super::host::{in_networks, mailbox_value};
use super::interpret::{Evaluator, Who};
use super::ir::{Membership, Node, NodeId, Sought};
use super::lists::domain_of;
use super::lookup::{Answer, Question};
use super::search::{Leaf, Subject};
use super::truth::{CauseKind, Causes, Truth};
use super::value::{Bounds, Computed, Value, compare, constant};
use crate::base::address::Address;
use crate::language::hir::{CompareOperator, DirectoryId, Quantifier, Service};
use crate::language::schema::facts::{Fact, Field};
use std::collections::HashSet;
use std::sync::Arc;

impl<'a> Evaluator<'a> {
    pub(super) fn ask_truth(&mut self, node: NodeId) -> Truth {
        let graph = self.plan.graph();
        match graph.node(node) {
            Node::Not(inner) => !self.truth(*inner),
            Node::And(inner) => self.all(inner),
            Node::Or(inner) => self.any(inner),
            Node::Compare { operator, left, right } => self.compare(*operator, *left, *right),
            Node::In { item, set } => self.membership(*item, set),
            Node::InService { item, service, query } => self.in_service(*item, *service, query),
            Node::Match { subject, sought } => self.matches(*subject, sought),
            Node::IsValue { subject, value, .. } => self.is_value(*subject, *value),
            Node::IsAny(subject) => self.is_any(*subject),
            Node::IsAbsent(subject) => self.is_absent(*subject),
            Node::LooksLike { subject, directory } => self.looks_like(*subject, *directory),
            Node::Quantified { quantifier, over, level, condition } => {
                self.quantified(*quantifier, *over, *level, *condition)
            }
            _ => self.is_any(node),
        }
    }

    fn all(&mut self, inner: &[NodeId]) -> Truth {
        let mut sum = Truth::True;
        for &node in inner {
            sum = sum.and(self.truth(node));
            if sum.is_false() {
                break;
            }
        }
        sum
    }

    fn any(&mut self, inner: &[NodeId]) -> Truth {
        let mut sum = Truth::False;
        for &node in inner {
            sum = sum.or(self.truth(node));
            if sum.is_true() {
                break;
            }
        }
        sum
    }

    fn quantified(&mut self, quantifier: Quantifier, over: NodeId, level: u16, condition: NodeId) -> Truth {
        let others = self.forged_readings(quantifier, over, level, condition);
        let over = self.value(over);
        let (values, unread) = over.values();
        let mut some = Truth::False;
        for value in values.iter().chain(&others) {
            let holds = self.with(level, value.clone(), |this| this.truth(condition));
            some = some.or(if quantifier == Quantifier::Every { !holds } else { holds });
            if some.is_true() {
                break;
            }
        }
        if let (Some(causes), false) = (unread, some.is_true()) {
            some = some.or(Truth::Unknown(causes.clone()));
        }
        // `no` is that there is not any, and `every` that there is not any for which it does not hold.
        if quantifier == Quantifier::Any { some } else { !some }
    }

    fn compare(&mut self, operator: CompareOperator, left: NodeId, right: NodeId) -> Truth {
        let (left, right) = (self.value(left), self.value(right));
        if let (Some(left), Some(right)) = (Bounds::of(&left), Bounds::of(&right)) {
            return left.compare(operator, &right);
        }
        // Of several values one is enough to be equal; to be unequal, none may be equal.
        if operator == CompareOperator::NotEqual {
            let (values, unread) = left.values();
            let (others, more) = right.values();
            if values.is_empty() || others.is_empty() {
                return unknown_or_false(unread, more);
            }
            if values.len() == 1 && others.len() == 1 && unread.is_none() && more.is_none() {
                return self.some_pair(operator, &left, &right);
            }
            return !self.some_pair(CompareOperator::Equal, &left, &right);
        }
        self.some_pair(operator, &left, &right)
    }

    fn some_pair(&mut self, operator: CompareOperator, left: &Computed<'a>, right: &Computed<'a>) -> Truth {
        let zone = self.plan.zone();
        let (values, unread) = left.values();
        let (others, more) = right.values();
        let holds = values
            .iter()
            .any(|value| others.iter().any(|other| compare(operator, value, other, zone) == Some(true)));
        if holds { Truth::True } else { unknown_or_false(unread, more) }
    }

    /// A truth that holds where it holds for any value at hand.
    fn some_value(
        &mut self,
        computed: &Computed<'a>,
        mut test: impl FnMut(&mut Self, &Value<'a>) -> Truth,
    ) -> Truth {
        let (values, unread) = computed.values();
        let mut some = Truth::False;
        for value in values {
            some = some.or(test(self, value));
            if some.is_true() {
                return some;
            }
        }
        some.or(unknown_or_false(unread, None))
    }

    fn membership(&mut self, item: NodeId, set: &Membership) -> Truth {
        let item = self.value(item);
        if let Membership::Many(many) = set {
            let many = self.value(*many);
            return self.some_pair(CompareOperator::Equal, &item, &many);
        }
        self.some_value(&item, |this, value| this.is_member(value, set))
    }

    fn is_member(&mut self, value: &Value<'a>, set: &Membership) -> Truth {
        let plan = self.plan;
        match set {
            Membership::Site => Truth::from_bool(match value {
                Value::NullAddress => self.client_is_inside() && self.case.session.is_present(),
                Value::Ip(ip) => self.site_has_ip(*ip),
                value => domain_of(value).is_some_and(|domain| self.site_has(&domain)),
            }),
            Membership::Directory(directory) => self.is_at_home(value, *directory),
            Membership::Addresses(set) => Truth::from_bool(set.contains(value)),
            Membership::Networks(networks) => {
                Truth::from_bool(matches!(value, Value::Ip(ip) if in_networks(networks, *ip)))
            }
            Membership::List(list) => Truth::from_bool(plan.list_contains(*list, value)),
            Membership::Calendar(calendar) => match (value, plan.calendar(*calendar)) {
                (Value::Moment(at), Some(hours)) => Truth::from_bool(hours.is_open(*at)),
                _ => Truth::False,
            },
            Membership::Values(literals) => Truth::from_bool(literals.iter().any(|literal| {
                compare(CompareOperator::Equal, value, &constant(literal), plan.zone()) == Some(true)
            })),
            // Answered by the caller, which has both sides.
            Membership::Many(_) => Truth::False,
        }
    }

    fn is_at_home(&mut self, value: &Value<'a>, directory: DirectoryId) -> Truth {
        let index = self.plan.directory_index();
        let within = |home: Option<DirectoryId>| home.is_some_and(|home| index.is_within(home, directory));
        let address = match value {
            Value::NullAddress => self.address_of(Who::Sender).filter(|_| self.case.session.is_present()),
            value => value.address(),
        };
        let Some(address) = address else {
            return Truth::from_bool(value.domain().is_some_and(|domain| within(index.domain_home(domain))));
        };
        match self.home_of(address) {
            (_, Some(causes)) => Truth::Unknown(causes),
            (home, None) => Truth::from_bool(within(home.directory())),
        }
    }

    /// The home of an address, and why it is undecided.
    pub(super) fn home_of(&mut self, address: &Address) -> (Home, Option<Causes>) {
        let index = self.plan.directory_index();
        if index.groups().is_empty() {
            return (index.home(address, |_| None), None);
        }
        if let Some(known) = self.homes.get(address) {
            return known.clone();
        }
        let mut why = None;
        let home = index.home(address, |group: &GroupEntry| {
            match self.ask(Question::Group { query: group.query.clone(), address: address.clone() }) {
                Ok(answer) => Some(answer == Answer::Member(true)),
                Err(causes) => {
                    why = Some(causes);
                    None
                }
            }
        });
        let found = (home, why);
        self.homes.insert(address.clone(), found.clone());
        found
    }

    fn in_service(&mut self, item: NodeId, service: Service, query: &Arc<str>) -> Truth {
        let item = self.value(item);
        self.some_value(&item, |this, value| {
            let question = match (service, value.address()) {
                (Service::Dnsbl, _) => match value.domain() {
                    Some(domain) => Question::DomainListed { zone: query.clone(), domain: domain.into() },
                    None => Question::Dnsbl { zone: query.clone() },
                },
                (Service::LdapGroup, Some(address)) => {
                    Question::Group { query: query.clone(), address: address.clone() }
                }
                (Service::LdapGroup, None) => return Truth::False,
            };
            match this.ask(question) {
                Ok(answer) => Truth::from_bool(matches!(answer, Answer::Listed(true) | Answer::Member(true))),
                Err(causes) => Truth::Unknown(causes),
            }
        })
    }

    fn matches(&mut self, subject: NodeId, sought: &Sought) -> Truth {
        let (searched, unread) = self.subject(subject);
        if self.searcher.occurs(&searched, sought) {
            Truth::True
        } else {
            let gave_up = self.searcher.gave_up(&searched, sought);
            unknown_or_false(self.or_gave_up(unread, gave_up, subject).as_ref(), None)
        }
    }

    /// Adds to why something is unread that a search gave up, which is a limit like any other.
    pub(super) fn or_gave_up(&self, unread: Option<Causes>, gave_up: bool, node: NodeId) -> Option<Causes> {
        if !gave_up {
            return unread;
        }
        let limit = Causes::of(CauseKind::Limit, format!("search in {}", self.describe(node)));
        Some(match unread {
            Some(causes) => causes.union(&limit),
            None => limit,
        })
    }

    /// What a search looks at, and why there may be more.
    pub(super) fn subject(&mut self, node: NodeId) -> (Subject<'a>, Option<Causes>) {
        let computed = self.value(node);
        let (values, unread) = computed.values();
        if let [Value::Surfaces(tree)] = values {
            return (Subject::Tree(tree), unread.cloned());
        }
        let place = self.describe(node);
        let mut leaves = Vec::new();
        for value in values {
            match value {
                Value::Surfaces(tree) => leaves.extend(tree.leaves().into_iter().map(Leaf::Surface)),
                Value::Surface(id) => leaves.push(Leaf::Surface(*id)),
                Value::Mailbox { display_name, text, .. } => {
                    for text in display_name.iter().chain([text]) {
                        leaves.push(self.searcher.own(text, &place));
                    }
                }
                value => {
                    let text: Arc<str> = self.show(value).into();
                    leaves.push(self.searcher.own(&text, &place));
                }
            }
        }
        // A surface that two values share is one text; two fields that say the same are two.
        let mut surfaces = HashSet::new();
        leaves.retain(|leaf| matches!(leaf, Leaf::Own(_)) || surfaces.insert(*leaf));
        (Subject::Texts(leaves), unread.cloned())
    }

    fn is_value(&mut self, subject: NodeId, value: u16) -> Truth {
        let subject = self.value(subject);
        let sought = Value::Enum(value);
        let zone = self.plan.zone();
        self.some_value(&subject, |_, value| {
            Truth::from_bool(compare(CompareOperator::Equal, value, &sought, zone) == Some(true))
        })
    }

    fn is_any(&mut self, subject: NodeId) -> Truth {
        let subject = self.value(subject);
        self.some_value(&subject, |_, value| {
            Truth::from_bool(match value {
                Value::Bool(holds) => *holds,
                Value::Flags(flags) => flags.any,
                _ => false,
            })
        })
    }

    fn is_absent(&mut self, subject: NodeId) -> Truth {
        match self.value(subject) {
            Computed::Absent | Computed::Known(Value::NullAddress, _) => Truth::True,
            Computed::Unknown(causes) => Truth::Unknown(causes),
            Computed::Known(Value::Surfaces(tree), unread) if tree.is_empty() => {
                unread.map_or(Truth::True, Truth::Unknown)
            }
            Computed::Many(values, unread) if values.is_empty() => unread.map_or(Truth::True, Truth::Unknown),
            Computed::Known(..) | Computed::Range { .. } | Computed::Many(..) => Truth::False,
        }
    }

    fn looks_like(&mut self, subject: NodeId, directory: DirectoryId) -> Truth {
        let others = Computed::many(self.other_readings(subject), None);
        let subject = self.value(subject);
        let read = self.some_value(&subject, |this, value| this.is_alike(value, directory));
        if read.is_true() {
            return read;
        }
        read.or(self.some_value(&others, |this, value| this.is_alike(value, directory)))
    }

    /// Whether one mailbox looks like a directory.
    pub(super) fn is_alike(&mut self, value: &Value<'a>, directory: DirectoryId) -> Truth {
        let plan = self.plan;
        let Some(index) = plan.lookalikes(directory) else { return Truth::False };
        let (display_name, address) = match value {
            Value::Mailbox { display_name, address, .. } => (display_name.as_deref(), address.as_ref()),
            Value::Text(text) => (Some(&**text), None),
            value => (None, value.address()),
        };
        // Who is at home there does not look like it, but is.
        if let Some(address) = address {
            match self.is_at_home(&Value::Address(address.clone(), "".into()), directory) {
                Truth::True if value.is_other_reading() => return self.author_is_away(directory),
                Truth::True => return Truth::False,
                Truth::False => {}
                unknown => return unknown,
            }
        }
        Truth::from_bool(index.likeness(display_name, address).is_some())
    }

    /// Whether an author in From is not at home in a directory: then a reading of somebody who is imitates it.
    fn author_is_away(&mut self, directory: DirectoryId) -> Truth {
        let from = self.fact(Fact::From);
        let (authors, _) = from.values();
        if authors.is_empty() {
            return Truth::True;
        }
        authors.iter().fold(Truth::False, |away, author| away.or(!self.is_at_home(author, directory)))
    }

    /// What a quantifier ranges over besides: where it seeks somebody who looks like a directory, every reading of From.
    /// Nothing else sees those readings, so that none of them earns trust.
    pub(super) fn forged_readings(
        &self,
        quantifier: Quantifier,
        over: NodeId,
        level: u16,
        condition: NodeId,
    ) -> Vec<Value<'a>> {
        let (holds, fails) = self.plan.graph().properties(condition).likens;
        let sought = if quantifier == Quantifier::Every { fails } else { holds };
        if sought >> level & 1 == 1 { self.other_readings(over) } else { Vec::new() }
    }

    /// Of From or of its addresses: the mailboxes that only other readers take for the author's.
    pub(super) fn other_readings(&self, node: NodeId) -> Vec<Value<'a>> {
        let graph = self.plan.graph();
        let is_from = |node: NodeId| matches!(graph.node(node), Node::Fact(Fact::From));
        let message = self.case.message;
        let others = || message.from_other_readings().iter().map(|mailbox| mailbox_value(mailbox, true));
        match graph.node(node) {
            Node::Fact(Fact::From) => others().collect(),
            Node::Field { owner, field: Field::MailboxAddress } if is_from(*owner) => {
                others().map(Value::without_name).collect()
            }
            _ => Vec::new(),
        }
    }
}

fn unknown_or_false(unread: Option<&Causes>, more: Option<&Causes>) -> Truth {
    match (unread, more) {
        (None, None) => Truth::False,
        (Some(causes), None) | (None, Some(causes)) => Truth::Unknown(causes.clone()),
        (Some(causes), Some(more)) => Truth::Unknown(causes.clone().union(more)),
    }
}
