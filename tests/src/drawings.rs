//! Pictures to send: the drawings of `tests/drawings`, parts of them, and some made here.

use std::fs;
use std::io::Cursor;
use std::path::PathBuf;

use image::{DynamicImage, GrayImage, ImageFormat, Luma, imageops};
use tiff::encoder::compression::DeflateLevel;
use tiff::encoder::{Compression, TiffEncoder, colortype};

use crate::scratch::in_repository;

/// Size of a part: enough for some dimensions, and read in a fraction of a second.
const PART: (u32, u32) = (560, 420);

/// A drawing with much on it, in sheet size A3.
const FULL: &str = "oamr_motor_bracket.png";

/// The drawings, by name.
///
/// # Panics
/// The directory is missing.
#[must_use]
pub fn all() -> Vec<PathBuf> {
    let entries =
        fs::read_dir(in_repository("tests/drawings")).expect("tests/drawings is there").flatten();
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|is| is == "png"))
        .collect();
    paths.sort();
    paths
}

/// A whole drawing, some seconds of work.
///
/// # Panics
/// It is missing.
#[must_use]
pub fn full() -> Vec<u8> {
    fs::read(in_repository("tests/drawings").join(FULL)).expect("tests/drawings has the drawing")
}

/// A part of a drawing, a fraction of a second's work.
///
/// # Panics
/// There are no drawings.
#[must_use]
pub fn small() -> Vec<u8> {
    let image = open(&in_repository("tests/drawings").join(FULL));
    png(&densest_parts(&image, 1).remove(0))
}

/// The same drawing on many pages: work that takes long, and can be stopped between any two steps.
///
/// # Panics
/// There are no drawings.
#[must_use]
pub fn long(pages: usize) -> Vec<u8> {
    let image = open(&in_repository("tests/drawings").join(FULL));
    let (width, height) = image.dimensions();
    let mut bytes = Cursor::new(Vec::new());
    let compression = Compression::Deflate(DeflateLevel::Fast);
    let mut encoder = TiffEncoder::new(&mut bytes).unwrap().with_compression(compression);
    for _ in 0..pages {
        encoder.write_image::<colortype::Gray8>(width, height, image.as_raw()).unwrap();
    }
    bytes.into_inner()
}

/// Different parts of all drawings, those with most on them first, as PNG.
///
/// # Panics
/// There are too few drawings.
#[must_use]
pub fn parts(count: usize) -> Vec<Vec<u8>> {
    let drawings = all();
    let per_drawing = count.div_ceil(drawings.len());
    let mut parts = Vec::new();
    for path in &drawings {
        parts.extend(densest_parts(&open(path), per_drawing).iter().map(png));
    }
    assert!(parts.len() >= count, "tests/drawings holds {} parts, not {count}", parts.len());
    parts.truncate(count);
    parts
}

/// A picture whose bytes order something of the fake provider of `cad bench worker`.
#[must_use]
pub fn order(word: &str) -> Vec<u8> {
    [blank(8, 8).as_slice(), word.as_bytes()].concat()
}

/// A white sheet as PNG.
#[must_use]
pub fn blank(width: u32, height: u32) -> Vec<u8> {
    png(&GrayImage::from_pixel(width, height, Luma([255])))
}

/// A picture as PNG.
///
/// # Panics
/// It has no pixels.
#[must_use]
pub fn png(image: &GrayImage) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, ImageFormat::Png).unwrap();
    bytes.into_inner()
}

fn open(path: &PathBuf) -> GrayImage {
    image::open(path)
        .map(DynamicImage::into_luma8)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Cuts a sheet into parts and gives those with most ink.
fn densest_parts(image: &GrayImage, count: usize) -> Vec<GrayImage> {
    let (width, height) = PART;
    let mut parts = Vec::new();
    for top in (0..=image.height().saturating_sub(height)).step_by(height as usize) {
        for left in (0..=image.width().saturating_sub(width)).step_by(width as usize) {
            let part = imageops::crop_imm(image, left, top, width, height).to_image();
            let ink = part.pixels().filter(|pixel| pixel.0[0] < 128).count();
            parts.push((ink, part));
        }
    }
    parts.sort_by_key(|(ink, _)| std::cmp::Reverse(*ink));
    parts.into_iter().take(count).map(|(_, part)| part).collect()
}
