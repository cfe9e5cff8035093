//! The standard library's modules, as they are embedded in the binary.
//!
//! Each is a text in the language itself, under `stdlib/` at the top of the repository; `use std::name::{…}` takes from
//! it. They cost nothing until one is used, and cannot fail: a test checks every one of them and runs its tests.

/// Name of the module (what stands after `std::`) and its text.
pub const MODULES: &[(&str, &str)] = &[
    ("attachments", include_str!("../../stdlib/attachments.mfp")),
    ("disclaimers", include_str!("../../stdlib/disclaimers.mfp")),
    ("dlp", include_str!("../../stdlib/dlp.mfp")),
    ("headers", include_str!("../../stdlib/headers.mfp")),
    ("lists", include_str!("../../stdlib/lists.mfp")),
    ("virus", include_str!("../../stdlib/virus.mfp")),
];

/// Files that modules read by `from "…"` or `list "…"`: path relative to the library's folder, and content.
pub const FILES: &[(&str, &str)] = &[];

/// The text of a module by its name.
pub fn module(name: &str) -> Option<&'static str> {
    MODULES.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// The content of a file that a module reads.
pub fn file(path: &str) -> Option<&'static str> {
    FILES.iter().find(|(known, _)| *known == path).map(|(_, content)| *content)
}
