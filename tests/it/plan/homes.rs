//! Where addresses are at home.

use mailfw::base::address::Address;
use mailfw::base::source::Span;
use mailfw::base::table::AddressTableBuilder;
use mailfw::language::hir::{Directory, DirectoryId, Group};
use mailfw::plan::{DirectoryIndex, Home};
use proptest::prelude::*;
use std::sync::Arc;

fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

/// A directory: its parent, its users and its domains (`*.` before one means what is below it), its groups.
type Written<'a> = (Option<u32>, &'a [&'a str], &'a [&'a str], &'a [&'a str]);

fn indexed(directories: &[Written]) -> DirectoryIndex {
    let mut homes = AddressTableBuilder::default();
    let directories: Vec<Directory> = directories
        .iter()
        .zip(0..)
        .map(|((parent, users, domains, groups), id)| {
            for user in *users {
                homes.add_address(user, id).unwrap();
            }
            for domain in *domains {
                let below = domain.strip_prefix("*.");
                homes.add_domain(below.unwrap_or(domain), below.is_some(), id).unwrap();
            }
            let group = |query: &&str| Group {
                service: "ldap".into(),
                query: (*query).into(),
                span: Span::default(),
            };
            Directory {
                id: DirectoryId(id),
                path: format!("d{id}").into(),
                parent: parent.map(DirectoryId),
                groups: groups.iter().map(group).collect(),
                exceptions: Vec::new(),
                span: Span::default(),
            }
        })
        .collect();
    DirectoryIndex::new(&directories, Arc::new(homes.build().table))
}

fn index() -> DirectoryIndex {
    indexed(&[
        (None, &[], &["acme.example", "*.acme.example"], &[]),
        (Some(0), &["anna@acme.example"], &["sales.acme.example", "*.sales.acme.example"], &[]),
        (Some(0), &["bob@sales.acme.example"], &[], &["cn=board"]),
        (Some(1), &[], &[], &["cn=sellers"]),
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
    let index = indexed(&[(None, &[], &["xn--bcher-kva.example"], &[])]);
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

proptest! {
    #[test]
    fn a_directory_is_within_another_where_the_way_up_leads_through_it(parents in parents()) {
        let index = indexed(&parents.iter().map(|&parent| (parent, &[][..], &[][..], &[][..])).collect::<Vec<_>>());
        for inner in 0..parents.len() {
            let mut up = vec![inner];
            while let Some(parent) = parents[up[up.len() - 1]] {
                up.push(parent as usize);
            }
            let chain: Vec<usize> = index.ancestors(DirectoryId(inner as u32)).map(DirectoryId::index).collect();
            prop_assert_eq!(&chain, &up);
            prop_assert_eq!(index.depth(DirectoryId(inner as u32)) as usize, up.len() - 1);
            for outer in 0..parents.len() {
                let within = index.is_within(DirectoryId(inner as u32), DirectoryId(outer as u32));
                prop_assert_eq!(within, up.contains(&outer), "{} in {}", inner, outer);
            }
        }
    }
}

/// Trees of directories, each with an earlier one as its parent, or none.
fn parents() -> impl Strategy<Value = Vec<Option<u32>>> {
    proptest::collection::vec(any::<(bool, u32)>(), 0..25).prop_map(|picks| {
        (0..).zip(picks).map(|(at, (top, pick))| (at > 0 && !top).then(|| pick % at)).collect()
    })
}
