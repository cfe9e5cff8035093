//! What every room stands on: source texts and places in them, diagnostics as data, limits, the clock.
//!
//! Nothing here does I/O. Cost: a diagnostic is built only where something is wrong.

pub mod address;
pub mod clock;
pub mod diagnostic;
pub mod limits;
pub mod source;
pub mod system;
pub mod table;
