//! How a file is opened, by what its content is: a name or a claimed type proves nothing.

use cad_common::inspect::Format;
use image::ImageFormat;

use crate::error::EngineError;

/// A way to open a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// One picture, in a format of the image crate.
    Raster(ImageFormat),
    /// Any number of pages of pixels.
    Tiff,
    /// Any number of pages to be drawn.
    Pdf,
    /// One sheet to be drawn, with its text.
    Dxf,
}

/// Recognises a file by its first bytes, or says what it is instead.
pub(super) fn detect(bytes: &[u8]) -> Result<Kind, EngineError> {
    Ok(match Format::of(bytes) {
        Some(Format::Png) => Kind::Raster(ImageFormat::Png),
        Some(Format::Jpeg) => Kind::Raster(ImageFormat::Jpeg),
        Some(Format::Bmp) => Kind::Raster(ImageFormat::Bmp),
        Some(Format::Webp) => Kind::Raster(ImageFormat::WebP),
        Some(Format::Gif) => Kind::Raster(ImageFormat::Gif),
        Some(Format::Tiff) => Kind::Tiff,
        Some(Format::Pdf) => Kind::Pdf,
        Some(Format::Dxf) => Kind::Dxf,
        None => return Err(not_read(other_kind(bytes))),
    })
}

fn not_read(what: &str) -> EngineError {
    EngineError::UnsupportedFormat {
        detail: format!(
            "the content is {what}; read here are PNG, JPEG, TIFF, BMP, WebP, GIF, PDF and DXF"
        ),
    }
}

/// Kinds that users send and that deserve another answer than "unknown".
fn other_kind(bytes: &[u8]) -> &'static str {
    let text = bytes.get(..bytes.len().min(1024)).unwrap_or_default().trim_ascii_start();
    if bytes.starts_with(b"AC10") {
        return "a DWG: save it as DXF or PDF first";
    }
    if text.starts_with(b"<svg")
        || (text.starts_with(b"<?xml") && text.windows(4).any(|part| part == b"<svg"))
    {
        return "an SVG: save it as PDF or PNG first";
    }
    if bytes.get(4..8) == Some(b"ftyp") {
        return "HEIC, AVIF or a video: save it as PNG or JPEG first";
    }
    if bytes.starts_with(b"PK\x03\x04") {
        return "a ZIP archive: send the files inside";
    }
    "no drawing of a known kind"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(bytes: &[u8]) -> String {
        detect(bytes).unwrap_err().to_string()
    }

    #[test]
    fn vector_drawings_are_known_by_their_content() {
        assert_eq!(detect(b"%PDF-1.7\n").unwrap(), Kind::Pdf);
        assert_eq!(detect(b"  0\r\nSECTION\r\n  2\r\nHEADER\r\n").unwrap(), Kind::Dxf);
    }

    #[test]
    fn kinds_that_are_not_read_say_what_to_do() {
        assert!(refusal(b"AC1032\0\0").contains("a DWG"));
        assert!(refusal(b"<?xml version='1.0'?><svg/>").contains("an SVG"));
        assert!(refusal(b"\0\0\0\x18ftypheic").contains("HEIC"));
        assert!(refusal(b"BM is also the start of a sentence").contains("no drawing"));
    }
}
