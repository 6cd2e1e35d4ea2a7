//! The cells of a feature control frame behind its sign: zone, modifiers, datums.

use std::collections::BTreeMap;

use cad_common::contract::symbol::ControlFrame;

use super::super::cursor::{Cursor, is_wordy};
use super::super::number;

/// Most datums of one frame.
const MOST_DATUMS: usize = 3;

/// Modifiers that are written as words; each says how zones belong together.
const ZONE_WORDS: [&str; 6] = ["CZ", "SZ", "UZ", "OZ", "UF", "ACS"];

/// How a datum letter may stand behind the tolerance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Joint {
    /// Without anything between, as where borders were not read.
    Glued,
    /// Behind a border or a space.
    Parted,
}

/// Reads `Ø0.1Ⓜ A B C`, `0.02/100`, `Ø0.1Ⓟ25|A`.
pub(super) fn zone(cursor: &mut Cursor<'_>, joint: Joint) -> Option<ControlFrame> {
    let mut ahead = *cursor;
    skip_cell_border(&mut ahead);
    let is_spherical_zone = ahead.eat_text("SØ");
    let is_diameter_zone = ahead.eat(&['Ø']) || is_spherical_zone;
    ahead.eat(&[' ']);
    let tolerance = number::figure(&mut ahead).filter(|figure| !figure.is_padded)?;
    let per_length = per_length(&mut ahead);
    if matches!(ahead.peek(), Some('°' | 'x' | '-' | '±' | ':' | '/')) {
        return None;
    }
    let (modifiers, projected_length) = zone_modifiers(&mut ahead);
    let is_at_letter = joint == Joint::Glued && is_at_datum(ahead);
    if ahead.is_inside_word() && !is_at_letter {
        return None;
    }
    let (datums, datum_modifiers) = datums(&mut ahead);
    *cursor = ahead;
    Some(ControlFrame {
        tolerance: Some(tolerance.value),
        is_diameter_zone,
        is_spherical_zone,
        per_length,
        projected_length,
        modifiers,
        datums,
        datum_modifiers,
        ..ControlFrame::default()
    })
}

/// Reads `/100` and `/100x100`, the length or area over which the tolerance holds.
fn per_length(cursor: &mut Cursor<'_>) -> Option<f64> {
    let mut ahead = *cursor;
    if !ahead.eat(&['/']) {
        return None;
    }
    let length = number::figure(&mut ahead).filter(|length| length.value >= 1.0)?;
    let mut second = ahead;
    if second.eat(&['x', 'X', '*']) && number::figure(&mut second).is_some() {
        ahead = second;
    }
    *cursor = ahead;
    Some(length.value)
}

/// Reads the modifiers of the tolerance and the height of a projected zone.
fn zone_modifiers(cursor: &mut Cursor<'_>) -> (Vec<String>, Option<f64>) {
    let (mut found, mut projected) = (Vec::new(), None);
    found.extend(apart_modifier(cursor).map(String::from));
    loop {
        if let Some(letter) = modifier(cursor) {
            found.push(letter.to_string());
            if matches!(letter, 'P' | 'U') {
                let figure = number::figure(cursor).map(|figure| figure.value);
                projected = projected.or(figure.filter(|_| letter == 'P'));
            }
            continue;
        }
        let mut ahead = *cursor;
        ahead.eat(&[' ']);
        let Some(word) = ZONE_WORDS.iter().find(|word| ahead.eat_word(&[word])) else {
            return (found, projected);
        };
        found.push((*word).to_owned());
        *cursor = ahead;
    }
}

/// Reads the plain letter of a circled one behind a space and in front of datums: `0.25 M E`.
fn apart_modifier(cursor: &mut Cursor<'_>) -> Option<char> {
    let mut ahead = *cursor;
    if !(ahead.eat(&[' ']) && ahead.eat(&['M', 'L'])) || ahead.is_inside_word() {
        return None;
    }
    let letter = ahead.previous();
    let (datums, _) = datums(&mut ahead.clone());
    if datums.is_empty() {
        return None;
    }
    *cursor = ahead;
    letter
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
    let letter = if let Some(sign) = ["(M)", "(L)", "(P)", "(F)", "(T)", "(U)", "(S)"]
        .iter()
        .find(|sign| bracketed.eat_text(sign))
    {
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
pub(super) fn datums(cursor: &mut Cursor<'_>) -> (Vec<String>, BTreeMap<String, String>) {
    let (mut letters, mut found_modifiers) = (Vec::new(), BTreeMap::new());
    while letters.len() < MOST_DATUMS {
        let mut ahead = *cursor;
        skip_cell_border(&mut ahead);
        let Some(datum) = datum(&mut ahead) else {
            break;
        };
        if let Some(letter) = modifier(&mut ahead) {
            found_modifiers.insert(datum.clone(), letter.to_string());
            while modifier(&mut ahead).is_some() {}
        }
        if ahead.is_inside_word() {
            break;
        }
        letters.push(datum);
        *cursor = ahead;
    }
    (letters, found_modifiers)
}

/// Reads `A`, or `A-B` for a common datum, in brackets or not.
fn datum(cursor: &mut Cursor<'_>) -> Option<String> {
    let mut ahead = *cursor;
    let is_bracketed = ahead.eat(&['(']);
    let mut datum = ahead.bump().filter(char::is_ascii_uppercase)?.to_string();
    if ahead.peek() == Some('-')
        && ahead.peek_second().is_some_and(|second| second.is_ascii_uppercase())
    {
        ahead.bump();
        datum.push('-');
        datum.extend(ahead.bump());
    }
    if is_bracketed && !ahead.eat(&[')']) {
        return None;
    }
    *cursor = ahead;
    Some(datum)
}

fn is_at_datum(mut cursor: Cursor<'_>) -> bool {
    datum(&mut cursor).is_some() && (!cursor.is_inside_word() || modifier(&mut cursor).is_some())
}

/// Skips the border between two cells and the space around it.
fn skip_cell_border(cursor: &mut Cursor<'_>) {
    cursor.skip_gap();
    while cursor.eat(&['|', '¦', ' ']) {}
}
