//! Replacements of byte ranges, applied in one pass.

use std::ops::Range;

/// What a replacement is for. Where several stand at one place (an empty body behind an empty header) this is their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    /// Parts before a part.
    PartsBefore,
    /// Header fields.
    Fields,
    /// What a body begins with.
    Opening,
    /// A body, or a whole part.
    Content,
    /// What a body ends with, and parts behind a part.
    Closing,
}

#[derive(Debug)]
struct Splice {
    range: Range<usize>,
    rank: Rank,
    bytes: Vec<u8>,
}

/// Replacements in the order they were asked for.
#[derive(Debug, Default)]
pub(super) struct Splices {
    list: Vec<Splice>,
}

impl Splices {
    /// Replaces a range; an empty one is an insertion. Insertions of one rank at one place keep their order.
    pub(super) fn replace(&mut self, range: Range<usize>, rank: Rank, bytes: Vec<u8>) {
        self.list.push(Splice { range, rank, bytes });
    }

    /// Whether what ends at an offset is replaced.
    pub(super) fn replaces_end(&self, at: usize) -> bool {
        self.list.iter().any(|splice| splice.range.end == at && !splice.range.is_empty())
    }

    /// Replacements inside a range are taken back; the range's bytes with them applied are given.
    pub(super) fn take_within(&mut self, bytes: &[u8], range: Range<usize>) -> Vec<u8> {
        let inside = |at: &Range<usize>| at.start >= range.start && at.end <= range.end && !at.is_empty();
        let (taken, kept): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.list).into_iter().partition(|splice| inside(&splice.range));
        self.list = kept;
        let move_back = |splice: Splice| Splice {
            range: splice.range.start - range.start..splice.range.end - range.start,
            ..splice
        };
        let moved = taken.into_iter().map(move_back).collect();
        Splices { list: moved }.apply(bytes.get(range.clone()).unwrap_or_default())
    }

    /// The bytes with everything replaced. Of replacements that overlap the one that begins first, then the larger,
    /// counts: it replaces a whole whose parts the others speak of.
    pub(super) fn apply(mut self, bytes: &[u8]) -> Vec<u8> {
        self.list
            .sort_by_key(|splice| (splice.range.start, splice.rank, std::cmp::Reverse(splice.range.end)));
        let added: usize = self.list.iter().map(|splice| splice.bytes.len()).sum();
        let mut made = Vec::with_capacity(bytes.len() + added);
        let mut done = 0;
        for Splice { range, bytes: new, .. } in &self.list {
            if range.start < done {
                continue;
            }
            made.extend_from_slice(bytes.get(done..range.start).unwrap_or_default());
            made.extend_from_slice(new);
            done = range.end;
        }
        made.extend_from_slice(bytes.get(done..).unwrap_or_default());
        made
    }
}
