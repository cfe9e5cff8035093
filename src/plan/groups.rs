//! Questions that are answered together because they ask the same thing of one subject.
//!
//! The subject is computed once. Then one pass finds every question that does not fail: the text is scanned once for the
//! patterns of all questions, a number is placed once among all thresholds, a value is looked up once in the tables of
//! all constants and sets. So a thousand questions about the sender cost little more than one. A question belongs to at
//! most one group; questions of other kinds are asked one by one. Every answer is the one that the interpreter gives.
//! Memory: some tens of bytes for each constant, eight for each pattern of each question.

use super::cells::CellId;
use super::ir::{Graph, Membership, Node, NodeId, Sought};
use super::patterns::PatternId;
use crate::base::address::{Address, DomainPattern};
use crate::language::hir::{CompareOperator, DirectoryId, Literal};
use crate::message::surface::fold;
use rustc_hash::FxHashMap;
use std::net::IpAddr;
use std::sync::Arc;

/// What the questions of a group ask of their subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Where a number lies.
    Number,
    /// Which constants or sets have it.
    Value,
    /// Which patterns occur.
    Search,
}

/// A group by what it asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// The subject.
    pub subject: NodeId,
    /// What is asked of it.
    pub kind: Kind,
}

/// The group a question belongs to; `None` where it is asked on its own. Homes that a directory service decides are
/// asked one by one, so that nobody is asked in vain; so is what the one scan of a text does not tell.
pub fn key(
    graph: &Graph,
    node: NodeId,
    homes_are_local: bool,
    is_scanned: &dyn Fn(&Sought) -> bool,
) -> Option<Key> {
    let (subject, kind) = match graph.node(node) {
        Node::Match { subject, sought } if is_scanned(sought) => (*subject, Kind::Search),
        Node::Compare { operator, left, right } => match graph.node(*right) {
            Node::Constant(literal) if number(literal).is_some() => (*left, Kind::Number),
            Node::Constant(Literal::Text(_) | Literal::Address(_) | Literal::Domain(_))
                if *operator == CompareOperator::Equal =>
            {
                (*left, Kind::Value)
            }
            _ => return None,
        },
        Node::IsValue { subject, .. } => (*subject, Kind::Value),
        Node::In { item, set } => match set {
            Membership::Addresses(_) | Membership::Networks(_) => (*item, Kind::Value),
            Membership::Directory(_) if homes_are_local => (*item, Kind::Value),
            _ => return None,
        },
        _ => return None,
    };
    Some(Key { subject, kind })
}

/// The number that a constant compares as.
fn number(literal: &Literal) -> Option<i64> {
    match literal {
        Literal::Number(number) | Literal::Duration(number) => Some(*number),
        Literal::Size(bytes) => Some(i64::try_from(*bytes).unwrap_or(i64::MAX)),
        Literal::Enum(_, position) => Some(i64::from(*position)),
        _ => None,
    }
}

/// A group with the cells of its questions, which are numbered without gaps.
#[derive(Debug)]
pub struct Group {
    /// What it asks.
    pub key: Key,
    /// Its first cell.
    pub first: CellId,
    /// How many cells it has.
    pub count: u32,
    /// The questions, in the order of their cells.
    pub nodes: Box<[NodeId]>,
    /// How they are answered together.
    pub tables: Tables,
}

/// How the questions of a group are answered.
#[derive(Debug)]
pub enum Tables {
    /// See [`Kind::Number`].
    Numbers(Thresholds),
    /// See [`Kind::Value`].
    Values(Box<Values>),
    /// See [`Kind::Search`].
    Search(SoughtPatterns),
}

/// Patterns that are searched in one text.
#[derive(Debug)]
pub struct SoughtPatterns {
    /// Each once, in order.
    pub patterns: Box<[PatternId]>,
    /// Who asks for a pattern, in the order of patterns.
    pub cells: Box<[(PatternId, CellId)]>,
}

impl Group {
    /// A group of questions in the order that [`sorted`] gave them. `entries` gives the patterns of what is sought.
    pub fn new(
        graph: &Graph,
        key: Key,
        first: CellId,
        nodes: Vec<NodeId>,
        entries: &dyn Fn(&Sought) -> Vec<PatternId>,
    ) -> Group {
        let count = u32::try_from(nodes.len()).unwrap_or(u32::MAX);
        let cells = || (first.0..).map(CellId).zip(nodes.iter().copied());
        let tables = match key.kind {
            Kind::Number => Tables::Numbers(Thresholds::new(graph, cells())),
            Kind::Value => Tables::Values(Box::new(Values::new(graph, cells()))),
            Kind::Search => {
                let mut pairs: Vec<(PatternId, CellId)> = Vec::new();
                for (cell, node) in cells() {
                    if let Node::Match { sought, .. } = graph.node(node) {
                        pairs.extend(entries(sought).into_iter().map(|pattern| (pattern, cell)));
                    }
                }
                pairs.sort_unstable();
                pairs.dedup();
                let mut patterns: Vec<PatternId> = pairs.iter().map(|(pattern, _)| *pattern).collect();
                patterns.dedup();
                Tables::Search(SoughtPatterns { patterns: patterns.into(), cells: pairs.into() })
            }
        };
        Group { key, first, count, nodes: nodes.into(), tables }
    }

