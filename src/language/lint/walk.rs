//! Walks over typed expressions and everything of a policy that holds one.

use crate::language::hir::{
    Action, Content, Disposition, Expr, ExprKind, OnProtected, Policy, Set, TemplatePart, TextTemplate,
};

/// Calls `visit` for an expression and all below it, outermost first.
pub(super) fn expressions<'a>(expression: &'a Expr, visit: &mut dyn FnMut(&'a Expr)) {
    visit(expression);
    for child in children(expression) {
        expressions(child, visit);
    }
}

/// The expressions directly below one.
pub(super) fn children(expression: &Expr) -> Vec<&Expr> {
    match &expression.kind {
        ExprKind::Literal(_) | ExprKind::Fact(_) | ExprKind::Variable(_) => Vec::new(),
        ExprKind::Field { owner, .. } => vec![owner],
        ExprKind::Header { name, .. } => values(name).collect(),
        ExprKind::Call { arguments, .. } => arguments.iter().collect(),
        ExprKind::Count { subject, .. } | ExprKind::Score { subject, .. } => vec![subject],
        ExprKind::Rate { key, .. } => vec![key],
        ExprKind::Default { value, default } => vec![value, default],
        ExprKind::Not(inner) | ExprKind::IsAbsent(inner) => vec![inner],
        ExprKind::And(all) | ExprKind::Or(all) => all.iter().collect(),
        ExprKind::Compare { left, right, .. } => vec![left, right],
        ExprKind::In { item, set: Set::Many(several) } => vec![item, several],
        ExprKind::In { item, .. } | ExprKind::InService { item, .. } => vec![item],
        ExprKind::Match { subject, .. }
        | ExprKind::IsValue { subject, .. }
        | ExprKind::IsAny { subject }
        | ExprKind::LooksLike { subject, .. } => vec![subject],
        ExprKind::Quantified { over, condition, .. } => vec![over, condition],
        ExprKind::Criterion { argument, .. } => argument.iter().map(|argument| &**argument).collect(),
    }
}

/// The interpolated values of a text.
pub(super) fn values(text: &TextTemplate) -> impl Iterator<Item = &Expr> {
    text.parts.iter().filter_map(|part| match part {
        TemplatePart::Value(value) => Some(value),
        TemplatePart::Text(_) => None,
    })
}

/// Every expression of a policy's effects: operands, conditions and interpolated values (criteria are not among them).
pub(super) fn effect_expressions(policy: &Policy) -> Vec<&Expr> {
    let mut found: Vec<&Expr> = policy.because.iter().flat_map(values).collect();
    for action in &policy.actions {
        action_expressions(&action.node, &mut found);
    }
    if let Some(disposition) = &policy.disposition {
        disposition_expressions(&disposition.node, &mut found);
    }
    found
}

fn action_expressions<'a>(action: &'a Action, found: &mut Vec<&'a Expr>) {
    match action {
        Action::AnnotateHeader { name, value } | Action::SetHeader { name, value } => {
            found.extend(values(name).chain(values(value)));
        }
        Action::AnnotateSubject { text, .. } | Action::Tag { text } => found.extend(values(text)),
        Action::RemoveHeader { name } => found.extend(values(name)),
        Action::Route { via, .. } => found.extend(values(via)),
        Action::AnnotateBody { content, protected, .. } => {
            content_expressions(content, found);
            protected_expressions(protected, found);
        }
        Action::AnnotateAttachment { name, content, protected } => {
            found.extend(values(name));
            content_expressions(content, found);
            protected_expressions(protected, found);
        }
        Action::Notify { to, .. } | Action::CopyTo { to, .. } => found.extend(to),
        Action::Strip { condition, replacement, .. } => {
            found.push(condition);
            if let Some(content) = replacement {
                content_expressions(content, found);
            }
        }
        Action::Redirect { to } => found.push(to),
        Action::Encrypt { otherwise, .. } | Action::Sign { otherwise, .. } => {
            if let Some(disposition) = otherwise {
                disposition_expressions(&disposition.node, found);
            }
        }
        Action::Convert(_) | Action::Severity { .. } | Action::SetPriority { .. } | Action::Decrypt => {}
    }
}

fn content_expressions<'a>(content: &'a Content, found: &mut Vec<&'a Expr>) {
    if let Content::Text(text) = content {
        found.extend(values(text));
    }
}

fn protected_expressions<'a>(protected: &'a OnProtected, found: &mut Vec<&'a Expr>) {
    if let OnProtected::Return(Some(text)) = protected {
        found.extend(values(text));
    }
}

fn disposition_expressions<'a>(disposition: &'a Disposition, found: &mut Vec<&'a Expr>) {
    match disposition {
        Disposition::Return(text) | Disposition::Reject(text) => found.extend(values(text)),
        Disposition::Approve { otherwise: Some(otherwise), .. } => {
            disposition_expressions(&otherwise.node, found)
        }
        _ => {}
    }
}
