use mailfw::message::html::{LinkKind, landmarks, visible_text};

#[test]
fn scripts_styles_and_comments_are_no_text() {
    let visible = visible_text("<style>a{}</style>x<script>y</script><!-- z --><noscript>n</noscript>");
    assert_eq!(visible.text.trim(), "xn");
}

#[test]
fn what_only_some_readers_show_counts() {
    let visible =
        visible_text("<p>a</p><!--[if mso]><p>for <b>Out</b>look</p><![endif]--><iframe>frame</iframe>");
    let words: Vec<&str> = visible.text.split_whitespace().collect();
    assert_eq!(words, ["a", "frame", "for", "Outlook"]);
}

#[test]
fn words_in_attributes_follow_after_the_body() {
    let visible = visible_text("wi<img alt='a &amp; b' title=pic src=x>re<input value='secret'>");
    assert!(visible.text.starts_with("wire"));
    for word in ["a & b", "pic", "secret"] {
        assert!(visible.text.contains(word), "{word} in {:?}", visible.text);
    }
}

#[test]
fn links_pair_what_is_shown_with_where_it_leads() {
    let html = "<a href='http://evil.example/'>www.<b>bank</b>.example</a><form action=/go></form><img src=\"cid:1\">\
                <meta http-equiv=refresh content='0;url=http://x.example'>";
    let visible = visible_text(html);
    let kinds: Vec<LinkKind> = visible.links.iter().map(|link| link.kind).collect();
    assert_eq!(kinds, [LinkKind::Anchor, LinkKind::Form, LinkKind::Resource, LinkKind::Refresh]);
    let anchor = &visible.links[0];
    assert_eq!(&visible.text[anchor.text.clone().unwrap()], "www.bank.example");
    assert_eq!(&html[anchor.source.clone()], "http://evil.example/");
}

#[test]
fn a_million_nested_elements_are_read() {
    let html = format!("{}deep", "<div><b>".repeat(500_000));
    assert_eq!(visible_text(&html).text.trim(), "deep");
    assert!(visible_text(&"<a href=x>".repeat(100_000)).links.len() <= 20_000);
}

#[test]
fn places_to_put_text_in_are_never_inside_comments_or_attributes() {
    let html = "<html><head><title>t</title></head><body class=a><!-- </body> --><p title='</body>'>hi</p>\
                <div class=\"gmail_quote\">old</div></body></html>";
    let found = landmarks(html);
    assert_eq!(&html[found.body_close.unwrap()..], "</body></html>");
    assert!(html[..found.body_open.unwrap()].ends_with("<body class=a>"));
    assert!(html[found.quote.unwrap()..].starts_with("<div class=\"gmail_quote\">"));
    let bare = landmarks("<blockquote>all quoted</blockquote>");
    assert_eq!((bare.quote, bare.body_close), (None, None));
}

#[test]
fn text_that_a_style_sheet_shows_or_holds_beside_its_rules_counts() {
    let text = |html: &str| visible_text(html).text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(text("<style>p::after { content: 'wire transfer' }</style>x"), "x wire transfer");
    assert_eq!(
        text("<style>p::after{color:red;content:\"\\77 ire\" \" it\"!important}</style>x"),
        "x wire it"
    );
    assert_eq!(
        text("<style>The card is 4111 1111 1111 1111.</style>x"),
        "x The card is 4111 1111 1111 1111."
    );
    assert_eq!(text("<style>p{color:red} the secret</style>x"), "x the secret");
    assert_eq!(text("<style>p{the secret; color:red}</style>x"), "x the secret");
    assert_eq!(text("x<style>an open end"), "x an open end");
}

#[test]
fn an_ordinary_style_sheet_is_no_text() {
    let sheet = "<style type='text/css'><!-- @charset \"utf-8\"; @import url(\"a.css\"); /* Font Definitions */\n\
        @font-face {font-family:\"Cambria Math\"; panose-1:2 4 5 3 5 4 6 3 2 4;}\n\
        p.MsoNormal, li:hover > a[title=\"x { y\"] {margin:0cm !important; font-family:\"Calibri\",sans-serif; content:none;}\n\
        @media only screen and (max-width:600px) { .a { width:100% !important } .b::before { content:\"\" } }\n\
        @keyframes f { 0% { top:0 } 100% { top:1px } } @page WordSection1 {size:612.0pt 792.0pt;} --></style>x";
    assert_eq!(visible_text(sheet).text.trim(), "x");
}
