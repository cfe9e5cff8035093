//! The store that is built in: one SQLite database, and files for large contents.
//!
//! Write-ahead log with `synchronous=FULL`: a batch is on the disk when its commit returns, whatever happens after. One
//! thread writes ([`committer`]), so that batches share a sync; readers have connections of their own and wait for nobody.
//! Cost of a message that comes and goes: about twice its size written, and some dozen rows. Recovery is SQLite's: the
//! write-ahead log, which is bounded, is read once; contents without a row are deleted, by the one process that has the store
//! for itself: beside another one, a content without a row may be one that is being accepted.

mod bodies;
mod codec;
mod committer;
mod read;
mod schema;
mod search;
mod write;

use super::{
    Arrival, AuditEntry, Change, Copy, CopyId, Done, Event, Filter, Listed, Place, QueueId, Recovered, Store,
    StoreError,
};
use bodies::Bodies;
use committer::{Committer, Submission};
use jiff::Timestamp;
use rusqlite::types::Value;
use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior, params};
use std::fs::{self, File};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use write::Write;

/// The name of the database in its folder.
pub const DATABASE: &str = "queue.sqlite";
/// The name of the file that is locked.
const LOCK: &str = "lock";
/// The name of the folder of contents.
const BODIES: &str = "bodies";
/// How long a process waits for another one that writes.
const BUSY: Duration = Duration::from_secs(10);
/// Reading connections that are kept.
const READERS: usize = 8;
/// Rows that are deleted at a time when they are too old.
const EXPIRED_AT_A_TIME: usize = 1_000;

/// How a store is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Contents of so many octets and more get files of their own.
    pub body_file_bytes: usize,
    /// Batches that wait; who comes then waits too.
    pub line: usize,
    /// Octets that must be free on the disk for new messages.
    pub min_free_bytes: u64,
}

impl Default for Options {
    fn default() -> Options {
        Options { body_file_bytes: 128 << 10, line: 1_024, min_free_bytes: 100 << 20 }
    }
}

/// The store.
#[derive(Debug)]
pub struct SqliteStore {
    folder: PathBuf,
    options: Options,
    bodies: Arc<Bodies>,
    /// `None` once the store is being closed.
    line: Option<SyncSender<Submission>>,
    committer: Option<JoinHandle<()>>,
    readers: Mutex<Vec<Connection>>,
    watcher: Mutex<Connection>,
    /// Locked for as long as the store is open, beside those of the other processes.
    _lock: File,
}

impl SqliteStore {
    /// Opens the store in a folder, or makes one there. What cannot be read is put aside and named. Where another process
    /// has it open, nothing is mended, and what there is is only counted.
    pub fn open(folder: &Path, options: Options) -> Result<(SqliteStore, Recovered), StoreError> {
        let io = |error: std::io::Error| bodies::of_io(&error);
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(io)?;
        let lock = File::options().create(true).append(true).open(folder.join(LOCK)).map_err(io)?;
        let is_alone = lock.try_lock().is_ok();
        if !is_alone {
            // One who mends at this moment is waited for.
            lock.lock_shared().map_err(io)?;
        }
        let database = folder.join(DATABASE);
        let mut connection = connect(&database)?;
        schema::prepare(&mut connection)?;
        fs::set_permissions(&database, fs::Permissions::from_mode(0o600)).map_err(io)?;
        let run = Timestamp::now().as_microsecond().unsigned_abs();
        let bodies = Bodies::open(folder.join(BODIES), options.body_file_bytes, run).map_err(io)?;
        if is_alone {
            put_aside(&mut connection)?;
        }
        let leftovers = if is_alone { sweep(&connection, &bodies)? } else { 0 };
        let recovered = Recovered { leftovers, ..counted(&connection)? };
        if is_alone {
            // Whoever wants to look in may do so from now on.
            lock.lock_shared().map_err(io)?;
        }
        let bodies = Arc::new(bodies);
        let (line, submissions) = sync_channel(options.line.max(1));
        let committer =
            Committer { database: database.clone(), bodies: bodies.clone(), connection: Some(connection) };
        let committer = std::thread::Builder::new()
            .name("committer".to_string())
            .spawn(move || committer.run(&submissions))
            .map_err(io)?;
        let watcher = Mutex::new(connect(&database)?);
        let store = SqliteStore {
            folder: folder.to_owned(),
            options,
            bodies,
            line: Some(line),
            committer: Some(committer),
            readers: Mutex::default(),
            watcher,
            _lock: lock,
        };
        Ok((store, recovered))
    }

