//! What checking says of names, directories, types, stages and tests.

use super::check::{checked, listed};
use mailfw::base::diagnostic::Level;
use mailfw::language::hir::{Hir, Side};
use mailfw::language::schema::facts::Stage;
use std::sync::Arc;

/// The codes found, with their lines, in order.
fn found(text: &str) -> Vec<(usize, &'static str)> {
    let checked = checked(text);
    let at = |diagnostic: &mailfw::base::diagnostic::Diagnostic| {
        let span = diagnostic.primary.span;
        checked.map.get(span.source).unwrap().line_column(span.start as usize).0
    };
    checked.diagnostics.sorted().into_iter().map(|diagnostic| (at(diagnostic), diagnostic.code.0)).collect()
}

fn hir(text: &str) -> Arc<Hir> {
    let checked = checked(text);
    let shown = listed(&checked);
    checked.hir.unwrap_or_else(|| panic!("{shown}"))
}

/// A set with one policy that has one condition.
fn condition(condition: &str) -> String {
    format!(
        "site {{ domains @a.example  networks 10.0.0.0/8  postmaster postmaster@a.example }}\n\
         directory d {{ domain @a.example content policy p for senders {{\n\
         when {condition}\n\
         tag \"x\" }} }}\n\
         list partners {{ @b.example boss@c.example }}\n\
         list hosts {{ 192.0.2.0/24 }}\n\
         list names {{ \"red\" \"blue\" }}\n\
         calendar office {{ open mon..fri 08:00..18:00 }}\n\
         dictionary words {{ \"secret\" weight 3 }}\n\
         detector digits {{ pattern /[0-9]{{8}}/ }}\n\
         criterion big(a: attachment) = a.size > 5 MB\n"
    )
}

/// Findings on the condition's line, without those about what the set does not use.
fn about(text: &str) -> Vec<&'static str> {
    found(&condition(text)).into_iter().filter(|(line, _)| *line == 3).map(|(_, code)| code).collect()
}

#[test]
fn well_typed_conditions_pass() {
    for text in [
        "message.size > 10 MB and message.size <= 1 GiB",
        "sender in d and recipient outside site",
        "recipient in partners or any to in partners",
        "sender == boss@c.example",
        "sender == <>",
        "client in site or client in 192.0.2.0/24 or client in hosts or client.ip == 192.0.2.1",
        "client in dnsbl \"bl.example.org\"",
        "sender in group ldap \"cn=sales\"",
        "received in office",
        "received >= 2026-12-01",
        "(header(\"X-Team\") or \"\") in names",
        "(header(\"X-Team\") or header(\"X-Group\") or \"none\") == \"red\"",
        "header(\"X-Team\") is absent and subject is not absent",
        "any header(\"Received\") contains \"relay\"",
        "message is encrypted or message is unscannable or message.unscannable is timeout",
        "message.kind is auto_reply",
        "client is tls",
        "virus is found",
        "priority is low or priority is not high",
        "spf is fail",
        "any attachment where attachment is big and attachment is encrypted",
        "any attachment as a where a is big",
        "no link where (link.domain or @c.example) in partners",
        "every recipient in site",
        "any recipient not in site",
        "from looks like d",
        "any from in partners",
        "any from where (from.display_name or \"\") contains \"boss\"",
        "text contains words",
        "text contains digits and count(digits in text) >= 3 and score(words in body at most 5) > 2",
        "count(every \"x\" in subject) > 1",
        "count(/[0-9]+/ in body) > 1",
        "any part where count(digits in part.text) >= 3",
        "subject contains word [\"one\", \"two\"]",
        "subject contains names and subject contains word names",
        "subject matches [/a/i, /b/]",
        "(subject or \"\") like \"re: *\" or subject starts with \"fwd\" or subject ends with \"!\"",
        "sender like \"*@c.example\"",
        "sender.domain in @*.c.example",
        "domain(recipient) == @c.example",
        "length(recipients) > 10 and length(attachments) > 0",
        "rate(sender) over 1 hour > 100",
        "lower((header(\"X\") or \"\")) == \"x\"",
        "(attribute(sender, \"department\") or \"\") == \"Sales\"",
        "header_count(\"Received\") > 20",
        "header(\"Received\", 1) contains \"relay\" and header(\"Received\", last) is not absent",
        "(header(\"X-Team\", 2) or header(\"X-Team\", last) or \"none\") == \"red\"",
        "recipient.user == \"anna\" and recipient.detail is absent",
        "sender.detail == \"news\" or (sender.user or \"\") starts with \"bounce\"",
        "any to where to.address.detail contains \"x\"",
        "any message.charset in [\"koi8-r\", \"windows-1251\"]",
        "any message.charset where charset starts with \"iso-2022\"",
        "no message.charset where charset == \"utf-7\"",
        "any part where (part.charset or \"us-ascii\") != \"utf-8\"",
        "any attachment where attachment.charset is absent",
        "sender in to",
        "message.size in [1 MB, 2 MB]",
        "(message.language or \"en\") == \"de\"",
    ] {
        assert_eq!(about(text), Vec::<&str>::new(), "{text}\n{}", listed(&checked(&condition(text))));
    }
}

