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
