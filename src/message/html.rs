//! HTML to visible text, with the way back to bytes of the source.
//!
//! One walk of a tokenizer over the document; no tree is built and nothing recurses, so a million nested elements cost
//! a million tokens. Blocks part words (a line feed), inline elements do not, character references are decoded, what
//! is in `script`, `style` and comments is not text. No style sheet is evaluated: hidden text counts, and so does what
//! a sheet shows by itself or holds beside its rules ([`super::style`]). Such texts, and words that live in attributes
//! (`alt`, `title`, values of form fields), follow after the body, each on its own line, because put in place they would
//! tear the word they hide in. So does the content of conditional comments, which some readers show. It cannot fail: any
//! text is some HTML. Memory: the text, 12 bytes for each run of the map, the link targets.

use super::elements::{is_block, is_text_attribute, is_wanted};
use super::style;
use super::surface::OffsetMap;
use html5gum::{Emitter, Error, State, Tokenizer};
use std::convert::Infallible;
use std::ops::Range;

/// References kept of one document where nothing else is asked for; what comes later is still text.
const LINKS: usize = 20_000;

/// The text of an HTML document as its reader may see it.
#[derive(Debug, Clone, Default)]
pub struct VisibleText {
    /// The text; blocks are parted by line feeds.
    pub text: String,
    /// From bytes of the text to bytes of the source.
    pub map: OffsetMap,
    /// What the document refers to, up to the number asked for.
    pub links: Vec<HtmlLink>,
    /// Bytes of the source.
    pub source_len: usize,
}

/// A reference from an HTML document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HtmlLink {
    /// What kind of element refers.
    pub kind: LinkKind,
    /// The target as written, character references decoded.
    pub target: String,
    /// The bytes of [`VisibleText::text`] that the element shows; `None` for elements that show none.
    pub text: Option<Range<usize>>,
    /// The bytes of the source that hold the target.
    pub source: Range<usize>,
}

/// How a document refers to something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LinkKind {
    /// `a`, `area`: followed when clicked.
    Anchor,
    /// `form`, `button formaction`: where input goes.
    Form,
    /// Images, frames, style sheets, scripts: loaded when shown.
    Resource,
    /// `meta http-equiv=refresh`: followed by itself.
    Refresh,
}

/// The visible text of an HTML document and its links.
pub fn visible_text(source: &str) -> VisibleText {
    visible_text_with(source, LINKS)
}

/// The visible text of an HTML document and its links, as many of them as `most`.
pub fn visible_text_with(source: &str, most: usize) -> VisibleText {
    let mut visitor = TextVisitor::new(source, most);
    walk(source, &mut visitor);
    visitor.finish()
}

/// Where in a document text may be put in, found by the tokenizer and so never inside a comment or an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Landmarks {
    /// Right after the `<html …>` tag.
    pub html_open: Option<usize>,
    /// Right after the `<body …>` tag.
    pub body_open: Option<usize>,
    /// Right before the last `</body>`.
    pub body_close: Option<usize>,
    /// Right before the last `</html>`.
    pub html_close: Option<usize>,
    /// Right after the `</head>` tag, for documents without a body tag.
    pub head_close: Option<usize>,
    /// Right before the first element that holds a quoted message, if it stands behind some text of its own.
    pub quote: Option<usize>,
}

/// Finds the places where a banner or footer may be put in.
pub fn landmarks(source: &str) -> Landmarks {
    let mut visitor = LandmarkVisitor { found: Landmarks::default(), text_seen: false };
    walk(source, &mut visitor);
    visitor.found
}

/// A tag with those of its attributes that any visitor wants.
#[derive(Debug, Default)]
struct Tag {
    name: Vec<u8>,
    attributes: Vec<Attribute>,
    start: usize,
}

#[derive(Debug, Default)]
struct Attribute {
    name: Vec<u8>,
    value: Vec<u8>,
    source: Range<usize>,
}

impl Tag {
    fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| attribute.name == name.as_bytes())
    }

    fn value(&self, name: &str) -> &[u8] {
        self.attribute(name).map_or(&[], |attribute| attribute.value.as_slice())
    }
}

