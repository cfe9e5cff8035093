//! Codes of what only shows when a plan is made, with their pages.

use crate::base::diagnostic::Code;
use crate::language::codes::Page;

/// The set asks more questions than a plan holds.
pub const TOO_LARGE: Code = Code("mfp::plan::too-large");
/// Conditions lie deeper inside each other than evaluation goes.
pub const TOO_DEEP: Code = Code("mfp::plan::too-deep");
/// An automaton is beyond its limit.
pub const AUTOMATON: Code = Code("mfp::plan::automaton");

pub use super::detectors::{LINE, PATTERN};

/// The pages of this room's codes.
pub const PAGES: &[Page] = &[
    Page {
        code: TOO_LARGE,
        title: "the policy set asks too many different questions",
        text: "Equal conditions of all policies are evaluated once. This set has more than four million different ones, \
               more than one process should hold.\n\nSplit the set, or let policies share criteria.",
        failing: "# more than four million clauses, no two alike\nwhen subject contains \"a\"\nwhen subject contains \"b\"\n",
        passing: "# one clause over a list\nwhen subject contains project_names\n",
    },
    Page {
        code: TOO_DEEP,
        title: "conditions lie too deep inside each other",
        text: "A criterion stands for its condition wherever it is used. Criteria that call criteria that call criteria \
               make a condition as deep as the whole chain; more than 250 levels are refused, so that no policy can \
               exhaust the stack.\n\nWrite the condition in one place, or join criteria of the chain.",
        failing: "# and so on, over more than 250 criteria\ncriterion c1 = not c0\ncriterion c2 = not c1\ncriterion c3 = not c2\n",
        passing: "criterion outbound = sender in site and recipient outside site\n",
    },
    Page {
        code: AUTOMATON,
        title: "a pattern is too large to compile",
        text: "Patterns become automata, which search in time linear in the text but take memory. This one, or the \
               automaton of all words and phrases of the set together, is beyond its limit.\n\nBound repetitions \
               (`{1,20}` for `+`), use fewer large character classes, or remove entries from dictionaries and lists.",
        failing: "criterion wide = subject matches /(\\w{1,1000}){1,1000}/\n",
        passing: "criterion narrow = subject matches /\\w{1,40}/\n",
    },
    Page {
        code: LINE,
        title: "a detector judges one of its own lines otherwise",
        text: "A detector carries `yes` lines, in which it must find something, and `no` lines, in which it must not. \
               They run whenever the set is checked, so that a change of its pattern cannot go unnoticed.\n\nMend the \
               pattern or its checks, or move the line to the other kind.",
        failing: "detector order {\n    pattern /A-[0-9]{4}/\n    yes \"order B-1234\"\n}\n",
        passing: "detector order {\n    pattern /A-[0-9]{4}/\n    yes \"order A-1234\"\n}\n",
    },
    Page {
        code: PATTERN,
        title: "a detector's pattern cannot be compiled",
        text: "The pattern is larger than the limit once compiled, or is not one that gives candidates.\n\nWrite a \
               simpler pattern, or bound its repetitions.",
        failing: "detector wide {\n    pattern /(\\w{1,1000}){1,1000}/\n}\n",
        passing: "detector narrow {\n    pattern /\\w{8,40}/\n}\n",
    },
];
