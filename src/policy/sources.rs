//! A policy set on disk: the folder of its main file.
//!
//! What a set reads lies in its folder: a symbolic link that leads out of it is refused, and so is everything that is
//! no regular file, so that a socket or a pipe is never waited for. Cost: one system call for the real path and one
//! read for each file. Failure: the reasons of [`ReadError`], which checking turns into findings at their `use`.

use crate::base::limits::SourceLimits;
use crate::language::modules::{ReadError, Sources};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// The files of a set in a folder.
#[derive(Debug)]
pub struct FolderSources {
    /// The folder as the user named it: what findings show.
    shown: PathBuf,
    limit: usize,
}

impl FolderSources {
    /// The files of a folder, within the usual limits. A folder that is not there shows at the first read.
    pub fn new(folder: &Path) -> FolderSources {
        FolderSources::with_limits(folder, &SourceLimits::default())
    }

    /// The files of a folder, none larger than the larger of the limits.
    pub fn with_limits(folder: &Path, limits: &SourceLimits) -> FolderSources {
        FolderSources { shown: folder.to_path_buf(), limit: limits.file_bytes.max(limits.list_bytes) }
    }
}

impl Sources for FolderSources {
    fn read(&mut self, path: &str) -> Result<Vec<u8>, ReadError> {
        let here = if self.shown.as_os_str().is_empty() { Path::new(".") } else { &self.shown };
        let root = fs::canonicalize(here).map_err(reason)?;
        let real = fs::canonicalize(root.join(path)).map_err(reason)?;
        if !real.starts_with(&root) {
            return Err(ReadError::Outside);
        }
        // Looked at before it is opened: opening a pipe would wait for its other end.
        if !fs::metadata(&real).map_err(reason)?.is_file() {
            return Err(ReadError::NotAFile);
        }
        let file = File::open(&real).map_err(reason)?;
        let size = file.metadata().map_err(reason)?.len();
        let limit = self.limit;
        if size > limit as u64 {
            return Err(ReadError::TooLarge { limit });
        }
        let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
        // A file may grow while it is read.
        file.take(limit as u64 + 1).read_to_end(&mut bytes).map_err(reason)?;
        if bytes.len() > limit {
            return Err(ReadError::TooLarge { limit });
        }
        Ok(bytes)
    }

    fn name(&self, path: &str) -> String {
        self.shown.join(path).to_string_lossy().into_owned()
    }
}

fn reason(error: io::Error) -> ReadError {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => ReadError::NotFound,
        io::ErrorKind::IsADirectory => ReadError::NotAFile,
        io::ErrorKind::PermissionDenied => ReadError::Other("permission is denied".to_string()),
        _ => ReadError::Other(error.to_string()),
    }
}
