//! Stripping of attachments: each is replaced by a text that names it, the rest staying as it is.

use super::body::is_protected;
use super::root::text_part;
use super::splice::Rank;
use super::{EditError, Work};
use crate::message::encode::encode_text;
use crate::message::part::{Part, PartId, Role};
use crate::message::{Attachment, AttachmentId};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// What is stripped of one part.
#[derive(Default)]
struct Stripped {
    names: Vec<String>,
    /// Only these bytes of its decoded text; `None`: all of the part.
    blocks: Option<Vec<Range<usize>>>,
}

impl Work<'_> {
    pub(super) fn strip(
        &mut self,
        attachments: &BTreeSet<AttachmentId>,
        text: &dyn Fn(&[String]) -> String,
    ) -> Result<(), EditError> {
        let message = self.message;
        let mut by_part: BTreeMap<PartId, Stripped> = BTreeMap::new();
        for attachment in attachments.iter().filter_map(|&id| message.attachment(id)) {
            let (part, blocks) = self.holder(attachment);
            if self
                .lineage(part)
                .iter()
                .filter_map(|&id| message.part(id))
                .any(|part| is_protected(message, part))
            {
                return Err(EditError::Protected);
            }
            let stripped = by_part
                .entry(part)
                .or_insert_with(|| Stripped { names: Vec::new(), blocks: Some(Vec::new()) });
            stripped.names.push(attachment.path().to_owned());
            stripped.blocks = match (stripped.blocks.take(), blocks) {
                (Some(mut known), Some(blocks)) => {
                    known.extend(blocks);
                    Some(known)
                }
                _ => None,
            };
        }
        for (part, stripped) in self.outermost(by_part) {
            let notice = text(&stripped.names);
            match (message.part(part), stripped.blocks) {
                (Some(part), Some(blocks)) => self.strip_blocks(part, blocks, &notice),
                (Some(part), None) => self.replace_part(part, &notice),
                (None, _) => {}
            }
        }
        Ok(())
    }

    /// The part to be replaced for an attachment, or the bytes of its text: what is inside archives or only decoded
    /// goes with what holds it, what another reading of a part finds with that part.
    fn holder(&self, attachment: &Attachment) -> (PartId, Option<Vec<Range<usize>>>) {
        let message = self.message;
        let mut holder = attachment;
        while holder.part().is_none() {
            let Some(container) = holder.container().and_then(|id| message.attachment(id)) else { break };
            holder = container;
        }
        let found = holder.part().unwrap_or_else(|| message.root());
        let mut at = found;
        while let Some(part) = message.part(at) {
            if part.is_primary() && part.header_range().is_some() && part.body_range().is_some() {
                break;
            }
            let Some(next) = part.alternative_of().or(part.parent()).filter(|&next| next < at) else {
                return (message.root(), None);
            };
            at = next;
        }
        let is_part = message.attachment_of_part(found).is_some_and(|own| own.id() == holder.id());
        if at != found || is_part {
            return (at, None);
        }
        let content = message.part(at).map(Part::content).unwrap_or_default();
        let name = holder.name().unwrap_or_default();
        let mut files = crate::message::uuencode::find(content);
        files.extend(crate::message::yenc::find(content));
        let blocks: Vec<Range<usize>> =
            files.into_iter().filter(|file| file.name == name).map(|file| file.range).collect();
        (at, Some(blocks).filter(|blocks| !blocks.is_empty()))
    }

    /// A part and all that hold it.
    fn lineage(&self, part: PartId) -> Vec<PartId> {
        let mut line = vec![part];
        let mut at = part;
        while let Some(parent) = self.message.part(at).and_then(Part::parent) {
            line.push(parent);
            at = parent;
        }
        line
    }

    /// Parts within a part that goes as a whole go with it.
    fn outermost(&self, by_part: BTreeMap<PartId, Stripped>) -> BTreeMap<PartId, Stripped> {
        let whole: BTreeSet<PartId> =
            by_part.iter().filter(|(_, stripped)| stripped.blocks.is_none()).map(|(&part, _)| part).collect();
        let mut outermost: BTreeMap<PartId, Stripped> = BTreeMap::new();
        for (part, stripped) in by_part {
            let top = self.lineage(part).into_iter().rev().find(|id| whole.contains(id));
            let entry = outermost.entry(top.unwrap_or(part)).or_default();
            entry.names.extend(stripped.names);
            entry.blocks = if top.is_some() { None } else { stripped.blocks };
        }
        outermost
    }

    fn strip_blocks(&mut self, part: &Part, mut blocks: Vec<Range<usize>>, notice: &str) {
        blocks.sort_by_key(|block| block.start);
        blocks.dedup();
        let Some(draft) = self.draft(part) else { return };
        for (index, block) in blocks.into_iter().enumerate().rev() {
            draft.replace(block, if index == 0 { notice } else { "" });
        }
    }

    /// Replaces a part by a text; of the root of a message the header stays, but for what describes its content.
    fn replace_part(&mut self, part: &Part, notice: &str) {
        let (Some(header), Some(body)) = (part.header_range(), part.body_range()) else { return };
        let end = self.line_end;
        self.replaced.insert(part.id());
        let holds_message =
            |id: PartId| self.message.part(id).is_some_and(|holder| holder.role() == Role::Message);
        let is_root = part.parent().is_none_or(holds_message);
        let text = self.safe_text(part, notice);
        if !is_root {
            self.splices.replace(header.start..body.end, Rank::Content, text);
            return;
        }
        let is_content =
            |name: &str| name.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("content-"));
        for range in
            part.headers().iter().filter(|field| is_content(field.name())).filter_map(|field| field.range())
        {
            self.splices.replace(range, Rank::Fields, Vec::new());
        }
        let empty_line = format!("{end}{end}").into_bytes();
        let split = memchr::memmem::find(&text, &empty_line).unwrap_or(text.len());
        let (fields, content) = text.split_at_checked(split + end.len()).unwrap_or((&text, &[]));
        let content = content.get(end.len()..).unwrap_or_default();
        match part.parent() {
            None => self.root_content_fields.extend_from_slice(fields),
            Some(_) => self.insert_field(part, fields.to_vec()),
        }
        self.insert_field(part, Vec::new());
        self.splices.replace(body, Rank::Content, content.to_vec());
    }

    /// The text as a part, in base64 if it would otherwise look like a delimiter around it.
    fn safe_text(&self, part: &Part, notice: &str) -> Vec<u8> {
        let plain = text_part("plain", notice, self.line_end);
        let encoded = encode_text(notice.as_bytes(), self.line_end);
        if encoded.encoding == "base64" || !self.holds_boundary(part, &plain) {
            return plain;
        }
        let end = self.line_end;
        let mut safe = format!(
            "Content-Type: text/plain; charset=utf-8{end}Content-Transfer-Encoding: base64{end}{end}"
        )
        .into_bytes();
        safe.extend(crate::message::encode::base64_lines(notice.as_bytes(), end));
        safe
    }
}
