//! `mailfw fmt`: the canonical layout.
//!
//! A file is written only where its layout differs and the text in the new layout parses to the same tree. It is
//! written beside its place and renamed, so that no reader ever sees half of it; mode and owner stay.

use super::exit::Exit;
use super::output::Terminal;
use super::problem::{Problem, special};
use crate::base::diagnostic::Level;
use crate::base::limits::SourceLimits;
use crate::base::source::SourceMap;
use crate::language::format::{format, same_meaning};
use crate::language::syntax;
use crate::tools::registry;
use crate::tools::render_human::HumanRenderer;
use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, chown};
use std::path::{Path, PathBuf};

/// Folders within folders that are walked.
const DEPTH: usize = 32;

/// Give policy files their canonical layout
#[derive(Debug, clap::Args)]
pub struct FmtArguments {
    /// Files, folders with .mfp files in them, or `-` for standard input to standard output
    #[arg(required_unless_present = "stdin")]
    paths: Vec<PathBuf>,
    /// Write nothing; name the files that differ, and end with exit code 1 if there are any
    #[arg(long)]
    check: bool,
    /// Read standard input, write to standard output
    #[arg(long, conflicts_with = "paths")]
    stdin: bool,
}

/// Runs the command.
pub fn run(arguments: &FmtArguments, terminal: &mut Terminal) -> Result<Exit, Problem> {
    let standard = |path: &PathBuf| path.as_os_str() == "-";
    if arguments.stdin || (arguments.paths.len() == 1 && arguments.paths.iter().all(standard)) {
        return standard_input(arguments.check, terminal);
    }
    let mut worst = Exit::Clean;
    let mut files = Vec::new();
    for path in &arguments.paths {
        let (before, mut problems) = (files.len(), Vec::new());
        collect(path, true, 0, &mut files, &mut problems);
        if files.len() == before && problems.is_empty() {
            problems.push(Problem::new(
                registry::NOT_FOUND,
                format!("there is no `.mfp` file in `{}`", path.display()),
                "name a folder with policy files in it; hidden folders are not walked",
            ));
        }
        for problem in problems {
            terminal.complain(&problem);
            worst = Exit::Usage;
        }
    }
    for file in &files {
        let exit = one(file, arguments.check, terminal).unwrap_or_else(|problem| {
            terminal.complain(&problem);
            Exit::Usage
        });
        worst = std::cmp::max_by_key(worst, exit, |exit| *exit as u8);
    }
    Ok(worst)
}

/// What formatting a text gives.
enum Formatted {
    Same,
    Changed(String),
    /// It does not parse; the report of its errors.
    Broken(String),
}

fn standard_input(check: bool, terminal: &mut Terminal) -> Result<Exit, Problem> {
    let name = Path::new("standard input");
    let mut bytes = Vec::new();
    let most = SourceLimits::default().file_bytes as u64 + 1;
    io::stdin()
        .lock()
        .take(most)
        .read_to_end(&mut bytes)
        .map_err(|error| Problem::unreadable(name, &error))?;
    let text = match text(name, bytes) {
        Ok(text) => text,
        Err(problem) => {
            terminal.complain(&problem);
            return Ok(Exit::Failed);
        }
    };
    match formatted(name, &text, terminal)? {
        Formatted::Broken(report) => {
            terminal.error(&report);
            Ok(Exit::Failed)
        }
        Formatted::Same if check => Ok(Exit::Clean),
        Formatted::Changed(_) if check => {
            terminal.print("standard input is not formatted\n");
            Ok(Exit::Failed)
        }
        Formatted::Same => {
            terminal.print(&text);
            Ok(Exit::Clean)
        }
        Formatted::Changed(text) => {
            terminal.print(&text);
            Ok(Exit::Clean)
        }
    }
}

fn one(path: &Path, check: bool, terminal: &mut Terminal) -> Result<Exit, Problem> {
    let mut bytes = Vec::new();
    let most = SourceLimits::default().file_bytes as u64 + 1;
    let read = File::open(path).and_then(|file| file.take(most).read_to_end(&mut bytes));
    read.map_err(|error| Problem::unreadable(path, &error))?;
    let text = match text(path, bytes) {
        Ok(text) => text,
        Err(problem) => {
            terminal.complain(&problem);
            return Ok(Exit::Failed);
        }
    };
    match formatted(path, &text, terminal)? {
        Formatted::Same => Ok(Exit::Clean),
        Formatted::Broken(report) => {
            terminal.error(&report);
            Ok(Exit::Failed)
        }
        Formatted::Changed(_) if check => {
            terminal.print(&format!("{} is not formatted\n", path.display()));
            Ok(Exit::Failed)
        }
        Formatted::Changed(text) => {
            replace(path, &text).map_err(|error| Problem::unwritable(&path.display().to_string(), &error))?;
            terminal.print(&format!("{} is formatted now\n", path.display()));
            Ok(Exit::Clean)
        }
    }
}

