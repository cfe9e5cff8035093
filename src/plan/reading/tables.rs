//! What is looked up in tables, and what they take.

use crate::base::table::TableSize;
use crate::plan::groups::Group;
use crate::plan::ir::{Membership, Node, NodeId};
use crate::plan::lists::ListIndex;
use crate::plan::{EntryTable, Plan};
use serde::Serialize;

/// A table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LookupTable {
    /// What is in it: `homes`, `site`, `list`, `dictionary`, `constants`.
    pub kind: &'static str,
    /// Of a list or a dictionary its name, of the site's tables what they hold; else empty.
    pub name: String,
    /// Its entries.
    pub entries: usize,
    /// Bytes of memory. The texts of dictionaries, and of lists that are searched for, are in the automata.
    pub bytes: usize,
}

impl LookupTable {
    fn new(kind: &'static str, name: &str, size: TableSize) -> LookupTable {
        LookupTable { kind, name: name.to_string(), entries: size.entries, bytes: size.bytes }
    }
}

impl Plan {
    /// The tables that have entries: who is at home where, the site, the lists and the dictionaries by name, and what
    /// policies compare with.
    pub(super) fn lookup_tables(&self) -> Vec<LookupTable> {
        let hir = self.hir();
        let site = [("domains", self.site_domains.size()), ("networks", self.site_networks.size())];
        let mut tables = vec![LookupTable::new("homes", "", self.directories.size())];
        tables.extend(site.map(|(name, size)| LookupTable::new("site", name, size)));
        let searched = |at: usize| self.list_patterns.get(at).map_or(0, EntryTable::bytes);
        let mut named: Vec<LookupTable> = hir
            .lists
            .iter()
            .zip(self.lists.iter().map(ListIndex::size).enumerate())
            .map(|(list, (at, size))| {
                let bytes = size.bytes + searched(at);
                LookupTable::new("list", &list.name, TableSize { bytes, ..size })
            })
            .collect();
        named.sort_by(|left, right| left.name.cmp(&right.name));
        tables.append(&mut named);
        named = hir
            .dictionaries
            .iter()
            .zip(&self.dictionaries)
            .map(|(dictionary, table)| LookupTable {
                kind: "dictionary",
                name: dictionary.name.to_string(),
                entries: dictionary.entries.len(),
                bytes: table.bytes(),
            })
            .collect();
        named.sort_by(|left, right| left.name.cmp(&right.name));
        tables.append(&mut named);
        // Also asked one by one, inside quantifiers, where groups do not help.
        let on_the_spot =
            (0_u32..).map(NodeId).take(self.graph().len()).filter_map(|node| match self.graph().node(node) {
                Node::In { set: Membership::Addresses(set), .. } => Some(set.size().bytes),
                _ => None,
            });
        let on_the_spot: usize = on_the_spot.sum();
        let groups = self.program.as_ref().map_or(&[] as &[Group], |program| &program.groups);
        tables.push(LookupTable {
            kind: "constants",
            name: String::new(),
            entries: groups.iter().map(Group::entries).sum(),
            bytes: groups.iter().map(Group::memory).sum::<usize>() + on_the_spot,
        });
        tables.retain(|table| table.entries > 0);
        tables
    }
}
