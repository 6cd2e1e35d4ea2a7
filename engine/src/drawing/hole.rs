//! What a hole's callout says beyond its size: depth, through, counterbore, countersink.

use cad_common::contract::dimension::{Counterbore, Countersink, HoleFeature};

use super::cursor::Cursor;
use super::number;
use super::tolerance::{self, Nominal};

/// Words and signs for a depth that stand before its figure, longer ones first.
const DEPTH_BEFORE: [&str; 18] = [
    "↧",
    "DEPTH",
    "DEEP",
    "DP",
    "孔深度",
    "孔深",
    "深度",
    "深",
    "TIEFE",
    "TIEF",
    "PROFONDEUR",
    "PROF.",
    "PROF",
    "PROFUNDIDAD",
    "PROFONDITÀ",
    "ГЛУБИНА",
    "ГЛУБ.",
    "DJUP",
];

/// Words for a depth that stand behind its figure.
const DEPTH_BEHIND: [&str; 9] =
    ["DEEP", "DP", "TIEF", "DEPTH", "深", "LG", "PROF.", "PROF", "DJUP"];

/// Words for a hole that goes through, longer ones first.
const THROUGH: [&str; 24] = [
    "THRU ALL",
    "THRU HOLE",
    "THRU",
    "THROUGH ALL",
    "THROUGH HOLE",
    "THROUGH",
    "完全贯穿",
    "通孔",
    "贯穿",
    "贯通",
    "贯",
    "通",
    "DURCH ALLES",
    "DURCHGEHEND",
    "DURCHGANG",
    "DURCH",
    "TRAVERSANT",
    "DÉBOUCHANT",
    "PASSANTE",
    "PASANTE",
    "СКВОЗНОЕ",
    "СКВОЗН.",
    "НАСКВОЗЬ",
    "GENOMGÅENDE",
];

/// Words and signs for a counterbore or spotface, longer ones first.
const COUNTERBORE: [&str; 23] = [
    "⌴",
    "⍽",
    "C'BORE",
    "CBORE",
    "C-BORE",
    "C/BORE",
    "COUNTERBORE",
    "SPOTFACE",
    "SPOT FACE",
    "S'FACE",
    "SFACE",
    "S/FACE",
    "SF",
    "沉头孔",
    "沉孔",
    "锪平面",
    "锪平",
    "ZYLINDERSENKUNG",
    "FLACHSENKUNG",
    "SENKUNG",
    "LAMAGE",
    "LAMATURA",
    "ЦЕКОВКА",
];

/// Words and signs for a countersink, longer ones first.
const COUNTERSINK: [&str; 15] = [
    "⌵",
    "C'SINK",
    "CSINK",
    "C-SINK",
    "C/SINK",
    "COUNTERSINK",
    "CSK",
    "锪锥孔",
    "锥孔",
    "锪锥",
    "埋头孔",
    "KEGELSENKUNG",
    "SENKUNG",
    "FRAISURE",
    "ЗЕНКОВКА",
];

/// Words that may stand between a depth and the next statement.
const DEPTH_QUALIFIERS: [&str; 4] = ["MIN", "MAX", "FULL THREAD", "FROM"];

/// Reads one feature into the hole; false if none stands here.
pub(super) fn feature(cursor: &mut Cursor<'_>, hole: &mut HoleFeature) -> bool {
    let mut ahead = *cursor;
    if !ahead.skip_gap() {
        return false;
    }
    while ahead.eat(&[',', ';', '/', ' ']) {}
    let found = through(&mut ahead, hole)
        || counterbore(&mut ahead, hole)
        || countersink(&mut ahead, hole)
        || depth(&mut ahead, hole);
    if found {
        *cursor = ahead;
    }
    found
}

/// Whether a text goes on with the callout of a hole above it.
pub(super) fn is_continuation(text: &str) -> bool {
    let mut cursor = Cursor::new(text);
    feature(&mut cursor, &mut HoleFeature::default())
}

