//! The tree of parts, read by this room itself from the bytes.
//!
//! Iterative: parts that wait are a stack of jobs, never a call into itself, so nesting costs memory that the limits
//! bound and no stack. Each job reads one header section and cuts one body. Where the bytes can be taken in several ways
//! the first is the primary reading, and every other becomes further parts marked as such. What the limits stop is a fact.

use std::sync::{Arc, OnceLock};

use super::{
    ambiguity::{self, Interpretation, Interpretations},
    boundary::{self, Cut},
    decode::{self, Base64Shape, Encoding},
    fact::{Cause, Facts, MalformationKind as Kind, Place, Scopes},
    headers::{self, Headers, Section},
    parameters::Structured,
    part::{MediaType, Part, PartId, Reading, Role, Why},
    region::Region,
};
use crate::base::limits::MessageLimits;

/// A message's parts and what was wrong with them.
#[derive(Debug, Default)]
pub(crate) struct Structure {
    /// The root first, then the parts in the order of the bytes; those of other readings in between.
    pub(crate) parts: Vec<Part>,
    pub(crate) facts: Facts,
}

/// What may still be used of the limits that hold for a whole message, whatever is nested in it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Allowance {
    /// Parts, members and attached messages.
    pub(crate) parts: usize,
    /// Bytes that may come from decoding containers and archives.
    pub(crate) expanded: u64,
    /// Nesting.
    pub(crate) depth: usize,
}

impl Allowance {
    pub(crate) fn of(limits: &MessageLimits) -> Allowance {
        Allowance { parts: limits.parts, expanded: limits.expanded_bytes, depth: limits.depth.min(DEEPEST) }
    }
}

/// No limit set by an operator goes deeper: what walks the tree by recursion relies on it.
pub(crate) const DEEPEST: usize = 200;

/// Reads the structure of one message.
pub(crate) fn read(message: Region, limits: &MessageLimits, allowance: &mut Allowance) -> Structure {
    let work = (message.len() as u64).saturating_mul(allowance.depth as u64 + 8).saturating_add(64 << 20);
    let mut reader =
        Reader { limits, allowance, structure: Structure::default(), jobs: Vec::new(), work, stopped: false };
    reader.root(message);
    while let Some(job) = reader.jobs.pop() {
        reader.run(job);
    }
    reader.structure
}

/// A part that waits to be read.
struct Job {
    region: Region,
    parent: Option<PartId>,
    depth: usize,
    path: String,
    reading: Reading,
    alternative_of: Option<PartId>,
    default: MediaType,
    what: What,
}

enum What {
    /// A header section and a body; whether it is the root of a message.
    Entity { root: bool },
    /// A section that has been read, to be taken in one other way.
    Interpreted(Arc<Section>, Box<Interpretation>),
    /// Text without a header.
    Bare,
}

struct Reader<'a> {
    limits: &'a MessageLimits,
    allowance: &'a mut Allowance,
    structure: Structure,
    jobs: Vec<Job>,
    /// Bytes that may still be looked at: other readings of other readings must not multiply the work.
    work: u64,
    stopped: bool,
}

fn plain() -> MediaType {
    MediaType::new("text", "plain")
}

