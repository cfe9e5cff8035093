//! Mail that would go back to a sender: when it may, and what becomes of it when it may not.
//!
//! A return to an address nobody vouches for is mail to whoever was forged (backscatter). So a `return` towards a
//! sender outside the site goes out only where SPF or DMARC passed for the message, or where the session can still
//! refuse it; else the message is quarantined in the built-in `unreturnable`. A `reject` is a refusal in the session
//! where all recipients are rejected or the decision is final before the content comes; else it is a return. To `<>`
//! nothing is ever returned. The same holds for a notification to the author of a message; besides, what a program sent
//! is not answered.
//!
//! A decision is final when nothing that could still change it is open (see [`super::finality`]): neither an exception
//! of the policy that won nor another policy that might win against it. One that asks for all recipients is final when
//! the last of them is known, when none can be refused alone any more.

use super::outcome::{Fate, UNRETURNABLE};
use crate::language::schema::types::Enumeration;
use crate::message::{Kind, Message};
use crate::plan::{Answer, Lookups, Question};
use std::collections::BTreeSet;

/// What is known of the way back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WayBack {
    /// There is a sender to return to.
    pub has_sender: bool,
    /// The sender is in the site.
    pub sender_in_site: bool,
}

/// How a return or a refusal goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Going {
    /// In the session, which can still refuse.
    InSession,
    /// As a message to the sender.
    AsMessage,
}

/// Until when a session can still refuse a recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Final {
    /// The decision is final when the recipient is named.
    AtRecipient,
    /// It is final when the last recipient is named: all can be refused, none alone.
    BeforeContent,
    /// It is final when the content has been read.
    AfterContent,
}

/// What all recipients' outcomes are, for what can be refused only to all at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct All {
    /// All are rejected.
    pub rejected: bool,
    /// Some are returned.
    pub returned: bool,
    /// All are rejected or returned, and final before the content.
    pub go_back_before_content: bool,
}

impl All {
    /// Whether one reply can refuse them all, once all were taken. Where some of them get a report instead it cannot, and
    /// the others need one too.
    pub fn can_be_refused_together(self, returns_are_reports: bool) -> bool {
        self.rejected || self.go_back_before_content && !(self.returned && returns_are_reports)
    }
}

/// Whether the session can still refuse a fate.
pub fn can_refuse(fate: &Fate, at: Final, all: All) -> bool {
    let early = match at {
        Final::AtRecipient => true,
        Final::BeforeContent => all.go_back_before_content,
        Final::AfterContent => false,
    };
    match fate {
        Fate::Return { .. } => early,
        Fate::Reject { .. } => early || all.rejected,
        _ => false,
    }
}

impl WayBack {
    /// How a fate goes back, given whether the session can refuse it; `None` where it may not. Questions without an
    /// answer are added to `missing`.
    pub fn going(
        self,
        fate: &Fate,
        can_refuse: bool,
        lookups: &dyn Lookups,
        missing: &mut BTreeSet<Question>,
    ) -> Option<Going> {
        let report = matches!(fate, Fate::Return { .. }) && self.reports_to_sender();
        if can_refuse && !report {
            return Some(Going::InSession);
        }
        self.may_return(lookups, missing).then_some(Going::AsMessage)
    }

    /// Whether a `return` is a report: it is of our own; towards others a refusal is safer than any report.
    pub fn reports_to_sender(self) -> bool {
        self.has_sender && self.sender_in_site
    }

    /// Whether a returned message may go out to the sender. Questions without an answer are added to `missing`.
    pub fn may_return(self, lookups: &dyn Lookups, missing: &mut BTreeSet<Question>) -> bool {
        if !self.has_sender || self.sender_in_site {
            return self.has_sender;
        }
        let mut vouched = false;
        for question in [Question::Spf, Question::Dmarc] {
            match lookups.answer(&question) {
                Some(Answer::Authentication(value)) => vouched |= is_pass(value),
                Some(_) => {}
                None => {
                    missing.insert(question);
                }
            }
        }
        vouched
    }
}

/// Why somebody is not told of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Withheld {
    /// The message is itself an answer or was sent by a program or a list, which nobody answers (RFC 3834, 2).
    Automatic,
    /// Nobody vouches for the author, who is outside the site.
    NotVouched,
}

impl Withheld {
    /// The reason as people read it.
    pub fn words(self) -> &'static str {
        match self {
            Withheld::Automatic => "the message was sent by a program or a list, which is not answered",
            Withheld::NotVouched => "neither SPF nor DMARC vouches for an author outside the site",
        }
    }
}

/// What a program sent: an answer to it would go to a machine, and might come back for ever.
const AUTOMATIC: [Kind; 8] = [
    Kind::AutoReply,
    Kind::AutoGenerated,
    Kind::AutoForward,
    Kind::Dsn,
    Kind::ReadReceipt,
    Kind::FeedbackReport,
    Kind::List,
    Kind::Bulk,
];

/// Whether a message was sent by a program or a list, as far as it says so itself; an empty sender says so too.
pub fn is_automatic(message: &Message, way: WayBack) -> bool {
    !way.has_sender || AUTOMATIC.into_iter().any(|kind| message.kinds().contains(kind))
}

/// What holds in place of a return that may not go out.
pub fn unreturnable() -> Fate {
    Fate::Quarantine { folder: UNRETURNABLE.into() }
}

fn is_pass(value: u16) -> bool {
    Enumeration::Authentication.values().get(usize::from(value)).is_some_and(|&name| name == "pass")
}
