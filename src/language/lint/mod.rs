//! Lints: what is allowed, but very likely not meant.
//!
//! They read the typed set (and the syntax trees for what typing no longer knows) and never refuse it: warnings for
//! what is likely wrong, notes for what is worth knowing. `# allow(code)` beside the place silences one; that is the
//! business of [`super::check`]. Policies of the library are linted with the library's own tests, not with each set
//! that uses them.
//!
//! The logic lints ([`logic`]) look at one conjunction at a time: the `when` clauses of a policy and the negated
//! `unless` clauses. They know ranges of ordered values, enumerated values, sets of directories and subsumed literals;
//! they are sound (what they call contradicting never holds) and not complete. Cost: quadratic in the clauses of one
//! policy and in the policies of one directory that set the same effect; linear elsewhere.

mod conflicts;
mod key;
mod logic;
mod patterns;
mod shadow;
mod trust;
mod unused;
mod walk;

use super::hir::{Hir, Mode, Policy};
use super::syntax::ast;
use crate::base::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::base::source::{SourceId, SourceMap, Span};

pub mod codes;

/// Adds the findings about an error-free set.
pub fn lint(hir: &Hir, files: &[(SourceId, ast::File)], map: &SourceMap, found: &mut Diagnostics) {
    let own = |span: Span| is_own(map, span);
    unused::lint(hir, &own, found);
    for (source, file) in files {
        if is_own_source(map, *source) {
            shadow::lint(hir, file, found);
        }
    }
    let inside = trust::Inside::default();
    for policy in hir.policies.iter().filter(|policy| own(policy.span)) {
        logic::lint_policy(hir, policy, found);
        trust::lint_policy(hir, policy, &inside, found);
        patterns::lint_policy(hir, policy, found);
        lint_effect(policy, found);
        lint_override(hir, policy, found);
    }
    for directory in &hir.directories {
        for exception in &directory.exceptions {
            logic::lint_exception(hir, exception, found);
            trust::lint_exception(hir, exception, found);
            patterns::lint_expression(hir, &exception.when, found);
        }
    }
    for criterion in hir.criteria.iter().filter(|criterion| own(criterion.span)) {
        logic::lint_criterion(hir, criterion, found);
        patterns::lint_expression(hir, &criterion.body, found);
    }
    for dictionary in hir.dictionaries.iter().filter(|dictionary| own(dictionary.span)) {
        patterns::lint_dictionary(dictionary, found);
    }
    conflicts::lint(hir, &own, found);
    for test in hir.tests.iter().filter(|test| test.expectations.is_empty()) {
        found.push(
            warning(codes::EMPTY_TEST, test.span, format!("test `{}` asserts nothing", test.name))
                .help("add an `expect` clause, such as `expect deliver` or `expect not fired some_policy`"),
        );
    }
}

/// A policy without any effect, and one that restricts everything without a criterion.
fn lint_effect(policy: &Policy, found: &mut Diagnostics) {
    if policy.actions.is_empty() && policy.disposition.is_none() {
        found.push(
            warning(codes::NO_EFFECT, policy.name_span, format!("policy `{}` does nothing", policy.name))
                .help(
                    "give it an action such as `tag \"…\"` or a disposition such as `then quarantine in …`",
                ),
        );
    }
}

/// `overrides` that removes nothing, because the sides differ or the other never runs.
fn lint_override(hir: &Hir, policy: &Policy, found: &mut Diagnostics) {
    use super::hir::Side;
    for name in &policy.overrides {
        let others: Vec<&Policy> = hir.policies.iter().filter(|other| other.name == *name).collect();
        let shares_side = |other: &&Policy| {
            other.side == policy.side || other.side == Side::Both || policy.side == Side::Both
        };
        if !others.is_empty() && !others.iter().any(shares_side) {
            found.push(
                warning(
                    codes::OVERRIDES_NOTHING,
                    policy.name_span,
                    format!("policy `{}` overrides `{name}` on a side where that does not hold", policy.name),
                )
                .label("this side")
                .help("an override holds on the overrider's own sides; use the side of the other, or `for both`"),
            );
        } else if !others.is_empty() && others.iter().all(|other| other.mode == Mode::Off) {
            found.push(
                warning(
                    codes::OVERRIDES_NOTHING,
                    policy.name_span,
                    format!("policy `{}` overrides `{name}`, which is off", policy.name),
                )
                .help("take the `overrides` away, or switch the other policy on"),
            );
        }
    }
}

fn is_own(map: &SourceMap, span: Span) -> bool {
    is_own_source(map, span.source)
}

/// Whether a text is of the set itself and not of the embedded library.
fn is_own_source(map: &SourceMap, source: SourceId) -> bool {
    !source.is_shared() && map.get(source).is_some()
}

fn warning(code: Code, span: Span, message: impl Into<String>) -> Diagnostic {
    Diagnostic::warning(code, span, message)
}
