//! Lists, searches and counts.

use super::*;
use mailfw::relay::store::Place;

fn filled(folder: &Path) -> SqliteStore {
    let store = open(folder);
    let of = |number: u32, to: &[&str], state| {
        let mut message = accepted(number, b"12345", vec![new_copy(to, state)]);
        message.arrival.subject = Some(format!("Grüße\r\nNr. {number} from x@subject.example"));
        Change::Accept(Box::new(message))
    };
    store
        .commit(vec![
            of(3, &["Bob@Example.NET"], queued(0)),
            of(1, &["eve@bücher.example"], State::Deferred { until: at(9), judge_again: false }),
            of(2, &["a@b.example", "c@d.example"], held("spam", None)),
            of(5, &["a@b.example"], held("virus", Some(99))),
            of(4, &["a@notb.example"], State::Dead { why: "no".to_string() }),
        ])
        .unwrap();
    store
}

fn found(store: &SqliteStore, filter: Filter) -> Vec<u32> {
    let number_of = |id: &CopyId| (1..10).find(|number| message_id(*number) == id.message).unwrap();
    names(store, &filter).iter().map(number_of).collect()
}

#[test]
fn a_list_has_the_newest_first_and_goes_on_behind_a_page() {
    let folder = tempfile::tempdir().unwrap();
    let store = filled(folder.path());
    let page = |after| Filter { limit: 2, after, ..Filter::default() };
    assert_eq!(found(&store, Filter::default()), [5, 4, 3, 2, 1]);
    assert_eq!(found(&store, page(None)), [5, 4]);
    // It may have gone meanwhile.
    store.commit(vec![Change::Remove(copy_id(4, 1))]).unwrap();
    assert_eq!(found(&store, page(Some(copy_id(4, 1)))), [3, 2]);
    assert_eq!(found(&store, page(Some(copy_id(2, 1)))), [1]);
    assert_eq!(found(&store, Filter { before: Some(at(3)), ..Filter::default() }), [2, 1]);
    let listed = &store.list(&page(None)).unwrap()[0];
    assert_eq!(listed.message_id.as_deref(), Some("5@example.org"));
    assert!(listed.subject.as_ref().unwrap().starts_with("Grüße"));
}

#[test]
fn a_list_of_a_place_has_what_stands_there() {
    let folder = tempfile::tempdir().unwrap();
    let store = filled(folder.path());
    let place = |place| Filter { place: Some(place), ..Filter::default() };
    assert_eq!(found(&store, place(Place::Queued)), [3]);
    assert_eq!(found(&store, place(Place::Deferred)), [1]);
    assert_eq!(found(&store, place(Place::Dead)), [4]);
    assert_eq!(found(&store, place(Place::Held(None))), [5, 2]);
    assert_eq!(found(&store, place(Place::Held(Some("spam".into())))), [2]);
    let both = Filter { after: Some(copy_id(5, 1)), ..place(Place::Held(None)) };
    assert_eq!(found(&store, both), [2]);
    let before = Filter { before: Some(at(5)), ..place(Place::Held(None)) };
    assert_eq!(found(&store, before), [2]);
    let text = Filter { text: Some("a@b".to_string()), ..place(Place::Held(Some("virus".into()))) };
    assert_eq!(found(&store, text), [5]);
}

#[test]
fn a_search_looks_at_addresses_subject_message_id_and_name_in_any_case() {
    let folder = tempfile::tempdir().unwrap();
    let store = filled(folder.path());
    let text = |text: &str| Filter { text: Some(text.to_string()), ..Filter::default() };
    assert_eq!(found(&store, text("bOB@example")), [3]);
    assert_eq!(found(&store, text("GRÜSSE")), [0u32; 0]);
    assert_eq!(found(&store, text("GRÜßE  nr. 2")), [2]);
    assert_eq!(found(&store, text("ann@")), [5, 4, 3, 2, 1]);
    assert_eq!(found(&store, text("4@EXAMPLE.org")), [4]);
    assert_eq!(found(&store, text(&copy_id(4, 1).to_string().to_lowercase())), [4]);
    assert_eq!(found(&store, text("%")), [0u32; 0]);
    assert_eq!(found(&store, text("")), [5, 4, 3, 2, 1]);
}

#[test]
fn a_domain_is_that_of_a_sender_or_recipient_in_any_form_and_no_part_of_one() {
    let folder = tempfile::tempdir().unwrap();
    let store = filled(folder.path());
    let domain = |domain: &str| Filter { domain: Some(domain.to_string()), ..Filter::default() };
    assert_eq!(found(&store, domain("B.example")), [5, 2]);
    assert_eq!(found(&store, domain("xn--bcher-kva.example")), [1]);
    assert_eq!(found(&store, domain("BÜCHER.example")), [1]);
    assert_eq!(found(&store, domain("example.org")), [5, 4, 3, 2, 1]);
    assert_eq!(found(&store, domain("subject.example")), [0u32; 0]);
    assert_eq!(found(&store, domain("example")), [0u32; 0]);
    assert_eq!(found(&store, domain("no domain")), [0u32; 0]);
}

#[test]
fn counts_follow_what_stands_where() {
    let folder = tempfile::tempdir().unwrap();
    let store = filled(folder.path());
    let mut own = new_copy(&["z@z.example"], held("spam", None));
    own.content = Some(Arc::from(&b"123"[..]));
    store.commit(vec![Change::Add { message: message_id(3), copies: vec![own] }]).unwrap();
    store.commit(vec![Change::Move { copy: copy_id(1, 1), state: held("spam", None) }]).unwrap();
    store.commit(vec![Change::Remove(copy_id(4, 1))]).unwrap();
    let spam = Place::Held(Some("spam".into()));
    let virus = Place::Held(Some("virus".into()));
    let counts = [(Place::Queued, 1, 5), (spam, 3, 13), (virus, 1, 5)];
    assert_eq!(store.counts().unwrap(), counts);
    let (store, recovered) = reopen(store, folder.path());
    assert_eq!(store.counts().unwrap(), counts);
    assert_eq!(recovered, Recovered { queued: 1, held: 4, ..Recovered::default() });
}
