//! What the fuzz targets do with bytes, as plain functions: the fuzzers call them, and so does a test of the package
//! that replays the seeds and whatever once did harm.
//!
//! None may panic, hang or leave the limits; the assertions say what else must hold.

use mailfw::base::limits::{MessageLimits, SourceLimits};
use mailfw::language;
use mailfw::message::envelope::{Envelope, Session};
use mailfw::message::mailbox::{Dialect, Mbox};
use mailfw::message::{Message, exercise};
use mailfw::plan::{Answer, Answers, Case, Evaluator, Outcome, Plan, PlanOptions, Surveyed};
use mailfw::policy::engine::{Decision, Detail, Engine, Judging};
use mailfw::relay::config;
use mailfw::relay::route::Routes;
use mailfw::relay::smtp::client::{self, Client, WantTls};
use mailfw::relay::smtp::delivery;
use mailfw::relay::smtp::reply::{Enhanced, Reply};
use mailfw::relay::smtp::response::REPLY_BYTES;
use mailfw::relay::smtp::server::{Ask, Protocol, Server, Settings, Step, Tls};
use mailfw::relay::smtp::transaction::Transaction;
use mailfw::relay::smtp::transfer::PIECE_BYTES;
use mailfw::relay::store::{Parameters, Recipient};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A policy file: it ends as a set or with errors, every place lies in its text, and a set compiles.
pub fn policy(bytes: &[u8]) {
    let mut sources = BTreeMap::from([("main.mfp".to_string(), bytes.to_vec())]);
    let checked = language::check("main.mfp", &mut sources, &SourceLimits::default());
    for diagnostic in checked.diagnostics.iter() {
        let source = checked.map.get(diagnostic.primary.span.source).expect("a diagnostic has a source");
        assert!(source.text.get(diagnostic.primary.span.range()).is_some(), "its place is in the text");
        assert!(
            !diagnostic.message.is_empty() && !diagnostic.message.contains('\n'),
            "its message is one line"
        );
    }
    assert_eq!(checked.hir.is_none(), checked.diagnostics.has_errors(), "a set, or errors");
    if let Some(hir) = checked.hir {
        let _ = Plan::new(hir);
    }
}

/// A message: every view of it can be read, within the limits, and its ranges lie in its bytes.
pub fn message(bytes: &[u8]) {
    let limits = MessageLimits { expanded_bytes: 8 << 20, parts: 500, ..MessageLimits::default() };
    let message = Message::parse(bytes.to_vec(), &limits);
    assert_eq!(message.bytes(), bytes, "a message is kept as received");
    let wrong = exercise::check(&message);
    assert!(wrong.is_empty(), "{}", wrong.join("; "));
    assert!(message.parts().len() <= limits.parts + 1, "parts are bounded");
    for surface in message.surfaces() {
        assert!(surface.surface.folded().len() <= limits.text_bytes * 4, "text is bounded");
    }
    exercise::exercise(bytes, &limits);
    let _ = message.priority();
}

/// A mailbox: each dialect gives messages that together are no longer than the mailbox.
pub fn mailbox(bytes: &[u8]) {
    let limits = MessageLimits { message_bytes: 1 << 20, ..MessageLimits::default() };
    for dialect in [Dialect::Detect, Dialect::Mboxo, Dialect::Mboxrd, Dialect::Mboxcl, Dialect::Mboxcl2] {
        let mut total = 0;
        for message in Mbox::new(bytes, &limits, dialect) {
            let Ok(message) = message else { break };
            assert!(message.bytes.len() <= limits.message_bytes, "a message is bounded");
            total += message.bytes.len();
        }
        assert!(total <= bytes.len(), "nothing is read twice");
    }
}

/// What parts the policies from the message in the input of [`decide`].
const PARTED_BY: &[u8] = b"\n====\n";
/// Bytes of policies that are compiled in every way; more would only be slow.
const POLICY_BYTES: usize = 8 << 10;

