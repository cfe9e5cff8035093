//! What the names of a file stand for: its own items, what it uses, and the directories and policies of the set.
//!
//! Names live by kind. What expressions can name shares one space with the facts; directories and policies belong to
//! the set as a whole, since a directory may be opened in several files. Names that a broken item might have declared
//! are in doubt: a reference to one is neither right nor wrong, and nothing is said about it.

use super::codes::name as codes;
use super::modules::{Loaded, Module, Origin};
use super::schema::facts::Fact;
use super::suggest;
use super::syntax::ast::{self, DirectoryEntry, Item, Name};
use super::syntax::{self, words};
use crate::base::diagnostic::{Code, Diagnostic, Diagnostics, Level};
use crate::base::source::{SourceMap, Span};
use std::cell::Cell;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// The spaces in which names live.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Space {
    /// Criteria, dictionaries, detectors, lists, calendars; directories and facts share it.
    Values,
    /// Policies outside directories.
    Policies,
    /// Templates.
    Templates,
    /// Quarantine folders.
    Folders,
    /// `verification` and `certificates`.
    Settings,
}

/// An item, by its file and its position in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ItemKey {
    /// The file.
    pub module: usize,
    /// The item.
    pub item: usize,
}

/// What a name stands for in a file.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// The item.
    pub key: ItemKey,
    /// Where the item has its name.
    pub span: Span,
    /// The `use` that brought it, by position in the file's imports, and the place of the name in it.
    pub import: Option<(usize, Span)>,
}

/// The names of one file.
#[derive(Debug, Default)]
pub struct Scope {
    entries: HashMap<(Space, Arc<str>), Entry>,
    /// For each import: its names with whether they were used.
    used: Vec<HashMap<Arc<str>, Cell<bool>>>,
}

impl Scope {
    /// What a name stands for; a `use` that brought it is used from then on.
    pub fn find(&self, space: Space, name: &str) -> Option<Entry> {
        let entry = self.entries.get(&(space, Arc::from(name))).copied()?;
        if let Some((import, _)) = entry.import
            && let Some(flag) = self.used.get(import).and_then(|names| names.get(name))
        {
            flag.set(true);
        }
        Some(entry)
    }

    /// All names of a space, for did-you-mean.
    pub fn names(&self, space: Space) -> impl Iterator<Item = (&str, &Entry)> {
        self.entries
            .iter()
            .filter(move |((kind, _), _)| *kind == space)
            .map(|((_, name), entry)| (&**name, entry))
    }
}

/// What an item declares: space and name.
pub fn declared(item: &Item) -> Option<(Space, &Name)> {
    match item {
        Item::Criterion(item) => Some((Space::Values, &item.name)),
        Item::Dictionary(item) => Some((Space::Values, &item.name)),
        Item::Detector(item) => Some((Space::Values, &item.name)),
        Item::List(item) => Some((Space::Values, &item.name)),
        Item::Calendar(item) => Some((Space::Values, &item.name)),
        Item::Template(item) => Some((Space::Templates, &item.name)),
        Item::Folder(item) => Some((Space::Folders, &item.name)),
        Item::Settings(item) => Some((Space::Settings, &item.name)),
        Item::Policy(item) => Some((Space::Policies, &item.name)),
        Item::Use(_) | Item::Site(_) | Item::Directory(_) | Item::Test(_) | Item::Bad(_) => None,
    }
}

/// Where an item that has a name begins.
fn item_start(item: &Item) -> Option<u32> {
    Some(match item {
        Item::Criterion(item) => item.span.start,
        Item::Dictionary(item) => item.span.start,
        Item::Detector(item) => item.span.start,
        Item::List(item) => item.span.start,
        Item::Calendar(item) => item.span.start,
        Item::Template(item) => item.span.start,
        Item::Folder(item) => item.span.start,
        Item::Settings(item) => item.span.start,
        Item::Policy(item) => item.span.start,
        Item::Use(_) | Item::Site(_) | Item::Directory(_) | Item::Test(_) | Item::Bad(_) => return None,
    })
}

