//! Addresses and domains, each with a number: who is at home where, who is on a list.

use super::{Built, EntryPlace, Key, TableSize, TextTable, TextTableBuilder};
use crate::base::address::{Address, DomainPattern, domain_as_ascii};

/// Addresses, domains, and domains of which all that is below is meant, each with a number.
///
/// Cost: an address is one look-up in a [`TextTable`]; a domain is one, and one for each label behind its first where
/// there are patterns of what is below. Nothing is allocated.
#[derive(Debug, Clone, Default)]
pub struct AddressTable {
    addresses: TextTable,
    domains: TextTable,
    /// By the domain that what is meant is below of.
    below: TextTable,
    /// The longest text of `below`: no longer one is looked up.
    longest: usize,
}

impl AddressTable {
    /// The number of an address that is an entry itself.
    pub fn address(&self, address: &Address) -> Option<u32> {
        self.addresses.get(Key::Address(&address.local, &address.domain))
    }

    /// The number of a domain (lower case, IDNA ASCII form): its own, else of the longest pattern it is below of.
    pub fn domain(&self, domain: &str) -> Option<u32> {
        self.domain_numbers(domain).next()
    }

    /// The numbers of all domain entries that mean a domain: its own, then of the longest pattern to the shortest.
    pub fn domain_numbers<'a>(&'a self, domain: &'a str) -> impl Iterator<Item = u32> + 'a {
        let own = self.domains.get(Key::Text(domain));
        own.into_iter().chain(self.below_numbers(domain))
    }

    /// Whether a domain is below one that a pattern of what is below names.
    pub fn is_below_entry(&self, domain: &str) -> bool {
        self.below_numbers(domain).next().is_some()
    }

    fn below_numbers<'a>(&'a self, domain: &'a str) -> impl Iterator<Item = u32> + 'a {
        let mut rest = if self.below.is_empty() { "" } else { domain };
        std::iter::from_fn(move || {
            loop {
                let (_, parent) = rest.split_once('.')?;
                rest = parent;
                if parent.len() > self.longest {
                    continue;
                }
                if let Some(number) = self.below.get(Key::Text(parent)) {
                    return Some(number);
                }
            }
        })
    }

    /// Whether an address is an entry, or its domain is meant by one.
    pub fn has(&self, address: &Address) -> bool {
        self.address(address).is_some() || self.has_domain(&address.domain)
    }

    /// Whether a domain (lower case, IDNA ASCII form) is meant by a domain entry.
    pub fn has_domain(&self, domain: &str) -> bool {
        self.domain(domain).is_some()
    }

    /// The number of a domain entry itself.
    pub fn pattern(&self, pattern: &DomainPattern) -> Option<u32> {
        let table = if pattern.subdomains { &self.below } else { &self.domains };
        table.get(Key::Text(&pattern.domain))
    }

    /// Whether it has domain entries.
    pub fn has_domains(&self) -> bool {
        !self.domains.is_empty() || !self.below.is_empty()
    }

    /// Every address as its two sides, with its place and number, in an order that depends on the entries alone.
    pub fn addresses(&self) -> impl Iterator<Item = (EntryPlace, &str, &str, u32)> {
        self.addresses.iter().filter_map(|(place, text, number)| {
            let (local, domain) = text.rsplit_once('@')?;
            Some((place, local, domain, number))
        })
    }

    /// The address at a place.
    pub fn address_at(&self, place: EntryPlace) -> Option<&str> {
        self.addresses.entry(place).map(|(text, _)| text)
    }

    /// Every domain entry with its number; true where what is below is meant.
    pub fn domains(&self) -> impl Iterator<Item = (&str, bool, u32)> {
        let own = self.domains.iter().map(|(_, domain, number)| (domain, false, number));
        own.chain(self.below.iter().map(|(_, domain, number)| (domain, true, number)))
    }

    /// How many entries it has.
    pub fn len(&self) -> usize {
        self.size().entries
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.addresses.is_empty() && !self.has_domains()
    }

