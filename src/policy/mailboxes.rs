//! Mailboxes on disk, read one message after the other: mbox files, Maildirs, folders of messages, gzipped or not.
//!
//! The folders are walked first, so that a progress bar knows the whole; then files are read one at a time. A Maildir is
//! any folder with `cur` or `new` in it; its `tmp` is not read, its subfolders (`.Sent` as in Maildir++, or `sent` as
//! others do it) are. Symbolic links are followed, each folder being visited once. What is no file (sockets, pipes,
//! devices) is never opened. A file is mail if its name or place says so (`.eml`, `.mbox`, a Maildir), else if it begins
//! like mail; what is named by the user and is no mail is an error, in folders it is passed over and told. `FILE#N` is
//! the N-th message of an mbox. Cost: one message in memory. Failure: an error for that entry, the others still come.

use super::sniff::{self, Kind};
use crate::base::limits::MessageLimits;
use crate::base::system::reason;
use crate::message::mailbox::{Dialect, FromLine, Mbox, gunzipped, looks_like_mbox, read_single};
use jiff::Timestamp;
use std::collections::HashSet;
use std::fs::{self, File, Metadata};
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// One message with where it comes from.
#[derive(Debug, Clone)]
pub struct MailItem {
    /// The path as given, for an mbox followed by `#` and the number of the message, counted from 1.
    pub origin: String,
    /// The message; its beginning, if `truncated`.
    pub bytes: Vec<u8>,
    /// What the mailbox says of the envelope.
    pub envelope_hint: Option<FromLine>,
    /// Whether the message is longer than the limit.
    pub truncated: bool,
    /// Its length in bytes, all of it.
    pub total_size: u64,
    /// When its file was last written, where there is one.
    pub modified: Option<Timestamp>,
}

/// An entry that could not be read, or a rest of one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{origin}: {reason}")]
pub struct MailboxError {
    /// The path, with the number of the message where reading stopped.
    pub origin: String,
    /// Why, in words.
    pub reason: String,
    /// The mend, where there is one.
    pub mend: Option<&'static str>,
}

/// A file or folder in a folder that was passed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// Which.
    pub path: PathBuf,
    /// Why, in words: `hidden`, `empty`, `no mail`.
    pub why: &'static str,
}

/// What was passed over so far; may be read from elsewhere.
#[derive(Debug, Clone, Default)]
pub struct SkippedList(Arc<Mutex<Vec<Skipped>>>);

impl SkippedList {
    /// All of it, by path.
    pub fn all(&self) -> Vec<Skipped> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        all.sort_by(|left, right| left.path.cmp(&right.path));
        all
    }

    fn add(&self, path: &Path, why: &'static str) {
        let skipped = Skipped { path: path.to_owned(), why };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(skipped);
    }
}

/// The messages of all mailboxes given.
pub struct Mailboxes {
    entries: std::vec::IntoIter<Entry>,
    open: Option<OpenMbox>,
    limits: MessageLimits,
    total_bytes: u64,
    done_bytes: Arc<AtomicU64>,
    skipped: SkippedList,
}

/// Folders within folders that are walked.
const DEPTH: usize = 64;

/// Bytes looked at to tell what a file is.
const HEAD: usize = 64 << 10;

struct OpenMbox {
    path: String,
    messages: Mbox<Box<dyn BufRead + Send>>,
    number: u64,
    /// The only one that is wanted.
    only: Option<u64>,
    modified: Option<Timestamp>,
}

enum Entry {
    File {
        path: PathBuf,
        bytes: u64,
        belief: Belief,
        /// The only message of it that is wanted.
        only: Option<u64>,
        modified: Option<Timestamp>,
    },
    StandardInput,
    Unreadable(MailboxError),
}

/// Why a file could be mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Belief {
    /// Its place or its name says so.
    Certain,
    /// The user named it.
    Named,
    /// It lies in a folder.
    Found,
}

/// Where a message comes from that stands in no file.
const STANDARD_INPUT: &str = "standard input";

