//! The directory tree: paths, who is at home where, and what hangs in it.

use super::Checker;
use super::homes::{Homes, TwoHomes, Written};
use super::list_items::{Fault, Faults, MOST_TOLD, domain_of_line, lines_of, without_comment};
use super::names::written;
use crate::base::address::{Address, DomainPattern};
use crate::base::diagnostic::Diagnostic;
use crate::base::source::Span;
use crate::base::table::AddressTable;
use crate::language::codes::{directory as codes, name as name_codes};
use crate::language::hir::{self, DirectoryId, ListEntries};
use crate::language::scope::{ItemKey, Space, Wanted};
use crate::language::suggest;
use crate::language::syntax::ast::{self, DirectoryEntry, Expr, ExprKind, Item};
use crate::language::syntax::codes::TOO_DEEP;
use std::collections::HashMap;
use std::sync::Arc;

/// The directories so far.
#[derive(Debug, Default)]
pub(super) struct Tree {
    pub(super) directories: Vec<hir::Directory>,
    by_path: HashMap<Arc<str>, DirectoryId>,
    /// Names of directories at the top: they share the space of values.
    pub(super) top_level: HashMap<Arc<str>, Span>,
    /// What is said of each directory, for the checks of the hierarchy.
    pub(super) exceptions: Vec<ExceptionPlace>,
    pub(super) overrides: Vec<OverridePlace>,
    /// Who is at home where, while it is collected.
    collected: Homes,
    /// The same once it is whole.
    pub(super) homes: Arc<AddressTable>,
}

/// A policy named in an `except`.
#[derive(Debug, Clone)]
pub(super) struct ExceptionPlace {
    pub(super) directory: DirectoryId,
    pub(super) policy: Arc<str>,
    pub(super) span: Span,
}

/// A policy named after `overrides`.
#[derive(Debug, Clone)]
pub(super) struct OverridePlace {
    pub(super) by: hir::PolicyId,
    pub(super) policy: Arc<str>,
    pub(super) span: Span,
}

impl Tree {
    pub(super) fn find(&self, path: &str) -> Option<DirectoryId> {
        self.by_path.get(path).copied()
    }

    /// The directory and those it lies in, innermost first.
    pub(super) fn chain(&self, from: DirectoryId) -> impl Iterator<Item = DirectoryId> {
        std::iter::successors(Some(from), |directory| self.directories.get(directory.index())?.parent)
    }

    pub(super) fn path(&self, id: DirectoryId) -> Arc<str> {
        self.directories
            .get(id.index())
            .map_or_else(|| Arc::from(""), |directory| Arc::clone(&directory.path))
    }

    fn open(&mut self, parent: Option<DirectoryId>, name: &ast::Name, span: Span) -> DirectoryId {
        let path: Arc<str> = match parent {
            Some(parent) => format!("{}.{}", self.path(parent), name.node).into(),
            None => Arc::clone(&name.node),
        };
        if let Some(known) = self.by_path.get(&path) {
            return *known;
        }
        let id = DirectoryId(self.directories.len() as u32);
        if parent.is_none() {
            self.top_level.insert(Arc::clone(&name.node), name.span);
        }
        self.by_path.insert(Arc::clone(&path), id);
        self.directories.push(hir::Directory {
            id,
            path,
            parent,
            groups: Vec::new(),
            exceptions: Vec::new(),
            span,
        });
        id
    }
}

