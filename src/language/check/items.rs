//! Items by themselves: the site, criteria, dictionaries, detectors, lists, calendars, templates, folders, settings.

use super::literals::fixed_parts;
use super::names::Meaning;
use super::{BUILT_IN_FOLDERS, Checker, Context, Done, Place};
use crate::base::address::Address;
use crate::base::diagnostic::Diagnostic;
use crate::base::source::{SourceId, Span, Spanned};
use crate::language::codes::{item as codes, name as name_codes, types};
use crate::language::hir::{self, Check, ListEntries, Literal, Near, Pattern, Weekday};
use crate::language::schema::types::Type;
use crate::language::scope::ItemKey;
use crate::language::suggest;
use crate::language::syntax::ast::{self, Item};
use std::collections::HashMap;
use std::sync::Arc;

/// The type that stands in a criterion's place, by its word.
pub(super) fn place_type(word: &str) -> Option<Type> {
    Some(match word {
        "attachment" => Type::Attachment,
        "part" => Type::Part,
        "link" => Type::Link,
        "address" => Type::Address,
        "mailbox" => Type::Mailbox,
        "domain" => Type::Domain,
        "text" => Type::Text,
        "number" => Type::Number,
        "size" => Type::Size,
        _ => return None,
    })
}

const PLACE_TYPES: &[&str] =
    &["address", "attachment", "domain", "link", "mailbox", "number", "part", "size", "text"];

/// Checks of detectors by their words.
const CHECKS: &[(&str, Check)] = &[
    ("luhn", Check::Luhn),
    ("card_issuer", Check::CardIssuer),
    ("iban", Check::Iban),
    ("bic", Check::Bic),
    ("aba", Check::Aba),
    ("ssn", Check::Ssn),
    ("nino", Check::Nino),
    ("nhs", Check::Nhs),
    ("steuer_id", Check::SteuerId),
    ("insee", Check::Insee),
    ("mrz", Check::Mrz),
    ("entropy", Check::Entropy),
];

/// The largest weight of an entry, either way.
const MOST_WEIGHT: i64 = 1_000_000;

