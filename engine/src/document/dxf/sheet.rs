//! A space of the drawing on a sheet of pixels.

use hayro::kurbo::{Affine, BezPath, Rect, Shape as _, Stroke};
use hayro::vello_cpu::RenderContext;
use hayro::vello_cpu::color::palette::css::BLACK;

use super::lettering::Lettering;
use super::walk::Seen;
use crate::document::{PageLimits, vector};
use crate::dots;

/// The smallest common lettering becomes this high, so that a person can read the picture.
const LETTER_PX: f64 = 18.0;

/// Long side of a sheet that is not drawn by the size of paper.
const SIDE_PX: std::ops::RangeInclusive<f64> = 1200.0..=6000.0;

/// Letters of one line that are drawn; no line of a drawing has more.
const MOST_LETTERS: usize = 300;

/// White around the drawing, as a share of its long side.
const MARGIN: f64 = 0.02;

const MM_PER_INCH: f64 = 25.4;

/// Long and short side of paper in millimetres, ISO and ANSI.
const PAPERS: [(f64, f64); 10] = [
    (1189.0, 841.0),
    (841.0, 594.0),
    (594.0, 420.0),
    (420.0, 297.0),
    (297.0, 210.0),
    (279.4, 215.9),
    (431.8, 279.4),
    (558.8, 431.8),
    (863.6, 558.8),
    (1117.6, 863.6),
];

/// Where the drawing lies on its pixels.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sheet {
    pub(super) place: Affine,
    pub(super) size: (u16, u16),
    /// Known where the drawing has the size of a sheet of paper.
    pub(super) dpi: Option<f64>,
    /// The resolution that was asked for, where the sheet was too large for it.
    pub(super) is_shrunk: bool,
}

impl Sheet {
    pub(super) fn of(seen: &Seen, extent: Rect, dpi: u32, limits: &PageLimits) -> Self {
        let paper = unit_of_paper(extent).map(|units_per_inch| f64::from(dpi) / units_per_inch);
        let long = extent.width().max(extent.height()).max(f64::MIN_POSITIVE);
        let margin = if paper.is_some() { 0.0 } else { long * MARGIN };
        let area = extent.inflate(margin.max(long * 1e-6), margin.max(long * 1e-6));
        let wanted = paper.unwrap_or_else(|| {
            let by_letters = small_letter(&seen.texts).map_or(0.0, |height| LETTER_PX / height);
            by_letters.clamp(SIDE_PX.start() / long, SIDE_PX.end() / long)
        });
        let shrink = vector::shrink(area.width() * wanted, area.height() * wanted, limits);
        let scale = wanted * shrink;
        let place =
            Affine::scale_non_uniform(scale, -scale) * Affine::translate((-area.x0, -area.y1));
        let size =
            (vector::whole_px(area.width() * scale), vector::whole_px(area.height() * scale));
        let dpi = paper.map(|_| f64::from(dpi) * shrink);
        Self { place, size, dpi, is_shrunk: shrink < 1.0 }
    }

    /// Draws everything in black.
    pub(super) fn scene(&self, seen: &Seen) -> RenderContext {
        let mut scene = RenderContext::new(self.size.0, self.size.1);
        scene.set_paint(BLACK);
        scene.set_stroke(Stroke::new(f64::from(self.size.0.max(self.size.1)) / 1500.0));
        for shape in &seen.strokes {
            scene.stroke_path(&(self.place * shape.clone()));
        }
        for shape in &seen.fills {
            scene.fill_path(&(self.place * shape.clone()));
        }
        for text in &seen.texts {
            scene.fill_path(&(self.place * letters(text)));
        }
        scene.flush();
        scene
    }
}

/// Units per inch when the drawing is as large as a sheet of paper in millimetres or inches.
fn unit_of_paper(extent: Rect) -> Option<f64> {
    let (long, short) = (extent.width().max(extent.height()), extent.width().min(extent.height()));
    // A frame is drawn up to its lines, or the paper is drawn around it: a hundredth either way.
    let fits = |unit: f64| {
        let near = |length: f64, side: f64| (length * unit / side - 1.0).abs() < 0.01;
        PAPERS
            .iter()
            .any(|(paper_long, paper_short)| near(long, *paper_long) && near(short, *paper_short))
    };
    if fits(1.0) {
        return Some(MM_PER_INCH);
    }
    fits(MM_PER_INCH).then_some(1.0)
}

/// Height below which a tenth of the texts are.
fn small_letter(texts: &[Lettering]) -> Option<f64> {
    let mut heights: Vec<f64> = texts.iter().map(Lettering::height).collect();
    heights.sort_by(f64::total_cmp);
    heights.get(heights.len() / 10).copied()
}

/// A text in letters of dots, stretched to its length.
fn letters(text: &Lettering) -> BezPath {
    let count = u32::try_from(text.text.chars().count()).unwrap_or(1).max(1);
    let cell = text.along / f64::from(count) / 8.0;
    // The dots of capitals fill seven of eight rows.
    let row = text.up / 7.0;
    let mut path = BezPath::new();
    for (place, letter) in (0_u32..).zip(text.text.chars().take(MOST_LETTERS)) {
        let corner = text.start + cell * f64::from(8 * place) + text.up;
        for (down, bits) in (0_u32..).zip(dots::of(letter)) {
            for across in (0_u32..8).filter(|across| bits >> across & 1 == 1) {
                let dot = Affine::new([
                    cell.x,
                    cell.y,
                    -row.x,
                    -row.y,
                    corner.x + cell.x * f64::from(across) - row.x * f64::from(down),
                    corner.y + cell.y * f64::from(across) - row.y * f64::from(down),
                ]);
                path.extend((dot * Rect::new(0.0, 0.0, 1.0, 1.0).to_path(0.1)).iter());
            }
        }
    }
    path
}
