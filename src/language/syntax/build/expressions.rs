//! Expressions: the flat lists of the grammar folded by precedence.

use super::super::ast::{
    CompareOperator, Expr, ExprKind, MatchOperator, Name, Quantifier, Reference, TextLiteral,
};
use super::super::grammar::{Parts, Rule};
use super::{Builder, Node};
use crate::base::source::{Span, Spanned};

impl Builder<'_> {
    /// The expression of an `expr` pair.
    pub(super) fn expr(&mut self, pair: Node<'_>) -> Expr {
        let span = self.span(&pair);
        let mut any_of: Vec<Expr> = Vec::new();
        let mut all_of: Vec<Expr> = Vec::new();
        for part in Parts::of(pair) {
            match part.as_rule() {
                Rule::kw_or => any_of.extend(joined(std::mem::take(&mut all_of), ExprKind::And)),
                Rule::kw_and => {}
                _ => all_of.push(self.operand(part)),
            }
        }
        any_of.extend(joined(all_of, ExprKind::And));
        match joined(any_of, ExprKind::Or) {
            Some(expr) => expr,
            None => self.bad_expr(span),
        }
    }

    /// The next `expr` among the parts.
    pub(super) fn find_expr(&mut self, parts: &mut Parts<'_>) -> Option<Expr> {
        parts.seek(Rule::expr).map(|pair| self.expr(pair))
    }

    fn operand(&mut self, pair: Node<'_>) -> Expr {
        let span = self.span(&pair);
        let mut parts = Parts::of(pair);
        let mut nots: Vec<Span> = Vec::new();
        while let Some(not) = parts.accept(Rule::kw_not) {
            nots.push(self.span(&not));
        }
        let Some(value) = parts.seek(Rule::value) else { return self.bad_expr(span) };
        let mut expr = self.value(value);
        if let Some(tail) = parts.accept(Rule::tail) {
            expr = self.tail(expr, tail);
        }
        while let Some(not) = nots.pop() {
            let span = not.to(expr.span);
            expr = Expr { kind: ExprKind::Not(Box::new(expr)), span };
        }
        expr
    }

    fn tail(&mut self, subject: Expr, pair: Node<'_>) -> Expr {
        let span = subject.span.to(self.span(&pair));
        let mut parts = Parts::of(pair);
        let mut negated = parts.has(Rule::kw_not);
        let Some(part) = parts.next() else { return self.bad_expr(span) };
        let rule = part.as_rule();
        let mut inner = Parts::of(part);
        let subject = Box::new(subject);
        let kind = match rule {
            Rule::comparison => self.comparison(subject, &mut inner),
            Rule::membership => self.membership(subject, &mut inner),
            Rule::matching => self.matching(subject, &mut inner),
            Rule::being => {
                inner.has(Rule::kw_is);
                negated = inner.has(Rule::kw_not);
                self.find_reference(&mut inner).map(|name| ExprKind::Is { subject, name })
            }
            _ => self.find_reference(&mut inner).map(|directory| ExprKind::LooksLike { subject, directory }),
        };
        let Some(kind) = kind else { return self.bad_expr(span) };
        let expr = Expr { kind, span };
        if negated { Expr { kind: ExprKind::Not(Box::new(expr)), span } } else { expr }
    }

    fn comparison(&mut self, left: Box<Expr>, parts: &mut Parts<'_>) -> Option<ExprKind> {
        let operator = match parts.seek(Rule::comparator)?.as_str() {
            "==" => CompareOperator::Equal,
            "!=" => CompareOperator::NotEqual,
            "<" => CompareOperator::Less,
            "<=" => CompareOperator::LessOrEqual,
            ">" => CompareOperator::Greater,
            _ => CompareOperator::GreaterOrEqual,
        };
        let right = Box::new(self.find_value(parts)?);
        Some(ExprKind::Compare { operator, left, right })
    }

    fn membership(&mut self, item: Box<Expr>, parts: &mut Parts<'_>) -> Option<ExprKind> {
        let outside = parts.next()?.as_rule() == Rule::kw_outside;
        if let Some(service) = parts.accept(Rule::service) {
            let span = item.span.to(self.span(&service));
            let (words, query) = self.service(service)?;
            let asked = ExprKind::InService { item, service: words, query };
            return Some(if outside { ExprKind::Not(Box::new(Expr { kind: asked, span })) } else { asked });
        }
        let set = Box::new(self.find_value(parts)?);
        Some(ExprKind::In { item, outside, set })
    }

    fn service(&mut self, pair: Node<'_>) -> Option<(Vec<Name>, TextLiteral)> {
        let mut words = Vec::new();
        for part in Parts::of(pair) {
            if part.as_rule() == Rule::text {
                return Some((words, self.text(part)));
            }
            words.push(self.name(&part));
        }
        None
    }

    fn matching(&mut self, subject: Box<Expr>, parts: &mut Parts<'_>) -> Option<ExprKind> {
        let operator = parts.seek(Rule::match_operator)?;
        let span = self.span(&operator);
        let mut words = Parts::of(operator);
        let operator = match words.next()?.as_rule() {
            Rule::kw_contains if words.has(Rule::kw_word) => MatchOperator::ContainsWord,
            Rule::kw_contains => MatchOperator::Contains,
            Rule::kw_matches => MatchOperator::Matches,
            Rule::kw_like => MatchOperator::Like,
            Rule::kw_starts => MatchOperator::StartsWith,
            _ => MatchOperator::EndsWith,
        };
        let pattern = Box::new(self.find_value(parts)?);
        Some(ExprKind::Match { subject, operator: Spanned::new(operator, span), pattern })
    }

    /// The expression of a `value` pair.
    pub(super) fn value(&mut self, pair: Node<'_>) -> Expr {
        let span = self.span(&pair);
        let Some(part) = Parts::of(pair).next() else { return self.bad_expr(span) };
        let kind = match part.as_rule() {
            Rule::paren | Rule::list_literal | Rule::quantified => self.compound(part),
            Rule::count | Rule::score | Rule::rate | Rule::call => self.function(part),
            Rule::reference => Some(ExprKind::Name(self.reference(part))),
            Rule::text => Some(ExprKind::Text(self.text(part))),
            _ => self.literal(part),
        };
        match kind {
            Some(kind) => Expr { kind, span },
            None => self.bad_expr(span),
        }
    }

    /// The next `value` among the parts.
    pub(super) fn find_value(&mut self, parts: &mut Parts<'_>) -> Option<Expr> {
        parts.seek(Rule::value).map(|pair| self.value(pair))
    }

    /// The values of a `values` pair.
    pub(super) fn find_values(&mut self, parts: &mut Parts<'_>) -> Option<Vec<Expr>> {
        let pair = parts.seek(Rule::values)?;
        Some(
            Parts::of(pair)
                .filter(|part| part.as_rule() == Rule::value)
                .map(|part| self.value(part))
                .collect(),
        )
    }

    fn compound(&mut self, pair: Node<'_>) -> Option<ExprKind> {
        let rule = pair.as_rule();
        let mut parts = Parts::of(pair);
        match rule {
            Rule::paren => Some(ExprKind::Paren(Box::new(self.find_expr(&mut parts)?))),
            Rule::list_literal => Some(ExprKind::List(self.exprs(&mut parts))),
            _ => self.quantified(parts),
        }
    }

    /// All `expr` among the parts.
    fn exprs(&mut self, parts: &mut Parts<'_>) -> Vec<Expr> {
        parts.filter(|part| part.as_rule() == Rule::expr).map(|part| self.expr(part)).collect()
    }

    fn quantified(&mut self, mut parts: Parts<'_>) -> Option<ExprKind> {
        let word = parts.seek(Rule::quantifier)?;
        let quantifier = match word.as_str() {
            "any" => Quantifier::Any,
            "no" => Quantifier::No,
            _ => Quantifier::Every,
        };
        let quantifier = Spanned::new(quantifier, self.span(&word));
        let over = parts.next()?;
        let (over, arguments) = match over.as_rule() {
            Rule::call => {
                let (function, arguments) = self.call(Parts::of(over))?;
                let span = function.span;
                (Reference { modules: Vec::new(), segments: vec![function], span }, arguments)
            }
            _ => (self.reference(over), Vec::new()),
        };
        let variable = if parts.has(Rule::kw_as) { Some(self.find_name(&mut parts)?) } else { None };
        match self.find_expr(&mut parts) {
            Some(condition) => {
                let condition = Box::new(condition);
                Some(ExprKind::Quantified { quantifier, over, arguments, variable, condition })
            }
            None => Some(ExprKind::QuantifiedTerm { quantifier, over, arguments }),
        }
    }

    fn function(&mut self, pair: Node<'_>) -> Option<ExprKind> {
        let rule = pair.as_rule();
        let mut parts = Parts::of(pair);
        match rule {
            Rule::count => {
                parts.seek(Rule::l_paren)?;
                let every = parts.has(Rule::kw_every);
                let pattern = Box::new(self.find_value(&mut parts)?);
                let subject = Box::new(self.find_value(&mut parts)?);
                Some(ExprKind::Count { every, pattern, subject })
            }
            Rule::score => {
                let dictionary = Box::new(self.find_value(&mut parts)?);
                let subject = Box::new(self.find_value(&mut parts)?);
                let at_most = self.find_value(&mut parts).map(Box::new);
                Some(ExprKind::Score { dictionary, subject, at_most })
            }
            Rule::rate => {
                let key = Box::new(self.find_expr(&mut parts)?);
                let over = Box::new(self.find_value(&mut parts)?);
                Some(ExprKind::Rate { key, over })
            }
            _ => {
                let (function, arguments) = self.call(parts)?;
                Some(ExprKind::Call { function, arguments })
            }
        }
    }

    fn call(&mut self, mut parts: Parts<'_>) -> Option<(Name, Vec<Expr>)> {
        let function = Parts::of(parts.seek(Rule::function)?).next()?;
        let function = self.name(&function);
        Some((function, self.exprs(&mut parts)))
    }
}

/// One expression alone, or all of them joined; `None` of none.
fn joined(mut exprs: Vec<Expr>, join: fn(Vec<Expr>) -> ExprKind) -> Option<Expr> {
    let last = exprs.pop()?;
    let Some(first) = exprs.first() else { return Some(last) };
    let span = first.span.to(last.span);
    exprs.push(last);
    Some(Expr { kind: join(exprs), span })
}
