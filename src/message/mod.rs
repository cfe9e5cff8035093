//! Bytes to a message: its header fields, its tree of parts, its attachments, its text, and everything about it that is
//! malformed, ambiguous or could not be read.
//!
//! **Who reads what.** The structure (header sections, boundaries, transfer encodings) is read by this room itself, in
//! [`tree`], because a firewall needs what no library gives: every place where two programs may see two messages, and
//! what the other program sees. The fields in it (addresses, dates, code pages, UTF-7) are read by mail-parser, and where
//! the structure is malformed mail-parser's own reading of the whole message is taken as one more view. No type of that
//! library leaves this room. The safe reading is the union: what any view finds is among [`Message::parts`],
//! [`Message::attachments`] and [`Message::text`], marked as the reading it belongs to, or the message is unscannable.
//!
//! **Cost.** Parsing is a few passes over the bytes; decoding, unpacking and normalising happen when they are first asked
//! for, once. Nothing here recurses deeper than the limits allow, and all expansion draws on one allowance a message.
//!
//! **Failure.** None: any bytes are a message. What is wrong is a [`fact::Malformation`], what could not be read an
//! [`fact::Unscannable`] with its cause and the scopes that it leaves open.

pub mod address;
mod ambiguity;
pub mod archive;
pub mod attachment;
mod attachments;
mod boundary;
pub mod charset;
mod cms;
pub mod compose;
pub mod crypto;
pub mod decode;
pub mod documents;
pub mod edit;
mod elements;
pub mod encode;
pub mod envelope;
pub mod exercise;
pub mod fact;
pub mod filetype;
pub mod headers;
pub mod html;
pub mod kind;
mod language;
pub mod links;
pub mod mailbox;
mod parameters;
pub mod part;
pub mod region;
mod second;
mod style;
pub mod surface;
pub mod text_tree;
mod texts;
mod tree;
pub mod uuencode;
pub mod words;
pub mod yenc;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, OnceLock};

pub use address::Mailbox;
pub use attachment::{Attachment, AttachmentId};
pub use crypto::CryptoKind;
pub use fact::{Cause, Malformation, MalformationKind, Place, Scope, Scopes, Unscannable};
pub use headers::{Header, Headers};
pub use kind::{Kind, KindSet};
pub use part::{MediaType, Part, PartId, Reading, Role, Why};
pub use text_tree::{PlacedLink, Source, SurfaceId, Surfaced, TextTree};

use crate::base::limits::MessageLimits;
use attachments::Contents;
use region::Region;
use text_tree::{Links, Sources};
use texts::Texts;
use tree::{Allowance, Structure};

/// How urgent a message says it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Priority {
    /// Below normal.
    Low,
    /// Normal, also where nothing is said.
    #[default]
    Normal,
    /// Above normal.
    High,
}

/// A message: parsed once, immutable, cheap to clone.
#[derive(Clone)]
pub struct Message {
    inner: Arc<Inner>,
}

struct Inner {
    bytes: Arc<[u8]>,
    limits: MessageLimits,
    structure: Structure,
    allowance: Allowance,
    no_headers: Headers,
    mailboxes: Mailboxes,
    contents: OnceLock<Contents>,
    texts: OnceLock<Texts>,
    sources: OnceLock<Sources>,
    language: OnceLock<Option<&'static str>>,
    links: OnceLock<Links>,
    malformed: OnceLock<Vec<Malformation>>,
    unscannable: OnceLock<Vec<Unscannable>>,
    unread: OnceLock<Unread>,
}

/// The mailboxes of address fields, each read when first asked for.
#[derive(Debug, Default)]
struct Mailboxes {
    from: OnceLock<Vec<Mailbox>>,
    from_other_readings: OnceLock<Vec<Mailbox>>,
    to: OnceLock<Vec<Mailbox>>,
    cc: OnceLock<Vec<Mailbox>>,
    bcc: OnceLock<Vec<Mailbox>>,
    reply_to: OnceLock<Vec<Mailbox>>,
    sender: OnceLock<Vec<Mailbox>>,
}

/// What is unread, by where it is: positions in [`Message::unscannable`].
#[derive(Debug, Default)]
struct Unread {
    /// Of each attachment: what is unread of it or of anything in it.
    of_attachment: Vec<Vec<usize>>,
    /// What nobody can place.
    elsewhere: Vec<usize>,
}

