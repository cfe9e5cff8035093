//! Which policies hold for an address, for people.

use super::terminal::{Look, Paint, printable};
use crate::policy::explain::{AddressExplanation, HeldPolicy};

/// The explanation: home, chain, and the policies of either side.
pub fn render(explained: &AddressExplanation, look: Look) -> String {
    let address = look.paint(Paint::Bold, &printable(&explained.address));
    let place = if explained.in_site { "in the site" } else { "outside the site" };
    let mut out = match &explained.home {
        Some(home) if explained.home_undecided => format!(
            "{address} is {place} and at home in {home}, unless a group of a directory service, which is not asked here, \
             makes it at home elsewhere: then other policies hold\n"
        ),
        Some(home) => format!("{address} is {place} and at home in {home}\n"),
        None if explained.home_undecided => format!(
            "{address} is {place}; whether a group makes it at home somewhere is for a directory service to say, and \
             none is asked here\n"
        ),
        None => format!("{address} is {place} and at home nowhere: no policy holds on its side\n"),
    };
    if explained.chain.len() > 1 {
        let arrow = look.either(" → ", " > ");
        let outermost_first: Vec<&str> = explained.chain.iter().rev().map(String::as_str).collect();
        out.push_str(&format!("policies are inherited along {}\n", outermost_first.join(arrow)));
    }
    for (heading, policies) in
        [("When it sends", &explained.as_sender), ("When it receives", &explained.as_recipient)]
    {
        out.push_str(&format!("\n{}\n", look.paint(Paint::Bold, heading)));
        if policies.is_empty() {
            out.push_str("  no policies\n");
        }
        for policy in policies {
            held(&mut out, policy, look);
        }
    }
    out
}

fn held(out: &mut String, policy: &HeldPolicy, look: Look) {
    let (mark, words) = match policy.standing {
        "holds" => (look.paint(Paint::Green, look.either("●", "*")), String::new()),
        "observed" => (look.paint(Paint::Yellow, look.either("○", "o")), ": observed only".to_string()),
        other => {
            let by = policy
                .by
                .as_ref()
                .map_or(String::new(), |by| format!(" by {} of {}", by.policy, by.directory));
            (look.paint(Paint::Dim, "-"), format!(": {}{by}", other.replace('_', " ")))
        }
    };
    let name = printable(&policy.policy);
    let mandatory = if policy.mandatory { ", mandatory" } else { "" };
    let place = format!("{}:{}", printable(&policy.place.file), policy.place.line);
    out.push_str(&format!(
        "  {mark} {name} of {} ({}, decided at {}{mandatory}) {}{words}\n",
        policy.directory,
        policy.manager,
        policy.stage,
        look.paint(Paint::Cyan, &place)
    ));
    for exception in &policy.exceptions {
        out.push_str(&format!(
            "      except in {} when {}\n",
            exception.directory,
            printable(&exception.when)
        ));
    }
}
