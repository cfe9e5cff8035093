//! What each command line is read as.

use mailfw::relay::smtp::command::{Command, Fault, MailFrom, Notify, Returns, parse};

fn mail(line: &str) -> MailFrom {
    match parse(line.as_bytes()) {
        Ok(Command::Mail(mail)) => mail,
        other => panic!("{line}: {other:?}"),
    }
}

#[test]
fn a_sender_is_read_with_every_parameter_that_is_offered() {
    let all = mail(
        "mail FROM: <Anna@Acme.Example> SIZE=1024 BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=QQ314+2B MT-PRIORITY=-3",
    );
    assert_eq!(all.sender.as_ref().map(ToString::to_string).as_deref(), Some("anna@acme.example"));
    assert_eq!(
        (&*all.text, all.size, all.eight_bit, all.utf8),
        ("Anna@Acme.Example", Some(1024), true, true)
    );
    assert_eq!(
        (all.returns, all.envelope_id.as_deref(), all.priority),
        (Some(Returns::Headers), Some("QQ314+2B"), Some(-3))
    );
    assert_eq!(mail("MAIL FROM:<>").sender, None);
    assert_eq!(&*mail("MAIL FROM:<@a.example,@b.example:c@d.example>").text, "c@d.example");
    assert_eq!(&*mail("MAIL FROM:<\"a>b\"@d.example>").text, "\"a>b\"@d.example");
    assert_eq!(mail("MAIL FROM:<a@b.example> SIZE=99999999999999999999").size, Some(u64::MAX));
}

#[test]
fn a_recipient_is_read_with_what_the_sender_wants_to_hear_of_it() {
    let Ok(Command::Rcpt(to)) = parse(b"RCPT TO:<b@c.example> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;b@c.example")
    else {
        panic!("a recipient");
    };
    assert_eq!(to.notify, Some(Notify { success: true, failure: false, delay: true }));
    assert_eq!(to.original.as_deref(), Some("rfc822;b@c.example"));
    let Ok(Command::Rcpt(to)) = parse(b"RCPT TO:<Postmaster>") else { panic!("a recipient") };
    assert_eq!(to.recipient, None);
}

#[test]
fn what_cannot_be_read_in_one_way_is_refused() {
    for (line, fault) in [
        ("", Fault::Unknown),
        ("GET / HTTP/1.1", Fault::Unknown),
        ("EXPN list", Fault::NotImplemented),
        ("EHLO", Fault::Arguments),
        ("EHLO two words", Fault::Arguments),
        ("DATA now", Fault::Arguments),
        ("MAIL FROM:a@b.example", Fault::Arguments),
        ("MAIL FROM:<a@b.example", Fault::Arguments),
        ("MAIL FROM:<a@b.example>SIZE=1", Fault::Arguments),
        ("MAIL TO:<a@b.example>", Fault::Arguments),
        ("MAIL FROM:<a@b.example\0>", Fault::Arguments),
        ("MAIL FROM:<a>", Fault::Address),
        ("MAIL FROM:<<a@b.example>>", Fault::Arguments),
        ("MAIL FROM:<a b@c.example>", Fault::Address),
        ("MAIL FROM:<a@b.example> SIZE=1 SIZE=2", Fault::Parameter),
        ("MAIL FROM:<a@b.example> SIZE=", Fault::Parameter),
        ("MAIL FROM:<a@b.example> SIZE=-1", Fault::Parameter),
        ("MAIL FROM:<a@b.example> BODY=BINARYMIME", Fault::Parameter),
        ("MAIL FROM:<a@b.example> MT-PRIORITY=10", Fault::Parameter),
        ("MAIL FROM:<a@b.example> ENVID=+2b", Fault::Parameter),
        ("MAIL FROM:<a@b.example> AUTH=<>", Fault::Parameter),
        ("MAIL FROM:<\u{fc}@b.example>", Fault::NotAscii),
        ("RCPT TO:<>", Fault::Address),
        ("RCPT TO:<a@b.example> NOTIFY=NEVER,FAILURE", Fault::Parameter),
        ("RCPT TO:<a@b.example> ORCPT=a@b.example", Fault::Parameter),
        ("BDAT", Fault::Arguments),
        ("BDAT +5", Fault::Arguments),
        ("BDAT 5 LAST LAST", Fault::Arguments),
        ("BDAT 99999999999999999999999", Fault::Arguments),
    ] {
        assert_eq!(parse(line.as_bytes()), Err(fault), "{line:?}");
    }
    assert_eq!(parse(b"MAIL FROM:<\xff@b.example> SMTPUTF8"), Err(Fault::NotAscii));
}
