use super::setting::{judged, judged_with};
use mailfw::plan::Plan;

fn described(plan: &Plan) -> Vec<String> {
    let readings = plan.policy_readings("probe");
    readings.iter().flat_map(|policy| policy.clauses.iter().map(|clause| clause.question.clone())).collect()
}

fn of_condition(condition: &str) -> Vec<String> {
    described(&judged(&format!("content policy probe for senders {{ when {condition} tag \"x\" }}")))
}

#[test]
fn a_question_is_described_by_a_condition_that_asks_it() {
    let conditions = [
        "message.size > 10 MB",
        "sender in site and recipient outside site",
        "sender in site and (recipient in acme or recipient in acme.sales)",
        "(sender in friends and recipient in acme) or direction is inbound",
        "not (sender in friends and recipient in acme)",
        "not subject contains \"a\"",
        "subject contains word \"test-data\"",
        "subject contains [\"a\", \"b\"]",
        "subject matches /^re: [0-9]+/i",
        "subject like \"*.doc?\"",
        "subject starts with \"re\"",
        "subject ends with [\"!\", \"?\"]",
        "text contains words",
        "text contains card_number",
        "(subject or \"\") == \"\"",
        "(subject or \"say \\\"no\\\"\") == \"none\"",
        "header_count(\"Cc\") > 1",
        "header(\"X-Spam\") contains \"yes\"",
        "header(\"Received\", last) contains \"yes\"",
        "header(\"Received\", 2) contains \"yes\"",
        "length(recipients) > 100",
        "count(card_number in text) >= 3",
        "count(every words in body) >= 3",
        "score(words in text at most 2) >= 3",
        "rate(sender) over 1 hour > 10",
        "message.unscannable is encrypted",
        "message.encrypted",
        "date is absent",
        "sender in @vendor.example",
        "sender in [bob@vendor.example, @vendor.example, @*.vendor.example]",
        "client.ip in [192.0.2.0/24, 198.51.100.7/32]",
        "client.ip in dnsbl \"bl.example\"",
        "sender outside group ldap \"cn=sales\"",
        "from looks like people",
        "any from looks like people",
        "any attachment where attachment.depth > 1",
        "every attachment where attachment.depth > 1 and attachment.family is archive",
        "no recipient in acme",
        "any recipient outside acme",
        "message.encrypted and (any attachment where attachment.depth > 1)",
        "any from as mailbox where mailbox.display_name contains \"x\"",
        "any reply_to as mailbox where no from as mailbox2 where mailbox2.address == mailbox.address",
        "any attachment where any attachments as attachment2 where attachment.name == attachment2.name",
        "any header(\"Received\") as value where value contains \"x\"",
        "any link where link.domain == @bad.example",
    ];
    let other = |condition: &&str| {
        let described = of_condition(condition).join("; ");
        (described != **condition).then(|| format!("{condition}\n    {described}"))
    };
    assert_eq!(conditions.iter().filter_map(other).collect::<Vec<_>>(), Vec::<String>::new());
}

#[test]
fn what_is_described_is_the_same_question_when_it_is_read_again() {
    for condition in [
        "not (sender in site and not recipient in site)",
        "any recipient where recipient in site",
        "sender in [@a.example, b@a.example, @b.example]",
        "(any attachment where attachment.macros) or (no link where link.scheme == \"https\" or link.text is absent)",
        "every from where every reply_to as other where other.address.domain != from.address.domain",
        "(any to where to.display_name matches /x\\/y/) and (message.size > 1 KiB or message.signed or subject is absent)",
    ] {
        let first = of_condition(condition);
        let again = of_condition(&first.join(" and "));
        assert_eq!(first.join(" and "), again.join(" and "), "{condition}");
    }
}

#[test]
fn a_long_text_or_list_is_cut_in_a_description() {
    let words: Vec<String> = (0..9).map(|number| format!("\"word{number}\"")).collect();
    let described_list = of_condition(&format!("subject contains [{}]", words.join(", "))).join("");
    assert_eq!(
        described_list, "subject contains [\"word0\", \"word1\", \"word2\", \"word3\", …]",
        "{described_list}"
    );
    let long = "a".repeat(100);
    let described_text = of_condition(&format!("subject contains \"{long}\"")).join("");
    assert_eq!(described_text, format!("subject contains \"{}…\"", "a".repeat(60)));
}

#[test]
fn criteria_used_over_and_over_make_no_endless_description() {
    // Each criterion uses the one before it twice, so written out they would be 2^40 conditions.
    let mut items = "criterion c0 = message.signed\n".to_string();
    for at in 1..=40 {
        let before = at - 1;
        items.push_str(&format!(
            "criterion c{at} = (message.size > {at} KB and c{before}) or (message.size > {at} MB and not c{before})\n"
        ));
    }
    let plan = judged_with(&items, "content policy probe for senders { when c40 tag \"x\" }");
    let described = described(&plan).join("");
    assert!(described.contains('…') && described.len() < 10_000, "{} bytes", described.len());
}
