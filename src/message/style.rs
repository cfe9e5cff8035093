//! The text in a style sheet: what it shows by itself, and what is no style sheet at all.
//!
//! A reader may show the strings of `content`. And what stands in a `style` element beside rules and declarations can
//! only be there to be hidden, or shown by a style of the element; no style is evaluated, so hidden text counts. Rules
//! themselves, their other strings and comments are no text, as comments of the document are none. Cost: one pass; it
//! cannot fail, any text is some style sheet. Memory: the texts found.

use std::ops::Range;

/// A text in a style sheet, with its bytes in the sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SheetText {
    pub(super) text: String,
    pub(super) source: Range<usize>,
}

/// The texts of a style sheet that people may be shown, in order.
pub(super) fn texts(sheet: &str) -> Vec<SheetText> {
    let mut reader = Reader { sheet, found: Vec::new(), depth: 0, statement: Statement::default() };
    reader.run();
    reader.found
}

struct Reader<'s> {
    sheet: &'s str,
    found: Vec<SheetText>,
    /// How many braces are open.
    depth: usize,
    statement: Statement,
}

/// A selector, an at-rule, a declaration, or whatever else stands there.
#[derive(Default)]
struct Statement {
    start: usize,
    /// The first colon outside strings.
    colon: Option<usize>,
    /// The strings, without their quotes.
    strings: Vec<Range<usize>>,
    /// Comments, and what hid sheets from very old readers.
    comments: Vec<Range<usize>>,
    /// How many round brackets are open; a semicolon in them ends nothing (`url(data:…;…)`).
    brackets: usize,
}

impl Reader<'_> {
    fn run(&mut self) {
        let bytes = self.sheet.as_bytes();
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            if let Some(end) = self.comment_end(at) {
                self.statement.comments.push(at..end);
                at = end;
                continue;
            }
            match byte {
                b'"' | b'\'' => {
                    let end = self.string_end(at + 1, byte);
                    self.statement.strings.push(at + 1..end);
                    at = end;
                }
                b'\\' => at += 1,
                b':' => self.statement.colon = self.statement.colon.or(Some(at)),
                b'(' => self.statement.brackets += 1,
                b')' => self.statement.brackets = self.statement.brackets.saturating_sub(1),
                b'{' => {
                    // What stands before a block is its selector.
                    self.depth += 1;
                    self.statement = Statement { start: at + 1, ..Statement::default() };
                }
                b'}' => {
                    self.end_statement(at);
                    self.depth = self.depth.saturating_sub(1);
                }
                b';' if self.statement.brackets == 0 => self.end_statement(at),
                _ => {}
            }
            at += 1;
        }
        self.end_statement(bytes.len());
    }

    fn rest(&self, at: usize) -> &[u8] {
        self.sheet.as_bytes().get(at..).unwrap_or_default()
    }

    fn comment_end(&self, at: usize) -> Option<usize> {
        let rest = self.rest(at);
        if rest.starts_with(b"/*") {
            let body = rest.get(2..).unwrap_or_default();
            return Some(
                memchr::memmem::find(body, b"*/").map_or(self.sheet.len(), |length| at + length + 4),
            );
        }
        let old = [b"<!--".as_slice(), b"-->"].into_iter().find(|mark| rest.starts_with(mark));
        old.map(|mark| at + mark.len())
    }

    /// Where a string ends: at its quote, or unclosed at the end of the line.
    fn string_end(&self, start: usize, quote: u8) -> usize {
        let mut escaped = false;
        let ends = |&byte: &u8| {
            let here = !escaped && (byte == quote || byte == b'\n');
            escaped = !escaped && byte == b'\\';
            here
        };
        let rest = self.rest(start);
        start + rest.iter().position(ends).unwrap_or(rest.len())
    }

    fn end_statement(&mut self, end: usize) {
        let statement =
            std::mem::replace(&mut self.statement, Statement { start: end + 1, ..Statement::default() });
        let mut pieces = Vec::new();
        let mut from = statement.start;
        for comment in &statement.comments {
            pieces.push(from..comment.start);
            from = comment.end;
        }
        pieces.push(from..end);
        pieces.retain(|piece| self.sheet.get(piece.clone()).is_some_and(|text| !text.trim().is_empty()));
        let first = pieces.first().and_then(|piece| self.sheet.get(piece.clone())).unwrap_or_default();
        if first.trim_start().starts_with('@') {
            return;
        }
        if let Some(property) = self.property(&statement, first) {
            if property.eq_ignore_ascii_case("content") {
                self.content(&statement);
            }
            return;
        }
        for source in pieces {
            let text = self.sheet.get(source.clone()).unwrap_or_default().to_string();
            self.found(text, source);
        }
    }

    /// The property that a statement declares; `None` where it is no declaration.
    fn property<'t>(&self, statement: &Statement, first: &'t str) -> Option<&'t str> {
        statement.colon.filter(|_| self.depth > 0)?;
        let name = first.split(':').next()?.trim();
        let fits =
            |character: char| character.is_alphanumeric() || matches!(character, '-' | '_' | '*' | '\\');
        (!name.is_empty() && name.chars().all(fits)).then_some(name)
    }

    /// The strings of `content`, which are shown one behind the other.
    fn content(&mut self, statement: &Statement) {
        let (Some(first), Some(last)) = (statement.strings.first(), statement.strings.last()) else { return };
        let source = first.start..last.end;
        let strings = statement.strings.iter().filter_map(|string| self.sheet.get(string.clone()));
        let text = strings.map(unescaped).collect();
        self.found(text, source);
    }

    /// Bullets, quotation marks and symbols of icon fonts say nothing.
    fn found(&mut self, text: String, source: Range<usize>) {
        if text.contains(char::is_alphanumeric) {
            self.found.push(SheetText { text, source });
        }
    }
}

/// A string without its escapes: `\77 ire` is `wire`.
fn unescaped(string: &str) -> String {
    let mut out = String::with_capacity(string.len());
    let mut chars = string.chars().peekable();
    while let Some(character) = chars.next() {
        if character != '\\' {
            out.push(character);
            continue;
        }
        let mut code = 0;
        let mut digits = 0;
        while let Some(digit) = chars.peek().and_then(|next| next.to_digit(16)).filter(|_| digits < 6) {
            code = code * 16 + digit;
            digits += 1;
            chars.next();
        }
        if digits > 0 {
            out.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
            chars.next_if(|next| next.is_whitespace());
        } else {
            out.extend(chars.next().filter(|&escaped| escaped != '\n'));
        }
    }
    out
}
