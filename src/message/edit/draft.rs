//! One text part of the body while notices are put into it: decoded, edited, encoded again.

use super::splice::Rank;
use super::{Notice, Spot, Work, quote};
use crate::message::charset;
use crate::message::decode::Encoding;
use crate::message::encode::{base64_lines, encode_text, quoted_printable};
use crate::message::html::{Landmarks, landmarks, visible_text};
use crate::message::part::{Part, PartId, Role};
use crate::message::surface::{Surface, fold};
use std::fmt::Write;
use std::ops::Range;

/// A part's decoded content with what is needed to write it back.
pub(super) struct Draft {
    pub(super) part: PartId,
    is_html: bool,
    content: Vec<u8>,
    /// The declared charset, or the one it was raised to.
    charset: Option<String>,
    raised: bool,
    changed: bool,
    was_ascii: bool,
    longest_line: usize,
    /// Paragraphs flow (RFC 3676), and whether the blank that says so is no text.
    flowed: Option<bool>,
    line_end: &'static str,
}

impl Draft {
    pub(super) fn of(part: &Part, line_end: &'static str) -> Draft {
        let content = part.content().to_vec();
        let is = |name: &str, value: &str| {
            part.parameter(name).is_some_and(|found| found.eq_ignore_ascii_case(value))
        };
        let line_end = match memchr::memchr(b'\n', &content) {
            Some(at) if at > 0 && content.get(at - 1) == Some(&b'\r') => "\r\n",
            Some(_) => "\n",
            None => line_end,
        };
        Draft {
            part: part.id(),
            is_html: part.role() == Role::Html,
            was_ascii: content.is_ascii(),
            longest_line: longest_line(&content),
            charset: part.charset(),
            raised: false,
            changed: false,
            flowed: is("format", "flowed").then(|| is("delsp", "yes")),
            content,
            line_end,
        }
    }

    /// Replaces some of the content by a text.
    pub(super) fn replace(&mut self, range: Range<usize>, text: &str) {
        let new = match text.is_empty() {
            true => Vec::new(),
            false => self.text_bytes(&format!("{text}\n")),
        };
        // Raising the charset may move the place; then what is replaced is only found again if it was ASCII.
        let end = range.end.min(self.content.len());
        self.content.splice(range.start.min(end)..end, new);
        self.changed = true;
    }

    /// Puts a notice in, unless it is shown already.
    pub(super) fn add(&mut self, spot: Spot, notice: &Notice) {
        if self.shows(notice) {
            return;
        }
        match self.is_html {
            true => self.add_html(spot, notice),
            false => self.add_text(spot, notice),
        }
        self.changed = true;
    }

    fn decoded(&self) -> String {
        charset::decode(&self.content, self.charset.as_deref()).text
    }

    /// Whether the part, or what it quotes, already shows the notice.
    fn shows(&self, notice: &Notice) -> bool {
        let words = match (self.is_html, &notice.html) {
            (true, Some(html)) => Surface::from_html(html).folded().trim().to_owned(),
            _ => fold(&notice.text).trim().to_owned(),
        };
        if words.is_empty() {
            // A notice without words, a picture: the same markup again is the same notice.
            let markup = if self.is_html { notice.html.as_deref().unwrap_or_default() } else { "" };
            return markup.is_empty() || memchr::memmem::find(&self.content, markup.as_bytes()).is_some();
        }
        let text = self.decoded();
        match self.is_html {
            true => Surface::from_html(&text).folded().contains(&words),
            false => {
                Surface::from_text(&text).folded().contains(&words)
                    || fold(&quote::unquoted(&text)).contains(&words)
            }
        }
    }

