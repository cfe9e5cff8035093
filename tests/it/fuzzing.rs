//! The fuzz targets over their seeds: whoever breaks one sees it here first.

#[path = "../../fuzz/src/lib.rs"]
mod targets;

use std::path::Path;

fn replay(folder: &str, target: fn(&[u8])) {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(folder);
    let mut replayed = 0;
    for entry in std::fs::read_dir(seeds).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
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
