//! Tests of the set: their message, given answers and expectations, typed.

use super::names::written;
use super::{Checker, Context, Place};
use crate::base::address::Address;
use crate::base::diagnostic::Diagnostic;
use crate::base::source::{Span, Spanned};
use crate::language::codes::{name as name_codes, test as codes, types};
use crate::language::hir::{
    Addressee, Expectation, Expected, ExpectedDisposition, Given, Test, TestAddress, TestAttachment,
    TestClient, TestInput,
};
use crate::language::schema::types::Enumeration;
use crate::language::scope::Wanted;
use crate::language::suggest;
use crate::language::syntax::ast::{self, Expr, ExprKind, Item, TestClauseKind};
use crate::language::syntax::words::{self, Block};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

/// What can be given.
const GIVEN: &[&str] = &["attribute", "dkim", "dmarc", "dnsbl", "group", "rate", "signature", "spf", "virus"];

impl Checker<'_> {
    /// The tests of a file.
    pub(super) fn check_tests(&mut self, module: usize) {
        let Some(file) = self.file(module) else { return };
        let mut names: HashMap<&str, Span> = HashMap::new();
        for item in &file.items {
            let Item::Test(test) = item else { continue };
            if let Some(first) = names.insert(&test.name.node, test.name.span) {
                self.push(
                    Diagnostic::warning(codes::SAME_NAME, test.name.span, "two tests have this name")
                        .also(first, "here the other")
                        .help("say what each shows that the other does not"),
                );
            }
            self.test(module, test);
        }
    }

    fn test(&mut self, module: usize, test: &ast::Test) {
        let mut input = TestInput::default();
        let mut expectations = Vec::new();
        let mut seen: HashMap<&'static str, Span> = HashMap::new();
        let mut whole = true;
        for clause in &test.clauses {
            if let Some(word) = single_word(&clause.kind) {
                match seen.get(word) {
                    Some(first) => {
                        let mut first = Some(*first);
                        self.once(&mut first, clause.span, word);
                    }
                    None => {
                        seen.insert(word, clause.span);
                    }
                }
            }
            match &clause.kind {
                TestClauseKind::Bad => whole = false,
                TestClauseKind::Expect { .. } => {}
                kind => whole &= self.input(module, kind, clause.span, &mut input),
            }
        }
        self.check_input(test, &input, &seen);
        let known: Option<Vec<Address>> = (whole && input.message.is_none() && !seen.contains_key("message"))
            .then(|| recipients(&input).map(|recipient| recipient.address.clone()).collect());
        for clause in &test.clauses {
            let TestClauseKind::Expect { recipient, expectation } = &clause.kind else { continue };
            let recipient = match recipient {
                Some(recipient) => {
                    let Some(address) = self.address_literal(recipient) else { continue };
                    self.expected_recipient(&address, recipient.span, known.as_deref());
                    Some(address)
                }
                None => None,
            };
            if let Some(what) = self.expectation(module, expectation) {
                expectations.push(Spanned::new(Expected { recipient, what }, clause.span));
            }
        }
        self.tests.push(Test { name: test.name.node.as_str().into(), span: test.span, input, expectations });
    }

    fn expected_recipient(&mut self, address: &Address, span: Span, known: Option<&[Address]>) {
        let Some(known) = known else { return };
        if known.contains(address) {
            return;
        }
        let names: Vec<String> = known.iter().map(ToString::to_string).collect();
        let shown = address.to_string();
        let diagnostic = Diagnostic::warning(
            codes::NO_RECIPIENT,
            span,
            format!("`{shown}` is no recipient of this message"),
        );
        let names = names.iter().map(String::as_str);
        self.push(suggest::help(diagnostic, &shown, names, span, "the recipients are"));
    }

    /// Whether the clauses together make a message.
    fn check_input(&mut self, test: &ast::Test, input: &TestInput, seen: &HashMap<&'static str, Span>) {
        let fields = ["from", "to", "cc", "subject", "body", "header", "attach", "body html"];
        let at = test.clauses.iter().find_map(|clause| match (&clause.kind, seen.get("message")) {
            (TestClauseKind::Header(..) | TestClauseKind::Attach { .. }, Some(_)) => Some(clause.span),
            (kind, Some(_)) => single_word(kind).filter(|word| fields.contains(word)).map(|_| clause.span),
            _ => None,
        });
        if let (Some(at), Some(message)) = (at, seen.get("message")) {
            self.push(
                Diagnostic::error(
                    codes::MESSAGE_AND_FIELDS,
                    at,
                    "the message comes from a file, and this would change it",
                )
                .also(*message, "the file")
                .help("name the envelope by `sender` and `recipient`, or write the message by fields alone"),
            );
            return;
        }
        let doubtful = |words: &[&str]| {
            let mut bad = test.clauses.iter().filter(|clause| clause.kind == TestClauseKind::Bad);
            bad.any(|clause| may_hold(self.loaded.map.slice(clause.span), words))
        };
        let no_sender = doubtful(&["from", "sender", "message"]);
        let no_recipient = doubtful(&["to", "cc", "recipient", "message"]);
        if seen.contains_key("message") {
            return;
        }
        if input.from.is_none()
            && input.sender.is_none()
            && !seen.contains_key("from")
            && !seen.contains_key("sender")
            && !no_sender
        {
            self.push(
                Diagnostic::error(
                    codes::INCOMPLETE,
                    test.name.span,
                    "the message of this test has no sender",
                )
                .help("say `from anna@example.org`, or `sender <>` for one without"),
            );
        }
        if recipients(input).next().is_none()
            && !["to", "cc", "recipient"].iter().any(|word| seen.contains_key(word))
            && !no_recipient
        {
            self.push(
                Diagnostic::error(
                    codes::INCOMPLETE,
                    test.name.span,
                    "the message of this test has no recipient",
                )
                .help("say `to ben@example.org`"),
            );
        }
    }

    /// A clause that describes the message; gives whether it was sound.
    fn input(&mut self, module: usize, kind: &TestClauseKind, span: Span, input: &mut TestInput) -> bool {
        match kind {
            TestClauseKind::At(moment) => {
                input.at = self.moment(moment);
                input.at.is_some()
            }
            TestClauseKind::From(value) => {
                input.from = self.test_address(value);
                input.from.is_some()
            }
            TestClauseKind::To(values) => self.test_addresses(values, &mut input.to),
            TestClauseKind::Cc(values) => self.test_addresses(values, &mut input.cc),
            TestClauseKind::Recipient(values) => self.test_addresses(values, &mut input.recipients),
            TestClauseKind::Sender(value) => {
                input.sender = match value.kind {
                    ExprKind::NullAddress => Some(None),
                    _ => self.test_address(value).map(Some),
                };
                input.sender.is_some()
            }
            TestClauseKind::Header(name, value) => {
                let name = self.field_name(name);
                self.one_line(value);
                match (name, self.plain(value)) {
                    (Some(name), Some(value)) => input.headers.push((name, value)),
                    _ => return false,
                }
                true
            }
            TestClauseKind::Subject(text) => {
                self.one_line(text);
                input.subject = self.plain(text);
                input.subject.is_some()
            }
            TestClauseKind::Body { html, text } => {
                let text = self.plain(text);
                let sound = text.is_some();
                if *html {
                    input.body_html = text;
                } else {
                    input.body = text;
                }
                sound
            }
            TestClauseKind::Attach { name, from_file, content } => {
                let name = self.plain(name);
                let bytes = match *from_file {
                    true => {
                        self.plain(content).and_then(|path| self.loaded.bytes(module, &path, content.span))
                    }
                    false => self.plain(content).map(|text| Arc::from(text.as_bytes())),
                };
                match (name, bytes) {
                    (Some(name), Some(content)) => input.attachments.push(TestAttachment { name, content }),
                    _ => return false,
                }
                true
            }
            TestClauseKind::Message(path) => {
                input.message = self.loaded.bytes(module, &path.node, path.span);
                input.message.is_some()
            }
            TestClauseKind::Client { ip, name, helo, user, tls } => {
                let mut text =
                    |text: &Option<ast::TextLiteral>| text.as_ref().and_then(|text| self.plain(text));
                let (name, helo, user) = (text(name), text(helo), text(user));
                input.client =
                    self.client_address(ip).map(|ip| TestClient { ip, name, helo, user, tls: *tls });
                input.client.is_some()
            }
            TestClauseKind::Given { lookup, values } => match self.given(lookup, values, span) {
                Some(given) => {
                    input.given.push(Spanned::new(given, span));
                    true
                }
                None => false,
            },
            TestClauseKind::Expect { .. } | TestClauseKind::Bad => true,
        }
    }

    fn test_address(&mut self, value: &Expr) -> Option<TestAddress> {
        let address = self.address_literal(value)?;
        let ExprKind::Address(text) = &value.kind else { return None };
        Some(TestAddress { text: Arc::clone(text), address })
    }

    fn test_addresses(&mut self, values: &[Expr], into: &mut Vec<TestAddress>) -> bool {
        let mut sound = true;
        for value in values {
            match self.test_address(value) {
                Some(address) => into.push(address),
                None => sound = false,
            }
        }
        sound
    }

    fn client_address(&mut self, ip: &Expr) -> Option<IpAddr> {
        if let ExprKind::Network(text) = &ip.kind
            && let Ok(address) = text.parse::<IpAddr>()
        {
            return Some(address);
        }
        if !matches!(ip.kind, ExprKind::Bad) {
            self.push(
                Diagnostic::error(types::NETWORK, ip.span, "the address of a client must stand here")
                    .help("write an IP address, as in `192.0.2.1`"),
            );
        }
        None
    }

    fn given(&mut self, lookup: &ast::Name, values: &[Expr], span: Span) -> Option<Given> {
        if values.iter().any(|value| matches!(value.kind, ExprKind::Bad)) {
            return None;
        }
        let word = |value: &Expr| match &value.kind {
            ExprKind::Name(reference) => Some(written(reference)),
            _ => None,
        };
        let first = values.first();
        let first_word = first.and_then(word);
        let first_text = match first.map(|first| &first.kind) {
            Some(ExprKind::Text(text)) => Some(self.plain(text)?),
            _ => None,
        };
        let enumerated = match &*lookup.node {
            "spf" | "dkim" | "dmarc" => Some(Enumeration::Authentication),
            "signature" => Some(Enumeration::Verdict),
            _ => None,
        };
        if let (Some(enumeration), [value], Some(name)) = (enumerated, values, &first_word) {
            let Some(position) = enumeration.values().iter().position(|value| value == name) else {
                self.unknown_value(enumeration, name, value.span);
                return None;
            };
            let position = u16::try_from(position).ok()?;
            return Some(match &*lookup.node {
                "spf" => Given::Spf(position),
                "dkim" => Given::Dkim(position),
                "dmarc" => Given::Dmarc(position),
                _ => Given::Signature(position),
            });
        }
        let timeout = values.last().and_then(word).as_deref() == Some("timeout");
        let (given, form) = match &*lookup.node {
            "virus" => (
                match (values.len(), first_word.as_deref(), first_text) {
                    (1, Some("clean"), _) => Some(Given::Virus(None)),
                    (1, Some("timeout"), _) => Some(Given::VirusTimeout),
                    (1, _, Some(name)) => Some(Given::Virus(Some(name))),
                    _ => None,
                },
                "`given virus \"Eicar\"`, `given virus clean` or `given virus timeout`",
            ),
            "dnsbl" => (
                match (values.len(), first_text, timeout) {
                    (1, Some(zone), _) => Some(Given::Dnsbl(zone)),
                    (2, Some(zone), true) => Some(Given::DnsblTimeout(zone)),
                    _ => None,
                },
                "`given dnsbl \"zone\"` or `given dnsbl \"zone\" timeout`",
            ),
            "group" => (
                self.given_group(values, first_text, timeout),
                "`given group \"query\" anna@example.org` or `given group \"query\" timeout`",
            ),
            "attribute" => {
                (self.given_attribute(values), "`given attribute anna@example.org \"department\" \"Sales\"`")
            }
            "rate" => (
                match values {
                    [one] => number(one).map(Given::Rate),
                    [key, many] if word(key).is_some() => number(many).map(Given::Rate),
                    _ => None,
                },
                "`given rate 12`",
            ),
            "spf" | "dkim" | "dmarc" => (None, "`given spf pass`, `fail`, `softfail`, `neutral` or `none`"),
            "signature" => (None, "`given signature valid`, `invalid` or `unknown`"),
            other => {
                if !self.doubt.covers_name(other) {
                    let message = format!("nothing called `{other}` is looked up");
                    let diagnostic = Diagnostic::error(name_codes::UNKNOWN, lookup.span, message);
                    let names = GIVEN.iter().copied();
                    self.push(suggest::help(diagnostic, other, names, lookup.span, "there are"));
                }
                return None;
            }
        };
        if given.is_none() {
            self.push(
                Diagnostic::error(codes::GIVEN, span, format!("`{}` cannot answer this", lookup.node))
                    .help(format!("write {form}")),
            );
        }
        given
    }

    fn given_group(&mut self, values: &[Expr], query: Option<Arc<str>>, timeout: bool) -> Option<Given> {
        let query = query?;
        if timeout && values.len() == 2 {
            return Some(Given::GroupTimeout(query));
        }
        let mut members = Vec::new();
        for value in values.get(1..)? {
            match &value.kind {
                ExprKind::Address(text) => members.push(self.address(text, value.span)?),
                ExprKind::List(inner) => {
                    for value in inner {
                        members.push(self.address_literal(value)?);
                    }
                }
                _ => return None,
            }
        }
        Some(Given::Group(query, members))
    }

    fn given_attribute(&mut self, values: &[Expr]) -> Option<Given> {
        let [who, name, value] = values else { return None };
        let (ExprKind::Address(who_text), ExprKind::Text(name), ExprKind::Text(value)) =
            (&who.kind, &name.kind, &value.kind)
        else {
            return None;
        };
        let address = self.address(who_text, who.span)?;
        Some(Given::Attribute(address, self.plain(name)?, self.plain(value)?))
    }

    fn expectation(&mut self, module: usize, expectation: &ast::Expectation) -> Option<Expectation> {
        let context = Context::new(module, Place::Nowhere);
        Some(match expectation {
            ast::Expectation::Disposition(disposition) => {
                Expectation::Disposition(self.expected_disposition(&context, disposition)?)
            }
            ast::Expectation::Fired(policies) => {
                Expectation::Fired(self.expected_policies(module, policies)?)
            }
            ast::Expectation::NotFired(policies) => {
                Expectation::NotFired(self.expected_policies(module, policies)?)
            }
            ast::Expectation::Undecided(policies) => {
                Expectation::Undecided(self.expected_policies(module, policies)?)
            }
            ast::Expectation::Notify { to, template } => {
                let to = self.expected_addressee(to);
                let template = match template {
                    Some(reference) => Some(self.template_by_name(&context, reference)?),
                    None => None,
                };
                Expectation::Notify { to: to?, template }
            }
            ast::Expectation::NotNotify(to) => Expectation::NotNotify(match to {
                Some(to) => Some(self.expected_addressee(to)?),
                None => None,
            }),
            ast::Expectation::Subject(text) => Expectation::Subject(self.plain(text)?),
            ast::Expectation::Header { name, value } => {
                let name = self.field_name(name);
                let value = match value {
                    Some(value) => Some(self.plain(value)?),
                    None => None,
                };
                Expectation::Header { name: name?, value }
            }
            ast::Expectation::BodyContains(text) => Expectation::BodyContains(self.expected_text(text)?),
            ast::Expectation::NotBodyContains(text) => {
                Expectation::NotBodyContains(self.expected_text(text)?)
            }
            ast::Expectation::Attachment(name) => Expectation::Attachment(self.plain(name)?),
            ast::Expectation::NotAttachment(name) => Expectation::NotAttachment(self.plain(name)?),
            ast::Expectation::Tag(text) => Expectation::Tag(self.plain(text)?),
            ast::Expectation::Severity(level) => Expectation::Severity(self.severity(level)?),
            ast::Expectation::Priority(level) => Expectation::Priority(self.priority(level)?),
            ast::Expectation::CopyTo(to) => Expectation::CopyTo(self.address_literal(to)?),
            ast::Expectation::Redirect(to) => Expectation::Redirect(self.address_literal(to)?),
            ast::Expectation::Route(via) => Expectation::Route(self.route_host(via)?),
            ast::Expectation::Encrypt => Expectation::Encrypt,
            ast::Expectation::Sign => Expectation::Sign,
        })
    }

    fn expected_text(&mut self, text: &ast::TextLiteral) -> Option<Arc<str>> {
        let plain = self.plain(text)?;
        self.findable(&plain, text.span).then_some(plain)
    }

    fn expected_addressee(&mut self, to: &Expr) -> Option<Addressee> {
        if let ExprKind::Name(reference) = &to.kind {
            let name = written(reference);
            return match &*name {
                "sender" => Some(Addressee::Sender),
                "recipient" | "recipients" => Some(Addressee::Recipient),
                "postmaster" => Some(Addressee::Postmaster),
                _ => {
                    if !self.doubt.covers_name(&name) {
                        let diagnostic = Diagnostic::error(
                            name_codes::UNKNOWN,
                            to.span,
                            format!("nobody is called `{name}`"),
                        );
                        let names = ["sender", "recipient", "postmaster"];
                        self.push(suggest::help(
                            diagnostic,
                            &name,
                            names,
                            to.span,
                            "name an address, or one of",
                        ));
                    }
                    None
                }
            };
        }
        self.address_literal(to).map(Addressee::Address)
    }

    /// Policies by name: those that hold somewhere in the set.
    fn expected_policies(&mut self, module: usize, policies: &[ast::Reference]) -> Option<Vec<Arc<str>>> {
        let mut names = Vec::with_capacity(policies.len());
        let mut sound = true;
        for reference in policies {
            let Some(name) = self.policy_name(module, reference) else {
                sound = false;
                continue;
            };
            if self.policies.iter().any(|policy| policy.name == name) {
                names.push(name);
                continue;
            }
            sound = false;
            if self.doubt.covers(Wanted::Policy, &name) || self.failed_policy(&name) {
                continue;
            }
            if self.declared_policies.contains_key(&name)
                || self.find(module, crate::language::scope::Space::Policies, &name).is_some()
            {
                self.push(
                    Diagnostic::error(
                        codes::NEVER_APPLIED,
                        reference.span,
                        format!("the policy `{name}` is applied nowhere"),
                    )
                    .help(format!("apply it in a directory: `apply {name} to senders`")),
                );
                continue;
            }
            let known: Vec<Arc<str>> = self.policies.iter().map(|policy| Arc::clone(&policy.name)).collect();
            let diagnostic = Diagnostic::error(
                name_codes::UNKNOWN,
                reference.span,
                format!("there is no policy `{name}`"),
            );
            let names = known.iter().map(|name| &**name);
            self.push(suggest::help(diagnostic, &name, names, reference.span, "the policies are"));
        }
        sound.then_some(names)
    }

    /// Whether a policy is applied, but with a mistake that keeps it out of the set.
    fn failed_policy(&self, name: &str) -> bool {
        self.declared_policies.get(name).is_some_and(|declared| match declared.key {
            // It is written in a directory without a name, or applied with wrong arguments.
            None => true,
            Some(key) => !self.is_own(key.module),
        })
    }

    fn expected_disposition(
        &mut self,
        context: &Context,
        disposition: &ast::ExpectedDisposition,
    ) -> Option<ExpectedDisposition> {
        Some(match disposition {
            ast::ExpectedDisposition::Deliver => ExpectedDisposition::Deliver,
            ast::ExpectedDisposition::DeferUntil(moment) => ExpectedDisposition::DeferUntil(match moment {
                Some(moment) => Some(self.defer_moment(context, moment)?),
                None => None,
            }),
            ast::ExpectedDisposition::DeferFor(duration) => {
                ExpectedDisposition::DeferFor(self.duration_literal(duration)?)
            }
            ast::ExpectedDisposition::Quarantine(folder) => ExpectedDisposition::Quarantine(match folder {
                Some(folder) => Some(self.folder_by_name(context, folder)?),
                None => None,
            }),
            ast::ExpectedDisposition::Return(text) => ExpectedDisposition::Return(match text {
                Some(text) => Some(self.plain(text)?),
                None => None,
            }),
            ast::ExpectedDisposition::Reject(text) => ExpectedDisposition::Reject(match text {
                Some(text) => Some(self.plain(text)?),
                None => None,
            }),
            ast::ExpectedDisposition::Drop => ExpectedDisposition::Drop,
            ast::ExpectedDisposition::Approve(by) => ExpectedDisposition::Approve(match by {
                Some(by) => Some(self.address_literal(by)?),
                None => None,
            }),
        })
    }
}

