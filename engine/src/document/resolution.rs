//! Dots per inch as files state them: PNG's `pHYs`, JPEG's JFIF header, EXIF.

/// Resolutions outside this are left-overs of software, not statements about paper.
const PLAUSIBLE_DPI: std::ops::RangeInclusive<f32> = 10.0..=10_000.0;

const INCH_PER_METRE: f32 = 0.0254;
const CM_PER_INCH: f32 = 2.54;

/// The resolution in the header of a PNG or JPEG.
pub(super) fn of_header(bytes: &[u8]) -> Option<f32> {
    if bytes.starts_with(b"\x89PNG") { of_png(bytes) } else { of_jfif(bytes) }
}

/// A resolution in units of TIFF and EXIF: 2 is inch, 3 is centimetre.
pub(super) fn of_unit(per_unit: f32, unit: u32) -> Option<f32> {
    let dpi = match unit {
        2 => per_unit,
        3 => per_unit * CM_PER_INCH,
        _ => return None,
    };
    PLAUSIBLE_DPI.contains(&dpi).then_some(dpi)
}

/// The resolution in a block of EXIF, which is a TIFF directory.
pub(super) fn of_exif(exif: &[u8]) -> Option<f32> {
    const X_RESOLUTION: u32 = 0x011a;
    const RESOLUTION_UNIT: u32 = 0x0128;
    let is_little = match exif.first_chunk::<2>()? {
        b"II" => true,
        b"MM" => false,
        _ => return None,
    };
    let number = |offset: usize, bytes: usize| -> Option<u32> {
        let field = exif.get(offset..offset.checked_add(bytes)?)?;
        let fold = |value: u32, byte: &u8| (value << 8) | u32::from(*byte);
        Some(if is_little { field.iter().rev().fold(0, fold) } else { field.iter().fold(0, fold) })
    };
    let directory = usize::try_from(number(4, 4)?).ok()?;
    let entries = number(directory, 2)?;
    let entry_of = |tag: u32| {
        (0..entries as usize)
            .map(|index| directory.saturating_add(2 + 12 * index))
            .find(|&entry| number(entry, 2) == Some(tag))
    };
    let place = usize::try_from(number(entry_of(X_RESOLUTION)? + 8, 4)?).ok()?;
    let (numerator, denominator) = (number(place, 4)?, number(place.checked_add(4)?, 4)?);
    let unit = entry_of(RESOLUTION_UNIT).and_then(|entry| number(entry + 8, 2)).unwrap_or(2);
    if denominator == 0 {
        return None;
    }
    of_unit(ratio(numerator, denominator), unit)
}

#[expect(clippy::cast_possible_truncation, reason = "a resolution needs no more than f32 holds")]
fn ratio(numerator: u32, denominator: u32) -> f32 {
    (f64::from(numerator) / f64::from(denominator)) as f32
}

fn of_png(bytes: &[u8]) -> Option<f32> {
    let mut rest = bytes.get(8..)?;
    loop {
        let (length, after) = rest.split_first_chunk::<4>()?;
        let (name, data) = after.split_first_chunk::<4>()?;
        match name {
            b"pHYs" => {
                let per_unit = u32::from_be_bytes(*data.first_chunk()?);
                let is_per_metre = *data.get(8)? == 1;
                let dpi = ratio(per_unit, 1) * INCH_PER_METRE;
                return (is_per_metre && PLAUSIBLE_DPI.contains(&dpi)).then_some(dpi);
            }
            b"IDAT" | b"IEND" => return None,
            _ => {}
        }
        let chunk_and_checksum =
            usize::try_from(u32::from_be_bytes(*length)).ok()?.checked_add(4)?;
        rest = data.get(chunk_and_checksum..)?;
    }
}

fn of_jfif(bytes: &[u8]) -> Option<f32> {
    // Start of image, then an APP0 segment whose body begins with `JFIF\0`, two bytes of version and the unit.
    let body = bytes.strip_prefix(b"\xff\xd8\xff\xe0")?.get(2..)?.strip_prefix(b"JFIF\0")?;
    let unit = *body.get(2)?;
    let density = u16::from_be_bytes(*body.get(3..)?.first_chunk()?);
    // JFIF counts inch as 1 and centimetre as 2, one less than EXIF; 0 is no unit, which stays without meaning.
    of_unit(f32::from(density), u32::from(unit) + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn png_states_pixels_per_metre() {
        let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\x09pHYs".to_vec();
        png.extend_from_slice(&11_811_u32.to_be_bytes());
        png.extend_from_slice(&11_811_u32.to_be_bytes());
        png.push(1);

        assert!((of_header(&png).unwrap() - 300.0).abs() < 0.01);
    }

    #[test]
    fn jfif_states_a_density_with_its_unit() {
        let header = |unit: u8| {
            let mut jpeg = b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x02".to_vec();
            jpeg.extend_from_slice(&[unit, 0, 200, 0, 200]);
            jpeg
        };

        assert_eq!(of_header(&header(1)), Some(200.0));
        assert_eq!(of_header(&header(2)), Some(508.0));
        assert_eq!(of_header(&header(0)), None);
    }

    #[test]
    fn broken_headers_state_nothing() {
        for broken in
            [&b""[..], b"\x89PNG", b"\xff\xd8\xff\xe0\0\x10JFIF\0", b"II*\0\xff\xff\xff\xff"]
        {
            assert_eq!(of_header(broken), None);
            assert_eq!(of_exif(broken), None);
        }
    }

    #[test]
    fn exif_is_read_in_both_byte_orders() {
        let mut exif = b"MM\0*\0\0\0\x08\0\x02".to_vec();
        exif.extend_from_slice(b"\x01\x1a\0\x05\0\0\0\x01\0\0\0\x22");
        exif.extend_from_slice(b"\x01\x28\0\x03\0\0\0\x01\0\x02\0\0");
        exif.extend_from_slice(b"\0\0\x01\x2c\0\0\0\x01");

        assert_eq!(of_exif(&exif), Some(300.0));
    }
}