impl Mailboxes {
    /// Walks the given paths; `-` is standard input, `FILE#N` the N-th message of an mbox. Nothing is read yet; what
    /// cannot be walked comes as an error in its place.
    pub fn open(paths: &[PathBuf], limits: &MessageLimits) -> Mailboxes {
        let skipped = SkippedList::default();
        let mut walk = Walk { entries: Vec::new(), visited: HashSet::new(), skipped: skipped.clone() };
        for path in paths {
            walk.path(path);
        }
        let total_bytes = walk.entries.iter().map(Entry::bytes).sum();
        Mailboxes {
            entries: walk.entries.into_iter(),
            open: None,
            limits: limits.clone(),
            total_bytes,
            done_bytes: Arc::default(),
            skipped,
        }
    }

    /// Bytes of all files that will be read, as they are on disk.
    pub fn total_bytes(&self) -> u64 {
        self.total_bytes
    }

    /// A counter of the bytes read so far, which may be watched from elsewhere.
    pub fn progress(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.done_bytes)
    }

    /// What was passed over in folders: files that are no mail, and what is hidden or empty.
    pub fn skipped(&self) -> SkippedList {
        self.skipped.clone()
    }

    fn next_of_open(&mut self) -> Option<Result<MailItem, MailboxError>> {
        let open = self.open.as_mut()?;
        let read = loop {
            let Some(read) = open.messages.next() else {
                let missing = open.only.filter(|only| *only > open.number).map(|only| MailboxError {
                    origin: format!("{}#{only}", open.path),
                    reason: format!("the mailbox has {} messages", open.number),
                    mend: None,
                });
                self.open = None;
                return missing.map(Err);
            };
            open.number += 1;
            if open.only.is_none_or(|only| only == open.number) || read.is_err() {
                break read;
            }
        };
        let origin = format!("{}#{}", open.path, open.number);
        let modified = open.modified;
        if open.only == Some(open.number) {
            self.open = None;
        }
        Some(match read {
            Ok(message) => Ok(MailItem {
                origin,
                bytes: message.bytes,
                envelope_hint: message.from_line,
                truncated: message.truncated,
                total_size: message.total_size,
                modified,
            }),
            Err(error) => Err(MailboxError { origin, reason: in_words(&error), mend: None }),
        })
    }

    /// Opens a file: an mbox becomes the open one, a single message is given at once, what is passed over gives nothing.
    fn file(&mut self, source: Source<'_>) -> Result<Option<MailItem>, MailboxError> {
        let broken = |error: io::Error| MailboxError {
            origin: source.shown.clone(),
            reason: in_words(&error),
            mend: None,
        };
        let counted = Counted { inner: source.open().map_err(broken)?, done: Arc::clone(&self.done_bytes) };
        let reader = gunzipped(BufReader::with_capacity(HEAD, counted)).map_err(broken)?;
        // A reader gives what it has at hand, which may be a few bytes; mail is told by more.
        let mut reader = with_head(reader).map_err(broken)?;
        let head = reader.fill_buf().map_err(broken)?;
        let Source { path, belief, only, modified, .. } = source;
        if looks_like_mbox(head) {
            let messages = Mbox::new(reader, &self.limits, Dialect::Detect);
            self.open = Some(OpenMbox { path: source.shown, messages, number: 0, only, modified });
            return Ok(None);
        }
        if belief != Belief::Certain || !(is_named_message(path) || in_maildir(path)) {
            match sniff::kind(head) {
                // Nothing is an mbox with no mail in it, unless the name says that it is one message.
                Kind::Empty if belief == Belief::Named => return Ok(None),
                Kind::Empty => {
                    self.skipped.add(path, "empty");
                    return Ok(None);
                }
                Kind::Message => {}
                Kind::Other(_) if belief == Belief::Certain => {}
                Kind::Other(_) if belief == Belief::Found => {
                    self.skipped.add(path, "no mail");
                    return Ok(None);
                }
                Kind::Other(other) => {
                    return Err(MailboxError {
                        origin: source.shown,
                        reason: format!("is no mailbox: it is {}", other.what),
                        mend: Some(other.mend),
                    });
                }
            }
        }
        if let Some(only) = only.filter(|only| *only != 1) {
            let reason = "it is one message".to_string();
            return Err(MailboxError { origin: format!("{}#{only}", source.shown), reason, mend: None });
        }
        let (bytes, total_size) = read_single(&mut reader, &self.limits).map_err(broken)?;
        let truncated = total_size > bytes.len() as u64;
        Ok(Some(MailItem {
            origin: source.shown,
            bytes,
            envelope_hint: None,
            truncated,
            total_size,
            modified,
        }))
    }
}

