//! What a message costs: read, made searchable, judged, and through a whole dry run on one thread and on all.
//!
//! The mail is the trial mbox of the corpus where there is one (`MAILFW_CORPUS`), else the mailbox of the acme example;
//! the policies are those of acme. The medians are the README's second table.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a bench that cannot start says why by stopping"
)]

use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use jiff::Timestamp;
use mailfw::base::limits::{MessageLimits, SourceLimits};
use mailfw::language;
use mailfw::message::Message;
use mailfw::plan::Plan;
use mailfw::policy::dry_run::{DryRun, Options};
use mailfw::policy::engine::Engine;
use mailfw::policy::envelope_rule::EnvelopeRule;
use mailfw::policy::mailboxes::{MailItem, Mailboxes};
use mailfw::policy::sources::FolderSources;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

/// As in the program.
#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    divan::main();
}

static MAIL: LazyLock<Vec<MailItem>> = LazyLock::new(|| {
    let items: Vec<MailItem> = Mailboxes::open(&[mailbox()], &MessageLimits::default())
        .map(|item| item.expect("the mailbox is sound"))
        .collect();
    assert!(!items.is_empty(), "there is mail");
    items
});

static ENGINE: LazyLock<Engine> = LazyLock::new(|| {
    let mut sources = FolderSources::new(&root().join("examples/acme"));
    let checked = language::check("main.mfp", &mut sources, &SourceLimits::default());
    Engine::new(Arc::new(Plan::new(checked.hir.expect("the example checks")).expect("the example fits")))
});

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_path_buf()
}

fn mailbox() -> PathBuf {
    let trial = std::env::var_os("MAILFW_CORPUS").map(|corpus| PathBuf::from(corpus).join("mbox/trial.mbox"));
    trial.filter(|trial| trial.is_file()).unwrap_or_else(|| root().join("examples/acme/mailbox"))
}

fn bytes() -> BytesCount {
    BytesCount::new(MAIL.iter().map(|item| item.bytes.len()).sum::<usize>())
}

fn messages() -> ItemsCount {
    ItemsCount::new(MAIL.len())
}

/// Header fields, parts and their other readings.
#[divan::bench]
fn parse(bencher: Bencher) {
    let limits = MessageLimits::default();
    bencher.counter(bytes()).counter(messages()).bench(|| {
        for item in MAIL.iter() {
            black_box(Message::parse(black_box(item.bytes.clone()), &limits));
        }
    });
}

/// The same, and every text decoded and normalised, every attachment typed and unpacked.
#[divan::bench]
fn parse_and_surfaces(bencher: Bencher) {
    let limits = MessageLimits::default();
    bencher.counter(bytes()).counter(messages()).bench(|| {
        for item in MAIL.iter() {
            let message = Message::parse(black_box(item.bytes.clone()), &limits);
            black_box((message.surfaces().len(), message.attachments().len()));
        }
    });
}

/// A whole dry run, with so many threads that judge. All mail is judged as going from Anna to an outsider, so that the
/// content policies search every text.
#[divan::bench(args = [1, 2])]
fn dry_run(bencher: Bencher, threads: usize) {
    let options = Options {
        threads: NonZeroUsize::new(threads).unwrap(),
        envelope: EnvelopeRule::parse("from=anna@acme.example,to=buyer@shop.example").unwrap(),
        ..Options::new(Timestamp::from_second(1_796_000_000).unwrap())
    };
    let run = DryRun { engine: &ENGINE, against: None, options: &options };
    bencher
        .counter(bytes())
        .counter(messages())
        .with_inputs(|| MAIL.clone())
        .bench_values(|mail| black_box(run.run(mail.into_iter().map(Ok), |_| ControlFlow::Continue(()))));
}