/// The counterbore or countersink that a text on its own states, and the feature itself.
pub(super) fn lone_feature(cursor: &mut Cursor<'_>) -> Option<(f64, HoleFeature)> {
    let mut ahead = *cursor;
    let mut hole = HoleFeature::default();
    if !(counterbore(&mut ahead, &mut hole) || countersink(&mut ahead, &mut hole)) {
        return None;
    }
    let sunk = hole.countersink.as_ref().map(|sink| sink.diameter);
    let diameter = hole.counterbore.as_ref().map(|bore| bore.diameter).or(sunk)?;
    *cursor = ahead;
    Some((diameter, hole))
}

/// Reads the depth that stands behind a sign or before a word.
pub(super) fn depth_figure(cursor: &mut Cursor<'_>) -> Option<f64> {
    let mut ahead = *cursor;
    ahead.skip_gap();
    let is_named = DEPTH_BEFORE.iter().any(|word| ahead.eat_text(word));
    if is_named {
        ahead.eat(&[':']);
        // the point of `DP.` is no decimal mark
        if !ahead.peek_second().is_some_and(|next| next.is_ascii_digit()) {
            ahead.eat(&['.']);
        }
    } else {
        ahead.eat(&['x', 'X', '-']);
    }
    ahead.skip_gap();
    let figure = number::figure(&mut ahead)?;
    number::length_unit(&mut ahead);
    // a depth's own tolerance has no place in the contract yet; it must not be left as another size
    tolerance::deviation(&mut ahead, Nominal { value: figure.value, factor: 1.0 });
    if !is_named {
        ahead.skip_gap();
        if !DEPTH_BEHIND.iter().any(|word| ahead.eat_word(&[word])) {
            return None;
        }
    }
    let mut qualifier = ahead;
    qualifier.skip_gap();
    if qualifier.eat_word(&DEPTH_QUALIFIERS) {
        qualifier.eat(&['.']);
        ahead = qualifier;
    }
    if ahead.is_inside_word() {
        return None;
    }
    *cursor = ahead;
    Some(figure.value)
}

fn depth(cursor: &mut Cursor<'_>, hole: &mut HoleFeature) -> bool {
    let Some(figure) = depth_figure(cursor) else {
        return false;
    };
    hole.depth = hole.depth.or(Some(figure));
    true
}

fn through(cursor: &mut Cursor<'_>, hole: &mut HoleFeature) -> bool {
    let found = THROUGH.iter().any(|word| cursor.eat_word(&[word]));
    hole.through |= found;
    found
}

fn counterbore(cursor: &mut Cursor<'_>, hole: &mut HoleFeature) -> bool {
    let mut ahead = *cursor;
    let Some(diameter) = named_diameter(&mut ahead, &COUNTERBORE) else {
        return false;
    };
    if angle_behind(&mut ahead.clone()).is_some() {
        return false;
    }
    let depth = depth_figure(&mut ahead);
    *cursor = ahead;
    hole.counterbore = Some(Counterbore { diameter, depth });
    true
}

fn countersink(cursor: &mut Cursor<'_>, hole: &mut HoleFeature) -> bool {
    let mut ahead = *cursor;
    let (diameter, angle) = if let Some(found) = angle_before_diameter(&mut ahead) {
        found
    } else if let Some(diameter) = named_diameter(&mut ahead, &COUNTERSINK) {
        (diameter, angle_behind(&mut ahead))
    } else {
        return false;
    };
    *cursor = ahead;
    hole.countersink = Some(Countersink { diameter, angle });
    true
}

