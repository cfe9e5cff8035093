//! What is said of a name that stands for nothing: what it was meant to be, or what must be declared.

use super::names::{Meaning, written};
use super::{Checker, Context, Place};
use crate::base::diagnostic::Diagnostic;
use crate::language::codes::{name as codes, types};
use crate::language::modules::Origin;
use crate::language::schema::facts::{Fact, Field};
use crate::language::schema::types::Type;
use crate::language::scope::{self, Space, Wanted};
use crate::language::syntax::ast::Reference;
use crate::language::{stdlib, suggest};

/// What a name has to stand for at a place.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) enum Hint {
    /// Whatever can be asked.
    #[default]
    Anything,
    /// What is put into a text.
    Interpolated,
    /// Somebody who is written to.
    Address,
    /// Somebody who approves.
    Approver,
    /// What something of this type is in.
    Set(Type),
    /// What is looked for.
    Sought,
}

/// What a message has several of, by the name of one.
const BOUND_BY_QUANTIFIERS: [(&str, &str); 3] =
    [("attachment", "attachments"), ("part", "parts"), ("link", "links")];

impl Checker<'_> {
    /// The meaning of a name at a place that wants a kind of thing.
    pub(super) fn meaning_as(&mut self, context: &Context, reference: &Reference, hint: Hint) -> Meaning {
        let before = std::mem::replace(&mut self.hint, hint);
        let meaning = self.meaning(context, reference);
        self.hint = before;
        meaning
    }

    pub(super) fn unknown_name(&mut self, context: &Context, reference: &Reference) {
        let name = written(reference);
        if self.doubt.covers(Wanted::Space(Space::Values), &name) {
            return;
        }
        let span = reference.span;
        if reference.segments.len() == 1 && self.of_another_kind(context, reference, &name) {
            return;
        }
        let diagnostic = Diagnostic::error(codes::UNKNOWN, span, format!("there is no `{name}` here"));
        if let Some(help) = self.one_of_several(reference) {
            self.push(diagnostic.help(help));
            return;
        }
        let longer = self.longer_names(context, &name);
        let near = match longer.as_slice() {
            [one] => Some(one.clone()),
            [] => {
                let names = self.value_names(context);
                suggest::nearest(&name, names.iter().map(String::as_str)).map(str::to_string)
            }
            _ => None,
        };
        self.push(match near {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")).fix(
                span,
                near.clone(),
                format!("replace by `{near}`"),
            ),
            None if !longer.is_empty() => {
                let names: Vec<&str> = longer.iter().map(String::as_str).collect();
                diagnostic.help(format!("say which is meant: {}", suggest::listed(&names)))
            }
            None => {
                let help = self.what_to_declare(context, reference, &name);
                diagnostic.help(help)
            }
        });
    }

    /// A name of something that expressions cannot name.
    fn of_another_kind(&mut self, context: &Context, reference: &Reference, name: &str) -> bool {
        let other_space = [
            (Space::Templates, "a template", "templates follow `using`"),
            (Space::Folders, "a quarantine folder", "folders follow `quarantine in`"),
            (Space::Policies, "a policy", "policies are named in `overrides`, `except` and `apply`"),
            (Space::Settings, "a settings item", "settings follow `using` of `encrypt` and `sign`"),
        ];
        for (space, words, help) in other_space {
            if self.find(context.module, space, name).is_some()
                || (space == Space::Policies && self.declared_policies.contains_key(name))
            {
                let message = format!("`{name}` is {words}, not something that can be asked");
                self.push(Diagnostic::error(types::MISMATCH, reference.span, message).help(help));
                return true;
            }
        }
        false
    }

    /// `attachment.name` where no attachment is bound.
    fn one_of_several(&self, reference: &Reference) -> Option<String> {
        let (first, rest) = reference.segments.split_first()?;
        let (one, several) = BOUND_BY_QUANTIFIERS.iter().find(|(one, _)| *one == &*first.node)?;
        let name = written(reference);
        Some(match (&self.hint, rest.first()) {
            (Hint::Interpolated, Some(field)) => format!(
                "this text is about the whole message and not about one {one}: `{{{several}.{}}}` gives that of all",
                field.node
            ),
            (Hint::Interpolated, None) => format!(
                "this text is about the whole message and not about one {one}: name what there is of all, as in \
                 `{{length({several})}}`"
            ),
            _ => format!("a quantifier says which of them is meant: `any {one} where {name} …`"),
        })
    }

    /// Names that end in what was written: fields of what is bound, facts, directories inside others.
    fn longer_names(&self, context: &Context, name: &str) -> Vec<String> {
        if let Some(bound) = context.variables.iter().rev().find(|bound| {
            let of =
                |field: &Field| field.declaration().owner() == bound.ty && field.declaration().name == name;
            Field::ALL.iter().any(of)
        }) {
            return vec![format!("{}.{name}", bound.name)];
        }
        let ends = |path: &str| path.strip_suffix(name).is_some_and(|rest| rest.ends_with('.'));
        let mut longer: Vec<String> =
            self.tree.directories.iter().map(|it| it.path.to_string()).filter(|path| ends(path)).collect();
        if longer.is_empty() && context.place != Place::Nowhere {
            let facts = Fact::ALL.iter().map(|fact| fact.declaration().path).filter(|path| {
                ends(path) && (context.place == Place::Action || !path.starts_with("policy."))
            });
            longer.extend(facts.map(str::to_string));
        }
        longer
    }

    /// What would make the name stand for something.
    fn what_to_declare(&self, context: &Context, reference: &Reference, name: &str) -> String {
        if let Some(help) = self.declared_elsewhere(context.module, Space::Values, name) {
            return help;
        }
        if let Some((module, nearest)) = library_near(name) {
            return match nearest == name {
                true => format!("take it from the library: `use std::{module}::{{{name}}}`"),
                false => {
                    format!("did you mean `{nearest}` of the library? `use std::{module}::{{{nearest}}}`")
                }
            };
        }
        if reference.segments.len() > 1 {
            return format!(
                "a domain is written `@{name}`; a directory must be declared, in any file of the set"
            );
        }
        let home = self.site.domains.first().map_or("example.org", |domain| &*domain.domain);
        match &self.hint {
            Hint::Address => {
                format!("write an address, as in `{name}@{home}`, or `sender`, `recipient` or `postmaster`")
            }
            Hint::Approver => format!("write an address, as in `{name}@{home}`, or name a directory"),
            Hint::Interpolated => "name a fact, as in `{subject}`; `{{` is a brace".to_string(),
            Hint::Set(Type::Moment) => {
                format!("declare it, as in `calendar {name} {{ open mon..fri 08:00..18:00 }}`")
            }
            Hint::Set(Type::Ip) => format!("declare it, as in `list {name} {{ 192.0.2.0/24 }}`"),
            Hint::Set(Type::Address) => {
                format!(
                    "declare it, as in `list {name} {{ anna@example.org }}` or `directory {name} {{ … }}`"
                )
            }
            Hint::Set(_) => format!("declare it, as in `list {name} {{ … }}`"),
            Hint::Sought => {
                format!("write a text in quotes, or declare it, as in `dictionary {name} {{ \"word\" }}`")
            }
            Hint::Anything => {
                format!(
                    "declare it, as in `criterion {name} = …`, or take it by `use` from where it is declared"
                )
            }
        }
    }

    /// How a file comes by what another file of the set declares.
    pub(super) fn declared_elsewhere(&self, module: usize, space: Space, name: &str) -> Option<String> {
        let here = self.loaded.modules.get(module)?;
        let Origin::Set(from) = &here.origin else { return None };
        let (at, path) = self.loaded.modules.iter().enumerate().find_map(|(at, other)| {
            let Origin::Set(path) = &other.origin else { return None };
            let declares = other.file.items.iter().any(|item| {
                scope::declared(item).is_some_and(|(kind, found)| kind == space && &*found.node == name)
            });
            (at != module && declares).then_some((at, path))
        })?;
        let way = relative(from, path);
        Some(match self.uses(at, module) {
            true => format!(
                "it is declared in `{path}`, which uses this file: move it into a file of its own that both `use`"
            ),
            false => format!("it is declared in `{path}`: take it by `use \"{way}\"::{{{name}}}`"),
        })
    }

    /// Whether a file uses another, directly or through others.
    fn uses(&self, from: usize, wanted: usize) -> bool {
        let mut seen = vec![false; self.loaded.modules.len()];
        let mut open = vec![from];
        while let Some(at) = open.pop() {
            let Some(seen) = seen.get_mut(at).filter(|seen| !**seen) else { continue };
            *seen = true;
            let imports =
                self.loaded.modules.get(at).map(|module| module.imports.as_slice()).unwrap_or_default();
            open.extend(imports.iter().filter_map(|import| import.module));
            if at == wanted && at != from {
                return true;
            }
        }
        false
    }

    /// Everything an expression could have named.
    fn value_names(&mut self, context: &Context) -> Vec<String> {
        let mut names: Vec<String> =
            context.variables.iter().map(|variable| variable.name.to_string()).collect();
        names.extend(context.parameters.iter().map(|parameter| parameter.name.to_string()));
        if context.place != Place::Nowhere {
            names.extend(
                Fact::ALL
                    .iter()
                    .map(|fact| fact.declaration().path)
                    .filter(|path| context.place == Place::Action || !path.starts_with("policy."))
                    .map(str::to_string),
            );
        }
        if let Some(scope) = self.scopes.get(context.module) {
            names.extend(scope.names(Space::Values).map(|(name, _)| name.to_string()));
        }
        names.extend(self.tree.directories.iter().map(|directory| directory.path.to_string()));
        names.sort_unstable();
        names
    }

    /// The library module that declares a name, for help.
    pub(super) fn library_with(&self, name: &str) -> Option<&'static str> {
        library_names().find(|(_, _, declared)| *declared == name).map(|(module, ..)| module)
    }
}

