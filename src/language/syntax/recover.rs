//! Repairs before a second parse: what the first could not read is given a shape in which every clause stands alone.
//!
//! The lines and their indentation say what the author meant where the braces do not: a line that stands no deeper
//! than the line a block was opened on ends that block. Three things are repaired, each with an error that names the
//! mend: broken tokens, braces, and the words that say what kind of item a block is. Then a mark is set before each
//! line on which a clause or an item begins, so that one bad clause takes no other with it. Cost: linear in the
//! tokens.

use super::codes;
use super::offsets::Repair;
use super::tokens::{FAULTS, Token, TokenKind, Tokens};
use super::words::{self, Block};
use crate::base::diagnostic::{Diagnostic, Diagnostics};
use crate::base::source::{SourceId, Span};

/// What to change before the second parse.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// In order.
    pub(super) repairs: Vec<Repair>,
    /// The errors that the repairs mend.
    pub(super) errors: Diagnostics,
    /// Places in the source whose errors are said already: nothing more is said about a clause that holds one.
    pub(super) said: Vec<(usize, usize)>,
}

/// Whether the braces pair up by counting alone.
pub(super) fn balanced(text: &str, tokens: &[Token]) -> bool {
    let mut depth = 0_usize;
    for token in tokens.iter().filter(|token| token.kind == TokenKind::Sign) {
        match token.text(text) {
            "{" => depth += 1,
            "}" => match depth.checked_sub(1) {
                Some(less) => depth = less,
                None => return false,
            },
            _ => {}
        }
    }
    depth == 0
}

impl Plan {
    /// How many blocks lack their opening brace while as many lack their closing one: counting takes them for sound.
    pub(super) fn made_up_for(&self) -> usize {
        let of = |code| self.errors.iter().filter(|error| error.code == code).count();
        of(codes::UNOPENED_BRACE).min(of(codes::UNCLOSED_BRACE))
    }
}

/// The repairs of a source. With `by_indentation` braces are paired by indentation where the two disagree.
pub(super) fn plan(source: SourceId, text: &str, tokens: &Tokens, by_indentation: bool) -> Plan {
    let mut planner = Planner { source, text, plan: Plan::default() };
    for broken in &tokens.broken {
        planner.plan.repairs.push(Repair {
            start: broken.start,
            end: broken.end,
            text: broken.instead.to_string(),
        });
        planner.plan.said.push((broken.start, broken.end));
    }
    let nodes = if by_indentation {
        planner.pair_by_indentation(&tokens.tokens)
    } else {
        tokens.tokens.iter().map(|token| Node { token: *token, sign: sign(text, token) }).collect()
    };
    planner.heads_and_marks(&nodes);
    planner.plan.repairs.sort_by_key(|repair| (repair.start, repair.end));
    planner.plan
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sign {
    Open,
    Close,
    Other,
}

/// A token as it stands after the repair of braces; an inserted one is empty.
#[derive(Debug, Clone, Copy)]
struct Node {
    token: Token,
    sign: Sign,
}

fn sign(text: &str, token: &Token) -> Sign {
    match (token.kind, token.text(text)) {
        (TokenKind::Sign, "{") => Sign::Open,
        (TokenKind::Sign, "}") => Sign::Close,
        _ => Sign::Other,
    }
}

/// Tokens before a closing brace among which the line is looked for that lacks the opening one.
const LOOKED_BACK: usize = 2_000;

struct Planner<'t> {
    source: SourceId,
    text: &'t str,
    plan: Plan,
}

