//! Our sending side against our receiving side: what one sends the other gets, byte for byte.

use mailfw::relay::smtp::client::{Client, Settings, Step, WantTls};
use mailfw::relay::smtp::command::{Notify, Returns};
use mailfw::relay::smtp::delivery::{Delivery, Outcome, Why};
use mailfw::relay::smtp::reply::{Enhanced, Reply};
use mailfw::relay::smtp::server::{self, Ask, Protocol, Received, Server, Tls};
use mailfw::relay::smtp::transaction::Transaction;
use mailfw::relay::store::{Parameters, Recipient};
use proptest::prelude::*;

/// Extensions that are left out of the reply to EHLO, each by a bit.
const EXTENSIONS: [&str; 8] =
    ["PIPELINING", "SIZE", "8BITMIME", "SMTPUTF8", "CHUNKING", "DSN", "MT-PRIORITY", "STARTTLS"];

/// What came of sending some messages, one after the other over one connection.
struct Sent {
    deliveries: Vec<Delivery>,
    received: Vec<Received>,
    handshakes: usize,
    /// How often somebody had to wait for the other.
    turns: usize,
}

/// Sends messages to a server that offers some extensions, and refuses who begins with `no`. What goes over the wire is cut
/// into pieces of some octets.
fn send(protocol: Protocol, offered: u8, tls: WantTls, width: usize, messages: &[Transaction]) -> Sent {
    let mut server = Server::new(server::Settings {
        name: "mx.d.example".to_string(),
        message_bytes: 100_000,
        recipients: 5,
        mistakes: 20,
        refused_recipients: None,
        tls: Tls::Offered,
        protocol,
    });
    let name = "out.acme.example".to_string();
    let mut client = Client::new(Settings { name, protocol, tls, pipelining: true, chunking: true });
    let mut messages = messages.iter().cloned();
    let mut sent = Sent { deliveries: vec![], received: vec![], handshakes: 0, turns: 0 };
    let (mut to_server, mut to_client) = (Vec::new(), Vec::new());
    server.greet();
    loop {
        let mut moved = false;
        for piece in std::mem::take(&mut to_server).chunks(width) {
            server.receive(piece);
            serve(&mut server, &mut to_client, &mut sent, protocol);
        }
        serve(&mut server, &mut to_client, &mut sent, protocol);
        let said = without(std::mem::take(&mut to_client), offered);
        for piece in said.chunks(width) {
            client.receive(piece);
            moved = true;
        }
        while let Some(step) = client.step() {
            moved = true;
            match step {
                Step::Send(bytes) => to_server.extend(bytes),
                Step::StartTls => {
                    client.tls_started();
                    sent.handshakes += 1;
                }
                Step::Ready => match messages.next() {
                    Some(message) => client.start(message).unwrap(),
                    None => client.quit(),
                },
                Step::Sent(delivery) => sent.deliveries.push(*delivery),
                Step::Close(failure) => {
                    assert_eq!(failure, None);
                    return sent;
                }
            }
        }
        sent.turns += 1;
        assert!(moved, "neither waits for the other");
    }
}

fn serve(server: &mut Server, to_client: &mut Vec<u8>, sent: &mut Sent, protocol: Protocol) {
    let taken = Reply::new(250, Enhanced(2, 0, 0), "taken");
    while let Some(step) = server.step() {
        match step {
            server::Step::Send(bytes) => to_client.extend(bytes),
            server::Step::Ask(Ask::Sender(_)) => server.answer(&taken),
            server::Step::Ask(Ask::Recipient(to)) => {
                let refused = to.recipient.is_some_and(|recipient| recipient.text.starts_with("no"));
                server.answer(&match refused {
                    true => Reply::new(550, Enhanced(5, 1, 1), "nobody"),
                    false => taken.clone(),
                });
            }
            server::Step::Ask(Ask::Message(message)) => {
                let count = if protocol == Protocol::Lmtp { message.to.len() } else { 1 };
                sent.received.push(*message);
                server.answer_message(&vec![taken.clone(); count]);
            }
            server::Step::StartTls => server.tls_started(),
            server::Step::Close => return,
        }
    }
}

