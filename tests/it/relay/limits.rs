//! The relay where something runs out: connections, patience, the disk.

use super::world::client::{Client, message, send};
use super::world::sink::Sink;
use super::world::{World, eventually};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::time::{Duration, Instant};

const ANNA: &str = "anna@site.example";
const BOB: &str = "bob@else.example";

/// A relay whose outbound listener has more keys, and whose configuration has more sections.
fn world(listener: &str, more: &str) -> (World, Sink) {
    let sink = Sink::start();
    let mut world = World::new(sink.address, sink.address, more);
    world.change("role = \"outbound\"", &format!("role = \"outbound\"\n{listener}"));
    world.start();
    (world, sink)
}

/// What a server says until it closes, to who says nothing more.
fn last_words(stream: &mut TcpStream) -> String {
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut said = String::new();
    stream.read_to_string(&mut said).unwrap();
    said
}

/// A connection that says something and then hears what comes.
fn says(address: SocketAddr, words: &str) -> (TcpStream, BufReader<TcpStream>) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut heard = BufReader::new(stream.try_clone().unwrap());
    heard.read_line(&mut String::new()).unwrap();
    for line in words.lines() {
        stream.write_all(format!("{line}\r\n").as_bytes()).unwrap();
        loop {
            let mut reply = String::new();
            heard.read_line(&mut reply).unwrap();
            if reply.as_bytes().get(3) != Some(&b'-') {
                break;
            }
        }
    }
    (stream, heard)
}

/// What is said to who sends an octet again and again, and after how long.
fn dripping(stream: &mut TcpStream, heard: &mut BufReader<TcpStream>) -> (String, Duration) {
    let begun = Instant::now();
    let mut dripped = stream.try_clone().unwrap();
    let drip = std::thread::spawn(move || {
        for _ in 0..100 {
            std::thread::sleep(Duration::from_millis(100));
            if dripped.write_all(b"x").is_err() {
                return;
            }
        }
    });
    let mut said = String::new();
    heard.read_line(&mut said).unwrap();
    let took = begun.elapsed();
    stream.shutdown(std::net::Shutdown::Both).unwrap_or_default();
    drip.join().unwrap();
    (said, took)
}

const TO_DATA: &str = "EHLO client.example\nMAIL FROM:<anna@site.example>\nRCPT TO:<bob@else.example>\nDATA";

#[test]
fn who_talks_before_the_greeting_is_let_go() {
    let (world, _) = world("", "[session]\ngreeting_delay = \"500ms\"\n");
    let mut early = TcpStream::connect(world.outbound).unwrap();
    early.write_all(b"EHLO client.example\r\n").unwrap();
    let said = last_words(&mut early);
    assert!(said.starts_with("554 5.5.1"), "{said}");
    assert!(send(world.outbound, ANNA, &[BOB], &message(ANNA, BOB, "x", "hello")).starts_with("250"));
}

#[test]
fn a_silent_client_is_let_go_and_a_dripping_one_as_well() {
    let (world, _) = world("command_timeout = \"1s\"", "");
    let (silent, mut heard) = says(world.outbound, "EHLO client.example");
    let mut said = String::new();
    heard.read_line(&mut said).unwrap();
    assert!(said.starts_with("421 4.4.2 nothing came for too long"), "{said}");
    silent.shutdown(std::net::Shutdown::Both).unwrap_or_default();
    let (mut slow, mut heard) = says(world.outbound, "EHLO client.example");
    let (said, took) = dripping(&mut slow, &mut heard);
    assert!(
        said.starts_with("421 4.4.2 nothing came for too long") && took < Duration::from_secs(5),
        "{said}"
    );
}

#[test]
fn silence_within_a_message_has_a_time_of_its_own_and_so_has_the_whole_message() {
    let (world, sink) = world("data_timeout = \"1s\"\nmessage_timeout = \"2s\"", "");
    let (_silent, mut heard) = says(world.outbound, TO_DATA);
    let begun = Instant::now();
    let mut said = String::new();
    heard.read_line(&mut said).unwrap();
    assert!(said.starts_with("421 4.4.2 nothing came for too long"), "{said}");
    assert!(begun.elapsed() < Duration::from_secs(5));
    let (mut slow, mut heard) = says(world.outbound, TO_DATA);
    let (said, took) = dripping(&mut slow, &mut heard);
    assert!(said.starts_with("421 4.4.2 the message took too long"), "{said}");
    assert!(took > Duration::from_millis(1_500) && took < Duration::from_secs(6), "{took:?}");
    assert_eq!(sink.count(), 0, "half a message is none");
}

