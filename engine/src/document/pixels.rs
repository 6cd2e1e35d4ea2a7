//! Any pixel layout to RGB on white.
//!
//! Layouts of three bytes or more are changed in place: a large sheet is never in memory twice.

use image::{ColorType, RgbImage};

use crate::error::EngineError;

/// Turns samples in native byte order into RGB.
pub(super) fn to_rgb(
    mut samples: Vec<u8>,
    color: ColorType,
    (width, height): (u32, u32),
) -> Result<RgbImage, EngineError> {
    match color {
        ColorType::Rgb8 => {}
        ColorType::L8 => samples = spread::<1>(&samples, |[grey]| [grey; 3]),
        ColorType::La8 => {
            samples = spread::<2>(&samples, |[grey, alpha]| [on_white(grey, alpha); 3])
        }
        ColorType::L16 => samples = spread::<2>(&samples, |pair| [high(pair); 3]),
        ColorType::Rgba8 => {
            compact::<4>(&mut samples, |[r, g, b, alpha]| [r, g, b].map(|c| on_white(c, alpha)))
        }
        ColorType::La16 => compact::<4>(&mut samples, |[g0, g1, a0, a1]| {
            [on_white(high([g0, g1]), high([a0, a1])); 3]
        }),
        ColorType::Rgb16 => compact::<6>(&mut samples, |[r0, r1, g0, g1, b0, b1]| {
            [high([r0, r1]), high([g0, g1]), high([b0, b1])]
        }),
        ColorType::Rgba16 => compact::<8>(&mut samples, |[r0, r1, g0, g1, b0, b1, a0, a1]| {
            [[r0, r1], [g0, g1], [b0, b1]].map(|pair| on_white(high(pair), high([a0, a1])))
        }),
        other => {
            let detail = format!(
                "pixels of kind {other:?} are not read here; save the picture with 8 bits per colour"
            );
            return Err(EngineError::UnsupportedFormat { detail });
        }
    }
    RgbImage::from_raw(width, height, samples).ok_or_else(|| EngineError::Pixels {
        step: "converting colours",
        detail: format!("a {width} x {height} page of kind {color:?} came with too few samples"),
    })
}

/// Grey samples of 1, 2, 4 or 8 bits, rows padded to whole bytes, through a table of colours.
pub(super) fn unpack(
    packed: &[u8],
    bits: u8,
    (width, height): (u32, u32),
    table: &[[u8; 3]],
) -> Option<RgbImage> {
    if !matches!(bits, 1 | 2 | 4 | 8) {
        return None;
    }
    let per_byte = usize::from(8 / bits);
    let mask = u8::MAX >> (8 - bits);
    let row_bytes = (width as usize).div_ceil(per_byte);
    let mut rgb = Vec::with_capacity(3 * width as usize * height as usize);
    for row in packed.chunks_exact(row_bytes).take(height as usize) {
        for column in 0..width as usize {
            let byte = row.get(column / per_byte)?;
            let shift = 8 - bits * (u8::try_from(column % per_byte).ok()? + 1);
            let index = usize::from((byte >> shift) & mask);
            rgb.extend_from_slice(table.get(index)?);
        }
    }
    RgbImage::from_raw(width, height, rgb)
}

/// The grey steps of a bit depth.
pub(super) fn grey_table(bits: u8) -> Vec<[u8; 3]> {
    let last = (1_u32 << bits.min(8)) - 1;
    (0..=last).map(|step| [u8::try_from(step * 255 / last.max(1)).unwrap_or(u8::MAX); 3]).collect()
}

/// Cyan, magenta, yellow and black ink on paper.
pub(super) fn cmyk_to_rgb([c, m, y, k]: [u8; 4]) -> [u8; 3] {
    [c, m, y].map(|ink| scale(255 - ink, 255 - k))
}