#[test]
fn ill_typed_conditions_have_one_finding_each() {
    for (text, code) in [
        ("message.size > 10", "mfp::type::mismatch"),
        ("message.size > 10 minutes", "mfp::type::mismatch"),
        ("sender == \"boss@c.example\"", "mfp::type::mismatch"),
        ("sender == @c.example", "mfp::type::mismatch"),
        ("subject > \"a\"", "mfp::type::mismatch"),
        ("body == \"x\"", "mfp::type::mismatch"),
        ("received > 18:00", "mfp::type::mismatch"),
        ("priority in [low, high]", "mfp::type::asked-by-is"),
        ("priority is urgent", "mfp::type::unknown-value"),
        ("priority", "mfp::type::not-a-condition"),
        ("message", "mfp::type::not-a-condition"),
        ("digits", "mfp::type::not-a-condition"),
        ("digits in text", "mfp::type::mismatch"),
        ("score(digits in text) > 2", "mfp::type::mismatch"),
        ("recipients in partners", "mfp::type::quantifier"),
        ("any sender in partners", "mfp::type::quantifier"),
        ("any recipient", "mfp::type::quantifier"),
        ("sender in hosts", "mfp::type::mismatch"),
        ("client in partners", "mfp::type::mismatch"),
        ("sender in names", "mfp::type::mismatch"),
        ("sender in [boss@c.example, 10.0.0.0/8]", "mfp::type::mismatch"),
        ("sender in words", "mfp::type::no-set"),
        ("sender in []", "mfp::type::no-set"),
        ("subject contains /a/", "mfp::type::mismatch"),
        ("subject matches \"a\"", "mfp::type::mismatch"),
        ("subject contains sender", "mfp::type::mismatch"),
        ("attachments contains \"x\"", "mfp::type::quantifier"),
        ("any attachment contains \"x\"", "mfp::type::not-searchable"),
        ("message is urgent", "mfp::name::unknown"),
        ("message is timeout", "mfp::name::unknown"),
        ("any attachment where attachment is huge", "mfp::name::unknown"),
        ("any attachment where attachment.nam is absent", "mfp::type::no-field"),
        ("message.sise > 1 MB", "mfp::type::no-field"),
        ("big", "mfp::type::arity"),
        ("sender is big", "mfp::type::mismatch"),
        ("sender != boss@c.example", "mfp::type::absent"),
        ("recipient is absent", "mfp::type::never-absent"),
        ("(recipient or boss@c.example) in partners", "mfp::type::default"),
        ("header(\"X\") or \"\" == \"y\"", "mfp::type::default"),
        ("(header(\"X\") or 3) == \"y\"", "mfp::type::mismatch"),
        ("header(\"X Y\") is absent", "mfp::type::header-name"),
        ("header(subject) is absent", "mfp::type::mismatch"),
        ("header(\"X\", 0) is absent", "mfp::type::range"),
        ("header(\"X\", 99999999999) is absent", "mfp::type::range"),
        ("header(\"X\", \"last\") is absent", "mfp::type::mismatch"),
        ("header(\"X\", first) is absent", "mfp::type::mismatch"),
        ("header(\"X\", 1, 2) is absent", "mfp::type::arity"),
        ("header_count(\"X\", 1) > 2", "mfp::type::arity"),
        ("any header(\"X\", 1) contains \"a\"", "mfp::type::quantifier"),
        ("header(\"X\", last) != \"a\"", "mfp::type::absent"),
        ("message.charset == \"koi8-r\"", "mfp::type::quantifier"),
        ("message.charset is koi8_r", "mfp::type::quantifier"),
        ("any attachment where attachment.charset > 3", "mfp::type::mismatch"),
        ("recipient.user is absent", "mfp::type::never-absent"),
        ("recipient.detail != \"news\"", "mfp::type::absent"),
        ("recipient.details is absent", "mfp::type::no-field"),
        ("subject.detail is absent", "mfp::type::no-field"),
        ("lengt(subject) > 3", "mfp::name::unknown-function"),
        ("length(subject, body) > 3", "mfp::type::arity"),
        ("length(message.size) > 3", "mfp::type::mismatch"),
        ("subject contains \"\u{200b}\"", "mfp::type::empty-pattern"),
        ("subject contains word \"--\"", "mfp::type::never-matches"),
        ("subject matches /ﬁ/", "mfp::type::never-matches"),
        ("subject matches /a(?=b)/", "mfp::type::regex-look-around"),
        ("subject matches /(a/", "mfp::type::regex"),
        ("rate(sender) over 10 > 3", "mfp::type::mismatch"),
        ("policy.name == \"p\"", "mfp::type::policy-fact"),
        ("from looks like partners", "mfp::name::unknown"),
        ("subject looks like d", "mfp::type::mismatch"),
        ("client in dnsbl \"\"", "mfp::type::service"),
        ("office", "mfp::type::not-a-condition"),
        ("nothing and message.size > 1", "mfp::name::unknown"),
    ] {
        let codes = about(text);
        assert_eq!(codes.first(), Some(&code), "{text}\n{}", listed(&checked(&condition(text))));
        if text != "nothing and message.size > 1" {
            assert_eq!(codes.len(), 1, "{text}\n{}", listed(&checked(&condition(text))));
        }
        for diagnostic in checked(&condition(text)).diagnostics.iter() {
            assert!(diagnostic.help.is_some(), "{text}: {} has no help", diagnostic.message);
        }
    }
}

