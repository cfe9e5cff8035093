//! Everything that is attached, however deep: parts, files in text, members of archives, attached messages and what they
//! hold, as one flat list with containers.
//!
//! Iterative: what waits to be opened is a stack. All expansion draws on one allowance a message, so nested archives end
//! at its limits; what was not opened is a fact with its place. Contents are decoded when the list is made.

use std::{
    collections::{HashMap, HashSet},
    sync::OnceLock,
};

use super::{
    Attachment, AttachmentId,
    archive::{self, Budget, Unpacked},
    cms, crypto,
    documents::{self, DocumentFacts},
    fact::{Cause, Facts, MalformationKind, Place, Scopes},
    filetype::{self, Container, Family, FileType},
    headers,
    part::{Part, PartId, Reading, Role},
    region::Region,
    tree::{self, Allowance, Structure},
    uuencode, yenc,
};
use crate::base::limits::MessageLimits;

/// Names a part of one of the structures: the message's own is number 0, those of messages inside attachments follow.
pub(crate) type PartKey = (usize, PartId);

/// All attachments and how they hang together.
#[derive(Debug, Default)]
pub(crate) struct Contents {
    pub(crate) attachments: Vec<Attachment>,
    /// Structures of messages inside attachments; number 1 is the first.
    pub(crate) nested: Vec<Structure>,
    pub(crate) facts: Facts,
    /// The attachment that a part is.
    pub(crate) of_part: HashMap<PartKey, AttachmentId>,
    /// The attached message that a part belongs to.
    pub(crate) owner: HashMap<PartKey, AttachmentId>,
    /// Files found in the text of a part.
    pub(crate) in_part: HashMap<PartKey, Vec<AttachmentId>>,
    /// Members of an archive and files in the text of an attachment.
    pub(crate) in_attachment: HashMap<AttachmentId, Vec<AttachmentId>>,
    /// The structure of the message that an attachment is.
    pub(crate) message_in: HashMap<AttachmentId, usize>,
}

/// A file that waits to become an attachment.
struct File {
    part: Option<PartId>,
    key: Option<PartKey>,
    found_in: Option<PartKey>,
    container: Option<AttachmentId>,
    name: Option<String>,
    other_names: Vec<String>,
    declared_type: Option<String>,
    declared_charsets: Vec<String>,
    content: Region,
    reading: Reading,
    depth: usize,
    cause: Option<Cause>,
    encrypted: bool,
    /// An attached message of the same structure: its parts are read already.
    is_message_part: bool,
}

enum Item {
    Part(PartKey),
    File(Box<File>),
}

/// Makes the list for a message.
pub(crate) fn collect(structure: &Structure, limits: &MessageLimits, allowance: Allowance) -> Contents {
    let mut collector = Collector {
        structure,
        limits,
        allowance,
        contents: Contents::default(),
        stack: Vec::new(),
        seen: HashSet::new(),
        alternatives: has_alternatives(structure),
        roots: vec![(None, 0, String::new())],
    };
    collector.push_parts(0);
    while let Some(item) = collector.stack.pop() {
        match item {
            Item::Part(key) => collector.part(key),
            Item::File(file) => collector.file(*file),
        }
    }
    collector.contents
}

struct Collector<'a> {
    structure: &'a Structure,
    limits: &'a MessageLimits,
    allowance: Allowance,
    contents: Contents,
    stack: Vec<Item>,
    /// Hash and name of what is listed, to list another reading only where it differs.
    seen: HashSet<(String, Option<String>)>,
    /// Whether there is any other reading, here or in the messages inside attachments.
    alternatives: bool,
    /// Of each structure: the attachment it is in, its depth and its path.
    roots: Vec<(Option<AttachmentId>, usize, String)>,
}

