//! Whole dialogues with the sending side of a session.

use mailfw::relay::smtp::client::{Client, FLIGHT, Settings, Step, WantTls};
use mailfw::relay::smtp::command::{Notify, Returns};
use mailfw::relay::smtp::delivery::{Delivery, Outcome, Wait, Why};
use mailfw::relay::smtp::reply::Enhanced;
use mailfw::relay::smtp::response::{LINES, REPLY_BYTES, Responses, Taken};
use mailfw::relay::smtp::server::Protocol;
use mailfw::relay::smtp::transaction::Transaction;
use mailfw::relay::store::{Parameters, Recipient};
use std::fmt::Write;

fn settings() -> Settings {
    Settings {
        name: "out.acme.example".to_string(),
        protocol: Protocol::Smtp,
        tls: WantTls::Never,
        pipelining: true,
        chunking: true,
    }
}

fn recipient(address: &str) -> Recipient {
    Recipient { address: address.into(), notify: None, original: None }
}

fn message(to: &[&str], content: &[u8]) -> Transaction {
    Transaction {
        sender: "a@acme.example".into(),
        parameters: Parameters::default(),
        recipients: to.iter().map(|address| recipient(address)).collect(),
        prefix: Vec::new(),
        content: content.into(),
        require_tls: false,
    }
}

fn short(to: &[&str]) -> Transaction {
    message(to, b"S: s\r\n\r\n.x\r\n")
}

fn outcomes(delivery: &Delivery) -> String {
    let each = delivery.recipients.iter().map(|outcome| match outcome {
        Outcome::Accepted(reply) => format!("taken {reply}"),
        Outcome::Delay(failure) => format!("delayed {} {:?}", failure.status, failure.why),
        Outcome::Failed(failure) => format!("failed {} {:?}", failure.status, failure.why),
    });
    each.collect::<Vec<_>>().join(", ")
}

/// An owner who starts one message after the other, and then quits.
struct Owner {
    client: Client,
    transactions: Vec<Transaction>,
    handshake: Result<(), &'static str>,
    sent: Vec<u8>,
    events: String,
    closed: bool,
}

impl Owner {
    fn new(settings: Settings, transactions: &[Transaction]) -> Owner {
        let transactions = transactions.iter().rev().cloned().collect();
        let client = Client::new(settings);
        Owner { client, transactions, handshake: Ok(()), sent: vec![], events: String::new(), closed: false }
    }

    fn hear(&mut self, bytes: &[u8]) {
        self.client.receive(bytes);
        self.carry_on();
    }

    fn carry_on(&mut self) {
        while let Some(step) = self.client.step() {
            assert!(!self.closed, "nothing comes behind the end: {step:?}");
            match step {
                Step::Send(bytes) => {
                    assert!(!bytes.is_empty());
                    self.sent.extend(bytes);
                }
                Step::StartTls => match self.handshake {
                    Ok(()) => self.client.tls_started(),
                    Err(words) => self.client.tls_failed(words),
                },
                Step::Ready => match self.transactions.pop() {
                    Some(transaction) => self.client.start(transaction).unwrap(),
                    None => self.client.quit(),
                },
                Step::Sent(delivery) => writeln!(self.events, "{}", outcomes(&delivery)).unwrap(),
                Step::Close(None) => {
                    self.events.push_str("closed\n");
                    self.closed = true;
                }
                Step::Close(Some(failure)) => {
                    writeln!(self.events, "closed {} {:?}", failure.status, failure.why).unwrap();
                    self.closed = true;
                }
            }
        }
    }
}

/// Carries out a dialogue: lines of the server behind `S: `, those the client must send then behind `C: `, what its owner
/// must hear behind `= `. `! ` ends the connection. However what the server says is cut, it comes to the same.
fn dialogue(settings: &Settings, transactions: &[Transaction], script: &str) {
    let lines: Vec<&str> = script.trim().lines().map(str::trim_start).collect();
    let events: String =
        lines.iter().filter_map(|line| line.strip_prefix("= ")).map(|line| format!("{line}\n")).collect();
    for width in [usize::MAX, 1, 2, 3, 5, 11] {
        let mut owner = Owner::new(settings.clone(), transactions);
        let mut said = String::new();
        let mut expected = String::new();
        for line in lines.iter().chain(&["S: "]) {
            if let Some(line) = line.strip_prefix("C:") {
                for piece in said.as_bytes().chunks(width) {
                    owner.hear(piece);
                }
                said.clear();
                writeln!(expected, "{}\r", line.strip_prefix(' ').unwrap_or(line)).unwrap();
            } else if let Some(line) = line.strip_prefix("S: ") {
                if said.is_empty() {
                    let sent = String::from_utf8(std::mem::take(&mut owner.sent)).unwrap();
                    assert_eq!(sent, expected, "cut into pieces of {width}, after {}", owner.events);
                    expected.clear();
                }
                writeln!(said, "{line}\r").unwrap();
            } else if let Some(words) = line.strip_prefix("! ") {
                for piece in said.as_bytes().chunks(width) {
                    owner.hear(piece);
                }
                said.clear();
                owner.client.end(words);
                owner.carry_on();
            }
        }
        // What is not followed by a line of the client was said last.
        for piece in said.strip_suffix("\r\n").unwrap().as_bytes().chunks(width) {
            owner.hear(piece);
        }
        assert_eq!(String::from_utf8(owner.sent).unwrap(), "", "{}", owner.events);
        assert_eq!(owner.events, events, "cut into pieces of {width}");
        assert!(owner.closed);
    }
}

