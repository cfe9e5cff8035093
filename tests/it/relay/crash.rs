//! Nothing that was answered 250 is lost, however the relay ends: killed at any moment, or with the disk's power gone.
//!
//! `scripts/crash N` kills it N times; so does `MAILFW_CRASHES=N`, and `MAILFW_POWER_CUTS=N` cuts the power so often.

use super::world::client::{Client, message};
use super::world::sink;
use super::world::{World, eventually};
use mailfw::relay::smtp::server::Received;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher, RandomState};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const ANNA: &str = "anna@site.example";
/// Clients that send at once.
const CLIENTS: u32 = 8;
/// Connections to each of the two next hosts.
const CONNECTIONS: u32 = 20;
/// Octets of a big message: more than a content that lies in the database itself.
const BIG: usize = 200 << 10;

/// What a next host was given, by the number of the message: the recipients of each time.
type Came = Arc<Mutex<BTreeMap<u32, Vec<Vec<String>>>>>;

/// A message that was answered 250.
struct Taken {
    number: u32,
    to: Vec<String>,
}

/// What each message is follows from its number.
fn recipients(number: u32) -> Vec<String> {
    let names: &[&str] = match number % 7 {
        0 => &["bob@else.example", "eve@else.example", "carl@site.example"],
        1 => &["carl@site.example"],
        2 => &["bob@else.example", "bob@third.example"],
        _ => &["bob@else.example"],
    };
    names.iter().map(ToString::to_string).collect()
}

fn is_held(number: u32) -> bool {
    number.is_multiple_of(5)
}

fn content(number: u32) -> String {
    let mut text = String::from(if is_held(number) { "a secret\r\n" } else { "hello\r\n" });
    if number.is_multiple_of(11) {
        text.push_str(&"all work and no play\r\n".repeat(BIG / 22));
    }
    message(ANNA, "many", &format!("number-{number}-"), &text)
}

/// The number that a message bears in its subject, and a notification in its text.
fn number_in(content: &[u8]) -> u32 {
    let text = String::from_utf8_lossy(content);
    let (_, behind) = text.split_once("number-").expect("every message has a number");
    behind.split('-').next().unwrap().parse().unwrap()
}

/// A random number below another; the moments of the kills are to differ from run to run.
fn random(below: u64) -> u64 {
    RandomState::new().hash_one(0) % below
}

/// The relay, its clients, and what became of their messages.
struct Trial {
    world: World,
    inside: Came,
    outside: Came,
    /// What the sender was told of, by the number of the message.
    told: Came,
    numbers: Arc<AtomicU32>,
    taken: Arc<Mutex<Vec<Taken>>>,
}

/// What became of all messages; recipients are counted, but for what is doubled.
#[derive(Debug, Default)]
struct Tally {
    accepted: usize,
    delivered: usize,
    held: usize,
    lost: usize,
    /// Deliveries beyond the first of the same message to the same host.
    doubled: usize,
}

fn next_host(came: &Came, told: Option<&Came>) -> SocketAddr {
    let (came, told) = (came.clone(), told.cloned());
    sink::start_with((Ipv4Addr::LOCALHOST, 0).into(), move |message: Received| {
        let number = number_in(&message.content);
        // Some deliveries take a little, so that one is under way at most moments.
        std::thread::sleep(Duration::from_millis(u64::from(number % 4)));
        let to = message.to.into_iter().map(|to| to.recipient.unwrap().text.to_string()).collect();
        let of = if message.from.text.is_empty() { told.as_ref().unwrap() } else { &came };
        of.lock().unwrap().entry(number).or_default().push(to);
    })
}

impl Trial {
    fn new() -> Trial {
        let (inside, outside, told) = (Came::default(), Came::default(), Came::default());
        let at = (next_host(&inside, Some(&told)), next_host(&outside, None));
        let world = World::new(at.0, at.1, "[retry]\nschedule = \"1s\"\n");
        Trial { world, inside, outside, told, numbers: Arc::default(), taken: Arc::default() }
    }

