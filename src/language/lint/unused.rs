//! Items that nothing uses. Tests do not count as use: what only a test speaks of decides about no mail.

use super::walk;
use super::{codes, warning};
use crate::base::diagnostic::Diagnostics;
use crate::base::source::Span;
use crate::language::hir::{
    Action, Approver, Content, Disposition, Expr, ExprKind, Hir, Matcher, Moment, Set, Template,
};
use std::collections::HashSet;

#[derive(Default)]
struct Used {
    criteria: HashSet<u32>,
    dictionaries: HashSet<u32>,
    detectors: HashSet<u32>,
    lists: HashSet<u32>,
    calendars: HashSet<u32>,
    templates: HashSet<u32>,
    folders: HashSet<u32>,
    settings: HashSet<u32>,
    directories: HashSet<u32>,
}

pub(super) fn lint(hir: &Hir, own: &dyn Fn(Span) -> bool, found: &mut Diagnostics) {
    let used = collect(hir);
    let mut report = |kind: &str, name: &str, span: Span, is_used: bool| {
        if !is_used && own(span) {
            found.push(
                warning(codes::UNUSED, span, format!("{kind} `{name}` is never used"))
                    .label("declared here")
                    .help(format!("use it in a policy, or take the {kind} away")),
            );
        }
    };
    for (at, item) in hir.criteria.iter().enumerate() {
        report("criterion", &item.name, item.span, used.criteria.contains(&(at as u32)));
    }
    for (at, item) in hir.dictionaries.iter().enumerate() {
        report("dictionary", &item.name, item.span, used.dictionaries.contains(&(at as u32)));
    }
    for (at, item) in hir.detectors.iter().enumerate() {
        report("detector", &item.name, item.span, used.detectors.contains(&(at as u32)));
    }
    for (at, item) in hir.lists.iter().enumerate() {
        report("list", &item.name, item.span, used.lists.contains(&(at as u32)));
    }
    for (at, item) in hir.calendars.iter().enumerate() {
        report("calendar", &item.name, item.span, used.calendars.contains(&(at as u32)));
    }
    for (at, item) in hir.templates.iter().enumerate() {
        report("template", &item.name, item.span, used.templates.contains(&(at as u32)));
    }
    for (at, item) in hir.settings.iter().enumerate() {
        report("settings", &item.name, item.span, used.settings.contains(&(at as u32)));
    }
    for (at, item) in hir.folders.iter().enumerate() {
        if let Some(span) = item.span {
            report("folder", &item.name, span, used.folders.contains(&(at as u32)));
        }
    }
    for (at, item) in hir.directories.iter().enumerate() {
        report("directory", &item.path, item.span, used.directories.contains(&(at as u32)));
    }
}

fn collect(hir: &Hir) -> Used {
    let mut used = Used::default();
    for policy in &hir.policies {
        mark_directory(hir, policy.directory.0, &mut used);
        for expression in policy.whens.iter().chain(&policy.unlesses).chain(walk::effect_expressions(policy))
        {
            mark_expression(expression, &mut used);
        }
        for action in &policy.actions {
            mark_action(&action.node, &mut used);
        }
        if let Some(disposition) = &policy.disposition {
            mark_disposition(&disposition.node, &mut used);
        }
    }
    for directory in &hir.directories {
        for exception in &directory.exceptions {
            mark_directory(hir, directory.id.0, &mut used);
            mark_expression(&exception.when, &mut used);
        }
    }
    // A criterion used only by an unused criterion is reported with it on the next run; one that is used marks what it
    // uses. Criteria call only earlier ones, so one backward pass reaches all.
    for (at, criterion) in hir.criteria.iter().enumerate().rev() {
        if used.criteria.contains(&(at as u32)) {
            mark_expression(&criterion.body, &mut used);
        }
    }
    for (at, template) in hir.templates.iter().enumerate() {
        if used.templates.contains(&(at as u32)) {
            mark_template(template, &mut used);
        }
    }
    // What an expression asks for by the path of a parent is used with its children: `in partners` speaks of them.
    for (at, directory) in hir.directories.iter().enumerate() {
        if directory.parent.is_some_and(|parent| used.directories.contains(&parent.0)) {
            used.directories.insert(at as u32);
        }
    }
    for directory in hir.directories.iter().rev() {
        if let Some(parent) = directory.parent.filter(|_| used.directories.contains(&directory.id.0)) {
            used.directories.insert(parent.0);
        }
    }
    used
}

