//! Feature control frames: found as rows of cells around a tolerance, and read cell by cell.
//!
//! The detection model takes the sign in a frame's first cell for a part of the drawing, and the cells' borders for
//! letters. But the figure beside it is found, and a frame is drawn by rule: a row of cells of one height, the first
//! about square. So the borders are looked for from the figure outwards.

use cad_common::contract::reading::TextLine;
use image::{Rgb, RgbImage};

/// Darker than this is ink, also of a line that is half a pixel wide.
const INK: u8 = 170;

/// A border has ink along at least this share of its length; dashes and letters have less.
const BORDER_SHARE: f32 = 0.92;

/// The border above and below a text is no further away than this, in text heights.
const REACH: f32 = 1.3;

/// The first cell is this many times as wide as high, at least and at most.
const SIGN_CELL: (f32, f32) = (0.6, 2.2);

/// The other cells are no wider than this, in cell heights: `⌀0.014Ⓜ` needs four.
const WIDEST_CELL: f32 = 8.0;

/// More cells than any standard allows are a table.
const MOST_CELLS: usize = 6;

/// What a border and its blur take of a cell, in pixels.
const BORDER_PX: u32 = 3;

/// A rectangle on the page: left, top, right, bottom, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cell {
    pub(super) left: u32,
    pub(super) top: u32,
    pub(super) right: u32,
    pub(super) bottom: u32,
}

impl Cell {
    const fn width(self) -> u32 {
        self.right - self.left
    }

    const fn height(self) -> u32 {
        self.bottom - self.top
    }

    /// Its inside, without the borders.
    pub(super) const fn inside(self) -> Self {
        Self {
            left: self.left + BORDER_PX,
            top: self.top + BORDER_PX,
            right: self.right - BORDER_PX,
            bottom: self.bottom - BORDER_PX,
        }
    }

    /// Whether the middle of a line of text stands in it.
    pub(super) fn holds(self, line: &TextLine) -> bool {
        let [left, top, width, height] = line.bbox();
        let (x, y) = (left + width / 2, top + height / 2);
        let is_between = |value: i32, from: u32, to: u32| {
            u32::try_from(value).is_ok_and(|value| (from..to).contains(&value))
        };
        is_between(x, self.left, self.right) && is_between(y, self.top, self.bottom)
    }

    /// The part of its inside that has ink, with some air around; `None` for an empty cell.
    pub(super) fn content(self, page: &RgbImage) -> Option<Self> {
        let columns = self.left + BORDER_PX..self.right.checked_sub(BORDER_PX)?;
        let rows = self.top + BORDER_PX..self.bottom.checked_sub(BORDER_PX)?;
        let has_ink = |x: u32, y: u32| is_ink(page, x, y);
        let inked_column = |x: &u32| rows.clone().any(|y| has_ink(*x, y));
        let inked_row = |y: &u32| columns.clone().any(|x| has_ink(x, *y));
        let (left, right) =
            (columns.clone().find(inked_column)?, columns.clone().rev().find(inked_column)?);
        let (top, bottom) = (rows.clone().find(inked_row)?, rows.clone().rev().find(inked_row)?);
        let air = (bottom - top) / 6 + 1;
        Some(Self {
            left: left.saturating_sub(air).max(self.left + 2),
            top: top.saturating_sub(air).max(self.top + 2),
            right: (right + 1 + air).min(self.right - 1),
            bottom: (bottom + 1 + air).min(self.bottom - 1),
        })
    }
}

