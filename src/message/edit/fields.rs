//! Edits of header fields.

use super::splice::Rank;
use super::{EditError, Work};
use crate::message::encode::{encoded_words, field, is_field_name, one_line};
use crate::message::part::Part;
use crate::message::surface::fold;
use std::ops::Range;

/// One edit of the header.
#[derive(Debug, Clone)]
pub(super) enum FieldEdit {
    Set { name: String, value: String },
    Add { name: String, value: String },
    Remove { name: String },
    SubjectPrefix { prefix: String },
    SubjectSuffix { suffix: String },
}

impl Work<'_> {
    pub(super) fn edit_fields(&mut self, edits: &[FieldEdit]) -> Result<(), EditError> {
        let mut subject = SubjectEdit::default();
        for edit in edits {
            match edit {
                FieldEdit::Set { name, value } => {
                    let new = self.written(name, value)?;
                    // A later setting of the same name counts, so that all set names occur once.
                    let later = edits.iter().rev().find_map(|edit| match edit {
                        FieldEdit::Set { name: other, value } if other.eq_ignore_ascii_case(name) => {
                            Some(value)
                        }
                        _ => None,
                    });
                    if later.is_some_and(|later| !std::ptr::eq(later, value)) {
                        continue;
                    }
                    self.replace_fields(name, Some(new));
                }
                FieldEdit::Add { name, value } => {
                    let new = self.written(name, value)?;
                    self.new_fields.extend(new);
                }
                FieldEdit::Remove { name } => {
                    self.written(name, "")?;
                    self.replace_fields(name, None);
                }
                FieldEdit::SubjectPrefix { prefix } => subject.prefixes.push(one_line(prefix)),
                FieldEdit::SubjectSuffix { suffix } => subject.suffixes.push(one_line(suffix)),
            }
        }
        let set_subject = edits.iter().rev().find_map(|edit| match edit {
            FieldEdit::Set { name, value } if name.eq_ignore_ascii_case("subject") => Some(one_line(value)),
            FieldEdit::Remove { name } if name.eq_ignore_ascii_case("subject") => Some(String::new()),
            _ => None,
        });
        self.edit_subject(&subject, set_subject);
        Ok(())
    }

    /// The bytes of a new field; an error for names that are none or that carry the structure.
    fn written(&self, name: &str, value: &str) -> Result<Vec<u8>, EditError> {
        let lower = name.to_ascii_lowercase();
        let structural = lower.starts_with("content-") || lower == "mime-version";
        if structural || !is_field_name(name) {
            return Err(EditError::Field(name.to_owned()));
        }
        field(name, value, self.line_end)
            .map(String::into_bytes)
            .ok_or_else(|| EditError::Field(name.to_owned()))
    }

    /// Replaces all fields of a name, those that only other readers see among them.
    fn replace_fields(&mut self, name: &str, new: Option<Vec<u8>>) {
        let ranges = self.field_ranges(name);
        let mut new = new;
        for range in ranges {
            self.splices.replace(range, Rank::Fields, new.take().unwrap_or_default());
        }
        self.new_fields.extend(new.unwrap_or_default());
    }

    /// Where the fields of a name stand, in order. One that another reader sees inside a field goes with that field's
    /// line only if it is a line of its own.
    fn field_ranges(&self, name: &str) -> Vec<Range<usize>> {
        let headers = self.message.headers();
        let all: Vec<Range<usize>> = headers.iter().filter_map(|header| header.range()).collect();
        let mut ranges: Vec<Range<usize>> = headers.all(name).filter_map(|header| header.range()).collect();
        let others = headers.other_readings(name).filter_map(|header| header.range());
        ranges.extend(
            others
                .filter(|other| !all.iter().any(|field| field.start < other.end && other.start < field.end)),
        );
        ranges.sort_by_key(|range| range.start);
        ranges
    }

    fn edit_subject(&mut self, edit: &SubjectEdit, set: Option<String>) {
        if edit.prefixes.is_empty() && edit.suffixes.is_empty() {
            return;
        }
        let headers = self.message.headers();
        let existing: Vec<(Range<usize>, Vec<u8>, String)> = headers
            .all("subject")
            .filter_map(|header| {
                Some((header.range()?, header.raw_value().to_vec(), header.value().to_owned()))
            })
            .collect();
        if existing.is_empty() || set.is_some() {
            let value = edit.around(&set.unwrap_or_default());
            let new = field("Subject", &value, self.line_end).unwrap_or_default().into_bytes();
            self.splices_without_subject();
            self.replace_fields("subject", Some(new));
            return;
        }
        for (range, raw, value) in existing {
            let (before, after) = edit.missing(&value);
            if before.is_empty() && after.is_empty() {
                continue;
            }
            let new = self.subject_around(&before, &raw, &after);
            self.splices.replace(range, Rank::Fields, new);
        }
    }

    /// A setting of the subject that was written already gives way to the one with prefix and suffix.
    fn splices_without_subject(&mut self) {
        let bytes = self.message.bytes();
        for range in self.field_ranges("subject") {
            self.splices.take_within(bytes, range);
        }
        let ends = self.new_fields.split_inclusive(|&byte| byte == b'\n').map(<[u8]>::to_vec);
        let mut in_subject = false;
        let kept: Vec<Vec<u8>> = ends
            .filter(|line| {
                let continued = line.starts_with(b" ") || line.starts_with(b"\t");
                in_subject =
                    if continued { in_subject } else { line.to_ascii_lowercase().starts_with(b"subject:") };
                !in_subject
            })
            .collect();
        self.new_fields = kept.concat();
    }

    /// The subject field with its value as it was, byte for byte, between what is added.
    fn subject_around(&self, before: &str, raw: &[u8], after: &str) -> Vec<u8> {
        let end = self.line_end.as_bytes();
        let value = raw.trim_ascii();
        let mut made = b"Subject:".to_vec();
        let mut column = made.len();
        // The blank between two encoded words is not shown, so one that must be goes into the added word.
        let value_opens_encoded = value.starts_with(b"=?");
        let value_closes_encoded = value.ends_with(b"?=");
        let first_line = memchr::memchr(b'\n', value).unwrap_or(value.len());
        for word in added_words(before, value_opens_encoded, false) {
            if column + 1 + word.len() > 76 && column > 8 {
                made.extend_from_slice(end);
                column = 0;
            }
            made.push(b' ');
            made.extend_from_slice(word.as_bytes());
            column += 1 + word.len();
        }
        if column > 8 && column + 1 + first_line > 78 && !value.is_empty() {
            made.extend_from_slice(end);
        }
        if !value.is_empty() {
            made.push(b' ');
            made.extend_from_slice(value);
        }
        for word in added_words(after, value_closes_encoded, true) {
            made.extend_from_slice(end);
            made.push(b' ');
            made.extend_from_slice(word.as_bytes());
        }
        made.extend_from_slice(end);
        made
    }

    /// Sets a content field of a part (`Content-Type`, `Content-Transfer-Encoding`): the first of that name is
    /// replaced, further ones go.
    pub(super) fn set_content_field(&mut self, part: &Part, name: &str, value: &str) {
        let new = format!("{name}: {value}{}", self.line_end).into_bytes();
        let mut ranges = part.headers().all(name).filter_map(|header| header.range());
        match ranges.next() {
            Some(first) => {
                self.splices.replace(first, Rank::Fields, new);
                for other in ranges {
                    self.splices.replace(other, Rank::Fields, Vec::new());
                }
            }
            None if part.parent().is_none() => self.root_content_fields.extend(new),
            None => self.insert_field(part, new),
        }
    }

    /// Puts fields at the end of a part's header section.
    pub(super) fn insert_field(&mut self, part: &Part, new: Vec<u8>) {
        self.part_fields.entry(part.id()).or_default().extend(new);
    }

    /// Writes the fields that parts get, and parts headers from bodies that begin to have something in them.
    pub(super) fn put_part_fields(&mut self) {
        let message = self.message;
        for (part, mut new) in std::mem::take(&mut self.part_fields) {
            let Some(part) = message.part(part) else { continue };
            let Some(header) = part.header_range() else { continue };
            let at = if part.headers().is_empty() { header.start } else { header.end };
            let bytes = message.bytes();
            let rest = bytes.get(at..).unwrap_or_default();
            let parted = rest.starts_with(b"\n") || rest.starts_with(b"\r\n");
            let nothing_to_part = part.headers().is_empty() && new.is_empty();
            if nothing_to_part || (parted && new.is_empty()) {
                continue;
            }
            let unended = at > header.start && bytes.get(at - 1) != Some(&b'\n');
            if unended && !self.splices.replaces_end(at) {
                new.splice(0..0, self.line_end.bytes());
            }
            if !parted {
                new.extend_from_slice(self.line_end.as_bytes());
            }
            self.splices.replace(at..at, Rank::Fields, new);
        }
    }
}

