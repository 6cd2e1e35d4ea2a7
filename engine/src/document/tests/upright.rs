//! Cameras and scanners store a picture lying down and say how to turn it.

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::codecs::webp::WebPEncoder;
use image::{ExtendedColorType, ImageEncoder};

use super::files::{TiffPage, exif, tiff};
use super::*;

fn encoded(picture: &RgbImage, exif: Vec<u8>, mut encoder: impl ImageEncoder) {
    encoder.set_exif_metadata(exif).unwrap();
    let (width, height) = picture.dimensions();
    encoder.write_image(picture, width, height, ExtendedColorType::Rgb8).unwrap();
}

#[test]
fn every_exif_orientation_of_a_png_gives_the_same_page() {
    for orientation in 1..=8 {
        let mut png = Vec::new();
        encoded(&laid_down(&corners(), orientation), exif(orientation), PngEncoder::new(&mut png));

        assert_eq!(first_page(&png).image, corners(), "orientation {orientation}");
    }
}

#[test]
fn every_exif_orientation_of_a_webp_gives_the_same_page() {
    for orientation in 1..=8 {
        let mut webp = Vec::new();
        let stored = laid_down(&corners(), orientation);
        encoded(&stored, exif(orientation), WebPEncoder::new_lossless(&mut webp));

        assert_eq!(first_page(&webp).image, corners(), "orientation {orientation}");
    }
}

#[test]
fn every_exif_orientation_of_a_jpeg_gives_the_same_page() {
    for orientation in 1..=8 {
        let mut jpeg = Vec::new();
        let stored = laid_down(&corners(), orientation);
        encoded(&stored, exif(orientation), JpegEncoder::new_with_quality(&mut jpeg, 100));

        let page = first_page(&jpeg);

        assert_eq!(page.image.dimensions(), (32, 16), "orientation {orientation}");
        for (found, expected) in
            seen_corners(&page.image).into_iter().zip([RED, GREEN, BLUE, BLACK])
        {
            assert_near(found, expected, 24);
        }
    }
}

#[test]
fn every_orientation_of_a_tiff_gives_the_same_page() {
    for orientation in 1..=8 {
        let mut page = TiffPage::rgb(&laid_down(&corners(), orientation));
        page.orientation = orientation.into();

        let read = first_page(&tiff(&[page]));

        assert_eq!(read.image, corners(), "orientation {orientation}");
    }
}

#[test]
fn an_orientation_that_does_not_exist_turns_nothing() {
    for orientation in [0, 9, 255] {
        let mut png = Vec::new();
        encoded(&corners(), exif(orientation), PngEncoder::new(&mut png));

        assert_eq!(first_page(&png).image, corners(), "orientation {orientation}");
    }
}
