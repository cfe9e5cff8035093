//! Walks the tables of a configuration and tells what is wrong with them.
//!
//! All that is wrong is told in one run. Cost: linear in the text. Bounds: the text, its nesting and what is told of it.

use super::codes;
use super::declare::Section;
use super::value::Value;
use crate::base::diagnostic::{Diagnostic, Diagnostics};
use crate::base::source::{SourceId, Span};
use crate::language::suggest;
use std::ops::Range;
use std::path::{Component, Path, PathBuf};
use toml::de::{DeString, DeTable, DeValue};

/// What is told of one configuration at most.
const TOLD: usize = 200;
/// Characters of somebody's own words that are shown, and of a name that is compared with others.
const SHOWN: usize = 60;

/// What is read, and what was wrong with it.
#[derive(Debug)]
pub struct Reader {
    source: SourceId,
    folder: PathBuf,
    diagnostics: Diagnostics,
}

/// A table, and where it begins.
#[derive(Debug, Clone, Copy)]
pub struct Table<'t> {
    entries: Option<&'t DeTable<'t>>,
    header: Span,
}

/// A value that was found at a key.
#[derive(Debug, Clone, Copy)]
pub struct Found<'v> {
    /// The value.
    pub value: &'v DeValue<'v>,
    /// Where it stands.
    pub span: Span,
    /// The key.
    pub key: &'static str,
}

impl<'t> Table<'t> {
    /// A table that is not there.
    pub fn absent(header: Span) -> Table<'t> {
        Table { entries: None, header }
    }

    /// A table.
    pub fn new(entries: &'t DeTable<'t>, header: Span) -> Table<'t> {
        Table { entries: Some(entries), header }
    }

    fn entry(&self, key: &str) -> Option<(&'t toml::Spanned<DeString<'t>>, &'t toml::Spanned<DeValue<'t>>)> {
        self.entries?.iter().find(|(name, _)| name.get_ref() == key)
    }

    /// Whether a key is written.
    pub fn has(&self, key: &str) -> bool {
        self.entry(key).is_some()
    }

    /// Where the table begins.
    pub fn header(&self) -> Span {
        self.header
    }

    /// Where the value of a key stands; where the table begins, if it is left out.
    pub fn at(&self, key: &str) -> Span {
        self.entry(key).map_or(self.header, |(_, value)| span(self.header.source, value.span()))
    }

    /// Where the name of a key stands; where the table begins, if it is left out.
    pub fn key_at(&self, key: &str) -> Span {
        self.entry(key).map_or(self.header, |(name, _)| span(self.header.source, name.span()))
    }

    /// Where the `index`-th value of a key that takes several stands.
    pub fn item_at(&self, key: &str, index: usize) -> Span {
        let item = self.entry(key).and_then(|(_, value)| value.get_ref().as_array()?.get(index));
        item.map_or_else(|| self.at(key), |item| span(self.header.source, item.span()))
    }

    /// The entries, with where their names stand.
    pub fn entries(&self) -> impl Iterator<Item = (&'t str, Span, &'t toml::Spanned<DeValue<'t>>)> {
        let source = self.header.source;
        let entries = self.entries.into_iter().flatten();
        entries.map(move |(name, value)| (name.get_ref().as_ref(), span(source, name.span()), value))
    }
}

impl<'v> Found<'v> {
    /// The same key with another value.
    pub fn with(&self, value: &'v DeValue<'v>, span: Span) -> Found<'v> {
        Found { value, span, key: self.key }
    }
}

/// A range of the text as a place.
pub fn span(source: SourceId, range: Range<usize>) -> Span {
    Span::new(source, range.start, range.end)
}

/// Somebody's own words as they are shown: on one line, and not too long.
pub fn shown(words: &str) -> String {
    let plain = |character: char| if character.is_control() { ' ' } else { character };
    let mut text: String = words.chars().take(SHOWN).map(plain).collect();
    if words.chars().nth(SHOWN).is_some() {
        text.push('…');
    }
    text.replace('`', "'")
}

impl Reader {
    /// Begins to read a text; paths in it are taken from `folder`.
    pub fn new(source: SourceId, folder: &Path) -> Reader {
        Reader { source, folder: folder.to_owned(), diagnostics: Diagnostics::default() }
    }

    /// What was wrong.
    pub fn finish(self) -> Diagnostics {
        self.diagnostics
    }

    /// The text's number.
    pub fn source(&self) -> SourceId {
        self.source
    }

    /// Where a value stands.
    pub fn span(&self, range: Range<usize>) -> Span {
        span(self.source, range)
    }

