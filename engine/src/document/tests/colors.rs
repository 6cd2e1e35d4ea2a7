//! Every way to store a colour ends in the colour that a person sees on paper.

use std::io::Cursor;

use image::{ImageBuffer, ImageFormat, Luma, LumaA, Rgba};

use super::files::{bmp, cmyk_jpeg, png};
use super::*;

fn encoded(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn pixels(bytes: &[u8]) -> Vec<[u8; 3]> {
    first_page(bytes).image.pixels().map(|pixel| pixel.0).collect()
}

#[test]
fn transparency_lies_on_white() {
    let picture =
        ImageBuffer::from_fn(3, 1, |x, _| Rgba([0_u8, 0, 200, [0, 128, 255][x as usize]]));

    for format in [ImageFormat::Png, ImageFormat::WebP] {
        let seen = pixels(&encoded(&picture.clone().into(), format));

        assert_eq!(seen[0], [255; 3], "{format:?}");
        assert_near(Rgb(seen[1]), Rgb([127, 127, 227]), 1);
        assert_eq!(seen[2], [0, 0, 200], "{format:?}");
    }
}

#[test]
fn transparent_grey_lies_on_white() {
    let picture = ImageBuffer::from_fn(2, 1, |x, _| LumaA([60_u8, [0, 255][x as usize]]));

    let seen = pixels(&encoded(&DynamicImage::ImageLumaA8(picture), ImageFormat::Png));

    assert_eq!(seen, [[255; 3], [60; 3]]);
}

#[test]
fn sixteen_bits_become_eight() {
    let grey = ImageBuffer::from_pixel(1, 1, Luma([0x8000_u16]));
    let color = ImageBuffer::from_pixel(1, 1, Rgb([0xffff_u16, 0x1234, 0]));
    let see_through = ImageBuffer::from_pixel(1, 1, Rgba([0_u16, 0, 0, 0]));

    let seen = |picture: DynamicImage| pixels(&encoded(&picture, ImageFormat::Png));

    assert_eq!(seen(DynamicImage::ImageLuma16(grey)), [[0x80; 3]]);
    assert_eq!(seen(DynamicImage::ImageRgb16(color)), [[0xff, 0x12, 0]]);
    assert_eq!(seen(DynamicImage::ImageRgba16(see_through)), [[255; 3]]);
}

#[test]
fn grey_is_the_same_in_all_channels() {
    let picture = ImageBuffer::from_fn(3, 1, |x, _| Luma([[0_u8, 99, 255][x as usize]]));

    let seen = pixels(&encoded(&DynamicImage::ImageLuma8(picture), ImageFormat::Png));

    assert_eq!(seen, [[0; 3], [99; 3], [255; 3]]);
}

#[test]
fn palettes_are_looked_up() {
    let file =
        png((4, 1), 2, 3, &[255, 255, 255, 255, 0, 0, 0, 255, 0, 0, 0, 255], &[0, 0b0001_1011]);

    assert_eq!(pixels(&file), [[255; 3], [255, 0, 0], [0, 255, 0], [0, 0, 255]]);
}

#[test]
fn one_bit_is_black_or_white() {
    assert_eq!(pixels(&png((3, 1), 1, 0, &[], &[0, 0b0100_0000])), [[0; 3], [255; 3], [0; 3]]);
}

#[test]
fn inks_of_a_jpeg_are_printed_on_paper() {
    let page = first_page(&cmyk_jpeg());

    assert_eq!(page.image.dimensions(), (8, 8));
    assert_near(*page.image.get_pixel(4, 4), Rgb([255, 0, 255]), 3);
}

#[test]
fn a_bitmap_lies_from_the_bottom_or_from_the_top() {
    let (below, above) = ([0, 0, 255, 0], [255, 0, 0, 0]);

    assert_eq!(pixels(&bmp((1, 2), &[above, below].concat())), [RED.0, BLUE.0]);
    assert_eq!(pixels(&bmp((1, -2), &[above, below].concat())), [BLUE.0, RED.0]);
}
