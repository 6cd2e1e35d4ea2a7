//! A header is a claim: it is refused before anything of its size is allocated.

use super::files::{TiffPage, bmp, png, tiff};
use super::*;

fn gif_header(side: u16) -> Vec<u8> {
    let [low, high] = side.to_le_bytes();
    let mut file = b"GIF89a".to_vec();
    file.extend_from_slice(&[low, high, low, high, 0, 0, 0]);
    file.extend_from_slice(&[b',', 0, 0, 0, 0, low, high, low, high, 0, 2, 2, 0x4c, 0x01, 0, b';']);
    file
}

#[test]
fn a_page_of_thousands_of_millions_of_pixels_is_refused_by_its_header() {
    let tiff_page = TiffPage { size: (100_000, 100_000), ..TiffPage::grey((1, 1), 8, &[0]) };
    let files = [
        ("png", png((100_000, 100_000), 8, 2, &[], &[0])),
        ("bmp", bmp((60_000, 60_000), &[])),
        ("tiff", tiff(&[tiff_page])),
        ("gif", gif_header(u16::MAX)),
    ];

    for (name, file) in files {
        let error = open(&file).unwrap_err();

        assert!(matches!(error, EngineError::PageTooLarge { page: 1, .. }), "{name}: {error}");
    }
}

#[test]
fn a_later_page_that_is_too_large_is_refused_alone() {
    let small = TiffPage::rgb(&corners());
    let huge = TiffPage { size: (100_000, 100_000), ..small.clone() };
    let file = tiff(&[small, huge]);
    let document = open(&file).unwrap();

    assert!(document.page(1).is_ok());
    assert!(matches!(document.page(2), Err(EngineError::PageTooLarge { page: 2, .. })));
}

#[test]
fn each_limit_is_named_when_it_is_passed() {
    let limits = PageLimits {
        max_pixels: 1000,
        max_side_px: 100,
        max_decoded_bytes: 2000,
        ..PageLimits::default()
    };
    let refusal = |size, bytes_per_px| limits.check(1, size, bytes_per_px).unwrap_err().to_string();

    assert!(refusal((101, 1), 1).contains("100 pixels on a side"));
    assert!(refusal((50, 50), 1).contains("1000 pixels"));
    assert!(refusal((30, 30), 8).contains("2000 decoded bytes"));
    assert!(limits.check(1, (30, 30), 2).is_ok());
}

#[test]
fn a_limit_of_the_caller_holds_for_the_header() {
    let file = bmp((64, 64), &[0; 64 * 64 * 3]);
    let limits = PageLimits { max_pixels: 64 * 64 - 1, ..PageLimits::default() };

    assert!(open(&file).is_ok());
    assert!(matches!(Document::open(&file, &limits), Err(EngineError::PageTooLarge { .. })));
}
