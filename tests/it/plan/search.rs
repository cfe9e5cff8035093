//! One pass for all patterns finds what each pattern finds alone, and what it rules out does not occur.

use mailfw::language::hir::Pattern;
use mailfw::message::surface::{Form, Surface, fold, normalise};
use mailfw::plan::patterns::{
    PatternId, PatternTable, Patterns, SearchBudgets, SearchOptions, ServedBy, TooLarge,
};
use proptest::prelude::*;
use proptest::sample::select;

fn literal(text: &str) -> Pattern {
    Pattern::Literal { text: text.into() }
}

fn word(text: &str) -> Pattern {
    Pattern::Word { text: text.into() }
}

fn regex(pattern: &str, caseless: bool) -> Pattern {
    Pattern::Regex { pattern: pattern.into(), caseless, dot_all: false }
}

fn compile(
    patterns: &[Pattern],
    options: &SearchOptions,
) -> Result<(Patterns, Vec<PatternId>), Vec<TooLarge>> {
    let mut table = PatternTable::default();
    let ids = patterns.iter().map(|pattern| table.intern(pattern)).collect();
    Patterns::with(table, options).map(|patterns| (patterns, ids)).map_err(|(_, errors)| errors)
}

/// Whether the scans of a text let a pattern through, and whether they say that it surely occurs.
fn chance(patterns: &Patterns, id: PatternId, surface: &Surface) -> (bool, bool) {
    match patterns.served_by(id) {
        ServedBy::Scan => {
            let occurs = patterns.scan(surface.folded()).total(id) > 0;
            (occurs, occurs)
        }
        ServedBy::Atoms => (patterns.scan(surface.folded()).marked().contains(&id.into()), false),
        ServedBy::SharedRegexes { form, exact } => {
            match patterns.scan_for_regexes(form, surface.text(form)) {
                Some(keys) => (keys.contains(&id.into()), exact && keys.contains(&id.into())),
                None => (true, false),
            }
        }
        ServedBy::Itself => (true, false),
    }
}

/// Checks that what the scans say of a text agrees with what each pattern finds alone.
fn agree(patterns: &[Pattern], texts: &[&str]) -> Result<(), TestCaseError> {
    let one_by_one = SearchOptions { one_by_one: true, ..SearchOptions::default() };
    let merged = compile(patterns, &SearchOptions::default());
    let alone = compile(patterns, &one_by_one);
    let (Ok((merged, ids)), Ok((alone, _))) = (merged, alone) else { return Ok(()) };
    for text in texts {
        let surface = Surface::from_text(text);
        let naive = alone.scan(surface.folded());
        let scan = merged.scan(surface.folded());
        for (&id, pattern) in ids.iter().zip(patterns) {
            let found = alone.search(id, &surface);
            let (may, must) = chance(&merged, id, &surface);
            prop_assert!(may || found.total == 0, "{:?} in {:?} is ruled out", pattern, text);
            prop_assert!(!must || found.total > 0, "{:?} in {:?} is not there", pattern, text);
            prop_assert_eq!(merged.search(id, &surface), found.clone(), "{:?} in {:?}", pattern, text);
            prop_assert_eq!(merged.occurs(id, &surface), found.total > 0, "{:?} in {:?}", pattern, text);
            if merged.is_scanned(id) {
                prop_assert_eq!(scan.total(id), found.total, "{:?} in {:?}", pattern, text);
                prop_assert_eq!(naive.total(id), found.total, "{:?} in {:?}", pattern, text);
                let places = merged.places(&[id], &surface).into_iter().map(|(_, place)| place);
                prop_assert_eq!(places.collect::<Vec<_>>(), found.places, "{:?} in {:?}", pattern, text);
            }
        }
    }
    Ok(())
}

#[test]
fn one_policys_pattern_inside_anothers_is_found_with_it() {
    let patterns = [
        literal("secret project bluebird"),
        word("project"),
        literal("ject blue"),
        regex("project [a-z]+bird", true),
        Pattern::Suffix { text: "bluebird plan".into() },
        literal("bird"),
    ];
    let text = "The Secret Project Bluebird plan";
    for from in 0..patterns.len() {
        let mut ordered = patterns.to_vec();
        ordered.rotate_left(from);
        agree(&ordered, &[text]).unwrap();
        let (compiled, ids) = compile(&ordered, &SearchOptions::default()).unwrap();
        let surface = Surface::from_text(text);
        for (&id, pattern) in ids.iter().zip(&ordered) {
            assert!(chance(&compiled, id, &surface).0, "{pattern:?}");
            assert_eq!(compiled.search(id, &surface).total, 1, "{pattern:?}");
        }
    }
}

