//! What the effects of a policy ask of its judgement, found once for a set.
//!
//! Most policies quarantine or tag, and their effects are the same for every recipient and need no word of what was
//! found. Those whose texts name matches need evidence; those that speak of the recipient must be filled in for each.
//! Cost: one walk of all effects, and of the questions inside their texts.

use crate::language::hir::{
    Action, Content, Disposition, Expr, OnProtected, Policy, TemplateId, TemplatePart, TextTemplate,
};
use crate::language::schema::facts::Fact;
use crate::plan::Plan;
use crate::plan::ir::{self, Node, NodeId};
use crate::policy::candidates::ExceptionAt;
use crate::policy::chains;
use std::collections::HashSet;

/// What a policy's effects ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wants {
    /// A text of them names the policy's reason.
    pub because: bool,
    /// A text of them names what was found, or the reason does and is named.
    pub matches: bool,
    /// They differ between recipients for whom the same policies trigger.
    pub recipient: bool,
}

impl Wants {
    fn or(self, other: Wants) -> Wants {
        Wants {
            because: self.because || other.because,
            matches: self.matches || other.matches,
            recipient: self.recipient || other.recipient,
        }
    }
}

/// What each policy of a set asks for, by its number.
pub fn of(plan: &Plan) -> Vec<Wants> {
    let hir = plan.hir();
    let mut walk = Walk { plan, templates: Vec::new() };
    walk.templates = hir
        .templates
        .iter()
        .map(|template| {
            let texts = [&template.subject, &template.text, &template.html];
            texts.into_iter().flatten().map(|text| walk.text(text)).fold(Wants::default(), Wants::or)
        })
        .collect();
    hir.policies.iter().map(|policy| walk.policy(policy)).collect()
}

struct Walk<'a> {
    plan: &'a Plan,
    templates: Vec<Wants>,
}

impl Walk<'_> {
    fn policy(&self, policy: &Policy) -> Wants {
        let disposition = policy.disposition.as_ref().map(|one| self.disposition(&one.node));
        let actions = policy.actions.iter().map(|action| self.action(&action.node));
        let mut wants = actions.chain(disposition).fold(Wants::default(), Wants::or);
        if wants.because
            && let Some(because) = &policy.because
        {
            // The reason itself cannot name the reason.
            wants = wants.or(Wants { because: false, ..self.text(because) });
        }
        let nodes = self.plan.policy_nodes(policy.id);
        let mut strips = nodes.into_iter().flat_map(|nodes| nodes.strips.values());
        wants.recipient |= strips.any(|&node| self.plan.graph().properties(node).per_recipient);
        // What was found for one recipient is not what was found for another.
        wants.recipient |= wants.matches && chains::is_per_recipient(self.plan, policy.id);
        wants
    }

    fn action(&self, action: &Action) -> Wants {
        match action {
            Action::AnnotateHeader { name, value } | Action::SetHeader { name, value } => {
                self.text(name).or(self.text(value))
            }
            Action::RemoveHeader { name: text }
            | Action::AnnotateSubject { text, .. }
            | Action::Tag { text }
            | Action::Route { via: text, .. } => self.text(text),
            Action::AnnotateBody { content, protected, .. } => {
                self.content(content).or(self.on_protected(protected))
            }
            Action::AnnotateAttachment { name, content, protected } => {
                self.text(name).or(self.content(content)).or(self.on_protected(protected))
            }
            Action::Strip { replacement, .. } => {
                replacement.as_ref().map_or(Wants::default(), |content| self.content(content))
            }
            // Its texts are written once for all recipients it speaks of.
            Action::Notify { to, template, .. } => {
                self.operands(to).or(Wants { recipient: false, ..self.template(*template) })
            }
            Action::CopyTo { to, .. } => self.operands(to),
            Action::Redirect { to } => self.operands(std::slice::from_ref(to)),
            Action::Encrypt { otherwise, .. } | Action::Sign { otherwise, .. } => {
                otherwise.as_ref().map_or(Wants::default(), |one| self.disposition(&one.node))
            }
            Action::Convert(_) | Action::Severity { .. } | Action::SetPriority { .. } | Action::Decrypt => {
                Wants::default()
            }
        }
    }

    fn disposition(&self, disposition: &Disposition) -> Wants {
        match disposition {
            Disposition::Return(text) | Disposition::Reject(text) => self.text(text),
            Disposition::Approve { otherwise: Some(otherwise), .. } => self.disposition(&otherwise.node),
            Disposition::Approve { otherwise: None, .. }
            | Disposition::Deliver
            | Disposition::DeferUntil(_)
            | Disposition::DeferFor(_)
            | Disposition::Quarantine(_)
            | Disposition::Drop => Wants::default(),
        }
    }

    fn on_protected(&self, protected: &OnProtected) -> Wants {
        match protected {
            OnProtected::Return(Some(text)) => self.text(text),
            OnProtected::Return(None) | OnProtected::Wrap | OnProtected::Skip => Wants::default(),
        }
    }

    fn content(&self, content: &Content) -> Wants {
        match content {
            Content::Template(template) => self.template(*template),
            Content::Text(text) => self.text(text),
        }
    }

    fn template(&self, template: TemplateId) -> Wants {
        self.templates.get(template.index()).copied().unwrap_or_default()
    }

    fn text(&self, text: &TextTemplate) -> Wants {
        let values = text.parts.iter().filter_map(|part| match part {
            TemplatePart::Text(_) => None,
            TemplatePart::Value(expr) => Some(expr),
        });
        values.map(|expr| self.operand(expr)).fold(Wants::default(), Wants::or)
    }

    fn operands(&self, operands: &[Expr]) -> Wants {
        operands.iter().map(|expr| self.operand(expr)).fold(Wants::default(), Wants::or)
    }

    fn operand(&self, expr: &Expr) -> Wants {
        let Some(node) = self.plan.node_of(expr) else { return Wants::default() };
        let properties = self.plan.graph().properties(node);
        let mut wants = Wants { recipient: properties.per_recipient, ..Wants::default() };
        if properties.per_policy {
            self.policy_facts(node, &mut wants);
        }
        wants
    }

    /// Which facts of the policy a question asks; it is walked with a stack, each part of it once.
    fn policy_facts(&self, node: NodeId, wants: &mut Wants) {
        let graph = self.plan.graph();
        let (mut stack, mut seen) = (vec![node], HashSet::new());
        while let Some(node) = stack.pop() {
            if !graph.properties(node).per_policy || !seen.insert(node) {
                continue;
            }
            match graph.node(node) {
                Node::Fact(Fact::PolicyBecause) => wants.because = true,
                Node::Fact(Fact::PolicyMatches) => wants.matches = true,
                other => stack.extend(ir::children(other)),
            }
        }
    }
}

/// Whether an exception holds for some recipients and not for others.
pub fn exception_is_per_recipient(plan: &Plan, at: ExceptionAt) -> bool {
    let node = plan.exception_node(at.directory, at.index);
    node.is_some_and(|node| plan.graph().properties(node).per_recipient)
}
