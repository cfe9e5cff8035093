//! The root of the tree: further parts beside the message's own, and the message as an attachment of a new one.

use super::splice::Rank;
use super::{NewFile, Notice, OnProtected, Spot, Work};
use crate::message::compose::as_is_encoding;
use crate::message::encode::{base64_lines, boundary, encode_text, parameter};
use crate::message::part::Part;
use sha2::{Digest, Sha256};
use std::ops::Range;

impl Work<'_> {
    /// Makes the whole message an attachment of one that has its header, notices and files.
    pub(super) fn wrap(
        &mut self,
        original: &[u8],
        notices: &[(Spot, Notice, OnProtected)],
        files: &[(NewFile, OnProtected)],
    ) {
        let end = self.line_end;
        if !notices.is_empty() {
            self.parts_before.push(notice_part(notices, end));
        }
        let encoding = as_is_encoding(original);
        let mut part = format!("Content-Type: message/rfc822{end}Content-Disposition: attachment{end}Content-Transfer-Encoding: {encoding}{end}{end}").into_bytes();
        part.extend_from_slice(original);
        self.parts_before.push(part);
        self.parts_before.extend(files.iter().map(|(file, _)| file_part(file, end)));
        self.wrapped = true;
    }

    /// Writes what the root's header and body get beside the edits of its parts.
    pub(super) fn put_root(&mut self) {
        let message = self.message;
        let Some(root) = message.part(message.root()) else { return };
        let has_parts = !self.parts_before.is_empty() || !self.parts_after.is_empty();
        if has_parts && (self.wrapped || !self.add_to_mixed(root)) {
            self.make_mixed(root);
        }
        let mut fields = std::mem::take(&mut self.new_fields);
        let content = std::mem::take(&mut self.root_content_fields);
        if !content.is_empty() && root.headers().first("mime-version").is_none() {
            fields.extend_from_slice(format!("MIME-Version: 1.0{}", self.line_end).as_bytes());
        }
        fields.extend(content);
        if !fields.is_empty() {
            self.insert_field(root, fields);
        }
    }

    /// Puts the parts among those of a root that is a multipart/mixed; `false` if it is none that can take them.
    fn add_to_mixed(&mut self, root: &Part) -> bool {
        if root.media_type().as_str() != "multipart/mixed" || self.replaced.contains(&root.id()) {
            return false;
        }
        let Some(delimiter) = self.delimiter(root) else { return false };
        let children = root
            .children()
            .iter()
            .filter_map(|&child| self.message.part(child))
            .filter(|child| child.is_primary());
        let ranges: Option<Vec<_>> =
            children.map(|child| Some((child.header_range()?, child.body_range()?))).collect();
        let Some(ranges) = ranges else { return false };
        let (Some(start), Some(stop)) = (
            ranges.iter().map(|(header, _)| header.start).min(),
            ranges.iter().map(|(_, body)| body.end).max(),
        ) else {
            return false;
        };
        let end = self.line_end.as_bytes();
        let all: Vec<&Vec<u8>> = self.parts_before.iter().chain(&self.parts_after).collect();
        if all.iter().any(|part| memchr::memmem::find(part, &delimiter).is_some()) {
            return false;
        }
        let mut before = Vec::new();
        for part in std::mem::take(&mut self.parts_before) {
            before.extend([part.as_slice(), end, &delimiter, end].concat());
        }
        let mut after = Vec::new();
        for part in std::mem::take(&mut self.parts_after) {
            after.extend([end, &delimiter, end, part.as_slice()].concat());
        }
        let rest = self.message.bytes().get(stop..).unwrap_or_default();
        let rest = rest.strip_prefix(b"\r\n").or_else(|| rest.strip_prefix(b"\n")).unwrap_or(rest);
        if !rest.starts_with(&delimiter) && !after.is_empty() {
            after.extend([end, &delimiter, b"--", end].concat());
        }
        self.splices.replace(start..start, Rank::PartsBefore, before);
        self.splices.replace(stop..stop, Rank::Closing, after);
        true
    }

    /// Makes the root a multipart/mixed of the parts and, unless it is wrapped, of what it was.
    fn make_mixed(&mut self, root: &Part) {
        let (Some(_), Some(body)) = (root.header_range(), root.body_range()) else { return };
        let message = self.message;
        let end = self.line_end;
        let before = std::mem::take(&mut self.parts_before);
        let after = std::mem::take(&mut self.parts_after);
        let digest = Sha256::digest(message.bytes());
        let seed = data_encoding::HEXLOWER.encode(digest.as_slice());
        let mut seen: Vec<&[u8]> = before.iter().chain(&after).map(Vec::as_slice).collect();
        seen.push(message.bytes());
        let boundary = boundary(&seed, &seen);
        let mut moved = self.take_content_fields(root);
        moved.append(&mut self.root_content_fields);
        let head = format!("Content-Type: multipart/mixed{}{end}", parameter("boundary", &boundary, end));
        self.root_content_fields.extend_from_slice(head.as_bytes());
        let mut fields = std::mem::take(&mut self.new_fields);
        if root.headers().first("mime-version").is_none() {
            fields.extend_from_slice(format!("MIME-Version: 1.0{end}").as_bytes());
        }
        fields.append(&mut self.root_content_fields);
        self.insert_field(root, fields);
        let mut opening = Vec::new();
        for part in before {
            opening.extend([b"--", boundary.as_bytes(), end.as_bytes(), &part, end.as_bytes()].concat());
        }
        let mut closing = Vec::new();
        for part in after {
            closing.extend([b"--", boundary.as_bytes(), end.as_bytes(), &part, end.as_bytes()].concat());
        }
        closing.extend([b"--", boundary.as_bytes(), b"--", end.as_bytes()].concat());
        if self.wrapped {
            opening.extend(closing);
            self.splices.replace(body, Rank::Content, opening);
            return;
        }
        opening.extend([b"--", boundary.as_bytes(), end.as_bytes(), &moved, end.as_bytes()].concat());
        closing.splice(0..0, end.bytes());
        self.splices.replace(body.start..body.start, Rank::Opening, opening);
        self.splices.replace(body.end..body.end, Rank::Closing, closing);
    }

    /// Takes the fields that describe the root's content out of its header, and with them lines that are no fields: they
    /// stood behind others and might otherwise become the first, where they would end the header.
    fn take_content_fields(&mut self, root: &Part) -> Vec<u8> {
        let message = self.message;
        let end = self.line_end.as_bytes();
        let mut moved = Vec::new();
        let mut behind: Option<usize> = None;
        for field in root.headers().iter() {
            let Some(range) = field.range() else { continue };
            self.move_lines(behind.unwrap_or(range.start)..range.start, &mut moved);
            behind = Some(range.end);
            let describes = field.name().get(..8).is_some_and(|start| start.eq_ignore_ascii_case("content-"));
            let is_odd =
                !field.name().bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
            if describes || is_odd {
                moved.extend(self.splices.take_within(message.bytes(), range.clone()));
                if !moved.is_empty() && !moved.ends_with(b"\n") {
                    moved.extend_from_slice(end);
                }
                self.splices.replace(range, Rank::Fields, Vec::new());
            }
        }
        if let (Some(behind), Some(header)) = (behind, root.header_range()) {
            self.move_lines(behind..header.end, &mut moved);
        }
        moved
    }

    /// Moves lines of the header that are no fields.
    fn move_lines(&mut self, range: Range<usize>, moved: &mut Vec<u8>) {
        if range.is_empty() {
            return;
        }
        moved.extend_from_slice(self.message.bytes().get(range.clone()).unwrap_or_default());
        if !moved.ends_with(b"\n") {
            moved.extend_from_slice(self.line_end.as_bytes());
        }
        self.splices.replace(range, Rank::Fields, Vec::new());
    }

    /// The delimiter line of a multipart, without its line end, as it stands before the first of its parts.
    pub(super) fn delimiter(&self, container: &Part) -> Option<Vec<u8>> {
        let children = container.children().iter().filter_map(|&child| self.message.part(child));
        let first = children
            .filter(|child| child.is_primary())
            .filter_map(|child| child.header_range())
            .map(|range| range.start)
            .min()?;
        let before = self.message.bytes().get(..first)?.strip_suffix(b"\n")?;
        let start = memchr::memrchr(b'\n', before).map_or(0, |at| at + 1);
        let line = before.get(start..)?.trim_ascii_end();
        (line.starts_with(b"--") && line.len() > 2).then(|| line.to_vec())
    }
}

