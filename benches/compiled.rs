//! What sets of ten to ten thousand policies cost a message, beside the least that reading and searching it can cost, a
//! loop written by hand, and the interpreter.
//!
//! All rows are measured in turn in one run ([`sets::clock`]); what is compared are their ratios. `scripts/bench` runs
//! this and puts the table into the README; `docs/performance.md` says what each row means. Arguments: `--rounds N`,
//! `--table FILE` (writes the table there), `--one CASE --passes N` (only so many passes of a case, for a tool that counts
//! instructions or time). A set whose policies do not trigger as often
//! as they should stops the run: nothing is measured that was not looked at.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a bench that cannot start says why by stopping, and its indices are its own"
)]

mod sets;

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use mail_parser::MessageParser;
use mailfw::base::limits::MessageLimits;
use mailfw::message::Message;
use mailfw::plan::{Answers, Plan, PlanOptions};
use mailfw::policy::dry_run::{DryRun, Options};
use mailfw::policy::engine::{Decision, Detail, Engine, Judging};
use mailfw::policy::envelope_rule::EnvelopeRule;
use mailfw::policy::mailboxes::MailItem;
use sets::attributes::{self, ByHand};
use sets::clock::{Clock, RowId, Rows, process_seconds};
use sets::mail::{self, Letter, Mail};
use sets::words::{Share, Vocabulary};
use sets::{Set, text};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::hint::black_box;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;

#[global_allocator]
static ALLOCATOR: sets::allocator::Counting = sets::allocator::Counting;

const SIZES: [usize; 4] = [10, 100, 1_000, 10_000];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let value = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + 1).cloned()
    };
    // Whoever only wants to know that it starts (`cargo test --benches`) does not wait for figures.
    if let Some(case) = value("--one") {
        one(&case, value("--passes").map_or(1, |passes| passes.parse().unwrap()));
    } else if arguments.iter().any(|argument| argument == "--bench") {
        let rounds = value("--rounds").map_or(25, |rounds| rounds.parse().unwrap());
        measure(rounds, value("--table").as_deref());
    }
}

fn decide(engine: &Engine, letter: &Letter, message: &Message, lookups: &Answers) -> Decision {
    let case = letter.case(message, lookups);
    engine.decide(case, &Judging::default(), Detail::Outcomes).expect("everything is answered")
}

/// The whole way of every letter: read, searched, decided.
fn whole(engine: &Engine, mail: &Mail, lookups: &Answers) {
    let limits = MessageLimits::default();
    for letter in &mail.letters {
        let message = Message::parse(letter.bytes.clone(), &limits);
        black_box(decide(engine, letter, &message, lookups));
    }
}

/// The least that a search for these words costs.
struct Floor {
    parser: MessageParser,
    words: AhoCorasick,
}

impl Floor {
    fn new(words: &[String]) -> Floor {
        let mut builder = AhoCorasick::builder();
        builder.kind(Some(AhoCorasickKind::DFA)).ascii_case_insensitive(true);
        Floor { parser: MessageParser::default(), words: builder.build(words).unwrap() }
    }

    fn run(&self, mail: &Mail) {
        for letter in &mail.letters {
            let Some(message) = self.parser.parse(&letter.bytes[..]) else { continue };
            for at in 0.. {
                let Some(text) = message.body_text(at) else { break };
                for found in self.words.find_overlapping_iter(text.as_ref()) {
                    black_box(found);
                }
            }
        }
    }
}

/// How often the policies of a set trigger.
struct Triggered {
    /// Policies that trigger on some letter.
    policies: usize,
    /// Policies that trigger on a letter, on average.
    per_letter: f64,
}

/// Counts triggered policies by evidence that is independent of how they were searched: the decision's own list.
fn triggered(engine: &Engine, mail: &Mail, lookups: &Answers) -> Triggered {
    let mut policies = BTreeSet::new();
    let mut total = 0;
    let numbers: Vec<_> = engine.hir().policies.iter().map(|policy| policy.id).collect();
    let set = engine.plan().policy_set(&numbers);
    for (letter, message) in mail.letters.iter().zip(mail.parsed()) {
        let case = letter.case(&message, lookups);
        let found = mailfw::plan::Evaluator::new(engine.plan(), case).survey(&set, 0);
        let holding: Vec<u32> = found.iter().filter(|one| one.holds).map(|one| one.position).collect();
        total += holding.len();
        policies.extend(holding);
    }
    Triggered { policies: policies.len(), per_letter: total as f64 / mail.letters.len() as f64 }
}

