//! Angles, chamfers, tapers and slopes.

use cad_common::contract::dimension::{DimensionType, Unit};

use super::super::cursor::Cursor;
use super::super::hole;
use super::super::number;
use super::super::tolerance::{self, Nominal};
use super::Callout;

/// Words for a chamfer that stand before its figures.
const CHAMFER: [&str; 9] =
    ["CHAMFER", "CHAMF.", "CHAM.", "CHAM", "FASE", "倒角", "CHANFREIN", "SMUSSO", "ФАСКА"];

/// Signs and words of conical tapers.
const TAPER: [&str; 11] = [
    "◁",
    "▷",
    "⌲",
    "锥度",
    "TAPER",
    "KEGEL",
    "KONUS",
    "CONICITÉ",
    "CONICIDAD",
    "CONICITÀ",
    "КОНУСНОСТЬ",
];

/// Signs and words of slopes.
const SLOPE: [&str; 9] =
    ["⌳", "∠", "斜度", "SLOPE", "NEIGUNG", "PENTE", "PENDIENTE", "PENDENZA", "УКЛОН"];

/// Steepest taper believed; steeper ratios are scales.
const STEEPEST: f64 = 2.0;

/// Reads `◁1:10`, `TAPER 1:16`, `1:20 KONUS`, `⌳1:100`.
pub(super) fn ratio(cursor: &mut Cursor<'_>) -> Option<Callout> {
    let mut ahead = *cursor;
    let before = kind_word(&mut ahead);
    ahead.eat(&['=', ':']);
    ahead.skip_gap();
    let rise = number::figure(&mut ahead).filter(|rise| rise.value > 0.0)?;
    if !ahead.eat(&[':']) {
        return None;
    }
    let run = number::figure(&mut ahead).filter(|run| run.value > 0.0)?;
    let kind = before.or_else(|| {
        ahead.skip_gap();
        kind_word(&mut ahead)
    })?;
    let value = number::tidy(rise.value / run.value);
    if ahead.is_inside_word() || value > STEEPEST {
        return None;
    }
    *cursor = ahead;
    Some(Callout {
        kind,
        value,
        unit: Some(Unit::Ratio),
        count: 1,
        is_signed: true,
        ..Callout::default()
    })
}

fn kind_word(cursor: &mut Cursor<'_>) -> Option<DimensionType> {
    if cursor.eat_word(&TAPER) {
        Some(DimensionType::Taper)
    } else if cursor.eat_word(&SLOPE) {
        Some(DimensionType::Slope)
    } else {
        None
    }
}

/// Reads `C2`, `2x45°`, `CHAMFER 0,2`, `C0.5x30°`, `45° x 2`.
pub(super) fn chamfered(cursor: &mut Cursor<'_>) -> Option<Callout> {
    angle_first(cursor).or_else(|| leg_first(cursor))
}

fn leg_first(cursor: &mut Cursor<'_>) -> Option<Callout> {
    let mut ahead = *cursor;
    let is_named = ahead.eat_word(&CHAMFER);
    ahead.skip_gap();
    let has_letter = ahead.peek() == Some('C') && ahead.eat_text("C");
    let leg = number::figure(&mut ahead).filter(|leg| leg.value > 0.0 && !leg.is_padded)?;
    let unit = number::length_unit(&mut ahead).map(|(unit, _)| unit);
    let nominal = Nominal { value: leg.value, factor: 1.0 };
    // `2±0.1x45°` states the leg's deviation, `2x45°±1°` the angle's
    let of_leg = tolerance::deviation(&mut ahead, nominal);
    let angle = hole::angle_behind(&mut ahead).filter(|_| ahead.previous() == Some('°'));
    if !(is_named || has_letter) {
        angle?;
        let between = cursor.rest().get(..ahead.at() - cursor.at())?;
        between.find(['x', 'X', '*'])?;
    }
    let stated = of_leg.or_else(|| leg_deviation(&mut ahead, nominal));
    *cursor = ahead;
    Some(Callout {
        kind: DimensionType::Chamfer,
        value: leg.value,
        unit,
        count: 1,
        tolerance: stated,
        angle,
        is_signed: true,
        is_bare: leg.is_bare,
        decimals: leg.decimals,
        ..Callout::default()
    })
}

/// Reads a deviation behind the angle; one in degrees is the angle's and is left out.
fn leg_deviation(
    cursor: &mut Cursor<'_>,
    nominal: Nominal,
) -> Option<cad_common::contract::dimension::Tolerance> {
    let found = tolerance::deviation(cursor, nominal)?;
    (!matches!(cursor.previous(), Some('°' | '\''))).then_some(found)
}

/// Reads `45° x 2`.
fn angle_first(cursor: &mut Cursor<'_>) -> Option<Callout> {
    let mut ahead = *cursor;
    let angle = number::figure(&mut ahead).filter(|angle| angle.value < 90.0)?;
    if !ahead.eat(&['°']) {
        return None;
    }
    ahead.skip_gap();
    if !ahead.eat(&['x', 'X', '*']) {
        return None;
    }
    ahead.skip_gap();
    let leg = number::figure(&mut ahead).filter(|leg| leg.value > 0.0)?;
    let unit = number::length_unit(&mut ahead).map(|(unit, _)| unit);
    if ahead.peek() == Some('°') || ahead.is_inside_word() {
        return None;
    }
    *cursor = ahead;
    Some(Callout {
        kind: DimensionType::Chamfer,
        value: leg.value,
        unit,
        count: 1,
        angle: Some(angle.value),
        is_signed: true,
        is_bare: leg.is_bare,
        decimals: leg.decimals,
        ..Callout::default()
    })
}

/// Reads `45°`, `30°±0.5°`, `15°30'20"`, `45 DEG`.
pub(super) fn angular(cursor: &mut Cursor<'_>) -> Option<Callout> {
    let mut ahead = *cursor;
    ahead.eat(&['∠']);
    let degrees = number::figure(&mut ahead)
        .filter(|degrees| degrees.value <= 360.0 && !degrees.is_padded)?;
    ahead.eat(&[' ']);
    if !(ahead.eat(&['°']) || ahead.eat_word(&["DEGREES", "DEG.", "DEG"])) {
        return None;
    }
    let mut value = degrees.value;
    for (sign, share) in [('\'', 60.0), ('"', 3600.0)] {
        let mut part = ahead;
        part.eat(&[' ']);
        if let Some(figure) = number::figure(&mut part).filter(|figure| figure.value < 60.0)
            && part.eat(&[sign])
        {
            value += figure.value / share;
            ahead = part;
        }
    }
    let value = number::tidy(value);
    let stated = tolerance::deviation(&mut ahead, Nominal { value, factor: 1.0 });
    *cursor = ahead;
    Some(Callout {
        kind: DimensionType::Angle,
        value,
        unit: Some(Unit::Deg),
        count: 1,
        tolerance: stated,
        is_signed: true,
        ..Callout::default()
    })
}
