//! All codes with their pages: those of the language, and those of what can go wrong around it.
//!
//! What is not about a policy's text (a file that is not there, a mailbox that is a socket) has codes that start with
//! `mailfw::`; their pages are here. One namespace: a test keeps codes unique over both.

use crate::base::diagnostic::Code;
use crate::language::codes::{self, Page};

/// Every page, the language's first, then those of what shows when a plan is made.
pub fn pages() -> impl Iterator<Item = &'static Page> {
    let around = crate::plan::codes::PAGES.iter().chain(crate::relay::config::codes::PAGES);
    codes::pages().chain(around).chain(PAGES)
}

/// The page of a code.
pub fn page(code: &str) -> Option<&'static Page> {
    pages().find(|page| page.code.0 == code)
}

/// Codes near to what somebody wrote, the nearest first, at most three.
pub fn near(written: &str) -> Vec<&'static str> {
    let wanted = written.to_lowercase();
    let mut scored: Vec<(f64, &'static str)> = pages()
        .map(|page| {
            let code = page.code.0;
            let last = code.rsplit("::").next().unwrap_or(code);
            let whole = strsim::jaro_winkler(&wanted, code);
            // A short word begins like many: its letters must be there as well.
            let part = match strsim::normalized_damerau_levenshtein(&wanted, last) {
                alike if alike > 0.6 => strsim::jaro_winkler(&wanted, last),
                _ => 0.0,
            };
            // From the beginning of a word of the code on.
            let begins =
                |at: usize| !code.get(..at).is_some_and(|head| head.ends_with(char::is_alphanumeric));
            let holds = code.match_indices(&wanted).any(|(at, _)| begins(at));
            let inside = if wanted.len() > 2 && holds { 1.0 } else { 0.0 };
            (whole.max(part).max(inside), code)
        })
        .filter(|(score, _)| *score > 0.8)
        .collect();
    scored.sort_by(|left, right| right.0.total_cmp(&left.0).then(left.1.cmp(right.1)));
    let best = scored.first().map_or(0.0, |(score, _)| *score);
    scored.into_iter().filter(|(score, _)| *score > best - 0.05).map(|(_, code)| code).take(3).collect()
}

/// A file or folder that was named is not there.
pub const NOT_FOUND: Code = Code("mailfw::io::not-found");
/// A file or folder cannot be read.
pub const UNREADABLE: Code = Code("mailfw::io::unreadable");
/// A file cannot be written.
pub const UNWRITABLE: Code = Code("mailfw::io::unwritable");
/// A path has bytes that are not UTF-8.
pub const PATH_NOT_UTF8: Code = Code("mailfw::io::path-not-utf8");
/// Something is neither a file nor a folder.
pub const NOT_A_FILE: Code = Code("mailfw::io::not-a-file");
/// A mailbox is in no format that is known.
pub const MAILBOX_FORMAT: Code = Code("mailfw::mailbox::format");
/// A mailbox ended or broke while it was read.
pub const MAILBOX_BROKEN: Code = Code("mailfw::mailbox::broken");
/// A message cannot be judged.
pub const MESSAGE_UNREADABLE: Code = Code("mailfw::mailbox::message");
/// A command line asks for something that does not go.
pub const USAGE: Code = Code("mailfw::usage");
/// A code is not known.
pub const UNKNOWN_CODE: Code = Code("mailfw::unknown-code");
/// A folder that is to be written into is not empty.
pub const NOT_EMPTY: Code = Code("mailfw::io::not-empty");
/// The relay cannot start.
pub const NOT_STARTED: Code = Code("mailfw::serve::not-started");
/// There is no such message or copy.
pub const NO_COPY: Code = Code("mailfw::queue::no-copy");
/// Something could not be done with a copy.
pub const NOT_DONE: Code = Code("mailfw::queue::not-done");
/// A new layout would change the meaning.
pub const LAYOUT: Code = Code("mailfw::layout");

/// A set has no policies.
pub const NO_POLICIES: Code = Code("mailfw::set::no-policies");
/// A policy file in a set's folder is not used.
pub const UNUSED_FILE: Code = Code("mailfw::set::unused-file");
/// What was named as a policy set is something else.
pub const NO_POLICY_FILE: Code = Code("mailfw::set::no-policy-file");

