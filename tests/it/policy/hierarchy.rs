//! What the reference says of directories, sentence by sentence.

use super::support::{SITE, engine, entry, letter, passes, result};
use mailfw::policy::combine::Rule;
use mailfw::policy::outcome::Fate;
use mailfw::policy::record::{EffectResult, PolicyResult};

// 1. Home.

#[test]
fn an_exact_user_entry_beats_any_domain_entry() {
    passes(
        r#"
        directory acme { domain @acme.example, @*.acme.example }
        directory people { user anna@acme.example
            content policy mark for senders { tag "people" } }
        test "user" { from anna@acme.example to x@out.example subject "s" expect fired mark }
        test "not the user" { from ben@acme.example to x@out.example subject "s" expect not fired mark }
        "#,
    );
}

#[test]
fn an_exact_domain_beats_a_subdomain_wildcard_and_a_longer_domain_a_shorter() {
    passes(
        r#"
        directory all { domain @acme.example, @*.acme.example  content policy in_all for senders { tag "all" } }
        directory exact { domain @sales.acme.example  content policy in_exact for senders { tag "exact" } }
        directory longer { domain @*.sales.acme.example  content policy in_longer for senders { tag "longer" } }
        test "exact" { from a@sales.acme.example to x@out.example subject "s" expect fired in_exact expect not fired in_all, in_longer }
        test "longer" { from a@north.sales.acme.example to x@out.example subject "s" expect fired in_longer expect not fired in_all, in_exact }
        test "any depth" { from a@deep.other.acme.example to x@out.example subject "s" expect fired in_all expect not fired in_exact, in_longer }
        "#,
    );
}

#[test]
fn addresses_compare_caseless() {
    passes(
        r#"
        directory acme { domain @acme.example  directory people { user anna@acme.example
            content policy mark for senders { tag "people" } } }
        test "case" { from Anna@ACME.Example to x@out.example subject "s" expect fired mark }
        "#,
    );
}

#[test]
fn what_has_no_home_has_no_policies_on_its_side() {
    let engine = engine(&format!(
        "{SITE} directory acme {{ domain @acme.example, @*.acme.example  content policy all for both {{ tag \"t\" }} }}"
    ));
    let decision = letter("a@out.example", &["b@out.example"], "s").decide(&engine);
    assert!(decision.record.as_ref().unwrap().groups[0].policies.is_empty());
    assert_eq!(decision.record.as_ref().unwrap().sender_directory, None);
    let decision = letter("a@out.example", &["b@acme.example"], "s").decide(&engine);
    assert_eq!(decision.record.as_ref().unwrap().groups[0].policies.len(), 1);
    assert_eq!(entry(&decision, "all", "recipient").directory, "acme");
}

#[test]
fn the_null_sender_of_an_inside_client_has_the_postmasters_home_and_from_elsewhere_none() {
    let text = r#"
        directory acme { domain @acme.example  content policy mark for senders { when sender in site tag "t" } }
        test "inside" { sender <> to x@out.example client 10.1.2.3 subject "s" expect fired mark }
        test "elsewhere" { sender <> to x@out.example client 192.0.2.7 subject "s" expect not fired mark }
        "#;
    passes(text);
}

#[test]
fn a_directory_opened_again_adds_up() {
    passes(
        r#"
        directory acme { domain @acme.example  content policy first for senders { tag "1" } }
        directory acme { domain @*.acme.example  content policy second for senders { tag "2" } }
        test "both" { from a@sub.acme.example to x@out.example subject "s" expect fired first, second }
        "#,
    );
}

// 2. Chain.

#[test]
fn sub_directories_inherit_at_any_depth() {
    passes(
        r#"
        directory acme { domain @acme.example  content policy top for senders { tag "top" }
            directory a { directory b { user anna@acme.example } } }
        test "deep" { from anna@acme.example to x@out.example subject "s" expect fired top }
        "#,
    );
}

// 3. Override.

const OVERRIDE: &str = r#"
    directory acme { domain @acme.example
        content policy q for both { then quarantine in one }
        directory deep { user deep@acme.example
            content policy p for senders overrides q MODIFIERS { when subject contains "p" then quarantine in two }
            directory deeper { user deeper@acme.example
                content policy r for senders overrides p { when subject contains "r" then drop } } } }
"#;

fn overriding(modifiers: &str, tests: &str) {
    passes(&format!("{}{tests}", OVERRIDE.replace("MODIFIERS", modifiers)));
}

