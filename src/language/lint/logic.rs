//! Criteria that contradict each other, follow from each other, or are constant.
//!
//! A conjunction is flattened into literals: atoms with a sign. [`relation`] compares two of them by what they mean:
//! ranges over one ordered subject, values of one enumeration, directories and domains of one address, literals in one
//! text. It is sound under absence and under not knowing: "excludes" says that both never hold, "implies" that
//! wherever the first holds the second does.

use super::key::{Key, key};
use super::{codes, warning};
use crate::base::diagnostic::Diagnostics;
use crate::base::source::Span;
use crate::language::hir::{
    CompareOperator, Criterion, CriterionId, Exception, Expr, ExprKind, Hir, Literal, Matcher, Pattern,
    Policy, Set,
};
use crate::language::schema::facts::Function;
use crate::language::schema::types::Type;
use std::collections::HashMap;

/// An atom with its sign.
#[derive(Clone, Copy)]
pub(super) struct Signed<'a> {
    pub(super) atom: &'a Expr,
    pub(super) holds: bool,
}

/// What stands together and is compared each with every other: so many literals, or patterns of one question.
pub(super) const COMPARED: usize = 1_000;

/// The values of criteria that have been looked into.
type Constants = HashMap<CriterionId, Option<bool>>;

/// What the first of two says of the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Relation {
    Nothing,
    /// Both never hold.
    Excludes,
    /// Wherever the first holds, so does the second.
    Implies,
}

pub(super) fn lint_policy(hir: &Hir, policy: &Policy, found: &mut Diagnostics) {
    let whens = policy.whens.iter().map(|when| (when, true));
    let unlesses = policy.unlesses.iter().map(|unless| (unless, false));
    let clauses: Vec<(&Expr, bool)> = whens.chain(unlesses).collect();
    let values: Vec<Option<bool>> = clauses.iter().map(|(clause, _)| constant(hir, clause)).collect();
    let against =
        clauses.iter().zip(&values).find(|((_, holds), value)| value.is_some_and(|value| value != *holds));
    if let Some(((clause, holds), _)) = against {
        let shown = show(hir, clause.span);
        found.push(
            warning(
                codes::NEVER_TRIGGERS,
                clause.span,
                format!("policy `{}` never triggers: `{shown}` is always {}", policy.name, !holds),
            )
            .help("take the policy away, switch it `off`, or mend the criterion"),
        );
        return;
    }
    if !policy.whens.is_empty() && values.iter().all(Option::is_some) {
        found.push(
            warning(
                codes::ALWAYS_TRIGGERS,
                policy.name_span,
                format!("policy `{}` always triggers", policy.name),
            )
            .help("take its criteria away if that is meant"),
        );
        return;
    }
    for ((clause, _), value) in clauses.into_iter().zip(values) {
        match value {
            Some(value) => report_constant(hir, clause, value, found),
            None => lint_inside(hir, clause, found),
        }
    }
    lint_conjunction(
        hir,
        &conjuncts(hir, policy),
        &format!("policy `{}` never triggers", policy.name),
        found,
    );
}

pub(super) fn lint_exception(hir: &Hir, exception: &Exception, found: &mut Diagnostics) {
    if let Some(value) = constant(hir, &exception.when) {
        report_constant(hir, &exception.when, value, found);
        return;
    }
    lint_inside(hir, &exception.when, found);
    let mut literals = Vec::new();
    flatten(hir, &exception.when, true, &mut literals);
    lint_conjunction(hir, &literals, "the exception never holds", found);
}

pub(super) fn lint_criterion(hir: &Hir, criterion: &Criterion, found: &mut Diagnostics) {
    if let Some(value) = constant(hir, &criterion.body) {
        report_constant(hir, &criterion.body, value, found);
        return;
    }
    lint_inside(hir, &criterion.body, found);
    let mut literals = Vec::new();
    flatten(hir, &criterion.body, true, &mut literals);
    lint_conjunction(hir, &literals, &format!("criterion `{}` never holds", criterion.name), found);
}