/// A file, or standard input, about to be read.
struct Source<'p> {
    shown: String,
    path: &'p Path,
    belief: Belief,
    only: Option<u64>,
    modified: Option<Timestamp>,
    is_standard_input: bool,
}

impl Source<'_> {
    fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        Ok(match self.is_standard_input {
            true => Box::new(io::stdin()),
            false => Box::new(File::open(self.path)?),
        })
    }
}

/// A reader whose buffer begins with as much as tells what the file is.
fn with_head(mut reader: Box<dyn BufRead + Send>) -> io::Result<Box<dyn BufRead + Send>> {
    if reader.fill_buf()?.len() >= HEAD {
        return Ok(reader);
    }
    let mut head = Vec::new();
    match reader.by_ref().take(HEAD as u64).read_to_end(&mut head) {
        Ok(_) => Ok(Box::new(BufReader::with_capacity(HEAD, io::Cursor::new(head).chain(reader)))),
        // What is before the break is read first, and then the break met again.
        Err(error) => {
            let rest = Broken(Some(error));
            Ok(Box::new(BufReader::with_capacity(HEAD, io::Cursor::new(head).chain(rest))))
        }
    }
}

/// A reader that fails once and then ends.
struct Broken(Option<io::Error>);

impl Read for Broken {
    fn read(&mut self, _buffer: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

impl Iterator for Mailboxes {
    type Item = Result<MailItem, MailboxError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(item) = self.next_of_open() {
                return Some(item);
            }
            match self.entries.next()? {
                Entry::Unreadable(error) => return Some(Err(error)),
                Entry::File { path, belief, only, modified, .. } => {
                    let shown = path.display().to_string();
                    let is_standard_input = false;
                    let path = path.as_path();
                    let source = Source { shown, path, belief, only, modified, is_standard_input };
                    if let Some(read) = self.file(source).transpose() {
                        return Some(read);
                    }
                }
                Entry::StandardInput => {
                    let source = Source {
                        shown: STANDARD_INPUT.to_string(),
                        path: Path::new(STANDARD_INPUT),
                        belief: Belief::Named,
                        only: None,
                        modified: None,
                        is_standard_input: true,
                    };
                    if let Some(read) = self.file(source).transpose() {
                        return Some(read);
                    }
                }
            }
        }
    }
}

impl Entry {
    fn bytes(&self) -> u64 {
        match self {
            Entry::File { bytes, .. } => *bytes,
            Entry::Unreadable(_) | Entry::StandardInput => 0,
        }
    }
}

/// Collects the files of folders, in the order of their names.
struct Walk {
    entries: Vec<Entry>,
    /// Folders by device and inode, against circles of symbolic links.
    visited: HashSet<(u64, u64)>,
    skipped: SkippedList,
}

impl Walk {
    fn path(&mut self, given: &Path) {
        if given.as_os_str() == "-" {
            self.entries.push(Entry::StandardInput);
            return;
        }
        let (given, only) = message_of(given);
        // Folders that wait; the next to be read is last.
        let mut waiting = vec![(given, 0)];
        while let Some((path, depth)) = waiting.pop() {
            let metadata = match fs::metadata(&path) {
                Ok(metadata) => metadata,
                Err(error) => {
                    self.error(&path, in_words(&error));
                    continue;
                }
            };
            if metadata.is_file() {
                let belief = match depth {
                    _ if is_named_mail(&path) || in_maildir(&path) => Belief::Certain,
                    0 => Belief::Named,
                    _ => Belief::Found,
                };
                let modified = metadata.modified().ok().and_then(|time| Timestamp::try_from(time).ok());
                self.entries.push(Entry::File { path, bytes: metadata.len(), belief, only, modified });
            } else if metadata.is_dir() {
                self.folder(path, &metadata, depth, &mut waiting);
            } else {
                self.error(&path, "it is not a file: sockets, pipes and devices are not read".to_owned());
            }
        }
    }

