//! Large sets of texts, addresses, domains and networks that are made once and then only looked up.
//!
//! A list of a policy set may have a million entries, and every message asks some of them. So a [`TextTable`] is two
//! vectors and no allocation for an entry: all texts one after another, in the order of their buckets, and where each
//! bucket begins. A bucket holds four entries on average; before each text stand one byte of its hash, its length and its
//! value (of no byte where all values are 0). A look-up reads two places in memory, whatever the number of entries,
//! compares about four bytes and one text, and allocates nothing.
//!
//! Memory of an entry over its text: 1 byte of hash, 1 of length (5 from 255 bytes of text on), 1 of the bucket's start,
//! and 0, 1, 2 or 4 of its value. Building is linear, and takes 20 bytes more an entry while it runs.
//!
//! **Who may choose what.** Senders choose what is looked up. That cannot be made slow: the dearest look-up walks the
//! longest bucket, and that depends on the entries alone. Who feeds a list (a public block list, people who name their
//! own mailboxes) chooses entries, so the hash (SipHash) has a key, and the key is itself a hash of all entries: one more
//! entry changes every bucket, so entries cannot be chosen to share one, and still a set gives the same table on every
//! host and in every run, with nothing random in it.
//!
//! Failure: a table takes at most 4 GiB; [`TextTableBuilder::add`] says when that is reached.

mod addresses;
mod networks;
mod texts;

pub use addresses::{AddressTable, AddressTableBuilder, BuiltAddresses, Refused};
pub use networks::NetworkTable;
pub use texts::TextList;

use std::fmt;
use std::hash::{DefaultHasher, Hasher};

/// Entries of a bucket on average.
const BUCKET: usize = 4;
/// Bytes a table may take: its places are 32 bit numbers.
const MOST_BYTES: usize = u32::MAX as usize;
/// The length byte that says that four bytes of length follow.
const LONG: u8 = u8::MAX;
/// Bytes before a text at most, and of its share of the bucket starts.
const MOST_OVER: usize = 1 + 5 + 4 + 4;

/// What a table takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TableSize {
    /// Its entries.
    pub entries: usize,
    /// Bytes of their texts.
    pub text_bytes: usize,
    /// Bytes of memory, the texts included.
    pub bytes: usize,
}

impl std::ops::Add for TableSize {
    type Output = TableSize;

    fn add(self, other: TableSize) -> TableSize {
        TableSize {
            entries: self.entries + other.entries,
            text_bytes: self.text_bytes + other.text_bytes,
            bytes: self.bytes + other.bytes,
        }
    }
}

/// What is looked up: a text, or an address in its two parts, which is the text `local@domain`.
#[derive(Debug, Clone, Copy)]
pub enum Key<'a> {
    /// A text.
    Text(&'a str),
    /// The local part and the domain; the domain has no `@`.
    Address(&'a str, &'a str),
}

impl Key<'_> {
    fn hash(self, seed: u64) -> u64 {
        let mut hasher = DefaultHasher::new();
        hasher.write_u64(seed);
        // An address hashes alike in one piece and in two, so the same writes must be made of both.
        let (head, tail) = match self {
            Key::Address(local, domain) => (local, Some(domain)),
            Key::Text(text) => match text.rsplit_once('@') {
                Some((head, tail)) => (head, Some(tail)),
                None => (text, None),
            },
        };
        hasher.write(head.as_bytes());
        if let Some(tail) = tail {
            hasher.write_u8(b'@');
            hasher.write(tail.as_bytes());
        }
        hasher.finish()
    }

    fn is(self, text: &[u8]) -> bool {
        match self {
            Key::Text(own) => own.as_bytes() == text,
            Key::Address(local, domain) => {
                text.len() == local.len() + 1 + domain.len()
                    && text.starts_with(local.as_bytes())
                    && text.get(local.len()) == Some(&b'@')
                    && text.ends_with(domain.as_bytes())
            }
        }
    }
}

/// An entry of one table: where its record begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EntryPlace(pub u32);

/// A set of texts, each with a number. See the module's page.
#[derive(Clone)]
pub struct TextTable {
    /// Records, bucket after bucket: a byte of the hash, the length, the value, the text.
    records: Box<[u8]>,
    /// Where each bucket begins, and one number more where the last ends.
    starts: Box<[u32]>,
    seed: u64,
    value_bytes: usize,
    entries: usize,
    text_bytes: usize,
}

/// One record as it is read.
struct Record<'a> {
    tag: u8,
    value: u32,
    text: &'a [u8],
    /// Bytes it takes.
    bytes: usize,
}

