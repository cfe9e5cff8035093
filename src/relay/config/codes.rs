//! Codes of what can be wrong with a configuration, with their pages.

use crate::base::diagnostic::Code;
use crate::language::codes::Page;

/// The text is no TOML.
pub const SYNTAX: Code = Code("mailfw::config::syntax");
/// The text, or a list in it, is beyond its bound.
pub const TOO_LARGE: Code = Code("mailfw::config::too-large");
/// There are more mistakes than are shown.
pub const TOO_MANY: Code = Code("mailfw::config::too-many");
/// A key or a section that there is not.
pub const UNKNOWN_KEY: Code = Code("mailfw::config::unknown-key");
/// What must be there is left out.
pub const MISSING: Code = Code("mailfw::config::missing");
/// A value of another kind than the key takes.
pub const KIND: Code = Code("mailfw::config::kind");
/// A word that a key does not take.
pub const WORD: Code = Code("mailfw::config::word");
/// A duration or a size without a unit, or with one that there is not.
pub const UNIT: Code = Code("mailfw::config::unit");
/// A number or a quantity outside its bounds.
pub const RANGE: Code = Code("mailfw::config::range");
/// A name, an address, a network or a quantity that is written otherwise.
pub const FORM: Code = Code("mailfw::config::form");
/// Two settings exclude each other.
pub const CONTRADICTION: Code = Code("mailfw::config::contradiction");
/// What there may be once is there twice.
pub const DUPLICATE: Code = Code("mailfw::config::duplicate");
/// A setting without effect.
pub const UNUSED: Code = Code("mailfw::config::unused");
/// Anybody could send mail to everybody.
pub const OPEN_RELAY: Code = Code("mailfw::config::open-relay");
/// Mail would come back here.
pub const LOOP: Code = Code("mailfw::config::loop");
/// A setting that is allowed and dangerous.
pub const RISK: Code = Code("mailfw::config::risk");
/// A file or a folder that is named is not there, or cannot be used.
pub const PLACE: Code = Code("mailfw::config::place");
/// A certificate or a key that does not serve.
pub const CERTIFICATE: Code = Code("mailfw::config::certificate");
/// Others can read what is secret.
pub const EXPOSED: Code = Code("mailfw::config::exposed");
/// A user or a group that there is not, or that cannot be become.
pub const ACCOUNT: Code = Code("mailfw::config::account");

/// A whole configuration around some lines, so that each example can be tried.
macro_rules! example {
    ($top:literal, $listen:literal, $more:literal) => {
        concat!(
            "name = \"mx.acme.example\"\npolicies = \"policies\"\n",
            $top,
            "\n[[listen]]\nrole = \"inbound\"\naddress = \"0.0.0.0:25\"\n",
            $listen,
            $more
        )
    };
}

