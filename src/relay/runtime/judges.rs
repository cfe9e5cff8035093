//! Threads that judge and write to the store, so that nothing blocks the reactor.
//!
//! As many as are asked for, with a bounded line before them; who finds it full is told so and puts the sender off.

use crate::base::system::reason;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

/// Stack of a thread that judges; evaluation is bounded well below it.
const STACK_BYTES: usize = 8 << 20;
/// Work that waits at most, for each thread.
const LINE: usize = 256;

/// A piece of work.
type Work = Box<dyn FnOnce() + Send>;

/// The threads.
#[derive(Debug, Clone)]
pub struct Judges {
    line: SyncSender<Work>,
}

/// There is no room in the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Busy;

impl Judges {
    /// Starts so many threads; the reason in words where the system gives none.
    pub fn start(threads: usize) -> Result<Judges, String> {
        let threads = threads.max(1);
        let (line, work) = sync_channel::<Work>(threads.saturating_mul(LINE));
        let work = Arc::new(Mutex::new(work));
        for number in 0..threads {
            let work = work.clone();
            let thread = std::thread::Builder::new().name(format!("judge-{number}")).stack_size(STACK_BYTES);
            thread.spawn(move || judge(&work)).map_err(|error| reason(&error))?;
        }
        Ok(Judges { line })
    }

    /// Puts a piece of work into the line.
    pub fn submit(&self, work: impl FnOnce() + Send + 'static) -> Result<(), Busy> {
        self.line.try_send(Box::new(work)).map_err(|error| match error {
            TrySendError::Full(_) | TrySendError::Disconnected(_) => Busy,
        })
    }
}

fn judge(work: &Mutex<Receiver<Work>>) {
    loop {
        let next = work.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(next) = next else { return };
        // A piece that panics tells who waits for it by being dropped; the thread goes on.
        let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(next));
    }
}
