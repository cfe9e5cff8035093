//! The examples: they check without a finding, their tests pass, and their mailboxes come out as their manifests say.

use mailfw::base::diagnostic::Level;
use mailfw::base::limits::{MessageLimits, SourceLimits};
use mailfw::language::modules::{ReadError, Sources};
use mailfw::language::{Checked, check};
use mailfw::plan::{Plan, detectors};
use mailfw::policy::dry_run::{DryRun, Options, Row, RowResult};
use mailfw::policy::engine::Engine;
use mailfw::policy::mailboxes::{MailItem, Mailboxes};
use mailfw::policy::record::{GroupRecord, PolicyResult};
use mailfw::policy::testing;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The folder of an example.
pub fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name)
}

struct Folder(PathBuf);

impl Sources for Folder {
    fn read(&mut self, path: &str) -> Result<Vec<u8>, ReadError> {
        std::fs::read(self.0.join(path)).map_err(|error| ReadError::Other(error.to_string()))
    }
}

/// A set in a folder, checked, with its findings as text; notes are left out, some are made of sound sets.
pub fn checked(folder: &Path) -> (Checked, Vec<String>) {
    let checked = check("main.mfp", &mut Folder(folder.to_path_buf()), &SourceLimits::default());
    let findings = checked
        .diagnostics
        .sorted()
        .into_iter()
        .filter(|finding| finding.level != Level::Note)
        .map(|finding| {
            let source = checked.map.get(finding.primary.span.source);
            let place = source
                .map(|source| (source.name.clone(), source.line_column(finding.primary.span.start as usize)));
            format!("{place:?} {}: {} ({:?})", finding.code, finding.message, finding.help)
        })
        .collect();
    (checked, findings)
}

/// The engine of a set in a folder; panics with the findings where it does not check.
pub fn engine(folder: &Path) -> Engine {
    let (checked, findings) = checked(folder);
    let hir = checked
        .hir
        .unwrap_or_else(|| panic!("{} does not check:\n{}", folder.display(), findings.join("\n")));
    let plan = Plan::new(hir).unwrap_or_else(|findings| panic!("no plan: {findings:?}"));
    Engine::new(Arc::new(plan))
}

/// Runs the tests of a set and gives the names of those that failed, with what failed.
pub fn failing_tests(engine: &Engine) -> (usize, Vec<String>) {
    let run = testing::run(engine, &MessageLimits::default(), None);
    let failed = run
        .results
        .iter()
        .filter(|result| !result.passed())
        .map(|result| {
            format!("{}:{} {}: {:?}", result.place.file, result.place.line, result.name, result.failures)
        })
        .collect();
    (run.results.len(), failed)
}

#[test]
fn every_example_checks_without_error_or_warning() {
    for name in ["acme", "figure4", "library"] {
        let (checked, findings) = checked(&example(name));
        assert!(findings.is_empty(), "{name}:\n{}", findings.join("\n"));
        assert!(checked.hir.is_some());
    }
}

#[test]
fn every_test_of_every_example_passes() {
    for (name, at_least) in [("acme", 9), ("figure4", 8), ("library", 90)] {
        let (ran, failed) = failing_tests(&engine(&example(name)));
        println!("{name}: {ran} tests, {} failed", failed.len());
        assert!(failed.is_empty(), "{name}:\n{}", failed.join("\n"));
        assert!(ran >= at_least, "{name} has only {ran} tests");
    }
}

#[test]
fn detectors_in_the_examples_find_what_their_own_lines_say() {
    for name in ["acme", "library"] {
        let findings = detectors::self_test(&engine(&example(name)).hir().detectors);
        assert!(findings.is_empty(), "{name}: {findings:?}");
    }
}

