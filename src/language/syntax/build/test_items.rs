//! `test` items.

use super::super::ast::{Expectation, ExpectedDisposition, Test, TestClause, TestClauseKind};
use super::super::grammar::{Parts, Rule};
use super::{Builder, Node};
use crate::base::source::{Span, Spanned};

impl Builder<'_> {
    /// A test.
    pub(super) fn test(&mut self, pair: Node<'_>) -> Test {
        let block = self.block(pair);
        let span = block.span;
        let name = block.head.iter().find(|part| part.as_rule() == Rule::text).cloned();
        let name = match name {
            Some(name) => self.plain_text(name),
            None => Spanned::new(String::new(), span.before()),
        };
        let make = |this: &mut Self, rule, mut parts: Parts<'_>, span| {
            Some(TestClause { kind: this.test_clause(rule, &mut parts)?, span })
        };
        let bad = |span: Span| TestClause { kind: TestClauseKind::Bad, span };
        Test { name, clauses: self.clauses(block, make, bad), span }
    }

    fn test_clause(&mut self, rule: Rule, parts: &mut Parts<'_>) -> Option<TestClauseKind> {
        Some(match rule {
            Rule::test_at => TestClauseKind::At(self.find_value(parts)?),
            Rule::test_from => TestClauseKind::From(self.find_value(parts)?),
            Rule::test_to => TestClauseKind::To(self.find_values(parts)?),
            Rule::test_cc => TestClauseKind::Cc(self.find_values(parts)?),
            Rule::test_sender => TestClauseKind::Sender(self.find_value(parts)?),
            Rule::test_recipient => TestClauseKind::Recipient(self.find_values(parts)?),
            Rule::test_header => TestClauseKind::Header(self.find_text(parts)?, self.find_text(parts)?),
            Rule::test_subject => TestClauseKind::Subject(self.find_text(parts)?),
            Rule::test_body => {
                parts.next();
                let html = parts.has(Rule::kw_html);
                TestClauseKind::Body { html, text: self.find_text(parts)? }
            }
            Rule::test_attach => {
                let name = self.find_text(parts)?;
                let from_file = parts.next()?.as_rule() == Rule::kw_from;
                TestClauseKind::Attach { name, from_file, content: self.find_text(parts)? }
            }
            Rule::test_message => TestClauseKind::Message(self.find_plain(parts)?),
            Rule::test_client => return self.client(parts),
            Rule::test_given => {
                let lookup = self.find_name(parts)?;
                let values =
                    parts.filter(|part| part.as_rule() == Rule::value).map(|part| self.value(part)).collect();
                TestClauseKind::Given { lookup, values }
            }
            Rule::test_expect => {
                parts.next();
                let recipient = match parts.accept(Rule::expect_for) {
                    Some(pair) => Some(self.find_value(&mut Parts::of(pair))?),
                    None => None,
                };
                let expectation = self.expectation(parts.next()?)?;
                TestClauseKind::Expect { recipient, expectation }
            }
            _ => return None,
        })
    }

    fn client(&mut self, parts: &mut Parts<'_>) -> Option<TestClauseKind> {
        let ip = self.find_value(parts)?;
        let (mut name, mut helo, mut user, mut tls) = (None, None, None, false);
        for part in parts {
            match part.as_rule() {
                Rule::client_name => name = self.find_text(&mut Parts::of(part)),
                Rule::client_helo => helo = self.find_text(&mut Parts::of(part)),
                Rule::client_user => user = self.find_text(&mut Parts::of(part)),
                _ => tls = true,
            }
        }
        Some(TestClauseKind::Client { ip, name, helo, user, tls })
    }

    fn expectation(&mut self, pair: Node<'_>) -> Option<Expectation> {
        let rule = pair.as_rule();
        let mut inner = Parts::of(pair);
        let parts = &mut inner;
        Some(match rule {
            Rule::expect_not => {
                parts.seek(Rule::kw_not)?;
                let refused = parts.next()?;
                return self.refused(refused);
            }
            Rule::expect_fired => Expectation::Fired(self.references(parts.seek(Rule::references)?)),
            Rule::expect_undecided => Expectation::Undecided(self.references(parts.seek(Rule::references)?)),
            Rule::expect_notify => {
                Expectation::Notify { to: self.find_value(parts)?, template: self.find_reference(parts) }
            }
            Rule::expect_subject => Expectation::Subject(self.find_text(parts)?),
            Rule::expect_header => {
                Expectation::Header { name: self.find_text(parts)?, value: self.find_text(parts) }
            }
            Rule::expect_body => Expectation::BodyContains(self.find_text(parts)?),
            Rule::expect_attachment => Expectation::Attachment(self.find_text(parts)?),
            Rule::expect_tag => Expectation::Tag(self.find_text(parts)?),
            Rule::expect_severity => Expectation::Severity(self.find_name(parts)?),
            Rule::expect_priority => Expectation::Priority(self.find_name(parts)?),
            Rule::expect_copy => Expectation::CopyTo(self.find_value(parts)?),
            Rule::expect_redirect => Expectation::Redirect(self.find_value(parts)?),
            Rule::expect_route => Expectation::Route(self.find_text(parts)?),
            Rule::expect_encrypt => Expectation::Encrypt,
            Rule::expect_sign => Expectation::Sign,
            _ => Expectation::Disposition(self.expected_disposition(rule, parts)?),
        })
    }

    /// What stands after `expect not`.
    fn refused(&mut self, pair: Node<'_>) -> Option<Expectation> {
        let rule = pair.as_rule();
        let mut inner = Parts::of(pair);
        let parts = &mut inner;
        Some(match rule {
            Rule::expect_fired => Expectation::NotFired(self.references(parts.seek(Rule::references)?)),
            Rule::expect_not_notify => Expectation::NotNotify(self.find_value(parts)),
            Rule::expect_body => Expectation::NotBodyContains(self.find_text(parts)?),
            Rule::expect_attachment => Expectation::NotAttachment(self.find_text(parts)?),
            _ => return None,
        })
    }

    fn expected_disposition(&mut self, rule: Rule, parts: &mut Parts<'_>) -> Option<ExpectedDisposition> {
        Some(match rule {
            Rule::expect_deliver => ExpectedDisposition::Deliver,
            Rule::expect_defer => {
                parts.next();
                match parts.next().map(|part| part.as_rule()) {
                    Some(Rule::kw_until) => ExpectedDisposition::DeferUntil(Some(self.find_moment(parts)?)),
                    Some(_) => ExpectedDisposition::DeferFor(self.find_value(parts)?),
                    None => ExpectedDisposition::DeferUntil(None),
                }
            }
            Rule::expect_quarantine => ExpectedDisposition::Quarantine(self.find_reference(parts)),
            Rule::expect_return => ExpectedDisposition::Return(self.find_text(parts)),
            Rule::expect_reject => ExpectedDisposition::Reject(self.find_text(parts)),
            Rule::expect_drop => ExpectedDisposition::Drop,
            Rule::expect_approve => ExpectedDisposition::Approve(self.find_value(parts)),
            _ => return None,
        })
    }
}
