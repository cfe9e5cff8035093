//! Texts one after another, in the order in which they are written.

use std::fmt;

/// Many texts in one: 4 bytes an entry over the text. Takes at most 4 GiB.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct TextList {
    texts: String,
    ends: Vec<u32>,
}

impl TextList {
    /// Adds a text. Gives false, and adds nothing, where the list would take more than 4 GiB.
    pub fn push(&mut self, text: &str) -> bool {
        let Ok(end) = u32::try_from(self.texts.len().saturating_add(text.len())) else { return false };
        self.texts.push_str(text);
        self.ends.push(end);
        true
    }

    /// The texts in the order in which they were added.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        // Ends stand where texts end, so every range is one.
        starts.zip(&self.ends).filter_map(|(start, &end)| self.texts.get(start as usize..end as usize))
    }

    /// A text by its number, from 0.
    pub fn get(&self, number: u32) -> Option<&str> {
        let end = *self.ends.get(number as usize)? as usize;
        let before = (number as usize).checked_sub(1).and_then(|before| self.ends.get(before));
        self.texts.get(before.map_or(0, |&start| start as usize)..end)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Gives back the room that is not used.
    pub fn shrink(&mut self) {
        self.texts.shrink_to_fit();
        self.ends.shrink_to_fit();
    }
}

impl fmt::Debug for TextList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TextList").field("entries", &self.len()).finish_non_exhaustive()
    }
}