    fn add_text(&mut self, spot: Spot, notice: &Notice) {
        let lines = self.lines_of(&notice.text);
        let new = self.text_bytes(&lines);
        let end = self.line_end.as_bytes();
        let at = match spot {
            Spot::Top => 0,
            Spot::Bottom => self.content.len(),
            Spot::AboveQuote => quote::quote_start(&self.content).unwrap_or(self.content.len()),
        };
        let before = self.content.get(..at).unwrap_or_default();
        let mut inserted = Vec::new();
        if !before.is_empty() {
            if !before.ends_with(b"\n") {
                inserted.extend_from_slice(end);
            }
            let has_empty_line = before.ends_with(b"\n\n") || before.ends_with(b"\r\n\r\n");
            if !has_empty_line || spot == Spot::Bottom {
                inserted.extend_from_slice(end);
            }
        }
        inserted.extend(new);
        if at < self.content.len() {
            inserted.extend_from_slice(end);
        }
        self.content.splice(at..at, inserted);
    }

    /// The lines of a notice; in flowed text long ones are broken softly, and what would mean something is stuffed.
    fn lines_of(&self, text: &str) -> String {
        let mut made = String::new();
        for line in text.trim_end().lines() {
            let line = line.trim_end();
            let Some(del_sp) = self.flowed else {
                let _ = writeln!(made, "{line}");
                continue;
            };
            let mut column = 0;
            for (index, word) in line.split(' ').enumerate() {
                if index > 0 && column + 1 + word.chars().count() > 72 {
                    made.push_str(if del_sp { "  \n" } else { " \n" });
                    column = 0;
                } else if index > 0 {
                    made.push(' ');
                    column += 1;
                }
                if column == 0 && (word.is_empty() && index == 0 || word.starts_with('>') || word == "From") {
                    made.push(' ');
                }
                made.push_str(word);
                column += word.chars().count();
            }
            made.push('\n');
        }
        made
    }

    /// A text in the part's charset, which is raised to UTF-8 if it must be.
    fn text_bytes(&mut self, text: &str) -> Vec<u8> {
        let text = text.replace('\0', "").replace('\n', self.line_end);
        if self.takes_ascii() && text.is_ascii() {
            return text.into_bytes();
        }
        if !self.raised
            && let Some(bytes) = self.in_charset(&text)
        {
            return bytes;
        }
        self.raise();
        text.into_bytes()
    }

    /// Whether ASCII stands for itself at the beginning of a line.
    fn takes_ascii(&self) -> bool {
        let charset = charset::decode(&self.content, self.charset.as_deref()).charset.to_ascii_lowercase();
        let declared = self.charset.as_deref().unwrap_or_default().to_ascii_lowercase();
        let wide = |name: &str| {
            name.contains("utf-16")
                || name.contains("utf-32")
                || name.contains("ucs")
                || name.contains("utf-7")
        };
        self.raised || !(wide(&charset) || wide(&declared) || charset.starts_with("hz"))
    }

    fn in_charset(&self, text: &str) -> Option<Vec<u8>> {
        let label = self.charset.as_deref()?.trim().to_ascii_lowercase();
        let encoding = encoding_rs::Encoding::for_label_no_replacement(label.as_bytes())?;
        if label.contains("ascii") || encoding.output_encoding() != encoding {
            return None;
        }
        // What is there must be of the charset, or nobody knows what added bytes would mean.
        if encoding.decode_without_bom_handling(&self.content).1 {
            return None;
        }
        let (bytes, _, unmappable) = encoding.encode(text);
        // The web reads ISO 8859-1 as windows-1252, which has letters where ISO 8859-1 has controls.
        let strict =
            label.starts_with("iso-8859") || label.starts_with("iso8859") || label.starts_with("latin");
        let controls = strict && bytes.iter().any(|byte| (0x80..0xa0).contains(byte));
        (!unmappable && !controls).then(|| bytes.into_owned())
    }

    fn raise(&mut self) {
        if self.raised || self.charset.as_deref().is_some_and(|charset| charset.eq_ignore_ascii_case("utf-8"))
        {
            return;
        }
        let ascii_only = self.content.is_ascii() && self.takes_ascii();
        if !ascii_only {
            self.content = self.decoded().into_bytes();
        }
        self.charset = Some("utf-8".to_owned());
        self.raised = true;
    }