/// All that must hold for a policy to trigger.
pub(super) fn conjuncts<'a>(hir: &'a Hir, policy: &'a Policy) -> Vec<Signed<'a>> {
    let mut literals = Vec::new();
    for when in &policy.whens {
        flatten(hir, when, true, &mut literals);
    }
    for unless in &policy.unlesses {
        flatten(hir, unless, false, &mut literals);
    }
    literals
}

/// Whether two conjunctions can never hold together.
pub(super) fn exclude_each_other(hir: &Hir, left: &[Signed<'_>], right: &[Signed<'_>]) -> bool {
    left.iter().any(|a| right.iter().any(|b| relation(hir, *a, *b) == Relation::Excludes))
}

/// Flattens `and` (and a negated `or`) into literals; criteria without a place are looked into. Stops at
/// [`COMPARED`], so that criteria made of each other over and over do not take for ever.
fn flatten<'a>(hir: &'a Hir, expression: &'a Expr, holds: bool, literals: &mut Vec<Signed<'a>>) {
    if literals.len() >= COMPARED {
        return;
    }
    match (&expression.kind, holds) {
        (ExprKind::Not(inner), _) => flatten(hir, inner, !holds, literals),
        (ExprKind::And(all), true) | (ExprKind::Or(all), false) => {
            for part in all {
                flatten(hir, part, holds, literals);
            }
        }
        (ExprKind::Criterion { criterion, argument: None }, _) => {
            let body = hir.criteria.get(criterion.index()).map(|criterion| &criterion.body);
            match body {
                Some(body) => flatten(hir, body, holds, literals),
                None => literals.push(Signed { atom: expression, holds }),
            }
        }
        _ => literals.push(Signed { atom: expression, holds }),
    }
}

fn lint_conjunction(hir: &Hir, literals: &[Signed<'_>], consequence: &str, found: &mut Diagnostics) {
    for (at, first) in literals.iter().enumerate() {
        for second in literals.iter().skip(at + 1) {
            if relation(hir, *first, *second) == Relation::Excludes {
                found.push(
                    warning(
                        codes::CONTRADICTION,
                        second.atom.span,
                        format!(
                            "{consequence}: `{}` {} cannot go with `{}`{}",
                            show(hir, second.atom.span),
                            if second.holds { "holding" } else { "not holding" },
                            show(hir, first.atom.span),
                            if first.holds { "" } else { " not holding" },
                        ),
                    )
                    .also(first.atom.span, "because of this")
                    .help("mend one of the two criteria; to ask for either, join them by `or`"),
                );
                return;
            }
        }
    }
    for (at, second) in literals.iter().enumerate() {
        let implied_by = literals.iter().enumerate().find(|(other, first)| {
            *other != at
                && relation(hir, **first, *second) == Relation::Implies
                // Of two that say the same, the later one is redundant.
                && (*other < at || relation(hir, *second, **first) != Relation::Implies)
        });
        if let Some((_, first)) = implied_by {
            report_redundant(hir, second.atom.span, first.atom.span, found);
        }
    }
}

/// Looks at every `or` below an expression, and at every `and` below an `or`.
fn lint_inside(hir: &Hir, expression: &Expr, found: &mut Diagnostics) {
    if let ExprKind::Or(all) = &expression.kind {
        for (at, part) in all.iter().enumerate() {
            let this = Signed { atom: part, holds: true };
            let covered = all.iter().enumerate().find(|(other, wider)| {
                let wider = Signed { atom: wider, holds: true };
                *other != at
                    && relation(hir, this, wider) == Relation::Implies
                    && (*other < at || relation(hir, wider, this) != Relation::Implies)
            });
            if let Some((_, wider)) = covered {
                report_redundant(hir, part.span, wider.span, found);
            }
            if let ExprKind::And(_) = part.kind {
                let mut literals = Vec::new();
                flatten(hir, part, true, &mut literals);
                lint_conjunction(hir, &literals, "this alternative never holds", found);
            }
        }
    }
    for child in super::walk::children(expression) {
        lint_inside(hir, child, found);
    }
}

fn report_redundant(hir: &Hir, span: Span, by: Span, found: &mut Diagnostics) {
    found.push(
        warning(codes::REDUNDANT, span, format!("`{}` adds nothing to `{}`", show(hir, span), show(hir, by)))
            .also(by, "this says it already")
            .help("take it away, or mend it if something else was meant"),
    );
}

fn report_constant(hir: &Hir, expression: &Expr, value: bool, found: &mut Diagnostics) {
    found.push(
        warning(
            codes::CONSTANT,
            expression.span,
            format!("`{}` is always {value}", show(hir, expression.span)),
        )
        .help("take it away, or mend it if something else was meant"),
    );
}

/// The source of an expression on one line, cut to a readable length.
pub(super) fn show(hir: &Hir, span: Span) -> String {
    let words: Vec<&str> = hir.sources.slice(span).split_whitespace().collect();
    let text = words.join(" ");
    match text.char_indices().nth(60) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or(&text)),
        None => text,
    }
}

