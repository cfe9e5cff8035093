//! What a reference means, and the fields after it.

use super::{Argument, Checker, Context, Done, Place};
use crate::base::diagnostic::Diagnostic;
use crate::base::source::Span;
use crate::language::codes::{name as codes, types};
use crate::language::hir::{self, Expr, ExprKind};
use crate::language::schema::facts::{Fact, Field};
use crate::language::schema::types::Type;
use crate::language::scope::{self, ItemKey, Space, Wanted};
use crate::language::suggest;
use crate::language::syntax::ast::{Name, Reference};
use std::sync::Arc;

/// What a reference means.
#[derive(Debug, Clone)]
pub(super) enum Meaning {
    /// A value.
    Value(Expr),
    /// The message as a noun, and other first words of facts that are no fact by themselves.
    Noun(&'static str),
    Site,
    Directory(hir::DirectoryId),
    Criterion(hir::CriterionId),
    Dictionary(hir::DictionaryId),
    Detector(hir::DetectorId),
    List(hir::ListId),
    Calendar(hir::CalendarId),
    /// Something with an error in it.
    Unknown,
}

impl Meaning {
    /// The thing in words, with its article.
    pub(super) fn words(&self) -> String {
        match self {
            Meaning::Value(value) => value.ty.to_string(),
            Meaning::Noun("message") => "the message".to_string(),
            Meaning::Noun("client") => "the client".to_string(),
            Meaning::Noun(_) => "only the beginning of a fact's name".to_string(),
            Meaning::Site => "the site".to_string(),
            Meaning::Directory(_) => "a directory".to_string(),
            Meaning::Criterion(_) => "a criterion".to_string(),
            Meaning::Dictionary(_) => "a dictionary".to_string(),
            Meaning::Detector(_) => "a detector".to_string(),
            Meaning::List(_) => "a list".to_string(),
            Meaning::Calendar(_) => "a calendar".to_string(),
            Meaning::Unknown => Type::Unknown.to_string(),
        }
    }
}

/// The dotted name as written.
pub(super) fn written(reference: &Reference) -> String {
    let modules = reference.modules.iter().map(|name| format!("{}::", name.node)).collect::<String>();
    let dotted = reference.segments.iter().map(|name| &*name.node).collect::<Vec<_>>().join(".");
    modules + &dotted
}

impl Checker<'_> {
    /// What a reference in an expression means. What it means nothing is said once, here.
    pub(super) fn meaning(&mut self, context: &Context, reference: &Reference) -> Meaning {
        let Some((first, rest)) = reference.segments.split_first() else { return Meaning::Unknown };
        if !reference.modules.is_empty() {
            return match self.qualified(&reference.modules, first, Space::Values) {
                Some(key) => self.item_meaning(key, first, rest),
                None => Meaning::Unknown,
            };
        }
        if let Some(variable) = context.variables.iter().rev().find(|variable| variable.name == first.node) {
            let value =
                Expr { kind: ExprKind::Variable(variable.id), ty: variable.ty.clone(), span: first.span };
            return Meaning::Value(self.fields(value, rest));
        }
        if let Some(parameter) = context.parameters.iter().find(|parameter| parameter.name == first.node) {
            return match &parameter.argument {
                Argument::Meaning(meaning) => match &**meaning {
                    Meaning::Value(value) => {
                        let value = Expr { span: first.span, ..value.clone() };
                        Meaning::Value(self.fields(value, rest))
                    }
                    other => other.clone(),
                },
                Argument::Unknown => Meaning::Unknown,
                Argument::Folder(_) | Argument::Template(_) | Argument::Left => {
                    let what = match parameter.argument {
                        Argument::Folder(_) => "a folder, not a value",
                        Argument::Template(_) => "a template, not a value",
                        _ => "left out here",
                    };
                    let message = format!("`{}` is {what}", first.node);
                    self.push(
                        Diagnostic::error(types::MISMATCH, first.span, message)
                            .help("give the parameter a default, or use it where such a thing stands"),
                    );
                    Meaning::Unknown
                }
            };
        }
        if let Some(meaning) = self.fact(context, reference) {
            return meaning;
        }
        match &*first.node {
            "site" if rest.is_empty() => {
                if !self.has_site && !self.doubt.any() {
                    self.push(Diagnostic::error(codes::NO_SITE, first.span, "this set has no `site`").help(
                        "say who you are: `site { domains @example.org  postmaster postmaster@example.org }`",
                    ));
                }
                return Meaning::Site;
            }
            "postmaster" if rest.is_empty() => return self.postmaster(first.span),
            _ => {}
        }
        if let Some(entry) = self.find(context.module, Space::Values, &first.node) {
            return self.item_meaning(entry, first, rest);
        }
        if self.tree.top_level.contains_key(&first.node) || self.tree.find(&written(reference)).is_some() {
            return match self.directory_by_path(reference) {
                Some(directory) => Meaning::Directory(directory),
                None => Meaning::Unknown,
            };
        }
        self.unknown_name(context, reference);
        Meaning::Unknown
    }

