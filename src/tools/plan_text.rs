//! A compiled policy set for people: what is asked of a message, in which order, and why a policy runs where it runs.
//!
//! Its readers know the reference of the language and nothing of how a set is compiled, so every word that the reference
//! does not have is said in a sentence where it is first used.

use super::table::{self, Column};
use super::terminal::{Look, Paint, printable, wrapped};
use crate::plan::reading::{ClauseReading, LookupTable, PolicyReading, Reading, Searches, Sizes, Subject};

/// Names of policies written out in one place.
const NAMES_SHOWN: usize = 6;
/// The same of policies that nothing wakes, and rows of a table.
const ROWS_SHOWN: usize = 20;
/// Columns beyond which lines are hard to read.
const WIDEST: usize = 100;

/// The whole plan.
pub fn render(reading: &Reading, look: Look) -> String {
    let mut out = heading("What is asked of a message, the cheapest first", look);
    out.push_str(&paragraph(
        "An answer serves all policies that ask, and nothing is asked that no policy needs any more. A question wakes a \
         policy that cannot trigger where the answer is no: for messages whose answer is no, that policy is not even \
         looked at, and costs nothing. The stage is the earliest at which the answer is known.",
        look,
    ));
    let mut cost = "";
    for subject in &reading.subjects {
        if subject.cost != cost {
            cost = subject.cost;
            out.push_str(&format!("\n{}\n", look.paint(Paint::Bold, class(cost))));
        }
        out.push_str(&subject_lines(subject, look));
    }
    out.push('\n');
    out.push_str(&heading("Which policies are looked at", look));
    out.push_str(&paragraph(&always(&reading.always, reading.sizes.policies), look));
    out.push('\n');
    out.push_str(&sizes(&reading.sizes, look));
    out
}

/// What the questions of a class cost, as a heading.
fn class(cost: &str) -> &'static str {
    match cost {
        "envelope" => "From the session, the envelope and the size: nothing is read",
        "headers" => "From the header fields",
        "structure" => "From the parts and attachments",
        "text" => "From text, which is decoded and read",
        "patterns" => "From text, with regular expressions or detectors",
        _ => "From others: a scanner, DNS, a directory service",
    }
}

fn subject_lines(subject: &Subject, look: Look) -> String {
    let titles = match subject.questions > subject.first.len() {
        false => subject.first.clone(),
        true => {
            let how = match subject.how {
                "compared" => format!("compared with {}", counted(subject.entries, "number", "numbers")),
                "looked_up" => format!("looked up among {}", counted(subject.entries, "value", "values")),
                _ => format!("searched for {}", counted(subject.entries, "pattern", "patterns")),
            };
            vec![format!("{}, {how}", subject.subject)]
        }
    };
    let mut about = format!("stage {}", subject.stage);
    if subject.per_recipient {
        about.push_str(", once for each recipient");
    }
    if subject.questions > 1 {
        about.push_str(&format!("; {} questions, answered by ", subject.questions));
        about.push_str(match subject.how {
            "compared" => "comparing once",
            "looked_up" => "one look-up",
            _ => "reading the text once",
        });
    }
    let mut who = format!("for {}", names(&subject.asked_by, NAMES_SHOWN));
    if subject.wakes == subject.asked_by && !subject.wakes.is_empty() {
        who.push_str(if subject.wakes.len() == 1 { ", and wakes it" } else { ", and wakes them" });
    } else if !subject.wakes.is_empty() {
        who.push_str(&format!("; wakes {}", names(&subject.wakes, NAMES_SHOWN)));
    }
    let mut out = String::new();
    for title in titles {
        // Colours are put round whole lines, so that no line is broken early for their sake.
        for line in hanging(&printable(&title), look, "  ", "        ").lines() {
            out.push_str(&format!("{}\n", look.paint(Paint::Cyan, line)));
        }
    }
    out.push_str(&wrapped(&about, width(look), "      "));
    out.push_str(&wrapped(&who, width(look), "      "));
    out
}

fn always(always: &[String], policies: usize) -> String {
    let who = names(always, ROWS_SHOWN);
    match always.len() {
        0 if policies == 0 => "The set has none.".to_string(),
        0 => "Each only where a question wakes it.".to_string(),
        1 => format!("Nothing wakes {who}: it is looked at for every message that concerns it."),
        _ => format!("Nothing wakes {who}: they are looked at for every message that concerns them."),
    }
}

/// The first of some names.
fn names(all: &[String], most: usize) -> String {
    let mut shown: Vec<String> = all.iter().take(most).map(|name| printable(name).into_owned()).collect();
    if all.len() > most {
        shown.push(format!("and {} more", all.len() - most));
    }
    shown.join(", ")
}

/// What a plan takes, in one line.
pub fn summary(sizes: &Sizes) -> String {
    format!(
        "plan: {} in {}, {}, {}; {}; {} of memory\n",
        counted(sizes.policies, "policy", "policies"),
        counted(sizes.directories, "directory", "directories"),
        counted(sizes.questions, "question", "different questions"),
        counted(sizes.patterns, "word or regular expression", "words and regular expressions"),
        share(sizes),
        bytes(sizes.memory_bytes),
    )
}

