//! A compiled policy set for people: what is looked at, in which order, and why a policy runs where it runs.

use super::terminal::{Look, Paint, printable};
use crate::plan::reading::{PolicyReading, Reading, Sizes, Subject};

/// Names of policies written out in one cell of a table.
const NAMES_SHOWN: usize = 6;

/// The whole plan.
pub fn render(reading: &Reading, look: Look) -> String {
    let mut out = String::new();
    let heading = |text: &str| format!("{}\n", look.paint(Paint::Bold, text));
    out.push_str(&heading("What is looked at, the cheapest first"));
    out.push_str("Once for all policies, and only where one that may still trigger needs it.\n\n");
    for subject in &reading.subjects {
        out.push_str(&subject_lines(subject, look));
    }
    out.push('\n');
    out.push_str(&heading("Which policies are looked at"));
    out.push_str("A policy that a subject wakes costs nothing where no question about it may hold.\n");
    if reading.always.is_empty() {
        out.push_str("Every policy is woken.\n");
    } else {
        out.push_str(&format!(
            "Nothing wakes {}: looked at for every message.\n",
            all_names(&reading.always)
        ));
    }
    out.push('\n');
    out.push_str(&heading("What it takes"));
    out.push_str(&sizes(&reading.sizes));
    out
}

fn subject_lines(subject: &Subject, look: Look) -> String {
    let how = match subject.how {
        "compared" => format!("compared with {}", counted(subject.entries, "number", "numbers")),
        "looked_up" => {
            format!("looked up among {}", counted(subject.entries, "value or set", "values and sets"))
        }
        "searched" => {
            format!("searched for {}", counted(subject.entries, "word or phrase", "words and phrases"))
        }
        _ => "asked on its own".to_string(),
    };
    let often = if subject.per_recipient { ", once for each recipient" } else { "" };
    let wakes = match subject.wakes.is_empty() {
        true => String::new(),
        false if subject.wakes == subject.asked_by => "; wakes them".to_string(),
        false => format!("; wakes {}", names(&subject.wakes)),
    };
    format!(
        "  {}\n      known from {}; {how}{often}\n      for {}{wakes}\n",
        look.paint(Paint::Cyan, &printable(&subject.subject)),
        subject.stage,
        names(&subject.asked_by),
    )
}

fn all_names(names: &[String]) -> String {
    names.iter().map(|name| printable(name).into_owned()).collect::<Vec<_>>().join(", ")
}

fn names(all: &[String]) -> String {
    let mut shown: Vec<String> =
        all.iter().take(NAMES_SHOWN).map(|name| printable(name).into_owned()).collect();
    if all.len() > NAMES_SHOWN {
        shown.push(format!("and {} more", all.len() - NAMES_SHOWN));
    }
    shown.join(", ")
}

/// What a plan takes, in one line.
pub fn summary(sizes: &Sizes) -> String {
    format!(
        "plan: {} in {}, {}, {}; {}\n",
        counted(sizes.policies, "policy", "policies"),
        counted(sizes.directories, "directory", "directories"),
        counted(sizes.questions, "question", "different questions"),
        counted(sizes.patterns, "word, phrase or regex", "words, phrases and regexes"),
        native(sizes),
    )
}

/// What a plan takes, a line for each size.
pub fn sizes(sizes: &Sizes) -> String {
    format!(
        "  {} in {}\n  {}, {} of them answered together with others\n  {}\n  {}\n  {} of look-up tables, {} for the \
         answers of a message\n",
        counted(sizes.policies, "policy", "policies"),
        counted(sizes.directories, "directory", "directories"),
        counted(sizes.questions, "question", "different questions"),
        sizes.grouped,
        counted(sizes.patterns, "word, phrase or regex", "different words, phrases and regexes"),
        native(sizes),
        bytes(sizes.table_bytes),
        bytes(sizes.answer_bytes),
    )
}

fn native(sizes: &Sizes) -> String {
    match (&sizes.not_native, sizes.decision_nodes) {
        (Some(reason), _) => format!("decisions are interpreted: {}", printable(reason)),
        (None, 0) => "no conditions".to_string(),
        (None, all) => format!(
            "{} of {all} conditions ({} %) run as native code, {} in {}",
            sizes.native_nodes,
            sizes.native_nodes * 100 / all,
            bytes(sizes.code_bytes),
            counted(sizes.shapes, "shape", "shapes"),
        ),
    }
}

fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

fn bytes(count: usize) -> String {
    crate::plan::text::size(i64::try_from(count).unwrap_or(i64::MAX))
}

/// Why a policy runs where it runs.
pub fn policy(reading: &PolicyReading, look: Look) -> String {
    let name = look.paint(Paint::Bold, &printable(&reading.policy));
    let scope = if reading.per_recipient { "once for each recipient" } else { "once for the whole message" };
    let mut out =
        format!("{name} of {}: decided at {}, {scope}\n", printable(&reading.directory), reading.stage);
    for clause in &reading.clauses {
        let mark = look.paint(Paint::Green, look.either("●", "*"));
        out.push_str(&format!(
            "  {mark} {} {}\n      known from {}{}; {}{}{}\n",
            clause.word,
            printable(&clause.question),
            clause.stage,
            match clause.because_of.is_empty() {
                true => String::new(),
                false => format!(", because of {}", clause.because_of.join(", ")),
            },
            clause.cost,
            if clause.per_recipient { ", differs between recipients" } else { "" },
            if clause.wakes { ", wakes the policy" } else { "" },
        ));
    }
    if reading.clauses.is_empty() {
        out.push_str("  it has no criteria and always triggers\n");
    }
    let woken = match reading.woken_by.is_empty() {
        true => "  nothing wakes it: it is looked at for every message that concerns it\n".to_string(),
        false => {
            let keys: Vec<String> = reading
                .woken_by
                .iter()
                .take(NAMES_SHOWN)
                .map(|key| format!("`{}`", printable(key)))
                .collect();
            format!("  looked at only where {} may hold\n", keys.join(" or "))
        }
    };
    out.push_str(&woken);
    out
}
