//! Ways to hide a text or a file from one reader that another reader shows, beyond those of the corpus.

use mailfw::message::{Message, surface};

use super::read;

const MARK: &str = "zanzibar marker";

/// The mark in base64.
const MARK_64: &str = "emFuemliYXIgbWFya2Vy";

fn shows(message: &Message) -> bool {
    let mark = surface::fold(MARK);
    let in_text = message
        .text()
        .leaves()
        .iter()
        .filter_map(|id| message.surface(*id))
        .any(|s| s.surface.folded().contains(&mark));
    let in_file =
        message.attachments().iter().any(|a| memchr::memmem::find(a.content(), MARK.as_bytes()).is_some());
    in_text || in_file
}

/// A message in the form in which it is written here: `{mark}` and `{64}` stand for the mark.
fn message(text: &str) -> Message {
    let text = text.replace("{mark}", MARK).replace("{64}", MARK_64);
    read(text.replace('\n', "\r\n").as_bytes())
}

#[track_caller]
fn found(text: &str) {
    assert!(shows(&message(text)), "not found in:\n{text}");
}

const FILE: &str =
    "Content-Type: application/octet-stream; name=x.bin\nContent-Transfer-Encoding: base64\n\n{64}\n";

fn multipart(content_type: &str, body: &str) -> String {
    format!("From: a@b.example\nMIME-Version: 1.0\n{content_type}\n\n{}", body.replace("{file}", FILE))
}

#[test]
fn a_header_that_ends_at_a_line_of_blanks() {
    found("From: a@b.example\nContent-Type: text/plain\n \t\nSecret: {mark}\n\nrest\n");
    found("From: a@b.example\nX: y\n \nContent-Transfer-Encoding: base64\n\n{64}\n");
}

#[test]
fn a_header_with_a_line_that_is_no_field() {
    found("From: a@b.example\nnot a field\nContent-Transfer-Encoding: base64\n\n{64}\n");
    found("From: a@b.example\nnot a field {mark}\nX-Y: z\n\nrest\n");
    found("From: a@b.example\nContent-Transfer-Encoding: base64\n{64}\n");
}

#[test]
fn field_names_with_blanks_and_foreign_bytes() {
    found("From: a@b.example\nContent-Transfer-Encoding : base64\n\n{64}\n");
    found("From: a@b.example\nContent- Transfer-Encoding: base64\nX: y\n\n{64}\n");
    found("From: a@b.example\nContent-Transfer-Encoding\0: base64\nX: y\n\n{64}\n");
    found("\nFrom: a@b.example\nContent-Transfer-Encoding: base64\n\n{64}\n");
    found(" \nFrom: a@b.example\nContent-Transfer-Encoding: base64\n\n{64}\n");
}

#[test]
fn boundaries_with_blanks_quotes_and_comments() {
    for (declared, used) in [
        ("boundary=\"foo \"", "foo"),
        ("boundary=\" foo\"", "foo"),
        ("boundary=\"foo\" (comment)", "foo"),
        ("boundary=foo (comment)", "foo"),
        ("boundary=\"fo\\o\"", "foo"),
        ("boundary=\"fo\\o\"", "fo\\o"),
        ("boundary=\"foo", "foo"),
        ("boundary='foo'", "'foo'"),
        ("boundary = foo", "foo"),
        ("BOUNDARY=foo", "foo"),
        ("boundary=\n foo", "foo"),
        ("boundary=\"fo\n o\"", "fo o"),
        ("boundary=\"fo\n o\"", "foo"),
        ("boundary*=us-ascii''f%6fo", "foo"),
        ("boundary*0*=us-ascii'en'f; boundary*1*=%6fo", "foo"),
        ("boundary*1=oo; boundary*0=f", "foo"),
        ("boundary=bar; boundary*=us-ascii''foo", "foo"),
        ("boundary=\"=?utf-8?b?Zm9v?=\"", "foo"),
        ("boundary=bar; boundary=foo", "foo"),
        ("x=\"a;b\"; boundary=foo", "foo"),
        ("x=(a;b) y; boundary=foo", "foo"),
        ("boundary=foo, x=y", "foo, x=y"),
        ("", "foo"),
        ("boundary=", "foo"),
        ("boundary=never-there", "foo"),
    ] {
        let content_type = format!("Content-Type: multipart/mixed; {declared}");
        found(&multipart(&content_type, &format!("--{used}\n{{file}}--{used}--\n")));
    }
}