/// What a walk over a document tells. Offsets are bytes of the source.
trait Visitor {
    /// Character data, made from the given bytes.
    fn text(&mut self, text: &str, source: Range<usize>);
    /// A start tag; it ends at `end`.
    fn open(&mut self, tag: &Tag, end: usize);
    /// An end tag.
    fn close(&mut self, name: &[u8], source: Range<usize>);
    /// A comment, all of it.
    fn comment(&mut self, source: Range<usize>);
}

fn walk(source: &str, visitor: &mut dyn Visitor) {
    let emitter = Walker {
        source,
        visitor,
        position: 0,
        done: 0,
        tag_start: 0,
        tag: Tag::default(),
        is_end_tag: false,
        last_start_tag: Vec::new(),
        value_start: 0,
    };
    let Ok(()) = Tokenizer::new_with_emitter(source, emitter).finish();
}

/// Stands between the tokenizer and a visitor: keeps track of offsets and of the current tag.
struct Walker<'a> {
    source: &'a str,
    visitor: &'a mut dyn Visitor,
    position: usize,
    /// Up to here the source has been told to the visitor.
    done: usize,
    tag_start: usize,
    tag: Tag,
    is_end_tag: bool,
    last_start_tag: Vec<u8>,
    value_start: usize,
}

impl Walker<'_> {
    /// The last attribute is complete as soon as something else begins.
    fn end_attribute(&mut self) {
        let Some(attribute) = self.tag.attributes.last_mut() else { return };
        if !is_wanted(&attribute.name) {
            self.tag.attributes.pop();
        }
    }
}

impl Emitter for Walker<'_> {
    type Token = Infallible;

    fn set_last_start_tag(&mut self, last_start_tag: Option<&[u8]>) {
        self.last_start_tag = last_start_tag.unwrap_or_default().to_vec();
    }

    fn emit_eof(&mut self) {}

    fn emit_error(&mut self, _error: Error) {}

    fn should_emit_errors(&mut self) -> bool {
        false
    }

    fn pop_token(&mut self) -> Option<Infallible> {
        None
    }

    fn emit_string(&mut self, text: &[u8]) {
        let bytes = self.source.as_bytes();
        let verbatim = bytes.get(self.done..).is_some_and(|rest| rest.starts_with(text));
        let end = if verbatim { self.done + text.len() } else { self.position.max(self.done) };
        let start = self.source.floor_char_boundary(self.done);
        let end = self.source.ceil_char_boundary(end);
        self.done = end;
        match std::str::from_utf8(text) {
            Ok(text) => self.visitor.text(text, start..end),
            Err(_) => self.visitor.text(&String::from_utf8_lossy(text), start..end),
        }
    }

    fn init_start_tag(&mut self) {
        self.tag.name.clear();
        self.tag.attributes.clear();
        self.tag.start = self.tag_start;
        self.is_end_tag = false;
    }

    fn init_end_tag(&mut self) {
        self.init_start_tag();
        self.is_end_tag = true;
    }

    fn init_comment(&mut self) {}

    fn emit_current_tag(&mut self) -> Option<State> {
        self.end_attribute();
        self.done = self.position;
        if self.is_end_tag {
            self.last_start_tag.clear();
            self.visitor.close(&self.tag.name, self.tag.start..self.position);
            return None;
        }
        self.last_start_tag.clone_from(&self.tag.name);
        self.visitor.open(&self.tag, self.position);
        content_state(&self.tag.name)
    }

    fn emit_current_comment(&mut self) {
        self.done = self.position;
        let start = self.source.floor_char_boundary(self.tag_start);
        self.visitor.comment(start..self.source.ceil_char_boundary(self.position));
    }

    fn emit_current_doctype(&mut self) {
        self.done = self.position;
    }

    fn set_self_closing(&mut self) {}

    fn set_force_quirks(&mut self) {}

    fn push_tag_name(&mut self, name: &[u8]) {
        self.tag.name.extend_from_slice(name);
    }

    fn push_comment(&mut self, _text: &[u8]) {}

    fn push_doctype_name(&mut self, _text: &[u8]) {}

    fn init_doctype(&mut self) {}

    fn init_attribute(&mut self) {
        self.end_attribute();
        self.tag.attributes.push(Attribute::default());
    }

    fn init_attribute_value(&mut self) {
        self.value_start = self.position;
    }

    fn push_attribute_name(&mut self, name: &[u8]) {
        if let Some(attribute) = self.tag.attributes.last_mut() {
            attribute.name.extend_from_slice(name);
        }
    }

    fn push_attribute_value(&mut self, value: &[u8]) {
        let Some(attribute) = self.tag.attributes.last_mut() else { return };
        if !is_wanted(&attribute.name) {
            return;
        }
        if attribute.value.is_empty() {
            // The tokenizer has read at least this much; what it read ahead is cut off below.
            attribute.source.start = self.position.saturating_sub(value.len()).max(self.value_start);
        }
        attribute.value.extend_from_slice(value);
        attribute.source.end = self.position.max(attribute.source.start);
    }

    fn set_doctype_public_identifier(&mut self, _value: &[u8]) {}

    fn set_doctype_system_identifier(&mut self, _value: &[u8]) {}

    fn push_doctype_public_identifier(&mut self, _text: &[u8]) {}

    fn push_doctype_system_identifier(&mut self, _text: &[u8]) {}

    fn start_open_tag(&mut self) {
        self.tag_start = self.position.saturating_sub(1);
    }

    fn current_is_appropriate_end_tag_token(&mut self) -> bool {
        self.is_end_tag && !self.last_start_tag.is_empty() && self.last_start_tag == self.tag.name
    }

    fn move_position(&mut self, offset: isize) {
        self.position = self.position.saturating_add_signed(offset);
    }
}

