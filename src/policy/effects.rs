//! The effects of a policy for one recipient, with all texts, addresses and moments filled in.
//!
//! Filled in while the message is judged, since values need the evaluator; carrying them out later needs none. Cost:
//! one walk of the policy's actions. Nothing here fails: an absent value is an empty text.

use super::outcome::{Approver, CopyTo, Edit, Fate, Notice, OnProtected, Protect, Redirect, Rendered, Route};
use crate::language::hir::{
    self, Action, Content, Disposition, Hir, Policy, Priority, SettingsId, Severity, TemplateId,
    TemplatePart, TextTemplate,
};
use crate::plan::{Causes, ClauseResult, Escape, Evaluator, TextContext};
use crate::policy::candidates::LookupSide;
use crate::policy::wants::Wants;
use jiff::{SignedDuration, Timestamp};
use std::collections::HashSet;
use std::sync::{Arc, LazyLock};

/// Days a message waits for a moment that never comes within the calendar's reach.
const NEVER_DAYS: i64 = 400;
/// Matched texts named by `{policy.matches}`.
const MATCHES_NAMED: usize = 20;
/// What a sender reads whose signed or encrypted message cannot be annotated, where the policy gives no text.
const PROTECTED_TEXT: &str = "This message is signed or encrypted and cannot be changed as the policy asks.";

/// What a policy does, filled in for one recipient. What few policies do lies elsewhere, so that the many stay small.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Effects {
    /// Its disposition.
    pub fate: Option<Fate>,
    /// `encrypt`
    pub encrypt: Option<Box<Protect>>,
    /// `sign`
    pub sign: Option<Box<Protect>>,
    /// `set priority`
    pub priority: Option<Priority>,
    /// `route via`
    pub route: Option<Box<Route>>,
    /// `redirect to`
    pub redirect: Option<Box<Redirect>>,
    /// `severity`, the highest.
    pub severity: Option<Severity>,
    /// `tag`
    pub tags: Vec<Arc<str>>,
    /// Changes of what leaves, in source order.
    pub edits: Vec<Edit>,
    /// Why it cannot be told of some attachment whether a `strip` takes it away.
    pub open: Option<Causes>,
    /// `notify`
    pub notices: Vec<Notice>,
    /// `copy to`
    pub copies: Vec<CopyTo>,
}

impl Effects {
    /// Whether it sets, besides a disposition, what can only have one value.
    pub fn has_singles(&self) -> bool {
        self.encrypt.is_some()
            || self.sign.is_some()
            || self.priority.is_some()
            || self.route.is_some()
            || self.redirect.is_some()
    }
}

/// Whether a policy's effects only add up, so that it holds nothing where it is undecided. What takes something out of
/// a message (`strip`) guards as a disposition does: unread content is not let through because of it.
pub fn only_adds_up(policy: &Policy) -> bool {
    policy.disposition.is_none()
        && policy.actions.iter().all(|action| match action.node {
            Action::Encrypt { .. }
            | Action::Sign { .. }
            | Action::SetPriority { .. }
            | Action::Route { .. }
            | Action::Redirect { .. }
            | Action::Strip { .. } => false,
            Action::AnnotateHeader { .. }
            | Action::AnnotateSubject { .. }
            | Action::AnnotateBody { .. }
            | Action::AnnotateAttachment { .. }
            | Action::Notify { .. }
            | Action::Convert(_)
            | Action::SetHeader { .. }
            | Action::RemoveHeader { .. }
            | Action::Tag { .. }
            | Action::Severity { .. }
            | Action::CopyTo { .. }
            | Action::Decrypt => true,
        })
}

/// Whether a policy takes attachments out of a message that it lets go. Released from a hold that such a policy asked for,
/// since it could not tell of some attachment, the message still leaves without those it is certain of.
pub fn strips_what_leaves(policy: &Policy) -> bool {
    let lets_go = policy
        .disposition
        .as_ref()
        .is_none_or(|disposition| matches!(disposition.node, Disposition::Deliver));
    lets_go && policy.actions.iter().any(|action| matches!(action.node, Action::Strip { .. }))
}

