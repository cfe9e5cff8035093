//! Texts with values in them.
//!
//! A value is data wherever it is put: it is escaped in HTML and loses its line ends in a header, so that no sender can
//! write markup or header fields through a template.

use std::sync::Arc;

/// How values are made harmless where they are put.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Escape {
    /// Plain text: as they are.
    #[default]
    None,
    /// HTML: `& < > " '` as character references.
    Html,
    /// A header field: line ends and other control characters as one blank.
    Header,
}

/// What templates know beside the message: the policy that acts and for whom.
#[derive(Debug, Clone, Default)]
pub struct TextContext {
    /// Recipients (positions in the envelope) it is written for; `{recipient}` lists them. Never empty in a message to
    /// people; where it is, `{recipient}` is empty.
    pub recipients: Vec<usize>,
    /// `policy.name`
    pub policy_name: Arc<str>,
    /// `policy.because`
    pub policy_because: Arc<str>,
    /// `policy.directory`
    pub policy_directory: Arc<str>,
    /// `policy.matches`
    pub policy_matches: Arc<str>,
    /// Where it is put.
    pub escape: Escape,
}