    /// Has clients send until the work is done.
    fn while_clients_send<T>(&mut self, work: impl FnOnce(&mut Trial) -> T) -> T {
        let stop = Arc::new(AtomicBool::new(false));
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| {
                let (stop, numbers, taken) = (stop.clone(), self.numbers.clone(), self.taken.clone());
                let address = self.world.outbound;
                std::thread::spawn(move || send_on(address, &stop, &numbers, &taken))
            })
            .collect();
        let done = work(self);
        stop.store(true, Ordering::Relaxed);
        clients.into_iter().for_each(|client| client.join().unwrap());
        done
    }

    /// Waits until nothing is on its way, and counts.
    fn tally(&self) -> Tally {
        for place in ["queued", "deferred"] {
            eventually(place, || {
                self.world.says(&["queue", "list", "--place", place, "--limit", "1"]).is_empty()
            });
        }
        let held = self.held();
        let (inside, outside) = (self.inside.lock().unwrap(), self.outside.lock().unwrap());
        let told = self.told.lock().unwrap();
        let has = |came: &BTreeMap<u32, Vec<Vec<String>>>, number: u32, to: &String| {
            came.get(&number).is_some_and(|times| times.iter().any(|names| names.contains(to)))
        };
        let mut tally = Tally::default();
        for taken in self.taken.lock().unwrap().iter() {
            for to in &taken.to {
                tally.accepted += 1;
                let is_delivered = has(&inside, taken.number, to) || has(&outside, taken.number, to);
                let is_held_now = held.contains(&(taken.number, to.clone()));
                match (is_delivered, is_held_now) {
                    (true, false) => tally.delivered += 1,
                    (false, true) => tally.held += 1,
                    (true, true) => panic!("{} for {to} is held and delivered", taken.number),
                    (false, false) => {
                        eprintln!("lost: {} for {to}", taken.number);
                        tally.lost += 1;
                    }
                }
                assert_eq!(is_held_now, is_held(taken.number), "{} is what its policy says", taken.number);
            }
            if is_held(taken.number) && !told.contains_key(&taken.number) {
                eprintln!("lost: the notification of {}", taken.number);
                tally.lost += 1;
            }
        }
        for came in [&*inside, &*outside, &*told] {
            tally.doubled += came.values().map(|times| times.len() - 1).sum::<usize>();
        }
        tally
    }

    /// The recipients of what is held, by the number of the message.
    fn held(&self) -> BTreeSet<(u32, String)> {
        let list = self.world.says(&["queue", "list", "--place", "held", "--limit", "0", "--json"]);
        let mut held = BTreeSet::new();
        for line in list.lines() {
            let copy: serde_json::Value = serde_json::from_str(line).unwrap();
            let number = number_in(copy["subject"].as_str().unwrap().as_bytes());
            for to in copy["recipients"].as_array().unwrap() {
                let is_new = held.insert((number, to.as_str().unwrap().to_string()));
                assert!(is_new, "{number} is held twice");
            }
        }
        held
    }
}

fn send_on(address: SocketAddr, stop: &AtomicBool, numbers: &AtomicU32, taken: &Mutex<Vec<Taken>>) {
    while !stop.load(Ordering::Relaxed) {
        let Ok(mut client) = Client::connect(address) else {
            std::thread::sleep(Duration::from_millis(10));
            continue;
        };
        for _ in 0..20 {
            if stop.load(Ordering::Relaxed) {
                return;
            }
            // A number is never used again: whether a message without an answer was taken is not known.
            let number = numbers.fetch_add(1, Ordering::Relaxed);
            let to = recipients(number);
            let names: Vec<&str> = to.iter().map(String::as_str).collect();
            match client.send(ANNA, &names, &content(number)) {
                Ok(reply) if reply.starts_with("250") => taken.lock().unwrap().push(Taken { number, to }),
                Ok(_) => std::thread::sleep(Duration::from_millis(10)),
                Err(_) => break,
            }
        }
    }
}

fn times(variable: &str, otherwise: u32) -> u32 {
    std::env::var(variable).ok().and_then(|times| times.parse().ok()).unwrap_or(otherwise)
}

fn show(what: &str, tally: &Tally) {
    let Tally { accepted, delivered, held, lost, doubled } = tally;
    println!(
        "{what}: accepted {accepted}, delivered {delivered}, held {held}, lost {lost}, doubled {doubled}"
    );
}

fn must_be_whole(tally: &Tally, ends: u32) {
    assert_eq!(tally.lost, 0, "{tally:?}");
    assert_eq!(tally.accepted, tally.delivered + tally.held);
    assert!(tally.delivered > 0 && tally.held > 0, "{tally:?}");
    assert!(tally.doubled <= (2 * CONNECTIONS * ends) as usize, "{tally:?}");
}

