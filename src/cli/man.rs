//! `mailfw man`: manual pages.

use super::exit::{self, Exit};
use super::output::Terminal;
use super::problem::Problem;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Write the manual page to standard output, or one page a command into a folder
#[derive(Debug, clap::Args)]
pub struct ManArguments {
    /// The folder; it is made if it is not there
    dir: Option<PathBuf>,
}

/// Runs the command.
pub fn run(arguments: &ManArguments, terminal: &mut Terminal) -> Result<Exit, Problem> {
    let mut command = super::command_line().disable_help_subcommand(true);
    command.build();
    let Some(dir) = &arguments.dir else {
        let page = page(command).map_err(|error| Problem::unwritable("standard output", &error))?;
        terminal.bytes(&page);
        return Ok(Exit::Clean);
    };
    std::fs::create_dir_all(dir).map_err(|error| Problem::unwritable(&dir.display().to_string(), &error))?;
    write_pages(command, dir)
        .map_err(|(path, error)| Problem::unwritable(&path.display().to_string(), &error))?;
    terminal.print(&format!("the manual pages are in {}\n", dir.display()));
    Ok(Exit::Clean)
}

fn write_pages(command: clap::Command, dir: &Path) -> Result<(), (PathBuf, io::Error)> {
    for subcommand in command.get_subcommands() {
        write_page(subcommand.clone(), dir)?;
    }
    write_page(command, dir)
}

fn write_page(command: clap::Command, dir: &Path) -> Result<(), (PathBuf, io::Error)> {
    let path = dir.join(format!("{}.1", command.get_display_name().unwrap_or(command.get_name())));
    let written = page(command).and_then(|page| std::fs::write(&path, page));
    written.map_err(|error| (path, error))
}

fn page(command: clap::Command) -> io::Result<Vec<u8>> {
    let parent = command.has_subcommands();
    let man = clap_mangen::Man::new(command).manual("mailfw");
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    if parent {
        man.render_subcommands_section(&mut page)?;
    }
    writeln!(page, ".SH \"EXIT STATUS\"")?;
    for (exit, meaning) in exit::CODES {
        writeln!(page, ".TP\n\\fB{}\\fR\n{}", *exit as u8, meaning.replace('-', "\\-"))?;
    }
    Ok(page)
}
