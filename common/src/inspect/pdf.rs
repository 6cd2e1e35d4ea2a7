//! PDFs that would run something when opened.
//!
//! Names are compared as a whole and with their `#xx` escapes undone, so that `/J#61vaScript` is found
//! and the font `/AAAAAB+Arial` is not; and with their case, because PDF names have one. The data of
//! streams is passed over: compressed bytes look like any short name by chance. What hides in compressed
//! object streams isn't looked for: nothing here runs a PDF's actions.

use super::Rejection;
use super::reason::RejectReason;

/// Names that make a reader run something.
const FORBIDDEN: [&[u8]; 5] = [b"JavaScript", b"JS", b"AA", b"OpenAction", b"Launch"];

/// Longest forbidden name with every character escaped; longer names are none.
const LONGEST_NAME: usize = 3 * 10;

/// Refuses a PDF that has a forbidden name outside its streams.
pub(super) fn refuse_active_content(bytes: &[u8]) -> Result<(), Rejection> {
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|byte| matches!(byte, b'/' | b's')) {
        let (before, from) = rest.split_at(at);
        rest = from.get(1..).unwrap_or_default();
        if from.starts_with(b"/") {
            refuse_name(rest)?;
        } else if let Some(after) = after_stream(before, from) {
            rest = after;
        }
    }
    Ok(())
}

fn refuse_name(text: &[u8]) -> Result<(), Rejection> {
    let end = text.iter().take(LONGEST_NAME + 1).position(|byte| is_delimiter(*byte));
    let Some(raw) = text.get(..end.unwrap_or(text.len())).filter(|raw| raw.len() <= LONGEST_NAME)
    else {
        return Ok(());
    };
    let name = unescaped(raw);
    if !FORBIDDEN.contains(&name.as_slice()) {
        return Ok(());
    }
    let detail = format!("PDF forbidden token detected: /{}", String::from_utf8_lossy(&name));
    Err(Rejection::new(RejectReason::PdfForbiddenToken, detail))
}

/// What ends a name: white space and the characters that begin something else.
const fn is_delimiter(byte: u8) -> bool {
    matches!(
        byte,
        0 | b'\t'
            | b'\n'
            | 0x0c
            | b'\r'
            | b' '
            | b'('
            | b')'
            | b'<'
            | b'>'
            | b'['
            | b']'
            | b'{'
            | b'}'
            | b'/'
            | b'%'
    )
}

fn unescaped(raw: &[u8]) -> Vec<u8> {
    let mut name = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        let escaped = after.first_chunk::<2>().and_then(|digits| hexadecimal(*digits));
        match escaped {
            Some(value) if *byte == b'#' => {
                name.push(value);
                rest = after.get(2..).unwrap_or_default();
            }
            _ => name.push(*byte),
        }
    }
    name
}

fn hexadecimal(digits: [u8; 2]) -> Option<u8> {
    let text = std::str::from_utf8(&digits).ok()?;
    u8::from_str_radix(text, 16).ok()
}

/// What follows a stream's data, if one begins at `from`: the keyword stands right after a dictionary,
/// ends its line, and has its end.
fn after_stream<'a>(before: &[u8], from: &'a [u8]) -> Option<&'a [u8]> {
    let data = from.strip_prefix(b"stream")?;
    let begins =
        before.trim_ascii_end().ends_with(b">>") && matches!(data.first(), Some(b'\r' | b'\n'));
    if !begins {
        return None;
    }
    let end = data.windows(b"endstream".len()).position(|window| window == b"endstream")?;
    data.get(end + b"endstream".len()..)
}
