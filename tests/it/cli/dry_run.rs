use super::{GOOD, HELLO, SECRET, Set, example, mail, run};
use crate::schema;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::process::Stdio;

fn set_with_mail() -> (Set, String) {
    let set = Set::new(GOOD);
    let mailbox = set.write("mail.mbox", mail::mbox(1));
    (set, mailbox.to_str().unwrap().to_string())
}

fn json(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn hits_are_named_and_tables_stand_at_the_end() {
    let (set, mailbox) = set_with_mail();
    let tried = run(&["dry-run", set.arg(), &mailbox]);
    assert_eq!((tried.code, tried.error.as_str()), (0, ""), "{}", tried.out);
    for part in [
        "mail.mbox#1",
        "\"A secret\"",
        "quarantine in dlp",
        "secrets of acme",
        "secret",
        "at byte",
        "2 messages to 2 recipients",
    ] {
        assert!(tried.out.contains(part), "{part}: {}", tried.out);
    }
    assert!(!tried.out.contains("mail.mbox#2"), "nothing was found in it: {}", tried.out);
    let outcomes = tried.out.split("Outcome").nth(1).unwrap();
    assert!(outcomes.contains("quarantine in dlp") && outcomes.contains("deliver"), "{}", tried.out);
    let summary = run(&["dry-run", "--summary", set.arg(), &mailbox]);
    assert!(!summary.out.contains("mail.mbox#1") && summary.out.contains("Outcome"), "{}", summary.out);
}

#[test]
fn policies_that_never_triggered_are_named() {
    let (set, _) = set_with_mail();
    let hello = set.write("hello.eml", HELLO);
    let tried = run(&["dry-run", set.arg(), hello.to_str().unwrap()]);
    assert!(tried.out.contains("Never triggered:\n  secrets (acme)"), "{}", tried.out);
}

#[test]
fn json_is_one_documented_object_a_message() {
    let (set, mailbox) = set_with_mail();
    let tried = run(&["dry-run", "--json", set.arg(), &mailbox]);
    assert_eq!((tried.code, tried.error.as_str()), (0, ""));
    let lines = json(&tried.out);
    assert_eq!(lines.len(), 2);
    for line in &lines {
        assert_eq!(schema::errors("dry-run.json", line), Vec::<String>::new(), "{line}");
    }
    let outcome = &lines[0]["record"]["groups"][0]["outcome"];
    assert_eq!((outcome["action"].as_str(), outcome["folder"].as_str()), (Some("quarantine"), Some("dlp")));
    let text = lines[0].to_string();
    assert!(text.contains("\"offset\"") && text.contains("\"matches\""), "{text}");
}

#[test]
fn the_examples_show_every_hit_as_documented() {
    for (name, least) in [("acme", 60), ("figure4", 5)] {
        let (set, mailbox) = (example(name), example(&format!("{name}/mailbox")));
        let tried = run(&["dry-run", "--json", &set, &mailbox]);
        assert_eq!(tried.code, 0, "{}", tried.error);
        let lines = json(&tried.out);
        assert!(lines.len() >= least, "{name}: {} messages", lines.len());
        for line in &lines {
            assert_eq!(schema::errors("dry-run.json", line), Vec::<String>::new(), "{line}");
        }
        let table = run(&["dry-run", &set, &mailbox]);
        assert_eq!(table.code, 0, "{}", table.error);
        let (hits, outcomes) = table.out.split_once(" Outcome ").unwrap();
        assert!(hits.contains("triggered") && outcomes.lines().count() >= 2, "{}", table.out);
    }
}

#[test]
fn over_the_corpus_every_line_is_an_object_and_every_match_has_its_place() {
    let Some(mbox) = crate::corpus::corpus("mbox/trial.mbox") else { return };
    let mbox = mbox.display().to_string();
    let set = Set::new(
        "site { domains @acme.example }\nfolder f { keep 1 day }\ndictionary d { \"free\" weight 1 \"list\" weight 1 }\n\
         directory acme { domain @acme.example\n content policy p for recipients { when score(d in text) >= 2\n \
         then quarantine in f } }\n",
    );
    let tried = run(&["dry-run", "--json", set.arg(), &mbox, "--envelope", "to=anna@acme.example"]);
    assert_eq!((tried.code, tried.error.as_str()), (0, ""));
    let lines = json(&tried.out);
    assert_eq!(lines.len(), 600);
    let mut matches = 0;
    for line in &lines {
        assert_eq!(schema::errors("dry-run.json", line), Vec::<String>::new(), "{line}");
        for policy in line["record"]["groups"][0]["policies"].as_array().unwrap() {
            let triggered = policy["result"] == "triggered";
            let found: usize = policy["clauses"]
                .as_array()
                .into_iter()
                .flatten()
                .flat_map(|clause| clause["evidence"].as_array().into_iter().flatten())
                .filter_map(|evidence| evidence["matches"].as_array())
                .flatten()
                .filter(|found| {
                    found["length"].as_u64().unwrap() > 0 && !found["place"].as_str().unwrap().is_empty()
                })
                .count();
            assert!(!triggered || found > 0, "a triggered policy names what it found: {line}");
            matches += found;
        }
    }
    assert!(matches > 100, "{matches} matches");
    println!("compared {} messages, {matches} matches", lines.len());
}

#[test]
fn what_cannot_be_read_is_told_and_the_others_are_done() {
    let (set, mailbox) = set_with_mail();
    let socket = set.path().join("mail.sock");
    let _listener = UnixListener::bind(&socket).unwrap();
    let nowhere = set.path().join("nowhere.mbox");
    let tried = run(&["dry-run", set.arg(), socket.to_str().unwrap(), nowhere.to_str().unwrap(), &mailbox]);
    assert_eq!(tried.code, 2, "{}", tried.error);
    assert!(tried.error.contains("mail.sock") && tried.error.contains("socket"), "{}", tried.error);
    assert!(tried.error.contains("nowhere.mbox"), "{}", tried.error);
    assert!(
        tried.out.contains("2 messages to 2 recipients") && tried.out.contains("2 could not be read"),
        "{}",
        tried.out
    );
    let json = run(&["dry-run", "--json", set.arg(), socket.to_str().unwrap(), &mailbox]);
    assert_eq!(json.code, 2);
    let statuses: Vec<String> =
        self::json(&json.out).iter().map(|line| line["status"].as_str().unwrap().to_string()).collect();
    assert_eq!(statuses, ["unreadable", "judged", "judged"]);
}

#[test]
fn a_cut_archive_gives_what_was_before_the_cut() {
    let (set, _) = set_with_mail();
    let packed = {
        use flate2::{Compression, write::GzEncoder};
        use std::io::Write;
        let mut encoder = GzEncoder::new(Vec::new(), Compression::none());
        encoder.write_all(mail::mbox(200).as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    let cut = set.write("cut.mbox.gz", &packed[..packed.len() * 3 / 4]);
    let tried = run(&["dry-run", "--summary", set.arg(), cut.to_str().unwrap()]);
    assert_eq!(tried.code, 2, "{}{}", tried.out, tried.error);
    assert!(tried.error.contains("cut.mbox.gz"), "{}", tried.error);
    assert!(tried.out.contains("quarantine in dlp"), "{}", tried.out);
}

#[test]
fn what_would_leave_is_written_and_nothing_else() {
    let (set, mailbox) = set_with_mail();
    let out = set.path().join("out");
    let tried = run(&["dry-run", set.arg(), &mailbox, "--out", out.to_str().unwrap()]);
    assert_eq!(tried.code, 0, "{}", tried.error);
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert_eq!(files.len(), 1, "the held message leaves nothing: {files:?}");
    assert_eq!(std::fs::read_to_string(&files[0]).unwrap().replace("\r\n", "\n"), HELLO);
    let again = run(&["dry-run", set.arg(), &mailbox, "--out", out.to_str().unwrap()]);
    assert_eq!(again.code, 2, "{}", again.out);
    assert!(again.error.contains("is not empty"), "{}", again.error);
}

#[test]
fn against_itself_nothing_differs_and_against_another_the_reason_is_told() {
    let (set, mailbox) = set_with_mail();
    let same = run(&["dry-run", set.arg(), &mailbox, "--against", set.arg()]);
    assert_eq!(same.code, 0, "{}", same.error);
    assert!(same.out.contains("0 decided differently") && !same.out.contains("mail.mbox#"), "{}", same.out);
    let other = Set::new(
        &GOOD
            .replace("for senders {", "for senders observe {")
            .replace("expect  quarantine in dlp", "expect  deliver"),
    );
    let differs = run(&["dry-run", set.arg(), &mailbox, "--against", other.arg()]);
    assert_eq!(differs.code, 0, "{}", differs.error);
    for part in ["mail.mbox#1", "quarantine in dlp, was deliver", "secrets", "1 decided differently"] {
        assert!(differs.out.contains(part), "{part}: {}", differs.out);
    }
    let json = run(&["dry-run", "--json", set.arg(), &mailbox, "--against", other.arg()]);
    let lines = self::json(&json.out);
    assert_eq!(lines.len(), 1);
    assert_eq!(schema::errors("dry-run.json", &lines[0]), Vec::<String>::new());
}

#[test]
fn explain_tells_every_policys_answer() {
    let (set, mailbox) = set_with_mail();
    let explained = run(&["dry-run", "--explain", set.arg(), &mailbox]);
    assert_eq!(explained.code, 0, "{}", explained.error);
    assert!(
        explained.out.contains("mail.mbox#2") && explained.out.contains("does not hold"),
        "{}",
        explained.out
    );
    let json = run(&["dry-run", "--explain", "--json", set.arg(), &mailbox]);
    assert_eq!((json.code, self::json(&json.out).len()), (0, 2), "{}", json.error);
}

#[test]
fn the_envelope_can_be_said() {
    let (set, _) = set_with_mail();
    let secret = set.write("secret.eml", SECRET);
    let inside = run(&[
        "dry-run",
        "--summary",
        set.arg(),
        secret.to_str().unwrap(),
        "--envelope",
        "to=ben@acme.example",
    ]);
    assert!(inside.code == 0 && !inside.out.contains("quarantine"), "{}{}", inside.out, inside.error);
    let wrong = run(&["dry-run", set.arg(), secret.to_str().unwrap(), "--envelope", "nobody"]);
    assert!(wrong.code == 2 && wrong.error.contains("nobody"), "{}", wrong.error);
}

#[test]
fn the_number_of_messages_can_be_limited() {
    let (set, _) = set_with_mail();
    let many = set.write("many.mbox", mail::mbox(50));
    let tried = run(&["dry-run", "--json", "--limit", "7", "--jobs", "1", set.arg(), many.to_str().unwrap()]);
    assert_eq!((tried.code, json(&tried.out).len()), (0, 7), "{}", tried.error);
}

#[test]
fn a_reader_that_goes_early_ends_the_run_quietly() {
    let (set, _) = set_with_mail();
    let many = set.write("many.mbox", mail::mbox(3000));
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_mailfw"))
        .args(["dry-run", "--json", set.arg(), many.to_str().unwrap()])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut reader = BufReader::new(child.stdout.take().unwrap());
    let mut first = String::new();
    reader.read_line(&mut first).unwrap();
    drop(reader);
    let mut error = String::new();
    child.stderr.take().unwrap().read_to_string(&mut error).unwrap();
    assert_eq!((child.wait().unwrap().code(), error.as_str()), (Some(0), ""));
    assert!(serde_json::from_str::<Value>(&first).is_ok());
}

#[test]
fn escape_sequences_in_mail_do_not_reach_the_terminal() {
    let (set, _) = set_with_mail();
    let hostile = SECRET.replace("Subject: A secret", "Subject: A secret \u{1b}]0;owned\u{7}\u{1b}[2J");
    let file = set.write("hostile.eml", hostile.replace("The secret is out", "The secret\u{1b}[31m is out"));
    for command in ["dry-run", "explain"] {
        let shown = run(&[command, set.arg(), file.to_str().unwrap()]);
        assert!(shown.code == 0 && shown.out.contains("A secret"), "{}", shown.error);
        assert!(!shown.out.contains('\u{1b}') && !shown.out.contains('\u{7}'), "{}", shown.out);
    }
}

#[test]
fn what_was_assumed_is_said_with_its_messages_and_can_be_left_open() {
    let set = Set::new(&GOOD.replace(
        "    content policy secrets",
        "    virus policy scan for senders { when virus.found then drop }\n    content policy listed for both { when client in dnsbl \"zen.example\" then quarantine in dlp }\n    content policy secrets",
    ));
    let mailbox = set.write("mail.mbox", mail::mbox(1));
    let mailbox = mailbox.to_str().unwrap();
    let tried = run(&["dry-run", "--summary", set.arg(), mailbox]);
    for part in [
        "Policies asked what a mailbox does not tell; taken instead",
        "taken as clean (2 messages)",
        "client: nothing tells",
    ] {
        assert!(tried.out.contains(part), "{part}: {}{}", tried.out, tried.error);
    }
    assert!(!tried.out.contains("SPF"), "nobody asked for it: {}", tried.out);
    let open = run(&["dry-run", "--summary", "--undecided", set.arg(), mailbox]);
    assert!(open.out.contains("left open (2 messages)") && !open.out.contains("deliver"), "{}", open.out);
    let json = run(&["dry-run", "--json", set.arg(), mailbox]);
    assert!(self::json(&json.out)[0]["assumed"].to_string().contains("clean"), "{}", json.out);
}

#[test]
fn a_message_of_a_mailbox_is_explained_by_the_name_a_dry_run_prints() {
    let (set, mailbox) = set_with_mail();
    let named = format!("{mailbox}#1");
    let explained = run(&["explain", set.arg(), &named]);
    assert!(
        explained.code == 0 && explained.out.contains("A secret"),
        "{}{}",
        explained.out,
        explained.error
    );
    let tried = run(&["dry-run", set.arg(), &named]);
    assert!(tried.out.contains("mail.mbox#1") && tried.out.contains("1 message to"), "{}", tried.out);
    let piped = super::outcome(super::mailfw().args(["dry-run", set.arg(), "-"]).write_stdin(mail::mbox(1)));
    assert!(piped.code == 0 && piped.out.contains("standard input#1"), "{}{}", piped.out, piped.error);
}

#[test]
fn what_is_no_mail_is_refused_with_its_mend_and_in_folders_named() {
    let (set, _) = set_with_mail();
    let packed = set.write("mail.xz", b"\xfd7zXZ\0\0\x04");
    let tried = run(&["dry-run", set.arg(), packed.to_str().unwrap()]);
    assert_eq!(tried.code, 2, "{}", tried.out);
    for part in ["mailfw::mailbox::format", "is no mailbox: it is packed with xz", "xz -d"] {
        assert!(tried.error.contains(part), "{part}: {}", tried.error);
    }
    set.write("box/notes.txt", "no mail\n");
    set.write("box/.hidden", SECRET);
    set.write("box/a.eml", SECRET);
    let folder = set.path().join("box");
    let tried = run(&["dry-run", "--summary", set.arg(), folder.to_str().unwrap()]);
    assert_eq!(tried.code, 0, "{}", tried.error);
    for part in ["2 entries of folders passed over", "notes.txt (no mail)", ".hidden (hidden)"] {
        assert!(tried.error.contains(part), "{part}: {}", tried.error);
    }
}

#[test]
fn policies_that_could_not_trigger_stand_apart_from_those_that_never_did() {
    let set = Set::new(&GOOD.replace(
        "    content policy secrets",
        "    content policy gone for senders off { tag \"t\" }\n    content policy past for senders until 2001-01-01 { tag \"t\" }\n    content policy secrets",
    ));
    let hello = set.write("hello.eml", HELLO);
    let tried = run(&["dry-run", "--summary", set.arg(), hello.to_str().unwrap()]);
    for part in [
        "Never triggered:\n  secrets (acme)\n",
        "out of their dates:\n  past (acme)\n",
        "Off:\n  gone (acme)\n",
    ] {
        assert!(tried.out.contains(part), "{part}: {}{}", tried.out, tried.error);
    }
}

#[test]
fn an_interrupt_ends_a_run_with_the_tables_so_far() {
    let (set, _) = set_with_mail();
    let many = set.write("many.mbox", mail::mbox(60_000));
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_mailfw"))
        .args(["dry-run", set.arg(), many.to_str().unwrap()])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut reader = BufReader::new(child.stdout.take().unwrap());
    let mut out = String::new();
    reader.read_line(&mut out).unwrap();
    let sent = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
    reader.read_to_string(&mut out).unwrap();
    let mut error = String::new();
    child.stderr.take().unwrap().read_to_string(&mut error).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{error}");
    assert!(error.contains("interrupted after ") && out.contains("Outcome"), "{error}");
}

#[test]
fn numbers_and_rules_are_refused_in_plain_words() {
    let (set, mailbox) = set_with_mail();
    for (option, value, part) in [
        ("--limit", "0", "a whole number from 1"),
        ("--jobs", "x", "a whole number from 1"),
        ("--trust", "x", "a whole number from 0"),
        ("--envelope", "headers,traces", "either `headers` or `traces`"),
    ] {
        let tried = run(&["dry-run", set.arg(), &mailbox, option, value]);
        assert!(tried.code == 2 && tried.error.contains(part), "{option}: {}", tried.error);
    }
}

#[test]
fn a_policy_that_acts_where_it_was_observed_is_the_reason_of_a_difference() {
    let (set, mailbox) = set_with_mail();
    let other = Set::new(
        &GOOD
            .replace("for senders {", "for senders observe {")
            .replace("expect  quarantine in dlp", "expect  deliver"),
    );
    let differs = run(&["dry-run", set.arg(), &mailbox, "--against", other.arg()]);
    assert!(differs.out.contains("acts, was only observed"), "{}", differs.out);
}
