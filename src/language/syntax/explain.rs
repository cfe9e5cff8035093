//! Why a clause could not be parsed, in words.
//!
//! The bad slice is parsed again by the rule that its surroundings name. Where that stops, and what it was waiting for
//! there, becomes one error: what is missing is shown after the last token before it, what is misspelled on itself.
//! A mend is offered as a change only where the text parses further with it. Cost: a bounded number of parses of the
//! bad slice.

use super::build::Unparsed;
use super::codes;
use super::expected::{ends_clause, expectations, keywords, rule_of, single};
use super::grammar::{Grammar, Rule};
use super::offsets::Offsets;
use super::tokens::{Token, TokenKind, tokens};
use super::words::{self, Block};
use crate::base::diagnostic::{Diagnostic, Diagnostics};
use crate::base::limits::SourceLimits;
use crate::base::source::{SourceId, Span};
use pest::Parser;
use pest::error::{ErrorVariant, InputLocation};

/// Longest slice that mends are tried on.
const TRIED: usize = 4096;
/// Bytes of a bad slice that are looked at.
const LOOKED_AT: usize = 64 << 10;
/// Tokens before a failure among which the keyword of its clause is looked for.
const LOOKED_BACK: usize = 200;

/// What explanations are made from.
pub(super) struct Explainer<'t> {
    /// The source that spans are of.
    pub(super) source: SourceId,
    /// The text that was parsed.
    pub(super) text: &'t str,
    /// Its places in the source.
    pub(super) offsets: &'t Offsets,
    /// Places in the source about which all is said.
    pub(super) said: &'t [(usize, usize)],
    /// As for the whole.
    pub(super) limits: &'t SourceLimits,
}

/// A failure within a slice.
pub(super) struct Failure {
    at: usize,
    pub(super) expected: Vec<Rule>,
}

/// The slice being explained.
pub(super) struct Slice<'t> {
    pub(super) text: &'t str,
    /// Its first byte in the parsed text.
    start: usize,
    rule: Rule,
    pub(super) block: Block,
    pub(super) tokens: Vec<Token>,
}

impl<'t> Explainer<'t> {
    /// Adds what is to be said about each place that no rule took.
    pub(super) fn explain(&self, unparsed: &[Unparsed], out: &mut Diagnostics) {
        let mut last = None;
        for bad in unparsed {
            let (start, end) = self.bounds(bad);
            if last == Some(start) || out.len() >= super::tokens::FAULTS {
                continue;
            }
            last = Some(start);
            let source = (self.offsets.to_source(start), self.offsets.to_source_end(end));
            if self.said.iter().any(|said| said.0 <= source.1 && source.0 <= said.1) {
                continue;
            }
            let looked_at = self.text.floor_char_boundary(end.min(start + LOOKED_AT));
            let Some(text) = self.text.get(start..looked_at) else { continue };
            let (rule, block) = rule_of(bad.rule, text);
            let tokens = tokens(self.source, text, self.limits).tokens;
            let slice = Slice { text, start, rule, block, tokens };
            out.push(self.reason(&slice));
        }
    }

    /// The clause that a bad run belongs to: from the last mark on.
    fn bounds(&self, bad: &Unparsed) -> (usize, usize) {
        if bad.rule == Rule::bad_head {
            return (bad.from, bad.end);
        }
        let from = if bad.rule == Rule::bad_item { 0 } else { bad.from };
        let before = self.text.get(from..bad.start).unwrap_or("");
        let nested = matches!(bad.rule, Rule::bad_directory_entry | Rule::bad_item);
        let start = before.rfind(|character| character == '\u{1}' || nested && character == '}');
        (start.map_or(from, |at| from + at + 1), bad.end)
    }

    pub(super) fn span(&self, slice: &Slice<'_>, start: usize, end: usize) -> Span {
        let from = self.offsets.to_source(slice.start + start);
        Span::new(self.source, from, self.offsets.to_source_end(slice.start + end).max(from))
    }

