//! What it costs to find a home among many, and to load the many.
//!
//! `lookup_*` ask a table of so many users and as many domains for one address after another, in an order that no cache
//! foresees. `check_*` and `plan_*` load a set whose directory reads a list file of so many lines, as a reload does;
//! before them a table says what the entries take.

#![expect(clippy::unwrap_used, reason = "a bench that cannot start says why by stopping")]

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use mailfw::base::address::Address;
use mailfw::base::limits::SourceLimits;
use mailfw::base::table::{AddressTable, AddressTableBuilder};
use mailfw::language::{self, Checked};
use mailfw::plan::Plan;
use std::collections::BTreeMap;
use std::sync::Arc;

const SIZES: [u32; 3] = [10, 1_000, 1_000_000];
/// Addresses that are asked for, one after another.
const ASKED: u32 = 4096;

fn main() {
    println!("entries    text bytes  table bytes  over the text an entry");
    for size in SIZES {
        let size = table(size).size();
        let over = (size.bytes - size.text_bytes) as f64 / size.entries as f64;
        println!("{:>9}  {:>10}  {:>11}  {over:.1}", size.entries, size.text_bytes, size.bytes);
    }
    divan::main();
}

fn user(number: u32) -> String {
    format!("given{}.family{number}@mail{}.example", number % 977, number % 13)
}

fn domain(number: u32) -> String {
    format!("host{number}.net{}.example", number % 101)
}

fn table(entries: u32) -> AddressTable {
    let mut builder = AddressTableBuilder::default();
    for number in 0..entries {
        builder.add_address(&user(number), number % 200).unwrap();
        builder.add_domain(&domain(number), number % 7 == 0, number % 200).unwrap();
    }
    builder.build().table
}

/// Addresses of which the numbers run through the table in leaps.
fn asked(make: impl Fn(u32) -> String, entries: u32) -> Vec<Address> {
    (0..ASKED).map(|at| Address::parse(&make(at.wrapping_mul(2_654_435_761) % entries)).unwrap()).collect()
}

fn look_up(bencher: Bencher, entries: u32, make: impl Fn(u32) -> String) {
    let (table, asked) = (table(entries), asked(make, entries));
    bencher
        .counter(ItemsCount::new(asked.len()))
        .bench_local(|| asked.iter().filter(|address| black_box(table.has(black_box(address)))).count());
}

/// The address is a user.
#[divan::bench(args = SIZES)]
fn lookup_user(bencher: Bencher, entries: u32) {
    look_up(bencher, entries, user);
}

/// Nobody knows the address, nor its domain.
#[divan::bench(args = SIZES)]
fn lookup_nobody(bencher: Bencher, entries: u32) {
    look_up(bencher, entries, |number| format!("stranger{number}@mx{}.far.away.test", number % 911));
}

/// The address is no user; its domain is an entry, or is below one.
#[divan::bench(args = SIZES)]
fn lookup_by_domain(bencher: Bencher, entries: u32) {
    look_up(bencher, entries, |number| {
        let below = if number % 7 == 0 { "sub." } else { "" };
        format!("anybody@{below}{}", domain(number))
    });
}

fn set(lines: u32, line: impl Fn(u32) -> String) -> BTreeMap<String, Vec<u8>> {
    let list: String = (0..lines).map(|number| line(number) + "\n").collect();
    let main = "directory people {\n    list \"people.txt\"\n    content policy p for senders {\n        \
                when   subject contains \"x\"\n        tag    \"x\"\n    }\n}\n";
    BTreeMap::from([("main.mfp".to_string(), main.into()), ("people.txt".to_string(), list.into_bytes())])
}

fn check(sources: &mut BTreeMap<String, Vec<u8>>) -> Checked {
    let checked = language::check("main.mfp", sources, &SourceLimits::default());
    assert!(checked.hir.is_some(), "the set is sound");
    checked
}

/// From the file to the typed set, a user a line.
#[divan::bench(args = [1_000_000], sample_count = 5, sample_size = 1)]
fn check_users(bencher: Bencher, lines: u32) {
    let mut sources = set(lines, user);
    bencher.counter(ItemsCount::new(lines)).bench_local(|| check(&mut sources));
}

/// From the file to the typed set, a domain a line.
#[divan::bench(args = [1_000_000], sample_count = 5, sample_size = 1)]
fn check_domains(bencher: Bencher, lines: u32) {
    let mut sources = set(lines, |number| format!("@{}", domain(number)));
    bencher.counter(ItemsCount::new(lines)).bench_local(|| check(&mut sources));
}

/// From the typed set to the plan.
#[divan::bench(args = [1_000_000], sample_count = 5, sample_size = 1)]
fn plan_users(bencher: Bencher, lines: u32) {
    let hir = check(&mut set(lines, user)).hir.unwrap();
    bencher.counter(ItemsCount::new(lines)).bench_local(|| Plan::new(Arc::clone(&hir)).unwrap());
}
