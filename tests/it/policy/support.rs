//! Policy sets and letters for the tests of this room.

use mailfw::base::address::Address;
use mailfw::base::limits::{MessageLimits, SourceLimits};
use mailfw::language;
use mailfw::message::Message;
use mailfw::message::envelope::{Envelope, Recipient, Session};
use mailfw::plan::{Answer, Answers, Case, Lookups, Plan};
use mailfw::policy::engine::{Decision, Detail, Engine, Judging};
use mailfw::policy::record::{PolicyRecord, PolicyResult};
use mailfw::policy::testing;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A site with folders and a template, before the directories of a test.
pub const SITE: &str = r#"
site {
    domains    @acme.example, @*.acme.example
    networks   10.0.0.0/8
    postmaster postmaster@acme.example
}
folder one { keep 1 days }
folder two { keep 1 days }
template note { subject "Note {policy.name}" text "For {recipient} by {policy.name} of {policy.directory}: {policy.matches}" }
"#;

/// The engine of a set that must check.
pub fn engine(text: &str) -> Engine {
    let mut files = BTreeMap::from([("main.mfp".to_string(), text.as_bytes().to_vec())]);
    engine_of("main.mfp", &mut files)
}

/// The engine of a set in any sources that must check.
pub fn engine_of(main: &str, sources: &mut dyn language::modules::Sources) -> Engine {
    let checked = language::check(main, sources, &SourceLimits::default());
    let Some(hir) = checked.hir else {
        let messages: Vec<String> = checked
            .diagnostics
            .sorted()
            .iter()
            .map(|found| {
                let (line, column) = checked
                    .map
                    .get(found.primary.span.source)
                    .map_or((0, 0), |source| source.line_column(found.primary.span.start as usize));
                format!("{line}:{column} {} {}", found.code, found.message)
            })
            .collect();
        panic!("the set does not check:\n{}", messages.join("\n"));
    };
    let plan = Plan::new(hir).unwrap_or_else(|found| panic!("no plan: {:?}", found.sorted()));
    Engine::new(Arc::new(plan))
}

/// Runs the `test` items of `SITE` and a text; every one must pass, and there must be one.
pub fn passes(text: &str) {
    let engine = engine(&format!("{SITE}{text}"));
    all_pass(&engine);
}

/// Every test of a set passes.
pub fn all_pass(engine: &Engine) {
    let run = testing::run(engine, &MessageLimits::default(), None);
    assert!(!run.results.is_empty(), "the set has no test");
    let mut report = String::new();
    for result in run.results.iter().filter(|result| !result.passed()) {
        report.push_str(&format!("test {:?}\n", result.name));
        for failure in &result.failures {
            report.push_str(&format!("  expected {}\n  got {}\n", failure.expected, failure.got));
            report.extend(failure.why.iter().map(|line| format!("    {line}\n")));
        }
    }
    assert!(report.is_empty(), "{report}");
}

/// A letter with its envelope.
pub struct Letter {
    pub from: Option<&'static str>,
    pub to: Vec<&'static str>,
    pub message: String,
    pub inside: bool,
    pub received: &'static str,
}

/// A plain letter.
pub fn letter(from: &'static str, to: &[&'static str], subject: &str) -> Letter {
    let message = format!(
        "From: {from}\r\nTo: {}\r\nSubject: {subject}\r\nDate: Thu, 1 Jan 2026 12:00:00 +0000\r\n\
         Message-ID: <1@acme.example>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\nText\r\n",
        to.join(", ")
    );
    let inside = from.ends_with("acme.example");
    Letter { from: Some(from), to: to.to_vec(), message, inside, received: "2026-01-01T12:00:00Z" }
}

impl Letter {
    /// Decides it; every question is answered: clean, not asked.
    pub fn decide(&self, engine: &Engine) -> Decision {
        let mut answers = Answers::new(Some(Answer::NotAsked));
        answers.insert(mailfw::plan::Question::Virus, Answer::Virus(None));
        self.decide_with(engine, &answers, &Judging::default())
    }

    /// Decides it with given answers.
    pub fn decide_with(&self, engine: &Engine, lookups: &dyn Lookups, judging: &Judging) -> Decision {
        let message = self.parsed();
        let (envelope, session) = (self.envelope(), self.session());
        let received = self.received.parse().unwrap();
        let case = Case { message: &message, envelope: &envelope, session: &session, received, lookups };
        engine.decide(case, judging, Detail::Record).expect("all answers are there")
    }

    pub fn parsed(&self) -> Message {
        Message::parse(self.message.as_bytes().to_vec(), &MessageLimits::default())
    }

    pub fn envelope(&self) -> Envelope {
        let recipients = self.to.iter().map(|to| Recipient { address: address(to), text: (*to).into() });
        Envelope {
            sender: self.from.map(address),
            sender_text: self.from.unwrap_or_default().into(),
            recipients: recipients.collect(),
        }
    }

    pub fn session(&self) -> Session {
        let ip = if self.inside { "10.0.0.1" } else { "192.0.2.1" };
        Session { client_ip: Some(ip.parse().unwrap()), ..Session::default() }
    }
}

/// An address as it compares.
pub fn address(text: &str) -> Address {
    Address::parse(text).expect("an address")
}

/// The entry of a policy on a side in the first group.
pub fn entry<'d>(decision: &'d Decision, policy: &str, side: &str) -> &'d PolicyRecord {
    let groups = &decision.record.as_ref().unwrap().groups;
    let mut entries = groups.iter().flat_map(|group| &group.policies);
    entries.find(|entry| entry.policy == policy && entry.side == side).expect("an entry of the policy")
}

/// What became of a policy on a side in the first group.
pub fn result(decision: &Decision, policy: &str, side: &str) -> PolicyResult {
    entry(decision, policy, side).result
}
