//! Diagnostics as data: a code, a level, one line of message, labelled places, and the mend.
//!
//! The law: a message is one line, starts in lower case, has no full stop, shows the user's own words in backticks and
//! names no Rust type; there is always a place; help names the mend. Codes live in one registry
//! ([`crate::base::diagnostic::Code`] values are made there and nowhere else) and are never used for another thing.
//! What only fails because of another error is not reported.

use super::source::Span;
use std::fmt;

/// A stable name such as `mfp::type::mismatch`. The registry of all codes with their pages is in
/// [`crate::language::codes`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Code(pub &'static str);

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// How much a diagnostic weighs. Errors refuse the set; warnings do under `--deny warnings`; notes never do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Level {
    /// The set is refused.
    Error,
    /// Very likely not what was meant.
    Warning,
    /// Worth knowing.
    Note,
}

/// A place with what is to be said about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// A few words; may be empty.
    pub text: String,
}

/// A change of the text that would mend it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// What is replaced (empty: an insertion).
    pub span: Span,
    /// What stands there afterwards.
    pub replacement: String,
    /// What the change does, for an editor's menu.
    pub title: String,
}

/// One finding about a policy set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Its stable name.
    pub code: Code,
    /// How much it weighs.
    pub level: Level,
    /// One line.
    pub message: String,
    /// The place the finding is about, with its label.
    pub primary: Label,
    /// Other places that explain it.
    pub secondary: Vec<Label>,
    /// The mend, in words.
    pub help: Option<String>,
    /// The mend, as a change.
    pub fix: Option<Fix>,
}

impl Diagnostic {
    /// A finding at a place.
    pub fn new(level: Level, code: Code, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            code,
            level,
            message: message.into(),
            primary: Label { span, text: String::new() },
            secondary: Vec::new(),
            help: None,
            fix: None,
        }
    }

    /// An error at a place.
    pub fn error(code: Code, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(Level::Error, code, span, message)
    }

    /// A warning at a place.
    pub fn warning(code: Code, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(Level::Warning, code, span, message)
    }

    /// A note at a place.
    pub fn note(code: Code, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(Level::Note, code, span, message)
    }

    /// Says a few words at the primary place.
    pub fn label(mut self, text: impl Into<String>) -> Diagnostic {
        self.primary.text = text.into();
        self
    }

    /// Adds another place.
    pub fn also(mut self, span: Span, text: impl Into<String>) -> Diagnostic {
        self.secondary.push(Label { span, text: text.into() });
        self
    }

    /// Names the mend.
    pub fn help(mut self, text: impl Into<String>) -> Diagnostic {
        self.help = Some(text.into());
        self
    }

    /// Gives the mend as a change.
    pub fn fix(mut self, span: Span, replacement: impl Into<String>, title: impl Into<String>) -> Diagnostic {
        self.fix = Some(Fix { span, replacement: replacement.into(), title: title.into() });
        self
    }
}

/// Findings in the order of discovery; [`Diagnostics::sorted`] gives the order in which people read them.
#[derive(Debug, Clone, Default)]
pub struct Diagnostics {
    items: Vec<Diagnostic>,
}

impl Diagnostics {
    /// Adds a finding.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.items.push(diagnostic);
    }

    /// Adds all findings of another collection.
    pub fn extend(&mut self, other: Diagnostics) {
        self.items.extend(other.items);
    }

    /// Whether any finding is an error.
    pub fn has_errors(&self) -> bool {
        self.items.iter().any(|diagnostic| diagnostic.level == Level::Error)
    }

    /// The findings as they were found.
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.items.iter()
    }

    /// Keeps the findings that satisfy a condition.
    pub fn retain(&mut self, keep: impl FnMut(&Diagnostic) -> bool) {
        self.items.retain(keep);
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The findings by place, the heavier first at one place, each once.
    pub fn sorted(&self) -> Vec<&Diagnostic> {
        let mut sorted: Vec<&Diagnostic> = self.items.iter().collect();
        sorted.sort_by_key(|diagnostic| (diagnostic.primary.span, diagnostic.level, diagnostic.code));
        sorted.dedup();
        sorted
    }
}

impl IntoIterator for Diagnostics {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.items.into_iter()
    }
}
