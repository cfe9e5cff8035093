//! The reference interpreter.
//!
//! It walks the graph by need and keeps what it finds: nodes that depend on the message alone once, nodes that depend on
//! the recipient once for each, nodes inside quantifiers not at all (their quantifier is kept). Truth is three-valued
//! (see [`super::truth`]); `and` and `or` stop at what decides them, and ask the cheap questions first, which changes
//! what is asked but never what is found. Cost: the nodes a policy reaches, a quantifier's condition once for each of
//! its values. Depth is bounded by the plan. Nothing here can fail; what is missing is unknown.

use super::answer::CellAnswers;
use super::directory::Home;
use super::ir::NodeId;
use super::lookup::{Answer, Lookups, Question};
use super::search::{SearchCosts, Searcher};
use super::text::TextContext;
use super::truth::{CauseKind, CauseSet, Causes, Truth};
use super::value::{Computed, Value};
use super::verdict::{ClauseKind, ClauseResult, Criteria, Evidence, Outcome, Verdict};
use super::{Plan, calendar, lower};
use crate::base::address::Address;
use crate::language::hir::{DirectoryId, Expr, Moment, Policy, PolicyId};
use crate::message::envelope::{Envelope, Session};
use crate::message::{AttachmentId, Message, Scope};
use jiff::Timestamp;
use rustc_hash::{FxBuildHasher, FxHashMap};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::rc::Rc;

/// Values that are usually asked of a message: the table of them has room for so many at first, and is small enough that
/// allocators give it out of hand.
const VALUES: usize = 7;

/// Answers that are kept at least before those of other recipients are forgotten.
const OF_RECIPIENTS: usize = 1 << 16;

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
    pub(super) evidence: FxHashMap<(NodeId, Option<usize>), Rc<[Evidence]>>,
    truths: FxHashMap<(NodeId, Option<usize>), Truth>,
    values: FxHashMap<(NodeId, Option<usize>), Computed<'a>>,
    pub(super) homes: HashMap<Address, (Home, Option<Causes>)>,
    pub(super) answers_of_cells: Option<CellAnswers>,
}

/// The clauses of a policy, and the truths of those that were asked.
struct Asked<'a> {
    source: &'a Policy,
    clauses: Vec<(ClauseKind, &'a Expr, NodeId)>,
    truths: Vec<Option<Truth>>,
    decided: Option<usize>,
}