    fn add_html(&mut self, spot: Spot, notice: &Notice) {
        let charset = charset::decode(&self.content, self.charset.as_deref()).charset.to_ascii_lowercase();
        // In charsets with shifts a letter may look like a bracket, so positions need plain text.
        if !self.takes_ascii() || charset.starts_with("iso-2022") {
            self.raise();
        }
        let markup = html_markup(notice, self.line_end);
        let view = html_view(&self.content);
        let found = landmarks(&view);
        let top = top_of(&view, &found);
        let at = match spot {
            Spot::Top => top,
            Spot::Bottom => bottom_of(&view, &found),
            Spot::AboveQuote => found.quote.unwrap_or_else(|| bottom_of(&view, &found)),
        };
        let words = visible_words(&markup);
        // At the end of a document that breaks off inside a comment or a style nobody would see it.
        for at in [at, top, 0] {
            let mut edited = self.content.clone();
            edited.splice(at..at, markup.bytes());
            if words.is_empty() || at == 0 || visible_words(&html_view(&edited)).contains(&words) {
                self.content = edited;
                return;
            }
        }
    }
}

fn visible_words(html: &str) -> String {
    fold(&visible_text(html).text).trim().to_owned()
}

/// HTML bytes as text of the same length, for looking at tags only: what is not ASCII is masked where it is no UTF-8.
fn html_view(content: &[u8]) -> String {
    match std::str::from_utf8(content) {
        Ok(text) => text.to_owned(),
        Err(_) => content.iter().map(|&byte| if byte.is_ascii() { char::from(byte) } else { '.' }).collect(),
    }
}

fn top_of(view: &str, found: &Landmarks) -> usize {
    let after_doctype = || {
        let start = view.len() - view.trim_start().len();
        let doctype = view.get(start..start + 9).is_some_and(|open| open.eq_ignore_ascii_case("<!doctype"));
        let end = view.get(start..).and_then(|rest| rest.find('>'));
        if doctype { end.map_or(0, |end| start + end + 1) } else { 0 }
    };
    found.body_open.or(found.head_close).or(found.html_open).unwrap_or_else(after_doctype)
}

fn bottom_of(view: &str, found: &Landmarks) -> usize {
    found.body_close.or(found.html_close).unwrap_or(view.len())
}

/// The markup of a notice, in ASCII, so that it fits every charset.
fn html_markup(notice: &Notice, line_end: &str) -> String {
    let inner = match &notice.html {
        Some(html) => html.trim().to_owned(),
        None => escape_html(notice.text.trim()),
    };
    let inner = inner.replace('\0', "").replace("\r\n", "\n").replace('\n', line_end);
    let mut markup = String::from("<div>");
    for character in inner.chars() {
        if character.is_ascii() {
            markup.push(character);
        } else {
            let _ = write!(markup, "&#{};", u32::from(character));
        }
    }
    markup.push_str("</div>");
    markup.push_str(line_end);
    markup
}

/// Plain text as HTML: what means something there escaped, lines parted.
pub(super) fn escape_html(text: &str) -> String {
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    escaped.lines().map(str::trim_end).collect::<Vec<_>>().join("<br>\n")
}

fn longest_line(content: &[u8]) -> usize {
    content.split(|&byte| byte == b'\n').map(<[u8]>::len).max().unwrap_or(0)
}

