//! `mailfw profile`: what a policy set costs on the mail of mailboxes.

use super::exit::Exit;
use super::explain::envelope_rule;
use super::load;
use super::output::Terminal;
use super::problem::Problem;
use crate::base::clock::{Clock, SystemClock};
use crate::policy::dry_run::Options;
use crate::policy::envelope_rule::EnvelopeRule;
use crate::policy::mailboxes::Mailboxes;
use crate::policy::profile::Profile;
use crate::tools::profile_text;
use std::path::PathBuf;

/// Show what each policy and each pattern of a set costs on the mail of mailboxes
#[derive(Debug, clap::Args)]
pub struct ProfileArguments {
    /// The set: a folder with main.mfp in it, or one file
    policy: PathBuf,
    /// Mailboxes: mbox files, Maildirs, messages, folders of them, gzipped or not
    #[arg(required = true)]
    mailbox: Vec<PathBuf>,
    /// Where sender and recipients come from: headers, traces, from=ADDRESS, to=ADDRESS; several parted by commas
    #[arg(long, value_name = "RULES", value_parser = envelope_rule)]
    envelope: Option<EnvelopeRule>,
    /// Stop after so many messages
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// Policies and patterns that are shown
    #[arg(long, value_name = "N", default_value_t = 20)]
    top: usize,
}

/// Runs the command.
pub fn run(arguments: &ProfileArguments, terminal: &mut Terminal) -> Result<Exit, Problem> {
    let Some(engine) = load::engine(&arguments.policy, terminal)? else { return Ok(Exit::Failed) };
    let mut options = Options::new(SystemClock.now());
    options.envelope = arguments.envelope.clone().unwrap_or_default();
    let mailboxes = Mailboxes::open(&arguments.mailbox, &options.limits);
    let mail = mailboxes.take(arguments.limit.unwrap_or(usize::MAX));
    let profile = Profile::of(&engine, &options, mail);
    if profile.unreadable > 0 {
        let many = if profile.unreadable == 1 { "entry" } else { "entries" };
        terminal.error(&format!("notice: {} {many} could not be read\n", profile.unreadable));
    }
    terminal.print(&profile_text::render(engine.plan(), &profile, arguments.top, terminal.look));
    Ok(if profile.unreadable > 0 { Exit::Usage } else { Exit::Clean })
}
