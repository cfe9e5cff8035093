//! `mailfw queue`: what waits, is held or cannot be delivered, and what to do with it.
//!
//! It opens the store beside the relay that runs, which sees what was changed within a second. What is released is judged by
//! the policy set of the configuration.

use super::exit::Exit;
use super::load;
use super::output::Terminal;
use super::problem::Problem;
use super::serve;
use crate::relay::deliver::settle::Reporter;
use crate::relay::operate::{OperateError, Operator, Outcomes};
use crate::relay::store::{Copy, CopyId, Filter, Place, QueueId, Store};
use crate::tools::queue_text;
use crate::tools::registry;
use clap::Subcommand;
use jiff::Timestamp;
use std::path::{Path, PathBuf};

/// See what waits, is held or cannot be delivered, and release, return or delete it
#[derive(Debug, clap::Args)]
pub struct QueueArguments {
    /// The configuration of the relay
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        default_value = "/etc/mailfw/mailfw.toml",
        env = "MAILFW_CONFIG"
    )]
    config: PathBuf,
    #[command(subcommand)]
    action: Action,
}

/// What to do.
#[derive(Debug, Subcommand)]
enum Action {
    /// List copies, the newest first
    List {
        #[command(flatten)]
        which: Which,
        /// One JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// How many copies stand where
    Count,
    /// Show a copy: who it is for, why it stands where it stands, what was tried
    Show {
        /// A message or a copy
        name: String,
        /// One JSON object a line, with the decision record
        #[arg(long)]
        json: bool,
    },
    /// Write the message itself to standard output
    View {
        /// A copy
        copy: String,
    },
    /// Write the messages into files of a folder
    Save {
        #[command(flatten)]
        which: Which,
        /// Where to
        #[arg(long, value_name = "FOLDER")]
        to: PathBuf,
    },
    /// Release what is held past the policies that held it; send what waits now
    Send(Chosen),
    /// Send back to the sender
    Return {
        #[command(flatten)]
        chosen: Chosen,
        /// What the sender reads
        #[arg(long, default_value = "Your message was not delivered, by decision of the administrators.")]
        text: String,
    },
    /// Delete; nobody is told
    Delete(Chosen),
    /// Hold until it is released
    Hold {
        #[command(flatten)]
        chosen: Chosen,
        /// In which folder
        #[arg(long = "in", value_name = "FOLDER", default_value = "held")]
        hold_in: String,
    },
    /// Try to deliver now
    Retry(Chosen),
    /// Judge again by the present policies
    Judge(Chosen),
    /// What was done by whom, the newest first
    Audit {
        /// At most so many
        #[arg(long, default_value_t = 50)]
        limit: usize,
    },
}

/// Which copies are meant.
#[derive(Debug, clap::Args)]
struct Which {
    /// Messages or copies by name
    names: Vec<String>,
    /// Only in this queue
    #[arg(long, value_enum)]
    place: Option<PlaceName>,
    /// Only held in this folder
    #[arg(long)]
    folder: Option<String>,
    /// Only with this text in sender, recipients, subject, Message-ID or name
    #[arg(long)]
    search: Option<String>,
    /// Only with this domain in sender or recipients
    #[arg(long)]
    domain: Option<String>,
    /// At most so many; 0: all
    #[arg(long, default_value_t = 100)]
    limit: usize,
}

/// The queues.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum PlaceName {
    /// To be delivered
    Queued,
    /// Waiting for a moment
    Deferred,
    /// Held until released
    Held,
    /// Neither to be delivered nor returned
    Dead,
}

/// Which copies something is done with, and why.
#[derive(Debug, clap::Args)]
struct Chosen {
    #[command(flatten)]
    which: Which,
    /// Why, for the audit
    #[arg(long, default_value = "")]
    why: String,
    /// All that `--place`, `--folder`, `--search` or `--domain` find, without naming any
    #[arg(long)]
    all: bool,
}

