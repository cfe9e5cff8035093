//! The conditions and effects of the language as a grammar: `%rule%` stands for one alternative of that rule.
//!
//! All alternatives are well-typed wherever their rule stands. The words, addresses and sizes are those of
//! [`super::posts`], so that conditions hold about as often as they do not. The alternatives of a rule are dealt like
//! cards, each once before any comes again, so that none is rare.

use super::dice::Dice;
use mailfw::language::schema::types::Enumeration;
use mailfw::language::stdlib;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// Names that the library declares by a word, each with what stands behind it: `a: attachment` or nothing.
pub fn library(module: &str, word: &str) -> Vec<(String, String)> {
    let text = stdlib::module(module).unwrap();
    let declared = text.lines().filter_map(|line| line.strip_prefix(word)?.strip_prefix(' '));
    declared
        .map(|rest| {
            let end = rest.find(|mark: char| !mark.is_alphanumeric() && mark != '_').unwrap_or(rest.len());
            let place = rest[end..].strip_prefix('(').and_then(|rest| rest.split_once(')'));
            (rest[..end].to_string(), place.map_or(String::new(), |(place, _)| place.to_string()))
        })
        .collect()
}

/// What every generated set takes from the library: all of its detectors, criteria, dictionaries and lists.
pub static USES: LazyLock<String> = LazyLock::new(|| {
    let mut uses = String::new();
    for (module, _) in stdlib::MODULES {
        let words = ["detector", "criterion", "dictionary", "list"];
        let names: Vec<String> =
            words.iter().flat_map(|word| library(module, word)).map(|(name, _)| name).collect();
        if !names.is_empty() {
            uses.push_str(&format!("use std::{module}::{{{}}}\n", names.join(", ")));
        }
    }
    uses
});

