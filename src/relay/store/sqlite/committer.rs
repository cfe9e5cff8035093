//! The one thread that writes: it takes everything that waits, and makes it safe with one sync.
//!
//! No timer collects batches: while one is synced the next ones gather. Each submission is in a savepoint of its own, so
//! that one that cannot be carried out refuses itself alone. Where the sync fails nothing of the batch is there, and it is
//! never tried again, since the system may have forgotten what it could not write: the database is opened anew, and its log
//! written to its places and begun again, so that nothing of the batch comes back with the next crash.

use super::bodies::Bodies;
use super::write::{self, Effects, Write};
use super::{connect, of_sqlite};
use crate::relay::store::{Done, StoreError};
use rusqlite::Connection;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::Receiver;

/// Submissions in one batch at most.
const BATCH: usize = 512;
/// Octets of contents in one batch; the last submission may exceed them.
const BATCH_BYTES: u64 = 32 << 20;

/// Changes that happen whole or not at all.
pub(super) struct Submission {
    pub(super) writes: Vec<Write>,
    pub(super) bytes: u64,
    pub(super) done: Done,
}

pub(super) struct Committer {
    pub(super) database: PathBuf,
    pub(super) bodies: Arc<Bodies>,
    /// `None` where it could not be opened anew for want of room; it is tried again with each batch.
    pub(super) connection: Option<Connection>,
}

/// Why nothing of a batch is there.
struct Failure {
    error: StoreError,
    /// It failed when it was to be made safe.
    at_commit: bool,
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Failure {
        Failure { error, at_commit: false }
    }
}

impl Committer {
    /// Writes until nobody can submit any more.
    pub(super) fn run(mut self, line: &Receiver<Submission>) {
        let mut broken: Option<String> = None;
        while let Ok(first) = line.recv() {
            let mut batch = vec![first];
            let mut bytes = batch.iter().map(|one| one.bytes).sum::<u64>();
            while batch.len() < BATCH && bytes < BATCH_BYTES {
                let Ok(next) = line.try_recv() else { break };
                bytes += next.bytes;
                batch.push(next);
            }
            if let Some(why) = &broken {
                let refused = || Err(StoreError::Broken(why.clone()));
                batch.into_iter().for_each(|one| self.tell(one, refused()));
                continue;
            }
            broken = self.commit(batch);
        }
    }

    /// Carries a batch out. Gives why nothing can be written any more, where that is so.
    fn commit(&mut self, batch: Vec<Submission>) -> Option<String> {
        let opened = match self.connection.take() {
            Some(connection) => Ok(connection),
            None => connect(&self.database),
        };
        let connection = match opened {
            Ok(connection) => connection,
            Err(error) => {
                batch.into_iter().for_each(|one| self.tell(one, Err(error.clone())));
                return None;
            }
        };
        match write(&connection, &batch) {
            Ok(results) => {
                self.connection = Some(connection);
                for (one, result) in batch.into_iter().zip(results) {
                    let gone = result.as_ref().map_or(&[][..], |effects| &effects.gone);
                    gone.iter().for_each(|name| self.bodies.delete(name));
                    self.tell(one, result.map(drop));
                }
                None
            }
            Err(Failure { error, at_commit }) => {
                tracing::error!("{} batches are refused: {error}", batch.len());
                roll_back(&connection);
                let broken = match at_commit {
                    true => self.reopen(connection, &error).err().map(|again| format!("{error}; {again}")),
                    false => {
                        self.connection = Some(connection);
                        None
                    }
                };
                // Whether a store that broke has a batch is seen at the next start; until then its contents stay.
                for one in batch {
                    match broken {
                        Some(_) => told(one.done, Err(error.clone())),
                        None => self.tell(one, Err(error.clone())),
                    }
                }
                broken
            }
        }
    }

    /// Opens the database anew after a commit that failed.
    fn reopen(&mut self, connection: Connection, error: &StoreError) -> Result<(), StoreError> {
        drop(connection);
        if let StoreError::Full(_) = error {
            // Nothing was synced that could have failed; where opening it needs room, too, it waits for that.
            self.connection = connect(&self.database).ok();
            return Ok(());
        }
        let connection = connect(&self.database)?;
        let busy: bool = connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))
            .map_err(|error| of_sqlite(&error))?;
        if busy {
            return Err(StoreError::Io("its log is in use".to_string()));
        }
        self.connection = Some(connection);
        Ok(())
    }

    fn tell(&self, one: Submission, result: Result<(), StoreError>) {
        if result.is_err() {
            one.writes.iter().flat_map(Write::files).for_each(|name| self.bodies.delete(name));
        }
        told(one.done, result);
    }
}

/// Whoever is told may make a mistake; the others are told all the same.
fn told(done: Done, result: Result<(), StoreError>) {
    let _ = catch_unwind(AssertUnwindSafe(move || done(result)));
}

/// One transaction and one sync; the error is that of all.
fn write(connection: &Connection, batch: &[Submission]) -> Result<Vec<Result<Effects, StoreError>>, Failure> {
    execute(connection, "BEGIN IMMEDIATE")?;
    let mut results = Vec::with_capacity(batch.len());
    for one in batch {
        execute(connection, "SAVEPOINT submission")?;
        let applied = write::apply(connection, &one.writes);
        match &applied {
            Ok(_) => {}
            // What concerns one alone: a name that is taken, a record that is damaged.
            Err(StoreError::Corrupt(_)) if !connection.is_autocommit() => {
                execute(connection, "ROLLBACK TO submission")?;
            }
            // The disk, which is everybody's.
            Err(error) => return Err(error.clone().into()),
        }
        execute(connection, "RELEASE submission")?;
        results.push(applied);
    }
    execute(connection, "COMMIT").map_err(|error| Failure { error, at_commit: true })?;
    Ok(results)
}

fn roll_back(connection: &Connection) {
    if !connection.is_autocommit() {
        let _ = connection.execute_batch("ROLLBACK");
    }
}

fn execute(connection: &Connection, statement: &str) -> Result<(), StoreError> {
    let done = connection.prepare_cached(statement).and_then(|mut statement| statement.execute([]));
    done.map(|_| ()).map_err(|error| of_sqlite(&error))
}
