//! The typed policy set: names resolved, types checked, stages inferred, parameters filled in.
//!
//! [`Hir`] has no public constructor: only [`super::check`] makes one, and only from a set without errors. Everything
//! behind this room works on it and never sees a syntax tree. Library policies appear once for each application, with
//! their arguments in place; criteria stay shared and are called.

mod expression;
mod items;
mod policy;
mod test;

pub use expression::*;
pub use items::*;
pub use policy::*;
pub use test::*;

use crate::base::address::{Address, DomainPattern};
use crate::base::source::{SourceMap, Span};
use crate::base::table::AddressTable;
use std::sync::Arc;

pub use super::syntax::ast::{
    Attach, BodyPlace, CalendarEvent, CompareOperator, CopyForm, Manager, Quantifier, Side, SubjectPosition,
    Weekday,
};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub u32);
        impl $name {
            /// The position in the vector of its kind.
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }
    )*};
}

ids! {
    /// A directory, by position in [`Hir::directories`].
    DirectoryId
    /// A policy as applied somewhere, by position in [`Hir::policies`].
    PolicyId
    /// A criterion, by position in [`Hir::criteria`].
    CriterionId
    /// A dictionary, by position in [`Hir::dictionaries`].
    DictionaryId
    /// A detector, by position in [`Hir::detectors`].
    DetectorId
    /// A list, by position in [`Hir::lists`].
    ListId
    /// A calendar, by position in [`Hir::calendars`].
    CalendarId
    /// A template, by position in [`Hir::templates`].
    TemplateId
    /// A folder, by position in [`Hir::folders`].
    FolderId
    /// Settings of the security manager, by position in [`Hir::settings`].
    SettingsId
    /// What a quantifier or a criterion binds; unique in one expression tree.
    VariableId
}

/// A typed policy set without errors.
#[derive(Debug)]
pub struct Hir {
    /// The policy files it was made of; of list files the names and where their lines begin.
    pub sources: Arc<SourceMap>,
    /// Who we are.
    pub site: Site,
    /// The directory tree; parents stand before their children.
    pub directories: Vec<Directory>,
    /// The users and domains of all directories, those of list files included, each with the [`DirectoryId`] of its home.
    /// Shared with the plan: there may be millions.
    pub homes: Arc<AddressTable>,
    /// Every policy as applied, in the order of `use`, then of the source.
    pub policies: Vec<Policy>,
    /// Criteria; a criterion calls only earlier ones.
    pub criteria: Vec<Criterion>,
    /// Dictionaries.
    pub dictionaries: Vec<Dictionary>,
    /// Detectors.
    pub detectors: Vec<Detector>,
    /// Lists.
    pub lists: Vec<List>,
    /// Calendars.
    pub calendars: Vec<Calendar>,
    /// Templates.
    pub templates: Vec<Template>,
    /// Quarantine folders of the set; `unscannable` and `unreturnable` are always there.
    pub folders: Vec<Folder>,
    /// `verification` and `certificates` items.
    pub settings: Vec<Settings>,
    /// Tests of the set's own files.
    pub tests: Vec<Test>,
    /// Keeps others from making one.
    pub(in crate::language) _checked: Checked,
}

impl Hir {
    /// Whether a directory is `ancestor` or lies somewhere below it.
    pub fn is_below(&self, directory: DirectoryId, ancestor: DirectoryId) -> bool {
        let mut next = Some(directory);
        while let Some(at) = next {
            if at == ancestor {
                return true;
            }
            next = self.directories.get(at.index()).and_then(|directory| directory.parent);
        }
        false
    }
}

/// A token that only this room can make.
#[derive(Debug)]
pub struct Checked(pub(in crate::language) ());

/// `site`.
#[derive(Debug, Clone, Default)]
pub struct Site {
    /// Its domains.
    pub domains: Vec<DomainPattern>,
    /// Its networks.
    pub networks: Vec<ipnet::IpNet>,
    /// Who answers for it; lookups of generated mail use it.
    pub postmaster: Option<Address>,
    /// The zone of times without one; `None` is UTC. Names are valid in the time zone database.
    pub timezone: Option<String>,
    /// The characters that part the detail of an address from its user; `None` is `+`.
    pub separator: Option<Arc<str>>,
    /// The order of managers' effects, all five.
    pub order: Vec<Manager>,
}

/// A directory of the tree.
#[derive(Debug, Clone)]
pub struct Directory {
    /// Its own number.
    pub id: DirectoryId,
    /// Its dotted path.
    pub path: Arc<str>,
    /// The directory it lies in.
    pub parent: Option<DirectoryId>,
    /// Groups that are asked of a directory service.
    pub groups: Vec<Group>,
    /// Exceptions written here, in source order.
    pub exceptions: Vec<Exception>,
    /// Where it is opened first.
    pub span: Span,
}

/// `group ldap "…"`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// `ldap`
    pub service: Arc<str>,
    /// Its query.
    pub query: Arc<str>,
    /// Where it is written.
    pub span: Span,
}

/// `except p, q when E`: for addresses below the directory, `policies` do not trigger where `when` holds.
#[derive(Debug, Clone)]
pub struct Exception {
    /// Names of policies (a library policy applied twice has one name).
    pub policies: Vec<Arc<str>>,
    /// Where they do not trigger.
    pub when: Expr,
    /// Where it is written.
    pub span: Span,
}
