//! Literals: numbers with units, times, addresses, texts with their escapes and indentation.

use super::super::ast::{Expr, ExprKind, TextLiteral, TextPart};
use super::super::codes;
use super::super::grammar::{Parts, Rule};
use super::{Builder, Node};
use crate::base::diagnostic::Diagnostic;
use crate::base::source::{Span, Spanned};
use std::sync::Arc;

impl Builder<'_> {
    /// The value of a literal other than a text.
    pub(super) fn literal(&mut self, pair: Node<'_>) -> Option<ExprKind> {
        let written = pair.as_str();
        match pair.as_rule() {
            Rule::null_address => Some(ExprKind::NullAddress),
            Rule::address => Some(self.address(&pair)),
            Rule::domain => Some(self.domain(&pair)),
            Rule::network => Some(self.network(&pair)),
            Rule::date_time => self.date_time(pair),
            Rule::date => self.date(&pair).map(|(year, month, day)| ExprKind::Date { year, month, day }),
            Rule::time => Some(ExprKind::TimeOfDay(self.time(&pair))),
            Rule::quantity => self.quantity(pair),
            Rule::regex => Some(self.regex(&pair)),
            Rule::boolean => Some(ExprKind::Bool(written == "true")),
            _ => None,
        }
    }

    /// A literal pair as an expression of its own.
    pub(super) fn literal_expr(&mut self, pair: Node<'_>) -> Expr {
        let span = self.span(&pair);
        match self.literal(pair) {
            Some(kind) => Expr { kind, span },
            None => self.bad_expr(span),
        }
    }

    fn address(&mut self, pair: &Node<'_>) -> ExprKind {
        let written = pair.as_str();
        if let Some((_, domain)) = written.rsplit_once('@') {
            let span = self.span(pair);
            let start = span.end.saturating_sub(domain.len() as u32);
            self.check_domain(domain, Span { start, ..span });
        }
        ExprKind::Address(Arc::from(written))
    }

    fn domain(&mut self, pair: &Node<'_>) -> ExprKind {
        let written = pair.as_str().trim_start_matches('@');
        let (name, subdomains) = match written.strip_prefix("*.") {
            Some(name) => (name, true),
            None => (written, false),
        };
        self.check_domain(name, self.span(pair));
        ExprKind::Domain { name: Arc::from(name), subdomains }
    }

    fn check_domain(&mut self, name: &str, span: Span) {
        let sound = name.starts_with('[')
            || (name.len() <= 253 || !name.is_ascii())
                && name.split('.').all(|label| !label.starts_with('-') && !label.ends_with('-'))
                && idna::domain_to_ascii(name).is_ok_and(|ascii| ascii.len() <= 253);
        if !sound {
            self.diagnostics.push(
                Diagnostic::error(codes::DOMAIN, span, format!("`{name}` is not a domain name")).help(
                    "a domain has labels of 1 to 63 letters, digits and inner hyphens, parted by dots: \
                     `acme.example`",
                ),
            );
        }
    }

    fn network(&mut self, pair: &Node<'_>) -> ExprKind {
        let written = pair.as_str();
        let sound = match written.split_once('/') {
            Some(_) => written.parse::<ipnet::IpNet>().is_ok(),
            None => written.parse::<std::net::IpAddr>().is_ok(),
        };
        if !sound {
            let message = format!("`{written}` is not a network");
            self.diagnostics.push(Diagnostic::error(codes::NETWORK, self.span(pair), message).help(
                "write an address with a prefix length, `10.0.0.0/8` or `2001:db8::/32`, or an address alone",
            ));
        }
        ExprKind::Network(Arc::from(written))
    }

    fn date_time(&mut self, pair: Node<'_>) -> Option<ExprKind> {
        let mut parts = Parts::of(pair);
        let (year, month, day) = parts.seek(Rule::date).and_then(|pair| self.date(&pair))?;
        let Some(time) = parts.accept(Rule::time) else { return Some(ExprKind::Date { year, month, day }) };
        let minutes = self.time(&time);
        let zone = parts.accept(Rule::text).map(|zone| self.text(zone));
        Some(ExprKind::DateTime { year, month, day, minutes, zone })
    }

    /// Year, month and day; a day that does not exist is an error, and given as it was written.
    fn date(&mut self, pair: &Node<'_>) -> Option<(i16, i8, i8)> {
        let mut numbers = pair.as_str().split('-');
        let year: i16 = numbers.next()?.parse().ok()?;
        let month: i8 = numbers.next()?.parse().ok()?;
        let day: i8 = numbers.next()?.parse().ok()?;
        if jiff::civil::Date::new(year, month, day).is_err() {
            let message = format!("there is no day `{}`", pair.as_str());
            self.diagnostics.push(
                Diagnostic::error(codes::DATE, self.span(pair), message)
                    .help("a date is written year-month-day, as `2026-12-25`"),
            );
            return Some((year, 1, 1));
        }
        Some((year, month, day))
    }

    /// Minutes from midnight; `24:00` is the end of the day.
    fn time(&mut self, pair: &Node<'_>) -> u16 {
        let (hours, minutes) = pair.as_str().split_once(':').unwrap_or(("0", "0"));
        let hours: u16 = hours.parse().unwrap_or(u16::MAX);
        let minutes: u16 = minutes.parse().unwrap_or(u16::MAX);
        if hours > 24 || minutes > 59 || (hours == 24 && minutes > 0) {
            let message = format!("there is no time `{}`", pair.as_str());
            self.diagnostics.push(
                Diagnostic::error(codes::DATE, self.span(pair), message)
                    .help("a time of day is from `00:00` to `24:00`"),
            );
            return 0;
        }
        hours * 60 + minutes
    }

    fn quantity(&mut self, pair: Node<'_>) -> Option<ExprKind> {
        let span = self.span(&pair);
        let written = pair.as_str().to_string();
        let mut parts = Parts::of(pair);
        let number = parts.seek(Rule::number)?.as_str().parse::<i64>().ok();
        let value = match (parts.next(), number) {
            (None, Some(number)) => Some(ExprKind::Number(number)),
            (Some(unit), Some(number)) => measured(number, &unit),
            (_, None) => None,
        };
        if value.is_none() {
            let message = format!("`{}` is out of range", written.trim());
            self.diagnostics.push(
                Diagnostic::error(codes::NUMBER, span, message)
                    .help("numbers, sizes and durations are whole and below 2^63; sizes are not negative"),
            );
        }
        Some(value.unwrap_or(ExprKind::Number(0)))
    }

    /// A regex: its pattern as it is handed to the engine and its flags.
    fn regex(&mut self, pair: &Node<'_>) -> ExprKind {
        let written = pair.as_str();
        let (pattern, flags) = written.rsplit_once('/').unwrap_or((written, ""));
        let pattern = pattern.strip_prefix('/').unwrap_or(pattern);
        for (at, flag) in flags.char_indices() {
            let earlier = flags.get(..at).unwrap_or("");
            if !matches!(flag, 'i' | 's') || earlier.contains(flag) {
                let span = self.span(pair);
                let start = span.end - (flags.len() - at) as u32;
                let span = Span { start, end: start + flag.len_utf8() as u32, ..span };
                let message = if earlier.contains(flag) {
                    format!("the flag `{flag}` is given twice")
                } else {
                    format!("a regex has no flag `{flag}`")
                };
                self.diagnostics.push(
                    Diagnostic::error(codes::REGEX_FLAG, span, message)
                        .help("the flags are `i` (capital and small letters alike) and `s` (`.` takes line ends too)")
                        .fix(span, "", "remove the flag"),
                );
                break;
            }
        }
        ExprKind::Regex { pattern: Arc::from(unslashed(pattern)), flags: Arc::from(flags) }
    }

    /// The literal of a `text` pair.
    pub(super) fn text(&mut self, pair: Node<'_>) -> TextLiteral {
        let span = self.span(&pair);
        let Some(inner) = Parts::of(pair).next() else {
            self.unshaped(span);
            return TextLiteral { parts: Vec::new(), span };
        };
        let block = inner.as_rule() == Rule::block_text;
        let mut pieces: Vec<Piece> = Parts::of(inner).map(|part| self.piece(part)).collect();
        if block {
            unindent(&mut pieces);
        }
        TextLiteral { parts: merged(pieces), span }
    }

    /// The next `text` among the parts.
    pub(super) fn find_text(&mut self, parts: &mut Parts<'_>) -> Option<TextLiteral> {
        parts.seek(Rule::text).map(|pair| self.text(pair))
    }

    /// The next `text` among the parts, where nothing can be interpolated.
    pub(super) fn find_plain(&mut self, parts: &mut Parts<'_>) -> Option<Spanned<String>> {
        parts.seek(Rule::text).map(|pair| self.plain_text(pair))
    }

    /// The literal of a `text` pair, where nothing can be interpolated.
    pub(super) fn plain_text(&mut self, pair: Node<'_>) -> Spanned<String> {
        let text = self.text(pair);
        let mut plain = String::new();
        for part in &text.parts {
            match part {
                TextPart::Text(text) => plain.push_str(text),
                TextPart::Value(value) => {
                    self.diagnostics.push(
                        Diagnostic::error(
                            codes::INTERPOLATED,
                            value.span,
                            "nothing can be interpolated here",
                        )
                        .label("there is no message here to take it from")
                        .help("write `{{` for a brace"),
                    );
                }
            }
        }
        Spanned::new(plain, text.span)
    }

    fn piece(&mut self, pair: Node<'_>) -> Piece {
        match pair.as_rule() {
            Rule::escape => Piece::Written(self.escape(&pair)),
            Rule::brace => Piece::Written("{".to_string()),
            Rule::interpolation => {
                let span = self.span(&pair);
                let mut parts = Parts::of(pair);
                let expr = match self.find_expr(&mut parts) {
                    Some(expr) => expr,
                    None => self.bad_expr(span),
                };
                Piece::Value(Box::new(expr))
            }
            _ => Piece::Raw(pair.as_str().to_string()),
        }
    }

    fn escape(&mut self, pair: &Node<'_>) -> String {
        let written = pair.as_str();
        match written {
            "\\n" => return "\n".to_string(),
            "\\t" => return "\t".to_string(),
            "\\\"" => return "\"".to_string(),
            "\\\\" => return "\\".to_string(),
            _ => {}
        }
        let code = written.strip_prefix("\\u{").and_then(|rest| rest.strip_suffix('}'));
        if let Some(character) =
            code.and_then(|code| u32::from_str_radix(code, 16).ok()).and_then(char::from_u32)
        {
            return character.to_string();
        }
        let span = self.span(pair);
        let error = match code {
            Some(code) => Diagnostic::error(codes::ESCAPE, span, format!("there is no character `{code}`"))
                .help("`\\u{…}` takes the hexadecimal number of a Unicode character, as `\\u{20ac}`"),
            None => Diagnostic::error(codes::ESCAPE, span, format!("there is no escape `{written}`"))
                .help(
                    "the escapes are `\\n`, `\\t`, `\\\"`, `\\\\` and `\\u{…}`; a backslash itself is `\\\\`",
                )
                .fix(span.before(), "\\", "write a backslash"),
        };
        self.diagnostics.push(error);
        String::new()
    }
}

