//! What a search looks at: a short text for each copy, which lies beside those of the others in the order of the lists.
//!
//! A search reads these texts, the newest first, until it has enough. That costs about a tenth of a microsecond for each
//! that does not fit and nothing when a message comes but its row; an index of all groups of three letters would make each
//! message that comes dearer by more than its sync.

use super::of_sqlite;
use super::read::{self, Answer, by_id};
use crate::base::address::Address;
use crate::relay::store::{CopyId, Filter, Listed, Place, QueueId, Recipient, State};
use memchr::memmem::Finder;
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

/// The end of an address; no text has it within, see [`fold`].
const AFTER_ADDRESS: char = '\n';
/// The end of everything else.
const AFTER_OTHER: char = '\r';

/// The text of a copy: its name, its addresses, and where a domain is written in another form than the one in which domains
/// compare, that one too; then the subject and the Message-ID.
pub(super) fn text(
    id: &CopyId,
    sender: &str,
    recipients: &[Recipient],
    subject: Option<&str>,
    message_id: Option<&str>,
) -> String {
    let mut text = fold(&id.to_string());
    text.push(AFTER_OTHER);
    for address in [sender].into_iter().chain(recipients.iter().map(|recipient| &*recipient.address)) {
        let folded = fold(address);
        text.push_str(&folded);
        text.push(AFTER_ADDRESS);
        if let Some((_, domain)) = Address::sides(address)
            && !folded.strip_suffix(&*domain).is_some_and(|rest| rest.ends_with('@'))
        {
            text.extend(["@", &domain]);
            text.push(AFTER_ADDRESS);
        }
    }
    for other in [subject, message_id].into_iter().flatten() {
        text.push_str(&fold(other));
        text.push(AFTER_OTHER);
    }
    text
}

/// A text in the form in which searches compare: each letter in lower case, and blanks for control characters.
fn fold(text: &str) -> String {
    let plain = |character: char| if character.is_control() { ' ' } else { character };
    match text.is_ascii() {
        true => text.chars().map(|character| plain(character.to_ascii_lowercase())).collect(),
        false => text.chars().flat_map(char::to_lowercase).map(plain).collect(),
    }
}

/// The copies with a text or a domain, the newest first.
pub(super) fn list(connection: &Connection, filter: &Filter) -> Answer<Vec<Listed>> {
    let mut needles: Vec<String> = filter.text.iter().map(|text| fold(text)).collect();
    if let Some(domain) = &filter.domain {
        let address = format!("x@{domain}");
        let Some((_, domain)) = Address::sides(&address) else { return Ok(Vec::new()) };
        needles.push(format!("@{domain}{AFTER_ADDRESS}"));
    }
    let finders: Vec<Finder<'_>> = needles.iter().map(|needle| Finder::new(needle.as_bytes())).collect();
    let (statement, values) = entries(filter);
    let mut statement = connection.prepare_cached(&statement).map_err(|error| of_sqlite(&error))?;
    let mut rows = statement.query(params_from_iter(values)).map_err(|error| of_sqlite(&error))?;
    let mut listed = Vec::new();
    while let Some(row) = rows.next().map_err(|error| of_sqlite(&error))? {
        let text = row.get_ref(2).map_err(|error| of_sqlite(&error))?;
        let text = text.as_bytes().unwrap_or_default();
        if finders.iter().any(|finder| finder.find(text).is_none()) {
            continue;
        }
        let message: String = read::get(row, 0)?;
        let Some(message) = QueueId::parse(&message) else { continue };
        let found = by_id(connection, &CopyId { message, number: read::get(row, 1)? })?;
        listed.extend(found.filter(|one| is_in(&one.copy.state, filter.place.as_ref())));
        if filter.limit > 0 && listed.len() >= filter.limit {
            break;
        }
    }
    Ok(listed)
}

/// The statement that gives the texts.
fn entries(filter: &Filter) -> (String, Vec<Value>) {
    let mut statement = "SELECT message, number, text FROM entries WHERE 1".to_string();
    let mut values = Vec::new();
    if let Some(before) = filter.before {
        statement.push_str(" AND received < ?");
        values.push(Value::from(before.as_millisecond()));
    }
    if let Some(after) = &filter.after {
        statement.push_str(" AND (message, number) < (?, ?)");
        values.extend([Value::from(after.message.to_string()), Value::from(i64::from(after.number))]);
    }
    statement.push_str(" ORDER BY message DESC, number DESC");
    (statement, values)
}

/// Whether a copy stands in a place.
fn is_in(state: &State, place: Option<&Place>) -> bool {
    match (place, state) {
        (None, _) => true,
        (Some(Place::Held(wanted)), State::Held { folder, .. }) => {
            wanted.as_ref().is_none_or(|wanted| wanted == folder)
        }
        (Some(place), state) => matches!(
            (place, state),
            (Place::Queued, State::Queued { .. })
                | (Place::Deferred, State::Deferred { .. })
                | (Place::Dead, State::Dead { .. })
        ),
    }
}
