//! `mailfw dry-run`: what a policy set would do to the mail of mailboxes. Without side effects but `--out`.

use super::exit::Exit;
use super::explain::envelope_rule;
use super::load;
use super::lookups::LookupArguments;
use super::output::Terminal;
use super::problem::{Problem, see_that_empty};
use crate::base::clock::{Clock, SystemClock};
use crate::base::limits::MessageLimits;
use crate::policy::dry_run::{DryRun, Options, Row, RowResult};
use crate::policy::engine::Detail;
use crate::policy::envelope_rule::EnvelopeRule;
use crate::policy::mailboxes::{MailboxError, Mailboxes};
use crate::tools::terminal::Look;
use crate::tools::{dry_run_text, registry};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::fs::OpenOptions;
use std::io::Write;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Show what a policy set would do to the mail of mailboxes; nothing is sent or changed
#[derive(Debug, clap::Args)]
pub struct DryRunArguments {
    /// The set: a folder with main.mfp in it, or one file
    policy: PathBuf,
    /// Mailboxes: mbox files, Maildirs, messages, folders of them, gzipped or not; FILE#8 is the eighth message of an
    /// mbox, `-` standard input
    #[arg(required = true)]
    mailbox: Vec<PathBuf>,
    /// Write one JSON object a message instead, for programs
    #[arg(long)]
    json: bool,
    /// Explain every message, not only what was found
    #[arg(long)]
    explain: bool,
    /// Only the tables at the end
    #[arg(long, conflicts_with_all = ["json", "explain"])]
    summary: bool,
    /// Show only what is decided differently by this other set, and why
    #[arg(long, value_name = "POLICY")]
    against: Option<PathBuf>,
    /// Write what would leave, as files into this folder, which must be new or empty
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Where sender and recipients come from: headers, traces, from=ADDRESS, to=ADDRESS; several parted by commas
    #[arg(long, value_name = "RULES", value_parser = envelope_rule)]
    envelope: Option<EnvelopeRule>,
    /// Threads that judge; as many as there are processors if it is not given
    #[arg(long, value_name = "N", value_parser = count)]
    jobs: Option<NonZeroUsize>,
    /// Stop after so many messages
    #[arg(long, value_name = "N", value_parser = count)]
    limit: Option<NonZeroUsize>,
    #[command(flatten)]
    lookups: LookupArguments,
    #[command(flatten)]
    native: load::Native,
}

/// Reads a number of things of which there is one at least.
fn count(text: &str) -> Result<NonZeroUsize, String> {
    text.parse().map_err(|_| "write a whole number from 1 on".to_string())
}

