//! `in` and `outside`: what can be a member of what.

use super::expressions::negated;
use super::names::{Meaning, address_of, written};
use super::unknown::Hint;
use super::{Checker, Context};
use crate::base::diagnostic::Diagnostic;
use crate::base::source::Span;
use crate::language::codes::types as codes;
use crate::language::hir::{self, Expr, ExprKind, ListEntries, Literal, Service, Set};
use crate::language::schema::facts::Fact;
use crate::language::schema::types::Type;
use crate::language::syntax::ast::{self, Name, TextLiteral};

/// What a set holds, for the question what can be in it.
#[derive(Debug, Clone, PartialEq)]
enum Holds {
    /// Addresses, by themselves or by their domains; domains only where there are some.
    Domains {
        domains: bool,
    },
    /// People: a directory.
    People,
    /// The site: people, domains, clients.
    Site,
    Networks,
    Moments,
    /// Values of one type.
    Values(Type),
}

impl Holds {
    fn takes(&self, ty: &Type) -> bool {
        match self {
            Holds::Domains { domains } => *ty == Type::Address || (*ty == Type::Domain && *domains),
            Holds::People => *ty == Type::Address,
            Holds::Site => matches!(ty, Type::Address | Type::Domain | Type::Ip),
            Holds::Networks => *ty == Type::Ip,
            Holds::Moments => *ty == Type::Moment,
            Holds::Values(held) => ty == held,
        }
    }

    fn words(&self) -> String {
        match self {
            Holds::Domains { .. } => "addresses".to_string(),
            Holds::People => "the addresses of a directory".to_string(),
            Holds::Site => "addresses, domains and clients".to_string(),
            Holds::Networks => "clients and IP addresses".to_string(),
            Holds::Moments => "points in time".to_string(),
            Holds::Values(ty) => Type::Many(Box::new(ty.clone())).to_string(),
        }
    }
}

