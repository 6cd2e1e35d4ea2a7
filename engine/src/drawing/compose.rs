//! Joins lines that the sheet shows as one statement: stacked deviations, cells of a frame, the
//! lines of a leader's text.
//!
//! All distances are in letter heights along the main line's reading direction, so that text that
//! runs upwards is joined like text that runs across.

use std::ops::Range;

use cad_common::contract::reading::{Evidence, bbox_around};

use super::cursor::Cursor;
use super::glyphs::Uniform;
use super::regions::{Regions, Role};
use super::sheet::{self, Area, Line, Sheet};
use super::{frame, hole, number};

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

/// Lines that state something together.
#[derive(Debug)]
pub(super) struct Block {
    /// The printed texts, joined by spaces; limits by a slash.
    pub(super) raw: String,
    /// The same in the uniform alphabet.
    pub(super) uniform: Uniform,
    /// The lines with their bytes in `raw`.
    parts: Vec<(usize, Range<usize>)>,
}

impl Block {
    fn new(sheet: &Sheet<'_>, lines: &[(usize, char)]) -> Self {
        let mut raw = String::new();
        let mut parts = Vec::new();
        for (index, separator) in lines {
            let Some(line) = sheet.lines.get(*index) else {
                continue;
            };
            if !raw.is_empty() {
                raw.push(*separator);
            }
            let start = raw.len();
            raw.push_str(&line.source.text);
            parts.push((*index, start..raw.len()));
        }
        let uniform = Uniform::new(&raw);
        Self { raw, uniform, parts }
    }

    /// The printed text behind a range of the uniform text.
    pub(super) fn printed(&self, range: &Range<usize>) -> &str {
        self.raw.get(self.uniform.source_range(range)).unwrap_or("").trim()
    }

    /// Where the statement behind a range of the uniform text stands.
    pub(super) fn evidence(&self, sheet: &Sheet<'_>, range: &Range<usize>) -> Evidence {
        let source = self.uniform.source_range(range);
        let mut lines = Vec::new();
        let mut corners = Vec::new();
        for (index, part) in &self.parts {
            let shared = source.start.max(part.start)..source.end.min(part.end);
            let Some(line) = sheet.lines.get(*index).filter(|_| shared.start < shared.end) else {
                continue;
            };
            let share = |byte: usize| self.share(part, byte);
            let [left, top, width, height] = line.part_bbox(share(shared.start), share(shared.end));
            corners.extend([(left, top), (left.saturating_add(width), top.saturating_add(height))]);
            lines.push(*index);
        }
        let confidences = lines
            .iter()
            .filter_map(|index| sheet.lines.get(*index))
            .map(|line| line.source.confidence);
        Evidence {
            page: sheet.number,
            confidence: sheet::mean(confidences),
            bbox: bbox_of(&corners),
            lines,
        }
    }

    /// How far into a part's text a byte lies, 0 to 1, by characters.
    #[expect(
        clippy::cast_precision_loss,
        reason = "lines have far fewer characters than f32 counts exactly"
    )]
    fn share(&self, part: &Range<usize>, byte: usize) -> f32 {
        let characters =
            |range: Range<usize>| self.raw.get(range).map_or(0, |text| text.chars().count()) as f32;
        characters(part.start..byte) / characters(part.clone()).max(1.0)
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "pages have far fewer pixels than f32 counts exactly"
)]
fn bbox_of(corners: &[(i32, i32)]) -> [i32; 4] {
    bbox_around(corners.iter().map(|(x, y)| [*x as f32, *y as f32]))
}

/// Where an attached line stands in the text of its block.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
enum Slot {
    Before,
    Main,
    Above(f32),
    Limit,
    Behind(f32),
    Below(f32),
}

/// Joins the lines of a sheet's views into blocks, in reading order.
pub(super) fn blocks(sheet: &Sheet<'_>, regions: &Regions) -> Vec<Block> {
    let views: Vec<usize> =
        (0..sheet.lines.len()).filter(|index| regions.is(*index, Role::View)).collect();
    let mut owners: Vec<Option<(usize, Slot)>> = vec![None; sheet.lines.len()];
    for rule in [
        unit_owner,
        deviation_owner,
        count_owner,
        cell_owner,
        limit_owner,
        leader_owner,
        depth_owner,
    ] {
        for index in &views {
            let owner =
                rule(sheet, &views, *index).filter(|(main, _)| root(&owners, *main) != *index);
            if let (Some(place @ None), Some(owner)) = (owners.get_mut(*index), owner) {
                *place = Some(owner);
            }
        }
    }
    drop_lone_zeros(sheet, &mut owners);
    views
        .iter()
        .filter(|index| owner(&owners, **index).is_none())
        .map(|main| block(sheet, &owners, *main))
        .collect()
}

fn owner(owners: &[Option<(usize, Slot)>], index: usize) -> Option<(usize, Slot)> {
    owners.get(index).copied().flatten()
}

/// The line at the head of a chain of owners.
fn root(owners: &[Option<(usize, Slot)>], index: usize) -> usize {
    let mut head = index;
    for _ in 0..owners.len() {
        match owner(owners, head) {
            Some((next, _)) => head = next,
            None => break,
        }
    }
    head
}

fn block(sheet: &Sheet<'_>, owners: &[Option<(usize, Slot)>], main: usize) -> Block {
    let mut ordered = Vec::new();
    collect(owners, main, &mut ordered);
    Block::new(sheet, &ordered)
}

/// A line with everything attached to it, each attached line with its own.
fn collect(owners: &[Option<(usize, Slot)>], main: usize, ordered: &mut Vec<(usize, char)>) {
    let mut members: Vec<(Slot, usize)> = owners
        .iter()
        .enumerate()
        .filter_map(|(index, owner)| {
            owner.filter(|(owner, _)| *owner == main).map(|(_, slot)| (slot, index))
        })
        .collect();
    members.push((Slot::Main, main));
    members.sort_by(|first, second| {
        first.0.partial_cmp(&second.0).unwrap_or(std::cmp::Ordering::Equal)
    });
    for (slot, index) in members {
        match slot {
            Slot::Main => ordered.push((index, ' ')),
            Slot::Limit => ordered.push((index, '/')),
            Slot::Before | Slot::Above(_) | Slot::Behind(_) | Slot::Below(_) => {
                collect(owners, index, ordered)
            }
        }
    }
}

/// The nearest line that fits, seen from this line's candidates.
fn nearest(
    sheet: &Sheet<'_>,
    views: &[usize],
    index: usize,
    fits: impl Fn(&Line<'_>, &Line<'_>, Area) -> Option<(f32, Slot)>,
) -> Option<(usize, Slot)> {
    let line = sheet.lines.get(index)?;
    let candidates = views.iter().filter(|main| **main != index).filter_map(|main| {
        let candidate = sheet.lines.get(*main)?;
        let seen = candidate.seen_from(line)?;
        let (distance, slot) = fits(candidate, line, seen)?;
        Some((distance, *main, slot))
    });
    candidates
        .min_by(|first, second| first.0.total_cmp(&second.0))
        .map(|(_, main, slot)| (main, slot))
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
fn drop_lone_zeros(sheet: &Sheet<'_>, owners: &mut [Option<(usize, Slot)>]) {
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

/// The figure whose unit was recognised on its own.
fn unit_owner(sheet: &Sheet<'_>, views: &[usize], index: usize) -> Option<(usize, Slot)> {
    if !matches!(sheet.lines.get(index)?.text(), "mm" | "cm" | "in") {
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
