//! Codes of what can be wrong with policies, with their pages.

codes! {
    /// A policy of a directory, applied elsewhere.
    NOT_APPLICABLE = "mfp::policy::not-applicable",
    "a policy of a directory cannot be applied elsewhere",
    "`apply` takes policies that are written outside directories, in this set or in the library.",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   subject contains \"x\"\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n\
     directory e {\n\
     \x20   domain @e.example\n\
     \x20   apply p to senders\n\
     }\n",
    "content policy p {\n\
     \x20   when subject contains \"x\"\n\
     \x20   tag  \"x\"\n\
     }\n\
     directory d {\n\
     \x20   domain @a.example\n\
     \x20   apply p to senders\n\
     }\n\
     directory e {\n\
     \x20   domain @e.example\n\
     \x20   apply p to senders\n\
     }\n";

    /// An argument that is missing, unknown or given twice.
    ARGUMENT = "mfp::policy::argument",
    "the arguments do not fit the parameters",
    "Where a policy is applied, each parameter without a default is given, by its name and once.",
    "folder held { keep 1 days }\n\
     use std::attachments::{no_executables}\n\
     directory d {\n\
     \x20   domain @a.example\n\
     \x20   apply no_executables(foldr: held) to senders\n\
     }\n",
    "folder held { keep 1 days }\n\
     use std::attachments::{no_executables}\n\
     directory d {\n\
     \x20   domain @a.example\n\
     \x20   apply no_executables(folder: held) to senders\n\
     }\n";

    /// A policy that ends before it begins.
    PERIOD = "mfp::policy::period",
    "the period of a policy is empty",
    "`from` is the first moment at which a policy holds, `until` the first at which it no longer does.",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders from 2027-01-15 until 2026-12-01 {\n\
     \x20       when   subject contains \"x\"\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders from 2026-12-01 until 2027-01-15 {\n\
     \x20       when   subject contains \"x\"\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n";

    /// A policy that is off and observed.
    OFF_AND_OBSERVE = "mfp::policy::off-and-observe",
    "a policy is off and observed at once",
    "A policy that is `off` never runs; one that says `observe` runs, is reported and acts on nothing.",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders off observe {\n\
     \x20       when   subject contains \"x\"\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders observe {\n\
     \x20       when   subject contains \"x\"\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n";

    /// A second disposition.
    SECOND_THEN = "mfp::policy::second-then",
    "a policy has two dispositions",
    "What becomes of a message is one thing: a policy has one `then` at most.",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   subject contains \"x\"\n\
     \x20       then   drop\n\
     \x20       then   deliver\n\
     \x20   }\n\
     }\n",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   subject contains \"x\"\n\
     \x20       then   deliver\n\
     \x20   }\n\
     }\n";

    /// A header field that cannot be changed.
    PROTECTED_HEADER = "mfp::policy::protected-header",
    "the header field is not for policies to change",
    "Fields that say how a message is built, or over which hosts it came, would be wrong if a policy wrote them.",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   subject contains \"x\"\n\
     \x20       set header \"Content-Type\" \"text/plain\"\n\
     \x20   }\n\
     }\n",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   subject contains \"x\"\n\
     \x20       set header \"X-Team\" \"red\"\n\
     \x20   }\n\
     }\n";

    /// A second field of which a message has one.
    SINGLE_HEADER = "mfp::policy::single-header",
    "a message has one such field",
    "`annotate header` adds a field. Of From, To, Subject, Date and some others a message has one (RFC 5322, \
     3.6): programs disagree which of two counts.",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   subject contains \"x\"\n\
     \x20       annotate header \"Reply-To\" \"help@a.example\"\n\
     \x20   }\n\
     }\n",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   subject contains \"x\"\n\
     \x20       set header \"Reply-To\" \"help@a.example\"\n\
     \x20   }\n\
     }\n";

    /// An annotation that does not say what happens to signed mail.
    ON_PROTECTED = "mfp::policy::on-protected",
    "it is not said what happens to signed and encrypted messages",
    "A footer, a banner or an added attachment breaks a signature. `or skip` leaves such messages alone, `or \
     wrap` puts them into a new message, `or return` sends them back. There is no default.",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   subject contains \"x\"\n\
     \x20       annotate footer \"Confidential\"\n\
     \x20   }\n\
     }\n",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   subject contains \"x\"\n\
     \x20       annotate footer \"Confidential\" or skip\n\
     \x20   }\n\
     }\n";

    /// A notification without a subject.
    NO_SUBJECT = "mfp::policy::no-subject",
    "the template of a notification has no subject",
    "A notification is a message of its own. Its template says what stands in its subject.",
    "template note { text \"Look at this.\" }\n\
     directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   subject contains \"x\"\n\
     \x20       notify boss@a.example using note\n\
     \x20   }\n\
     }\n",
    "template note {\n\
     \x20   subject \"A message was held\"\n\
     \x20   text    \"Look at this.\"\n\
     }\n\
     directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   subject contains \"x\"\n\
     \x20       notify boss@a.example using note\n\
     \x20   }\n\
     }\n";

    /// A conversion that there is not.
    CONVERSION = "mfp::policy::conversion",
    "there is no such conversion",
    "There is `convert uuencode to mime`: files written into a text become attachments.",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   subject contains \"x\"\n\
     \x20       convert html to mime\n\
     \x20   }\n\
     }\n",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   subject contains \"x\"\n\
     \x20       convert uuencode to mime\n\
     \x20   }\n\
     }\n";

    /// What cannot be a host.
    ROUTE = "mfp::policy::route",
    "this is no host to route to",
    "A route names a host and, if need be, its port: `\"gateway.example.org:25\"`. IP addresses stand in \
     brackets.",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   subject contains \"x\"\n\
     \x20       route via \"gate way\"\n\
     \x20   }\n\
     }\n",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   subject contains \"x\"\n\
     \x20       route via \"gateway.example.org:25\"\n\
     \x20   }\n\
     }\n";

    /// A return or refusal without a word.
    EMPTY_ANSWER = "mfp::policy::empty-answer",
    "the sender would be told nothing",
    "`return` and `reject` tell the sender why. An empty text leaves him guessing.",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   subject contains \"x\"\n\
     \x20       then   reject \"\"\n\
     \x20   }\n\
     }\n",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   subject contains \"x\"\n\
     \x20       then   reject \"Please call us.\"\n\
     \x20   }\n\
     }\n";

    /// A folder that may be left out, or an `else` that never holds.
    NO_ELSE = "mfp::policy::no-else",
    "`else` goes with a folder that may be left out",
    "A parameter with `?` may be left out where the policy is applied. `quarantine in folder else …` says what \
     holds then; where the folder is always there, `else` has no place.",
    "content policy p(folder: folder?) {\n\
     \x20   when subject contains \"x\"\n\
     \x20   then quarantine in folder\n\
     }\n\
     directory d {\n\
     \x20   domain @a.example\n\
     \x20   apply p to senders\n\
     }\n",
    "content policy p(folder: folder?) {\n\
     \x20   when subject contains \"x\"\n\
     \x20   then quarantine in folder else reject \"Please call us.\"\n\
     }\n\
     directory d {\n\
     \x20   domain @a.example\n\
     \x20   apply p to senders\n\
     }\n";
}