#[test]
fn types_that_are_no_types() {
    for content_type in [
        "Content-Type: multipart/mixed boundary=foo",
        "Content-Type: multipart; boundary=foo",
        "Content-Type: multipart/; boundary=foo",
        "Content-Type: MULTIPART/MIXED; boundary=foo",
        "Content-Type: \"multipart/mixed\"; boundary=foo",
        "Content-Type: multi(x)part/mixed; boundary=foo",
        "Content-Type: ; boundary=foo",
        "Content-Type: boundary=foo",
        "Content-Type: text/plain; boundary=foo",
        "Content-Type: x-unknown/x; boundary=foo",
        "Content-Type: text/plain\nContent-Type: multipart/mixed; boundary=foo",
        "X: y\nContent-Type multipart/mixed; boundary=foo",
        "Content-type:multipart/mixed;boundary=foo",
        "Content-Type:\n multipart/mixed;\n\tboundary=foo",
    ] {
        found(&multipart(content_type, "--foo\n{file}--foo--\n"));
    }
}

#[test]
fn delimiter_lines_that_some_readers_take() {
    let content_type = "Content-Type: multipart/mixed; boundary=foo";
    for body in [
        "--foo   \n{file}--foo--\n",
        "--foo\n\n--foo--\n\n--foo\n{file}--foo--\n",
        "--foo\n\ntext\n--foobar\n{file}--foo--\n",
        "--foo\n\ntext\n--foo--bar\n{file}--foo--\n",
        "--foo\n\ntext\n--foo\n\n{file}--foo--\n",
        "{file}--foo\n\ntext\n--foo--\n",
        "\n{file}\n--foo\n\ntext\n--foo--\n",
        "--foo\n\ntext\n--foo--\n{file}",
        "--foo\n{file}",
        "--foo\nContent-Type: multipart/mixed; boundary=bar\n\n--bar\n{file}--foo--\n",
        "--foo\nContent-Type: multipart/mixed; boundary=foo\n\n--foo\n{file}--foo--\n",
        "--foo\nContent-Type: multipart/mixed; boundary=\"foo--\"\n\n--foo--\n{file}--foo----\n",
    ] {
        found(&multipart(content_type, body));
    }
}

#[test]
fn transfer_encodings_that_some_readers_know() {
    for encoding in [
        "BASE64",
        "base64;",
        "base64 ",
        "\"base64\"",
        "(c) base64",
        "base64 (c)",
        "base-64",
        "x-base64",
        "base64, 7bit",
        "7bit base64",
        "7bit\nContent-Transfer-Encoding: base64",
        "base64\nContent-Transfer-Encoding: 7bit",
        "8bit\n base64",
        "b64",
        "unknown",
    ] {
        found(&format!("From: a@b.example\nContent-Transfer-Encoding: {encoding}\n\n{{64}}\n"));
    }
    found("Content-Transfer-Encoding: quoted-printable\n\nzanzi=\nbar =6Darker\n");
    found("Content-Transfer-Encoding: quoted-printable\n\nzanzi=   \nbar =6darker\n");
    found("Content-Transfer-Encoding: quoted-printable\n\nz=anzibar =6Darker\n");
    found("Content-Transfer-Encoding: base64\n\nplain words here: {mark}!\n");
    found("Content-Transfer-Encoding: base64\n\nemFu\nemli.YXIg\n\nbWFy a2Vy\n");
}

#[test]
fn containers_with_a_transfer_encoding() {
    let inner = "--foo\r\n\r\nzanzibar marker\r\n--foo--\r\n";
    let encoded = data_encoding::BASE64.encode(inner.as_bytes());
    found(&multipart(
        "Content-Type: multipart/mixed; boundary=foo\nContent-Transfer-Encoding: base64",
        &encoded,
    ));
    let inner = "Subject: x\r\n\r\nzanzibar marker\r\n";
    let encoded = data_encoding::BASE64.encode(inner.as_bytes());
    found(&format!("Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n{encoded}\n"));
    found(
        "Content-Type: message/rfc822\nContent-Transfer-Encoding: quoted-printable\n\nSubject: x\n\nzanzibar =6Darker\n",
    );
}

