//! Batches, contents, copies that come and go.

use super::*;
use mailfw::relay::store::{AuditEntry, Place, StoreError};
use std::sync::Mutex;
use std::sync::mpsc;

#[test]
fn a_message_is_kept_as_it_was_given_and_is_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let mut copy = new_copy(&["bob@example.net", "eve@example.net"], queued(30));
    copy.kind = CopyKind::Notification;
    copy.recipients[1].notify = Some(Notify::default());
    copy.recipients[1].original = Some("utf-8;eve".into());
    copy.way = Way { priority: -4, via: Some("mx.example.net".into()), require_tls: true, suspended: false };
    copy.judged = Judged {
        held_by: vec![policy("a")],
        past: vec![policy("b")],
        done: vec![policy("c")],
        why: Some("why".to_string()),
        tags: vec!["tag".into()],
        severity: Some("high".into()),
    };
    let whole = accepted(1, b"the content", vec![copy.clone()]);
    store.commit(vec![Change::Accept(Box::new(whole.clone()))]).unwrap();
    let (store, recovered) = reopen(store, folder.path());
    assert_eq!(recovered, Recovered { queued: 1, ..Recovered::default() });
    let kept = store.copy(&copy_id(1, 1)).unwrap().unwrap();
    assert_eq!((kept.kind, &kept.sender, &kept.recipients), (copy.kind, &copy.sender, &copy.recipients));
    assert_eq!((kept.state, kept.way, kept.judged), (copy.state, copy.way, copy.judged));
    assert_eq!((kept.size, kept.attempts, kept.last, kept.delay_told), (11, 0, None, false));
    assert_eq!(kept.received, at(1));
    assert_eq!(store.arrival(&message_id(1)).unwrap().unwrap(), whole.arrival);
    assert_eq!(store.record(&message_id(1)).unwrap(), whole.record);
    assert_eq!(store.original(&message_id(1)).unwrap(), b"the content");
    assert_eq!(store.content(&copy_id(1, 1)).unwrap(), b"the content");
}

#[test]
fn a_batch_happens_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    store.commit(vec![accept(1, b"x", vec![new_copy(&["a@b.example"], queued(0))])]).unwrap();
    let refused = store.commit(vec![
        Change::Event(event(2, 2, "accepted")),
        accept(2, &large(1), vec![new_copy(&["a@b.example"], queued(0))]),
        Change::Remove(copy_id(1, 1)),
        // Its name is taken.
        accept(1, &large(2), vec![new_copy(&["a@b.example"], queued(0))]),
    ]);
    assert!(refused.is_err());
    assert!(store.copy(&copy_id(2, 1)).unwrap().is_none());
    assert!(store.copy(&copy_id(1, 1)).unwrap().is_some());
    assert_eq!(store.events(&message_id(2)).unwrap(), []);
    assert_eq!(body_files(folder.path()), Vec::<std::path::PathBuf>::new());
}

#[test]
fn one_batch_that_cannot_be_carried_out_refuses_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let store = shared(open(folder.path()));
    let (told, results) = mpsc::channel();
    // The first holds the line until the others stand in it, so that they share a transaction.
    let (go, wait) = mpsc::channel::<()>();
    store.submit(vec![Change::Event(event(1, 1, "first"))], Box::new(move |_| wait.recv().unwrap()));
    for number in [1, 2, 1, 3] {
        let told = told.clone();
        let change = accept(number, b"x", vec![new_copy(&["a@b.example"], queued(0))]);
        store.submit(vec![change], Box::new(move |result| told.send((number, result.is_ok())).unwrap()));
    }
    go.send(()).unwrap();
    let results: Vec<_> = results.iter().take(4).collect();
    assert_eq!(results, [(1, true), (2, true), (1, false), (3, true)]);
}

#[test]
fn what_is_said_to_be_done_is_there_for_others_and_comes_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let store = shared(open(folder.path()));
    let other = SqliteStore::open(folder.path(), options()).unwrap().0;
    let other = shared(other);
    let order = Arc::new(Mutex::new(Vec::new()));
    let (told, all) = mpsc::channel();
    for number in 1..200 {
        let (order, other, told) = (order.clone(), other.clone(), told.clone());
        let change = accept(number, b"x", vec![new_copy(&["a@b.example"], queued(0))]);
        store.submit(
            vec![change],
            Box::new(move |result| {
                result.unwrap();
                assert!(other.copy(&copy_id(number, 1)).unwrap().is_some());
                order.lock().unwrap().push(number);
                let _ = told.send(());
            }),
        );
    }
    assert_eq!(all.iter().take(199).count(), 199);
    assert_eq!(*order.lock().unwrap(), (1..200).collect::<Vec<_>>());
}