impl Checker<'_> {
    /// `x in s`, `x outside s`
    pub(super) fn membership(
        &mut self,
        context: &mut Context,
        item_ast: &ast::Expr,
        item: Meaning,
        outside: bool,
        set_ast: &ast::Expr,
        span: Span,
    ) -> Option<Expr> {
        let word = if outside { "outside" } else { "in" };
        // `card_number in text`: the wrong way round, or a forgotten `count`.
        if let Meaning::Detector(_) | Meaning::Dictionary(_) = item {
            let name = self.shown_subject(item_ast);
            let set = self.loaded.map.slice(set_ast.span).to_string();
            let message = format!("`{name}` is {}, and in nothing", item.words());
            self.push(
                Diagnostic::error(codes::MISMATCH, item_ast.span, message)
                    .help(format!("ask `{set} contains {name}`, or `count({name} in {set}) >= 3`")),
            );
            return None;
        }
        let item = match item {
            Meaning::Noun("client") => Some(client_ip(item_ast.span)),
            other => self.subject_value(item_ast, other),
        };
        if let Some(enumerated) = &item
            && let Type::Enum(enumeration) | Type::Flags(enumeration) = enumerated.ty.present()
        {
            let subject = self.shown_subject(item_ast);
            let value = enumeration.values().first().unwrap_or(&"x");
            self.push(
                Diagnostic::error(
                    codes::ASKED_BY_IS,
                    span,
                    format!("{} is asked by `is`", enumeration.words()),
                )
                .help(format!("write `{subject} is {value} or {subject} is …`")),
            );
            return None;
        }
        let kind = item.as_ref().map(|item| match item.ty.present() {
            Type::Mailbox => Type::Address,
            Type::Many(_) => Type::Unknown,
            ty => ty.clone(),
        });
        let before = std::mem::replace(&mut self.hint, kind.map_or(Hint::Anything, Hint::Set));
        let set = self.membership_set(context, set_ast, word);
        self.hint = before;
        let (item, (set, holds)) = (address_of(item?), set?);
        if matches!(item.ty.present(), Type::Many(_)) {
            self.needs_quantifier(&item);
            return None;
        }
        if !holds.takes(item.ty.present()) {
            let message = format!("{} cannot be {word} this", item.ty.present());
            let subject = self.shown_subject(item_ast);
            let help = match (item.ty.present(), &holds) {
                (Type::Text, Holds::Domains { .. } | Holds::Site) => {
                    format!("ask by the domain, as in `domain({subject}) {word} …`")
                }
                (Type::Text | Type::Surface, _) => format!("ask `{subject} contains …`"),
                (Type::Address | Type::Domain, Holds::Values(Type::Text)) => {
                    let domain = self.bare_domain_of(&set).unwrap_or_else(|| "example.org".to_string());
                    format!(
                        "in a list of addresses and domains a domain has its `@`: write `@{domain}`, or `@*.{domain}` \
                         for all below it"
                    )
                }
                (Type::Domain, Holds::Domains { .. }) => {
                    "a domain is in domains, not in single addresses: name some".to_string()
                }
                (Type::Address, Holds::Networks) => format!("ask `client {word} …`"),
                (Type::Ip, Holds::Domains { .. } | Holds::People) => format!("ask `sender {word} …`"),
                _ => "ask it of something of that kind".to_string(),
            };
            self.push(
                Diagnostic::error(codes::MISMATCH, set_ast.span, message)
                    .label(format!("it holds {}", holds.words()))
                    .also(item.span, format!("this is {}", item.ty))
                    .help(help),
            );
            return None;
        }
        let asked = Expr { kind: ExprKind::In { item: Box::new(item), set }, ty: Type::Bool, span };
        Some(if outside { negated(asked, span) } else { asked })
    }

    fn membership_set(&mut self, context: &mut Context, set: &ast::Expr, word: &str) -> Option<(Set, Holds)> {
        match &set.kind {
            ast::ExprKind::Name(reference) => {
                let name = written(reference);
                match self.meaning(context, reference) {
                    Meaning::Site => Some((Set::Site, Holds::Site)),
                    Meaning::Directory(directory) => Some((Set::Directory(directory), Holds::People)),
                    Meaning::List(list) => Some((Set::List(list), self.list_holds(list)?)),
                    Meaning::Calendar(calendar) => Some((Set::Calendar(calendar), Holds::Moments)),
                    Meaning::Value(value) => self.value_set(value, word),
                    Meaning::Unknown => None,
                    other => {
                        let message = format!("nothing can be {word} `{name}`: it is {}", other.words());
                        let help = match other {
                            Meaning::Dictionary(_) | Meaning::Detector(_) => {
                                format!("ask `text contains {name}`")
                            }
                            Meaning::Criterion(_) => format!("ask `{name}` by itself, or `… is {name}`"),
                            _ => "name a directory, a list, a calendar or `site`".to_string(),
                        };
                        self.push(Diagnostic::error(codes::NO_SET, set.span, message).help(help));
                        None
                    }
                }
            }
            ast::ExprKind::List(values) => self.listed_set(context, values, set.span),
            ast::ExprKind::Address(_) | ast::ExprKind::Domain { .. } | ast::ExprKind::Network(_) => {
                self.listed_set(context, std::slice::from_ref(set), set.span)
            }
            ast::ExprKind::Paren(inner) => self.membership_set(context, inner, word),
            ast::ExprKind::Bad => None,
            _ => {
                let value = self.value(context, set);
                if value.ty == Type::Unknown {
                    return None;
                }
                self.value_set(value, word)
            }
        }
    }

    /// The first text of a set that is a domain without its `@`.
    fn bare_domain_of(&self, set: &Set) -> Option<String> {
        let text = match set {
            Set::List(list) => match &self.lists.get(list.index())?.entries {
                ListEntries::Texts(texts) => texts.iter().next()?.to_string(),
                _ => return None,
            },
            Set::Values(values) => match values.first()? {
                Literal::Text(text) => text.to_string(),
                _ => return None,
            },
            _ => return None,
        };
        super::list_items::bare_domain(&text).map(str::to_string)
    }

    fn list_holds(&self, list: hir::ListId) -> Option<Holds> {
        Some(match &self.lists.get(list.index())?.entries {
            ListEntries::Addresses(table) => Holds::Domains { domains: table.has_domains() },
            ListEntries::Networks(_) => Holds::Networks,
            ListEntries::Texts(_) => Holds::Values(Type::Text),
        })
    }

    /// Several values of the message as a set, or the constant of a parameter.
    fn value_set(&mut self, value: Expr, word: &str) -> Option<(Set, Holds)> {
        if let ExprKind::Literal(constant) = &value.kind {
            return self.constants(vec![(constant.clone(), value.ty.clone(), value.span)]);
        }
        let value = address_of(value);
        match value.ty.present() {
            Type::Many(inner) => {
                let holds = Holds::Values(inner.present().clone());
                Some((Set::Many(Box::new(value)), holds))
            }
            Type::Unknown => None,
            ty => {
                let message = format!("nothing can be {word} {ty}");
                let help = match ty {
                    Type::Text | Type::Surface => "search it by `contains`: `body contains \"word\"`",
                    _ => "name a directory, a list, a calendar, `site`, or write values as in `[1, 2]`",
                };
                self.push(Diagnostic::error(codes::NO_SET, value.span, message).help(help));
                None
            }
        }
    }

    /// `[a, b]`
    fn listed_set(
        &mut self,
        context: &mut Context,
        values: &[ast::Expr],
        span: Span,
    ) -> Option<(Set, Holds)> {
        if values.is_empty() {
            self.push(
                Diagnostic::error(codes::NO_SET, span, "nothing can be in an empty list")
                    .help("write values, as in `[1, 2]`"),
            );
            return None;
        }
        let mut constants = Vec::with_capacity(values.len());
        let mut sound = true;
        for value in values {
            let typed = self.value(context, value);
            match (typed.ty, typed.kind) {
                (Type::Unknown, _) => sound = false,
                (ty, ExprKind::Literal(constant)) => constants.push((constant, ty, value.span)),
                _ => {
                    sound = false;
                    self.push(
                        Diagnostic::error(codes::MISMATCH, value.span, "only constants can stand in a list")
                            .help("join questions by `or`"),
                    );
                }
            }
        }
        if !sound {
            return None;
        }
        self.constants(constants)
    }

    fn constants(&mut self, constants: Vec<(Literal, Type, Span)>) -> Option<(Set, Holds)> {
        let mut addresses = Vec::new();
        let mut domains = Vec::new();
        let mut networks = Vec::new();
        let mut values: Vec<Literal> = Vec::new();
        let mut first: Option<(Type, Span)> = None;
        for (constant, ty, span) in constants {
            // Addresses and domains go together.
            let kind = if ty == Type::Domain { Type::Address } else { ty.clone() };
            match &first {
                None => first = Some((kind, span)),
                Some((expected, at)) if *expected != kind => {
                    let message = format!("{ty} and {expected} cannot stand in one list");
                    self.push(
                        Diagnostic::error(codes::MISMATCH, span, message)
                            .label(format!("this is {ty}"))
                            .also(*at, format!("this is {expected}"))
                            .help("write values of one type"),
                    );
                    return None;
                }
                Some(_) => {}
            }
            match constant {
                Literal::Address(address) => addresses.push(address),
                Literal::Domain(domain) => domains.push(domain),
                Literal::Network(network) => networks.push(network),
                Literal::NullAddress => {
                    self.push(
                        Diagnostic::error(codes::NO_SET, span, "the null address is in nothing")
                            .help("ask `sender == <>`"),
                    );
                    return None;
                }
                other => values.push(other),
            }
        }
        let (kind, _) = first?;
        Some(match kind {
            Type::Address => {
                let holds = Holds::Domains { domains: !domains.is_empty() };
                (Set::Addresses { addresses, domains }, holds)
            }
            Type::Network => (Set::Networks(networks), Holds::Networks),
            ty => (Set::Values(values), Holds::Values(ty)),
        })
    }

    /// `client in dnsbl "zone"`, `sender in group ldap "query"`
    pub(super) fn service(
        &mut self,
        context: &mut Context,
        item_ast: &ast::Expr,
        item: Meaning,
        service: &[Name],
        query: &TextLiteral,
        span: Span,
    ) -> Option<Expr> {
        let _ = context;
        let words: Vec<&str> = service.iter().map(|name| &*name.node).collect();
        let asked = match words.as_slice() {
            ["dnsbl"] => Some(Service::Dnsbl),
            ["group", "ldap"] => Some(Service::LdapGroup),
            _ => {
                let at = service.first().map_or(span, |name| name.span);
                let message = format!("there is no service `{}`", words.join(" "));
                self.push(
                    Diagnostic::error(codes::SERVICE, at, message)
                        .help("ask `dnsbl \"zone\"` or `group ldap \"query\"`"),
                );
                None
            }
        };
        let query_text = self.plain(query);
        let item = match item {
            Meaning::Noun("client") => Some(client_ip(item_ast.span)),
            other => self.subject_value(item_ast, other),
        };
        let (service, query_text, item) = (asked?, query_text?, address_of(item?));
        if matches!(item.ty.present(), Type::Many(_)) {
            self.needs_quantifier(&item);
            return None;
        }
        let (fits, wants) = match service {
            Service::Dnsbl => (
                matches!(item.ty.present(), Type::Ip | Type::Domain),
                "the client, an IP address or a domain",
            ),
            Service::LdapGroup => (*item.ty.present() == Type::Address, "an address"),
        };
        if !fits {
            let message = format!("the service is asked of {wants}, and this is {}", item.ty);
            self.push(Diagnostic::error(codes::MISMATCH, item.span, message).help(match service {
                Service::Dnsbl => "ask `client in dnsbl \"zone\"`",
                Service::LdapGroup => "ask `sender in group ldap \"query\"`",
            }));
            return None;
        }
        let sound = match service {
            Service::Dnsbl => crate::base::address::domain_to_ascii(&query_text).is_some(),
            Service::LdapGroup => !query_text.trim().is_empty(),
        };
        if !sound {
            let (message, help) = match service {
                Service::Dnsbl => {
                    (format!("`{query_text}` is no zone"), "name its domain, as in `\"zen.example.org\"`")
                }
                Service::LdapGroup => {
                    ("an empty query finds nobody".to_string(), "write a distinguished name or a filter")
                }
            };
            self.push(Diagnostic::error(codes::SERVICE, query.span, message).help(help));
            return None;
        }
        let kind = ExprKind::InService { item: Box::new(item), service, query: query_text };
        Some(Expr { kind, ty: Type::Bool, span })
    }
}

fn client_ip(span: Span) -> Expr {
    let fact = Fact::ClientIp;
    Expr { kind: ExprKind::Fact(fact), ty: fact.declaration().kind(), span }
}
