//! Streaming splitters of mailbox files: one message after the other out of an mbox, in all its dialects.
//!
//! An mbox has no standard that its writers keep (RFC 4155 describes one of them). A line beginning with `From ` parts
//! messages if it carries a date, or stands behind an empty line and before a header field; a `Content-Length` that
//! leads exactly to the next such line or the end is believed instead, because mboxcl2 quotes nothing.
//!
//! Cost: linear. Memory: one message, at most [`MessageLimits::message_bytes`], and a window of a few hundred kilobytes;
//! of a longer message its beginning is kept and the rest counted. Failure: an error of the reader ends the mailbox.

use crate::base::limits::MessageLimits;
use std::io::{self, BufRead, BufReader, Read};

/// How an mbox quotes lines that begin with `From `.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Dialect {
    /// Found out message by message: mboxcl or mboxcl2 by a believable `Content-Length`, else mboxrd.
    #[default]
    Detect,
    /// `From ` became `>From `; nothing else is quoted.
    Mboxo,
    /// `>` was put before `From `, `>From `, `>>From ` and so on.
    Mboxrd,
    /// As mboxo, with `Content-Length`.
    Mboxcl,
    /// Nothing is quoted; `Content-Length` alone tells where a message ends.
    Mboxcl2,
}

/// The line that opens a message in an mbox.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FromLine {
    /// The sender of the envelope, as far as the writer knew it; may be empty (`<>` of bounces) or no address at all.
    pub sender: String,
    /// The rest of the line, usually the time of arrival.
    pub date: String,
}

impl FromLine {
    /// The time of arrival, as `Mon Sep  2 12:33:49 2002` in UTC; `None` where the line says it in another form.
    pub fn moment(&self) -> Option<jiff::Timestamp> {
        let words: Vec<&str> = self.date.split_whitespace().take(5).collect();
        let moment = jiff::civil::DateTime::strptime("%a %b %d %H:%M:%S %Y", words.join(" ")).ok()?;
        jiff::tz::Offset::UTC.to_timestamp(moment).ok()
    }
}

/// One message of an mbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MboxMessage {
    /// Its bytes, unquoted; at most the limit.
    pub bytes: Vec<u8>,
    /// Its opening line; `None` for what stands before the first one (a mailbox cut in the middle).
    pub from_line: Option<FromLine>,
    /// Whether the message is longer than the limit.
    pub truncated: bool,
    /// Its length in bytes, all of it.
    pub total_size: u64,
    /// The dialect by which it was unquoted.
    pub dialect: Dialect,
}

/// Whether bytes at the beginning of a file are those of an mbox.
pub fn looks_like_mbox(head: &[u8]) -> bool {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let start = head.iter().position(|&byte| byte != b'\n' && byte != b'\r').unwrap_or(head.len());
    let head = head.get(start..).unwrap_or_default();
    let (line, rest) = first_line(head);
    is_from_line(line) && (has_date(line) || is_field(first_line(rest).0))
}

/// Unpacks a gzip stream, all its members, if the bytes are one; else gives them as they are.
pub fn gunzipped<R: BufRead + Send + 'static>(mut reader: R) -> io::Result<Box<dyn BufRead + Send>> {
    let is_gzip = reader.fill_buf()?.starts_with(b"\x1f\x8b");
    Ok(match is_gzip {
        true => Box::new(BufReader::with_capacity(WINDOW, flate2::bufread::MultiGzDecoder::new(reader))),
        false => Box::new(reader),
    })
}

/// Reads one message that is a file of its own: at most the limit; the rest is counted. Gives bytes and length.
pub fn read_single(reader: &mut dyn BufRead, limits: &MessageLimits) -> io::Result<(Vec<u8>, u64)> {
    let limit = limits.message_bytes as u64;
    let mut bytes = Vec::new();
    reader.take(limit).read_to_end(&mut bytes)?;
    let mut total = bytes.len() as u64;
    loop {
        let len = reader.fill_buf()?.len();
        if len == 0 {
            return Ok((bytes, total));
        }
        total += len as u64;
        reader.consume(len);
    }
}

/// Bytes read at once.
const WINDOW: usize = 128 << 10;

/// Lengths that led nowhere before none is tried any more: each costs reading ahead.
const FALSE_LENGTHS: usize = 16;

/// Bytes of a header section in which `Content-Length` is looked for.
const HEADER_WINDOW: usize = 64 << 10;

