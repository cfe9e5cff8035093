//! Makes all text of a message: normalised surfaces, hung into trees ([`TextTree`]).
//!
//! Two readings that come to the same text share one surface. Surfaces are made once, when text is first asked for, up to
//! the limit on text; what is beyond is a fact with its place. The walk is as deep as the message is nested, which the
//! limits bound.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
};

use super::{
    attachment::{Attachment, AttachmentId},
    attachments::{Contents, PartKey},
    charset::{self, CharsetProblem},
    fact::{Cause, Facts, MalformationKind, Place, Scopes},
    filetype::Family,
    html, links,
    part::{Part, PartId, Reading, Role, Why},
    surface::Surface,
    text_tree::{Source, SurfaceId, Surfaced, TextTree},
    tree::Structure,
};
use crate::base::limits::MessageLimits;

/// All text of a message.
#[derive(Debug, Default)]
pub(crate) struct Texts {
    pub(crate) surfaces: Vec<Surfaced>,
    pub(crate) text: TextTree,
    pub(crate) subject: TextTree,
    pub(crate) body: TextTree,
    /// The visible text of the HTML parts of the body.
    pub(crate) body_html: TextTree,
    pub(crate) of_attachment: HashMap<AttachmentId, TextTree>,
    pub(crate) facts: Facts,
    /// At least as many as there are links; more than any limit where that cannot be told without reading them.
    pub(crate) candidates: usize,
}

/// Makes all surfaces and trees.
pub(crate) fn collect(structure: &Structure, contents: &Contents, limits: &MessageLimits) -> Texts {
    let mut collector = Collector {
        structure,
        contents,
        left: limits.text_bytes,
        links: limits.links,
        texts: Texts::default(),
        by_text: HashMap::new(),
        of_part: HashMap::new(),
        own_text: HashMap::new(),
        part_of: contents.of_part.iter().map(|(key, id)| (*id, *key)).collect(),
        attachment_of: contents.message_in.iter().map(|(id, number)| (*number, *id)).collect(),
    };
    collector.run();
    collector.texts
}

struct Collector<'a> {
    structure: &'a Structure,
    contents: &'a Contents,
    left: usize,
    /// Links of one text that are worth counting.
    links: usize,
    texts: Texts,
    by_text: HashMap<(u64, usize, bool), SurfaceId>,
    of_part: HashMap<PartKey, TextTree>,
    own_text: HashMap<AttachmentId, TextTree>,
    /// The part that an attachment is.
    part_of: HashMap<AttachmentId, PartKey>,
    /// The attachment whose message a structure is.
    attachment_of: HashMap<usize, AttachmentId>,
}

/// Which text of the message a walk collects.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Everything,
    Body,
    BodyHtml,
}

impl<'a> Collector<'a> {
    fn run(&mut self) {
        let subject = self.subjects(0);
        self.texts.subject = subject.clone();
        let body = self.message(0, Wanted::Body);
        self.texts.body_html = self.message(0, Wanted::BodyHtml);
        let rest = self.message(0, Wanted::Everything);
        self.texts.text = TextTree::all(vec![subject, rest]);
        self.texts.body = body;
        for index in 0..self.contents.attachments.len() {
            let id = AttachmentId(u32::try_from(index).unwrap_or(u32::MAX));
            let tree = self.attachment(id);
            self.texts.of_attachment.insert(id, tree);
        }
    }

