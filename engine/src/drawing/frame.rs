//! Geometrical tolerances: feature control frames and the words for their characteristics.

use cad_common::contract::symbol::ControlFrame;

use super::cursor::Cursor;

mod characteristics;
mod zone;

use characteristics::{SIGNS, WORDS};
use zone::Joint;

/// The characteristic of a frame whose sign was not read.
pub(super) const UNKNOWN: &str = "unknown";

/// Widest tolerance zone believed, in the sheet's unit; larger figures are dimensions.
const WIDEST_ZONE: f64 = 5.0;

/// Widest zone believed where only the datums behind it tell a frame from a dimension.
const WIDEST_UNSIGNED_ZONE: f64 = 1.5;

/// Widest flatness believed where the sign was read as a square.
const WIDEST_FLATNESS: f64 = 0.5;

/// Reads a characteristic by sign or word, with its tolerance and datums where they follow.
pub(super) fn frame(cursor: &mut Cursor<'_>) -> Option<ControlFrame> {
    let mut ahead = *cursor;
    let characteristic = SIGNS
        .iter()
        .find(|(sign, _)| ahead.eat_text(sign))
        .or_else(|| WORDS.iter().find(|(word, _)| ahead.eat_word(&[word])))
        .map(|(_, characteristic)| *characteristic)
        .or_else(|| misread_flatness(&mut ahead))?;
    ahead.eat_text("公差");
    *cursor = ahead;
    let bare =
        ControlFrame { characteristic: characteristic.to_owned(), ..ControlFrame::default() };
    let Some(zone) = zone::zone(&mut ahead, Joint::Glued)
        .filter(|zone| zone.tolerance.is_some_and(|value| value <= WIDEST_ZONE))
    else {
        return (!is_slashes_alone(cursor) && !is_at_figure(*cursor)).then_some(bare);
    };
    if is_at_tolerance(ahead) {
        return Some(bare);
    }
    *cursor = ahead;
    Some(ControlFrame { characteristic: bare.characteristic, ..zone })
}

