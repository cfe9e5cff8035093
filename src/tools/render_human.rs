//! Diagnostics for people: the places underlined in their lines, the message above, the mend below.
//!
//! The only file that knows miette. Labels of several files stand in one report: the texts are laid end to end in one
//! space of offsets, the file of the primary label first, with a gap between two that no excerpt can cross. Cost: by
//! the lines that are shown, however long the files; control characters in sources are replaced once, when the
//! renderer is made. Lines and labels too long for a terminal are cut around their place.

use super::terminal::{Look, Paint, printable, printable_in_place};
use crate::base::diagnostic::{Code, Diagnostic, Label, Level};
use crate::base::source::{Source, SourceId, SourceMap, Span};
use miette::{
    GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents, Severity,
    SourceCode, SourceSpan, SpanContents, ThemeCharacters, ThemeStyles,
};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

/// Lines above and below a label.
const CONTEXT_LINES: usize = 1;
/// Bytes of a line that are shown before and after a label.
const LINE_BYTES: usize = 160;
/// Bytes a label underlines at most.
const LABEL_BYTES: usize = 240;
/// Lines a label covers at most; of a longer one the first line is underlined.
const LABEL_LINES: usize = 6;

/// Notes of one code that are shown.
const NOTES_SHOWN: usize = 5;

/// Renders diagnostics about one set of sources.
pub struct HumanRenderer<'a> {
    sources: Vec<(SourceId, &'a Source, Cow<'a, str>)>,
    look: Look,
    handler: GraphicalReportHandler,
}

impl<'a> HumanRenderer<'a> {
    /// A renderer for diagnostics whose spans are of `sources`.
    pub fn new(sources: &'a SourceMap, look: Look) -> Self {
        let characters = if look.unicode { ThemeCharacters::unicode() } else { ThemeCharacters::ascii() };
        let styles = if look.color { ThemeStyles::ansi() } else { ThemeStyles::none() };
        let handler = GraphicalReportHandler::new_themed(GraphicalTheme { characters, styles })
            .with_width(look.width.clamp(40, 160))
            .with_context_lines(CONTEXT_LINES)
            .with_break_words(false)
            .with_links(false);
        let sources = sources.iter().map(|(id, source)| (id, source, shown_text(&source.text))).collect();
        HumanRenderer { sources, look, handler }
    }

    /// The report of one diagnostic, ending in an empty line.
    pub fn render(&self, diagnostic: &Diagnostic) -> String {
        let report = Report::new(self, diagnostic);
        let mut out = String::new();
        if self.handler.render_report(&mut out, &report).is_err() {
            out = plain(diagnostic);
        }
        let mut lines: String = out.lines().map(|line| format!("{}\n", line.trim_end())).collect();
        lines.push('\n');
        lines
    }

    /// All reports, then a line with their numbers and how to read more about them; empty for no diagnostics. Of notes
    /// with one code the first few are shown and the others counted.
    pub fn render_all<'d>(&self, diagnostics: impl IntoIterator<Item = &'d Diagnostic>) -> String {
        let mut out = String::new();
        let mut seen: Vec<&Diagnostic> = Vec::new();
        let mut notes: BTreeMap<Code, usize> = BTreeMap::new();
        for diagnostic in diagnostics {
            seen.push(diagnostic);
            if diagnostic.level == Level::Note {
                let count = notes.entry(diagnostic.code).or_default();
                *count += 1;
                if *count > NOTES_SHOWN {
                    continue;
                }
            }
            out.push_str(&self.render(diagnostic));
        }
        for (code, count) in notes.iter().filter(|(_, count)| **count > NOTES_SHOWN) {
            out.push_str(&format!(
                "and {} more notes of {code}; --format json has all\n\n",
                count - NOTES_SHOWN
            ));
        }
        if !seen.is_empty() {
            out.push_str(&self.closing(&seen));
        }
        out
    }

    fn closing(&self, diagnostics: &[&Diagnostic]) -> String {
        let counts = tally(diagnostics.iter().copied());
        let worst = diagnostics.iter().map(|diagnostic| diagnostic.level).min();
        let paint = match worst {
            Some(Level::Error) => Paint::Red,
            Some(Level::Warning) => Paint::Yellow,
            _ => Paint::Cyan,
        };
        let code =
            diagnostics.iter().min_by_key(|diagnostic| diagnostic.level).map_or("", |first| first.code.0);
        format!(
            "{}\nTo read more about a code: mailfw explain-code {code}\n",
            self.look.paint(paint, &counts)
        )
    }
}

