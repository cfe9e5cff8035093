//! What text is searched for: literals, words, regular expressions, globs.
//!
//! A pattern that can never match is an error. Text is searched in its normalised form: without invisible characters,
//! with every run of white space as one blank, in Unicode NFKC. What a pattern wants beyond that, no message has.

use super::names::{Meaning, written};
use super::unknown::Hint;
use super::{Checker, Context};
use crate::base::diagnostic::Diagnostic;
use crate::base::source::{Span, Spanned};
use crate::language::codes::types as codes;
use crate::language::hir::{Expr, ExprKind, ListEntries, Matcher, Pattern};
use crate::language::schema::types::Type;
use crate::language::syntax::ast::{self, MatchOperator};
use icu_normalizer::{ComposingNormalizer, ComposingNormalizerBorrowed};
use icu_properties::props::DefaultIgnorableCodePoint;
use icu_properties::{CodePointSetData, CodePointSetDataBorrowed};
use regex_syntax::hir::{Class, Hir, HirKind};
use std::sync::Arc;

const NFKC: ComposingNormalizerBorrowed<'static> = ComposingNormalizer::new_nfkc();
const IGNORABLE: CodePointSetDataBorrowed<'static> = CodePointSetData::new::<DefaultIgnorableCodePoint>();

/// Characters of a class that are looked at one by one; a larger class has one that can occur.
const CLASS_CHARACTERS: u32 = 64;

