//! `# allow(code)`: a comment that silences a warning or a note on its line, or on the line after it.
//!
//! Errors are never silenced. An `allow` of a code there is not, and one that silenced nothing, are warnings
//! themselves, so that the comments do not outlive what they were written for.

use super::codes::{self, allow};
use super::suggest;
use super::syntax::ast;
use crate::base::diagnostic::{Code, Diagnostic, Diagnostics, Level};
use crate::base::source::{SourceId, SourceMap, Span};
use std::collections::HashMap;

/// One code that a comment allows.
struct Allow {
    source: SourceId,
    /// The line on which findings are silenced, from 1.
    line: usize,
    code: String,
    span: Span,
    used: bool,
}

/// Takes out what comments silence, and adds what is wrong with the comments.
pub(super) fn apply(files: &[(SourceId, ast::File)], map: &SourceMap, diagnostics: &mut Diagnostics) {
    let mut allows = Vec::new();
    for (source, file) in files {
        collect(*source, file, map, &mut allows);
    }
    if allows.is_empty() {
        return;
    }
    let mut by_place: HashMap<(SourceId, usize), Vec<usize>> = HashMap::new();
    for (at, allow) in allows.iter().enumerate() {
        by_place.entry((allow.source, allow.line)).or_default().push(at);
    }
    diagnostics.retain(|diagnostic| {
        if diagnostic.level == Level::Error {
            return true;
        }
        let span = diagnostic.primary.span;
        let Some(source) = map.get(span.source) else { return true };
        let (line, _) = source.line_column(span.start as usize);
        let mut keep = true;
        for at in by_place.get(&(span.source, line)).into_iter().flatten() {
            if let Some(allow) = allows.get_mut(*at)
                && names(&allow.code, diagnostic.code)
            {
                allow.used = true;
                keep = false;
            }
        }
        keep
    });
    let complete = !diagnostics.has_errors();
    for found in allows {
        let known = codes::pages().any(|page| names(&found.code, page.code));
        if !known {
            let diagnostic =
                Diagnostic::warning(allow::UNKNOWN, found.span, format!("there is no code `{}`", found.code));
            let all: Vec<&str> = codes::pages().map(|page| page.code.0).collect();
            diagnostics.push(match suggest::nearest(&found.code, all.iter().copied()) {
                Some(nearest) => diagnostic.help(format!("did you mean `{nearest}`?")).fix(
                    found.span,
                    nearest,
                    format!("replace by `{nearest}`"),
                ),
                None => diagnostic
                    .help("write the code as it stands in the finding, as in `# allow(mfp::lint::unused)`"),
            });
        } else if !found.used && complete {
            diagnostics.push(
                Diagnostic::warning(
                    allow::UNUSED,
                    found.span,
                    format!("there is no `{}` here to be allowed", found.code),
                )
                .help("remove the comment; it speaks of its own line, or of the next where it stands alone"),
            );
        }
    }
}

/// `mfp::lint::unused`, or `lint::unused` for short.
fn names(written: &str, code: Code) -> bool {
    code.0 == written || code.0.strip_prefix("mfp::") == Some(written)
}

fn collect(source: SourceId, file: &ast::File, map: &SourceMap, allows: &mut Vec<Allow>) {
    let Some(text) = map.get(source) else { return };
    // Comments that stand alone speak of the line after the last of them.
    let mut pending: Vec<Allow> = Vec::new();
    let mut previous_line = 0;
    for comment in &file.comments {
        let (line, _) = text.line_column(comment.span.start as usize);
        if line != previous_line + 1 {
            allows.append(&mut pending);
        }
        previous_line = line;
        for allow in &mut pending {
            allow.line = line + 1;
        }
        if !comment.own_line {
            for allow in &mut pending {
                allow.line = line;
            }
            allows.append(&mut pending);
        }
        for (code, span) in codes_of(map.slice(comment.span), comment.span) {
            let target = if comment.own_line { line + 1 } else { line };
            let allow = Allow { source, line: target, code, span, used: false };
            if comment.own_line {
                pending.push(allow);
            } else {
                allows.push(allow);
            }
        }
    }
    allows.append(&mut pending);
}

/// The codes of `# allow(a, b)`, with their places.
fn codes_of(comment: &str, span: Span) -> Vec<(String, Span)> {
    let Some(rest) = comment.trim_start_matches('#').trim_start().strip_prefix("allow(") else {
        return Vec::new();
    };
    let Some((inside, _)) = rest.split_once(')') else { return Vec::new() };
    let start = comment.len() - rest.len();
    let mut found = Vec::new();
    let mut at = start;
    for part in inside.split(',') {
        let code = part.trim();
        let lead = part.len() - part.trim_start().len();
        if !code.is_empty() {
            let from = span.start as usize + at + lead;
            found.push((code.to_string(), Span::new(span.source, from, from + code.len())));
        }
        at += part.len() + 1;
    }
    found
}