/// A part with the text of notices, and with their HTML as an alternative if any has its own.
pub(super) fn notice_part(notices: &[(Spot, Notice, OnProtected)], end: &str) -> Vec<u8> {
    let text: Vec<&str> =
        notices.iter().map(|(_, notice, _)| notice.text.trim()).filter(|text| !text.is_empty()).collect();
    let plain = text_part("plain", &format!("{}\n", text.join("\n\n")), end);
    if notices.iter().all(|(_, notice, _)| notice.html.is_none()) {
        return plain;
    }
    let html: String = notices
        .iter()
        .map(|(_, notice, _)| {
            let inner = notice.html.clone().unwrap_or_else(|| super::draft::escape_html(notice.text.trim()));
            format!("<div>{}</div>\n", inner.trim())
        })
        .collect();
    let html = text_part("html", &html, end);
    let boundary = boundary("notice", &[&plain, &html]);
    let head =
        format!("Content-Type: multipart/alternative{}{end}{end}", parameter("boundary", &boundary, end));
    let open = format!("--{boundary}{end}");
    let close = format!("--{boundary}--{end}");
    [
        head.as_bytes(),
        open.as_bytes(),
        &plain,
        end.as_bytes(),
        open.as_bytes(),
        &html,
        end.as_bytes(),
        close.as_bytes(),
    ]
    .concat()
}

