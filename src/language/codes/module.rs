//! Codes of what can be wrong with the files of a set, with their pages.

codes! {
    /// A module that there is not.
    UNKNOWN = "mfp::module::unknown",
    "there is no such module",
    "A `use` or a qualified name asks for a module that the library does not have. Modules of the library are \
     written `std::` and a name; files of your own are used by their path in quotes.",
    "use std::dpl::{iban}\n\
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

    /// A file that cannot be read.
    UNREADABLE = "mfp::module::unreadable",
    "a file cannot be read",
    "A file that the set names is missing, is no file, is too large, or the system does not let it be read. Paths \
     are relative to the file in which they are written.",
    "use \"wrods.mfp\"\n\
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

    /// A file that uses itself.
    CYCLE = "mfp::module::cycle",
    "files use each other in a circle",
    "A file uses itself, directly or through others, so that nobody could say whose names stand first. Move what \
     both need into a third file, and let both use that.",
    "use \"main.mfp\"\n\
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

    /// A path that leads out of the set.
    PATH = "mfp::module::path",
    "a path leaves the folder of the set",
    "A set is one folder: what it reads lies in it. Paths are relative, parted by `/`, and may go up by `..` only \
     as far as that folder.",
    "use \"../words.mfp\"\n\
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

    /// More files than a set may have.
    TOO_MANY = "mfp::module::too-many",
    "too many files",
    "A set has a limit of files, far above what people write; a set that reaches it was likely made by a program. \
     Join files, or keep what is listed in them in files of lists.",
    "",
    "";

    /// Files that use files that use files, too deep.
    NESTED = "mfp::module::nested-uses",
    "files use files too deep",
    "A file may use a file that uses a file, and so on, up to a depth far above what people write. Let one file use \
     the others side by side.",
    "",
    "";
}
