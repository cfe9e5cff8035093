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
//! pass over the names of about the same length, a few nanoseconds each.

use crate::base::address::{Address, DomainPattern};
use std::collections::{HashMap, HashSet};
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

#[derive(Debug)]
struct Name {
    /// Its words' skeletons, sorted, without blanks.
    joined: String,
    /// Which characters it has, one bit for each of 64 classes.
    mask: u64,
    address: Address,
}

#[derive(Debug)]
struct OwnDomain {
    domain: String,
    skeleton: String,
    /// The label before its public suffix, as a skeleton.
    label: String,
}

/// The names and domains of one directory.
#[derive(Debug, Default)]
pub struct LookalikeIndex {
    exact: HashMap<String, usize>,
    names: Vec<Name>,
    by_length: HashMap<usize, Vec<usize>>,
    users: HashSet<Address>,
    patterns: Vec<DomainPattern>,
    domains: Vec<OwnDomain>,
}

impl LookalikeIndex {
    /// The index of users and of domains (those of the directory and of the site).
    pub fn new<'a>(
        users: impl IntoIterator<Item = &'a Address>,
        domains: impl IntoIterator<Item = &'a DomainPattern>,
    ) -> LookalikeIndex {
        let mut index = LookalikeIndex::default();
        for address in users {
            index.users.insert(address.clone());
            index.add_name(address);
        }
        for pattern in domains {
            if !index.patterns.contains(pattern) {
                index.add_domain(pattern);
            }
        }
        index
    }

    fn add_name(&mut self, address: &Address) {
        let words = words_of_local(&address.local);
        let Some(joined) = name_key(&words) else { return };
        if self.exact.contains_key(&joined) {
            return;
        }
        let at = self.names.len();
        self.exact.insert(joined.clone(), at);
        self.by_length.entry(joined.chars().count()).or_default().push(at);
        let mask = mask(&joined);
        self.names.push(Name { joined, mask, address: address.clone() });
    }

    fn add_domain(&mut self, pattern: &DomainPattern) {
        self.patterns.push(pattern.clone());
        let shown = shown_domain(&pattern.domain);
        let label = own_label(&pattern.domain);
        if self.domains.iter().all(|known| known.domain != *pattern.domain) {
            self.domains.push(OwnDomain {
                domain: pattern.domain.to_string(),
                skeleton: skeleton_of(&shown),
                label: skeleton_of(&shown_domain(&label)),
            });
        }
    }

    /// What a mailbox that is not at home in the directory looks like.
    pub fn likeness(&self, display_name: Option<&str>, address: Option<&Address>) -> Option<Likeness> {
        if address.is_some_and(|address| self.users.contains(address)) {
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
        self.patterns.iter().any(|pattern| pattern.matches(domain))
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
        for subset in subsets(&words) {
            if let Some(found) = name_key(&subset).and_then(|key| self.exact.get(&key)) {
                return self.names.get(*found).map(|name| Likeness::Name(name.address.clone()));
            }
        }
        let key = name_key(&words)?;
        let length = key.chars().count();
        let allowed = if length >= LONG_NAME { 2 } else { 1 };
        let mask = mask(&key);
        let candidates = (length.saturating_sub(allowed)..=length + allowed)
            .filter_map(|length| self.by_length.get(&length))
            .flatten()
            .filter_map(|&at| self.names.get(at))
            .filter(|name| (name.mask ^ mask).count_ones() as usize <= 2 * allowed);
        for name in candidates {
            if strsim::osa_distance(&name.joined, &key) <= allowed {
                return Some(Likeness::Name(name.address.clone()));
            }
        }
        None
    }

    fn like_domain(&self, domain: &str) -> Option<Likeness> {
        let shown = shown_domain(domain);
        let whole = skeleton_of(&shown);
        let label = skeleton_of(&shown_domain(&own_label(domain)));
        let words: Vec<String> = shown.split(['.', '-', '_']).map(skeleton_of).collect();
        let like = |own: &&OwnDomain| {
            if whole == own.skeleton {
                return true;
            }
            let letters = own.label.chars().count();
            let close = letters >= DOMAIN_LETTERS && strsim::osa_distance(&own.label, &label) <= 1;
            let word = letters >= WORD_LETTERS && words.contains(&own.label);
            close || word || whole.contains(&format!("{}.", own.skeleton))
        };
        self.domains.iter().find(like).map(|own| Likeness::Domain(own.domain.clone()))
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
