//! From a main file to all files of a set: reading, parsing, `use`, and what can go wrong with it.
//!
//! Sources are handed in, so that a set can come from a folder, an editor's buffers or a test. Files are ordered so
//! that what a file uses stands before it: the order of `use`, then of the source, in which directories add up. Cost:
//! each file is read and parsed once. Failure: every unreadable, broken or cyclic file is a diagnostic at its `use`.

use super::codes::module as codes;
use super::stdlib;
use super::suggest;
use super::syntax::{self, ast};
use crate::base::diagnostic::{Diagnostic, Diagnostics};
use crate::base::limits::SourceLimits;
use crate::base::source::{SourceId, SourceMap, Span};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

/// Where the files of a set come from.
pub trait Sources {
    /// The bytes of a file. `path` is relative to the set's folder, with `/` between its parts, and never leaves it.
    fn read(&mut self, path: &str) -> Result<Vec<u8>, ReadError>;

    /// How the file is named to people.
    fn name(&self, path: &str) -> String {
        path.to_string()
    }
}

/// Why a file could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// There is none.
    #[error("there is no such file")]
    NotFound,
    /// It is a folder, a socket, a device.
    #[error("it is not a file")]
    NotAFile,
    /// It leads out of the set's folder.
    #[error("it lies outside the folder of the policy set")]
    Outside,
    /// It is larger than may be read.
    #[error("it is larger than {limit} bytes")]
    TooLarge {
        /// Bytes that may be read.
        limit: usize,
    },
    /// The system says so, in its words.
    #[error("{0}")]
    Other(String),
}

/// Files in memory, by path.
impl Sources for BTreeMap<String, Vec<u8>> {
    fn read(&mut self, path: &str) -> Result<Vec<u8>, ReadError> {
        self.get(path).cloned().ok_or(ReadError::NotFound)
    }
}

/// Where a file belongs.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Origin {
    /// A file of the set, by path.
    Set(Arc<str>),
    /// A module of the library, by its name after `std::`.
    Library(Arc<str>),
}

/// A loaded file.
#[derive(Debug, Clone)]
pub struct Module {
    /// Its text.
    pub source: SourceId,
    /// Where it belongs.
    pub origin: Origin,
    /// What is written in it.
    pub file: Arc<ast::File>,
    /// What it uses.
    pub imports: Vec<Import>,
}

/// A resolved `use`.
#[derive(Debug, Clone)]
pub struct Import {
    /// The module, by position in [`Loaded::modules`]; `None` if it could not be loaded.
    pub module: Option<usize>,
    /// The names taken; `None` takes all.
    pub names: Option<Vec<ast::Name>>,
    /// The whole item.
    pub span: Span,
}

/// The files of a set, as far as they could be loaded.
pub struct Loaded<'s> {
    /// All texts.
    pub map: SourceMap,
    /// All files; what a file uses stands before it.
    pub modules: Vec<Module>,
    /// What was found on the way.
    pub diagnostics: Diagnostics,
    /// Bounds.
    pub limits: SourceLimits,
    sources: &'s mut dyn Sources,
    known: HashMap<Origin, State>,
    texts: HashMap<String, Option<SourceId>>,
    /// Bytes of the list files so far.
    list_bytes: usize,
    open: Vec<Origin>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Loading,
    Failed,
    Loaded(usize),
}

/// Loads `main` and all that it uses.
pub fn load<'s>(main: &str, sources: &'s mut dyn Sources, limits: &SourceLimits) -> Loaded<'s> {
    let mut loaded = Loaded {
        map: SourceMap::default(),
        modules: Vec::new(),
        diagnostics: Diagnostics::default(),
        limits: limits.clone(),
        sources,
        known: HashMap::new(),
        texts: HashMap::new(),
        list_bytes: 0,
        open: Vec::new(),
    };
    loaded.module(Origin::Set(main.into()), None);
    loaded
}

