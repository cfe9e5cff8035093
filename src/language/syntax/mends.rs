//! Mistakes with a known mend: what people write who come from other languages, or from another clause.
//!
//! Looked at before the general explanation of a failure; each says what to write instead, as a change where nothing
//! else has to be filled in.

use super::codes;
use super::expected::{ends_clause, expectations};
use super::explain::{Explainer, Failure, Slice};
use super::grammar::Rule;
use super::tokens::{Token, TokenKind};
use super::words::{self, Block};
use crate::base::diagnostic::Diagnostic;

/// Quotes that open no text.
const OTHER_QUOTES: &[char] = &['“', '”', '„', '‟', '«', '»', '‘', '’', '‚', '\'', '`'];

/// Other names of dispositions, with what they are here.
const DISPOSITIONS_OF_ELSEWHERE: &[(&[&str], &str)] = &[
    (&["bounce", "dsn", "notify_sender"], "return \"why\""),
    (&["accept", "allow", "pass", "permit", "continue", "keep", "send", "release", "ok"], "deliver"),
    (&["hold", "isolate", "park", "review"], "quarantine in folder"),
    (&["discard", "delete", "remove", "silently", "trash"], "drop"),
    (&["block", "refuse", "deny", "fail", "error"], "reject \"why\""),
    (&["delay", "greylist", "wait", "tempfail"], "defer for 15 minutes"),
    (&["moderate", "escalate"], "approve by boss@acme.example within 2 days else drop"),
];

