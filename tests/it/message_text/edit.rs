use mailfw::base::limits::MessageLimits;
use mailfw::message::edit::{EditError, Edits, FooterPlace, NewFile, Notice, OnProtected};
use mailfw::message::surface::{Surface, fold};
use mailfw::message::{AttachmentId, Message, Part, Reading, Role};
use mailfw::policy::mailboxes::Mailboxes;
use std::collections::BTreeMap;

fn parse(bytes: &[u8]) -> Message {
    Message::parse(bytes.to_vec(), &MessageLimits::default())
}

fn crlf(text: &str) -> Vec<u8> {
    text.replace('\n', "\r\n").into_bytes()
}

fn notice(text: &str) -> Notice {
    Notice { text: text.to_owned(), html: None }
}

fn footer(bytes: &[u8], text: &str) -> Vec<u8> {
    Edits::new(&parse(bytes)).footer(notice(text), FooterPlace::Bottom, OnProtected::Skip).apply().unwrap()
}

fn shown(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

const ALTERNATIVE: &str = "From: a@b.example\nSubject: hi\nMIME-Version: 1.0\nContent-Type: multipart/alternative; boundary=xx\n\n\
    preamble\n--xx\nContent-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\n\nGr=FC=DFe\n\
    --xx\nContent-Type: text/html; charset=iso-8859-1\nContent-Transfer-Encoding: base64\n\n\
    PGh0bWw+PGJvZHk+PHA+R3L83zwvcD48IS0tIDwvYm9keT4gLS0+PC9ib2R5PjwvaHRtbD4=\n--xx--\nepilogue\n";

#[test]
fn a_footer_gets_into_text_and_html() {
    let edited = footer(&crlf(ALTERNATIVE), "Mit freundlichen Grüßen, Acme");
    let message = parse(&edited);
    let texts: Vec<String> = message
        .parts()
        .iter()
        .filter(|part| part.role() != Role::Container && part.is_primary())
        .map(|part| String::from_utf8_lossy(part.content()).into_owned())
        .collect();
    assert_eq!(texts.len(), 2);
    // The text stays in its own charset, because that has all letters of the footer.
    assert!(
        message.parts()[1].content().ends_with(b"\r\n\r\nMit freundlichen Gr\xfc\xdfen, Acme"),
        "{}",
        shown(&edited)
    );
    assert_eq!(message.parts()[1].charset().as_deref(), Some("iso-8859-1"));
    assert!(
        texts[1].ends_with("<div>Mit freundlichen Gr&#252;&#223;en, Acme</div>\r\n</body></html>"),
        "{}",
        texts[1]
    );
    let text = shown(&edited);
    assert!(text.contains("\r\n\r\npreamble\r\n--xx") && text.ends_with("--xx--\r\nepilogue\r\n"));
    assert_eq!(footer(&edited, "Mit freundlichen Grüßen, Acme"), edited);
}

#[test]
fn the_charset_is_raised_only_where_it_must_be() {
    let plain = crlf(
        "Subject: x\nMIME-Version: 1.0\nContent-Type: text/plain; format=fixed;\n charset=\"us-ascii\"\n\nhello\n",
    );
    let same = footer(&plain, "bye");
    assert_eq!(shown(&same), shown(&plain) + "\r\nbye\r\n");
    let raised = footer(&plain, "Grüße €");
    let message = parse(&raised);
    assert_eq!(message.parts()[0].charset().as_deref(), Some("utf-8"));
    assert_eq!(message.parts()[0].parameter("format").as_deref(), Some("fixed"));
    assert_eq!(String::from_utf8_lossy(message.parts()[0].content()), "hello\r\n\r\nGrüße €\r\n");
    assert!(raised.is_ascii());
    let latin =
        crlf("Subject: x\nContent-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: 8bit\n\n")
            .into_iter()
            .chain(*b"Gr\xfc\xdfe\r\n")
            .collect::<Vec<u8>>();
    let message = parse(&footer(&latin, "5 €"));
    assert_eq!(String::from_utf8_lossy(message.parts()[0].content()), "Grüße\r\n\r\n5 €\r\n");
    let bare = parse(&footer(b"Subject: x\n\nhello", "Grüße"));
    assert_eq!(String::from_utf8_lossy(bare.parts()[0].content()), "hello\n\nGrüße\n");
    assert!(bare.headers().first("mime-version").is_some());
}

#[test]
fn wide_charsets_are_edited_as_text() {
    let mut bytes = b"Subject: x\r\nContent-Type: text/html; charset=utf-16le\r\nContent-Transfer-Encoding: base64\r\n\r\n".to_vec();
    let wide: Vec<u8> = "<body>h\u{e9}llo</body>".encode_utf16().flat_map(u16::to_le_bytes).collect();
    bytes.extend_from_slice(data_encoding::BASE64.encode(&wide).as_bytes());
    let message = parse(&footer(&bytes, "bye"));
    let text = String::from_utf8_lossy(message.parts()[0].content()).into_owned();
    assert_eq!(text, "<body>h\u{e9}llo<div>bye</div>\r\n</body>");
    assert_eq!(message.parts()[0].charset().as_deref(), Some("utf-8"));
}

#[test]
fn a_footer_above_the_quote_stands_before_what_is_quoted() {
    for (own, quoted) in [
        ("Fine.\n\n", "On Monday, Bob wrote:\n> old\n"),
        ("Fine.\n\n", "Am Montag, den 1. Januar 2026 um 10:00 schrieb\nBob <bob@b.example>:\n\n> alt\n"),
        ("Fine.\n", "-----Original Message-----\nFrom: Bob\nold\n"),
        (
            "Fine.\n\n",
            "________________________________\nVon: Bob\nGesendet: Montag\nAn: Anna\nBetreff: x\n\nalt\n",
        ),
        ("Fine.\n\n", "From: Bob\nSent: Monday\nTo: Anna\nSubject: x\n\nold\n"),
    ] {
        let bytes = format!("Subject: x\n\n{own}{quoted}");
        let edited = Edits::new(&parse(bytes.as_bytes()))
            .footer(notice("FOOT"), FooterPlace::AboveQuote, OnProtected::Skip)
            .apply()
            .unwrap();
        let body = shown(&edited).split_once("\n\n").unwrap().1.to_owned();
        assert_eq!(
            body.split_whitespace().collect::<Vec<_>>().join(" "),
            format!("{own}FOOT {quoted}").split_whitespace().collect::<Vec<_>>().join(" ")
        );
        assert!(body.ends_with(quoted), "{body}");
    }
    let below = b"Subject: x\n\n> old\n\nI agree.\n";
    let edited = Edits::new(&parse(below))
        .footer(notice("FOOT"), FooterPlace::AboveQuote, OnProtected::Skip)
        .apply()
        .unwrap();
    assert!(shown(&edited).ends_with("I agree.\n\nFOOT\n"));
    let html =
        b"Subject: x\nContent-Type: text/html\n\n<body>Fine<div class=\"gmail_quote\">old</div></body>";
    let edited = Edits::new(&parse(html))
        .footer(notice("FOOT"), FooterPlace::AboveQuote, OnProtected::Skip)
        .apply()
        .unwrap();
    assert!(shown(&edited).contains("Fine<div>FOOT</div>\n<div class=\"gmail_quote\">"));
}

#[test]
fn a_footer_that_a_thread_carries_is_not_added_again() {
    let thread = b"Subject: x\n\nI agree.\n\n> Fine.\n>\n> This mail is\n> confidential.\n";
    assert_eq!(footer(thread, "This  mail is CONFIDENTIAL."), thread);
    let html = b"Subject: x\nContent-Type: text/html\n\n<p>yes</p><blockquote>This mail<br>is <b>con</b>fidential.</blockquote>";
    assert_eq!(footer(html, "This mail is confidential."), html);
}

#[test]
fn flowed_text_stays_flowed() {
    let long = "word ".repeat(40);
    let bytes = b"Subject: x\nContent-Type: text/plain; format=flowed\n\nsoft \nline\n";
    let edited = shown(&footer(bytes, &format!(">quote me\nFrom me\n{long}")));
    assert!(edited.contains("\n >quote me\n") && edited.contains("\n From me\n"), "{edited}");
    assert!(edited.lines().all(|line| line.len() <= 80));
    assert!(edited.contains("word \nword"));
}

#[test]
fn a_banner_stands_at_the_top_and_several_keep_their_order() {
    let message = parse(&crlf(ALTERNATIVE));
    let edited = Edits::new(&message)
        .banner(notice("first"), OnProtected::Skip)
        .banner(notice("second"), OnProtected::Skip)
        .apply()
        .unwrap();
    let message = parse(&edited);
    assert!(message.parts()[1].content().starts_with(b"first\r\n\r\nsecond\r\n\r\nGr"), "{}", shown(&edited));
    assert!(
        message.parts()[2].content().starts_with(b"<html><body><div>first</div>\r\n<div>second</div>\r\n<p>")
    );
}

#[test]
fn html_that_breaks_off_still_shows_the_notice() {
    for broken in
        ["<body><p>hi<!-- no end", "<p>hi<style>", "hi<title>x", "<plaintext>hi", "<!-- all comment"]
    {
        let bytes = format!("Subject: x\nContent-Type: text/html\n\n{broken}");
        let edited = footer(bytes.as_bytes(), "seen by all");
        let message = parse(&edited);
        let surface = Surface::from_html(&String::from_utf8_lossy(message.parts()[0].content()));
        assert!(surface.folded().contains("seen by all"), "{broken}");
    }
}

#[test]
fn a_message_without_text_gets_a_part_with_the_notice() {
    let pdf = crlf(
        "Subject: x\nMIME-Version: 1.0\nContent-Type: application/pdf; name=a.pdf\nContent-Transfer-Encoding: base64\n\nJVBERi0xLjQK\n",
    );
    let edited = footer(&pdf, "note");
    let message = parse(&edited);
    assert_eq!(message.parts()[0].media_type().as_str(), "multipart/mixed");
    assert_eq!(message.parts()[1].content(), b"note\r\n");
    assert_eq!(message.attachments().len(), 1);
    assert_eq!(message.attachments()[0].content(), b"%PDF-1.4\n");
    assert_eq!(message.attachments()[0].name(), Some("a.pdf"));
    assert_eq!(footer(&edited, "note"), edited);
}

#[test]
fn a_notice_cannot_end_the_part_it_is_in() {
    let edited = footer(&crlf(ALTERNATIVE), "one\n--xx--\ntwo");
    let message = parse(&edited);
    assert_eq!(message.parts().iter().filter(|part| part.is_primary()).count(), 3, "{}", shown(&edited));
    assert!(String::from_utf8_lossy(message.parts()[1].content()).contains("--xx--"));
}

#[test]
fn header_fields_are_set_added_and_removed() {
    let bytes = b"Received: one\nX-A: 1\nSubject: s\nx-a: 2\n continued\nReceived: two\n\nbody\n";
    let message = parse(bytes);
    let edited = Edits::new(&message)
        .set_header("X-A", "new")
        .add_header("X-B", "Gr\u{fc}\u{df}e\r\nBcc: evil@x.example")
        .remove_header("received")
        .set_header("To", "J\u{fc}rgen M <j@m.example>, \"Doe, J.\" <d@m.example>")
        .apply()
        .unwrap();
    assert_eq!(
        shown(&edited),
        "X-A: new\nSubject: s\nX-B: =?utf-8?q?Gr=C3=BC=C3=9Fe__Bcc=3A_evil=40x=2Eexample?=\n\
         To: =?utf-8?q?J=C3=BCrgen_M?= <j@m.example>, \"Doe, J.\" <d@m.example>\n\nbody\n"
    );
    assert_eq!(
        parse(&edited).headers().first("x-b").unwrap().value(),
        "Gr\u{fc}\u{df}e  Bcc: evil@x.example"
    );
    for name in ["", "a b", "a:b", "Gr\u{fc}n", "Content-Type", "MIME-Version"] {
        let result = Edits::new(&message).set_header(name, "x").apply();
        assert_eq!(result, Err(EditError::Field(name.to_owned())));
    }
    assert_eq!(Edits::new(&message).apply().unwrap(), bytes);
}

#[test]
fn long_values_are_folded() {
    let value = "word ".repeat(60);
    let edited = Edits::new(&parse(b"Subject: s\r\n\r\nx")).add_header("X-Long", &value).apply().unwrap();
    assert!(shown(&edited).lines().all(|line| line.len() <= 78));
    assert_eq!(parse(&edited).headers().first("x-long").unwrap().value().split_whitespace().count(), 60);
}

#[test]
fn a_subject_prefix_is_added_once() {
    let prefix = |subject: &str, prefix: &str| {
        let bytes = format!("From: a@b.example\n{subject}\n\nx");
        let edited = Edits::new(&parse(bytes.as_bytes())).subject_prefix(prefix).apply().unwrap();
        assert_eq!(Edits::new(&parse(&edited)).subject_prefix(prefix).apply().unwrap(), edited);
        shown(&edited).lines().skip(1).take_while(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(prefix("Subject: hi", "[EXT]"), "Subject: [EXT] hi");
    for there in [
        "Subject: [EXT] hi",
        "Subject: Re: [EXT] hi",
        "Subject: AW: WG: [ext] hi",
        "Subject: Re: [list] =?utf-8?q?=5BEXT=5D?= hi",
    ] {
        assert_eq!(prefix(there, "[EXT]"), there);
    }
    assert_eq!(
        prefix("Subject: =?iso-8859-1?Q?Gr=FC=DFe?=", "[EXT]"),
        "Subject: [EXT] =?iso-8859-1?Q?Gr=FC=DFe?="
    );
    assert_eq!(prefix("X: y", "[EXT]"), "X: y\nSubject: [EXT]");
    for there in ["Subject: AW[2]: WG: [EXT] hi", "Subject: Fwd: Re : [EXT]hi", "Subject: 回复: [EXT] hi"] {
        assert_eq!(prefix(there, "[EXT]"), there);
    }
    // Words that a sender puts elsewhere do not keep the mark away.
    for hidden in ["Subject: pay at once [EXT]", "Subject: next[ext]: hello", "Subject: Re: Fwd: x[EXT]"] {
        assert_eq!(prefix(hidden, "[EXT]"), hidden.replace("Subject: ", "Subject: [EXT] "));
    }
    let far = format!("Subject: {} [EXT] pay", "[mark]".repeat(20));
    assert_eq!(prefix(&far, "[EXT]").matches("[EXT]").count(), 2);
    assert_eq!(prefix("Subject: TEXT", "EXT"), "Subject: EXT TEXT");
    let long = "word ".repeat(14);
    assert_eq!(
        prefix(&format!("Subject: {long}"), "[EXTERNAL]"),
        format!("Subject: [EXTERNAL]\n {}", long.trim_end())
    );
    let edited =
        Edits::new(&parse(b"Subject: =?utf-8?b?w6Q=?=\n\nx")).subject_prefix("[\u{c4}]").apply().unwrap();
    assert_eq!(parse(&edited).subject(), Some("[\u{c4}] \u{e4}"));
    let edited = Edits::new(&parse(b"Subject: old\n\nx"))
        .set_header("Subject", "new")
        .subject_prefix("[P]")
        .apply()
        .unwrap();
    assert_eq!(shown(&edited), "Subject: [P] new\n\nx");
}

#[test]
fn a_stripped_attachment_leaves_its_name_and_the_rest_as_it_was() {
    let bytes =
        std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/acme/samples/renamed-exe-in-zip.eml"))
            .unwrap();
    let message = parse(&bytes);
    let program =
        message.attachments().iter().find(|attachment| attachment.container().is_some()).unwrap().id();
    let edited = Edits::new(&message)
        .strip(|id| id == program)
        .strip_notice(|names| format!("removed: {}", names.join(",")))
        .apply()
        .unwrap();
    let after = parse(&edited);
    assert!(after.attachments().iter().all(
        |attachment| !attachment.content().starts_with(b"MZ") && !attachment.content().starts_with(b"PK")
    ));
    let path = message.attachment(program).unwrap().path();
    assert!(shown(&edited).contains(&format!("removed: {path}")), "{}", shown(&edited));
    let text_before = message.parts().iter().find(|part| part.role() == Role::Text).unwrap();
    let text_after = after.parts().iter().find(|part| part.role() == Role::Text).unwrap();
    assert_eq!(text_before.raw_body(), text_after.raw_body());
}

#[test]
fn a_message_that_is_only_an_attachment_becomes_a_text() {
    let bytes = b"Subject: x\nContent-Type: application/x-msdownload; name=a.exe\nContent-Transfer-Encoding: base64\nX-Last: 1\n\nTVqQ\n";
    let edited = Edits::new(&parse(bytes)).strip(|_| true).apply().unwrap();
    let message = parse(&edited);
    assert_eq!(message.parts().len(), 1);
    assert_eq!(message.parts()[0].media_type().as_str(), "text/plain");
    assert!(shown(&edited).contains("The attachment a.exe was removed"), "{}", shown(&edited));
    assert!(message.headers().first("x-last").is_some() && message.attachments().is_empty());
}

#[test]
fn a_file_is_attached_to_any_message() {
    let file = || NewFile {
        name: "r\u{e9}sum\u{e9}.txt".into(),
        media_type: "text/plain".into(),
        content: b"data".to_vec(),
    };
    for bytes in [
        &b"Subject: x\n\nhello\n"[..],
        b"Subject: x\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nhello\n--b--\n",
        b"Subject: x\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nhello\n",
        b"Subject: x\nContent-Type: multipart/alternative; boundary=b\n\n--b\n\nhello\n--b--\n",
        b"no header at all",
        b"",
    ] {
        let message = parse(bytes);
        let edited = Edits::new(&message).attach(file(), OnProtected::Skip).apply().unwrap();
        let after = parse(&edited);
        let names: Vec<_> = after
            .attachments()
            .iter()
            .filter(|attachment| attachment.reading() == Reading::Primary)
            .map(|attachment| (attachment.name(), attachment.content()))
            .collect();
        assert_eq!(names, [(Some("r\u{e9}sum\u{e9}.txt"), &b"data"[..])], "{}", shown(&edited));
    }
}

#[test]
fn signed_mail_is_skipped_wrapped_or_refused() {
    let signed = crlf(
        "From: a@b.example\nSubject: x\nMIME-Version: 1.0\nContent-Type: multipart/signed; micalg=sha-256;\n protocol=\"application/pkcs7-signature\"; boundary=s\n\n--s\n\nhello\n--s\nContent-Type: application/pkcs7-signature; name=smime.p7s\nContent-Transfer-Encoding: base64\n\nMIAG\n--s--\n",
    );
    let message = parse(&signed);
    let edit = |protected| {
        Edits::new(&message)
            .add_header("X-Seen", "1")
            .footer(notice("note"), FooterPlace::Bottom, protected)
            .apply()
    };
    let skipped = edit(OnProtected::Skip).unwrap();
    assert_eq!(shown(&skipped), shown(&signed).replacen("\r\n\r\n--s", "\r\nX-Seen: 1\r\n\r\n--s", 1));
    assert_eq!(edit(OnProtected::Return), Err(EditError::Protected));
    let wrapped = edit(OnProtected::Wrap).unwrap();
    assert!(memchr::memmem::find(&wrapped, &signed).is_some());
    let after = parse(&wrapped);
    assert_eq!(after.parts()[1].content(), b"note\r\n");
    assert_eq!(after.subject(), Some("x"));
    assert!(after.headers().first("x-seen").is_some());
    assert_eq!(Edits::new(&message).strip(|_| true).apply(), Err(EditError::Protected));
}

#[test]
fn uuencoded_files_become_attachments() {
    let bytes = b"Subject: x\n\nhello\nbegin 644 cat.txt\n#0V%T\n`\nend\nbye\n";
    let message = parse(bytes);
    let edited = Edits::new(&message).convert_uuencode().apply().unwrap();
    let after = parse(&edited);
    assert_eq!(after.parts()[1].content(), b"hello\nbye\n");
    assert_eq!(
        (after.attachments()[0].name(), after.attachments()[0].content()),
        (Some("cat.txt"), &b"Cat"[..])
    );
    let stripped = Edits::new(&message).strip(|_| true).apply().unwrap();
    assert!(
        shown(&stripped).contains("hello\nThe attachment cat.txt was removed from this message.\nbye\n"),
        "{}",
        shown(&stripped)
    );
}

/// The messages of the corpus, each once.
fn corpus_messages() -> Vec<(String, Vec<u8>)> {
    let folders = [
        "ham",
        "ham-hard",
        "spam",
        "plain",
        "mime",
        "charsets",
        "malformed",
        "crypto",
        "fixtures-antispam",
        "uuencode/mail",
        "tnef/mail",
        "archives/mail",
        "dlp/mail",
        "virus-test/mail",
        "attack/espoofer",
        "attack/mime-ambiguity",
        "mbox/trial.mbox",
        "maildir",
    ];
    let paths: Vec<_> = folders.iter().filter_map(|folder| super::corpus(folder)).collect();
    let items = Mailboxes::open(&paths, &MessageLimits::default());
    items.filter_map(Result::ok).map(|item| (item.origin, item.bytes)).collect()
}

fn hashes(message: &Message) -> BTreeMap<String, usize> {
    let mut hashes = BTreeMap::new();
    for attachment in
        message.attachments().iter().filter(|attachment| attachment.reading() == Reading::Primary)
    {
        *hashes.entry(attachment.sha256().to_owned()).or_default() += 1;
    }
    hashes
}

fn is_own(message: &Message, part: &Part) -> bool {
    let mut at = part.parent().and_then(|parent| message.part(parent));
    while let Some(holder) = at {
        if holder.role() == Role::Message
            || matches!(holder.media_type().as_str(), "multipart/signed" | "multipart/encrypted")
        {
            return false;
        }
        at = holder.parent().and_then(|parent| message.part(parent));
    }
    part.is_primary()
}

fn shows(part: &Part, words: &str) -> bool {
    let text = mailfw::message::charset::decode(part.content(), part.charset().as_deref()).text;
    let surface =
        if part.role() == Role::Html { Surface::from_html(&text) } else { Surface::from_text(&text) };
    surface.folded().contains(&fold(words))
}

#[test]
fn footers_over_the_corpus_change_the_body_and_nothing_else() {
    let (mut edited, mut protected) = (0, 0);
    let mut problems = Vec::new();
    for (origin, bytes) in corpus_messages() {
        let message = parse(&bytes);
        let is_protected = message.encrypted().is_some() || message.signed().is_some();
        let found = if is_protected { check_protected(&message) } else { check_footer(&message) };
        problems.extend(found.into_iter().map(|problem| format!("{origin}: {problem}")));
        edited += usize::from(!is_protected);
        protected += usize::from(is_protected);
    }
    println!("edited {edited}, protected {protected}");
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert!(edited > 1_000 || super::corpus("ham").is_none());
}

const WORDS: &str = "Vertraulich \u{2014} pouze pro p\u{159}\u{ed}jemce \u{2713} 4711";

fn check_protected(message: &Message) -> Vec<String> {
    let mut problems = Vec::new();
    let with = |protected| {
        Edits::new(message)
            .footer(notice(WORDS), FooterPlace::Bottom, protected)
            .subject_prefix("[EXT]")
            .apply()
            .unwrap()
    };
    let body = message.parts()[0].body_range().unwrap();
    if !with(OnProtected::Skip).ends_with(&message.bytes()[body]) {
        problems.push("the protected body changed".to_owned());
    }
    let wrapped = with(OnProtected::Wrap);
    if memchr::memmem::find(&wrapped, message.bytes()).is_none() {
        problems.push("the original is not in what wraps it".to_owned());
    }
    if !parse(&wrapped).parts().iter().any(|part| shows(part, WORDS)) {
        problems.push("nobody sees the notice".to_owned());
    }
    problems
}

fn check_footer(message: &Message) -> Vec<String> {
    let mut problems = Vec::new();
    let edit = |message: &Message| {
        let footer = notice(WORDS);
        Edits::new(message)
            .footer(footer, FooterPlace::Bottom, OnProtected::Skip)
            .subject_prefix("[EXT]")
            .apply()
            .unwrap()
    };
    let edited = edit(message);
    let after = parse(&edited);
    let is_text = |part: &Part| {
        part.is_primary()
            && matches!(part.role(), Role::Text | Role::Html)
            && part.media_type().main() == "text"
    };
    if !after.subject().is_some_and(|subject| subject.contains("[EXT]")) {
        problems.push("no prefix".to_owned());
    }
    if !after.parts().iter().any(|part| is_own(&after, part) && is_text(part) && shows(part, WORDS)) {
        problems.push("nobody sees the footer".to_owned());
    }
    let is_alternative =
        |part: &&Part| is_own(&after, part) && part.media_type().as_str() == "multipart/alternative";
    for container in after.parts().iter().filter(is_alternative) {
        let children =
            container.children().iter().filter_map(|&child| after.part(child)).filter(|part| is_text(part));
        let shown: Vec<bool> = children.map(|part| shows(part, WORDS)).collect();
        if shown.contains(&true) && shown.contains(&false) {
            problems.push(format!("not in all alternatives of part {}", container.path()));
        }
    }
    if hashes(message) != hashes(&after) {
        problems.push("other attachments".to_owned());
    }
    let is_file =
        |part: &&Part| is_own(message, part) && part.role() == Role::Attachment && part.parent().is_some();
    for part in message.parts().iter().filter(is_file) {
        let (Some(header), Some(body)) = (part.header_range(), part.body_range()) else { continue };
        if memchr::memmem::find(&edited, &message.bytes()[header.start..body.end]).is_none() {
            problems.push(format!("part {} changed", part.path()));
        }
    }
    if edit(&after) != edited {
        problems.push(format!(
            "twice is not once:\n{}",
            shown(&edit(&after)).chars().take(900).collect::<String>()
        ));
    }
    problems
}

#[test]
fn stripping_all_attachments_of_the_corpus_leaves_none() {
    let mut stripped = 0;
    for (origin, bytes) in corpus_messages() {
        let message = parse(&bytes);
        if message.attachments().is_empty() {
            continue;
        }
        let edited = match Edits::new(&message).strip(|_| true).apply() {
            Ok(edited) => edited,
            Err(EditError::Protected) => continue,
            Err(error) => panic!("{origin}: {error}"),
        };
        stripped += 1;
        let after = parse(&edited);
        let left: Vec<_> =
            after.attachments().iter().map(|attachment| (attachment.path(), attachment.reading())).collect();
        assert!(left.is_empty(), "{origin}: {left:?}");
        assert!(shown(&edited).contains("removed") || edited != bytes, "{origin}");
    }
    println!("stripped {stripped}");
    assert!(stripped > 100 || super::corpus("ham").is_none());
}

/// Edits a message in every way, and takes all attachments off again.
fn edit_and_strip(bytes: &[u8], text: &str) -> Result<(), String> {
    let message = parse(bytes);
    let file = NewFile { name: text.into(), media_type: "x/y".into(), content: b"attached!".to_vec() };
    let edited = Edits::new(&message)
        .set_header("X-A", text)
        .banner(notice(text), OnProtected::Skip)
        .footer(notice("foot er"), FooterPlace::AboveQuote, OnProtected::Skip)
        .attach(file, OnProtected::Skip)
        .apply()
        .map_err(|error| error.to_string())?;
    let after = parse(&edited);
    if after.headers().first("x-a").is_none() {
        return Err(format!("the field is missing:\n{}", shown(&edited)));
    }
    if !after.attachments().iter().any(|attachment| attachment.content() == b"attached!") {
        return Err(format!("the attachment is missing:\n{}", shown(&edited)));
    }
    let all: Vec<AttachmentId> = after.attachments().iter().map(|attachment| attachment.id()).collect();
    let stripped =
        Edits::new(&after).strip(|id| all.contains(&id)).apply().map_err(|error| error.to_string())?;
    if parse(&stripped).attachments().iter().any(|attachment| attachment.content() == b"attached!") {
        return Err(format!("the attachment is still there:\n{}", shown(&stripped)));
    }
    Ok(())
}

#[test]
fn a_header_that_runs_into_a_boundary_can_be_edited() {
    let message = "Content-Type: multipart/mixed; boundary=b\n\
                   a >Content-Type: multipart/mixed; boundary=b\n--b--\nSubject: x\n";
    for text in ["a", "ab", "\n", "a\nb", "ä", "-"] {
        edit_and_strip(message.as_bytes(), text).unwrap();
    }
}

proptest::proptest! {
    #[test]
    fn any_bytes_can_be_edited(bytes in "(Content-Type: multipart/(mixed|alternative); boundary=b\r?\n|Content-Type: text/html\n|Subject: x\n|\n|--b\n|--b--\n|[a-z <>:]{0,9}|\r){0,14}", text in "[a-zä\n-]{1,12}") {
        let edited = edit_and_strip(bytes.as_bytes(), &text);
        proptest::prop_assert!(edited.is_ok(), "{}", edited.unwrap_err());
    }
}
