//! What a message says of itself: fields, parts, attachments, text, kinds, protection.

use std::{collections::HashSet, io::Write};

use mailfw::{
    base::limits::MessageLimits,
    language::schema::types::Enumeration,
    message::{
        Cause, CryptoKind, Kind, MalformationKind, Message, Priority, Role, Scope, Source, TextTree,
        filetype::Family,
    },
};

fn read(text: &str) -> Message {
    super::read(text.replace('\n', "\r\n").as_bytes())
}

fn text_of(message: &Message, tree: &TextTree) -> Vec<String> {
    tree.leaves().iter().map(|id| message.surface(*id).unwrap().surface.cased().trim().to_string()).collect()
}

fn occurrences(message: &Message, tree: &TextTree, word: &str) -> u64 {
    tree.count(&mut |id| message.surface(id).unwrap().surface.folded().matches(word).count() as u64)
}

const LETTER: &str = "From: \"Anna Ö\" <anna@acme.example>\n\
To: bob@example.net, Team: carl@example.net, dora@example.net;\n\
Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\n  aus Wien\n\
Date: Mon, 02 Feb 2026 10:00:00 +0100\n\
Message-ID: <1@acme.example>\n\
X-Priority: 1 (Highest)\n\
User-Agent: Test 1.0\n\
MIME-Version: 1.0\n\
Content-Type: multipart/mixed; boundary=m\n\n\
--m\nContent-Type: multipart/alternative; boundary=a\n\n\
--a\nContent-Type: text/plain; charset=utf-8\n\nThe invoice is attached.\n\
--a\nContent-Type: text/html; charset=utf-8\n\n<p>The <b>invoice</b> is <a href=\"https://x.example/\">attached</a>.</p>\n\
--a--\n\
--m\nContent-Type: text/csv; name=list.csv\nContent-Disposition: attachment; filename=list.csv\n\ninvoice;12\n\
--m\nContent-Type: message/rfc822\n\nFrom: z@y.example\nSubject: inner subject\n\ninner invoice\n\
--m--\n";

#[test]
fn an_ordinary_letter_has_one_reading_and_no_fault() {
    let message = read(LETTER);
    assert!(message.malformed().is_empty(), "{:?}", message.malformed());
    assert!(message.unscannable().is_empty());
    assert!(message.parts().iter().all(|p| p.is_primary()));
    let paths: Vec<(&str, Role)> = message.parts().iter().map(|p| (p.path(), p.role())).collect();
    let wanted = [
        ("1", Role::Container),
        ("1.1", Role::Container),
        ("1.1.1", Role::Text),
        ("1.1.2", Role::Html),
        ("1.2", Role::Attachment),
        ("1.3", Role::Message),
        ("1.3.1", Role::Text),
    ];
    assert_eq!(paths, wanted);
}

#[test]
fn the_fields_of_a_letter_are_typed() {
    let message = read(LETTER);
    assert_eq!(message.subject().unwrap().split_whitespace().collect::<Vec<_>>(), ["Grüße", "aus", "Wien"]);
    assert_eq!(message.from()[0].address, "anna@acme.example");
    assert_eq!(message.from()[0].display_name.as_deref(), Some("Anna Ö"));
    assert_eq!(message.from()[0].domain(), "acme.example");
    let to: Vec<&str> = message.to().iter().map(|m| m.address.as_str()).collect();
    assert_eq!(to, ["bob@example.net", "carl@example.net", "dora@example.net"]);
    assert!(message.from_other_readings().is_empty());
    assert_eq!(message.date().unwrap().to_string(), "2026-02-02T09:00:00Z");
    assert_eq!(message.message_id(), Some("1@acme.example"));
    assert_eq!(message.priority(), Priority::High);
    assert_eq!(message.agent(), Some("Test 1.0"));
}