impl Explainer<'_> {
    /// What is said of a mistake that is known; `None` where it is none of these.
    pub(super) fn known_mistake(
        &self,
        slice: &Slice<'_>,
        before: &Token,
        found: &Token,
        failure: &Failure,
    ) -> Option<Diagnostic> {
        let over = failure.expected.iter().any(|rule| ends_clause(*rule));
        self.other_quotes(slice, found)
            .or_else(|| self.disposition_of_elsewhere(slice, found, failure))
            .or_else(|| self.then_left_out(slice, found, over))
            .or_else(|| self.several_values(slice, before, found, over))
            .or_else(|| self.truth_asked_by_is(slice, before, found))
            .or_else(|| self.header_without_parentheses(slice, before, found, failure))
            .or_else(|| self.subject_without_place(slice, before, found, failure))
            .or_else(|| self.template_not_to_be_told(slice, found))
            .or_else(|| self.bare_text(slice, before, found, failure))
    }

    fn other_quotes(&self, slice: &Slice<'_>, found: &Token) -> Option<Diagnostic> {
        let rest = slice.text.get(found.start..)?;
        let opening = rest.chars().next().filter(|first| OTHER_QUOTES.contains(first))?;
        let line = rest.lines().next().unwrap_or(rest);
        let inside = line.get(opening.len_utf8()..).unwrap_or("");
        let span = self.span(slice, found.start, found.start + opening.len_utf8());
        let error = Diagnostic::error(codes::EXPECTED, span, format!("`{opening}` opens no text"));
        let Some((content, closing)) = inside
            .char_indices()
            .find(|(_, sign)| OTHER_QUOTES.contains(sign))
            .and_then(|(at, sign)| Some((inside.get(..at)?, opening.len_utf8() + at + sign.len_utf8())))
        else {
            return Some(error.help("texts stand between straight quotes: `\"text\"`"));
        };
        let error = error.help(format!("texts stand between straight quotes: `\"{content}\"`"));
        if content.contains(['"', '\\', '{']) {
            return Some(error);
        }
        let whole = self.span(slice, found.start, found.start + closing);
        Some(error.fix(whole, format!("\"{content}\""), "write straight quotes"))
    }

    fn disposition_of_elsewhere(
        &self,
        slice: &Slice<'_>,
        found: &Token,
        failure: &Failure,
    ) -> Option<Diagnostic> {
        let written = found.text(slice.text);
        let names = || words::DISPOSITIONS.iter().map(|shape| shape.0);
        if slice.block != Block::Policy
            || expectations(&failure.expected) != ["a disposition"]
            || found.kind != TokenKind::Word
            || words::nearest(written, names().collect()).is_some()
        {
            return None;
        }
        let span = self.token_span(slice, found);
        let error = Diagnostic::error(codes::EXPECTED, span, format!("`{written}` is no disposition"));
        let known = DISPOSITIONS_OF_ELSEWHERE.iter().find(|(names, _)| names.contains(&written));
        if let Some((_, here)) = known {
            let error = error.help(format!("write `then {here}`"));
            return Some(match here.contains(' ') {
                true => error,
                false => error.fix(span, *here, format!("write `{here}`")),
            });
        }
        if words::begins(Block::Policy, written) || written == "forward" {
            let clause = if written == "forward" { "redirect" } else { written };
            let shape = words::shape(Block::Policy, clause).unwrap_or(clause);
            return Some(error.help(format!("it is a clause of its own, without `then`: `{shape}`")));
        }
        let listed = names().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        Some(error.help(format!("the dispositions are {listed}")))
    }

    /// `when … quarantine in f`
    fn then_left_out(&self, slice: &Slice<'_>, found: &Token, over: bool) -> Option<Diagnostic> {
        if !over || slice.block != Block::Policy {
            return None;
        }
        self.disposition_alone(slice, found.text(slice.text), self.token_span(slice, found))
    }

    /// `contains "a", "b"`
    fn several_values(
        &self,
        slice: &Slice<'_>,
        before: &Token,
        comma: &Token,
        over: bool,
    ) -> Option<Diagnostic> {
        let is_value =
            |token: &Token| matches!(token.kind, TokenKind::Text | TokenKind::Literal | TokenKind::Regex);
        if !over || comma.text(slice.text) != "," || !is_value(before) {
            return None;
        }
        let at = slice.tokens.iter().position(|token| token.start == before.start)?;
        let word = |back: usize| Some(slice.tokens.get(at.checked_sub(back)?)?.text(slice.text));
        let operator = match (word(2), word(1)?) {
            (Some("contains"), "word") => "contains word".to_string(),
            (Some(first @ ("starts" | "ends")), "with") => format!("{first} with"),
            (_, operator @ ("contains" | "matches" | "like" | "in" | "outside")) => operator.to_string(),
            _ => return None,
        };
        let mut end = at;
        while slice.tokens.get(end + 1).is_some_and(|token| token.text(slice.text) == ",")
            && slice.tokens.get(end + 2).is_some_and(is_value)
        {
            end += 2;
        }
        let last = slice.tokens.get(end)?;
        let values = slice.text.get(before.start..last.end)?;
        let span = self.span(slice, before.start, last.end);
        Some(
            Diagnostic::error(
                codes::EXPECTED,
                span,
                format!("several values after `{operator}` stand in brackets"),
            )
            .help(format!("write `{operator} [{values}]`"))
            .fix(span, format!("[{values}]"), "put them in brackets"),
        )
    }

    /// `virus.found is true`
    fn truth_asked_by_is(&self, slice: &Slice<'_>, before: &Token, found: &Token) -> Option<Diagnostic> {
        let written = found.text(slice.text);
        let denied = before.text(slice.text) == "not";
        let at = slice.tokens.iter().position(|token| token.start == before.start)?;
        let is = slice.tokens.get(at.checked_sub(usize::from(denied))?)?;
        if !matches!(written, "true" | "false") || is.text(slice.text) != "is" {
            return None;
        }
        let head = slice.text.get(..is.start)?.trim_end();
        let start =
            head.rfind(|sign: char| sign.is_whitespace() || matches!(sign, '(' | '{')).map_or(0, |at| at + 1);
        let subject = head.get(start..).filter(|subject| !subject.is_empty() && !subject.ends_with(')'))?;
        let mend = match (written == "true") != denied {
            true => subject.to_string(),
            false => format!("not {subject}"),
        };
        let span = self.span(slice, start, found.end);
        Some(
            Diagnostic::error(
                codes::RESERVED,
                self.token_span(slice, found),
                format!("`is` does not ask for `{written}`"),
            )
            .help(format!("a condition is asked by itself: write `{mend}`"))
            .fix(span, mend.clone(), format!("write `{mend}`")),
        )
    }

    /// `header "X" contains …`
    fn header_without_parentheses(
        &self,
        slice: &Slice<'_>,
        before: &Token,
        found: &Token,
        failure: &Failure,
    ) -> Option<Diagnostic> {
        let function = before.text(slice.text);
        let asks = failure.expected.iter().any(|rule| matches!(rule, Rule::tail | Rule::comparator));
        if !asks || found.kind != TokenKind::Text || !matches!(function, "header" | "header_count") {
            return None;
        }
        let name = found.text(slice.text);
        let mend = format!("{function}({name})");
        Some(
            Diagnostic::error(
                codes::EXPECTED,
                self.token_span(slice, found),
                format!("expected `(` after `{function}`"),
            )
            .help(format!("write `{mend}`"))
            .fix(self.span(slice, before.start, found.end), mend, "put the name in parentheses"),
        )
    }

    /// `annotate subject "x"`
    fn subject_without_place(
        &self,
        slice: &Slice<'_>,
        before: &Token,
        found: &Token,
        failure: &Failure,
    ) -> Option<Diagnostic> {
        if found.kind != TokenKind::Text || !failure.expected.contains(&Rule::kw_prefix) {
            return None;
        }
        let text = found.text(slice.text);
        let at = self.span(slice, found.start, found.start);
        Some(
            Diagnostic::error(
                codes::EXPECTED,
                self.token_span(slice, found),
                format!("expected `prefix` or `suffix` after `{}`", before.text(slice.text)),
            )
            .help(format!("write `annotate subject prefix {text}`, or `suffix`"))
            .fix(at, "prefix ", "insert `prefix`"),
        )
    }

    /// `expect not notify sender using t`
    fn template_not_to_be_told(&self, slice: &Slice<'_>, using: &Token) -> Option<Diagnostic> {
        if slice.block != Block::Test || using.text(slice.text) != "using" {
            return None;
        }
        let at = slice.tokens.iter().position(|token| token.start == using.start)?;
        let before: Vec<&str> =
            slice.tokens.get(at.saturating_sub(3)..at)?.iter().map(|token| token.text(slice.text)).collect();
        let ["not", "notify", who] = before.as_slice() else { return None };
        let template = slice.tokens.get(at + 1).filter(|token| token.line == using.line);
        let end = template.map_or(using.end, |token| token.end);
        Some(
            Diagnostic::error(
                codes::EXPECTED,
                self.token_span(slice, using),
                "`not notify` says who is told nothing, whatever the text",
            )
            .help(format!("write `expect not notify {who}`, without `using`"))
            .fix(self.span(slice, using.start, end), "", "take the template away"),
        )
    }

    /// `tag x`
    fn bare_text(
        &self,
        slice: &Slice<'_>,
        before: &Token,
        found: &Token,
        failure: &Failure,
    ) -> Option<Diagnostic> {
        let written = found.text(slice.text);
        let wants_text = expectations(&failure.expected) == ["a text"];
        if !wants_text
            || !matches!(found.kind, TokenKind::Word | TokenKind::Literal)
            || words::begins(slice.block, written)
            || !written.is_ascii()
        {
            return None;
        }
        let (word, quoted) = (before.text(slice.text), format!("\"{written}\""));
        let span = self.token_span(slice, found);
        let error = Diagnostic::error(
            codes::EXPECTED,
            span,
            format!("expected a text after `{word}`, found `{written}`"),
        )
        .help(format!("texts stand in quotes: `{word} {quoted}`"));
        Some(match self.better(slice, found, &quoted) {
            true => error.fix(span, quoted, "put it in quotes"),
            false => error,
        })
    }
}
