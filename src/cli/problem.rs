//! What can go wrong around a policy set: files that are not there, sockets, paths that are not text.
//!
//! Told in the same form as what is wrong inside one, with codes of the same registry.

use crate::base::diagnostic::{Code, Diagnostic, Level};
use crate::base::source::{SourceId, SourceMap, Span};
use crate::base::system::reason;
use crate::tools::registry;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// Something that could not be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    code: Code,
    message: String,
    help: String,
}

impl Problem {
    /// A problem with its mend.
    pub fn new(code: Code, message: impl Into<String>, help: impl Into<String>) -> Problem {
        Problem { code, message: message.into(), help: help.into() }
    }

    /// A path that could not be read.
    pub fn unreadable(path: &Path, error: &io::Error) -> Problem {
        let shown = path.display();
        match error.kind() {
            ErrorKind::NotFound => Problem::not_found(path),
            _ => Problem::new(
                registry::UNREADABLE,
                format!("`{shown}` cannot be read: {}", reason(error)),
                "see that the user who runs mailfw may read it",
            ),
        }
    }

    /// A path with nothing at it. The help names what lies beside it under a like name.
    pub fn not_found(path: &Path) -> Problem {
        let help = match beside(path) {
            Some(near) => format!("there is `{}`", near.display()),
            None => "see whether the path is right; it is taken from the folder mailfw runs in".to_string(),
        };
        Problem::new(registry::NOT_FOUND, format!("there is nothing at `{}`", path.display()), help)
    }

    /// A place that could not be written.
    pub fn unwritable(place: &str, error: &io::Error) -> Problem {
        Problem::new(
            registry::UNWRITABLE,
            format!("`{place}` cannot be written: {}", reason(error)),
            "see that the folder is there, that the user who runs mailfw may write, and that the disk has room",
        )
    }

    /// Something that is neither a file nor a folder.
    pub fn not_a_file(path: &Path, what: &str) -> Problem {
        Problem::new(
            registry::NOT_A_FILE,
            format!("`{}` is {what}, which is not read", path.display()),
            "name a file or a folder",
        )
    }

    /// A path that is not UTF-8.
    pub fn not_utf8(path: &Path) -> Problem {
        Problem::new(
            registry::PATH_NOT_UTF8,
            format!("the path `{}` has bytes that are not UTF-8", path.display()),
            "rename it: policy files are named in diagnostics and reports as text",
        )
    }

    /// A command line that does not go.
    pub fn usage(message: impl Into<String>, help: impl Into<String>) -> Problem {
        Problem::new(registry::USAGE, message, help)
    }

    /// The problem as a diagnostic without a place.
    pub fn diagnostic(&self) -> Diagnostic {
        let nowhere = Span::new(SourceId(u32::MAX), 0, 0);
        Diagnostic::new(Level::Error, self.code, nowhere, self.message.clone()).help(self.help.clone())
    }

    /// The texts its diagnostic speaks of: none.
    pub fn sources(&self) -> SourceMap {
        SourceMap::default()
    }
}

/// Sees that a folder is new or empty, so that nothing is overwritten.
pub fn see_that_empty(dir: &Path) -> Result<(), Problem> {
    let mut entries = match std::fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) if error.kind() == ErrorKind::NotADirectory => {
            return Err(occupied(format!("`{}` is a file", dir.display())));
        }
        Err(error) => return Err(Problem::unreadable(dir, &error)),
    };
    match entries.next() {
        None => Ok(()),
        Some(_) => Err(occupied(format!("the folder `{}` is not empty", dir.display()))),
    }
}

fn occupied(message: String) -> Problem {
    Problem::new(registry::NOT_EMPTY, message, "name a folder that is new or empty; nothing is overwritten")
}

/// What a path that is neither a file nor a folder is, in words; `None` for those two.
pub fn special(file_type: std::fs::FileType) -> Option<&'static str> {
    use std::os::unix::fs::FileTypeExt;
    if file_type.is_socket() {
        Some("a socket")
    } else if file_type.is_fifo() {
        Some("a pipe")
    } else if file_type.is_char_device() || file_type.is_block_device() {
        Some("a device")
    } else {
        None
    }
}

/// A neighbour with a like name, in the same folder or the nearest one that is there.
fn beside(path: &Path) -> Option<PathBuf> {
    let name = path.file_name()?.to_str()?;
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let best = std::fs::read_dir(folder)
        .ok()?
        .take(10_000)
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .map(|neighbour| (strsim::jaro_winkler(name, &neighbour), neighbour))
        .filter(|(likeness, _)| *likeness > 0.85)
        .max_by(|left, right| left.0.total_cmp(&right.0))?;
    Some(if folder == Path::new(".") { PathBuf::from(best.1) } else { folder.join(best.1) })
}