impl Reader<'_> {
    fn root(&mut self, message: Region) {
        let bytes = message.bytes();
        let lone = lone_carriage_return(bytes);
        let job = |region, reading, alternative_of, path: &str| Job {
            region,
            parent: None,
            depth: 0,
            path: path.to_string(),
            reading,
            alternative_of,
            default: plain(),
            what: What::Entity { root: true },
        };
        if let Some(first) = lone {
            let place = Place { offset: message.offset(first), shown: "message".into(), ..Place::default() };
            self.structure.facts.malformed(Kind::BareCr, place, "a carriage return without line feed");
            if cr_parts_structure(bytes) && self.expand(bytes.len()) {
                let other = Region::decoded(Arc::from(with_line_feeds(bytes)));
                self.jobs.push(job(other, Reading::Alternative(Why::BareCr), Some(PartId(0)), "1~cr"));
            }
        }
        self.jobs.push(job(message, Reading::Primary, None, "1"));
    }

    /// Takes bytes out of what may be decoded in all; false, and a fact, where that is used up.
    fn expand(&mut self, bytes: usize) -> bool {
        match self.allowance.expanded.checked_sub(bytes as u64) {
            Some(left) => {
                self.allowance.expanded = left;
                true
            }
            None => {
                self.limit(
                    "the decoded parts are larger than the limit",
                    Place { shown: "message".into(), ..Place::default() },
                );
                false
            }
        }
    }

    fn limit(&mut self, detail: &str, place: Place) {
        let facts = &mut self.structure.facts;
        if !facts.unscannable.iter().any(|u| u.cause == Cause::Limit && u.detail == detail) {
            facts.unscannable(Cause::Limit, Scopes::ALL, place, detail);
        }
    }

    fn run(&mut self, job: Job) {
        let place =
            Place { offset: job.region.offset(0), shown: format!("part {}", job.path), ..Place::default() };
        if self.stopped {
            return;
        }
        if self.allowance.parts == 0 {
            self.stopped = true;
            return self.limit("more parts than the limit", place);
        }
        match self.work.checked_sub(job.region.len() as u64 + 64) {
            Some(left) => self.work = left,
            None => {
                self.stopped = true;
                return self.limit("more ways to read the message than can be looked at", place);
            }
        }
        if job.depth > self.allowance.depth {
            self.limit("nested deeper than the limit", place);
            // What is in there is kept as one opaque part: its bytes can still be searched and hashed.
            let part = self.leaf_of(&job, Headers::default(), job.region.clone());
            self.push(part);
            return;
        }
        match job.what {
            What::Bare => {
                let part = self.leaf_of(&job, Headers::default(), job.region.clone());
                self.push(part);
            }
            What::Entity { root } => self.entity(job, root),
            What::Interpreted(ref section, ref interpretation) => {
                let (section, interpretation) = (section.clone(), interpretation.as_ref().clone());
                self.build(&job, &section, interpretation, &[]);
            }
        }
    }

    fn leaf_of(&self, job: &Job, headers: Headers, body: Region) -> Part {
        Part {
            id: PartId(0),
            parent: job.parent,
            children: Vec::new(),
            reading: job.reading,
            alternative_of: job.alternative_of,
            path: job.path.clone(),
            depth: job.depth,
            headers: Arc::new(headers),
            header: body.slice(0..0),
            body,
            media: plain(),
            content_type: Arc::new(Structured::default()),
            disposition: None,
            names: Vec::new(),
            encoding: Encoding::Identity,
            role: Role::Text,
            decoded: OnceLock::new(),
        }
    }

    fn push(&mut self, mut part: Part) -> PartId {
        let id = PartId(u32::try_from(self.structure.parts.len()).unwrap_or(u32::MAX));
        part.id = id;
        self.allowance.parts = self.allowance.parts.saturating_sub(1);
        if let Some(parent) = part.parent.and_then(|p| self.structure.parts.get_mut(p.index())) {
            parent.children.push(id);
        }
        self.structure.parts.push(part);
        id
    }

    fn entity(&mut self, job: Job, root: bool) {
        let section = headers::read_section(&job.region, self.limits);
        let interpretations = ambiguity::interpret(&section, &job.default);
        let place = |at: usize| Place {
            part: Some(PartId(u32::try_from(self.structure.parts.len()).unwrap_or(u32::MAX))),
            offset: job.region.offset(at),
            shown: format!("part {}", job.path),
            ..Place::default()
        };
        if let Some(what) = section.over_limit {
            let here = place(0);
            self.limit(&format!("a header section with more {what} than the limit"), here);
        } else if job.reading == Reading::Primary {
            let mut found: Vec<(Kind, Place, String)> = Vec::new();
            for defect in &section.defects {
                let root_only = defect.kind == Kind::MissingHeader && !(root && job.parent.is_none());
                if !root_only {
                    found.push((defect.kind, place(defect.at), defect.detail.clone()));
                }
            }
            for (kind, detail) in &interpretations.defects {
                found.push((*kind, place(0), detail.clone()));
            }
            if root {
                repeated_fields(&section.headers, |kind, detail| found.push((kind, place(0), detail)));
            }
            for (kind, place, detail) in found {
                self.structure.facts.malformed(kind, place, detail);
            }
        }
        let section = Arc::new(section);
        let Interpretations { primary, others, foreign_boundaries, .. } = interpretations;
        let primary_encoding = primary.encoding;
        let primary_media = primary.media.clone();
        let before = self.jobs.len();
        let foreign: Vec<Vec<u8>> = foreign_boundaries.into_iter().map(|r| r.bytes).collect();
        let id = self.build(&job, &section, primary, &foreign);
        // The other interpretations wait below the children of the primary one, so that parts stay in order.
        let mut waiting = Vec::new();
        for (number, (other, why)) in others.into_iter().enumerate() {
            let same_container = primary_media.main() == "multipart" && other.media == primary_media;
            if same_container && other.encoding != primary_encoding && other.encoding == Encoding::Identity {
                continue;
            }
            waiting.push(self.other_job(&job, id, number, why, section.clone(), other));
        }
        if let Some(early) = section.ended_early(&job.region) {
            let way = ambiguity::interpret(&early, &job.default).primary;
            waiting.push(self.other_job(&job, id, 200, Why::EarlyBody, Arc::new(early), way));
        }
        self.jobs.splice(before..before, waiting);
    }

    fn other_job(
        &self,
        job: &Job,
        id: PartId,
        number: usize,
        why: Why,
        section: Arc<Section>,
        interpretation: Interpretation,
    ) -> Job {
        Job {
            region: job.region.clone(),
            parent: job.parent,
            depth: job.depth,
            path: format!("{}~{}", job.path, number + 1),
            reading: Reading::Alternative(why),
            alternative_of: Some(id),
            default: job.default.clone(),
            what: What::Interpreted(section, Box::new(interpretation)),
        }
    }

    fn malformed(&mut self, part: PartId, at: usize, kind: Kind, detail: &str) {
        let Some(found) = self.structure.parts.get(part.index()) else { return };
        if found.reading != Reading::Primary {
            return;
        }
        let place = Place {
            part: Some(part),
            offset: found.body.offset(at),
            shown: format!("part {}", found.path),
            ..Place::default()
        };
        self.structure.facts.malformed(kind, place, detail);
    }

    /// Makes the part of one interpretation and the jobs for what it holds.
    fn build(
        &mut self,
        job: &Job,
        section: &Arc<Section>,
        way: Interpretation,
        foreign: &[Vec<u8>],
    ) -> PartId {
        let mut part = self.leaf_of(job, section.headers.clone(), section.body.clone());
        part.header = section.header.clone();
        part.media = way.media.clone();
        part.content_type = way.content_type.clone();
        part.encoding = way.encoding;
        let conflict = name_part(&mut part);
        part.role = leaf_role(&part);
        let id = self.push(part);
        if let Some(detail) = conflict {
            self.malformed(id, 0, Kind::ConflictingName, &detail);
        }
        match way.media.main() {
            "multipart" => self.multipart(job, section, id, &way, foreign),
            "message"
                if matches!(way.media.sub(), "rfc822" | "global" | "news" | "partial" | "external-body") =>
            {
                self.attached_message(job, id, &way);
            }
            _ => self.leaf(job, section, id, &way),
        }
        id
    }

    fn set_role(&mut self, id: PartId, role: Role) {
        if let Some(part) = self.structure.parts.get_mut(id.index()) {
            part.role = role;
        }
    }

    fn set_body(&mut self, id: PartId, body: Region, encoding: Encoding) {
        if let Some(part) = self.structure.parts.get_mut(id.index()) {
            part.body = body;
            part.encoding = encoding;
        }
    }

    fn multipart(
        &mut self,
        job: &Job,
        section: &Arc<Section>,
        id: PartId,
        way: &Interpretation,
        foreign: &[Vec<u8>],
    ) {
        let body = section.body.clone();
        let field = &way.content_type;
        let mut boundaries: Vec<Vec<u8>> = match &way.boundary {
            Some(boundary) => vec![boundary.clone()],
            None => field
                .readings("boundary")
                .into_iter()
                .map(|r| r.bytes)
                .chain(foreign.iter().cloned())
                .collect(),
        };
        let trimmed: Vec<Vec<u8>> = boundaries
            .iter()
            .filter(|b| b.trim_ascii() != b.as_slice())
            .map(|b| b.trim_ascii().to_vec())
            .collect();
        boundaries.extend(trimmed);
        if field.folded("boundary") {
            self.malformed(id, 0, Kind::FoldedBoundary, "the boundary is folded over lines");
        }
        if field.encoded("boundary") {
            self.malformed(
                id,
                0,
                Kind::EncodedBoundary,
                "programs put the boundary together in different ways",
            );
        }
        if way.encoding != Encoding::Identity {
            self.malformed(
                id,
                0,
                Kind::NestedEncoding,
                &format!("a multipart encoded as {}", way.encoding.name()),
            );
        }
        let most = self.limits.parts.saturating_mul(2).saturating_add(16);
        let mut chosen: Option<(Region, Cut)> = None;
        let mut others = Vec::new();
        for boundary in &boundaries {
            let Some(cut) = boundary::cut(body.bytes(), boundary, most) else { continue };
            let useful = !cut.parts.is_empty() || !cut.loose.is_empty();
            match &chosen {
                None if useful => chosen = Some((body.clone(), cut)),
                Some((_, first)) if useful && first.parts != cut.parts => {
                    others.push((boundary.clone(), Why::Boundary))
                }
                _ => {}
            }
        }
        // The encoding that the container claims, undone: a reading of its own, or the only one that finds parts.
        if way.encoding != Encoding::Identity {
            let decoded = way.encoding.decode(body.bytes()).into_owned();
            let cut = boundaries.iter().find_map(|b| boundary::cut(&decoded, b, most));
            if let Some(cut) = cut.filter(|_| decoded != body.bytes() && self.expand(decoded.len())) {
                let region = Region::decoded(Arc::from(decoded));
                if chosen.is_none() {
                    chosen = Some((region, cut));
                } else {
                    self.loose_container(job, id, &region, &cut.parts, Why::NestedEncoding);
                }
            }
        }
        if chosen.is_none() {
            let guessed = boundary::guess(body.bytes());
            let detail = if boundaries.is_empty() {
                "a multipart without boundary"
            } else {
                "the boundary does not occur"
            };
            self.malformed(id, 0, Kind::BadBoundary, detail);
            chosen =
                guessed.and_then(|b| boundary::cut(body.bytes(), &b, most)).map(|cut| (body.clone(), cut));
        }
        let Some((body, cut)) = chosen else {
            // Without any delimiter the body is what is left to read, and most programs show it as text.
            self.set_role(id, Role::Text);
            return;
        };
        self.set_role(id, Role::Container);
        self.set_body(id, body.clone(), Encoding::Identity);
        let base = self.jobs.len();
        self.cut_facts(id, &cut);
        self.around(job, id, &body, &cut);
        if !cut.loose.is_empty() {
            self.loose_container(job, id, &body, &cut.loose, Why::LooseBoundary);
        }
        for (number, (boundary, why)) in others.into_iter().enumerate() {
            let other = Interpretation { boundary: Some(boundary), ..way.clone() };
            let other = self.other_job(job, id, 100 + number, why, section.clone(), other);
            self.jobs.insert(base, other);
        }
        self.children(job, id, &body, &cut.parts, &way.media);
    }

    fn cut_facts(&mut self, id: PartId, cut: &Cut) {
        if cut.over_limit {
            let place = Place { part: Some(id), shown: "message".into(), ..Place::default() };
            self.limit("more parts than the limit", place);
        }
        if let Some(at) = cut.junk {
            self.malformed(id, at, Kind::BoundaryJunk, "a line starts with the boundary and goes on");
        }
        if let Some(at) = cut.after_end {
            self.malformed(id, at, Kind::PartsAfterEnd, "a part behind the last boundary");
        }
        if !cut.closed && !cut.parts.is_empty() {
            self.malformed(id, 0, Kind::MissingEndBoundary, "the last boundary is missing");
        }
        if cut.parts.is_empty() {
            self.malformed(id, 0, Kind::EmptyMultipart, "a multipart without parts");
        }
    }

    /// What stands before and behind the parts: programs without MIME show it, and some unpack files from it.
    fn around(&mut self, job: &Job, id: PartId, body: &Region, cut: &Cut) {
        for (range, why, mark) in
            [(cut.preamble.clone(), Why::Preamble, "pre"), (cut.epilogue.clone(), Why::Epilogue, "post")]
        {
            let stretch = body.slice(range.clone());
            if stretch.bytes().trim_ascii().is_empty() || why == Why::Epilogue && cut.after_end.is_some() {
                continue;
            }
            if why == Why::Preamble && holds_something(stretch.bytes()) {
                self.malformed(
                    id,
                    range.start,
                    Kind::HeaderInPreamble,
                    "a header or file before the first boundary",
                );
            }
            let start = stretch.len() - skip_blank_lines(stretch.bytes()).len();
            let mime = headers::starts_with_mime_field(stretch.bytes().get(start..).unwrap_or_default());
            let what = if mime { What::Entity { root: false } } else { What::Bare };
            let region = if mime { stretch.slice(start..stretch.len()) } else { stretch };
            self.jobs.push(Job {
                region,
                parent: Some(id),
                depth: job.depth + 1,
                path: format!("{}.~{mark}", job.path),
                reading: Reading::Alternative(why),
                alternative_of: Some(id),
                default: plain(),
                what,
            });
        }
    }

    /// A container for parts that only another cut of the same body has.
    fn loose_container(
        &mut self,
        job: &Job,
        id: PartId,
        body: &Region,
        parts: &[std::ops::Range<usize>],
        why: Why,
    ) {
        let other = Job {
            region: body.clone(),
            parent: job.parent,
            depth: job.depth,
            path: format!("{}~{}", job.path, if why == Why::LooseBoundary { "loose" } else { "decoded" }),
            reading: Reading::Alternative(why),
            alternative_of: Some(id),
            default: plain(),
            what: What::Bare,
        };
        let mut part = self.leaf_of(&other, Headers::default(), body.clone());
        part.media = MediaType::new("multipart", "mixed");
        part.role = Role::Container;
        let container = self.push(part);
        self.children(&other, container, body, parts, &MediaType::new("multipart", "mixed"));
    }

    fn children(
        &mut self,
        job: &Job,
        id: PartId,
        body: &Region,
        parts: &[std::ops::Range<usize>],
        media: &MediaType,
    ) {
        let default =
            if media.is("multipart", "digest") { MediaType::new("message", "rfc822") } else { plain() };
        // More jobs than parts may be read would only wait in memory to be refused; one more makes it a fact.
        let most = self.allowance.parts.saturating_add(1);
        for (number, range) in parts.iter().enumerate().take(most).rev() {
            self.jobs.push(Job {
                region: body.slice(range.clone()),
                parent: Some(id),
                depth: job.depth + 1,
                path: format!("{}.{}", job.path, number + 1),
                reading: job.reading,
                alternative_of: None,
                default: default.clone(),
                what: What::Entity { root: false },
            });
        }
    }

    fn attached_message(&mut self, job: &Job, id: PartId, way: &Interpretation) {
        let Some(body) = self.structure.parts.get(id.index()).map(|p| p.body.clone()) else { return };
        self.set_role(id, Role::Message);
        if way.media.sub() == "partial" {
            let place = Place {
                part: Some(id),
                offset: body.offset(0),
                shown: format!("part {}", job.path),
                ..Place::default()
            };
            let facts = &mut self.structure.facts;
            facts.unscannable(
                Cause::Unsupported,
                Scopes::CONTENT,
                place,
                "a fragment of a message sent in pieces",
            );
        }
        let raw_is_message = headers::looks_like_field(first_line(body.bytes()));
        let child = |region, reading, mark: &str, alternative_of| Job {
            region,
            parent: Some(id),
            depth: job.depth + 1,
            path: format!("{}.{mark}", job.path),
            reading,
            alternative_of,
            default: plain(),
            what: What::Entity { root: true },
        };
        let mut jobs = Vec::new();
        if way.encoding == Encoding::Identity {
            jobs.push(child(body, job.reading, "1", None));
        } else {
            self.malformed(
                id,
                0,
                Kind::NestedEncoding,
                &format!("an attached message encoded as {}", way.encoding.name()),
            );
            let decoded = way.encoding.decode(body.bytes()).into_owned();
            let differs = decoded != body.bytes();
            let first = PartId(id.0 + 1);
            if raw_is_message {
                if differs && self.expand(decoded.len()) {
                    let decoded = Region::decoded(Arc::from(decoded));
                    jobs.push(child(decoded, Reading::Alternative(Why::NestedEncoding), "~1", Some(first)));
                }
                jobs.push(child(body.clone(), job.reading, "1", None));
                self.set_body(id, body, Encoding::Identity);
            } else if self.expand(decoded.len()) {
                jobs.push(child(Region::decoded(Arc::from(decoded)), job.reading, "1", None));
            }
        }
        self.jobs.extend(jobs);
    }

    fn leaf(&mut self, job: &Job, section: &Arc<Section>, id: PartId, way: &Interpretation) {
        let body = section.body.clone();
        let bytes = body.bytes();
        let base = self.jobs.len();
        let mut others: Vec<(Interpretation, Why)> = Vec::new();
        let mut otherwise = |encoding, why| others.push((Interpretation { encoding, ..way.clone() }, why));
        match way.encoding {
            Encoding::Base64 => {
                let shape = Base64Shape::of(bytes);
                if !shape.is_clean() {
                    if shape.past_padding || shape.foreign {
                        otherwise(Encoding::Base64PastPadding, Why::DamagedEncoding);
                    }
                    if shape.url_safe {
                        otherwise(Encoding::Base64UrlSafe, Why::DamagedEncoding);
                    }
                    if shape.foreign {
                        otherwise(Encoding::Identity, Why::DamagedEncoding);
                    }
                    self.malformed(id, 0, Kind::BadBase64, &shape.says());
                }
            }
            Encoding::QuotedPrintable => {
                if let Some(at) = decode::bare_equals(bytes) {
                    otherwise(Encoding::QuotedPrintableLoose, Why::DamagedEncoding);
                    self.malformed(id, at, Kind::BadQuotedPrintable, "an equals sign escapes nothing");
                }
            }
            Encoding::Identity => self.identity_leaf(job, id, way, section, &body),
            _ => {}
        }
        self.hidden_multipart(job, id, way, &body);
        for (number, (other, why)) in others.into_iter().enumerate() {
            let differs = !matches!(other.encoding, Encoding::Base64PastPadding)
                || other.encoding.decode(bytes) != way.encoding.decode(bytes);
            let reread = matches!(job.what, What::Interpreted(..))
                && why == Why::DamagedEncoding
                && other.encoding == Encoding::Identity;
            if differs && !reread {
                let mut other = self.other_job(job, id, 10 + number, why, section.clone(), other);
                // A leaf read by its encoding alone holds nothing further.
                other.path = format!("{}~enc{}", job.path, number + 1);
                self.jobs.insert(base, other);
            }
        }
    }

    fn identity_leaf(
        &mut self,
        job: &Job,
        id: PartId,
        way: &Interpretation,
        section: &Section,
        body: &Region,
    ) {
        let bytes = body.bytes();
        if let Some(at) = memchr::memchr(0, bytes).filter(|_| way.media.main() == "text") {
            self.malformed(id, at, Kind::NulByte, "a NUL byte in text");
        }
        let start = bytes.len() - skip_blank_lines(bytes).len();
        let rest = bytes.get(start..).unwrap_or_default();
        // A whole message behind empty lines: some programs skip them.
        let late_root = matches!(job.what, What::Entity { root: true })
            && section.headers.is_empty()
            && headers::looks_like_field(first_line(rest));
        if late_root || headers::starts_with_mime_field(rest) {
            self.malformed(id, start, Kind::HeaderInBody, "the body starts with a header field");
            self.jobs.push(Job {
                region: body.slice(start..bytes.len()),
                parent: job.parent,
                depth: job.depth + 1,
                path: format!("{}~late", job.path),
                reading: Reading::Alternative(Why::LateHeader),
                alternative_of: Some(id),
                default: plain(),
                what: What::Entity { root: late_root },
            });
        }
    }

    /// A part that is no multipart by its type but has a boundary, or lines that look like one.
    fn hidden_multipart(&mut self, job: &Job, id: PartId, way: &Interpretation, body: &Region) {
        let most = self.limits.parts.saturating_mul(2).saturating_add(16);
        let declared = way.content_type.readings("boundary");
        // Without a declaration only plain text is worth a look: a source of mail pasted or quoted there.
        if declared.is_empty() && way.media.as_str() != "text/plain" {
            return;
        }
        let decoded = way.encoding.decode(body.bytes());
        let found = if declared.is_empty() {
            boundary::guess(&decoded).and_then(|b| boundary::cut(&decoded, &b, most))
        } else {
            declared.iter().find_map(|r| boundary::cut(&decoded, &r.bytes, most))
        };
        let Some(cut) = found.filter(|cut| !cut.parts.is_empty()) else { return };
        if !declared.is_empty() {
            self.malformed(
                id,
                0,
                Kind::HiddenMultipart,
                "a part that is no multipart by its type has a boundary and parts",
            );
        }
        let region = match decoded {
            std::borrow::Cow::Borrowed(_) => body.clone(),
            std::borrow::Cow::Owned(bytes) => {
                if !self.expand(bytes.len()) {
                    return;
                }
                Region::decoded(Arc::from(bytes))
            }
        };
        if job.depth < self.allowance.depth {
            self.loose_container(job, id, &region, &cut.parts, Why::HiddenMultipart);
        }
    }
}

