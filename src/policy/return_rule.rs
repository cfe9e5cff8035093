//! Mail that would go back to a sender: when it may, and what becomes of it when it may not.
//!
//! A return to an address nobody vouches for is mail to whoever was forged (backscatter). So a `return` towards a
//! sender outside the site goes out only where SPF or DMARC passed for the message, or where the session can still
//! refuse it; else the message is quarantined in the built-in `unreturnable`. A `reject` is a refusal in the session
//! where all recipients are rejected or the policy was decided from the envelope; else it is a return. To `<>` nothing
//! is ever returned.

use super::outcome::{Fate, UNRETURNABLE};
use crate::language::schema::facts::Stage;
use crate::language::schema::types::Enumeration;
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Going {
    /// In the session, which can still refuse.
    InSession,
    /// As a message to the sender, if somebody vouches for it.
    AsMessage,
}

/// How a fate goes back; `None` where it does not.
pub fn going(fate: &Fate, stage: Stage, all_rejected: bool) -> Option<Going> {
    match fate {
        Fate::Return { .. } | Fate::Reject { .. } if stage <= Stage::Envelope => Some(Going::InSession),
        Fate::Reject { .. } if all_rejected => Some(Going::InSession),
        Fate::Return { .. } | Fate::Reject { .. } => Some(Going::AsMessage),
        _ => None,
    }
}

impl WayBack {
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

/// What holds in place of a return that may not go out.
pub fn unreturnable() -> Fate {
    Fate::Quarantine { folder: UNRETURNABLE.into() }
}

fn is_pass(value: u16) -> bool {
    Enumeration::Authentication.values().get(usize::from(value)).is_some_and(|&name| name == "pass")
}
