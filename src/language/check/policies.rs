//! Policies: modifiers, clauses, and library policies with the arguments of an application.

use super::directories::OverridePlace;
use super::names::{Meaning, written};
use super::stages::Needs;
use super::{Argument, Checker, Context, Done, Parameter, Place};
use crate::base::diagnostic::Diagnostic;
use crate::base::source::{Span, Spanned};
use crate::language::codes::{directory, name as name_codes, policy as codes, types};
use crate::language::hir::{self, DirectoryId, Mode, Side};
use crate::language::schema::types::Type;
use crate::language::scope::{self, ItemKey, Space, Wanted};
use crate::language::suggest;
use crate::language::syntax::ast::{self, Item, Modifier};
use jiff::Timestamp;
use std::rc::Rc;
use std::sync::Arc;

/// Where a policy is put, and with what.
struct Application<'a> {
    directory: DirectoryId,
    side: Side,
    span: Span,
    parameters: Rc<Vec<Parameter>>,
    /// Modifiers of `apply`, and the file they stand in.
    modifiers: Option<(usize, &'a [Modifier])>,
}

/// Modifiers, collected.
#[derive(Debug, Default)]
struct Modified {
    overrides: Vec<(Arc<str>, Span)>,
    mandatory: Option<Span>,
    off: Option<Span>,
    observe: Option<Span>,
    from: Option<(Timestamp, Span)>,
    until: Option<(Timestamp, Span)>,
}

/// The words of parameter types.
const PARAMETER_TYPES: &[&str] = &[
    "address",
    "calendar",
    "detector",
    "dictionary",
    "directory",
    "domain",
    "duration",
    "folder",
    "list",
    "network",
    "number",
    "size",
    "template",
    "text",
];

