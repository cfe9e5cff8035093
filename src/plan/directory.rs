//! Where addresses are at home (the reference, Items: in a directory).
//!
//! Users and domains of all directories stand in one table that the typed set shares with its plan
//! ([`AddressTable`]): a home costs one look-up of the address and, where that finds nothing, one of its domain and one
//! for each label of it that a pattern could name. Nothing is allocated, and the time does not grow with the number of
//! entries. Directories are numbered along the tree, so that whether one lies in another is two comparisons. A directory
//! with a group asks a directory service only for addresses that no user entry knows.

use crate::base::address::Address;
use crate::base::table::{AddressTable, TableSize};
use crate::language::hir::{Directory, DirectoryId};
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
    homes: Arc<AddressTable>,
    groups: Vec<GroupEntry>,
    places: Vec<Place>,
}

/// Where a directory lies in the tree.
#[derive(Debug, Clone, Copy)]
struct Place {
    parent: Option<DirectoryId>,
    depth: u32,
    /// Its number on a walk that visits all below a directory right behind it.
    number: u32,
    /// How many directories are in it, itself included.
    size: u32,
}

impl DirectoryIndex {
    /// The index of a set's directories, of which parents stand before their children. `homes` gives each entry the
    /// number of its directory.
    pub fn new(directories: &[Directory], homes: Arc<AddressTable>) -> DirectoryIndex {
        let places = places(directories);
        let mut groups: Vec<GroupEntry> = directories
            .iter()
            .flat_map(|directory| directory.groups.iter().map(|group| (directory.id, group)))
            .map(|(directory, group)| GroupEntry { directory, query: group.query.clone() })
            .collect();
        // The deepest group wins, as a user entry deeper down would; of equally deep ones the first written.
        let depth = |id: DirectoryId| places.get(id.index()).map_or(0, |place| place.depth);
        groups.sort_by_key(|group| std::cmp::Reverse(depth(group.directory)));
        DirectoryIndex { homes, groups, places }
    }

    /// Where an address is at home. An exact user beats a group, a group beats a domain, an exact domain beats a
    /// subdomain wildcard, the longest wildcard wins. `member` says whether the address is in a group, or `None` where
    /// that cannot be told now. Does not allocate.
    pub fn home(&self, address: &Address, mut member: impl FnMut(&GroupEntry) -> Option<bool>) -> Home {
        if let Some(directory) = self.homes.address(address) {
            return Home::In(DirectoryId(directory));
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

    /// Where a domain is at home, users and groups aside. Does not allocate.
    pub fn domain_home(&self, domain: &str) -> Option<DirectoryId> {
        self.homes.domain(domain).map(DirectoryId)
    }

    /// The directory and all it lies in, deepest first.
    pub fn ancestors(&self, directory: DirectoryId) -> impl Iterator<Item = DirectoryId> {
        std::iter::successors(Some(directory), |id| self.place(*id)?.parent)
    }

    /// The same, to keep.
    pub fn chain(&self, directory: DirectoryId) -> Vec<DirectoryId> {
        self.ancestors(directory).collect()
    }

    /// Whether a directory is `ancestor` or lies in it.
    pub fn is_within(&self, directory: DirectoryId, ancestor: DirectoryId) -> bool {
        let (Some(inner), Some(outer)) = (self.place(directory), self.place(ancestor)) else {
            return directory == ancestor;
        };
        inner.number.checked_sub(outer.number).is_some_and(|behind| behind < outer.size)
    }

    /// How many directories a directory lies in.
    pub fn depth(&self, directory: DirectoryId) -> u32 {
        self.place(directory).map_or(0, |place| place.depth)
    }

    /// The groups of all directories, deepest directory first.
    pub fn groups(&self) -> &[GroupEntry] {
        &self.groups
    }

    /// What the users and domains take, which the typed set shares.
    pub fn size(&self) -> TableSize {
        self.homes.size()
    }

    fn place(&self, directory: DirectoryId) -> Option<&Place> {
        self.places.get(directory.index())
    }
}

/// The places of directories; a parent that does not stand before its child is none, so every way up ends.
fn places(directories: &[Directory]) -> Vec<Place> {
    let mut places: Vec<Place> = Vec::with_capacity(directories.len());
    for (at, directory) in directories.iter().enumerate() {
        let parent = directory.parent.filter(|parent| parent.index() < at);
        let depth = parent.and_then(|parent| places.get(parent.index())).map_or(0, |parent| parent.depth + 1);
        places.push(Place { parent, depth, number: 0, size: 1 });
    }
    for at in (0..places.len()).rev() {
        let Some(&Place { parent: Some(parent), size, .. }) = places.get(at) else { continue };
        if let Some(parent) = places.get_mut(parent.index()) {
            parent.size += size;
        }
    }
    // The next free number at the top, and inside each directory that has been numbered.
    let mut top = 0;
    let mut free: Vec<u32> = Vec::with_capacity(places.len());
    for place in &mut places {
        let next = match place.parent.and_then(|parent| free.get_mut(parent.index())) {
            Some(next) => next,
            None => &mut top,
        };
        place.number = *next;
        *next += place.size;
        free.push(place.number + 1);
    }
    places
}
