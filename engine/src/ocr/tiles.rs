//! How a view that is too large for one look is cut: overlapping tiles, of which each answers for its own core.
//!
//! The cores meet in the middle of the overlaps and cover the view without gap or double, so what the network says
//! of them makes one map, on which no text is cut and none is found twice.

use image::RgbImage;
use ndarray::Slice;

use super::detect::GRID_PX;

/// A tile as long as this or shorter is looked at in one piece. The network was measured best at this length.
const TILE_PX: u32 = 1760;

/// A view only this much longer is not worth a second tile.
const LARGEST_TILE_PX: u32 = TILE_PX * 5 / 4;

/// Twice the distance over which the network's answer depends on what it sees beside a place.
const OVERLAP_PX: u32 = 192;

/// Paper and ink differ by at least this much in brightness, also on a faint scan.
const INK_CONTRAST: u8 = 48;

/// Text of three letters has more ink than this; a tile with less is empty or holds the corner of a frame.
const LEAST_INK_PX: usize = 24;

/// A stretch along one side of a view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    /// First pixel that the network sees.
    pub(super) from: u32,
    /// Pixels that it sees.
    pub(super) length: u32,
    /// First pixel that this stretch answers for.
    pub(super) core_from: u32,
    /// The pixel after the last that it answers for.
    pub(super) core_to: u32,
}

impl Span {
    /// What it answers for, as a part of the view.
    pub(super) fn core(self) -> Slice {
        Slice::from(self.core_from as usize..self.core_to as usize)
    }

    /// What it answers for, as a part of what the network sees.
    pub(super) fn core_in_tile(self) -> Slice {
        let (from, to) = (self.core_from - self.from, self.core_to - self.from);
        Slice::from(from as usize..to as usize)
    }
}

/// Cuts a side whose length is on the grid into stretches that are on it, too.
pub(super) fn spans(side_px: u32) -> Vec<Span> {
    if side_px <= LARGEST_TILE_PX {
        return vec![Span { from: 0, length: side_px, core_from: 0, core_to: side_px }];
    }
    let count = (side_px - OVERLAP_PX).div_ceil(TILE_PX - OVERLAP_PX);
    let length = on_grid((side_px + (count - 1) * OVERLAP_PX).div_ceil(count)).min(side_px);
    let last_start = side_px - length;
    let starts: Vec<u32> = (0..count)
        .map(|number| last_start * number / (count - 1).max(1) / GRID_PX * GRID_PX)
        .collect();
    let mut spans: Vec<Span> = Vec::with_capacity(starts.len());
    for (number, &from) in starts.iter().enumerate() {
        let core_from = spans.last().map_or(0, |before| before.core_to);
        let core_to = match starts.get(number + 1) {
            // The middle of the overlap.
            Some(&next) => u32::midpoint(next, from + length),
            None => side_px,
        };
        spans.push(Span { from, length, core_from, core_to });
    }
    spans
}

fn on_grid(length: u32) -> u32 {
    length.div_ceil(GRID_PX) * GRID_PX
}

/// Whether there is no ink on a part of a view that could be text.
pub(super) fn is_empty(view: &RgbImage, across: Span, down: Span) -> bool {
    let mut histogram = [0_usize; 256];
    for row in down.from..down.from + down.length {
        for column in across.from..across.from + across.length {
            let [_, green, _] = view.get_pixel(column, row).0;
            if let Some(count) = histogram.get_mut(usize::from(green)) {
                *count += 1;
            }
        }
    }
    // Text is dark on light or light on dark; what there is most of is the paper.
    let paper = (0_u8..=255).max_by_key(|&level| histogram.get(usize::from(level)).copied());
    let paper = paper.unwrap_or(255);
    let ink: usize = (0_u8..=255)
        .filter(|level| level.abs_diff(paper) >= INK_CONTRAST)
        .filter_map(|level| histogram.get(usize::from(level)))
        .sum();
    ink < LEAST_INK_PX
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_side_is_one_stretch() {
        assert_eq!(spans(1760), [Span { from: 0, length: 1760, core_from: 0, core_to: 1760 }]);
        assert_eq!(spans(2176).len(), 1);
    }

    #[test]
    fn stretches_lie_on_the_grid_and_their_cores_cover_the_side_once() {
        for cells in 1..400 {
            let side = cells * GRID_PX;
            let spans = spans(side);

            let mut covered = 0;
            for span in &spans {
                assert_eq!(
                    (span.from % GRID_PX, span.length % GRID_PX),
                    (0, 0),
                    "{side}: {span:?}"
                );
                assert_eq!(span.core_from, covered, "{side}: no gap, no double");
                assert!(span.from + span.length <= side, "{side}: {span:?} is inside");
                assert!(
                    span.length <= LARGEST_TILE_PX,
                    "{side}: {span:?} is no longer than a tile"
                );
                covered = span.core_to;
            }
            assert_eq!(covered, side);
            for pair in spans.windows(2) {
                let seen_before = pair[0].from + pair[0].length - pair[0].core_to;
                let seen_after = pair[1].core_from - pair[1].from;
                assert!(
                    seen_before >= 64 && seen_after >= 64,
                    "{side}: {pair:?} see past the seam"
                );
            }
        }
    }

    #[test]
    fn blank_paper_is_empty_whatever_its_colour_and_a_word_is_not() {
        let span = Span { from: 0, length: 64, core_from: 0, core_to: 64 };
        for paper in [255, 230, 20] {
            let mut view = RgbImage::from_pixel(64, 64, image::Rgb([paper; 3]));
            assert!(is_empty(&view, span, span));
            let ink = if paper > 128 { 0 } else { 255 };
            for x in 10..40 {
                view.put_pixel(x, 30, image::Rgb([ink; 3]));
            }
            assert!(!is_empty(&view, span, span));
        }
    }
}
