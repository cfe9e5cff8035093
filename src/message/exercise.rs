//! Everything that can be asked of a message, asked once: one function for fuzzing, for property tests and for benchmarks.

use super::{Message, Scope};
use crate::base::limits::MessageLimits;

/// Reads `bytes` and asks everything. Gives the number of parts, attachments and surfaces together. What must always
/// hold of a message is checked on the way: [`check`] says what does not.
pub fn exercise(bytes: &[u8], limits: &MessageLimits) -> usize {
    let message = Message::parse(bytes.to_vec(), limits);
    let mut seen = message.parts().len() + message.attachments().len() + message.surfaces().len();
    let scopes =
        [Scope::Structure, Scope::Body, Scope::Attachments, Scope::AttachmentText, Scope::Text, Scope::Links];
    for scope in scopes {
        seen += usize::from(message.unread_for(scope).next().is_some());
    }
    for header in message.headers().iter() {
        seen += usize::from(header.value().is_empty());
    }
    for part in message.parts() {
        seen += usize::from(part.content().is_empty())
            + usize::from(part.charset().is_some())
            + part.charsets().len();
    }
    for attachment in message.attachments() {
        seen += usize::from(attachment.sha256().is_empty());
    }
    seen +=
        message.from().len() + message.from_other_readings().len() + message.to().len() + message.cc().len();
    seen += message.bcc().len() + message.reply_to().len() + message.sender_header().len();
    seen += usize::from(message.date().is_some()) + usize::from(message.message_id().is_some());
    seen += usize::from(message.encrypted().is_some()) + usize::from(message.signed().is_some());
    seen += message.kinds().iter().count() + message.links().len() + message.malformed().len();
    seen += message.unscannable().len() + usize::from(message.language().is_some());
    seen
}

/// What must hold of every message and does not, in words; empty where all is well.
pub fn check(message: &Message) -> Vec<String> {
    let mut wrong = Vec::new();
    let size = message.bytes().len();
    let mut inside = |what: &str, range: Option<std::ops::Range<usize>>| {
        if let Some(range) = range.filter(|r| r.start > r.end || r.end > size) {
            wrong.push(format!("{what} is at {}..{} of {size} bytes", range.start, range.end));
        }
    };
    for part in message.parts() {
        inside("a header section", part.header_range());
        inside("a body", part.body_range());
        for header in part.headers().iter() {
            inside("a field", header.range());
            inside("a value", header.value_range());
        }
    }
    for malformation in message.malformed() {
        inside("a malformation", malformation.place.offset.map(|at| at..at));
    }
    for unscannable in message.unscannable() {
        inside("an unread thing", unscannable.place.offset.map(|at| at..at));
    }
    let parts = message.parts();
    for (index, part) in parts.iter().enumerate() {
        if part.id().index() != index || part.children().iter().any(|c| message.part(*c).is_none()) {
            wrong.push(format!("part {} does not hang in the tree", part.path()));
        }
        if part.parent().is_some_and(|p| p.index() >= index) {
            wrong.push(format!("part {} stands before its parent", part.path()));
        }
    }
    for attachment in message.attachments() {
        if attachment.container().is_some_and(|c| c.index() >= attachment.id().index()) {
            wrong.push(format!("attachment {} stands before its container", attachment.path()));
        }
    }
    for tree in [message.text(), message.body(), message.body_html(), message.subject_text()] {
        if tree.leaves().iter().any(|id| message.surface(*id).is_none()) {
            wrong.push("a tree names a surface that is not there".to_string());
        }
    }
    for link in message.links() {
        let text = message.surface(link.surface).map_or(0, |s| s.text.len());
        if link.link.source.end > text || link.link.source.start > link.link.source.end {
            wrong.push("a link lies outside its text".to_string());
        }
    }
    if message.parts().is_empty() {
        wrong.push("a message without a root".to_string());
    }
    wrong
}
