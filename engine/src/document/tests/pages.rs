//! TIFFs: many pages, one bit, palettes, inks, the compressions of fax machines and plotters.

use std::io::Cursor;

use ::tiff::encoder::{Compression, TiffEncoder, colortype};

use super::files::{TiffPage, tiff};
use super::*;

fn pixels(page: TiffPage) -> Vec<[u8; 3]> {
    first_page(&tiff(&[page])).image.pixels().map(|pixel| pixel.0).collect()
}

#[test]
fn every_page_is_read_in_its_order() {
    let colors = [RED, GREEN, BLUE];
    let pages = colors.map(|color| TiffPage::rgb(&RgbImage::from_pixel(3, 2, color)));
    let file = tiff(&pages);
    let document = open(&file).unwrap();

    assert_eq!(document.page_count(), 3);
    assert!(document.warnings().is_empty());
    for (number, color) in (1..).zip(colors) {
        let page = document.page(number).unwrap();
        assert_eq!((page.number, *page.image.get_pixel(1, 1)), (number, color));
    }
    assert!(matches!(document.page(0), Err(EngineError::NoSuchPage { .. })));
    assert!(matches!(document.page(4), Err(EngineError::NoSuchPage { page: 4, pages: 3 })));
}

#[test]
fn pages_beyond_the_limit_give_a_warning() {
    let file = tiff(&vec![TiffPage::rgb(&RgbImage::new(2, 2)); 5]);
    let limits = PageLimits { max_pages: 3, ..PageLimits::default() };

    let document = Document::open(&file, &limits).unwrap();

    assert_eq!(document.page_count(), 3);
    assert_eq!(document.warnings()[0].code, WarningCode::PageLimitReached);
}

#[test]
fn a_directory_that_leads_back_to_the_first_is_damage() {
    let mut file = tiff(&[TiffPage::grey((1, 1), 8, &[7])]);
    let next_at = 8 + 2 + 12 * 11;
    file[next_at..next_at + 4].copy_from_slice(&8_u32.to_le_bytes());

    assert!(matches!(failure(&file), EngineError::Damaged { page: 1, .. }));
}

#[test]
fn one_bit_is_black_or_white_by_what_the_file_calls_zero() {
    let bits = [0b1010_0000, 0b0101_0000];
    let black_is_zero = TiffPage::grey((4, 2), 1, &bits);
    let white_is_zero = TiffPage { photometric: 0, ..black_is_zero.clone() };
    let [w, b] = [[255; 3], [0; 3]];

    assert_eq!(pixels(black_is_zero), [w, b, w, b, b, w, b, w]);
    assert_eq!(pixels(white_is_zero), [b, w, b, w, w, b, w, b]);
}

#[test]
fn palettes_of_four_and_eight_bits_are_looked_up() {
    let map = |colors: usize| {
        let mut map = vec![0_u16; 3 * colors];
        (map[1], map[colors + 2], map[2 * colors + 3]) = (0xffff, 0xffff, 0xffff);
        map
    };
    let four =
        TiffPage { photometric: 3, color_map: map(16), ..TiffPage::grey((3, 1), 4, &[0x12, 0x30]) };
    let eight =
        TiffPage { photometric: 3, color_map: map(256), ..TiffPage::grey((3, 1), 8, &[1, 2, 3]) };

    assert_eq!(pixels(four), [RED.0, GREEN.0, BLUE.0]);
    assert_eq!(pixels(eight), [RED.0, GREEN.0, BLUE.0]);
}

#[test]
fn inks_are_printed_on_paper() {
    let page = TiffPage {
        size: (3, 1),
        bits: vec![8; 4],
        photometric: 5,
        strip: vec![0, 0, 0, 0, 0, 255, 0, 0, 0, 0, 0, 255],
        ..TiffPage::rgb(&RgbImage::new(1, 1))
    };

    assert_eq!(pixels(page), [[255; 3], [255, 0, 255], [0; 3]]);
}

#[test]
fn fax_compression_of_group_4_is_read() {
    // Two rows of four white and four black pixels: horizontal mode with runs of 4 and 4, then twice
    // "as above", then the end of the block.
    let strip = vec![0x36, 0xf0, 0x01, 0x00, 0x10];
    let page = TiffPage { compression: 4, photometric: 0, ..TiffPage::grey((8, 2), 1, &strip) };

    let row = [[255; 3], [255; 3], [255; 3], [255; 3], [0; 3], [0; 3], [0; 3], [0; 3]];
    assert_eq!(pixels(page), [row, row].concat());
}

#[test]
fn the_usual_compressions_are_read() {
    let compressions = [
        ("lzw", Compression::Lzw),
        ("packbits", Compression::Packbits),
        ("deflate", Compression::Deflate(Default::default())),
    ];
    for (name, compression) in compressions {
        let mut bytes = Cursor::new(Vec::new());
        let mut encoder = TiffEncoder::new(&mut bytes).unwrap().with_compression(compression);
        encoder.write_image::<colortype::RGB8>(32, 16, corners().as_raw()).unwrap();

        assert_eq!(first_page(bytes.get_ref()).image, corners(), "{name}");
    }
}

#[test]
fn sixteen_bits_become_eight() {
    let samples = [0x00, 0x80, 0xff, 0xff];

    assert_eq!(pixels(TiffPage::grey((2, 1), 16, &samples)), [[0x80; 3], [0xff; 3]]);
}

#[test]
fn one_broken_page_does_not_cost_the_others() {
    let good = TiffPage::rgb(&corners());
    let broken = TiffPage { compression: 5, strip: vec![0xff; 9], ..good.clone() };
    let file = tiff(&[good.clone(), broken, good]);
    let document = open(&file).unwrap();

    assert!(matches!(document.page(2), Err(EngineError::Damaged { page: 2, .. })));
    assert_eq!(document.page(3).unwrap().image, corners());
}