#[test]
fn a_relay_that_is_killed_at_any_moment_loses_nothing_that_it_took() {
    let kills = times("MAILFW_CRASHES", 8);
    let mut trial = Trial::new();
    trial.while_clients_send(|trial| {
        for kill in 0..kills {
            trial.world.start();
            // Every third one dies while it still takes up what the last one left.
            let most = if kill % 3 == 2 { 100 } else { 2_500 };
            std::thread::sleep(Duration::from_millis(random(most)));
            trial.world.kill();
        }
        trial.world.start();
        std::thread::sleep(Duration::from_millis(200));
    });
    let tally = trial.tally();
    show(&format!("{kills} kills"), &tally);
    must_be_whole(&tally, kills);
}

#[test]
fn a_relay_that_is_not_killed_doubles_nothing() {
    let mut trial = Trial::new();
    trial.world.start();
    trial.while_clients_send(|_| std::thread::sleep(Duration::from_secs(3)));
    let tally = trial.tally();
    show("no kill", &tally);
    must_be_whole(&tally, 0);
}

/// A file system of its own whose power can be cut: what was not synced is gone then.
struct Disk {
    image: PathBuf,
    at: PathBuf,
}

impl Disk {
    /// `None` where there is no right or no tool to make one.
    fn new(world: &World) -> Option<Disk> {
        let disk = Disk { image: world.path("disk.ext4"), at: world.path("state") };
        if !rustix::process::geteuid().is_root() {
            return None;
        }
        std::fs::create_dir(&disk.at).unwrap();
        std::fs::File::create(&disk.image).unwrap().set_len(256 << 20).unwrap();
        let is_made = run("mkfs.ext4", &["-q".as_ref(), &disk.image]);
        (is_made && disk.mount() && run("perl", &["-e1".as_ref()])).then_some(disk)
    }

    fn mount(&self) -> bool {
        run("mount", &["-oloop".as_ref(), &self.image, &self.at])
    }

    /// From now on nothing reaches the disk, neither data nor its journal: `EXT4_IOC_SHUTDOWN` without a flush.
    fn cut(&self) -> bool {
        let shutdown =
            "my $flags = pack('L', 2); open(D, '<', $ARGV[0]) && ioctl(D, 0x8004587d, $flags) or die $!";
        run("perl", &["-e".as_ref(), shutdown.as_ref(), &self.at])
    }

    fn power_again(&self) {
        assert!(run("umount", &[&self.at]), "the file system is not in use");
        assert!(self.mount());
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        run("umount", &["-l".as_ref(), &self.at]);
    }
}

fn run(program: &str, arguments: &[&Path]) -> bool {
    let output = Command::new(program).args(arguments).output();
    output.is_ok_and(|output| {
        if !output.status.success() {
            eprintln!("{program}: {}", String::from_utf8_lossy(&output.stderr));
        }
        output.status.success()
    })
}

#[test]
fn a_relay_whose_disk_loses_its_power_loses_nothing_that_it_took() {
    let cuts = times("MAILFW_POWER_CUTS", 3);
    let mut trial = Trial::new();
    let Some(disk) = Disk::new(&trial.world) else {
        return println!("skipped: a file system of its own needs root, mkfs.ext4, loop devices and perl");
    };
    trial.while_clients_send(|trial| {
        let mut forgotten = 0;
        for cut in 0..cuts {
            trial.world.start();
            std::thread::sleep(Duration::from_millis(500 + random(1_500)));
            let unsynced = disk.at.join(format!("unsynced-{cut}"));
            std::fs::write(&unsynced, "this is not synced").unwrap();
            assert!(disk.cut());
            // What is answered without a disk counts as well.
            std::thread::sleep(Duration::from_millis(random(300)));
            trial.world.kill();
            disk.power_again();
            let left = std::fs::read(&unsynced).unwrap_or_default();
            forgotten += u32::from(left.is_empty());
        }
        assert!(forgotten > 0, "cuts that lose nothing prove nothing");
        trial.world.start();
        std::thread::sleep(Duration::from_millis(200));
    });
    let begun = Instant::now();
    let tally = trial.tally();
    show(&format!("{cuts} power cuts"), &tally);
    assert!(begun.elapsed() < Duration::from_secs(60));
    must_be_whole(&tally, cuts);
    trial.world.kill();
}
