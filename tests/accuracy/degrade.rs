//! Copies of drawings as they come from scanners, faxes and mail: made here, with a fixed seed.

use std::fs;
use std::io::Cursor;
use std::path::Path;

use cad_tests::scratch::Scratch;
use image::codecs::jpeg::JpegEncoder;
use image::{GrayImage, ImageFormat, Luma};
use serde_json::Value;

/// Spoils a drawing and says how it is stored.
pub(crate) type Spoil = fn(&GrayImage) -> (Vec<u8>, &'static str);

/// A folder with a spoiled copy of every drawing and the truth that belongs to it.
pub(crate) fn copies(drawings: &Path, name: &str, spoil: Spoil) -> Scratch {
    let folder = Scratch::new(name);
    for entry in fs::read_dir(drawings).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let mut truth: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        // The labels of regions name no picture.
        let Some(original) = truth["image"].as_str() else { continue };
        let picture = image::open(drawings.join(original)).unwrap();
        let (bytes, extension) = spoil(&picture.to_luma8());
        let stem = path.file_stem().unwrap().to_str().unwrap();
        let copy = format!("{stem}.{extension}");
        let _ = folder.write(&copy, &bytes);
        truth["image"] = copy.into();
        let _ = folder.write(&format!("{stem}.json"), truth.to_string().as_bytes());
    }
    folder
}

/// As mail programs shrink pictures.
pub(crate) fn jpeg(drawing: &GrayImage) -> (Vec<u8>, &'static str) {
    let mut bytes = Vec::new();
    drawing.write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, 40)).unwrap();
    (bytes, "jpg")
}

/// As a scanner out of focus sees it.
pub(crate) fn blurred(drawing: &GrayImage) -> (Vec<u8>, &'static str) {
    (png(&image::imageops::fast_blur(drawing, 1.0)), "png")
}

/// Laid two degrees askew on the glass.
pub(crate) fn skewed(drawing: &GrayImage) -> (Vec<u8>, &'static str) {
    let (sine, cosine) = 2.0_f32.to_radians().sin_cos();
    let (width, height) = drawing.dimensions();
    let (middle_x, middle_y) = (width as f32 / 2.0, height as f32 / 2.0);
    let turned = GrayImage::from_fn(width, height, |x, y| {
        let (right, down) = (x as f32 - middle_x, y as f32 - middle_y);
        let from_x = middle_x + right * cosine - down * sine;
        let from_y = middle_y + right * sine + down * cosine;
        image::imageops::interpolate_bilinear(drawing, from_x, from_y).unwrap_or(Luma([255]))
    });
    (png(&turned), "png")
}

/// Grey paper, faint ink, and grain.
pub(crate) fn noisy(drawing: &GrayImage) -> (Vec<u8>, &'static str) {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut grain = || {
        // Xorshift: the same grain in every run.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % 31) as f32 - 15.0
    };
    let mut scan = image::imageops::fast_blur(drawing, 0.6);
    for pixel in scan.pixels_mut() {
        let value = 30.0 + f32::from(pixel.0[0]) * 0.82 + grain();
        pixel.0[0] = value.clamp(0.0, 255.0) as u8;
    }
    (png(&scan), "png")
}

fn png(image: &GrayImage) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, ImageFormat::Png).unwrap();
    bytes.into_inner()
}
