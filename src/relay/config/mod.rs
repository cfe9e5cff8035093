//! `mailfw.toml`: what an administrator says of the relay, read into types.
//!
//! A configuration keeps the law of diagnostics as policies do: everything wrong is told in one run, each with its place
//! and its mend. What is read is text alone; whether the files it names are there is [`surroundings`]'s to say, and
//! whether it fits the policy set is said by [`together::with_site`]. Each section is declared once (see [`declare`]),
//! and its documentation in `docs/configuration.md` is made of the declaration.
//!
//! Reading is total and linear in the text; a text beyond [`TEXT_BYTES`] is refused unread.

pub mod codes;
pub mod declare;
pub mod demo;
pub mod listen;
pub mod network;
pub mod quantity;
pub mod reader;
pub mod recipients;
pub mod retry;
pub mod route;
pub mod running;
pub mod server;
pub mod surroundings;
pub mod together;
pub mod value;

mod syntax;

use crate::base::diagnostic::{Diagnostic, Diagnostics};
use crate::base::source::{SourceId, SourceMap, Span};
use declare::Section;
use listen::{Listener, Role};
use reader::{Reader, Table, kind};
use recipients::Recipients;
use retry::Retry;
use route::{Fallback, Route};
use running::{Dns, Limits, Log, Metrics, Quarantine, SessionRules};
use server::{Server, TlsSettings};
use std::path::Path;
use toml::de::{DeTable, DeValue};

/// Bytes of a configuration.
pub const TEXT_BYTES: usize = 1 << 20;

/// Listeners, or routes, of one configuration.
const MANY: usize = 10_000;

/// All sections, in the order of their documentation.
pub const SECTIONS: &[Section] = &[
    Server::SECTION,
    TlsSettings::SECTION,
    Listener::SECTION,
    SessionRules::SECTION,
    Recipients::SECTION,
    Route::SECTION,
    Fallback::SECTION,
    Retry::SECTION,
    Dns::SECTION,
    Quarantine::SECTION,
    Limits::SECTION,
    Log::SECTION,
    Metrics::SECTION,
];

/// A configuration in which nothing is missing and nothing contradicts.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Who the server is and where its things are.
    pub server: Server,
    /// What encryption is accepted. Listeners have its certificate already.
    pub tls: TlsSettings,
    /// Where mail comes in; each has a name, and no two have one.
    pub listeners: Vec<Listener>,
    /// What clients are held to.
    pub session: SessionRules,
    /// Which recipients of the site there are.
    pub recipients: Recipients,
    /// Where mail goes, in the order of the text; each has a name, and no two have one. Which of them holds is said by
    /// [`crate::relay::route::Routes`].
    pub routes: Vec<Route>,
    /// Where mail goes that none of them is for: by MX records.
    pub otherwise: Route,
    /// Where mail goes while DNS cannot be asked.
    pub fallback: Option<Fallback>,
    /// When mail is tried again.
    pub retry: Retry,
    /// Whom DNS is asked of.
    pub dns: Dns,
    /// How long held mail is kept.
    pub quarantine: Quarantine,
    /// What the server may use.
    pub limits: Limits,
    /// What it tells while it runs.
    pub log: Log,
    /// Where its figures are.
    pub metrics: Metrics,
    source: SourceId,
}

/// What came of a text.
#[derive(Debug)]
pub struct Reading {
    /// The configuration; `None` where there are errors.
    pub config: Option<Config>,
    /// Everything that is wrong or doubtful.
    pub diagnostics: Diagnostics,
    /// The text, for showing them.
    pub map: SourceMap,
}

impl Config {
    /// Whether mail from anybody comes in.
    pub fn takes_mail_from_outside(&self) -> bool {
        self.listeners.iter().any(|listener| listener.role == Role::Inbound)
    }

    /// The place of what is about the whole configuration.
    pub fn start(&self) -> Span {
        together::start(self.source)
    }
}

