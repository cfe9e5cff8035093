//! A key of what an expression says: two with one key ask the same question, wherever they are written.
//!
//! Made by walking the expression once; places do not count. Cost: linear in the expression.

use crate::language::hir::{
    Approver, CalendarEvent, CompareOperator, Expr, ExprKind, FolderId, Literal, Matcher, Moment, Occurrence,
    Pattern, Priority, Quantifier, Service, Set, TemplatePart, TextTemplate,
};
use crate::language::schema::facts::{Fact, Field, Function};
use crate::language::schema::types::Enumeration;
use std::sync::Arc;

/// The key of an expression, a text or another value.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key(Vec<Part>);

/// What a key is made of, in the order of the expression: each node, what belongs to it, and how many follow.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Part {
    Node(&'static str),
    Length(usize),
    Id(u32),
    Number(i64),
    Flag(bool),
    Text(Arc<str>),
    Literal(Literal),
    Pattern(Pattern),
    Network(ipnet::IpNet),
    Fact(Fact),
    Field(Field),
    Function(Function),
    Occurrence(Occurrence),
    Operator(CompareOperator),
    Quantifier(Quantifier),
    Service(Service),
    Enumeration(Enumeration),
    Priority(Priority),
}

/// The key of an expression. Bound variables keep their number, so that two quantifiers only have one key when they
/// are one expression; that loses findings and makes none.
pub(super) fn key(expression: &Expr) -> Key {
    let mut parts = Vec::new();
    expression_parts(expression, &mut parts);
    Key(parts)
}

/// The key of a text with its values.
pub(super) fn text_key(text: &TextTemplate) -> Key {
    let mut parts = Vec::new();
    text_parts(text, false, &mut parts);
    Key(parts)
}

/// The key of a duration in seconds.
pub(super) fn seconds_key(seconds: i64) -> Key {
    Key(vec![Part::Number(seconds)])
}

/// The key of a folder.
pub(super) fn folder_key(folder: FolderId) -> Key {
    Key(vec![Part::Id(folder.0)])
}

/// The key of a priority.
pub(super) fn priority_key(level: Priority) -> Key {
    Key(vec![Part::Priority(level)])
}

/// The key of a moment that a message waits for.
pub(super) fn moment_key(moment: &Moment) -> Key {
    Key(match moment {
        Moment::Calendar(calendar, event) => {
            vec![Part::Node("calendar"), Part::Id(calendar.0), Part::Flag(*event == CalendarEvent::Opens)]
        }
        Moment::At(at) => vec![Part::Literal(Literal::Moment(*at))],
        Moment::TimeOfDay(minutes) => vec![Part::Literal(Literal::TimeOfDay(*minutes))],
    })
}

/// The key of who approves.
pub(super) fn approver_key(by: &Approver) -> Key {
    Key(match by {
        Approver::Address(address) => vec![Part::Literal(Literal::Address(address.clone()))],
        Approver::Directory(directory) => vec![Part::Id(directory.0)],
    })
}

fn several<'e>(
    node: &'static str,
    expressions: impl ExactSizeIterator<Item = &'e Expr>,
    out: &mut Vec<Part>,
) {
    out.extend([Part::Node(node), Part::Length(expressions.len())]);
    for expression in expressions {
        expression_parts(expression, out);
    }
}