#[test]
fn a_message_goes_out_in_one_flight_and_its_content_behind_the_reply() {
    dialogue(
        &settings(),
        &[short(&["c@d.example", "e@d.example"])],
        "S: 220 mx.d.example ESMTP
         C: EHLO out.acme.example
         S: 250-mx.d.example greets you
         S: 250-SIZE 1000
         S: 250 PIPELINING
         C: MAIL FROM:<a@acme.example> SIZE=12
         C: RCPT TO:<c@d.example>
         C: RCPT TO:<e@d.example>
         C: DATA
         S: 250 2.1.0 taken
         S: 250 2.1.5 taken
         S: 250 2.1.5 taken
         S: 354 go on
         C: S: s
         C:
         C: ..x
         C: .
         S: 250 2.0.0 queued as 1
         C: QUIT
         S: 221 2.0.0 bye
         = taken 250 2.0.0 queued as 1, taken 250 2.0.0 queued as 1
         = closed",
    );
}

#[test]
fn a_server_that_does_not_read_ahead_is_asked_step_by_step() {
    dialogue(
        &settings(),
        &[short(&["c@d.example", "e@d.example", "f@d.example"])],
        "S: 220-mx.d.example
         S: 220 welcomes you
         C: EHLO out.acme.example
         S: 502 5.5.1 what
         C: HELO out.acme.example
         S: 250
         C: MAIL FROM:<a@acme.example>
         S: 250
         C: RCPT TO:<c@d.example>
         S: 250 ok
         C: RCPT TO:<e@d.example>
         S: 550-5.1.1 nobody
         S: 550 5.1.1 there
         C: RCPT TO:<f@d.example>
         S: 451 later
         C: DATA
         S: 354
         C: S: s
         C:
         C: ..x
         C: .
         S: 250 ok
         C: QUIT
         S: 221
         = taken 250 ok, failed 5.1.1 Refused, delayed 4.0.0 Refused
         = closed",
    );
}

#[test]
fn a_chunk_is_preferred_and_sent_once_there_is_a_recipient() {
    let script = "S: 220 mx
         C: EHLO out.acme.example
         S: 250-mx
         S: 250-CHUNKING
         S: 250 PIPELINING
         C: MAIL FROM:<a@acme.example>
         C: RCPT TO:<c@d.example>
         S: 250 ok
         S: 250 ok
         C: BDAT 12 LAST
         C: S: s
         C:
         C: .x
         S: 250 taken
         C: MAIL FROM:<a@acme.example>
         C: RCPT TO:<c@d.example>
         S: 250 ok
         S: 550 5.7.1 not any more
         C: RSET
         S: 250 ok
         C: MAIL FROM:<a@acme.example>
         C: RCPT TO:<c@d.example>
         S: 250 ok
         S: 250 ok
         C: BDAT 0 LAST
         S: 554 5.6.0 empty
         C: RSET
         S: 250 ok
         C: QUIT
         S: 221
         = taken 250 taken
         = failed 5.7.1 Refused
         = failed 5.6.0 Refused
         = closed";
    let to = ["c@d.example"];
    dialogue(&settings(), &[short(&to), short(&to), message(&to, b"")], script);
}

#[test]
fn a_server_that_does_not_know_the_chunks_it_offers_is_left() {
    dialogue(
        &settings(),
        &[short(&["c@d.example"])],
        "S: 220 mx
         C: EHLO out.acme.example
         S: 250-mx
         S: 250 CHUNKING
         C: MAIL FROM:<a@acme.example>
         S: 250 ok
         C: RCPT TO:<c@d.example>
         S: 250 ok
         C: BDAT 12 LAST
         C: S: s
         C:
         C: .x
         S: 502 5.5.1 not here
         = delayed 4.5.1 Chunking
         = closed 4.5.0 Chunking",
    );
    let without = Settings { chunking: false, ..settings() };
    dialogue(
        &without,
        &[],
        "S: 220 mx
         C: EHLO out.acme.example
         S: 250-mx
         S: 250 CHUNKING
         C: QUIT
         S: 221
         = closed",
    );
}

/// Up to where the server offers to read ahead.
const AHEAD: &str = "S: 220 mx
         C: EHLO out.acme.example
         S: 250-mx
         S: 250 PIPELINING
         ";

/// [`AHEAD`], and the flight of a message to two.
fn flight() -> String {
    format!(
        "{AHEAD}
         C: MAIL FROM:<a@acme.example>
         C: RCPT TO:<c@d.example>
         C: RCPT TO:<e@d.example>
         C: DATA
         "
    )
}

