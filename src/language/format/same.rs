//! Whether two trees say the same, wherever it stands.

use crate::language::syntax::ast::File;
use std::fmt::{self, Write};

/// Whether two files say the same: equal items, places and comments aside. Cost: both trees are written out once.
pub fn same_meaning(one: &File, other: &File) -> bool {
    if one.items.len() != other.items.len() {
        return false;
    }
    one.items.iter().zip(&other.items).all(|(one, other)| placeless(one) == placeless(other))
}

/// A tree written out without its places.
fn placeless(tree: &impl fmt::Debug) -> String {
    let mut out = Placeless { out: String::new(), quoted: false, escaped: false, skipping: false };
    // Writing to a string does not fail.
    let _ = write!(out, "{tree:?}");
    out.out
}

/// Leaves out what stands between `Span {` and `}` outside quotes. Texts are written with their quotes escaped, so
/// that the quotes outside them can be told; spans hold no braces of their own.
struct Placeless {
    out: String,
    quoted: bool,
    escaped: bool,
    skipping: bool,
}

impl Write for Placeless {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            if self.skipping {
                self.skipping = character != '}';
                continue;
            }
            self.out.push(character);
            match character {
                _ if self.escaped => self.escaped = false,
                '\\' if self.quoted => self.escaped = true,
                '"' => self.quoted = !self.quoted,
                '{' if !self.quoted && self.out.ends_with("Span {") => self.skipping = true,
                _ => {}
            }
        }
        Ok(())
    }
}
