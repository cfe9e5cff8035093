//! Addresses as they compare: quoting says nothing, and what is shown can be read again.

use mailfw::base::address::Address;
use proptest::prelude::*;

fn address(text: &str) -> Address {
    Address::parse(text).unwrap_or_else(|| panic!("`{text}` is no address"))
}

#[test]
fn a_backslash_in_quotes_stands_for_what_follows_it() {
    for written in [
        "ceo@x.example",
        "\"ceo\"@x.example",
        "\"c\\eo\"@x.example",
        "\"\\c\\e\\o\"@x.example",
        "<\"C\\EO\"@X.example>",
    ] {
        assert_eq!(address(written), address("ceo@x.example"), "{written}");
    }
    assert_eq!(&*address("\"a\\\\b\\\"c\"@x.example").local, "a\\b\"c");
    assert_eq!(&*address("\"a\\\\\\\"b\"@x.example").local, "a\\\"b");
    assert_eq!(&*address("\"a@b\"@x.example").local, "a@b");
}

#[test]
fn quotes_that_do_not_fit_are_no_address() {
    for written in ["\"@x.example", "\"a\\\"@x.example", "\"a\"b\"@x.example", "\"a\"b@x.example"] {
        assert_eq!(Address::parse(written), None, "{written}");
    }
}

#[test]
fn a_local_part_that_is_no_dot_atom_is_shown_in_quotes() {
    for (written, shown) in [
        ("a.b+c@x.example", "a.b+c@x.example"),
        ("\"a.b\"@x.example", "a.b@x.example"),
        ("\"a b\"@x.example", "\"a b\"@x.example"),
        ("\"a@b\"@x.example", "\"a@b\"@x.example"),
        ("\"a\\\"b\"@x.example", "\"a\\\"b\"@x.example"),
        ("\"a\\\\b\"@x.example", "\"a\\\\b\"@x.example"),
        ("a.\"b\\c\".d@x.example", "a.bc.d@x.example"),
        ("\"\"@x.example", "\"\"@x.example"),
        ("a\\b@x.example", "\"a\\\\b\"@x.example"),
        ("\".a\"@x.example", "\".a\"@x.example"),
        ("jörg@x.example", "jörg@x.example"),
    ] {
        assert_eq!(address(written).to_string(), shown);
    }
}

#[test]
fn a_quoted_address_of_a_field_is_the_address() {
    for written in [
        "\"c\\eo\"@x.example",
        "Boss <\"c\\eo\"@x.example>",
        "\"ceo\"@x.example (him)",
        "a@b.example, \"ce\\o\"@x.example",
    ] {
        let message = super::read(format!("From: {written}\n\ntext\n").as_bytes());
        let found: Vec<_> = message.from().iter().filter_map(|m| Address::parse(&m.address)).collect();
        assert!(found.contains(&address("ceo@x.example")), "{written}: {:?}", message.from());
    }
    for local in ["a\\\"b", "a\\\\b", "a b", "a@b"] {
        let written = format!("\"{local}\"@x.example");
        let message = super::read(format!("From: {written}\n\ntext\n").as_bytes());
        assert_eq!(
            Address::parse(&message.from()[0].address),
            Some(address(&written)),
            "{:?}",
            message.from()
        );
    }
}

proptest! {
    #[test]
    fn what_is_shown_is_read_again(local in "[ -~äß]{1,12}", domain in "[a-z]{1,6}\\.example") {
        let quoted: String = local.chars().flat_map(|c| ['\\', c]).collect();
        let read = Address::parse(&format!("\"{quoted}\"@{domain}")).unwrap();
        prop_assert_eq!(&*read.local, local.to_lowercase());
        prop_assert_eq!(Address::parse(&read.to_string()), Some(read.clone()));
        if let Some(bare) = Address::parse(&format!("{local}@{domain}")) {
            prop_assert_eq!(Address::parse(&bare.to_string()), Some(bare));
        }
    }
}
