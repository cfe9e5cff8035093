//! What a crash, a disk and another process do to a store.

use super::*;
use mailfw::relay::store::StoreError;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::time::Duration;

fn one(number: u32, content: &[u8]) -> Change {
    accept(number, content, vec![new_copy(&["a@b.example"], queued(0))])
}

#[test]
fn another_process_that_opens_the_store_deletes_nothing_that_is_being_written() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    // A content of a batch that stands in the line: its file is there, its row is not.
    let stray = folder.path().join("bodies").join("1-1");
    std::fs::write(&stray, b"x").unwrap();
    let (other, recovered) = SqliteStore::open(folder.path(), options()).unwrap();
    assert_eq!(recovered.leftovers, 0);
    assert!(stray.exists());
    drop((store, other));
    let (_store, recovered) = SqliteStore::open(folder.path(), options()).unwrap();
    assert_eq!(recovered.leftovers, 1);
    assert!(!stray.exists());
}

#[test]
fn contents_that_were_never_accepted_go_and_those_that_were_stay() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    store.commit(vec![one(1, &large(1))]).unwrap();
    drop(store);
    let bodies = folder.path().join("bodies");
    std::fs::write(bodies.join("ab-1"), b"x").unwrap();
    std::fs::write(bodies.join("ab-2.tmp"), b"x").unwrap();
    let (store, recovered) = SqliteStore::open(folder.path(), options()).unwrap();
    assert_eq!((recovered.queued, recovered.leftovers), (1, 2));
    assert_eq!(store.content(&copy_id(1, 1)).unwrap(), large(1));
}

#[test]
fn a_damaged_content_concerns_its_copy_alone() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let small: Vec<u8> = b"needle in the database".to_vec();
    store.commit(vec![one(1, &large(1)), one(2, &small), one(3, &large(3)), one(4, b"whole")]).unwrap();
    drop(store);
    for file in body_files(folder.path()) {
        let mut bytes = std::fs::read(&file).unwrap();
        if bytes == large(1) {
            bytes[2_500] ^= 1;
            std::fs::write(&file, bytes).unwrap();
        }
    }
    let database = folder.path().join("queue.sqlite");
    let mut bytes = std::fs::read(&database).unwrap();
    let at = bytes.windows(small.len()).position(|window| window == small).unwrap();
    bytes[at + 3] ^= 0x20;
    std::fs::write(&database, bytes).unwrap();
    let (store, _) = SqliteStore::open(folder.path(), options()).unwrap();
    for number in [1, 2] {
        assert!(matches!(store.content(&copy_id(number, 1)), Err(StoreError::Corrupt(_))), "{number}");
    }
    assert_eq!(store.content(&copy_id(3, 1)).unwrap(), large(3));
    assert_eq!(store.original(&message_id(4)).unwrap(), b"whole");
    assert_eq!(store.list(&Filter::default()).unwrap().len(), 4);
}

#[test]
fn a_record_that_cannot_be_read_stops_nothing_is_named_and_is_kept_aside_with_its_content() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    store.commit(vec![one(1, &large(1)), one(2, b"x"), one(3, b"x")]).unwrap();
    drop(store);
    let raw = rusqlite::Connection::open(folder.path().join("queue.sqlite")).unwrap();
    raw.execute("UPDATE copies SET recipients = '[{' WHERE message = ?", [message_id(1).as_str()]).unwrap();
    raw.execute_batch("DROP TRIGGER copies_move").unwrap();
    raw.execute("UPDATE copies SET place = 77 WHERE message = ?", [message_id(2).as_str()]).unwrap();
    drop(raw);
    for _ in 0..2 {
        // It is told each time, as long as nobody has looked after it.
        let (store, recovered) = SqliteStore::open(folder.path(), options()).unwrap();
        assert_eq!((recovered.queued, recovered.damaged.len(), recovered.leftovers), (1, 2, 0));
        assert!(recovered.damaged[0].starts_with(&format!("{}: ", copy_id(1, 1))), "{:?}", recovered.damaged);
        assert_eq!(names(&store, &Filter::default()), [copy_id(3, 1)]);
        assert_eq!(store.original(&message_id(1)).unwrap(), large(1));
        store.commit(vec![Change::Event(event(1, 1, "seen"))]).unwrap();
    }
    let raw = rusqlite::Connection::open(folder.path().join("queue.sqlite")).unwrap();
    let kept: String = raw
        .query_row("SELECT recipients FROM damaged WHERE message = ?", [message_id(1).as_str()], |row| {
            row.get(0)
        })
        .unwrap();
    assert_eq!(kept, "[{");
}

