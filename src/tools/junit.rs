//! Test results as JUnit XML, in the form that continuous integration servers read.
//!
//! There is no standard; this keeps to what the de-facto schema of Ant and Maven's Surefire share: `testsuites`,
//! `testsuite` with counts and time, `testcase` with class, name, file and line, `failure` with message and text.

use std::fmt::Write;
use std::time::Duration;

/// One suite: the tests of a policy set.
#[derive(Debug)]
pub struct Suite<'a> {
    /// The policy set, as it was named.
    pub name: &'a str,
    /// Its tests.
    pub cases: Vec<Case<'a>>,
}

/// One test.
#[derive(Debug)]
pub struct Case<'a> {
    /// What it shows.
    pub name: &'a str,
    /// The file it is written in.
    pub file: &'a str,
    /// Its line there, from 1.
    pub line: usize,
    /// How long it took.
    pub time: Duration,
    /// What did not hold, as one text of several lines; `None` for a test that passed.
    pub failure: Option<String>,
}

/// The document, ending in a line end. Characters XML 1.0 cannot hold are replaced by U+FFFD.
pub fn render(suite: &Suite<'_>) -> String {
    let failures = suite.cases.iter().filter(|case| case.failure.is_some()).count();
    let time: Duration = suite.cases.iter().map(|case| case.time).sum();
    let counts = format!(
        "tests=\"{}\" failures=\"{failures}\" errors=\"0\" skipped=\"0\" time=\"{:.6}\"",
        suite.cases.len(),
        time.as_secs_f64()
    );
    let name = escaped(suite.name);
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(xml, "<testsuites name=\"mailfw test\" {counts}>");
    let _ = writeln!(xml, "  <testsuite name=\"{name}\" {counts}>");
    for case in &suite.cases {
        let _ = write!(
            xml,
            "    <testcase classname=\"{name}\" name=\"{}\" file=\"{}\" line=\"{}\" time=\"{:.6}\"",
            escaped(case.name),
            escaped(case.file),
            case.line,
            case.time.as_secs_f64()
        );
        match &case.failure {
            None => xml.push_str("/>\n"),
            Some(failure) => {
                let first = failure.lines().next().unwrap_or("the test failed");
                let _ = write!(
                    xml,
                    ">\n      <failure type=\"expectation\" message=\"{}\">{}</failure>\n    </testcase>\n",
                    escaped(first),
                    escaped(failure)
                );
            }
        }
    }
    xml.push_str("  </testsuite>\n</testsuites>\n");
    xml
}

/// Text for an attribute or an element (XML 1.0, 2.2 and 2.4).
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' => escaped.push_str("&#10;"),
            '\t' => escaped.push_str("&#9;"),
            '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            character if character.is_control() => escaped.push('\u{fffd}'),
            character => escaped.push(character),
        }
    }
    escaped
}
