//! Diagnostics for programs: one JSON object a line. The schema is in `docs/schemas/diagnostic.json`.

use crate::base::diagnostic::{Diagnostic, Label, Level};
use crate::base::source::{SourceMap, Span};
use serde::Serialize;

/// One diagnostic as it is written.
#[derive(Debug, Serialize)]
struct Line<'a> {
    code: &'a str,
    level: &'static str,
    message: &'a str,
    #[serde(flatten)]
    place: Option<Place<'a>>,
    #[serde(skip_serializing_if = "str::is_empty")]
    label: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related: Vec<Related<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<FixLine<'a>>,
}

/// A place in a source text.
#[derive(Debug, Serialize)]
struct Place<'a> {
    file: &'a str,
    start: Point,
    end: Point,
}

#[derive(Debug, Serialize)]
struct Point {
    line: usize,
    column: usize,
    offset: usize,
}

#[derive(Debug, Serialize)]
struct Related<'a> {
    #[serde(flatten)]
    place: Place<'a>,
    label: &'a str,
}

#[derive(Debug, Serialize)]
struct FixLine<'a> {
    title: &'a str,
    #[serde(flatten)]
    place: Place<'a>,
    replacement: &'a str,
}

/// The diagnostic as one JSON object, without a line end.
pub fn render(diagnostic: &Diagnostic, sources: &SourceMap) -> String {
    let line = Line {
        code: diagnostic.code.0,
        level: level_name(diagnostic.level),
        message: &diagnostic.message,
        place: place(diagnostic.primary.span, sources),
        label: &diagnostic.primary.text,
        related: diagnostic.secondary.iter().filter_map(|label| related(label, sources)).collect(),
        help: diagnostic.help.as_deref(),
        fix: diagnostic.fix.as_ref().and_then(|fix| {
            Some(FixLine {
                title: &fix.title,
                place: place(fix.span, sources)?,
                replacement: &fix.replacement,
            })
        }),
    };
    // Texts and numbers alone: nothing in a line can fail to serialize.
    serde_json::to_string(&line).unwrap_or_default()
}

/// `error`, `warning` or `note`.
pub fn level_name(level: Level) -> &'static str {
    match level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Note => "note",
    }
}

fn related<'a>(label: &'a Label, sources: &'a SourceMap) -> Option<Related<'a>> {
    Some(Related { place: place(label.span, sources)?, label: &label.text })
}

fn place(span: Span, sources: &SourceMap) -> Option<Place<'_>> {
    let source = sources.get(span.source)?;
    let point = |offset: usize| {
        let (line, column) = source.line_column(offset);
        Point { line, column, offset }
    };
    Some(Place { file: &source.name, start: point(span.range().start), end: point(span.range().end) })
}
