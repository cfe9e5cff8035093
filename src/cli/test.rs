//! `mailfw test`: the tests written in a policy set.

use super::exit::Exit;
use super::load;
use super::output::Terminal;
use super::problem::Problem;
use crate::base::limits::MessageLimits;
use crate::policy::coverage::Coverage;
use crate::policy::testing::{self, TestResult, TestRun};
use crate::tools::junit::{self, Case, Suite};
use crate::tools::terminal::{Look, Paint, printable, printable_lines};
use std::path::{Path, PathBuf};

/// Run the tests written in a policy set
#[derive(Debug, clap::Args)]
pub struct TestArguments {
    /// The set: a folder with main.mfp in it, or one file
    path: PathBuf,
    /// Only tests whose name contains this, in any case
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    /// Say which policies and clauses no test makes decide
    #[arg(long)]
    coverage: bool,
    /// Fail where less than so many per cent of policies and clauses are covered
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    min_coverage: Option<u8>,
    /// Write the results as JUnit XML to a file as well
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// A set without tests is in order; else it is exit code 1
    #[arg(long)]
    allow_none: bool,
    /// Say only what failed
    #[arg(long, short)]
    quiet: bool,
}

/// Runs the command.
pub fn run(arguments: &TestArguments, terminal: &mut Terminal) -> Result<Exit, Problem> {
    let Some(engine) = load::engine(&arguments.path, terminal)? else { return Ok(Exit::Failed) };
    let run = testing::run(&engine, &MessageLimits::default(), arguments.filter.as_deref());
    if let (true, Some(filter)) = (run.results.is_empty() && run.filtered_out > 0, &arguments.filter) {
        return Err(Problem::usage(
            format!("no test's name contains `{filter}`"),
            format!("the set has {} tests; `mailfw test` without --filter names them", run.filtered_out),
        ));
    }
    for result in &run.results {
        if !arguments.quiet || !result.passed() {
            let lines = report(result, terminal.look);
            terminal.print(&lines);
        }
    }
    let is_empty = run.results.is_empty() && !arguments.allow_none;
    if is_empty {
        terminal.error("the set has no tests, so nothing was tested; --allow-none takes that as in order\n");
    }
    let closing = closing(&run, terminal.look);
    terminal.print(&closing);
    if arguments.coverage || arguments.min_coverage.is_some() {
        let lines = coverage(&run.coverage, terminal.look);
        terminal.print(&lines);
    }
    if let Some(file) = &arguments.junit {
        let xml = junit(&run, &arguments.path);
        std::fs::write(file, xml)
            .map_err(|error| Problem::unwritable(&file.display().to_string(), &error))?;
    }
    let nothing = run.coverage.total == 0 && !arguments.allow_none;
    let too_little = arguments
        .min_coverage
        .is_some_and(|wanted| wanted > 0 && (nothing || run.coverage.percent() < f64::from(wanted)));
    if let (true, Some(wanted)) = (too_little, arguments.min_coverage) {
        let words = format!("coverage is below {wanted} %\n");
        terminal.print(&terminal.look.paint(Paint::Red, &words));
    }
    Ok(if run.failed() > 0 || too_little || is_empty { Exit::Failed } else { Exit::Clean })
}

fn report(result: &TestResult, look: Look) -> String {
    let name = printable(&result.name);
    if result.passed() {
        return format!("{} {name}\n", look.paint(Paint::Green, look.either("✓", "ok")));
    }
    let place = format!("{}:{}", printable(&result.place.file), result.place.line);
    let mark = look.paint(Paint::Red, look.either("✗", "FAILED"));
    let mut out = format!("{mark} {name} ({})\n", look.paint(Paint::Cyan, &place));
    for line in failure_lines(result) {
        out.push_str(&format!("    {}\n", printable_lines(&line)));
    }
    out
}

fn failure_lines(result: &TestResult) -> Vec<String> {
    let mut lines = Vec::new();
    for failure in &result.failures {
        let who = failure.recipient.as_ref().map_or(String::new(), |recipient| format!(" for {recipient}"));
        lines.push(format!("expected{who}: {}", failure.expected));
        lines.push(format!("but it was: {}", failure.got));
        lines.extend(failure.why.iter().map(|why| format!("  {why}")));
    }
    lines
}

fn closing(run: &TestRun, look: Look) -> String {
    let failed = run.failed();
    let took: std::time::Duration = run.results.iter().map(|result| result.took).sum();
    let left_out = match run.filtered_out {
        0 => String::new(),
        some => format!(", {some} left out"),
    };
    let words = format!("{} passed, {failed} failed{left_out}", run.results.len() - failed);
    let paint = if failed > 0 { Paint::Red } else { Paint::Green };
    format!("{} ({:.0} ms)\n", look.paint(paint, &words), took.as_secs_f64() * 1000.0)
}

fn coverage(coverage: &Coverage, look: Look) -> String {
    if coverage.total == 0 {
        return "Coverage: none, there are no policies\n".to_string();
    }
    let mut out = format!(
        "Coverage: {:.1} % ({} of {} policies and clauses decide in a test)\n",
        coverage.percent(),
        coverage.covered,
        coverage.total
    );
    for missing in coverage.missing() {
        out.push_str(&format!(
            "  {} {}\n",
            look.paint(Paint::Yellow, look.either("○", "-")),
            printable(&missing)
        ));
    }
    out
}

fn junit(run: &TestRun, set: &Path) -> String {
    let cases = run.results.iter().map(|result| Case {
        name: &result.name,
        file: &result.place.file,
        line: result.place.line,
        time: result.took,
        failure: (!result.passed()).then(|| failure_lines(result).join("\n")),
    });
    junit::render(&Suite { name: &set.display().to_string(), cases: cases.collect() })
}
