//! Where on a page is text: one probability per pixel of a scaled view of it.

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};
use image::{RgbImage, imageops};
use ndarray::{Array2, Array4, Axis, Ix4};

use super::tiles::{self, Span};
use crate::error::EngineError;
use crate::onnx::Model;
use crate::stop::StopSignal;

/// The network halves its picture five times.
pub(super) const GRID_PX: u32 = 32;

/// Small pictures are enlarged towards this, because the network was trained on text of at least ten pixels.
const SMALL_SIDE_PX: u32 = 736;

/// Enlarging further shows the network no more.
const MAX_ENLARGEMENT: f32 = 3.0;

/// At this resolution the smallest lettering of drawings, 2.5 mm, is eleven pixels high, which the network finds.
const SEARCH_DPI: f32 = 110.0;

/// Below this a stated resolution is the default of some program, not the truth about a scan.
const BELIEVABLE_DPI: f32 = 150.0;

/// Under this gain a sheet is rather shrunk a little than cut.
const WORTH_TILING: f32 = 1.2;

/// Sheets of unknown resolution are taken for scans at 250 dpi.
const UNKNOWN_DPI: f32 = 250.0;

/// A page as the detection model sees it.
pub(super) struct View {
    scaled: RgbImage,
    /// Page pixels per view pixel, in x and y.
    step: [f32; 2],
}

/// How many tiles of a page were looked at, and how many had nothing on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct TileCount {
    pub(super) read: u32,
    pub(super) skipped: u32,
}

/// Probabilities of text, with the way back to the page.
pub(super) struct TextMap {
    /// Row by row.
    pub(super) probabilities: Array2<f32>,
    /// Page pixels per pixel of the map, in x and y.
    pub(super) step: [f32; 2],
    /// Width and height of the page, beyond which no box may reach.
    pub(super) page: [f32; 2],
}

impl View {
    /// Shows the whole page: `max_side_px` long, or longer where its lettering would get too small.
    pub(super) fn of_page(
        page: &RgbImage,
        dpi: Option<f32>,
        max_side_px: u32,
    ) -> Result<Self, EngineError> {
        let (width, height) = page.dimensions();
        let [target_width, target_height] = view_size([width, height], dpi, max_side_px);
        Ok(Self {
            scaled: resize(page, target_width, target_height)?,
            step: [ratio(width, target_width), ratio(height, target_height)],
        })
    }

    /// View pixels per page pixel; under 1 the page was shrunk.
    pub(super) fn scale(&self) -> f32 {
        // The sides are rounded to the grid by up to half a cell, which is no change of scale worth a word.
        let scale = 1.0 / self.step[0].max(self.step[1]);
        if (0.97..1.0).contains(&scale) { 1.0 } else { scale }
    }
}

/// Runs the model over a view, tile by tile.
pub(super) fn run(
    model: &mut dyn Model,
    view: &View,
    stop: &StopSignal,
) -> Result<(TextMap, TileCount), EngineError> {
    let (width, height) = view.scaled.dimensions();
    let mut probabilities = Array2::zeros((height as usize, width as usize));
    let mut count = TileCount::default();
    let across = tiles::spans(width);
    for down in tiles::spans(height) {
        for &across in &across {
            if tiles::is_empty(&view.scaled, across, down) {
                count.skipped += 1;
                continue;
            }
            count.read += 1;
            let tile = run_tile(model, &view.scaled, across, down, stop)?;
            let rows = tile.slice_axis(Axis(0), down.core_in_tile());
            let core = rows.slice_axis(Axis(1), across.core_in_tile());
            let mut rows = probabilities.slice_axis_mut(Axis(0), down.core());
            rows.slice_axis_mut(Axis(1), across.core()).assign(&core);
        }
    }
    let page = [side(width) * view.step[0], side(height) * view.step[1]];
    Ok((TextMap { probabilities, step: view.step, page }, count))
}

/// The probabilities of one tile, core and margins.
fn run_tile(
    model: &mut dyn Model,
    view: &RgbImage,
    across: Span,
    down: Span,
    stop: &StopSignal,
) -> Result<Array2<f32>, EngineError> {
    let tile = imageops::crop_imm(view, across.from, down.from, across.length, down.length);
    let input = normalised(&tile.to_image());
    let expected = (down.length as usize, across.length as usize);
    let mut answer =
        Err(EngineError::ModelOutput { model: "detection".to_owned(), shape: Vec::new() });
    model.run(input.view(), stop, &mut |output| {
        let shape = output.shape().to_vec();
        answer = match output.into_dimensionality::<Ix4>() {
            Ok(maps) if maps.dim() == (1, 1, expected.0, expected.1) => {
                Ok(maps.index_axis_move(Axis(0), 0).index_axis_move(Axis(0), 0).to_owned())
            }
            _ => Err(EngineError::ModelOutput { model: "detection".to_owned(), shape }),
        };
    })?;
    answer
}

