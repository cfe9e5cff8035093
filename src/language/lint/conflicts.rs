//! Policies of one directory that tie: they set one effect to different values of equal weight, and can trigger
//! together. The language says who wins; a note says so where it matters.

use super::codes;
use super::logic;
use crate::base::diagnostic::{Diagnostic, Diagnostics};
use crate::base::source::Span;
use crate::language::hir::{Action, Disposition, Hir, Mode, Policy, Side};

pub(super) fn lint(hir: &Hir, own: &dyn Fn(Span) -> bool, found: &mut Diagnostics) {
    for (at, first) in hir.policies.iter().enumerate() {
        for second in hir.policies.iter().skip(at + 1) {
            if !compete(first, second) || !own(first.applied_span) || !own(second.applied_span) {
                continue;
            }
            let Some((effect, rule)) = tie(hir, first, second) else { continue };
            if logic::exclude_each_other(hir, &logic::conjuncts(hir, first), &logic::conjuncts(hir, second)) {
                continue;
            }
            found.push(
                Diagnostic::note(
                    codes::TIE,
                    second.name_span,
                    format!(
                        "policies `{}` and `{}` can trigger together and differ in {effect}",
                        first.name, second.name
                    ),
                )
                .also(first.name_span, "the other policy")
                .help(format!(
                    "{rule}; say it in the policies with `unless` or `overrides` if that is not meant"
                )),
            );
        }
    }
}

fn compete(first: &Policy, second: &Policy) -> bool {
    let sides_meet = first.side == second.side || first.side == Side::Both || second.side == Side::Both;
    first.directory == second.directory
        && sides_meet
        && first.name != second.name
        && first.mode == Mode::On
        && second.mode == Mode::On
        && !first.overrides.contains(&second.name)
        && !second.overrides.contains(&first.name)
}

const BY_NAME: &str = "the earlier manager's holds, then the one whose policy name comes first";

/// The effect in which two policies tie, and who wins.
fn tie(hir: &Hir, first: &Policy, second: &Policy) -> Option<(&'static str, &'static str)> {
    if let (Some(a), Some(b)) = (&first.disposition, &second.disposition)
        && rank(&a.node) == rank(&b.node)
        && rank(&a.node).is_some()
        && shown(hir, a.span) != shown(hir, b.span)
    {
        let rule = match a.node {
            Disposition::DeferUntil(_) | Disposition::DeferFor(_) => "the later moment holds",
            _ => BY_NAME,
        };
        return Some(("their disposition", rule));
    }
    for (name, pick) in SINGLE {
        let value = |policy: &Policy| {
            policy.actions.iter().find(|action| pick(&action.node)).map(|action| shown(hir, action.span))
        };
        if let (Some(a), Some(b)) = (value(first), value(second))
            && a != b
        {
            return Some((name, BY_NAME));
        }
    }
    None
}

/// Effects besides the disposition that can have one value only and have no order of restriction.
const SINGLE: [(&str, fn(&Action) -> bool); 3] = [
    ("where they redirect to", |action| matches!(action, Action::Redirect { .. })),
    ("their route", |action| matches!(action, Action::Route { .. })),
    ("the priority they set", |action| matches!(action, Action::SetPriority { .. })),
];

/// Dispositions of one rank tie; `deliver` and `drop` say the same whoever says it.
fn rank(disposition: &Disposition) -> Option<u8> {
    match disposition {
        Disposition::Deliver | Disposition::Drop => None,
        Disposition::DeferUntil(_) | Disposition::DeferFor(_) => Some(1),
        Disposition::Approve { .. } => Some(2),
        Disposition::Quarantine(_) => Some(3),
        Disposition::Return(_) | Disposition::Reject(_) => Some(4),
    }
}

fn shown(hir: &Hir, span: Span) -> String {
    hir.sources.slice(span).split_whitespace().collect::<Vec<_>>().join(" ")
}
