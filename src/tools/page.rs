//! The page of a code, for people at a terminal: `mailfw explain-code`.

use super::registry;
use super::terminal::{Look, Paint, wrapped};
use crate::language::codes::Page;

/// The page: code, what is wrong, what it means, a text that raises it and the same mended.
pub fn render(page: &Page, look: Look) -> String {
    let width = look.width.min(100);
    let mut out = format!("{}\n\n", look.paint(Paint::Bold, page.code.0));
    out.push_str(&wrapped(page.title, width, "  "));
    out.push('\n');
    out.push_str(&wrapped(page.text, width, ""));
    for (heading, paint, example) in
        [("This is refused:", Paint::Red, page.failing), ("This is not:", Paint::Green, page.passing)]
    {
        if example.trim().is_empty() {
            continue;
        }
        out.push_str(&format!("\n{}\n\n", look.paint(paint, heading)));
        for line in example.trim_matches('\n').lines() {
            out.push_str(format!("    {line}").trim_end());
            out.push('\n');
        }
    }
    out
}

/// All codes with their titles, one a line, by area.
pub fn list(look: Look) -> String {
    let mut pages: Vec<&Page> = registry::pages().collect();
    pages.sort_by_key(|page| page.code);
    let widest = pages.iter().map(|page| page.code.0.len()).max().unwrap_or(0);
    let mut out = String::new();
    let mut area = "";
    for page in pages {
        let code = page.code.0;
        let its_area = code.rsplit_once("::").map_or(code, |(area, _)| area);
        if its_area != area && !area.is_empty() {
            out.push('\n');
        }
        area = its_area;
        let pad = " ".repeat(widest - code.len());
        out.push_str(&format!("{}{pad}  {}\n", look.paint(Paint::Cyan, code), page.title));
    }
    out
}
