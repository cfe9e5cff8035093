//! Fields of the form `value; name=value; …` (RFC 2045 section 5.1, RFC 2183) with the pieces and charsets of RFC 2231,
//! read so that every value which some reader may see is there, the likeliest first.
//!
//! Linear in the field; a field may have up to [`MOST_PARAMETERS`] parameters, and where there are more, more of one name
//! or more open comments than are followed, the field says that it is cut.

use super::{charset, fact::MalformationKind, words};

/// Parameters of one field that are read.
pub(crate) const MOST_PARAMETERS: usize = 200;

/// Parameters of one name that are all looked at.
const MOST_OF_ONE_NAME: usize = 4;

/// Readings of one parameter that are kept: each has a handful of forms, so a field that is not cut has not more.
const MOST_READINGS: usize = 32;

/// A parsed field.
#[derive(Debug, Clone, Default)]
pub(crate) struct Structured {
    /// What stands before the parameters, comments and blanks around it gone, as written.
    pub(crate) value: String,
    /// Readings of the value that a reader who knows no comments has.
    pub(crate) raw_value: String,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) defects: Vec<(MalformationKind, String)>,
    /// Whether there is more than was read: more parameters, more of one name, more comments that do not end.
    pub(crate) cut: bool,
}

/// One `name=value` as it stands.
#[derive(Debug, Clone)]
pub(crate) struct Parameter {
    /// Lower-case name without the marks of RFC 2231.
    pub(crate) name: String,
    /// The number of a piece (`name*1`).
    piece: Option<u32>,
    /// Whether the value is percent-encoded (`name*`).
    extended: bool,
    /// The value: unquoted, comments gone.
    value: Vec<u8>,
    /// Other forms of the value: with its comment, with what follows the quotes, folds without a blank.
    variants: Vec<Vec<u8>>,
    /// Whether it was folded inside.
    folded: bool,
    commented: bool,
}

/// One reading of a parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reading {
    pub(crate) bytes: Vec<u8>,
    /// The text of it.
    pub(crate) text: String,
    /// Whether a plain reader, one without RFC 2231, RFC 2047, comments and folds, has it as well.
    pub(crate) plain: bool,
}

impl Structured {
    pub(crate) fn parse(raw: &[u8]) -> Structured {
        Parser { rest: raw, out: Structured::default(), open_comments: 0 }.run()
    }

    /// Every reading of a parameter, the likeliest first, none twice.
    pub(crate) fn readings(&self, name: &str) -> Vec<Reading> {
        let mut readings: Vec<Reading> = Vec::new();
        let mut add = |bytes: Vec<u8>, text: String, plain: bool| {
            if !readings.iter().any(|r| r.bytes == bytes && r.text == text) && readings.len() < MOST_READINGS
            {
                readings.push(Reading { bytes, text, plain });
            }
        };
        if let Some(text) = self.composed(name) {
            add(text.clone().into_bytes(), text, false);
        }
        for parameter in self.parameters.iter().filter(|p| p.name == name && p.piece.is_none() && !p.extended)
        {
            let text = words::decode_words(&parameter.value);
            let encoded_word = memchr::memmem::find(&parameter.value, b"=?").is_some();
            if encoded_word {
                add(text.clone().into_bytes(), text, false);
                let raw = charset::guess(&parameter.value).into_owned();
                add(parameter.value.clone(), raw, true);
            } else {
                add(parameter.value.clone(), text, !parameter.folded && !parameter.commented);
            }
            for variant in &parameter.variants {
                add(variant.clone(), charset::guess(variant).into_owned(), false);
            }
        }
        readings
    }

    /// The likeliest reading of a parameter as text.
    pub(crate) fn first(&self, name: &str) -> Option<String> {
        self.readings(name).into_iter().next().map(|r| r.text)
    }

    pub(crate) fn folded(&self, name: &str) -> bool {
        self.parameters.iter().any(|p| p.name == name && p.folded)
    }

    /// Whether readers may disagree on how to put the value together.
    pub(crate) fn encoded(&self, name: &str) -> bool {
        self.parameters.iter().any(|p| {
            p.name == name
                && (p.piece.is_some()
                    || p.extended
                    || p.commented
                    || memchr::memmem::find(&p.value, b"=?").is_some())
        })
    }

