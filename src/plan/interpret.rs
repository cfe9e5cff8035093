//! The reference interpreter.
//!
//! It walks the graph by need and keeps what it finds: nodes that depend on the message alone once, nodes that depend on
//! the recipient once for each, nodes inside quantifiers not at all (their quantifier is kept). Truth is three-valued
//! (see [`super::truth`]); `and` and `or` stop at what decides them, and ask the cheap questions first, which changes
//! what is asked but never what is found. Cost: the nodes a policy reaches, a quantifier's condition once for each of
//! its values. Depth is bounded by the plan. Nothing here can fail; what is missing is unknown.

use super::directory::{GroupEntry, Home};
use super::host::{domain_of_text, in_domains, in_networks};
use super::ir::{Membership, Node, NodeId, Sought};
use super::lookup::{Answer, Lookups, Question};
use super::search::{Leaf, Searcher, Subject};
use super::text::TextContext;
use super::truth::{CauseKind, CauseSet, Causes, Truth};
use super::value::{Bounds, Computed, Value, compare};
use super::verdict::{ClauseKind, ClauseResult, Evidence, Outcome, Verdict};
use super::{Plan, calendar, lower};
use crate::base::address::Address;
use crate::language::hir::{
    CompareOperator, DirectoryId, Expr, ListEntries, Literal, Moment, PolicyId, Quantifier, Service,
};
use crate::language::schema::facts::Function;
use crate::message::envelope::{Envelope, Session};
use crate::message::{AttachmentId, Message, Scope};
use jiff::Timestamp;
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;
use std::sync::Arc;

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
    pub(super) plan: &'a Plan,
    pub(super) case: Case<'a>,
    pub(super) recipient: usize,
    pub(super) missing: BTreeSet<Question>,
    pub(super) answers: HashMap<Question, Answer>,
    pub(super) unread_scopes: Vec<(Scope, Option<Causes>)>,
    pub(super) searcher: Searcher<'a>,
    pub(super) environment: Vec<Value<'a>>,
    pub(super) context: Option<TextContext>,
    pub(super) evidence: HashMap<(NodeId, Option<usize>), Rc<[Evidence]>>,
    truths: HashMap<(NodeId, Option<usize>), Truth>,
    values: HashMap<(NodeId, Option<usize>), Computed<'a>>,
    homes: HashMap<Address, (Home, Option<Causes>)>,
}

