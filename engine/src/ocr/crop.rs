//! Cuts one line of text out of a page, upright and level.

use image::{Rgb, RgbImage, imageops};

use super::boxes::TextBox;
use crate::error::EngineError;
use crate::stop::StopSignal;

/// A line longer than this is a frame line taken for text.
const MAX_LENGTH_PX: f32 = 16_000.0;

/// One line of text, cut out.
#[derive(Debug, Clone)]
pub(super) struct Crop {
    /// Where it stands and in which direction it is read.
    pub(super) text_box: TextBox,
    /// Its pixels, read from left to right.
    pub(super) picture: RgbImage,
}

/// Cuts all boxes out of a page.
pub(super) fn all(
    page: &RgbImage,
    boxes: Vec<TextBox>,
    stop: &StopSignal,
) -> Result<Vec<Crop>, EngineError> {
    let mut crops = Vec::with_capacity(boxes.len());
    for text_box in boxes {
        stop.check()?;
        crops.push(Crop::cut(page, text_box)?);
    }
    Ok(crops)
}

/// The detector's boxes reach half a letter beyond the text; the specialist was trained on a fifth.
const SPARE_MARGIN: f32 = 0.13;

/// A crop without the outermost part of its margin.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "an eighth of a line's height"
)]
pub(super) fn trimmed(picture: &RgbImage) -> RgbImage {
    let (width, height) = picture.dimensions();
    let margin = (height.min(width) as f32 * SPARE_MARGIN).round() as u32;
    let (inner_width, inner_height) = (width - 2 * margin, height - 2 * margin);
    imageops::crop_imm(picture, margin, margin, inner_width.max(1), inner_height.max(1)).to_image()
}

impl Crop {
    /// Cuts one box out of a page, at the page's own scale.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "sides are clamped to a few thousand pixels"
    )]
    pub(super) fn cut(page: &RgbImage, text_box: TextBox) -> Result<Self, EngineError> {
        let width = text_box.width.round().clamp(1.0, MAX_LENGTH_PX) as u32;
        let height = text_box.height.round().clamp(1.0, MAX_LENGTH_PX) as u32;
        let [along, down] = text_box.axes();
        let [corner, ..] = text_box.polygon();
        let [right, below] = [along.map(|v| v / width as f32), down.map(|v| v / height as f32)];
        let mut samples = Vec::with_capacity(3 * width as usize * height as usize);
        for y in 0..height {
            for x in 0..width {
                let (u, v) = (x as f32 + 0.5, y as f32 + 0.5);
                let place = [
                    corner[0] + u * right[0] + v * below[0] - 0.5,
                    corner[1] + u * right[1] + v * below[1] - 0.5,
                ];
                samples.extend_from_slice(&sample(page, place));
            }
        }
        let picture =
            RgbImage::from_raw(width, height, samples).ok_or_else(|| EngineError::Pixels {
                step: "cropping",
                detail: "the buffer has another size".to_owned(),
            })?;
        Ok(Self { text_box, picture })
    }

    /// Turns the line by half a turn: what stood on its head is upright.
    pub(super) fn turn(&mut self) {
        self.text_box = self.text_box.turned();
        imageops::rotate180_in_place(&mut self.picture);
    }
}

/// The colour between four pixels; beyond its edge the page goes on as it ends.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "clamped to the page, whose sides are below 2^24"
)]
fn sample(page: &RgbImage, [x, y]: [f32; 2]) -> [u8; 3] {
    let (last_x, last_y) = (page.width() - 1, page.height() - 1);
    let x = x.clamp(0.0, last_x as f32);
    let y = y.clamp(0.0, last_y as f32);
    let (left, top) = (x as u32, y as u32);
    let (right, bottom) = ((left + 1).min(last_x), (top + 1).min(last_y));
    let (part_x, part_y) = (x - left as f32, y - top as f32);
    let Rgb(a) = *page.get_pixel(left, top);
    if part_x < 0.01 && part_y < 0.01 {
        return a;
    }
    let Rgb(b) = *page.get_pixel(right, top);
    let Rgb(c) = *page.get_pixel(left, bottom);
    let Rgb(d) = *page.get_pixel(right, bottom);
    std::array::from_fn(|channel| {
        let upper = mix(f32::from(a[channel]), f32::from(b[channel]), part_x);
        let lower = mix(f32::from(c[channel]), f32::from(d[channel]), part_x);
        mix(upper, lower, part_y).round() as u8
    })
}

