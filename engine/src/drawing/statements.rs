//! Walks over a text and gives everything that it states: dimensions, frames, textures.

use std::ops::Range;

use cad_common::contract::dimension::DimensionType;
use cad_common::contract::symbol::{ControlFrame, SurfaceTexture};

use super::callout::{self, Callout};
use super::cursor::{Cursor, is_wordy};
use super::{frame, surface};

/// Words that are no part of any statement, from which on a text is prose.
const PROSE_WORDS: usize = 6;

/// Longest text that is read, in bytes; no line of a drawing comes near it.
const LONGEST_TEXT: usize = 2000;

/// Words per dimension above which a text is prose.
const PROSE_PER_DIMENSION: usize = 3;

/// Characters between statements that say nothing.
const SEPARATORS: [char; 10] = [' ', ',', ';', '.', ')', ']', '√', '▽', '∇', '|'];

/// One thing that a text states.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Statement {
    /// A dimension.
    Dimension(Box<Callout>),
    /// A geometrical tolerance.
    Frame(ControlFrame),
    /// A surface texture.
    Texture(SurfaceTexture),
}

/// A statement and its place in the uniform text.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Found {
    /// What is stated.
    pub(super) statement: Statement,
    /// Where.
    pub(super) range: Range<usize>,
}

/// Finds what a text states, in its order.
pub(super) fn find(text: &str) -> Vec<Found> {
    if text.len() > LONGEST_TEXT {
        return Vec::new();
    }
    if let Some(texture) = surface::grade(text) {
        return vec![Found { statement: Statement::Texture(texture), range: 0..text.len() }];
    }
    if let Some(frame) = frame::unsigned_frame(text) {
        return vec![Found { statement: Statement::Frame(frame), range: 0..text.len() }];
    }
    let (mut found, words) = walk(text);
    for found in &mut found {
        if let Statement::Texture(texture) = &mut found.statement {
            surface::describe(texture, text);
        }
    }
    take_depths(text, &mut found);
    let plain = found.iter().filter(|found| is_plain(found)).count();
    let dimensions =
        found.iter().filter(|found| matches!(found.statement, Statement::Dimension(_))).count();
    let is_prose = words >= PROSE_WORDS && words > dimensions * PROSE_PER_DIMENSION;
    let is_size =
        words == 0 && plain == found.len() && (plain == 1 || text.contains(['x', 'X', '*']));
    let is_bend_note = is_bend_note(text);
    found.retain(|found| match &found.statement {
        Statement::Dimension(_) if is_prose => false,
        Statement::Dimension(callout) if is_bend_note => callout.kind == DimensionType::Angle,
        Statement::Dimension(callout) => callout.is_signed || is_size,
        // other signs and letters are misread as one; a frame's sign never stands alone
        Statement::Frame(_) => !frame::is_sign(text.trim()),
        Statement::Texture(_) => true,
    });
    found
}

/// How many words of a text belong to no statement.
pub(super) fn unrelated_words(text: &str) -> usize {
    if text.len() > LONGEST_TEXT {
        return text.split(' ').count();
    }
    walk(text).1
}

/// Takes a plain figure directly behind a diameter for the hole's depth: the sign between them is
/// the one that recognisers lose most.
fn take_depths(text: &str, found: &mut Vec<Found>) {
    let mut at = 1;
    while let Some([hole, figure]) = found.get_mut(at - 1..=at) {
        let is_adjacent = text
            .get(hole.range.end..figure.range.start)
            .is_some_and(|between| between.trim().is_empty());
        let depth = match &figure.statement {
            Statement::Dimension(plain) if is_adjacent && !plain.is_signed && plain.count == 1 => {
                Some(plain.value)
            }
            Statement::Dimension(_) | Statement::Frame(_) | Statement::Texture(_) => None,
        };
        match (&mut hole.statement, depth) {
            (Statement::Dimension(callout), Some(depth))
                if callout.kind == DimensionType::Diameter && callout.hole.depth.is_none() =>
            {
                callout.hole.depth = Some(depth);
                hole.range.end = figure.range.end;
                found.remove(at);
            }
            _ => at += 1,
        }
    }
}

/// Walks the text once; the second figure counts the words that belong to no statement.
fn walk(text: &str) -> (Vec<Found>, usize) {
    let mut cursor = Cursor::new(text);
    let (mut found, mut words) = (Vec::new(), 0);
    while !cursor.is_done() {
        let is_decimal = cursor.peek() == Some('.')
            && cursor.peek_second().is_some_and(|next| next.is_ascii_digit());
        if !is_decimal && !is_boxed(cursor) && cursor.eat(&SEPARATORS) {
            continue;
        }
        let start = cursor.at();
        if let Some(statement) = segment(&mut cursor, &found).or_else(|| statement(&mut cursor)) {
            found.push(Found { statement, range: start..cursor.at() });
        } else if !eat_size_cross(&mut cursor, &found) {
            words += usize::from(skip_word(&mut cursor));
        }
    }
    (found, words)
}

