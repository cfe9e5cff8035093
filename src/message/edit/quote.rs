//! Finding where, in a plain text, the writer's own words end and a quoted message begins.

use std::ops::Range;

/// Where the quoted message begins that follows the writer's own text; `None` if there is none, or nothing before it.
pub(super) fn quote_start(text: &[u8]) -> Option<usize> {
    let lines = lines(text);
    let mut own = false;
    for (index, range) in lines.iter().enumerate() {
        let line = shown(text, range);
        let opens = line.starts_with('>') || is_divider(&line) || opens_header_block(text, &lines, index);
        if opens {
            let start = attribution(text, &lines, index);
            let before = lines.get(..start).unwrap_or_default();
            let own_before = own && before.iter().any(|range| !shown(text, range).is_empty());
            return lines.get(start).filter(|_| own_before).map(|range| range.start);
        }
        own |= !line.is_empty();
    }
    None
}

fn lines(text: &[u8]) -> Vec<Range<usize>> {
    let mut at = 0;
    text.split_inclusive(|&byte| byte == b'\n')
        .map(|line| {
            let range = at..at + line.len();
            at = range.end;
            range
        })
        .collect()
}

fn shown(text: &[u8], range: &Range<usize>) -> String {
    let line = text.get(range.clone()).unwrap_or_default();
    let line = line.get(..line.len().min(400)).unwrap_or_default();
    String::from_utf8_lossy(line).trim().to_owned()
}

/// `-----Original Message-----`, in whatever language.
fn is_divider(line: &str) -> bool {
    line.starts_with("--")
        && line.ends_with("--")
        && line.trim_matches('-').trim().chars().filter(|character| character.is_alphabetic()).count() >= 5
}

/// The block of header lines that Outlook puts above what it quotes: a sender, then a time, a recipient or a subject.
fn opens_header_block(text: &[u8], lines: &[Range<usize>], index: usize) -> bool {
    const SENDER: &[&str] =
        &["from:", "von:", "de:", "da:", "van:", "fra:", "från:", "od:", "от:", "发件人:", "差出人:"];
    const OTHERS: &[&str] = &[
        "sent:",
        "date:",
        "to:",
        "subject:",
        "gesendet:",
        "datum:",
        "an:",
        "betreff:",
        "envoyé:",
        "à:",
        "objet:",
        "date :",
        "enviado:",
        "para:",
        "asunto:",
        "inviato:",
        "a:",
        "oggetto:",
        "verzonden:",
        "aan:",
        "onderwerp:",
        "sendt:",
        "til:",
        "emne:",
        "skickat:",
        "till:",
        "ämne:",
        "wysłano:",
        "do:",
        "temat:",
        "отправлено:",
        "кому:",
        "тема:",
        "cc:",
        "assunto:",
    ];
    let field = |line: &str| line.trim_start_matches('*').to_lowercase();
    let begins = |line: &str, names: &[&str]| {
        names.iter().any(|name| field(line).replace(":*", ":").starts_with(name))
    };
    let Some(first) = lines.get(index) else { return false };
    if !begins(&shown(text, first), SENDER) {
        return false;
    }
    let following = lines.get(index + 1..).unwrap_or_default().iter().take(6);
    following.filter(|range| begins(&shown(text, range), OTHERS)).count() >= 2
}

/// The line at which what introduces a quote begins: `On … wrote:` over up to three lines, or a line of underscores.
fn attribution(text: &[u8], lines: &[Range<usize>], quote: usize) -> usize {
    let line_at = |index: usize| lines.get(index).map(|range| shown(text, range)).unwrap_or_default();
    let mut above = quote;
    while above > 0 && line_at(above - 1).is_empty() && quote - above < 2 {
        above -= 1;
    }
    let Some(last) = above.checked_sub(1) else { return quote };
    let line = line_at(last);
    if line.len() >= 10 && line.chars().all(|character| character == '_') {
        return last;
    }
    if !line.ends_with(':') && !line.ends_with('：') {
        return quote;
    }
    let opens = |line: &str| {
        let lower = line.to_lowercase();
        ["on ", "am ", "le ", "el ", "il ", "op ", "em ", "den ", "dnia ", "w dniu ", "at ", "в ", "在"]
            .iter()
            .any(|word| lower.starts_with(word))
    };
    (last.saturating_sub(2)..=last).find(|&index| opens(&line_at(index))).unwrap_or(last)
}

/// A text without the marks of quoting at the start of its lines.
pub(super) fn unquoted(text: &str) -> String {
    let mut bare = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        bare.push_str(line.trim_start_matches(['>', '|', ' ', '\t']));
    }
    bare
}
