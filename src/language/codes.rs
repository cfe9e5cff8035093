//! The registry of codes: every diagnostic's name with its page, for `mailfw explain-code` and the error index.
//!
//! Codes are constants in the module that raises them; their pages are collected here. A test keeps the two alike and
//! wants a golden case for each.

use crate::base::diagnostic::Code;

/// The page of a code.
#[derive(Debug, Clone, Copy)]
pub struct Page {
    /// The code.
    pub code: Code,
    /// One line: what is wrong.
    pub title: &'static str,
    /// What it means, why it matters, how to mend it. Paragraphs are parted by an empty line.
    pub text: &'static str,
    /// A text that raises it.
    pub failing: &'static str,
    /// The same text, mended.
    pub passing: &'static str,
}

/// All pages, by area. Each area lists its own.
pub fn pages() -> impl Iterator<Item = &'static Page> {
    let areas: [&'static [Page]; 1] = [super::lint::codes::PAGES];
    areas.into_iter().flatten()
}
