//! From the table of patterns to automata: who is served by which.

use super::literals::{Literals, Want, Wanted};
use super::regexes::{amount, compile as compile_regex, glob_to_regex, in_form, longest, parse};
use super::shared::{Shared, relaxed};
use super::{Compiled, Conditions, Guard, Key, PatternId, PatternTable, Patterns, SearchOptions, Service};
use super::{TooLarge, atoms};
use crate::language::hir::{DetectorId, Pattern};
use crate::message::surface::{Form, fold};
use regex_syntax::hir::Hir;

/// What is gathered while the patterns are looked at.
struct Compiler<'a> {
    options: &'a SearchOptions,
    wanted: Wanted,
    folded: Vec<(Key, Hir)>,
    cased: Vec<(Key, Hir)>,
    errors: Vec<TooLarge>,
}

/// Compiles a table; gives it back where patterns of it are too large.
pub(super) fn compile(
    table: PatternTable,
    options: &SearchOptions,
) -> Result<Patterns, (PatternTable, Vec<TooLarge>)> {
    let mut compiler = Compiler {
        options,
        wanted: Wanted::default(),
        folded: Vec::new(),
        cased: Vec::new(),
        errors: Vec::new(),
    };
    let compiled: Vec<Compiled> = table.iter().map(|(id, pattern)| compiler.pattern(id, pattern)).collect();
    let mut keys = u32::try_from(table.len()).unwrap_or(u32::MAX);
    let detectors: Vec<Conditions> =
        table.guards().iter().map(|guard| compiler.conditions(guard, &mut keys)).collect();
    let folded = compiler.shared(Form::Folded, &table, &detectors);
    let cased = compiler.shared(Form::Cased, &table, &detectors);
    let literals = compiler.literals(keys as usize);
    let Some(literals) = literals.filter(|_| compiler.errors.is_empty()) else {
        return Err((table, compiler.errors));
    };
    let is_unscanned = |compiled: &Compiled| match compiled {
        Compiled::Empty => true,
        Compiled::Regex { service, .. } => *service != Service::Atoms,
        Compiled::Prefix(_) | Compiled::Suffix(_) => options.one_by_one,
        Compiled::Scanned => false,
    };
    let numbered = table.iter().map(|(id, _)| id).zip(&compiled);
    let unscanned = numbered.filter(|(_, compiled)| is_unscanned(compiled)).map(|(id, _)| id).collect();
    Ok(Patterns { table, compiled, literals, folded, cased, unscanned, detectors })
}

