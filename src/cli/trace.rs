//! `mailfw trace`: everything that happened to a message.

use super::exit::Exit;
use super::load;
use super::output::Terminal;
use super::problem::Problem;
use super::serve;
use crate::relay::store::{CopyId, QueueId, Store};
use crate::tools::queue_text;
use crate::tools::registry;
use std::path::PathBuf;

/// Tell everything that happened to a message, also after it is gone
#[derive(Debug, clap::Args)]
pub struct TraceArguments {
    /// The message, by its name in replies, logs and lists
    name: String,
    /// The configuration of the relay
    #[arg(long, value_name = "FILE", default_value = "/etc/mailfw/mailfw.toml", env = "MAILFW_CONFIG")]
    config: PathBuf,
}

/// Runs the command.
pub fn run(arguments: &TraceArguments, terminal: &mut Terminal) -> Result<Exit, Problem> {
    let Some(at) = serve::store_of(&arguments.config, terminal)? else { return Ok(Exit::Failed) };
    let of_copy = CopyId::parse(&arguments.name).map(|copy| copy.message);
    let message = QueueId::parse(&arguments.name).or(of_copy);
    let events = match &message {
        Some(message) => at.store.events(message).map_err(|error| load::store_problem(&error))?,
        None => Vec::new(),
    };
    if events.is_empty() {
        return Err(Problem::new(
            registry::NO_COPY,
            format!("nothing is known of a message `{}`", arguments.name),
            "names have sixteen characters; what happened is kept for thirty days",
        ));
    }
    for event in &events {
        terminal.print(&queue_text::event(event));
    }
    Ok(Exit::Clean)
}