impl TextTable {
    /// The value of a text; `None` if it is no entry. Does not allocate.
    pub fn get(&self, key: Key) -> Option<u32> {
        if self.entries == 0 {
            return None;
        }
        let hash = key.hash(self.seed);
        let bucket = bucket_of(hash, self.starts.len() - 1);
        let start = *self.starts.get(bucket)? as usize;
        let end = *self.starts.get(bucket + 1)? as usize;
        let mut rest = self.records.get(start..end)?;
        while let Some(record) = read(rest, self.value_bytes) {
            if record.tag == tag_of(hash) && key.is(record.text) {
                return Some(record.value);
            }
            rest = rest.get(record.bytes..)?;
        }
        None
    }

    /// Whether a text is an entry. Does not allocate.
    pub fn contains(&self, key: Key) -> bool {
        self.get(key).is_some()
    }

    /// The entry at a place, with its value.
    pub fn entry(&self, place: EntryPlace) -> Option<(&str, u32)> {
        let record = read(self.records.get(place.0 as usize..)?, self.value_bytes)?;
        Some((std::str::from_utf8(record.text).ok()?, record.value))
    }

    /// All entries with their places and values, in an order that depends on the entries alone.
    pub fn iter(&self) -> impl Iterator<Item = (EntryPlace, &str, u32)> {
        let mut at = 0;
        std::iter::from_fn(move || {
            let record = read(self.records.get(at..)?, self.value_bytes)?;
            let place = EntryPlace(at as u32);
            at += record.bytes;
            // Only whole texts go in, so the default stands for nothing.
            Some((place, std::str::from_utf8(record.text).unwrap_or_default(), record.value))
        })
    }

    /// How many entries it has.
    pub fn len(&self) -> usize {
        self.entries
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.entries == 0
    }

    /// What it takes.
    pub fn size(&self) -> TableSize {
        TableSize {
            entries: self.entries,
            text_bytes: self.text_bytes,
            bytes: self.records.len() + size_of_val(&*self.starts) + size_of::<TextTable>(),
        }
    }
}

impl Default for TextTable {
    fn default() -> TextTable {
        TextTableBuilder::default().build().table
    }
}

impl fmt::Debug for TextTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TextTable").field("entries", &self.entries).finish_non_exhaustive()
    }
}

/// The hash's upper half says the bucket, its lowest byte is kept with the entry.
fn bucket_of(hash: u64, buckets: usize) -> usize {
    (((hash >> 32) * buckets as u64) >> 32) as usize
}

fn tag_of(hash: u64) -> u8 {
    hash as u8
}

fn read(bytes: &[u8], value_bytes: usize) -> Option<Record<'_>> {
    let (&[tag, short], rest) = bytes.split_first_chunk::<2>()?;
    let (length, length_bytes, rest) = match short {
        LONG => {
            let (long, rest) = rest.split_first_chunk::<4>()?;
            (u32::from_le_bytes(*long) as usize, 5, rest)
        }
        short => (usize::from(short), 1, rest),
    };
    let (value, text) = rest.split_at_checked(value_bytes)?;
    let value = value.iter().rev().fold(0, |value, &byte| value << 8 | u32::from(byte));
    Some(Record { tag, value, text: text.get(..length)?, bytes: 1 + length_bytes + value_bytes + length })
}

/// Texts on their way into a [`TextTable`], numbered from 0 as they are added.
#[derive(Debug, Default)]
pub struct TextTableBuilder {
    texts: String,
    ends: Vec<u32>,
    values: Vec<u32>,
}

/// A table, and what was wrong with its entries.
#[derive(Debug)]
pub struct Built {
    /// The table.
    pub table: TextTable,
    /// Entries that an earlier one equals but for its value, as the numbers of both, by the number of the later. The
    /// earlier keeps its value.
    pub conflicts: Vec<Conflict>,
}

/// Two entries that are equal and have different values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Conflict {
    /// The number of the later one.
    pub later: u32,
    /// The number of the earlier one.
    pub earlier: u32,
}

impl TextTableBuilder {
    /// Adds a text, in pieces, with its value. Gives false, and adds nothing, where the table would take more than
    /// 4 GiB.
    pub fn add(&mut self, pieces: &[&str], value: u32) -> bool {
        let length: usize = pieces.iter().map(|piece| piece.len()).sum();
        let after = self.texts.len().saturating_add(length);
        if after.saturating_add((self.ends.len() + 2) * MOST_OVER) > MOST_BYTES {
            return false;
        }
        pieces.iter().for_each(|piece| self.texts.push_str(piece));
        self.ends.push(after as u32);
        self.values.push(value);
        true
    }

    /// How many texts were added.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether none was added.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// An added text by its number.
    pub fn text(&self, number: u32) -> Option<&str> {
        let end = *self.ends.get(number as usize)? as usize;
        let before = (number as usize).checked_sub(1);
        let start = before.and_then(|before| self.ends.get(before)).map_or(0, |&start| start as usize);
        self.texts.get(start..end)
    }

    /// The value of an added text by its number.
    pub fn value(&self, number: u32) -> Option<u32> {
        self.values.get(number as usize).copied()
    }