impl Work<'_> {
    /// The draft of a part, begun if there is none yet.
    pub(super) fn draft(&mut self, part: &Part) -> Option<&mut Draft> {
        if !self.drafts.iter().any(|draft| draft.part == part.id()) {
            self.drafts.push(Draft::of(part, self.line_end));
        }
        self.drafts.iter_mut().find(|draft| draft.part == part.id())
    }

    /// Writes a draft back: with the part's own transfer encoding where that is safe, else with a safe one.
    pub(super) fn put_draft(&mut self, draft: Draft) {
        let message = self.message;
        let Some(part) = message.part(draft.part).filter(|_| draft.changed) else { return };
        let Some(body) = part.body_range() else { return };
        if self.replaced.contains(&draft.part) {
            return;
        }
        let raw = message.bytes().get(body.clone()).unwrap_or_default();
        let (mut encoded, mut encoding) = self.encode(&draft, part);
        if self.holds_boundary(part, &encoded) {
            encoded = base64_lines(&draft.content, self.line_end);
            encoding = Some("base64");
        }
        if !raw.ends_with(b"\n") && part.parent().is_some() {
            let len = encoded.len() - trailing_line_end(&encoded);
            encoded.truncate(len);
        }
        if let Some(encoding) = encoding {
            self.set_content_field(part, "Content-Transfer-Encoding", encoding);
        }
        if draft.raised {
            self.raise_charset(part);
        }
        self.insert_field(part, Vec::new());
        self.splices.replace(body, Rank::Content, encoded);
    }

    /// The encoded content, and the name of the transfer encoding if it is another than before.
    fn encode(&self, draft: &Draft, part: &Part) -> (Vec<u8>, Option<&'static str>) {
        let end = self.line_end;
        match part.transfer_encoding() {
            Encoding::Base64 => (base64_lines(&draft.content, end), None),
            Encoding::QuotedPrintable => (quoted_printable(&draft.content, end), None),
            Encoding::Identity => {
                let declared = part
                    .headers()
                    .first("content-transfer-encoding")
                    .map(|field| field.value().to_ascii_lowercase());
                let eight_bit = declared
                    .is_some_and(|declared| declared.starts_with("8bit") || declared.starts_with("binary"));
                let became_eight_bit = draft.was_ascii && !draft.content.is_ascii() && !eight_bit;
                let became_long = longest_line(&draft.content) > draft.longest_line.max(990);
                if became_eight_bit || became_long {
                    let encoded = encode_text(&draft.content, end);
                    return (encoded.body, Some(encoded.encoding));
                }
                (draft.content.clone(), None)
            }
            _ => {
                let encoded = encode_text(&draft.content, end);
                (encoded.body, Some(encoded.encoding))
            }
        }
    }

    /// Whether bytes hold a delimiter of a multipart around a part: they would end it.
    pub(super) fn holds_boundary(&self, part: &Part, bytes: &[u8]) -> bool {
        let mut at = part.parent();
        while let Some(container) = at.and_then(|id| self.message.part(id)) {
            if let Some(delimiter) = self.delimiter(container)
                && memchr::memmem::find(bytes, &delimiter).is_some()
            {
                return true;
            }
            at = container.parent();
        }
        false
    }

    fn raise_charset(&mut self, part: &Part) {
        let value = match part.headers().first("content-type") {
            Some(field) => with_charset(&String::from_utf8_lossy(field.raw_value())),
            None => format!("{}; charset=utf-8", part.media_type().as_str()),
        };
        self.set_content_field(part, "Content-Type", &value);
    }
}

fn trailing_line_end(bytes: &[u8]) -> usize {
    if bytes.ends_with(b"\r\n") { 2 } else { usize::from(bytes.ends_with(b"\n")) }
}

/// The value of a Content-Type with its charset made UTF-8, all else as it was.
fn with_charset(value: &str) -> String {
    let mut pieces = vec![String::new()];
    let (mut quoted, mut escaped) = (false, false);
    for character in value.trim().chars() {
        if character == ';' && !quoted {
            pieces.push(String::new());
            continue;
        }
        if character == '"' && !escaped {
            quoted = !quoted;
        }
        escaped = quoted && character == '\\' && !escaped;
        if let Some(piece) = pieces.last_mut() {
            piece.push(character);
        }
    }
    let is_charset = |piece: &String| {
        let name = piece.split('=').next().unwrap_or_default().trim().to_ascii_lowercase();
        name == "charset" || name.starts_with("charset*")
    };
    if quoted || pieces.first().is_some_and(|first| !first.contains('/')) {
        return "text/plain; charset=utf-8".to_owned();
    }
    pieces.retain(|piece| !is_charset(piece) && !piece.trim().is_empty());
    pieces.insert(1.min(pieces.len()), " charset=utf-8".to_owned());
    pieces.join(";")
}
