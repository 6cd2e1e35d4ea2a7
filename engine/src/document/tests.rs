//! The promises of a page: upright, on white, RGB, whatever the file is made of, and within the limits.
//!
//! Every picture is made here, by an encoder where there is one and byte by byte where there is none.

use image::metadata::Orientation;
use image::{DynamicImage, Rgb, RgbImage};

use super::*;

mod animation;
mod broken;
mod colors;
mod files;
mod limits;
mod pages;
mod upright;

const RED: Rgb<u8> = Rgb([255, 0, 0]);
const GREEN: Rgb<u8> = Rgb([0, 255, 0]);
const BLUE: Rgb<u8> = Rgb([0, 0, 255]);
const BLACK: Rgb<u8> = Rgb([0; 3]);
const WHITE: Rgb<u8> = Rgb([255; 3]);

fn open(bytes: &[u8]) -> Result<Document<'_>, EngineError> {
    Document::open(bytes, &PageLimits::default())
}

fn first_page(bytes: &[u8]) -> Page {
    open(bytes).unwrap().page(1).unwrap()
}

/// Opens and decodes; the error of whichever step fails.
fn failure(bytes: &[u8]) -> EngineError {
    match open(bytes).and_then(|document| document.page(1)) {
        Ok(page) => panic!("read {:?}", page.image.dimensions()),
        Err(error) => error,
    }
}

/// No two corners alike, so that no turn or reflection goes unseen.
fn corners() -> RgbImage {
    let mut picture = RgbImage::from_pixel(32, 16, WHITE);
    for (left, top, color) in [(0, 0, RED), (24, 0, GREEN), (0, 8, BLUE), (24, 8, BLACK)] {
        for (x, y) in (0..8).flat_map(|y| (0..8).map(move |x| (x, y))) {
            picture.put_pixel(left + x, top + y, color);
        }
    }
    picture
}

/// The four corner blocks by their middle pixels.
fn seen_corners(picture: &RgbImage) -> [Rgb<u8>; 4] {
    [(4, 4), (28, 4), (4, 12), (28, 12)].map(|(x, y)| *picture.get_pixel(x, y))
}

fn assert_near(found: Rgb<u8>, expected: Rgb<u8>, most: u8) {
    let is_near = found.0.iter().zip(expected.0).all(|(a, b)| a.abs_diff(b) <= most);
    assert!(is_near, "{found:?} is not {expected:?}");
}

/// The picture as it lies in a file that says to turn it by `exif`.
fn laid_down(upright: &RgbImage, exif: u8) -> RgbImage {
    let undo = match exif {
        6 => 8,
        8 => 6,
        other => other,
    };
    let mut picture = DynamicImage::ImageRgb8(upright.clone());
    picture.apply_orientation(Orientation::from_exif(undo).unwrap());
    picture.into_rgb8()
}
