//! The lints over small sets: what is found, and what is left alone.

use mailfw::base::limits::SourceLimits;
use mailfw::language;
use std::collections::BTreeMap;

/// A policy of the site's directory with these clauses, and what the lints say about the set: code names without their
/// area, and messages.
fn lints(clauses: &str) -> Vec<(String, String)> {
    lints_of(&format!("content policy p for senders {{\n{clauses}\ntag \"x\"\n}}"))
}

fn lints_of(entries: &str) -> Vec<(String, String)> {
    lints_of_set(&format!(
        "folder f {{ keep 1 days }}\nfolder g {{ keep 1 days }}\n\
         site {{ domains @a.example, @*.a.example postmaster postmaster@a.example }}\n\
         directory d {{\ndomain @a.example, @*.a.example\n{entries}\n\
         content policy uses for senders {{ when recipient in partners.bank or recipient in partners.vendor \
         then quarantine in f }}\n\
         content policy uses_g for recipients {{ when sender in partners then quarantine in g }}\n}}\n\
         directory partners {{ directory bank {{ domain @bank.example }} directory vendor {{ domain @vendor.example }} }}\n"
    ))
}

fn lints_of_set(text: &str) -> Vec<(String, String)> {
    let mut sources = BTreeMap::from([("main.mfp".to_string(), text.as_bytes().to_vec())]);
    let checked = language::check("main.mfp", &mut sources, &SourceLimits::default());
    assert!(!checked.diagnostics.has_errors(), "{text}\n{:?}", checked.diagnostics);
    let sorted = checked.diagnostics.sorted();
    sorted
        .iter()
        .map(|found| (found.code.0.trim_start_matches("mfp::lint::").to_string(), found.message.clone()))
        .collect()
}

fn codes(found: &[(String, String)]) -> Vec<&str> {
    found.iter().map(|(code, _)| code.as_str()).collect()
}

#[track_caller]
fn expect(clauses: &str, wanted: &[&str]) {
    let found = lints(clauses);
    assert_eq!(codes(&found), wanted, "{clauses}\n{found:#?}");
}

#[test]
fn ranges_that_do_not_meet_contradict() {
    expect("when message.size > 10 MB\nwhen message.size < 5 MB", &["contradiction"]);
    expect("when message.size > 10 MB\nunless message.size > 5 MB", &["contradiction"]);
    expect("when count(every /x/ in body) == 3 and count(every /x/ in body) == 4", &["contradiction"]);
    expect("when message.size > 10 MB\nunless message.size > 50 MB", &[]);
    expect("when message.size > 10 MB and message.size < 20 MB", &[]);
}

#[test]
fn a_range_inside_another_makes_the_wider_one_redundant() {
    expect("when message.size > 10 MB\nwhen message.size > 5 MB", &["redundant"]);
    expect("when message.size > 10 MB or message.size > 5 MB", &["redundant"]);
    expect("when message.size > 10 MB\nunless message.size < 5 MB", &["redundant"]);
}

#[test]
fn what_can_be_no_number_is_constant() {
    expect("when message.size < 0 MB", &["never-triggers"]);
    expect("when message.size >= 0 MB", &["always-triggers"]);
    expect("when 3 > 5", &["never-triggers"]);
    expect("when length(subject) >= 0 and subject contains \"x\"", &[]);
}

#[test]
fn two_values_of_one_enumeration_contradict_and_two_flags_do_not() {
    expect("when priority is low\nwhen priority is high", &["contradiction"]);
    expect("when priority is low\nunless priority is high", &["redundant"]);
    expect("when message.unscannable is encrypted\nwhen message.unscannable is corrupt", &[]);
}

#[test]
fn an_address_is_in_one_of_two_directories_beside_each_other() {
    expect("when recipient in partners.bank\nwhen recipient in partners.vendor", &["contradiction"]);
    expect("when recipient in partners\nwhen recipient in partners.vendor", &["redundant"]);
    expect("when recipient in partners\nwhen recipient outside partners.vendor", &[]);
    expect("when recipient in partners.vendor\nwhen recipient outside partners", &["contradiction"]);
}

