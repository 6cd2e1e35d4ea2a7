//! The rules by which a line belongs to another: each looks for the line that it goes on with.

use super::super::cursor::Cursor;
use super::super::sheet::{Area, Line, Sheet};
use super::super::{frame, hole, number, tolerance};
use super::{Slot, owner};

/// Farthest start of a deviation behind its figure.
const DEVIATION_GAP: f32 = 1.8;

/// Farthest middle of a deviation above or below its figure's middle.
const DEVIATION_SHIFT: f32 = 1.7;

/// Widest gap between the cells of a frame.
const CELL_GAP: f32 = 2.2;

/// Widest gap between the lines of a leader's text.
const LEADER_GAP: f32 = 1.0;

/// Widest gap in which a sign may stand that was not recognised.
const SIGN_GAP: f32 = 2.6;

/// Largest difference of two stacked limits, as a share of the larger.
const LIMITS_APART: f64 = 0.03;

/// No rule joins lines further apart than this.
const REACH: f32 = 4.0;

/// Finds the line that a line belongs to, and its place there.
type Rule = fn(&Sheet<'_>, &[usize], usize) -> Option<(usize, Slot)>;

/// The rules in their order; the first that finds an owner wins.
pub(super) const RULES: [Rule; 8] = [
    unit_owner,
    deviation_owner,
    count_owner,
    cell_owner,
    zone_owner,
    limit_owner,
    leader_owner,
    depth_owner,
];

/// The nearest line that fits, seen from this line's candidates.
fn nearest(
    sheet: &Sheet<'_>,
    views: &[usize],
    index: usize,
    fits: impl Fn(&Line<'_>, &Line<'_>, Area) -> Option<(f32, Slot)>,
) -> Option<(usize, Slot)> {
    let line = sheet.lines.get(index)?;
    let candidates = views.iter().filter(|main| **main != index).filter_map(|main| {
        let candidate = sheet.lines.get(*main).filter(|candidate| is_in_reach(line, candidate))?;
        let seen = candidate.seen_from(line)?;
        let (distance, slot) = fits(candidate, line, seen)?;
        Some((distance, *main, slot))
    });
    candidates
        .min_by(|first, second| first.0.total_cmp(&second.0))
        .map(|(_, main, slot)| (main, slot))
}

/// Whether two lines are near enough for any rule; it spares most pairs of a sheet the turning.
fn is_in_reach(line: &Line<'_>, candidate: &Line<'_>) -> bool {
    let reach = line.letter_height().max(candidate.letter_height()) * REACH;
    line.place.gap_across(candidate.place) < reach && line.place.gap_down(candidate.place) < reach
}

/// The figure that a deviation beside it belongs to.
fn deviation_owner(sheet: &Sheet<'_>, views: &[usize], index: usize) -> Option<(usize, Slot)> {
    let text = sheet.lines.get(index)?.text();
    if !(is_deviation(text) || is_zero(text)) {
        return None;
    }
    nearest(sheet, views, index, |main, line, seen| {
        let height = main.letter_height();
        let gap = seen.left - main.own.right;
        let shift = seen.middle_y() - main.own.middle_y();
        // the other deviation may already be part of the figure's line
        let (nearest_gap, least_shift) = if ends_with_deviation(main.text()) {
            (-seen.width() * 1.3, height * 0.4)
        } else {
            (-height, 0.0)
        };
        let is_beside = gap > nearest_gap && gap < height * DEVIATION_GAP;
        let is_shifted = shift.abs() >= least_shift && shift.abs() < height * DEVIATION_SHIFT;
        let is_figure = takes_deviation(main.text()) && line.letter_height() < height * 1.6;
        (is_beside && is_shifted && is_figure)
            .then(|| (gap.abs() + shift.abs(), Slot::Above(shift)))
    })
}

/// A signed figure and nothing else, in brackets or not.
fn is_deviation(text: &str) -> bool {
    let text = text.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')).unwrap_or(text);
    let mut cursor = Cursor::new(text);
    cursor.eat(&['+', '-', '±']) && {
        cursor.skip_gap();
        number::figure(&mut cursor).is_some() && cursor.is_done()
    }
}

fn is_zero(text: &str) -> bool {
    let mut cursor = Cursor::new(text);
    number::figure(&mut cursor).is_some_and(|figure| figure.value == 0.0) && cursor.is_done()
}

/// A size with one deviation behind it.
fn ends_with_deviation(text: &str) -> bool {
    let sign = text.rfind(['+', '-']).filter(|sign| *sign > 0);
    sign.and_then(|sign| text.get(sign..))
        .is_some_and(|end| is_deviation(end.trim_end_matches(')')))
}

/// A text that ends like a size, so that a deviation may follow.
fn takes_deviation(text: &str) -> bool {
    let ends_like_size =
        text.ends_with(|last: char| last.is_ascii_digit() || matches!(last, '°' | 'm' | ')'));
    let has_figure = text.contains(|digit: char| digit.is_ascii_digit());
    let signs = text.matches(['+', '-']).count();
    ends_like_size
        && has_figure
        && signs < 2
        && !is_deviation(text)
        && !is_zero(text)
        && !text.contains('±')
}

/// A zero without a sign is a deviation only beside one that has it.
pub(super) fn drop_lone_zeros(sheet: &Sheet<'_>, owners: &mut [Option<(usize, Slot)>]) {
    for index in 0..owners.len() {
        let (Some((main, Slot::Above(_))), Some(line)) =
            (owner(owners, index), sheet.lines.get(index))
        else {
            continue;
        };
        if !is_zero(line.text()) {
            continue;
        }
        let has_signed = owners.iter().enumerate().any(|(other, owner)| {
            let is_sibling =
                other != index && matches!(owner, Some((owner, Slot::Above(_))) if *owner == main);
            is_sibling && sheet.lines.get(other).is_some_and(|other| is_deviation(other.text()))
        });
        let is_signed = has_signed
            || sheet.lines.get(main).is_some_and(|main| ends_with_deviation(main.text()));
        if let Some(place) = owners.get_mut(index).filter(|_| !is_signed) {
            *place = None;
        }
    }
}

/// The figure whose unit or fit was recognised on its own.
fn unit_owner(sheet: &Sheet<'_>, views: &[usize], index: usize) -> Option<(usize, Slot)> {
    let text = sheet.lines.get(index)?.text();
    if !matches!(text, "mm" | "cm" | "in") && !tolerance::is_fit(text) {
        return None;
    }
    nearest(sheet, views, index, |main, _, seen| {
        let gap = seen.left - main.own.right;
        let ends_like_size = main.text().ends_with(|last: char| last.is_ascii_digit());
        (ends_like_size && is_on_row(main, seen, gap, 1.0))
            .then_some((gap, Slot::Behind(seen.left)))
    })
}

/// The feature behind a count that was recognised on its own, as `4 x` before `Ø9`.
fn count_owner(sheet: &Sheet<'_>, views: &[usize], index: usize) -> Option<(usize, Slot)> {
    let text = sheet.lines.get(index)?.text();
    let digits = text.strip_suffix(['x', 'X'])?.trim_end();
    if digits.is_empty() || !digits.chars().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    nearest(sheet, views, index, |main, _, seen| {
        let gap = main.own.left - seen.right;
        is_on_row(main, seen, gap, 1.5).then_some((gap, Slot::Before))
    })
}

/// The tolerance of a frame whose datum cells were recognised one by one.
fn cell_owner(sheet: &Sheet<'_>, views: &[usize], index: usize) -> Option<(usize, Slot)> {
    if !frame::is_datum_cell(sheet.lines.get(index)?.text()) {
        return None;
    }
    nearest(sheet, views, index, |main, _, seen| {
        let text = main.text();
        let is_cell = frame::is_datum_cell(text)
            || frame::unsigned_frame(&format!("{text} A")).is_some()
            || starts_frame(text);
        let gap = seen.left - main.own.right;
        (is_cell && is_on_row(main, seen, gap, CELL_GAP)).then_some((gap, Slot::Behind(seen.left)))
    })
}

/// The sign whose tolerance cell was recognised on its own; below the first, a composite frame's second.
fn zone_owner(sheet: &Sheet<'_>, views: &[usize], index: usize) -> Option<(usize, Slot)> {
    if !frame::is_zone_cell(sheet.lines.get(index)?.text()) {
        return None;
    }
    nearest(sheet, views, index, |main, line, seen| {
        let height = main.letter_height().max(line.letter_height());
        let gap = seen.left - main.own.right;
        let shift = seen.middle_y() - main.own.middle_y();
        let is_beside = gap > -height * 0.3 && gap < height * CELL_GAP && shift.abs() < height;
        let slot =
            if shift < height * 0.4 { Slot::Behind(seen.left) } else { Slot::Below(seen.top) };
        (is_beside && frame::is_sign(main.text())).then_some((gap.abs() + shift.abs(), slot))
    })
}

fn starts_frame(text: &str) -> bool {
    let mut cursor = Cursor::new(text);
    frame::frame(&mut cursor).is_some_and(|frame| frame.tolerance.is_some()) && cursor.is_done()
}

/// The upper of two limits printed one above the other.
fn limit_owner(sheet: &Sheet<'_>, views: &[usize], index: usize) -> Option<(usize, Slot)> {
    let lower = lone_figure(sheet.lines.get(index)?.text())?;
    nearest(sheet, views, index, |main, line, seen| {
        let upper = lone_figure(main.text())
            .filter(|upper| upper.decimals == lower.decimals && lower.decimals > 0)?;
        let height = main.letter_height();
        let gap = seen.top - main.own.bottom;
        let is_stacked = gap > -height * 0.4
            && gap < height * 0.4
            && (seen.right - main.own.right).abs() < height;
        let difference = upper.value - lower.value;
        let are_limits = difference > 0.0 && difference <= upper.value * LIMITS_APART;
        let is_alike = (line.letter_height() / height - 1.0).abs() < 0.3;
        (is_stacked && are_limits && is_alike).then_some((gap.abs(), Slot::Limit))
    })
}

/// A figure with nothing but a size sign before it.
fn lone_figure(text: &str) -> Option<number::Figure> {
    let mut cursor = Cursor::new(text.trim_start_matches(['Ø', 'R']));
    number::figure(&mut cursor).filter(|_| cursor.is_done())
}

/// The callout that a line below it goes on with, as `⌴ Ø11 ↧6` under `4x Ø6.6 THRU`.
fn leader_owner(sheet: &Sheet<'_>, views: &[usize], index: usize) -> Option<(usize, Slot)> {
    let text = sheet.lines.get(index)?.text();
    if !(hole::is_continuation(text) || is_limit_word(text)) {
        return None;
    }
    nearest(sheet, views, index, |main, _, seen| {
        let height = main.letter_height();
        let gap = seen.top - main.own.bottom;
        let is_below =
            gap > -height * 0.5 && gap < height * LEADER_GAP && main.own.gap_across(seen) < 0.0;
        let beside = seen.left - main.own.right;
        let is_hole = main.text().contains(['Ø', 'M', '⌴', '⌵', '↧'])
            || main.text().to_ascii_uppercase().contains("THRU");
        if is_hole && is_below {
            return Some((gap.abs(), Slot::Below(seen.top)));
        }
        (is_hole && is_on_row(main, seen, beside, CELL_GAP))
            .then_some((beside, Slot::Behind(seen.left)))
    })
}

fn is_limit_word(text: &str) -> bool {
    ["THRU", "TYP", "EQ SP", "均布", "通孔"].iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// The hole whose depth stands behind it, the sign between them not recognised.
fn depth_owner(sheet: &Sheet<'_>, views: &[usize], index: usize) -> Option<(usize, Slot)> {
    let figure = lone_figure(sheet.lines.get(index)?.text()).filter(|figure| figure.value > 0.0)?;
    let is_plain = sheet.lines.get(index)?.text().starts_with(|first: char| first.is_ascii_digit());
    if !is_plain || figure.is_padded {
        return None;
    }
    nearest(sheet, views, index, |main, line, seen| {
        let gap = seen.left - main.own.right;
        let height = main.letter_height();
        let is_alike = (line.letter_height() / height - 1.0).abs() < 0.15;
        let is_hole =
            main.text().contains('Ø') && main.text().ends_with(|last: char| last.is_ascii_digit());
        let has_room_for_sign = gap > height * 0.8;
        (is_hole && is_alike && has_room_for_sign && is_on_row(main, seen, gap, SIGN_GAP))
            .then_some((gap, Slot::Behind(seen.left)))
    })
}

fn is_on_row(main: &Line<'_>, seen: Area, gap: f32, widest: f32) -> bool {
    let height = main.letter_height();
    gap > -height * 0.3
        && gap < height * widest
        && (seen.middle_y() - main.own.middle_y()).abs() < height * 0.4
}
