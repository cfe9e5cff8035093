//! The fuzz targets over their seeds: whoever breaks one sees it here first.

#[path = "../../fuzz/src/lib.rs"]
mod targets;

use std::path::Path;

fn seeds(folder: &str) -> impl Iterator<Item = (String, Vec<u8>)> {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(folder);
    std::fs::read_dir(seeds).unwrap().map(|entry| {
        let path = entry.unwrap().path();
        (path.display().to_string(), std::fs::read(path).unwrap())
    })
}

fn replay(folder: &str, target: fn(&[u8])) {
    let mut replayed = 0;
    for (_, bytes) in seeds(folder) {
        target(&bytes);
        for cut in [bytes.len() / 3, bytes.len() / 2, bytes.len().saturating_sub(1)] {
            target(&bytes[..cut]);
        }
        replayed += 1;
    }
    assert!(replayed > 0, "there are seeds");
}

#[test]
fn the_policy_target_holds_over_its_seeds() {
    replay("policy", targets::policy);
}

#[test]
fn the_message_target_holds_over_its_seeds() {
    replay("message", targets::message);
}

#[test]
fn the_mailbox_target_holds_over_its_seeds() {
    replay("mailbox", targets::mailbox);
}

#[test]
fn the_smtp_target_holds_over_its_seeds() {
    replay("smtp", targets::smtp);
}

#[test]
fn the_smtp_client_target_holds_over_its_seeds() {
    let taken = seeds("smtp_client").map(|(_, bytes)| targets::smtp_client(&bytes));
    assert!(taken.filter(|taken| *taken > 0).count() >= 4, "messages are taken");
    replay("smtp_client", |bytes| {
        targets::smtp_client(bytes);
    });
}

#[test]
fn the_config_target_holds_over_its_seeds() {
    replay("config", targets::config);
}

#[test]
fn the_decide_target_holds_over_its_seeds() {
    for (name, bytes) in seeds("decide") {
        assert!(targets::decide(&bytes), "the policies of {name} have errors");
    }
    replay("decide", |bytes| {
        targets::decide(bytes);
    });
}