impl Checker<'_> {
    /// `s contains t` and its kin.
    pub(super) fn matching(
        &mut self,
        context: &mut Context,
        subject_ast: &ast::Expr,
        subject: Meaning,
        operator: &Spanned<MatchOperator>,
        pattern: &ast::Expr,
        span: Span,
    ) -> Option<Expr> {
        let subject = self.subject_value(subject_ast, subject);
        let matcher = self.matcher(context, operator.node, pattern);
        let subject = subject?;
        match subject.ty.present() {
            Type::Text | Type::Surface | Type::Address | Type::Domain => {}
            Type::Many(_) => {
                self.needs_quantifier(&subject);
                return None;
            }
            ty => {
                let message = format!("{ty} has no text to be searched");
                let help = match ty {
                    Type::Mailbox => "search `….display_name`, or ask its address by `in`",
                    Type::Attachment => "search `attachment.text` or `attachment.name`",
                    Type::Part => "search `part.text`",
                    Type::Link => "search `link.url` or `link.text`",
                    Type::Enum(_) | Type::Flags(_) => "ask by `is`",
                    _ => "search `text`, `body`, `subject` or a header",
                };
                self.push(Diagnostic::error(codes::NOT_SEARCHABLE, subject.span, message).help(help));
                return None;
            }
        }
        let kind = ExprKind::Match { subject: Box::new(subject), matcher: matcher? };
        Some(Expr { kind, ty: Type::Bool, span })
    }

    fn matcher(
        &mut self,
        context: &mut Context,
        operator: MatchOperator,
        pattern: &ast::Expr,
    ) -> Option<Matcher> {
        match operator {
            MatchOperator::Contains => self.contained(context, pattern, false),
            MatchOperator::ContainsWord => self.contained(context, pattern, true),
            MatchOperator::Matches => self.matched(pattern),
            MatchOperator::Like => {
                self.each_text(pattern, "like", |checker, text, span| checker.glob(text, span))
            }
            MatchOperator::StartsWith => self.each_text(pattern, "starts with", |checker, text, span| {
                checker.findable(text, span).then(|| Pattern::Prefix { text: Arc::clone(text) })
            }),
            MatchOperator::EndsWith => self.each_text(pattern, "ends with", |checker, text, span| {
                checker.findable(text, span).then(|| Pattern::Suffix { text: Arc::clone(text) })
            }),
        }
    }

    /// What `contains` (and `count`) looks for.
    pub(super) fn contained(
        &mut self,
        context: &mut Context,
        pattern: &ast::Expr,
        word: bool,
    ) -> Option<Matcher> {
        match &pattern.kind {
            ast::ExprKind::Name(reference) => self.contained_name(context, reference, word),
            ast::ExprKind::Regex { .. } => {
                let shown = self.loaded.map.slice(pattern.span).to_string();
                self.push(
                    Diagnostic::error(
                        codes::MISMATCH,
                        pattern.span,
                        "`contains` looks for a text, and this is a regular expression",
                    )
                    .help(format!("ask `matches {shown}`")),
                );
                None
            }
            _ => self.each_text(pattern, "contains", |checker, text, span| {
                checker.searched_text(text, word, span)
            }),
        }
    }

    fn contained_name(
        &mut self,
        context: &mut Context,
        reference: &ast::Reference,
        word: bool,
    ) -> Option<Matcher> {
        let name = written(reference);
        match self.meaning_as(context, reference, Hint::Sought) {
            Meaning::Dictionary(_) | Meaning::Detector(_) if word => {
                self.push(
                    Diagnostic::error(
                        codes::MISMATCH,
                        reference.span,
                        format!("`{name}` says itself what is a word"),
                    )
                    .help(format!("ask `contains {name}`")),
                );
                None
            }
            Meaning::Dictionary(dictionary) => Some(Matcher::Dictionary(dictionary)),
            Meaning::Detector(detector) => Some(Matcher::Detector(detector)),
            Meaning::List(list) => {
                let texts = match &self.lists.get(list.index())?.entries {
                    ListEntries::Texts(texts) => Arc::clone(texts),
                    _ => {
                        self.push(
                            Diagnostic::error(
                                codes::MISMATCH,
                                reference.span,
                                format!("`{name}` is a list of addresses, not of texts"),
                            )
                            .help(format!("ask `… in {name}`")),
                        );
                        return None;
                    }
                };
                if !word {
                    return Some(Matcher::List(list));
                }
                let words: Option<Vec<Pattern>> =
                    texts.iter().map(|text| self.searched_text(&text.into(), true, reference.span)).collect();
                words.map(Matcher::AnyOf)
            }
            Meaning::Value(value) => match (&value.kind, &value.ty) {
                (ExprKind::Literal(crate::language::hir::Literal::Text(text)), _) => {
                    self.searched_text(text, word, reference.span).map(Matcher::Pattern)
                }
                (_, Type::Unknown) => None,
                (_, ty) => {
                    let message =
                        format!("what is looked for is known beforehand, and this is {ty} of the message");
                    self.push(
                        Diagnostic::error(codes::MISMATCH, reference.span, message)
                            .help("write a text in quotes, or name a dictionary, a detector or a list"),
                    );
                    None
                }
            },
            Meaning::Unknown => None,
            other => {
                let message = format!("`{name}` is {}, and no text contains it", other.words());
                self.push(
                    Diagnostic::error(codes::MISMATCH, reference.span, message)
                        .help("write a text in quotes, or name a dictionary, a detector or a list"),
                );
                None
            }
        }
    }

    fn searched_text(&mut self, text: &Arc<str>, word: bool, span: Span) -> Option<Pattern> {
        if !self.findable(text, span) {
            return None;
        }
        if !word {
            return Some(Pattern::Literal { text: Arc::clone(text) });
        }
        if !text.chars().any(char::is_alphanumeric) {
            self.push(
                Diagnostic::error(codes::NEVER_MATCHES, span, "no word is made of signs alone")
                    .help("ask by `contains` without `word`"),
            );
            return None;
        }
        Some(Pattern::Word { text: Arc::clone(text) })
    }

    /// A text, or several in brackets.
    fn each_text(
        &mut self,
        pattern: &ast::Expr,
        operator: &str,
        mut make: impl FnMut(&mut Self, &Arc<str>, Span) -> Option<Pattern>,
    ) -> Option<Matcher> {
        match &pattern.kind {
            ast::ExprKind::Text(text) => {
                let plain = self.plain_in_condition(text)?;
                make(self, &plain, pattern.span).map(Matcher::Pattern)
            }
            ast::ExprKind::List(values) => {
                let mut patterns = Vec::with_capacity(values.len());
                let mut sound = !values.is_empty();
                if !sound {
                    self.empty_list(pattern.span);
                }
                for value in values {
                    let made = match &value.kind {
                        ast::ExprKind::Text(text) => {
                            let plain = self.plain_in_condition(text);
                            plain.and_then(|plain| make(self, &plain, value.span))
                        }
                        _ => {
                            self.no_text(value, operator);
                            None
                        }
                    };
                    match made {
                        Some(made) => patterns.push(made),
                        None => sound = false,
                    }
                }
                sound.then_some(Matcher::AnyOf(patterns))
            }
            ast::ExprKind::Paren(inner) => self.each_text(inner, operator, make),
            _ => {
                self.no_text(pattern, operator);
                None
            }
        }
    }

    fn empty_list(&mut self, span: Span) {
        self.push(
            Diagnostic::error(codes::NO_SET, span, "nothing is looked for")
                .help("write texts, as in `[\"one\", \"two\"]`"),
        );
    }

    fn no_text(&mut self, pattern: &ast::Expr, operator: &str) {
        if matches!(pattern.kind, ast::ExprKind::Bad) {
            return;
        }
        let shown = self.loaded.map.slice(pattern.span).to_string();
        let help = match &pattern.kind {
            ast::ExprKind::Regex { .. } => format!("ask `matches {shown}`"),
            ast::ExprKind::Address(_) | ast::ExprKind::Domain { .. } => {
                format!("ask `… in {shown}`, or write it in quotes")
            }
            _ => format!("write it in quotes, as in `{operator} \"text\"`"),
        };
        self.push(
            Diagnostic::error(
                codes::MISMATCH,
                pattern.span,
                format!("`{operator}` wants a text on the spot"),
            )
            .help(help),
        );
    }

    /// What `matches` looks for.
    fn matched(&mut self, pattern: &ast::Expr) -> Option<Matcher> {
        match &pattern.kind {
            ast::ExprKind::Regex { pattern: text, flags } => {
                self.regex(text, flags, pattern.span).map(Matcher::Pattern)
            }
            ast::ExprKind::List(values) => {
                if values.is_empty() {
                    self.empty_list(pattern.span);
                    return None;
                }
                let patterns: Vec<Option<Pattern>> = values
                    .iter()
                    .map(|value| match &value.kind {
                        ast::ExprKind::Regex { pattern, flags } => self.regex(pattern, flags, value.span),
                        _ => {
                            self.no_regex(value);
                            None
                        }
                    })
                    .collect();
                patterns.into_iter().collect::<Option<Vec<_>>>().map(Matcher::AnyOf)
            }
            ast::ExprKind::Paren(inner) => self.matched(inner),
            _ => {
                self.no_regex(pattern);
                None
            }
        }
    }

    pub(super) fn no_regex(&mut self, pattern: &ast::Expr) {
        if matches!(pattern.kind, ast::ExprKind::Bad) {
            return;
        }
        let help = match &pattern.kind {
            ast::ExprKind::Text(text) => match text.plain() {
                Some(plain) if !plain.contains('/') => {
                    format!("write `/{plain}/` for a regular expression, or ask by `contains` or `like`")
                }
                _ => "write it between slashes, or ask by `contains` or `like`".to_string(),
            },
            _ => "write a regular expression between slashes, as in `/proj(ect)?-x/i`".to_string(),
        };
        self.push(
            Diagnostic::error(codes::MISMATCH, pattern.span, "a regular expression must stand here")
                .help(help),
        );
    }

    /// Whether a text can be found in normalised text at all.
    pub(super) fn findable(&mut self, text: &str, span: Span) -> bool {
        if is_findable(text) {
            return true;
        }
        let message = match text.is_empty() {
            true => "an empty text is in everything",
            false => "nothing is left of this text to look for",
        };
        self.push(
            Diagnostic::error(codes::EMPTY_PATTERN, span, message)
                .help("write characters that can be seen: blanks and invisible characters do not count"),
        );
        false
    }

    fn glob(&mut self, text: &Arc<str>, span: Span) -> Option<Pattern> {
        if !self.findable(text, span) {
            return None;
        }
        let mut rest = text.chars().peekable();
        let mut fault = None;
        while let Some(character) = rest.next() {
            if character != '[' {
                continue;
            }
            let mut members = 0usize;
            let mut previous = None;
            let mut closed = false;
            if matches!(rest.peek(), Some('!' | '^')) {
                rest.next();
            }
            while let Some(member) = rest.next() {
                if member == ']' && members > 0 {
                    closed = true;
                    break;
                }
                if member == '-'
                    && let (Some(from), Some(&to)) = (previous, rest.peek())
                    && to != ']'
                    && from > to
                {
                    fault = Some((
                        format!("the range `{from}-{to}` is empty"),
                        "write the smaller character first",
                    ));
                }
                previous = Some(member);
                members += 1;
            }
            if !closed {
                fault = Some(("a `[` is not closed".to_string(), "close it by `]`; `[[]` is a bracket"));
            }
        }
        if let Some((message, help)) = fault {
            self.push(Diagnostic::error(codes::GLOB, span, message).help(help));
            return None;
        }
        Some(Pattern::Glob { text: Arc::clone(text) })
    }

    /// A regular expression: its flags, its syntax, its size, and whether it can match anything.
    pub(super) fn regex(&mut self, pattern: &Arc<str>, flags: &str, span: Span) -> Option<Pattern> {
        let mut caseless = false;
        let mut dot_all = false;
        for flag in flags.chars() {
            match flag {
                'i' => caseless = true,
                's' => dot_all = true,
                // The parser has said that there is no such flag.
                _ => return None,
            }
        }
        let mut builder = regex_syntax::ParserBuilder::new();
        builder.case_insensitive(caseless).dot_matches_new_line(dot_all).nest_limit(100);
        let hir = match builder.build().parse(pattern) {
            Ok(hir) => hir,
            Err(error) => {
                self.regex_fault(&error, span);
                return None;
            }
        };
        if hir.properties().minimum_len().is_none() || impossible(&hir) {
            self.push(
                Diagnostic::error(codes::NEVER_MATCHES, span, "this can never match")
                    .help("text is searched without invisible characters, with every run of white space as one blank, and in compatibility form (NFKC)"),
            );
            return None;
        }
        let config = regex_automata::nfa::thompson::Config::new()
            .nfa_size_limit(Some(self.loaded.limits.pattern_bytes));
        let compiled = regex_automata::nfa::thompson::Compiler::new().configure(config).build_from_hir(&hir);
        if compiled.is_err() {
            let message =
                format!("this takes more than {} bytes when compiled", self.loaded.limits.pattern_bytes);
            self.push(
                Diagnostic::error(codes::REGEX_SIZE, span, message)
                    .help("make repetitions such as `{1,1000}` smaller, or part it into several"),
            );
            return None;
        }
        Some(Pattern::Regex { pattern: Arc::clone(pattern), caseless, dot_all })
    }

    fn regex_fault(&mut self, error: &regex_syntax::Error, span: Span) {
        use regex_syntax::ast::ErrorKind;
        let (kind, words, at) = match error {
            regex_syntax::Error::Parse(error) => (Some(error.kind()), error.kind().to_string(), error.span()),
            regex_syntax::Error::Translate(error) => (None, error.kind().to_string(), error.span()),
            _ => {
                self.push(
                    Diagnostic::error(codes::REGEX, span, "this is no regular expression")
                        .help("write `\\` before a sign that stands for itself"),
                );
                return;
            }
        };
        let at = self.within_regex(span, at.start.offset, at.end.offset);
        let diagnostic = match kind {
            Some(ErrorKind::UnsupportedLookAround) => {
                Diagnostic::error(codes::REGEX_LOOK_AROUND, at, "looking ahead or behind is not possible")
                    .help("every search takes time linear in the text: write what must match, and say what must not by `unless` or `not … matches`")
            }
            Some(ErrorKind::UnsupportedBackreference) => {
                Diagnostic::error(codes::REGEX_BACKREFERENCE, at, "referring back to a group is not possible")
                    .help("every search takes time linear in the text: write out what may repeat")
            }
            _ => {
                let words = words.trim_end_matches('.');
                let words = words.split(" (").next().unwrap_or(words).replace('`', "");
                let help = match kind {
                    Some(ErrorKind::GroupUnclosed) => "close it by `)`, or write `\\(` for a parenthesis",
                    Some(ErrorKind::GroupUnopened) => "open it by `(`, or write `\\)` for a parenthesis",
                    Some(ErrorKind::ClassUnclosed) => "close it by `]`, or write `\\[` for a bracket",
                    Some(ErrorKind::RepetitionMissing) => {
                        "write what is to be repeated before it, or `\\` for the sign itself"
                    }
                    _ => "write `\\` before a sign that stands for itself",
                };
                Diagnostic::error(codes::REGEX, at, format!("no regular expression: {words}")).help(help)
            }
        };
        self.push(diagnostic);
    }

    /// A place in the source from offsets in the pattern: the slash that was written `\/` is one byte of it.
    fn within_regex(&self, span: Span, start: usize, end: usize) -> Span {
        let written = self.loaded.map.slice(span);
        let offset = |wanted: usize| {
            let mut bytes = written.bytes().enumerate().skip(1).peekable();
            let mut seen = 0;
            while let Some((at, byte)) = bytes.next() {
                if seen == wanted {
                    return at;
                }
                if byte == b'\\' && bytes.peek().is_some_and(|(_, next)| *next == b'/') {
                    bytes.next();
                }
                seen += 1;
            }
            written.len()
        };
        let base = span.start as usize;
        let first = base + offset(start);
        Span::new(span.source, first, (base + offset(end)).max(first))
    }
}

