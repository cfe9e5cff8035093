//! The words of the language as people know them: which clauses each kind of block has and how each reads.
//!
//! One table serves the recovering parser (where can a clause begin), the messages (what was expected, did you mean)
//! and their help (how the clause reads).

use super::grammar::Rule;
use super::tokens::TokenKind;

/// A kind of block, or what lies outside blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Block {
    /// Outside all items.
    File,
    /// The names of a `use`.
    Use,
    /// `site`
    Site,
    /// `directory`
    Directory,
    /// `policy`
    Policy,
    /// `dictionary`
    Dictionary,
    /// `detector`
    Detector,
    /// `list`
    List,
    /// `calendar`
    Calendar,
    /// `template`
    Template,
    /// `folder`
    Folder,
    /// `verification`, `certificates`
    Settings,
    /// `test`
    Test,
    /// A block whose head says nothing.
    Unknown,
}

/// The first words of policies.
pub(crate) const MANAGERS: [&str; 5] = ["access", "format", "virus", "security", "content"];

/// First words of items, with how the item reads.
const ITEMS: &[(&str, Block, &str)] = &[
    ("use", Block::Use, "use std::dlp::{card_number, iban}` or `use \"words.mfp\""),
    ("site", Block::Site, "site { … }"),
    ("directory", Block::Directory, "directory name { … }"),
    ("dictionary", Block::Dictionary, "dictionary name { \"word\" weight 3 … }"),
    ("detector", Block::Detector, "detector name { pattern /…/ … }"),
    ("list", Block::List, "list name { @shop.example … }"),
    ("calendar", Block::Calendar, "calendar name { open mon..fri 08:00..18:00 … }"),
    ("template", Block::Template, "template name { subject \"…\" text \"…\" }"),
    ("folder", Block::Folder, "folder name { keep 30 days }"),
    ("verification", Block::Settings, "verification name { … }"),
    ("certificates", Block::Settings, "certificates name { … }"),
    ("test", Block::Test, "test \"what it shows\" { … }"),
    ("criterion", Block::File, "criterion name = sender in site"),
];

/// How a policy reads.
const POLICY: &str = "content policy name for senders { … }";

const SITE: &[(&str, &str)] = &[
    ("domains", "domains @acme.example, @*.acme.example"),
    ("networks", "networks 10.0.0.0/8, 2001:db8::/32"),
    ("postmaster", "postmaster postmaster@acme.example"),
    ("timezone", "timezone \"Europe/Berlin\""),
    ("separator", "separator \"+\""),
    ("order", "order access, format, virus, security, content"),
];

const DIRECTORY: &[(&str, &str)] = &[
    ("domain", "domain @acme.example, @*.acme.example"),
    ("user", "user anna@acme.example, ben@acme.example"),
    ("list", "list \"people/sales.txt\""),
    ("group", "group ldap \"cn=sales,dc=acme\""),
    ("apply", "apply policy to senders"),
    ("except", "except policy when recipient in partners"),
    ("directory", "directory name { … }"),
];

const POLICY_CLAUSES: &[(&str, &str)] = &[
    ("because", "because \"why the policy exists\""),
    ("when", "when recipient outside site"),
    ("unless", "unless message is encrypted"),
    ("annotate", "annotate header \"X-Name\" \"value\"` or `annotate footer using template or skip"),
    ("notify", "notify sender using template"),
    ("strip", "strip attachments where attachment is executable"),
    ("convert", "convert uuencode to mime"),
    ("set", "set header \"X-Name\" \"value\"` or `set priority low"),
    ("remove", "remove header \"X-Name\""),
    ("tag", "tag \"word\""),
    ("severity", "severity high"),
    ("copy", "copy to archive@acme.example"),
    ("redirect", "redirect to desk@acme.example"),
    ("route", "route via \"relay.acme.example:25\""),
    ("encrypt", "encrypt otherwise quarantine in folder"),
    ("sign", "sign"),
    ("decrypt", "decrypt"),
    ("then", "then quarantine in folder` or `then reject \"why\""),
];