/// A policy file and a message: whatever a plan leaves out, it says the same of every policy as the interpreter, and
/// decides the same. Says whether anything was compared: not where the policies have errors.
pub fn decide(bytes: &[u8]) -> bool {
    let Some(at) = bytes.windows(PARTED_BY.len()).position(|window| window == PARTED_BY) else {
        return false;
    };
    let (policies, message) = (&bytes[..at], &bytes[at + PARTED_BY.len()..]);
    if policies.len() > POLICY_BYTES {
        return false;
    }
    let mut sources = BTreeMap::from([("main.mfp".to_string(), policies.to_vec())]);
    let Some(hir) = language::check("main.mfp", &mut sources, &SourceLimits::default()).hir else {
        return false;
    };
    // The compiler has limits that the interpreter has not.
    let engine = |options| Some(Engine::new(Arc::new(Plan::with(hir.clone(), options).ok()?)));
    let Some(reference) = engine(PlanOptions::NONE) else { return false };
    let limits = MessageLimits { expanded_bytes: 1 << 20, parts: 100, ..MessageLimits::default() };
    let message = Message::parse(message.to_vec(), &limits);
    let mut envelope = Envelope::from_headers(&message);
    envelope.recipients.truncate(3);
    envelope.add_recipient("anna@acme.example");
    let session = Session { client_ip: Some([192, 0, 2, 1].into()), ..Session::default() };
    let received = "2026-01-01T12:00:00Z".parse().unwrap();
    for answer in [Some(Answer::NotAsked), Some(Answer::Unavailable), None] {
        let lookups = Answers::new(answer);
        let case =
            Case { message: &message, envelope: &envelope, session: &session, received, lookups: &lookups };
        let (surveyed, decided) = (by_the_interpreter(&reference, case), outcomes(&reference, case));
        for (name, options) in PlanOptions::VARIANTS {
            let Some(engine) = engine(options) else { continue };
            assert_eq!(surveyed, by_survey(&engine, case), "{name}");
            assert_eq!(decided, outcomes(&engine, case), "{name}");
        }
    }
    true
}

/// Of each recipient, the policies that trigger or are undecided.
fn by_the_interpreter(engine: &Engine, case: Case<'_>) -> Vec<Vec<Surveyed>> {
    let mut evaluator = Evaluator::new(engine.plan(), case);
    let mut of = |recipient: usize| {
        let policies = (0..).zip(&engine.hir().policies);
        let said = policies.map(|(at, policy)| (at, evaluator.criteria(policy.id, recipient).outcome));
        said.filter(|(_, outcome)| *outcome != Outcome::NotTriggered)
            .map(|(position, outcome)| Surveyed { position, holds: outcome == Outcome::Triggered })
            .collect()
    };
    (0..case.envelope.recipients.len()).map(&mut of).collect()
}

fn by_survey(engine: &Engine, case: Case<'_>) -> Vec<Vec<Surveyed>> {
    let policies: Vec<_> = engine.hir().policies.iter().map(|policy| policy.id).collect();
    let set = engine.plan().policy_set(&policies);
    let mut evaluator = Evaluator::new(engine.plan(), case);
    (0..case.envelope.recipients.len()).map(|recipient| evaluator.survey(&set, recipient)).collect()
}

/// What becomes of the message, or what must be asked first.
fn outcomes(engine: &Engine, case: Case<'_>) -> String {
    match engine.decide(case, &Judging::default(), Detail::Outcomes) {
        Ok(Decision { groups, notifications, copies, judged, .. }) => {
            format!("{groups:?}\n{notifications:?}\n{copies:?}\n{judged:?}")
        }
        Err(missing) => format!("{missing:?}"),
    }
}

/// What a client says: every line of an answer is a reply, and what comes in as a message has no line end that others could
/// take for something else.
pub fn smtp(bytes: &[u8]) {
    let mut server = Server::new(Settings {
        name: "mx.acme.example".to_string(),
        message_bytes: 1 << 16,
        recipients: 10,
        mistakes: 20,
        refused_recipients: None,
        tls: Tls::Offered,
        protocol: Protocol::Smtp,
    });
    server.greet();
    let taken = Reply::new(250, Enhanced(2, 0, 0), "taken");
    // A client that waits for replies: each piece ends where a line does.
    for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
        server.receive(piece);
        while let Some(step) = server.step() {
            match step {
                Step::Send(sent) => {
                    let sent = std::str::from_utf8(&sent).expect("replies are text");
                    for line in sent.strip_suffix("\r\n").expect("lines end").split("\r\n") {
                        assert!(
                            line.len() >= 4 && line.len() <= 510 && !line.contains(['\r', '\n']),
                            "{line}"
                        );
                        assert!(line.bytes().take(3).all(|byte| byte.is_ascii_digit()), "{line}");
                    }
                }
                Step::Ask(Ask::Message(message)) => {
                    let content = message.content;
                    let text = content.split(|byte| *byte == b'\n');
                    let lines: Vec<&[u8]> = text.collect();
                    let (last, ended) = lines.split_last().expect("there is one");
                    assert!(last.is_empty(), "the last line has its end");
                    for line in ended {
                        let line = line.strip_suffix(b"\r").expect("a line feed follows a carriage return");
                        assert!(!line.contains(&b'\r') && !line.contains(&0), "neither stands alone");
                    }
                    server.answer_message(std::slice::from_ref(&taken));
                }
                Step::Ask(_) => server.answer(&taken),
                Step::StartTls => server.tls_started(),
                Step::Close => return,
            }
        }
    }
}