const RULES: &[(&str, &str)] = &[
    ("word", "alpha|beta|gamma|ALPHA beta|über|4111|omega|wire transfer|invoice|re|ﬁnal|straße"),
    ("name", "anna|ceo|Chief|desk|boss"),
    (
        "short",
        "subject|header(\"X-Note\")|agent|message_id|client.name|client.helo|client.user|message.language|virus.name\
              |header(\"X-Note\", 1)|header(\"Received\", last)|lower(subject)|attribute(sender, \"department\")",
    ),
    (
        "text",
        "subject|body|text|body.html|header(\"X-Note\")|agent|message_id|client.name|client.helo|client.user\
              |message.language|virus.name|header(\"X-Note\", 1)|header(\"Received\", last)|lower(subject)\
              |attribute(sender, \"department\")|(subject or \"alpha omega\")",
    ),
    ("long", "subject|body|text|body.html|header(\"X-Note\")"),
    ("quantifier", "any|every|no"),
    ("than", "<|<=|>|>=|==|!="),
    ("order", "<|<=|>|>="),
    ("same", "==|!="),
    ("small", "0|1|2|3"),
    ("side", "in|outside"),
    ("size", "300 B|600 B|1 KB|2 KB|1 KiB"),
    ("length", "3|9|14|30|120"),
    (
        "moment",
        "2025-12-31|2026-01-01|2026-01-02|2026-01-01 12:00 \"UTC\"|2026-01-02 07:30 \"Europe/Berlin\"",
    ),
    ("duration", "15 minutes|1 hours|2 days"),
    ("hour", "08:00|12:30"),
    ("zone", "zen.example|uri.example"),
    ("value", "alpha|hello alpha|mail.out.example|gate|anna|Eicar|en|de|Sales|none"),
    ("glob", "*alpha*|re: *|?ello*|*[0-9]*|*.example|hello alpha|*"),
    (
        "regex",
        "/alpha|beta/|/^.{3,9}$/i|/\\d{4}/|/gam+a/i|/\\bomega\\b/|/(?:alpha|beta) \\w+/i|/[a-z]+\\.example/\
               |/^[A-Z]/|/alpha.{0,40}omega/s|/[^a-z ]{2}/|/^$/|/\\b\\d{2}\\b/|/über|ﬁnal/i",
    ),
    ("matcher", "names|words|[\"alpha\", \"omega\"]|heavy|[\"wire transfer\", \"4111\"]"),
    (
        "people",
        "site|acme|acme.board|partners|friends|@bank.example|@*.example|[x@out.example, @bank.example]|everybody",
    ),
    ("domains", "site|@acme.example|[@bank.example, @*.example]|@*.acme.example|friends"),
    ("domain", "@acme.example|@bank.example|@out.example"),
    (
        "who",
        "sender|recipient|any recipient|every recipient|any to|no cc|any from|any reply_to|any to as m where m.address",
    ),
    ("one", "sender|recipient"),
    ("boxes", "from|to|cc|reply_to"),
    ("networks", "site|[10.0.0.0/8, 192.0.2.0/24]|nets|192.0.2.0/24|2001:db8::/32"),
    ("authentication", "spf|dkim|dmarc"),
    (
        "attachment",
        "attachment.name ends with \".txt\"|attachment.name like \"*.zi?\"|attachment.name contains \"%word%\"\
                    |attachment.extension == \"txt\"|attachment.extension in [\"exe\", \"zip\"]|attachment.type contains \"text\"\
                    |attachment.type == \"application/zip\"|attachment.declared_type starts with \"application/\"\
                    |attachment.charset == \"utf-8\"|attachment.charset is absent|attachment.family is %family%\
                    |attachment.family is %family%|attachment.size %than% %size%|attachment.text contains \"%word%\"\
                    |attachment.text contains %matcher%|attachment.text matches %regex%|attachment.sha256 matches /^[0-7]/\
                    |attachment.sha256 == \"275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f\"\
                    |attachment is encrypted|attachment.depth %than% %small%|attachment.container == \"a.zip\"\
                    |attachment.container is absent|attachment is macros|attachment is unscannable\
                    |attachment.unscannable is %cause%|attachment is inline|count(long_number in attachment.text) >= 1\
                    |score(names in attachment.text) %order% 3|attachment is large|length(attachment.name) %than% %length%\
                    |attachment.unscannable is absent",
    ),
    (
        "part",
        "part.text contains \"%word%\"|part.text contains word \"%word%\"|part.name is absent|part.name == \"subject\"\
              |part.type == \"text/plain\"|part.type contains \"html\"|part.charset == \"utf-8\"|part.charset is absent\
              |part.size %than% %size%|score(names in part.text) %order% 2|count(every \"%word%\" in part.text) %than% %small%\
              |part.text matches %regex%",
    ),
    (
        "link",
        "link.url contains \"evil\"|link.url matches %regex%|link.text contains \"click\"|link.text is absent\
              |link.host == \"evil.example\"|link.host is absent|link.domain == @evil.example|link.domain %side% %domains%\
              |link.scheme == \"https\"|domain(link.host) == @acme.example|(link.domain or @acme.example) == %domain%|link.domain in dnsbl \"%zone%\"",
    ),
    (
        "box",
        "m.address %side% %people%|m.address.domain == %domain%|m.display_name contains \"%name%\"\
             |m.display_name is absent|m.address is absent|m.address.local == \"anna\"|m.address looks like acme.board\
             |m looks like acme|m.address.detail == \"news\"|length(m.display_name) %than% %length%",
    ),
    (
        "constants",
        "2 %than% 3|1 KB %than% 2 KB|%duration% %than% %duration%|%hour% %than% %hour%\
                   |2026-01-01 %than% 2026-01-02|true == false|\"a\" %same% \"a\"|anna@acme.example %same% ceo@acme.example\
                   |@acme.example %same% @acme.example|10.0.0.0/8 %same% 10.0.0.0/8",
    ),
    (
        "atom",
        "%long% contains \"%word%\"|%text% contains word \"%word%\"|%text% starts with \"%word%\"|%text% ends with \"%word%\"\
              |%long% like \"%glob%\"|%text% like \"%glob%\"|%long% matches %regex%|%text% matches %regex%|%long% contains %matcher%\
              |%text% contains \"%word%\"|%short% == \"%value%\"|%short% %same% \"%value%\"|%short% is absent or %long% contains \"%word%\"\
              |%who% %side% %people%|%who% %side% %people%|%one% == anna@acme.example|%one% %same% x@out.example|sender == <>\
              |sender is absent|(sender or <>) == anna@acme.example|%one%.local == \"anna\"|%one%.user == \"anna\"\
              |%one%.detail == \"news\"|%one%.detail is absent|%one%.domain == %domain%|%one%.domain %side% %domains%\
              |domain(%one%) == %domain%|(sender.domain or @out.example) == %domain%|length(%one%.local) %than% 4|%one% in group ldap \"staff\"|sender.domain in dnsbl \"%zone%\"\
              |sender in to|recipient %side% cc|sender in recipients|recipient in from\
              |client %side% %networks%|client.ip == 192.0.2.1|client.ip != 10.0.0.0/8|client.ip is absent|client in dnsbl \"%zone%\"\
              |client is tls|client.user is absent|client.name in [\"mail.out.example\", \"gate\"]\
              |received %order% %moment%|received == 2026-01-01 12:00 \"UTC\"|received %side% office|date %side% office\
              |date %order% %moment%|date is absent|direction is %direction%|direction is %direction%|priority is %priority%\
              |message.kind is %kind%|message.kind is absent|message.malformed is %malformation%|message is malformed\
              |message.malformed is absent|message is unscannable|message.unscannable is %cause%|message.unscannable is absent\
              |message is encrypted|message is signed|message.size %than% %size%|message.size in [1 KB, 2 KB]\
              |any message.charset == \"utf-8\"|length(message.charset) %than% %small%|message.charset is absent\
              |(message.language or \"en\") == \"de\"|virus is found|virus.found == false|virus.name contains \"eicar\"\
              |%authentication% is %result%|%authentication% is absent|signature is %verdict%|signature is absent\
              |count(long_number in text) %than% %small%|count(every \"%word%\" in %long%) %than% %small%|count(%matcher% in %long%) %than% %small%\
              |count(every %regex% in %long%) %order% 2|count(every names in text) %than% %small%\
              |score(names in %long%) %than% %length%|score(names in text at most 2) %than% %length%|score(heavy in text) %order% 0\
              |length(%text%) %than% %length%|length(attachments) %than% %small%|length(recipients) %than% %small%\
              |length(body) %than% %length%|lower(subject) == \"hello alpha\"|header_count(\"Received\") %than% %small%\
              |header_count(\"X-Note\") %than% 1|header(\"Received\", 2) contains \"gate\"|header(\"X-Note\") is absent\
              |(header(\"X-Note\") or \"alpha\") == \"alpha\"|%quantifier% header(\"Received\") as h where h contains \"%value%\"\
              |%quantifier% header(\"X-Note\") == \"alpha\"|(attribute(%one%, \"department\") or \"none\") == \"Sales\"\
              |attribute(%one%, \"department\") contains \"al\"|rate(sender) over 1 hours %order% 3|rate(client.ip) over 2 days %than% %small%\
              |rate(recipient.domain) over 1 hours %order% 3\
              |from looks like acme.board|sender looks like acme|any from as m where m looks like acme.board\
              |%quantifier% attachment where %attachment%|%quantifier% attachment where %attachment%\
              |any attachment where %attachment%|any attachment where %attachment% and %attachment%\
              |any attachment as a where any attachment where attachment.container == a.name and %attachment%\
              |%quantifier% part where %part%|any part where %part%|%quantifier% link where %link%|any link where %link%\
              |%quantifier% %boxes% as m where %box%|any %boxes% as m where %box%|%quantifier% recipient where recipient %side% %people%\
              |outbound|large_mail|shared_words|shared_people|shared_all|%constants%|%constants%|%constants%|%constants%|%detector%|%detector%|%detector%|%detector%|%detector%\
              |any link where %link% or %link%|no link where %link% and %link%|any attachment where %attachment% or %attachment%\
              |every attachment where %attachment% or %attachment%|any part where %part% and %part%|%criterion%|%library_set%",
    ),
    (
        // What seldom holds, for conditions of many parts.
        "narrow",
        "subject == \"%value% %word%\"|sender == %rare%|recipient == %rare%|message.size == %number%00 B\
              |sender.domain == @a%number%%number%.example|%long% contains \"%word% x%number%%number%\"\
              |client.ip == 203.0.113.%number%%number%|length(recipients) > 1%number%|message.kind is voicemail\
              |message.size > %number%00 MB|%long% contains word \"z%number%%number%\"|recipient in [%rare%, @a%number%.example]",
    ),
    ("number", "1|2|3|4|5|6|7|8|9"),
    ("rare", "a%number%%number%@acme.example|b%number%%number%@out.example|x@out.example"),
    (
        "condition",
        "%atom%|%atom%|%atom%|%atom%|%atom%|(%condition%) or (%atom%)|(%atom%) or (%condition%) or (%atom%)\
                   |(%condition%) and (%atom%)|not (%condition%)|not %wrapped%",
    ),
    ("wrapped", "(%atom%)|((%atom%) or (%atom%))"),
    (
        "said",
        "NAME|{policy.name} of {policy.directory}|{policy.because}: {policy.matches}|{recipient}|{subject}|{sender} to {recipients}\
              |{length(attachments)} files {attachments.name}|{(subject or \"nothing\")}|{received}|{message.size}",
    ),
    ("content", "using note|using page|\"NAME {policy.name}\"|\"{subject}\""),
    ("protected", "or skip|or wrap|or return|or return \"NAME: {policy.matches}\""),
    ("addressee", "sender|recipient|recipients|postmaster|sec@acme.example|to|from"),
    (
        "effect",
        "tag \"%said%\"|severity %severity%|set priority %priority%|annotate header \"X-NAME\" \"%said%\"\
                |annotate subject prefix \"[NAME] \"|annotate subject suffix \" (%said%)\"|annotate banner %content% %protected%\
                |annotate footer %content% %protected%|annotate footer %content% at bottom %protected%|annotate footer %content% above quote %protected%\
                |annotate attachment \"NAME.txt\" %content% %protected%|set header \"X-Set\" \"%said%\"|remove header \"X-Note\"\
                |notify %addressee% using note|notify %addressee%, %addressee% using page attach original|notify sender using note attach headers\
                |strip attachments where %attachment%|strip attachments where %attachment% %content%|convert uuencode to mime\
                |copy to %addressee% original|copy to sec@acme.example processed|copy to audit@acme.example|redirect to %one%|redirect to audit@acme.example\
                |route via \"%route%:25\"|route via \"%route%\" require tls|encrypt|encrypt using strong otherwise %held%|sign using strong\
                |sign otherwise %held%|decrypt",
    ),
    ("route", "a.example|b.example"),
    ("held", "drop|quarantine in one|deliver|reject \"NAME\""),
    (
        "disposition",
        "deliver|deliver|defer until office opens|defer until office closes|defer until 18:00|defer until 2026-03-01 18:00 \"UTC\"\
                     |defer for %duration%|quarantine in one|quarantine in two|quarantine in two|return \"%said%\"|reject \"%said%\"|drop\
                     |approve by ceo@acme.example within 1 days else %held%|approve by acme.board|approve by postmaster@acme.example within 2 days else %held%",
    ),
];

