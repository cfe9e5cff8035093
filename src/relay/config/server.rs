//! The keys before the first section, and the certificate of the whole server.

use super::codes;
use super::declare::{section, words};
use super::network::HostName;
use super::reader::{Reader, Table};
use crate::base::diagnostic::Diagnostic;
use crate::base::source::Spanned;
use std::path::PathBuf;

section! {
    /// Who the server is and where its things are. These keys stand before the first section.
    pub struct Server in "" {
        /// The name of this host, as it calls itself in greetings, in `EHLO` and in trace fields. The outside should
        /// find it by DNS.
        name: HostName;
        /// The folder of the policy set (with `main.mfp` in it), or its one file. Relative paths, here and elsewhere, are
        /// taken from the folder of this file.
        policies: Spanned<PathBuf>;
        /// The folder of everything the server keeps: messages, the quarantine, the queues. It belongs to the server's
        /// user and to nobody else.
        state: Spanned<PathBuf> = "\"/var/lib/mailfw\"";
        /// The user to become once the sockets are open, where the server is started as root. Without it the server keeps
        /// the user it was started as.
        user: Option<Spanned<String>>;
        /// The group to become; without it the user's own.
        group: Option<Spanned<String>>;
    }
}

impl Server {
    /// Sees that the keys go together.
    pub(super) fn check(&self, table: &Table<'_>, reader: &mut Reader) {
        if let (Some(group), None) = (&self.group, &self.user) {
            reader.push(
                Diagnostic::error(codes::MISSING, group.span, "`group` needs `user`")
                    .help("add `user`: only root can become another group, and does so for good"),
            );
        }
        if let Some(user) = self.user.as_ref().filter(|user| user.node == "root") {
            reader.push(
                Diagnostic::warning(codes::RISK, user.span, "the server would stay root")
                    .help("name a user of its own, such as `mailfw`, who may write the `state` folder"),
            );
        }
        if !self.name.as_str().contains('.') && self.name.as_str() != "localhost" {
            let message = format!("`{}` is not a full name: other servers may refuse it", self.name);
            reader.push(
                Diagnostic::warning(codes::RISK, table.at("name"), message)
                    .help("write the name with its domain, as DNS has it"),
            );
        }
    }
}

words! {
    /// Versions of TLS.
    pub enum TlsVersion {
        /// TLS 1.2 (RFC 5246).
        V12 = "1.2",
        /// TLS 1.3 (RFC 8446); some older servers cannot encrypt then.
        V13 = "1.3",
    }
}

section! {
    /// The certificate of the server, for listeners that have none of their own, and what encryption is accepted.
    pub struct TlsSettings in "tls" {
        /// A file with the certificate and those between it and the authority, in PEM, the server's own first.
        certificate: Option<Spanned<PathBuf>>;
        /// A file with the certificate's private key, in PEM, that only the server's user can read.
        key: Option<Spanned<PathBuf>>;
        /// The oldest version that is spoken, with clients and with servers.
        minimum: TlsVersion = "\"1.2\"";
    }
}

/// Sees that certificate and key are both there or neither.
pub(super) fn check_pair(
    certificate: Option<&Spanned<PathBuf>>,
    key: Option<&Spanned<PathBuf>>,
    reader: &mut Reader,
) {
    let (span, has, needs) = match (certificate, key) {
        (Some(certificate), None) => (certificate.span, "certificate", "key"),
        (None, Some(key)) => (key.span, "key", "certificate"),
        _ => return,
    };
    reader.push(
        Diagnostic::error(codes::MISSING, span, format!("`{has}` needs `{needs}`"))
            .help(format!("add `{needs} = \"…\"` beside it, with the path of a PEM file")),
    );
}

impl TlsSettings {
    /// Sees that the keys go together.
    pub(super) fn check(&self, reader: &mut Reader) {
        check_pair(self.certificate.as_ref(), self.key.as_ref(), reader);
    }
}
