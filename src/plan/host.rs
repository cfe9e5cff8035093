//! The facts of a message, for the graph.
//!
//! Here, and nowhere else in this room, the message model meets the language: what a fact or a field is, what it is when
//! absent, and which unread content leaves it open. A fact whose value was found is known, whatever was not read; one
//! that was not found is absent only where all that could hold it was read.

use super::interpret::{Evaluator, Who};
use super::lookup::{Answer, Question};
use super::truth::{Cause, CauseKind, Causes};
use super::value::{Computed, Flags, PartReference, Value};
use crate::base::address::{Address, DEFAULT_SEPARATOR, domain_to_ascii};
use crate::language::hir::Occurrence;
use crate::language::schema::facts::{Fact, Field};
use crate::language::schema::types::Enumeration;
use crate::message::filetype::{Family, extension_of};
use crate::message::links::{Link, registrable_domain};
use crate::message::{self, Attachment, AttachmentId, Mailbox, Priority, Scope, Source, Unscannable};
use std::net::IpAddr;
use std::sync::Arc;

/// `direction`, by position in its values.
const INBOUND: u16 = 0;
const OUTBOUND: u16 = 1;
const INTERNAL: u16 = 2;
const RELAY: u16 = 3;

impl<'a> Evaluator<'a> {
    /// What a fact gives, for the recipient that is judged.
    pub(super) fn fact(&mut self, fact: Fact) -> Computed<'a> {
        let case = self.case;
        let (message, session) = (case.message, case.session);
        if is_of_session(fact) && !case.lookups.knows_session(fact) {
            return Computed::Unknown(Causes::of(CauseKind::Unavailable, "client".to_string()));
        }
        match fact {
            Fact::Sender => Computed::known(match &case.envelope.sender {
                Some(address) => Value::Address(address.clone(), case.envelope.sender_text.clone()),
                None => Value::NullAddress,
            }),
            Fact::Recipient => match case.envelope.recipients.get(self.recipient) {
                Some(recipient) => {
                    Computed::known(Value::Address(recipient.address.clone(), recipient.text.clone()))
                }
                None => Computed::Absent,
            },
            Fact::Recipients => {
                let all = case.envelope.recipients.iter();
                let all = all.map(|one| Value::Address(one.address.clone(), one.text.clone()));
                Computed::many(all.collect(), None)
            }
            Fact::ClientIp => {
                session.client_ip.map_or(Computed::Absent, |ip| Computed::known(Value::Ip(ip.to_canonical())))
            }
            Fact::ClientName => Computed::text(session.client_name.as_deref()),
            Fact::ClientHelo => Computed::text(session.client_helo.as_deref()),
            Fact::ClientUser => Computed::text(session.client_user.as_deref()),
            Fact::ClientTls => Computed::known(Value::Bool(session.client_tls)),
            Fact::Received => Computed::known(Value::Moment(case.received)),
            Fact::Direction => Computed::known(Value::Enum(self.direction())),
            Fact::Date => match message.date() {
                Some(date) => Computed::known(Value::Moment(date)),
                None => Computed::absent_unless(self.unread(Scope::Structure)),
            },
            Fact::MessageSize => Computed::known(Value::Size(clamp(message.size()))),
            Fact::PolicyName | Fact::PolicyBecause | Fact::PolicyDirectory | Fact::PolicyMatches => {
                self.policy_fact(fact)
            }
            Fact::VirusFound | Fact::VirusName | Fact::Spf | Fact::Dkim | Fact::Dmarc | Fact::Signature => {
                self.looked_up(fact)
            }
            Fact::Body => self.surfaces(message.body(), Scope::Body),
            Fact::BodyHtml => self.surfaces(message.body_html(), Scope::Body),
            Fact::Text => self.surfaces(message.text(), Scope::Text),
            Fact::Attachments => {
                let all = message.attachments().iter().map(|one| Value::Attachment(one.id())).collect();
                Computed::many(all, self.unread(Scope::Attachments))
            }
            Fact::Parts => self.parts(),
            Fact::Links => Computed::many(
                (0..message.links().len()).map(Value::Link).collect(),
                self.unread(Scope::Links),
            ),
            _ => self.header_fact(fact),
        }
    }

    /// Facts of the header section and of the structure.
    fn header_fact(&mut self, fact: Fact) -> Computed<'a> {
        let message = self.case.message;
        let structure = self.unread(Scope::Structure);
        let text = |text: Option<&str>| match text {
            Some(text) => Computed::text(Some(text)),
            None => Computed::absent_unless(structure.clone()),
        };
        let flag = |holds: bool| match (holds, structure.clone()) {
            (false, Some(causes)) => Computed::Unknown(causes),
            _ => Computed::known(Value::Bool(holds)),
        };
        match fact {
            Fact::Subject => self.header_values("subject"),
            Fact::From => {
                // Of several fields each reader shows one.
                let several = message.from().iter().any(|mailbox| mailbox.occurrence > 0);
                let all = message.from().iter().map(|mailbox| mailbox_value(mailbox, several));
                Computed::many(all.collect(), structure)
            }
            Fact::To => mailboxes(message.to(), structure),
            Fact::Cc => mailboxes(message.cc(), structure),
            Fact::ReplyTo => mailboxes(message.reply_to(), structure),
            Fact::Priority => Computed::known(Value::Enum(match message.priority() {
                Priority::High => 0,
                Priority::Normal => 1,
                Priority::Low => 2,
            })),
            Fact::Agent => text(message.agent()),
            Fact::MessageId => text(message.message_id()),
            Fact::MessageEncrypted => flag(message.encrypted().is_some()),
            Fact::MessageSigned => flag(message.signed().is_some()),
            Fact::MessageUnscannable => {
                let names = message.unscannable().iter().map(|unscannable| unscannable.cause.name());
                Computed::known(Value::Flags(flags(Enumeration::Cause, names)))
            }
            Fact::MessageMalformed => {
                let names = message.malformed().iter().map(|malformation| malformation.kind.name());
                Computed::Known(Value::Flags(flags(Enumeration::Malformation, names)), structure)
            }
            Fact::MessageLanguage => match message.language() {
                Some(language) => Computed::text(Some(language)),
                None => Computed::absent_unless(self.unread(Scope::Body)),
            },
            Fact::MessageCharset => {
                let charsets = message.charsets().into_iter();
                Computed::many(charsets.map(|name| Value::Text(name.into())).collect(), structure)
            }
            Fact::MessageKind => {
                let known = message.kinds().iter().map(|kind| kind.name());
                let named = known.filter(|name| position(Enumeration::Kind, name).is_some());
                Computed::Known(Value::Flags(flags(Enumeration::Kind, named)), structure)
            }
            // The other facts are answered before.
            _ => Computed::Absent,
        }
    }

    /// The values of every header field of a name.
    pub(super) fn header_values(&mut self, name: &str) -> Computed<'a> {
        let headers = self.case.message.headers();
        let values: Vec<Value<'a>> =
            headers.all(name).map(|header| Value::Text(header.value().into())).collect();
        let unread = self.unread(Scope::Structure);
        if values.is_empty() { Computed::absent_unless(unread) } else { Computed::many(values, unread) }
    }

    /// The value of one of the header fields of a name. Of a section that was not read whole, the last is not known:
    /// fields are missing at its end.
    pub(super) fn header_value(&mut self, name: &str, occurrence: Occurrence) -> Computed<'a> {
        let unread = self.unread(Scope::Structure);
        let mut all = self.case.message.headers().all(name);
        let field = match (occurrence, &unread) {
            (Occurrence::Last, None) => all.next_back(),
            (Occurrence::Last, Some(_)) => None,
            (Occurrence::Number(number), _) => all.nth((number as usize).saturating_sub(1)),
            (Occurrence::Every, _) => all.next(),
        };
        field.map_or_else(|| Computed::absent_unless(unread), |field| Computed::text(Some(field.value())))
    }

    /// What a field of a value gives.
    pub(super) fn field(&mut self, owner: &Value<'a>, field: Field) -> Computed<'a> {
        let message = self.case.message;
        match (owner, field) {
            (Value::Attachment(id), _) => match message.attachment(*id) {
                Some(attachment) => self.attachment_field(attachment, field),
                None => Computed::Absent,
            },
            (Value::Part(part), _) => self.part_field(*part, field),
            (Value::Link(at), _) => match message.links().get(*at) {
                Some(placed) => link_field(&placed.link, field),
                None => Computed::Absent,
            },
            (Value::Mailbox { display_name, .. }, Field::MailboxDisplayName) => {
                Computed::text(display_name.as_deref())
            }
            (Value::Mailbox { address: Some(address), text, .. }, Field::MailboxAddress) => {
                Computed::known(Value::Address(address.clone(), text.clone()))
            }
            (owner, Field::AddressLocal) => {
                owner.address().map_or(Computed::Absent, |address| Computed::text(Some(&address.local)))
            }
            (owner, Field::AddressUser) => match owner.address() {
                Some(address) => Computed::text(Some(address.sub_address(self.separators()).0)),
                None => Computed::Absent,
            },
            (owner, Field::AddressDetail) => match owner.address() {
                Some(address) => Computed::text(address.sub_address(self.separators()).1),
                None => Computed::Absent,
            },
            (owner, Field::AddressDomain) => match owner.address() {
                Some(address) => Computed::known(Value::Domain(address.domain.clone())),
                None => Computed::Absent,
            },
            _ => Computed::Absent,
        }
    }

    fn attachment_field(&mut self, attachment: &'a Attachment, field: Field) -> Computed<'a> {
        let message = self.case.message;
        // Of what was not unpacked nothing is known but its name and place.
        let closed =
            || attachment.content().is_empty().then(|| self.unread_at(attachment.id(), None)).flatten();
        let told = |value: Value<'a>| closed().map_or_else(|| Computed::known(value), Computed::Unknown);
        match field {
            Field::AttachmentName => names(attachment.names().map(str::to_string)),
            Field::AttachmentExtension => {
                names(attachment.names().map(extension_of).filter(|extension| !extension.is_empty()))
            }
            Field::AttachmentType => told(Value::Text((*attachment.file_type().media_type).into())),
            Field::AttachmentDeclaredType => {
                // RFC 2045, 5.2: what declares nothing is this.
                Computed::text(Some(attachment.declared_type().unwrap_or("application/octet-stream")))
            }
            Field::AttachmentCharset => names(attachment.charsets().into_iter()),
            Field::AttachmentFamily => told(Value::Enum(family(attachment.file_type().family))),
            Field::AttachmentSize => told(Value::Size(clamp(attachment.size()))),
            Field::AttachmentSha256 => told(Value::Text(attachment.sha256().into())),
            Field::AttachmentText => self.attachment_text(attachment.id()),
            Field::AttachmentEncrypted => {
                // Only what nobody could look into leaves it open; of a document it is known without its text.
                let closed = message.unread_in(attachment.id()).filter(|one| {
                    one.place.attachment == Some(attachment.id())
                        && one.leaves_unread.contains(Scope::Attachments)
                });
                match (attachment.is_encrypted(), collect(closed)) {
                    (false, Some(causes)) => Computed::Unknown(causes),
                    (encrypted, _) => Computed::known(Value::Bool(encrypted)),
                }
            }
            Field::AttachmentDepth => {
                Computed::known(Value::Number(clamp(attachment.depth().saturating_sub(1) as u64)))
            }
            Field::AttachmentContainer => {
                let container = attachment.container().and_then(|id| message.attachment(id));
                match container {
                    Some(container) if container.name().is_some() => {
                        names(container.names().map(str::to_string))
                    }
                    container => Computed::text(container.map(Attachment::path)),
                }
            }
            // What its bytes show to be a PDF, a picture, a text cannot hold the macros of an office document.
            Field::AttachmentMacros if !attachment.may_hold_macros() => Computed::known(Value::Bool(false)),
            Field::AttachmentMacros => match (attachment.has_macros(), self.unread_at(attachment.id(), None))
            {
                (false, Some(causes)) => Computed::Unknown(causes),
                (macros, _) => Computed::known(Value::Bool(macros)),
            },
            Field::AttachmentUnscannable => {
                let own = message
                    .unread_in(attachment.id())
                    .filter(|one| one.place.attachment == Some(attachment.id()));
                Computed::known(Value::Flags(flags(Enumeration::Cause, own.map(|one| one.cause.name()))))
            }
            Field::AttachmentInline => {
                let part = attachment.part().and_then(|part| message.part(part));
                Computed::known(Value::Bool(part.is_some_and(|part| part.disposition() == Some("inline"))))
            }
            _ => Computed::Absent,
        }
    }

    fn attachment_text(&mut self, id: AttachmentId) -> Computed<'a> {
        let unread = self.unread_at(id, Some(Scope::AttachmentText));
        match self.case.message.attachment_text(id) {
            Some(tree) => Computed::Known(Value::Surfaces(tree), unread),
            None => Computed::absent_unless(unread),
        }
    }

    fn part_field(&mut self, part: PartReference, field: Field) -> Computed<'a> {
        let message = self.case.message;
        match (part, field) {
            (PartReference::Subject, Field::PartText) => {
                self.surfaces(message.subject_text(), Scope::Structure)
            }
            (PartReference::Subject, Field::PartName) => Computed::text(Some("subject")),
            (PartReference::Subject, Field::PartType) => Computed::text(Some("text/plain")),
            (PartReference::Subject, Field::PartSize) => {
                let length = message.subject().map_or(0, str::len);
                Computed::known(Value::Size(clamp(length as u64)))
            }
            // What there may be besides it are other parts.
            (PartReference::Body(_, surface), Field::PartText) => Computed::known(Value::Surface(surface)),
            (PartReference::Body(id, _), _) => match message.part(id) {
                Some(part) => match field {
                    Field::PartName => names(part.file_names().iter().cloned()),
                    Field::PartCharset => names(part.charsets().into_iter()),
                    Field::PartType => Computed::text(Some(part.media_type().as_str())),
                    Field::PartSize => Computed::known(Value::Size(clamp(part.content().len() as u64))),
                    _ => Computed::Absent,
                },
                None => Computed::Absent,
            },
            (PartReference::Attachment(id), _) => {
                let Some(attachment) = message.attachment(id) else { return Computed::Absent };
                let field = match field {
                    Field::PartText => Field::AttachmentText,
                    Field::PartName => Field::AttachmentName,
                    Field::PartType => Field::AttachmentType,
                    Field::PartCharset => Field::AttachmentCharset,
                    _ => Field::AttachmentSize,
                };
                self.attachment_field(attachment, field)
            }
            _ => Computed::Absent,
        }
    }

    fn parts(&mut self) -> Computed<'a> {
        let message = self.case.message;
        let mut parts = Vec::new();
        if message.subject().is_some() {
            parts.push(Value::Part(PartReference::Subject));
        }
        for id in message.body().leaves() {
            if let Some(surfaced) = message.surface(id)
                && let Source::Part(part) = surfaced.source
            {
                parts.push(Value::Part(PartReference::Body(part, id)));
            }
        }
        parts
            .extend(message.attachments().iter().map(|one| Value::Part(PartReference::Attachment(one.id()))));
        Computed::many(parts, self.unread(Scope::Text))
    }

    fn surfaces(&mut self, tree: &'a message::TextTree, scope: Scope) -> Computed<'a> {
        Computed::Known(Value::Surfaces(tree), self.unread(scope))
    }

    /// Why a question over a scope is open.
    pub(super) fn unread(&mut self, scope: Scope) -> Option<Causes> {
        if let Some((_, causes)) = self.unread_scopes.iter().find(|(known, _)| *known == scope) {
            return causes.clone();
        }
        let causes = collect(self.case.message.unread_for(scope));
        self.unread_scopes.push((scope, causes.clone()));
        causes
    }

    /// Why a question about one attachment is open: something in it, or something nobody can place, was not read.
    fn unread_at(&self, id: AttachmentId, scope: Option<Scope>) -> Option<Causes> {
        let message = self.case.message;
        // Of what has no place, only a question about text may be open.
        let elsewhere = message.unread_elsewhere().filter(|_| scope.is_some());
        let asked = |one: &&Unscannable| scope.is_none_or(|scope| one.leaves_unread.contains(scope));
        collect(message.unread_in(id).chain(elsewhere).filter(asked))
    }

    /// Asks the outside; what it does not know yet is noted as missing.
    pub(super) fn ask(&mut self, question: Question) -> Result<Answer, Causes> {
        let unavailable = |question: &Question| Causes::of(CauseKind::Unavailable, question.place());
        let answer = match self.answers.get(&question) {
            Some(answer) => Some(answer.clone()),
            None => self.case.lookups.answer(&question),
        };
        match answer {
            Some(Answer::Unavailable) => Err(unavailable(&question)),
            Some(answer) => {
                self.answers.insert(question, answer.clone());
                Ok(answer)
            }
            None => {
                let causes = unavailable(&question);
                self.missing.insert(question);
                Err(causes)
            }
        }
    }

    fn looked_up(&mut self, fact: Fact) -> Computed<'a> {
        let question = match fact {
            Fact::Spf => Question::Spf,
            Fact::Dkim => Question::Dkim,
            Fact::Dmarc => Question::Dmarc,
            Fact::Signature if self.case.message.signed().is_none() => return Computed::Absent,
            Fact::Signature => Question::Signature,
            _ => Question::Virus,
        };
        match (fact, self.ask(question)) {
            (_, Err(causes)) => Computed::Unknown(causes),
            (Fact::VirusFound, Ok(Answer::Virus(found))) => Computed::known(Value::Bool(found.is_some())),
            (Fact::VirusName, Ok(Answer::Virus(found))) => Computed::text(found.as_deref()),
            // A message that no scanner looked at is not clean.
            (Fact::VirusFound | Fact::VirusName, Ok(_)) => {
                Computed::Unknown(Causes::of(CauseKind::Unavailable, Question::Virus.place()))
            }
            (_, Ok(Answer::Authentication(value) | Answer::Verdict(value))) => {
                Computed::known(Value::Enum(value))
            }
            (_, Ok(_)) => Computed::Absent,
        }
    }

    /// Whether the client is one of ours: authenticated, or in the site's networks; of a message without a session,
    /// whether its sender is in the site.
    pub(super) fn client_is_inside(&self) -> bool {
        let session = self.case.session;
        if !session.is_present() {
            return self.case.envelope.sender.as_ref().is_some_and(|sender| self.site_has(&sender.domain));
        }
        session.client_inside
            || session.client_user.is_some()
            || session.client_ip.is_some_and(|ip| self.site_has_ip(ip))
    }

    /// The characters that part the detail of an address from its user.
    fn separators(&self) -> &'a str {
        self.plan.hir().site.separator.as_deref().unwrap_or(DEFAULT_SEPARATOR)
    }

    /// Whether a domain is one of the site's.
    pub(super) fn site_has(&self, domain: &str) -> bool {
        self.plan.site_domains.has_domain(domain)
    }

    /// Whether an address is in one of the site's networks.
    pub(super) fn site_has_ip(&self, ip: IpAddr) -> bool {
        self.plan.site_networks.contains(ip)
    }

    fn direction(&self) -> u16 {
        let inside = self.client_is_inside();
        let recipient = self.case.envelope.recipients.get(self.recipient);
        let to_inside = recipient.is_some_and(|recipient| self.site_has(&recipient.address.domain));
        match (inside, to_inside) {
            (false, true) => INBOUND,
            (true, false) => OUTBOUND,
            (true, true) => INTERNAL,
            (false, false) => RELAY,
        }
    }

    /// The address by which somebody's home is looked up; of `<>` from an inside client the postmaster's.
    pub(super) fn address_of(&self, who: Who) -> Option<&'a Address> {
        match who {
            Who::Recipient(at) => self.case.envelope.recipients.get(at).map(|one| &one.address),
            Who::Sender => match &self.case.envelope.sender {
                Some(sender) => Some(sender),
                None if self.client_is_inside() => self.plan.hir().site.postmaster.as_ref(),
                None => None,
            },
        }
    }
}

