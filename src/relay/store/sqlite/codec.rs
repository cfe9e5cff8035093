//! How what is only carried along is written: as JSON with short names, of which what is absent is left out.

use crate::message::envelope::Session;
use crate::policy::engine::PolicyKey;
use crate::relay::smtp::command::{Notify, Returns};
use crate::relay::store::{CopyKind, Judged, Parameters, Recipient, StoreError};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use std::sync::Arc;

#[derive(Serialize, Deserialize)]
struct RecipientRow {
    a: Arc<str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    n: Option<u8>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    o: Option<Arc<str>>,
}

#[derive(Serialize, Deserialize)]
struct SessionRow {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ip: Option<IpAddr>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    helo: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    user: Option<Arc<str>>,
    #[serde(default)]
    tls: bool,
    #[serde(default)]
    inside: bool,
}

#[derive(Serialize, Deserialize)]
struct ParametersRow {
    #[serde(default)]
    eight_bit: bool,
    #[serde(default)]
    utf8: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    full: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    envid: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    priority: Option<i8>,
}

#[derive(Serialize, Deserialize)]
struct JudgedRow {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    held_by: Vec<(Arc<str>, Arc<str>)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    past: Vec<(Arc<str>, Arc<str>)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    done: Vec<(Arc<str>, Arc<str>)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    why: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    tags: Vec<Arc<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    severity: Option<Arc<str>>,
}

fn written(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Io(format!("it cannot be written: {error}")))
}

fn read<'t, T: Deserialize<'t>>(text: &'t str) -> Result<T, StoreError> {
    serde_json::from_str(text)
        .map_err(|error| StoreError::Corrupt(format!("a record cannot be read: {error}")))
}

pub(super) fn recipients(recipients: &[Recipient]) -> Result<String, StoreError> {
    let rows: Vec<RecipientRow> = recipients
        .iter()
        .map(|to| RecipientRow { a: to.address.clone(), n: to.notify.map(notify), o: to.original.clone() })
        .collect();
    written(&rows)
}

pub(super) fn read_recipients(text: &str) -> Result<Vec<Recipient>, StoreError> {
    let rows: Vec<RecipientRow> = read(text)?;
    let recipient =
        |row: RecipientRow| Recipient { address: row.a, notify: row.n.map(read_notify), original: row.o };
    Ok(rows.into_iter().map(recipient).collect())
}

fn notify(notify: Notify) -> u8 {
    u8::from(notify.success) | u8::from(notify.failure) << 1 | u8::from(notify.delay) << 2
}

fn read_notify(bits: u8) -> Notify {
    Notify { success: bits & 1 != 0, failure: bits & 2 != 0, delay: bits & 4 != 0 }
}

pub(super) fn session(session: &Session) -> Result<String, StoreError> {
    written(&SessionRow {
        ip: session.client_ip,
        name: session.client_name.clone(),
        helo: session.client_helo.clone(),
        user: session.client_user.clone(),
        tls: session.client_tls,
        inside: session.client_inside,
    })
}

pub(super) fn read_session(text: &str) -> Result<Session, StoreError> {
    let row: SessionRow = read(text)?;
    Ok(Session {
        client_ip: row.ip,
        client_name: row.name,
        client_helo: row.helo,
        client_user: row.user,
        client_tls: row.tls,
        client_inside: row.inside,
    })
}

pub(super) fn parameters(parameters: &Parameters) -> Result<String, StoreError> {
    written(&ParametersRow {
        eight_bit: parameters.eight_bit,
        utf8: parameters.utf8,
        full: parameters.returns.map(|returns| returns == Returns::Full),
        envid: parameters.envelope_id.clone(),
        priority: parameters.priority,
    })
}

pub(super) fn read_parameters(text: &str) -> Result<Parameters, StoreError> {
    let row: ParametersRow = read(text)?;
    Ok(Parameters {
        eight_bit: row.eight_bit,
        utf8: row.utf8,
        returns: row.full.map(|full| if full { Returns::Full } else { Returns::Headers }),
        envelope_id: row.envid,
        priority: row.priority,
    })
}

pub(super) fn judged(judged: &Judged) -> Result<String, StoreError> {
    let keys =
        |keys: &[PolicyKey]| keys.iter().map(|key| (key.directory.clone(), key.policy.clone())).collect();
    written(&JudgedRow {
        held_by: keys(&judged.held_by),
        past: keys(&judged.past),
        done: keys(&judged.done),
        why: judged.why.clone(),
        tags: judged.tags.clone(),
        severity: judged.severity.clone(),
    })
}

pub(super) fn read_judged(text: &str) -> Result<Judged, StoreError> {
    let row: JudgedRow = read(text)?;
    let keys = |rows: Vec<(Arc<str>, Arc<str>)>| {
        rows.into_iter().map(|(directory, policy)| PolicyKey { directory, policy }).collect()
    };
    Ok(Judged {
        held_by: keys(row.held_by),
        past: keys(row.past),
        done: keys(row.done),
        why: row.why,
        tags: row.tags,
        severity: row.severity,
    })
}

pub(super) fn kind(kind: CopyKind) -> i64 {
    match kind {
        CopyKind::Message => 0,
        CopyKind::Notification => 1,
        CopyKind::Copy => 2,
        CopyKind::Report => 3,
    }
}

pub(super) fn read_kind(number: i64) -> Result<CopyKind, StoreError> {
    match number {
        0 => Ok(CopyKind::Message),
        1 => Ok(CopyKind::Notification),
        2 => Ok(CopyKind::Copy),
        3 => Ok(CopyKind::Report),
        other => Err(StoreError::Corrupt(format!("there is no kind {other} of copies"))),
    }
}

pub(super) fn read_moment(milliseconds: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_millisecond(milliseconds)
        .map_err(|_| StoreError::Corrupt(format!("{milliseconds} is no moment")))
}
