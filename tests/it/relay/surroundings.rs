//! What a configuration names is looked at: folders, certificates and keys, users.

use super::config::LEAST;
use mailfw::base::diagnostic::Level;
use mailfw::relay::config::{Reading, read, surroundings};
use mailfw::tools::render_human::HumanRenderer;
use mailfw::tools::terminal::Look;
use openssl::asn1::Asn1Time;
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::symm::Cipher;
use openssl::x509::extension::SubjectAlternativeName;
use openssl::x509::{X509, X509NameBuilder};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

fn key() -> PKey<Private> {
    PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap()
}

/// A certificate of a key for a name, valid from and until so many days from now.
fn certificate(key: &PKey<Private>, name: &str, from: i64, until: i64) -> Vec<u8> {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() as i64;
    let time = |days: i64| Asn1Time::from_unix(now + days * 86_400).unwrap();
    let mut made = X509::builder().unwrap();
    let mut subject = X509NameBuilder::new().unwrap();
    subject.append_entry_by_text("CN", "mailfw").unwrap();
    let subject = subject.build();
    made.set_version(2).unwrap();
    made.set_subject_name(&subject).unwrap();
    made.set_issuer_name(&subject).unwrap();
    made.set_pubkey(key).unwrap();
    made.set_not_before(&time(from)).unwrap();
    made.set_not_after(&time(until)).unwrap();
    let names = SubjectAlternativeName::new().dns(name).build(&made.x509v3_context(None, None)).unwrap();
    made.append_extension(names).unwrap();
    made.sign(key, MessageDigest::sha256()).unwrap();
    made.build().to_pem().unwrap()
}

/// A folder with everything that the configuration of [`text`] names.
fn folder(key: &PKey<Private>, certificate: &[u8]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fs::create_dir(path.join("policies")).unwrap();
    fs::write(path.join("policies/main.mfp"), "site { domains @a.example }\n").unwrap();
    fs::create_dir(path.join("state")).unwrap();
    fs::set_permissions(path.join("state"), fs::Permissions::from_mode(0o700)).unwrap();
    write_key(path, &key.private_key_to_pem_pkcs8().unwrap());
    fs::write(path.join("mx.pem"), certificate).unwrap();
    folder
}

fn write_key(folder: &Path, pem: &[u8]) {
    fs::write(folder.join("mx.key"), pem).unwrap();
    fs::set_permissions(folder.join("mx.key"), fs::Permissions::from_mode(0o600)).unwrap();
}

fn text() -> String {
    let top = LEAST.replace("\n[[listen]]", "state = \"state\"\nuser = \"USER\"\n\n[[listen]]");
    let me = nix_user();
    format!("{}certificate = \"mx.pem\"\nkey = \"mx.key\"\n", top.replace("USER", &me))
}

/// The user who runs the tests.
fn nix_user() -> String {
    nix::unistd::User::from_uid(nix::unistd::geteuid()).unwrap().unwrap().name
}

fn reading(folder: &Path, text: &str) -> Reading {
    read(folder.join("mailfw.toml").to_str().unwrap(), text)
}

/// What is said of the surroundings: level and message, paths shortened.
fn said(folder: &Path, text: &str) -> Vec<String> {
    let reading = reading(folder, text);
    let config = reading.config.as_ref().unwrap_or_else(|| panic!("{}", shown(&reading)));
    let found = surroundings::surroundings(config);
    let level = |level: Level| if level == Level::Error { "error" } else { "warning" };
    let here = format!("{}/", folder.display());
    let mut lines = Vec::new();
    for finding in found.sorted() {
        assert!(reading.map.get(finding.primary.span.source).is_some() && finding.help.is_some());
        lines.push(format!("{}: {}", level(finding.level), finding.message.replace(&here, "")));
    }
    // Whoever runs the tests as root would be warned of that in each of them.
    lines.retain(|line| !line.contains("stay root"));
    lines
}

fn shown(reading: &Reading) -> String {
    HumanRenderer::new(&reading.map, Look { unicode: true, color: false, width: 100 })
        .render_all(reading.diagnostics.sorted())
}

#[test]
fn nothing_is_said_where_everything_is_there() {
    let key = key();
    let folder = folder(&key, &certificate(&key, "*.acme.example", -1, 90));
    assert!(said(folder.path(), &text()).is_empty(), "{:?}", said(folder.path(), &text()));
    assert_eq!(fs::read_dir(folder.path().join("state")).unwrap().count(), 0, "nothing stays behind");
}