#[test]
fn after_a_refusal_the_connection_is_used_for_the_next_message() {
    let two = short(&["c@d.example", "e@d.example"]);
    dialogue(
        &settings(),
        &[two.clone(), two.clone(), two],
        &format!(
            "{}
         S: 550 5.7.1 not from there
         S: 503 what
         S: 503 what
         S: 503 what
         C: RSET
         S: 250 ok
         C: MAIL FROM:<a@acme.example>
         C: RCPT TO:<c@d.example>
         C: RCPT TO:<e@d.example>
         C: DATA
         S: 250 ok
         S: 450 4.2.1 busy
         S: 250 ok
         S: 451 4.3.0 disk
         C: RSET
         S: 250 ok
         C: MAIL FROM:<a@acme.example>
         C: RCPT TO:<c@d.example>
         C: RCPT TO:<e@d.example>
         C: DATA
         S: 250 ok
         S: 250 ok
         S: 250 ok
         S: 354 ok
         C: S: s
         C:
         C: ..x
         C: .
         S: 554 5.7.1 spam
         C: RSET
         S: 250 ok
         C: QUIT
         S: 221
         = failed 5.7.1 Refused, failed 5.7.1 Refused
         = delayed 4.2.1 Refused, delayed 4.3.0 Refused
         = failed 5.7.1 Refused, failed 5.7.1 Refused
         = closed",
            flight()
        ),
    );
}

#[test]
fn where_data_is_wanted_and_nobody_is_there_a_lone_dot_is_sent_or_nothing() {
    let two = [short(&["c@d.example", "e@d.example"])];
    dialogue(
        &settings(),
        &two,
        &format!(
            "{}
         S: 250 ok
         S: 550 5.1.1 no
         S: 451 4.7.1 later
         S: 354 go on
         C: .
         S: 250 2.0.0 queued as 2
         C: RSET
         S: 250
         C: QUIT
         S: 221
         = failed 5.1.1 Refused, delayed 4.7.1 Refused
         = closed",
            flight()
        ),
    );
    // It refuses the sender and wants the message for recipients that it took: nobody must get it.
    dialogue(
        &settings(),
        &two,
        &format!(
            "{}
         S: 550 5.7.1 no
         S: 250 ok
         S: 250 ok
         S: 354 go on
         = failed 5.7.1 Refused, failed 5.7.1 Refused
         = closed 4.5.0 Nonsense",
            flight()
        ),
    );
}

#[test]
fn too_many_recipients_are_those_that_may_come_at_once_again() {
    for (reply, first, second) in [
        ("452 4.5.3 enough", "delayed 4.5.3 Refused", "delayed 4.5.3 TooManyRecipients"),
        ("552 enough", "delayed 4.0.0 Refused", "delayed 4.5.3 TooManyRecipients"),
        ("552 5.2.2 full", "delayed 4.2.2 Refused", "delayed 4.2.2 Refused"),
        ("452 4.3.1 disk full", "delayed 4.3.1 Refused", "delayed 4.3.1 Refused"),
    ] {
        dialogue(
            &settings(),
            &[short(&["c@d.example", "e@d.example"]), short(&["c@d.example", "e@d.example"])],
            &format!(
                "{}
         S: 250 ok
         S: {reply}
         S: {reply}
         S: 554 nobody
         C: RSET
         S: 250
         C: MAIL FROM:<a@acme.example>
         C: RCPT TO:<c@d.example>
         C: RCPT TO:<e@d.example>
         C: DATA
         S: 250 ok
         S: 250 ok
         S: {reply}
         S: 354 ok
         C: S: s
         C:
         C: ..x
         C: .
         S: 250 ok
         C: QUIT
         S: 221
         = {first}, {first}
         = taken 250 ok, {second}
         = closed",
                flight()
            ),
        );
    }
}

