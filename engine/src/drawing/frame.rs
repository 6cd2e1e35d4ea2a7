//! Geometrical tolerances: feature control frames and the words for their characteristics.

use std::collections::BTreeMap;

use cad_common::contract::symbol::ControlFrame;

use super::cursor::{Cursor, is_wordy};
use super::number;

/// The characteristic of a frame whose sign was not read.
pub(super) const UNKNOWN: &str = "unknown";

/// Widest tolerance zone believed, in the sheet's unit; larger figures are dimensions.
const WIDEST_ZONE: f64 = 5.0;

/// Widest zone believed where only the datums behind it tell a frame from a dimension.
const WIDEST_UNSIGNED_ZONE: f64 = 1.5;

/// Most datums of one frame.
const MOST_DATUMS: usize = 3;

/// Signs of characteristics with the original's words for them.
const SIGNS: [(&str, &str); 16] = [
    ("⌖", "position"),
    ("⏥", "flatness"),
    ("⏤", "straightness"),
    ("⊥", "perpendicular"),
    ("∥", "parallel"),
    ("//", "parallel"),
    ("∠", "angularity"),
    ("◎", "concentricity"),
    ("⌯", "symmetry"),
    ("○", "circularity"),
    ("⌭", "cylindricity"),
    ("⌰", "total_runout"),
    ("↗", "runout"),
    ("⌒", "profile_line"),
    ("⌓", "profile_surface"),
    ("⟋", "angularity"),
];

/// Words for characteristics, longer ones before those that they contain.
const WORDS: [(&str, &str); 36] = [
    ("profile of a surface", "profile_surface"),
    ("profile of a line", "profile_line"),
    ("surface profile", "profile_surface"),
    ("line profile", "profile_line"),
    ("total runout", "total_runout"),
    ("total run-out", "total_runout"),
    ("circular runout", "runout"),
    ("runout", "runout"),
    ("run-out", "runout"),
    ("perpendicularity", "perpendicular"),
    ("parallelism", "parallel"),
    ("angularity", "angularity"),
    ("flatness", "flatness"),
    ("straightness", "straightness"),
    ("cylindricity", "cylindricity"),
    ("circularity", "circularity"),
    ("roundness", "circularity"),
    ("true position", "position"),
    ("position", "position"),
    ("concentricity", "concentricity"),
    ("coaxiality", "concentricity"),
    ("symmetry", "symmetry"),
    ("面轮廓度", "profile_surface"),
    ("线轮廓度", "profile_line"),
    ("全跳动", "total_runout"),
    ("圆跳动", "runout"),
    ("垂直度", "perpendicular"),
    ("平行度", "parallel"),
    ("倾斜度", "angularity"),
    ("平面度", "flatness"),
    ("直线度", "straightness"),
    ("圆柱度", "cylindricity"),
    ("圆度", "circularity"),
    ("位置度", "position"),
    ("同轴度", "concentricity"),
    ("对称度", "symmetry"),
];

/// Reads a characteristic by sign or word, with its tolerance and datums where they follow.
pub(super) fn frame(cursor: &mut Cursor<'_>) -> Option<ControlFrame> {
    let mut ahead = *cursor;
    let characteristic = SIGNS
        .iter()
        .find(|(sign, _)| ahead.eat_text(sign))
        .or_else(|| WORDS.iter().find(|(word, _)| ahead.eat_word(&[word])))
        .map(|(_, characteristic)| *characteristic)?;
    *cursor = ahead;
    let bare =
        ControlFrame { characteristic: characteristic.to_owned(), ..ControlFrame::default() };
    let Some(zone) =
        zone(&mut ahead).filter(|zone| zone.tolerance.is_some_and(|value| value <= WIDEST_ZONE))
    else {
        return (!is_slashes_alone(cursor) && !is_at_figure(*cursor)).then_some(bare);
    };
    if is_at_tolerance(ahead) {
        return Some(bare);
    }
    *cursor = ahead;
    Some(ControlFrame { characteristic: bare.characteristic, ..zone })
}

