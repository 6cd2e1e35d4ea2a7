//! Sizes: diameters, radii, spheres, squares, arcs and plain lengths with unit and tolerance.

use cad_common::contract::dimension::{DimensionType, Unit};

use super::super::cursor::Cursor;
use super::super::number::{self, Figure};
use super::super::tolerance::{self, Nominal};
use super::Callout;

/// Letters that name a length before an equals sign: `L=100`, `t=2`.
const LENGTH_LETTERS: [char; 13] =
    ['L', 'H', 'B', 'W', 'T', 't', 'l', 'h', 'b', 's', 'δ', 'P', 'e'];

/// Words for a length that stand before its figure.
const LENGTH_WORDS: [&str; 7] = ["THK", "板厚", "厚", "长", "宽", "高", "LENGTH"];

/// Inches in a foot.
const INCHES_PER_FOOT: f64 = 12.0;

/// Reads one size.
pub(super) fn sized(cursor: &mut Cursor<'_>) -> Option<Callout> {
    if let Some(found) = feet(cursor) {
        return Some(found);
    }
    let mut ahead = *cursor;
    let head = size_sign(&mut ahead);
    let figure = match number::fraction(&mut inches(ahead)) {
        Some(value) => {
            number::fraction(&mut ahead);
            Figure { value, decimals: 0, is_padded: false, is_bare: false }
        }
        None => {
            number::figure(&mut ahead).filter(|figure| figure.value > 0.0 || !head.is_signed)?
        }
    };
    // no drawing prints 014: a recogniser took the diameter sign for a zero
    let head = if figure.is_padded && !head.is_signed { SizeSign::DIAMETER } else { head };
    if figure.is_padded && head.kind != DimensionType::Diameter {
        return None;
    }
    let mut found = Callout {
        kind: head.kind,
        value: figure.value,
        count: 1,
        is_signed: head.is_signed,
        is_bare: figure.is_bare,
        decimals: figure.decimals,
        ..Callout::default()
    };
    if let Some(second) = tolerance::second_limit(&mut ahead, figure) {
        found.tolerance = Some(tolerance::limits(figure.value, second.value));
        found.value = figure.value.max(second.value);
        if let Some(sign) = second.sign.filter(|_| !head.is_signed) {
            found.kind = if sign == 'R' { DimensionType::Radius } else { DimensionType::Diameter };
            found.is_signed = true;
        }
    }
    let factor = unit_behind(&mut ahead, &mut found);
    exactness(&mut ahead, &mut found, factor);
    kind_behind(&mut ahead, &mut found);
    *cursor = ahead;
    Some(found)
}

/// Reads `5'-3"` and `5'-3 1/2"`.
fn feet(cursor: &mut Cursor<'_>) -> Option<Callout> {
    let mut ahead = *cursor;
    let feet: u32 = ahead.digits().parse().ok()?;
    if !ahead.eat(&['\'']) {
        return None;
    }
    ahead.eat(&['-', ' ']);
    let inches = number::fraction(&mut ahead)
        .or_else(|| number::figure(&mut ahead).map(|figure| figure.value))
        .filter(|inches| *inches < INCHES_PER_FOOT)?;
    if !ahead.eat(&['"']) {
        return None;
    }
    *cursor = ahead;
    Some(Callout {
        value: f64::from(feet) * INCHES_PER_FOOT + inches,
        unit: Some(Unit::Inch),
        count: 1,
        ..Callout::default()
    })
}

/// What stands in front of a figure.
#[derive(Debug, Clone, Copy)]
struct SizeSign {
    kind: DimensionType,
    is_signed: bool,
}

impl SizeSign {
    const DIAMETER: Self = Self { kind: DimensionType::Diameter, is_signed: true };
    const NONE: Self = Self { kind: DimensionType::Length, is_signed: false };
}

