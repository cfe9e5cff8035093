//! Lists and the files they read. A file may have a million lines: a line costs its parsing and its text, wrong lines
//! are told one by one up to a number and then counted.

use super::literals::sound_network;
use super::patterns::is_findable;
use super::{Checker, Context, Done, Place};
use crate::base::diagnostic::Diagnostic;
use crate::base::source::{SourceId, Span, Spanned};
use crate::base::table::{AddressTableBuilder, Refused, TextList};
use crate::language::codes::{item as codes, types};
use crate::language::hir::{self, ListEntries, Literal};
use crate::language::schema::types::Type;
use crate::language::scope::ItemKey;
use crate::language::syntax::ast;
use std::sync::Arc;

/// Wrong lines of one file that are told one by one, and entries with two homes.
pub(super) const MOST_TOLD: usize = 20;

/// What is wrong with an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    Address,
    Domain,
    Network,
    /// A text of which nothing is left.
    Empty,
    /// An entry of this sort in a list of another.
    Mixed(Sort),
    /// The list takes no more.
    Full,
}

impl Fault {
    /// Why an address was refused.
    pub(super) fn of_address(refused: Refused) -> Fault {
        match refused {
            Refused::NotOne => Fault::Address,
            Refused::Full => Fault::Full,
        }
    }

    /// Why a domain was refused.
    pub(super) fn of_domain(refused: Refused) -> Fault {
        match refused {
            Refused::NotOne => Fault::Domain,
            Refused::Full => Fault::Full,
        }
    }
}

/// The findings of one list file.
#[derive(Debug, Default)]
pub(super) struct Faults {
    told: usize,
    /// The first line that was not told, and how many there are.
    more: Option<(Span, usize)>,
}