    /// Reads with a connection of its own.
    fn read<T>(&self, ask: impl FnOnce(&Connection) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let kept = self.readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = match kept {
            Some(connection) => connection,
            None => connect(&self.folder.join(DATABASE))?,
        };
        let answer = ask(&connection);
        let mut readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        if readers.len() < READERS {
            readers.push(connection);
        }
        answer
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        // What waits is still written.
        drop(self.line.take());
        let Some(committer) = self.committer.take() else { return };
        // Who is told of a batch may be the last to have the store.
        if committer.thread().id() != std::thread::current().id() {
            let _ = committer.join();
        }
    }
}

impl Store for SqliteStore {
    fn submit(&self, changes: Vec<Change>, done: Done) {
        if changes.iter().any(|change| matches!(change, Change::Accept(_) | Change::Add { .. }))
            && !self.has_room()
        {
            return done(Err(StoreError::Full("less of the disk is free than has to be".to_string())));
        }
        let mut writes = Vec::with_capacity(changes.len());
        let mut bytes = 0;
        let mut refused = None;
        for change in changes {
            bytes += octets(&change);
            match Write::prepare(change, &self.bodies) {
                Ok(write) => writes.push(write),
                Err(error) => {
                    refused = Some(error);
                    break;
                }
            }
        }
        if let Some(error) = refused {
            writes.iter().flat_map(Write::files).for_each(|name| self.bodies.delete(name));
            return done(Err(error));
        }
        let Some(line) = &self.line else {
            return done(Err(StoreError::Broken("it is being closed".to_string())));
        };
        if let Err(unsent) = line.send(Submission { writes, bytes, done }) {
            (unsent.0.done)(Err(StoreError::Broken("it has stopped".to_string())));
        }
    }

    fn due(&self, before: Timestamp, limit: usize) -> Result<Vec<Copy>, StoreError> {
        self.read(|connection| read::due(connection, before, limit))
    }

    fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        self.read(read::next_due)
    }

    fn copy(&self, id: &CopyId) -> Result<Option<Copy>, StoreError> {
        self.read(|connection| read::copy(connection, id))
    }

    fn copies(&self, message: &QueueId) -> Result<Vec<Copy>, StoreError> {
        self.read(|connection| read::copies_of(connection, message))
    }

    fn arrival(&self, message: &QueueId) -> Result<Option<Arrival>, StoreError> {
        self.read(|connection| read::arrival(connection, message))
    }

    fn record(&self, message: &QueueId) -> Result<Option<String>, StoreError> {
        self.read(|connection| read::record(connection, message))
    }

    fn content(&self, copy: &CopyId) -> Result<Vec<u8>, StoreError> {
        self.read(|connection| read::content(connection, &self.bodies, copy))
    }

    fn original(&self, message: &QueueId) -> Result<Vec<u8>, StoreError> {
        self.read(|connection| read::original(connection, &self.bodies, message))
    }

    fn list(&self, filter: &Filter) -> Result<Vec<Listed>, StoreError> {
        self.read(|connection| read::list(connection, filter))
    }

    fn counts(&self) -> Result<Vec<(Place, u64, u64)>, StoreError> {
        self.read(read::counts)
    }

    fn events(&self, message: &QueueId) -> Result<Vec<Event>, StoreError> {
        self.read(|connection| read::events(connection, message))
    }

    fn audit(&self, limit: usize) -> Result<Vec<AuditEntry>, StoreError> {
        self.read(|connection| read::audit(connection, limit))
    }

    fn expire(&self, now: Timestamp, events_before: Timestamp) -> Result<u64, StoreError> {
        let mut count = 0;
        loop {
            let over: Vec<CopyId> = self.read(|connection| read::over(connection, now, EXPIRED_AT_A_TIME))?;
            if over.is_empty() {
                break;
            }
            count += over.len() as u64;
            self.commit(over.into_iter().map(Change::Remove).collect())?;
        }
        self.read(|connection| forget(connection, events_before))?;
        Ok(count)
    }

    fn version(&self) -> Result<u64, StoreError> {
        let watcher = self.watcher.lock().unwrap_or_else(PoisonError::into_inner);
        watcher.pragma_query_value(None, "data_version", |row| row.get(0)).map_err(|error| of_sqlite(&error))
    }

    fn has_room(&self) -> bool {
        match rustix::fs::statvfs(&self.folder) {
            Ok(disk) => {
                let free = disk.f_bavail.saturating_mul(disk.f_frsize);
                // File systems that make inodes as they need them say that there are none at all.
                let inodes = disk.f_files == 0 || disk.f_favail > 100;
                free >= self.options.min_free_bytes && inodes
            }
            // What cannot be told will show itself when the message is kept.
            Err(_) => true,
        }
    }
}

