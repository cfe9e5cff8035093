//! The program as people and scripts meet it.

mod check;
mod dry_run;
mod explain;
mod fmt;
mod init;
mod mail;
mod plan;
mod profile;
mod program;
mod test;

use assert_cmd::Command;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The program, with a UTF-8 locale and nothing else of this process's environment that changes how output looks.
fn mailfw() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mailfw"));
    command.env("LC_ALL", "C.UTF-8").env_remove("NO_COLOR").env_remove("COLUMNS").env_remove("TERM");
    command
}

/// What a run gave.
struct Outcome {
    code: i32,
    out: String,
    error: String,
}

fn outcome(command: &mut Command) -> Outcome {
    let output = command.output().unwrap();
    Outcome {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        error: String::from_utf8(output.stderr).unwrap(),
    }
}

fn run<S: AsRef<std::ffi::OsStr>>(arguments: &[S]) -> Outcome {
    outcome(mailfw().args(arguments))
}

/// A policy set of one file in a new folder.
struct Set {
    dir: TempDir,
}

impl Set {
    fn new(main: &str) -> Set {
        let set = Set { dir: tempfile::tempdir().unwrap() };
        set.write("main.mfp", main);
        set
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    fn path(&self) -> &Path {
        self.dir.path()
    }

    fn arg(&self) -> &str {
        self.path().to_str().unwrap()
    }
}

/// A set that checks without a word: what leaves with `secret` in it is held.
const GOOD: &str = r#"site {
    domains    @acme.example
    postmaster postmaster@acme.example
}

folder dlp {
    keep 30 days
}

directory acme {
    domain @acme.example

    content policy secrets for senders {
        because "Secrets stay inside"
        when    recipient outside site
        when    text contains "secret"
        unless  message is encrypted
        then    quarantine in dlp
    }
}

test "a secret is held" {
    from    anna@acme.example
    to      buyer@shop.example
    subject "A secret"
    expect  quarantine in dlp
}

test "anything else goes" {
    from    anna@acme.example
    to      buyer@shop.example
    subject "Hello"
    expect  deliver
}
"#;

const SECRET: &str = "From: anna@acme.example\nTo: buyer@shop.example\nSubject: A secret\nMessage-ID: <1@acme.example>\n\
                      Date: Mon, 23 Nov 2026 10:00:00 +0000\n\nThe secret is out.\n";
const HELLO: &str = "From: anna@acme.example\nTo: ben@acme.example\nSubject: Hello\nMessage-ID: <2@acme.example>\n\
                     Date: Mon, 23 Nov 2026 10:00:00 +0000\n\nHello.\n";

fn example(name: &str) -> String {
    format!("{}/examples/{name}", env!("CARGO_MANIFEST_DIR"))
}
