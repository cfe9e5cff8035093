//! Who we are, and how the security manager is set: `site`, `verification`, `certificates`.

use super::{Checker, Done};
use crate::base::address::Address;
use crate::base::diagnostic::Diagnostic;
use crate::base::source::Span;
use crate::language::codes::{item as codes, name as name_codes};
use crate::language::hir::{self, Literal};
use crate::language::suggest;
use crate::language::syntax::ast::{self, Item};
use std::collections::HashMap;
use std::sync::Arc;

impl Checker<'_> {
    pub(super) fn settings_item(&mut self, item: &ast::Settings) -> Done {
        let mut values = Vec::with_capacity(item.clauses.len());
        let mut seen: HashMap<Arc<str>, Option<Span>> = HashMap::new();
        for (word, exprs, span) in &item.clauses {
            let first = seen.entry(Arc::clone(&word.node)).or_insert(None);
            let mut at = *first;
            self.once(&mut at, *span, &word.node);
            seen.insert(Arc::clone(&word.node), at);
            if let Some(typed) = self.setting(item.kind, word, exprs) {
                values.push((Arc::clone(&word.node), typed));
            }
        }
        let id = hir::SettingsId(self.settings.len() as u32);
        self.settings.push(hir::Settings {
            kind: item.kind,
            name: item.name.node.clone(),
            values,
            span: item.span,
        });
        Done::Settings(id)
    }

    fn setting(
        &mut self,
        kind: ast::SettingsKind,
        word: &ast::Name,
        exprs: &[ast::Expr],
    ) -> Option<Vec<Literal>> {
        let table = settings_of(kind);
        let Some((_, wants)) = table.iter().find(|(name, _)| *name == &*word.node) else {
            let message = format!("there is no setting `{}` here", word.node);
            let diagnostic = Diagnostic::error(codes::SETTING, word.span, message);
            let words = table.iter().map(|(name, _)| *name);
            self.push(suggest::help(diagnostic, &word.node, words, word.span, "the settings are"));
            return None;
        };
        let mut typed = Vec::with_capacity(exprs.len());
        for expr in exprs {
            typed.push(self.setting_value(word, wants, expr)?);
        }
        Some(typed)
    }

    fn setting_value(&mut self, word: &ast::Name, wants: &Setting, expr: &ast::Expr) -> Option<Literal> {
        let help = match (wants, &expr.kind) {
            (_, ast::ExprKind::Bad) => return None,
            (Setting::Words(words), ast::ExprKind::Name(reference)) => {
                let name = super::names::written(reference);
                if words.contains(&&*name) {
                    return Some(Literal::Text(name.into()));
                }
                let message = format!("`{}` cannot be `{name}`", word.node);
                let diagnostic = Diagnostic::error(codes::SETTING, expr.span, message);
                self.push(suggest::help(diagnostic, &name, words.iter().copied(), expr.span, "it can be"));
                return None;
            }
            (Setting::Number(least, most), _) => {
                return self
                    .number_literal(expr, *least, *most, &format!("`{}`", word.node))
                    .map(Literal::Number);
            }
            (Setting::Duration, _) => return self.duration_literal(expr).map(Literal::Duration),
            (Setting::Text, ast::ExprKind::Text(text)) => return self.plain(text).map(Literal::Text),
            (Setting::Switch, ast::ExprKind::Bool(value)) => return Some(Literal::Bool(*value)),
            (Setting::Words(words), _) => format!("write {}", suggest::listed(words)),
            (Setting::Text, _) => "write a text in quotes".to_string(),
            (Setting::Switch, _) => "write `true` or `false`".to_string(),
        };
        self.push(
            Diagnostic::error(codes::SETTING, expr.span, format!("`{}` cannot be this", word.node))
                .help(help),
        );
        None
    }

    /// The site, of whatever file it stands in.
    pub(super) fn check_site(&mut self) {
        let mut first: Option<Span> = None;
        for module in self.own_modules() {
            let Some(file) = self.file(module) else { continue };
            for item in &file.items {
                let Item::Site(site) = item else { continue };
                if let Some(first) = first {
                    self.push(
                        Diagnostic::error(name_codes::SITE_TWICE, site.span, "the site is described twice")
                            .also(first, "here first")
                            .help("put all its clauses into one `site`"),
                    );
                    continue;
                }
                first = Some(site.span);
                self.has_site = true;
                self.site_clauses(site);
            }
        }
    }

    fn site_clauses(&mut self, site: &ast::Site) {
        let (mut postmaster_at, mut zone_at, mut separator_at, mut order_at) = (None, None, None, None);
        for clause in &site.clauses {
            match clause {
                ast::SiteClause::Domains(values, _) => {
                    for value in values {
                        let domain = self.domain_literal(value);
                        self.site.domains.extend(domain);
                    }
                }
                ast::SiteClause::Networks(values, _) => {
                    for value in values {
                        let network = self.network_literal(value);
                        self.site.networks.extend(network);
                    }
                }
                ast::SiteClause::Postmaster(value, span) => {
                    self.once(&mut postmaster_at, *span, "postmaster");
                    self.site.postmaster = self.address_literal(value);
                }
                ast::SiteClause::Timezone(name, span) => {
                    self.once(&mut zone_at, *span, "timezone");
                    if let Some((name, zone)) = self.zone(name) {
                        self.site.timezone = Some(name);
                        self.site_zone = zone;
                    }
                }
                ast::SiteClause::Separator(text, span) => {
                    self.once(&mut separator_at, *span, "separator");
                    self.site.separator = self.separator(text);
                }
                ast::SiteClause::Order(names, span) => {
                    self.once(&mut order_at, *span, "order");
                    if let Some(order) = self.manager_order(names, *span) {
                        self.site.order = order;
                    }
                }
                ast::SiteClause::Bad(_) => {}
            }
        }
        if let Some(postmaster) = self.site.postmaster.clone() {
            self.check_postmaster(site, &postmaster);
        }
    }

    /// Characters that may part user and detail: those of RFC 5321 (4.1.2, `atext`) that are neither letter nor digit.
    fn separator(&mut self, text: &ast::TextLiteral) -> Option<Arc<str>> {
        let plain = self.plain(text)?;
        if !plain.is_empty() && plain.chars().all(|character| SEPARATORS.contains(character)) {
            return Some(plain);
        }
        let message = match plain.chars().find(|character| !SEPARATORS.contains(*character)) {
            Some(character) => format!("`{character}` cannot part user and detail of an address"),
            None => "an empty text parts nothing".to_string(),
        };
        self.push(Diagnostic::error(codes::SEPARATOR, text.span, message).help(
            "write one or more marks that may stand in a local part, as in `separator \"+\"` or `separator \"+-\"`",
        ));
        None
    }

    /// Notifications are sent in the postmaster's name: an address of somebody else's domain cannot be that.
    fn check_postmaster(&mut self, site: &ast::Site, postmaster: &Address) {
        let inside = self.site.domains.iter().any(|domain| domain.matches(&postmaster.domain));
        let span = site.clauses.iter().find_map(|clause| match clause {
            ast::SiteClause::Postmaster(value, _) => Some(value.span),
            _ => None,
        });
        let bad = site.clauses.iter().any(|clause| matches!(clause, ast::SiteClause::Bad(_)));
        if !inside && !bad && !self.site.domains.is_empty() {
            self.push(
                Diagnostic::warning(
                    codes::POSTMASTER,
                    span.unwrap_or(site.span),
                    format!("`{postmaster}` is not in the site's domains"),
                )
                .help("name an address of your own, or add its domain to `domains`"),
            );
        }
    }

    fn manager_order(&mut self, names: &[ast::Name], span: Span) -> Option<Vec<hir::Manager>> {
        let mut order = Vec::new();
        let mut sound = true;
        for name in names {
            let manager = MANAGERS.iter().find(|(word, _)| *word == &*name.node).map(|(_, manager)| *manager);
            match manager {
                Some(manager) if order.contains(&manager) => {
                    sound = false;
                    self.push(
                        Diagnostic::error(
                            codes::ORDER,
                            name.span,
                            format!("`{}` stands in the order twice", name.node),
                        )
                        .help("name each manager once"),
                    );
                }
                Some(manager) => order.push(manager),
                None => {
                    sound = false;
                    let message = format!("there is no manager `{}`", name.node);
                    let diagnostic = Diagnostic::error(codes::ORDER, name.span, message);
                    let words = MANAGERS.iter().map(|(word, _)| *word);
                    self.push(suggest::help(diagnostic, &name.node, words, name.span, "the managers are"));
                }
            }
        }
        let missing: Vec<&str> =
            MANAGERS.iter().filter(|(_, manager)| !order.contains(manager)).map(|(word, _)| *word).collect();
        if sound && !missing.is_empty() {
            self.push(
                Diagnostic::error(
                    codes::ORDER,
                    span,
                    format!("{} not in the order", missing_words(&missing)),
                )
                .help("name all five: access, format, virus, security, content"),
            );
            return None;
        }
        sound.then_some(order)
    }
}

