//! The store that is built in, against real files: what its contract promises.

mod contract;
mod lists;
mod million;
mod model;
mod recovery;
mod syncs;

use jiff::Timestamp;
use mailfw::message::envelope::Session;
use mailfw::policy::engine::PolicyKey;
use mailfw::relay::smtp::command::{Notify, Returns};
use mailfw::relay::store::sqlite::{Options, SqliteStore};
use mailfw::relay::store::{
    Accepted, Arrival, Change, CopyId, CopyKind, Event, Filter, Judged, NewCopy, Parameters, QueueId,
    Recipient, Recovered, State, Store, Way,
};
use std::path::Path;
use std::sync::Arc;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).unwrap()
}

fn message_id(number: u32) -> QueueId {
    QueueId::new(at(i64::from(number)), number)
}

fn copy_id(message: u32, number: u32) -> CopyId {
    CopyId { message: message_id(message), number }
}

fn recipient(address: &str) -> Recipient {
    Recipient { address: address.into(), notify: None, original: None }
}

fn queued(second: i64) -> State {
    State::Queued { due: at(second) }
}

fn held(folder: &str, until: Option<i64>) -> State {
    State::Held { folder: folder.into(), until: until.map(at) }
}

fn new_copy(to: &[&str], state: State) -> NewCopy {
    NewCopy {
        kind: CopyKind::Message,
        sender: "ann@example.org".into(),
        recipients: to.iter().map(|address| recipient(address)).collect(),
        content: None,
        state,
        way: Way::default(),
        judged: Judged::default(),
    }
}

fn accepted(number: u32, content: &[u8], copies: Vec<NewCopy>) -> Accepted {
    Accepted {
        arrival: Arrival {
            id: message_id(number),
            received: at(i64::from(number)),
            sender: "ann@example.org".into(),
            recipients: vec![Recipient {
                address: "bob@example.net".into(),
                notify: Some(Notify { success: true, failure: false, delay: true }),
                original: Some("rfc822;Bob@example.net".into()),
            }],
            session: Session {
                client_ip: Some("192.0.2.7".parse().unwrap()),
                client_name: Some("mx.example.org".into()),
                client_helo: Some("mx".into()),
                client_user: None,
                client_tls: true,
                client_inside: true,
            },
            listener: "inbound".into(),
            parameters: Parameters {
                eight_bit: true,
                utf8: false,
                returns: Some(Returns::Headers),
                envelope_id: Some("abc".into()),
                priority: Some(-3),
            },
            subject: Some(format!("Subject {number}")),
            message_id: Some(format!("{number}@example.org")),
        },
        content: content.into(),
        copies,
        record: Some("{\"why\":1}".to_string()),
    }
}

fn accept(number: u32, content: &[u8], copies: Vec<NewCopy>) -> Change {
    Change::Accept(Box::new(accepted(number, content, copies)))
}

fn event(message: u32, second: i64, what: &str) -> Event {
    Event { message: message_id(message), at: at(second), what: what.into(), text: format!("it was {what}") }
}

fn policy(name: &str) -> PolicyKey {
    PolicyKey { directory: "".into(), policy: name.into() }
}

/// Small files for contents, and no demands on the disk that the tests run on.
fn options() -> Options {
    Options { body_file_bytes: 1_000, min_free_bytes: 0, ..Options::default() }
}

fn open(folder: &Path) -> SqliteStore {
    SqliteStore::open(folder, options()).unwrap().0
}

fn reopen(store: SqliteStore, folder: &Path) -> (SqliteStore, Recovered) {
    drop(store);
    SqliteStore::open(folder, options()).unwrap()
}

/// The files of contents that are there.
fn body_files(folder: &Path) -> Vec<std::path::PathBuf> {
    let files = std::fs::read_dir(folder.join("bodies")).unwrap();
    files.map(|file| file.unwrap().path()).collect()
}

fn names(store: &dyn Store, filter: &Filter) -> Vec<CopyId> {
    store.list(filter).unwrap().into_iter().map(|listed| listed.copy.id).collect()
}

fn large(seed: u8) -> Vec<u8> {
    (0..5_000u32).map(|at| (at as u8).wrapping_mul(7).wrapping_add(seed)).collect()
}

fn shared(store: SqliteStore) -> Arc<SqliteStore> {
    Arc::new(store)
}
