//! The grammar of one dimension: how often, what, how large, how exact, and what else of a hole.

use cad_common::contract::dimension::{
    DimensionType, HoleFeature, Thread, Tolerance, ToleranceKind, Unit,
};

use super::cursor::Cursor;
use super::{hole, number, thread};

mod angle;
mod remark;
mod size;

/// Largest count of a repeated feature; larger figures in front are sizes.
const MOST_REPEATS: u32 = 200;

/// Largest count of a plain length; `50x30` are two sizes, not fifty of one.
const MOST_PLAIN_REPEATS: u32 = 12;

/// Words beside a figure that say how often a feature occurs, longer ones first.
const COUNT_WORDS: [&str; 21] = [
    "PLACES",
    "PLCS",
    "PLC",
    "PL",
    "HOLES",
    "HOLE",
    "OFF",
    "LÖCHER",
    "BOHRUNGEN",
    "STELLEN",
    "TROUS",
    "AGUJEROS",
    "FORI",
    "ОТВ.",
    "ОТВ",
    "HÅL",
    "TIMES",
    "处",
    "个",
    "孔",
    "件",
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
    /// Words behind the figure that hold for it.
    pub(super) qualifiers: Vec<&'static str>,
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
    let found =
        counted(&mut ahead).or_else(|| bracketed(&mut ahead)).or_else(|| limited(&mut ahead))?;
    let is_ratio = matches!(ahead.peek(), Some('/' | ':'))
        && ahead.peek_second().is_some_and(|next| next.is_ascii_digit());
    // the cross of `100x50` parts two sizes
    let is_cross = !found.is_signed
        && matches!(ahead.peek(), Some('x' | 'X'))
        && ahead.peek_second().is_some_and(|next| next.is_ascii_digit());
    if ahead.is_inside_word() && !is_cross || is_ratio {
        return None;
    }
    *cursor = ahead;
    Some(found)
}

/// Reads `(20)` and `(=100)`, for information, and `[20]`, theoretically exact.
fn bracketed(cursor: &mut Cursor<'_>) -> Option<Callout> {
    let mut ahead = *cursor;
    let (closing, kind) = match ahead.bump()? {
        '(' => (')', ToleranceKind::Reference),
        '[' => (']', ToleranceKind::Basic),
        '|' => ('|', ToleranceKind::Basic),
        _ => return None,
    };
    if closing == ')' {
        ahead.eat(&['=']);
    }
    ahead.skip_gap();
    let mut found = counted(&mut ahead)?;
    ahead.skip_gap();
    if !ahead.eat(&[closing]) {
        return None;
    }
    found.tolerance = Some(Tolerance { kind, ..found.tolerance.unwrap_or_default() });
    remark::remarks(&mut ahead, &mut found);
    *cursor = ahead;
    Some(found)
}

/// Reads `MAX 20`, `min. R2`, `≤20`.
fn limited(cursor: &mut Cursor<'_>) -> Option<Callout> {
    let mut ahead = *cursor;
    let kind = if ahead.eat(&['≤']) {
        ToleranceKind::Max
    } else if ahead.eat(&['≥']) {
        ToleranceKind::Min
    } else {
        remark::limit(&mut ahead).filter(|kind| *kind != ToleranceKind::Reference)?
    };
    ahead.skip_gap();
    let found = counted(&mut ahead).filter(|found| found.tolerance.is_none())?;
    *cursor = ahead;
    Some(Callout { tolerance: Some(Tolerance { kind, ..Tolerance::default() }), ..found })
}

fn counted(cursor: &mut Cursor<'_>) -> Option<Callout> {
    let mut behind_count = *cursor;
    if let Some(count) = count(&mut behind_count)
        && let Some(found) = feature(&mut behind_count)
        && (found.is_signed || count <= MOST_PLAIN_REPEATS)
    {
        *cursor = behind_count;
        // five spaces of 20 between six holes: the sum behind them says that they are lengths
        let is_chain = behind_count.rest().trim_start().starts_with("(=");
        let has_unsigned_count = !found.is_signed && count > 1 && !is_chain;
        return Some(Callout { count, has_unsigned_count, ..found });
    }
    feature(cursor)
}

/// Reads `4x`, `4 ×`, `(4x)`, `4-`, `4 HOLES`, or a bare `4`, in front of a feature.
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
            return is_whole_turn(sign, count).then(|| {
                *cursor = sign;
                count
            });
        }
    } else if sign.eat_word(&COUNT_WORDS) {
        sign.eat(&['-', ',', ':']);
        sign.skip_gap();
        if !is_at_feature_sign(sign) {
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

/// Whether equal angles fill the circle: `8x45°` is a division, `2x45°` a chamfer.
fn is_whole_turn(mut cursor: Cursor<'_>, count: u32) -> bool {
    number::figure(&mut cursor)
        .is_some_and(|angle| (f64::from(count) * angle.value - 360.0).abs() < 0.5)
}

fn is_at_feature_sign(cursor: Cursor<'_>) -> bool {
    matches!(cursor.peek(), Some('Ø' | 'M' | 'R' | 'C' | 'S' | '□'))
}

/// Reads a feature without its count.
fn feature(cursor: &mut Cursor<'_>) -> Option<Callout> {
    let mut ahead = *cursor;
    let mut found = threaded(&mut ahead)
        .or_else(|| sunk(&mut ahead))
        .or_else(|| angle::ratio(&mut ahead))
        .or_else(|| angle::chamfered(&mut ahead))
        .or_else(|| angle::angular(&mut ahead))
        .or_else(|| size::sized(&mut ahead))?;
    remark::remarks(&mut ahead, &mut found);
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
