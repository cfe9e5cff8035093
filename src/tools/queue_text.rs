//! Queues, copies and what happened to them, for people and as JSON.

use super::terminal::printable;
use crate::relay::store::{Arrival, AuditEntry, Copy, CopyKind, Event, Place, State};
use serde_json::{Value, json};

/// A copy as one line: name, when, size, where it stands, from, for, subject.
pub fn line(copy: &Copy, subject: Option<&str>) -> String {
    format!(
        "{:<19} {} {:>8}  {:<22} <{}> for {}  {}\n",
        copy.id.to_string(),
        copy.received.strftime("%Y-%m-%d %H:%M"),
        size(copy.size),
        stands(&copy.state),
        printable(&copy.sender),
        recipients(copy),
        printable(subject.unwrap_or("")),
    )
}

/// All that is known of a copy.
pub fn page(copy: &Copy, arrival: Option<&Arrival>) -> String {
    let mut lines = vec![
        ("copy", copy.id.to_string()),
        ("kind", kind(copy.kind).to_string()),
        ("from", format!("<{}>", copy.sender)),
        ("for", recipients(copy)),
        ("stands", stands(&copy.state)),
    ];
    if let State::Dead { why } = &copy.state {
        lines.push(("because", why.clone()));
    }
    lines.extend(copy.judged.why.clone().map(|why| ("because", why)));
    let policies: Vec<String> = copy.judged.held_by.iter().map(policy).collect();
    if !policies.is_empty() {
        lines.push(("held by", policies.join(", ")));
    }
    let past: Vec<String> = copy.judged.past.iter().map(policy).collect();
    if !past.is_empty() {
        lines.push(("released past", past.join(", ")));
    }
    if !copy.judged.tags.is_empty() {
        lines.push(("tags", copy.judged.tags.join(", ")));
    }
    lines.extend(copy.judged.severity.as_ref().map(|severity| ("severity", severity.to_string())));
    if let Some(arrival) = arrival {
        lines.extend(arrival.subject.clone().map(|subject| ("subject", subject)));
        lines.extend(arrival.message_id.clone().map(|id| ("message-id", format!("<{id}>"))));
        let client = arrival.session.client_ip.map_or_else(|| "nobody".to_string(), |ip| ip.to_string());
        lines.push(("came", format!("{} from {client} by {}", copy.received, arrival.listener)));
    }
    lines.push(("size", size(copy.size)));
    if copy.attempts > 0 {
        lines.push(("attempts", copy.attempts.to_string()));
    }
    lines.extend(copy.last.clone().map(|last| ("last attempt", last)));
    if copy.way.priority != 0 {
        lines.push(("priority", copy.way.priority.to_string()));
    }
    lines.extend(copy.way.via.as_ref().map(|via| ("goes via", via.to_string())));
    let lines = lines.into_iter().map(|(name, value)| format!("{name:<14} {}\n", printable(&value)));
    format!("{}\n", lines.collect::<String>())
}

/// A copy as one JSON object.
pub fn json(copy: &Copy, subject: Option<&str>) -> String {
    format!("{}\n", value(copy, subject))
}

/// The same with the decision record.
pub fn json_with_record(copy: &Copy, subject: Option<&str>, record: Option<&str>) -> String {
    let mut value = value(copy, subject);
    let record = record.and_then(|record| serde_json::from_str::<Value>(record).ok());
    if let (Some(fields), Some(record)) = (value.as_object_mut(), record) {
        fields.insert("record".to_string(), record);
    }
    format!("{value}\n")
}

fn value(copy: &Copy, subject: Option<&str>) -> Value {
    let (place, folder, moment) = match &copy.state {
        State::Queued { due } => ("queued", None, Some(due)),
        State::Deferred { until, .. } => ("deferred", None, Some(until)),
        State::Held { folder, until } => ("held", Some(folder), until.as_ref()),
        State::Dead { .. } => ("dead", None, None),
    };
    let keys = |keys: &[crate::policy::engine::PolicyKey]| keys.iter().map(policy).collect::<Vec<_>>();
    json!({
        "copy": copy.id.to_string(),
        "message": copy.id.message.to_string(),
        "kind": kind(copy.kind),
        "place": place,
        "folder": folder,
        "moment": moment.map(ToString::to_string),
        "sender": &*copy.sender,
        "recipients": copy.recipients.iter().map(|to| &*to.address).collect::<Vec<_>>(),
        "subject": subject,
        "size": copy.size,
        "received": copy.received.to_string(),
        "attempts": copy.attempts,
        "last": copy.last,
        "why": copy.judged.why,
        "held_by": keys(&copy.judged.held_by),
        "past": keys(&copy.judged.past),
        "tags": copy.judged.tags.iter().map(|tag| &**tag).collect::<Vec<_>>(),
        "severity": copy.judged.severity.as_deref(),
    })
}

/// How many copies stand where, and how large they are together.
pub fn counts(counts: &[(Place, u64, u64)]) -> String {
    if counts.is_empty() {
        return "nothing is kept\n".to_string();
    }
    let name = |place: &Place| match place {
        Place::Queued => "queued".to_string(),
        Place::Deferred => "deferred".to_string(),
        Place::Held(folder) => format!("held in {}", folder.as_deref().unwrap_or("a folder")),
        Place::Dead => "dead".to_string(),
    };
    let lines = counts
        .iter()
        .map(|(place, count, octets)| format!("{:<30} {count:>9} {:>10}\n", name(place), size(*octets)));
    lines.collect()
}

/// Something that happened, as one line.
pub fn event(event: &Event) -> String {
    format!("{} {:<10} {}\n", event.at, event.what, printable(&event.text))
}

/// Something somebody did, as one line.
pub fn audit(entry: &AuditEntry) -> String {
    let copy = entry.copy.as_ref().map(|copy| format!(" {copy}")).unwrap_or_default();
    let why = if entry.why.is_empty() { String::new() } else { format!(": {}", printable(&entry.why)) };
    format!("{} {} {}{copy}{why}\n", entry.at, printable(&entry.who), entry.action)
}

fn stands(state: &State) -> String {
    match state {
        State::Queued { .. } => "queued".to_string(),
        State::Deferred { until, .. } => format!("deferred to {}", until.strftime("%m-%d %H:%M")),
        State::Held { folder, .. } => format!("held in {folder}"),
        State::Dead { .. } => "dead".to_string(),
    }
}

fn kind(kind: CopyKind) -> &'static str {
    match kind {
        CopyKind::Message => "message",
        CopyKind::Notification => "notification",
        CopyKind::Copy => "copy",
        CopyKind::Report => "report",
    }
}

fn policy(key: &crate::policy::engine::PolicyKey) -> String {
    format!("{} of {}", key.policy, key.directory)
}

fn recipients(copy: &Copy) -> String {
    let named: Vec<String> =
        copy.recipients.iter().map(|to| format!("<{}>", printable(&to.address))).collect();
    match named.as_slice() {
        [first, second, _, ..] => format!("{first}, {second} and {} more", named.len() - 2),
        all => all.join(", "),
    }
}

/// Octets as people read them.
fn size(octets: u64) -> String {
    match octets {
        0..=9_999 => format!("{octets} B"),
        10_000..=9_999_999 => format!("{} kB", octets / 1_000),
        _ => format!("{} MB", octets / 1_000_000),
    }
}
