//! `mailfw explain-code`: the page of a code, offline.

use super::exit::Exit;
use super::output::Terminal;
use super::problem::Problem;
use crate::tools::{page, registry};

/// Say what a code means, with a text that raises it and the same mended
#[derive(Debug, clap::Args)]
pub struct ExplainCodeArguments {
    /// The code, as it stands above a message: `mfp::type::mismatch`; without one, all are listed
    code: Option<String>,
}

/// Runs the command.
pub fn run(arguments: &ExplainCodeArguments, terminal: &mut Terminal) -> Result<Exit, Problem> {
    let Some(code) = &arguments.code else {
        let list = page::list(terminal.look);
        terminal.print(&list);
        return Ok(Exit::Clean);
    };
    if let Some(found) = registry::page(code) {
        let text = page::render(found, terminal.look);
        terminal.print(&text);
        return Ok(Exit::Clean);
    }
    let help = match registry::near(code).as_slice() {
        [] => "`mailfw explain-code` without a code lists all of them".to_string(),
        near => format!(
            "did you mean {}?",
            near.iter().map(|code| format!("`{code}`")).collect::<Vec<_>>().join(" or ")
        ),
    };
    Err(Problem::new(registry::UNKNOWN_CODE, format!("there is no code `{code}`"), help))
}
