//! Where addresses are at home.

use mailfw::base::address::{Address, DomainPattern};
use mailfw::base::source::Span;
use mailfw::language::hir::{Directory, DirectoryId, Group};
use mailfw::plan::{DirectoryIndex, Home};

fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

fn directory(id: u32, parent: Option<u32>, users: &[&str], domains: &[&str], groups: &[&str]) -> Directory {
    Directory {
        id: DirectoryId(id),
        path: format!("d{id}").into(),
        parent: parent.map(DirectoryId),
        domains: domains
            .iter()
            .map(|domain| match domain.strip_prefix("*.") {
                Some(below) => DomainPattern { domain: below.into(), subdomains: true },
                None => DomainPattern { domain: (*domain).into(), subdomains: false },
            })
            .collect(),
        users: users.iter().map(|user| address(user)).collect(),
        groups: groups
            .iter()
            .map(|query| Group { service: "ldap".into(), query: (*query).into(), span: Span::default() })
            .collect(),
        exceptions: Vec::new(),
        span: Span::default(),
    }
}

fn index() -> DirectoryIndex {
    DirectoryIndex::new(&[
        directory(0, None, &[], &["acme.example", "*.acme.example"], &[]),
        directory(1, Some(0), &["anna@acme.example"], &["sales.acme.example", "*.sales.acme.example"], &[]),
        directory(2, Some(0), &["bob@sales.acme.example"], &[], &["cn=board"]),
        directory(3, Some(1), &[], &[], &["cn=sellers"]),
    ])
}

fn home(text: &str, member: impl Fn(&str) -> Option<bool>) -> Home {
    index().home(&address(text), |group| member(&group.query))
}

#[test]
fn a_user_beats_a_domain_an_exact_domain_a_wildcard_and_a_longer_wildcard_a_shorter() {
    let nobody = |_: &str| Some(false);
    assert_eq!(home("anna@acme.example", nobody), Home::In(DirectoryId(1)));
    assert_eq!(home("carl@acme.example", nobody), Home::In(DirectoryId(0)));
    assert_eq!(home("bob@sales.acme.example", nobody), Home::In(DirectoryId(2)));
    assert_eq!(home("carl@sales.acme.example", nobody), Home::In(DirectoryId(1)));
    assert_eq!(home("carl@dev.acme.example", nobody), Home::In(DirectoryId(0)));
    assert_eq!(home("carl@eu.sales.acme.example", nobody), Home::In(DirectoryId(1)));
    assert_eq!(home("carl@other.example", nobody), Home::Nowhere);
    assert_eq!(home("carl@notacme.example", nobody), Home::Nowhere);
}

#[test]
fn addresses_compare_without_case_and_by_idna() {
    let nobody = |_: &str| Some(false);
    assert_eq!(home("ANNA@Acme.Example", nobody), Home::In(DirectoryId(1)));
    let index = DirectoryIndex::new(&[directory(0, None, &[], &["xn--bcher-kva.example"], &[])]);
    assert_eq!(index.home(&address("a@Bücher.example"), |_| None), Home::In(DirectoryId(0)));
}

#[test]
fn a_group_beats_a_domain_and_a_user_beats_a_group() {
    assert_eq!(home("carl@acme.example", |query| Some(query == "cn=board")), Home::In(DirectoryId(2)));
    assert_eq!(home("carl@acme.example", |_| Some(true)), Home::In(DirectoryId(3)), "the deeper group wins");
    assert_eq!(home("anna@acme.example", |_| Some(true)), Home::In(DirectoryId(1)));
}

#[test]
fn a_group_that_cannot_be_asked_leaves_the_home_undecided() {
    assert_eq!(home("carl@acme.example", |_| None), Home::Undecided(Some(DirectoryId(0))));
    assert_eq!(home("anna@acme.example", |_| None), Home::In(DirectoryId(1)), "a user needs no group");
}

#[test]
fn the_chain_leads_up_from_the_deepest() {
    let index = index();
    assert_eq!(index.chain(DirectoryId(3)), [DirectoryId(3), DirectoryId(1), DirectoryId(0)]);
    assert!(index.is_within(DirectoryId(3), DirectoryId(0)));
    assert!(!index.is_within(DirectoryId(0), DirectoryId(3)));
    assert_eq!(index.depth(DirectoryId(3)), 2);
}
