//! What a million copies cost. Run by hand: `cargo test --test it relay::store::million -- --ignored --nocapture`, with
//! `MAILFW_STORE_COPIES` for another number.

use super::*;
use mailfw::relay::store::Place;
use std::time::Instant;

fn timed<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = work();
    println!("{what:<44} {:>9.1} ms", start.elapsed().as_secs_f64() * 1_000.0);
    result
}

#[test]
#[ignore = "it writes a gigabyte and takes minutes"]
fn a_million_copies_are_opened_listed_and_searched() {
    let copies = std::env::var("MAILFW_STORE_COPIES").map_or(1_000_000, |number| number.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    timed("filled", || {
        for first in (0..copies).step_by(500) {
            let batch = (first..copies.min(first + 500)).map(|number| {
                let to = format!("user{number}@domain{}.example", number % 5_000);
                let state = match number % 20 {
                    0 => held("spam", None),
                    1 => State::Deferred { until: at(i64::from(number)), judge_again: false },
                    _ => queued(i64::from(number)),
                };
                accept(number, &[b'x'; 300], vec![new_copy(&[&to], state)])
            });
            store.commit(batch.collect()).unwrap();
        }
    });
    let (store, recovered) = {
        timed("closed", || drop(store));
        timed("opened", || SqliteStore::open(folder.path(), options()).unwrap())
    };
    assert_eq!(recovered.queued + recovered.deferred + recovered.held, u64::from(copies));
    timed("opened beside another process", || open(folder.path()));
    timed("counts", || store.counts().unwrap());
    timed("next_due", || store.next_due().unwrap());
    assert_eq!(
        timed("due, 1000 of them", || store.due(at(i64::MAX / 1_000_000_000_000), 1_000).unwrap()).len(),
        1_000
    );
    let page = Filter { limit: 50, ..Filter::default() };
    timed("list, a page", || store.list(&page).unwrap());
    let after = Some(copy_id(copies / 2, 1));
    timed("list, a page in the middle", || store.list(&Filter { after, ..page.clone() }).unwrap());
    let held = |folder: Option<&str>| Some(Place::Held(folder.map(Into::into)));
    timed("list, held", || store.list(&Filter { place: held(None), ..page.clone() }).unwrap());
    timed("list, a folder", || store.list(&Filter { place: held(Some("spam")), ..page.clone() }).unwrap());
    timed("list, an empty folder", || {
        store.list(&Filter { place: held(Some("none")), ..page.clone() }).unwrap()
    });
    timed("list, dead: none", || store.list(&Filter { place: Some(Place::Dead), ..page.clone() }).unwrap());
    let text = |text: &str| Filter { text: Some(text.to_string()), ..page.clone() };
    timed("search, found at once", || store.list(&text("example")).unwrap());
    timed("search, one that is old", || store.list(&text("user77@")).unwrap());
    assert_eq!(timed("search, nothing", || store.list(&text("nobody at all")).unwrap()).len(), 0);
    let domain = Filter { domain: Some("domain77.example".to_string()), ..page.clone() };
    timed("search, a domain", || store.list(&domain).unwrap());
    timed("one message more", || {
        store.commit(vec![accept(copies + 1, b"x", vec![new_copy(&["a@b.example"], queued(0))])]).unwrap()
    });
}
