//! Tables find what a plain walk over the entries finds, whatever their order, and take a few bytes an entry.

use ipnet::IpNet;
use mailfw::base::address::{Address, DomainPattern, domain_as_ascii, domain_to_ascii};
use mailfw::base::table::{
    AddressTable, AddressTableBuilder, Conflict, Key, NetworkTable, TextList, TextTable, TextTableBuilder,
};
use proptest::prelude::*;
use std::collections::HashMap;
use std::net::IpAddr;

/// An entry as it is added: a user or a domain pattern, with its number.
#[derive(Debug, Clone)]
enum Entry {
    User(String, u32),
    Domain(DomainPattern, u32),
}

/// Few names, so that entries, subdomains and questions meet.
fn domains() -> impl Strategy<Value = String> {
    proptest::collection::vec("[ab]|xn--tda", 1..5).prop_map(|labels| labels.join("."))
}

fn users() -> impl Strategy<Value = String> {
    ("[abAB]{1,2}|\"a b\"|\"a@b\"|ü|İ", domains()).prop_map(|(local, domain)| format!("{local}@{domain}"))
}

fn entries() -> impl Strategy<Value = Vec<Entry>> {
    let number = prop_oneof![0..3_u32, Just(300), Just(70_000)];
    let user = (users(), number.clone()).prop_map(|(user, number)| Entry::User(user, number));
    let domain = (domains(), any::<bool>(), number).prop_map(|(domain, subdomains, number)| {
        Entry::Domain(DomainPattern { domain: domain.into(), subdomains }, number)
    });
    proptest::collection::vec(prop_oneof![user, domain], 0..60)
}

fn built(entries: &[Entry]) -> AddressTable {
    let mut builder = AddressTableBuilder::default();
    for entry in entries {
        match entry {
            Entry::User(user, number) => builder.add_address(user, *number).unwrap(),
            Entry::Domain(pattern, number) => {
                builder.add_domain(&pattern.domain, pattern.subdomains, *number).unwrap();
            }
        }
    }
    builder.build().table
}

/// The first entry that is the address.
fn plain_address(entries: &[Entry], asked: &Address) -> Option<u32> {
    entries.iter().find_map(|entry| match entry {
        Entry::User(user, number) => (Address::parse(user).as_ref() == Some(asked)).then_some(*number),
        Entry::Domain(..) => None,
    })
}

/// The first entry that is the domain, else the first of the longest that it is below of.
fn plain_domain(entries: &[Entry], asked: &str) -> Option<u32> {
    let mut best: Option<(usize, u32)> = None;
    for entry in entries {
        let Entry::Domain(pattern, number) = entry else { continue };
        let weight = if pattern.subdomains { pattern.domain.len() } else { usize::MAX };
        if pattern.matches(asked) && best.is_none_or(|(known, _)| weight > known) {
            best = Some((weight, *number));
        }
    }
    best.map(|(_, number)| number)
}