/// The messages of an mbox, one after the other.
pub struct Mbox<R> {
    window: Window<R>,
    limits: MessageLimits,
    dialect: Dialect,
    false_lengths: usize,
    /// Whether an unquoted `From ` line stood inside a message, which only mboxcl2 does.
    unquoted_seen: bool,
    started: bool,
    failed: bool,
}

impl<R: Read> Mbox<R> {
    /// Reads an mbox.
    pub fn new(reader: R, limits: &MessageLimits, dialect: Dialect) -> Mbox<R> {
        Mbox {
            window: Window { inner: reader, buffer: Vec::new(), at: 0, ended: false, broken: None },
            limits: limits.clone(),
            dialect,
            false_lengths: 0,
            unquoted_seen: false,
            started: false,
            failed: false,
        }
    }

    fn read(&mut self) -> io::Result<Option<MboxMessage>> {
        if !self.started {
            self.started = true;
            self.window.ensure(3)?;
            if self.window.ahead().starts_with(b"\xef\xbb\xbf") {
                self.window.at += 3;
            }
        }
        self.skip_empty_lines()?;
        if self.window.ensure(1)? == 0 {
            return Ok(None);
        }
        let from_line = if self.at_separator(true)? { Some(self.take_from_line()?) } else { None };
        let length = match self.dialect {
            Dialect::Mboxo | Dialect::Mboxrd => None,
            Dialect::Detect | Dialect::Mboxcl | Dialect::Mboxcl2 => self.believable_length()?,
        };
        let (bytes, total_size, dialect) = match length {
            Some(length) => self.take_length(length)?,
            None => self.take_to_separator()?,
        };
        let truncated = total_size > bytes.len() as u64;
        Ok(Some(MboxMessage { bytes, from_line, truncated, total_size, dialect }))
    }

    fn skip_empty_lines(&mut self) -> io::Result<()> {
        loop {
            self.window.ensure(2)?;
            match self.window.ahead() {
                [b'\n', ..] => self.window.at += 1,
                [b'\r', b'\n', ..] => self.window.at += 2,
                _ => return Ok(()),
            }
        }
    }

    /// Whether the line ahead opens a message.
    fn at_separator(&mut self, behind_empty_line: bool) -> io::Result<bool> {
        self.window.ensure(5)?;
        if !is_from_line(self.window.ahead()) {
            return Ok(false);
        }
        self.window.ensure(2_048)?;
        let (line, rest) = first_line(self.window.ahead());
        Ok(has_date(line) || (behind_empty_line && is_field(first_line(rest).0)))
    }

    fn take_from_line(&mut self) -> io::Result<FromLine> {
        let mut line = Vec::new();
        self.take_line(&mut line, 2_048)?;
        let line = String::from_utf8_lossy(&line).into_owned();
        let rest = line.get("From ".len()..).unwrap_or_default().trim();
        let (sender, date) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        let sender = sender.trim_start_matches('<').trim_end_matches('>');
        Ok(FromLine { sender: sender.to_owned(), date: date.trim().to_owned() })
    }

    /// The length of the message ahead by its `Content-Length`, if that leads to the end or to the next message.
    fn believable_length(&mut self) -> io::Result<Option<usize>> {
        if self.false_lengths >= FALSE_LENGTHS {
            return Ok(None);
        }
        let Some((header, declared)) = self.declared_length()? else { return Ok(None) };
        let Some(length) = header.checked_add(declared).filter(|&length| length <= self.limits.message_bytes)
        else {
            self.false_lengths += 1;
            return Ok(None);
        };
        let have = self.window.ensure(length + 4_096)?;
        let holds = have >= length && {
            let behind = self.window.ahead().get(length..).unwrap_or_default();
            let next = behind.strip_prefix(b"\n").or_else(|| behind.strip_prefix(b"\r\n")).unwrap_or(behind);
            let line_ended =
                next.len() < behind.len() || length == 0 || self.window.peek(length - 1) == Some(b'\n');
            let ended = behind.iter().all(|byte| byte.is_ascii_whitespace()) && self.window.ended;
            ended || (line_ended && is_from_line(next) && has_date(first_line(next).0))
        };
        if !holds {
            self.false_lengths += 1;
            return Ok(None);
        }
        Ok(Some(length))
    }

