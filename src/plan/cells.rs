//! What is known of every question of a plan while one message is judged, two bits for each.
//!
//! The low bit says that the answer can be false, the high one that it can be true: `00` has not been asked, `01` is
//! false, `10` true, `11` unknown. With these, the three-valued `and`, `or` and `not` are operations on bits. Memory: a
//! quarter of a byte for each question. Cells of questions that differ between recipients lie behind the others, so that
//! they are forgotten together.

/// A question whose answer is kept, by position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CellId(pub u32);

/// Cells in one word.
pub const PER_WORD: u32 = 32;

/// The answer to a question, as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Known {
    /// It has not been asked.
    Unasked = 0,
    /// It does not hold.
    False = 1,
    /// It holds.
    True = 2,
    /// It was asked and cannot be told.
    Unknown = 3,
}

impl Known {
    /// The answer of two bits.
    pub fn of(bits: u64) -> Known {
        match bits & 3 {
            0 => Known::Unasked,
            1 => Known::False,
            2 => Known::True,
            _ => Known::Unknown,
        }
    }

    /// The answer in every cell of a word.
    fn everywhere(self) -> u64 {
        self as u64 * 0x5555_5555_5555_5555
    }
}

/// The cells of one message.
#[derive(Debug, Clone, Default)]
pub struct Cells {
    words: Vec<u64>,
}

impl Cells {
    /// So many cells, none of them asked.
    pub fn new(count: u32) -> Cells {
        Cells { words: vec![0; count.div_ceil(PER_WORD) as usize] }
    }

    /// The bits, [`PER_WORD`] cells in each word, the first cell lowest.
    pub fn words(&self) -> &[u64] {
        &self.words
    }

    /// What is known of a cell.
    pub fn get(&self, cell: CellId) -> Known {
        let word = self.words.get((cell.0 / PER_WORD) as usize).copied().unwrap_or(0);
        Known::of(word >> (cell.0 % PER_WORD * 2))
    }

    /// Says what is known of a cell.
    pub fn set(&mut self, cell: CellId, known: Known) {
        if let Some(word) = self.words.get_mut((cell.0 / PER_WORD) as usize) {
            let shift = cell.0 % PER_WORD * 2;
            *word = (*word & !(3 << shift)) | ((known as u64) << shift);
        }
    }

    /// Forgets every answer that is unknown.
    pub fn forget_unknown(&mut self) {
        for word in &mut self.words {
            let unknown = *word & (*word >> 1) & Known::False.everywhere();
            *word &= !(unknown | unknown << 1);
        }
    }

    /// Says the same of all cells from one up to another.
    pub fn fill(&mut self, from: u32, to: u32, known: Known) {
        if from >= to {
            return;
        }
        let (first, last) = (from / PER_WORD, (to - 1) / PER_WORD);
        let Some(words) = self.words.get_mut(first as usize..=last as usize) else { return };
        let below = u64::MAX.checked_shl(from % PER_WORD * 2).unwrap_or(0);
        let above = u64::MAX >> ((PER_WORD - 1 - (to - 1) % PER_WORD) * 2);
        let count = words.len();
        for (at, word) in words.iter_mut().enumerate() {
            let mask =
                if at == 0 { below } else { u64::MAX } & if at + 1 == count { above } else { u64::MAX };
            *word = *word & !mask | known.everywhere() & mask;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_unknown_is_forgotten_and_nothing_else() {
        let mut cells = Cells::new(64);
        let kinds = [Known::Unasked, Known::False, Known::True, Known::Unknown];
        (0..64).for_each(|at| cells.set(CellId(at), kinds[at as usize % 4]));
        cells.forget_unknown();
        for at in 0..64 {
            let kept = [Known::Unasked, Known::False, Known::True, Known::Unasked][at as usize % 4];
            assert_eq!(cells.get(CellId(at)), kept, "cell {at}");
        }
    }

    #[test]
    fn a_range_that_starts_and_ends_within_words_is_filled_and_nothing_else() {
        let mut cells = Cells::new(200);
        cells.fill(5, 170, Known::False);
        cells.set(CellId(64), Known::True);
        for at in 0..200 {
            let expected = match at {
                64 => Known::True,
                5..170 => Known::False,
                _ => Known::Unasked,
            };
            assert_eq!(cells.get(CellId(at)), expected, "cell {at}");
        }
    }
}
