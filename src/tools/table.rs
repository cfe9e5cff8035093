//! Tables for people. The only file that knows comfy-table.

use super::terminal::{Look, printable};
use comfy_table::{Cell, CellAlignment, ContentArrangement, Table, presets};

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

/// The table, ending in a line end; cells are made safe to show, and wrapped to the look's width.
pub fn render(columns: &[Column<'_>], rows: &[Vec<String>], look: Look) -> String {
    let mut table = Table::new();
    table.load_style(if look.unicode {
        presets::UTF8_HORIZONTAL_ONLY
    } else {
        presets::ASCII_HORIZONTAL_ONLY
    });
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(u16::try_from(look.width).unwrap_or(u16::MAX).max(40));
    table.set_header(columns.iter().map(|column| cell(column, column.heading)));
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
    Cell::new(printable(text)).set_alignment(alignment)
}
