//! Rendering: diagnostics and decision records for people and for machines, and the generated reference.
//!
//! Nothing here decides anything; every renderer is a function from data to text. Cost: by what is shown. Failure: none;
//! text from outside is made safe to show ([`terminal::printable`]), and what a format cannot hold is replaced.

pub mod configuration;
pub mod docs;
pub mod dry_run_text;
pub mod explain_address;
pub mod explain_text;
pub mod junit;
pub mod page;
pub mod plan_text;
pub mod profile_text;
pub mod queue_text;
pub mod registry;
pub mod render_human;
pub mod render_json;
pub mod sarif;
pub mod table;
pub mod terminal;
