//! Configurations: what is read, what is refused, and how it is told.
//!
//! Golden cases are in `tests/corpus/configuration`: a configuration, a line `---`, and everything that is said of it. A
//! case is named for what it shows. `MAILFW_BLESS=1` writes what is said anew; read the difference before you keep it.

use mailfw::base::address::{Address, DomainPattern};
use mailfw::base::diagnostic::Level;
use mailfw::relay::config::listen::Role;
use mailfw::relay::config::network::{Host, Place};
use mailfw::relay::config::quantity::{Ceiling, Size};
use mailfw::relay::config::recipients::Source;
use mailfw::relay::config::route::{Balance, Destination, RouteTls};
use mailfw::relay::config::running::LogDestination;
use mailfw::relay::config::{Config, Reading, SECTIONS, TEXT_BYTES, codes, demo, read, together};
use mailfw::relay::route::Routes;
use mailfw::relay::smtp::server::{Protocol, Tls};
use mailfw::tools::render_human::HumanRenderer;
use mailfw::tools::terminal::Look;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The least that is a configuration.
pub(crate) const LEAST: &str = "\
name = \"mx.acme.example\"
policies = \"policies\"

[[listen]]
role = \"inbound\"
address = \"0.0.0.0:25\"
";

fn shown(reading: &Reading) -> String {
    let look = Look { unicode: true, color: false, width: 100 };
    HumanRenderer::new(&reading.map, look).render_all(reading.diagnostics.sorted())
}

/// The configuration of a text in which nothing is wrong or doubtful.
fn good(text: &str) -> Config {
    let reading = read("mailfw.toml", text);
    assert!(reading.diagnostics.is_empty(), "{}", shown(&reading));
    reading.config.unwrap()
}

/// The codes of what is said of a text.
fn codes_of(text: &str) -> Vec<&'static str> {
    read("mailfw.toml", text).diagnostics.sorted().into_iter().map(|finding| finding.code.0).collect()
}

fn with(more: &str) -> String {
    format!("{LEAST}{more}")
}

#[test]
fn every_case_is_answered_as_it_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/configuration");
    let bless = std::env::var_os("MAILFW_BLESS").is_some();
    let (mut wrong, mut shown_codes) = (String::new(), BTreeSet::new());
    for entry in std::fs::read_dir(&folder).expect("the cases are there") {
        let path = entry.unwrap().path();
        let golden = std::fs::read_to_string(&path).unwrap();
        let (text, _) = golden.split_once("\n---\n").expect("a configuration, `---`, and what is said of it");
        let reading = read("mailfw.toml", &format!("{text}\n"));
        for finding in reading.diagnostics.iter() {
            shown_codes.insert(finding.code);
            assert!(finding.help.as_ref().is_some_and(|help| !help.is_empty()), "{}", finding.message);
        }
        let case = format!("{text}\n---\n{}", shown(&reading));
        if bless {
            std::fs::write(&path, &case).unwrap();
        } else if golden != case {
            write!(wrong, "--- {}\n{golden}+++\n{case}", path.display()).unwrap();
        }
    }
    assert!(wrong.is_empty(), "{wrong}\nMAILFW_BLESS=1 writes the cases anew");
    // What is about files and users is shown beside them, what is about many mistakes would be long.
    let elsewhere =
        [codes::PLACE, codes::CERTIFICATE, codes::EXPOSED, codes::ACCOUNT, codes::TOO_LARGE, codes::TOO_MANY];
    let all = codes::PAGES.iter().map(|page| page.code).filter(|code| !elsewhere.contains(code));
    let missing: Vec<_> = all.filter(|code| !shown_codes.contains(code)).collect();
    assert!(missing.is_empty(), "no case shows {missing:?}");
}

#[test]
fn every_page_fails_by_its_code_alone_and_passes_as_it_says() {
    for page in codes::PAGES.iter().filter(|page| !page.failing.is_empty()) {
        let passing = read("mailfw.toml", page.passing);
        assert!(passing.diagnostics.is_empty(), "{}: {}", page.code, shown(&passing));
        if matches!(page.code, codes::PLACE | codes::ACCOUNT) {
            continue;
        }
        let failing: BTreeSet<_> = codes_of(page.failing).into_iter().collect();
        assert_eq!(failing, BTreeSet::from([page.code.0]), "{}", shown(&read("mailfw.toml", page.failing)));
    }
}

