//! The relay as it runs, between servers.

use super::world::client::{Client, message, send};
use super::world::sink::Sink;
use super::world::{World, eventually, free_address};

const ANNA: &str = "anna@site.example";
const BOB: &str = "bob@else.example";

fn world() -> (World, Sink, Sink) {
    let (inside, outside) = (Sink::start(), Sink::start());
    let mut world = World::new(inside.address, outside.address, "");
    world.start();
    (world, inside, outside)
}

#[test]
fn mail_goes_both_ways_with_a_trace_field_and_otherwise_as_it_was() {
    let (world, inside, outside) = world();
    let out = message(ANNA, BOB, "out", ".dots\r\n..and more\r\n\r\nlast");
    let stuffed = out.replace("\r\n.", "\r\n..");
    assert!(send(world.outbound, ANNA, &[BOB], &stuffed).starts_with("250 2.0.0 taken"));
    let back = message(BOB, ANNA, "in", "hello");
    assert!(send(world.inbound, BOB, &[ANNA], &back).starts_with("250 2.0.0 taken"));
    eventually("both are delivered", || inside.count() == 1 && outside.count() == 1);
    let [there] = outside.messages().try_into().unwrap();
    assert_eq!(&*there.from.text, ANNA);
    let text = String::from_utf8(there.content).unwrap();
    let (trace, rest) = text.split_at(text.find("From: ").unwrap());
    assert_eq!(rest, out);
    assert!(
        trace.starts_with("Received: from client.example ([127.0.0.1])\r\n\tby relay.site.example (mailfw)")
    );
    assert!(trace.contains(&format!("for <{BOB}>;")), "{trace}");
}

#[test]
fn no_mail_goes_from_outside_to_outside() {
    let (world, _, outside) = world();
    let text = message(BOB, "eve@else.example", "relay", "x");
    let reply = send(world.inbound, BOB, &["eve@else.example"], &text);
    assert!(reply.starts_with("550 5.7.1"), "{reply}");
    let reply = send(world.inbound, BOB, &["eve%else.example@relay.site.example"], &text);
    assert!(reply.starts_with("550 5.7.1"), "{reply}");
    assert_eq!(outside.count(), 0);
}

#[test]
fn what_is_held_leaves_when_it_is_released_past_what_held_it_and_nothing_else() {
    let (world, inside, outside) = world();
    let text = message(ANNA, BOB, "plans", "a secret, and we shout");
    assert!(send(world.outbound, ANNA, &[BOB], &text).starts_with("250"));
    eventually("the sender is told", || inside.count() == 1);
    assert!(inside.texts()[0].contains("Your message plans was held"), "{:?}", inside.texts());
    assert_eq!(&*inside.messages()[0].from.text, "");
    assert_eq!(outside.count(), 0);
    let list = world.says(&["queue", "list", "--folder", "secrets"]);
    let copy = list.split_whitespace().next().unwrap().to_string();
    assert!(list.contains("held in secrets") && list.contains("plans"), "{list}");
    let page = world.says(&["queue", "show", &copy]);
    assert!(page.contains("held by        secrets of site"), "{page}");
    assert!(world.says(&["queue", "view", &copy]).contains("a secret"));
    let sent = world.says(&["queue", "send", &copy, "--why", "it is fine"]);
    assert_eq!(sent, format!("{copy}: queued for <{BOB}>\n"));
    eventually("it is delivered", || outside.count() == 1);
    assert!(
        outside.texts()[0].contains("Subject: [LOUD] plans"),
        "other policies still act: {:?}",
        outside.texts()
    );
    assert_eq!(inside.count(), 1, "nobody is told twice");
    eventually("nothing is left", || world.says(&["queue", "list"]).is_empty());
    let audit = world.says(&["queue", "audit"]);
    assert!(audit.contains(&format!("send {copy}: it is fine")), "{audit}");
    let trace = world.says(&["trace", &copy]);
    for word in ["accepted", "held", "send", "delivered"] {
        assert!(trace.contains(word), "{word}: {trace}");
    }
}

