//! Policy sets and mail to measure with, and the measuring itself; the same on every run.
//!
//! Sets are mfp text, written from the mail's own vocabulary, so that the share of messages a word occurs in is known:
//! see [`text`] for how it is distributed, [`attributes`] for sets that read no text. Mail is the trial mbox of the
//! corpus where there is one, else made ([`mail`]). Everything random comes from one small generator with a fixed seed.

pub mod allocator;
pub mod attributes;
pub mod clock;
pub mod mail;
pub mod random;
pub mod text;
pub mod words;

use mailfw::base::limits::SourceLimits;
use mailfw::language;
use mailfw::plan::{Plan, PlanOptions};
use mailfw::policy::engine::Engine;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

/// A policy set as text.
#[derive(Debug, Clone)]
pub struct Set {
    /// What it is called in tables.
    pub name: String,
    /// The text of `main.mfp`.
    pub source: String,
    /// How many policies it has.
    pub policies: usize,
}

/// What a policy does where it triggers: three of four tag, the fourth holds.
pub fn effect(policy: usize) -> String {
    if policy % 4 == 3 { "then quarantine in held".to_string() } else { format!("tag \"t{policy}\"") }
}

/// A set of policies of one side for everybody at `*.example`. `items` stand before the directory; each condition is
/// what follows `when`.
pub fn set(name: &str, side: &str, items: &str, conditions: &[String]) -> Set {
    let mut source = String::from(
        "site {\n    domains @acme.example\n    networks 10.0.0.0/8\n    postmaster postmaster@acme.example\n}\n\
         folder held { keep 30 days }\n",
    );
    source.push_str(items);
    source.push_str("directory everybody {\n    domain @*.example\n");
    for (at, condition) in conditions.iter().enumerate() {
        let effect = effect(at);
        let _ = writeln!(
            source,
            "    content policy p{at} for {side} {{\n        when {condition}\n        {effect}\n    }}"
        );
    }
    source.push_str("}\n");
    Set { name: name.to_string(), source, policies: conditions.len() }
}

impl Set {
    /// Checks the set, as loading it does.
    pub fn check(&self) -> Arc<language::hir::Hir> {
        let mut sources = BTreeMap::from([("main.mfp".to_string(), self.source.clone().into_bytes())]);
        let checked = language::check("main.mfp", &mut sources, &SourceLimits::default());
        match checked.hir {
            Some(hir) => hir,
            None => panic!("the set {} does not check: {:?}", self.name, checked.diagnostics),
        }
    }

    /// An engine with all that makes it quick.
    pub fn engine(&self) -> Engine {
        self.engine_with(PlanOptions::ALL)
    }

    /// An engine with some of it.
    pub fn engine_with(&self, options: PlanOptions) -> Engine {
        let plan = Plan::with(self.check(), options).expect("the set fits");
        if let Some(reason) = plan.no_native_code() {
            panic!("no native code can be run here: {reason}");
        }
        Engine::new(Arc::new(plan))
    }
}
