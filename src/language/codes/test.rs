//! Codes of what can be wrong with tests, with their pages.

codes! {
    /// Two tests of one name.
    SAME_NAME = "mfp::test::same-name",
    "two tests have one name",
    "A test is known by its name, in reports and when it is run alone.",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   subject contains \"x\"\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n\
     test \"t\" {\n\
     \x20   from   anna@a.example\n\
     \x20   to     ben@b.example\n\
     \x20   expect deliver\n\
     }\n\
     test \"t\" {\n\
     \x20   from   ben@b.example\n\
     \x20   to     anna@a.example\n\
     \x20   expect deliver\n\
     }\n",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   subject contains \"x\"\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n\
     test \"t\" {\n\
     \x20   from   anna@a.example\n\
     \x20   to     ben@b.example\n\
     \x20   expect deliver\n\
     }\n\
     test \"u\" {\n\
     \x20   from   ben@b.example\n\
     \x20   to     anna@a.example\n\
     \x20   expect deliver\n\
     }\n";

    /// An expectation for somebody who gets nothing.
    NO_RECIPIENT = "mfp::test::no-recipient",
    "it is expected of somebody who is no recipient",
    "`expect for` names a recipient of the test's message.",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   subject contains \"x\"\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n\
     test \"t\" {\n\
     \x20   from   anna@a.example\n\
     \x20   to     ben@b.example\n\
     \x20   expect for bem@b.example deliver\n\
     }\n",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   subject contains \"x\"\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n\
     test \"t\" {\n\
     \x20   from   anna@a.example\n\
     \x20   to     ben@b.example\n\
     \x20   expect for ben@b.example deliver\n\
     }\n";

    /// A message from a file, and fields that would change it.
    MESSAGE_AND_FIELDS = "mfp::test::message-and-fields",
    "a message is given by file and by fields",
    "`message \"file.eml\"` is taken as it is. The envelope may be named beside it by `sender` and `recipient`; \
     fields and texts of the message cannot.",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   subject contains \"x\"\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n\
     test \"t\" {\n\
     \x20   message \"a.eml\"\n\
     \x20   subject \"x\"\n\
     \x20   expect deliver\n\
     }\n\
     # file: a.eml\n\
     From: anna@a.example\n\
     To: ben@b.example\n\
     \n\
     Hello\n",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   subject contains \"x\"\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n\
     test \"t\" {\n\
     \x20   message \"a.eml\"\n\
     \x20   expect deliver\n\
     }\n\
     # file: a.eml\n\
     From: anna@a.example\n\
     To: ben@b.example\n\
     \n\
     Hello\n";

    /// A test without a sender or a recipient.
    INCOMPLETE = "mfp::test::incomplete",
    "the message of a test is incomplete",
    "A message has a sender (or `sender <>`) and at least one recipient.",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   subject contains \"x\"\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n\
     test \"t\" {\n\
     \x20   from   anna@a.example\n\
     \x20   expect deliver\n\
     }\n",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   subject contains \"x\"\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n\
     test \"t\" {\n\
     \x20   from   anna@a.example\n\
     \x20   to     ben@b.example\n\
     \x20   expect deliver\n\
     }\n";

    /// An answer that a lookup cannot give.
    GIVEN = "mfp::test::given",
    "a lookup cannot give this answer",
    "A test gives the answers of scanners and lookups: `given virus \"Eicar\"`, `given spf fail`, `given dnsbl \
     \"zone\"`, `given rate 12`.",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   subject contains \"x\"\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n\
     test \"t\" {\n\
     \x20   from   anna@a.example\n\
     \x20   to     ben@b.example\n\
     \x20   given  virus 3\n\
     \x20   expect deliver\n\
     }\n",
    "directory d {\n\
     \x20   domain @a.example\n\
     \x20   content policy p for senders {\n\
     \x20       when   subject contains \"x\"\n\
     \x20       tag    \"x\"\n\
     \x20   }\n\
     }\n\
     test \"t\" {\n\
     \x20   from   anna@a.example\n\
     \x20   to     ben@b.example\n\
     \x20   given  virus clean\n\
     \x20   expect deliver\n\
     }\n";

    /// A policy that is applied nowhere, expected in a test.
    NEVER_APPLIED = "mfp::test::never-applied",
    "the policy is applied nowhere",
    "A policy outside directories holds for nobody until a directory applies it, and so can neither fire nor not \
     fire.",
    "content policy p {\n\
     \x20   when subject contains \"x\"\n\
     \x20   tag  \"x\"\n\
     }\n\
     directory d { domain @a.example }\n\
     test \"t\" {\n\
     \x20   from   anna@a.example\n\
     \x20   to     ben@b.example\n\
     \x20   expect not fired p\n\
     }\n",
    "content policy p {\n\
     \x20   when subject contains \"x\"\n\
     \x20   tag  \"x\"\n\
     }\n\
     directory d {\n\
     \x20   domain @a.example\n\
     \x20   apply p to senders\n\
     }\n\
     test \"t\" {\n\
     \x20   from   anna@a.example\n\
     \x20   to     ben@b.example\n\
     \x20   expect not fired p\n\
     }\n";
}
