//! One automaton for all literals, words, regexes and globs.

use mailfw::language::hir::Pattern;
use mailfw::message::surface::Surface;
use mailfw::plan::Truth;
use mailfw::plan::patterns::{PatternId, PatternTable, Patterns};
use proptest::prelude::*;

fn literal(text: &str) -> Pattern {
    Pattern::Literal { text: text.into() }
}

fn word(text: &str) -> Pattern {
    Pattern::Word { text: text.into() }
}

fn glob(text: &str) -> Pattern {
    Pattern::Glob { text: text.into() }
}

fn regex(pattern: &str, caseless: bool) -> Pattern {
    Pattern::Regex { pattern: pattern.into(), caseless, dot_all: false }
}

fn compile(patterns: &[Pattern]) -> (Patterns, Vec<PatternId>) {
    let mut table = PatternTable::default();
    let ids = patterns.iter().map(|pattern| table.intern(pattern)).collect();
    (Patterns::new(table).map_err(|(_, errors)| errors).unwrap(), ids)
}

fn total(pattern: Pattern, text: &str) -> u64 {
    let (patterns, ids) = compile(&[pattern]);
    let surface = Surface::from_text(text);
    let found = patterns.search(ids[0], &surface).total;
    if patterns.is_scanned(ids[0]) {
        assert_eq!(patterns.scan(surface.folded()).total(ids[0]), found, "found by the scan and on its own");
    }
    found
}

#[test]
fn a_pattern_inside_anothers_is_not_hidden_by_it() {
    let texts = ["secret project bluebird", "project", "bluebird", "ect proj", "secret"];
    let all: Vec<Pattern> = texts.iter().map(|text| literal(text)).collect();
    for order in [[0, 1, 2, 3, 4], [4, 3, 2, 1, 0], [2, 0, 4, 1, 3]] {
        let ordered: Vec<Pattern> = order.iter().map(|&at| all[at].clone()).collect();
        let (patterns, ids) = compile(&ordered);
        let scan = patterns.scan("the secret project bluebird is a secret");
        let totals: Vec<u64> = ids.iter().map(|&id| scan.total(id)).collect();
        let expected: Vec<u64> = order.iter().map(|&at| [1, 1, 1, 0, 2][at]).collect();
        assert_eq!(totals, expected, "in the order {order:?}");
    }
}

#[test]
fn as_many_different_values_are_given_as_are_wanted_and_there() {
    let (patterns, ids) = compile(&[regex("v[0-9]", true)]);
    let surface = Surface::from_text("v1 v2 v2 v3 v4");
    let given = |most: usize| patterns.values(ids[0], &surface, most).len();
    assert_eq!([given(0), given(1), given(3), given(4), given(5)], [0, 1, 3, 4, 4]);
}

#[test]
fn one_text_as_literal_and_as_word_is_counted_apart() {
    let (patterns, ids) = compile(&[literal("art"), word("art")]);
    let scan = patterns.scan("art, part, artful art");
    assert_eq!(scan.total(ids[0]), 4);
    assert_eq!(scan.total(ids[1]), 2);
}

#[test]
fn a_literal_does_not_overlap_itself() {
    assert_eq!(total(literal("aa"), "aaaaa"), 2);
}

#[test]
fn both_sides_are_folded_alike() {
    assert_eq!(total(literal("STRASSE"), "Die Straße"), 1);
    assert_eq!(total(literal("straße"), "IN DER STRASSE"), 1);
    assert_eq!(total(literal("wire transfer"), "ＷＩＲＥ\u{200b}  trans\u{ad}fer"), 1);
    assert_eq!(total(regex("straße", true), "In der STRASSE"), 1);
    assert_eq!(total(regex("Straße", false), "In der STRASSE, in der Straße"), 1);
    assert_eq!(total(regex("café+", false), "café"), 1);
}

#[test]
fn words_end_where_letters_of_a_word_end() {
    assert_eq!(total(word("visa"), "Visa, visas, VISA-card, _visa, televisa"), 2);
    assert_eq!(total(word("c++"), "C++ and C++11"), 2);
    assert_eq!(total(word("größe"), "die Größe und Größen"), 1);
    assert_eq!(total(word("機密"), "これは機密です"), 1);
}