#[test]
fn a_field_knows_its_bytes() {
    let message = read(LETTER);
    for header in message.headers().iter() {
        let field = &message.bytes()[header.range().unwrap()];
        assert!(field.starts_with(header.name().as_bytes()) && field.ends_with(b"\r\n"));
        assert_eq!(&message.bytes()[header.value_range().unwrap()], header.raw_value());
    }
    let rebuilt: Vec<u8> =
        message.headers().iter().flat_map(|h| message.bytes()[h.range().unwrap()].to_vec()).collect();
    assert_eq!(rebuilt, message.bytes()[message.parts()[0].header_range().unwrap()]);
}

#[test]
fn text_and_html_of_one_letter_count_once_and_parts_add_up() {
    let message = read(LETTER);
    assert_eq!(text_of(&message, message.body()), ["The invoice is attached.", "The invoice is attached."]);
    assert_eq!(occurrences(&message, message.body(), "invoice"), 1);
    assert_eq!(occurrences(&message, message.body_html(), "invoice"), 1);
    // Once in the body, once in the table, once in the attached message.
    assert_eq!(occurrences(&message, message.text(), "invoice"), 3);
    assert_eq!(occurrences(&message, message.text(), "inner subject"), 1);
    assert_eq!(occurrences(&message, message.body(), "inner"), 0);
}

#[test]
fn attachments_hang_in_their_containers() {
    let message = read(
        "Content-Type: multipart/mixed; boundary=m\nMIME-Version: 1.0\n\n\
         --m\nContent-Type: message/rfc822\nContent-Disposition: attachment; filename=letter.eml\n\n\
         Subject: x\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=n\n\n\
         --n\n\nhello\n--n\nContent-Type: image/png; name=a.png\n\nxyz\n--n--\n--m--\n",
    );
    let attachments = message.attachments();
    assert_eq!(attachments.len(), 2);
    assert_eq!(attachments[0].name(), Some("letter.eml"));
    assert_eq!(attachments[1].path(), "letter.eml/a.png");
    assert_eq!(attachments[1].container(), Some(attachments[0].id()));
    assert_eq!((attachments[0].depth(), attachments[1].depth()), (1, 2));
    assert_eq!(attachments[1].declared_type(), Some("image/png"));
    assert_eq!(attachments[1].file_type().family, Family::Text);
    assert_eq!(attachments[1].sha256(), "3608bca1e44ea6c4d268eb6db02260269892c0b42b86bbf1e77a6fa16c3c9282");
    let text = message.attachment_text(attachments[0].id()).unwrap();
    assert!(text_of(&message, text).iter().any(|t| t == "hello"));
}

fn zip(name: &str, content: &[u8]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    writer.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
    writer.write_all(content).unwrap();
    writer.finish().unwrap().into_inner()
}

fn with_file(name: &str, content: &[u8]) -> Message {
    let encoded = data_encoding::BASE64.encode(content);
    read(&format!(
        "MIME-Version: 1.0\nContent-Type: application/octet-stream; name={name}\n\
         Content-Transfer-Encoding: base64\n\n{encoded}\n"
    ))
}

#[test]
fn what_archives_and_the_messages_in_them_hold_is_text_and_attachment() {
    let inner = b"Subject: deep\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; name=n.txt\r\n\r\nthe secret plan\r\n";
    let message = with_file("a.zip", &zip("letters/b.zip", &zip("c.eml", inner)));
    let paths: Vec<&str> = message.attachments().iter().map(|a| a.path()).collect();
    assert_eq!(
        paths,
        ["a.zip", "a.zip/letters/b.zip", "a.zip/letters/b.zip/c.eml", "a.zip/letters/b.zip/c.eml/n.txt"]
    );
    assert_eq!(occurrences(&message, message.text(), "secret plan"), 1);
    assert_eq!(occurrences(&message, message.text(), "deep"), 1);
    assert!(message.body().is_empty());
}

