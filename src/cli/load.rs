//! Policy sets from paths on the command line.

use super::output::Terminal;
use super::problem::{Problem, special};
use crate::base::diagnostic::{Diagnostic, Diagnostics, Level};
use crate::base::limits::SourceLimits;
use crate::base::source::{SourceId, SourceMap, Span};
use crate::language::{self, Checked};
use crate::message::mailbox::looks_like_mbox;
use crate::plan::reading::Sizes;
use crate::plan::{Plan, PlanOptions, detectors};
use crate::policy::engine::Engine;
use crate::policy::sniff::{self, Kind};
use crate::policy::sources::FolderSources;
use crate::relay::store::StoreError;
use crate::tools::registry;
use crate::tools::render_human::HumanRenderer;
use std::collections::HashSet;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The main file of a folder.
const MAIN: &str = "main.mfp";

/// Checks the set at a path: a folder with `main.mfp` in it, or one file. The lines of its detectors run, and what only
/// shows when a plan is made is found too; of a set without errors it is said what the plan takes.
pub fn check(path: &Path) -> Result<(Checked, Option<Sizes>), Problem> {
    let mut checked = read(path)?;
    // What is wrong with the lines of a detector hides nothing of what a plan of the set would show.
    let lines = detectors::self_test(&checked.detectors);
    let sizes = match checked.hir.clone().map(Plan::new).transpose() {
        Ok(plan) => plan.map(|plan| plan.sizes()),
        Err(mut diagnostics) => {
            let said = |span| lines.iter().any(|line| line.primary.span == span);
            diagnostics.retain(|found| !said(found.primary.span));
            checked.diagnostics.extend(diagnostics);
            None
        }
    };
    checked.diagnostics.extend(lines);
    checked.diagnostics.extend(emptiness(path, &checked));
    checked.hir.take_if(|_| checked.diagnostics.has_errors());
    Ok((checked, sizes))
}

/// What looks checked and is not: a set without policies, and policy files beside it that nothing uses.
fn emptiness(path: &Path, checked: &Checked) -> Diagnostics {
    let mut found = Diagnostics::default();
    // The main file is read first.
    let nowhere = Span::new(SourceId(0), 0, 0);
    if checked.hir.as_ref().is_some_and(|hir| hir.policies.is_empty()) {
        let message = "the set has no policies, so that nothing is checked and all mail is delivered";
        found.push(
            Diagnostic::warning(registry::NO_POLICIES, nowhere, message)
                .help("write a policy in a directory, or `apply` one of the library"),
        );
    }
    // What a file with errors uses is not known.
    if !path.is_dir() || checked.diagnostics.has_errors() {
        return found;
    }
    let used: HashSet<PathBuf> =
        checked.map.iter().filter_map(|(_, source)| Path::new(&source.name).canonicalize().ok()).collect();
    for file in policy_files(path) {
        if file.canonicalize().is_ok_and(|real| !used.contains(&real)) {
            let message = format!("nothing uses `{}`, so that it is not part of the set", file.display());
            found.push(
                Diagnostic::warning(registry::UNUSED_FILE, nowhere, message)
                    .help("`use` it in a file of the set, or take it out of the folder"),
            );
        }
    }
    found
}

/// Folders within a set that are walked for policy files.
const DEPTH: usize = 16;

/// The policy files of a folder, in the order of their names. Hidden folders and those of other sets are left out.
fn policy_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut waiting = vec![(folder.to_owned(), 0)];
    while let Some((folder, depth)) = waiting.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
            let hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
            if path.is_dir() && !path.is_symlink() && !hidden && depth < DEPTH && !path.join(MAIN).exists() {
                waiting.push((path, depth + 1));
            } else if path.is_file() && path.extension().is_some_and(|extension| extension == "mfp") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// Sees that a file can be read and is no mail.
fn see_that_policy(path: &Path) -> Result<(), Problem> {
    let mut head = Vec::new();
    let read = File::open(path).and_then(|file| file.take(4096).read_to_end(&mut head));
    read.map_err(|error| Problem::unreadable(path, &error))?;
    let is_named = path.extension().is_some_and(|extension| extension == "mfp");
    let what = match sniff::kind(&head) {
        _ if is_named => return Ok(()),
        Kind::Message => "mail",
        Kind::Other(other) if other.what != sniff::TEXT => other.what,
        _ if looks_like_mbox(&head) => "mail",
        _ => return Ok(()),
    };
    Err(Problem::new(
        registry::NO_POLICY_FILE,
        format!("`{}` is no policy file: it is {what}", path.display()),
        "the policy set comes first, the mail after it: a folder with `main.mfp` in it, or one `.mfp` file",
    ))
}