    /// What it takes.
    pub fn size(&self) -> TableSize {
        self.addresses.size() + self.domains.size() + self.below.size()
    }
}

/// Why an entry was not added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// It is no address, or no domain.
    NotOne,
    /// A table takes at most 4 GiB.
    Full,
}

/// Entries on their way into an [`AddressTable`].
#[derive(Debug, Default)]
pub struct AddressTableBuilder {
    addresses: TextTableBuilder,
    domains: TextTableBuilder,
    below: TextTableBuilder,
}

/// An address table, and what was wrong with its entries, by kind.
#[derive(Debug)]
pub struct BuiltAddresses {
    /// The table.
    pub table: AddressTable,
    /// Of addresses, domains and patterns of what is below, in this order: see [`Built::conflicts`].
    pub conflicts: [Vec<super::Conflict>; 3],
}

impl AddressTableBuilder {
    /// Adds an address as written: see [`Address::parse`].
    pub fn add_address(&mut self, text: &str, number: u32) -> Result<(), Refused> {
        let (local, domain) = Address::sides(text).ok_or(Refused::NotOne)?;
        added(self.addresses.add(&[&local, "@", &domain], number))
    }

    /// Adds an address by its two sides, in the form in which they compare.
    pub fn add_sides(&mut self, local: &str, domain: &str, number: u32) -> Result<(), Refused> {
        added(self.addresses.add(&[local, "@", domain], number))
    }

    /// Adds a domain as written, without its `@` and `*.`; `below` means what is below it. Address literals are refused.
    pub fn add_domain(&mut self, domain: &str, below: bool, number: u32) -> Result<(), Refused> {
        let domain = domain_as_ascii(domain).filter(|domain| !domain.starts_with('['));
        self.add_read_domain(&domain.ok_or(Refused::NotOne)?, below, number)
    }

    /// Adds a domain in the form in which it compares.
    pub fn add_read_domain(&mut self, domain: &str, below: bool, number: u32) -> Result<(), Refused> {
        let builder = if below { &mut self.below } else { &mut self.domains };
        added(builder.add(&[domain], number))
    }

    /// Whether nothing was added.
    pub fn is_empty(&self) -> bool {
        self.addresses.is_empty() && self.domains.is_empty() && self.below.is_empty()
    }

    /// Whether domains were added.
    pub fn has_domains(&self) -> bool {
        !self.domains.is_empty() || !self.below.is_empty()
    }

    /// The kinds in the order of [`BuiltAddresses::conflicts`].
    pub fn kinds(&self) -> [&TextTableBuilder; 3] {
        [&self.addresses, &self.domains, &self.below]
    }

    /// The table of all that was added.
    pub fn build(&self) -> BuiltAddresses {
        let [addresses, domains, below] = self.kinds().map(TextTableBuilder::build);
        let longest = below.table.iter().map(|(_, text, _)| text.len()).max().unwrap_or(0);
        let Built { table: addresses, conflicts: of_addresses } = addresses;
        let Built { table: domains, conflicts: of_domains } = domains;
        let Built { table: below, conflicts: of_below } = below;
        BuiltAddresses {
            table: AddressTable { addresses, domains, below, longest },
            conflicts: [of_addresses, of_domains, of_below],
        }
    }
}

fn added(added: bool) -> Result<(), Refused> {
    if added { Ok(()) } else { Err(Refused::Full) }
}

impl<'a> FromIterator<&'a DomainPattern> for AddressTable {
    /// The table of some patterns, numbered 0.
    fn from_iter<T: IntoIterator<Item = &'a DomainPattern>>(patterns: T) -> AddressTable {
        let mut builder = AddressTableBuilder::default();
        for pattern in patterns {
            // What people write as patterns takes far less than 4 GiB.
            let _ = builder.add_read_domain(&pattern.domain, pattern.subdomains, 0);
        }
        builder.build().table
    }
}
