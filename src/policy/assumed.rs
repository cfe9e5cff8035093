//! Lookups of a dry run: nobody is asked, and what is assumed in place of the answers is kept to be told.
//!
//! An assumption is noted when a policy asks, so that a summary names what mattered and nothing else. Cost: a lock for
//! each question. Failure: none.

use super::traces::Results;
use crate::language::schema::facts::Fact;
use crate::plan::{Answer, Lookups, Question};
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

/// What becomes of questions that only the outside can answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Unanswered {
    /// The harmless answer is assumed: clean, no result, not listed, no member, the first message.
    #[default]
    Assumed,
    /// They stay open, and the policies that turn on them are undecided.
    Open,
}

/// Where the client of the session comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientSource {
    /// A `Received` field.
    Received,
    /// Nothing tells of one: who writes from the site is taken as its user, everybody else as a stranger.
    Assumed,
}

/// The lookups of one message.
#[derive(Debug)]
pub struct Assumed {
    unanswered: Unanswered,
    client: ClientSource,
    results: Results,
    noted: Mutex<BTreeSet<&'static str>>,
}

impl Assumed {
    /// Lookups of a message whose traces have been read.
    pub fn new(unanswered: Unanswered, client: ClientSource, results: Results) -> Assumed {
        Assumed { unanswered, client, results, noted: Mutex::default() }
    }

    /// What was assumed for this message, each once, in the order of the words.
    pub fn notes(&self) -> Vec<&'static str> {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner).iter().copied().collect()
    }

    fn note(&self, words: &'static str) {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner).insert(words);
    }
}

impl Lookups for Assumed {
    fn answer(&self, question: &Question) -> Option<Answer> {
        let told = match question {
            Question::Spf => self.results.spf,
            Question::Dkim => self.results.dkim,
            Question::Dmarc => self.results.dmarc,
            _ => None,
        };
        if let Some(value) = told {
            self.note("SPF, DKIM, DMARC: as the Authentication-Results field of the receiving server says");
            return Some(Answer::Authentication(value));
        }
        let (answer, assumed, open) = match question {
            Question::Virus => (
                Answer::Virus(None),
                "viruses: no scanner is asked, messages are taken as clean",
                "viruses: no scanner is asked, left open",
            ),
            Question::Spf => (Answer::NotAsked, "SPF: not asked, no result", "SPF: not asked, left open"),
            Question::Dkim => (Answer::NotAsked, "DKIM: not asked, no result", "DKIM: not asked, left open"),
            Question::Dmarc => {
                (Answer::NotAsked, "DMARC: not asked, no result", "DMARC: not asked, left open")
            }
            Question::Signature => (
                Answer::NotAsked,
                "signatures: not verified, no result",
                "signatures: not verified, left open",
            ),
            Question::Dnsbl { .. } => (
                Answer::Listed(false),
                "block lists of clients: not asked, taken as not listed",
                "block lists of clients: not asked, left open",
            ),
            Question::DomainListed { .. } => (
                Answer::Listed(false),
                "block lists of domains: not asked, taken as not listed",
                "block lists of domains: not asked, left open",
            ),
            Question::Group { .. } => (
                Answer::Member(false),
                "groups of a directory service: not asked, nobody is taken as a member",
                "groups of a directory service: not asked, left open",
            ),
            Question::Attribute { .. } => (
                Answer::Attribute(None),
                "attributes of a directory service: not asked, taken as absent",
                "attributes of a directory service: not asked, left open",
            ),
            Question::Rate { .. } => (
                Answer::Rate(1),
                "rates: not counted, each message is taken as the first",
                "rates: not counted, left open",
            ),
        };
        match self.unanswered {
            Unanswered::Assumed => {
                self.note(assumed);
                Some(answer)
            }
            Unanswered::Open => {
                self.note(open);
                Some(Answer::Unavailable)
            }
        }
    }

    fn knows_session(&self, fact: Fact) -> bool {
        match (self.client, self.unanswered, fact) {
            (ClientSource::Received, _, Fact::Direction) => {
                self.note("direction: by the client that the Received field of the receiving server names");
                true
            }
            (ClientSource::Received, ..) => {
                self.note("client: as the Received field of the receiving server names it");
                true
            }
            (ClientSource::Assumed, Unanswered::Open, Fact::Direction) => {
                self.note("direction: nothing tells of a client, left open");
                false
            }
            (ClientSource::Assumed, Unanswered::Open, _) => {
                self.note("client: nothing tells of one, left open");
                false
            }
            (ClientSource::Assumed, Unanswered::Assumed, Fact::Direction) => {
                self.note(
                    "direction: told by the sender, whoever writes from a domain of the site is taken \
                     as one of its users",
                );
                true
            }
            (ClientSource::Assumed, Unanswered::Assumed, _) => {
                self.note(
                    "client: nothing tells of one, it has no address and no name, and is in no block list; \
                     whoever writes from a domain of the site is taken as its user",
                );
                true
            }
        }
    }
}