impl Checker<'_> {
    /// What an item is made into; checked at the first call. `None` for what is none of the kinds here, and for a
    /// criterion that is being checked.
    pub(super) fn item(&mut self, key: ItemKey) -> Option<Done> {
        match self.done.get(&key) {
            Some(Done::Running) => return None,
            Some(done) => return Some(*done),
            None => {}
        }
        let file = self.file(key.module)?;
        let item = file.items.get(key.item)?;
        self.done.insert(key, Done::Running);
        let done = match item {
            Item::Criterion(item) => self.criterion(key, item),
            Item::Dictionary(item) => Some(self.dictionary(key, item)),
            Item::Detector(item) => Some(self.detector(key, item)),
            Item::List(item) => Some(self.list(key, item)),
            Item::Calendar(item) => Some(self.calendar(item)),
            Item::Template(item) => Some(self.template_item(key, item)),
            Item::Folder(item) => Some(self.folder(item)),
            Item::Settings(item) => Some(self.settings_item(key, item)),
            Item::Use(_)
            | Item::Site(_)
            | Item::Directory(_)
            | Item::Policy(_)
            | Item::Test(_)
            | Item::Bad(_) => None,
        };
        match done {
            Some(done) => self.done.insert(key, done),
            None => self.done.remove(&key),
        };
        done
    }

    /// Whether a reference asks for an item that is being checked; says so.
    pub(super) fn in_a_circle(&mut self, key: ItemKey, at: Span, name: &str) -> bool {
        let running = matches!(self.done.get(&key), Some(Done::Running));
        if running {
            self.push(
                Diagnostic::error(codes::CRITERION_CYCLE, at, format!("the criterion `{name}` asks itself"))
                    .help("say what it means without naming it, directly or through others"),
            );
        }
        running
    }

    fn criterion(&mut self, key: ItemKey, item: &ast::Criterion) -> Option<Done> {
        let mut context = Context::new(key.module, Place::Message);
        let mut parameter = None;
        if let Some((name, kind)) = &item.parameter {
            let ty = match place_type(&kind.node) {
                Some(ty) => ty,
                None => {
                    let message = format!("there is no type `{}`", kind.node);
                    let diagnostic = Diagnostic::error(name_codes::UNKNOWN_TYPE, kind.span, message);
                    let types = PLACE_TYPES.iter().copied();
                    self.push(suggest::help(diagnostic, &kind.node, types, kind.span, "the types are"));
                    Type::Unknown
                }
            };
            let variable = self.variable(&name.node, ty.clone());
            parameter = Some((variable.id, ty));
            context.variables.push(variable);
        }
        let body = self.condition(&mut context, &item.body);
        let needs = self.needs(&body);
        let id = hir::CriterionId(self.criteria.len() as u32);
        self.criteria.push(hir::Criterion { name: item.name.node.clone(), parameter, body, span: item.span });
        self.criteria_stages.push((needs.stage, needs.per_recipient));
        Some(Done::Criterion(id))
    }

    fn dictionary(&mut self, key: ItemKey, item: &ast::Dictionary) -> Done {
        let mut entries = Vec::with_capacity(item.entries.len());
        let mut sound = true;
        for entry in &item.entries {
            let weight = match &entry.weight {
                Some(weight) => {
                    self.number_literal(weight, -MOST_WEIGHT, MOST_WEIGHT, "a weight").unwrap_or(1)
                }
                None => 1,
            };
            let at_most = entry
                .at_most
                .as_ref()
                .and_then(|most| self.number_literal(most, 1, i64::from(u32::MAX), "the most that counts"))
                .and_then(|most| u32::try_from(most).ok());
            if entry.list {
                let Some(path) = self.path_literal(&entry.pattern) else {
                    sound = false;
                    continue;
                };
                let lines = self.lines(key.module, &path, entry.pattern.span);
                for line in lines {
                    if let Some(pattern) = self.line_pattern(&line, entry.word) {
                        entries.push(hir::DictionaryEntry { pattern, weight, at_most, span: line.span });
                    }
                }
                continue;
            }
            match self.entry_pattern(&entry.pattern, entry.word) {
                Some(pattern) => {
                    entries.push(hir::DictionaryEntry { pattern, weight, at_most, span: entry.span })
                }
                None => sound = false,
            }
        }
        if item.entries.is_empty() && sound {
            self.push(
                Diagnostic::error(
                    codes::EMPTY,
                    item.name.span,
                    format!("the dictionary `{}` has no entries", item.name.node),
                )
                .help("write entries, as in `\"secret\" weight 3`"),
            );
        }
        let id = hir::DictionaryId(self.dictionaries.len() as u32);
        self.dictionaries.push(hir::Dictionary { name: item.name.node.clone(), entries, span: item.span });
        Done::Dictionary(id)
    }

    fn entry_pattern(&mut self, pattern: &ast::Expr, word: bool) -> Option<Pattern> {
        match &pattern.kind {
            ast::ExprKind::Text(text) => {
                let plain = self.plain(text)?;
                self.fixed_pattern(&plain, word, pattern.span)
            }
            ast::ExprKind::Regex { pattern: text, flags } => self.regex(text, flags, pattern.span),
            ast::ExprKind::Bad => None,
            _ => {
                self.push(
                    Diagnostic::error(
                        types::MISMATCH,
                        pattern.span,
                        "a text or a regular expression must stand here",
                    )
                    .help("write it in quotes, or between slashes"),
                );
                None
            }
        }
    }

    fn fixed_pattern(&mut self, text: &Arc<str>, word: bool, span: Span) -> Option<Pattern> {
        if !self.findable(text, span) {
            return None;
        }
        if !word {
            return Some(Pattern::Literal { text: Arc::clone(text) });
        }
        if !text.chars().any(char::is_alphanumeric) {
            self.push(
                Diagnostic::error(types::NEVER_MATCHES, span, "no word is made of signs alone")
                    .help("take away `word`"),
            );
            return None;
        }
        Some(Pattern::Word { text: Arc::clone(text) })
    }

    fn line_pattern(&mut self, line: &Spanned<Arc<str>>, word: bool) -> Option<Pattern> {
        self.fixed_pattern(&line.node, word, line.span)
    }

    /// The lines of a list file, without blank ones and comments; each with its place in that file.
    pub(super) fn lines(&mut self, module: usize, path: &str, span: Span) -> Vec<Spanned<Arc<str>>> {
        let Some(source) = self.loaded.text_file(module, path, span) else { return Vec::new() };
        let Some(text) = self.loaded.map.get(source).map(|source| Arc::clone(&source.text)) else {
            return Vec::new();
        };
        lines_of(source, &text)
    }

    fn detector(&mut self, key: ItemKey, item: &ast::Detector) -> Done {
        let mut made = hir::Detector {
            name: item.name.node.clone(),
            because: None,
            patterns: Vec::new(),
            checks: Vec::new(),
            near: Vec::new(),
            yes: Vec::new(),
            no: Vec::new(),
            span: item.span,
        };
        let mut whole = true;
        for clause in &item.clauses {
            match clause {
                ast::DetectorClause::Because(text, _) => made.because = self.plain(text),
                ast::DetectorClause::Pattern(pattern, _) => match &pattern.kind {
                    ast::ExprKind::Regex { pattern: text, flags } => {
                        match self.regex(text, flags, pattern.span) {
                            Some(pattern) => made.patterns.push(pattern),
                            None => whole = false,
                        }
                    }
                    _ => {
                        whole = false;
                        self.no_regex(pattern);
                    }
                },
                ast::DetectorClause::Check(name, _) => {
                    match CHECKS.iter().find(|(word, _)| *word == &*name.node) {
                        Some((_, check)) => made.checks.push(*check),
                        None => {
                            let message = format!("there is no check `{}`", name.node);
                            let diagnostic = Diagnostic::error(name_codes::UNKNOWN, name.span, message);
                            let words = CHECKS.iter().map(|(word, _)| *word);
                            self.push(suggest::help(
                                diagnostic,
                                &name.node,
                                words,
                                name.span,
                                "the checks are",
                            ));
                        }
                    }
                }
                ast::DetectorClause::Near { words, within, .. } => {
                    if let Some(near) = self.near(key, words, within) {
                        made.near.push(near);
                    }
                }
                ast::DetectorClause::Yes(text, span) => {
                    made.yes.extend(self.plain(text).map(|text| Spanned::new(text, *span)));
                }
                ast::DetectorClause::No(text, span) => {
                    made.no.extend(self.plain(text).map(|text| Spanned::new(text, *span)));
                }
                ast::DetectorClause::Bad(_) => whole = false,
            }
        }
        if made.patterns.is_empty() && whole {
            self.push(
                Diagnostic::error(
                    codes::EMPTY,
                    item.name.span,
                    format!("the detector `{}` has no pattern", item.name.node),
                )
                .help("say what its finds look like, as in `pattern /[0-9]{8}/`"),
            );
        }
        let id = hir::DetectorId(self.detectors.len() as u32);
        self.detectors.push(made);
        Done::Detector(id)
    }

    fn near(&mut self, key: ItemKey, words: &[ast::Expr], within: &ast::Expr) -> Option<Near> {
        let distance = match &within.kind {
            ast::ExprKind::Characters(_) => self.number_literal(within, 1, 10_000, "a distance"),
            ast::ExprKind::Bad => None,
            _ => {
                self.push(
                    Diagnostic::error(
                        types::MISMATCH,
                        within.span,
                        "a distance in characters must stand here",
                    )
                    .help("write it as in `within 100 characters`"),
                );
                None
            }
        };
        let mut patterns = Vec::new();
        let context = Context::new(key.module, Place::Nowhere);
        for word in words {
            match &word.kind {
                ast::ExprKind::Name(reference) => match self.meaning(&context, reference) {
                    Meaning::Dictionary(dictionary) => {
                        let entries = self.dictionaries.get(dictionary.index());
                        patterns.extend(
                            entries
                                .into_iter()
                                .flat_map(|found| found.entries.iter().map(|entry| entry.pattern.clone())),
                        );
                    }
                    Meaning::Unknown => {}
                    other => {
                        let message = format!("`near` wants words, and this is {}", other.words());
                        self.push(
                            Diagnostic::error(types::MISMATCH, word.span, message)
                                .help("write texts in quotes, or name a dictionary"),
                        );
                    }
                },
                _ => patterns.extend(self.entry_pattern(word, false)),
            }
        }
        Some(Near { patterns, within: u32::try_from(distance?).ok()? })
    }

    fn list(&mut self, key: ItemKey, item: &ast::List) -> Done {
        let mut collected = Collected::default();
        let mut whole = true;
        for entry in &item.entries {
            match entry {
                ast::ListEntry::Value(value) => self.list_value(value, &mut collected),
                ast::ListEntry::File(path) => {
                    let lines = self.lines(key.module, &path.node, path.span);
                    whole &= !lines.is_empty();
                    for line in lines {
                        self.list_line(&line, &mut collected);
                    }
                }
                ast::ListEntry::Bad(_) => whole = false,
            }
        }
        if item.entries.is_empty() && whole {
            self.push(
                Diagnostic::error(
                    codes::EMPTY,
                    item.name.span,
                    format!("the list `{}` has no entries", item.name.node),
                )
                .help("write addresses, domains, networks or texts, or read them by `from \"file.txt\"`"),
            );
        }
        let id = hir::ListId(self.lists.len() as u32);
        let entries = collected.entries();
        self.lists.push(hir::List { name: item.name.node.clone(), entries, span: item.span });
        Done::List(id)
    }

    fn list_value(&mut self, value: &ast::Expr, collected: &mut Collected) {
        let context = Context::new(0, Place::Nowhere);
        let mut context = context;
        let typed = self.value(&mut context, value);
        let hir::ExprKind::Literal(constant) = typed.kind else { return };
        if typed.ty == Type::Unknown {
            return;
        }
        let sort = match &constant {
            Literal::Address(_) | Literal::Domain(_) => Sort::Addresses,
            Literal::Network(_) => Sort::Networks,
            Literal::Text(text) if self.findable(text, value.span) => Sort::Texts,
            Literal::Text(_) => return,
            _ => {
                self.push(
                    Diagnostic::error(
                        types::MISMATCH,
                        value.span,
                        format!("{} cannot stand in a list", typed.ty),
                    )
                    .help("a list holds addresses and domains, or networks, or texts"),
                );
                return;
            }
        };
        if self.same_sort(collected, sort, value.span) {
            collected.add(constant);
        }
    }

    fn list_line(&mut self, line: &Spanned<Arc<str>>, collected: &mut Collected) {
        let text = &*line.node;
        let constant = if let Some(domain) = text.strip_prefix('@') {
            let (name, subdomains) = match domain.strip_prefix("*.") {
                Some(rest) => (rest, true),
                None => (domain, false),
            };
            self.domain(name, subdomains, line.span).map(Literal::Domain)
        } else if collected.sort == Some(Sort::Texts) {
            self.findable(text, line.span).then(|| Literal::Text(Arc::clone(&line.node)))
        } else if text.contains('@') && !text.contains(char::is_whitespace) {
            self.address(text, line.span).map(Literal::Address)
        } else if looks_like_network(text) {
            self.network(text, line.span).map(Literal::Network)
        } else {
            self.findable(text, line.span).then(|| Literal::Text(Arc::clone(&line.node)))
        };
        let Some(constant) = constant else { return };
        let sort = match &constant {
            Literal::Network(_) => Sort::Networks,
            Literal::Text(_) => Sort::Texts,
            _ => Sort::Addresses,
        };
        if self.same_sort(collected, sort, line.span) {
            collected.add(constant);
        }
    }

    fn same_sort(&mut self, collected: &mut Collected, sort: Sort, span: Span) -> bool {
        match (collected.sort, collected.first) {
            (Some(first), Some(at)) if first != sort => {
                let message = format!("{} stand in a list of {}", sort.words(), first.words());
                self.push(
                    Diagnostic::error(codes::MIXED_LIST, span, message)
                        .also(at, format!("the first of {}", first.words()))
                        .help("make two lists of it"),
                );
                false
            }
            _ => {
                collected.sort.get_or_insert(sort);
                collected.first.get_or_insert(span);
                true
            }
        }
    }

    fn calendar(&mut self, item: &ast::Calendar) -> Done {
        let mut made = hir::Calendar {
            name: item.name.node.clone(),
            timezone: None,
            open: Vec::new(),
            closed: Vec::new(),
            span: item.span,
        };
        let mut whole = true;
        let mut zone_at: Option<Span> = None;
        for clause in &item.clauses {
            match clause {
                ast::CalendarClause::Timezone(name, span) => {
                    self.once(&mut zone_at, *span, "timezone");
                    made.timezone = self.zone(name).map(|(name, _)| name);
                }
                ast::CalendarClause::Open { days, from, to, span } => match self.opening(from, to, *span) {
                    Some((from, to)) => {
                        for (first, last) in days {
                            made.open.extend(weekdays(first.node, last.node).map(|day| (day, from, to)));
                        }
                    }
                    None => whole = false,
                },
                ast::CalendarClause::Closed(ranges, _) => {
                    for (first, last) in ranges {
                        let from = self.date_literal(first);
                        let to = match last {
                            Some(last) => self.date_literal(last),
                            None => from,
                        };
                        let (Some(from), Some(to)) = (from, to) else { continue };
                        if to < from {
                            let span = last.as_ref().map_or(first.span, |last| first.span.to(last.span));
                            self.push(
                                Diagnostic::error(
                                    types::RANGE,
                                    span,
                                    "this range of days ends before it begins",
                                )
                                .help("write the earlier day first"),
                            );
                            continue;
                        }
                        made.closed.push((from, to));
                    }
                }
                ast::CalendarClause::Bad(_) => whole = false,
            }
        }
        if made.open.is_empty() && whole {
            self.push(
                Diagnostic::error(
                    codes::EMPTY,
                    item.name.span,
                    format!("the calendar `{}` is never open", item.name.node),
                )
                .help("say when, as in `open mon..fri 08:00..18:00`"),
            );
        }
        let id = hir::CalendarId(self.calendars.len() as u32);
        self.calendars.push(made);
        Done::Calendar(id)
    }

    fn opening(&mut self, from: &ast::Expr, to: &ast::Expr, span: Span) -> Option<(u16, u16)> {
        let (ast::ExprKind::TimeOfDay(start), ast::ExprKind::TimeOfDay(end)) = (&from.kind, &to.kind) else {
            return None;
        };
        let start = self.time_of_day(*start, false, from.span);
        let end = self.time_of_day(*end, true, to.span);
        let (start, end) = (start?, end?);
        if end <= start {
            self.push(
                Diagnostic::error(types::RANGE, from.span.to(to.span), "these hours end before they begin")
                    .help("over midnight, write two clauses: `… 22:00..24:00` and, for the next day, `… 00:00..06:00`"),
            );
            return None;
        }
        let _ = span;
        Some((start, end))
    }

    fn template_item(&mut self, key: ItemKey, item: &ast::Template) -> Done {
        let mut made = hir::Template {
            name: item.name.node.clone(),
            subject: None,
            text: None,
            html: None,
            span: item.span,
        };
        let mut context = Context::new(key.module, Place::Action);
        let mut whole = true;
        let (mut subject_at, mut text_at, mut html_at) = (None, None, None);
        for clause in &item.clauses {
            match clause {
                ast::TemplateClause::Subject(text, span) => {
                    self.once(&mut subject_at, *span, "subject");
                    self.one_line(text);
                    made.subject = Some(self.template(&mut context, text));
                }
                ast::TemplateClause::Text(text, span) => {
                    self.once(&mut text_at, *span, "text");
                    made.text = Some(self.template(&mut context, text));
                }
                ast::TemplateClause::Html(text, span) => {
                    self.once(&mut html_at, *span, "html");
                    made.html = Some(self.template(&mut context, text));
                }
                ast::TemplateClause::Bad(_) => whole = false,
            }
        }
        if made.text.is_none() && made.html.is_none() && whole {
            self.push(
                Diagnostic::error(
                    codes::EMPTY,
                    item.name.span,
                    format!("the template `{}` says nothing", item.name.node),
                )
                .help("give it a `text`, an `html` or both"),
            );
        }
        let id = hir::TemplateId(self.templates.len() as u32);
        if !whole {
            self.broken_templates.insert(id);
        }
        self.templates.push(made);
        Done::Template(id)
    }

    /// A text for a header field: of one line.
    pub(super) fn one_line(&mut self, text: &ast::TextLiteral) {
        if fixed_parts(text).any(|part| part.contains(['\n', '\r', '\0'])) {
            self.push(
                Diagnostic::error(codes::LINE_END, text.span, "a header field is one line")
                    .help("write it without line ends; long ones are folded when the message is written"),
            );
        }
    }

    /// A clause that may stand once; says where it stood first.
    pub(super) fn once(&mut self, first: &mut Option<Span>, span: Span, word: &str) {
        match *first {
            Some(first) => self.push(
                Diagnostic::error(codes::TWICE, span, format!("`{word}` stands here a second time"))
                    .also(first, "here first")
                    .help("keep one of the two"),
            ),
            None => *first = Some(span),
        }
    }

    fn folder(&mut self, item: &ast::Folder) -> Done {
        let mut keep = None;
        let mut keep_at = None;
        for clause in &item.clauses {
            if let ast::FolderClause::Keep(value, span) = clause {
                self.once(&mut keep_at, *span, "keep");
                keep = self.duration_literal(value);
            }
        }
        let made = hir::Folder { name: item.name.node.clone(), keep, span: Some(item.span) };
        // A built-in folder may be declared, to say how long it keeps.
        if let Some(at) = BUILT_IN_FOLDERS.iter().position(|name| *name == &*item.name.node)
            && let Some(folder) = self.folders.get_mut(at)
        {
            *folder = made;
            return Done::Folder(hir::FolderId(at as u32));
        }
        let id = hir::FolderId(self.folders.len() as u32);
        self.folders.push(made);
        Done::Folder(id)
    }

    fn settings_item(&mut self, key: ItemKey, item: &ast::Settings) -> Done {
        let mut values = Vec::with_capacity(item.clauses.len());
        let mut seen: HashMap<Arc<str>, Option<Span>> = HashMap::new();
        for (word, exprs, span) in &item.clauses {
            let first = seen.entry(Arc::clone(&word.node)).or_insert(None);
            let mut at = *first;
            self.once(&mut at, *span, &word.node);
            seen.insert(Arc::clone(&word.node), at);
            if let Some(typed) = self.setting(key, item.kind, word, exprs) {
                values.push((Arc::clone(&word.node), typed));
            }
        }
        let id = hir::SettingsId(self.settings.len() as u32);
        self.settings.push(hir::Settings {
            kind: item.kind,
            name: item.name.node.clone(),
            values,
            span: item.span,
        });
        Done::Settings(id)
    }

    fn setting(
        &mut self,
        key: ItemKey,
        kind: ast::SettingsKind,
        word: &ast::Name,
        exprs: &[ast::Expr],
    ) -> Option<Vec<Literal>> {
        let table = settings_of(kind);
        let Some((_, wants)) = table.iter().find(|(name, _)| *name == &*word.node) else {
            let message = format!("there is no setting `{}` here", word.node);
            let diagnostic = Diagnostic::error(codes::SETTING, word.span, message);
            let words = table.iter().map(|(name, _)| *name);
            self.push(suggest::help(diagnostic, &word.node, words, word.span, "the settings are"));
            return None;
        };
        let mut typed = Vec::with_capacity(exprs.len());
        for expr in exprs {
            typed.push(self.setting_value(key, word, wants, expr)?);
        }
        Some(typed)
    }

    fn setting_value(
        &mut self,
        key: ItemKey,
        word: &ast::Name,
        wants: &Setting,
        expr: &ast::Expr,
    ) -> Option<Literal> {
        let mut context = Context::new(key.module, Place::Nowhere);
        let help = match (wants, &expr.kind) {
            (_, ast::ExprKind::Bad) => return None,
            (Setting::Words(words), ast::ExprKind::Name(reference)) => {
                let name = super::names::written(reference);
                if words.contains(&&*name) {
                    return Some(Literal::Text(name.into()));
                }
                let message = format!("`{}` cannot be `{name}`", word.node);
                let diagnostic = Diagnostic::error(codes::SETTING, expr.span, message);
                self.push(suggest::help(diagnostic, &name, words.iter().copied(), expr.span, "it can be"));
                return None;
            }
            (Setting::Number(least, most), _) => {
                return self
                    .number_literal(expr, *least, *most, &format!("`{}`", word.node))
                    .map(Literal::Number);
            }
            (Setting::Duration, _) => return self.duration_literal(expr).map(Literal::Duration),
            (Setting::Text, ast::ExprKind::Text(text)) => return self.plain(text).map(Literal::Text),
            (Setting::Switch, ast::ExprKind::Bool(value)) => return Some(Literal::Bool(*value)),
            (Setting::Words(words), _) => format!("write {}", suggest::listed(words)),
            (Setting::Text, _) => "write a text in quotes".to_string(),
            (Setting::Switch, _) => "write `true` or `false`".to_string(),
        };
        let _ = &mut context;
        self.push(
            Diagnostic::error(codes::SETTING, expr.span, format!("`{}` cannot be this", word.node))
                .help(help),
        );
        None
    }

    /// The site, of whatever file it stands in.
    pub(super) fn check_site(&mut self) {
        let mut first: Option<Span> = None;
        for module in self.own_modules() {
            let Some(file) = self.file(module) else { continue };
            for item in &file.items {
                let Item::Site(site) = item else { continue };
                if let Some(first) = first {
                    self.push(
                        Diagnostic::error(name_codes::SITE_TWICE, site.span, "the site is described twice")
                            .also(first, "here first")
                            .help("put all its clauses into one `site`"),
                    );
                    continue;
                }
                first = Some(site.span);
                self.has_site = true;
                self.site_clauses(site);
            }
        }
    }

    fn site_clauses(&mut self, site: &ast::Site) {
        let (mut postmaster_at, mut zone_at, mut order_at) = (None, None, None);
        for clause in &site.clauses {
            match clause {
                ast::SiteClause::Domains(values, _) => {
                    for value in values {
                        let domain = self.domain_literal(value);
                        self.site.domains.extend(domain);
                    }
                }
                ast::SiteClause::Networks(values, _) => {
                    for value in values {
                        let network = self.network_literal(value);
                        self.site.networks.extend(network);
                    }
                }
                ast::SiteClause::Postmaster(value, span) => {
                    self.once(&mut postmaster_at, *span, "postmaster");
                    self.site.postmaster = self.address_literal(value);
                }
                ast::SiteClause::Timezone(name, span) => {
                    self.once(&mut zone_at, *span, "timezone");
                    if let Some((name, zone)) = self.zone(name) {
                        self.site.timezone = Some(name);
                        self.site_zone = zone;
                    }
                }
                ast::SiteClause::Order(names, span) => {
                    self.once(&mut order_at, *span, "order");
                    if let Some(order) = self.manager_order(names, *span) {
                        self.site.order = order;
                    }
                }
                ast::SiteClause::Bad(_) => {}
            }
        }
        if let Some(postmaster) = self.site.postmaster.clone() {
            self.check_postmaster(site, &postmaster);
        }
    }

    /// Notifications are sent in the postmaster's name: an address of somebody else's domain cannot be that.
    fn check_postmaster(&mut self, site: &ast::Site, postmaster: &Address) {
        let inside = self.site.domains.iter().any(|domain| domain.matches(&postmaster.domain));
        let span = site.clauses.iter().find_map(|clause| match clause {
            ast::SiteClause::Postmaster(value, _) => Some(value.span),
            _ => None,
        });
        let bad = site.clauses.iter().any(|clause| matches!(clause, ast::SiteClause::Bad(_)));
        if !inside && !bad && !self.site.domains.is_empty() {
            self.push(
                Diagnostic::warning(
                    codes::POSTMASTER,
                    span.unwrap_or(site.span),
                    format!("`{postmaster}` is not in the site's domains"),
                )
                .help("name an address of your own, or add its domain to `domains`"),
            );
        }
    }

    fn manager_order(&mut self, names: &[ast::Name], span: Span) -> Option<Vec<hir::Manager>> {
        let mut order = Vec::new();
        let mut sound = true;
        for name in names {
            let manager = MANAGERS.iter().find(|(word, _)| *word == &*name.node).map(|(_, manager)| *manager);
            match manager {
                Some(manager) if order.contains(&manager) => {
                    sound = false;
                    self.push(
                        Diagnostic::error(
                            codes::ORDER,
                            name.span,
                            format!("`{}` stands in the order twice", name.node),
                        )
                        .help("name each manager once"),
                    );
                }
                Some(manager) => order.push(manager),
                None => {
                    sound = false;
                    let message = format!("there is no manager `{}`", name.node);
                    let diagnostic = Diagnostic::error(codes::ORDER, name.span, message);
                    let words = MANAGERS.iter().map(|(word, _)| *word);
                    self.push(suggest::help(diagnostic, &name.node, words, name.span, "the managers are"));
                }
            }
        }
        let missing: Vec<&str> =
            MANAGERS.iter().filter(|(_, manager)| !order.contains(manager)).map(|(word, _)| *word).collect();
        if sound && !missing.is_empty() {
            self.push(
                Diagnostic::error(
                    codes::ORDER,
                    span,
                    format!("{} not in the order", missing_words(&missing)),
                )
                .help("name all five: access, format, virus, security, content"),
            );
            return None;
        }
        sound.then_some(order)
    }
}

