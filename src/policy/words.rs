//! Records in words, for test failures, explanations and logs. One line a thought; nothing is printed here.

use super::record::{ClauseRecord, EffectRecord, GroupRecord, PlaceRecord, PolicyRecord, PolicyResult};

/// Matches shown of one fact.
const MATCHES_SHOWN: usize = 5;

/// A text in quotes on one line, as the language writes it: quotes and backslashes are escaped, and so is what nobody
/// sees or what would turn the line around.
pub fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => out.extend(['\\', character]),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            _ if is_unseen(character) => out.push_str(&format!("\\u{{{:x}}}", u32::from(character))),
            _ => out.push(character),
        }
    }
    out.push('"');
    out
}

/// Controls, ends of lines and paragraphs, what changes the direction of writing, and what takes no room.
fn is_unseen(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}' | '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'
                | '\u{2066}'..='\u{2069}' | '\u{feff}'
        )
}

/// A place as editors read it: `main.mfp:12:5`.
pub fn place(place: &PlaceRecord) -> String {
    format!("{}:{}:{}", place.file, place.line, place.column)
}

/// What became of a group and who decided it.
pub fn outcome(group: &GroupRecord) -> String {
    let outcome = &group.outcome;
    let who = match &outcome.by {
        Some(by) => format!("policy {} of {}", by.policy, by.directory),
        None => "no policy".to_string(),
    };
    let reason = match outcome.reason.as_str() {
        "no_policy" => "no policy has a say".to_string(),
        "policy" => format!("by {who}"),
        "undecided" if outcome.by.is_none() => {
            "the directory could not be asked where somebody is at home".to_string()
        }
        "undecided" => format!("{who} could not be decided"),
        "unreturnable" => format!("{who} returns it, and nobody vouches for the outside sender"),
        "protected" => format!("the message cannot be changed as {who} asks"),
        _ => "the judging of it failed".to_string(),
    };
    format!("{} ({reason})", outcome.words)
}

/// What became of a policy, and why, in one or more lines.
pub fn policy(entry: &PolicyRecord) -> Vec<String> {
    let mut lines = vec![format!(
        "policy {} of {} on the {}'s side ({}): {}",
        entry.policy,
        entry.directory,
        entry.side,
        place(&entry.place),
        result(entry)
    )];
    let deciding = entry.decided_by.and_then(|at| entry.clauses.get(at));
    match (entry.result, deciding) {
        (PolicyResult::Triggered, _) => {
            let held = entry.clauses.iter().filter(|clause| clause.word == "when");
            lines.extend(held.flat_map(clause));
        }
        (_, Some(deciding)) => lines.extend(clause(deciding)),
        _ => {}
    }
    lines.extend(entry.causes.iter().map(|cause| format!("  undecided: {} at {}", cause.kind, cause.place)));
    lines.extend(entry.note.iter().map(|note| format!("  {note}")));
    lines.extend(entry.effects.iter().map(effect));
    lines
}

/// The result of a policy in words, with who is behind it.
pub fn result(entry: &PolicyRecord) -> String {
    let mut words = entry.result.words().to_string();
    if entry.mode == "observe" {
        words.push_str(", observed only");
    }
    if let Some(by) = &entry.by {
        words.push_str(&format!(" by {} of {}", by.policy, by.directory));
    }
    if let Some(directory) = &entry.excepted_in {
        words.push_str(&format!(" in {directory}"));
    }
    words
}

/// A clause with its truth and evidence.
pub fn clause(clause: &ClauseRecord) -> Vec<String> {
    let mut lines =
        vec![format!("  {} {}: {} ({})", clause.word, clause.text, clause.truth, place(&clause.place))];
    for evidence in &clause.evidence {
        lines.push(format!("    {} is {}", evidence.fact, evidence.value));
        for found in evidence.matches.iter().take(MATCHES_SHOWN) {
            lines.push(format!(
                "    {} found {} in {} at {}: {}[{}]{}",
                found.pattern,
                quoted(&found.text),
                found.place,
                found.offset,
                found.before,
                found.text,
                found.after
            ));
        }
        if evidence.matches.len() > MATCHES_SHOWN {
            lines.push(format!("    and {} more", evidence.matches.len() - MATCHES_SHOWN));
        }
    }
    lines
}

/// An effect and what became of it.
pub fn effect(effect: &EffectRecord) -> String {
    let mut line = format!("  {}: {}", effect.effect, effect.result.words());
    if let Some(to) = &effect.to {
        line.push_str(&format!(" to {} of {}", to.policy, to.directory));
    }
    if let Some(rule) = effect.rule {
        line.push_str(&format!(", {}", rule.words()));
    }
    line
}