fn expression_parts(expression: &Expr, out: &mut Vec<Part>) {
    match &expression.kind {
        ExprKind::Literal(literal) => out.push(Part::Literal(literal.clone())),
        ExprKind::Fact(fact) => out.push(Part::Fact(*fact)),
        ExprKind::Variable(variable) => out.extend([Part::Node("variable"), Part::Id(variable.0)]),
        ExprKind::Field { owner, field } => {
            out.push(Part::Field(*field));
            expression_parts(owner, out);
        }
        ExprKind::Header { name, occurrence } => {
            out.extend([Part::Node("header"), Part::Occurrence(*occurrence)]);
            // Names of header fields know no case.
            text_parts(name, true, out);
        }
        ExprKind::Call { function, arguments } => {
            out.push(Part::Function(*function));
            several("call", arguments.iter(), out);
        }
        ExprKind::Count { every, matcher, subject } => {
            out.extend([Part::Node("count"), Part::Flag(*every)]);
            matcher_parts(matcher, out);
            expression_parts(subject, out);
        }
        ExprKind::Score { dictionary, subject, at_most } => {
            let most = at_most.map_or(-1, i64::from);
            out.extend([Part::Node("score"), Part::Id(dictionary.0), Part::Number(most)]);
            expression_parts(subject, out);
        }
        ExprKind::Rate { key, seconds } => {
            out.extend([Part::Node("rate"), Part::Number(*seconds)]);
            expression_parts(key, out);
        }
        ExprKind::Default { value, default } => several("default", [&**value, &**default].into_iter(), out),
        ExprKind::Not(inner) => several("not", [&**inner].into_iter(), out),
        ExprKind::And(all) => several("and", all.iter(), out),
        ExprKind::Or(all) => several("or", all.iter(), out),
        ExprKind::Compare { operator, left, right } => {
            out.push(Part::Operator(*operator));
            several("compare", [&**left, &**right].into_iter(), out);
        }
        ExprKind::In { item, set } => {
            out.push(Part::Node("in"));
            set_parts(set, out);
            expression_parts(item, out);
        }
        ExprKind::InService { item, service, query } => {
            out.extend([Part::Service(*service), Part::Text(Arc::clone(query))]);
            expression_parts(item, out);
        }
        ExprKind::Match { subject, matcher } => {
            out.push(Part::Node("match"));
            matcher_parts(matcher, out);
            expression_parts(subject, out);
        }
        ExprKind::IsValue { subject, enumeration, value } => {
            out.extend([Part::Enumeration(*enumeration), Part::Id(u32::from(*value))]);
            expression_parts(subject, out);
        }
        ExprKind::IsAny { subject } => several("is any", [&**subject].into_iter(), out),
        ExprKind::IsAbsent(inner) => several("is absent", [&**inner].into_iter(), out),
        ExprKind::LooksLike { subject, directory } => {
            out.extend([Part::Node("looks like"), Part::Id(directory.0)]);
            expression_parts(subject, out);
        }
        ExprKind::Quantified { quantifier, over, variable, condition } => {
            out.extend([Part::Quantifier(*quantifier), Part::Id(variable.0)]);
            several("quantified", [&**over, &**condition].into_iter(), out);
        }
        ExprKind::Criterion { criterion, argument } => {
            out.extend([Part::Node("criterion"), Part::Id(criterion.0), Part::Flag(argument.is_some())]);
            if let Some(argument) = argument {
                expression_parts(argument, out);
            }
        }
    }
}

fn text_parts(text: &TextTemplate, folded: bool, out: &mut Vec<Part>) {
    out.extend([Part::Node("text"), Part::Length(text.parts.len())]);
    for part in &text.parts {
        match part {
            TemplatePart::Text(text) if folded => out.push(Part::Text(text.to_ascii_lowercase().into())),
            TemplatePart::Text(text) => out.push(Part::Text(Arc::clone(text))),
            TemplatePart::Value(value) => expression_parts(value, out),
        }
    }
}

fn matcher_parts(matcher: &Matcher, out: &mut Vec<Part>) {
    match matcher {
        Matcher::Pattern(pattern) => out.push(Part::Pattern(pattern.clone())),
        Matcher::AnyOf(patterns) => {
            out.extend([Part::Node("any of"), Part::Length(patterns.len())]);
            out.extend(patterns.iter().cloned().map(Part::Pattern));
        }
        Matcher::Dictionary(id) => out.extend([Part::Node("dictionary"), Part::Id(id.0)]),
        Matcher::Detector(id) => out.extend([Part::Node("detector"), Part::Id(id.0)]),
        Matcher::List(id) => out.extend([Part::Node("list"), Part::Id(id.0)]),
    }
}

fn set_parts(set: &Set, out: &mut Vec<Part>) {
    match set {
        Set::Site => out.push(Part::Node("site")),
        Set::Directory(id) => out.extend([Part::Node("directory"), Part::Id(id.0)]),
        Set::Addresses { addresses, domains } => {
            out.extend([Part::Node("addresses"), Part::Length(addresses.len() + domains.len())]);
            out.extend(addresses.iter().cloned().map(Literal::Address).map(Part::Literal));
            out.extend(domains.iter().cloned().map(Literal::Domain).map(Part::Literal));
        }
        Set::Networks(networks) => {
            out.extend([Part::Node("networks"), Part::Length(networks.len())]);
            out.extend(networks.iter().copied().map(Part::Network));
        }
        Set::List(id) => out.extend([Part::Node("list"), Part::Id(id.0)]),
        Set::Calendar(id) => out.extend([Part::Node("calendar"), Part::Id(id.0)]),
        Set::Values(values) => {
            out.extend([Part::Node("values"), Part::Length(values.len())]);
            out.extend(values.iter().cloned().map(Part::Literal));
        }
        Set::Many(several) => expression_parts(several, out),
    }
}
