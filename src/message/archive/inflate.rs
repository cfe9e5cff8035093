//! Deflate streams (RFC 1951), to a limit.

use super::Cause;
use flate2::{Decompress, FlushDecompress, Status};

/// What came out of a deflate stream (RFC 1951).
pub(super) struct Inflated {
    pub(super) content: Vec<u8>,
    /// Packed bytes that the stream takes.
    pub(super) used: usize,
    pub(super) cause: Option<Cause>,
}

/// Unpacks a stream; beyond the allowance it is cut.
pub(super) fn inflate(data: &[u8], allowance: u64) -> Inflated {
    let mut stream = Decompress::new(false);
    let mut content = Vec::new();
    loop {
        let used = usize::try_from(stream.total_in()).unwrap_or(usize::MAX).min(data.len());
        if content.len() as u64 > allowance {
            content.truncate(usize::try_from(allowance).unwrap_or(usize::MAX));
            return Inflated { content, used, cause: Some(Cause::Limit) };
        }
        // Doubling, and never much more than what is still allowed.
        let room = (allowance + 1 - content.len() as u64).min((content.len() as u64).max(16 << 10));
        content.reserve(usize::try_from(room).unwrap_or(16 << 10));
        let rest = data.get(used..).unwrap_or_default();
        let before = (stream.total_in(), stream.total_out());
        let status = stream.decompress_vec(rest, &mut content, FlushDecompress::None);
        let used = usize::try_from(stream.total_in()).unwrap_or(usize::MAX).min(data.len());
        match status {
            Ok(Status::StreamEnd) if content.len() as u64 <= allowance => {
                return Inflated { content, used, cause: None };
            }
            Ok(Status::StreamEnd) => {}
            Ok(_) if (stream.total_in(), stream.total_out()) != before => {}
            Ok(_) | Err(_) => return Inflated { content, used, cause: Some(Cause::Corrupt) },
        }
    }
}