const PAGES: &[Page] = &[
    Page {
        code: NO_POLICIES,
        title: "a set has no policies",
        text: "The set checks, and nothing in it decides anything: every message is delivered. Policies stand in a \
               `directory`, or come from a library by `apply`.",
        failing: "mailfw check policies/empty",
        passing: "mailfw check policies/acme",
    },
    Page {
        code: UNUSED_FILE,
        title: "a policy file in a set's folder is not used",
        text: "A set is `main.mfp` and what it names by `use`, directly or not. Another `.mfp` file in its folder is not \
               checked and its policies hold for nobody, which is rarely meant.",
        failing: "mailfw check policies/acme",
        passing: "mailfw check policies/acme/forgotten.mfp",
    },
    Page {
        code: NO_POLICY_FILE,
        title: "what was named as a policy set is something else",
        text: "The policy set is the first argument, mailboxes come after it.",
        failing: "mailfw dry-run mail.mbox policies/acme",
        passing: "mailfw dry-run policies/acme mail.mbox",
    },
    Page {
        code: NOT_FOUND,
        title: "a file or folder that was named is not there",
        text: "The path was given on the command line and nothing is there, or a folder on the way to it is missing.\n\n\
               A policy set is named by its folder (with `main.mfp` in it) or by one `.mfp` file.",
        failing: "mailfw check polices/acme",
        passing: "mailfw check policies/acme",
    },
    Page {
        code: UNREADABLE,
        title: "a file or folder cannot be read",
        text: "It is there, but the system refuses to read it; the message says why. Usually the user who runs mailfw \
               has no permission.",
        failing: "mailfw dry-run policies/acme /var/mail/root",
        passing: "sudo mailfw dry-run policies/acme /var/mail/root",
    },
    Page {
        code: UNWRITABLE,
        title: "a file cannot be written",
        text: "The folder is missing or not writable, or the disk is full. Files are written beside their place and \
               then renamed, so what stood there before is unharmed.",
        failing: "mailfw fmt /usr/share/policies",
        passing: "mailfw fmt policies",
    },
    Page {
        code: PATH_NOT_UTF8,
        title: "a path has bytes that are not UTF-8",
        text: "Policy files are named in diagnostics, in `use` and in reports as text. Rename the file. Mailboxes and \
               messages may have any name.",
        failing: "mailfw check $'pol\\xefcies'",
        passing: "mailfw check policies",
    },
    Page {
        code: NOT_A_FILE,
        title: "something is neither a file nor a folder",
        text: "Sockets, pipes and devices are not read: reading one could wait for ever or have an effect on who is at \
               the other end. Write the mail to a file first; one message may come from standard input where `-` is \
               accepted.",
        failing: "mailfw dry-run policies/acme /run/mail.sock",
        passing: "mailfw dry-run policies/acme mail.mbox",
    },
    Page {
        code: MAILBOX_FORMAT,
        title: "a mailbox is in no format that is known",
        text: "Known are mbox files (mboxo, mboxrd, mboxcl), Maildir folders, single messages (`.eml`), folders of any \
               of these, and `.gz` files of mbox or a message.",
        failing: "mailfw dry-run policies/acme mail.pst",
        passing: "mailfw dry-run policies/acme mail.mbox",
    },
    Page {
        code: MAILBOX_BROKEN,
        title: "a mailbox ended or broke while it was read",
        text: "The messages before that place were judged and are in the result; those after it were not. The exit code \
               is 2 so that a script notices. A compressed file that was cut is the usual cause.",
        failing: "mailfw dry-run policies/acme cut.mbox.gz",
        passing: "mailfw dry-run policies/acme whole.mbox.gz",
    },
    Page {
        code: MESSAGE_UNREADABLE,
        title: "a message cannot be read",
        text: "The file of one message could not be read. The other messages were judged and are in the result. The exit \
               code is 2 so that a script notices.",
        failing: "mailfw explain policies/acme gone.eml",
        passing: "mailfw explain policies/acme message.eml",
    },
    Page {
        code: USAGE,
        title: "the command line asks for something that does not go",
        text: "Two options exclude each other, or a value is outside its range. `mailfw help COMMAND` lists the options \
               of a command.",
        failing: "mailfw test policies --min-coverage 200",
        passing: "mailfw test policies --min-coverage 80",
    },
    Page {
        code: UNKNOWN_CODE,
        title: "a code is not known",
        text: "Codes look like `mfp::type::mismatch` and stand above each message. `mailfw explain-code` without a code \
               lists all of them.",
        failing: "mailfw explain-code mfp::type::mismatched",
        passing: "mailfw explain-code mfp::type::mismatch",
    },
    Page {
        code: NOT_EMPTY,
        title: "a folder that is to be written into is not empty",
        text: "`mailfw init` and `mailfw dry-run --out` write into a folder that is new or empty. They never overwrite.",
        failing: "mailfw init /etc",
        passing: "mailfw init policies",
    },
    Page {
        code: NOT_STARTED,
        title: "the relay cannot start",
        text: "A socket, a certificate, the store or the user to become is not as the configuration says; the message names \
               which, and why. Ports below 1024 are for root alone: start as root with `user` set, or let systemd open the \
               sockets. Of two servers only one can listen at an address, and only one can serve from a state folder.",
        failing: "mailfw serve --demo --port 25",
        passing: "mailfw serve --demo --port 2525",
    },
    Page {
        code: NO_COPY,
        title: "there is no such message or copy",
        text: "Messages have names such as `01JD3Q8Z7K5M2XAB`; each copy of one has a number behind a dot, such as \
               `01JD3Q8Z7K5M2XAB.1`. A copy that was delivered, returned or deleted is gone; `mailfw trace` still knows what \
               became of it.",
        failing: "mailfw queue show 00000000000000",
        passing: "mailfw queue list",
    },
    Page {
        code: NOT_DONE,
        title: "something could not be done with a copy",
        text: "What is released is judged again by the present policies, which must be readable and without errors; what is \
               returned needs a sender; and the store must be writable. Nothing was changed.",
        failing: "mailfw queue return 01JD3Q8Z7K5M2XAB.1",
        passing: "mailfw queue delete 01JD3Q8Z7K5M2XAB.1",
    },
    Page {
        code: LAYOUT,
        title: "a new layout would say something else",
        text: "`mailfw fmt` parses the text it made and compares it with what it was made of before it writes. They \
               differ: that is a mistake in mailfw, and the file was left as it is. Please report it with the file.",
        failing: "",
        passing: "",
    },
];
