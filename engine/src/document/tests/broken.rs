//! Broken files: an error that says so, never a panic, never a page made up.

use std::io::Cursor;

use image::ImageFormat;

use super::files::{TiffPage, tiff};
use super::*;

/// Noise, so that no compression makes the file end before its middle.
fn noise() -> DynamicImage {
    let mut state = 1_u32;
    let picture = RgbImage::from_fn(64, 64, |_, _| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        Rgb([24, 16, 8].map(|shift| (state >> shift) as u8))
    });
    DynamicImage::ImageRgb8(picture)
}

fn encoded(format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    noise().write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

const FORMATS: [ImageFormat; 6] = [
    ImageFormat::Png,
    ImageFormat::Jpeg,
    ImageFormat::Bmp,
    ImageFormat::WebP,
    ImageFormat::Gif,
    ImageFormat::Tiff,
];

#[test]
fn a_file_cut_in_half_is_damaged() {
    for format in FORMATS {
        let whole = encoded(format);
        assert_eq!(first_page(&whole).image.dimensions(), (64, 64), "{format:?}");

        let error = failure(&whole[..whole.len() / 2]);

        assert!(matches!(error, EngineError::Damaged { page: 1, .. }), "{format:?}: {error}");
    }
}

#[test]
fn a_file_cut_anywhere_never_panics() {
    for format in FORMATS {
        let whole = encoded(format);
        for length in (0..whole.len()).step_by(97).chain(0..64) {
            let read = open(&whole[..length]).and_then(|document| document.page(1));

            if let Err(error) = read {
                assert!(!error.code().opens_circuit(), "{format:?} cut at {length}: {error}");
            }
        }
    }
}

#[test]
fn flipped_bytes_never_panic() {
    for format in FORMATS {
        let whole = encoded(format);
        for place in (0..whole.len()).step_by(211).chain(0..120) {
            let mut bent = whole.clone();
            bent[place] ^= 0x5a;

            if let Err(error) = open(&bent).and_then(|document| document.page(1)) {
                assert!(!error.code().opens_circuit(), "{format:?} bent at {place}: {error}");
            }
        }
    }
}

#[test]
fn a_decoder_that_panics_costs_an_error() {
    let result: Result<(), _> = guarded(3, || panic!("as decoders do"));

    assert!(matches!(result, Err(EngineError::Damaged { page: 3, .. })));
}

#[test]
fn no_bytes_are_an_empty_file() {
    assert!(matches!(open(b""), Err(EngineError::EmptyFile)));
}

#[test]
fn a_strip_that_lies_beyond_the_file_is_damage() {
    let mut file = tiff(&[TiffPage::rgb(&corners())]);
    file.truncate(file.len() - 700);

    assert!(matches!(failure(&file), EngineError::Damaged { page: 1, .. }));
}