/// A configuration: it is one or has errors, every place lies in its text, every finding keeps the law, and a
/// configuration has a way for every recipient.
pub fn config(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let reading = config::read("mailfw.toml", text);
    for finding in reading.diagnostics.iter() {
        for label in finding.secondary.iter().chain([&finding.primary]) {
            assert!(text.get(label.span.range()).is_some(), "its place is in the text");
        }
        let message = &finding.message;
        assert!(!message.is_empty() && !message.contains(char::is_control), "its message is one line");
        assert!(!message.ends_with('.') && finding.help.is_some(), "it keeps the law: {message}");
        if let Some(fix) = &finding.fix {
            assert!(text.get(fix.span.range()).is_some(), "its change is in the text");
        }
    }
    assert_eq!(reading.config.is_none(), reading.diagnostics.has_errors(), "a configuration, or errors");
    let Some(config) = reading.config else { return };
    let routes = Routes::new(&config);
    for route in &config.routes {
        assert!(!route.label().is_empty() && routes.named(route.label()).is_some(), "a route has a name");
        if let config::route::Destination::Maildir(maildir) = route.destination() {
            let recipient = mailfw::base::address::Address { local: "..".into(), domain: "../x".into() };
            let depth = |path: &std::path::Path| path.components().count();
            let usual = mailfw::base::address::Address { local: "a".into(), domain: "b".into() };
            assert_eq!(
                depth(&maildir.of(&recipient)),
                depth(&maildir.of(&usual)),
                "no address leads elsewhere"
            );
        }
    }
    let _ = routes.of_domain("any.acme.example");
    for listener in &config.listeners {
        let client = [192, 0, 2, 1].into();
        assert!(listener.network_of(client).contains(&client), "a client is in its network");
        let _ = listener.refuses(client, Some("mail.acme.example"), &[]);
    }
    assert!(
        !config.retry.schedule.is_empty() && config.retry.wait_after(u32::MAX) > std::time::Duration::ZERO
    );
}

/// Messages that [`smtp_client`] sends.
const MESSAGES: usize = 3;

/// What a server says, a line at a time; the first byte chooses how the client behaves. What leaves is bounded, nobody's
/// outcome is left out, and a message counts as taken only where the whole of it was sent and its end answered by 2xx. Gives
/// for how many recipients it was.
pub fn smtp_client(bytes: &[u8]) -> usize {
    let Some((how, said)) = bytes.split_first() else { return 0 };
    let is = |bit: u8| how & (1 << bit) != 0;
    let tls = match how >> 6 {
        0 => WantTls::Never,
        1 => WantTls::Opportunistic,
        2 => WantTls::Required,
        _ => WantTls::Implicit,
    };
    let settings = client::Settings {
        name: "out.acme.example".to_string(),
        protocol: if is(0) { Protocol::Lmtp } else { Protocol::Smtp },
        tls,
        pipelining: is(1),
        chunking: is(2),
    };
    let body = if is(3) { "..\r\n".repeat(PIECE_BYTES / 4 + 1) } else { "x\r\n.y".to_string() };
    let to = ["a@b.example", "\u{fc}@b.example", "x@y.example>\r\nDATA", "c@b.example"];
    let transaction = Transaction {
        sender: "s@acme.example".into(),
        parameters: Parameters { utf8: is(4), priority: Some(2), ..Parameters::default() },
        recipients: to.map(|to| Recipient { address: to.into(), notify: None, original: None }).to_vec(),
        prefix: b"Received: here\r\n".to_vec(),
        content: format!("S: \u{e4}\r\n\r\n{body}").as_bytes().into(),
        require_tls: is(5),
    };
    let mut sender = Sender {
        protocol: settings.protocol,
        client: Client::new(settings),
        transaction,
        out: Vec::new(),
        started: 0,
        ended: 0,
        taken: 0,
        closed: false,
    };
    for line in said.split_inclusive(|byte| *byte == b'\n') {
        sender.client.receive(line);
        sender.carry_on(line);
    }
    sender.client.end("lost");
    sender.carry_on(b"");
    assert!(sender.closed, "what is ended is closed");
    assert_eq!(sender.started, sender.ended, "what is started ends");
    sender.taken
}

