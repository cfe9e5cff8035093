//! The codes of what can be wrong with the writing of a policy file, with their pages.

use crate::base::diagnostic::Code;
use crate::language::codes::Page;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $title:literal, $text:literal, $failing:expr, $passing:literal;)*) => {
        $($(#[$doc])* pub const $name: Code = Code($code);)*

        /// The pages of these codes.
        pub const PAGES: &[Page] = &[$(Page {
            code: $name, title: $title, text: $text, failing: $failing, passing: $passing,
        }),*];
    };
}

codes! {
    /// The file is not UTF-8.
    NOT_UTF8 = "mfp::source::not-utf8",
    "a file that is not UTF-8",
    "Policy files are UTF-8. The place shown is the first byte that is no part of it; often the file was saved in \
     an older encoding such as Latin-1.\n\nSave the file as UTF-8. A byte-order mark at its start is accepted.",
    "",
    "# café\n";

    /// The file has more bytes or words than are read.
    TOO_LARGE = "mfp::source::too-large",
    "a file that is too large",
    "A policy file has at most 8 MiB and a million words and signs: larger ones are nearly always lists that were \
     pasted in.\n\nKeep long lists in files of their own, which may be much longer: `list l { from \"file.txt\" \
     }`, `dictionary d { list \"words.txt\" }`.",
    "",
    "folder f { keep 1 day }\ndirectory home {\n    domain @a.example\n    content policy p for senders {\n        when subject contains \"x\"\n        then quarantine in f\n    }\n}\n";

    /// A control character stands in the file.
    CONTROL_CHARACTER = "mfp::source::control-character",
    "a control character in the file",
    "An invisible control character stands in the file, perhaps from a copy. What it does depends on who reads \
     the file, so none is allowed but tabs and line ends.\n\nRemove it. Within a text it can be written as an \
     escape, `\\u{7}`.",
    "folder f { keep 1\u{7} day }\ndirectory home {\n    domain @a.example\n    content policy p for senders {\n        when subject contains \"x\"\n        then quarantine in f\n    }\n}\n",
    "folder f { keep 1 day }\ndirectory home {\n    domain @a.example\n    content policy p for senders {\n        when subject contains \"x\"\n        then quarantine in f\n    }\n}\n";

    /// A character that changes the direction of writing stands in the file.
    BIDIRECTIONAL = "mfp::source::bidirectional-control",
    "an invisible character that changes the direction of writing",
    "With such characters a policy can be shown otherwise than it is read: a reviewer sees an exception that is a \
     comment, or the reverse.\n\nRemove the character. Within a text it can be written as an escape, `\\u{202e}`.",
    "folder f { keep 1 day } # \u{202e}\ndirectory home {\n    domain @a.example\n    content policy p for senders {\n        when subject contains \"x\"\n        then quarantine in f\n    }\n}\n",
    "folder f { keep 1 day } # once\ndirectory home {\n    domain @a.example\n    content policy p for senders {\n        when subject contains \"x\"\n        then quarantine in f\n    }\n}\n";

    /// Brackets, `not`s or interpolations are nested too deep.
    TOO_DEEP = "mfp::syntax::too-deep",
    "brackets nested too deep",
    "Brackets, directories, repeated `not` and interpolated values may be nested 64 deep. No person can follow \
     that many.\n\nGive inner parts names of their own as criteria.",
    "criterion c = ((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((subject contains \"x\"))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))\ndirectory home {\n    domain @a.example\n    content policy p for senders {\n        when c\n        tag \"x\"\n    }\n}\n",
    "criterion c = subject contains \"x\"\ndirectory home {\n    domain @a.example\n    content policy p for senders {\n        when c\n        tag \"x\"\n    }\n}\n";

    /// One block joins too many expressions.
    TOO_LONG = "mfp::syntax::too-long",
    "too many expressions joined by `and` and `or`",
    "One block may join 10,000 expressions.\n\nPut what is compared into a list or a dictionary, and ask `in` or \
     `contains` once.",
    "",
    "list l { @a.example }\ndirectory home {\n    domain @a.example\n    content policy p for senders {\n        when sender in l\n        tag \"x\"\n    }\n}\n";

    /// There are more errors than are shown.
    TOO_MANY_ERRORS = "mfp::syntax::too-many-errors",
    "more errors than are shown",
    "After a hundred errors the rest is not shown: nearly always they have one cause, such as a file that is no \
     policy at all.\n\nMend the first ones and check again.",
    "",
    "folder f { keep 1 day }\ndirectory home {\n    domain @a.example\n    content policy p for senders {\n        when subject contains \"x\"\n        then quarantine in f\n    }\n}\n";

    /// A text has no closing quote on its line.
    UNTERMINATED_TEXT = "mfp::syntax::unterminated-text",
    "a text without its closing quote",
    "A text stands between two `\"` on one line. The quote that is shown has no partner; the missing one may be \
     before or behind it.\n\nA text of several lines is a block text: it begins and ends with `\"\"\"`.",
    "template t {\n    subject \"Held\"\n    text \"Hello\n}\ndirectory home {\n    domain @a.example\n    content policy p for senders {\n        when subject contains \"x\"\n        notify sender using t\n    }\n}\n",
    "template t {\n    subject \"Held\"\n    text \"Hello\"\n}\ndirectory home {\n    domain @a.example\n    content policy p for senders {\n        when subject contains \"x\"\n        notify sender using t\n    }\n}\n";

    /// A block text has no closing quotes, or closing quotes have no block text.
    UNTERMINATED_BLOCK = "mfp::syntax::unterminated-block",
    "a block text without its quotes",
    "A block text begins with `\"\"\"` behind its keyword and ends with `\"\"\"`, as a rule on a line of its own. \
     A line that stands no deeper than the keyword's shows where the closing quotes are missing.",
    "template t {\n    text \"\"\"\n        Hello\n    subject \"x\"\n}\ndirectory home {\n    domain @a.example\n    content policy p for senders {\n        when subject contains \"x\"\n        notify sender using t\n    }\n}\n",
    "template t {\n    text \"\"\"\n        Hello\n        \"\"\"\n    subject \"x\"\n}\ndirectory home {\n    domain @a.example\n    content policy p for senders {\n        when subject contains \"x\"\n        notify sender using t\n    }\n}\n";

    /// A regex has no closing slash on its line.
    UNTERMINATED_REGEX = "mfp::syntax::unterminated-regex",
    "a regex without its closing slash",
    "A regex stands between two `/` on one line; its flags follow the second. A slash within it is written `\\/`.",
    "dictionary d { /alpha }\ndirectory home {\n    domain @a.example\n    content policy p for senders {\n        when subject contains d\n        tag \"x\"\n    }\n}\n",
    "dictionary d { /alpha/ }\ndirectory home {\n    domain @a.example\n    content policy p for senders {\n        when subject contains d\n        tag \"x\"\n    }\n}\n";

    /// An interpolation is not closed in its text.
    UNCLOSED_INTERPOLATION = "mfp::syntax::unclosed-interpolation",
    "an interpolated value without its brace",
    "In a text `{` opens a value that `}` closes on the same line: `\"to {recipient}\"`.\n\nA brace itself is \
     written `{{`; a lone `}` is itself.",
    "template t {\n    subject \"Held\"\n    text \"from {sender\"\n}\ndirectory home {\n    domain @a.example\n    content policy p for senders {\n        when subject contains \"x\"\n        notify sender using t\n    }\n}\n",
    "template t {\n    subject \"Held\"\n    text \"from {sender}\"\n}\ndirectory home {\n    domain @a.example\n    content policy p for senders {\n        when subject contains \"x\"\n        notify sender using t\n    }\n}\n";

    /// A block is not closed.
    UNCLOSED_BRACE = "mfp::syntax::unclosed-brace",
    "a block without its closing brace",
    "The block that was opened at the other place shown is still open where a line stands no deeper than the line \
     it was opened on.\n\nClose it there. The indentation tells where; braces that pair up are never judged by \
     it.",
    "folder f {\n    keep 1 day\ndirectory home {\n    domain @a.example\n    content policy p for senders {\n        when subject contains \"x\"\n        then quarantine in f\n    }\n}\n",
    "folder f {\n    keep 1 day\n}\ndirectory home {\n    domain @a.example\n    content policy p for senders {\n        when subject contains \"x\"\n        then quarantine in f\n    }\n}\n";

    /// A block lacks its opening brace.
    UNOPENED_BRACE = "mfp::syntax::unopened-brace",
    "a block without its opening brace",
    "A closing brace stands as deep as a line that begins an item but opens no block.\n\nOpen the block at the \
     end of that line.",
    "folder f keep 1 day }\n",
    "folder f { keep 1 day }\ndirectory home {\n    domain @a.example\n    content policy p for senders {\n        when subject contains \"x\"\n        then quarantine in f\n    }\n}\n";

    /// A closing brace closes nothing.
    STRAY_BRACE = "mfp::syntax::stray-brace",
    "a closing brace too many",
    "Every block is closed already where this brace stands.\n\nRemove it, or open the block that it should close.",
    "folder f { keep 1 day }\n}\ndirectory home {\n    domain @a.example\n    content policy p for senders {\n        when subject contains \"x\"\n        then quarantine in f\n    }\n}\n",
    "folder f { keep 1 day }\ndirectory home {\n    domain @a.example\n    content policy p for senders {\n        when subject contains \"x\"\n        then quarantine in f\n    }\n}\n";

    /// Something else was expected.
    EXPECTED = "mfp::syntax::expected",
    "something is missing, or something else was expected",
    "The clause cannot be read past the place shown. What is missing is shown after the last word before it. The \
     help says how the clause reads.",
    "directory home {\n    domain @a.example\n    content policy p for senders {\n        when subject contains\n        tag \"x\"\n    }\n}\n",
    "directory home {\n    domain @a.example\n    content policy p for senders {\n        when subject contains \"x\"\n        tag \"x\"\n    }\n}\n";

    /// A keyword is misspelled.
    MISSPELLED = "mfp::syntax::misspelled",
    "a misspelled keyword",
    "The word is not known here, but one much like it is.",
    "directory home {\n    domain @a.example\n    content policy p for senders {\n        wehn subject contains \"x\"\n        tag \"x\"\n    }\n}\n",
    "directory home {\n    domain @a.example\n    content policy p for senders {\n        when subject contains \"x\"\n        tag \"x\"\n    }\n}\n";

    /// A clause begins with no keyword of its block.
    UNKNOWN_CLAUSE = "mfp::syntax::unknown-clause",
    "a clause without its keyword",
    "Each clause begins with a keyword that says what it is: `when`, `then`, `domain`, `subject`, …. The line \
     that is shown begins with none of this block's.",
    "directory home {\n    domain @a.example\n    content policy p for senders {\n        subject contains \"x\"\n        tag \"x\"\n    }\n}\n",
    "directory home {\n    domain @a.example\n    content policy p for senders {\n        when subject contains \"x\"\n        tag \"x\"\n    }\n}\n";

    /// A clause or item stands in a kind of block that has none such.
    MISPLACED_CLAUSE = "mfp::syntax::misplaced-clause",
    "a clause or an item in the wrong place",
    "The keyword is known, but not in this kind of block: `keep` belongs to folders, `subject` to templates and \
     tests, items other than policies and directories outside all blocks.",
    "template f { keep 3 days }\ndirectory home {\n    domain @a.example\n    content policy p for senders {\n        when subject contains \"x\"\n        then quarantine in f\n    }\n}\n",
    "folder f { keep 3 days }\ndirectory home {\n    domain @a.example\n    content policy p for senders {\n        when subject contains \"x\"\n        then quarantine in f\n    }\n}\n";

    /// Something stands outside items that is none.
    UNKNOWN_ITEM = "mfp::syntax::unknown-item",
    "something outside items that is no item",
    "A file holds items, each beginning with its kind: `site`, `directory`, `content policy`, `criterion`, \
     `dictionary`, `detector`, `list`, `calendar`, `template`, `folder`, `verification`, `certificates`, `test`, \
     and `use`.",
    "f { keep 1 day }\ndirectory home {\n    domain @a.example\n    content policy p for senders {\n        when subject contains \"x\"\n        then quarantine in f\n    }\n}\n",
    "folder f { keep 1 day }\ndirectory home {\n    domain @a.example\n    content policy p for senders {\n        when subject contains \"x\"\n        then quarantine in f\n    }\n}\n";

    /// A reserved word stands as a name.
    RESERVED = "mfp::syntax::reserved-word",
    "a reserved word as a name",
    "Words that expressions are made of, and `when`, `unless`, `then`, `because` and `expect`, cannot be names; \
     all other keywords can.",
    "directory home {\n    domain @a.example\n    content policy any for senders {\n        when subject contains \"x\"\n        tag \"x\"\n    }\n}\n",
    "directory home {\n    domain @a.example\n    content policy p for senders {\n        when subject contains \"x\"\n        tag \"x\"\n    }\n}\n";

    /// A name has characters that names do not have.
    NAME = "mfp::syntax::name",
    "a name with other characters",
    "Names are made of the letters `a` to `z` and `A` to `Z`, digits and `_`, and do not begin with a digit.",
    "folder my-folder { keep 1 day }\ndirectory home {\n    domain @a.example\n    content policy p for senders {\n        when subject contains \"x\"\n        then quarantine in my_folder\n    }\n}\n",
    "folder my_folder { keep 1 day }\ndirectory home {\n    domain @a.example\n    content policy p for senders {\n        when subject contains \"x\"\n        then quarantine in my_folder\n    }\n}\n";

    /// An escape is not known.
    ESCAPE = "mfp::syntax::escape",
    "an unknown escape",
    "In texts `\\n` is a line end, `\\t` a tab, `\\\"` a quote, `\\\\` a backslash and `\\u{20ac}` the character \
     of that hexadecimal number. Regexes keep their backslashes.",
    "template t {\n    subject \"Held\"\n    text \"a\\d\"\n}\ndirectory home {\n    domain @a.example\n    content policy p for senders {\n        when subject contains \"x\"\n        notify sender using t\n    }\n}\n",
    "template t {\n    subject \"Held\"\n    text \"a\\\\d\"\n}\ndirectory home {\n    domain @a.example\n    content policy p for senders {\n        when subject contains \"x\"\n        notify sender using t\n    }\n}\n";

    /// A flag of a regex is not known.
    REGEX_FLAG = "mfp::syntax::regex-flag",
    "an unknown flag",
    "A regex can have the flags `i` (capital and small letters alike) and `s` (`.` takes line ends too), each \
     once.",
    "dictionary d { /alpha/g }\ndirectory home {\n    domain @a.example\n    content policy p for senders {\n        when subject contains d\n        tag \"x\"\n    }\n}\n",
    "dictionary d { /alpha/i }\ndirectory home {\n    domain @a.example\n    content policy p for senders {\n        when subject contains d\n        tag \"x\"\n    }\n}\n";

    /// A number is out of range.
    NUMBER = "mfp::syntax::number",
    "a number out of range",
    "Numbers, sizes in bytes and durations in seconds are whole numbers below 2^63; sizes are not negative.",
    "directory home {\n    domain @a.example\n    content policy p for senders {\n        when message.size > 99999999999999999999\n        tag \"x\"\n    }\n}\n",
    "directory home {\n    domain @a.example\n    content policy p for senders {\n        when message.size > 10 MB\n        tag \"x\"\n    }\n}\n";

    /// A unit is not known.
    UNIT = "mfp::syntax::unit",
    "an unknown unit",
    "Sizes have the units `B`, `KB`, `MB`, `GB`, `TB` (powers of 1000) and `KiB`, `MiB`, `GiB`, `TiB` (of 1024); \
     durations `seconds`, `minutes`, `hours`, `days` and `weeks`, also without their `s`.",
    "folder f { keep 1 dya }\ndirectory home {\n    domain @a.example\n    content policy p for senders {\n        when subject contains \"x\"\n        then quarantine in f\n    }\n}\n",
    "folder f { keep 1 day }\ndirectory home {\n    domain @a.example\n    content policy p for senders {\n        when subject contains \"x\"\n        then quarantine in f\n    }\n}\n";

    /// A date or a time of day does not exist.
    DATE = "mfp::syntax::date",
    "a date or a time that does not exist",
    "Dates are written year-month-day, times of day from `00:00` to `24:00`. The one that is shown is in no \
     calendar or on no clock.",
    "calendar c {\n    timezone \"Europe/Berlin\"\n    open mon..fri 08:00..18:00\n    closed 2026-02-30\n}\ndirectory home {\n    domain @a.example\n    content policy p for senders {\n        when received in c\n        tag \"x\"\n    }\n}\n",
    "calendar c {\n    timezone \"Europe/Berlin\"\n    open mon..fri 08:00..18:00\n    closed 2026-02-27\n}\ndirectory home {\n    domain @a.example\n    content policy p for senders {\n        when received in c\n        tag \"x\"\n    }\n}\n";

    /// A network is none.
    NETWORK = "mfp::syntax::network",
    "an address or network that is none",
    "A network is an IPv4 or IPv6 address with a prefix length that fits it, `10.0.0.0/8` or `2001:db8::/32`, or \
     an address alone.",
    "site { domains @a.example networks 10.0.0.0/64 postmaster p@a.example }\n",
    "site { domains @a.example networks 10.0.0.0/8 postmaster p@a.example }\n";

    /// A domain is none.
    DOMAIN = "mfp::syntax::domain",
    "a domain that is none",
    "A domain has labels of 1 to 63 letters, digits and inner hyphens, parted by dots. International names are \
     written as they are read; they compare as they are sent.",
    "list l { @-a.example }\ndirectory home {\n    domain @a.example\n    content policy p for senders {\n        when sender in l\n        tag \"x\"\n    }\n}\n",
    "list l { @a.example }\ndirectory home {\n    domain @a.example\n    content policy p for senders {\n        when sender in l\n        tag \"x\"\n    }\n}\n";

    /// A module is named without the names that are taken from it.
    USE_NAMES = "mfp::syntax::use-names",
    "a module without the names to take from it",
    "Of a module of the library the names to take are listed in braces: `use std::dlp::{card_number}`. So a \
     reader sees where each name comes from. Only of a file of the set all names can be taken.",
    "use std::dlp\ndirectory home {\n    domain @a.example\n    content policy p for senders {\n        when count(card_number in text) >= 3\n        tag \"x\"\n    }\n}\n",
    "use std::dlp::{card_number}\ndirectory home {\n    domain @a.example\n    content policy p for senders {\n        when count(card_number in text) >= 3\n        tag \"x\"\n    }\n}\n";

    /// A value is interpolated where there is no message.
    INTERPOLATED = "mfp::syntax::interpolated",
    "an interpolated value where there is no message",
    "Paths of files and names of tests stand in the policy file, not in a message: there is nothing to take a \
     value from.\n\nWrite `{{` for a brace.",
    "test \"a {b}\" { from a@a.example to b@b.example expect deliver }\n",
    "test \"a {{b}\" { from a@a.example to b@b.example expect deliver }\n";
}
