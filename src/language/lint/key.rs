//! A key of what an expression says: two with one key ask the same question, wherever they are written.

use crate::language::hir::{Expr, ExprKind, Matcher, Set, TemplatePart, TextTemplate};
use std::fmt::Write;

/// The key of an expression; spans do not count. Bound variables keep their number, so that two quantifiers only have
/// one key when they are one expression; that loses findings and makes none.
pub(super) fn key(expression: &Expr) -> String {
    let mut text = String::new();
    write_key(expression, &mut text);
    text
}

fn write_key(expression: &Expr, out: &mut String) {
    let mut list = |name: &str, parts: &[&Expr]| {
        out.push_str(name);
        out.push('(');
        for part in parts {
            write_key(part, out);
            out.push(',');
        }
        out.push(')');
    };
    match &expression.kind {
        ExprKind::Field { owner, field } => list(&format!("{field:?}"), &[owner]),
        ExprKind::Header { name, occurrence } => {
            let name = text_key(name).to_ascii_lowercase();
            list(&format!("header {name} {occurrence:?}"), &[]);
        }
        ExprKind::Call { function, arguments } => {
            list(&format!("{function:?}"), &arguments.iter().collect::<Vec<_>>());
        }
        ExprKind::Count { every, matcher, subject } => {
            list(&format!("count {every} {}", matcher_key(matcher)), &[subject]);
        }
        ExprKind::Score { dictionary, subject, at_most } => {
            list(&format!("score {dictionary:?} {at_most:?}"), &[subject]);
        }
        ExprKind::Rate { key, seconds } => list(&format!("rate {seconds}"), &[key]),
        ExprKind::Default { value, default } => list("default", &[value, default]),
        ExprKind::Not(inner) => list("not", &[inner]),
        ExprKind::And(all) => list("and", &all.iter().collect::<Vec<_>>()),
        ExprKind::Or(all) => list("or", &all.iter().collect::<Vec<_>>()),
        ExprKind::Compare { operator, left, right } => list(&format!("{operator:?}"), &[left, right]),
        ExprKind::In { item, set } => match set {
            Set::Many(several) => list("in many", &[item, several]),
            other => list(&format!("in {}", set_key(other)), &[item]),
        },
        ExprKind::InService { item, service, query } => list(&format!("{service:?} {query}"), &[item]),
        ExprKind::Match { subject, matcher } => list(&format!("match {}", matcher_key(matcher)), &[subject]),
        ExprKind::IsValue { subject, enumeration, value } => {
            list(&format!("is {enumeration:?} {value}"), &[subject])
        }
        ExprKind::IsAny { subject } => list("is any", &[subject]),
        ExprKind::IsAbsent(inner) => list("absent", &[inner]),
        ExprKind::LooksLike { subject, directory } => list(&format!("like {directory:?}"), &[subject]),
        ExprKind::Quantified { quantifier, over, variable, condition } => {
            list(&format!("{quantifier:?} {variable:?}"), &[over, condition]);
        }
        ExprKind::Criterion { criterion, argument } => {
            let argument: Vec<&Expr> = argument.iter().map(|argument| &**argument).collect();
            list(&format!("{criterion:?}"), &argument);
        }
        ExprKind::Literal(literal) => {
            // Writing to a string cannot fail.
            let _ = write!(out, "{literal:?}");
        }
        ExprKind::Fact(fact) => {
            let _ = write!(out, "{fact:?}");
        }
        ExprKind::Variable(variable) => {
            let _ = write!(out, "{variable:?}");
        }
    }
}

pub(super) fn text_key(text: &TextTemplate) -> String {
    let mut out = String::new();
    for part in &text.parts {
        match part {
            TemplatePart::Text(text) => out.push_str(text),
            TemplatePart::Value(value) => {
                out.push('{');
                write_key(value, &mut out);
                out.push('}');
            }
        }
    }
    out
}

fn matcher_key(matcher: &Matcher) -> String {
    format!("{matcher:?}")
}

fn set_key(set: &Set) -> String {
    match set {
        Set::Many(several) => key(several),
        other => format!("{other:?}"),
    }
}
