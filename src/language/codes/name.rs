//! Codes of what can be wrong with names, with their pages.

codes! {
    /// A name that stands for nothing here.
    UNKNOWN = "mfp::name::unknown",
    "a name stands for nothing",
    "The name is neither declared in this file, nor taken by `use`, nor that of a fact. Names live by kind: a \
     folder is found where a folder is wanted, a template where a template is. The nearest name of the wanted \
     kind is shown.",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   subejct contains \"x\"\n\
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

    /// A name given twice.
    DUPLICATE = "mfp::name::duplicate",
    "a name is given twice",
    "Two things of one kind have one name. Criteria, dictionaries, detectors, lists, calendars and directories \
     share one space; policies are unique in the whole set, whatever file or directory they stand in.",
    "folder held { keep 1 days }\n\
     folder held { keep 2 days }\n\
     directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   subject contains \"x\"\n\
     \x20       then   quarantine in held\n\
     \x20   }\n\
     }\n",
    "folder held { keep 1 days }\n\
     folder kept { keep 2 days }\n\
     directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   subject contains \"x\"\n\
     \x20       then   quarantine in held\n\
     \x20   }\n\
     }\n\
     directory e {\n\
     \x20   domain @b.example\n\
     \x20   content policy q for senders {\n\
     \x20       when   subject contains \"y\"\n\
     \x20       then   quarantine in kept\n\
     \x20   }\n\
     }\n";

    /// A name that would stand for two things.
    CLASH = "mfp::name::clash",
    "a `use` brings a name that is there already",
    "Two files bring the same name, or a file brings one that is declared here. Take single names by `use \
     \"file.mfp\"::{name}`, or rename one of the two.",
    "use \"words.mfp\"\n\
     dictionary words { \"plan\" }\n\
     directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   text contains words\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n\
     # file: words.mfp\n\
     dictionary words { \"secret\" }\n",
    "use \"words.mfp\"\n\
     directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   text contains words\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n\
     # file: words.mfp\n\
     dictionary words { \"secret\" }\n";

    /// An item called like a fact.
    FACT = "mfp::name::fact",
    "an item has the name of a fact",
    "Facts and what expressions can name share one space: an item called `sender` would hide who sent the \
     message. Give the item another name.",
    "list sender { boss@a.example }\n\
     directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   recipient in sender\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n",
    "list bosses { boss@a.example }\n\
     directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   recipient in bosses\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n";

    /// A file that is used twice.
    USED_TWICE = "mfp::name::used-twice",
    "a file is used twice",
    "Two `use` of one file bring the same names. Nothing is wrong with it, but one of the two is left over.",
    "use \"words.mfp\"\n\
     use \"words.mfp\"\n\
     directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   text contains words\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n\
     # file: words.mfp\n\
     dictionary words { \"secret\" }\n",
    "use \"words.mfp\"\n\
     directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   text contains words\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n\
     # file: words.mfp\n\
     dictionary words { \"secret\" }\n";

    /// A `use` of which nothing is used.
    UNUSED_USE = "mfp::name::unused-use",
    "nothing of a `use` is used",
    "A name is taken from elsewhere and never named. Either it is left over, or what was meant to use it is \
     misspelled.",
    "use std::dlp::{iban, card_number}\n\
     directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   text contains iban\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n",
    "use std::dlp::{iban}\n\
     directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   text contains iban\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n";

    /// A type that there is not.
    UNKNOWN_TYPE = "mfp::name::unknown-type",
    "a parameter has a type that there is not",
    "The place of a criterion and the parameters of a policy have types, named by words such as `attachment`, \
     `address`, `folder` or `size`.",
    "criterion big(a: atachment) = a.size > 5 MB\n\
     directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   any attachment where attachment is big\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n",
    "criterion big(a: attachment) = a.size > 5 MB\n\
     directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   any attachment where attachment is big\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n";

    /// A function that there is not.
    UNKNOWN_FUNCTION = "mfp::name::unknown-function",
    "there is no such function",
    "The functions are fixed: `count`, `score`, `rate`, `length`, `lower`, `domain`, `header`, `header_count` and \
     `attribute`. A criterion with a place may be called like one.",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   lenght(subject) > 100\n\
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

    /// The site is named, and there is none.
    NO_SITE = "mfp::name::no-site",
    "the set does not say who we are",
    "`in site` asks the domains and networks of the `site` item, and `postmaster` is named there. A set that uses \
     them needs one.",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   recipient outside site\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n",
    "site {\n\
     \x20   domains    @a.example\n\
     \x20   postmaster postmaster@a.example\n\
     }\n\
     directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   recipient outside site\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n";

    /// A second site.
    SITE_TWICE = "mfp::name::site-twice",
    "the site is described twice",
    "There is one site. Its clauses stand in one item, in whatever file of the set.",
    "site { domains @a.example }\n\
     site { postmaster postmaster@a.example }\n\
     directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   recipient outside site\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n",
    "site {\n\
     \x20   domains    @a.example\n\
     \x20   postmaster postmaster@a.example\n\
     }\n\
     directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   recipient outside site\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n";
}