    pub(super) fn token_span(&self, slice: &Slice<'_>, token: &Token) -> Span {
        self.span(slice, token.start, token.end)
    }

    fn reason(&self, slice: &Slice<'_>) -> Diagnostic {
        let Some(failure) = failure(slice.rule, slice.text) else {
            let end = slice.tokens.first().map_or(slice.text.len(), |token| token.end);
            return Diagnostic::error(codes::EXPECTED, self.span(slice, 0, end), "this cannot stand here")
                .help("remove it, or give it a line of its own");
        };
        let inside = slice.tokens.iter().find(|token| token.start < failure.at && failure.at < token.end);
        if let Some(token) = inside.filter(|token| matches!(token.kind, TokenKind::Text | TokenKind::Block)) {
            return self.inside_text(slice, token, &failure);
        }
        let found = slice.tokens.iter().find(|token| token.end > failure.at);
        let before = slice.tokens.iter().rev().find(|token| token.end <= failure.at);
        let over = failure.expected.iter().any(|rule| ends_clause(*rule));
        match (before, found) {
            (Some(before), Some(found)) if over && found.line > before.line => self.opening(slice, found),
            (Some(before), found) => self.inside(slice, before, found, &failure),
            (None, Some(found)) => self.opening(slice, found),
            (None, None) => {
                Diagnostic::error(codes::EXPECTED, self.span(slice, 0, 0), "something is missing here")
                    .help(listing(slice.block))
            }
        }
    }

    /// A failure in an interpolated value.
    fn inside_text(&self, slice: &Slice<'_>, token: &Token, failure: &Failure) -> Diagnostic {
        let brace = slice.text.get(token.start..failure.at).and_then(|text| text.rfind('{'));
        let from = token.start + brace.unwrap_or(0);
        let inner = slice.text.get(from..token.end.saturating_sub(1)).unwrap_or("");
        let inner_tokens = tokens(self.source, inner, self.limits).tokens;
        let part = Slice {
            text: inner,
            start: slice.start + from,
            rule: Rule::expr,
            block: Block::Unknown,
            tokens: inner_tokens,
        };
        let at = failure.at - from;
        let found = part.tokens.iter().find(|token| token.end > at);
        let before = part.tokens.iter().rev().find(|token| token.end <= at);
        let (Some(before), true) = (before, brace.is_some()) else {
            let span = self.span(slice, failure.at, failure.at + 1);
            return Diagnostic::error(codes::EXPECTED, span, "this text cannot be read")
                .help("write `{{` for a brace and `\\\\` for a backslash");
        };
        let expected = Failure { at, expected: failure.expected.clone() };
        self.inside(&part, before, found, &expected)
            .help("between `{` and `}` stands a value; write `{{` for a brace")
    }

    // ---- where a clause or item begins

    fn opening(&self, slice: &Slice<'_>, first: &Token) -> Diagnostic {
        let written = first.text(slice.text);
        let span = self.token_span(slice, first);
        let near = (first.kind == TokenKind::Word)
            .then(|| words::nearest(written, words::openers(slice.block)))
            .flatten();
        if let Some(near) = near.filter(|near| self.better(slice, first, near)) {
            return misspelled(written, near, span);
        }
        if let Some(error) = self.disposition_alone(slice, written, span) {
            return error;
        }
        let missing = self.missing_openers(slice, first);
        if let [only] = missing.as_slice() {
            return Diagnostic::error(
                codes::UNKNOWN_CLAUSE,
                span,
                format!("expected `{only}` before `{written}`"),
            )
            .help(format!("write `{only} {written} …`"))
            .fix(span.before(), format!("{only} "), format!("insert `{only}`"));
        }
        if !missing.is_empty() {
            let options = listed(&missing.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>(), "or");
            return Diagnostic::error(
                codes::UNKNOWN_CLAUSE,
                span,
                format!("expected {options} before `{written}`"),
            )
            .help(format!("a clause of {} begins with its keyword", words::describe(slice.block)));
        }
        if let Some(near) = near {
            return misspelled(written, near, span);
        }
        if first.kind == TokenKind::Word
            && let Some(error) = self.misplaced(slice, written, span)
        {
            return error;
        }
        let code = if slice.block == Block::File { codes::UNKNOWN_ITEM } else { codes::UNKNOWN_CLAUSE };
        let what = match slice.block {
            Block::File => "an item".to_string(),
            Block::Dictionary | Block::List => format!("an entry of {}", words::describe(slice.block)),
            block => format!("a clause of {}", words::describe(block)),
        };
        Diagnostic::error(code, span, format!("expected {what}, found `{}`", cut(written)))
            .help(listing(slice.block))
    }

