//! Codes of what can be wrong with items by themselves, with their pages.

codes! {
    /// A criterion that asks itself.
    CRITERION_CYCLE = "mfp::item::criterion-cycle",
    "criteria ask each other in a circle",
    "A criterion that asks itself, directly or through others, has no answer. Every criterion is made of facts in \
     the end.",
    "criterion a = not b\n\
     criterion b = a\n\
     directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   a\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n",
    "criterion a = subject contains \"x\"\n\
     criterion b = not a\n\
     directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   b\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n";

    /// An item without what makes it one.
    EMPTY = "mfp::item::empty",
    "the item is empty",
    "A dictionary or list without entries, a detector without a pattern, a calendar that never opens and a \
     template without a text do nothing. Something is missing.",
    "dictionary words { }\n\
     directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   text contains words\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n",
    "dictionary words { \"secret\" }\n\
     directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   text contains words\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n";

    /// A list of different things.
    MIXED_LIST = "mfp::item::mixed-list",
    "the entries of a list are of different sorts",
    "A list holds addresses and domains, or networks, or texts: what can be asked of it depends on that. A line \
     of a list file counts like an entry.",
    "list partners { @b.example \"Bank\" }\n\
     directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   sender in partners\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n",
    "list partners { @b.example boss@c.example }\n\
     directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   sender in partners\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n";

    /// More wrong lines than are told.
    MORE_LINES = "mfp::item::more-lines",
    "more lines of a list file are wrong",
    "The first wrong lines of a list file are told one by one, and the others are counted: a file of the wrong kind \
     would hide every other finding. Mend what is told, or name the right file.",
    "",
    "";

    /// A list beyond its limit.
    TOO_LARGE = "mfp::item::too-large",
    "a list has more entries than can be looked up",
    "The entries of a list, and those of all directories together, may take four gigabytes: some hundred million \
     addresses. A set that reaches this was likely made by a program, and belongs into a directory service.",
    "",
    "";

    /// A line end in a header field.
    LINE_END = "mfp::item::line-end",
    "a header field is one line",
    "Subjects and header fields are one line; a line end in one would begin another field. Long ones are folded \
     when the message is written.",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   subject contains \"x\"\n\
     \x20       annotate header \"X-Note\" \"a\\nb\"\n\
     \x20   }\n\
     }\n",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   subject contains \"x\"\n\
     \x20       annotate header \"X-Note\" \"a b\"\n\
     \x20   }\n\
     }\n";

    /// A clause that stands twice.
    TWICE = "mfp::item::twice",
    "a clause stands twice where it can stand once",
    "The clause has one value; a second would contradict or repeat the first.",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   subject contains \"x\"\n\
     \x20       severity low\n\
     \x20       severity high\n\
     \x20   }\n\
     }\n",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   subject contains \"x\"\n\
     \x20       severity high\n\
     \x20   }\n\
     }\n";

    /// A setting that there is not, or a value it cannot have.
    SETTING = "mfp::item::setting",
    "there is no such setting",
    "`verification` and `certificates` have fixed settings with values of fixed types.",
    "certificates strong { minimmum 2048 }\n\
     directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   subject contains \"x\"\n\
     \x20       encrypt using strong\n\
     \x20   }\n\
     }\n",
    "certificates strong { minimum 2048 }\n\
     directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   subject contains \"x\"\n\
     \x20       encrypt using strong\n\
     \x20   }\n\
     }\n";

    /// A postmaster of somebody else's domain.
    POSTMASTER = "mfp::item::postmaster",
    "the postmaster is not of the site",
    "Notifications and returned mail are sent in the name of the postmaster, and judged like other mail of the \
     site. An address of another domain would forge it.",
    "site {\n\
     \x20   domains    @a.example\n\
     \x20   postmaster postmaster@b.example\n\
     }\n\
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

    /// A separator of sub-addresses that no address can have.
    SEPARATOR = "mfp::item::separator",
    "the separator cannot stand in an address",
    "`separator` says which marks part the detail of an address from its user, for `.user` and `.detail`: with `+`, \
     `news` is the detail of `anna+news@acme.example`. Each character of the text is such a mark. Letters, digits, \
     dots, blanks and `@` cannot be.",
    "site {\n\
     \x20   domains   @a.example\n\
     \x20   separator \".\"\n\
     }\n\
     directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   recipient outside site\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n",
    "site {\n\
     \x20   domains   @a.example\n\
     \x20   separator \"+-\"\n\
     }\n\
     directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   recipient outside site\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n";

    /// An order of managers that is not whole.
    ORDER = "mfp::item::order",
    "the order does not name each manager once",
    "`order` says in which order the managers' effects apply. It names all five, each once: access, format, \
     virus, security, content.",
    "site {\n\
     \x20   domains @a.example\n\
     \x20   order   access, virus, format, content\n\
     }\n\
     directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   recipient outside site\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n",
    "site {\n\
     \x20   domains @a.example\n\
     \x20   order   access, virus, format, security, content\n\
     }\n\
     directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   recipient outside site\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n";
}
