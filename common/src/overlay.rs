//! A page's reading drawn over the page: an SVG with an outline for each item.
//!
//! Its user units are the page's pixels, so outlines can be compared with the drawing at any zoom, and
//! pointing at one shows what was read. It holds no script, and everything that was read is escaped:
//! a drawing may say anything.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::contract::reading::{Bbox, PageReading, Polygon, Reading};

/// Colours by what an item is; `non-scaling-stroke` keeps lines thin at every zoom.
const STYLE: &str = "polygon,rect{fill:transparent;stroke-width:1.5;vector-effect:non-scaling-stroke}\
    .line{stroke:#8a8a8a;stroke-width:1}\
    .dimension{stroke:#0060df}\
    .symbol{stroke:#c2008f}\
    .identifier{stroke:#058b00}\
    .note{stroke:#d97706}\
    .table{stroke:#7c3aed}";

/// Draws the outlines of one page, over `background` (media type and bytes of an image) if given.
///
/// A page that the reading doesn't have gives an empty picture.
#[must_use]
pub fn svg(reading: &Reading, page: u32, background: Option<(&str, &[u8])>) -> String {
    let page = reading.pages.iter().find(|candidate| candidate.number == page);
    let (width, height) = page.map_or((1, 1), |page| (page.width.max(1), page.height.max(1)));
    let mut picture = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
         width=\"{width}\" height=\"{height}\"><style>{STYLE}</style>\n"
    );
    if let Some(page) = page {
        if let Some((media_type, bytes)) = background {
            push_background(&mut picture, page, media_type, bytes);
        }
        push_items(&mut picture, reading, page);
    }
    picture.push_str("</svg>\n");
    picture
}

fn push_background(picture: &mut String, page: &PageReading, media_type: &str, bytes: &[u8]) {
    let (width, height, media_type) = (page.width, page.height, escaped(media_type));
    let data = STANDARD.encode(bytes);
    // Writing to a String can't fail, here and below.
    let _ = writeln!(
        picture,
        "<image width=\"{width}\" height=\"{height}\" href=\"data:{media_type};base64,{data}\"/>"
    );
}

/// Small items come after large ones, so that they stay within reach of the pointer.
fn push_items(picture: &mut String, reading: &Reading, page: &PageReading) {
    let here = |number: u32| number == page.number;
    for table in reading.tables.iter().filter(|table| here(table.evidence.page)) {
        push_box(picture, "table", table.evidence.bbox, &table.kind);
    }
    for note in reading.notes.iter().filter(|note| here(note.evidence.page)) {
        push_box(picture, "note", note.evidence.bbox, &note.text);
    }
    for line in &page.text_lines {
        push_polygon(picture, line.polygon, &line.text);
    }
    for identifier in reading.identifiers.iter().filter(|identifier| here(identifier.page)) {
        let Some(bbox) = identifier.bbox else {
            continue;
        };
        let title = format!("{}: {}", identifier.identifier_type, identifier.value);
        push_box(picture, "identifier", bbox, &title);
    }
    for symbol in reading.symbols.iter().filter(|symbol| here(symbol.evidence.page)) {
        let title = format!("{}: {}", symbol.kind, symbol.value);
        push_box(picture, "symbol", symbol.evidence.bbox, &title);
    }
    for dimension in reading.dimensions.iter().filter(|dimension| here(dimension.evidence.page)) {
        push_box(picture, "dimension", dimension.evidence.bbox, &dimension.raw);
    }
}

fn push_box(picture: &mut String, class: &str, bbox: Bbox, title: &str) {
    let [left, top, width, height] = bbox;
    let (width, height, title) = (width.max(0), height.max(0), escaped(title));
    let _ = writeln!(
        picture,
        "<rect class=\"{class}\" x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{height}\">\
         <title>{title}</title></rect>"
    );
}

fn push_polygon(picture: &mut String, polygon: Polygon, title: &str) {
    let points: Vec<_> = polygon
        .iter()
        .filter(|[x, y]| x.is_finite() && y.is_finite())
        .map(|[x, y]| format!("{x:.1},{y:.1}"))
        .collect();
    let (points, title) = (points.join(" "), escaped(title));
    let _ = writeln!(
        picture,
        "<polygon class=\"line\" points=\"{points}\"><title>{title}</title></polygon>"
    );
}

