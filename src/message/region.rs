//! Bytes with a home: a stretch of the message itself or of a decoded copy of something in it.
//!
//! Cheap to clone (one reference count). A stretch never leaves its buffer, so every range shown to the outside lies
//! inside the message by construction.

use std::{ops::Range, sync::Arc};

/// A stretch of bytes, either of the message as received or of a buffer decoded from it.
#[derive(Clone)]
pub struct Region {
    buffer: Arc<[u8]>,
    start: usize,
    end: usize,
    in_message: bool,
}

impl Region {
    /// All of the message as received.
    pub(crate) fn message(buffer: Arc<[u8]>) -> Region {
        let end = buffer.len();
        Region { buffer, start: 0, end, in_message: true }
    }

    /// All of a buffer that was decoded from the message; it has no range in it.
    pub(crate) fn decoded(buffer: Arc<[u8]>) -> Region {
        let end = buffer.len();
        Region { buffer, start: 0, end, in_message: false }
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    /// Number of bytes.
    pub fn len(&self) -> usize {
        self.end - self.start
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// Byte offsets in the message as received; `None` for what only exists decoded.
    pub fn range(&self) -> Option<Range<usize>> {
        self.in_message.then_some(self.start..self.end)
    }

    /// The stretch `range`, counted from this one's start and cut to it.
    pub(crate) fn slice(&self, range: Range<usize>) -> Region {
        let end = self.start.saturating_add(range.end).min(self.end);
        let start = self.start.saturating_add(range.start).min(end);
        Region { buffer: self.buffer.clone(), start, end, in_message: self.in_message }
    }

    /// The offset in the message of the byte `at` of this stretch.
    pub(crate) fn offset(&self, at: usize) -> Option<usize> {
        self.in_message.then_some(self.start.saturating_add(at).min(self.end))
    }

    /// Where this stretch starts, counted from the start of `other`, if both are of one buffer.
    pub(crate) fn start_in(&self, other: &Region) -> Option<usize> {
        if Arc::ptr_eq(&self.buffer, &other.buffer) { self.start.checked_sub(other.start) } else { None }
    }

    /// The bytes as a buffer of their own: without a copy where the stretch is the whole buffer.
    pub(crate) fn to_shared(&self) -> Arc<[u8]> {
        if self.start == 0 && self.end == self.buffer.len() {
            self.buffer.clone()
        } else {
            Arc::from(self.bytes())
        }
    }
}

impl std::fmt::Debug for Region {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Region({}..{}{})", self.start, self.end, if self.in_message { "" } else { ", decoded" })
    }
}
