//! What a server offers in its reply to EHLO or LHLO (RFC 5321, 4.1.1.1).

use super::reply::Reply;

/// Extensions of a server; those that are not known here are left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Offers {
    /// How the server calls itself; empty where it does not say.
    pub name: String,
    /// It answered EHLO or LHLO, not HELO.
    pub extended: bool,
    /// `PIPELINING` (RFC 2920)
    pub pipelining: bool,
    /// `SIZE` (RFC 1870), and the octets of a message at most; 0: no limit is said.
    pub size: Option<u64>,
    /// `8BITMIME` (RFC 6152)
    pub eight_bit: bool,
    /// `SMTPUTF8` (RFC 6531)
    pub utf8: bool,
    /// `CHUNKING` (RFC 3030)
    pub chunking: bool,
    /// `DSN` (RFC 3461)
    pub dsn: bool,
    /// `MT-PRIORITY` (RFC 6710)
    pub priority: bool,
    /// `ENHANCEDSTATUSCODES` (RFC 2034)
    pub enhanced: bool,
    /// `STARTTLS` (RFC 3207)
    pub start_tls: bool,
}

impl Offers {
    /// Reads the reply to HELO, which offers nothing.
    pub fn of_helo(reply: &Reply) -> Offers {
        let first = reply.lines.first().map_or("", String::as_str);
        let name = first.split_ascii_whitespace().next().unwrap_or_default();
        Offers { name: name.to_string(), ..Offers::default() }
    }

    /// Reads the reply to EHLO or LHLO: a keyword a line, in any case of letters, the first line aside.
    pub fn of(reply: &Reply) -> Offers {
        let mut offers = Offers { extended: true, ..Offers::of_helo(reply) };
        for line in reply.lines.iter().skip(1) {
            let mut words = line.split_ascii_whitespace();
            match words.next().unwrap_or_default().to_ascii_uppercase().as_str() {
                "PIPELINING" => offers.pipelining = true,
                // A size that is no number is no limit that could be kept to.
                "SIZE" => offers.size = Some(words.next().and_then(|size| size.parse().ok()).unwrap_or(0)),
                "8BITMIME" => offers.eight_bit = true,
                "SMTPUTF8" => offers.utf8 = true,
                "CHUNKING" => offers.chunking = true,
                "DSN" => offers.dsn = true,
                "MT-PRIORITY" => offers.priority = true,
                "ENHANCEDSTATUSCODES" => offers.enhanced = true,
                "STARTTLS" => offers.start_tls = true,
                _ => {}
            }
        }
        offers
    }
}
