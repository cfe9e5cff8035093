//! Standard output and error of a command, with how they look.

use super::problem::Problem;
use crate::tools::render_human::HumanRenderer;
use crate::tools::terminal::Look;
use clap::ColorChoice;
use std::io::{self, BufWriter, ErrorKind, IsTerminal, Stdout, Write};

/// Columns where the width is unknown: a file or a pipe.
const DEFAULT_WIDTH: usize = 110;

/// Where a command writes.
pub struct Terminal {
    out: BufWriter<Stdout>,
    /// Standard output is a terminal: people see at once what is written.
    live: bool,
    closed: bool,
    failed: Option<io::Error>,
    /// How standard output looks.
    pub look: Look,
    /// How standard error looks.
    pub error_look: Look,
    /// Whether people watch standard error.
    pub watched: bool,
}

impl Terminal {
    /// The process's own streams.
    pub fn of_process(color: ColorChoice) -> Terminal {
        let look = |terminal: bool| Look {
            width: width(terminal),
            color: match color {
                ColorChoice::Always => true,
                ColorChoice::Never => false,
                ColorChoice::Auto => terminal && colors_wanted(),
            },
            unicode: utf8_locale(),
        };
        Terminal {
            out: BufWriter::with_capacity(64 << 10, io::stdout()),
            live: io::stdout().is_terminal(),
            closed: false,
            failed: None,
            look: look(io::stdout().is_terminal()),
            error_look: look(io::stderr().is_terminal()),
            watched: io::stderr().is_terminal(),
        }
    }

    /// Writes text to standard output. After the reader has gone, nothing more is written; other failures are told by
    /// [`Terminal::finish`].
    pub fn print(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    /// Writes bytes to standard output, as [`Terminal::print`].
    pub fn bytes(&mut self, bytes: &[u8]) {
        if self.is_closed() {
            return;
        }
        let written = self.out.write_all(bytes);
        self.note(written);
        if self.live {
            let flushed = self.out.flush();
            self.note(flushed);
        }
    }

    /// Writes out what is buffered: a command that stays says something first.
    pub fn flush(&mut self) {
        let flushed = self.out.flush();
        self.note(flushed);
    }

    /// Whether nobody reads any more: a long command may stop.
    pub fn is_closed(&self) -> bool {
        self.closed || self.failed.is_some()
    }

    /// Writes a problem to standard error.
    pub fn complain(&mut self, problem: &Problem) {
        let flushed = self.out.flush();
        self.note(flushed);
        let sources = problem.sources();
        let rendered = HumanRenderer::new(&sources, self.error_look).render(&problem.diagnostic());
        self.error(&rendered);
    }

    /// Writes text to standard error.
    pub fn error(&self, text: &str) {
        // Nobody is left to hear that nobody hears.
        let _ = io::stderr().write_all(text.as_bytes());
    }

    /// Writes out what is buffered, and tells whether all of it could be written.
    pub fn finish(&mut self) -> Result<(), Problem> {
        let flushed = self.out.flush();
        self.note(flushed);
        match self.failed.take() {
            None => Ok(()),
            Some(error) => Err(Problem::unwritable("standard output", &error)),
        }
    }

    fn note(&mut self, written: io::Result<()>) {
        match written {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::BrokenPipe => self.closed = true,
            Err(error) => self.failed = self.failed.take().or(Some(error)),
        }
    }
}

fn width(terminal: bool) -> usize {
    let columns = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let measured = || terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    columns.or_else(|| if terminal { measured() } else { None }).unwrap_or(DEFAULT_WIDTH).clamp(40, 400)
}

/// See no-color.org; a terminal that calls itself dumb has no colours either.
fn colors_wanted() -> bool {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    !set("NO_COLOR") && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// Whether the locale's character set is UTF-8 (POSIX: `LC_ALL`, then `LC_CTYPE`, then `LANG`).
fn utf8_locale() -> bool {
    let named = ["LC_ALL", "LC_CTYPE", "LANG"]
        .iter()
        .filter_map(|name| std::env::var(name).ok())
        .find(|value| !value.is_empty());
    named.is_some_and(|locale| {
        let locale = locale.to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    })
}
