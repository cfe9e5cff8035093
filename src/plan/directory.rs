//! Where addresses are at home (charter, section 4.1).
//!
//! One map of users and one of domains, made once for a set: a home costs one look-up of the address and one for each
//! label of its domain. Memory: an entry of a map and a shared address for each user, about a hundred bytes, so a
//! million users take about a hundred megabytes. A directory with a group asks a directory service only for addresses
//! that no user entry knows.

use crate::base::address::Address;
use crate::language::hir::{Directory, DirectoryId};
use std::collections::HashMap;
use std::sync::Arc;

/// A group that is asked of a directory service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupEntry {
    /// Whose group it is.
    pub directory: DirectoryId,
    /// Its query.
    pub query: Arc<str>,
}

/// What a home look-up gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Home {
    /// At home there.
    In(DirectoryId),
    /// At home nowhere.
    Nowhere,
    /// A group that would decide could not be asked; without groups the home would be this.
    Undecided(Option<DirectoryId>),
}

impl Home {
    /// The directory, where it is decided.
    pub fn directory(self) -> Option<DirectoryId> {
        match self {
            Home::In(directory) => Some(directory),
            Home::Nowhere => None,
            Home::Undecided(fallback) => fallback,
        }
    }
}

/// Users and domains of all directories.
#[derive(Debug, Default)]
pub struct DirectoryIndex {
    users: HashMap<Address, DirectoryId>,
    domains: HashMap<Arc<str>, DirectoryId>,
    subdomains: HashMap<Arc<str>, DirectoryId>,
    groups: Vec<GroupEntry>,
    parents: Vec<Option<DirectoryId>>,
    depths: Vec<u32>,
}

impl DirectoryIndex {
    /// The index of a set's directories. Where one entry stands in two of them, which the check refuses, the first
    /// keeps it.
    pub fn new(directories: &[Directory]) -> DirectoryIndex {
        let mut index = DirectoryIndex::default();
        for directory in directories {
            let depth = directory.parent.map_or(0, |parent| index.depth(parent) + 1);
            index.parents.push(directory.parent);
            index.depths.push(depth);
            for user in &directory.users {
                index.users.entry(user.clone()).or_insert(directory.id);
            }
            for pattern in &directory.domains {
                let map = if pattern.subdomains { &mut index.subdomains } else { &mut index.domains };
                map.entry(pattern.domain.clone()).or_insert(directory.id);
            }
            for group in &directory.groups {
                index.groups.push(GroupEntry { directory: directory.id, query: group.query.clone() });
            }
        }
        // The deepest group wins, as a user entry deeper down would; of equally deep ones the first written.
        let depths = std::mem::take(&mut index.depths);
        let depth_of = |id: DirectoryId| depths.get(id.index()).copied().unwrap_or(0);
        index.groups.sort_by_key(|group| std::cmp::Reverse(depth_of(group.directory)));
        index.depths = depths;
        index
    }

    /// Where an address is at home. An exact user beats a group, a group beats a domain, an exact domain beats a
    /// subdomain wildcard, the longest wildcard wins. `member` says whether the address is in a group, or `None` where
    /// that cannot be told now.
    pub fn home(&self, address: &Address, mut member: impl FnMut(&GroupEntry) -> Option<bool>) -> Home {
        if let Some(&directory) = self.users.get(address) {
            return Home::In(directory);
        }
        let by_domain = self.domain_home(&address.domain);
        for group in &self.groups {
            match member(group) {
                Some(true) => return Home::In(group.directory),
                Some(false) => {}
                None => return Home::Undecided(by_domain),
            }
        }
        by_domain.map_or(Home::Nowhere, Home::In)
    }

    /// Where a domain is at home, users and groups aside.
    pub fn domain_home(&self, domain: &str) -> Option<DirectoryId> {
        if let Some(&directory) = self.domains.get(domain) {
            return Some(directory);
        }
        if self.subdomains.is_empty() {
            return None;
        }
        let mut rest = domain;
        while let Some((_, parent)) = rest.split_once('.') {
            if let Some(&directory) = self.subdomains.get(parent) {
                return Some(directory);
            }
            rest = parent;
        }
        None
    }

    /// The directory and all it lies in, deepest first.
    pub fn chain(&self, directory: DirectoryId) -> Vec<DirectoryId> {
        let mut chain = Vec::new();
        let mut at = Some(directory);
        while let Some(id) = at {
            // Parents stand before their children, so the way up ends; the bound holds for any input.
            if chain.len() > self.parents.len() {
                break;
            }
            chain.push(id);
            at = self.parents.get(id.index()).copied().flatten();
        }
        chain
    }

    /// Whether a directory is `ancestor` or lies in it.
    pub fn is_within(&self, directory: DirectoryId, ancestor: DirectoryId) -> bool {
        self.chain(directory).contains(&ancestor)
    }

    /// How many directories a directory lies in.
    pub fn depth(&self, directory: DirectoryId) -> u32 {
        self.depths.get(directory.index()).copied().unwrap_or(0)
    }

    /// The groups of all directories, deepest directory first.
    pub fn groups(&self) -> &[GroupEntry] {
        &self.groups
    }
}
