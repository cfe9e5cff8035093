//! The canonical layout of a policy file.
//!
//! [`format`] lays the tokens of a sound file out anew: four blanks a level, one clause a line, the values of
//! neighbouring clauses in one column, lines broken at operators and commas where they would pass 110 columns. Spelling
//! is never touched. Where all clauses of a run have one blank after their keywords they keep it; a single wider gap asks
//! for the column. Literals and names stay as written, comments and single blank lines stay where they are. The
//! modifiers of a policy go behind its side. The tree says where clauses begin, so that no token can get lost. Formatting twice changes nothing more.
//! Cost: linear in the file. A file with errors is given back as it is.

mod heads;
mod layout;
mod lines;
mod outline;
mod same;

pub use same::same_meaning;

use crate::base::limits::SourceLimits;
use crate::language::syntax::ast::File;
use crate::language::syntax::tokens::{self, Tokens};

/// Columns that a line should not pass.
const WIDTH: usize = 110;

/// The text of `file`, parsed from `text`, in canonical layout; ends in one line end. Where the tree has `Bad` nodes
/// the text is given back unchanged.
pub fn format(file: &File, text: &str) -> String {
    let limits = SourceLimits { file_bytes: usize::MAX, nesting: usize::MAX, ..SourceLimits::default() };
    let Some(outline) = outline::outline(file) else { return text.to_string() };
    let mut tokens = tokenised(file, text, &limits);
    if tokens.faulty() {
        return text.to_string();
    }
    let ordered = heads::ordered(file, text, &tokens);
    if let std::borrow::Cow::Owned(ordered) = &ordered {
        tokens = tokenised(file, ordered, &limits);
    }
    let mut layout = layout::Layout::new(&ordered, &tokens);
    layout.body(&outline, tokens.tokens.len(), 0);
    layout.remaining_comments();
    lines::print(&layout.lines)
}

fn tokenised(file: &File, text: &str, limits: &SourceLimits) -> Tokens {
    tokens::tokens(file.span.source, text, limits)
}