fn collect<'u>(unscannable: impl Iterator<Item = &'u Unscannable>) -> Option<Causes> {
    let mut unscannable = unscannable.peekable();
    unscannable.peek()?;
    let causes = Causes::collect(unscannable.map(|one| Cause {
        kind: match one.cause {
            message::Cause::Encrypted => CauseKind::Encrypted,
            message::Cause::Corrupt => CauseKind::Corrupt,
            message::Cause::Limit => CauseKind::Limit,
            message::Cause::Unsupported => CauseKind::Unsupported,
            message::Cause::Timeout => CauseKind::Timeout,
        },
        place: one.place.shown.as_str().into(),
    }));
    (!causes.is_empty()).then_some(causes)
}

/// Whether an address is in one of these networks. An IPv4 address inside IPv6 is the IPv4 address.
pub(super) fn in_networks(networks: &[ipnet::IpNet], ip: IpAddr) -> bool {
    let ip = ip.to_canonical();
    networks.iter().any(|network| network.contains(&ip))
}

fn clamp(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn position(enumeration: Enumeration, name: &str) -> Option<usize> {
    enumeration.values().iter().position(|value| value.bytes().eq(name.bytes().map(dash_to_underscore)))
}

/// The message room writes names with dashes, policies with underscores.
fn dash_to_underscore(byte: u8) -> u8 {
    if byte == b'-' { b'_' } else { byte }
}

fn flags<'n>(enumeration: Enumeration, names: impl Iterator<Item = &'n str>) -> Flags {
    let mut flags = Flags::default();
    for name in names {
        flags.any = true;
        if let Some(at) = position(enumeration, name).filter(|&at| at < 64) {
            flags.bits |= 1 << at;
        }
    }
    flags
}

