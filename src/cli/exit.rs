//! Exit codes, and what becomes of a panic.

use crate::tools::terminal::{printable, wrapped};
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Everything asked for was done and is in order.
    Clean = 0,
    /// It was done and something is not in order: errors in the set, a failing test, a file that is not formatted.
    Failed = 1,
    /// It could not be done, or not for all: a wrong command line, a file or mailbox that cannot be read or written.
    Usage = 2,
    /// It was interrupted; what was done so far is told (128 and the signal's number, as shells count).
    Interrupted = 130,
    /// A mistake in mailfw itself (`EX_SOFTWARE` of sysexits).
    Internal = 70,
}

/// The exit codes with what they mean, for `--help`, the man pages and the reference.
pub const CODES: &[(Exit, &str)] = &[
    (Exit::Clean, "done, and everything is in order; a dry run that holds messages is in order"),
    (
        Exit::Failed,
        "done, and something is not in order: errors in the policy set (warnings too with --deny warnings), a failing \
         test, no tests at all, coverage below its threshold, a file that is not formatted",
    ),
    (
        Exit::Usage,
        "not done, or not for everything: a wrong command line, a file or mailbox that cannot be read or written; the \
         other mailboxes are still done",
    ),
    (Exit::Internal, "a mistake in mailfw itself"),
    (Exit::Interrupted, "a dry run was interrupted; the tables are of the messages before"),
];

/// The exit codes as the end of `--help`.
pub fn help() -> String {
    let mut help = String::from("Exit codes:");
    for (exit, meaning) in CODES {
        let lines = wrapped(meaning, 92, "      ");
        help.push_str(&format!("\n  {:<3} {}", *exit as u8, lines.trim()));
    }
    help
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}

/// Panics of all threads since the start, in words with the place in mailfw's source.
static PANICS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// From now on panics are kept instead of printed, until [`guarded`] tells of them.
pub fn record_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map_or(String::new(), |at| format!(" at {}:{}", at.file(), at.line()));
        let words = format!("{}{place}", words(panic.payload()));
        PANICS.lock().unwrap_or_else(PoisonError::into_inner).push(words);
    }));
}

/// Runs a command. A panic, here or in a thread it started, becomes a message and [`Exit::Internal`].
pub fn guarded(command: impl FnOnce() -> Exit) -> Exit {
    let done = catch_unwind(AssertUnwindSafe(command));
    let mut panics = std::mem::take(&mut *PANICS.lock().unwrap_or_else(PoisonError::into_inner));
    if let (Err(payload), true) = (&done, panics.is_empty()) {
        panics.push(words(payload.as_ref()));
    }
    match done {
        Ok(exit) if panics.is_empty() => exit,
        _ => {
            complain(&panics);
            Exit::Internal
        }
    }
}

fn complain(panics: &[String]) {
    eprintln!(
        "mailfw {} met a mistake of its own and cannot vouch for its result:",
        env!("CARGO_PKG_VERSION")
    );
    for panic in panics {
        eprintln!("  {}", printable(panic));
    }
    eprintln!("Please report these lines and, if you may, the file that causes them.");
}

fn words(payload: &(dyn Any + Send)) -> String {
    match (payload.downcast_ref::<&str>(), payload.downcast_ref::<String>()) {
        (Some(words), _) => words.to_string(),
        (_, Some(words)) => words.clone(),
        _ => "no words were given".to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_the_internal_exit_code() {
        assert_eq!(guarded(|| panic!("on purpose")), Exit::Internal);
        assert_eq!(guarded(|| Exit::Failed), Exit::Failed);
    }
}
