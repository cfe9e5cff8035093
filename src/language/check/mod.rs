//! From syntax trees to the typed set: every name resolved, every type checked, every policy put in its place.
//!
//! Items of the set's own files are all checked; items of the library when something names them. An item is checked
//! at its first use, so that criteria come out in an order in which each calls only earlier ones. What only fails
//! because of another error has the type `Unknown` and is silent. Cost: linear in the text, but for library policies,
//! which are checked once for each application.

mod actions;
mod directories;
mod expressions;
mod functions;
mod hierarchy;
mod homes;
mod items;
mod list_items;
mod lists;
mod literals;
mod membership;
mod names;
mod operators;
mod patterns;
mod policies;
mod settings;
mod stages;
mod test_items;
mod unknown;

use super::hir::{self, Hir};
use super::modules::{self, Loaded, Origin, Sources};
use super::schema::facts::Stage;
use super::schema::types::Type;
use super::scope::{self, Doubt, ItemKey, Scope};
use super::syntax::ast;
use super::{Checked, allow, lint};
use crate::base::diagnostic::{Diagnostic, Diagnostics, Level};
use crate::base::limits::SourceLimits;
use crate::base::source::{SourceId, SourceMap, Span};
use std::collections::{HashMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;

/// Checks the set whose main file is `main`: see [`super::check`].
pub(super) fn run(main: &str, sources: &mut dyn Sources, limits: &SourceLimits) -> Checked {
    let loaded = modules::load(main, sources, limits);
    let mut checker = Checker::new(loaded);
    checker.set();
    checker.finish()
}

/// The work at hand.
struct Checker<'s> {
    loaded: Loaded<'s>,
    scopes: Vec<Scope>,
    doubt: Doubt,
    tree: directories::Tree,
    declared_policies: HashMap<Arc<str>, Declared>,
    done: HashMap<ItemKey, Done>,
    has_site: bool,
    site_zone: jiff::tz::TimeZone,
    zones: &'static jiff::tz::TimeZoneDatabase,
    site: hir::Site,
    policies: Vec<hir::Policy>,
    criteria: Vec<hir::Criterion>,
    /// For each criterion: when it is known, and whether it differs between recipients.
    criteria_stages: Vec<(Stage, bool)>,
    dictionaries: Vec<hir::Dictionary>,
    detectors: Vec<hir::Detector>,
    lists: Vec<hir::List>,
    calendars: Vec<hir::Calendar>,
    templates: Vec<hir::Template>,
    folders: Vec<hir::Folder>,
    settings: Vec<hir::Settings>,
    tests: Vec<hir::Test>,
    /// Templates with a clause that could not be parsed: what they lack may be in it.
    broken_templates: HashSet<hir::TemplateId>,
    /// Detectors of which something could not be read.
    doubtful_detectors: HashSet<hir::DetectorId>,
    /// What the name that is being looked up has to stand for.
    hint: unknown::Hint,
    next_variable: u32,
}

/// A policy by name, anywhere in the set.
#[derive(Debug, Clone, Copy)]
struct Declared {
    span: Span,
    /// Where it is written, for policies outside directories.
    key: Option<ItemKey>,
}

/// How far an item is.
#[derive(Debug, Clone, Copy)]
enum Done {
    /// It is being checked: who asks for it now asks in a circle.
    Running,
    Criterion(hir::CriterionId),
    Dictionary(hir::DictionaryId),
    Detector(hir::DetectorId),
    List(hir::ListId),
    Calendar(hir::CalendarId),
    Template(hir::TemplateId),
    Folder(hir::FolderId),
    Settings(hir::SettingsId),
}

/// Where an expression stands.
#[derive(Debug, Clone)]
struct Context {
    /// The file whose names hold.
    module: usize,
    /// What quantifiers and criteria bind, outermost first.
    variables: Vec<Variable>,
    /// The parameters of a library policy, with what the application gives.
    parameters: Rc<Vec<Parameter>>,
    /// What can be spoken of.
    place: Place,
}

impl Context {
    fn new(module: usize, place: Place) -> Context {
        Context { module, variables: Vec::new(), parameters: Rc::new(Vec::new()), place }
    }
}

/// What can be spoken of at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// The message and its session.
    Message,
    /// The same, and the policy that acts.
    Action,
    /// Nothing: there is no message.
    Nowhere,
}

/// A bound name.
#[derive(Debug, Clone)]
struct Variable {
    name: Arc<str>,
    id: hir::VariableId,
    ty: Type,
}

/// A parameter of a policy.
#[derive(Debug, Clone)]
struct Parameter {
    name: Arc<str>,
    optional: bool,
    argument: Argument,
}

/// What stands for a parameter.
#[derive(Debug, Clone)]
enum Argument {
    Folder(hir::FolderId),
    Template(hir::TemplateId),
    /// Anything that expressions can name.
    Meaning(Box<names::Meaning>),
    /// Not given, and there is no default.
    Left,
    /// Given wrongly, or not known because the policy is looked at by itself.
    Unknown,
}

