//! Lists and the files they read. A file may have a million lines: a line costs its parsing and its text, wrong lines
//! are told one by one up to a number and then counted.

use super::literals::sound_network;
use super::patterns::is_findable;
use super::{Checker, Context, Done, Place};
use crate::base::address::domain_to_ascii;
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
            let (line, span) = without_comment(line, span);
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
            Fault::Address => match bare_domain(line) {
                Some(domain) => self.push(
                    Diagnostic::error(types::ADDRESS, span, format!("`{domain}` is no e-mail address"))
                        .help(with_its_sign(domain))
                        .fix(span.before(), "@", "insert `@`"),
                ),
                None => {
                    self.address(line, span);
                }
            },
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
        let text = self.loaded.map.slice(if sort == Sort::Texts { span } else { at });
        let networks = first == Sort::Networks || sort == Sort::Networks;
        let help = match bare_domain(text.trim_matches('"')).filter(|_| !networks) {
            Some(domain) => with_its_sign(domain),
            None => "make two lists of it".to_string(),
        };
        self.push(
            Diagnostic::error(codes::MIXED_LIST, span, message)
                .also(at, format!("the first of {}", first.words()))
                .help(help),
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
            if has_outer_hyphen(name) {
                return Err(Fault::Domain);
            }
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

/// Whether a label of a domain begins or ends with a hyphen, which none does (RFC 1123, 2.1).
pub(super) fn has_outer_hyphen(name: &str) -> bool {
    name.split('.').any(|label| label.starts_with('-') || label.ends_with('-'))
}

/// A text that is a domain as people write it, without `@`.
pub(super) fn bare_domain(text: &str) -> Option<&str> {
    let last = text.rsplit('.').next().unwrap_or_default();
    let is_domain = text.contains('.')
        && last.len() > 1
        && last.chars().all(char::is_alphabetic)
        && text.chars().all(|sign| sign.is_alphanumeric() || matches!(sign, '.' | '-'))
        && domain_to_ascii(text).is_some();
    is_domain.then_some(text)
}

fn with_its_sign(domain: &str) -> String {
    format!("write `@{domain}` for the domain, or `@*.{domain}` for all below it")
}

/// An address, a domain or a network without the comment behind it. In a text the sign may belong to it.
pub(super) fn without_comment(line: &str, span: Span) -> (&str, Span) {
    let entry = line.split([' ', '\t']).next().unwrap_or_default();
    let rest = line.get(entry.len()..).unwrap_or_default().trim_start();
    if rest.starts_with('#') && (entry.contains('@') || looks_like_network(entry)) {
        return (entry, Span { end: span.start + entry.len() as u32, ..span });
    }
    (line, span)
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
