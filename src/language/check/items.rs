//! Items by themselves: criteria, calendars, templates, folders; dictionaries, detectors, lists and settings have their
//! own files.

use super::literals::fixed_parts;
use super::{BUILT_IN_FOLDERS, Checker, Context, Done, Place};
use crate::base::diagnostic::Diagnostic;
use crate::base::source::Span;
use crate::language::codes::{item as codes, name as name_codes, types};
use crate::language::hir::{self, Weekday};
use crate::language::schema::types::Type;
use crate::language::scope::ItemKey;
use crate::language::suggest;
use crate::language::syntax::ast::{self, Item};

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
        let hint = std::mem::take(&mut self.hint);
        let done = match item {
            Item::Criterion(item) => self.criterion(key, item),
            Item::Dictionary(item) => Some(self.dictionary(key, item)),
            Item::Detector(item) => Some(self.detector(key, item)),
            Item::List(item) => Some(self.list(key, item)),
            Item::Calendar(item) => Some(self.calendar(item)),
            Item::Template(item) => Some(self.template_item(key, item)),
            Item::Folder(item) => Some(self.folder(item)),
            Item::Settings(item) => Some(self.settings_item(item)),
            Item::Use(_)
            | Item::Site(_)
            | Item::Directory(_)
            | Item::Policy(_)
            | Item::Test(_)
            | Item::Bad(_) => None,
        };
        self.hint = hint;
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
