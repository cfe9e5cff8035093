use super::{GOOD, Set, example, run};
use crate::schema;

#[test]
fn a_plan_names_every_subject_with_when_it_is_known_and_who_asks() {
    let plan = run(&["plan", &example("acme")]);
    assert_eq!((plan.code, plan.error.as_str()), (0, ""));
    for part in
        ["message.size", "compared with 2 numbers", "recipient in site", "once for each", "card_numbers"]
    {
        assert!(plan.out.contains(part), "{part}: {}", plan.out);
    }
    assert!(plan.out.contains("Nothing wakes disclaimer, no_executables"), "{}", plan.out);
}

#[test]
fn at_least_nine_tenths_of_the_example_run_as_native_code() {
    let stats = run(&["plan", "--stats", "--json", &example("acme")]);
    let json: serde_json::Value = serde_json::from_str(&stats.out).unwrap();
    let (all, native) = (json["decision_nodes"].as_u64().unwrap(), json["native_nodes"].as_u64().unwrap());
    assert!(all > 5 && native * 10 >= all * 9, "{native} of {all}");
    let interpreted = run(&["plan", "--stats", "--no-jit", &example("acme")]);
    assert!(interpreted.out.contains("decisions are interpreted"), "{}", interpreted.out);
}

#[test]
fn a_policy_is_told_from_which_fact_on_it_can_be_decided() {
    let plan = run(&["plan", "--policy", "card_numbers", &example("acme")]);
    assert_eq!(plan.code, 0, "{}", plan.error);
    let order =
        ["sender in site", "subject contains word", "message.encrypted", "count(card_number in text) >= 3"];
    let places: Vec<usize> = order.iter().map(|part| plan.out.find(part).expect(part)).collect();
    assert!(places.is_sorted(), "the cheapest question is asked first: {}", plan.out);
    assert!(plan.out.contains("decided at content, once for each recipient"), "{}", plan.out);
    assert!(plan.out.contains("known from content, because of text"), "{}", plan.out);
}

#[test]
fn an_unknown_policy_is_answered_with_its_neighbour() {
    let set = Set::new(GOOD);
    let plan = run(&["plan", "--policy", "secret", set.arg()]);
    assert_eq!(plan.code, 2);
    assert!(plan.error.contains("no policy `secret`") && plan.error.contains("`secrets`"), "{}", plan.error);
}

#[test]
fn the_json_forms_are_documented() {
    for arguments in [
        &["plan", "--json"] as &[&str],
        &["plan", "--json", "--stats"],
        &["plan", "--json", "--policy", "size_limit"],
    ] {
        let plan = run(&[arguments, &[&example("acme")]].concat());
        let json: serde_json::Value = serde_json::from_str(&plan.out).unwrap();
        assert_eq!(schema::errors("plan.json", &json), Vec::<String>::new(), "{arguments:?}");
    }
}
