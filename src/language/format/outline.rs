//! What the layout needs of the tree: where items and clauses begin, and in which block they stand.

use crate::language::syntax::ast::{
    CalendarClause, Clause, DetectorClause, Directory, DirectoryEntry, File, FolderClause, Item, ListEntry,
    SiteClause, TemplateClause, TestClauseKind,
};

/// An item or a clause.
#[derive(Debug)]
pub(super) struct Part {
    /// Its first byte.
    pub(super) start: usize,
    /// How its values line up with its neighbours'.
    pub(super) column: Column,
    /// What its block holds, if it has one.
    pub(super) block: Option<Vec<Part>>,
}

/// How the values of neighbouring clauses line up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    /// Not at all.
    None,
    /// After the keyword.
    Keyword,
    /// Before `weight` and `at most`.
    Weight,
}

/// The outline of a file; `None` where something in it could not be parsed.
pub(super) fn outline(file: &File) -> Option<Vec<Part>> {
    file.items.iter().map(item).collect()
}

fn leaf(start: u32, column: Column) -> Part {
    Part { start: start as usize, column, block: None }
}

fn block(start: u32, parts: Vec<Part>) -> Part {
    Part { start: start as usize, column: Column::None, block: Some(parts) }
}

/// A block whose clauses line up after their keywords; `None` if one of them is bad.
fn aligned<T>(start: u32, clauses: &[T], place: impl Fn(&T) -> Option<u32>) -> Option<Part> {
    let parts: Option<Vec<Part>> =
        clauses.iter().map(|clause| Some(leaf(place(clause)?, Column::Keyword))).collect();
    Some(block(start, parts?))
}

fn item(item: &Item) -> Option<Part> {
    match item {
        Item::Use(item) => Some(leaf(item.span.start, Column::None)),
        Item::Criterion(item) => Some(leaf(item.span.start, Column::None)),
        Item::Directory(item) => directory(item),
        Item::Policy(item) => aligned(item.span.start, &item.clauses, clause),
        Item::Site(item) => aligned(item.span.start, &item.clauses, |clause| match clause {
            SiteClause::Domains(_, span)
            | SiteClause::Networks(_, span)
            | SiteClause::Postmaster(_, span)
            | SiteClause::Timezone(_, span)
            | SiteClause::Separator(_, span)
            | SiteClause::Order(_, span) => Some(span.start),
            SiteClause::Bad(_) => None,
        }),
        Item::Dictionary(item) => {
            let parts = item.entries.iter().map(|entry| leaf(entry.span.start, Column::Weight)).collect();
            Some(block(item.span.start, parts))
        }
        Item::Detector(item) => aligned(item.span.start, &item.clauses, |clause| match clause {
            DetectorClause::Because(_, span)
            | DetectorClause::Pattern(_, span)
            | DetectorClause::Check(_, span)
            | DetectorClause::Near { span, .. }
            | DetectorClause::Yes(_, span)
            | DetectorClause::No(_, span) => Some(span.start),
            DetectorClause::Bad(_) => None,
        }),
        Item::List(item) => {
            let parts: Option<Vec<Part>> = item.entries.iter().map(list_entry).collect();
            Some(block(item.span.start, parts?))
        }
        Item::Calendar(item) => aligned(item.span.start, &item.clauses, |clause| match clause {
            CalendarClause::Timezone(_, span)
            | CalendarClause::Open { span, .. }
            | CalendarClause::Closed(_, span) => Some(span.start),
            CalendarClause::Bad(_) => None,
        }),
        Item::Template(item) => aligned(item.span.start, &item.clauses, |clause| match clause {
            TemplateClause::Subject(_, span)
            | TemplateClause::Text(_, span)
            | TemplateClause::Html(_, span) => Some(span.start),
            TemplateClause::Bad(_) => None,
        }),
        Item::Folder(item) => aligned(item.span.start, &item.clauses, |clause| match clause {
            FolderClause::Keep(_, span) => Some(span.start),
            FolderClause::Bad(_) => None,
        }),
        Item::Settings(item) => aligned(item.span.start, &item.clauses, |clause| Some(clause.2.start)),
        Item::Test(item) => aligned(item.span.start, &item.clauses, |clause| {
            (clause.kind != TestClauseKind::Bad).then_some(clause.span.start)
        }),
        Item::Bad(_) => None,
    }
}

fn clause(clause: &Clause) -> Option<u32> {
    match clause {
        Clause::Because(_, span)
        | Clause::When(_, span)
        | Clause::Unless(_, span)
        | Clause::Action(_, span)
        | Clause::Then(_, span) => Some(span.start),
        Clause::Bad(_) => None,
    }
}

fn list_entry(entry: &ListEntry) -> Option<Part> {
    match entry {
        ListEntry::Value(value) => Some(leaf(value.span.start, Column::None)),
        // The entry begins with `from`, before the text; the layout goes by the first token of the entry.
        ListEntry::File(file) => Some(leaf(file.span.start, Column::None)),
        ListEntry::Bad(_) => None,
    }
}

fn directory(directory: &Directory) -> Option<Part> {
    let mut parts = Vec::new();
    for entry in &directory.entries {
        parts.push(match entry {
            DirectoryEntry::Domain(_, span)
            | DirectoryEntry::User(_, span)
            | DirectoryEntry::List(_, span)
            | DirectoryEntry::Group { span, .. } => leaf(span.start, Column::Keyword),
            DirectoryEntry::Except { span, .. } => leaf(span.start, Column::None),
            DirectoryEntry::Apply(apply) => leaf(apply.span.start, Column::None),
            DirectoryEntry::Policy(policy) => aligned(policy.span.start, &policy.clauses, clause)?,
            DirectoryEntry::Directory(inner) => self::directory(inner)?,
            DirectoryEntry::Bad(_) => return None,
        });
    }
    Some(block(directory.span.start, parts))
}
