//! Constants: addresses, domains, networks, dates, times, texts without values in them.

use super::{Checker, Context};
use crate::base::address::{Address, DomainPattern, domain_to_ascii};
use crate::base::diagnostic::Diagnostic;
use crate::base::source::Span;
use crate::language::codes::types as codes;
use crate::language::hir::{TemplatePart, TextTemplate};
use crate::language::suggest;
use crate::language::syntax::ast::{self, Expr, ExprKind, TextLiteral, TextPart};
use ipnet::IpNet;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

/// Minutes of a day.
const DAY_MINUTES: u16 = 24 * 60;

/// The time zone database that is part of the binary: the same on every host.
pub(super) fn zones() -> &'static TimeZoneDatabase {
    static ZONES: OnceLock<TimeZoneDatabase> = OnceLock::new();
    ZONES.get_or_init(TimeZoneDatabase::bundled)
}

impl Checker<'_> {
    /// An address; `None` after a finding.
    pub(super) fn address(&mut self, text: &str, span: Span) -> Option<Address> {
        let address = Address::parse(text);
        if address.is_none() {
            self.push_unless_said(
                Diagnostic::error(codes::ADDRESS, span, format!("`{text}` is no e-mail address"))
                    .help("write a local part, `@` and a domain, as in `anna@example.org`"),
            );
        }
        address
    }

    /// An expression that must be an address on the spot.
    pub(super) fn address_literal(&mut self, expr: &Expr) -> Option<Address> {
        match &expr.kind {
            ExprKind::Address(text) => self.address(text, expr.span),
            ExprKind::Bad => None,
            _ => {
                self.push_unless_said(
                    Diagnostic::error(codes::ADDRESS, expr.span, "an e-mail address must stand here")
                        .help("write it without quotes, as in `anna@example.org`"),
                );
                None
            }
        }
    }

    /// A domain pattern; `None` after a finding.
    pub(super) fn domain(&mut self, name: &str, subdomains: bool, span: Span) -> Option<DomainPattern> {
        let hyphens = super::list_items::has_outer_hyphen(name);
        match domain_to_ascii(name) {
            Some(domain) if !domain.starts_with('[') && !hyphens => {
                Some(DomainPattern { domain: domain.into(), subdomains })
            }
            _ => {
                self.push_unless_said(
                    Diagnostic::error(codes::DOMAIN, span, format!("`{name}` is no domain")).help(
                        "write labels of at most 63 letters, digits and inner hyphens, as in `@example.org`",
                    ),
                );
                None
            }
        }
    }

    /// An expression that must be a domain on the spot.
    pub(super) fn domain_literal(&mut self, expr: &Expr) -> Option<DomainPattern> {
        match &expr.kind {
            ExprKind::Domain { name, subdomains } => self.domain(name, *subdomains, expr.span),
            ExprKind::Bad => None,
            _ => {
                self.push_unless_said(
                    Diagnostic::error(codes::DOMAIN, expr.span, "a domain must stand here")
                        .help("write it as in `@example.org`, or `@*.example.org` for all below it"),
                );
                None
            }
        }
    }

    /// A network, or an address as the network of itself alone.
    pub(super) fn network(&mut self, text: &str, span: Span) -> Option<IpNet> {
        let Some(network) = any_network(text) else {
            self.push_unless_said(
                Diagnostic::error(codes::NETWORK, span, format!("`{text}` is no network")).help(
                    "write an address and the bits of its prefix, as in `10.0.0.0/8` or `2001:db8::/32`",
                ),
            );
            return None;
        };
        if !is_whole(&network) {
            let meant = network.trunc().to_string();
            self.push_unless_said(
                Diagnostic::error(codes::NETWORK, span, format!("`{text}` has bits set beyond its prefix"))
                    .help(format!(
                        "write `{meant}` for the network, or the address without `/{}`",
                        network.prefix_len()
                    ))
                    .fix(span, meant, "keep the bits of the prefix"),
            );
            return None;
        }
        Some(network)
    }

    /// An expression that must be a network on the spot.
    pub(super) fn network_literal(&mut self, expr: &Expr) -> Option<IpNet> {
        match &expr.kind {
            ExprKind::Network(text) => self.network(text, expr.span),
            ExprKind::Bad => None,
            _ => {
                self.push_unless_said(
                    Diagnostic::error(codes::NETWORK, expr.span, "a network must stand here")
                        .help("write it as in `10.0.0.0/8`"),
                );
                None
            }
        }
    }

    /// A day of the calendar.
    pub(super) fn date(&mut self, year: i16, month: i8, day: i8, span: Span) -> Option<Date> {
        let date = Date::new(year, month, day).ok();
        if date.is_none() {
            let message = format!("there is no day {year:04}-{month:02}-{day:02}");
            self.push_unless_said(
                Diagnostic::error(codes::DATE, span, message)
                    .help("write year, month and day, as in `2026-12-25`"),
            );
        }
        date
    }

    /// An expression that must be a date on the spot.
    pub(super) fn date_literal(&mut self, expr: &Expr) -> Option<Date> {
        match &expr.kind {
            ExprKind::Date { year, month, day } => self.date(*year, *month, *day, expr.span),
            ExprKind::Bad => None,
            _ => {
                self.push_unless_said(
                    Diagnostic::error(codes::DATE, expr.span, "a date must stand here")
                        .help("write it as in `2026-12-25`"),
                );
                None
            }
        }
    }

    /// A time of day in minutes; 24:00 is one only as an end.
    pub(super) fn time_of_day(&mut self, minutes: u16, as_end: bool, span: Span) -> Option<u16> {
        if minutes < DAY_MINUTES || (as_end && minutes == DAY_MINUTES) {
            return Some(minutes);
        }
        self.push_unless_said(
            Diagnostic::error(codes::DATE, span, "there is no such time of day")
                .help("write hours from 00 to 23 and minutes from 00 to 59; a range may end at 24:00"),
        );
        None
    }

    /// A point in time: a date (its first moment), or a date with a time, in the zone given or the site's.
    pub(super) fn moment(&mut self, expr: &Expr) -> Option<Timestamp> {
        let (date, minutes, zone) = match &expr.kind {
            ExprKind::Date { year, month, day } => (self.date(*year, *month, *day, expr.span)?, 0, None),
            ExprKind::DateTime { year, month, day, minutes, zone } => (
                self.date(*year, *month, *day, expr.span)?,
                self.time_of_day(*minutes, false, expr.span)?,
                zone.as_ref(),
            ),
            ExprKind::Bad => return None,
            _ => {
                self.push_unless_said(
                    Diagnostic::error(codes::DATE, expr.span, "a date or a point in time must stand here")
                        .help("write it as in `2026-12-01` or `2026-12-01 18:00 \"Europe/Berlin\"`"),
                );
                return None;
            }
        };
        let zone = match zone {
            Some(name) => self.zone(name)?.1,
            None => self.site_zone.clone(),
        };
        let hour = i8::try_from(minutes / 60).ok()?;
        let minute = i8::try_from(minutes % 60).ok()?;
        let moment = zone.to_timestamp(date.at(hour, minute, 0, 0)).ok();
        if moment.is_none() {
            self.push_unless_said(
                Diagnostic::error(codes::DATE, expr.span, "this is beyond the times that can be told")
                    .help("write a year from 0001 to 9998"),
            );
        }
        moment
    }

    /// A time zone by name.
    pub(super) fn zone(&mut self, name: &TextLiteral) -> Option<(String, TimeZone)> {
        let text = self.plain(name)?;
        if let Ok(zone) = self.zones.get(&text) {
            let name = zone.iana_name().unwrap_or(&text).to_string();
            return Some((name, zone));
        }
        let names: Vec<String> = self.zones.available().map(|name| name.as_str().to_string()).collect();
        let diagnostic = Diagnostic::error(codes::ZONE, name.span, format!("there is no time zone `{text}`"));
        let diagnostic = match suggest::nearest(&text, names.iter().map(String::as_str)) {
            Some(nearest) => diagnostic.help(format!("did you mean `{nearest}`?")).fix(
                name.span,
                format!("\"{nearest}\""),
                format!("replace by `{nearest}`"),
            ),
            None => diagnostic.help("name a zone of the IANA time zone database, as in \"Europe/Berlin\""),
        };
        self.push(diagnostic);
        None
    }

    /// A text where there is no message, or where it must be known beforehand: nothing can be interpolated.
    pub(super) fn plain(&mut self, text: &TextLiteral) -> Option<Arc<str>> {
        if let Some(plain) = text.plain() {
            return Some(plain.into());
        }
        let value = text.parts.iter().find_map(|part| match part {
            TextPart::Value(value) => Some(value),
            TextPart::Text(_) => None,
        });
        // What could not be parsed inside the braces has its own finding.
        if !value.is_some_and(|value| matches!(value.kind, ExprKind::Bad)) {
            self.no_message(value.map_or(text.span, |value| value.span));
        }
        None
    }

    /// A text with values in it.
    pub(super) fn template(&mut self, context: &mut Context, text: &TextLiteral) -> TextTemplate {
        let mut parts = Vec::with_capacity(text.parts.len());
        for part in &text.parts {
            match part {
                TextPart::Text(text) => parts.push(TemplatePart::Text(text.as_str().into())),
                TextPart::Value(value) => {
                    let value = self.interpolated(context, value);
                    parts.push(TemplatePart::Value(value));
                }
            }
        }
        TextTemplate { parts, span: text.span }
    }

    /// A whole number within bounds, on the spot.
    pub(super) fn number_literal(&mut self, expr: &Expr, least: i64, most: i64, words: &str) -> Option<i64> {
        match &expr.kind {
            ExprKind::Number(number) | ExprKind::Characters(number) if (least..=most).contains(number) => {
                Some(*number)
            }
            ExprKind::Bad => None,
            ExprKind::Number(number) | ExprKind::Characters(number) => {
                self.push(
                    Diagnostic::error(codes::RANGE, expr.span, format!("{words} cannot be {number}"))
                        .help(format!("write a number from {least} to {most}")),
                );
                None
            }
            _ => {
                self.push(
                    Diagnostic::error(codes::MISMATCH, expr.span, format!("{words} is a number on the spot"))
                        .help(format!("write a number from {least} to {most}")),
                );
                None
            }
        }
    }

    /// A duration on the spot, of at least a second.
    pub(super) fn duration_literal(&mut self, expr: &Expr) -> Option<i64> {
        match &expr.kind {
            ExprKind::Duration(seconds) if *seconds > 0 => Some(*seconds),
            ExprKind::Bad => None,
            ExprKind::Duration(_) => {
                self.push(
                    Diagnostic::error(codes::RANGE, expr.span, "a duration must be longer than nothing")
                        .help("write it as in `30 days`"),
                );
                None
            }
            _ => {
                let diagnostic = Diagnostic::error(codes::MISMATCH, expr.span, "a duration must stand here");
                self.push(match expr.kind {
                    ExprKind::Number(number) => {
                        diagnostic.help(format!("add a unit, as in `{number} days` or `{number} minutes`"))
                    }
                    _ => diagnostic.help("write it as in `30 days` or `15 minutes`"),
                });
                None
            }
        }
    }

    /// The path of a file, as a text on the spot.
    pub(super) fn path_literal(&mut self, expr: &Expr) -> Option<Arc<str>> {
        match &expr.kind {
            ExprKind::Text(text) => self.plain(text),
            ExprKind::Bad => None,
            _ => {
                self.push(
                    Diagnostic::error(codes::MISMATCH, expr.span, "the path of a file must stand here")
                        .help("write it in quotes, as in `\"words.txt\"`"),
                );
                None
            }
        }
    }
}