#[test]
fn any_x_not_in_s_denies_the_membership_and_not_the_quantifier() {
    use mailfw::language::hir::ExprKind;
    let set = hir(&condition("any recipient not in site"));
    let ExprKind::Quantified { condition: inner, .. } = &set.policies[0].whens[0].kind else {
        panic!("no quantifier")
    };
    assert!(matches!(inner.kind, ExprKind::Not(_)));
    let set = hir(&condition("not any recipient in site"));
    assert!(matches!(set.policies[0].whens[0].kind, ExprKind::Not(_)));
}

#[test]
fn a_policy_s_stage_is_the_latest_of_the_facts_it_reads() {
    for (text, stage, per_recipient) in [
        ("client in site", Stage::Connection, false),
        ("sender in partners", Stage::Envelope, false),
        ("recipient in partners", Stage::Envelope, true),
        ("any recipient in partners", Stage::Envelope, false),
        ("direction is inbound", Stage::Envelope, true),
        ("sender in partners and subject contains \"x\"", Stage::Headers, false),
        ("header(\"X\") is absent", Stage::Headers, false),
        ("header(\"X\", last) is absent", Stage::Headers, false),
        ("sender.detail is absent", Stage::Envelope, false),
        ("recipient.user == \"x\"", Stage::Envelope, true),
        ("any message.charset == \"koi8-r\"", Stage::Content, false),
        ("any attachment where attachment is big", Stage::Content, false),
        ("text contains digits and recipient in partners", Stage::Content, true),
    ] {
        let set = hir(&condition(text));
        let policy = &set.policies[0];
        assert_eq!((policy.stage, policy.per_recipient), (stage, per_recipient), "{text}");
    }
}