/// A set with its engine, looked at.
struct Ready {
    set: Set,
    engine: Engine,
    triggered: Triggered,
    seconds: f64,
}

fn ready(set: Set, mail: &Mail, lookups: &Answers) -> Ready {
    let before = process_seconds();
    let engine = set.engine();
    let seconds = process_seconds() - before;
    let triggered = triggered(&engine, mail, lookups);
    println!(
        "{:<44} loads in {seconds:>6.3} s; {:>5} of {:>5} policies trigger somewhere, {:>6.2} a letter",
        set.name, triggered.policies, set.policies, triggered.per_letter
    );
    Ready { set, engine, triggered, seconds }
}

impl Ready {
    /// At least this share of the policies must trigger somewhere, and between so many on each letter.
    fn triggers(self, share: f64, least: f64, most: f64) -> Ready {
        let Triggered { policies, per_letter } = self.triggered;
        let enough = policies as f64 >= share * self.set.policies as f64;
        assert!(enough, "too few policies of `{}` trigger at all", self.set.name);
        assert!((least..=most).contains(&per_letter), "`{}` triggers too rarely or too often", self.set.name);
        self
    }
}

fn check_by_hand(engine: &Engine, by_hand: &ByHand, letters: &[(&Letter, Message)], lookups: &Answers) {
    let numbers: Vec<_> = engine.hir().policies.iter().map(|policy| policy.id).collect();
    let set = engine.plan().policy_set(&numbers);
    let mut by_loop = Vec::new();
    for (letter, message) in letters {
        let case = letter.case(message, lookups);
        by_hand.triggered(&case, &mut by_loop);
        let surveyed = mailfw::plan::Evaluator::new(engine.plan(), case).survey(&set, 0);
        let surveyed: Vec<usize> = surveyed.iter().map(|one| one.position as usize).collect();
        assert_eq!(surveyed, by_loop, "the loop and the set must say the same");
    }
}

/// A line of the table.
struct Line {
    work: String,
    measured: String,
    value: f64,
    must: f64,
    aim: f64,
    unit: &'static str,
    /// More is better.
    rising: bool,
}

impl Line {
    fn is_missed(&self) -> bool {
        if self.rising { self.value < self.must } else { self.value.is_nan() || self.value > self.must }
    }

    fn aims(&self) -> bool {
        if self.rising { self.value >= self.aim } else { self.value <= self.aim }
    }
}

fn lines(lines: &[Line]) -> String {
    let mut table = String::from("| Work | Measured | Figure | Must | Aim | |\n|---|---|---|---|---|---|\n");
    for line in lines {
        let Line { work, measured, value, must, aim, unit, .. } = line;
        let standing = match (line.is_missed(), line.aims()) {
            (true, _) => "**missed**",
            (false, true) => "aim reached",
            (false, false) => "must kept",
        };
        let _ = writeln!(
            table,
            "| {work} | {measured} | {value:.2}{unit} | {must}{unit} | {aim}{unit} | {standing} |"
        );
    }
    table
}

fn item(letter: &Letter) -> MailItem {
    MailItem {
        origin: "bench".to_string(),
        bytes: letter.bytes.to_vec(),
        envelope_hint: None,
        modified: None,
        truncated: false,
        total_size: letter.bytes.len() as u64,
    }
}

fn dry_run_options(threads: usize) -> Options {
    Options {
        threads: NonZeroUsize::new(threads).unwrap(),
        envelope: EnvelopeRule::parse("from=anna@acme.example,to=buyer@shop.example").unwrap(),
        // As the command does it that shows what was found.
        detail: Detail::Hits,
        ..Options::new(mail::received())
    }
}

