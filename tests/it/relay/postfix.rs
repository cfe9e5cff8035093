//! The relay between servers of another kind: Postfix on either side of it.

use super::world::client::{Client, message};
use super::world::postfix::{Postfix, SmtpSink, can_run};
use super::world::{World, eventually, free_address};
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::process::Command;

const ANNA: &str = "anna@site.example";
const BOB: &str = "bob@else.example";
const INSIDE: [&str; 6] = [
    ANNA,
    "carl@site.example",
    "closed@site.example",
    "dora@second.example",
    "eve@second.example",
    "søren@site.example",
];
const OUTSIDE: [&str; 3] = [BOB, "late@else.example", "jürgen@else.example"];

/// The relay, and a server on either side. What ends first is named first.
struct Ends {
    world: World,
    inside: Postfix,
    outside: Postfix,
}

impl Ends {
    /// Servers that are not started yet; `None` where Postfix cannot run.
    fn new(more: &str) -> Option<Ends> {
        if !can_run() {
            return None;
        }
        let (inside, outside) = (free_address(), free_address());
        let world = World::new(inside, outside, more);
        let inside = Postfix::new("inside.example", inside, &INSIDE, world.outbound);
        let outside = Postfix::new("outside.example", outside, &OUTSIDE, world.inbound);
        let ends = Ends { world, inside, outside };
        ends.change("mailfw.toml", "\"site.example\"", "[\"site.example\", \"second.example\"]");
        Some(ends)
    }

    /// The same, started.
    fn started(more: &str) -> Option<Ends> {
        let mut ends = Ends::new(more)?;
        ends.start();
        Some(ends)
    }

    fn start(&mut self) {
        self.inside.start();
        self.outside.start();
        self.world.start();
    }

    /// Puts other words into one of the relay's files.
    fn change(&self, file: &str, from: &str, to: &str) {
        let path = self.world.path(file);
        let old = std::fs::read_to_string(&path).unwrap();
        assert!(old.contains(from), "{from}: {old}");
        std::fs::write(&path, old.replace(from, to)).unwrap();
    }

    /// Puts a key into the route to all that are outside.
    fn to_outside(&self, keys: &str) {
        let hosts = format!("hosts = \"{}\"", self.outside.address);
        self.change("mailfw.toml", &hosts, &format!("{hosts}\n{keys}"));
    }

    /// Waits until nothing waits anywhere.
    fn settled(&self) {
        eventually("nothing waits anywhere", || {
            self.inside.is_idle() && self.outside.is_idle() && self.world.says(&["queue", "list"]).is_empty()
        });
    }

    /// What the relay says of the one copy it has.
    fn copy(&self) -> String {
        let list = self.world.says(&["queue", "list"]);
        let Some(copy) = list.split_whitespace().next() else { return String::new() };
        self.world.says(&["queue", "show", copy])
    }

    /// Has the relay try the one copy it has.
    fn retry(&self) {
        let list = self.world.says(&["queue", "list"]);
        self.world.says(&["queue", "retry", list.split_whitespace().next().unwrap()]);
    }
}

/// Gives a message with parameters to a server: what stands behind `MAIL FROM:` and each `RCPT TO:`.
fn submit(address: SocketAddr, from: &str, to: &[&str], content: &str) {
    let mut client = Client::connect(address).unwrap();
    let mut say = |line: &str| {
        let reply = client.say(line).unwrap();
        assert!(reply.starts_with(['2', '3']), "{line}: {reply}");
    };
    say(&format!("MAIL FROM:{from}"));
    to.iter().for_each(|to| say(&format!("RCPT TO:{to}")));
    say("DATA");
    say(&format!("{}.", content.replace("\r\n.", "\r\n..")));
}