#[test]
fn archives_nested_beyond_the_limit_are_a_fact() {
    let mut file = b"innermost".to_vec();
    for _ in 0..60 {
        file = zip("x.zip", &file);
    }
    let message = with_file("x.zip", &file);
    assert!(message.unread_for(Scope::Attachments).any(|u| u.cause == Cause::Limit));
    assert!(message.unread_for(Scope::Structure).next().is_none());
}

#[test]
fn a_bomb_ends_at_the_limit() {
    let message = with_file("x.zip", &zip("zeros", &vec![0u8; 64 << 20]));
    assert!(message.unread_for(Scope::Attachments).any(|u| u.cause == Cause::Limit));
}

#[test]
fn a_document_whose_text_cannot_be_read_leaves_its_text_open_and_nothing_else() {
    let message = with_file("x.pdf", b"%PDF-1.4\n1 0 obj\n<< >>\nendobj\ntrailer << >>\n%%EOF\n");
    assert_eq!(message.attachments()[0].file_type().family, Family::Document);
    assert!(message.unread_for(Scope::AttachmentText).any(|u| u.cause == Cause::Unsupported));
    assert!(message.unread_for(Scope::Text).next().is_some());
    for scope in [Scope::Structure, Scope::Body, Scope::Attachments] {
        assert!(message.unread_for(scope).next().is_none());
    }
}

const ARMOUR: &str = "-----BEGIN PGP MESSAGE-----\n\nhQEMA\n-----END PGP MESSAGE-----\n";

fn pgp_mime(second: &str, third: &str) -> Message {
    read(&format!(
        "MIME-Version: 1.0\nContent-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=e\n\n\
         --e\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n\
         --e\nContent-Type: application/octet-stream\n\n{second}\n{third}--e--\n"
    ))
}

#[test]
fn encryption_is_a_matter_of_structure() {
    let message = pgp_mime(ARMOUR, "");
    assert_eq!(message.encrypted(), Some(CryptoKind::PgpMime));
    assert!(message.unread_for(Scope::Body).any(|u| u.cause == Cause::Encrypted));
    let pasted = read(&format!("Subject: x\n\nclear text\n{ARMOUR}"));
    assert_eq!(pasted.encrypted(), None);
    assert!(pasted.unscannable().is_empty());
}

#[test]
fn clear_text_that_claims_to_be_encrypted_is_not() {
    assert_eq!(pgp_mime("the clear secret", "").encrypted(), None);
    assert_eq!(pgp_mime(&format!("{ARMOUR}\nthe clear secret"), "").encrypted(), None);
    assert_eq!(pgp_mime(ARMOUR, "--e\nContent-Type: text/plain\n\nthe clear secret\n").encrypted(), None);
    let claimed = read(
        "MIME-Version: 1.0\nContent-Type: application/pkcs7-mime; smime-type=enveloped-data\n\nclear secret\n",
    );
    assert_eq!(claimed.encrypted(), None);
    let beside = read(&format!(
        "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=m\n\n--m\n\nclear secret\n--m\n\
         Content-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=e\n\n\
         --e\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n\
         --e\nContent-Type: application/octet-stream\n\n{ARMOUR}--e--\n--m--\n"
    ));
    assert_eq!(beside.encrypted(), None);
    assert!(beside.unscannable().iter().any(|u| u.cause == Cause::Encrypted));
}

/// A signed envelope around a content, its lengths indefinite, its content in two pieces.
fn signed_envelope(content: &[u8]) -> Vec<u8> {
    let (first, second) = content.split_at(content.len() / 2);
    let piece = |bytes: &[u8]| [&[0x04, 0x81, u8::try_from(bytes.len()).unwrap()], bytes].concat();
    let oid =
        |last: u8| [&[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07][..], &[last]].concat();
    [
        &[0x30, 0x80][..],
        &oid(2),
        &[0xa0, 0x80, 0x30, 0x80, 0x02, 0x01, 0x01, 0x31, 0x00, 0x30, 0x80],
        &oid(1),
        &[0xa0, 0x80, 0x24, 0x80],
        &piece(first),
        &piece(second),
        &[0; 16],
    ]
    .concat()
}

