//! Bounds on what comes from outside that an operator may care about. What exceeds one is a diagnostic (policies) or a
//! fact on the message (mail), never a crash and never a silent cut.
//!
//! Bounds of one format (end records of a ZIP archive, readings of one header section) stand beside the code that reads
//! it, and reaching one is a fact with the cause `limit` as well. What only people see, such as a list of places or the
//! words around a match, is shortened without a fact; nothing is decided by it. What is guessed is guessed from a sample:
//! the type of a file from its first bytes and its structure, the language of a message from the beginning of its text.

/// Bounds on policy sources.
#[derive(Debug, Clone)]
pub struct SourceLimits {
    /// Bytes of one policy file.
    pub file_bytes: usize,
    /// Bytes of one list file.
    pub list_bytes: usize,
    /// Bytes of all list files of one set.
    pub all_list_bytes: usize,
    /// Nested brackets and directories.
    pub nesting: usize,
    /// Files of one policy set.
    pub files: usize,
    /// Bytes one compiled pattern may take.
    pub pattern_bytes: usize,
}

impl Default for SourceLimits {
    fn default() -> Self {
        SourceLimits {
            file_bytes: 8 << 20,
            list_bytes: 256 << 20,
            all_list_bytes: 1 << 30,
            nesting: 64,
            files: 10_000,
            pattern_bytes: 10 << 20,
        }
    }
}

/// Bounds on one message. Beyond one of them the message is unscannable with the cause `limit`.
#[derive(Debug, Clone)]
pub struct MessageLimits {
    /// Bytes of a message that is read at all; the rest of a longer one is not kept in memory.
    pub message_bytes: usize,
    /// MIME parts, archive members and attached messages together.
    pub parts: usize,
    /// Nesting of MIME parts, attached messages and archives together.
    pub depth: usize,
    /// Bytes of one header section that are read as fields.
    pub header_bytes: usize,
    /// Header fields of one part.
    pub header_fields: usize,
    /// Bytes all archives and encodings of one message may expand to.
    pub expanded_bytes: u64,
    /// How many times larger than its packed form an archive member may be (checked above one mebibyte).
    pub expansion_ratio: u64,
    /// Bytes of normalised text that are searched per message.
    pub text_bytes: usize,
    /// File names of one part, those of all readings together.
    pub file_names: usize,
    /// Links of one message.
    pub links: usize,
}

impl Default for MessageLimits {
    fn default() -> Self {
        MessageLimits {
            message_bytes: 100 << 20,
            parts: 2_000,
            depth: 50,
            header_bytes: 512 << 10,
            header_fields: 2_000,
            expanded_bytes: 200 << 20,
            expansion_ratio: 200,
            text_bytes: 64 << 20,
            file_names: 256,
            links: 20_000,
        }
    }
}
