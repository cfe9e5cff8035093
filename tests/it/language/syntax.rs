//! What can be written in mfp, and how it is read.

use mailfw::base::limits::SourceLimits;
use mailfw::base::source::SourceId;
use mailfw::language::syntax::ast::{
    Clause, DirectoryEntry, Expr, ExprKind, Item, Reference, SiteClause, TextLiteral, TextPart,
};
use mailfw::language::syntax::{Parsed, parse};

/// The files of both example sets: name and text.
pub(crate) const EXAMPLES: &[(&str, &str)] = &[
    ("acme/main.mfp", include_str!("../../../examples/acme/main.mfp")),
    ("acme/templates.mfp", include_str!("../../../examples/acme/templates.mfp")),
    ("acme/words.mfp", include_str!("../../../examples/acme/words.mfp")),
    ("figure4/main.mfp", include_str!("../../../examples/figure4/main.mfp")),
];

pub(crate) fn parsed(text: &str) -> Parsed {
    parse(SourceId(0), text, &SourceLimits::default())
}

#[test]
fn both_examples_parse_without_a_finding() {
    for (name, text) in EXAMPLES {
        let parsed = parsed(text);
        let findings: Vec<_> = parsed
            .diagnostics
            .iter()
            .map(|finding| {
                (finding.primary.span, finding.message.clone(), &text[finding.primary.span.range()])
            })
            .collect();
        assert!(findings.is_empty(), "{name}: {findings:#?}");
    }
}

/// The expression of `criterion c = …`, which must be sound.
fn expression(text: &str) -> Expr {
    let text = format!("criterion c = {text}");
    let read = parsed(&text);
    let findings: Vec<_> = read.diagnostics.iter().map(|finding| &finding.message).collect();
    assert!(findings.is_empty(), "{text}: {findings:?}");
    match read.file.items.into_iter().next() {
        Some(Item::Criterion(criterion)) => criterion.body,
        other => panic!("{text}: {other:?}"),
    }
}

/// An expression with all its structure in brackets.
fn told(expr: &Expr) -> String {
    let list = |exprs: &[Expr]| exprs.iter().map(told).collect::<Vec<_>>().join(" ");
    let reference = |reference: &Reference| {
        let mut out: String = reference.modules.iter().map(|name| format!("{}::", name.node)).collect();
        out.push_str(
            &reference.segments.iter().map(|name| name.node.to_string()).collect::<Vec<_>>().join("."),
        );
        out
    };
    match &expr.kind {
        ExprKind::Name(name) => reference(name),
        ExprKind::Number(number) => number.to_string(),
        ExprKind::Bool(truth) => truth.to_string(),
        ExprKind::Size(size) => format!("{size}B"),
        ExprKind::Duration(seconds) => format!("{seconds}s"),
        ExprKind::Characters(count) => format!("{count}c"),
        ExprKind::TimeOfDay(minutes) => format!("{minutes}min"),
        ExprKind::Date { year, month, day } => format!("{year}/{month}/{day}"),
        ExprKind::DateTime { year, month, day, minutes, zone } => {
            format!("{year}/{month}/{day}+{minutes}{}", zone.as_ref().map_or(String::new(), text))
        }
        ExprKind::Address(address) => format!("<{address}>"),
        ExprKind::NullAddress => "<>".to_string(),
        ExprKind::Domain { name, subdomains } => format!("@{}{name}", if *subdomains { "**" } else { "" }),
        ExprKind::Network(network) => format!("net {network}"),
        ExprKind::Text(literal) => text(literal),
        ExprKind::Regex { pattern, flags } => format!("re {pattern} {flags}"),
        ExprKind::List(exprs) => format!("[{}]", list(exprs)),
        ExprKind::Call { function, arguments } => format!("({} {})", function.node, list(arguments)),
        ExprKind::Count { every, pattern, subject } => {
            format!("(count{} {} {})", if *every { " every" } else { "" }, told(pattern), told(subject))
        }
        ExprKind::Score { dictionary, subject, at_most } => format!(
            "(score {} {}{})",
            told(dictionary),
            told(subject),
            at_most.as_ref().map_or(String::new(), |most| format!(" {}", told(most)))
        ),
        ExprKind::Rate { key, over } => format!("(rate {} {})", told(key), told(over)),
        ExprKind::Paren(inner) => told(inner),
        ExprKind::Not(inner) => format!("(not {})", told(inner)),
        ExprKind::And(exprs) => format!("(and {})", list(exprs)),
        ExprKind::Or(exprs) => format!("(or {})", list(exprs)),
        ExprKind::Compare { operator, left, right } => {
            format!("({operator:?} {} {})", told(left), told(right))
        }
        ExprKind::In { item, outside, set } => {
            format!("({} {} {})", if *outside { "outside" } else { "in" }, told(item), told(set))
        }
        ExprKind::InService { item, service, query } => {
            let words: Vec<String> = service.iter().map(|name| name.node.to_string()).collect();
            format!("(ask {} {} {})", words.join(" "), told(item), text(query))
        }
        ExprKind::Match { subject, operator, pattern } => {
            format!("({:?} {} {})", operator.node, told(subject), told(pattern))
        }
        ExprKind::Is { subject, name } => format!("(is {} {})", told(subject), reference(name)),
        ExprKind::LooksLike { subject, directory } => {
            format!("(looks {} {})", told(subject), reference(directory))
        }
        ExprKind::Quantified { quantifier, over, arguments, variable, condition } => format!(
            "({:?} {}{}{} {})",
            quantifier.node,
            reference(over),
            arguments.iter().map(|argument| format!("[{}]", told(argument))).collect::<String>(),
            variable.as_ref().map_or(String::new(), |name| format!(" as {}", name.node)),
            told(condition)
        ),
        ExprKind::QuantifiedTerm { quantifier, over, arguments } => format!(
            "{:?}-{}{}",
            quantifier.node,
            reference(over),
            arguments.iter().map(|argument| format!("[{}]", told(argument))).collect::<String>()
        ),
        ExprKind::Bad => "bad".to_string(),
    }
}

