//! What PDF and DXF share: a size in pixels that fits the limits, and a sheet of paper to draw on.

use cad_common::contract::reading::{Warning, WarningCode};
use hayro::vello_cpu::color::palette::css::WHITE;
use hayro::vello_cpu::{PixmapMut, RasterizerSettings, RenderContext, Resources, TargetInit};
use image::{ColorType, RgbImage};

use super::{PageLimits, pixels};
use crate::error::EngineError;

/// Most pixels of a page that is drawn here: an A0 sheet at 200 dpi.
///
/// Drawing needs four bytes a pixel and the scene besides; a slot that takes a gigabyte is ended.
const MOST_PX: f64 = 64e6;

/// The renderer counts pixels in 16 bits.
const MOST_SIDE_PX: f64 = 60_000.0;

/// The factor, 1 at most, by which a page of this size must shrink to stay inside the limits.
#[expect(clippy::cast_precision_loss, reason = "limits are rounded down further on")]
pub(super) fn shrink(width: f64, height: f64, limits: &PageLimits) -> f64 {
    let most_px = MOST_PX.min(limits.max_pixels as f64).min(limits.max_decoded_bytes as f64 / 4.0);
    let most_side = MOST_SIDE_PX.min(f64::from(limits.max_side_px));
    (most_px / (width * height)).sqrt().min(most_side / width.max(height)).min(1.0)
}

/// Whole pixels of a length, at least one.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to the range of u16"
)]
pub(super) fn whole_px(length: f64) -> u16 {
    length.round().clamp(1.0, MOST_SIDE_PX) as u16
}

/// Draws a scene on white paper.
pub(super) fn on_paper(scene: &RenderContext) -> Result<RgbImage, EngineError> {
    let (width, height) = (scene.width(), scene.height());
    let mut samples = vec![0; 4 * usize::from(width) * usize::from(height)];
    let Some(target) = PixmapMut::new(width, height, &mut samples) else {
        return Err(EngineError::Pixels {
            step: "drawing",
            detail: format!("no paper of {width} x {height} pixels"),
        });
    };
    let settings =
        RasterizerSettings { target_init: TargetInit::Clear(WHITE), ..Default::default() };
    scene.render_with(target, &mut Resources::default(), settings);
    pixels::to_rgb(samples, ColorType::Rgba8, (width.into(), height.into()))
}

/// A resolution as it is reported.
#[expect(clippy::cast_possible_truncation, reason = "a resolution needs no more than f32 holds")]
pub(super) fn narrowed(dpi: f64) -> f32 {
    dpi as f32
}

/// A resolution in words.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a resolution within VECTOR_DPI, shrunk"
)]
pub(super) fn rounded(dpi: f64) -> u32 {
    dpi.round() as u32
}

/// Says that a page is drawn at another resolution than was asked for.
pub(super) fn other_dpi(page: Option<u32>, asked: u32, drawn: u32) -> Warning {
    Warning {
        code: WarningCode::LowEffectiveDpi,
        detail: format!(
            "{asked} dpi were asked for, but the page is drawn at {drawn} dpi to stay inside the limits; \
             small text may be missing: send parts of the sheet as pages of their own"
        ),
        page,
    }
}
