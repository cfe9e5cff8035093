//! The message room: structure, other readings, attachments, text.

mod address;
mod ambiguity;
mod differential;
mod evasions;
mod hostile;
mod limits;
mod properties;
mod structure;
mod truths;

use std::path::PathBuf;

use mailfw::{base::limits::MessageLimits, message::Message};

/// The folder of real mail, if there is one here. Tests over it say so and pass where there is none.
pub(crate) fn corpus() -> Option<PathBuf> {
    crate::corpus::corpus("facts.tsv")?;
    crate::corpus::corpus(".")
}

/// Reads a message within the usual limits.
pub(crate) fn read(bytes: &[u8]) -> Message {
    Message::parse(bytes.to_vec(), &MessageLimits::default())
}

/// The start of the test string for virus scanners, put together so that no scanner finds it here.
pub(crate) fn eicar() -> Vec<u8> {
    [&b"X5O!P%@AP[4\\PZX54(P^)7CC)"[..], b"7}$EIC", b"AR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"].concat()
}