/// Reads `CSK 82° TO Ø10`: the countersink's diameter and angle.
fn angle_before_diameter(cursor: &mut Cursor<'_>) -> Option<(f64, Option<f64>)> {
    let mut ahead = *cursor;
    COUNTERSINK.iter().find(|name| ahead.eat_text(name))?;
    let angle = angle_behind(&mut ahead)?;
    ahead.skip_gap();
    ahead.eat_word(&["TO"]);
    ahead.eat(&['x', 'X', '*', ',']);
    ahead.skip_gap();
    if !ahead.eat(&['Ø']) {
        return None;
    }
    ahead.eat(&[' ']);
    let diameter = number::figure(&mut ahead)?;
    number::length_unit(&mut ahead);
    *cursor = ahead;
    Some((diameter.value, Some(angle)))
}

/// Reads a feature's word and its diameter on either side of it: `⌴ Ø11`, `Ø11 C'BORE`.
fn named_diameter(cursor: &mut Cursor<'_>, names: &[&str]) -> Option<f64> {
    let mut ahead = *cursor;
    let is_named_first = names.iter().any(|name| ahead.eat_text(name));
    if is_named_first
        && ahead.is_inside_word()
        && !ahead.peek().is_some_and(|next| next.is_ascii_digit())
    {
        return None;
    }
    ahead.skip_gap();
    if !is_named_first && ahead.peek() != Some('Ø') {
        return None;
    }
    ahead.eat(&['Ø']);
    ahead.eat(&[' ']);
    let diameter = number::figure(&mut ahead)?;
    if ahead.peek() == Some('°') {
        return None;
    }
    number::length_unit(&mut ahead);
    if !is_named_first {
        ahead.skip_gap();
        if !names.iter().any(|name| ahead.eat_text(name)) || is_at_own_size(ahead) {
            return None;
        }
    }
    *cursor = ahead;
    Some(diameter.value)
}

/// Whether the name has its own diameter behind it, so that the one before it is the hole's.
fn is_at_own_size(mut cursor: Cursor<'_>) -> bool {
    cursor.skip_gap();
    if angle_behind(&mut cursor).is_some() {
        cursor.skip_gap();
        cursor.eat_word(&["TO"]);
        cursor.skip_gap();
    }
    cursor.peek() == Some('Ø')
}

/// Reads `x 90°`.
pub(super) fn angle_behind(cursor: &mut Cursor<'_>) -> Option<f64> {
    let mut ahead = *cursor;
    ahead.skip_gap();
    ahead.eat(&['x', 'X', '*', ',']);
    ahead.skip_gap();
    let figure = number::figure(&mut ahead)?;
    ahead.eat(&[' ']);
    if !(ahead.eat(&['°']) || ahead.eat_word(&["DEG"])) {
        return None;
    }
    *cursor = ahead;
    Some(figure.value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> HoleFeature {
        let mut hole = HoleFeature::default();
        let mut cursor = Cursor::new(text);
        while feature(&mut cursor, &mut hole) {}
        assert!(cursor.is_done(), "{text}: left {}", cursor.rest());
        hole
    }

    #[test]
    fn depth_is_named_by_sign_or_word() {
        for text in ["↧20", " ↧ 20", " DEEP 20", " 20 DEEP", "深20", " 深 20mm", "↧20 MIN"]
        {
            assert_eq!(read(text).depth, Some(20.0), "{text}");
        }
    }

    #[test]
    fn a_counterbore_keeps_its_own_depth() {
        let hole = read(" THRU ⌴ Ø11 ↧6");

        assert!(hole.through);
        assert_eq!(hole.depth, None);
        assert_eq!(hole.counterbore, Some(Counterbore { diameter: 11.0, depth: Some(6.0) }));
    }

    #[test]
    fn a_countersink_keeps_its_angle() {
        assert_eq!(
            read("⌵ Ø10x90°").countersink,
            Some(Countersink { diameter: 10.0, angle: Some(90.0) })
        );
        assert_eq!(
            read(" CSK Ø10 x 90°").countersink,
            Some(Countersink { diameter: 10.0, angle: Some(90.0) })
        );
        assert!(read(" 通孔").through);
    }
}
