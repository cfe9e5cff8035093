//! What is searched: texts, and how what is found in them adds up.

use crate::message::{SurfaceId, TextTree};
use std::collections::HashSet;

/// One text that is searched: a surface of the message, or a text of its own such as a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Leaf {
    /// Of the message.
    Surface(SurfaceId),
    /// By position among the searcher's own.
    Own(u32),
}

/// What is searched.
#[derive(Debug, Clone)]
pub enum Subject<'a> {
    /// Text of the message.
    Tree(&'a TextTree),
    /// Texts of their own; they add up, equal ones too.
    Texts(Vec<Leaf>),
}

impl Subject<'_> {
    /// Every text in it, each once.
    pub fn leaves(&self) -> Vec<Leaf> {
        match self {
            Subject::Tree(tree) => tree.leaves().into_iter().map(Leaf::Surface).collect(),
            Subject::Texts(leaves) => {
                let mut seen = HashSet::new();
                leaves.iter().copied().filter(|leaf| seen.insert(*leaf)).collect()
            }
        }
    }

    /// Folds over the tree: `add` for what adds up, `choose` for alternatives.
    pub(super) fn fold<T>(
        &self,
        leaf: &mut impl FnMut(Leaf) -> T,
        add: &impl Fn(Vec<T>) -> T,
        choose: &impl Fn(Vec<T>) -> T,
    ) -> T {
        match self {
            Subject::Tree(tree) => fold_tree(tree, leaf, add, choose),
            Subject::Texts(leaves) => add(leaves.iter().map(|&one| leaf(one)).collect()),
        }
    }
}

/// As deep as messages are nested, which their limits bound.
fn fold_tree<T>(
    tree: &TextTree,
    leaf: &mut impl FnMut(Leaf) -> T,
    add: &impl Fn(Vec<T>) -> T,
    choose: &impl Fn(Vec<T>) -> T,
) -> T {
    match tree {
        TextTree::Leaf(id) => leaf(Leaf::Surface(*id)),
        TextTree::All(inner) => add(inner.iter().map(|tree| fold_tree(tree, leaf, add, choose)).collect()),
        TextTree::Alternative(inner) => {
            choose(inner.iter().map(|tree| fold_tree(tree, leaf, add, choose)).collect())
        }
    }
}