impl<'a> Evaluator<'a> {
    /// An evaluator that knows nothing yet.
    pub fn new(plan: &'a Plan, case: Case<'a>) -> Evaluator<'a> {
        Evaluator {
            plan,
            case,
            recipient: 0,
            missing: BTreeSet::new(),
            answers: HashMap::new(),
            unread_scopes: Vec::new(),
            searcher: Searcher::new(case.message, plan.tables()),
            environment: Vec::new(),
            context: None,
            evidence: HashMap::new(),
            truths: HashMap::new(),
            values: HashMap::new(),
            homes: HashMap::new(),
        }
    }

    /// The criteria of a policy, for a recipient (position in the envelope).
    pub fn policy(&mut self, policy: PolicyId, recipient: usize) -> Verdict {
        self.recipient = recipient;
        let plan = self.plan;
        let hir = plan.hir();
        let (Some(source), Some(nodes)) = (hir.policies.get(policy.index()), plan.policy_nodes(policy))
        else {
            return Verdict {
                outcome: Outcome::NotTriggered,
                clauses: Vec::new(),
                decided_by: None,
                tests_causes: CauseSet::NONE,
                stage: crate::language::schema::facts::Stage::Connection,
            };
        };
        let whens = source.whens.iter().zip(&nodes.whens).map(|(expr, &node)| (ClauseKind::When, expr, node));
        let unlesses =
            source.unlesses.iter().zip(&nodes.unlesses).map(|(expr, &node)| (ClauseKind::Unless, expr, node));
        let clauses: Vec<(ClauseKind, &Expr, NodeId)> = whens.chain(unlesses).collect();
        let mut order: Vec<usize> = (0..clauses.len()).collect();
        order
            .sort_by_key(|&at| clauses.get(at).map(|&(_, _, node)| (plan.graph().properties(node).cost, at)));
        let mut truths: Vec<Option<Truth>> = vec![None; clauses.len()];
        let mut decided = None;
        for at in order {
            let Some(&(kind, _, node)) = clauses.get(at) else { continue };
            let truth = self.truth(node);
            let decides = match kind {
                ClauseKind::When => truth.is_false(),
                ClauseKind::Unless | ClauseKind::Except => truth.is_true(),
            };
            if let Some(slot) = truths.get_mut(at) {
                *slot = Some(truth);
            }
            if decides {
                decided = Some(at);
                break;
            }
        }
        let undecided =
            truths.iter().flatten().filter_map(Truth::causes).fold(Causes::default(), Causes::union);
        let outcome = match decided {
            Some(_) => Outcome::NotTriggered,
            None if undecided.is_empty() => Outcome::Triggered,
            None => Outcome::Undecided { causes: undecided },
        };
        let first_unknown =
            truths.iter().position(|truth| truth.as_ref().is_some_and(|truth| truth.causes().is_some()));
        let decider = decided.or(first_unknown.filter(|_| decided.is_none()));
        let tests_causes = self.tested(nodes.whens.iter().copied());
        let mut results = Vec::new();
        let mut decided_by = None;
        for (at, (&(kind, expr, node), truth)) in clauses.iter().zip(truths).enumerate() {
            let Some(truth) = truth else { continue };
            if decider == Some(at) {
                decided_by = Some(results.len());
            }
            results.push(self.clause(kind, expr, node, truth));
        }
        Verdict { outcome, clauses: results, decided_by, tests_causes, stage: source.stage }
    }

    /// An exception (position in its directory), for a recipient.
    pub fn exception(&mut self, directory: DirectoryId, index: usize, recipient: usize) -> ClauseResult {
        self.recipient = recipient;
        let plan = self.plan;
        let source = plan.hir().directories.get(directory.index()).and_then(|one| one.exceptions.get(index));
        match (source, plan.exception_node(directory, index)) {
            (Some(exception), Some(node)) => {
                let truth = self.truth(node);
                self.clause(ClauseKind::Except, &exception.when, node, truth)
            }
            _ => ClauseResult {
                kind: ClauseKind::Except,
                span: crate::base::source::Span::default(),
                truth: Truth::False,
                evidence: Vec::new(),
            },
        }
    }

    /// The attachments that a policy's `strip` (position in its actions) takes away. Where it is undecided whether the
    /// condition holds, the attachment goes.
    pub fn strip(&mut self, policy: PolicyId, action: usize, recipient: usize) -> Vec<AttachmentId> {
        self.recipient = recipient;
        let node = self.plan.policy_nodes(policy).and_then(|nodes| nodes.strips.get(&action).copied());
        let Some(node) = node else { return Vec::new() };
        let message = self.case.message;
        let mut stripped = Vec::new();
        for attachment in message.attachments() {
            if !self.with(0, Value::Attachment(attachment.id()), |this| this.truth(node)).is_false() {
                stripped.push(attachment.id());
            }
        }
        stripped
    }

    /// The addresses an operand of `notify`, `copy to` or `redirect to` gives, each once.
    pub fn addresses(&mut self, expr: &Expr, recipient: usize) -> Vec<Address> {
        self.recipient = recipient;
        let plan = self.plan;
        let Some(node) = lower::find(plan.hir(), plan.lowered(), expr) else { return Vec::new() };
        let mut addresses = Vec::new();
        for value in self.value(node).values().0 {
            let address = match value {
                Value::Text(text) => Address::parse(text),
                value => value.address().cloned(),
            };
            addresses.extend(address.filter(|address| !addresses.contains(address)));
        }
        addresses
    }

    /// The moment a message waits for: a calendar that is open already is open now. `None`: there is none, the calendar
    /// never opens or closes within [`calendar::SEARCH_DAYS`] days.
    pub fn moment(&mut self, moment: &Moment, now: Timestamp) -> Option<Timestamp> {
        match moment {
            Moment::At(at) => Some(*at),
            Moment::TimeOfDay(minutes) => calendar::next_time_of_day(self.plan.zone(), *minutes, now),
            Moment::Calendar(calendar, event) => self.plan.calendar(*calendar)?.next(*event, now),
        }
    }

    /// Where somebody is at home. Undecided where a group could not be asked.
    pub fn home(&mut self, who: Who) -> Home {
        match self.address_of(who) {
            Some(address) => self.home_of(&address).0,
            None => Home::Nowhere,
        }
    }

    /// Causes of unread content that hold for the message. `tests_causes` of a verdict are among them.
    pub fn causes_that_hold(&mut self) -> CauseSet {
        let names: BTreeSet<&str> =
            self.case.message.unscannable().iter().map(|one| one.cause.name()).collect();
        CauseKind::ALL
            .into_iter()
            .filter(|kind| names.contains(kind.name()))
            .fold(CauseSet::NONE, |set, kind| set.union(CauseSet::of(kind)))
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

    fn clause(&mut self, kind: ClauseKind, expr: &Expr, node: NodeId, truth: Truth) -> ClauseResult {
        let evidence = self.explain(node, &truth).to_vec();
        ClauseResult { kind, span: expr.span, truth, evidence }
    }

    fn tested(&mut self, nodes: impl Iterator<Item = NodeId>) -> CauseSet {
        let graph = self.plan.graph();
        let asked = nodes.fold(CauseSet::NONE, |set, node| set.union(graph.properties(node).tests.0));
        if asked.is_empty() { asked } else { asked.intersection(self.causes_that_hold()) }
    }

    /// Where a node's answer is kept; `None` for what is not kept.
    pub(super) fn memo_key(&self, node: NodeId) -> Option<(NodeId, Option<usize>)> {
        let properties = self.plan.graph().properties(node);
        if properties.is_per_message() {
            return Some((node, None));
        }
        (properties.free == 0 && !properties.per_policy).then_some((node, Some(self.recipient)))
    }

    /// Runs with a variable bound.
    pub(super) fn with<T>(&mut self, level: u16, value: Value<'a>, run: impl FnOnce(&mut Self) -> T) -> T {
        // Quantifiers inside each other have levels one apart, so what is longer is left over from before.
        self.environment.truncate(usize::from(level));
        self.environment.push(value);
        let result = run(self);
        self.environment.truncate(usize::from(level));
        result
    }

    /// Whether a node holds.
    pub(super) fn truth(&mut self, node: NodeId) -> Truth {
        let key = self.memo_key(node);
        if let Some(known) = key.and_then(|key| self.truths.get(&key)) {
            return known.clone();
        }
        let truth = self.ask_truth(node);
        if let Some(key) = key {
            self.truths.insert(key, truth.clone());
        }
        truth
    }

    fn ask_truth(&mut self, node: NodeId) -> Truth {
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
        let over = self.value(over);
        let (values, unread) = over.values();
        let mut some = Truth::False;
        for value in values {
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
                value => value_domain(value).is_some_and(|domain| self.site_has(&domain)),
            }),
            Membership::Directory(directory) => self.is_at_home(value, *directory),
            Membership::Addresses { addresses, domains } => Truth::from_bool(
                value.address().is_some_and(|address| addresses.contains(address))
                    || value_domain(value).is_some_and(|domain| in_domains(domains, &domain)),
            ),
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
            value => value.address().cloned(),
        };
        let Some(address) = address else {
            return Truth::from_bool(value.domain().is_some_and(|domain| within(index.domain_home(domain))));
        };
        match self.home_of(&address) {
            (_, Some(causes)) => Truth::Unknown(causes),
            (home, None) => Truth::from_bool(within(home.directory())),
        }
    }

    /// The home of an address, and why it is undecided.
    pub(super) fn home_of(&mut self, address: &Address) -> (Home, Option<Causes>) {
        if let Some(known) = self.homes.get(address) {
            return known.clone();
        }
        let index = self.plan.directory_index();
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
        let (subject, unread) = self.subject(subject);
        if self.searcher.occurs(&subject, sought) {
            Truth::True
        } else {
            unknown_or_false(unread.as_ref(), None)
        }
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
        leaves.sort_unstable_by_key(|leaf| match leaf {
            Leaf::Surface(id) => (0, id.index()),
            Leaf::Own(at) => (1, *at as usize),
        });
        leaves.dedup();
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
        let subject = self.value(subject);
        let plan = self.plan;
        let Some(index) = plan.lookalikes(directory) else { return Truth::False };
        self.some_value(&subject, |this, value| {
            let (display_name, address) = match value {
                Value::Mailbox { display_name, address, .. } => (display_name.as_deref(), address.as_ref()),
                Value::Text(text) => (Some(&**text), None),
                value => (None, value.address()),
            };
            // Who is at home there does not look like it, but is.
            if let Some(address) = address {
                match this.is_at_home(&Value::Address(address.clone(), "".into()), directory) {
                    Truth::True => return Truth::False,
                    Truth::False => {}
                    unknown => return unknown,
                }
            }
            Truth::from_bool(index.likeness(display_name, address).is_some())
        })
    }

    /// What a node gives.
    pub(super) fn value(&mut self, node: NodeId) -> Computed<'a> {
        let key = self.memo_key(node);
        if let Some(known) = key.and_then(|key| self.values.get(&key)) {
            return known.clone();
        }
        let value = self.ask_value(node);
        if let Some(key) = key {
            self.values.insert(key, value.clone());
        }
        value
    }

    fn ask_value(&mut self, node: NodeId) -> Computed<'a> {
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
            Node::Header { name } => {
                let name = self.pieces(name);
                self.header_values(name.trim())
            }
            Node::Call { function, arguments } => self.call(*function, arguments),
            Node::Count { every, sought, subject } => {
                let (subject, unread) = self.subject(*subject);
                let count = if *every {
                    self.searcher.count_every(&subject, sought)
                } else {
                    self.searcher.count_different(&subject, sought)
                };
                at_least(i64::try_from(count).unwrap_or(i64::MAX), unread)
            }
            Node::Score { dictionary, subject, at_most } => {
                let (subject, unread) = self.subject(*subject);
                let Some(table) = plan.dictionary(*dictionary) else { return Computed::Absent };
                let score = self.searcher.score(&subject, table, *at_most);
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
        let is_text =
            matches!(self.plan.graph().node(first), Node::Header { .. } | Node::Fact(_) | Node::Field { .. })
                && matches!(argument.first(), Some(Value::Text(_)));
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
            Some(value) => crate::message::surface::fold(&self.show(value)),
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

fn unknown_or_false(unread: Option<&Causes>, more: Option<&Causes>) -> Truth {
    match (unread, more) {
        (None, None) => Truth::False,
        (Some(causes), None) | (None, Some(causes)) => Truth::Unknown(causes.clone()),
        (Some(causes), Some(more)) => Truth::Unknown(causes.clone().union(more)),
    }
}

/// The domain by which a value is in a set: its own, or of a text the one it is.
fn value_domain(value: &Value) -> Option<Arc<str>> {
    match value {
        Value::Text(text) => match Address::parse(text) {
            Some(address) => Some(address.domain),
            None => crate::base::address::domain_to_ascii(text).map(Arc::from),
        },
        value => value.domain().map(Arc::from),
    }
}

/// A constant as a value.
pub(super) fn constant<'a>(literal: &Literal) -> Value<'a> {
    match literal {
        Literal::Bool(holds) => Value::Bool(*holds),
        Literal::Number(number) => Value::Number(*number),
        Literal::Size(bytes) => Value::Size(i64::try_from(*bytes).unwrap_or(i64::MAX)),
        Literal::Duration(seconds) => Value::Duration(*seconds),
        Literal::TimeOfDay(minutes) => Value::TimeOfDay(*minutes),
        Literal::Date(day) => Value::Date(*day),
        Literal::Moment(at) => Value::Moment(*at),
        Literal::Text(text) => Value::Text(text.clone()),
        Literal::Address(address) => Value::Address(address.clone(), address.to_string().into()),
        Literal::NullAddress => Value::NullAddress,
        Literal::Domain(pattern) => Value::DomainPattern(pattern.clone()),
        Literal::Network(network) => Value::Network(*network),
        Literal::Enum(_, position) => Value::Enum(*position),
    }
}

/// The texts, addresses and networks of a list as they are looked up.
#[derive(Debug, Default)]
pub(super) struct ListIndex {
    addresses: std::collections::HashSet<Address>,
    domains: std::collections::HashSet<Arc<str>>,
    subdomains: std::collections::HashSet<Arc<str>>,
    networks: Vec<ipnet::IpNet>,
    texts: std::collections::HashSet<String>,
}

impl ListIndex {
    pub(super) fn new(entries: &ListEntries) -> ListIndex {
        let mut index = ListIndex::default();
        match entries {
            ListEntries::Addresses { addresses, domains } => {
                index.addresses = addresses.iter().cloned().collect();
                for pattern in domains {
                    let set = if pattern.subdomains { &mut index.subdomains } else { &mut index.domains };
                    set.insert(pattern.domain.clone());
                }
            }
            ListEntries::Networks(networks) => index.networks = networks.clone(),
            ListEntries::Texts(texts) => {
                index.texts = texts.iter().map(|text| crate::message::surface::fold(text)).collect();
            }
        }
        index
    }

    /// Whether a value is an entry, or its domain is.
    pub(super) fn contains(&self, value: &Value) -> bool {
        if let Value::Ip(ip) = value {
            return in_networks(&self.networks, *ip);
        }
        if value.address().is_some_and(|address| self.addresses.contains(address)) {
            return true;
        }
        if let Value::Text(text) = value
            && self.texts.contains(&crate::message::surface::fold(text))
        {
            return true;
        }
        if let Some(domain) = value.domain()
            && self.texts.contains(domain)
        {
            return true;
        }
        value_domain(value).is_some_and(|domain| self.has_domain(&domain))
    }

    fn has_domain(&self, domain: &str) -> bool {
        if self.domains.contains(domain) {
            return true;
        }
        let mut rest = domain;
        while let Some((_, parent)) = rest.split_once('.') {
            if self.subdomains.contains(parent) {
                return true;
            }
            rest = parent;
        }
        false
    }
}
