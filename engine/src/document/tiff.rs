//! TIFF documents: every page, every colour kind that scanners and plotters write.
//!
//! The tiff crate is used directly: the image crate reads the first page only, and no palettes.

use std::borrow::Cow;
use std::io::Cursor;

use image::{DynamicImage, RgbImage, metadata::Orientation};
use tiff::ColorType;
use tiff::TiffError;
use tiff::decoder::{Decoder, DecodingResult, Limits};
use tiff::tags::Tag;

use super::{Page, PageLimits, pixels, resolution};
use crate::error::EngineError;

/// Largest value of one tag; strip tables of large sheets are far smaller.
const MAX_TAG_BYTES: usize = 16 << 20;

/// The photometric interpretation "the sample is an index into the colour map".
const PALETTE: u16 = 3;

type Pages<'bytes> = Decoder<Cursor<Cow<'bytes, [u8]>>>;

/// A document whose directory has been read.
#[derive(Debug)]
pub(super) struct Tiff<'bytes> {
    bytes: &'bytes [u8],
}

impl<'bytes> Tiff<'bytes> {
    /// Counts the pages, up to one more than the limit, and checks the first.
    pub(super) fn open(
        bytes: &'bytes [u8],
        limits: &PageLimits,
    ) -> Result<(Self, u32), EngineError> {
        let tiff = Self { bytes };
        let mut decoder =
            open_pages(Cow::Borrowed(bytes), limits).map_err(|error| as_engine_error(1, error))?;
        let size = decoder.dimensions().map_err(|error| as_engine_error(1, error))?;
        limits.check(1, size, 1)?;
        let mut pages = 1;
        // A later directory that is broken ends the document; the pages before it are still worth reading.
        while pages <= limits.max_pages && decoder.more_images() && decoder.next_image().is_ok() {
            pages += 1;
        }
        Ok((tiff, pages))
    }

    pub(super) fn page(&self, number: u32, limits: &PageLimits) -> Result<Page, EngineError> {
        let failed = |error| as_engine_error(number, error);
        let index = usize::try_from(number.saturating_sub(1)).unwrap_or(usize::MAX);
        let mut decoder = open_pages(Cow::Borrowed(self.bytes), limits).map_err(failed)?;
        decoder.seek_to_image(index).map_err(failed)?;
        let size = decoder.dimensions().map_err(failed)?;
        limits.check(number, size, 1)?;
        let orientation = find_unsigned(&mut decoder, Tag::Orientation)
            .and_then(|value| Orientation::from_exif(u8::try_from(value).ok()?))
            .unwrap_or(Orientation::NoTransforms);
        let dpi = decoder.get_tag_f32(Tag::XResolution).ok().and_then(|per_unit| {
            resolution::of_unit(
                per_unit,
                find_unsigned(&mut decoder, Tag::ResolutionUnit).unwrap_or(2),
            )
        });
        let palette = self.palette(&mut decoder);
        if palette.is_some() {
            let grey =
                self.with_grey_page(&mut decoder).ok_or_else(|| damaged(number, "no directory"))?;
            decoder = open_pages(Cow::Owned(grey), limits).map_err(failed)?;
            decoder.seek_to_image(index).map_err(failed)?;
        }
        let rgb = decode(&mut decoder, number, limits, palette.as_deref())?;
        let mut image = DynamicImage::ImageRgb8(rgb);
        image.apply_orientation(orientation);
        Ok(Page::of_pixels(number, image.into_rgb8(), dpi))
    }

    /// The colour map of a palette page: all reds, then all greens, then all blues, 16 bits each.
    fn palette(&self, decoder: &mut Pages<'bytes>) -> Option<Vec<[u8; 3]>> {
        if find_unsigned(decoder, Tag::PhotometricInterpretation) != Some(u32::from(PALETTE)) {
            return None;
        }
        let map = decoder.get_tag_u16_vec(Tag::ColorMap).ok()?;
        let (reds, rest) = map.split_at_checked(map.len() / 3)?;
        let (greens, blues) = rest.split_at_checked(map.len() / 3)?;
        let high = |value: &u16| value.to_be_bytes()[0];
        let colors = reds.iter().zip(greens).zip(blues);
        Some(colors.map(|((red, green), blue)| [high(red), high(green), high(blue)]).collect())
    }

    /// A copy of the file in which the current page says that its indices are grey values.
    ///
    /// The tiff crate refuses palettes, but only for the lack of a colour kind for them.
    fn with_grey_page(&self, decoder: &mut Pages<'bytes>) -> Option<Vec<u8>> {
        const BLACK_IS_ZERO: u16 = 1;
        let is_little = self.bytes.starts_with(b"II");
        let is_big_tiff = self.bytes.get(if is_little { 2 } else { 3 }) == Some(&43);
        let directory = usize::try_from(decoder.ifd_pointer()?.0).ok()?;
        let (count_bytes, entry_bytes, value_at) =
            if is_big_tiff { (8, 20, 12) } else { (2, 12, 8) };
        let short = |value: u16| {
            if is_little { value.to_le_bytes() } else { value.to_be_bytes() }
        };
        let tag = short(Tag::PhotometricInterpretation.to_u16());
        let entries = self.bytes.get(directory.checked_add(count_bytes)?..)?;
        let index = entries.chunks_exact(entry_bytes).position(|entry| entry.starts_with(&tag))?;
        let place = directory + count_bytes + index * entry_bytes + value_at;
        let mut copy = self.bytes.to_vec();
        copy.get_mut(place..place + 2)?.copy_from_slice(&short(BLACK_IS_ZERO));
        Some(copy)
    }
}