const DICTIONARY: &[(&str, &str)] =
    &[("word", "word \"term\" weight 3"), ("list", "list \"words.txt\" weight 3 at most 2")];

const DETECTOR: &[(&str, &str)] = &[
    ("because", "because \"what it finds\""),
    ("pattern", "pattern /[0-9]{16}/"),
    ("check", "check luhn"),
    ("near", "near \"visa\", \"cvv\" within 100 characters"),
    ("yes", "yes \"a line in which it must be found\""),
    ("no", "no \"a line in which it must not be found\""),
];

const LIST: &[(&str, &str)] = &[("from", "from \"file.txt\"")];

const CALENDAR: &[(&str, &str)] = &[
    ("timezone", "timezone \"Europe/Berlin\""),
    ("open", "open mon..fri 08:00..18:00"),
    ("closed", "closed 2026-12-25, 2027-12-24..2028-01-01"),
];

const TEMPLATE: &[(&str, &str)] =
    &[("subject", "subject \"…\""), ("text", "text \"…\""), ("html", "html \"<p>…</p>\"")];

const FOLDER: &[(&str, &str)] = &[("keep", "keep 30 days")];

const TEST: &[(&str, &str)] = &[
    ("at", "at 2026-11-24 10:00 \"Europe/Berlin\""),
    ("from", "from anna@acme.example"),
    ("to", "to buyer@shop.example, ben@acme.example"),
    ("cc", "cc buyer@shop.example"),
    ("sender", "sender anna@acme.example"),
    ("recipient", "recipient buyer@shop.example"),
    ("header", "header \"X-Name\" \"value\""),
    ("subject", "subject \"…\""),
    ("body", "body \"…\""),
    ("attach", "attach \"name\" from \"file\"` or `attach \"name\" containing \"text\""),
    ("message", "message \"file.eml\""),
    ("client", "client 192.0.2.1 helo \"mx.shop.example\""),
    ("given", "given virus \"Eicar\""),
    ("expect", "expect quarantine in folder` or `expect fired policy"),
];

/// What may follow `expect`, with how it reads.
pub(crate) const EXPECTATIONS: &[(&str, &str)] = &[
    ("deliver", "expect deliver"),
    ("defer", "expect defer until 2026-11-24 18:00"),
    ("quarantine", "expect quarantine in folder"),
    ("return", "expect return"),
    ("reject", "expect reject"),
    ("drop", "expect drop"),
    ("approve", "expect approve"),
    ("fired", "expect fired policy"),
    ("not", "expect not fired policy"),
    ("undecided", "expect undecided policy"),
    ("notify", "expect notify sender using template"),
    ("subject", "expect subject \"…\""),
    ("header", "expect header \"X-Name\" \"value\""),
    ("body", "expect body contains \"…\""),
    ("attachment", "expect attachment \"name\""),
    ("tag", "expect tag \"word\""),
    ("severity", "expect severity high"),
    ("priority", "expect priority low"),
    ("copy", "expect copy to archive@acme.example"),
    ("redirect", "expect redirect to desk@acme.example"),
    ("route", "expect route via \"relay.acme.example\""),
    ("encrypt", "expect encrypt"),
    ("sign", "expect sign"),
    ("for", "expect for buyer@shop.example deliver"),
];

/// What may follow `then`, with how it reads.
pub(crate) const DISPOSITIONS: &[(&str, &str)] = &[
    ("deliver", "then deliver"),
    ("defer", "then defer until office closes` or `then defer for 2 hours"),
    ("quarantine", "then quarantine in folder"),
    ("return", "then return \"why\""),
    ("reject", "then reject \"why\""),
    ("drop", "then drop"),
    ("approve", "then approve by boss@acme.example within 2 days else drop"),
];

