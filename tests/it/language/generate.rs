//! Well-formed policy files, generated over the whole grammar: for whatever must hold of every file.
//!
//! The files parse; names in them need not exist and types need not fit. [`file`] gives them plainly laid out,
//! [`roughened`] spoils the layout without changing what a file says.

use proptest::prelude::*;
use proptest::sample::select;

fn name() -> BoxedStrategy<String> {
    prop_oneof![
        select(vec![
            "tag", "folder", "from", "virus", "text", "subject", "at", "using", "list", "weight", "days",
            "original", "header", "closes"
        ])
        .prop_map(String::from),
        "[a-z][a-z0-9_]{0,8}x",
    ]
    .boxed()
}

fn reference() -> BoxedStrategy<String> {
    prop_oneof![
        4 => name(),
        2 => (name(), select(vec!["size", "name", "because", "encrypted"])).prop_map(|(name, field)| format!("{name}.{field}")),
        1 => name().prop_map(|name| format!("std::dlp::{name}")),
    ].boxed()
}

fn text() -> BoxedStrategy<String> {
    prop_oneof![
        4 => "[a-zA-Z ,.:#/}äß']{0,12}",
        1 => Just("a {{ b } \\n \\\" \\\\ \\u{20ac}".to_string()),
        1 => Just("{subject} from {sender}".to_string()),
        1 => Just("{header(\"X\") or (\"none {to}\")}".to_string()),
    ]
    .prop_map(|text| format!("\"{text}\""))
    .boxed()
}

fn block_text(indent: usize) -> BoxedStrategy<String> {
    let blanks = " ".repeat(indent + 4);
    prop_oneof![
        Just(format!("\"\"\"\n{blanks}one {{x}}\n\n{blanks}  two \"quoted\"\n{blanks}\"\"\"")),
        Just(format!("\"\"\"\n{blanks}  deeper\n{blanks}end\"\"\"")),
        Just(format!("\"\"\"first\n{blanks}second # no comment\n  \n{blanks}\"\"\"")),
        Just("\"\"\"at once\"\"\"".to_string()),
    ]
    .boxed()
}

fn address() -> BoxedStrategy<String> {
    prop_oneof![
        4 => "[a-z]{1,6}(\\.[a-z]{1,4})?@[a-z]{1,6}\\.example",
        1 => select(vec!["<>", "\"john doe\"@acme.example", "jürgen@bücher.example", "a+b=c@x.example", "x@[192.0.2.1]"])
            .prop_map(String::from),
    ].boxed()
}

fn domain() -> BoxedStrategy<String> {
    select(vec!["@acme.example", "@*.acme.example", "@bücher.example", "@xn--bcher-kva.example"])
        .prop_map(String::from)
        .boxed()
}

fn network() -> BoxedStrategy<String> {
    select(vec!["10.0.0.0/8", "192.0.2.1", "2001:db8::/32", "2001:db8::1", "::1", "::ffff:192.0.2.1"])
        .prop_map(String::from)
        .boxed()
}

fn literal() -> BoxedStrategy<String> {
    prop_oneof![
        text(),
        address(),
        domain(),
        network(),
        select(vec![
            "3",
            "-2",
            "10 MB",
            "64 KiB",
            "30 days",
            "1 hour",
            "100 characters",
            "08:00",
            "2026-12-25",
            "2026-11-24 18:00 \"Europe/Berlin\"",
            "2026-11-24 18:00",
            "true",
            "false",
            "/a\\/b[# ]c/is",
            "/x y/",
        ])
        .prop_map(String::from),
    ]
    .boxed()
}

fn value() -> BoxedStrategy<String> {
    prop_oneof![
        4 => reference(),
        3 => literal(),
        1 => prop::collection::vec(literal(), 0..3).prop_map(|list| format!("[{}]", list.join(", "))),
        1 => (name(), literal()).prop_map(|(function, value)| format!("{function}({value})")),
        1 => (reference(), reference()).prop_map(|(pattern, subject)| format!("count({pattern} in {subject})")),
        1 => (reference(), reference()).prop_map(|(pattern, subject)| format!("score({pattern} in {subject} at most 3)")),
        1 => reference().prop_map(|key| format!("rate({key}) over 1 hour")),
    ].boxed()
}