/// The value of an expression that has one whatever the message.
pub(super) fn constant(hir: &Hir, expression: &Expr) -> Option<bool> {
    constant_by(hir, expression, &mut HashMap::new())
}

/// The same with the values of criteria that are known: each is looked into once.
fn constant_by(hir: &Hir, expression: &Expr, known: &mut Constants) -> Option<bool> {
    match &expression.kind {
        ExprKind::Literal(Literal::Bool(value)) => Some(*value),
        ExprKind::Not(inner) => constant_by(hir, inner, known).map(|value| !value),
        ExprKind::And(all) => fold_all(hir, all, true, known),
        ExprKind::Or(all) => fold_all(hir, all, false, known),
        ExprKind::Criterion { criterion, argument: None } => {
            if let Some(&value) = known.get(criterion) {
                return value;
            }
            let body = hir.criteria.get(criterion.index()).map(|criterion| &criterion.body)?;
            let value = constant_by(hir, body, known);
            known.insert(*criterion, value);
            value
        }
        ExprKind::Compare { operator, left, right } => match (ordinal(left), ordinal(right)) {
            (Some(left), Some(right)) => Some(compare(*operator, left, right)),
            _ => range(expression).and_then(|range| range.constant()),
        },
        _ => None,
    }
}

/// `and` (neutral: true) and `or` (neutral: false) over constants; one that is the other value decides.
fn fold_all(hir: &Hir, all: &[Expr], neutral: bool, known: &mut Constants) -> Option<bool> {
    let values: Vec<Option<bool>> = all.iter().map(|part| constant_by(hir, part, known)).collect();
    if values.contains(&Some(!neutral)) {
        return Some(!neutral);
    }
    values.iter().all(|value| *value == Some(neutral)).then_some(neutral)
}

/// What `first` says of `second`.
pub(super) fn relation(hir: &Hir, first: Signed<'_>, second: Signed<'_>) -> Relation {
    if key(first.atom) == key(second.atom) {
        return if first.holds == second.holds { Relation::Implies } else { Relation::Excludes };
    }
    let atoms = between_atoms(hir, first.atom, second.atom);
    match (first.holds, second.holds) {
        (true, true) => atoms,
        // P and not Q: P excludes "not Q" if P implies Q, and implies "not Q" if it excludes Q.
        (true, false) => match atoms {
            Relation::Implies => Relation::Excludes,
            Relation::Excludes => Relation::Implies,
            Relation::Nothing => Relation::Nothing,
        },
        // Not P and Q: excluded if Q implies P.
        (false, true) => match between_atoms(hir, second.atom, first.atom) {
            Relation::Implies => Relation::Excludes,
            _ => Relation::Nothing,
        },
        // Not P implies not Q if Q implies P.
        (false, false) => match between_atoms(hir, second.atom, first.atom) {
            Relation::Implies => Relation::Implies,
            _ => Relation::Nothing,
        },
    }
}

