//! What a rule that failed was waiting for, in words and as words.

use super::grammar::Rule;
use super::words::{self, Block};

/// The one token that a rule takes or begins with, as it is written.
pub(super) fn single(rule: Rule) -> Option<&'static str> {
    words::keyword(rule).or_else(|| {
        let word = words::human(rule)?.strip_prefix('`')?.strip_suffix('`')?;
        (!word.contains('`')).then_some(word)
    })
}

/// The rule that takes exactly what a bad run should have been, and the kind of block it stands in.
pub(super) fn rule_of(bad: Rule, text: &str) -> (Rule, Block) {
    match bad {
        Rule::bad_site_clause => (Rule::only_site_clause, Block::Site),
        Rule::bad_directory_entry => (Rule::only_directory_entry, Block::Directory),
        Rule::bad_clause => (Rule::only_clause, Block::Policy),
        Rule::bad_dictionary_entry => (Rule::only_dictionary_entry, Block::Dictionary),
        Rule::bad_detector_clause => (Rule::only_detector_clause, Block::Detector),
        Rule::bad_list_entry => (Rule::only_list_entry, Block::List),
        Rule::bad_calendar_clause => (Rule::only_calendar_clause, Block::Calendar),
        Rule::bad_template_clause => (Rule::only_template_clause, Block::Template),
        Rule::bad_folder_clause => (Rule::only_folder_clause, Block::Folder),
        Rule::bad_settings_clause => (Rule::only_settings_clause, Block::Settings),
        Rule::bad_test_clause => (Rule::only_test_clause, Block::Test),
        Rule::bad_head => {
            let word: &str = text.split_whitespace().next().unwrap_or("");
            let rule = match words::block_of(word) {
                Some(Block::Site) => Rule::only_site_head,
                Some(Block::Directory) => Rule::only_directory_head,
                Some(Block::Policy) => Rule::only_policy_head,
                Some(Block::Test) => Rule::only_test_head,
                _ => Rule::only_named_head,
            };
            (rule, Block::File)
        }
        _ => (Rule::only_item, Block::File),
    }
}

/// Whether a rule takes the end of a clause: the end of the text, or what begins the next.
pub(super) fn ends_clause(rule: Rule) -> bool {
    matches!(
        rule,
        Rule::EOI
            | Rule::because
            | Rule::when
            | Rule::site_domains
            | Rule::entry_domain
            | Rule::dictionary_entry
            | Rule::detector_pattern
            | Rule::list_file
            | Rule::calendar_open
            | Rule::template_subject
            | Rule::folder_keep
            | Rule::settings_clause
            | Rule::test_from
    )
}

/// The keywords that a rule takes first.
pub(super) fn keywords(rule: Rule) -> Vec<&'static str> {
    match rule {
        Rule::side => vec!["senders", "recipients", "both"],
        Rule::content => vec!["using"],
        Rule::footer_place => vec!["at", "above"],
        Rule::on_protected => vec!["or"],
        Rule::otherwise => vec!["otherwise"],
        Rule::else_ => vec!["else"],
        Rule::weight => vec!["weight"],
        Rule::at_most => vec!["at"],
        Rule::overrides => vec!["overrides"],
        Rule::mandatory => vec!["mandatory"],
        Rule::observe => vec!["observe"],
        Rule::off => vec!["off"],
        Rule::from_date => vec!["from"],
        Rule::until_date => vec!["until"],
        Rule::annotate_header | Rule::set_header | Rule::expect_header => vec!["header"],
        Rule::annotate_subject | Rule::expect_subject => vec!["subject"],
        Rule::annotate_banner => vec!["banner"],
        Rule::annotate_footer => vec!["footer"],
        Rule::annotate_attachment | Rule::expect_attachment => vec!["attachment"],
        Rule::set_priority | Rule::expect_priority => vec!["priority"],
        Rule::deliver => words::DISPOSITIONS.iter().map(|word| word.0).collect(),
        Rule::expect_deliver => words::EXPECTATIONS.iter().map(|word| word.0).collect(),
        Rule::duration_unit | Rule::size_unit => words::UNITS.to_vec(),
        Rule::weekday | Rule::days => vec!["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
        _ => words::keyword(rule).into_iter().collect(),
    }
}

/// What was expected, in words, each once; ends of clauses and what only goes on are left out.
pub(super) fn expectations(rules: &[Rule]) -> Vec<String> {
    let mut expected: Vec<String> = Vec::new();
    let mut add = |word: String| {
        if !expected.contains(&word) {
            expected.push(word);
        }
    };
    for &rule in rules {
        match rule {
            Rule::deliver => add("a disposition".to_string()),
            Rule::expect_deliver => add("an expectation".to_string()),
            Rule::annotate_header => {
                add("`header`, `subject`, `banner`, `footer` or `attachment`".to_string())
            }
            Rule::set_header => add("`header` or `priority`".to_string()),
            _ => match (words::human(rule), words::keyword(rule)) {
                (Some(word), _) => add(word.to_string()),
                (None, Some(word)) => add(format!("`{word}`")),
                (None, None) => {}
            },
        }
    }
    for (sign, table, name) in
        [("`drop`", words::DISPOSITIONS, "a disposition"), ("`fired`", words::EXPECTATIONS, "an expectation")]
    {
        if expected.len() > 4 && expected.iter().any(|word| word == sign) {
            expected.retain(|word| !table.iter().any(|shape| format!("`{}`", shape.0) == *word));
            expected.insert(0, name.to_string());
        }
    }
    if expected.len() > 1 {
        expected.retain(|word| word != "a unit");
    }
    if expected.len() > 3 {
        expected.retain(|word| word != "`,`");
    }
    expected
}