#[test]
fn the_mailboxes_come_out_as_their_manifests_say() {
    for (name, at_least) in [("acme", 60), ("figure4", 8)] {
        let folder = example(name);
        let expected = manifest(&folder.join("mailbox.tsv"));
        let (messages, found) = outcomes(&engine(&folder), &folder.join("mailbox"));
        assert!(messages >= at_least, "{name} has only {messages} messages");
        let mut wrong = Vec::new();
        for key in expected.keys().chain(found.keys()).collect::<std::collections::BTreeSet<_>>() {
            let (want, got) = (expected.get(key), found.get(key));
            if want != got {
                wrong.push(format!("{} for {}:\n    expected {want:?}\n    found    {got:?}", key.0, key.1));
            }
        }
        println!("{name}: {messages} messages, {} lines compared, {} differ", expected.len(), wrong.len());
        assert!(wrong.is_empty(), "{name}:\n{}", wrong.join("\n"));
    }
}

/// Sample and recipient.
type Key = (String, String);
/// Outcome and the policies that triggered.
type Expected = (String, String);

fn manifest(path: &Path) -> BTreeMap<Key, Expected> {
    let text = std::fs::read_to_string(path).unwrap();
    let mut rows = BTreeMap::new();
    for line in text.lines().skip(1) {
        let [sample, _, recipient, outcome, fired, shows] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("{}: not six columns: {line}", path.display());
        };
        assert!(!shows.is_empty(), "{sample} shows nothing");
        let former = rows
            .insert((sample.to_string(), recipient.to_string()), (outcome.to_string(), fired.to_string()));
        assert!(former.is_none(), "{sample} for {recipient} stands twice");
    }
    rows
}

fn outcomes(engine: &Engine, mailbox: &Path) -> (usize, BTreeMap<Key, Expected>) {
    let options = Options::new("2026-11-24T12:00:00Z".parse().unwrap());
    let items: Vec<MailItem> = Mailboxes::open(&[mailbox.to_path_buf()], &options.limits)
        .map(|item| item.unwrap_or_else(|error| panic!("{error}")))
        .collect();
    let samples: Vec<String> = items.iter().map(sample).collect();
    let mut rows = BTreeMap::new();
    let run = DryRun { engine, against: None, options: &options };
    run.run(items.into_iter().map(Ok), |row: &Row| {
        let RowResult::Judged(judged) = &row.result else {
            panic!("{} was not judged: {:?}", row.origin, row.result)
        };
        let sample = &samples[row.number as usize - 1];
        for group in &judged.decision.record.as_ref().unwrap().groups {
            for recipient in &group.recipients {
                let result = (outcome(group), fired(group, &recipient.address));
                let former = rows.insert((sample.clone(), recipient.address.clone()), result);
                assert!(former.is_none(), "{sample}: two outcomes for {}", recipient.address);
            }
        }
        ControlFlow::Continue(())
    });
    (samples.len(), rows)
}

/// What a message calls itself in its `X-Sample` field.
fn sample(item: &MailItem) -> String {
    let field = b"X-Sample: ";
    let line = item.bytes.split(|&byte| byte == b'\n').find(|line| line.starts_with(field));
    let line = line.unwrap_or_else(|| panic!("{} has no X-Sample field", item.origin));
    String::from_utf8_lossy(&line[field.len()..]).trim().to_string()
}

/// The outcome as manifests write it.
fn outcome(group: &GroupRecord) -> String {
    let outcome = &group.outcome;
    match (&outcome.folder, &outcome.until) {
        (Some(folder), _) => format!("{} {folder}", outcome.action),
        (None, Some(until)) => format!("{} until {until}", outcome.action),
        (None, None) => outcome.action.clone(),
    }
}

/// The policies that triggered for a recipient, in alphabetical order.
fn fired(group: &GroupRecord, recipient: &str) -> String {
    let mut names: Vec<&str> = group
        .policies
        .iter()
        .filter(|policy| policy.result == PolicyResult::Triggered)
        .filter(|policy| policy.recipients.is_empty() || policy.recipients.iter().any(|one| one == recipient))
        .map(|policy| policy.policy.as_str())
        .collect();
    names.sort_unstable();
    names.dedup();
    names.join(",")
}
