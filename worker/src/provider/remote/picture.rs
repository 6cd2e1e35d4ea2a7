//! A page as pictures that a model can take: scaled to its limit, cut into tiles where letters would get lost.

use std::io::Cursor;

use cad_common::contract::record::JobError;
use cad_common::error_code::{ErrorCode, Stage};
use image::imageops::FilterType;
use image::{DynamicImage, ImageFormat};

/// What two tiles share, in pixels as sent: the height of large letters, so that no line is cut in both.
const OVERLAP_PX: u32 = 96;

/// Each step towards fewer tiles takes this much of the size.
const SHRINK: f64 = 0.95;

/// A part of a page, in its pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tile {
    pub(super) left: u32,
    pub(super) top: u32,
    pub(super) width: u32,
    pub(super) height: u32,
}

/// How a page goes to a model.
#[derive(Debug, PartialEq)]
pub(super) struct Layout {
    /// Row by row.
    pub(super) tiles: Vec<Tile>,
    /// Pixels sent for one of the page, 1 at most.
    pub(super) scale: f64,
}

/// Cuts a page into as few tiles as hold it at its full size, or at the largest size for which there are enough.
pub(super) fn lay_out((width, height): (u32, u32), max_side: u32, max_tiles: u32) -> Layout {
    let mut scale = 1.0;
    loop {
        let side = on_page(max_side, scale).max(1);
        let overlap = on_page(OVERLAP_PX, scale).min(side / 2);
        let (lefts, tile_width) = spread(width, side, overlap);
        let (tops, tile_height) = spread(height, side, overlap);
        if lefts.len() * tops.len() <= max_tiles.max(1) as usize {
            let tile = |top: &u32, left: &u32| Tile {
                left: *left,
                top: *top,
                width: tile_width,
                height: tile_height,
            };
            let tiles =
                tops.iter().flat_map(|top| lefts.iter().map(move |left| tile(top, left))).collect();
            return Layout { tiles, scale };
        }
        scale *= SHRINK;
    }
}

/// Pixels of the page for pixels as sent.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "above the longest page, the largest number does as well"
)]
fn on_page(sent: u32, scale: f64) -> u32 {
    (f64::from(sent) / scale) as u32
}

/// Where parts of a length begin that share at least an overlap, evenly; and how long each is.
fn spread(length: u32, side: u32, overlap: u32) -> (Vec<u32>, u32) {
    if length <= side {
        return (vec![0], length);
    }
    let steps = (length - side).div_ceil(side - overlap);
    let start = |step: u32| u64::from(length - side) * u64::from(step) / u64::from(steps);
    ((0..=steps).map(|step| u32::try_from(start(step)).unwrap_or(0)).collect(), side)
}

/// A tile of a page as a grey PNG.
///
/// # Errors
/// The picture can't be encoded.
pub(super) fn encode(page: &DynamicImage, tile: Tile, max_side: u32) -> Result<Vec<u8>, JobError> {
    let part = page.crop_imm(tile.left, tile.top, tile.width, tile.height);
    let part = if tile.width.max(tile.height) > max_side {
        part.resize(max_side, max_side, FilterType::CatmullRom)
    } else {
        part
    };
    let mut png = Cursor::new(Vec::new());
    DynamicImage::ImageLuma8(part.to_luma8()).write_to(&mut png, ImageFormat::Png).map_err(
        |error| {
            let detail = format!("a page can't be sent: {error}");
            JobError::new(ErrorCode::InternalError, detail).at(Stage::Preprocess)
        },
    )?;
    Ok(png.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_within_the_limit_goes_whole() {
        let layout = lay_out((1000, 700), 1536, 6);

        assert_eq!(layout.scale, 1.0);
        assert_eq!(layout.tiles, [Tile { left: 0, top: 0, width: 1000, height: 700 }]);
    }

    #[test]
    fn tiles_cover_a_large_page_and_overlap() {
        let layout = lay_out((3300, 2300), 1536, 6);

        assert_eq!((layout.tiles.len(), layout.scale), (6, 1.0));
        let last = layout.tiles[5];
        assert_eq!((last.left + last.width, last.top + last.height), (3300, 2300));
        let (first, second) = (layout.tiles[0], layout.tiles[1]);
        assert!(first.left + first.width - second.left >= OVERLAP_PX);
    }

    #[test]
    fn a_huge_page_is_shrunk_until_its_tiles_are_few_enough() {
        for size in [(14_000, 9_900), (100_000, 50), (1, 1), (50_000, 50_000)] {
            for max_tiles in [1, 6, 64] {
                let layout = lay_out(size, 1024, max_tiles);
                assert!(layout.tiles.len() <= max_tiles as usize, "{size:?}");
                let right = layout.tiles.iter().map(|tile| tile.left + tile.width).max();
                assert_eq!(right, Some(size.0), "{size:?}");
            }
        }
    }

    #[test]
    fn what_is_sent_is_grey_and_within_the_limit() {
        let page = DynamicImage::new_rgb8(900, 300);
        let tile = Tile { left: 0, top: 0, width: 900, height: 300 };

        let sent = image::load_from_memory(&encode(&page, tile, 300).unwrap()).unwrap();

        assert_eq!((sent.width(), sent.height()), (300, 100));
        assert!(matches!(sent, DynamicImage::ImageLuma8(_)));
    }
}
