//! A dry run for people: what was found in each message, and the tables at its end.

use super::explain_text;
use super::table::{self, Column};
use super::terminal::{Look, Paint, clipped, printable, wrapped};
use crate::policy::compare::{Difference, PolicyDifference};
use crate::policy::dry_run::{Judged, Row, RowResult};
use crate::policy::mailboxes::Skipped;
use crate::policy::record::{PolicyRecord, PolicyResult, Record};
use crate::policy::statistics::{Idle, PolicyFigures, Summary};
use std::collections::BTreeMap;

/// Columns of a subject.
const SUBJECT_COLUMNS: usize = 60;

/// The message with its whole explanation; empty for a row that was not judged, or not for a record.
pub fn explained(row: &Row, all: bool, look: Look) -> String {
    let Some((judged, record)) = recorded(row) else { return String::new() };
    format!("{}{}", heading(row, judged, look), indented(&explain_text::render(record, all, look)))
}

/// The message with what was found in it; empty where no policy triggered or is undecided.
pub fn hits(row: &Row, look: Look) -> String {
    let Some((judged, record)) = recorded(row).filter(|(_, record)| has_hits(record)) else {
        return String::new();
    };
    format!("{}{}\n", heading(row, judged, look), indented(&explain_text::hits(record, look)))
}

fn recorded(row: &Row) -> Option<(&Judged, &Record)> {
    let RowResult::Judged(judged) = &row.result else { return None };
    Some((judged, judged.decision.record.as_ref()?))
}

/// The message with how the other set differs on it; empty where it does not.
pub fn difference(row: &Row, look: Look) -> String {
    let RowResult::Judged(judged) = &row.result else { return String::new() };
    match &judged.difference {
        Some(difference) => {
            format!("{}{}\n", heading(row, judged, look), indented(&differing(difference, look)))
        }
        None => String::new(),
    }
}

/// Whether neither the sender nor a recipient of a judged message is at home in the set: no policy was asked then.
pub fn is_foreign(row: &Row) -> bool {
    let RowResult::Judged(judged) = &row.result else { return false };
    judged.decision.chains.is_empty()
}

/// The tables at the end of a run: policies, what never triggered, what was assumed, and the outcomes. `foreign` is the
/// number of messages that are [`is_foreign`].
pub fn summary(summary: &Summary, idle: &Idle<'_>, foreign: u64, compared: bool, look: Look) -> String {
    let mut out = String::new();
    if summary.messages == 0 && summary.unreadable == 0 {
        note(&mut out, "Note:", "no message was found in what was named", look);
    }
    if !summary.policies.is_empty() && summary.messages > 0 {
        out.push_str(&policies(&summary.policies, look));
    }
    if summary.messages > 0 {
        for (heading, policies) in [
            ("Never triggered:", &idle.never_triggered),
            ("Never asked, for nobody they hold for wrote or got a message:", &idle.never_asked),
            ("Never asked, out of their dates:", &idle.out_of_dates),
            ("Off:", &idle.off),
        ] {
            let names: Vec<String> = policies
                .iter()
                .map(|figures| format!("{} ({})", figures.policy, figures.directory))
                .collect();
            if !names.is_empty() {
                note(&mut out, heading, &names.join(", "), look);
            }
        }
    }
    for notice in &summary.notices {
        note(&mut out, "Note:", &printable(notice), look);
    }
    if !summary.assumed.is_empty() {
        out.push_str(&format!(
            "\n{}\n",
            look.paint(Paint::Yellow, "Policies asked what a mailbox does not tell; taken instead:")
        ));
        for (words, messages) in &summary.assumed {
            let line = format!("{words} ({})", several(*messages, "message"));
            out.push_str(&wrapped(&line, look.width, "  "));
        }
    }
    if foreign > 0 {
        let of = if foreign == summary.messages {
            "all messages".to_string()
        } else {
            several(foreign, "message")
        };
        let words = format!(
            "of {of} neither sender nor recipient is at home in a directory of the set, so that no policy holds for \
             them; --envelope to=ADDRESS judges them as if they had come to somebody who is"
        );
        note(&mut out, "Note:", &words, look);
    }
    out.push_str(&format!("\n{}\n\n", counts(summary, compared)));
    if !summary.outcomes.is_empty() {
        out.push_str(&outcomes(&summary.outcomes, look));
    }
    out
}

