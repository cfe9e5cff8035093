//! Lines before they are printed: their comments still apart, so that neighbouring ones can line up.

use super::WIDTH;

/// One line.
#[derive(Debug, Clone, Default)]
pub(super) struct Line {
    /// Whether an empty line stands before it.
    pub(super) blank_before: bool,
    /// Blanks before the text.
    pub(super) indent: usize,
    /// The text; with line ends where it holds a block text.
    pub(super) text: String,
    /// The comment behind it, or the only thing on it.
    pub(super) comment: Option<String>,
}

impl Line {
    /// Columns of the text with its indentation; of a block text, of its last line.
    pub(super) fn width(&self) -> usize {
        match self.text.rsplit_once('\n') {
            Some((_, last)) => last.chars().count(),
            None => self.indent + self.text.chars().count(),
        }
    }
}

/// The lines as one text.
pub(super) fn print(lines: &[Line]) -> String {
    let mut out = String::new();
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        let run = lines.iter().skip(at).enumerate().take_while(|(offset, next)| {
            next.comment.is_some()
                && !next.text.is_empty()
                && next.indent == line.indent
                && (*offset == 0 || !next.blank_before)
        });
        let run: Vec<&Line> = run.map(|(_, line)| line).collect();
        if run.is_empty() {
            one(&mut out, line, 0);
            at += 1;
            continue;
        }
        let column = run.iter().map(|line| line.width()).max().unwrap_or(0);
        let column = if column < WIDTH { column } else { 0 };
        for line in &run {
            one(&mut out, line, column);
        }
        at += run.len();
    }
    out
}

fn one(out: &mut String, line: &Line, column: usize) {
    if line.blank_before && !out.is_empty() {
        out.push('\n');
    }
    out.extend(std::iter::repeat_n(' ', line.indent));
    out.push_str(&line.text);
    if let Some(comment) = &line.comment {
        if !line.text.is_empty() {
            out.extend(std::iter::repeat_n(' ', column.saturating_sub(line.width()) + 2));
        }
        out.push_str(comment);
    }
    out.push('\n');
}