/// The replies without the extensions that are not offered.
fn without(said: Vec<u8>, offered: u8) -> Vec<u8> {
    if !said.starts_with(b"250-mx.d.example greets") {
        return said;
    }
    let text = String::from_utf8(said).unwrap();
    let kept = text.split_inclusive("\r\n").filter(|line| {
        let keyword = line[4..].trim_end().split(' ').next().unwrap();
        let place = EXTENSIONS.iter().position(|extension| *extension == keyword);
        place.is_none_or(|place| offered & (1 << place) != 0)
    });
    let mut kept: Vec<String> = kept.map(str::to_string).collect();
    kept.last_mut().unwrap().replace_range(3..4, " ");
    kept.concat().into_bytes()
}

fn offers(offered: u8, extension: &str) -> bool {
    let place = EXTENSIONS.iter().position(|one| *one == extension).unwrap();
    offered & (1 << place) != 0
}

fn recipient(address: &str) -> Recipient {
    Recipient {
        address: address.into(),
        notify: Some(Notify { success: false, failure: true, delay: true }),
        original: Some("rfc822;c+2Bd@d.example".into()),
    }
}

fn message(to: &[&str], content: &[u8]) -> Transaction {
    Transaction {
        sender: "a@acme.example".into(),
        parameters: Parameters {
            eight_bit: false,
            utf8: false,
            returns: Some(Returns::Full),
            envelope_id: Some("id".into()),
            priority: Some(4),
        },
        recipients: to.iter().map(|address| recipient(address)).collect(),
        prefix: b"Received: by out.acme.example\r\n".to_vec(),
        content: content.into(),
        require_tls: false,
    }
}

#[test]
fn with_any_extensions_every_content_arrives_as_it_was() {
    let long = format!("S: s\r\n\r\n{}\r\n.{}", "x".repeat(50_000), ".".repeat(30_000));
    let contents = ["", ".", "..\r\n", "S: s\r\n\r\n.\r\n..\r\n...x\r\n.", "\r\n.\r\n\r\n", &long];
    let messages: Vec<Transaction> = contents
        .iter()
        .map(|content| message(&["c@d.example", "no@d.example"], content.as_bytes()))
        .collect();
    for protocol in [Protocol::Smtp, Protocol::Lmtp] {
        for offered in 0..=u8::MAX {
            let tls = if offered % 3 == 0 { WantTls::Never } else { WantTls::Opportunistic };
            let sent = send(protocol, offered, tls, 30_000, &messages);
            let encrypted = tls == WantTls::Opportunistic && offers(offered, "STARTTLS");
            assert_eq!(sent.handshakes, usize::from(encrypted));
            assert_eq!((sent.deliveries.len(), sent.received.len()), (contents.len(), contents.len()));
            for (received, content) in sent.received.iter().zip(contents) {
                let end = if content.is_empty() || content.ends_with("\r\n") { "" } else { "\r\n" };
                let expected = format!("Received: by out.acme.example\r\n{content}{end}");
                assert!(received.content == expected.as_bytes(), "{offered:b} {content:?}");
                let size = offers(offered, "SIZE").then_some(expected.len() as u64);
                let dsn = offers(offered, "DSN");
                assert_eq!((received.from.size, received.tls), (size, encrypted));
                assert_eq!(received.from.returns, dsn.then_some(Returns::Full));
                assert_eq!(received.from.envelope_id.as_deref(), dsn.then_some("id"));
                assert_eq!(received.from.priority, offers(offered, "MT-PRIORITY").then_some(4));
                let [to] = received.to.as_slice() else { panic!("one was taken") };
                assert_eq!((to.notify.is_some(), to.original.is_some()), (dsn, dsn));
            }
            for delivery in &sent.deliveries {
                assert_eq!(delivery.dsn, offers(offered, "DSN"));
                assert!(delivery.recipients[0].is_accepted());
                assert!(
                    matches!(&delivery.recipients[1], Outcome::Failed(no) if no.status == Enhanced(5, 1, 1))
                );
            }
        }
    }
}

