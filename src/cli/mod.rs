//! The commands: one thin file each. The only room that knows clap.
//!
//! A command reads its arguments, asks the rooms above, and writes what [`crate::tools`] made of the answer. What it
//! was asked for goes to standard output; complaints and progress go to standard error. It ends with one of the
//! [`Exit`] codes. Failure: a panic anywhere is caught here and becomes exit code 70 with a plain message; a reader
//! that closes the pipe early ends the output quietly.

mod check;
mod completions;
mod dry_run;
mod exit;
mod explain;
mod explain_code;
mod fmt;
mod init;
mod load;
mod lookups;
mod man;
mod output;
mod plan;
mod problem;
mod profile;
mod queue;
mod serve;
mod serve_demo;
mod test;
mod trace;

pub use exit::Exit;

use clap::{ColorChoice, CommandFactory, Parser, Subcommand};
use output::Terminal;
use std::process::ExitCode;

/// Stack of the thread that runs a command. Recursion over outside input is bounded everywhere; this is ample for the
/// bounds.
const STACK_BYTES: usize = 64 << 20;

/// An e-mail firewall: policies that are checked, tested, explained and tried on mailboxes before they are enforced.
#[derive(Debug, Parser)]
#[command(name = "mailfw", version, max_term_width = 100, after_help = exit::help(), propagate_version = true)]
pub struct Arguments {
    /// Colours: `auto` uses them on a terminal, unless NO_COLOR is set
    #[arg(long, global = true, value_enum, default_value_t = ColorChoice::Auto, value_name = "WHEN")]
    color: ColorChoice,
    #[command(subcommand)]
    command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
enum Command {
    Check(check::CheckArguments),
    Test(test::TestArguments),
    Fmt(fmt::FmtArguments),
    DryRun(dry_run::DryRunArguments),
    Explain(explain::ExplainArguments),
    ExplainCode(explain_code::ExplainCodeArguments),
    Plan(plan::PlanArguments),
    Profile(profile::ProfileArguments),
    Serve(serve::ServeArguments),
    Queue(queue::QueueArguments),
    Trace(trace::TraceArguments),
    Init(init::InitArguments),
    Completions(completions::CompletionsArguments),
    Man(man::ManArguments),
}

/// The command line as data, for completions, man pages and the reference.
pub fn command_line() -> clap::Command {
    Arguments::command()
}

/// Runs the program with the process's arguments.
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are answers, not errors; a closed pipe is no reason to complain.
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage.into() } else { Exit::Clean.into() };
        }
    };
    exit::record_panics();
    let thread = std::thread::Builder::new().name("mailfw".to_string()).stack_size(STACK_BYTES);
    match thread.spawn(move || exit::guarded(|| run(arguments))) {
        Ok(running) => running.join().unwrap_or(Exit::Internal).into(),
        Err(_) => {
            eprintln!("mailfw: the system gives no thread to run in");
            Exit::Usage.into()
        }
    }
}

fn run(arguments: Arguments) -> Exit {
    let mut terminal = Terminal::of_process(arguments.color);
    let done = match &arguments.command {
        Command::Check(arguments) => check::run(arguments, &mut terminal),
        Command::Test(arguments) => test::run(arguments, &mut terminal),
        Command::Fmt(arguments) => fmt::run(arguments, &mut terminal),
        Command::DryRun(arguments) => dry_run::run(arguments, &mut terminal),
        Command::Explain(arguments) => explain::run(arguments, &mut terminal),
        Command::ExplainCode(arguments) => explain_code::run(arguments, &mut terminal),
        Command::Plan(arguments) => plan::run(arguments, &mut terminal),
        Command::Profile(arguments) => profile::run(arguments, &mut terminal),
        Command::Serve(arguments) => serve::run(arguments, &mut terminal),
        Command::Queue(arguments) => queue::run(arguments, &mut terminal),
        Command::Trace(arguments) => trace::run(arguments, &mut terminal),
        Command::Init(arguments) => init::run(arguments, &mut terminal),
        Command::Completions(arguments) => completions::run(arguments, &mut terminal),
        Command::Man(arguments) => man::run(arguments, &mut terminal),
    };
    let exit = done.unwrap_or_else(|problem| {
        terminal.complain(&problem);
        Exit::Usage
    });
    match terminal.finish() {
        Ok(()) => exit,
        Err(problem) => {
            terminal.complain(&problem);
            Exit::Usage
        }
    }
}
