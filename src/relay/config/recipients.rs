//! Which recipients of the site there are.

use super::codes;
use super::declare::{section, words};
use super::network::Host;
use super::reader::{Reader, Table};
use crate::base::diagnostic::Diagnostic;
use crate::base::source::Spanned;
use std::path::PathBuf;
use std::time::Duration;

words! {
    /// What knows the site's recipients.
    pub enum Source {
        /// The users and groups of the policy set's directories, whose addresses are all of the site's.
        Directories = "directories",
        /// Files with an address or a `@domain` on each line.
        Lists = "lists",
        /// The internal server, which is asked by `RCPT` and its answer kept.
        CallForward = "call_forward",
        /// Nothing: mail for any address of the site is taken, and what the internal server refuses must be returned.
        None = "none",
    }
}

words! {
    /// What is said where the internal server cannot be asked.
    pub enum WhenDown {
        /// The sender is asked to come back later.
        Defer = "defer",
        /// The recipient is taken unseen.
        Accept = "accept",
    }
}

section! {
    /// Which recipients of the site's domains there are. Mail for others is refused at `RCPT`, so that it need never be
    /// returned.
    pub struct Recipients in "recipients" {
        /// What knows the recipients. With several, one that knows the recipient is enough; the quick ones are asked first.
        check: Vec<Source> = "\"directories\"";
        /// The list files, for `lists`.
        lists: Vec<Spanned<PathBuf>> = "[]";
        /// The internal server, for `call_forward`; several are asked in order.
        call_forward: Vec<Host> = "[]";
        /// How long the server may take to answer.
        timeout: Duration = "\"30s\"";
        /// How long it is remembered that a recipient is known.
        keep_known: Duration = "\"12h\"";
        /// How long it is remembered that a recipient is not known.
        keep_unknown: Duration = "\"15m\"";
        /// How many answers are remembered.
        max_kept: u32 = "100000";
        /// What is said where the server cannot be asked and nothing is remembered.
        when_down: WhenDown = "\"defer\"";
    }
}

impl Recipients {
    /// Whether recipients are checked at all.
    pub fn is_checked(&self) -> bool {
        self.check.iter().any(|source| *source != Source::None)
    }

    /// Whether a source is asked.
    pub fn asks(&self, source: Source) -> bool {
        self.check.contains(&source)
    }

    /// Sees that the keys go together. `is_inbound` says whether mail from outside comes in at all.
    pub(super) fn check(&self, table: &Table<'_>, is_inbound: bool, reader: &mut Reader) {
        if self.check.is_empty() {
            reader.push(
                Diagnostic::error(
                    codes::MISSING,
                    table.at("check"),
                    "nothing is named that knows the recipients",
                )
                .help("name one of `directories`, `lists`, `call_forward`, or `none`"),
            );
        }
        if self.asks(Source::None) && self.check.len() > 1 {
            reader.push(
                Diagnostic::error(codes::CONTRADICTION, table.at("check"), "`none` goes with nothing else")
                    .help("take `none` out, or all others"),
            );
        } else if self.asks(Source::None) && is_inbound {
            let message = "mail for any address of the site is taken, whether the address is there or not";
            reader.push(
                Diagnostic::warning(codes::RISK, table.at("check"), message).help(
                    "check recipients by `directories`, `lists` or `call_forward`, so that nothing need be returned to \
                     strangers",
                ),
            );
        }
        for (source, key, is_empty) in [
            (Source::Lists, "lists", self.lists.is_empty()),
            (Source::CallForward, "call_forward", self.call_forward.is_empty()),
        ] {
            if self.asks(source) && is_empty {
                reader.push(
                    Diagnostic::error(
                        codes::MISSING,
                        table.at("check"),
                        format!("`{key}` is asked and not given"),
                    )
                    .help(format!("add `{key} = […]`")),
                );
            } else if !self.asks(source) && table.has(key) {
                reader.push(
                    Diagnostic::warning(
                        codes::UNUSED,
                        table.key_at(key),
                        format!("`{key}` is given and not asked"),
                    )
                    .help(format!("add `\"{key}\"` to `check`, or take the key out")),
                );
            }
        }
    }
}
