//! Command lines, cut from what a client sends.

/// Octets of a command line with its line end: RFC 5321 asks for 512, and the extensions for some more each (SIZE 26,
/// SMTPUTF8 10, DSN 28, 600 and 500, the longer local parts of RFC 6531).
pub const COMMAND_BYTES: usize = 2048;

/// What stands at the front of what was received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// No whole line yet.
    Incomplete,
    /// A line of so many bytes, and two more for its end.
    Line(usize),
    /// A line longer than [`COMMAND_BYTES`], whether its end is there or not.
    TooLong,
    /// A line feed without a carriage return before it, or a carriage return without a line feed behind it.
    BareEnd,
}

/// Looks at what was received. A line ends with CR LF and with nothing else (RFC 5321, 2.3.8).
pub fn cut(received: &[u8]) -> Cut {
    let Some(at) = memchr::memchr2(b'\r', b'\n', received) else {
        return if received.len() > COMMAND_BYTES - 2 { Cut::TooLong } else { Cut::Incomplete };
    };
    if at > COMMAND_BYTES - 2 {
        return Cut::TooLong;
    }
    match (received.get(at), received.get(at + 1)) {
        (Some(b'\r'), Some(b'\n')) => Cut::Line(at),
        (Some(b'\r'), None) => Cut::Incomplete,
        _ => Cut::BareEnd,
    }
}