fn names<'a>(names: impl Iterator<Item = String>) -> Computed<'a> {
    let mut values: Vec<Value<'a>> = names.map(|name| Value::Text(name.into())).collect();
    match (values.len(), values.pop()) {
        (1, Some(only)) => Computed::known(only),
        (_, None) => Computed::Absent,
        (_, Some(last)) => {
            values.push(last);
            Computed::many(values, None)
        }
    }
}

fn mailboxes<'a>(mailboxes: &[Mailbox], unread: Option<Causes>) -> Computed<'a> {
    Computed::many(mailboxes.iter().map(|mailbox| mailbox_value(mailbox, false)).collect(), unread)
}

/// A mailbox as a value; `other_reading` where only some readers see it.
pub(super) fn mailbox_value<'a>(mailbox: &Mailbox, other_reading: bool) -> Value<'a> {
    Value::Mailbox {
        display_name: mailbox.display_name.as_deref().map(Arc::from),
        address: Address::parse(&mailbox.address),
        text: mailbox.address.as_str().into(),
        other_reading,
    }
}

fn link_field<'a>(link: &Link, field: Field) -> Computed<'a> {
    match field {
        Field::LinkUrl => Computed::text(Some(&link.url)),
        Field::LinkText => Computed::text(link.text.as_deref()),
        Field::LinkHost => match link.host.as_deref() {
            Some(host) if host.contains("xn--") => Computed::text(Some(&idna::domain_to_unicode(host).0)),
            host => Computed::text(host),
        },
        Field::LinkDomain => match link.registrable_domain() {
            Some(domain) => Computed::known(Value::Domain(domain.into())),
            None => Computed::Absent,
        },
        Field::LinkScheme => Computed::text(Some(&link.scheme)),
        _ => Computed::Absent,
    }
}