impl Message {
    /// Reads a message. Any bytes are one; what is wrong with them are facts. Of bytes beyond the limit only the first are
    /// read, and that is a fact too.
    pub fn parse(bytes: impl Into<Arc<[u8]>>, limits: &MessageLimits) -> Message {
        let bytes: Arc<[u8]> = bytes.into();
        let whole = Region::message(bytes.clone());
        let mut allowance = Allowance::of(limits);
        let mut structure = tree::read(whole.slice(0..limits.message_bytes), limits, &mut allowance);
        if bytes.len() > limits.message_bytes {
            let place =
                Place { offset: Some(limits.message_bytes), shown: "message".into(), ..Place::default() };
            structure.facts.unscannable(
                Cause::Limit,
                Scopes::ALL,
                place,
                "the message is larger than the limit",
            );
        }
        second::add(&whole, &mut structure, &mut allowance);
        crypto::note(&mut structure);
        Message {
            inner: Arc::new(Inner {
                bytes,
                limits: limits.clone(),
                structure,
                allowance,
                no_headers: Headers::default(),
                mailboxes: Mailboxes::default(),
                contents: OnceLock::new(),
                texts: OnceLock::new(),
                sources: OnceLock::new(),
                language: OnceLock::new(),
                links: OnceLock::new(),
                malformed: OnceLock::new(),
                unscannable: OnceLock::new(),
                unread: OnceLock::new(),
            }),
        }
    }

    /// The message as received.
    pub fn bytes(&self) -> &[u8] {
        &self.inner.bytes
    }

    /// The buffer of the message as received.
    pub fn shared_bytes(&self) -> Arc<[u8]> {
        self.inner.bytes.clone()
    }

    /// Size in bytes.
    pub fn size(&self) -> u64 {
        self.inner.bytes.len() as u64
    }

    /// The limits that it was read with.
    pub fn limits(&self) -> &MessageLimits {
        &self.inner.limits
    }

    /// The fields of the message's own header section, every occurrence in order.
    pub fn headers(&self) -> &Headers {
        self.inner.structure.parts.first().map_or(&self.inner.no_headers, |root| root.headers())
    }

    /// All parts, the root first, those of other readings among them ([`Part::reading`]).
    pub fn parts(&self) -> &[Part] {
        &self.inner.structure.parts
    }

    /// One part.
    pub fn part(&self, id: PartId) -> Option<&Part> {
        self.inner.structure.parts.get(id.index())
    }

    /// The root part.
    pub fn root(&self) -> PartId {
        PartId(0)
    }

    /// Everything attached, however deep: every leaf but the body's text, attached messages and what they hold, files in
    /// text, members of archives. Made when first asked for.
    pub fn attachments(&self) -> &[Attachment] {
        &self.contents().attachments
    }

    /// One attachment.
    pub fn attachment(&self, id: AttachmentId) -> Option<&Attachment> {
        self.contents().attachments.get(id.index())
    }

    /// The attachment that a part is.
    pub fn attachment_of_part(&self, part: PartId) -> Option<&Attachment> {
        self.attachment(*self.contents().of_part.get(&(0, part))?)
    }

    /// The text of an attachment and of everything in it.
    pub fn attachment_text(&self, id: AttachmentId) -> Option<&TextTree> {
        self.texts().of_attachment.get(&id)
    }

    /// The subject as text, every occurrence.
    pub fn subject_text(&self) -> &TextTree {
        &self.texts().subject
    }

    /// The visible text of the body's parts; plain text and HTML of one letter are alternatives.
    pub fn body(&self) -> &TextTree {
        &self.texts().body
    }

    /// The source of the body's HTML parts, tags and all, decoded and normalised as text is; made when first asked for.
    pub fn body_html(&self) -> &TextTree {
        &self.sources().tree
    }

    /// All text: subject, body, the text of every attachment.
    pub fn text(&self) -> &TextTree {
        &self.texts().text
    }

    /// One surface with its source.
    pub fn surface(&self, id: SurfaceId) -> Option<&Surfaced> {
        let of_texts = &self.texts().surfaces;
        match id.index().checked_sub(of_texts.len()) {
            None => of_texts.get(id.index()),
            // Names behind those of the texts are given by the sources alone, so they are made by now.
            Some(at) => self.sources().surfaces.get(at),
        }
    }

    /// Every surface of [`Message::text`].
    pub fn surfaces(&self) -> &[Surfaced] {
        &self.texts().surfaces
    }

    /// The links of body and attachments.
    pub fn links(&self) -> &[PlacedLink] {
        &self.placed_links().links
    }

    fn placed_links(&self) -> &Links {
        self.inner.links.get_or_init(|| text_tree::links(self.texts(), self.inner.limits.links))
    }

