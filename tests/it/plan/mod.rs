//! The plan room: truth, patterns, detectors, calendars, homes, and policies over messages.

mod calendars;
mod corpus;
mod descriptions;
mod detectors;
mod homes;
mod lookalikes;
mod native;
mod patterns;
mod policies;
mod search;
mod setting;
mod truths;
mod vocabulary;
