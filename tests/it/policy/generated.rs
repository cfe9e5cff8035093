//! Generated well-typed policies: they check, compile and judge every message; the same condition said in another way
//! has the same answer; the same set written in another order or another layout has the same outcomes.

use super::support::{Letter, SITE, engine, letter};
use mailfw::base::limits::SourceLimits;
use mailfw::base::source::SourceId;
use mailfw::language::format::format;
use mailfw::language::syntax;
use mailfw::policy::engine::{Decision, Engine};
use mailfw::policy::record::{PolicyRecord, PolicyResult};
use proptest::prelude::*;
use std::collections::BTreeMap;

const PEOPLE: &[&str] = &["anna@acme.example", "ceo@acme.example", "desk@bank.example", "x@out.example"];

const ITEMS: &str = r#"
calendar office { timezone "Europe/Berlin" open mon..fri 08:00..18:00 closed 2026-01-01 }
dictionary names { "alpha" weight 2 word "beta" weight 3 /gam+a/i weight 5 at most 2 }
detector long_number { pattern /\d{4,6}/ }
list friends { desk@bank.example @friends.example }
list words { "alpha" "omega" }
criterion outbound = sender in site and recipient outside site
criterion large(a: attachment) = a.size > 1 KB
"#;

/// Conditions without `and`, `or` and `not`, of every kind the language has.
fn atom() -> BoxedStrategy<String> {
    let word = prop_oneof![
        Just("alpha"),
        Just("beta"),
        Just("gamma"),
        Just("ALPHA beta"),
        Just("über"),
        Just("4111")
    ];
    let text =
        prop_oneof![Just("subject"), Just("body"), Just("text"), Just("header(\"X-Note\")"), Just("agent")];
    let operator = prop_oneof![
        Just("contains"),
        Just("contains word"),
        Just("starts with"),
        Just("ends with"),
        Just("like")
    ];
    let comparison = prop_oneof![Just("<"), Just("<="), Just(">"), Just(">="), Just("=="), Just("!=")];
    let set = prop_oneof![
        Just("site"),
        Just("acme"),
        Just("acme.board"),
        Just("partners"),
        Just("friends"),
        Just("@bank.example"),
        Just("@*.example"),
        Just("[x@out.example, @bank.example]")
    ];
    let who = prop_oneof![
        Just("sender"),
        Just("recipient"),
        Just("any recipient"),
        Just("every recipient"),
        Just("any to")
    ];
    prop_oneof![
        (text.clone(), operator, word)
            .prop_map(|(text, operator, word)| format!("{text} {operator} \"{word}\"")),
        (
            text.clone(),
            prop_oneof![Just("/alpha|beta/"), Just("/^.{3,9}$/i"), Just("/\\d{4}/"), Just("/gam+a/i")]
        )
            .prop_map(|(text, regex)| format!("{text} matches {regex}")),
        (text, prop_oneof![Just("names"), Just("words"), Just("[\"alpha\", \"omega\"]")])
            .prop_map(|(text, matcher)| format!("{text} contains {matcher}")),
        (who, prop_oneof![Just("in"), Just("outside")], set)
            .prop_map(|(who, side, set)| format!("{who} {side} {set}")),
        (comparison.clone(), 0..4_u32)
            .prop_map(|(than, number)| format!("count(long_number in text) {than} {number}")),
        (comparison.clone(), 0..4_u32)
            .prop_map(|(than, number)| format!("count(every \"alpha\" in text) {than} {number}")),
        (comparison.clone(), -2..9_i32)
            .prop_map(|(than, number)| format!("score(names in text) {than} {number}")),
        (comparison.clone(), 0..3_u32)
            .prop_map(|(than, number)| format!("length(attachments) {than} {number}")),
        (comparison, 0..3_u32).prop_map(|(than, number)| format!("message.size {than} {number} KB")),
        prop_oneof![
            Just("outbound"),
            Just("priority is low"),
            Just("direction is inbound"),
            Just("message is encrypted"),
            Just("message is unscannable"),
            Just("message.unscannable is encrypted"),
            Just("received in office"),
            Just("header(\"X-Note\") is absent"),
            Just("(header(\"X-Note\") or \"alpha\") == \"alpha\""),
            Just("any attachment where attachment is large"),
            Just("no attachment where attachment.name ends with \".txt\""),
            Just("every attachment where attachment.text contains \"alpha\""),
            Just("any link where link.host == \"evil.example\""),
            Just("spf is pass"),
            Just("virus.found == false"),
        ]
        .prop_map(str::to_string),
    ]
    .boxed()
}

fn condition() -> BoxedStrategy<String> {
    atom()
        .prop_recursive(3, 12, 3, |inner| {
            prop_oneof![
                (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a}) and ({b})")),
                (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a}) or ({b})")),
                inner.prop_map(|a| format!("not ({a})")),
            ]
        })
        .boxed()
}