fn share(sizes: &Sizes) -> String {
    match (&sizes.not_native, sizes.decision_nodes) {
        (Some(reason), _) => format!("decisions are interpreted: {}", printable(reason)),
        (None, 0) => "no conditions".to_string(),
        (None, all) => format!("{} % native code", sizes.native_nodes * 100 / all),
    }
}

/// What a plan takes: its texts and automata, its tables, and the rest line by line.
pub fn sizes(sizes: &Sizes, look: Look) -> String {
    let mut out = searches(&sizes.searches, look);
    out.push_str(&lookups(&sizes.lookups, look));
    out.push_str(&heading("What the set takes", look));
    let grouped = match sizes.grouped {
        0 => String::new(),
        grouped => format!("; {grouped} of them are answered together with others about the same value"),
    };
    let lines = [
        format!(
            "{} in {}",
            counted(sizes.policies, "policy", "policies"),
            counted(sizes.directories, "directory", "directories")
        ),
        format!(
            "{}, made of {}{grouped}",
            counted(sizes.questions, "question", "different questions"),
            counted(sizes.nodes, "expression", "different expressions"),
        ),
        counted(
            sizes.patterns,
            "different word or regular expression",
            "different words and regular expressions",
        ),
        native(sizes),
        match sizes.answer_bytes {
            0 => String::new(),
            answers => format!("{} for the answers of one message", bytes(answers)),
        },
        format!(
            "{} of memory for automata, tables and native code, beside the set itself",
            bytes(sizes.memory_bytes)
        ),
    ];
    for line in lines.iter().filter(|line| !line.is_empty()) {
        out.push_str(&hanging(line, look, "  ", "    "));
    }
    out
}

fn native(sizes: &Sizes) -> String {
    let all = sizes.decision_nodes;
    if all == 0 || sizes.not_native.is_some() {
        return share(sizes);
    }
    let rest = match sizes.native_nodes == all {
        true => String::new(),
        false => {
            "; the others stand inside `any`, `every` or `no`, where conditions are interpreted for each \
                  element until one decides"
                .to_string()
        }
    };
    format!(
        "{} of {all} places ({} %) where conditions are joined, by `and`, `or`, `not` or as clauses of a policy, run as \
         native code: machine code made for this set, {} for {} of joining{rest}",
        sizes.native_nodes,
        sizes.native_nodes * 100 / all,
        bytes(sizes.code_bytes),
        counted(sizes.shapes, "way", "different ways"),
    )
}

/// Which texts are searched, and by what.
fn searches(searches: &Searches, look: Look) -> String {
    if searches.texts.is_empty() {
        return String::new();
    }
    let mut out = heading("What texts are searched for", look);
    out.push_str(&paragraph(
        "An automaton reads a text once for all its patterns, however many. Regular expressions and detectors run \
         themselves only where an automaton found that they may find something.",
        look,
    ));
    let columns = [
        Column::words("text"),
        Column::number("words"),
        Column::number("regular expressions"),
        Column::number("detectors"),
        Column::words("read by automaton"),
    ];
    let mut rows: Vec<Vec<String>> = searches
        .texts
        .iter()
        .take(ROWS_SHOWN)
        .map(|text| {
            let readers = text.automata.iter().map(|at| (at + 1).to_string()).collect::<Vec<_>>();
            vec![
                printable(&text.text).into_owned(),
                text.words.to_string(),
                text.regexes.to_string(),
                text.detectors.to_string(),
                if readers.is_empty() { "none".to_string() } else { readers.join(", ") },
            ]
        })
        .collect();
    if searches.texts.len() > ROWS_SHOWN {
        rows.push(vec![format!("and {} more", searches.texts.len() - ROWS_SHOWN)]);
    }
    out.push_str(&format!("\n{}\n", table::render(&columns, &rows, look)));
    for (number, automaton) in (1..).zip(&searches.automata) {
        let states = match automaton.states {
            0 => String::new(),
            states => format!("{}, ", counted(states, "state", "states")),
        };
        let line = format!(
            "automaton {number}, for {}: {}, {}, {states}{}",
            automaton.purpose,
            counted(automaton.patterns, "pattern", "patterns"),
            explained(automaton.kind),
            bytes(automaton.bytes)
        );
        out.push_str(&hanging(&line, look, "  ", "    "));
    }
    let own = searches.regexes + searches.alone;
    if own + searches.detectors > 0 {
        let alone = match searches.alone {
            0 => String::new(),
            alone => format!(", {alone} of them in every text, since no automaton can rule them out"),
        };
        let line = format!(
            "by themselves: {} and {}{alone}; {}",
            counted(own, "regular expression", "regular expressions"),
            counted(searches.detectors, "detector", "detectors"),
            bytes(searches.regex_bytes)
        );
        out.push_str(&hanging(&line, look, "  ", "    "));
    }
    out.push('\n');
    out
}