/// An expression.
pub(crate) fn expression() -> BoxedStrategy<String> {
    let leaf = prop_oneof![
        2 => reference(),
        3 => (value(), select(vec!["==", "!=", "<", "<=", ">", ">=", "in", "outside", "contains", "contains word", "matches", "like", "starts with", "ends with", "not in", "not contains"]), value())
            .prop_map(|(left, operator, right)| format!("{left} {operator} {right}")),
        1 => (reference(), reference()).prop_map(|(subject, name)| format!("{subject} is {name}")),
        1 => (reference(), reference()).prop_map(|(subject, name)| format!("{subject} is not {name}")),
        1 => name().prop_map(|name| format!("from looks like {name}")),
        1 => text().prop_map(|zone| format!("client.ip in dnsbl {zone}")),
        1 => text().prop_map(|query| format!("sender in group ldap {query}")),
        1 => (select(vec!["any", "no", "every"]), name(), domain()).prop_map(|(quantifier, over, set)| format!("{quantifier} {over} in {set}")),
        1 => text().prop_map(|name| format!("any header({name}) contains \"x\"")),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 2..5).prop_map(|parts| parts.join(" and ")),
            prop::collection::vec(inner.clone(), 2..5).prop_map(|parts| parts.join(" or ")),
            inner.clone().prop_map(|inner| format!("({inner})")),
            inner.clone().prop_map(|inner| format!("not ({inner})")),
            inner.clone().prop_map(|inner| format!("not {inner}")),
            (name(), inner.clone()).prop_map(|(over, inner)| format!("(any {over} where {inner})")),
            (name(), inner).prop_map(|(over, inner)| format!("(every {over} as a where {inner})")),
        ]
    })
    .boxed()
}

fn disposition() -> BoxedStrategy<String> {
    prop_oneof![
        Just("deliver".to_string()),
        Just("drop".to_string()),
        name().prop_map(|calendar| format!("defer until {calendar} closes")),
        Just("defer until 2026-11-24 18:00 \"UTC\"".to_string()),
        Just("defer for 2 hours".to_string()),
        name().prop_map(|folder| format!("quarantine in {folder}")),
        name().prop_map(|folder| format!("quarantine in {folder} else reject \"no\"")),
        text().prop_map(|why| format!("return {why}")),
        text().prop_map(|why| format!("reject {why}")),
        address().prop_map(|by| format!("approve by {by} within 2 days else drop")),
    ]
    .boxed()
}

fn action() -> BoxedStrategy<String> {
    prop_oneof![
        (text(), text()).prop_map(|(name, value)| format!("annotate header {name} {value}")),
        text().prop_map(|text| format!("annotate subject prefix {text}")),
        name().prop_map(|template| format!("annotate footer using {template} above quote or skip")),
        text().prop_map(|text| format!("annotate banner {text} or return \"x\"")),
        (text(), name())
            .prop_map(|(name, template)| format!("annotate attachment {name} using {template} or wrap")),
        (address(), name())
            .prop_map(|(to, template)| format!("notify sender, {to} using {template} attach headers")),
        expression().prop_map(|condition| format!("strip attachments where {condition}")),
        Just("convert uuencode to mime".to_string()),
        (text(), text()).prop_map(|(name, value)| format!("set header {name} {value}")),
        text().prop_map(|name| format!("remove header {name}")),
        text().prop_map(|tag| format!("tag {tag}")),
        Just("severity high".to_string()),
        Just("set priority low".to_string()),
        address().prop_map(|to| format!("copy to {to} original")),
        address().prop_map(|to| format!("redirect to {to}")),
        Just("route via \"relay.example:25\" require tls".to_string()),
        disposition().prop_map(|otherwise| format!("encrypt using x otherwise {otherwise}")),
        Just("sign".to_string()),
        Just("decrypt".to_string()),
    ]
    .boxed()
}

fn clause() -> BoxedStrategy<String> {
    prop_oneof![
        1 => text().prop_map(|why| format!("because {why}")),
        4 => expression().prop_map(|condition| format!("when {condition}")),
        2 => expression().prop_map(|condition| format!("unless {condition}")),
        4 => action(),
        1 => disposition().prop_map(|disposition| format!("then {disposition}")),
    ]
    .boxed()
}

fn modifiers() -> BoxedStrategy<String> {
    prop::collection::vec(
        select(vec![
            " overrides p, q",
            " mandatory",
            " off",
            " observe",
            " from 2026-12-01",
            " until 2027-01-15",
        ]),
        0..3,
    )
    .prop_map(|modifiers| modifiers.concat())
    .boxed()
}

