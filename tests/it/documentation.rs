//! The committed documentation says what the code says.

use mailfw::tools::docs;
use std::path::{Path, PathBuf};

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
    for path in ["README.md", "CONTRIBUTING.md", "docs/guide.md", "docs/reference.md", "docs/errors.md"] {
        let file = root().join(path);
        let Ok(text) = std::fs::read_to_string(&file) else { panic!("{path} is there") };
        for link in links(&text) {
            let target = file.parent().unwrap_or(Path::new(".")).join(&link);
            assert!(target.exists(), "{path}: `{link}` leads nowhere");
        }
    }
}
