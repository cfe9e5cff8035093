//! Criteria that trust what anybody can write, and answers that could go to the wrong person.

use super::logic::{self, Signed};
use super::walk;
use super::{codes, warning};
use crate::base::address::DomainPattern;
use crate::base::diagnostic::{Diagnostic, Diagnostics};
use crate::base::source::Span;
use crate::base::table::AddressTable;
use crate::language::hir::{
    Action, CriterionId, DirectoryId, Disposition, Exception, Expr, ExprKind, Hir, OnProtected, Policy,
    Quantifier, Set, Side, TemplatePart,
};
use crate::language::schema::facts::Fact;
use crate::language::schema::types::{Enumeration, Type};
use std::cell::OnceCell;
use std::collections::HashSet;

pub(super) fn lint_policy(hir: &Hir, policy: &Policy, inside: &Inside, found: &mut Diagnostics) {
    for unless in &policy.unlesses {
        lint_forgeable(hir, unless, found);
    }
    lint_any_recipient(hir, policy, found);
    lint_return(hir, policy, inside, found);
}

pub(super) fn lint_exception(hir: &Hir, exception: &Exception, found: &mut Diagnostics) {
    lint_forgeable(hir, &exception.when, found);
}

/// An exception that holds by who the header says wrote the message, and by that alone.
fn lint_forgeable(hir: &Hir, exception: &Expr, found: &mut Diagnostics) {
    let Some(span) = span_of(hir, exception, &|part| reads_author(&part.kind)) else { return };
    const VOUCHING: [Fact; 7] = [
        Fact::Spf,
        Fact::Dkim,
        Fact::Dmarc,
        Fact::Signature,
        Fact::ClientUser,
        Fact::ClientIp,
        Fact::Direction,
    ];
    let vouches = |part: &Expr| matches!(&part.kind, ExprKind::Fact(fact) if VOUCHING.contains(fact));
    let asks_client = |part: &Expr| part.ty == Type::Client;
    if span_of(hir, exception, &|part| vouches(part) || asks_client(part)).is_some() {
        return;
    }
    found.push(
        warning(codes::FORGEABLE_EXCEPTION, span, "this exception trusts what the header says of the author, which anybody can write")
            .help("ask for proof beside it, such as `and dmarc is pass`, or use the envelope's `sender` with `spf is pass`"),
    );
}

/// Whether an expression reads what the header says of the author: `from`, `header("From")`, `header("Sender")`.
fn reads_author(kind: &ExprKind) -> bool {
    match kind {
        ExprKind::Fact(fact) => *fact == Fact::From,
        ExprKind::Header { name, .. } => match name.parts.as_slice() {
            [TemplatePart::Text(name)] => {
                ["from", "sender"].iter().any(|author| name.trim().eq_ignore_ascii_case(author))
            }
            _ => false,
        },
        _ => false,
    }
}

/// Where an expression has a part of a kind, or a criterion that has one; the place is in the expression itself.
fn span_of(hir: &Hir, expression: &Expr, is_it: &dyn Fn(&Expr) -> bool) -> Option<Span> {
    part_of(hir, expression, is_it, &mut HashSet::new())
}

/// The same. Each criterion is looked into once: one that was has nothing of the kind, or the search is over.
fn part_of(
    hir: &Hir,
    expression: &Expr,
    is_it: &dyn Fn(&Expr) -> bool,
    seen: &mut HashSet<CriterionId>,
) -> Option<Span> {
    let mut span = None;
    walk::expressions(expression, &mut |part| {
        if span.is_some() {
            return;
        }
        let has = match &part.kind {
            ExprKind::Criterion { criterion, .. } => {
                let body = hir.criteria.get(criterion.index()).filter(|_| seen.insert(*criterion));
                body.is_some_and(|criterion| part_of(hir, &criterion.body, is_it, seen).is_some())
            }
            _ => is_it(part),
        };
        if has {
            span = Some(part.span);
        }
    });
    span
}

/// `any recipient` decides for all of them.
fn lint_any_recipient(hir: &Hir, policy: &Policy, found: &mut Diagnostics) {
    let restrictive = policy.disposition.as_ref().is_some_and(|disposition| {
        !matches!(
            disposition.node,
            Disposition::Deliver | Disposition::DeferFor(_) | Disposition::DeferUntil(_)
        )
    });
    if !restrictive {
        return;
    }
    for when in &policy.whens {
        if let Some(span) = span_of(hir, when, &is_any_recipient) {
            found.push(
                warning(
                    codes::ANY_RECIPIENT,
                    span,
                    format!("one such recipient makes policy `{}` hold the message for all recipients", policy.name),
                )
                .help("say `recipient …`, which decides for each recipient alone, or allow this code here if all are meant"),
            );
        }
    }
}

