//! Checking whole sets.

use mailfw::base::limits::SourceLimits;
use mailfw::language::codes::{self, Page};
use mailfw::language::{Checked, check};
use mailfw::tools::render_human::HumanRenderer;
use mailfw::tools::terminal::Look;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Checks a text that may go on with `# file: NAME` sections.
pub(crate) fn checked(text: &str) -> Checked {
    let mut files: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let mut name = "main.mfp".to_string();
    let mut content = String::new();
    for line in text.split_inclusive('\n') {
        match line.strip_prefix("# file: ") {
            Some(next) => {
                files.insert(
                    std::mem::replace(&mut name, next.trim().to_string()),
                    std::mem::take(&mut content).into(),
                );
            }
            None => content.push_str(line),
        }
    }
    files.insert(name, content.into());
    check("main.mfp", &mut files, &SourceLimits::default())
}

/// The findings, one a line: place, level, code, message.
pub(crate) fn listed(checked: &Checked) -> String {
    let mut lines = String::new();
    for diagnostic in checked.diagnostics.sorted() {
        let span = diagnostic.primary.span;
        let source = checked.map.get(span.source).expect("every finding has a place");
        let (line, column) = source.line_column(span.start as usize);
        let help = diagnostic.help.as_deref().unwrap_or("-");
        lines.push_str(&format!(
            "{}:{line}:{column} {:?} {}: {}\n    help: {help}\n",
            source.name, diagnostic.level, diagnostic.code, diagnostic.message
        ));
    }
    lines
}

/// All files of a folder, by path.
pub(crate) fn folder(path: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut open = vec![path.to_path_buf()];
    while let Some(at) = open.pop() {
        for entry in std::fs::read_dir(&at).expect("the folder is there") {
            let entry = entry.expect("an entry").path();
            if entry.is_dir() {
                open.push(entry);
                continue;
            }
            let name = entry.strip_prefix(path).expect("below it").to_string_lossy().replace('\\', "/");
            files.insert(name, std::fs::read(&entry).expect("readable"));
        }
    }
    files
}

fn example(name: &str) -> Checked {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name);
    check("main.mfp", &mut folder(&path), &SourceLimits::default())
}

#[test]
fn both_examples_check_without_a_finding() {
    for name in ["acme", "figure4"] {
        let checked = example(name);
        assert_eq!(listed(&checked), "", "{name}");
        assert!(checked.hir.is_some(), "{name}");
    }
}

fn page_codes(text: &str) -> (BTreeSet<&'static str>, String) {
    let checked = checked(text);
    let codes = checked.diagnostics.iter().map(|diagnostic| diagnostic.code.0).collect();
    (codes, listed(&checked))
}

#[test]
fn every_page_s_failing_example_raises_its_code_alone_and_the_passing_one_nothing() {
    let mut wrong = String::new();
    let mut seen = BTreeSet::new();
    for page in codes::pages() {
        assert!(seen.insert(page.code), "{} stands in the registry twice", page.code);
        if let Some(fault) = fault_of(page) {
            wrong.push_str(&fault);
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

fn fault_of(page: &Page) -> Option<String> {
    if page.failing.is_empty() {
        return None;
    }
    let (codes, shown) = page_codes(page.failing);
    // A lint may come with another that looks at the same from another side.
    let lint = page.code.0.starts_with("mfp::lint::") && codes.contains(page.code.0);
    if !lint && codes.iter().copied().collect::<Vec<_>>() != [page.code.0] {
        return Some(format!("--- {} fails otherwise:\n{}{shown}", page.code, page.failing));
    }
    let (codes, shown) = page_codes(page.passing);
    (!codes.is_empty()).then(|| format!("--- {} does not pass:\n{}{shown}", page.code, page.passing))
}

/// Every code's failing example with what people see of it, in `tests/corpus/diagnostics`, a file a code.
/// `MAILFW_BLESS=1` writes them anew.
#[test]
fn every_code_is_shown_as_its_golden_case_says() {
    let look = Look { unicode: true, color: false, width: 100 };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/diagnostics");
    let bless = std::env::var_os("MAILFW_BLESS").is_some();
    let mut wrong = String::new();
    let mut known = BTreeSet::new();
    for page in codes::pages().filter(|page| !page.failing.is_empty()) {
        let checked = checked(page.failing);
        let shown = HumanRenderer::new(&checked.map, look).render_all(checked.diagnostics.sorted());
        let case = format!("{}\n---\n{shown}", page.failing.trim_end());
        let name = format!("{}.txt", page.code.0.trim_start_matches("mfp::").replace("::", "_"));
        let path = folder.join(&name);
        known.insert(name);
        if bless {
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(&path, &case).unwrap();
        }
        match std::fs::read_to_string(&path) {
            Ok(golden) if golden == case => {}
            Ok(golden) => wrong.push_str(&format!("--- {}\n{golden}+++\n{case}", path.display())),
            Err(_) => wrong.push_str(&format!("{} is missing\n", path.display())),
        }
    }
    for entry in std::fs::read_dir(&folder).expect("the golden cases are there") {
        let name = entry.unwrap().file_name().to_string_lossy().into_owned();
        assert!(known.contains(&name), "{name} belongs to no code");
    }
    assert!(wrong.is_empty(), "{wrong}\nMAILFW_BLESS=1 writes the cases anew");
}
