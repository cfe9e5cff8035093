//! What a policy does: effects and dispositions.

use super::names::{Meaning, address_of, written};
use super::unknown::Hint;
use super::{Argument, Checker, Context, Place};
use crate::base::diagnostic::Diagnostic;
use crate::base::source::{Span, Spanned};
use crate::language::codes::{policy as codes, types};
use crate::language::hir::{
    self, Action, Approver, Content, Conversion, CopyForm, Disposition, Expr, Moment, OnProtected, Priority,
    Severity, TextTemplate,
};
use crate::language::schema::types::{Enumeration, Type};
use crate::language::scope::Space;
use crate::language::syntax::ast;
use std::collections::HashMap;

/// Effects of which a policy can have one, with where it was asked for first.
pub(super) type Once = HashMap<&'static str, Option<Span>>;

/// Fields that the message's structure or its way is written in: no policy touches them.
const STRUCTURE_FIELDS: &[&str] = &[
    "content-type",
    "content-transfer-encoding",
    "content-disposition",
    "content-id",
    "mime-version",
    "received",
    "return-path",
    "arc-seal",
    "arc-message-signature",
    "arc-authentication-results",
    "dkim-signature",
];

/// Fields of which a message has one at most (RFC 5322, 3.6).
const SINGLE_FIELDS: &[&str] = &[
    "from",
    "sender",
    "reply-to",
    "to",
    "cc",
    "bcc",
    "subject",
    "date",
    "message-id",
    "in-reply-to",
    "references",
];

/// What is done to a header field.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Touch {
    Add,
    Set,
    Remove,
}