fn between_atoms(hir: &Hir, first: &Expr, second: &Expr) -> Relation {
    if let (Some(a), Some(b)) = (range(first), range(second)) {
        return if a.subject == b.subject { a.against(&b) } else { Relation::Nothing };
    }
    match (&first.kind, &second.kind) {
        (
            ExprKind::IsValue { subject: a, enumeration: left, value: v },
            ExprKind::IsValue { subject: b, enumeration: right, value: w },
        ) if left == right && v != w && matches!(a.ty.present(), Type::Enum(_)) && key(a) == key(b) => {
            Relation::Excludes
        }
        (ExprKind::In { item: a, set: left }, ExprKind::In { item: b, set: right }) if key(a) == key(b) => {
            between_sets(hir, left, right)
        }
        (ExprKind::Match { subject: a, matcher: left }, ExprKind::Match { subject: b, matcher: right })
            if key(a) == key(b) =>
        {
            between_matchers(left, right)
        }
        (
            ExprKind::Compare { operator: CompareOperator::Equal, left: a, right: v },
            ExprKind::Compare { operator: CompareOperator::Equal, left: b, right: w },
        ) if key(a) == key(b) && !matches!(a.ty, Type::Many(_)) => match (&v.kind, &w.kind) {
            (ExprKind::Literal(v), ExprKind::Literal(w)) if surely_different(v, w) => Relation::Excludes,
            _ => Relation::Nothing,
        },
        _ => Relation::Nothing,
    }
}

/// Texts compare on their folded surface; only for ASCII is "different" certain without its tables.
fn surely_different(left: &Literal, right: &Literal) -> bool {
    match (left, right) {
        (Literal::Text(left), Literal::Text(right)) => {
            left.is_ascii() && right.is_ascii() && blanks(left) != blanks(right)
        }
        (Literal::Address(left), Literal::Address(right)) => left != right,
        (Literal::Domain(left), Literal::Domain(right)) => {
            !left.subdomains && !right.subdomains && left != right
        }
        _ => false,
    }
}

fn blanks(text: &str) -> String {
    text.split_ascii_whitespace().collect::<Vec<_>>().join(" ").to_ascii_lowercase()
}

fn between_sets(hir: &Hir, left: &Set, right: &Set) -> Relation {
    match (left, right) {
        (Set::Directory(left), Set::Directory(right)) => {
            if hir.is_below(*left, *right) {
                Relation::Implies
            } else if hir.is_below(*right, *left) {
                Relation::Nothing
            } else {
                // An address has one home at most.
                Relation::Excludes
            }
        }
        (
            Set::Addresses { addresses: few, domains: narrow },
            Set::Addresses { addresses: many, domains: wide },
        ) => {
            let in_wide = |domain: &str| wide.iter().any(|pattern| pattern.matches(domain));
            let addresses_inside =
                few.iter().all(|address| many.contains(address) || in_wide(&address.domain));
            let domains_inside = narrow.iter().all(|pattern| {
                wide.iter()
                    .any(|other| other == pattern || (other.subdomains && other.matches(&pattern.domain)))
            });
            if addresses_inside && domains_inside {
                return Relation::Implies;
            }
            let single = |domains: &[crate::base::address::DomainPattern]| {
                domains.iter().all(|pattern| !pattern.subdomains)
            };
            let disjoint = few.is_empty()
                && many.is_empty()
                && single(narrow)
                && single(wide)
                && !narrow.iter().any(|pattern| wide.contains(pattern));
            if disjoint { Relation::Excludes } else { Relation::Nothing }
        }
        _ => Relation::Nothing,
    }
}

fn between_matchers(left: &Matcher, right: &Matcher) -> Relation {
    let (Matcher::Pattern(left), Matcher::Pattern(right)) = (left, right) else { return Relation::Nothing };
    if pattern_implies(left, right) { Relation::Implies } else { Relation::Nothing }
}

/// Whether a text with the first pattern in it surely has the second; ASCII alone, where folding is lower case.
pub(super) fn pattern_implies(first: &Pattern, second: &Pattern) -> bool {
    let text = |pattern: &Pattern| match pattern {
        Pattern::Literal { text }
        | Pattern::Word { text }
        | Pattern::Prefix { text }
        | Pattern::Suffix { text } => text.is_ascii().then(|| blanks(text)).filter(|text| !text.is_empty()),
        Pattern::Regex { .. } | Pattern::Glob { .. } => None,
    };
    let (Some(a), Some(b)) = (text(first), text(second)) else { return false };
    match (first, second) {
        (Pattern::Prefix { .. }, Pattern::Prefix { .. }) => a.starts_with(&b),
        (Pattern::Suffix { .. }, Pattern::Suffix { .. }) => a.ends_with(&b),
        (Pattern::Word { .. }, Pattern::Word { .. }) => a == b,
        (_, Pattern::Literal { .. }) => a.contains(&b),
        _ => false,
    }
}