/// A text part with its header.
pub(super) fn text_part(subtype: &str, text: &str, end: &str) -> Vec<u8> {
    let text = text.replace('\0', "");
    let encoded = encode_text(text.as_bytes(), end);
    let charset = if text.is_ascii() { "us-ascii" } else { "utf-8" };
    let mut part = format!(
        "Content-Type: text/{subtype}; charset={charset}{end}Content-Transfer-Encoding: {}{end}{end}",
        encoded.encoding
    )
    .into_bytes();
    part.extend(encoded.body);
    part
}

/// A part that holds a file.
pub(super) fn file_part(file: &NewFile, end: &str) -> Vec<u8> {
    let is_token = |text: &str| {
        !text.is_empty()
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte))
    };
    let is_type = file.media_type.split_once('/').is_some_and(|(main, sub)| is_token(main) && is_token(sub));
    let media_type =
        if is_type { file.media_type.to_ascii_lowercase() } else { "application/octet-stream".to_owned() };
    // Messages and multiparts may not be encoded (RFC 2046 section 5.2.1).
    let as_is = media_type.starts_with("message/");
    let media_type =
        if media_type.starts_with("multipart/") { "application/octet-stream".to_owned() } else { media_type };
    let encoding = if as_is { as_is_encoding(&file.content) } else { "base64" };
    let mut part = format!(
        "Content-Type: {media_type}{}{end}Content-Disposition: attachment{}{end}Content-Transfer-Encoding: {encoding}{end}{end}",
        parameter("name", &file.name, end),
        parameter("filename", &file.name, end),
    )
    .into_bytes();
    match as_is {
        true => part.extend_from_slice(&file.content),
        false => part.extend(base64_lines(&file.content, end)),
    }
    part
}