    /// Language of the body as its ISO 639-1 code; `None` where there is too little text to tell.
    pub fn language(&self) -> Option<&'static str> {
        *self.inner.language.get_or_init(|| language::of_body(self.texts()))
    }

    /// The charsets that its parts declare, those of other readings, attachments and attached messages among them: as
    /// written, in lower case, each once, in the order of the parts.
    pub fn charsets(&self) -> Vec<String> {
        let of_parts = self.parts().iter().flat_map(Part::charsets);
        let of_attachments = self.attachments().iter().flat_map(Attachment::charsets);
        let mut known = HashSet::new();
        of_parts.chain(of_attachments).filter(|name| known.insert(name.clone())).collect()
    }

    /// Every way in which the message is malformed or ambiguous. Decodes all text to know.
    pub fn malformed(&self) -> &[Malformation] {
        self.inner.malformed.get_or_init(|| {
            let mut all = self.inner.structure.facts.malformed.clone();
            all.extend(self.contents().facts.malformed.iter().cloned());
            all.extend(self.texts().facts.malformed.iter().cloned());
            all
        })
    }

    /// Everything that could not be read. Opens all attachments to know.
    pub fn unscannable(&self) -> &[Unscannable] {
        self.inner.unscannable.get_or_init(|| {
            let mut all = self.inner.structure.facts.unscannable.clone();
            all.extend(self.contents().facts.unscannable.iter().cloned());
            all.extend(self.texts().facts.unscannable.iter().cloned());
            if text_tree::may_exceed(self.texts(), self.inner.limits.links) {
                all.extend(self.placed_links().facts.unscannable.iter().cloned());
            }
            all
        })
    }

    /// What could not be read and leaves a question over `scope` open.
    pub fn unread_for(&self, scope: Scope) -> impl Iterator<Item = &Unscannable> {
        // The structure is known without opening anything.
        let all = if scope == Scope::Structure {
            self.inner.structure.facts.unscannable.as_slice()
        } else {
            self.unscannable()
        };
        all.iter().filter(move |unscannable| unscannable.leaves_unread.contains(scope))
    }

    /// What could not be read of an attachment, or of anything in it.
    pub fn unread_in(&self, id: AttachmentId) -> impl Iterator<Item = &Unscannable> {
        let found = self.unread().of_attachment.get(id.index()).map(Vec::as_slice).unwrap_or_default();
        found.iter().filter_map(|at| self.unscannable().get(*at))
    }

    /// What could not be read and lies in no part and no attachment: it may have been anywhere.
    pub fn unread_elsewhere(&self) -> impl Iterator<Item = &Unscannable> {
        self.unread().elsewhere.iter().filter_map(|at| self.unscannable().get(*at))
    }

    fn unread(&self) -> &Unread {
        self.inner.unread.get_or_init(|| {
            let attachments = self.attachments();
            let mut unread =
                Unread { of_attachment: vec![Vec::new(); attachments.len()], elsewhere: Vec::new() };
            let mut of_part: HashMap<PartId, Vec<AttachmentId>> = HashMap::new();
            for attachment in attachments {
                if let Some(part) = attachment.part() {
                    of_part.entry(part).or_default().push(attachment.id());
                }
            }
            for (at, unscannable) in self.unscannable().iter().enumerate() {
                let own = match (unscannable.place.attachment, unscannable.place.part) {
                    (Some(id), _) => vec![id],
                    (None, Some(part)) => {
                        let mut own = of_part.get(&part).cloned().unwrap_or_default();
                        own.extend(self.contents().owner.get(&(0, part)));
                        own
                    }
                    (None, None) => {
                        unread.elsewhere.push(at);
                        continue;
                    }
                };
                for id in own {
                    let mut next = Some(id);
                    // Containers stand before what they hold, so the way up ends.
                    while let Some(id) = next {
                        if let Some(known) = unread.of_attachment.get_mut(id.index())
                            && known.last() != Some(&at)
                        {
                            known.push(at);
                        }
                        let above = self.attachment(id).and_then(Attachment::container);
                        next = above.filter(|container| *container < id);
                    }
                }
            }
            unread
        })
    }

    /// Whether and how the message is encrypted, by its structure.
    pub fn encrypted(&self) -> Option<CryptoKind> {
        crypto::encrypted(&self.inner.structure)
    }

    /// Whether and how the message is signed, by its structure.
    pub fn signed(&self) -> Option<CryptoKind> {
        crypto::signed(&self.inner.structure)
    }

    /// What kind of message it says it is.
    pub fn kinds(&self) -> KindSet {
        kind::of(self.headers(), self.parts())
    }

    /// The first subject, decoded; `None` where there is none.
    pub fn subject(&self) -> Option<&str> {
        self.headers().first("subject").map(Header::value)
    }

    /// The mailboxes of all From fields.
    pub fn from(&self) -> &[Mailbox] {
        self.inner.mailboxes.from.get_or_init(|| address::mailboxes(self.headers(), "from"))
    }

    /// Mailboxes that only other readers take for the author's: addresses in comments, in display names and behind broken
    /// syntax, and what stands in fields that not everybody sees, with its display names.
    pub fn from_other_readings(&self) -> &[Mailbox] {
        let other = || address::other_readings(self.headers(), "from", self.from());
        self.inner.mailboxes.from_other_readings.get_or_init(other)
    }

    /// The mailboxes of all To fields.
    pub fn to(&self) -> &[Mailbox] {
        self.inner.mailboxes.to.get_or_init(|| address::mailboxes(self.headers(), "to"))
    }

    /// The mailboxes of all Cc fields.
    pub fn cc(&self) -> &[Mailbox] {
        self.inner.mailboxes.cc.get_or_init(|| address::mailboxes(self.headers(), "cc"))
    }

    /// The mailboxes of all Bcc fields.
    pub fn bcc(&self) -> &[Mailbox] {
        self.inner.mailboxes.bcc.get_or_init(|| address::mailboxes(self.headers(), "bcc"))
    }

    /// The mailboxes of all Reply-To fields.
    pub fn reply_to(&self) -> &[Mailbox] {
        self.inner.mailboxes.reply_to.get_or_init(|| address::mailboxes(self.headers(), "reply-to"))
    }

    /// The mailboxes of all Sender fields.
    pub fn sender_header(&self) -> &[Mailbox] {
        self.inner.mailboxes.sender.get_or_init(|| address::mailboxes(self.headers(), "sender"))
    }

    /// The moment of the Date field; `None` where it is missing or no date.
    pub fn date(&self) -> Option<jiff::Timestamp> {
        moment(self.headers().first("date")?.value())
    }

    /// The Message-ID without its brackets.
    pub fn message_id(&self) -> Option<&str> {
        let value = self.headers().first("message-id")?.value();
        let value = value.trim().trim_start_matches('<').trim_end_matches('>');
        (!value.is_empty()).then_some(value)
    }

    /// The priority by Importance and Priority (both RFC 2156), X-Priority and X-MSMail-Priority, every
    /// occurrence. High where one of them says high, else low where one says low: `normal` is what programs write unasked
    /// beside a field that says more, and as much as a missing field says.
    pub fn priority(&self) -> Priority {
        let of = |header: &Header| {
            let value = header.value().to_ascii_lowercase();
            Some(match value.trim().chars().next()? {
                '1' | '2' | 'h' | 'u' => Priority::High,
                '4' | '5' | 'l' => Priority::Low,
                'n' if value.starts_with("non") => Priority::Low,
                _ => Priority::Normal,
            })
        };
        let said: Vec<Priority> = ["importance", "x-priority", "priority", "x-msmail-priority"]
            .iter()
            .flat_map(|name| self.headers().all(name))
            .filter_map(of)
            .collect();
        [Priority::High, Priority::Low].into_iter().find(|one| said.contains(one)).unwrap_or_default()
    }

    /// The program that wrote it: User-Agent or X-Mailer.
    pub fn agent(&self) -> Option<&str> {
        ["user-agent", "x-mailer", "x-newsreader"]
            .iter()
            .find_map(|name| self.headers().first(name))
            .map(Header::value)
    }

    fn contents(&self) -> &Contents {
        self.inner.contents.get_or_init(|| {
            attachments::collect(&self.inner.structure, &self.inner.limits, self.inner.allowance)
        })
    }

    fn sources(&self) -> &Sources {
        self.inner.sources.get_or_init(|| text_tree::sources(self.texts()))
    }

    fn texts(&self) -> &Texts {
        self.inner
            .texts
            .get_or_init(|| texts::collect(&self.inner.structure, self.contents(), &self.inner.limits))
    }
}

impl std::fmt::Debug for Message {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Message").field("size", &self.size()).field("parts", &self.parts().len()).finish()
    }
}

/// A moment as header fields write it (RFC 5322, 3.3); `None` for what is no date.
pub fn moment(text: &str) -> Option<jiff::Timestamp> {
    let date = mail_parser::DateTime::parse_rfc822(text).filter(mail_parser::DateTime::is_valid)?;
    jiff::Timestamp::from_second(date.to_timestamp()).ok()
}