#[test]
fn the_least_is_a_configuration_with_a_default_for_everything_else() {
    let config = good(LEAST);
    assert_eq!(config.server.name.as_str(), "mx.acme.example");
    assert_eq!(config.server.policies.node, PathBuf::from("policies"));
    assert_eq!(config.server.state.node, PathBuf::from("/var/lib/mailfw"));
    let [listener] = config.listeners.as_slice() else { panic!("one listener") };
    assert_eq!((listener.label(), listener.role, listener.tls()), ("inbound", Role::Inbound, Tls::Off));
    assert_eq!(listener.max_message_size, Size::of(50_000_000));
    assert_eq!(listener.max_hops, 50);
    assert_eq!(listener.connections_per_minute, Ceiling::of(None));
    assert_eq!(config.recipients.check, [Source::Directories]);
    assert_eq!(config.retry.expire, Duration::from_secs(5 * 86_400));
    assert_eq!(config.log.destination, LogDestination::Stderr);
    assert!(config.fallback.is_none() && config.metrics.address.is_none());
    assert_eq!(config.otherwise.destination(), Destination::Mx);
}

#[test]
fn every_default_and_every_example_of_a_declaration_can_be_written() {
    for section in SECTIONS {
        for key in section.keys {
            let example = (key.example)();
            for value in key.default.iter().copied().chain([example.as_str()]) {
                let line = format!("{} = {value}\n", key.name);
                let needs = match (section.name, key.name) {
                    ("", _) => continue,
                    ("listen", "role") => "address = \"10.0.0.1:2525\"\n",
                    ("listen", "address") => "role = \"inbound\"\nsocket = \"smtp\"\n",
                    ("listen", _) => "role = \"inbound\"\naddress = \"10.0.0.1:2525\"\n",
                    ("route", "domains") => "mx = true\n",
                    ("route", "hosts" | "maildir" | "mx") => "domains = \"a.example\"\n",
                    ("route", _) => "domains = \"a.example\"\nhosts = \"a.example\"\n",
                    ("fallback", "hosts") => "",
                    ("fallback", _) => "hosts = \"a.example\"\n",
                    _ => "",
                };
                let (open, close) = if section.is_many { ("[[", "]]") } else { ("[", "]") };
                let text = with(&format!("\n{open}{}{close}\n{needs}{line}", section.name));
                let reading = read("mailfw.toml", &text);
                let form = [codes::KIND, codes::WORD, codes::UNIT, codes::FORM, codes::RANGE, codes::SYNTAX];
                let wrong = reading.diagnostics.iter().any(|finding| form.contains(&finding.code));
                assert!(!wrong, "{text}\n{}", shown(&reading));
            }
        }
    }
}

#[test]
fn what_is_written_is_what_is_read() {
    let config = good(
        "name = \"MX.Acme.Example\"\npolicies = \"policies\"\n\n[tls]\ncertificate = \"/c.pem\"\nkey = \"/k.pem\"\n\n\
         [[listen]]\nrole = \"inbound\"\naddress = \"0.0.0.0:25\"\n\n\
         [[listen]]\nrole = \"submission\"\naddress = [\"0.0.0.0:587\", \"[::]:587\"]\nmessages_per_minute = 20\n\
         command_timeout = \"1m 30s\"\n\n\
         [[listen]]\nrole = \"submission\"\ntls = \"implicit\"\nsocket = \"submissions\"\n\n\
         [[route]]\ndomains = [\"acme.example\", \"*.acme.example\"]\nhosts = [\"10.0.0.5:24\", \"[2001:db8::5]:24\"]\n\
         protocol = \"lmtp\"\nbalance = \"evenly\"\ntls = \"verified\"\nca = \"ca.pem\"\nschedule = \"1m\"\nexpire = \"1d\"\n\n\
         [dns]\nservers = [\"127.0.0.1\", \"[::1]:5353\"]\n\n[log]\ndestination = \"mail.log\"\n",
    );
    assert_eq!(config.server.name.as_str(), "mx.acme.example");
    let tls: Vec<Tls> = config.listeners.iter().map(|listener| listener.tls()).collect();
    assert_eq!(tls, [Tls::Offered, Tls::Required, Tls::Implicit], "by role, where there is a certificate");
    let labels: Vec<&str> = config.listeners.iter().map(|listener| listener.label()).collect();
    assert_eq!(labels, ["inbound", "submission", "submission-2"]);
    let submission = &config.listeners[1];
    assert_eq!(submission.messages_per_minute, Ceiling::of(Some(20)));
    assert!(submission.messages_per_minute.allows(20) && !submission.messages_per_minute.allows(21));
    assert_eq!(submission.command_timeout, Duration::from_secs(90));
    assert_eq!(submission.certificate.as_ref().unwrap().node, PathBuf::from("/c.pem"));
    let route = &config.routes[0];
    assert_eq!(
        (route.label(), route.protocol, route.tls),
        ("acme.example", Protocol::Lmtp, RouteTls::Verified)
    );
    assert_eq!(route.balance, Balance::Evenly);
    let hosts: Vec<String> = route.hosts.iter().map(Host::to_string).collect();
    assert_eq!(hosts, ["10.0.0.5:24", "[2001:db8::5]:24"]);
    let retry = config.retry.of_route(route);
    assert_eq!(
        (retry.wait_after(1), retry.wait_after(9)),
        (Duration::from_secs(60), Duration::from_secs(60))
    );
    assert_eq!(retry.expire, Duration::from_secs(86_400));
    assert_eq!(config.dns.servers[0].0.to_string(), "127.0.0.1:53");
    assert_eq!(config.log.destination, LogDestination::File(PathBuf::from("mail.log")));
}