#[test]
fn words_that_overlap_each_other_are_all_found() {
    let patterns = [word("new york"), word("york times"), word("times"), word("new york times"), word("or")];
    let (compiled, ids) = compile(&patterns, &SearchOptions::default()).unwrap();
    let scan = compiled.scan("the new york times, new york or times");
    let totals: Vec<u64> = ids.iter().map(|&id| scan.total(id)).collect();
    assert_eq!(totals, [2, 1, 2, 1, 1]);
}

#[test]
fn long_texts_are_searched_alike_wherever_their_blocks_and_lanes_meet() {
    // Longer than several blocks, with texts of every length across every border.
    let patterns: Vec<Pattern> = (1..40).map(|length| literal(&"abcdefghij".repeat(4)[..length])).collect();
    for shift in [0, 1, 7, 31] {
        let text =
            format!("{}{}", "x".repeat(shift), "abcdefghijabcdefghijabcdefghijabcdefghij-".repeat(4_000));
        agree(&patterns, &[&text]).unwrap();
    }
    for length in 250..330 {
        let text = "abcdefghij".repeat(length / 10 + 1);
        agree(&patterns, &[&text[..length]]).unwrap();
    }
}

#[test]
fn every_character_of_folded_and_of_cased_text_stays_as_it_is() {
    for character in (0..=0x10_ffff).filter_map(char::from_u32) {
        for made in fold(&character.to_string()).chars() {
            let text = made.to_string();
            assert_eq!(fold(&text), text, "U+{:04X} of U+{:04X}", made as u32, character as u32);
        }
        for made in normalise(&character.to_string()).chars() {
            let text = made.to_string();
            assert_eq!(normalise(&text), text, "U+{:04X} of U+{:04X}", made as u32, character as u32);
        }
    }
}

#[test]
fn letters_with_any_mark_are_let_through() {
    let marks = (0x300..0x370).chain(0x1AB0..0x1B00).chain(0x1DC0..0x1E00).chain(0x3099..0x309B);
    let marks: Vec<char> = marks.chain(0x483..0x488).chain(0x591..0x5BE).filter_map(char::from_u32).collect();
    let letters: Vec<char> = ('!'..='~').chain("ÄÉΑΩαωАЙйżŽㄱ가か機".chars()).collect();
    for letter in letters {
        let escaped = if letter.is_alphanumeric() { letter.to_string() } else { format!("\\{letter}") };
        let patterns = [
            regex(&format!("zqx{escaped}"), false),
            regex(&format!("zqx{escaped}"), true),
            regex(&format!("{escaped}zqx"), false),
            regex(&format!("zqx[{escaped}]"), false),
        ];
        let texts: Vec<String> =
            marks.iter().map(|mark| format!("zqx{letter}{mark} {letter}{mark}zqx")).collect();
        agree(&patterns, &texts.iter().map(String::as_str).collect::<Vec<_>>()).unwrap();
    }
}

#[test]
fn regexes_are_served_by_the_rarest_text_that_they_need() {
    let served = |pattern: &str, caseless: bool| {
        let (patterns, ids) = compile(&[regex(pattern, caseless)], &SearchOptions::default()).unwrap();
        patterns.served_by(ids[0])
    };
    for pattern in [
        "AKIA[0-9A-Z]{16}",
        r"\bproject\s+\w+",
        "gr[ae]y area",
        "(?:invoice|receipt|bill) no",
        r"https?://[a-z]+\.example\.zip",
        "(ab){3,}",
        r"\d+ euros?\b",
        "^confidential$",
        "(?i:secret)",
        "Straße 12",
    ] {
        assert_eq!(served(pattern, false), ServedBy::Atoms, "{pattern}");
        assert_eq!(served(pattern, true), ServedBy::Atoms, "{pattern}");
    }
    let shared = ServedBy::SharedRegexes { form: Form::Cased, exact: true };
    for pattern in [r"\d{4}-\d{4}", "[A-Z]{3}", "a.b", "(secret|x)", "the"] {
        assert_eq!(served(pattern, false), shared, "{pattern}");
    }
    let with_boundaries = ServedBy::SharedRegexes { form: Form::Folded, exact: false };
    assert_eq!(served(r"\b\d{13}\b", true), with_boundaries);
    for pattern in ["a*", "(secret)?", "", r"\b"] {
        assert_eq!(served(pattern, true), ServedBy::Itself, "{pattern}");
    }
}

