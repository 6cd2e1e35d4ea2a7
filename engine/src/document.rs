//! A drawing as it came in: opened by what its bytes are, read one page at a time.
//!
//! A header is a claim. Its size is checked against the limits before anything of that size is allocated, and a
//! decoder that panics on a broken file costs an error, not the process.

use std::panic::{AssertUnwindSafe, catch_unwind};

use cad_common::contract::job::{DEFAULT_VECTOR_DPI, VECTOR_DPI};
use cad_common::contract::reading::{TextLine, Warning, WarningCode};
use image::RgbImage;

use crate::error::EngineError;

mod dxf;
mod kind;
mod pdf;
mod pixels;
mod raster;
mod resolution;
mod signs;
mod tiff;
mod vector;

use dxf::Dxf;
use kind::Kind;
use pdf::Pdf;
use raster::Raster;
use tiff::Tiff;

/// What one page may cost. Checked against the header, before decoding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageLimits {
    /// Pixels of one page. The default holds an A0 sheet at 300 dpi, which has 140 million.
    pub max_pixels: u64,
    /// Pixels along one side.
    pub max_side_px: u32,
    /// Bytes of one page as the decoder writes them, before they become RGB.
    pub max_decoded_bytes: u64,
    /// Pages of one document that are read; more give a warning.
    pub max_pages: u32,
}

impl Default for PageLimits {
    fn default() -> Self {
        Self {
            max_pixels: 200_000_000,
            max_side_px: 100_000,
            max_decoded_bytes: 800_000_000,
            max_pages: 50,
        }
    }
}

impl PageLimits {
    /// Refuses a page by what its header says.
    fn check(
        &self,
        page: u32,
        (width, height): (u32, u32),
        bytes_per_px: u64,
    ) -> Result<(), EngineError> {
        let pixels = u64::from(width) * u64::from(height);
        let limit = if width > self.max_side_px || height > self.max_side_px {
            format!("{} pixels on a side", self.max_side_px)
        } else if pixels > self.max_pixels {
            format!("{} pixels", self.max_pixels)
        } else if pixels * bytes_per_px > self.max_decoded_bytes {
            format!("{} decoded bytes", self.max_decoded_bytes)
        } else {
            return Ok(());
        };
        Err(EngineError::PageTooLarge { page, width, height, limit })
    }
}

/// One page, upright, on white, as RGB.
#[derive(Debug, Clone)]
pub struct Page {
    /// 1-based.
    pub number: u32,
    /// Its pixels.
    pub image: RgbImage,
    /// Resolution in dots per inch, where the file states one or the page was drawn here.
    pub dpi: Option<f32>,
    /// Text that the file states exactly, in its order, placed on the pixels.
    pub text: Vec<TextLine>,
    /// Whether the pixels may show more text than `text` says.
    pub needs_ocr: bool,
    /// What the page lost on its way to pixels.
    pub warnings: Vec<Warning>,
}

impl Page {
    /// A page of pixels, of which nothing else is known.
    const fn of_pixels(number: u32, image: RgbImage, dpi: Option<f32>) -> Self {
        Self { number, image, dpi, text: Vec::new(), needs_ocr: true, warnings: Vec::new() }
    }
}

/// An opened drawing.
#[derive(Debug)]
pub struct Document<'bytes> {
    content: Content<'bytes>,
    limits: PageLimits,
    pages: u32,
    /// Resolution at which vector pages are drawn.
    dpi: u32,
    warnings: Vec<Warning>,
}