    fn folder(
        &mut self,
        path: PathBuf,
        metadata: &Metadata,
        depth: usize,
        waiting: &mut Vec<(PathBuf, usize)>,
    ) {
        if !self.visited.insert(identity(metadata, self.visited.len())) {
            return;
        }
        if depth >= DEPTH {
            self.error(&path, format!("is nested deeper than {DEPTH} folders"));
            return;
        }
        let listed = fs::read_dir(&path).and_then(|entries| entries.collect::<io::Result<Vec<_>>>());
        let mut names: Vec<PathBuf> = match listed {
            Ok(entries) => entries.into_iter().map(|entry| entry.path()).collect(),
            Err(error) => {
                self.error(&path, in_words(&error));
                return;
            }
        };
        let is_maildir =
            names.iter().any(|name| name.is_dir() && (name.ends_with("cur") || name.ends_with("new")));
        // Some keep messages beside the three folders of a Maildir, so files there are read if they look like mail.
        names.retain(|name| {
            let is_taken = match name.is_dir() {
                true if is_maildir => return !name.ends_with("tmp"),
                true => !is_hidden(name) || is_maildir_folder(name),
                false => !is_hidden(name),
            };
            if !is_taken {
                self.skipped.add(name, "hidden");
            }
            is_taken
        });
        names.sort();
        waiting.extend(names.into_iter().rev().map(|name| (name, depth + 1)));
    }

    fn error(&mut self, path: &Path, reason: String) {
        self.entries.push(Entry::Unreadable(unreadable(path, reason)));
    }
}

/// `FILE#N` as the file and the number, where there is no file of the whole name.
pub fn message_of(given: &Path) -> (PathBuf, Option<u64>) {
    let parted = given.to_str().filter(|_| !given.exists()).and_then(|text| text.rsplit_once('#'));
    let named =
        parted.and_then(|(file, number)| Some((file, number.parse().ok().filter(|number| *number > 0)?)));
    match named.filter(|(file, _)| Path::new(file).is_file()) {
        Some((file, number)) => (PathBuf::from(file), Some(number)),
        None => (given.to_owned(), None),
    }
}

#[cfg(unix)]
fn identity(metadata: &Metadata, _visited: usize) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt;
    (metadata.dev(), metadata.ino())
}

/// Without inodes every folder counts as new, and [`DEPTH`] alone ends circles.
#[cfg(not(unix))]
fn identity(_metadata: &Metadata, visited: usize) -> (u64, u64) {
    (0, visited as u64)
}

fn unreadable(path: &Path, reason: String) -> MailboxError {
    MailboxError { origin: path.display().to_string(), reason, mend: None }
}

fn in_words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file or folder".to_owned(),
        io::ErrorKind::PermissionDenied => "there is no permission to read it".to_owned(),
        io::ErrorKind::UnexpectedEof => "the compressed data ends too soon".to_owned(),
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => {
            "the compressed data is damaged".to_owned()
        }
        _ => reason(error),
    }
}

fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
}

fn is_maildir_folder(path: &Path) -> bool {
    path.join("cur").is_dir() || path.join("new").is_dir()
}

fn in_maildir(path: &Path) -> bool {
    path.parent().is_some_and(|folder| folder.ends_with("cur") || folder.ends_with("new"))
}

/// The extension in lower case, that of a compressed file being the one before `.gz`.
fn extension(path: &Path) -> String {
    let name = path.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    name.rsplit_once('.').map_or(String::new(), |(_, extension)| extension.to_owned())
}

/// Whether the name says that there is mail in it.
fn is_named_mail(path: &Path) -> bool {
    is_named_message(path) || matches!(extension(path).as_str(), "mbox" | "mbx")
}

/// Whether the name says that it is one message.
fn is_named_message(path: &Path) -> bool {
    matches!(extension(path).as_str(), "eml" | "emlx" | "mail")
}

/// Counts what is read, for a progress bar.
struct Counted<R> {
    inner: R,
    done: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.done.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}