/// Words that expressions are made of, and those that begin clauses of expressions: never names.
pub(crate) const RESERVED: [&str; 23] = [
    "and", "or", "not", "in", "outside", "is", "contains", "word", "matches", "like", "starts", "ends",
    "where", "any", "every", "no", "true", "false", "when", "unless", "then", "because", "expect",
];

/// Operators between values.
pub(crate) const OPERATORS: [&str; 12] =
    ["and", "or", "not", "in", "outside", "is", "contains", "matches", "like", "starts", "ends", "looks"];

/// Units of sizes and durations.
pub(crate) const UNITS: [&str; 19] = [
    "B",
    "KB",
    "MB",
    "GB",
    "TB",
    "KiB",
    "MiB",
    "GiB",
    "TiB",
    "bytes",
    "seconds",
    "minutes",
    "hours",
    "days",
    "weeks",
    "characters",
    "minute",
    "hour",
    "day",
];

/// The clauses of a kind of block, with how each reads.
pub(crate) fn clauses(block: Block) -> &'static [(&'static str, &'static str)] {
    match block {
        Block::Site => SITE,
        Block::Directory => DIRECTORY,
        Block::Policy => POLICY_CLAUSES,
        Block::Dictionary => DICTIONARY,
        Block::Detector => DETECTOR,
        Block::List => LIST,
        Block::Calendar => CALENDAR,
        Block::Template => TEMPLATE,
        Block::Folder => FOLDER,
        Block::Test => TEST,
        Block::File | Block::Use | Block::Settings | Block::Unknown => &[],
    }
}

/// A kind of block in words.
pub(crate) fn describe(block: Block) -> &'static str {
    match block {
        Block::File | Block::Unknown => "the file",
        Block::Use => "`use`",
        Block::Site => "`site`",
        Block::Directory => "a directory",
        Block::Policy => "a policy",
        Block::Dictionary => "a dictionary",
        Block::Detector => "a detector",
        Block::List => "a list",
        Block::Calendar => "a calendar",
        Block::Template => "a template",
        Block::Folder => "a folder",
        Block::Settings => "these settings",
        Block::Test => "a test",
    }
}

/// The blocks other than `block` that have a clause of this word.
pub(crate) fn homes(word: &str) -> Vec<Block> {
    let all = [
        Block::Site,
        Block::Directory,
        Block::Policy,
        Block::Detector,
        Block::Calendar,
        Block::Template,
        Block::Folder,
        Block::Test,
    ];
    all.into_iter().filter(|&block| clauses(block).iter().any(|clause| clause.0 == word)).collect()
}

/// The kind of block that a first word opens; policies begin with a manager.
pub(crate) fn block_of(word: &str) -> Option<Block> {
    if MANAGERS.contains(&word) {
        return Some(Block::Policy);
    }
    ITEMS.iter().find(|item| item.0 == word && item.1 != Block::File).map(|item| item.1)
}

/// How an item or a clause reads that begins with `word`.
pub(crate) fn shape(block: Block, word: &str) -> Option<&'static str> {
    let clause = clauses(block).iter().find(|clause| clause.0 == word).map(|clause| clause.1);
    if matches!(block, Block::File | Block::Directory) && MANAGERS.contains(&word) {
        return Some(POLICY);
    }
    clause.or_else(|| match block {
        Block::File => ITEMS.iter().find(|item| item.0 == word).map(|item| item.2),
        Block::Settings => Some("word value"),
        _ => None,
    })
}

/// The first words of what may stand in a block that can hold items.
pub(crate) fn openers(block: Block) -> Vec<&'static str> {
    let mut openers: Vec<&str> = match block {
        Block::File => ITEMS.iter().map(|item| item.0).collect(),
        _ => clauses(block).iter().map(|clause| clause.0).collect(),
    };
    if matches!(block, Block::File | Block::Directory) {
        openers.extend(MANAGERS);
    }
    openers
}