#[test]
fn globs_mean_the_whole_text() {
    assert_eq!(total(glob("*.EXE"), "invoice.exe"), 1);
    assert_eq!(total(glob("*.exe"), "invoice.exe.txt"), 0);
    assert_eq!(total(glob("in?oice*"), "Invoice 12"), 1);
    assert_eq!(total(glob("[a-c]x"), "bx"), 1);
    assert_eq!(total(glob("[!a-c]x"), "bx"), 0);
    assert_eq!(total(glob("a[b"), "a[b"), 1);
    assert_eq!(total(glob("a.b"), "axb"), 0);
}

#[test]
fn starts_and_ends_are_of_the_whole_text() {
    assert_eq!(total(Pattern::Prefix { text: "Re:".into() }, "RE: hello"), 1);
    assert_eq!(total(Pattern::Prefix { text: "Re:".into() }, "Fwd: Re: hello"), 0);
    assert_eq!(total(Pattern::Suffix { text: ".exe".into() }, "a.EXE"), 1);
}

#[test]
fn a_regex_beyond_its_limit_is_named_and_not_built() {
    let mut table = PatternTable::default();
    table.intern(&literal("fine"));
    let large = table.intern(&regex(r"(\w{1,1000}){1,1000}", false));
    let (_, errors) = Patterns::new(table).unwrap_err();
    assert_eq!(errors.len(), 1);
    assert_eq!(errors[0].pattern, Some(large));
    assert!(errors[0].reason.contains("10 MiB"), "{}", errors[0].reason);
}

#[test]
fn nested_repetition_takes_linear_time() {
    let text = "a".repeat(200_000);
    let start = std::time::Instant::now();
    assert_eq!(total(regex(r"(a+)+$b", false), &text), 0);
    assert!(start.elapsed().as_secs() < 5, "took {:?}", start.elapsed());
}

#[test]
fn matches_that_look_far_ahead_are_counted_as_far_as_the_budget_reaches() {
    let search = |pattern: &str, text: &str| {
        let (patterns, ids) = compile(&[regex(pattern, false)]);
        patterns.search(ids[0], &Surface::from_text(text))
    };
    let text = "foo".repeat(40_000);
    let ahead = search("foo(?:.{0,3000}bar)?", &text);
    assert!(ahead.gave_up && ahead.total > 0, "{ahead:?}");
    let short = search("foo(?:.{0,10}bar)?", &text);
    assert!(!short.gave_up && short.total == 40_000, "{short:?}");
    let few = search("foo(?:.{0,3000}bar)?", &"foo".repeat(400));
    assert!(!few.gave_up && few.total == 400, "{few:?}");
    let words = search(r"[a-z]{1,100}", &"foo ".repeat(40_000));
    assert!(!words.gave_up && words.total == 40_000, "{words:?}");
}

#[test]
fn a_count_that_gave_up_is_the_least_that_there_is() {
    let message = super::setting::message("", &"foofoofoofoofoofoofoofoofoofoo\r\n".repeat(4_000));
    let more_than = |least: u64| {
        super::setting::truth(&format!("count(every /foo(?:.{{0,3000}}bar)?/ in text) > {least}"), &message)
    };
    assert_eq!(more_than(10), Truth::True);
    let Truth::Unknown(causes) = more_than(39_999) else { panic!("it is open whether there are more") };
    assert!(format!("{causes:?}").contains("Limit"), "{causes:?}");
}

#[test]
fn regexes_that_need_one_text_are_all_marked_where_it_occurs_and_in_every_text_anew() {
    let all: Vec<Pattern> = (1..=500).map(|count| regex(&format!("secret.{{{count}}}"), true)).collect();
    let (patterns, ids) = compile(&all);
    let marked = |text: &str| patterns.scan(text).marked().len();
    assert_eq!(marked(&"secret".repeat(100_000)), ids.len());
    assert_eq!(marked("bar"), 0);
    assert_eq!(marked("a secret"), ids.len());
}

proptest! {
    #[test]
    fn what_each_literal_finds_alone_all_find_together(
        texts in proptest::collection::vec("[ab]{1,4}", 1..8), haystack in "[ab ]{0,60}",
    ) {
        let (patterns, ids) = compile(&texts.iter().map(|text| literal(text)).collect::<Vec<_>>());
        let surface = Surface::from_text(&haystack);
        let scan = patterns.scan(surface.folded());
        for (id, text) in ids.into_iter().zip(&texts) {
            let alone = surface.folded().matches(text.as_str()).count() as u64;
            prop_assert_eq!(scan.total(id), alone);
        }
    }
}