    /// One past its last cell.
    pub fn end(&self) -> u32 {
        self.first.0 + self.count
    }

    /// Thresholds, constants and entries of sets, or patterns.
    pub fn entries(&self) -> usize {
        match &self.tables {
            Tables::Numbers(thresholds) => thresholds.all.len(),
            Tables::Values(values) => values.len(),
            Tables::Search(sought) => sought.patterns.len(),
        }
    }

    /// Bytes of its tables, about.
    pub fn memory(&self) -> usize {
        self.nodes.len() * size_of::<NodeId>()
            + match &self.tables {
                Tables::Numbers(thresholds) => thresholds.all.len() * size_of::<Threshold>(),
                Tables::Values(values) => values.memory(),
                Tables::Search(sought) => {
                    sought.patterns.len() * size_of::<PatternId>()
                        + sought.cells.len() * size_of::<(PatternId, CellId)>()
                }
            }
    }
}

/// Puts the questions of a group in the order in which their cells are numbered.
pub fn sorted(graph: &Graph, key: Key, nodes: &mut [NodeId]) {
    if key.kind == Kind::Number {
        nodes.sort_by_key(|&node| {
            (threshold_of(graph, node).map(|(operator, at)| (operator as u8, at)), node)
        });
    } else {
        nodes.sort_unstable();
    }
}

fn threshold_of(graph: &Graph, node: NodeId) -> Option<(CompareOperator, i64)> {
    let Node::Compare { operator, right, .. } = graph.node(node) else { return None };
    let Node::Constant(literal) = graph.node(*right) else { return None };
    Some((*operator, number(literal)?))
}

#[derive(Debug, Clone, Copy)]
struct Threshold {
    operator: CompareOperator,
    at: i64,
    cell: CellId,
}

/// Thresholds, by operator and then by number; each operator's cells follow each other.
#[derive(Debug)]
pub struct Thresholds {
    all: Box<[Threshold]>,
    runs: Vec<std::ops::Range<usize>>,
}

impl Thresholds {
    fn new(graph: &Graph, cells: impl Iterator<Item = (CellId, NodeId)>) -> Thresholds {
        let all: Box<[Threshold]> = cells
            .filter_map(|(cell, node)| {
                threshold_of(graph, node).map(|(operator, at)| Threshold { operator, at, cell })
            })
            .collect();
        let mut runs = Vec::new();
        let mut start = 0;
        for run in all.chunk_by(|left, right| left.operator == right.operator) {
            runs.push(start..start + run.len());
            start += run.len();
        }
        Thresholds { all, runs }
    }

    /// Gives the ranges of cells of comparisons that a number satisfies.
    pub fn satisfied(&self, value: i64, mut give: impl FnMut(u32, u32)) {
        for run in &self.runs {
            let Some(run) = self.all.get(run.clone()) else { continue };
            let Some(first) = run.first() else { continue };
            let below = run.partition_point(|threshold| threshold.at < value);
            let up_to = run.partition_point(|threshold| threshold.at <= value);
            let mut part = |from: usize, to: usize| {
                let at = |offset: usize| first.cell.0 + u32::try_from(offset).unwrap_or(u32::MAX);
                if from < to {
                    give(at(from), at(to));
                }
            };
            match first.operator {
                CompareOperator::Less => part(up_to, run.len()),
                CompareOperator::LessOrEqual => part(below, run.len()),
                CompareOperator::Greater => part(0, below),
                CompareOperator::GreaterOrEqual => part(0, up_to),
                CompareOperator::Equal => part(below, up_to),
                CompareOperator::NotEqual => {
                    part(0, below);
                    part(up_to, run.len());
                }
            }
        }
    }
}

/// The keys are the set's own, so nobody outside chooses what collides.
type Table<K> = FxHashMap<K, Vec<CellId>>;

/// Constants and sets that a value is looked up in.
#[derive(Debug, Default)]
pub struct Values {
    /// `== "text"`, folded.
    pub texts: Table<String>,
    /// `== "text"` where the text is an address, `== anna@acme.example`
    pub addresses: Table<Address>,
    /// `== anna@acme.example`, for texts that are one.
    pub addresses_of_texts: Table<Address>,
    /// `== @acme.example`
    pub domains: Domains,
    /// `is high`, by position.
    pub enumerated: Vec<(u16, CellId)>,
    /// `in anna@acme.example, @acme.example`
    pub member_addresses: Table<Address>,
    /// The same, domains.
    pub member_domains: Domains,
    /// `in 10.0.0.0/8`
    pub networks: Networks,
    /// `in partners`
    pub directories: Table<DirectoryId>,
}

