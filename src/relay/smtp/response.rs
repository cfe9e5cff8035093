//! Replies, cut from what a server sends (RFC 5321, 4.2; status codes RFC 3463, RFC 2034).
//!
//! A server may be hostile. A line ends with CR LF and with nothing else; all lines of a reply have one code, from 200 to
//! 599; lines, their number and their sum are bounded; what is no text or controls a terminal is written as a blank, so it
//! can be shown and quoted. What is not so makes no sense, and nothing that follows it is read. Cost: each line once.

use super::line::{self, Cut};
use super::reply::{Enhanced, Reply};

/// Lines of a reply at most.
pub const LINES: usize = 100;
/// Octets of a reply at most, its line ends included.
pub const REPLY_BYTES: usize = 16 << 10;

/// What stands at the front of what was received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// No whole reply yet; so many octets are read and need not be kept.
    Incomplete(usize),
    /// A reply that ends behind so many octets.
    Reply(Reply, usize),
    /// What is no reply, in words.
    Nonsense(&'static str),
}

/// The replies of a session, one after the other.
#[derive(Debug, Clone, Default)]
pub struct Responses {
    /// The code of the reply whose first lines are there.
    code: Option<u16>,
    lines: Vec<String>,
    bytes: usize,
}

impl Responses {
    /// Whether a reply has begun and not ended.
    pub fn is_within(&self) -> bool {
        self.code.is_some()
    }

    /// Takes one reply, or as much of it as is there.
    pub fn take(&mut self, received: &[u8]) -> Taken {
        let mut done = 0;
        loop {
            let rest = received.get(done..).unwrap_or_default();
            let length = match line::cut(rest) {
                Cut::Incomplete => return Taken::Incomplete(done),
                Cut::Line(length) => length,
                Cut::TooLong => return Taken::Nonsense("a line of the reply is too long"),
                Cut::BareEnd => return Taken::Nonsense("a line of the reply does not end with CR LF"),
            };
            done += length + 2;
            self.bytes += length + 2;
            match self.line(rest.get(..length).unwrap_or_default()) {
                Ok(Some(reply)) => return Taken::Reply(reply, done),
                Ok(None) => {}
                Err(words) => return Taken::Nonsense(words),
            }
        }
    }

    fn line(&mut self, line: &[u8]) -> Result<Option<Reply>, &'static str> {
        let code = code(line).ok_or("the reply has no code from 200 to 599")?;
        if line.contains(&0) {
            return Err("the reply has a NUL");
        }
        if self.code.is_some_and(|first| first != code) {
            return Err("the lines of the reply have different codes");
        }
        if self.lines.len() >= LINES || self.bytes > REPLY_BYTES {
            return Err("the reply is too long");
        }
        let is_last = match line.get(3) {
            // Three digits with nothing behind them are a reply (RFC 5321, 4.2).
            None | Some(b' ') => true,
            Some(b'-') => false,
            Some(_) => return Err("the code of the reply does not end"),
        };
        let text = String::from_utf8_lossy(line.get(4..).unwrap_or_default());
        let text: String = text.chars().map(|one| if one.is_control() { ' ' } else { one }).collect();
        self.lines.push(text.trim_end().to_string());
        self.code = Some(code);
        if !is_last {
            return Ok(None);
        }
        let lines = std::mem::take(&mut self.lines);
        *self = Responses::default();
        Ok(Some(with_status(code, &lines)))
    }
}

/// The code at the front of a line (RFC 5321, 4.2: `Reply-code`); what begins with 1 no command has for an answer.
fn code(line: &[u8]) -> Option<u16> {
    match line {
        [first @ b'2'..=b'5', second @ b'0'..=b'9', third @ b'0'..=b'9', ..] => {
            let digits = [first, second, third].map(|digit| u16::from(digit - b'0'));
            Some(digits.iter().fold(0, |code, digit| code * 10 + digit))
        }
        _ => None,
    }
}

/// A reply with the status code that the first of its lines to have one says, whether the server has announced that or
/// not. A status of another class than the code's says something else and is left in the text.
fn with_status(code: u16, lines: &[String]) -> Reply {
    let fits = |status: Enhanced| u16::from(status.0) == code / 100;
    let mut said = lines.iter().filter_map(|line| status(line)).map(|(status, _)| status);
    let enhanced = said.find(|status| fits(*status));
    let lines = lines.iter().map(|line| match status(line) {
        Some((status, text)) if Some(status) == enhanced => text.to_string(),
        _ => line.clone(),
    });
    Reply { code, enhanced, lines: lines.collect() }
}

/// A status code at the front of a text (RFC 3463, 2), and what follows it.
fn status(text: &str) -> Option<(Enhanced, &str)> {
    let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
    let mut parts = word.split('.');
    let mut number = |digits: usize| {
        let part = parts.next().filter(|part| (1..=digits).contains(&part.len()))?;
        if part.bytes().all(|byte| byte.is_ascii_digit()) { part.parse::<u16>().ok() } else { None }
    };
    let (class, subject, detail) = (number(1)?, number(3)?, number(3)?);
    let class = u8::try_from(class).ok().filter(|class| matches!(class, 2 | 4 | 5))?;
    parts.next().is_none().then(|| (Enhanced(class, subject, detail), rest.trim_start()))
}
