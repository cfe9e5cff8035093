//! Changes as statements.

use super::bodies::{Bodies, Body, Place};
use super::codec;
use super::{of_sqlite, search};
use crate::relay::store::{Accepted, Change, CopyId, NewCopy, QueueId, State, StoreError};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};
use std::sync::Arc;

/// A change whose contents are where they are to lie.
#[derive(Debug)]
pub(super) enum Write {
    Accept { accepted: Box<Accepted>, original: Body, contents: Vec<Option<Body>> },
    Add { message: QueueId, copies: Vec<NewCopy>, contents: Vec<Option<Body>> },
    Other(Change),
}

impl Write {
    /// Puts a change's contents where they are to lie.
    pub(super) fn prepare(change: Change, bodies: &Bodies) -> Result<Write, StoreError> {
        match change {
            Change::Accept(accepted) => {
                let original = bodies.take(&accepted.content)?;
                let contents = contents(&accepted.copies, bodies);
                contents.map(|contents| Write::Accept { accepted, original, contents })
            }
            Change::Add { message, copies } => {
                let contents = contents(&copies, bodies)?;
                Ok(Write::Add { message, copies, contents })
            }
            other => Ok(Write::Other(other)),
        }
    }

    /// The files of its contents.
    pub(super) fn files(&self) -> impl Iterator<Item = &str> {
        let (original, contents) = match self {
            Write::Accept { original, contents, .. } => (Some(original), contents.as_slice()),
            Write::Add { contents, .. } => (None, contents.as_slice()),
            Write::Other(_) => (None, [].as_slice()),
        };
        original.into_iter().chain(contents.iter().flatten()).filter_map(|body| match &body.place {
            Place::File(name) => Some(name.as_str()),
            Place::Table(_) => None,
        })
    }
}

fn contents(copies: &[NewCopy], bodies: &Bodies) -> Result<Vec<Option<Body>>, StoreError> {
    copies.iter().map(|copy| copy.content.as_ref().map(|content| bodies.take(content)).transpose()).collect()
}

/// What comes of changes beside the rows.
#[derive(Debug, Default)]
pub(super) struct Effects {
    /// Files whose contents go when the transaction is on the disk.
    pub(super) gone: Vec<String>,
    /// Messages that a copy has left.
    left: Vec<QueueId>,
}

/// Carries the changes of a submission out, within a transaction.
pub(super) fn apply(connection: &Connection, writes: &[Write]) -> Result<Effects, StoreError> {
    let mut effects = Effects::default();
    for write in writes {
        match write {
            Write::Accept { accepted, original, contents } => {
                accept(connection, accepted, original, contents, &mut effects)?;
            }
            Write::Add { message, copies, contents } => {
                add(connection, message, copies, contents, &mut effects)?;
            }
            Write::Other(change) => other(connection, change, &mut effects)?,
        }
    }
    remove_empty(connection, &mut effects)?;
    Ok(effects)
}

fn accept(
    connection: &Connection,
    accepted: &Accepted,
    original: &Body,
    contents: &[Option<Body>],
    effects: &mut Effects,
) -> Result<(), StoreError> {
    if accepted.copies.is_empty() {
        // Nobody needs its content.
        if let Place::File(name) = &original.place {
            effects.gone.push(name.clone());
        }
        return Ok(());
    }
    let arrival = &accepted.arrival;
    let body = insert_body(connection, original)?;
    execute(
        connection,
        "INSERT INTO messages VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        params![
            arrival.id.as_str(),
            arrival.received.as_millisecond(),
            &*arrival.sender,
            codec::recipients(&arrival.recipients)?,
            codec::session(&arrival.session)?,
            &*arrival.listener,
            codec::parameters(&arrival.parameters)?,
            arrival.subject,
            arrival.message_id,
            accepted.record,
            body,
            number_of(accepted.copies.len()),
        ],
    )?;
    for ((number, copy), content) in (1..).zip(&accepted.copies).zip(contents) {
        let message = Message {
            id: &arrival.id,
            received: arrival.received,
            size: original.size,
            subject: arrival.subject.as_deref(),
            message_id: arrival.message_id.as_deref(),
        };
        insert_copy(connection, &message, number, copy, content.as_ref())?;
    }
    Ok(())
}

