//! Items and what they hold, policies and tests aside.

use super::super::ast::{
    Apply, Calendar, CalendarClause, Criterion, Detector, DetectorClause, Dictionary, DictionaryEntry,
    Directory, DirectoryEntry, Expr, ExprKind, Folder, FolderClause, Item, List, ListEntry, Name, Reference,
    Settings, SettingsKind, Site, SiteClause, Template, TemplateClause, TextLiteral, Use, UseFrom, Weekday,
};
use super::super::grammar::{Parts, Rule};
use super::{Builder, Node};
use crate::base::source::{Span, Spanned};
use std::sync::Arc;

impl Builder<'_> {
    /// An item, or `Bad`.
    pub(super) fn item(&mut self, pair: Node<'_>) -> Item {
        let span = self.span(&pair);
        let rule = pair.as_rule();
        if rule == Rule::bad_item {
            let from = pair.as_span().start();
            return Item::Bad(self.unparsed(&pair, from));
        }
        let item = match rule {
            Rule::use_item => self.use_item(pair).map(Item::Use),
            Rule::site => Some(Item::Site(self.site(pair))),
            Rule::directory => Some(Item::Directory(self.directory(pair))),
            Rule::policy => self.policy(pair).map(Item::Policy),
            Rule::criterion => self.criterion(pair).map(Item::Criterion),
            Rule::dictionary => Some(Item::Dictionary(self.dictionary(pair))),
            Rule::detector => Some(Item::Detector(self.detector(pair))),
            Rule::list => Some(Item::List(self.list(pair))),
            Rule::calendar => Some(Item::Calendar(self.calendar(pair))),
            Rule::template => Some(Item::Template(self.template(pair))),
            Rule::folder => Some(Item::Folder(self.folder(pair))),
            Rule::settings => self.settings(pair).map(Item::Settings),
            Rule::test => Some(Item::Test(self.test(pair))),
            _ => None,
        };
        item.unwrap_or_else(|| {
            self.unshaped(span);
            Item::Bad(span)
        })
    }

    fn use_item(&mut self, pair: Node<'_>) -> Option<Use> {
        let span = self.span(&pair);
        let mut parts = Parts::of(pair);
        parts.seek(Rule::kw_use)?;
        let origin = parts.next()?;
        let from = if origin.as_rule() == Rule::text {
            UseFrom::File(self.plain_text(origin))
        } else {
            UseFrom::Module(self.names(origin))
        };
        let names = parts.seek(Rule::path_separator).map(|_| {
            parts.filter(|part| part.as_rule() == Rule::name).map(|part| self.name(&part)).collect::<Vec<_>>()
        });
        Some(Use { from, names, span })
    }

    fn names(&self, pair: Node<'_>) -> Vec<Name> {
        Parts::of(pair).filter(|part| part.as_rule() == Rule::name).map(|part| self.name(&part)).collect()
    }

    /// The parts of an item that come before its block, and those of its block.
    pub(super) fn block<'i>(&mut self, pair: Node<'i>) -> Block<'i> {
        let span = self.span(&pair);
        let mut parts = Parts::of(pair.clone());
        let mut head = Vec::new();
        let mut body_start = pair.as_span().start();
        for part in parts.by_ref() {
            match part.as_rule() {
                Rule::l_brace => {
                    body_start = part.as_span().end();
                    break;
                }
                Rule::bad_head => {
                    self.unparsed(&part, pair.as_span().start());
                }
                _ => head.push(part),
            }
        }
        Block { span, head, body: parts, body_start }
    }

    /// The name in a head, or an empty one where the head is bad and an error stands beside it.
    pub(super) fn head_name(&self, head: &[Node<'_>], span: Span) -> Name {
        head.iter()
            .find(|part| part.as_rule() == Rule::name)
            .map_or_else(|| Spanned::new(Arc::from(""), span.before()), |part| self.name(part))
    }

    /// Makes a clause of each part of a body; what cannot be one is `bad`.
    pub(super) fn clauses<'i, T>(
        &mut self,
        block: Block<'i>,
        make: impl Fn(&mut Self, Rule, Parts<'i>, Span) -> Option<T>,
        bad: impl Fn(Span) -> T,
    ) -> Vec<T> {
        let mut clauses = Vec::new();
        let mut before: Option<Span> = None;
        for part in block.body {
            let rule = part.as_rule();
            let span = self.span(&part);
            if rule == Rule::r_brace {
                continue;
            }
            if is_bad(rule) {
                let started = before.take().filter(|_| says_otherwise(rule) && self.goes_on(&part));
                let unparsed = self.unparsed(&part, block.body_start);
                if started.is_some() {
                    clauses.pop();
                }
                clauses.push(bad(started.map_or(unparsed, |started| started.to(unparsed))));
                continue;
            }
            before = Some(span);
            let clause = make(self, rule, Parts::of(part), span).unwrap_or_else(|| {
                self.unshaped(span);
                bad(span)
            });
            clauses.push(clause);
        }
        clauses
    }

    /// Whether a bad run goes on with the clause before it: no mark parts the two.
    fn goes_on(&self, bad: &Node<'_>) -> bool {
        let before = self.text.get(..bad.as_span().start()).unwrap_or("");
        !before.trim_end_matches([' ', '\t', '\r', '\n']).ends_with('\u{1}')
    }

    fn site(&mut self, pair: Node<'_>) -> Site {
        let block = self.block(pair);
        let span = block.span;
        let make = |this: &mut Self, rule, mut parts: Parts<'_>, span| {
            Some(match rule {
                Rule::site_domains => SiteClause::Domains(this.find_values(&mut parts)?, span),
                Rule::site_networks => SiteClause::Networks(this.find_values(&mut parts)?, span),
                Rule::site_postmaster => SiteClause::Postmaster(this.find_value(&mut parts)?, span),
                Rule::site_timezone => SiteClause::Timezone(this.find_text(&mut parts)?, span),
                Rule::site_separator => SiteClause::Separator(this.find_text(&mut parts)?, span),
                Rule::site_order => SiteClause::Order(this.names(parts.seek(Rule::names)?), span),
                _ => return None,
            })
        };
        Site { clauses: self.clauses(block, make, SiteClause::Bad), span }
    }

    fn directory(&mut self, pair: Node<'_>) -> Directory {
        let block = self.block(pair);
        let span = block.span;
        let path = block.head.iter().find(|part| part.as_rule() == Rule::reference).cloned();
        let path = match path {
            Some(path) => self.reference(path),
            None => Reference { modules: Vec::new(), segments: Vec::new(), span: span.before() },
        };
        let mut entries = Vec::new();
        for part in block.body {
            let span = self.span(&part);
            if part.as_rule() == Rule::r_brace {
                continue;
            }
            if part.as_rule() == Rule::bad_directory_entry {
                entries.push(DirectoryEntry::Bad(self.unparsed(&part, block.body_start)));
                continue;
            }
            let entry = self.directory_entry(part, span).unwrap_or_else(|| {
                self.unshaped(span);
                DirectoryEntry::Bad(span)
            });
            entries.push(entry);
        }
        Directory { path, entries, span }
    }

    fn directory_entry(&mut self, pair: Node<'_>, span: Span) -> Option<DirectoryEntry> {
        let rule = pair.as_rule();
        match rule {
            Rule::directory => return Some(DirectoryEntry::Directory(self.directory(pair))),
            Rule::policy => return self.policy(pair).map(DirectoryEntry::Policy),
            _ => {}
        }
        let mut parts = Parts::of(pair);
        Some(match rule {
            Rule::entry_domain => DirectoryEntry::Domain(self.find_values(&mut parts)?, span),
            Rule::entry_user => DirectoryEntry::User(self.find_values(&mut parts)?, span),
            Rule::entry_list => DirectoryEntry::List(self.find_values(&mut parts)?, span),
            Rule::entry_group => DirectoryEntry::Group {
                service: self.find_name(&mut parts)?,
                query: self.find_text(&mut parts)?,
                span,
            },
            Rule::except => DirectoryEntry::Except {
                policies: self.references(parts.seek(Rule::references)?),
                when: self.find_expr(&mut parts)?,
                span,
            },
            Rule::apply => DirectoryEntry::Apply(self.apply(parts, span)?),
            _ => return None,
        })
    }

    fn apply(&mut self, mut parts: Parts<'_>, span: Span) -> Option<Apply> {
        let policy = self.find_reference(&mut parts)?;
        let mut arguments = Vec::new();
        if let Some(list) = parts.accept(Rule::arguments) {
            for argument in Parts::of(list).filter(|part| part.as_rule() == Rule::argument) {
                let mut inner = Parts::of(argument);
                arguments.push((self.find_name(&mut inner)?, self.find_expr(&mut inner)?));
            }
        }
        let side = self.side(&parts.seek(Rule::side)?);
        let modifiers = parts.filter_map(|part| self.modifier(part)).collect();
        Some(Apply { policy, arguments, side, modifiers, span })
    }

    fn criterion(&mut self, pair: Node<'_>) -> Option<Criterion> {
        let span = self.span(&pair);
        let mut parts = Parts::of(pair);
        let name = self.find_name(&mut parts)?;
        let parameter = match parts.accept(Rule::place) {
            Some(place) => {
                let mut inner = Parts::of(place);
                let name = self.find_name(&mut inner)?;
                let kind = inner.seek(Rule::kind_name)?;
                Some((name, self.name(&kind)))
            }
            None => None,
        };
        let body = self.find_expr(&mut parts)?;
        Some(Criterion { name, parameter, body, span })
    }

    fn dictionary(&mut self, pair: Node<'_>) -> Dictionary {
        let block = self.block(pair);
        let span = block.span;
        let name = self.head_name(&block.head, span);
        let entries = self.clauses(
            block,
            |this, _, parts, span| this.dictionary_entry(parts, span),
            |span| {
                let text = TextLiteral { parts: Vec::new(), span };
                let pattern = Expr { kind: ExprKind::Text(text), span };
                DictionaryEntry { word: false, pattern, list: false, weight: None, at_most: None, span }
            },
        );
        Dictionary { name, entries, span }
    }

    fn dictionary_entry(&mut self, mut parts: Parts<'_>, span: Span) -> Option<DictionaryEntry> {
        let list = parts.has(Rule::kw_list);
        let word = parts.has(Rule::kw_word);
        let pattern = parts.next()?;
        let pattern_span = self.span(&pattern);
        let pattern = match pattern.as_rule() {
            Rule::text => Expr { kind: ExprKind::Text(self.text(pattern)), span: pattern_span },
            _ => self.literal_expr(pattern),
        };
        let mut entry = DictionaryEntry { word, pattern, list, weight: None, at_most: None, span };
        for part in parts {
            let weighs = part.as_rule() == Rule::weight;
            let mut inner = Parts::of(part);
            let value = self.find_value(&mut inner);
            if weighs {
                entry.weight = value;
            } else {
                entry.at_most = value;
            }
        }
        Some(entry)
    }

    fn detector(&mut self, pair: Node<'_>) -> Detector {
        let block = self.block(pair);
        let span = block.span;
        let name = self.head_name(&block.head, span);
        let make = |this: &mut Self, rule, mut parts: Parts<'_>, span| {
            Some(match rule {
                Rule::because => DetectorClause::Because(this.find_text(&mut parts)?, span),
                Rule::detector_pattern => DetectorClause::Pattern(this.find_value(&mut parts)?, span),
                Rule::detector_check => DetectorClause::Check(this.find_name(&mut parts)?, span),
                Rule::detector_near => DetectorClause::Near {
                    words: this.find_values(&mut parts)?,
                    within: this.find_value(&mut parts)?,
                    span,
                },
                Rule::detector_yes => DetectorClause::Yes(this.find_text(&mut parts)?, span),
                Rule::detector_no => DetectorClause::No(this.find_text(&mut parts)?, span),
                _ => return None,
            })
        };
        Detector { name, clauses: self.clauses(block, make, DetectorClause::Bad), span }
    }

    fn list(&mut self, pair: Node<'_>) -> List {
        let block = self.block(pair);
        let span = block.span;
        let name = self.head_name(&block.head, span);
        let make = |this: &mut Self, rule, mut parts: Parts<'_>, _| {
            if rule == Rule::list_file {
                return this.find_plain(&mut parts).map(ListEntry::File);
            }
            let value = parts.next()?;
            let span = this.span(&value);
            Some(ListEntry::Value(match value.as_rule() {
                Rule::text => Expr { kind: ExprKind::Text(this.text(value)), span },
                _ => this.literal_expr(value),
            }))
        };
        List { name, entries: self.clauses(block, make, ListEntry::Bad), span }
    }

    fn calendar(&mut self, pair: Node<'_>) -> Calendar {
        let block = self.block(pair);
        let span = block.span;
        let name = self.head_name(&block.head, span);
        let make = |this: &mut Self, rule, mut parts: Parts<'_>, span| {
            Some(match rule {
                Rule::calendar_timezone => CalendarClause::Timezone(this.find_text(&mut parts)?, span),
                Rule::calendar_open => {
                    let mut days = Vec::new();
                    let mut times = Vec::new();
                    for part in parts {
                        match part.as_rule() {
                            Rule::days => days.push(this.days(part)?),
                            Rule::time => times.push(this.literal_expr(part)),
                            _ => {}
                        }
                    }
                    let to = times.pop()?;
                    CalendarClause::Open { days, from: times.pop()?, to, span }
                }
                Rule::calendar_closed => {
                    let ranges = parts.filter(|part| part.as_rule() == Rule::date_range);
                    CalendarClause::Closed(ranges.filter_map(|part| this.date_range(part)).collect(), span)
                }
                _ => return None,
            })
        };
        Calendar { name, clauses: self.clauses(block, make, CalendarClause::Bad), span }
    }

    fn days(&mut self, pair: Node<'_>) -> Option<(Spanned<Weekday>, Spanned<Weekday>)> {
        let mut parts = Parts::of(pair);
        let first = parts.seek(Rule::weekday)?;
        let first = Spanned::new(weekday(first.as_str()), self.span(&first));
        let last = match parts.seek(Rule::weekday) {
            Some(last) => Spanned::new(weekday(last.as_str()), self.span(&last)),
            None => first.clone(),
        };
        Some((first, last))
    }

    fn date_range(&mut self, pair: Node<'_>) -> Option<(Expr, Option<Expr>)> {
        let mut parts = Parts::of(pair);
        let first = parts.seek(Rule::date)?;
        let first = self.literal_expr(first);
        let last = parts.seek(Rule::date).map(|last| self.literal_expr(last));
        Some((first, last))
    }

    fn template(&mut self, pair: Node<'_>) -> Template {
        let block = self.block(pair);
        let span = block.span;
        let name = self.head_name(&block.head, span);
        let make = |this: &mut Self, rule, mut parts: Parts<'_>, span| {
            let text = this.find_text(&mut parts)?;
            Some(match rule {
                Rule::template_subject => TemplateClause::Subject(text, span),
                Rule::template_text => TemplateClause::Text(text, span),
                _ => TemplateClause::Html(text, span),
            })
        };
        Template { name, clauses: self.clauses(block, make, TemplateClause::Bad), span }
    }

    fn folder(&mut self, pair: Node<'_>) -> Folder {
        let block = self.block(pair);
        let span = block.span;
        let name = self.head_name(&block.head, span);
        let make = |this: &mut Self, _, mut parts: Parts<'_>, span| {
            Some(FolderClause::Keep(this.find_value(&mut parts)?, span))
        };
        Folder { name, clauses: self.clauses(block, make, FolderClause::Bad), span }
    }

    fn settings(&mut self, pair: Node<'_>) -> Option<Settings> {
        let block = self.block(pair);
        let span = block.span;
        let kind = match block.head.first()?.as_rule() {
            Rule::kw_verification => SettingsKind::Verification,
            _ => SettingsKind::Certificates,
        };
        let name = self.head_name(&block.head, span);
        let make = |this: &mut Self, _, mut parts: Parts<'_>, span| {
            Some(Some((this.find_name(&mut parts)?, this.find_values(&mut parts)?, span)))
        };
        let clauses = self.clauses(block, make, |_| None).into_iter().flatten().collect();
        Some(Settings { kind, name, clauses, span })
    }
}

