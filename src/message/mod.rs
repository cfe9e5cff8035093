//! Placeholder.

pub mod archive;
pub mod documents;
pub mod filetype;
pub mod html;
pub mod links;
pub mod surface;