/// An address with the bits of its prefix, or the network of an address alone.
fn any_network(text: &str) -> Option<IpNet> {
    match text.contains('/') {
        true => text.parse::<IpNet>().ok(),
        false => text.parse::<IpAddr>().ok().map(IpNet::from),
    }
}

fn is_whole(network: &IpNet) -> bool {
    network.addr() == network.network()
}

/// What [`Checker::network`] takes, without a finding.
pub(super) fn sound_network(text: &str) -> Option<IpNet> {
    any_network(text).filter(is_whole)
}

/// Whether a text could be the name of a header field (RFC 5322, 3.6.8: printable ASCII but the colon).
pub(super) fn is_field_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= 76 && name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b':')
}

impl Checker<'_> {
    /// The name of a header field, known beforehand.
    pub(super) fn field_name(&mut self, name: &TextLiteral) -> Option<Arc<str>> {
        let text = self.plain(name)?;
        if is_field_name(&text) {
            return Some(text);
        }
        let message = format!("`{}` is no name of a header field", text.escape_debug());
        let diagnostic = Diagnostic::error(codes::HEADER_NAME, name.span, message);
        let trimmed = text.trim().trim_end_matches(':');
        self.push(match is_field_name(trimmed) {
            true => diagnostic.help(format!("write `\"{trimmed}\"`")).fix(
                name.span,
                format!("\"{trimmed}\""),
                "keep the name alone",
            ),
            false => diagnostic
                .help("use printable ASCII characters without blanks and colons, as in `\"X-Team\"`"),
        });
        None
    }
}

/// A text literal as a template without values.
pub(super) fn fixed(text: &Arc<str>, span: Span) -> TextTemplate {
    let parts = match text.is_empty() {
        true => Vec::new(),
        false => vec![TemplatePart::Text(Arc::clone(text))],
    };
    TextTemplate { parts, span }
}

/// The text of a literal with everything that is interpolated left out: for looking at what is fixed.
pub(super) fn fixed_parts(text: &ast::TextLiteral) -> impl Iterator<Item = &str> {
    text.parts.iter().filter_map(|part| match part {
        TextPart::Text(text) => Some(text.as_str()),
        TextPart::Value(_) => None,
    })
}