#[test]
fn everything_that_is_missing_is_told_in_one_run() {
    let folder = tempfile::tempdir().unwrap();
    let text = format!(
        "{}\n[recipients]\ncheck = \"lists\"\nlists = \"people.txt\"\n\n\
         [[route]]\ndomains = \"a.example\"\nhosts = \"a\"\ntls = \"verified\"\nca = \"ca.pem\"\n\n\
         [log]\ndestination = \"logs/mail.log\"\n",
        text()
    );
    assert_eq!(
        said(folder.path(), &text),
        [
            "error: there is no folder `logs` for the log",
            "error: the policy set `policies` is not there",
            "error: the state folder `state` is not there",
            "error: the certificate `mx.pem` is not there",
            "error: the key `mx.key` is not there",
            "error: the list `people.txt` is not there",
            "error: the file of authorities `ca.pem` is not there",
        ]
    );
}

#[test]
fn a_key_that_is_another_certificates_is_refused() {
    let (own, other) = (key(), key());
    let folder = folder(&other, &certificate(&own, "mx.acme.example", -1, 90));
    assert_eq!(said(folder.path(), &text()), ["error: the key `mx.key` is not the certificate's"]);
}

#[test]
fn a_key_with_a_passphrase_is_refused_and_asked_for_by_nobody() {
    let key = key();
    let folder = folder(&key, &certificate(&key, "mx.acme.example", -1, 90));
    let locked = key.private_key_to_pem_pkcs8_passphrase(Cipher::aes_128_cbc(), b"secret").unwrap();
    write_key(folder.path(), &locked);
    assert_eq!(said(folder.path(), &text()), ["error: the key `mx.key` has a passphrase"]);
    write_key(folder.path(), b"nothing of the kind");
    assert_eq!(said(folder.path(), &text()), ["error: there is no key in `mx.key`"]);
}

#[test]
fn a_certificate_that_ended_or_soon_ends_or_names_another_is_told() {
    let key = key();
    let said_of = |name: &str, from: i64, until: i64| {
        let folder = folder(&key, &certificate(&key, name, from, until));
        let said = said(folder.path(), &text());
        // The moment is another each day.
        said.into_iter().map(|line| line.split(" valid ").next().unwrap().to_string()).collect::<Vec<_>>()
    };
    assert_eq!(said_of("mx.acme.example", -9, -1), ["error: the certificate `mx.pem` was"]);
    assert_eq!(said_of("mx.acme.example", 1, 90), ["error: the certificate `mx.pem` is"]);
    assert_eq!(said_of("mx.acme.example", -9, 3), ["warning: the certificate `mx.pem` is"]);
    let other = ["warning: the certificate `mx.pem` does not name `mx.acme.example`"];
    assert_eq!(said_of("other.example", -9, 90), other);
    assert_eq!(said_of("*.mx.acme.example", -9, 90), other);
    assert_eq!(said_of("*.example", -9, 90), other, "a star is one label");
    let folder = folder(&key, b"no certificate");
    assert_eq!(said(folder.path(), &text()), ["error: there is no certificate in `mx.pem`"]);
}

#[test]
fn what_others_can_read_is_told() {
    let key = key();
    let folder = folder(&key, &certificate(&key, "mx.acme.example", -1, 90));
    let set = |name: &str, mode| {
        fs::set_permissions(folder.path().join(name), fs::Permissions::from_mode(mode)).unwrap();
    };
    set("mx.key", 0o644);
    set("state", 0o755);
    assert_eq!(
        said(folder.path(), &text()),
        [
            "warning: others can look into the state folder `state`, where mail is kept",
            "warning: others can read the key `mx.key`",
        ]
    );
}

#[test]
fn users_that_are_not_there_are_told() {
    let key = key();
    let folder = folder(&key, &certificate(&key, "mx.acme.example", -1, 90));
    let strangers = text().replace(
        &format!("user = \"{}\"", nix_user()),
        "user = \"nobody-of-this-name\"\ngroup = \"nor-of-this\"",
    );
    assert_eq!(
        said(folder.path(), &strangers),
        ["error: there is no user `nobody-of-this-name`", "error: there is no group `nor-of-this`"]
    );
}

#[test]
fn files_in_place_of_folders_and_folders_in_place_of_files_are_told() {
    let key = key();
    let folder = folder(&key, &certificate(&key, "mx.acme.example", -1, 90));
    fs::remove_dir(folder.path().join("state")).unwrap();
    fs::write(folder.path().join("state"), "").unwrap();
    fs::remove_file(folder.path().join("policies/main.mfp")).unwrap();
    fs::remove_file(folder.path().join("mx.pem")).unwrap();
    fs::create_dir(folder.path().join("mx.pem")).unwrap();
    assert_eq!(
        said(folder.path(), &text()),
        [
            "error: the policy set `policies/main.mfp` is not there",
            "error: the state folder `state` is a file",
            "error: the certificate `mx.pem` cannot be used: it is no file",
        ]
    );
}
