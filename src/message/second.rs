//! A second opinion on a malformed message: mail-parser's own reading of the whole, of which every leaf that our tree does
//! not have becomes a part of another reading.
//!
//! Asked for only where something is malformed and no limit was reached, since the library has no limits of its own; where
//! it would cost too much, that is a limit reached.

use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hash, Hasher},
    sync::{Arc, OnceLock},
};

use mail_parser::{MessageParser, MimeHeaders, PartType};

use super::{
    decode::Encoding,
    fact::{MalformationKind as Kind, Place, Scopes},
    headers::Headers,
    parameters::Structured,
    part::{MediaType, Part, PartId, Reading, Role, Why},
    region::Region,
    tree::{Allowance, Structure},
};

/// Larger messages are not read twice.
const LARGEST: usize = 32 << 20;

/// The library looks for the end of an encoded word from each place that opens one; more of them are not handed to it.
const MOST_WORDS: usize = 1_000;

/// Malformations that say nothing about where parts begin and end.
fn structural(kind: Kind) -> bool {
    !matches!(
        kind,
        Kind::MissingMimeVersion
            | Kind::MissingEndBoundary
            | Kind::ObsoleteHeader
            | Kind::BadQuotedPrintable
            | Kind::ConflictingName
            | Kind::NulByte
            | Kind::SeveralFrom
    )
}

/// Adds what mail-parser finds and the tree does not.
pub(crate) fn add(message: &Region, structure: &mut Structure, allowance: &mut Allowance) {
    let asked = structure.facts.malformed.iter().any(|m| structural(m.kind));
    let bytes = message.bytes();
    if !asked || !structure.facts.unscannable.is_empty() {
        return;
    }
    if bytes.len() > LARGEST || memchr::memmem::find_iter(bytes, b"=?").nth(MOST_WORDS).is_some() {
        let place = Place { shown: "message".into(), ..Place::default() };
        structure.facts.limit(Scopes::CONTENT, place, "malformed, and too large to be read in another way");
        return;
    }
    let Some(parsed) = MessageParser::new().parse(bytes) else { return };
    let mut known: HashSet<u64> = HashSet::new();
    for part in &structure.parts {
        known.insert(fingerprint(part.content()));
    }
    let mut messages = vec![(&parsed, 0usize)];
    let mut found = Vec::new();
    while let Some((message, depth)) = messages.pop() {
        for part in &message.parts {
            let bytes: &[u8] = match &part.body {
                PartType::Message(inner) => {
                    if depth < allowance.depth {
                        messages.push((inner, depth + 1));
                    } else {
                        let place = Place { shown: "message".into(), ..Place::default() };
                        structure.facts.limit(Scopes::ALL, place, "nested deeper than the limit");
                    }
                    continue;
                }
                PartType::Binary(bytes) | PartType::InlineBinary(bytes) => bytes,
                // Texts are decoded to UTF-8 there; their bytes are compared as they are decoded here.
                PartType::Text(text) | PartType::Html(text) => text.as_bytes(),
                PartType::Multipart(_) => continue,
            };
            if bytes.trim_ascii().is_empty() || !known.insert(fingerprint(bytes)) {
                continue;
            }
            let name = part.attachment_name().map(str::to_string);
            let media = part.content_type().map(|c| {
                MediaType::new(
                    &c.ctype().to_ascii_lowercase(),
                    &c.subtype().unwrap_or("plain").to_ascii_lowercase(),
                )
            });
            let text = matches!(part.body, PartType::Text(_) | PartType::Html(_));
            found.push((bytes.to_vec(), name, media, text));
        }
    }
    let texts: HashSet<u64> =
        structure.parts.iter().filter(|p| p.is_body_text()).map(|p| letters(text_of(p).as_bytes())).collect();
    for (bytes, name, media, text) in found {
        if text && texts.contains(&letters(&bytes)) {
            continue;
        }
        if allowance.parts == 0 {
            let place = Place { shown: "message".into(), ..Place::default() };
            structure.facts.limit(Scopes::ALL, place, "more parts than the limit");
            break;
        }
        push(structure, bytes, name, media);
        allowance.parts -= 1;
    }
}

fn text_of(part: &Part) -> String {
    super::charset::decode(part.content(), part.charset().as_deref()).text
}

/// What the letters and digits of a text are known by: two programs differ in its blanks and in what they make of the rest.
fn letters(text: &[u8]) -> u64 {
    let letters: Vec<u8> = text.iter().copied().filter(u8::is_ascii_alphanumeric).collect();
    fingerprint(&letters)
}

fn fingerprint(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    bytes.trim_ascii().hash(&mut hasher);
    hasher.finish()
}

fn push(structure: &mut Structure, bytes: Vec<u8>, name: Option<String>, media: Option<MediaType>) {
    let id = PartId(u32::try_from(structure.parts.len()).unwrap_or(u32::MAX));
    let media = media.unwrap_or_else(|| MediaType::new("text", "plain"));
    let body = Region::decoded(Arc::from(bytes));
    let path = format!("1~s{}", id.index());
    let role = match media.as_str() {
        "text/plain" if name.is_none() => Role::Text,
        "text/html" if name.is_none() => Role::Html,
        _ => Role::Attachment,
    };
    let place = Place { part: Some(id), shown: format!("part {path}"), ..Place::default() };
    structure.facts.malformed(Kind::SecondReading, place, "another reader finds a part here");
    structure.parts.push(Part {
        id,
        parent: None,
        children: Vec::new(),
        reading: Reading::Alternative(Why::SecondReader),
        alternative_of: Some(PartId(0)),
        path,
        depth: 1,
        headers: Arc::new(Headers::default()),
        header: body.slice(0..0),
        body,
        media,
        content_type: Arc::new(Structured::default()),
        disposition: None,
        names: name.into_iter().collect(),
        encoding: Encoding::Identity,
        role,
        decoded: OnceLock::new(),
    });
}
