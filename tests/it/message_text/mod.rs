//! The half of the message room that turns bytes into text and facts, and edits messages.

mod archive;
mod compose;
mod documents;
mod edit;
mod filetype;
mod html;
mod links;
mod surface;

use std::path::PathBuf;

/// A path in the corpus of real mail; says "skipped" and gives `None` where the corpus is absent.
pub fn corpus(path: &str) -> Option<PathBuf> {
    let root = std::env::var_os("MAILFW_CORPUS")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus"), PathBuf::from);
    let path = root.join(path);
    if !path.exists() {
        println!("skipped: no corpus at {}", path.display());
        return None;
    }
    Some(path)
}

/// All files below a folder of the corpus, sorted.
pub fn corpus_files(folder: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders: Vec<PathBuf> = corpus(folder).into_iter().collect();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    files
}