#[test]
fn one_who_panics_when_told_harms_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    store.submit(vec![Change::Event(event(1, 1, "accepted"))], Box::new(|_| panic!("on purpose")));
    store.commit(vec![Change::Event(event(1, 2, "delivered"))]).unwrap();
    assert_eq!(store.events(&message_id(1)).unwrap().len(), 2);
}

#[test]
fn the_last_to_have_the_store_may_be_the_one_who_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let store = shared(open(folder.path()));
    let (told, done) = mpsc::channel();
    let last = store.clone();
    store.submit(
        vec![Change::Event(event(1, 1, "accepted"))],
        Box::new(move |result| {
            std::thread::sleep(std::time::Duration::from_millis(50));
            drop(last);
            drop(told.send(result));
        }),
    );
    drop(store);
    assert_eq!(done.recv().unwrap(), Ok(()));
}

#[test]
fn what_stands_in_the_line_is_written_before_the_store_closes() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    for number in 1..100 {
        store.submit(
            vec![accept(number, b"x", vec![new_copy(&["a@b.example"], queued(0))])],
            Box::new(|result| result.unwrap()),
        );
    }
    assert_eq!(reopen(store, folder.path()).1.queued, 99);
}

#[test]
fn a_change_to_a_copy_that_is_gone_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let gone = copy_id(9, 1);
    let mut copy = new_copy(&["a@b.example"], queued(0));
    copy.content = Some(large(1).into());
    store
        .commit(vec![
            Change::Done { copy: gone.clone(), recipients: vec!["a@b.example".into()] },
            Change::Tried { copy: gone.clone(), due: at(1), last: "no".to_string(), delay_told: true },
            Change::Move { copy: gone.clone(), state: held("f", None) },
            Change::Redirect { copy: gone.clone(), way: Way::default() },
            Change::Remove(gone.clone()),
            Change::Add { message: message_id(9), copies: vec![copy] },
        ])
        .unwrap();
    assert_eq!(store.copies(&message_id(9)).unwrap().len(), 0);
    assert_eq!(store.counts().unwrap(), []);
    assert_eq!(body_files(folder.path()), Vec::<std::path::PathBuf>::new());
}

#[test]
fn contents_go_with_the_last_copy_and_events_stay() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let mut own = new_copy(&["b@b.example"], queued(0));
    own.content = Some(large(2).into());
    let copies = vec![new_copy(&["a@b.example"], queued(0)), own];
    store.commit(vec![accept(1, &large(1), copies), Change::Event(event(1, 1, "accepted"))]).unwrap();
    assert_eq!(body_files(folder.path()).len(), 2);
    assert_eq!(store.content(&copy_id(1, 2)).unwrap(), large(2));
    store.commit(vec![Change::Remove(copy_id(1, 2))]).unwrap();
    assert_eq!(body_files(folder.path()).len(), 1);
    assert!(store.content(&copy_id(1, 2)).is_err());
    assert_eq!(store.content(&copy_id(1, 1)).unwrap(), large(1));
    let done = Change::Done { copy: copy_id(1, 1), recipients: vec!["a@b.example".into()] };
    store.commit(vec![done]).unwrap();
    assert_eq!(body_files(folder.path()).len(), 0);
    assert_eq!(store.arrival(&message_id(1)).unwrap(), None);
    assert!(store.original(&message_id(1)).is_err());
    assert_eq!(store.events(&message_id(1)).unwrap(), [event(1, 1, "accepted")]);
}

#[test]
fn a_message_without_copies_leaves_its_events_alone() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    store.commit(vec![accept(1, &large(1), Vec::new()), Change::Event(event(1, 1, "dropped"))]).unwrap();
    assert_eq!(store.arrival(&message_id(1)).unwrap(), None);
    assert_eq!(store.events(&message_id(1)).unwrap().len(), 1);
    assert_eq!(body_files(folder.path()).len(), 0);
}