/// Reads a configuration. `name` is how the text is named to people; its folder is the one that relative paths are taken
/// from. No file is looked at.
pub fn read(name: &str, text: &str) -> Reading {
    let mut map = SourceMap::default();
    let source = map.add(name, text);
    let folder = Path::new(name).parent().unwrap_or(Path::new(""));
    let mut reader = Reader::new(source, folder);
    let config = read_text(text, &mut reader).filter(|_| !reader.has_errors());
    Reading { config, diagnostics: reader.finish(), map }
}

fn read_text(text: &str, reader: &mut Reader) -> Option<Config> {
    if text.len() > TEXT_BYTES {
        let message = format!("the configuration is larger than {} KiB", TEXT_BYTES >> 10);
        reader.push(
            Diagnostic::error(codes::TOO_LARGE, together::start(reader.source()), message)
                .help("is it a configuration? Lists of recipients stand in files of their own"),
        );
        return None;
    }
    let parsed = syntax::parse(text, reader)?;
    // What is no TOML was told of already.
    let (table, _) = DeTable::parse_recoverable(&parsed.text);
    let config = read_all(&Table::new(table.get_ref(), together::start(reader.source())), reader);
    parsed.leave_out_what_follows(reader);
    config
}

/// The section of a name; `None` for the keys before the first section, and for what is none.
pub(in crate::relay::config) fn section(name: &str) -> Option<&'static Section> {
    SECTIONS.iter().find(|section| section.name == name && !name.is_empty())
}

fn read_all(root: &Table<'_>, reader: &mut Reader) -> Option<Config> {
    let server = Server::read(root, reader);
    if let Some(server) = &server {
        server.check(root, reader);
    }
    let tls = one(root, &TlsSettings::SECTION, reader).and_then(|table| TlsSettings::read(&table, reader));
    if let Some(tls) = &tls {
        tls.check(reader);
    }
    let mut listeners = read_many(root, &Listener::SECTION, Listener::read, reader);
    if listeners.is_empty() && !root.has("listen") {
        reader.push(
            Diagnostic::error(codes::MISSING, root.header(), "the server listens nowhere")
                .help("add a `[[listen]]` with `role = \"inbound\"` and `address = \"0.0.0.0:25\"`"),
        );
    }
    for (listener, table) in &mut listeners {
        // Where the server's certificate is wrong, that is told there.
        if let Some(tls) = &tls {
            listener.inherit(tls);
            listener.check(table, reader);
        }
    }
    let is_inbound = listeners.iter().any(|(listener, _)| listener.role == Role::Inbound);
    let mut routes = read_many(root, &Route::SECTION, Route::read, reader);
    for (route, table) in &routes {
        route.check(table, reader);
    }
    together::name_all(&mut listeners, &mut routes, reader);
    together::check_addresses(&listeners, reader);
    together::check_domains(&routes, reader);
    if let Some(server) = &server {
        together::check_loops(server.name.as_str(), &listeners, &routes, reader);
    }
    let session = read_one(root, &SessionRules::SECTION, SessionRules::read, |_, _, _| {}, reader);
    let check_recipients = |recipients: &Recipients, table: &Table<'_>, reader: &mut Reader| {
        recipients.check(table, is_inbound, reader)
    };
    let recipients = read_one(root, &Recipients::SECTION, Recipients::read, check_recipients, reader);
    let fallback = match root.has(Fallback::SECTION.name) {
        true => read_one(root, &Fallback::SECTION, Fallback::read, Fallback::check, reader).map(Some),
        false => Some(None),
    };
    let retry = read_one(root, &Retry::SECTION, Retry::read, Retry::check, reader);
    if let Some(retry) = &retry {
        for (route, table) in routes.iter().filter(|(_, table)| table.has("schedule") || table.has("expire"))
        {
            retry.of_route(route).check_schedule(table.at("schedule"), table.at("expire"), reader);
        }
    }
    let dns = read_one(root, &Dns::SECTION, Dns::read, |_, _, _| {}, reader);
    let quarantine = read_one(root, &Quarantine::SECTION, Quarantine::read, |_, _, _| {}, reader);
    let check_limits = |limits: &Limits, table: &Table<'_>, reader: &mut Reader| {
        limits.check(table, reader);
        together::check_sizes(&listeners, limits, table, reader);
    };
    let limits = read_one(root, &Limits::SECTION, Limits::read, check_limits, reader);
    let log = read_one(root, &Log::SECTION, Log::read, |_, _, _| {}, reader);
    let metrics = read_one(root, &Metrics::SECTION, Metrics::read, Metrics::check, reader);
    let otherwise = otherwise(root, reader);
    Some(Config {
        server: server?,
        tls: tls?,
        listeners: listeners.into_iter().map(|(listener, _)| listener).collect(),
        session: session?,
        recipients: recipients?,
        routes: routes.into_iter().map(|(route, _)| route).collect(),
        otherwise: otherwise?,
        fallback: fallback?,
        retry: retry?,
        dns: dns?,
        quarantine: quarantine?,
        limits: limits?,
        log: log?,
        metrics: metrics?,
        source: reader.source(),
    })
}