proptest! {
    #[test]
    fn a_table_finds_what_a_walk_over_its_entries_finds(
        entries in entries(),
        asked in proptest::collection::vec(users(), 20),
    ) {
        let table = built(&entries);
        for asked in asked.iter().filter_map(|text| Address::parse(text)) {
            prop_assert_eq!(table.address(&asked), plain_address(&entries, &asked), "{}", asked);
            prop_assert_eq!(table.domain(&asked.domain), plain_domain(&entries, &asked.domain), "{}", asked);
            let expected = plain_address(&entries, &asked).or(plain_domain(&entries, &asked.domain));
            prop_assert_eq!(table.has(&asked), expected.is_some());
            let below = entries.iter().any(|entry| matches!(
                entry, Entry::Domain(pattern, _) if pattern.subdomains && pattern.matches(&asked.domain)
            ));
            prop_assert_eq!(table.is_below_entry(&asked.domain), below);
        }
    }

    #[test]
    fn the_order_of_entries_does_not_matter(
        (entries, shuffled) in entries().prop_map(without_conflicts)
            .prop_flat_map(|entries| (Just(entries.clone()), Just(entries).prop_shuffle())),
        asked in proptest::collection::vec(users(), 20),
    ) {
        let (table, other) = (built(&entries), built(&shuffled));
        prop_assert_eq!(table.len(), other.len());
        let contents = |table: &AddressTable| {
            let users = table.addresses().map(|(_, local, domain, number)| format!("{local}@{domain} {number}"));
            let domains = table.domains().map(|(domain, below, number)| format!("{domain} {below} {number}"));
            let mut all: Vec<String> = users.chain(domains).collect();
            all.sort();
            all
        };
        prop_assert_eq!(contents(&table), contents(&other));
        for asked in asked.iter().filter_map(|text| Address::parse(text)) {
            prop_assert_eq!(table.address(&asked), other.address(&asked));
            prop_assert_eq!(table.domain(&asked.domain), other.domain(&asked.domain));
        }
    }

    #[test]
    fn texts_of_any_length_and_any_value_are_given_back(
        texts in proptest::collection::vec(("[a@]{0,3}|[a-z@ü]{250,260}|.{0,20}", any::<u32>()), 0..40),
    ) {
        let mut builder = TextTableBuilder::default();
        let mut expected: HashMap<&str, u32> = HashMap::new();
        for (text, value) in &texts {
            prop_assert!(builder.add(&[text], *value));
            expected.entry(text).or_insert(*value);
        }
        let table = builder.build().table;
        prop_assert_eq!(table.len(), expected.len());
        for (text, value) in &expected {
            prop_assert_eq!(table.get(Key::Text(text)), Some(*value));
            prop_assert_eq!(table.get(Key::Text(&format!("{text}?"))), expected.get(&*format!("{text}?")).copied());
        }
        for (place, text, value) in table.iter() {
            prop_assert_eq!(expected.get(text), Some(&value));
            prop_assert_eq!(table.entry(place), Some((text, value)));
        }
    }

    #[test]
    fn networks_hold_what_one_of_them_holds(
        networks in proptest::collection::vec(network(), 0..30),
        asked in proptest::collection::vec(ip(), 50),
    ) {
        let table: NetworkTable = networks.iter().collect();
        for network in &networks {
            prop_assert_eq!(table.contains(network.network()), plainly_in(&networks, network.network()));
            prop_assert_eq!(table.contains(network.broadcast()), plainly_in(&networks, network.broadcast()));
        }
        for ip in asked {
            prop_assert_eq!(table.contains(ip), plainly_in(&networks, ip), "{}", ip);
        }
    }

    #[test]
    fn a_list_of_texts_gives_them_in_their_order(texts in proptest::collection::vec(".{0,8}", 0..20)) {
        let mut list = TextList::default();
        for text in &texts {
            prop_assert!(list.push(text));
        }
        prop_assert!(list.iter().eq(texts.iter().map(String::as_str)));
        for (number, text) in (0..).zip(&texts) {
            prop_assert_eq!(list.get(number), Some(text.as_str()));
        }
        prop_assert_eq!(list.get(texts.len() as u32), None);
    }

    #[test]
    fn a_domain_reads_alike_whether_it_is_copied_or_not(domain in "[a-cA-C.üXN-]{0,12}|\\[[0-9a-fA-F.:]{0,9}\\]") {
        let read = domain_as_ascii(&domain);
        prop_assert_eq!(read.as_deref().map(str::to_string), domain_to_ascii(&domain));
        if let Some(read) = read {
            prop_assert_eq!(domain_to_ascii(&read), Some(read.to_string()), "reading twice is reading once");
        }
    }
}

