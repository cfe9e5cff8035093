//! Counts the bytes that are allocated, while it is told to.
//!
//! Otherwise it costs one load of a flag, so that timings do not suffer. Code that is made at run time does not come
//! from here; it is counted by its plan.

#[cfg(feature = "mimalloc")]
use mimalloc::MiMalloc as Inner;
#[cfg(not(feature = "mimalloc"))]
use std::alloc::System as Inner;
use std::alloc::{GlobalAlloc, Layout};
use std::sync::atomic::{AtomicBool, AtomicIsize, Ordering::Relaxed};

/// The allocator of a bench that counts.
pub struct Counting;

static IS_ON: AtomicBool = AtomicBool::new(false);
static LIVE: AtomicIsize = AtomicIsize::new(0);
static PEAK: AtomicIsize = AtomicIsize::new(0);

fn count(bytes: isize) {
    if IS_ON.load(Relaxed) {
        let live = LIVE.fetch_add(bytes, Relaxed) + bytes;
        PEAK.fetch_max(live, Relaxed);
    }
}

#[expect(unsafe_code, reason = "an allocator is one; every call goes on to the program's with what came in")]
// SAFETY: all calls are those of the program's allocator; nothing here allocates.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        // SAFETY: the caller's promise is passed on.
        unsafe { Inner.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        // SAFETY: the caller's promise is passed on.
        unsafe { Inner.dealloc(at, layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        // SAFETY: the caller's promise is passed on.
        unsafe { Inner.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size as isize - layout.size() as isize);
        // SAFETY: the caller's promise is passed on.
        unsafe { Inner.realloc(at, layout, size) }
    }
}

/// Bytes, while something was made.
#[derive(Debug, Clone, Copy)]
pub struct Bytes {
    /// What is still held.
    pub live: usize,
    /// The most that was held at a time.
    pub peak: usize,
}

/// Makes something and counts.
pub fn counted<T>(make: impl FnOnce() -> T) -> (T, Bytes) {
    LIVE.store(0, Relaxed);
    PEAK.store(0, Relaxed);
    IS_ON.store(true, Relaxed);
    let made = make();
    IS_ON.store(false, Relaxed);
    let bytes = |counter: &AtomicIsize| usize::try_from(counter.load(Relaxed)).unwrap_or(0);
    (made, Bytes { live: bytes(&LIVE), peak: bytes(&PEAK) })
}