/// The cells of the frame that a line of text stands in, the sign's first; `None` where there is none.
pub(super) fn around(page: &RgbImage, line: &TextLine) -> Option<Vec<Cell>> {
    let has_figure = line.text.chars().any(|character| character.is_ascii_digit());
    if line.rotation.abs() > 1.0 || !has_figure {
        return None;
    }
    let text = place_of(page, line)?;
    let reach = scaled(text.height(), REACH);
    let (upper, lower) = (text.top + text.height() / 3, text.bottom - text.height() / 3);
    let is_level_border = |y: &u32| row_share(page, *y, text.left, text.right) >= BORDER_SHARE;
    let top = (upper.saturating_sub(reach)..upper).rev().find(is_level_border)?;
    let bottom = (lower..(lower + reach).min(page.height())).find(is_level_border)?;
    let height = bottom - top;

    let left =
        border_before(page, text.left + text.height() / 3, (top, bottom), scaled(height, 2.0))?;
    let first = border_before(
        page,
        left - BORDER_PX.min(left),
        (top, bottom),
        scaled(height, SIGN_CELL.1),
    )?;
    let sign = Cell { left: first, top, right: left, bottom };
    if sign.width() < scaled(height, SIGN_CELL.0) || height <= 3 * BORDER_PX {
        return None;
    }
    let mut cells = vec![sign];
    let mut from = left;
    while let Some(right) =
        border_after(page, from + BORDER_PX, (top, bottom), scaled(height, WIDEST_CELL))
    {
        let is_closed = row_share(page, top, from, right) >= BORDER_SHARE
            && row_share(page, bottom, from, right) >= BORDER_SHARE;
        if !is_closed {
            break;
        }
        cells.push(Cell { left: from, top, right, bottom });
        from = right;
    }
    let is_closed = row_share(page, top, first, left) >= BORDER_SHARE
        && row_share(page, bottom, first, left) >= BORDER_SHARE;
    (is_closed && (2..=MOST_CELLS).contains(&cells.len())).then_some(cells)
}

/// The box of a line, inside the page.
fn place_of(page: &RgbImage, line: &TextLine) -> Option<Cell> {
    let [left, top, width, height] = line.bbox();
    let inside = |value: i32, most: u32| u32::try_from(value.max(0)).unwrap_or(0).min(most);
    let cell = Cell {
        left: inside(left, page.width()),
        top: inside(top, page.height()),
        right: inside(left + width, page.width()),
        bottom: inside(top + height, page.height()),
    };
    (cell.right > cell.left + 4 && cell.bottom > cell.top + 4).then_some(cell)
}

/// The last upright border before a column, no further away than `reach`.
fn border_before(page: &RgbImage, column: u32, rows: (u32, u32), reach: u32) -> Option<u32> {
    let near = (column.saturating_sub(reach)..column).rev();
    // The far side of a thick line: the next cell begins there.
    near.skip_while(|x| !is_upright_border(page, *x, rows))
        .take_while(|x| is_upright_border(page, *x, rows))
        .last()
}

/// The first upright border from a column on.
fn border_after(page: &RgbImage, column: u32, rows: (u32, u32), reach: u32) -> Option<u32> {
    (column..(column + reach).min(page.width())).find(|x| is_upright_border(page, *x, rows))
}

#[expect(clippy::cast_precision_loss, reason = "sides of pages are below 2^24")]
fn is_upright_border(page: &RgbImage, x: u32, (top, bottom): (u32, u32)) -> bool {
    let inked = (top..bottom).filter(|y| is_ink(page, x, *y)).count();
    inked as f32 >= BORDER_SHARE * (bottom - top) as f32
}

/// Share of a stretch of a row that has ink in the row or the next: a line may lie between two rows.
#[expect(clippy::cast_precision_loss, reason = "sides of pages are below 2^24")]
fn row_share(page: &RgbImage, y: u32, left: u32, right: u32) -> f32 {
    let inked = (left..right).filter(|x| is_ink(page, *x, y) || is_ink(page, *x, y + 1)).count();
    inked as f32 / (right - left).max(1) as f32
}