#[test]
fn charsets_that_readers_differ_on() {
    found("Content-Type: text/plain; charset=utf-7\n\n+AHoAYQBuAHoAaQBiAGEAcgAg-marker\n");
    let wide = |big: bool| -> String {
        let bytes: Vec<u8> = MARK
            .encode_utf16()
            .flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() })
            .collect();
        data_encoding::BASE64.encode(&bytes)
    };
    for big in [false, true] {
        found(&format!(
            "Content-Type: text/plain; charset=utf-16\nContent-Transfer-Encoding: base64\n\n{}\n",
            wide(big)
        ));
    }
    let four: Vec<u8> = MARK.chars().flat_map(|c| (c as u32).to_le_bytes()).collect();
    found(&format!(
        "Content-Type: text/plain; charset=utf-32le\nContent-Transfer-Encoding: base64\n\n{}\n",
        data_encoding::BASE64.encode(&four)
    ));
    found("Content-Type: text/plain; charset=us-ascii; charset=utf-7\n\n+AHoAYQBuAHoAaQBiAGEAcgAg-marker\n");
}

#[test]
fn files_in_text_of_several_forms() {
    found("Subject: x\n\nbegin 644 x.txt\n/>F%N>FEB87(@;6%R:V5R\n`\nend\n");
    found("Subject: x\n\nbegin 644 x.txt\nDSa3iSaZWML6UPK3mOqJm\n+\nend\n");
    found("Subject: x\n\nbegin-base64 644 x.txt\n{64}\n====\n");
}

#[test]
fn names_that_readers_differ_on_are_all_there() {
    for (disposition, wanted) in [
        ("attachment; filename=a.txt; filename=b.exe", vec!["a.txt", "b.exe"]),
        ("attachment; filename=a.txt; filename*=utf-8''b.exe", vec!["a.txt", "b.exe"]),
        ("attachment; filename*0=b.; filename*1=exe; filename=a.txt", vec!["a.txt", "b.exe"]),
        ("attachment; filename=\"=?utf-8?b?Yi5leGU=?=\"", vec!["b.exe"]),
        ("attachment; filename=\"b.\n exe\"", vec!["b. exe", "b.exe"]),
        ("attachment; filename=\"a.txt\".exe", vec!["a.txt", "a.txt.exe"]),
        ("attachment; filename=\"b.exe", vec!["b.exe"]),
        ("attachment\nContent-Disposition: attachment; filename=b.exe", vec!["b.exe"]),
    ] {
        let message = message(&format!(
            "Content-Type: image/png; name=c.png\nContent-Disposition: {disposition}\n\nx\n"
        ));
        let names: Vec<&str> = message.attachments()[0].names().collect();
        for name in wanted {
            assert!(names.contains(&name), "{disposition}: {names:?}");
        }
        assert!(names.contains(&"c.png"), "{disposition}: {names:?}");
    }
}

#[test]
fn containers_that_are_not_opened_are_said() {
    let cases: [(&str, &[u8]); 3] = [
        ("application/ms-tnef", &[0x78, 0x9f, 0x3e, 0x22, 1, 2]),
        ("application/applefile", &[0, 5, 0x16, 0, 0, 2, 0, 0]),
        ("application/mac-binhex40", b"(This file must be converted with BinHex 4.0)\n:abc:\n"),
    ];
    for (media, bytes) in cases {
        let message = message(&format!(
            "Content-Type: {media}; name=x\nContent-Transfer-Encoding: base64\n\n{}\n",
            data_encoding::BASE64.encode(bytes)
        ));
        assert!(message.unscannable().iter().any(|u| u.cause.name() == "unsupported"), "{media}");
    }
}

#[test]
fn text_in_two_bytes_a_letter_that_nobody_declares() {
    let wide: Vec<u8> = MARK.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let swapped: Vec<u8> = MARK.encode_utf16().flat_map(u16::to_be_bytes).collect();
    for bytes in [wide, swapped] {
        for declared in
            ["text/plain; name=a.txt", "text/plain; charset=utf-8", "application/octet-stream; name=a.bin"]
        {
            let encoded = data_encoding::BASE64.encode(&bytes);
            found(&multipart(
                "Content-Type: multipart/mixed; boundary=b",
                &format!(
                    "--b\n\nhi\n--b\nContent-Type: {declared}\nContent-Transfer-Encoding: base64\n\n{encoded}\n--b--\n"
                ),
            ));
        }
    }
}

