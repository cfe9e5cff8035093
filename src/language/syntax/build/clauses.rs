//! Policies and their clauses.

use super::super::ast::{
    Action, Attach, BodyPlace, CalendarEvent, Clause, Content, CopyForm, Disposition, Manager, Modifier,
    Moment, OnProtected, Parameter, Policy, Side, SubjectPosition,
};
use super::super::grammar::{Parts, Rule};
use super::{Builder, Node};
use crate::base::source::{Span, Spanned};

impl Builder<'_> {
    /// A policy.
    pub(super) fn policy(&mut self, pair: Node<'_>) -> Option<Policy> {
        let block = self.block(pair);
        let span = block.span;
        let name = self.head_name(&block.head, span);
        let manager = block.head.first()?;
        let manager = Spanned::new(manager_of(manager.as_str()), self.span(manager));
        let mut policy = Policy {
            manager,
            name,
            parameters: Vec::new(),
            side: None,
            modifiers: Vec::new(),
            clauses: Vec::new(),
            span,
        };
        for part in block.head.iter().cloned() {
            match part.as_rule() {
                Rule::parameters => policy.parameters = self.parameters(part)?,
                Rule::side => policy.side = Some(self.side(&part)),
                _ => policy.modifiers.extend(self.modifier(part)),
            }
        }
        policy.clauses =
            self.clauses(block, |this, rule, parts, span| this.clause(rule, parts, span), Clause::Bad);
        Some(policy)
    }

    fn parameters(&mut self, pair: Node<'_>) -> Option<Vec<Parameter>> {
        let mut parameters = Vec::new();
        for parameter in Parts::of(pair).filter(|part| part.as_rule() == Rule::parameter) {
            let span = self.span(&parameter);
            let mut parts = Parts::of(parameter);
            let name = self.find_name(&mut parts)?;
            let kind = parts.seek(Rule::kind_name)?;
            let kind = self.name(&kind);
            let optional = parts.has(Rule::question);
            let default = self.find_expr(&mut parts);
            parameters.push(Parameter { name, kind, optional, default, span });
        }
        Some(parameters)
    }

    /// The side of a `side` pair.
    pub(super) fn side(&self, pair: &Node<'_>) -> Spanned<Side> {
        let side = match pair.as_str() {
            "senders" => Side::Senders,
            "recipients" => Side::Recipients,
            _ => Side::Both,
        };
        Spanned::new(side, self.span(pair))
    }

    /// The modifier of a pair, if it is one.
    pub(super) fn modifier(&mut self, pair: Node<'_>) -> Option<Modifier> {
        let span = self.span(&pair);
        let rule = pair.as_rule();
        let mut parts = Parts::of(pair);
        match rule {
            Rule::overrides => {
                Some(Modifier::Overrides(self.references(parts.seek(Rule::references)?), span))
            }
            Rule::mandatory => Some(Modifier::Mandatory(span)),
            Rule::off => Some(Modifier::Off(span)),
            Rule::observe => Some(Modifier::Observe(span)),
            Rule::from_date => Some(Modifier::From(self.find_value(&mut parts)?, span)),
            Rule::until_date => Some(Modifier::Until(self.find_value(&mut parts)?, span)),
            _ => None,
        }
    }

    fn clause(&mut self, rule: Rule, mut parts: Parts<'_>, span: Span) -> Option<Clause> {
        Some(match rule {
            Rule::because => Clause::Because(self.find_text(&mut parts)?, span),
            Rule::when => Clause::When(self.find_expr(&mut parts)?, span),
            Rule::unless => Clause::Unless(self.find_expr(&mut parts)?, span),
            Rule::then => Clause::Then(self.disposition(&mut parts)?.node, span),
            Rule::annotate => Clause::Action(self.annotate(parts)?, span),
            _ => Clause::Action(self.action(rule, parts)?, span),
        })
    }

    fn annotate(&mut self, mut parts: Parts<'_>) -> Option<Action> {
        parts.seek(Rule::kw_annotate)?;
        let part = parts.next()?;
        let rule = part.as_rule();
        let mut parts = Parts::of(part);
        match rule {
            Rule::annotate_header => Some(Action::AnnotateHeader {
                name: self.find_text(&mut parts)?,
                value: self.find_text(&mut parts)?,
            }),
            Rule::annotate_subject => {
                parts.seek(Rule::kw_subject)?;
                let word = parts.next()?;
                let position = match word.as_rule() {
                    Rule::kw_prefix => SubjectPosition::Prefix,
                    _ => SubjectPosition::Suffix,
                };
                let position = Spanned::new(position, self.span(&word));
                Some(Action::AnnotateSubject { position, text: self.find_text(&mut parts)? })
            }
            Rule::annotate_attachment => Some(Action::AnnotateAttachment {
                name: self.find_text(&mut parts)?,
                content: self.find_content(&mut parts)?,
                protected: self.on_protected(&mut parts),
            }),
            _ => {
                let content = self.find_content(&mut parts)?;
                let above = parts
                    .accept(Rule::footer_place)
                    .is_some_and(|place| Parts::of(place).has(Rule::kw_above));
                let place = match rule {
                    Rule::annotate_banner => BodyPlace::Banner,
                    _ if above => BodyPlace::AboveQuote,
                    _ => BodyPlace::Bottom,
                };
                Some(Action::AnnotateBody { place, content, protected: self.on_protected(&mut parts) })
            }
        }
    }

    fn find_content(&mut self, parts: &mut Parts<'_>) -> Option<Content> {
        let mut inner = Parts::of(parts.seek(Rule::content)?);
        inner.has(Rule::kw_using);
        let part = inner.next()?;
        Some(match part.as_rule() {
            Rule::text => Content::Text(self.text(part)),
            _ => Content::Template(self.reference(part)),
        })
    }

    fn on_protected(&mut self, parts: &mut Parts<'_>) -> Option<Spanned<OnProtected>> {
        let pair = parts.accept(Rule::on_protected)?;
        let span = self.span(&pair);
        let mut inner = Parts::of(pair);
        inner.seek(Rule::kw_or)?;
        let choice = match inner.next()?.as_rule() {
            Rule::kw_wrap => OnProtected::Wrap,
            Rule::kw_skip => OnProtected::Skip,
            _ => OnProtected::Return(self.find_text(&mut inner)),
        };
        Some(Spanned::new(choice, span))
    }

    fn action(&mut self, rule: Rule, mut parts: Parts<'_>) -> Option<Action> {
        let parts = &mut parts;
        Some(match rule {
            Rule::notify => Action::Notify {
                to: self.find_values(parts)?,
                template: self.find_reference(parts)?,
                attach: self.attach(parts),
            },
            Rule::strip => {
                Action::Strip { condition: self.find_expr(parts)?, replacement: self.find_content(parts) }
            }
            Rule::convert => Action::Convert { from: self.find_name(parts)?, to: self.find_name(parts)? },
            Rule::set => return self.set(parts),
            Rule::remove => Action::RemoveHeader { name: self.find_text(parts)? },
            Rule::tag => Action::Tag { text: self.find_text(parts)? },
            Rule::severity => Action::Severity { level: self.find_name(parts)? },
            Rule::copy => Action::CopyTo { to: self.find_values(parts)?, form: self.copy_form(parts) },
            Rule::redirect => Action::Redirect { to: self.find_value(parts)? },
            Rule::route => {
                let via = self.find_text(parts)?;
                Action::Route { via, require_tls: parts.has(Rule::kw_require) }
            }
            Rule::encrypt => {
                let (using, otherwise) = self.protection(parts);
                Action::Encrypt { using, otherwise }
            }
            Rule::sign => {
                let (using, otherwise) = self.protection(parts);
                Action::Sign { using, otherwise }
            }
            Rule::decrypt => Action::Decrypt,
            _ => return None,
        })
    }

    fn set(&mut self, parts: &mut Parts<'_>) -> Option<Action> {
        parts.seek(Rule::kw_set)?;
        let part = parts.next()?;
        let rule = part.as_rule();
        let mut inner = Parts::of(part);
        Some(match rule {
            Rule::set_header => {
                Action::SetHeader { name: self.find_text(&mut inner)?, value: self.find_text(&mut inner)? }
            }
            _ => Action::SetPriority { level: self.find_name(&mut inner)? },
        })
    }

    fn attach(&self, parts: &mut Parts<'_>) -> Option<Spanned<Attach>> {
        if !parts.has(Rule::kw_attach) {
            return None;
        }
        let word = parts.next()?;
        let attach = match word.as_rule() {
            Rule::kw_original => Attach::Original,
            _ => Attach::Headers,
        };
        Some(Spanned::new(attach, self.span(&word)))
    }

    fn copy_form(&self, parts: &mut Parts<'_>) -> Option<Spanned<CopyForm>> {
        let word = parts.next()?;
        let form = match word.as_rule() {
            Rule::kw_original => CopyForm::Original,
            _ => CopyForm::Processed,
        };
        Some(Spanned::new(form, self.span(&word)))
    }

    fn protection(
        &mut self,
        parts: &mut Parts<'_>,
    ) -> (Option<super::Reference>, Option<Box<Spanned<Disposition>>>) {
        parts.next();
        let using = if parts.has(Rule::kw_using) { self.find_reference(parts) } else { None };
        let otherwise = parts
            .accept(Rule::otherwise)
            .and_then(|otherwise| self.disposition(&mut Parts::of(otherwise)))
            .map(Box::new);
        (using, otherwise)
    }

    /// The disposition among the parts: the first that is no keyword.
    fn disposition(&mut self, parts: &mut Parts<'_>) -> Option<Spanned<Disposition>> {
        let pair = parts
            .by_ref()
            .find(|part| !matches!(part.as_rule(), Rule::kw_then | Rule::kw_otherwise | Rule::kw_else))?;
        let span = self.span(&pair);
        let rule = pair.as_rule();
        let mut inner = Parts::of(pair);
        let inner = &mut inner;
        let disposition = match rule {
            Rule::deliver => Disposition::Deliver,
            Rule::defer => {
                inner.next();
                match inner.next()?.as_rule() {
                    Rule::kw_until => Disposition::DeferUntil(self.find_moment(inner)?),
                    _ => Disposition::DeferFor(self.find_value(inner)?),
                }
            }
            Rule::quarantine => Disposition::Quarantine {
                folder: self.find_reference(inner)?,
                otherwise: self.otherwise(inner),
            },
            Rule::return_ => Disposition::Return(self.find_text(inner)?),
            Rule::reject => Disposition::Reject(self.find_text(inner)?),
            Rule::drop => Disposition::Drop,
            Rule::approve => Disposition::Approve {
                by: self.find_value(inner)?,
                within: self.find_value(inner),
                otherwise: self.otherwise(inner),
            },
            _ => return None,
        };
        Some(Spanned::new(disposition, span))
    }

    fn otherwise(&mut self, parts: &mut Parts<'_>) -> Option<Box<Spanned<Disposition>>> {
        let pair = parts.accept(Rule::else_)?;
        self.disposition(&mut Parts::of(pair)).map(Box::new)
    }

    /// The next `moment` among the parts.
    pub(super) fn find_moment(&mut self, parts: &mut Parts<'_>) -> Option<Moment> {
        let mut inner = Parts::of(parts.seek(Rule::moment)?);
        let part = inner.next()?;
        if part.as_rule() != Rule::reference {
            return Some(Moment::At(self.literal_expr(part)));
        }
        let calendar = self.reference(part);
        let word = inner.next()?;
        let event = match word.as_rule() {
            Rule::kw_opens => CalendarEvent::Opens,
            _ => CalendarEvent::Closes,
        };
        Some(Moment::Calendar { calendar, event: Spanned::new(event, self.span(&word)) })
    }
}

fn manager_of(written: &str) -> Manager {
    match written {
        "access" => Manager::Access,
        "format" => Manager::Format,
        "virus" => Manager::Virus,
        "security" => Manager::Security,
        _ => Manager::Content,
    }
}