/// Gives a message to a server as a person does on a command line.
fn swaks(server: SocketAddr, from: &str, to: &[&str], subject: &str, text: &str) {
    let mut command = Command::new("swaks");
    command.args(["--server", &server.ip().to_string(), "--port", &server.port().to_string()]);
    command.args(["--helo", "client.example", "--from", from, "--to", &to.join(","), "--body", text]);
    let output = command.args(["--header", &format!("Subject: {subject}")]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

/// Asserts that a message in a mailbox is one that was sent, with nothing but trace fields above it.
fn assert_is(received: &str, sent: &str) {
    let (trace, rest) = received.split_at(received.find("From: ").unwrap());
    assert_eq!(rest, sent.replace("\r\n", "\n"));
    let fields = trace.replace("\n\t", " ").replace("\n ", " ");
    for field in fields.lines() {
        let name = field.split(':').next().unwrap();
        assert!(["Return-Path", "X-Original-To", "Delivered-To", "Received"].contains(&name), "{field}");
    }
    assert_eq!(fields.matches("(mailfw)").count(), 1, "{fields}");
}

/// The part of a report that programs read, its lines unfolded.
fn status(report: &str) -> String {
    let at = report.find("delivery-status").unwrap_or_else(|| panic!("no report: {report}"));
    report[at..].replace("\n ", " ").replace("\n\t", " ")
}

#[test]
fn mail_goes_from_postfix_to_postfix_and_back_as_it_was() {
    let Some(ends) = Ends::started("") else { return };
    let texts = [
        "",
        ".\r\n..\r\n...x\r\n.\r\n",
        "\r\n\r\n  blank \t\r\n\t\r\nlast",
        &format!("{}\r\n.{}", "x".repeat(990), ".".repeat(980)),
        "a -- \r\nFrom here\r\n>From there",
    ];
    for (at, text) in texts.iter().enumerate() {
        let out =
            message(ANNA, BOB, &format!("out{at}"), text).replace("Subject", "X-Folded: a\r\n\tb\r\nSubject");
        submit(ends.inside.address, &format!("<{ANNA}>"), &[&format!("<{BOB}>")], &out);
        eventually("it has come", || {
            ends.outside.mail(BOB).iter().any(|mail| mail.contains(&format!("<out{at}@")))
        });
        let came = ends.outside.mail(BOB);
        assert_is(came.iter().find(|mail| mail.contains(&format!("<out{at}@"))).unwrap(), &out);
        let back = message(BOB, ANNA, &format!("back{at}"), text);
        submit(ends.outside.address, &format!("<{BOB}>"), &[&format!("<{ANNA}>")], &back);
        eventually("the reply has come", || ends.inside.mail(ANNA).len() > at);
        let came = ends.inside.mail(ANNA);
        assert_is(came.iter().find(|mail| mail.contains(&format!("<back{at}@"))).unwrap(), &back);
    }
    ends.settled();
    assert_eq!((ends.outside.mail(BOB).len(), ends.inside.mail(ANNA).len()), (texts.len(), texts.len()));
}

#[test]
fn of_one_message_to_two_sites_and_the_outside_everybody_gets_what_policies_say() {
    let Some(mut ends) = Ends::new("") else { return };
    ends.change("main.mfp", "domains    @site.example", "domains    @site.example, @second.example");
    let second = r#"directory second {
    domain @second.example

    content policy named for recipients {
        when recipient == dora@second.example
        annotate subject prefix "[DORA] "
    }

    content policy kept for recipients {
        when recipient == eve@second.example
        then quarantine in secrets
    }
}

directory site {"#;
    ends.change("main.mfp", "directory site {", second);
    ends.start();
    let to = [BOB, "carl@site.example", "dora@second.example", "eve@second.example"];
    swaks(ends.world.outbound, ANNA, &to, "plans", "hello");
    eventually("those who can have it have it", || {
        let inside = ["carl@site.example", "dora@second.example"];
        ends.outside.mail(BOB).len() == 1 && inside.iter().all(|to| ends.inside.mail(to).len() == 1)
    });
    let list = ends.world.says(&["queue", "list"]);
    assert!(list.lines().count() == 1 && list.contains("held in secrets"), "{list}");
    assert!(ends.inside.mail("dora@second.example")[0].contains("\nSubject: [DORA] plans\n"));
    assert!(ends.inside.mail("carl@site.example")[0].contains("\nSubject: plans\n"));
    assert!(ends.outside.mail(BOB)[0].contains("\nSubject: plans\n"));
    ends.world.says(&["queue", "send", list.split_whitespace().next().unwrap()]);
    eventually("what was held has come", || ends.inside.mail("eve@second.example").len() == 1);
    // From outside, of two sites together, and one of them refuses a recipient.
    let to = ["closed@site.example", "carl@site.example", "dora@second.example"];
    swaks(ends.outside.address, BOB, &to, "news", "hello");
    eventually("those who can have it have it, and the sender hears of the other", || {
        let inside = ["carl@site.example", "dora@second.example"];
        ends.outside.mail(BOB).len() == 2 && inside.iter().all(|to| ends.inside.mail(to).len() == 2)
    });
    let bounce = ends.outside.mail(BOB).into_iter().find(|mail| mail.contains("delivery-status")).unwrap();
    let status = status(&bounce);
    for words in ["Final-Recipient: rfc822; closed@site.example", "Status: 5.7.1", "550 5.7.1 closed"] {
        assert!(status.contains(words), "{words}: {status}");
    }
    assert_eq!(status.matches("Final-Recipient").count(), 1, "{status}");
    ends.settled();
    assert!(ends.inside.mail("closed@site.example").is_empty());
}

#[test]
fn what_policies_refuse_is_returned_by_postfix_to_its_sender() {
    let Some(ends) = Ends::started("") else { return };
    swaks(ends.inside.address, ANNA, &[BOB], "x", "please refuse this");
    eventually("the sender has it back", || ends.inside.mail(ANNA).len() == 1);
    let bounce = &ends.inside.mail(ANNA)[0];
    let status = status(bounce);
    for words in
        ["Reporting-MTA: dns; inside.example", "Action: failed", "Status: 5.7.1", "550 5.7.1 not this"]
    {
        assert!(status.contains(words), "{words}: {status}");
    }
    ends.settled();
    assert!(ends.outside.mail(BOB).is_empty());
}

#[test]
fn a_recipient_that_postfix_outside_refuses_comes_back_in_a_report() {
    let Some(ends) = Ends::started("") else { return };
    let text = message(ANNA, BOB, "three", "the text");
    let to = ["<nobody@else.example>", &format!("<{BOB}>"), "<none@else.example>"];
    submit(ends.inside.address, &format!("<{ANNA}> RET=FULL"), &to, &text);
    eventually("one has it and the sender hears of the others", || {
        ends.outside.mail(BOB).len() == 1 && ends.inside.mail(ANNA).len() == 1
    });
    let report = &ends.inside.mail(ANNA)[0];
    assert!(report.starts_with("Return-Path: <>\n"), "{report}");
    let status = status(report);
    for words in [
        "Reporting-MTA: dns; relay.site.example",
        "Final-Recipient: rfc822; nobody@else.example",
        "Final-Recipient: rfc822; none@else.example",
        "Action: failed",
        "Status: 5.1.1",
        "Diagnostic-Code: smtp; 550 5.1.1",
        "User unknown in virtual mailbox table",
        "the text",
    ] {
        assert!(status.contains(words), "{words}: {status}");
    }
    assert_eq!(status.matches("Final-Recipient").count(), 2, "{status}");
    ends.settled();
}

#[test]
fn who_is_asked_to_come_later_gets_it_later_and_the_others_get_it_once() {
    let Some(mut ends) = Ends::new("[retry]\nschedule = \"1s\"\n") else { return };
    ends.outside.refuse("late@else.example 450 4.2.0 Greylisted, come again\n");
    ends.start();
    swaks(ends.inside.address, ANNA, &[BOB, "late@else.example"], "grey", "hello");
    eventually("it is tried", || ends.copy().contains("Greylisted, come again"));
    assert_eq!(ends.outside.mail(BOB).len(), 1);
    ends.outside.refuse("");
    ends.outside.reload();
    eventually("it is delivered", || ends.outside.mail("late@else.example").len() == 1);
    ends.settled();
    assert_eq!((ends.outside.mail(BOB).len(), ends.outside.mail("late@else.example").len()), (1, 1));
    assert!(ends.inside.mail(ANNA).is_empty(), "nobody is told of it");
}

#[test]
fn a_server_that_was_down_gets_what_waited_once_somebody_says_that_it_is_up() {
    let Some(mut ends) = Ends::new("") else { return };
    ends.inside.start();
    ends.world.start();
    swaks(ends.inside.address, ANNA, &[BOB], "early", "hello");
    eventually("it is tried", || ends.copy().contains("no connection"));
    ends.outside.start();
    ends.retry();
    eventually("it is delivered", || ends.outside.mail(BOB).len() == 1);
    ends.settled();
}

#[test]
fn what_many_sessions_bring_to_postfix_comes_through_the_relay_once() {
    let Some(ends) = Ends::started("") else { return };
    let mut source = Command::new("/usr/sbin/smtp-source");
    source.args(["-s", "10", "-m", "100", "-l", "2000", "-f", BOB, "-t", ANNA, "-M", "client.example"]);
    let output = source.arg(ends.outside.address.to_string()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    eventually("all have come", || ends.inside.mail(ANNA).len() >= 100);
    ends.settled();
    let mail = ends.inside.mail(ANNA);
    let names = mail.iter().filter_map(|mail| mail.lines().find(|line| line.starts_with("Message-Id: ")));
    let different: BTreeSet<&str> = names.collect();
    assert_eq!((mail.len(), different.len()), (100, 100), "{}", mail[0]);
}

#[test]
fn many_sessions_of_smtp_source_lose_nothing_and_double_nothing() {
    if !can_run() {
        return;
    }
    let sink = SmtpSink::start(&[]);
    let mut world = World::new(free_address(), sink.address, "");
    world.start();
    let mut source = Command::new("/usr/sbin/smtp-source");
    source.args(["-s", "20", "-m", "200", "-r", "3", "-N", "-l", "3000", "-f", ANNA, "-t", BOB]);
    let output = source.arg(world.outbound.to_string()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    eventually("all has left", || world.says(&["queue", "list"]).is_empty());
    let came = sink.recipients();
    assert_eq!(came.len(), 200);
    assert!(came.iter().all(|recipients| recipients.len() == 3));
    let different: BTreeSet<String> = came.concat().into_iter().collect();
    assert_eq!(different.len(), 600);
}

/// Certificates in a folder, made by openssl.
struct Certificates(tempfile::TempDir);

impl Certificates {
    /// An authority that signs the others, and one that signs nothing.
    fn new() -> Certificates {
        let made = Certificates(tempfile::tempdir().unwrap());
        for authority in ["authority", "stranger"] {
            made.make(authority, &["-addext", "keyUsage=critical,keyCertSign"]);
        }
        made
    }

    /// A certificate of a server, by the authority.
    fn of(&self, server: &str, names: &str) {
        let (certificate, key) = (self.path("authority.pem"), self.path("authority.key"));
        self.make(
            server,
            &["-addext", &format!("subjectAltName={names}"), "-CA", &certificate, "-CAkey", &key],
        );
    }

    fn make(&self, name: &str, more: &[&str]) {
        let (certificate, key) = (self.path(&format!("{name}.pem")), self.path(&format!("{name}.key")));
        let mut command = Command::new("openssl");
        command.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]);
        command.args(["-days", "2", "-subj", &format!("/CN={name}"), "-keyout", &key, "-out", &certificate]);
        let output = command.args(more).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    fn path(&self, file: &str) -> String {
        self.0.path().join(file).display().to_string()
    }

    /// Settings of Postfix with which no mail comes in without encryption.
    fn wanted_by_postfix(&self, name: &str) -> String {
        format!(
            "smtpd_tls_security_level = encrypt
smtpd_tls_chain_files = {}, {}
smtpd_tls_received_header = yes",
            self.path(&format!("{name}.key")),
            self.path(&format!("{name}.pem"))
        )
    }

    /// A section for the relay's listeners.
    fn of_listeners(&self, name: &str) -> String {
        let (certificate, key) = (self.path(&format!("{name}.pem")), self.path(&format!("{name}.key")));
        format!("[tls]\ncertificate = \"{certificate}\"\nkey = \"{key}\"\n")
    }
}

#[test]
fn all_that_postfix_and_the_relay_send_each_other_is_encrypted_where_they_want_it() {
    if !can_run() {
        return;
    }
    let certificates = Certificates::new();
    certificates.of("relay", "DNS:relay.site.example");
    certificates.of("postfix", "IP:127.0.0.1");
    let Some(mut ends) = Ends::new(&certificates.of_listeners("relay")) else { return };
    ends.to_outside("tls = \"required\"");
    ends.inside.set("smtp_tls_security_level = encrypt");
    ends.inside.set(&certificates.wanted_by_postfix("postfix").replace("encrypt", "may"));
    ends.outside.set(&certificates.wanted_by_postfix("postfix"));
    let authority = certificates.path("authority.pem");
    ends.outside.set(&format!(
        "smtp_tls_security_level = secure
smtp_tls_secure_cert_match = relay.site.example
smtp_tls_CAfile = {authority}"
    ));
    ends.start();
    swaks(ends.inside.address, ANNA, &[BOB], "out", "hello");
    // The server outside takes nothing in clear, and sends nothing to whom it does not know.
    let text = message(BOB, ANNA, "back", "hello");
    let mut client = Client::connect(ends.outside.address).unwrap();
    assert!(client.say(&format!("MAIL FROM:<{BOB}>")).unwrap().starts_with("530"));
    submit(ends.world.inbound, &format!("<{BOB}>"), &[&format!("<{ANNA}>")], &text);
    eventually("both have come", || ends.outside.mail(BOB).len() == 1 && ends.inside.mail(ANNA).len() == 1);
    let (out, back) = (&ends.outside.mail(BOB)[0], &ends.inside.mail(ANNA)[0]);
    assert!(out.contains("(mailfw) with ESMTPS id"), "{out}");
    assert_eq!(
        (out.matches("using TLSv1.3").count(), back.matches("using TLSv1.3").count()),
        (1, 1),
        "{back}"
    );
    assert!(back.contains("(mailfw) with ESMTP id"), "{back}");
    // What bounces off the relay goes back the way it came.
    swaks(ends.inside.address, ANNA, &["nobody@else.example"], "out", "hello");
    eventually("the report has come", || ends.inside.mail(ANNA).len() == 2);
    ends.settled();
    // Outside submits by itself: without encryption into its own queue.
    ends.outside.set("smtpd_tls_security_level = may");
    ends.outside.reload();
    swaks(ends.outside.address, BOB, &[ANNA], "verified", "hello");
    eventually("it has come", || ends.inside.mail(ANNA).len() == 3);
    let mail = ends.inside.mail(ANNA);
    let verified = mail.iter().find(|mail| mail.contains("Subject: verified")).unwrap();
    assert!(verified.contains("(mailfw) with ESMTPS id"), "{verified}");
}

#[test]
fn a_server_that_is_not_the_one_it_should_be_gets_nothing_not_even_in_clear() {
    if !can_run() {
        return;
    }
    let certificates = Certificates::new();
    certificates.of("postfix", "IP:127.0.0.1");
    certificates.of("other", "DNS:other.example,IP:127.0.0.9");
    let Some(mut ends) = Ends::new("") else { return };
    ends.to_outside(&format!("tls = \"verified\"\nca = \"{}\"", certificates.path("stranger.pem")));
    ends.outside.set(&certificates.wanted_by_postfix("postfix").replace("encrypt", "may"));
    ends.start();
    swaks(ends.inside.address, ANNA, &[BOB], "out", "hello");
    eventually("it is tried", || ends.copy().contains("unable to get local issuer certificate"));
    // The authority is right now, and the name is not.
    ends.world.stop();
    ends.change("mailfw.toml", "stranger.pem", "authority.pem");
    ends.outside.set(&certificates.wanted_by_postfix("other").replace("encrypt", "may"));
    ends.outside.reload();
    let tries = ends.outside.log().matches("STARTTLS").count();
    ends.world.start();
    ends.retry();
    eventually("it is tried again", || ends.outside.log().matches("starttls=").count() > tries.max(1));
    eventually("it is put off", || ends.copy().contains("IP address mismatch"));
    assert!(!ends.outside.log().contains("client="), "nothing was begun");
    // Now both are.
    ends.world.stop();
    ends.outside.set(&certificates.wanted_by_postfix("postfix").replace("encrypt", "may"));
    ends.outside.reload();
    ends.world.start();
    ends.retry();
    eventually("it is delivered", || ends.outside.mail(BOB).len() == 1);
    assert!(ends.outside.mail(BOB)[0].contains("using TLSv1.3"));
}

#[test]
fn mail_that_must_go_encrypted_waits_for_a_server_that_offers_it() {
    let Some(mut ends) = Ends::new("") else { return };
    ends.to_outside("tls = \"required\"");
    ends.start();
    swaks(ends.inside.address, ANNA, &[BOB], "out", "hello");
    eventually("it is tried", || ends.copy().contains("encryption is required"));
    assert!(!ends.outside.log().contains("client="), "nothing was begun");
    assert!(ends.outside.mail(BOB).is_empty());
}

#[test]
fn addresses_and_fields_beyond_ascii_go_through_and_come_back_where_they_cannot() {
    let Some(ends) = Ends::started("") else { return };
    let (søren, jürgen) = ("søren@site.example", "jürgen@else.example");
    let out = message(søren, jürgen, "grüße", "Falsches Üben von Xylophonmusik").replace("<grüße@", "<1@");
    submit(
        ends.inside.address,
        &format!("<{søren}> SMTPUTF8 BODY=8BITMIME"),
        &[&format!("<{jürgen}>")],
        &out,
    );
    eventually("it has come", || ends.outside.mail(jürgen).len() == 1);
    assert_is(&ends.outside.mail(jürgen)[0], &out);
    assert!(ends.outside.mail(jürgen)[0].contains("(mailfw) with UTF8SMTP id"));
    let back = message(jürgen, søren, "rødgrød", "med fløde").replace("<rødgrød@", "<2@");
    submit(ends.outside.address, &format!("<{jürgen}> SMTPUTF8"), &[&format!("<{søren}>")], &back);
    eventually("the reply has come", || ends.inside.mail(søren).len() == 1);
    assert_is(&ends.inside.mail(søren)[0], &back);
    ends.settled();
    // What the relay heard before it would still hold within its session.
    eventually("the relay has gone", || ends.outside.log().contains("bdat=1 quit=1"));
    ends.outside.set("smtpd_discard_ehlo_keywords = smtputf8");
    ends.outside.reload();
    submit(
        ends.inside.address,
        &format!("<{søren}> SMTPUTF8"),
        &[&format!("<{jürgen}>"), &format!("<{BOB}>")],
        &out,
    );
    eventually("the sender has the report", || ends.inside.mail(søren).len() == 2);
    let mail = ends.inside.mail(søren);
    let report = mail.iter().find(|mail| mail.contains("delivery-status")).unwrap();
    for words in ["jürgen@else.example", BOB, "Status: 5.6.7", "Action: failed"] {
        assert!(status(report).contains(words), "{words}: {report}");
    }
    // Bytes beyond ASCII in the text alone need nothing but eight bits.
    let plain = message(ANNA, BOB, "plain", "Falsches Üben von Xylophonmusik");
    submit(ends.inside.address, &format!("<{ANNA}> BODY=8BITMIME"), &[&format!("<{BOB}>")], &plain);
    eventually("it has come", || ends.outside.mail(BOB).len() == 1);
    assert_is(&ends.outside.mail(BOB)[0], &plain);
    ends.settled();
}

#[test]
fn what_the_sender_wants_to_hear_of_goes_with_the_message() {
    let Some(ends) = Ends::started("") else { return };
    let text = message(ANNA, BOB, "one", "hello");
    let to = format!("<{BOB}> NOTIFY=SUCCESS ORCPT=rfc822;robert+2Bx@else.example");
    let never = "<nobody@else.example> NOTIFY=NEVER";
    submit(ends.inside.address, &format!("<{ANNA}> RET=HDRS ENVID=QQ+2B7"), &[&to, never], &text);
    eventually("the sender hears of it", || ends.inside.mail(ANNA).len() == 1);
    let report = &ends.inside.mail(ANNA)[0];
    let status = status(report);
    for words in [
        "Reporting-MTA: dns; outside.example",
        "Original-Envelope-Id: QQ+7",
        "Original-Recipient: rfc822;robert+x@else.example",
        "Final-Recipient: rfc822; bob@else.example",
        "Action: delivered",
        "Status: 2.0.0",
    ] {
        assert!(status.contains(words), "{words}: {status}");
    }
    ends.settled();
    assert_eq!(ends.inside.mail(ANNA).len(), 1, "nobody hears of the other");
    assert_eq!(ends.outside.mail(BOB).len(), 1);
}

#[test]
fn a_next_server_that_offers_little_gets_what_it_can_take_and_the_sender_hears_of_the_rest() {
    let Some(mut ends) = Ends::new("") else { return };
    ends.outside.set("smtpd_discard_ehlo_keywords = chunking, 8bitmime, pipelining, dsn");
    ends.start();
    let text = message(ANNA, BOB, "one", ".\r\n..\r\nhello");
    let to = format!("<{BOB}> NOTIFY=SUCCESS");
    submit(ends.inside.address, &format!("<{ANNA}> ENVID=QQ+2B7"), &[&to, "<late@else.example>"], &text);
    eventually("the sender hears that it was handed on", || ends.inside.mail(ANNA).len() == 1);
    let report = &ends.inside.mail(ANNA)[0];
    for words in
        ["Original-Envelope-Id: QQ+7", "Final-Recipient: rfc822; bob@else.example", "Action: relayed"]
    {
        assert!(status(report).contains(words), "{words}: {report}");
    }
    assert!(!report.contains("Final-Recipient: rfc822; late"), "{report}");
    ends.settled();
    assert_is(&ends.outside.mail(BOB)[0], &text);
    assert_is(&ends.outside.mail("late@else.example")[0], &text);
    let eight_bit = message(ANNA, BOB, "two", "Grüße");
    submit(ends.inside.address, &format!("<{ANNA}> BODY=8BITMIME"), &[&format!("<{BOB}>")], &eight_bit);
    eventually("it has come one way or the other", || {
        ends.outside.mail(BOB).len() == 2 || ends.inside.mail(ANNA).len() == 2
    });
    ends.settled();
    let mail = ends.inside.mail(ANNA);
    let report = mail.iter().find(|mail| mail.contains("Action: failed")).unwrap();
    assert!(status(report).contains("Status: 5.6.3"), "{report}");
}
