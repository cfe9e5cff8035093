//! Forged senders: a display name or a domain that looks like one of a directory, and is not.
//!
//! A mailbox looks like a directory where its address is not at home there and one of these holds:
//!
//! * its display name is, but for the order of its words and characters that are taken for each other (Unicode
//!   Technical Standard 39), the name that the local part of a user's address spells (`anna.smith` is Anna Smith), or
//!   differs from it by one character (by two from ten characters on);
//! * its display name holds an address or a domain of the directory;
//! * its domain is not one of the directory's or the site's, but has the same skeleton, differs by one character, or
//!   has the name of one of them among its words (`acme-payments.example`, `acme.example.evil.net`).
//!
//! Names of one word, or with fewer than six letters, are no names here: everybody is called Anna. Cost: an index of
//! the users' names for each directory that is asked about, made once for a plan; a question is a few look-ups and one
//! pass over the names of about the same length, about a nanosecond each. Memory: about 25 bytes and its name for each
//! user; addresses stay in the table of all homes.

use crate::base::address::{Address, DomainPattern};
use crate::base::table::{AddressTable, EntryPlace, Key, TextList, TextTable, TextTableBuilder};
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use unicode_security::skeleton;

/// Words of a display name that are looked at.
const WORDS: usize = 8;
/// Characters of a display name that are looked at.
const NAME_CHARS: usize = 200;
/// Letters a name has at least.
const NAME_LETTERS: usize = 6;
/// Letters from which on a name may differ by two.
const LONG_NAME: usize = 10;
/// Letters of a domain's own name from which on a difference of one character is a likeness.
const DOMAIN_LETTERS: usize = 5;
/// Letters of a domain's own name from which on its bare word is a likeness.
const WORD_LETTERS: usize = 4;

/// Why a mailbox looks like a directory's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Likeness {
    /// Its display name is like that of this user.
    Name(Address),
    /// Its display name holds this address or domain.
    Mentions(String),
    /// Its domain is like this one.
    Domain(String),
}

impl Likeness {
    /// The likeness in words.
    pub fn text(&self) -> String {
        match self {
            Likeness::Name(address) => format!("the display name is like that of {address}"),
            Likeness::Mentions(text) => format!("the display name holds {text}"),
            Likeness::Domain(domain) => format!("the domain is like {domain}"),
        }
    }
}

/// The names and domains of one directory.
#[derive(Debug)]
pub struct LookalikeIndex {
    /// All homes of the set.
    homes: Arc<AddressTable>,
    /// Whether a directory, by its number, is the one asked about or lies in it.
    below: Vec<bool>,
    /// The site's domains.
    site: AddressTable,
    /// Names of users as [`name_key`] makes them, with the places of their addresses.
    names: Likes,
    /// The domains, without doubles.
    domains: TextList,
    /// Their skeletons, with their numbers.
    skeletons: TextTable,
    /// The skeletons of the labels before their public suffixes, with their numbers.
    labels: Likes,
}

/// Texts of which those that are nearly a given one are found.
#[derive(Debug)]
struct Likes {
    table: TextTable,
    by_length: BTreeMap<usize, SameLength>,
}

/// Texts of one number of characters: which characters each has, one bit for each of 64 classes, and its place.
#[derive(Debug, Default)]
struct SameLength {
    masks: Vec<u64>,
    places: Vec<EntryPlace>,
}

impl Likes {
    fn new(builder: &TextTableBuilder) -> Likes {
        let table = builder.build().table;
        let mut by_length: BTreeMap<usize, SameLength> = BTreeMap::new();
        for (place, text, _) in table.iter() {
            let same = by_length.entry(text.chars().count()).or_default();
            same.masks.push(mask(text));
            same.places.push(place);
        }
        Likes { table, by_length }
    }

    /// The value of a text itself.
    fn exact(&self, text: &str) -> Option<u32> {
        self.table.get(Key::Text(text))
    }