/// The domain of a text that is an address or has one among its words, or the registrable domain of one that is a host
/// name.
pub(super) fn domain_of_text(text: &str) -> Option<Arc<str>> {
    if let Some(address) = Address::parse(text) {
        return Some(address.domain);
    }
    if text.contains('@') {
        let mark = |character: char| character.is_whitespace() || "<>()[]\"',;:|".contains(character);
        return text.split(mark).find_map(Address::parse).map(|address| address.domain);
    }
    domain_to_ascii(text.trim()).map(|host| registrable_domain(&host).into())
}

/// `attachment.family`, by position in its values.
fn family(family: Family) -> u16 {
    let name = match family {
        Family::Executable => "executable",
        Family::Script => "script",
        Family::Archive => "archive",
        Family::Document => "document",
        Family::Image => "image",
        Family::Audio => "audio",
        Family::Video => "video",
        Family::Font => "font",
        Family::Text => "text",
        Family::Html => "html",
        Family::Message => "message",
        Family::Calendar => "calendar",
        Family::Contact => "contact",
        Family::Encrypted => "encrypted",
        Family::Data => "database",
        Family::Key | Family::Empty | Family::Unknown => "unknown",
    };
    position(Enumeration::Family, name).and_then(|at| u16::try_from(at).ok()).unwrap_or(u16::MAX)
}

/// Whether a fact is about the session the message came in.
fn is_of_session(fact: Fact) -> bool {
    matches!(
        fact,
        Fact::ClientIp
            | Fact::ClientName
            | Fact::ClientHelo
            | Fact::ClientUser
            | Fact::ClientTls
            | Fact::Direction
    )
}
