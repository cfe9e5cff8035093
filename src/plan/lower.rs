//! From the typed set to the graph.
//!
//! Criteria are put in place of their calls, each once for each thing it is asked of, so a set stays about as large as
//! it is written. Everything that any part of a decision may ask (clauses, exceptions, conditions of `strip`, operands
//! and texts of actions) is lowered when the plan is made; later [`find`] only looks nodes up. Cost: linear in the set.
//! A set beyond [`NODES`] nodes or an expression deeper than [`HEIGHT`] is a diagnostic.

use super::codes::{TOO_DEEP, TOO_LARGE};
use super::ir::{Graph, LEVELS, Membership, Node, NodeId, Noun, Sought, TextPiece};
use super::lists::AddressSet;
use super::patterns::{PatternId, PatternTable};
use crate::base::diagnostic::{Diagnostic, Diagnostics};
use crate::base::source::Span;
use crate::language::hir::{
    Action, Content, CriterionId, DictionaryId, Disposition, Expr, ExprKind, Hir, ListEntries, ListId,
    Matcher, OnProtected, Pattern, Policy, Set, TemplatePart, TextTemplate, VariableId,
};
use std::collections::{BTreeSet, HashMap, HashSet};

/// Nodes of one set.
pub const NODES: usize = 4_000_000;
/// Questions inside each other.
pub const HEIGHT: u16 = 250;

/// The clauses of a policy as nodes.
#[derive(Debug, Clone, Default)]
pub struct PolicyNodes {
    /// Its `when`.
    pub whens: Vec<NodeId>,
    /// Its `unless`.
    pub unlesses: Vec<NodeId>,
    /// The condition of each action that is a `strip`.
    pub strips: HashMap<usize, NodeId>,
}

impl PolicyNodes {
    /// Its clauses in source order, each with whether it must hold for the policy to trigger, or fail.
    pub fn clauses(&self) -> impl Iterator<Item = (NodeId, bool)> {
        let whens = self.whens.iter().map(|&node| (node, true));
        whens.chain(self.unlesses.iter().map(|&node| (node, false)))
    }
}

/// A lowered set.
#[derive(Debug, Default)]
pub struct Lowered {
    /// Its questions.
    pub graph: Graph,
    /// Its patterns, those of dictionaries and lists that are searched included.
    pub patterns: PatternTable,
    /// The lists that text is searched for.
    pub searched_lists: BTreeSet<ListId>,
    /// For each policy.
    pub policies: Vec<PolicyNodes>,
    /// For each directory, its exceptions.
    pub exceptions: Vec<Vec<NodeId>>,
}

/// Lowers a set.
pub fn lower(hir: &Hir) -> Result<Lowered, Diagnostics> {
    let mut lowered = Lowered::default();
    let mut lowerer = Lowerer {
        hir,
        store: Store::Build(&mut lowered.graph, &mut lowered.patterns),
        criteria: HashMap::new(),
        variables: HashMap::new(),
        searched_lists: BTreeSet::new(),
        dictionaries: HashSet::new(),
        level: 0,
        depth: 0,
        problem: None,
    };
    let (mut policies, mut exceptions) = (Vec::new(), Vec::new());
    let mut diagnostics = Diagnostics::default();
    for policy in &hir.policies {
        match lowerer.policy(policy) {
            Some(nodes) => policies.push(nodes),
            None => diagnostics.push(lowerer.diagnostic(policy.name_span)),
        }
    }
    for directory in &hir.directories {
        let nodes: Vec<Option<NodeId>> =
            directory.exceptions.iter().map(|one| lowerer.root(&one.when)).collect();
        if nodes.iter().any(Option::is_none) {
            diagnostics.push(lowerer.diagnostic(directory.span));
        }
        exceptions.push(nodes.into_iter().flatten().collect());
    }
    for template in &hir.templates {
        let texts = [&template.subject, &template.text, &template.html];
        if texts.into_iter().flatten().any(|text| lowerer.text(text).is_none()) {
            diagnostics.push(lowerer.diagnostic(template.span));
        }
    }
    if !diagnostics.is_empty() {
        return Err(diagnostics);
    }
    lowered.searched_lists = std::mem::take(&mut lowerer.searched_lists);
    lowered.policies = policies;
    lowered.exceptions = exceptions;
    Ok(lowered)
}