/// What an automaton of a kind is.
fn explained(kind: &str) -> String {
    match kind {
        "Aho-Corasick DFA" => format!("{kind} (one step for each byte)"),
        "Aho-Corasick contiguous NFA" => format!("{kind} (smaller, some steps for each byte)"),
        "lazy DFA" => format!("{kind} (made as texts need it)"),
        kind => kind.to_string(),
    }
}

fn lookups(tables: &[LookupTable], look: Look) -> String {
    if tables.is_empty() {
        return String::new();
    }
    let mut out = heading("What is looked up in tables", look);
    out.push_str(&paragraph("A look-up takes the same time however many entries there are.", look));
    let columns = [Column::words("table"), Column::number("entries"), Column::number("memory")];
    // The largest are those that somebody asks for.
    let mut shown: Vec<&LookupTable> = tables.iter().collect();
    shown.sort_by_key(|table| std::cmp::Reverse(table.bytes));
    let least = shown.get(ROWS_SHOWN).map_or(0, |table| table.bytes + 1);
    let mut rows: Vec<Vec<String>> = tables
        .iter()
        .filter(|table| table.bytes >= least)
        .map(|table| vec![contents(table), table.entries.to_string(), bytes(table.bytes)])
        .collect();
    if rows.len() < tables.len() {
        rows.push(vec![format!("and {} smaller ones", tables.len() - rows.len())]);
    }
    out.push_str(&format!("\n{}\n", table::render(&columns, &rows, look)));
    out
}

fn contents(table: &LookupTable) -> String {
    let name = printable(&table.name);
    match table.kind {
        "homes" => "people and domains of directories".to_string(),
        "site" => format!("{name} of the site"),
        "constants" => "what policies compare with".to_string(),
        kind => format!("{kind} {name}"),
    }
}

/// Why a policy runs where it runs.
pub fn policy(reading: &PolicyReading, look: Look) -> String {
    let name = look.paint(Paint::Bold, &printable(&reading.policy));
    let often = if reading.per_recipient { "once for each recipient" } else { "once for all recipients" };
    let mut out = hanging(
        &format!(
            "{name} in the directory {}: decided at stage {}, {often}",
            printable(&reading.directory),
            reading.stage
        ),
        look,
        "",
        "  ",
    );
    if reading.clauses.is_empty() {
        out.push_str("  It has no criteria and always triggers.\n");
        return out;
    }
    let keys: Vec<String> = reading.woken_by.iter().map(|key| format!("`{key}`")).collect();
    let woken = match keys.len() {
        0 => "Looked at for every message that concerns it: what it asks first is asked for it alone, so nothing rules it \
              out beforehand."
            .to_string(),
        1 => format!("Looked at only for messages for which {} may hold.", names(&keys, 1)),
        _ => format!("Looked at only for messages for which one of these may hold: {}.", names(&keys, NAMES_SHOWN)),
    };
    out.push_str(&wrapped(&printable(&woken), width(look), "  "));
    out.push_str(&wrapped(
        "Its clauses in the order in which they are asked, until one keeps it from triggering:",
        width(look),
        "  ",
    ));
    let mark = look.paint(Paint::Green, look.either("●", "*"));
    for clause in &reading.clauses {
        let question = format!("{mark} {} {}", clause.word, printable(&clause.question));
        out.push_str(&hanging(&question, look, "  ", "      "));
        out.push_str(&wrapped(&about_clause(clause), width(look), "      "));
    }
    out
}

fn about_clause(clause: &ClauseReading) -> String {
    let mut about = format!("stage {}", clause.stage);
    if !clause.because_of.is_empty() {
        about.push_str(&format!(", the first that knows {}", printable(&clause.because_of.join(", "))));
    }
    about.push_str(match clause.cost {
        "envelope" => "; nothing is read for it",
        "headers" => "; header fields are read",
        "structure" => "; parts and attachments are looked at",
        "text" => "; text is decoded and read",
        "patterns" => "; text is read, regular expressions or detectors run",
        _ => "; others are asked",
    });
    if clause.per_recipient {
        about.push_str("; differs between recipients");
    }
    if clause.wakes {
        about.push_str("; decides whether the policy is looked at");
    }
    about
}

fn heading(text: &str, look: Look) -> String {
    format!("{}\n", look.paint(Paint::Bold, text))
}

fn paragraph(text: &str, look: Look) -> String {
    wrapped(text, width(look), "")
}

fn width(look: Look) -> usize {
    look.width.min(WIDEST)
}

/// Text whose first line is indented by `first` and the others by `rest`, which is wider.
fn hanging(text: &str, look: Look, first: &str, rest: &str) -> String {
    let lines = wrapped(text, width(look), rest);
    format!("{first}{}", lines.get(rest.len()..).unwrap_or_default())
}

fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

fn bytes(count: usize) -> String {
    crate::plan::text::size(i64::try_from(count).unwrap_or(i64::MAX))
}