fn text(literal: &TextLiteral) -> String {
    let parts = literal.parts.iter().map(|part| match part {
        TextPart::Text(text) => text.clone(),
        TextPart::Value(value) => format!("‹{}›", told(value)),
    });
    format!("'{}'", parts.collect::<String>())
}

#[test]
fn operators_bind_as_people_read_them() {
    for (written, meant) in [
        ("a or b and c", "(or a (and b c))"),
        ("a and b or c and d or e", "(or (and a b) (and c d) e)"),
        ("not a and b", "(and (not a) b)"),
        ("not a in b", "(not (in a b))"),
        ("not not a == b", "(not (not (Equal a b)))"),
        ("(a or b) and c", "(and (or a b) c)"),
        ("a not in b", "(not (in a b))"),
        ("a not contains word \"x\"", "(not (ContainsWord a 'x'))"),
        ("a is not b", "(not (is a b))"),
        ("a.b is absent", "(is a.b absent)"),
        ("a==b", "(Equal a b)"),
        ("a <= 3 and b<>c", ""),
        ("a outside site", "(outside a site)"),
        ("from looks like executives", "(looks from executives)"),
        ("client.ip in dnsbl \"z\"", "(ask dnsbl client.ip 'z')"),
        ("client.ip outside dnsbl \"z\"", "(not (ask dnsbl client.ip 'z'))"),
        ("sender in group ldap \"q\"", "(ask group ldap sender 'q')"),
        ("sender in group", "(in sender group)"),
        (
            "any attachment where attachment is x or attachment.size > 1 MB",
            "(Any attachment (or (is attachment x) (Greater attachment.size 1000000B)))",
        ),
        (
            "(no attachment as a where a.size > 1 KiB) and b",
            "(and (No attachment as a (Greater a.size 1024B)) b)",
        ),
        ("any recipient outside site", "(outside Any-recipient site)"),
        ("every to in @*.x.example", "(in Every-to @**x.example)"),
        ("any header(\"Received\") contains \"x\"", "(Contains Any-header['Received'] 'x')"),
        (
            "any header(\"Received\") as h where h ends with \"x\"",
            "(Any header['Received'] as h (EndsWith h 'x'))",
        ),
        ("(header(\"X\") or \"\") starts with \"a\"", "(StartsWith (or (header 'X') '') 'a')"),
        ("count(every p in s) > 3", "(Greater (count every p s) 3)"),
        (
            "count(std::dlp::iban in [subject, body]) > -3",
            "(Greater (count std::dlp::iban [subject body]) -3)",
        ),
        ("score(d in text at most 2) >= 5", "(GreaterOrEqual (score d text 2) 5)"),
        ("rate(sender) over 1 hour > 10", "(Greater (rate sender 3600s) 10)"),
        ("count and score or rate", "(or (and count score) rate)"),
        ("virus.found and policy.because == \"x\"", "(and virus.found (Equal policy.because 'x'))"),
    ] {
        if meant.is_empty() {
            assert!(parsed(&format!("criterion c = {written}")).diagnostics.has_errors(), "{written}");
            continue;
        }
        assert_eq!(told(&expression(written)), meant, "{written}");
    }
}