fn missing_words(missing: &[&str]) -> String {
    let verb = if missing.len() == 1 { "is" } else { "are" };
    format!("{} {verb}", suggest::listed(missing))
}

/// Marks that a local part may have (RFC 5321, 4.1.2 and RFC 5322, 3.2.3).
const SEPARATORS: &str = "!#$%&'*+-/=?^_`{|}~";

const MANAGERS: &[(&str, hir::Manager)] = &[
    ("access", hir::Manager::Access),
    ("format", hir::Manager::Format),
    ("virus", hir::Manager::Virus),
    ("security", hir::Manager::Security),
    ("content", hir::Manager::Content),
];

/// What a setting of the security manager is.
enum Setting {
    Words(&'static [&'static str]),
    Number(i64, i64),
    Duration,
    Text,
    Switch,
}

fn settings_of(kind: ast::SettingsKind) -> &'static [(&'static str, Setting)] {
    match kind {
        ast::SettingsKind::Verification => &[
            ("level", Setting::Words(&["none", "signature", "chain", "full"])),
            ("revocation", Setting::Words(&["none", "crl", "ocsp", "both"])),
            ("timeout", Setting::Duration),
            ("clock_skew", Setting::Duration),
            ("detached", Setting::Switch),
        ],
        ast::SettingsKind::Certificates => &[
            ("minimum", Setting::Number(1024, 16_384)),
            ("algorithms", Setting::Words(&["rsa", "ecdsa", "ed25519", "dsa"])),
            ("digests", Setting::Words(&["sha1", "sha256", "sha384", "sha512"])),
            ("cipher", Setting::Words(&["aes128", "aes192", "aes256", "aes128_gcm", "aes256_gcm"])),
            ("issuer", Setting::Text),
            ("usage", Setting::Words(&["sign", "encrypt", "both"])),
            ("key", Setting::Text),
            ("max_age", Setting::Duration),
        ],
    }
}