fn rows_of_reading<'a>(rows: &mut Rows<'a>, mail: &'a Mail) -> [RowId; 2] {
    let letters = mail.letters.len();
    let limits = MessageLimits::default();
    let parse = rows.add("parse", letters, || {
        for letter in &mail.letters {
            black_box(Message::parse(letter.bytes.clone(), &MessageLimits::default()));
        }
    });
    let surfaces = rows.add("parse, body text", letters, move || {
        for letter in &mail.letters {
            let message = Message::parse(letter.bytes.clone(), &limits);
            let leaves = message.body().leaves();
            black_box(leaves.iter().filter_map(|&leaf| message.surface(leaf)).count());
        }
    });
    [parse, surfaces]
}

fn measure(rounds: usize, table: Option<&str>) {
    let lookups = mail::lookups();
    let usual = Mail::usual();
    let letters = usual.letters.len();
    println!("{letters} {}, {} bytes each", usual.origin, usual.mean_size());
    let vocabulary = Vocabulary::of(&usual);

    // The load comes first: what is measured there is a process that has just started.
    let ten_thousand_words = text::usual_words(&vocabulary, 10_000, 23);
    let dictionaries = text::dictionaries(&ten_thousand_words);
    let (plan, bytes) = {
        let hir = dictionaries.check();
        sets::allocator::counted(|| Plan::new(hir).expect("the set fits"))
    };
    drop(plan);
    let mut load = f64::INFINITY;
    for _ in 0..3 {
        let before = process_seconds();
        black_box(dictionaries.engine());
        load = load.min(process_seconds() - before);
    }

    let usual_set = |count: usize| text::usual_words(&vocabulary, count, 23);
    let by_size: Vec<Ready> = SIZES
        .into_iter()
        .map(|count| {
            ready(text::keywords("body", &usual_set(count)), &usual, &lookups).triggers(0.9, 0.0, 100.0)
        })
        .collect();
    let [ten, hundred, thousand, ten_thousand] = by_size.as_slice() else { panic!("four sizes") };
    let floor = Floor::new(&usual_set(1_000));
    let twentieth = text::keywords_of_share(&vocabulary, Share::Twentieth, 1_000);
    let twentieth = ready(twentieth, &usual, &lookups).triggers(1.0, 30.0, 70.0);
    let half = text::keywords_of_share(&vocabulary, Share::Half, 500);
    // As many as there are such words.
    let count = half.policies as f64;
    let half = ready(half, &usual, &lookups).triggers(1.0, 0.3 * count, 0.7 * count);
    let with_literal =
        ready(text::regexes_with_literal(&usual_set(1_000)), &usual, &lookups).triggers(0.2, 0.1, 50.0);
    let without_literal =
        ready(text::regexes_without_literal(100), &usual, &lookups).triggers(0.2, 0.1, 50.0);
    let dictionaries = ready(dictionaries, &usual, &lookups).triggers(0.9, 5.0, 200.0);
    let encoded_mail = usual.encoded();
    let encoded =
        ready(text::keywords("text", &usual_set(1_000)), &encoded_mail, &lookups).triggers(0.8, 1.0, 50.0);

    let attribute_mail = attributes::letters(&usual);
    let (attribute_set, by_hand) = attributes::policies(1_000);
    let plain = PlanOptions { jit: false, ..PlanOptions::ALL };
    let interpreted = attribute_set.engine_with(plain);
    let naive = attribute_set.engine_with(PlanOptions::NONE);
    let attributes = ready(attribute_set, &attribute_mail, &lookups).triggers(0.3, 1.0, 50.0);
    let attribute_letters = attributes::parsed_letters(&attribute_mail);
    check_by_hand(&attributes.engine, &by_hand, &attribute_letters, &lookups);

    let parsed = usual.parsed();
    let read: Vec<(&Letter, &Message)> = usual.letters.iter().zip(&parsed).collect();
    let texts: Vec<Vec<&str>> = parsed
        .iter()
        .map(|message| {
            let leaves = message.body().leaves();
            leaves
                .iter()
                .filter_map(|&leaf| message.surface(leaf))
                .map(|leaf| leaf.surface.folded())
                .collect()
        })
        .collect();

    let items: Vec<MailItem> = (0..4).flat_map(|_| usual.letters.iter().map(item)).collect();
    let options = [1, 2].map(dry_run_options);
    let run =
        |threads: usize| DryRun { engine: &thousand.engine, against: None, options: &options[threads - 1] };
    let dry_run = |threads: usize| {
        let mail: Vec<MailItem> = items.clone();
        black_box(run(threads).run(mail.into_iter().map(Ok), |_| ControlFlow::Continue(())));
    };
    let mut rows = Rows::default();
    let [_, _] = rows_of_reading(&mut rows, &usual);
    let floor_row =
        rows.add("floor: mail-parser, body text, one DFA of 1,000 words", letters, || floor.run(&usual));
    let whole_rows: Vec<RowId> = [
        ten,
        hundred,
        thousand,
        ten_thousand,
        &twentieth,
        &half,
        &with_literal,
        &without_literal,
        &dictionaries,
    ]
    .into_iter()
    .map(|ready| {
        let (usual, lookups) = (&usual, &lookups);
        rows.add(&format!("whole: {}", ready.set.name), letters, move || whole(&ready.engine, usual, lookups))
    })
    .collect();
    let encoded_floor =
        rows.add("floor over base64, quoted-printable, HTML", letters, || floor.run(&encoded_mail));
    let encoded_row = rows.add("whole: 1,000 keywords in base64, quoted-printable, HTML", letters, || {
        whole(&encoded.engine, &encoded_mail, &lookups);
    });
    for ready in [ten, thousand, ten_thousand] {
        let (texts, read, lookups) = (&texts, &read, &lookups);
        rows.add(&format!("scan: {}", ready.set.name), letters, move || {
            for texts in texts {
                for text in texts {
                    black_box(ready.engine.plan().patterns().scan(text));
                }
            }
        });
        rows.add(&format!("scan and decide: {}", ready.set.name), letters, move || {
            for (letter, message) in read {
                black_box(decide(&ready.engine, letter, message, lookups));
            }
        });
    }
    let mut decided = |name: &str, engine| {
        let (letters, lookups) = (&attribute_letters, &lookups);
        rows.add(name, letters.len(), move || {
            for (letter, message) in letters {
                black_box(decide(engine, letter, message, lookups));
            }
        })
    };
    let native_row = decided("decide: 1,000 on attributes", &attributes.engine);
    let interpreted_row = decided("decide: 1,000 on attributes, interpreter", &interpreted);
    decided("decide: 1,000 on attributes, interpreter, nothing optimised", &naive);
    let by_hand_row = rows.add("loop by hand: 1,000 on attributes", attribute_letters.len(), || {
        let mut triggered = Vec::new();
        for (letter, message) in &attribute_letters {
            by_hand.triggered(&letter.case(message, &lookups), &mut triggered);
            black_box(triggered.len());
        }
    });

    // Every run copies its mail first, so the loop does too.
    let one_core = rows.add_with("judged in a loop, one core", items.len(), Clock::Wall, || {
        for item in items.clone() {
            black_box(run(1).judge(item).expect("it is judged"));
        }
    });
    let dry_run_one =
        rows.add_with("dry run, one thread that judges", items.len(), Clock::Wall, || dry_run(1));
    let dry_run_two =
        rows.add_with("dry run, two threads that judge", items.len(), Clock::Wall, || dry_run(2));
    rows.run(rounds);
    rows.print();
    println!(
        "load of {}: {load:.2} s of CPU; {} bytes held, {} at most",
        dictionaries.set.name, bytes.live, bytes.peak
    );
    println!("1,000 keywords load in {:.2} s, 10,000 in {:.2} s", thousand.seconds, ten_thousand.seconds);
    println!("encoded mail against its floor: {:.2}", rows.ratio(encoded_row, encoded_floor));
    println!(
        "two threads against twice the dry run of one: {:.2}",
        rows.ratio(dry_run_one, dry_run_two) / 2.0
    );

    let against =
        |row: RowId, of: RowId| format!("{:.1} µs against {:.1} µs", rows.least(row), rows.least(of));
    let line = |work: &str, measured: String, value, must, aim, unit, rising| Line {
        work: work.to_string(),
        measured,
        value,
        must,
        aim,
        unit,
        rising,
    };
    let [at_ten, at_thousand, at_ten_thousand] = [whole_rows[0], whole_rows[2], whole_rows[3]];
    let megabytes = bytes.live as f64 / 1e6;
    let all = [
        line(
            "a message through 1,000 policies of a keyword each, against the floor",
            against(at_thousand, floor_row),
            rows.ratio(at_thousand, floor_row),
            2.0,
            1.3,
            " x",
            false,
        ),
        line(
            "the same against 10 policies",
            against(at_thousand, at_ten),
            rows.ratio(at_thousand, at_ten),
            1.8,
            1.3,
            " x",
            false,
        ),
        line(
            "10,000 policies against 10",
            against(at_ten_thousand, at_ten),
            rows.ratio(at_ten_thousand, at_ten),
            4.0,
            2.5,
            " x",
            false,
        ),
        line(
            "decision of 1,000 policies on attributes",
            format!("{:.2} µs", rows.least(native_row)),
            rows.least(native_row),
            4.0,
            1.0,
            " µs",
            false,
        ),
        line(
            "the same against a loop written by hand",
            against(native_row, by_hand_row),
            rows.ratio(native_row, by_hand_row),
            4.0,
            4.0,
            " x",
            false,
        ),
        line(
            "the interpreter against native code on those",
            against(interpreted_row, native_row),
            rows.ratio(interpreted_row, native_row),
            3.0,
            8.0,
            " x",
            true,
        ),
        line(
            "load of 1,000 policies with 10,000 words, CPU",
            format!("{load:.2} s"),
            load,
            1.5,
            0.7,
            " s",
            false,
        ),
        line(
            "`dry-run` on two threads against twice one core's judging",
            against(dry_run_two, one_core),
            rows.ratio(one_core, dry_run_two) / 2.0,
            0.8,
            0.95,
            " x",
            true,
        ),
        line(
            "memory of the compiled set of 10,000 words",
            format!("{megabytes:.1} MB"),
            megabytes,
            64.0,
            32.0,
            " MB",
            false,
        ),
    ];
    let text = lines(&all);
    println!("\n{text}");
    for line in all.iter().filter(|line| line.is_missed()) {
        println!(
            "missed: {} is {:.2}{}, must be {}{}",
            line.work, line.value, line.unit, line.must, line.unit
        );
    }
    if let Some(path) = table {
        let head = format!(
            "{letters} {} ({:.1} KB each), {} cores:\n\n",
            usual.origin,
            usual.mean_size() as f64 / 1e3,
            std::thread::available_parallelism().map_or(1, NonZeroUsize::get)
        );
        std::fs::write(path, head + &text).expect("the table can be written");
    }
}