#[test]
fn pages_that_are_damaged_stop_neither_the_start_nor_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    for number in 1..400 {
        store.commit(vec![one(number, &[number as u8; 200])]).unwrap();
    }
    drop(store);
    let database = folder.path().join("queue.sqlite");
    let whole = std::fs::read(&database).unwrap();
    let raw = rusqlite::Connection::open(&database).unwrap();
    let pages = |table: &str| -> Vec<usize> {
        let mut statement = raw
            .prepare("SELECT pageno FROM dbstat WHERE name = ? AND pagetype = 'leaf' ORDER BY pageno")
            .unwrap();
        statement.query_map([table], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    for table in ["copies", "messages", "bodies", "entries", "events"] {
        let Some(page) = pages(table).into_iter().nth(1) else { continue };
        let mut bytes = whole.clone();
        bytes[(page - 1) * 4_096..(page - 1) * 4_096 + 16].fill(0xff);
        let damaged = tempfile::tempdir().unwrap();
        std::fs::write(damaged.path().join("queue.sqlite"), bytes).unwrap();
        let opened = SqliteStore::open(damaged.path(), options());
        let (store, _) = opened.unwrap_or_else(|error| panic!("{table}: {error}"));
        let read = (1..400).filter(|number| store.content(&copy_id(*number, 1)).is_ok()).count();
        assert!(read > 300, "{table}: {read}");
        store.commit(vec![one(1_000, b"more")]).unwrap_or_else(|error| panic!("{table}: {error}"));
    }
}

#[test]
fn a_database_that_is_none_and_one_of_a_later_version_are_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    drop(open(folder.path()));
    let database = folder.path().join("queue.sqlite");
    let raw = rusqlite::Connection::open(&database).unwrap();
    raw.pragma_update(None, "user_version", 999).unwrap();
    drop(raw);
    assert!(matches!(SqliteStore::open(folder.path(), options()), Err(StoreError::Broken(_))));
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("queue.sqlite");
    std::fs::write(&database, vec![b'?'; 10_000]).unwrap();
    assert!(matches!(SqliteStore::open(folder.path(), options()), Err(StoreError::Corrupt(_))));
    assert_eq!(std::fs::read(&database).unwrap(), vec![b'?'; 10_000]);
}