/// Whether a clause or an item of this block begins with `word`.
pub(crate) fn begins(block: Block, word: &str) -> bool {
    openers(block).contains(&word)
}

/// Whether a word stands between values: a line that begins with it goes on with the line before.
pub(crate) fn is_infix(word: &str) -> bool {
    matches!(
        word,
        "and"
            | "or"
            | "in"
            | "outside"
            | "is"
            | "contains"
            | "matches"
            | "like"
            | "starts"
            | "ends"
            | "where"
    )
}

/// The word most like `written`, if one is near enough to be meant.
pub(crate) fn nearest<'w>(written: &str, words: Vec<&'w str>) -> Option<&'w str> {
    let written_small = written.to_ascii_lowercase();
    let most = match written.len() {
        0..=2 => 0,
        3..=5 => 1,
        _ => 2,
    };
    words
        .into_iter()
        .map(|word| (strsim::damerau_levenshtein(&written_small, &word.to_ascii_lowercase()), word))
        .filter(|(distance, word)| *distance <= most && *word != written)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}

/// The kind of item that a block without a kind must be, by its first token.
pub(crate) fn guess(kind: TokenKind, word: &str, outer: Block) -> Option<(Block, &'static str)> {
    let block = match (kind, word) {
        (_, "domain" | "user" | "group" | "apply" | "except" | "directory") => Block::Directory,
        (_, word) if MANAGERS.contains(&word) => Block::Directory,
        (_, "when" | "unless" | "then" | "annotate" | "notify" | "because") => Block::Policy,
        _ if outer == Block::Directory => return None,
        (_, "domains" | "networks" | "postmaster" | "separator") => Block::Site,
        (_, "keep") => Block::Folder,
        (_, "subject" | "text" | "html") => Block::Template,
        (_, "open" | "closed" | "timezone") => Block::Calendar,
        (_, "pattern") => Block::Detector,
        (_, "from" | "message" | "at" | "sender") => Block::Test,
        (TokenKind::Text | TokenKind::Regex, _) | (_, "word") => Block::Dictionary,
        (TokenKind::Literal, _) => Block::List,
        _ => return None,
    };
    let opener = match block {
        Block::Site => "site ",
        Block::Directory => "directory ",
        Block::Policy => "content policy ",
        Block::Folder => "folder ",
        Block::Template => "template ",
        Block::Calendar => "calendar ",
        Block::Detector => "detector ",
        Block::Test => "test ",
        Block::Dictionary => "dictionary ",
        _ => "list ",
    };
    Some((block, opener))
}

/// What a rule takes, in human words; `None` for rules that say nothing by themselves.
pub(crate) fn human(rule: Rule) -> Option<&'static str> {
    Some(match rule {
        Rule::expr | Rule::operand => "a condition",
        Rule::value | Rule::values | Rule::quantity => "a value",
        Rule::name | Rule::names | Rule::kind_name | Rule::module => "a name",
        Rule::reference | Rule::references => "a name",
        Rule::field => "a field",
        Rule::text | Rule::plain_text | Rule::block_text => "a text",
        Rule::regex => "a regex",
        Rule::tail | Rule::comparator | Rule::comparison => "an operator",
        Rule::address => "an address",
        Rule::domain => "a domain",
        Rule::network => "a network",
        Rule::null_address => "`<>`",
        Rule::date_time | Rule::date | Rule::date_range => "a date",
        Rule::time => "a time of day",
        Rule::number => "a number",
        Rule::days | Rule::weekday => "a weekday",
        Rule::size_unit | Rule::duration_unit => "a unit",
        Rule::moment => "a point in time",
        Rule::content => "`using`",
        Rule::side => "`senders`, `recipients` or `both`",
        Rule::manager => "a manager",
        Rule::modifier => "a modifier",
        Rule::module_path => "a module",
        Rule::parameters | Rule::place | Rule::arguments | Rule::l_paren => "`(`",
        Rule::parameter | Rule::argument => "a name",
        Rule::r_paren => "`)`",
        Rule::l_bracket => "`[`",
        Rule::r_bracket => "`]`",
        Rule::l_brace => "`{`",
        Rule::r_brace => "`}`",
        Rule::comma => "`,`",
        Rule::colon => "`:`",
        Rule::equals => "`=`",
        Rule::question => "`?`",
        Rule::dots => "`..`",
        Rule::path_separator => "`::`",
        Rule::quantifier => "`any`, `no` or `every`",
        Rule::weight => "`weight`",
        Rule::at_most => "`at most`",
        Rule::otherwise => "`otherwise`",
        Rule::else_ => "`else`",
        Rule::on_protected => "`or`",
        Rule::footer_place => "`at bottom` or `above quote`",
        Rule::expect_for => "`for`",
        _ => return None,
    })
}

