//! The content of a message as it goes out, by DATA (RFC 5321, 4.5.2) or as a chunk (RFC 3030).
//!
//! A carriage return or line feed on its own can never leave: there is no [`Transfer`] of a content that has one, nor of
//! one with a NUL. Nothing is converted; the last line gets its end where it has none. Cost: each byte twice, once to look
//! and once to copy. Memory: a piece.

use super::content::Flaw;
use std::sync::Arc;

/// Octets of the content in a piece, about.
pub const PIECE_BYTES: usize = 64 << 10;

/// How the end is marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// By a dot on a line of its own; other lines that begin with a dot get one more.
    Data,
    /// By the number of octets that was said before.
    Chunk,
}

/// A content on its way out.
#[derive(Debug, Clone)]
pub struct Transfer {
    prefix: Vec<u8>,
    content: Arc<[u8]>,
    /// So many octets of prefix and content are out.
    at: usize,
    at_line_start: bool,
    done: bool,
}

impl Transfer {
    /// Looks at a content and the trace fields before it; both together are what is sent.
    pub fn new(prefix: Vec<u8>, content: Arc<[u8]>) -> Result<Transfer, Flaw> {
        let mut after_return = false;
        check(&prefix, &mut after_return)?;
        check(&content, &mut after_return)?;
        if after_return {
            return Err(Flaw::BareEnd);
        }
        Ok(Transfer { prefix, content, at: 0, at_line_start: true, done: false })
    }

    /// Octets that arrive (RFC 1870, 3): with the end of the last line, without dots that are added.
    pub fn size(&self) -> u64 {
        let size = self.prefix.len() + self.content.len();
        if self.ends_line() { size as u64 } else { size as u64 + 2 }
    }

    /// Whether there are bytes beyond ASCII.
    pub fn is_eight_bit(&self) -> bool {
        !self.prefix.is_ascii() || !self.content.is_ascii()
    }

    /// Whether there are bytes beyond ASCII before the first empty line.
    pub fn has_eight_bit_header(&self) -> bool {
        let end = memchr::memmem::find(&self.content, b"\r\n\r\n").unwrap_or(self.content.len());
        // A content that begins with an empty line has no header section.
        let end = if self.content.starts_with(b"\r\n") { 0 } else { end };
        !self.prefix.is_ascii() || !self.content.get(..end).unwrap_or_default().is_ascii()
    }

    /// Whether all of it is out, with its end.
    pub fn is_done(&self) -> bool {
        self.done
    }

    /// The next piece; empty when there is none.
    pub fn piece(&mut self, mode: Mode) -> Vec<u8> {
        let mut piece = Vec::new();
        if self.done {
            return piece;
        }
        for part in 0..2 {
            let (from, source): (usize, &[u8]) = match part {
                0 => (self.at, &self.prefix),
                _ => (self.at.saturating_sub(self.prefix.len()), &self.content),
            };
            let source = source.get(from..).unwrap_or_default();
            let room = PIECE_BYTES.saturating_sub(piece.len());
            let source = source.get(..room).unwrap_or(source);
            copy(source, mode, &mut self.at_line_start, &mut piece);
            self.at += source.len();
        }
        if self.at >= self.prefix.len() + self.content.len() {
            if !self.ends_line() {
                piece.extend_from_slice(b"\r\n");
            }
            if mode == Mode::Data {
                piece.extend_from_slice(b".\r\n");
            }
            self.done = true;
        }
        piece
    }

    fn ends_line(&self) -> bool {
        let last = self.content.last().or(self.prefix.last());
        last.is_none_or(|byte| *byte == b'\n')
    }
}

/// Whether line ends are CR LF and nothing else, and there is no NUL. A line end may begin in one part and end in the next.
fn check(part: &[u8], after_return: &mut bool) -> Result<(), Flaw> {
    // Where a line feed must stand.
    let mut due = after_return.then_some(0);
    for at in memchr::memchr3_iter(b'\r', b'\n', 0, part) {
        match part.get(at) {
            Some(0) => return Err(Flaw::Nul),
            Some(b'\n') if due == Some(at) => due = None,
            Some(b'\r') if due.is_none() => due = Some(at + 1),
            _ => return Err(Flaw::BareEnd),
        }
    }
    *after_return = due == Some(part.len());
    if due.is_none() || *after_return { Ok(()) } else { Err(Flaw::BareEnd) }
}

fn copy(source: &[u8], mode: Mode, at_line_start: &mut bool, piece: &mut Vec<u8>) {
    if mode == Mode::Chunk {
        piece.extend_from_slice(source);
        return;
    }
    let mut rest = source;
    while let Some(first) = rest.first() {
        if *at_line_start && *first == b'.' {
            piece.push(b'.');
        }
        let end = memchr::memchr(b'\n', rest).map(|at| at + 1);
        *at_line_start = end.is_some();
        let (line, further) = rest.split_at(end.unwrap_or(rest.len()));
        piece.extend_from_slice(line);
        rest = further;
    }
}