fn size_sign(cursor: &mut Cursor<'_>) -> SizeSign {
    let signed = |kind| SizeSign { kind, is_signed: true };
    let start = *cursor;
    let found = if is_spherical(cursor) {
        signed(DimensionType::Spherical)
    } else if cursor.eat(&['Ø'])
        || cursor.eat_word(&["DIAMETER", "DIA.", "DIA", "直径"])
        || is_lettered(cursor, &['D', 'd'])
    {
        SizeSign::DIAMETER
    } else if cursor.eat_word(&["RADIUS", "RAD.", "RAD", "半径"])
        || cursor.peek() == Some('C') && cursor.eat_text("CR")
        || cursor.peek() == Some('R') && cursor.eat_text("R")
    {
        signed(DimensionType::Radius)
    } else if cursor.eat(&['□']) || cursor.eat_word(&["SQ"]) {
        signed(DimensionType::Square)
    } else if cursor.eat(&['⌒']) {
        signed(DimensionType::ArcLength)
    } else if cursor.eat_word(&LENGTH_WORDS) || is_lettered(cursor, &LENGTH_LETTERS) {
        signed(DimensionType::Length)
    } else {
        return SizeSign::NONE;
    };
    cursor.eat(&['=', ':']);
    cursor.skip_gap();
    cursor.eat(&['Ø']);
    if !cursor.peek().is_some_and(|next| next.is_ascii_digit() || next == '.') {
        *cursor = start;
        return SizeSign::NONE;
    }
    found
}

/// Reads `SR`, `SØ`, `S Ø`, `球R`, `球Ø`.
fn is_spherical(cursor: &mut Cursor<'_>) -> bool {
    let mut ahead = *cursor;
    if !ahead.eat(&['S', '球']) {
        return false;
    }
    ahead.eat(&[' ']);
    let found = ahead.eat(&['Ø', 'R']);
    if found {
        *cursor = ahead;
    }
    found
}

/// Reads one of these letters before an equals sign.
fn is_lettered(cursor: &mut Cursor<'_>, letters: &[char]) -> bool {
    let is_letter = cursor.peek().is_some_and(|next| letters.contains(&next));
    let found = is_letter && cursor.peek_second() == Some('=');
    if found {
        cursor.bump();
    }
    found
}

/// The cursor itself if an inch mark ends the fraction here, else one at the end.
fn inches(cursor: Cursor<'_>) -> Cursor<'_> {
    let mut ahead = cursor;
    let is_inches = number::fraction(&mut ahead).is_some() && ahead.peek() == Some('"');
    if is_inches { cursor } else { Cursor::new("") }
}

/// Reads the unit and gives the factor that turns figures into it.
fn unit_behind(cursor: &mut Cursor<'_>, found: &mut Callout) -> f64 {
    let Some((unit, factor)) = number::length_unit(cursor) else {
        return 1.0;
    };
    found.unit = Some(unit);
    found.value = number::tidy(found.value * factor);
    factor
}

/// Reads fit and deviations behind a figure.
fn exactness(cursor: &mut Cursor<'_>, found: &mut Callout, factor: f64) {
    let fit = if found.tolerance.is_none() { tolerance::fit(cursor) } else { None };
    let nominal = Nominal { value: found.value, factor };
    let Some(mut stated) = tolerance::deviation(cursor, nominal) else {
        found.tolerance = found.tolerance.take().or(fit);
        return;
    };
    if let Some(fit) = fit {
        stated.fit = fit.fit;
        stated.grade = fit.grade;
    }
    unit_behind(cursor, &mut Callout::default());
    found.tolerance = Some(stated);
}

/// Reads a word behind a plain figure that says what it measures: `20 DIA`, `5 RAD`.
fn kind_behind(cursor: &mut Cursor<'_>, found: &mut Callout) {
    let mut ahead = *cursor;
    ahead.skip_gap();
    if found.is_signed {
        return;
    }
    found.kind = if ahead.eat_word(&["DIAMETER", "DIA.", "DIA"]) {
        DimensionType::Diameter
    } else if ahead.eat_word(&["RADIUS", "RAD.", "RAD"]) {
        DimensionType::Radius
    } else if ahead.eat_word(&["SQUARE", "SQ.", "SQ"]) {
        DimensionType::Square
    } else if ahead.eat(&['⌒']) {
        DimensionType::ArcLength
    } else {
        return;
    };
    found.is_signed = true;
    *cursor = ahead;
}
