//! What policies use of the language: every operator, pattern, set, fact, field, function, check of a detector and effect.
//!
//! The names of each kind come from a list of the schema, or from a match without a wildcard: what is new in the language
//! has no name here until somebody gives it one, and from then on must be generated.

use mailfw::language::hir::*;
use mailfw::language::schema::facts::{Fact, Field, Function};
use std::collections::{BTreeMap, BTreeSet};

/// Something of the language: its kind and its name.
pub type Item = (&'static str, &'static str);

macro_rules! names {
    ($($(#[$doc:meta])* $kind:literal $function:ident $all:ident $type:ty { $($pattern:pat => $name:literal,)* })*) => {
        $(
            $(#[$doc])*
            fn $function(value: &$type) -> Item {
                let name = match value { $($pattern => $name,)* };
                ($kind, name)
            }
            const $all: &[Item] = &[$(($kind, $name)),*];
        )*
    };
}

names! {
    "operator" operator OPERATORS ExprKind {
        ExprKind::Literal(_) => "constant",
        ExprKind::Fact(_) => "fact",
        ExprKind::Field { .. } => "field",
        ExprKind::Variable(_) => "variable",
        ExprKind::Header { occurrence: Occurrence::Every, .. } => "header",
        ExprKind::Header { occurrence: Occurrence::Number(_), .. } => "header, by number",
        ExprKind::Header { occurrence: Occurrence::Last, .. } => "header, last",
        ExprKind::Call { .. } => "call",
        ExprKind::Count { every: false, .. } => "count",
        ExprKind::Count { every: true, .. } => "count every",
        ExprKind::Score { at_most: None, .. } => "score",
        ExprKind::Score { at_most: Some(_), .. } => "score at most",
        ExprKind::Rate { .. } => "rate",
        ExprKind::Default { .. } => "default",
        ExprKind::Not(_) => "not",
        ExprKind::And(_) => "and",
        ExprKind::Or(_) => "or",
        ExprKind::Compare { .. } => "compare",
        ExprKind::In { .. } => "in",
        ExprKind::InService { service: Service::Dnsbl, .. } => "in dnsbl",
        ExprKind::InService { service: Service::LdapGroup, .. } => "in group ldap",
        ExprKind::Match { .. } => "match",
        ExprKind::IsValue { .. } => "is (a value)",
        ExprKind::IsAny { .. } => "is (any)",
        ExprKind::IsAbsent(_) => "is absent",
        ExprKind::LooksLike { .. } => "looks like",
        ExprKind::Quantified { quantifier: Quantifier::Any, .. } => "any",
        ExprKind::Quantified { quantifier: Quantifier::Every, .. } => "every",
        ExprKind::Quantified { quantifier: Quantifier::No, .. } => "no",
        ExprKind::Criterion { argument: None, .. } => "criterion",
        ExprKind::Criterion { argument: Some(_), .. } => "criterion of one place",
    }
    "comparison" comparison COMPARISONS CompareOperator {
        CompareOperator::Equal => "==",
        CompareOperator::NotEqual => "!=",
        CompareOperator::Less => "<",
        CompareOperator::LessOrEqual => "<=",
        CompareOperator::Greater => ">",
        CompareOperator::GreaterOrEqual => ">=",
    }
    "constant" constant CONSTANTS Literal {
        Literal::Bool(_) => "condition",
        Literal::Number(_) => "number",
        Literal::Size(_) => "size",
        Literal::Duration(_) => "duration",
        Literal::TimeOfDay(_) => "time of day",
        Literal::Date(_) => "date",
        Literal::Moment(_) => "point in time",
        Literal::Text(_) => "text",
        Literal::Address(_) => "address",
        Literal::NullAddress => "null address",
        Literal::Domain(_) => "domain",
        Literal::Network(_) => "network",
        Literal::Enum(..) => "enumerated value",
    }
    "function" function FUNCTIONS Function {
        Function::Length => "length",
        Function::Lower => "lower",
        Function::Domain => "domain",
        Function::Attribute => "attribute",
        Function::HeaderCount => "header_count",
    }
    "matcher" matcher MATCHERS Matcher {
        Matcher::Pattern(_) => "a pattern",
        Matcher::AnyOf(_) => "any of several",
        Matcher::Dictionary(_) => "a dictionary",
        Matcher::Detector(_) => "a detector",
        Matcher::List(_) => "a list",
    }
    "pattern" pattern PATTERNS Pattern {
        Pattern::Literal { .. } => "contains",
        Pattern::Word { .. } => "contains word",
        Pattern::Regex { caseless: false, dot_all: false, .. } => "matches /…/",
        Pattern::Regex { caseless: true, .. } => "matches /…/i",
        Pattern::Regex { caseless: false, dot_all: true, .. } => "matches /…/s",
        Pattern::Glob { .. } => "like",
        Pattern::Prefix { .. } => "starts with",
        Pattern::Suffix { .. } => "ends with",
    }
    "set" membership SETS Set {
        Set::Site => "site",
        Set::Directory(_) => "a directory",
        Set::Addresses { .. } => "addresses on the spot",
        Set::Networks(_) => "networks on the spot",
        Set::List(_) => "a list",
        Set::Calendar(_) => "a calendar",
        Set::Values(_) => "values on the spot",
        Set::Many(_) => "values of the message",
    }
    "check" check CHECKS Check {
        Check::Luhn => "luhn",
        Check::CardIssuer => "card_issuer",
        Check::Iban => "iban",
        Check::Bic => "bic",
        Check::Aba => "aba",
        Check::Ssn => "ssn",
        Check::Nino => "nino",
        Check::Nhs => "nhs",
        Check::SteuerId => "steuer_id",
        Check::Insee => "insee",
        Check::Mrz => "mrz",
        Check::Entropy => "entropy",
    }
    "effect" effect EFFECTS Action {
        Action::AnnotateHeader { .. } => "annotate header",
        Action::AnnotateSubject { position: SubjectPosition::Prefix, .. } => "annotate subject prefix",
        Action::AnnotateSubject { position: SubjectPosition::Suffix, .. } => "annotate subject suffix",
        Action::AnnotateBody { place: BodyPlace::Banner, .. } => "annotate banner",
        Action::AnnotateBody { place: BodyPlace::Bottom, .. } => "annotate footer",
        Action::AnnotateBody { place: BodyPlace::AboveQuote, .. } => "annotate footer above quote",
        Action::AnnotateAttachment { .. } => "annotate attachment",
        Action::Notify { attach: None, .. } => "notify",
        Action::Notify { attach: Some(Attach::Original), .. } => "notify attach original",
        Action::Notify { attach: Some(Attach::Headers), .. } => "notify attach headers",
        Action::Strip { .. } => "strip",
        Action::Convert(Conversion::UuencodeToMime) => "convert uuencode to mime",
        Action::SetHeader { .. } => "set header",
        Action::RemoveHeader { .. } => "remove header",
        Action::Tag { .. } => "tag",
        Action::Severity { .. } => "severity",
        Action::CopyTo { form: CopyForm::Original, .. } => "copy original",
        Action::CopyTo { form: CopyForm::Processed, .. } => "copy processed",
        Action::Redirect { .. } => "redirect",
        Action::Route { require_tls: false, .. } => "route",
        Action::Route { require_tls: true, .. } => "route require tls",
        Action::SetPriority { .. } => "set priority",
        Action::Encrypt { .. } => "encrypt",
        Action::Sign { .. } => "sign",
        Action::Decrypt => "decrypt",
    }
    "disposition" disposition DISPOSITIONS Disposition {
        Disposition::Deliver => "deliver",
        Disposition::DeferUntil(Moment::Calendar(..)) => "defer until a calendar",
        Disposition::DeferUntil(Moment::At(_)) => "defer until a point in time",
        Disposition::DeferUntil(Moment::TimeOfDay(_)) => "defer until a time of day",
        Disposition::DeferFor(_) => "defer for",
        Disposition::Quarantine(_) => "quarantine",
        Disposition::Approve { by: Approver::Address(_), .. } => "approve by an address",
        Disposition::Approve { by: Approver::Directory(_), .. } => "approve by a directory",
        Disposition::Return(_) => "return",
        Disposition::Reject(_) => "reject",
        Disposition::Drop => "drop",
    }
    "protected" protected PROTECTED OnProtected {
        OnProtected::Wrap => "or wrap",
        OnProtected::Skip => "or skip",
        OnProtected::Return(_) => "or return",
    }
}

/// What no text of a policy comes to: `is` says enumerated values.
const NEVER: &[Item] = &[("constant", "enumerated value")];

/// Everything that must be generated. Detectors come by name: the library's, and the sets' own.
pub fn everything() -> BTreeSet<Item> {
    let lists = [
        OPERATORS,
        COMPARISONS,
        CONSTANTS,
        FUNCTIONS,
        MATCHERS,
        PATTERNS,
        SETS,
        CHECKS,
        EFFECTS,
        DISPOSITIONS,
        PROTECTED,
    ];
    let mut all: BTreeSet<Item> = lists.into_iter().flatten().copied().collect();
    all.extend(Fact::ALL.iter().map(|&fact| of_fact(fact)));
    all.extend(Field::ALL.iter().map(|&field| of_field(field)));
    all.extend(super::grammar::library("dlp", "detector").into_iter().map(|(name, _)| of_detector(&name)));
    all.insert(of_detector("long_number"));
    all.retain(|item| !NEVER.contains(item));
    all
}

fn of_fact(fact: Fact) -> Item {
    ("fact", fact.declaration().path)
}

fn of_field(field: Field) -> Item {
    ("field", kept(&format!("{field:?}")))
}

fn of_detector(name: &str) -> Item {
    ("detector", kept(name))
}

/// A name that lives as long as the tests; there are few.
fn kept(name: &str) -> &'static str {
    static KEPT: std::sync::Mutex<BTreeSet<&'static str>> = std::sync::Mutex::new(BTreeSet::new());
    let mut known = KEPT.lock().unwrap();
    if let Some(name) = known.get(name) {
        return name;
    }
    let name: &'static str = Box::leak(name.to_string().into_boxed_str());
    known.insert(name);
    name
}

/// What a policy asks and does.
pub struct Usage {
    /// Of its criteria and texts.
    pub asks: BTreeSet<Item>,
    /// Its effects, disposition included.
    pub does: BTreeSet<Item>,
}

/// What each policy of a set uses.
pub fn of_set(hir: &Hir) -> Vec<Usage> {
    hir.policies
        .iter()
        .map(|policy| {
            let mut walk = Walk { hir, items: BTreeSet::new() };
            policy.whens.iter().chain(&policy.unlesses).for_each(|expr| walk.expression(expr));
            let asks = std::mem::take(&mut walk.items);
            policy.because.iter().for_each(|text| walk.text(text));
            policy.actions.iter().for_each(|action| walk.action(&action.node));
            policy.disposition.iter().for_each(|disposition| walk.disposition(&disposition.node));
            Usage { asks, does: walk.items }
        })
        .collect()
}

struct Walk<'h> {
    hir: &'h Hir,
    items: BTreeSet<Item>,
}

impl Walk<'_> {
    fn expression(&mut self, expr: &Expr) {
        self.items.insert(operator(&expr.kind));
        match &expr.kind {
            ExprKind::Literal(literal) => {
                self.items.insert(constant(literal));
            }
            ExprKind::Fact(fact) => {
                self.items.insert(of_fact(*fact));
            }
            ExprKind::Field { owner, field } => {
                self.items.insert(of_field(*field));
                self.expression(owner);
            }
            ExprKind::Variable(_) => {}
            ExprKind::Header { name, .. } => self.text(name),
            ExprKind::Call { function: called, arguments } => {
                self.items.insert(function(called));
                arguments.iter().for_each(|argument| self.expression(argument));
            }
            ExprKind::Count { matcher, subject, .. } | ExprKind::Match { matcher, subject } => {
                self.matcher(matcher);
                self.expression(subject);
            }
            ExprKind::Score { dictionary, subject, .. } => {
                self.matcher(&Matcher::Dictionary(*dictionary));
                self.expression(subject);
            }
            ExprKind::Rate { key, .. } => self.expression(key),
            ExprKind::Default { value, default } => {
                self.expression(value);
                self.expression(default);
            }
            ExprKind::Not(inner) | ExprKind::IsAbsent(inner) | ExprKind::IsAny { subject: inner } => {
                self.expression(inner);
            }
            ExprKind::And(inner) | ExprKind::Or(inner) => inner.iter().for_each(|one| self.expression(one)),
            ExprKind::Compare { operator, left, right } => {
                self.items.insert(comparison(operator));
                self.expression(left);
                self.expression(right);
            }
            ExprKind::In { item, set } => {
                self.items.insert(membership(set));
                match set {
                    Set::Many(many) => self.expression(many),
                    Set::Values(values) => self.items.extend(values.iter().map(constant)),
                    _ => {}
                }
                self.expression(item);
            }
            ExprKind::InService { item, .. } => self.expression(item),
            ExprKind::IsValue { subject, .. } | ExprKind::LooksLike { subject, .. } => {
                self.expression(subject)
            }
            ExprKind::Quantified { over, condition, .. } => {
                self.expression(over);
                self.expression(condition);
            }
            ExprKind::Criterion { criterion, argument } => {
                self.expression(&self.hir.criteria[criterion.index()].body);
                argument.iter().for_each(|argument| self.expression(argument));
            }
        }
    }

    fn matcher(&mut self, sought: &Matcher) {
        self.items.insert(matcher(sought));
        match sought {
            Matcher::Pattern(one) => {
                self.items.insert(pattern(one));
            }
            Matcher::AnyOf(several) => self.items.extend(several.iter().map(pattern)),
            Matcher::Dictionary(dictionary) => {
                let entries = &self.hir.dictionaries[dictionary.index()].entries;
                self.items.extend(entries.iter().map(|entry| pattern(&entry.pattern)));
            }
            Matcher::Detector(detector) => {
                let detector = &self.hir.detectors[detector.index()];
                self.items.insert(of_detector(&detector.name));
                self.items.extend(detector.checks.iter().map(check));
            }
            Matcher::List(_) => {}
        }
    }

    fn text(&mut self, text: &TextTemplate) {
        for part in &text.parts {
            if let TemplatePart::Value(value) = part {
                self.expression(value);
            }
        }
    }

    fn content(&mut self, content: &Content) {
        match content {
            Content::Template(template) => self.template(*template),
            Content::Text(text) => self.text(text),
        }
    }

    fn template(&mut self, template: TemplateId) {
        let template = &self.hir.templates[template.index()];
        [&template.subject, &template.text, &template.html]
            .into_iter()
            .flatten()
            .for_each(|text| self.text(text));
    }

    fn action(&mut self, action: &Action) {
        self.items.insert(effect(action));
        match action {
            Action::AnnotateHeader { value, .. } | Action::SetHeader { value, .. } => self.text(value),
            Action::AnnotateSubject { text, .. } | Action::Tag { text } => self.text(text),
            Action::AnnotateBody { content, protected: on, .. }
            | Action::AnnotateAttachment { content, protected: on, .. } => {
                self.items.insert(protected(on));
                self.content(content);
            }
            Action::Notify { to, template, .. } => {
                to.iter().for_each(|to| self.expression(to));
                self.template(*template);
            }
            Action::Strip { condition, replacement, .. } => {
                self.expression(condition);
                replacement.iter().for_each(|content| self.content(content));
            }
            Action::CopyTo { to, .. } => to.iter().for_each(|to| self.expression(to)),
            Action::Redirect { to } => self.expression(to),
            Action::Encrypt { otherwise, .. } | Action::Sign { otherwise, .. } => {
                otherwise.iter().for_each(|otherwise| self.disposition(&otherwise.node));
            }
            Action::Convert(_)
            | Action::RemoveHeader { .. }
            | Action::Severity { .. }
            | Action::Route { .. }
            | Action::SetPriority { .. }
            | Action::Decrypt => {}
        }
    }

    fn disposition(&mut self, what: &Disposition) {
        self.items.insert(disposition(what));
        match what {
            Disposition::Return(text) | Disposition::Reject(text) => self.text(text),
            Disposition::Approve { otherwise: Some(otherwise), .. } => self.disposition(&otherwise.node),
            _ => {}
        }
    }
}

