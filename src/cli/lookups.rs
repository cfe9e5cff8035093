//! Options of what a dry run or an explanation takes in place of what only the outside or a session knows.

use crate::policy::assumed::Unanswered;
use crate::policy::dry_run::Options;

/// What is taken where mail in a mailbox tells nothing
#[derive(Debug, clap::Args)]
pub struct LookupArguments {
    /// Leave open what only the outside knows: policies that turn on it are undecided. Without it the harmless answer is
    /// assumed (clean, no SPF, DKIM, DMARC or signature result, not listed, no member, no attribute, rate 1), and the
    /// summary says for how many messages
    #[arg(long)]
    undecided: bool,
    /// How many Received fields, from the top, servers you trust wrote; the client is taken from the last of them, and
    /// from there down while the client is in the site's networks. 0 takes none: who writes from a domain of the site is
    /// then taken as one of its users
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = hops)]
    trust: usize,
}

fn hops(text: &str) -> Result<usize, String> {
    text.parse().map_err(|_| "write a whole number from 0 on".to_string())
}

impl LookupArguments {
    /// Puts them into the options of a run.
    pub fn apply(&self, options: &mut Options) {
        options.unanswered = if self.undecided { Unanswered::Open } else { Unanswered::Assumed };
        options.trust = self.trust;
    }
}