/// The first parts of the facts' names: what no item may be called.
pub fn fact_roots() -> impl Iterator<Item = &'static str> {
    Fact::ALL.iter().map(|fact| {
        let path = fact.declaration().path;
        path.split_once('.').map_or(path, |(root, _)| root)
    })
}

/// Other words that stand for something in expressions.
const NOUNS: &[&str] = &["site", "postmaster"];

/// The names of a file: its own items, then what it uses. `directories` are the top-level directories of the set, for
/// a file of the set.
pub fn build(
    loaded: &Loaded<'_>,
    index: usize,
    directories: &HashMap<Arc<str>, Span>,
    doubt: &Doubt,
    diagnostics: &mut Diagnostics,
) -> Scope {
    let mut scope = Scope::default();
    let Some(module) = loaded.modules.get(index) else { return scope };
    own(&mut scope, module, index, directories, diagnostics);
    let mut seen: HashMap<usize, Span> = HashMap::new();
    for (at, import) in module.imports.iter().enumerate() {
        scope.used.push(HashMap::new());
        let Some(target_index) = import.module else { continue };
        let Some(target) = loaded.modules.get(target_index) else { continue };
        if import.names.is_none() && seen.insert(target_index, import.span).is_some() {
            diagnostics.push(
                Diagnostic::warning(codes::USED_TWICE, import.span, "this file is used twice")
                    .help("remove one of the two"),
            );
            continue;
        }
        let offered: Vec<(Space, &Name, ItemKey)> = target
            .file
            .items
            .iter()
            .enumerate()
            .filter_map(|(item, node)| {
                let (space, name) = declared(node)?;
                Some((space, name, ItemKey { module: target_index, item }))
            })
            .collect();
        match &import.names {
            None => {
                for (space, name, key) in &offered {
                    add_import(&mut scope, *space, name, *key, (at, import.span), diagnostics);
                }
            }
            Some(names) => {
                for name in names {
                    let found: Vec<_> =
                        offered.iter().filter(|(_, other, _)| other.node == name.node).collect();
                    // What the library has is known.
                    let known = matches!(target.origin, Origin::Library(_));
                    if found.is_empty() && (known || !doubt.may_be_declared_in(target, &name.node)) {
                        unknown_import(target, name, &offered, diagnostics);
                    }
                    for (space, declared, key) in found {
                        add_import(&mut scope, *space, declared, *key, (at, name.span), diagnostics);
                    }
                }
            }
        }
    }
    scope
}

fn own(
    scope: &mut Scope,
    module: &Module,
    index: usize,
    directories: &HashMap<Arc<str>, Span>,
    diagnostics: &mut Diagnostics,
) {
    for (item, node) in module.file.items.iter().enumerate() {
        let Some((space, name)) = declared(node) else { continue };
        if name.node.is_empty() {
            continue;
        }
        if space == Space::Values {
            if fact_roots().chain(NOUNS.iter().copied()).any(|root| root == &*name.node) {
                let message = format!("`{}` is the name of a fact", name.node);
                diagnostics.push(
                    Diagnostic::error(codes::FACT, name.span, message)
                        .label("names of facts cannot be given to items")
                        .help(format!("call it otherwise, as in `my_{}`", name.node)),
                );
                continue;
            }
            if let (Origin::Set(_), Some(directory)) = (&module.origin, directories.get(&name.node)) {
                diagnostics.push(duplicate(name, *directory));
                continue;
            }
        }
        let key = ItemKey { module: index, item };
        match scope.entries.get(&(space, name.node.clone())) {
            // Policies are unique in the set; that is looked at for the set as a whole.
            Some(first) if space != Space::Policies => diagnostics.push(duplicate(name, first.span)),
            Some(_) => {}
            None => {
                let entry = Entry { key, span: name.span, import: None };
                scope.entries.insert((space, name.node.clone()), entry);
            }
        }
    }
}

