//! The tables, and how older ones become the present ones.
//!
//! A content belongs to the message (as it was received) or to one copy alone (as it leaves), so it goes with its owner.
//! Moments are milliseconds since 1970; lists and what is only carried along are JSON. What cannot be read is kept in
//! `damaged`, all of its columns as they are. What searches look at lies in `entries`, see [`super::search`]. `tallies` count the copies as they come, move and go, since to count a million
//! takes a second.

use super::of_sqlite;
use crate::relay::store::StoreError;
use rusqlite::Connection;

/// What each version of the tables adds to the one before.
const STEPS: &[&str] = &["
    CREATE TABLE messages (
        id TEXT PRIMARY KEY, received INTEGER NOT NULL, sender TEXT NOT NULL, recipients TEXT NOT NULL,
        session TEXT NOT NULL, listener TEXT NOT NULL, parameters TEXT NOT NULL, subject TEXT, message_id TEXT,
        record TEXT, body INTEGER NOT NULL, numbers INTEGER NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE bodies (
        id INTEGER PRIMARY KEY, size INTEGER NOT NULL, checksum INTEGER NOT NULL, content BLOB, file TEXT
    );
    CREATE INDEX bodies_file ON bodies (file) WHERE file IS NOT NULL;
    CREATE TABLE copies (
        message TEXT NOT NULL, number INTEGER NOT NULL, kind INTEGER NOT NULL, sender TEXT NOT NULL,
        recipients TEXT NOT NULL, body INTEGER, size INTEGER NOT NULL, place INTEGER NOT NULL, moment INTEGER,
        judge_again INTEGER NOT NULL, folder TEXT, why TEXT, priority INTEGER NOT NULL, via TEXT,
        require_tls INTEGER NOT NULL, suspended INTEGER NOT NULL, judged TEXT NOT NULL, attempts INTEGER NOT NULL,
        last TEXT, delay_told INTEGER NOT NULL, received INTEGER NOT NULL,
        PRIMARY KEY (message, number)
    ) WITHOUT ROWID;
    CREATE INDEX copies_due ON copies (priority, moment) WHERE place <= 1 AND suspended = 0;
    CREATE INDEX copies_place ON copies (place, message, number, folder, size);
    CREATE INDEX copies_until ON copies (moment) WHERE place = 2 AND moment IS NOT NULL;
    CREATE TABLE events (
        id INTEGER PRIMARY KEY, message TEXT NOT NULL, at INTEGER NOT NULL, what TEXT NOT NULL, text TEXT NOT NULL
    );
    CREATE INDEX events_message ON events (message);
    CREATE TABLE audit (
        id INTEGER PRIMARY KEY, at INTEGER NOT NULL, who TEXT NOT NULL, action TEXT NOT NULL, message TEXT,
        number INTEGER, why TEXT NOT NULL
    );
    CREATE TABLE damaged (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, what TEXT NOT NULL);
", "
    CREATE TABLE aside AS SELECT damaged.*, copies.* FROM damaged, copies WHERE 0;
    INSERT INTO aside (id, at, what) SELECT id, at, what FROM damaged;
    DROP TABLE damaged;
    ALTER TABLE aside RENAME TO damaged;
    CREATE INDEX damaged_message ON damaged (message);
    CREATE INDEX events_at ON events (at);
    CREATE TABLE entries (
        message TEXT NOT NULL, number INTEGER NOT NULL, received INTEGER NOT NULL, text TEXT NOT NULL,
        PRIMARY KEY (message, number)
    ) WITHOUT ROWID;
    INSERT INTO entries SELECT copies.message, number, copies.received,
            lower(copies.message) || '.' || number || char(13) || lower(copies.sender) || char(10)
            || CASE WHEN json_valid(copies.recipients) THEN coalesce((
                SELECT group_concat(lower(value ->> 'a') || char(10), '') FROM json_each(copies.recipients)), '')
               ELSE '' END
            || lower(coalesce(subject, '')) || char(13) || lower(coalesce(message_id, '')) || char(13)
        FROM copies LEFT JOIN messages ON messages.id = copies.message;
", "
    CREATE INDEX copies_folder ON copies (folder, message, number) WHERE place = 2;
    CREATE TABLE tallies (
        place INTEGER NOT NULL, folder TEXT NOT NULL, copies INTEGER NOT NULL, octets INTEGER NOT NULL,
        PRIMARY KEY (place, folder)
    ) WITHOUT ROWID;
    INSERT INTO tallies SELECT place, coalesce(folder, ''), count(*), sum(size) FROM copies GROUP BY 1, 2;
    CREATE TRIGGER copies_come AFTER INSERT ON copies BEGIN
        INSERT INTO tallies VALUES (new.place, coalesce(new.folder, ''), 1, new.size)
            ON CONFLICT DO UPDATE SET copies = copies + 1, octets = octets + excluded.octets;
    END;
    CREATE TRIGGER copies_go AFTER DELETE ON copies BEGIN
        UPDATE tallies SET copies = copies - 1, octets = octets - old.size
            WHERE place = old.place AND folder = coalesce(old.folder, '');
    END;
    CREATE TRIGGER copies_move AFTER UPDATE OF place, folder ON copies
    WHEN old.place <> new.place OR old.folder IS NOT new.folder BEGIN
        UPDATE tallies SET copies = copies - 1, octets = octets - old.size
            WHERE place = old.place AND folder = coalesce(old.folder, '');
        INSERT INTO tallies VALUES (new.place, coalesce(new.folder, ''), 1, new.size)
            ON CONFLICT DO UPDATE SET copies = copies + 1, octets = octets + excluded.octets;
    END;
"];

/// Makes the tables, or brings them up to date. Tables of a newer program are refused: it knows what they mean.
pub(super) fn prepare(connection: &mut Connection) -> Result<(), StoreError> {
    let version: i64 = connection
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .map_err(|error| of_sqlite(&error))?;
    let newest = i64::try_from(STEPS.len()).unwrap_or(i64::MAX);
    if version > newest {
        let why = format!("the queue was written by a newer mailfw (its tables have version {version})");
        return Err(StoreError::Broken(why));
    }
    for (at, step) in (1..).zip(STEPS).filter(|(at, _)| *at > version) {
        migrate(connection, at, step).map_err(|error| of_sqlite(&error))?;
    }
    Ok(())
}

fn migrate(connection: &mut Connection, version: i64, step: &str) -> Result<(), rusqlite::Error> {
    let transaction = connection.transaction()?;
    transaction.execute_batch(step)?;
    transaction.pragma_update(None, "user_version", version)?;
    transaction.commit()
}