fn block(
    head: impl Strategy<Value = String> + 'static,
    clauses: impl Strategy<Value = Vec<String>> + 'static,
) -> BoxedStrategy<String> {
    (head, clauses)
        .prop_map(|(head, clauses)| {
            if clauses.is_empty() {
                return format!("{head} {{}}\n");
            }
            let mut out = format!("{head} {{\n");
            for clause in clauses {
                for line in clause.trim_end().split('\n') {
                    out.push_str(if line.is_empty() { "" } else { "    " });
                    out.push_str(line);
                    out.push('\n');
                }
            }
            out + "}\n"
        })
        .boxed()
}

fn policy() -> BoxedStrategy<String> {
    let managers = select(vec!["access", "format", "virus", "security", "content"]);
    let head = (managers, name(), modifiers(), modifiers()).prop_map(|(manager, name, before, behind)| {
        format!("{manager} policy {name}{before} for senders{behind}")
    });
    block(head, prop::collection::vec(clause(), 0..6)).boxed()
}

fn entry() -> BoxedStrategy<String> {
    prop_oneof![
        prop::collection::vec(domain(), 1..3).prop_map(|domains| format!("domain {}", domains.join(", "))),
        prop::collection::vec(address(), 1..3).prop_map(|users| format!("user {}", users.join(", "))),
        text().prop_map(|path| format!("list {path}")),
        text().prop_map(|query| format!("group ldap {query}")),
        (name(), name(), modifiers()).prop_map(|(policy, folder, modifiers)| format!(
            "apply {policy}(folder: {folder}) to recipients{modifiers}"
        )),
        expression().prop_map(|condition| format!("except p, q when {condition}")),
    ]
    .boxed()
}

fn directory() -> BoxedStrategy<String> {
    let leaf = block(
        name().prop_map(|name| format!("directory {name}")),
        prop::collection::vec(prop_oneof![entry(), policy()], 0..4),
    );
    leaf.prop_recursive(3, 8, 3, |inner| {
        block(
            name().prop_map(|name| format!("directory {name}.x")),
            prop::collection::vec(prop_oneof![entry().boxed(), policy().boxed(), inner.boxed()], 1..4),
        )
    })
    .boxed()
}

fn expectation() -> BoxedStrategy<String> {
    prop_oneof![
        disposition()
            .prop_filter("expectations have no else", |text| !text.contains("else")
                && !text.contains("within"))
            .prop_map(|disposition| format!("expect {disposition}")),
        Just("expect for ann@x.example not fired a, b".to_string()),
        Just("expect return".to_string()),
        Just("expect not notify sender".to_string()),
        Just("expect notify <> using t".to_string()),
        text().prop_map(|subject| format!("expect subject {subject}")),
        Just("expect header \"X\" absent".to_string()),
        Just("expect not body contains \"x\"".to_string()),
        Just("expect undecided a".to_string()),
        Just("expect route via \"x\"".to_string()),
        Just("expect encrypt".to_string()),
    ]
    .boxed()
}

fn test_clause() -> BoxedStrategy<String> {
    prop_oneof![
        Just("at 2026-11-24 10:00 \"Europe/Berlin\"".to_string()),
        address().prop_map(|from| format!("from {from}")),
        prop::collection::vec(address(), 1..3).prop_map(|to| format!("to {}", to.join(", "))),
        Just("sender <>".to_string()),
        (text(), text()).prop_map(|(name, value)| format!("header {name} {value}")),
        text().prop_map(|subject| format!("subject {subject}")),
        block_text(4).prop_map(|body| format!("body {body}")),
        text().prop_map(|body| format!("body html {body}")),
        Just("attach \"a\" from \"b\"".to_string()),
        Just("attach \"a\" containing \"b\"".to_string()),
        Just("client 192.0.2.1 name \"x\" helo \"y\" tls".to_string()),
        Just("given spf fail".to_string()),
        Just("given rate sender 12".to_string()),
        expectation(),
    ]
    .boxed()
}

