use mailfw::message::surface::{Form, Surface, fold, normalise};
use proptest::prelude::*;

fn finds(surface: &Surface, words: &str) -> bool {
    surface.folded().contains(&fold(words))
}

#[test]
fn full_width_letters_are_letters() {
    let surface = Surface::from_text("Please make a Ｗｉｒｅ　ＴＲＡＮＳＦＥＲ today");
    assert!(finds(&surface, "wire transfer"));
    let at = surface.folded().find("wire transfer").unwrap();
    let origin = surface.origin_of(Form::Folded, at..at + "wire transfer".len());
    assert_eq!(&"Please make a Ｗｉｒｅ　ＴＲＡＮＳＦＥＲ today"[origin], "Ｗｉｒｅ　ＴＲＡＮＳＦＥＲ");
}

#[test]
fn digits_are_digits_in_every_script() {
    for digits in ["٤١١١", "۴۱۱۱", "४१११", "๔๑๑๑"] {
        assert_eq!(fold(&format!("no. {digits}!")), "no. 4111!", "{digits}");
    }
    assert_eq!(fold("one\u{2800}two"), "one two", "a blank that is no white space");
}

#[test]
fn invisible_characters_hide_nothing() {
    for hidden in
        ["wi\u{ad}re", "wi\u{200b}re", "wi\u{2060}re", "wi\u{fe0f}re", "\u{feff}wi\u{200d}re", "wi\u{34f}re"]
    {
        assert_eq!(Surface::from_text(hidden).folded(), "wire", "{hidden:?}");
    }
}

#[test]
fn white_space_runs_are_one_blank_of_any_kind() {
    let surface = Surface::from_text("a\u{a0}\u{2003} \r\n\t b\nc \u{200b} d");
    assert_eq!(surface.cased(), "a b c d");
    let source = "one\r\n\r\ntwo";
    let surface = Surface::from_text(source);
    assert_eq!(surface.origin_of(Form::Cased, 3..4), 3..7);
    assert_eq!(surface.origin_of(Form::Cased, 4..7), 7..10);
}

#[test]
fn case_is_kept_in_one_form_and_folded_in_the_other() {
    let surface = Surface::from_text("Straße ΣΊΣΥΦΟΣ ÉCOLE");
    assert_eq!(surface.cased(), "Straße ΣΊΣΥΦΟΣ ÉCOLE");
    assert_eq!(surface.folded(), "strasse σίσυφοσ école");
    assert_eq!(fold("STRASSE"), "strasse");
}

#[test]
fn a_combining_mark_joins_its_letter_whatever_stands_between() {
    for text in ["cafe\u{301}", "cafe\u{200b}\u{301}", "cafe\u{ad}\u{301}", "caf\u{e9}"] {
        assert_eq!(Surface::from_text(text).folded(), "caf\u{e9}", "{text:?}");
    }
    assert_eq!(Surface::from_text("\u{1112}\u{1161}\u{11ab}").cased(), "\u{d55c}");
}

#[test]
fn ligatures_and_half_width_forms_are_spelled_out() {
    assert_eq!(fold("ﬁnance ｶﾞｲﾄﾞ №"), "finance ガイド no");
}

#[test]
fn context_shows_what_stands_around() {
    let surface = Surface::from_text("the  quick brown Füchse jump");
    let at = surface.cased().find("brown").unwrap();
    assert_eq!(surface.context(Form::Cased, at..at + 5, 6), ("quick ", "brown", " Füchs"));
    assert_eq!(surface.context(Form::Cased, 0..3, 0), ("", "the", ""));
    assert_eq!(surface.context(Form::Cased, 500..600, 3).1, "");
}

#[test]
fn an_endless_heap_of_marks_is_no_trap() {
    let zalgo = format!("a{}", "\u{301}\u{323}".repeat(200_000));
    let surface = Surface::from_text(&zalgo);
    assert!(surface.folded().starts_with('\u{1ea1}'));
}

#[test]
fn plain_text_needs_few_runs() {
    let text = "The quick brown fox jumps over the lazy dog. ".repeat(1_000);
    let surface = Surface::from_text(&text);
    assert!(surface.memory() < 2 * text.len() + 100, "{}", surface.memory());
}

#[test]
fn markup_inside_a_word_hides_nothing() {
    for html in [
        "wi<b>re</b> trans<span style='x'></span>fer",
        "wi<!-- x -->re tr&#97;nsfer",
        "wi&shy;re&nbsp;transfer",
        "w&#x200b;ire <font size=1>t</font>ransfer",
        "<table><tr><td>wire</td><td>transfer</td></tr></table>",
        "<p>wire</p>transfer",
        "wire<br>transfer",
        "<div hidden>wire transfer</div>",
        "wi\0re transfer",
        "wi<style>.x{}</style>re <script>no()</script>transfer",
        "wi<o:p></o:p>re transfer",
    ] {
        let surface = Surface::from_html(html);
        assert!(finds(&surface, "wire transfer"), "{html:?} gives {:?}", surface.folded());
    }
}

#[test]
fn blocks_part_words() {
    assert!(!finds(&Surface::from_html("<td>wi</td><td>re</td>"), "wire"));
    assert!(!finds(&Surface::from_html("wi<br>re"), "wire"));
}

