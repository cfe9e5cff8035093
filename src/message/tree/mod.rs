//! The tree of parts, read by this room itself from the bytes.
//!
//! Iterative: parts that wait are a stack of jobs, never a call into itself, so nesting costs memory that the limits
//! bound and no stack. Each job reads one header section and cuts one body. Where the bytes can be taken in several ways
//! the first is the primary reading, and every other becomes further parts marked as such. What the limits stop is a fact.

mod leaf;
mod multipart;

use std::sync::{Arc, OnceLock};

use super::{
    ambiguity::{self, Interpretation, Interpretations},
    decode::Encoding,
    fact::{Facts, MalformationKind as Kind, Place, Scopes},
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

const MORE_WAYS: &str = "more ways to read the message than can be looked at";

/// Reads the structure of one message.
pub(crate) fn read(message: Region, limits: &MessageLimits, allowance: &mut Allowance) -> Structure {
    let work = (message.len() as u64).saturating_mul(16).saturating_add(64 << 20);
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
        self.structure.facts.limit(Scopes::ALL, place, detail);
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
                return self.limit(MORE_WAYS, place);
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
        let id = PartId(u32::try_from(self.structure.parts.len()).unwrap_or(u32::MAX));
        let place = |at: usize| Place {
            part: Some(id),
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
        if interpretations.cut {
            let here = place(0);
            self.limit(MORE_WAYS, here);
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
        let named = leaf::name_part(&mut part, self.limits.file_names);
        part.role = leaf::leaf_role(&part);
        let id = self.push(part);
        if let Some(detail) = named.conflict {
            self.malformed(id, 0, Kind::ConflictingName, &detail);
        }
        if named.cut {
            let shown = format!("part {}", job.path);
            self.limit(
                "more names or parameters than the limit",
                Place { part: Some(id), shown, ..Place::default() },
            );
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