/// Runs one of the children below in a process of its own.
pub(super) fn child(name: &str, folder: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args([&format!("relay::store::{name}"), "--exact", "--ignored", "--nocapture"])
        .env("MAILFW_STORE_FOLDER", folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    command
}

pub(super) fn folder_of_child() -> std::path::PathBuf {
    std::env::var_os("MAILFW_STORE_FOLDER").expect("this runs as the child of another test").into()
}

/// Not a test: submits from four threads and prints what is confirmed.
#[test]
#[ignore = "the child of another test"]
fn child_that_submits() {
    let store = shared(open(&folder_of_child()));
    let first: u32 = std::env::var("MAILFW_STORE_FIRST").unwrap().parse().unwrap();
    for thread in 0..4u32 {
        let store = store.clone();
        std::thread::spawn(move || {
            for step in 0..10_000 {
                let number = first + thread * 10_000 + step;
                let content = if step % 5 == 0 { large(number as u8) } else { vec![number as u8; 300] };
                store.submit(
                    vec![one(number, &content), Change::Event(event(number, 1, "accepted"))],
                    Box::new(move |result| {
                        result.unwrap();
                        let mut out = std::io::stdout().lock();
                        writeln!(out, "confirmed {number}").unwrap();
                        out.flush().unwrap();
                    }),
                );
            }
        });
    }
    std::thread::sleep(Duration::from_secs(60));
}

#[test]
fn everything_that_was_confirmed_before_a_kill_is_there_afterwards() {
    let folder = tempfile::tempdir().unwrap();
    let mut confirmed: Vec<u32> = Vec::new();
    for round in 0..20u64 {
        let mut child = child("recovery::child_that_submits", folder.path())
            .env("MAILFW_STORE_FIRST", (round * 100_000 + 1).to_string())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        // Somewhere after the first that is confirmed, at another point each time.
        let mut numbers = lines.lines().map_while(Result::ok).filter_map(|line| {
            line.rsplit_once("confirmed ").and_then(|(_, number)| number.parse::<u32>().ok())
        });
        confirmed.push(numbers.next().unwrap());
        std::thread::sleep(Duration::from_micros(round * round * 337 % 40_000));
        child.kill().unwrap();
        confirmed.extend(numbers);
        child.wait().unwrap();
    }
    let (store, recovered) = SqliteStore::open(folder.path(), options()).unwrap();
    assert_eq!(recovered.damaged, Vec::<String>::new());
    assert!(recovered.queued >= confirmed.len() as u64, "{recovered:?}");
    assert!(confirmed.len() >= 20);
    for number in confirmed {
        let step = (number - 1) % 100_000 % 10_000;
        let content = if step % 5 == 0 { large(number as u8) } else { vec![number as u8; 300] };
        assert_eq!(store.content(&copy_id(number, 1)).unwrap(), content, "{number}");
        assert_eq!(store.events(&message_id(number)).unwrap().len(), 1);
    }
    // A batch is there whole or not at all.
    for copy in names(&store, &Filter::default()) {
        assert_eq!(store.events(&copy.message).unwrap().len(), 1);
        store.content(&copy).unwrap();
    }
}

/// A small file system of its own, where the one who runs the tests may make one.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn mounted() -> Option<SmallDisk> {
        let folder = tempfile::tempdir().unwrap();
        let mount = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=4m", "tmpfs"])
            .arg(folder.path())
            .stderr(Stdio::null())
            .status();
        mount.is_ok_and(|status| status.success()).then_some(SmallDisk(folder))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        drop(Command::new("umount").arg(self.0.path()).status());
    }
}

#[test]
fn a_full_disk_refuses_what_does_not_fit_loses_nothing_and_works_again_with_room() {
    let Some(disk) = SmallDisk::mounted() else {
        println!("skipped: no file system can be mounted here");
        return;
    };
    let folder = disk.0.path().join("queue");
    for file_from in [usize::MAX, 1_000] {
        let options = Options { body_file_bytes: file_from, ..options() };
        let (store, _) = SqliteStore::open(&folder, options.clone()).unwrap();
        let content = vec![b'x'; 20_000];
        let mut kept = Vec::new();
        let error = (1..500).find_map(|number| match store.commit(vec![one(number, &content)]) {
            Ok(()) => {
                kept.push(number);
                None
            }
            Err(error) => Some(error),
        });
        assert!(matches!(error, Some(StoreError::Full(_))), "{error:?}");
        assert!(kept.len() > 10);
        // Still full, and still no other error.
        assert!(matches!(store.commit(vec![one(600, &content)]), Err(StoreError::Full(_))));
        for number in &kept {
            assert_eq!(store.content(&copy_id(*number, 1)).unwrap(), content);
        }
        let counts: u64 = store.counts().unwrap().iter().map(|(_, copies, _)| copies).sum();
        assert_eq!(counts, kept.len() as u64);
        // Room is made by others; then all goes on without a restart.
        let remount = Command::new("mount").args(["-o", "remount,size=16m"]).arg(disk.0.path()).status();
        assert!(remount.unwrap().success());
        store.commit(vec![one(700, &content)]).unwrap();
        drop(store);
        let (store, recovered) = SqliteStore::open(&folder, options).unwrap();
        assert_eq!((recovered.queued, recovered.leftovers), (kept.len() as u64 + 1, 0));
        drop(store);
        std::fs::remove_dir_all(&folder).unwrap();
        let remount = Command::new("mount").args(["-o", "remount,size=4m"]).arg(disk.0.path()).status();
        assert!(remount.unwrap().success());
    }
}