fn read(path: &Path) -> Result<Checked, Problem> {
    let limits = SourceLimits::default();
    let (folder, main) = folder_and_main(path)?;
    let mut sources = FolderSources::with_limits(&folder, &limits);
    Ok(language::check(&main, &mut sources, &limits))
}

/// Whether decisions run as native code.
#[derive(Debug, Clone, Copy, Default, clap::Args)]
pub struct Native {
    /// Interpret decisions instead of running them as native code; outcomes are the same
    #[arg(long)]
    no_jit: bool,
}

impl Native {
    /// The plan's options.
    pub fn options(self) -> PlanOptions {
        PlanOptions { jit: !self.no_jit, ..PlanOptions::ALL }
    }
}

/// An engine of the set at a path, with everything that makes it quick. See [`engine_with`].
pub fn engine(path: &Path, terminal: &Terminal) -> Result<Option<Engine>, Problem> {
    engine_with(path, PlanOptions::ALL, terminal)
}

/// An engine of the set at a path. `None` where the set has errors; they are then on standard error. Warnings and
/// notes are `mailfw check`'s to tell.
pub fn engine_with(
    path: &Path,
    options: PlanOptions,
    terminal: &Terminal,
) -> Result<Option<Engine>, Problem> {
    let mut checked = read(path)?;
    checked.diagnostics.extend(detectors::self_test(&checked.detectors));
    checked.hir.take_if(|_| checked.diagnostics.has_errors());
    let Some(hir) = checked.hir else {
        let sorted = checked.diagnostics.sorted();
        refuse(sorted.into_iter().filter(|found| found.level == Level::Error), &checked.map, terminal);
        return Ok(None);
    };
    match Plan::with(hir, options) {
        Ok(plan) => {
            if let Some(reason) = plan.no_native_code() {
                terminal.error(&format!("notice: decisions are interpreted: {reason}\n"));
            }
            Ok(Some(Engine::new(Arc::new(plan))))
        }
        Err(diagnostics) => {
            refuse(diagnostics.sorted(), &checked.map, terminal);
            Ok(None)
        }
    }
}

fn refuse<'d>(
    diagnostics: impl IntoIterator<Item = &'d Diagnostic>,
    sources: &SourceMap,
    terminal: &Terminal,
) {
    let renderer = HumanRenderer::new(sources, terminal.error_look);
    terminal.error(&renderer.render_all(diagnostics));
}

/// The folder of a set and the name of its main file in it.
fn folder_and_main(path: &Path) -> Result<(PathBuf, String), Problem> {
    if path.to_str().is_none() {
        return Err(Problem::not_utf8(path));
    }
    let metadata = std::fs::metadata(path).map_err(|error| Problem::unreadable(path, &error))?;
    if let Some(what) = special(metadata.file_type()) {
        return Err(Problem::not_a_file(path, what));
    }
    if metadata.is_file() {
        see_that_policy(path)?;
        let folder = path.parent().unwrap_or(Path::new(""));
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or(MAIN);
        return Ok((folder.to_owned(), name.to_string()));
    }
    let main = path.join(MAIN);
    match std::fs::metadata(&main).map(|metadata| special(metadata.file_type())) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(Problem::new(
            registry::NOT_FOUND,
            format!("there is no `{MAIN}` in the folder `{}`", path.display()),
            "a policy set is a folder with `main.mfp` in it, or one file; `mailfw init` writes a first one",
        )),
        Err(error) => Err(Problem::unreadable(&main, &error)),
        Ok(Some(what)) => Err(Problem::not_a_file(&main, what)),
        Ok(None) if File::open(&main).is_err() => {
            see_that_policy(&main).map(|()| (path.to_owned(), MAIN.to_string()))
        }
        Ok(None) if path == Path::new(".") => Ok((PathBuf::new(), MAIN.to_string())),
        Ok(None) => Ok((path.to_owned(), MAIN.to_string())),
    }
}

/// What a store that cannot be used is to people.
pub fn store_problem(error: &StoreError) -> Problem {
    Problem::new(
        registry::NOT_DONE,
        format!("the store cannot be used: {error}"),
        "see that the user who runs mailfw may read and write the `state` folder of the configuration",
    )
}