impl Checker<'_> {
    /// An effect.
    pub(super) fn action(
        &mut self,
        context: &mut Context,
        action: &ast::Action,
        span: Span,
        once: &mut Once,
    ) -> Option<Action> {
        if let Some(word) = single_word(action) {
            let first = once.entry(word).or_default();
            self.once(first, span, word);
        }
        match action {
            ast::Action::AnnotateHeader { name, value } => {
                let name = self.touched_field(name, Touch::Add);
                let value = self.header_value(context, value);
                Some(Action::AnnotateHeader { name: name?, value })
            }
            ast::Action::AnnotateSubject { position, text } => {
                let text = self.header_value(context, text);
                Some(Action::AnnotateSubject { position: position.node, text })
            }
            ast::Action::AnnotateBody { place, content, protected } => {
                let content = self.content(context, content);
                let protected = self.protected(context, protected.as_ref(), span);
                Some(Action::AnnotateBody { place: *place, content: content?, protected: protected? })
            }
            ast::Action::AnnotateAttachment { name, content, protected } => {
                let name = self.header_value(context, name);
                let content = self.content(context, content);
                let protected = self.protected(context, protected.as_ref(), span);
                Some(Action::AnnotateAttachment { name, content: content?, protected: protected? })
            }
            ast::Action::Notify { to, template, attach } => {
                self.notify(context, to, template, attach.as_ref())
            }
            ast::Action::Strip { condition, replacement } => {
                self.strip(context, condition, replacement.as_ref())
            }
            ast::Action::Convert { from, to } => self.convert(from, to),
            ast::Action::SetHeader { name, value } => {
                let name = self.touched_field(name, Touch::Set);
                let value = self.header_value(context, value);
                Some(Action::SetHeader { name: name?, value })
            }
            ast::Action::RemoveHeader { name } => {
                Some(Action::RemoveHeader { name: self.touched_field(name, Touch::Remove)? })
            }
            ast::Action::Tag { text } => Some(Action::Tag { text: self.action_text(context, text) }),
            ast::Action::Severity { level } => Some(Action::Severity { level: self.severity(level)? }),
            ast::Action::CopyTo { to, form } => {
                let to = self.addressees(context, to);
                // A copy is of what came in, unless the policy says otherwise: nothing is lost in it.
                let form = form.as_ref().map_or(CopyForm::Original, |form| form.node);
                Some(Action::CopyTo { to: to?, form })
            }
            ast::Action::Redirect { to } => {
                Some(Action::Redirect { to: self.addressee(context, to, false)? })
            }
            ast::Action::Route { via, require_tls } => self.route(via, *require_tls),
            ast::Action::SetPriority { level } => Some(Action::SetPriority { level: self.priority(level)? }),
            ast::Action::Encrypt { using, otherwise } => {
                let using = self.certificates(context, using.as_ref());
                let otherwise = self.otherwise(context, otherwise.as_deref());
                Some(Action::Encrypt { using: using?, otherwise: otherwise? })
            }
            ast::Action::Sign { using, otherwise } => {
                let using = self.certificates(context, using.as_ref());
                let otherwise = self.otherwise(context, otherwise.as_deref());
                Some(Action::Sign { using: using?, otherwise: otherwise? })
            }
            ast::Action::Decrypt => Some(Action::Decrypt),
        }
    }

    /// A text that knows the policy that acts.
    fn action_text(&mut self, context: &mut Context, text: &ast::TextLiteral) -> TextTemplate {
        let place = std::mem::replace(&mut context.place, Place::Action);
        let made = self.template(context, text);
        context.place = place;
        made
    }

    fn header_value(&mut self, context: &mut Context, text: &ast::TextLiteral) -> TextTemplate {
        self.one_line(text);
        self.action_text(context, text)
    }

    fn touched_field(&mut self, name: &ast::TextLiteral, touch: Touch) -> Option<TextTemplate> {
        let text = self.field_name(name)?;
        let lower = text.to_ascii_lowercase();
        let signature = lower == "dkim-signature" || lower.starts_with("arc-");
        if STRUCTURE_FIELDS.contains(&&*lower) && !(touch == Touch::Remove && signature) {
            let message =
                format!("`{text}` says how the message is built or came here, and cannot be changed");
            self.push(
                Diagnostic::error(codes::PROTECTED_HEADER, name.span, message)
                    .help("use a field of your own, as in `\"X-Team\"`"),
            );
            return None;
        }
        if touch == Touch::Add && SINGLE_FIELDS.contains(&&*lower) {
            self.push(
                Diagnostic::error(
                    codes::SINGLE_HEADER,
                    name.span,
                    format!("a message has one `{text}`, and this would be another"),
                )
                .help(match &*lower {
                    "subject" => {
                        "write `annotate subject prefix \"…\"`, or `set header \"Subject\" \"…\"`".to_string()
                    }
                    _ => format!("write `set header \"{text}\" \"…\"`"),
                }),
            );
            return None;
        }
        if touch == Touch::Remove && matches!(&*lower, "from" | "date") {
            self.push(
                Diagnostic::error(
                    codes::PROTECTED_HEADER,
                    name.span,
                    format!("a message without `{text}` is none"),
                )
                .help("set it instead, or leave it"),
            );
            return None;
        }
        Some(super::literals::fixed(&text, name.span))
    }

    fn content(&mut self, context: &mut Context, content: &ast::Content) -> Option<Content> {
        match content {
            ast::Content::Template(reference) => {
                Some(Content::Template(self.template_by_name(context, reference)?))
            }
            ast::Content::Text(text) => Some(Content::Text(self.action_text(context, text))),
        }
    }

    fn protected(
        &mut self,
        context: &mut Context,
        protected: Option<&Spanned<ast::OnProtected>>,
        span: Span,
    ) -> Option<OnProtected> {
        match protected.map(|protected| &protected.node) {
            Some(ast::OnProtected::Wrap) => Some(OnProtected::Wrap),
            Some(ast::OnProtected::Skip) => Some(OnProtected::Skip),
            Some(ast::OnProtected::Return(text)) => {
                let text = text.as_ref().map(|text| self.action_text(context, text));
                Some(OnProtected::Return(text))
            }
            None => {
                self.push(
                    Diagnostic::error(codes::ON_PROTECTED, span, "it is not said what happens to signed and encrypted messages")
                        .help("add `or skip` (they stay as they are), `or wrap` (they go into a new message) or `or return`")
                        .fix(span.after(), " or skip", "leave them as they are"),
                );
                None
            }
        }
    }

    fn notify(
        &mut self,
        context: &mut Context,
        to: &[ast::Expr],
        template: &ast::Reference,
        attach: Option<&Spanned<ast::Attach>>,
    ) -> Option<Action> {
        let to = self.addressees(context, to);
        let id = self.template_by_name(context, template)?;
        if let Some(found) = self.templates.get(id.index())
            && found.subject.is_none()
            && (found.text.is_some() || found.html.is_some())
            && !self.broken_templates.contains(&id)
        {
            let (name, at) = (std::sync::Arc::clone(&found.name), found.span);
            self.push(
                Diagnostic::error(
                    codes::NO_SUBJECT,
                    template.span,
                    format!("the template `{name}` has no subject"),
                )
                .also(at.before(), "declared here")
                .help("a notification has a subject: give the template one, as in `subject \"…\"`"),
            );
        }
        Some(Action::Notify { to: to?, template: id, attach: attach.map(|attach| attach.node) })
    }

    fn addressees(&mut self, context: &mut Context, to: &[ast::Expr]) -> Option<Vec<Expr>> {
        let typed: Vec<Option<Expr>> = to.iter().map(|to| self.addressee(context, to, true)).collect();
        typed.into_iter().collect()
    }

    fn addressee(&mut self, context: &mut Context, to: &ast::Expr, several: bool) -> Option<Expr> {
        let value = match &to.kind {
            ast::ExprKind::NullAddress => {
                self.push(
                    Diagnostic::error(types::ADDRESS, to.span, "nothing is sent to the null address")
                        .help("name an address, or `sender`"),
                );
                return None;
            }
            ast::ExprKind::Name(reference) => match self.meaning_as(context, reference, Hint::Address) {
                Meaning::Value(value) => Expr { span: to.span, ..value },
                Meaning::Unknown => return None,
                other => {
                    let message = format!("`{}` is {}, not an address", written(reference), other.words());
                    self.push(
                        Diagnostic::error(types::MISMATCH, to.span, message)
                            .help("name an address, `sender`, `recipient` or `postmaster`"),
                    );
                    return None;
                }
            },
            _ => self.value(context, to),
        };
        let value = address_of(value);
        let fits = match value.ty.present() {
            Type::Address => true,
            Type::Many(inner) => several && *inner.present() == Type::Address,
            Type::Unknown => return None,
            _ => false,
        };
        if !fits {
            let message = format!("an address must stand here, and this is {}", value.ty);
            let help = match value.ty.present() {
                Type::Text => "write it without quotes, as in `anna@example.org`",
                Type::Many(_) => "name one address",
                _ => "name an address, `sender`, `recipient` or `postmaster`",
            };
            self.push(Diagnostic::error(types::MISMATCH, to.span, message).help(help));
            return None;
        }
        Some(value)
    }

    fn strip(
        &mut self,
        context: &mut Context,
        condition: &ast::Expr,
        replacement: Option<&ast::Content>,
    ) -> Option<Action> {
        let variable = self.variable(&"attachment".into(), Type::Attachment);
        let id = variable.id;
        context.variables.push(variable);
        let condition = self.condition(context, condition);
        context.variables.pop();
        let replacement = match replacement {
            Some(content) => Some(self.content(context, content)?),
            None => None,
        };
        Some(Action::Strip { variable: id, condition, replacement })
    }

    fn convert(&mut self, from: &ast::Name, to: &ast::Name) -> Option<Action> {
        if &*from.node == "uuencode" && &*to.node == "mime" {
            return Some(Action::Convert(Conversion::UuencodeToMime));
        }
        let message = format!("there is no conversion from `{}` to `{}`", from.node, to.node);
        self.push(
            Diagnostic::error(codes::CONVERSION, from.span.to(to.span), message)
                .help("there is `convert uuencode to mime`"),
        );
        None
    }

    /// A severity by its word.
    pub(super) fn severity(&mut self, level: &ast::Name) -> Option<Severity> {
        Some(match &*level.node {
            "low" => Severity::Low,
            "medium" => Severity::Medium,
            "high" => Severity::High,
            "critical" => Severity::Critical,
            other => {
                self.unknown_value(Enumeration::Severity, other, level.span);
                return None;
            }
        })
    }

    /// A priority by its word.
    pub(super) fn priority(&mut self, level: &ast::Name) -> Option<Priority> {
        Some(match &*level.node {
            "low" => Priority::Low,
            "normal" => Priority::Normal,
            "high" => Priority::High,
            other => {
                self.unknown_value(Enumeration::Priority, other, level.span);
                return None;
            }
        })
    }

    fn route(&mut self, via: &ast::TextLiteral, require_tls: bool) -> Option<Action> {
        let text = self.route_host(via)?;
        Some(Action::Route { via: super::literals::fixed(&text, via.span), require_tls })
    }

    /// A host that mail is handed to, with its port if one is named.
    pub(super) fn route_host(&mut self, via: &ast::TextLiteral) -> Option<std::sync::Arc<str>> {
        let text = self.plain(via)?;
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) if !host.contains(':') || host.ends_with(']') => (host, Some(port)),
            _ => (&*text, None),
        };
        let sound = crate::base::address::domain_to_ascii(host).is_some()
            && port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0));
        if sound {
            return Some(text);
        }
        self.push(
            Diagnostic::error(codes::ROUTE, via.span, format!("`{text}` is no host"))
                .help("write a name and, if you like, a port, as in `\"gateway.example.org:25\"`; addresses stand in brackets"),
        );
        None
    }

    /// The settings after `using`; `Some(None)` where there are none.
    fn certificates(
        &mut self,
        context: &Context,
        using: Option<&ast::Reference>,
    ) -> Option<Option<hir::SettingsId>> {
        let Some(reference) = using else { return Some(None) };
        let key = self.by_reference(
            context.module,
            Space::Settings,
            reference,
            "`certificates` item",
            &[],
            "certificates NAME { minimum 2048 }",
        )?;
        let Some(super::Done::Settings(id)) = self.item(key) else { return None };
        let kind = self.settings.get(id.index())?.kind;
        if kind != ast::SettingsKind::Certificates {
            let message = format!("`{}` is a `verification`", written(reference));
            self.push(
                Diagnostic::error(types::MISMATCH, reference.span, message)
                    .help("name a `certificates` item: `verification` says how signatures are checked"),
            );
            return None;
        }
        Some(Some(id))
    }

    /// `Some(None)` where nothing is said.
    #[expect(clippy::option_option, reason = "outer: whether it is sound; inner: whether it is said")]
    fn otherwise(
        &mut self,
        context: &mut Context,
        otherwise: Option<&Spanned<ast::Disposition>>,
    ) -> Option<Option<Box<Spanned<Disposition>>>> {
        let Some(otherwise) = otherwise else { return Some(None) };
        let typed = self.disposition(context, &otherwise.node, otherwise.span)?;
        Some(Some(Box::new(Spanned::new(typed, otherwise.span))))
    }

    /// A disposition. The parser bounds how deep `else` goes.
    pub(super) fn disposition(
        &mut self,
        context: &mut Context,
        disposition: &ast::Disposition,
        span: Span,
    ) -> Option<Disposition> {
        match disposition {
            ast::Disposition::Deliver => Some(Disposition::Deliver),
            ast::Disposition::DeferUntil(moment) => {
                Some(Disposition::DeferUntil(self.defer_moment(context, moment)?))
            }
            ast::Disposition::DeferFor(duration) => {
                Some(Disposition::DeferFor(self.duration_value(context, duration)?))
            }
            ast::Disposition::Quarantine { folder, otherwise } => {
                self.quarantine(context, folder, otherwise.as_deref())
            }
            ast::Disposition::Return(text) => Some(Disposition::Return(self.answer(context, text))),
            ast::Disposition::Reject(text) => Some(Disposition::Reject(self.answer(context, text))),
            ast::Disposition::Drop => Some(Disposition::Drop),
            ast::Disposition::Approve { by, within, otherwise } => {
                let by = self.approver(context, by);
                let within = match within {
                    Some(within) => Some(self.duration_value(context, within)?),
                    None => None,
                };
                let otherwise = self.otherwise(context, otherwise.as_deref());
                let _ = span;
                Some(Disposition::Approve { by: by?, within, otherwise: otherwise? })
            }
        }
    }

    fn answer(&mut self, context: &mut Context, text: &ast::TextLiteral) -> TextTemplate {
        if super::literals::fixed_parts(text).all(|part| part.trim().is_empty()) && text.plain().is_some() {
            self.push(
                Diagnostic::error(codes::EMPTY_ANSWER, text.span, "the sender would be told nothing")
                    .help("say why, and what to do instead"),
            );
        }
        self.action_text(context, text)
    }

    /// A duration on the spot or of a parameter.
    fn duration_value(&mut self, context: &mut Context, expr: &ast::Expr) -> Option<i64> {
        let ast::ExprKind::Name(reference) = &expr.kind else { return self.duration_literal(expr) };
        match self.meaning(context, reference) {
            Meaning::Value(Expr {
                kind: hir::ExprKind::Literal(hir::Literal::Duration(seconds)), ..
            }) if seconds > 0 => Some(seconds),
            Meaning::Unknown => None,
            other => {
                let message = format!("a duration must stand here, and this is {}", other.words());
                self.push(
                    Diagnostic::error(types::MISMATCH, expr.span, message).help("write it as in `2 hours`"),
                );
                None
            }
        }
    }

    fn quarantine(
        &mut self,
        context: &mut Context,
        reference: &ast::Reference,
        otherwise: Option<&Spanned<ast::Disposition>>,
    ) -> Option<Disposition> {
        let name = written(reference);
        let parameter = match reference.modules.is_empty() {
            true => context.parameters.iter().find(|parameter| *parameter.name == *name).cloned(),
            false => None,
        };
        let may_be_left = parameter.as_ref().is_some_and(|parameter| parameter.optional);
        let otherwise_typed = self.otherwise(context, otherwise);
        if may_be_left && otherwise.is_none() {
            self.push(
                Diagnostic::error(
                    codes::NO_ELSE,
                    reference.span,
                    format!("`{name}` may be left out, and it is not said what holds then"),
                )
                .help(format!("add it, as in `quarantine in {name} else reject \"…\"`")),
            );
            return None;
        }
        if let (false, Some(otherwise)) = (may_be_left, otherwise) {
            self.push(
                Diagnostic::error(
                    codes::NO_ELSE,
                    otherwise.span,
                    format!("`{name}` is always there: this never holds"),
                )
                .help("take away the `else`"),
            );
            return None;
        }
        let folder = match parameter {
            Some(parameter) => match parameter.argument {
                Argument::Folder(folder) => folder,
                Argument::Left => {
                    return otherwise_typed?.map(|otherwise| otherwise.node);
                }
                Argument::Unknown => return None,
                _ => {
                    self.push(
                        Diagnostic::error(types::MISMATCH, reference.span, format!("`{name}` is no folder"))
                            .help("give the parameter the type `folder`"),
                    );
                    return None;
                }
            },
            None => self.folder_by_name(context, reference)?,
        };
        otherwise_typed?;
        Some(Disposition::Quarantine(folder))
    }

    fn approver(&mut self, context: &mut Context, by: &ast::Expr) -> Option<Approver> {
        match &by.kind {
            ast::ExprKind::Address(text) => Some(Approver::Address(self.address(text, by.span)?)),
            ast::ExprKind::Name(reference) => match self.meaning_as(context, reference, Hint::Approver) {
                Meaning::Directory(directory) => Some(Approver::Directory(directory)),
                Meaning::Value(Expr {
                    kind: hir::ExprKind::Literal(hir::Literal::Address(address)), ..
                }) => Some(Approver::Address(address)),
                Meaning::Unknown => None,
                other => {
                    let message =
                        format!("`{}` is {}, and cannot approve", written(reference), other.words());
                    self.push(
                        Diagnostic::error(types::MISMATCH, by.span, message)
                            .help("name an address or a directory"),
                    );
                    None
                }
            },
            ast::ExprKind::Bad => None,
            _ => {
                self.push(
                    Diagnostic::error(types::MISMATCH, by.span, "this cannot approve")
                        .help("name an address or a directory"),
                );
                None
            }
        }
    }

    /// What a message waits for.
    pub(super) fn defer_moment(&mut self, context: &Context, moment: &ast::Moment) -> Option<Moment> {
        match moment {
            ast::Moment::Calendar { calendar, event } => {
                match self.meaning_as(context, calendar, Hint::Set(Type::Moment)) {
                    Meaning::Calendar(id) => Some(Moment::Calendar(id, event.node)),
                    Meaning::Unknown => None,
                    other => {
                        let message = format!(
                            "`{}` is {}, and neither opens nor closes",
                            written(calendar),
                            other.words()
                        );
                        self.push(
                            Diagnostic::error(types::MISMATCH, calendar.span, message)
                                .help("name a `calendar`"),
                        );
                        None
                    }
                }
            }
            ast::Moment::At(expr) => match &expr.kind {
                ast::ExprKind::TimeOfDay(minutes) => {
                    Some(Moment::TimeOfDay(self.time_of_day(*minutes, false, expr.span)?))
                }
                _ => Some(Moment::At(self.moment(expr)?)),
            },
        }
    }
}

/// Effects that have one value: a policy asks for them once.
fn single_word(action: &ast::Action) -> Option<&'static str> {
    Some(match action {
        ast::Action::Severity { .. } => "severity",
        ast::Action::Redirect { .. } => "redirect",
        ast::Action::Route { .. } => "route",
        ast::Action::SetPriority { .. } => "set priority",
        ast::Action::Encrypt { .. } => "encrypt",
        ast::Action::Sign { .. } => "sign",
        ast::Action::Decrypt => "decrypt",
        _ => return None,
    })
}