fn is_any_recipient(part: &Expr) -> bool {
    match &part.kind {
        ExprKind::Quantified { quantifier: Quantifier::Any, over, .. } => {
            matches!(over.kind, ExprKind::Fact(Fact::Recipients))
        }
        _ => false,
    }
}

/// `return` (and `reject`, which becomes one) that could answer somebody who never wrote.
fn lint_return(hir: &Hir, policy: &Policy, inside: &Inside, found: &mut Diagnostics) {
    let Some(span) = returning(policy) else { return };
    let sender_is_ours = policy.side == Side::Senders && inside.holds(hir, policy.directory);
    let literals = logic::conjuncts(hir, policy);
    if sender_is_ours || literals.iter().any(|literal| vouches(*literal)) {
        return;
    }
    found.push(
        Diagnostic::note(
            codes::BACKSCATTER,
            span,
            format!("the return of policy `{}` could answer a forged outside sender", policy.name),
        )
        .help(
            "it goes out only where SPF or DMARC vouch for the sender, else the message is held in `unreturnable`; \
             add `when spf is pass` or `when sender in site`, or quarantine instead",
        ),
    );
}

fn returning(policy: &Policy) -> Option<Span> {
    fn within(disposition: &Disposition) -> bool {
        match disposition {
            Disposition::Return(_) => true,
            Disposition::Approve { otherwise: Some(otherwise), .. } => within(&otherwise.node),
            _ => false,
        }
    }
    let by_action = |action: &Action| match action {
        Action::AnnotateBody { protected, .. } | Action::AnnotateAttachment { protected, .. } => {
            matches!(protected, OnProtected::Return(_))
        }
        Action::Encrypt { otherwise: Some(otherwise), .. }
        | Action::Sign { otherwise: Some(otherwise), .. } => within(&otherwise.node),
        _ => false,
    };
    let disposition = policy.disposition.as_ref().filter(|disposition| within(&disposition.node));
    let action = policy.actions.iter().find(|action| by_action(&action.node));
    disposition.map(|disposition| disposition.span).or(action.map(|action| action.span))
}

/// Of which directories every address is of the site: found at the first question, in one pass over all entries.
#[derive(Debug, Default)]
pub(super) struct Inside(OnceCell<Vec<bool>>);

impl Inside {
    fn holds(&self, hir: &Hir, directory: DirectoryId) -> bool {
        self.0.get_or_init(|| inside(hir)).get(directory.index()).copied().unwrap_or(false)
    }
}

fn inside(hir: &Hir) -> Vec<bool> {
    let site: AddressTable = hir.site.domains.iter().collect();
    let mut inside: Vec<bool> = hir.directories.iter().map(|directory| directory.groups.is_empty()).collect();
    let mut refute = |directory: u32| {
        if let Some(holds) = inside.get_mut(directory as usize) {
            *holds = false;
        }
    };
    for (_, _, domain, directory) in hir.homes.addresses() {
        if !site.has_domain(domain) {
            refute(directory);
        }
    }
    for (domain, subdomains, directory) in hir.homes.domains() {
        let pattern = DomainPattern { domain: domain.into(), subdomains };
        if site.pattern(&pattern).is_none() && !site.has_domain(domain) {
            refute(directory);
        }
    }
    // Parents stand before their children, so the way back hands the refutation up through all of them.
    for (at, directory) in hir.directories.iter().enumerate().rev() {
        if let Some(parent) = directory.parent
            && inside.get(at) == Some(&false)
            && let Some(holds) = inside.get_mut(parent.index())
        {
            *holds = false;
        }
    }
    inside
}

/// Whether a criterion holds only of a sender who is ours or vouched for.
fn vouches(literal: Signed<'_>) -> bool {
    if !literal.holds {
        return false;
    }
    match &literal.atom.kind {
        ExprKind::IsValue { subject, enumeration, value } => {
            let name = enumeration.values().get(usize::from(*value)).copied();
            matches!(
                (&subject.kind, enumeration, name),
                (ExprKind::Fact(Fact::Spf | Fact::Dmarc), Enumeration::Authentication, Some("pass"))
                    | (
                        ExprKind::Fact(Fact::Direction),
                        Enumeration::Direction,
                        Some("outbound" | "internal")
                    )
            )
        }
        ExprKind::In { item, set: Set::Site } => {
            matches!(item.kind, ExprKind::Fact(Fact::Sender | Fact::ClientIp))
                || item.ty == crate::language::schema::types::Type::Client
        }
        _ => false,
    }
}