/// `2 errors, 1 warning`, in words; `nothing to report` for none.
pub fn tally<'d>(diagnostics: impl IntoIterator<Item = &'d Diagnostic>) -> String {
    let mut counts = [0usize; 3];
    for diagnostic in diagnostics {
        let [errors, warnings, notes] = &mut counts;
        match diagnostic.level {
            Level::Error => *errors += 1,
            Level::Warning => *warnings += 1,
            Level::Note => *notes += 1,
        }
    }
    let words: Vec<String> = counts
        .iter()
        .zip(["error", "warning", "note"])
        .filter(|(count, _)| **count > 0)
        .map(|(count, noun)| format!("{count} {noun}{}", if *count == 1 { "" } else { "s" }))
        .collect();
    if words.is_empty() { "nothing to report".to_string() } else { words.join(", ") }
}

/// What is shown should drawing fail; it has everything but the excerpt.
fn plain(diagnostic: &Diagnostic) -> String {
    let help = diagnostic.help.as_ref().map(|help| format!("\n  help: {}", printable(help)));
    format!("{}: {}{}\n", diagnostic.code, printable(&diagnostic.message), help.unwrap_or_default())
}

/// The text as it is shown. Every line ends, so that a label after the last character has a line to stand in.
fn shown_text(text: &str) -> Cow<'_, str> {
    let mut shown = printable_in_place(text);
    if !shown.ends_with('\n') {
        shown.to_mut().push('\n');
    }
    shown
}

/// A diagnostic as miette wants it.
struct Report<'a> {
    diagnostic: &'a Diagnostic,
    message: String,
    help: Option<String>,
    labels: Vec<LabeledSpan>,
    layout: Layout<'a>,
}

impl<'a> Report<'a> {
    fn new(renderer: &'a HumanRenderer<'a>, diagnostic: &'a Diagnostic) -> Self {
        let mut layout = Layout { sections: Vec::new() };
        let mut labels = Vec::new();
        labels.extend(layout.place(renderer, &diagnostic.primary, true));
        for label in &diagnostic.secondary {
            labels.extend(layout.place(renderer, label, false));
        }
        let help = diagnostic.help.as_deref().or(diagnostic.fix.as_ref().map(|fix| fix.title.as_str()));
        Report {
            diagnostic,
            message: printable(&diagnostic.message).into_owned(),
            help: help.map(|help| printable(help).into_owned()),
            labels,
            layout,
        }
    }
}

/// The texts a report speaks of, end to end in one space of offsets.
struct Layout<'a> {
    sections: Vec<Section<'a>>,
}

struct Section<'a> {
    base: usize,
    source: &'a Source,
    text: &'a str,
}

impl<'a> Layout<'a> {
    /// The label in the common space; `None` where its span is of no text (nothing is underlined then).
    fn place(
        &mut self,
        renderer: &'a HumanRenderer<'a>,
        label: &Label,
        primary: bool,
    ) -> Option<LabeledSpan> {
        let (_, source, text) = renderer.sources.iter().find(|(id, ..)| *id == label.span.source)?;
        let base = self.base(source, text);
        let range = shown_range(text, label.span);
        let words = Some(printable(&label.text).into_owned()).filter(|text| !text.is_empty());
        let span = SourceSpan::from((base + range.start, range.len()));
        Some(if primary {
            LabeledSpan::new_primary_with_span(words, span)
        } else {
            LabeledSpan::new_with_span(words, span)
        })
    }