/// Names of what was passed over, at most.
const SKIPPED_NAMES: usize = 8;

/// What was passed over in folders, in a notice; empty where nothing was.
pub fn skipped(skipped: &[Skipped], look: Look) -> String {
    if skipped.is_empty() {
        return String::new();
    }
    let named = skipped.iter().take(SKIPPED_NAMES);
    let mut names: Vec<String> = named
        .map(|skipped| format!("{} ({})", printable(&skipped.path.display().to_string()), skipped.why))
        .collect();
    if skipped.len() > SKIPPED_NAMES {
        names.push(format!("and {} more", skipped.len() - SKIPPED_NAMES));
    }
    let entries = if skipped.len() == 1 { "1 entry" } else { &format!("{} entries", skipped.len()) };
    format!("note: {entries} of folders passed over:\n{}", wrapped(&names.join(", "), look.width, "  "))
}

/// A remark below the tables, wrapped.
fn note(out: &mut String, heading: &str, words: &str, look: Look) {
    out.push_str(&format!("\n{}\n", look.paint(Paint::Yellow, heading)));
    out.push_str(&wrapped(words, look.width, "  "));
}

fn has_hits(record: &Record) -> bool {
    let policies = record.groups.iter().flat_map(|group| &group.policies);
    policies
        .into_iter()
        .any(|policy| matches!(policy.result, PolicyResult::Triggered | PolicyResult::Undecided))
}

fn heading(row: &Row, judged: &Judged, look: Look) -> String {
    let subject = judged
        .subject
        .as_deref()
        .map_or(String::new(), |subject| format!(" \"{}\"", clipped(&printable(subject), SUBJECT_COLUMNS)));
    let from = judged.from.as_deref().map_or(String::new(), |from| format!(" from {}", printable(from)));
    let unread = match judged.unscannable.as_slice() {
        [] => String::new(),
        causes => format!(" (not read whole: {})", causes.join(", ")),
    };
    format!("{}{subject}{from}{unread}\n", look.paint(Paint::Bold, &printable(&row.origin)))
}

fn indented(text: &str) -> String {
    text.lines().map(|line| if line.is_empty() { "\n".to_string() } else { format!("  {line}\n") }).collect()
}

fn differing(difference: &Difference, look: Look) -> String {
    let mut out = String::new();
    for recipient in &difference.recipients {
        out.push_str(&format!("to {}\n", printable(&recipient.recipient)));
        for change in &recipient.changes {
            out.push_str(&format!("  {}\n", look.paint(Paint::Yellow, &printable(change))));
        }
        for policy in &recipient.policies {
            out.push_str(&format!("  {}\n", differing_policy(policy)));
        }
    }
    for (words, list) in [
        ("tells now", &difference.notifications_added),
        ("no longer tells", &difference.notifications_gone),
        ("copies now to", &difference.copies_added),
        ("no longer copies to", &difference.copies_gone),
    ] {
        for entry in list {
            out.push_str(&format!("{words} {}\n", printable(entry)));
        }
    }
    out
}