#[test]
fn an_override_removes_the_policy_whether_or_not_the_overrider_triggers() {
    overriding(
        "",
        r#"
        test "silent" { from deep@acme.example to x@out.example subject "s" expect not fired q, p expect deliver }
        test "acting" { from deep@acme.example to x@out.example subject "p" expect not fired q expect quarantine in two }
        test "above" { from top@acme.example to x@out.example subject "p" expect fired q expect quarantine in one }
        "#,
    );
}

#[test]
fn an_override_holds_on_the_overriders_sides_alone() {
    overriding(
        "",
        r#"test "as recipient" { from x@out.example to deep@acme.example subject "s" expect fired q expect quarantine in one }"#,
    );
}

#[test]
fn to_override_the_overrider_does_not_bring_the_overridden_back() {
    overriding(
        "",
        r#"test "neither" { from deeper@acme.example to x@out.example subject "p" expect not fired q, p, r expect deliver }"#,
    );
}

#[test]
fn an_overrider_that_is_off_observed_or_out_of_its_dates_overrides_nothing() {
    for modifiers in ["off", "observe", "from 2030-01-01", "until 2020-01-01"] {
        overriding(
            modifiers,
            r#"test "q stays" { from deep@acme.example to x@out.example subject "p" expect fired q expect quarantine in one }"#,
        );
    }
    overriding(
        "from 2026-01-01 until 2026-02-01",
        r#"
        test "in its dates" { at 2026-01-15 12:00 "UTC" from deep@acme.example to x@out.example subject "s" expect not fired q }
        test "the end is not in it" { at 2026-02-01 00:00 "UTC" from deep@acme.example to x@out.example subject "s" expect fired q }
        "#,
    );
}

#[test]
fn the_record_names_the_overrider() {
    let engine = engine(&format!("{SITE}{}", OVERRIDE.replace("MODIFIERS", "")));
    let decision = letter("deep@acme.example", &["x@out.example"], "s").decide(&engine);
    let overridden = entry(&decision, "q", "sender");
    assert_eq!(overridden.result, PolicyResult::Overridden);
    let by = overridden.by.as_ref().expect("an overrider");
    assert_eq!((by.policy.as_str(), by.directory.as_str()), ("p", "acme.deep"));
}

// 4. Exception.

#[test]
fn an_exception_silences_where_its_condition_holds_and_below_its_directory_alone() {
    passes(
        r#"
        directory acme { domain @acme.example
            content policy p for senders { then quarantine in one }
            content policy q for senders { tag "q" }
            directory deep { user deep@acme.example
                except p, q when recipient in @partner.example
                directory deeper { user deeper@acme.example } } }
        test "holds" { from deep@acme.example to a@partner.example, b@out.example subject "s"
            expect for a@partner.example not fired p, q
            expect for a@partner.example deliver
            expect for b@out.example fired p, q
            expect for b@out.example quarantine in one }
        test "inherited" { from deeper@acme.example to a@partner.example subject "s" expect not fired p, q }
        test "above" { from top@acme.example to a@partner.example subject "s" expect fired p, q }
        "#,
    );
}

#[test]
fn an_exception_of_its_own_directory_silences_too() {
    passes(
        r#"
        directory acme { domain @acme.example
            content policy p for senders { then quarantine in one }
            except p when subject contains "fine" }
        test "fine" { from a@acme.example to x@out.example subject "fine" expect not fired p expect deliver }
        test "not fine" { from a@acme.example to x@out.example subject "no" expect fired p }
        "#,
    );
}

// 5. Conflict and supplement.

#[test]
fn the_deeper_disposition_wins_and_the_others_remaining_effects_stay() {
    let text = r#"
        directory acme { domain @acme.example
            content policy outer for senders { tag "outer" notify sec@acme.example using note annotate header "X-Outer" "1" then quarantine in one }
            directory deep { user deep@acme.example
                content policy inner for senders { tag "inner" annotate header "X-Inner" "1" then deliver } } }
        "#;
    passes(&format!(
        r#"{text}
        test "both act" {{ from deep@acme.example to x@out.example subject "s"
            expect deliver expect fired outer, inner
            expect tag "outer" expect tag "inner"
            expect notify sec@acme.example using note
            expect header "X-Outer" "1" expect header "X-Inner" "1" }}"#
    ));
    let decision =
        letter("deep@acme.example", &["x@out.example"], "s").decide(&engine(&format!("{SITE}{text}")));
    let lost =
        entry(&decision, "outer", "sender").effects.iter().find(|e| e.effect == "quarantine in one").unwrap();
    assert_eq!((lost.result, lost.rule), (EffectResult::Lost, Some(Rule::DeeperDirectory)));
    assert_eq!(lost.to.as_ref().map(|to| to.policy.as_str()), Some("inner"));
    assert_eq!(
        decision.record.as_ref().unwrap().groups[0].outcome.tags,
        ["outer", "inner"],
        "outermost directory first"
    );
}