impl Checker<'_> {
    /// Makes the tree of all files, without what hangs in it.
    pub(super) fn collect_directories(&mut self) {
        let mut opened = std::collections::HashSet::new();
        let mut wanted = Vec::new();
        for module in self.own_modules() {
            let Some(file) = self.file(module) else { continue };
            for item in &file.items {
                if let Item::Directory(directory) = item {
                    self.collect_directory(None, directory, &mut opened, &mut wanted);
                }
            }
        }
        // `directory acme.sales` adds to what is there: a path through nothing is a slip of the pen.
        for (id, name) in wanted {
            if opened.contains(&id) {
                continue;
            }
            let path = self.tree.path(id);
            if self.doubt.covers(Wanted::Directory, &path) {
                continue;
            }
            let known: Vec<Arc<str>> = opened.iter().map(|id| self.tree.path(*id)).collect();
            let diagnostic =
                Diagnostic::error(name_codes::UNKNOWN, name.span, format!("there is no directory `{path}`"));
            let names = known.iter().map(|path| &**path);
            self.push(suggest::help(diagnostic, &path, names, name.span, "the directories are"));
        }
    }

    fn collect_directory(
        &mut self,
        parent: Option<DirectoryId>,
        directory: &ast::Directory,
        opened: &mut std::collections::HashSet<DirectoryId>,
        wanted: &mut Vec<(DirectoryId, ast::Name)>,
    ) {
        let Some((last, through)) = directory.path.segments.split_last() else { return };
        let depth =
            parent.map_or(0, |parent| self.tree.chain(parent).count()) + directory.path.segments.len();
        if depth > self.loaded.limits.nesting {
            self.push(
                Diagnostic::error(TOO_DEEP, directory.path.span, "directories nested too deep")
                    .help(format!("nest them at most {} deep", self.loaded.limits.nesting)),
            );
            return;
        }
        let mut at = parent;
        for name in through {
            let id = self.tree.open(at, name, directory.span);
            wanted.push((id, name.clone()));
            at = Some(id);
        }
        let id = self.tree.open(at, last, directory.span);
        opened.insert(id);
        for entry in &directory.entries {
            if let DirectoryEntry::Directory(inner) = entry {
                self.collect_directory(Some(id), inner, opened, wanted);
            }
        }
    }

    /// Fills the tree: homes, policies, applications, exceptions.
    pub(super) fn check_directories(&mut self) {
        for module in self.own_modules() {
            let Some(file) = self.file(module) else { continue };
            for item in &file.items {
                if let Item::Directory(directory) = item {
                    self.fill_directory(module, None, directory);
                }
            }
        }
        self.finish_homes();
        self.check_site_homes();
    }

    fn fill_directory(&mut self, module: usize, parent: Option<DirectoryId>, directory: &ast::Directory) {
        let path = match parent {
            Some(parent) => format!("{}.{}", self.tree.path(parent), written(&directory.path)),
            None => written(&directory.path),
        };
        // A directory without a name has its own finding, from the parser.
        let Some(id) = self.tree.find(&path) else { return };
        for entry in &directory.entries {
            match entry {
                DirectoryEntry::Domain(values, _) => {
                    for value in values {
                        if let Some(domain) = self.domain_literal(value) {
                            self.domain_home(id, &domain, value.span);
                        }
                    }
                }
                DirectoryEntry::User(values, _) => {
                    for value in values {
                        if let Some(address) = self.address_literal(value) {
                            self.user_home(id, &address, value.span);
                        }
                    }
                }
                DirectoryEntry::List(values, _) => {
                    for value in values {
                        self.list_entry(module, id, value);
                    }
                }
                DirectoryEntry::Group { service, query, span } => self.group(id, service, query, *span),
                DirectoryEntry::Policy(policy) => self.policy_in_directory(module, id, policy),
                DirectoryEntry::Apply(apply) => self.apply(module, id, apply),
                DirectoryEntry::Except { policies, when, span } => {
                    self.exception(module, id, policies, when, *span);
                }
                DirectoryEntry::Directory(inner) => self.fill_directory(module, Some(id), inner),
                DirectoryEntry::Bad(_) => {}
            }
        }
    }

    fn user_home(&mut self, id: DirectoryId, address: &Address, span: Span) {
        let sides = (&*address.local, &*address.domain);
        if self.tree.collected.sides(sides, id, Written::At(span)).is_err() {
            self.full(span);
        }
    }

    fn domain_home(&mut self, id: DirectoryId, domain: &DomainPattern, span: Span) {
        let sides = (&*domain.domain, domain.subdomains);
        if self.tree.collected.domain(sides, id, Written::At(span)).is_err() {
            self.full(span);
        }
    }

    /// Makes the table of all homes, and tells of entries that have two.
    fn finish_homes(&mut self) {
        let collected = std::mem::take(&mut self.tree.collected);
        let (homes, found, more) = collected.build(&self.loaded.map, MOST_TOLD);
        self.tree.homes = Arc::new(homes);
        let last = found.last().map(|last| last.later);
        for TwoHomes { entry, later: (here, span), earlier: (there, at) } in found {
            self.two_homes(&entry, here, there, span, at);
        }
        if let Some((_, span)) = last
            && more > 0
        {
            let message = format!("{more} more entries are at home in two directories");
            self.push(
                Diagnostic::error(codes::TWO_HOMES, span, message)
                    .label("behind this one")
                    .help("every address has one home: keep one of the two entries"),
            );
        }
    }

    fn two_homes(&mut self, entry: &str, here: DirectoryId, there: DirectoryId, span: Span, at: Span) {
        let (here, there) = (self.tree.path(here), self.tree.path(there));
        self.push(
            Diagnostic::error(codes::TWO_HOMES, span, format!("`{entry}` is at home in `{there}` already"))
                .label(format!("here in `{here}`"))
                .also(at, format!("there in `{there}`"))
                .help("every address has one home: keep one of the two entries"),
        );
    }

    /// `list "people.txt"`, `list staff`
    fn list_entry(&mut self, module: usize, id: DirectoryId, value: &Expr) {
        let ExprKind::Name(reference) = &value.kind else {
            let Some(path) = self.path_literal(value) else { return };
            self.home_file(module, id, &path, value.span);
            return;
        };
        let context = super::Context::new(module, super::Place::Nowhere);
        let list = match self.meaning(&context, reference) {
            super::names::Meaning::List(list) => list,
            super::names::Meaning::Unknown => return,
            other => {
                let message = format!("`{}` is {}, not a list", written(reference), other.words());
                self.push(
                    Diagnostic::error(crate::language::codes::types::MISMATCH, value.span, message)
                        .help("name a `list` of addresses, or its file in quotes"),
                );
                return;
            }
        };
        let entries = self.lists.get(list.index()).map(|list| list.entries.clone());
        match entries {
            Some(ListEntries::Addresses(table)) => {
                let (homes, at) = (&mut self.tree.collected, Written::At(value.span));
                let users = table
                    .addresses()
                    .all(|(_, local, domain, _)| homes.sides((local, domain), id, at).is_ok());
                let domains =
                    table.domains().all(|(domain, below, _)| homes.domain((domain, below), id, at).is_ok());
                if !(users && domains) {
                    self.full(value.span);
                }
            }
            Some(_) => self.push(
                Diagnostic::error(
                    crate::language::codes::types::MISMATCH,
                    value.span,
                    "nobody is at home in a list without addresses",
                )
                .help("name a `list` of addresses"),
            ),
            None => {}
        }
    }

    /// The users and domains that a file lists.
    fn home_file(&mut self, module: usize, id: DirectoryId, path: &str, span: Span) {
        let Some((source, text)) = self.list_text(module, path, span) else { return };
        let mut faults = Faults::default();
        for (line, span) in lines_of(source, &text) {
            let (line, span) = without_comment(line, span);
            let homes = &mut self.tree.collected;
            let written = Written::Line(source, span.start);
            let added = match domain_of_line(line) {
                Some(domain) => homes.domain(domain, id, written).map_err(Fault::of_domain),
                None => homes.address(line, id, written).map_err(Fault::of_address),
            };
            if let Err(fault) = added {
                self.line_fault(&mut faults, fault, line, span, None);
            }
        }
        self.more_faults(faults);
    }

    fn group(&mut self, id: DirectoryId, service: &ast::Name, query: &ast::TextLiteral, span: Span) {
        if &*service.node != "ldap" {
            let message = format!("there is no directory service `{}`", service.node);
            let diagnostic = Diagnostic::error(crate::language::codes::types::SERVICE, service.span, message);
            self.push(suggest::help(diagnostic, &service.node, ["ldap"], service.span, "the services are"));
            return;
        }
        let Some(text) = self.plain(query) else { return };
        if text.trim().is_empty() {
            self.push(
                Diagnostic::error(
                    crate::language::codes::types::SERVICE,
                    query.span,
                    "an empty query finds nobody",
                )
                .help("write a distinguished name or a filter"),
            );
            return;
        }
        if let Some(directory) = self.tree.directories.get_mut(id.index()) {
            directory.groups.push(hir::Group { service: Arc::clone(&service.node), query: text, span });
        }
    }

    fn exception(
        &mut self,
        module: usize,
        id: DirectoryId,
        policies: &[ast::Reference],
        when: &Expr,
        span: Span,
    ) {
        let mut context = super::Context::new(module, super::Place::Message);
        let when = self.condition(&mut context, when);
        let mut names = Vec::with_capacity(policies.len());
        for reference in policies {
            let Some(name) = self.policy_name(module, reference) else { continue };
            self.tree.exceptions.push(ExceptionPlace {
                directory: id,
                policy: Arc::clone(&name),
                span: reference.span,
            });
            names.push(name);
        }
        if let Some(directory) = self.tree.directories.get_mut(id.index()) {
            directory.exceptions.push(hir::Exception { policies: names, when, span });
        }
    }

    /// The name under which a policy is known in the set. One taken from the library by `use` counts as used.
    pub(super) fn policy_name(&mut self, module: usize, reference: &ast::Reference) -> Option<Arc<str>> {
        let first = reference.segments.first()?;
        if !reference.modules.is_empty() {
            let _: ItemKey = self.qualified(&reference.modules, first, Space::Policies)?;
            return Some(Arc::clone(&first.node));
        }
        self.find(module, Space::Policies, &first.node);
        Some(written(reference).into())
    }

    /// Warns of domains of the site whose addresses no directory is the home of.
    fn check_site_homes(&mut self) {
        if self.tree.directories.is_empty() || self.doubt.any() || self.loaded.diagnostics.has_errors() {
            return;
        }
        // Groups may be the home of anybody.
        if self.tree.directories.iter().any(|directory| !directory.groups.is_empty()) {
            return;
        }
        for module in self.own_modules() {
            let Some(file) = self.file(module) else { continue };
            for item in &file.items {
                let Item::Site(site) = item else { continue };
                for clause in &site.clauses {
                    let ast::SiteClause::Domains(values, _) = clause else { continue };
                    for value in values {
                        let ExprKind::Domain { name, subdomains } = &value.kind else { continue };
                        let Some(domain) = self.domain(name, *subdomains, value.span) else { continue };
                        if !self.is_covered(&domain) {
                            self.push(
                                Diagnostic::warning(
                                    codes::NO_HOME,
                                    value.span,
                                    format!("`{domain}` is at home in no directory"),
                                )
                                .label("no policy holds for its addresses")
                                .help(format!("add `domain {domain}` to a directory")),
                            );
                        }
                    }
                }
            }
        }
    }

    /// Whether some domain entry covers all addresses of a pattern.
    fn is_covered(&self, domain: &DomainPattern) -> bool {
        let homes = &self.tree.homes;
        let own = DomainPattern { domain: Arc::clone(&domain.domain), subdomains: true };
        match domain.subdomains {
            false => homes.has_domain(&domain.domain),
            true => homes.pattern(&own).is_some() || homes.is_below_entry(&domain.domain),
        }
    }
}