impl Checker<'_> {
    pub(super) fn list(&mut self, key: ItemKey, item: &ast::List) -> Done {
        let mut collected = Collected::default();
        let mut whole = true;
        for entry in &item.entries {
            match entry {
                ast::ListEntry::Value(value) => self.list_value(value, &mut collected),
                ast::ListEntry::File(path) => {
                    whole &= self.list_file(key.module, path, &mut collected);
                }
                ast::ListEntry::Bad(_) => whole = false,
            }
        }
        if item.entries.is_empty() && whole {
            self.push(
                Diagnostic::error(
                    codes::EMPTY,
                    item.name.span,
                    format!("the list `{}` has no entries", item.name.node),
                )
                .help("write addresses, domains, networks or texts, or read them by `from \"file.txt\"`"),
            );
        }
        let id = hir::ListId(self.lists.len() as u32);
        let entries = collected.entries();
        self.lists.push(hir::List { name: item.name.node.clone(), entries, span: item.span });
        Done::List(id)
    }

    /// Reads the lines of a file; false where it has none, or cannot be read.
    fn list_file(&mut self, module: usize, path: &Spanned<String>, collected: &mut Collected) -> bool {
        let Some((source, text)) = self.list_text(module, &path.node, path.span) else { return false };
        // A second reading would add nothing.
        if collected.files.contains(&source) {
            return true;
        }
        collected.files.push(source);
        let mut faults = Faults::default();
        let mut lines = 0_usize;
        for (line, span) in lines_of(source, &text) {
            lines += 1;
            if let Err(fault) = collected.line(line, span) {
                self.line_fault(&mut faults, fault, line, span, collected.first);
            }
        }
        self.more_faults(faults);
        lines > 0
    }

    /// The text of a list file.
    pub(super) fn list_text(
        &mut self,
        module: usize,
        path: &str,
        span: Span,
    ) -> Option<(SourceId, Arc<str>)> {
        let source = self.loaded.text_file(module, path, span)?;
        Some((source, Arc::clone(&self.loaded.map.get(source)?.text)))
    }

    /// Tells of a wrong line, or counts it. `first` is the list's first entry with its sort.
    pub(super) fn line_fault(
        &mut self,
        faults: &mut Faults,
        fault: Fault,
        line: &str,
        span: Span,
        first: Option<(Sort, Span)>,
    ) {
        if faults.told >= MOST_TOLD {
            faults.more.get_or_insert((span, 0)).1 += 1;
            return;
        }
        faults.told += 1;
        match fault {
            Fault::Address => {
                self.address(line, span);
            }
            Fault::Domain => {
                let (name, below) = domain_of_line(line).unwrap_or((line, false));
                self.domain(name, below, span);
            }
            Fault::Network => {
                self.network(line, span);
            }
            Fault::Empty => {
                self.findable(line, span);
            }
            Fault::Mixed(sort) => self.mixed(sort, span, first),
            Fault::Full => {
                // The lines behind it fail alike.
                faults.told = MOST_TOLD;
                self.full(span);
            }
        }
    }

    /// Tells how many wrong lines were only counted.
    pub(super) fn more_faults(&mut self, faults: Faults) {
        let Some((span, more)) = faults.more else { return };
        let message = match more {
            1 => "one more line of this file is wrong".to_string(),
            more => format!("{more} more lines of this file are wrong"),
        };
        self.push(
            Diagnostic::error(codes::MORE_LINES, span, message)
                .label("the first of them")
                .help("mend those above, or name the right file"),
        );
    }

    pub(super) fn full(&mut self, span: Span) {
        self.push(
            Diagnostic::error(codes::TOO_LARGE, span, "there are too many entries from here on")
                .help("ask a directory service for them, as in `group ldap \"…\"`"),
        );
    }

    fn mixed(&mut self, sort: Sort, span: Span, first: Option<(Sort, Span)>) {
        let Some((first, at)) = first else { return };
        let message = format!("{} stand in a list of {}", sort.words(), first.words());
        self.push(
            Diagnostic::error(codes::MIXED_LIST, span, message)
                .also(at, format!("the first of {}", first.words()))
                .help("make two lists of it"),
        );
    }

    fn list_value(&mut self, value: &ast::Expr, collected: &mut Collected) {
        let mut context = Context::new(0, Place::Nowhere);
        let typed = self.value(&mut context, value);
        let hir::ExprKind::Literal(constant) = typed.kind else { return };
        if typed.ty == Type::Unknown {
            return;
        }
        let sort = match &constant {
            Literal::Address(_) | Literal::Domain(_) => Sort::Addresses,
            Literal::Network(_) => Sort::Networks,
            Literal::Text(text) if self.findable(text, value.span) => Sort::Texts,
            Literal::Text(_) => return,
            _ => {
                self.push(
                    Diagnostic::error(
                        types::MISMATCH,
                        value.span,
                        format!("{} cannot stand in a list", typed.ty),
                    )
                    .help("a list holds addresses and domains, or networks, or texts"),
                );
                return;
            }
        };
        match collected.same_sort(sort, value.span).and_then(|()| collected.add(constant)) {
            Ok(()) => {}
            Err(Fault::Mixed(sort)) => self.mixed(sort, value.span, collected.first),
            Err(_) => self.full(value.span),
        }
    }
}

/// The sort of a list's entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    Addresses,
    Networks,
    Texts,
}

impl Sort {
    fn words(self) -> &'static str {
        match self {
            Sort::Addresses => "addresses",
            Sort::Networks => "networks",
            Sort::Texts => "texts",
        }
    }
}

/// The entries of a list so far.
#[derive(Debug, Default)]
struct Collected {
    /// The sort of the first, and its place.
    first: Option<(Sort, Span)>,
    addresses: AddressTableBuilder,
    networks: Vec<ipnet::IpNet>,
    texts: TextList,
    files: Vec<SourceId>,
}