fn mark_directory(hir: &Hir, directory: u32, used: &mut Used) {
    let mut next = Some(directory);
    while let Some(at) = next {
        used.directories.insert(at);
        next = hir.directories.get(at as usize).and_then(|directory| directory.parent).map(|parent| parent.0);
    }
}

fn mark_expression(expression: &Expr, used: &mut Used) {
    walk::expressions(expression, &mut |expression| match &expression.kind {
        ExprKind::Criterion { criterion, .. } => {
            used.criteria.insert(criterion.0);
        }
        ExprKind::Count { matcher, .. } | ExprKind::Match { matcher, .. } => mark_matcher(matcher, used),
        ExprKind::Score { dictionary, .. } => {
            used.dictionaries.insert(dictionary.0);
        }
        ExprKind::LooksLike { directory, .. } => {
            used.directories.insert(directory.0);
        }
        ExprKind::In { set, .. } => match set {
            Set::Directory(id) => {
                used.directories.insert(id.0);
            }
            Set::List(id) => {
                used.lists.insert(id.0);
            }
            Set::Calendar(id) => {
                used.calendars.insert(id.0);
            }
            Set::Site | Set::Addresses { .. } | Set::Networks(_) | Set::Values(_) | Set::Many(_) => {}
        },
        _ => {}
    });
}

fn mark_matcher(matcher: &Matcher, used: &mut Used) {
    match matcher {
        Matcher::Dictionary(id) => {
            used.dictionaries.insert(id.0);
        }
        Matcher::Detector(id) => {
            used.detectors.insert(id.0);
        }
        Matcher::List(id) => {
            used.lists.insert(id.0);
        }
        Matcher::Pattern(_) | Matcher::AnyOf(_) => {}
    }
}

fn mark_content(content: &Content, used: &mut Used) {
    if let Content::Template(id) = content {
        used.templates.insert(id.0);
    }
}

fn mark_action(action: &Action, used: &mut Used) {
    match action {
        Action::AnnotateBody { content, .. } | Action::AnnotateAttachment { content, .. } => {
            mark_content(content, used);
        }
        Action::Strip { replacement: Some(content), .. } => mark_content(content, used),
        Action::Notify { template, .. } => {
            used.templates.insert(template.0);
        }
        Action::Encrypt { using, otherwise } | Action::Sign { using, otherwise } => {
            if let Some(id) = using {
                used.settings.insert(id.0);
            }
            if let Some(disposition) = otherwise {
                mark_disposition(&disposition.node, used);
            }
        }
        _ => {}
    }
}

fn mark_disposition(disposition: &Disposition, used: &mut Used) {
    match disposition {
        Disposition::Quarantine(id) => {
            used.folders.insert(id.0);
        }
        Disposition::DeferUntil(moment) => mark_moment(moment, used),
        Disposition::Approve { by, otherwise, .. } => {
            if let Approver::Directory(id) = by {
                used.directories.insert(id.0);
            }
            if let Some(disposition) = otherwise {
                mark_disposition(&disposition.node, used);
            }
        }
        _ => {}
    }
}

fn mark_moment(moment: &Moment, used: &mut Used) {
    if let Moment::Calendar(id, _) = moment {
        used.calendars.insert(id.0);
    }
}

fn mark_template(template: &Template, used: &mut Used) {
    for text in [&template.subject, &template.text, &template.html].into_iter().flatten() {
        for value in walk::values(text) {
            mark_expression(value, used);
        }
    }
}
