//! Whole dialogues with the receiving side of a session.

use mailfw::relay::smtp::reply::{Enhanced, Reply};
use mailfw::relay::smtp::server::{Ask, Protocol, Received, Server, Settings, Step, Tls};
use proptest::prelude::*;

fn settings() -> Settings {
    Settings {
        name: "mx.acme.example".to_string(),
        message_bytes: 10_000,
        recipients: 3,
        mistakes: 20,
        refused_recipients: None,
        tls: Tls::Off,
        protocol: Protocol::Smtp,
    }
}

/// A session whose owner takes everything but what is for `no@…`.
struct Session {
    server: Server,
    sent: String,
    messages: Vec<Received>,
    handshakes: usize,
    closed: bool,
}

impl Session {
    fn new(settings: Settings) -> Session {
        let mut session = Session {
            server: Server::new(settings),
            sent: String::new(),
            messages: Vec::new(),
            handshakes: 0,
            closed: false,
        };
        session.server.greet();
        session.carry_on();
        session
    }

    fn carry_on(&mut self) {
        while let Some(step) = self.server.step() {
            let taken = Reply::new(250, Enhanced(2, 0, 0), "taken");
            match step {
                Step::Send(bytes) => self.sent.push_str(std::str::from_utf8(&bytes).unwrap()),
                Step::Ask(Ask::Sender(_)) => self.server.answer(&taken),
                Step::Ask(Ask::Recipient(to)) => {
                    let text = to.recipient.map_or_else(String::new, |recipient| recipient.text.to_string());
                    self.server.answer(&match text.starts_with("no@") {
                        true => Reply::new(550, Enhanced(5, 1, 1), "nobody"),
                        false => taken,
                    });
                }
                Step::Ask(Ask::Message(message)) => {
                    let replies = vec![taken; message.to.len()];
                    let count = if self.sent.contains("LMTP") { replies.len() } else { 1 };
                    self.messages.push(*message);
                    self.server.answer_message(&replies[..count]);
                }
                Step::StartTls => {
                    self.handshakes += 1;
                    self.server.tls_started();
                }
                Step::Close => {
                    self.closed = true;
                    return;
                }
            }
        }
    }

    /// Says something, and gives the codes of the replies to it.
    fn say(&mut self, text: &str) -> String {
        self.sent.clear();
        self.server.receive(text.as_bytes());
        self.carry_on();
        self.codes()
    }

    fn codes(&self) -> String {
        let last = self.sent.lines().filter(|line| line.as_bytes()[3] == b' ');
        last.map(|line| &line[..3]).collect::<Vec<_>>().join(" ")
    }
}

/// Up to where the message comes.
const OPENING: [&str; 2] =
    ["EHLO client.example\r\n", "MAIL FROM:<a@b.example>\r\nRCPT TO:<c@acme.example>\r\nDATA\r\n"];

fn ready_for_data(settings: Settings) -> Session {
    let mut session = Session::new(settings);
    assert_eq!(session.say(OPENING[0]), "250");
    assert_eq!(session.say(OPENING[1]), "250 250 354");
    session
}

#[test]
fn a_message_comes_in_as_it_was_sent_and_several_in_one_session() {
    let mut session = ready_for_data(settings());
    assert_eq!(session.say("Subject: s\r\n\r\n..one\r\n.\rtwo\r\n"), "", "a dot is not yet an end");
    let mut session = ready_for_data(settings());
    assert_eq!(session.say("Subject: s\r\n\r\n..one\r\n...\r\n"), "");
    assert_eq!(session.say(".\r\n"), "250");
    assert_eq!(session.messages[0].content, b"Subject: s\r\n\r\n.one\r\n..\r\n");
    assert_eq!(session.messages[0].client_name, "client.example");
    assert_eq!(session.say(OPENING[1]), "250 250 354");
    assert_eq!(session.say(".\r\n"), "250", "an empty message ends at once");
    assert_eq!(session.messages[1].content, b"");
    assert_eq!(session.say("QUIT\r\n"), "221");
    assert!(session.closed);
}

#[test]
fn a_recipient_that_is_refused_is_none_and_without_any_there_is_no_data() {
    let mut session = Session::new(settings());
    session.say(OPENING[0]);
    assert_eq!(session.say("MAIL FROM:<>\r\nRCPT TO:<no@acme.example>\r\nDATA\r\n"), "250 550 554");
    assert_eq!(
        session.say("RCPT TO:<c@acme.example>\r\nRCPT TO:<no@acme.example>\r\nDATA\r\n"),
        "250 550 354"
    );
    session.say("x\r\n.\r\n");
    assert_eq!(session.messages[0].to.len(), 1);
}

#[test]
fn what_ends_a_message_for_others_only_is_refused_and_the_session_ends() {
    let ends =
        ["\n.\n", "\r.\r", "\n.\r\n", "\r.\r\n", "\r\n.\n", "\r\n.\rx", "\n", "\r", "\0", "\r\n\n.\r\n"];
    for end in ends {
        let mut session = ready_for_data(settings());
        let smuggled = "MAIL FROM:<evil@b.example>\r\nRCPT TO:<ceo@acme.example>\r\nDATA\r\nhello\r\n.\r\n";
        let codes = session.say(&format!("Subject: s\r\n\r\nx{end}{smuggled}"));
        assert_eq!(codes, "550", "{end:?}");
        assert!(session.closed && session.messages.is_empty(), "{end:?}");
    }
}

