//! The words for why an input was refused: metric labels and the `reason` of problem bodies.

use crate::contract::job::Kind;

/// Why an input was refused, in the original's words where it has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RejectReason {
    /// A field of the request is wrong.
    ValidationFailed,
    /// Neither a file nor base64 nor a URL was sent.
    MissingImage,
    /// The content is of no kind that is read here.
    InvalidMime,
    /// There are no bytes.
    EmptyFile,
    /// More bytes than allowed.
    FileTooLarge,
    /// A page has more pixels than allowed.
    ImageTooLarge,
    /// The file ends before its content does, or its header contradicts itself.
    CorruptFile,
    /// More pages than allowed.
    PdfPagesExceed,
    /// The PDF would run something when opened.
    PdfForbiddenToken,
    /// Not base64, in the one word of `ocr/extract-base64`.
    Base64Invalid,
    /// More bytes after decoding than allowed.
    Base64TooLarge,
    /// Nothing after decoding.
    Base64Empty,
    /// The padding is missing or wrong.
    Base64PaddingError,
    /// A length that no padding can mend.
    Base64InvalidChar,
    /// A character that is not base64's.
    Base64DecodeError,
    /// A scheme other than http and https.
    UrlInvalidScheme,
    /// No URL, or one without a host.
    UrlInvalidFormat,
    /// The address is not public and not allowed by `FETCH_ALLOW_CIDRS`.
    UrlForbiddenAddress,
    /// The server answered 404.
    UrlNotFound,
    /// The server answered 401 or 403.
    UrlForbidden,
    /// The server answered another error, or redirected too often.
    UrlHttpError,
    /// The announced length is more than allowed.
    UrlTooLargeHeader,
    /// The body went on beyond what is allowed.
    UrlTooLargeDownload,
    /// The body has no bytes.
    UrlEmpty,
    /// The server did not answer in time.
    UrlTimeout,
    /// No connection could be made.
    UrlNetworkError,
    /// The connection broke off within the body.
    UrlDownloadError,
}

impl RejectReason {
    /// Every reason, so that each has a series before its first refusal.
    pub const ALL: [Self; 27] = [
        Self::ValidationFailed,
        Self::MissingImage,
        Self::InvalidMime,
        Self::EmptyFile,
        Self::FileTooLarge,
        Self::ImageTooLarge,
        Self::CorruptFile,
        Self::PdfPagesExceed,
        Self::PdfForbiddenToken,
        Self::Base64Invalid,
        Self::Base64TooLarge,
        Self::Base64Empty,
        Self::Base64PaddingError,
        Self::Base64InvalidChar,
        Self::Base64DecodeError,
        Self::UrlInvalidScheme,
        Self::UrlInvalidFormat,
        Self::UrlForbiddenAddress,
        Self::UrlNotFound,
        Self::UrlForbidden,
        Self::UrlHttpError,
        Self::UrlTooLargeHeader,
        Self::UrlTooLargeDownload,
        Self::UrlEmpty,
        Self::UrlTimeout,
        Self::UrlNetworkError,
        Self::UrlDownloadError,
    ];

    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ValidationFailed => "validation_failed",
            Self::MissingImage => "missing_image",
            Self::InvalidMime => "invalid_mime",
            Self::EmptyFile => "empty_file",
            Self::FileTooLarge => "file_too_large",
            Self::ImageTooLarge => "image_too_large",
            Self::CorruptFile => "corrupt_file",
            Self::PdfPagesExceed => "pdf_pages_exceed",
            Self::PdfForbiddenToken => "pdf_forbidden_token",
            Self::Base64Invalid => "base64_invalid",
            Self::Base64TooLarge => "base64_too_large",
            Self::Base64Empty => "base64_empty",
            Self::Base64PaddingError => "base64_padding_error",
            Self::Base64InvalidChar => "base64_invalid_char",
            Self::Base64DecodeError => "base64_decode_error",
            Self::UrlInvalidScheme => "url_invalid_scheme",
            Self::UrlInvalidFormat => "url_invalid_format",
            Self::UrlForbiddenAddress => "url_forbidden_address",
            Self::UrlNotFound => "url_not_found",
            Self::UrlForbidden => "url_forbidden",
            Self::UrlHttpError => "url_http_error",
            Self::UrlTooLargeHeader => "url_too_large_header",
            Self::UrlTooLargeDownload => "url_too_large_download",
            Self::UrlEmpty => "url_empty",
            Self::UrlTimeout => "url_timeout",
            Self::UrlNetworkError => "url_network_error",
            Self::UrlDownloadError => "url_download_error",
        }
    }

    /// The reason as clients of a kind of work know it: `ocr` has one word for all bad base64.
    #[must_use]
    pub const fn seen_by(self, kind: Kind) -> Self {
        match (kind, self) {
            (
                Kind::OcrExtract,
                Self::Base64Empty
                | Self::Base64PaddingError
                | Self::Base64InvalidChar
                | Self::Base64DecodeError,
            ) => Self::Base64Invalid,
            (Kind::OcrExtract, Self::Base64TooLarge) => Self::FileTooLarge,
            (Kind::VisionAnalyze, Self::Base64Invalid) => Self::Base64DecodeError,
            _ => self,
        }
    }
}