/// What templates know of a policy, for the given recipients. Of what no text of it asks for there is none.
pub fn text_context(
    evaluator: &mut Evaluator<'_>,
    policy: &Policy,
    wants: Wants,
    clauses: &[ClauseResult],
    recipients: Vec<usize>,
) -> TextContext {
    let directories = &evaluator.plan().hir().directories;
    let matches = if wants.matches { matches_in_words(clauses).into() } else { nothing() };
    let mut context = TextContext {
        recipients,
        policy_name: policy.name.clone(),
        policy_because: nothing(),
        policy_directory: directories.get(policy.directory.index()).map_or_else(nothing, |d| d.path.clone()),
        policy_matches: matches,
        escape: Escape::None,
    };
    if let Some(because) = policy.because.as_ref().filter(|_| wants.because) {
        context.policy_because = evaluator.text(because, &context).into();
    }
    context
}

fn nothing() -> Arc<str> {
    static NOTHING: LazyLock<Arc<str>> = LazyLock::new(|| Arc::from(""));
    NOTHING.clone()
}

/// The distinct matched texts of a verdict, in the order in which they were found.
fn matches_in_words(clauses: &[ClauseResult]) -> String {
    let mut texts: Vec<&str> = Vec::new();
    let found = clauses.iter().flat_map(|clause| &clause.evidence).flat_map(|evidence| &evidence.matches);
    for text in found.map(|found| found.text.as_str()) {
        if !texts.contains(&text) && texts.len() < MATCHES_NAMED {
            texts.push(text);
        }
    }
    texts.join(", ")
}

/// A template's subject and texts.
pub fn render_template(
    evaluator: &mut Evaluator<'_>,
    template: TemplateId,
    context: &TextContext,
) -> Rendered {
    let Some(template) = evaluator.plan().hir().templates.get(template.index()) else {
        return Rendered::default();
    };
    let mut text = |template: &Option<TextTemplate>, escape: Escape| {
        template.as_ref().map(|template| evaluator.text(template, &TextContext { escape, ..context.clone() }))
    };
    Rendered {
        subject: text(&template.subject, Escape::Header),
        text: text(&template.text, Escape::None),
        html: text(&template.html, Escape::Html),
    }
}

/// Fills in the effects of one policy for one recipient. What texts know is only gathered where a text has a value.
pub struct Filling<'e, 'a> {
    evaluator: &'e mut Evaluator<'a>,
    hir: &'a Hir,
    policy: &'e Policy,
    wants: Wants,
    clauses: &'e [ClauseResult],
    received: Timestamp,
    context: Option<TextContext>,
    recipient: usize,
    side: LookupSide,
}

impl<'e, 'a> Filling<'e, 'a> {
    /// For a policy that triggered by these clauses on a side, for a recipient (position in the envelope).
    pub fn new(
        evaluator: &'e mut Evaluator<'a>,
        policy: &'e Policy,
        wants: Wants,
        clauses: &'e [ClauseResult],
        recipient: usize,
        side: LookupSide,
    ) -> Filling<'e, 'a> {
        let hir = evaluator.plan().hir();
        let received = evaluator.case().received;
        Filling { evaluator, hir, policy, wants, clauses, received, context: None, recipient, side }
    }

    /// All effects of the policy.
    pub fn effects(&mut self) -> Effects {
        let policy = self.policy;
        let mut effects = Effects {
            fate: policy.disposition.as_ref().map(|disposition| self.fate(&disposition.node)),
            ..Effects::default()
        };
        for (index, action) in policy.actions.iter().enumerate() {
            self.action(index, &action.node, &mut effects);
        }
        effects
    }

    /// What of its effects a message does not get past that is released from it: the attachments it takes away for certain.
    pub fn released(&mut self) -> Effects {
        let mut effects = Effects::default();
        for (index, action) in self.policy.actions.iter().enumerate() {
            if let Action::Strip { replacement, .. } = &action.node {
                self.strip(index, replacement.as_ref(), &mut effects);
            }
        }
        Effects { open: None, ..effects }
    }

