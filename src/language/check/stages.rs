//! When something can be decided: the latest stage among the facts it reads, and whether it differs by recipient.

use super::Checker;
use crate::language::hir::{Expr, ExprKind, Set};
use crate::language::schema::facts::{Function, Stage};

/// When a condition is known, and whether it differs between recipients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Needs {
    pub(super) stage: Stage,
    pub(super) per_recipient: bool,
}

impl Needs {
    /// What is known from the beginning.
    pub(super) const NOTHING: Needs = Needs { stage: Stage::Connection, per_recipient: false };

    pub(super) fn and(self, other: Needs) -> Needs {
        Needs { stage: self.stage.max(other.stage), per_recipient: self.per_recipient || other.per_recipient }
    }

    fn at_least(self, stage: Stage) -> Needs {
        Needs { stage: self.stage.max(stage), ..self }
    }
}

impl Checker<'_> {
    /// What an expression needs. Its depth is that of the syntax tree, which the parser bounds.
    pub(super) fn needs(&self, expr: &Expr) -> Needs {
        match &expr.kind {
            ExprKind::Literal(_) | ExprKind::Variable(_) => Needs::NOTHING,
            ExprKind::Fact(fact) => {
                let declaration = fact.declaration();
                Needs { stage: declaration.stage, per_recipient: declaration.per_recipient }
            }
            ExprKind::Header { .. } => Needs::NOTHING.at_least(Stage::Headers),
            ExprKind::Call { function, arguments } => {
                let own = match function {
                    Function::HeaderCount => Stage::Headers,
                    _ => Stage::Connection,
                };
                self.all(arguments).at_least(own)
            }
            ExprKind::Field { owner: inner, .. }
            | ExprKind::Not(inner)
            | ExprKind::IsAbsent(inner)
            | ExprKind::Count { subject: inner, .. }
            | ExprKind::Score { subject: inner, .. }
            | ExprKind::Rate { key: inner, .. }
            | ExprKind::InService { item: inner, .. }
            | ExprKind::Match { subject: inner, .. }
            | ExprKind::IsValue { subject: inner, .. }
            | ExprKind::IsAny { subject: inner }
            | ExprKind::LooksLike { subject: inner, .. } => self.needs(inner),
            ExprKind::Default { value: left, default: right } | ExprKind::Compare { left, right, .. } => {
                self.needs(left).and(self.needs(right))
            }
            ExprKind::Quantified { over, condition, .. } => self.needs(over).and(self.needs(condition)),
            ExprKind::And(operands) | ExprKind::Or(operands) => self.all(operands),
            ExprKind::In { item, set } => match set {
                Set::Many(values) => self.needs(item).and(self.needs(values)),
                _ => self.needs(item),
            },
            ExprKind::Criterion { criterion, argument } => {
                let (stage, per_recipient) =
                    self.criteria_stages.get(criterion.index()).copied().unwrap_or((Stage::Content, true));
                let own = Needs { stage, per_recipient };
                argument.as_ref().map_or(own, |argument| own.and(self.needs(argument)))
            }
        }
    }

    fn all(&self, operands: &[Expr]) -> Needs {
        operands.iter().fold(Needs::NOTHING, |needs, operand| needs.and(self.needs(operand)))
    }
}