#[test]
fn regexes_without_a_text_that_they_need_are_ruled_out_together() {
    let patterns: Vec<Pattern> =
        (1..40).map(|length| regex(&format!(r"\b[A-Z]{{2}}\d{{{length}}}\b"), false)).collect();
    let (compiled, ids) = compile(&patterns, &SearchOptions::default()).unwrap();
    let surface = Surface::from_text("Größe: AB1234 und XY1234567, ab12");
    let through: Vec<usize> =
        (1..40).filter(|&length| chance(&compiled, ids[length - 1], &surface).0).collect();
    // The boundary behind the digits is left to the regex itself.
    assert_eq!(through, [1, 2, 3, 4, 5, 6, 7]);
    let found: Vec<usize> = (1..40).filter(|&length| compiled.occurs(ids[length - 1], &surface)).collect();
    assert_eq!(found, [4, 7]);
}

#[test]
fn what_exceeds_its_budget_is_named() {
    let default = SearchBudgets::DEFAULT;
    let refused = |patterns: &[Pattern], budgets: SearchBudgets| {
        let options = SearchOptions { budgets, ..SearchOptions::default() };
        let errors = compile(patterns, &options).map(|_| ()).unwrap_err();
        assert_eq!(errors.len(), 1, "{errors:?}");
        (errors[0].pattern, errors[0].reason.clone())
    };
    let words: Vec<Pattern> = (0..100).map(|number| literal(&format!("word number {number}"))).collect();
    let (pattern, reason) = refused(&words, SearchBudgets { literals: 99, ..default });
    assert_eq!((pattern, reason.as_str()), (None, "there are 100 words and phrases, more than 99"));
    let (pattern, reason) = refused(&words, SearchBudgets { literal_bytes: 4 << 10, ..default });
    assert_eq!((pattern, reason.as_str()), (None, "all words and phrases together take more than 4 KiB"));
    let regexes: Vec<Pattern> = (1..20).map(|length| regex(&format!("[0-9]{{{length}}}x"), false)).collect();
    let (pattern, reason) = refused(&regexes, SearchBudgets { shared_bytes: 8 << 10, ..default });
    assert!(pattern.is_some_and(|pattern| pattern.0 > 5), "{pattern:?}");
    assert!(reason.contains("take more than 8 KiB together"), "{reason}");
    let (pattern, reason) = refused(
        &[words[0].clone(), regex("[0-9]{1000}x", false)],
        SearchBudgets { regex_bytes: 4 << 10, ..default },
    );
    assert_eq!((pattern, reason.as_str()), (Some(PatternId(1)), "the compiled pattern is larger than 4 KiB"));
}

#[test]
fn a_budget_that_a_set_exceeds_is_told_at_what_is_largest_and_at_its_detector() {
    use mailfw::plan::PlanOptions;
    let words: String = (0..40).map(|number| format!("\"word number {number}\"\n")).collect();
    let items = format!(
        "dictionary little {{ \"one\" \"two\" }}\ndictionary large {{ {words} }}\n\
         detector digits {{ pattern /[0-9]{{9}}[A-Z]{{3}}/\n yes \"123456789ABC\"\n no \"1\" }}\n"
    );
    let policies = "content policy probe for senders { when body contains large or body contains little or \
                    body contains digits tag \"t\" }";
    let refused = |budgets: SearchBudgets| {
        let options = PlanOptions { budgets, ..PlanOptions::ALL };
        let refused = super::setting::planned_by(&items, policies, options).unwrap_err();
        let found = refused.sorted();
        assert_eq!(found.len(), 1);
        (found[0].primary.span.start as usize, found[0].message.clone())
    };
    let (start, message) = refused(SearchBudgets { literals: 20, ..SearchBudgets::DEFAULT });
    assert!(
        items[start..].starts_with("large") || items[start..].starts_with("dictionary large"),
        "{message}"
    );
    let (start, message) = refused(SearchBudgets { shared_bytes: 100, ..SearchBudgets::DEFAULT });
    assert!(
        items[start..].starts_with("digits") || items[start..].starts_with("detector digits"),
        "{message}"
    );
    assert!(message.starts_with("detector `digits` cannot be compiled: "), "{message}");
}

