use super::{CODE, two_files};
use mailfw::base::diagnostic::{Diagnostic, Level};
use mailfw::base::source::{SourceId, SourceMap, Span};
use mailfw::tools::render_human::{HumanRenderer, tally};
use mailfw::tools::render_json;
use mailfw::tools::terminal::Look;

fn plain() -> Look {
    Look { width: 80, color: false, unicode: true }
}

#[test]
fn a_report_shows_its_places_in_several_files() {
    let (sources, diagnostic) = two_files();
    let report = HumanRenderer::new(&sources, plain()).render(&diagnostic);
    insta::assert_snapshot!(report, @r#"
    mailfw::usage

      × `subjekt` is not known
       ╭─[main.mfp:4:10]
     3 │ policy grüße {
     4 │     when subjekt contains "x"
       ·          ───┬───
       ·             ╰── no fact, criterion or list of that name
     5 │ }
       ╰────
       ╭─[words.mfp:3:11]
     2 │
     3 │ criterion subject = true
       ·           ───┬───
       ·              ╰── this is near
       ╰────
      help: did you mean `subject`?
    "#);
}

#[test]
fn without_box_drawing_a_report_is_ascii() {
    let mut sources = SourceMap::default();
    let id = sources.add("a.mfp", "policy p {\n  when x\n}\n");
    let diagnostic = Diagnostic::warning(CODE, Span::new(id, 18, 19), "`x` is not known").label("here");
    let look = Look { unicode: false, ..plain() };
    let report = HumanRenderer::new(&sources, look).render_all([&diagnostic]);
    assert!(report.is_ascii(), "{report}");
    assert!(report.contains("[a.mfp:2:8]") && report.contains("1 warning\n"), "{report}");
    assert!(report.contains("mailfw explain-code mailfw::usage"), "{report}");
}

#[test]
fn colours_are_used_only_where_asked_for() {
    let (sources, diagnostic) = two_files();
    let look = Look { color: true, ..plain() };
    assert!(HumanRenderer::new(&sources, look).render(&diagnostic).contains("\u{1b}["));
    assert!(!HumanRenderer::new(&sources, plain()).render(&diagnostic).contains('\u{1b}'));
}

#[test]
fn a_place_of_no_text_gives_a_report_without_excerpt() {
    let sources = SourceMap::default();
    let diagnostic =
        Diagnostic::error(CODE, Span::new(SourceId(u32::MAX), 5, 9), "nothing is there").help("look");
    let report = HumanRenderer::new(&sources, plain()).render(&diagnostic);
    assert_eq!(report, "mailfw::usage\n\n  × nothing is there\n  help: look\n\n");
}

#[test]
fn escape_sequences_of_a_policy_do_not_reach_the_terminal() {
    let mut sources = SourceMap::default();
    let text = "policy \u{1b}]0;owned\u{7} {\n}\n";
    let id = sources.add("bad\u{1b}[2J.mfp", text);
    let diagnostic = Diagnostic::error(CODE, Span::new(id, 7, 16), "`\u{1b}]0;` is no name").label("\u{1b}c");
    let report = HumanRenderer::new(&sources, plain()).render(&diagnostic);
    assert!(!report.contains('\u{1b}') && !report.contains('\u{7}'), "{report}");
}

#[test]
fn long_lines_and_long_labels_are_cut_around_their_place() {
    let mut sources = SourceMap::default();
    let text = format!("{} here {}\n{}", "x".repeat(100_000), "y".repeat(100_000), "line\n".repeat(5_000));
    let id = sources.add("long.mfp", text.clone());
    let renderer = HumanRenderer::new(&sources, plain());
    let near =
        Diagnostic::error(CODE, Span::new(id, 100_001, 100_005), "a word in a long line").label("this");
    let report = renderer.render(&near);
    assert!(report.contains(" here ") && report.contains("long.mfp:1:100002"), "{report}");
    assert!(report.len() < 3_000, "{} bytes", report.len());
    let whole = Diagnostic::error(CODE, Span::new(id, 0, text.len()), "the whole text").label("all of this");
    assert!(renderer.render(&whole).len() < 3_000);
    let rest =
        Diagnostic::error(CODE, Span::new(id, 200_007, text.len()), "five thousand lines").label("all");
    assert!(renderer.render(&rest).lines().count() < 20);
}

#[test]
fn the_end_of_a_text_can_be_underlined() {
    for text in ["policy p {\n", "policy p {", "", "\n", "ü"] {
        let mut sources = SourceMap::default();
        let id = sources.add("end.mfp", text);
        let diagnostic =
            Diagnostic::error(CODE, Span::new(id, text.len(), text.len()), "`}` is missing").label("here");
        let report = HumanRenderer::new(&sources, plain()).render(&diagnostic);
        assert!(report.contains("`}` is missing"), "{report}");
        assert!(text.len() < 2 || report.contains("here"), "{text:?}: {report}");
    }
}

#[test]
fn spans_beyond_their_text_or_inside_a_character_are_shown_all_the_same() {
    let mut sources = SourceMap::default();
    let id = sources.add("a.mfp", "grüße");
    for (start, end) in [(3, 4), (0, 900), (700, 900), (5, 2)] {
        let span = Span { source: id, start, end };
        let report =
            HumanRenderer::new(&sources, plain()).render(&Diagnostic::note(CODE, span, "odd").label("x"));
        assert!(report.contains("odd"), "{report}");
    }
}

#[test]
fn the_closing_line_counts_by_level() {
    let span = Span::default();
    let of = |level| Diagnostic::new(level, CODE, span, "x");
    let some = [of(Level::Error), of(Level::Note), of(Level::Error), of(Level::Warning)];
    assert_eq!(tally(&some), "2 errors, 1 warning, 1 note");
    assert_eq!(tally(&[]), "nothing to report");
}

#[test]
fn json_says_everything_on_one_line() {
    let (sources, diagnostic) = two_files();
    let line = render_json::render(&diagnostic, &sources);
    assert!(!line.contains('\n'));
    let json: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(
        json,
        serde_json::json!({
            "code": "mailfw::usage", "level": "error", "message": "`subjekt` is not known",
            "file": "main.mfp",
            "start": {"line": 4, "column": 10, "offset": 43}, "end": {"line": 4, "column": 17, "offset": 50},
            "label": "no fact, criterion or list of that name",
            "related": [{
                "file": "words.mfp", "label": "this is near",
                "start": {"line": 3, "column": 11, "offset": 19}, "end": {"line": 3, "column": 18, "offset": 26},
            }],
            "help": "did you mean `subject`?",
            "fix": {
                "title": "replace by `subject`", "replacement": "subject", "file": "main.mfp",
                "start": {"line": 4, "column": 10, "offset": 43}, "end": {"line": 4, "column": 17, "offset": 50},
            },
        })
    );
}

#[test]
fn two_places_of_one_file_far_apart_are_both_shown() {
    let mut sources = SourceMap::default();
    let text: String = (1..=40).map(|line| format!("line {line} of the text\n")).collect();
    let id = sources.add("far.mfp", text.clone());
    let at = |word: &str| {
        let start = text.find(word).unwrap();
        Span::new(id, start, start + word.len())
    };
    let diagnostic =
        Diagnostic::note(CODE, at("line 30"), "these two differ").also(at("line 10"), "the other");
    let report = HumanRenderer::new(&sources, plain()).render(&diagnostic);
    assert!(report.contains("[far.mfp:30:1]") && report.contains("[far.mfp:10:1]"), "{report}");
    assert!(report.contains("the other"), "{report}");
}

#[test]
fn places_in_the_library_are_shown() {
    let mut files = std::collections::BTreeMap::from([(
        "main.mfp".to_string(),
        b"use std::attachments::{no_executables}\nsite { domains @a.example }\nfolder f { keep 1 day }\n\
          directory a { domain @a.example\n apply no_executables(folder: 3) to senders }\n"
            .to_vec(),
    )]);
    let checked = mailfw::language::check("main.mfp", &mut files, &Default::default());
    let report = HumanRenderer::new(&checked.map, plain()).render_all(checked.diagnostics.sorted());
    assert!(report.contains("[main.mfp:5:"), "{report}");
    let (id, library) = checked.map.iter().find(|(_, source)| source.name == "std::attachments").unwrap();
    let start = library.text.find("policy no_executables").unwrap();
    let inside = Diagnostic::note(CODE, Span::new(id, start, start + 6), "a place in the library");
    let report = HumanRenderer::new(&checked.map, plain()).render(&inside);
    assert!(report.contains("[std::attachments:") && report.contains("no_executables"), "{report}");
}

#[test]
fn many_notes_of_one_code_are_counted_and_errors_are_all_shown() {
    let mut sources = SourceMap::default();
    let id = sources.add("many.mfp", "x\n".repeat(100));
    let at = |line: usize| Span::new(id, line * 2, line * 2 + 1);
    let notes: Vec<Diagnostic> = (0..50).map(|line| Diagnostic::note(CODE, at(line), "a note")).collect();
    let errors: Vec<Diagnostic> = (0..50).map(|line| Diagnostic::error(CODE, at(line), "an error")).collect();
    let report = HumanRenderer::new(&sources, plain()).render_all(notes.iter().chain(&errors));
    assert_eq!((report.matches("a note\n").count(), report.matches("an error\n").count()), (5, 50));
    assert!(
        report.contains("and 45 more notes of mailfw::usage") && report.contains("50 errors, 50 notes"),
        "{report}"
    );
}
