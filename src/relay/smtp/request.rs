//! Commands as they are written (RFC 5321, 4.1.1), for what others have given us to write.
//!
//! What leaves is read first by [`super::command`], as strictly as what comes in: a line that would not be read as exactly
//! what it is to say, is not written. So no address or parameter, wherever it comes from, can bring in a second command.

use super::command::{self, Command, MailFrom, Notify, RcptTo, Returns};
use super::line::COMMAND_BYTES;
use std::fmt::Write;

/// `MAIL`, with the parameters that are set; `None` where it cannot be said.
pub fn mail(from: &MailFrom) -> Option<String> {
    let mut line = format!("MAIL FROM:<{}>", from.text);
    if let Some(size) = from.size {
        let _ = write!(line, " SIZE={size}");
    }
    if from.eight_bit {
        line.push_str(" BODY=8BITMIME");
    }
    if from.utf8 {
        line.push_str(" SMTPUTF8");
    }
    match from.returns {
        Some(Returns::Full) => line.push_str(" RET=FULL"),
        Some(Returns::Headers) => line.push_str(" RET=HDRS"),
        None => {}
    }
    if let Some(envelope_id) = &from.envelope_id {
        let _ = write!(line, " ENVID={envelope_id}");
    }
    if let Some(priority) = from.priority {
        let _ = write!(line, " MT-PRIORITY={priority}");
    }
    match read(&line, &from.text)? {
        Command::Mail(read) if read == *from => Some(line),
        _ => None,
    }
}

/// `RCPT`, with the parameters that are set; `None` where it cannot be said.
pub fn rcpt(address: &str, notify: Option<Notify>, original: Option<&str>) -> Option<String> {
    let mut line = format!("RCPT TO:<{address}>");
    if let Some(notify) = notify {
        let words = [(notify.success, "SUCCESS"), (notify.failure, "FAILURE"), (notify.delay, "DELAY")];
        let words: Vec<&str> = words.iter().filter(|(wanted, _)| *wanted).map(|(_, word)| *word).collect();
        let _ =
            write!(line, " NOTIFY={}", if words.is_empty() { "NEVER".to_string() } else { words.join(",") });
    }
    if let Some(original) = original {
        let _ = write!(line, " ORCPT={original}");
    }
    let Command::Rcpt(RcptTo { recipient, notify: read_notify, original: read_original }) =
        read(&line, address)?
    else {
        return None;
    };
    let is_address = match &recipient {
        Some(recipient) => &*recipient.text == address,
        None => address.eq_ignore_ascii_case("postmaster"),
    };
    (is_address && read_notify == notify && read_original.as_deref() == original).then_some(line)
}

/// What a server reads in a line; `None` where the line is too long or cannot be read.
fn read(line: &str, address: &str) -> Option<Command> {
    // Blanks beside an address are left out where addresses compare.
    let is_bare = address.trim() == address && line.len() <= COMMAND_BYTES - 2;
    if is_bare { command::parse(line.as_bytes()).ok() } else { None }
}
