//! Placeholder.

pub mod archive;
pub mod documents;
pub mod envelope;
pub mod filetype;
pub mod html;
pub mod links;
pub mod mailbox;
pub mod surface;

/// Placeholder until the message model lands; only its name counts.
#[derive(Debug)]
pub struct Message;

/// Placeholder until the message model lands: an attachment of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AttachmentId(pub u32);