impl Planner<'_> {
    fn span(&self, token: &Token) -> Span {
        Span::new(self.source, token.start, token.end)
    }

    /// Adds an error, up to as many as are shown.
    fn say(&mut self, error: Diagnostic) {
        if self.plan.errors.len() < FAULTS {
            self.plan.errors.push(error);
        }
    }

    /// Takes note that all is said about a place.
    fn said(&mut self, start: usize, end: usize) {
        if self.plan.said.len() < 2 * FAULTS {
            self.plan.said.push((start, end));
        }
    }

    fn insert(&mut self, at: usize, text: impl Into<String>) {
        self.plan.repairs.push(Repair { start: at, end: at, text: text.into() });
    }

    // ---- braces

    fn pair_by_indentation(&mut self, tokens: &[Token]) -> Vec<Node> {
        let mut nodes: Vec<Node> = Vec::with_capacity(tokens.len());
        let mut open: Vec<Token> = Vec::new();
        for (at, token) in tokens.iter().enumerate() {
            let kind = sign(self.text, token);
            if token.first && kind != Sign::Close && !self.continues(token) {
                while let Some(top) =
                    open.last().filter(|top| top.line < token.line && token.indent <= top.indent)
                {
                    let top = *top;
                    self.close_before(&mut nodes, &top);
                    open.pop();
                }
            }
            match kind {
                Sign::Open => open.push(*token),
                Sign::Close if !self.close(token, tokens.get(at + 1), &mut nodes, &mut open) => continue,
                _ => {}
            }
            nodes.push(Node { token: *token, sign: kind });
        }
        while let Some(top) = open.pop() {
            self.close_before(&mut nodes, &top);
        }
        nodes
    }

    /// Whether a line that begins with this token goes on with what stood before.
    fn continues(&self, token: &Token) -> bool {
        matches!(token.text(self.text), ")" | "]" | "," | "and" | "or" | "{")
    }

    /// Ends the block of `open` after the last token so far.
    fn close_before(&mut self, nodes: &mut Vec<Node>, open: &Token) {
        let Some(last) = nodes.last().map(|node| node.token) else { return };
        let head = self.head_of(nodes, open);
        let at = Span::new(self.source, last.end, last.end);
        let blanks = " ".repeat(open.indent);
        let mend = if last.line == open.line { " }".to_string() } else { format!("\n{blanks}}}") };
        self.say(
            Diagnostic::error(codes::UNCLOSED_BRACE, at, format!("the block of `{head}` is not closed"))
                .label("`}` is missing here")
                .also(self.span(open), "opened here")
                .help("close the block with `}`")
                .fix(at, mend, "insert `}`"),
        );
        self.insert(last.end, " }");
        let token = Token { start: last.end, end: last.end, kind: TokenKind::Sign, first: false, ..last };
        nodes.push(Node { token, sign: Sign::Close });
    }

    /// The words of a line before its brace.
    fn head_of(&self, nodes: &[Node], open: &Token) -> String {
        let line = nodes.iter().rev().skip_while(|node| node.token.start >= open.start);
        let start = line.take_while(|node| node.token.line == open.line).last();
        let start = start.map_or(open.start, |node| node.token.start);
        let head = self.text.get(start..open.start).unwrap_or("").trim();
        match head.char_indices().nth(40) {
            Some((cut, _)) => format!("{}…", head.get(..cut).unwrap_or("")),
            None => head.to_string(),
        }
    }

    /// Pairs a closing brace; `false` if it closes nothing and is left out.
    fn close(
        &mut self,
        token: &Token,
        next: Option<&Token>,
        nodes: &mut Vec<Node>,
        open: &mut Vec<Token>,
    ) -> bool {
        if !token.first {
            if open.last().is_some_and(|top| top.line == token.line) {
                open.pop();
                return true;
            }
            if self.open_on_line(token, nodes) {
                return true;
            }
            let line = nodes.iter().rev().take(LOOKED_BACK).take_while(|node| node.token.line == token.line);
            if line.last().is_some_and(|first| first.sign == Sign::Close) {
                return self.stray(token);
            }
            if next.is_some_and(|next| self.goes_on(next, open)) {
                return self.stray(token);
            }
            return open.pop().is_some() || self.stray(token);
        }
        while let Some(top) = open.last().filter(|top| top.indent > token.indent) {
            let top = *top;
            self.close_before(nodes, &top);
            open.pop();
        }
        match open.last() {
            Some(top) if top.indent == token.indent => {
                open.pop();
                true
            }
            top => {
                let after = top.map_or(0, |top| top.start);
                self.open_above(token, nodes, after) || self.stray(token)
            }
        }
    }

    /// Whether the innermost open block goes on with this token: on a line of its own it stands deeper than the block's
    /// own line, or is the brace that closes this block and no other.
    fn goes_on(&self, next: &Token, open: &[Token]) -> bool {
        let Some((top, outer)) = open.split_last() else { return false };
        next.first
            && match sign(self.text, next) {
                Sign::Close => {
                    next.indent == top.indent && outer.iter().all(|other| other.indent != top.indent)
                }
                _ => next.indent > top.indent,
            }
    }

    fn stray(&mut self, token: &Token) -> bool {
        let span = self.span(token);
        self.say(
            Diagnostic::error(codes::STRAY_BRACE, span, "this `}` closes nothing")
                .help("remove it, or open the block that it should close with `{`")
                .fix(span, "", "remove `}`"),
        );
        self.plan.repairs.push(Repair { start: token.start, end: token.end, text: " ".to_string() });
        false
    }

    /// Opens the block that `close` ends on its own line, as in `folder dlp keep 30 days }`.
    fn open_on_line(&mut self, close: &Token, nodes: &mut Vec<Node>) -> bool {
        let start =
            nodes.iter().rposition(|node| node.token.line != close.line).map_or(0, |before| before + 1);
        let Some(line) = nodes.get(start..) else { return false };
        let Some(first) = line.first().filter(|node| node.token.first) else { return false };
        let word = first.token.text(self.text);
        let length = if word == "use" {
            line.iter().rposition(|node| node.token.text(self.text) == "::").map(|at| at + 1)
        } else if words::block_of(word).is_some() {
            let dotted = line.iter().skip(2).take_while(|node| {
                node.token.text(self.text) == "."
                    || self.text.get(..node.token.start).is_some_and(|text| text.ends_with('.'))
            });
            Some(2 + dotted.count())
        } else {
            None
        };
        let Some(length) = length.filter(|&length| length > 0 && length <= line.len()) else { return false };
        // A head that has its brace already lacks none, whatever closes more than was opened.
        let mut behind = line.iter().skip(length).take_while(|node| {
            let word = node.token.text(self.text);
            word != "policy" && words::block_of(word).is_none()
        });
        if behind.any(|node| node.sign == Sign::Open) {
            return false;
        }
        self.open_after(nodes, start + length - 1);
        true
    }

    /// Opens the block that `close` ends at the nearest line above that stands as deep.
    fn open_above(&mut self, close: &Token, nodes: &mut Vec<Node>, after: usize) -> bool {
        let mut depth = 0_usize;
        for at in (nodes.len().saturating_sub(LOOKED_BACK)..nodes.len()).rev() {
            let Some(node) = nodes.get(at).copied() else { return false };
            if node.token.start <= after && after > 0 {
                return false;
            }
            match node.sign {
                Sign::Close => depth += 1,
                Sign::Open => depth = depth.saturating_sub(1),
                Sign::Other => {}
            }
            if depth > 0 || !node.token.first || node.token.indent > close.indent {
                continue;
            }
            let word = node.token.text(self.text);
            if node.token.indent < close.indent || (words::block_of(word).is_none() && word != "use") {
                return false;
            }
            let line = nodes.iter().skip(at).take_while(|other| other.token.line == node.token.line);
            if line.clone().any(|other| other.sign == Sign::Open) {
                return false;
            }
            let line = line.count();
            self.open_after(nodes, at + line - 1);
            return true;
        }
        false
    }

    fn open_after(&mut self, nodes: &mut Vec<Node>, index: usize) {
        let Some(before) = nodes.get(index).map(|node| node.token) else { return };
        let at = Span::new(self.source, before.end, before.end);
        let message = format!("expected `{{` after `{}`", before.text(self.text));
        self.say(
            Diagnostic::error(codes::UNOPENED_BRACE, at, message)
                .label("`{` is missing here")
                .help("what belongs to an item stands between `{` and `}`")
                .fix(at, if before.text(self.text) == "::" { "{" } else { " {" }, "insert `{`"),
        );
        self.insert(before.end, " {");
        let token =
            Token { start: before.end, end: before.end, kind: TokenKind::Sign, first: false, ..before };
        nodes.insert(index + 1, Node { token, sign: Sign::Open });
    }

    // ---- heads and marks

    fn heads_and_marks(&mut self, nodes: &[Node]) {
        let mut around: Vec<Level> = vec![Level { block: Block::File, opened: None, base: None }];
        let mut head = 0;
        for (at, node) in nodes.iter().enumerate() {
            let Some(level) = around.last_mut() else { return };
            let token = &node.token;
            if token.first && node.sign == Sign::Other && level.opened.is_none_or(|line| line < token.line) {
                let base = *level.base.get_or_insert(token.indent);
                let block = level.block;
                if self.begins(token, base, block, nodes.get(at.saturating_sub(1))) {
                    self.insert(token.start, "\u{1}");
                    head = at;
                }
            }
            match node.sign {
                Sign::Open => {
                    let outer = around.last().map_or(Block::File, |level| level.block);
                    head = self.head_start(nodes, head, at, outer);
                    let block = self.head(
                        nodes.get(head..at).unwrap_or(&[]),
                        nodes.get(at + 1..).unwrap_or(&[]),
                        outer,
                    );
                    around.push(Level { block, opened: Some(token.line), base: None });
                    head = at + 1;
                }
                Sign::Close => {
                    if around.len() > 1 {
                        around.pop();
                    }
                    head = at + 1;
                }
                Sign::Other => {}
            }
        }
    }

    /// Where the head of a brace begins: where the last clause or item did, unless the brace's own line begins anew.
    fn head_start(&mut self, nodes: &[Node], marked: usize, brace: usize, outer: Block) -> usize {
        let line = nodes.get(brace).map_or(0, |node| node.token.line);
        let before = nodes.get(marked..brace).unwrap_or(&[]);
        let Some(offset) = before.iter().rposition(|node| node.token.first && node.token.line == line) else {
            return marked;
        };
        let (Some(opener), Some(first)) = (before.first(), before.get(offset)) else { return marked };
        let word = opener.token.text(self.text);
        if offset == 0 || !matches!(outer, Block::File | Block::Directory) {
            return marked;
        }
        let names_kind = |word: &str| words::block_of(word).is_some() || word == "use" || word == "policy";
        if names_kind(word) && !names_kind(first.token.text(self.text)) {
            return marked;
        }
        let start = first.token.start;
        self.insert(start, "\u{1}");
        marked + offset
    }

    /// Whether a clause or an item begins on the line of this token.
    fn begins(&self, token: &Token, base: usize, block: Block, before: Option<&Node>) -> bool {
        let written = token.text(self.text);
        if block == Block::Use {
            return false;
        }
        if token.indent > base {
            let clauses = matches!(block, Block::Policy | Block::Test | Block::Detector);
            return clauses && matches!(written, "when" | "unless" | "then" | "because" | "expect");
        }
        if token.kind == TokenKind::Word {
            return !words::is_infix(written)
                && !before
                    .is_some_and(|node| node.token.text(self.text) == "," && !words::begins(block, written));
        }
        token.kind != TokenKind::Sign
    }

    /// The kind of block that a head opens. A head that does not say it is mended, by its spelling or by what the
    /// block holds.
    fn head(&mut self, head: &[Node], body: &[Node], outer: Block) -> Block {
        if !matches!(outer, Block::File | Block::Directory) {
            return Block::Unknown;
        }
        let head = self.own_head(head);
        let Some(first) = head.first().map(|node| node.token) else { return self.headless(body, outer) };
        let text = self.text;
        let word = first.text(text);
        let second = head.get(1).map(|node| node.token);
        if word == "use" {
            return Block::Use;
        }
        let named_like_a_manager = head.len() == 1
            && word != "site"
            && body
                .first()
                .and_then(|node| words::guess(node.token.kind, node.token.text(text), outer))
                .is_some_and(|guess| !matches!(guess.0, Block::Directory | Block::Policy));
        if words::MANAGERS.contains(&word) && !named_like_a_manager {
            self.policy_word(&first, second.as_ref(), head.len());
            return Block::Policy;
        }
        if word == "policy" {
            self.say(
                Diagnostic::error(codes::EXPECTED, self.span(&first), "expected a manager before `policy`")
                    .help("a policy begins with its manager: `access`, `format`, `virus`, `security` or `content`"),
            );
            self.said(first.start, first.end);
            self.insert(first.start, "content ");
            return Block::Policy;
        }
        if let Some(block) = words::block_of(word).filter(|_| !named_like_a_manager) {
            return block;
        }
        if head.len() > 1 && words::nearest(word, vec!["policy"]).is_some() {
            let span = self.span(&first);
            self.say(
                Diagnostic::error(codes::MISSPELLED, span, format!("unknown word `{word}`"))
                    .help("did you mean `content policy`? A policy begins with its manager"),
            );
            self.said(first.start, first.end);
            self.plan.repairs.push(Repair {
                start: first.start,
                end: first.end,
                text: "content policy".to_string(),
            });
            return Block::Policy;
        }
        let openers = words::openers(outer);
        let is_manager_next = second.is_some_and(|second| second.text(text) == "policy");
        let candidates: Vec<&str> = if is_manager_next { words::MANAGERS.to_vec() } else { openers.to_vec() };
        let near =
            words::nearest(word, candidates).filter(|_| first.kind == TokenKind::Word && head.len() > 1);
        if let Some(near) = near {
            self.misspelled(&first, near);
            if words::MANAGERS.contains(&near) {
                self.policy_word(&first, second.as_ref(), head.len());
            }
            return words::block_of(near).unwrap_or(Block::Policy);
        }
        self.guessed(&first, head, body, outer)
    }

    /// The part of a head that belongs to its brace, where clauses stand before it on the line.
    fn own_head<'n>(&self, head: &'n [Node]) -> &'n [Node] {
        let word = |at: usize| head.get(at).map_or("", |node| node.token.text(self.text));
        let from = head.len().saturating_sub(LOOKED_BACK);
        let policy = (from..head.len())
            .rev()
            .find(|&at| words::MANAGERS.contains(&word(at)) && word(at + 1) == "policy");
        let directory = head.len().checked_sub(2).filter(|&at| word(at) == "directory");
        head.get(policy.or(directory).unwrap_or(0)..).unwrap_or(head)
    }

    /// A block with nothing before its brace.
    fn headless(&mut self, body: &[Node], outer: Block) -> Block {
        let Some(inside) = body.first().map(|node| node.token) else { return Block::Unknown };
        let guess = words::guess(inside.kind, inside.text(self.text), outer);
        let Some((block, opener)) = guess else { return Block::Unknown };
        let before = self.text.get(..inside.start).and_then(|text| text.rfind('{')).unwrap_or(inside.start);
        let at = Span::new(self.source, before, before + 1);
        let kind = opener.trim_end();
        let shape = words::shape(Block::File, kind).unwrap_or("content policy name for senders { … }");
        self.say(
            Diagnostic::error(codes::UNKNOWN_ITEM, at, format!("expected `{kind}` before `{{`"))
                .help(format!("it reads `{shape}`")),
        );
        self.said(before, before + 1);
        let name = match block {
            Block::Site => "",
            Block::Test => "\"\" ",
            _ => "unnamed ",
        };
        self.insert(before, format!("{opener}{name}"));
        block
    }

    /// A head that names no kind of item: the kind is guessed from what the block holds.
    fn guessed(&mut self, first: &Token, head: &[Node], body: &[Node], outer: Block) -> Block {
        let Some(inside) = body.first().map(|node| node.token) else { return Block::Unknown };
        let Some((block, opener)) = words::guess(inside.kind, inside.text(self.text), outer) else {
            return Block::Unknown;
        };
        let names_itself = match block {
            Block::Test => first.kind == TokenKind::Text,
            Block::Site => false,
            _ => first.kind == TokenKind::Word,
        };
        if !names_itself || head.len() > 1 && !matches!(block, Block::Directory | Block::Policy) {
            return Block::Unknown;
        }
        let message = format!("expected `{}` before `{}`", opener.trim_end(), first.text(self.text));
        let at = Span::new(self.source, first.start, first.start);
        let mut error = Diagnostic::error(codes::UNKNOWN_ITEM, at, message)
            .help(format!("an item begins with its kind: `{opener}{} {{ … }}`", first.text(self.text)));
        if block != Block::Policy {
            error = error.fix(at, opener, format!("insert `{}`", opener.trim_end()));
        }
        self.say(error);
        self.said(first.start, first.end);
        self.insert(first.start, opener);
        block
    }

    /// The word `policy` after a manager's.
    fn policy_word(&mut self, manager: &Token, second: Option<&Token>, length: usize) {
        let written = second.map_or("", |second| second.text(self.text));
        if written == "policy" {
            return;
        }
        if let Some(second) =
            second.filter(|_| length > 2 && words::nearest(written, vec!["policy"]).is_some())
        {
            let second = *second;
            self.misspelled(&second, "policy");
            return;
        }
        let at = Span::new(self.source, manager.end, manager.end);
        let message = format!("expected `policy` after `{}`", manager.text(self.text));
        self.say(
            Diagnostic::error(codes::EXPECTED, at, message)
                .label("`policy` is missing here")
                .help(format!("write `{} policy name for senders {{ … }}`", manager.text(self.text)))
                .fix(at, " policy", "insert `policy`"),
        );
        self.said(manager.start, manager.end);
        self.insert(manager.end, " policy");
    }

    fn misspelled(&mut self, token: &Token, near: &str) {
        let span = self.span(token);
        let message = format!("unknown word `{}`", token.text(self.text));
        self.say(
            Diagnostic::error(codes::MISSPELLED, span, message).help(format!("did you mean `{near}`?")).fix(
                span,
                near,
                format!("write `{near}`"),
            ),
        );
        self.said(token.start, token.end);
        self.plan.repairs.push(Repair { start: token.start, end: token.end, text: near.to_string() });
    }
}

/// A block that is open while heads are read.
struct Level {
    block: Block,
    /// The line it was opened on.
    opened: Option<usize>,
    /// The indentation of the first line in it.
    base: Option<usize>,
}
