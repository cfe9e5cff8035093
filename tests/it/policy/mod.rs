//! The policy room: what the charter promises of hierarchy, combination, undecided policies, tests and dry runs.

mod combine;
mod sources;