impl Asked<'_> {
    fn outcome(&self) -> Outcome {
        let causes = self.truths.iter().flatten().filter_map(Truth::causes);
        let undecided = causes.fold(Causes::default(), Causes::union);
        match self.decided {
            Some(_) => Outcome::NotTriggered,
            None if undecided.is_empty() => Outcome::Triggered,
            None => Outcome::Undecided { causes: undecided },
        }
    }
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
            evidence: FxHashMap::default(),
            truths: FxHashMap::default(),
            values: FxHashMap::with_capacity_and_hasher(VALUES, FxBuildHasher),
            homes: HashMap::new(),
            answers_of_cells: None,
        }
    }

    /// An evaluator that takes on what one over the same plan, envelope and session found before there was a message.
    pub fn resuming(plan: &'a Plan, case: Case<'a>, answers: Option<CellAnswers>) -> Evaluator<'a> {
        Evaluator { answers_of_cells: answers, ..Evaluator::new(plan, case) }
    }

    /// What was found, for [`Evaluator::resuming`].
    pub fn into_answers(self) -> Option<CellAnswers> {
        self.answers_of_cells
    }

    /// The criteria of a policy, for a recipient (position in the envelope).
    pub fn policy(&mut self, policy: PolicyId, recipient: usize) -> Verdict {
        self.speak_of(recipient);
        let Some(asked) = self.ask_clauses(policy) else {
            return Verdict {
                outcome: Outcome::NotTriggered,
                clauses: Vec::new(),
                decided_by: None,
                tests_causes: CauseSet::NONE,
                stage: crate::language::schema::facts::Stage::Connection,
            };
        };
        let outcome = asked.outcome();
        let truths = &asked.truths;
        let first_unknown =
            truths.iter().position(|truth| truth.as_ref().is_some_and(|truth| truth.causes().is_some()));
        let decider = asked.decided.or(first_unknown);
        let tests_causes = self.tests(policy);
        let mut results = Vec::new();
        let mut decided_by = None;
        for (at, (&(kind, expr, node), truth)) in asked.clauses.iter().zip(asked.truths).enumerate() {
            let Some(truth) = truth else { continue };
            if decider == Some(at) {
                decided_by = Some(results.len());
            }
            results.push(self.clause(kind, expr, node, truth));
        }
        Verdict { outcome, clauses: results, decided_by, tests_causes, stage: asked.source.stage }
    }

    /// The same without anything that people read: what became of the criteria, and by which question.
    pub fn criteria(&mut self, policy: PolicyId, recipient: usize) -> Criteria {
        self.speak_of(recipient);
        let Some(asked) = self.ask_clauses(policy) else {
            return Criteria { outcome: Outcome::NotTriggered, decided_by: None };
        };
        let decided_by = asked.decided.and_then(|at| asked.clauses.get(at)).map(|&(_, _, node)| node);
        Criteria { outcome: asked.outcome(), decided_by }
    }

    /// Asks the clauses of a policy, cheap ones first, until one decides.
    fn ask_clauses(&mut self, policy: PolicyId) -> Option<Asked<'a>> {
        let plan = self.plan;
        let (source, nodes) = (plan.hir().policies.get(policy.index())?, plan.policy_nodes(policy)?);
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
        Some(Asked { source, clauses, truths, decided })
    }

    /// Whether an exception (position in its directory) holds for a recipient.
    pub fn exception_holds(&mut self, directory: DirectoryId, index: usize, recipient: usize) -> Truth {
        self.speak_of(recipient);
        self.plan.exception_node(directory, index).map_or(Truth::False, |node| self.truth(node))
    }

    /// An exception (position in its directory), for a recipient.
    pub fn exception(&mut self, directory: DirectoryId, index: usize, recipient: usize) -> ClauseResult {
        self.speak_of(recipient);
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

    /// The attachments that a policy's `strip` (position in its actions) takes away, and why there may be more: where its
    /// condition is undecided for one.
    pub fn strip(
        &mut self,
        policy: PolicyId,
        action: usize,
        recipient: usize,
    ) -> (Vec<AttachmentId>, Option<Causes>) {
        self.speak_of(recipient);
        let node = self.plan.policy_nodes(policy).and_then(|nodes| nodes.strips.get(&action).copied());
        let Some(node) = node else { return (Vec::new(), None) };
        let message = self.case.message;
        let (mut taken, mut undecided) = (Vec::new(), None::<Causes>);
        for attachment in message.attachments() {
            match self.with(0, Value::Attachment(attachment.id()), |this| this.truth(node)) {
                Truth::True => taken.push(attachment.id()),
                Truth::False => {}
                Truth::Unknown(causes) => {
                    undecided = Some(undecided.map_or_else(|| causes.clone(), |known| known.union(&causes)));
                }
            }
        }
        (taken, undecided)
    }

    /// The addresses an operand of `notify`, `copy to` or `redirect to` gives, each once. The null sender is none, and
    /// neither is an expression that the set of this plan does not ask for.
    pub fn addresses(&mut self, expr: &Expr, recipient: usize) -> Vec<Address> {
        self.speak_of(recipient);
        let plan = self.plan;
        let Some(node) = lower::find(plan.hir(), plan.lowered(), expr) else { return Vec::new() };
        let value = self.value(node);
        let all = value.values().0.iter().filter_map(|value| match value {
            Value::Text(text) => Address::parse(text),
            value => value.address().cloned(),
        });
        let mut known = HashSet::new();
        all.filter(|address| known.insert(address.clone())).collect()
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
            Some(address) => self.home_of(address).0,
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

    /// Causes of `message.unscannable` that hold and that a `when` of a policy asks for.
    pub fn tests(&mut self, policy: PolicyId) -> CauseSet {
        let plan = self.plan;
        let whens = plan.policy_nodes(policy).map(|nodes| nodes.whens.as_slice()).unwrap_or_default();
        let tested = |&node: &NodeId| plan.graph().properties(node).tests.0;
        let asked = whens.iter().map(tested).fold(CauseSet::NONE, CauseSet::union);
        if asked.is_empty() { asked } else { asked.intersection(self.causes_that_hold()) }
    }

    /// From now on measures what patterns cost.
    pub fn measure(&mut self) {
        self.searcher.measure();
    }

    /// What patterns cost since [`Evaluator::measure`].
    pub fn search_costs(&self) -> SearchCosts {
        self.searcher.costs().cloned().unwrap_or_default()
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

    /// From now on answers are for a recipient (position in the envelope). What is known of others is forgotten where it
    /// has become much; it would be found again.
    pub(super) fn speak_of(&mut self, recipient: usize) {
        if self.recipient != recipient && self.truths.len() + self.values.len() > OF_RECIPIENTS {
            self.truths.retain(|(_, of), _| of.is_none());
            self.values.retain(|(_, of), _| of.is_none());
            self.evidence.retain(|(_, of), _| of.is_none());
        }
        self.recipient = recipient;
    }

    fn clause(&mut self, kind: ClauseKind, expr: &Expr, node: NodeId, truth: Truth) -> ClauseResult {
        let evidence = self.explain(node, &truth).to_vec();
        ClauseResult { kind, span: expr.span, truth, evidence }
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
}