/// Reads a whole text as a frame whose sign is missing: datums or modifiers give it away.
pub(super) fn unsigned_frame(text: &str) -> Option<ControlFrame> {
    let mut cursor = Cursor::new(text);
    let zone = zone(&mut cursor)?;
    cursor.skip_gap();
    let is_small = zone.tolerance.is_some_and(|value| value <= WIDEST_UNSIGNED_ZONE);
    let is_frame =
        cursor.is_done() && is_small && !(zone.datums.is_empty() && zone.modifiers.is_empty());
    is_frame.then(|| ControlFrame { characteristic: UNKNOWN.to_owned(), ..zone })
}

/// Whether a text can be a cell behind a frame's tolerance: datum letters with modifiers.
pub(super) fn is_datum_cell(text: &str) -> bool {
    let mut cursor = Cursor::new(text.trim());
    let (datums, _) = datums(&mut cursor);
    !datums.is_empty() && cursor.is_done()
}

/// Reads `Ø0.1Ⓜ A B C`.
fn zone(cursor: &mut Cursor<'_>) -> Option<ControlFrame> {
    let mut ahead = *cursor;
    skip_cell_border(&mut ahead);
    ahead.eat_text("SØ");
    let is_diameter_zone = ahead.eat(&['Ø']) || ahead.previous() == Some('Ø');
    ahead.eat(&[' ']);
    let tolerance = number::figure(&mut ahead).filter(|figure| !figure.is_padded)?;
    if matches!(ahead.peek(), Some('°' | 'x' | '-' | '±')) {
        return None;
    }
    let modifiers = modifiers(&mut ahead);
    if ahead.is_inside_word() {
        return None;
    }
    let (datums, datum_modifiers) = datums(&mut ahead);
    *cursor = ahead;
    Some(ControlFrame {
        characteristic: String::new(),
        tolerance: Some(tolerance.value),
        is_diameter_zone,
        modifiers,
        datums,
        datum_modifiers,
    })
}

/// Reads circled letters as plain ones.
fn modifiers(cursor: &mut Cursor<'_>) -> Vec<String> {
    let mut found = Vec::new();
    while let Some(letter) = modifier(cursor) {
        found.push(letter.to_string());
    }
    found
}

/// Reads `Ⓜ`, `(M)`, or the plain letter that recognisers make of it when it touches what it modifies.
fn modifier(cursor: &mut Cursor<'_>) -> Option<char> {
    let mut plain = *cursor;
    if plain.previous().is_some_and(is_wordy)
        && plain.eat(&['M', 'L', 'P'])
        && !plain.is_inside_word()
    {
        *cursor = plain;
        return plain.previous();
    }
    let mut ahead = *cursor;
    ahead.eat(&[' ']);
    let mut bracketed = ahead;
    let letter =
        if let Some(sign) = ["(M)", "(L)", "(P)"].iter().find(|sign| bracketed.eat_text(sign)) {
            ahead = bracketed;
            sign.chars().nth(1)?
        } else {
            ahead.bump().and_then(circled_letter)?
        };
    *cursor = ahead;
    Some(letter)
}

fn circled_letter(character: char) -> Option<char> {
    let offset = u32::from(character).checked_sub(u32::from('Ⓐ'))?;
    (offset < 26).then(|| char::from_u32(u32::from('A') + offset)).flatten()
}

/// Reads datum letters in order, and the modifiers of those that have one.
fn datums(cursor: &mut Cursor<'_>) -> (Vec<String>, BTreeMap<String, String>) {
    let (mut letters, mut found_modifiers) = (Vec::new(), BTreeMap::new());
    while letters.len() < MOST_DATUMS {
        let mut ahead = *cursor;
        skip_cell_border(&mut ahead);
        let Some(letter) = ahead.bump().filter(char::is_ascii_uppercase) else {
            break;
        };
        let mut datum = letter.to_string();
        if ahead.peek() == Some('-')
            && ahead.peek_second().is_some_and(|second| second.is_ascii_uppercase())
        {
            ahead.bump();
            datum.push('-');
            datum.extend(ahead.bump());
        }
        if ahead.is_inside_word() {
            break;
        }
        found_modifiers
            .extend(modifiers(&mut ahead).into_iter().map(|modifier| (datum.clone(), modifier)));
        letters.push(datum);
        *cursor = ahead;
    }
    (letters, found_modifiers)
}

fn skip_cell_border(cursor: &mut Cursor<'_>) {
    cursor.skip_gap();
    while cursor.eat(&['|', '¦', ' ']) {}
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
