//! Documents that are one picture: PNG, JPEG, BMP, WebP, GIF.

use std::io::Cursor;

use image::codecs::bmp::BmpDecoder;
use image::codecs::gif::GifDecoder;
use image::codecs::jpeg::JpegDecoder;
use image::codecs::png::PngDecoder;
use image::codecs::webp::WebPDecoder;
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, Limits};

use super::{Page, PageLimits, pixels, resolution};
use crate::error::EngineError;

/// What a decoder may take besides the picture itself, for profiles, texts and tables.
///
/// Without it a colour profile of a few kilobytes unpacks to gigabytes.
const SIDE_ALLOCATION_BYTES: u64 = 64 << 20;

/// A picture whose header has been read.
#[derive(Debug)]
pub(super) struct Raster<'bytes> {
    bytes: &'bytes [u8],
    format: ImageFormat,
}

impl<'bytes> Raster<'bytes> {
    pub(super) fn open(
        bytes: &'bytes [u8],
        format: ImageFormat,
        limits: &PageLimits,
    ) -> Result<Self, EngineError> {
        let raster = Self { bytes, format };
        raster.decoder(limits)?;
        Ok(raster)
    }

    pub(super) fn page(&self, limits: &PageLimits) -> Result<Page, EngineError> {
        if self.format == ImageFormat::Jpeg && !has_jpeg_end(self.bytes) {
            return Err(EngineError::Damaged {
                page: 1,
                detail: "the JPEG ends before its picture does".to_owned(),
            });
        }
        let mut decoder = self.decoder(limits)?;
        let size = decoder.dimensions();
        let color = decoder.color_type();
        let orientation =
            decoder.orientation().unwrap_or(image::metadata::Orientation::NoTransforms);
        let exif = decoder.exif_metadata().ok().flatten();
        let dpi = resolution::of_header(self.bytes).or_else(|| resolution::of_exif(&exif?));
        let length = usize::try_from(decoder.total_bytes()).map_err(|_| EngineError::Pixels {
            step: "decoding",
            detail: "the page does not fit this machine".to_owned(),
        })?;
        let mut samples = vec![0; length];
        decoder.read_image_boxed(&mut samples).map_err(as_engine_error)?;
        let mut image = DynamicImage::ImageRgb8(pixels::to_rgb(samples, color, size)?);
        image.apply_orientation(orientation);
        Ok(Page::of_pixels(1, image.into_rgb8(), dpi))
    }

    /// Reads the header and refuses what passes the limits.
    fn decoder(&self, limits: &PageLimits) -> Result<Box<dyn ImageDecoder + 'bytes>, EngineError> {
        let bytes = Cursor::new(self.bytes);
        let mut allocation = Limits::default();
        allocation.max_alloc = Some(SIDE_ALLOCATION_BYTES);
        let opened: Result<Box<dyn ImageDecoder + 'bytes>, ImageError> = match self.format {
            // The only decoder whose limits can't be set later.
            ImageFormat::Png => PngDecoder::with_limits(bytes, allocation.clone()).map(boxed),
            ImageFormat::Jpeg => JpegDecoder::new(bytes).map(boxed),
            ImageFormat::Bmp => BmpDecoder::new(bytes).map(boxed),
            ImageFormat::WebP => WebPDecoder::new(bytes).map(boxed),
            _ => GifDecoder::new(bytes).map(boxed),
        };
        let mut decoder = opened.map_err(as_engine_error)?;
        let bytes_per_px = u64::from(decoder.color_type().bytes_per_pixel());
        limits.check(1, decoder.dimensions(), bytes_per_px)?;
        allocation.max_alloc =
            Some(decoder.total_bytes().saturating_mul(2).saturating_add(SIDE_ALLOCATION_BYTES));
        decoder.set_limits(allocation).map_err(as_engine_error)?;
        Ok(decoder)
    }
}

fn boxed<'bytes>(decoder: impl ImageDecoder + 'bytes) -> Box<dyn ImageDecoder + 'bytes> {
    Box::new(decoder)
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err takes")]
fn as_engine_error(error: ImageError) -> EngineError {
    match error {
        ImageError::Unsupported(_) => EngineError::UnsupportedFormat {
            detail: format!(
                "this variant of the format is not read here ({error}); save the picture anew as PNG"
            ),
        },
        _ => EngineError::Damaged { page: 1, detail: error.to_string() },
    }
}

/// Whether a JPEG's end comes after its last scan; decoders fill with grey what is cut off.
fn has_jpeg_end(bytes: &[u8]) -> bool {
    let last = |marker: u8| bytes.windows(2).rposition(|pair| pair == [0xff, marker]);
    // Scans can't hold a marker by chance: after 0xff their data has a zero.
    last(0xd9).is_some_and(|end| last(0xda).is_none_or(|scan| scan < end))
}

/// Whether a GIF has more than one frame: more than one image descriptor among its blocks.
pub(super) fn is_animated_gif(bytes: &[u8]) -> bool {
    image_descriptors(bytes).is_some_and(|frames| frames > 1)
}

fn image_descriptors(bytes: &[u8]) -> Option<u32> {
    let color_table = |flags: u8| {
        if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) }
    };
    let mut rest = bytes.get(13 + color_table(*bytes.get(10)?)..)?;
    let mut frames = 0;
    while frames < 2 {
        let (block, after) = rest.split_first()?;
        let body = match block {
            b'!' => after.get(1..)?,
            b',' => {
                frames += 1;
                let flags = *after.get(8)?;
                after.get(10 + color_table(flags)..)?
            }
            _ => break,
        };
        rest = skip_sub_blocks(body)?;
    }
    Some(frames)
}

fn skip_sub_blocks(mut bytes: &[u8]) -> Option<&[u8]> {
    loop {
        let (length, after) = bytes.split_first()?;
        if *length == 0 {
            return Some(after);
        }
        bytes = after.get(usize::from(*length)..)?;
    }
}