#[test]
fn lmtp_has_a_reply_for_each_recipient_that_was_taken() {
    let lmtp = Settings { protocol: Protocol::Lmtp, ..settings() };
    let three = short(&["c@d.example", "e@d.example", "f@d.example"]);
    for (offers, content) in [
        ("PIPELINING", "S: 354 go on\nC: S: s\nC:\nC: ..x\nC: ."),
        ("X", "C: BDAT 12 LAST\nC: S: s\nC:\nC: .x"),
    ] {
        let is_ahead = offers == "PIPELINING";
        let envelope = match is_ahead {
            true => {
                "C: MAIL FROM:<a@acme.example>\nC: RCPT TO:<c@d.example>\nC: RCPT TO:<e@d.example>\nC: RCPT TO:<f@d.example>\nC: DATA\nS: 250 ok\nS: 250 ok\nS: 550 5.1.1 no\nS: 250 ok"
            }
            false => {
                "S: 250 CHUNKING\nC: MAIL FROM:<a@acme.example>\nS: 250 ok\nC: RCPT TO:<c@d.example>\nS: 250 ok\nC: RCPT TO:<e@d.example>\nS: 550 5.1.1 no\nC: RCPT TO:<f@d.example>\nS: 250 ok"
            }
        };
        let separator = if is_ahead { ' ' } else { '-' };
        let opening = format!(
            "S: 220 mx LMTP\nC: LHLO out.acme.example\nS: 250-mx\nS: 250{separator}{offers}\n{envelope}\n{content}\n"
        );
        let ending = "S: 250 2.1.5 delivered\nS: 452 4.2.2 full\nC: QUIT\nS: 221\n= taken 250 2.1.5 delivered, failed 5.1.1 Refused, delayed 4.2.2 Refused\n= closed";
        dialogue(&lmtp, std::slice::from_ref(&three), &format!("{opening}{ending}"));
        let ending = "S: 250 2.1.5 delivered\nS: 421 4.3.2 stop\n= taken 250 2.1.5 delivered, failed 5.1.1 Refused, delayed 4.3.2 Lost\n= closed 4.3.2 Lost";
        dialogue(&lmtp, std::slice::from_ref(&three), &format!("{opening}{ending}"));
        let ending = "S: 250 2.1.5 delivered\n! lost\n= taken 250 2.1.5 delivered, failed 5.1.1 Refused, delayed 4.4.2 Lost\n= closed 4.4.2 Lost";
        dialogue(&lmtp, std::slice::from_ref(&three), &format!("{opening}{ending}"));
    }
    // One who has the message by a chunk must not get it again because another was refused it in odd words.
    let chunks = "S: 220 mx\nC: LHLO out.acme.example\nS: 250-mx\nS: 250 CHUNKING\nC: MAIL FROM:<a@acme.example>\nS: 250 ok\nC: RCPT TO:<c@d.example>\nS: 250 ok\nC: RCPT TO:<e@d.example>\nS: 250 ok\nC: BDAT 12 LAST\nC: S: s\nC:\nC: .x\nS: 503 5.5.1 what\nS: 250 ok\n= delayed 4.5.1 Refused, taken 250 ok\n= closed 4.5.0 Chunking";
    dialogue(&lmtp, &[short(&["c@d.example", "e@d.example"])], chunks);
    dialogue(
        &lmtp,
        &[],
        "S: 220 mx\nC: LHLO out.acme.example\nS: 500 5.5.2 what\nC: QUIT\nS: 221\n= closed 5.5.2 Refused",
    );
}

#[test]
fn a_server_that_takes_its_leave_or_is_lost_leaves_nothing_unanswered() {
    let said = ["220 mx", "250 mx", "250 ok", "250 ok", "250 ok", "354 go on"];
    for good in 0..=said.len() {
        for ending in ["421 4.3.2 stopping\r\n", "", "421", "nonsense\r\n", "250 ok\n", "350 what\r\n"] {
            let mut owner = Owner::new(settings(), &[short(&["c@d.example", "e@d.example"])]);
            for line in said.iter().take(good) {
                owner.hear(format!("{line}\r\n").as_bytes());
            }
            assert!(!owner.closed);
            owner.hear(ending.as_bytes());
            owner.client.end("lost");
            owner.carry_on();
            let (status, why) = match ending {
                "" | "421" => ("4.4.2", "Lost"),
                "421 4.3.2 stopping\r\n" => ("4.3.2", "Lost"),
                "350 what\r\n" => ("4.0.0", "Nonsense"),
                _ => ("4.5.0", "Nonsense"),
            };
            let delayed = match good {
                0 | 1 => String::new(),
                _ => format!("delayed {status} {why}, delayed {status} {why}\n"),
            };
            assert_eq!(owner.events, format!("{delayed}closed {status} {why}\n"), "{good} {ending:?}");
        }
    }
}

#[test]
fn a_server_that_refuses_from_the_start_is_left_in_good_order() {
    for (greeting, status) in [("554 5.7.1 go away", "5.7.1"), ("450 busy", "4.0.0")] {
        dialogue(
            &settings(),
            &[short(&["c@d.example"])],
            &format!("S: {greeting}\nC: QUIT\nS: 221 bye\n= closed {status} Refused"),
        );
    }
    dialogue(
        &settings(),
        &[],
        "S: 220 mx\nC: EHLO out.acme.example\nS: 550 no\nC: HELO out.acme.example\nS: 550 5.7.1 no\nC: QUIT\n! lost\n= closed 5.7.1 Refused",
    );
    dialogue(
        &settings(),
        &[],
        "S: 220 mx\nC: EHLO out.acme.example\nS: 451 4.7.1 later\nC: QUIT\nS: what\n= closed 4.7.1 Refused",
    );
}

