//! A typed policy set lowered to one graph of questions, and the reference interpreter over it.
//!
//! [`Plan::new`] lowers a set once: equal questions of all policies become one node, all literals of the set one
//! automaton. An [`Evaluator`] judges one message: what depends on the message alone is asked once, what depends on the
//! recipient once for each. Whatever the outside knows comes in with the [`Case`]; nothing here reads a clock, a network
//! or a file. Cost: a scan of each text
//! of the message that any policy asks about, plus what regexes and detectors that are reached cost; memory: the results
//! for one message. It cannot fail on a message: what could not be read makes truths unknown, with their causes.

mod answer;
pub mod calendar;
pub mod cells;
pub mod checks;
pub mod codes;
mod compute;
mod conditions;
mod describe;
pub mod detectors;
pub mod directory;
mod explain;
pub mod groups;
mod host;
pub mod interpret;
pub mod ir;
pub mod jit;
mod lists;
pub mod lookalike;
pub mod lookup;
pub mod lower;
pub mod options;
pub mod patterns;
mod plainer;
pub mod program;
pub mod reading;
pub mod search;
pub mod shape;
pub mod survey;
pub mod text;
pub mod truth;
pub mod value;
pub mod verdict;

pub use answer::CellAnswers;
pub use directory::{DirectoryIndex, Home};
pub use interpret::{Case, Evaluator, Who};
pub use lookup::{Answer, Answers, Lookups, Question};
pub use options::PlanOptions;
pub use survey::{Narrowed, PolicySet, Surveyed};
pub use text::{Escape, TextContext};
pub use truth::{Cause, CauseKind, CauseSet, Causes, Truth};
pub use verdict::{ClauseKind, ClauseResult, Criteria, Evidence, MatchEvidence, Outcome, Verdict};

use crate::base::diagnostic::{Diagnostic, Diagnostics};
use crate::base::source::Span;
use crate::base::table::{AddressTable, NetworkTable, TableSize};
use crate::language::hir::{CalendarId, DictionaryId, DirectoryId, Expr, Hir, ListId, Pattern, PolicyId};
use answer::Running;
use calendar::OpeningHours;
use detectors::CompiledDetector;
use ir::{Graph, Node, NodeId, Sought};
use jiff::tz::TimeZone;
use jit::Unavailable;
use lists::ListIndex;
use lookalike::LookalikeIndex;
use lower::{Lowered, PolicyNodes};
use patterns::{PatternId, PatternTable, Patterns, TooLarge};
use program::{Material, NoProgram, Program};
use search::{EntryTable, Tables};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use value::Value;

/// A policy set ready to judge messages. Shared by all threads that do.
#[derive(Debug)]
pub struct Plan {
    hir: Arc<Hir>,
    directories: DirectoryIndex,
    lowered: Lowered,
    patterns: Patterns,
    dictionaries: Vec<EntryTable>,
    list_patterns: Vec<EntryTable>,
    lists: Vec<ListIndex>,
    site_domains: AddressTable,
    site_networks: NetworkTable,
    detectors: Vec<CompiledDetector>,
    calendars: Vec<OpeningHours>,
    lookalikes: HashMap<DirectoryId, LookalikeIndex>,
    zone: TimeZone,
    options: PlanOptions,
    program: Result<Program, Unavailable>,
}

impl Plan {
    /// Lowers a set. A pattern or the automaton of all literals beyond its limit is a diagnostic at its place, and so are
    /// conditions that lie too deep inside each other.
    pub fn new(hir: Arc<Hir>) -> Result<Plan, Diagnostics> {
        Plan::with(hir, PlanOptions::default())
    }

    /// The same, with some of what makes it quick left out.
    pub fn with(hir: Arc<Hir>, options: PlanOptions) -> Result<Plan, Diagnostics> {
        let mut lowered = lower::lower(&hir)?;
        let mut table = std::mem::take(&mut lowered.patterns);
        table.guard(hir.detectors.iter().map(detectors::guard).collect());
        let patterns = Patterns::with(table, &options.search())
            .map_err(|(table, errors)| refuse(&hir, &table, errors))?;
        let mut diagnostics = Diagnostics::default();
        let mut detectors = Vec::with_capacity(hir.detectors.len());
        for detector in &hir.detectors {
            match CompiledDetector::new(detector) {
                Ok(compiled) => detectors.push(compiled),
                Err(reason) => diagnostics.push(
                    Diagnostic::error(
                        codes::PATTERN,
                        detector.span,
                        format!("detector `{}` cannot be compiled: {reason}", detector.name),
                    )
                    .help("write a simpler pattern, or bound its repetitions"),
                ),
            }
        }
        if !diagnostics.is_empty() {
            return Err(diagnostics);
        }
        let (dictionaries, list_patterns) =
            search::entry_tables(&hir, &lowered.searched_lists, patterns.table());
        let directories = DirectoryIndex::new(&hir.directories, Arc::clone(&hir.homes));
        let program = compile(&hir, &lowered, &patterns, &directories, options)?;
        Ok(Plan {
            lists: hir.lists.iter().map(|list| ListIndex::new(&list.entries)).collect(),
            site_domains: hir.site.domains.iter().collect(),
            site_networks: hir.site.networks.iter().collect(),
            calendars: hir.calendars.iter().map(|calendar| OpeningHours::new(calendar, &hir.site)).collect(),
            lookalikes: lookalikes(&hir, &lowered.graph, &directories),
            zone: calendar::site_zone(&hir.site),
            hir,
            directories,
            lowered,
            patterns,
            dictionaries,
            list_patterns,
            detectors,
            options,
            program,
        })
    }

