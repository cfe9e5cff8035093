//! What checking says of a set in which one token is wrong: one finding where the edit is, and no cascade.

use super::check::folder;
use super::mutants::{Histogram, line, tokens};
use mailfw::base::diagnostic::{Diagnostic, Level};
use mailfw::base::limits::SourceLimits;
use mailfw::language::check;
use std::path::Path;

fn judged(name: &str, edit: impl Fn(&str) -> Option<String>) -> Histogram {
    let mut histogram = Histogram::default();
    for example in ["acme", "figure4"] {
        let files = folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(example));
        for file in files.keys().filter(|file| file.ends_with(".mfp")) {
            let text = std::str::from_utf8(&files[file]).unwrap();
            for token in tokens(text) {
                let Some(edited) = edit(&text[token.clone()]) else { continue };
                let mutant = format!("{}{edited}{}", &text[..token.start], &text[token.end..]);
                let mut mutated = files.clone();
                mutated.insert(file.clone(), mutant.clone().into_bytes());
                let checked = check("main.mfp", &mut mutated, &SourceLimits::default());
                let errors: Vec<&Diagnostic> = checked
                    .diagnostics
                    .sorted()
                    .into_iter()
                    .filter(|finding| finding.level == Level::Error)
                    .collect();
                assert_eq!(
                    errors.is_empty(),
                    checked.hir.is_some(),
                    "a set comes of no errors, and of none else"
                );
                let Some(first) = errors.first() else {
                    histogram.accepted += 1;
                    continue;
                };
                let source = |error: &Diagnostic| checked.map.get(error.primary.span.source).unwrap();
                let place = line(&source(first).text, first.primary.span.start as usize);
                let (from, to) =
                    (line(&mutant, token.start), line(&mutant, mutant.len() - (text.len() - token.end)));
                let elsewhere = source(first).name != *file;
                let distance =
                    if elsewhere { 99 } else { from.saturating_sub(place).max(place.saturating_sub(to)) };
                *histogram.distances.entry(distance).or_default() += 1;
                *histogram.errors.entry(errors.len()).or_default() += 1;
                if distance > 1 || errors.len() > 3 {
                    let said: Vec<String> = errors
                        .iter()
                        .map(|error| {
                            let at = line(&source(error).text, error.primary.span.start as usize) + 1;
                            format!("{}:{at}: {} [{}]", source(error).name, error.message, error.code)
                        })
                        .collect();
                    histogram.poor.push(format!(
                        "{example}/{file}:{}: `{}`: {said:?}",
                        line(text, token.start) + 1,
                        &text[token]
                    ));
                }
            }
        }
    }
    println!("{name}\n{histogram}");
    for poor in &histogram.poor {
        println!("  {poor}");
    }
    histogram
}

#[test]
fn a_set_without_one_token_has_its_first_error_within_a_line_and_at_most_three() {
    let histogram = judged("deleted", |_| Some(String::new()));
    assert!(histogram.poor.is_empty(), "{} poor mutants", histogram.poor.len());
}
