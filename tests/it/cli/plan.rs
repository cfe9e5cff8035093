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

/// Runs a command in a process that may not make memory executable; `None` where the kernel cannot forbid it.
#[expect(unsafe_code, reason = "prctl has no safe form, and only integers go in")]
fn without_executable_memory(arguments: &[&str]) -> Option<std::process::Output> {
    use std::os::unix::process::CommandExt;
    const PR_SET_MDWE: i32 = 65;
    let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin!("mailfw"));
    let forbid = || {
        // SAFETY: a system call that is safe between fork and exec.
        match unsafe { libc::prctl(PR_SET_MDWE, 1, 0, 0, 0) } {
            0 => Ok(()),
            _ => Err(std::io::Error::other("not forbidden")),
        }
    };
    // SAFETY: the closure makes one system call and allocates only where it fails.
    unsafe { command.pre_exec(forbid) };
    command.args(arguments).output().ok()
}

#[test]
fn where_no_memory_can_be_made_executable_decisions_are_interpreted_with_a_notice() {
    let Some(forbidden) = without_executable_memory(&["test", &example("acme")]) else {
        println!("skipped: this kernel cannot forbid executable memory");
        return;
    };
    let error = String::from_utf8_lossy(&forbidden.stderr);
    assert!(forbidden.status.success(), "{error}");
    assert!(error.contains("notice: decisions are interpreted"), "{error}");
}