fn small_item() -> BoxedStrategy<String> {
    prop_oneof![
        Just("use std::dlp::{card_number, iban}\n".to_string()),
        Just("use \"words.mfp\"\n".to_string()),
        Just("site {\n    domains @a.example, @*.a.example\n    networks 10.0.0.0/8\n    postmaster p@a.example\n    timezone \"UTC\"\n    order access, virus\n}\n".to_string()),
        (name(), expression()).prop_map(|(name, body)| format!("criterion {name} = {body}\n")),
        (name(), expression()).prop_map(|(name, body)| format!("criterion {name}(a: attachment) = {body}\n")),
        name().prop_map(|name| format!("folder {name} {{ keep 30 days }}\n")),
        name().prop_map(|name| format!("calendar {name} {{\n    timezone \"UTC\"\n    open mon..fri, sun 08:00..18:00\n    closed 2026-12-25, 2027-12-24..2028-01-01\n}}\n")),
        (name(), block_text(4), text()).prop_map(|(name, text, html)| format!("template {name} {{\n    subject \"x\"\n    text {text}\n    html {html}\n}}\n")),
        block(name().prop_map(|name| format!("dictionary {name}")), prop::collection::vec(prop_oneof![
            (text(), 1..9).prop_map(|(word, weight)| format!("{word} weight {weight}")),
            text().prop_map(|word| format!("word {word} at most 3")),
            Just("/proj(ect)?[- ]x\\b/i weight 5 at most 2".to_string()),
            Just("list \"words.txt\"".to_string()),
        ], 0..5)),
        block(name().prop_map(|name| format!("list {name}")), prop::collection::vec(prop_oneof![address(), domain(), network(), text(), Just("from \"x.txt\"".to_string())].prop_filter("no entry", |entry| entry != "<>"), 0..5)),
        name().prop_map(|name| format!("detector {name} {{\n    because \"x\"\n    pattern /[0-9]{{4}}/\n    check luhn\n    near \"visa\", \"cvv\" within 100 characters\n    yes \"4111\"\n    no \"4112\"\n}}\n")),
        name().prop_map(|name| format!("verification {name} {{\n    level full\n    accept a, b\n}}\n")),
        block((name(), name()).prop_map(|(name, parameter)| format!("virus policy {name}({parameter}: folder?, limit: size = 10 MB)")), prop::collection::vec(clause(), 0..3)),
        block(text().prop_filter("a test's name is plain", |text| !text.contains('{')).prop_map(|name| format!("test {name}")), prop::collection::vec(test_clause(), 0..6)),
    ].boxed()
}

/// A policy file that parses.
pub(crate) fn file() -> BoxedStrategy<String> {
    prop::collection::vec(
        prop_oneof![3 => small_item().boxed(), 1 => policy().boxed(), 1 => directory().boxed()],
        0..6,
    )
    .prop_map(|items| items.join("\n"))
    .boxed()
}

/// The same file with its gaps outside texts made wider, narrower or broken, and comments put in: by what `choices`
/// says, in turn.
pub(crate) fn roughened(text: &str, choices: &[u8]) -> (String, usize) {
    let mut out = String::new();
    let mut comments = 0;
    let mut choices = choices.iter().cycle();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = if let Some(block) = rest.strip_prefix("\"\"\"") {
            3 + block.find("\"\"\"").unwrap() + 3
        } else if first == '"' {
            text_length(rest)
        } else if first == '/' && out.ends_with([' ', '\n', '\t', '[', '(']) {
            regex_length(rest)
        } else if first == ' ' || first == '\n' {
            rest.len() - rest.trim_start_matches([' ', '\n']).len()
        } else {
            first.len_utf8()
        };
        if first != ' ' && first != '\n' {
            out.push_str(&rest[..length]);
            rest = &rest[length..];
            continue;
        }
        // Within a date-time, a number and its unit, anything goes: gaps are gaps.
        match choices.next().copied().unwrap_or(0) % 12 {
            0 => out.push_str("   "),
            1 => out.push('\n'),
            2 => out.push_str("\n\n\n"),
            3 => {
                out.push_str(" # a comment: \"it\" {may} say /anything\n");
                comments += 1;
            }
            4 => {
                out.push_str("\n  # alone\n");
                comments += 1;
            }
            5 => out.push_str("\r\n\t"),
            _ => out.push_str(&rest[..length]),
        }
        rest = &rest[length..];
    }
    (out, comments)
}

/// Bytes of the text that begins here, interpolations stepped over.
fn text_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut at = 1;
    let mut depth = 0;
    loop {
        match bytes[at] {
            b'"' if depth == 0 => return at + 1,
            b'"' => at += text_length(&text[at..]),
            b'\\' => at += 2,
            b'{' if depth == 0 && bytes[at + 1] == b'{' => at += 2,
            b'{' => {
                depth += 1;
                at += 1;
            }
            b'}' => {
                depth = if depth > 0 { depth - 1 } else { 0 };
                at += 1;
            }
            _ => at += 1,
        }
    }
}

fn regex_length(text: &str) -> usize {
    let mut at = 1;
    let bytes = text.as_bytes();
    while bytes[at] != b'/' {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    at + 1
}
