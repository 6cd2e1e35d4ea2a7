//! Binary DXF, written out as the text that it stands for.

use std::fmt::Write as _;

use encoding_rs::Encoding;

/// What a binary DXF begins with.
pub(super) const MARK: &[u8] = b"AutoCAD Binary DXF\r\n\x1a\0";

/// The text of a binary file, as far as it can be read.
pub(super) fn to_text(body: &[u8], encoding: &'static Encoding) -> Option<String> {
    let mut text = String::with_capacity(2 * body.len());
    // Since R13 a group code has two bytes; the first is that of `SECTION`, zero.
    let is_wide = body.get(1) == Some(&0);
    let mut rest = body;
    while let Some((code, value)) = code(rest, is_wide) {
        let Some(after) = write_value(&mut text, code, value, encoding) else { break };
        rest = after;
    }
    (!text.is_empty()).then_some(text)
}

fn code(bytes: &[u8], is_wide: bool) -> Option<(u16, &[u8])> {
    let (first, after) = bytes.split_first()?;
    match (is_wide, first) {
        (false, 0..=254) => Some((u16::from(*first), after)),
        (false, _) => two(after),
        (true, _) => two(bytes),
    }
}

fn two(bytes: &[u8]) -> Option<(u16, &[u8])> {
    let (code, after) = bytes.split_first_chunk()?;
    Some((u16::from_le_bytes(*code), after))
}

/// Writes one pair and gives what follows it.
fn write_value<'a>(
    text: &mut String,
    code: u16,
    bytes: &'a [u8],
    encoding: &'static Encoding,
) -> Option<&'a [u8]> {
    let (value, after) = match code {
        10..=59 | 110..=149 | 210..=239 | 460..=469 | 1010..=1059 => {
            let (value, after) = bytes.split_first_chunk()?;
            (f64::from_le_bytes(*value).to_string(), after)
        }
        60..=79 | 170..=179 | 270..=289 | 370..=389 | 400..=409 | 1060..=1070 => {
            let (value, after) = bytes.split_first_chunk()?;
            (i16::from_le_bytes(*value).to_string(), after)
        }
        90..=99 | 420..=429 | 440..=459 | 1071 => {
            let (value, after) = bytes.split_first_chunk()?;
            (i32::from_le_bytes(*value).to_string(), after)
        }
        160..=169 => {
            let (value, after) = bytes.split_first_chunk()?;
            (i64::from_le_bytes(*value).to_string(), after)
        }
        290..=299 => {
            let (value, after) = bytes.split_first()?;
            (value.to_string(), after)
        }
        310..=319 | 1004 => {
            let (length, after) = bytes.split_first()?;
            (String::new(), after.get(usize::from(*length)..)?)
        }
        _ => {
            let end = bytes.iter().position(|byte| *byte == 0)?;
            let (value, after) = bytes.split_at_checked(end)?;
            let value = match std::str::from_utf8(value) {
                Ok(value) => value.to_owned(),
                Err(_) => encoding.decode(value).0.into_owned(),
            };
            (value.replace(['\n', '\r'], " "), after.get(1..)?)
        }
    };
    writeln!(text, "{code}\n{value}").ok()?;
    Some(after)
}