#[test]
fn literals_are_read_as_the_reference_writes_them() {
    for (written, meant) in [
        ("10 MB", "10000000B"),
        ("64 KiB", "65536B"),
        ("10MB", "10000000B"),
        ("30 days", "2592000s"),
        ("1 week", "604800s"),
        ("15 minutes", "900s"),
        ("100 characters", "100c"),
        ("08:00", "480min"),
        ("24:00", "1440min"),
        ("2026-12-25", "2026/12/25"),
        ("2026-11-24 18:00", "2026/11/24+1080"),
        ("2026-11-24 18:00 \"Europe/Berlin\"", "2026/11/24+1080'Europe/Berlin'"),
        ("anna@acme.example", "<anna@acme.example>"),
        ("jürgen@bücher.example", "<jürgen@bücher.example>"),
        ("\"john doe\"@acme.example", "<\"john doe\"@acme.example>"),
        ("SRS0=x=y=z=a@b.example", "<SRS0=x=y=z=a@b.example>"),
        ("123@b.example", "<123@b.example>"),
        ("a/b+c@[192.0.2.1]", "<a/b+c@[192.0.2.1]>"),
        ("<>", "<>"),
        ("@acme.example", "@acme.example"),
        ("@*.acme.example", "@**acme.example"),
        ("10.0.0.0/8", "net 10.0.0.0/8"),
        ("192.0.2.1", "net 192.0.2.1"),
        ("2001:db8::/32", "net 2001:db8::/32"),
        ("::1", "net ::1"),
        ("::ffff:192.0.2.1", "net ::ffff:192.0.2.1"),
        ("/a\\/b#c[ ]/is", "re a/b#c[ ] is"),
        ("[]", "[]"),
        ("\"\"", "''"),
        ("\"a\\n\\t\\\"\\\\\\u{20ac}\"", "'a\n\t\"\\€'"),
        ("\"{{a}} {b.c} }\"", "'{a}} ‹b.c› }'"),
        ("\"{header(\"X\") or (\"{a}\")}\"", "'‹(or (header 'X') '‹a›')›'"),
        ("\"# no comment\"", "'# no comment'"),
    ] {
        assert_eq!(told(&expression(written)), meant, "{written}");
    }
}

#[test]
fn a_block_text_loses_what_its_layout_put_there_and_nothing_else() {
    for (written, meant) in [
        ("\"\"\"\n        one\n          two\n        \"\"\"", "one\n  two\n"),
        ("\"\"\"\n        one\n\n        two\"\"\"", "one\n\ntwo"),
        ("\"\"\"\n        one\n    \"\"\"", "    one\n"),
        ("\"\"\"\r\n    one\r\n    two\r\n    \"\"\"", "one\ntwo\n"),
        ("\"\"\"first\n    second\"\"\"", "first\nsecond"),
        ("\"\"\"  \n   \n    a\n    \"\"\"", "\na\n"),
        ("\"\"\"\"\"\"", ""),
        ("\"\"\"\n    a \"quoted\" word\n    \\t{{x}\n    \"\"\"", "a \"quoted\" word\n\t{x}\n"),
        ("\"\"\"\n    {a}\n      {b} c\n    \"\"\"", "‹a›\n  ‹b› c\n"),
    ] {
        assert_eq!(told(&expression(written)), format!("'{meant}'"), "{written:?}");
    }
}