    /// The table of all that was added, each text once.
    pub fn build(&self) -> Built {
        let mut hasher = DefaultHasher::new();
        hasher.write(self.texts.as_bytes());
        let seed = hasher.finish();
        let hashes: Vec<u64> = (0..self.ends.len())
            .map(|number| self.text(number as u32).map_or(0, |text| Key::Text(text).hash(seed)))
            .collect();
        let buckets = self.ends.len().div_ceil(BUCKET).max(1);
        let (order, bounds) = by_bucket(&hashes, buckets);
        let value_bytes = match self.values.iter().max() {
            None | Some(0) => 0,
            Some(1..=0xff) => 1,
            Some(0x100..=0xffff) => 2,
            Some(_) => 4,
        };
        let mut filling = Filling {
            builder: self,
            hashes: &hashes,
            value_bytes,
            records: Vec::with_capacity(self.texts.len() + self.ends.len() * (2 + value_bytes)),
            entries: 0,
            text_bytes: 0,
            conflicts: Vec::new(),
        };
        let mut starts = Vec::with_capacity(buckets + 1);
        let mut kept = Vec::new();
        for pair in bounds.windows(2) {
            starts.push(filling.records.len() as u32);
            let &[start, end] = pair else { continue };
            filling.bucket(order.get(start as usize..end as usize).unwrap_or_default(), &mut kept);
        }
        starts.push(filling.records.len() as u32);
        filling.conflicts.sort_unstable();
        let table = TextTable {
            records: filling.records.into(),
            starts: starts.into(),
            seed,
            value_bytes,
            entries: filling.entries,
            text_bytes: filling.text_bytes,
        };
        Built { table, conflicts: filling.conflicts }
    }
}

/// The numbers of all hashes sorted by bucket, in their order within one, and where each bucket begins and ends.
fn by_bucket(hashes: &[u64], buckets: usize) -> (Vec<u32>, Vec<u32>) {
    let mut bounds = vec![0_u32; buckets + 1];
    for &hash in hashes {
        if let Some(count) = bounds.get_mut(bucket_of(hash, buckets) + 1) {
            *count += 1;
        }
    }
    let mut sum = 0;
    for bound in &mut bounds {
        sum += *bound;
        *bound = sum;
    }
    let mut next = bounds.clone();
    let mut order = vec![0_u32; hashes.len()];
    for (number, &hash) in hashes.iter().enumerate() {
        let Some(at) = next.get_mut(bucket_of(hash, buckets)) else { continue };
        if let Some(place) = order.get_mut(*at as usize) {
            *place = number as u32;
        }
        *at += 1;
    }
    (order, bounds)
}

/// A table while its records are written.
struct Filling<'a> {
    builder: &'a TextTableBuilder,
    hashes: &'a [u64],
    value_bytes: usize,
    records: Vec<u8>,
    entries: usize,
    text_bytes: usize,
    conflicts: Vec<Conflict>,
}

impl Filling<'_> {
    /// Writes the entries of a bucket, each text once. `kept` is room for the numbers of those.
    fn bucket(&mut self, numbers: &[u32], kept: &mut Vec<u32>) {
        kept.clear();
        for &number in numbers {
            let Some(text) = self.builder.text(number) else { continue };
            let (hash, value) = (self.hash(number), self.value(number));
            let same = |&other: &u32| self.hash(other) == hash && self.builder.text(other) == Some(text);
            match kept.iter().copied().find(same) {
                Some(earlier) if self.value(earlier) != value => {
                    self.conflicts.push(Conflict { later: number, earlier });
                }
                Some(_) => {}
                None => {
                    kept.push(number);
                    self.record(hash, value, text);
                }
            }
        }
    }

    fn record(&mut self, hash: u64, value: u32, text: &str) {
        self.records.push(tag_of(hash));
        match u8::try_from(text.len()) {
            Ok(short) if short != LONG => self.records.push(short),
            _ => {
                self.records.push(LONG);
                self.records.extend_from_slice(&(text.len() as u32).to_le_bytes());
            }
        }
        self.records.extend(value.to_le_bytes().into_iter().take(self.value_bytes));
        self.records.extend_from_slice(text.as_bytes());
        self.entries += 1;
        self.text_bytes += text.len();
    }

    fn hash(&self, number: u32) -> u64 {
        self.hashes.get(number as usize).copied().unwrap_or(0)
    }

    fn value(&self, number: u32) -> u32 {
        self.builder.value(number).unwrap_or(0)
    }
}

impl<'a> FromIterator<&'a str> for TextTable {
    /// The table of all texts with the value 0. Texts beyond 4 GiB are left out; whoever may have more uses the builder.
    fn from_iter<T: IntoIterator<Item = &'a str>>(texts: T) -> TextTable {
        let mut builder = TextTableBuilder::default();
        for text in texts {
            builder.add(&[text], 0);
        }
        builder.build().table
    }
}