    /// The value of a text of at least so many characters that differs by so many at most.
    fn near(&self, text: &str, allowed: usize, at_least: usize) -> Option<u32> {
        let (length, mask) = (text.chars().count(), mask(text));
        let least = length.saturating_sub(allowed).max(at_least);
        let lengths = least..=(length + allowed).max(least);
        self.by_length.range(lengths).find_map(|(_, same)| {
            let like =
                |&(known, _): &(&u64, &EntryPlace)| (known ^ mask).count_ones() as usize <= 2 * allowed;
            let candidates = same.masks.iter().zip(&same.places).filter(like);
            candidates
                .filter_map(|(_, &place)| self.table.entry(place))
                .find_map(|(known, value)| (strsim::osa_distance(known, text) <= allowed).then_some(value))
        })
    }
}

impl LookalikeIndex {
    /// The index of the users and domains of some directories, and of the site's domains. `below` says of each directory,
    /// by its number in `homes`, whether it counts.
    pub fn new(homes: Arc<AddressTable>, below: Vec<bool>, site: &[DomainPattern]) -> LookalikeIndex {
        let counts = |directory: u32| below.get(directory as usize) == Some(&true);
        let mut names = TextTableBuilder::default();
        for (place, local, _, _) in homes.addresses().filter(|&(.., directory)| counts(directory)) {
            if let Some(key) = name_key(&words_of_local(local)) {
                // A name is shorter than its address, of which the table takes less than 4 GiB.
                names.add(&[&key], place.0);
            }
        }
        let own = homes.domains().filter(|&(.., directory)| counts(directory)).map(|(domain, ..)| domain);
        let all: HashSet<&str> = own.chain(site.iter().map(|pattern| &*pattern.domain)).collect();
        let mut all: Vec<&str> = all.into_iter().collect();
        all.sort_unstable();
        let (mut domains, mut skeletons, mut labels) =
            (TextList::default(), TextTableBuilder::default(), TextTableBuilder::default());
        for domain in all {
            let number = domains.len() as u32;
            domains.push(domain);
            skeletons.add(&[&skeleton_of(&shown_domain(domain))], number);
            labels.add(&[&skeleton_of(&shown_domain(&own_label(domain)))], number);
        }
        LookalikeIndex {
            names: Likes::new(&names),
            domains,
            skeletons: skeletons.build().table,
            labels: Likes::new(&labels),
            site: site.iter().collect(),
            homes,
            below,
        }
    }

    fn counts(&self, directory: u32) -> bool {
        self.below.get(directory as usize) == Some(&true)
    }

    /// What a mailbox that is not at home in the directory looks like.
    pub fn likeness(&self, display_name: Option<&str>, address: Option<&Address>) -> Option<Likeness> {
        let home = address.and_then(|address| self.homes.address(address));
        if home.is_some_and(|directory| self.counts(directory)) {
            return None;
        }
        let domain = address.map(|address| &*address.domain);
        let own = domain.is_some_and(|domain| self.is_own(domain));
        if !own && let Some(found) = domain.and_then(|domain| self.like_domain(domain)) {
            return Some(found);
        }
        let name: String = display_name?.chars().take(NAME_CHARS).collect();
        if !own && let Some(found) = self.mentions(&name) {
            return Some(found);
        }
        self.like_name(&name)
    }

    fn is_own(&self, domain: &str) -> bool {
        self.site.has_domain(domain)
            || self.homes.domain_numbers(domain).any(|directory| self.counts(directory))
    }

    fn mentions(&self, name: &str) -> Option<Likeness> {
        let ends = |character: char| {
            character.is_whitespace()
                || matches!(character, '<' | '>' | '(' | ')' | '"' | '\'' | ',' | ';' | '[' | ']')
        };
        name.split(ends)
            .filter_map(Address::parse)
            .find(|address| self.is_own(&address.domain))
            .map(|address| Likeness::Mentions(address.to_string()))
    }

