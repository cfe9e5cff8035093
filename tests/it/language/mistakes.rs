//! Golden cases of mistakes that people make, in `tests/corpus/mistakes`: a set (with `# file: NAME` sections), a line
//! `---`, and everything `mailfw check` says of it. A case is named for what it shows. `MAILFW_BLESS=1` writes what is
//! said anew; read the difference before you keep it.

use super::check::checked;
use mailfw::plan::detectors;
use mailfw::tools::render_human::HumanRenderer;
use mailfw::tools::terminal::Look;
use std::path::Path;

/// What is said of a set; notes of what an example leaves unused aside.
fn said_of(text: &str) -> String {
    let mut checked = checked(text);
    checked.diagnostics.extend(detectors::self_test(&checked.detectors));
    checked.diagnostics.retain(|finding| finding.code.0 != "mfp::lint::unused");
    let look = Look { unicode: true, color: false, width: 100 };
    HumanRenderer::new(&checked.map, look).render_all(checked.diagnostics.sorted())
}

#[test]
fn every_mistake_is_answered_as_its_case_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/mistakes");
    let bless = std::env::var_os("MAILFW_BLESS").is_some();
    let (mut wrong, mut cases) = (String::new(), 0);
    for entry in std::fs::read_dir(&folder).expect("the cases are there") {
        let path = entry.unwrap().path();
        let golden = std::fs::read_to_string(&path).unwrap();
        let (set, _) = golden.split_once("\n---\n").expect("a set, `---`, and what is said of it");
        let case = format!("{set}\n---\n{}", said_of(&format!("{set}\n")));
        cases += 1;
        if bless {
            std::fs::write(&path, &case).unwrap();
        } else if golden != case {
            wrong.push_str(&format!("--- {}\n{golden}+++\n{case}", path.display()));
        }
    }
    assert!(cases > 45, "{cases} cases");
    assert!(wrong.is_empty(), "{wrong}\nMAILFW_BLESS=1 writes the cases anew");
}

#[test]
fn every_mistake_is_answered_with_a_mend() {
    for entry in
        std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/mistakes")).unwrap()
    {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let (set, _) = text.split_once("\n---\n").unwrap();
        for finding in checked(&format!("{set}\n")).diagnostics.iter() {
            assert!(
                finding.help.as_ref().is_some_and(|help| !help.is_empty()),
                "{}: {}",
                path.display(),
                finding.message
            );
        }
    }
}
