//! Unpacking of ZIP archives and gzip streams, for looking and never for writing to disk.
//!
//! Readers disagree about ZIP: some believe the directory at the end, some the header before each member, some scan.
//! A firewall that sees one view is blind in the others, so here the union is unpacked: all directories that can be
//! found, and members that no directory lists. What differs between the views is told as [`Irregularity`], what could
//! not be read as a [`Cause`] on the member. All expansion draws on one [`Budget`] a message, so bombs (high ratio,
//! many members, overlapping members, nested archives) end at the limit with what was unpacked until then.
//!
//! Cost: linear in the archive and in what it expands to; memory: the unpacked members. It never fails as a whole.

mod inflate;
mod names;
mod zip;

use super::filetype::{Container, Family, FileType};
use crate::base::limits::MessageLimits;
use std::collections::BTreeSet;
use std::io::Read;

/// Why something could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Cause {
    /// It needs a password or key.
    Encrypted,
    /// It contradicts its own format.
    Corrupt,
    /// It exceeds a limit.
    Limit,
    /// Its format or method is not one that is read here.
    Unsupported,
}

/// What one message may still expand to; every archive in it draws on the same budget.
#[derive(Debug, Clone)]
pub struct Budget {
    expanded_bytes: u64,
    members: usize,
    depth: usize,
    ratio: u64,
}

impl Budget {
    /// A full budget.
    pub fn new(limits: &MessageLimits) -> Budget {
        Budget {
            expanded_bytes: limits.expanded_bytes,
            members: limits.parts,
            depth: limits.depth,
            ratio: limits.expansion_ratio.max(1),
        }
    }

    /// Takes one member (or MIME part); `false` if there are none left.
    pub fn take_member(&mut self) -> bool {
        let left = self.members > 0;
        self.members = self.members.saturating_sub(1);
        left
    }

    /// Takes expanded bytes; `false` if there are not as many left.
    pub fn take_bytes(&mut self, bytes: u64) -> bool {
        let left = self.expanded_bytes >= bytes;
        self.expanded_bytes = self.expanded_bytes.saturating_sub(bytes);
        left
    }

    /// Whether something may stand at a nesting depth, the message itself being at depth 0.
    pub fn allows_depth(&self, depth: usize) -> bool {
        depth <= self.depth
    }

    /// Members left.
    pub fn members_left(&self) -> usize {
        self.members
    }

    /// Expanded bytes left.
    pub fn bytes_left(&self) -> u64 {
        self.expanded_bytes
    }

    /// How many bytes something packed in so many bytes may expand to. The ratio counts above one mebibyte only.
    fn allowance(&self, packed: u64) -> u64 {
        self.expanded_bytes.min(packed.saturating_mul(self.ratio).max(1 << 20))
    }
}

/// What an archive holds, as far as it could be read.
#[derive(Debug, Clone, Default)]
pub struct Unpacked {
    /// Members in the order of their place, directories without content left out.
    pub members: Vec<Member>,
    /// Why something of the archive itself could not be read; what holds for a member stands there.
    pub causes: BTreeSet<Cause>,
    /// What readers of the archive itself may disagree about.
    pub irregularities: BTreeSet<Irregularity>,
}

impl Unpacked {
    /// All causes, those of members included.
    pub fn all_causes(&self) -> BTreeSet<Cause> {
        let of_members = self.members.iter().filter_map(|member| member.cause);
        self.causes.iter().copied().chain(of_members).collect()
    }
}

/// One member of an archive.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Member {
    /// Its name as most readers show it.
    pub name: String,
    /// Names under which other readers show it: of the other header, in the other charset, uncut at a NUL.
    pub other_names: Vec<String>,
    /// Its content; what could be read of it, where `cause` says that this is not all. Empty where nothing could.
    pub content: Vec<u8>,
    /// Why not all of it could be read.
    pub cause: Option<Cause>,
    /// Whether it is encrypted.
    pub encrypted: bool,
    /// Packed size in bytes.
    pub packed_size: u64,
    /// Unpacked size in bytes as declared; `None` where no header says.
    pub declared_size: Option<u64>,
    /// What readers may disagree about.
    pub irregularities: BTreeSet<Irregularity>,
}