fn text(path: &Path, bytes: Vec<u8>) -> Result<String, Problem> {
    String::from_utf8(bytes).map_err(|error| {
        let good = error.as_bytes().get(..error.utf8_error().valid_up_to()).unwrap_or_default();
        let line = good.iter().filter(|byte| **byte == b'\n').count() + 1;
        Problem::new(
            syntax::codes::NOT_UTF8,
            format!("byte {} of `{}`, in line {line}, is no UTF-8", good.len() + 1, path.display()),
            "save the file in UTF-8",
        )
    })
}

fn formatted(path: &Path, text: &str, terminal: &Terminal) -> Result<Formatted, Problem> {
    let limits = SourceLimits::default();
    let mut sources = SourceMap::default();
    let id = sources.add(path.display().to_string(), text);
    let parsed = syntax::parse(id, text, &limits);
    if parsed.diagnostics.has_errors() {
        let errors = parsed.diagnostics.sorted().into_iter().filter(|found| found.level == Level::Error);
        let renderer = HumanRenderer::new(&sources, terminal.error_look);
        return Ok(Formatted::Broken(renderer.render_all(errors)));
    }
    let new = format(&parsed.file, text);
    if new == text {
        return Ok(Formatted::Same);
    }
    let again = syntax::parse(id, &new, &limits);
    if again.diagnostics.has_errors() || !same_meaning(&parsed.file, &again.file) {
        return Err(Problem::new(
            registry::LAYOUT,
            format!("the new layout of `{}` would say something else", path.display()),
            "the file was left as it is; please report it, it is a mistake in mailfw",
        ));
    }
    Ok(Formatted::Changed(new))
}

/// All policy files of a path. What is named is taken whatever its name; in folders only `.mfp` files are, and hidden
/// folders are not walked. What cannot be read is a problem, and the others are still taken.
fn collect(path: &Path, named: bool, depth: usize, files: &mut Vec<PathBuf>, problems: &mut Vec<Problem>) {
    let metadata = match std::fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) => {
            problems.push(Problem::unreadable(path, &error));
            return;
        }
    };
    if let Some(what) = special(metadata.file_type()) {
        if named {
            problems.push(Problem::not_a_file(path, what));
        }
        return;
    }
    if metadata.is_file() {
        if named || path.extension().is_some_and(|extension| extension == "mfp") {
            files.push(path.to_owned());
        }
        return;
    }
    if depth == DEPTH {
        problems.push(Problem::new(
            registry::UNREADABLE,
            format!("`{}` lies deeper than {DEPTH} folders and is not walked", path.display()),
            "name it itself",
        ));
        return;
    }
    let listed = std::fs::read_dir(path).and_then(|entries| entries.collect::<io::Result<Vec<_>>>());
    let mut inside: Vec<PathBuf> = match listed {
        Ok(entries) => entries.into_iter().map(|entry| entry.path()).collect(),
        Err(error) => {
            problems.push(Problem::unreadable(path, &error));
            return;
        }
    };
    inside.sort();
    for path in inside {
        // A link that leads nowhere is nobody's policy; a linked folder could lead in a circle.
        let is_linked_folder = path.is_symlink() && path.is_dir();
        let name = path.file_name().unwrap_or_default();
        let is_hidden_folder = name.as_encoded_bytes().starts_with(b".") && path.is_dir();
        if path.exists() && !is_linked_folder && !is_hidden_folder {
            collect(&path, false, depth + 1, files, problems);
        }
    }
}

/// Writes a file beside its place and renames it there. A link stays one: what it leads to is replaced.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let real = path.canonicalize()?;
    let metadata = std::fs::metadata(&real)?;
    let name = real.file_name().unwrap_or_default().to_string_lossy();
    let temporary = real.with_file_name(format!(".{name}.{}.mailfw", std::process::id()));
    let written = write(&temporary, text, &metadata).and_then(|()| std::fs::rename(&temporary, &real));
    if written.is_err() {
        // It may not be there at all; then there is nothing to remove.
        let _ = std::fs::remove_file(&temporary);
    }
    written
}

fn write(path: &Path, text: &str, like: &std::fs::Metadata) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    let owner = file.metadata()?;
    if (owner.uid(), owner.gid()) != (like.uid(), like.gid()) {
        chown(path, Some(like.uid()), Some(like.gid()))?;
    }
    file.set_permissions(Permissions::clone(&like.permissions()))?;
    file.sync_all()
}