/// The entries of which none equals an earlier one but for its number.
fn without_conflicts(entries: Vec<Entry>) -> Vec<Entry> {
    let mut seen = std::collections::HashSet::new();
    let key = |entry: &Entry| match entry {
        Entry::User(user, _) => Address::parse(user).unwrap().to_string(),
        Entry::Domain(pattern, _) => pattern.to_string(),
    };
    entries.into_iter().filter(|entry| seen.insert(key(entry))).collect()
}

fn ip() -> impl Strategy<Value = IpAddr> {
    prop_oneof![
        (0..8_u32).prop_map(|low| IpAddr::from(low.to_be_bytes())),
        any::<u32>().prop_map(|number| IpAddr::from(number.to_be_bytes())),
        (0..8_u128).prop_map(|low| IpAddr::from(low.to_be_bytes())),
        (0..8_u32).prop_map(|low| IpAddr::V6(std::net::Ipv4Addr::from(low).to_ipv6_mapped())),
        Just(IpAddr::from([255_u8; 4])),
        Just(IpAddr::from([255_u8; 16])),
    ]
}

fn network() -> impl Strategy<Value = IpNet> {
    (ip(), any::<u8>()).prop_map(|(ip, prefix)| {
        // Long prefixes, so that networks lie beside each other, and now and then a short one.
        let bits = if ip.is_ipv4() { 32 } else { 128 };
        let prefix = if prefix % 8 == 0 { prefix % (bits + 1) } else { bits - prefix % 4 };
        IpNet::new(ip, prefix).unwrap().trunc()
    })
}

fn plainly_in(networks: &[IpNet], ip: IpAddr) -> bool {
    networks.iter().any(|network| network.contains(&ip.to_canonical()))
}

#[test]
fn equal_entries_of_two_numbers_are_told_and_the_first_stays() {
    let mut builder = AddressTableBuilder::default();
    for (user, number) in [("a@x.example", 1), ("b@x.example", 1), ("A@X.example", 2), ("a@x.example", 1)] {
        builder.add_address(user, number).unwrap();
    }
    builder.add_domain("x.example", false, 1).unwrap();
    builder.add_domain("x.example", true, 2).unwrap();
    let built = builder.build();
    assert_eq!(built.conflicts, [vec![Conflict { later: 2, earlier: 0 }], vec![], vec![]]);
    assert_eq!(built.table.address(&Address::parse("a@x.example").unwrap()), Some(1));
    assert_eq!(built.table.len(), 4);
}

#[test]
fn an_empty_table_holds_nothing() {
    let table = TextTable::default();
    assert!(table.is_empty() && !table.contains(Key::Text("")));
    assert!(!AddressTable::default().has(&Address::parse("a@b.example").unwrap()));
    assert!(!NetworkTable::default().contains(IpAddr::from([0, 0, 0, 0])));
}

#[test]
fn a_million_entries_take_a_few_bytes_each_and_are_all_found() {
    const ENTRIES: u32 = 1_000_000;
    let user = |number: u32| format!("user{number}@mail.example");
    let mut builder = TextTableBuilder::default();
    for number in 0..ENTRIES {
        assert!(builder.add(&[&user(number)], number % 200));
    }
    let built = builder.build();
    assert!(built.conflicts.is_empty());
    let size = built.table.size();
    assert_eq!(size.entries, ENTRIES as usize);
    let over = (size.bytes - size.text_bytes) as f64 / f64::from(ENTRIES);
    assert!(over < 4.1, "{over} bytes an entry over the text");
    for number in (0..ENTRIES).step_by(37) {
        let local = format!("user{number}");
        assert_eq!(built.table.get(Key::Address(&local, "mail.example")), Some(number % 200), "{number}");
        assert_eq!(built.table.get(Key::Address(&local, "mail.example.org")), None, "{number}");
    }
}

#[test]
fn many_equal_lines_are_one_entry() {
    let mut builder = TextTableBuilder::default();
    for _ in 0..200_000 {
        assert!(builder.add(&["same@x.example"], 0));
    }
    assert_eq!(builder.build().table.len(), 1);
}