#[test]
fn what_needs_an_extension_arrives_with_it_and_fails_without() {
    let eight = message(&["c@d.example"], b"S: s\r\n\r\n\xe4\xff\r\n");
    let mut utf8 = message(&["\u{fc}@d.example", "c@d.example"], "S: \u{e4}\r\n\r\nx\r\n".as_bytes());
    utf8.parameters.utf8 = true;
    let large = message(&["c@d.example"], &b"0123456789abcd\r\n".repeat(7_000));
    for offered in 0..=u8::MAX {
        let messages = [eight.clone(), utf8.clone(), large.clone()];
        let sent = send(Protocol::Smtp, offered, WantTls::Never, 100_000, &messages[..2]);
        let [first, second] = sent.deliveries.as_slice() else { panic!("two were sent") };
        match &first.recipients[0] {
            Outcome::Accepted(_) => assert!(offers(offered, "8BITMIME") && sent.received[0].from.eight_bit),
            Outcome::Failed(failure) => assert_eq!(failure.why, Why::SevenBit),
            other => panic!("{other:?}"),
        }
        let both = offers(offered, "8BITMIME") && offers(offered, "SMTPUTF8");
        assert!(second.recipients.iter().all(|outcome| outcome.is_accepted() == both));
        let count = usize::from(both) + usize::from(offers(offered, "8BITMIME"));
        assert_eq!(sent.received.len(), count);
        assert!(!both || sent.received[1].from.utf8);
        if offers(offered, "SIZE") {
            let sent = send(Protocol::Smtp, offered, WantTls::Never, 100_000, &messages[2..]);
            assert!(
                matches!(&sent.deliveries[0].recipients[0], Outcome::Failed(no) if no.why == Why::TooBig)
            );
        }
    }
}

#[test]
fn where_the_server_reads_ahead_a_message_takes_two_round_trips() {
    let one = message(&["c@d.example", "e@d.example", "f@d.example"], b"S: s\r\n\r\nx\r\n");
    let turns = |offered, count: usize| {
        send(Protocol::Smtp, offered, WantTls::Never, 100_000, &vec![one.clone(); count]).turns
    };
    for chunking in [0, 1 << 4] {
        assert_eq!(turns(1 | chunking, 5) - turns(1 | chunking, 1), 4 * 2);
    }
    assert_eq!(turns(0, 5) - turns(0, 1), 4 * 6);
}

proptest! {
    #[test]
    fn whatever_a_content_is_it_arrives_as_it_was(
        lines in proptest::collection::vec(
            prop_oneof![
                "\\.{0,3}[a-z.]{0,6}".prop_map(String::into_bytes),
                proptest::collection::vec(any::<u8>(), 0..40),
                (0_usize..90_000).prop_map(|length| vec![b'.'; length]),
            ],
            0..12,
        ),
        ended in any::<bool>(), offered in any::<u8>(), lmtp in any::<bool>(), width in 1_usize..5_000,
    ) {
        let mut content = lines.join(b"\r\n".as_slice());
        content.retain(|byte| *byte != 0);
        if ended {
            content.extend(b"\r\n");
        }
        content.truncate(95_000);
        let is_sendable = (0..content.len()).all(|at| match content[at] {
            b'\r' => content.get(at + 1) == Some(&b'\n'),
            b'\n' => at > 0 && content[at - 1] == b'\r',
            _ => true,
        });
        let protocol = if lmtp { Protocol::Lmtp } else { Protocol::Smtp };
        let offered = offered | 1 << 2;
        let messages = [message(&["c@d.example"], &content)];
        let sent = send(protocol, offered, WantTls::Opportunistic, width, &messages);
        match &sent.deliveries[0].recipients[0] {
            Outcome::Accepted(_) => {
                prop_assert!(is_sendable);
                let mut expected = messages[0].prefix.clone();
                expected.extend(&content);
                if !expected.ends_with(b"\r\n") {
                    expected.extend(b"\r\n");
                }
                prop_assert!(sent.received[0].content == expected);
            }
            Outcome::Failed(failure) => {
                prop_assert!(!is_sendable && failure.why == Why::Unsendable && sent.received.is_empty());
            }
            other => prop_assert!(false, "{other:?}"),
        }
    }
}