struct Grammar {
    rules: Vec<Vec<String>>,
    numbers: BTreeMap<String, usize>,
}

static GRAMMAR: LazyLock<Grammar> = LazyLock::new(|| {
    let mut rules: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, alternatives) in RULES {
        let alternatives = split(alternatives);
        rules.insert((*name).to_string(), alternatives);
    }
    for (name, enumeration) in [
        ("direction", Enumeration::Direction),
        ("priority", Enumeration::Priority),
        ("severity", Enumeration::Severity),
        ("cause", Enumeration::Cause),
        ("malformation", Enumeration::Malformation),
        ("kind", Enumeration::Kind),
        ("family", Enumeration::Family),
        ("result", Enumeration::Authentication),
        ("verdict", Enumeration::Verdict),
    ] {
        let values = enumeration.values().iter().map(|value| (*value).to_string());
        rules.insert(name.to_string(), values.collect());
    }
    let each = |word| stdlib::MODULES.iter().flat_map(move |(module, _)| library(module, word));
    let detectors = each("detector").flat_map(|(name, _)| {
        [format!("%long% contains {name}"), format!("count({name} in text) %than% %small%")]
    });
    rules.insert("detector".to_string(), detectors.collect());
    let criteria =
        each("criterion").map(|(name, place)| match place.split_once(": ").map(|(_, kind)| kind) {
            None => name,
            Some("attachment") => format!("%quantifier% attachment where attachment is {name}"),
            Some("mailbox") => format!("%quantifier% %boxes% as m where m is {name}"),
            Some("address") => format!("%one% is {name}"),
            Some(other) => panic!("a criterion of {other} is not generated"),
        });
    rules.insert("criterion".to_string(), criteria.collect());
    let dictionaries = each("dictionary").map(|(name, _)| format!("score({name} in text) %order% 0"));
    let lists = library("lists", "list").into_iter().map(|(name, _)| format!("%one% in {name}"));
    let extensions = library("attachments", "list").into_iter();
    let extensions =
        extensions.map(|(name, _)| format!("any attachment where attachment.extension in {name}"));
    rules.insert("library_set".to_string(), dictionaries.chain(lists).chain(extensions).collect());
    let numbers = rules.keys().cloned().zip(0..).collect();
    Grammar { rules: rules.into_values().collect(), numbers }
});