fn first_line(bytes: &[u8]) -> &[u8] {
    let start = skip_blank_lines(bytes);
    let end = memchr::memchr(b'\n', start).unwrap_or(start.len());
    let line = start.get(..end).unwrap_or_default();
    line.strip_suffix(b"\r").unwrap_or(line)
}

fn skip_blank_lines(bytes: &[u8]) -> &[u8] {
    let blank = bytes.iter().take_while(|b| b.is_ascii_whitespace()).count();
    bytes.get(blank..).unwrap_or_default()
}

/// Whether the text before the first boundary is more than a notice to old programs.
fn holds_something(preamble: &[u8]) -> bool {
    let has = |needle: &[u8]| memchr::memmem::find(preamble, needle).is_some();
    let mime = preamble.split(|b| *b == b'\n').take(50).any(headers::starts_with_mime_field);
    mime || has(b"\nbegin ") || preamble.starts_with(b"begin ") || has(b"=ybegin ") || has(b"begin-base64 ")
}

/// Sets disposition and names; the conflict between them in words, if there is one.
fn name_part(part: &mut Part) -> Option<String> {
    let mut likeliest: Vec<String> = Vec::new();
    let mut names: Vec<String> = Vec::new();
    let headers = part.headers.clone();
    let mut take = |field: &Structured, parameter: &str| {
        let readings = field.readings(parameter);
        let firsts = readings.iter().filter(|r| r.plain).chain(readings.first());
        for reading in firsts {
            if !likeliest.contains(&reading.text) {
                likeliest.push(reading.text.clone());
            }
        }
        for reading in readings {
            if !names.contains(&reading.text) && !reading.text.is_empty() && names.len() < 16 {
                names.push(reading.text);
            }
        }
    };
    let mut second_choice = Vec::new();
    for header in headers.every("content-disposition").take(4) {
        let field = Structured::parse(header.raw_value());
        let kind = field.value.to_ascii_lowercase();
        if part.disposition.is_none() && !kind.is_empty() {
            part.disposition = Some(kind);
        }
        take(&field, "filename");
        second_choice.push(field);
    }
    take(&part.content_type.clone(), "name");
    take(&part.content_type.clone(), "filename");
    for field in &second_choice {
        take(field, "name");
    }
    part.names = names;
    likeliest.retain(|n| !n.contains("=?"));
    (likeliest.len() > 1).then(|| {
        let shown: Vec<String> = likeliest.iter().take(4).map(|n| format!("`{n}`")).collect();
        format!("programs see different names: {}", shown.join(", "))
    })
}