#[test]
fn a_criterion_brings_the_stage_of_what_it_asks() {
    let set = hir(
        "criterion outer = inner and sender in @b.example\ncriterion inner = recipient in @b.example and body contains \"x\"\n\
         directory d { domain @a.example access policy p for senders { when outer tag \"x\" } }\n",
    );
    assert_eq!((set.policies[0].stage, set.policies[0].per_recipient), (Stage::Content, true));
    assert_eq!(&*set.criteria[0].name, "inner", "a criterion calls only earlier ones");
}

#[test]
fn names_that_are_nearly_right_are_suggested() {
    for (text, suggestion) in [
        (condition("recipient in parnters"), "did you mean `partners`?"),
        (condition("text contains word_s"), "did you mean `words`?"),
        (condition("subejct contains \"x\""), "did you mean `subject`?"),
        (condition("priority is hihg"), "did you mean `high`?"),
        (condition("spf is fial"), "did you mean `fail`?"),
        (condition("any attachment where attachment is bgi"), "did you mean `big`?"),
        (condition("text contains iban"), "take it from the library: `use std::dlp::{iban}`"),
        (condition("message.signd"), "did you mean `signed`?"),
        (condition("from looks like dd"), "did you mean `d`?"),
    ] {
        let shown = listed(&checked(&text));
        assert!(shown.contains(suggestion), "{suggestion} is not in\n{shown}");
    }
}

#[test]
fn a_directory_named_without_its_path_is_suggested_with_it() {
    let shown = listed(&checked(
        "directory partners { directory bank { domain @b.example } }\n\
         directory d { domain @a.example content policy p for senders { when sender in bank tag \"x\" } }\n",
    ));
    assert!(shown.contains("there is no `bank` here"), "{shown}");
}

