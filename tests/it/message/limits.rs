//! Nothing is cut in silence: what is too many of a kind is read all the same, or the message is over a limit.

use mailfw::{
    base::limits::MessageLimits,
    message::{Cause, MalformationKind, Message, Scope, surface},
};

use super::read;

const MARK: &str = "zanzibar marker";

fn has_text(message: &Message, wanted: &str) -> bool {
    let wanted = surface::fold(wanted);
    let leaves = message.text().leaves();
    leaves.iter().filter_map(|id| message.surface(*id)).any(|s| s.surface.folded().contains(&wanted))
}

fn is_cut(message: &Message, scope: Scope) -> bool {
    message.unread_for(scope).any(|u| u.cause == Cause::Limit)
}

fn crlf(text: &str) -> Vec<u8> {
    text.replace('\n', "\r\n").into_bytes()
}

#[test]
fn every_subject_is_searched() {
    let subjects: String = (0..70).map(|number| format!("Subject: {number}\n")).collect();
    let message = read(&crlf(&format!("From: a@b.example\n{subjects}Subject: {MARK}\n\ntext\n")));
    assert!(has_text(&message, MARK));
}

#[test]
fn every_disposition_and_every_name_is_seen() {
    for count in [5, 20, 100] {
        let fields: String = (0..count)
            .map(|number| format!("Content-Disposition: attachment; filename=n{number}.txt\n"))
            .collect();
        let message = read(&crlf(&format!(
            "Content-Type: image/png\n{fields}Content-Disposition: attachment; filename=evil.exe\n\nx\n"
        )));
        let names: Vec<&str> = message.attachments()[0].names().collect();
        assert!(names.contains(&"evil.exe"), "{count}: {names:?}");
    }
    let fields: String = (0..1_500)
        .map(|number| format!("Content-Disposition: attachment; filename=n{number}.txt\n"))
        .collect();
    let message = read(&crlf(&format!("Content-Type: image/png\n{fields}\nx\n")));
    assert!(message.attachments()[0].names().count() == 1_500 || is_cut(&message, Scope::Structure));
    let names: String = (0..300).map(|number| format!("; x{number}=y")).collect();
    let message = read(&crlf(&format!(
        "Content-Type: image/png\nContent-Disposition: attachment{names}; filename=evil.exe\n\nx\n"
    )));
    assert!(is_cut(&message, Scope::Structure), "parameters that are not read");
}

#[test]
fn every_address_of_a_long_field_is_there_with_its_name() {
    let all: Vec<String> =
        (0..4_000).map(|number| format!("\"Doe, {number}\" <user{number}@x{number}.example>")).collect();
    let message = read(&crlf(&format!("From: a@b.example\nTo: {}\n\ntext\n", all.join(",\n "))));
    assert_eq!(message.to().len(), 4_000);
    assert_eq!(message.to()[3_999].address, "user3999@x3999.example");
    assert_eq!(message.to()[3_999].display_name.as_deref(), Some("Doe, 3999"));
    let encoded: Vec<String> =
        (0..2_500).map(|number| format!("=?utf-8?q?J=C3=B6rg_{number}?= <user{number}@x.example>")).collect();
    let message = read(&crlf(&format!("From: {}\n\ntext\n", encoded.join(",\n "))));
    assert_eq!(message.from()[2_499].display_name.as_deref(), Some("Jörg 2499"));
    assert!(message.from_other_readings().is_empty());
    let group = format!("To: friends: {}, last@x.example;\n\ntext\n", all.join(",\n "));
    let message = read(&crlf(&group));
    assert!(message.to().iter().any(|m| m.address == "last@x.example"));
    assert!(message.to().iter().any(|m| m.address == "user0@x0.example"));
}

#[test]
fn addresses_that_only_others_see_take_linear_time() {
    let mut field = String::from("(");
    for number in 0..30_000 {
        field.push_str(&format!("u{number}@x.example "));
    }
    let start = std::time::Instant::now();
    let message = read(&crlf(&format!("From: a@b.example {field})\n\ntext\n")));
    assert_eq!(message.from_other_readings().len() + message.from().len(), 30_001);
    assert!(start.elapsed() < std::time::Duration::from_secs(10), "{:?}", start.elapsed());
}

