//! The grammar of one dimension: how often, what, how large, how exact, and what else of a hole.

use cad_common::contract::dimension::{
    DimensionType, HoleFeature, Thread, Tolerance, ToleranceKind, Unit,
};

use super::cursor::Cursor;
use super::number::{self, Figure};
use super::{hole, thread, tolerance};

/// Largest count of a repeated feature; larger figures in front are sizes.
const MOST_REPEATS: u32 = 200;

/// Largest count of a plain length; `50x30` are two sizes, not fifty of one.
const MOST_PLAIN_REPEATS: u32 = 12;

/// Words behind a figure that say how often it occurs.
const COUNT_WORDS: [&str; 9] = ["PLACES", "PLCS", "PLC", "PL", "HOLES", "OFF", "处", "个", "孔"];

/// Words behind a figure that add nothing a machine could use.
const REMARKS: [&str; 18] = [
    "EQUALLY SPACED",
    "EQ SP",
    "EQ. SP.",
    "EQS",
    "均布",
    "TYPICAL",
    "TYP.",
    "TYP",
    "STK",
    "STOCK",
    "THK",
    "BSC",
    "BASIC",
    "B.C.",
    "BCD",
    "PCD",
    "B.C",
    "NTS",
];

/// One dimension as its text states it.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Callout {
    /// What is measured.
    pub(super) kind: DimensionType,
    /// The nominal figure.
    pub(super) value: f64,
    /// The unit, where the text states one.
    pub(super) unit: Option<Unit>,
    /// How often the feature occurs.
    pub(super) count: u32,
    /// The stated tolerance.
    pub(super) tolerance: Option<Tolerance>,
    /// The thread.
    pub(super) thread: Option<Thread>,
    /// The hole's features.
    pub(super) hole: HoleFeature,
    /// The second figure of a chamfer.
    pub(super) angle: Option<f64>,
    /// Asterisks behind the figure, which point to a note.
    pub(super) footnote: usize,
    /// Whether a sign or letter says that this is a dimension, not only its place.
    pub(super) is_signed: bool,
    /// Whether the figure starts with its decimal mark.
    pub(super) is_bare: bool,
    /// Digits behind the figure's decimal mark.
    pub(super) decimals: usize,
    /// Whether `x` stands between the count and a figure without sign.
    pub(super) has_unsigned_count: bool,
}

/// Reads one dimension, in brackets or not.
pub(super) fn callout(cursor: &mut Cursor<'_>) -> Option<Callout> {
    let mut ahead = *cursor;
    let found = counted(&mut ahead).or_else(|| bracketed(&mut ahead))?;
    let is_ratio = matches!(ahead.peek(), Some('/' | ':'))
        && ahead.peek_second().is_some_and(|next| next.is_ascii_digit());
    if ahead.is_inside_word() || is_ratio {
        return None;
    }
    *cursor = ahead;
    Some(found)
}

/// Reads `(20)`, for information, and `[20]`, theoretically exact.
fn bracketed(cursor: &mut Cursor<'_>) -> Option<Callout> {
    let mut ahead = *cursor;
    let (closing, kind) = match ahead.bump()? {
        '(' => (')', ToleranceKind::Reference),
        '[' => (']', ToleranceKind::Basic),
        _ => return None,
    };
    let mut found = counted(&mut ahead)?;
    ahead.skip_gap();
    if !ahead.eat(&[closing]) {
        return None;
    }
    found.tolerance = Some(Tolerance { kind, ..found.tolerance.unwrap_or_default() });
    remarks(&mut ahead, &mut found);
    *cursor = ahead;
    Some(found)
}

fn counted(cursor: &mut Cursor<'_>) -> Option<Callout> {
    let mut behind_count = *cursor;
    if let Some(count) = count(&mut behind_count)
        && let Some(found) = feature(&mut behind_count)
        && (found.is_signed || count <= MOST_PLAIN_REPEATS)
    {
        *cursor = behind_count;
        return Some(Callout { count, has_unsigned_count: !found.is_signed && count > 1, ..found });
    }
    feature(cursor)
}

