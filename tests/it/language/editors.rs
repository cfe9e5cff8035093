//! The grammar for editors says the same words as the grammar.

use std::collections::BTreeSet;

const GRAMMAR: &str = include_str!("../../../grammar/mfp.pest");
const EDITORS: &str = include_str!("../../../grammar/editors/mfp.tmLanguage.json");

/// All patterns of the editors' grammar.
fn patterns(value: &serde_json::Value, into: &mut Vec<String>) {
    match value {
        serde_json::Value::Object(fields) => {
            for (name, field) in fields {
                match field.as_str() {
                    Some(pattern) if matches!(name.as_str(), "match" | "begin" | "end") => {
                        into.push(pattern.to_string());
                    }
                    _ => patterns(field, into),
                }
            }
        }
        serde_json::Value::Array(values) => values.iter().for_each(|value| patterns(value, into)),
        _ => {}
    }
}

#[test]
fn every_keyword_is_coloured_by_editors() {
    let value: serde_json::Value = serde_json::from_str(EDITORS).unwrap();
    let mut found = Vec::new();
    patterns(&value, &mut found);
    let lists: Vec<&String> =
        found.iter().filter(|pattern| pattern.contains("(?:") && pattern.contains('|')).collect();
    let coloured: BTreeSet<&str> = lists
        .iter()
        .flat_map(|pattern| pattern.split(|character: char| !character.is_ascii_lowercase()))
        .collect();
    let keywords: BTreeSet<&str> =
        GRAMMAR.lines().filter_map(|line| line.strip_prefix("kw_")?.split('"').nth(1)).collect();
    assert!(keywords.len() > 140, "{}", keywords.len());
    let missing: Vec<&&str> = keywords.difference(&coloured).collect();
    assert!(missing.is_empty(), "editors do not know {missing:?}");
}

#[test]
fn every_included_rule_of_the_editors_grammar_is_there() {
    let value: serde_json::Value = serde_json::from_str(EDITORS).unwrap();
    let repository = value["repository"].as_object().unwrap();
    for included in EDITORS.split("\"include\": \"#").skip(1) {
        let name = included.split('"').next().unwrap();
        assert!(repository.contains_key(name), "{name}");
    }
}