impl Collected {
    fn add(&mut self, constant: Literal) -> Result<(), Fault> {
        match constant {
            Literal::Address(address) => {
                self.addresses.add_sides(&address.local, &address.domain, 0).map_err(Fault::of_address)
            }
            Literal::Domain(pattern) => self
                .addresses
                .add_read_domain(&pattern.domain, pattern.subdomains, 0)
                .map_err(Fault::of_domain),
            Literal::Network(network) => {
                self.networks.push(network);
                Ok(())
            }
            Literal::Text(text) => self.text(&text),
            _ => Ok(()),
        }
    }

    fn text(&mut self, text: &str) -> Result<(), Fault> {
        if self.texts.push(text) { Ok(()) } else { Err(Fault::Full) }
    }

    /// Adds the entry of a line.
    fn line(&mut self, line: &str, span: Span) -> Result<(), Fault> {
        if let Some((name, below)) = domain_of_line(line) {
            self.sorted(Sort::Addresses, span, |this| {
                this.addresses.add_domain(name, below, 0).map_err(Fault::of_domain)
            })
        } else if matches!(self.first, Some((Sort::Texts, _))) {
            self.text_line(line, span)
        } else if line.contains('@') && !line.contains(char::is_whitespace) {
            self.sorted(Sort::Addresses, span, |this| {
                this.addresses.add_address(line, 0).map_err(Fault::of_address)
            })
        } else if looks_like_network(line) {
            let network = sound_network(line).ok_or(Fault::Network)?;
            self.sorted(Sort::Networks, span, |this| {
                this.networks.push(network);
                Ok(())
            })
        } else {
            self.text_line(line, span)
        }
    }

    fn text_line(&mut self, line: &str, span: Span) -> Result<(), Fault> {
        if !is_findable(line) {
            return Err(Fault::Empty);
        }
        self.sorted(Sort::Texts, span, |this| this.text(line))
    }

    /// Adds an entry if it is of the list's sort.
    fn sorted(
        &mut self,
        sort: Sort,
        span: Span,
        add: impl FnOnce(&mut Self) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        match self.first {
            Some((first, _)) if first != sort => Err(Fault::Mixed(sort)),
            Some(_) => add(self),
            None => {
                add(self)?;
                self.first = Some((sort, span));
                Ok(())
            }
        }
    }

    fn same_sort(&mut self, sort: Sort, span: Span) -> Result<(), Fault> {
        self.sorted(sort, span, |_| Ok(()))
    }

    fn entries(mut self) -> ListEntries {
        match self.first {
            Some((Sort::Networks, _)) => ListEntries::Networks(Arc::new(self.networks.iter().collect())),
            Some((Sort::Texts, _)) => {
                self.texts.shrink();
                ListEntries::Texts(Arc::new(self.texts))
            }
            // All have the number 0, so no two disagree.
            _ => ListEntries::Addresses(Arc::new(self.addresses.build().table)),
        }
    }
}

/// The domain of a line that begins with `@`; true where `@*.` means what is below it.
pub(super) fn domain_of_line(line: &str) -> Option<(&str, bool)> {
    let domain = line.strip_prefix('@')?;
    Some(match domain.strip_prefix("*.") {
        Some(rest) => (rest, true),
        None => (domain, false),
    })
}

/// Whether a line means a network rather than a text: digits, dots, colons and a slash alone.
fn looks_like_network(text: &str) -> bool {
    let parts = |separator| text.split(separator).count();
    let digits =
        text.chars().all(|character| character.is_ascii_hexdigit() || matches!(character, '.' | ':' | '/'));
    digits
        && text.contains(|character: char| character.is_ascii_digit())
        && (parts('.') == 4 || parts(':') > 2)
}

/// The lines of a text that are neither blank nor comments, with their places.
pub(super) fn lines_of(source: SourceId, text: &str) -> impl Iterator<Item = (&str, Span)> {
    let mut start = 0;
    text.split_inclusive('\n').filter_map(move |line| {
        let content = line.trim();
        let at = start + (line.len() - line.trim_start().len());
        start += line.len();
        let is_entry = !content.is_empty() && !content.starts_with('#');
        is_entry.then(|| (content, Span::new(source, at, at + content.len())))
    })
}
