//! Joins lines that the sheet shows as one statement: stacked deviations, cells of a frame, the
//! lines of a leader's text.
//!
//! All distances are in letter heights along the main line's reading direction, so that text that
//! runs upwards is joined like text that runs across.

use std::ops::Range;

use cad_common::contract::reading::{Evidence, bbox_around};

use super::glyphs::Uniform;
use super::regions::{Regions, Role};
use super::sheet::{self, Sheet};

mod owners;

use owners::RULES;

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
            ..Evidence::default()
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
    for rule in RULES {
        for index in &views {
            let owner =
                rule(sheet, &views, *index).filter(|(main, _)| root(&owners, *main) != *index);
            if let (Some(place @ None), Some(owner)) = (owners.get_mut(*index), owner) {
                *place = Some(owner);
            }
        }
    }
    owners::drop_lone_zeros(sheet, &mut owners);
    let attached = attached(&owners);
    views
        .iter()
        .filter(|index| owner(&owners, **index).is_none())
        .map(|main| block(sheet, &attached, *main))
        .collect()
}

/// For each line, those that belong to it, in their order.
fn attached(owners: &[Option<(usize, Slot)>]) -> Vec<Vec<(Slot, usize)>> {
    let mut attached = vec![Vec::new(); owners.len()];
    for (index, owner) in owners.iter().enumerate() {
        if let Some((main, slot)) = owner
            && let Some(members) = attached.get_mut(*main)
        {
            members.push((*slot, index));
        }
    }
    for (main, members) in attached.iter_mut().enumerate() {
        members.push((Slot::Main, main));
        members.sort_by(|first, second| {
            first.0.partial_cmp(&second.0).unwrap_or(std::cmp::Ordering::Equal)
        });
    }
    attached
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

fn block(sheet: &Sheet<'_>, attached: &[Vec<(Slot, usize)>], main: usize) -> Block {
    let mut ordered = Vec::new();
    collect(attached, main, &mut ordered);
    Block::new(sheet, &ordered)
}

/// A line with everything attached to it, each attached line with its own.
fn collect(attached: &[Vec<(Slot, usize)>], main: usize, ordered: &mut Vec<(usize, char)>) {
    for (slot, index) in attached.get(main).into_iter().flatten() {
        match slot {
            Slot::Main => ordered.push((*index, ' ')),
            Slot::Limit => ordered.push((*index, '/')),
            Slot::Before | Slot::Above(_) | Slot::Behind(_) | Slot::Below(_) => {
                collect(attached, *index, ordered)
            }
        }
    }
}