#[test]
fn domains_are_sets() {
    expect("when recipient in @b.example\nwhen recipient in @c.example", &["contradiction"]);
    expect("when recipient in [@b.example, @c.example]\nwhen recipient in @c.example", &["redundant"]);
    expect("when recipient in @*.b.example\nwhen recipient in @b.example", &[]);
}

#[test]
fn a_text_inside_another_subsumes_it() {
    expect("when subject contains \"alpha\" or subject contains \"alphabet\"", &["redundant"]);
    expect("when subject contains \"Alphabet\"\nwhen subject contains \"alpha\"", &["redundant"]);
    expect("when subject contains [\"alpha\", \"alphabet\"]", &["redundant"]);
    expect("when subject contains \"alpha\" or body contains \"alphabet\"", &[]);
    expect("when subject starts with \"alpha\" and subject contains word \"beta\"", &[]);
}

#[test]
fn a_criterion_and_its_exception_contradict() {
    expect("when subject contains \"x\"\nunless subject contains \"x\"", &["contradiction"]);
    expect("when subject contains \"x\"\nwhen subject contains \"x\"", &["redundant"]);
}

#[test]
fn named_criteria_are_looked_into() {
    let set = "criterion big = message.size > 10 MB\nsite { domains @a.example postmaster p@a.example }\n\
               directory d { domain @a.example content policy p for senders { when big when message.size < 1 MB tag \"x\" } }";
    assert_eq!(codes(&lints_of_set(set)), ["contradiction"]);
}

#[test]
fn patterns_found_in_every_text_are_told() {
    expect("when subject matches /.*/", &["matches-everything"]);
    expect("when subject matches /(a|b)?/", &["matches-everything"]);
    expect("when subject like \"*\"", &["matches-everything"]);
    expect("when subject matches /^$/", &[]);
    expect("when subject matches /a+/", &[]);
}

#[test]
fn a_domain_is_not_asked_by_half_a_pattern() {
    expect("when recipient matches /bank.example/", &["unanchored-domain"]);
    expect("when recipient matches /microsoft\\.com$/", &["unanchored-domain"]);
    expect("when recipient matches /@bank\\.example$/", &[]);
    expect("when subject matches /bank.example/", &[]);
}

#[test]
fn an_exception_by_the_header_from_alone_is_forgeable() {
    let policy = |exception: &str| {
        lints_of(&format!(
            "content policy q for recipients {{ when subject contains \"x\" unless {exception} tag \"x\" }}"
        ))
    };
    assert_eq!(codes(&policy("any from in @b.example")), ["forgeable-exception"]);
    assert_eq!(codes(&policy("header(\"From\") contains \"@b.example\"")), ["forgeable-exception"]);
    assert_eq!(codes(&policy("header(\"Sender\") contains \"@b.example\"")), ["forgeable-exception"]);
    assert_eq!(codes(&policy("header(\"List-Id\") contains \"b.example\"")), [] as [&str; 0]);
    assert_eq!(codes(&policy("any from in @b.example and dmarc is pass")), [] as [&str; 0]);
    assert_eq!(codes(&policy("sender in @b.example")), [] as [&str; 0]);
}

#[test]
fn any_recipient_holds_for_all_only_where_it_restricts() {
    let policy = |then: &str| {
        lints_of(&format!("content policy q for senders {{ when any recipient in @b.example {then} }}"))
    };
    assert_eq!(codes(&policy("then quarantine in f")), ["any-recipient"]);
    assert_eq!(codes(&policy("tag \"x\"")), [] as [&str; 0]);
}