    /// The length of the header section ahead with its empty line, and the declared length of the body.
    fn declared_length(&mut self) -> io::Result<Option<(usize, usize)>> {
        let have = self.window.ensure(HEADER_WINDOW)?;
        let head = self.window.ahead().get(..have.min(HEADER_WINDOW)).unwrap_or_default();
        let mut at = 0;
        let mut declared = None;
        while at < head.len() {
            let (line, rest) = first_line(head.get(at..).unwrap_or_default());
            at = head.len() - rest.len();
            if line.is_empty() {
                return Ok(declared.map(|declared| (at, declared)));
            }
            let is_length = line.get(..15).is_some_and(|name| name.eq_ignore_ascii_case(b"content-length:"));
            if is_length {
                let value = line.get(15..).and_then(|value| std::str::from_utf8(value).ok());
                declared = value.and_then(|value| value.trim().parse().ok());
            }
        }
        Ok(None)
    }

    fn take_length(&mut self, length: usize) -> io::Result<(Vec<u8>, u64, Dialect)> {
        self.window.ensure(length)?;
        let bytes = self.window.ahead().get(..length).unwrap_or_default().to_vec();
        self.window.at += bytes.len();
        self.window.compact();
        self.unquoted_seen |= lines(&bytes).any(is_from_line);
        let dialect = match self.dialect {
            Dialect::Mboxcl => Dialect::Mboxcl,
            Dialect::Mboxcl2 => Dialect::Mboxcl2,
            _ if self.unquoted_seen => Dialect::Mboxcl2,
            _ => Dialect::Mboxcl,
        };
        let total = bytes.len() as u64;
        if dialect == Dialect::Mboxcl2 || memchr::memmem::find(&bytes, b">From ").is_none() {
            return Ok((bytes, total, dialect));
        }
        let mut unquoted = Vec::with_capacity(bytes.len());
        for line in lines(&bytes) {
            unquoted.extend_from_slice(unquote(line, dialect));
        }
        let total = unquoted.len() as u64;
        Ok((unquoted, total, dialect))
    }

    /// Takes lines up to the next separator or the end.
    fn take_to_separator(&mut self) -> io::Result<(Vec<u8>, u64, Dialect)> {
        let dialect = match self.dialect {
            Dialect::Detect | Dialect::Mboxcl2 => Dialect::Mboxrd,
            other => other,
        };
        let mut bytes = Vec::new();
        let mut total: u64 = 0;
        let mut last_line = Vec::new();
        let mut line = Vec::new();
        while self.window.ensure(1)? > 0 {
            let behind_empty_line = last_line == b"\n" || last_line == b"\r\n";
            if total > 0 && self.at_separator(behind_empty_line)? {
                break;
            }
            // A line is taken whole up to the window; a longer one goes on as if it were the next, never at a `From `.
            line.clear();
            self.take_line(&mut line, WINDOW)?;
            let content = unquote(&line, dialect);
            total += content.len() as u64;
            append(&mut bytes, content, self.limits.message_bytes);
            while !line.ends_with(b"\n") && self.window.ensure(1)? > 0 {
                line.clear();
                self.take_line(&mut line, WINDOW)?;
                total += line.len() as u64;
                append(&mut bytes, &line, self.limits.message_bytes);
            }
            std::mem::swap(&mut last_line, &mut line);
        }
        // The empty line before a separator belongs to the mailbox, not to the message.
        if (last_line == b"\n" || last_line == b"\r\n") && total > last_line.len() as u64 {
            let whole = bytes.len() as u64 == total;
            total -= last_line.len() as u64;
            if whole {
                bytes.truncate(bytes.len() - last_line.len());
            }
        }
        Ok((bytes, total, dialect))
    }

    /// Takes the line ahead with its end, or a piece of it if it is longer than `most`.
    fn take_line(&mut self, line: &mut Vec<u8>, most: usize) -> io::Result<()> {
        let mut looked = 0;
        loop {
            let ahead = self.window.ahead();
            let end =
                memchr::memchr(b'\n', ahead.get(looked..).unwrap_or_default()).map(|at| looked + at + 1);
            looked = ahead.len();
            let end = end.or((looked >= most || self.window.ended).then_some(looked));
            if let Some(end) = end {
                let end = end.min(most.max(1));
                line.extend_from_slice(ahead.get(..end).unwrap_or_default());
                self.window.at += end.min(looked);
                self.window.compact();
                return Ok(());
            }
            self.window.ensure(looked + 1)?;
        }
    }
}

impl<R: Read> Iterator for Mbox<R> {
    type Item = io::Result<MboxMessage>;

