//! Which policies and clauses the tests of a set exercise.
//!
//! A policy is covered when it triggers in some test. A clause is covered when it decides: a `when` of a policy that
//! triggered (all of them held), the `when` that kept a policy from triggering, the `unless` or `except` that silenced
//! one, or the clause that left one undecided. Policies that are off are not counted: they never run.

use super::engine::JudgedPolicy;
use super::record::{self, PlaceRecord, PolicyResult};
use crate::base::source::Span;
use crate::language::hir::{Hir, Mode, PolicyId};
use serde::Serialize;
use std::collections::HashSet;

/// What tests have exercised so far.
#[derive(Debug, Default)]
pub struct Seen {
    triggered: HashSet<PolicyId>,
    clauses: HashSet<(PolicyId, usize)>,
    exceptions: HashSet<Span>,
}

/// Coverage of a set.
#[derive(Debug, Clone, Serialize)]
pub struct Coverage {
    /// Every policy that can run.
    pub policies: Vec<PolicyCoverage>,
    /// Every exception of a directory.
    pub exceptions: Vec<ClauseCoverage>,
    /// Policies and clauses that are covered.
    pub covered: usize,
    /// Policies and clauses that there are.
    pub total: usize,
}

/// Coverage of a policy.
#[derive(Debug, Clone, Serialize)]
pub struct PolicyCoverage {
    /// Its name.
    pub policy: String,
    /// The directory it holds in.
    pub directory: String,
    /// Where it is written or applied.
    pub place: PlaceRecord,
    /// Whether a test makes it trigger.
    pub triggered: bool,
    /// Its clauses.
    pub clauses: Vec<ClauseCoverage>,
}

/// Coverage of a clause.
#[derive(Debug, Clone, Serialize)]
pub struct ClauseCoverage {
    /// `when`, `unless` or `except`
    pub word: &'static str,
    /// Its text on one line.
    pub text: String,
    /// Where it is written.
    pub place: PlaceRecord,
    /// Whether a test makes it decide.
    pub decides: bool,
}

impl Coverage {
    /// Covered policies and clauses in per cent; 100 where there are none.
    pub fn percent(&self) -> f64 {
        if self.total == 0 { 100.0 } else { self.covered as f64 * 100.0 / self.total as f64 }
    }

    /// What no test exercises, in words.
    pub fn missing(&self) -> Vec<String> {
        let at = |place: &PlaceRecord| format!("{}:{}:{}", place.file, place.line, place.column);
        let mut missing = Vec::new();
        for policy in &self.policies {
            if !policy.triggered {
                missing.push(format!(
                    "{}: no test makes policy {} trigger",
                    at(&policy.place),
                    policy.policy
                ));
            }
            for clause in policy.clauses.iter().filter(|clause| !clause.decides) {
                let (word, text) = (clause.word, &clause.text);
                let policy = &policy.policy;
                missing
                    .push(format!("{}: no test makes `{word} {text}` of {policy} decide", at(&clause.place)));
            }
        }
        for clause in self.exceptions.iter().filter(|clause| !clause.decides) {
            missing.push(format!(
                "{}: no test makes `except … when {}` decide",
                at(&clause.place),
                clause.text
            ));
        }
        missing
    }
}

impl Seen {
    /// Notes what one message exercised.
    pub fn note(&mut self, hir: &Hir, judged: &[JudgedPolicy]) {
        for judged in judged {
            let Some(policy) = hir.policies.get(judged.policy.index()) else { continue };
            if judged.result == PolicyResult::Triggered {
                self.triggered.insert(policy.id);
                self.clauses.extend((0..policy.whens.len()).map(|at| (policy.id, at)));
            }
            match (judged.exception, judged.decided_by) {
                (Some(span), _) => {
                    self.exceptions.insert(span);
                }
                (None, Some(at)) if at < policy.whens.len() + policy.unlesses.len() => {
                    self.clauses.insert((policy.id, at));
                }
                _ => {}
            }
        }
    }

    /// The coverage of a set by what was noted.
    pub fn coverage(&self, hir: &Hir) -> Coverage {
        let running = hir.policies.iter().filter(|policy| policy.mode != Mode::Off);
        let policies: Vec<PolicyCoverage> = running.map(|policy| self.policy(hir, policy)).collect();
        let exceptions: Vec<ClauseCoverage> = hir
            .directories
            .iter()
            .flat_map(|directory| &directory.exceptions)
            .map(|exception| clause(hir, "except", exception.when.span, self.is_excepted(exception)))
            .collect();
        let clauses = policies.iter().flat_map(|policy| &policy.clauses).chain(&exceptions);
        let decides = clauses.clone().filter(|clause| clause.decides).count();
        let triggered = policies.iter().filter(|policy| policy.triggered).count();
        let total = policies.len() + clauses.count();
        Coverage { covered: decides + triggered, total, policies, exceptions }
    }

    fn is_excepted(&self, exception: &crate::language::hir::Exception) -> bool {
        self.exceptions.contains(&exception.span) || self.exceptions.contains(&exception.when.span)
    }

    fn policy(&self, hir: &Hir, policy: &crate::language::hir::Policy) -> PolicyCoverage {
        let whens = policy.whens.iter().map(|when| ("when", when.span));
        let all = whens.chain(policy.unlesses.iter().map(|unless| ("unless", unless.span)));
        PolicyCoverage {
            policy: policy.name.to_string(),
            directory: hir
                .directories
                .get(policy.directory.index())
                .map_or_else(String::new, |directory| directory.path.to_string()),
            place: record::place(&hir.sources, policy.applied_span),
            triggered: self.triggered.contains(&policy.id),
            clauses: all
                .enumerate()
                .map(|(at, (word, span))| clause(hir, word, span, self.clauses.contains(&(policy.id, at))))
                .collect(),
        }
    }
}

fn clause(hir: &Hir, word: &'static str, span: Span, decides: bool) -> ClauseCoverage {
    let words: Vec<&str> = hir.sources.slice(span).split_whitespace().collect();
    ClauseCoverage {
        word,
        text: words.join(" ").chars().take(record::SOURCE_CHARS).collect(),
        place: record::place(&hir.sources, span),
        decides,
    }
}
