//! Whether what a configuration names is there: folders, files, certificates, users.
//!
//! The only part of the configuration that looks outside. It reads what the server would read and writes nothing but a
//! file in the state folder that it takes away again. What it says holds for the user who runs it and for this moment.

use super::codes;
use super::route::Destination;
use super::running::LogDestination;
use super::{Config, Diagnostics};
use crate::base::diagnostic::{Code, Diagnostic};
use crate::base::source::{Span, Spanned};
use crate::base::system::reason;
use crate::relay::smtp::server::Tls;
use nix::unistd::{Group, User, geteuid};
use openssl::asn1::Asn1Time;
use openssl::pkey::{PKey, Private};
use openssl::x509::X509;
use std::collections::BTreeSet;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Bytes of a file of certificates or keys.
const PEM_BYTES: u64 = 16 << 20;
/// Days before its end at which a certificate is warned of.
const DAYS_LEFT: u32 = 14;

/// Everything that is wrong or doubtful around a configuration.
pub fn surroundings(config: &Config) -> Diagnostics {
    let mut around = Around { config, found: Diagnostics::default() };
    let user = around.account();
    around.policies();
    around.state(user.as_ref());
    around.certificates();
    around.authorities();
    for list in &config.recipients.lists {
        around.readable(list, "the list");
    }
    around.folders();
    around.found
}

/// What is looked at, and what was found.
struct Around<'c> {
    config: &'c Config,
    found: Diagnostics,
}

