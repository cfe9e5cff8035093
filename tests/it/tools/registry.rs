use mailfw::tools::terminal::Look;
use mailfw::tools::{page, registry};
use std::collections::BTreeSet;

#[test]
fn codes_are_unique_and_every_page_is_whole() {
    let mut seen = BTreeSet::new();
    for page in registry::pages() {
        let code = page.code.0;
        assert!(seen.insert(code), "{code} has two pages");
        assert!(code.starts_with("mfp::") || code.starts_with("mailfw::"), "{code} is in an area");
        assert!(
            !page.title.is_empty() && !page.title.ends_with('.') && !page.title.contains('\n'),
            "{code}: {}",
            page.title
        );
        assert!(
            page.title.chars().next().is_some_and(|first| !first.is_uppercase()),
            "{code}: {}",
            page.title
        );
        assert!(!page.text.trim().is_empty(), "{code} is explained");
        if !page.failing.is_empty() {
            assert_ne!(page.failing, page.passing, "{code}: the mended text differs");
        }
    }
    assert!(seen.contains("mailfw::io::not-found"));
}

#[test]
fn a_mistyped_code_finds_its_neighbours() {
    assert_eq!(registry::near("mailfw::io::not-fund").first(), Some(&"mailfw::io::not-found"));
    assert_eq!(registry::near("unwritable").first(), Some(&"mailfw::io::unwritable"));
    assert!(registry::near("qqqqqqqq").is_empty());
    assert!(registry::near("nope").is_empty(), "letters inside a word say nothing");
    assert_eq!(registry::near("brace").len(), 3);
}

#[test]
fn a_page_shows_what_is_refused_and_what_is_not() {
    let known = registry::page("mailfw::io::not-found").unwrap();
    let text = page::render(known, Look::default());
    assert!(
        text.contains("mailfw::io::not-found")
            && text.contains(known.failing)
            && text.contains(known.passing)
    );
    assert_eq!(
        page::list(Look::default()).lines().filter(|line| !line.is_empty()).count(),
        registry::pages().count()
    );
}
