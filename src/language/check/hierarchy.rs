//! Inheritance: what may be overridden and excepted where, and what is applied twice.

use super::Checker;
use crate::base::diagnostic::Diagnostic;
use crate::base::source::Span;
use crate::language::codes::{directory as codes, name as name_codes};
use crate::language::hir::{self, DirectoryId, Side};
use crate::language::scope::Wanted;
use crate::language::suggest;
use std::collections::HashMap;
use std::sync::Arc;

/// Every policy of a name, in the order of their numbers.
#[derive(Default)]
struct Namesakes {
    all: Vec<hir::PolicyId>,
    by_directory: HashMap<DirectoryId, Vec<hir::PolicyId>>,
}

impl Namesakes {
    fn of(&self, directory: DirectoryId) -> &[hir::PolicyId] {
        self.by_directory.get(&directory).map_or(&[], Vec::as_slice)
    }
}

type ByName = HashMap<Arc<str>, Namesakes>;

/// Where a policy named by an override or exception stands, seen from a directory.
struct Seen {
    inherited: Vec<hir::PolicyId>,
    own: Vec<hir::PolicyId>,
    elsewhere: Option<DirectoryId>,
}

impl Checker<'_> {
    /// Checks overrides, exceptions and applications against the tree.
    pub(super) fn check_hierarchy(&mut self) {
        let mut by_name = ByName::new();
        for policy in &self.policies {
            let namesakes = by_name.entry(Arc::clone(&policy.name)).or_default();
            namesakes.all.push(policy.id);
            namesakes.by_directory.entry(policy.directory).or_default().push(policy.id);
        }
        let overrides = std::mem::take(&mut self.tree.overrides);
        for place in &overrides {
            self.check_override(&by_name, place.by, &place.policy, place.span);
        }
        let exceptions = std::mem::take(&mut self.tree.exceptions);
        for place in &exceptions {
            self.check_exception(&by_name, place.directory, &place.policy, place.span);
        }
        self.check_applications(&by_name);
    }

    fn seen(&self, by_name: &ByName, name: &str, from: DirectoryId) -> Seen {
        let mut seen = Seen { inherited: Vec::new(), own: Vec::new(), elsewhere: None };
        let Some(namesakes) = by_name.get(name) else { return seen };
        seen.own.extend_from_slice(namesakes.of(from));
        for above in self.tree.chain(from).skip(1) {
            seen.inherited.extend_from_slice(namesakes.of(above));
        }
        seen.inherited.sort_unstable();
        if seen.own.is_empty() && seen.inherited.is_empty() {
            let last = namesakes.all.last().and_then(|id| self.policies.get(id.index()));
            seen.elsewhere = last.map(|policy| policy.directory);
        }
        seen
    }

    fn check_override(&mut self, by_name: &ByName, by: hir::PolicyId, name: &str, span: Span) {
        let Some(directory) = self.policies.get(by.index()).map(|policy| policy.directory) else { return };
        let seen = self.seen(by_name, name, directory);
        if seen.inherited.is_empty() {
            let own = seen
                .own
                .first()
                .and_then(|id| self.policies.get(id.index()))
                .map(|policy| policy.applied_span);
            if let Some(own) = own {
                let message = format!("`{name}` is of this directory itself, not inherited");
                self.push(
                    Diagnostic::error(codes::OVERRIDES_NOTHING, span, message)
                        .also(own, "it is of the same directory")
                        .help("put the overriding policy into a deeper directory, or remove the other"),
                );
                return;
            }
            self.not_seen(name, span, directory, seen.elsewhere, "inherited", false);
            return;
        }
        let mut inherited = seen.inherited.iter().filter_map(|id| self.policies.get(id.index()));
        if let Some(at) = inherited.find(|policy| policy.mandatory).map(|policy| policy.name_span) {
            self.mandatory(name, span, at, "overridden");
        }
    }

    fn check_exception(&mut self, by_name: &ByName, directory: DirectoryId, name: &str, span: Span) {
        let seen = self.seen(by_name, name, directory);
        if seen.inherited.is_empty() && seen.own.is_empty() {
            self.not_seen(name, span, directory, seen.elsewhere, "inherited or written", true);
            return;
        }
        let mandatory = seen
            .inherited
            .iter()
            .filter_map(|id| self.policies.get(id.index()))
            .find(|policy| policy.mandatory)
            .map(|policy| policy.name_span);
        if let Some(at) = mandatory {
            self.mandatory(name, span, at, "excepted");
        }
    }

    fn mandatory(&mut self, name: &str, span: Span, at: Span, what: &str) {
        self.push(
            Diagnostic::error(
                codes::MANDATORY,
                span,
                format!("`{name}` is mandatory and cannot be {what} in a deeper directory"),
            )
            .also(at, "mandatory for all below")
            .help("take away `mandatory` above, or leave the policy in force"),
        );
    }

    /// A policy that is not in the chain: of another branch, of no directory, or of no set.
    fn not_seen(
        &mut self,
        name: &str,
        span: Span,
        from: DirectoryId,
        elsewhere: Option<DirectoryId>,
        where_words: &str,
        with_own: bool,
    ) {
        if self.doubt.covers(Wanted::Policy, name) {
            return;
        }
        let path = self.tree.path(from);
        let code = if with_own { codes::EXCEPTS_NOTHING } else { codes::OVERRIDES_NOTHING };
        if let Some(elsewhere) = elsewhere {
            let other = self.tree.path(elsewhere);
            let message = format!("`{name}` is not {where_words} in `{path}`");
            let help = match self.tree.chain(elsewhere).any(|id| id == from) {
                true => format!("it holds only below, in `{other}`: say it there"),
                false => format!("it holds in `{other}`, of which this is no part"),
            };
            self.push(Diagnostic::error(code, span, message).help(help));
            return;
        }
        let written_somewhere = self.declared_policies.contains_key(name);
        if written_somewhere {
            let message = format!("`{name}` is applied nowhere that this directory inherits from");
            self.push(
                Diagnostic::error(code, span, message)
                    .help(format!("apply it above: `apply {name} to senders`")),
            );
            return;
        }
        // Names that would have been right come first.
        let chain: Vec<DirectoryId> = self.tree.chain(from).skip(usize::from(!with_own)).collect();
        let right: Vec<Arc<str>> = self
            .policies
            .iter()
            .filter(|policy| chain.contains(&policy.directory))
            .map(|policy| Arc::clone(&policy.name))
            .collect();
        let diagnostic = Diagnostic::error(name_codes::UNKNOWN, span, format!("there is no policy `{name}`"));
        let names = right.iter().map(|name| &**name);
        self.push(match right.is_empty() {
            true => diagnostic.help("nothing is inherited here: take the name away"),
            false => suggest::help(diagnostic, name, names, span, "those that could be named here are"),
        });
    }

    /// An application in a deeper directory replaces that of an outer one, but for a mandatory one. Linear in the
    /// applications and the depth of their directories.
    fn check_applications(&mut self, by_name: &ByName) {
        let mut found = Vec::new();
        for (name, namesakes) in by_name {
            let policies = || namesakes.all.iter().filter_map(|id| self.policies.get(id.index()));
            let mut mandatory: HashMap<DirectoryId, (usize, &hir::Policy)> = HashMap::new();
            for (at, policy) in policies().enumerate().filter(|(_, policy)| policy.mandatory) {
                mandatory.entry(policy.directory).or_insert((at, policy));
            }
            let mut first: HashMap<(DirectoryId, Span), &hir::Policy> = HashMap::new();
            for policy in policies() {
                let earlier = *first.entry((policy.directory, policy.span)).or_insert(policy);
                if earlier.id != policy.id {
                    found.push(
                        Diagnostic::error(
                            codes::APPLIED_TWICE,
                            policy.applied_span,
                            format!("`{name}` is applied to this directory twice"),
                        )
                        .also(earlier.applied_span, "here first")
                        .help("apply it once; `to both` is both sides"),
                    );
                    continue;
                }
                let above = self.tree.chain(policy.directory).skip(1);
                let above = above.filter_map(|directory| mandatory.get(&directory));
                if let Some((_, mandatory)) = above.min_by_key(|(at, _)| *at) {
                    found.push(
                        Diagnostic::error(
                            codes::MANDATORY,
                            policy.applied_span,
                            format!("`{name}` is mandatory above and cannot be replaced here"),
                        )
                        .also(mandatory.applied_span, "mandatory for all below")
                        .help("take this application away"),
                    );
                }
            }
        }
        for diagnostic in found {
            self.push(diagnostic);
        }
    }
}

pub(super) fn side_word(side: Side) -> &'static str {
    match side {
        Side::Senders => "senders",
        Side::Recipients => "recipients",
        Side::Both => "both",
    }
}
