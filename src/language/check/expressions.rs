//! Expressions: values, conditions, functions, quantifiers, interpolations.

use super::names::{Meaning, written};
use super::unknown::Hint;
use super::{Checker, Context, Place};
use crate::base::diagnostic::Diagnostic;
use crate::base::source::Span;
use crate::language::codes::types as codes;
use crate::language::hir::{Expr, ExprKind, Literal, Occurrence, Quantifier};
use crate::language::schema::facts::Fact;
use crate::language::schema::types::Type;
use crate::language::suggest;
use crate::language::syntax::ast::{self, Reference};
use std::sync::Arc;

/// An expression with an error in it: goes with everything, causes no further finding, never reaches a typed set.
pub(super) fn unknown(span: Span) -> Expr {
    Expr { kind: ExprKind::Literal(Literal::Bool(false)), ty: Type::Unknown, span }
}

pub(super) fn literal(literal: Literal, ty: Type, span: Span) -> Expr {
    Expr { kind: ExprKind::Literal(literal), ty, span }
}

pub(super) fn negated(inner: Expr, span: Span) -> Expr {
    let ty = inner.ty.clone();
    Expr { kind: ExprKind::Not(Box::new(inner)), ty, span }
}

impl Checker<'_> {
    /// An expression that must be true or false.
    pub(super) fn condition(&mut self, context: &mut Context, expr: &ast::Expr) -> Expr {
        let value = match &expr.kind {
            ast::ExprKind::Name(reference) => match self.meaning(context, reference) {
                Meaning::Value(value) => value,
                Meaning::Criterion(criterion) => return self.criterion_call(criterion, None, expr.span),
                Meaning::Unknown => return unknown(expr.span),
                other => {
                    self.not_a_condition(expr.span, &written(reference), &other);
                    return unknown(expr.span);
                }
            },
            _ => self.value(context, expr),
        };
        self.as_condition(value)
    }

    /// Makes a condition of a value: itself, or whether a set of causes is not empty.
    fn as_condition(&mut self, value: Expr) -> Expr {
        match &value.ty {
            Type::Bool => value,
            Type::Unknown => unknown(value.span),
            Type::Flags(_) => {
                let span = value.span;
                Expr { kind: ExprKind::IsAny { subject: Box::new(value) }, ty: Type::Bool, span }
            }
            ty => {
                let message = format!("a condition must stand here, and this is {ty}");
                let help = match ty.present() {
                    Type::Text | Type::Surface => {
                        "ask something of it, as in `… contains \"word\"`".to_string()
                    }
                    Type::Number => "compare it, as in `… >= 3`".to_string(),
                    Type::Size => "compare it, as in `… > 10 MB`".to_string(),
                    Type::Enum(enumeration) => {
                        format!(
                            "ask for a value, as in `… is {}`",
                            enumeration.values().first().unwrap_or(&"x")
                        )
                    }
                    Type::Address | Type::Domain => "ask where it belongs, as in `… in site`".to_string(),
                    Type::Many(_) => "ask of any or every one, as in `any … in site`".to_string(),
                    _ => "compare it with something, or ask `… is absent`".to_string(),
                };
                self.push(Diagnostic::error(codes::NOT_A_CONDITION, value.span, message).help(help));
                unknown(value.span)
            }
        }
    }

    fn not_a_condition(&mut self, span: Span, name: &str, meaning: &Meaning) {
        let help = match meaning {
            Meaning::Detector(_) => format!("ask `text contains {name}`, or `count({name} in text) >= 3`"),
            Meaning::Dictionary(_) => format!("ask `text contains {name}`, or `score({name} in text) >= 5`"),
            Meaning::Directory(_) | Meaning::List(_) | Meaning::Site => {
                format!("ask what is in it, as in `sender in {name}`")
            }
            Meaning::Calendar(_) => format!("ask `received in {name}`"),
            Meaning::Noun(_) => format!("ask something of it, as in `{name} is …` or `{name}.…`"),
            _ => "ask something of it".to_string(),
        };
        let message = format!("a condition must stand here, and `{name}` is {}", meaning.words());
        self.push(Diagnostic::error(codes::NOT_A_CONDITION, span, message).help(help));
    }

    /// An expression as a value.
    pub(super) fn value(&mut self, context: &mut Context, expr: &ast::Expr) -> Expr {
        let span = expr.span;
        match &expr.kind {
            ast::ExprKind::Bool(value) => literal(Literal::Bool(*value), Type::Bool, span),
            ast::ExprKind::Number(value) => literal(Literal::Number(*value), Type::Number, span),
            ast::ExprKind::Size(value) => literal(Literal::Size(*value), Type::Size, span),
            ast::ExprKind::Duration(value) => literal(Literal::Duration(*value), Type::Duration, span),
            ast::ExprKind::Characters(_) => {
                self.misplaced(span, "a number of characters", "it follows `within` of a detector")
            }
            ast::ExprKind::TimeOfDay(minutes) => match self.time_of_day(*minutes, false, span) {
                Some(minutes) => literal(Literal::TimeOfDay(minutes), Type::TimeOfDay, span),
                None => unknown(span),
            },
            ast::ExprKind::Date { year, month, day } => match self.date(*year, *month, *day, span) {
                Some(date) => literal(Literal::Date(date), Type::Date, span),
                None => unknown(span),
            },
            ast::ExprKind::DateTime { .. } => match self.moment(expr) {
                Some(moment) => literal(Literal::Moment(moment), Type::Moment, span),
                None => unknown(span),
            },
            ast::ExprKind::Address(text) => match self.address(text, span) {
                Some(address) => literal(Literal::Address(address), Type::Address, span),
                None => unknown(span),
            },
            ast::ExprKind::NullAddress => literal(Literal::NullAddress, Type::Address, span),
            ast::ExprKind::Domain { name, subdomains } => match self.domain(name, *subdomains, span) {
                Some(domain) => literal(Literal::Domain(domain), Type::Domain, span),
                None => unknown(span),
            },
            ast::ExprKind::Network(text) => match self.network(text, span) {
                Some(network) => literal(Literal::Network(network), Type::Network, span),
                None => unknown(span),
            },
            ast::ExprKind::Text(text) => self.text_value(text),
            ast::ExprKind::Regex { .. } => {
                self.misplaced(span, "a regular expression", "it follows `matches`")
            }
            ast::ExprKind::List(_) => {
                self.misplaced(span, "a list", "it follows `in`, `outside`, `contains` or `matches`")
            }
            ast::ExprKind::Name(reference) => self.name_value(context, reference),
            ast::ExprKind::Call { function, arguments } => self.call(context, function, arguments, span),
            ast::ExprKind::Count { every, pattern, subject } => {
                self.count(context, *every, pattern, subject, span)
            }
            ast::ExprKind::Score { dictionary, subject, at_most } => {
                self.score(context, dictionary, subject, at_most.as_deref(), span)
            }
            ast::ExprKind::Rate { key, over } => self.rate(context, key, over, span),
            ast::ExprKind::Paren(inner) => match &inner.kind {
                ast::ExprKind::Or(operands) => self.or(context, operands, true, span),
                _ => {
                    let inner = match &inner.kind {
                        // A criterion in parentheses is one still.
                        ast::ExprKind::Name(_) => self.condition_or_value(context, inner),
                        _ => self.value(context, inner),
                    };
                    Expr { span, ..inner }
                }
            },
            ast::ExprKind::Not(inner) => self.not(context, inner, span),
            ast::ExprKind::And(operands) => {
                let operands = operands.iter().map(|operand| self.condition(context, operand)).collect();
                self.junction(operands, span, ExprKind::And)
            }
            ast::ExprKind::Or(operands) => self.or(context, operands, false, span),
            ast::ExprKind::QuantifiedTerm { quantifier, over, .. } => {
                let word = quantifier_word(quantifier.node);
                let message = format!("`{word} {}` says nothing yet", written(over));
                self.push(Diagnostic::error(codes::QUANTIFIER, span, message).help(format!(
                    "go on, as in `{word} {0} in site` or `{word} {0} where …`",
                    written(over)
                )));
                unknown(span)
            }
            ast::ExprKind::Quantified { quantifier, over, arguments, variable, condition } => {
                let range = self.range(context, over, arguments);
                let word = variable.as_ref().or(over.segments.last()).map(|name| Arc::clone(&name.node));
                let word = match (&range, variable) {
                    (Some((_, _, word)), None) => Some(Arc::clone(word)),
                    _ => word,
                };
                self.quantified(context, quantifier.node, range, word.as_ref(), condition, span)
            }
            ast::ExprKind::Compare { .. }
            | ast::ExprKind::In { .. }
            | ast::ExprKind::InService { .. }
            | ast::ExprKind::Match { .. }
            | ast::ExprKind::Is { .. }
            | ast::ExprKind::LooksLike { .. } => self.question(context, expr, false),
            ast::ExprKind::Bad => unknown(span),
        }
    }

    /// A name that may be a criterion, or a value.
    fn condition_or_value(&mut self, context: &mut Context, expr: &ast::Expr) -> Expr {
        if let ast::ExprKind::Name(reference) = &expr.kind {
            return match self.meaning(context, reference) {
                Meaning::Criterion(criterion) => self.criterion_call(criterion, None, expr.span),
                Meaning::Value(value) => value,
                Meaning::Unknown => unknown(expr.span),
                other => {
                    self.not_a_value(expr.span, &written(reference), &other);
                    unknown(expr.span)
                }
            };
        }
        self.value(context, expr)
    }

    fn name_value(&mut self, context: &mut Context, reference: &Reference) -> Expr {
        match self.meaning(context, reference) {
            Meaning::Value(value) => Expr { span: reference.span, ..value },
            Meaning::Unknown => unknown(reference.span),
            Meaning::Criterion(criterion) => self.criterion_call(criterion, None, reference.span),
            other => {
                self.not_a_value(reference.span, &written(reference), &other);
                unknown(reference.span)
            }
        }
    }

    pub(super) fn not_a_value(&mut self, span: Span, name: &str, meaning: &Meaning) {
        let help = match meaning {
            Meaning::Noun("message") => {
                "ask `message is …`, or name a part of it, as in `message.size`".to_string()
            }
            Meaning::Noun(_) => format!("name what you mean of it, as in `{name}.…`"),
            Meaning::Detector(_) => format!("ask `text contains {name}`, or `count({name} in text) >= 3`"),
            Meaning::Dictionary(_) => format!("ask `score({name} in text) >= 5`"),
            _ => format!("ask what is in it, as in `… in {name}`"),
        };
        let message = format!("a value must stand here, and `{name}` is {}", meaning.words());
        self.push(Diagnostic::error(codes::MISMATCH, span, message).help(help));
    }

    fn misplaced(&mut self, span: Span, what: &str, help: &str) -> Expr {
        self.push(Diagnostic::error(codes::MISMATCH, span, format!("{what} cannot stand here")).help(help));
        unknown(span)
    }

    /// A text in a condition: fixed.
    fn text_value(&mut self, text: &ast::TextLiteral) -> Expr {
        match self.plain_in_condition(text) {
            Some(plain) => literal(Literal::Text(plain), Type::Text, text.span),
            None => unknown(text.span),
        }
    }

    /// A fixed text; values in it are refused with the words that fit a condition.
    pub(super) fn plain_in_condition(&mut self, text: &ast::TextLiteral) -> Option<Arc<str>> {
        if let Some(plain) = text.plain() {
            return Some(plain.into());
        }
        let bad = text.parts.iter().any(|part| match part {
            ast::TextPart::Value(value) => matches!(value.kind, ast::ExprKind::Bad),
            ast::TextPart::Text(_) => false,
        });
        if !bad {
            self.push(
                Diagnostic::error(
                    codes::NO_MESSAGE,
                    text.span,
                    "what is searched for or compared is a fixed text",
                )
                .help("write the text without `{…}`; `{{` is a brace"),
            );
        }
        None
    }

    /// A value that is put into a text.
    pub(super) fn interpolated(&mut self, context: &mut Context, expr: &ast::Expr) -> Expr {
        if context.place == Place::Nowhere {
            if !matches!(expr.kind, ast::ExprKind::Bad) {
                self.no_message(expr.span);
            }
            return unknown(expr.span);
        }
        let before = std::mem::replace(&mut self.hint, Hint::Interpolated);
        let value = self.value(context, expr);
        self.hint = before;
        let shown = match value.ty.present() {
            Type::Many(inner) => inner.present(),
            other => other,
        };
        let is_text = matches!(
            shown,
            Type::Text
                | Type::Number
                | Type::Size
                | Type::Duration
                | Type::TimeOfDay
                | Type::Date
                | Type::Moment
                | Type::Address
                | Type::Mailbox
                | Type::Domain
                | Type::Ip
                | Type::Network
                | Type::Enum(_)
                | Type::Flags(_)
                | Type::Unknown
        );
        if is_text {
            return value;
        }
        let help = match shown {
            Type::Attachment => {
                "name what you mean of them, as in `{attachments.name}` or `{length(attachments)}`"
            }
            Type::Part => "name what you mean of them, as in `{parts.type}`",
            Type::Link => "name what you mean of them, as in `{links.url}`",
            Type::Surface => "put in something short, such as `{subject}` or `{policy.matches}`",
            _ => "put in a text, a number, an address or a time",
        };
        let message = format!("{} cannot be put into a text", value.ty);
        self.push(Diagnostic::error(codes::NOT_A_TEXT, expr.span, message).help(help));
        unknown(expr.span)
    }

    /// `not e`; what is written `any x not in s` denies the membership, not the quantifier.
    fn not(&mut self, context: &mut Context, inner: &ast::Expr, span: Span) -> Expr {
        let infix = !self.loaded.map.slice(span).starts_with("not");
        if infix
            && subject_of(inner)
                .is_some_and(|subject| matches!(subject.kind, ast::ExprKind::QuantifiedTerm { .. }))
        {
            let question = self.question(context, inner, true);
            return Expr { span, ..question };
        }
        let inner = self.condition(context, inner);
        match inner.ty {
            Type::Unknown => unknown(span),
            _ => negated(inner, span),
        }
    }

    fn junction(&mut self, operands: Vec<Expr>, span: Span, make: fn(Vec<Expr>) -> ExprKind) -> Expr {
        if operands.iter().any(|operand| operand.ty == Type::Unknown) {
            return unknown(span);
        }
        Expr { kind: make(operands), ty: Type::Bool, span }
    }

    /// `a or b`: a condition, or in parentheses a value with what holds where it is absent.
    fn or(
        &mut self,
        context: &mut Context,
        operands: &[ast::Expr],
        in_parentheses: bool,
        span: Span,
    ) -> Expr {
        let Some((first, rest)) = operands.split_first() else { return unknown(span) };
        let first = self.condition_or_value(context, first);
        let is_condition = matches!(first.ty, Type::Bool | Type::Flags(_));
        if is_condition || first.ty == Type::Unknown && rest.iter().all(is_question) {
            let mut all = vec![self.as_condition(first)];
            all.extend(rest.iter().map(|operand| self.condition(context, operand)));
            return self.junction(all, span, ExprKind::Or);
        }
        if first.ty == Type::Unknown {
            return unknown(span);
        }
        if !in_parentheses {
            let shown = self.loaded.map.slice(first.span).to_string();
            let message = format!("a condition must stand here, and this is {}", first.ty);
            let diagnostic = Diagnostic::error(codes::DEFAULT, first.span, message);
            self.push(match first.ty.is_optional() {
                true => diagnostic
                    .help(format!("for a value where it is absent, use parentheses, as in `({shown} or …)`")),
                false => diagnostic.help("`or` joins conditions: compare the value first"),
            });
            return unknown(span);
        }
        if !first.ty.is_optional() {
            let message = format!("this is {}, and never absent", first.ty);
            self.push(
                Diagnostic::error(codes::DEFAULT, first.span, message)
                    .help("take away the `or`: the value is always there"),
            );
            return unknown(span);
        }
        let mut value = first;
        for operand in rest {
            let default = self.value(context, operand);
            if default.ty == Type::Unknown {
                return unknown(span);
            }
            if default.ty.present() != value.ty.present() {
                let message = format!("{} cannot stand for {}", default.ty, value.ty.present());
                self.push(
                    Diagnostic::error(codes::MISMATCH, default.span, message)
                        .also(value.span, format!("this is {}", value.ty))
                        .help("give a default of the same type"),
                );
                return unknown(span);
            }
            let ty = default.ty.clone();
            value = Expr {
                kind: ExprKind::Default { value: Box::new(value), default: Box::new(default) },
                ty,
                span,
            };
        }
        value
    }

    /// `any attachment where …`; `word` is how one of the range is called in the condition.
    fn quantified(
        &mut self,
        context: &mut Context,
        quantifier: Quantifier,
        range: Option<Range>,
        word: Option<&Arc<str>>,
        condition: &ast::Expr,
        span: Span,
    ) -> Expr {
        let Some(word) = word else { return unknown(span) };
        // Of a range that is none, the condition is looked at all the same: its own mistakes are independent.
        let (over, element) = match range {
            Some((over, element, _)) => (Some(over), element),
            None => (None, Type::Unknown),
        };
        let variable = self.variable(word, element);
        let id = variable.id;
        context.variables.push(variable);
        let condition = self.condition(context, condition);
        context.variables.pop();
        match over {
            Some(over) if condition.ty != Type::Unknown => {
                let (over, condition) = (Box::new(over), Box::new(condition));
                let kind = ExprKind::Quantified { quantifier, over, variable: id, condition };
                Expr { kind, ty: Type::Bool, span }
            }
            _ => unknown(span),
        }
    }

    /// What a quantifier ranges over: the values, the type of one, and how one is called.
    pub(super) fn range(
        &mut self,
        context: &mut Context,
        over: &Reference,
        arguments: &[ast::Expr],
    ) -> Option<Range> {
        let word: Arc<str> = written(over).into();
        if !arguments.is_empty() {
            return self.range_of_call(context, over, arguments);
        }
        let singular = match &*word {
            "attachment" | "attachments" => Some((Fact::Attachments, "attachment")),
            "recipient" | "recipients" => Some((Fact::Recipients, "recipient")),
            "part" | "parts" => Some((Fact::Parts, "part")),
            "link" | "links" => Some((Fact::Links, "link")),
            _ => None,
        };
        let shadowed = context.variables.iter().any(|variable| variable.name == word);
        if let (Some((fact, singular)), false) = (singular, shadowed) {
            if context.place == Place::Nowhere {
                self.no_message(over.span);
                return None;
            }
            let ty = fact.declaration().kind();
            let Type::Many(element) = &ty else { return None };
            let element = (**element).clone();
            let value = Expr { kind: ExprKind::Fact(fact), ty, span: over.span };
            return Some((value, element, singular.into()));
        }
        let value = match self.meaning(context, over) {
            Meaning::Value(value) => value,
            Meaning::Unknown => return None,
            other => {
                let message = format!("`{word}` is {}, not several values of the message", other.words());
                self.push(Diagnostic::error(codes::QUANTIFIER, over.span, message).help(RANGES));
                return None;
            }
        };
        match value.ty.clone() {
            Type::Many(element) => {
                let name = over.segments.last().map_or(Arc::clone(&word), |name| Arc::clone(&name.node));
                Some((value, *element, name))
            }
            Type::Unknown => None,
            other => {
                let message = format!("`{word}` is {other}, and `any`, `no` and `every` want several");
                let names = ["attachment", "recipient", "part", "link", "to", "cc", "from", "reply_to"];
                let diagnostic = Diagnostic::error(codes::QUANTIFIER, over.span, message);
                self.push(match suggest::nearest(&word, names) {
                    _ if shadowed => diagnostic.help(format!(
                        "here `{word}` is the one that the quantifier around it binds, whose `where` reaches over `and` and \
                         `or`: end that by parentheses, `(any {word} where …) and …`, or give it another name, \
                         `any {word} as outer where …`"
                    )),
                    Some(nearest) => diagnostic.help(format!("did you mean `{nearest}`?")),
                    None => diagnostic.help(RANGES),
                });
                None
            }
        }
    }

    /// `any header("Received")`: every field of that name.
    fn range_of_call(
        &mut self,
        context: &mut Context,
        over: &Reference,
        arguments: &[ast::Expr],
    ) -> Option<Range> {
        let name = over.segments.first()?;
        let value = self.call(context, name, arguments, over.span);
        if let ExprKind::Header { occurrence: Occurrence::Every, .. } = value.kind {
            let span = arguments.last().map_or(over.span, |last| over.span.to(last.span));
            let value = Expr { ty: Type::Many(Box::new(Type::Text)), span, ..value };
            return Some((value, Type::Text, Arc::clone(&name.node)));
        }
        if value.ty != Type::Unknown {
            let message = format!("this is {}, and `any`, `no` and `every` want several", value.ty);
            self.push(Diagnostic::error(codes::QUANTIFIER, over.span, message).help(RANGES));
        }
        None
    }
}

