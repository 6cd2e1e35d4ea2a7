//! What a drawing is, decided by its content, and whether it may go on to the expensive steps.
//!
//! Neither a file's name nor a claimed type is looked at. Only headers are read here; the engine checks
//! the same limits again while it decodes, and counts pages, which takes a parser.

pub mod base64;
mod header;
mod pdf;
pub mod reason;

use self::header::Size;
use self::reason::RejectReason;
use crate::config::shared::LimitsConfig;
use crate::error_code::ErrorCode;

/// The formats that are read here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the variants are the formats' own names")]
pub enum Format {
    Png,
    Jpeg,
    Tiff,
    Bmp,
    Webp,
    Gif,
    Pdf,
    Dxf,
}

impl Format {
    /// The format's media type.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Tiff => "image/tiff",
            Self::Bmp => "image/bmp",
            Self::Webp => "image/webp",
            Self::Gif => "image/gif",
            Self::Pdf => "application/pdf",
            Self::Dxf => "image/vnd.dxf",
        }
    }

    /// Knows a format by its first bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Option<Self> {
        header::format_of(bytes)
    }
}

/// What is known of a drawing before it is decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Inspected {
    /// What it is.
    pub format: Format,
    /// Width of its first page, where the header states it.
    pub width_px: Option<u32>,
    /// Height of its first page, where the header states it.
    pub height_px: Option<u32>,
}

/// An input that is refused; the client has to send another one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct Rejection {
    /// The stable word, also the metric label.
    pub reason: RejectReason,
    /// The error code that goes with it.
    pub code: ErrorCode,
    /// The HTTP status that goes with it.
    pub http_status: u16,
    /// What is wrong and what would be right, for people.
    pub detail: String,
}

impl Rejection {
    /// Refuses for a reason, with the code and status that go with it.
    #[must_use]
    pub fn new(reason: RejectReason, detail: impl Into<String>) -> Self {
        let (code, http_status) = match reason {
            RejectReason::InvalidMime => (ErrorCode::UnsupportedFormat, 415),
            RejectReason::FileTooLarge
            | RejectReason::ImageTooLarge
            | RejectReason::Base64TooLarge
            | RejectReason::PdfPagesExceed => (ErrorCode::InputError, 413),
            RejectReason::ValidationFailed => (ErrorCode::ValidationFailed, 422),
            _ => (ErrorCode::InputError, 400),
        };
        Self { reason, code, http_status, detail: detail.into() }
    }
}

/// Tells what a drawing is, or why it is refused.
///
/// It reads a PDF as a whole, some milliseconds for large ones: not on the async runtime.
///
/// # Errors
/// No bytes, too many bytes or pixels, an unknown format, a header that is cut off, or a PDF that
/// would run something.
pub fn inspect(bytes: &[u8], limits: &LimitsConfig) -> Result<Inspected, Rejection> {
    if bytes.is_empty() {
        return Err(Rejection::new(RejectReason::EmptyFile, "file is empty"));
    }
    if bytes.len() > limits.max_file_bytes {
        let (size, most) = (bytes.len(), limits.max_file_bytes);
        let detail = format!("File too large: {size} bytes, at most {most} are taken");
        return Err(Rejection::new(RejectReason::FileTooLarge, detail));
    }
    let format = Format::of(bytes).ok_or_else(|| {
        let detail =
            "Unsupported MIME type: content is none of PNG, JPEG, TIFF, BMP, WebP, GIF, PDF, DXF";
        Rejection::new(RejectReason::InvalidMime, detail)
    })?;
    match format {
        Format::Dxf => Ok(Inspected { format, width_px: None, height_px: None }),
        Format::Pdf => {
            pdf::refuse_active_content(bytes)?;
            Ok(Inspected { format, width_px: None, height_px: None })
        }
        _ => inspect_raster(bytes, format, limits.max_page_pixels),
    }
}

fn inspect_raster(bytes: &[u8], format: Format, most_px: u64) -> Result<Inspected, Rejection> {
    let corrupt = |problem: &str| {
        let detail = format!("{} header {problem}", format.media_type());
        Rejection::new(RejectReason::CorruptFile, detail)
    };
    match header::size_of(bytes, format) {
        Size::Unreadable => Err(corrupt("is cut off or contradicts itself")),
        Size::Stated { width, height } if width == 0 || height == 0 => {
            Err(corrupt("states a width or height of zero"))
        }
        Size::Stated { width, height } => {
            if u64::from(width) * u64::from(height) > most_px {
                let detail = format!(
                    "image of {width} x {height} pixels is too large, at most {most_px} are read"
                );
                return Err(Rejection::new(RejectReason::ImageTooLarge, detail));
            }
            Ok(Inspected { format, width_px: Some(width), height_px: Some(height) })
        }
    }
}

#[cfg(test)]
mod tests;
