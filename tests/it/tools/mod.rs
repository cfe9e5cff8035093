//! Rendering.

mod diagnostics;
mod junit;
mod registry;
mod sarif;
mod terminal;

use mailfw::base::diagnostic::{Code, Diagnostic};
use mailfw::base::source::{SourceMap, Span};

const CODE: Code = Code("mailfw::usage");

/// A set of two files, and a diagnostic with labels in both.
fn two_files() -> (SourceMap, Diagnostic) {
    let mut sources = SourceMap::default();
    let main = "use \"words.mfp\"\n\npolicy grüße {\n    when subjekt contains \"x\"\n}\n";
    let words = "# words\n\ncriterion subject = true\n";
    let words_id = sources.add("words.mfp", words);
    let main_id = sources.add("main.mfp", main);
    let at = |text: &str, word: &str| {
        let start = text.find(word).unwrap();
        start..start + word.len()
    };
    let wrong = at(main, "subjekt");
    let near = at(words, "subject");
    let wrong = Span::new(main_id, wrong.start, wrong.end);
    let diagnostic = Diagnostic::error(CODE, wrong, "`subjekt` is not known")
        .label("no fact, criterion or list of that name")
        .also(Span::new(words_id, near.start, near.end), "this is near")
        .help("did you mean `subject`?")
        .fix(wrong, "subject", "replace by `subject`");
    (sources, diagnostic)
}
