//! Patterns that match more than was meant.

use super::logic::{COMPARED, pattern_implies, show};
use super::walk;
use super::{codes, warning};
use crate::base::diagnostic::Diagnostics;
use crate::base::source::Span;
use crate::language::hir::{Dictionary, Expr, ExprKind, Hir, Matcher, Pattern, Policy};
use crate::language::schema::facts::{Fact, Field};
use crate::language::schema::types::Type;
use regex_automata::util::syntax;
use std::collections::HashMap;

pub(super) fn lint_policy(hir: &Hir, policy: &Policy, found: &mut Diagnostics) {
    for expression in policy.whens.iter().chain(&policy.unlesses).chain(walk::effect_expressions(policy)) {
        lint_expression(hir, expression, found);
    }
}

pub(super) fn lint_expression(hir: &Hir, expression: &Expr, found: &mut Diagnostics) {
    walk::expressions(expression, &mut |part| {
        let (ExprKind::Match { subject, matcher } | ExprKind::Count { subject, matcher, .. }) = &part.kind
        else {
            return;
        };
        match matcher {
            Matcher::Pattern(pattern) => lint_pattern(hir, pattern, subject, part.span, found),
            Matcher::AnyOf(patterns) => {
                for pattern in patterns {
                    lint_pattern(hir, pattern, subject, part.span, found);
                }
                lint_list(patterns, part.span, found);
            }
            Matcher::Dictionary(_) | Matcher::Detector(_) | Matcher::List(_) => {}
        }
    });
}

pub(super) fn lint_dictionary(dictionary: &Dictionary, found: &mut Diagnostics) {
    let mut known: HashMap<&Pattern, Span> = HashMap::new();
    for entry in &dictionary.entries {
        if matches_everything(&entry.pattern) {
            report_everything(entry.span, found);
        }
        if let Some(first) = known.get(&entry.pattern) {
            found.push(
                warning(
                    codes::REDUNDANT,
                    entry.span,
                    format!("dictionary `{}` has this entry twice", dictionary.name),
                )
                .also(*first, "the first")
                .help("take one away; both would add their weight"),
            );
        } else {
            known.insert(&entry.pattern, entry.span);
        }
    }
}

fn lint_pattern(hir: &Hir, pattern: &Pattern, subject: &Expr, span: Span, found: &mut Diagnostics) {
    if matches_everything(pattern) {
        report_everything(span, found);
        return;
    }
    if let Pattern::Regex { pattern, .. } = pattern
        && is_domain_like(subject)
        && names_a_domain(pattern)
        && !is_anchored(pattern)
    {
        found.push(
            warning(
                codes::UNANCHORED_DOMAIN,
                span,
                format!("`{}` also holds for longer domains", show(hir, span)),
            )
            .label("not anchored")
            .help("ask `in @example.com` or `in @*.example.com`, or anchor the pattern: `/@example\\.com$/`"),
        );
    }
}

fn lint_list(patterns: &[Pattern], span: Span, found: &mut Diagnostics) {
    let patterns = patterns.get(..COMPARED).unwrap_or(patterns);
    for (at, narrow) in patterns.iter().enumerate() {
        let covered = patterns.iter().enumerate().find(|(other, wide)| {
            *other != at && pattern_implies(narrow, wide) && (*other < at || !pattern_implies(wide, narrow))
        });
        if let Some((_, wide)) = covered {
            let text = format!("`{}` adds nothing to `{}`", words(narrow), words(wide));
            found.push(
                warning(codes::REDUNDANT, span, text)
                    .help("take the longer one away, or ask `contains word` if whole words are meant"),
            );
        }
    }
}

fn report_everything(span: Span, found: &mut Diagnostics) {
    found.push(
        warning(codes::MATCHES_EVERYTHING, span, "this pattern is found in every text")
            .help("write what must be there; a pattern whose parts may all be left out is found everywhere"),
    );
}

fn words(pattern: &Pattern) -> &str {
    match pattern {
        Pattern::Literal { text }
        | Pattern::Word { text }
        | Pattern::Glob { text }
        | Pattern::Prefix { text }
        | Pattern::Suffix { text } => text,
        Pattern::Regex { pattern, .. } => pattern,
    }
}

/// Whether a pattern is found in every text, the empty one included.
fn matches_everything(pattern: &Pattern) -> bool {
    match pattern {
        Pattern::Literal { text }
        | Pattern::Word { text }
        | Pattern::Prefix { text }
        | Pattern::Suffix { text } => text.is_empty(),
        Pattern::Glob { text } => !text.is_empty() && text.chars().all(|character| character == '*'),
        Pattern::Regex { pattern, .. } => syntax::parse(pattern).is_ok_and(|parsed| {
            let properties = parsed.properties();
            properties.minimum_len() == Some(0) && properties.look_set().is_empty()
        }),
    }
}

/// Whether a subject is an address, a domain or a host name.
fn is_domain_like(subject: &Expr) -> bool {
    let by_type = |ty: &Type| matches!(ty, Type::Address | Type::Domain | Type::Mailbox);
    let typed = match subject.ty.present() {
        Type::Many(entry) => by_type(entry),
        other => by_type(other),
    };
    typed
        || matches!(
            subject.kind,
            ExprKind::Fact(Fact::ClientName | Fact::ClientHelo)
                | ExprKind::Field { field: Field::LinkHost | Field::MailboxAddress, .. }
        )
}

/// Whether a regex speaks of a name with a dot in it: a label, a dot (escaped or not), a label.
fn names_a_domain(pattern: &str) -> bool {
    let bytes = pattern.as_bytes();
    let label = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    memchr::memchr_iter(b'.', bytes).any(|at| {
        let before =
            if at > 0 && bytes.get(at - 1) == Some(&b'\\') { at.checked_sub(2) } else { at.checked_sub(1) };
        before.is_some_and(|before| label(bytes.get(before)))
            && label(bytes.get(at + 1))
            && label(bytes.get(at + 2))
    })
}

/// Whether a regex says where the name ends and where it begins: an end anchor, and a start anchor, `@` or escaped dot
/// in front.
fn is_anchored(pattern: &str) -> bool {
    let start =
        ["^", "@", "\\.", "\\A", "(^|", "(?:^|", "[@.]"].iter().any(|start| pattern.starts_with(start));
    let inner = pattern.contains('@');
    let end = pattern.ends_with('$') || pattern.ends_with("\\z");
    end && (start || inner)
}
