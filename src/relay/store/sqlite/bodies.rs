//! Contents: small ones lie in the table, large ones in files of their own.
//!
//! A file is written under another name, synced, renamed, and its folder synced, before any row speaks of it; so a row whose
//! file is not there is damage and not a crash. The checksum is CRC-32: it finds what a disk damages, costs a few hundred
//! microseconds for the largest mail, and nobody who could forge it could not change the row as well.

use crate::base::system::reason;
use crate::relay::store::StoreError;
use flate2::Crc;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A content that is to get a row.
#[derive(Debug)]
pub(super) struct Body {
    pub(super) size: u64,
    pub(super) checksum: u32,
    pub(super) place: Place,
}

/// Where a content lies.
#[derive(Debug)]
pub(super) enum Place {
    Table(Arc<[u8]>),
    File(String),
}

/// The folder of contents that have files of their own.
#[derive(Debug)]
pub(super) struct Bodies {
    folder: PathBuf,
    from: usize,
    /// What parts names of this run from those of others.
    run: u64,
    next: AtomicU64,
}

impl Bodies {
    /// Contents of so many octets and more get files. `run` differs each time the store is opened.
    pub(super) fn open(folder: PathBuf, from: usize, run: u64) -> io::Result<Bodies> {
        fs::create_dir_all(&folder)?;
        // Its own name, and that of the database beside it.
        if let Some(parent) = folder.parent() {
            File::open(parent)?.sync_all()?;
        }
        Ok(Bodies { folder, from, run, next: AtomicU64::new(0) })
    }

    /// Takes a content; what gets a file is on the disk when this is done.
    pub(super) fn take(&self, content: &Arc<[u8]>) -> Result<Body, StoreError> {
        let (size, checksum) = (content.len() as u64, checksum(content));
        if content.len() < self.from {
            return Ok(Body { size, checksum, place: Place::Table(content.clone()) });
        }
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let name = format!("{:x}-{number:x}", self.run);
        self.write(&name, content).map_err(|error| of_io(&error))?;
        Ok(Body { size, checksum, place: Place::File(name) })
    }

    fn write(&self, name: &str, content: &[u8]) -> io::Result<()> {
        let written = self.folder.join(format!("{name}.tmp"));
        let done = || -> io::Result<()> {
            let mut file = File::create_new(&written)?;
            file.write_all(content)?;
            file.sync_all()?;
            fs::rename(&written, self.path(name))?;
            File::open(&self.folder)?.sync_all()
        };
        done().inspect_err(|_| {
            let _ = fs::remove_file(&written);
        })
    }

    /// The content of a file.
    pub(super) fn read(&self, name: &str) -> Result<Vec<u8>, StoreError> {
        fs::read(self.path(name)).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => StoreError::Corrupt(format!("its file {name} is gone")),
            _ => of_io(&error),
        })
    }

    /// Deletes a file of a content that has no row any more.
    pub(super) fn delete(&self, name: &str) {
        if let Err(error) = fs::remove_file(self.path(name)) {
            tracing::warn!(name, "a content without a message could not be deleted: {error}");
        }
    }

    /// The files that are there, those that were not finished included.
    pub(super) fn names(&self) -> io::Result<Vec<String>> {
        let entries = fs::read_dir(&self.folder)?;
        Ok(entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(Path::new(name).file_name().unwrap_or_default())
    }
}

/// The checksum of a content.
pub(super) fn checksum(content: &[u8]) -> u32 {
    let mut checksum = Crc::new();
    checksum.update(content);
    checksum.sum()
}

/// What an error of the system is to a store.
pub(super) fn of_io(error: &io::Error) -> StoreError {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            StoreError::Full(reason(error))
        }
        _ => StoreError::Io(reason(error)),
    }
}
