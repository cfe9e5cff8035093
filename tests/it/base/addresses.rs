//! Addresses in the form in which they compare.

use mailfw::base::address::{Address, domain_to_ascii};

#[test]
fn an_address_literal_has_nothing_in_it_that_could_end_a_line_or_the_literal() {
    for good in ["[192.0.2.1]", "[IPv6:2001:db8::1]", "[tag:text]"] {
        assert_eq!(domain_to_ascii(good), Some(good.to_ascii_lowercase()), "{good}");
        assert!(Address::parse(&format!("a@{good}")).is_some(), "{good}");
    }
    for bad in ["[]", "[192.0.2.1\r\n]", "[\0]", "[a b]", "[a]b]", "[a[b]", "[a\\b]", "[\u{fc}]"] {
        assert_eq!(domain_to_ascii(bad), None, "{bad:?}");
        assert_eq!(Address::parse(&format!("a@{bad}")), None, "{bad:?}");
    }
}
