use super::two_files;
use mailfw::base::diagnostic::{Code, Diagnostic};
use mailfw::base::source::{SourceId, Span};
use mailfw::tools::sarif;
use serde_json::Value;

/// What SARIF 2.1.0 demands of the parts that are written: the properties each object must and may have.
fn validate(log: &Value) {
    only(log, &["version", "runs"], &["$schema"]);
    assert_eq!(log["version"], "2.1.0");
    for run in log["runs"].as_array().unwrap() {
        only(run, &["tool"], &["results", "columnKind"]);
        assert!(["utf16CodeUnits", "unicodeCodePoints"].contains(&run["columnKind"].as_str().unwrap()));
        let driver = &run["tool"]["driver"];
        only(driver, &["name"], &["version", "semanticVersion", "rules"]);
        let rules = driver["rules"].as_array().unwrap();
        for rule in rules {
            only(rule, &["id"], &["shortDescription", "fullDescription", "help"]);
            only(&rule["shortDescription"], &["text"], &["markdown"]);
        }
        for result in run["results"].as_array().unwrap() {
            only(
                result,
                &["message"],
                &["ruleId", "ruleIndex", "level", "locations", "relatedLocations", "fixes"],
            );
            assert!(["none", "note", "warning", "error"].contains(&result["level"].as_str().unwrap()));
            let rule = &rules[result["ruleIndex"].as_u64().unwrap() as usize];
            assert_eq!(rule["id"], result["ruleId"]);
            for list in ["locations", "relatedLocations"] {
                for location in result[list].as_array().into_iter().flatten() {
                    only(location, &["physicalLocation"], &["id", "message"]);
                    physical(&location["physicalLocation"]);
                }
            }
            for fix in result["fixes"].as_array().into_iter().flatten() {
                only(fix, &["artifactChanges"], &["description"]);
                for change in fix["artifactChanges"].as_array().unwrap() {
                    only(change, &["artifactLocation", "replacements"], &[]);
                    for replacement in change["replacements"].as_array().unwrap() {
                        only(replacement, &["deletedRegion"], &["insertedContent"]);
                        region(&replacement["deletedRegion"]);
                    }
                }
            }
        }
    }
}

fn physical(place: &Value) {
    only(place, &["artifactLocation", "region"], &[]);
    let uri = place["artifactLocation"]["uri"].as_str().unwrap();
    assert!(uri.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte)), "{uri}");
    region(&place["region"]);
}

fn region(region: &Value) {
    let numbers = ["startLine", "startColumn", "endLine", "endColumn"];
    only(region, &numbers, &["byteOffset", "byteLength"]);
    for name in numbers {
        assert!(region[name].as_u64().unwrap() >= 1, "{name} counts from one");
    }
}

fn only(object: &Value, must: &[&str], may: &[&str]) {
    let object = object.as_object().unwrap_or_else(|| panic!("{object} is an object"));
    for name in must {
        assert!(object.contains_key(*name), "{name} is there");
    }
    for name in object.keys() {
        assert!(must.contains(&name.as_str()) || may.contains(&name.as_str()), "{name} is known");
    }
}

#[test]
fn a_log_has_the_shape_the_standard_demands() {
    let (sources, diagnostic) = two_files();
    let nowhere = Span::new(SourceId(u32::MAX), 0, 0);
    let other = Diagnostic::note(Code("mailfw::io::not-found"), nowhere, "nothing is there");
    let log: Value =
        serde_json::from_str(&sarif::render([&diagnostic, &other, &diagnostic], &sources)).unwrap();
    validate(&log);
    let results = log["runs"][0]["results"].as_array().unwrap();
    assert_eq!(results.len(), 3);
    assert_eq!(log["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap().len(), 2);
    assert_eq!(results[1]["locations"].as_array().unwrap().len(), 0);
    let first = &results[0];
    assert_eq!(first["locations"][0]["physicalLocation"]["region"]["startColumn"], 10);
    assert_eq!(first["relatedLocations"][0]["physicalLocation"]["artifactLocation"]["uri"], "words.mfp");
    assert_eq!(
        first["fixes"][0]["artifactChanges"][0]["replacements"][0]["insertedContent"]["text"],
        "subject"
    );
    assert!(first["message"]["text"].as_str().unwrap().ends_with("help: did you mean `subject`?"));
}

#[test]
fn file_names_become_uris() {
    let mut sources = mailfw::base::source::SourceMap::default();
    let names = ["std::dlp", "/etc/mailfw/main.mfp", "my policies/100%.mfp", "grüße.mfp"];
    let found: Vec<Diagnostic> = names
        .iter()
        .map(|name| {
            let id = sources.add(*name, "x");
            Diagnostic::error(Code("mailfw::usage"), Span::new(id, 0, 1), "x")
        })
        .collect();
    let log: Value = serde_json::from_str(&sarif::render(&found, &sources)).unwrap();
    validate(&log);
    let uris: Vec<&str> = log["runs"][0]["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|result| result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].as_str().unwrap())
        .collect();
    let wanted =
        ["mailfw-std:dlp", "file:///etc/mailfw/main.mfp", "my%20policies/100%25.mfp", "gr%C3%BC%C3%9Fe.mfp"];
    assert_eq!(uris, wanted);
}

#[test]
fn no_diagnostics_are_a_log_without_results() {
    let log: Value = serde_json::from_str(&sarif::render([], &Default::default())).unwrap();
    validate(&log);
    assert_eq!(log["runs"][0]["results"].as_array().unwrap().len(), 0);
}