/// Alternatives, parted by `|` outside of regular expressions.
fn split(alternatives: &str) -> Vec<String> {
    let mut all = vec![String::new()];
    let mut in_regex = false;
    let mut before = '|';
    for mark in alternatives.chars() {
        let opens = mark == '/' && matches!(before, '|' | ' ');
        let closes = mark == '/' && in_regex && before != '\\';
        in_regex = (in_regex && !closes) || (!in_regex && opens);
        match mark {
            '|' if !in_regex => all.push(String::new()),
            mark => all.last_mut().unwrap().push(mark),
        }
        before = mark;
    }
    all
}

/// A sentence of a rule, nested at most so deep.
pub fn sentence(rule: &str, dice: &mut Dice) -> String {
    let mut text = String::new();
    expand(rule, dice, 9, &mut text);
    text
}

fn expand(rule: &str, dice: &mut Dice, depth: usize, text: &mut String) {
    let number = *GRAMMAR.numbers.get(rule).unwrap_or_else(|| panic!("there is no rule {rule}"));
    let alternatives = &GRAMMAR.rules[number];
    // Where it is deep enough, the first alternatives end it: they are those that hold no rule of their own name.
    let cards = if depth == 0 { 1 } else { alternatives.len() };
    let card = if depth == 0 { 0 } else { dice.deal(number, cards) };
    for (at, piece) in alternatives[card].split('%').enumerate() {
        match at % 2 {
            0 => text.push_str(piece),
            _ => expand(piece, dice, depth.saturating_sub(1), text),
        }
    }
}