    /// The directory of a dotted path.
    pub(super) fn directory_by_path(&mut self, reference: &Reference) -> Option<hir::DirectoryId> {
        let path = written(reference);
        if let Some(directory) = self.tree.find(&path) {
            return Some(directory);
        }
        if self.doubt.covers(Wanted::Directory, &path) {
            return None;
        }
        let paths: Vec<Arc<str>> =
            self.tree.directories.iter().map(|directory| Arc::clone(&directory.path)).collect();
        let span = reference.span;
        let last = reference.segments.last().map_or("", |name| &*name.node);
        let diagnostic = Diagnostic::error(codes::UNKNOWN, span, format!("there is no directory `{path}`"));
        // `bank` for `partners.bank`: the path was forgotten.
        let longer: Vec<&str> =
            paths.iter().map(|path| &**path).filter(|path| path.rsplit('.').next() == Some(last)).collect();
        let diagnostic = match longer.as_slice() {
            [one] => diagnostic.help(format!("did you mean `{one}`?")).fix(
                span,
                *one,
                format!("replace by `{one}`"),
            ),
            _ => suggest::help(
                diagnostic,
                &path,
                paths.iter().map(|path| &**path),
                span,
                "the directories are",
            ),
        };
        self.push(diagnostic);
        None
    }

    /// The item of a name in a file's scope.
    pub(super) fn find(&mut self, module: usize, space: Space, name: &str) -> Option<ItemKey> {
        self.build_scopes();
        Some(self.scopes.get(module)?.find(space, name)?.key)
    }

    /// The item `std::module::name`.
    pub(super) fn qualified(&mut self, modules: &[Name], name: &Name, space: Space) -> Option<ItemKey> {
        let [std, library] = modules else {
            self.unknown_module(modules);
            return None;
        };
        if &*std.node != "std" {
            self.unknown_module(modules);
            return None;
        }
        let module = self.loaded.library(&library.node, library.span)?;
        self.build_scopes();
        let file = self.file(module)?;
        let found = file.items.iter().position(|item| {
            scope::declared(item).is_some_and(|(kind, declared)| kind == space && declared.node == name.node)
        });
        if let Some(item) = found {
            return Some(ItemKey { module, item });
        }
        let message = format!("there is no `{}` in `std::{}`", name.node, library.node);
        let names = file
            .items
            .iter()
            .filter_map(scope::declared)
            .filter(|(kind, _)| *kind == space)
            .map(|(_, name)| Arc::clone(&name.node))
            .collect::<Vec<_>>();
        let diagnostic = Diagnostic::error(codes::UNKNOWN, name.span, message);
        let names = names.iter().map(|name| &**name);
        self.push(suggest::help(diagnostic, &name.node, names, name.span, "it has"));
        None
    }

    fn unknown_module(&mut self, modules: &[Name]) {
        let written = modules.iter().map(|name| &*name.node).collect::<Vec<_>>().join("::");
        let Some((first, last)) = modules.first().zip(modules.last()) else { return };
        self.push(
            Diagnostic::error(
                crate::language::codes::module::UNKNOWN,
                first.span.to(last.span),
                format!("there is no module `{written}`"),
            )
            .help("modules of the library are `std::` and a name, as in `std::dlp`"),
        );
    }

