//! Questions: what is asked of a subject by an operator.
//!
//! A quantified subject (`any recipient in partners`) is the quantifier around the question, whatever the operator.

use super::expressions::{literal, negated, quantifier_word, subject_of, unknown};
use super::names::{Meaning, address_of, written};
use super::{Checker, Context};
use crate::base::diagnostic::Diagnostic;
use crate::base::source::Span;
use crate::language::codes::{name as name_codes, types as codes};
use crate::language::hir::{CompareOperator, Expr, ExprKind, Literal, Set};
use crate::language::schema::facts::{Fact, Field};
use crate::language::schema::types::{Enumeration, Type};
use crate::language::scope::{Space, Wanted};
use crate::language::suggest;
use crate::language::syntax::ast::{self, Reference};

impl Checker<'_> {
    /// A question, denied where `denied` says so.
    pub(super) fn question(&mut self, context: &mut Context, expr: &ast::Expr, denied: bool) -> Expr {
        let Some(subject) = subject_of(expr) else { return unknown(expr.span) };
        let ast::ExprKind::QuantifiedTerm { quantifier, over, arguments } = &subject.kind else {
            let meaning = self.subject(context, subject);
            let asked = self.ask(context, expr, meaning);
            return match denied && asked.ty == Type::Bool {
                true => negated(asked, expr.span),
                false => asked,
            };
        };
        let Some((over_expr, element, word)) = self.range(context, over, arguments) else {
            self.ask(context, expr, Meaning::Unknown);
            return unknown(expr.span);
        };
        let variable = self.variable(&word, element.clone());
        let value = Expr { kind: ExprKind::Variable(variable.id), ty: element, span: subject.span };
        let asked = self.ask(context, expr, Meaning::Value(value));
        if asked.ty == Type::Unknown {
            return unknown(expr.span);
        }
        let condition = if denied { negated(asked, expr.span) } else { asked };
        let kind = ExprKind::Quantified {
            quantifier: quantifier.node,
            over: Box::new(over_expr),
            variable: variable.id,
            condition: Box::new(condition),
        };
        Expr { kind, ty: Type::Bool, span: expr.span }
    }

    /// What a question is asked of: a value, or a noun such as the message.
    fn subject(&mut self, context: &mut Context, subject: &ast::Expr) -> Meaning {
        match &subject.kind {
            ast::ExprKind::Name(reference) => match self.meaning(context, reference) {
                Meaning::Value(value) => Meaning::Value(Expr { span: subject.span, ..value }),
                Meaning::Criterion(criterion) => {
                    Meaning::Value(self.criterion_call(criterion, None, subject.span))
                }
                other => other,
            },
            _ => match self.value(context, subject) {
                Expr { ty: Type::Unknown, .. } => Meaning::Unknown,
                value => Meaning::Value(value),
            },
        }
    }

    fn ask(&mut self, context: &mut Context, expr: &ast::Expr, subject: Meaning) -> Expr {
        let subject = match subject {
            Meaning::Value(Expr { ty: Type::Unknown, .. }) => Meaning::Unknown,
            other => other,
        };
        let span = expr.span;
        let asked = match &expr.kind {
            ast::ExprKind::Compare { operator, left, right } => {
                self.compare(context, *operator, left, subject, right, span)
            }
            ast::ExprKind::In { item, outside, set } => {
                self.membership(context, item, subject, *outside, set, span)
            }
            ast::ExprKind::InService { item, service, query } => {
                self.service(context, item, subject, service, query, span)
            }
            ast::ExprKind::Match { subject: text, operator, pattern } => {
                self.matching(context, text, subject, operator, pattern, span)
            }
            ast::ExprKind::Is { subject: what, name } => self.is(context, what, subject, name, span),
            ast::ExprKind::LooksLike { subject: what, directory } => {
                self.looks_like(what, subject, directory, span)
            }
            _ => None,
        };
        asked.unwrap_or_else(|| unknown(span))
    }

    /// The value of a subject; a noun that is no value is said to be none.
    pub(super) fn subject_value(&mut self, subject: &ast::Expr, meaning: Meaning) -> Option<Expr> {
        match meaning {
            Meaning::Value(value) => Some(value),
            Meaning::Unknown => None,
            other => {
                let name = self.loaded.map.slice(subject.span).to_string();
                self.not_a_value(subject.span, &name, &other);
                None
            }
        }
    }

    /// Says that several values cannot be asked at once.
    pub(super) fn needs_quantifier(&mut self, value: &Expr) {
        let name = self.loaded.map.slice(value.span).to_string();
        let word = match &*name {
            "recipients" => "recipient",
            "attachments" => "attachment",
            other => other,
        };
        let message = format!("there are several of `{name}`: say which of them");
        self.push(
            Diagnostic::error(codes::QUANTIFIER, value.span, message)
                .help(format!("write `any {word} …`, `every {word} …` or `no {word} …`"))
                .fix(value.span, format!("any {word}"), format!("ask of any {word}")),
        );
    }

    fn compare(
        &mut self,
        context: &mut Context,
        operator: CompareOperator,
        left_ast: &ast::Expr,
        left: Meaning,
        right_ast: &ast::Expr,
        span: Span,
    ) -> Option<Expr> {
        let left = self.subject_value(left_ast, left);
        if let (Some(left), ast::ExprKind::Name(reference)) = (&left, &right_ast.kind)
            && let Type::Enum(enumeration) | Type::Flags(enumeration) = left.ty.present()
        {
            self.compared_with_name(*enumeration, left, reference, operator, span);
            return None;
        }
        let right = self.value(context, right_ast);
        let left = left?;
        if right.ty == Type::Unknown {
            return None;
        }
        if matches!(left.ty.present(), Type::Many(_)) {
            self.needs_quantifier(&left);
            return None;
        }
        // The null sender is the absent one.
        if matches!(right.kind, ExprKind::Literal(Literal::NullAddress))
            && *left.ty.present() == Type::Address
        {
            return self.compared_with_null(operator, left, span);
        }
        let (left, right) = (address_of(left), address_of(right));
        let (left, right) = self.adapted(operator, left, right);
        if let (Type::Ip, Type::Network, CompareOperator::Equal | CompareOperator::NotEqual) =
            (left.ty.present(), right.ty.present(), operator)
            && let ExprKind::Literal(Literal::Network(network)) = right.kind
        {
            if operator == CompareOperator::NotEqual {
                self.warn_unequal(&left, span);
            }
            let asked = Expr {
                kind: ExprKind::In { item: Box::new(left), set: Set::Networks(vec![network]) },
                ty: Type::Bool,
                span,
            };
            return Some(match operator {
                CompareOperator::NotEqual => negated(asked, span),
                _ => asked,
            });
        }
        if left.ty.present() != right.ty.present() {
            self.incomparable(&left, &right);
            return None;
        }
        let ordered = !matches!(operator, CompareOperator::Equal | CompareOperator::NotEqual);
        let ty = left.ty.present().clone();
        let orderable = matches!(
            ty,
            Type::Number | Type::Size | Type::Duration | Type::TimeOfDay | Type::Date | Type::Moment
        );
        let equatable = orderable
            || matches!(
                ty,
                Type::Bool
                    | Type::Text
                    | Type::Address
                    | Type::Domain
                    | Type::Ip
                    | Type::Network
                    | Type::Enum(_)
            );
        if ordered && !orderable || !equatable {
            let message = match ordered {
                true => format!("{ty} is neither more nor less than another"),
                false => format!("{ty} cannot be compared"),
            };
            let help = match ty {
                Type::Surface => "search it, as in `body contains \"word\"`",
                Type::Text => "compare by `==`, or its length by `length(…)`",
                Type::Enum(_) | Type::Flags(_) => "ask by `is`",
                _ => "compare by `==`, or ask by `in`",
            };
            self.push(Diagnostic::error(codes::MISMATCH, span, message).help(help));
            return None;
        }
        if operator == CompareOperator::NotEqual {
            self.warn_unequal(&left, span);
        }
        let kind = ExprKind::Compare { operator, left: Box::new(left), right: Box::new(right) };
        Some(Expr { kind, ty: Type::Bool, span })
    }

    fn compared_with_null(&mut self, operator: CompareOperator, left: Expr, span: Span) -> Option<Expr> {
        let asked = Expr { kind: ExprKind::IsAbsent(Box::new(left)), ty: Type::Bool, span };
        match operator {
            CompareOperator::Equal => Some(asked),
            CompareOperator::NotEqual => Some(negated(asked, span)),
            _ => {
                let message = "the null address is neither more nor less than another";
                self.push(Diagnostic::error(codes::MISMATCH, span, message).help("compare by `==`"));
                None
            }
        }
    }

    /// A comparison that does not hold where the value is absent does not hold negated either.
    fn warn_unequal(&mut self, left: &Expr, span: Span) {
        if !left.ty.is_optional() {
            return;
        }
        let shown = self.loaded.map.slice(left.span).to_string();
        self.push(
            Diagnostic::warning(codes::ABSENT, span, format!("`!=` does not hold where `{shown}` is absent"))
                .also(left.span, format!("this is {}", left.ty))
                .help(format!("say what is to hold then: `{shown} is absent or …`, or `not {shown} == …`")),
        );
    }

    /// Constants in the type of what they are compared with: a day is its first moment.
    fn adapted(&mut self, operator: CompareOperator, left: Expr, right: Expr) -> (Expr, Expr) {
        let ordered = !matches!(operator, CompareOperator::Equal | CompareOperator::NotEqual);
        if let (Type::Moment, ExprKind::Literal(Literal::Date(date)), true) =
            (left.ty.present(), &right.kind, ordered)
            && let Ok(moment) = self.site_zone.to_timestamp(date.at(0, 0, 0, 0))
        {
            let span = right.span;
            return (left, literal(Literal::Moment(moment), Type::Moment, span));
        }
        (left, right)
    }

    fn incomparable(&mut self, left: &Expr, right: &Expr) {
        let (a, b) = (left.ty.present(), right.ty.present());
        let shown = self.loaded.map.slice(right.span).to_string();
        let subject = self.loaded.map.slice(left.span).to_string();
        let help = match (a, b) {
            (Type::Size, Type::Number) => {
                format!("add a unit: `{shown} B` for bytes, `{shown} KB`, `{shown} MB`")
            }
            (Type::Size, Type::Text) => "write it without quotes, as in `10 MB`".to_string(),
            (Type::Enum(enumeration) | Type::Flags(enumeration), Type::Text) => {
                let value = shown.trim_matches('"');
                match suggest::closest(value, enumeration.values()) {
                    Some(value) => format!("ask `{subject} is {value}`"),
                    None => format!(
                        "ask by `is` for one of its values: {}",
                        suggest::listed(enumeration.values())
                    ),
                }
            }
            (Type::Bool, _) => format!("it is true or not by itself: write `{subject}`, or `not {subject}`"),
            (Type::Text, Type::Number) => match (&left.kind, &right.kind) {
                (ExprKind::Literal(_), _) => "write the number without quotes".to_string(),
                (_, ExprKind::Literal(Literal::Number(least @ 1..=9))) if subject.starts_with("header") => {
                    format!(
                        "a header is a text, and has no more or less: ask by a regular expression, as in `{subject} matches \
                     /^([{least}-9]|[1-9][0-9])/` for {least} and more"
                    )
                }
                _ if subject.starts_with("header") => format!(
                    "a header is a text, and has no more or less: ask by a regular expression, as in `{subject} matches \
                     /^[1-9][0-9]/` for two digits"
                ),
                _ => format!(
                    "compare its length, as in `length({subject}) > {shown}`, or search it by `matches`"
                ),
            },
            (Type::Number, Type::Text) => {
                format!("write the number without quotes: `{}`", shown.trim_matches('"'))
            }
            (Type::Duration, Type::Number) => format!("add a unit, as in `{shown} minutes`"),
            (Type::Number, Type::Size | Type::Duration) => "take away the unit".to_string(),
            (Type::Size, Type::Duration) | (Type::Duration, Type::Size) => {
                "sizes have units such as `MB`, durations such as `minutes`".to_string()
            }
            (Type::Address, Type::Text) => {
                format!("write the address without quotes: {}", shown.trim_matches('"'))
            }
            (Type::Address, Type::Domain) => format!("ask `{subject} in {shown}`"),
            (Type::Domain, Type::Text) => {
                format!("write the domain as `@{}`", shown.trim_matches('"').trim_start_matches('@'))
            }
            (Type::Domain, Type::Address) => "compare with a domain, as in `@example.org`".to_string(),
            (Type::Text | Type::Surface, Type::Regex) => format!("ask `{subject} matches {shown}`"),
            (Type::Moment | Type::Date, Type::TimeOfDay) => {
                "declare a `calendar` with the hours and ask `received in` it".to_string()
            }
            (Type::Moment, Type::Date) => "compare by `<` or `>=`: a date is a whole day".to_string(),
            (Type::Surface, _) => format!("search it, as in `{subject} contains \"word\"`"),
            (Type::Ip, _) => {
                "compare with an IP address, as in `192.0.2.1`, or ask `in` a network".to_string()
            }
            _ => "compare two values of one type".to_string(),
        };
        let message = format!("{a} and {b} cannot be compared");
        self.push(
            Diagnostic::error(codes::MISMATCH, right.span, message)
                .label(format!("this is {b}"))
                .also(left.span, format!("this is {a}"))
                .help(help),
        );
    }

    fn compared_with_name(
        &mut self,
        enumeration: Enumeration,
        left: &Expr,
        reference: &Reference,
        operator: CompareOperator,
        span: Span,
    ) {
        let name = written(reference);
        let subject = self.loaded.map.slice(left.span).to_string();
        if !enumeration.values().contains(&&*name) {
            self.unknown_value(enumeration, &name, reference.span);
            return;
        }
        let word = if operator == CompareOperator::NotEqual { "is not" } else { "is" };
        self.push(
            Diagnostic::error(codes::ASKED_BY_IS, span, format!("{} is asked by `is`", enumeration.words()))
                .help(format!("write `{subject} {word} {name}`"))
                .fix(span, format!("{subject} {word} {name}"), "ask by `is`"),
        );
    }

    pub(super) fn unknown_value(&mut self, enumeration: Enumeration, name: &str, span: Span) {
        let message = format!("`{name}` is not {}", enumeration.words());
        let diagnostic = Diagnostic::error(codes::UNKNOWN_VALUE, span, message);
        let values = enumeration.values().iter().copied();
        self.push(suggest::help(diagnostic, name, values, span, "the values are"));
    }

    /// `x is n`: absent, an enumerated value, a Boolean field, a criterion of one place.
    fn is(
        &mut self,
        context: &mut Context,
        subject: &ast::Expr,
        meaning: Meaning,
        name: &Reference,
        span: Span,
    ) -> Option<Expr> {
        let word = written(name);
        let single = name.modules.is_empty() && name.segments.len() == 1;
        if single && word == "absent" {
            return self.is_absent(subject, meaning, span);
        }
        let value = match meaning {
            Meaning::Unknown => {
                // The name may be wrong all by itself only where the subject is known.
                return None;
            }
            Meaning::Noun(root) => return self.noun_is(context, root, name, span),
            Meaning::Value(value) => value,
            other => {
                let shown = written_of(self, subject);
                self.not_a_value(subject.span, &shown, &other);
                return None;
            }
        };
        match value.ty.present().clone() {
            Type::Enum(enumeration) | Type::Flags(enumeration) => {
                let position = enumeration.values().iter().position(|value| *value == word);
                let Some(position) = position.filter(|_| single) else {
                    self.unknown_value(enumeration, &word, name.span);
                    return None;
                };
                let value_index = u16::try_from(position).ok()?;
                let kind = ExprKind::IsValue { subject: Box::new(value), enumeration, value: value_index };
                Some(Expr { kind, ty: Type::Bool, span })
            }
            Type::Many(_) => {
                self.needs_quantifier(&value);
                None
            }
            ty => {
                if single && let Some(field) = bool_field(&ty, &word) {
                    let kind = field.declaration().kind();
                    let owner = if ty == Type::Mailbox && field.declaration().owner() == Type::Address {
                        address_of(value)
                    } else {
                        value
                    };
                    let asked = Expr {
                        kind: ExprKind::Field { owner: Box::new(owner), field },
                        ty: kind.clone(),
                        span,
                    };
                    return Some(match kind {
                        Type::Flags(_) => {
                            Expr { kind: ExprKind::IsAny { subject: Box::new(asked) }, ty: Type::Bool, span }
                        }
                        _ => asked,
                    });
                }
                self.criterion_of(context, value, &ty, name, span)
            }
        }
    }

    fn is_absent(&mut self, subject: &ast::Expr, meaning: Meaning, span: Span) -> Option<Expr> {
        let value = self.subject_value(subject, meaning)?;
        match &value.ty {
            Type::Optional(_) => {
                Some(Expr { kind: ExprKind::IsAbsent(Box::new(value)), ty: Type::Bool, span })
            }
            // Several values are absent where there is none.
            Type::Many(_) | Type::Flags(_) => {
                Some(Expr { kind: ExprKind::IsAbsent(Box::new(value)), ty: Type::Bool, span })
            }
            ty => {
                let message = format!("this is {ty}, and never absent");
                let help = match ty {
                    Type::Surface => "ask `length(…) == 0`, or what it contains",
                    _ => "take away the question: it is always there",
                };
                self.push(Diagnostic::error(codes::NEVER_ABSENT, value.span, message).help(help));
                None
            }
        }
    }

    /// `message is encrypted`, `client is tls`, `virus is found`; or a criterion of the message.
    fn noun_is(
        &mut self,
        context: &mut Context,
        root: &'static str,
        name: &Reference,
        span: Span,
    ) -> Option<Expr> {
        let word = written(name);
        let path = format!("{root}.{word}");
        if let Some(fact) = Fact::ALL.iter().copied().find(|fact| fact.declaration().path == path) {
            let value = Expr { kind: ExprKind::Fact(fact), ty: fact.declaration().kind(), span };
            return match value.ty {
                Type::Bool => Some(value),
                Type::Flags(_) => {
                    Some(Expr { kind: ExprKind::IsAny { subject: Box::new(value) }, ty: Type::Bool, span })
                }
                ref ty => {
                    let message = format!("`{path}` is {ty}, not a condition");
                    self.push(
                        Diagnostic::error(codes::NOT_A_CONDITION, name.span, message)
                            .help(format!("ask something of it, as in `{path} …`")),
                    );
                    None
                }
            };
        }
        // Kinds and causes are asked of the facts that hold them.
        for fact in Fact::ALL.iter().copied() {
            let declaration = fact.declaration();
            let Some(field) = declaration.path.strip_prefix(root).and_then(|rest| rest.strip_prefix('.'))
            else {
                continue;
            };
            if let Type::Flags(enumeration) | Type::Enum(enumeration) = declaration.kind()
                && enumeration.values().contains(&&*word)
            {
                let mend = format!("{root}.{field} is {word}");
                self.push(
                    Diagnostic::error(
                        name_codes::UNKNOWN,
                        name.span,
                        format!("`{word}` is {} of `{}`", enumeration.words(), declaration.path),
                    )
                    .help(format!("write `{mend}`"))
                    .fix(span, mend, "name the fact"),
                );
                return None;
            }
        }
        let wanted = if root == "message" { Type::Message } else { Type::Client };
        self.nothing_is(context, root, &wanted, name);
        None
    }

    /// A criterion with one place, asked of a value.
    fn criterion_of(
        &mut self,
        context: &mut Context,
        value: Expr,
        ty: &Type,
        name: &Reference,
        span: Span,
    ) -> Option<Expr> {
        let first = name.segments.first()?;
        let key = match name.modules.is_empty() {
            true => self.find(context.module, Space::Values, &first.node),
            false => Some(self.qualified(&name.modules, first, Space::Values)?),
        };
        if key.is_none() {
            let shown = self.loaded.map.slice(value.span).to_string();
            self.nothing_is(context, &shown, ty, name);
            return None;
        }
        match self.meaning(context, name) {
            Meaning::Criterion(criterion) => Some(self.criterion_call(criterion, Some(value), span)),
            Meaning::Unknown => None,
            other => {
                let word = written(name);
                let message = format!("`{word}` is {}, and `is` asks for a criterion", other.words());
                let help = match other {
                    Meaning::Directory(_) | Meaning::List(_) | Meaning::Site => {
                        format!("ask `{} in {word}`", self.loaded.map.slice(value.span))
                    }
                    _ => "ask by another operator".to_string(),
                };
                self.push(Diagnostic::error(codes::MISMATCH, name.span, message).help(help));
                None
            }
        }
    }

    fn nothing_is(&mut self, context: &Context, subject: &str, ty: &Type, name: &Reference) {
        let word = written(name);
        if self.doubt.covers(Wanted::Space(Space::Values), &word) {
            return;
        }
        let mut names: Vec<String> = Field::ALL
            .iter()
            .map(|field| field.declaration())
            .filter(|declaration| declaration.owner() == *ty && asks(&declaration.kind()))
            .map(|declaration| declaration.name.to_string())
            .collect();
        let root = match ty {
            Type::Message => Some("message."),
            Type::Client => Some("client."),
            _ => None,
        };
        if let Some(root) = root {
            names.extend(
                Fact::ALL
                    .iter()
                    .filter(|fact| asks(&fact.declaration().kind()))
                    .filter_map(|fact| fact.declaration().path.strip_prefix(root).map(str::to_string)),
            );
        }
        if let Some(scope) = self.scopes.get(context.module) {
            names.extend(self.criteria_of(scope, ty));
        }
        let in_library = self.library_with(&word);
        let diagnostic = Diagnostic::error(
            name_codes::UNKNOWN,
            name.span,
            format!("nothing asks whether `{subject}` is `{word}`"),
        );
        let span = name.span;
        let presence = match &*word {
            "present" | "there" | "set" | "given" | "defined" | "known" => {
                Some(format!("not {subject} is absent"))
            }
            "empty" | "missing" | "null" | "none" | "unset" | "undefined" | "unknown" => {
                Some(format!("{subject} is absent"))
            }
            _ => None,
        };
        if let Some(mend) = presence.filter(|_| !matches!(ty, Type::Message | Type::Client)) {
            self.push(diagnostic.help(format!("write `{mend}`")));
            return;
        }
        self.push(match (suggest::nearest(&word, names.iter().map(String::as_str)), in_library) {
            (Some(nearest), _) => diagnostic.help(format!("did you mean `{nearest}`?")).fix(
                span,
                nearest,
                format!("replace by `{nearest}`"),
            ),
            (None, Some(module)) => {
                diagnostic.help(format!("take it from the library: `use std::{module}::{{{word}}}`"))
            }
            (None, None) if names.is_empty() => diagnostic.help(format!(
                "declare what it means, as in `criterion {word}(x: …) = …`, or ask by another operator than `is`"
            )),
            (None, None) => {
                suggest::help(diagnostic, &word, names.iter().map(String::as_str), span, "it can be")
            }
        });
    }

    /// Names of criteria in scope that are asked of a type.
    fn criteria_of(&self, scope: &crate::language::scope::Scope, ty: &Type) -> Vec<String> {
        let mut names = Vec::new();
        for (name, entry) in scope.names(Space::Values) {
            let item = self
                .loaded
                .modules
                .get(entry.key.module)
                .and_then(|module| module.file.items.get(entry.key.item));
            if let Some(ast::Item::Criterion(ast::Criterion { parameter: Some((_, kind)), .. })) = item
                && super::items::place_type(&kind.node).as_ref() == Some(ty)
            {
                names.push(name.to_string());
            }
        }
        names
    }

    /// `from looks like executives`
    fn looks_like(
        &mut self,
        subject: &ast::Expr,
        meaning: Meaning,
        directory: &Reference,
        span: Span,
    ) -> Option<Expr> {
        let known = self.directory_by_path(directory);
        let value = self.subject_value(subject, meaning)?;
        let one = match value.ty.present() {
            Type::Many(inner) => inner.present().clone(),
            other => other.clone(),
        };
        if !matches!(one, Type::Mailbox | Type::Address) {
            let message = format!("{} looks like nobody", value.ty);
            self.push(
                Diagnostic::error(codes::MISMATCH, value.span, message)
                    .help("ask it of a mailbox, as in `from looks like executives`"),
            );
            return None;
        }
        let kind = ExprKind::LooksLike { subject: Box::new(value), directory: known? };
        Some(Expr { kind, ty: Type::Bool, span })
    }

    /// The name of a quantifier's term for findings about the quantified subject as a whole.
    pub(super) fn shown_subject(&self, subject: &ast::Expr) -> String {
        match &subject.kind {
            ast::ExprKind::QuantifiedTerm { quantifier, over, .. } => {
                format!("{} {}", quantifier_word(quantifier.node), written(over))
            }
            _ => self.loaded.map.slice(subject.span).to_string(),
        }
    }
}

fn written_of(checker: &Checker<'_>, subject: &ast::Expr) -> String {
    checker.shown_subject(subject)
}

/// Whether `is` can ask for a field or fact of that type.
fn asks(ty: &Type) -> bool {
    matches!(ty, Type::Bool | Type::Flags(_))
}

fn bool_field(owner: &Type, name: &str) -> Option<Field> {
    let of = |owner: &Type| {
        Field::ALL.iter().copied().find(|field| {
            let declaration = field.declaration();
            declaration.name == name && declaration.owner() == *owner && asks(&declaration.kind())
        })
    };
    of(owner).or_else(|| (*owner == Type::Mailbox).then(|| of(&Type::Address)).flatten())
}