/// The finding about a name that is given twice.
pub fn duplicate(name: &Name, first: Span) -> Diagnostic {
    let message = format!("the name `{}` is given twice", name.node);
    Diagnostic::error(codes::DUPLICATE, name.span, message)
        .label("here again")
        .also(first, "here first")
        .help("rename one of the two")
}

fn add_import(
    scope: &mut Scope,
    space: Space,
    name: &Name,
    key: ItemKey,
    import: (usize, Span),
    diagnostics: &mut Diagnostics,
) {
    if let Some(names) = scope.used.get_mut(import.0) {
        names.entry(name.node.clone()).or_default();
    }
    match scope.entries.get(&(space, name.node.clone())) {
        Some(first) if first.key == key => {}
        Some(first) => {
            let (other, words) = match first.import {
                Some((_, span)) => (span, "brought by this `use` as well"),
                None => (first.span, "declared in this file"),
            };
            diagnostics.push(
                Diagnostic::error(
                    codes::CLASH,
                    import.1,
                    format!("the name `{}` would stand for two things", name.node),
                )
                .label("brought by this `use`")
                .also(other, words)
                .help("name what you take, as in `use \"file.mfp\"::{name}`, or rename one of the two"),
            );
        }
        None => {
            let entry = Entry { key, span: name.span, import: Some(import) };
            scope.entries.insert((space, name.node.clone()), entry);
        }
    }
}

fn unknown_import(
    target: &Module,
    name: &Name,
    offered: &[(Space, &Name, ItemKey)],
    diagnostics: &mut Diagnostics,
) {
    let from = match &target.origin {
        Origin::Set(path) => format!("`{path}`"),
        Origin::Library(module) => format!("`std::{module}`"),
    };
    let diagnostic =
        Diagnostic::error(codes::UNKNOWN, name.span, format!("there is no `{}` in {from}", name.node));
    let names = offered.iter().map(|(_, name, _)| &*name.node);
    diagnostics.push(suggest::help(diagnostic, &name.node, names, name.span, "it has"));
}

/// Warns of what is used from elsewhere and never named. A file that brings directories, the site or tests is part of
/// the set whether or not its names are used.
pub fn unused(loaded: &Loaded<'_>, index: usize, scope: &Scope, diagnostics: &mut Diagnostics) {
    let Some(module) = loaded.modules.get(index) else { return };
    for (at, import) in module.imports.iter().enumerate() {
        let (Some(target), Some(used)) = (import.module, scope.used.get(at)) else { continue };
        let is_used = |name: &Name| used.get(&name.node).is_none_or(Cell::get);
        match &import.names {
            Some(names) => {
                for name in names.iter().filter(|name| !is_used(name)) {
                    diagnostics.push(
                        Diagnostic::warning(
                            codes::UNUSED_USE,
                            name.span,
                            format!("`{}` is never used", name.node),
                        )
                        .help("take it out of the `use`"),
                    );
                }
            }
            None => {
                let Some(target) = loaded.modules.get(target) else { continue };
                let contributes = target.file.items.iter().any(|item| {
                    matches!(
                        item,
                        Item::Directory(_) | Item::Site(_) | Item::Test(_) | Item::Use(_) | Item::Bad(_)
                    )
                });
                if !contributes && !used.values().any(Cell::get) && !used.is_empty() {
                    diagnostics.push(
                        Diagnostic::warning(codes::UNUSED_USE, import.span, "nothing of this file is used")
                            .help("remove the `use`"),
                    );
                }
            }
        }
    }
}

/// What might have been declared by what could not be parsed.
#[derive(Debug, Default)]
pub struct Doubt {
    words: HashSet<String>,
    /// Names of facts that an item was given: who names one may mean either.
    facts: HashSet<&'static str>,
    /// Anything might have been declared.
    all: bool,
    values: bool,
    directories: bool,
    policies: bool,
    templates: bool,
    folders: bool,
    settings: bool,
}

