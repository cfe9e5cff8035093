//! Who may send mail to whom, asked while sender and recipients are named.
//!
//! A listener for mail from outside takes mail for the site's own domains and nothing else; one for mail of the site takes
//! mail from the site's networks alone. So there is no setting by which mail from anywhere goes anywhere. A recipient whom
//! a policy refuses by the envelope alone is refused here, before the content comes.

use super::Intake;
use crate::base::address::DEFAULT_SEPARATOR;
use crate::language::hir::Hir;
use crate::message::Message;
use crate::message::envelope::{Envelope, Recipient, Session};
use crate::plan::Case;
use crate::policy::engine::{Asked, Detail, Judging};
use crate::policy::outcome::Fate;
use crate::policy::return_rule::Going;
use crate::relay::config::listen::Role;
use crate::relay::smtp::command::{MailFrom, RcptTo};
use crate::relay::smtp::reply::{Enhanced, Reply};
use jiff::Timestamp;

/// The site's postmaster; else the one of its first domain.
pub fn postmaster(hir: &Hir) -> Option<Recipient> {
    let text = match (&hir.site.postmaster, hir.site.domains.iter().find(|domain| !domain.subdomains)) {
        (Some(address), _) => address.to_string(),
        (None, Some(domain)) => format!("postmaster@{}", domain.domain),
        (None, None) => return None,
    };
    Recipient::parse(&text)
}

impl Intake {
    /// Whether mail for a recipient is taken; the refusal where not.
    pub fn admits_recipient(&self, role: Role, to: &RcptTo) -> Result<Recipient, Reply> {
        let hir = self.engine.hir();
        let Some(recipient) = to.recipient.clone().or_else(|| postmaster(hir)) else {
            return Err(Reply::new(550, Enhanced(5, 1, 1), "there is no postmaster here"));
        };
        let in_site = hir.site.domains.iter().any(|pattern| pattern.matches(&recipient.address.domain));
        match role {
            Role::Inbound if !in_site => {
                Err(Reply::new(550, Enhanced(5, 7, 1), "mail for this domain is not taken here"))
            }
            Role::Inbound if !self.knows(&recipient) => {
                Err(Reply::new(550, Enhanced(5, 1, 1), "nobody has this address here"))
            }
            Role::Inbound | Role::Outbound | Role::Submission => Ok(recipient),
        }
    }

    /// Whether the site has a recipient. Its postmaster there always is (RFC 5321, 4.5.1).
    fn knows(&self, recipient: &Recipient) -> bool {
        let (hir, known) = (self.engine.hir(), &self.settings.known);
        let separators = hir.site.separator.as_deref().unwrap_or(DEFAULT_SEPARATOR);
        known.everybody
            || &*recipient.address.local == "postmaster"
            || known.lists.as_ref().is_some_and(|list| list.has(&recipient.address, separators))
            || known.directories && self.engine.has_home(&recipient.address)
    }

    /// The refusal of a recipient by a policy that the envelope alone decides, whatever the content.
    pub fn refused_by_envelope(
        &self,
        from: &MailFrom,
        recipient: &Recipient,
        session: &Session,
        now: Timestamp,
    ) -> Option<Reply> {
        if !self.engine.sends_back_by_envelope() {
            return None;
        }
        let nothing = Message::parse(Vec::new(), &self.settings.limits);
        let envelope = Envelope {
            sender: from.sender.clone(),
            sender_text: from.text.clone(),
            recipients: vec![recipient.clone()],
        };
        let lookups = &self.settings.answers;
        let case = Case { message: &nothing, envelope: &envelope, session, received: now, lookups };
        let judging = Judging { asked: Asked::AtRecipient, ..Judging::default() };
        let decision = self.engine.decide(case, &judging, Detail::Outcomes).ok()?;
        let outcome = &decision.groups.first()?.outcome;
        match &outcome.fate {
            Fate::Reject { text } | Fate::Return { text } if outcome.going == Some(Going::InSession) => {
                Some(Reply::new(550, Enhanced(5, 7, 1), text))
            }
            _ => None,
        }
    }
}