#[test]
fn what_is_inside_a_signature_is_read() {
    let inner = b"Content-Type: multipart/mixed; boundary=i\r\n\r\n--i\r\n\r\nthe signed words\r\n--i\r\n\
        Content-Type: image/png; name=a.png\r\n\r\nxyz\r\n--i--\r\n";
    let encoded = data_encoding::BASE64.encode(&signed_envelope(inner));
    let message = read(&format!(
        "MIME-Version: 1.0\nContent-Type: application/pkcs7-mime; smime-type=signed-data; name=smime.p7m\n\
         Content-Transfer-Encoding: base64\n\n{encoded}\n"
    ));
    assert_eq!(message.signed(), Some(CryptoKind::SMime));
    assert_eq!(message.encrypted(), None);
    assert!(message.unscannable().is_empty(), "{:?}", message.unscannable());
    assert_eq!(occurrences(&message, message.body(), "the signed words"), 1);
    assert!(message.attachments().iter().any(|a| a.name() == Some("a.png")));
    let attached = with_file("smime.dat", &signed_envelope(inner));
    assert_eq!(occurrences(&attached, attached.text(), "the signed words"), 1);
    assert!(attached.attachments().iter().any(|a| a.path() == "smime.dat/a.png"));
}

#[test]
fn other_readings_of_the_author_are_known() {
    let message = read(
        "From: <boss@acme.example>(real) <evil@else.example>\nFrom: second@acme.example\nFr om: third@acme.example\nX: y\n\n.\n",
    );
    assert!(message.malformed().iter().any(|m| m.kind == MalformationKind::SeveralFrom));
    let all: HashSet<&str> =
        message.from().iter().chain(message.from_other_readings()).map(|m| m.address.as_str()).collect();
    for address in ["boss@acme.example", "evil@else.example", "second@acme.example", "third@acme.example"] {
        assert!(all.contains(address), "{address} is not in {all:?}");
    }
}

#[test]
fn kinds_come_from_fields_and_types() {
    let kinds = |text: &str| -> Vec<Kind> { read(text).kinds().iter().collect() };
    assert_eq!(kinds("Auto-Submitted: auto-replied (vacation)\n\nx\n"), [Kind::AutoReply]);
    assert_eq!(kinds("Auto-Submitted: no\n\nx\n"), []);
    assert_eq!(kinds("List-Id: <x.example>\nPrecedence: bulk\n\nx\n"), [Kind::List, Kind::Bulk]);
    let report = |kind: &str| {
        format!(
            "MIME-Version: 1.0\nContent-Type: multipart/report; report-type={kind}; boundary=r\n\n--r\n\nx\n--r--\n"
        )
    };
    assert_eq!(kinds(&report("delivery-status")), [Kind::Dsn]);
    assert_eq!(kinds(&report("disposition-notification")), [Kind::ReadReceipt]);
    assert_eq!(
        kinds("MIME-Version: 1.0\nContent-Type: text/calendar\n\nBEGIN:VCALENDAR\n"),
        [Kind::Calendar]
    );
    assert_eq!(kinds("Subject: x\n\nx\n"), []);
}

#[test]
fn the_language_of_the_body_is_told() {
    let german = "Sehr geehrte Damen und Herren, hiermit bestätigen wir den Eingang Ihrer Bestellung und danken Ihnen.";
    assert_eq!(
        read(&format!("Subject: x\nContent-Type: text/plain; charset=utf-8\n\n{german}\n")).language(),
        Some("de")
    );
    assert_eq!(read("Subject: x\n\nok\n").language(), None);
}

