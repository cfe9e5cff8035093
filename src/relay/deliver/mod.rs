//! Sending on what is queued: where it goes, when it is tried again, and what becomes of what cannot be delivered.
//!
//! Plain functions of what is handed in; [`crate::relay::runtime`] has the connections and the clock. [`retry`] says
//! when, [`destination`] where to, [`settle`] what an attempt changes.

pub mod retry;
pub mod settle;
