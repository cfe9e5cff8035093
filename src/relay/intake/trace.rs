//! The `Received` field that a message leaves with (RFC 5321, 4.4).
//!
//! It says what the session said: who the client claims to be is not believed, so the address stands beside it. What came
//! from outside is written in such characters only as cannot end the field or a comment in it.

use crate::message::compose;
use crate::relay::store::Arrival;
use std::fmt::Write;

/// The field with its line end. `server` is how this server calls itself; the recipient is named where there is one only,
/// so that nobody learns who else got it.
pub fn field(arrival: &Arrival, server: &str) -> Vec<u8> {
    let session = &arrival.session;
    let mut field = String::from("Received: from ");
    let helo = session.client_helo.as_deref().unwrap_or("unknown");
    let _ = write!(field, "{}", plain(helo));
    let name = session.client_name.as_deref().map(plain);
    match (session.client_ip, name) {
        (Some(ip), Some(name)) => drop(write!(field, " ({name} [{ip}])")),
        (Some(ip), None) => drop(write!(field, " ([{ip}])")),
        (None, _) => {}
    }
    let protocol = match (arrival.parameters.utf8, session.client_tls, session.client_user.is_some()) {
        (false, false, false) => "ESMTP",
        (false, true, false) => "ESMTPS",
        (false, false, true) => "ESMTPA",
        (false, true, true) => "ESMTPSA",
        (true, false, false) => "UTF8SMTP",
        (true, true, false) => "UTF8SMTPS",
        (true, false, true) => "UTF8SMTPA",
        (true, true, true) => "UTF8SMTPSA",
    };
    let _ = write!(field, "\r\n\tby {} (mailfw) with {protocol} id {}", plain(server), arrival.id);
    if let [only] = arrival.recipients.as_slice() {
        let address = &only.address;
        if address.is_ascii() && address.len() < 500 {
            let _ = write!(field, "\r\n\tfor <{}>", address.replace(|c: char| c.is_control(), ""));
        }
    }
    let _ = write!(field, ";\r\n\t{}\r\n", compose::date(arrival.received));
    field.into_bytes()
}

/// A name with nothing in it that means something in a structured field.
fn plain(name: &str) -> String {
    let allowed = |character: &char| character.is_ascii_alphanumeric() || "-._:[]".contains(*character);
    name.chars().filter(allowed).take(255).collect()
}