/// The size of the view: the page's own where that fits, in whole cells of the network's grid.
fn view_size(page: [u32; 2], dpi: Option<f32>, max_side_px: u32) -> [u32; 2] {
    let longer = page[0].max(page[1]).max(1);
    let shorter = page[0].min(page[1]).max(1);
    let fit = ratio(max_side_px, longer);
    let enlarge = ratio(SMALL_SIDE_PX, shorter).clamp(1.0, MAX_ENLARGEMENT);
    let legible = SEARCH_DPI / dpi.filter(|dpi| *dpi >= BELIEVABLE_DPI).unwrap_or(UNKNOWN_DPI);
    let whole = if legible > fit * WORTH_TILING { legible } else { fit };
    let scale = enlarge.min(whole);
    page.map(|side| to_grid(scale, side))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "sides are below 2^24"
)]
fn to_grid(scale: f32, side: u32) -> u32 {
    let cells = (scale * side as f32 / GRID_PX as f32).round() as u32;
    cells.max(1) * GRID_PX
}

#[expect(clippy::cast_precision_loss, reason = "sides are below 2^24")]
fn ratio(a: u32, b: u32) -> f32 {
    a as f32 / b.max(1) as f32
}

#[expect(clippy::cast_precision_loss, reason = "sides are below 2^24")]
fn side(pixels: u32) -> f32 {
    pixels as f32
}

/// Scales with an average over all source pixels, so that thin strokes fade instead of vanishing.
pub(super) fn resize(image: &RgbImage, width: u32, height: u32) -> Result<RgbImage, EngineError> {
    if image.dimensions() == (width, height) {
        return Ok(image.clone());
    }
    let failed = |detail: String| EngineError::Pixels { step: "scaling", detail };
    let source = ImageRef::new(image.width(), image.height(), image.as_raw(), PixelType::U8x3)
        .map_err(|error| failed(error.to_string()))?;
    let mut target = Image::new(width, height, PixelType::U8x3);
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Bilinear));
    Resizer::new()
        .resize(&source, &mut target, &options)
        .map_err(|error| failed(error.to_string()))?;
    RgbImage::from_raw(width, height, target.into_vec())
        .ok_or_else(|| failed("the buffer has another size".to_owned()))
}

/// Pixels as the networks want them: planes of blue, green, red, each from -1 to 1.
pub(super) fn normalised(image: &RgbImage) -> Array4<f32> {
    let (width, height) = (image.width() as usize, image.height() as usize);
    let mut planes = Vec::with_capacity(3 * width * height);
    for channel in [2, 1, 0] {
        planes.extend(
            image
                .as_raw()
                .iter()
                .skip(channel)
                .step_by(3)
                .map(|&value| f32::from(value) / 127.5 - 1.0),
        );
    }
    // The image has exactly these many samples, so the other arm is never taken.
    Array4::from_shape_vec((1, 3, height, width), planes)
        .unwrap_or_else(|_| Array4::zeros((1, 3, height, width)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_page_is_shrunk_to_whole_cells() {
        assert_eq!(view_size([3508, 2480], None, 2016), [2016, 1440]);
        assert_eq!(view_size([2020, 1600], None, 2400), [2016, 1600]);
    }

    #[test]
    fn lettering_of_a_large_sheet_stays_legible() {
        let a0 = [14_043, 9_933];

        assert_eq!(view_size(a0, Some(300.0), 1760), [5152, 3648]);
        assert_eq!(view_size(a0, None, 1760), [6176, 4384]);
        assert_eq!(view_size([3308, 2339], Some(72.0), 1760), [1760, 1248], "72 dpi is a default");
    }

    #[test]
    fn odd_pages_have_a_view() {
        assert_eq!(view_size([1, 1], None, 2016), [32, 32]);
        assert_eq!(view_size([1, 3000], None, 2016), [32, 2016]);
        assert_eq!(view_size([300, 40], None, 2016), [896, 128]);
    }

    #[test]
    fn planes_come_blue_first() {
        let image = RgbImage::from_pixel(2, 1, image::Rgb([255, 0, 0]));

        let planes = normalised(&image);

        assert_eq!(planes.into_raw_vec_and_offset().0, [-1.0, -1.0, -1.0, -1.0, 1.0, 1.0]);
    }
}