    /// The keywords with which the slice would parse, or parse further than to its first token.
    fn missing_openers(&self, slice: &Slice<'_>, first: &Token) -> Vec<&'static str> {
        if slice.text.len() > TRIED {
            return Vec::new();
        }
        let rest = slice.text.get(first.start..).unwrap_or("");
        let mut openers = words::openers(slice.block);
        match slice.block {
            Block::Directory => openers.retain(|word| *word != "directory"),
            Block::File => openers = vec!["criterion", "use"],
            _ => {}
        }
        openers.retain(|opener| failure(slice.rule, &format!("{opener} {rest}")).is_none());
        if slice.block == Block::Policy {
            let text = first.kind == TokenKind::Text;
            openers.retain(|opener| matches!(*opener, "because" | "tag") == text);
            let conditions = openers.contains(&"when");
            openers.retain(|opener| !conditions || matches!(*opener, "when" | "unless"));
        }
        openers
    }

    /// A disposition without `then`, an expectation without `expect`.
    pub(super) fn disposition_alone(
        &self,
        slice: &Slice<'_>,
        written: &str,
        span: Span,
    ) -> Option<Diagnostic> {
        let (table, keyword) = match slice.block {
            Block::Policy => (words::DISPOSITIONS, "then"),
            Block::Test => (words::EXPECTATIONS, "expect"),
            _ => return None,
        };
        let shape = table.iter().find(|word| word.0 == written && !words::begins(slice.block, written))?;
        let error = Diagnostic::error(
            codes::UNKNOWN_CLAUSE,
            span,
            format!("expected `{keyword}` before `{written}`"),
        )
        .help(format!("it reads `{}`", shape.1));
        Some(error.fix(span.before(), format!("{keyword} "), format!("insert `{keyword}`")))
    }

    /// A word that is known elsewhere.
    fn misplaced(&self, slice: &Slice<'_>, written: &str, span: Span) -> Option<Diagnostic> {
        let here = words::describe(slice.block);
        let homes = words::homes(written);
        if !homes.is_empty() && slice.block != Block::Unknown {
            let homes: Vec<String> = homes.iter().map(|home| words::describe(*home).to_string()).collect();
            let message = format!("`{written}` is no clause of {here}");
            return Some(Diagnostic::error(codes::MISPLACED_CLAUSE, span, message).help(format!(
                "it is a clause of {}; {}",
                listed(&homes, "and"),
                listing(slice.block)
            )));
        }
        words::block_of(written).or((written == "criterion").then_some(Block::File)).map(|_| {
            let message = format!("`{written}` cannot stand in {here}");
            Diagnostic::error(codes::MISPLACED_CLAUSE, span, message)
                .help("move it out of the block, to the level of the file")
        })
    }

    // ---- within a clause

    fn inside(
        &self,
        slice: &Slice<'_>,
        before: &Token,
        found: Option<&Token>,
        failure: &Failure,
    ) -> Diagnostic {
        let found = found.filter(|found| found.line == before.line);
        if let Some(error) = found.and_then(|found| self.wrong_token(slice, before, found, failure)) {
            return error;
        }
        if found.is_none() && failure.expected.contains(&Rule::path_separator) {
            return self.without_names(slice, before);
        }
        if let Some(error) = self.swallowed(slice, before, failure) {
            return error;
        }
        if let Some(error) = self.left_out(slice, before, failure, found.is_some()) {
            return error;
        }
        let at = match found {
            Some(found) => self.token_span(slice, found),
            None => self.span(slice, before.end, before.end),
        };
        let over = failure.expected.iter().any(|rule| ends_clause(*rule));
        let expected = expectations(&failure.expected);
        let after = cut(before.text(slice.text));
        let next = match slice.block {
            Block::File if slice.rule == Rule::only_item => "a new item",
            Block::File => "`{`",
            _ => "a new clause",
        };
        let what = if expected.iter().any(|word| word == "an operator") {
            "an operator".to_string()
        } else if expected.is_empty() || over && expected.len() > 1 {
            next.to_string()
        } else if over {
            format!("{} or {next}", listed(&expected, "or"))
        } else {
            listed(&expected, "or")
        };
        let message = match found {
            Some(found) => {
                format!("expected {what} after `{after}`, found `{}`", cut(found.text(slice.text)))
            }
            None => format!("expected {what} after `{after}`"),
        };
        let mut error = Diagnostic::error(codes::EXPECTED, at, message);
        if found.is_none() {
            error = error.label(format!("{what} is missing here"));
        }
        if let Some(help) = self.reading(slice, before, failure) {
            error = error.help(help);
        }
        match expected.as_slice() {
            [only] if !over => self.insertion(slice, before, found, only, error),
            _ => error,
        }
    }

    /// A keyword that was taken for the name that is missing before it, as in `notify using held`.
    fn swallowed(&self, slice: &Slice<'_>, keyword: &Token, failure: &Failure) -> Option<Diagnostic> {
        let before = slice.tokens.iter().rev().find(|token| token.end <= keyword.start)?;
        let word = keyword.text(slice.text);
        if keyword.kind != TokenKind::Word || slice.text.len() > TRIED || !words::is_keyword(word) {
            return None;
        }
        let (head, tail) = (slice.text.get(..before.end)?, slice.text.get(before.end..)?);
        let (what, _) =
            [("a name", "x"), ("a value", "x@x"), ("a text", "\"\"")].into_iter().find(|(_, stand_in)| {
                let further = super::explain::failure(slice.rule, &format!("{head} {stand_in} {tail}"));
                further.is_none_or(|further| further.at > failure.at + stand_in.len() + 2)
            })?;
        let at = self.span(slice, before.end, before.end);
        let message = format!("expected {what} after `{}`", cut(before.text(slice.text)));
        let error = Diagnostic::error(codes::EXPECTED, at, message).label(format!("{what} is missing here"));
        Some(match self.reading(slice, before, failure) {
            Some(help) => error.help(help),
            None => error,
        })
    }

    /// The one keyword or sign that, put in, makes the slice parse; a closing bracket alone where nothing comes after.
    fn left_out(
        &self,
        slice: &Slice<'_>,
        before: &Token,
        failure: &Failure,
        goes_on: bool,
    ) -> Option<Diagnostic> {
        if slice.text.len() > TRIED {
            return None;
        }
        let (head, tail) = (slice.text.get(..before.end)?, slice.text.get(before.end..)?);
        let mut candidates: Vec<&str> = failure.expected.iter().filter_map(|rule| single(*rule)).collect();
        if failure.expected.contains(&Rule::tail) {
            candidates.extend(["is", "in", "contains", "and", "=="]);
        }
        candidates
            .retain(|word| !words::begins(slice.block, word) && (goes_on || matches!(*word, ")" | "]")));
        candidates.sort_unstable();
        candidates.dedup();
        candidates
            .retain(|word| super::explain::failure(slice.rule, &format!("{head} {word} {tail}")).is_none());
        let [word] = candidates.as_slice() else { return None };
        let at = self.span(slice, before.end, before.end);
        let gap = if matches!(*word, ")" | "]" | "," | ":" | "::") { "" } else { " " };
        let message = format!("expected `{word}` after `{}`", cut(before.text(slice.text)));
        let error = Diagnostic::error(codes::EXPECTED, at, message)
            .label(format!("`{word}` is missing here"))
            .fix(at, format!("{gap}{word}"), format!("insert `{word}`"));
        Some(match self.reading(slice, before, failure) {
            Some(help) => error.help(help),
            None => error.help(format!("insert `{word}`")),
        })
    }

    /// A module without the names to take from it.
    fn without_names(&self, slice: &Slice<'_>, last: &Token) -> Diagnostic {
        let span = self.token_span(slice, last);
        let message = format!("the names to take from `{}` are missing", last.text(slice.text));
        let error = Diagnostic::error(codes::USE_NAMES, span, message)
            .help("name them in braces: `use std::dlp::{card_number, iban}`");
        let path = slice.tokens.iter().filter(|token| token.text(slice.text) == "::").count();
        if path < 2 {
            return error;
        }
        error.fix(span, format!("{{{}}}", last.text(slice.text)), "take this name from the module before it")
    }

    /// Offers the one token that is missing, if the slice parses further with it.
    fn insertion(
        &self,
        slice: &Slice<'_>,
        before: &Token,
        found: Option<&Token>,
        only: &str,
        error: Diagnostic,
    ) -> Diagnostic {
        let Some(token) = only.strip_prefix('`').and_then(|rest| rest.strip_suffix('`')) else {
            return error;
        };
        if token.contains('`') {
            return error;
        }
        let gap = if matches!(token, ")" | "]" | "," | ":" | "?") { "" } else { " " };
        let text = format!("{gap}{token}");
        let (Some(head), Some(tail)) = (slice.text.get(..before.end), slice.text.get(before.end..)) else {
            return error;
        };
        if found.is_some() && slice.text.len() <= TRIED {
            let further = super::explain::failure(slice.rule, &format!("{head}{text}{tail}"));
            if further.is_some_and(|further| further.at <= before.end + text.len()) {
                return error;
            }
        }
        error.fix(self.span(slice, before.end, before.end), text, format!("insert `{token}`"))
    }

    /// What is wrong with the found token itself, where that is clear.
    fn wrong_token(
        &self,
        slice: &Slice<'_>,
        before: &Token,
        found: &Token,
        failure: &Failure,
    ) -> Option<Diagnostic> {
        let written = found.text(slice.text);
        let span = self.token_span(slice, found);
        let wants = |rule: Rule| failure.expected.contains(&rule);
        let wants_operator = wants(Rule::tail) || wants(Rule::comparator);
        if let Some(known) = self.known_mistake(slice, before, found, failure) {
            return Some(known);
        }
        if let Some(word) = operator_of_elsewhere(written)
            .filter(|_| wants_operator || wants(Rule::expr) || wants(Rule::kw_and))
        {
            return Some(
                Diagnostic::error(codes::MISSPELLED, span, format!("`{written}` is no operator here"))
                    .help(format!("write `{word}`"))
                    .fix(span, word, format!("write `{word}`")),
            );
        }
        if wants(Rule::dots) && written.starts_with('-') {
            let span = Span { end: span.start + 1, ..span };
            return Some(
                Diagnostic::error(codes::MISSPELLED, span, "`-` makes no range")
                    .help("a range is written with `..`, as `mon..fri 08:00..18:00`")
                    .fix(span, "..", "write `..`"),
            );
        }
        if written == ":" && wants(Rule::path_separator) {
            return Some(
                Diagnostic::error(
                    codes::EXPECTED,
                    span,
                    format!("expected `::` after `{}`", before.text(slice.text)),
                )
                .help("modules and names are parted by `::`, as in `use std::dlp::{iban}`")
                .fix(span, "::", "write `::`"),
            );
        }
        if written == "-" && found.start == before.end && before.kind == TokenKind::Word {
            return self.hyphen(slice, before, found);
        }
        if found.kind != TokenKind::Word {
            return None;
        }
        if !written.is_ascii() {
            return Some(
                Diagnostic::error(codes::NAME, span, format!("`{written}` is not a name"))
                    .help("names are made of the letters a to z, digits and `_`"),
            );
        }
        if before.kind == TokenKind::Literal && wants(Rule::size_unit) {
            return Some(unknown_unit(written, span));
        }
        let wants_name = [Rule::name, Rule::reference, Rule::names, Rule::references, Rule::kind_name]
            .into_iter()
            .any(wants);
        if wants_name && words::RESERVED.contains(&written) && !wants(Rule::value) {
            return Some(
                Diagnostic::error(
                    codes::RESERVED,
                    span,
                    format!("the reserved word `{written}` cannot be a name"),
                )
                .help(format!(
                    "choose another name, as `{written}_`; reserved is what expressions are made of"
                )),
            );
        }
        let mut candidates: Vec<&str> = failure.expected.iter().flat_map(|rule| keywords(*rule)).collect();
        if failure.expected.iter().any(|rule| ends_clause(*rule)) {
            candidates.retain(|word| !words::begins(slice.block, word));
        }
        if wants_operator {
            candidates.extend(words::OPERATORS);
        }
        let near = words::nearest(written, candidates)?;
        self.better(slice, found, near).then(|| misspelled(written, near, span))
    }

    /// A name with hyphens.
    fn hyphen(&self, slice: &Slice<'_>, before: &Token, found: &Token) -> Option<Diagnostic> {
        let rest = slice.text.get(found.start..)?;
        let length = rest
            .bytes()
            .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
            .count();
        let end = found.start + length;
        let written = slice.text.get(before.start..end)?;
        let span = self.span(slice, before.start, end);
        let plain = written.replace('-', "_");
        Some(
            Diagnostic::error(codes::NAME, span, format!("`{written}` is not a name"))
                .help("names are made of the letters a to z, digits and `_`")
                .fix(span, plain.clone(), format!("write `{plain}`")),
        )
    }

    /// Whether the slice parses further with another word in the place of a token.
    pub(super) fn better(&self, slice: &Slice<'_>, token: &Token, word: &str) -> bool {
        if slice.text.len() > TRIED {
            return true;
        }
        let (Some(head), Some(tail)) = (slice.text.get(..token.start), slice.text.get(token.end..)) else {
            return false;
        };
        failure(slice.rule, &format!("{head}{word}{tail}"))
            .is_none_or(|failure| failure.at > token.start + word.len())
    }

    /// How the clause reads that a failure is in.
    fn reading(&self, slice: &Slice<'_>, before: &Token, failure: &Failure) -> Option<String> {
        let upto = slice.tokens.partition_point(|token| token.start <= before.start);
        let near = slice.tokens.get(upto.saturating_sub(LOOKED_BACK)..upto).unwrap_or(&[]);
        for pair in near.windows(2).rev() {
            let [opener, token] = pair else { continue };
            let table = match opener.text(slice.text) {
                "then" | "else" | "otherwise" => words::DISPOSITIONS,
                "expect" | "not" if slice.block == Block::Test => words::EXPECTATIONS,
                _ => continue,
            };
            if let Some(shape) = table.iter().find(|shape| shape.0 == token.text(slice.text)) {
                return Some(format!("it reads `{}`", shape.1));
            }
        }
        let item = slice.block == Block::File;
        let openers = if item { slice.tokens.get(..1).unwrap_or(&[]) } else { near };
        for token in openers.iter().rev().filter(|token| token.kind == TokenKind::Word) {
            let word = token.text(slice.text);
            if let Some(shape) = words::shape(slice.block, word) {
                if failure.expected.contains(&Rule::tail) && matches!(word, "when" | "unless" | "except") {
                    return Some(
                        "operators are `==`, `!=`, `<`, `<=`, `>`, `>=`, `in`, `outside`, `is`, `contains`, `matches`, \
                         `like`, `starts with`, `ends with`, `and`, `or`"
                            .to_string(),
                    );
                }
                return Some(format!("it reads `{shape}`"));
            }
        }
        (slice.block != Block::Unknown).then(|| listing(slice.block))
    }
}

fn misspelled(written: &str, near: &str, span: Span) -> Diagnostic {
    Diagnostic::error(codes::MISSPELLED, span, format!("unknown word `{written}`"))
        .help(format!("did you mean `{near}`?"))
        .fix(span, near, format!("write `{near}`"))
}

fn unknown_unit(written: &str, span: Span) -> Diagnostic {
    let error = Diagnostic::error(codes::UNIT, span, format!("unknown unit `{written}`"));
    let same = words::UNITS.into_iter().find(|unit| unit.eq_ignore_ascii_case(written));
    match same.or_else(|| words::nearest(written, words::UNITS.to_vec())) {
        Some(near) => error.help(format!("did you mean `{near}`?")).fix(span, near, format!("write `{near}`")),
        None => error.help(
            "sizes have `B`, `KB`, `MB`, `GB` or `KiB`, `MiB`, `GiB`; durations `seconds`, `minutes`, `hours`, `days` \
             or `weeks`",
        ),
    }
}

/// What other languages write where mfp has a word.
fn operator_of_elsewhere(written: &str) -> Option<&'static str> {
    match written {
        "=" => Some("=="),
        "&" | "&&" | "AND" => Some("and"),
        "|" | "||" | "OR" => Some("or"),
        "!" | "NOT" => Some("not"),
        "equals" => Some("=="),
        "=~" => Some("matches"),
        _ => None,
    }
}

