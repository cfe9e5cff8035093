//! The parser that pest makes of `grammar/mfp.pest`, and what is needed to walk its pairs.

use pest::iterators::{Pair, Pairs};

pub(super) use generated::{Grammar, Rule};

mod generated {
    /// The generated parser.
    #[derive(pest_derive::Parser)]
    #[grammar = "../grammar/mfp.pest"]
    pub struct Grammar;
}

/// The children of a pair, comments left out: they may stand between any two.
#[derive(Clone)]
pub(super) struct Parts<'i>(Pairs<'i, Rule>);

impl<'i> Parts<'i> {
    /// The children of `pair`.
    pub(super) fn of(pair: Pair<'i, Rule>) -> Parts<'i> {
        Parts(pair.into_inner())
    }

    /// The rule of the next child.
    pub(super) fn peek(&mut self) -> Option<Rule> {
        loop {
            let rule = self.0.peek()?.as_rule();
            if rule != Rule::COMMENT {
                return Some(rule);
            }
            self.0.next();
        }
    }

    /// The next child, if it is of `rule`.
    pub(super) fn accept(&mut self, rule: Rule) -> Option<Pair<'i, Rule>> {
        if self.peek()? == rule { self.0.next() } else { None }
    }

    /// Whether the next child is of `rule`; if so it is taken.
    pub(super) fn has(&mut self, rule: Rule) -> bool {
        self.accept(rule).is_some()
    }

    /// The first child of `rule` from here on; what stands before it is passed over.
    pub(super) fn seek(&mut self, rule: Rule) -> Option<Pair<'i, Rule>> {
        self.by_ref().find(|pair| pair.as_rule() == rule)
    }
}

impl<'i> Iterator for Parts<'i> {
    type Item = Pair<'i, Rule>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.by_ref().find(|pair| pair.as_rule() != Rule::COMMENT)
    }
}