impl Collector<'_> {
    fn parts_of(&self, number: usize) -> &[Part] {
        match number.checked_sub(1) {
            None => &self.structure.parts,
            Some(nested) => self.contents.nested.get(nested).map(|s| s.parts.as_slice()).unwrap_or_default(),
        }
    }

    fn push_parts(&mut self, number: usize) {
        let count = self.parts_of(number).len();
        for index in (0..count).rev() {
            self.stack.push(Item::Part((number, PartId(u32::try_from(index).unwrap_or(u32::MAX)))));
        }
    }

    /// The attachment that holds a part: the attached message around it, or the one the structure is in.
    fn owner(&self, key: PartKey) -> Option<AttachmentId> {
        let parts = self.parts_of(key.0);
        let mut at = parts.get(key.1.index())?.parent;
        while let Some(parent) = at {
            let part = parts.get(parent.index())?;
            let message = self.contents.of_part.get(&(key.0, parent)).filter(|_| part.role == Role::Message);
            if let Some(id) = message {
                return Some(*id);
            }
            at = part.parent;
        }
        self.roots.get(key.0).and_then(|root| root.0)
    }

    fn part(&mut self, key: PartKey) {
        let owner = self.owner(key);
        if let Some(owner) = owner {
            self.contents.owner.insert(key, owner);
        }
        let (container_depth, _) = self.depth_and_path(owner);
        let Some(part) = self.parts_of(key.0).get(key.1.index()) else { return };
        let (role, reading) = (part.role, part.reading);
        if role == Role::Container {
            return;
        }
        let content = part.content_region();
        if matches!(role, Role::Text | Role::Html) {
            if holds_binhex(content.bytes()) {
                let place = self.place(Some(key), owner, self.shown_part(key));
                let facts = &mut self.contents.facts;
                facts.unscannable(
                    Cause::Unsupported,
                    Scopes::INSIDE,
                    place,
                    "a BinHex file in text cannot be opened",
                );
            }
            self.files_in_text(&content, Some(key), owner, container_depth + 1, reading);
            return;
        }
        let name = part.file_name().map(str::to_string);
        let other_names = part.names.iter().skip(1).cloned().collect();
        let declared_type = Some(part.media.as_str().to_string());
        let declared_charsets = part.content_type.readings("charset").into_iter().map(|r| r.text).collect();
        let file = File {
            part: (key.0 == 0).then_some(key.1),
            key: Some(key),
            found_in: None,
            container: owner,
            name,
            other_names,
            declared_type,
            declared_charsets,
            content,
            reading,
            depth: container_depth + 1,
            cause: None,
            encrypted: false,
            is_message_part: role == Role::Message,
        };
        self.file(file);
    }

    fn depth_and_path(&self, container: Option<AttachmentId>) -> (usize, String) {
        match container.and_then(|id| self.contents.attachments.get(id.index())) {
            Some(found) => (found.depth, found.path.clone()),
            None => (0, String::new()),
        }
    }

    fn files_in_text(
        &mut self,
        text: &Region,
        found_in: Option<PartKey>,
        container: Option<AttachmentId>,
        depth: usize,
        reading: Reading,
    ) {
        let mut found = uuencode::find(text.bytes());
        found.extend(yenc::find(text.bytes()));
        for file in found.into_iter().rev() {
            let place =
                |this: &Self| this.place(found_in, container, format!("the file `{}` in text", file.name));
            if !self.take(file.bytes.len(), place) {
                return;
            }
            if let Some(problem) = file.problem {
                let place = self.place(found_in, container, format!("the file `{}` in text", file.name));
                self.contents.facts.malformed(MalformationKind::BadUuencode, place, problem);
            }
            self.stack.push(Item::File(Box::new(File {
                part: found_in.filter(|key| key.0 == 0).map(|key| key.1),
                key: None,
                found_in,
                container,
                name: Some(file.name),
                other_names: Vec::new(),
                declared_type: None,
                declared_charsets: Vec::new(),
                content: Region::decoded(file.bytes.into()),
                reading,
                depth,
                cause: None,
                encrypted: false,
                is_message_part: false,
            })));
        }
    }

    fn place(&self, key: Option<PartKey>, attachment: Option<AttachmentId>, shown: String) -> Place {
        Place { part: key.filter(|k| k.0 == 0).map(|k| k.1), attachment, offset: None, shown }
    }

    /// Takes decoded bytes out of the allowance; a fact about the place where that is used up.
    fn take(&mut self, bytes: usize, place: impl FnOnce(&Self) -> Place) -> bool {
        match self.allowance.expanded.checked_sub(bytes as u64) {
            Some(left) => {
                self.allowance.expanded = left;
                true
            }
            None => {
                let place = place(self);
                self.limit("what is packed expands beyond the limit", place);
                false
            }
        }
    }

    fn limit(&mut self, detail: &str, place: Place) {
        self.contents.facts.limit(Scopes::INSIDE, place, detail);
    }

    fn file(&mut self, file: File) {
        let (_, container_path) = self.depth_and_path(file.container);
        let shown_part = file.key.or(file.found_in).map(|key| self.shown_part(key));
        let own = match (&file.name, &shown_part) {
            (Some(name), _) => name.clone(),
            (None, Some(part)) => part.clone(),
            (None, None) => "unnamed".to_string(),
        };
        let path = if container_path.is_empty() { own } else { format!("{container_path}/{own}") };
        let name = file.name.clone().unwrap_or_default();
        let file_type = filetype::detect_named(file.content.bytes(), &name);
        let id = AttachmentId(u32::try_from(self.contents.attachments.len()).unwrap_or(u32::MAX));
        let attachment = Attachment {
            id,
            part: file.part,
            container: file.container,
            name: file.name,
            other_names: file.other_names,
            declared_type: file.declared_type,
            declared_charsets: file.declared_charsets,
            content: file.content,
            file_type,
            document: DocumentFacts::default(),
            encrypted: file.encrypted,
            corrupt: false,
            depth: file.depth,
            path: path.chars().take(400).collect(),
            reading: file.reading,
            sha256: OnceLock::new(),
        };
        if self.alternatives {
            let same = (attachment.sha256().to_string(), attachment.name.clone());
            let new = self.seen.insert(same);
            if !new && attachment.reading != Reading::Primary {
                return;
            }
        }
        if let Some(key) = file.key {
            self.contents.of_part.insert(key, id);
        } else if let Some(container) = file.container.filter(|_| file.found_in.is_none()) {
            self.contents.in_attachment.entry(container).or_default().push(id);
        }
        if let Some(found_in) = file.found_in {
            self.contents.in_part.entry(found_in).or_default().push(id);
        }
        self.contents.attachments.push(attachment);
        if let Some(cause) = file.cause {
            self.unreadable(id, cause, "it could not be unpacked");
        }
        if file.depth > self.allowance.depth {
            let place = self.place(None, Some(id), path);
            self.limit("nested deeper than the limit", place);
            return;
        }
        if !file.is_message_part {
            self.open(id, file.key);
        }
    }

    fn shown_part(&self, key: PartKey) -> String {
        self.parts_of(key.0).get(key.1.index()).map(Part::shown).unwrap_or_default()
    }

    fn unreadable(&mut self, id: AttachmentId, cause: Cause, detail: &str) {
        let Some(attachment) = self.contents.attachments.get_mut(id.index()) else { return };
        attachment.encrypted |= cause == Cause::Encrypted;
        attachment.corrupt |= cause == Cause::Corrupt;
        let place = Place {
            part: attachment.part,
            attachment: Some(id),
            offset: None,
            shown: attachment.path.clone(),
        };
        self.contents.facts.unscannable(cause, Scopes::INSIDE, place, detail);
    }

    /// Looks into an attachment: archives, documents, messages, files in text.
    fn open(&mut self, id: AttachmentId, key: Option<PartKey>) {
        let Some(attachment) = self.contents.attachments.get(id.index()) else { return };
        let content = attachment.content.clone();
        let file_type = attachment.file_type.clone();
        let (depth, reading) = (attachment.depth, attachment.reading);
        let name = attachment.name.clone().unwrap_or_default();
        let declared = attachment.declared_type.clone().unwrap_or_default();
        let bytes = content.bytes();
        if bytes.is_empty() {
            return;
        }
        if is_message(bytes, &file_type, &name, &declared) {
            self.message(id, &content);
        } else if !self.is_smime_part(key) {
            // An envelope that is merely attached: what it signs or compresses is a MIME entity.
            let path = attachment.path.clone();
            match cms::content(bytes, self.allowance.expanded) {
                cms::Content::Inside(inner) => {
                    if self.take(inner.len(), |this| this.place(None, Some(id), path)) {
                        self.message(id, &Region::decoded(inner.into()));
                    }
                }
                cms::Content::TooLarge => {
                    self.unreadable(id, Cause::Limit, "it unpacks to more than the limit")
                }
                cms::Content::None => {}
            }
        }
        let opens = matches!(file_type.container, Container::Zip | Container::Gzip)
            || file_type.family == Family::Archive;
        let mut unpacked = None;
        if opens {
            let mut budget = self.budget();
            let found = archive::unpack(bytes, &file_type, &name, &mut budget);
            self.allowance.parts = self.allowance.parts.min(budget.members_left());
            self.allowance.expanded = self.allowance.expanded.min(budget.bytes_left());
            unpacked = Some(found);
        }
        if file_type.family == Family::Document {
            let facts = documents::inspect(bytes, &file_type, unpacked.as_ref());
            self.document(id, facts);
        }
        if file_type.family == Family::Text {
            // A table or an XML document is text that is read; that it acts when opened is a fact beside it.
            let facts = documents::inspect(bytes, &file_type, None);
            if let Some(attachment) = self.contents.attachments.get_mut(id.index()) {
                attachment.document = facts;
            }
        }
        if let Some(unpacked) = unpacked {
            self.members(id, unpacked, depth, reading, file_type.family);
        }
        if file_type.family == Family::Encrypted && !self.is_smime_part(key) {
            self.unreadable(id, Cause::Encrypted, "it is encrypted");
        }
        if let Some(format) = closed_container(bytes, &file_type, &declared) {
            self.unreadable(id, Cause::Unsupported, &format!("{format} cannot be opened"));
        }
        if file_type.is_textual() {
            self.files_in_text(&content, key, Some(id), depth + 1, reading);
        }
    }

    fn is_smime_part(&self, key: Option<PartKey>) -> bool {
        key.and_then(|key| self.parts_of(key.0).get(key.1.index())).is_some_and(|p| {
            matches!(p.media.as_str(), "application/pkcs7-mime" | "application/x-pkcs7-mime")
        })
    }

    fn budget(&self) -> Budget {
        Budget::new(&MessageLimits {
            parts: self.allowance.parts,
            expanded_bytes: self.allowance.expanded,
            ..self.limits.clone()
        })
    }

    fn document(&mut self, id: AttachmentId, facts: DocumentFacts) {
        let Some(attachment) = self.contents.attachments.get_mut(id.index()) else { return };
        attachment.document = facts;
        attachment.encrypted |= facts.encrypted;
        attachment.corrupt |= facts.corrupt;
        let place = Place {
            part: attachment.part,
            attachment: Some(id),
            offset: None,
            shown: attachment.path.clone(),
        };
        let kind = attachment.file_type.name.to_string();
        if facts.encrypted {
            self.contents.facts.unscannable(Cause::Encrypted, Scopes::INSIDE, place, "an encrypted document");
        } else {
            let detail = format!("the text of this format cannot be read: {kind}");
            self.contents.facts.unscannable(Cause::Unsupported, Scopes::ATTACHMENT_TEXT, place, detail);
        }
    }

    fn members(
        &mut self,
        id: AttachmentId,
        unpacked: Unpacked,
        depth: usize,
        reading: Reading,
        family: Family,
    ) {
        let document = family == Family::Document;
        for cause in &unpacked.causes {
            if !document || *cause == archive::Cause::Limit {
                self.unreadable(id, cause_of(*cause), "the archive cannot be read in full");
            }
        }
        if !document && !unpacked.irregularities.is_empty() {
            let shown = self.contents.attachments.get(id.index()).map(|a| a.path.clone()).unwrap_or_default();
            let place = self.place(None, Some(id), shown);
            let detail = "programs may unpack different files from it";
            self.contents.facts.malformed(MalformationKind::IrregularArchive, place, detail);
        }
        for member in unpacked.members.into_iter().rev() {
            // Of a document only the files embedded in it are attachments; its own parts are the document.
            if document && !member.name.to_ascii_lowercase().contains("/embeddings/") {
                continue;
            }
            if let Some(attachment) = self.contents.attachments.get_mut(id.index()) {
                attachment.encrypted |= member.encrypted;
            }
            self.stack.push(Item::File(Box::new(File {
                part: None,
                key: None,
                found_in: None,
                container: Some(id),
                name: Some(member.name),
                other_names: member.other_names,
                declared_type: None,
                declared_charsets: Vec::new(),
                content: Region::decoded(member.content.into()),
                reading,
                depth: depth + 1,
                cause: member.cause.map(cause_of),
                encrypted: member.encrypted,
                is_message_part: false,
            })));
        }
    }

    /// Reads an attached file that is a message; its parts take their turn after this.
    fn message(&mut self, id: AttachmentId, content: &Region) {
        let Some(attachment) = self.contents.attachments.get(id.index()) else { return };
        let (depth, path) = (attachment.depth, attachment.path.clone());
        let mut inner = Allowance { depth: self.allowance.depth.saturating_sub(depth), ..self.allowance };
        let mut structure = tree::read(Region::decoded(content.to_shared()), self.limits, &mut inner);
        crypto::note(&mut structure);
        self.allowance.parts = inner.parts;
        self.allowance.expanded = inner.expanded;
        for mut unscannable in std::mem::take(&mut structure.facts.unscannable) {
            unscannable.place = self.place(None, Some(id), format!("{path}/{}", unscannable.place.shown));
            let scopes = Scopes::INSIDE;
            self.contents.facts.unscannable(unscannable.cause, scopes, unscannable.place, unscannable.detail);
        }
        for mut malformed in std::mem::take(&mut structure.facts.malformed) {
            malformed.place = self.place(None, Some(id), format!("{path}/{}", malformed.place.shown));
            self.contents.facts.malformed(malformed.kind, malformed.place, malformed.detail);
        }
        self.alternatives |= has_alternatives(&structure);
        self.contents.nested.push(structure);
        let number = self.contents.nested.len();
        self.roots.push((Some(id), depth, path));
        self.contents.message_in.insert(id, number);
        self.push_parts(number);
    }
}

