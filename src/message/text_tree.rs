//! Text as a tree of surfaces that says what adds up and what is the same letter twice; links and sources beside it.
//!
//! Branches of a multipart/alternative and other readings of the same bytes are alternatives: a rule that counts takes the
//! largest of them. All else adds up. The tree is as deep as the message is nested, which the limits bound.

use std::collections::{HashMap, HashSet};

use super::{
    attachment::AttachmentId,
    fact::{Facts, Place, Scopes},
    html,
    links::{self, Link},
    part::PartId,
    surface::Surface,
    texts::Texts,
};

/// Names a surface of one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SurfaceId(pub u32);

impl SurfaceId {
    /// Position among the surfaces.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Where a surface's text stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Source {
    /// The subject; the number counts Subject fields from 0.
    Subject(usize),
    /// A part of the message.
    Part(PartId),
    /// An attachment, or the text of a message that is one.
    Attachment(AttachmentId),
}

/// A surface with its source.
#[derive(Debug, Clone)]
pub struct Surfaced {
    /// Its name.
    pub id: SurfaceId,
    /// The normalised text.
    pub surface: Surface,
    /// The decoded text that the surface's offsets lead back to: HTML with its tags.
    pub text: String,
    /// Whether that text is HTML.
    pub html: bool,
    /// Where it stands.
    pub source: Source,
    /// The place shown to people: `subject`, `part 1.2`, `photos.zip/readme.txt`.
    pub name: String,
}

/// Text as a tree of surfaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TextTree {
    /// One surface.
    Leaf(SurfaceId),
    /// Texts that add up.
    All(Vec<TextTree>),
    /// The same text in several forms: the largest count holds.
    Alternative(Vec<TextTree>),
}

impl Default for TextTree {
    fn default() -> TextTree {
        TextTree::All(Vec::new())
    }
}

impl TextTree {
    /// Whether there is no surface in it.
    pub fn is_empty(&self) -> bool {
        match self {
            TextTree::Leaf(_) => false,
            TextTree::All(inner) | TextTree::Alternative(inner) => inner.iter().all(TextTree::is_empty),
        }
    }

    /// Every surface in it, in order, each once.
    pub fn leaves(&self) -> Vec<SurfaceId> {
        let mut found = Vec::new();
        let mut known = HashSet::new();
        let mut stack = vec![self];
        while let Some(tree) = stack.pop() {
            match tree {
                TextTree::Leaf(id) => {
                    if known.insert(*id) {
                        found.push(*id);
                    }
                }
                TextTree::All(inner) | TextTree::Alternative(inner) => stack.extend(inner.iter().rev()),
            }
        }
        found
    }

    /// Counts by the rule for text: the sum over what adds up, the largest of alternatives.
    pub fn count(&self, of_surface: &mut impl FnMut(SurfaceId) -> u64) -> u64 {
        match self {
            TextTree::Leaf(id) => of_surface(*id),
            TextTree::All(inner) => {
                inner.iter().fold(0, |sum: u64, t| sum.saturating_add(t.count(of_surface)))
            }
            TextTree::Alternative(inner) => inner.iter().map(|t| t.count(of_surface)).max().unwrap_or(0),
        }
    }

    pub(super) fn all(mut inner: Vec<TextTree>) -> TextTree {
        inner.retain(|t| !t.is_empty());
        if inner.len() == 1 { inner.pop().unwrap_or_default() } else { TextTree::All(inner) }
    }

    pub(super) fn alternative(mut inner: Vec<TextTree>) -> TextTree {
        inner.retain(|t| !t.is_empty());
        if inner.len() < 2 { inner.pop().unwrap_or_default() } else { TextTree::Alternative(inner) }
    }
}

/// A link and the surface it stands in.
#[derive(Debug, Clone)]
pub struct PlacedLink {
    /// The surface; the link's offsets are bytes of its text.
    pub surface: SurfaceId,
    /// The link.
    pub link: Link,
}

/// The sources of the HTML parts of the body, as surfaces beside those of the texts.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    /// Named on from the last surface of the texts.
    pub(crate) surfaces: Vec<Surfaced>,
    pub(crate) tree: TextTree,
}

/// Makes the sources: the text that each visible one was made from, normalised as it stands.
pub(crate) fn sources(texts: &Texts) -> Sources {
    let mut sources = Sources::default();
    let mut named = HashMap::new();
    for id in texts.body_html.leaves() {
        let Some(visible) = texts.surfaces.get(id.index()) else { continue };
        let Ok(number) = u32::try_from(texts.surfaces.len() + sources.surfaces.len()) else { break };
        named.insert(id, SurfaceId(number));
        sources.surfaces.push(Surfaced {
            id: SurfaceId(number),
            surface: Surface::from_text(&visible.text),
            text: visible.text.clone(),
            html: false,
            source: visible.source,
            name: visible.name.clone(),
        });
    }
    sources.tree = renamed(&texts.body_html, &named);
    sources
}

/// A tree with other surfaces in the place of its own. As deep as the message is nested, which the limits bound.
fn renamed(tree: &TextTree, named: &HashMap<SurfaceId, SurfaceId>) -> TextTree {
    let all = |inner: &[TextTree]| inner.iter().map(|tree| renamed(tree, named)).collect();
    match tree {
        TextTree::Leaf(id) => named.get(id).map_or_else(TextTree::default, |id| TextTree::Leaf(*id)),
        TextTree::All(inner) => TextTree::All(all(inner)),
        TextTree::Alternative(inner) => TextTree::Alternative(all(inner)),
    }
}

/// The links of a message, and what was not looked at for them.
#[derive(Debug, Default)]
pub(crate) struct Links {
    pub(crate) links: Vec<PlacedLink>,
    pub(crate) facts: Facts,
}

/// Whether there may be more links than `most`: told without reading them.
pub(crate) fn may_exceed(texts: &Texts, most: usize) -> bool {
    texts.candidates > most.min(links::FAILURES)
}

/// The links of all texts but the subject, up to a bound for the message.
pub(crate) fn links(texts: &Texts, most: usize) -> Links {
    let mut found = Links::default();
    for surfaced in texts.surfaces.iter().filter(|s| !matches!(s.source, Source::Subject(_))) {
        let room = most.saturating_sub(found.links.len());
        let of_surface = if surfaced.html {
            links::from_html(&html::visible_text_with(&surfaced.text, room.saturating_add(1)), room)
        } else {
            links::from_text(&surfaced.text, room)
        };
        let place = |link| PlacedLink { surface: surfaced.id, link };
        found.links.extend(of_surface.links.into_iter().map(place));
        if of_surface.cut {
            let place = Place { shown: surfaced.name.clone(), ..Place::default() };
            found.facts.limit(Scopes::LINKS, place, "more links than the limit");
        }
    }
    found
}