    fn parts(&self, number: usize) -> &'a [Part] {
        match number.checked_sub(1) {
            None => &self.structure.parts,
            Some(nested) => self.contents.nested.get(nested).map(|s| s.parts.as_slice()).unwrap_or_default(),
        }
    }

    fn part(&self, key: PartKey) -> Option<&'a Part> {
        self.parts(key.0).get(key.1.index())
    }

    /// The subject of the message that a structure is, every occurrence.
    fn subjects(&mut self, number: usize) -> TextTree {
        let Some(root) = self.parts(number).first() else { return TextTree::default() };
        let owner = self.attachment_of.get(&number).copied();
        self.subjects_of(root, owner)
    }

    fn subjects_of(&mut self, root: &'a Part, owner: Option<AttachmentId>) -> TextTree {
        let mut found = Vec::new();
        for (occurrence, header) in root.headers.every("subject").enumerate() {
            let (source, name) = match owner {
                None => (Source::Subject(occurrence), "subject".to_string()),
                Some(id) => (Source::Attachment(id), format!("{} (subject)", self.path(id))),
            };
            let text = header.value().to_string();
            let place = Place { attachment: owner, shown: name.clone(), ..Place::default() };
            if let Some(id) = self.surface(text, false, source, name, &place, Scopes::ANY_TEXT) {
                found.push(TextTree::Leaf(id));
            }
        }
        TextTree::alternative(found)
    }

    fn path(&self, id: AttachmentId) -> String {
        self.contents.attachments.get(id.index()).map(|a| a.path.clone()).unwrap_or_default()
    }

    /// All that a structure holds: its root, and the roots of other readings of the whole.
    fn message(&mut self, number: usize, wanted: Wanted) -> TextTree {
        let parts = self.parts(number);
        let roots: Vec<PartId> = parts.iter().filter(|p| p.parent.is_none()).map(|p| p.id).collect();
        self.siblings(number, &roots, None, wanted)
    }

    /// Siblings: each with its other readings beside it.
    fn siblings(
        &mut self,
        number: usize,
        ids: &[PartId],
        parent: Option<PartId>,
        wanted: Wanted,
    ) -> TextTree {
        let mut beside: HashMap<PartId, Vec<PartId>> = HashMap::new();
        let mut first = Vec::new();
        for id in ids {
            let Some(part) = self.part((number, *id)) else { continue };
            match part.alternative_of {
                Some(of) if Some(of) != parent => beside.entry(of).or_default().push(*id),
                _ => first.push(*id),
            }
        }
        let mut texts = Vec::new();
        for id in first {
            // The other readings of a reading stand beside it too; none is the other reading of two.
            let mut group = vec![id];
            let mut at = 0;
            while let Some(of) = group.get(at).copied() {
                group.extend(beside.remove(&of).unwrap_or_default());
                at += 1;
            }
            let group = group.into_iter().map(|id| self.node((number, id), wanted)).collect();
            texts.push(TextTree::alternative(group));
        }
        TextTree::all(texts)
    }

    fn node(&mut self, key: PartKey, wanted: Wanted) -> TextTree {
        let Some(part) = self.part(key) else { return TextTree::default() };
        match part.role {
            Role::Container if part.media.is("multipart", "alternative") => {
                // Text before and behind the parts is none of the alternatives; it is a text of its own.
                let (own, around): (Vec<PartId>, Vec<PartId>) = part.children.iter().partition(|id| {
                    self.part((key.0, **id)).is_some_and(|p| p.alternative_of != Some(key.1))
                });
                let mut branches = Vec::new();
                for (primary, others) in self.grouped(key.0, &own) {
                    let mut ids = vec![primary];
                    ids.extend(others);
                    branches.push(self.siblings(key.0, &ids, Some(key.1), wanted));
                }
                let around = self.siblings(key.0, &around, Some(key.1), wanted);
                TextTree::all(vec![TextTree::alternative(branches), around])
            }
            Role::Container => self.siblings(key.0, &part.children, Some(key.1), wanted),
            Role::Message if wanted == Wanted::Everything => {
                let root = part.children.first().and_then(|id| self.part((key.0, *id)));
                let owner = self.contents.of_part.get(&key).copied();
                let subject = root.map(|root| self.subjects_of(root, owner)).unwrap_or_default();
                let inner = self.siblings(key.0, &part.children, Some(key.1), wanted);
                TextTree::all(vec![subject, inner])
            }
            Role::Message => TextTree::default(),
            Role::Text | Role::Html | Role::Attachment => self.leaf(key, part, wanted),
        }
    }

    /// Parts with the other readings of each behind it.
    fn grouped(&self, number: usize, ids: &[PartId]) -> Vec<(PartId, Vec<PartId>)> {
        let mut groups: Vec<(PartId, Vec<PartId>)> = Vec::new();
        for id in ids {
            let of = self.part((number, *id)).and_then(|p| p.alternative_of);
            match groups
                .iter_mut()
                .find(|(first, others)| of.is_some_and(|of| *first == of || others.contains(&of)))
            {
                Some((_, others)) => others.push(*id),
                None => groups.push((*id, Vec::new())),
            }
        }
        groups
    }

    fn leaf(&mut self, key: PartKey, part: &'a Part, wanted: Wanted) -> TextTree {
        // What stands before and behind the parts is text, but no program of today shows it as the body.
        let around = matches!(part.reading, Reading::Alternative(Why::Preamble | Why::Epilogue));
        let in_body = part.is_body_text();
        let html = part.role == Role::Html || part.media.is("text", "html");
        match wanted {
            Wanted::Body if !in_body || around || key.0 != 0 => TextTree::default(),
            Wanted::BodyHtml if !in_body || !html || around || key.0 != 0 => TextTree::default(),
            Wanted::Body | Wanted::BodyHtml => self.part_text(key, part, html),
            Wanted::Everything => {
                let own = match self.contents.of_part.get(&key) {
                    Some(id) if !in_body => self.attachment_text(*id),
                    _ if in_body => self.part_text(key, part, html),
                    // The same bytes as an attachment that is listed already.
                    _ => TextTree::default(),
                };
                let message = self.contents.of_part.get(&key).copied().map(|id| self.message_inside(id));
                let mut all = vec![TextTree::alternative(vec![own, message.unwrap_or_default()])];
                for id in self.contents.in_part.get(&key).cloned().unwrap_or_default() {
                    all.push(self.attachment_with_inside(id));
                }
                if let Some(id) = self.contents.of_part.get(&key).copied() {
                    all.push(self.inside(id));
                }
                TextTree::all(all)
            }
        }
    }

    fn attachment_with_inside(&mut self, id: AttachmentId) -> TextTree {
        let own = self.attachment_text(id);
        let message = self.message_inside(id);
        let inside = self.inside(id);
        TextTree::all(vec![TextTree::alternative(vec![own, message]), inside])
    }

    /// The text of the message that an attachment is.
    fn message_inside(&mut self, id: AttachmentId) -> TextTree {
        let Some(number) = self.contents.message_in.get(&id).copied() else { return TextTree::default() };
        let subject = self.subjects(number);
        let inner = self.message(number, Wanted::Everything);
        TextTree::all(vec![subject, inner])
    }

    /// What is in an attachment: members, files in its text.
    fn inside(&mut self, id: AttachmentId) -> TextTree {
        let mut all = Vec::new();
        for member in self.contents.in_attachment.get(&id).cloned().unwrap_or_default() {
            all.push(self.attachment_with_inside(member));
        }
        TextTree::all(all)
    }

    /// The text of one attachment with all that is in it.
    fn attachment(&mut self, id: AttachmentId) -> TextTree {
        let Some(attachment) = self.contents.attachments.get(id.index()) else { return TextTree::default() };
        match self.part_of.get(&id).copied() {
            Some(key) => self.node(key, Wanted::Everything),
            None => {
                debug_assert_eq!(attachment.id, id);
                self.attachment_with_inside(id)
            }
        }
    }

    fn part_text(&mut self, key: PartKey, part: &'a Part, html: bool) -> TextTree {
        if let Some(known) = self.of_part.get(&key) {
            return known.clone();
        }
        let owner = self.contents.owner.get(&key).copied();
        let (source, name, scopes) = match owner {
            None if key.0 == 0 => (Source::Part(part.id), part.shown(), Scopes::BODY_TEXT),
            Some(id) => (
                Source::Attachment(id),
                format!("{} ({})", self.path(id), part.shown()),
                Scopes::ATTACHMENT_TEXT,
            ),
            None => (Source::Part(PartId(0)), part.shown(), Scopes::ATTACHMENT_TEXT),
        };
        let place = Place {
            part: (key.0 == 0).then_some(part.id),
            attachment: owner,
            offset: part.body.offset(0),
            shown: name.clone(),
        };
        let quiet = part.reading != Reading::Primary;
        let charsets: Vec<String> =
            part.content_type.readings("charset").into_iter().map(|r| r.text).collect();
        let tree = self.decoded(part.content(), &charsets, html, source, name, place, scopes, quiet);
        self.of_part.insert(key, tree.clone());
        tree
    }

    fn attachment_text(&mut self, id: AttachmentId) -> TextTree {
        if let Some(known) = self.own_text.get(&id) {
            return known.clone();
        }
        let contents = self.contents;
        let Some(attachment) = contents.attachments.get(id.index()) else { return TextTree::default() };
        let Some(html) = text_kind(attachment) else { return TextTree::default() };
        // A message's own text comes from its parts; what is declared as text is shown as it stands as well.
        let text = attachment.declared_type.as_deref().is_some_and(|d| d.starts_with("text/"));
        if contents.message_in.contains_key(&id) && !text {
            return TextTree::default();
        }
        let name = attachment.path.clone();
        let place = Place { part: attachment.part, attachment: Some(id), offset: None, shown: name.clone() };
        let charset = attachment.declared_charsets.as_slice();
        let quiet = attachment.reading != Reading::Primary;
        let source = Source::Attachment(id);
        let tree = self.decoded(
            attachment.content(),
            charset,
            html,
            source,
            name,
            place,
            Scopes::ATTACHMENT_TEXT,
            quiet,
        );
        self.own_text.insert(id, tree.clone());
        tree
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "each says one thing about the text, and all callers are above"
    )]
    fn decoded(
        &mut self,
        bytes: &[u8],
        declared: &[String],
        html: bool,
        source: Source,
        name: String,
        place: Place,
        scopes: Scopes,
        quiet: bool,
    ) -> TextTree {
        // A character takes one byte at least, and hardly any charset makes more than three bytes of one.
        let cut = bytes.len().min(self.left);
        if cut < bytes.len() {
            self.over_limit(&place, scopes);
        }
        if cut == 0 {
            return TextTree::default();
        }
        let bytes = bytes.get(..cut).unwrap_or_default();
        let mut labels: Vec<Option<String>> = declared.iter().cloned().map(Some).collect();
        labels.extend(charset_in_html(bytes).filter(|_| html).map(Some));
        if labels.is_empty() {
            labels.push(None);
        }
        let mut readings = Vec::new();
        for (number, label) in labels.iter().enumerate() {
            let decoded = charset::decode(bytes, label.as_deref());
            if let Some(problem) = decoded.problem.as_ref().filter(|_| !quiet && number == 0) {
                self.charset_fact(
                    problem,
                    label.as_deref().unwrap_or_default(),
                    bytes,
                    place.clone(),
                    scopes,
                );
            }
            // A further opinion counts where it is one: a charset that exists and that the bytes fit.
            if number == 0 || decoded.problem.is_none() {
                readings.push(decoded.text);
                readings.extend(decoded.other);
            }
        }
        let mut leaves = Vec::new();
        for text in readings {
            if let Some(id) = self.surface(text, html, source, name.clone(), &place, scopes) {
                leaves.push(TextTree::Leaf(id));
            }
        }
        let mut seen = Vec::new();
        leaves.retain(|leaf| {
            let new = !seen.contains(leaf);
            seen.push(leaf.clone());
            new
        });
        TextTree::alternative(leaves)
    }

    fn charset_fact(
        &mut self,
        problem: &CharsetProblem,
        declared: &str,
        bytes: &[u8],
        place: Place,
        scopes: Scopes,
    ) {
        let shown: String = declared.chars().take(40).collect();
        let (kind, detail) = match problem {
            CharsetProblem::Unknown => {
                (MalformationKind::BadCharset, format!("the charset `{shown}` is unknown"))
            }
            CharsetProblem::Invalid => {
                (MalformationKind::BadCharset, format!("bytes that are not of the charset `{shown}`"))
            }
            CharsetProblem::Conflict(found) => (
                MalformationKind::ConflictingCharset,
                format!("declared as `{shown}`, but the bytes are {found}"),
            ),
        };
        let legible = std::str::from_utf8(bytes).is_ok() && memchr::memchr2(0, 0x1b, bytes).is_none();
        let unread = *problem == CharsetProblem::Unknown && !legible;
        if unread {
            self.texts.facts.unscannable(Cause::Unsupported, scopes, place.clone(), detail.clone());
        }
        self.texts.facts.malformed(kind, place, detail);
    }

    fn over_limit(&mut self, place: &Place, scopes: Scopes) {
        self.texts.facts.limit(scopes, place.clone(), "more text than the limit");
    }

    /// The surface of a text; one that is there already where the text is the same.
    fn surface(
        &mut self,
        text: String,
        html: bool,
        source: Source,
        name: String,
        place: &Place,
        scopes: Scopes,
    ) -> Option<SurfaceId> {
        if text.is_empty() {
            return None;
        }
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        let key = (hasher.finish(), text.len(), html);
        if let Some(id) = self.by_text.get(&key) {
            let known = self.texts.surfaces.get(id.index());
            if known.is_some_and(|known| known.text == text && known.source == source) {
                return Some(*id);
            }
        }
        if text.len() > self.left {
            self.over_limit(place, scopes);
            if self.left == 0 {
                return None;
            }
        }
        let mut text = text;
        text.truncate(text.floor_char_boundary(self.left));
        self.left -= text.len();
        let id = SurfaceId(u32::try_from(self.texts.surfaces.len()).ok()?);
        let surface = if html {
            let visible = html::visible_text_with(&text, self.links.saturating_add(1));
            let written = links::candidates(&visible.text);
            self.texts.candidates =
                self.texts.candidates.saturating_add(visible.links.len()).saturating_add(written);
            Surface::from_visible(visible)
        } else {
            self.texts.candidates = self.texts.candidates.saturating_add(links::candidates(&text));
            Surface::from_text(&text)
        };
        self.texts.surfaces.push(Surfaced { id, surface, text, html, source, name });
        self.by_text.insert(key, id);
        Some(id)
    }
}

