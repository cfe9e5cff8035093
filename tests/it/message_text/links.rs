use mailfw::message::html::visible_text;
use mailfw::message::links::{from_html, from_text, host_of, registrable_domain};

#[test]
fn hosts_are_read_the_way_browsers_read_them() {
    for (url, host) in [
        ("http://Example.COM/a", "example.com"),
        ("https://user:pw@evil.example:8080/x", "evil.example"),
        ("http://bank.example@evil.example/", "evil.example"),
        ("http:\\\\evil.example\\a", "evil.example"),
        ("ht\ttp://ev\nil.example", "evil.example"),
        ("http:evil.example", "evil.example"),
        ("//evil.example/x", "evil.example"),
        ("http://3232235777/", "192.168.1.1"),
        ("http://0xC0.0250.1.1/", "192.168.1.1"),
        ("http://192.168.257", "192.168.1.1"),
        ("http://bücher.example/", "xn--bcher-kva.example"),
        ("http://ｅｖｉｌ.example。/", "evil.example"),
        ("http://%65vil.example/", "evil.example"),
        ("http://[2001:DB8::1]:80/", "[2001:db8::1]"),
        ("mailto:a@b.example?subject=x", "b.example"),
    ] {
        assert_eq!(host_of(url).as_deref(), Some(host), "{url:?}");
    }
    for none in ["/relative", "cid:part1", "javascript:alert(1)", "data:text/html,x", "#top", "http://", ""] {
        assert_eq!(host_of(none), None, "{none:?}");
    }
}

#[test]
fn plain_text_links_end_where_people_end_them() {
    let text = "See http://a.example/x(1), (https://b.example/y) and www.C.example. Mail mailto:d@e.example! \
                <http://f.example/>\"ftp://g.example/\"xhttp://h.example";
    let urls: Vec<String> =
        from_text(text, 1_000).links.into_iter().map(|link| text[link.source].to_owned()).collect();
    assert_eq!(
        urls,
        [
            "http://a.example/x(1)",
            "https://b.example/y",
            "www.C.example",
            "mailto:d@e.example",
            "http://f.example/",
            "ftp://g.example/",
            "http://h.example"
        ]
    );
}

#[test]
fn html_links_show_text_and_target() {
    let html =
        "<p>text http://t.example/</p><a href='https://xn--pypal-4ve.com/login'> www.\n paypal.com </a>";
    let links = from_html(&visible_text(html), 1_000).links;
    assert_eq!(links[0].text.as_deref(), Some("www. paypal.com"));
    assert_eq!(links[0].host.as_deref(), Some("xn--pypal-4ve.com"));
    let written = links.iter().find(|link| link.host.as_deref() == Some("t.example")).unwrap();
    assert_eq!(&html[written.source.clone()], "http://t.example/");
}

#[test]
fn the_registrable_domain_follows_the_public_suffix_list() {
    assert_eq!(registrable_domain("a.b.example.co.uk"), "example.co.uk");
    assert_eq!(registrable_domain("192.168.1.1"), "192.168.1.1");
    assert_eq!(registrable_domain("co.uk"), "co.uk");
}

#[test]
fn what_only_looks_like_links_costs_little() {
    let text = "aa://?".repeat(500_000);
    assert!(from_text(&text, 1_000).links.is_empty());
    let found = from_text(&"http://a.example/ ".repeat(50_000), 20_000);
    assert_eq!((found.links.len(), found.cut), (20_000, true));
}