/// Whether what comes next belongs to its separator: a boxed size, a figure under a surface mark.
fn is_boxed(cursor: Cursor<'_>) -> bool {
    let mut ahead = cursor;
    match cursor.peek() {
        Some('|') => callout::callout(&mut ahead).is_some(),
        Some('√') => surface::texture(&mut ahead).is_some(),
        _ => false,
    }
}

/// Reads the lower segment of the composite frame that was read last.
fn segment(cursor: &mut Cursor<'_>, found: &[Found]) -> Option<Statement> {
    let Statement::Frame(upper) = &found.last()?.statement else {
        return None;
    };
    frame::segment(cursor, upper).map(Statement::Frame)
}

fn statement(cursor: &mut Cursor<'_>) -> Option<Statement> {
    let mut ahead = *cursor;
    let goes_on = matches!(ahead.previous(), Some('/' | '-' | ':' | '#'));
    if goes_on && ahead.peek().is_some_and(|next| next.is_ascii_digit()) {
        return None;
    }
    let found = surface::texture(&mut ahead)
        .map(Statement::Texture)
        .or_else(|| read(&mut ahead, frame::frame).map(Statement::Frame))
        .or_else(|| {
            read(&mut ahead, callout::callout).map(|found| Statement::Dimension(Box::new(found)))
        })?;
    *cursor = ahead;
    Some(found)
}

/// Reads with a rule that may leave the cursor anywhere when it fails.
fn read<'t, T>(cursor: &mut Cursor<'t>, rule: impl Fn(&mut Cursor<'t>) -> Option<T>) -> Option<T> {
    let mut ahead = *cursor;
    let found = rule(&mut ahead)?;
    *cursor = ahead;
    Some(found)
}

/// Reads the cross between two plain sizes, as in `50 x 30 x 2`.
fn eat_size_cross(cursor: &mut Cursor<'_>, found: &[Found]) -> bool {
    let mut ahead = *cursor;
    let is_cross = found.last().is_some_and(is_plain) && ahead.eat(&['x', 'X', '*']);
    ahead.eat(&[' ']);
    let is_size_next =
        is_cross && ahead.peek().is_some_and(|next| next.is_ascii_digit() || next == '.');
    if is_size_next {
        *cursor = ahead;
    }
    is_size_next
}

/// Skips to the next place where a statement can start; whether that was a word.
fn skip_word(cursor: &mut Cursor<'_>) -> bool {
    let Some(first) = cursor.bump() else {
        return false;
    };
    if !is_wordy(first) {
        return first != '(' && first != '[';
    }
    while let Some(next) = cursor.peek() {
        let joins = matches!(next, '.' | '-' | '/' | '#' | ':')
            && cursor.peek_second().is_some_and(is_wordy)
            && !is_before_texture(cursor);
        if !(is_wordy(next) || joins) {
            break;
        }
        cursor.bump();
    }
    true
}

/// Whether a slash ends the transmission band of a texture, as in `0.008-2.5/Ra 3.2`.
fn is_before_texture(cursor: &Cursor<'_>) -> bool {
    let mut ahead = *cursor;
    ahead.eat(&['/']) && surface::texture(&mut ahead).is_some()
}

fn is_plain(found: &Found) -> bool {
    matches!(&found.statement, Statement::Dimension(callout) if !callout.is_signed)
}

/// Whether a text tells how sheet metal is bent; its radius belongs to the tool, not to a view.
fn is_bend_note(text: &str) -> bool {
    let upper = text.to_ascii_uppercase();
    let word = upper.split(' ').next().unwrap_or_default();
    // recognisers lose a letter of DOWN more often than they keep all four
    let is_direction = word == "UP" || word.starts_with('D') && word.ends_with("WN");
    is_direction && upper.contains('°') || upper.contains("K=") || upper.contains("K-FACTOR")
}

#[cfg(test)]
mod tests {
    use cad_common::contract::dimension::{ToleranceKind, Unit};

    use super::*;

    fn dimensions(text: &str) -> Vec<Callout> {
        let callout = |found: Found| match found.statement {
            Statement::Dimension(callout) => Some(*callout),
            Statement::Frame(_) | Statement::Texture(_) => None,
        };
        find(text).into_iter().filter_map(callout).collect()
    }

    fn one(text: &str) -> Callout {
        let found = dimensions(text);
        assert_eq!(found.len(), 1, "{text}: {found:?}");
        found.into_iter().next().unwrap()
    }

    fn kind_and_value(text: &str) -> (DimensionType, f64) {
        let found = one(text);
        (found.kind, found.value)
    }