/// What a quantifier ranges over: the values, the type of one, and how one is called.
pub(super) type Range = (Expr, Type, Arc<str>);

const RANGES: &str =
    "they range over `attachment`, `recipient`, `part`, `link`, `to`, `cc`, `from` and `reply_to`";

/// A quantifier as written.
pub(super) fn quantifier_word(quantifier: Quantifier) -> &'static str {
    match quantifier {
        Quantifier::Any => "any",
        Quantifier::No => "no",
        Quantifier::Every => "every",
    }
}

/// What a question is asked of.
pub(super) fn subject_of(expr: &ast::Expr) -> Option<&ast::Expr> {
    match &expr.kind {
        ast::ExprKind::Compare { left, .. } => Some(left),
        ast::ExprKind::In { item, .. } | ast::ExprKind::InService { item, .. } => Some(item),
        ast::ExprKind::Match { subject, .. }
        | ast::ExprKind::Is { subject, .. }
        | ast::ExprKind::LooksLike { subject, .. } => Some(subject),
        _ => None,
    }
}

/// Whether an expression is a condition by its form.
fn is_question(expr: &ast::Expr) -> bool {
    subject_of(expr).is_some()
        || matches!(
            expr.kind,
            ast::ExprKind::Bool(_)
                | ast::ExprKind::Not(_)
                | ast::ExprKind::And(_)
                | ast::ExprKind::Or(_)
                | ast::ExprKind::Quantified { .. }
                | ast::ExprKind::Name(_)
                | ast::ExprKind::Paren(_)
                | ast::ExprKind::Bad
        )
}