impl Values {
    fn new(graph: &Graph, cells: impl Iterator<Item = (CellId, NodeId)>) -> Values {
        let mut values = Values::default();
        for (cell, node) in cells {
            match graph.node(node) {
                Node::Compare { right, .. } => {
                    if let Node::Constant(literal) = graph.node(*right) {
                        values.equals(literal, cell);
                    }
                }
                Node::IsValue { value, .. } => values.enumerated.push((*value, cell)),
                Node::In { set, .. } => values.is_in(set, cell),
                _ => {}
            }
        }
        values
    }

    fn equals(&mut self, literal: &Literal, cell: CellId) {
        match literal {
            Literal::Text(text) => {
                self.texts.entry(fold(text)).or_default().push(cell);
                if let Some(address) = Address::parse(text) {
                    self.addresses.entry(address).or_default().push(cell);
                }
            }
            Literal::Address(address) => {
                self.addresses.entry(address.clone()).or_default().push(cell);
                self.addresses_of_texts.entry(address.clone()).or_default().push(cell);
            }
            Literal::Domain(pattern) => self.domains.add(pattern, cell),
            _ => {}
        }
    }

    fn is_in(&mut self, set: &Membership, cell: CellId) {
        match set {
            Membership::Addresses(set) => {
                for address in &set.addresses {
                    self.member_addresses.entry(address.clone()).or_default().push(cell);
                }
                for pattern in &set.domains {
                    self.member_domains.add(pattern, cell);
                }
            }
            Membership::Networks(networks) => {
                for network in networks {
                    self.networks.add(*network, cell);
                }
            }
            Membership::Directory(directory) => self.directories.entry(*directory).or_default().push(cell),
            _ => {}
        }
    }

    fn memory(&self) -> usize {
        let entry = size_of::<(Address, Vec<CellId>)>() + size_of::<CellId>();
        (self.len() + self.addresses_of_texts.len()) * entry
    }

    fn len(&self) -> usize {
        self.texts.len()
            + self.addresses.len()
            + self.member_addresses.len()
            + self.directories.len()
            + self.domains.len()
            + self.member_domains.len()
            + self.networks.len()
            + self.enumerated.len()
    }
}

/// Domains, and domains whose subdomains are meant.
#[derive(Debug, Default)]
pub struct Domains {
    exact: Table<Arc<str>>,
    below: Table<Arc<str>>,
}

impl Domains {
    fn add(&mut self, pattern: &DomainPattern, cell: CellId) {
        let table = if pattern.subdomains { &mut self.below } else { &mut self.exact };
        table.entry(pattern.domain.clone()).or_default().push(cell);
    }

    fn len(&self) -> usize {
        self.exact.len() + self.below.len()
    }

    /// Whether no domain is looked for.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Gives the cells of every pattern that a domain (lower case, IDNA ASCII form) matches.
    pub fn matching(&self, domain: &str, give: &mut impl FnMut(CellId)) {
        self.exact.get(domain).into_iter().flatten().for_each(|&cell| give(cell));
        if self.below.is_empty() {
            return;
        }
        // What is below a domain has at least one character before the dot.
        for (at, _) in domain.match_indices('.').filter(|&(at, _)| at > 0) {
            let parent = domain.get(at + 1..).unwrap_or_default();
            self.below.get(parent).into_iter().flatten().for_each(|&cell| give(cell));
        }
    }
}

/// Networks by length of prefix.
#[derive(Debug, Default)]
pub struct Networks {
    by_length: Vec<(u8, bool, Table<IpAddr>)>,
}

impl Networks {
    fn add(&mut self, network: ipnet::IpNet, cell: CellId) {
        let (length, is_v6) = (network.prefix_len(), network.addr().is_ipv6());
        let known = self.by_length.iter().position(|(known, v6, _)| (*known, *v6) == (length, is_v6));
        let at = known.unwrap_or_else(|| {
            self.by_length.push((length, is_v6, Table::default()));
            self.by_length.len() - 1
        });
        if let Some((_, _, table)) = self.by_length.get_mut(at) {
            table.entry(network.network()).or_default().push(cell);
        }
    }

    fn len(&self) -> usize {
        self.by_length.iter().map(|(_, _, table)| table.len()).sum()
    }

    /// Gives the cells of every network that an address is in.
    pub fn matching(&self, ip: IpAddr, give: &mut impl FnMut(CellId)) {
        let ip = ip.to_canonical();
        for (length, is_v6, table) in &self.by_length {
            if *is_v6 != ip.is_ipv6() {
                continue;
            }
            let Ok(network) = ipnet::IpNet::new(ip, *length) else { continue };
            table.get(&network.network()).into_iter().flatten().for_each(|&cell| give(cell));
        }
    }
}