/// What is put around the subject.
#[derive(Debug, Default)]
struct SubjectEdit {
    prefixes: Vec<String>,
    suffixes: Vec<String>,
}

impl SubjectEdit {
    /// What of it the subject does not show yet.
    fn missing(&self, subject: &str) -> (String, String) {
        let before = self.prefixes.iter().filter(|words| !words.is_empty() && !opens_with(subject, words));
        let after = self.suffixes.iter().filter(|words| !words.is_empty() && !ends_with(subject, words));
        let (before, after): (Vec<&str>, Vec<&str>) =
            (before.map(String::as_str).collect(), after.map(String::as_str).collect());
        (before.join(" "), after.join(" "))
    }

    fn around(&self, subject: &str) -> String {
        let (before, after) = self.missing(subject);
        [before.as_str(), subject, &after].join(" ").trim().to_owned()
    }
}

/// What programs write before the subject of a reply or a forwarded message, folded.
const REPLIES: &[&str] = &[
    "re", "r", "ref", "res", "resp", "rif", "fw", "fwd", "i", "aw", "antw", "antwort", "wg", "sv", "vs",
    "vb", "vl", "doorst", "tr", "rv", "enc", "odp", "pd", "ynt", "ilt", "atb", "bls", "kh", "va", "回复",
    "回覆", "答复", "转发", "轉寄", "返信", "転送",
];
/// How far from its start a subject can show a mark that was put before it, in characters.
const MARK_WITHIN: usize = 80;

