//! Delimiter lines of a multipart (RFC 2046 section 5.1.1) and the ways to cut its body at them.
//!
//! One search over the body per boundary. The strict cut takes lines that are the boundary alone, up to the closing one; the
//! loose cut takes every line that starts with it, and goes on behind the closing one.

use std::ops::Range;

/// A line that starts with the boundary.
#[derive(Debug, Clone, Copy)]
struct Delimiter {
    line: usize,
    next: usize,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Open,
    Close,
    /// Something else follows on the line.
    Junk,
}

/// A body cut at its delimiters; ranges are offsets of the body.
#[derive(Debug, Default)]
pub(crate) struct Cut {
    /// The parts of the strict cut.
    pub(crate) parts: Vec<Range<usize>>,
    /// What stands before the first delimiter.
    pub(crate) preamble: Range<usize>,
    /// What stands behind the closing delimiter.
    pub(crate) epilogue: Range<usize>,
    /// Whether there is a closing delimiter.
    pub(crate) closed: bool,
    /// Parts of the loose cut that the strict one does not have.
    pub(crate) loose: Vec<Range<usize>>,
    /// Offset of the first delimiter with something behind the boundary.
    pub(crate) junk: Option<usize>,
    /// Offset of the first delimiter behind the closing one.
    pub(crate) after_end: Option<usize>,
    /// More delimiters than were looked at.
    pub(crate) over_limit: bool,
}

/// Cuts `body` at `boundary`; `None` where no line is the boundary alone and no line starts with it.
pub(crate) fn cut(body: &[u8], boundary: &[u8], most: usize) -> Option<Cut> {
    if boundary.is_empty() {
        return None;
    }
    let needle = [b"--", boundary].concat();
    let finder = memchr::memmem::Finder::new(&needle);
    let mut delimiters = Vec::new();
    let mut over_limit = false;
    for at in finder.find_iter(body) {
        if at != 0 && body.get(at - 1) != Some(&b'\n') {
            continue;
        }
        if delimiters.len() >= most {
            over_limit = true;
            break;
        }
        delimiters.push(delimiter(body, at, needle.len()));
    }
    if delimiters.is_empty() {
        return None;
    }
    let mut cut = strict(body, &delimiters);
    cut.over_limit = over_limit;
    loose(body, &delimiters, &needle, &mut cut);
    Some(cut)
}

fn delimiter(body: &[u8], line: usize, length: usize) -> Delimiter {
    let rest = body.get(line + length..).unwrap_or_default();
    let end = memchr::memchr(b'\n', rest);
    let tail = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
    let next = end.map_or(body.len(), |end| line + length + end + 1);
    let kind = match tail.strip_prefix(b"--") {
        Some(_) if !tail.trim_ascii().is_empty() && tail.starts_with(b"--") => {
            let after = tail.get(2..).unwrap_or_default().trim_ascii();
            if after.is_empty() { Kind::Close } else { Kind::Junk }
        }
        _ if tail.trim_ascii().is_empty() => Kind::Open,
        _ => Kind::Junk,
    };
    Delimiter { line, next, kind }
}

/// The end of a part before a delimiter: the line end there belongs to the delimiter.
fn before(body: &[u8], start: usize, line: usize) -> Range<usize> {
    let mut end = line.max(start);
    if end > start && body.get(end - 1) == Some(&b'\n') {
        end -= 1;
        if end > start && body.get(end - 1) == Some(&b'\r') {
            end -= 1;
        }
    }
    start..end
}

fn strict(body: &[u8], delimiters: &[Delimiter]) -> Cut {
    let mut cut = Cut { preamble: 0..body.len(), epilogue: body.len()..body.len(), ..Cut::default() };
    let mut open: Option<usize> = None;
    for delimiter in delimiters.iter().filter(|d| d.kind != Kind::Junk) {
        match open {
            Some(start) => cut.parts.push(before(body, start, delimiter.line)),
            None => cut.preamble = before(body, 0, delimiter.line),
        }
        open = Some(delimiter.next);
        if delimiter.kind == Kind::Close {
            cut.closed = true;
            cut.epilogue = delimiter.next..body.len();
            open = None;
            break;
        }
    }
    if let Some(start) = open {
        cut.parts.push(start..body.len());
    }
    cut
}

fn loose(body: &[u8], delimiters: &[Delimiter], needle: &[u8], cut: &mut Cut) {
    let mut closed = false;
    let mut counted = Vec::new();
    let mut inner = InnerBoundaries::default();
    for delimiter in delimiters {
        match delimiter.kind {
            Kind::Junk => {
                if inner.has(body, delimiter, needle) {
                    continue;
                }
                cut.junk.get_or_insert(delimiter.line);
            }
            Kind::Open if closed => {
                cut.after_end.get_or_insert(delimiter.line);
            }
            Kind::Close => closed = true,
            Kind::Open => {}
        }
        counted.push(*delimiter);
    }
    if cut.junk.is_none() && cut.after_end.is_none() {
        return;
    }
    for (at, delimiter) in counted.iter().enumerate() {
        let part = match counted.get(at + 1) {
            Some(next) => before(body, delimiter.next, next.line),
            None if delimiter.kind == Kind::Close => continue,
            None => delimiter.next..body.len(),
        };
        let known = cut
            .parts
            .binary_search_by_key(&part.start, |p| p.start)
            .is_ok_and(|at| cut.parts.get(at) == Some(&part));
        if !known && !part.is_empty() {
            cut.loose.push(part);
        }
    }
}

/// Boundaries that start with this one and are declared further in: their delimiters are none of this one.
#[derive(Default)]
struct InnerBoundaries<'a> {
    asked: Vec<(&'a [u8], bool)>,
}

/// Different names that are looked for in the body, each by one search.
const MOST_INNER: usize = 16;

impl<'a> InnerBoundaries<'a> {
    fn has(&mut self, body: &'a [u8], delimiter: &Delimiter, needle: &[u8]) -> bool {
        let line = body.get(delimiter.line..delimiter.next).unwrap_or_default().trim_ascii_end();
        let name = line.strip_suffix(b"--").unwrap_or(line).get(2..).unwrap_or_default();
        if name.len() > 200 || name.len() + 2 <= needle.len() {
            return false;
        }
        if let Some((_, known)) = self.asked.iter().find(|(asked, _)| *asked == name) {
            return *known;
        }
        if self.asked.len() >= MOST_INNER {
            return false;
        }
        let declared = memchr::memmem::find_iter(body, name).take(4).any(|at| {
            matches!(at.checked_sub(1).and_then(|before| body.get(before)), Some(b'"' | b'=' | b'\''))
        });
        self.asked.push((name, declared));
        declared
    }
}

/// A boundary that nobody declared: the first line that starts with two hyphens and is followed by a MIME field.
pub(crate) fn guess(body: &[u8]) -> Option<Vec<u8>> {
    for at in memchr::memmem::find_iter(body, b"--").filter(|at| *at == 0 || body.get(at - 1) == Some(&b'\n'))
    {
        let rest = body.get(at + 2..).unwrap_or_default();
        let end = memchr::memchr(b'\n', rest)?;
        let name = rest.get(..end).unwrap_or_default().trim_ascii_end();
        let follows = rest.get(end + 1..).unwrap_or_default();
        if !name.is_empty() && super::headers::starts_with_mime_field(follows) {
            return Some(name.to_vec());
        }
    }
    None
}
