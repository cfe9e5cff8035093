//! Tables for people. The only file that knows comfy-table.

use super::terminal::{Look, printable_lines};
use comfy_table::{Cell, CellAlignment, ColumnConstraint, ContentArrangement, LineStyle, Table, TableStyle};

/// A column of a table.
#[derive(Debug, Clone, Copy)]
pub struct Column<'a> {
    /// Its heading.
    pub heading: &'a str,
    /// Whether it holds numbers, which stand at the right.
    pub number: bool,
}

impl<'a> Column<'a> {
    /// A column of words.
    pub fn words(heading: &'a str) -> Self {
        Column { heading, number: false }
    }

    /// A column of numbers.
    pub fn number(heading: &'a str) -> Self {
        Column { heading, number: true }
    }
}

/// The table, ending in a line end; cells of one or more lines are made safe to show, and wrapped to the look's width.
pub fn render(columns: &[Column<'_>], rows: &[Vec<String>], look: Look) -> String {
    let mut table = Table::new();
    let line = LineStyle::none();
    table.load_style(TableStyle::new().header_separator(match look.unicode {
        true => line.fill('─').junction('─'),
        false => line.fill('-').junction('-'),
    }));
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(u16::try_from(look.width).unwrap_or(u16::MAX).max(40));
    table.set_header(columns.iter().map(|column| cell(column, column.heading)));
    // Names are what people look for and copy: they are not broken.
    if let Some(names) = table.column_mut(0) {
        names.set_constraint(ColumnConstraint::ContentWidth);
    }
    for row in rows {
        table.add_row(columns.iter().zip(row).map(|(column, text)| cell(column, text)));
    }
    let mut out: String = table.lines().map(|line| format!("{}\n", line.trim_end())).collect();
    if out.is_empty() {
        out.push('\n');
    }
    out
}

fn cell(column: &Column<'_>, text: &str) -> Cell {
    let alignment = if column.number { CellAlignment::Right } else { CellAlignment::Left };
    Cell::new(printable_lines(text)).set_alignment(alignment)
}
