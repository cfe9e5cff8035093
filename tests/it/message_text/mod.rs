//! The half of the message room that turns bytes into text and facts, and edits messages.

mod archive;
mod compose;
mod documents;
mod edit;
mod filetype;
mod html;
mod links;
mod surface;

pub(crate) use crate::corpus::corpus;
use std::path::PathBuf;

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
