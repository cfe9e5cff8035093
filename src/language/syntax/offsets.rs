//! Places of a repaired text in the text it was repaired from.
//!
//! A repair replaces a range of the source by another text: nothing by a missing brace, a stray brace by a blank. The
//! parser sees the repaired text; every span it makes is carried back. Cost: one binary search a place.

/// One replaced range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Repair {
    /// First byte in the source.
    pub(super) start: usize,
    /// One past the last byte in the source.
    pub(super) end: usize,
    /// What stands there instead.
    pub(super) text: String,
}

/// Carries offsets back to the source.
#[derive(Debug, Default)]
pub(super) struct Offsets {
    /// Of each repair: its range in the source and where its text begins and ends in the repaired text.
    repairs: Vec<(usize, usize, usize, usize)>,
    /// Ranges of the comments in the repaired text.
    comments: Vec<(usize, usize)>,
    source_length: usize,
}

impl Offsets {
    /// Applies repairs, which must be in order and apart, to a text; gives the repaired text and the way back.
    /// `comments` are ranges in the source; a repair inside one is not foreseen.
    pub(super) fn apply(text: &str, repairs: &[Repair], comments: &[(usize, usize)]) -> (String, Offsets) {
        let mut repaired = String::with_capacity(text.len() + repairs.len() * 8);
        let mut offsets = Offsets { source_length: text.len(), ..Offsets::default() };
        let mut done = 0;
        for repair in repairs {
            if repair.start < done {
                continue;
            }
            repaired.push_str(text.get(done..repair.start).unwrap_or(""));
            let start = repaired.len();
            repaired.push_str(&repair.text);
            offsets.repairs.push((repair.start, repair.end, start, repaired.len()));
            done = repair.end;
        }
        repaired.push_str(text.get(done..).unwrap_or(""));
        offsets.comments = comments
            .iter()
            .map(|&(start, end)| (offsets.to_repaired(start), offsets.to_repaired(end)))
            .collect();
        (repaired, offsets)
    }

    /// Bytes of the source.
    pub(super) fn source_length(&self) -> usize {
        self.source_length
    }

    fn to_repaired(&self, at: usize) -> usize {
        let before = self.repairs.partition_point(|repair| repair.1 <= at);
        match before.checked_sub(1).and_then(|last| self.repairs.get(last)) {
            Some(repair) => repair.3 + (at - repair.1),
            None => at,
        }
    }

    /// The offset in the source at which something begins that begins at `at` in the repaired text.
    pub(super) fn to_source(&self, at: usize) -> usize {
        let before = self.repairs.partition_point(|repair| repair.2 <= at);
        match before.checked_sub(1).and_then(|last| self.repairs.get(last)) {
            Some(&(start, end, from, to)) if at < to => (start + (at - from)).min(end),
            Some(&(_, end, _, to)) => end + (at - to),
            None => at,
        }
    }

    /// The offset in the source at which something ends that ends at `at` in the repaired text.
    pub(super) fn to_source_end(&self, at: usize) -> usize {
        let before = self.repairs.partition_point(|repair| repair.2 < at);
        match before.checked_sub(1).and_then(|last| self.repairs.get(last)) {
            Some(&(start, end, from, to)) if at < to => (start + (at - from)).min(end),
            Some(&(_, end, _, to)) => end + (at - to),
            None => at,
        }
    }

    /// Where a run `start..end` of the repaired text ends without the blanks and comments behind it.
    pub(super) fn trim_end(&self, text: &str, start: usize, mut end: usize) -> usize {
        loop {
            let kept = text.get(start..end).map_or(end, |run| {
                start + run.trim_end_matches([' ', '\t', '\r', '\n', '\u{feff}', '\u{1}']).len()
            });
            let before = self.comments.partition_point(|comment| comment.0 < kept);
            match before.checked_sub(1).and_then(|last| self.comments.get(last)) {
                Some(&(from, to)) if from >= start && kept > from && kept <= to => end = from,
                _ => return kept,
            }
        }
    }
}
