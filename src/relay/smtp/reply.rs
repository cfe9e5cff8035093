//! Replies (RFC 5321, 4.2) with enhanced status codes (RFC 3463, RFC 2034).

use std::fmt::{self, Write};

/// Octets of a reply line with its line end (RFC 5321, 4.5.3.1.5).
const LINE_BYTES: usize = 512;

/// A status code of three numbers (RFC 3463): class, subject, detail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Enhanced(pub u8, pub u16, pub u16);

impl fmt::Display for Enhanced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Enhanced(class, subject, detail) = self;
        write!(f, "{class}.{subject}.{detail}")
    }
}

/// A reply of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// Three digits.
    pub code: u16,
    /// The status code, where the reply has one: greetings, EHLO and 3xx have none.
    pub enhanced: Option<Enhanced>,
    /// Its lines, one at least; what cannot stand in a line is written as a blank.
    pub lines: Vec<String>,
}

impl Reply {
    /// A reply of one line.
    pub fn new(code: u16, enhanced: Enhanced, text: &str) -> Reply {
        Reply { code, enhanced: Some(enhanced), lines: vec![text.to_string()] }
    }

    /// A reply of one line without a status code.
    pub fn plain(code: u16, text: &str) -> Reply {
        Reply { code, enhanced: None, lines: vec![text.to_string()] }
    }

    /// Whether it accepts what was asked for.
    pub fn accepts(&self) -> bool {
        (200..400).contains(&self.code)
    }

    /// The reply as it is sent.
    pub fn bytes(&self) -> Vec<u8> {
        let mut sent = String::new();
        for (at, line) in self.lines.iter().enumerate() {
            let start = sent.len();
            let separator = if at + 1 < self.lines.len() { '-' } else { ' ' };
            let _ = write!(sent, "{}{separator}", self.code);
            if let Some(enhanced) = self.enhanced {
                let _ = write!(sent, "{enhanced} ");
            }
            for character in line.chars() {
                if sent.len() - start + character.len_utf8() > LINE_BYTES - 2 {
                    break;
                }
                sent.push(if character.is_control() { ' ' } else { character });
            }
            sent.push_str("\r\n");
        }
        sent.into_bytes()
    }
}

/// On one line, as lists and reports show it.
impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code)?;
        if let Some(enhanced) = self.enhanced {
            write!(f, " {enhanced}")?;
        }
        self.lines.iter().filter(|line| !line.is_empty()).try_for_each(|line| write!(f, " {line}"))
    }
}
