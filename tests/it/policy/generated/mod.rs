//! Generated well-typed policy sets and messages, and what the sets use of the language.
//!
//! Everything comes from dice with a seed. What the language has is enumerated from its schema where that has a list, and
//! by matches without a wildcard elsewhere ([`usage`]), so what is new in the language and not generated is noticed.

pub mod dice;
pub mod grammar;
pub mod policies;
pub mod posts;
mod restated;
pub mod usage;

pub use restated::letters;
