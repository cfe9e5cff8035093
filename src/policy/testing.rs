//! Runs the `test` items of a policy set.
//!
//! Each test is one message with given answers, decided by the same engine that decides real mail; its expectations are
//! asked of the decision and of what would leave. A failed expectation says what was expected, what came, and why, from
//! the decision record. Cost: one judgement a test. A test cannot fail to run: an engine that panics fails that test.

use super::coverage::{Coverage, Seen};
use super::engine::{Decision, Detail, Engine, Judging};
use super::expectation::{Check, Failure};
use super::record::{self, PlaceRecord, Record};
use super::test_message;
use crate::base::limits::MessageLimits;
use crate::base::source::Span;
use crate::language::hir::{Given, Test};
use crate::message::Message;
use crate::plan::{Answer, Case, Lookups, Question};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How a set's tests went.
#[derive(Debug)]
pub struct TestRun {
    /// Each test that was run, in source order.
    pub results: Vec<TestResult>,
    /// How many were left out by the filter.
    pub filtered_out: usize,
    /// What the tests that ran exercise.
    pub coverage: Coverage,
}

impl TestRun {
    /// How many tests failed.
    pub fn failed(&self) -> usize {
        self.results.iter().filter(|result| !result.passed()).count()
    }
}

/// How one test went.
#[derive(Debug)]
pub struct TestResult {
    /// Its name.
    pub name: Arc<str>,
    /// Where it is written.
    pub span: Span,
    /// The same as line and column.
    pub place: PlaceRecord,
    /// Expectations that did not hold, in source order.
    pub failures: Vec<Failure>,
    /// How the message was decided; `None` where judging it failed.
    pub record: Option<Record>,
    /// How long it took.
    pub took: Duration,
}

impl TestResult {
    /// Whether every expectation held.
    pub fn passed(&self) -> bool {
        self.failures.is_empty()
    }
}

/// Runs the tests whose name contains `filter` (any case), or all.
pub fn run(engine: &Engine, limits: &MessageLimits, filter: Option<&str>) -> TestRun {
    let wanted = filter.map(str::to_lowercase);
    let mut seen = Seen::default();
    let mut results = Vec::new();
    let mut filtered_out = 0;
    for test in &engine.hir().tests {
        if wanted.as_ref().is_some_and(|wanted| !test.name.to_lowercase().contains(wanted)) {
            filtered_out += 1;
            continue;
        }
        results.push(run_one(engine, limits, test, &mut seen));
    }
    TestRun { results, filtered_out, coverage: seen.coverage(engine.hir()) }
}

fn run_one(engine: &Engine, limits: &MessageLimits, test: &Test, seen: &mut Seen) -> TestResult {
    let start = Instant::now();
    let judged = catch_unwind(AssertUnwindSafe(|| judge(engine, limits, test)));
    let (failures, record) = match judged {
        Ok(Ok((decision, failures))) => {
            seen.note(engine.hir(), &decision.judged);
            (failures, decision.record)
        }
        Ok(Err(failure)) => (vec![failure], None),
        Err(_) => {
            (vec![Failure::general(test.span, "a decision", "the judging of the message failed")], None)
        }
    };
    TestResult {
        name: test.name.clone(),
        span: test.span,
        place: record::place(&engine.hir().sources, test.span),
        failures,
        record,
        took: start.elapsed(),
    }
}

/// Decides a test's message and asks its expectations.
fn judge(engine: &Engine, limits: &MessageLimits, test: &Test) -> Result<(Decision, Vec<Failure>), Failure> {
    let input = &test.input;
    let message = Message::parse(test_message::bytes(input, &test.name), limits);
    let envelope = test_message::envelope(input, &message);
    if envelope.recipients.is_empty() {
        let got = "the message has none: say `to` or `recipient`";
        return Err(Failure::general(test.span, "a recipient", got));
    }
    let session = test_message::session(input, &engine.hir().site, &envelope);
    let lookups = GivenLookups { given: input.given.iter().map(|given| given.node.clone()).collect() };
    let received = test_message::clock(input, Some(&message));
    let case =
        Case { message: &message, envelope: &envelope, session: &session, received, lookups: &lookups };
    let decision = engine.decide(case, &Judging::default(), Detail::Record).map_err(|missing| {
        let questions: Vec<String> = missing.iter().map(Question::place).collect();
        Failure::general(test.span, "every answer", &format!("none for {}", questions.join(", ")))
    })?;
    let mut check = Check::new(engine, case, &decision);
    let failures = test.expectations.iter().flat_map(|expected| check.expectation(expected)).collect();
    Ok((decision, failures))
}

/// Answers as given by a test; what is not given: scanners clean, lookups empty, a rate of this one message.
struct GivenLookups {
    given: Vec<Given>,
}

impl Lookups for GivenLookups {
    fn answer(&self, question: &Question) -> Option<Answer> {
        let given = self.given.iter().filter_map(|given| answer(given, question));
        // Several members of a group or listings come in several clauses: one that says yes is enough.
        let answers: Vec<Answer> = given.collect();
        let yes =
            answers.iter().find(|answer| !matches!(answer, Answer::Member(false) | Answer::Listed(false)));
        Some(yes.or(answers.first()).cloned().unwrap_or_else(|| unasked(question)))
    }
}

fn answer(given: &Given, question: &Question) -> Option<Answer> {
    match (given, question) {
        (Given::Virus(name), Question::Virus) => Some(Answer::Virus(name.clone())),
        (Given::VirusTimeout, Question::Virus) => Some(Answer::Unavailable),
        (Given::Spf(value), Question::Spf)
        | (Given::Dkim(value), Question::Dkim)
        | (Given::Dmarc(value), Question::Dmarc) => Some(Answer::Authentication(*value)),
        (Given::Signature(value), Question::Signature) => Some(Answer::Verdict(*value)),
        (Given::Dnsbl(listed), Question::Dnsbl { zone }) if listed == zone => Some(Answer::Listed(true)),
        (Given::DnsblTimeout(silent), Question::Dnsbl { zone }) if silent == zone => {
            Some(Answer::Unavailable)
        }
        (Given::Group(group, members), Question::Group { query, address }) if group == query => {
            Some(Answer::Member(members.contains(address)))
        }
        (Given::GroupTimeout(group), Question::Group { query, .. }) if group == query => {
            Some(Answer::Unavailable)
        }
        (Given::Attribute(of, attribute, value), Question::Attribute { address, name })
            if of == address && attribute == name =>
        {
            Some(Answer::Attribute(Some(value.clone())))
        }
        (Given::Rate(rate), Question::Rate { .. }) => Some(Answer::Rate(*rate)),
        _ => None,
    }
}

fn unasked(question: &Question) -> Answer {
    match question {
        Question::Virus => Answer::Virus(None),
        Question::Spf | Question::Dkim | Question::Dmarc | Question::Signature => Answer::NotAsked,
        Question::Dnsbl { .. } | Question::DomainListed { .. } => Answer::Listed(false),
        Question::Group { .. } => Answer::Member(false),
        Question::Attribute { .. } => Answer::Attribute(None),
        Question::Rate { .. } => Answer::Rate(1),
    }
}
