//! Diagnostics as SARIF 2.1.0 (OASIS), for code hosts and editors. The only file that knows the format.
//!
//! Rules are taken from the registry of codes, only those that have results; columns count Unicode characters
//! (`columnKind` says so). Sources that are no files (the standard library) are named by a `mailfw-std:` URI.

use super::registry;
use crate::base::diagnostic::{Diagnostic, Fix, Label, Level};
use crate::base::source::{SourceMap, Span};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write;

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Log<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'a> {
    tool: Tool<'a>,
    column_kind: &'static str,
    results: Vec<Finding<'a>>,
}

#[derive(Serialize)]
struct Tool<'a> {
    driver: Driver<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver<'a> {
    name: &'static str,
    version: &'static str,
    semantic_version: &'static str,
    rules: Vec<Rule<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule<'a> {
    id: &'a str,
    short_description: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    full_description: Option<Text<'a>>,
    help: Text<'a>,
}

#[derive(Serialize)]
struct Text<'a> {
    text: std::borrow::Cow<'a, str>,
}

fn text<'a>(words: impl Into<std::borrow::Cow<'a, str>>) -> Text<'a> {
    Text { text: words.into() }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Finding<'a> {
    rule_id: &'a str,
    rule_index: usize,
    level: &'static str,
    message: Text<'a>,
    locations: Vec<Location<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<Location<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fixes: Vec<Mend<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<usize>,
    physical_location: PhysicalLocation,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Text<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: ArtifactLocation,
    region: Region,
}

#[derive(Serialize)]
struct ArtifactLocation {
    uri: String,
}

#[derive(Serialize, Clone, Copy)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: usize,
    start_column: usize,
    end_line: usize,
    end_column: usize,
    byte_offset: usize,
    byte_length: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Mend<'a> {
    description: Text<'a>,
    artifact_changes: [ArtifactChange<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ArtifactChange<'a> {
    artifact_location: ArtifactLocation,
    replacements: [Replacement<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Replacement<'a> {
    deleted_region: Region,
    inserted_content: Text<'a>,
}

/// The whole log as one JSON document, ending in a line end.
pub fn render<'d>(diagnostics: impl IntoIterator<Item = &'d Diagnostic>, sources: &SourceMap) -> String {
    let mut rules = Vec::new();
    let mut index = BTreeMap::new();
    let mut results = Vec::new();
    for diagnostic in diagnostics {
        let code = diagnostic.code.0;
        let rule_index = *index.entry(code).or_insert_with(|| {
            rules.push(rule(code));
            rules.len() - 1
        });
        results.push(finding(diagnostic, rule_index, sources));
    }
    let version = env!("CARGO_PKG_VERSION");
    let driver = Driver { name: "mailfw", version, semantic_version: version, rules };
    let run = Run { tool: Tool { driver }, column_kind: "unicodeCodePoints", results };
    let log = Log { schema: SCHEMA, version: "2.1.0", runs: [run] };
    // Texts and numbers alone: nothing in a log can fail to serialize.
    let mut document = serde_json::to_string_pretty(&log).unwrap_or_default();
    document.push('\n');
    document
}

fn rule(code: &str) -> Rule<'_> {
    let page = registry::page(code);
    Rule {
        id: code,
        short_description: text(page.map_or(code, |page| page.title)),
        full_description: page.map(|page| text(page.text)),
        help: text(format!("mailfw explain-code {code}")),
    }
}

fn finding<'a>(diagnostic: &'a Diagnostic, rule_index: usize, sources: &SourceMap) -> Finding<'a> {
    let mut words = diagnostic.message.clone();
    if let Some(help) = &diagnostic.help {
        // A message of SARIF is plain text for people; there is no other place for what mends it.
        let _ = write!(words, "\n\nhelp: {help}");
    }
    Finding {
        rule_id: diagnostic.code.0,
        rule_index,
        level: match diagnostic.level {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Note => "note",
        },
        message: text(words),
        locations: location(&diagnostic.primary, None, sources).into_iter().collect(),
        related_locations: diagnostic
            .secondary
            .iter()
            .enumerate()
            .filter_map(|(at, label)| location(label, Some(at + 1), sources))
            .collect(),
        fixes: diagnostic.fix.as_ref().and_then(|fix| mend(fix, sources)).into_iter().collect(),
    }
}

fn location<'a>(label: &'a Label, id: Option<usize>, sources: &SourceMap) -> Option<Location<'a>> {
    let message = Some(label.text.as_str()).filter(|words| !words.is_empty()).map(text);
    Some(Location { id, physical_location: physical(label.span, sources)?, message })
}

fn mend<'a>(fix: &'a Fix, sources: &SourceMap) -> Option<Mend<'a>> {
    let place = physical(fix.span, sources)?;
    let replacement =
        Replacement { deleted_region: place.region, inserted_content: text(fix.replacement.as_str()) };
    Some(Mend {
        description: text(fix.title.as_str()),
        artifact_changes: [ArtifactChange {
            artifact_location: place.artifact_location,
            replacements: [replacement],
        }],
    })
}

fn physical(span: Span, sources: &SourceMap) -> Option<PhysicalLocation> {
    let source = sources.get(span.source)?;
    let (start_line, start_column) = source.line_column(span.range().start);
    let (end_line, end_column) = source.line_column(span.range().end);
    let region = Region {
        start_line,
        start_column,
        end_line,
        end_column,
        byte_offset: span.range().start,
        byte_length: span.range().len(),
    };
    Some(PhysicalLocation { artifact_location: ArtifactLocation { uri: uri(&source.name) }, region })
}

/// A path or module name as a URI reference (RFC 3986): all but unreserved characters and `/` are percent-encoded.
fn uri(name: &str) -> String {
    let (scheme, path) = match name.strip_prefix("std::") {
        Some(module) => ("mailfw-std:", module.replace("::", "/")),
        None if name.starts_with('/') => ("file://", name.to_string()),
        None => ("", name.to_string()),
    };
    let mut uri = scheme.to_string();
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'/') {
            uri.push(byte as char);
        } else {
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    uri
}
