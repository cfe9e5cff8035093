use super::{GOOD, SECRET, Set, example, mail, mailfw, outcome, run};
use crate::schema;
use std::os::unix::net::UnixListener;

#[test]
fn a_message_is_explained_by_clause_value_and_matched_text() {
    let set = Set::new(GOOD);
    let message = set.write("secret.eml", SECRET);
    let explained = run(&["explain", set.arg(), message.to_str().unwrap()]);
    assert_eq!((explained.code, explained.error.as_str()), (0, ""));
    for part in [
        "secret.eml",
        "from anna@acme.example (acme)",
        "to buyer@shop.example",
        "quarantine in dlp",
        "by secrets of acme",
        "main.mfp:13:",
        "Secrets stay inside",
        "text contains \"secret\": holds",
        "at byte",
    ] {
        assert!(explained.out.contains(part), "{part}: {}", explained.out);
    }
    let piped = outcome(mailfw().args(["explain", set.arg(), "-"]).write_stdin(SECRET));
    assert!(piped.code == 0 && piped.out.contains("quarantine in dlp"), "{}", piped.error);
}

#[test]
fn the_json_form_is_the_documented_record() {
    let set = Set::new(GOOD);
    let message = set.write("secret.eml", SECRET);
    let explained = run(&["explain", "--json", set.arg(), message.to_str().unwrap()]);
    let json: serde_json::Value = serde_json::from_str(&explained.out).unwrap();
    assert_eq!(schema::errors("dry-run.json", &json), Vec::<String>::new(), "{json}");
}

#[test]
fn an_address_is_explained_by_its_home_and_the_policies_of_its_chain() {
    let explained = run(&["explain", &example("acme"), "ceo@acme.example"]);
    assert_eq!((explained.code, explained.error.as_str()), (0, ""));
    for part in [
        "at home in acme.executives",
        "inherited along acme → acme.executives",
        "When it sends",
        "When it receives",
        "size_limit of acme",
        "overridden by size_limit_executives",
        "card_numbers of acme",
        "except in acme.executives when recipient in partners.bank",
    ] {
        assert!(explained.out.contains(part), "{part}: {}", explained.out);
    }
    let stranger = run(&["explain", &example("acme"), "x@nowhere.example"]);
    assert!(stranger.code == 0 && stranger.out.contains("at home nowhere"), "{}", stranger.out);
    let json = run(&["explain", "--json", &example("acme"), "ceo@acme.example"]);
    let json: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(json["home"], "acme.executives");
    assert_eq!(schema::errors("address.json", &json), Vec::<String>::new(), "{json}");
}

#[test]
fn what_is_no_message_is_told() {
    let set = Set::new(GOOD);
    let socket = set.path().join("s.sock");
    let _listener = UnixListener::bind(&socket).unwrap();
    let many = set.write("many.mbox", mail::mbox(2));
    for (path, part) in [
        ("/nowhere/at/all.eml", "mailfw::io::not-found"),
        (socket.to_str().unwrap(), "a socket"),
        (many.to_str().unwrap(), "several messages"),
    ] {
        let explained = run(&["explain", set.arg(), path]);
        assert_eq!((explained.code, explained.out.as_str()), (2, ""), "{path}");
        assert!(explained.error.contains(part), "{part}: {}", explained.error);
    }
}
