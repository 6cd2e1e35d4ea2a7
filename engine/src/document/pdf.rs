//! PDF documents: pages drawn to pixels, with the text that they carry.
//!
//! The text layer is taken where it can be trusted; what it lacks, text drawn as lines or scanned, is left
//! to OCR. Two passes over a page, one to draw and one for its text, keep both simple.

use std::fmt;

use hayro::hayro_interpret::InterpreterSettings;
use hayro::hayro_interpret::util::TransformExt;
use hayro::hayro_syntax::{DecryptionError, LoadPdfError, Pdf as Syntax, page::Page as Sheet};
use hayro::kurbo::Affine;
use hayro::vello_cpu::RenderContext;
use hayro::{RenderCache, RenderSettings, render_into};

use super::{Page, PageLimits, vector};
use crate::error::EngineError;

mod glyphs;
mod lines;
mod signs;

/// A PDF measures in points.
const POINTS_PER_INCH: f64 = 72.0;

/// A document whose pages have been counted.
pub(super) struct Pdf {
    syntax: Syntax,
}

impl fmt::Debug for Pdf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pdf of {} pages", self.syntax.pages().len())
    }
}

impl Pdf {
    /// Reads the structure and counts the pages.
    pub(super) fn open(bytes: &[u8]) -> Result<(Self, u32), EngineError> {
        let syntax = Syntax::new(bytes.to_vec()).map_err(as_engine_error)?;
        let pages = u32::try_from(syntax.pages().len()).unwrap_or(u32::MAX);
        if pages == 0 {
            return Err(EngineError::Damaged {
                page: 1,
                detail: "the PDF has no pages".to_owned(),
            });
        }
        Ok((Self { syntax }, pages))
    }

    /// Draws one page at a resolution, or at the highest that the limits allow.
    pub(super) fn page(
        &self,
        number: u32,
        dpi: u32,
        limits: &PageLimits,
    ) -> Result<Page, EngineError> {
        let index = usize::try_from(number.saturating_sub(1)).unwrap_or(usize::MAX);
        let pages = self.syntax.pages();
        let sheet = pages
            .get(index)
            .ok_or(EngineError::NoSuchPage { page: number, pages: count(pages.len()) })?;
        let (width, height) = sheet.render_dimensions();
        let asked = f64::from(dpi) / POINTS_PER_INCH;
        let (width, height) = (f64::from(width) * asked, f64::from(height) * asked);
        let shrink = vector::shrink(width, height, limits);
        let place = Affine::scale(asked * shrink) * sheet.initial_transform(true).to_kurbo();
        let size = (vector::whole_px(width * shrink), vector::whole_px(height * shrink));
        limits.check(number, (size.0.into(), size.1.into()), 4)?;

        let settings = InterpreterSettings::default();
        let text = glyphs::of_page(sheet, place, size, &settings);
        let drawn_dpi = f64::from(dpi) * shrink;
        let mut page = Page::of_pixels(
            number,
            vector::on_paper(&scene(sheet, place, size, &settings))?,
            Some(vector::narrowed(drawn_dpi)),
        );
        page.text = lines::of_letters(text);
        if shrink < 1.0 {
            page.warnings.push(vector::other_dpi(Some(number), dpi, vector::rounded(drawn_dpi)));
        }
        Ok(page)
    }
}

fn scene(
    sheet: &Sheet<'_>,
    place: Affine,
    size: (u16, u16),
    settings: &InterpreterSettings,
) -> RenderContext {
    let mut scene = RenderContext::new(size.0, size.1);
    let cache = RenderCache::new();
    render_into(sheet, &cache, settings, &RenderSettings::default(), &mut scene, place);
    scene.flush();
    scene
}

fn count(pages: usize) -> u32 {
    u32::try_from(pages).unwrap_or(u32::MAX)
}

fn as_engine_error(error: LoadPdfError) -> EngineError {
    match error {
        LoadPdfError::Decryption(DecryptionError::PasswordProtected) => EngineError::Locked {
            detail: "the PDF asks for a password; save it without one and send it again".to_owned(),
        },
        LoadPdfError::Decryption(_) => EngineError::Locked {
            detail:
                "the PDF is encrypted in a way that is not read here; save it without encryption \
                     and send it again"
                    .to_owned(),
        },
        LoadPdfError::Invalid => EngineError::Damaged {
            page: 1,
            detail: "the PDF's structure can't be read; open it in a viewer and save it anew"
                .to_owned(),
        },
    }
}

#[cfg(test)]
mod tests;