#[test]
fn the_last_copy_may_go_before_another_comes_and_numbers_are_not_given_twice() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    store.commit(vec![accept(1, b"x", vec![new_copy(&["a@b.example"], held("f", None))])]).unwrap();
    let add = || Change::Add { message: message_id(1), copies: vec![new_copy(&["a@b.example"], queued(0))] };
    store.commit(vec![Change::Remove(copy_id(1, 1)), add()]).unwrap();
    store.commit(vec![Change::Remove(copy_id(1, 2)), add()]).unwrap();
    assert_eq!(names(&store, &Filter::default()), [copy_id(1, 3)]);
    assert_eq!(store.content(&copy_id(1, 3)).unwrap(), b"x");
    store
        .commit(vec![accept(2, b"y", Vec::new()), Change::Add { message: message_id(2), copies: vec![] }])
        .unwrap();
    assert_eq!(store.arrival(&message_id(2)).unwrap(), None);
}

#[test]
fn recipients_are_done_one_by_one_and_the_copy_with_the_last() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let to = ["a@b.example", "A@b.example", "c@d.example"];
    store.commit(vec![accept(1, b"x", vec![new_copy(&to, queued(0))])]).unwrap();
    let done = |address: &str| Change::Done { copy: copy_id(1, 1), recipients: vec![address.into()] };
    store.commit(vec![done("c@d.example"), done("nobody@d.example")]).unwrap();
    let left: Vec<_> = store.copy(&copy_id(1, 1)).unwrap().unwrap().recipients;
    assert_eq!(left, [recipient("a@b.example"), recipient("A@b.example")]);
    let of_text = |text: &str| Filter { text: Some(text.to_string()), ..Filter::default() };
    assert_eq!(names(&store, &of_text("c@d")), []);
    assert_eq!(names(&store, &of_text("subject 1")), [copy_id(1, 1)]);
    store.commit(vec![done("a@b.example"), done("A@b.example")]).unwrap();
    assert!(store.copy(&copy_id(1, 1)).unwrap().is_none());
}

#[test]
fn an_attempt_is_noted_and_leaves_what_was_held_meanwhile() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let copies = (0..3).map(|_| new_copy(&["a@b.example"], queued(0))).collect();
    store.commit(vec![accept(1, b"x", copies)]).unwrap();
    store.commit(vec![Change::Move { copy: copy_id(1, 2), state: held("f", Some(90)) }]).unwrap();
    let deferred = State::Deferred { until: at(5), judge_again: true };
    store.commit(vec![Change::Move { copy: copy_id(1, 3), state: deferred }]).unwrap();
    let tried = |number, told| Change::Tried {
        copy: copy_id(1, number),
        due: at(60),
        last: "451 later".to_string(),
        delay_told: told,
    };
    store.commit(vec![tried(1, true), tried(1, false), tried(2, false), tried(3, false)]).unwrap();
    let [first, second, third] = store.copies(&message_id(1)).unwrap().try_into().unwrap();
    assert_eq!((first.attempts, first.delay_told, first.state), (2, true, queued(60)));
    assert_eq!(first.last.as_deref(), Some("451 later"));
    assert_eq!((second.attempts, second.state), (1, held("f", Some(90))));
    assert_eq!((third.attempts, third.state), (1, queued(60)));
}

#[test]
fn what_is_due_comes_by_priority_and_age_and_without_what_is_suspended() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let of = |priority, state| {
        let mut copy = new_copy(&["a@b.example"], state);
        copy.way.priority = priority;
        copy
    };
    let mut suspended = of(9, queued(1));
    suspended.way.suspended = true;
    let copies = vec![
        of(0, queued(20)),
        of(0, queued(10)),
        of(-4, queued(1)),
        of(4, State::Deferred { until: at(30), judge_again: true }),
        of(4, queued(31)),
        of(9, held("f", Some(1))),
        of(9, State::Dead { why: "nobody takes it".to_string() }),
        suspended.clone(),
    ];
    store.commit(vec![accept(1, b"x", copies)]).unwrap();
    let due = |second, limit| -> Vec<u32> {
        store.due(at(second), limit).unwrap().into_iter().map(|copy| copy.id.number).collect()
    };
    assert_eq!(due(31, 100), [4, 2, 1, 3]);
    assert_eq!(due(31, 2), [4, 2]);
    assert_eq!(due(0, 100), [0u32; 0]);
    assert_eq!(due(2, 100), [3]);
    assert_eq!(store.next_due().unwrap(), Some(at(1)));
    suspended.way.suspended = false;
    store.commit(vec![Change::Redirect { copy: copy_id(1, 8), way: suspended.way.clone() }]).unwrap();
    assert_eq!(due(2, 100), [8, 3]);
    assert_eq!(store.copy(&copy_id(1, 8)).unwrap().unwrap().way, suspended.way);
}