/// An item with a block, taken apart.
pub(super) struct Block<'i> {
    pub(super) span: Span,
    pub(super) head: Vec<Node<'i>>,
    pub(super) body: Parts<'i>,
    /// Where the body begins in the parsed text.
    pub(super) body_start: usize,
}

/// Whether a rule takes what no clause could be made of.
pub(super) fn is_bad(rule: Rule) -> bool {
    matches!(
        rule,
        Rule::bad_item
            | Rule::bad_site_clause
            | Rule::bad_directory_entry
            | Rule::bad_clause
            | Rule::bad_dictionary_entry
            | Rule::bad_detector_clause
            | Rule::bad_list_entry
            | Rule::bad_calendar_clause
            | Rule::bad_template_clause
            | Rule::bad_folder_clause
            | Rule::bad_settings_clause
            | Rule::bad_test_clause
    )
}

/// Whether the first half of a clause of this kind says something else than the whole: then it is bad as a whole.
/// Half a list of domains is still worth having.
fn says_otherwise(rule: Rule) -> bool {
    matches!(
        rule,
        Rule::bad_clause
            | Rule::bad_test_clause
            | Rule::bad_folder_clause
            | Rule::bad_detector_clause
            | Rule::bad_calendar_clause
            | Rule::bad_template_clause
    )
}

fn weekday(written: &str) -> Weekday {
    match written {
        "mon" => Weekday::Mon,
        "tue" => Weekday::Tue,
        "wed" => Weekday::Wed,
        "thu" => Weekday::Thu,
        "fri" => Weekday::Fri,
        "sat" => Weekday::Sat,
        _ => Weekday::Sun,
    }
}
