//! What the operating system says, in words for people.

use std::io;

/// The system's reason in its own words, in lower case and without Rust's numbering.
pub fn reason(error: &io::Error) -> String {
    let words = error.to_string();
    let words = words.split(" (os error").next().unwrap_or(&words);
    let mut characters = words.chars();
    match characters.next() {
        Some(first) => first.to_lowercase().chain(characters).collect(),
        None => "for no reason that is known".to_string(),
    }
}
