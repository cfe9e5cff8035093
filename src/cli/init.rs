//! `mailfw init`: a first policy set with tests that pass and a mailbox to try it on.

use super::exit::Exit;
use super::output::Terminal;
use super::problem::{Problem, see_that_empty};
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Write a first policy set: policies, words, templates, tests that pass, and a small mailbox to try them on
#[derive(Debug, clap::Args)]
pub struct InitArguments {
    /// The folder; new or empty, nothing is ever overwritten
    dir: PathBuf,
}

const FILES: &[(&str, &str)] = &[
    ("main.mfp", include_str!("scaffold/main.mfp")),
    ("words.mfp", include_str!("scaffold/words.mfp")),
    ("templates.mfp", include_str!("scaffold/templates.mfp")),
    ("mailbox/greeting.eml", include_str!("scaffold/mailbox/greeting.eml")),
    ("mailbox/cards.eml", include_str!("scaffold/mailbox/cards.eml")),
    ("mailbox/minutes.eml", include_str!("scaffold/mailbox/minutes.eml")),
    ("mailbox/offer.eml", include_str!("scaffold/mailbox/offer.eml")),
    ("mailbox/update.eml", include_str!("scaffold/mailbox/update.eml")),
];

/// Runs the command.
pub fn run(arguments: &InitArguments, terminal: &mut Terminal) -> Result<Exit, Problem> {
    let dir = &arguments.dir;
    if dir.to_str().is_none() {
        return Err(Problem::not_utf8(dir));
    }
    write(dir)?;
    let shown = dir.display();
    terminal.print(&format!(
        "Wrote {} files to {shown}. Next:\n\n  \
         mailfw check {shown}\n  \
         mailfw test {shown} --coverage\n  \
         mailfw dry-run {shown} {shown}/mailbox\n",
        FILES.len()
    ));
    Ok(Exit::Clean)
}

/// Writes the files into a new or empty folder.
pub fn write(dir: &Path) -> Result<(), Problem> {
    see_that_empty(dir)?;
    FILES.iter().try_for_each(|(name, text)| write_new(&dir.join(name), text))
}

fn write_new(path: &Path, text: &str) -> Result<(), Problem> {
    let write = || -> io::Result<()> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        OpenOptions::new().write(true).create_new(true).open(path)?.write_all(text.as_bytes())
    };
    write().map_err(|error| Problem::unwritable(&path.display().to_string(), &error))
}