const TREE: &str = "\
directory corp {
    domain @corp.example
    content policy outer for senders { when subject contains \"a\" tag \"a\" }
    content policy must for senders mandatory { when subject contains \"b\" tag \"b\" }
    directory left {
        user l@corp.example
        content policy lefty for senders { when subject contains \"c\" tag \"c\" }
        ENTRY
    }
    directory right {
        user r@corp.example
        content policy righty for senders { when subject contains \"d\" tag \"d\" }
    }
}
";

fn entry(text: &str) -> Vec<&'static str> {
    let codes = found(&TREE.replace("ENTRY", text));
    codes.into_iter().map(|(_, code)| code).filter(|code| !code.starts_with("mfp::lint::")).collect()
}

#[test]
fn what_is_inherited_may_be_overridden_and_excepted_and_nothing_else() {
    let over = |name: &str| {
        entry(&format!(
            "content policy x for senders overrides {name} {{ when subject contains \"x\" tag \"x\" }}"
        ))
    };
    let except = |name: &str| entry(&format!("except {name} when recipient in @b.example"));
    assert_eq!(over("outer"), Vec::<&str>::new());
    assert_eq!(except("outer"), Vec::<&str>::new());
    assert_eq!(except("lefty"), Vec::<&str>::new());
    assert_eq!(over("lefty"), ["mfp::directory::overrides-nothing"]);
    assert_eq!(over("righty"), ["mfp::directory::overrides-nothing"]);
    assert_eq!(over("must"), ["mfp::directory::mandatory"]);
    assert_eq!(over("outr"), ["mfp::name::unknown"]);
    assert_eq!(except("righty"), ["mfp::directory::excepts-nothing"]);
    assert_eq!(except("must"), ["mfp::directory::mandatory"]);
    assert_eq!(except("outr"), ["mfp::name::unknown"]);
    let shown = listed(&checked(&TREE.replace("ENTRY", "except outr when recipient in @b.example")));
    assert!(shown.contains("did you mean `outer`?"), "{shown}");
}

#[test]
fn a_broken_head_elsewhere_hides_no_unknown_name_of_an_intact_directory() {
    let unknown = |policy: &str| {
        let text = TREE.replace("ENTRY", "except outr, broken when recipient in @b.example").replace(
            "    directory right {\n",
            &format!("    {policy} {{ when subject contains \"y\" tag \"y\" }}\n    directory right {{\n"),
        );
        let shown = listed(&checked(&text));
        assert!(
            !shown.contains("policy `broken`"),
            "what the broken policy may be is not said twice\n{shown}"
        );
        assert!(!shown.contains("`nobody`"), "{shown}");
        shown.matches("there is no policy `outr`").count()
    };
    assert_eq!(unknown("content policy broken for senderz"), 1);
    assert_eq!(unknown("content policy broken for senders overides nobody"), 1);
    assert_eq!(unknown("content policy broken senders"), 1);
    assert_eq!(unknown("contnt policy broken for senders"), 1);
    // Of a policy without a name nobody knows whether it is this one.
    assert_eq!(unknown("content policy 3broken for senders"), 0);
    assert_eq!(unknown("content policy for senders"), 0);
    let outside = "content polcy helper(x: number { when subject contains \"y\" tag \"y\" }\n\
                   directory d { domain @a.example except nobody when recipient in @b.example }\n";
    let shown = listed(&checked(outside));
    assert!(shown.contains("there is no policy `nobody`"), "{shown}");
}

#[test]
fn what_is_wrong_with_an_occurrence_a_charset_or_a_separator_is_said_in_words() {
    for (text, words) in [
        ("header(\"Received\", 0) is absent", "there is no field of the number 0"),
        (
            "header(\"Received\", first) is absent",
            "which of the fields is meant is a number on the spot, or `last`",
        ),
        ("header(\"Received\", first) is absent", "fields are counted from the top"),
        ("any header(\"X\", 1) contains \"a\"", "this is a text that may be absent, and `any`"),
        ("message.charsets is absent", "did you mean `charset`?"),
        ("recipient.details is absent", "did you mean `detail`?"),
    ] {
        let shown = listed(&checked(&condition(text)));
        assert!(shown.contains(words), "{words} is not in\n{shown}");
    }
    let site = |separator: &str| {
        let text = format!("site {{\ndomains @a.example\n{separator}\n}}\n{}", condition("sender in site"));
        listed(&checked(&text))
    };
    assert!(site("separator \"a\"").contains("`a` cannot part user and detail of an address"));
    assert!(site("separator \"+@\"").contains("`@` cannot part"));
    assert!(site("separator \"\"").contains("an empty text parts nothing"));
    assert!(site("separator \"+\" separator \"-\"").contains("`separator` stands here a second time"));
    assert!(site("seperator \"+\"").contains("did you mean `separator`?"));
    assert!(site("separator \"{subject}\"").contains("there is no message here"));
}

#[test]
fn a_policy_of_a_directory_says_for_whom_and_one_outside_does_not() {
    assert_eq!(entry("content policy x { when subject contains \"x\" tag \"x\" }"), ["mfp::directory::side"]);
    let outside = "content policy x for senders { when subject contains \"x\" tag \"x\" }\n\
                   directory d { domain @a.example apply x to both }\n";
    assert_eq!(found(outside), [(1, "mfp::directory::side")]);
}

#[test]
fn one_entry_has_one_home_also_when_it_comes_from_a_list_file() {
    let text = "directory a { user ann@a.example }\ndirectory b { list \"people.txt\" }\n\
                # file: people.txt\n# people\nben@a.example\nANN@A.example\n";
    let checked = checked(text);
    let errors: Vec<_> = checked.diagnostics.iter().filter(|finding| finding.level == Level::Error).collect();
    assert_eq!(errors.len(), 1, "{}", listed(&checked));
    let source = checked.map.get(errors[0].primary.span.source).unwrap();
    assert_eq!(source.name, "people.txt");
    assert_eq!(source.line_column(errors[0].primary.span.start as usize), (3, 1));
}

#[test]
fn a_bad_line_of_a_list_file_refuses_the_set_with_file_and_line() {
    let text = "list staff { from \"people.txt\" }\n\
                directory a { domain @a.example content policy p for senders { when recipient in staff tag \"x\" } }\n\
                # file: people.txt\nann@a.example\nnobody at all\n@b.example\n";
    let checked = checked(text);
    assert!(checked.hir.is_none());
    let shown = listed(&checked);
    assert!(shown.contains("people.txt:2:1 Error mfp::item::mixed-list"), "{shown}");
}

#[test]
fn a_directory_opened_again_adds_up_in_the_order_of_use() {
    let set = hir("use \"one.mfp\"\nuse \"two.mfp\"\ndirectory a { domain @a.example }\n\
         # file: one.mfp\ndirectory a { content policy p1 for senders { when subject contains \"1\" tag \"1\" } }\n\
         # file: two.mfp\ndirectory a.b { user u@a.example content policy p2 for senders { when subject contains \"2\" tag \"2\" } }\n");
    let names: Vec<&str> = set.policies.iter().map(|policy| &*policy.name).collect();
    assert_eq!(names, ["p1", "p2"]);
    let paths: Vec<&str> = set.directories.iter().map(|directory| &*directory.path).collect();
    assert_eq!(paths, ["a", "a.b"]);
    assert_eq!(set.directories[1].parent, Some(set.directories[0].id));
}

#[test]
fn a_dotted_path_through_a_directory_that_there_is_not_is_an_error() {
    let text = "directory acme { domain @a.example }\n\
                directory amce.sales { content policy p for senders { when subject contains \"x\" tag \"x\" } }\n";
    let codes: Vec<_> = found(text).into_iter().filter(|(_, code)| !code.starts_with("mfp::lint")).collect();
    assert_eq!(codes, [(2, "mfp::name::unknown")]);
}

#[test]
fn a_library_policy_takes_its_arguments_where_it_is_applied() {
    use mailfw::language::hir::Disposition;
    let set = hir("folder held { keep 1 days }\n\
         directory a {\n domain @a.example\n apply std::attachments::no_executables to recipients\n\
         directory b {\n  user u@a.example\n  apply std::attachments::no_executables(folder: held) to recipients mandatory\n } }\n");
    assert_eq!(set.policies.len(), 2);
    assert!(matches!(set.policies[0].disposition.as_ref().unwrap().node, Disposition::Reject(_)));
    let Disposition::Quarantine(folder) = set.policies[1].disposition.as_ref().unwrap().node else {
        panic!("held")
    };
    assert_eq!(&*set.folders[folder.index()].name, "held");
    assert!(set.policies[1].mandatory && !set.policies[0].mandatory);
    assert_eq!(set.policies[1].side, Side::Recipients);
    assert_eq!(set.policies[0].name, set.policies[1].name);
}

#[test]
fn a_mandatory_application_is_not_replaced_below() {
    let text = "folder held { keep 1 days }\n\
         directory a {\n domain @a.example\n apply std::attachments::no_executables to recipients mandatory\n\
         directory b {\n  user u@a.example\n  apply std::attachments::no_executables(folder: held) to recipients\n } }\n";
    assert_eq!(found(text), [(7, "mfp::directory::mandatory")]);
}

#[test]
fn every_application_but_the_first_of_a_directory_is_told_with_the_first() {
    let text = "site { domains @a.example postmaster postmaster@a.example }\n\
         directory a {\n domain @a.example\n\
         apply std::attachments::no_executables to recipients\n\
         apply std::attachments::no_scripts to recipients\n\
         apply std::attachments::no_executables to senders\n\
         directory b {\n user u@a.example\n apply std::attachments::no_executables to recipients\n }\n\
         apply std::attachments::no_executables to both\n }\n";
    assert_eq!(found(text), [(6, "mfp::directory::applied-twice"), (11, "mfp::directory::applied-twice")]);
    let checked = checked(text);
    let firsts: Vec<usize> = checked
        .diagnostics
        .sorted()
        .iter()
        .flat_map(|diagnostic| &diagnostic.secondary)
        .map(|label| checked.map.get(label.span.source).unwrap().line_column(label.span.start as usize).0)
        .collect();
    assert_eq!(firsts, [4, 4], "both speak of the first");
}

#[test]
fn an_application_below_several_mandatory_ones_is_told_with_the_first_written() {
    let text = "site { domains @a.example postmaster postmaster@a.example }\n\
         directory a {\n domain @a.example\n\
         apply std::attachments::no_executables to recipients mandatory\n\
         directory b {\n directory c {\n user u@a.example\n\
         apply std::attachments::no_executables to recipients\n } }\n\
         directory d { user v@a.example }\n }\n\
         directory e {\n domain @e.example\n apply std::attachments::no_executables to recipients\n }\n";
    assert_eq!(found(text), [(8, "mfp::directory::mandatory")], "only what is below is bound");
}

#[test]
fn ten_mistakes_of_ten_kinds_are_ten_findings_with_help() {
    let text = r#"use std::dpl::{iban}
site {
    domains    @a.example
    networks   10.1.0.0/8
    postmaster postmaster@a.example
    timezone   "Europe/Berlim"
}
folder held { keep 0 days }
dictionary words { "secret" weight 3 }
directory d {
    domain @a.example
    content policy one for senders {
        when subject contians "x"
        tag  "x"
    }
    content policy two for senders {
        when message.size > 10
        then quarantine in helt
    }
    content policy three for senders overrides nobody {
        when     subject matches /(a/
        annotate footer "Confidential"
        then     deliver
        then     drop
    }
}
"#;
    let checked = checked(text);
    let shown = listed(&checked);
    let lines: Vec<usize> = found(text).into_iter().map(|(line, _)| line).collect();
    assert_eq!(lines, [1, 4, 6, 8, 13, 17, 18, 20, 21, 22, 24], "{shown}");
    let mut codes: Vec<&str> = found(text).into_iter().map(|(_, code)| code).collect();
    codes.sort_unstable();
    codes.dedup();
    assert!(codes.len() >= 10, "{shown}");
    for finding in checked.diagnostics.iter() {
        assert!(finding.help.is_some(), "{} has no help", finding.message);
        assert!(!finding.message.ends_with('.') && !finding.message.starts_with(char::is_uppercase));
    }
}

#[test]
fn a_comment_allows_a_warning_on_its_line_or_the_next_and_says_when_it_is_idle() {
    let unused = "# allow(mfp::lint::unused)\nfolder old { keep 1 days }\n";
    assert_eq!(found(unused), []);
    let beside = "folder old { keep 1 days } # allow(lint::unused)\n";
    assert_eq!(found(beside), []);
    let idle = "# allow(mfp::lint::unused)\n\nfolder old { keep 1 days }\n";
    assert_eq!(found(idle), [(1, "mfp::allow::unused"), (3, "mfp::lint::unused")]);
    let unknown = "# allow(mfp::lint::unusd)\nfolder old { keep 1 days }\n";
    assert_eq!(found(unknown), [(1, "mfp::allow::unknown"), (2, "mfp::lint::unused")]);
    let error = "# allow(mfp::name::unknown)\ncriterion c = nothing\n";
    assert_eq!(found(error), [(2, "mfp::name::unknown")]);
}

#[test]
fn files_are_read_once_and_circles_are_told() {
    let diamond = "use \"a.mfp\"\nuse \"b.mfp\"\n\
         directory d { domain @a.example content policy p for senders { when text contains wa and text contains wb tag \"x\" } }\n\
         # file: a.mfp\nuse \"words.mfp\"\ndictionary wa { \"a\" }\ncriterion ca = text contains words\n\
         # file: b.mfp\nuse \"words.mfp\"\ndictionary wb { \"b\" }\ncriterion cb = text contains words\n\
         # file: words.mfp\ndictionary words { \"w\" }\n";
    let set = checked(diamond);
    assert!(set.hir.is_some(), "{}", listed(&set));
    assert_eq!(set.files.len(), 4);
    let circle = "use \"a.mfp\"\n# file: a.mfp\nuse \"b.mfp\"\n# file: b.mfp\nuse \"a.mfp\"\n";
    let shown = listed(&checked(circle));
    assert!(shown.contains("`a.mfp` uses itself: `a.mfp` uses `b.mfp` uses `a.mfp`"), "{shown}");
}

#[test]
fn bad_sources_are_findings() {
    use mailfw::base::limits::SourceLimits;
    use mailfw::language::check;
    use std::collections::BTreeMap;
    let run = |bytes: Vec<u8>| {
        let mut files = BTreeMap::from([("main.mfp".to_string(), bytes)]);
        check("main.mfp", &mut files, &SourceLimits::default())
    };
    let latin = run(b"# caf\xe9\n".to_vec());
    assert!(listed(&latin).contains("main.mfp:1:6 Error mfp::source::not-utf8"), "{}", listed(&latin));
    let large = run(vec![b'#'; 50 << 20]);
    assert!(large.hir.is_none() && large.diagnostics.len() == 1);
    let mut none: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let missing = check("main.mfp", &mut none, &SourceLimits::default());
    assert!(listed(&missing).contains("`main.mfp` cannot be read: there is no such file"));
    assert!(missing.hir.is_none());
    assert!(run(Vec::new()).hir.is_some(), "an empty set has no policies, and no mistakes");
}

#[test]
fn a_test_is_typed_with_its_files_and_given_answers() {
    use mailfw::language::hir::Given;
    let set = hir(
        "site { domains @a.example  postmaster postmaster@a.example  timezone \"Europe/Berlin\" }\n\
         directory d { domain @a.example content policy p for senders { when subject contains \"x\" tag \"x\" } }\n\
         test \"t\" {\n at 2026-11-24 10:00\n from Ann@A.example\n to ben@b.example\n attach \"a.txt\" from \"a.txt\"\n\
         client 192.0.2.1 helo \"x\" tls\n given virus \"Eicar\"\n given spf fail\n given dnsbl \"z.example\" timeout\n\
         given group \"cn=x\" ann@a.example\n given attribute ann@a.example \"department\" \"Sales\"\n given rate 12\n\
         expect fired p\n expect for ben@b.example deliver\n expect notify postmaster\n }\n\
         # file: a.txt\nhello",
    );
    let test = &set.tests[0];
    assert_eq!(test.input.at.unwrap().to_string(), "2026-11-24T09:00:00Z");
    assert_eq!(&*test.input.from.as_ref().unwrap().text, "Ann@A.example");
    assert_eq!(test.input.from.as_ref().unwrap().address.to_string(), "ann@a.example");
    assert_eq!(&*test.input.attachments[0].content, b"hello");
    assert!(matches!(test.input.given[0].node, Given::Virus(Some(_))));
    assert!(matches!(test.input.given[2].node, Given::DnsblTimeout(_)));
    assert_eq!(test.input.given.len(), 6);
    assert_eq!(test.expectations.len(), 3);
}

#[test]
fn one_attachment_without_a_quantifier_is_told_how_to_say_which() {
    let mut sources = std::collections::BTreeMap::from([(
        "main.mfp".to_string(),
        b"directory d { domain @a.example content policy p for senders { when attachment.size > 1 MB tag \"x\" } }".to_vec(),
    )]);
    let checked =
        mailfw::language::check("main.mfp", &mut sources, &mailfw::base::limits::SourceLimits::default());
    let helps: Vec<Option<String>> = checked.diagnostics.iter().map(|found| found.help.clone()).collect();
    assert_eq!(
        helps,
        [Some(
            "a quantifier says which of them is meant: `any attachment where attachment.size …`".to_string()
        )]
    );
}
