//! Who is at home where: the users and domains of all directories on their way into one table.
//!
//! A list file may have a million lines, so an entry costs its text and a few numbers here, and its place is kept as the
//! start of its line. Entries that stand in two directories are found when the table is made.

use crate::base::address::{Address, DomainPattern};
use crate::base::source::{SourceId, SourceMap, Span};
use crate::base::table::{AddressTable, AddressTableBuilder, Refused};
use crate::language::hir::DirectoryId;

/// Where entries that follow each other are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Written {
    /// All at one place.
    At(Span),
    /// Each on its line of a file, which begins, but for blanks, at this byte.
    Line(SourceId, u32),
}

/// The homes so far.
#[derive(Debug, Default)]
pub(super) struct Homes {
    builder: AddressTableBuilder,
    /// By the builder's kinds: addresses, domains, patterns of what is below.
    places: [Places; 3],
}

/// One entry in two directories.
#[derive(Debug, Clone)]
pub(super) struct TwoHomes {
    pub(super) entry: String,
    pub(super) later: (DirectoryId, Span),
    pub(super) earlier: (DirectoryId, Span),
}

impl Homes {
    /// Adds an address as written.
    pub(super) fn address(&mut self, text: &str, home: DirectoryId, written: Written) -> Result<(), Refused> {
        self.builder.add_address(text, home.0)?;
        self.note(0, written);
        Ok(())
    }

    /// Adds an address by its two sides, in the form in which they compare.
    pub(super) fn sides(
        &mut self,
        (local, domain): (&str, &str),
        home: DirectoryId,
        written: Written,
    ) -> Result<(), Refused> {
        self.builder.add_sides(local, domain, home.0)?;
        self.note(0, written);
        Ok(())
    }

    /// Adds a domain as written, without its `@` and `*.`.
    pub(super) fn domain(
        &mut self,
        (name, below): (&str, bool),
        home: DirectoryId,
        written: Written,
    ) -> Result<(), Refused> {
        self.builder.add_domain(name, below, home.0)?;
        self.note(if below { 2 } else { 1 }, written);
        Ok(())
    }

    fn note(&mut self, kind: usize, written: Written) {
        if let Some(places) = self.places.get_mut(kind) {
            places.add(written);
        }
    }

    /// The table, at most `most` entries that stand in two directories, those read first before others of their kind, and
    /// how many more there are.
    pub(super) fn build(self, map: &SourceMap, most: usize) -> (AddressTable, Vec<TwoHomes>, usize) {
        let built = self.builder.build();
        let mut found = Vec::new();
        let mut all = 0;
        for (kind, conflicts) in built.conflicts.iter().enumerate() {
            all += conflicts.len();
            let (Some(texts), Some(places)) =
                (self.builder.kinds().get(kind).copied(), self.places.get(kind))
            else {
                continue;
            };
            found.extend(conflicts.iter().take(most).filter_map(|conflict| {
                let text = texts.text(conflict.later)?;
                let side = |number: u32| {
                    Some((DirectoryId(texts.value(number)?), places.span(number, map).unwrap_or_default()))
                };
                Some(TwoHomes {
                    entry: match (kind, text.rsplit_once('@')) {
                        (0, Some((local, domain))) => {
                            Address { local: local.into(), domain: domain.into() }.to_string()
                        }
                        _ => DomainPattern { domain: text.into(), subdomains: kind == 2 }.to_string(),
                    },
                    later: side(conflict.later)?,
                    earlier: side(conflict.earlier)?,
                })
            }));
        }
        found.truncate(most);
        let more = all - found.len();
        (built.table, found, more)
    }
}

/// The places of numbered entries.
#[derive(Debug, Default)]
struct Places {
    /// The start of the line of each; 0 where it has none of its own.
    starts: Vec<u32>,
    /// The number from which on entries are written so.
    runs: Vec<(u32, Written)>,
}

impl Places {
    fn add(&mut self, written: Written) {
        let (start, run) = match written {
            Written::At(_) => (0, written),
            Written::Line(source, start) => (start, Written::Line(source, 0)),
        };
        if self.runs.last().is_none_or(|&(_, last)| last != run) {
            self.runs.push((self.starts.len() as u32, run));
        }
        self.starts.push(start);
    }

    fn span(&self, number: u32, map: &SourceMap) -> Option<Span> {
        let after = self.runs.partition_point(|&(first, _)| first <= number);
        match self.runs.get(after.checked_sub(1)?)?.1 {
            Written::At(span) => Some(span),
            Written::Line(source, _) => {
                let start = *self.starts.get(number as usize)? as usize;
                let line = map.get(source)?.text.get(start..)?.lines().next()?;
                Some(Span::new(source, start, start + line.trim_end().len()))
            }
        }
    }
}
