//! What may stand behind a size, in any order: counts, limits, hole features, words.

use cad_common::contract::dimension::{DimensionType, Tolerance, ToleranceKind, Unit};

use super::super::cursor::Cursor;
use super::super::hole;
use super::super::number::{self, MM_PER_INCH};
use super::{COUNT_WORDS, Callout, MOST_REPEATS};

/// Words behind a figure and what they say of it; longer ones before those that they contain.
const REMARKS: [(&str, &str); 30] = [
    ("EQUALLY SPACED", "equally_spaced"),
    ("EQ. SPACED", "equally_spaced"),
    ("EQ SPACED", "equally_spaced"),
    ("EQ. SP.", "equally_spaced"),
    ("EQ SP", "equally_spaced"),
    ("EQS", "equally_spaced"),
    ("均布", "equally_spaced"),
    ("GLEICHMÄSSIG VERTEILT", "equally_spaced"),
    ("GLEICHMÄßIG VERTEILT", "equally_spaced"),
    ("ÉQUIDISTANTS", "equally_spaced"),
    ("TYPICAL", "typical"),
    ("TYP.", "typical"),
    ("TYP", "typical"),
    ("典型", "typical"),
    ("STOCK", "stock_size"),
    ("STK", "stock_size"),
    ("THICK", "thickness"),
    ("THK", "thickness"),
    ("厚", "thickness"),
    ("B.C.", "bolt_circle"),
    ("B.C", "bolt_circle"),
    ("BCD", "bolt_circle"),
    ("BC", "bolt_circle"),
    ("PCD", "bolt_circle"),
    ("LKR", "bolt_circle"),
    ("N.T.S.", "not_to_scale"),
    ("NTS", "not_to_scale"),
    ("ACROSS FLATS", "across_flats"),
    ("A/F", "across_flats"),
    ("FULL R", "full_radius"),
];

/// How far the second figure of a dual dimension may be from the exact conversion.
const DUAL_ROUNDING: f64 = 0.006;

/// Reads everything that may follow a size.
pub(super) fn remarks(cursor: &mut Cursor<'_>, found: &mut Callout) {
    while footnote(cursor, found)
        || dual(cursor, found)
        || limit_word(cursor, found)
        || count_behind(cursor, found)
        || both_ends(cursor, found)
        || is_hole(found) && hole::feature(cursor, &mut found.hole)
        || remark(cursor, found)
    {}
}

fn is_hole(found: &Callout) -> bool {
    matches!(found.kind, DimensionType::Diameter | DimensionType::Thread) || !found.is_signed
}

fn footnote(cursor: &mut Cursor<'_>, found: &mut Callout) -> bool {
    let is_asterisk = cursor.eat(&['*']);
    found.footnote += usize::from(is_asterisk);
    is_asterisk
}

/// Reads the same size in the other unit, as in `1.250 [31.75]`, which settles both units.
fn dual(cursor: &mut Cursor<'_>, found: &mut Callout) -> bool {
    let mut ahead = *cursor;
    ahead.skip_gap();
    let closing = match ahead.bump() {
        Some('[') => ']',
        Some('(') => ')',
        _ => return false,
    };
    let Some(other) = number::figure(&mut ahead).filter(|other| other.value > 0.0) else {
        return false;
    };
    number::length_unit(&mut ahead);
    if !ahead.eat(&[closing]) || found.value <= 0.0 {
        return false;
    }
    let is_close = |ratio: f64| (ratio / MM_PER_INCH - 1.0).abs() < DUAL_ROUNDING;
    let unit = if is_close(other.value / found.value) {
        Unit::Inch
    } else if is_close(found.value / other.value) {
        Unit::Mm
    } else {
        return false;
    };
    found.unit = Some(unit);
    *cursor = ahead;
    true
}

fn limit_word(cursor: &mut Cursor<'_>, found: &mut Callout) -> bool {
    let mut ahead = *cursor;
    ahead.skip_gap();
    let Some(kind) = limit(&mut ahead).or_else(|| basic(&mut ahead)) else {
        return false;
    };
    found.tolerance = Some(Tolerance { kind, ..found.tolerance.take().unwrap_or_default() });
    *cursor = ahead;
    true
}

/// Reads a word that bounds a size or makes it one for information.
pub(super) fn limit(cursor: &mut Cursor<'_>) -> Option<ToleranceKind> {
    if cursor.eat_word(&["MAX.", "MAX", "最大"]) {
        Some(ToleranceKind::Max)
    } else if cursor.eat_word(&["MIN.", "MIN", "最小"]) {
        Some(ToleranceKind::Min)
    } else if cursor.eat_word(&["REF.", "REF", "参考"]) {
        Some(ToleranceKind::Reference)
    } else {
        None
    }
}

fn basic(cursor: &mut Cursor<'_>) -> Option<ToleranceKind> {
    cursor.eat_word(&["BASIC", "BSC", "TED"]).then_some(ToleranceKind::Basic)
}

fn count_behind(cursor: &mut Cursor<'_>, found: &mut Callout) -> bool {
    let mut ahead = *cursor;
    ahead.skip_gap();
    let is_bracketed = ahead.eat(&['(']);
    ahead.eat(&['共']);
    let Ok(count) = ahead.digits().parse::<u32>() else {
        return false;
    };
    ahead.skip_gap();
    let is_counted = ahead.eat_word(&COUNT_WORDS) || {
        let is_cross = ahead.eat(&['x', 'X']);
        // a cross with something behind it belongs to the next statement
        is_cross && (is_bracketed || ahead.is_done())
    };
    let is_count = (1..=MOST_REPEATS).contains(&count)
        && is_counted
        && (!is_bracketed || ahead.eat(&[')']))
        && !ahead.is_inside_word();
    if is_count {
        found.count = count;
        *cursor = ahead;
    }
    is_count
}

/// Reads `BOTH ENDS` and its like, which make one feature two.
fn both_ends(cursor: &mut Cursor<'_>, found: &mut Callout) -> bool {
    let mut ahead = *cursor;
    ahead.skip_gap();
    let is_both =
        ahead.eat_word(&["BOTH ENDS", "BOTH SIDES", "两端", "两侧", "BEIDSEITIG", "BEIDERSEITS"]);
    if is_both {
        found.count = found.count.max(2);
        *cursor = ahead;
    }
    is_both
}

fn remark(cursor: &mut Cursor<'_>, found: &mut Callout) -> bool {
    let mut ahead = *cursor;
    ahead.skip_gap();
    while ahead.eat(&[',', ';', ' ']) {}
    let Some((_, meaning)) = REMARKS.iter().find(|(word, _)| ahead.eat_word(&[word])) else {
        return false;
    };
    if !found.qualifiers.contains(meaning) {
        found.qualifiers.push(meaning);
    }
    *cursor = ahead;
    true
}