#[test]
fn beyond_its_budget_a_dense_automaton_becomes_a_sparse_one_that_finds_the_same() {
    let words: Vec<Pattern> = (0..500).map(|number| literal(&format!("w{}", number * 7919 % 1000))).collect();
    let text = (0..1000).map(|number| format!("w{number} ")).collect::<String>();
    let totals = |dense_bytes: usize| {
        let budgets = SearchBudgets { dense_bytes, ..SearchBudgets::DEFAULT };
        let options = SearchOptions { budgets, ..SearchOptions::default() };
        let (patterns, _) = compile(&words, &options).unwrap();
        (patterns.statistics().automata[0].kind, patterns.scan(&text).occurrences().to_vec())
    };
    let (dense, sparse) = (totals(16 << 20), totals(0));
    assert_eq!((dense.0, sparse.0), ("Aho-Corasick DFA", "Aho-Corasick contiguous NFA"));
    assert!(dense.1.len() == words.len() && dense.1 == sparse.1);
}

#[test]
fn ten_thousand_words_take_little_memory() {
    let words: Vec<Pattern> = (0..10_000_u64)
        .map(|number| {
            let mixed =
                number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let text: String = (0..9).map(|at| char::from(b'a' + ((mixed >> (at * 6)) % 26) as u8)).collect();
            if number % 5 == 0 { literal(&format!("größe {text}")) } else { word(&text) }
        })
        .collect();
    let (patterns, _) = compile(&words, &SearchOptions::default()).unwrap();
    let statistics = patterns.statistics();
    assert_eq!(statistics.scanned, 10_000);
    assert!(statistics.automata[0].bytes < 16 << 20, "{} bytes", statistics.automata[0].bytes);
}

#[test]
fn a_regex_that_no_lazy_automaton_gets_along_with_runs_on_its_own() {
    // Every state is new, so the few that there is room for are thrown away all the time.
    let patterns = [regex("[ab]*a[ab]{12}[0-9]", false), regex("[0-9]{3}[ab]", false)];
    let budgets = SearchBudgets { shared_cache_bytes: 0, ..SearchBudgets::DEFAULT };
    let options = SearchOptions { budgets, ..SearchOptions::default() };
    let (compiled, ids) = compile(&patterns, &options).unwrap();
    let mut noise = 1_u32;
    let mut text = String::new();
    for _ in 0..20_000 {
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        text.push(if noise >> 31 == 1 { 'a' } else { 'b' });
    }
    text.push_str("012a");
    let surface = Surface::from_text(&text);
    assert_eq!(compiled.scan_for_regexes(Form::Cased, surface.cased()), None, "it gives up");
    for id in ids {
        assert!(chance(&compiled, id, &surface).0);
        assert!(compiled.search(id, &surface).total > 0);
    }
}

/// Characters that case, composition, width, marks and blanks have to do with.
const CHARACTERS: &[&str] = &[
    "a",
    "e",
    "k",
    "s",
    "i",
    "j",
    "h",
    "t",
    "w",
    "y",
    "x",
    "z",
    "q",
    "J",
    "H",
    "T",
    "W",
    "Y",
    "K",
    "S",
    "I",
    "0",
    "7",
    "-",
    ".",
    "@",
    " ",
    "  ",
    "\t",
    "\n",
    "ß",
    "ẞ",
    "ſ",
    "\u{212a}",
    "İ",
    "ı",
    "ǰ",
    "ẖ",
    "ẛ",
    "é",
    "É",
    "e\u{301}",
    "\u{301}",
    "\u{30c}",
    "\u{331}",
    "\u{308}",
    "\u{345}",
    "ﬁ",
    "ﬆ",
    "Ａ",
    "ｚ",
    "ς",
    "Σ",
    "σ",
    "ΐ",
    "ᾳ",
    "ά",
    "\u{ad}",
    "\u{200b}",
    "\u{a0}",
    "٣",
    "가",
    "ᄀ",
    "ᅡ",
    "ㄱ",
    "か",
    "\u{3099}",
    "機",
    "ا",
    "ﷺ",
    "ŉ",
    "Ǆ",
    "½",
    "№",
    "®",
    "Ж",
    "ж",
    "й",
    "\u{2028}",
    "ａ\u{308}",
];

