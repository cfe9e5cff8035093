//! What the fuzz targets do with bytes, as plain functions: the fuzzers call them, and so does a test of the package
//! that replays the seeds and whatever once did harm.
//!
//! None may panic, hang or leave the limits; the assertions say what else must hold.

use mailfw::base::limits::{MessageLimits, SourceLimits};
use mailfw::language;
use mailfw::message::mailbox::{Dialect, Mbox};
use mailfw::message::{Message, exercise};
use mailfw::plan::Plan;
use std::collections::BTreeMap;

/// A policy file: it ends as a set or with errors, every place lies in its text, and a set compiles.
pub fn policy(bytes: &[u8]) {
    let mut sources = BTreeMap::from([("main.mfp".to_string(), bytes.to_vec())]);
    let checked = language::check("main.mfp", &mut sources, &SourceLimits::default());
    for diagnostic in checked.diagnostics.iter() {
        let source = checked.map.get(diagnostic.primary.span.source).expect("a diagnostic has a source");
        assert!(source.text.get(diagnostic.primary.span.range()).is_some(), "its place is in the text");
        assert!(
            !diagnostic.message.is_empty() && !diagnostic.message.contains('\n'),
            "its message is one line"
        );
    }
    assert_eq!(checked.hir.is_none(), checked.diagnostics.has_errors(), "a set, or errors");
    if let Some(hir) = checked.hir {
        let _ = Plan::new(hir);
    }
}

/// A message: every view of it can be read, within the limits, and its ranges lie in its bytes.
pub fn message(bytes: &[u8]) {
    let limits = MessageLimits { expanded_bytes: 8 << 20, parts: 500, ..MessageLimits::default() };
    let message = Message::parse(bytes.to_vec(), &limits);
    assert_eq!(message.bytes(), bytes, "a message is kept as received");
    let wrong = exercise::check(&message);
    assert!(wrong.is_empty(), "{}", wrong.join("; "));
    assert!(message.parts().len() <= limits.parts + 1, "parts are bounded");
    for surface in message.surfaces() {
        assert!(surface.surface.folded().len() <= limits.text_bytes * 4, "text is bounded");
    }
    exercise::exercise(bytes, &limits);
    let _ = message.priority();
}

/// A mailbox: each dialect gives messages that together are no longer than the mailbox.
pub fn mailbox(bytes: &[u8]) {
    let limits = MessageLimits { message_bytes: 1 << 20, ..MessageLimits::default() };
    for dialect in [Dialect::Detect, Dialect::Mboxo, Dialect::Mboxrd, Dialect::Mboxcl, Dialect::Mboxcl2] {
        let mut total = 0;
        for message in Mbox::new(bytes, &limits, dialect) {
            let Ok(message) = message else { break };
            assert!(message.bytes.len() <= limits.message_bytes, "a message is bounded");
            total += message.bytes.len();
        }
        assert!(total <= bytes.len(), "nothing is read twice");
    }
}