/// What a policy does; texts carry its name, so that ties are seen.
fn effect() -> BoxedStrategy<&'static str> {
    prop_oneof![
        Just("tag \"NAME\""),
        Just("severity high"),
        Just("set priority low"),
        Just("annotate header \"X-NAME\" \"{recipient}\""),
        Just("annotate footer \"footer of NAME\" or skip"),
        Just("notify sender using note"),
        Just("then deliver"),
        Just("then quarantine in one"),
        Just("then quarantine in two"),
        Just("then return \"NAME\""),
        Just("then defer for 2 hours"),
        Just("then drop"),
        Just("then approve by ceo@acme.example within 1 days else drop"),
    ]
    .boxed()
}

/// A policy without its name: manager, side, criteria, exceptions, effects and whether it is in the deeper directory.
#[derive(Debug, Clone)]
pub struct Generated {
    manager: &'static str,
    side: &'static str,
    whens: Vec<String>,
    unlesses: Vec<String>,
    effect: &'static str,
    action: &'static str,
    deeper: bool,
}

pub fn policy() -> impl Strategy<Value = Generated> {
    (
        prop_oneof![Just("access"), Just("format"), Just("virus"), Just("security"), Just("content")],
        prop_oneof![Just("senders"), Just("recipients"), Just("both")],
        proptest::collection::vec(condition(), 0..3),
        proptest::collection::vec(condition(), 0..2),
        effect(),
        effect().prop_filter("one disposition is enough", |effect| !effect.starts_with("then")),
        any::<bool>(),
    )
        .prop_map(|(manager, side, whens, unlesses, effect, action, deeper)| Generated {
            manager,
            side,
            whens,
            unlesses,
            effect,
            action,
            deeper,
        })
}

impl Generated {
    fn written(&self, name: &str, turned: bool) -> String {
        let mut clauses: Vec<String> = self.whens.iter().map(|when| format!("when {when}")).collect();
        clauses.extend(self.unlesses.iter().map(|unless| format!("unless {unless}")));
        clauses.push(self.action.replace("NAME", name));
        if self.effect != self.action {
            clauses.push(self.effect.replace("NAME", name));
        }
        if turned {
            clauses.reverse();
        }
        format!("{} policy {name} for {} {{\n{}\n}}\n", self.manager, self.side, clauses.join("\n"))
    }
}

/// A whole set; `turned` writes everything in the opposite order.
pub fn set(policies: &[Generated], turned: bool) -> String {
    let named = |deeper: bool| {
        let mut written: Vec<String> = policies
            .iter()
            .enumerate()
            .filter(|(_, policy)| policy.deeper == deeper)
            .map(|(at, policy)| policy.written(&format!("p{at}"), turned))
            .collect();
        if turned {
            written.reverse();
        }
        written.concat()
    };
    let board = format!("directory board {{ user ceo@acme.example\n{} }}", named(true));
    let mut entries = [format!("domain @acme.example\n{}", named(false)), board];
    if turned {
        entries.reverse();
    }
    let mut items = [
        SITE.to_string(),
        ITEMS.to_string(),
        format!("directory acme {{\n{}\n}}", entries.join("\n")),
        "directory partners { domain @bank.example }".to_string(),
    ];
    if turned {
        items.reverse();
    }
    items.join("\n")
}

/// Letters of several kinds; the last two cannot be read whole.
pub fn letters() -> Vec<Letter> {
    let with = |from, head: &str, body: &str| {
        let mut letter = letter(from, PEOPLE, "alpha beta 4111");
        let (fields, _) = letter.message.split_once("Content-Type").unwrap();
        letter.message = format!("{fields}{head}\r\n\r\n{body}\r\n");
        letter
    };
    let mixed = "Content-Type: multipart/mixed; boundary=b\r\nX-Note: alpha\r\nX-Priority: 5";
    vec![
        with(
            "anna@acme.example",
            "Content-Type: text/plain",
            "Alpha alpha 12345, gammma http://evil.example/",
        ),
        with(
            "x@out.example",
            "Content-Type: multipart/alternative; boundary=b",
            "--b\r\nContent-Type: text/plain\r\n\r\nbeta 4711\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>be<b>ta</b> 4711</p>\r\n--b--",
        ),
        with(
            "ceo@acme.example",
            mixed,
            "--b\r\n\r\nomega\r\n--b\r\nContent-Type: text/plain; name=a.txt\r\nContent-Disposition: attachment\r\n\r\nalpha 99999\r\n--b--",
        ),
        with(
            "x@out.example",
            mixed,
            "--b\r\n\r\nalpha\r\n--b\r\nContent-Type: application/pdf; name=a.pdf\r\n\r\n%PDF-1.4\r\n/Encrypt 1 0 R\r\n%%EOF\r\n--b--",
        ),
        with(
            "anna@acme.example",
            mixed,
            "--b\r\n\r\nbeta\r\n--b\r\nContent-Type: application/zip; name=a.zip\r\n\r\nPK\x03\x04 cut\r\n--b--",
        ),
    ]
}