    /// Tells of something wrong.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        if self.diagnostics.len() < TOLD {
            self.diagnostics.push(diagnostic);
        } else if self.diagnostics.len() == TOLD {
            let message = format!("there are more than {TOLD} mistakes; the others are not shown");
            self.diagnostics.push(
                Diagnostic::error(codes::TOO_MANY, diagnostic.primary.span, message)
                    .help("mend these first; is it a configuration of mailfw?"),
            );
        }
    }

    /// Keeps only what a condition holds for.
    pub fn retain(&mut self, keep: impl FnMut(&Diagnostic) -> bool) {
        self.diagnostics.retain(keep);
    }

    /// Whether anything was an error.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.has_errors()
    }

    /// A path as it was written, taken from the folder of the configuration.
    pub fn path(&self, written: &str) -> PathBuf {
        let path = self.folder.join(written);
        let parts = path.components().filter(|part| *part != Component::CurDir);
        let cleaned: PathBuf = parts.collect();
        if cleaned.as_os_str().is_empty() { PathBuf::from(".") } else { cleaned }
    }

    /// Reads a key; what it is where it is left out is `default`, as it would be written.
    pub fn get<T: Value>(
        &mut self,
        table: &Table<'_>,
        section: &Section,
        key: &'static str,
        default: Option<&'static str>,
    ) -> Option<T> {
        if let Some((_, value)) = table.entry(key) {
            let span = self.span(value.span());
            return T::read(&Found { value: value.get_ref(), span, key }, self);
        }
        if let Some(default) = default {
            let value = DeValue::parse(default).ok()?;
            return T::read(&Found { value: value.get_ref(), span: table.header, key }, self);
        }
        let absent = T::absent();
        if absent.is_none() {
            let place =
                if section.name.is_empty() { "the configuration".to_string() } else { section.written() };
            self.push(
                Diagnostic::error(codes::MISSING, table.header, format!("{place} needs `{key}`"))
                    .help(format!("add `{key} = {}`", T::example())),
            );
        }
        absent
    }

    /// Tells of every key that a section does not have.
    pub fn see_that_known(&mut self, table: &Table<'_>, section: &Section) {
        for (name, span, value) in table.entries() {
            let is_section = section.name.is_empty() && super::section(name).is_some();
            if !is_section && !section.keys.iter().any(|key| key.name == name) {
                self.unknown_key(section, name, span, value.get_ref());
            }
        }
    }

    fn unknown_key(&mut self, section: &Section, name: &str, span: Span, value: &DeValue<'_>) {
        if self.diagnostics.len() > TOLD {
            return;
        }
        let of_all = |sections: &'static [Section]| sections.iter().map(|section| section.name);
        let top = section.name.is_empty();
        let what = if top && holds_tables(value) { "section" } else { "key" };
        let place = if top { String::new() } else { format!(" in {}", section.written()) };
        let message = format!("there is no {what} `{}`{place}", shown(name));
        let finding = Diagnostic::error(codes::UNKNOWN_KEY, span, message);
        let names = section.keys.iter().map(|key| key.name);
        let names: Vec<&str> = match (top, what) {
            (true, "section") => of_all(super::SECTIONS).filter(|name| !name.is_empty()).collect(),
            (true, _) => names.chain(of_all(super::SECTIONS)).filter(|name| !name.is_empty()).collect(),
            (false, _) => names.collect(),
        };
        let is_short = name.chars().count() <= SHOWN;
        if is_short && suggest::nearest(name, names.iter().copied()).is_some() {
            self.push(suggest::help(finding, name, names, span, ""));
            return;
        }
        let owners: Vec<String> = super::SECTIONS
            .iter()
            .filter(|other| other.name != section.name && other.keys.iter().any(|key| key.name == name))
            .map(Section::written)
            .collect();
        let finding = match owners.is_empty() {
            false => finding.help(format!("it belongs to {}", owners.join(" or to "))),
            true => suggest::help(finding, "", names, span, "there are"),
        };
        self.push(finding);
    }

    /// The text of a value; tells where it is none.
    pub fn text<'v, T: Value>(&mut self, found: &Found<'v>) -> Option<&'v str> {
        let text = found.value.as_str();
        if text.is_none() {
            self.wrong_kind::<T>(found);
        }
        text
    }

    /// Tells that a value is of another kind.
    pub fn wrong_kind<T: Value>(&mut self, found: &Found<'_>) {
        let message = format!("`{}` takes {}, and this is {}", found.key, T::kind(), kind(found.value));
        let finding = Diagnostic::error(codes::KIND, found.span, message).help(format!(
            "write it like this: `{} = {}`",
            found.key,
            T::example()
        ));
        self.push(finding);
    }

    /// Tells that a text is not of the form it must have.
    pub fn wrong_form(&mut self, found: &Found<'_>, message: String, help: String) {
        self.push(Diagnostic::error(codes::FORM, found.span, message).help(help));
    }

    /// Tells that a text is none of the words a key takes.
    pub fn unknown_word<T: Value>(&mut self, found: &Found<'_>, word: &str) {
        let message = format!("`{}` cannot be `{}`", found.key, shown(word));
        let finding = Diagnostic::error(codes::WORD, found.span, message);
        let words: Vec<&str> = T::words().iter().map(|word| word.word).collect();
        let near = suggest::closest(&shown(word), &words);
        self.push(match near {
            Some(near) => finding.help(format!("did you mean `{near}`?")).fix(
                found.span,
                format!("\"{near}\""),
                format!("replace by `{near}`"),
            ),
            None => finding.help(format!("it is {}", T::kind())),
        });
    }
}

fn holds_tables(value: &DeValue<'_>) -> bool {
    match value {
        DeValue::Table(_) => true,
        DeValue::Array(items) => items.iter().any(|item| item.get_ref().is_table()),
        _ => false,
    }
}

/// What a value is, in words.
pub fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a number",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(true) => "`true`",
        DeValue::Boolean(false) => "`false`",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
