//! The graph of questions of a policy set.
//!
//! Nodes are hash-consed: equal questions of any two policies are one node, so a memo by node asks each once a message.
//! They keep their typed meaning (a range, a set, a pattern, a calendar) for whoever reasons about them. Children stand
//! before their parents. What a quantifier binds is named by its level, counted from the outermost, so that equal
//! conditions are one node too. `and` and `or` are flat, without doubles, the cheapest question first.

use super::lists::AddressSet;
use super::patterns::PatternId;
use super::truth::{CauseKind, CauseSet};
use crate::language::hir::{
    CalendarId, CompareOperator, DetectorId, DictionaryId, DirectoryId, ListId, Literal, Occurrence,
    Quantifier, Service,
};
use crate::language::schema::facts::{Fact, Field, Function, Stage};
use crate::language::schema::types::{Enumeration, Type};
use std::collections::HashMap;
use std::sync::Arc;

/// A node, by position in its [`Graph`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub u32);

impl NodeId {
    /// The position.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// What is searched for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Sought {
    /// Any of these patterns, sorted.
    Patterns(Box<[PatternId]>),
    /// Any entry.
    Dictionary(DictionaryId),
    /// Any text of the list.
    List(ListId),
    /// What it detects.
    Detector(DetectorId),
}

/// A set that something can be in.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Membership {
    /// The site's domains, or of a client its networks.
    Site,
    /// Who has a home in it or below it.
    Directory(DirectoryId),
    /// Addresses and domains.
    Addresses(AddressSet),
    /// Networks.
    Networks(Vec<ipnet::IpNet>),
    /// A list.
    List(ListId),
    /// A calendar's open hours.
    Calendar(CalendarId),
    /// Constants, compared like `==`.
    Values(Vec<Literal>),
    /// Values of the message.
    Many(NodeId),
}

/// A piece of a text.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum TextPiece {
    /// As is.
    Text(Arc<str>),
    /// A value.
    Value(NodeId),
}

/// A question.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the line above each variant shows its fields in use")]
pub enum Node {
    /// A constant.
    Constant(Literal),
    /// A fact.
    Fact(Fact),
    /// A field of a value, or of each of several.
    Field { owner: NodeId, field: Field },
    /// What the quantifier of that level binds.
    Variable { level: u16, kind: Noun },
    /// The values of the header fields of a name, of all or of one.
    Header { name: Box<[TextPiece]>, occurrence: Occurrence },
    /// A function.
    Call { function: Function, arguments: Box<[NodeId]> },
    /// How often, or how many different.
    Count { every: bool, sought: Sought, subject: NodeId },
    /// The weights of what is found.
    Score { dictionary: DictionaryId, subject: NodeId, at_most: Option<u32> },
    /// How many messages of that key came in so many seconds.
    Rate { key: NodeId, seconds: i64 },
    /// The default where the value is absent.
    Default { value: NodeId, default: NodeId },
    /// Negation.
    Not(NodeId),
    /// All hold.
    And(Box<[NodeId]>),
    /// One holds.
    Or(Box<[NodeId]>),
    /// A comparison.
    Compare { operator: CompareOperator, left: NodeId, right: NodeId },
    /// Membership.
    In { item: NodeId, set: Membership },
    /// Membership that the outside knows.
    InService { item: NodeId, service: Service, query: Arc<str> },
    /// Text is searched.
    Match { subject: NodeId, sought: Sought },
    /// A value of an enumeration.
    IsValue { subject: NodeId, enumeration: Enumeration, value: u16 },
    /// A set of values is not empty.
    IsAny(NodeId),
    /// There is none.
    IsAbsent(NodeId),
    /// A forged sender.
    LooksLike { subject: NodeId, directory: DirectoryId },
    /// A quantifier; the condition speaks of the variable of that level.
    Quantified { quantifier: Quantifier, over: NodeId, level: u16, condition: NodeId },
}

/// What a bound variable is called in records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Noun {
    Attachment,
    Part,
    Link,
    Address,
    Mailbox,
    Value,
}

impl Noun {
    /// The noun of a type.
    pub fn of(kind: &Type) -> Noun {
        match kind.present() {
            Type::Attachment => Noun::Attachment,
            Type::Part => Noun::Part,
            Type::Link => Noun::Link,
            Type::Address => Noun::Address,
            Type::Mailbox => Noun::Mailbox,
            _ => Noun::Value,
        }
    }

    /// The word.
    pub fn name(self) -> &'static str {
        match self {
            Noun::Attachment => "attachment",
            Noun::Part => "part",
            Noun::Link => "link",
            Noun::Address => "address",
            Noun::Mailbox => "mailbox",
            Noun::Value => "value",
        }
    }
}

/// How dear a question is to ask; the cheap ones come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Cost {
    /// Envelope, session, constants.
    Envelope,
    /// Header fields.
    Headers,
    /// The tree of parts and attachments.
    Structure,
    /// All text is decoded and scanned.
    Text,
    /// A regex or a detector runs over text.
    Pattern,
    /// The outside is asked.
    Lookup,
}