impl<'s> Checker<'s> {
    fn new(loaded: Loaded<'s>) -> Checker<'s> {
        let doubt = Doubt::of(&loaded.modules, &loaded.map, &loaded.diagnostics);
        let site = hir::Site {
            order: vec![
                hir::Manager::Access,
                hir::Manager::Format,
                hir::Manager::Virus,
                hir::Manager::Security,
                hir::Manager::Content,
            ],
            ..hir::Site::default()
        };
        let built_in = |name: &str| hir::Folder { name: name.into(), keep: None, span: None };
        Checker {
            loaded,
            scopes: Vec::new(),
            doubt,
            tree: directories::Tree::default(),
            declared_policies: HashMap::new(),
            done: HashMap::new(),
            has_site: false,
            site_zone: jiff::tz::TimeZone::UTC,
            zones: literals::zones(),
            site,
            policies: Vec::new(),
            criteria: Vec::new(),
            criteria_stages: Vec::new(),
            dictionaries: Vec::new(),
            detectors: Vec::new(),
            lists: Vec::new(),
            calendars: Vec::new(),
            templates: Vec::new(),
            folders: BUILT_IN_FOLDERS.iter().map(|name| built_in(name)).collect(),
            settings: Vec::new(),
            tests: Vec::new(),
            broken_templates: HashSet::new(),
            doubtful_detectors: HashSet::new(),
            hint: unknown::Hint::default(),
            next_variable: 0,
        }
    }

    /// Checks everything of the set, in an order in which what is needed later is known.
    fn set(&mut self) {
        self.collect_directories();
        self.collect_policies();
        self.build_scopes();
        self.check_site();
        let own: Vec<usize> = self.own_modules().collect();
        for &module in &own {
            let Some(file) = self.file(module) else { continue };
            for item in 0..file.items.len() {
                self.item(ItemKey { module, item });
            }
        }
        self.check_directories();
        self.check_loose_policies();
        self.check_hierarchy();
        for &module in &own {
            self.check_tests(module);
        }
        let mut found = Diagnostics::default();
        for &module in &own {
            if let Some(scope) = self.scopes.get(module) {
                scope::unused(&self.loaded, module, scope, &mut found);
            }
        }
        // What is broken may have used what seems to be unused.
        if !self.loaded.diagnostics.has_errors() {
            self.loaded.diagnostics.extend(found);
        }
    }

    fn finish(self) -> Checked {
        let own: Vec<usize> = self.own_modules().collect();
        let mut diagnostics = self.loaded.diagnostics;
        let map = Arc::new(self.loaded.map);
        silence_beside_syntax(&map, &mut diagnostics);
        let files: Vec<_> = own
            .iter()
            .filter_map(|&index| self.loaded.modules.get(index))
            .map(|module| (module.source, (*module.file).clone()))
            .collect();
        let detectors =
            sound_detectors(&self.detectors, &self.dictionaries, &self.doubtful_detectors, &diagnostics);
        // A main file that could not be read leaves no files, and an error.
        let sound = !diagnostics.has_errors() && !files.is_empty();
        let hir = sound.then(|| {
            Arc::new(Hir {
                sources: Arc::clone(&map),
                site: self.site,
                directories: self.tree.directories,
                homes: self.tree.homes,
                policies: self.policies,
                criteria: self.criteria,
                dictionaries: self.dictionaries,
                detectors: self.detectors,
                lists: self.lists,
                calendars: self.calendars,
                templates: self.templates,
                folders: self.folders,
                settings: self.settings,
                tests: self.tests,
                _checked: hir::Checked(()),
            })
        });
        if let Some(hir) = &hir {
            lint::lint(hir, &files, &map, &mut diagnostics);
        }
        allow::apply(&files, &map, &mut diagnostics);
        let mut hir = hir.filter(|_| !diagnostics.has_errors());
        // A set is kept as long as it judges mail, and nothing asks it for the text of a list file any more.
        if let Some(hir) = hir.as_mut().and_then(Arc::get_mut) {
            let written: HashSet<SourceId> = self.loaded.modules.iter().map(|module| module.source).collect();
            hir.sources = Arc::new(map.with_texts_of(|id| written.contains(&id)));
        }
        Checked { map, hir, diagnostics, detectors, files }
    }

    fn push(&mut self, diagnostic: Diagnostic) {
        self.loaded.diagnostics.push(diagnostic);
    }

    /// Adds a finding about a literal, unless the parser had one at that place.
    fn push_unless_said(&mut self, diagnostic: Diagnostic) {
        let span = diagnostic.primary.span;
        let said = self.loaded.diagnostics.iter().any(|other| {
            let at = other.primary.span;
            other.level == Level::Error
                && at.source == span.source
                && at.start < span.end
                && span.start < at.end
        });
        if !said {
            self.push(diagnostic);
        }
    }

    fn own_modules(&self) -> impl Iterator<Item = usize> + use<> {
        let own: Vec<usize> = self
            .loaded
            .modules
            .iter()
            .enumerate()
            .filter(|(_, module)| matches!(module.origin, Origin::Set(_)))
            .map(|(index, _)| index)
            .collect();
        own.into_iter()
    }

    fn is_own(&self, module: usize) -> bool {
        self.loaded.modules.get(module).is_some_and(|module| matches!(module.origin, Origin::Set(_)))
    }

    fn file(&self, module: usize) -> Option<Arc<ast::File>> {
        self.loaded.modules.get(module).map(|module| Arc::clone(&module.file))
    }

    /// Makes the scopes of all files that are loaded by now; library modules may come later.
    fn build_scopes(&mut self) {
        while self.scopes.len() < self.loaded.modules.len() {
            let mut found = Diagnostics::default();
            let scope =
                scope::build(&self.loaded, self.scopes.len(), &self.tree.top_level, &self.doubt, &mut found);
            self.loaded.diagnostics.extend(found);
            self.scopes.push(scope);
        }
    }

    /// Notes where each policy of the set is written; a name given twice is an error.
    fn collect_policies(&mut self) {
        for module in self.own_modules() {
            let Some(file) = self.file(module) else { continue };
            for (item, node) in file.items.iter().enumerate() {
                match node {
                    ast::Item::Policy(policy) => {
                        self.declare_policy(&policy.name, Some(ItemKey { module, item }));
                    }
                    ast::Item::Directory(directory) => self.collect_policies_of(directory),
                    _ => {}
                }
            }
        }
    }

    fn collect_policies_of(&mut self, directory: &ast::Directory) {
        for entry in &directory.entries {
            match entry {
                ast::DirectoryEntry::Policy(policy) => self.declare_policy(&policy.name, None),
                ast::DirectoryEntry::Directory(inner) => self.collect_policies_of(inner),
                _ => {}
            }
        }
    }

    fn declare_policy(&mut self, name: &ast::Name, key: Option<ItemKey>) {
        if name.node.is_empty() {
            return;
        }
        if let Some(first) = self.declared_policies.get(&name.node) {
            let first = first.span;
            self.push(scope::duplicate(name, first));
            return;
        }
        self.declared_policies.insert(name.node.clone(), Declared { span: name.span, key });
    }

    fn variable(&mut self, name: &Arc<str>, ty: Type) -> Variable {
        let id = hir::VariableId(self.next_variable);
        self.next_variable += 1;
        Variable { name: Arc::clone(name), id, ty }
    }
}

/// Takes out what was found on a line whose writing is broken: it speaks of what the parser made of the rest.
fn silence_beside_syntax(map: &SourceMap, diagnostics: &mut Diagnostics) {
    let line_of = |span: Span| {
        let source = map.get(span.source)?;
        Some((span.source, source.line_column(span.start as usize).0))
    };
    let of_writing = |diagnostic: &Diagnostic| {
        ["mfp::syntax::", "mfp::source::"].iter().any(|area| diagnostic.code.0.starts_with(area))
    };
    let broken: HashSet<_> = diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.level == Level::Error && of_writing(diagnostic))
        .filter_map(|diagnostic| line_of(diagnostic.primary.span))
        .collect();
    if !broken.is_empty() {
        diagnostics.retain(|diagnostic| {
            of_writing(diagnostic)
                || line_of(diagnostic.primary.span).is_none_or(|line| !broken.contains(&line))
        });
    }
}

