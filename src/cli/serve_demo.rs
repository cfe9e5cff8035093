//! What `mailfw serve --demo` starts from: a folder with a configuration and a first policy set, both to be changed.

use super::init;
use super::problem::Problem;
use crate::relay::config::demo;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The folder of a demonstration.
pub struct Demo {
    /// Its configuration.
    pub config: PathBuf,
    folder: PathBuf,
}

impl Demo {
    /// Makes the folder, or takes the one that is there as it is.
    pub fn prepare(folder: &Path, port: u16) -> Result<Demo, Problem> {
        let made = std::fs::create_dir_all(folder).and_then(|()| folder.canonicalize());
        let folder = made.map_err(|error| unwritable(folder, &error))?;
        let policies = folder.join("policies");
        if !policies.exists() {
            init::write(&policies)?;
        }
        let config = folder.join("mailfw.toml");
        let text = demo::text(&folder.join("state"), &policies, port);
        std::fs::write(&config, text).map_err(|error| unwritable(&config, &error))?;
        Ok(Demo { config, folder })
    }

    /// What is said once it listens.
    pub fn words(&self, addresses: &[(Arc<str>, SocketAddr)]) -> String {
        let folder = self.folder.display();
        let listening: Vec<String> =
            addresses.iter().map(|(listener, address)| format!("  {listener:<10} {address}\n")).collect();
        format!(
            "mailfw is listening:\n{}\n\
             Policies:   {folder}/policies/main.mfp (a change is taken at once)\n\
             Delivered:  {folder}/state/mail, a Maildir for each recipient\n\
             Held:       mailfw queue list --config {folder}/mailfw.toml\n\
             No scanner looks for viruses here: messages are taken as clean.\n",
            listening.concat()
        )
    }
}

fn unwritable(path: &Path, error: &io::Error) -> Problem {
    Problem::unwritable(&path.display().to_string(), error)
}
