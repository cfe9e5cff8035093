//! Mailboxes on disk, read one message after the other: mbox files, Maildirs, folders of messages, gzipped or not.
//!
//! The folders are walked first, so that a progress bar knows the whole; then files are read one at a time. A Maildir is
//! any folder with `cur` or `new` in it; its `tmp` is not read, its subfolders (`.Sent` as in Maildir++, or `sent` as
//! others do it) are. Symbolic links are followed, each folder being visited once. What is no file (sockets, pipes,
//! devices) is never opened. Cost: one message in memory. Failure: an error for that entry, the others still come.

use crate::base::limits::MessageLimits;
use crate::message::mailbox::{Dialect, FromLine, Mbox, gunzipped, looks_like_mbox, read_single};
use std::collections::HashSet;
use std::fs::{self, File, Metadata};
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

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
}

/// An entry that could not be read, or a rest of one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{origin}: {reason}")]
pub struct MailboxError {
    /// The path, with the number of the message where reading stopped.
    pub origin: String,
    /// Why, in words.
    pub reason: String,
}

/// The messages of all mailboxes given.
pub struct Mailboxes {
    entries: std::vec::IntoIter<Entry>,
    open: Option<OpenMbox>,
    limits: MessageLimits,
    total_bytes: u64,
    done_bytes: Arc<AtomicU64>,
    skipped: Vec<PathBuf>,
}

/// Folders within folders that are walked.
const DEPTH: usize = 64;

/// Bytes looked at to tell what a file is.
const HEAD: usize = 64 << 10;

struct OpenMbox {
    path: String,
    messages: Mbox<Box<dyn BufRead + Send>>,
    number: u64,
}

enum Entry {
    /// A file, and whether it must be mail (given by the user, or by its place or name).
    File {
        path: PathBuf,
        bytes: u64,
        certain: bool,
    },
    Unreadable(MailboxError),
}

impl Mailboxes {
    /// Walks the given paths. Nothing is read yet; what cannot be walked comes as an error in its place.
    pub fn open(paths: &[PathBuf], limits: &MessageLimits) -> Mailboxes {
        let mut walk = Walk { entries: Vec::new(), visited: HashSet::new() };
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
            skipped: Vec::new(),
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

    /// Files in folders that were passed over because they are no mail.
    pub fn skipped(&self) -> &[PathBuf] {
        &self.skipped
    }

    fn next_of_open(&mut self) -> Option<Result<MailItem, MailboxError>> {
        let open = self.open.as_mut()?;
        let Some(read) = open.messages.next() else {
            self.open = None;
            return None;
        };
        open.number += 1;
        let origin = format!("{}#{}", open.path, open.number);
        Some(match read {
            Ok(message) => Ok(MailItem {
                origin,
                bytes: message.bytes,
                envelope_hint: message.from_line,
                truncated: message.truncated,
                total_size: message.total_size,
            }),
            Err(error) => Err(MailboxError { origin, reason: in_words(&error) }),
        })
    }

    /// Opens a file: an mbox becomes the open one, a single message is given at once, what is no mail gives nothing.
    fn file(&mut self, path: &Path, certain: bool) -> io::Result<Option<MailItem>> {
        let counted = Counted { inner: File::open(path)?, done: Arc::clone(&self.done_bytes) };
        let mut reader = gunzipped(BufReader::with_capacity(HEAD, counted))?;
        let head = reader.fill_buf()?;
        let shown = path.display().to_string();
        if looks_like_mbox(head) {
            let messages = Mbox::new(reader, &self.limits, Dialect::Detect);
            self.open = Some(OpenMbox { path: shown, messages, number: 0 });
            return Ok(None);
        }
        // Nothing is an mbox with no mail in it, unless the name says that it is one message.
        if head.is_empty() && !is_named_message(path) && !in_maildir(path) {
            return Ok(None);
        }
        if !certain && !looks_like_message(head) {
            self.skipped.push(path.to_owned());
            return Ok(None);
        }
        let (bytes, total_size) = read_single(&mut reader, &self.limits)?;
        let truncated = total_size > bytes.len() as u64;
        Ok(Some(MailItem { origin: shown, bytes, envelope_hint: None, truncated, total_size }))
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
                Entry::File { path, certain, .. } => match self.file(&path, certain) {
                    Ok(Some(item)) => return Some(Ok(item)),
                    Ok(None) => {}
                    Err(error) => return Some(Err(unreadable(&path, in_words(&error)))),
                },
            }
        }
    }
}

impl Entry {
    fn bytes(&self) -> u64 {
        match self {
            Entry::File { bytes, .. } => *bytes,
            Entry::Unreadable(_) => 0,
        }
    }
}

/// Collects the files of folders, in the order of their names.
struct Walk {
    entries: Vec<Entry>,
    /// Folders by device and inode, against circles of symbolic links.
    visited: HashSet<(u64, u64)>,
}

impl Walk {
    fn path(&mut self, given: &Path) {
        // Folders that wait; the next to be read is last.
        let mut waiting = vec![(given.to_owned(), 0)];
        while let Some((path, depth)) = waiting.pop() {
            let metadata = match fs::metadata(&path) {
                Ok(metadata) => metadata,
                Err(error) => {
                    self.error(&path, in_words(&error));
                    continue;
                }
            };
            if metadata.is_file() {
                let certain = depth == 0 || is_named_mail(&path) || in_maildir(&path);
                self.entries.push(Entry::File { path, bytes: metadata.len(), certain });
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
        names.retain(|name| match name.is_dir() {
            true if is_maildir => !name.ends_with("tmp"),
            true => !is_hidden(name) || is_maildir_folder(name),
            false => !is_hidden(name),
        });
        names.sort();
        waiting.extend(names.into_iter().rev().map(|name| (name, depth + 1)));
    }

    fn error(&mut self, path: &Path, reason: String) {
        self.entries.push(Entry::Unreadable(unreadable(path, reason)));
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
    MailboxError { origin: path.display().to_string(), reason }
}

fn in_words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file or folder".to_owned(),
        io::ErrorKind::PermissionDenied => "there is no permission to read it".to_owned(),
        io::ErrorKind::UnexpectedEof => "the compressed data ends too soon".to_owned(),
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => {
            "the compressed data is damaged".to_owned()
        }
        _ => {
            let text = error.to_string();
            text.split(" (os error").next().unwrap_or_default().to_lowercase()
        }
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

/// Whether bytes begin like a message: a header field in the first line, and another or an empty line behind it.
fn looks_like_message(head: &[u8]) -> bool {
    let is_field = |line: &[u8]| {
        let colon = line.iter().take(128).position(|&byte| byte == b':');
        colon.is_some_and(|colon| colon > 0 && line.iter().take(colon).all(u8::is_ascii_graphic))
    };
    let mut lines = head.split(|&byte| byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let first = lines.next().unwrap_or_default();
    let mut lines = lines.skip_while(|line| line.starts_with(b" ") || line.starts_with(b"\t"));
    let second = lines.next().unwrap_or_default();
    is_field(first) && (second.is_empty() || is_field(second))
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