/// Whether an attachment has text that can be read here, and whether it is HTML.
fn text_kind(attachment: &Attachment) -> Option<bool> {
    let declared = attachment.declared_type.as_deref().unwrap_or_default();
    let kind = &attachment.file_type;
    let html = kind.family == Family::Html || declared == "text/html" || declared == "application/xhtml+xml";
    let by_bytes = kind.is_textual()
        || kind.family == Family::Key && attachment.content().is_ascii()
        || matches!(kind.family, Family::Unknown | Family::Data)
            && charset::looks_like_utf16(attachment.content());
    let written = declared.starts_with("text/")
        || matches!(
            declared,
            "application/json"
                | "application/xml"
                | "application/javascript"
                | "application/x-sh"
                | "message/delivery-status"
                | "message/disposition-notification"
                | "message/feedback-report"
                | "message/external-body"
        )
        || declared.ends_with("+xml")
        || declared.ends_with("+json");
    let by_declaration = written && matches!(kind.family, Family::Unknown | Family::Data | Family::Empty);
    let structured =
        matches!(kind.media_type.as_ref(), "application/json" | "application/xml" | "image/svg+xml");
    (by_bytes || by_declaration || structured).then_some(html)
}

/// The charset that an HTML document declares about itself (HTML, section "prescan").
fn charset_in_html(bytes: &[u8]) -> Option<String> {
    let head = bytes.get(..bytes.len().min(2048))?.to_ascii_lowercase();
    let at = memchr::memmem::find(&head, b"charset=")? + 8;
    let rest = head.get(at..)?;
    let rest = rest.strip_prefix(b"\"").or_else(|| rest.strip_prefix(b"'")).unwrap_or(rest);
    let end =
        rest.iter().position(|b| !(b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b':' | b'.')))?;
    Some(String::from_utf8_lossy(rest.get(..end)?).into_owned()).filter(|label| !label.is_empty())
}