/// The pages of these codes.
pub const PAGES: &[Page] = &[
    Page {
        code: SYNTAX,
        title: "the configuration is no TOML",
        text: "A configuration is written in TOML: lines of `key = value`, sections that begin with `[name]`, or with \
               `[[name]]` where there may be several. Texts stand in quotes, lists in brackets, and a comment begins \
               with `#`.\n\nWhat only fails because a line could not be read is not shown: mend it and look again.",
        failing: example!("state = /var/lib/mailfw\n", "", ""),
        passing: example!("state = \"/var/lib/mailfw\"\n", "", ""),
    },
    Page {
        code: TOO_LARGE,
        title: "the configuration is too large",
        text: "A configuration has at most a mebibyte, ten thousand listeners, ten thousand routes and 256 addresses to \
               listen on. Nobody writes as much by hand: recipients belong into list files or directories, and domains \
               that go the same way into one route.",
        failing: "",
        passing: "",
    },
    Page {
        code: TOO_MANY,
        title: "there are more mistakes than are shown",
        text: "The first two hundred mistakes of a configuration are shown. When they are mended, the others are \
               shown.\n\nMost often the file is something else than a configuration of mailfw.",
        failing: "",
        passing: "",
    },
    Page {
        code: UNKNOWN_KEY,
        title: "there is no such key or section",
        text: "A key that is misspelled would have no effect and nobody would notice, so it is refused. Keys of the \
               server itself (`name`, `policies`, `state`, `user`, `group`) stand at the beginning of the file, before \
               the first section: below a section, they are taken for keys of it.",
        failing: example!("", "max_recipient = 500\n", ""),
        passing: example!("", "max_recipients = 500\n", ""),
    },
    Page {
        code: MISSING,
        title: "something is missing",
        text: "A key without a default must be there, and some settings need others: a certificate needs its key, \
               encryption needs a certificate, a route needs somewhere to go.",
        failing: example!("", "tls = \"required\"\n", ""),
        passing: example!("", "tls = \"required\"\ncertificate = \"mx.pem\"\nkey = \"mx.key\"\n", ""),
    },
    Page {
        code: KIND,
        title: "a value is of another kind than the key takes",
        text: "A number stands without quotes, a text in them, `true` and `false` without. A list stands in brackets; \
               where a key takes several, one can stand without them. A section that there may be several of has two \
               brackets: `[[listen]]`.",
        failing: example!("", "max_recipients = \"500\"\n", ""),
        passing: example!("", "max_recipients = 500\n", ""),
    },
    Page {
        code: WORD,
        title: "a key does not take this word",
        text: "Some keys take one of a few words; `docs/configuration.md` lists them with what they mean.",
        failing: example!("", "tls = \"optional\"\n", ""),
        passing: example!("", "tls = \"off\"\n", ""),
    },
    Page {
        code: UNIT,
        title: "a duration or a size has no unit, or one that there is not",
        text: "`300` could be seconds or minutes, and people would read it differently. Durations have units from `ms` \
               over `s`, `m`, `h` and `d` to `w`, and can be put together: `\"1h 30m\"`. Sizes are in `B`, `KB`, `MB`, \
               `GB` or `TB`, which are powers of ten, as in policies.",
        failing: example!("", "command_timeout = 300\n", ""),
        passing: example!("", "command_timeout = \"5m\"\n", ""),
    },
    Page {
        code: RANGE,
        title: "a number is outside its bounds",
        text: "Numbers and durations begin above nothing: where nothing or no bound at all can be meant, there is a word \
               for it, such as `unlimited` or `never`. Their other end is where a mistake is likelier than a wish.",
        failing: example!("", "max_connections = 0\n", ""),
        passing: example!("", "max_connections = 500\n", ""),
    },
    Page {
        code: FORM,
        title: "a name, an address or a quantity is written otherwise",
        text: "What is looked for stands in the help: full names of hosts (`mx.example.org`), addresses with their port \
               (`192.0.2.1:25`, `[2001:db8::1]:25`), networks without bits of a host (`10.0.0.0/8`), domains \
               (`example.org`, `*.example.org`, `*`).",
        failing: example!("", "deny = \"10.0.0.1/8\"\n", ""),
        passing: example!("", "deny = \"10.0.0.0/8\"\n", ""),
    },
    Page {
        code: CONTRADICTION,
        title: "two settings exclude each other",
        text: "Both cannot hold, and which of them was meant is not to be guessed.",
        failing: example!(
            "",
            "",
            "\n[[route]]\ndomains = \"acme.example\"\nhosts = \"10.0.0.5\"\nmx = true\n"
        ),
        passing: example!("", "", "\n[[route]]\ndomains = \"acme.example\"\nhosts = \"10.0.0.5\"\n"),
    },
    Page {
        code: DUPLICATE,
        title: "what there may be once is there twice",
        text: "An address can be listened on once (`0.0.0.0` is every IPv4 address of the machine), a domain has one \
               route, and names of listeners and routes tell them apart.",
        failing: example!("", "", "\n[[listen]]\nrole = \"outbound\"\naddress = \"10.0.0.1:25\"\n"),
        passing: example!("", "", "\n[[listen]]\nrole = \"outbound\"\naddress = \"10.0.0.1:26\"\n"),
    },
    Page {
        code: UNUSED,
        title: "a setting has no effect",
        text: "It is written, and something else keeps it from mattering. That is rarely meant, and dangerous where \
               the setting was to protect something: a file of authorities does nothing where certificates are not \
               looked at.",
        failing: example!(
            "",
            "",
            "\n[[route]]\ndomains = \"*\"\nhosts = \"relay.example.net\"\nca = \"ca.pem\"\n"
        ),
        passing: example!(
            "",
            "",
            "\n[[route]]\ndomains = \"*\"\nhosts = \"relay.example.net\"\ntls = \"verified\"\nca = \"ca.pem\"\n"
        ),
    },
    Page {
        code: OPEN_RELAY,
        title: "anybody could send mail to everybody",
        text: "A server that takes mail from anybody for anybody is found within hours and used to send spam; others \
               then refuse its mail. Mail from anybody comes in by a listener with `role = \"inbound\"`, which takes it \
               for the site's recipients alone. `outbound` and `submission` are for clients that you know.",
        failing: example!(
            "",
            "",
            "\n[[listen]]\nrole = \"outbound\"\naddress = \"10.0.0.1:2525\"\nallow = [\"0.0.0.0/0\"]\n"
        ),
        passing: example!(
            "",
            "",
            "\n[[listen]]\nrole = \"outbound\"\naddress = \"10.0.0.1:2525\"\nallow = [\"10.0.0.0/8\"]\n"
        ),
    },
    Page {
        code: LOOP,
        title: "mail would come back here",
        text: "A route that leads to this server sends mail round in circles until it has passed too often and is \
               returned. That happens by naming an address that this server listens on, or where the site's domains \
               have no route at all: DNS says that their mail goes here.",
        failing: example!("", "", "\n[[route]]\ndomains = \"acme.example\"\nhosts = \"127.0.0.1:25\"\n"),
        passing: example!("", "", "\n[[route]]\ndomains = \"acme.example\"\nhosts = \"10.0.0.5:25\"\n"),
    },
    Page {
        code: RISK,
        title: "a setting is allowed and dangerous",
        text: "It may be right where you are: then leave it, and the warning stays as a reminder. The message says what \
               can happen.",
        failing: example!("", "", "\n[recipients]\ncheck = \"none\"\n"),
        passing: example!("", "", "\n[recipients]\ncheck = \"directories\"\n"),
    },
    Page {
        code: PLACE,
        title: "a file or a folder that the configuration names cannot be used",
        text: "It is not there, is something else, or the server may not read or write it. Relative paths are taken \
               from the folder of the configuration. `mailfw serve --check` looks at everything that is named, as the \
               user who runs it.",
        failing: example!("state = \"/var/lib/malifw\"\n", "", ""),
        passing: example!("state = \"/var/lib/mailfw\"\n", "", ""),
    },
    Page {
        code: CERTIFICATE,
        title: "a certificate or its key does not serve",
        text: "The file holds no certificate or no key in PEM, the key is another certificate's or has a passphrase, the \
               certificate is not valid yet, no longer or soon no longer, or does not name this server.\n\nThe server's \
               own certificate comes first in its file, then those between it and the authority.",
        failing: "",
        passing: "",
    },
    Page {
        code: EXPOSED,
        title: "others can read what is secret",
        text: "Whoever reads the private key can pose as this server; whoever reads the state folder reads the mail in \
               it. The server's user alone needs them: `chmod 600` for the key, `chmod 700` for the folder.",
        failing: "",
        passing: "",
    },
    Page {
        code: ACCOUNT,
        title: "the server cannot become this user or group",
        text: "There is none of that name, or the server is not started by root, who alone can become somebody else. \
               Packages make a user `mailfw`; `useradd --system mailfw` does as well.",
        failing: example!("user = \"malifw\"\n", "", ""),
        passing: example!("user = \"mailfw\"\n", "", ""),
    },
];
