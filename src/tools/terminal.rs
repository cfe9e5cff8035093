//! How output looks on the reader's terminal, and text from outside made safe to show there.
//!
//! Width, colour and the set of drawing characters are decided by the caller once and handed to every renderer. Mail
//! and policy files are other people's bytes: an escape sequence in a subject must not repaint a terminal, nor a
//! direction override turn a file name round, so whatever is shown goes through [`printable`] first.

use std::borrow::Cow;

/// How output is to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// Columns of the terminal.
    pub width: usize,
    /// Whether ANSI colours are used.
    pub color: bool,
    /// Whether box-drawing characters are used; else ASCII.
    pub unicode: bool,
}

impl Default for Look {
    /// Plain text of 100 columns, for files and pipes.
    fn default() -> Self {
        Look { width: 100, color: false, unicode: true }
    }
}

/// A colour or weight of a few words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paint {
    /// Something failed or is held.
    Red,
    /// Something to look at.
    Yellow,
    /// Something went well.
    Green,
    /// A name or place.
    Cyan,
    /// A heading.
    Bold,
    /// Beside the point.
    Dim,
}

impl Look {
    /// The text in a colour, where colours are used.
    pub fn paint(&self, paint: Paint, text: &str) -> String {
        if !self.color {
            return text.to_string();
        }
        let code = match paint {
            Paint::Red => "31",
            Paint::Yellow => "33",
            Paint::Green => "32",
            Paint::Cyan => "36",
            Paint::Bold => "1",
            Paint::Dim => "2",
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }

    /// One of two spellings, by whether more than ASCII may be drawn.
    pub fn either<'a>(&self, unicode: &'a str, ascii: &'a str) -> &'a str {
        if self.unicode { unicode } else { ascii }
    }
}

/// Text on one line in which nothing can steer a terminal: line ends and tabs become blanks, other control characters
/// and direction overrides become U+FFFD.
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.chars().any(steers) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(
        text.chars()
            .map(|character| match character {
                '\n' | '\r' | '\t' => ' ',
                character if steers(character) => '\u{fffd}',
                character => character,
            })
            .collect(),
    )
}

/// Text of several lines in which nothing can steer a terminal; lines and tabs are kept.
pub fn printable_lines(text: &str) -> String {
    text.lines()
        .map(|line| line.split('\t').map(printable).collect::<Vec<_>>().join("\t"))
        .collect::<Vec<_>>()
        .join("\n")
}

/// The same text with every steering character replaced by another of the same number of bytes, so that byte offsets
/// into it stay true. Line ends and tabs stay.
pub fn printable_in_place(text: &str) -> Cow<'_, str> {
    let mut bytes_before = None;
    let mut shown = String::new();
    let mut characters = text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        let line_end = character == '\n'
            || (character == '\r' && characters.peek().is_some_and(|&(_, next)| next == '\n'));
        if line_end || character == '\t' || !steers(character) {
            continue;
        }
        let copied = bytes_before.unwrap_or(0);
        shown.push_str(text.get(copied..at).unwrap_or(""));
        shown.push_str(match character.len_utf8() {
            1 => "?",
            2 => "\u{bf}",
            _ => "\u{fffd}",
        });
        bytes_before = Some(at + character.len_utf8());
    }
    match bytes_before {
        None => Cow::Borrowed(text),
        Some(copied) => {
            shown.push_str(text.get(copied..).unwrap_or(""));
            Cow::Owned(shown)
        }
    }
}

/// The beginning of a text, at most so many columns wide, with a mark where something was left out.
pub fn clipped(text: &str, columns: usize) -> Cow<'_, str> {
    use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};
    if text.width() <= columns {
        return Cow::Borrowed(text);
    }
    let mut used = 0;
    let mut kept = String::new();
    for character in text.chars() {
        used += character.width().unwrap_or(0);
        if used >= columns {
            break;
        }
        kept.push(character);
    }
    kept.push('\u{2026}');
    Cow::Owned(kept)
}

/// Whether a character tells a terminal to do something: controls (C0, C1, DEL), line and paragraph separators,
/// direction embeddings, overrides and isolates (UAX 9).
fn steers(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Text broken into lines of at most so many columns at its blanks, each indented; empty lines part paragraphs and
/// stay. A word longer than a line stands alone on one.
pub fn wrapped(text: &str, columns: usize, indent: &str) -> String {
    use unicode_width::UnicodeWidthStr;
    let mut out = String::new();
    for (at, paragraph) in text.split("\n\n").enumerate() {
        if at > 0 {
            out.push('\n');
        }
        let mut line = String::new();
        for word in paragraph.split_whitespace() {
            if !line.is_empty() && indent.width() + line.width() + 1 + word.width() > columns {
                out.push_str(&format!("{indent}{line}\n"));
                line.clear();
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        if !line.is_empty() {
            out.push_str(&format!("{indent}{line}\n"));
        }
    }
    out
}
