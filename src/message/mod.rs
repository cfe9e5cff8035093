//! Placeholder.

pub mod filetype;
pub mod html;
pub mod surface;
