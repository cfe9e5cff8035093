//! The elements and attributes of HTML by name, as far as reading text asks for them. Tables only; nothing can fail.

/// Whether the walk over a document keeps an attribute of this name.
pub(super) fn is_wanted(name: &[u8]) -> bool {
    is_text_attribute(name)
        || matches!(
            name,
            b"href"
                | b"xlink:href"
                | b"src"
                | b"action"
                | b"formaction"
                | b"background"
                | b"poster"
                | b"data"
                | b"srcset"
                | b"content"
                | b"http-equiv"
                | b"type"
                | b"class"
                | b"style"
                | b"id"
        )
}

/// Whether an attribute holds words for people.
pub(super) fn is_text_attribute(name: &[u8]) -> bool {
    matches!(name, b"alt" | b"title" | b"value" | b"placeholder" | b"label" | b"aria-label" | b"summary")
}

/// Whether an element parts the words around it. Elements that browsers do not know (`<o:p>`) are inline.
pub(super) fn is_block(name: &[u8]) -> bool {
    const BLOCKS: &[&str] = &[
        "address",
        "article",
        "aside",
        "audio",
        "blockquote",
        "body",
        "br",
        "button",
        "canvas",
        "caption",
        "center",
        "dd",
        "details",
        "dialog",
        "dir",
        "div",
        "dl",
        "dt",
        "embed",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "frame",
        "frameset",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "head",
        "header",
        "hgroup",
        "hr",
        "html",
        "iframe",
        "input",
        "isindex",
        "legend",
        "li",
        "listing",
        "main",
        "marquee",
        "menu",
        "nav",
        "noembed",
        "noframes",
        "object",
        "ol",
        "optgroup",
        "option",
        "p",
        "plaintext",
        "pre",
        "search",
        "section",
        "select",
        "summary",
        "table",
        "tbody",
        "td",
        "textarea",
        "tfoot",
        "th",
        "thead",
        "title",
        "tr",
        "ul",
        "video",
        "xmp",
    ];
    std::str::from_utf8(name).is_ok_and(|name| BLOCKS.binary_search(&name).is_ok())
}