#[test]
fn a_connection_ends_when_it_has_lasted_long_enough_but_not_within_a_message() {
    let (world, sink) = world("session_timeout = \"2s\"", "");
    let (mut stream, mut heard) = says(world.outbound, TO_DATA);
    std::thread::sleep(Duration::from_millis(2_500));
    stream.write_all(b"Subject: late\r\n\r\nhello\r\n.\r\n").unwrap();
    let mut said = String::new();
    heard.read_line(&mut said).unwrap();
    assert!(said.starts_with("250 2.0.0 taken"), "{said}");
    said.clear();
    heard.read_line(&mut said).unwrap();
    assert!(said.starts_with("421 4.4.2 this connection has lasted long enough"), "{said}");
    eventually("it is delivered", || sink.count() == 1);
}

#[test]
fn so_many_messages_go_over_one_connection() {
    let (world, sink) = world("max_messages = 2", "");
    let mut client = Client::connect(world.outbound).unwrap();
    for subject in ["one", "two"] {
        let reply = client.send(ANNA, &[BOB], &message(ANNA, BOB, subject, "hello")).unwrap();
        assert!(reply.starts_with("250"), "{reply}");
    }
    let reply = client.say(&format!("MAIL FROM:<{ANNA}>")).unwrap();
    assert!(reply.starts_with("421 4.7.0 enough messages"), "{reply}");
    assert!(client.say("NOOP").is_err(), "the connection is closed");
    assert!(send(world.outbound, ANNA, &[BOB], &message(ANNA, BOB, "three", "hello")).starts_with("250"));
    eventually("all are delivered", || sink.count() == 3);
}

#[test]
fn a_network_brings_so_many_messages_and_recipients_within_a_minute() {
    let (world, _) = world("messages_per_minute = 3\nrecipients_per_minute = 5", "");
    let mut client = Client::connect(world.outbound).unwrap();
    let mail = format!("MAIL FROM:<{ANNA}>");
    let rcpt = format!("RCPT TO:<{BOB}>");
    assert!(client.say(&mail).unwrap().starts_with("250"));
    for _ in 0..5 {
        assert!(client.say(&rcpt).unwrap().starts_with("250"));
    }
    let reply = client.say(&rcpt).unwrap();
    assert!(reply.starts_with("450 4.7.1 too many recipients within a minute"), "{reply}");
    for _ in 0..2 {
        client.say("RSET").unwrap();
        assert!(client.say(&mail).unwrap().starts_with("250"));
    }
    client.say("RSET").unwrap();
    let reply = client.say(&mail).unwrap();
    assert!(reply.starts_with("450 4.7.1 too many messages within a minute"), "{reply}");
    let mut other = Client::connect(world.outbound).unwrap();
    assert!(other.say(&mail).unwrap().starts_with("450"), "it is of the network, not of the connection");
    let mut other = Client::connect(world.inbound).unwrap();
    assert!(other.say(&mail).unwrap().starts_with("250"), "another listener counts for itself");
}

#[test]
fn a_network_makes_so_many_connections_within_a_minute() {
    let (world, _) = world("connections_per_minute = 3", "");
    for _ in 0..3 {
        assert!(Client::connect(world.outbound).unwrap().say("NOOP").unwrap().starts_with("250"));
    }
    let said = last_words(&mut TcpStream::connect(world.outbound).unwrap());
    assert!(said.starts_with("421 4.7.0 ") && said.contains("within a minute"), "{said}");
}

#[test]
fn who_makes_many_mistakes_or_names_many_wrong_recipients_is_let_go() {
    let (world, _) = world("", "[session]\nmax_mistakes = 3\nmax_unknown_recipients = 2\n");
    let mut client = Client::connect(world.outbound).unwrap();
    for _ in 0..3 {
        assert!(client.say("WHAT").unwrap().starts_with("500"));
    }
    assert!(client.say("NOOP").unwrap().starts_with("421 4.7.0 too many mistakes"));
    let mut client = Client::connect(world.inbound).unwrap();
    assert!(client.say(&format!("MAIL FROM:<{BOB}>")).unwrap().starts_with("250"));
    assert!(client.say("RCPT TO:<anna@site.example>").unwrap().starts_with("250"));
    for _ in 0..2 {
        assert!(client.say("RCPT TO:<eve@else.example>").unwrap().starts_with("550"));
    }
    let said = client.say("NOOP").unwrap();
    assert!(said.starts_with("421 4.7.0 too many recipients"), "{said}");
}

