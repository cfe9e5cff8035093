//! How often it is synced, and what comes of a sync that fails: with `strace`, where it is there and may look.

use super::recovery::{child, folder_of_child};
use super::*;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::mpsc;

/// Not a test: submits one after the other, and prints what comes of it.
#[test]
#[ignore = "the child of another test"]
fn child_that_commits_one_by_one() {
    let store = open(&folder_of_child());
    for number in 1..=30 {
        let copies = vec![new_copy(&["a@b.example"], queued(0))];
        match store.commit(vec![accept(number, b"content", copies)]) {
            Ok(()) => println!("\nconfirmed {number}"),
            Err(error) => println!("\nrefused {number}: {error:?}"),
        }
    }
}

/// Not a test: submits many without waiting, and prints how many were confirmed.
#[test]
#[ignore = "the child of another test"]
fn child_that_commits_many() {
    let store = open(&folder_of_child());
    let (told, results) = mpsc::channel();
    for number in 1..=1_000 {
        let (told, copies) = (told.clone(), vec![new_copy(&["a@b.example"], queued(0))]);
        store.submit(
            vec![accept(number, b"content", copies)],
            Box::new(move |result| told.send(result).unwrap()),
        );
    }
    drop(told);
    println!("\nconfirmed {}", results.iter().filter(Result::is_ok).count());
}

/// What a child prints under `strace`, and what that writes; `None` where it is not there or may not look.
fn traced(name: &str, folder: &Path, inject: Option<&str>) -> Option<(String, String)> {
    if !Command::new("strace")
        .args(["-f", "-o", "/dev/null", "true"])
        .status()
        .is_ok_and(|done| done.success())
    {
        println!("skipped: strace is not there, or may not look");
        return None;
    }
    let log: PathBuf = folder.join("trace");
    let queue = folder.join("queue");
    // Each thread's syncs are counted for themselves: the child opens what is there already, with few of them.
    drop(open(&queue));
    let mut command = Command::new("strace");
    command.args(["-f", "-e", "trace=fsync,fdatasync", "-o"]).arg(&log);
    if let Some(inject) = inject {
        command.args(["-e", &format!("inject=fsync,fdatasync:error=EIO:when={inject}")]);
    }
    let child = child(&format!("syncs::{name}"), &queue);
    command.arg(child.get_program()).args(child.get_args());
    command.env("MAILFW_STORE_FOLDER", &queue).stderr(Stdio::null());
    let output = command.output().ok()?;
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(printed.contains("confirmed "), "{printed}");
    Some((printed, std::fs::read_to_string(&log).unwrap()))
}

fn numbers(printed: &str, what: &str) -> Vec<u32> {
    let of = |line: &str| line.strip_prefix(what)?.split(':').next()?.trim().parse().ok();
    printed.lines().filter_map(of).collect()
}

#[test]
fn each_confirmation_comes_behind_a_sync_and_those_who_wait_together_share_one() {
    let folder = tempfile::tempdir().unwrap();
    let Some((printed, trace)) = traced("child_that_commits_one_by_one", folder.path(), None) else { return };
    assert_eq!(numbers(&printed, "confirmed ").len(), 30);
    assert!(trace.matches("sync(").count() >= 30, "{trace}");
    let folder = tempfile::tempdir().unwrap();
    let Some((printed, trace)) = traced("child_that_commits_many", folder.path(), None) else { return };
    assert_eq!(numbers(&printed, "confirmed "), [1_000]);
    let syncs = trace.matches("sync(").count();
    assert!(syncs < 300, "{syncs} syncs for a thousand messages");
}

#[test]
fn a_sync_that_fails_refuses_its_batch_alone_and_nothing_of_it_comes_back() {
    for nth in [4, 5, 7, 12] {
        let folder = tempfile::tempdir().unwrap();
        let inject = nth.to_string();
        let Some((printed, _)) = traced("child_that_commits_one_by_one", folder.path(), Some(&inject)) else {
            return;
        };
        let (confirmed, refused) = (numbers(&printed, "confirmed "), numbers(&printed, "refused "));
        assert_eq!((confirmed.len(), refused.len()), (29, 1), "the {nth}. sync fails: {printed}");
        let (store, recovered) = SqliteStore::open(&folder.path().join("queue"), options()).unwrap();
        assert_eq!(recovered.queued, 29);
        assert!(store.copy(&copy_id(refused[0], 1)).unwrap().is_none());
    }
}

#[test]
fn syncs_that_go_on_failing_close_the_store_and_lose_nothing_that_was_confirmed() {
    let folder = tempfile::tempdir().unwrap();
    let Some((printed, _)) = traced("child_that_commits_one_by_one", folder.path(), Some("6+")) else {
        return;
    };
    let (confirmed, refused) = (numbers(&printed, "confirmed "), numbers(&printed, "refused "));
    assert_eq!(confirmed.len() + refused.len(), 30);
    assert!(refused.len() >= 20, "{printed}");
    assert!(printed.contains("Broken("), "{printed}");
    let store = open(&folder.path().join("queue"));
    for number in confirmed {
        assert_eq!(store.content(&copy_id(number, 1)).unwrap(), b"content");
    }
}