fn leaf_role(part: &Part) -> Role {
    let attached = part.disposition.as_deref().is_some_and(|d| d == "attachment") || !part.names.is_empty();
    match (part.media.main(), part.media.sub()) {
        _ if attached => Role::Attachment,
        ("text", "plain" | "enriched" | "richtext") => Role::Text,
        ("text", "html" | "x-amp-html" | "watch-html") => Role::Html,
        _ => Role::Attachment,
    }
}

/// Fields that may occur once (RFC 5322 section 3.6) and do not.
fn repeated_fields(headers: &Headers, mut say: impl FnMut(Kind, String)) {
    const ONCE: [&str; 10] = [
        "sender",
        "reply-to",
        "to",
        "cc",
        "bcc",
        "message-id",
        "in-reply-to",
        "subject",
        "date",
        "mime-version",
    ];
    for name in ONCE {
        if headers.all(name).nth(1).is_some() {
            let written = headers.first(name).map_or(name, |h| h.name());
            say(Kind::DuplicateHeader, format!("several {written} fields"));
        }
    }
    if headers.every("from").nth(1).is_some() {
        say(Kind::SeveralFrom, "several From fields".to_string());
    }
    if headers.first("mime-version").is_none() && headers.first("content-type").is_some() {
        say(Kind::MissingMimeVersion, "a Content-Type without MIME-Version".to_string());
    }
}

fn lone_carriage_return(bytes: &[u8]) -> Option<usize> {
    memchr::memchr_iter(b'\r', bytes).find(|at| bytes.get(at + 1) != Some(&b'\n'))
}

/// Whether lines that end in a carriage return alone would change the structure: a boundary, a MIME field or an empty line
/// behind one.
fn cr_parts_structure(bytes: &[u8]) -> bool {
    memchr::memchr_iter(b'\r', bytes).filter(|at| bytes.get(at + 1) != Some(&b'\n')).any(|at| {
        let rest = bytes.get(at + 1..).unwrap_or_default();
        rest.starts_with(b"--")
            || headers::starts_with_mime_field(rest)
            || matches!(rest, [b'\r', next, ..] if *next != b'\n')
    })
}

fn with_line_feeds(bytes: &[u8]) -> Vec<u8> {
    let mut out = bytes.to_vec();
    for (at, byte) in out.iter_mut().enumerate() {
        if *byte == b'\r' && bytes.get(at + 1) != Some(&b'\n') {
            *byte = b'\n';
        }
    }
    out
}