#[test]
fn encryption_starts_where_it_is_wanted_and_nothing_is_carried_over() {
    let opening = "S: 220 mx
         C: EHLO out.acme.example
         S: 250-mx
         S: 250-SIZE 5
         S: 250 starttls
         ";
    let required = Settings { tls: WantTls::Required, ..settings() };
    let opportunistic = Settings { tls: WantTls::Opportunistic, ..settings() };
    let one = [Transaction { require_tls: true, ..short(&["c@d.example"]) }];
    for wanted in [&required, &opportunistic] {
        let script = "C: STARTTLS
         S: 220 2.0.0 go on
         C: EHLO out.acme.example
         S: 250-mx
         S: 250-STARTTLS
         S: 250 PIPELINING
         C: MAIL FROM:<a@acme.example>
         C: RCPT TO:<c@d.example>
         C: DATA
         S: 250 ok
         S: 250 ok
         S: 354 ok
         C: S: s
         C:
         C: ..x
         C: .
         S: 250 ok
         C: QUIT
         S: 221
         = taken 250 ok
         = closed";
        dialogue(wanted, &one, &format!("{opening}{script}"));
    }
    let refused = "C: STARTTLS\nS: 454 4.7.0 not now\nC: QUIT\nS: 221\n";
    dialogue(&required, &one, &format!("{opening}{refused}= closed 4.7.0 NoTls"));
    dialogue(&opportunistic, &one, &format!("{opening}{refused}= delayed 4.7.4 NoTls\n= closed"));
    dialogue(&settings(), &one, &format!("{opening}C: QUIT\nS: 221\n= delayed 4.7.4 NoTls\n= closed"));
    let plain = "S: 220 mx\nC: EHLO out.acme.example\nS: 250 mx\nC: QUIT\nS: 221\n";
    dialogue(&required, &[], &format!("{plain}= closed 4.7.4 NoTls"));
    dialogue(&opportunistic, &[], &format!("{plain}= closed"));
    let old = "S: 220 mx\nC: EHLO out.acme.example\nS: 500 what\nC: HELO out.acme.example\nS: 250 mx\nC: QUIT\nS: 221\n";
    dialogue(&required, &[], &format!("{old}= closed 4.7.4 NoTls"));
    let implicit = Settings { tls: WantTls::Implicit, ..settings() };
    assert!(Client::new(implicit.clone()).is_encrypted());
    dialogue(&implicit, &[], &format!("{opening}C: QUIT\nS: 221\n= closed"));
}

#[test]
fn what_comes_in_clear_behind_the_reply_to_starttls_is_never_used() {
    let offered = b"220 mx\r\n250-mx\r\n250 STARTTLS\r\n".split_inclusive(|byte| *byte == b'\n');
    let offered: Vec<&[u8]> = offered.collect();
    let begin = || {
        let mut owner =
            Owner::new(Settings { tls: WantTls::Opportunistic, ..settings() }, &[short(&["c@d.example"])]);
        offered.iter().for_each(|line| owner.hear(line));
        assert!(owner.sent.ends_with(b"STARTTLS\r\n"));
        owner
    };
    for injected in ["220 go on\r\n250 evil\r\n", "220 go on\r\n2", "220 go on\r\n\r\n"] {
        let mut owner = begin();
        owner.hear(injected.as_bytes());
        assert_eq!(owner.events, "closed 4.7.5 Nonsense\n", "{injected:?}");
        assert!(!owner.client.is_encrypted());
    }
    // It comes while the handshake is made.
    let mut client = begin().client;
    client.receive(b"220 go on\r\n");
    assert_eq!(client.step(), Some(Step::StartTls));
    assert_eq!(client.waits_for(), Wait::Handshake);
    client.receive(b"250 evil\r\n");
    client.tls_started();
    assert!(matches!(client.step(), Some(Step::Close(Some(failure))) if failure.why == Why::Nonsense));
    assert!(!client.is_encrypted());
    // The handshake fails.
    let mut owner = begin();
    owner.handshake = Err("the certificate is of somebody else");
    owner.hear(b"220 go on\r\n");
    assert_eq!(owner.events, "closed 4.7.5 Handshake\n");
}

