use mailfw::tools::terminal::{clipped, printable, printable_in_place, printable_lines, wrapped};

#[test]
fn nothing_that_is_shown_can_steer_a_terminal() {
    assert_eq!(printable("a\u{1b}[31mred\u{7}"), "a\u{fffd}[31mred\u{fffd}");
    assert_eq!(printable("report\u{202e}cod.exe"), "report\u{fffd}cod.exe");
    assert_eq!(printable("two\nlines\tand a tab"), "two lines and a tab");
    assert_eq!(printable_lines("one\u{1b}\n\ttwo"), "one\u{fffd}\n\ttwo");
    assert_eq!(printable("Grüße, 你好"), "Grüße, 你好");
}

#[test]
fn text_made_safe_in_place_keeps_every_offset() {
    let text = "a\u{1b}b\u{9b}c\u{202e}d\r\ne\rf\tg\u{0}";
    let shown = printable_in_place(text);
    assert_eq!(shown.len(), text.len());
    assert_eq!(shown, "a?b\u{bf}c\u{fffd}d\r\ne?f\tg?");
    for (at, character) in text.char_indices() {
        assert!(shown.is_char_boundary(at), "{character:?} at {at}");
    }
}

#[test]
fn clipping_counts_columns_not_characters() {
    assert_eq!(clipped("short", 10), "short");
    assert_eq!(clipped("0123456789", 10), "0123456789");
    assert_eq!(clipped("0123456789a", 10), "012345678…");
    assert_eq!(clipped("你好你好你好", 6), "你好…");
}

#[test]
fn wrapping_breaks_at_blanks_and_keeps_paragraphs() {
    let text = "one two three four\n\nfive averyveryverylongword six";
    assert_eq!(
        wrapped(text, 12, "  "),
        "  one two\n  three four\n\n  five\n  averyveryverylongword\n  six\n"
    );
}
