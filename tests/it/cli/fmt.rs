use super::{GOOD, Set, mailfw, outcome, run};
use std::os::unix::fs::PermissionsExt;

const UGLY: &str = "site{domains @acme.example}   # who we are\ndirectory acme{domain @acme.example\n  content policy p for senders{when text contains \"x\" then drop}\n}\n";

#[test]
fn files_are_formatted_in_place_and_stay_so() {
    let set = Set::new(UGLY);
    let file = set.path().join("main.mfp");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).unwrap();
    let differing = run(&["fmt", "--check", set.arg()]);
    assert_eq!(differing.code, 1, "{}{}", differing.out, differing.error);
    assert!(differing.out.contains("main.mfp"), "{}", differing.out);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), UGLY);
    let formatted = run(&["fmt", set.arg()]);
    assert_eq!(formatted.code, 0, "{}{}", formatted.out, formatted.error);
    let once = std::fs::read_to_string(&file).unwrap();
    assert!(once != UGLY && once.contains("# who we are"), "{once}");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
    assert_eq!(std::fs::read_dir(set.path()).unwrap().count(), 1, "no file is left behind");
    assert_eq!(run(&["fmt", "--check", set.arg()]).code, 0);
    run(&["fmt", set.arg()]);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), once);
}

#[test]
fn standard_input_goes_to_standard_output() {
    let set = Set::new(UGLY);
    run(&["fmt", set.arg()]);
    let once = std::fs::read_to_string(set.path().join("main.mfp")).unwrap();
    for arguments in [["fmt", "-"], ["fmt", "--stdin"]] {
        let formatted = outcome(mailfw().args(arguments).write_stdin(UGLY));
        assert_eq!((formatted.code, formatted.out.as_str()), (0, once.as_str()), "{}", formatted.error);
    }
    let checked = outcome(mailfw().args(["fmt", "--check", "-"]).write_stdin(UGLY));
    assert_eq!(checked.code, 1);
    let checked = outcome(mailfw().args(["fmt", "--check", "-"]).write_stdin(once));
    assert_eq!(checked.code, 0);
}

#[test]
fn what_does_not_parse_is_left_alone() {
    let broken = GOOD.replace("then    quarantine", "then    quarantin");
    let set = Set::new(&broken);
    set.write("other.mfp", UGLY);
    let formatted = run(&["fmt", set.arg()]);
    assert_eq!(formatted.code, 1, "{}{}", formatted.out, formatted.error);
    assert!(formatted.error.contains("main.mfp:"), "{}", formatted.error);
    assert_eq!(std::fs::read_to_string(set.path().join("main.mfp")).unwrap(), broken);
    assert_ne!(
        std::fs::read_to_string(set.path().join("other.mfp")).unwrap(),
        UGLY,
        "the others are still done"
    );
}

#[test]
fn a_link_stays_a_link() {
    let set = Set::new(GOOD);
    let real = set.write("real/words.mfp", UGLY);
    let link = set.path().join("words.mfp");
    std::os::unix::fs::symlink(&real, &link).unwrap();
    assert_eq!(run(&["fmt", link.to_str().unwrap()]).code, 0);
    assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_ne!(std::fs::read_to_string(&real).unwrap(), UGLY);
}

#[test]
fn what_is_not_there_is_exit_code_2() {
    let missing = run(&["fmt", "/nowhere/main.mfp"]);
    assert_eq!(missing.code, 2);
    assert!(missing.error.contains("mailfw::io::not-found"), "{}", missing.error);
}

#[test]
fn nothing_to_check_is_said_and_hidden_folders_are_left_alone() {
    let set = Set::new(UGLY);
    run(&["fmt", set.arg()]);
    let hidden = set.write(".git/main.mfp", UGLY);
    assert_eq!(run(&["fmt", set.arg()]).code, 0);
    assert_eq!(std::fs::read_to_string(&hidden).unwrap(), UGLY);
    let empty = run(&["fmt", "--check", hidden.parent().unwrap().join("..").join("none").to_str().unwrap()]);
    assert_eq!(empty.code, 2);
    std::fs::create_dir(set.path().join("none")).unwrap();
    let empty = run(&["fmt", "--check", set.path().join("none").to_str().unwrap()]);
    assert!(empty.code == 2 && empty.error.contains("no `.mfp` file"), "{}", empty.error);
    let piped = outcome(mailfw().args(["fmt", "--check", "-"]).write_stdin(UGLY));
    assert!(piped.code == 1 && piped.out.contains("standard input is not formatted"), "{}", piped.out);
    let latin = set.write("latin.mfp", b"# a\n# \xe9\n");
    let (fmt, check) = (run(&["fmt", latin.to_str().unwrap()]), run(&["check", latin.to_str().unwrap()]));
    assert_eq!((fmt.code, check.code), (1, 1));
    for said in [fmt.error, check.out] {
        assert!(said.contains("mfp::source::not-utf8") && said.contains("byte 7"), "{said}");
    }
}