fn add(
    connection: &Connection,
    message: &QueueId,
    copies: &[NewCopy],
    contents: &[Option<Body>],
    effects: &mut Effects,
) -> Result<(), StoreError> {
    let known = connection
        .prepare_cached(
            "SELECT numbers, received, size, subject, message_id
             FROM messages JOIN bodies ON bodies.id = body WHERE messages.id = ?",
        )
        .and_then(|mut statement| {
            let row = |row: &rusqlite::Row<'_>| -> rusqlite::Result<(u32, i64, u64, Texts)> {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, (row.get(3)?, row.get(4)?)))
            };
            statement.query_row([message.as_str()], row).optional()
        })
        .map_err(|error| of_sqlite(&error))?;
    let Some((numbers, received, size, (subject, message_id))) = known else {
        // A person has deleted it meanwhile.
        let files = contents.iter().flatten().filter_map(|body| match &body.place {
            Place::File(name) => Some(name.clone()),
            Place::Table(_) => None,
        });
        effects.gone.extend(files);
        return Ok(());
    };
    let received = codec::read_moment(received)?;
    let (subject, message_id) = (subject.as_deref(), message_id.as_deref());
    let of = Message { id: message, received, size, subject, message_id };
    for ((number, copy), content) in (numbers.saturating_add(1)..).zip(copies).zip(contents) {
        insert_copy(connection, &of, number, copy, content.as_ref())?;
    }
    let all = numbers.saturating_add(number_of(copies.len()));
    execute(connection, "UPDATE messages SET numbers = ? WHERE id = ?", params![all, message.as_str()])
}

fn insert_body(connection: &Connection, body: &Body) -> Result<i64, StoreError> {
    let (content, file): (Option<&[u8]>, Option<&str>) = match &body.place {
        Place::Table(content) => (Some(content), None),
        Place::File(name) => (None, Some(name)),
    };
    let values = params![body.size, body.checksum, content, file];
    execute(connection, "INSERT INTO bodies (size, checksum, content, file) VALUES (?, ?, ?, ?)", values)?;
    Ok(connection.last_insert_rowid())
}

/// A subject and a Message-ID.
type Texts = (Option<String>, Option<String>);

/// What its copies need to know of a message.
struct Message<'m> {
    id: &'m QueueId,
    received: Timestamp,
    size: u64,
    subject: Option<&'m str>,
    message_id: Option<&'m str>,
}

fn insert_copy(
    connection: &Connection,
    message: &Message<'_>,
    number: u32,
    copy: &NewCopy,
    content: Option<&Body>,
) -> Result<(), StoreError> {
    let body = content.map(|body| insert_body(connection, body)).transpose()?;
    let at = Columns::of(&copy.state);
    execute(
        connection,
        "INSERT INTO copies VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, NULL, 0, ?)",
        params![
            message.id.as_str(),
            number,
            codec::kind(copy.kind),
            &*copy.sender,
            codec::recipients(&copy.recipients)?,
            body,
            content.map_or(message.size, |body| body.size),
            at.place,
            at.moment,
            at.judge_again,
            at.folder,
            at.why,
            copy.way.priority,
            copy.way.via.as_deref(),
            copy.way.require_tls,
            copy.way.suspended,
            codec::judged(&copy.judged)?,
            message.received.as_millisecond(),
        ],
    )?;
    let id = CopyId { message: message.id.clone(), number };
    let text = search::text(&id, &copy.sender, &copy.recipients, message.subject, message.message_id);
    execute(
        connection,
        "INSERT INTO entries VALUES (?, ?, ?, ?)",
        params![message.id.as_str(), number, message.received.as_millisecond(), text],
    )
}

/// A state as columns.
struct Columns<'s> {
    place: i64,
    moment: Option<i64>,
    judge_again: bool,
    folder: Option<&'s str>,
    why: Option<&'s str>,
}

impl Columns<'_> {
    fn of(state: &State) -> Columns<'_> {
        let nothing = Columns { place: 0, moment: None, judge_again: false, folder: None, why: None };
        match state {
            State::Queued { due } => Columns { moment: Some(due.as_millisecond()), ..nothing },
            State::Deferred { until, judge_again } => Columns {
                place: 1,
                moment: Some(until.as_millisecond()),
                judge_again: *judge_again,
                ..nothing
            },
            State::Held { folder, until } => Columns {
                place: 2,
                moment: until.map(|until| until.as_millisecond()),
                folder: Some(folder),
                ..nothing
            },
            State::Dead { why } => Columns { place: 3, why: Some(why), ..nothing },
        }
    }
}