/// Reads `4x`, `4 ×`, `(4x)`, `4-`, or a bare `4`, in front of a feature.
fn count(cursor: &mut Cursor<'_>) -> Option<u32> {
    let mut ahead = *cursor;
    let is_bracketed = ahead.eat(&['(']);
    let count: u32 =
        ahead.digits().parse().ok().filter(|count| (1..=MOST_REPEATS).contains(count))?;
    let mut sign = ahead;
    sign.skip_gap();
    let has_space_before = sign.at() > ahead.at();
    if sign.eat(&['x', 'X', '*']) {
        let has_space_behind = sign.peek() == Some(' ');
        sign.skip_gap();
        if is_bracketed && !sign.eat(&[')']) {
            return None;
        }
        sign.skip_gap();
        // `2x45°` and `2 x 45°` are a chamfer, `2x 45°` are two angles
        if is_at_angle(sign) && (has_space_before || !has_space_behind) {
            return None;
        }
    } else if !(matches!(sign.peek(), Some('Ø' | 'R'))
        || sign.eat(&['-']) && is_at_feature_sign(sign))
    {
        return None;
    }
    *cursor = sign;
    Some(count)
}

fn is_at_angle(mut cursor: Cursor<'_>) -> bool {
    number::figure(&mut cursor).is_some() && cursor.eat(&['°'])
}

fn is_at_feature_sign(cursor: Cursor<'_>) -> bool {
    matches!(cursor.peek(), Some('Ø' | 'M' | 'R' | 'C' | 'S' | '□'))
}

/// Reads a feature without its count.
fn feature(cursor: &mut Cursor<'_>) -> Option<Callout> {
    let mut ahead = *cursor;
    let mut found = threaded(&mut ahead)
        .or_else(|| sunk(&mut ahead))
        .or_else(|| chamfered(&mut ahead))
        .or_else(|| angular(&mut ahead))
        .or_else(|| sized(&mut ahead))?;
    remarks(&mut ahead, &mut found);
    if !found.is_signed && found.hole != HoleFeature::default() {
        // only holes have depths and counterbores: the diameter sign was not recognised
        found.kind = DimensionType::Diameter;
        found.is_signed = true;
    }
    *cursor = ahead;
    Some(found)
}

fn threaded(cursor: &mut Cursor<'_>) -> Option<Callout> {
    let found = thread::thread(cursor)?;
    Some(Callout {
        kind: DimensionType::Thread,
        value: found.value,
        unit: Some(found.unit),
        count: 1,
        thread: Some(found.thread),
        hole: HoleFeature { depth: found.depth, ..HoleFeature::default() },
        is_signed: true,
        ..Callout::default()
    })
}

/// Reads a counterbore or countersink whose hole is called out elsewhere.
fn sunk(cursor: &mut Cursor<'_>) -> Option<Callout> {
    let (value, hole) = hole::lone_feature(cursor)?;
    Some(Callout {
        kind: DimensionType::Diameter,
        value,
        count: 1,
        hole,
        is_signed: true,
        ..Callout::default()
    })
}

/// Reads `C2`, `2x45°`, `CHAMFER 0,2`, `C0.5x30°`.
fn chamfered(cursor: &mut Cursor<'_>) -> Option<Callout> {
    let mut ahead = *cursor;
    let is_named = ahead.eat_word(&["CHAMFER", "CHAMF.", "CHAM.", "CHAM", "FASE", "倒角"]);
    ahead.skip_gap();
    let has_letter = ahead.peek() == Some('C') && ahead.eat_text("C");
    let leg = number::figure(&mut ahead).filter(|leg| leg.value > 0.0 && !leg.is_padded)?;
    let unit = number::length_unit(&mut ahead).map(|(unit, _)| unit);
    let angle = hole::angle_behind(&mut ahead).filter(|_| ahead.previous() == Some('°'));
    if !(is_named || has_letter) {
        angle?;
        let between = cursor.rest().get(..ahead.at() - cursor.at())?;
        between.find(['x', 'X', '*'])?;
    }
    *cursor = ahead;
    Some(Callout {
        kind: DimensionType::Chamfer,
        value: leg.value,
        unit,
        count: 1,
        angle,
        is_signed: true,
        is_bare: leg.is_bare,
        ..Callout::default()
    })
}

