//! Animated pictures: their first frame, and a word about the others.

use image::codecs::gif::GifEncoder;
use image::{Delay, Frame, Rgba, RgbaImage};

use super::*;

fn gif(frames: &[[u8; 4]]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = GifEncoder::new(&mut bytes);
    for color in frames {
        let picture = RgbaImage::from_pixel(4, 3, Rgba(*color));
        encoder
            .encode_frame(Frame::from_parts(picture, 0, 0, Delay::from_numer_denom_ms(50, 1)))
            .unwrap();
    }
    drop(encoder);
    bytes
}

#[test]
fn an_animated_gif_gives_its_first_frame_and_a_warning() {
    let file = gif(&[[255, 0, 0, 255], [0, 0, 255, 255], [0, 255, 0, 255]]);
    let document = open(&file).unwrap();

    assert_eq!(document.page_count(), 1);
    assert_eq!(document.warnings()[0].code, WarningCode::FirstFrameOnly);
    assert_eq!(*document.page(1).unwrap().image.get_pixel(2, 1), RED);
}

#[test]
fn a_still_gif_gives_no_warning() {
    let file = gif(&[[0, 0, 255, 255]]);
    let document = open(&file).unwrap();

    assert!(document.warnings().is_empty());
    assert_eq!(*document.page(1).unwrap().image.get_pixel(2, 1), BLUE);
}