#[test]
fn what_the_server_does_not_offer_is_not_sent_and_what_cannot_be_said_so_fails() {
    let asked = |transaction: Transaction, offers: &str| {
        let mut owner = Owner::new(settings(), &[transaction]);
        owner.hear(b"220 mx\r\n");
        owner.sent.clear();
        let offers: String = offers.split(',').map(|offer| format!("250-{offer}\r\n")).collect();
        owner.hear(format!("250-mx\r\n{offers}250 X\r\n").as_bytes());
        format!("{}{}", owner.events, String::from_utf8(owner.sent).unwrap())
    };
    let rich = Transaction {
        parameters: Parameters {
            eight_bit: false,
            utf8: false,
            returns: Some(Returns::Headers),
            envelope_id: Some("QQ+2B1".into()),
            priority: Some(-3),
        },
        recipients: vec![Recipient {
            address: "c@d.example".into(),
            notify: Some(Notify { success: true, failure: true, delay: false }),
            original: Some("rfc822;c@d.example".into()),
        }],
        ..message(&[], "S: s\r\n\r\n\u{e4}\r\n".as_bytes())
    };
    assert_eq!(
        asked(rich.clone(), "PIPELINING,SIZE,8bitmime,DSN,MT-PRIORITY MIXER,SMTPUTF8"),
        "MAIL FROM:<a@acme.example> SIZE=12 BODY=8BITMIME RET=HDRS ENVID=QQ+2B1 MT-PRIORITY=-3\r\n\
         RCPT TO:<c@d.example> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;c@d.example\r\nDATA\r\n"
    );
    assert_eq!(asked(rich.clone(), "8BITMIME"), "MAIL FROM:<a@acme.example> BODY=8BITMIME\r\n");
    assert_eq!(asked(rich.clone(), "DSN"), "failed 5.6.3 SevenBit\nQUIT\r\n");
    assert_eq!(asked(rich.clone(), "SIZE 11,8BITMIME"), "failed 5.3.4 TooBig\nQUIT\r\n");
    assert_eq!(asked(rich, "SIZE 12,8BITMIME").lines().count(), 1);
    let mut never = short(&["c@d.example"]);
    never.recipients[0].notify = Some(Notify::default());
    assert!(asked(never, "PIPELINING,DSN").contains("RCPT TO:<c@d.example> NOTIFY=NEVER\r\n"));

    let flagged = |text: &str| {
        let mut transaction = message(&["c@d.example", "\u{fc}@d.example"], text.as_bytes());
        transaction.parameters.utf8 = true;
        transaction
    };
    let both = flagged("S: \u{e4}\r\n\r\nx\r\n");
    assert_eq!(
        asked(both.clone(), "PIPELINING,8BITMIME,SMTPUTF8"),
        "MAIL FROM:<a@acme.example> BODY=8BITMIME SMTPUTF8\r\nRCPT TO:<c@d.example>\r\nRCPT TO:<\u{fc}@d.example>\r\nDATA\r\n"
    );
    assert_eq!(asked(both, "8BITMIME"), "failed 5.6.9 Utf8, failed 5.6.9 Utf8\nQUIT\r\n");
    // The flag alone stops nobody whose message does not need it.
    let plain = asked(flagged("S: s\r\n\r\nx\r\n"), "PIPELINING");
    assert_eq!(plain, "MAIL FROM:<a@acme.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\n");
    let sender = Transaction { sender: "\u{fc}@acme.example".into(), ..short(&["c@d.example"]) };
    assert_eq!(asked(sender, "8BITMIME"), "failed 5.6.7 Utf8\nQUIT\r\n");
    let null = Transaction { sender: "".into(), ..short(&["postmaster"]) };
    assert_eq!(asked(null, "PIPELINING"), "MAIL FROM:<>\r\nRCPT TO:<postmaster>\r\nDATA\r\n");
    assert_eq!(asked(short(&[]), "PIPELINING"), "\nQUIT\r\n");
}

#[test]
fn an_address_or_a_parameter_never_brings_in_a_command() {
    let bad = [
        "c@d.example>\r\nRCPT TO:<evil@d.example",
        "c@d.example\r\nDATA",
        "c@d.example\n",
        "c@d.example> NOTIFY=NEVER",
        "c@d.example>",
        "<c@d.example>",
        "c\0@d.example",
        "c@d\u{85}.example",
        " c@d.example",
        "c@d.example ",
        "@x.example:c@d.example",
        "",
        "c",
        "\"c@d.example",
    ];
    for (at, address) in bad.iter().enumerate() {
        let asked = |transaction: Transaction| {
            let mut owner = Owner::new(settings(), &[transaction]);
            owner.hear(b"220 mx\r\n");
            owner.hear(b"250-mx\r\n250-PIPELINING\r\n250-DSN\r\n250 SMTPUTF8\r\n");
            owner
        };
        let owner = asked(short(&["a@d.example", address, "b@d.example"]));
        let sent = String::from_utf8(owner.sent).unwrap();
        let smtputf8 = if address.is_ascii() { "" } else { " SMTPUTF8" };
        assert_eq!(
            sent,
            format!(
                "EHLO out.acme.example\r\nMAIL FROM:<a@acme.example>{smtputf8}\r\nRCPT TO:<a@d.example>\r\nRCPT TO:<b@d.example>\r\nDATA\r\n"
            ),
            "{address:?}"
        );
        if at < bad.len() - 3 {
            let owner = asked(Transaction { sender: (*address).into(), ..short(&["a@d.example"]) });
            assert_eq!(owner.events, "failed 5.1.7 Unsendable\n", "{address:?}");
        }
        let mut original = short(&["a@d.example"]);
        original.recipients[0].original = Some(format!("rfc822;{address}\r\n ").into());
        assert_eq!(asked(original).events, "failed 5.1.3 Unsendable\n", "{address:?}");
        let mut envelope_id = short(&["a@d.example"]);
        envelope_id.parameters.envelope_id = Some(format!("{address}\r\n").into());
        assert_eq!(asked(envelope_id).events, "failed 5.1.7 Unsendable\n", "{address:?}");
    }
}

