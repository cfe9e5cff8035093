//! Any bytes are a message, and what is said of it lies inside it.

use mailfw::{
    base::limits::MessageLimits,
    message::{Message, exercise},
};
use proptest::prelude::*;

fn small() -> MessageLimits {
    MessageLimits { parts: 60, depth: 8, header_bytes: 4096, header_fields: 60, ..MessageLimits::default() }
}

fn holds(bytes: &[u8]) -> Result<(), TestCaseError> {
    for limits in [small(), MessageLimits::default()] {
        let message = Message::parse(bytes.to_vec(), &limits);
        let wrong = exercise::check(&message);
        prop_assert!(wrong.is_empty(), "{:?}", wrong);
        exercise::exercise(bytes, &limits);
    }
    Ok(())
}

/// Pieces that mail is made of, good and bad.
const PIECES: &[&str] = &[
    "Content-Type: multipart/mixed; boundary=foo\r\n",
    "Content-Type: multipart/alternative;\n boundary=\"b a\"\n",
    "Content-Type: text/html; charset=utf-7\r\n",
    "Content-Type: message/rfc822\r\n",
    "Content-Type: multipart/digest; boundary*0=f; boundary*1=oo\n",
    "Content-Type: application/zip; name*=utf-8''%e2%82%ac.zip\r\n",
    "Content-Transfer-Encoding: base64\r\n",
    "Content-Transfer-Encoding: quoted-printable (x)\n",
    "Content-Transfer-Encoding: x-uuencode\n",
    "Content-Disposition: attachment; filename=\"=?utf-8?q?a=20b?=\r\n",
    "From: \"a\" <a@b.example>, (c) d@e.example\r\n",
    "Subject: =?iso-2022-jp?B?GyRCJUYlOSVIGyhC?= =?x?q?y\r\n",
    "MIME-Version: 1.0\r\n",
    "\r\n",
    "\n",
    "\r",
    "--foo\r\n",
    "--foo--\n",
    "--foobar\n",
    "--b a\n",
    "begin 644 x\n#86)C\n`\nend\n",
    "=ybegin line=128 size=3 name=x\nabc\n=yend size=3\n",
    "UEsDBAoAAAAAAA==\r\n",
    "text =3D =\r\n",
    "<p>html <a href=\"http://x.example/\">y</a>",
    "\u{e9}\u{4e2d}",
    "\0",
    " ",
];

fn mail() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        8 => proptest::sample::select(PIECES).prop_map(|p| p.as_bytes().to_vec()),
        1 => proptest::collection::vec(any::<u8>(), 0..12),
    ];
    proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_a_message(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        holds(&bytes)?;
    }

    #[test]
    fn any_pieces_of_mail_are_a_message(bytes in mail()) {
        holds(&bytes)?;
    }

    #[test]
    fn a_message_cut_anywhere_and_changed_is_a_message(
        cut in any::<prop::sample::Index>(),
        change in any::<prop::sample::Index>(),
        byte in any::<u8>(),
        which in 0usize..3,
    ) {
        let samples: [&[u8]; 3] = [
            b"From: a@b.example\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=foo\r\n\r\n--foo\r\n\
              Content-Type: text/plain; charset=koi8-r\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=F0=D2=C9\r\n\
              --foo\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\nContent-Type: text/html\r\n\r\n<p>x</p>\r\n--foo--\r\n",
            b"Subject: =?utf-8?B?w6TDtsO8?=\r\nContent-Type: application/octet-stream; name=\"x.eml\"\r\n\
              Content-Transfer-Encoding: base64\r\n\r\nU3ViamVjdDogeA0KDQp5DQo=\r\n",
            b"To: \"x, y\" <z@w.example>;\r\n folded\r\nContent-Type: text/plain\r\n\r\nbegin 644 x\r\n#86)C\r\n`\r\nend\r\n",
        ];
        let mut bytes = samples[which].to_vec();
        let at = change.index(bytes.len());
        bytes[at] = byte;
        bytes.truncate(cut.index(bytes.len() + 1));
        holds(&bytes)?;
    }
}
