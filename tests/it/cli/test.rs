use super::{GOOD, Set, example, run};

const FAILING: &str = r#"
test "this fails" {
    from    anna@acme.example
    to      buyer@shop.example
    subject "A secret"
    expect  deliver
    expect  not fired secrets
}
"#;

#[test]
fn the_examples_pass_and_report_coverage() {
    for name in ["acme", "figure4"] {
        let tested = run(&["test", "--coverage", &example(name)]);
        assert_eq!(tested.code, 0, "{name}: {}{}", tested.out, tested.error);
        assert!(tested.out.contains(" 0 failed") && tested.out.contains("Coverage: "), "{}", tested.out);
    }
}

#[test]
fn a_failing_test_says_what_was_expected_and_what_came_and_why() {
    let set = Set::new(&format!("{GOOD}{FAILING}"));
    let tested = run(&["test", set.arg()]);
    assert_eq!((tested.code, tested.error.as_str()), (1, ""), "{}", tested.out);
    for part in ["this fails (", "main.mfp:36)", "expected", "but it was: ", "secrets", "2 passed, 1 failed"]
    {
        assert!(tested.out.contains(part), "{part}: {}", tested.out);
    }
    let quiet = run(&["test", "--quiet", set.arg()]);
    assert!(!quiet.out.contains("anything else goes") && quiet.out.contains("this fails"), "{}", quiet.out);
}

#[test]
fn the_filter_runs_what_is_meant() {
    let set = Set::new(&format!("{GOOD}{FAILING}"));
    let tested = run(&["test", set.arg(), "--filter", "SECRET"]);
    assert!(tested.code == 0 && tested.out.contains("1 passed, 0 failed, 2 left out"), "{}", tested.out);
    let none = run(&["test", set.arg(), "--filter", "no such name"]);
    assert_eq!(none.code, 2);
    assert!(none.error.contains("mailfw::usage"), "{}", none.error);
}

#[test]
fn coverage_below_its_threshold_fails() {
    let set = Set::new(GOOD);
    let enough = run(&["test", set.arg(), "--min-coverage", "50"]);
    assert_eq!(enough.code, 0, "{}", enough.out);
    let short = run(&["test", set.arg(), "--min-coverage", "100"]);
    assert_eq!(short.code, 1, "{}", short.out);
    assert!(short.out.contains("unless") && short.out.contains("below 100 %"), "{}", short.out);
}

#[test]
fn junit_is_written_beside_what_people_read() {
    let set = Set::new(&format!("{GOOD}{FAILING}"));
    let file = set.path().join("report.xml");
    let tested = run(&["test", set.arg(), "--junit", file.to_str().unwrap()]);
    assert_eq!(tested.code, 1);
    let xml = std::fs::read_to_string(&file).unwrap();
    assert!(xml.contains("tests=\"3\" failures=\"1\"") && xml.contains("<failure "), "{xml}");
    let nowhere = run(&["test", set.arg(), "--junit", "/nowhere/report.xml"]);
    assert_eq!(nowhere.code, 2);
    assert!(nowhere.error.contains("mailfw::io::unwritable"), "{}", nowhere.error);
}

#[test]
fn a_set_with_errors_is_not_tested() {
    let set = Set::new(&GOOD.replace("text contains", "txet contains"));
    let tested = run(&["test", set.arg()]);
    assert_eq!((tested.code, tested.out.as_str()), (1, ""));
    assert!(tested.error.contains("`txet`"), "{}", tested.error);
}

#[test]
fn a_set_without_tests_fails_unless_that_is_allowed() {
    let set = Set::new(GOOD.split("\ntest ").next().unwrap());
    let tested = run(&["test", set.arg()]);
    assert!(tested.code == 1 && tested.error.contains("has no tests"), "{}{}", tested.out, tested.error);
    assert!(!tested.out.contains("-0 ms"), "{}", tested.out);
    assert_eq!(run(&["test", "--allow-none", set.arg()]).code, 0);
    let bare = Set::new("site { domains @acme.example }\n");
    let covered = run(&["test", "--min-coverage", "90", bare.arg()]);
    assert!(covered.code == 1 && !covered.out.contains("100"), "{}", covered.out);
}