    /// The value made of the pieces of RFC 2231.
    fn composed(&self, name: &str) -> Option<String> {
        let mut pieces: Vec<&Parameter> =
            self.parameters.iter().filter(|p| p.name == name && (p.piece.is_some() || p.extended)).collect();
        pieces.sort_by_key(|p| p.piece.unwrap_or(0));
        let first = pieces.first()?;
        let mut label = None;
        let mut bytes = Vec::new();
        let start = if first.extended {
            let mut parts = first.value.splitn(3, |b| *b == b'\'');
            match (parts.next(), parts.next(), parts.next()) {
                (Some(charset), Some(_), Some(text)) => {
                    label = Some(String::from_utf8_lossy(charset).into_owned());
                    text
                }
                _ => first.value.as_slice(),
            }
        } else {
            first.value.as_slice()
        };
        append(&mut bytes, start, first.extended);
        for piece in pieces.iter().skip(1) {
            append(&mut bytes, &piece.value, piece.extended);
        }
        Some(match label.filter(|l| !l.is_empty()) {
            Some(label) => charset::decode(&bytes, Some(&label)).text,
            None if first.extended => charset::guess(&bytes).into_owned(),
            None => words::decode_words(&bytes),
        })
    }
}

fn append(out: &mut Vec<u8>, value: &[u8], extended: bool) {
    if !extended {
        out.extend_from_slice(value);
        return;
    }
    let mut rest = value;
    while let Some((&first, tail)) = rest.split_first() {
        let digits = tail.get(..2).and_then(|d| std::str::from_utf8(d).ok());
        match digits.filter(|_| first == b'%').and_then(|d| u8::from_str_radix(d, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                rest = tail.get(2..).unwrap_or_default();
            }
            None => {
                out.push(first);
                rest = tail;
            }
        }
    }
}

struct Parser<'a> {
    rest: &'a [u8],
    out: Structured,
    open_comments: usize,
}

/// Comments that are not closed and whose end is looked for; a field full of parentheses must not cost the square of it.
const MOST_OPEN_COMMENTS: usize = 16;

impl<'a> Parser<'a> {
    fn run(mut self) -> Structured {
        self.value();
        while !self.rest.is_empty() {
            self.parameter();
            if self.out.parameters.len() >= MOST_PARAMETERS {
                self.defect(MalformationKind::DuplicateParameter, "more parameters than are read");
                self.out.cut = true;
                break;
            }
        }
        self.duplicates();
        self.out
    }

    fn defect(&mut self, kind: MalformationKind, detail: &str) {
        if self.out.defects.iter().filter(|known| known.0 == kind).count() < 4 {
            self.out.defects.push((kind, detail.to_string()));
        }
    }

    fn duplicates(&mut self) {
        let mut seen: Vec<(&str, Option<u32>, bool)> = Vec::new();
        let mut twice = None;
        for p in &self.out.parameters {
            let key = (p.name.as_str(), p.piece, p.extended);
            let pieces_and_whole = seen.iter().any(|(name, piece, extended)| {
                *name == p.name
                    && (*piece, *extended) != (p.piece, p.extended)
                    && (piece.is_none() || p.piece.is_none())
            });
            if seen.contains(&key) || pieces_and_whole {
                twice = Some(p.name.clone());
            }
            seen.push(key);
        }
        let of_one_name =
            |name: &str| self.out.parameters.iter().filter(|p| p.name == name && p.piece.is_none()).count();
        self.out.cut |= ["boundary", "charset", "filename", "name"]
            .iter()
            .any(|name| of_one_name(name) > MOST_OF_ONE_NAME);
        if let Some(name) = twice {
            self.defect(
                MalformationKind::DuplicateParameter,
                &format!("the parameter `{name}` several times"),
            );
        }
    }

    fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// Bytes of the comment at the start; 1 where it is not closed, for a lone parenthesis is no comment that swallows the
    /// field.
    fn comment(&mut self) -> usize {
        if self.open_comments >= MOST_OPEN_COMMENTS {
            self.out.cut = true;
            return 1;
        }
        comment(self.rest).unwrap_or_else(|| {
            self.open_comments += 1;
            1
        })
    }

    fn skip(&mut self, count: usize) {
        self.rest = self.rest.get(count..).unwrap_or_default();
    }

