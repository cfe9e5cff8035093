use super::{GOOD, Set, example, mailfw, outcome, run};
use crate::schema;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixListener;

/// A set with a mistake in its policy's condition and one in its disposition.
const TWO_MISTAKES: &str = r#"site { domains @acme.example }
directory acme {
    domain @acme.example
    content policy p for senders {
        when subjekt contains "x"
        then quarantine in nowhere
    }
}
"#;

#[test]
fn the_examples_check_without_a_word() {
    for name in ["acme", "figure4"] {
        let checked = run(&["check", "--deny", "warnings", &example(name)]);
        assert_eq!(checked.code, 0, "{name}: {}{}", checked.out, checked.error);
        assert!(checked.out.contains("nothing to report"), "{}", checked.out);
    }
}

#[test]
fn mistakes_are_all_shown_with_code_place_and_help() {
    let set = Set::new(TWO_MISTAKES);
    let checked = run(&["check", set.arg()]);
    assert_eq!((checked.code, checked.error.as_str()), (1, ""), "{}", checked.out);
    for part in [
        "main.mfp:5:",
        "main.mfp:6:",
        "`subjekt`",
        "`nowhere`",
        "help: ",
        "2 errors",
        "mailfw explain-code mfp::",
    ] {
        assert!(checked.out.contains(part), "{part}: {}", checked.out);
    }
}

#[test]
fn json_is_one_documented_object_a_line() {
    let set = Set::new(TWO_MISTAKES);
    let checked = run(&["check", "--format", "json", set.arg()]);
    assert_eq!(checked.code, 1);
    let lines: Vec<serde_json::Value> =
        checked.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2, "{}", checked.out);
    for line in &lines {
        assert_eq!(schema::errors("diagnostic.json", line), Vec::<String>::new(), "{line}");
        assert!(line["help"].is_string(), "{line}");
    }
    assert_eq!(lines[0]["start"]["line"], 5);
    let clean = Set::new(GOOD);
    let checked = run(&["check", "--format", "json", clean.arg()]);
    assert_eq!((checked.code, checked.out.as_str()), (0, ""));
}

#[test]
fn sarif_names_rules_and_results() {
    let set = Set::new(TWO_MISTAKES);
    let checked = run(&["check", "--format", "sarif", set.arg()]);
    let log: serde_json::Value = serde_json::from_str(&checked.out).unwrap();
    assert_eq!((checked.code, log["version"].as_str()), (1, Some("2.1.0")));
    let results = log["runs"][0]["results"].as_array().unwrap();
    assert_eq!(results.len(), 2);
    let rules = log["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    for result in results {
        assert!(rules.iter().any(|rule| rule["id"] == result["ruleId"]));
    }
}

#[test]
fn warnings_refuse_only_where_denied() {
    let set = Set::new(&format!("{GOOD}\nfolder unused {{ keep 1 day }}\n"));
    let checked = run(&["check", set.arg()]);
    assert_eq!(checked.code, 0, "{}", checked.out);
    assert!(checked.out.contains("1 warning"), "{}", checked.out);
    assert_eq!(run(&["check", set.arg(), "--deny", "warnings"]).code, 1);
}

#[test]
fn one_file_is_a_set_as_well() {
    let set = Set::new(GOOD);
    let file = set.path().join("main.mfp");
    assert_eq!(run(&["check", file.to_str().unwrap()]).code, 0);
}

#[test]
fn what_is_not_there_is_exit_code_2_with_what_lies_beside_it() {
    let set = Set::new(GOOD);
    set.write("policies/main.mfp", GOOD);
    let wrong = set.path().join("polices");
    let checked = run(&["check", wrong.to_str().unwrap()]);
    assert_eq!((checked.code, checked.out.as_str()), (2, ""));
    assert!(
        checked.error.contains("mailfw::io::not-found") && checked.error.contains("policies`"),
        "{}",
        checked.error
    );
    let empty = tempfile::tempdir().unwrap();
    let checked = run(&["check", empty.path().to_str().unwrap()]);
    assert_eq!(checked.code, 2, "{}", checked.out);
    assert!(checked.error.contains("main.mfp"), "{}", checked.error);
}