#[test]
fn more_connections_than_there_may_be_are_told_so() {
    let (world, _) = world("max_connections = 5", "");
    let held: Vec<Client> = (0..5).map(|_| Client::connect(world.outbound).unwrap()).collect();
    let said = last_words(&mut TcpStream::connect(world.outbound).unwrap());
    assert!(said.starts_with("421 4.7.0 ") && said.contains("too many connections"), "{said}");
    drop(held);
    eventually("there is a place again", || {
        Client::connect(world.outbound).is_ok_and(|mut client| client.say("NOOP").is_ok())
    });
}

#[test]
fn two_thousand_idle_connections_hinder_nobody_and_take_little() {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    if limit.maximum.is_some_and(|most| most < 5_000) {
        return println!("skipped: there are too few file descriptors");
    }
    let raised = rustix::process::Rlimit { current: limit.maximum, maximum: limit.maximum };
    rustix::process::setrlimit(rustix::process::Resource::Nofile, raised).unwrap();
    let (world, sink) = world("max_connections = 3000\nmax_connections_per_network = \"unlimited\"", "");
    let idle: Vec<Client> = (0..2_000).map(|_| Client::connect(world.outbound).unwrap()).collect();
    let begun = Instant::now();
    assert!(send(world.outbound, ANNA, &[BOB], &message(ANNA, BOB, "x", "hello")).starts_with("250"));
    let took = begun.elapsed();
    eventually("it is delivered", || sink.count() == 1);
    let status = std::fs::read_to_string(format!("/proc/{}/status", world.id())).unwrap();
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    let kib: u64 = resident.trim().trim_end_matches(" kB").parse().unwrap();
    println!("{} idle connections: {} MB resident, a message taken in {took:?}", idle.len(), kib >> 10);
    assert!(kib < 300 << 10, "{kib} KiB");
    assert!(took < Duration::from_secs(2), "{took:?}");
}

/// A server that talks up to a command, and then never again.
fn stalls_at(command: &'static str) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || stall(stream, command));
        }
    });
    address
}

fn stall(mut stream: TcpStream, command: &str) -> Option<()> {
    let mut lines = BufReader::new(stream.try_clone().ok()?).lines();
    if command != "greeting" {
        stream.write_all(b"220 slow.example ESMTP\r\n").ok()?;
    }
    while let Some(Ok(line)) = lines.next() {
        let stalls = line.starts_with(command);
        match line.get(..4) {
            _ if stalls => {}
            Some("DATA") => stream.write_all(b"354 go on\r\n").ok()?,
            Some("QUIT") => return stream.write_all(b"221 bye\r\n").ok(),
            Some("EHLO" | "MAIL" | "RCPT" | "RSET") => stream.write_all(b"250 fine\r\n").ok()?,
            _ if line == "." => stream.write_all(b"250 taken\r\n").ok()?,
            _ => {}
        }
    }
    None
}

#[test]
fn a_server_that_falls_silent_at_any_command_delays_its_own_mail_and_no_other() {
    let commands = ["greeting", "EHLO", "MAIL", "RCPT", "DATA", "."];
    let awaited = [
        "the greeting",
        "the reply to EHLO",
        "the reply to MAIL",
        "the reply to RCPT",
        "the reply to DATA",
        "the reply to the message",
    ];
    let (sink, mut routes) = (Sink::start(), String::new());
    for (number, command) in commands.iter().enumerate() {
        let address = stalls_at(command);
        routes.push_str(&format!(
            "[[route]]\ndomains = \"d{number}.example\"\nhosts = \"{address}\"\ncommand_timeout = \"1s\"\nmessage_timeout = \"1s\"\nconnect_timeout = \"1s\"\n"
        ));
    }
    let mut world = World::new(sink.address, sink.address, &routes);
    world.start();
    let mut client = Client::connect(world.outbound).unwrap();
    let begun = Instant::now();
    for number in 0..commands.len() {
        let to = format!("bob@d{number}.example");
        let reply =
            client.send(ANNA, &[&to, BOB], &message(ANNA, &to, &format!("to-{number}"), "hello")).unwrap();
        assert!(reply.starts_with("250"), "{reply}");
    }
    eventually("the others have theirs", || sink.count() == commands.len());
    let others = begun.elapsed();
    for (number, awaited) in awaited.iter().enumerate() {
        let search = format!("to-{number}");
        let list = ["queue", "list", "--json", "--search", &search];
        eventually("it is delayed", || world.says(&list).contains("nothing came for too long"));
        let copy: serde_json::Value = serde_json::from_str(&world.says(&list)).unwrap();
        let last = copy["last"].as_str().unwrap();
        assert!(last.contains(awaited) && last.contains("127.0.0.1"), "{last}");
        assert_eq!(copy["recipients"], serde_json::json!([format!("bob@d{number}.example")]));
    }
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
    println!("the others had theirs after {others:?}, all silences were seen after {:?}", begun.elapsed());
}