fn missing_words(missing: &[&str]) -> String {
    let verb = if missing.len() == 1 { "is" } else { "are" };
    format!("{} {verb}", suggest::listed(missing))
}

const MANAGERS: &[(&str, hir::Manager)] = &[
    ("access", hir::Manager::Access),
    ("format", hir::Manager::Format),
    ("virus", hir::Manager::Virus),
    ("security", hir::Manager::Security),
    ("content", hir::Manager::Content),
];

/// What a setting of the security manager is.
enum Setting {
    Words(&'static [&'static str]),
    Number(i64, i64),
    Duration,
    Text,
    Switch,
}

fn settings_of(kind: ast::SettingsKind) -> &'static [(&'static str, Setting)] {
    match kind {
        ast::SettingsKind::Verification => &[
            ("level", Setting::Words(&["none", "signature", "chain", "full"])),
            ("revocation", Setting::Words(&["none", "crl", "ocsp", "both"])),
            ("timeout", Setting::Duration),
            ("clock_skew", Setting::Duration),
            ("detached", Setting::Switch),
        ],
        ast::SettingsKind::Certificates => &[
            ("minimum", Setting::Number(1024, 16_384)),
            ("algorithms", Setting::Words(&["rsa", "ecdsa", "ed25519", "dsa"])),
            ("digests", Setting::Words(&["sha1", "sha256", "sha384", "sha512"])),
            ("cipher", Setting::Words(&["aes128", "aes192", "aes256", "aes128_gcm", "aes256_gcm"])),
            ("issuer", Setting::Text),
            ("usage", Setting::Words(&["sign", "encrypt", "both"])),
            ("key", Setting::Text),
            ("max_age", Setting::Duration),
        ],
    }
}

