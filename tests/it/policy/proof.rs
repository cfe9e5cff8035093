//! The proof that no optimisation changes an outcome: interpreter, native code, each optimisation switched off and naive
//! search say the same of generated policies and messages and of the whole corpus.
//!
//! A case is one policy compared on one message for one recipient, by surveys at once and in stages, and by decisions with
//! and without a record. `MAILFW_PROOF_SEED` and `MAILFW_PROOF_CASES` set seed and number of cases. A failure says the
//! seed, what is left of the set once everything that does not matter is left out, and the message.

use super::corpus::corpus;
use super::generated::dice::Dice;
use super::generated::policies::{Generated, policy_of, set_with};
use super::generated::posts::{Outside, Post, post};
use super::generated::usage::{self, Counts, Item};
use super::optimisations::{Plans, example};
use mailfw::base::diagnostic::Level;
use mailfw::base::limits::{MessageLimits, SourceLimits};
use mailfw::language;
use mailfw::language::hir::Hir;
use mailfw::message::Message;
use mailfw::message::envelope::{Envelope, Session};
use mailfw::plan::Case;
use mailfw::policy::mailboxes::Mailboxes;
use mailfw::policy::record::PolicyResult;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

const SEED: u64 = 20_261_124;
const CASES: usize = 150_000;
/// Cases by one set, before another one is made.
const CASES_OF_A_SET: usize = 4_000;
const POLICIES_OF_A_SET: usize = 60;
/// Policies of the set that the corpus is judged by: each message costs it some milliseconds.
const POLICIES_FOR_THE_CORPUS: usize = 24;
/// How often everything must at least be compared in a full run.
const EACH: usize = 500;

fn setting(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |value| value.parse().expect("a number"))
}

/// A generated set.
struct Written {
    number: usize,
    policies: Vec<Generated>,
    /// More of the directory of sales people.
    sales: &'static str,
}

/// So many sets by one pair of dice, so that all of them together use everything equally; some have a directory whose
/// people only the outside knows.
fn generated(seed: u64, count: usize, policies: usize) -> Vec<Written> {
    let mut dice = Dice::new(seed);
    (0..count)
        .map(|number| Written {
            number,
            policies: (0..policies).map(|_| policy_of(&mut dice)).collect(),
            sales: if number % 4 == 3 { "group ldap \"sales\"" } else { "" },
        })
        .collect()
}

fn checked(text: &str) -> Result<Arc<Hir>, String> {
    let mut files = BTreeMap::from([("main.mfp".to_string(), text.as_bytes().to_vec())]);
    let checked = language::check("main.mfp", &mut files, &SourceLimits::default());
    checked.hir.ok_or_else(|| {
        let errors: Vec<String> = checked
            .diagnostics
            .sorted()
            .iter()
            .filter(|found| found.level == Level::Error)
            .map(|found| {
                let place = checked.map.slice(found.primary.span);
                format!("{} {} at `{place}`", found.code, found.message)
            })
            .collect();
        format!("the set does not check:\n{}", errors.join("\n"))
    })
}

fn planned(policies: &[Generated], sales: &str) -> Result<Plans, String> {
    Ok(Plans::of(&checked(&set_with(policies, false, sales))?))
}

/// Compares one set over as many messages as it takes.
fn run_set(seed: u64, written: &Written, cases: usize) -> Result<Counts, String> {
    let Written { number, policies, sales } = written;
    let plans = planned(policies, sales)?;
    let usages = usage::of_set(plans.hir());
    let mut dice = Dice::of(seed, *number as u64 + 1);
    let mut counts = Counts::default();
    while counts.cases < cases {
        let post = post(&mut dice);
        let compared = catch_unwind(AssertUnwindSafe(|| plans.compare(post.case())))
            .unwrap_or_else(|_| Err("it panics".to_string()));
        let agreed = match compared {
            Ok(agreed) => agreed,
            Err(differs) => return Err(reported(seed, policies, sales, &post, &differs)),
        };
        counts.messages += 1;
        for surveyed in &agreed.surveyed {
            let of: BTreeMap<u32, bool> = surveyed.iter().map(|one| (one.position, one.holds)).collect();
            for (position, usage) in (0..).zip(&usages) {
                let found = of.get(&position);
                counts.add(usage, found == Some(&true), found == Some(&false));
            }
        }
        for judged in agreed.decision.iter().flat_map(|decision| &decision.judged) {
            if judged.result == PolicyResult::Triggered {
                counts.add_effects(&usages[judged.policy.index()]);
            }
        }
    }
    Ok(counts)
}

