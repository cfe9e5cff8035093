//! Golden findings: each file of `tests/corpus/syntax` with what the parser says of it beside it.
//!
//! With `UPDATE_GOLDEN=1` the expected texts are written anew; look at the difference before you keep it.

use super::syntax::parsed;
use mailfw::base::diagnostic::{Diagnostic, Level};
use mailfw::base::limits::SourceLimits;
use mailfw::base::source::SourceId;
use mailfw::language::syntax::{codes, parse_bytes};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::PathBuf;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/syntax")
}

/// Findings in plain text: place, level, code and message on a line; label, other places, help and change below.
pub(crate) fn rendered(text: &[u8], findings: &[&Diagnostic]) -> String {
    let place = |at: u32| {
        let before = String::from_utf8_lossy(&text[..(at as usize).min(text.len())]);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        format!("{line}:{column}")
    };
    let mut out = String::new();
    for finding in findings {
        let level = match finding.level {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Note => "note",
        };
        let span = finding.primary.span;
        writeln!(
            out,
            "{}-{} {level} {} {}",
            place(span.start),
            place(span.end),
            finding.code,
            finding.message
        )
        .unwrap();
        if !finding.primary.text.is_empty() {
            writeln!(out, "    here: {}", finding.primary.text).unwrap();
        }
        for label in &finding.secondary {
            writeln!(out, "    {}: {}", place(label.span.start), label.text).unwrap();
        }
        if let Some(help) = &finding.help {
            writeln!(out, "    help: {help}").unwrap();
        }
        if let Some(fix) = &finding.fix {
            writeln!(
                out,
                "    fix: {}: replace {}-{} by {:?}",
                fix.title,
                place(fix.span.start),
                place(fix.span.end),
                fix.replacement
            )
            .unwrap();
        }
    }
    out
}

#[test]
fn every_golden_file_is_found_fault_with_as_written_beside_it() {
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    let mut differing = Vec::new();
    let mut seen = 0;
    for entry in std::fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "mfp") {
            continue;
        }
        seen += 1;
        let bytes = std::fs::read(&path).unwrap();
        let parsed = parse_bytes(SourceId(0), &bytes, &SourceLimits::default());
        let found = rendered(&bytes, &parsed.diagnostics.sorted());
        let golden = path.with_extension("txt");
        if update {
            std::fs::write(&golden, &found).unwrap();
        }
        let expected = std::fs::read_to_string(&golden).unwrap_or_default();
        if expected != found {
            differing.push(format!("{}\n-- expected\n{expected}-- found\n{found}", path.display()));
        }
    }
    assert!(seen > 30, "{seen} golden files");
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}

#[test]
fn every_page_fails_and_passes_as_it_says() {
    for page in codes::PAGES {
        let failing = parsed(page.failing).diagnostics;
        let raised = failing.iter().any(|finding| finding.code == page.code);
        let by_bytes = matches!(
            page.code,
            codes::NOT_UTF8 | codes::TOO_LARGE | codes::TOO_DEEP | codes::TOO_LONG | codes::TOO_MANY_ERRORS
        );
        assert!(
            raised || by_bytes,
            "{}: {}",
            page.code,
            rendered(page.failing.as_bytes(), &failing.sorted())
        );
        let passing = parsed(page.passing).diagnostics;
        assert!(
            !passing.has_errors(),
            "{}: {}",
            page.code,
            rendered(page.passing.as_bytes(), &passing.sorted())
        );
    }
}

#[test]
fn every_code_that_can_be_shown_in_a_small_file_has_a_golden_one() {
    let mut shown = BTreeSet::new();
    for entry in std::fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "txt") {
            let text = std::fs::read_to_string(&path).unwrap();
            shown.extend(
                codes::PAGES.iter().filter(|page| text.contains(page.code.0)).map(|page| page.code.0),
            );
        }
    }
    let missing: Vec<&str> = codes::PAGES
        .iter()
        .map(|page| page.code.0)
        .filter(|code| !shown.contains(code) && *code != codes::TOO_LARGE.0 && *code != codes::TOO_LONG.0)
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// The law of diagnostics, for whatever the golden files raise.
#[test]
fn every_golden_finding_keeps_the_law() {
    for entry in std::fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "mfp") {
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        for finding in parse_bytes(SourceId(0), &bytes, &SourceLimits::default()).diagnostics.iter() {
            let message = &finding.message;
            assert!(!message.ends_with('.') && !message.contains('\n'), "{message}");
            assert!(!message.starts_with(char::is_uppercase), "{message}");
            assert!(finding.help.as_ref().is_some_and(|help| !help.is_empty()), "no help: {message}");
            assert!(finding.primary.span.start <= finding.primary.span.end, "{message}");
            assert!(finding.primary.span.end as usize <= bytes.len() + 1, "{message}");
        }
    }
}
