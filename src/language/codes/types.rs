//! Codes of what can be wrong with values and what is asked of them, with their pages.

codes! {
    /// A value of another type than is wanted.
    MISMATCH = "mfp::type::mismatch",
    "the types do not go together",
    "Every value has a type, and only values of one type compare: a size is written `10 MB`, a duration `15 \
     minutes`, an address without quotes. Nothing is converted silently.",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   message.size > 10\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   message.size > 10 MB\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n";

    /// A field that something does not have.
    NO_FIELD = "mfp::type::no-field",
    "there is no such field",
    "What stands after a dot is a field of what stands before it: `attachment.name`, `sender.domain`, \
     `message.size`. Each kind of thing has its own.",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   any attachment where attachment.nam like \"*.exe\"\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   any attachment where (attachment.name or \"\") like \"*.exe\"\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n";

    /// A value where a condition must stand.
    NOT_A_CONDITION = "mfp::type::not-a-condition",
    "a condition was wanted",
    "`when`, `unless`, `where`, `and`, `or` and `not` take what is true or false. A text, a number or an address \
     is neither: compare it, search it, or ask where it belongs.",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   subject\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   subject contains \"x\"\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n";

    /// Several values where one is asked for.
    QUANTIFIER = "mfp::type::quantifier",
    "it is not said of which value",
    "A message has several recipients, mailboxes and attachments. `any`, `every` and `no` say of which is spoken; \
     `recipient` alone is the recipient for whom the policy is judged.",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   to in @b.example\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   any to in @b.example\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n";

    /// `!=` where a value may be absent.
    ABSENT = "mfp::type::absent",
    "`!=` does not hold where the value is absent",
    "A header that is not there is neither equal to a text nor different from it: neither `==` nor `!=` holds. \
     Say what is to hold then, by `is absent` or by a default in parentheses.",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   header(\"X-Team\") != \"red\"\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   (header(\"X-Team\") or \"\") != \"red\"\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n";

    /// A default in the wrong place.
    DEFAULT = "mfp::type::default",
    "a default needs parentheses and a value that may be absent",
    "A value that may be absent is given a default by `or` in parentheses: `(header(\"X-Team\") or \"\")`. \
     Without parentheses `or` joins conditions; of a value that is always there the default would never hold.",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   (recipient or anna@a.example) in @b.example\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   (sender or anna@a.example) in @b.example\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n";

    /// `is absent` of what is always there.
    NEVER_ABSENT = "mfp::type::never-absent",
    "the value is never absent",
    "Only what may be absent can be asked whether it is: a header, the subject, the sender. The other values are \
     there with every message.",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   message.size is absent\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   subject is absent\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n";

    /// An enumerated value compared by another operator than `is`.
    ASKED_BY_IS = "mfp::type::asked-by-is",
    "enumerated values are asked by `is`",
    "Directions, priorities, results and causes are words of a fixed set. They are asked by `is`, as in `priority \
     is low`; several by `or`.",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   priority == low\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   priority is low\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n";

    /// A word that is no value of an enumeration.
    UNKNOWN_VALUE = "mfp::type::unknown-value",
    "there is no such value",
    "What is asked by `is` has a fixed set of values, and this word is none of them.",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   priority is urgent\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   priority is high\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n";

    /// `in` something that holds nothing.
    NO_SET = "mfp::type::no-set",
    "nothing can be in it",
    "`in` and `outside` want something that has members: a directory, the site, a list, a calendar, a domain, a \
     network, or values in brackets. Text is searched by `contains`.",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   sender in subject\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   sender in @b.example\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n";

    /// A service that there is not, or a question it cannot answer.
    SERVICE = "mfp::type::service",
    "the service cannot be asked this",
    "The outside is asked by `dnsbl \"zone\"` and `group ldap \"query\"`. The zone is a domain, the query is not \
     empty.",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   client in dnsbl \"\"\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   client in dnsbl \"bl.example.org\"\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n";

    /// A search in what holds no text.
    NOT_SEARCHABLE = "mfp::type::not-searchable",
    "there is no text in it",
    "Only text can be searched: `text`, `body`, `subject`, a header, the name or the text of an attachment, an \
     address or a domain.",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   any attachment where attachment contains \"x\"\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   any attachment where attachment.text contains \"x\"\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n";

    /// A value that cannot be put into a text.
    NOT_A_TEXT = "mfp::type::not-a-text",
    "the value is no text",
    "Texts, numbers, addresses, times and words of enumerations can be put into a text. An attachment or the \
     whole text of a message cannot: name what you mean of it.",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   subject contains \"x\"\n\
     \x20       annotate subject prefix \"{body} \"\n\
     \x20   }\n\
     }\n",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   subject contains \"x\"\n\
     \x20       annotate subject prefix \"{sender} \"\n\
     \x20   }\n\
     }\n";

    /// A value where there is no message.
    NO_MESSAGE = "mfp::type::no-message",
    "there is no message to take a value from",
    "Patterns, paths and tests are fixed before any message comes: nothing can be interpolated in them. `{{` is a \
     brace.",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   subject contains \"{sender}\"\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   subject contains \"{{sender}\"\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n";

    /// `policy.…` where no policy acts.
    POLICY_FACT = "mfp::type::policy-fact",
    "no policy acts here",
    "`policy.name`, `.because`, `.directory` and `.matches` speak of the policy that acts. They stand in \
     templates and in the texts of actions, not in conditions.",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   policy.name == \"p\"\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   subject contains \"x\"\n\
     \x20       tag    \"{policy.name}\"\n\
     \x20   }\n\
     }\n";

    /// Too many or too few values.
    ARITY = "mfp::type::arity",
    "the number of values is wrong",
    "A function takes so many values, and a criterion has one place or none.",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   length(subject, body) > 100\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   length(subject) > 100\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n";

    /// What should be an e-mail address.
    ADDRESS = "mfp::type::address",
    "this is no e-mail address",
    "An address is written without quotes: a local part, `@` and a domain.",
    "directory d {\n\
     \x20   user @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   subject contains \"x\"\n\
     \x20       redirect to anna@a.example\n\
     \x20   }\n\
     }\n",
    "directory d {\n\
     \x20   user anna@a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   subject contains \"x\"\n\
     \x20       redirect to anna@a.example\n\
     \x20   }\n\
     }\n";

    /// What should be a domain.
    DOMAIN = "mfp::type::domain",
    "this is no domain",
    "A domain is written after `@`: itself alone as `@example.org`, all below it as `@*.example.org`.",
    "directory d {\n\
     \x20   domain \"a.example\"\n\
     \x20   content policy p for senders {\n\
     \x20       when   subject contains \"x\"\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   subject contains \"x\"\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n";

    /// What should be a network.
    NETWORK = "mfp::type::network",
    "this is no network",
    "A network is an address and the bits of its prefix, and has no bits set beyond them: `10.0.0.0/8`.",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   client in 10.1.0.0/8\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   client in 10.0.0.0/8\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n";

    /// What should be a date or a time.
    DATE = "mfp::type::date",
    "this is no such time",
    "A date is written `2026-12-25`, a point in time `2026-12-25 18:00 \"Europe/Berlin\"`, a time of day `18:00`.",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders from 2026 {\n\
     \x20       when   subject contains \"x\"\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders from 2026-01-01 {\n\
     \x20       when   subject contains \"x\"\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n";

    /// A time zone that there is not.
    ZONE = "mfp::type::zone",
    "there is no such time zone",
    "Time zones have the names of the IANA time zone database, such as \"Europe/Berlin\". The database is part of \
     mailfw.",
    "calendar office {\n\
     \x20   timezone \"Europe/Berlim\"\n\
     \x20   open     mon..fri 08:00..18:00\n\
     }\n\
     directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   received in office\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n",
    "calendar office {\n\
     \x20   timezone \"Europe/Berlin\"\n\
     \x20   open     mon..fri 08:00..18:00\n\
     }\n\
     directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   received in office\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n";

    /// A number or a range that makes no sense.
    RANGE = "mfp::type::range",
    "a value is out of its range",
    "Durations are longer than nothing, ranges end after they begin, and weights and counts have bounds.",
    "calendar office { open mon..fri 18:00..08:00 }\n\
     directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   received in office\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n",
    "calendar office { open mon..fri 08:00..18:00 }\n\
     directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   received in office\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n";

    /// What cannot be the name of a header field.
    HEADER_NAME = "mfp::type::header-name",
    "this is no name of a header field",
    "The name of a header field is made of printable ASCII characters without blanks and colons (RFC 5322, \
     3.6.8).",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   header(\"X Team\") == \"red\"\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   header(\"X-Team\") == \"red\"\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n";

    /// Nothing to look for.
    EMPTY_PATTERN = "mfp::type::empty-pattern",
    "there is nothing to look for",
    "Text is searched without invisible characters, and runs of blanks are one. A text of which nothing is left \
     then would be found everywhere or nowhere.",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   subject contains \" \"\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   subject contains \"x\"\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n";

    /// A pattern that can never match.
    NEVER_MATCHES = "mfp::type::never-matches",
    "the pattern can never match",
    "Text is searched in its normalised form: without invisible characters, every run of white space as one \
     blank, in Unicode compatibility form (NFKC). A pattern that wants a line end, two blanks or a ligature finds \
     nothing in it.",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   body matches /total:\\nsum/\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   body matches /total: sum/\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n";

    /// A glob with a mistake in it.
    GLOB = "mfp::type::glob",
    "the glob cannot be read",
    "After `like`, `*` stands for any characters, `?` for one and `[a-z]` for one of several. A bracket is \
     closed; `[[]` is a bracket itself.",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   (subject or \"\") like \"report [0-9\"\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   (subject or \"\") like \"report [0-9]\"\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n";

    /// A regular expression with a mistake in it.
    REGEX = "mfp::type::regex",
    "the regular expression cannot be read",
    "The place of the mistake is shown inside the expression. `\\` before a sign makes it stand for itself.",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   subject matches /order (\\d+/\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   subject matches /order (\\d+)/\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n";

    /// A regular expression that looks ahead or behind.
    REGEX_LOOK_AROUND = "mfp::type::regex-look-around",
    "looking ahead or behind is not possible",
    "Every search takes time linear in the text, whatever is written by whom; looking ahead or behind cannot. Say \
     in one pattern what must match, and in another clause what must not.",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   subject matches /order(?!ed)/\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   subject matches /order\\b/\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n";

    /// A regular expression that refers back to a group.
    REGEX_BACKREFERENCE = "mfp::type::regex-backreference",
    "referring back to a group is not possible",
    "Every search takes time linear in the text, whatever is written by whom; references back to a group cannot. \
     Write out what may repeat.",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   subject matches /(a|b)\\1/\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   subject matches /aa|bb/\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n";

    /// A regular expression that is too large.
    REGEX_SIZE = "mfp::type::regex-size",
    "the regular expression is too large",
    "Repetitions are written out when an expression is compiled, and `\\w{1000}{1000}` would fill the memory. The \
     limit is generous; a smaller count, or several expressions, say the same.",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   subject matches /(\\w{1,500}){1,500}/\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   subject matches /\\w{1,500}/\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n";
}