/// What becomes of each recipient, and of each policy for them, without the order of effects that add up.
fn outcomes(decision: &Decision) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for group in &decision.record.as_ref().unwrap().groups {
        let mut tags = group.outcome.tags.clone();
        tags.sort();
        for recipient in &group.recipients {
            let mut policies: Vec<String> = group
                .policies
                .iter()
                .filter(|entry| speaks_of(entry, &recipient.address))
                .map(|entry| format!("{} {} {:?}", entry.policy, entry.side, entry.result))
                .collect();
            policies.sort();
            let words = format!("{} {tags:?} {:?} {policies:?}", group.outcome.words, group.outcome.severity);
            all.insert(recipient.address.clone(), words);
        }
    }
    all
}

fn speaks_of(entry: &PolicyRecord, recipient: &str) -> bool {
    entry.recipients.is_empty() || entry.recipients.iter().any(|other| other == recipient)
}

fn formatted(text: &str) -> String {
    format(&syntax::parse(SourceId(0), text, &SourceLimits::default()).file, text)
}

/// The results of a policy on the sender's side, for each recipient.
fn results(decision: &Decision, policy: &str) -> BTreeMap<String, PolicyResult> {
    let mut all = BTreeMap::new();
    for group in &decision.record.as_ref().unwrap().groups {
        for recipient in &group.recipients {
            let entry = group.policies.iter().find(|entry| {
                entry.policy == policy && entry.side == "sender" && speaks_of(entry, &recipient.address)
            });
            all.insert(recipient.address.clone(), entry.expect("a candidate").result);
        }
    }
    all
}

fn judged(engine: &Engine, letter: &Letter) -> Result<Decision, TestCaseError> {
    let decision = letter.decide(engine);
    let mut recipients: Vec<usize> =
        decision.groups.iter().flat_map(|group| group.recipients.clone()).collect();
    recipients.sort_unstable();
    prop_assert_eq!(recipients, (0..PEOPLE.len()).collect::<Vec<_>>(), "every recipient has one outcome");
    Ok(decision)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn a_generated_set_has_the_same_outcomes_in_any_order_and_layout(policies in proptest::collection::vec(policy(), 1..7)) {
        let straight = set(&policies, false);
        let engines = [engine(&straight), engine(&set(&policies, true)), engine(&formatted(&straight))];
        for letter in letters() {
            let first = outcomes(&judged(&engines[0], &letter)?);
            prop_assert_eq!(&first, &outcomes(&judged(&engines[1], &letter)?), "order");
            prop_assert_eq!(&first, &outcomes(&judged(&engines[2], &letter)?), "layout");
        }
    }

    #[test]
    fn a_condition_said_in_another_way_has_the_same_answer(first in condition(), second in condition()) {
        let policy = |name: &str, clauses: &str| format!("content policy {name} for senders {{ {clauses} tag \"x\" then quarantine in one }}\n");
        let both = format!("({first}) and ({second})");
        let either = format!("not (not ({first}) and not ({second}))");
        let engine = engine(&format!(
            "{SITE}{ITEMS}directory acme {{ domain @acme.example\ndirectory board {{ user ceo@acme.example }}\n{}{}{}{}{}{}{}}}\n\
             directory partners {{ domain @bank.example }}",
            policy("plain", &format!("when {first}")),
            policy("excepted", &format!("unless {first}")),
            policy("twice_denied", &format!("when not (not ({first}))")),
            policy("joined", &format!("when {both}")),
            policy("in_turn", &format!("when {second} when {first}")),
            policy("either", &format!("when ({second}) or ({first})")),
            policy("either_denied", &format!("when {either}")),
        ));
        for letter in letters().iter().filter(|letter| letter.inside) {
            let decision = judged(&engine, letter)?;
            prop_assert_eq!(results(&decision, "plain"), results(&decision, "twice_denied"));
            prop_assert_eq!(results(&decision, "joined"), results(&decision, "in_turn"));
            prop_assert_eq!(results(&decision, "either"), results(&decision, "either_denied"));
            for (recipient, result) in results(&decision, "plain") {
                let excepted = results(&decision, "excepted")[&recipient];
                let opposite = match result {
                    PolicyResult::Triggered => PolicyResult::NotTriggered,
                    PolicyResult::NotTriggered => PolicyResult::Triggered,
                    other => other,
                };
                prop_assert_eq!(excepted, opposite, "`unless` is the contrary of `when` for {}", recipient);
            }
        }
    }
}