#[test]
fn a_return_to_whoever_wrote_from_outside_is_noted() {
    let policy = |side: &str, when: &str| {
        lints_of(&format!(
            "content policy q for {side} {{ when subject contains \"x\" {when} then return \"no\" }}"
        ))
    };
    assert_eq!(codes(&policy("recipients", "")), ["backscatter"]);
    assert_eq!(codes(&policy("recipients", "when spf is pass")), [] as [&str; 0]);
    assert_eq!(codes(&policy("recipients", "when sender in site")), [] as [&str; 0]);
    assert_eq!(codes(&policy("senders", "")), [] as [&str; 0]);
}

#[test]
fn a_tie_is_said_once_for_a_directory_and_only_where_both_can_trigger() {
    let three = "content policy q for senders { when subject contains \"x\" then quarantine in f }\n\
                 content policy r for senders { when subject contains \"y\" then quarantine in g }\n\
                 content policy s for senders { when subject contains \"z\" then quarantine in g }";
    assert_eq!(codes(&lints_of(three)), ["tie"]);
    let apart = "content policy q for senders { when priority is low then quarantine in f }\n\
                 content policy r for senders { when priority is high then quarantine in f }";
    assert_eq!(codes(&lints_of(apart)), [] as [&str; 0]);
    let unequal = "content policy q for senders { when subject contains \"x\" then quarantine in f }\n\
                   content policy r for senders { when subject contains \"y\" then drop }";
    assert_eq!(codes(&lints_of(unequal)), [] as [&str; 0]);
}

#[test]
fn what_nothing_uses_is_told_and_tests_are_no_use() {
    let set = "site { domains @a.example postmaster p@a.example }\nfolder f { keep 1 days }\n\
               directory d { domain @a.example content policy p for senders { when subject contains \"x\" tag \"x\" } }\n\
               test \"t\" { from a@a.example to b@b.example expect not fired p }\n";
    assert_eq!(codes(&lints_of_set(set)), ["unused"]);
}

#[test]
fn an_override_on_the_other_side_removes_nothing() {
    let entries = "content policy q for recipients { when subject contains \"x\" tag \"x\" }\n\
                   directory e { domain @e.a.example content policy r for senders overrides q \
                   { when subject contains \"y\" tag \"y\" } }";
    assert_eq!(codes(&lints_of(entries)), ["overrides-nothing"]);
}

#[test]
fn a_policy_without_effect_and_a_test_without_expectation_are_told() {
    let set = "site { domains @a.example postmaster p@a.example }\n\
               directory d { domain @a.example content policy p for senders { when subject contains \"x\" } }\n\
               test \"t\" { from a@a.example to b@b.example }\n";
    assert_eq!(codes(&lints_of_set(set)), ["no-effect", "empty-test"]);
}

#[test]
fn a_bound_name_that_hides_a_fact_is_told() {
    expect("when any attachment as subject where subject.size > 1 MB", &["shadowed"]);
    expect("when any attachment as file where file.size > 1 MB", &[]);
}

#[test]
fn criteria_that_use_each_other_over_and_over_are_looked_into_once() {
    // Written out, the last of them would be 2^50 conditions.
    let criteria = |first: &str| {
        let mut items = format!("criterion c0 = {first}\n");
        for at in 1..=50 {
            let before = at - 1;
            items += &format!(
                "criterion c{at} = (message.size > {at} MB and c{before}) or not (c{before} or message.size > {at} KB)\n"
            );
        }
        items
    };
    let set = |first: &str, clauses: &str| {
        lints_of_set(&format!(
            "{}site {{ domains @a.example postmaster postmaster@a.example }}\nfolder f {{ keep 1 days }}\n\
             directory d {{ domain @a.example\ncontent policy p for senders {{ {clauses} then quarantine in f }} }}\n",
            criteria(first)
        ))
    };
    assert_eq!(set("message.signed", "when c50"), []);
    assert_eq!(codes(&set("any recipient in d", "when c50")), ["any-recipient"]);
    assert_eq!(
        codes(&set("any from in @b.example", "when message.signed unless c50")),
        ["forgeable-exception"],
        "what the header says of the author is found below all of them"
    );
}