    fn strip(&mut self, index: usize, replacement: Option<&Content>, effects: &mut Effects) {
        let (attachments, open) = self.evaluator.strip(self.policy.id, index, self.recipient);
        if let Some(open) = open {
            effects.open = Some(effects.open.take().map_or_else(|| open.clone(), |known| known.union(&open)));
        }
        let replacement = replacement.map(|replacement| self.content(replacement));
        effects.edits.push(Edit::Strip { attachments, replacement });
    }

    /// Its reason, where it has one.
    pub fn because(&mut self) -> Option<Arc<str>> {
        let because = self.policy.because.as_ref()?;
        let wants = Wants { matches: true, ..self.wants };
        let context = text_context(self.evaluator, self.policy, wants, self.clauses, vec![self.recipient]);
        match wants.because {
            true => Some(context.policy_because),
            false => Some(self.evaluator.text(because, &context).into()),
        }
    }

    fn action(&mut self, index: usize, action: &Action, effects: &mut Effects) {
        let policy = self.policy;
        match action {
            Action::Notify { to, template, attach } => effects.notices.push(Notice {
                by: policy.id,
                side: self.side,
                to: self.addresses(to),
                template: *template,
                attach: *attach,
            }),
            Action::CopyTo { to, form } => effects.copies.push(CopyTo {
                by: policy.id,
                side: self.side,
                to: self.addresses(to),
                form: *form,
            }),
            Action::Tag { text } => {
                let tag = match text.parts.as_slice() {
                    [TemplatePart::Text(fixed)] => fixed.clone(),
                    _ => self.text(text, Escape::Header).into(),
                };
                effects.tags.push(tag);
            }
            Action::Severity { level } => effects.severity = effects.severity.max(Some(*level)),
            Action::Redirect { to } => {
                let to = self.evaluator.addresses(to, self.recipient);
                effects.redirect = Some(Box::new(Redirect { to }));
            }
            Action::Route { via, require_tls } => {
                let route = Route { via: self.text(via, Escape::Header), require_tls: *require_tls };
                effects.route = Some(Box::new(route));
            }
            Action::SetPriority { level } => effects.priority = Some(*level),
            Action::Encrypt { using, otherwise } => {
                effects.encrypt = Some(self.protect(*using, otherwise.as_deref().map(|d| &d.node)));
            }
            Action::Sign { using, otherwise } => {
                effects.sign = Some(self.protect(*using, otherwise.as_deref().map(|d| &d.node)));
            }
            Action::Strip { replacement, .. } => self.strip(index, replacement.as_ref(), effects),
            Action::AnnotateHeader { .. }
            | Action::AnnotateSubject { .. }
            | Action::AnnotateBody { .. }
            | Action::AnnotateAttachment { .. }
            | Action::Convert(_)
            | Action::SetHeader { .. }
            | Action::RemoveHeader { .. }
            | Action::Decrypt => effects.edits.extend(self.edit(action)),
        }
    }

    fn edit(&mut self, action: &Action) -> Option<Edit> {
        Some(match action {
            Action::AnnotateHeader { name, value } => Edit::AddHeader {
                name: self.text(name, Escape::Header),
                value: self.text(value, Escape::Header),
            },
            Action::SetHeader { name, value } => Edit::SetHeader {
                name: self.text(name, Escape::Header),
                value: self.text(value, Escape::Header),
            },
            Action::RemoveHeader { name } => Edit::RemoveHeader { name: self.text(name, Escape::Header) },
            Action::AnnotateSubject { position, text } => {
                Edit::Subject { position: *position, text: self.text(text, Escape::Header) }
            }
            Action::AnnotateBody { place, content, protected } => Edit::Body {
                place: *place,
                content: self.content(content),
                protected: self.on_protected(protected),
            },
            Action::AnnotateAttachment { name, content, protected } => Edit::Attach {
                name: self.text(name, Escape::Header),
                content: self.content(content),
                protected: self.on_protected(protected),
            },
            Action::Convert(conversion) => Edit::Convert(*conversion),
            Action::Decrypt => Edit::Decrypt,
            _ => return None,
        })
    }