/// Whether no normalised text can match: every way through wants a character that is never there.
fn impossible(hir: &Hir) -> bool {
    // The parser's nest limit bounds this recursion.
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => false,
        HirKind::Literal(literal) => std::str::from_utf8(&literal.0)
            .is_ok_and(|text| text.contains("  ") || text.chars().any(never_there)),
        HirKind::Class(Class::Unicode(class)) => {
            let characters: u32 = class
                .ranges()
                .iter()
                .map(|range| u32::from(range.end()) - u32::from(range.start()) + 1)
                .sum();
            characters <= CLASS_CHARACTERS
                && class.ranges().iter().all(|range| (range.start()..=range.end()).all(never_there))
        }
        HirKind::Class(Class::Bytes(_)) => false,
        HirKind::Repetition(repetition) => repetition.min > 0 && impossible(&repetition.sub),
        HirKind::Capture(capture) => impossible(&capture.sub),
        HirKind::Concat(parts) => parts.iter().any(impossible),
        HirKind::Alternation(parts) => parts.iter().all(impossible),
    }
}

/// Whether anything is left of a text once it is normalised.
pub(super) fn is_findable(text: &str) -> bool {
    !text.chars().all(|character| character.is_whitespace() || IGNORABLE.contains(character))
}

/// Whether normalised text never holds a character.
fn never_there(character: char) -> bool {
    if character.is_ascii() {
        return character.is_ascii_whitespace() && character != ' ' || character == '\u{b}';
    }
    character.is_whitespace()
        || IGNORABLE.contains(character)
        || NFKC.normalize_iter(std::iter::once(character)).ne(std::iter::once(character))
}
