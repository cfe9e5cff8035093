//! Random changes, carried out by the store and by a simple model of it in memory, which must agree.

use super::*;
use mailfw::relay::store::{Place, StoreError};
use proptest::prelude::*;
use std::collections::BTreeMap;

const ADDRESSES: [&str; 4] = ["a@one.example", "b@one.example", "c@two.example", "D@two.example"];

/// A change, by small numbers.
#[derive(Debug, Clone)]
enum Step {
    Accept { message: u32, copies: Vec<(usize, u8, bool)> },
    Add { message: u32, copies: Vec<(usize, u8, bool)> },
    Done { copy: (u32, u32), address: usize },
    Tried { copy: (u32, u32), due: u8, told: bool },
    Move { copy: (u32, u32), state: u8 },
    Remove { copy: (u32, u32) },
    Event { message: u32 },
    Reopen,
}

fn steps() -> impl Strategy<Value = Vec<Vec<Step>>> {
    let copy = || (1..5u32, 1..4u32);
    let copies = || prop::collection::vec((1..4usize, 0..8u8, any::<bool>()), 0..3);
    let step = prop_oneof![
        3 => (1..5u32, copies()).prop_map(|(message, copies)| Step::Accept { message, copies }),
        2 => (1..5u32, copies()).prop_map(|(message, copies)| Step::Add { message, copies }),
        3 => (copy(), 0..4usize).prop_map(|(copy, address)| Step::Done { copy, address }),
        2 => (copy(), 0..9u8, any::<bool>()).prop_map(|(copy, due, told)| Step::Tried { copy, due, told }),
        2 => (copy(), 0..8u8).prop_map(|(copy, state)| Step::Move { copy, state }),
        2 => copy().prop_map(|copy| Step::Remove { copy }),
        1 => (1..5u32).prop_map(|message| Step::Event { message }),
        1 => Just(Step::Reopen),
    ];
    prop::collection::vec(prop::collection::vec(step, 1..4), 1..25)
}

fn state(number: u8) -> State {
    match number {
        0..4 => queued(i64::from(number)),
        4 => State::Deferred { until: at(4), judge_again: true },
        5 => held("spam", None),
        6 => held("virus", Some(6)),
        _ => State::Dead { why: "no".to_string() },
    }
}

fn content(message: u32, number: usize) -> Vec<u8> {
    // Some lie in the database and some in files.
    vec![(message as u8) * 16 + number as u8; if message.is_multiple_of(2) { 3 } else { 1_500 }]
}

fn made(message: u32, copies: &[(usize, u8, bool)]) -> Vec<NewCopy> {
    let one = |(index, (addresses, place, own)): (usize, &(usize, u8, bool))| {
        let mut copy = new_copy(&ADDRESSES[..*addresses], state(*place));
        copy.content = own.then(|| content(message, index + 1).into());
        copy
    };
    copies.iter().enumerate().map(one).collect()
}

#[derive(Debug, Clone, PartialEq)]
struct ModelCopy {
    recipients: Vec<Recipient>,
    state: State,
    content: Vec<u8>,
    attempts: u32,
    told: bool,
}

#[derive(Debug, Clone, Default)]
struct Model {
    /// By message: the next number and the copies.
    messages: BTreeMap<u32, (u32, BTreeMap<u32, ModelCopy>)>,
    events: BTreeMap<u32, usize>,
}

impl Model {
    fn add(&mut self, message: u32, copies: Vec<NewCopy>) {
        let Some((next, kept)) = self.messages.get_mut(&message) else { return };
        for copy in copies {
            let content = copy.content.map_or_else(|| content(message, 0), |content| content.to_vec());
            let (recipients, state) = (copy.recipients, copy.state);
            kept.insert(*next, ModelCopy { recipients, state, content, attempts: 0, told: false });
            *next += 1;
        }
    }

    /// Carries a batch out; `None`: it is refused.
    fn batch(&self, steps: &[Step]) -> Option<Model> {
        let mut model = self.clone();
        for step in steps {
            match step {
                Step::Accept { copies, .. } if copies.is_empty() => {}
                Step::Accept { message, copies } => {
                    if model.messages.contains_key(message) {
                        return None;
                    }
                    model.messages.insert(*message, (1, BTreeMap::new()));
                    model.add(*message, made(*message, copies));
                }
                Step::Add { message, copies } => model.add(*message, made(*message, copies)),
                Step::Event { message } => *model.events.entry(*message).or_default() += 1,
                Step::Reopen => {}
                Step::Done { copy: (message, number), address } => {
                    let Some((_, copies)) = model.messages.get_mut(message) else { continue };
                    let Some(copy) = copies.get_mut(number) else { continue };
                    copy.recipients.retain(|recipient| &*recipient.address != ADDRESSES[*address]);
                    if copy.recipients.is_empty() {
                        copies.remove(number);
                    }
                }
                Step::Remove { copy: (message, number) } => {
                    model.messages.get_mut(message).map(|(_, copies)| copies.remove(number));
                }
                Step::Tried { copy, due, told } => {
                    let Some(copy) = model.copy(*copy) else { continue };
                    copy.attempts += 1;
                    copy.told |= told;
                    if matches!(copy.state, State::Queued { .. } | State::Deferred { .. }) {
                        copy.state = queued(i64::from(*due));
                    }
                }
                Step::Move { copy, state: place } => {
                    let Some(copy) = model.copy(*copy) else { continue };
                    copy.state = state(*place);
                }
            }
        }
        model.messages.retain(|_, (_, copies)| !copies.is_empty());
        Some(model)
    }

