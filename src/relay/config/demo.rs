//! The configuration of `mailfw serve --demo`: everything in one folder, and nobody else reaches it.

use super::{Reading, read};
use std::path::Path;

/// A configuration that listens on loopback alone: mail for the site by `port`, mail from it by the port after. All of
/// it ends in Maildirs under `state`, one for each recipient. The error of `state` is that it is no text.
pub fn demo(state: &Path, policies: &Path, port: u16) -> Reading {
    read("mailfw.toml", &text(state, policies, port))
}

/// The same as a text, for people to begin with.
pub fn text(state: &Path, policies: &Path, port: u16) -> String {
    let quoted = |path: &Path| toml::Value::String(path.display().to_string()).to_string();
    let mail = state.join("mail").join("{domain}").join("{local}");
    let outbound = port.checked_add(1).unwrap_or(port - 1);
    format!(
        "\
# A mailfw that only this machine reaches.
name = \"localhost\"
policies = {policies}
state = {state}

[[listen]]  # mail from outside, for the site
role = \"inbound\"
address = \"127.0.0.1:{port}\"

[[listen]]  # mail from the site, for everybody
role = \"outbound\"
address = \"127.0.0.1:{outbound}\"
allow = \"127.0.0.1\"

[recipients]
check = \"directories\"

[[route]]   # nothing leaves this machine
domains = \"*\"
maildir = {mail}
",
        policies = quoted(policies),
        state = quoted(state),
        mail = quoted(&mail),
    )
}
