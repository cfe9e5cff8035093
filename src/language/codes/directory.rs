//! Codes of what can be wrong with directories and what hangs in them, with their pages.

codes! {
    /// An entry of two directories.
    TWO_HOMES = "mfp::directory::two-homes",
    "an address has two homes",
    "Every address has at most one home: the directory from which its policies are looked up. The same user or \
     domain in two directories would have two.",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   subject contains \"x\"\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n\
     directory e {\n\
     \x20   domain @a.example\n\
     }\n",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   subject contains \"x\"\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n\
     directory e {\n\
     \x20   domain @e.a.example\n\
     \x20   content policy q for senders {\n\
     \x20       when subject contains \"y\"\n\
     \x20       tag  \"y\"\n\
     \x20   }\n\
     }\n";

    /// A domain of the site without a home.
    NO_HOME = "mfp::directory::no-home",
    "no policy holds for a domain of the site",
    "Who has no home directory has no policies on his side. For a domain of the site that is rarely meant.",
    "site {\n\
     \x20   domains    @a.example, @b.example\n\
     \x20   postmaster postmaster@a.example\n\
     }\n\
     directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   recipient outside site\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n",
    "site {\n\
     \x20   domains    @a.example, @b.example\n\
     \x20   postmaster postmaster@a.example\n\
     }\n\
     directory d {\n\
     \x20   domain @a.example, @b.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   recipient outside site\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n";

    /// `for` where it must not stand, or none where it must.
    SIDE = "mfp::directory::side",
    "it is not said for whom a policy holds",
    "A policy in a directory says `for senders`, `for recipients` or `for both`. One outside directories holds \
     for nobody until it is applied, and `apply … to` says for whom.",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p {\n\
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

    /// A policy in a directory with parameters.
    PARAMETERS = "mfp::directory::parameters",
    "a policy in a directory has no parameters",
    "Parameters are filled in where a policy is applied. One that is written in its directory is applied nowhere \
     else.",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p(limit: size) for senders {\n\
     \x20       when   message.size > limit\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n",
    "content policy p(limit: size) {\n\
     \x20   when message.size > limit\n\
     \x20   tag  \"x\"\n\
     }\n\
     directory d {\n\
     \x20   domain @a.example\n\
     \x20   apply p(limit: 5 MB) to senders\n\
     }\n";

    /// An override of what is not inherited.
    OVERRIDES_NOTHING = "mfp::directory::overrides-nothing",
    "what is overridden is not inherited",
    "`overrides` takes an inherited policy away from the addresses of a deeper directory. A policy of the same \
     directory or of another branch is not inherited.",
    "directory outer {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when subject contains \"x\"\n\
     \x20       tag  \"x\"\n\
     \x20   }\n\
     \x20   content policy r for senders {\n\
     \x20       when subject contains \"z\"\n\
     \x20       tag  \"z\"\n\
     \x20   }\n\
     \x20   directory other {\n\
     \x20       user anna@a.example\n\
     \x20       content policy q2 for senders {\n\
     \x20           when subject contains \"w\"\n\
     \x20           tag  \"w\"\n\
     \x20       }\n\
     \x20   }\n\
     \x20   directory inner {\n\
     \x20       user boss@a.example\n\
     \x20       content policy q for senders overrides q2 {\n\
     \x20           when subject contains \"y\"\n\
     \x20           tag  \"y\"\n\
     \x20       }\n\
     \x20   }\n\
     }\n",
    "directory outer {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when subject contains \"x\"\n\
     \x20       tag  \"x\"\n\
     \x20   }\n\
     \x20   directory inner {\n\
     \x20       user boss@a.example\n\
     \x20       content policy q for senders overrides p {\n\
     \x20           when subject contains \"y\"\n\
     \x20           tag  \"y\"\n\
     \x20       }\n\
     \x20   }\n\
     }\n";

    /// An exception of what does not hold there.
    EXCEPTS_NOTHING = "mfp::directory::excepts-nothing",
    "what is excepted does not hold in this directory",
    "`except` silences policies for the addresses of its directory. They must hold there: inherited, or of the \
     directory itself.",
    "directory outer {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when subject contains \"x\"\n\
     \x20       tag  \"x\"\n\
     \x20   }\n\
     \x20   except q when recipient in @b.example\n\
     \x20   directory inner {\n\
     \x20       user boss@a.example\n\
     \x20       content policy q for senders {\n\
     \x20           when subject contains \"y\"\n\
     \x20           tag  \"y\"\n\
     \x20       }\n\
     \x20   }\n\
     }\n",
    "directory outer {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when subject contains \"x\"\n\
     \x20       tag  \"x\"\n\
     \x20   }\n\
     \x20   directory inner {\n\
     \x20       user boss@a.example\n\
     \x20       content policy q for senders {\n\
     \x20           when subject contains \"y\"\n\
     \x20           tag  \"y\"\n\
     \x20       }\n\
     \x20       except q when recipient in @b.example\n\
     \x20   }\n\
     }\n";

    /// A mandatory policy overridden, excepted or replaced.
    MANDATORY = "mfp::directory::mandatory",
    "a mandatory policy stays in force",
    "Deeper directories may neither override nor except a `mandatory` policy, nor apply it again with other \
     arguments.",
    "directory outer {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders mandatory {\n\
     \x20       when subject contains \"x\"\n\
     \x20       tag  \"x\"\n\
     \x20   }\n\
     \x20   directory inner {\n\
     \x20       user boss@a.example\n\
     \x20       content policy q for senders overrides p {\n\
     \x20           when subject contains \"y\"\n\
     \x20           tag  \"y\"\n\
     \x20       }\n\
     \x20   }\n\
     }\n",
    "directory outer {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when subject contains \"x\"\n\
     \x20       tag  \"x\"\n\
     \x20   }\n\
     \x20   directory inner {\n\
     \x20       user boss@a.example\n\
     \x20       content policy q for senders overrides p {\n\
     \x20           when subject contains \"y\"\n\
     \x20           tag  \"y\"\n\
     \x20       }\n\
     \x20   }\n\
     }\n";

    /// A policy applied twice to one directory.
    APPLIED_TWICE = "mfp::directory::applied-twice",
    "a policy is applied twice to one directory",
    "A policy holds once in a directory. `to both` is both sides.",
    "use std::attachments::{no_executables}\n\
     directory d {\n\
     \x20   domain @a.example\n\
     \x20   apply no_executables to senders\n\
     \x20   apply no_executables to recipients\n\
     }\n",
    "use std::attachments::{no_executables}\n\
     directory d {\n\
     \x20   domain @a.example\n\
     \x20   apply no_executables to both\n\
     }\n";
}