/// Who owns a client, and what it has seen.
struct Sender {
    client: Client,
    transaction: Transaction,
    protocol: Protocol,
    /// What was sent since the last message began.
    out: Vec<u8>,
    started: usize,
    ended: usize,
    taken: usize,
    closed: bool,
}

impl Sender {
    /// Carries out what the client wants after it heard a line.
    fn carry_on(&mut self, heard: &[u8]) {
        while let Some(step) = self.client.step() {
            assert!(!self.closed, "nothing comes behind the end");
            match step {
                client::Step::Send(sent) => self.send(&sent),
                client::Step::StartTls => self.client.tls_started(),
                client::Step::Ready if self.started == MESSAGES => self.client.quit(),
                client::Step::Ready => {
                    self.out.clear();
                    let taken = self.client.start(self.transaction.clone());
                    taken.expect("a client that is ready takes a message");
                    self.started += 1;
                }
                client::Step::Sent(delivery) => {
                    self.ended += 1;
                    self.check(&delivery.recipients, heard);
                }
                client::Step::Close(_) => self.closed = true,
            }
        }
    }

    fn send(&mut self, sent: &[u8]) {
        assert!(sent.len() <= 3 * PIECE_BYTES && !sent.is_empty(), "a piece is bounded");
        self.out.extend(sent);
        let is_lone = |at: usize| match self.out[at] {
            b'\n' => at == 0 || self.out[at - 1] != b'\r',
            // A piece may end within a line end.
            b'\r' => self.out.get(at + 1).is_some_and(|byte| *byte != b'\n'),
            byte => byte == 0,
        };
        assert!(!(0..self.out.len()).any(is_lone), "no line end stands alone");
    }

    fn check(&mut self, outcomes: &[delivery::Outcome], heard: &[u8]) {
        assert_eq!(outcomes.len(), self.transaction.recipients.len(), "each has an outcome");
        assert!(!outcomes[2].is_accepted(), "what is no address is never taken");
        for outcome in outcomes {
            match outcome {
                delivery::Outcome::Accepted(reply) => {
                    assert!((200..300).contains(&reply.code), "{reply}");
                    assert!(
                        self.protocol == Protocol::Lmtp || heard.starts_with(b"2"),
                        "the end is answered"
                    );
                    assert!(self.whole_is_out(), "the whole was sent");
                    let is_clear = self.transaction.require_tls && !self.client.is_encrypted();
                    assert!(!is_clear, "it must go encrypted");
                    self.taken += 1;
                }
                delivery::Outcome::Delay(failure) | delivery::Outcome::Failed(failure) => {
                    let class = if matches!(outcome, delivery::Outcome::Delay(_)) { 4 } else { 5 };
                    assert_eq!(failure.status.0, class, "{failure}");
                    assert!(!failure.words.is_empty() && failure.words.len() <= 4 * REPLY_BYTES);
                    assert!(!failure.words.contains(char::is_control), "words can be shown");
                }
            }
        }
    }

    /// Whether the content was sent to its end, as a chunk of the size that was said or up to a dot.
    fn whole_is_out(&self) -> bool {
        let Some(at) = self.out.windows(5).position(|five| five == b"BDAT ") else {
            return self.out.ends_with(b"\r\n.\r\n");
        };
        let command = &self.out[at + 5..];
        let (size, content) = command.split_at(command.iter().position(|byte| *byte == b'\n').unwrap() + 1);
        let size = std::str::from_utf8(size).unwrap().trim_end().strip_suffix(" LAST").unwrap();
        size.parse() == Ok(content.len())
    }
}
