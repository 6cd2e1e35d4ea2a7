//! Accepted and refused inputs, the original's cases among them.
//!
//! Of the original's `input_reject` cases those that need an HTTP request (a missing image, a wrong
//! threshold, the status of a validator's error) are the API's; those of URLs run in `fetch/tests.rs`.

use ::base64::Engine as _;
use ::base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use serde::Deserialize;

use super::base64::decode_base64;
use super::*;

/// One line of `original_cases.jsonl`: what the original's test sends and what holds here.
#[derive(Debug, Deserialize)]
struct Case {
    source: String,
    base64: Option<String>,
    base64_of: Option<Repeated>,
    text: Option<String>,
    hex: Option<String>,
    bytes_of: Option<Repeated>,
    max_base64_bytes: Option<usize>,
    reason: Option<String>,
    detail: Option<String>,
    http_status: Option<u16>,
    accepted: Option<String>,
    decision: String,
    why: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Repeated {
    repeat: String,
    bytes: usize,
}

impl Repeated {
    fn text(&self) -> String {
        self.repeat.repeat(self.bytes)
    }
}

fn limits() -> LimitsConfig {
    LimitsConfig {
        max_file_bytes: 50 * 1024 * 1024,
        max_base64_bytes: 1_048_576,
        max_pages: 20,
        max_page_pixels: 200_000_000,
        fetch_allow: Vec::new(),
    }
}

fn unhex(text: &str) -> Vec<u8> {
    let digit = |c: char| u8::try_from(c.to_digit(16).unwrap()).unwrap();
    let digits: Vec<_> = text.chars().map(digit).collect();
    digits.chunks(2).map(|pair| pair[0] * 16 + pair[1]).collect()
}

impl Case {
    /// `None` when the case is no matter of bytes.
    fn outcome(&self) -> Option<Result<Inspected, Rejection>> {
        let max_bytes = self.max_base64_bytes.unwrap_or(limits().max_base64_bytes);
        if let Some(text) = &self.base64 {
            let bytes = decode_base64(text, max_bytes);
            return Some(bytes.and_then(|bytes| inspect(&bytes, &limits())));
        }
        if let Some(repeated) = &self.base64_of {
            let bytes = decode_base64(&STANDARD.encode(repeated.text()), max_bytes);
            return Some(bytes.and_then(|bytes| inspect(&bytes, &limits())));
        }
        let bytes = match self {
            Self { text: Some(text), .. } => text.clone().into_bytes(),
            Self { hex: Some(hex), .. } => unhex(hex),
            Self { bytes_of: Some(repeated), .. } => repeated.text().into_bytes(),
            _ => return None,
        };
        Some(inspect(&bytes, &limits()))
    }
}

#[test]
fn originals_cases_hold_or_are_changed_for_a_reason() {
    let cases = include_str!("original_cases.jsonl").lines().map(|line| {
        serde_json::from_str::<Case>(line).unwrap_or_else(|error| panic!("{line}: {error}"))
    });
    for case in cases {
        assert!(case.decision == "kept" || case.why.is_some(), "{}: changed, but why", case.source);
        match case.outcome() {
            None => {}
            Some(Ok(inspected)) => {
                assert_eq!(
                    Some(inspected.format.media_type()),
                    case.accepted.as_deref(),
                    "{}",
                    case.source
                );
            }
            Some(Err(rejection)) => {
                assert_eq!(
                    Some(rejection.reason.as_str()),
                    case.reason.as_deref(),
                    "{}",
                    case.source
                );
                let detail = case.detail.unwrap_or_default();
                assert!(rejection.detail.to_lowercase().contains(&detail), "{}", case.source);
                assert_eq!(
                    rejection.http_status,
                    case.http_status.unwrap_or(rejection.http_status)
                );
            }
        }
    }
}

/// The shortest header of each raster format that states 640 x 480.
fn headers() -> [(Format, Vec<u8>); 8] {
    let tiff_little =
        "49492a00080000000200000104000100000080020000010104000100000 0e00100000000000000";
    let tiff_big = "4d4d002a000000080002010000030000000102800000010100030000000101e0000000000000";
    [
        (Format::Png, unhex("89504e470d0a1a0a0000000d4948445200000280000001e00802000000")),
        (Format::Jpeg, unhex("ffd8ffe000104a46494600010100000100010000ffc0000b0801e0028001011100")),
        (Format::Gif, unhex("4749463839618002e001f70000")),
        (Format::Webp, unhex("524946461a000000574542505650384c0d0000002f7fc2770000000000000000")),
        (
            Format::Bmp,
            unhex(
                "424d00000000000000003600000028000000800200 00e0010000010018"
                    .replace(' ', "")
                    .as_str(),
            ),
        ),
        (Format::Bmp, unhex("424d00000000000000001a0000000c0000008002e00101001800")),
        (Format::Tiff, unhex(&tiff_little.replace(' ', ""))),
        (Format::Tiff, unhex(tiff_big)),
    ]
}

#[test]
fn each_raster_format_is_known_by_its_header_and_states_its_size() {
    for (format, bytes) in headers() {
        let inspected =
            inspect(&bytes, &limits()).unwrap_or_else(|error| panic!("{format:?}: {error}"));

        assert_eq!(inspected, Inspected { format, width_px: Some(640), height_px: Some(480) });
    }
}

#[test]
fn picture_stored_from_the_top_has_its_height() {
    let mut bytes = headers()[4].1.clone();
    bytes[22..26].copy_from_slice(&(-480_i32).to_le_bytes());

    assert_eq!(inspect(&bytes, &limits()).unwrap().height_px, Some(480));
}

#[test]
fn jpeg_states_its_own_size_and_not_its_thumbnails() {
    let thumbnail = "ffe10013ffd8ffc0000b0800100010010111 00ffd9";
    let junk = "00ab00ff00";
    let frame = "ffffffc2000b0801e0028001011100";
    let bytes = unhex(&format!("ffd8{thumbnail}{junk}{frame}").replace(' ', ""));

    let inspected = inspect(&bytes, &limits()).unwrap();

    assert_eq!((inspected.width_px, inspected.height_px), (Some(640), Some(480)));
}

#[test]
fn headers_that_are_cut_off_are_refused_at_every_length() {
    for (format, bytes) in headers() {
        for length in 1..bytes.len() {
            if let Err(rejection) = inspect(&bytes[..length], &limits()) {
                let reason = rejection.reason;
                assert!(
                    matches!(reason, RejectReason::CorruptFile | RejectReason::InvalidMime),
                    "{format:?} cut at {length}: {reason:?}"
                );
            }
        }
        assert!(inspect(&bytes[..9], &limits()).is_err(), "{format:?}");
    }
}

#[test]
fn vector_formats_are_known() {
    let drawings: [(&[u8], Format); 7] = [
        (b"%PDF-1.7\n1 0 obj", Format::Pdf),
        (b"\xef\xbb\xbf\r\n%PDF-1.4", Format::Pdf),
        (b"  0\r\nSECTION\r\n  2\r\nHEADER\r\n", Format::Dxf),
        (b"999\nmade by hand\n999\n\n0\nSECTION\n", Format::Dxf),
        (b"\xef\xbb\xbf0\nSECTION\n2\nENTITIES\n", Format::Dxf),
        (b"\n\n0\nSECTION\n", Format::Dxf),
        (b"AutoCAD Binary DXF\r\n\x1a\0\0SECTION", Format::Dxf),
    ];
    for (bytes, format) in drawings {
        let known = inspect(bytes, &limits()).map(|inspected| inspected.format);
        assert_eq!(known, Ok(format), "{}", String::from_utf8_lossy(bytes));
    }
}

#[test]
fn what_is_no_drawing_is_an_unsupported_type() {
    let others: [&[u8]; 10] = [
        b"plain text in a file named x.png",
        b"<?xml version=\"1.0\"?><svg xmlns=\"http://www.w3.org/2000/svg\"/>",
        b"<!DOCTYPE html><html></html>",
        b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0",
        b"BM is how this text begins, and nothing else of it is a bitmap at all",
        b"RIFF\x10\0\0\0WAVEfmt ",
        b"GIF90a\x01\0\x01\0",
        b"0\nSECTIONS\n",
        b"999\n",
        &[0; 65_536],
    ];
    for bytes in others {
        let rejection = inspect(bytes, &limits()).unwrap_err();

        assert_eq!(
            rejection.reason,
            RejectReason::InvalidMime,
            "{}",
            String::from_utf8_lossy(bytes)
        );
        assert_eq!((rejection.code, rejection.http_status), (ErrorCode::UnsupportedFormat, 415));
    }
}

#[test]
fn endless_comments_are_no_drawing() {
    let comments = b"999\nx\n".repeat(10_000);

    assert_eq!(inspect(&comments, &limits()).unwrap_err().reason, RejectReason::InvalidMime);
}

#[test]
fn empty_file_has_its_own_word() {
    let rejection = inspect(b"", &limits()).unwrap_err();

    assert_eq!((rejection.reason, rejection.http_status), (RejectReason::EmptyFile, 400));
}

#[test]
fn hundred_thousand_pixels_square_are_refused_by_the_header_alone() {
    let png = unhex("89504e470d0a1a0a0000000d49484452000186a0000186a00802000000");

    let rejection = inspect(&png, &limits()).unwrap_err();

    assert_eq!((rejection.reason, rejection.http_status), (RejectReason::ImageTooLarge, 413));
    assert!(rejection.detail.contains("100000 x 100000"));
}

#[test]
fn pixel_limit_itself_is_taken() {
    let within = LimitsConfig { max_page_pixels: 640 * 480, ..limits() };
    let below = LimitsConfig { max_page_pixels: 640 * 480 - 1, ..limits() };

    for (format, bytes) in headers() {
        assert!(inspect(&bytes, &within).is_ok(), "{format:?}");
        assert_eq!(inspect(&bytes, &below).unwrap_err().reason, RejectReason::ImageTooLarge);
    }
}

#[test]
fn active_pdfs_are_refused_however_the_name_is_written() {
    let bodies = [
        "<< /OpenAction 3 0 R >>",
        "<</S/JavaScript/JS(app.alert)>>",
        "<</S /J#61vaScript>>",
        "<</#4a#53 (x)>>",
        "<</AA<<>>>>",
        "<</S/Launch>>",
        "/JS",
        "<</Length 3>>\nstream\nabc\nendstream\n<</AA 1 0 R>>",
        "<</Length 3>> stream without its end /AA ",
        "(stream\n /AA endstream)",
    ];
    for body in bodies {
        let rejection = inspect(format!("%PDF-1.4\n{body}").as_bytes(), &limits()).unwrap_err();

        assert_eq!(rejection.reason, RejectReason::PdfForbiddenToken, "{body}");
    }
}

#[test]
fn harmless_pdfs_pass_however_much_a_name_looks_like_another() {
    let bodies = [
        "<</BaseFont/AAAAAB+Arial>>",
        "<</PageMode/UseNone/PageLabels 2 0 R>>",
        "<</JSX 1/AAA 2/Launcher 3/OpenActions 4/aa 5>>",
        "<</J#ZZ 1/JS#20 2>>",
        "<</Length 9>>\nstream\nxx/AA /JS \nendstream",
        "<</Filter/FlateDecode>>stream\r\n/JS /AA /Launch \r\nendstream endobj",
        "/JavaScriptJavaScriptJavaScriptJavaScript",
    ];
    for body in bodies {
        let outcome = inspect(format!("%PDF-1.4\n{body}").as_bytes(), &limits());

        assert!(outcome.is_ok(), "{body}: {outcome:?}");
    }
}

#[test]
fn every_reason_has_a_word_of_its_own() {
    let words: std::collections::HashSet<_> =
        RejectReason::ALL.into_iter().map(RejectReason::as_str).collect();

    assert_eq!(words.len(), RejectReason::ALL.len());
}

/// Bytes that begin as a drawing and go on at random.
fn nearly_drawings() -> impl Strategy<Value = Vec<u8>> {
    let mut heads: Vec<Vec<u8>> = headers().into_iter().map(|(_, bytes)| bytes).collect();
    heads.extend([b"%PDF-1.4\n<</".to_vec(), b"999\n".to_vec(), b"II\x2b\0\x08\0\0\0".to_vec()]);
    let tail = prop::collection::vec(any::<u8>(), 0..200);
    (prop::sample::select(heads), any::<prop::sample::Index>(), tail).prop_map(
        |(head, cut, tail)| {
            let kept = cut.index(head.len() + 1);
            [&head[..kept], &tail].concat()
        },
    )
}

proptest! {
    #[test]
    fn any_bytes_are_taken_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = inspect(&bytes, &limits());
    }

    #[test]
    fn any_bytes_after_a_good_beginning_are_taken_or_refused(bytes in nearly_drawings()) {
        if let Ok(Inspected { width_px: Some(width), height_px: Some(height), .. }) = inspect(&bytes, &limits()) {
            prop_assert!(u64::from(width) * u64::from(height) <= limits().max_page_pixels);
        }
    }
}
