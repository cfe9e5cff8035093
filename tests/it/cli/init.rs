use super::run;

#[test]
fn the_scaffold_checks_passes_and_is_formatted() {
    let dir = tempfile::tempdir().unwrap();
    let set = dir.path().join("policies");
    let set = set.to_str().unwrap();
    let made = run(&["init", set]);
    assert_eq!((made.code, made.error.as_str()), (0, ""));
    assert!(made.out.contains(&format!("mailfw check {set}")), "{}", made.out);
    let checked = run(&["check", "--deny", "warnings", set]);
    assert_eq!(checked.code, 0, "{}{}", checked.out, checked.error);
    let tested = run(&["test", set, "--coverage", "--min-coverage", "60"]);
    assert_eq!(tested.code, 0, "{}{}", tested.out, tested.error);
    assert!(tested.out.contains("7 passed, 0 failed"), "{}", tested.out);
    let formatted = run(&["fmt", "--check", set]);
    assert_eq!(formatted.code, 0, "{}{}", formatted.out, formatted.error);
    let tried = run(&["dry-run", set, &format!("{set}/mailbox")]);
    assert_eq!(tried.code, 0, "{}{}", tried.out, tried.error);
    for part in [
        "card_numbers",
        "confidential_words",
        "no_executables",
        "quarantine in dlp",
        "quarantine in virus",
        "deliver",
    ] {
        assert!(tried.out.contains(part), "{part}: {}", tried.out);
    }
}

#[test]
fn nothing_is_overwritten() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("main.mfp"), "mine").unwrap();
    let refused = run(&["init", dir.path().to_str().unwrap()]);
    assert_eq!((refused.code, refused.out.as_str()), (2, ""));
    assert!(refused.error.contains("mailfw::io::not-empty"), "{}", refused.error);
    assert_eq!(std::fs::read_to_string(dir.path().join("main.mfp")).unwrap(), "mine");
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    let file = dir.path().join("main.mfp");
    assert_eq!(run(&["init", file.to_str().unwrap()]).code, 2);
}