/// A failure, with the smallest set found that still fails on the message.
fn reported(seed: u64, policies: &[Generated], sales: &str, post: &Post, differs: &str) -> String {
    let fails = |policies: &[Generated]| -> Option<String> {
        let compared = catch_unwind(AssertUnwindSafe(|| {
            planned(policies, sales).ok().and_then(|plans| plans.compare(post.case()).err())
        }));
        compared.unwrap_or_else(|_| Some("it panics".to_string()))
    };
    let (mut left, mut why) = (policies.to_vec(), differs.to_string());
    let mut pieces = left.len().div_ceil(2);
    while pieces > 0 {
        let mut at = 0;
        while at < left.len() {
            let mut fewer = left.clone();
            fewer.drain(at..(at + pieces).min(left.len()));
            match fails(&fewer) {
                Some(still) => (left, why) = (fewer, still),
                None => at += pieces,
            }
        }
        pieces /= 2;
    }
    for at in 0..left.len() {
        for fewer in smaller(&left[at]) {
            // What was taken out of it before stays out.
            let mut changed = left.clone();
            changed[at] = fewer(&left[at]);
            if let Some(still) = fails(&changed) {
                (left, why) = (changed, still);
            }
        }
    }
    format!(
        "seed {seed}: {why}\n(at first: {differs})\n--- set\n{}\n--- message\n{}",
        set_with(&left, false, sales),
        post.words()
    )
}

type Change = Box<dyn Fn(&Generated) -> Generated>;

/// Ways in which a policy gets smaller.
fn smaller(policy: &Generated) -> Vec<Change> {
    fn change(what: impl Fn(&mut Generated) + 'static) -> Change {
        Box::new(move |policy| {
            let mut policy = policy.clone();
            what(&mut policy);
            policy
        })
    }
    let mut all = vec![
        change(|policy| policy.modifiers.clear()),
        change(|policy| policy.overrides = None),
        change(|policy| policy.because = None),
        change(|policy| policy.excepted = None),
    ];
    fn without(list: &mut Vec<String>, at: usize) {
        if at < list.len() {
            list.remove(at);
        }
    }
    all.extend((0..policy.whens.len()).rev().map(|at| change(move |policy| without(&mut policy.whens, at))));
    all.extend(
        (0..policy.unlesses.len()).rev().map(|at| change(move |policy| without(&mut policy.unlesses, at))),
    );
    all.extend(
        (0..policy.effects.len()).rev().map(|at| change(move |policy| without(&mut policy.effects, at))),
    );
    all
}

/// Runs sets by all processors, and adds up what they compared.
fn run(seed: u64, cases: usize) -> Counts {
    let sets = generated(seed, cases.div_ceil(CASES_OF_A_SET), POLICIES_OF_A_SET);
    let (next, counts) = (AtomicUsize::new(0), Mutex::new(Counts::default()));
    let failures = Mutex::new(Vec::new());
    let work = || {
        while let Some(set) = sets.get(next.fetch_add(1, Ordering::Relaxed))
            && failures.lock().unwrap().is_empty()
        {
            match run_set(seed, set, CASES_OF_A_SET.min(cases)) {
                Ok(of_set) => counts.lock().unwrap().merge(&of_set),
                Err(failure) => failures.lock().unwrap().push(failure),
            }
        }
    };
    in_threads(sets.len(), &work);
    let failures = failures.into_inner().unwrap();
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
    counts.into_inner().unwrap()
}

/// Does the same by all processors, at most so many times.
fn in_threads(most: usize, work: &(impl Fn() + Sync)) {
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get).min(most);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(work);
        }
    });
}

