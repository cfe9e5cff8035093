//! Tokens of a source: one linear pass that knows texts, comments, braces and lines, and nothing of clauses.
//!
//! It runs before the grammar: what would lead the grammar astray (a lone quote, an unclosed interpolation) is found
//! and bounded here, nesting is limited here, and the recovering parser and the formatter read lines and indentation
//! off its tokens. Cost: each byte is looked at a few times; it stops at the first hundred faults.

use super::codes;
use super::shapes::{TextFault, address, interpolation_end, plain, text_end};
use crate::base::diagnostic::{Diagnostic, Diagnostics};
use crate::base::limits::SourceLimits;
use crate::base::source::{SourceId, Span};

/// Faults after which a file is not read further.
pub(super) const FAULTS: usize = 100;
/// Tokens of one file.
const TOKENS: usize = 1_000_000;
/// How many `and` and `or` one block may hold.
const JOINED: usize = 10_000;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// A name or keyword.
    Word,
    /// A number, time, date, network, address or domain.
    Literal,
    /// `"…"`
    Text,
    /// `"""…"""`
    Block,
    /// `/…/i`
    Regex,
    /// Anything else; operators of two characters are one token.
    Sign,
}

/// A token with its place and its line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token {
    /// What it is.
    pub(crate) kind: TokenKind,
    /// First byte.
    pub(crate) start: usize,
    /// One past the last byte.
    pub(crate) end: usize,
    /// The line it begins on, from 0.
    pub(crate) line: usize,
    /// Whether nothing but blanks stands before it on its line.
    pub(crate) first: bool,
    /// Bytes of blanks its line begins with.
    pub(crate) indent: usize,
}

impl Token {
    /// The token as written.
    pub(crate) fn text<'t>(&self, text: &'t str) -> &'t str {
        text.get(self.start..self.end).unwrap_or("")
    }
}

/// A token that is broken, and what the grammar reads instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Broken {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) instead: &'static str,
}

/// The tokens of a source.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    /// In order.
    pub(crate) tokens: Vec<Token>,
    /// Ranges of the comments, from `#` to before the line end.
    pub(crate) comments: Vec<(usize, usize)>,
    /// Faults found on the way.
    pub(super) faults: Diagnostics,
    /// What the faults broke.
    pub(super) broken: Vec<Broken>,
    /// Whether a limit was met: then the rest was not read and the tokens say little.
    pub(super) stopped: bool,
}

impl Tokens {
    /// Whether some token is broken or a limit was met.
    pub(crate) fn faulty(&self) -> bool {
        self.stopped || self.faults.has_errors()
    }
}

/// The tokens of `text`.
pub(crate) fn tokens(source: SourceId, text: &str, limits: &SourceLimits) -> Tokens {
    let trusting = Lexer::new(source, text, limits, false).run();
    // A block text that never ends is opened or closed in the wrong place: lines and their indentation tell where.
    if trusting.broken.iter().any(|broken| broken.instead == NO_BLOCK) {
        return Lexer::new(source, text, limits, true).run();
    }
    trusting
}

const NO_TEXT: &str = "\"\"";
const NO_BLOCK: &str = "\"\"  ";
const NO_REGEX: &str = "/x/";
const NOTHING: &str = " ";

struct Lexer<'t> {
    source: SourceId,
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    line: usize,
    line_start: usize,
    first: bool,
    indent: usize,
    wary: bool,
    nesting: usize,
    negations: usize,
    joined: usize,
    limit: usize,
    /// Blocks opened on the present line and not closed on it.
    opened: usize,
    /// No address begins with a local part before this place: a run of its characters was looked at.
    no_address_before: usize,
    out: Tokens,
}