#[test]
fn keywords_are_names_where_no_clause_begins() {
    let read = parsed(
        "use from::tag::{folder, text}
        directory from {
            content policy tag for senders overrides from, mandatory from 2026-01-01 off {
                when    virus and folder or text contains policy
                notify  sender, from using notify attach headers
                strip   attachments where attachment is text using using
                then    quarantine in virus
                encrypt using to otherwise quarantine in in_
            }
            apply apply(folder: folder) to both
            except except, apply when to
            directory directory { user a@b.example }
        }
        folder folder { keep 1 day }
        list list { from@from.example from \"x.txt\" @to.example }
        test \"t\" { from a@b.example given rate sender 12 given spf fail sender <> expect notify to using from expect tag \"x\" }",
    );
    let findings: Vec<_> = read.diagnostics.iter().map(|finding| &finding.message).collect();
    assert!(findings.is_empty(), "{findings:?}");
    let Some(Item::Directory(directory)) = read.file.items.get(1) else { panic!("{:?}", read.file) };
    let Some(DirectoryEntry::Policy(policy)) = directory.entries.first() else { panic!("{directory:?}") };
    assert_eq!(policy.modifiers.len(), 3);
    assert_eq!(policy.clauses.len(), 5);
    let Some(Item::Test(test)) = read.file.items.get(4) else { panic!("{:?}", read.file) };
    assert_eq!(test.clauses.len(), 6);
}

#[test]
fn spans_cover_what_was_written_and_no_blanks_or_comments_behind_it() {
    let text =
        "content policy p for senders off # c\n{\n  when a is b # d\n  # e\n  encrypt # f\n  then drop\n}\n";
    let read = parsed(text);
    let Some(Item::Policy(policy)) = read.file.items.first() else { panic!() };
    let slice = |span: mailfw::base::source::Span| &text[span.range()];
    let clauses: Vec<&str> = policy
        .clauses
        .iter()
        .map(|clause| match clause {
            Clause::When(_, span) | Clause::Action(_, span) | Clause::Then(_, span) => slice(*span),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(clauses, ["when a is b", "encrypt", "then drop"]);
    assert_eq!(slice(policy.span), text.trim_end());
    let comments: Vec<(&str, bool)> =
        read.file.comments.iter().map(|comment| (slice(comment.span), comment.own_line)).collect();
    assert_eq!(comments, [("# c", false), ("# d", false), ("# e", true), ("# f", false)]);
}

#[test]
fn sound_neighbours_of_a_bad_clause_are_kept() {
    let read = parsed(
        "site {\n    domains @a.example\n    networks\n    postmaster p@a.example\n}\n\
         directory d {\n    domain @a.example\n    user\n    content policy p for senders {\n        when a is\n        tag \"x\"\n    }\n}\n",
    );
    assert_eq!(read.diagnostics.len(), 3);
    let Some(Item::Site(site)) = read.file.items.first() else { panic!() };
    assert!(matches!(
        site.clauses.as_slice(),
        [SiteClause::Domains(..), SiteClause::Bad(_), SiteClause::Postmaster(..)]
    ));
    let Some(Item::Directory(directory)) = read.file.items.get(1) else { panic!() };
    let [DirectoryEntry::Domain(..), DirectoryEntry::Bad(_), DirectoryEntry::Policy(policy)] =
        directory.entries.as_slice()
    else {
        panic!("{directory:?}")
    };
    assert!(matches!(policy.clauses.as_slice(), [Clause::Bad(_), Clause::Action(..)]));
}

#[test]
fn a_byte_order_mark_and_carriage_returns_are_no_matter() {
    let plain = "folder f {\n    keep 1 day  # once\n}\n";
    let other = format!("\u{feff}{}", plain.replace('\n', "\r\n"));
    let (one, two) = (parsed(plain), parsed(&other));
    assert!(two.diagnostics.is_empty());
    assert!(mailfw::language::format::same_meaning(&one.file, &two.file));
    assert_eq!(mailfw::language::format::format(&two.file, &other), plain);
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 60, ..Default::default() })]

    /// Whatever stands in a file, reading it ends, no span leaves the file, and bad nodes come with errors.
    #[test]
    fn any_text_is_read(text in "(content policy p for senders|directory d|\\{|\\}|\"|/|\\(|\\)|when |a in b|\n| |#|@x|\\{\\{|\"\"\"|test|ä|\u{1}|\\\\){0,60}") {
        for finding in parsed(&text).diagnostics.iter() {
            proptest::prop_assert!(text.get(finding.primary.span.range()).is_some(), "{:?}", finding);
        }
    }

    /// Cut anywhere, a sound file still has its first error near its end, and few of them.
    #[test]
    fn a_file_cut_short_is_found_fault_with(cut in 0_usize..6000) {
        let (_, text) = EXAMPLES[0];
        let mut cut = cut.min(text.len());
        while !text.is_char_boundary(cut) {
            cut -= 1;
        }
        let found = parsed(&text[..cut]).diagnostics;
        proptest::prop_assert!(found.len() <= 5, "{:?}", found);
    }
}