impl Checker<'_> {
    /// A policy written in a directory.
    pub(super) fn policy_in_directory(&mut self, module: usize, id: DirectoryId, policy: &ast::Policy) {
        if let (Some(first), Some(last)) = (policy.parameters.first(), policy.parameters.last()) {
            self.push(
                Diagnostic::error(
                    directory::PARAMETERS,
                    first.span.to(last.span),
                    "a policy in a directory has no parameters",
                )
                .help("write it outside directories and `apply` it, or put the values in place"),
            );
        }
        let side = match &policy.side {
            Some(side) => side.node,
            // A policy whose head is broken has its finding from the parser.
            None if policy.name.node.is_empty() => Side::Both,
            None => {
                let name = &policy.name.node;
                self.push(
                    Diagnostic::error(
                        directory::SIDE,
                        policy.name.span,
                        format!("it is not said for whom `{name}` holds"),
                    )
                    .help(format!("write `{name} for senders`, `for recipients` or `for both`"))
                    .fix(policy.name.span.after(), " for senders", "say `for senders`"),
                );
                Side::Both
            }
        };
        let application = Application {
            directory: id,
            side,
            span: policy.span,
            parameters: Rc::new(self.nothing_given(policy)),
            modifiers: None,
        };
        self.policy(module, policy, Some(application));
    }

    /// Parameters of which nothing is known.
    fn nothing_given(&self, policy: &ast::Policy) -> Vec<Parameter> {
        policy
            .parameters
            .iter()
            .map(|parameter| Parameter {
                name: Arc::clone(&parameter.name.node),
                optional: parameter.optional && parameter.default.is_none(),
                argument: Argument::Unknown,
            })
            .collect()
    }

    /// Checks policies outside directories by themselves: with nothing known of their arguments.
    pub(super) fn check_loose_policies(&mut self) {
        for module in self.own_modules() {
            let Some(file) = self.file(module) else { continue };
            for item in &file.items {
                let Item::Policy(policy) = item else { continue };
                if let Some(side) = &policy.side {
                    self.push(
                        Diagnostic::error(
                            directory::SIDE,
                            side.span,
                            "outside directories a policy is for nobody yet",
                        )
                        .help(format!(
                            "take it away, and say it where the policy is applied: `apply {} to {}`",
                            policy.name.node,
                            super::hierarchy::side_word(side.node)
                        )),
                    );
                }
                self.check_parameters(module, policy);
                self.policy(module, policy, None);
            }
        }
    }

    fn check_parameters(&mut self, module: usize, policy: &ast::Policy) {
        for (at, parameter) in policy.parameters.iter().enumerate() {
            if let Some(first) =
                policy.parameters.iter().take(at).find(|other| other.name.node == parameter.name.node)
            {
                let first = first.name.span;
                self.push(scope::duplicate(&parameter.name, first));
            }
            if !PARAMETER_TYPES.contains(&&*parameter.kind.node) {
                let kind = &parameter.kind;
                let message = format!("there is no type `{}`", kind.node);
                let diagnostic = Diagnostic::error(name_codes::UNKNOWN_TYPE, kind.span, message);
                let kinds = PARAMETER_TYPES.iter().copied();
                self.push(suggest::help(diagnostic, &kind.node, kinds, kind.span, "the types are"));
                continue;
            }
            if let Some(default) = &parameter.default {
                self.argument(module, parameter, default);
            }
        }
    }

    /// `apply p(folder: virus) to recipients`
    pub(super) fn apply(&mut self, module: usize, id: DirectoryId, apply: &ast::Apply) {
        let Some(key) = self.applied_policy(module, &apply.policy) else {
            // What is given may be wrong by itself, but nobody knows what it should be.
            return;
        };
        let Some(file) = self.file(key.module) else { return };
        let Some(Item::Policy(policy)) = file.items.get(key.item) else { return };
        if let Some(declared) = self.declared_policies.get(&policy.name.node).copied() {
            if declared.key != Some(key) {
                self.push(scope::duplicate(
                    &ast::Name { node: Arc::clone(&policy.name.node), span: apply.policy.span },
                    declared.span,
                ));
                return;
            }
        } else {
            let declared = super::Declared { span: apply.policy.span, key: Some(key) };
            self.declared_policies.insert(Arc::clone(&policy.name.node), declared);
        }
        let Some(parameters) = self.arguments(module, key.module, policy, apply) else { return };
        let application = Application {
            directory: id,
            side: apply.side.node,
            span: apply.span,
            parameters: Rc::new(parameters),
            modifiers: Some((module, &apply.modifiers)),
        };
        self.policy(key.module, policy, Some(application));
    }

    fn applied_policy(&mut self, module: usize, reference: &ast::Reference) -> Option<ItemKey> {
        let (first, rest) = reference.segments.split_first()?;
        if !reference.modules.is_empty() {
            return self.qualified(&reference.modules, first, Space::Policies);
        }
        if rest.is_empty()
            && let Some(key) = self.find(module, Space::Policies, &first.node)
        {
            return Some(key);
        }
        let name = written(reference);
        if self.doubt.covers(Wanted::Policy, &name) {
            return None;
        }
        let span = reference.span;
        if let Some(declared) = self.declared_policies.get(name.as_str()).copied() {
            let diagnostic = match declared.key {
                None => Diagnostic::error(
                    codes::NOT_APPLICABLE,
                    span,
                    format!("`{name}` belongs to a directory and cannot be applied elsewhere"),
                )
                .help("write it outside directories, without `for`, and apply it to both"),
                Some(_) => {
                    let help = self.declared_elsewhere(module, Space::Policies, &name).unwrap_or_else(|| {
                        "take it by `use` from the file in which it is written".to_string()
                    });
                    Diagnostic::error(name_codes::UNKNOWN, span, format!("there is no policy `{name}` here"))
                        .help(help)
                }
            };
            self.push(diagnostic.also(declared.span, "written here"));
            return None;
        }
        let names: Vec<String> = self
            .scopes
            .get(module)
            .map(|scope| scope.names(Space::Policies).map(|(name, _)| name.to_string()).collect())
            .unwrap_or_default();
        let diagnostic =
            Diagnostic::error(name_codes::UNKNOWN, span, format!("there is no policy `{name}` here"));
        let diagnostic =
            match (suggest::nearest(&name, names.iter().map(String::as_str)), self.library_with(&name)) {
                (Some(nearest), _) => diagnostic.help(format!("did you mean `{nearest}`?")).fix(
                    span,
                    nearest,
                    format!("replace by `{nearest}`"),
                ),
                (None, Some(library)) => {
                    diagnostic.help(format!("take it from the library: `use std::{library}::{{{name}}}`"))
                }
                (None, None) => diagnostic.help("write the policy outside directories, or take it by `use`"),
            };
        self.push(diagnostic);
        None
    }

    /// What stands for each parameter of an applied policy; `None` after a finding.
    fn arguments(
        &mut self,
        module: usize,
        library: usize,
        policy: &ast::Policy,
        apply: &ast::Apply,
    ) -> Option<Vec<Parameter>> {
        let mut sound = true;
        for (at, (name, _)) in apply.arguments.iter().enumerate() {
            if let Some((first, _)) =
                apply.arguments.iter().take(at).find(|(other, _)| other.node == name.node)
            {
                let first = first.span;
                sound = false;
                self.push(
                    Diagnostic::error(codes::ARGUMENT, name.span, format!("`{}` is given twice", name.node))
                        .also(first, "here first")
                        .help("give it once"),
                );
            }
            if !policy.parameters.iter().any(|parameter| parameter.name.node == name.node) {
                sound = false;
                let message = format!("`{}` has no parameter `{}`", policy.name.node, name.node);
                let names: Vec<&str> =
                    policy.parameters.iter().map(|parameter| &*parameter.name.node).collect();
                let diagnostic = Diagnostic::error(codes::ARGUMENT, name.span, message);
                self.push(match names.is_empty() {
                    true => diagnostic.help("it takes none: remove the parentheses"),
                    false => suggest::help(diagnostic, &name.node, names, name.span, "it has"),
                });
            }
        }
        let mut parameters = Vec::with_capacity(policy.parameters.len());
        for parameter in &policy.parameters {
            let given = apply.arguments.iter().find(|(name, _)| name.node == parameter.name.node);
            let argument = match (given, &parameter.default) {
                (Some((_, value)), _) => self.argument(module, parameter, value),
                (None, Some(default)) => self.argument(library, parameter, default),
                (None, None) if parameter.optional => Argument::Left,
                (None, None) => {
                    sound = false;
                    let message =
                        format!("`{}` needs its parameter `{}`", policy.name.node, parameter.name.node);
                    let shown = format!("{}({}: …)", policy.name.node, parameter.name.node);
                    self.push(
                        Diagnostic::error(codes::ARGUMENT, apply.policy.span, message)
                            .also(parameter.span, "declared here")
                            .help(format!(
                                "give it, as in `apply {shown} to {}`",
                                super::hierarchy::side_word(apply.side.node)
                            )),
                    );
                    Argument::Unknown
                }
            };
            parameters.push(Parameter {
                name: Arc::clone(&parameter.name.node),
                optional: parameter.optional && parameter.default.is_none(),
                argument,
            });
        }
        sound.then_some(parameters)
    }

    /// An argument in the names of the file in which it is written.
    fn argument(&mut self, module: usize, parameter: &ast::Parameter, value: &ast::Expr) -> Argument {
        let mut context = Context::new(module, Place::Nowhere);
        let kind = &*parameter.kind.node;
        if matches!(value.kind, ast::ExprKind::Bad) {
            return Argument::Unknown;
        }
        match (kind, &value.kind) {
            ("folder", ast::ExprKind::Name(reference)) => match self.folder_by_name(&context, reference) {
                Some(folder) => Argument::Folder(folder),
                None => Argument::Unknown,
            },
            ("template", ast::ExprKind::Name(reference)) => {
                match self.template_by_name(&context, reference) {
                    Some(template) => Argument::Template(template),
                    None => Argument::Unknown,
                }
            }
            (
                "calendar" | "detector" | "dictionary" | "directory" | "list",
                ast::ExprKind::Name(reference),
            ) => {
                let meaning = self.meaning(&context, reference);
                let fits = match &meaning {
                    Meaning::Unknown => return Argument::Unknown,
                    Meaning::Calendar(_) => kind == "calendar",
                    Meaning::Detector(_) => kind == "detector",
                    Meaning::Dictionary(_) => kind == "dictionary",
                    Meaning::Directory(_) => kind == "directory",
                    Meaning::List(_) => kind == "list",
                    _ => false,
                };
                if fits {
                    return Argument::Meaning(Box::new(meaning));
                }
                self.wrong_argument(parameter, value.span, &meaning.words());
                Argument::Unknown
            }
            ("calendar" | "detector" | "dictionary" | "directory" | "list" | "folder" | "template", _) => {
                self.wrong_argument(parameter, value.span, "something else");
                Argument::Unknown
            }
            _ => {
                let typed = self.value(&mut context, value);
                let wanted = match kind {
                    "address" => Type::Address,
                    "domain" => Type::Domain,
                    "duration" => Type::Duration,
                    "network" => Type::Network,
                    "number" => Type::Number,
                    "size" => Type::Size,
                    "text" => Type::Text,
                    _ => return Argument::Unknown,
                };
                if typed.ty == Type::Unknown {
                    return Argument::Unknown;
                }
                if typed.ty != wanted {
                    self.wrong_argument(parameter, value.span, &typed.ty.to_string());
                    return Argument::Unknown;
                }
                Argument::Meaning(Box::new(Meaning::Value(typed)))
            }
        }
    }

    fn wrong_argument(&mut self, parameter: &ast::Parameter, span: Span, is: &str) {
        let kind = &parameter.kind.node;
        let message = format!("`{}` is a {kind}, and this is {is}", parameter.name.node);
        self.push(
            Diagnostic::error(types::MISMATCH, span, message)
                .also(parameter.span, "declared here")
                .help(format!("give it a {kind}")),
        );
    }

    /// Checks a policy; one that is put somewhere becomes part of the set.
    fn policy(&mut self, module: usize, policy: &ast::Policy, application: Option<Application<'_>>) {
        let mut modified = Modified::default();
        self.modifiers(module, &policy.modifiers, &mut modified);
        if let Some((from, modifiers)) = application.as_ref().and_then(|application| application.modifiers) {
            self.modifiers(from, modifiers, &mut modified);
        }
        let mut context = Context::new(module, Place::Message);
        context.parameters = match &application {
            Some(application) => Rc::clone(&application.parameters),
            None => Rc::new(self.nothing_given(policy)),
        };
        let body = self.clauses(&mut context, policy);
        let mode = self.mode(&modified);
        if let (Some((from, _)), Some((until, at))) = (modified.from, modified.until)
            && until <= from
        {
            self.push(
                Diagnostic::error(codes::PERIOD, at, "this policy would end before it begins")
                    .help("`until` is the first moment at which it no longer holds: write a later day"),
            );
        }
        let Some(application) = application else { return };
        let needs = body
            .whens
            .iter()
            .chain(&body.unlesses)
            .fold(Needs::NOTHING, |needs, expr| needs.and(self.needs(expr)));
        let id = hir::PolicyId(self.policies.len() as u32);
        for (name, span) in &modified.overrides {
            self.tree.overrides.push(OverridePlace { by: id, policy: Arc::clone(name), span: *span });
        }
        self.policies.push(hir::Policy {
            id,
            name: Arc::clone(&policy.name.node),
            directory: application.directory,
            side: application.side,
            manager: policy.manager.node,
            mode,
            mandatory: modified.mandatory.is_some(),
            active_from: modified.from.map(|(moment, _)| moment),
            active_until: modified.until.map(|(moment, _)| moment),
            overrides: modified.overrides.into_iter().map(|(name, _)| name).collect(),
            because: body.because,
            whens: body.whens,
            unlesses: body.unlesses,
            actions: body.actions,
            disposition: body.disposition,
            stage: needs.stage,
            per_recipient: needs.per_recipient,
            name_span: policy.name.span,
            span: policy.span,
            applied_span: application.span,
        });
    }

    fn mode(&mut self, modified: &Modified) -> Mode {
        match (modified.off, modified.observe) {
            (Some(off), Some(observe)) => {
                let (first, second) = if off < observe { (off, observe) } else { (observe, off) };
                self.push(
                    Diagnostic::error(codes::OFF_AND_OBSERVE, second, "a policy that is off is not observed")
                        .also(first, "here the other")
                        .help("keep `off` or `observe`"),
                );
                Mode::Off
            }
            (Some(_), None) => Mode::Off,
            (None, Some(_)) => Mode::Observe,
            (None, None) => Mode::On,
        }
    }

    fn modifiers(&mut self, module: usize, modifiers: &[Modifier], into: &mut Modified) {
        for modifier in modifiers {
            match modifier {
                Modifier::Overrides(references, _) => {
                    for reference in references {
                        let Some(name) = self.policy_name(module, reference) else { continue };
                        if let Some((_, first)) = into.overrides.iter().find(|(other, _)| *other == name) {
                            let mut first = Some(*first);
                            self.once(&mut first, reference.span, &name);
                            continue;
                        }
                        into.overrides.push((name, reference.span));
                    }
                }
                Modifier::Mandatory(span) => self.once(&mut into.mandatory, *span, "mandatory"),
                Modifier::Off(span) => self.once(&mut into.off, *span, "off"),
                Modifier::Observe(span) => self.once(&mut into.observe, *span, "observe"),
                Modifier::From(value, span) => {
                    let mut first = into.from.map(|(_, span)| span);
                    self.once(&mut first, *span, "from");
                    into.from = self.moment(value).map(|moment| (moment, *span));
                }
                Modifier::Until(value, span) => {
                    let mut first = into.until.map(|(_, span)| span);
                    self.once(&mut first, *span, "until");
                    into.until = self.moment(value).map(|moment| (moment, *span));
                }
            }
        }
    }

    fn clauses(&mut self, context: &mut Context, policy: &ast::Policy) -> Body {
        let mut body = Body::default();
        let (mut because_at, mut then_at) = (None, None);
        let mut once = super::actions::Once::default();
        for clause in &policy.clauses {
            match clause {
                ast::Clause::Because(text, span) => {
                    self.once(&mut because_at, *span, "because");
                    body.because = Some(self.template(context, text));
                }
                ast::Clause::When(expr, _) => {
                    let condition = self.condition(context, expr);
                    body.whens.push(condition);
                }
                ast::Clause::Unless(expr, _) => {
                    let condition = self.condition(context, expr);
                    body.unlesses.push(condition);
                }
                ast::Clause::Action(action, span) => {
                    if let Some(action) = self.action(context, action, *span, &mut once) {
                        body.actions.push(Spanned::new(action, *span));
                    }
                }
                ast::Clause::Then(disposition, span) => {
                    let typed = self.disposition(context, disposition, *span);
                    match then_at {
                        Some(first) => self.push(
                            Diagnostic::error(
                                codes::SECOND_THEN,
                                *span,
                                "a policy has one disposition, and this is a second",
                            )
                            .also(first, "the first")
                            .help("keep one, or make two policies of it"),
                        ),
                        None => {
                            then_at = Some(*span);
                            body.disposition = typed.map(|typed| Spanned::new(typed, *span));
                        }
                    }
                }
                ast::Clause::Bad(_) => {}
            }
        }
        body
    }

    /// A folder by name, without parameters.
    pub(super) fn folder_by_name(
        &mut self,
        context: &Context,
        reference: &ast::Reference,
    ) -> Option<hir::FolderId> {
        let name = written(reference);
        if reference.modules.is_empty()
            && let Some(at) = super::BUILT_IN_FOLDERS.iter().position(|folder| *folder == name)
        {
            // Declared or not, it is there.
            self.find(context.module, Space::Folders, &name);
            return Some(hir::FolderId(at as u32));
        }
        let key = self.by_reference(
            context.module,
            Space::Folders,
            reference,
            "quarantine folder",
            super::BUILT_IN_FOLDERS,
            "folder NAME { keep 30 days }",
        )?;
        match self.item(key) {
            Some(Done::Folder(folder)) => Some(folder),
            _ => None,
        }
    }

    /// A template by name, or what stands for a parameter.
    pub(super) fn template_by_name(
        &mut self,
        context: &Context,
        reference: &ast::Reference,
    ) -> Option<hir::TemplateId> {
        let name = written(reference);
        if let Some(parameter) = context.parameters.iter().find(|parameter| *parameter.name == *name) {
            return match &parameter.argument {
                Argument::Template(template) => Some(*template),
                Argument::Unknown => None,
                _ => {
                    let message = format!("`{name}` is no template here");
                    self.push(
                        Diagnostic::error(types::MISMATCH, reference.span, message)
                            .help("give the parameter the type `template` and a default"),
                    );
                    None
                }
            };
        }
        let key = self.by_reference(
            context.module,
            Space::Templates,
            reference,
            "template",
            &[],
            "template NAME { subject \"…\" text \"…\" }",
        )?;
        match self.item(key) {
            Some(Done::Template(template)) => Some(template),
            _ => None,
        }
    }
}

/// The clauses of a policy, typed.
#[derive(Debug, Default)]
struct Body {
    because: Option<hir::TextTemplate>,
    whens: Vec<hir::Expr>,
    unlesses: Vec<hir::Expr>,
    actions: Vec<Spanned<hir::Action>>,
    disposition: Option<Spanned<hir::Disposition>>,
}