#[test]
fn no_optimisation_changes_an_outcome_of_generated_policies_and_messages() {
    let seed = setting("MAILFW_PROOF_SEED", SEED);
    let cases = usize::try_from(setting("MAILFW_PROOF_CASES", CASES as u64)).unwrap();
    let begun = Instant::now();
    let counts = run(seed, cases);
    let share = counts.triggered * 100 / counts.cases;
    println!(
        "seed {seed}: {} cases of {} messages in {:.0?}; {share} % triggered, {} % undecided",
        counts.cases,
        counts.messages,
        begun.elapsed(),
        counts.undecided * 100 / counts.cases
    );
    let everything: BTreeSet<Item> = usage::everything();
    let mut wanting = Vec::new();
    for &(kind, name) in &everything {
        let count = counts.of.get(&(kind, name)).copied().unwrap_or_default();
        println!("{kind:12} {name:32} {:7} cases, {:6} triggered", count.cases, count.triggered);
        if count.cases < EACH * cases.min(CASES) / CASES || cases >= CASES && count.triggered == 0 {
            wanting.push(format!("{kind} {name}: {count:?}"));
        }
    }
    let unknown: Vec<&Item> = counts.of.keys().filter(|item| !everything.contains(item)).collect();
    assert!(unknown.is_empty(), "what is generated has a place in the list: {unknown:?}");
    assert!(counts.cases >= cases, "{} cases", counts.cases);
    assert!((20..=80).contains(&share), "{share} % of the policies trigger");
    assert!(wanting.is_empty(), "too seldom: {wanting:#?}");
}

/// Every message of the corpus: files as they are, and what lies in mailboxes.
fn messages_of_the_corpus() -> Option<Vec<(String, Vec<u8>)>> {
    let root = corpus(".")?;
    let limits = MessageLimits::default();
    let mailboxes = [root.join("mbox/trial.mbox"), root.join("maildir")];
    let mut all: Vec<(String, Vec<u8>)> = Mailboxes::open(&mailboxes, &limits)
        .filter_map(Result::ok)
        .map(|item| (item.origin.to_string(), item.bytes))
        .collect();
    let mut folders = vec![root];
    while let Some(folder) = folders.pop() {
        let mut entries: Vec<PathBuf> =
            std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        entries.sort();
        for path in entries {
            if path.is_dir() {
                folders.push(path);
            } else if !path.ends_with("trial.mbox") {
                all.push((path.display().to_string(), std::fs::read(&path).unwrap()));
            }
        }
    }
    Some(all)
}

#[test]
fn no_optimisation_changes_an_outcome_of_the_corpus() {
    let Some(messages) = messages_of_the_corpus() else { return };
    let seed = setting("MAILFW_PROOF_SEED", SEED);
    let Written { policies, sales, .. } = generated(seed, 1, POLICIES_FOR_THE_CORPUS).remove(0);
    let sets = [
        Plans::of(&example("acme")),
        Plans::of(&example("figure4")),
        planned(&policies, sales).unwrap_or_else(|error| panic!("{error}")),
    ];
    let people = [
        ["anna@acme.example", "buyer@shop.example", "x@out.example"],
        ["u408@d404.corp.example", "ann@partner.example", "u418@d412.corp.example"],
        ["ceo@acme.example", "ben@sales.acme.example", "desk@bank.example"],
    ];
    let begun = Instant::now();
    let (next, found) = (AtomicUsize::new(0), [0, 1, 2].map(|_| AtomicUsize::new(0)));
    let failures = Mutex::new(Vec::new());
    let work = || {
        while let Some((origin, bytes)) = messages.get(next.fetch_add(1, Ordering::Relaxed)) {
            let message = Message::parse(bytes.as_slice(), &MessageLimits::default());
            for ((plans, people), found) in sets.iter().zip(people).zip(&found) {
                // Who writes to whom depends on the message alone.
                let turn = bytes.len() % 3;
                let mut envelope = Envelope::default().with_sender(people[turn]);
                envelope.add_recipient(people[(turn + 1) % 3]);
                envelope.add_recipient(people[(turn + 2) % 3]);
                let (session, outside) = (Session::default(), Outside::new(bytes.len() as u64));
                let received = message.date().unwrap_or("2026-01-01T12:00:00Z".parse().unwrap());
                let (message, envelope) = (&message, &envelope);
                let case = Case { message, envelope, session: &session, received, lookups: &outside };
                match plans.compare(case) {
                    Ok(agreed) => {
                        let count = agreed.surveyed.iter().map(Vec::len).sum();
                        found.fetch_add(count, Ordering::Relaxed);
                    }
                    Err(differs) => failures.lock().unwrap().push(format!("{origin}: {differs}")),
                }
            }
        }
    };
    in_threads(messages.len(), &work);
    let found = found.map(AtomicUsize::into_inner);
    println!("{} messages in {:.0?}; {found:?} policies had a say", messages.len(), begun.elapsed());
    let failures = failures.into_inner().unwrap();
    assert!(failures.is_empty(), "seed {seed}: {} differ, first {}", failures.len(), failures[0]);
    assert!(found.iter().all(|&found| found > 0), "{found:?} policies had a say");
}
