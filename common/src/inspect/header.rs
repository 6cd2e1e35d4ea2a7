//! The first bytes of each format, and the page size that they state.

use super::Format;

/// Header sizes that BMP has had; text that begins with "BM" has none of them.
const BMP_HEADER_SIZES: [u32; 8] = [12, 16, 40, 52, 56, 64, 108, 124];

/// What a binary DXF begins with.
const BINARY_DXF: &[u8] = b"AutoCAD Binary DXF\r\n\x1a\0";

/// Comments that a DXF may have before its first section; more are no drawing.
const MOST_DXF_COMMENTS: usize = 64;

/// Bytes of an ASCII DXF in which its first section must begin.
const DXF_HEAD_BYTES: usize = 16 * 1024;

/// The page size as the header has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Size {
    /// In pixels.
    Stated {
        /// From left to right.
        width: u32,
        /// From top to bottom.
        height: u32,
    },
    /// The header ends too early or is none.
    Unreadable,
}

/// Knows a format by its first bytes.
pub(super) fn format_of(bytes: &[u8]) -> Option<Format> {
    match bytes {
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some(Format::Png),
        [0xff, 0xd8, 0xff, ..] => Some(Format::Jpeg),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some(Format::Gif),
        // 42 is TIFF, 43 is BigTIFF.
        [b'I', b'I', 42 | 43, 0, ..] | [b'M', b'M', 0, 42 | 43, ..] => Some(Format::Tiff),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(Format::Webp),
        [b'B', b'M', ..] if bmp_header_size(bytes).is_some() => Some(Format::Bmp),
        _ if begins_pdf(bytes) => Some(Format::Pdf),
        _ if bytes.starts_with(BINARY_DXF) || begins_dxf(bytes) => Some(Format::Dxf),
        _ => None,
    }
}

/// Readers accept white space and a byte order mark before the header.
fn begins_pdf(bytes: &[u8]) -> bool {
    without_mark(bytes).trim_ascii_start().starts_with(b"%PDF-")
}

/// A DXF is lines in pairs, group code and value: comments (code 999), then `0`, `SECTION`.
fn begins_dxf(bytes: &[u8]) -> bool {
    let head = without_mark(bytes);
    let head = head.get(..DXF_HEAD_BYTES).unwrap_or(head);
    let mut lines = head.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    for _ in 0..=MOST_DXF_COMMENTS {
        let mut code = lines.next();
        while code == Some(b"") {
            code = lines.next();
        }
        match (code, lines.next()) {
            (Some(b"999"), Some(_)) => {}
            (Some(b"0"), Some(value)) => return value == b"SECTION",
            _ => return false,
        }
    }
    false
}

fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

/// The page size of a raster image's first page.
pub(super) fn size_of(bytes: &[u8], format: Format) -> Size {
    match format {
        Format::Bmp => return bmp_size(bytes).unwrap_or(Size::Unreadable),
        Format::Jpeg => return jpeg_size(bytes).unwrap_or(Size::Unreadable),
        _ => {}
    }
    let Ok(size) = imagesize::blob_size(bytes) else {
        return Size::Unreadable;
    };
    match (u32::try_from(size.width), u32::try_from(size.height)) {
        (Ok(width), Ok(height)) => Size::Stated { width, height },
        _ => Size::Unreadable,
    }
}

/// `imagesize` gives up at bytes between two segments, which every decoder passes over.
fn jpeg_size(bytes: &[u8]) -> Option<Size> {
    let mut rest = bytes.get(2..)?;
    loop {
        let at = rest.windows(2).position(|pair| matches!(pair, [0xff, 0x01..=0xfe]))?;
        let (marker, segment) = rest.get(at + 1..)?.split_first()?;
        match marker {
            // Start of frame: length, precision, height, width. C4, C8 and CC are tables.
            0xc0..=0xcf if !matches!(marker, 0xc4 | 0xc8 | 0xcc) => {
                let side =
                    |at| segment.get(at..)?.first_chunk().map(|side| u16::from_be_bytes(*side));
                return Some(Size::Stated { width: side(5)?.into(), height: side(3)?.into() });
            }
            // The marker stands alone.
            0x01 | 0xd0..=0xd9 => rest = segment,
            // The segment may hold a thumbnail with a size of its own.
            _ => {
                let length = u16::from_be_bytes(*segment.first_chunk()?);
                rest = segment.get(usize::from(length).max(2)..)?;
            }
        }
    }
}

/// `imagesize` knows neither the oldest header nor pictures stored from the top (negative height).
fn bmp_size(bytes: &[u8]) -> Option<Size> {
    if bmp_header_size(bytes)? == 12 {
        let side =
            |at| little_endian::<2>(bytes, at).map(|side| u32::from(u16::from_le_bytes(side)));
        return Some(Size::Stated { width: side(18)?, height: side(20)? });
    }
    let side = |at| little_endian(bytes, at).map(|side| i32::from_le_bytes(side).unsigned_abs());
    Some(Size::Stated { width: side(18)?, height: side(22)? })
}

fn bmp_header_size(bytes: &[u8]) -> Option<u32> {
    let size = u32::from_le_bytes(little_endian(bytes, 14)?);
    BMP_HEADER_SIZES.contains(&size).then_some(size)
}

fn little_endian<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
}