/// A number with its unit, if it is in range.
fn measured(number: i64, unit: &Node<'_>) -> Option<ExprKind> {
    let name = unit.as_str();
    match unit.as_rule() {
        Rule::size_unit => {
            let bytes: u64 = match name {
                "kB" | "KB" => 1000,
                "MB" => 1000_u64.pow(2),
                "GB" => 1000_u64.pow(3),
                "TB" => 1000_u64.pow(4),
                "KiB" => 1 << 10,
                "MiB" => 1 << 20,
                "GiB" => 1 << 30,
                "TiB" => 1 << 40,
                _ => 1,
            };
            let size = u64::try_from(number).ok()?.checked_mul(bytes)?;
            (size < 1 << 63).then_some(ExprKind::Size(size))
        }
        Rule::duration_unit => {
            let seconds = match name.trim_end_matches('s') {
                "minute" => 60,
                "hour" => 3600,
                "day" => 86_400,
                "week" => 604_800,
                _ => 1,
            };
            Some(ExprKind::Duration(number.checked_mul(seconds)?))
        }
        _ => Some(ExprKind::Characters(number)),
    }
}

/// A pattern with `\/` as the plain slash that it means.
fn unslashed(pattern: &str) -> String {
    let mut plain = String::with_capacity(pattern.len());
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            plain.push(character);
            continue;
        }
        match characters.next() {
            Some('/') => plain.push('/'),
            Some(next) => plain.extend(['\\', next]),
            None => plain.push('\\'),
        }
    }
    plain
}