/// Where and why a rule does not take all of a text; `None` if it does.
fn failure(rule: Rule, text: &str) -> Option<Failure> {
    let error = Grammar::parse(rule, text).err()?;
    let at = match error.location {
        InputLocation::Pos(at) | InputLocation::Span((at, _)) => at,
    };
    let expected = match error.variant {
        ErrorVariant::ParsingError { positives, .. } => positives,
        ErrorVariant::CustomError { .. } => Vec::new(),
    };
    Some(Failure { at, expected })
}

/// What a block can hold.
fn listing(block: Block) -> String {
    let items = words::openers(block).into_iter().map(|word| format!("`{word}`")).collect::<Vec<_>>();
    match block {
        Block::File => {
            "a file holds `use`, `site`, `directory`, policies, `criterion`, `dictionary`, `detector`, `list`, \
             `calendar`, `template`, `folder` and `test`"
                .to_string()
        }
        Block::Dictionary => "an entry is a text or a regex: `\"word\" weight 3`".to_string(),
        Block::List => "an entry is an address, a domain, a network or a text".to_string(),
        Block::Settings => "a setting is a word with its value".to_string(),
        _ => format!("clauses of {} are {}", words::describe(block), listed(&items, "and")),
    }
}

fn listed(words: &[String], last: &str) -> String {
    match words {
        [] => String::new(),
        [only] => only.clone(),
        [most @ .., end] => format!("{} {last} {end}", most.join(", ")),
    }
}

/// A token short enough for one line.
fn cut(written: &str) -> String {
    let line = written.lines().next().unwrap_or("");
    match line.char_indices().nth(40) {
        Some((at, _)) => format!("{}…", line.get(..at).unwrap_or("")),
        None => line.to_string(),
    }
}