/// How the content of an element is read. Mail readers run no scripts, so `noscript` holds ordinary elements.
fn content_state(name: &[u8]) -> Option<State> {
    match name {
        b"textarea" | b"title" => Some(State::RcData),
        b"plaintext" => Some(State::PlainText),
        b"script" => Some(State::ScriptData),
        b"style" | b"iframe" | b"xmp" | b"noembed" | b"noframes" => Some(State::RawText),
        _ => None,
    }
}

/// Collects text, map and links.
struct TextVisitor<'a> {
    source: &'a str,
    text: String,
    map: OffsetMap,
    links: Vec<HtmlLink>,
    /// Links that are kept.
    most: usize,
    /// The anchor that is open: its place in `links` and where its text begins.
    anchor: Option<(usize, usize)>,
    /// In `script` or `style`.
    silent: Option<&'static [u8]>,
    /// Where the sheet of a `style` element begins that is open.
    sheet: Option<usize>,
    /// Texts that follow after the body.
    later: Vec<(String, Range<usize>)>,
    /// Contents of conditional comments.
    conditional: Vec<Range<usize>>,
}

impl<'a> TextVisitor<'a> {
    fn new(source: &'a str, most: usize) -> TextVisitor<'a> {
        TextVisitor {
            source,
            text: String::with_capacity(source.len() / 2),
            map: OffsetMap::default(),
            links: Vec::new(),
            most,
            anchor: None,
            silent: None,
            sheet: None,
            later: Vec::new(),
            conditional: Vec::new(),
        }
    }

    fn finish(mut self) -> VisibleText {
        self.close_anchor();
        self.close_sheet(self.source.len());
        for (text, source) in std::mem::take(&mut self.later) {
            self.part("\n", source.clone());
            self.push(&text, source);
        }
        for range in std::mem::take(&mut self.conditional) {
            self.part("\n", range.start..range.start);
            self.conditional_comment(range);
        }
        VisibleText { text: self.text, map: self.map, links: self.links, source_len: self.source.len() }
    }

    /// Reads the content of a conditional comment as a document of its own. It holds no comments, so this goes no deeper.
    fn conditional_comment(&mut self, range: Range<usize>) {
        let content = self.source.get(range.clone()).unwrap_or_default();
        let mut inner = TextVisitor::new(content, self.most);
        walk(content, &mut inner);
        inner.conditional.clear();
        let inner = inner.finish();
        let base = self.text.len();
        inner.map.append_to(&mut self.map, base, range.start);
        self.text.push_str(&inner.text);
        for link in inner.links {
            let text = link.text.map(|text| text.start + base..text.end + base);
            let source = link.source.start + range.start..link.source.end + range.start;
            self.links.push(HtmlLink { text, source, ..link });
        }
        self.links.truncate(self.most);
    }

    /// Parts words, once however many blocks begin or end in one place.
    fn part(&mut self, with: &str, source: Range<usize>) {
        if self.text.is_empty() || self.text.ends_with(char::is_whitespace) {
            return;
        }
        self.map.push_whole(self.text.len(), source);
        self.text.push_str(with);
    }

    fn push(&mut self, text: &str, source: Range<usize>) {
        if text.is_empty() {
            return;
        }
        if self.source.get(source.clone()) == Some(text) {
            self.map.push_linear(self.text.len(), source.start);
        } else {
            self.map.push_whole(self.text.len(), source);
        }
        self.text.push_str(text);
    }

    fn close_anchor(&mut self) {
        let Some((index, start)) = self.anchor.take() else { return };
        let end = self.text.len();
        if let Some(link) = self.links.get_mut(index) {
            link.text = Some(start.min(end)..end);
        }
    }

    /// Keeps what a style sheet says to people, for behind the body.
    fn close_sheet(&mut self, end: usize) {
        let Some(start) = self.sheet.take() else { return };
        let sheet = self.source.get(start..end).unwrap_or_default();
        self.later.extend(
            style::texts(sheet)
                .into_iter()
                .map(|found| (found.text, found.source.start + start..found.source.end + start)),
        );
    }

    fn link(&mut self, kind: LinkKind, attribute: &Attribute) {
        if self.links.len() < self.most && !attribute.value.is_empty() {
            let target = String::from_utf8_lossy(&attribute.value).into_owned();
            let source = self.attribute_source(attribute);
            self.links.push(HtmlLink { kind, target, text: None, source });
        }
    }

    /// The bytes of a value: exactly, where it stands there as it is, else as near as the tokenizer tells.
    fn attribute_source(&self, attribute: &Attribute) -> Range<usize> {
        let start = self.source.floor_char_boundary(attribute.source.start);
        let rest = self.source.as_bytes().get(start..).unwrap_or_default();
        if rest.starts_with(&attribute.value) {
            return start..start + attribute.value.len();
        }
        start..self.source.ceil_char_boundary(attribute.source.end)
    }
}

impl Visitor for TextVisitor<'_> {
    fn text(&mut self, text: &str, source: Range<usize>) {
        if self.silent.is_some() {
            return;
        }
        if !text.contains('\0') {
            self.push(text, source);
            return;
        }
        // A reader drops NUL inside text, so it must not part a word here.
        let verbatim = self.source.get(source.clone()) == Some(text);
        let mut at = source.start;
        for piece in text.split('\0') {
            let place = if verbatim { at..at + piece.len() } else { source.clone() };
            self.push(piece, place);
            at += piece.len() + 1;
        }
    }