/// Runs the command.
pub fn run(arguments: &QueueArguments, terminal: &mut Terminal) -> Result<Exit, Problem> {
    let Some(at) = serve::store_of(&arguments.config, terminal)? else { return Ok(Exit::Failed) };
    let store: &dyn Store = &at.store;
    match &arguments.action {
        Action::List { which, json } => {
            for listed in store.list(&which.filter()).map_err(unreadable)? {
                let line = match json {
                    true => queue_text::json(&listed.copy, listed.subject.as_deref()),
                    false => queue_text::line(&listed.copy, listed.subject.as_deref()),
                };
                terminal.print(&line);
            }
            Ok(Exit::Clean)
        }
        Action::Count => {
            let counts = store.counts().map_err(unreadable)?;
            terminal.print(&queue_text::counts(&counts));
            Ok(Exit::Clean)
        }
        Action::Show { name, json } => show(store, name, *json, terminal),
        Action::View { copy } => {
            let id = one_copy(store, copy)?;
            terminal.bytes(&store.content(&id).map_err(unreadable)?);
            Ok(Exit::Clean)
        }
        Action::Save { which, to } => save(store, which, to, terminal),
        Action::Audit { limit } => {
            for entry in store.audit(*limit).map_err(unreadable)? {
                terminal.print(&queue_text::audit(&entry));
            }
            Ok(Exit::Clean)
        }
        Action::Send(chosen) => {
            let Some(intake) = at.intake(terminal)? else { return Ok(Exit::Failed) };
            each(store, chosen, terminal, |operator, id| operator.send(store, &intake, id))
        }
        Action::Judge(chosen) => {
            let Some(intake) = at.intake(terminal)? else { return Ok(Exit::Failed) };
            each(store, chosen, terminal, |operator, id| operator.judge_again(store, &intake, id))
        }
        Action::Return { chosen, text } => {
            let Some(intake) = at.intake(terminal)? else { return Ok(Exit::Failed) };
            let reporter = Reporter::of(intake.engine().hir(), at.config.server.name.as_str());
            each(store, chosen, terminal, |operator, id| {
                operator.return_to_sender(store, &intake, (&at.config.retry, &reporter), id, text)
            })
        }
        Action::Delete(chosen) => each(store, chosen, terminal, |operator, id| operator.delete(store, id)),
        Action::Hold { chosen, hold_in } => {
            each(store, chosen, terminal, |operator, id| operator.hold(store, id, hold_in))
        }
        Action::Retry(chosen) => {
            each(store, chosen, terminal, |operator, id| operator.retry(store, id, "retry"))
        }
    }
}

impl Which {
    fn filter(&self) -> Filter {
        let place = match (self.place, &self.folder) {
            (_, Some(folder)) => Some(Place::Held(Some(folder.as_str().into()))),
            (Some(PlaceName::Queued), None) => Some(Place::Queued),
            (Some(PlaceName::Deferred), None) => Some(Place::Deferred),
            (Some(PlaceName::Held), None) => Some(Place::Held(None)),
            (Some(PlaceName::Dead), None) => Some(Place::Dead),
            (None, None) => None,
        };
        let text = self.search.clone();
        Filter { place, text, domain: self.domain.clone(), limit: self.limit, ..Filter::default() }
    }

    fn selects(&self) -> bool {
        self.place.is_some() || self.folder.is_some() || self.search.is_some() || self.domain.is_some()
    }

    /// The copies that are meant: those that are named, else those that are found.
    fn copies(&self, store: &dyn Store) -> Result<Vec<CopyId>, Problem> {
        if self.names.is_empty() {
            let found = store.list(&self.filter()).map_err(unreadable)?;
            return Ok(found.into_iter().map(|listed| listed.copy.id).collect());
        }
        let mut all = Vec::new();
        for name in &self.names {
            all.extend(copies(store, name)?.into_iter().map(|copy| copy.id));
        }
        Ok(all)
    }
}

