//! The generated reference: what the language declares, in Markdown.
//!
//! `docs/reference.md` and `docs/errors.md` are committed, so that they can be read without building anything; a test
//! compares them with what is made here. Facts, fields, enumerations, library and codes come from the tables the checker
//! itself reads; what is grammar alone (actions, operators, items) is written out in `reference/*.md` beside this file.

use super::registry;
use crate::base::source::{SourceId, Span};
use crate::language::codes::Page;
use crate::language::schema::facts::{Fact, Field};
use crate::language::schema::types::{Enumeration, Type};
use crate::language::stdlib;
use crate::language::syntax::{self, ast};
use std::fmt::Write;

const ITEMS: &str = include_str!("reference/items.md");
const ACTIONS: &str = include_str!("reference/actions.md");
const OPERATORS: &str = include_str!("reference/operators.md");
const TESTS: &str = include_str!("reference/tests.md");

const ENUMERATIONS: &[Enumeration] = &[
    Enumeration::Direction,
    Enumeration::Priority,
    Enumeration::Severity,
    Enumeration::Cause,
    Enumeration::Malformation,
    Enumeration::Kind,
    Enumeration::Family,
    Enumeration::Authentication,
    Enumeration::Verdict,
];

/// The reference of the language.
pub fn reference() -> String {
    let mut out = String::from(
        "# Reference of the policy language mfp\n\n\
         Made by `src/tools/docs.rs` from what the checker reads; do not edit. The [guide](guide.md) shows how the \
         parts go together; [the error index](errors.md) has a page for every diagnostic.\n",
    );
    for (heading, text) in
        [("Items", ITEMS), ("Actions and dispositions", ACTIONS), ("Expressions", OPERATORS)]
    {
        section(&mut out, heading, text);
    }
    section(&mut out, "Facts", &facts());
    section(&mut out, "Fields", &fields());
    section(&mut out, "Enumerated values", &enumerations());
    section(&mut out, "Tests", TESTS);
    section(&mut out, "The standard library", &library());
    out
}

/// The error index: a page for every code.
pub fn errors() -> String {
    let mut pages: Vec<&Page> = registry::pages().collect();
    pages.sort_by_key(|page| page.code);
    let mut out = String::from(
        "# Error index\n\nMade by `src/tools/docs.rs` from the registry of codes; do not edit. The same pages are \
         shown by `mailfw explain-code CODE`.\n\n",
    );
    for page in &pages {
        let _ = writeln!(out, "- [`{}`](#{}): {}", page.code, anchor(page.code.0), page.title);
    }
    for page in &pages {
        let language = match page.code.0 {
            code if code.starts_with("mailfw::config::") => "toml",
            code if code.starts_with("mailfw::") => "sh",
            _ => "mfp",
        };
        let _ = write!(out, "\n## `{}`\n\n**{}.** {}\n", page.code, capital(page.title), page.text.trim());
        for (words, example) in [("This is refused:", page.failing), ("This is not:", page.passing)] {
            let example = example.trim_matches('\n');
            if example.is_empty() {
                continue;
            }
            let _ = write!(out, "\n{words}\n\n```{language}\n{example}\n```\n");
        }
    }
    out
}

fn section(out: &mut String, heading: &str, text: &str) {
    let _ = write!(out, "\n## {heading}\n\n{}\n", text.trim());
}

/// How code hosts make an anchor of a heading: letters, digits, `-` and `_` stay.
fn anchor(heading: &str) -> String {
    heading.chars().filter(|character| character.is_alphanumeric() || "-_".contains(*character)).collect()
}

fn capital(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or(String::new(), |first| first.to_uppercase().chain(characters).collect())
}

fn facts() -> String {
    let mut out = String::from(
        "A fact marked ∗ differs between the recipients of a message. The stage is the earliest at which it is known; a \
         policy is decided at the latest stage of the facts it reads.\n\n\
         | Fact | Type | Stage | What it is | Where there is none |\n|---|---|---|---|---|\n",
    );
    for fact in Fact::ALL {
        let declared = fact.declaration();
        let star = if declared.per_recipient { " ∗" } else { "" };
        row(
            &mut out,
            &[
                &format!("`{}`{star}", declared.path),
                &declared.kind().to_string(),
                declared.stage.name(),
                declared.doc,
                declared.absent,
            ],
        );
    }
    out
}