#[test]
fn an_expiry_deletes_what_was_held_long_enough_and_what_happened_long_ago() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let entry = |second| AuditEntry {
        at: at(second),
        who: "root".to_string(),
        action: "delete".to_string(),
        copy: Some(copy_id(1, 1)),
        why: "asked".to_string(),
    };
    let mut changes: Vec<Change> = (10..1_300)
        .map(|number| {
            accept(number, b"x", vec![new_copy(&["a@b.example"], held("f", Some(i64::from(number))))])
        })
        .collect();
    changes.push(accept(1, b"x", vec![new_copy(&["a@b.example"], held("f", None))]));
    changes.extend((0..1_300).map(|second| Change::Event(event(1, second, "seen"))));
    changes.extend([Change::Audit(entry(1)), Change::Audit(entry(2_000))]);
    store.commit(changes).unwrap();
    assert_eq!(store.expire(at(1_210), at(1_299)).unwrap(), 1_200);
    assert_eq!(store.counts().unwrap(), [(Place::Held(Some("f".into())), 91, 91)]);
    assert_eq!(store.events(&message_id(1)).unwrap(), [event(1, 1_299, "seen")]);
    assert_eq!(store.audit(10).unwrap(), [entry(2_000)]);
    assert_eq!(store.expire(at(1_210), at(1_299)).unwrap(), 0);
}

#[test]
fn a_change_of_another_process_moves_the_version() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let other = open(folder.path());
    store.commit(vec![accept(1, b"x", vec![new_copy(&["a@b.example"], queued(0))])]).unwrap();
    let before = store.version().unwrap();
    store.list(&Filter::default()).unwrap();
    assert_eq!(store.version().unwrap(), before);
    other.commit(vec![Change::Remove(copy_id(1, 1))]).unwrap();
    assert_ne!(store.version().unwrap(), before);
}

#[test]
fn a_disk_with_less_room_than_asked_for_takes_no_message_and_lets_those_that_are_there_go() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    assert!(store.has_room());
    store.commit(vec![accept(1, b"x", vec![new_copy(&["a@b.example"], queued(0))])]).unwrap();
    drop(store);
    let options = Options { min_free_bytes: u64::MAX, ..options() };
    let store = SqliteStore::open(folder.path(), options).unwrap().0;
    assert!(!store.has_room());
    let refused = store.commit(vec![accept(2, b"x", vec![new_copy(&["a@b.example"], queued(0))])]);
    assert!(matches!(refused, Err(StoreError::Full(_))));
    store.commit(vec![Change::Remove(copy_id(1, 1))]).unwrap();
}

#[test]
fn names_are_read_as_people_write_them() {
    let id = QueueId::new(Timestamp::from_millisecond(1_790_000_000_123).unwrap(), 0xffff_ffff);
    assert_eq!(id.as_str().len(), 16);
    assert_eq!(QueueId::parse(&id.to_string().to_lowercase()), Some(id.clone()));
    assert_eq!(QueueId::parse("OIL0000000000000"), QueueId::parse("0110000000000000"));
    for text in ["", "U000000000000000", "000000000000000", "00000000000000000", "000000000000000é"] {
        assert_eq!(QueueId::parse(text), None, "{text}");
    }
    let later = QueueId::new(Timestamp::from_millisecond(1_790_000_000_124).unwrap(), 0);
    assert!(id < later);
    assert_eq!(QueueId::new(Timestamp::MIN, 5).as_str(), "0000000000000005");
    let copy = CopyId { message: id.clone(), number: 12 };
    assert_eq!(copy.to_string(), format!("{id}.12"));
    assert_eq!(CopyId::parse(&copy.to_string().to_lowercase()), Some(copy));
    for text in
        [format!("{id}"), format!("{id}."), format!("{id}.0"), format!("{id}.+1"), format!("{id}.1.1")]
    {
        assert_eq!(CopyId::parse(&text), None, "{text}");
    }
}