    fn next(&mut self) -> Option<io::Result<MboxMessage>> {
        if self.failed {
            return None;
        }
        let mut read = self.read();
        if self.window.ahead().is_empty()
            && let Some(error) = self.window.broken.take()
        {
            // The message that reaches to the break is cut; those before it are whole and were given.
            read = Err(error);
        }
        self.failed = read.is_err();
        read.transpose()
    }
}

/// Bytes read and not yet taken.
struct Window<R> {
    inner: R,
    buffer: Vec<u8>,
    at: usize,
    ended: bool,
    /// Why reading ended before the end: what was read up to there is still given.
    broken: Option<io::Error>,
}

impl<R: Read> Window<R> {
    /// Reads until so many bytes are ahead, or the end; gives how many are.
    fn ensure(&mut self, wanted: usize) -> io::Result<usize> {
        while !self.ended && self.buffer.len() - self.at < wanted {
            let missing = (wanted - (self.buffer.len() - self.at)).clamp(1, WINDOW).max(WINDOW / 4);
            let before = self.buffer.len();
            self.buffer.resize(before + missing, 0);
            let read = loop {
                match self.inner.read(self.buffer.get_mut(before..).unwrap_or_default()) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    other => break other,
                }
            };
            self.buffer.truncate(before + *read.as_ref().unwrap_or(&0));
            self.ended = read.as_ref().map_or(true, |&read| read == 0);
            self.broken = self.broken.take().or(read.err());
        }
        Ok(self.buffer.len() - self.at)
    }

    fn ahead(&self) -> &[u8] {
        self.buffer.get(self.at..).unwrap_or_default()
    }

    fn peek(&self, offset: usize) -> Option<u8> {
        self.ahead().get(offset).copied()
    }

    /// Drops what is taken as soon as that is most of the buffer, so that each byte is moved about once.
    fn compact(&mut self) {
        if self.at >= WINDOW && self.at * 2 >= self.buffer.len() {
            self.buffer.drain(..self.at);
            self.at = 0;
            if self.buffer.capacity() > 8 * WINDOW && self.buffer.len() < WINDOW {
                self.buffer.shrink_to(2 * WINDOW);
            }
        }
    }
}

fn append(bytes: &mut Vec<u8>, piece: &[u8], limit: usize) {
    let room = limit.saturating_sub(bytes.len()).min(piece.len());
    bytes.extend_from_slice(piece.get(..room).unwrap_or_default());
}

fn is_from_line(line: &[u8]) -> bool {
    line.starts_with(b"From ")
}

/// Takes one level of quoting off a line.
fn unquote(line: &[u8], dialect: Dialect) -> &[u8] {
    let quotes = line.iter().take_while(|&&byte| byte == b'>').count();
    let quoted = quotes > 0 && line.get(quotes..).is_some_and(is_from_line);
    let undo = match dialect {
        Dialect::Mboxrd => quoted,
        Dialect::Mboxo | Dialect::Mboxcl => quoted && quotes == 1,
        Dialect::Detect | Dialect::Mboxcl2 => false,
    };
    if undo { line.get(1..).unwrap_or_default() } else { line }
}

/// The first line without its end, and what follows it.
fn first_line(bytes: &[u8]) -> (&[u8], &[u8]) {
    let end = memchr::memchr(b'\n', bytes);
    let line = bytes.get(..end.unwrap_or(bytes.len())).unwrap_or_default();
    let rest = end.and_then(|end| bytes.get(end + 1..)).unwrap_or_default();
    (line.strip_suffix(b"\r").unwrap_or(line), rest)
}

/// Lines with their ends.
fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split_inclusive(|&byte| byte == b'\n')
}

/// Whether a line holds a time of day and the name of a month, as all writers of `From ` lines put it.
fn has_date(line: &[u8]) -> bool {
    const MONTHS: [&[u8]; 12] =
        [b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec"];
    let line = line.get(..line.len().min(512)).unwrap_or_default();
    let mut words = line.split(|byte| byte.is_ascii_whitespace()).skip(1);
    let mut month = false;
    let mut time = false;
    for word in words.by_ref() {
        month |=
            MONTHS.iter().any(|name| word.get(..3).is_some_and(|start| start.eq_ignore_ascii_case(name)));
        time |= matches!(word, [hour, b':', ..] | [_, hour, b':', ..] if hour.is_ascii_digit());
    }
    month && time
}

/// Whether a line begins like a header field.
fn is_field(line: &[u8]) -> bool {
    let colon = line.iter().take(128).position(|&byte| byte == b':');
    colon.is_some_and(|colon| colon > 0 && line.iter().take(colon).all(u8::is_ascii_graphic))
}