    fn open(&mut self, tag: &Tag, end: usize) {
        let name = tag.name.as_slice();
        if is_block(name) {
            let with = if matches!(name, b"td" | b"th") { " " } else { "\n" };
            self.part(with, tag.start..end);
        }
        match name {
            b"script" => self.silent = Some(b"script"),
            b"style" => {
                self.silent = Some(b"style");
                self.sheet = Some(end);
            }
            b"a" | b"area" => self.open_anchor(tag),
            _ => {}
        }
        let refreshes = tag.value("http-equiv").eq_ignore_ascii_case(b"refresh");
        for attribute in &tag.attributes {
            let kind = match attribute.name.as_slice() {
                b"src" | b"background" | b"poster" | b"data" | b"srcset" => LinkKind::Resource,
                b"action" | b"formaction" => LinkKind::Form,
                b"href" | b"xlink:href" if !matches!(name, b"a" | b"area" | b"base") => LinkKind::Resource,
                b"content" if refreshes => LinkKind::Refresh,
                _ => continue,
            };
            self.link(kind, attribute);
        }
        let wanted =
            |attribute: &&Attribute| is_text_attribute(&attribute.name) && !attribute.value.is_empty();
        for attribute in tag.attributes.iter().filter(wanted) {
            let text = String::from_utf8_lossy(&attribute.value).into_owned();
            self.later.push((text, self.attribute_source(attribute)));
        }
    }

