//! Delivery into a Maildir (<https://cr.yp.to/proto/maildir.html>): written to `tmp`, synced, and moved to `new`.

use super::Shared;
use super::line::Job;
use crate::base::address::Address;
use crate::relay::config::route::Maildir;
use crate::relay::deliver::settle::{Outcome, Trouble};
use crate::relay::intake::trace;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Delivers a job, whose recipients have a folder each.
pub(super) async fn deliver(
    maildir: &Maildir,
    job: &Job,
    content: &Arc<[u8]>,
    shared: &Arc<Shared>,
) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for recipient in &job.recipients {
        let Some(address) = Address::parse(&recipient.address) else {
            outcomes.push(Outcome::Failed(trouble("5.1.3", "this is no address".to_string())));
            continue;
        };
        let folder = maildir.of(&address);
        let mut bytes =
            format!("Return-Path: <{}>\r\nDelivered-To: {address}\r\n", job.copy.sender).into_bytes();
        bytes.extend(trace::field(&job.arrival, shared.routing.load().name()));
        let content = content.clone();
        let name = format!("{}.{}.{}", job.arrival.received.as_second(), job.copy.id, shared.chances.next());
        let told = folder.display().to_string();
        let written = tokio::task::spawn_blocking(move || write(&folder, &name, &bytes, &content)).await;
        outcomes.push(match written {
            Ok(Ok(_)) => Outcome::Delivered { words: format!("into {told}"), report: true },
            Ok(Err(error)) => {
                Outcome::Delayed(trouble("4.3.0", format!("{told} cannot be written: {error}")))
            }
            Err(_) => Outcome::Delayed(trouble("4.3.0", format!("{told} could not be written"))),
        });
    }
    outcomes
}

fn trouble(status: &str, words: String) -> Trouble {
    Trouble { status: status.to_string(), words, host: None }
}

/// Writes a message; it is on the disk when this is done.
fn write(folder: &Path, name: &str, head: &[u8], content: &[u8]) -> io::Result<PathBuf> {
    for part in ["tmp", "new", "cur"] {
        fs::create_dir_all(folder.join(part))?;
    }
    let (written, target) = (folder.join("tmp").join(name), folder.join("new").join(name));
    let mut file = File::create_new(&written)?;
    let mut local = head.to_vec();
    local.extend_from_slice(content);
    // Files have the line ends of the system.
    let local = unix_lines(&local);
    file.write_all(&local)?;
    file.sync_all()?;
    fs::rename(&written, &target)?;
    File::open(folder.join("new"))?.sync_all()?;
    Ok(target)
}

fn unix_lines(bytes: &[u8]) -> Vec<u8> {
    let mut lines = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(at) = memchr::memmem::find(rest, b"\r\n") {
        lines.extend_from_slice(rest.get(..at).unwrap_or_default());
        lines.push(b'\n');
        rest = rest.get(at + 2..).unwrap_or_default();
    }
    lines.extend_from_slice(rest);
    lines
}
