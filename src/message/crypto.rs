//! Whether a message is encrypted or signed, by its structure alone: S/MIME (RFC 8551), PGP/MIME (RFC 3156).
//!
//! Armour pasted beside clear text is neither: whoever reads the message sees the clear text, and so must the policies.
//! Nothing is decrypted or verified here.

use super::{
    fact::{Cause, Place, Scopes},
    part::{Part, PartId, Reading, Why},
    tree::Structure,
};

/// How a message is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CryptoKind {
    /// S/MIME (CMS).
    SMime,
    /// OpenPGP in MIME.
    PgpMime,
    /// A multipart/encrypted or multipart/signed of another protocol.
    Other,
}

impl CryptoKind {
    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            CryptoKind::SMime => "S/MIME",
            CryptoKind::PgpMime => "PGP/MIME",
            CryptoKind::Other => "another protocol",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    Encrypted,
    Signed,
    /// Signed or compressed so that the content is inside and was not taken out.
    Opaque,
    /// It says that it is protected and its bytes do not show it.
    Claimed,
}

/// What one part does.
fn act(part: &Part, parts: &[Part]) -> Option<(Act, CryptoKind)> {
    let protocol = part.parameter("protocol").unwrap_or_default().to_ascii_lowercase();
    let by_protocol = match protocol.as_str() {
        p if p.contains("pgp") => CryptoKind::PgpMime,
        p if p.contains("pkcs7") => CryptoKind::SMime,
        _ => CryptoKind::Other,
    };
    match part.media.as_str() {
        "multipart/encrypted" if by_protocol == CryptoKind::PgpMime => {
            pgp_layers(part, parts).then_some((Act::Encrypted, by_protocol))
        }
        "multipart/encrypted" => Some((Act::Claimed, by_protocol)),
        "multipart/signed" => Some((Act::Signed, by_protocol)),
        "application/pkcs7-mime" | "application/x-pkcs7-mime" => cms(part),
        // Some servers turn multipart/encrypted into multipart/mixed and leave its two parts as they were.
        "multipart/mixed" => pgp_layers(part, parts).then_some((Act::Encrypted, CryptoKind::PgpMime)),
        _ => None,
    }
}

/// Whether the parts are those of RFC 3156 section 4 and nothing else: a control part and one OpenPGP message. Clear text
/// beside them, or in their place, makes the message one that people can read, whatever its type says.
fn pgp_layers(part: &Part, parts: &[Part]) -> bool {
    let children: Vec<&Part> = part
        .children
        .iter()
        .filter_map(|id| parts.get(id.index()))
        .filter(|p| !p.body.bytes().trim_ascii().is_empty())
        .collect();
    let [control, data] = children.as_slice() else { return false };
    let content = data.content();
    let armoured = content.trim_ascii().starts_with(b"-----BEGIN PGP MESSAGE-----")
        && content.trim_ascii().ends_with(b"-----END PGP MESSAGE-----");
    // Binary OpenPGP starts with a packet for a key, a password or encrypted data (RFC 9580 section 5).
    let binary = matches!(
        content.first(),
        Some(0x84 | 0x85 | 0x8c | 0x8d | 0xa4 | 0xa5 | 0xc1 | 0xc3 | 0xc9 | 0xd2 | 0xd4)
    );
    control.media.is("application", "pgp-encrypted")
        && control.body.len() < 1024
        && data.media.is("application", "octet-stream")
        && (armoured || binary)
}

/// What a CMS part is, by the object identifier in its first bytes; the parameter only claims.
fn cms(part: &Part) -> Option<(Act, CryptoKind)> {
    let content = part.content();
    let start = content.get(..content.len().min(64)).unwrap_or_default();
    let has = |oid: &[u8]| start.first() == Some(&0x30) && memchr::memmem::find(start, oid).is_some();
    const PKCS7: [u8; 8] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07];
    let smime_type = part.parameter("smime-type").unwrap_or_default().to_ascii_lowercase();
    let pkcs7 = |last: u8| has(&[&PKCS7[..], &[last]].concat());
    let auth_enveloped = has(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x01, 0x17]);
    let compressed = has(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x01, 0x09]);
    let act = if pkcs7(3) || auth_enveloped {
        Act::Encrypted
    } else if pkcs7(2) && smime_type == "certs-only" {
        return None;
    } else if pkcs7(2) || compressed {
        Act::Opaque
    } else {
        Act::Claimed
    };
    Some((act, CryptoKind::SMime))
}

/// The protection of a whole message is that of its root: what is beside or around a protected part can be read.
fn of_message(structure: &Structure, wanted: impl Fn(Act) -> bool) -> Option<CryptoKind> {
    let (act, kind) = act(structure.parts.first()?, &structure.parts)?;
    wanted(act).then_some(kind)
}

/// Whether and how the message is encrypted.
pub(crate) fn encrypted(structure: &Structure) -> Option<CryptoKind> {
    of_message(structure, |act| act == Act::Encrypted)
}

/// Whether and how the message is signed.
pub(crate) fn signed(structure: &Structure) -> Option<CryptoKind> {
    of_message(structure, |act| matches!(act, Act::Signed | Act::Opaque))
}

/// Whether the content of an envelope was taken out and is a part of its own.
fn has_content(envelope: PartId, parts: &[Part]) -> bool {
    let content = Reading::Alternative(Why::Envelope);
    parts.iter().any(|part| part.alternative_of == Some(envelope) && part.reading == content)
}

/// Notes every part that cannot be read for its protection.
pub(crate) fn note(structure: &mut Structure) {
    let mut found = Vec::new();
    for (index, part) in structure.parts.iter().enumerate() {
        let Some((act, kind)) = act(part, &structure.parts) else { continue };
        let (cause, detail) = match act {
            Act::Encrypted => (Cause::Encrypted, format!("encrypted with {}", kind.name())),
            Act::Opaque if has_content(part.id, &structure.parts) => continue,
            Act::Opaque => {
                (Cause::Unsupported, "an S/MIME envelope whose content is inside the signature".to_string())
            }
            Act::Claimed => {
                (Cause::Unsupported, format!("protected with {}, but not as its type says", kind.name()))
            }
            Act::Signed => continue,
        };
        let id = PartId(u32::try_from(index).unwrap_or(u32::MAX));
        let sure = part.reading == Reading::Primary || cause == Cause::Encrypted;
        if sure {
            let place = Place {
                part: Some(id),
                offset: part.body.offset(0),
                shown: part.shown(),
                ..Place::default()
            };
            found.push((cause, place, detail));
        }
    }
    for (cause, place, detail) in found {
        structure.facts.unscannable(cause, Scopes::CONTENT, place, detail);
    }
}