/// What is known of a node before any message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Properties {
    /// From which stage on it can be decided.
    pub stage: Stage,
    /// Whether it differs between recipients.
    pub per_recipient: bool,
    /// Whether it asks for all recipients of the envelope, who are known when the last of them is.
    pub all_recipients: bool,
    /// Whether it speaks of the policy that acts; only in templates.
    pub per_policy: bool,
    /// The levels of variables that are free in it, one bit each.
    pub free: u64,
    /// How dear it is.
    pub cost: Cost,
    /// Nodes on the longest way down.
    pub height: u16,
    /// Causes of unread content that it asks for where it is true, and where it is false.
    pub tests: (CauseSet, CauseSet),
    /// The levels of variables (one bit each) of which it says that they look like a directory: where it is true, and
    /// where it is false.
    pub likens: (u64, u64),
}

impl Properties {
    /// Whether one answer holds for the whole message.
    pub fn is_per_message(&self) -> bool {
        self.free == 0 && !self.per_recipient && !self.per_policy
    }
}

/// Levels of quantifiers inside each other.
pub const LEVELS: u16 = 60;

/// Every question of a set.
#[derive(Debug, Default)]
pub struct Graph {
    nodes: Vec<Node>,
    properties: Vec<Properties>,
    known: HashMap<Node, NodeId>,
}

impl Graph {
    /// The node of a number. Numbers come from this graph alone, so there always is one.
    pub fn node(&self, id: NodeId) -> &Node {
        static NOTHING: Node = Node::Constant(Literal::Bool(false));
        self.nodes.get(id.index()).unwrap_or(&NOTHING)
    }

    /// What is known of a node.
    pub fn properties(&self, id: NodeId) -> Properties {
        self.properties.get(id.index()).copied().unwrap_or(LEAF)
    }

    /// How many nodes there are.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The number of a node that is known.
    pub fn find(&self, node: &Node) -> Option<NodeId> {
        self.known.get(node).copied()
    }

    /// The number of a node, a new one where it is not known yet. `patterns` says whether a pattern runs on its own.
    pub(super) fn intern(&mut self, node: Node, is_dear: &dyn Fn(&Sought) -> bool) -> NodeId {
        if let Some(id) = self.find(&node) {
            return id;
        }
        let id = NodeId(u32::try_from(self.nodes.len()).unwrap_or(u32::MAX));
        let properties = self.derive(&node, is_dear);
        self.known.insert(node.clone(), id);
        self.nodes.push(node);
        self.properties.push(properties);
        id
    }

    fn derive(&self, node: &Node, is_dear: &dyn Fn(&Sought) -> bool) -> Properties {
        let mut sum = LEAF;
        for child in children(node) {
            let child = self.properties(child);
            sum.stage = sum.stage.max(child.stage);
            sum.per_recipient |= child.per_recipient;
            sum.all_recipients |= child.all_recipients;
            sum.per_policy |= child.per_policy;
            sum.free |= child.free;
            sum.cost = sum.cost.max(child.cost);
            sum.height = sum.height.max(child.height.saturating_add(1));
        }
        match node {
            Node::Fact(fact) => {
                let declaration = fact.declaration();
                sum.stage = declaration.stage;
                sum.per_recipient = declaration.per_recipient;
                sum.all_recipients = *fact == Fact::Recipients;
                sum.cost = fact_cost(*fact);
                sum.per_policy = matches!(
                    fact,
                    Fact::PolicyName | Fact::PolicyBecause | Fact::PolicyDirectory | Fact::PolicyMatches
                );
            }
            Node::Variable { level, .. } => sum.free = 1 << level,
            Node::Quantified { level, .. } => {
                // The level is bound here; what is iterated over stands outside and cannot speak of it.
                sum.free &= !(1 << level);
            }
            Node::Field { field: Field::AttachmentText | Field::PartText, .. } => {
                sum.cost = sum.cost.max(Cost::Text)
            }
            Node::Header { .. } | Node::Call { function: Function::HeaderCount, .. } => {
                sum.stage = sum.stage.max(Stage::Headers);
                sum.cost = sum.cost.max(Cost::Headers);
            }
            Node::Count { sought, .. } | Node::Match { sought, .. } if is_dear(sought) => {
                sum.cost = sum.cost.max(Cost::Pattern);
            }
            Node::Score { .. } => sum.cost = sum.cost.max(Cost::Pattern),
            Node::Rate { .. } | Node::InService { .. } | Node::Call { function: Function::Attribute, .. } => {
                sum.cost = Cost::Lookup;
            }
            _ => {}
        }
        sum.tests = self.tests(node);
        sum.likens = self.likens(node);
        sum
    }