/// The copies of a name: a copy, or all of a message.
fn copies(store: &dyn Store, name: &str) -> Result<Vec<Copy>, Problem> {
    let found = match (CopyId::parse(name), QueueId::parse(name)) {
        (Some(copy), _) => store.copy(&copy).map_err(unreadable)?.into_iter().collect(),
        (None, Some(message)) => store.copies(&message).map_err(unreadable)?,
        (None, None) => Vec::new(),
    };
    match found.is_empty() {
        true => Err(Problem::new(
            registry::NO_COPY,
            format!("there is no message or copy `{name}`"),
            "`mailfw queue list` shows those that are there; `mailfw trace` what became of others",
        )),
        false => Ok(found),
    }
}

fn one_copy(store: &dyn Store, name: &str) -> Result<CopyId, Problem> {
    let found = copies(store, name)?;
    match found.as_slice() {
        [only] => Ok(only.id.clone()),
        several => {
            let names: Vec<String> = several.iter().map(|copy| format!("`{}`", copy.id)).collect();
            Err(Problem::usage(
                format!("`{name}` has several copies"),
                format!("name one: {}", names.join(", ")),
            ))
        }
    }
}

fn show(store: &dyn Store, name: &str, json: bool, terminal: &mut Terminal) -> Result<Exit, Problem> {
    for copy in copies(store, name)? {
        let arrival = store.arrival(&copy.id.message).map_err(unreadable)?;
        let record = store.record(&copy.id.message).map_err(unreadable)?;
        let subject = arrival.as_ref().and_then(|arrival| arrival.subject.as_deref());
        let text = match json {
            true => queue_text::json_with_record(&copy, subject, record.as_deref()),
            false => queue_text::page(&copy, arrival.as_ref()),
        };
        terminal.print(&text);
    }
    Ok(Exit::Clean)
}

fn save(store: &dyn Store, which: &Which, folder: &Path, terminal: &mut Terminal) -> Result<Exit, Problem> {
    let unwritable =
        |path: &Path, error: &std::io::Error| Problem::unwritable(&path.display().to_string(), error);
    std::fs::create_dir_all(folder).map_err(|error| unwritable(folder, &error))?;
    for id in which.copies(store)? {
        let path = folder.join(format!("{id}.eml"));
        let content = store.content(&id).map_err(unreadable)?;
        std::fs::write(&path, content).map_err(|error| unwritable(&path, &error))?;
        terminal.print(&format!("{}\n", path.display()));
    }
    Ok(Exit::Clean)
}

/// Does something with each copy, and goes on where one cannot be done.
fn each(
    store: &dyn Store,
    chosen: &Chosen,
    terminal: &mut Terminal,
    act: impl Fn(&Operator, &CopyId) -> Result<Outcomes, OperateError>,
) -> Result<Exit, Problem> {
    if chosen.which.names.is_empty() && !(chosen.all && chosen.which.selects()) {
        return Err(Problem::usage(
            "no copy is named",
            "name some, or choose with `--place`, `--folder`, `--search` or `--domain` and add `--all`",
        ));
    }
    let operator = Operator { who: who(), why: chosen.why.clone(), now: Timestamp::now() };
    let mut exit = Exit::Clean;
    for id in chosen.which.copies(store)? {
        match act(&operator, &id) {
            Ok(done) => done.lines.iter().for_each(|line| terminal.print(&format!("{id}: {line}\n"))),
            Err(error) => {
                let help = "`mailfw queue show` tells of the copy; nothing was changed";
                terminal.complain(&Problem::new(registry::NOT_DONE, error.to_string(), help));
                exit = Exit::Failed;
            }
        }
    }
    Ok(exit)
}

/// Who runs the command, as the system knows them; behind `sudo`, who called it.
fn who() -> String {
    let known = std::env::var("SUDO_USER").ok().filter(|name| !name.is_empty());
    let user = || nix::unistd::User::from_uid(nix::unistd::getuid()).ok().flatten().map(|user| user.name);
    known.or_else(user).unwrap_or_else(|| nix::unistd::getuid().to_string())
}

fn unreadable(error: crate::relay::store::StoreError) -> Problem {
    load::store_problem(&error)
}
