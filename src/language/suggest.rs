//! Did-you-mean: the nearest of the names that would have been right.

use crate::base::diagnostic::Diagnostic;
use crate::base::source::Span;

/// How many names help lists where none is near.
const LISTED: usize = 16;

/// The candidate nearest to `name`, if one is near enough to have been meant: a third of its letters may differ.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let folded = name.to_lowercase();
    let most = (name.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .filter(|candidate| *candidate != name)
        .map(|candidate| (distance(&folded, &candidate.to_lowercase()), candidate))
        .filter(|(distance, _)| *distance <= most)
        .min_by(|left, right| left.cmp(right))
        .map(|(_, candidate)| candidate)
}

/// The candidate that is the name itself but for the case of its letters, or the nearest.
pub fn closest<'a>(name: &str, candidates: &[&'a str]) -> Option<&'a str> {
    let same = candidates.iter().copied().find(|candidate| candidate.eq_ignore_ascii_case(name));
    same.or_else(|| nearest(name, candidates.iter().copied()))
}

/// Adds the mend to a finding about an unknown name: the nearest candidate (with the change at `span`), else all of
/// them after `listing`, else nothing.
pub fn help<'a>(
    diagnostic: Diagnostic,
    name: &str,
    candidates: impl IntoIterator<Item = &'a str>,
    span: Span,
    listing: &str,
) -> Diagnostic {
    let mut candidates: Vec<&str> = candidates.into_iter().collect();
    candidates.sort_unstable();
    candidates.dedup();
    if let Some(nearest) = nearest(name, candidates.iter().copied()) {
        return diagnostic.help(format!("did you mean `{nearest}`?")).fix(
            span,
            nearest,
            format!("replace by `{nearest}`"),
        );
    }
    if candidates.is_empty() {
        return diagnostic;
    }
    diagnostic.help(format!("{listing} {}", listed(&candidates)))
}

/// Some names in backticks, with `…` where there are more.
pub fn listed(names: &[&str]) -> String {
    let mut shown: Vec<String> = names.iter().take(LISTED).map(|name| format!("`{name}`")).collect();
    if names.len() > LISTED {
        shown.push("…".to_string());
    }
    shown.join(", ")
}

/// Edits between two names; one that only lost or swapped its parts (`numbers_card`) counts as near too.
fn distance(left: &str, right: &str) -> usize {
    let edits = strsim::damerau_levenshtein(left, right);
    let parts = |name: &str| {
        let mut parts: Vec<String> = name.split(['_', '.']).map(str::to_string).collect();
        parts.sort_unstable();
        parts
    };
    if edits > 1 && left.len() > 3 && parts(left) == parts(right) {
        return 1;
    }
    edits
}