#[test]
fn relative_paths_are_taken_from_the_folder_of_the_configuration() {
    let reading = read("/etc/mailfw/mailfw.toml", LEAST);
    assert_eq!(reading.config.unwrap().server.policies.node, PathBuf::from("/etc/mailfw/policies"));
    let here = LEAST.replace("\"policies\"", "\".\"");
    assert_eq!(read("a/mailfw.toml", &here).config.unwrap().server.policies.node, PathBuf::from("a"));
    assert_eq!(read("mailfw.toml", &here).config.unwrap().server.policies.node, PathBuf::from("."));
}

#[test]
fn the_example_reads_without_a_finding_and_fits_its_policy_set() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/acme/mailfw.toml");
    let config = good(&std::fs::read_to_string(path).unwrap());
    let hir = crate::examples::checked(&crate::examples::example("acme")).0.hir.unwrap();
    let site = &hir.site;
    assert!(!site.domains.is_empty());
    let found = together::with_site(&config, &site.domains, &site.networks);
    assert!(found.is_empty(), "{:?}", found.iter().map(|finding| &finding.message).collect::<Vec<_>>());
}

#[test]
fn the_page_of_the_configuration_begins_with_one_that_reads() {
    let page = mailfw::tools::configuration::page();
    let (text, _) = page.split_once("```toml\n").unwrap().1.split_once("```").unwrap();
    good(text);
    for section in SECTIONS {
        for key in section.keys {
            assert!(page.contains(&format!("| `{}` | ", key.name)), "{}", key.name);
        }
    }
}

#[test]
fn the_demo_listens_on_loopback_alone_and_keeps_all_mail_in_its_folder() {
    let state = Path::new("/tmp/a \"demo\"");
    let reading = demo::demo(state, Path::new("/tmp/policies"), 2525);
    assert!(reading.diagnostics.is_empty(), "{}", shown(&reading));
    let config = reading.config.unwrap();
    let addresses: Vec<_> = config.listeners.iter().flat_map(|listener| &listener.address).collect();
    assert_eq!(addresses.len(), 2);
    assert!(addresses.iter().all(|address| address.ip().is_loopback()));
    assert_eq!(config.server.state.node, state);
    let anna = Address::parse("anna@acme.example").unwrap();
    let routes = Routes::new(&config);
    let Destination::Maildir(maildir) = routes.of(&anna).destination() else { panic!("a Maildir") };
    assert_eq!(maildir.of(&anna), state.join("mail/acme.example/anna"));
    assert_eq!(
        demo::demo(state, state, u16::MAX).config.unwrap().listeners[1].address[0].port(),
        u16::MAX - 1
    );
}