/// Reads a square whose figure is too small for a section: the parallelogram of flatness.
fn misread_flatness(cursor: &mut Cursor<'_>) -> Option<&'static str> {
    let mut ahead = *cursor;
    if !ahead.eat(&['□']) {
        return None;
    }
    let mut behind = ahead;
    let zone = zone::zone(&mut behind, Joint::Parted)?;
    let is_small = zone.tolerance.is_some_and(|value| value > 0.0 && value <= WIDEST_FLATNESS);
    if !is_small || zone.is_diameter_zone || !zone.datums.is_empty() {
        return None;
    }
    *cursor = ahead;
    Some("flatness")
}

/// Reads the lower segment of a composite frame: a tighter zone under the same sign.
pub(super) fn segment(cursor: &mut Cursor<'_>, upper: &ControlFrame) -> Option<ControlFrame> {
    let is_composite =
        matches!(upper.characteristic.as_str(), "position" | "profile_surface" | "profile_line");
    if !is_composite {
        return None;
    }
    let mut ahead = *cursor;
    let zone = zone::zone(&mut ahead, Joint::Parted)?;
    let is_tighter = zone.tolerance <= upper.tolerance && zone.tolerance > Some(0.0);
    let is_cell = !zone.datums.is_empty() || zone.is_diameter_zone && upper.is_diameter_zone;
    if !(is_tighter && is_cell) {
        return None;
    }
    *cursor = ahead;
    Some(ControlFrame {
        characteristic: upper.characteristic.clone(),
        is_composite_segment: true,
        ..zone
    })
}

/// Reads a whole text as a frame whose sign is missing: datums or modifiers give it away.
pub(super) fn unsigned_frame(text: &str) -> Option<ControlFrame> {
    let text = text.trim_start_matches(['□', '|', ' ']).trim_end_matches(['|', ' ']);
    let mut cursor = Cursor::new(text);
    let zone = zone::zone(&mut cursor, Joint::Parted)?;
    cursor.skip_gap();
    let is_small = zone.tolerance.is_some_and(|value| value <= WIDEST_UNSIGNED_ZONE);
    let is_frame =
        cursor.is_done() && is_small && !(zone.datums.is_empty() && zone.modifiers.is_empty());
    is_frame.then(|| ControlFrame { characteristic: UNKNOWN.to_owned(), ..zone })
}

/// Whether a text can be a cell behind a frame's tolerance: datum letters with modifiers.
pub(super) fn is_datum_cell(text: &str) -> bool {
    let mut cursor = Cursor::new(text.trim_matches(['|', ' ']));
    let (datums, _) = zone::datums(&mut cursor);
    !datums.is_empty() && cursor.is_done()
}

/// Whether a text can be the cell of a frame's tolerance, with datums behind it or not.
pub(super) fn is_zone_cell(text: &str) -> bool {
    let mut cursor = Cursor::new(text.trim_matches(['|', ' ']));
    let zone = zone::zone(&mut cursor, Joint::Parted);
    zone.is_some_and(|zone| zone.tolerance.is_some_and(|value| value <= WIDEST_ZONE))
        && cursor.is_done()
}

/// Whether a text is the sign of a characteristic and nothing else.
pub(super) fn is_sign(text: &str) -> bool {
    let text = text.trim_matches(['|', ' ']);
    SIGNS.iter().any(|(sign, _)| text == *sign)
}

fn is_at_tolerance(mut cursor: Cursor<'_>) -> bool {
    cursor.skip_gap();
    matches!(cursor.peek(), Some('+' | '-' | '±'))
}

/// A figure too large for a tolerance makes the sign another one: `⌒30` is the length of an arc.
fn is_at_figure(mut cursor: Cursor<'_>) -> bool {
    cursor.skip_gap();
    cursor.peek().is_some_and(|next| next.is_ascii_digit())
}

/// Two slashes are a sign only in front of a tolerance; elsewhere they belong to an address.
fn is_slashes_alone(cursor: &Cursor<'_>) -> bool {
    cursor.previous() == Some('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> ControlFrame {
        frame(&mut Cursor::new(text)).unwrap_or_else(|| panic!("{text} is no frame"))
    }

    #[test]
    fn a_frame_gives_zone_tolerance_modifiers_and_datums() {
        let found = read("⌖ Ø0.1Ⓜ A B C");

        assert_eq!(found.characteristic, "position");
        assert_eq!((found.tolerance, found.is_diameter_zone), (Some(0.1), true));
        assert_eq!(found.modifiers, ["M"]);
        assert_eq!(found.datums, ["A", "B", "C"]);
    }

    #[test]
    fn words_in_chinese_and_english_name_characteristics() {
        assert_eq!(read("垂直度 0.02 A").datums, ["A"]);
        assert_eq!(read("Total Runout").characteristic, "total_runout");
        assert_eq!(read("⏥ 0.05").tolerance, Some(0.05));
    }

    #[test]
    fn a_dimension_behind_a_sign_is_not_its_tolerance() {
        let found = read("∥ Ø10 +0.02 -0.01");

        assert_eq!(found.tolerance, None);
    }

    #[test]
    fn datums_or_modifiers_give_an_unsigned_frame_away() {
        assert_eq!(unsigned_frame("0,6 A").map(|found| found.datums), Some(vec!["A".to_owned()]));
        for text in ["0.14Ⓜ", "0.14M"] {
            assert_eq!(
                unsigned_frame(text).map(|found| found.modifiers),
                Some(vec!["M".to_owned()]),
                "{text}"
            );
        }
        for text in ["0.6", "12 A", "Ø20", "0.5 mm"] {
            assert_eq!(unsigned_frame(text), None, "{text}");
        }
    }

    #[test]
    fn an_address_is_no_parallelism() {
        assert_eq!(frame(&mut Cursor::new("//example.org")), None);
    }
}