impl Compiler<'_> {
    fn pattern(&mut self, id: PatternId, pattern: &Pattern) -> Compiled {
        match pattern {
            Pattern::Literal { text } => self.literal(id, text, Want::Literal),
            Pattern::Word { text } => self.literal(id, text, Want::Word),
            Pattern::Prefix { text } => self.edge(id, text, Compiled::Prefix),
            Pattern::Suffix { text } => self.edge(id, text, Compiled::Suffix),
            Pattern::Regex { pattern, caseless, dot_all } => {
                let form = if *caseless { Form::Folded } else { Form::Cased };
                self.regex(id, parse(&in_form(pattern, form), *caseless, *dot_all), form)
            }
            Pattern::Glob { text } => self.regex(id, parse(&glob_to_regex(text), false, true), Form::Folded),
        }
    }

    fn literal(&mut self, id: PatternId, text: &str, want: Want) -> Compiled {
        let folded = fold(text);
        if folded.is_empty() {
            return Compiled::Empty;
        }
        self.wanted.add(&folded, id.into(), want);
        Compiled::Scanned
    }

    /// A text that others start or end with.
    fn edge(&mut self, id: PatternId, text: &str, compiled: impl Fn(Box<str>) -> Compiled) -> Compiled {
        let folded = fold(text);
        if folded.is_empty() {
            return Compiled::Empty;
        }
        if !self.options.one_by_one {
            self.wanted.add(&folded, id.into(), Want::Mark);
        }
        compiled(folded.into())
    }

    fn regex(&mut self, id: PatternId, parsed: Result<Hir, String>, form: Form) -> Compiled {
        let limit = self.options.budgets.regex_bytes;
        let compiled = parsed.and_then(|parsed| compile_regex(&parsed, limit).map(|regex| (parsed, regex)));
        match compiled {
            Ok((parsed, regex)) => {
                let service = self.serve(id.into(), &parsed, form);
                Compiled::Regex { regex: Box::new(regex), form, longest: longest(&parsed), service }
            }
            Err(reason) => {
                self.errors.push(TooLarge { pattern: Some(id), detector: None, reason });
                Compiled::Empty
            }
        }
    }

    fn serve(&mut self, key: Key, parsed: &Hir, form: Form) -> Service {
        if !self.options.prefilter || self.options.one_by_one {
            return Service::Alone;
        }
        if let Some(atoms) = atoms::required(parsed, form) {
            for atom in &atoms {
                self.wanted.add(atom, key, Want::Mark);
            }
            return Service::Atoms;
        }
        let Some((relaxed, exact)) = relaxed(parsed) else { return Service::Alone };
        match form {
            Form::Folded => self.folded.push((key, relaxed)),
            Form::Cased => self.cased.push((key, relaxed)),
        }
        Service::Shared { exact }
    }

    /// What a detector needs, as keys: of its regexes one, of each set of words nearby one.
    fn conditions(&mut self, guard: &Guard, keys: &mut u32) -> Conditions {
        let mut conditions = Conditions::default();
        for near in &guard.near {
            let texts: Option<Vec<Vec<String>>> = near.iter().map(near_atoms).collect();
            if let Some(texts) = texts.filter(|texts| !texts.is_empty()) {
                let key = next_key(keys);
                texts.iter().flatten().for_each(|text| self.wanted.add(text, key, Want::Mark));
                conditions.all.push((key, false));
            }
        }
        if !self.options.prefilter || self.options.one_by_one {
            return conditions;
        }
        let parsed =
            guard.candidates.iter().map(|(text, caseless, dot_all)| parse(text, *caseless, *dot_all));
        let Ok(parsed) = parsed.collect::<Result<Vec<Hir>, String>>() else { return conditions };
        let can = |parsed: &Hir| atoms::required(parsed, Form::Cased).is_some() || relaxed(parsed).is_some();
        if !parsed.is_empty() && parsed.iter().all(can) {
            let key = next_key(keys);
            let mut is_shared = false;
            for parsed in &parsed {
                is_shared |= matches!(self.serve(key, parsed, Form::Cased), Service::Shared { .. });
            }
            conditions.all.push((key, is_shared));
        }
        conditions
    }

    fn shared(&mut self, form: Form, table: &PatternTable, detectors: &[Conditions]) -> Option<Shared> {
        let members = std::mem::take(match form {
            Form::Folded => &mut self.folded,
            Form::Cased => &mut self.cased,
        });
        let budgets = self.options.budgets;
        let built = Shared::new(members, budgets.shared_bytes, budgets.shared_cache_bytes);
        built.unwrap_or_else(|(key, reason)| {
            let pattern = Some(PatternId(key.0)).filter(|&id| table.get(id).is_some());
            let owns = |conditions: &Conditions| conditions.all.iter().any(|&(one, _)| one == key);
            let detector = (0..).map(DetectorId).zip(detectors).find(|(_, conditions)| owns(conditions));
            let detector = detector.map(|(id, _)| id).filter(|_| pattern.is_none());
            self.errors.push(TooLarge { pattern, detector, reason });
            None
        })
    }

    fn literals(&mut self, keys: usize) -> Option<Literals> {
        let budgets = self.options.budgets;
        let wanted = std::mem::take(&mut self.wanted);
        let (texts, bytes) = (wanted.len(), wanted.bytes());
        let too_large =
            || format!("all words and phrases together take more than {}", amount(budgets.literal_bytes));
        let built = if texts > budgets.literals {
            Err(format!("there are {texts} words and phrases, more than {}", budgets.literals))
        } else if bytes > budgets.literal_bytes {
            // The automaton takes more than its texts, so it is not even built.
            Err(too_large())
        } else {
            Literals::new(wanted, keys, budgets.dense_bytes, self.options.one_by_one)
        };
        let fitting = built.and_then(|literals| {
            if literals.bytes() > budgets.literal_bytes { Err(too_large()) } else { Ok(literals) }
        });
        match fitting {
            Ok(literals) => Some(literals),
            Err(reason) => {
                self.errors.push(TooLarge { pattern: None, detector: None, reason });
                None
            }
        }
    }
}

fn next_key(keys: &mut u32) -> Key {
    let key = Key(*keys);
    *keys = keys.saturating_add(1);
    key
}

/// Texts of which one is in a text where a pattern occurs near something; `None` where there may be none.
fn near_atoms(pattern: &Pattern) -> Option<Vec<String>> {
    match pattern {
        Pattern::Literal { text } | Pattern::Word { text } => atoms::required_of_literal(&fold(text)),
        Pattern::Regex { .. } | Pattern::Glob { .. } | Pattern::Prefix { .. } | Pattern::Suffix { .. } => {
            None
        }
    }
}