/// A small file system of its own, for the state of a relay.
struct SmallDisk(std::path::PathBuf);

impl SmallDisk {
    fn new(world: &World, size: &str) -> Option<SmallDisk> {
        let at = world.path("state");
        std::fs::create_dir(&at).unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"]).arg(&at);
        let is_mounted = mount.output().is_ok_and(|output| output.status.success());
        is_mounted.then_some(SmallDisk(at))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).output();
    }
}

/// Fills the disk with mail that is held until no more is taken, makes room, and goes on.
fn full_disk(min_free: &str, is_killed: bool) {
    let sink = Sink::start();
    let mut world = World::new(sink.address, sink.address, "[retry]\nschedule = \"1s\"\n");
    world.change("min_free_disk = \"1 MB\"", &format!("min_free_disk = \"{min_free}\""));
    let Some(disk) = SmallDisk::new(&world, "24m") else {
        return println!("skipped: a file system of its own needs root");
    };
    let filler = disk.0.join("filler");
    std::fs::write(&filler, vec![0; 16 << 20]).unwrap();
    world.start();
    let mut client = Client::connect(world.outbound).unwrap();
    let (mut held, mut sent, mut refused) = (0, 0, Vec::new());
    let big = |words: &str| format!("{words}\r\n{}", "all work and no play\r\n".repeat(9_000));
    for number in 0..400 {
        let is_held = number % 4 != 0;
        let text = if is_held { big("a secret") } else { "hello".to_string() };
        let reply = client.send(ANNA, &[BOB], &message(ANNA, BOB, &format!("n-{number}"), &text)).unwrap();
        match &reply[..3] {
            "250" if is_held => held += 1,
            "250" => sent += 1,
            _ => refused.push(reply),
        }
        if refused.len() == 12 {
            break;
        }
    }
    assert!(held > 5 && refused.len() == 12, "{held} held, {refused:?}");
    assert!(refused.iter().all(|reply| reply.starts_with("452 4.3.1")), "{refused:?}");
    if is_killed {
        world.kill();
    }
    std::fs::remove_file(&filler).unwrap();
    if is_killed {
        world.start();
    }
    assert!(send(world.outbound, ANNA, &[BOB], &message(ANNA, BOB, "again", "hello")).starts_with("250"));
    sent += 1;
    let came = || sink.texts().iter().filter(|text| text.contains("\r\n\r\nhello")).count();
    eventually("all that was taken is delivered", || came() >= sent);
    let list = world.says(&["queue", "list", "--place", "held", "--limit", "0"]);
    assert_eq!(list.lines().count(), held, "all that was taken is held");
    eventually("nothing is left", || world.says(&["queue", "list", "--place", "queued"]).is_empty());
    assert!(is_killed || came() == sent, "nothing is doubled: {} for {sent}", came());
    println!("a full disk: {held} held, {sent} delivered, then room again");
    world.kill();
}

#[test]
fn below_the_room_that_must_be_free_senders_are_put_off_and_nothing_is_lost() {
    full_disk("2 MB", false);
}

#[test]
fn on_a_disk_that_is_full_to_the_last_block_senders_are_put_off_and_nothing_is_lost() {
    full_disk("1 B", false);
}

#[test]
fn a_relay_that_is_killed_while_its_disk_is_full_has_everything_when_there_is_room() {
    full_disk("1 B", true);
}
