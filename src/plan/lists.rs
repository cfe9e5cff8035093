//! Lists as they are looked up: an entry is found in the same time whatever the length of the list.
//!
//! Addresses and networks are looked up where the typed set keeps them; texts are folded once, into a table of their own.

use super::value::Value;
use crate::base::address::{Address, DomainPattern, domain_as_ascii};
use crate::base::table::{
    AddressTable, AddressTableBuilder, Key, NetworkTable, TableSize, TextTable, TextTableBuilder,
};
use crate::language::hir::ListEntries;
use crate::message::surface::fold;
use std::borrow::Cow;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// Addresses and domains that a condition names on the spot: as they are written, and as they are looked up.
#[derive(Debug, Clone)]
pub struct AddressSet {
    /// The addresses, in their order.
    pub addresses: Box<[Address]>,
    /// The domains, in their order.
    pub domains: Box<[DomainPattern]>,
    table: Arc<AddressTable>,
}

impl AddressSet {
    /// The set of these.
    pub fn new(addresses: &[Address], domains: &[DomainPattern]) -> AddressSet {
        let mut builder = AddressTableBuilder::default();
        for address in addresses {
            // All files of a set take far less than the 4 GiB that a table may take.
            let _ = builder.add_sides(&address.local, &address.domain, 0);
        }
        for domain in domains {
            let _ = builder.add_read_domain(&domain.domain, domain.subdomains, 0);
        }
        let table = Arc::new(builder.build().table);
        AddressSet { addresses: addresses.into(), domains: domains.into(), table }
    }

    /// What it takes to look them up.
    pub fn size(&self) -> TableSize {
        self.table.size()
    }

    /// Whether a value is one of the addresses, or its domain is meant by one of the domains.
    pub(super) fn contains(&self, value: &Value) -> bool {
        has_address(&self.table, value)
    }
}

impl PartialEq for AddressSet {
    fn eq(&self, other: &AddressSet) -> bool {
        (&self.addresses, &self.domains) == (&other.addresses, &other.domains)
    }
}

impl Eq for AddressSet {}

impl Hash for AddressSet {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (&self.addresses, &self.domains).hash(state);
    }
}

/// The texts, addresses or networks of a list as they are looked up.
#[derive(Debug)]
pub(super) enum ListIndex {
    /// Addresses and domains.
    Addresses(Arc<AddressTable>),
    /// Networks.
    Networks(Arc<NetworkTable>),
    /// Texts, folded.
    Texts(TextTable),
}

impl ListIndex {
    pub(super) fn new(entries: &ListEntries) -> ListIndex {
        match entries {
            ListEntries::Addresses(table) => ListIndex::Addresses(Arc::clone(table)),
            ListEntries::Networks(table) => ListIndex::Networks(Arc::clone(table)),
            ListEntries::Texts(texts) => ListIndex::Texts(folded(texts.iter())),
        }
    }

    /// Whether a value is an entry, or its domain is. Allocates only to fold a text.
    pub(super) fn contains(&self, value: &Value) -> bool {
        match self {
            ListIndex::Addresses(table) => has_address(table, value),
            ListIndex::Networks(table) => matches!(value, Value::Ip(ip) if table.contains(*ip)),
            ListIndex::Texts(table) => match value {
                Value::Text(text) => table.contains(Key::Text(&fold(text))),
                value => value.domain().is_some_and(|domain| table.contains(Key::Text(domain))),
            },
        }
    }

    /// What it takes; a table of addresses or networks is the typed set's as well.
    pub(super) fn size(&self) -> TableSize {
        match self {
            ListIndex::Addresses(table) => table.size(),
            ListIndex::Networks(table) => table.size(),
            ListIndex::Texts(table) => table.size(),
        }
    }
}

/// The table of texts as they compare.
pub(super) fn folded<'a>(texts: impl Iterator<Item = &'a str>) -> TextTable {
    let mut builder = TextTableBuilder::default();
    for text in texts {
        // All list files of a set take a gibibyte at most; only texts made to grow by folding would take four.
        builder.add(&[&fold(text)], 0);
    }
    builder.build().table
}

/// Whether a value is one of these addresses, or its domain is meant by one of these domains.
pub(super) fn has_address(table: &AddressTable, value: &Value) -> bool {
    value.address().is_some_and(|address| table.address(address).is_some())
        || (table.has_domains() && domain_of(value).is_some_and(|domain| table.has_domain(&domain)))
}

/// The domain by which a value is in a set: its own, or of a text the one it is.
pub(super) fn domain_of<'a>(value: &'a Value) -> Option<Cow<'a, str>> {
    match value {
        Value::Text(text) => match Address::sides(text) {
            Some((_, domain)) => Some(domain),
            None => domain_as_ascii(text),
        },
        value => value.domain().map(Cow::Borrowed),
    }
}
