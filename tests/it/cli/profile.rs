use super::{example, run};

#[test]
fn a_profile_shows_what_each_policy_and_each_pattern_costs() {
    let mailbox = format!("{}/mailbox", example("acme"));
    let profile = run(&["profile", &example("acme"), &mailbox]);
    assert_eq!((profile.code, profile.error.as_str()), (0, ""));
    for part in [
        "messages,",
        "deciding by the whole set",
        "card_numbers",
        "secret_projects",
        "card_number",
        "scanned once",
    ] {
        assert!(profile.out.contains(part), "{part}: {}", profile.out);
    }
    let asleep = profile.out.lines().filter(|line| line.contains("size_limit_executives")).count();
    assert_eq!(asleep, 1, "a policy is measured on the messages that concern it: {}", profile.out);
}

#[test]
fn only_the_dearest_are_shown() {
    let mailbox = format!("{}/mailbox", example("acme"));
    let profile = run(&["profile", "--top", "1", "--limit", "5", &example("acme"), &mailbox]);
    assert!(profile.code == 0 && profile.out.starts_with("5 messages"), "{}", profile.out);
    let names = ["size_limit", "bulk_at_night", "card_numbers", "disclaimer", "warn_external"];
    let shown = names.iter().filter(|name| profile.out.contains(&format!("\n {name} "))).count();
    assert!(shown <= 1, "{}", profile.out);
}