/// Runs the command.
pub fn run(arguments: &DryRunArguments, terminal: &mut Terminal) -> Result<Exit, Problem> {
    let Some(engine) = load::engine_with(&arguments.policy, arguments.native.options(), terminal)? else {
        return Ok(Exit::Failed);
    };
    let against = match &arguments.against {
        None => None,
        Some(other) => match load::engine_with(other, arguments.native.options(), terminal)? {
            None => return Ok(Exit::Failed),
            Some(other) => Some(other),
        },
    };
    if let Some(out) = &arguments.out {
        see_that_empty(out)?;
        std::fs::create_dir_all(out)
            .map_err(|error| Problem::unwritable(&out.display().to_string(), &error))?;
    }
    let options = options(arguments);
    let mailboxes = Mailboxes::open(&arguments.mailbox, &options.limits);
    let progress = Progress::new(terminal, &mailboxes);
    let skipped = mailboxes.skipped();
    let interrupted = interrupts();
    let run = DryRun { engine: &engine, against: against.as_ref(), options: &options };
    let mut failed = None;
    let mut foreign = 0;
    let summary = run.run(mailboxes.take(arguments.limit.map_or(usize::MAX, NonZeroUsize::get)), |row| {
        progress.step();
        foreign += u64::from(dry_run_text::is_foreign(row));
        let text = text(arguments, row, terminal.look);
        if !text.is_empty() || !matches!(row.result, RowResult::Judged(_)) {
            progress.bar.suspend(|| {
                complain(row, terminal);
                terminal.print(&text);
            });
        }
        if let Err(problem) = leave(arguments.out.as_deref(), row) {
            failed = Some(problem);
            return ControlFlow::Break(());
        }
        let is_over = terminal.is_closed() || interrupted.load(Ordering::Relaxed);
        if is_over { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    progress.bar.finish_and_clear();
    let notice = dry_run_text::skipped(&skipped.all(), terminal.error_look);
    terminal.error(&notice);
    if let Some(problem) = failed {
        return Err(problem);
    }
    if !arguments.json {
        let idle = summary.idle(engine.hir());
        let tables = dry_run_text::summary(&summary, &idle, foreign, against.is_some(), terminal.look);
        terminal.print(&tables);
    }
    if interrupted.load(Ordering::Relaxed) {
        terminal.error(&format!("interrupted after {} messages\n", summary.messages));
        return Ok(Exit::Interrupted);
    }
    Ok(match (summary.internal_errors, summary.unreadable) {
        (0, 0) => Exit::Clean,
        (0, _) => Exit::Usage,
        _ => Exit::Internal,
    })
}

fn options(arguments: &DryRunArguments) -> Options {
    let mut options = Options::new(SystemClock.now());
    options.limits = MessageLimits::default();
    options.envelope = arguments.envelope.clone().unwrap_or_default();
    options.leaving = arguments.out.is_some();
    options.detail = match arguments {
        DryRunArguments { summary: true, against: None, .. } => Detail::Outcomes,
        DryRunArguments { json: false, explain: false, against: None, .. } => Detail::Hits,
        _ => Detail::Record,
    };
    arguments.lookups.apply(&mut options);
    options.threads = arguments.jobs.unwrap_or(options.threads);
    options
}

/// Says what could not be read or judged.
fn complain(row: &Row, terminal: &mut Terminal) {
    match &row.result {
        RowResult::Judged(_) => {}
        RowResult::Unreadable(MailboxError { origin, reason, mend: Some(mend) }) => {
            terminal.complain(&Problem::new(registry::MAILBOX_FORMAT, format!("`{origin}` {reason}"), *mend))
        }
        RowResult::Unreadable(error) => terminal.complain(&Problem::new(
            registry::MAILBOX_BROKEN,
            format!("`{}` cannot be read: {}", error.origin, error.reason),
            "mend the path, or name a file or a folder of mail; the rest is judged all the same, and the exit code is 2",
        )),
        RowResult::Failed { reason } => terminal.complain(&Problem::new(
            registry::MESSAGE_UNREADABLE,
            format!("`{}` cannot be judged: {reason}", row.origin),
            "such a message is held, never delivered",
        )),
    }
}

/// What is to be seen of a row; often nothing.
fn text(arguments: &DryRunArguments, row: &Row, look: Look) -> String {
    if arguments.json {
        let record = row.record();
        let is_judged = matches!(row.result, RowResult::Judged(_));
        if arguments.against.is_some() && is_judged && record.difference.is_none() {
            return String::new();
        }
        // A record is texts and numbers alone: it cannot fail to serialize.
        return format!("{}\n", serde_json::to_string(&record).unwrap_or_default());
    }
    match arguments {
        DryRunArguments { summary: true, .. } => String::new(),
        DryRunArguments { against: Some(_), explain, .. } => {
            let difference = dry_run_text::difference(row, look);
            match *explain && !difference.is_empty() {
                true => format!("{difference}{}", dry_run_text::explained(row, true, look)),
                false => difference,
            }
        }
        DryRunArguments { explain: true, .. } => dry_run_text::explained(row, true, look),
        _ => dry_run_text::hits(row, look),
    }
}

/// Writes what would leave of a row into the folder.
fn leave(folder: Option<&Path>, row: &Row) -> Result<(), Problem> {
    let (Some(folder), RowResult::Judged(judged)) = (folder, &row.result) else { return Ok(()) };
    for (at, leaving) in judged.leaving.iter().enumerate() {
        let path = folder.join(leaving.file_name(row.number, at));
        let written = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&path)
            .and_then(|mut file| file.write_all(&leaving.bytes));
        written.map_err(|error| Problem::unwritable(&path.display().to_string(), &error))?;
    }
    Ok(())
}

/// A flag that an interrupt raises; a second one ends the process at once.
fn interrupts() -> Arc<AtomicBool> {
    use signal_hook::{consts::SIGINT, flag};
    let raised = Arc::new(AtomicBool::new(false));
    // Where the system takes no handler, an interrupt ends the process as it always did.
    let _ = flag::register_conditional_shutdown(SIGINT, Exit::Interrupted as i32, Arc::clone(&raised));
    let _ = flag::register(SIGINT, Arc::clone(&raised));
    raised
}

/// A progress bar on standard error, where people watch it.
struct Progress {
    bar: ProgressBar,
    done: Arc<AtomicU64>,
}

impl Progress {
    fn new(terminal: &Terminal, mailboxes: &Mailboxes) -> Progress {
        let target =
            if terminal.watched { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(mailboxes.total_bytes()), target);
        // A line that wraps cannot be taken away again.
        let form = match terminal.error_look.width {
            ..60 => "{percent} %, {eta} left",
            60..80 => "{bar:20} {percent} %, {eta} left",
            _ => "{bar:30} {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left",
        };
        if let Ok(style) = ProgressStyle::with_template(form) {
            let characters = if terminal.error_look.unicode { "━╸─" } else { "=>-" };
            bar.set_style(style.progress_chars(characters));
        }
        Progress { bar, done: mailboxes.progress() }
    }

    fn step(&self) {
        self.bar.set_position(self.done.load(Ordering::Relaxed));
    }
}
