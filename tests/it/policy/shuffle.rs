//! Order is not the author's tool: the items of every file, the entries of every directory and the clauses of every
//! policy of the examples are turned around, and every message of their mailboxes and of the corpus comes out the same.

use super::corpus::corpus;
use super::examples::{files, folder};
use super::support::engine_of;
use mailfw::base::limits::{MessageLimits, SourceLimits};
use mailfw::base::source::Span;
use mailfw::language;
use mailfw::language::syntax::ast::{Clause, DirectoryEntry, Item};
use mailfw::policy::dry_run::{DryRun, Options};
use mailfw::policy::engine::Engine;
use mailfw::policy::envelope_rule::EnvelopeRule;
use mailfw::policy::mailboxes::{MailItem, Mailboxes};
use mailfw::policy::record::Record;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// Something with a place in the text, and what in it may be turned around.
struct Piece {
    span: Span,
    inner: Vec<Piece>,
}

fn leaf(span: Span) -> Piece {
    Piece { span, inner: Vec::new() }
}

fn of_item(item: &Item) -> Piece {
    match item {
        Item::Directory(directory) => {
            Piece { span: directory.span, inner: directory.entries.iter().map(of_entry).collect() }
        }
        Item::Policy(policy) => {
            Piece { span: policy.span, inner: policy.clauses.iter().map(of_clause).collect() }
        }
        Item::Use(item) => leaf(item.span),
        Item::Site(item) => leaf(item.span),
        Item::Criterion(item) => leaf(item.span),
        Item::Dictionary(item) => leaf(item.span),
        Item::Detector(item) => leaf(item.span),
        Item::List(item) => leaf(item.span),
        Item::Calendar(item) => leaf(item.span),
        Item::Template(item) => leaf(item.span),
        Item::Folder(item) => leaf(item.span),
        Item::Settings(item) => leaf(item.span),
        Item::Test(item) => leaf(item.span),
        Item::Bad(span) => leaf(*span),
    }
}

fn of_entry(entry: &DirectoryEntry) -> Piece {
    match entry {
        DirectoryEntry::Domain(_, span)
        | DirectoryEntry::User(_, span)
        | DirectoryEntry::List(_, span)
        | DirectoryEntry::Group { span, .. }
        | DirectoryEntry::Except { span, .. }
        | DirectoryEntry::Bad(span) => leaf(*span),
        DirectoryEntry::Apply(apply) => leaf(apply.span),
        DirectoryEntry::Policy(policy) => {
            Piece { span: policy.span, inner: policy.clauses.iter().map(of_clause).collect() }
        }
        DirectoryEntry::Directory(directory) => {
            Piece { span: directory.span, inner: directory.entries.iter().map(of_entry).collect() }
        }
    }
}

fn of_clause(clause: &Clause) -> Piece {
    leaf(match clause {
        Clause::Because(_, span)
        | Clause::When(_, span)
        | Clause::Unless(_, span)
        | Clause::Action(_, span)
        | Clause::Then(_, span)
        | Clause::Bad(span) => *span,
    })
}

/// The text with the pieces of each level turned by `turn`; what stands between them stays in its place.
fn turned(
    text: &str,
    start: usize,
    end: usize,
    pieces: &[Piece],
    turn: &dyn Fn(usize) -> Vec<usize>,
) -> String {
    let rendered: Vec<String> = pieces
        .iter()
        .map(|piece| turned(text, piece.span.range().start, piece.span.range().end, &piece.inner, turn))
        .collect();
    let order = turn(pieces.len());
    let (mut made, mut at) = (String::new(), start);
    for (piece, &instead) in pieces.iter().zip(&order) {
        made.push_str(&text[at..piece.span.range().start]);
        made.push_str(&rendered[instead]);
        at = piece.span.range().end;
    }
    made.push_str(&text[at..end]);
    made
}

