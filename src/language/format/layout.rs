//! Tokens to lines.

use super::WIDTH;
use super::lines::Line;
use super::outline::{Column, Part};
use crate::language::syntax::tokens::{Token, TokenKind, Tokens};
use crate::language::syntax::words;

/// Blanks a level.
const LEVEL: usize = 4;
/// The least width of the patterns of a dictionary before their weights, and the most that others line up with.
const PATTERNS: std::ops::RangeInclusive<usize> = 24..=48;

/// The lines so far, and where in the source the layout is.
pub(super) struct Layout<'t> {
    text: &'t str,
    tokens: &'t [Token],
    comments: &'t [(usize, usize)],
    /// The first comment not yet laid out.
    comment: usize,
    /// One past the last byte laid out.
    done: usize,
    pub(super) lines: Vec<Line>,
}

/// A run of tokens: from one index up to another.
type Run = (usize, usize);

impl<'t> Layout<'t> {
    /// Nothing laid out yet.
    pub(super) fn new(text: &'t str, tokens: &'t Tokens) -> Layout<'t> {
        Layout {
            text,
            tokens: &tokens.tokens,
            comments: &tokens.comments,
            comment: 0,
            done: 0,
            lines: Vec::new(),
        }
    }

    fn token(&self, index: usize) -> Option<&'t Token> {
        self.tokens.get(index)
    }

    fn written(&self, index: usize) -> &'t str {
        self.token(index).map_or("", |token| token.text(self.text))
    }

    /// The index of the first token at or after a place.
    fn index_at(&self, place: usize) -> usize {
        self.tokens.partition_point(|token| token.start < place)
    }

    /// The parts of a block or of the file, which ends before the token `end`.
    pub(super) fn body(&mut self, parts: &[Part], end: usize, indent: usize) {
        let runs = self.runs(parts, end);
        let columns = self.columns(parts, &runs, indent);
        let mut after_block = false;
        for (at, ((part, run), column)) in parts.iter().zip(&runs).zip(&columns).enumerate() {
            let start = self.token(run.0).map_or(self.text.len(), |token| token.start);
            let opens_lines = part.block.is_some() && !self.on_one_line(part, *run, indent);
            let before = self.lines.len();
            self.comments_before(start, indent, at > 0);
            let blank = at > 0
                && (self.blank_line_before(start)
                    || self.lines.len() == before && (opens_lines || after_block));
            if at > 0
                && (opens_lines || after_block)
                && let Some(first) = self.lines.get_mut(before)
            {
                first.blank_before = true;
            }
            let blank = blank || at == 0 && self.lines.len() > before && self.blank_line_before(start);
            self.part(part, *run, indent, *column, blank);
            after_block = opens_lines;
        }
        let close = self.token(end).map_or(self.text.len(), |token| token.start);
        self.comments_before(close, indent, !parts.is_empty());
    }

    /// The tokens of each part: up to the next part's first.
    fn runs(&self, parts: &[Part], end: usize) -> Vec<Run> {
        let mut starts: Vec<usize> = parts.iter().map(|part| self.index_at(part.start)).collect();
        for start in &mut starts {
            // The file of a list's entry is kept by its text: the entry begins with `from`.
            if start
                .checked_sub(1)
                .is_some_and(|before| self.written(before) == "from" && self.is_list_file(*start))
            {
                *start -= 1;
            }
        }
        let ends = starts.iter().skip(1).copied().chain([end]);
        starts.iter().copied().zip(ends).collect()
    }

    fn is_list_file(&self, index: usize) -> bool {
        self.token(index).is_some_and(|token| matches!(token.kind, TokenKind::Text | TokenKind::Block))
    }

    // ---- comments

    /// Lays out the comments before a place; those behind something go behind the last line.
    fn comments_before(&mut self, place: usize, indent: usize, mut blank_allowed: bool) {
        while let Some(&(start, end)) = self.comments.get(self.comment).filter(|comment| comment.0 < place) {
            let comment = self.text.get(start..end).unwrap_or("").trim_end().to_string();
            let own_line = self.owns_line(start);
            let blank_before = self.blank_line_before(start) && blank_allowed;
            match self.lines.last_mut() {
                Some(line) if !own_line && line.comment.is_none() => line.comment = Some(comment),
                _ => {
                    self.lines.push(Line {
                        blank_before,
                        indent,
                        text: String::new(),
                        comment: Some(comment),
                    });
                    blank_allowed = true;
                }
            }
            self.comment += 1;
            self.done = end;
        }
    }

    /// Lays out what comments are left at the end of the file.
    pub(super) fn remaining_comments(&mut self) {
        let first = self.lines.is_empty();
        self.comments_before(usize::MAX, 0, !first);
    }

    fn owns_line(&self, start: usize) -> bool {
        let before = self.text.get(..start).unwrap_or("");
        let line = before.rfind('\n').map_or(before, |newline| before.get(newline + 1..).unwrap_or(""));
        line.trim_start_matches('\u{feff}').trim().is_empty()
    }

    /// Whether an empty line lies between what is laid out and a place.
    fn blank_line_before(&self, place: usize) -> bool {
        self.text
            .get(self.done..place)
            .is_some_and(|gap| gap.bytes().filter(|&byte| byte == b'\n').count() > 1)
    }

    fn comment_within(&self, start: usize, end: usize) -> bool {
        self.comments
            .get(self.comment..)
            .unwrap_or(&[])
            .iter()
            .any(|comment| comment.0 >= start && comment.1 <= end)
    }

    // ---- parts

    fn part(&mut self, part: &Part, run: Run, indent: usize, column: usize, blank: bool) {
        let first_line = self.lines.len();
        match &part.block {
            None => self.leaf(run, indent, column, part.column),
            Some(_) if self.on_one_line(part, run, indent) => self.one_line_block(run, indent, column),
            Some(parts) => self.block(parts, run, indent),
        }
        if let Some(line) = self.lines.get_mut(first_line) {
            line.blank_before = blank;
        }
    }

    /// The index of the brace that opens the block of a run.
    fn brace(&self, run: Run) -> usize {
        (run.0..run.1).find(|&index| self.written(index) == "{").unwrap_or(run.1)
    }

    /// Whether a block is written on one line, holds one clause at most, and fits.
    fn on_one_line(&self, part: &Part, run: Run, indent: usize) -> bool {
        let few = part
            .block
            .as_ref()
            .is_some_and(|parts| parts.len() <= 1 && parts.iter().all(|part| part.block.is_none()));
        let (Some(first), Some(last)) =
            (self.token(run.0), run.1.checked_sub(1).and_then(|last| self.token(last)))
        else {
            return false;
        };
        let written = self.text.get(first.start..last.end).unwrap_or("");
        if !few || written.contains('\n') {
            return false;
        }
        indent + self.joined(run, true).chars().count() <= WIDTH
    }

    fn one_line_block(&mut self, run: Run, indent: usize, column: usize) {
        let brace = self.brace(run);
        let mut text = self.joined((run.0, brace), false);
        let pad = column.max(text.chars().count() + 1) - text.chars().count();
        text.extend(std::iter::repeat_n(' ', pad));
        text.push_str(&self.joined((brace, run.1), true));
        self.lines.push(Line { blank_before: false, indent, text, comment: None });
        self.finish(run);
    }

    fn block(&mut self, parts: &[Part], run: Run, indent: usize) {
        let brace = self.brace(run);
        self.leaf((run.0, brace + 1), indent, 0, Column::None);
        let close = run.1.saturating_sub(1);
        let place = self.token(close).map_or(self.text.len(), |token| token.start);
        if parts.is_empty() && !self.comment_within(self.done, place) {
            if let Some(line) = self.lines.last_mut() {
                line.text.push('}');
            }
        } else {
            self.body(parts, close, indent + LEVEL);
            self.lines.push(Line { blank_before: false, indent, text: "}".to_string(), comment: None });
        }
        self.finish(run);
    }

    fn finish(&mut self, run: Run) {
        if let Some(last) = run.1.checked_sub(1).and_then(|last| self.token(last)) {
            self.done = last.end;
        }
    }

    // ---- columns

    /// For each part the column its values, its weight or its brace stand in; 0 for one blank.
    fn columns(&self, parts: &[Part], runs: &[Run], indent: usize) -> Vec<usize> {
        let mut columns = vec![0; parts.len()];
        let mut at = 0;
        while at < parts.len() {
            let length = self.group(parts, runs, at, indent);
            let group = || (at..at + length).filter_map(|index| Some((parts.get(index)?, *runs.get(index)?)));
            let widths = group().filter_map(|(part, run)| self.aligned_width(part, run));
            let mut column = widths.max().map_or(0, |width| width + 1);
            if parts.get(at).is_some_and(|part| part.column == Column::Weight) {
                column = column.max(PATTERNS.start() + 1);
            }
            if group().all(|(part, run)| self.written_plainly(part, run)) {
                column = 0;
            }
            for index in at..at + length {
                if let Some(slot) = columns.get_mut(index) {
                    *slot = column;
                }
            }
            at += length.max(1);
        }
        columns
    }

    /// How many parts from `at` on line up with one another: neighbours of one kind without an empty line between.
    fn group(&self, parts: &[Part], runs: &[Run], at: usize, indent: usize) -> usize {
        let kind = |index: usize| {
            let (part, run) = (parts.get(index)?, runs.get(index)?);
            match part.block {
                Some(_) => self.on_one_line(part, *run, indent).then_some(Column::None),
                None => (part.column != Column::None).then_some(part.column),
            }
        };
        let Some(first) = kind(at) else { return 1 };
        let mut length = 1;
        while kind(at + length) == Some(first) && !self.parted(runs, at + length) {
            length += 1;
        }
        length
    }

    /// Whether an empty line stands before the part of a run.
    fn parted(&self, runs: &[Run], index: usize) -> bool {
        let Some(run) = runs.get(index) else { return true };
        let (Some(before), Some(first)) =
            (run.0.checked_sub(1).and_then(|before| self.token(before)), self.token(run.0))
        else {
            return true;
        };
        let gap = self.text.get(before.end..first.start).unwrap_or("");
        let mut lines = gap.split('\n').skip(1).peekable();
        while let Some(line) = lines.next() {
            if lines.peek().is_some() && line.trim().is_empty() {
                return true;
            }
        }
        false
    }

    /// Whether one blank alone stands where the column would be. Where no neighbour shows a column, none is made.
    fn written_plainly(&self, part: &Part, run: Run) -> bool {
        let at = match (part.block.is_some(), part.column) {
            (true, _) => Some(self.brace(run)),
            (false, Column::Keyword) => Some(run.0 + 1).filter(|&second| second < run.1),
            (false, Column::Weight) => self.weight(run),
            (false, Column::None) => None,
        };
        let Some(at) = at else { return true };
        match (at.checked_sub(1).and_then(|before| self.token(before)), self.token(at)) {
            (Some(before), Some(token)) => self.text.get(before.end..token.start) == Some(" "),
            _ => true,
        }
    }

    /// How wide what stands before the column is; `None` if nothing of this part stands in it.
    fn aligned_width(&self, part: &Part, run: Run) -> Option<usize> {
        if part.block.is_some() {
            return Some(self.joined((run.0, self.brace(run)), false).chars().count());
        }
        match part.column {
            Column::None => None,
            Column::Keyword => (run.1 > run.0 + 1).then(|| self.written(run.0).chars().count()),
            Column::Weight => {
                let weight = self.weight(run)?;
                let width = self.joined((run.0, weight), false).chars().count();
                PATTERNS.contains(&width).then_some(width)
            }
        }
    }

    /// The index of `weight` or `at` in the entry of a dictionary.
    fn weight(&self, run: Run) -> Option<usize> {
        (run.0 + 1..run.1).find(|&index| matches!(self.written(index), "weight" | "at"))
    }

    // ---- one clause

    /// Lays out a clause or the head of a block, broken where it must be.
    fn leaf(&mut self, run: Run, indent: usize, column: usize, kind: Column) {
        let gap_at = match kind {
            Column::None => None,
            Column::Keyword => Some(run.0 + 1),
            Column::Weight => self.weight(run),
        };
        let hang = match kind {
            Column::Keyword if column > 0 => indent + column,
            Column::Keyword => indent + self.written(run.0).chars().count() + 1,
            _ => indent + LEVEL,
        };
        let mut line = Line { indent, ..Line::default() };
        // Where the line could be broken: the length of its text there, and how deep in brackets that is.
        let mut breaks: Vec<(usize, usize)> = Vec::new();
        let mut depth = 0_usize;
        for index in run.0..run.1 {
            let Some(token) = self.token(index) else { break };
            if self.comments.get(self.comment).is_some_and(|comment| comment.0 < token.start) && index > run.0
            {
                if !line.text.is_empty() {
                    self.lines.push(std::mem::take(&mut line));
                }
                self.comments_before(token.start, hang, false);
                line = Line { indent: hang, ..Line::default() };
                breaks.clear();
            }
            let written = self.shifted(token, indent);
            if matches!(written.as_str(), ")" | "]") {
                depth = depth.saturating_sub(1);
            }
            if !line.text.is_empty() {
                if self.gap(index, false) && self.breaks_between(index) {
                    breaks.push((line.text.len(), depth));
                }
                let blanks = match gap_at {
                    Some(at) if at == index => {
                        column.max(line.text.chars().count() + 1) - line.text.chars().count()
                    }
                    _ => usize::from(self.gap(index, false)),
                };
                line.text.extend(std::iter::repeat_n(' ', blanks));
            }
            line.text.push_str(&written);
            if matches!(written.as_str(), "(" | "[") {
                depth += 1;
            }
            self.done = token.end;
            while token.kind != TokenKind::Block && line.width() > WIDTH {
                let Some(rest) = self.broken(&mut line, &mut breaks) else { break };
                line = Line { indent: hang, text: rest, ..Line::default() };
            }
        }
        if !line.text.is_empty() {
            self.lines.push(line);
        }
    }

    /// Breaks a line at its last shallow place and lays its first half out; gives what is left over.
    fn broken(&mut self, line: &mut Line, breaks: &mut Vec<(usize, usize)>) -> Option<String> {
        let shallow = breaks.iter().map(|at| at.1).min()?;
        let at = breaks.iter().rposition(|at| at.1 == shallow)?;
        let (place, _) = *breaks.get(at)?;
        let rest = line.text.get(place..)?.trim_start_matches(' ').to_string();
        let cut = line.text.len() - rest.len();
        line.text.truncate(place);
        self.lines.push(std::mem::take(line));
        let later = breaks.split_off(at + 1);
        *breaks = later.into_iter().map(|(place, depth)| (place.saturating_sub(cut), depth)).collect();
        Some(rest)
    }

    /// Whether a line may be broken before a token.
    fn breaks_between(&self, index: usize) -> bool {
        let before = index.checked_sub(1).map_or("", |before| self.written(before));
        before == ","
            || matches!(self.written(index), "and" | "or" | "using" | "otherwise" | "else" | "overrides")
    }

    /// The tokens of a run on one line.
    fn joined(&self, run: Run, braces: bool) -> String {
        let mut text = String::new();
        for index in run.0..run.1 {
            if !text.is_empty() && self.gap(index, braces) {
                text.push(' ');
            }
            text.push_str(self.written(index));
        }
        text
    }

    /// Whether a blank stands between a token and the one before it. With `braces` those of a block are set off.
    fn gap(&self, index: usize, braces: bool) -> bool {
        let Some(before) = index.checked_sub(1) else { return false };
        let (left, right) = (self.written(before), self.written(index));
        let glued = self.token(before).map(|token| token.end) == self.token(index).map(|token| token.start);
        match (left, right) {
            ("{", "}") => false,
            ("(" | "[" | "." | "::" | ".." | "@", _) => false,
            (_, ")" | "]" | "," | "." | "::" | ".." | ":" | "?") => false,
            ("{", _) | (_, "}") => braces,
            (_, "(") if self.token(before).is_some_and(|token| token.kind == TokenKind::Word) => {
                words::RESERVED.contains(&left) || words::is_keyword(left) && !glued
            }
            _ => true,
        }
    }

    /// A token as it is written; a block text is moved so that it stands one level deeper than its clause.
    fn shifted(&self, token: &Token, indent: usize) -> String {
        let written = token.text(self.text);
        if token.kind != TokenKind::Block || !written.contains('\n') {
            return written.to_string();
        }
        let lines: Vec<&str> =
            written.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)).collect();
        let last = lines.len() - 1;
        let blanks = |line: &str| line.len() - line.trim_start_matches([' ', '\t']).len();
        let counts = |&(at, line): &(usize, &&str)| at > 0 && (at == last || !line.trim().is_empty());
        let shared = lines.iter().enumerate().filter(counts).map(|(_, line)| blanks(line)).min().unwrap_or(0);
        let mut out = String::with_capacity(written.len() + lines.len() * LEVEL);
        for (at, line) in lines.iter().enumerate() {
            if at == 0 {
                out.push_str(line.trim_end_matches([' ', '\t']));
                if line.trim_end_matches([' ', '\t']).len() > 3 {
                    out.truncate(0);
                    out.push_str(line);
                }
                continue;
            }
            out.push('\n');
            if line.trim().is_empty() && at < last {
                continue;
            }
            out.extend(std::iter::repeat_n(' ', indent + LEVEL));
            out.push_str(line.get(shared..).unwrap_or(""));
        }
        out
    }
}