    /// A disposition with its moment and texts.
    pub fn fate(&mut self, disposition: &Disposition) -> Fate {
        match disposition {
            Disposition::Deliver => Fate::Deliver,
            Disposition::DeferUntil(moment) => {
                let until = self.evaluator.moment(moment, self.received);
                let until = until.unwrap_or_else(|| later(self.received, NEVER_DAYS * 86_400));
                Fate::Defer { until, judge_again: false }
            }
            Disposition::DeferFor(seconds) => {
                Fate::Defer { until: later(self.received, *seconds), judge_again: false }
            }
            Disposition::Quarantine(folder) => {
                let folder = self.hir.folders.get(folder.index());
                let name = folder
                    .map_or_else(|| Arc::from(super::outcome::UNSCANNABLE), |folder| folder.name.clone());
                Fate::Quarantine { folder: name }
            }
            Disposition::Approve { by, within, otherwise } => Fate::Approve {
                by: self.approver(by),
                within: *within,
                otherwise: otherwise.as_ref().map(|otherwise| Box::new(self.fate(&otherwise.node))),
            },
            Disposition::Return(text) => Fate::Return { text: self.text(text, Escape::None) },
            Disposition::Reject(text) => Fate::Reject { text: self.text(text, Escape::None) },
            Disposition::Drop => Fate::Drop,
        }
    }

    fn approver(&self, by: &hir::Approver) -> Approver {
        match by {
            hir::Approver::Address(address) => Approver::Address(address.clone()),
            hir::Approver::Directory(directory) => {
                let directory = self.hir.directories.get(directory.index());
                Approver::Directory(directory.map_or("".into(), |directory| directory.path.clone()))
            }
        }
    }

    fn protect(&mut self, using: Option<SettingsId>, otherwise: Option<&Disposition>) -> Box<Protect> {
        let settings = using.and_then(|using| self.hir.settings.get(using.index()));
        Box::new(Protect {
            using,
            using_name: settings.map(|settings| settings.name.clone()),
            otherwise: otherwise.map(|otherwise| self.fate(otherwise)),
        })
    }

    fn on_protected(&mut self, protected: &hir::OnProtected) -> OnProtected {
        match protected {
            hir::OnProtected::Wrap => OnProtected::Wrap,
            hir::OnProtected::Skip => OnProtected::Skip,
            hir::OnProtected::Return(Some(text)) => OnProtected::Return(self.text(text, Escape::None)),
            hir::OnProtected::Return(None) => OnProtected::Return(PROTECTED_TEXT.to_string()),
        }
    }

    fn content(&mut self, content: &Content) -> Rendered {
        match content {
            Content::Template(template) => {
                let context = self.context().clone();
                render_template(self.evaluator, *template, &context)
            }
            Content::Text(text) => {
                Rendered { text: Some(self.text(text, Escape::None)), ..Rendered::default() }
            }
        }
    }

    fn addresses(&mut self, to: &[hir::Expr]) -> Vec<crate::base::address::Address> {
        let mut known = HashSet::new();
        let all = to.iter().flat_map(|expr| self.evaluator.addresses(expr, self.recipient));
        all.filter(|address| known.insert(address.clone())).collect()
    }

    fn text(&mut self, template: &TextTemplate, escape: Escape) -> String {
        if let Some(fixed) = fixed(template) {
            return fixed;
        }
        let context = TextContext { escape, ..self.context().clone() };
        self.evaluator.text(template, &context)
    }

    fn context(&mut self) -> &TextContext {
        let (policy, wants, clauses) = (self.policy, self.wants, self.clauses);
        let recipients = || vec![self.recipient];
        match self.context {
            Some(ref context) => context,
            None => {
                let context = text_context(self.evaluator, policy, wants, clauses, recipients());
                self.context.insert(context)
            }
        }
    }
}

/// What a text without values says.
fn fixed(text: &TextTemplate) -> Option<String> {
    let mut all = String::new();
    for part in &text.parts {
        match part {
            TemplatePart::Text(fixed) => all.push_str(fixed),
            TemplatePart::Value(_) => return None,
        }
    }
    Some(all)
}

/// So many seconds later; the end of time where there is no such moment.
pub fn later(from: Timestamp, seconds: i64) -> Timestamp {
    from.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX)
}