/// Whether a word is a keyword anywhere.
pub(crate) fn is_keyword(word: &str) -> bool {
    KEYWORDS.iter().any(|keyword| keyword.1 == word)
}

/// The word that a keyword's rule takes.
pub(crate) fn keyword(rule: Rule) -> Option<&'static str> {
    KEYWORDS.iter().find(|keyword| keyword.0 == rule).map(|keyword| keyword.1)
}

const KEYWORDS: &[(Rule, &str)] = &[
    (Rule::kw_above, "above"),
    (Rule::kw_absent, "absent"),
    (Rule::kw_access, "access"),
    (Rule::kw_and, "and"),
    (Rule::kw_annotate, "annotate"),
    (Rule::kw_any, "any"),
    (Rule::kw_apply, "apply"),
    (Rule::kw_approve, "approve"),
    (Rule::kw_as, "as"),
    (Rule::kw_at, "at"),
    (Rule::kw_attach, "attach"),
    (Rule::kw_attachment, "attachment"),
    (Rule::kw_attachments, "attachments"),
    (Rule::kw_banner, "banner"),
    (Rule::kw_because, "because"),
    (Rule::kw_body, "body"),
    (Rule::kw_both, "both"),
    (Rule::kw_bottom, "bottom"),
    (Rule::kw_by, "by"),
    (Rule::kw_calendar, "calendar"),
    (Rule::kw_cc, "cc"),
    (Rule::kw_certificates, "certificates"),
    (Rule::kw_characters, "characters"),
    (Rule::kw_check, "check"),
    (Rule::kw_client, "client"),
    (Rule::kw_closed, "closed"),
    (Rule::kw_closes, "closes"),
    (Rule::kw_containing, "containing"),
    (Rule::kw_contains, "contains"),
    (Rule::kw_content, "content"),
    (Rule::kw_convert, "convert"),
    (Rule::kw_copy, "copy"),
    (Rule::kw_criterion, "criterion"),
    (Rule::kw_decrypt, "decrypt"),
    (Rule::kw_defer, "defer"),
    (Rule::kw_deliver, "deliver"),
    (Rule::kw_detector, "detector"),
    (Rule::kw_dictionary, "dictionary"),
    (Rule::kw_directory, "directory"),
    (Rule::kw_dnsbl, "dnsbl"),
    (Rule::kw_domain, "domain"),
    (Rule::kw_domains, "domains"),
    (Rule::kw_drop, "drop"),
    (Rule::kw_else, "else"),
    (Rule::kw_encrypt, "encrypt"),
    (Rule::kw_ends, "ends"),
    (Rule::kw_every, "every"),
    (Rule::kw_except, "except"),
    (Rule::kw_expect, "expect"),
    (Rule::kw_false, "false"),
    (Rule::kw_fired, "fired"),
    (Rule::kw_folder, "folder"),
    (Rule::kw_footer, "footer"),
    (Rule::kw_for, "for"),
    (Rule::kw_format, "format"),
    (Rule::kw_from, "from"),
    (Rule::kw_given, "given"),
    (Rule::kw_group, "group"),
    (Rule::kw_header, "header"),
    (Rule::kw_headers, "headers"),
    (Rule::kw_helo, "helo"),
    (Rule::kw_html, "html"),
    (Rule::kw_in, "in"),
    (Rule::kw_is, "is"),
    (Rule::kw_keep, "keep"),
    (Rule::kw_ldap, "ldap"),
    (Rule::kw_like, "like"),
    (Rule::kw_list, "list"),
    (Rule::kw_looks, "looks"),
    (Rule::kw_mandatory, "mandatory"),
    (Rule::kw_matches, "matches"),
    (Rule::kw_message, "message"),
    (Rule::kw_most, "most"),
    (Rule::kw_name, "name"),
    (Rule::kw_near, "near"),
    (Rule::kw_networks, "networks"),
    (Rule::kw_no, "no"),
    (Rule::kw_not, "not"),
    (Rule::kw_notify, "notify"),
    (Rule::kw_observe, "observe"),
    (Rule::kw_off, "off"),
    (Rule::kw_open, "open"),
    (Rule::kw_opens, "opens"),
    (Rule::kw_or, "or"),
    (Rule::kw_order, "order"),
    (Rule::kw_original, "original"),
    (Rule::kw_otherwise, "otherwise"),
    (Rule::kw_outside, "outside"),
    (Rule::kw_over, "over"),
    (Rule::kw_overrides, "overrides"),
    (Rule::kw_pattern, "pattern"),
    (Rule::kw_policy, "policy"),
    (Rule::kw_postmaster, "postmaster"),
    (Rule::kw_prefix, "prefix"),
    (Rule::kw_priority, "priority"),
    (Rule::kw_processed, "processed"),
    (Rule::kw_quarantine, "quarantine"),
    (Rule::kw_quote, "quote"),
    (Rule::kw_recipient, "recipient"),
    (Rule::kw_recipients, "recipients"),
    (Rule::kw_redirect, "redirect"),
    (Rule::kw_reject, "reject"),
    (Rule::kw_remove, "remove"),
    (Rule::kw_require, "require"),
    (Rule::kw_return, "return"),
    (Rule::kw_route, "route"),
    (Rule::kw_security, "security"),
    (Rule::kw_sender, "sender"),
    (Rule::kw_senders, "senders"),
    (Rule::kw_separator, "separator"),
    (Rule::kw_set, "set"),
    (Rule::kw_severity, "severity"),
    (Rule::kw_sign, "sign"),
    (Rule::kw_site, "site"),
    (Rule::kw_skip, "skip"),
    (Rule::kw_starts, "starts"),
    (Rule::kw_strip, "strip"),
    (Rule::kw_subject, "subject"),
    (Rule::kw_suffix, "suffix"),
    (Rule::kw_tag, "tag"),
    (Rule::kw_template, "template"),
    (Rule::kw_test, "test"),
    (Rule::kw_text, "text"),
    (Rule::kw_then, "then"),
    (Rule::kw_timezone, "timezone"),
    (Rule::kw_tls, "tls"),
    (Rule::kw_to, "to"),
    (Rule::kw_true, "true"),
    (Rule::kw_undecided, "undecided"),
    (Rule::kw_unless, "unless"),
    (Rule::kw_until, "until"),
    (Rule::kw_use, "use"),
    (Rule::kw_user, "user"),
    (Rule::kw_using, "using"),
    (Rule::kw_verification, "verification"),
    (Rule::kw_via, "via"),
    (Rule::kw_virus, "virus"),
    (Rule::kw_weight, "weight"),
    (Rule::kw_when, "when"),
    (Rule::kw_where, "where"),
    (Rule::kw_with, "with"),
    (Rule::kw_within, "within"),
    (Rule::kw_word, "word"),
    (Rule::kw_wrap, "wrap"),
    (Rule::kw_yes, "yes"),
];