fn number(value: &Expr) -> Option<i64> {
    match value.kind {
        ExprKind::Number(number) if number >= 0 => Some(number),
        _ => None,
    }
}

/// Whether a clause that could not be parsed may have been one of these, or have swallowed one: a line of it begins with
/// such a word or one like it, or with none that is known, or it holds several addresses.
fn may_hold(slice: &str, words: &[&str]) -> bool {
    let known = words::openers(Block::Test);
    let is_one = |line: &str| {
        let first = line.split_whitespace().next().unwrap_or_default();
        let meant = match known.contains(&first) {
            true => Some(first),
            false => words::nearest(first, known.clone()),
        };
        meant.is_none_or(|meant| words.contains(&meant))
    };
    slice.matches('@').count() > 1
        || slice.lines().any(is_one)
        || slice.split_whitespace().any(|word| words.contains(&word))
}

/// The recipients of the envelope.
fn recipients(input: &TestInput) -> impl Iterator<Item = &TestAddress> {
    let envelope = !input.recipients.is_empty();
    input.recipients.iter().chain(input.to.iter().chain(&input.cc).filter(move |_| !envelope))
}

/// The word of a clause that stands once.
fn single_word(kind: &TestClauseKind) -> Option<&'static str> {
    Some(match kind {
        TestClauseKind::At(_) => "at",
        TestClauseKind::From(_) => "from",
        TestClauseKind::To(_) => "to",
        TestClauseKind::Cc(_) => "cc",
        TestClauseKind::Sender(_) => "sender",
        TestClauseKind::Recipient(_) => "recipient",
        TestClauseKind::Subject(_) => "subject",
        TestClauseKind::Body { html: false, .. } => "body",
        TestClauseKind::Body { html: true, .. } => "body html",
        TestClauseKind::Message(_) => "message",
        TestClauseKind::Client { .. } => "client",
        _ => return None,
    })
}