fn other(connection: &Connection, change: &Change, effects: &mut Effects) -> Result<(), StoreError> {
    match change {
        Change::Accept(_) | Change::Add { .. } => Ok(()),
        Change::Done { copy, recipients } => done(connection, copy, recipients, effects),
        Change::Tried { copy, due, last, delay_told } => execute(
            connection,
            "UPDATE copies SET attempts = attempts + 1, last = ?2, delay_told = delay_told OR ?3,
                 moment = iif(place <= 1, ?1, moment), judge_again = judge_again AND place > 1,
                 place = iif(place <= 1, 0, place)
             WHERE message = ?4 AND number = ?5",
            params![due.as_millisecond(), last, delay_told, copy.message.as_str(), copy.number],
        ),
        Change::Move { copy, state } => {
            let at = Columns::of(state);
            execute(
                connection,
                "UPDATE copies SET place = ?, moment = ?, judge_again = ?, folder = ?, why = ?
                 WHERE message = ? AND number = ?",
                params![
                    at.place,
                    at.moment,
                    at.judge_again,
                    at.folder,
                    at.why,
                    copy.message.as_str(),
                    copy.number
                ],
            )
        }
        Change::Redirect { copy, way } => execute(
            connection,
            "UPDATE copies SET priority = ?, via = ?, require_tls = ?, suspended = ?
             WHERE message = ? AND number = ?",
            params![
                way.priority,
                way.via.as_deref(),
                way.require_tls,
                way.suspended,
                copy.message.as_str(),
                copy.number
            ],
        ),
        Change::Remove(copy) => remove(connection, copy, effects),
        Change::Event(event) => execute(
            connection,
            "INSERT INTO events (message, at, what, text) VALUES (?, ?, ?, ?)",
            params![event.message.as_str(), event.at.as_millisecond(), &*event.what, event.text],
        ),
        Change::Audit(entry) => execute(
            connection,
            "INSERT INTO audit (at, who, action, message, number, why) VALUES (?, ?, ?, ?, ?, ?)",
            params![
                entry.at.as_millisecond(),
                entry.who,
                entry.action,
                entry.copy.as_ref().map(|copy| copy.message.as_str()),
                entry.copy.as_ref().map(|copy| copy.number),
                entry.why
            ],
        ),
    }
}

fn done(
    connection: &Connection,
    copy: &CopyId,
    recipients: &[Arc<str>],
    effects: &mut Effects,
) -> Result<(), StoreError> {
    let at = params![copy.message.as_str(), copy.number];
    let known: Option<(String, String, Texts)> = connection
        .prepare_cached(
            "SELECT copies.recipients, copies.sender, subject, message_id
             FROM copies JOIN messages ON messages.id = message WHERE message = ? AND number = ?",
        )
        .and_then(|mut statement| {
            let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, (row.get(2)?, row.get(3)?)));
            statement.query_row(at, row).optional()
        })
        .map_err(|error| of_sqlite(&error))?;
    let Some((known, sender, (subject, message_id))) = known else { return Ok(()) };
    let mut left = codec::read_recipients(&known)?;
    left.retain(|one| !recipients.contains(&one.address));
    if left.is_empty() {
        return remove(connection, copy, effects);
    }
    execute(
        connection,
        "UPDATE copies SET recipients = ? WHERE message = ? AND number = ?",
        params![codec::recipients(&left)?, copy.message.as_str(), copy.number],
    )?;
    let text = search::text(copy, &sender, &left, subject.as_deref(), message_id.as_deref());
    execute(
        connection,
        "UPDATE entries SET text = ? WHERE message = ? AND number = ?",
        params![text, copy.message.as_str(), copy.number],
    )
}

/// Removes a copy with its content.
fn remove(connection: &Connection, copy: &CopyId, effects: &mut Effects) -> Result<(), StoreError> {
    let message = copy.message.as_str();
    let body: Option<Option<i64>> = connection
        .prepare_cached("DELETE FROM copies WHERE message = ? AND number = ? RETURNING body")
        .and_then(|mut statement| {
            statement.query_row(params![message, copy.number], |row| row.get(0)).optional()
        })
        .map_err(|error| of_sqlite(&error))?;
    let Some(body) = body else { return Ok(()) };
    execute(
        connection,
        "DELETE FROM entries WHERE message = ? AND number = ?",
        params![message, copy.number],
    )?;
    if let Some(body) = body {
        remove_body(connection, body, &mut effects.gone)?;
    }
    if !effects.left.contains(&copy.message) {
        effects.left.push(copy.message.clone());
    }
    Ok(())
}

/// Removes the messages of which no copy is left. What was put aside keeps its message.
fn remove_empty(connection: &Connection, effects: &mut Effects) -> Result<(), StoreError> {
    for message in std::mem::take(&mut effects.left) {
        let original: Option<i64> = connection
            .prepare_cached(
                "DELETE FROM messages WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM copies WHERE message = ?1)
                     AND NOT EXISTS (SELECT 1 FROM damaged WHERE message = ?1) RETURNING body",
            )
            .and_then(|mut statement| statement.query_row([message.as_str()], |row| row.get(0)).optional())
            .map_err(|error| of_sqlite(&error))?;
        if let Some(body) = original {
            remove_body(connection, body, &mut effects.gone)?;
        }
    }
    Ok(())
}

fn remove_body(connection: &Connection, body: i64, gone: &mut Vec<String>) -> Result<(), StoreError> {
    let file: Option<Option<String>> = connection
        .prepare_cached("DELETE FROM bodies WHERE id = ? RETURNING file")
        .and_then(|mut statement| statement.query_row([body], |row| row.get(0)).optional())
        .map_err(|error| of_sqlite(&error))?;
    gone.extend(file.flatten());
    Ok(())
}

fn number_of(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

fn execute(
    connection: &Connection,
    statement: &str,
    values: impl rusqlite::Params,
) -> Result<(), StoreError> {
    let done = connection.prepare_cached(statement).and_then(|mut statement| statement.execute(values));
    done.map(|_| ()).map_err(|error| of_sqlite(&error))
}