    /// What stands before the first semicolon. A blank followed by `name=` ends it too: the semicolon was forgotten.
    fn value(&mut self) {
        let mut clean = Vec::new();
        let mut raw = Vec::new();
        // What follows the blanks is the same for all of them, so it is looked at once.
        let mut in_blanks = false;
        while let Some(byte) = self.peek() {
            let first_blank = !std::mem::replace(&mut in_blanks, byte.is_ascii_whitespace());
            match byte {
                b';' => break,
                b'(' => {
                    let length = self.comment();
                    raw.extend_from_slice(self.rest.get(..length).unwrap_or_default());
                    self.skip(length);
                    continue;
                }
                b'\r' | b'\n' => {}
                b' ' | b'\t' if !clean.is_empty() && first_blank && parameter_follows(self.rest) => {
                    self.defect(
                        MalformationKind::BadContentType,
                        "a semicolon is missing before a parameter",
                    );
                    break;
                }
                _ if clean.is_empty() && parameter_starts(self.rest) => {
                    self.out.value = String::new();
                    self.out.raw_value = String::new();
                    return;
                }
                _ => {
                    clean.push(byte);
                    raw.push(byte);
                }
            }
            self.skip(1);
        }
        let tidy = |bytes: &[u8]| charset::guess(bytes.trim_ascii()).trim_matches('"').trim().to_string();
        self.out.value = tidy(&clean);
        self.out.raw_value = tidy(&raw);
    }

    fn parameter(&mut self) {
        loop {
            match self.peek() {
                Some(b';' | b' ' | b'\t' | b'\r' | b'\n' | b',') => self.skip(1),
                Some(b'(') => {
                    let length = self.comment();
                    self.skip(length);
                }
                _ => break,
            }
        }
        let end = self.rest.iter().position(|b| matches!(b, b'=' | b';')).unwrap_or(self.rest.len());
        let written = self.rest.get(..end).unwrap_or_default();
        let name: String = words::unfold(written)
            .iter()
            .filter(|b| !b.is_ascii_whitespace() && **b != b'"')
            .map(|b| char::from(b.to_ascii_lowercase()))
            .collect();
        self.skip(end);
        if self.peek() != Some(b'=') {
            return;
        }
        self.skip(1);
        let (name, piece, extended) = marks(&name);
        let mut parameter = Parameter {
            name,
            piece,
            extended,
            value: Vec::new(),
            variants: Vec::new(),
            folded: false,
            commented: false,
        };
        self.parameter_value(&mut parameter);
        if !parameter.name.is_empty() {
            self.out.parameters.push(parameter);
        }
    }

    fn parameter_value(&mut self, parameter: &mut Parameter) {
        let mut before = Vec::new();
        loop {
            match self.peek() {
                Some(b'\r' | b'\n') => {
                    self.skip(1);
                }
                Some(b' ' | b'\t') => self.skip(1),
                Some(b'(') => {
                    let length = self.comment();
                    // A comment that is all there is to the value is the value.
                    let after = self.rest.get(length..).unwrap_or_default();
                    if after.iter().find(|b| !b.is_ascii_whitespace()).is_none_or(|b| *b == b';') {
                        break;
                    }
                    before.extend_from_slice(self.rest.get(..length).unwrap_or_default());
                    parameter.commented = true;
                    self.skip(length);
                }
                _ => break,
            }
        }
        if self.peek() == Some(b'"') {
            self.quoted(parameter);
        } else {
            self.token(parameter);
        }
        if !before.is_empty() {
            let mut with = before;
            with.extend_from_slice(&parameter.value);
            parameter.variants.push(with);
        }
    }

    fn quoted(&mut self, parameter: &mut Parameter) {
        self.skip(1);
        let mut value = Vec::new();
        let mut unescaped_all = Vec::new();
        let mut closed = false;
        let start = self.rest;
        while let Some(byte) = self.peek() {
            self.skip(1);
            match byte {
                b'"' => {
                    closed = true;
                    break;
                }
                b'\\' => match self.peek() {
                    // Only `\"` and `\\` are escapes for most readers; a Windows path has others.
                    Some(next @ (b'"' | b'\\')) => {
                        self.skip(1);
                        value.push(next);
                        unescaped_all.push(next);
                    }
                    Some(next) => {
                        self.skip(1);
                        value.extend_from_slice(&[b'\\', next]);
                        unescaped_all.push(next);
                    }
                    None => value.push(byte),
                },
                b'\r' | b'\n' => parameter.folded = true,
                _ => {
                    value.push(byte);
                    unescaped_all.push(byte);
                }
            }
        }
        if !closed {
            self.defect(
                MalformationKind::UnclosedQuote,
                &format!("the quotes of `{}` are not closed", parameter.name),
            );
            let until = start.iter().position(|b| matches!(b, b';' | b'\r' | b'\n')).unwrap_or(start.len());
            let mut short = start.get(..until).unwrap_or_default().trim_ascii().to_vec();
            parameter.variants.push([&b"\""[..], &short].concat());
            std::mem::swap(&mut short, &mut value);
            parameter.variants.push(short);
            self.rest = start.get(until..).unwrap_or_default();
        }
        if parameter.folded {
            parameter.variants.push(without_folds(start));
        }
        let until = self.rest.iter().position(|b| *b == b';').unwrap_or(self.rest.len());
        let junk = self.rest.get(..until).unwrap_or_default().trim_ascii();
        if closed && !junk.is_empty() && !junk.starts_with(b"(") && !parameter_follows(self.rest) {
            parameter.variants.push([value.as_slice(), junk].concat());
            self.skip(until);
        }
        if unescaped_all != value {
            parameter.variants.push(unescaped_all);
        }
        parameter.value = value;
    }