    /// The variables that cannot but look like a directory where a node is true, and where it is false.
    fn likens(&self, node: &Node) -> (u64, u64) {
        let of = |node: &NodeId| self.properties(*node).likens;
        let some = |bits: &[NodeId], of: &dyn Fn(&NodeId) -> u64| bits.iter().map(of).fold(0, |a, b| a | b);
        let all =
            |bits: &[NodeId], of: &dyn Fn(&NodeId) -> u64| bits.iter().map(of).fold(u64::MAX, |a, b| a & b);
        match node {
            Node::LooksLike { subject, .. } => {
                let subject = match self.node(*subject) {
                    Node::Field { owner, .. } => self.node(*owner),
                    other => other,
                };
                match subject {
                    Node::Variable { level, .. } => (1 << level, 0),
                    _ => (0, 0),
                }
            }
            Node::Not(inner) => {
                let (holds, fails) = of(inner);
                (fails, holds)
            }
            Node::And(inner) => (some(inner, &|node| of(node).0), all(inner, &|node| of(node).1)),
            Node::Or(inner) => (all(inner, &|node| of(node).0), some(inner, &|node| of(node).1)),
            _ => (0, 0),
        }
    }

    /// The causes a node asks for where it is true, and where it is false.
    fn tests(&self, node: &Node) -> (CauseSet, CauseSet) {
        let is_cause = |subject: NodeId| {
            matches!(
                self.node(subject),
                Node::Fact(Fact::MessageUnscannable)
                    | Node::Field { field: Field::AttachmentUnscannable, .. }
            )
        };
        match node {
            Node::IsAny(subject) if is_cause(*subject) => (CauseSet::ALL, CauseSet::NONE),
            Node::Fact(Fact::MessageUnscannable) => (CauseSet::ALL, CauseSet::NONE),
            Node::IsValue { subject, enumeration: Enumeration::Cause, value } if is_cause(*subject) => {
                (cause_of(*value).map_or(CauseSet::NONE, CauseSet::of), CauseSet::NONE)
            }
            Node::Fact(Fact::MessageEncrypted) | Node::Field { field: Field::AttachmentEncrypted, .. } => {
                (CauseSet::of(CauseKind::Encrypted), CauseSet::NONE)
            }
            Node::Not(inner) => {
                let (holds, fails) = self.properties(*inner).tests;
                (fails, holds)
            }
            Node::Quantified { quantifier: Quantifier::No, condition, .. } => {
                let (holds, fails) = self.properties(*condition).tests;
                (fails, holds)
            }
            _ => children(node).into_iter().fold((CauseSet::NONE, CauseSet::NONE), |sum, child| {
                let (holds, fails) = self.properties(child).tests;
                (sum.0.union(holds), sum.1.union(fails))
            }),
        }
    }
}

/// The kind of cause that a value of `Enumeration::Cause` names.
pub fn cause_of(value: u16) -> Option<CauseKind> {
    let name = Enumeration::Cause.values().get(usize::from(value))?;
    CauseKind::ALL.into_iter().find(|kind| kind.name() == *name)
}

const LEAF: Properties = Properties {
    stage: Stage::Connection,
    per_recipient: false,
    all_recipients: false,
    per_policy: false,
    free: 0,
    cost: Cost::Envelope,
    height: 1,
    tests: (CauseSet::NONE, CauseSet::NONE),
    likens: (0, 0),
};

fn fact_cost(fact: Fact) -> Cost {
    match fact {
        Fact::VirusFound | Fact::VirusName | Fact::Spf | Fact::Dkim | Fact::Dmarc | Fact::Signature => {
            Cost::Lookup
        }
        Fact::Body | Fact::BodyHtml | Fact::Text | Fact::Parts | Fact::Links | Fact::MessageLanguage => {
            Cost::Text
        }
        Fact::MessageMalformed | Fact::MessageUnscannable => Cost::Text,
        Fact::MessageSize => Cost::Envelope,
        _ => match fact.declaration().stage {
            Stage::Connection | Stage::Envelope => Cost::Envelope,
            Stage::Headers => Cost::Headers,
            Stage::Content => Cost::Structure,
        },
    }
}

/// The nodes a node asks.
pub fn children(node: &Node) -> Vec<NodeId> {
    match node {
        Node::Constant(_) | Node::Fact(_) | Node::Variable { .. } => Vec::new(),
        Node::Field { owner, .. } => vec![*owner],
        Node::Header { name, .. } => pieces(name),
        Node::Call { arguments, .. } => arguments.to_vec(),
        Node::Count { subject, .. }
        | Node::Score { subject, .. }
        | Node::Match { subject, .. }
        | Node::IsValue { subject, .. }
        | Node::LooksLike { subject, .. } => vec![*subject],
        Node::Rate { key, .. } => vec![*key],
        Node::Default { value, default } => vec![*value, *default],
        Node::Not(inner) | Node::IsAny(inner) | Node::IsAbsent(inner) => vec![*inner],
        Node::And(inner) | Node::Or(inner) => inner.to_vec(),
        Node::Compare { left, right, .. } => vec![*left, *right],
        Node::In { item, set: Membership::Many(many) } => vec![*item, *many],
        Node::In { item, .. } | Node::InService { item, .. } => vec![*item],
        Node::Quantified { over, condition, .. } => vec![*over, *condition],
    }
}

fn pieces(text: &[TextPiece]) -> Vec<NodeId> {
    text.iter()
        .filter_map(|piece| match piece {
            TextPiece::Value(node) => Some(*node),
            TextPiece::Text(_) => None,
        })
        .collect()
}
