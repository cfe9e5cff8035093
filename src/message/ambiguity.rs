//! The ways in which a header section can be taken: the primary one and every other that some program has.
//!
//! A field that occurs twice, a parameter that occurs twice, an encoding written so that half the programs do not
//! know it: each gives a further interpretation of the same bytes. There are few of them at most, and none for ordinary mail.

use std::sync::Arc;

use super::{
    decode::Encoding,
    fact::MalformationKind,
    headers::Section,
    parameters::{Reading, Structured},
    part::{MediaType, Why},
    words,
};

/// One way to take a header section.
#[derive(Debug, Clone)]
pub(crate) struct Interpretation {
    pub(crate) media: MediaType,
    pub(crate) content_type: Arc<Structured>,
    pub(crate) encoding: Encoding,
    /// Set where this interpretation is about one boundary.
    pub(crate) boundary: Option<Vec<u8>>,
}

/// All ways to take a header section.
pub(crate) struct Interpretations {
    pub(crate) primary: Interpretation,
    pub(crate) others: Vec<(Interpretation, Why)>,
    pub(crate) defects: Vec<(MalformationKind, String)>,
    /// Readings of the boundary in Content-Type fields other than the primary one.
    pub(crate) foreign_boundaries: Vec<Reading>,
    /// Whether there are more ways than are looked at.
    pub(crate) cut: bool,
}

/// Other interpretations of one section that are looked at; there are not more encodings and hardly more types.
const MOST_OTHERS: usize = 8;

/// Takes a section in all ways. `default` is the type of a part that names none.
pub(crate) fn interpret(section: &Section, default: &MediaType) -> Interpretations {
    let mut defects = Vec::new();
    let types = content_types(section, default, &mut defects);
    let encodings = encodings(section, &mut defects);
    let encoding = encodings.first().copied().unwrap_or(Encoding::Identity);
    let make = |(media, field): &(MediaType, Arc<Structured>), encoding| Interpretation {
        media: media.clone(),
        content_type: field.clone(),
        encoding,
        boundary: None,
    };
    let first = types.first().cloned().unwrap_or_else(|| (default.clone(), Arc::default()));
    let primary = make(&first, encoding);
    let mut others = Vec::new();
    let mut foreign_boundaries = Vec::new();
    for other in types.iter().skip(1) {
        foreign_boundaries.extend(other.1.readings("boundary"));
        if other.0 != first.0 || other.1.first("charset") != first.1.first("charset") {
            others.push((make(other, encoding), Why::ContentType));
        }
    }
    for other in encodings.iter().skip(1) {
        others.push((make(&first, *other), Why::TransferEncoding));
    }
    let more = |name: &str| section.headers.every(name).nth(MOST_OTHERS).is_some();
    let cut = others.len() > MOST_OTHERS
        || more("content-type")
        || more("content-transfer-encoding")
        || types.iter().any(|(_, field)| field.cut);
    others.truncate(MOST_OTHERS);
    Interpretations { primary, others, defects, foreign_boundaries, cut }
}

fn content_types(
    section: &Section,
    default: &MediaType,
    defects: &mut Vec<(MalformationKind, String)>,
) -> Vec<(MediaType, Arc<Structured>)> {
    let mut types = Vec::new();
    for header in section.headers.every("content-type").take(MOST_OTHERS) {
        let field = Structured::parse(header.raw_value());
        let (media, odd) = media_type(&field, default);
        if odd {
            let shown: String = field.value.chars().take(60).collect();
            defects.push((MalformationKind::BadContentType, format!("`{shown}` is no type/subtype")));
        }
        defects.extend(field.defects.iter().cloned());
        types.push((media, Arc::new(field)));
    }
    if section.headers.all("content-type").nth(1).is_some() {
        defects.push((MalformationKind::DuplicateHeader, "several Content-Type fields".to_string()));
    }
    types
}

