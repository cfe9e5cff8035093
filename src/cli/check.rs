//! `mailfw check`: every mistake of a policy set, with its mend.

use super::exit::Exit;
use super::load;
use super::output::Terminal;
use super::problem::Problem;
use crate::base::diagnostic::{Diagnostic, Level};
use crate::tools::render_human::{HumanRenderer, tally};
use crate::tools::terminal::Paint;
use crate::tools::{plan_text, render_json, sarif};
use clap::ValueEnum;
use std::path::PathBuf;

/// Find every mistake of a policy set, and name the mend of each
#[derive(Debug, clap::Args)]
pub struct CheckArguments {
    /// The set: a folder with main.mfp in it, or one file
    path: PathBuf,
    /// For people, one JSON object a line, or SARIF 2.1.0
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// What else is refused (exit code 1)
    #[arg(long, value_enum, value_name = "WHAT")]
    deny: Option<Deny>,
}

/// How diagnostics are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Human,
    /// One JSON object a line.
    Json,
    /// One SARIF document.
    Sarif,
}

/// What is refused besides errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Deny {
    /// Warnings.
    Warnings,
}

/// Runs the command.
pub fn run(arguments: &CheckArguments, terminal: &mut Terminal) -> Result<Exit, Problem> {
    let (checked, sizes) = load::check(&arguments.path)?;
    let diagnostics = checked.diagnostics.sorted();
    match arguments.format {
        Format::Human if diagnostics.is_empty() => {
            let words = terminal.look.paint(Paint::Green, &tally([]));
            terminal.print(&format!("{}: {words}\n", arguments.path.display()));
        }
        Format::Human => {
            let renderer = HumanRenderer::new(&checked.map, terminal.look);
            terminal.print(&renderer.render_all(diagnostics.iter().copied()));
        }
        Format::Json => {
            for diagnostic in &diagnostics {
                let line = render_json::render(diagnostic, &checked.map);
                terminal.print(&format!("{line}\n"));
            }
        }
        Format::Sarif => {
            let log = sarif::render(diagnostics.iter().copied(), &checked.map);
            terminal.print(&log);
        }
    }
    if let (Format::Human, Some(sizes)) = (arguments.format, &sizes) {
        terminal.print(&plan_text::summary(sizes));
    }
    Ok(if diagnostics.iter().any(|found| is_refused(found, arguments.deny)) {
        Exit::Failed
    } else {
        Exit::Clean
    })
}

fn is_refused(diagnostic: &Diagnostic, deny: Option<Deny>) -> bool {
    match diagnostic.level {
        Level::Error => true,
        Level::Warning => deny == Some(Deny::Warnings),
        Level::Note => false,
    }
}
