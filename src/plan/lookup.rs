//! What an evaluation asks the outside, and what it may hear.
//!
//! The room itself asks nobody: a [`Question`] whose answer is not at hand is noted as missing, treated as undecided
//! for now, and the evaluation is run again when the answer is there. Questions are values: equal questions have one
//! answer for one message, so whoever asks can keep answers in a map.

use crate::base::address::Address;
use crate::language::schema::facts::Fact;
use std::collections::HashMap;
use std::sync::Arc;

/// Something only the outside knows.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Question {
    /// Does the virus scanner find something in the message?
    Virus,
    /// The SPF result of the envelope sender (RFC 7208).
    Spf,
    /// The best DKIM result aligned with From (RFC 6376).
    Dkim,
    /// The DMARC result of From (RFC 7489).
    Dmarc,
    /// The result of verifying the message's signature.
    Signature,
    /// Is the client's address listed in a DNS block list (RFC 5782)?
    Dnsbl {
        /// The list's zone.
        zone: Arc<str>,
    },
    /// Is a domain listed in a DNS block list of domains?
    DomainListed {
        /// The list's zone.
        zone: Arc<str>,
        /// Which domain: lower case, IDNA ASCII form.
        domain: Arc<str>,
    },
    /// Is an address a member of a group of a directory service?
    Group {
        /// The service's query.
        query: Arc<str>,
        /// Who is asked about.
        address: Address,
    },
    /// An attribute of an address in a directory service.
    Attribute {
        /// Who is asked about.
        address: Address,
        /// The attribute's name.
        name: Arc<str>,
    },
    /// How many messages with this key came within so many seconds, this one included?
    Rate {
        /// What is counted by: the value of the key's expression, in the form in which it compares.
        key: Arc<str>,
        /// The span of time, in seconds.
        seconds: i64,
    },
}

impl Question {
    /// The question as people read it where its answer is wanting: `virus scanner`, `DNS list zen.example`.
    pub fn place(&self) -> String {
        match self {
            Question::Virus => "virus scanner".to_string(),
            Question::Spf => "SPF".to_string(),
            Question::Dkim => "DKIM".to_string(),
            Question::Dmarc => "DMARC".to_string(),
            Question::Signature => "signature".to_string(),
            Question::Dnsbl { zone } => format!("DNS list {zone}"),
            Question::DomainListed { zone, domain } => format!("{domain} in DNS list {zone}"),
            Question::Group { query, address } => format!("group {query} for {address}"),
            Question::Attribute { address, name } => format!("attribute {name} of {address}"),
            Question::Rate { key, seconds } => format!("rate of {key} over {seconds} seconds"),
        }
    }
}

/// What the outside says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// To [`Question::Virus`]: the name of what was found; `None` is clean.
    Virus(Option<Arc<str>>),
    /// To SPF, DKIM and DMARC: the position in the values of `Enumeration::Authentication`.
    Authentication(u16),
    /// To [`Question::Signature`]: the position in the values of `Enumeration::Verdict`.
    Verdict(u16),
    /// To [`Question::Dnsbl`] and [`Question::DomainListed`].
    Listed(bool),
    /// To [`Question::Group`].
    Member(bool),
    /// To [`Question::Attribute`]; `None`: the address has no such attribute.
    Attribute(Option<Arc<str>>),
    /// To [`Question::Rate`].
    Rate(i64),
    /// Whoever knows it is down or too slow: undecided for now.
    Unavailable,
    /// Nobody is set up to know it: absent, or not a member, or not listed. For [`Question::Virus`] it is undecided for
    /// now, since a message that no scanner looked at is not clean.
    NotAsked,
}

/// Whoever has the answers.
pub trait Lookups: Send + Sync {
    /// The answer to a question; `None` where it is not known yet and the evaluation is to be run again with it.
    fn answer(&self, question: &Question) -> Option<Answer>;

    /// Whether a fact of the session (`client` and `direction`) is as the case has it; asked when a policy asks for one.
    /// Where it is not, the fact is undecided: a message of a mailbox tells of no session.
    fn knows_session(&self, _fact: Fact) -> bool {
        true
    }
}

/// Answers in a map; questions that are not in it get one answer for all.
#[derive(Debug, Clone, Default)]
pub struct Answers {
    known: HashMap<Question, Answer>,
    otherwise: Option<Answer>,
}

impl Answers {
    /// No answers; what is not in the map gets `otherwise`.
    pub fn new(otherwise: Option<Answer>) -> Answers {
        Answers { known: HashMap::new(), otherwise }
    }

    /// Adds an answer, in place of an earlier one to the same question.
    pub fn insert(&mut self, question: Question, answer: Answer) {
        self.known.insert(question, answer);
    }
}

impl Lookups for Answers {
    fn answer(&self, question: &Question) -> Option<Answer> {
        self.known.get(question).or(self.otherwise.as_ref()).cloned()
    }
}