#[test]
fn every_attribute_of_an_element_is_read() {
    let attributes = "alt=x ".repeat(400);
    let html = format!("<p>hello</p><img {attributes}title='{MARK}' src='http://evil.example/'>");
    let message = read(&crlf(&format!("Content-Type: text/html\n\n{html}\n")));
    assert!(has_text(&message, MARK));
    assert!(message.links().iter().any(|l| l.link.host.as_deref() == Some("evil.example")));
}

#[test]
fn links_beyond_the_limit_are_said() {
    let html: String =
        (0..25_000).map(|number| format!("<a href=http://h{number}.example>x</a>\n")).collect();
    let message = read(&crlf(&format!("Content-Type: text/html\n\n{html}\n")));
    assert!(message.links().len() == 25_000 || is_cut(&message, Scope::Links));
    let text: String = (0..25_000).map(|number| format!("http://h{number}.example/ \n")).collect();
    let message = read(&crlf(&format!("Content-Type: text/plain\n\n{text}\n")));
    assert!(message.links().len() == 25_000 || is_cut(&message, Scope::Links));
    let few = read(&crlf("Content-Type: text/plain\n\nhttp://h.example/\n"));
    assert!(!is_cut(&few, Scope::Links));
}

#[test]
fn a_link_is_read_to_its_end() {
    let long = format!("http://h.example/{}?{}", "a".repeat(20_000), "evil");
    let message = read(&crlf(&format!("Content-Type: text/plain\n\nsee {long} there\n")));
    assert_eq!(message.links()[0].link.url, long);
}

#[test]
fn a_parameter_behind_many_blanks_is_one() {
    let blanks = " ".repeat(300);
    let message = read(&crlf(&format!(
        "MIME-Version: 1.0\nContent-Type: multipart/mixed{blanks}boundary=foo\n\n--foo\n\
         Content-Type: application/octet-stream; name=x.bin\nContent-Transfer-Encoding: base64\n\nTVo=\n--foo--\n"
    )));
    assert_eq!(message.attachments()[0].content(), b"MZ");
}

#[test]
fn comments_that_never_end_are_said_where_they_are_too_many() {
    let open = "( ".repeat(40);
    let message = read(&crlf(&format!(
        "MIME-Version: 1.0\nContent-Type: multipart{open}(x)/mixed; boundary=foo\n\n--foo\n\ntext\n--foo--\n"
    )));
    assert!(is_cut(&message, Scope::Structure));
}

#[test]
fn an_encoded_word_of_any_length_is_decoded() {
    let word: String = "=41".repeat(3_000);
    let message = read(&crlf(&format!("Subject: =?utf-8?q?{word}_zanzibar_=6Darker?=\n\ntext\n")));
    assert!(has_text(&message, MARK));
}

#[test]
fn a_boundary_that_nobody_declares_is_found_however_late() {
    let padding = "just words\n".repeat(150_000);
    let message = read(&crlf(&format!(
        "MIME-Version: 1.0\nContent-Type: multipart/mixed\n\n{padding}--foo\n\
         Content-Type: application/octet-stream; name=x.bin\nContent-Transfer-Encoding: base64\n\nTVo=\n--foo--\n"
    )));
    assert!(message.attachments().iter().any(|a| a.content() == b"MZ"));
}

#[test]
fn fields_behind_any_number_of_bare_carriage_returns_are_seen() {
    let returns = "x\r".repeat(100);
    let text = format!("From: a@b.example\r\nX: {returns}Subject: {MARK}\r\n\r\ntext\r\n");
    assert!(has_text(&read(text.as_bytes()), MARK));
    let hidden: String = (0..5_000).map(|number| format!("\rX{number}: y")).collect();
    let text = format!("From: a@b.example\r\nX: y{hidden}\rSubject: {MARK}\r\n\r\ntext\r\n");
    let message = read(text.as_bytes());
    assert!(has_text(&message, MARK) || is_cut(&message, Scope::Structure));
}

