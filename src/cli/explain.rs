//! `mailfw explain`: how one message is decided, or which policies hold for an address.

use super::exit::Exit;
use super::load;
use super::lookups::LookupArguments;
use super::output::Terminal;
use super::problem::{Problem, special};
use crate::base::address::Address;
use crate::base::clock::{Clock, SystemClock};
use crate::base::limits::MessageLimits;
use crate::policy::dry_run::{DryRun, Options, Row, RowResult};
use crate::policy::engine::Engine;
use crate::policy::envelope_rule::EnvelopeRule;
use crate::policy::explain;
use crate::policy::mailboxes::{MailItem, Mailboxes, message_of};
use crate::tools::terminal::Look;
use crate::tools::{dry_run_text, explain_address, registry};
use std::path::{Path, PathBuf};

/// Explain how a message is decided, or which policies hold for an address
#[derive(Debug, clap::Args)]
pub struct ExplainArguments {
    /// The set: a folder with main.mfp in it, or one file
    policy: PathBuf,
    /// A message: a file, `-` for standard input, or FILE#8 for the eighth of an mbox; or an address
    #[arg(value_name = "MESSAGE|ADDRESS")]
    subject: PathBuf,
    /// Write the decision record as JSON
    #[arg(long)]
    json: bool,
    /// Show the deciding clause of policies that did not trigger, too
    #[arg(long)]
    all: bool,
    /// Where sender and recipients come from: headers, traces, from=ADDRESS, to=ADDRESS; several parted by commas
    #[arg(long, value_name = "RULES", value_parser = envelope_rule)]
    envelope: Option<EnvelopeRule>,
    #[command(flatten)]
    lookups: LookupArguments,
}

/// Reads `--envelope`.
pub fn envelope_rule(text: &str) -> Result<EnvelopeRule, String> {
    EnvelopeRule::parse(text).map_err(|error| error.to_string())
}

/// What is to be explained.
enum Subject {
    Address(Address),
    Message(Box<MailItem>),
}

/// Runs the command.
pub fn run(arguments: &ExplainArguments, terminal: &mut Terminal) -> Result<Exit, Problem> {
    let subject = subject(&arguments.subject)?;
    let Some(engine) = load::engine(&arguments.policy, terminal)? else { return Ok(Exit::Failed) };
    let text = match subject {
        Subject::Address(address) => of_address(arguments, &engine, &address, terminal.look),
        Subject::Message(item) => of_message(arguments, &engine, *item, terminal.look)?,
    };
    terminal.print(&text);
    Ok(Exit::Clean)
}

/// What is no path and reads as an address is one.
fn subject(written: &Path) -> Result<Subject, Problem> {
    let text = written.to_str().filter(|text| text.contains('@') && !written.exists());
    match text.and_then(Address::parse) {
        Some(address) => Ok(Subject::Address(address)),
        None => Ok(Subject::Message(Box::new(message(written)?))),
    }
}

fn message(path: &Path) -> Result<MailItem, Problem> {
    let limits = MessageLimits::default();
    let (file, number) = message_of(path);
    if path.as_os_str() != "-" {
        let metadata = std::fs::metadata(&file).map_err(|error| Problem::unreadable(&file, &error))?;
        if let Some(what) = special(metadata.file_type()) {
            return Err(Problem::not_a_file(path, what));
        }
    }
    let mut messages = Mailboxes::open(&[path.to_owned()], &limits);
    let Some(first) = messages.next() else {
        return Err(Problem::new(
            registry::MESSAGE_UNREADABLE,
            format!("there is no message in `{}`", path.display()),
            "name a file with one message, or an address",
        ));
    };
    if number.is_none() && messages.next().is_some() {
        return Err(Problem::new(
            registry::MESSAGE_UNREADABLE,
            format!("there are several messages in `{}`", path.display()),
            format!("name one, such as `{}#1`; `mailfw dry-run --explain` explains all", path.display()),
        ));
    }
    first.map_err(|error| match error.mend {
        Some(mend) => Problem::new(
            registry::MAILBOX_FORMAT,
            format!("`{}` {}", error.origin, error.reason.replace("is no mailbox:", "is no message:")),
            mend,
        ),
        None => Problem::new(
            registry::MESSAGE_UNREADABLE,
            format!("`{}` cannot be read: {}", error.origin, error.reason),
            "see that it is a message and that the user who runs mailfw may read it",
        ),
    })
}

fn of_address(arguments: &ExplainArguments, engine: &Engine, address: &Address, look: Look) -> String {
    let explained = explain::address(engine, address, SystemClock.now(), |_| None);
    match arguments.json {
        true => format!("{}\n", serde_json::to_string_pretty(&explained).unwrap_or_default()),
        false => explain_address::render(&explained, look),
    }
}

fn of_message(
    arguments: &ExplainArguments,
    engine: &Engine,
    item: MailItem,
    look: Look,
) -> Result<String, Problem> {
    let mut options = Options::new(SystemClock.now());
    arguments.lookups.apply(&mut options);
    options.envelope = arguments.envelope.clone().unwrap_or_default();
    let run = DryRun { engine, against: None, options: &options };
    let (origin, size) = (item.origin.clone(), item.total_size);
    let judged = run.judge(item).map_err(|reason| {
        Problem::new(
            registry::MESSAGE_UNREADABLE,
            format!("`{origin}` cannot be judged: {reason}"),
            "a message that cannot be judged is held, never delivered",
        )
    })?;
    let row = Row { number: 1, origin, size, result: RowResult::Judged(Box::new(judged)) };
    if arguments.json {
        return Ok(format!("{}\n", serde_json::to_string_pretty(&row.record()).unwrap_or_default()));
    }
    Ok(dry_run_text::explained(&row, arguments.all, look))
}