    /// What it uses.
    pub fn options(&self) -> PlanOptions {
        self.options
    }

    /// The set it was made of.
    pub fn hir(&self) -> &Hir {
        &self.hir
    }

    /// Where addresses are at home.
    pub fn directory_index(&self) -> &DirectoryIndex {
        &self.directories
    }

    /// What the homes and the lists of the set take. Addresses and networks are shared with the typed set.
    pub fn lookup_size(&self) -> TableSize {
        self.lists.iter().map(ListIndex::size).fold(self.directories.size(), |sum, size| sum + size)
    }

    /// The questions of the set.
    pub fn graph(&self) -> &Graph {
        &self.lowered.graph
    }

    /// The patterns of the set.
    pub fn patterns(&self) -> &Patterns {
        &self.patterns
    }

    /// The zone of times without one.
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// The clauses of a policy as questions.
    pub fn policy_nodes(&self, policy: PolicyId) -> Option<&PolicyNodes> {
        self.lowered.policies.get(policy.index())
    }

    /// The condition of an exception as a question.
    pub fn exception_node(&self, directory: DirectoryId, index: usize) -> Option<NodeId> {
        self.lowered.exceptions.get(directory.index())?.get(index).copied()
    }

    /// An expression of the set as a question; `None` for one that no part of a decision asks.
    pub fn node_of(&self, expr: &Expr) -> Option<NodeId> {
        lower::find(&self.hir, self.lowered(), expr)
    }

    /// The hours of a calendar.
    pub fn calendar(&self, calendar: CalendarId) -> Option<&OpeningHours> {
        self.calendars.get(calendar.index())
    }

    /// Why decisions do not run as native code, where they do not and were meant to.
    pub fn no_native_code(&self) -> Option<&str> {
        self.program
            .as_ref()
            .err()
            .filter(|_| self.options.jit)
            .map(|unavailable| unavailable.reason.as_str())
    }

    fn running(&self) -> Option<Running<'_>> {
        let program = self.program.as_ref().ok()?;
        Some(Running { program, native: program.native.as_ref()? })
    }

    fn lowered(&self) -> lower::Found<'_> {
        lower::Found { graph: &self.lowered.graph, patterns: self.patterns.table() }
    }

    fn dictionary(&self, dictionary: DictionaryId) -> Option<&EntryTable> {
        self.dictionaries.get(dictionary.index())
    }

    fn lookalikes(&self, directory: DirectoryId) -> Option<&LookalikeIndex> {
        self.lookalikes.get(&directory)
    }

    fn list_contains(&self, list: ListId, value: &Value) -> bool {
        self.lists.get(list.index()).is_some_and(|index| index.contains(value))
    }

    fn tables(&self) -> Tables<'_> {
        Tables {
            hir: &self.hir,
            patterns: &self.patterns,
            dictionaries: &self.dictionaries,
            lists: &self.list_patterns,
            detectors: &self.detectors,
        }
    }
}

/// The program of a lowered set; an `Err` says why the interpreter takes its place.
fn compile(
    hir: &Hir,
    lowered: &Lowered,
    patterns: &Patterns,
    directories: &DirectoryIndex,
    options: PlanOptions,
) -> Result<Result<Program, Unavailable>, Diagnostics> {
    if !options.jit {
        return Ok(Err(Unavailable { reason: "native code is switched off".to_string() }));
    }
    let entries = |sought: &Sought| patterns_of(hir, patterns.table(), sought);
    let is_scanned = |sought: &Sought| {
        !matches!(sought, Sought::Detector(_))
            && (options.prefilter || entries(sought).iter().all(|&pattern| patterns.is_scanned(pattern)))
    };
    let material = Material {
        graph: &lowered.graph,
        policies: &lowered.policies,
        homes_are_local: directories.groups().is_empty(),
        entries: &entries,
        is_scanned: &is_scanned,
        options,
    };
    match Program::new(&material) {
        Ok(program) => Ok(Ok(program)),
        Err(NoProgram::Unavailable(unavailable)) => Ok(Err(unavailable)),
        Err(NoProgram::TooLarge(policy)) => {
            let span = hir.policies.get(policy).map(|policy| policy.name_span).unwrap_or_default();
            let mut diagnostics = Diagnostics::default();
            diagnostics.push(
                Diagnostic::error(
                    codes::TOO_LARGE,
                    span,
                    "the conditions of the policies up to this one are too large",
                )
                .help(
                    "share conditions by criteria, or put words into dictionaries and addresses into lists",
                ),
            );
            Err(diagnostics)
        }
    }
}

