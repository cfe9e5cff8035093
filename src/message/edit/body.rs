//! Which parts are the body, and putting notices into all of them.

use super::{Notice, OnProtected, Spot, Work};
use crate::message::part::{Part, PartId, Role};

impl Work<'_> {
    /// Puts notices into every alternative of the body, or into a new part where the message has no text of its own.
    pub(super) fn add_notices(&mut self, notices: &[(Spot, Notice, OnProtected)]) {
        if notices.is_empty() {
            return;
        }
        let root = self.message.root();
        if self.targets(root, Spot::Top).is_empty() {
            let part = super::root::notice_part(notices, self.line_end);
            self.parts_before.push(part);
            return;
        }
        // Each banner goes above the one before, so the last is put in first.
        let banners = notices.iter().rev().filter(|(spot, ..)| *spot == Spot::Top);
        let footers = notices.iter().filter(|(spot, ..)| *spot != Spot::Top);
        for (spot, notice, _) in banners.chain(footers) {
            for target in self.targets(root, *spot) {
                let message = self.message;
                let draft = message.part(target).and_then(|part| self.draft(part));
                if let Some(draft) = draft {
                    draft.add(*spot, notice);
                }
            }
        }
    }

    /// The parts that together are the body below a part: all alternatives, of other multiparts the first that has text.
    /// The tree is no deeper than the limits on messages allow.
    fn targets(&self, id: PartId, spot: Spot) -> Vec<PartId> {
        let Some(part) = self.message.part(id) else { return Vec::new() };
        if !part.is_primary() || self.replaced.contains(&id) || is_protected(self.message, part) {
            return Vec::new();
        }
        match part.role() {
            Role::Text | Role::Html => {
                let is_text = part.media_type().main() == "text";
                // Beyond the limit on nesting a part only stands for what was not read.
                let is_read = part.depth() <= self.message.limits().depth;
                let is_target = is_text && is_read && self.is_in_place(part) && !holds_binary(part);
                if is_target { vec![id] } else { Vec::new() }
            }
            Role::Container => self.targets_of_container(part, spot),
            Role::Message | Role::Attachment => Vec::new(),
        }
    }

    fn targets_of_container(&self, part: &Part, spot: Spot) -> Vec<PartId> {
        let children =
            part.children().iter().filter(|&&child| self.message.part(child).is_some_and(Part::is_primary));
        let mut groups = children.map(|&child| self.targets(child, spot));
        match part.media_type().sub() {
            "alternative" => groups.flatten().collect(),
            "related" => groups.next().unwrap_or_default(),
            _ => {
                let groups: Vec<Vec<PartId>> = groups.filter(|group| !group.is_empty()).collect();
                let Some(first) = groups.first() else { return Vec::new() };
                // Some programs write a letter as several texts with pictures between; it ends with the last of them.
                let kind = |group: &Vec<PartId>| match group.as_slice() {
                    [only] => self.message.part(*only).map(Part::role),
                    _ => None,
                };
                let last = groups.last().filter(|last| {
                    spot == Spot::Bottom && kind(first).is_some() && kind(first) == kind(last)
                });
                last.unwrap_or(first).clone()
            }
        }
    }

    /// Turns uuencoded files in the body's text into attached parts.
    pub(super) fn convert_uuencode(&mut self) {
        let message = self.message;
        for part in message.parts() {
            let is_body =
                part.is_primary() && part.role() == Role::Text && part.media_type().as_str() == "text/plain";
            if !is_body
                || part.body_range().is_none()
                || self.replaced.contains(&part.id())
                || self.is_inside(part)
            {
                continue;
            }
            let files = crate::message::uuencode::find(part.content());
            let whole: Vec<_> = files.into_iter().filter(|file| file.problem.is_none()).collect();
            for file in &whole {
                let media_type =
                    crate::message::filetype::detect_named(&file.bytes, &file.name).media_type.into_owned();
                let file =
                    super::NewFile { name: file.name.clone(), media_type, content: file.bytes.clone() };
                self.parts_after.push(super::root::file_part(&file, self.line_end));
            }
            if let Some(draft) = self.draft(part) {
                for file in whole.iter().rev() {
                    draft.replace(file.range.clone(), "");
                }
            }
        }
    }

    /// Whether a part can be written to where it stands: it is bytes of the message, and begins a line.
    fn is_in_place(&self, part: &Part) -> bool {
        let (Some(header), Some(_)) = (part.header_range(), part.body_range()) else { return false };
        header.start == 0 || self.message.bytes().get(header.start - 1) == Some(&b'\n')
    }

    /// Whether a part belongs to an attached message or is protected.
    fn is_inside(&self, part: &Part) -> bool {
        let mut at = Some(part);
        while let Some(part) = at {
            if part.role() == Role::Message || is_protected(self.message, part) {
                return true;
            }
            at = part.parent().and_then(|parent| self.message.part(parent));
        }
        false
    }
}

/// Whether a text carries a file whose bytes no charset describes, so that it may not be written in another one.
fn holds_binary(part: &Part) -> bool {
    !part.content().is_ascii() && !crate::message::yenc::find(part.content()).is_empty()
}

/// Whether a part is a signed or encrypted one (RFC 1847, RFC 8551, RFC 3156), so that nothing in it may change.
pub(super) fn is_protected(message: &crate::message::Message, part: &Part) -> bool {
    let by_type = matches!(
        part.media_type().as_str(),
        "multipart/signed" | "multipart/encrypted" | "application/pkcs7-mime" | "application/x-pkcs7-mime"
    );
    // Some servers turn multipart/encrypted into multipart/mixed and leave its parts as they were.
    by_type
        || part.children().iter().any(|&child| {
            message
                .part(child)
                .is_some_and(|child| child.media_type().as_str() == "application/pgp-encrypted")
        })
}
