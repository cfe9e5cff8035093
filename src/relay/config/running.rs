//! What the server may use, whom it asks, and what it tells of itself.

use super::codes;
use super::declare::{Word, section, words};
use super::network::NameServer;
use super::quantity::{Ceiling, Size};
use super::reader::{Found, Reader, Table};
use super::value::Value;
use crate::base::diagnostic::Diagnostic;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

section! {
    /// What clients are held to within a session.
    pub struct SessionRules in "session" {
        /// How long the greeting is held back. Who talks before it is no mail server and is let go.
        greeting_delay: Option<Duration>;
        /// Mistakes after which a client is let go.
        max_mistakes: u32 = "20";
        /// Recipients refused for good, such as unknown ones, after which a client is let go.
        max_unknown_recipients: Ceiling = "50";
    }
}

section! {
    /// Whom DNS is asked of.
    pub struct Dns in "dns" {
        /// The name servers; the system's, where none is named.
        servers: Vec<NameServer> = "[]";
        /// How long an answer may take.
        timeout: Duration = "\"5s\"";
        /// How often a question is asked before it has failed.
        attempts: u32 = "2";
        /// Answers that are remembered.
        max_kept: u32 = "10000";
    }
}

words! {
    /// How lines of the log are written.
    pub enum LogFormat {
        /// For people: time, level, words, then `key=value`.
        Text = "text",
        /// One JSON object a line.
        Json = "json",
    }
}

words! {
    /// How much is logged.
    pub enum LogLevel {
        /// What needs somebody.
        Error = "error",
        /// And what may soon.
        Warn = "warn",
        /// And one line for each message that was decided, each delivery and each failure.
        Info = "info",
        /// And every session's steps.
        Debug = "debug",
        /// And what was said in it.
        Trace = "trace",
    }
}

/// Where the log goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogDestination {
    /// Standard error, where systemd takes it from.
    Stderr,
    /// A file, opened anew on SIGHUP.
    File(PathBuf),
}

impl Value for LogDestination {
    fn kind() -> String {
        "`stderr`, or the path of a file".to_string()
    }

    fn example() -> String {
        "\"stderr\"".to_string()
    }

    fn words() -> &'static [Word] {
        &[Word { word: "stderr", about: &[" Standard error, where systemd takes it from."] }]
    }

    fn read(found: &Found<'_>, reader: &mut Reader) -> Option<LogDestination> {
        match reader.text::<LogDestination>(found)? {
            "stderr" => Some(LogDestination::Stderr),
            _ => PathBuf::read(found, reader).map(LogDestination::File),
        }
    }
}

section! {
    /// What the server tells while it runs.
    pub struct Log in "log" {
        /// How lines are written.
        format: LogFormat = "\"text\"";
        /// How much is told.
        level: LogLevel = "\"info\"";
        /// Where it goes.
        destination: LogDestination = "\"stderr\"";
    }
}

section! {
    /// Figures for Prometheus and an answer for health checks, by HTTP.
    pub struct Metrics in "metrics" {
        /// Where `/metrics` and `/health` are served; nowhere, where it is left out.
        address: Option<SocketAddr>;
    }
}

impl Metrics {
    /// Sees that nobody outside reads along.
    pub(super) fn check(&self, table: &Table<'_>, reader: &mut Reader) {
        let Some(address) = self.address.filter(|address| !address.ip().to_canonical().is_loopback()) else {
            return;
        };
        let message = format!("whoever reaches `{address}` reads the figures: they have no password");
        reader.push(
            Diagnostic::warning(codes::RISK, table.at("address"), message)
                .help("serve them on `127.0.0.1`, or let a firewall keep others away"),
        );
    }
}

section! {
    /// Mail that policies hold.
    pub struct Quarantine in "quarantine" {
        /// How long held mail is kept where its folder does not say otherwise; then it is deleted.
        retention: Duration = "\"30d\"";
    }
}

/// How many threads, or as many as fit the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Threads(Option<u16>);

impl Threads {
    /// How many; `None` is one for each processor.
    pub const fn count(self) -> Option<u16> {
        self.0
    }
}

impl Value for Threads {
    fn kind() -> String {
        "a number from 1, or `auto`".to_string()
    }

    fn example() -> String {
        "\"auto\"".to_string()
    }

    fn read(found: &Found<'_>, reader: &mut Reader) -> Option<Threads> {
        if found.value.as_str() == Some("auto") {
            return Some(Threads(None));
        }
        let count = super::value::whole::<Threads>(found, 1024, reader)?;
        u16::try_from(count).ok().map(|count| Threads(Some(count)))
    }
}

section! {
    /// What the server may use.
    pub struct Limits in "limits" {
        /// How long a message may be judged, look-ups included, before its sender is asked to come back later.
        judging_time: Duration = "\"60s\"";
        /// Threads that judge; `auto` is one for each processor.
        judging_threads: Threads = "\"auto\"";
        /// Memory for messages that come in, are judged or go out. Beyond it, senders are asked to wait.
        memory: Size = "\"512 MB\"";
        /// Space that must be free on the disk of `state`. Below it, senders are asked to come back later.
        min_free_disk: Size = "\"500 MB\"";
        /// Messages that are being sent at once.
        max_deliveries: u32 = "500";
        /// How long sessions and deliveries may go on after the server was told to stop.
        shutdown_timeout: Duration = "\"30s\"";
    }
}

/// What a client waits for the answer to a message at least (RFC 5321, 4.5.3.2.6).
const CLIENT_WAITS: Duration = Duration::from_secs(600);

impl Limits {
    /// Sees that judging ends before clients give up.
    pub(super) fn check(&self, table: &Table<'_>, reader: &mut Reader) {
        if self.judging_time >= CLIENT_WAITS {
            let message = "senders stop waiting after ten minutes, and send the message again";
            reader.push(
                Diagnostic::warning(codes::RISK, table.at("judging_time"), message)
                    .help("make `judging_time` shorter than ten minutes (RFC 5321, 4.5.3.2.6)"),
            );
        }
    }
}
