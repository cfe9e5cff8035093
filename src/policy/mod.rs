//! Directory lookup, candidates, combination, decision record, actions on the message, tests in the language, dry runs.
//!
//! The way of a message through the room: [`engine`] asks [`candidates`] which policies hold for the sender and for
//! each recipient, [`judge`] asks the plan about each of them, [`effects`] fills in what the triggered ones do,
//! [`settle`] and [`combine`] find what holds, [`outcome`] parts the recipients into groups, [`return_rule`] and
//! [`finality`] guard the way back, and [`record`] keeps how it came about. [`perform`] then carries a group's outcome out on the text.
//! [`testing`], [`dry_run`] and [`explain`] are three ways of asking the same engine.
//!
//! Nothing here asks the outside or reads a clock: lookups and moments are handed in, and a decision that needs an
//! answer says which. Failure: a message that cannot be judged is held, never delivered.

pub mod arrived;
pub mod assumed;
pub mod candidates;
pub mod chains;
pub mod combine;
pub mod compare;
pub mod coverage;
pub mod dry_run;
pub mod effects;
pub mod engine;
pub mod envelope_rule;
pub mod expectation;
pub mod explain;
pub mod finality;
pub mod judge;
pub mod mailboxes;
pub mod outcome;
pub mod perform;
pub mod profile;
pub mod record;
pub mod report;
pub mod return_rule;
pub mod settle;
pub mod sniff;
pub mod sources;
pub mod statistics;
pub mod test_message;
pub mod testing;
pub mod traces;
pub mod wants;
pub mod words;
