//! Lists as they are looked up: an entry is found in the same time whatever the length of the list.

use super::host::in_networks;
use super::value::Value;
use crate::base::address::{Address, domain_to_ascii};
use crate::language::hir::ListEntries;
use crate::message::surface::fold;
use std::collections::HashSet;
use std::sync::Arc;

/// The texts, addresses and networks of a list as they are looked up.
#[derive(Debug, Default)]
pub(super) struct ListIndex {
    addresses: HashSet<Address>,
    domains: HashSet<Arc<str>>,
    subdomains: HashSet<Arc<str>>,
    networks: Vec<ipnet::IpNet>,
    texts: HashSet<String>,
}

impl ListIndex {
    pub(super) fn new(entries: &ListEntries) -> ListIndex {
        let mut index = ListIndex::default();
        match entries {
            ListEntries::Addresses { addresses, domains } => {
                index.addresses = addresses.iter().cloned().collect();
                for pattern in domains {
                    let set = if pattern.subdomains { &mut index.subdomains } else { &mut index.domains };
                    set.insert(pattern.domain.clone());
                }
            }
            ListEntries::Networks(networks) => index.networks = networks.clone(),
            ListEntries::Texts(texts) => {
                index.texts = texts.iter().map(|text| fold(text)).collect();
            }
        }
        index
    }

    /// Whether a value is an entry, or its domain is.
    pub(super) fn contains(&self, value: &Value) -> bool {
        if let Value::Ip(ip) = value {
            return in_networks(&self.networks, *ip);
        }
        if value.address().is_some_and(|address| self.addresses.contains(address)) {
            return true;
        }
        if let Value::Text(text) = value
            && self.texts.contains(&fold(text))
        {
            return true;
        }
        if let Some(domain) = value.domain()
            && self.texts.contains(domain)
        {
            return true;
        }
        domain_of(value).is_some_and(|domain| self.has_domain(&domain))
    }

    fn has_domain(&self, domain: &str) -> bool {
        if self.domains.contains(domain) {
            return true;
        }
        let mut rest = domain;
        while let Some((_, parent)) = rest.split_once('.') {
            if self.subdomains.contains(parent) {
                return true;
            }
            rest = parent;
        }
        false
    }
}

/// The domain by which a value is in a set: its own, or of a text the one it is.
pub(super) fn domain_of(value: &Value) -> Option<Arc<str>> {
    match value {
        Value::Text(text) => match Address::parse(text) {
            Some(address) => Some(address.domain),
            None => domain_to_ascii(text).map(Arc::from),
        },
        value => value.domain().map(Arc::from),
    }
}