/// A colour of CIE L*a*b* as TIFF's ICC variant stores it: a and b offset by 128, white point D50.
pub(super) fn lab_to_rgb([l, a, b]: [u8; 3]) -> [u8; 3] {
    let lightness = (f32::from(l) / 2.55 + 16.0) / 116.0;
    let cube = |t: f32| {
        if t > 6.0 / 29.0 { t * t * t } else { (t - 4.0 / 29.0) * 3.0 * (6.0_f32 / 29.0).powi(2) }
    };
    let x = 0.9642 * cube(lightness + (f32::from(a) - 128.0) / 500.0);
    let y = cube(lightness);
    let z = 0.8251 * cube(lightness - (f32::from(b) - 128.0) / 200.0);
    [
        gamma(3.1339 * x - 1.6169 * y - 0.4906 * z),
        gamma(-0.9788 * x + 1.9161 * y + 0.0335 * z),
        gamma(0.0719 * x - 0.2290 * y + 1.4052 * z),
    ]
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to a byte's range"
)]
fn gamma(linear: f32) -> u8 {
    let value =
        if linear <= 0.003_130_8 { 12.92 * linear } else { 1.055 * linear.powf(1.0 / 2.4) - 0.055 };
    (value.clamp(0.0, 1.0) * 255.0).round() as u8
}

fn spread<const N: usize>(samples: &[u8], pixel: impl Fn([u8; N]) -> [u8; 3]) -> Vec<u8> {
    let (pixels, _) = samples.as_chunks::<N>();
    let mut rgb = Vec::with_capacity(pixels.len() * 3);
    for &source in pixels {
        rgb.extend_from_slice(&pixel(source));
    }
    rgb
}

/// Rewrites pixels of `N` bytes, at least three, as three bytes over the same memory.
pub(super) fn compact<const N: usize>(samples: &mut Vec<u8>, pixel: impl Fn([u8; N]) -> [u8; 3]) {
    let count = samples.len() / N;
    for index in 0..count {
        // The write ends at 3 * index + 3, never beyond what has been read: N is at least 3.
        let Some(source) = samples.get(index * N..).and_then(|rest| rest.first_chunk::<N>()) else {
            break;
        };
        let rgb = pixel(*source);
        if let Some(target) = samples.get_mut(index * 3..index * 3 + 3) {
            target.copy_from_slice(&rgb);
        }
    }
    samples.truncate(count * 3);
    samples.shrink_to_fit();
}

const fn high(native: [u8; 2]) -> u8 {
    u16::from_ne_bytes(native).to_be_bytes()[0]
}

fn on_white(color: u8, alpha: u8) -> u8 {
    scale(color, alpha).saturating_add(255 - alpha)
}

/// `value * by / 255`, rounded.
fn scale(value: u8, by: u8) -> u8 {
    let product = u16::from(value) * u16::from(by) + 127;
    u8::try_from(product / 255).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transparency_becomes_paper() {
        let image = to_rgb(vec![10, 20, 30, 0, 10, 20, 30, 255], ColorType::Rgba8, (2, 1)).unwrap();

        assert_eq!(image.into_raw(), [255, 255, 255, 10, 20, 30]);
    }

    #[test]
    fn sixteen_bits_keep_their_high_byte() {
        let samples: Vec<u8> =
            [0x1234_u16, 0xffff, 0x00ff].iter().flat_map(|v| v.to_ne_bytes()).collect();

        let image = to_rgb(samples, ColorType::Rgb16, (1, 1)).unwrap();

        assert_eq!(image.into_raw(), [0x12, 0xff, 0x00]);
    }

    #[test]
    fn packed_bits_end_with_their_row() {
        let image = unpack(&[0b1010_0000, 0b0100_0000], 1, (3, 2), &grey_table(1)).unwrap();

        let greys: Vec<u8> = image.pixels().map(|pixel| pixel.0[0]).collect();
        assert_eq!(greys, [255, 0, 255, 0, 255, 0]);
    }

    #[test]
    fn too_few_samples_are_an_error() {
        assert!(to_rgb(vec![0; 5], ColorType::Rgb8, (2, 1)).is_err());
        assert!(unpack(&[0], 1, (3, 2), &grey_table(1)).is_none());
    }

    #[test]
    fn white_and_black_stay_so_in_every_colour_space() {
        assert_eq!(cmyk_to_rgb([0, 0, 0, 0]), [255, 255, 255]);
        assert_eq!(cmyk_to_rgb([0, 0, 0, 255]), [0, 0, 0]);
        assert!(
            lab_to_rgb([255, 128, 128]).iter().all(|&c| c > 250),
            "{:?}",
            lab_to_rgb([255, 128, 128])
        );
        assert!(lab_to_rgb([0, 128, 128]).iter().all(|&c| c < 3));
    }
}