#[test]
fn a_binhex_file_is_said_wherever_it_stands() {
    let padding = "just words\n".repeat(150_000);
    let message = read(&crlf(&format!(
        "Subject: x\n\n{padding}(This file must be converted with BinHex 4.0)\n\n\n\n\n\n:abc:\n"
    )));
    assert!(message.unread_for(Scope::Text).any(|u| u.cause == Cause::Unsupported));
}

#[test]
fn a_media_type_of_any_length_is_whole() {
    let long = format!("application/{}evil", "x".repeat(200));
    let message = read(&crlf(&format!("Content-Type: {long}; name=a\n\nx\n")));
    assert_eq!(message.attachments()[0].declared_type(), Some(long.as_str()));
}

#[test]
fn a_date_behind_a_long_comment_is_read() {
    let message = read(&crlf(&format!("Date: Thu, 1 Jan 2026 ({}) 12:00:00 +0000\n\nx\n", "c".repeat(300))));
    let short = read(&crlf("Date: Thu, 1 Jan 2026 (c) 12:00:00 +0000\n\nx\n"));
    assert_eq!(message.date(), short.date());
}

#[test]
fn where_a_second_reading_would_cost_too_much_the_message_is_over_a_limit() {
    let words = "=? ".repeat(2_000);
    let text = format!(
        "From: a@b.example\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=foo\n\n--foo\n\n{words}\n--foobar\n\nx\n--foo--\n"
    );
    assert!(is_cut(&read(&crlf(&text)), Scope::Body));
}

#[test]
fn a_compressed_envelope_beyond_the_limit_is_said() {
    use std::io::Write;
    let mut packer = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    packer.write_all(&vec![b'a'; 1 << 20]).unwrap();
    let packed = packer.finish().unwrap();
    let element = |tag: u8, content: &[u8]| {
        let mut out = vec![tag, 0x82];
        out.extend(u16::try_from(content.len()).unwrap().to_be_bytes());
        out.extend(content);
        out
    };
    const COMPRESSED: &[u8] = &[6, 11, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 0x10, 1, 9];
    const DATA: &[u8] = &[6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 1];
    let inner = [DATA, &element(0xa0, &element(4, &packed))].concat();
    let body = [&[2, 1, 0][..], &element(0x30, &[]), &element(0x30, &inner)].concat();
    let envelope = element(0x30, &[COMPRESSED, &element(0xa0, &element(0x30, &body))].concat());
    let encoded = data_encoding::BASE64.encode(&envelope);
    for media in [
        "application/pkcs7-mime; smime-type=compressed-data; name=smime.p7z",
        "application/octet-stream; name=x.p7z",
    ] {
        let text = format!(
            "MIME-Version: 1.0\nContent-Type: {media}\nContent-Transfer-Encoding: base64\n\n{encoded}\n"
        );
        let limits = MessageLimits { expanded_bytes: 100_000, ..MessageLimits::default() };
        let message = Message::parse(crlf(&text), &limits);
        assert!(is_cut(&message, Scope::Attachments), "{media}");
    }
}

#[test]
fn no_number_of_one_malformation_hides_another() {
    let bad = "bad line\n".repeat(100);
    let message = read(&crlf(&format!("From: a@b.example\n{bad}X: a\0b\n\ntext\n")));
    assert!(message.malformed().iter().any(|m| m.kind == MalformationKind::NulByte));
}

#[test]
fn texts_that_another_reader_finds_too_take_linear_time() {
    let filler = "word ".repeat(1_000);
    let parts: String = (0..700)
        .map(|number| {
            format!("--foo\nContent-Type: text/plain\n\n{number} {filler}=\n--foobar\n\n{number}\n")
        })
        .collect();
    let start = std::time::Instant::now();
    read(&crlf(&format!(
        "From: a@b.example\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=foo\n\n{parts}--foo--\n"
    )));
    assert!(start.elapsed() < std::time::Duration::from_secs(20), "{:?}", start.elapsed());
}
