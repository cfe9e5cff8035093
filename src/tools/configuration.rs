//! The generated page of the configuration: every section and key of `mailfw.toml`, from their declarations.
//!
//! `docs/configuration.md` is committed; a test compares it with what is made here.

use crate::relay::config::SECTIONS;
use crate::relay::config::declare::{Key, Section};
use std::fmt::Write;

/// What is written by hand, before the sections.
const INTRODUCTION: &str = include_str!("reference/configuration.md");

/// The page of the configuration.
pub fn page() -> String {
    let mut out = String::from(
        "# Configuration: mailfw.toml\n\nMade by `src/tools/configuration.rs` from what the server reads; do not edit. \
         What is wrong with a configuration is told with a code that [the error index](errors.md) explains.\n\n",
    );
    out.push_str(INTRODUCTION.trim());
    out.push('\n');
    for section in SECTIONS {
        let _ = write!(out, "\n## {}\n\n{}\n\n", heading(section), joined(section.about));
        out.push_str("| Key | Takes | Left out | Meaning |\n|---|---|---|---|\n");
        for key in section.keys {
            row(&mut out, key);
        }
        for key in section.keys.iter().filter(|key| (key.words)().iter().any(|word| !word.about.is_empty())) {
            let _ = write!(out, "\n`{}`:\n\n", key.name);
            for word in (key.words)() {
                let _ = writeln!(out, "- `{}`: {}", word.word, joined(word.about));
            }
        }
    }
    out
}

fn heading(section: &Section) -> String {
    match (section.name, section.is_many) {
        ("", _) => "Before the first section".to_string(),
        (name, true) => format!("`[[{name}]]`"),
        (name, false) => format!("`[{name}]`"),
    }
}

fn row(out: &mut String, key: &Key) {
    let left_out = match (key.default, (key.is_optional)()) {
        (Some("[]"), _) => "—".to_string(),
        (Some(default), _) => format!("`{default}`"),
        (None, true) => "—".to_string(),
        (None, false) => "must be there".to_string(),
    };
    let cells = [format!("`{}`", key.name), (key.kind)(), left_out, joined(key.about)];
    let cells: Vec<String> = cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
    let _ = writeln!(out, "| {} |", cells.join(" | "));
}

/// The lines of a documentation as one.
fn joined(lines: &[&str]) -> String {
    let lines: Vec<&str> = lines.iter().map(|line| line.trim()).collect();
    lines.join(" ")
}