/// Something that one reader of an archive sees differently from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Irregularity {
    /// No directory lists the member.
    Unlisted,
    /// The directory lists a member that is not where it says.
    Missing,
    /// The two headers of the member name it differently.
    NamesDiffer,
    /// The two headers differ in size, method, checksum or encryption.
    HeadersDiffer,
    /// Two members have one name.
    DuplicateName,
    /// Two members share bytes.
    Overlap,
    /// The name leads out of the folder (`..`, absolute, with a drive).
    UnsafePath,
    /// The name holds control characters or NUL.
    OddName,
    /// The name is not in the charset it declares.
    UndecodableName,
    /// The archive begins behind other data.
    PrefixData,
    /// There is more than one directory.
    SeveralDirectories,
    /// There is no directory.
    NoDirectory,
    /// Size or checksum of the content is not the declared one.
    ContentDiffers,
}

/// Unpacks what the type says can be unpacked. An archive of a kind that is not read here has the cause
/// [`Cause::Unsupported`]; what is no archive at all gives nothing.
pub fn unpack(bytes: &[u8], file_type: &FileType, name: &str, budget: &mut Budget) -> Unpacked {
    match file_type.container {
        Container::Zip => unpack_zip(bytes, budget),
        Container::Gzip => unpack_gzip(bytes, name, budget),
        Container::Ole | Container::None => {
            let mut unpacked = Unpacked::default();
            if file_type.family == Family::Archive {
                unpacked.causes.insert(Cause::Unsupported);
            }
            unpacked
        }
    }
}

/// Unpacks a gzip stream (RFC 1952), all its members as one file.
pub fn unpack_gzip(bytes: &[u8], name: &str, budget: &mut Budget) -> Unpacked {
    let mut unpacked = Unpacked::default();
    if !budget.take_member() {
        unpacked.causes.insert(Cause::Limit);
        return unpacked;
    }
    let mut decoder = flate2::read::MultiGzDecoder::new(bytes);
    let stored_name = decoder.header().and_then(|header| header.filename()).map(names::decode_plain_name);
    let allowance = budget.allowance(bytes.len() as u64);
    let mut member = Member { packed_size: bytes.len() as u64, ..Member::default() };
    let read = decoder.by_ref().take(allowance.saturating_add(1)).read_to_end(&mut member.content);
    if member.content.len() as u64 > allowance {
        member.content.truncate(usize::try_from(allowance).unwrap_or(usize::MAX));
        member.cause = Some(Cause::Limit);
    } else if read.is_err() {
        member.cause = Some(Cause::Corrupt);
    }
    budget.take_bytes(member.content.len() as u64);
    let stem = strip_packed_extension(name);
    member.name = stored_name.clone().filter(|stored| !stored.is_empty()).unwrap_or_else(|| stem.clone());
    if stored_name.is_some() && !stem.is_empty() && stem != member.name {
        member.other_names.push(stem);
    }
    unpacked.members.push(member);
    unpacked
}

/// The name of what is packed in a single-file archive: `a.txt.gz` holds `a.txt`, `a.tgz` holds `a.tar`.
fn strip_packed_extension(name: &str) -> String {
    match name.rsplit_once('.') {
        Some((stem, extension)) if extension.eq_ignore_ascii_case("tgz") => format!("{stem}.tar"),
        Some((stem, extension)) if extension.eq_ignore_ascii_case("svgz") => format!("{stem}.svg"),
        Some((stem, _)) => stem.to_owned(),
        None => name.to_owned(),
    }
}

/// Unpacks a ZIP archive (APPNOTE 6.3), wherever in the bytes it begins.
pub fn unpack_zip(bytes: &[u8], budget: &mut Budget) -> Unpacked {
    zip::unpack(bytes, budget)
}