    fn token(&mut self, parameter: &mut Parameter) {
        let mut end = 0;
        let mut fold = None;
        let mut in_blanks = false;
        while let Some(&byte) = self.rest.get(end) {
            let first_blank = !std::mem::replace(&mut in_blanks, byte.is_ascii_whitespace());
            if byte == b';' {
                break;
            }
            if first_blank
                && matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
                && parameter_follows(self.rest.get(end..).unwrap_or_default())
            {
                break;
            }
            if matches!(byte, b'\r' | b'\n') && fold.is_none() {
                fold = Some(end);
            }
            end += 1;
        }
        let written = self.rest.get(..end).unwrap_or_default();
        self.skip(end);
        let flat = words::unfold(written);
        let whole = flat.trim_ascii();
        parameter.folded =
            fold.is_some_and(|at| !written.get(at..).unwrap_or_default().trim_ascii().is_empty());
        parameter.value = whole.to_vec();
        // `foo (comment)`: the comment is none of the value for readers that know comments.
        let comment_at = memchr::memmem::find(whole, b" (").or_else(|| memchr::memmem::find(whole, b"\t("));
        if let Some(at) = comment_at.filter(|_| parameter.name != "filename" && parameter.name != "name") {
            parameter.value = whole.get(..at).unwrap_or_default().trim_ascii().to_vec();
            parameter.variants.push(whole.to_vec());
            parameter.commented = true;
        }
        if parameter.folded {
            parameter.variants.push(whole.iter().copied().filter(|b| !b.is_ascii_whitespace()).collect());
            let first = written.get(..fold.unwrap_or(0)).unwrap_or_default().trim_ascii();
            parameter.variants.push(first.to_vec());
        }
        if whole.contains(&b'"') {
            parameter.variants.push(whole.iter().copied().filter(|b| *b != b'"').collect());
        }
    }
}

/// The name without its marks: `name*1*` is piece 1, percent-encoded.
fn marks(name: &str) -> (String, Option<u32>, bool) {
    let (name, extended) = match name.strip_suffix('*') {
        Some(name) => (name, true),
        None => (name, false),
    };
    match name.split_once('*') {
        Some((base, piece)) if piece.parse::<u32>().is_ok() => {
            (base.to_string(), piece.parse().ok(), extended)
        }
        _ => (name.to_string(), None, extended),
    }
}

/// Bytes of the comment at the start, nested comments included; `None` where it is not closed.
fn comment(text: &[u8]) -> Option<usize> {
    let mut depth = 0usize;
    let mut escaped = false;
    for (at, &byte) in text.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'(' => depth += 1,
            b')' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
    }
    None
}

fn parameter_starts(text: &[u8]) -> bool {
    let name =
        text.iter().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'*' | b'_')).count();
    (2..=40).contains(&name) && text.get(name) == Some(&b'=')
}

fn parameter_follows(text: &[u8]) -> bool {
    let blanks = text.iter().take_while(|b| b.is_ascii_whitespace()).count();
    parameter_starts(text.get(blanks..blanks + 48.min(text.len().saturating_sub(blanks))).unwrap_or_default())
}

/// The quoted text with folds and the blanks after them gone.
fn without_folds(quoted: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut skipping = false;
    for &byte in quoted {
        match byte {
            b'"' => break,
            b'\r' | b'\n' => skipping = true,
            b' ' | b'\t' if skipping => {}
            _ => {
                skipping = false;
                out.push(byte);
            }
        }
    }
    out
}