fn open_pages<'bytes>(
    bytes: Cow<'bytes, [u8]>,
    limits: &PageLimits,
) -> Result<Pages<'bytes>, TiffError> {
    let most = usize::try_from(limits.max_decoded_bytes).unwrap_or(usize::MAX);
    let mut allocation = Limits::default();
    allocation.decoding_buffer_size = most;
    allocation.intermediate_buffer_size = most;
    allocation.ifd_value_size = MAX_TAG_BYTES;
    Ok(Decoder::new(Cursor::new(bytes))?.with_limits(allocation))
}

fn find_unsigned(decoder: &mut Pages<'_>, tag: Tag) -> Option<u32> {
    decoder.find_tag_unsigned(tag).ok().flatten()
}

/// Decodes the current page and turns its samples into RGB.
fn decode(
    decoder: &mut Pages<'_>,
    number: u32,
    limits: &PageLimits,
    palette: Option<&[[u8; 3]]>,
) -> Result<RgbImage, EngineError> {
    let failed = |error| as_engine_error(number, error);
    let size = decoder.dimensions().map_err(failed)?;
    let color = decoder.colortype().map_err(failed)?;
    limits.check(number, size, bytes_per_px(color))?;
    let mut samples = DecodingResult::U8(Vec::new());
    let layout = decoder.read_image_to_buffer(&mut samples).map_err(failed)?;
    if layout.planes > 1 {
        return Err(unsupported(number, "stores its colours in separate planes"));
    }
    let bytes = match samples {
        DecodingResult::U8(bytes) => bytes,
        DecodingResult::U16(values) => {
            values.into_iter().map(|value| value.to_be_bytes()[0]).collect()
        }
        DecodingResult::F32(values) => values.into_iter().map(float_to_byte).collect(),
        _ => {
            return Err(unsupported(number, "stores samples of a kind that drawings don't use"));
        }
    };
    to_rgb(bytes, color, size, palette)
        .ok_or_else(|| unsupported(number, &format!("has colours of kind {color:?}")))
}

fn bytes_per_px(color: ColorType) -> u64 {
    u64::from(color.bit_depth()).saturating_mul(u64::from(color.num_samples())).div_ceil(8).max(1)
}

/// Samples of at most 8 bits to RGB; none for colour kinds that have no meaning here.
fn to_rgb(
    mut samples: Vec<u8>,
    color: ColorType,
    size: (u32, u32),
    palette: Option<&[[u8; 3]]>,
) -> Option<RgbImage> {
    use image::ColorType as Out;
    if let ColorType::Gray(bits @ (1 | 2 | 4)) = color {
        return pixels::unpack(&samples, bits, size, palette.unwrap_or(&pixels::grey_table(bits)));
    }
    if let Some(table) = palette {
        return pixels::unpack(&samples, 8, size, table);
    }
    let layout = match color {
        ColorType::Gray(8 | 16 | 32) => Out::L8,
        ColorType::GrayA(8 | 16) => Out::La8,
        ColorType::RGB(8 | 16 | 32) => Out::Rgb8,
        ColorType::RGBA(8 | 16) => Out::Rgba8,
        // The decoder's JPEG step has turned these into RGB already.
        ColorType::YCbCr(8) => Out::Rgb8,
        ColorType::CMYK(8 | 16) => {
            pixels::compact::<4>(&mut samples, pixels::cmyk_to_rgb);
            Out::Rgb8
        }
        ColorType::Lab(8) => {
            pixels::compact::<3>(&mut samples, pixels::lab_to_rgb);
            Out::Rgb8
        }
        _ => return None,
    };
    pixels::to_rgb(samples, layout, size).ok()
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to a byte's range"
)]
fn float_to_byte(value: f32) -> u8 {
    (value.clamp(0.0, 1.0) * 255.0).round() as u8
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err takes")]
fn as_engine_error(page: u32, error: TiffError) -> EngineError {
    match error {
        TiffError::UnsupportedError(_) => {
            unsupported(page, &format!("is of an unusual kind ({error})"))
        }
        _ => damaged(page, &error.to_string()),
    }
}

fn damaged(page: u32, detail: &str) -> EngineError {
    EngineError::Damaged { page, detail: detail.to_owned() }
}

fn unsupported(page: u32, what: &str) -> EngineError {
    EngineError::UnsupportedFormat {
        detail: format!(
            "page {page} of the TIFF {what}; save it anew with plain RGB or grey pixels"
        ),
    }
}
