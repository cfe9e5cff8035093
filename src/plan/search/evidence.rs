//! What was found, for people: with its place, what stands around it, and the pattern as its author wrote it.

use super::{Leaf, Searcher};
use crate::language::hir::Pattern;
use crate::message::Source;
use crate::message::surface::{Form, Surface, fold};
use crate::plan::verdict::{CONTEXT_CHARS, MatchEvidence, TEXT_CHARS};
use std::ops::Range;

impl Searcher<'_> {
    pub(super) fn show(
        &self,
        leaf: Leaf,
        form: Form,
        range: Range<usize>,
        pattern: String,
    ) -> Option<MatchEvidence> {
        let surface = self.surface(leaf)?;
        let (place, part) = self.place(leaf)?;
        let origin = surface.origin_of(form, range.clone());
        // People want the text as it is written, not folded; the two forms share their source.
        let (form, range) = match form {
            Form::Cased => (form, range),
            Form::Folded => {
                cased_range(surface, &range, &origin).map_or((form, range), |range| (Form::Cased, range))
            }
        };
        let (before, text, after) = surface.context(form, range, CONTEXT_CHARS);
        Some(MatchEvidence {
            text: text.chars().take(TEXT_CHARS).collect(),
            place,
            part,
            offset: origin.start,
            length: origin.len(),
            before: before.to_string(),
            after: after.to_string(),
            pattern,
        })
    }

    fn place(&self, leaf: Leaf) -> Option<(String, Option<String>)> {
        match leaf {
            Leaf::Own(at) => self.own.get(at as usize).map(|own| (own.place.to_string(), None)),
            Leaf::Surface(id) => {
                let surfaced = self.message.surface(id)?;
                let part = match surfaced.source {
                    Source::Subject(_) => None,
                    Source::Part(part) => Some(part),
                    Source::Attachment(attachment) => {
                        self.message.attachment(attachment).and_then(|attachment| attachment.part())
                    }
                };
                let part = part.and_then(|part| self.message.part(part)).map(|part| part.path().to_string());
                Some((surfaced.name.clone(), part))
            }
        }
    }
}

/// The cased text that has the same source as a folded one. Both forms run along the source, so it is found by halving.
fn cased_range(surface: &Surface, folded: &Range<usize>, origin: &Range<usize>) -> Option<Range<usize>> {
    let cased = surface.cased();
    let boundary = |mut at: usize| {
        while at < cased.len() && !cased.is_char_boundary(at) {
            at += 1;
        }
        at.min(cased.len())
    };
    let first_from = |source: usize| {
        let (mut low, mut high) = (0, cased.len());
        while low < high {
            let middle = low + (high - low) / 2;
            let at = boundary(middle);
            let next = boundary(at + 1);
            if at < cased.len() && surface.origin_of(Form::Cased, at..next).start < source {
                low = at + 1;
            } else {
                high = middle;
            }
        }
        boundary(low)
    };
    let (start, end) = (first_from(origin.start), first_from(origin.end));
    let text = cased.get(start..end)?;
    let sought = surface.folded().get(folded.clone())?;
    // A match may end before blanks that the cased range takes in.
    let trimmed = if sought.ends_with(' ') { text } else { text.trim_end() };
    (fold(trimmed) == sought).then(|| start..start + trimmed.len())
}

/// A pattern as its author wrote it.
pub fn written(pattern: &Pattern) -> String {
    match pattern {
        Pattern::Literal { text } => format!("\"{text}\""),
        Pattern::Word { text } => format!("word \"{text}\""),
        Pattern::Regex { pattern, caseless, dot_all } => {
            let flags = [("i", *caseless), ("s", *dot_all)];
            let flags: String = flags.into_iter().filter(|&(_, set)| set).map(|(flag, _)| flag).collect();
            format!("/{}/{flags}", between_slashes(pattern))
        }
        Pattern::Glob { text } => format!("like \"{text}\""),
        Pattern::Prefix { text } => format!("starts with \"{text}\""),
        Pattern::Suffix { text } => format!("ends with \"{text}\""),
    }
}

/// A regex as it is written between slashes: its own have a backslash before them.
fn between_slashes(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len());
    let mut escaped = false;
    for character in pattern.chars() {
        if character == '/' && !escaped {
            out.push('\\');
        }
        escaped = character == '\\' && !escaped;
        out.push(character);
    }
    out
}
