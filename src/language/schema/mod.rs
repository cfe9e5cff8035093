//! What policies can speak of: types, facts with their stages, functions, enumerated values.
//!
//! Declared as data, so that the checker, did-you-mean, the reference documentation and an editor read one table.

pub mod facts;
pub mod types;