/// The sort of a list's entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sort {
    Addresses,
    Networks,
    Texts,
}

impl Sort {
    fn words(self) -> &'static str {
        match self {
            Sort::Addresses => "addresses",
            Sort::Networks => "networks",
            Sort::Texts => "texts",
        }
    }
}

/// The entries of a list so far.
#[derive(Debug, Default)]
struct Collected {
    sort: Option<Sort>,
    first: Option<Span>,
    addresses: Vec<Address>,
    domains: Vec<crate::base::address::DomainPattern>,
    networks: Vec<ipnet::IpNet>,
    texts: Vec<Arc<str>>,
}

impl Collected {
    fn add(&mut self, constant: Literal) {
        match constant {
            Literal::Address(address) => self.addresses.push(address),
            Literal::Domain(domain) => self.domains.push(domain),
            Literal::Network(network) => self.networks.push(network),
            Literal::Text(text) => self.texts.push(text),
            _ => {}
        }
    }

    fn entries(self) -> ListEntries {
        match self.sort {
            Some(Sort::Networks) => ListEntries::Networks(self.networks),
            Some(Sort::Texts) => ListEntries::Texts(self.texts),
            _ => ListEntries::Addresses { addresses: self.addresses, domains: self.domains },
        }
    }
}

/// Whether a line means a network rather than a text: digits, dots, colons and a slash alone.
fn looks_like_network(text: &str) -> bool {
    let parts = |separator| text.split(separator).count();
    let digits =
        text.chars().all(|character| character.is_ascii_hexdigit() || matches!(character, '.' | ':' | '/'));
    digits
        && text.contains(|character: char| character.is_ascii_digit())
        && (parts('.') == 4 || parts(':') > 2)
}

/// The lines of a text that are neither blank nor comments, with their places.
fn lines_of(source: SourceId, text: &str) -> Vec<Spanned<Arc<str>>> {
    let mut lines = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let content = line.trim();
        if !content.is_empty() && !content.starts_with('#') {
            let lead = line.len() - line.trim_start().len();
            let at = start + lead;
            lines.push(Spanned::new(Arc::from(content), Span::new(source, at, at + content.len())));
        }
        start += line.len();
    }
    lines
}

/// The days of an inclusive range, over the end of the week where the last stands before the first.
fn weekdays(first: Weekday, last: Weekday) -> impl Iterator<Item = Weekday> {
    const WEEK: [Weekday; 7] =
        [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri, Weekday::Sat, Weekday::Sun];
    let position = |day: Weekday| WEEK.iter().position(|other| *other == day).unwrap_or(0);
    let (from, to) = (position(first), position(last));
    let count = if to >= from { to - from + 1 } else { to + 8 - from };
    WEEK.into_iter().cycle().skip(from).take(count)
}