/// Whether a subject opens with some words, behind marks of replies and other marks in brackets. Words further on say
/// nothing: whoever wrote the subject may have put them there to have none put before it.
fn opens_with(subject: &str, words: &str) -> bool {
    let (subject, words) = (fold(subject), fold(words));
    let words = words.trim();
    let mut rest = subject.trim_start();
    let mut seen = 0;
    loop {
        if let Some(behind) = rest.strip_prefix(words)
            && parted(words.chars().next_back(), behind.chars().next())
        {
            return true;
        }
        let Some(next) = behind_reply(rest).or_else(|| behind_brackets(rest)) else { return false };
        seen += rest.chars().count() - next.chars().count();
        rest = next.trim_start();
        if seen > MARK_WITHIN {
            return false;
        }
    }
}

/// Whether a subject ends with some words.
fn ends_with(subject: &str, words: &str) -> bool {
    let (subject, words) = (fold(subject), fold(words));
    let words = words.trim();
    subject
        .trim_end()
        .strip_suffix(words)
        .is_some_and(|before| parted(before.chars().next_back(), words.chars().next()))
}

/// Whether two characters that stand beside each other belong to no one word.
fn parted(left: Option<char>, right: Option<char>) -> bool {
    !(left.is_some_and(char::is_alphanumeric) && right.is_some_and(char::is_alphanumeric))
}

/// What follows a mark of a reply, such as `re:`, `fwd :` or `aw[2]:`.
fn behind_reply(subject: &str) -> Option<&str> {
    let (mark, rest) = subject.split_once(':')?;
    let mark = mark.trim_end();
    let counted = mark.strip_suffix([']', ')']).and_then(|inner| {
        let (word, count) = inner.rsplit_once(['[', '('])?;
        count.bytes().all(|byte| byte.is_ascii_digit()).then(|| word.trim_end())
    });
    REPLIES.contains(&counted.unwrap_or(mark)).then_some(rest)
}

/// What follows a mark in brackets.
fn behind_brackets(subject: &str) -> Option<&str> {
    subject.strip_prefix('[')?.split_once(']').map(|(_, rest)| rest)
}

/// Added words, encoded if they must be; then with the blank towards the value inside, if the value is encoded too.
fn added_words(text: &str, value_is_encoded: bool, behind: bool) -> Vec<String> {
    if text.is_empty() {
        return Vec::new();
    }
    if text.is_ascii() && !text.contains("=?") {
        return vec![text.to_owned()];
    }
    match (value_is_encoded, behind) {
        (true, false) => encoded_words(&format!("{text} ")),
        (true, true) => encoded_words(&format!(" {text}")),
        (false, _) => encoded_words(text),
    }
}