/// What has been lowered, to look nodes up in.
#[derive(Debug, Clone, Copy)]
pub struct Found<'a> {
    /// The questions.
    pub graph: &'a Graph,
    /// The patterns.
    pub patterns: &'a PatternTable,
}

/// The node of an expression of the set that [`lower`] has lowered; `None` for any other.
pub fn find(hir: &Hir, found: Found, expr: &Expr) -> Option<NodeId> {
    finder(hir, found).root(expr)
}

/// Whether an expression searches for a pattern itself (not by a criterion it calls).
pub fn mentions(expr: &Expr, pattern: &Pattern) -> bool {
    let mut stack = vec![expr];
    while let Some(expr) = stack.pop() {
        let by_matcher = |matcher: &Matcher| match matcher {
            Matcher::Pattern(one) => one == pattern,
            Matcher::AnyOf(all) => all.contains(pattern),
            Matcher::Dictionary(_) | Matcher::Detector(_) | Matcher::List(_) => false,
        };
        match &expr.kind {
            ExprKind::Match { subject, matcher } | ExprKind::Count { subject, matcher, .. } => {
                if by_matcher(matcher) {
                    return true;
                }
                stack.push(subject);
            }
            ExprKind::And(inner) | ExprKind::Or(inner) | ExprKind::Call { arguments: inner, .. } => {
                stack.extend(inner)
            }
            ExprKind::Not(inner)
            | ExprKind::IsAbsent(inner)
            | ExprKind::Field { owner: inner, .. }
            | ExprKind::IsAny { subject: inner }
            | ExprKind::IsValue { subject: inner, .. }
            | ExprKind::LooksLike { subject: inner, .. }
            | ExprKind::Score { subject: inner, .. }
            | ExprKind::Rate { key: inner, .. }
            | ExprKind::InService { item: inner, .. }
            | ExprKind::In { item: inner, .. } => stack.push(inner),
            ExprKind::Default { value, default } => stack.extend([&**value, &**default]),
            ExprKind::Compare { left, right, .. } => stack.extend([&**left, &**right]),
            ExprKind::Quantified { over, condition, .. } => stack.extend([&**over, &**condition]),
            ExprKind::Criterion { argument, .. } => stack.extend(argument.as_deref()),
            ExprKind::Literal(_) | ExprKind::Fact(_) | ExprKind::Variable(_) | ExprKind::Header { .. } => {}
        }
    }
    false
}

fn finder<'a>(hir: &'a Hir, found: Found<'a>) -> Lowerer<'a> {
    Lowerer {
        hir,
        store: Store::Find(found.graph, found.patterns),
        criteria: HashMap::new(),
        variables: HashMap::new(),
        searched_lists: BTreeSet::new(),
        dictionaries: HashSet::new(),
        level: 0,
        depth: 0,
        problem: None,
    }
}

/// The texts of a list as patterns: each is found as by `contains`.
pub fn list_patterns(entries: &ListEntries) -> impl Iterator<Item = Pattern> {
    let texts = match entries {
        ListEntries::Texts(texts) => Some(texts.iter()),
        // Nothing searches for addresses and networks: the check refuses it.
        ListEntries::Addresses(_) | ListEntries::Networks(_) => None,
    };
    texts.into_iter().flatten().map(|text| Pattern::Literal { text: text.into() })
}

enum Store<'a> {
    Build(&'a mut Graph, &'a mut PatternTable),
    Find(&'a Graph, &'a PatternTable),
}