/// Findings about what pairs: with them, what seems to be inside an item may be outside it.
const PAIRING: [Code; 4] = [
    syntax::codes::UNCLOSED_BRACE,
    syntax::codes::UNOPENED_BRACE,
    syntax::codes::STRAY_BRACE,
    syntax::codes::UNTERMINATED_BLOCK,
];

/// The places between the braces of items that have their names and hold nothing that could be named.
fn bodies(items: &[Item], map: &SourceMap) -> Vec<Span> {
    let mut bodies = Vec::new();
    for item in items {
        match item {
            Item::Policy(policy) => bodies.extend(body(&policy.name, policy.span, map)),
            Item::Directory(directory) => bodies_in(directory, map, &mut bodies),
            Item::Dictionary(item) => bodies.extend(body(&item.name, item.span, map)),
            Item::Detector(item) => bodies.extend(body(&item.name, item.span, map)),
            Item::List(item) => bodies.extend(body(&item.name, item.span, map)),
            Item::Calendar(item) => bodies.extend(body(&item.name, item.span, map)),
            Item::Template(item) => bodies.extend(body(&item.name, item.span, map)),
            Item::Folder(item) => bodies.extend(body(&item.name, item.span, map)),
            Item::Settings(item) => bodies.extend(body(&item.name, item.span, map)),
            Item::Test(test) => bodies.extend(between_braces(test.span, map)),
            Item::Site(site) => bodies.extend(between_braces(site.span, map)),
            Item::Use(_) | Item::Criterion(_) | Item::Bad(_) => {}
        }
    }
    bodies
}

/// The bodies of a directory's policies. The parser bounds the depth of directories.
fn bodies_in(directory: &ast::Directory, map: &SourceMap, bodies: &mut Vec<Span>) {
    for entry in &directory.entries {
        match entry {
            DirectoryEntry::Policy(policy) => bodies.extend(body(&policy.name, policy.span, map)),
            DirectoryEntry::Directory(inner) => bodies_in(inner, map, bodies),
            _ => {}
        }
    }
}

/// The body of an item that has its name behind its keyword.
fn body(name: &Name, span: Span, map: &SourceMap) -> Option<Span> {
    if name.node.is_empty() || name.span.start == span.start {
        return None;
    }
    between_braces(span, map)
}

fn between_braces(span: Span, map: &SourceMap) -> Option<Span> {
    let text = map.slice(span);
    let open = text.find('{')?;
    text.ends_with('}').then(|| Span { start: span.start + open as u32, ..span })
}

/// Whether a word may have been meant to be `use`.
fn is_like_use(word: &str) -> bool {
    strsim::damerau_levenshtein(word, "use") <= 1
}

/// The line that a place begins on.
fn line_around(text: &str, span: Span) -> String {
    let at = (span.start as usize).min(text.len());
    let before = text.get(..at).unwrap_or_default().rsplit('\n').next().unwrap_or_default();
    let behind = text.get(at..).unwrap_or_default().split('\n').next().unwrap_or_default();
    format!("{before}{behind}")
}

/// What a reference wants, where a broken item may have declared it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// Something of a space.
    Space(Space),
    /// A directory.
    Directory,
    /// A policy anywhere in the set.
    Policy,
}

