//! The one thread that writes: it takes everything that waits, and makes it safe with one sync.
//!
//! No timer collects batches: while one is synced the next ones gather. Each submission is in a savepoint of its own, so
//! that one that cannot be carried out refuses itself alone. Where the sync fails nothing of the batch is there, and it is
//! never tried again, since the system may have forgotten what it could not write: the database is opened anew.

use super::bodies::Bodies;
use super::write::{self, Write};
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
    pub(super) connection: Connection,
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
        let mut gone = Vec::new();
        let results = match self.write(&batch, &mut gone) {
            Ok(results) => results,
            Err(error) => {
                let reopened = self.reopen();
                batch.into_iter().for_each(|one| self.tell(one, Err(error.clone())));
                return reopened.err().map(|error| error.to_string());
            }
        };
        gone.iter().for_each(|name| self.bodies.delete(name));
        for (one, result) in batch.into_iter().zip(results) {
            self.tell(one, result);
        }
        None
    }

    /// One transaction and one sync; the error is that of all.
    fn write(
        &mut self,
        batch: &[Submission],
        gone: &mut Vec<String>,
    ) -> Result<Vec<Result<(), StoreError>>, StoreError> {
        self.execute("BEGIN IMMEDIATE")?;
        let mut results = Vec::with_capacity(batch.len());
        for one in batch {
            self.execute("SAVEPOINT submission")?;
            let kept = gone.len();
            let mut applied = Ok(());
            for write in &one.writes {
                applied = write::apply(&self.connection, write, gone);
                if applied.is_err() {
                    break;
                }
            }
            if applied.is_err() {
                gone.truncate(kept);
                self.execute("ROLLBACK TO submission")?;
            }
            self.execute("RELEASE submission")?;
            results.push(applied);
        }
        self.execute("COMMIT")?;
        Ok(results)
    }

    fn execute(&self, statement: &str) -> Result<(), StoreError> {
        let done = self.connection.prepare_cached(statement).and_then(|mut statement| statement.execute([]));
        done.map(|_| ()).map_err(|error| of_sqlite(&error))
    }

    fn reopen(&mut self) -> Result<(), StoreError> {
        let _ = self.connection.execute_batch("ROLLBACK");
        self.connection = connect(&self.database)?;
        Ok(())
    }

    fn tell(&self, one: Submission, result: Result<(), StoreError>) {
        if result.is_err() {
            one.writes.iter().flat_map(Write::files).for_each(|name| self.bodies.delete(name));
        }
        // Whoever is told may make a mistake; the others are told all the same.
        let done = one.done;
        let _ = catch_unwind(AssertUnwindSafe(move || done(result)));
    }
}