/// How often something was compared, and how often it was so.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    /// Comparisons of a policy that uses it, for a recipient.
    pub cases: usize,
    /// Those in which the policy triggered.
    pub triggered: usize,
}

/// How much of everything was compared.
#[derive(Debug, Default)]
pub struct Counts {
    pub cases: usize,
    pub triggered: usize,
    pub undecided: usize,
    pub messages: usize,
    pub of: BTreeMap<Item, Count>,
}

impl Counts {
    /// One policy compared for one recipient.
    pub fn add(&mut self, usage: &Usage, triggered: bool, undecided: bool) {
        self.cases += 1;
        self.triggered += usize::from(triggered);
        self.undecided += usize::from(undecided);
        for item in &usage.asks {
            let count = self.of.entry(*item).or_default();
            count.cases += 1;
            count.triggered += usize::from(triggered);
        }
    }

    /// What a policy does was done, or would have been.
    pub fn add_effects(&mut self, usage: &Usage) {
        for item in &usage.does {
            let count = self.of.entry(*item).or_default();
            count.cases += 1;
            count.triggered += 1;
        }
    }

    pub fn merge(&mut self, other: &Counts) {
        self.cases += other.cases;
        self.triggered += other.triggered;
        self.undecided += other.undecided;
        self.messages += other.messages;
        for (item, count) in &other.of {
            let sum = self.of.entry(*item).or_default();
            sum.cases += count.cases;
            sum.triggered += count.triggered;
        }
    }
}