#[test]
fn a_command_line_that_does_not_end_as_it_must_ends_the_session() {
    for line in ["NOOP\n", "NOOP\rNOOP\r\n", "\n", &"x".repeat(3_000)] {
        let mut session = Session::new(settings());
        assert_eq!(session.say(line), "500", "{line:?}");
        assert!(session.closed);
    }
}

#[test]
fn nothing_is_carried_over_the_start_of_tls() {
    let offered = || Settings { tls: Tls::Offered, ..settings() };
    let mut session = Session::new(offered());
    session.say(OPENING[0]);
    assert!(session.sent.contains("STARTTLS"));
    assert_eq!(session.say("STARTTLS\r\nMAIL FROM:<evil@b.example>\r\n"), "503");
    assert!(session.closed && session.handshakes == 0);
    let mut session = Session::new(offered());
    session.say("EHLO client.example\r\n");
    session.say("MAIL FROM:<a@b.example>\r\n");
    assert_eq!(session.say("STARTTLS\r\n"), "220");
    assert_eq!(session.handshakes, 1);
    assert_eq!(session.say("RCPT TO:<c@acme.example>\r\n"), "503", "the sender is forgotten");
    assert_eq!(session.say("MAIL FROM:<a@b.example>\r\n"), "503", "and who the client is");
    session.say(OPENING[0]);
    assert!(!session.sent.contains("STARTTLS"), "{}", session.sent);
    assert_eq!(session.say("STARTTLS\r\n"), "503");
    session.say("MAIL FROM:<a@b.example>\r\nRCPT TO:<c@acme.example>\r\nDATA\r\n");
    session.say(".\r\n");
    assert!(session.messages[0].tls);
}

#[test]
fn where_tls_is_required_no_mail_comes_in_without() {
    let mut session = Session::new(Settings { tls: Tls::Required, ..settings() });
    session.say(OPENING[0]);
    assert_eq!(session.say("MAIL FROM:<a@b.example>\r\n"), "530");
    session.say("STARTTLS\r\n");
    session.say(OPENING[0]);
    assert_eq!(session.say("MAIL FROM:<a@b.example>\r\n"), "250");
    let mut session = Session::new(Settings { tls: Tls::Implicit, ..settings() });
    session.say(OPENING[0]);
    assert!(!session.sent.contains("STARTTLS"));
    assert_eq!(session.say("MAIL FROM:<a@b.example>\r\n"), "250");
}

#[test]
fn who_talks_out_of_turn_is_let_go() {
    let mut server = Server::new(settings());
    server.receive(b"EHLO bot.example\r\n");
    server.greet();
    assert!(matches!(server.step(), Some(Step::Send(bytes)) if bytes.starts_with(b"554 ")));
    assert_eq!(server.step(), Some(Step::Close));
    for group in ["EHLO a\r\nMAIL FROM:<a@b.example>\r\n", "QUIT\r\nNOOP\r\n"] {
        let mut session = Session::new(settings());
        assert_eq!(session.say(group), "503", "{group:?}");
        assert!(session.closed);
    }
    let mut session = Session::new(settings());
    session.say(OPENING[0]);
    let early = "MAIL FROM:<a@b.example>\r\nRCPT TO:<c@acme.example>\r\nDATA\r\nSubject: s\r\n\r\nx\r\n.\r\n";
    assert_eq!(session.say(early), "250 250 503");
    assert!(session.closed && session.messages.is_empty());
}

#[test]
fn order_is_kept_and_after_many_mistakes_the_session_ends() {
    let mut session = Session::new(settings());
    assert_eq!(session.say("MAIL FROM:<a@b.example>\r\n"), "503");
    assert_eq!(session.say("HELO client.example\r\n"), "250");
    assert_eq!(session.say("MAIL FROM:<a@b.example> SIZE=1\r\n"), "555", "HELO offers nothing");
    assert_eq!(session.say("RCPT TO:<c@acme.example>\r\nDATA\r\n"), "503 503");
    assert_eq!(session.say("MAIL FROM:<a@b.example>\r\nMAIL FROM:<a@b.example>\r\n"), "250 503");
    assert_eq!(session.say("RSET\r\nNOOP\r\nVRFY anna\r\nHELP\r\n"), "250 250 252 214");
    let codes = session.say(&"WHAT\r\n".repeat(20));
    assert!(codes.ends_with("500 421"), "{codes}");
    assert!(session.closed);
}

