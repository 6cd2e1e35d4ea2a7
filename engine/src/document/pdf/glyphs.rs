//! The letters that a page draws as letters, each with its place in pixels.
//!
//! A letter counts when it is seen and when the font says what it is. What is invisible is the guess of a
//! scanner's OCR, and what has no meaning in Unicode is left to ours.

use hayro::hayro_interpret::font::{Glyph, GlyphRun, PositionedGlyph};
use hayro::hayro_interpret::hayro_cmap::{BfString, WritingMode};
use hayro::hayro_interpret::{
    BlendMode, ClipPath, Context, Device, DrawMode, DrawProps, Image, ImageDrawProps,
    InterpreterCache, InterpreterSettings, SoftMask, interpret_page,
};
use hayro::hayro_syntax::page::Page;
use hayro::kurbo::{Affine, BezPath, Point, Rect, Shape as _, Vec2};

use super::signs::{self, Shape};
use crate::document::signs::sign;

/// More letters than a page can show; what comes after them is a bomb.
const MOST_LETTERS: usize = 100_000;

/// Fonts measure in thousandths of the letter size.
const UNITS_PER_EM: f64 = 1000.0;

/// One letter on the page, in pixels.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Letter {
    /// What it says; none when the font does not tell.
    pub(super) text: Option<String>,
    /// Where its base line begins.
    pub(super) start: Point,
    /// Where the next letter begins.
    pub(super) end: Point,
    /// Its reading direction, of length 1.
    pub(super) along: Vec2,
    /// Letter size: the distance of two lines of text set solid.
    pub(super) em: f64,
    /// What is inked of it: along the reading direction and up from the base line.
    pub(super) ink: Option<Rect>,
}

/// The letters of a page in the order in which they are drawn.
pub(super) fn of_page<'a>(
    page: &'a Page<'a>,
    place: Affine,
    (width, height): (u16, u16),
    settings: &InterpreterSettings,
) -> Vec<Letter> {
    let visible = Rect::new(0.0, 0.0, width.into(), height.into());
    let cache = InterpreterCache::new();
    let mut context = Context::new(place, visible, &cache, page.xref(), settings.clone());
    let mut collector = Collector { letters: Vec::new(), shapes: Vec::new(), visible };
    interpret_page(page, &mut context, &mut collector);
    signs::among(collector.letters, &collector.shapes)
}

struct Collector {
    letters: Vec<Letter>,
    shapes: Vec<Shape>,
    visible: Rect,
}

impl<'a> Device<'a> for Collector {
    fn draw_glyph_run(
        &mut self,
        run: &GlyphRun<'_, 'a>,
        props: DrawProps<'a>,
        draw_mode: &DrawMode,
    ) {
        let is_plain = run.writing_mode() == WritingMode::Horizontal;
        if matches!(draw_mode, DrawMode::Invisible) || !is_plain {
            return;
        }
        let is_of_signs = is_of_signs(run);
        for glyph in run.glyphs() {
            if self.letters.len() >= MOST_LETTERS {
                return;
            }
            let letter = letter(glyph, props.transform, is_of_signs);
            self.letters.extend(letter.filter(|letter| self.visible.contains(letter.start)));
        }
    }

    fn draw_path(&mut self, path: &BezPath, props: DrawProps<'a>, _: &DrawMode) {
        signs::keep(&mut self.shapes, path, props.transform);
    }

    fn push_clip_path(&mut self, _: &ClipPath) {}
    fn push_transparency_group(&mut self, _: f32, _: Option<SoftMask<'a>>, _: BlendMode) {}
    fn draw_image(&mut self, _: Image<'a, '_>, _: ImageDrawProps<'a>) {}
    fn pop_clip(&mut self) {}
    fn pop_transparency_group(&mut self) {}
}

/// Places a letter; none for one that is drawn by a program of its own, mirrored or without size.
fn letter(glyph: &PositionedGlyph<'_>, page: Affine, is_of_signs: bool) -> Option<Letter> {
    let Glyph::Outline(outline) = &**glyph else {
        return None;
    };
    let transform = page * glyph.transform();
    let advance = f64::from(outline.advance_width().unwrap_or(0.0));
    let start = transform * Point::ZERO;
    let baseline = transform * Point::new(UNITS_PER_EM, 0.0) - start;
    let up = transform * Point::new(0.0, UNITS_PER_EM) - start;
    let (width, em) = (baseline.hypot(), up.hypot());
    // Pixels count downwards, so that a letter that is not mirrored has a negative turn from base line to top.
    if !(width.is_finite() && em.is_finite() && baseline.cross(up) < 0.0) {
        return None;
    }
    let ink = outline.outline().bounding_box();
    let ink = Rect::new(ink.x0 * width, ink.y0 * em, ink.x1 * width, ink.y1 * em)
        .scale_from_origin(1.0 / UNITS_PER_EM);
    let text = outline.as_unicode().and_then(|text| readable(text, is_of_signs));
    Some(Letter {
        text,
        start,
        end: start + baseline * (advance / UNITS_PER_EM),
        along: baseline / width,
        em,
        ink: (ink.width() > 0.0 && ink.height() > 0.0).then_some(ink),
    })
}

/// What a font says that a letter means, where it can be believed.
fn readable(text: BfString, is_of_signs: bool) -> Option<String> {
    let text = match text {
        BfString::Char(letter) => letter.to_string(),
        BfString::String(text) => text,
    };
    let meaningless = |letter: char| {
        (letter.is_control() && !letter.is_whitespace())
            || matches!(letter, '\u{e000}'..='\u{f8ff}' | '\u{fff0}'..='\u{ffff}' | '\u{f0000}'..)
    };
    if text.is_empty() || text.chars().any(meaningless) {
        return None;
    }
    if is_of_signs {
        return Some(text.chars().map(|letter| sign(letter).unwrap_or(letter)).collect());
    }
    Some(text.chars().map(|letter| if letter.is_whitespace() { ' ' } else { letter }).collect())
}

/// Whether a run is set in one of the fonts that hide the signs of geometrical tolerances behind letters.
fn is_of_signs(run: &GlyphRun<'_, '_>) -> bool {
    let Some(Glyph::Outline(first)) = run.glyphs().first().map(|glyph| &**glyph) else {
        return false;
    };
    let name = first.font_data().and_then(|font| font.postscript_name).unwrap_or_default();
    name.to_ascii_uppercase().contains("GDT")
}
