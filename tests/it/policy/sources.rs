//! Sets on disk.

use mailfw::base::limits::SourceLimits;
use mailfw::language::modules::{ReadError, Sources};
use mailfw::policy::sources::FolderSources;
use std::fs;

#[test]
fn a_file_of_the_folder_is_read_and_named_as_the_user_named_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("words")).unwrap();
    fs::write(folder.path().join("words/a.txt"), "one").unwrap();
    let mut sources = FolderSources::new(folder.path());
    assert_eq!(sources.read("words/a.txt"), Ok(b"one".to_vec()));
    assert_eq!(sources.name("words/a.txt"), folder.path().join("words/a.txt").to_string_lossy());
    assert_eq!(sources.read("words/b.txt"), Err(ReadError::NotFound));
    assert_eq!(sources.read("words"), Err(ReadError::NotAFile));
}

#[test]
fn a_file_larger_than_the_limit_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.txt"), "12345").unwrap();
    let limits = SourceLimits { file_bytes: 4, list_bytes: 4, ..SourceLimits::default() };
    let mut sources = FolderSources::with_limits(folder.path(), &limits);
    assert_eq!(sources.read("a.txt"), Err(ReadError::TooLarge { limit: 4 }));
}

#[cfg(unix)]
#[test]
fn links_out_of_the_folder_sockets_and_pipes_are_refused_and_links_within_it_followed() {
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("secret.txt"), "secret").unwrap();
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.txt"), "one").unwrap();
    symlink(outside.path().join("secret.txt"), folder.path().join("out.txt")).unwrap();
    symlink(folder.path().join("a.txt"), folder.path().join("in.txt")).unwrap();
    let _socket = UnixListener::bind(folder.path().join("socket")).unwrap();
    let mut sources = FolderSources::new(folder.path());
    assert_eq!(sources.read("out.txt"), Err(ReadError::Outside));
    assert_eq!(sources.read("in.txt"), Ok(b"one".to_vec()));
    assert_eq!(sources.read("socket"), Err(ReadError::NotAFile));
}