#[test]
fn surfaces_know_where_they_are_from() {
    let message = read(LETTER);
    let named: Vec<(&Source, &str)> =
        message.surfaces().iter().map(|s| (&s.source, s.name.as_str())).collect();
    assert!(named.iter().any(|(source, name)| matches!(source, Source::Subject(0)) && *name == "subject"));
    assert!(named.iter().any(|(source, name)| matches!(source, Source::Part(_)) && *name == "part 1.1.1"));
    assert!(
        named.iter().any(|(source, name)| matches!(source, Source::Attachment(_)) && *name == "list.csv")
    );
    assert_eq!(message.links().len(), 1);
    assert_eq!(message.links()[0].link.host.as_deref(), Some("x.example"));
    let html = message.surface(message.links()[0].surface).unwrap();
    assert!(html.html);
    assert_eq!(&html.text[message.links()[0].link.source.clone()], "https://x.example/");
}

#[test]
fn text_beyond_the_limit_is_a_fact() {
    let limits = MessageLimits { text_bytes: 1_000, ..MessageLimits::default() };
    let message = Message::parse(format!("Subject: x\n\n{}", "word ".repeat(1_000)).into_bytes(), &limits);
    assert!(message.unread_for(Scope::Text).any(|u| u.cause == Cause::Limit));
    assert!(message.surfaces().iter().map(|s| s.text.len()).sum::<usize>() <= 1_000);
}

#[test]
fn an_unknown_charset_is_read_as_it_can_be_and_said() {
    let message = super::read(b"Content-Type: text/plain; charset=x-nobody\n\nGr\xfc\xdfe\n");
    assert_eq!(text_of(&message, message.body()), ["Grüße"]);
    assert!(message.malformed().iter().any(|m| m.kind == MalformationKind::BadCharset));
    assert!(message.unread_for(Scope::Body).any(|u| u.cause == Cause::Unsupported));
    let plain = super::read(b"Content-Type: text/plain; charset=x-nobody\n\nplain\n");
    assert!(plain.unscannable().is_empty());
}

#[test]
fn names_of_facts_are_unique_and_stable_in_form() {
    let mut seen = HashSet::new();
    let names = MalformationKind::ALL.iter().map(|k| k.name()).chain(Cause::ALL.iter().map(|c| c.name()));
    for name in names.chain(Kind::ALL.iter().map(|k| k.name())) {
        assert!(seen.insert(name), "{name} twice");
        assert!(name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'), "{name}");
    }
}

#[test]
fn policies_know_every_malformation_cause_and_kind_by_its_name() {
    let same = |enumeration: Enumeration, names: Vec<&str>| {
        let names: Vec<String> = names.iter().map(|name| name.replace('-', "_")).collect();
        assert_eq!(enumeration.values(), names);
    };
    same(Enumeration::Malformation, MalformationKind::ALL.iter().map(|k| k.name()).collect());
    same(Enumeration::Cause, Cause::ALL.iter().map(|c| c.name()).collect());
    same(Enumeration::Kind, Kind::ALL.iter().map(|k| k.name()).collect());
}

#[test]
fn nothing_at_all_is_a_message() {
    let message = super::read(b"");
    assert_eq!(message.parts().len(), 1);
    assert_eq!(message.subject(), None);
    assert!(message.attachments().is_empty());
    assert!(message.text().is_empty());
}

#[test]
fn the_header_that_says_most_gives_the_priority() {
    for (fields, wanted) in [
        ("X: y\n", Priority::Normal),
        ("Importance: high\nX-Priority: 5\n", Priority::High),
        ("X-Priority: 5\nX-Priority: 1 (Highest)\n", Priority::High),
        ("Priority: urgent\nImportance: low\n", Priority::High),
        ("Importance: Normal\nX-Priority: 4\n", Priority::Low),
        ("Priority: non-urgent\nX-MSMail-Priority: Normal\n", Priority::Low),
        ("Priority: normal\nX-Priority: 3\n", Priority::Normal),
        ("Importance:\n", Priority::Normal),
    ] {
        assert_eq!(read(&format!("{fields}\ntext\n")).priority(), wanted, "{fields}");
    }
}