/// Text for XML: markup escaped, and without the characters that XML 1.0 can't hold at all.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            '\t' | '\n' => safe.push(c),
            '\u{fffe}' | '\u{ffff}' => safe.push('\u{fffd}'),
            _ if c.is_control() => safe.push('\u{fffd}'),
            _ => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::contract::dimension::Dimension;
    use crate::contract::drawing::Identifier;
    use crate::contract::reading::{Evidence, TextLine};

    fn line(text: &str) -> TextLine {
        let polygon = [[1.0, 2.0], [11.0, 2.0], [11.0, 7.0], [1.0, 7.0]];
        TextLine { text: text.to_owned(), polygon, ..TextLine::default() }
    }

    fn dimension(raw: &str, page: u32) -> Dimension {
        let evidence = Evidence { page, bbox: [10, 20, 30, 40], ..Evidence::default() };
        Dimension { raw: raw.to_owned(), evidence, ..Dimension::default() }
    }

    fn reading(lines: Vec<TextLine>, dimensions: Vec<Dimension>) -> Reading {
        let page = PageReading {
            number: 1,
            width: 200,
            height: 100,
            text_lines: lines,
            ..Default::default()
        };
        Reading { pages: vec![page], dimensions, ..Reading::default() }
    }

    #[test]
    fn outlines_are_in_page_pixels_and_tell_what_was_read() {
        let picture = svg(&reading(vec![line("Ø20 H7")], vec![dimension("Ø20 H7", 1)]), 1, None);

        assert!(picture.contains("viewBox=\"0 0 200 100\""));
        assert!(
            picture.contains("points=\"1.0,2.0 11.0,2.0 11.0,7.0 1.0,7.0\"><title>Ø20 H7</title>")
        );
        assert!(picture.contains(
            "<rect class=\"dimension\" x=\"10\" y=\"20\" width=\"30\" height=\"40\"><title>Ø20 H7</title>"
        ));
    }

    #[test]
    fn only_the_pages_own_items_are_drawn() {
        let picture = svg(&reading(Vec::new(), vec![dimension("R5", 2)]), 1, None);

        assert!(!picture.contains("R5"));
    }

    #[test]
    fn item_without_a_place_is_left_out() {
        let mut reading = reading(Vec::new(), Vec::new());
        reading.identifiers =
            vec![Identifier { page: 1, value: "A-1".to_owned(), ..Identifier::default() }];

        assert!(!svg(&reading, 1, None).contains("A-1"));
    }

    #[test]
    fn page_that_is_not_there_gives_an_empty_picture() {
        let picture = svg(&reading(vec![line("x")], Vec::new()), 7, Some(("image/png", b"x")));

        assert!(picture.starts_with("<svg") && picture.ends_with("</svg>\n"));
        assert!(!picture.contains("<image") && !picture.contains("<polygon"));
    }

    #[test]
    fn text_of_a_drawing_can_not_become_markup() {
        let evil = "</title><script>alert('1')</script>&\"\0\u{1b}";

        let picture = svg(&reading(vec![line(evil)], vec![dimension(evil, 1)]), 1, None);

        assert!(!picture.contains("<script"));
        assert!(
            picture.contains(
                "&lt;/title&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;&quot;"
            )
        );
    }

    #[test]
    fn background_lies_under_the_outlines_and_its_type_is_escaped() {
        let picture =
            svg(&reading(vec![line("x")], Vec::new()), 1, Some(("image/png\"><script>", b"hello")));

        let image = picture.find("<image").unwrap();
        assert!(image < picture.find("<polygon").unwrap());
        assert!(picture.contains(";base64,aGVsbG8=\"/>"));
        assert!(!picture.contains("<script"));
    }

    proptest! {
        #[test]
        fn any_text_leaves_the_markup_as_it_was(text in any::<String>()) {
            let plain = svg(&reading(vec![line("")], vec![dimension("", 1)]), 1, None);
            let picture = svg(&reading(vec![line(&text)], vec![dimension(&text, 1)]), 1, None);

            prop_assert_eq!(picture.matches('<').count(), plain.matches('<').count());
            prop_assert_eq!(picture.matches('"').count(), plain.matches('"').count());
            prop_assert!(picture.chars().all(|c| c == '\n' || c == '\t' || !c.is_control()));
        }
    }
}