/// `subject` lies in `low..=high`.
#[derive(Debug)]
struct Range {
    subject: Key,
    low: i128,
    high: i128,
    /// The least value the subject can have.
    least: i128,
    /// Whether the subject is always there.
    present: bool,
}

const LOWEST: i128 = i128::MIN / 2;
const HIGHEST: i128 = i128::MAX / 2;

impl Range {
    fn against(&self, other: &Range) -> Relation {
        if self.low.max(other.low) > self.high.min(other.high) {
            Relation::Excludes
        } else if self.low >= other.low && self.high <= other.high {
            Relation::Implies
        } else {
            Relation::Nothing
        }
    }

    fn constant(&self) -> Option<bool> {
        if self.high < self.least || self.low > self.high {
            return Some(false);
        }
        (self.present && self.low <= self.least && self.high >= HIGHEST).then_some(true)
    }
}

/// A comparison with a constant as a range.
fn range(expression: &Expr) -> Option<Range> {
    let ExprKind::Compare { operator, left, right } = &expression.kind else { return None };
    let (subject, operator, value) = match (ordinal(left), ordinal(right)) {
        (None, Some(value)) => (left, *operator, value),
        (Some(value), None) => (right, turned(*operator), value),
        _ => return None,
    };
    if matches!(subject.ty, Type::Many(_)) {
        return None;
    }
    let (low, high) = match operator {
        CompareOperator::Equal => (value, value),
        CompareOperator::NotEqual => return None,
        CompareOperator::Less => (LOWEST, value - 1),
        CompareOperator::LessOrEqual => (LOWEST, value),
        CompareOperator::Greater => (value + 1, HIGHEST),
        CompareOperator::GreaterOrEqual => (value, HIGHEST),
    };
    let least = if never_negative(subject) { 0 } else { LOWEST };
    Some(Range { subject: key(subject), low, high, least, present: !subject.ty.is_optional() })
}

fn never_negative(subject: &Expr) -> bool {
    matches!(subject.ty.present(), Type::Size)
        || matches!(
            subject.kind,
            ExprKind::Count { .. }
                | ExprKind::Rate { .. }
                | ExprKind::Call { function: Function::Length | Function::HeaderCount, .. }
        )
}

fn turned(operator: CompareOperator) -> CompareOperator {
    match operator {
        CompareOperator::Less => CompareOperator::Greater,
        CompareOperator::LessOrEqual => CompareOperator::GreaterOrEqual,
        CompareOperator::Greater => CompareOperator::Less,
        CompareOperator::GreaterOrEqual => CompareOperator::LessOrEqual,
        same => same,
    }
}

fn compare(operator: CompareOperator, left: i128, right: i128) -> bool {
    match operator {
        CompareOperator::Equal => left == right,
        CompareOperator::NotEqual => left != right,
        CompareOperator::Less => left < right,
        CompareOperator::LessOrEqual => left <= right,
        CompareOperator::Greater => left > right,
        CompareOperator::GreaterOrEqual => left >= right,
    }
}

/// A constant of an ordered type as a number.
fn ordinal(expression: &Expr) -> Option<i128> {
    let ExprKind::Literal(literal) = &expression.kind else { return None };
    match literal {
        Literal::Number(value) | Literal::Duration(value) => Some(i128::from(*value)),
        Literal::Size(value) => Some(i128::from(*value)),
        Literal::TimeOfDay(value) => Some(i128::from(*value)),
        Literal::Moment(value) => Some(i128::from(value.as_second())),
        Literal::Date(date) => {
            Some(i128::from(date.year()) * 512 + i128::from(date.month()) * 32 + i128::from(date.day()))
        }
        _ => None,
    }
}
