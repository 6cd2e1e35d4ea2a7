//! Files that no client should send, made in code.

use std::io::Cursor;

use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageBuffer, ImageEncoder as _, ImageFormat, Luma};
use tiff::encoder::{TiffEncoder, colortype};

use crate::drawings;

/// Bytes of a PNG up to the end of its header chunk.
const PNG_HEADER_END: usize = 33;

/// Broken and odd files by name; each must end in a clear error or in a reading.
///
/// # Panics
/// An encoder fails.
#[must_use]
pub fn all() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("one_byte.png", b"\x89".to_vec()),
        ("text.png", text_named_png()),
        ("header_only.png", png_header(64, 64)),
        ("truncated.png", truncated_png()),
        ("zero_width.png", png_header(0, 64)),
        ("huge_header.png", huge_header()),
        ("largest_header.png", png_header(0x7fff_ffff, 0x7fff_ffff)),
        ("swapped_bytes.png", swapped(&drawings::small())),
        ("colour_profile_bomb.png", profile_bomb()),
        ("one_pixel.png", drawings::blank(1, 1)),
        ("line.png", drawings::blank(1, 20_000)),
        ("strip.png", drawings::blank(20_000, 2)),
        ("sixteen_bit.png", sixteen_bit()),
        ("cmyk.tif", cmyk_tiff()),
        ("truncated.tif", cut(&drawings::long(1))),
        ("loop.tif", tiff_that_points_to_itself()),
        ("truncated.jpg", cut(&converted(ImageFormat::Jpeg))),
        ("truncated.gif", cut(&converted(ImageFormat::Gif))),
        ("truncated.bmp", cut(&converted(ImageFormat::Bmp))),
        ("truncated.webp", cut(&converted(ImageFormat::WebP))),
    ]
}

/// Prose under a picture's name.
#[must_use]
pub fn text_named_png() -> Vec<u8> {
    b"this is no picture, whatever its name says\n".repeat(20)
}

/// A PNG whose header is whole and whose pixels end early.
#[must_use]
pub fn truncated_png() -> Vec<u8> {
    cut(&drawings::small())
}

/// A PNG that claims 100,000 x 100,000 pixels.
#[must_use]
pub fn huge_header() -> Vec<u8> {
    png_header(100_000, 100_000)
}

/// A small picture in another format.
///
/// # Panics
/// The encoder fails.
#[must_use]
pub fn converted(format: ImageFormat) -> Vec<u8> {
    let image = image::load_from_memory(&drawings::small()).unwrap().into_rgb8();
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn cut(bytes: &[u8]) -> Vec<u8> {
    bytes[..bytes.len() * 2 / 5].to_vec()
}

/// A PNG of a size, without a single pixel.
fn png_header(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = drawings::blank(1, 1);
    bytes[16..20].copy_from_slice(&width.to_be_bytes());
    bytes[20..24].copy_from_slice(&height.to_be_bytes());
    let checksum = crc32(&bytes[12..29]);
    bytes[29..PNG_HEADER_END].copy_from_slice(&checksum.to_be_bytes());
    bytes
}

/// Turns every thousandth byte after the header around.
fn swapped(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for byte in bytes.iter_mut().skip(PNG_HEADER_END + 100).step_by(1000) {
        *byte = !*byte;
    }
    bytes
}

/// A small PNG with a colour profile that unpacks to 300 MB.
fn profile_bomb() -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = PngEncoder::new(&mut bytes);
    encoder.set_icc_profile(vec![0; 300_000_000]).unwrap();
    encoder.write_image(&[255; 64 * 64], 64, 64, ExtendedColorType::L8).unwrap();
    bytes
}

fn sixteen_bit() -> Vec<u8> {
    let image = image::load_from_memory(&drawings::small()).unwrap().into_luma16();
    let image: ImageBuffer<Luma<u16>, Vec<u16>> = image;
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, ImageFormat::Png).unwrap();
    bytes.into_inner()
}

fn cmyk_tiff() -> Vec<u8> {
    let image = image::load_from_memory(&drawings::small()).unwrap().into_luma8();
    let inks: Vec<u8> = image.pixels().flat_map(|pixel| [0, 0, 0, 255 - pixel.0[0]]).collect();
    let mut bytes = Cursor::new(Vec::new());
    let mut encoder = TiffEncoder::new(&mut bytes).unwrap();
    encoder.write_image::<colortype::CMYK8>(image.width(), image.height(), &inks).unwrap();
    bytes.into_inner()
}

/// A TIFF whose last page names the first as the next one.
fn tiff_that_points_to_itself() -> Vec<u8> {
    let mut bytes = cmyk_tiff();
    let first = u32::from_le_bytes(bytes[4..8].try_into().unwrap());
    let at = first as usize;
    let entries = usize::from(u16::from_le_bytes(bytes[at..at + 2].try_into().unwrap()));
    let next = at + 2 + entries * 12;
    bytes[next..next + 4].copy_from_slice(&first.to_le_bytes());
    bytes
}

/// The checksum of PNG chunks.
fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
        }
    }
    !crc
}
