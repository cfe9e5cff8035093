//! Pairs to tree. Each function takes the pair of the rule it is named for; `None` means that the pair was not shaped
//! as the grammar says, which becomes a `Bad` node with an error, so that a slip here is seen and never a crash.

mod clauses;
mod expressions;
mod items;
mod literals;
mod test_items;

use super::ast::{Expr, ExprKind, File, Name, Reference};
use super::codes;
use super::grammar::{Parts, Rule};
use super::offsets::Offsets;
use crate::base::diagnostic::{Diagnostic, Diagnostics};
use crate::base::source::{SourceId, Span, Spanned};
use pest::iterators::Pair;
use std::sync::Arc;

/// What no rule took: its place in the text that was parsed, and what surrounds it.
#[derive(Debug, Clone)]
pub(super) struct Unparsed {
    /// Of the bad run.
    pub(super) rule: Rule,
    /// In the parsed text.
    pub(super) start: usize,
    /// In the parsed text.
    pub(super) end: usize,
    /// Where the block or item around it begins: after its `{`, or its first word where the head is bad.
    pub(super) from: usize,
}

/// What building gathers on its way.
pub(super) struct Builder<'t> {
    source: SourceId,
    offsets: &'t Offsets,
    text: &'t str,
    pub(super) diagnostics: Diagnostics,
    pub(super) unparsed: Vec<Unparsed>,
}

type Node<'i> = Pair<'i, Rule>;

impl<'t> Builder<'t> {
    /// A builder over the pairs of `text`, whose places in the source `offsets` knows.
    pub(super) fn new(source: SourceId, text: &'t str, offsets: &'t Offsets) -> Builder<'t> {
        Builder { source, offsets, text, diagnostics: Diagnostics::default(), unparsed: Vec::new() }
    }

    /// The tree of a `file` pair.
    pub(super) fn file(&mut self, pair: Node<'_>) -> File {
        let whole = Span::new(self.source, 0, self.offsets.source_length());
        let mut items = Vec::new();
        for part in Parts::of(pair) {
            if part.as_rule() != Rule::EOI {
                items.push(self.item(part));
            }
        }
        File { items, comments: Vec::new(), span: whole }
    }

    /// The place of a pair in the source. A rule that ends in something optional has run over the blanks and comments
    /// before it; they are no part of it.
    fn span(&self, pair: &Node<'_>) -> Span {
        let span = pair.as_span();
        let end = self.offsets.trim_end(self.text, span.start(), span.end());
        Span::new(self.source, self.offsets.to_source(span.start()), self.offsets.to_source_end(end))
    }

    fn name(&self, pair: &Node<'_>) -> Name {
        Spanned::new(Arc::from(pair.as_str()), self.span(pair))
    }

    /// The next name among the parts.
    fn find_name(&self, parts: &mut Parts<'_>) -> Option<Name> {
        parts.seek(Rule::name).map(|pair| self.name(&pair))
    }

    fn reference(&self, pair: Node<'_>) -> Reference {
        let span = self.span(&pair);
        let mut reference = Reference { modules: Vec::new(), segments: Vec::new(), span };
        for part in Parts::of(pair) {
            match part.as_rule() {
                Rule::module => {
                    let mut name = self.name(&part);
                    name.node = Arc::from(part.as_str().trim_end_matches(':'));
                    name.span.end = name.span.end.saturating_sub(2);
                    reference.modules.push(name);
                }
                _ => reference.segments.push(self.name(&part)),
            }
        }
        reference
    }

    fn find_reference(&self, parts: &mut Parts<'_>) -> Option<Reference> {
        parts.seek(Rule::reference).map(|pair| self.reference(pair))
    }

    fn references(&self, pair: Node<'_>) -> Vec<Reference> {
        Parts::of(pair)
            .filter(|part| part.as_rule() == Rule::reference)
            .map(|part| self.reference(part))
            .collect()
    }

    /// Takes note of what no rule took.
    fn unparsed(&mut self, pair: &Node<'_>, from: usize) -> Span {
        let span = pair.as_span();
        self.unparsed.push(Unparsed { rule: pair.as_rule(), start: span.start(), end: span.end(), from });
        self.span(pair)
    }

    /// An error for a pair that is not shaped as the grammar says.
    fn unshaped(&mut self, span: Span) {
        self.diagnostics.push(
            Diagnostic::error(codes::EXPECTED, span, "this cannot be understood")
                .help("write it in another way, and report this line as a fault of mailfw"),
        );
    }

    fn bad_expr(&mut self, span: Span) -> Expr {
        self.unshaped(span);
        Expr { kind: ExprKind::Bad, span }
    }
}
