//! A page with what was read drawn over it, as a picture that needs no viewer of its own.
//!
//! The outlines have the colours of `cad_common::overlay`, which draws the same as SVG.

use std::io::Cursor;

use cad_common::contract::reading::{Bbox, Reading};
use image::{ImageFormat, Rgb, RgbImage};

use crate::error::EngineError;

mod canvas;

use canvas::Canvas;

/// What an item is to the person who looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Table,
    Note,
    Identifier,
    Symbol,
    Dimension,
}

impl Kind {
    /// In the order of drawing: what matters most comes last, on top.
    const ALL: [Self; 6] =
        [Self::Text, Self::Table, Self::Note, Self::Identifier, Self::Symbol, Self::Dimension];

    const fn color(self) -> Rgb<u8> {
        match self {
            Self::Text => Rgb([0x8a, 0x8a, 0x8a]),
            Self::Table => Rgb([0x7c, 0x3a, 0xed]),
            Self::Note => Rgb([0xd9, 0x77, 0x06]),
            Self::Identifier => Rgb([0x05, 0x8b, 0x00]),
            Self::Symbol => Rgb([0xc2, 0x00, 0x8f]),
            Self::Dimension => Rgb([0x00, 0x60, 0xdf]),
        }
    }

    const fn legend(self) -> &'static str {
        match self {
            Self::Text => "other text",
            Self::Table => "table",
            Self::Note => "note",
            Self::Identifier => "title block",
            Self::Symbol => "symbol",
            Self::Dimension => "dimension",
        }
    }
}

/// One thing that was understood.
struct Item {
    kind: Kind,
    bbox: Bbox,
    label: String,
}

/// Draws one page's findings over the page, with a legend below it.
#[must_use]
pub fn draw(page: &RgbImage, reading: &Reading, page_number: u32) -> RgbImage {
    let items = items(reading, page_number);
    let mut canvas = Canvas::below(page);
    for text_page in reading.pages.iter().filter(|candidate| candidate.number == page_number) {
        for line in &text_page.text_lines {
            canvas.outline(line.polygon, Kind::Text.color());
        }
    }
    for kind in Kind::ALL {
        for item in items.iter().filter(|item| item.kind == kind) {
            canvas.frame(item.bbox, kind.color());
        }
    }
    // Labels come after all outlines, so that none is crossed out.
    for item in &items {
        canvas.label(item.bbox, &item.label, item.kind.color());
    }
    canvas.legend(Kind::ALL.map(|kind| (kind.legend(), kind.color())));
    canvas.into_image()
}

/// Writes a picture as PNG.
///
/// # Errors
/// When the picture is too large for the format.
pub fn to_png(picture: &RgbImage) -> Result<Vec<u8>, EngineError> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, ImageFormat::Png).map_err(|error| EngineError::Pixels {
        step: "writing a png",
        detail: error.to_string(),
    })?;
    Ok(bytes.into_inner())
}

fn items(reading: &Reading, page: u32) -> Vec<Item> {
    let mut items = Vec::new();
    for table in reading.tables.iter().filter(|table| table.evidence.page == page) {
        items.push(Item {
            kind: Kind::Table,
            bbox: table.evidence.bbox,
            label: table.kind.clone(),
        });
    }
    for note in reading.notes.iter().filter(|note| note.evidence.page == page) {
        let label =
            note.number.map_or_else(|| "note".to_owned(), |number| format!("note {number}"));
        items.push(Item { kind: Kind::Note, bbox: note.evidence.bbox, label });
    }
    for identifier in reading.identifiers.iter().filter(|identifier| identifier.page == page) {
        if let Some(bbox) = identifier.bbox {
            items.push(Item {
                kind: Kind::Identifier,
                bbox,
                label: identifier.identifier_type.clone(),
            });
        }
    }
    for symbol in reading.symbols.iter().filter(|symbol| symbol.evidence.page == page) {
        let label = format!("{} {}", symbol.kind, symbol.value);
        items.push(Item { kind: Kind::Symbol, bbox: symbol.evidence.bbox, label });
    }
    for dimension in reading.dimensions.iter().filter(|dimension| dimension.evidence.page == page) {
        items.push(Item {
            kind: Kind::Dimension,
            bbox: dimension.evidence.bbox,
            label: dimension.raw.clone(),
        });
    }
    items
}

#[cfg(test)]
mod tests {
    use cad_common::contract::dimension::Dimension;
    use cad_common::contract::reading::Evidence;

    use super::*;

    fn reading_of(bbox: Bbox) -> Reading {
        let evidence = Evidence { page: 1, bbox, ..Evidence::default() };
        let dimension = Dimension { raw: "⌀20 H7".to_owned(), evidence, ..Dimension::default() };
        Reading { dimensions: vec![dimension], ..Reading::default() }
    }

    #[test]
    fn outline_stands_around_the_item_in_its_colour() {
        let page = RgbImage::from_pixel(400, 300, Rgb([255; 3]));

        let picture = draw(&page, &reading_of([100, 100, 80, 30]), 1);

        let is_blue = |x, y| *picture.get_pixel(x, y) == Kind::Dimension.color();
        assert!(is_blue(140, 99) && is_blue(140, 130) && is_blue(99, 115) && is_blue(180, 115));
        assert_eq!(*picture.get_pixel(140, 115), Rgb([255; 3]));
    }

    #[test]
    fn items_of_other_pages_are_not_drawn() {
        let page = RgbImage::from_pixel(400, 300, Rgb([255; 3]));

        assert_eq!(
            draw(&page, &reading_of([100, 100, 80, 30]), 2),
            draw(&page, &Reading::default(), 1)
        );
    }

    #[test]
    fn boxes_beyond_the_page_and_tiny_pages_do_not_panic() {
        for (side, bbox) in
            [(1, [0, 0, 1, 1]), (50, [-500, -500, 9000, 9000]), (50, [40, 40, -3, 0])]
        {
            let page = RgbImage::new(side, side);

            let picture = draw(&page, &reading_of(bbox), 1);

            assert!(!to_png(&picture).unwrap().is_empty());
        }
    }
}
