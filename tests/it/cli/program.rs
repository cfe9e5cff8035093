use super::{GOOD, Set, mailfw, outcome, run};
use std::io::Read;
use std::process::Stdio;

const COMMANDS: &[&str] = &[
    "check",
    "test",
    "fmt",
    "dry-run",
    "explain",
    "explain-code",
    "plan",
    "profile",
    "serve",
    "queue",
    "trace",
    "init",
    "completions",
    "man",
];

#[test]
fn help_names_every_command_and_exit_code() {
    let help = run(&["--help"]);
    assert_eq!(help.code, 0, "{}", help.error);
    for command in COMMANDS {
        assert!(help.out.contains(&format!("\n  {command} ")), "{command}: {}", help.out);
        let own = run(&[command, "--help"]);
        assert_eq!((own.code, own.error.as_str()), (0, ""), "{command}");
    }
    for code in ["\n  0 ", "\n  1 ", "\n  2 ", "\n  70 "] {
        assert!(help.out.contains(code), "{code:?}: {}", help.out);
    }
}

#[test]
fn a_wrong_command_line_is_exit_code_2() {
    for arguments in [
        &["chekc"] as &[&str],
        &["check"],
        &["check", "--format", "xml", "x"],
        &["test", "x", "--min-coverage", "200"],
        &[],
    ] {
        let done = run(arguments);
        assert_eq!(done.code, 2, "{arguments:?}");
        assert!(done.out.is_empty() && !done.error.is_empty(), "{arguments:?}");
    }
}

#[test]
fn completions_are_made_for_every_shell() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = run(&["completions", shell]);
        assert_eq!(script.code, 0, "{shell}");
        assert!(script.out.contains("dry-run"), "{shell}");
    }
}

#[test]
fn man_pages_tell_the_exit_codes() {
    let page = run(&["man"]);
    assert!(
        page.code == 0 && page.out.contains(".SH \"EXIT STATUS\"") && page.out.contains("\\fB70\\fR"),
        "{}",
        page.out
    );
    let folder = tempfile::tempdir().unwrap();
    let pages = folder.path().join("man1");
    assert_eq!(run(&["man", pages.to_str().unwrap()]).code, 0);
    let names: Vec<String> = std::fs::read_dir(&pages)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(names.len(), COMMANDS.len() + 1, "{names:?}");
    assert!(names.contains(&"mailfw-dry-run.1".to_string()));
}

#[test]
fn explain_code_prints_a_page_or_names_the_neighbours() {
    let page = run(&["explain-code", "mailfw::io::not-found"]);
    assert_eq!((page.code, page.error.as_str()), (0, ""));
    assert!(page.out.contains("This is refused:") && page.out.contains("This is not:"), "{}", page.out);
    let near = run(&["explain-code", "mailfw::io::not-fund"]);
    assert_eq!((near.code, near.out.as_str()), (2, ""));
    assert!(near.error.contains("did you mean `mailfw::io::not-found`"), "{}", near.error);
    let list = run(&["explain-code"]);
    assert!(list.code == 0 && list.out.lines().count() > 20, "{}", list.out);
}

#[test]
fn colours_come_only_where_asked_for() {
    let set = Set::new("policy");
    let plain = run(&["check", set.arg()]);
    assert!(plain.code == 1 && !plain.out.contains('\u{1b}'), "{}", plain.out);
    let colored = run(&["check", set.arg(), "--color", "always"]);
    assert!(colored.out.contains("\u{1b}["), "{}", colored.out);
    let never = outcome(mailfw().args(["--color", "never", "check", set.arg()]).env("CLICOLOR_FORCE", "1"));
    assert!(!never.out.contains('\u{1b}'));
}

#[test]
fn without_a_utf8_locale_output_is_drawn_in_ascii() {
    let set = Set::new("policy");
    let drawn = outcome(mailfw().args(["check", set.arg()]).env("LC_ALL", "C"));
    assert!(drawn.code == 1 && drawn.out.is_ascii(), "{}", drawn.out);
}

#[test]
fn a_reader_that_goes_early_is_no_error() {
    let set = Set::new(GOOD);
    for arguments in [vec!["explain-code"], vec!["man"], vec!["check", set.arg(), "--format", "sarif"]] {
        let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_mailfw"))
            .args(&arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let mut error = String::new();
        child.stderr.take().unwrap().read_to_string(&mut error).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(0), "{arguments:?}: {error}");
        assert_eq!(error, "", "{arguments:?}");
    }
}

#[test]
fn a_full_disk_is_told() {
    let Ok(full) = std::fs::OpenOptions::new().write(true).open("/dev/full") else { return };
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_mailfw"))
        .arg("explain-code")
        .stdout(full)
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(error.contains("mailfw::io::unwritable") && error.contains("standard output"), "{error}");
    assert!(!error.contains("os error"), "{error}");
}