#[test]
fn recipients_with_different_outcomes_are_parted() {
    let (world, inside, outside) = world();
    let text = message(ANNA, "all", "mixed", "hello");
    let to = [BOB, "carl@site.example", "no@else.example"];
    assert!(send(world.outbound, ANNA, &to, &text).starts_with("250"));
    eventually("those who can have it have it, and the sender hears of the other", || {
        outside.count() == 1 && inside.count() == 2
    });
    assert_eq!(outside.messages()[0].to.len(), 1);
    let report = inside.texts().into_iter().find(|text| text.contains("delivery-status")).unwrap();
    for words in
        ["Final-Recipient: rfc822; no@else.example", "Action: failed", "Status: 5.1.1", "nobody of that name"]
    {
        assert!(report.contains(words), "{words}: {report}");
    }
    assert!(!report.contains("Final-Recipient: rfc822; bob"), "{report}");
}

#[test]
fn what_policies_refuse_is_refused_in_the_session() {
    let (world, inside, outside) = world();
    let reply = send(world.outbound, ANNA, &[BOB], &message(ANNA, BOB, "x", "please refuse"));
    assert_eq!(reply, "550 5.7.1 not this");
    let reply = send(world.inbound, BOB, &["closed@site.example"], &message(BOB, ANNA, "x", "hello"));
    assert_eq!(reply, "550 5.7.1 closed");
    let mut client = Client::connect(world.inbound).unwrap();
    client.say(&format!("MAIL FROM:<{BOB}>")).unwrap();
    assert!(
        client.say("RCPT TO:<closed@site.example>").unwrap().starts_with("550"),
        "before the content comes"
    );
    assert_eq!((inside.count(), outside.count()), (0, 0));
    assert!(world.says(&["queue", "list"]).is_empty());
}

#[test]
fn a_report_asks_for_nothing_that_was_asked_for_the_message() {
    let (world, inside, _) = world();
    let mut client = Client::connect(world.outbound).unwrap();
    for line in [&format!("MAIL FROM:<{ANNA}> RET=FULL ENVID=Q7"), "RCPT TO:<no@else.example>", "DATA"] {
        assert!(client.say(line).unwrap().starts_with(['2', '3']), "{line}");
    }
    let text = message(ANNA, "no@else.example", "x", "hello");
    assert!(client.say(&format!("{text}.")).unwrap().starts_with("250"));
    eventually("the sender has the report", || inside.count() == 1);
    assert!(inside.texts()[0].contains("Original-Envelope-Id: Q7"), "{:?}", inside.texts());
    let from = &inside.messages()[0].from;
    assert_eq!((&*from.text, from.returns, from.envelope_id.as_deref()), ("", None, None));
    assert!(inside.messages()[0].to[0].notify.is_some_and(|notify| !notify.failure && !notify.success));
}

#[test]
fn what_cannot_be_decided_now_is_put_off_and_nothing_of_it_is_kept() {
    let (inside, outside) = (Sink::start(), Sink::start());
    let mut world = World::new(inside.address, outside.address, "");
    let policies = std::fs::read_to_string(world.path("main.mfp")).unwrap();
    let virus = "virus policy infected for senders {\n when virus.found\n then quarantine in secrets\n }\n";
    let with_virus =
        policies.replace("    content policy marked", &format!("    {virus}    content policy marked"));
    assert_ne!(with_virus, policies);
    std::fs::write(world.path("main.mfp"), with_virus).unwrap();
    world.start();
    let reply = send(world.outbound, ANNA, &[BOB], &message(ANNA, BOB, "x", "nobody scans it"));
    assert!(reply.starts_with("451 4.7.1"), "{reply}");
    assert!(world.says(&["queue", "list"]).is_empty());
    assert_eq!(outside.count(), 0);
}

#[test]
fn what_is_refused_when_it_is_judged_again_goes_back_to_its_sender() {
    let (world, inside, _) = world();
    assert!(
        send(world.outbound, ANNA, &[BOB], &message(ANNA, BOB, "x", "secret, decline")).starts_with("250")
    );
    eventually("the sender is told", || inside.count() == 1);
    let path = world.path("main.mfp");
    let policies = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, policies.replace("\"refuse\"", "\"decline\"")).unwrap();
    world.says(&["queue", "judge", &first(&world)]);
    eventually("the report is there", || inside.texts().iter().any(|text| text.contains("not this")));
}

#[test]
fn what_policies_return_goes_back_as_a_report() {
    let (world, inside, outside) = world();
    assert!(send(world.outbound, ANNA, &[BOB], &message(ANNA, BOB, "x", "bounce it")).starts_with("250"));
    eventually("the sender has the report", || inside.count() == 1);
    assert!(inside.texts()[0].contains("not that"));
    assert_eq!(outside.count(), 0);
}

