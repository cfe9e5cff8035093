//! Source texts and places in them.
//!
//! A [`SourceMap`] owns every text of a policy set; a [`Span`] names a byte range in one of them and is what every
//! node of the syntax tree and every diagnostic carries. Memory: the texts themselves and one index of line starts; texts
//! that nobody needs once a set is loaded are left out by [`SourceMap::with_texts_of`].

use std::collections::BTreeMap;
use std::sync::Arc;

/// One source text of a policy set, by its number in the [`SourceMap`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct SourceId(pub u32);

/// A byte range in one source text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Span {
    /// Which text.
    pub source: SourceId,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The range `start..end` of `source`.
    pub fn new(source: SourceId, start: usize, end: usize) -> Span {
        Span { source, start: start as u32, end: end as u32 }
    }

    /// The smallest span that covers both; both must be of one source (else `self`).
    pub fn to(self, other: Span) -> Span {
        if self.source != other.source {
            return self;
        }
        Span { source: self.source, start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// The empty span right after this one.
    pub fn after(self) -> Span {
        Span { start: self.end, ..self }
    }

    /// The empty span at the start of this one.
    pub fn before(self) -> Span {
        Span { end: self.start, ..self }
    }

    /// The byte range.
    pub fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// A value with the place it was written at.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Spanned<T> {
    /// The value.
    pub node: T,
    /// Where it stands.
    pub span: Span,
}

impl<T> Spanned<T> {
    /// Joins a value with its place.
    pub fn new(node: T, span: Span) -> Self {
        Spanned { node, span }
    }
}

/// One source text: its name as people know it (a path, or `std::dlp`) and its content.
#[derive(Debug)]
pub struct Source {
    /// How the text is named to people.
    pub name: String,
    /// The text.
    pub text: Arc<str>,
    line_starts: Arc<[u32]>,
}

impl Source {
    fn new(name: String, text: Arc<str>) -> Source {
        let line_starts = std::iter::once(0)
            .chain(memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at as u32 + 1))
            .collect();
        Source { name, text, line_starts }
    }

    /// Line and column, both from 1, of a byte offset; columns count characters.
    pub fn line_column(&self, offset: usize) -> (usize, usize) {
        let line = self.line_starts.partition_point(|&start| start as usize <= offset).max(1);
        let start = self.line_starts.get(line - 1).copied().unwrap_or(0) as usize;
        let end = if self.text.is_empty() { offset } else { offset.min(self.text.len()) };
        let column = self.text.get(start..end).map_or(end.saturating_sub(start), |text| text.chars().count());
        (line, column + 1)
    }
}

/// All source texts of one policy set.
#[derive(Debug, Default)]
pub struct SourceMap {
    sources: Vec<Source>,
    /// Texts whose number is theirs in every map, by that number.
    shared: BTreeMap<SourceId, Source>,
}

/// The first number of texts that have the same in every map.
const FIRST_SHARED: u32 = 1 << 31;

impl SourceId {
    /// The number of the `index`-th text that is the same in every map: a module of the standard library. What is
    /// parsed of it can be kept from one set to the next.
    pub fn shared(index: u32) -> SourceId {
        SourceId(FIRST_SHARED | index)
    }

    /// Whether this is the number of a text that is the same in every map, whatever the text is called.
    pub fn is_shared(self) -> bool {
        self.0 >= FIRST_SHARED
    }
}

impl SourceMap {
    /// Adds a text under a name and gives its number. Texts are at most 4 GiB; the loader's limit is far below.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<Arc<str>>) -> SourceId {
        self.sources.push(Source::new(name.into(), text.into()));
        SourceId(self.sources.len() as u32 - 1)
    }

    /// Adds a text under its own number (see [`SourceId::shared`]).
    pub fn add_shared(&mut self, id: SourceId, name: impl Into<String>, text: impl Into<Arc<str>>) {
        self.shared.insert(id, Source::new(name.into(), text.into()));
    }

    /// The text of a number; `None` for a number of another map.
    pub fn get(&self, id: SourceId) -> Option<&Source> {
        self.sources.get(id.0 as usize).or_else(|| self.shared.get(&id))
    }

    /// The bytes a span covers; empty if the span is of another map.
    pub fn slice(&self, span: Span) -> &str {
        self.get(span.source).and_then(|source| source.text.get(span.range())).unwrap_or("")
    }

    /// The same map without the texts of others than these; what is left of those is their names and where their lines
    /// begin, so that lines are still told, and columns in bytes. What is kept is shared with this map.
    pub fn with_texts_of(&self, is_kept: impl Fn(SourceId) -> bool) -> SourceMap {
        let copy = |(id, source): (SourceId, &Source)| Source {
            name: source.name.clone(),
            text: if is_kept(id) { Arc::clone(&source.text) } else { Arc::from("") },
            line_starts: Arc::clone(&source.line_starts),
        };
        let own = self.sources.iter().enumerate();
        SourceMap {
            sources: own.map(|(at, source)| copy((SourceId(at as u32), source))).collect(),
            shared: self.shared.iter().map(|(&id, source)| (id, copy((id, source)))).collect(),
        }
    }

    /// All texts with their numbers.
    pub fn iter(&self) -> impl Iterator<Item = (SourceId, &Source)> {
        let own = self.sources.iter().enumerate().map(|(at, source)| (SourceId(at as u32), source));
        own.chain(self.shared.iter().map(|(id, source)| (*id, source)))
    }
}
