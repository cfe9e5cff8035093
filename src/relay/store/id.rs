//! Names of messages and copies.

use super::{CopyId, QueueId};
use jiff::Timestamp;
use std::fmt;

/// Crockford's base 32: digits and capitals without I, L, O and U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Characters of the moment, and of the chance behind it.
const MOMENT: u32 = 10;
const CHANCE: u32 = 6;

impl QueueId {
    /// The name of a message that came at a moment; `chance` parts those of one millisecond.
    pub fn new(now: Timestamp, chance: u32) -> QueueId {
        let milliseconds = u64::try_from(now.as_millisecond()).unwrap_or(0);
        let mut name = String::with_capacity(16);
        push(&mut name, milliseconds, MOMENT);
        push(&mut name, u64::from(chance), CHANCE);
        QueueId(name.into())
    }

    /// Reads a name as people write it: in any case of letters, with O for 0, and I or L for 1.
    pub fn parse(text: &str) -> Option<QueueId> {
        let characters = text.chars().map(|character| match character.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        });
        let name: String = characters.collect();
        let length = usize::try_from(MOMENT + CHANCE).ok()?;
        (name.len() == length && name.bytes().all(|byte| ALPHABET.contains(&byte)))
            .then(|| QueueId(name.into()))
    }

    /// The name as a text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn push(name: &mut String, number: u64, characters: u32) {
    for place in (0..characters).rev() {
        let digit = usize::try_from((number >> (5 * place)) & 31).unwrap_or(0);
        name.extend(ALPHABET.get(digit).map(|&byte| char::from(byte)));
    }
}

impl fmt::Display for QueueId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl CopyId {
    /// Reads `NAME.NUMBER`.
    pub fn parse(text: &str) -> Option<CopyId> {
        let (message, number) = text.split_once('.')?;
        if number.starts_with('0') || !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let number = number.parse().ok()?;
        Some(CopyId { message: QueueId::parse(message)?, number })
    }
}

impl fmt::Display for CopyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.message, self.number)
    }
}
