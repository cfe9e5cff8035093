//! The canonical order of a policy's head: its side, then its modifiers.
//!
//! Both orders say the same. What is exchanged keeps its bytes and their number, so that every other place of the tree
//! stays where it is. Cost: one copy of the text, where a head is in the other order. A head with a comment between
//! its words is left as it is.

use crate::language::syntax::ast::{Directory, DirectoryEntry, File, Item, Modifier, Policy};
use crate::language::syntax::tokens::Tokens;
use std::borrow::Cow;

/// The text with each head in canonical order.
pub(super) fn ordered<'t>(file: &File, text: &'t str, tokens: &Tokens) -> Cow<'t, str> {
    let mut heads = Vec::new();
    for item in &file.items {
        match item {
            Item::Policy(policy) => heads.extend(exchanged(policy, text, tokens)),
            Item::Directory(directory) => collect(directory, text, tokens, &mut heads),
            _ => {}
        }
    }
    if heads.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for (start, end, head) in heads {
        out.push_str(text.get(done..start).unwrap_or(""));
        out.push_str(&head);
        done = end;
    }
    out.push_str(text.get(done..).unwrap_or(""));
    Cow::Owned(out)
}

/// The heads in a directory, in the order of the text. The parser bounds the depth of directories.
fn collect(directory: &Directory, text: &str, tokens: &Tokens, heads: &mut Vec<(usize, usize, String)>) {
    for entry in &directory.entries {
        match entry {
            DirectoryEntry::Policy(policy) => heads.extend(exchanged(policy, text, tokens)),
            DirectoryEntry::Directory(inner) => collect(inner, text, tokens, heads),
            _ => {}
        }
    }
}

/// Where the modifiers of a policy stand before its side, and what stands there in canonical order.
fn exchanged(policy: &Policy, text: &str, tokens: &Tokens) -> Option<(usize, usize, String)> {
    let side = policy.side.as_ref()?.span;
    let start = policy.modifiers.iter().map(place).find(|start| *start < side.start)? as usize;
    let end = side.end as usize;
    if tokens.comments.iter().any(|comment| start <= comment.0 && comment.0 < end) {
        return None;
    }
    let before = tokens.tokens.partition_point(|token| token.start < side.start as usize);
    let word = tokens.tokens.get(before.checked_sub(1)?)?;
    let last = tokens.tokens.get(before.checked_sub(2)?)?;
    let (modifiers, gap, side) =
        (text.get(start..last.end)?, text.get(last.end..word.start)?, text.get(word.start..end)?);
    Some((start, end, format!("{side}{gap}{modifiers}")))
}

fn place(modifier: &Modifier) -> u32 {
    match modifier {
        Modifier::Overrides(_, span)
        | Modifier::Mandatory(span)
        | Modifier::Off(span)
        | Modifier::Observe(span)
        | Modifier::From(_, span)
        | Modifier::Until(_, span) => span.start,
    }
}
