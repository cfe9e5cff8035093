//! The policy room: what the reference promises of hierarchy, combination, undecided policies, tests and dry runs.

mod actions;
mod combine;
mod corpus;
mod detail;
mod dry_run;
mod examples;
mod explain;
mod generated;
mod hierarchy;
mod many_recipients;
mod optimisations;
mod proof;
mod properties;
mod record;
mod returns;
mod shuffle;
mod sources;
mod support;
mod testing;
mod undecided;