/// The library's name of something that can be asked that is the one or near it, with its module.
fn library_near(name: &str) -> Option<(&'static str, &'static str)> {
    let names: Vec<(&str, &str)> = library_names()
        .filter(|(_, kind, _)| !matches!(*kind, "template" | "policy"))
        .map(|(module, _, name)| (module, name))
        .collect();
    let same = names.iter().find(|(_, declared)| *declared == name);
    let nearest = || suggest::nearest(name, names.iter().map(|(_, declared)| *declared));
    same.or_else(|| {
        let nearest = nearest()?;
        names.iter().find(|(_, declared)| *declared == nearest)
    })
    .copied()
}

/// What the library declares: module, kind, name.
fn library_names() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    let is_word = |character: char| character.is_alphanumeric() || character == '_';
    stdlib::MODULES.iter().flat_map(move |(module, text)| {
        text.lines().filter(|line| !line.starts_with([' ', '\t', '#'])).filter_map(move |line| {
            let mut words = line.split(move |character| !is_word(character)).filter(|word| !word.is_empty());
            let kind = words.find(|word| {
                matches!(
                    *word,
                    "criterion" | "dictionary" | "detector" | "list" | "calendar" | "template" | "policy"
                )
            })?;
            Some((*module, kind, words.next()?))
        })
    })
}

/// The path of a file as it is written in another.
fn relative(from: &str, to: &str) -> String {
    let from: Vec<&str> = from.split('/').collect();
    let to: Vec<&str> = to.split('/').collect();
    let folders = from.len().saturating_sub(1).min(to.len().saturating_sub(1));
    let same = from.iter().zip(&to).take(folders).take_while(|(one, other)| one == other).count();
    let up = from.len().saturating_sub(1 + same);
    let mut parts = vec![".."; up];
    parts.extend(to.iter().skip(same));
    parts.join("/")
}
