use super::{GOOD, Set, example, run};
use crate::schema;

/// The plan of a set on a terminal of 80 columns.
fn at_80_columns(arguments: &[&str]) -> String {
    let plan = super::outcome(super::mailfw().env("COLUMNS", "80").args(arguments));
    assert_eq!((plan.code, plan.error.as_str()), (0, ""), "{arguments:?}");
    plan.out
}

#[test]
fn a_plan_names_every_question_with_when_it_is_known_and_who_asks() {
    let plan = at_80_columns(&["plan", &example("acme")]);
    let size = "  message.size > 10 MB\n  message.size > 50 MB\n      stage content; 2 questions, answered by comparing \
                once\n      for size_limit, size_limit_executives, and wakes them\n";
    let outside = "  recipient in site\n      stage envelope, once for each recipient\n      for bulk_at_night, \
                   card_numbers, disclaimer, secret_projects\n";
    for part in [size, outside, "Nothing wakes disclaimer, no_executables: they are looked at"] {
        assert!(plan.contains(part), "{part}\n{plan}");
    }
    let order =
        ["nothing is read", "header fields", "parts and attachments", "regular expressions or detectors"];
    let places: Vec<usize> = order.iter().map(|part| plan.find(part).expect(part)).collect();
    assert!(places.is_sorted(), "the cheapest first: {plan}");
}

#[test]
fn a_plan_says_which_automata_read_which_texts_and_what_tables_take() {
    let plan = at_80_columns(&["plan", &example("acme")]);
    let words = plan.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in [
        "automaton 1, for words, phrases,",
        "Aho-Corasick DFA (one step for each byte), 43 states",
        "lazy DFA",
        "people and domains of directories 7",
        "dictionary project_names 3",
    ] {
        assert!(words.contains(part), "{part}\n{plan}");
    }
    let stats = at_80_columns(&["plan", "--stats", &example("acme")]);
    assert!(plan.ends_with(&stats), "the sizes of a plan are those of --stats:\n{stats}");
}

#[test]
fn no_line_of_the_example_s_plan_is_broken_by_a_terminal_of_80_columns() {
    let policies = ["card_numbers", "no_executables", "allow_tools", "size_limit", "disclaimer"];
    let example = example("acme");
    let mut shown = vec![at_80_columns(&["plan", &example]), at_80_columns(&["plan", "--stats", &example])];
    shown.extend(policies.iter().map(|policy| at_80_columns(&["plan", "--policy", policy, &example])));
    for text in shown {
        for line in text.lines() {
            assert!(line.chars().count() <= 80, "{line}");
            assert_eq!(line.trim_end(), line);
        }
    }
}

#[test]
fn a_subject_of_many_questions_is_named_once_with_their_number() {
    let policies: String = (1..=200)
        .map(|number| {
            format!(
                "content policy p{number} for senders {{ when body contains \"word{number}x\" tag \"t\" }}\n\
                 content policy s{number} for senders {{ when message.size > {number} MB tag \"t\" }}\n"
            )
        })
        .collect();
    let site = "site { domains @a.example postmaster p@a.example }";
    let set = Set::new(&format!("{site}\ndirectory a {{ domain @a.example\n{policies} }}\n"));
    let plan = at_80_columns(&["plan", set.arg()]);
    for part in [
        "  body, searched for 200 patterns\n",
        "  message.size, compared with 200 numbers\n",
        "200 questions, answered by reading the text once",
        "and 194 more, and wakes them",
        "Each only where a question wakes it.",
    ] {
        assert!(plan.contains(part), "{part}\n{plan}");
    }
    assert!(plan.lines().count() < 60, "{plan}");
}

#[test]
fn the_memory_of_a_plan_is_the_sum_of_its_parts_and_check_says_the_same() {
    let stats = run(&["plan", "--stats", "--json", &example("library")]);
    let json: serde_json::Value = serde_json::from_str(&stats.out).unwrap();
    let bytes_of = |value: &serde_json::Value| value["bytes"].as_u64().unwrap();
    let automata: u64 = json["searches"]["automata"].as_array().unwrap().iter().map(bytes_of).sum();
    let tables: u64 = json["lookups"].as_array().unwrap().iter().map(bytes_of).sum();
    let rest = json["searches"]["regex_bytes"].as_u64().unwrap() + json["code_bytes"].as_u64().unwrap();
    assert!(automata > 0 && tables > 0 && rest > 0);
    assert_eq!(json["memory_bytes"].as_u64().unwrap(), automata + tables + rest);
    let memory = mailfw::plan::text::size((automata + tables + rest) as i64);
    let check = run(&["check", &example("library")]);
    assert!(check.out.contains(&format!("{memory} of memory")), "{memory}: {}", check.out);
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
    let plan = at_80_columns(&["plan", "--policy", "card_numbers", &example("acme")]);
    let order = [
        "sender in site",
        "subject contains word",
        "message.encrypted",
        "● when count(card_number in text) >= 3",
    ];
    let places: Vec<usize> = order.iter().map(|part| plan.find(part).expect(part)).collect();
    assert!(places.is_sorted(), "the cheapest question is asked first: {plan}");
    let lines = plan.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in [
        "decided at stage content, once for each recipient",
        "Looked at only for messages for which `count(card_number in text) >= 3` may hold.",
        "stage content, the first that knows text",
    ] {
        assert!(lines.contains(part), "{part}: {plan}");
    }
}

#[test]
fn conditions_inside_quantifiers_are_told_from_those_that_run_as_native_code() {
    let of = |condition: &str| {
        let site = "site { domains @a.example postmaster p@a.example }";
        let policy = format!("content policy p for senders {{ when {condition} tag \"t\" }}");
        let set = Set::new(&format!("{site}\ndirectory a {{ domain @a.example {policy} }}\n"));
        let stats = at_80_columns(&["plan", "--stats", set.arg()]);
        stats.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let inside = of("any attachment where attachment.macros or attachment.depth > 3");
    assert!(inside.contains("1 of 2 places (50 %)") && inside.contains("stand inside `any`"), "{inside}");
    let outside = of("message.signed or message.size > 3 MB");
    assert!(outside.contains("2 of 2 places (100 %)") && !outside.contains("stand inside"), "{outside}");
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
