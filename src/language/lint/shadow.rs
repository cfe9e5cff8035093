//! Names that hide others: a quantifier's or criterion's own name that is also a fact or an item.

use super::{codes, warning};
use crate::base::diagnostic::Diagnostics;
use crate::language::hir::Hir;
use crate::language::schema::facts::Fact;
use crate::language::syntax::ast::{
    Clause, Directory, DirectoryEntry, Expr, ExprKind, File, Item, Name, Policy,
};
use std::sync::Arc;

pub(super) fn lint(hir: &Hir, file: &File, found: &mut Diagnostics) {
    let mut report = |name: &Name| {
        if let Some(hidden) = hides(hir, &name.node) {
            found.push(
                warning(codes::SHADOWED, name.span, format!("`{}` hides {hidden} of that name", name.node))
                    .help("give it another name"),
            );
        }
    };
    for item in &file.items {
        match item {
            Item::Criterion(criterion) => {
                if let Some((name, _)) = &criterion.parameter {
                    report(name);
                }
                variables(&criterion.body, &mut report);
            }
            Item::Policy(policy) => lint_policy(policy, &mut report),
            Item::Directory(directory) => lint_directory(directory, &mut report),
            _ => {}
        }
    }
}

fn lint_directory(directory: &Directory, report: &mut dyn FnMut(&Name)) {
    for entry in &directory.entries {
        match entry {
            DirectoryEntry::Policy(policy) => lint_policy(policy, report),
            DirectoryEntry::Except { when, .. } => variables(when, report),
            DirectoryEntry::Directory(inner) => lint_directory(inner, report),
            _ => {}
        }
    }
}

fn lint_policy(policy: &Policy, report: &mut dyn FnMut(&Name)) {
    for parameter in &policy.parameters {
        report(&parameter.name);
    }
    for clause in &policy.clauses {
        if let Clause::When(condition, _) | Clause::Unless(condition, _) = clause {
            variables(condition, report);
        }
    }
}

fn variables(expression: &Expr, report: &mut dyn FnMut(&Name)) {
    let mut below = |part: &Expr| variables(part, report);
    match &expression.kind {
        ExprKind::Quantified { variable, condition, .. } => {
            below(condition);
            if let Some(name) = variable {
                report(name);
            }
        }
        ExprKind::Paren(inner) | ExprKind::Not(inner) => below(inner),
        ExprKind::And(all) | ExprKind::Or(all) => all.iter().for_each(below),
        ExprKind::Compare { left, right, .. } => {
            below(left);
            below(right);
        }
        _ => {}
    }
}

/// What of the one space that expressions name from a name would hide.
fn hides(hir: &Hir, name: &str) -> Option<&'static str> {
    if Fact::ALL.iter().any(|fact| fact.declaration().path == name) {
        return Some("the fact");
    }
    let is = |other: &Arc<str>| **other == *name;
    if hir.directories.iter().any(|item| is(&item.path)) {
        Some("the directory")
    } else if hir.criteria.iter().any(|item| is(&item.name)) {
        Some("the criterion")
    } else if hir.dictionaries.iter().any(|item| is(&item.name)) {
        Some("the dictionary")
    } else if hir.detectors.iter().any(|item| is(&item.name)) {
        Some("the detector")
    } else if hir.lists.iter().any(|item| is(&item.name)) {
        Some("the list")
    } else if hir.calendars.iter().any(|item| is(&item.name)) {
        Some("the calendar")
    } else {
        None
    }
}
