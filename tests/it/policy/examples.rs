//! The examples: their own tests, and their mailboxes against what is written beside them.

use super::support::{all_pass, engine_of};
use mailfw::base::limits::MessageLimits;
use mailfw::message::Message;
use mailfw::policy::dry_run::{DryRun, Options};
use mailfw::policy::engine::Engine;
use mailfw::policy::mailboxes::Mailboxes;
use mailfw::policy::record::{PolicyRecord, PolicyResult};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// All files of a folder, by path relative to it.
pub fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut waiting = vec![folder.to_path_buf()];
    while let Some(at) = waiting.pop() {
        for entry in std::fs::read_dir(at).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                waiting.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_string_lossy().replace('\\', "/");
                files.insert(name, std::fs::read(&path).unwrap());
            }
        }
    }
    files
}

pub fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name)
}

fn example(name: &str) -> Engine {
    engine_of("main.mfp", &mut files(&folder(name)))
}

#[test]
fn the_tests_of_acme_pass() {
    all_pass(&example("acme"));
}

#[test]
fn the_tests_of_figure4_pass() {
    all_pass(&example("figure4"));
}

#[test]
fn acmes_mailbox_comes_out_as_written_beside_it() {
    compare("acme");
}

#[test]
fn figure4s_mailbox_comes_out_as_written_beside_it() {
    compare("figure4");
}

/// Sample and recipient to outcome and fired policies.
type Expected = BTreeMap<(String, String), (String, String)>;

fn expected(name: &str) -> Expected {
    let text = std::fs::read_to_string(folder(name).join("mailbox.tsv")).unwrap();
    let rows = text.lines().skip(1).map(|line| line.split('\t').map(str::to_string).collect::<Vec<_>>());
    rows.map(|row| ((row[0].clone(), row[2].clone()), (row[3].clone(), row[4].clone()))).collect()
}

fn compare(name: &str) {
    let engine = example(name);
    let options = Options::new("2026-01-01T12:00:00Z".parse().unwrap());
    let run = DryRun { engine: &engine, against: None, options: &options };
    let expected = expected(name);
    let mut seen = BTreeMap::new();
    for item in Mailboxes::open(&[folder(name).join("mailbox")], &MessageLimits::default()) {
        let item = item.unwrap();
        let message = Message::parse(item.bytes.clone(), &MessageLimits::default());
        let sample = message.headers().first("X-Sample").map_or("?", |field| field.value()).to_string();
        let judged = run.judge(item).unwrap();
        for group in &judged.decision.record.as_ref().unwrap().groups {
            for recipient in &group.recipients {
                let fired = group.policies.iter().filter(|entry| is_fired(entry, &recipient.address));
                let fired: BTreeSet<&str> = fired.map(|entry| entry.policy.as_str()).collect();
                let fired = fired.into_iter().collect::<Vec<_>>().join(",");
                seen.insert((sample.clone(), recipient.address.clone()), (shown(&group.outcome), fired));
            }
        }
    }
    let mut wrong = Vec::new();
    for (key, want) in &expected {
        match seen.get(key) {
            Some(got) if got == want => {}
            got => wrong.push(format!("{} to {}: expected {want:?}, got {got:?}", key.0, key.1)),
        }
    }
    wrong.extend(
        seen.keys().filter(|key| !expected.contains_key(key)).map(|key| format!("not written: {key:?}")),
    );
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), expected.len(), wrong.join("\n"));
}

fn is_fired(entry: &PolicyRecord, recipient: &str) -> bool {
    entry.result == PolicyResult::Triggered
        && (entry.recipients.is_empty() || entry.recipients.iter().any(|known| known == recipient))
}

/// An outcome as the table writes it.
fn shown(outcome: &mailfw::policy::record::OutcomeRecord) -> String {
    match (&outcome.folder, &outcome.until) {
        (Some(folder), _) => format!("quarantine {folder}"),
        (None, Some(until)) => format!("defer until {until}"),
        (None, None) => outcome.action.clone(),
    }
}