fn differing_policy(difference: &PolicyDifference) -> String {
    let part = |policy: &Option<PolicyRecord>| match policy {
        None => "not there".to_string(),
        Some(policy) => {
            let clause = policy.decided_by.and_then(|at| policy.clauses.get(at));
            let clause =
                clause.map_or(String::new(), |clause| format!(" by `{} {}`", clause.word, clause.text));
            format!("{}{}", policy.result.words(), printable(&clause))
        }
    };
    let name = &difference.policy;
    if let (Some(this), Some(other)) = (&difference.this, &difference.other)
        && this.result == other.result
    {
        let observes = |policy: &PolicyRecord| policy.mode == "observe";
        match (observes(this), observes(other)) {
            (false, true) => return format!("{name}: {}, acts, was only observed", part(&difference.this)),
            (true, false) => return format!("{name}: {}, only observed, acted", part(&difference.this)),
            _ => {}
        }
        let only = |here: &PolicyRecord, there: &PolicyRecord| -> Vec<String> {
            let effects = here.effects.iter().filter(|effect| !there.effects.contains(effect));
            effects.map(|effect| printable(&effect.effect).into_owned()).collect()
        };
        let (now, before) = (only(this, other), only(other, this));
        let or_nothing = |effects: Vec<String>| match effects.is_empty() {
            true => "nothing".to_string(),
            false => effects.join("; "),
        };
        if !now.is_empty() || !before.is_empty() {
            return format!("{name}: does {}, did {}", or_nothing(now), or_nothing(before));
        }
    }
    format!("{name}: {}, was {}", part(&difference.this), part(&difference.other))
}

fn policies(policies: &[PolicyFigures], look: Look) -> String {
    let columns = [
        Column::words("Policy"),
        Column::words("Directory"),
        Column::number("Triggered"),
        Column::number("Undecided"),
        Column::number("Silenced"),
        Column::words("Decided"),
    ];
    let rows: Vec<Vec<String>> = policies.iter().map(row).collect();
    table::render(&columns, &rows, look)
}

fn row(figures: &PolicyFigures) -> Vec<String> {
    let observed = if figures.observed { " (observed)" } else { "" };
    let decided: Vec<String> =
        figures.decided.iter().map(|(words, count)| format!("{count} {words}")).collect();
    vec![
        format!("{}{observed}", figures.policy),
        figures.directory.clone(),
        figures.triggered.to_string(),
        figures.undecided.to_string(),
        (figures.excepted + figures.overridden).to_string(),
        decided.join("\n"),
    ]
}

fn outcomes(outcomes: &BTreeMap<String, u64>, look: Look) -> String {
    let columns = [Column::words("Outcome"), Column::number("Recipients"), Column::number("Share")];
    let all: u64 = outcomes.values().sum();
    let mut sorted: Vec<(&String, &u64)> = outcomes.iter().collect();
    sorted.sort_by(|left, right| right.1.cmp(left.1).then(left.0.cmp(right.0)));
    let rows: Vec<Vec<String>> = sorted
        .into_iter()
        .map(|(words, count)| {
            let share = *count as f64 * 100.0 / all.max(1) as f64;
            vec![words.clone(), count.to_string(), format!("{share:.1} %")]
        })
        .collect();
    table::render(&columns, &rows, look)
}

fn counts(summary: &Summary, compared: bool) -> String {
    let mut parts = vec![format!(
        "{} to {}",
        several(summary.messages, "message"),
        several(summary.recipients, "recipient")
    )];
    let mut add = |count: u64, words: String| {
        if count > 0 {
            parts.push(words);
        }
    };
    add(summary.split, format!("{} with several outcomes", summary.split));
    add(summary.unscannable, format!("{} not read whole", summary.unscannable));
    add(
        summary.without_recipient,
        format!("{} that name no recipient, judged as to the postmaster", summary.without_recipient),
    );
    add(summary.notifications, several(summary.notifications, "notification"));
    add(summary.copies, format!("{} copied", summary.copies));
    add(summary.unreadable, format!("{} could not be read", summary.unreadable));
    add(summary.internal_errors, format!("{} could not be judged", summary.internal_errors));
    if compared {
        parts.push(format!("{} decided differently", summary.different));
    }
    parts.join(", ")
}

fn several(count: u64, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}
