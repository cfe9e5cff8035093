//! Measures rows side by side: one pass of each in turn, many rounds, the least and the middle of each.
//!
//! Rows are compared with each other, so what slows the machine for a while must hit all of them. A row finds in the
//! caches what it left there itself: it runs once more before it is measured. Work of one thread is
//! measured by the thread's own clock, which does not run while somebody else has the core.

use rustix::time::{ClockId, clock_gettime};
use std::time::Instant;

/// Which clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// What this thread computed.
    Thread,
    /// What passed on the wall.
    Wall,
}

/// Seconds that this process computed, in all threads.
pub fn process_seconds() -> f64 {
    seconds(ClockId::ProcessCPUTime)
}

fn seconds(clock: ClockId) -> f64 {
    let time = clock_gettime(clock);
    time.tv_sec as f64 + time.tv_nsec as f64 * 1e-9
}

struct Row<'a> {
    name: String,
    items: usize,
    clock: Clock,
    pass: Box<dyn FnMut() + 'a>,
    /// Seconds of each pass.
    samples: Vec<f64>,
}

/// A row, by position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowId(usize);

/// Rows that are measured together.
#[derive(Default)]
pub struct Rows<'a> {
    rows: Vec<Row<'a>>,
}

impl<'a> Rows<'a> {
    /// Adds a row. A pass treats so many items.
    pub fn add(&mut self, name: &str, items: usize, pass: impl FnMut() + 'a) -> RowId {
        self.add_with(name, items, Clock::Thread, pass)
    }

    /// The same with another clock.
    pub fn add_with(&mut self, name: &str, items: usize, clock: Clock, pass: impl FnMut() + 'a) -> RowId {
        self.rows.push(Row {
            name: name.to_string(),
            items,
            clock,
            pass: Box::new(pass),
            samples: Vec::new(),
        });
        RowId(self.rows.len() - 1)
    }

    /// Runs so many rounds.
    pub fn run(&mut self, rounds: usize) {
        for _ in 0..rounds {
            for row in &mut self.rows {
                (row.pass)();
                let (wall, thread) = (Instant::now(), seconds(ClockId::ThreadCPUTime));
                (row.pass)();
                let took = match row.clock {
                    Clock::Thread => seconds(ClockId::ThreadCPUTime) - thread,
                    Clock::Wall => wall.elapsed().as_secs_f64(),
                };
                row.samples.push(took);
            }
        }
    }

    /// One pass of a row, not measured.
    pub fn pass(&mut self, row: RowId) {
        if let Some(row) = self.rows.get_mut(row.0) {
            (row.pass)();
        }
    }

    /// The least that an item took, in microseconds.
    pub fn least(&self, row: RowId) -> f64 {
        self.sorted(row).first().copied().unwrap_or(f64::NAN)
    }

    /// What an item took in the middle of all rounds, in microseconds.
    pub fn median(&self, row: RowId) -> f64 {
        let sorted = self.sorted(row);
        sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
    }

    /// How often the first takes the second, by the least of each.
    pub fn ratio(&self, row: RowId, of: RowId) -> f64 {
        self.least(row) / self.least(of)
    }

    /// Every row with its least and its median.
    pub fn print(&self) {
        for (at, row) in self.rows.iter().enumerate() {
            let id = RowId(at);
            println!("{:<64} {:>9.2} us  median {:>9.2}", row.name, self.least(id), self.median(id));
        }
    }

    fn sorted(&self, row: RowId) -> Vec<f64> {
        let Some(row) = self.rows.get(row.0) else { return Vec::new() };
        let mut samples: Vec<f64> =
            row.samples.iter().map(|seconds| seconds * 1e6 / row.items.max(1) as f64).collect();
        samples.sort_by(f64::total_cmp);
        samples
    }
}