#[test]
fn what_is_too_much_is_said_before_it_is_taken_where_that_can_be() {
    let mut session = Session::new(settings());
    session.say(OPENING[0]);
    assert_eq!(session.say("MAIL FROM:<a@b.example> SIZE=10001\r\n"), "552");
    assert_eq!(session.say("MAIL FROM:<a@b.example>\r\n"), "250");
    let codes = session.say(&"RCPT TO:<c@acme.example>\r\n".repeat(4));
    assert_eq!(codes, "250 250 250 452");
    assert_eq!(session.say("DATA\r\n"), "354");
    assert_eq!(session.say(&"0123456789\r\n".repeat(2_000)), "");
    assert_eq!(session.say(".\r\n"), "552");
    assert!(session.messages.is_empty() && !session.closed);
    assert_eq!(session.say("NOOP\r\n"), "250");
}

#[test]
fn chunks_make_a_message_and_what_is_wrong_with_them_loses_no_command() {
    let mut session = Session::new(settings());
    session.say(OPENING[0]);
    let group = "MAIL FROM:<a@b.example>\r\nRCPT TO:<c@acme.example>\r\nBDAT 14\r\nSubject: s\r\n\r\nBDAT 6 LAST\r\n.\r\nx\r\nNOOP\r\n";
    assert_eq!(session.say(group), "250 250 250 250 250");
    assert_eq!(session.messages[0].content, b"Subject: s\r\n\r\n.\r\nx\r\n");
    assert_eq!(session.say("BDAT 6\r\nQUIT\r\nNOOP\r\n"), "503 250", "the chunk is no command");
    session.say("MAIL FROM:<a@b.example>\r\nRCPT TO:<c@acme.example>\r\nBDAT 4 LAST\r\nx\r\ny");
    assert_eq!(session.messages[1].content, b"x\r\ny\r\n", "the last line gets its end");
    session.say("MAIL FROM:<a@b.example>\r\nRCPT TO:<c@acme.example>\r\n");
    assert_eq!(session.say("BDAT 3\r\na\r\nRCPT TO:<d@acme.example>\r\n"), "250 503");
    assert_eq!(session.say("DATA\r\n"), "503");
    assert_eq!(session.say("BDAT 0 LAST\r\n"), "250");
    session.say("MAIL FROM:<a@b.example>\r\nRCPT TO:<c@acme.example>\r\n");
    assert_eq!(session.say("BDAT 5 LAST\r\nx\n.\n\r"), "550");
    assert!(session.closed);
}

#[test]
fn lmtp_answers_for_each_recipient() {
    let mut session = Session::new(Settings { protocol: Protocol::Lmtp, ..settings() });
    assert_eq!(session.say("EHLO client.example\r\n"), "500");
    session.sent.clear();
    session.server.receive(b"LHLO client.example\r\n");
    session.carry_on();
    session.say("MAIL FROM:<a@b.example>\r\nRCPT TO:<c@acme.example>\r\nRCPT TO:<d@acme.example>\r\n");
    session.server.receive(b"DATA\r\n");
    session.carry_on();
    session.sent = "LMTP".to_string();
    session.server.receive(b"x\r\n.\r\n");
    session.carry_on();
    assert_eq!(session.sent.matches("250 2.0.0 taken").count(), 2);
}

proptest! {
    #[test]
    fn wherever_the_input_is_cut_the_dialogue_is_the_same(
        body in "([a-z.]{0,5}\r\n){0,6}", cuts in proptest::collection::vec(1_usize..9, 1..60),
    ) {
        let stuffed: String = body.split_inclusive("\r\n").map(|line| match line.starts_with('.') {
            true => format!(".{line}"),
            false => line.to_string(),
        }).collect();
        let groups = [OPENING[0].to_string(), OPENING[1].to_string(), format!("{stuffed}.\r\n"), "NOOP\r\nRSET\r\n".to_string()];
        let mut whole = Session::new(settings());
        let mut pieces = Session::new(settings());
        let mut cuts = cuts.iter().cycle();
        for group in &groups {
            whole.say(group);
            pieces.sent.clear();
            let mut rest = group.as_bytes();
            while !rest.is_empty() {
                let (piece, further) = rest.split_at((*cuts.next().unwrap()).min(rest.len()));
                pieces.server.receive(piece);
                pieces.carry_on();
                rest = further;
            }
            prop_assert_eq!(&whole.sent, &pieces.sent);
        }
        prop_assert_eq!(&whole.messages, &pieces.messages);
        prop_assert_eq!(&whole.messages[0].content, body.as_bytes());
    }

    #[test]
    fn whatever_is_said_every_line_that_is_sent_is_a_reply(text in "(MAIL FROM:<a@b.example>|RCPT TO:<c@d.example>|DATA|BDAT 3|EHLO x|STARTTLS|RSET|[ -~]{0,20}|\u{e4}|\0)?(\r\n|\n|\r|\\.\r\n| ){1,2}") {
        let mut session = Session::new(Settings { tls: Tls::Offered, ..settings() });
        for _ in 0..4 {
            session.say(&text);
            let lines_are_replies = session.sent.split_terminator("\r\n").all(|line| {
                line.len() > 3 && line.as_bytes()[..3].iter().all(u8::is_ascii_digit) && line.len() <= 510
            });
            prop_assert!(lines_are_replies, "{}", session.sent);
        }
    }
}