/// Reads `45°`, `30°±0.5°`, `15°30'20"`.
fn angular(cursor: &mut Cursor<'_>) -> Option<Callout> {
    let mut ahead = *cursor;
    ahead.eat(&['∠']);
    let degrees = number::figure(&mut ahead)
        .filter(|degrees| degrees.value <= 360.0 && !degrees.is_padded)?;
    ahead.eat(&[' ']);
    if !ahead.eat(&['°']) {
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
    let stated = tolerance::deviation(&mut ahead, value);
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

/// Reads diameters, radii, spheres, squares, arcs and plain lengths.
fn sized(cursor: &mut Cursor<'_>) -> Option<Callout> {
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
    let found = if cursor.eat_text("SØ") || cursor.eat_text("SR") {
        signed(DimensionType::Spherical)
    } else if cursor.eat(&['Ø']) || cursor.eat_word(&["DIAMETER", "DIA.", "DIA", "直径"]) {
        SizeSign::DIAMETER
    } else if cursor.eat_word(&["RADIUS", "RAD.", "RAD", "半径"])
        || cursor.peek() == Some('R') && cursor.eat_text("R")
    {
        signed(DimensionType::Radius)
    } else if cursor.eat(&['□']) || cursor.eat_word(&["SQ"]) {
        signed(DimensionType::Square)
    } else if cursor.eat(&['⌒']) {
        signed(DimensionType::ArcLength)
    } else if cursor.eat_word(&["THK", "厚", "板厚"]) || is_lettered_length(cursor) {
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

/// Reads the letter of `L=100`, `t=2` and their like.
fn is_lettered_length(cursor: &mut Cursor<'_>) -> bool {
    let is_letter = matches!(
        cursor.peek(),
        Some('L' | 'H' | 'B' | 'W' | 'T' | 't' | 'l' | 'h' | 'b' | 's' | 'δ')
    );
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
    let Some(mut stated) = tolerance::deviation(cursor, found.value / factor) else {
        found.tolerance = found.tolerance.take().or(fit);
        return;
    };
    stated.upper = stated.upper.map(|upper| number::tidy(upper * factor));
    stated.lower = stated.lower.map(|lower| number::tidy(lower * factor));
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
    found.kind = if ahead.eat_word(&["DIA.", "DIA"]) {
        DimensionType::Diameter
    } else if ahead.eat_word(&["RAD.", "RAD"]) {
        DimensionType::Radius
    } else if ahead.eat_word(&["SQ.", "SQ"]) {
        DimensionType::Square
    } else {
        return;
    };
    found.is_signed = true;
    *cursor = ahead;
}

/// Reads everything that may follow a size, in any order.
fn remarks(cursor: &mut Cursor<'_>, found: &mut Callout) {
    while footnote(cursor, found)
        || limit_word(cursor, found)
        || count_behind(cursor, found)
        || is_hole(found) && hole::feature(cursor, &mut found.hole)
        || remark(cursor)
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

fn limit_word(cursor: &mut Cursor<'_>, found: &mut Callout) -> bool {
    let mut ahead = *cursor;
    ahead.skip_gap();
    let kind = if ahead.eat_word(&["MAX.", "MAX"]) {
        ToleranceKind::Max
    } else if ahead.eat_word(&["MIN.", "MIN"]) {
        ToleranceKind::Min
    } else if ahead.eat_word(&["REF.", "REF"]) {
        ToleranceKind::Reference
    } else {
        return false;
    };
    found.tolerance = Some(Tolerance { kind, ..found.tolerance.take().unwrap_or_default() });
    *cursor = ahead;
    true
}

fn count_behind(cursor: &mut Cursor<'_>, found: &mut Callout) -> bool {
    let mut ahead = *cursor;
    ahead.skip_gap();
    let is_bracketed = ahead.eat(&['(']);
    let Ok(count) = ahead.digits().parse::<u32>() else {
        return false;
    };
    ahead.skip_gap();
    let is_count = (1..=MOST_REPEATS).contains(&count)
        && ahead.eat_word(&COUNT_WORDS)
        && (!is_bracketed || ahead.eat(&[')']))
        && !ahead.is_inside_word();
    if is_count {
        found.count = count;
        *cursor = ahead;
    }
    is_count
}

fn remark(cursor: &mut Cursor<'_>) -> bool {
    let mut ahead = *cursor;
    ahead.skip_gap();
    while ahead.eat(&[',', ';', ' ']) {}
    let is_remark = ahead.eat_word(&REMARKS);
    if is_remark {
        *cursor = ahead;
    }
    is_remark
}