fn fields() -> String {
    let mut out = String::from("Asked of what a fact gives, or of what a quantifier or a criterion binds.\n");
    let mut owners: Vec<Type> = Vec::new();
    for field in Field::ALL {
        let owner = field.declaration().owner();
        if !owners.contains(&owner) {
            owners.push(owner);
        }
    }
    for owner in owners {
        let _ = write!(out, "\n### Of {owner}\n\n| Field | Type | What it is |\n|---|---|---|\n");
        for field in Field::ALL.iter().filter(|field| field.declaration().owner() == owner) {
            let declared = field.declaration();
            row(&mut out, &[&format!("`.{}`", declared.name), &declared.kind().to_string(), declared.doc]);
        }
    }
    out
}

fn enumerations() -> String {
    let mut out = String::from("Asked by `is`: `message.unscannable is encrypted`, `priority is low`.\n\n");
    for enumeration in ENUMERATIONS {
        let values: Vec<String> = enumeration.values().iter().map(|value| format!("`{value}`")).collect();
        let _ = writeln!(out, "- {}: {}", enumeration.words(), values.join(", "));
    }
    out
}

fn row(out: &mut String, cells: &[&str]) {
    let cells: Vec<String> = cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
    let _ = writeln!(out, "| {} |", cells.join(" | "));
}

fn library() -> String {
    let mut out = String::from(
        "Written in the language itself (`stdlib/*.mfp`) and part of the binary. `use std::dlp::{card_number}` takes a \
         name; `apply std::attachments::no_executables to recipients` applies a policy.\n",
    );
    for (name, text) in stdlib::MODULES {
        let file = syntax::parse(SourceId(0), text, &Default::default()).file;
        let _ = write!(out, "\n### std::{name}\n\n{}\n\n", introduction(text));
        out.push_str("| Name | What | For |\n|---|---|---|\n");
        for item in &file.items {
            if let Some((kind, item_name, signature, span)) = described(item, text) {
                let words = Some(comment_above(span, text)).filter(|words| !words.is_empty());
                let words = words.or_else(|| because(span, text)).unwrap_or_default();
                row(&mut out, &[&format!("`{item_name}{signature}`"), kind, &words]);
            }
        }
    }
    out
}

/// The first paragraph of the comment a module opens with.
fn introduction(text: &str) -> String {
    let lines = text.lines().map_while(|line| line.strip_prefix('#')).map(str::trim);
    let paragraph: Vec<&str> = lines.take_while(|line| !line.is_empty()).collect();
    let words = paragraph.join(" ");
    words.split_once(": ").map_or(words.clone(), |(_, rest)| capital(rest))
}

/// Kind, name, parameters and place of what a module offers.
fn described<'t>(item: &ast::Item, text: &'t str) -> Option<(&'static str, String, String, Span)> {
    let slice = |span: Span| -> &'t str { text.get(span.range()).unwrap_or("") };
    let plain = |kind, name: &ast::Name, span| Some((kind, name.node.to_string(), String::new(), span));
    match item {
        ast::Item::Policy(policy) => {
            let parameters: Vec<&str> = policy.parameters.iter().map(|one| slice(one.span)).collect();
            let signature =
                if parameters.is_empty() { String::new() } else { format!("({})", parameters.join(", ")) };
            Some(("policy", policy.name.node.to_string(), signature, policy.span))
        }
        ast::Item::Criterion(criterion) => {
            let signature =
                criterion.parameter.as_ref().map(|(name, kind)| format!("({}: {})", name.node, kind.node));
            Some((
                "criterion",
                criterion.name.node.to_string(),
                signature.unwrap_or_default(),
                criterion.span,
            ))
        }
        ast::Item::Detector(detector) => plain("detector", &detector.name, detector.span),
        ast::Item::Dictionary(dictionary) => plain("dictionary", &dictionary.name, dictionary.span),
        ast::Item::List(list) => plain("list", &list.name, list.span),
        ast::Item::Template(template) => plain("template", &template.name, template.span),
        _ => None,
    }
}

/// The comment lines directly above a place, as one text; a heading (`# ---- …`) is none.
fn comment_above(span: Span, text: &str) -> String {
    let above = text.get(..span.range().start).unwrap_or("");
    let mut lines: Vec<&str> = above
        .lines()
        .rev()
        .map_while(|line| line.strip_prefix('#'))
        .map(str::trim)
        .take_while(|line| !line.starts_with("--"))
        .collect();
    lines.reverse();
    lines.join(" ")
}

/// The text of the first `because` inside a place.
fn because(span: Span, text: &str) -> Option<String> {
    let (_, rest) = text.get(span.range())?.split_once("because")?;
    let words = rest.trim_start().strip_prefix('"')?.split('"').next()?;
    Some(capital(words) + ".")
}