/// The detectors that say what their authors wrote: nothing in them is wrong, nor in a dictionary that one names.
fn sound_detectors(
    detectors: &[hir::Detector],
    dictionaries: &[hir::Dictionary],
    doubtful: &HashSet<hir::DetectorId>,
    diagnostics: &Diagnostics,
) -> Vec<hir::Detector> {
    let wrong = |span: Span| {
        diagnostics.iter().any(|found| {
            let at = found.primary.span;
            found.level == Level::Error
                && at.source == span.source
                && at.start < span.end.max(span.start + 1)
                && span.start <= at.end
        })
    };
    let words_wrong = dictionaries
        .iter()
        .any(|dictionary| wrong(dictionary.span) || dictionary.entries.iter().any(|entry| wrong(entry.span)));
    detectors
        .iter()
        .enumerate()
        .filter(|(at, detector)| {
            !doubtful.contains(&hir::DetectorId(*at as u32))
                && !detector.patterns.is_empty()
                && (!words_wrong || detector.near.is_empty())
                && !wrong(detector.span)
        })
        .map(|(_, detector)| detector.clone())
        .collect()
}

/// Folders that are there without being declared: for what cannot be read for good, and for what cannot be returned.
pub(super) const BUILT_IN_FOLDERS: &[&str] = &["unscannable", "unreturnable"];
