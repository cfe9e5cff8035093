//! Senders that look like somebody of the house.

use mailfw::base::address::{Address, DomainPattern};
use mailfw::plan::lookalike::{Likeness, LookalikeIndex};

fn index() -> LookalikeIndex {
    let users: Vec<Address> = [
        "anna.smith@acme.example",
        "jean-luc.dupont@acme.example",
        "bob@acme.example",
        "wolfgang.müller@acme.example",
    ]
    .iter()
    .map(|text| Address::parse(text).unwrap())
    .collect();
    let domains = [("acme.example", false), ("acme.example", true), ("globalbank.example", false)]
        .map(|(domain, subdomains)| DomainPattern { domain: domain.into(), subdomains });
    LookalikeIndex::new(&users, &domains)
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