impl Doubt {
    /// Looks at everything in the files that could not be parsed, and at the lines of the parser's findings.
    pub fn of(modules: &[Module], map: &SourceMap, diagnostics: &Diagnostics) -> Doubt {
        let mut doubt = Doubt::default();
        let bodies: Vec<Span> = modules.iter().flat_map(|module| bodies(&module.file.items, map)).collect();
        for diagnostic in diagnostics.iter().filter(|diagnostic| diagnostic.level == Level::Error) {
            let span = diagnostic.primary.span;
            let Some(source) = map.get(span.source) else { continue };
            let within =
                |body: &Span| body.source == span.source && body.start < span.start && span.end < body.end;
            if diagnostic.code.0.starts_with("mfp::syntax::")
                && !PAIRING.contains(&diagnostic.code)
                && bodies.iter().any(within)
            {
                doubt.declared_on(&line_around(&source.text, span));
                continue;
            }
            let at = span.start as usize;
            let before = source.text.get(..at).unwrap_or_default().rsplit('\n').next().unwrap_or_default();
            let after = source.text.get(at..).unwrap_or_default().split('\n').next().unwrap_or_default();
            doubt.words_of(before);
            doubt.words_of(after);
        }
        for module in modules {
            doubt.imports(module);
            for item in &module.file.items {
                if let (Some((Space::Values, name)), Origin::Set(_)) = (declared(item), &module.origin) {
                    doubt.facts.extend(fact_roots().find(|root| *root == &*name.node));
                }
                match item {
                    Item::Bad(span) => doubt.bad(map.slice(*span), true),
                    Item::Directory(directory) => doubt.directory(directory, map),
                    Item::Policy(policy) if policy.name.node.is_empty() => {
                        doubt.broken_head(map.slice(policy.span));
                    }
                    _ => doubt.nameless(item),
                }
            }
        }
        doubt
    }

    /// Whether a broken item may have declared this.
    pub fn covers(&self, wanted: Wanted, name: &str) -> bool {
        let open = match wanted {
            Wanted::Space(Space::Values) => self.values || self.directories,
            Wanted::Space(Space::Policies) | Wanted::Policy => self.policies,
            Wanted::Space(Space::Templates) => self.templates,
            Wanted::Space(Space::Folders) => self.folders,
            Wanted::Space(Space::Settings) => self.settings,
            Wanted::Directory => self.directories,
        };
        self.all || open || self.covers_name(name)
    }

    /// Whether the name stands in something broken.
    pub fn covers_name(&self, name: &str) -> bool {
        self.all || name.split('.').any(|part| self.words.contains(part))
    }

    /// Whether a file of the set, with something broken in it, may declare this.
    fn may_be_declared_in(&self, module: &Module, name: &str) -> bool {
        let broken = module.file.items.iter().any(|item| {
            let nameless = declared(item).is_some_and(|(_, name)| name.node.is_empty());
            matches!(item, Item::Bad(_)) || nameless
        });
        broken || module.file.items.is_empty() || self.words.contains(name)
    }

    /// Whether the fact's name was given to an item as well.
    pub fn covers_fact(&self, root: &str) -> bool {
        self.facts.contains(root)
    }

    /// What would have come from a file that could not be loaded.
    fn imports(&mut self, module: &Module) {
        for import in module.imports.iter().filter(|import| import.module.is_none()) {
            match &import.names {
                Some(names) => self.words.extend(names.iter().map(|name| name.node.to_string())),
                None => self.all = true,
            }
        }
    }

    /// Whether anything is in doubt, so that what seems to be missing may be there.
    pub fn any(&self) -> bool {
        self.all || self.directories || self.policies || !self.words.is_empty()
    }

    fn directory(&mut self, directory: &ast::Directory, map: &SourceMap) {
        // The parser bounds the depth of directories.
        if directory.path.segments.is_empty() || directory.path.span.start == directory.span.start {
            // What hangs in it hangs nowhere now.
            self.directories = true;
            self.policies = true;
        }
        for entry in &directory.entries {
            match entry {
                DirectoryEntry::Bad(span) => self.bad(map.slice(*span), false),
                DirectoryEntry::Directory(inner) => self.directory(inner, map),
                DirectoryEntry::Policy(policy)
                    if policy.name.node.is_empty() || matches!(&*policy.name.node, "policy" | "for") =>
                {
                    self.broken_head(map.slice(policy.span));
                }
                _ => {}
            }
        }
    }

    /// A policy whose head is broken. Where a name stands in its place, the words of the head are in doubt and no other
    /// policy is; else it may be any.
    fn broken_head(&mut self, slice: &str) {
        let head = slice.split('{').next().unwrap_or_default();
        let words: Vec<&str> = head.split_whitespace().collect();
        // Where no word is `policy`, the misspelled one stands behind the manager.
        let keyword = words.iter().position(|word| *word == "policy").unwrap_or(1);
        let is_name = |word: &&str| {
            *word != "for" && word.starts_with(|first: char| first.is_alphabetic() || first == '_')
        };
        self.words_of(head);
        self.policies |= !words.get(keyword + 1).is_some_and(is_name);
    }

