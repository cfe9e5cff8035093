//! The canonical layout.

use super::syntax::{EXAMPLES, parsed};
use mailfw::language::format::{format, same_meaning};

/// A text in canonical layout; it must be sound, stay what it says, keep its comments and be settled.
pub(crate) fn formatted(text: &str) -> String {
    let before = parsed(text);
    assert!(!before.diagnostics.has_errors(), "{text}\n{:#?}", before.diagnostics);
    let once = format(&before.file, text);
    let after = parsed(&once);
    assert!(!after.diagnostics.has_errors(), "{text}\n-- became\n{once}\n{:#?}", after.diagnostics);
    assert!(same_meaning(&before.file, &after.file), "the meaning changed:\n{text}\n-- became\n{once}");
    assert_eq!(before.file.comments.len(), after.file.comments.len(), "{text}\n-- became\n{once}");
    let twice = format(&after.file, &once);
    assert_eq!(once, twice, "formatting again changes more");
    once
}

#[test]
fn both_examples_stay_as_they_are() {
    for (name, text) in EXAMPLES {
        let out = formatted(text);
        let first = text.lines().zip(out.lines()).enumerate().find(|(_, (before, after))| before != after);
        assert_eq!(*text, out, "{name}: {first:?}");
    }
}

#[test]
fn layout_is_made_and_spelling_kept() {
    let out = formatted(
        "site{domains @a.example,@*.a.example
networks   10.0.0.0/8}
# about p
content   policy p for senders overrides q,r mandatory{because \"x\" # why
  when   a  and(b or c) when count( x in text )>=10MB


  then quarantine in dlp}
folder a{keep 3 days}
folder   longer  { keep 4 days }
",
    );
    assert_eq!(
        out,
        "site {
    domains  @a.example, @*.a.example
    networks 10.0.0.0/8
}

# about p
content policy p for senders overrides q, r mandatory {
    because \"x\"  # why
    when    a and (b or c)
    when    count(x in text) >= 10 MB

    then quarantine in dlp
}

folder a      { keep 3 days }
folder longer { keep 4 days }
"
    );
}

#[test]
fn modifiers_before_the_side_go_behind_it_and_a_comment_between_them_keeps_them() {
    let out = formatted(
        "directory d {
content policy p observe overrides q,  r for senders mandatory { tag \"x\" }
directory e { content policy s off   for both { tag \"x\" } }
}
content policy t observe # for a while
for senders { tag \"x\" }
",
    );
    assert_eq!(
        out,
        "directory d {
    content policy p for senders observe overrides q, r mandatory { tag \"x\" }

    directory e {
        content policy s for both off { tag \"x\" }
    }
}

content policy t observe  # for a while
    for senders {
    tag \"x\"
}
"
    );
}

#[test]
fn a_long_condition_is_broken_before_its_outermost_operators() {
    let long = "when (sender in partners.bank or sender in partners.vendor) and subject contains \"a long text here\" \
                and recipient outside site and any attachment where attachment.name ends with \".exe\"";
    let out = formatted(&format!("content policy p for senders {{\n{long}\n}}\n"));
    assert_eq!(
        out,
        "content policy p for senders {
    when (sender in partners.bank or sender in partners.vendor) and subject contains \"a long text here\"
         and recipient outside site and any attachment where attachment.name ends with \".exe\"
}
"
    );
}

#[test]
fn a_block_text_moves_with_its_clause_and_says_the_same() {
    let out = formatted("template t {\ntext \"\"\"\n  Dear {sender},\n\n    indented\n  \"\"\"\n}\n");
    assert_eq!(
        out,
        "template t {
    text \"\"\"
        Dear {sender},

          indented
        \"\"\"
}
"
    );
}

#[test]
fn a_file_with_errors_is_given_back_as_it_is() {
    let text = "folder   x {keep 3 dayz}";
    assert_eq!(format(&parsed(text).file, text), text);
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 150, ..Default::default() })]

    #[test]
    fn every_file_keeps_its_meaning_and_settles(text in super::generate::file()) {
        formatted(&text);
    }

    #[test]
    fn a_rough_layout_and_comments_anywhere_change_nothing(
        text in super::generate::file(),
        choices in proptest::collection::vec(proptest::prelude::any::<u8>(), 1..60),
    ) {
        let plain = parsed(&text);
        let (rough, comments) = super::generate::roughened(&text, &choices);
        let read = parsed(&rough);
        proptest::prop_assert!(same_meaning(&plain.file, &read.file), "{}\n-- became\n{}\n{:#?}", text, rough, read.diagnostics);
        proptest::prop_assert_eq!(read.file.comments.len(), comments);
        formatted(&rough);
    }
}
