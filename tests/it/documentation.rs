//! The committed documentation says what the code says.

use mailfw::base::diagnostic::Level;
use mailfw::base::limits::MessageLimits;
use mailfw::language;
use mailfw::plan::Plan;
use mailfw::policy::engine::Engine;
use mailfw::policy::sources::FolderSources;
use mailfw::policy::testing;
use mailfw::tools::render_human::HumanRenderer;
use mailfw::tools::terminal::Look;
use mailfw::tools::{configuration, docs};
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn fresh(path: &str, made: &str) {
    let file = root().join(path);
    if std::env::var_os("MAILFW_UPDATE_DOCS").is_some() {
        std::fs::write(&file, made).unwrap();
    }
    let committed = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        committed == made,
        "{path} is stale: run MAILFW_UPDATE_DOCS=1 cargo test --test it documentation"
    );
}

#[test]
fn the_reference_is_fresh() {
    fresh("docs/reference.md", &docs::reference());
}

#[test]
fn the_error_index_is_fresh() {
    fresh("docs/errors.md", &docs::errors());
}

#[test]
fn the_page_of_the_configuration_is_fresh() {
    fresh("docs/configuration.md", &configuration::page());
}

/// Relative links of a Markdown text, without their anchors.
fn links(text: &str) -> Vec<String> {
    text.split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next())
        .filter(|link| !link.contains("://") && !link.starts_with('#'))
        .map(|link| link.split('#').next().unwrap_or(link).to_string())
        .collect()
}

#[test]
fn links_of_the_documentation_lead_somewhere() {
    for path in [
        "README.md",
        "CONTRIBUTING.md",
        "docs/guide.md",
        "docs/coming-from.md",
        "docs/reference.md",
        "docs/errors.md",
        "docs/configuration.md",
    ] {
        let file = root().join(path);
        let Ok(text) = std::fs::read_to_string(&file) else { panic!("{path} is there") };
        for link in links(&text) {
            let target = file.parent().unwrap_or(Path::new(".")).join(&link);
            assert!(target.exists(), "{path}: `{link}` leads nowhere");
        }
    }
}

/// The fenced blocks of a language in a Markdown text.
fn blocks(text: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    text.split(&fence).skip(1).filter_map(|rest| rest.split("```").next()).map(str::to_string).collect()
}

/// Checks a set and runs its tests; findings of a level or heavier fail, and so do tests.
fn holds(folder: &Path, level: Level) {
    let checked = language::check("main.mfp", &mut FolderSources::new(folder), &Default::default());
    let heavy: Vec<_> =
        checked.diagnostics.sorted().into_iter().filter(|found| found.level <= level).collect();
    assert!(heavy.is_empty(), "{}", HumanRenderer::new(&checked.map, Look::default()).render_all(heavy));
    let engine = Engine::new(Arc::new(Plan::new(checked.hir.unwrap()).unwrap()));
    let run = testing::run(&engine, &MessageLimits::default(), None);
    assert!(!run.results.is_empty(), "the set has tests");
    for result in &run.results {
        let told: Vec<String> = result
            .failures
            .iter()
            .map(|failure| format!("{}, got {}", failure.expected, failure.got))
            .collect();
        assert!(result.passed(), "{}: {}", result.name, told.join("; "));
    }
}

#[test]
fn the_readmes_policy_set_checks_and_passes_its_tests() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let sets = blocks(&readme, "mfp");
    assert_eq!(sets.len(), 1);
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("main.mfp"), &sets[0]).unwrap();
    holds(dir.path(), Level::Warning);
}

#[test]
fn the_guides_policies_fit_into_the_set_it_starts_from() {
    let guide = std::fs::read_to_string(root().join("docs/guide.md")).unwrap();
    let [policy, directory, tests] = blocks(&guide, "mfp").try_into().expect("three blocks");
    let scaffold = root().join("src/cli/scaffold");
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("mailbox")).unwrap();
    for file in ["words.mfp", "templates.mfp", "mailbox/cards.eml"] {
        std::fs::copy(scaffold.join(file), dir.path().join(file)).unwrap();
    }
    let main = std::fs::read_to_string(scaffold.join("main.mfp")).unwrap();
    let start = "    # For whatever goes out.\n";
    assert!(main.contains(start));
    let main = main.replace(start, &format!("{policy}\n{directory}\n"));
    std::fs::write(dir.path().join("main.mfp"), format!("{main}\n{tests}")).unwrap();
    holds(dir.path(), Level::Warning);
}

#[test]
fn everything_the_reference_names_can_be_written() {
    holds(&root().join("tests/corpus/reference"), Level::Error);
}

#[test]
fn the_reference_names_every_word_of_the_grammar() {
    let grammar = std::fs::read_to_string(root().join("grammar/mfp.pest")).unwrap();
    let reference = docs::reference();
    let keywords: Vec<&str> = grammar
        .lines()
        .filter(|line| line.starts_with("kw_"))
        .filter_map(|line| line.split('"').nth(1))
        .collect();
    assert!(keywords.len() > 80, "the scan finds the keywords");
    let missing: Vec<&str> = keywords.into_iter().filter(|word| !reference.contains(word)).collect();
    assert!(missing.is_empty(), "the reference does not name {missing:?}");
}

/// The code in the second column of the table under a heading.
fn second_column(text: &str, heading: &str) -> Vec<String> {
    let from = text.split_once(heading).expect("the heading is there").1;
    let table = from.split("\n## ").next().unwrap_or(from);
    table
        .lines()
        .filter(|line| line.starts_with("| "))
        .filter_map(|line| line.split(" | ").nth(1)?.strip_prefix('`')?.strip_suffix('`').map(str::to_string))
        .collect()
}

#[test]
fn what_is_said_to_those_who_come_from_elsewhere_checks() {
    let page = std::fs::read_to_string(root().join("docs/coming-from.md")).unwrap();
    let (conditions, actions) = (second_column(&page, "## Conditions"), second_column(&page, "## Actions"));
    assert!(conditions.len() > 50 && actions.len() > 20, "the tables are read");
    let head = "use std::dlp::{card_number, iban}\n\
        site { domains @acme.example postmaster postmaster@acme.example }\n\
        folder review { keep 7 days }\n\
        calendar office { timezone \"Europe/Berlin\" open mon..fri 08:00..18:00 }\n\
        dictionary words { \"alpha\" weight 2 }\n\
        template note { subject \"{subject}\" text \"{policy.because}\" }\n\
        template disclaimer { text \"Confidential.\" html \"<p>Confidential.</p>\" }\n\
        directory partners { domain @partner.example }\n\
        criterion known = count(card_number in text) > 0 or count(iban in text) > 0\n";
    let mut faults = Vec::new();
    let policies = conditions
        .iter()
        .map(|condition| format!("when {condition} tag \"x\""))
        .chain(actions.iter().map(|action| format!("when subject contains \"x\" {action}")));
    for clauses in policies {
        let set = format!(
            "{head}directory staff {{ domain @acme.example content policy p for both {{ {clauses} }} }}"
        );
        let mut sources = std::collections::BTreeMap::from([("main.mfp".to_string(), set.into_bytes())]);
        let checked =
            mailfw::language::check("main.mfp", &mut sources, &mailfw::base::limits::SourceLimits::default());
        let errors: Vec<&str> = checked
            .diagnostics
            .iter()
            .filter(|found| found.level != Level::Note && found.code.0 != "mfp::lint::unused")
            .map(|found| found.message.as_str())
            .collect();
        if !errors.is_empty() {
            faults.push(format!("{clauses}: {errors:?}"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
