//! `mailfw plan`: what a policy set was compiled to, and why a policy runs where it runs.

use super::exit::Exit;
use super::load;
use super::output::Terminal;
use super::problem::Problem;
use crate::language::hir::Hir;
use crate::language::suggest::nearest;
use crate::tools::plan_text;
use serde::Serialize;
use std::path::PathBuf;

/// Show what a policy set is compiled to: what is looked at, in which order, for which policies
#[derive(Debug, clap::Args)]
pub struct PlanArguments {
    /// The set: a folder with main.mfp in it, or one file
    path: PathBuf,
    /// Only this policy: when it is decided, and why not earlier
    #[arg(long, value_name = "NAME", conflicts_with = "stats")]
    policy: Option<String>,
    /// Only what the plan takes
    #[arg(long)]
    stats: bool,
    /// As JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    native: load::Native,
}

/// Runs the command.
pub fn run(arguments: &PlanArguments, terminal: &mut Terminal) -> Result<Exit, Problem> {
    let engine = load::engine_with(&arguments.path, arguments.native.options(), terminal)?;
    let Some(engine) = engine else { return Ok(Exit::Failed) };
    let (plan, look) = (engine.plan(), terminal.look);
    let text = match (&arguments.policy, arguments.stats) {
        (Some(name), _) => {
            let readings = plan.policy_readings(name);
            if readings.is_empty() {
                return Err(unknown(name, engine.hir()));
            }
            let written = || readings.iter().map(|reading| plan_text::policy(reading, look));
            shown(arguments, &readings, || written().collect::<Vec<_>>().join("\n"))
        }
        (None, true) => shown(arguments, &plan.sizes(), || plan_text::sizes(&plan.sizes(), look)),
        (None, false) => shown(arguments, &plan.reading(), || plan_text::render(&plan.reading(), look)),
    };
    terminal.print(&text);
    Ok(Exit::Clean)
}

fn shown(arguments: &PlanArguments, data: &impl Serialize, people: impl FnOnce() -> String) -> String {
    match arguments.json {
        true => format!("{}\n", serde_json::to_string_pretty(data).unwrap_or_default()),
        false => people(),
    }
}

fn unknown(name: &str, hir: &Hir) -> Problem {
    let help = match nearest(name, hir.policies.iter().map(|policy| &*policy.name)) {
        Some(near) => format!("there is a policy `{near}`"),
        None => "`mailfw plan` without `--policy` names the policies of the set".to_string(),
    };
    Problem::usage(format!("the set has no policy `{name}`"), help)
}