/// The route of what no other is for.
fn otherwise(root: &Table<'_>, reader: &mut Reader) -> Option<Route> {
    let table = DeTable::parse("name = \"*\"\ndomains = \"*\"\nmx = true\n").ok()?;
    Route::read(&Table::new(table.get_ref(), root.header()), reader)
}

/// Reads a section that there is one of, and sees that its keys go together.
fn read_one<T>(
    root: &Table<'_>,
    section: &Section,
    read: impl Fn(&Table<'_>, &mut Reader) -> Option<T>,
    check: impl Fn(&T, &Table<'_>, &mut Reader),
    reader: &mut Reader,
) -> Option<T> {
    let table = one(root, section, reader)?;
    let value = read(&table, reader)?;
    check(&value, &table, reader);
    Some(value)
}

/// The table of a section that there is one of; an empty one where it is left out.
fn one<'t>(root: &Table<'t>, section: &Section, reader: &mut Reader) -> Option<Table<'t>> {
    let Some((_, place, value)) = root.entries().find(|(name, _, _)| *name == section.name) else {
        return Some(Table::absent(root.header()));
    };
    let table = value.get_ref().as_table();
    if table.is_none() {
        wrong_shape(section, place, value.get_ref(), reader);
    }
    table.map(|table| Table::new(table, place))
}

/// Reads a section that there may be several of; those with mistakes are left out.
fn read_many<'t, T>(
    root: &Table<'t>,
    section: &Section,
    read: impl Fn(&Table<'_>, &mut Reader) -> Option<T>,
    reader: &mut Reader,
) -> Vec<(T, Table<'t>)> {
    let Some((_, place, value)) = root.entries().find(|(name, _, _)| *name == section.name) else {
        return Vec::new();
    };
    let tables: Option<Vec<(&'t DeTable<'t>, Span)>> = value.get_ref().as_array().and_then(|items| {
        let of = |item: &'t toml::Spanned<DeValue<'t>>| {
            Some((item.get_ref().as_table()?, reader.span(item.span())))
        };
        items.iter().map(of).collect()
    });
    let Some(tables) = tables else {
        wrong_shape(section, place, value.get_ref(), reader);
        return Vec::new();
    };
    if tables.len() > MANY {
        let message = format!("there are more than {MANY} of {}", section.written());
        reader.push(Diagnostic::error(codes::TOO_LARGE, place, message).help("join those that are alike"));
        return Vec::new();
    }
    let mut all = Vec::new();
    for (entries, header) in tables {
        let table = Table::new(entries, header);
        if let Some(value) = read(&table, reader) {
            all.push((value, table));
        }
    }
    all
}

fn wrong_shape(section: &Section, place: Span, value: &DeValue<'_>, reader: &mut Reader) {
    let message = format!("`{}` is {}, and a section is wanted", section.name, kind(value));
    let message = match (value, section.is_many) {
        (DeValue::Table(_), true) => {
            format!("there may be several of `{}`, so it has two brackets", section.name)
        }
        (DeValue::Array(_), false) => format!("there is one section `{}` only", section.name),
        _ => message,
    };
    let help = format!("write {} on a line of its own, and its keys below it", section.written());
    reader.push(Diagnostic::error(codes::KIND, place, message).help(help));
}
