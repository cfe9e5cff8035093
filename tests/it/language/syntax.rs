//! What can be written in mfp, and how it is read.

use mailfw::base::limits::SourceLimits;
use mailfw::base::source::SourceId;
use mailfw::language::syntax::{Parsed, parse};

/// The files of both example sets: name and text.
pub(crate) const EXAMPLES: &[(&str, &str)] = &[
    ("acme/main.mfp", include_str!("../../../examples/acme/main.mfp")),
    ("acme/templates.mfp", include_str!("../../../examples/acme/templates.mfp")),
    ("acme/words.mfp", include_str!("../../../examples/acme/words.mfp")),
    ("figure4/main.mfp", include_str!("../../../examples/figure4/main.mfp")),
];

pub(crate) fn parsed(text: &str) -> Parsed {
    parse(SourceId(0), text, &SourceLimits::default())
}

#[test]
fn both_examples_parse_without_a_finding() {
    for (name, text) in EXAMPLES {
        let parsed = parsed(text);
        let findings: Vec<_> = parsed
            .diagnostics
            .iter()
            .map(|finding| {
                (finding.primary.span, finding.message.clone(), &text[finding.primary.span.range()])
            })
            .collect();
        assert!(findings.is_empty(), "{name}: {findings:#?}");
    }
}
