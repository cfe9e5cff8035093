//! Messages made to break their reader cost a bounded amount of time and memory and leave a fact.

use std::time::{Duration, Instant};

use mailfw::{
    base::limits::MessageLimits,
    message::{Cause, MalformationKind, Message, Scope, exercise},
};

/// Far above what any of these takes, even unoptimised on a loaded machine; a reader that is quadratic takes minutes.
const PATIENCE: Duration = Duration::from_secs(40);

fn read(bytes: Vec<u8>) -> Message {
    let start = Instant::now();
    let message = Message::parse(bytes, &MessageLimits::default());
    let wrong = exercise::check(&message);
    let _ =
        (message.from(), message.from_other_readings(), message.to(), message.kinds(), message.language());
    assert!(wrong.is_empty(), "{wrong:?}");
    assert!(start.elapsed() < PATIENCE, "took {:?}", start.elapsed());
    message
}

fn has_limit(message: &Message) -> bool {
    message.unread_for(Scope::Structure).any(|u| u.cause == Cause::Limit)
}

fn is_malformed(message: &Message, kind: MalformationKind) -> bool {
    message.malformed().iter().any(|m| m.kind == kind)
}

#[test]
fn ten_thousand_parts_reach_the_limit() {
    let mut bytes =
        b"From: a@b.example\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=x\n\n".to_vec();
    for number in 0..10_000 {
        bytes.extend(format!("--x\nContent-Type: text/plain\n\npart {number}\n").bytes());
    }
    bytes.extend(b"--x--\n");
    let message = read(bytes);
    assert!(has_limit(&message));
    assert!(message.parts().len() <= MessageLimits::default().parts);
}

#[test]
fn a_thousand_nested_multiparts_reach_the_limit() {
    let mut bytes = b"MIME-Version: 1.0\n".to_vec();
    for depth in 0..1_000 {
        bytes.extend(format!("Content-Type: multipart/mixed; boundary=b{depth}\n\n--b{depth}\n").bytes());
    }
    bytes.extend(b"Content-Type: text/plain\n\ninnermost\n");
    let message = read(bytes);
    assert!(has_limit(&message));
}

#[test]
fn a_thousand_nested_messages_reach_the_limit() {
    let mut bytes = Vec::new();
    for depth in 0..1_000 {
        bytes.extend(format!("Subject: {depth}\nContent-Type: message/rfc822\n\n").bytes());
    }
    bytes.extend(b"Subject: innermost\n\ninnermost\n");
    let message = read(bytes);
    assert!(has_limit(&message));
}

#[test]
fn nested_boundaries_that_are_all_the_same_reach_an_end() {
    let mut bytes = Vec::new();
    for _ in 0..2_000 {
        bytes.extend(b"Content-Type: multipart/mixed; boundary=x\n\n--x\n");
    }
    read(bytes);
}

#[test]
fn twenty_megabytes_in_one_line_are_read() {
    let mut bytes = b"Subject: one line\n\n".to_vec();
    bytes.resize(20 << 20, b'a');
    let message = read(bytes);
    assert_eq!(message.subject(), Some("one line"));
    assert!(message.unscannable().is_empty());
}

#[test]
fn a_message_beyond_the_limit_is_read_up_to_it() {
    let mut bytes = b"Subject: long\n\n".to_vec();
    bytes.resize(3 << 20, b'a');
    let limits = MessageLimits { message_bytes: 1 << 20, ..MessageLimits::default() };
    let message = Message::parse(bytes, &limits);
    assert!(has_limit(&message));
    assert!(message.surfaces().iter().all(|s| s.text.len() <= 1 << 20));
}

#[test]
fn nul_bytes_are_a_fact() {
    let message = read(b"Subject: a\0b\nFrom: x@y.example\n\ntext\0text\n".to_vec());
    assert!(is_malformed(&message, MalformationKind::NulByte));
    assert!(message.subject().unwrap().contains('\0'));
}

