//! A decision record for people: who gets what, which policy said so, on which words, and what the others said.
//!
//! The only source is the record, so that what is read here is what logs, quarantine entries and the JSON form say.
//! Cost: by the record, which is bounded.

use super::terminal::{Look, Paint, clipped, printable};
use crate::policy::record::{
    ClauseRecord, EffectRecord, EffectResult, GroupRecord, MatchRecord, PolicyRecord, PolicyReference,
    PolicyResult, Record,
};

/// Matches shown of one fact; the JSON form has all.
const MATCHES: usize = 10;
/// Columns of a matched text.
const MATCH_COLUMNS: usize = 60;

/// The whole record. `all` shows policies that did not trigger with their deciding clause, else by name alone.
pub fn render(record: &Record, all: bool, look: Look) -> String {
    let mut page = Page { look, out: String::new() };
    let sender = record.sender.as_deref().unwrap_or("<>");
    page.line(0, &format!("from {} ({})", shown(sender), home(record.sender_directory.as_deref())));
    for group in &record.groups {
        page.group(group, all);
    }
    if record.groups.is_empty() {
        page.line(0, "nobody: the envelope has no recipients");
    }
    for notification in &record.notifications {
        page.line(
            0,
            &format!(
                "tells {} by template {}, for {}",
                shown(&notification.to),
                notification.template,
                whose(&notification.by)
            ),
        );
    }
    for notification in &record.withheld {
        let why = notification.why_not.as_deref().unwrap_or_default();
        let (to, whose) = (shown(&notification.to), whose(&notification.by));
        page.line(0, &format!("does not tell {to}, for {whose}: {why}"));
    }
    for copy in &record.copies {
        page.line(0, &format!("copies {} to {}, for {}", copy.form, shown(&copy.to), whose(&copy.by)));
    }
    page.out
}

/// What was found, a line each: the policies that triggered or are undecided, with fact, text, part and offset.
pub fn hits(record: &Record, look: Look) -> String {
    let mut page = Page { look, out: String::new() };
    for group in &record.groups {
        page.outcome(group);
        for policy in &group.policies {
            if matches!(policy.result, PolicyResult::Triggered | PolicyResult::Undecided) {
                page.hit(policy);
            }
        }
    }
    page.out
}

struct Page {
    look: Look,
    out: String,
}

impl Page {
    fn line(&mut self, indent: usize, text: &str) {
        self.out.push_str(&" ".repeat(indent));
        self.out.push_str(text);
        self.out.push('\n');
    }

    fn outcome(&mut self, group: &GroupRecord) {
        let recipients: Vec<String> = group
            .recipients
            .iter()
            .map(|recipient| {
                format!("{} ({})", shown(&recipient.address), home(recipient.directory.as_deref()))
            })
            .collect();
        let outcome = &group.outcome;
        let paint = match outcome.action.as_str() {
            "deliver" => Paint::Green,
            "defer" | "approve" => Paint::Yellow,
            _ => Paint::Red,
        };
        let words = self.look.paint(paint, &shown(&outcome.words));
        self.line(0, &format!("to {}: {words}{}", recipients.join(", "), reason(group)));
    }

    fn group(&mut self, group: &GroupRecord, all: bool) {
        self.out.push('\n');
        self.outcome(group);
        for edit in &group.outcome.edits {
            self.line(2, &format!("edit: {} ({})", shown(&edit.words), whose(&edit.by)));
        }
        let (quiet, telling): (Vec<&PolicyRecord>, Vec<&PolicyRecord>) =
            group.policies.iter().partition(|policy| policy.result == PolicyResult::NotTriggered && !all);
        for policy in telling {
            self.policy(policy);
        }
        if !quiet.is_empty() {
            let names: Vec<String> =
                quiet.iter().map(|policy| format!("{} ({})", policy.policy, policy.directory)).collect();
            self.line(2, &format!("not triggered: {}", names.join(", ")));
        }
        if group.policies.is_empty() {
            self.line(2, "no policy holds for them");
        }
    }

    fn policy(&mut self, policy: &PolicyRecord) {
        self.heading(policy);
        let place = format!("{}:{}:{}", shown(&policy.place.file), policy.place.line, policy.place.column);
        let place = self.look.paint(Paint::Cyan, &place);
        self.line(6, &format!("{} policy at {place}", policy.manager));
        if let Some(because) = &policy.because {
            let because = self.look.paint(Paint::Dim, &shown(because));
            self.line(6, &because);
        }
        let deciding = policy.decided_by.and_then(|at| policy.clauses.get(at));
        match (policy.result, deciding) {
            (PolicyResult::Triggered, _) => {
                for clause in policy.clauses.iter().filter(|clause| clause.word == "when") {
                    self.clause(clause);
                }
            }
            (_, Some(clause)) => self.clause(clause),
            _ => {
                for clause in &policy.clauses {
                    self.clause(clause);
                }
            }
        }
        self.rest(policy);
    }

    fn hit(&mut self, policy: &PolicyRecord) {
        self.heading(policy);
        for clause in
            policy.clauses.iter().filter(|clause| clause.word == "when" || clause.truth == "unknown")
        {
            for evidence in &clause.evidence {
                self.line(6, &format!("{}: {}", evidence.fact, shown(&evidence.value)));
                self.matches(8, &evidence.matches);
            }
        }
        self.causes(policy);
    }

