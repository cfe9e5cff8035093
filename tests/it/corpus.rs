//! Where the corpus of real mail is: `MAILFW_CORPUS`, else beside the project. Tests over it pass where there is none.

use std::path::PathBuf;

/// A file or folder of the corpus; says "skipped" and gives `None` where it is absent.
pub(crate) fn corpus(path: &str) -> Option<PathBuf> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    let found = std::env::var_os("MAILFW_CORPUS").map_or_else(beside, PathBuf::from).join(path);
    if found.exists() {
        return Some(found);
    }
    println!("skipped: no corpus at {}", found.display());
    None
}
