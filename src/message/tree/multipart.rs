//! Multiparts (RFC 2046 section 5.1): which boundary cuts them, what stands around the parts, and the other cuts.

use std::{ops::Range, sync::Arc};

use super::{Job, MORE_WAYS, Reader, What, plain, skip_blank_lines};
use crate::message::{
    ambiguity::Interpretation,
    boundary::{self, Cut},
    decode::Encoding,
    fact::{MalformationKind as Kind, Place},
    headers::{self, Headers, Section},
    part::{MediaType, PartId, Reading, Role, Why},
    region::Region,
};

/// Boundaries that are tried on one body, each by a search through it.
const MOST_BOUNDARIES: usize = 24;

impl Reader<'_> {
    pub(super) fn multipart(
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
        let mut known: Vec<Vec<u8>> = Vec::new();
        boundaries.retain(|boundary| {
            let new = !known.contains(boundary);
            known.push(boundary.clone());
            new
        });
        if boundaries.len() > MOST_BOUNDARIES {
            let place = Place { part: Some(id), shown: format!("part {}", job.path), ..Place::default() };
            self.limit(MORE_WAYS, place);
            boundaries.truncate(MOST_BOUNDARIES);
        }
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
    pub(super) fn loose_container(
        &mut self,
        job: &Job,
        id: PartId,
        body: &Region,
        parts: &[Range<usize>],
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

    fn children(&mut self, job: &Job, id: PartId, body: &Region, parts: &[Range<usize>], media: &MediaType) {
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
}

/// Whether the text before the first boundary is more than a notice to old programs.
fn holds_something(preamble: &[u8]) -> bool {
    let has = |needle: &[u8]| memchr::memmem::find(preamble, needle).is_some();
    let mime = preamble.split(|b| *b == b'\n').any(headers::starts_with_mime_field);
    mime || has(b"\nbegin ") || preamble.starts_with(b"begin ") || has(b"=ybegin ") || has(b"begin-base64 ")
}