#[test]
fn each_single_valued_effect_is_won_for_itself() {
    passes(
        r#"
        directory acme { domain @acme.example
            content policy outer for senders { set priority high route via "outer.example" then quarantine in one }
            directory deep { user deep@acme.example
                content policy inner for senders { route via "inner.example" } } }
        test "each" { from deep@acme.example to x@out.example subject "s"
            expect quarantine in one expect priority high expect route via "inner.example" }
        "#,
    );
}

#[test]
fn of_severities_the_highest_counts() {
    passes(
        r#"
        directory acme { domain @acme.example
            content policy outer for senders { severity critical }
            directory deep { user deep@acme.example content policy inner for senders { severity low } } }
        test "highest" { from deep@acme.example to x@out.example subject "s" expect severity critical }
        "#,
    );
}

#[test]
fn additive_effects_come_outermost_directory_first_then_in_manager_order_then_in_source_order() {
    let engine = engine(&format!(
        r#"{SITE}
        directory acme {{ domain @acme.example
            directory deep {{ user deep@acme.example
                access policy d1 for senders {{ tag "deep access" }} }}
            content policy z for senders {{ tag "content z" }}
            content policy a for senders {{ tag "content a" }}
            access policy m for senders {{ tag "access" }}
            virus policy v for senders {{ tag "virus" }} }}"#
    ));
    let decision = letter("deep@acme.example", &["x@out.example"], "s").decide(&engine);
    let tags = &decision.record.as_ref().unwrap().groups[0].outcome.tags;
    assert_eq!(*tags, ["access", "virus", "content z", "content a", "deep access"]);
}

// 6. Within one directory.

#[test]
fn within_one_directory_the_more_restrictive_value_wins() {
    passes(
        r#"
        directory acme { domain @acme.example
            content policy a for senders { when subject contains "deliver" then deliver }
            content policy b for senders { when subject contains "defer" then defer for 2 hours }
            content policy c for senders { when subject contains "approve" then approve by boss@acme.example }
            content policy d for senders { when subject contains "hold" then quarantine in one }
            content policy e for senders { when subject contains "return" then return "no" }
            content policy f for senders { when subject contains "drop" then drop } }
        test "1" { from a@acme.example to x@out.example subject "deliver defer" expect defer for 2 hours }
        test "2" { from a@acme.example to x@out.example subject "deliver defer approve" expect approve by boss@acme.example }
        test "3" { from a@acme.example to x@out.example subject "defer approve hold" expect quarantine in one }
        test "4" { from a@acme.example to x@out.example subject "hold return" expect return "no" }
        test "5" { from a@acme.example to x@out.example subject "return drop" expect drop }
        "#,
    );
}

#[test]
fn of_equal_values_the_later_moment_then_manager_order_then_policy_name_decides() {
    passes(
        r#"
        directory acme { domain @acme.example
            content policy a for senders { when subject contains "later" then defer for 1 hours }
            content policy b for senders { when subject contains "later" then defer for 3 hours }
            content policy c for senders { when subject contains "manager" then quarantine in one }
            access  policy d for senders { when subject contains "manager" then quarantine in two }
            content policy f for senders { when subject contains "name" then quarantine in two }
            content policy e for senders { when subject contains "name" then quarantine in one } }
        test "moment" { from a@acme.example to x@out.example subject "later" expect defer for 3 hours }
        test "manager" { from a@acme.example to x@out.example subject "manager" expect quarantine in two }
        test "name" { from a@acme.example to x@out.example subject "name" expect quarantine in one }
        "#,
    );
}

// 7. Two sides.

