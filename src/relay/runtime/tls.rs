//! Encryption of connections: certificates of listeners, and what is asked of servers.

use super::Shared;
use super::routing::Target;
use crate::relay::config::listen::Listener;
use crate::relay::config::route::RouteTls;
use crate::relay::config::server::TlsVersion;
use openssl::error::ErrorStack;
use openssl::ssl::{
    Ssl, SslAcceptor, SslConnector, SslFiletype, SslMethod, SslOptions, SslVerifyMode, SslVersion,
};
use std::path::Path;
use std::sync::Arc;

/// The certificate and key of a listener, read now; `None` where it has none. The error says what is wrong with them.
pub fn acceptor(listener: &Listener, minimum: TlsVersion) -> Result<Option<Arc<SslAcceptor>>, String> {
    let (Some(certificate), Some(key)) = (&listener.certificate, &listener.key) else { return Ok(None) };
    let told = |error: ErrorStack| {
        format!(
            "certificate {} with key {}: {}",
            certificate.node.display(),
            key.node.display(),
            words(&error)
        )
    };
    build_acceptor(&certificate.node, &key.node, minimum).map(|made| Some(Arc::new(made))).map_err(told)
}

fn build_acceptor(certificate: &Path, key: &Path, minimum: TlsVersion) -> Result<SslAcceptor, ErrorStack> {
    let mut builder = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server())?;
    builder.set_min_proto_version(Some(version(minimum)))?;
    builder.set_options(SslOptions::NO_RENEGOTIATION);
    builder.set_certificate_chain_file(certificate)?;
    builder.set_private_key_file(key, SslFiletype::PEM)?;
    builder.check_private_key()?;
    Ok(builder.build())
}

/// What a connection to a server is encrypted with. Where nothing else is asked for, any certificate does: it is still
/// better than none (RFC 7435).
pub(super) fn to_server(shared: &Shared, target: &Target, host: &str) -> Result<Ssl, String> {
    let verified = target.tls == RouteTls::Verified;
    let made = || -> Result<Ssl, ErrorStack> {
        let mut builder = SslConnector::builder(SslMethod::tls_client())?;
        builder.set_min_proto_version(Some(version(shared.minimum_tls)))?;
        builder.set_verify(if verified { SslVerifyMode::PEER } else { SslVerifyMode::NONE });
        if let Some(authorities) = &target.route.ca {
            builder.set_ca_file(&authorities.node)?;
        }
        let mut configuration = builder.build().configure()?;
        configuration.set_verify_hostname(verified);
        configuration.into_ssl(host)
    };
    made().map_err(|error| words(&error))
}

fn version(minimum: TlsVersion) -> SslVersion {
    match minimum {
        TlsVersion::V12 => SslVersion::TLS1_2,
        TlsVersion::V13 => SslVersion::TLS1_3,
    }
}

/// OpenSSL's reasons in its own words.
fn words(error: &ErrorStack) -> String {
    let reasons: Vec<&str> = error.errors().iter().filter_map(openssl::error::Error::reason).collect();
    if reasons.is_empty() { "it cannot be used".to_string() } else { reasons.join("; ") }
}
