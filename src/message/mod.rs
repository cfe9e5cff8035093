//! Placeholder.

pub mod html;
pub mod surface;