    fn like_name(&self, name: &str) -> Option<Likeness> {
        let mut words = words_of_name(name);
        words.truncate(WORDS);
        let likeness = |place: u32| {
            let address = self.homes.address_at(EntryPlace(place))?;
            let (local, domain) = address.rsplit_once('@')?;
            Some(Likeness::Name(Address { local: local.into(), domain: domain.into() }))
        };
        let exact =
            subsets(&words).iter().find_map(|subset| name_key(subset).and_then(|key| self.names.exact(&key)));
        if let Some(place) = exact {
            return likeness(place);
        }
        let key = name_key(&words)?;
        let allowed = if key.chars().count() >= LONG_NAME { 2 } else { 1 };
        self.names.near(&key, allowed, 0).and_then(likeness)
    }

    fn like_domain(&self, domain: &str) -> Option<Likeness> {
        let shown = shown_domain(domain);
        let whole = skeleton_of(&shown);
        let label = skeleton_of(&shown_domain(&own_label(domain)));
        let words = || shown.split(['.', '-', '_']).map(skeleton_of);
        let by_word = || {
            let long = |word: &String| word.chars().count() >= WORD_LETTERS;
            words().filter(long).find_map(|word| self.labels.exact(&word))
        };
        let number = self
            .skeletons
            .get(Key::Text(&whole))
            .or_else(by_word)
            .or_else(|| self.labels.near(&label, 1, DOMAIN_LETTERS))
            .or_else(|| self.domain_inside(&whole))?;
        self.domains.get(number).map(|domain| Likeness::Domain(domain.to_string()))
    }

    /// The domain that stands in another, before one of its dots.
    fn domain_inside(&self, whole: &str) -> Option<u32> {
        whole.match_indices('.').filter_map(|(dot, _)| whole.get(..dot)).find_map(|before| {
            let from = before.char_indices().filter_map(|(start, _)| before.get(start..));
            from.into_iter().find_map(|inside| self.skeletons.get(Key::Text(inside)))
        })
    }
}

/// The label that somebody registered: the one before the public suffix.
fn own_label(domain: &str) -> String {
    let registrable = psl::domain_str(domain).unwrap_or(domain);
    registrable.split('.').next().unwrap_or(registrable).to_string()
}

fn shown_domain(domain: &str) -> String {
    if domain.contains("xn--") { idna::domain_to_unicode(domain).0 } else { domain.to_string() }
}

/// The form in which characters that are taken for each other are one, without case.
fn skeleton_of(text: &str) -> String {
    skeleton(&text.to_lowercase()).collect::<String>().to_lowercase()
}

fn words_of_local(local: &str) -> Vec<String> {
    let local = local.split('+').next().unwrap_or(local);
    split_words(local, |character| !character.is_alphabetic())
}

fn words_of_name(name: &str) -> Vec<String> {
    // Digits stay: a `0` or `1` in a name stands for the letter it looks like.
    split_words(name, |character| !character.is_alphanumeric())
}

fn split_words(text: &str, parts: impl Fn(char) -> bool) -> Vec<String> {
    text.split(parts).filter(|word| !word.is_empty()).map(skeleton_of).collect()
}

/// Two words or more with six letters or more, sorted and joined.
fn name_key(words: &[String]) -> Option<String> {
    if words.len() < 2 {
        return None;
    }
    let mut sorted: Vec<&str> = words.iter().map(String::as_str).collect();
    sorted.sort_unstable();
    let joined = sorted.concat();
    (joined.chars().count() >= NAME_LETTERS).then_some(joined)
}

/// All words, and every two or three of them: `Smith, Anna (Board)` holds a name.
fn subsets(words: &[String]) -> Vec<Vec<String>> {
    let mut subsets = vec![words.to_vec()];
    for (first, one) in words.iter().enumerate() {
        for (second, two) in words.iter().enumerate().skip(first + 1) {
            subsets.push(vec![one.clone(), two.clone()]);
            for three in words.iter().skip(second + 1) {
                subsets.push(vec![one.clone(), two.clone(), three.clone()]);
            }
        }
    }
    subsets
}

fn mask(text: &str) -> u64 {
    text.chars().fold(0, |mask, character| mask | 1 << (u32::from(character) % 64))
}
