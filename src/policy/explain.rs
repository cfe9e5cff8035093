//! Which policies hold for an address, on each side, and where they come from; no message is looked at.

use super::candidates::{self, LookupSide, Standing};
use super::engine::Engine;
use super::record::{self, PlaceRecord, PolicyReference};
use super::report;
use crate::base::address::Address;
use crate::language::hir::{DirectoryId, Hir, PolicyId};
use crate::plan::directory::{GroupEntry, Home};
use jiff::Timestamp;
use serde::Serialize;

/// What holds for an address.
#[derive(Debug, Clone, Serialize)]
pub struct AddressExplanation {
    /// The address as it compares.
    pub address: String,
    /// The directory it is at home in; absent where it has none, and then no policies on its side.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub home: Option<String>,
    /// A group of a directory service would decide the home and was not asked.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub home_undecided: bool,
    /// Whether the address is in the site.
    pub in_site: bool,
    /// The directories from the home up to the root.
    pub chain: Vec<String>,
    /// When it sends.
    pub as_sender: Vec<HeldPolicy>,
    /// When it receives.
    pub as_recipient: Vec<HeldPolicy>,
}

/// A policy of the chain, outermost directory first, then manager order, then source order.
#[derive(Debug, Clone, Serialize)]
pub struct HeldPolicy {
    /// Its name.
    pub policy: String,
    /// The directory it comes from.
    pub directory: String,
    /// Its manager.
    pub manager: &'static str,
    /// `holds`, `observed`, `off`, `out_of_dates`, `overridden`, `replaced`
    pub standing: &'static str,
    /// Who overrode or replaced it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<PolicyReference>,
    /// Deeper directories do not win against it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub mandatory: bool,
    /// The stage at which it can be decided.
    pub stage: &'static str,
    /// Where it is written or applied.
    pub place: PlaceRecord,
    /// Exceptions that may silence it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exceptions: Vec<HeldException>,
}

/// An exception of the chain.
#[derive(Debug, Clone, Serialize)]
pub struct HeldException {
    /// The directory it is written in.
    pub directory: String,
    /// Its condition on one line.
    pub when: String,
    /// Where it is written.
    pub place: PlaceRecord,
}

/// Explains an address at a moment. `member` says whether it is in a group, or `None` where that cannot be told.
pub fn address(
    engine: &Engine,
    address: &Address,
    now: Timestamp,
    member: impl FnMut(&GroupEntry) -> Option<bool>,
) -> AddressExplanation {
    let hir = engine.hir();
    let directories = engine.plan().directory_index();
    let home = directories.home(address, member);
    let chain = home.directory().map(|directory| directories.chain(directory)).unwrap_or_default();
    AddressExplanation {
        address: address.to_string(),
        home: home.directory().map(|directory| path(hir, directory)),
        home_undecided: matches!(home, Home::Undecided(_)),
        in_site: hir.site.domains.iter().any(|pattern| pattern.matches(&address.domain)),
        as_sender: side(engine, &chain, LookupSide::Sender, now),
        as_recipient: side(engine, &chain, LookupSide::Recipient, now),
        chain: chain.into_iter().map(|directory| path(hir, directory)).collect(),
    }
}

fn side(engine: &Engine, chain: &[DirectoryId], side: LookupSide, now: Timestamp) -> Vec<HeldPolicy> {
    let hir = engine.hir();
    let candidates = engine.index().candidates(hir, chain, side, now);
    let held = candidates.iter().filter_map(|candidate| {
        let policy = hir.policies.get(candidate.policy.index())?;
        let (standing, by) = standing(candidate.standing);
        Some(HeldPolicy {
            policy: policy.name.to_string(),
            directory: path(hir, policy.directory),
            manager: report::manager_name(policy.manager),
            standing,
            by: by.map(|by| report::reference(hir, by, side)),
            mandatory: policy.mandatory,
            stage: policy.stage.name(),
            place: record::place(&hir.sources, policy.applied_span),
            exceptions: exceptions(hir, chain, policy),
        })
    });
    held.collect()
}

fn exceptions(hir: &Hir, chain: &[DirectoryId], policy: &crate::language::hir::Policy) -> Vec<HeldException> {
    candidates::exceptions(hir, chain, policy)
        .filter_map(|at| {
            let exception = hir.directories.get(at.directory.index())?.exceptions.get(at.index)?;
            let words: Vec<&str> = hir.sources.slice(exception.when.span).split_whitespace().collect();
            Some(HeldException {
                directory: path(hir, at.directory),
                when: words.join(" ").chars().take(record::SOURCE_CHARS).collect(),
                place: record::place(&hir.sources, exception.span),
            })
        })
        .collect()
}

fn standing(standing: Standing) -> (&'static str, Option<PolicyId>) {
    match standing {
        Standing::Candidate => ("holds", None),
        Standing::Observed => ("observed", None),
        Standing::Off => ("off", None),
        Standing::OutOfDates => ("out_of_dates", None),
        Standing::OverriddenBy(by) => ("overridden", Some(by)),
        Standing::ReplacedBy(by) => ("replaced", Some(by)),
    }
}

fn path(hir: &Hir, directory: DirectoryId) -> String {
    hir.directories.get(directory.index()).map_or_else(String::new, |directory| directory.path.to_string())
}