#[test]
fn no_recipient_leads_out_of_the_folder_of_maildirs() {
    let config = good(&with("\n[[route]]\ndomains = \"*\"\nmaildir = \"/mail/{domain}/{local}\"\n"));
    let Destination::Maildir(maildir) = config.routes[0].destination() else { panic!("a Maildir") };
    assert_eq!(maildir.root(), PathBuf::from("/mail"));
    let folder = |local: &str| {
        maildir.of(&Address { local: local.into(), domain: "a.example".into() }).display().to_string()
    };
    assert_eq!(folder(".."), "/mail/a.example/%2e.");
    assert_eq!(folder("../../etc"), "/mail/a.example/%2e.%2f..%2fetc");
    assert_eq!(folder("a\0b%2f"), "/mail/a.example/a%00b%252f");
    assert_eq!(folder("anna.b+list"), "/mail/a.example/anna.b+list");
    let (left, right) = (folder(&"ü".repeat(200)), folder(&format!("{}x", "ü".repeat(200))));
    assert!(left.len() < 255 && left != right, "{left}");
}

#[test]
fn the_most_exact_domain_of_a_route_holds() {
    let config = good(&with(
        "\n[[route]]\nname = \"exact\"\ndomains = \"acme.example\"\nhosts = \"a\"\n\
         [[route]]\nname = \"below\"\ndomains = \"*.acme.example\"\nhosts = \"b\"\n\
         [[route]]\nname = \"further\"\ndomains = [\"*.eu.acme.example\", \"[192.0.2.9]\"]\nhosts = \"c\"\n\
         [[route]]\nname = \"host\"\ndomains = \"mail.eu.acme.example\"\nhosts = \"d\"\n",
    ));
    let routes = Routes::new(&config);
    let route_of =
        |domain: &str| routes.of(&Address::parse(&format!("x@{domain}")).unwrap()).label().to_string();
    for (domain, route) in [
        ("acme.example", "exact"),
        ("ACME.example", "exact"),
        ("a.acme.example", "below"),
        ("a.b.acme.example", "below"),
        ("eu.acme.example", "below"),
        ("x.eu.acme.example", "further"),
        ("x.y.eu.acme.example", "further"),
        ("mail.eu.acme.example", "host"),
        ("sub.mail.eu.acme.example", "further"),
        ("notacme.example", "*"),
        ("example", "*"),
        ("[192.0.2.9]", "further"),
        ("[192.0.2.8]", "*"),
    ] {
        assert_eq!(route_of(domain), route, "{domain}");
    }
    assert_eq!(routes.iter().count(), 5);
    assert_eq!(routes.named("*").unwrap().destination(), Destination::Mx);
    let every = good(&with("\n[[route]]\nname = \"all\"\ndomains = [\"*\", \"a.example\"]\nhosts = \"a\"\n"));
    let routes = Routes::new(&every);
    assert_eq!(routes.of_domain("any.example").label(), "all");
    assert_eq!(routes.iter().count(), 1, "what a route is for needs no other");
}