fn permuted(
    set: &BTreeMap<String, Vec<u8>>,
    turn: &dyn Fn(usize) -> Vec<usize>,
) -> BTreeMap<String, Vec<u8>> {
    let checked = language::check("main.mfp", &mut set.clone(), &SourceLimits::default());
    let mut permuted = set.clone();
    for (source, file) in &checked.files {
        let source = checked.map.get(*source).unwrap();
        let pieces: Vec<Piece> = file.items.iter().map(of_item).collect();
        let text = turned(&source.text, 0, source.text.len(), &pieces, turn);
        assert!(permuted.contains_key(&source.name), "{}", source.name);
        permuted.insert(source.name.clone(), text.into_bytes());
    }
    permuted
}

/// What happens by a record, without the order in which effects add up.
fn happens(record: &Record) -> Vec<String> {
    let mut all = Vec::new();
    for group in &record.groups {
        let outcome = &group.outcome;
        let mut parts: Vec<String> = outcome.edits.iter().map(|edit| edit.words.clone()).collect();
        parts.extend(outcome.tags.iter().cloned());
        parts.sort();
        let who: Vec<&str> = group.recipients.iter().map(|known| known.address.as_str()).collect();
        // Which clause decides first may differ, and with it how entries of several recipients are parted.
        let fired: BTreeSet<String> = group
            .policies
            .iter()
            .map(|entry| format!("{}/{} {:?}", entry.policy, entry.side, entry.result))
            .collect();
        all.push(format!("{who:?}: {} {parts:?} {fired:?}", outcome.words));
    }
    let mut told: Vec<String> =
        record.notifications.iter().map(|n| format!("{} {}", n.to, n.template)).collect();
    told.sort();
    all.extend(told);
    all
}

fn comes_out(engine: &Engine, items: &[MailItem], options: &Options) -> Vec<Vec<String>> {
    let run = DryRun { engine, against: None, options };
    items.iter().map(|item| happens(&run.judge(item.clone()).unwrap().decision.record.unwrap())).collect()
}

fn same_in_any_order(example: &str) {
    let set = files(&folder(example));
    let mut mailboxes: Vec<PathBuf> = vec![folder(example).join("mailbox")];
    mailboxes.extend(["charsets", "mime", "crypto"].iter().filter_map(|path| corpus(path)));
    let items: Vec<MailItem> =
        Mailboxes::open(&mailboxes, &MessageLimits::default()).filter_map(Result::ok).collect();
    assert!(items.len() > 3);
    let mut options = Options::new("2026-11-24T12:00:00Z".parse().unwrap());
    let straight = engine_of("main.mfp", &mut set.clone());
    let turns: [&dyn Fn(usize) -> Vec<usize>; 3] = [
        &|count| (0..count).rev().collect(),
        &|count| (0..count).map(|at| (at + 1) % count).collect(),
        // Those at even places first.
        &|count| (0..count).step_by(2).chain((1..count).step_by(2)).collect(),
    ];
    // As the mailbox says, and all as if from inside to everybody.
    let rules = ["", "from=cfo@acme.example,to=desk@bank.example,to=root@it.acme.example,to=x@out.example"];
    for rule in rules {
        options.envelope = EnvelopeRule::parse(rule).unwrap();
        let expected = comes_out(&straight, &items, &options);
        for turn in turns {
            let engine = engine_of("main.mfp", &mut permuted(&set, turn));
            for (item, (want, got)) in
                items.iter().zip(expected.iter().zip(comes_out(&engine, &items, &options)))
            {
                assert_eq!(*want, got, "{}", item.origin);
            }
        }
    }
}

#[test]
fn files_items_and_clauses_of_acme_may_be_permuted() {
    same_in_any_order("acme");
}

#[test]
fn files_items_and_clauses_of_figure4_may_be_permuted() {
    same_in_any_order("figure4");
}

#[test]
fn a_permuted_set_passes_the_same_tests() {
    for example in ["acme", "figure4"] {
        let turned = permuted(&files(&folder(example)), &|count| (0..count).rev().collect());
        super::support::all_pass(&engine_of("main.mfp", &mut turned.clone()));
        assert_ne!(turned["main.mfp"], files(&folder(example))["main.mfp"]);
    }
}