    fn copy(&mut self, (message, number): (u32, u32)) -> Option<&mut ModelCopy> {
        self.messages.get_mut(&message)?.1.get_mut(&number)
    }
}

fn change(step: &Step) -> Option<Change> {
    let id = |(message, number): &(u32, u32)| copy_id(*message, *number);
    Some(match step {
        Step::Accept { message, copies } => accept(*message, &content(*message, 0), made(*message, copies)),
        Step::Add { message, copies } => {
            Change::Add { message: message_id(*message), copies: made(*message, copies) }
        }
        Step::Done { copy, address } => {
            Change::Done { copy: id(copy), recipients: vec![ADDRESSES[*address].into()] }
        }
        Step::Tried { copy, due, told } => Change::Tried {
            copy: id(copy),
            due: at(i64::from(*due)),
            last: "later".to_string(),
            delay_told: *told,
        },
        Step::Move { copy, state: place } => Change::Move { copy: id(copy), state: state(*place) },
        Step::Remove { copy } => Change::Remove(id(copy)),
        Step::Event { message } => Change::Event(event(*message, 1, "seen")),
        Step::Reopen => return None,
    })
}

fn agree(store: &SqliteStore, model: &Model, folder: &Path) {
    let mut counts: BTreeMap<Place, (u64, u64)> = BTreeMap::new();
    let mut newest_first = Vec::new();
    for (message, (_, copies)) in &model.messages {
        assert_eq!(store.original(&message_id(*message)).unwrap(), content(*message, 0));
        for (number, expected) in copies {
            let id = copy_id(*message, *number);
            let copy = store.copy(&id).unwrap().unwrap();
            let kept = ModelCopy {
                content: store.content(&id).unwrap(),
                recipients: copy.recipients,
                state: copy.state,
                attempts: copy.attempts,
                told: copy.delay_told,
            };
            assert_eq!(&kept, expected, "{id}");
            let place = match &expected.state {
                State::Queued { .. } => Place::Queued,
                State::Deferred { .. } => Place::Deferred,
                State::Held { folder, .. } => Place::Held(Some(folder.clone())),
                State::Dead { .. } => Place::Dead,
            };
            let count = counts.entry(place).or_default();
            *count = (count.0 + 1, count.1 + expected.content.len() as u64);
            newest_first.insert(0, id);
        }
    }
    assert_eq!(names(store, &Filter::default()), newest_first);
    let everything = Filter { text: Some("@".to_string()), ..Filter::default() };
    assert_eq!(names(store, &everything), newest_first);
    let kept: BTreeMap<Place, (u64, u64)> = store
        .counts()
        .unwrap()
        .into_iter()
        .map(|(place, copies, octets)| (place, (copies, octets)))
        .collect();
    assert_eq!(kept, counts);
    for message in 1..5 {
        let events = model.events.get(&message).copied().unwrap_or_default();
        assert_eq!(store.events(&message_id(message)).unwrap().len(), events);
        assert_eq!(
            store.arrival(&message_id(message)).unwrap().is_some(),
            model.messages.contains_key(&message)
        );
    }
    let files = model.messages.values().flat_map(|(_, copies)| copies.values());
    let own = files.filter(|copy| copy.content.len() > 1_000 && copy.content[0] % 16 != 0).count();
    let originals = model.messages.keys().filter(|message| !message.is_multiple_of(2)).count();
    assert_eq!(body_files(folder).len(), own + originals);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn a_store_does_what_a_simple_model_of_it_does(batches in steps()) {
        let folder = tempfile::tempdir().unwrap();
        let mut store = open(folder.path());
        let mut model = Model::default();
        for batch in batches {
            let result = store.commit(batch.iter().filter_map(change).collect());
            match model.batch(&batch) {
                Some(next) => {
                    prop_assert_eq!(result, Ok(()));
                    model = next;
                }
                None => prop_assert!(matches!(result, Err(StoreError::Corrupt(_)))),
            }
            if batch.iter().any(|step| matches!(step, Step::Reopen)) {
                store = reopen(store, folder.path()).0;
            }
            agree(&store, &model, folder.path());
        }
    }
}