#[test]
fn the_more_restrictive_side_holds_and_the_effects_of_both_apply_the_senders_first() {
    let text = r#"
        directory a { domain @a.acme.example
            content policy s for senders { tag "sender" then deliver } }
        directory b { domain @b.acme.example
            directory deep { user x@b.acme.example
                content policy r for recipients { tag "recipient" then quarantine in one } } }
        "#;
    passes(&format!(
        r#"{text}
        test "joined" {{ from u@a.acme.example to x@b.acme.example subject "s" expect quarantine in one expect fired s, r }}"#
    ));
    let decision =
        letter("u@a.acme.example", &["x@b.acme.example"], "s").decide(&engine(&format!("{SITE}{text}")));
    assert_eq!(decision.record.as_ref().unwrap().groups[0].outcome.tags, ["sender", "recipient"]);
    let lost = &entry(&decision, "s", "sender").effects[0];
    assert_eq!((lost.result, lost.rule), (EffectResult::Lost, Some(Rule::MoreRestrictive)));
}

#[test]
fn of_equal_dispositions_and_other_single_values_the_senders_hold() {
    passes(
        r#"
        directory a { domain @a.acme.example
            content policy s for senders { set priority low then quarantine in one } }
        directory b { domain @b.acme.example
            content policy r for recipients { set priority high route via "b.example" then quarantine in two } }
        test "sender's" { from u@a.acme.example to x@b.acme.example subject "s"
            expect quarantine in one expect priority low expect route via "b.example" }
        "#,
    );
}

#[test]
fn the_senders_side_is_judged_for_each_recipient() {
    passes(
        r#"
        directory acme { domain @acme.example
            content policy s for senders { when recipient outside site then quarantine in one } }
        test "each" { from u@acme.example to in@acme.example, out@out.example subject "s"
            expect for in@acme.example deliver expect for out@out.example quarantine in one }
        "#,
    );
}

#[test]
fn a_policy_for_both_sides_that_triggers_on_both_acts_once() {
    let engine = engine(&format!(
        "{SITE} directory acme {{ domain @acme.example  content policy both for both {{ annotate header \"X-B\" \"1\" notify sec@acme.example using note tag \"t\" }} }}"
    ));
    let decision = letter("a@acme.example", &["b@acme.example"], "s").decide(&engine);
    assert_eq!(decision.groups[0].outcome.edits.len(), 1);
    assert_eq!(decision.notifications.len(), 1);
    assert_eq!(result(&decision, "both", "sender"), PolicyResult::Triggered);
    assert_eq!(result(&decision, "both", "recipient"), PolicyResult::Triggered);
    let again = &entry(&decision, "both", "recipient").effects;
    assert!(again.iter().all(|effect| effect.result == EffectResult::Once), "{again:?}");
}

// 8. Split.

#[test]
fn recipients_with_the_same_outcome_share_one_copy_and_each_different_one_gets_its_own() {
    let engine = engine(&format!(
        "{SITE} directory acme {{ domain @acme.example  content policy s for senders {{ when recipient outside site then quarantine in one }} }}"
    ));
    let to = ["a@acme.example", "x@out.example", "b@acme.example", "y@out.example"];
    let decision = letter("u@acme.example", &to, "s").decide(&engine);
    let groups: Vec<&[usize]> = decision.groups.iter().map(|group| group.recipients.as_slice()).collect();
    assert_eq!(groups, [&[0, 2][..], &[1, 3]]);
    assert_eq!(decision.groups[0].outcome.fate, Fate::Deliver);
}

// 9. Manager order.

#[test]
fn the_site_may_order_managers_otherwise() {
    let text = |order: &str| {
        format!(
            r#"site {{ domains @acme.example postmaster postmaster@acme.example {order} }}
            directory acme {{ domain @acme.example
                access policy a for senders {{ tag "access" }}
                content policy c for senders {{ tag "content" }} }}"#
        )
    };
    let tags = |order: &str| {
        let decision = letter("a@acme.example", &["x@out.example"], "s").decide(&engine(&text(order)));
        decision.record.as_ref().unwrap().groups[0].outcome.tags.clone()
    };
    assert_eq!(tags(""), ["access", "content"]);
    assert_eq!(tags("order content, access, format, virus, security"), ["content", "access"]);
}

#[test]
fn no_managers_disposition_keeps_a_later_managers_policy_from_being_a_candidate() {
    passes(
        r#"
        directory acme { domain @acme.example
            access policy a for senders { then drop }
            content policy c for senders { tag "seen" } }
        test "both" { from a@acme.example to x@out.example subject "s" expect fired a, c expect drop }
        "#,
    );
}

// 10. Returned mail.