#[test]
fn a_content_that_others_could_end_earlier_is_not_sent() {
    let bad = ["x\n.\n", "x\r.\r\n", "\n", "\r", "x\r", "x\r\r\n", "x\0\r\n", "x\r\n\n", "\r\n.\r\r\n"];
    for content in bad {
        for split in 0..=content.len() {
            let (prefix, content) = content.as_bytes().split_at(split);
            let mut transaction = message(&["c@d.example"], content);
            transaction.prefix = prefix.to_vec();
            let mut owner = Owner::new(settings(), &[transaction]);
            owner.hear(b"220 mx\r\n");
            owner.hear(b"250-mx\r\n250 CHUNKING\r\n");
            assert_eq!(owner.events, "failed 5.6.0 Unsendable\n", "{content:?}");
            assert!(owner.sent.ends_with(b"\r\nQUIT\r\n"));
        }
    }
}

#[test]
fn a_server_that_answers_before_the_message_has_ended_has_not_taken_it() {
    let large = "0123456789abcdef\r\n".repeat(20_000);
    for (early, events) in [
        ("552 5.3.4 too big\r\n", "failed 5.3.4 Refused\nclosed 4.3.4 Refused\n"),
        ("451 4.3.1 disk\r\n", "delayed 4.3.1 Refused\nclosed 4.3.1 Refused\n"),
        ("421 4.3.2 stop\r\n", "delayed 4.3.2 Lost\nclosed 4.3.2 Lost\n"),
        ("250 2.0.0 queued\r\n", "delayed 4.0.0 Nonsense\nclosed 4.0.0 Nonsense\n"),
        ("250 2.0.0 queued", "delayed 4.5.0 Nonsense\nclosed 4.5.0 Nonsense\n"),
        ("250-2.0.0 queued\r\n", "delayed 4.5.0 Nonsense\nclosed 4.5.0 Nonsense\n"),
    ] {
        for chunking in ["CHUNKING", "X"] {
            let mut owner = Owner::new(settings(), &[message(&["c@d.example"], large.as_bytes())]);
            owner.hear(b"220 mx\r\n");
            owner.hear(format!("250-mx\r\n250 {chunking}\r\n").as_bytes());
            owner.hear(b"250 ok\r\n");
            if chunking == "X" {
                owner.hear(b"250 ok\r\n");
                owner.client.receive(b"354 ok\r\n");
            } else {
                owner.client.receive(b"250 ok\r\n");
            }
            let Some(Step::Send(_)) = owner.client.step() else { panic!("the first piece") };
            assert_eq!(owner.client.waits_for(), Wait::Content);
            owner.hear(early.as_bytes());
            let expected = match early.starts_with("250 2.0.0 queued\r\n") {
                true => "delayed 4.0.0 Nonsense\nclosed 4.0.0 Nonsense\n",
                false => events,
            };
            assert_eq!(owner.events, expected, "{early:?} {chunking}");
        }
    }
}

#[test]
fn a_reply_that_nothing_was_asked_for_ends_the_session() {
    // Behind the reply to the message: what was taken is taken, and the next message goes elsewhere.
    const AHEAD_AND_TAKEN: [&str; 6] = ["220 mx", "250-mx", "250 PIPELINING", "250 ok", "250 ok", "354 ok"];
    for (extra, closed) in [("250 ok", "4.0.0 Nonsense"), ("421 4.3.2 enough", "4.3.2 Lost")] {
        let mut owner = Owner::new(settings(), &[short(&["c@d.example"])]);
        for line in AHEAD_AND_TAKEN {
            owner.hear(format!("{line}\r\n").as_bytes());
        }
        owner.hear(format!("250 queued\r\n{extra}\r\n").as_bytes());
        assert_eq!(owner.events, format!("taken 250 queued\nclosed {closed}\n"));
    }
    // Ahead of what it answers.
    let mut owner = Owner::new(settings(), &[]);
    owner.hear(b"220 mx\r\n250 mx\r\n");
    assert_eq!(owner.events, "closed 4.5.0 Nonsense\n");
    let mut owner = Owner::new(settings(), &[short(&["c@d.example"])]);
    owner.hear(b"220 mx\r\n");
    owner.hear(b"250 mx\r\n250 ok\r\n");
    assert_eq!(owner.events, "closed 4.0.0 Nonsense\n", "the message has not been started");
    let mut client = Client::new(settings());
    for said in ["220 mx\r\n", "250 mx\r\n"] {
        client.receive(said.as_bytes());
        while client.step().is_some() {}
    }
    client.receive(b"25");
    client.start(short(&["c@d.example"])).unwrap();
    assert!(
        matches!(client.step(), Some(Step::Sent(delivery)) if outcomes(&delivery) == "delayed 4.5.0 Nonsense")
    );
}