fn is_ink(page: &RgbImage, x: u32, y: u32) -> bool {
    page.get_pixel_checked(x, y).is_some_and(|Rgb([red, green, blue])| {
        (u16::from(*red) + u16::from(*green) + u16::from(*blue)) / 3 < u16::from(INK)
    })
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a few cell heights, positive and far below 2^24"
)]
fn scaled(length: u32, factor: f32) -> u32 {
    (length as f32 * factor).ceil() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOP: u32 = 50;
    const BOTTOM: u32 = 90;

    /// A page with a frame whose borders stand at these columns, and a figure in its second cell.
    fn page(borders: &[u32]) -> RgbImage {
        let mut page = RgbImage::from_pixel(500, 200, Rgb([255; 3]));
        let (first, last) = (borders[0], borders[borders.len() - 1]);
        for x in first..=last {
            page.put_pixel(x, TOP, Rgb([0; 3]));
            page.put_pixel(x, BOTTOM, Rgb([0; 3]));
        }
        for x in borders {
            for y in TOP..=BOTTOM {
                page.put_pixel(*x, y, Rgb([0; 3]));
            }
        }
        for x in (borders[1] + 12..borders[2] - 10).step_by(3) {
            for y in TOP + 12..BOTTOM - 10 {
                page.put_pixel(x, y, Rgb([0; 3]));
            }
        }
        page
    }

    fn line(left: f32, right: f32) -> TextLine {
        let (top, bottom) = (TOP as f32 + 8.0, BOTTOM as f32 - 6.0);
        TextLine {
            text: "0.05".to_owned(),
            polygon: [[left, top], [right, top], [right, bottom], [left, bottom]],
            ..TextLine::default()
        }
    }

    #[test]
    fn cells_are_found_from_the_figure_outwards() {
        let cells = around(&page(&[100, 140, 230, 265, 300]), &line(150.0, 222.0)).unwrap();

        let sides: Vec<_> = cells.iter().map(|cell| (cell.left, cell.right)).collect();
        assert_eq!(sides, [(100, 140), (140, 230), (230, 265), (265, 300)]);
        // A line that may lie between two rows is met one row early.
        let is_between = |cell: &Cell| cell.top == TOP && BOTTOM - cell.bottom <= 1;
        assert!(cells.iter().all(is_between), "{cells:?}");
    }

    #[test]
    fn a_line_that_reaches_over_several_cells_finds_them_all() {
        let cells = around(&page(&[100, 140, 230, 265]), &line(148.0, 258.0)).unwrap();

        assert_eq!(cells.len(), 3);
    }

    #[test]
    fn a_box_without_a_square_cell_before_it_is_a_basic_dimension() {
        let alone = page(&[140, 230, 231]);
        assert_eq!(around(&alone, &line(150.0, 222.0)), None);

        let narrow = page(&[130, 140, 230]);
        assert_eq!(around(&narrow, &line(150.0, 222.0)), None);
    }

    #[test]
    fn free_text_and_words_have_no_frame() {
        let blank = RgbImage::from_pixel(500, 200, Rgb([255; 3]));
        assert_eq!(around(&blank, &line(150.0, 222.0)), None);

        let word = TextLine { text: "NAME".to_owned(), ..line(150.0, 222.0) };
        assert_eq!(around(&page(&[100, 140, 230]), &word), None);
    }

    #[test]
    fn lines_at_the_edge_of_the_page_are_no_trouble() {
        let blank = RgbImage::from_pixel(60, 40, Rgb([0; 3]));
        for (left, right) in [(-20.0, 30.0), (30.0, 90.0), (0.0, 60.0)] {
            let _ = around(&blank, &line(left, right));
        }
    }

    #[test]
    fn content_is_the_ink_with_some_air() {
        let page = page(&[100, 140, 230]);
        let cell = Cell { left: 140, top: TOP, right: 230, bottom: BOTTOM };

        let content = cell.content(&page).unwrap();

        assert!(content.left > 142 && content.right < 228, "{content:?}");
        assert!(content.top > TOP + 2 && content.bottom < BOTTOM - 2, "{content:?}");
        assert_eq!(Cell { left: 100, top: TOP, right: 140, bottom: BOTTOM }.content(&page), None);
    }
}