#[test]
fn a_socket_is_no_policy_set() {
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("mail.sock");
    let _listener = UnixListener::bind(&socket).unwrap();
    let checked = run(&["check", socket.to_str().unwrap()]);
    assert_eq!(checked.code, 2, "{}", checked.out);
    assert!(checked.error.contains("a socket"), "{}", checked.error);
    std::fs::create_dir(dir.path().join("set")).unwrap();
    let _other = UnixListener::bind(dir.path().join("set/main.mfp")).unwrap();
    let checked = run(&["check", dir.path().join("set").to_str().unwrap()]);
    assert!(matches!(checked.code, 1 | 2), "{}", checked.out);
    assert!(
        checked.error.contains("a socket") || checked.out.contains("not a file"),
        "{}{}",
        checked.out,
        checked.error
    );
}

#[test]
fn a_path_that_is_not_utf8_is_told_so() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(OsStr::from_bytes(b"pol\xefcies"));
    std::fs::create_dir(&path).unwrap();
    std::fs::write(path.join("main.mfp"), GOOD).unwrap();
    let checked = outcome(mailfw().arg("check").arg(&path));
    assert_eq!(checked.code, 2, "{}", checked.out);
    assert!(checked.error.contains("mailfw::io::path-not-utf8"), "{}", checked.error);
}

#[test]
fn a_policy_that_is_not_utf8_is_a_diagnostic() {
    let set = Set::new(GOOD);
    let mut bytes = b"# Gr\xfc\xdfe\n".to_vec();
    bytes.extend_from_slice(GOOD.as_bytes());
    set.write("main.mfp", bytes);
    let checked = run(&["check", set.arg()]);
    assert_eq!(checked.code, 1, "{}{}", checked.out, checked.error);
    assert!(checked.out.contains("UTF-8"), "{}", checked.out);
}

#[test]
fn a_policy_of_fifty_megabytes_is_refused_at_once() {
    let set = Set::new(GOOD);
    set.write("main.mfp", "# a comment that goes on and on\n".repeat(50_000_000 / 32));
    let start = std::time::Instant::now();
    let checked = run(&["check", set.arg()]);
    assert_eq!(checked.code, 1, "{}{}", checked.out, checked.error);
    assert!(checked.out.contains("main.mfp") && checked.out.contains("help: "), "{}", checked.out);
    assert!(start.elapsed().as_secs() < 10, "{:?}", start.elapsed());
}

#[test]
fn hostile_policies_get_diagnostics() {
    let cases = [
        "(".repeat(100_000),
        "directory a { ".repeat(1_000),
        "\"".repeat(9_999),
        "policy p { when ".to_string() + &"not ".repeat(50_000),
        "\u{0}\u{1b}[2J".repeat(1_000),
        String::new(),
    ];
    for case in cases {
        let set = Set::new(&case);
        let checked = run(&["check", set.arg()]);
        assert!(matches!(checked.code, 0 | 1), "{}: {}", &case[..case.len().min(20)], checked.error);
        assert!(!checked.out.contains('\u{1b}'));
        assert_eq!(checked.error, "");
    }
}

#[test]
fn what_looks_checked_and_is_not_is_a_warning() {
    let set = Set::new(GOOD);
    set.write("forgotten.mfp", "dictionary d { \"x\" weight 1 }\n");
    let checked = run(&["check", "--deny", "warnings", set.arg()]);
    assert!(checked.code == 1 && checked.out.contains("forgotten.mfp"), "{}", checked.out);
    let bare = Set::new("site { domains @acme.example }\n");
    let checked = run(&["check", "--deny", "warnings", bare.arg()]);
    assert!(checked.code == 1 && checked.out.contains("mailfw::set::no-policies"), "{}", checked.out);
    for format in ["json", "sarif"] {
        assert!(run(&["check", "--format", format, bare.arg()]).out.contains("no-policies"));
    }
    let mail = set.write("mail.mbox", super::mail::mbox(1));
    let swapped = run(&["dry-run", mail.to_str().unwrap(), set.arg()]);
    assert!(
        swapped.code == 2 && swapped.error.contains("is no policy file: it is mail"),
        "{}",
        swapped.error
    );
}