#[derive(Clone, Copy)]
enum Problem {
    Deep,
    Large,
}

struct Lowerer<'a> {
    hir: &'a Hir,
    store: Store<'a>,
    criteria: HashMap<(CriterionId, Option<NodeId>, u16), NodeId>,
    variables: HashMap<VariableId, NodeId>,
    searched_lists: BTreeSet<ListId>,
    /// Dictionaries whose entries have been taken in.
    dictionaries: HashSet<DictionaryId>,
    level: u16,
    depth: u16,
    problem: Option<Problem>,
}

impl Lowerer<'_> {
    fn diagnostic(&mut self, span: Span) -> Diagnostic {
        match self.problem.take() {
            Some(Problem::Large) => {
                Diagnostic::error(TOO_LARGE, span, "the policy set asks too many different questions")
                    .help("split the set, or share conditions by criteria")
            }
            _ => Diagnostic::error(TOO_DEEP, span, "these conditions lie too deep inside each other")
                .help("let criteria call fewer other criteria, or write their conditions in one place"),
        }
    }

    fn policy(&mut self, policy: &Policy) -> Option<PolicyNodes> {
        let mut nodes = PolicyNodes::default();
        for when in &policy.whens {
            nodes.whens.push(self.root(when)?);
        }
        for unless in &policy.unlesses {
            nodes.unlesses.push(self.root(unless)?);
        }
        if let Some(because) = &policy.because {
            self.text(because)?;
        }
        for (at, action) in policy.actions.iter().enumerate() {
            if let Some(condition) = self.action(&action.node)? {
                nodes.strips.insert(at, condition);
            }
        }
        if let Some(disposition) = &policy.disposition {
            self.disposition(&disposition.node)?;
        }
        Some(nodes)
    }

    /// Lowers what an action asks; gives the condition of a `strip`.
    fn action(&mut self, action: &Action) -> Option<Option<NodeId>> {
        match action {
            Action::AnnotateHeader { name, value } | Action::SetHeader { name, value } => {
                self.text(name)?;
                self.text(value)?;
            }
            Action::AnnotateSubject { text, .. }
            | Action::RemoveHeader { name: text }
            | Action::Tag { text }
            | Action::Route { via: text, .. } => {
                self.text(text)?;
            }
            Action::AnnotateBody { content, protected, .. } => {
                self.content(content)?;
                self.protected(protected)?;
            }
            Action::AnnotateAttachment { name, content, protected } => {
                self.text(name)?;
                self.content(content)?;
                self.protected(protected)?;
            }
            Action::Notify { to, .. } | Action::CopyTo { to, .. } => {
                for addressee in to {
                    self.root(addressee)?;
                }
            }
            Action::Redirect { to } => {
                self.root(to)?;
            }
            Action::Strip { variable, condition, replacement } => {
                if let Some(replacement) = replacement {
                    self.content(replacement)?;
                }
                let bound = self.intern(Node::Variable { level: 0, kind: Noun::Attachment })?;
                let outer = self.variables.insert(*variable, bound);
                self.level = 1;
                let condition = self.expr(condition);
                self.level = 0;
                self.restore(*variable, outer);
                return condition.map(Some);
            }
            Action::Encrypt { otherwise, .. } | Action::Sign { otherwise, .. } => {
                if let Some(otherwise) = otherwise {
                    self.disposition(&otherwise.node)?;
                }
            }
            Action::Convert(_) | Action::Severity { .. } | Action::SetPriority { .. } | Action::Decrypt => {}
        }
        Some(None)
    }

    fn content(&mut self, content: &Content) -> Option<()> {
        match content {
            Content::Text(text) => self.text(text).map(|_| ()),
            // Templates of the set are lowered on their own.
            Content::Template(_) => Some(()),
        }
    }

    fn protected(&mut self, protected: &OnProtected) -> Option<()> {
        match protected {
            OnProtected::Return(Some(text)) => self.text(text).map(|_| ()),
            OnProtected::Return(None) | OnProtected::Wrap | OnProtected::Skip => Some(()),
        }
    }

    fn disposition(&mut self, disposition: &Disposition) -> Option<()> {
        let mut at = Some(disposition);
        while let Some(disposition) = at {
            at = match disposition {
                Disposition::Return(text) | Disposition::Reject(text) => {
                    self.text(text)?;
                    None
                }
                Disposition::Approve { otherwise, .. } => otherwise.as_deref().map(|inner| &inner.node),
                Disposition::Deliver
                | Disposition::DeferUntil(_)
                | Disposition::DeferFor(_)
                | Disposition::Quarantine(_)
                | Disposition::Drop => None,
            };
        }
        Some(())
    }

    /// An expression in which nothing is bound.
    fn root(&mut self, expr: &Expr) -> Option<NodeId> {
        self.level = 0;
        self.depth = 0;
        self.expr(expr)
    }

    fn text(&mut self, text: &TextTemplate) -> Option<Box<[TextPiece]>> {
        text.parts
            .iter()
            .map(|part| match part {
                TemplatePart::Text(text) => Some(TextPiece::Text(text.clone())),
                TemplatePart::Value(expr) => self.expr(expr).map(TextPiece::Value),
            })
            .collect()
    }

    fn expr(&mut self, expr: &Expr) -> Option<NodeId> {
        if self.depth >= HEIGHT {
            self.problem = Some(Problem::Deep);
            return None;
        }
        self.depth += 1;
        let node = self.kind(expr);
        self.depth -= 1;
        node
    }

    fn kind(&mut self, expr: &Expr) -> Option<NodeId> {
        match &expr.kind {
            ExprKind::Literal(literal) => self.intern(Node::Constant(literal.clone())),
            ExprKind::Fact(fact) => self.intern(Node::Fact(*fact)),
            ExprKind::Variable(variable) => self.variables.get(variable).copied(),
            ExprKind::Criterion { criterion, argument } => self.criterion(*criterion, argument.as_deref()),
            ExprKind::Quantified { quantifier, over, variable, condition } => {
                let over_node = self.expr(over)?;
                let level = self.level;
                if level >= LEVELS {
                    self.problem = Some(Problem::Deep);
                    return None;
                }
                let kind = element_noun(over);
                let bound = self.intern(Node::Variable { level, kind })?;
                let outer = self.variables.insert(*variable, bound);
                self.level = level + 1;
                let condition = self.expr(condition);
                self.level = level;
                self.restore(*variable, outer);
                self.intern(Node::Quantified {
                    quantifier: *quantifier,
                    over: over_node,
                    level,
                    condition: condition?,
                })
            }
            ExprKind::And(inner) => self.junction(inner, true),
            ExprKind::Or(inner) => self.junction(inner, false),
            ExprKind::Not(inner) => {
                let inner = self.expr(inner)?;
                match self.node(inner).cloned() {
                    Some(Node::Not(twice)) => Some(twice),
                    _ => self.intern(Node::Not(inner)),
                }
            }
            _ => self.plain(expr),
        }
    }

    /// What has nothing special about its lowering.
    fn plain(&mut self, expr: &Expr) -> Option<NodeId> {
        let node = match &expr.kind {
            ExprKind::Field { owner, field } => Node::Field { owner: self.expr(owner)?, field: *field },
            ExprKind::Header { name, occurrence } => {
                Node::Header { name: self.text(name)?, occurrence: *occurrence }
            }
            ExprKind::Call { function, arguments } => Node::Call {
                function: *function,
                arguments: arguments.iter().map(|argument| self.expr(argument)).collect::<Option<_>>()?,
            },
            ExprKind::Count { every, matcher, subject } => {
                Node::Count { every: *every, sought: self.sought(matcher)?, subject: self.expr(subject)? }
            }
            ExprKind::Score { dictionary, subject, at_most } => {
                self.entries_of(*dictionary)?;
                Node::Score { dictionary: *dictionary, subject: self.expr(subject)?, at_most: *at_most }
            }
            ExprKind::Rate { key, seconds } => Node::Rate { key: self.expr(key)?, seconds: *seconds },
            ExprKind::Default { value, default } => {
                Node::Default { value: self.expr(value)?, default: self.expr(default)? }
            }
            ExprKind::Compare { operator, left, right } => {
                Node::Compare { operator: *operator, left: self.expr(left)?, right: self.expr(right)? }
            }
            ExprKind::In { item, set } => Node::In { item: self.expr(item)?, set: self.set(set)? },
            ExprKind::InService { item, service, query } => {
                Node::InService { item: self.expr(item)?, service: *service, query: query.clone() }
            }
            ExprKind::Match { subject, matcher } => {
                Node::Match { subject: self.expr(subject)?, sought: self.sought(matcher)? }
            }
            ExprKind::IsValue { subject, enumeration, value } => {
                Node::IsValue { subject: self.expr(subject)?, enumeration: *enumeration, value: *value }
            }
            ExprKind::IsAny { subject } => Node::IsAny(self.expr(subject)?),
            ExprKind::IsAbsent(subject) => Node::IsAbsent(self.expr(subject)?),
            ExprKind::LooksLike { subject, directory } => {
                Node::LooksLike { subject: self.expr(subject)?, directory: *directory }
            }
            // The others are lowered by `kind`, which calls this for the rest alone.
            _ => return None,
        };
        self.intern(node)
    }

    fn junction(&mut self, inner: &[Expr], all: bool) -> Option<NodeId> {
        let mut nodes = Vec::with_capacity(inner.len());
        for expr in inner {
            let node = self.expr(expr)?;
            match self.node(node) {
                Some(Node::And(same)) if all => nodes.extend_from_slice(same),
                Some(Node::Or(same)) if !all => nodes.extend_from_slice(same),
                _ => nodes.push(node),
            }
        }
        nodes.sort_by_key(|&node| (self.graph().properties(node).cost, node));
        nodes.dedup();
        match *nodes {
            [one] => Some(one),
            _ if all => self.intern(Node::And(nodes.into())),
            _ => self.intern(Node::Or(nodes.into())),
        }
    }

    fn criterion(&mut self, id: CriterionId, argument: Option<&Expr>) -> Option<NodeId> {
        let argument = match argument {
            Some(argument) => Some(self.expr(argument)?),
            None => None,
        };
        let key = (id, argument, self.level);
        if let Some(&node) = self.criteria.get(&key) {
            return Some(node);
        }
        let hir = self.hir;
        let criterion = hir.criteria.get(id.index())?;
        let node = match (&criterion.parameter, argument) {
            (Some((variable, _)), Some(argument)) => {
                let outer = self.variables.insert(*variable, argument);
                let node = self.expr(&criterion.body);
                self.restore(*variable, outer);
                node?
            }
            _ => self.expr(&criterion.body)?,
        };
        self.criteria.insert(key, node);
        Some(node)
    }

    fn restore(&mut self, variable: VariableId, outer: Option<NodeId>) {
        match outer {
            Some(node) => self.variables.insert(variable, node),
            None => self.variables.remove(&variable),
        };
    }

    fn set(&mut self, set: &Set) -> Option<Membership> {
        Some(match set {
            Set::Site => Membership::Site,
            Set::Directory(directory) => Membership::Directory(*directory),
            Set::Addresses { addresses, domains } => {
                Membership::Addresses(AddressSet::new(addresses, domains))
            }
            Set::Networks(networks) => Membership::Networks(networks.clone()),
            Set::List(list) => Membership::List(*list),
            Set::Calendar(calendar) => Membership::Calendar(*calendar),
            Set::Values(values) => Membership::Values(values.clone()),
            Set::Many(expr) => Membership::Many(self.expr(expr)?),
        })
    }

    fn sought(&mut self, matcher: &Matcher) -> Option<Sought> {
        Some(match matcher {
            Matcher::Pattern(pattern) => Sought::Patterns(Box::new([self.pattern(pattern)?])),
            Matcher::AnyOf(patterns) => {
                let ids = patterns.iter().map(|pattern| self.pattern(pattern));
                let mut ids = ids.collect::<Option<Vec<PatternId>>>()?;
                // Which stands first makes no difference, nor does one that stands there twice.
                ids.sort_unstable();
                ids.dedup();
                Sought::Patterns(ids.into())
            }
            Matcher::Dictionary(dictionary) => {
                self.entries_of(*dictionary)?;
                Sought::Dictionary(*dictionary)
            }
            Matcher::Detector(detector) => Sought::Detector(*detector),
            Matcher::List(list) => {
                self.search_list(*list);
                Sought::List(*list)
            }
        })
    }

    /// The texts of a list become patterns where text is searched for it: most lists are only looked up.
    fn search_list(&mut self, list: ListId) {
        let Store::Build(_, patterns) = &mut self.store else { return };
        if !self.searched_lists.insert(list) {
            return;
        }
        if let Some(list) = self.hir.lists.get(list.index()) {
            list_patterns(&list.entries).for_each(|pattern| {
                patterns.intern(&pattern);
            });
        }
    }

    /// Takes in the entries of a dictionary that is searched; of others none is.
    fn entries_of(&mut self, dictionary: DictionaryId) -> Option<()> {
        if self.builds() && self.dictionaries.insert(dictionary) {
            let hir = self.hir;
            for entry in hir.dictionaries.get(dictionary.index()).iter().flat_map(|one| &one.entries) {
                self.pattern(&entry.pattern)?;
            }
        }
        Some(())
    }

    fn pattern(&mut self, pattern: &Pattern) -> Option<PatternId> {
        match &mut self.store {
            Store::Build(_, patterns) => Some(patterns.intern(pattern)),
            Store::Find(_, patterns) => patterns.find(pattern),
        }
    }

    fn builds(&self) -> bool {
        matches!(self.store, Store::Build(..))
    }

    fn graph(&self) -> &Graph {
        match &self.store {
            Store::Build(graph, _) => graph,
            Store::Find(graph, _) => graph,
        }
    }

    fn node(&self, id: NodeId) -> Option<&Node> {
        Some(self.graph().node(id))
    }

    fn intern(&mut self, node: Node) -> Option<NodeId> {
        let hir = self.hir;
        match &mut self.store {
            Store::Build(graph, patterns) => {
                if graph.len() >= NODES {
                    self.problem = Some(Problem::Large);
                    return None;
                }
                let id = graph.intern(node, &|sought| is_dear(sought, hir, patterns));
                if graph.properties(id).height > HEIGHT {
                    self.problem = Some(Problem::Deep);
                    return None;
                }
                Some(id)
            }
            Store::Find(graph, _) => graph.find(&node),
        }
    }
}

/// Whether a search runs patterns one by one.
fn is_dear(sought: &Sought, hir: &Hir, patterns: &PatternTable) -> bool {
    let single = |pattern: &Pattern| matches!(pattern, Pattern::Regex { .. } | Pattern::Glob { .. });
    match sought {
        Sought::Patterns(ids) => ids.iter().filter_map(|&id| patterns.get(id)).any(single),
        Sought::Dictionary(dictionary) => hir
            .dictionaries
            .get(dictionary.index())
            .is_some_and(|dictionary| dictionary.entries.iter().any(|entry| single(&entry.pattern))),
        Sought::List(ListId(_)) => false,
        Sought::Detector(_) => true,
    }
}

fn element_noun(over: &Expr) -> Noun {
    match &over.ty {
        crate::language::schema::types::Type::Many(element) => Noun::of(element),
        other => Noun::of(other),
    }
}