#[test]
fn a_return_towards_an_outside_sender_goes_out_only_where_spf_or_dmarc_vouch() {
    passes(
        r#"
        directory acme { domain @acme.example
            content policy back for recipients { when subject contains "back" then return "no" } }
        test "nobody vouches" { from x@out.example to a@acme.example subject "back" expect quarantine in unreturnable }
        test "spf" { from x@out.example to a@acme.example subject "back" given spf pass expect return "no" }
        test "dmarc" { from x@out.example to a@acme.example subject "back" given dmarc pass expect return "no" }
        test "failing" { from x@out.example to a@acme.example subject "back" given spf fail expect quarantine in unreturnable }
        test "inside" { from b@acme.example to a@acme.example subject "back" expect return "no" }
        test "nobody to return to" { sender <> to a@acme.example subject "back" given spf pass expect quarantine in unreturnable }
        "#,
    );
}

#[test]
fn a_return_that_the_session_can_still_refuse_stays_one() {
    passes(
        r#"
        directory acme { domain @acme.example
            access policy back for recipients { when sender in @bad.example then return "no" } }
        test "from the envelope" { from x@bad.example to a@acme.example subject "s" expect return "no" }
        "#,
    );
}

#[test]
fn a_rejection_is_one_where_all_recipients_agree_and_else_a_return() {
    passes(
        r#"
        directory acme { domain @acme.example
            content policy back for recipients { when subject contains "back" when recipient in @acme.example then reject "no" }
            directory lax { user lax@acme.example except back when subject contains "back" } }
        test "all" { from x@out.example to a@acme.example, b@acme.example subject "back" expect reject "no" }
        test "some, nobody vouches" { from x@out.example to a@acme.example, lax@acme.example subject "back"
            expect for a@acme.example quarantine in unreturnable expect for lax@acme.example deliver }
        test "some, vouched for" { from x@out.example to a@acme.example, lax@acme.example subject "back" given spf pass
            expect for a@acme.example return "no" expect for lax@acme.example deliver }
        "#,
    );
}

// Modifiers.

#[test]
fn deeper_directories_neither_override_nor_win_against_what_is_mandatory() {
    passes(
        r#"
        directory acme { domain @acme.example
            content policy must for senders mandatory { when subject contains "virus" then quarantine in one }
            directory deep { user deep@acme.example
                content policy lax for senders { then deliver } } }
        test "stays" { from deep@acme.example to x@out.example subject "virus" expect fired must, lax expect quarantine in one }
        test "silent" { from deep@acme.example to x@out.example subject "s" expect deliver }
        "#,
    );
}

#[test]
fn an_observed_policy_is_reported_and_acts_on_nothing() {
    let text = r#"
        directory acme { domain @acme.example
            content policy trial for senders observe { tag "t" notify sec@acme.example using note then quarantine in one } }
        "#;
    passes(&format!(
        r#"{text} test "trial" {{ from a@acme.example to x@out.example subject "s" expect deliver expect fired trial expect not notify }}"#
    ));
    let decision =
        letter("a@acme.example", &["x@out.example"], "s").decide(&engine(&format!("{SITE}{text}")));
    let trial = entry(&decision, "trial", "sender");
    assert_eq!((trial.mode.as_str(), trial.result), ("observe", PolicyResult::Triggered));
    assert!(trial.effects.iter().all(|effect| effect.result == EffectResult::Observed));
    assert!(decision.record.as_ref().unwrap().groups[0].outcome.tags.is_empty());
}

#[test]
fn a_policy_that_is_off_or_out_of_its_dates_does_not_run() {
    passes(
        r#"
        directory acme { domain @acme.example
            content policy never for senders off { then drop }
            content policy winter for senders from 2026-12-01 until 2027-01-15 { then quarantine in one } }
        test "before" { at 2026-11-30 23:59 "UTC" from a@acme.example to x@out.example subject "s" expect deliver expect not fired never, winter }
        test "from its first day" { at 2026-12-01 00:00 "UTC" from a@acme.example to x@out.example subject "s" expect quarantine in one }
        test "until before its last" { at 2027-01-15 00:00 "UTC" from a@acme.example to x@out.example subject "s" expect deliver }
        "#,
    );
}

// Library policies.

#[test]
fn a_deeper_application_of_a_library_policy_replaces_the_other() {
    passes(
        r#"
        content policy held(into: folder?) { when subject contains "x" then quarantine in into else reject "no" }
        directory acme { domain @acme.example
            apply held(into: one) to senders
            directory deep { user deep@acme.example apply held(into: two) to senders } }
        test "above" { from a@acme.example to x@out.example subject "x" expect quarantine in one }
        test "below" { from deep@acme.example to x@out.example subject "x" expect quarantine in two }
        "#,
    );
}
