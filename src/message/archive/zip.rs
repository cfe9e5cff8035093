//! Walking the records of a ZIP archive: directories, local headers, and what no directory lists.

use super::inflate::inflate;
use super::names::{add_names, named_member};
use super::{Budget, Cause, Irregularity, Member, Unpacked};
use flate2::Crc;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;

const LOCAL: &[u8] = b"PK\x03\x04";
const CENTRAL: &[u8] = b"PK\x01\x02";
const END: &[u8] = b"PK\x05\x06";
const END_64: &[u8] = b"PK\x06\x06";
const LOCATOR_64: &[u8] = b"PK\x06\x07";
const DESCRIPTOR: &[u8] = b"PK\x07\x08";

/// End records that are tried; more of them in one file only repeat the game. A file with more has a limit reached.
const END_RECORDS: usize = 8;

/// Bytes of headers that may be looked at for each byte of the archive, and at least: names, extra fields and searches
/// for the next record overlap in hostile archives, and would cost the square of their size.
const LOOKED_AT: usize = 16;
const LOOKED_AT_LEAST: usize = 4 << 20;

/// What a header says of a member; both kinds of header say this much.
#[derive(Debug, Clone, Default)]
pub(super) struct Header {
    pub(super) flags: u16,
    pub(super) method: u16,
    pub(super) checksum: u32,
    pub(super) packed: u64,
    pub(super) size: u64,
    pub(super) name: Vec<u8>,
    pub(super) unicode_name: Option<String>,
    /// Where the local header is (central), or where the data begins (local).
    pub(super) offset: u64,
}

impl Header {
    pub(super) fn is_encrypted(&self) -> bool {
        self.flags & 0x2041 != 0 || self.method == 99
    }

    fn has_descriptor(&self) -> bool {
        self.flags & 8 != 0
    }
}

/// Unpacks an archive.
pub(super) fn unpack(bytes: &[u8], budget: &mut Budget) -> Unpacked {
    Zip {
        bytes,
        budget,
        unpacked: Unpacked::default(),
        at_offset: HashMap::new(),
        extents: Vec::new(),
        work: bytes.len().saturating_mul(LOOKED_AT).max(LOOKED_AT_LEAST),
    }
    .run()
}

struct Zip<'a> {
    bytes: &'a [u8],
    budget: &'a mut Budget,
    unpacked: Unpacked,
    /// Members by the offset of their local header, so that no data is unpacked twice.
    at_offset: HashMap<usize, usize>,
    /// The bytes that members cover, headers included.
    extents: Vec<Range<usize>>,
    /// Bytes of headers that may still be looked at.
    work: usize,
}

