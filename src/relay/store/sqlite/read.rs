//! Questions as statements.
//!
//! A row that cannot be read concerns its copy alone: lists leave it out and say so in the log, and the next start puts it
//! aside.

use super::bodies::{Bodies, checksum};
use super::codec::{self, read_moment};
use super::{of_sqlite, search};
use crate::relay::store::{
    Arrival, AuditEntry, Copy, CopyId, Event, Filter, Judged, Listed, Place, QueueId, State, StoreError, Way,
};
use jiff::Timestamp;
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row, params, params_from_iter};

/// The columns of a copy, in the order in which [`copy_of`] reads them.
const COPY: &str =
    "copies.message, number, kind, copies.sender, copies.recipients, size, place, moment, judge_again,
    folder, why, priority, via, require_tls, suspended, judged, attempts, last, delay_told, copies.received";
/// Priorities, the highest first (RFC 6710).
const PRIORITIES: std::ops::RangeInclusive<i8> = -9..=9;

pub(super) type Answer<T> = Result<T, StoreError>;

pub(super) fn due(connection: &Connection, before: Timestamp, limit: usize) -> Answer<Vec<Copy>> {
    let statement = format!(
        "SELECT {COPY} FROM copies WHERE place <= 1 AND suspended = 0 AND priority = ? AND moment < ?
         ORDER BY moment LIMIT ?"
    );
    let mut all = Vec::new();
    for priority in PRIORITIES.rev() {
        let left = number(limit.saturating_sub(all.len()));
        all.extend(copies(connection, &statement, params![priority, before.as_millisecond(), left])?);
        if all.len() >= limit {
            break;
        }
    }
    Ok(all)
}

pub(super) fn next_due(connection: &Connection) -> Answer<Option<Timestamp>> {
    let statement = "SELECT min(moment) FROM copies WHERE place <= 1 AND suspended = 0 AND priority = ?";
    let mut first: Option<i64> = None;
    for priority in PRIORITIES {
        let next: Option<i64> = one(connection, statement, params![priority], |row| row.get(0))?.flatten();
        first = first.into_iter().chain(next).min();
    }
    first.map(read_moment).transpose()
}

pub(super) fn copy(connection: &Connection, id: &CopyId) -> Answer<Option<Copy>> {
    let statement = format!("SELECT {COPY} FROM copies WHERE message = ? AND number = ?");
    let found = one(connection, &statement, params![id.message.as_str(), id.number], |row| Ok(copy_of(row)))?;
    found.transpose()
}

pub(super) fn copies_of(connection: &Connection, message: &QueueId) -> Answer<Vec<Copy>> {
    let statement = format!("SELECT {COPY} FROM copies WHERE message = ? ORDER BY number");
    copies(connection, &statement, params![message.as_str()])
}

pub(super) fn arrival(connection: &Connection, message: &QueueId) -> Answer<Option<Arrival>> {
    let statement = "SELECT received, sender, recipients, session, listener, parameters, subject, message_id
        FROM messages WHERE id = ?";
    one(connection, statement, [message.as_str()], |row| Ok(arrival_of(message, row)))?.transpose()
}

fn arrival_of(message: &QueueId, row: &Row<'_>) -> Answer<Arrival> {
    Ok(Arrival {
        id: message.clone(),
        received: read_moment(get(row, 0)?)?,
        sender: get::<String>(row, 1)?.into(),
        recipients: codec::read_recipients(&get::<String>(row, 2)?)?,
        session: codec::read_session(&get::<String>(row, 3)?)?,
        listener: get::<String>(row, 4)?.into(),
        parameters: codec::read_parameters(&get::<String>(row, 5)?)?,
        subject: get(row, 6)?,
        message_id: get(row, 7)?,
    })
}

pub(super) fn record(connection: &Connection, message: &QueueId) -> Answer<Option<String>> {
    let found: Option<Option<String>> =
        one(connection, "SELECT record FROM messages WHERE id = ?", [message.as_str()], |row| row.get(0))?;
    Ok(found.flatten())
}

pub(super) fn content(connection: &Connection, bodies: &Bodies, id: &CopyId) -> Answer<Vec<u8>> {
    let statement = "SELECT bodies.checksum, bodies.content, bodies.file
        FROM copies JOIN messages ON messages.id = copies.message
        JOIN bodies ON bodies.id = coalesce(copies.body, messages.body)
        WHERE copies.message = ? AND copies.number = ?";
    body(connection, bodies, statement, params![id.message.as_str(), id.number])
}

pub(super) fn original(connection: &Connection, bodies: &Bodies, message: &QueueId) -> Answer<Vec<u8>> {
    let statement = "SELECT bodies.checksum, bodies.content, bodies.file
        FROM messages JOIN bodies ON bodies.id = messages.body WHERE messages.id = ?";
    body(connection, bodies, statement, params![message.as_str()])
}

