//! A relay that runs as its own process, and the servers around it.

pub mod client;
pub mod postfix;
pub mod sink;

use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// A policy set: what has the word `secret` is held, what has `refuse` is refused, what has `bounce` goes back, what has
/// `shout` leaves with a mark.
pub const POLICIES: &str = r#"
site {
    domains    @site.example
    networks   127.0.0.0/8
    postmaster postmaster@site.example
}

folder secrets { keep 30 days }

template told { subject "Held" text "Your message {subject} was held" }

directory site {
    domain @site.example

    content policy secrets for senders {
        when   text contains word "secret"
        notify sender using told
        then   quarantine in secrets
    }

    content policy refused for senders {
        when text contains word "refuse"
        then reject "not this"
    }

    content policy returned for senders {
        when text contains word "bounce"
        then return "not that"
    }

    access policy nobody for recipients {
        when recipient == closed@site.example
        then reject "closed"
    }

    content policy marked for senders {
        when text contains word "shout"
        annotate subject prefix "[LOUD] "
    }
}
"#;

/// A relay in a folder of its own.
pub struct World {
    pub folder: tempfile::TempDir,
    pub inbound: SocketAddr,
    pub outbound: SocketAddr,
    process: Option<Child>,
}

/// A port that nobody listens at.
pub fn free_address() -> SocketAddr {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap()
}

impl World {
    /// A relay that is not started yet: mail for the site goes to `inside`, all else to `outside`.
    pub fn new(inside: SocketAddr, outside: SocketAddr, more: &str) -> World {
        let folder = tempfile::tempdir().unwrap();
        let (inbound, outbound) = (free_address(), free_address());
        std::fs::write(folder.path().join("main.mfp"), POLICIES).unwrap();
        let config = format!(
            r#"name = "relay.site.example"
policies = "main.mfp"
state = "state"

[[listen]]
role = "inbound"
address = "{inbound}"

[[listen]]
role = "outbound"
address = "{outbound}"

[recipients]
check = "directories"

[[route]]
domains = "site.example"
hosts = "{inside}"

[[route]]
domains = "*"
hosts = "{outside}"

[limits]
min_free_disk = "1 MB"
{more}
"#
        );
        std::fs::write(folder.path().join("mailfw.toml"), config).unwrap();
        World { folder, inbound, outbound, process: None }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Changes the configuration before the start.
    pub fn change(&mut self, from: &str, to: &str) {
        let path = self.path("mailfw.toml");
        let config = std::fs::read_to_string(&path).unwrap();
        assert!(config.contains(from), "{config}");
        std::fs::write(&path, config.replace(from, to)).unwrap();
    }

    /// The number of the process that runs.
    pub fn id(&self) -> u32 {
        self.process.as_ref().unwrap().id()
    }

    /// Starts the relay, and waits until it listens.
    pub fn start(&mut self) {
        self.start_by(Command::new(env!("CARGO_BIN_EXE_mailfw")));
    }

    /// Starts the relay by a command that it is the last part of.
    pub fn start_by(&mut self, mut command: Command) {
        command.arg("serve").arg(self.path("mailfw.toml"));
        let mut process = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut log = BufReader::new(process.stderr.take().unwrap());
        let mut said = String::new();
        let begun = Instant::now();
        while said.matches("listening").count() < 2 {
            assert!(begun.elapsed() < Duration::from_secs(60), "it does not listen: {said}");
            if log.read_line(&mut said).unwrap() == 0 {
                panic!("it does not start: {said}");
            }
        }
        // What it says further is not waited for, and must not fill the pipe.
        std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        self.process = Some(process);
    }

    /// Ends it as a crash does.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    /// Ends it in good order.
    pub fn stop(&mut self) {
        let Some(mut process) = self.process.take() else { return };
        signal(&process, rustix::process::Signal::TERM);
        assert!(process.wait().unwrap().success());
    }

    /// Tells it to read its files again.
    pub fn reload(&self) {
        signal(self.process.as_ref().unwrap(), rustix::process::Signal::HUP);
    }

    /// Runs a command beside it.
    pub fn mailfw(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mailfw"));
        command.args(arguments).env("MAILFW_CONFIG", self.path("mailfw.toml")).output().unwrap()
    }

    /// What a command says that has to go well.
    pub fn says(&self, arguments: &[&str]) -> String {
        let output = self.mailfw(arguments);
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{arguments:?}: {said}{}", String::from_utf8_lossy(&output.stderr));
        said
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.kill();
    }
}

fn signal(process: &Child, signal: rustix::process::Signal) {
    let process = rustix::process::Pid::from_raw(i32::try_from(process.id()).unwrap()).unwrap();
    rustix::process::kill_process(process, signal).unwrap();
}

/// Waits until something holds, for half a minute.
pub fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(30), "not within half a minute: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
