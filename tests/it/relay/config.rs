//! Configurations: what is read, what is refused, and how it is told.
//!
//! Golden cases are in `tests/corpus/configuration`: a configuration, a line `---`, and everything that is said of it. A
//! case is named for what it shows. `MAILFW_BLESS=1` writes what is said anew; read the difference before you keep it.

use mailfw::base::address::{Address, DomainPattern};
use mailfw::base::diagnostic::Level;
use mailfw::relay::config::listen::Role;
use mailfw::relay::config::network::{Host, Place};
use mailfw::relay::config::quantity::{Ceiling, Size};
use mailfw::relay::config::recipients::Source;
use mailfw::relay::config::route::{Balance, Destination, RouteTls};
use mailfw::relay::config::running::LogDestination;
use mailfw::relay::config::{Config, Reading, SECTIONS, TEXT_BYTES, codes, demo, read, together};
use mailfw::relay::route::Routes;
use mailfw::relay::smtp::server::{Protocol, Tls};
use mailfw::tools::render_human::HumanRenderer;
use mailfw::tools::terminal::Look;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The least that is a configuration.
pub(crate) const LEAST: &str = "\
name = \"mx.acme.example\"
policies = \"policies\"

[[listen]]
role = \"inbound\"
address = \"0.0.0.0:25\"
";

fn shown(reading: &Reading) -> String {
    let look = Look { unicode: true, color: false, width: 100 };
    HumanRenderer::new(&reading.map, look).render_all(reading.diagnostics.sorted())
}

/// The configuration of a text in which nothing is wrong or doubtful.
fn good(text: &str) -> Config {
    let reading = read("mailfw.toml", text);
    assert!(reading.diagnostics.is_empty(), "{}", shown(&reading));
    reading.config.unwrap()
}

/// The codes of what is said of a text.
fn codes_of(text: &str) -> Vec<&'static str> {
    read("mailfw.toml", text).diagnostics.sorted().into_iter().map(|finding| finding.code.0).collect()
}

fn with(more: &str) -> String {
    format!("{LEAST}{more}")
}

#[test]
fn every_case_is_answered_as_it_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/configuration");
    let bless = std::env::var_os("MAILFW_BLESS").is_some();
    let (mut wrong, mut shown_codes) = (String::new(), BTreeSet::new());
    for entry in std::fs::read_dir(&folder).expect("the cases are there") {
        let path = entry.unwrap().path();
        let golden = std::fs::read_to_string(&path).unwrap();
        let (text, _) = golden.split_once("\n---\n").expect("a configuration, `---`, and what is said of it");
        let reading = read("mailfw.toml", &format!("{text}\n"));
        for finding in reading.diagnostics.iter() {
            shown_codes.insert(finding.code);
            assert!(finding.help.as_ref().is_some_and(|help| !help.is_empty()), "{}", finding.message);
        }
        let case = format!("{text}\n---\n{}", shown(&reading));
        if bless {
            std::fs::write(&path, &case).unwrap();
        } else if golden != case {
            write!(wrong, "--- {}\n{golden}+++\n{case}", path.display()).unwrap();
        }
    }
    assert!(wrong.is_empty(), "{wrong}\nMAILFW_BLESS=1 writes the cases anew");
    // What is about files and users is shown beside them, what is about many mistakes would be long.
    let elsewhere =
        [codes::PLACE, codes::CERTIFICATE, codes::EXPOSED, codes::ACCOUNT, codes::TOO_LARGE, codes::TOO_MANY];
    let all = codes::PAGES.iter().map(|page| page.code).filter(|code| !elsewhere.contains(code));
    let missing: Vec<_> = all.filter(|code| !shown_codes.contains(code)).collect();
    assert!(missing.is_empty(), "no case shows {missing:?}");
}

#[test]
fn every_page_fails_by_its_code_alone_and_passes_as_it_says() {
    for page in codes::PAGES.iter().filter(|page| !page.failing.is_empty()) {
        let passing = read("mailfw.toml", page.passing);
        assert!(passing.diagnostics.is_empty(), "{}: {}", page.code, shown(&passing));
        if matches!(page.code, codes::PLACE | codes::ACCOUNT) {
            continue;
        }
        let failing: BTreeSet<_> = codes_of(page.failing).into_iter().collect();
        assert_eq!(failing, BTreeSet::from([page.code.0]), "{}", shown(&read("mailfw.toml", page.failing)));
    }
}