/// A piece of a text literal, before indentation is taken off.
enum Piece {
    /// As it stands in the source: its blanks count as indentation.
    Raw(String),
    /// The meaning of an escape: never indentation.
    Written(String),
    /// An interpolated expression.
    Value(Box<Expr>),
}

fn merged(pieces: Vec<Piece>) -> Vec<TextPart> {
    let mut parts: Vec<TextPart> = Vec::new();
    for piece in pieces {
        match piece {
            Piece::Value(expr) => parts.push(TextPart::Value(expr)),
            Piece::Raw(text) | Piece::Written(text) if text.is_empty() => {}
            Piece::Raw(text) | Piece::Written(text) => match parts.last_mut() {
                Some(TextPart::Text(before)) => before.push_str(&text),
                _ => parts.push(TextPart::Text(text)),
            },
        }
    }
    parts
}

/// Takes from a block text what only its layout in the file put there, as Java's text blocks do: line ends become
/// `\n`; the first line goes if it is blank; the blanks that all lines share go, where lines of blanks alone do not
/// count but the line of the closing quotes does; lines of blanks alone become empty. The line end before the closing
/// quotes stays: a block whose closing quotes have a line of their own ends in a line end.
fn unindent(pieces: &mut [Piece]) {
    let shared = shared_indentation(pieces);
    let last = pieces.len().saturating_sub(1);
    for (at, piece) in pieces.iter_mut().enumerate() {
        let Piece::Raw(raw) = piece else { continue };
        let mut text = String::with_capacity(raw.len());
        let mut first_dropped = false;
        let mut lines = raw.split('\n').enumerate().peekable();
        while let Some((number, line)) = lines.next() {
            let ends_piece = lines.peek().is_none();
            let line = if ends_piece { line } else { line.strip_suffix('\r').unwrap_or(line) };
            if number == 0 {
                first_dropped = at == 0 && !ends_piece && blank(line);
                text.push_str(if first_dropped { "" } else { line });
                continue;
            }
            if number > 1 || !first_dropped {
                text.push('\n');
            }
            let whole = !ends_piece || at == last;
            if !(whole && blank(line)) {
                text.push_str(line.get(shared..).unwrap_or(""));
            }
        }
        *raw = text;
    }
}

/// How many blanks every line that counts begins with.
fn shared_indentation(pieces: &[Piece]) -> usize {
    let mut shared = usize::MAX;
    for piece in pieces {
        let Piece::Raw(raw) = piece else { continue };
        let mut lines = raw.split('\n').skip(1).peekable();
        while let Some(line) = lines.next() {
            let ends_piece = lines.peek().is_none();
            if !blank(line) || ends_piece {
                shared = shared.min(line.len() - line.trim_start_matches([' ', '\t']).len());
            }
        }
    }
    if shared == usize::MAX { 0 } else { shared }
}

fn blank(line: &str) -> bool {
    line.chars().all(|character| matches!(character, ' ' | '\t' | '\r'))
}
