//! Leaves and attached messages: how their bytes are decoded, and what else may be in them.

use std::{borrow::Cow, sync::Arc};

use super::{Job, Reader, What, first_line, plain, skip_blank_lines};
use crate::message::{
    ambiguity::Interpretation,
    boundary, cms,
    decode::{self, Base64Shape, Encoding},
    fact::{Cause, MalformationKind as Kind, Place, Scopes},
    headers::{self, Section},
    parameters::Structured,
    part::{Part, PartId, Reading, Role, Why},
    region::Region,
    uuencode,
};

impl Reader<'_> {
    pub(super) fn attached_message(&mut self, job: &Job, id: PartId, way: &Interpretation) {
        let Some(body) = self.structure.parts.get(id.index()).map(|p| p.body.clone()) else { return };
        self.set_role(id, Role::Message);
        let elsewhere = match way.media.sub() {
            "partial" => Some("a fragment of a message sent in pieces"),
            "external-body" => Some("the content lies elsewhere and is only referred to"),
            _ => None,
        };
        if let Some(detail) = elsewhere {
            let place = Place {
                part: Some(id),
                offset: body.offset(0),
                shown: format!("part {}", job.path),
                ..Place::default()
            };
            let facts = &mut self.structure.facts;
            facts.unscannable(Cause::Unsupported, Scopes::CONTENT, place, detail);
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

    pub(super) fn leaf(&mut self, job: &Job, section: &Arc<Section>, id: PartId, way: &Interpretation) {
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
            // As a transfer encoding it is the first file; the others, and words around them, are seen as text.
            Encoding::Uuencode if uuencode::find(bytes).len() > 1 => {
                otherwise(Encoding::Identity, Why::TransferEncoding);
            }
            Encoding::Identity => self.identity_leaf(job, id, way, section, &body),
            _ => {}
        }
        self.hidden_multipart(job, id, way, &body);
        if matches!(way.media.as_str(), "application/pkcs7-mime" | "application/x-pkcs7-mime") {
            self.envelope(job, id, way, &body);
        }
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

    /// An S/MIME envelope that signs or compresses its content shows it: mail programs put it in the place of the part.
    fn envelope(&mut self, job: &Job, id: PartId, way: &Interpretation, body: &Region) {
        let content = match cms::content(&way.encoding.decode(body.bytes()), self.allowance.expanded) {
            cms::Content::Inside(content) => content,
            cms::Content::TooLarge => {
                let shown = format!("part {}", job.path);
                return self.limit(
                    "it unpacks to more than the limit",
                    Place { part: Some(id), shown, ..Place::default() },
                );
            }
            cms::Content::None => return,
        };
        if !self.expand(content.len()) {
            return;
        }
        self.jobs.push(Job {
            region: Region::decoded(Arc::from(content)),
            parent: job.parent,
            depth: job.depth + 1,
            path: format!("{}~content", job.path),
            reading: Reading::Alternative(Why::Envelope),
            alternative_of: Some(id),
            default: plain(),
            what: What::Entity { root: false },
        });
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
            Cow::Borrowed(_) => body.clone(),
            Cow::Owned(bytes) => {
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

/// What was found of the names of a part.
pub(super) struct Named {
    /// The conflict between them in words, if there is one.
    pub(super) conflict: Option<String>,
    /// Whether there are more names, or more parameters, than are looked at.
    pub(super) cut: bool,
}

/// Sets disposition and names, `most` of them.
pub(super) fn name_part(part: &mut Part, most: usize) -> Named {
    let mut likeliest: Vec<String> = Vec::new();
    let mut names: Vec<String> = Vec::new();
    let mut cut = false;
    let headers = part.headers.clone();
    let mut take = |field: &Structured, parameter: &str| {
        let readings = field.readings(parameter);
        let firsts = readings.iter().filter(|r| r.plain).chain(readings.first());
        for reading in firsts {
            if likeliest.len() < 4 && !reading.text.contains("=?") && !likeliest.contains(&reading.text) {
                likeliest.push(reading.text.clone());
            }
        }
        for reading in readings {
            if reading.text.is_empty() || names.contains(&reading.text) {
                continue;
            }
            if names.len() >= most {
                cut = true;
                break;
            }
            names.push(reading.text);
        }
    };
    let mut second_choice = Vec::new();
    let mut cut_fields = false;
    for header in headers.every("content-disposition") {
        let field = Structured::parse(header.raw_value());
        cut_fields |= field.cut;
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
    let conflict = (likeliest.len() > 1).then(|| {
        let shown: Vec<String> = likeliest.iter().map(|n| format!("`{n}`")).collect();
        format!("programs see different names: {}", shown.join(", "))
    });
    Named { conflict, cut: cut || cut_fields }
}

pub(super) fn leaf_role(part: &Part) -> Role {
    let attached = part.disposition.as_deref().is_some_and(|d| d == "attachment") || !part.names.is_empty();
    match (part.media.main(), part.media.sub()) {
        _ if attached => Role::Attachment,
        ("text", "plain" | "enriched" | "richtext") => Role::Text,
        ("text", "html" | "x-amp-html" | "watch-html") => Role::Html,
        _ => Role::Attachment,
    }
}