fn octets(change: &Change) -> u64 {
    let of = |copies: &[super::NewCopy]| {
        copies
            .iter()
            .filter_map(|copy| copy.content.as_ref())
            .map(|content| content.len() as u64)
            .sum::<u64>()
    };
    match change {
        Change::Accept(accepted) => accepted.content.len() as u64 + of(&accepted.copies),
        Change::Add { copies, .. } => of(copies),
        _ => 0,
    }
}

/// A connection to the database, with everything that the promises hang on.
fn connect(database: &Path) -> Result<Connection, StoreError> {
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let made = || -> Result<Connection, rusqlite::Error> {
        let connection = Connection::open_with_flags(database, flags)?;
        connection.busy_timeout(BUSY)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "wal_autocheckpoint", 4_000)?;
        connection.pragma_update(None, "journal_size_limit", 64 << 20)?;
        connection.pragma_update(None, "cache_size", -16_000)?;
        connection.set_prepared_statement_cache_capacity(64);
        Ok(connection)
    };
    made().map_err(|error| of_sqlite(&error))
}

/// Puts aside what cannot be read, each record as it is; its message and contents stay.
fn put_aside(connection: &mut Connection) -> Result<(), StoreError> {
    let damaged = match read::damaged(connection) {
        Err(StoreError::Corrupt(why)) => {
            // Whole pages are damaged. What does not lie on them is there, and is delivered; whose does is told when asked for.
            tracing::error!("part of the queue cannot be read: {why}");
            return Ok(());
        }
        damaged => damaged?,
    };
    let aside = |(message, number, why): (Value, Value, String)| -> Result<(), rusqlite::Error> {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let now = Timestamp::now().as_millisecond();
        let insert =
            "INSERT INTO damaged SELECT NULL, ?3, ?4, * FROM copies WHERE message IS ?1 AND number IS ?2";
        transaction.execute(insert, params![message, number, now, why])?;
        for table in ["entries", "copies"] {
            let delete = format!("DELETE FROM {table} WHERE message IS ?1 AND number IS ?2");
            transaction.execute(&delete, params![message, number])?;
        }
        transaction.commit()
    };
    if damaged.is_empty() {
        return Ok(());
    }
    damaged.into_iter().try_for_each(aside).map_err(|error| of_sqlite(&error))?;
    // Where a damaged copy was counted is not known.
    let again = "BEGIN IMMEDIATE; DELETE FROM tallies;
        INSERT INTO tallies SELECT place, coalesce(folder, ''), count(*), sum(size) FROM copies GROUP BY 1, 2; COMMIT";
    connection.execute_batch(again).map_err(|error| of_sqlite(&error))
}

/// Deletes contents that nothing speaks of, and says how many they were.
fn sweep(connection: &Connection, bodies: &Bodies) -> Result<u64, StoreError> {
    let mut leftovers = 0;
    for name in bodies.names().map_err(|error| bodies::of_io(&error))? {
        let known = connection
            .prepare_cached("SELECT 1 FROM bodies WHERE file = ?")
            .and_then(|mut statement| statement.exists([&name]))
            .map_err(|error| of_sqlite(&error))?;
        if !known {
            bodies.delete(&name);
            leftovers += 1;
        }
    }
    Ok(leftovers)
}

/// What there is, and what was put aside now and earlier.
fn counted(connection: &Connection) -> Result<Recovered, StoreError> {
    let mut recovered = Recovered { damaged: read::put_aside(connection)?, ..Recovered::default() };
    for (place, count, _) in read::counts(connection)? {
        match place {
            Place::Queued => recovered.queued += count,
            Place::Deferred => recovered.deferred += count,
            Place::Held(_) => recovered.held += count,
            Place::Dead => recovered.dead += count,
        }
    }
    Ok(recovered)
}

/// Deletes events and audit entries from before a moment, some at a time so that nobody waits long.
fn forget(connection: &Connection, before: Timestamp) -> Result<(), StoreError> {
    for table in ["events", "audit"] {
        let statement = format!(
            "DELETE FROM {table} WHERE id IN (SELECT id FROM {table} WHERE at < ?1 ORDER BY at LIMIT {EXPIRED_AT_A_TIME})"
        );
        loop {
            let deleted = connection
                .execute(&statement, [before.as_millisecond()])
                .map_err(|error| of_sqlite(&error))?;
            if deleted < EXPIRED_AT_A_TIME {
                break;
            }
        }
    }
    Ok(())
}

/// What an error of SQLite is to a store.
fn of_sqlite(error: &rusqlite::Error) -> StoreError {
    let words = error.to_string();
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull | ErrorCode::TooBig) => StoreError::Full(words),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::ConstraintViolation) => {
            StoreError::Corrupt(words)
        }
        _ => StoreError::Io(words),
    }
}