#[test]
fn who_may_connect_is_said_by_role_allow_and_deny() {
    let config = good(&with(
        "deny = [\"192.0.2.0/24\", \"*.bad.example\"]\n\n\
         [[listen]]\nrole = \"outbound\"\naddress = \"10.0.0.1:2525\"\nallow = [\"172.16.0.1\", \"relay.acme.example\"]\n\
         deny = \"10.9.0.0/16\"\n",
    ));
    let site = ["10.0.0.0/8".parse().unwrap()];
    let refuses = |listener: usize, client: &str, host: Option<&str>| {
        config.listeners[listener].refuses(client.parse().unwrap(), host, &site)
    };
    assert!(!refuses(0, "203.0.113.1", None) && refuses(0, "192.0.2.7", None));
    assert!(refuses(0, "::ffff:192.0.2.7", None), "an IPv4 client of an IPv6 socket is the same client");
    assert!(
        refuses(0, "203.0.113.1", Some("mail.bad.example"))
            && !refuses(0, "203.0.113.1", Some("bad.example"))
    );
    assert!(!refuses(1, "10.1.2.3", None), "the site's networks are let in");
    assert!(refuses(1, "203.0.113.1", None), "nobody else is");
    assert!(!refuses(1, "172.16.0.1", None) && refuses(1, "172.16.0.2", None));
    assert!(!refuses(1, "203.0.113.1", Some("relay.acme.example")));
    assert!(refuses(1, "10.9.0.1", None), "deny holds against the site");
    let network = |client: &str| config.listeners[0].network_of(client.parse().unwrap()).to_string();
    assert_eq!(network("192.0.2.7"), "192.0.2.7/32");
    assert_eq!(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
    assert_eq!(network("::ffff:192.0.2.7"), "192.0.2.7/32");
}

#[test]
fn mail_for_the_site_needs_a_way_inside() {
    let domains = [DomainPattern { domain: "acme.example".into(), subdomains: false }];
    let said = |text: &str| {
        let found = together::with_site(&good(text), &domains, &[]);
        found.iter().map(|finding| (finding.code, finding.level)).collect::<Vec<_>>()
    };
    assert_eq!(said(LEAST), [(codes::LOOP, Level::Error)]);
    assert!(
        said(&with("\n[[route]]\ndomains = \"acme.example\"\nhosts = \"inside.acme.example\"\n")).is_empty()
    );
    let outbound = LEAST.replace("inbound", "outbound");
    assert_eq!(said(&outbound), [(codes::UNUSED, Level::Warning)], "nobody may use it");
}

#[test]
fn hosts_are_read_in_all_their_forms() {
    let form = |text: &str| Host::parse(text).map(|host| (matches!(host.place, Place::Name(_)), host.port));
    assert_eq!(form("mail.example.org"), Some((true, None)));
    assert_eq!(form("Mail.Example.org.:2525"), Some((true, Some(2525))));
    assert_eq!(form("192.0.2.1"), Some((false, None)));
    assert_eq!(form("192.0.2.1:25"), Some((false, Some(25))));
    assert_eq!(form("2001:db8::1"), Some((false, None)));
    assert_eq!(form("[2001:db8::1]"), Some((false, None)));
    assert_eq!(form("[2001:db8::1]:25"), Some((false, Some(25))));
    for wrong in
        ["", ":25", "mail:", "mail:0", "mail:65536", "192.0.2.256", "-a.example", "a b", "a_b", "[mail]"]
    {
        assert_eq!(form(wrong), None, "{wrong}");
    }
}

#[test]
fn many_mistakes_are_told_up_to_a_bound() {
    let text: String = (0..50_000).map(|number| format!("k{number} = 1\n")).collect();
    let begun = Instant::now();
    let told = codes_of(&text);
    assert!(told.contains(&codes::TOO_MANY.0) && told.len() < 210, "{}", told.len());
    let broken = format!("{LEAST}{}", "broken line\n".repeat(5000));
    assert!(codes_of(&broken).len() > 10);
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
    assert_eq!(codes_of(&" ".repeat(TEXT_BYTES + 1)), [codes::TOO_LARGE.0]);
}

#[test]
fn nesting_and_long_names_do_no_harm() {
    for hostile in [
        format!("{}a = 1", "a.".repeat(200_000)),
        format!("a = {}", "[".repeat(500_000)),
        format!("a = {}1{}", "{a = ".repeat(100_000), "}".repeat(100_000)),
        format!("{} = 1", "n".repeat(900_000)),
        format!("{LEAST}tls = \"{}\"", "o".repeat(900_000)),
        "[[listen]]\n".repeat(90_000),
        format!("[[route]]\ndomains = [{}]", "\"a.example\",".repeat(60_000)),
    ] {
        let reading = read("mailfw.toml", &hostile);
        assert!(reading.config.is_none());
        for finding in reading.diagnostics.iter() {
            assert!(finding.message.len() < 600, "{}", finding.message.len());
        }
    }
}

#[test]
fn what_only_holds_after_a_restart_is_known() {
    let running = good(LEAST);
    let changed = |from: &str, to: &str| {
        assert!(LEAST.contains(from));
        together::only_by_restart(&running, &good(&LEAST.replace(from, to)))
    };
    assert!(changed("name =", "# moved down a line\nname =").is_empty());
    assert!(changed("mx.acme", "mx2.acme").is_empty());
    assert_eq!(changed(":25", ":26"), ["`address` and `socket` in `[[listen]]`"]);
    assert_eq!(changed("\n[[", "state = \"s\"\nuser = \"u\"\n[["), ["`user` and `group`", "`state`"]);
    assert_eq!(changed("\n[[", "[log]\nlevel = \"debug\"\n[["), ["`[log]`"]);
    let routed = with("\n[[route]]\ndomains = \"a.example\"\nmx = true\n[retry]\nexpire = \"2d\"\n");
    assert!(together::only_by_restart(&running, &good(&routed)).is_empty(), "routes change while it runs");
}