impl Loaded<'_> {
    /// The module `std::name`, loaded where it is not yet; `at` is who asks for it.
    pub fn library(&mut self, name: &str, at: Span) -> Option<usize> {
        self.module(Origin::Library(name.into()), Some(at))
    }

    /// A file that is read as text: `path` as written in `module`, at `span`. Its text becomes a source.
    pub fn text_file(&mut self, module: usize, path: &str, span: Span) -> Option<SourceId> {
        let origin = self.modules.get(module)?.origin.clone();
        let (key, full) = match &origin {
            Origin::Set(from) => {
                let full = self.join(from, path, span)?;
                (full.clone(), full)
            }
            Origin::Library(_) => (format!("std/{path}"), path.to_string()),
        };
        if let Some(known) = self.texts.get(&key) {
            return *known;
        }
        let text = match origin {
            Origin::Library(_) => stdlib::file(&full).map(Arc::from),
            Origin::Set(_) => {
                let left = self.limits.all_list_bytes.saturating_sub(self.list_bytes);
                let limit = self.limits.list_bytes.min(left);
                let text = self.read_text(&full, limit, Some(span));
                self.list_bytes += text.as_ref().map_or(0, |text| text.len());
                text
            }
        };
        let name = match origin {
            Origin::Library(_) => key.clone(),
            Origin::Set(_) => self.sources.name(&full),
        };
        if text.is_none() && matches!(origin, Origin::Library(_)) {
            self.unreadable(path, &ReadError::NotFound, span);
        }
        let source = text.map(|text: Arc<str>| self.map.add(name, text));
        self.texts.insert(key, source);
        source
    }

    /// The bytes of a file of the set: `path` as written in `module`, at `span`.
    pub fn bytes(&mut self, module: usize, path: &str, span: Span) -> Option<Arc<[u8]>> {
        let Origin::Set(from) = self.modules.get(module)?.origin.clone() else { return None };
        let full = self.join(&from, path, span)?;
        match self.sources.read(&full) {
            Ok(bytes) if bytes.len() > self.limits.list_bytes => {
                let limit = self.limits.list_bytes;
                self.unreadable(path, &ReadError::TooLarge { limit }, span);
                None
            }
            Ok(bytes) => Some(bytes.into()),
            Err(error) => {
                self.unreadable(path, &error, span);
                None
            }
        }
    }

    fn module(&mut self, origin: Origin, at: Option<Span>) -> Option<usize> {
        match self.known.get(&origin) {
            Some(State::Loaded(index)) => return Some(*index),
            Some(State::Failed) => return None,
            Some(State::Loading) => {
                self.cycle(&origin, at);
                return None;
            }
            None => {}
        }
        let loaded = self.read_module(&origin, at);
        let state = loaded.map_or(State::Failed, State::Loaded);
        self.known.insert(origin, state);
        loaded
    }

    fn read_module(&mut self, origin: &Origin, at: Option<Span>) -> Option<usize> {
        // A file that uses a file that uses a file …: the depth of that is the depth of this recursion.
        if self.open.len() >= MOST_NESTED_USES {
            let message = format!("files use each other more than {MOST_NESTED_USES} deep");
            self.diagnostics.push(
                Diagnostic::error(codes::NESTED, at.unwrap_or_default(), message)
                    .help("use the files side by side, from one file, instead of one from the other"),
            );
            return None;
        }
        if self.known.len() >= self.limits.files {
            let span = at.unwrap_or_default();
            let message = format!("more than {} files belong to this set", self.limits.files);
            self.diagnostics
                .push(Diagnostic::error(codes::TOO_MANY, span, message).help("join files: a set has fewer"));
            return None;
        }
        let (source, file) = match origin {
            Origin::Library(name) => self.library_file(name, at)?,
            Origin::Set(path) => {
                let limit = self.limits.file_bytes;
                let text = self.read_text(path, limit, at)?;
                let source = self.map.add(self.sources.name(path), Arc::clone(&text));
                let parsed = syntax::parse(source, &text, &self.limits);
                self.diagnostics.extend(parsed.diagnostics);
                (source, Arc::new(parsed.file))
            }
        };
        self.known.insert(origin.clone(), State::Loading);
        self.open.push(origin.clone());
        let imports = self.imports(origin, &file);
        self.open.pop();
        self.modules.push(Module { source, origin: origin.clone(), file, imports });
        Some(self.modules.len() - 1)
    }

    fn imports(&mut self, origin: &Origin, file: &ast::File) -> Vec<Import> {
        let mut imports = Vec::new();
        for item in &file.items {
            let ast::Item::Use(item) = item else { continue };
            let module = match &item.from {
                ast::UseFrom::Module(path) => self.used_library(path, item.span),
                ast::UseFrom::File(path) => match origin {
                    Origin::Set(from) => self
                        .join(from, &path.node, path.span)
                        .and_then(|full| self.module(Origin::Set(full.into()), Some(path.span))),
                    Origin::Library(_) => None,
                },
            };
            imports.push(Import { module, names: item.names.clone(), span: item.span });
        }
        imports
    }

    fn used_library(&mut self, path: &[ast::Name], span: Span) -> Option<usize> {
        match path {
            [std, module] if &*std.node == "std" => self.library(&module.node, module.span),
            _ => {
                let written = path.iter().map(|name| &*name.node).collect::<Vec<_>>().join("::");
                let at = path.first().map_or(span, |name| name.span);
                self.diagnostics.push(
                    Diagnostic::error(codes::UNKNOWN, at, format!("there is no module `{written}`"))
                        .help("modules of the library are `std::` and a name; a file of your own is used by its path, as in `use \"words.mfp\"`"),
                );
                None
            }
        }
    }

    fn library_file(&mut self, name: &str, at: Option<Span>) -> Option<(SourceId, Arc<ast::File>)> {
        let index = stdlib::MODULES.iter().position(|(module, _)| *module == name);
        let Some((index, (_, text))) = index.and_then(|index| Some((index, stdlib::MODULES.get(index)?)))
        else {
            let names = stdlib::MODULES.iter().map(|(name, _)| *name);
            let span = at.unwrap_or_default();
            let diagnostic =
                Diagnostic::error(codes::UNKNOWN, span, format!("there is no module `std::{name}`"));
            self.diagnostics.push(suggest::help(diagnostic, name, names, span, "the modules of `std` are"));
            return None;
        };
        let source = SourceId::shared(index as u32);
        self.map.add_shared(source, format!("std::{name}"), *text);
        // A module is the same for every set: it is parsed once.
        static PARSED: Mutex<BTreeMap<usize, Arc<ast::File>>> = Mutex::new(BTreeMap::new());
        let mut parsed = PARSED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = parsed.get(&index) {
            return Some((source, Arc::clone(file)));
        }
        let fresh = syntax::parse(source, text, &SourceLimits::default());
        let file = Arc::new(fresh.file);
        if fresh.diagnostics.is_empty() {
            parsed.insert(index, Arc::clone(&file));
        }
        self.diagnostics.extend(fresh.diagnostics);
        Some((source, file))
    }

    /// Reads UTF-8 text, without a byte order mark.
    fn read_text(&mut self, path: &str, limit: usize, at: Option<Span>) -> Option<Arc<str>> {
        let bytes = match self.sources.read(path) {
            Ok(bytes) if bytes.len() > limit => return self.failed(path, &ReadError::TooLarge { limit }, at),
            Ok(bytes) => bytes,
            Err(error) => return self.failed(path, &error, at),
        };
        match String::from_utf8(bytes) {
            Ok(text) => Some(text.strip_prefix('\u{feff}').map(Arc::from).unwrap_or_else(|| text.into())),
            Err(error) => {
                let valid = error.utf8_error().valid_up_to();
                let bytes = error.into_bytes();
                let lossy = String::from_utf8_lossy(&bytes);
                let name = self.sources.name(path);
                let source = self.map.add(name, lossy.into_owned());
                // Up to the first wrong byte the lossy text and the file agree.
                let span = Span::new(source, valid, valid + '\u{fffd}'.len_utf8());
                let message = format!("byte {} is no UTF-8", valid + 1);
                let diagnostic =
                    Diagnostic::error(syntax::codes::NOT_UTF8, span, message).help("save the file in UTF-8");
                self.diagnostics.push(match at {
                    Some(at) => diagnostic.also(at, "it is used here"),
                    None => diagnostic,
                });
                None
            }
        }
    }

    fn failed(&mut self, path: &str, error: &ReadError, at: Option<Span>) -> Option<Arc<str>> {
        let span = match at {
            Some(span) => span,
            None => {
                // The main file has nobody who uses it: an empty source gives the finding a place with its name.
                let name = self.sources.name(path);
                Span::new(self.map.add(name, ""), 0, 0)
            }
        };
        self.unreadable(path, error, span);
        None
    }

    fn unreadable(&mut self, path: &str, error: &ReadError, span: Span) {
        let help = match error {
            ReadError::NotFound => "a path is relative to the file it is written in",
            ReadError::Outside => "move the file into the folder of the policy set",
            ReadError::TooLarge { .. } => "part it into several files",
            ReadError::NotAFile => {
                "write the path of a file, as in `\"words.mfp\"`; folders and pipes are not read"
            }
            ReadError::Other(_) => "make the file readable",
        };
        let message = format!("`{path}` cannot be read: {error}");
        self.diagnostics.push(Diagnostic::error(codes::UNREADABLE, span, message).help(help));
    }

    fn cycle(&mut self, origin: &Origin, at: Option<Span>) {
        let start = self.open.iter().position(|open| open == origin).unwrap_or(0);
        let way: Vec<String> = self.open.iter().skip(start).chain([origin]).map(shown).collect();
        let message = format!("{} uses itself: {}", shown(origin), way.join(" uses "));
        self.diagnostics.push(
            Diagnostic::error(codes::CYCLE, at.unwrap_or_default(), message)
                .help("move what both need into a third file that both use"),
        );
    }

    /// `path` as written in the file `from`, relative to the set's folder.
    fn join(&mut self, from: &str, path: &str, span: Span) -> Option<String> {
        let refused = |what: &str, help: &str| {
            Diagnostic::error(codes::PATH, span, format!("`{path}` {what}")).help(help.to_string())
        };
        if path.is_empty() {
            self.diagnostics
                .push(refused("names no file", "write the path of a file, as in `\"words.mfp\"`"));
            return None;
        }
        let drive = path.as_bytes().get(1) == Some(&b':');
        if path.starts_with(['/', '\\']) || drive {
            self.diagnostics.push(refused("is absolute", "write it relative to this file"));
            return None;
        }
        if path.contains(['\\', '\0']) {
            self.diagnostics.push(refused("is no path", "part folders by `/`"));
            return None;
        }
        let mut parts: Vec<&str> = from.split('/').collect();
        parts.pop();
        for part in path.split('/') {
            match part {
                "" | "." => {}
                ".." => {
                    if parts.pop().is_none() {
                        self.diagnostics.push(refused(
                            "leaves the folder of the policy set",
                            "move the file into the folder of the policy set",
                        ));
                        return None;
                    }
                }
                part => parts.push(part),
            }
        }
        if parts.is_empty() || path.ends_with(['/', '.']) {
            self.diagnostics
                .push(refused("names a folder", "write the path of a file in it, as in `\"words.mfp\"`"));
            return None;
        }
        Some(parts.join("/"))
    }
}

/// How deep files may use files; each level is a few stack frames.
const MOST_NESTED_USES: usize = 200;

fn shown(origin: &Origin) -> String {
    match origin {
        Origin::Set(path) => format!("`{path}`"),
        Origin::Library(name) => format!("`std::{name}`"),
    }
}