#[test]
fn offsets_lead_back_into_the_html() {
    let html = "<html><body><p>Dear  customer,</p><p>w&#105;<b>re</b> it</p></body>";
    let surface = Surface::from_html(html);
    let at = surface.folded().find("wire").unwrap();
    assert_eq!(&html[surface.origin_of(Form::Folded, at..at + 4)], "w&#105;<b>re");
    let at = surface.folded().find("customer").unwrap();
    assert_eq!(&html[surface.origin_of(Form::Folded, at..at + 8)], "customer");
}

fn odd_text() -> impl Strategy<Value = String> {
    let pieces = prop_oneof![
        "[a-zA-Z \r\n\t]{1,6}",
        "\\PC{1,4}",
        prop::sample::select(vec![
            "\u{301}",
            "\u{323}",
            "\u{200b}",
            "\u{ad}",
            "\u{345}",
            "ß",
            "İ",
            "ﬁ",
            "ΐ",
            "\u{1e9e}",
            "\u{3164}",
            "\u{1160}",
            "\u{11a8}",
            "\u{1100}",
            "가",
            "ﾞ",
            "ｶ",
            "¨",
            "\u{f73}",
            "\u{f71}",
            "\u{2003}",
            "\u{85}",
            "Ǆ",
            "ŉ",
            "ﬃ",
            "\u{fdfa}",
            "\u{37a}",
            "\u{1f88}",
            "\u{e0041}",
            "H\u{331}",
            "\u{9be}",
            "\u{9c7}",
            "\u{1d15e}",
            "\u{34f}",
        ])
        .prop_map(str::to_owned),
    ];
    prop::collection::vec(pieces, 0..24).prop_map(|pieces| pieces.concat())
}

#[test]
fn digits_of_every_script_are_the_ten_of_ascii() {
    use icu_properties::{CodePointMapData, props::GeneralCategory};
    let categories = CodePointMapData::<GeneralCategory>::new();
    let is_digit =
        |code: u32| char::from_u32(code).is_some_and(|c| categories.get(c) == GeneralCategory::DecimalNumber);
    // Unicode gives decimal digits in runs of ten from zero on (section 4.6); runs that touch are parted by tens.
    let mut seen = 0;
    let mut start = 0;
    for code in 0..=u32::from(char::MAX) {
        if !is_digit(code) {
            continue;
        }
        if code == 0 || !is_digit(code - 1) {
            start = code;
        }
        let wanted = char::from_digit((code - start) % 10, 10).unwrap().to_string();
        let digit = char::from_u32(code).unwrap();
        assert_eq!(normalise(&digit.to_string()), wanted, "U+{code:04X}");
        assert_eq!(fold(&digit.to_string()), wanted, "U+{code:04X}");
        seen += 1;
    }
    assert!(seen >= 700, "{seen}");
    for beyond in ['\u{104a9}', 'a', '\u{660}'] {
        let _ = fold(&beyond.to_string());
    }
    assert_eq!(normalise("\u{104a4}\u{104a1}\u{104a1}\u{104a1}"), "4111");
    assert_eq!(normalise("\u{1d7ce}\u{1d7e2}\u{11066}"), "000");
}

proptest! {
    #[test]
    fn every_range_of_a_surface_has_an_origin_on_character_boundaries(text in odd_text(), a in 0_usize..200, b in 0_usize..200) {
        let surface = Surface::from_text(&text);
        for form in [Form::Folded, Form::Cased] {
            let (start, end) = (a.min(b), a.max(b));
            let origin = surface.origin_of(form, start..end);
            prop_assert!(origin.start <= origin.end && origin.end <= text.len());
            prop_assert!(text.get(origin).is_some());
        }
    }

    #[test]
    fn folding_twice_is_folding_once(text in odd_text()) {
        let once = fold(&text);
        prop_assert_eq!(fold(&once), once.clone());
        let cased = normalise(&text);
        prop_assert_eq!(normalise(&cased), cased.clone());
        prop_assert_eq!(fold(&cased), once);
    }

    #[test]
    fn what_is_found_is_found_again_at_its_origin(text in odd_text(), start in 0_usize..60, len in 1_usize..20) {
        let surface = Surface::from_text(&text);
        let folded = surface.folded();
        let bounds: Vec<usize> = folded.char_indices().map(|(at, _)| at).chain([folded.len()]).collect();
        let start = bounds[start.min(bounds.len() - 1)];
        let end = bounds.iter().copied().find(|&bound| bound >= start + len).unwrap_or(folded.len());
        let origin = surface.origin_of(Form::Folded, start..end);
        prop_assert!(fold(&text[origin.clone()]).contains(folded[start..end].trim()), "{:?} {:?}", &text[origin], &folded[start..end]);
    }

    #[test]
    fn any_html_has_a_surface_with_origins_inside_it(html in "(<[a-z]{1,3}( [a-z]{1,5}=['\"]?[^<>]{0,8}['\"]?)?>|</[a-z]{1,3}>|&[a-z#0-9x]{1,5};?|\\PC{0,5}|<!--|-->|<!\\[if x\\]>|\r\n|\r){0,30}", a in 0_usize..99, len in 0_usize..20) {
        let surface = Surface::from_html(&html);
        for form in [Form::Folded, Form::Cased] {
            let origin = surface.origin_of(form, a..a + len);
            prop_assert!(html.get(origin.clone()).is_some(), "{:?}", origin);
        }
    }
}