#[test]
fn a_header_of_a_megabyte_reaches_the_limit_and_the_body_is_read() {
    let mut bytes = b"Subject: ".to_vec();
    bytes.resize(1 << 20, b'a');
    bytes.extend(b"\nFrom: a@b.example\n\nthe body\n");
    let message = read(bytes);
    assert!(has_limit(&message));
    let body: String = message.surfaces().iter().map(|s| s.surface.folded().to_string()).collect();
    assert!(body.contains("the body"));
}

#[test]
fn a_hundred_thousand_fields_reach_the_limit() {
    let mut bytes = Vec::new();
    for number in 0..100_000 {
        bytes.extend(format!("X-{number}: y\n").bytes());
    }
    bytes.extend(b"\nbody\n");
    let message = read(bytes);
    assert!(has_limit(&message));
    assert!(message.headers().len() <= MessageLimits::default().header_fields);
}

#[test]
fn encoded_words_that_never_end_take_linear_time() {
    let mut bytes = b"From: ".to_vec();
    while bytes.len() < 400_000 {
        bytes.extend(b"=?a?q?b ");
    }
    bytes.extend(b"\nSubject: ");
    while bytes.len() < 500_000 {
        bytes.extend(b"=?");
    }
    bytes.extend(b"\n\n\rbody\n");
    read(bytes);
}

#[test]
fn a_multipart_of_bare_delimiters_takes_linear_time() {
    let mut bytes = b"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=a; boundary=b\n\n".to_vec();
    while bytes.len() < 8 << 20 {
        bytes.extend(b"--a\n--b\n--ab\n--a--\n");
    }
    let message = read(bytes);
    assert!(has_limit(&message));
}

#[test]
fn readings_of_readings_do_not_multiply_the_work() {
    let mut bytes = b"MIME-Version: 1.0\n".to_vec();
    for depth in 0..40 {
        bytes.extend(
            format!(
                "Content-Type: multipart/mixed; boundary=b{depth}; boundary=c{depth}\n\
                 Content-Transfer-Encoding: base64\nContent-Transfer-Encoding: quoted-printable\n\n\
                 --b{depth}\n\nContent-Type: text/plain\n\nx=\n--c{depth}\n"
            )
            .bytes(),
        );
    }
    bytes.resize(4 << 20, b'=');
    read(bytes);
}

#[test]
fn ten_thousand_parameters_take_linear_time() {
    let mut bytes = b"Content-Type: multipart/mixed".to_vec();
    for number in 0..10_000 {
        bytes.extend(format!("; boundary*{number}=x").bytes());
    }
    bytes.extend(b"\nContent-Disposition: attachment");
    for _ in 0..10_000 {
        bytes.extend(b"; filename=((((");
    }
    bytes.extend(b"\n\n--x\n\nbody\n");
    read(bytes);
}

#[test]
fn fields_of_parentheses_and_of_blanks_take_linear_time() {
    for filler in ["(", " ", "\\", "\"", ";", "=", "x= ", "=?a?q?", "@", "<", "a@b,", "(()"] {
        let mut bytes = Vec::new();
        for name in ["Content-Type: ", "Content-Disposition: attachment; filename=", "From: ", "Subject: "] {
            bytes.extend(name.bytes());
            while bytes.len() % 125_000 < 124_000 {
                bytes.extend(filler.bytes());
            }
            bytes.push(b'\n');
        }
        bytes.extend(b"\nbody\n");
        read(bytes);
    }
}

#[test]
fn more_boundaries_than_are_tried_reach_the_limit() {
    let mut bytes = b"MIME-Version: 1.0\nContent-Type: multipart/mixed".to_vec();
    for number in 0..40 {
        bytes.extend(format!("; boundary=b{number}").bytes());
    }
    bytes.extend(b"\n\n--b39\n\nhidden\n--b39--\n");
    assert!(has_limit(&read(bytes)));
    let mut bytes = b"MIME-Version: 1.0\n".to_vec();
    for number in 0..20 {
        bytes.extend(format!("Content-Type: multipart/mixed; boundary=b{number}\n").bytes());
    }
    bytes.extend(b"\n--b19\n\nhidden\n--b19--\n");
    assert!(has_limit(&read(bytes)));
}