    #[test]
    fn each_kind_is_told_by_its_sign() {
        use DimensionType::*;
        for (text, kind, value) in [
            ("Ø20", Diameter, 20.0),
            ("20 DIA", Diameter, 20.0),
            ("直径Ø50", Diameter, 50.0),
            ("R.188", Radius, 0.188),
            ("R 2.5", Radius, 2.5),
            ("SR10", Spherical, 10.0),
            ("SØ20", Spherical, 20.0),
            ("□20", Square, 20.0),
            ("⌒30", ArcLength, 30.0),
            ("45°", Angle, 45.0),
            ("15°30'", Angle, 15.5),
            ("C2", Chamfer, 2.0),
            ("CHAMFER 0,2", Chamfer, 0.2),
            ("M2.5x0.45", Thread, 2.5),
            (".500", Length, 0.5),
            ("12,5", Length, 12.5),
            ("L=100", Length, 100.0),
            ("40,00 mm", Length, 40.0),
            ("2 cm", Length, 20.0),
            ("014.0", Diameter, 14.0),
        ] {
            assert_eq!(kind_and_value(text), (kind, value), "{text}");
        }
    }

    #[test]
    fn counts_are_read_on_both_sides() {
        for text in
            ["4xØ10", "4X Ø10", "4-Ø10", "4 x Ø10", "(4x) Ø10", "Ø10 4 PL", "Ø10 (4 PLACES)"]
        {
            assert_eq!((one(text).count, one(text).value), (4, 10.0), "{text}");
        }
        assert_eq!(one("2R5").kind, DimensionType::Radius);
    }

    #[test]
    fn a_figure_times_an_angle_is_a_chamfer() {
        for text in ["2x45°", "2 x 45°", "2X45°"] {
            let found = one(text);
            assert_eq!(
                (found.kind, found.value, found.angle),
                (DimensionType::Chamfer, 2.0, Some(45.0)),
                "{text}"
            );
        }
        let twice = one("2x 45°");
        assert_eq!((twice.kind, twice.count), (DimensionType::Angle, 2));
    }

    #[test]
    fn tolerances_come_in_every_spelling() {
        let of = |text: &str| one(text).tolerance.unwrap_or_else(|| panic!("{text}"));
        assert_eq!(of("100±0.1").upper, Some(0.1));
        assert_eq!(
            (of("Ø20 +0.02 -0.01").upper, of("Ø20 +0.02 -0.01").lower),
            (Some(0.02), Some(-0.01))
        );
        assert_eq!(of("Ø20H7/g6").fit.as_deref(), Some("H7/g6"));
        assert_eq!(of("Ø4 H7").grade, Some(7));
        assert_eq!(of("Ø80f8 -0.030 -0.076").fit.as_deref(), Some("f8"));
        assert_eq!(of("(20)").kind, ToleranceKind::Reference);
        assert_eq!(of("[20]").kind, ToleranceKind::Basic);
        assert_eq!(of("R5 MAX").kind, ToleranceKind::Max);
        assert_eq!(of("30°±0.5°").upper, Some(0.5));
        let limits = of("4xØ5.8-5.85");
        assert_eq!((limits.kind, limits.lower), (ToleranceKind::Limits, Some(-0.05)));
        assert_eq!(one("4xØ5.8-5.85").value, 5.85);
    }

    #[test]
    fn hole_callouts_are_one_dimension() {
        let found = one("4x Ø6.6 THRU ⌴ Ø11 ↧6");
        assert_eq!((found.count, found.hole.through), (4, true));
        assert_eq!(found.hole.counterbore.map(|bore| bore.diameter), Some(11.0));

        let found = one("2XM3X0.5↧7MIN");
        assert_eq!((found.count, found.hole.depth), (2, Some(7.0)));
        assert_eq!(found.thread.and_then(|thread| thread.pitch), Some(0.5));
    }

    #[test]
    fn several_dimensions_of_one_text_stay_apart() {
        let found = dimensions("Ø20±0.02 R5 M10x1.5 Ra3.2");

        assert_eq!(found.iter().map(|found| found.value).collect::<Vec<_>>(), [20.0, 5.0, 10.0]);
        assert_eq!(dimensions("50 x 30 x 2").len(), 3);
    }

    #[test]
    fn inches_are_told_by_their_mark() {
        let found = one("1 1/2\"");

        assert_eq!((found.value, found.unit), (1.5, Some(Unit::Inch)));
    }

    #[test]
    fn texts_of_other_kinds_state_no_dimension() {
        for text in [
            "ER50-6",
            "RM100",
            "10MM20",
            "PREVIOUS",
            "⌖ Ø0.1 A B C",
            "0,6 A",
            "SP-20417",
            "13/06/19",
            "27.08.2018",
            "1:2",
            "SCALE 2:1",
            "SECTION A-A",
            "A-A (1:1)",
            "HT200",
            "45钢",
            "A4",
            "1/1",
            "+0.10",
            "-0.2",
            "AT3 T10",
            "v1.0",
            "1 OF 1",
            "R=2,4 K=0,47",
            "100 50",
            "Rev 2",
            "RAL 9016",
            "1.2.3",
            "",
        ] {
            assert_eq!(dimensions(text), [], "{text}");
        }
    }

    #[test]
    fn a_bend_note_states_its_angle_alone() {
        assert_eq!(kind_and_value("Up 90° R 2.4"), (DimensionType::Angle, 90.0));
    }
}