/// So many passes of one case and nothing else after its preparation.
fn one(case: &str, passes: usize) {
    let lookups = mail::lookups();
    let usual = Mail::usual();
    let repeat = |mut pass: Box<dyn FnMut() + '_>| (0..passes).for_each(|_| pass());
    if case == "surfaces" {
        let mut rows = Rows::default();
        let [_, surfaces] = rows_of_reading(&mut rows, &usual);
        (0..passes).for_each(|_| rows.pass(surfaces));
        return;
    }
    if case == "attributes" {
        let mail = attributes::letters(&usual);
        let engine = attributes::policies(1_000).0.engine();
        let letters = attributes::parsed_letters(&mail);
        repeat(Box::new(|| {
            for (letter, message) in &letters {
                black_box(decide(&engine, letter, message, &lookups));
            }
        }));
        return;
    }
    let vocabulary = Vocabulary::of(&usual);
    let count = if case.ends_with("10000") { 10_000 } else { 1_000 };
    let engine = text::keywords("body", &text::usual_words(&vocabulary, count, 23)).engine();
    let parsed = usual.parsed();
    // Texts are made before anything is counted.
    parsed.iter().for_each(|message| drop(black_box(message.body().leaves())));
    match case {
        "scan" => repeat(Box::new(|| {
            for message in &parsed {
                for leaf in message.body().leaves() {
                    let text = message.surface(leaf).map_or("", |leaf| leaf.surface.folded());
                    black_box(engine.plan().patterns().scan(text));
                }
            }
        })),
        "keywords" | "keywords10000" => repeat(Box::new(|| {
            for (letter, message) in usual.letters.iter().zip(&parsed) {
                black_box(decide(&engine, letter, message, &lookups));
            }
        })),
        "whole" | "whole10000" => repeat(Box::new(|| whole(&engine, &usual, &lookups))),
        _ => panic!("there is no case `{case}`: surfaces, attributes, scan, keywords, whole"),
    }
}