    fn close(&mut self, name: &[u8], source: Range<usize>) {
        if self.silent.is_some_and(|silent| silent == name) {
            self.silent = None;
            self.close_sheet(source.start);
        }
        if name == b"a" {
            self.close_anchor();
        }
        if is_block(name) {
            self.part("\n", source);
        }
    }

    fn comment(&mut self, source: Range<usize>) {
        let comment = self.source.get(source.clone()).unwrap_or_default();
        let Some(body) = comment.strip_prefix("<!--") else { return };
        if !body.trim_start().get(..3).is_some_and(|opening| opening.eq_ignore_ascii_case("[if")) {
            return;
        }
        let Some(open_end) = body.find("]>") else { return };
        let start = source.start + "<!--".len() + open_end + "]>".len();
        let end = source.start + comment.rfind("<![").unwrap_or(comment.len());
        if start < end {
            self.conditional.push(start..end);
        }
    }
}

impl TextVisitor<'_> {
    fn open_anchor(&mut self, tag: &Tag) {
        let Some(attribute) = tag.attribute("href").or_else(|| tag.attribute("xlink:href")) else { return };
        self.close_anchor();
        let before = self.links.len();
        self.link(LinkKind::Anchor, attribute);
        if self.links.len() > before && tag.name == b"a" {
            self.anchor = Some((before, self.text.len()));
        }
    }
}

/// Looks for the places of [`Landmarks`].
struct LandmarkVisitor {
    found: Landmarks,
    text_seen: bool,
}

impl Visitor for LandmarkVisitor {
    fn text(&mut self, text: &str, _source: Range<usize>) {
        self.text_seen |= !text.trim().is_empty();
    }

    fn open(&mut self, tag: &Tag, end: usize) {
        match tag.name.as_slice() {
            b"body" if self.found.body_open.is_none() => {
                self.found.body_open = Some(end);
                self.text_seen = false;
            }
            b"html" if self.found.html_open.is_none() => self.found.html_open = Some(end),
            b"blockquote" => self.quote(tag.start),
            b"div" | b"span" | b"hr" | b"table" if is_quote_holder(tag) => self.quote(tag.start),
            _ => {}
        }
    }

    fn close(&mut self, name: &[u8], source: Range<usize>) {
        match name {
            b"body" => self.found.body_close = Some(source.start),
            b"html" => self.found.html_close = Some(source.start),
            b"head" => self.found.head_close = Some(source.end),
            _ => {}
        }
    }

    fn comment(&mut self, _source: Range<usize>) {}
}

impl LandmarkVisitor {
    fn quote(&mut self, at: usize) {
        if self.text_seen && self.found.quote.is_none() {
            self.found.quote = Some(at);
        }
    }
}

/// Whether an element is what well-known mail programs put around the message they quote.
fn is_quote_holder(tag: &Tag) -> bool {
    const CLASSES: &[&str] = &[
        "gmail_quote",
        "gmail_quote_container",
        "gmail_attr",
        "yahoo_quoted",
        "moz-cite-prefix",
        "moz-forward-container",
        "protonmail_quote",
        "zmail_extra",
        "OutlookMessageHeader",
        "tutanota_quote",
        "ms-outlook-mobile-reference-message",
    ];
    const IDS: &[&str] =
        &["divRplyFwdMsg", "appendonsend", "stopSpelling", "OLK_SRC_BODY_SECTION", "mailQuote"];
    // Outlook draws a line above what it quotes and says no more about it.
    let style = String::from_utf8_lossy(tag.value("style")).replace(' ', "").to_ascii_lowercase();
    if tag.name == b"div" && style.contains("border:none") && style.contains("border-top:solid") {
        return true;
    }
    let class = String::from_utf8_lossy(tag.value("class")).into_owned();
    let id = String::from_utf8_lossy(tag.value("id")).into_owned();
    class.split_ascii_whitespace().any(|class| CLASSES.contains(&class))
        || IDS.iter().any(|known| id == *known || id.ends_with(&format!("_{known}")))
}
