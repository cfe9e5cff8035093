//! The registry of codes: every diagnostic's name with its page, for `mailfw explain-code` and the error index.
//!
//! Codes are constants, by area; their pages are collected here. A test keeps the two alike: the failing example of a
//! page raises exactly its code, the passing one nothing. An example is a main file; a line `# file: NAME` begins a
//! further file of the set.

use crate::base::diagnostic::Code;

/// Declares the codes of an area with their pages.
macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $title:literal, $text:literal, $failing:literal, $passing:literal;)*) => {
        $($(#[$doc])* pub const $name: crate::base::diagnostic::Code = crate::base::diagnostic::Code($code);)*

        /// The pages of this area.
        pub const PAGES: &[super::Page] = &[$(super::Page {
            code: $name, title: $title, text: $text, failing: $failing, passing: $passing,
        }),*];
    };
}

pub mod allow;
pub mod directory;
pub mod item;
pub mod module;
pub mod name;
pub mod policy;
pub mod test;
pub mod types;

/// The page of a code.
#[derive(Debug, Clone, Copy)]
pub struct Page {
    /// The code.
    pub code: Code,
    /// One line: what is wrong.
    pub title: &'static str,
    /// What it means, why it matters, how to mend it. Paragraphs are parted by an empty line.
    pub text: &'static str,
    /// A text that raises it. Empty where only something beyond texts does, such as the number of files.
    pub failing: &'static str,
    /// The same text, mended.
    pub passing: &'static str,
}

/// All pages, by area. Each area lists its own.
pub fn pages() -> impl Iterator<Item = &'static Page> {
    let areas: [&'static [Page]; 10] = [
        super::syntax::codes::PAGES,
        module::PAGES,
        name::PAGES,
        types::PAGES,
        item::PAGES,
        directory::PAGES,
        policy::PAGES,
        test::PAGES,
        allow::PAGES,
        super::lint::codes::PAGES,
    ];
    areas.into_iter().flatten()
}