impl Zip<'_> {
    /// Takes bytes that are looked at out of what may be; where that is used up the archive is over a limit.
    fn look_at(&mut self, bytes: usize) -> bool {
        match self.work.checked_sub(bytes) {
            Some(left) => {
                self.work = left;
                true
            }
            None => {
                self.work = 0;
                self.unpacked.causes.insert(Cause::Limit);
                false
            }
        }
    }

    fn run(mut self) -> Unpacked {
        let mut listed = self.directories();
        listed.sort_by_key(|header| header.offset);
        for header in listed {
            let offset = usize::try_from(header.offset).unwrap_or(usize::MAX);
            let Some(local) = self.local_header(offset) else {
                self.missing(&header);
                continue;
            };
            if let Some(&index) = self.at_offset.get(&offset) {
                self.listed_again(index, &header);
                continue;
            }
            if !self.budget.take_member() {
                self.unpacked.causes.insert(Cause::Limit);
                break;
            }
            self.member(offset, Some(&header), &local);
        }
        self.unlisted();
        self.finish();
        self.unpacked
    }

    /// All members that any directory lists, their offsets counted from the first byte here.
    fn directories(&mut self) -> Vec<Header> {
        let tail_start = self.bytes.len().saturating_sub(22 + 0xffff);
        let tail = self.bytes.get(tail_start..).unwrap_or_default();
        let mut ends: Vec<usize> = memchr::memmem::find_iter(tail, END).map(|at| at + tail_start).collect();
        ends.reverse();
        if ends.len() > END_RECORDS {
            self.unpacked.causes.insert(Cause::Limit);
            ends.truncate(END_RECORDS);
        }
        let mut listed: Vec<Header> = Vec::new();
        let mut seen: BTreeSet<usize> = BTreeSet::new();
        let mut directories = 0;
        for end in ends {
            for (start, moved) in self.directory_starts(end) {
                let found = if seen.insert(start) { self.directory(start) } else { Vec::new() };
                if found.is_empty() {
                    continue;
                }
                directories += 1;
                if moved > 0 {
                    self.unpacked.irregularities.insert(Irregularity::PrefixData);
                }
                listed.extend(
                    found
                        .into_iter()
                        .map(|header| Header { offset: header.offset.saturating_add(moved), ..header }),
                );
                break;
            }
        }
        if directories > 1 {
            self.unpacked.irregularities.insert(Irregularity::SeveralDirectories);
        }
        if directories == 0 && memchr::memmem::find(self.bytes, LOCAL).is_some() {
            self.unpacked.irregularities.insert(Irregularity::NoDirectory);
        }
        listed
    }

    /// Where the directory of an end record may begin, each with how far the archive is moved then.
    fn directory_starts(&mut self, end: usize) -> Vec<(usize, u64)> {
        let mut size = u64::from(self.u32(end + 12));
        let mut offset = u64::from(self.u32(end + 16));
        let mut before = end;
        let locator = end.checked_sub(20).filter(|&at| self.starts(at, LOCATOR_64));
        if let Some(locator) = locator
            && (size == 0xffff_ffff || offset == 0xffff_ffff || self.u16(end + 10) == 0xffff)
        {
            let stated = usize::try_from(self.u64(locator + 8)).unwrap_or(usize::MAX);
            let record = if self.starts(stated, END_64) {
                Some(stated)
            } else {
                let head = self.bytes.get(..locator).unwrap_or_default();
                memchr::memmem::rfind(head, END_64)
            };
            if let Some(record) = record {
                size = self.u64(record + 40);
                offset = self.u64(record + 48);
                before = record;
            }
        }
        let mut starts = Vec::new();
        let stated = usize::try_from(offset).unwrap_or(usize::MAX);
        if self.starts(stated, CENTRAL) {
            starts.push((stated, 0));
        }
        let by_size = usize::try_from(size).ok().and_then(|size| before.checked_sub(size));
        if let Some(start) = by_size.filter(|&start| self.starts(start, CENTRAL)) {
            starts.push((start, (start as u64).saturating_sub(offset)));
        }
        starts
    }

    /// The members listed from an offset on.
    fn directory(&mut self, start: usize) -> Vec<Header> {
        let mut listed = Vec::new();
        let mut at = start;
        while self.starts(at, CENTRAL) && listed.len() <= self.budget.members_left() {
            let (name_len, extra_len) = (self.u16(at + 28) as usize, self.u16(at + 30) as usize);
            let comment_len = self.u16(at + 32) as usize;
            if !self.look_at(46 + name_len + extra_len) {
                break;
            }
            let Some(name) = self.bytes.get(at + 46..at + 46 + name_len) else { break };
            let extra =
                self.bytes.get(at + 46 + name_len..at + 46 + name_len + extra_len).unwrap_or_default();
            let mut header = Header {
                flags: self.u16(at + 8),
                method: self.u16(at + 10),
                checksum: self.u32(at + 16),
                packed: u64::from(self.u32(at + 20)),
                size: u64::from(self.u32(at + 24)),
                offset: u64::from(self.u32(at + 42)),
                name: name.to_vec(),
                unicode_name: None,
            };
            apply_extra(&mut header, extra, true);
            listed.push(header);
            at += 46 + name_len + extra_len + comment_len;
        }
        if listed.len() > self.budget.members_left() {
            self.unpacked.causes.insert(Cause::Limit);
        }
        listed
    }

    fn local_header(&mut self, at: usize) -> Option<Header> {
        if !self.starts(at, LOCAL) {
            return None;
        }
        let (name_len, extra_len) = (self.u16(at + 26) as usize, self.u16(at + 28) as usize);
        if !self.look_at(30 + name_len + extra_len) {
            return None;
        }
        let name = self.bytes.get(at + 30..at + 30 + name_len)?;
        let extra = self.bytes.get(at + 30 + name_len..at + 30 + name_len + extra_len)?;
        let mut header = Header {
            flags: self.u16(at + 6),
            method: self.u16(at + 8),
            checksum: self.u32(at + 14),
            packed: u64::from(self.u32(at + 18)),
            size: u64::from(self.u32(at + 22)),
            offset: (at + 30 + name_len + extra_len) as u64,
            name: name.to_vec(),
            unicode_name: None,
        };
        apply_extra(&mut header, extra, false);
        Some(header)
    }

    fn missing(&mut self, header: &Header) {
        let mut member = named_member(header);
        member.irregularities.insert(Irregularity::Missing);
        member.cause = Some(Cause::Corrupt);
        self.unpacked.members.push(member);
    }

    /// A further directory entry for data that is unpacked already: only its name can be news.
    fn listed_again(&mut self, index: usize, header: &Header) {
        let other = named_member(header);
        let Some(member) = self.unpacked.members.get_mut(index) else { return };
        if other.name != member.name {
            member.irregularities.insert(Irregularity::NamesDiffer);
        }
        add_names(member, other);
    }

    /// Unpacks the member whose local header is at an offset.
    fn member(&mut self, at: usize, central: Option<&Header>, local: &Header) {
        let shown = central.unwrap_or(local);
        let mut member = named_member(shown);
        if let Some(central) = central {
            compare_headers(&mut member, central, local);
        } else {
            member.irregularities.insert(Irregularity::Unlisted);
        }
        let data_start = usize::try_from(local.offset).unwrap_or(usize::MAX);
        let sizes_known = central.is_some() || !local.has_descriptor() || local.packed > 0;
        let (packed, size) = (shown.packed, shown.size);
        member.declared_size = sizes_known.then_some(size);
        let data = self.bytes.get(data_start..).unwrap_or_default();
        let packed_len = match sizes_known {
            true => usize::try_from(packed).unwrap_or(usize::MAX),
            false if self.work == 0 => 0,
            false => {
                let length = next_record(data);
                self.look_at(length);
                length
            }
        };
        let cut_short = packed_len > data.len();
        let data = data.get(..packed_len.min(data.len())).unwrap_or_default();
        let mut used = data.len();
        member.encrypted = shown.is_encrypted() || local.is_encrypted();
        let both_encrypted = shown.is_encrypted() && local.is_encrypted();
        if both_encrypted {
            member.cause = Some(Cause::Encrypted);
        } else {
            used = self.decode(&mut member, shown, data, sizes_known);
            if shown.method != local.method && member.cause.is_some() {
                self.decode_otherwise(&mut member, local, data, sizes_known);
            }
            // One header says encrypted: if the content reads well without a key, it is not.
            if member.encrypted && member.cause.is_some() {
                member.content.clear();
                member.cause = Some(Cause::Encrypted);
            }
        }
        if cut_short && member.cause.is_none() {
            member.cause = Some(Cause::Corrupt);
        }
        if !sizes_known {
            member.packed_size = used as u64;
        }
        let covered = match central {
            // A reader that believes the smaller size goes on behind it, so what follows must be looked at too.
            Some(_) if local.packed > 0 && !local.has_descriptor() => {
                used.min(usize::try_from(local.packed).unwrap_or(usize::MAX))
            }
            _ => used,
        };
        self.extents.push(at..data_start.saturating_add(covered).min(self.bytes.len()));
        self.at_offset.insert(at, self.unpacked.members.len());
        self.unpacked.members.push(member);
    }

    /// Decodes the data of a member; gives how many packed bytes it really takes.
    fn decode(&mut self, member: &mut Member, header: &Header, data: &[u8], sizes_known: bool) -> usize {
        if self.work == 0 {
            member.cause = Some(Cause::Limit);
            return 0;
        }
        let allowance = self.budget.allowance(data.len() as u64);
        let used = match header.method {
            0 => {
                let len = data.len().min(usize::try_from(allowance).unwrap_or(usize::MAX));
                member.content = data.get(..len).unwrap_or_default().to_vec();
                if len < data.len() {
                    member.cause = Some(Cause::Limit);
                }
                data.len()
            }
            8 => {
                let inflated = inflate(data, allowance);
                // Members that overlap are packed bytes looked at many times, which may expand to nothing.
                self.look_at(inflated.used);
                member.content = inflated.content;
                member.cause = inflated.cause;
                inflated.used
            }
            _ => {
                member.cause = Some(Cause::Unsupported);
                data.len()
            }
        };
        self.budget.take_bytes(member.content.len() as u64);
        let whole = member.cause.is_none();
        if whole && sizes_known && !self.content_agrees(member, header) {
            member.irregularities.insert(Irregularity::ContentDiffers);
            member.cause = Some(Cause::Corrupt);
        }
        used
    }

    /// Decodes by the method of the other header, if that reads better.
    fn decode_otherwise(&mut self, member: &mut Member, header: &Header, data: &[u8], sizes_known: bool) {
        let mut other = Member::default();
        self.decode(&mut other, header, data, sizes_known);
        if other.cause.is_none() || (member.content.is_empty() && !other.content.is_empty()) {
            member.content = other.content;
            member.cause = other.cause;
        }
    }

    fn content_agrees(&self, member: &Member, header: &Header) -> bool {
        let mut checksum = Crc::new();
        checksum.update(&member.content);
        member.content.len() as u64 == header.size && checksum.sum() == header.checksum
    }

    /// Unpacks members that stand between the others and that no directory lists.
    fn unlisted(&mut self) {
        self.extents.sort_by_key(|extent| extent.start);
        let mut gaps = Vec::new();
        let mut at = 0;
        for extent in &self.extents {
            if extent.start > at {
                gaps.push(at..extent.start);
            }
            at = at.max(extent.end);
        }
        gaps.push(at..self.bytes.len());
        for gap in gaps {
            let mut from = gap.start;
            while from < gap.end {
                let rest = self.bytes.get(from..gap.end).unwrap_or_default();
                let Some(found) = memchr::memmem::find(rest, LOCAL) else { break };
                let offset = from + found;
                from = offset + LOCAL.len();
                if self.at_offset.contains_key(&offset) || !self.is_plausible(offset) {
                    continue;
                }
                let Some(local) = self.local_header(offset) else { continue };
                if !self.budget.take_member() {
                    self.unpacked.causes.insert(Cause::Limit);
                    return;
                }
                self.member(offset, None, &local);
                from = self.extents.last().map_or(from, |extent| extent.end.max(from));
            }
        }
    }

    fn finish(&mut self) {
        self.extents.sort_by_key(|extent| extent.start);
        let overlaps = self.extents.windows(2).any(|pair| matches!(pair, [a, b] if a.end > b.start));
        if overlaps {
            self.unpacked.irregularities.insert(Irregularity::Overlap);
        }
        let mut names: BTreeMap<String, usize> = BTreeMap::new();
        for member in &self.unpacked.members {
            *names.entry(member.name.to_lowercase()).or_default() += 1;
        }
        for member in &mut self.unpacked.members {
            if names.get(&member.name.to_lowercase()).is_some_and(|&count| count > 1) {
                member.irregularities.insert(Irregularity::DuplicateName);
            }
        }
        let has_records = !self.extents.is_empty() || memchr::memmem::find(self.bytes, END).is_some();
        if !has_records {
            self.unpacked.causes.insert(Cause::Corrupt);
        }
        // A directory is a name and nothing else; one with content is a file in disguise and stays.
        self.unpacked.members.retain(|member| {
            !(member.name.ends_with('/') && member.content.is_empty() && member.packed_size <= 2)
        });
    }

    /// Whether what stands in a gap is a local header, rather than four chance bytes: told by its fixed part alone.
    fn is_plausible(&self, at: usize) -> bool {
        let (flags, method) = (self.u16(at + 6), self.u16(at + 8));
        (1..=4_096).contains(&self.u16(at + 26))
            && flags & 0xc000 == 0
            && (method <= 20 || (93..=99).contains(&method))
    }

    fn starts(&self, at: usize, magic: &[u8]) -> bool {
        self.bytes.get(at..).is_some_and(|rest| rest.starts_with(magic))
    }

    fn u16(&self, at: usize) -> u16 {
        little_endian(self.bytes, at, 2) as u16
    }

    fn u32(&self, at: usize) -> u32 {
        little_endian(self.bytes, at, 4) as u32
    }

    fn u64(&self, at: usize) -> u64 {
        little_endian(self.bytes, at, 8)
    }
}