fn text() -> impl Strategy<Value = String> {
    proptest::collection::vec(select(CHARACTERS), 0..24).prop_map(|all| all.concat())
}

/// A piece of a regex with a text that it may match.
fn piece() -> impl Strategy<Value = (String, String)> {
    let plain = proptest::collection::vec(select(CHARACTERS), 1..5).prop_map(|all| {
        let text = all.concat();
        let quoted: String = text
            .chars()
            .map(|character| match character {
                character if character.is_ascii_punctuation() => format!("\\{character}"),
                character => character.to_string(),
            })
            .collect();
        (quoted, text)
    });
    let class = (select(CHARACTERS), select(CHARACTERS)).prop_map(|(one, other)| {
        let member = |text: &str| text.chars().next().filter(|c| *c != '-').unwrap_or('x');
        (format!("[{}{}]", member(one), member(other)), other.to_string())
    });
    let fixed = select(vec![
        ("[a-k]", "j"),
        ("[A-Z]", "J"),
        (r"\s", " "),
        (r"\s+", "\t "),
        (r"\d", "7"),
        (r"\w+", "Jé"),
        (".", "x"),
        (r"\b", ""),
        (r"\B", ""),
        ("^", ""),
        ("$", ""),
        (".*", "abc"),
        ("(?i:KIT)", "\u{212a}it"),
        (r"\PL", "-"),
        (r"\p{Lu}", "J"),
        ("[^a]", "b"),
        (r"\W", "@"),
    ])
    .prop_map(|(regex, text)| (regex.to_string(), text.to_string()));
    prop_oneof![4 => plain, 2 => class, 3 => fixed]
}

fn regex_and_text() -> impl Strategy<Value = (String, String)> {
    let leaf = proptest::collection::vec(piece(), 1..4)
        .prop_map(|pieces| pieces.into_iter().unzip::<String, String, Vec<_>, Vec<_>>())
        .prop_map(|(regexes, texts)| (regexes.concat(), texts.concat()));
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 1..4).prop_map(|all| {
                let (regexes, texts): (Vec<_>, Vec<_>) = all.into_iter().unzip();
                (format!("(?:{})", regexes.join("|")), texts.last().cloned().unwrap_or_default())
            }),
            (inner.clone(), select(vec!["?", "*", "+", "{2}", "{1,3}"])).prop_map(
                |((regex, text), times)| { (format!("(?:{regex}){times}"), format!("{text}{text}")) }
            ),
            (inner.clone(), inner).prop_map(|(a, b)| (format!("{}{}", a.0, b.0), format!("{}{}", a.1, b.1))),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, ..ProptestConfig::default() })]

    #[test]
    fn what_a_scan_rules_out_does_not_occur(
        regexes in proptest::collection::vec((regex_and_text(), any::<bool>(), any::<bool>()), 1..4),
        before in text(), after in text(),
    ) {
        let patterns: Vec<Pattern> = regexes
            .iter()
            .map(|((pattern, _), caseless, dot_all)| Pattern::Regex {
                pattern: pattern.as_str().into(), caseless: *caseless, dot_all: *dot_all,
            })
            .collect();
        let mut texts = vec![String::new(), format!("{before}{after}")];
        for ((_, text), ..) in &regexes {
            texts.push(format!("{before}{text}{after}"));
            texts.push(text.to_uppercase());
            texts.push(format!("{text}{after}"));
        }
        agree(&patterns, &texts.iter().map(String::as_str).collect::<Vec<_>>())?;
    }

    #[test]
    fn many_patterns_find_together_what_each_finds_alone(
        texts in proptest::collection::vec((text(), 0..5_u8), 1..12), before in text(), after in text(),
        glue in proptest::collection::vec(any::<proptest::sample::Index>(), 0..8),
    ) {
        let patterns: Vec<Pattern> = texts
            .iter()
            .map(|(text, kind)| match kind {
                0 => literal(text),
                1 => word(text),
                2 => Pattern::Prefix { text: text.as_str().into() },
                3 => Pattern::Suffix { text: text.as_str().into() },
                _ => Pattern::Glob { text: format!("*{text}?").into() },
            })
            .collect();
        let glued: String = glue.iter().map(|at| texts[at.index(texts.len())].0.as_str()).collect();
        agree(&patterns, &[&format!("{before}{glued}{after}"), &glued, &before])?;
    }
}