    fn base(&mut self, source: &'a Source, text: &'a str) -> usize {
        if let Some(known) = self.sections.iter().find(|section| std::ptr::eq(section.source, source)) {
            return known.base;
        }
        let base = self.sections.last().map_or(0, |last| last.base + last.text.len() + 1);
        self.sections.push(Section { base, source, text });
        base
    }
}

/// The part of a span that is underlined: in the text, on character boundaries, of few lines.
fn shown_range(text: &str, span: Span) -> std::ops::Range<usize> {
    let mut start = text.floor_char_boundary(span.range().start);
    if start == text.len() && text.ends_with('\n') {
        start -= 1;
    }
    let mut end = text.floor_char_boundary(span.range().end.max(start));
    let lines = memchr::memchr_iter(b'\n', text.as_bytes().get(start..end).unwrap_or(&[])).count();
    if lines >= LABEL_LINES {
        end = line_end(text, start);
    }
    start..text.floor_char_boundary(end.min(start + LABEL_BYTES)).max(start)
}

/// The offset of the first byte of the line that holds `at`.
fn line_start(text: &str, at: usize) -> usize {
    memchr::memrchr(b'\n', text.as_bytes().get(..at).unwrap_or(&[])).map_or(0, |newline| newline + 1)
}

/// The offset of the line end at or after `at`, or the text's.
fn line_end(text: &str, at: usize) -> usize {
    memchr::memchr(b'\n', text.as_bytes().get(at..).unwrap_or(&[])).map_or(text.len(), |newline| at + newline)
}

impl SourceCode for Layout<'_> {
    fn read_span<'s>(
        &'s self,
        span: &SourceSpan,
        lines_before: usize,
        lines_after: usize,
    ) -> Result<Box<dyn SpanContents<'s> + 's>, MietteError> {
        let section = self
            .sections
            .iter()
            .rfind(|section| section.base <= span.offset())
            .ok_or(MietteError::OutOfBounds)?;
        let (start, end) = (span.offset() - section.base, span.offset() + span.len() - section.base);
        if end > section.text.len() {
            return Err(MietteError::OutOfBounds);
        }
        let (from, to) = section.excerpt(start, end, lines_before, lines_after);
        let data = section.text.get(from..to).ok_or(MietteError::OutOfBounds)?;
        let (line, column) = section.source.line_column(from);
        Ok(Box::new(MietteSpanContents::new_named(
            printable(&section.source.name).into_owned(),
            data.as_bytes(),
            SourceSpan::from((section.base + from, data.len())),
            line - 1,
            column - 1,
            data.lines().count(),
        )))
    }
}

impl Section<'_> {
    /// The bytes to show for `start..end` with so many lines around; without lines before, from `start` on.
    fn excerpt(&self, start: usize, end: usize, before: usize, after: usize) -> (usize, usize) {
        let mut from = start;
        if before > 0 {
            from = line_start(self.text, start);
            for _ in 0..before {
                from = line_start(self.text, from.saturating_sub(1));
            }
            if start - from > 2 * LINE_BYTES {
                from = self.text.floor_char_boundary(start - LINE_BYTES).max(line_start(self.text, start));
            }
        }
        let mut to =
            line_end(self.text, end.max(start + 1).min(self.text.len()).saturating_sub(1).max(start));
        for _ in 0..after {
            to = line_end(self.text, (to + 1).min(self.text.len()));
        }
        if to.saturating_sub(end) > 2 * LINE_BYTES {
            to = self.text.floor_char_boundary(end + LINE_BYTES).min(line_end(self.text, end));
        }
        (from, to.max(end))
    }
}

impl fmt::Debug for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Report<'_> {}

impl miette::Diagnostic for Report<'_> {
    fn code<'s>(&'s self) -> Option<Box<dyn fmt::Display + 's>> {
        Some(Box::new(self.diagnostic.code))
    }

    fn severity(&self) -> Option<Severity> {
        Some(match self.diagnostic.level {
            Level::Error => Severity::Error,
            Level::Warning => Severity::Warning,
            Level::Note => Severity::Advice,
        })
    }

    fn help<'s>(&'s self) -> Option<Box<dyn fmt::Display + 's>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.layout)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().cloned()))
    }
}