/// The number of `len` bytes at an offset; bytes beyond the end count as zero.
fn little_endian(bytes: &[u8], at: usize, len: usize) -> u64 {
    (0..len).rev().fold(0, |number, index| {
        let byte = at.checked_add(index).and_then(|at| bytes.get(at)).copied().unwrap_or(0);
        number << 8 | u64::from(byte)
    })
}

/// Reads the extra fields that change what a header says: long sizes and offsets, and the name in Unicode.
fn apply_extra(header: &mut Header, extra: &[u8], central: bool) {
    let mut name_checksum = None;
    let mut at = 0;
    while at + 4 <= extra.len() {
        let kind = little_endian(extra, at, 2);
        let len = little_endian(extra, at + 2, 2) as usize;
        let field = extra.get(at + 4..(at + 4 + len).min(extra.len())).unwrap_or_default();
        match kind {
            0x0001 => {
                let mut from = 0;
                let mut long = |short: &mut u64| {
                    if *short == 0xffff_ffff && from + 8 <= field.len() {
                        *short = little_endian(field, from, 8);
                        from += 8;
                    }
                };
                long(&mut header.size);
                long(&mut header.packed);
                if central {
                    long(&mut header.offset);
                }
            }
            // The version, then the checksum of the name that it stands for: without it, the field is stale.
            0x7075 if field.first() == Some(&1) => {
                let own = *name_checksum.get_or_insert_with(|| {
                    let mut checksum = Crc::new();
                    checksum.update(&header.name);
                    u64::from(checksum.sum())
                });
                if little_endian(field, 1, 4) == own
                    && let Some(name) = field.get(5..).and_then(|name| std::str::from_utf8(name).ok())
                {
                    header.unicode_name = Some(name.to_owned());
                }
            }
            _ => {}
        }
        at += 4 + len;
    }
}

/// The bytes up to the next record of a ZIP archive.
fn next_record(data: &[u8]) -> usize {
    let mut from = 0;
    while let Some(found) = data.get(from..).and_then(|rest| memchr::memmem::find(rest, b"PK")) {
        let at = from + found;
        let rest = data.get(at..).unwrap_or_default();
        if [LOCAL, CENTRAL, END, DESCRIPTOR, END_64].iter().any(|magic| rest.starts_with(magic)) {
            return at;
        }
        from = at + 2;
    }
    data.len()
}

fn compare_headers(member: &mut Member, central: &Header, local: &Header) {
    if central.name != local.name {
        member.irregularities.insert(Irregularity::NamesDiffer);
        add_names(member, named_member(local));
    }
    let descriptor = local.has_descriptor();
    let sizes_differ = (central.packed, central.size, central.checksum)
        != (local.packed, local.size, local.checksum)
        && !(descriptor && local.packed == 0 && local.size == 0)
        && !(descriptor && local.packed == 0xffff_ffff);
    if sizes_differ || central.method != local.method || central.is_encrypted() != local.is_encrypted() {
        member.irregularities.insert(Irregularity::HeadersDiffer);
    }
}
