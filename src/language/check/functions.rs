//! Functions: what is called, counted, scored and rated, and criteria with something in their place.

use super::expressions::{literal, unknown};
use super::literals::fixed;
use super::names::{Meaning, address_of, written};
use super::unknown::Hint;
use super::{Checker, Context, Place};
use crate::base::diagnostic::Diagnostic;
use crate::base::source::Span;
use crate::language::codes::{name as name_codes, types as codes};
use crate::language::hir::{CriterionId, Expr, ExprKind, Literal, Matcher, Occurrence};
use crate::language::schema::facts::Function;
use crate::language::schema::types::Type;
use crate::language::scope::Space;
use crate::language::suggest;
use crate::language::syntax::ast::{self, Name, Reference};
use std::sync::Arc;

/// The functions there are.
const FUNCTIONS: &[&str] =
    &["attribute", "count", "domain", "header", "header_count", "length", "lower", "rate", "score"];

impl Checker<'_> {
    /// A function.
    pub(super) fn call(
        &mut self,
        context: &mut Context,
        name: &Name,
        arguments: &[ast::Expr],
        span: Span,
    ) -> Expr {
        match &*name.node {
            "header" => return self.header(context, name, arguments, span),
            "header_count" => return self.header_count(context, name, arguments, span),
            _ => {}
        }
        let function = match &*name.node {
            "length" => Function::Length,
            "lower" => Function::Lower,
            "domain" => Function::Domain,
            "attribute" => Function::Attribute,
            other => return self.criterion_as_function(context, name, other, arguments, span),
        };
        let wanted = if function == Function::Attribute { 2 } else { 1 };
        if !self.arity(name, arguments, wanted, span) {
            return unknown(span);
        }
        let mut values: Vec<Expr> = arguments.iter().map(|argument| self.value(context, argument)).collect();
        if values.iter().any(|value| value.ty == Type::Unknown) {
            return unknown(span);
        }
        let Some(first) = values.first().map(|value| value.ty.clone()) else { return unknown(span) };
        let (result, wants) = match function {
            Function::Length => (
                match first.present() {
                    Type::Text | Type::Surface => Some(Type::Number),
                    Type::Many(_) => Some(Type::Number),
                    _ => None,
                },
                "a text or several values",
            ),
            Function::Lower => ((*first.present() == Type::Text).then_some(Type::Text), "a text"),
            Function::Domain => (
                match first.present() {
                    Type::Address => Some(Type::Domain),
                    Type::Mailbox | Type::Text => Some(Type::Optional(Box::new(Type::Domain))),
                    _ => None,
                },
                "an address or the name of a host",
            ),
            Function::Attribute => (
                matches!(first.present(), Type::Address | Type::Mailbox)
                    .then_some(Type::Optional(Box::new(Type::Text))),
                "an address",
            ),
            Function::HeaderCount => (None, "a text"),
        };
        let Some(result) = result else {
            let at = arguments.first().map_or(span, |argument| argument.span);
            let message = format!("`{}` wants {wants}, and this is {first}", name.node);
            let help = match first {
                Type::Many(_) => "say which one, as in `any … where …`".to_string(),
                _ => format!("give it {wants}"),
            };
            self.push(Diagnostic::error(codes::MISMATCH, at, message).help(help));
            return unknown(span);
        };
        if function == Function::Attribute {
            let fixed =
                values.get(1).is_some_and(|value| matches!(value.kind, ExprKind::Literal(Literal::Text(_))));
            if !fixed {
                let at = arguments.get(1).map_or(span, |argument| argument.span);
                self.push(
                    Diagnostic::error(codes::MISMATCH, at, "the name of an attribute is a text on the spot")
                        .help("write it in quotes, as in `attribute(sender, \"department\")`"),
                );
                return unknown(span);
            }
        }
        if matches!(function, Function::Domain | Function::Attribute) {
            values = values.into_iter().map(address_of).collect();
        }
        let optional = values.first().is_some_and(|value| value.ty.is_optional());
        let ty = match (optional, result) {
            (true, Type::Optional(inner)) => Type::Optional(inner),
            (true, other) => Type::Optional(Box::new(other)),
            (false, other) => other,
        };
        Expr { kind: ExprKind::Call { function, arguments: values }, ty, span }
    }

    /// `executable(attachment)`, or a function that there is not.
    fn criterion_as_function(
        &mut self,
        context: &mut Context,
        name: &Name,
        written_name: &str,
        arguments: &[ast::Expr],
        span: Span,
    ) -> Expr {
        let known = self.find(context.module, Space::Values, &name.node);
        if known.is_some() {
            let reference = Reference { modules: vec![], segments: vec![name.clone()], span: name.span };
            if let Meaning::Criterion(criterion) = self.meaning(context, &reference) {
                if !self.arity(name, arguments, 1, span) {
                    return unknown(span);
                }
                let argument = arguments.first().map(|argument| self.value(context, argument));
                return self.criterion_call(criterion, argument, span);
            }
        }
        for argument in arguments {
            self.value(context, argument);
        }
        if self.doubt.covers_name(written_name) {
            return unknown(span);
        }
        let diagnostic = Diagnostic::error(
            name_codes::UNKNOWN_FUNCTION,
            name.span,
            format!("there is no function `{written_name}`"),
        );
        self.push(suggest::help(
            diagnostic,
            written_name,
            FUNCTIONS.iter().copied(),
            name.span,
            "the functions are",
        ));
        unknown(span)
    }

    fn arity(&mut self, name: &Name, arguments: &[ast::Expr], wanted: usize, span: Span) -> bool {
        if arguments.len() == wanted {
            return true;
        }
        if arguments.iter().any(|argument| matches!(argument.kind, ast::ExprKind::Bad)) {
            return false;
        }
        let plural = if wanted == 1 { "" } else { "s" };
        let message =
            format!("`{}` takes {wanted} value{plural}, and {} stand here", name.node, arguments.len());
        self.push(Diagnostic::error(codes::ARITY, span, message).help(match &*name.node {
            "header" => {
                "name one field, and after it which of several, as in `header(\"X-Team\")` or `header(\"Received\", 1)`"
            }
            "attribute" => "write it as in `attribute(sender, \"department\")`",
            _ => "give it what it asks for, and nothing else",
        }));
        false
    }

    fn header(&mut self, context: &mut Context, name: &Name, arguments: &[ast::Expr], span: Span) -> Expr {
        let (field, occurrence) = match arguments {
            [_, occurrence] => (arguments.get(..1).unwrap_or_default(), self.occurrence(occurrence)),
            all => (all, Some(Occurrence::Every)),
        };
        match (self.header_argument(context, name, field, span), occurrence) {
            (Some((text, at)), Some(occurrence)) => Expr {
                kind: ExprKind::Header { name: fixed(&text, at), occurrence },
                ty: Type::Optional(Box::new(Type::Text)),
                span,
            },
            _ => unknown(span),
        }
    }

    /// Which of the fields of a name: a number, or `last`. Here the word is no name.
    fn occurrence(&mut self, expr: &ast::Expr) -> Option<Occurrence> {
        if let ast::ExprKind::Name(reference) = &expr.kind
            && written(reference) == "last"
        {
            return Some(Occurrence::Last);
        }
        match &expr.kind {
            ast::ExprKind::Number(number) if *number >= 1 => {
                u32::try_from(*number).ok().map(Occurrence::Number).or_else(|| self.no_occurrence(expr))
            }
            ast::ExprKind::Bad => None,
            _ => self.no_occurrence(expr),
        }
    }

    fn no_occurrence(&mut self, expr: &ast::Expr) -> Option<Occurrence> {
        let (code, message) = match &expr.kind {
            ast::ExprKind::Number(number) => {
                (codes::RANGE, format!("there is no field of the number {number}"))
            }
            _ => (
                codes::MISMATCH,
                "which of the fields is meant is a number on the spot, or `last`".to_string(),
            ),
        };
        self.push(Diagnostic::error(code, expr.span, message).help(
            "fields are counted from the top: write `header(\"Received\", 1)` or `header(\"Received\", last)`",
        ));
        None
    }

    fn header_count(
        &mut self,
        context: &mut Context,
        name: &Name,
        arguments: &[ast::Expr],
        span: Span,
    ) -> Expr {
        match self.header_argument(context, name, arguments, span) {
            Some((text, at)) => Expr {
                kind: ExprKind::Call {
                    function: Function::HeaderCount,
                    arguments: vec![literal(Literal::Text(text), Type::Text, at)],
                },
                ty: Type::Number,
                span,
            },
            None => unknown(span),
        }
    }

    fn header_argument(
        &mut self,
        context: &mut Context,
        name: &Name,
        arguments: &[ast::Expr],
        span: Span,
    ) -> Option<(Arc<str>, Span)> {
        if context.place == Place::Nowhere {
            self.no_message(span);
            return None;
        }
        if !self.arity(name, arguments, 1, span) {
            return None;
        }
        let argument = arguments.first()?;
        match &argument.kind {
            ast::ExprKind::Text(text) => Some((self.field_name(text)?, text.span)),
            ast::ExprKind::Bad => None,
            _ => {
                self.push(
                    Diagnostic::error(
                        codes::MISMATCH,
                        argument.span,
                        "the name of a header field is a text on the spot",
                    )
                    .help("write it in quotes, as in `header(\"X-Team\")`"),
                );
                None
            }
        }
    }

    pub(super) fn count(
        &mut self,
        context: &mut Context,
        every: bool,
        pattern: &ast::Expr,
        subject: &ast::Expr,
        span: Span,
    ) -> Expr {
        let subject_value = self.searched(context, subject);
        let matcher = self.counted(context, pattern);
        match (subject_value, matcher) {
            (Some(subject), Some(matcher)) => Expr {
                kind: ExprKind::Count { every, matcher, subject: Box::new(subject) },
                ty: Type::Number,
                span,
            },
            _ => unknown(span),
        }
    }

    /// What `count` counts: a detector, a text, a regular expression, the entries of a dictionary or list.
    fn counted(&mut self, context: &mut Context, pattern: &ast::Expr) -> Option<Matcher> {
        if let ast::ExprKind::Regex { pattern: text, flags } = &pattern.kind {
            return self.regex(text, flags, pattern.span).map(Matcher::Pattern);
        }
        self.contained(context, pattern, false)
    }

    /// A text that is searched, as the subject of `count` and `score`.
    fn searched(&mut self, context: &mut Context, subject: &ast::Expr) -> Option<Expr> {
        let value = self.value(context, subject);
        match value.ty.present() {
            Type::Unknown => None,
            Type::Text | Type::Surface => Some(value),
            ty => {
                let message = format!("nothing can be found in {ty}");
                let help = match ty {
                    Type::Many(_) | Type::Attachment | Type::Part => {
                        "search a text, as in `text` for all of it, or `any part where count(… in part.text) >= 3`"
                    }
                    _ => "search `text`, `body`, `subject` or the text of a part",
                };
                self.push(Diagnostic::error(codes::NOT_SEARCHABLE, value.span, message).help(help));
                None
            }
        }
    }

    pub(super) fn score(
        &mut self,
        context: &mut Context,
        dictionary: &ast::Expr,
        subject: &ast::Expr,
        at_most: Option<&ast::Expr>,
        span: Span,
    ) -> Expr {
        let subject = self.searched(context, subject);
        let cap = at_most.map(|cap| self.number_literal(cap, 1, i64::from(u32::MAX), "the most that counts"));
        let found = match &dictionary.kind {
            ast::ExprKind::Name(reference) => match self.meaning_as(context, reference, Hint::Sought) {
                Meaning::Dictionary(id) => Some(id),
                Meaning::Unknown => None,
                other => {
                    let name = written(reference);
                    let message = format!("`score` wants a dictionary, and `{name}` is {}", other.words());
                    let help = match other {
                        Meaning::Detector(_) => format!("count what it finds: `count({name} in text)`"),
                        _ => "name a `dictionary`, whose entries have weights".to_string(),
                    };
                    self.push(Diagnostic::error(codes::MISMATCH, dictionary.span, message).help(help));
                    None
                }
            },
            ast::ExprKind::Bad => None,
            _ => {
                self.push(
                    Diagnostic::error(
                        codes::MISMATCH,
                        dictionary.span,
                        "`score` wants the name of a dictionary",
                    )
                    .help("declare one: `dictionary words { \"secret\" weight 3 }`"),
                );
                None
            }
        };
        let at_most = match cap {
            Some(None) => return unknown(span),
            Some(Some(cap)) => u32::try_from(cap).ok(),
            None => None,
        };
        match (found, subject) {
            (Some(dictionary), Some(subject)) => Expr {
                kind: ExprKind::Score { dictionary, subject: Box::new(subject), at_most },
                ty: Type::Number,
                span,
            },
            _ => unknown(span),
        }
    }

    pub(super) fn rate(
        &mut self,
        context: &mut Context,
        key: &ast::Expr,
        over: &ast::Expr,
        span: Span,
    ) -> Expr {
        let key_value = self.value(context, key);
        let seconds = self.duration_literal(over);
        if key_value.ty == Type::Unknown {
            return unknown(span);
        }
        if !matches!(key_value.ty.present(), Type::Address | Type::Ip | Type::Text | Type::Domain) {
            let message = format!("messages are not counted by {}", key_value.ty);
            self.push(
                Diagnostic::error(codes::MISMATCH, key.span, message)
                    .help("count by an address, a domain or the client, as in `rate(sender) over 1 hour`"),
            );
            return unknown(span);
        }
        match seconds {
            Some(seconds) => {
                Expr { kind: ExprKind::Rate { key: Box::new(key_value), seconds }, ty: Type::Number, span }
            }
            None => unknown(span),
        }
    }

    /// A criterion with what stands in its place; both or neither must be there.
    pub(super) fn criterion_call(
        &mut self,
        criterion: CriterionId,
        argument: Option<Expr>,
        span: Span,
    ) -> Expr {
        let Some((name, place)) = self
            .criteria
            .get(criterion.index())
            .map(|criterion| (Arc::clone(&criterion.name), criterion.parameter.clone()))
        else {
            return unknown(span);
        };
        let argument = match (place, argument) {
            (None, None) => None,
            (Some((_, ty)), None) => {
                let message = format!("the criterion `{name}` is asked of {ty}");
                self.push(Diagnostic::error(codes::ARITY, span, message).help(match ty {
                    Type::Attachment => format!("ask `any attachment where attachment is {name}`"),
                    _ => format!("ask `… is {name}`"),
                }));
                return unknown(span);
            }
            (None, Some(_)) => {
                let message = format!("the criterion `{name}` is asked of nothing");
                self.push(
                    Diagnostic::error(codes::ARITY, span, message).help(format!("write `{name}` alone")),
                );
                return unknown(span);
            }
            (Some((_, wanted)), Some(argument)) => {
                if argument.ty == Type::Unknown || wanted == Type::Unknown {
                    return unknown(span);
                }
                let argument = if wanted == Type::Address { address_of(argument) } else { argument };
                if *argument.ty.present() != wanted {
                    let message =
                        format!("the criterion `{name}` is asked of {wanted}, and this is {}", argument.ty);
                    let help = match argument.ty {
                        Type::Many(_) => "say which one, as in `any … where …`".to_string(),
                        _ => format!("ask it of {wanted}"),
                    };
                    self.push(Diagnostic::error(codes::MISMATCH, argument.span, message).help(help));
                    return unknown(span);
                }
                Some(Box::new(argument))
            }
        };
        Expr { kind: ExprKind::Criterion { criterion, argument }, ty: Type::Bool, span }
    }
}