fn mix(from: f32, to: f32, part: f32) -> f32 {
    from + (to - from) * part
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each pixel says where it stands.
    fn page() -> RgbImage {
        RgbImage::from_fn(200, 100, |x, y| Rgb([x as u8, y as u8, 0]))
    }

    fn colour(crop: &Crop, x: u32, y: u32) -> [i32; 2] {
        let [column, row, _] = crop.picture.get_pixel(x, y).0;
        [i32::from(column), i32::from(row)]
    }

    #[test]
    fn a_level_box_is_cut_out_as_it_stands() {
        let crop = Crop::cut(&page(), TextBox::at([60.0, 40.0], 40.0, 20.0, 0.0)).unwrap();

        assert_eq!(crop.picture.dimensions(), (40, 20));
        assert_eq!((colour(&crop, 0, 0), colour(&crop, 39, 19)), ([40, 30], [79, 49]));
    }

    #[test]
    fn text_that_reads_upwards_is_laid_level() {
        let crop = Crop::cut(&page(), TextBox::at([60.0, 50.0], 40.0, 20.0, -90.0)).unwrap();

        assert_eq!(crop.picture.dimensions(), (40, 20));
        // Its first column is the lowest row of the page, its top the left side.
        assert_eq!((colour(&crop, 0, 0), colour(&crop, 39, 0)), ([50, 69], [50, 30]));
    }

    #[test]
    fn a_slanted_line_is_laid_level() {
        let crop = Crop::cut(&page(), TextBox::at([100.0, 50.0], 60.0, 10.0, 30.0)).unwrap();

        let (start, end) = (colour(&crop, 0, 5), colour(&crop, 59, 5));
        assert!((end[0] - start[0] - 51).abs() <= 1, "59 pixels at 30 degrees: {start:?} {end:?}");
        assert!((end[1] - start[1] - 30).abs() <= 1, "{start:?} {end:?}");
    }

    #[test]
    fn a_box_beyond_the_edge_is_filled_with_what_stands_there() {
        let crop = Crop::cut(&page(), TextBox::at([0.0, 0.0], 40.0, 20.0, 0.0)).unwrap();

        assert_eq!(colour(&crop, 0, 0), [0, 0]);
    }

    #[test]
    fn a_trimmed_crop_has_lost_an_eighth_of_its_height_on_each_side() {
        let picture = RgbImage::from_fn(100, 40, |x, y| Rgb([x as u8, y as u8, 0]));

        let inner = trimmed(&picture);

        assert_eq!(inner.dimensions(), (90, 30));
        assert_eq!(inner.get_pixel(0, 0).0, [5, 5, 0]);
        assert_eq!(trimmed(&RgbImage::new(1, 1)).dimensions(), (1, 1));
    }

    #[test]
    fn a_turned_crop_is_what_its_turned_box_would_give() {
        let mut crop = Crop::cut(&page(), TextBox::at([60.0, 40.0], 40.0, 20.0, 0.0)).unwrap();

        crop.turn();

        let anew = Crop::cut(&page(), crop.text_box).unwrap();
        assert_eq!(colour(&crop, 3, 4), colour(&anew, 3, 4));
    }

    #[test]
    fn an_absurd_box_does_not_take_all_memory() {
        let crop = Crop::cut(&page(), TextBox::at([60.0, 40.0], 1e9, 1.0, 0.0)).unwrap();

        assert_eq!(crop.picture.width(), MAX_LENGTH_PX as u32);
    }
}
