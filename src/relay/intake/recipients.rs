//! Which recipients of the site there are, so that mail for others is refused while they are named and never has to go back.

use crate::base::address::{Address, domain_to_ascii};
use std::collections::HashSet;

/// Who knows the recipients of the site. One that knows a recipient is enough.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// Whoever has a home in a directory of the policy set.
    pub directories: bool,
    /// Whoever stands in a list.
    pub lists: Option<List>,
    /// Nobody is asked: all are taken.
    pub everybody: bool,
}

/// Addresses and domains from files.
#[derive(Debug, Clone, Default)]
pub struct List {
    addresses: HashSet<Address>,
    domains: HashSet<String>,
}

impl List {
    /// Adds the lines of a file: an address or a `@domain` each; `#` begins a remark. The lines that are neither are given
    /// back, with their numbers from 1.
    pub fn add(&mut self, text: &str) -> Vec<(usize, String)> {
        let mut unread = Vec::new();
        for (number, line) in (1..).zip(text.lines()) {
            let entry = line.split('#').next().unwrap_or_default().trim();
            if entry.is_empty() {
                continue;
            }
            match (entry.strip_prefix('@').and_then(domain_to_ascii), Address::parse(entry)) {
                (Some(domain), _) => drop(self.domains.insert(domain)),
                (None, Some(address)) => drop(self.addresses.insert(address)),
                (None, None) => unread.push((number, entry.to_string())),
            }
        }
        unread
    }

    /// Whether a recipient stands in it: as an address, without its detail, or by the domain.
    pub fn has(&self, recipient: &Address, separators: &str) -> bool {
        let (user, detail) = recipient.sub_address(separators);
        let bare = || Address { local: user.into(), domain: recipient.domain.clone() };
        self.domains.contains(&*recipient.domain)
            || self.addresses.contains(recipient)
            || detail.is_some() && self.addresses.contains(&bare())
    }
}
