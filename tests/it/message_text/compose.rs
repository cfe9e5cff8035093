use mailfw::base::limits::MessageLimits;
use mailfw::message::compose::{
    DeliveryReport, Notification, Original, ReportAction, ReportedRecipient, Stamp, delivery_report,
    notification,
};
use mailfw::message::{Kind, Message, Role};

fn stamp() -> Stamp {
    Stamp {
        date: "2026-01-01T12:00:00Z".parse().unwrap(),
        message_id: "1@acme.example".to_owned(),
        seed: "seed".to_owned(),
    }
}

fn parse(bytes: &[u8]) -> Message {
    Message::parse(bytes.to_vec(), &MessageLimits::default())
}

const ORIGINAL: &[u8] = b"From: a@b.example\nSubject: old\n\n--=_\nGr\xfc\xdfe\n";

fn letter<'a>(to: &'a [String], original: Original<'a>) -> Notification<'a> {
    Notification {
        from: "Postmaster <postmaster@acme.example>",
        to,
        subject: "Ihre Nachricht \u{2013} gehalten\r\nBcc: x@y.example",
        text: Some("Gr\u{fc}\u{df}e\n.\nFrom here on"),
        html: Some("<p>Gr\u{fc}\u{df}e</p>"),
        original,
        in_reply_to: Some("<0@b.example>"),
    }
}

#[test]
fn a_notification_reads_as_it_was_written() {
    let to = ["a@b.example".to_owned(), "J\u{fc}rgen <j@b.example>".to_owned()];
    let bytes = notification(&letter(&to, Original::Whole(ORIGINAL)), &stamp());
    assert_eq!(bytes, notification(&letter(&to, Original::Whole(ORIGINAL)), &stamp()));
    let message = parse(&bytes);
    assert!(
        message.malformed().iter().all(|found| found.place.shown != "part 1"),
        "{:?}",
        message.malformed()
    );
    assert_eq!(message.subject(), Some("Ihre Nachricht \u{2013} gehalten  Bcc: x@y.example"));
    assert!(message.bcc().is_empty());
    let to: Vec<String> = message.to().iter().map(|mailbox| format!("{mailbox:?}")).collect();
    assert_eq!(to.len(), 2, "{to:?}");
    assert_eq!(message.headers().first("auto-submitted").unwrap().value(), "auto-generated");
    assert_eq!(message.headers().first("date").unwrap().value(), "Thu, 01 Jan 2026 12:00:00 +0000");
    assert_eq!(message.headers().first("in-reply-to").unwrap().value(), "<0@b.example>");
    assert_eq!(message.message_id(), Some("1@acme.example"));
    let texts: Vec<String> = message
        .parts()
        .iter()
        .filter(|part| {
            matches!(part.role(), Role::Text | Role::Html) && part.is_primary() && part.depth() <= 2
        })
        .map(|part| String::from_utf8_lossy(part.content()).into_owned())
        .collect();
    assert_eq!(texts[..2], ["Gr\u{fc}\u{df}e\r\n.\r\nFrom here on\r\n", "<p>Gr\u{fc}\u{df}e</p>\r\n"]);
    let attached = message.parts().iter().find(|part| part.role() == Role::Message).unwrap();
    assert_eq!(attached.raw_body(), ORIGINAL);
}

#[test]
fn of_the_original_only_what_was_asked_for_goes_along() {
    let to = ["a@b.example".to_owned()];
    let headers = parse(&notification(&letter(&to, Original::Headers(ORIGINAL)), &stamp()));
    let part =
        headers.parts().iter().find(|part| part.media_type().as_str() == "text/rfc822-headers").unwrap();
    assert_eq!(part.content(), b"From: a@b.example\nSubject: old\n");
    let nothing = parse(&notification(&letter(&to, Original::Nothing), &stamp()));
    assert_eq!(nothing.parts()[0].media_type().as_str(), "multipart/alternative");
    let plain = Notification { html: None, ..letter(&to, Original::Nothing) };
    assert_eq!(parse(&notification(&plain, &stamp())).parts().len(), 1);
}

#[test]
fn a_delivery_report_is_one_by_its_structure() {
    let recipients = [
        ReportedRecipient {
            address: "b@acme.example",
            original: Some("rfc822;bob@acme.example"),
            remote: Some("mx.next.example"),
            action: ReportAction::Failed,
            status: "5.7.1",
            diagnostic: "550 5.7.1 no\r\nStatus: 2.0.0",
        },
        ReportedRecipient {
            address: "j\u{fc}rgen@acme.example",
            original: None,
            remote: None,
            action: ReportAction::Failed,
            status: "5.7.1",
            diagnostic: "550 5.7.1 nein",
        },
    ];
    let report = DeliveryReport {
        from: "postmaster@acme.example",
        to: "a@b.example",
        subject: "Returned mail",
        text: "It was returned.",
        reporting_host: "mx.acme.example",
        arrival: Some(stamp().date),
        envelope_id: Some("QQ314159"),
        recipients: &recipients,
        original: Original::Headers(ORIGINAL),
        in_reply_to: None,
    };
    let message = parse(&delivery_report(&report, &stamp()));
    assert!(message.kinds().contains(Kind::Dsn), "{:?}", message.kinds());
    let root = &message.parts()[0];
    assert_eq!(root.media_type().as_str(), "multipart/report");
    assert_eq!(root.parameter("report-type").as_deref(), Some("delivery-status"));
    let status =
        message.parts().iter().find(|part| part.media_type().as_str() == "message/delivery-status").unwrap();
    assert_eq!(
        String::from_utf8_lossy(status.raw_body()),
        "Original-Envelope-Id: QQ314159\r\nReporting-MTA: dns; mx.acme.example\r\nArrival-Date: Thu, 01 Jan 2026 12:00:00 +0000\r\n\r\n\
         Original-Recipient: rfc822;bob@acme.example\r\nFinal-Recipient: rfc822; b@acme.example\r\nAction: failed\r\nStatus: 5.7.1\r\nRemote-MTA: dns; mx.next.example\r\nDiagnostic-Code: smtp; 550 5.7.1 no Status: 2.0.0\r\n\r\n\
         Final-Recipient: utf-8; j\\x{FC}rgen@acme.example\r\nAction: failed\r\nStatus: 5.7.1\r\nDiagnostic-Code: smtp; 550 5.7.1 nein\r\n"
    );
}
