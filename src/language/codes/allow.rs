//! Codes of what can be wrong with `# allow(…)`, with their pages.

codes! {
    /// An `allow` of a code that there is not.
    UNKNOWN = "mfp::allow::unknown",
    "there is no such code",
    "`# allow(code)` silences warnings and notes of one code. The code is written as it stands in the finding.",
    "# allow(mfp::lint::unusd)\n\
     directory d {\n\
     \x20   domain @a.example\n\
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

    /// An `allow` that silenced nothing.
    UNUSED = "mfp::allow::unused",
    "there was nothing to allow",
    "`# allow(code)` speaks of its own line or, where it stands alone, of the next. What it was written for is \
     not there any more: remove it, so that it does not hide the next mistake.",
    "# allow(mfp::lint::unused)\n\
     directory d {\n\
     \x20   domain @a.example\n\
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
}