#[test]
fn what_lies_elsewhere_or_cannot_be_understood_is_said() {
    let external = message(
        "From: a@b.example\nMIME-Version: 1.0\nContent-Type: message/external-body; access-type=URL; URL=\"http://x.example/\"\n\n\
         Content-Type: text/plain\n\n",
    );
    assert!(external.unread_for(mailfw::message::Scope::Text).next().is_some(), "what is only referred to");
    let compound =
        data_encoding::BASE64.encode(&[b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".as_slice(), &[0; 2000]].concat());
    let compound = message(&multipart(
        "Content-Type: multipart/mixed; boundary=b",
        &format!(
            "--b\n\nhi\n--b\nContent-Type: application/octet-stream; name=a.doc\nContent-Transfer-Encoding: base64\n\n{compound}\n--b--\n"
        ),
    ));
    assert!(compound.unread_for(mailfw::message::Scope::Text).next().is_some(), "a compound file of nothing");
}

/// A text in base64 lines of a part.
fn encoded(bytes: &[u8]) -> String {
    let mut text = data_encoding::BASE64.encode(bytes);
    let mut at = 76;
    while at < text.len() {
        text.insert(at, '\n');
        at += 77;
    }
    text
}

#[test]
fn what_is_unread_is_known_of_every_attachment_however_many_there_are() {
    let document = encoded(b"%PDF-1.4\n1 0 obj\n<</Type/Catalog>>\nendobj\nstartxref\n0\n%%EOF\n");
    let file = |number: usize| {
        format!(
            "--b\nContent-Type: application/pdf; name=d{number}.pdf\nContent-Transfer-Encoding: base64\n\n{document}\n"
        )
    };
    let files: String = (0..80).map(file).collect();
    let message =
        message(&multipart("Content-Type: multipart/mixed; boundary=b", &format!("{files}--b--\n")));
    assert_eq!(message.attachments().len(), 80);
    for attachment in message.attachments() {
        let unread = message.unread_in(attachment.id());
        let text = mailfw::message::Scope::AttachmentText;
        assert_eq!(unread.filter(|u| u.leaves_unread.contains(text)).count(), 1, "{}", attachment.path());
    }
}

#[test]
fn text_beyond_the_limit_is_unread_in_each_attachment_that_has_some() {
    let limits = mailfw::base::limits::MessageLimits { text_bytes: 100, ..Default::default() };
    let files: String = (0..4)
        .map(|number| {
            format!("--b\nContent-Type: text/plain; name=d{number}.txt\n\n{number}{}\n", "x ".repeat(80))
        })
        .collect();
    let text = multipart("Content-Type: multipart/mixed; boundary=b", &format!("{files}--b--\n"));
    let message = Message::parse(text.into_bytes(), &limits);
    for attachment in message.attachments() {
        assert!(message.unread_in(attachment.id()).next().is_some(), "{}", attachment.path());
    }
}

#[test]
fn each_attachment_that_is_nested_too_deep_is_unread() {
    let limits = mailfw::base::limits::MessageLimits { depth: 1, ..Default::default() };
    let mut bytes = Vec::new();
    for name in ["one", "two"] {
        let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        writer.start_file(format!("{name}.txt"), zip::write::SimpleFileOptions::default()).unwrap();
        let packed = encoded(&writer.finish().unwrap().into_inner());
        bytes.extend(
            format!("--b\nContent-Type: application/zip; name={name}.zip\nContent-Transfer-Encoding: base64\n\n{packed}\n")
                .bytes(),
        );
    }
    let text = multipart(
        "Content-Type: multipart/mixed; boundary=b",
        &format!("{}--b--\n", String::from_utf8(bytes).unwrap()),
    );
    let message = Message::parse(text.into_bytes(), &limits);
    let deep: Vec<_> = message.attachments().iter().filter(|a| a.depth() > 1).collect();
    assert_eq!(deep.len(), 2);
    for attachment in deep {
        assert!(message.unread_in(attachment.id()).next().is_some(), "{}", attachment.path());
    }
}
