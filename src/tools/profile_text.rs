//! What a policy set costs, for people.

use super::table::{self, Column};
use super::terminal::{Look, Paint, printable};
use crate::plan::Plan;
use crate::plan::search::{PatternCost, written};
use crate::policy::profile::Profile;
use std::time::Duration;

/// The whole profile: the set, its policies and its patterns, the dearest first; at most `most` of each.
pub fn render(plan: &Plan, profile: &Profile, most: usize, look: Look) -> String {
    let mut out = String::new();
    let each = |time: Duration| micros(time, profile.messages);
    out.push_str(&format!(
        "{} messages, {}: reading {} a message, texts {}, deciding by the whole set {}\n\n",
        profile.messages,
        crate::plan::text::size(i64::try_from(profile.bytes).unwrap_or(i64::MAX)),
        each(profile.reading),
        each(profile.texts),
        each(profile.deciding),
    ));
    out.push_str(&format!("{}\n", look.paint(Paint::Bold, "Each policy alone, the dearest first")));
    out.push_str("What policies share is counted for each of them.\n");
    out.push_str(&table::render(
        &[
            Column::words("Policy"),
            Column::words("Directory"),
            Column::number("Messages"),
            Column::number("Triggered"),
            Column::number("A message"),
            Column::number("Longest"),
        ],
        &policy_rows(plan, profile, most),
        look,
    ));
    out.push_str(&format!(
        "\n{}\n{} of text in {} texts were scanned once for all words and phrases.\n",
        look.paint(Paint::Bold, "Patterns that were searched beside the one scan, the dearest first"),
        crate::plan::text::size(i64::try_from(profile.search.scanned_bytes).unwrap_or(i64::MAX)),
        profile.search.scans,
    ));
    let rows = pattern_rows(plan, profile, most);
    if rows.is_empty() {
        out.push_str("There were none.\n");
    } else {
        let columns = [
            Column::words("Pattern"),
            Column::number("Texts searched"),
            Column::number("Bytes"),
            Column::number("Found in"),
        ];
        out.push_str(&table::render(&columns, &rows, look));
    }
    out
}

fn policy_rows(plan: &Plan, profile: &Profile, most: usize) -> Vec<Vec<String>> {
    let hir = plan.hir();
    let mut costs: Vec<_> = hir.policies.iter().zip(&profile.policies).collect();
    costs.retain(|(_, cost)| cost.messages > 0);
    costs.sort_by_key(|(policy, cost)| (std::cmp::Reverse(cost.time), policy.id));
    let row = |(policy, cost): (&crate::language::hir::Policy, &crate::policy::profile::PolicyCost)| {
        let directory = hir.directories.get(policy.directory.index());
        vec![
            printable(&policy.name).into_owned(),
            directory.map(|directory| printable(&directory.path).into_owned()).unwrap_or_default(),
            cost.messages.to_string(),
            cost.triggered.to_string(),
            micros(cost.time, cost.messages),
            micros(cost.longest, 1),
        ]
    };
    costs.into_iter().take(most).map(row).collect()
}

fn pattern_rows(plan: &Plan, profile: &Profile, most: usize) -> Vec<Vec<String>> {
    let patterns = profile
        .search
        .patterns
        .iter()
        .filter_map(|(&pattern, cost)| Some((plan.patterns().table().get(pattern).map(written)?, cost)));
    let detectors = profile.search.detectors.iter().filter_map(|(&detector, cost)| {
        Some((plan.hir().detectors.get(detector.index())?.name.to_string(), cost))
    });
    let mut costs: Vec<(String, &PatternCost)> =
        patterns.chain(detectors).filter(|(_, cost)| cost.searched > 0).collect();
    costs.sort_by(|(left, one), (right, other)| (other.bytes, left).cmp(&(one.bytes, right)));
    let row = |(name, cost): (String, &PatternCost)| {
        let name = printable(&name).into_owned();
        vec![name, cost.searched.to_string(), cost.bytes.to_string(), cost.occurred.to_string()]
    };
    costs.into_iter().take(most).map(row).collect()
}

/// A time for each of so many, in microseconds.
fn micros(time: Duration, count: u64) -> String {
    let tenths = time.as_nanos() / 100 / u128::from(count.max(1));
    format!("{}.{} us", tenths / 10, tenths % 10)
}
