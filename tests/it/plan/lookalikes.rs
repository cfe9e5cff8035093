//! Senders that look like somebody of the house.

use super::setting::{Setting, truth};
use mailfw::base::address::{Address, DomainPattern};
use mailfw::base::table::AddressTableBuilder;
use mailfw::plan::Truth;
use mailfw::plan::lookalike::{Likeness, LookalikeIndex};
use std::sync::Arc;

fn index() -> LookalikeIndex {
    let mut homes = AddressTableBuilder::default();
    for user in [
        "anna.smith@acme.example",
        "jean-luc.dupont@acme.example",
        "bob@acme.example",
        "wolfgang.müller@acme.example",
    ] {
        homes.add_address(user, 1).unwrap();
    }
    homes.add_domain("acme.example", false, 1).unwrap();
    homes.add_domain("acme.example", true, 1).unwrap();
    // Of another directory, which is not asked about.
    homes.add_address("zacharias.elsewhere@acme.example", 0).unwrap();
    homes.add_domain("elsewhere.example", false, 0).unwrap();
    let site = [DomainPattern { domain: "globalbank.example".into(), subdomains: false }];
    LookalikeIndex::new(Arc::new(homes.build().table), vec![false, true], &site)
}

#[test]
fn a_directory_that_is_not_asked_about_has_no_likenesses() {
    assert_eq!(likeness("Zacharias Elsewhere", "someone@mail.other.net"), None);
    assert_eq!(likeness("Support", "x@elsewhere-payments.net"), None);
}

fn likeness(name: &str, address: &str) -> Option<Likeness> {
    let address = Address::parse(address);
    index().likeness(Some(name).filter(|name| !name.is_empty()), address.as_ref())
}

#[test]
fn a_display_name_of_ours_on_a_foreign_address_is_a_likeness() {
    for name in [
        "Anna Smith",
        "Smith, Anna",
        "anna smith (CEO)",
        "ANNA  SMITH",
        "Аnna Smith",
        "Anna Smitb",
        "Anna Smlth",
        "Аппа Smith",
        "Anna Srnith",
        "Dupont, Jean-Luc",
        "Wolfgang Muller",
    ] {
        let found = likeness(name, "someone@mail.other.net");
        assert!(matches!(found, Some(Likeness::Name(_))), "{name}: {found:?}");
    }
}

#[test]
fn a_stranger_is_no_likeness() {
    for name in ["", "Anna", "Bob", "Hannah Schmidt", "Peter Miller", "Newsletter", "John Smith", "Анна Смит"]
    {
        assert_eq!(likeness(name, "someone@mail.other.net"), None, "{name}");
    }
}

#[test]
fn ours_are_no_likeness_of_themselves() {
    assert_eq!(likeness("Anna Smith", "anna.smith@acme.example"), None);
    assert_eq!(likeness("Somebody Else", "x@acme.example"), None);
    assert_eq!(likeness("Somebody Else", "x@mail.acme.example"), None);
}

#[test]
fn a_domain_like_ours_is_a_likeness() {
    for domain in [
        "acrne.example",
        "аcme.example",
        "acme-payments.net",
        "acme.example.evil.net",
        "acme.net",
        "globalbamk.example",
        "g1obalbank.example",
        "globalbank.org",
        "secure-globalbank.info",
    ] {
        let found = likeness("Support", &format!("x@{domain}"));
        assert!(matches!(found, Some(Likeness::Domain(_))), "{domain}: {found:?}");
    }
    for domain in ["other.example", "macmega.net", "bank.example", "gmail.com", "global.example"] {
        assert_eq!(likeness("Support", &format!("x@{domain}")), None, "{domain}");
    }
}

#[test]
fn an_address_of_ours_in_a_foreign_display_name_is_a_likeness() {
    let found = likeness("anna.smith@acme.example", "x@other.net");
    assert!(matches!(found, Some(Likeness::Mentions(_))), "{found:?}");
    let found = likeness("Boss <boss@acme.example>", "x@other.net");
    assert!(matches!(found, Some(Likeness::Mentions(_))), "{found:?}");
}

const FORGED: [&str; 5] = [
    // A field whose name not everybody reads.
    "From: Billing <billing@freemail.example>\r\nFr om: \"Smith, Anna\" <ceo@freemail.example>\r\n",
    // A name in front of a comment, and the address of somebody else.
    "From: <anna.smith@acme.example>(real) <ceo@freemail.example>\r\n",
    // An address of ours in a second field.
    "From: Billing <billing@freemail.example>\r\nFrom : <anna.smith@acme.example>\r\n",
    // The same in a field that only some see.
    "From: Billing <billing@freemail.example>\r\nFr om: <anna.smith@acme.example>\r\n",
    // A domain like ours there.
    "From: Billing <billing@freemail.example>\r\nFr om: Support <support@acrne.example>\r\n",
];

fn forged(from: &str) -> String {
    format!("{from}To: carl@acme.example\r\nSubject: Pay\r\n\r\nnow\r\n")
}

#[test]
fn a_forgery_in_any_reading_of_the_author_is_one() {
    for from in FORGED {
        for condition in [
            "any from looks like people",
            "any from as m where m looks like people and m.address outside @partner.example",
            "not (no from looks like people)",
            "not (every from as m where not m looks like people)",
        ] {
            assert_eq!(truth(condition, &forged(from)), Truth::True, "{condition}: {from}");
        }
    }
    for from in [
        "From: Billing <billing@freemail.example>\r\n",
        "From: Anna <anna@acme.example> (at home: anna@home.example)\r\n",
        "From: \"anna.smith@acme.example\" <anna.smith@acme.example>\r\n",
        "From: Bob <bob@friend.example>, Anna <anna.smith@acme.example>\r\n",
        "From: Anna <anna.smith@acme.example>\r\nFrom: Anna <anna.smith@acme.example>\r\n",
        "From: Billing <billing@freemail.example>\r\nFr om: Billing <bills@freemail.example>\r\n",
    ] {
        assert_eq!(truth("any from looks like people", &forged(from)), Truth::False, "{from}");
    }
}

#[test]
fn a_reading_that_not_everybody_has_earns_no_trust() {
    let from = "From: Evil <evil@freemail.example>\r\nFr om: Bob <bob@friend.example>\r\n";
    for condition in [
        "any from in friends",
        "any from.domain in @friend.example",
        "any from as m where m.address in friends",
        "any from as m where m.address in friends or m looks like people",
        "not (every from as m where m.address outside friends)",
        "not (no from as m where m.address in friends)",
    ] {
        assert_eq!(truth(condition, &forged(from)), Truth::False, "{condition}");
    }
}

#[test]
fn the_record_names_the_reading_that_is_forged() {
    let verdict = Setting::of("any from looks like people", &forged(FORGED[0])).verdict();
    let evidence: Vec<&str> =
        verdict.clauses.iter().flat_map(|clause| &clause.evidence).map(|one| one.value.as_str()).collect();
    assert!(evidence.iter().any(|value| value.contains("ceo@freemail.example")), "{evidence:?}");
}