    fn item_meaning(&mut self, key: ItemKey, name: &Name, rest: &[Name]) -> Meaning {
        if self.in_a_circle(key, name.span, &name.node) {
            return Meaning::Unknown;
        }
        let meaning = match self.item(key) {
            Some(Done::Criterion(id)) => Meaning::Criterion(id),
            Some(Done::Dictionary(id)) => Meaning::Dictionary(id),
            Some(Done::Detector(id)) => Meaning::Detector(id),
            Some(Done::List(id)) => Meaning::List(id),
            Some(Done::Calendar(id)) => Meaning::Calendar(id),
            _ => return Meaning::Unknown,
        };
        if let Some(field) = rest.first() {
            let message = format!("{} has no `{}`", meaning.words(), field.node);
            self.push(
                Diagnostic::error(types::NO_FIELD, field.span, message)
                    .help("take away the dot and what follows"),
            );
            return Meaning::Unknown;
        }
        meaning
    }

    /// A fact, or a word that facts begin with.
    fn fact(&mut self, context: &Context, reference: &Reference) -> Option<Meaning> {
        let (first, rest) = reference.segments.split_first()?;
        let root = scope::fact_roots().find(|root| *root == &*first.node)?;
        if self.doubt.covers_fact(root) {
            return Some(Meaning::Unknown);
        }
        if context.place == Place::Nowhere {
            self.no_message(reference.span);
            return Some(Meaning::Unknown);
        }
        let second = rest.first().map(|name| format!("{root}.{}", name.node));
        let by_path = |path: &str| Fact::ALL.iter().copied().find(|fact| fact.declaration().path == path);
        if let Some(fact) = second.as_deref().and_then(by_path) {
            let span = rest.first().map_or(first.span, |name| first.span.to(name.span));
            let value = self.fact_value(context, fact, span);
            return Some(Meaning::Value(self.fields(value, rest.get(1..).unwrap_or_default())));
        }
        if let Some(fact) = by_path(root) {
            let value = self.fact_value(context, fact, first.span);
            return Some(Meaning::Value(self.fields(value, rest)));
        }
        let Some(field) = rest.first() else { return Some(Meaning::Noun(root)) };
        let message = format!("`{root}` has no `{}`", field.node);
        let names =
            Fact::ALL.iter().filter_map(|fact| fact.declaration().path.strip_prefix(root)?.strip_prefix('.'));
        let diagnostic = Diagnostic::error(types::NO_FIELD, field.span, message);
        self.push(suggest::help(diagnostic, &field.node, names, field.span, "it has"));
        Some(Meaning::Unknown)
    }

    fn fact_value(&mut self, context: &Context, fact: Fact, span: Span) -> Expr {
        let of_policy = matches!(
            fact,
            Fact::PolicyName | Fact::PolicyBecause | Fact::PolicyDirectory | Fact::PolicyMatches
        );
        if of_policy && context.place != Place::Action {
            self.push(
                Diagnostic::error(types::POLICY_FACT, span, "no policy acts here that could be asked")
                    .help("`policy.…` can stand in templates and in the texts of actions"),
            );
            return Expr { kind: ExprKind::Fact(fact), ty: Type::Unknown, span };
        }
        Expr { kind: ExprKind::Fact(fact), ty: fact.declaration().kind(), span }
    }

    fn postmaster(&mut self, span: Span) -> Meaning {
        match &self.site.postmaster {
            Some(address) => Meaning::Value(Expr {
                kind: ExprKind::Literal(hir::Literal::Address(address.clone())),
                ty: Type::Address,
                span,
            }),
            None => {
                if !self.doubt.any() {
                    self.push(
                        Diagnostic::error(codes::NO_SITE, span, "the site has no postmaster")
                            .help("name one: `site { … postmaster postmaster@example.org }`"),
                    );
                }
                Meaning::Unknown
            }
        }
    }

    /// The fields after a value. A field of several values gives those of all; of one that may be absent, one that may
    /// be absent.
    pub(super) fn fields(&mut self, value: Expr, rest: &[Name]) -> Expr {
        let mut value = value;
        for name in rest {
            value = self.field(value, name);
        }
        value
    }