fn body(
    connection: &Connection,
    bodies: &Bodies,
    statement: &str,
    values: impl rusqlite::Params,
) -> Answer<Vec<u8>> {
    type Found = (u32, Option<Vec<u8>>, Option<String>);
    let found: Option<Found> =
        one(connection, statement, values, |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let (expected, content) = match found {
        Some((expected, Some(content), _)) => (expected, content),
        Some((expected, None, Some(file))) => (expected, bodies.read(&file)?),
        _ => return Err(StoreError::Corrupt("its content is gone".to_string())),
    };
    match checksum(&content) == expected {
        true => Ok(content),
        false => Err(StoreError::Corrupt("its content is not what was kept".to_string())),
    }
}

pub(super) fn list(connection: &Connection, filter: &Filter) -> Answer<Vec<Listed>> {
    if filter.text.is_some() || filter.domain.is_some() {
        return search::list(connection, filter);
    }
    let mut statement = listed_from();
    let mut values: Vec<Value> = Vec::new();
    let mut ask = |words: &str, asked: Vec<Value>| {
        statement.push_str(words);
        values.extend(asked);
    };
    match &filter.place {
        None => {}
        Some(Place::Queued) => ask(" AND place = 0", Vec::new()),
        Some(Place::Deferred) => ask(" AND place = 1", Vec::new()),
        Some(Place::Held(None)) => ask(" AND place = 2", Vec::new()),
        Some(Place::Held(Some(folder))) => {
            ask(" AND place = 2 AND folder = ?", vec![Value::from(folder.to_string())]);
        }
        Some(Place::Dead) => ask(" AND place = 3", Vec::new()),
    }
    if let Some(before) = filter.before {
        ask(" AND copies.received < ?", vec![Value::from(before.as_millisecond())]);
    }
    if let Some(after) = &filter.after {
        let (message, number) =
            (Value::from(after.message.to_string()), Value::from(i64::from(after.number)));
        ask(" AND (copies.message, number) < (?, ?)", vec![message, number]);
    }
    statement.push_str(" ORDER BY copies.message DESC, number DESC");
    if filter.limit > 0 {
        statement.push_str(&format!(" LIMIT {}", filter.limit));
    }
    rows(connection, &statement, params_from_iter(values), listed)
}

/// A copy as lists show it; none where it is gone or cannot be read.
pub(super) fn by_id(connection: &Connection, id: &CopyId) -> Answer<Option<Listed>> {
    let statement = format!("{} AND copies.message = ? AND number = ?", listed_from());
    Ok(rows(connection, &statement, params![id.message.as_str(), id.number], listed)?.pop())
}

/// The beginning of the statements that [`listed`] reads; the messages come second, so that the order is that of copies.
fn listed_from() -> String {
    format!(
        "SELECT {COPY}, messages.subject, messages.message_id
         FROM copies CROSS JOIN messages ON messages.id = copies.message WHERE 1"
    )
}

fn listed(row: &Row<'_>) -> Answer<Listed> {
    Ok(Listed { copy: copy_of(row)?, subject: get(row, 20)?, message_id: get(row, 21)? })
}

pub(super) fn counts(connection: &Connection) -> Answer<Vec<(Place, u64, u64)>> {
    let statement =
        "SELECT place, folder, copies, octets FROM tallies WHERE copies > 0 ORDER BY place, folder";
    rows(connection, statement, [], |row| {
        let folder: String = get(row, 1)?;
        let place = match get::<i64>(row, 0)? {
            0 => Place::Queued,
            1 => Place::Deferred,
            2 => Place::Held(Some(folder.into())),
            _ => Place::Dead,
        };
        Ok((place, get(row, 2)?, get(row, 3)?))
    })
}

pub(super) fn events(connection: &Connection, message: &QueueId) -> Answer<Vec<Event>> {
    let statement = "SELECT at, what, text FROM events WHERE message = ? ORDER BY id";
    rows(connection, statement, [message.as_str()], |row| {
        Ok(Event {
            message: message.clone(),
            at: read_moment(get(row, 0)?)?,
            what: get::<String>(row, 1)?.into(),
            text: get(row, 2)?,
        })
    })
}

pub(super) fn audit(connection: &Connection, limit: usize) -> Answer<Vec<AuditEntry>> {
    let statement = "SELECT at, who, action, message, number, why FROM audit ORDER BY id DESC LIMIT ?";
    rows(connection, statement, [number(limit)], |row| {
        let message: Option<String> = get(row, 3)?;
        let copy = message.as_deref().and_then(QueueId::parse).zip(get::<Option<u32>>(row, 4)?);
        Ok(AuditEntry {
            at: read_moment(get(row, 0)?)?,
            who: get(row, 1)?,
            action: get(row, 2)?,
            copy: copy.map(|(message, number)| CopyId { message, number }),
            why: get(row, 5)?,
        })
    })
}

fn copies(connection: &Connection, statement: &str, values: impl rusqlite::Params) -> Answer<Vec<Copy>> {
    rows(connection, statement, values, copy_of)
}

fn copy_of(row: &Row<'_>) -> Answer<Copy> {
    let message: String = get(row, 0)?;
    let message = QueueId::parse(&message)
        .ok_or_else(|| StoreError::Corrupt(format!("`{message}` is no name of a message")))?;
    let moment: Option<i64> = get(row, 7)?;
    let moment = moment.map(read_moment).transpose()?;
    let needed = || moment.ok_or_else(|| StoreError::Corrupt("a copy that waits has no moment".to_string()));
    let state = match get::<i64>(row, 6)? {
        0 => State::Queued { due: needed()? },
        1 => State::Deferred { until: needed()?, judge_again: get(row, 8)? },
        2 => State::Held { folder: get::<Option<String>>(row, 9)?.unwrap_or_default().into(), until: moment },
        3 => State::Dead { why: get::<Option<String>>(row, 10)?.unwrap_or_default() },
        other => return Err(StoreError::Corrupt(format!("there is no queue {other}"))),
    };
    let judged: Judged = codec::read_judged(&get::<String>(row, 15)?)?;
    Ok(Copy {
        id: CopyId { message, number: get(row, 1)? },
        kind: codec::read_kind(get(row, 2)?)?,
        sender: get::<String>(row, 3)?.into(),
        recipients: codec::read_recipients(&get::<String>(row, 4)?)?,
        size: get(row, 5)?,
        state,
        way: Way {
            priority: get(row, 11)?,
            via: get::<Option<String>>(row, 12)?.map(Into::into),
            require_tls: get(row, 13)?,
            suspended: get(row, 14)?,
        },
        judged,
        attempts: get(row, 16)?,
        last: get(row, 17)?,
        delay_told: get(row, 18)?,
        received: read_moment(get(row, 19)?)?,
    })
}

/// Held copies whose time is over, at most so many.
pub(super) fn over(connection: &Connection, now: Timestamp, limit: usize) -> Answer<Vec<CopyId>> {
    let statement =
        "SELECT message, number FROM copies WHERE place = 2 AND moment IS NOT NULL AND moment < ? LIMIT ?";
    rows(connection, statement, params![now.as_millisecond(), number(limit)], |row| {
        let message: String = get(row, 0)?;
        let message = QueueId::parse(&message)
            .ok_or_else(|| StoreError::Corrupt(format!("`{message}` is no name of a message")))?;
        Ok(CopyId { message, number: get(row, 1)? })
    })
}

/// The copies whose rows cannot be read: their names, which may be what is damaged, and why.
pub(super) fn damaged(connection: &Connection) -> Answer<Vec<(Value, Value, String)>> {
    let mut statement =
        connection.prepare(&format!("SELECT {COPY} FROM copies")).map_err(|error| of_sqlite(&error))?;
    let mut rows = statement.query([]).map_err(|error| of_sqlite(&error))?;
    let mut all = Vec::new();
    while let Some(row) = rows.next().map_err(|error| of_sqlite(&error))? {
        if let Err(why) = copy_of(row) {
            let name = |column| row.get(column).map_err(|error| of_sqlite(&error));
            all.push((name(0)?, name(1)?, why.to_string()));
        }
    }
    Ok(all)
}

/// What was put aside, in words.
pub(super) fn put_aside(connection: &Connection) -> Answer<Vec<String>> {
    rows(connection, "SELECT message, number, what FROM damaged ORDER BY rowid", [], |row| {
        let name = row.get::<_, String>(0).ok().zip(row.get::<_, u32>(1).ok());
        let name =
            name.map_or_else(|| "a copy".to_string(), |(message, number)| format!("{message}.{number}"));
        Ok(format!("{name}: {}", get::<String>(row, 2)?))
    })
}

pub(super) fn get<T: rusqlite::types::FromSql>(row: &Row<'_>, column: usize) -> Answer<T> {
    row.get(column).map_err(|error| match error {
        rusqlite::Error::FromSqlConversionFailure(..)
        | rusqlite::Error::InvalidColumnType(..)
        | rusqlite::Error::IntegralValueOutOfRange(..)
        | rusqlite::Error::Utf8Error(..) => StoreError::Corrupt("a record cannot be read".to_string()),
        error => of_sqlite(&error),
    })
}

fn one<T>(
    connection: &Connection,
    statement: &str,
    values: impl rusqlite::Params,
    read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
) -> Answer<Option<T>> {
    let found = connection
        .prepare_cached(statement)
        .and_then(|mut statement| statement.query_row(values, read).optional());
    found.map_err(|error| of_sqlite(&error))
}

fn rows<T>(
    connection: &Connection,
    statement: &str,
    values: impl rusqlite::Params,
    read: impl Fn(&Row<'_>) -> Answer<T>,
) -> Answer<Vec<T>> {
    let mut statement = connection.prepare_cached(statement).map_err(|error| of_sqlite(&error))?;
    let mut found = statement.query(values).map_err(|error| of_sqlite(&error))?;
    let mut all = Vec::new();
    while let Some(row) = found.next().map_err(|error| of_sqlite(&error))? {
        match read(row) {
            Ok(one) => all.push(one),
            Err(StoreError::Corrupt(why)) => tracing::error!("a record was left out: {why}"),
            Err(error) => return Err(error),
        }
    }
    Ok(all)
}

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