impl<'t> Lexer<'t> {
    fn new(source: SourceId, text: &'t str, limits: &SourceLimits, wary: bool) -> Lexer<'t> {
        Lexer {
            source,
            text,
            bytes: text.as_bytes(),
            at: 0,
            line: 0,
            line_start: 0,
            first: true,
            indent: 0,
            wary,
            nesting: 0,
            negations: 0,
            joined: 0,
            limit: limits.nesting,
            opened: 0,
            no_address_before: 0,
            out: Tokens::default(),
        }
    }

    fn byte(&self, at: usize) -> u8 {
        self.bytes.get(at).copied().unwrap_or(0)
    }

    fn run(mut self) -> Tokens {
        while self.at < self.bytes.len() && !self.out.stopped {
            match self.byte(self.at) {
                b'\n' => {
                    self.at += 1;
                    self.line += 1;
                    self.line_start = self.at;
                    self.first = true;
                    self.opened = 0;
                }
                b' ' | b'\t' | b'\r' => self.at += 1,
                b'#' => self.comment(),
                _ if self.text.get(self.at..).is_some_and(|rest| rest.starts_with('\u{feff}')) => {
                    if self.at > 0 {
                        self.control('\u{feff}');
                    }
                    self.at += '\u{feff}'.len_utf8();
                    self.line_start += if self.first { '\u{feff}'.len_utf8() } else { 0 };
                }
                _ => self.token(),
            }
            if self.out.tokens.len() > TOKENS {
                let message = format!("the file has more than {TOKENS} words and signs");
                self.stop(
                    codes::TOO_LARGE,
                    self.at,
                    &message,
                    "keep long lists in files of their own: `from \"file.txt\"`",
                );
                break;
            }
            if self.out.faults.len() >= FAULTS {
                self.stop(
                    codes::TOO_MANY_ERRORS,
                    self.at,
                    "there are too many errors to read on",
                    "mend the first ones",
                );
            }
        }
        self.out
    }

    fn comment(&mut self) {
        let start = self.at;
        let end = self.line_end();
        self.look_for_controls(start, end);
        self.out.comments.push((start, end));
        self.at = end;
    }

    /// Where the line of the present place ends, its line end and blanks before that left out.
    fn line_end(&self) -> usize {
        let end = self
            .bytes
            .get(self.at..)
            .and_then(|rest| memchr::memchr(b'\n', rest))
            .map_or(self.bytes.len(), |length| self.at + length);
        let line = self.text.get(self.at..end).unwrap_or("");
        self.at + line.trim_end_matches([' ', '\t', '\r']).len()
    }

    /// Where a token without an end ends: with its line, but before the braces that close what the line opened.
    fn bounded_end(&self) -> usize {
        let mut end = self.line_end();
        for _ in 0..self.opened {
            let line = self.text.get(self.at..end).unwrap_or("");
            match line.strip_suffix('}') {
                Some(rest) => end = self.at + rest.trim_end_matches([' ', '\t']).len(),
                None => break,
            }
        }
        end.max(self.at + 1)
    }

    fn token(&mut self) {
        let start = self.at;
        if self.first {
            self.indent = start - self.line_start;
        }
        let (kind, end) = self.measure();
        let end = end.max(start + 1);
        let (line, first, indent) = (self.line, self.first, self.indent);
        self.first = false;
        self.look_for_controls(start, end);
        if kind == TokenKind::Block {
            let inside = self.bytes.get(start..end).unwrap_or(&[]);
            for newline in memchr::memchr_iter(b'\n', inside) {
                self.line += 1;
                self.line_start = start + newline + 1;
            }
        }
        self.at = end;
        let token = Token { kind, start, end, line, first, indent };
        if self.wary && kind == TokenKind::Sign && self.bytes.get(start..end) == Some(b"\"\"\"") {
            return;
        }
        self.count(&token);
        self.out.tokens.push(token);
    }

    /// Kind and end of the token at the present place.
    fn measure(&mut self) -> (TokenKind, usize) {
        let rest = self.text.get(self.at..).unwrap_or("");
        if self.at >= self.no_address_before || matches!(self.byte(self.at), b'@' | b'"') {
            match address(rest) {
                Ok(length) => return (TokenKind::Literal, self.at + length),
                Err(looked_at) => self.no_address_before = self.no_address_before.max(self.at + looked_at),
            }
        }
        match self.byte(self.at) {
            b'"' if rest.starts_with("\"\"\"") => self.block(),
            b'"' => self.plain_text(),
            b'/' if self.opens_regex() => self.regex(),
            _ => {
                let (kind, length) = plain(rest);
                (kind, self.at + length)
            }
        }
    }

    fn plain_text(&mut self) -> (TokenKind, usize) {
        let start = self.at;
        let found = text_end(self.bytes, start, self.limit);
        if let Ok(end) = found {
            return (TokenKind::Text, end);
        }
        let end = self.line_end();
        let line = self.bytes.get(..end).unwrap_or(&[]);
        match found {
            Ok(end) => (TokenKind::Text, end),
            Err(TextFault::Unterminated) => {
                let end = self.bounded_end();
                self.unterminated(start, end);
                (TokenKind::Text, end)
            }
            Err(TextFault::Interpolation(brace)) => {
                let closing = memchr::memrchr(b'"', line).filter(|&quote| quote > brace);
                let Some(quote) = closing else {
                    let end = self.bounded_end();
                    self.unterminated(start, end);
                    return (TokenKind::Text, end);
                };
                self.unclosed_interpolation(brace);
                self.broken(start, quote + 1, NO_TEXT);
                (TokenKind::Text, quote + 1)
            }
            Err(TextFault::TooDeep(brace)) => {
                self.too_deep(brace, "interpolations are nested");
                (TokenKind::Text, end)
            }
        }
    }

    fn unterminated(&mut self, start: usize, end: usize) {
        let span = self.span(start, start + 1);
        self.out.faults.push(
            Diagnostic::error(codes::UNTERMINATED_TEXT, span, "unterminated text")
                .label("this quote has no partner on its line")
                .help("close the text with `\"` on the same line; a text of several lines stands between `\"\"\"`"),
        );
        self.broken(start, end, NO_TEXT);
    }

    fn unclosed_interpolation(&mut self, brace: usize) {
        let span = self.span(brace, brace + 1);
        self.out.faults.push(
            Diagnostic::error(
                codes::UNCLOSED_INTERPOLATION,
                span,
                "this `{` is not closed in its line of the text",
            )
            .label("opens an interpolated value")
            .help("close it with `}`, or write `{{` for a brace"),
        );
    }

    fn block(&mut self) -> (TokenKind, usize) {
        let start = self.at;
        if self.wary && self.first {
            let span = self.span(start, start + 3);
            self.out.faults.push(
                Diagnostic::error(codes::UNTERMINATED_BLOCK, span, "these quotes close no block text")
                    .help("open the block text with `\"\"\"` after its keyword"),
            );
            self.broken(start, start + 3, NOTHING);
            return (TokenKind::Sign, start + 3);
        }
        let mut at = start + 3;
        let mut sound = true;
        while at < self.bytes.len() {
            match self.byte(at) {
                b'"' if self.bytes.get(at..at + 3) == Some(b"\"\"\"") => {
                    if !sound {
                        self.broken(start, at + 3, NO_TEXT);
                    }
                    return (TokenKind::Block, at + 3);
                }
                b'\\' => at += 2,
                b'{' if self.byte(at + 1) == b'{' => at += 2,
                b'{' => match interpolation_end(self.bytes, at, self.limit) {
                    Ok(end) => at = end,
                    Err(TextFault::TooDeep(brace)) => {
                        self.too_deep(brace, "interpolations are nested");
                        return (TokenKind::Block, at + 1);
                    }
                    Err(_) => {
                        if self.out.faults.len() < FAULTS {
                            self.unclosed_interpolation(at);
                        }
                        sound = false;
                        at += 1;
                    }
                },
                b'\n' if self.wary && self.dedented(at + 1) => return self.endless_block(start, at),
                _ => at += 1,
            }
        }
        self.endless_block(start, self.bytes.len())
    }

    /// Whether a line begins that stands no deeper than the line the block text was opened on.
    fn dedented(&self, start: usize) -> bool {
        let line = self.text.get(start..).and_then(|rest| rest.lines().next()).unwrap_or("");
        let content = line.trim_start_matches([' ', '\t']);
        !content.trim_end().is_empty()
            && !content.starts_with("\"\"\"")
            && line.len() - content.len() <= self.indent
    }

    /// A block text without an end; one that a line ends by its indentation lacks its quotes before that line.
    fn endless_block(&mut self, start: usize, end: usize) -> (TokenKind, usize) {
        let opening = self.span(start, start + 3);
        let content = self.text.get(start..end).unwrap_or("").trim_end().len();
        let fault = if end < self.bytes.len() {
            let at = self.span(start + content, start + content);
            Diagnostic::error(codes::UNTERMINATED_BLOCK, at, "unterminated block text")
                .label("`\"\"\"` is missing here")
                .also(opening, "opened here")
                .fix(at, format!("\n{}\"\"\"", " ".repeat(self.indent + 4)), "insert `\"\"\"`")
        } else {
            Diagnostic::error(codes::UNTERMINATED_BLOCK, opening, "unterminated block text")
                .label("these quotes have no partner")
        };
        self.out.faults.push(fault.help("close the block text with `\"\"\"` on a line of its own"));
        self.broken(start, end, NO_BLOCK);
        (TokenKind::Block, end)
    }

    /// Whether a slash stands where a value may begin: glued to what is before it, it is none.
    fn opens_regex(&self) -> bool {
        self.at == 0 || b" \t\r\n([,{=<>!".contains(&self.byte(self.at - 1))
    }

    fn regex(&mut self) -> (TokenKind, usize) {
        let start = self.at;
        let mut at = start + 1;
        while at < self.bytes.len() {
            match self.byte(at) {
                b'\n' => break,
                b'\\' if self.byte(at + 1) != b'\n' => at += 2,
                b'/' if at > start + 1 => {
                    let flags = self.bytes.get(at + 1..).unwrap_or(&[]);
                    let length = flags.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
                    return (TokenKind::Regex, at + 1 + length);
                }
                _ => at += 1,
            }
        }
        let line_end = self.bounded_end();
        let span = self.span(start, start + 1);
        self.out.faults.push(
            Diagnostic::error(codes::UNTERMINATED_REGEX, span, "unterminated regex")
                .label("this slash has no partner on its line")
                .help("close the regex with `/`; a slash inside it is written `\\/`"),
        );
        self.broken(start, line_end, NO_REGEX);
        (TokenKind::Regex, line_end)
    }

    fn broken(&mut self, start: usize, end: usize, instead: &'static str) {
        self.out.broken.push(Broken { start, end, instead });
    }

    /// Control characters and those that change the direction of writing.
    fn look_for_controls(&mut self, start: usize, end: usize) {
        let Some(run) = self.text.get(start..end) else { return };
        if run.bytes().all(|byte| (0x20..0x7f).contains(&byte)) {
            return;
        }
        for (offset, character) in run.char_indices() {
            let bidirectional = matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
            let control =
                character.is_control() && !matches!(character, '\n' | '\t' | '\r') || character == '\u{feff}';
            if !bidirectional && !control || self.out.faults.len() >= FAULTS {
                continue;
            }
            let at = start + offset;
            let span = self.span(at, at + character.len_utf8());
            let code = u32::from(character);
            let (kind, message, help) = if bidirectional {
                (
                    codes::BIDIRECTIONAL,
                    format!("the invisible character U+{code:04X} changes the direction of writing"),
                    format!(
                        "remove it, or write `\\u{{{code:x}}}` in a text: with it a policy reads otherwise than it acts"
                    ),
                )
            } else {
                (
                    codes::CONTROL_CHARACTER,
                    format!("the control character U+{code:04X} stands in the file"),
                    format!("remove it, or write `\\u{{{code:x}}}` in a text"),
                )
            };
            let fault =
                Diagnostic::error(kind, span, message).help(help).fix(span, "", "remove the character");
            self.out.faults.push(fault);
            self.broken(at, at + character.len_utf8(), NOTHING);
        }
    }

    fn control(&mut self, character: char) {
        self.look_for_controls(self.at, self.at + character.len_utf8());
    }

    /// Counts what is bounded.
    fn count(&mut self, token: &Token) {
        let written = token.text(self.text);
        if token.kind == TokenKind::Sign {
            match written {
                "{" | "(" | "[" => {
                    self.nesting += 1;
                    self.opened += usize::from(written == "{");
                    self.joined = if written == "{" { 0 } else { self.joined };
                    if self.nesting > self.limit {
                        self.too_deep(token.start, "brackets are nested");
                    }
                }
                "}" | ")" | "]" => {
                    self.nesting = self.nesting.saturating_sub(1);
                    self.opened = self.opened.saturating_sub(usize::from(written == "}"));
                    self.joined = if written == "}" { 0 } else { self.joined };
                }
                _ => {}
            }
        }
        if token.kind != TokenKind::Word {
            self.negations = 0;
            return;
        }
        self.negations = if written == "not" { self.negations + 1 } else { 0 };
        if self.negations > self.limit {
            self.too_deep(token.start, "`not` is repeated");
        }
        self.joined += usize::from(matches!(written, "and" | "or"));
        if self.joined > JOINED {
            let message = format!("more than {JOINED} expressions are joined here");
            self.stop(
                codes::TOO_LONG,
                token.start,
                &message,
                "put what is compared into a list or a dictionary",
            );
        }
    }

    fn too_deep(&mut self, at: usize, what: &str) {
        let message = format!("{what} more than {} deep", self.limit);
        self.stop(
            codes::TOO_DEEP,
            at,
            &message,
            "give the inner parts names of their own, as criteria or policies",
        );
    }

    fn stop(&mut self, code: crate::base::diagnostic::Code, at: usize, message: &str, help: &str) {
        let end = (at + 1).min(self.bytes.len()).max(at);
        let span = self.span(at.min(self.bytes.len()), end);
        self.out.faults.push(Diagnostic::error(code, span, message).help(help));
        self.out.stopped = true;
    }

    fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.source, start, end)
    }
}
