//! Policy sets from paths on the command line.

use super::output::Terminal;
use super::problem::{Problem, special};
use crate::base::diagnostic::{Diagnostic, Level};
use crate::base::limits::SourceLimits;
use crate::base::source::SourceMap;
use crate::language::{self, Checked};
use crate::plan::reading::Sizes;
use crate::plan::{Plan, PlanOptions, detectors};
use crate::policy::engine::Engine;
use crate::policy::sources::FolderSources;
use crate::tools::registry;
use crate::tools::render_human::HumanRenderer;
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
    checked.hir.take_if(|_| checked.diagnostics.has_errors());
    Ok((checked, sizes))
}

fn read(path: &Path) -> Result<Checked, Problem> {
    let limits = SourceLimits::default();
    let (folder, main) = folder_and_main(path)?;
    let mut sources = FolderSources::with_limits(&folder, &limits);
    Ok(language::check(&main, &mut sources, &limits))
}

/// Whether decisions run as native code.
#[derive(Debug, Clone, Copy, clap::Args)]
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
        Ok(None) if path == Path::new(".") => Ok((PathBuf::new(), MAIN.to_string())),
        Ok(None) => Ok((path.to_owned(), MAIN.to_string())),
    }
}
