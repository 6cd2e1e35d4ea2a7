//! Lines and letters on pixels, in sizes that suit the page.

use cad_common::contract::reading::{Bbox, Polygon};
use image::{Rgb, RgbImage, imageops};

use crate::dots;

/// Pages of this many pixels are drawn with lines of one pixel, larger ones with thicker lines.
const PX_PER_STROKE: u32 = 1100;

/// A letter is eight dots high and wide.
const LETTER_DOTS: u32 = 8;

/// Labels tell items apart; the full text is in the answer.
const MAX_LABEL_LETTERS: usize = 28;

const PAPER: Rgb<u8> = Rgb([255; 3]);

/// A page to draw on, with room for a legend below it.
pub(super) struct Canvas {
    image: RgbImage,
    page_height: u32,
    /// Thickness of lines and size of a letter's dot.
    stroke: u32,
}

impl Canvas {
    pub(super) fn below(page: &RgbImage) -> Self {
        let (width, page_height) = page.dimensions();
        let stroke = (width.max(page_height) / PX_PER_STROKE + 1).min(8);
        let mut image = RgbImage::from_pixel(width, page_height + 3 * LETTER_DOTS * stroke, PAPER);
        imageops::replace(&mut image, page, 0, 0);
        Self { image, page_height, stroke }
    }

    pub(super) fn into_image(self) -> RgbImage {
        self.image
    }

    /// Draws along the sides of a quadrangle, one pixel thin.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "pages have far fewer pixels than i64 holds"
    )]
    pub(super) fn outline(&mut self, polygon: Polygon, color: Rgb<u8>) {
        let [a, b, c, d] = polygon;
        for ([from_x, from_y], [to_x, to_y]) in [(a, b), (b, c), (c, d), (d, a)] {
            let length = (to_x - from_x).hypot(to_y - from_y).clamp(1.0, 65_536.0);
            for step in 0..=length as u16 {
                let part = f32::from(step) / length;
                let (x, y) = (from_x + part * (to_x - from_x), from_y + part * (to_y - from_y));
                self.dot(x.round() as i64, y.round() as i64, 1, color);
            }
        }
    }

    /// Draws a box around an item, just outside it.
    pub(super) fn frame(&mut self, [left, top, width, height]: Bbox, color: Rgb<u8>) {
        let thick = i64::from(self.stroke);
        let (left, top) = (i64::from(left) - thick, i64::from(top) - thick);
        let (width, height) =
            (i64::from(width.max(0)) + 2 * thick, i64::from(height.max(0)) + 2 * thick);
        self.fill([left, top, width, thick], color);
        self.fill([left, top + height - thick, width, thick], color);
        self.fill([left, top, thick, height], color);
        self.fill([left + width - thick, top, thick, height], color);
    }

    /// Writes a short text above a box, on paper of its own.
    pub(super) fn label(&mut self, [left, top, _, _]: Bbox, text: &str, color: Rgb<u8>) {
        let dot = (2 * self.stroke).div_ceil(3);
        let letters = i64::try_from(text.chars().count().min(MAX_LABEL_LETTERS)).unwrap_or(0);
        let side = i64::from(LETTER_DOTS * dot);
        let margin = i64::from(dot);
        let x = i64::from(left).clamp(0, (i64::from(self.image.width()) - letters * side).max(0));
        let y = (i64::from(top) - side - 2 * i64::from(self.stroke)).max(0);
        self.fill([x - margin, y - margin, letters * side + 2 * margin, side + 2 * margin], PAPER);
        self.text([x, y], dot, text, color);
    }

    /// Names the colours in the strip below the page.
    pub(super) fn legend<const N: usize>(&mut self, entries: [(&str, Rgb<u8>); N]) {
        let side = i64::from(LETTER_DOTS * self.stroke);
        let (mut x, y) = (side, i64::from(self.page_height) + side);
        for (name, color) in entries {
            self.fill([x, y, side, side], color);
            x += side + side / 2;
            self.text([x, y], self.stroke, name, color);
            x += side * (i64::try_from(name.len()).unwrap_or(0) + 1);
        }
    }

    fn text(&mut self, [left, top]: [i64; 2], dot: u32, text: &str, color: Rgb<u8>) {
        let step = i64::from(dot);
        let mut x = left;
        for letter in text.chars().take(MAX_LABEL_LETTERS) {
            for (row, bits) in (0_i64..).zip(dots::of(letter)) {
                for column in 0_i64..8 {
                    if bits >> column & 1 == 1 {
                        self.dot(x + column * step, top + row * step, dot, color);
                    }
                }
            }
            x += i64::from(LETTER_DOTS) * step;
        }
    }

    fn dot(&mut self, x: i64, y: i64, side: u32, color: Rgb<u8>) {
        self.fill([x, y, i64::from(side), i64::from(side)], color);
    }

    /// Fills what of a box is on the picture.
    fn fill(&mut self, [left, top, width, height]: [i64; 4], color: Rgb<u8>) {
        let columns = clipped(left, width, self.image.width());
        for y in clipped(top, height, self.image.height()) {
            for x in columns.clone() {
                self.image.put_pixel(x, y, color);
            }
        }
    }
}

fn clipped(from: i64, length: i64, end: u32) -> std::ops::Range<u32> {
    let clip = |value: i64| u32::try_from(value.clamp(0, i64::from(end))).unwrap_or(end);
    clip(from)..clip(from + length)
}