    fn heading(&mut self, policy: &PolicyRecord) {
        let mark = match policy.result {
            PolicyResult::Triggered => self.look.paint(Paint::Red, self.look.either("●", "*")),
            PolicyResult::Undecided => self.look.paint(Paint::Yellow, "?"),
            _ => self.look.paint(Paint::Dim, self.look.either("○", "-")),
        };
        let mut words = policy.result.words().to_string();
        if policy.mode == "observe" {
            words.push_str(", observed only");
        }
        if let Some(by) = &policy.by {
            words.push_str(&format!(" by {}", whose(by)));
        }
        if let Some(directory) = &policy.excepted_in {
            words.push_str(&format!(" in {directory}"));
        }
        if !policy.recipients.is_empty() {
            words.push_str(&format!(", for {}", shown(&policy.recipients.join(", "))));
        }
        let name = self.look.paint(Paint::Bold, &policy.policy);
        self.line(
            2,
            &format!(
                "{mark} {name} of {} ({} side, {}): {words}",
                policy.directory, policy.side, policy.stage
            ),
        );
    }

    fn rest(&mut self, policy: &PolicyRecord) {
        self.causes(policy);
        if let Some(note) = &policy.note {
            self.line(6, &shown(note));
        }
        for effect in &policy.effects {
            let words = effect_words(effect);
            self.line(6, &words);
        }
    }

    fn causes(&mut self, policy: &PolicyRecord) {
        for cause in &policy.causes {
            self.line(6, &format!("could not be read: {} ({})", shown(&cause.place), cause.kind));
        }
    }

    fn clause(&mut self, clause: &ClauseRecord) {
        let truth = match clause.truth.as_str() {
            "true" => self.look.paint(Paint::Green, "holds"),
            "false" => self.look.paint(Paint::Dim, "does not hold"),
            _ => self.look.paint(Paint::Yellow, "could not be decided"),
        };
        self.line(6, &format!("{} {}: {truth}", clause.word, shown(&without_word(clause))));
        for evidence in &clause.evidence {
            self.line(10, &format!("{}: {}", evidence.fact, shown(&evidence.value)));
            self.matches(12, &evidence.matches);
        }
        for cause in &clause.causes {
            self.line(10, &format!("could not be read: {} ({})", shown(&cause.place), cause.kind));
        }
    }

    fn matches(&mut self, indent: usize, matches: &[MatchRecord]) {
        for found in matches.iter().take(MATCHES) {
            let text = shown(&found.text);
            let text = self.look.paint(Paint::Yellow, &clipped(&text, MATCH_COLUMNS));
            let before = shown(&found.before);
            let after = shown(&found.after);
            let (open, close) = (self.look.either("»", "["), self.look.either("«", "]"));
            self.line(
                indent,
                &format!(
                    "`{}` in {} at byte {}: {}{open}{text}{close}{}",
                    shown(&found.pattern),
                    shown(&found.place),
                    found.offset,
                    tail(&before, 24),
                    clipped(&after, 24)
                ),
            );
        }
        if matches.len() > MATCHES {
            self.line(indent, &format!("and {} more", matches.len() - MATCHES));
        }
    }
}

fn shown(text: &str) -> String {
    printable(text).into_owned()
}

/// The text of a clause without the word it opens with, which the line says already.
fn without_word(clause: &ClauseRecord) -> String {
    let text = clause.text.strip_prefix(clause.word.as_str()).map(str::trim_start);
    text.unwrap_or(&clause.text).to_string()
}

/// The end of a text, at most so many characters.
fn tail(text: &str, characters: usize) -> String {
    let count = text.chars().count();
    text.chars().skip(count.saturating_sub(characters)).collect()
}

fn home(directory: Option<&str>) -> &str {
    directory.unwrap_or("at home nowhere")
}

fn whose(by: &PolicyReference) -> String {
    format!("{} of {}", by.policy, by.directory)
}

fn reason(group: &GroupRecord) -> String {
    let outcome = &group.outcome;
    let who = outcome.by.as_ref().map_or_else(|| "a policy".to_string(), whose);
    match outcome.reason.as_str() {
        "no_policy" => ", no policy holds it".to_string(),
        "policy" => format!(", by {who}"),
        "undecided" if outcome.by.is_none() => {
            ", for it could not be asked where somebody is at home".to_string()
        }
        "undecided" => format!(", for {who} could not be decided"),
        "unreturnable" => format!(", for {who} returns it and nobody vouches for the outside sender"),
        "protected" => format!(", for {who} may not change a signed or encrypted message"),
        _ => ", for the judging of it failed".to_string(),
    }
}

fn effect_words(effect: &EffectRecord) -> String {
    let mut line = format!("{}: {}", shown(&effect.effect), effect.result.words());
    if let Some(to) = &effect.to {
        line.push_str(&format!(" to {}", whose(to)));
    }
    if let (Some(rule), EffectResult::Lost) = (effect.rule, effect.result) {
        line.push_str(&format!(", {}", rule.words()));
    }
    line
}
