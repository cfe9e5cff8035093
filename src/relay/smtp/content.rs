//! The content of a message as it comes in, by DATA (RFC 5321, 4.1.1.4) or in chunks (RFC 3030).
//!
//! It ends at CR LF `.` CR LF and nowhere else. A CR or LF on its own, which some servers take for an end of line, makes
//! the message refused: sent on, it could become two. So does a NUL. What is refused is read to its end all the same and
//! not kept. Cost: each byte once. Memory: the content, up to the limit.

/// Why a content is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// A carriage return or line feed on its own.
    BareEnd,
    /// A NUL.
    Nul,
    /// More octets than the limit.
    TooBig,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    /// At the start of a line.
    Start,
    /// Within a line.
    Line,
    /// Behind a carriage return.
    Return,
    /// Behind a dot at the start of a line.
    Dot,
    /// Behind a dot at the start of a line and a carriage return.
    DotReturn,
}

/// A content on its way in.
#[derive(Debug, Clone)]
pub struct Content {
    kept: Vec<u8>,
    most: usize,
    size: usize,
    at: At,
    flaw: Option<Flaw>,
}

impl Content {
    /// Nothing yet, and at most so many octets.
    pub fn new(most: usize) -> Content {
        Content { kept: Vec::new(), most, size: 0, at: At::Start, flaw: None }
    }

    /// Takes what DATA sends. Gives how much of it belongs to the content, its end included, and whether that is there.
    pub fn take_data(&mut self, received: &[u8]) -> (usize, bool) {
        let mut done = 0;
        while let Some(&byte) = received.get(done) {
            if self.at == At::Line {
                // Most of a content is plain lines.
                let rest = received.get(done..).unwrap_or_default();
                let plain = memchr::memchr3(b'\r', b'\n', 0, rest).unwrap_or(rest.len());
                if plain > 0 {
                    self.keep(rest.get(..plain).unwrap_or_default());
                    done += plain;
                    continue;
                }
            }
            done += 1;
            match (self.at, byte) {
                (At::DotReturn, b'\n') => {
                    self.at = At::Start;
                    return (done, true);
                }
                (At::Start, b'.') => self.at = At::Dot,
                (At::Dot, b'\r') => self.at = At::DotReturn,
                _ => {
                    // The first dot of a line was added by the sender (RFC 5321, 4.5.2).
                    if self.at == At::DotReturn {
                        self.byte(b'\r');
                    }
                    self.byte(byte);
                }
            }
        }
        (done, false)
    }

    /// Takes a piece of a chunk.
    pub fn take_chunk(&mut self, piece: &[u8]) {
        for &byte in piece {
            self.byte(byte);
        }
    }

    /// The content, or why it is refused. Chunks may leave out the end of the last line, which it gets then, as for a
    /// signature (RFC 6376, 3.4.3).
    pub fn finish(mut self) -> Result<Vec<u8>, Flaw> {
        match (self.flaw, self.at) {
            (Some(flaw), _) => return Err(flaw),
            (None, At::Return) => return Err(Flaw::BareEnd),
            (None, At::Start) => {}
            (None, _) => self.kept.extend_from_slice(b"\r\n"),
        }
        Ok(self.kept)
    }

    fn byte(&mut self, byte: u8) {
        let after_return = matches!(self.at, At::Return | At::DotReturn);
        match byte {
            b'\n' if after_return => self.at = At::Start,
            b'\n' => {
                self.refuse(Flaw::BareEnd);
                self.at = At::Line;
            }
            _ => {
                if after_return {
                    self.refuse(Flaw::BareEnd);
                }
                if byte == 0 {
                    self.refuse(Flaw::Nul);
                }
                self.at = if byte == b'\r' { At::Return } else { At::Line };
            }
        }
        self.keep(&[byte]);
    }

    fn keep(&mut self, bytes: &[u8]) {
        self.size = self.size.saturating_add(bytes.len());
        if self.size > self.most {
            self.refuse(Flaw::TooBig);
        }
        if self.flaw.is_none() {
            self.kept.extend_from_slice(bytes);
        }
    }

    fn refuse(&mut self, flaw: Flaw) {
        self.flaw.get_or_insert(flaw);
        self.kept = Vec::new();
    }
}
