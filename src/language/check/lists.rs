//! What is searched for: dictionaries and detectors.

use super::list_items::lines_of;
use super::names::Meaning;
use super::{Checker, Context, Done, Place};
use crate::base::diagnostic::Diagnostic;
use crate::base::source::{Span, Spanned};
use crate::language::codes::{item as codes, name as name_codes, types};
use crate::language::hir::{self, Check, Near, Pattern};
use crate::language::scope::ItemKey;
use crate::language::suggest;
use crate::language::syntax::ast;
use std::sync::Arc;

/// Checks of detectors by their words.
const CHECKS: &[(&str, Check)] = &[
    ("luhn", Check::Luhn),
    ("card_issuer", Check::CardIssuer),
    ("iban", Check::Iban),
    ("bic", Check::Bic),
    ("aba", Check::Aba),
    ("ssn", Check::Ssn),
    ("nino", Check::Nino),
    ("nhs", Check::Nhs),
    ("steuer_id", Check::SteuerId),
    ("insee", Check::Insee),
    ("mrz", Check::Mrz),
    ("entropy", Check::Entropy),
];

/// The largest weight of an entry, either way.
const MOST_WEIGHT: i64 = 1_000_000;

impl Checker<'_> {
    pub(super) fn dictionary(&mut self, key: ItemKey, item: &ast::Dictionary) -> Done {
        let mut entries = Vec::with_capacity(item.entries.len());
        let mut sound = true;
        for entry in &item.entries {
            let weight = match &entry.weight {
                Some(weight) => {
                    self.number_literal(weight, -MOST_WEIGHT, MOST_WEIGHT, "a weight").unwrap_or(1)
                }
                None => 1,
            };
            let at_most = entry
                .at_most
                .as_ref()
                .and_then(|most| self.number_literal(most, 1, i64::from(u32::MAX), "the most that counts"))
                .and_then(|most| u32::try_from(most).ok());
            if entry.list {
                let Some(path) = self.path_literal(&entry.pattern) else {
                    sound = false;
                    continue;
                };
                let lines = self.lines(key.module, &path, entry.pattern.span);
                for line in lines {
                    if let Some(pattern) = self.line_pattern(&line, entry.word) {
                        entries.push(hir::DictionaryEntry { pattern, weight, at_most, span: line.span });
                    }
                }
                continue;
            }
            match self.entry_pattern(&entry.pattern, entry.word) {
                Some(pattern) => {
                    entries.push(hir::DictionaryEntry { pattern, weight, at_most, span: entry.span })
                }
                None => sound = false,
            }
        }
        if item.entries.is_empty() && sound {
            self.push(
                Diagnostic::error(
                    codes::EMPTY,
                    item.name.span,
                    format!("the dictionary `{}` has no entries", item.name.node),
                )
                .help("write entries, as in `\"secret\" weight 3`"),
            );
        }
        let id = hir::DictionaryId(self.dictionaries.len() as u32);
        self.dictionaries.push(hir::Dictionary { name: item.name.node.clone(), entries, span: item.span });
        Done::Dictionary(id)
    }

    fn entry_pattern(&mut self, pattern: &ast::Expr, word: bool) -> Option<Pattern> {
        match &pattern.kind {
            ast::ExprKind::Text(text) => {
                let plain = self.plain(text)?;
                self.fixed_pattern(&plain, word, pattern.span)
            }
            ast::ExprKind::Regex { pattern: text, flags } => self.regex(text, flags, pattern.span),
            ast::ExprKind::Bad => None,
            _ => {
                self.push(
                    Diagnostic::error(
                        types::MISMATCH,
                        pattern.span,
                        "a text or a regular expression must stand here",
                    )
                    .help("write it in quotes, or between slashes"),
                );
                None
            }
        }
    }

    fn fixed_pattern(&mut self, text: &Arc<str>, word: bool, span: Span) -> Option<Pattern> {
        if !self.findable(text, span) {
            return None;
        }
        if !word {
            return Some(Pattern::Literal { text: Arc::clone(text) });
        }
        if !text.chars().any(char::is_alphanumeric) {
            self.push(
                Diagnostic::error(types::NEVER_MATCHES, span, "no word is made of signs alone")
                    .help("take away `word`"),
            );
            return None;
        }
        Some(Pattern::Word { text: Arc::clone(text) })
    }

    fn line_pattern(&mut self, line: &Spanned<Arc<str>>, word: bool) -> Option<Pattern> {
        self.fixed_pattern(&line.node, word, line.span)
    }

    /// The lines of a list file, without blank ones and comments; each with its place in that file.
    pub(super) fn lines(&mut self, module: usize, path: &str, span: Span) -> Vec<Spanned<Arc<str>>> {
        let Some(source) = self.loaded.text_file(module, path, span) else { return Vec::new() };
        let Some(text) = self.loaded.map.get(source).map(|source| Arc::clone(&source.text)) else {
            return Vec::new();
        };
        lines_of(source, &text).map(|(line, span)| Spanned::new(line.into(), span)).collect()
    }

    pub(super) fn detector(&mut self, key: ItemKey, item: &ast::Detector) -> Done {
        let mut made = hir::Detector {
            name: item.name.node.clone(),
            because: None,
            patterns: Vec::new(),
            checks: Vec::new(),
            near: Vec::new(),
            yes: Vec::new(),
            no: Vec::new(),
            span: item.span,
        };
        let mut whole = true;
        for clause in &item.clauses {
            match clause {
                ast::DetectorClause::Because(text, _) => made.because = self.plain(text),
                ast::DetectorClause::Pattern(pattern, _) => match &pattern.kind {
                    ast::ExprKind::Regex { pattern: text, flags } => {
                        match self.regex(text, flags, pattern.span) {
                            Some(pattern) => made.patterns.push(pattern),
                            None => whole = false,
                        }
                    }
                    _ => {
                        whole = false;
                        self.no_regex(pattern);
                    }
                },
                ast::DetectorClause::Check(name, _) => {
                    match CHECKS.iter().find(|(word, _)| *word == &*name.node) {
                        Some((_, check)) => made.checks.push(*check),
                        None => {
                            whole = false;
                            let message = format!("there is no check `{}`", name.node);
                            let diagnostic = Diagnostic::error(name_codes::UNKNOWN, name.span, message);
                            let words = CHECKS.iter().map(|(word, _)| *word);
                            self.push(suggest::help(
                                diagnostic,
                                &name.node,
                                words,
                                name.span,
                                "the checks are",
                            ));
                        }
                    }
                }
                ast::DetectorClause::Near { words, within, .. } => match self.near(key, words, within) {
                    Some(near) => made.near.push(near),
                    None => whole = false,
                },
                ast::DetectorClause::Yes(text, span) => {
                    made.yes.extend(self.plain(text).map(|text| Spanned::new(text, *span)));
                }
                ast::DetectorClause::No(text, span) => {
                    made.no.extend(self.plain(text).map(|text| Spanned::new(text, *span)));
                }
                ast::DetectorClause::Bad(_) => whole = false,
            }
        }
        if made.patterns.is_empty()
            && item.clauses.iter().all(|clause| {
                !matches!(clause, ast::DetectorClause::Pattern(..) | ast::DetectorClause::Bad(_))
            })
        {
            self.push(
                Diagnostic::error(
                    codes::EMPTY,
                    item.name.span,
                    format!("the detector `{}` has no pattern", item.name.node),
                )
                .help("say what its finds look like, as in `pattern /[0-9]{8}/`"),
            );
        }
        let id = hir::DetectorId(self.detectors.len() as u32);
        if !whole {
            self.doubtful_detectors.insert(id);
        }
        self.detectors.push(made);
        Done::Detector(id)
    }

    fn near(&mut self, key: ItemKey, words: &[ast::Expr], within: &ast::Expr) -> Option<Near> {
        let distance = match &within.kind {
            ast::ExprKind::Characters(_) => self.number_literal(within, 1, 10_000, "a distance"),
            ast::ExprKind::Bad => None,
            _ => {
                self.push(
                    Diagnostic::error(
                        types::MISMATCH,
                        within.span,
                        "a distance in characters must stand here",
                    )
                    .help("write it as in `within 100 characters`"),
                );
                None
            }
        };
        let mut patterns = Vec::new();
        let mut sound = true;
        let context = Context::new(key.module, Place::Nowhere);
        for word in words {
            match &word.kind {
                ast::ExprKind::Name(reference) => match self.meaning(&context, reference) {
                    Meaning::Dictionary(dictionary) => {
                        let entries = self.dictionaries.get(dictionary.index());
                        patterns.extend(
                            entries
                                .into_iter()
                                .flat_map(|found| found.entries.iter().map(|entry| entry.pattern.clone())),
                        );
                    }
                    Meaning::Unknown => sound = false,
                    other => {
                        sound = false;
                        let message = format!("`near` wants words, and this is {}", other.words());
                        self.push(
                            Diagnostic::error(types::MISMATCH, word.span, message)
                                .help("write texts in quotes, or name a dictionary"),
                        );
                    }
                },
                _ => match self.entry_pattern(word, false) {
                    Some(pattern) => patterns.push(pattern),
                    None => sound = false,
                },
            }
        }
        if !sound {
            return None;
        }
        Some(Near { patterns, within: u32::try_from(distance?).ok()? })
    }
}
