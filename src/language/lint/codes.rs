//! The codes of the lints with their pages.

use crate::base::diagnostic::Code;
use crate::language::codes::Page;

macro_rules! lints {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $title:literal, $text:literal, $failing:literal, $passing:literal;)*) => {
        $($(#[$doc])* pub const $name: Code = Code($code);)*

        /// The pages of the lints.
        pub const PAGES: &[Page] = &[$(Page {
            code: $name, title: $title, text: $text, failing: $failing, passing: $passing,
        }),*];
    };
}

lints! {
    /// An item that nothing uses.
    UNUSED = "mfp::lint::unused",
    "an item that nothing uses",
    "Nothing in the set uses this item, so it decides about no mail. Often it is left over, or its name is misspelled \
     where it was meant to be used. Use by tests alone does not count.",
    "folder old { keep 30 days }\n",
    "folder old { keep 30 days }\ndirectory d { domain @a.example content policy p for senders { when subject contains \"x\" then quarantine in old } }\n";

    /// A name that hides another.
    SHADOWED = "mfp::lint::shadowed",
    "a name that hides another",
    "Inside its expression the name means what the quantifier, criterion or policy binds, and the fact or item of that \
     name cannot be reached. A reader will take one for the other.",
    "directory d { domain @a.example content policy p for senders { when any attachment as subject where subject.size > 1 MB tag \"x\" } }\n",
    "directory d { domain @a.example content policy p for senders { when any attachment as file where file.size > 1 MB tag \"x\" } }\n";

    /// A policy that has no effect.
    NO_EFFECT = "mfp::lint::no-effect",
    "a policy that does nothing",
    "The policy has neither an action nor a disposition: whether it triggers or not, nothing follows. To try criteria \
     without acting, give it a `tag` or the modifier `observe`.",
    "directory d { domain @a.example content policy p for senders { when subject contains \"x\" } }\n",
    "directory d { domain @a.example content policy p for senders { when subject contains \"x\" tag \"x\" } }\n";

    /// An `overrides` that removes nothing.
    OVERRIDES_NOTHING = "mfp::lint::overrides-nothing",
    "an `overrides` that removes nothing",
    "An override holds on the overrider's own sides. This one names a policy that holds on the other side only, or one \
     that is off, so it removes nothing.",
    "directory d { domain @a.example content policy p for recipients { when subject contains \"x\" tag \"x\" }\n  directory e { domain @e.a.example content policy q for senders overrides p { when subject contains \"x\" tag \"y\" } } }\n",
    "directory d { domain @a.example content policy p for senders { when subject contains \"x\" tag \"x\" }\n  directory e { domain @e.a.example content policy q for senders overrides p { when subject contains \"x\" tag \"y\" } } }\n";

    /// A policy that cannot trigger.
    NEVER_TRIGGERS = "mfp::lint::never-triggers",
    "a policy that can never trigger",
    "One of its clauses is constant and speaks against it, whatever the message. A policy that is meant to rest is \
     switched `off`.",
    "directory d { domain @a.example content policy p for senders { when message.size < 0 MB tag \"x\" } }\n",
    "directory d { domain @a.example content policy p for senders { when message.size < 1 MB tag \"x\" } }\n";

    /// A policy that always triggers although it has criteria.
    ALWAYS_TRIGGERS = "mfp::lint::always-triggers",
    "a policy that always triggers",
    "It has criteria, but all of them hold for every message. If it is meant for all mail, it says so better without \
     them; if not, a criterion is wrong.",
    "directory d { domain @a.example content policy p for senders { when message.size >= 0 MB tag \"x\" } }\n",
    "directory d { domain @a.example content policy p for senders { tag \"x\" } }\n";

    /// A criterion that is constant.
    CONSTANT = "mfp::lint::constant",
    "a criterion with the same answer for every message",
    "The criterion does not depend on the message: it can be taken away, or something else was meant.",
    "directory d { domain @a.example content policy p for senders { when message.size >= 0 MB when subject contains \"x\" tag \"x\" } }\n",
    "directory d { domain @a.example content policy p for senders { when subject contains \"x\" tag \"x\" } }\n";

    /// Two criteria that never hold together.
    CONTRADICTION = "mfp::lint::contradiction",
    "two criteria that can never hold together",
    "All `when` clauses must hold and no `unless` may. These two exclude each other: a range above another, two values \
     of one enumeration, two directories (an address has one home), a criterion and its exception.",
    "directory d { domain @a.example content policy p for senders { when message.size > 10 MB when message.size < 5 MB tag \"x\" } }\n",
    "directory d { domain @a.example content policy p for senders { when message.size > 10 MB or message.size < 5 KB tag \"x\" } }\n";

    /// A criterion that follows from another.
    REDUNDANT = "mfp::lint::redundant",
    "a criterion that adds nothing",
    "Another criterion already says it: a wider range, a text that contains the other text, a directory above another, \
     the same thing twice. Either it can go, or something else was meant.",
    "directory d { domain @a.example content policy p for senders { when message.size > 10 MB when message.size > 5 MB tag \"x\" } }\n",
    "directory d { domain @a.example content policy p for senders { when message.size > 10 MB tag \"x\" } }\n";

    /// Two policies of one directory that tie.
    TIE = "mfp::lint::tie",
    "two policies of one directory that can disagree",
    "Within one directory the more restrictive value of an effect wins. These two set different values of equal weight \
     and can trigger together; then the later moment holds, else the earlier manager's value, else that of the policy \
     whose name comes first. Join them, part their criteria, or leave it if that is right.",
    "folder a { keep 1 days }\nfolder b { keep 1 days }\ndirectory d { domain @a.example\n  content policy p for senders { when subject contains \"x\" then quarantine in a }\n  content policy q for senders { when subject contains \"y\" then quarantine in b } }\n",
    "folder a { keep 1 days }\nfolder b { keep 1 days }\ndirectory d { domain @a.example\n  content policy p for senders { when subject contains \"x\" then quarantine in a }\n  content policy q for senders { when subject contains \"y\" unless subject contains \"x\" then quarantine in b } }\n";

    /// An exception that trusts the header From.
    FORGEABLE_EXCEPTION = "mfp::lint::forgeable-exception",
    "an exception that trusts the header `From`",
    "Whoever writes a message writes its `From`. An exception that holds by it alone is a way around the policy for \
     everybody who knows it. Ask for proof in the same exception: `dmarc is pass`, an authenticated client, a signature.",
    "directory d { domain @a.example content policy p for recipients { when subject contains \"x\" unless any from in @b.example tag \"x\" } }\n",
    "directory d { domain @a.example content policy p for recipients { when subject contains \"x\" unless any from in @b.example and dmarc is pass tag \"x\" } }\n";

    /// `any recipient` in a policy that restricts.
    ANY_RECIPIENT = "mfp::lint::any-recipient",
    "one recipient decides for all",
    "`any recipient` ranges over the whole envelope: one that fits restricts the message for every recipient. `recipient` \
     is this recipient; each gets an outcome of its own.",
    "folder f { keep 1 days }\ndirectory d { domain @a.example content policy p for senders { when any recipient in @b.example then quarantine in f } }\n",
    "folder f { keep 1 days }\ndirectory d { domain @a.example content policy p for senders { when recipient in @b.example then quarantine in f } }\n";

    /// A pattern that is found everywhere.
    MATCHES_EVERYTHING = "mfp::lint::matches-everything",
    "a pattern that is found in every text",
    "All parts of the pattern may be left out, so it is found in every text, even in an empty one.",
    "directory d { domain @a.example content policy p for senders { when subject matches /(secret)?/ tag \"x\" } }\n",
    "directory d { domain @a.example content policy p for senders { when subject matches /secret/ tag \"x\" } }\n";

    /// A regex for a domain without anchors.
    UNANCHORED_DOMAIN = "mfp::lint::unanchored-domain",
    "a pattern for a domain that also fits longer names",
    "Without anchors `/bank.example/` also fits `bank.example.evil.test` and `mybankxexample`. Sets of domains are \
     compared as domains: `in @bank.example`, `in @*.bank.example`.",
    "directory d { domain @a.example content policy p for senders { when recipient matches /bank.example/ tag \"x\" } }\n",
    "directory d { domain @a.example content policy p for senders { when recipient in @bank.example tag \"x\" } }\n";

    /// A test without an expectation.
    EMPTY_TEST = "mfp::lint::empty-test",
    "a test that asserts nothing",
    "The test has no `expect` clause and passes whatever the policies do.",
    "test \"nothing\" { from a@a.example to b@b.example }\n",
    "test \"delivered\" { from a@a.example to b@b.example expect deliver }\n";

    /// A return that could go to somebody who never wrote.
    BACKSCATTER = "mfp::lint::backscatter",
    "a return that could answer a forged outside sender",
    "Senders outside are easily forged, and a return would go to somebody who never wrote. It goes out only where SPF \
     or DMARC vouch for the sender; else the message is held in the built-in folder `unreturnable`.",
    "directory d { domain @a.example content policy p for recipients { when subject contains \"x\" then return \"no\" } }\n",
    "directory d { domain @a.example content policy p for recipients { when subject contains \"x\" when spf is pass then return \"no\" } }\n";
}