#[test]
fn what_has_no_sender_is_never_returned() {
    let (world, inside, _) = world();
    assert!(
        send(world.outbound, "", &["no@else.example"], &message("a", "b", "x", "hello")).starts_with("250")
    );
    eventually("it lies among the dead letters", || {
        world.says(&["queue", "list", "--place", "dead"]).lines().count() == 1
    });
    assert_eq!(inside.count(), 0);
}

#[test]
fn what_was_taken_outlives_a_crash_and_waits_for_the_next_host() {
    let (inside, later) = (Sink::start(), free_address());
    let mut world = World::new(inside.address, later, "[retry]\nschedule = \"1s\"\n");
    world.start();
    assert!(send(world.outbound, ANNA, &[BOB], &message(ANNA, BOB, "wait", "hello")).starts_with("250"));
    eventually("it was tried", || world.says(&["queue", "show", &first(&world)]).contains("attempts"));
    world.kill();
    let outside = Sink::start_at(later);
    world.start();
    world.says(&["queue", "retry", &first(&world)]);
    eventually("it is delivered", || outside.count() == 1);
}

fn first(world: &World) -> String {
    world.says(&["queue", "list"]).split_whitespace().next().unwrap_or_default().to_string()
}

#[test]
fn a_set_with_errors_never_replaces_the_one_that_runs() {
    let (world, _, outside) = world();
    let path = world.path("main.mfp");
    let policies = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, policies.replace("\"refuse\"", "\"refuse")).unwrap();
    world.reload();
    std::thread::sleep(std::time::Duration::from_millis(500));
    let refused = send(world.outbound, ANNA, &[BOB], &message(ANNA, BOB, "x", "refuse"));
    assert_eq!(refused, "550 5.7.1 not this");
    std::fs::write(&path, policies.replace("\"refuse\"", "\"decline\"")).unwrap();
    eventually("the new set holds, without a signal", || {
        send(world.outbound, ANNA, &[BOB], &message(ANNA, BOB, "x", "decline")) == "550 5.7.1 not this"
    });
    assert!(send(world.outbound, ANNA, &[BOB], &message(ANNA, BOB, "x", "refuse")).starts_with("250"));
    eventually("it is delivered", || outside.texts().iter().any(|text| text.contains("refuse")));
}

#[test]
fn it_stops_in_good_order_while_a_client_is_connected() {
    let (mut world, _, _) = world();
    let mut client = Client::connect(world.outbound).unwrap();
    world.stop();
    assert!(client.say("NOOP").is_ok_and(|reply| reply.starts_with("421")) || client.say("NOOP").is_err());
}

#[test]
fn recipients_of_the_site_are_known_by_lists_and_others_refused_by_name() {
    let (inside, outside) = (Sink::start(), Sink::start());
    let mut world = World::new(inside.address, outside.address, "");
    let config = std::fs::read_to_string(world.path("mailfw.toml")).unwrap();
    let lists = "check = \"lists\"\nlists = \"people\"";
    std::fs::write(world.path("mailfw.toml"), config.replace("check = \"directories\"", lists)).unwrap();
    std::fs::write(world.path("people"), "# who is here\nAnna@site.example\n").unwrap();
    world.start();
    let text = message(BOB, ANNA, "x", "hello");
    assert!(send(world.inbound, BOB, &["anna+news@site.example"], &text).starts_with("250"));
    assert!(send(world.inbound, BOB, &["postmaster@site.example"], &text).starts_with("250"));
    let reply = send(world.inbound, BOB, &["nobody@site.example"], &text);
    assert_eq!(reply, "550 5.1.1 nobody has this address here");
}

#[test]
fn of_two_relays_only_one_serves_from_a_state_folder() {
    let (world, _, _) = world();
    let config = std::fs::read_to_string(world.path("mailfw.toml")).unwrap();
    let (inbound, outbound) = (free_address().to_string(), free_address().to_string());
    let other = config.replace(&world.inbound.to_string(), &inbound);
    let other = other.replace(&world.outbound.to_string(), &outbound);
    std::fs::write(world.path("other.toml"), other).unwrap();
    let output = world.mailfw(&["serve", world.path("other.toml").to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("another one serves from"), "{said}");
}