fn has_alternatives(structure: &Structure) -> bool {
    structure.parts.iter().any(|part| part.reading != Reading::Primary)
}

fn cause_of(cause: archive::Cause) -> Cause {
    match cause {
        archive::Cause::Encrypted => Cause::Encrypted,
        archive::Cause::Corrupt => Cause::Corrupt,
        archive::Cause::Limit => Cause::Limit,
        archive::Cause::Unsupported => Cause::Unsupported,
    }
}

/// The name of a container that holds files and that is not opened here.
fn closed_container(bytes: &[u8], file_type: &FileType, declared: &str) -> Option<&'static str> {
    if matches!(declared, "application/ms-tnef" | "application/vnd.ms-tnef")
        || bytes.starts_with(&[0x78, 0x9f, 0x3e, 0x22])
    {
        return Some("a winmail.dat container");
    }
    let outlook = file_type.family == Family::Message || file_type.media_type.contains("outlook");
    if file_type.container == Container::Ole && outlook {
        return Some("an Outlook message file");
    }
    if bytes.starts_with(&[0x00, 0x05, 0x16, 0x00]) {
        return Some("an AppleSingle file");
    }
    holds_binhex(bytes).then_some("a BinHex file")
}

/// BinHex 4.0 (RFC 1741) opens with this sentence.
fn holds_binhex(text: &[u8]) -> bool {
    let opening = b"(This file must be converted with BinHex";
    memchr::memmem::find_iter(text, opening).any(|at| {
        let lines = text.get(at..).unwrap_or_default().split(|b| matches!(b, b'\n' | b'\r'));
        lines.skip(1).find(|line| !line.trim_ascii().is_empty()).is_some_and(|line| line.starts_with(b":"))
    })
}

/// Whether a file is a message to look into: by its bytes, or by its name or type where the bytes allow it.
fn is_message(bytes: &[u8], file_type: &FileType, name: &str, declared: &str) -> bool {
    if file_type.container == Container::Ole {
        return false;
    }
    if file_type.family == Family::Message {
        return true;
    }
    let claimed = matches!(filetype::extension_of(name).as_str(), "eml" | "mht" | "mhtml" | "nws" | "msg")
        || declared.starts_with("message/")
            && !matches!(declared, "message/delivery-status" | "message/external-body");
    if !file_type.is_textual() && !claimed {
        return false;
    }
    let first = bytes.split(|b| *b == b'\n').find(|line| !line.trim_ascii().is_empty()).unwrap_or_default();
    let line = first.strip_suffix(b"\r").unwrap_or(first);
    if claimed {
        return headers::looks_like_field(line) || line.starts_with(b"From ");
    }
    const OPENING: [&[u8]; 8] = [
        b"received:",
        b"return-path:",
        b"mime-version:",
        b"message-id:",
        b"from:",
        b"delivered-to:",
        b"content-type:",
        b"date:",
    ];
    OPENING.iter().any(|field| line.get(..field.len()).is_some_and(|start| start.eq_ignore_ascii_case(field)))
}