/// The media type of a field, and whether it is oddly written. What cannot be read is the default.
fn media_type(field: &Structured, default: &MediaType) -> (MediaType, bool) {
    let value = field.value.as_str();
    let tidy = |half: &str| -> String {
        half.trim()
            .chars()
            .take_while(|c| c.is_ascii_graphic() && !matches!(c, ';' | ',' | '"' | '<' | '>'))
            .collect::<String>()
            .to_ascii_lowercase()
    };
    if let Some((main, sub)) = value.split_once('/') {
        let odd = main != main.trim_end() || sub != sub.trim_start() || sub.contains(char::is_whitespace);
        let (main, sub) = (tidy(main), tidy(sub));
        if !main.is_empty() && !sub.is_empty() {
            return (MediaType::new(&main, &sub), odd || field.value != field.raw_value);
        }
        if main == "multipart" {
            return (MediaType::new("multipart", "mixed"), true);
        }
        return (default.clone(), true);
    }
    match tidy(value).as_str() {
        "multipart" => (MediaType::new("multipart", "mixed"), true),
        "application" | "image" | "audio" | "video" | "model" | "font" => {
            (MediaType::new("application", "octet-stream"), true)
        }
        // Without any value a boundary still says what is meant.
        "" if !field.readings("boundary").is_empty() => (MediaType::new("multipart", "mixed"), true),
        _ => (default.clone(), true),
    }
}

/// The transfer encodings that readers may see, the likeliest first.
fn encodings(section: &Section, defects: &mut Vec<(MalformationKind, String)>) -> Vec<Encoding> {
    let mut found: Vec<Encoding> = Vec::new();
    let mut fields = 0;
    for header in section.headers.every("content-transfer-encoding").take(MOST_OTHERS) {
        fields += 1;
        let (readings, odd) = encoding_readings(header.raw_value());
        if odd {
            let shown: String = header.value().chars().take(60).collect();
            defects
                .push((MalformationKind::BadEncoding, format!("the transfer encoding is written `{shown}`")));
        }
        for encoding in readings {
            if !found.contains(&encoding) {
                found.push(encoding);
            }
        }
    }
    if fields > 1 && found.len() > 1 {
        defects.push((MalformationKind::DoubleEncoding, "several transfer encodings".to_string()));
    }
    if fields > 1 {
        defects.push((
            MalformationKind::DuplicateHeader,
            "several Content-Transfer-Encoding fields".to_string(),
        ));
    }
    found
}

fn known(name: &str) -> Option<Encoding> {
    match name {
        "7bit" | "8bit" | "binary" | "none" | "" => Some(Encoding::Identity),
        "base64" => Some(Encoding::Base64),
        "quoted-printable" => Some(Encoding::QuotedPrintable),
        "x-uuencode" | "x-uue" | "uuencode" | "uue" => Some(Encoding::Uuencode),
        _ => None,
    }
}

/// The encodings that one value may mean, and whether it is oddly written.
fn encoding_readings(raw: &[u8]) -> (Vec<Encoding>, bool) {
    let strict = String::from_utf8_lossy(words::unfold(raw).trim_ascii()).to_ascii_lowercase();
    if let Some(encoding) = known(&strict) {
        return (vec![encoding], false);
    }
    let field = Structured::parse(raw);
    let lenient = field.value.to_ascii_lowercase();
    if let Some(encoding) = known(&lenient) {
        return (vec![encoding, Encoding::Identity], true);
    }
    let mut found = Vec::new();
    for token in strict.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).filter(|t| !t.is_empty()) {
        let encoding = known(token);
        found.extend(encoding.filter(|e| !found.contains(e)));
    }
    if !found.is_empty() {
        if !found.contains(&Encoding::Identity) {
            found.push(Encoding::Identity);
        }
        return (found, true);
    }
    // A misspelling: most programs take the bytes as they stand, a helpful one does not.
    let letters: String = strict.chars().filter(char::is_ascii_alphanumeric).collect();
    let mut readings = vec![Encoding::Identity];
    match letters.as_str() {
        "7bits" | "8bits" | "7" | "8" | "utf8" | "usascii" | "text" | "plain" => {}
        l if l.contains("64") => readings.push(Encoding::Base64),
        l if l.contains("quoted") || l.contains("printable") || l == "qp" => {
            readings.push(Encoding::QuotedPrintable)
        }
        l if l.contains("uu") => readings.push(Encoding::Uuencode),
        _ => readings.extend([Encoding::Base64, Encoding::QuotedPrintable]),
    }
    (readings, true)
}