#[test]
fn many_recipients_are_named_a_flight_at_a_time() {
    let addresses: Vec<String> = (0..3 * FLIGHT).map(|number| format!("n{number}@d.example")).collect();
    let to: Vec<&str> = addresses.iter().map(String::as_str).collect();
    let mut owner = Owner::new(settings(), &[short(&to)]);
    owner.hear(b"220 mx\r\n");
    owner.sent.clear();
    owner.hear(b"250-mx\r\n250 PIPELINING\r\n");
    let (mut answered, mut said) = (0, 0);
    while answered < 3 * FLIGHT + 2 {
        said += owner.sent.split(|byte| *byte == b'\n').count() - 1;
        assert!(said - answered <= FLIGHT);
        let due = said.min(answered + FLIGHT / 2);
        let is_last = due > 3 * FLIGHT + 1;
        owner.sent.clear();
        for at in answered..due {
            owner.hear(if is_last && at + 1 == due { b"354 go on\r\n" } else { b"250 ok\r\n" });
        }
        answered = due;
    }
    assert_eq!(answered, 3 * FLIGHT + 2);
    assert!(owner.sent.ends_with(b"\r\n.\r\n"));
    owner.hear(b"250 done\r\n");
    assert_eq!(owner.events.matches("taken 250 done").count(), 3 * FLIGHT);
}

#[test]
fn the_owner_knows_what_is_waited_for_and_for_how_long() {
    let mut client = Client::new(settings());
    assert_eq!(client.waits_for(), Wait::Greeting);
    assert!(client.start(short(&["c@d.example"])).is_err());
    for (said, waits) in [("220 mx", Wait::Hello), ("250 mx", Wait::Nothing)] {
        client.receive(format!("{said}\r\n").as_bytes());
        while client.step().is_some() {}
        assert_eq!(client.waits_for(), waits);
    }
    client.start(short(&["c@d.example"])).unwrap();
    assert!(client.start(short(&["c@d.example"])).is_err(), "one at a time");
    assert_eq!(client.waits_for(), Wait::Mail);
    client.quit();
    for (said, waits) in [
        ("250 ok", Wait::Rcpt),
        ("250 ok", Wait::DataStart),
        ("354 ok", Wait::DataEnd),
        ("451 no", Wait::Quit),
    ] {
        client.receive(format!("{said}\r\n").as_bytes());
        while client.step().is_some() {}
        assert_eq!(client.waits_for(), waits);
    }
    assert_eq!(Wait::DataEnd.patience().as_secs(), 600);
    assert_eq!(Wait::DataStart.patience().as_secs(), 120);
}

#[test]
fn a_reply_is_read_with_its_status_and_without_what_could_do_harm() {
    let read = |text: &[u8]| match Responses::default().take(text) {
        Taken::Reply(reply, read) => {
            assert_eq!(read, text.len());
            format!("{}|{:?}|{}", reply.code, reply.enhanced, reply.lines.join("/"))
        }
        Taken::Incomplete(read) => format!("incomplete {read}"),
        Taken::Nonsense(words) => words.to_string(),
    };
    assert_eq!(read(b"250\r\n"), "250|None|");
    assert_eq!(read(b"250 \r\n"), "250|None|");
    assert_eq!(read(b"550 5.1.1\r\n"), "550|Some(Enhanced(5, 1, 1))|");
    assert_eq!(read(b"550-5.1.1 no\r\n550 5.1.1  one\r\n"), "550|Some(Enhanced(5, 1, 1))|no/one");
    assert_eq!(read(b"550-no\r\n550 5.7.26 one\r\n"), "550|Some(Enhanced(5, 7, 26))|no/one");
    assert_eq!(read(b"550 4.1.1 no\r\n"), "550|None|4.1.1 no", "another class");
    assert_eq!(read(b"550 5.1.1111 no\r\n"), "550|None|5.1.1111 no");
    assert_eq!(read(b"550 5.1.1.1 no\r\n"), "550|None|5.1.1.1 no");
    assert_eq!(read(b"550 5..1 no\r\n"), "550|None|5..1 no");
    assert_eq!(read(b"550 x\x1b[2Jy\xff\r\n"), "550|None|x [2Jy\u{fffd}");
    assert_eq!(read(b"250-a\r\n250"), "incomplete 7");
    for text in [
        "",
        "\r\n",
        "25\r\n",
        "2500 x\r\n",
        "250_x\r\n",
        "150 x\r\n",
        "600 x\r\n",
        "099 x\r\n",
        " 250 x\r\n",
        "250 x\0\r\n",
        "250-x\r\n251 x\r\n",
        "250 x\n",
        "250 x\ry\r\n",
        "+250 x\r\n",
        "\u{662}\u{665}\u{660} x\r\n",
    ] {
        let said = read(text.as_bytes());
        assert!(said.contains("reply") || text.is_empty(), "{text:?}: {said}");
    }
    assert_eq!(read(&[b"250 ", [b'x'; 3000].as_slice()].concat()), "a line of the reply is too long");
    assert_eq!(read("250-x\r\n".repeat(LINES + 1).as_bytes()), "the reply is too long");
    let line = format!("250-{}\r\n", "x".repeat(1000));
    assert_eq!(read(line.repeat(REPLY_BYTES / 1000 + 1).as_bytes()), "the reply is too long");
    assert_eq!(Enhanced(5, 7, 26).to_string(), "5.7.26");
}
