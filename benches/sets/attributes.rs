//! Sets that read the envelope, the session, the size and header fields, and no text; and the loop somebody would write by
//! hand in their place.
//!
//! Ten kinds of policy by turns, each with constants of its own: sender, recipient, their domains, a header field, a size,
//! a domain with a priority, a recipient with a direction, the client's network, the client's name for itself. A message
//! triggers a handful of a thousand.

use super::mail::{Letter, Mail, envelope};
use super::random::Random;
use super::{Set, set};
use mailfw::base::address::Address;
use mailfw::message::envelope::Session;
use mailfw::message::{Message, Priority};
use mailfw::plan::Case;
use std::net::{IpAddr, Ipv4Addr};

/// Domains that mail comes from and goes to.
const DOMAINS: usize = 400;
/// Users in each.
const USERS: usize = 4;
/// Networks of clients; hosts that say who they are; origins in header fields.
const HOSTS: usize = 400;

/// A condition as it would be written in Rust.
enum Test {
    Sender(Address),
    Recipient(Address),
    SenderDomain(String),
    RecipientDomain(String),
    Origin(String),
    SizeAbove(u64),
    Priority(Priority),
    Outbound,
    Network([u8; 3]),
    Helo(String),
}

/// The set as a list that is compared from first to last, all tests of each.
pub struct ByHand {
    policies: Vec<Vec<Test>>,
}

/// What the loop reads of a message.
struct Facts<'a> {
    sender: Option<&'a Address>,
    recipient: Option<&'a Address>,
    origin: &'a str,
    size: u64,
    priority: Priority,
    outbound: bool,
    client: Option<IpAddr>,
    helo: &'a str,
}

fn domain(at: usize) -> String {
    format!("d{at}.example")
}

fn address(at: usize) -> String {
    format!("user{}@{}", at % USERS, domain(at / USERS % DOMAINS))
}

/// The letters of some mail with envelopes, sessions, priorities and origins of all kinds.
pub fn letters(mail: &Mail) -> Mail {
    let mut random = Random::new(17);
    let letters = mail.letters.iter().map(|letter| {
        let origin = random.below(HOSTS);
        let priority = ["1", "3", "3", "3", "5"][random.below(5)];
        let mut bytes = format!("X-Origin: host {origin}\r\nX-Priority: {priority}\r\n").into_bytes();
        bytes.extend_from_slice(&letter.bytes);
        let mut who = || address(random.below(DOMAINS * USERS));
        let envelope = envelope(&who(), &who());
        let network = random.below(HOSTS);
        let ip = Ipv4Addr::new(10, (network / 256) as u8, (network % 256) as u8, random.below(256) as u8);
        let session = Session {
            client_ip: Some(IpAddr::V4(ip)),
            client_helo: Some(format!("mx{}.example", random.below(HOSTS)).into()),
            ..Session::default()
        };
        Letter { bytes: bytes.into(), envelope, session }
    });
    Mail { origin: mail.origin.clone(), letters: letters.collect() }
}

/// So many policies, as mfp and by hand.
pub fn policies(count: usize) -> (Set, ByHand) {
    let mut random = Random::new(19);
    let mut conditions = Vec::with_capacity(count);
    let mut policies = Vec::with_capacity(count);
    for at in 0..count {
        let who = address(random.below(DOMAINS * USERS));
        let place = domain(random.below(DOMAINS));
        let host = random.below(HOSTS);
        // Every policy has a bound of its own, most of them above most messages.
        let kilobytes = 9 + at / 10;
        let (condition, tests) = match at % 10 {
            0 => (format!("sender == {who}"), vec![Test::Sender(parsed(&who))]),
            1 => (format!("recipient == {who}"), vec![Test::Recipient(parsed(&who))]),
            2 => (format!("sender in @{place}"), vec![Test::SenderDomain(place)]),
            3 => (format!("recipient in @{place}"), vec![Test::RecipientDomain(place)]),
            4 => (
                format!("header(\"X-Origin\") == \"host {host}\""),
                vec![Test::Origin(format!("host {host}"))],
            ),
            5 => (format!("message.size > {kilobytes} KB"), vec![Test::SizeAbove(kilobytes as u64 * 1000)]),
            6 => (
                format!("sender in @{place} and priority is low"),
                vec![Test::SenderDomain(place), Test::Priority(Priority::Low)],
            ),
            7 => (
                format!("direction is outbound and recipient == {who}"),
                vec![Test::Outbound, Test::Recipient(parsed(&who))],
            ),
            8 => {
                let network = [10, (host / 256) as u8, (host % 256) as u8];
                let condition = format!("client.ip in 10.{}.{}.0/24", network[1], network[2]);
                (condition, vec![Test::Network(network)])
            }
            _ => (
                format!("client.helo == \"mx{host}.example\""),
                vec![Test::Helo(format!("mx{host}.example"))],
            ),
        };
        conditions.push(condition);
        policies.push(tests);
    }
    (set(&format!("{count} on attributes"), "senders", "", &conditions), ByHand { policies })
}

fn parsed(address: &str) -> Address {
    Address::parse(address).expect("it is an address")
}

impl<'a> Facts<'a> {
    fn of(case: &Case<'a>) -> Facts<'a> {
        let recipient = case.envelope.recipients.first().map(|recipient| &recipient.address);
        let client = case.session.client_ip;
        let inside = matches!(client, Some(IpAddr::V4(ip)) if ip.octets()[0] == 10);
        Facts {
            sender: case.envelope.sender.as_ref(),
            recipient,
            origin: case.message.headers().first("X-Origin").map_or("", |field| field.value()),
            size: case.message.size(),
            priority: case.message.priority(),
            outbound: inside && recipient.is_some_and(|recipient| &*recipient.domain != "acme.example"),
            client,
            helo: case.session.client_helo.as_deref().unwrap_or(""),
        }
    }
}

impl ByHand {
    /// The policies that trigger, by position.
    pub fn triggered(&self, case: &Case, into: &mut Vec<usize>) {
        let facts = Facts::of(case);
        into.clear();
        for (at, tests) in self.policies.iter().enumerate() {
            if tests.iter().all(|test| holds(test, &facts)) {
                into.push(at);
            }
        }
    }
}

fn holds(test: &Test, facts: &Facts) -> bool {
    match test {
        Test::Sender(address) => facts.sender == Some(address),
        Test::Recipient(address) => facts.recipient == Some(address),
        Test::SenderDomain(domain) => facts.sender.is_some_and(|sender| *sender.domain == **domain),
        Test::RecipientDomain(domain) => facts.recipient.is_some_and(|one| *one.domain == **domain),
        Test::Origin(origin) => facts.origin == origin,
        Test::SizeAbove(size) => facts.size > *size,
        Test::Priority(priority) => facts.priority == *priority,
        Test::Outbound => facts.outbound,
        Test::Network(network) => {
            matches!(facts.client, Some(IpAddr::V4(ip)) if ip.octets()[..3] == *network)
        }
        Test::Helo(helo) => facts.helo == helo,
    }
}

/// The messages of some letters, read; for sets that are measured without the reading.
pub fn parsed_letters(mail: &Mail) -> Vec<(&Letter, Message)> {
    mail.letters.iter().zip(mail.parsed()).collect()
}
