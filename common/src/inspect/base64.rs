//! Drawings sent as base64 text.
//!
//! Taken are the standard alphabet with padding, as a plain text or a `data:` URI, and white space in
//! it, because `base64 drawing.png` breaks its lines. Refused with a reason each are missing padding, the
//! URL-safe alphabet and everything else.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Rejection;
use super::reason::RejectReason;

/// Decodes a drawing of `max_bytes` at most; what is longer is refused before it is decoded.
///
/// # Errors
/// The text is no base64, decodes to nothing, or to too much.
pub fn decode_base64(text: &str, max_bytes: usize) -> Result<Vec<u8>, Rejection> {
    let text = payload(text)?;
    let digits = text.bytes().filter(|byte| !byte.is_ascii_whitespace() && *byte != b'=').count();
    if digits == 0 {
        return Err(Rejection::new(RejectReason::Base64Empty, "Base64 payload empty"));
    }
    // Four digits carry three bytes.
    let size = digits / 4 * 3 + digits % 4 * 3 / 4;
    if size > max_bytes {
        let detail = format!("Base64 image too large: {size} bytes, at most {max_bytes} are taken");
        return Err(Rejection::new(RejectReason::Base64TooLarge, detail));
    }
    let compact: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    STANDARD.decode(&compact).map_err(|_| refusal(&compact))
}

/// The part that carries the bytes, without the head of a `data:` URI.
fn payload(text: &str) -> Result<&str, Rejection> {
    let text = text.trim();
    let is_uri = text.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("data:"));
    if !is_uri {
        return Ok(text);
    }
    match text.split_once(',') {
        Some((head, payload)) if head.ends_with(";base64") => Ok(payload),
        _ => Err(invalid(RejectReason::Base64DecodeError, "data: URI is not base64")),
    }
}

/// The original's words, by what it measured for each kind of fault.
fn refusal(compact: &[u8]) -> Rejection {
    let digits = compact.iter().take_while(|byte| **byte != b'=').count();
    let padding = compact.len() - digits;
    let is_digit = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/".contains(byte);
    let is_clean = compact.iter().take(digits).all(is_digit);
    match digits % 4 {
        1 if is_clean && padding == 0 => {
            invalid(RejectReason::Base64InvalidChar, "length is one more than a multiple of four")
        }
        2 | 3 if is_clean && padding == 0 => {
            invalid(RejectReason::Base64PaddingError, "padding is missing")
        }
        _ => invalid(RejectReason::Base64DecodeError, "use the standard alphabet with padding"),
    }
}

fn invalid(reason: RejectReason, problem: &str) -> Rejection {
    Rejection::new(reason, format!("Invalid base64 image data: {problem}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn reason(text: &str, max_bytes: usize) -> &'static str {
        decode_base64(text, max_bytes).unwrap_err().reason.as_str()
    }

    #[test]
    fn plain_text_and_data_uri_carry_the_same_bytes() {
        for text in
            ["aGVsbG8=", " aGVsbG8=\n", "data:image/png;base64,aGVsbG8=", "DATA:;base64,aGVsbG8="]
        {
            assert_eq!(decode_base64(text, 100).unwrap(), b"hello", "{text}");
        }
    }

    #[test]
    fn broken_lines_are_taken_because_the_base64_command_breaks_them() {
        assert_eq!(decode_base64("aGVs\r\nbG8=\n", 100).unwrap(), b"hello");
    }

    #[test]
    fn faults_have_the_originals_words() {
        let cases = [
            ("", "base64_empty"),
            ("====", "base64_empty"),
            ("data:image/png;base64,", "base64_empty"),
            ("aGVsbG8", "base64_padding_error"),
            ("aGVsb", "base64_invalid_char"),
            ("@@@", "base64_decode_error"),
            ("@@@not_base64@@@", "base64_decode_error"),
            ("aGVs_-8=", "base64_decode_error"),
            ("aGVsbG8==", "base64_decode_error"),
            ("aGVsbG8=aGVs", "base64_decode_error"),
            ("äöü=", "base64_decode_error"),
            ("data:image/png,aGVsbG8=", "base64_decode_error"),
        ];
        for (text, expected) in cases {
            assert_eq!(reason(text, 100), expected, "{text}");
        }
    }

    #[test]
    fn limit_is_taken_and_one_more_byte_is_not() {
        for size in 0..20_usize {
            let text = STANDARD.encode(vec![7; size + 1]);

            assert_eq!(decode_base64(&text, size + 1).unwrap().len(), size + 1);
            assert_eq!(reason(&text, size), "base64_too_large", "{size}");
        }
    }

    #[test]
    fn too_large_is_said_before_anything_is_decoded() {
        let text = "@".repeat(2_000_000);

        assert_eq!(reason(&text, 1_048_576), "base64_too_large");
    }

    proptest! {
        #[test]
        fn any_text_is_decoded_within_the_limit_or_refused(text in "\\PC{0,64}", max_bytes in 0_usize..40) {
            if let Ok(bytes) = decode_base64(&text, max_bytes) {
                prop_assert!(!bytes.is_empty() && bytes.len() <= max_bytes);
            }
        }

        #[test]
        fn any_bytes_survive_the_way(bytes in prop::collection::vec(any::<u8>(), 1..300)) {
            prop_assert_eq!(decode_base64(&STANDARD.encode(&bytes), 300).unwrap(), bytes);
        }
    }
}
