//! Hostile sources: bounded time, bounded stack, a diagnostic.

use super::syntax::parsed;
use mailfw::base::limits::SourceLimits;
use mailfw::base::source::SourceId;
use mailfw::language::syntax::{codes, parse, parse_bytes};
use std::time::{Duration, Instant};

const MIB: usize = 1 << 20;

/// The codes found in a text, which must be read within a time that only something worse than linear would take.
fn codes_of(text: &str) -> Vec<String> {
    let before = Instant::now();
    let parsed = parsed(text);
    let elapsed = before.elapsed();
    println!("{elapsed:?} {:?}", text.get(text.len() / 2..text.len() / 2 + 10));
    assert!(elapsed < Duration::from_secs(20), "took {elapsed:?}");
    assert!(parsed.diagnostics.len() <= 110, "{} findings", parsed.diagnostics.len());
    parsed.diagnostics.iter().map(|finding| finding.code.0.to_string()).collect()
}

#[test]
fn fifty_megabytes_are_refused_at_once() {
    let text = "#".repeat(50 * MIB);
    let before = Instant::now();
    let found = codes_of(&text);
    assert_eq!(found, [codes::TOO_LARGE.0]);
    assert!(before.elapsed() < Duration::from_secs(1));
}

#[test]
fn megabytes_of_lone_quotes_are_given_up_soon() {
    assert!(codes_of(&"\"\n".repeat(4 * MIB)).contains(&codes::TOO_MANY_ERRORS.0.to_string()));
    assert!(!codes_of(&"\"".repeat(8 * MIB)).is_empty());
    assert!(!codes_of(&"\"a".repeat(4 * MIB)).is_empty());
    assert!(!codes_of(&"\"{".repeat(4 * MIB)).is_empty());
}

#[test]
fn brackets_of_every_kind_are_bounded() {
    for open in ["(", "[", "{", "{(", "directory a {", "x(", "\"{", "\"{x(", "not (", "any x where ("] {
        let head = "content policy p for senders {\n when ";
        let many = open.repeat(8 * MIB / open.len() - 50);
        let found = codes_of(&format!("{head}{many}"));
        assert!(
            found.iter().any(|code| code.contains("too-deep")
                || code.contains("unterminated")
                || code.contains("interpolation")),
            "{open}: {found:?}"
        );
    }
}

#[test]
fn long_runs_of_operators_are_bounded() {
    let head = "content policy p for senders {\n when ";
    for (run, code) in
        [("not ", codes::TOO_DEEP), ("a or ", codes::TOO_LONG), ("a and not b or ", codes::TOO_LONG)]
    {
        let found = codes_of(&format!("{head}{}a }}", run.repeat(8 * MIB / run.len() - 50)));
        assert_eq!(found, [code.0], "{run}");
    }
}

#[test]
fn what_no_grammar_foresees_costs_no_more_than_its_length() {
    for run in [
        "a+", "a.", "a:", "1.", "::", "}", ")", "#\n", "/", "/a/", "\\", "@", "a@", "a@b.c,", "-", "é",
        "\u{202e}", "\u{0}", "..", "a ", "when ", "when a\n", "folder ",
    ] {
        let many = run.repeat((MIB / 8) / run.len());
        codes_of(&many);
        codes_of(&format!("content policy p for senders {{\n{many}\n}}"));
    }
}

#[test]
fn a_large_sound_file_is_read_in_bounded_time() {
    let entry = "    someone@somewhere.example\n";
    let text = format!("list l {{\n{}}}\n", entry.repeat(2 * MIB / entry.len()));
    assert_eq!(codes_of(&text), Vec::<String>::new());
}

#[test]
fn nesting_up_to_the_limit_is_read_on_a_small_stack() {
    let deep = |open: &str, inner: &str, close: &str, times: usize| {
        format!(
            "content policy p for senders {{\n when {}{inner}{}\n}}\n",
            open.repeat(times),
            close.repeat(times)
        )
    };
    for (open, close) in
        [("(", ")"), ("not (", ")"), ("f(", ")"), ("(any x where ", ")"), ("count(a in [", "])")]
    {
        let levels = open.matches(['(', '[']).count();
        let text = deep(open, "a", close, 60 / levels);
        assert_eq!(codes_of(&text), Vec::<String>::new(), "{open}");
        assert_eq!(codes_of(&deep(open, "a a", close, 60 / levels)).len(), 1, "{open}");
    }
    let directories = format!("{}{}", "directory d {\n".repeat(60), "}\n".repeat(60));
    assert_eq!(codes_of(&directories), Vec::<String>::new());
    let mut text = "a".to_string();
    for _ in 0..14 {
        text = format!("f(\"{{{text}}}\")");
    }
    assert_eq!(codes_of(&format!("criterion c = {text}")), Vec::<String>::new());
}

#[test]
fn what_is_not_utf_8_is_shown_at_its_first_byte() {
    let found = parse_bytes(SourceId(0), b"folder a { keep 1 day }\n# caf\xe9\n", &SourceLimits::default());
    let finding = found.diagnostics.iter().next().unwrap();
    assert_eq!(finding.code, codes::NOT_UTF8);
    assert_eq!(finding.primary.span.start, 29);
    assert!(finding.message.contains("line 2"));
}

#[test]
fn a_smaller_limit_of_bytes_is_kept() {
    let limits = SourceLimits { file_bytes: 10, ..SourceLimits::default() };
    let found = parse(SourceId(0), "folder a { keep 1 day }", &limits);
    assert_eq!(found.diagnostics.iter().next().unwrap().code, codes::TOO_LARGE);
}