/// The patterns of what is sought; none of a detector.
fn patterns_of(hir: &Hir, table: &PatternTable, sought: &Sought) -> Vec<PatternId> {
    match sought {
        Sought::Patterns(patterns) => patterns.to_vec(),
        Sought::Dictionary(dictionary) => {
            let entries = hir.dictionaries.get(dictionary.index()).into_iter().flat_map(|one| &one.entries);
            entries.filter_map(|entry| table.find(&entry.pattern)).collect()
        }
        Sought::List(list) => {
            let list = hir.lists.get(list.index()).map(|list| lower::list_patterns(&list.entries));
            list.into_iter().flatten().filter_map(|pattern| table.find(&pattern)).collect()
        }
        Sought::Detector(_) => Vec::new(),
    }
}

/// Diagnostics of patterns that do not compile, each where it is written.
fn refuse(hir: &Hir, table: &PatternTable, errors: Vec<TooLarge>) -> Diagnostics {
    let mut diagnostics = Diagnostics::default();
    for error in errors {
        let pattern = error.pattern.and_then(|id| table.get(id));
        let detector = error.detector.and_then(|id| hir.detectors.get(id.index()));
        let shown = pattern.map(search::written).unwrap_or_default();
        let (span, message) = match (pattern, detector) {
            (Some(_), _) => (
                place_of(hir, pattern),
                format!("the pattern `{shown}` cannot be compiled: {}", error.reason),
            ),
            (None, Some(detector)) => {
                (detector.span, format!("detector `{}` cannot be compiled: {}", detector.name, error.reason))
            }
            (None, None) => (largest(hir).unwrap_or_else(|| place_of(hir, None)), error.reason.clone()),
        };
        diagnostics.push(
            Diagnostic::error(codes::AUTOMATON, span, message)
                .help("bound its repetitions, or take entries out of dictionaries and lists"),
        );
    }
    diagnostics
}

/// The dictionary or list of texts with the most entries.
fn largest(hir: &Hir) -> Option<Span> {
    let dictionaries = hir.dictionaries.iter().map(|one| (one.entries.len(), one.span));
    let lists = hir.lists.iter().map(|list| (lower::list_patterns(&list.entries).count(), list.span));
    dictionaries
        .chain(lists)
        .filter(|&(entries, _)| entries > 0)
        .max_by_key(|&(entries, _)| entries)
        .map(|(_, span)| span)
}

/// Where a pattern is written, as near as can be told.
fn place_of(hir: &Hir, pattern: Option<&Pattern>) -> Span {
    let entry =
        hir.dictionaries.iter().flat_map(|one| &one.entries).find(|entry| Some(&entry.pattern) == pattern);
    if let Some(entry) = entry {
        return entry.span;
    }
    let clauses = |policy: &crate::language::hir::Policy| {
        let whole = policy.whens.iter().chain(&policy.unlesses);
        pattern.and_then(|pattern| {
            whole.into_iter().find(|expr| lower::mentions(expr, pattern)).map(|expr| expr.span)
        })
    };
    let criteria = hir.criteria.iter().find_map(|criterion| {
        pattern.filter(|pattern| lower::mentions(&criterion.body, pattern)).map(|_| criterion.span)
    });
    criteria
        .or_else(|| hir.policies.iter().find_map(clauses))
        .or_else(|| hir.dictionaries.first().map(|dictionary| dictionary.span))
        .or_else(|| hir.lists.first().map(|list| list.span))
        .or_else(|| hir.policies.first().map(|policy| policy.name_span))
        .unwrap_or_default()
}

/// An index for each directory that some policy compares senders with.
fn lookalikes(hir: &Hir, graph: &Graph, index: &DirectoryIndex) -> HashMap<DirectoryId, LookalikeIndex> {
    let asked: BTreeSet<DirectoryId> = (0..graph.len())
        .filter_map(|at| match graph.node(NodeId(u32::try_from(at).unwrap_or(u32::MAX))) {
            Node::LooksLike { directory, .. } => Some(*directory),
            _ => None,
        })
        .collect();
    asked
        .into_iter()
        .map(|asked| {
            let below = hir.directories.iter().map(|one| index.is_within(one.id, asked)).collect();
            (asked, LookalikeIndex::new(Arc::clone(&hir.homes), below, &hir.site.domains))
        })
        .collect()
}