impl Around<'_> {
    fn error(&mut self, code: Code, span: Span, message: String, help: &str) {
        self.found.push(Diagnostic::error(code, span, message).help(help));
    }

    fn warning(&mut self, code: Code, span: Span, message: String, help: &str) {
        self.found.push(Diagnostic::warning(code, span, message).help(help));
    }

    /// The user to become; sees that there is one and that it can be become.
    fn account(&mut self) -> Option<User> {
        let config = self.config;
        if let Some(group) = &config.server.group
            && !matches!(Group::from_name(&group.node), Ok(Some(_)))
        {
            let message = format!("there is no group `{}`", group.node);
            self.error(codes::ACCOUNT, group.span, message, "name one that is there, or leave it out");
        }
        let Some(name) = &config.server.user else {
            if geteuid().is_root() {
                let message = "the server would stay root: it handles what strangers send".to_string();
                self.warning(codes::RISK, config.start(), message, "add `user = \"mailfw\"`");
            }
            return None;
        };
        let Ok(Some(user)) = User::from_name(&name.node) else {
            let message = format!("there is no user `{}`", name.node);
            self.error(
                codes::ACCOUNT,
                name.span,
                message,
                "name one that is there: `useradd --system mailfw` makes one",
            );
            return None;
        };
        if !geteuid().is_root() && geteuid() != user.uid {
            let message = format!("only root can become `{}`", name.node);
            self.error(
                codes::ACCOUNT,
                name.span,
                message,
                "start the server as root or as that user, or leave `user` out",
            );
        }
        Some(user)
    }

    fn policies(&mut self) {
        let policies = &self.config.server.policies;
        let Some(metadata) = self.metadata(policies, "the policy set") else { return };
        if metadata.is_dir() {
            let main = Spanned::new(policies.node.join("main.mfp"), policies.span);
            self.readable(&main, "the policy set");
        } else {
            self.readable(policies, "the policy set");
        }
    }

    fn state(&mut self, user: Option<&User>) {
        let state = &self.config.server.state;
        let Some(metadata) = self.metadata(state, "the state folder") else { return };
        let shown = state.node.display();
        if !metadata.is_dir() {
            let message = format!("the state folder `{shown}` is a file");
            self.error(codes::PLACE, state.span, message, "name a folder that belongs to the server's user");
            return;
        }
        if metadata.mode() & 0o007 != 0 {
            let message = format!("others can look into the state folder `{shown}`, where mail is kept");
            self.warning(codes::EXPOSED, state.span, message, "take their rights away: `chmod 700`");
        }
        // Root writes everywhere; the user it becomes does not.
        if let Some(user) = user.filter(|user| geteuid().is_root() && user.uid.as_raw() != metadata.uid()) {
            let message = format!("the state folder `{shown}` does not belong to `{}`", user.name);
            self.error(codes::PLACE, state.span, message, "give it to the server's user: `chown -R`");
            return;
        }
        let probe = state.node.join(format!(".check-{}", std::process::id()));
        let written = OpenOptions::new().write(true).create_new(true).open(&probe);
        match written {
            Ok(_) => drop(fs::remove_file(&probe)),
            Err(error) => {
                let message =
                    format!("nothing can be written into the state folder `{shown}`: {}", reason(&error));
                self.error(codes::PLACE, state.span, message, "see that the server's user may write there");
            }
        }
    }

    /// Certificates of listeners that encrypt, each pair once.
    fn certificates(&mut self) {
        let config = self.config;
        let mut seen: BTreeSet<(&Path, &Path)> = BTreeSet::new();
        for listener in config.listeners.iter().filter(|listener| listener.tls() != Tls::Off) {
            let (Some(certificate), Some(key)) = (&listener.certificate, &listener.key) else { continue };
            if seen.insert((&certificate.node, &key.node)) {
                self.pair(certificate, key);
            }
        }
    }

    fn pair(&mut self, certificate: &Spanned<PathBuf>, key: &Spanned<PathBuf>) {
        let chain = self.certificates_of(certificate, "the certificate");
        let private = self.key_of(key);
        let Some(own) = chain.as_ref().and_then(|chain| chain.first()) else { return };
        self.validity(own, certificate);
        self.names(own, certificate);
        let Some(private) = private else { return };
        if !own.public_key().is_ok_and(|public| public.public_eq(&private)) {
            let message = format!("the key `{}` is not the certificate's", key.node.display());
            let finding = Diagnostic::error(codes::CERTIFICATE, key.span, message)
                .also(certificate.span, "this certificate")
                .help("name the key the certificate was made for; the server's own certificate stands first in its file");
            self.found.push(finding);
        }
    }

    fn certificates_of(&mut self, file: &Spanned<PathBuf>, what: &str) -> Option<Vec<X509>> {
        let pem = self.bytes(file, what)?;
        match X509::stack_from_pem(&pem) {
            Ok(chain) if !chain.is_empty() => Some(chain),
            _ => {
                let message = format!("there is no certificate in `{}`", file.node.display());
                self.error(
                    codes::CERTIFICATE,
                    file.span,
                    message,
                    "it is written in PEM: `-----BEGIN CERTIFICATE-----`",
                );
                None
            }
        }
    }

    fn key_of(&mut self, file: &Spanned<PathBuf>) -> Option<PKey<Private>> {
        let pem = self.bytes(file, "the key")?;
        let shown = file.node.display();
        if fs::metadata(&file.node).is_ok_and(|metadata| metadata.permissions().mode() & 0o007 != 0) {
            let message = format!("others can read the key `{shown}`");
            self.warning(codes::EXPOSED, file.span, message, "take their rights away: `chmod 600`");
        }
        // A passphrase that is given keeps openssl from asking for one.
        let key = PKey::private_key_from_pem_passphrase(&pem, b"").ok();
        if key.is_none() {
            let has_passphrase = memchr::memmem::find(&pem, b"ENCRYPTED").is_some();
            let (message, help) = match has_passphrase {
                true => (
                    format!("the key `{shown}` has a passphrase"),
                    "nobody is there to type it: `openssl pkey` writes it without",
                ),
                false => (
                    format!("there is no key in `{shown}`"),
                    "it is written in PEM: `-----BEGIN PRIVATE KEY-----`",
                ),
            };
            self.error(codes::CERTIFICATE, file.span, message, help);
        }
        key
    }

    fn validity(&mut self, certificate: &X509, file: &Spanned<PathBuf>) {
        let shown = file.node.display();
        let (Ok(now), Ok(soon)) = (Asn1Time::days_from_now(0), Asn1Time::days_from_now(DAYS_LEFT)) else {
            return;
        };
        let end = certificate.not_after();
        if certificate.not_before() > now {
            let message = format!("the certificate `{shown}` is valid from {} on", certificate.not_before());
            self.error(codes::CERTIFICATE, file.span, message, "see whether the clock is right");
        } else if end < now {
            let message = format!("the certificate `{shown}` was valid until {end}");
            self.error(codes::CERTIFICATE, file.span, message, "renew it");
        } else if end < soon {
            let message = format!("the certificate `{shown}` is valid until {end}");
            self.warning(
                codes::CERTIFICATE,
                file.span,
                message,
                "renew it; the server takes the new one without a restart",
            );
        }
    }

    fn names(&mut self, certificate: &X509, file: &Spanned<PathBuf>) {
        let name = self.config.server.name.as_str();
        let names: Vec<String> = certificate
            .subject_alt_names()
            .into_iter()
            .flatten()
            .filter_map(|name| name.dnsname().map(str::to_ascii_lowercase))
            .collect();
        // `*` stands for one label (RFC 9525, 6.3).
        let is_named = names.iter().any(|known| match known.strip_prefix("*.") {
            Some(parent) => name.split_once('.').is_some_and(|(_, rest)| rest == parent),
            None => known == name,
        });
        if !is_named {
            let message = format!("the certificate `{}` does not name `{name}`", file.node.display());
            self.warning(
                codes::CERTIFICATE,
                file.span,
                message,
                "clients that look would refuse it: have a certificate made for the server's `name`",
            );
        }
    }

    fn authorities(&mut self) {
        let config = self.config;
        let of_routes = config.routes.iter().filter_map(|route| route.ca.as_ref());
        for ca in of_routes.chain(config.fallback.iter().filter_map(|fallback| fallback.ca.as_ref())) {
            self.certificates_of(ca, "the file of authorities");
        }
    }

    /// Folders that are written into.
    fn folders(&mut self) {
        let config = self.config;
        let span = config.start();
        if let LogDestination::File(file) = &config.log.destination {
            let folder = file.parent().unwrap_or(Path::new("/"));
            if !folder.as_os_str().is_empty() && !folder.is_dir() {
                let message = format!("there is no folder `{}` for the log", folder.display());
                self.error(codes::PLACE, span, message, "make it, or write `destination = \"stderr\"`");
            }
        }
        for route in &config.routes {
            let Destination::Maildir(maildir) = route.destination() else { continue };
            let root = maildir.root();
            let there = root.ancestors().find(|folder| folder.exists());
            if there.is_some_and(|folder| !folder.is_dir()) {
                let message = format!("the Maildirs of route `{}` lie below a file", route.label());
                self.error(codes::PLACE, span, message, "name a folder");
            }
        }
    }

    fn metadata(&mut self, file: &Spanned<PathBuf>, what: &str) -> Option<Metadata> {
        let metadata = fs::metadata(&file.node);
        if let Err(error) = &metadata {
            self.unusable(file, what, error);
        }
        metadata.ok()
    }

    fn readable(&mut self, file: &Spanned<PathBuf>, what: &str) {
        let opened = File::open(&file.node).and_then(|file| file.metadata());
        match opened {
            Ok(metadata) if metadata.is_file() => {}
            Ok(_) => {
                let message = format!("{what} `{}` is no file", file.node.display());
                self.error(codes::PLACE, file.span, message, "name a file");
            }
            Err(error) => self.unusable(file, what, &error),
        }
    }

    fn bytes(&mut self, file: &Spanned<PathBuf>, what: &str) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        // Opening a pipe would wait for whoever writes into it.
        let is_file = fs::metadata(&file.node).map(|metadata| metadata.is_file());
        let read = is_file.and_then(|is_file| match is_file {
            true => File::open(&file.node)?.take(PEM_BYTES).read_to_end(&mut bytes),
            false => Err(io::Error::other("it is no file")),
        });
        match read {
            Ok(_) => Some(bytes),
            Err(error) => {
                self.unusable(file, what, &error);
                None
            }
        }
    }

    fn unusable(&mut self, file: &Spanned<PathBuf>, what: &str, error: &io::Error) {
        let shown = file.node.display();
        match error.kind() {
            ErrorKind::NotFound => {
                let message = format!("{what} `{shown}` is not there");
                self.error(codes::PLACE, file.span, message, "see whether the path is right, or make it");
            }
            _ => {
                let message = format!("{what} `{shown}` cannot be used: {}", reason(error));
                self.error(codes::PLACE, file.span, message, "see that the user who runs mailfw may read it");
            }
        }
    }
}