/// The kinds of document by how their pages are made.
#[derive(Debug)]
enum Content<'bytes> {
    Raster(Raster<'bytes>),
    Tiff(Tiff<'bytes>),
    Pdf(Pdf),
    Dxf(Dxf),
}

impl<'bytes> Document<'bytes> {
    /// Opens a drawing by its content; reads headers only.
    ///
    /// # Errors
    /// When there is nothing, the kind is not read here, the header is broken or the page passes a limit.
    pub fn open(bytes: &'bytes [u8], limits: &PageLimits) -> Result<Self, EngineError> {
        if bytes.is_empty() {
            return Err(EngineError::EmptyFile);
        }
        let mut warnings = Vec::new();
        let (content, pages) = match kind::detect(bytes)? {
            Kind::Tiff => {
                let (tiff, pages) = guarded(1, || Tiff::open(bytes, limits))?;
                (Content::Tiff(tiff), pages)
            }
            Kind::Pdf => {
                let (pdf, pages) = guarded(1, || Pdf::open(bytes))?;
                (Content::Pdf(pdf), pages)
            }
            Kind::Dxf => {
                let (dxf, pages) = guarded(1, || Dxf::open(bytes))?;
                (Content::Dxf(dxf), pages)
            }
            Kind::Raster(format) => {
                if format == image::ImageFormat::Gif {
                    warnings.extend(raster::is_animated_gif(bytes).then(first_frame_only));
                }
                (Content::Raster(guarded(1, || Raster::open(bytes, format, limits))?), 1)
            }
        };
        if pages > limits.max_pages {
            warnings.push(page_limit_reached(limits.max_pages));
        }
        let pages = pages.min(limits.max_pages);
        Ok(Self { content, limits: limits.clone(), pages, dpi: DEFAULT_VECTOR_DPI, warnings })
    }

    /// Chooses the resolution at which vector pages are drawn; pages of pixels keep theirs.
    ///
    /// Outside [`VECTOR_DPI`] the nearest of it is taken, with a warning.
    #[must_use]
    pub fn drawn_at(mut self, dpi: Option<u32>) -> Self {
        let asked = dpi.unwrap_or(DEFAULT_VECTOR_DPI);
        self.dpi = asked.clamp(*VECTOR_DPI.start(), *VECTOR_DPI.end());
        if self.dpi != asked && matches!(self.content, Content::Pdf(_) | Content::Dxf(_)) {
            self.warnings.push(vector::other_dpi(None, asked, self.dpi));
        }
        self
    }

    /// How many pages can be read, within the limit.
    #[must_use]
    pub fn page_count(&self) -> u32 {
        self.pages
    }

    /// What will not be read, and why.
    #[must_use]
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// Decodes one page, counted from 1.
    ///
    /// # Errors
    /// When the document has no such page, or the page is broken, too large or of an unknown colour kind.
    pub fn page(&self, number: u32) -> Result<Page, EngineError> {
        if number == 0 || number > self.pages {
            return Err(EngineError::NoSuchPage { page: number, pages: self.pages });
        }
        guarded(number, || match &self.content {
            Content::Raster(raster) => raster.page(&self.limits),
            Content::Tiff(tiff) => tiff.page(number, &self.limits),
            Content::Pdf(pdf) => pdf.page(number, self.dpi, &self.limits),
            Content::Dxf(dxf) => dxf.page(number, self.dpi, &self.limits),
        })
    }
}

/// Runs a decoder that may panic.
fn guarded<T>(
    page: u32,
    decode: impl FnOnce() -> Result<T, EngineError>,
) -> Result<T, EngineError> {
    // Nothing of what the decoder borrowed is used after a panic, so there is no state to be torn.
    catch_unwind(AssertUnwindSafe(decode)).unwrap_or_else(|_| {
        Err(EngineError::Damaged {
            page,
            detail: "the decoder gave up on the file's structure".to_owned(),
        })
    })
}

fn page_limit_reached(limit: u32) -> Warning {
    Warning {
        code: WarningCode::PageLimitReached,
        detail: format!(
            "only the first {limit} pages are read; send the others as a document of their own"
        ),
        page: None,
    }
}

fn first_frame_only() -> Warning {
    Warning {
        code: WarningCode::FirstFrameOnly,
        detail: "the picture is animated; only its first frame is read".to_owned(),
        page: Some(1),
    }
}

#[cfg(test)]
mod tests;