    /// An item that was recovered without its keyword or its name: then the one stands for the other.
    fn nameless(&mut self, item: &Item) {
        let Some((space, name)) = declared(item) else { return };
        if name.node.is_empty() || item_start(item) == Some(name.span.start) {
            self.open(space);
        }
    }

    fn open(&mut self, space: Space) {
        match space {
            Space::Values => self.values = true,
            Space::Policies => self.policies = true,
            Space::Templates => self.templates = true,
            Space::Folders => self.folders = true,
            Space::Settings => self.settings = true,
        }
    }

    /// What a line in the body of an item may declare: what follows a word that begins an item or a directory.
    fn declared_on(&mut self, line: &str) {
        let words: Vec<&str> = line
            .split(|character: char| !(character.is_alphanumeric() || character == '_'))
            .filter(|word| !word.is_empty())
            .collect();
        for pair in words.windows(2) {
            let [word, name] = pair else { continue };
            if words::block_of(word).is_some() || matches!(*word, "policy" | "criterion" | "apply") {
                self.words.insert((*name).to_string());
            }
        }
    }

    fn words_of(&mut self, text: &str) {
        let words = text.split(|character: char| !(character.is_alphanumeric() || character == '_'));
        self.words.extend(words.filter(|word| !word.is_empty()).map(str::to_string));
    }

    /// A slice that is no item (or no entry of a directory). Each keyword that declares must be followed by a name, or
    /// its whole space is in doubt; a slice that begins with no such keyword may have been anything.
    fn bad(&mut self, slice: &str, item: bool) {
        let words: Vec<&str> = slice
            .split(|character: char| {
                !(character.is_alphanumeric() || matches!(character, '_' | '"' | '{' | '=' | '('))
            })
            .filter(|word| !word.is_empty())
            .collect();
        self.words_of(slice);
        let is_name = |word: &&&str| word.starts_with(|first: char| first.is_alphabetic() || first == '_');
        let opens = |word: &str| match item {
            true => matches!(
                word,
                "criterion"
                    | "dictionary"
                    | "detector"
                    | "list"
                    | "calendar"
                    | "template"
                    | "folder"
                    | "verification"
                    | "certificates"
                    | "directory"
                    | "site"
                    | "test"
                    | "access"
                    | "format"
                    | "virus"
                    | "security"
                    | "content"
            ),
            false => matches!(
                word,
                "domain"
                    | "user"
                    | "list"
                    | "group"
                    | "apply"
                    | "except"
                    | "directory"
                    | "access"
                    | "format"
                    | "virus"
                    | "security"
                    | "content"
            ),
        };
        let begins = words.first().is_some_and(|word| opens(word));
        for (at, word) in words.iter().enumerate() {
            let named = words.get(at + 1).as_ref().is_some_and(is_name);
            if named {
                continue;
            }
            match *word {
                "criterion" | "dictionary" | "detector" | "list" | "calendar" if item => self.values = true,
                "template" if item => self.templates = true,
                "folder" if item => self.folders = true,
                "verification" | "certificates" if item => self.settings = true,
                "policy" | "apply" => self.policies = true,
                "directory" => self.directories = true,
                _ => {}
            }
        }
        // Without a keyword it may have been a `use` of a file; what else it may declare is among its words.
        let quote = slice.find('"');
        let may_use =
            quote.is_some_and(|quote| !slice.get(..quote).is_some_and(|before| before.contains('{')));
        if !begins {
            match item {
                true => self.all |= may_use || words.first().is_some_and(|word| is_like_use(word)),
                false if slice.contains('{') => {
                    self.policies = true;
                    self.directories = true;
                }
                false => {}
            }
        }
    }
}