    fn field(&mut self, owner: Expr, name: &Name) -> Expr {
        let span = owner.span.to(name.span);
        let one = match owner.ty.present() {
            Type::Many(inner) => inner.present().clone(),
            other => other.clone(),
        };
        let unknown = Expr { kind: ExprKind::Literal(hir::Literal::Bool(false)), ty: Type::Unknown, span };
        if one == Type::Unknown {
            return unknown;
        }
        let of = |ty: &Type| {
            Field::ALL
                .iter()
                .copied()
                .filter(move |field| field.declaration().owner() == *ty)
                .collect::<Vec<_>>()
        };
        let named =
            |fields: &[Field]| fields.iter().copied().find(|field| field.declaration().name == &*name.node);
        let own = of(&one);
        if let Some(field) = named(&own) {
            let ty = carried(&owner.ty, field.declaration().kind());
            return Expr { kind: ExprKind::Field { owner: Box::new(owner), field }, ty, span };
        }
        // A mailbox is its address where that is asked for.
        if one == Type::Mailbox
            && let Some(field) = named(&of(&Type::Address))
        {
            let owner = address_of(owner);
            let ty = carried(&owner.ty, field.declaration().kind());
            return Expr { kind: ExprKind::Field { owner: Box::new(owner), field }, ty, span };
        }
        let mut names: Vec<&str> = own.iter().map(|field| field.declaration().name).collect();
        if one == Type::Mailbox {
            names.extend(of(&Type::Address).iter().map(|field| field.declaration().name));
        }
        let message = format!("{one} has no `{}`", name.node);
        let diagnostic = Diagnostic::error(types::NO_FIELD, name.span, message);
        let diagnostic = match names.is_empty() {
            true => diagnostic.help("take away the dot and what follows"),
            false => suggest::help(diagnostic, &name.node, names, name.span, "it has"),
        };
        self.push(diagnostic);
        unknown
    }

    pub(super) fn no_message(&mut self, span: Span) {
        self.push(
            Diagnostic::error(types::NO_MESSAGE, span, "there is no message here to take a value from")
                .help("write a fixed text; `{{` is a brace"),
        );
    }

    /// An item by reference from a space of its own: templates, folders, settings.
    pub(super) fn by_reference(
        &mut self,
        module: usize,
        space: Space,
        reference: &Reference,
        words: &str,
        extra: &[&str],
        declare: &str,
    ) -> Option<ItemKey> {
        let (first, rest) = reference.segments.split_first()?;
        if !reference.modules.is_empty() {
            return self.qualified(&reference.modules, first, space);
        }
        if rest.is_empty()
            && let Some(key) = self.find(module, space, &first.node)
        {
            return Some(key);
        }
        let name = written(reference);
        if self.doubt.covers(Wanted::Space(space), &name) {
            return None;
        }
        let mut names: Vec<String> = self
            .scopes
            .get(module)
            .map(|scope| scope.names(space).map(|(name, _)| name.to_string()).collect())
            .unwrap_or_default();
        names.extend(extra.iter().map(|name| (*name).to_string()));
        let message = format!("there is no {words} `{name}` here");
        let diagnostic = Diagnostic::error(codes::UNKNOWN, reference.span, message);
        let diagnostic = match suggest::nearest(&name, names.iter().map(String::as_str)) {
            Some(nearest) => diagnostic.help(format!("did you mean `{nearest}`?")).fix(
                reference.span,
                nearest,
                format!("replace by `{nearest}`"),
            ),
            None => match self.declared_elsewhere(module, space, &name) {
                Some(help) => diagnostic.help(help),
                None => diagnostic.help(format!("declare it, as in `{}`", declare.replace("NAME", &name))),
            },
        };
        self.push(diagnostic);
        None
    }
}

/// The type of a field of an owner: several of several, possibly absent of possibly absent.
fn carried(owner: &Type, field: Type) -> Type {
    match owner {
        Type::Many(_) => Type::Many(Box::new(field.present().clone())),
        Type::Optional(inner) => match carried(inner, field) {
            already @ (Type::Optional(_) | Type::Many(_)) => already,
            other => Type::Optional(Box::new(other)),
        },
        _ => field,
    }
}

/// A mailbox as its address; other values as they are.
pub(super) fn address_of(value: Expr) -> Expr {
    let is_mailbox = match value.ty.present() {
        Type::Mailbox => true,
        Type::Many(inner) => **inner == Type::Mailbox,
        _ => false,
    };
    if !is_mailbox {
        return value;
    }
    let field = Field::MailboxAddress;
    let ty = carried(&value.ty, field.declaration().kind());
    let span = value.span;
    Expr { kind: ExprKind::Field { owner: Box::new(value), field }, ty, span }
}
