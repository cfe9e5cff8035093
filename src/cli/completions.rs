//! `mailfw completions`: completion scripts for shells.

use super::exit::Exit;
use super::output::Terminal;
use super::problem::Problem;
use clap_complete::Shell;

/// Write a completion script for a shell to standard output
#[derive(Debug, clap::Args)]
pub struct CompletionsArguments {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

/// Runs the command.
pub fn run(arguments: &CompletionsArguments, terminal: &mut Terminal) -> Result<Exit, Problem> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut super::command_line(), "mailfw", &mut script);
    terminal.bytes(&script);
    Ok(Exit::Clean)
}
