//! Which policies hold for an address.

use super::support::{SITE, address, engine};
use mailfw::policy::explain;

#[test]
fn an_address_has_the_policies_of_its_chain_each_with_its_standing() {
    let engine = engine(&format!(
        "{SITE} directory acme {{ domain @acme.example
            content policy q for both {{ tag \"q\" }}
            content policy gone for senders off {{ tag \"o\" }}
            directory deep {{ user deep@acme.example
                content policy p for senders overrides q {{ tag \"p\" }}
                except gone when subject contains \"x\" }} }}"
    ));
    let now = "2026-01-01T00:00:00Z".parse().unwrap();
    let told = explain::address(&engine, &address("deep@acme.example"), now, |_| None);
    assert_eq!(told.home.as_deref(), Some("acme.deep"));
    assert_eq!(told.chain, ["acme.deep", "acme"]);
    let standings: Vec<(&str, &str)> =
        told.as_sender.iter().map(|held| (held.policy.as_str(), held.standing)).collect();
    assert_eq!(standings, [("q", "overridden"), ("gone", "off"), ("p", "holds")]);
    assert_eq!(told.as_sender[0].by.as_ref().unwrap().policy, "p");
    assert_eq!(told.as_sender[1].exceptions[0].directory, "acme.deep");
    let as_recipient: Vec<(&str, &str)> =
        told.as_recipient.iter().map(|held| (held.policy.as_str(), held.standing)).collect();
    assert_eq!(as_recipient, [("q", "holds")]);
    let nobody = explain::address(&engine, &address("x@out.example"), now, |_| None);
    assert!(nobody.home.is_none() && nobody.as_sender.is_empty() && !nobody.in_site);
}
