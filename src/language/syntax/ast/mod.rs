//! The abstract syntax tree: what was written, with places, before any name has a meaning.
//!
//! Spelling is not kept in the tree; whoever needs it (the formatter, diagnostics) slices the source by span. Comments
//! stand beside the tree in [`File::comments`], ordered by place. What could not be parsed is a `Bad` node: a tree
//! with one never becomes a typed set, since its [`Parsed`](super::Parsed) carries errors.

mod expression;
mod items;
mod policy;
mod test;

pub use expression::*;
pub use items::*;
pub use policy::*;
pub use test::*;

use crate::base::source::{Span, Spanned};
use std::sync::Arc;

/// One policy file.
#[derive(Debug, Clone, PartialEq)]
pub struct File {
    /// Items in source order.
    pub items: Vec<Item>,
    /// Comments in source order.
    pub comments: Vec<Comment>,
    /// The whole text.
    pub span: Span,
}

/// A `#` comment, without its line end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// From the `#` to the last byte of the line.
    pub span: Span,
    /// Whether nothing but blanks stands before it on its line.
    pub own_line: bool,
}

/// A name as written.
pub type Name = Spanned<Arc<str>>;

/// `std::dlp::card_number`, `partners.bank`, `message.size`: modules, then dotted segments (at least one).
#[derive(Debug, Clone, PartialEq)]
pub struct Reference {
    /// `std`, `dlp`; empty for most references.
    pub modules: Vec<Name>,
    /// The dotted segments.
    pub segments: Vec<Name>,
    /// The whole.
    pub span: Span,
}

/// A top-level item.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    /// `use …`
    Use(Use),
    /// `site { … }`
    Site(Site),
    /// `directory d { … }`
    Directory(Directory),
    /// A policy outside directories: applied by `apply`.
    Policy(Policy),
    /// `criterion c(a: attachment) = …`
    Criterion(Criterion),
    /// `dictionary d { … }`
    Dictionary(Dictionary),
    /// `detector d { … }`
    Detector(Detector),
    /// `list l { … }`
    List(List),
    /// `calendar c { … }`
    Calendar(Calendar),
    /// `template t { … }`
    Template(Template),
    /// `folder f { … }`
    Folder(Folder),
    /// `verification v { … }` and `certificates c { … }`: settings of the security manager.
    Settings(Settings),
    /// `test "…" { … }`
    Test(Test),
    /// What no item could be made of.
    Bad(Span),
}

/// `use std::dlp::{a, b}`, `use "words.mfp"`, `use "words.mfp"::{a}`.
#[derive(Debug, Clone, PartialEq)]
pub struct Use {
    /// Where the names come from.
    pub from: UseFrom,
    /// The names taken; `None` takes all (only of a file).
    pub names: Option<Vec<Name>>,
    /// The whole item.
    pub span: Span,
}

/// The origin of imported names.
#[derive(Debug, Clone, PartialEq)]
pub enum UseFrom {
    /// `std::dlp`
    Module(Vec<Name>),
    /// `"words.mfp"`, relative to the file it is written in.
    File(Spanned<String>),
}

/// `site { … }`.
#[derive(Debug, Clone, PartialEq)]
pub struct Site {
    /// Its clauses.
    pub clauses: Vec<SiteClause>,
    /// The whole item.
    pub span: Span,
}

/// A clause of `site`.
#[derive(Debug, Clone, PartialEq)]
pub enum SiteClause {
    /// `domains @a.example, @*.a.example`
    Domains(Vec<Expr>, Span),
    /// `networks 10.0.0.0/8`
    Networks(Vec<Expr>, Span),
    /// `postmaster p@a.example`
    Postmaster(Expr, Span),
    /// `timezone "Europe/Berlin"`
    Timezone(TextLiteral, Span),
    /// `separator "+"`
    Separator(TextLiteral, Span),
    /// `order access, format, virus, security, content`
    Order(Vec<Name>, Span),
    /// What no clause could be made of.
    Bad(Span),
}

/// `directory sales { … }`; the same path may be opened several times.
#[derive(Debug, Clone, PartialEq)]
pub struct Directory {
    /// Its name, or a dotted path from the place it is opened at.
    pub path: Reference,
    /// What it holds.
    pub entries: Vec<DirectoryEntry>,
    /// The whole item.
    pub span: Span,
}

/// An entry of a directory.
#[derive(Debug, Clone, PartialEq)]
pub enum DirectoryEntry {
    /// `domain @a.example, @*.a.example`
    Domain(Vec<Expr>, Span),
    /// `user anna@a.example`
    User(Vec<Expr>, Span),
    /// `list "people/sales.txt"` (a text) or `list staff` (a reference)
    List(Vec<Expr>, Span),
    /// `group ldap "cn=sales,…"`
    Group {
        /// `ldap`
        service: Name,
        /// Its query.
        query: TextLiteral,
        /// The whole entry.
        span: Span,
    },
    /// A policy of this directory.
    Policy(Policy),
    /// `apply p(folder: virus) to recipients`
    Apply(Apply),
    /// `except p, q when …`
    Except {
        /// The policies.
        policies: Vec<Reference>,
        /// Where they do not trigger.
        when: Expr,
        /// The whole entry.
        span: Span,
    },
    /// A sub-directory.
    Directory(Directory),
    /// What no entry could be made of.
    Bad(Span),
}

/// `apply p(folder: virus) to recipients [mandatory | off | observe | overrides …]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Apply {
    /// The policy.
    pub policy: Reference,
    /// Its arguments by name.
    pub arguments: Vec<(Name, Expr)>,
    /// On which side.
    pub side: Spanned<Side>,
    /// As after a policy's name.
    pub modifiers: Vec<Modifier>,
    /// The whole entry.
    pub span: Span,
}
