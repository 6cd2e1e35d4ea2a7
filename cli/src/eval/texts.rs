//! Printed texts found against those that are there, and the characters in them.
//!
//! A printed text is found when read lines cover half of its box. For characters, printed texts and read lines
//! that overlap are taken together, so that it does not matter whether two words were read as one line or two.

use cad_common::contract::reading::Reading;

use super::score::Score;
use super::truth::Truth;

/// Left, top, right, bottom.
type Area = [f32; 4];

/// A text with its place, printed or read.
struct Placed {
    text: String,
    area: Area,
    /// Reads upwards or downwards.
    is_upright: bool,
}

pub(super) fn compare(truth: &Truth, reading: &Reading, score: &mut Score) {
    let printed: Vec<Placed> = truth.texts.iter().map(printed).collect();
    let read: Vec<Placed> =
        reading.pages.iter().flat_map(|page| &page.text_lines).map(read_line).collect();
    let mut clusters: Vec<Cluster> = Vec::new();
    for (index, text) in printed.iter().enumerate() {
        let covered: f32 = read.iter().map(|line| overlap(text.area, line.area)).sum();
        let is_found = covered >= 0.5 * size(text.area).max(1.0);
        score.texts.count(is_found);
        if !is_found {
            score.remarks.push(format!("text not found {:?} at {:?}", text.text, text.area));
            continue;
        }
        let lines = (0..read.len()).filter(|line| belong(text, read.get(*line))).collect();
        join(&mut clusters, Cluster { texts: vec![index], lines });
    }
    for cluster in &clusters {
        let (expected, given) = (cluster.text(&printed, true), cluster.text(&read, false));
        let wrong = edits(&expected, &given).min(expected.len());
        score.characters.part += figure(wrong);
        score.characters.whole += figure(expected.len());
        if wrong > 0 {
            let (expected, given): (String, String) =
                (expected.iter().collect(), given.iter().collect());
            score.remarks.push(format!("read {given:?} where {expected:?} stands"));
        }
    }
}

fn printed(text: &super::truth::TrueText) -> Placed {
    let [left, top, width, height] = text.bbox;
    Placed {
        text: text.text.clone(),
        area: [left, top, left + width, top + height],
        is_upright: is_upright(text.rotation),
    }
}

fn read_line(line: &cad_common::contract::reading::TextLine) -> Placed {
    let (mut low, mut high) = ([f32::INFINITY; 2], [f32::NEG_INFINITY; 2]);
    for [x, y] in line.polygon {
        low = [low[0].min(x), low[1].min(y)];
        high = [high[0].max(x), high[1].max(y)];
    }
    Placed {
        text: line.text.clone(),
        area: [low[0], low[1], high[0], high[1]],
        is_upright: is_upright(line.rotation),
    }
}

fn is_upright(rotation: f32) -> bool {
    rotation.to_radians().sin().abs() > 0.7
}

/// Whether more than half of the smaller of the two is shared.
fn belong(text: &Placed, line: Option<&Placed>) -> bool {
    line.is_some_and(|line| {
        overlap(text.area, line.area) > 0.5 * size(text.area).min(size(line.area))
    })
}

/// Printed texts with the read lines that overlap them.
struct Cluster {
    texts: Vec<usize>,
    lines: Vec<usize>,
}

/// Adds a cluster, swallowing those that share a line with it.
fn join(clusters: &mut Vec<Cluster>, mut fresh: Cluster) {
    let shares = |old: &mut Cluster| old.lines.iter().any(|line| fresh.lines.contains(line));
    let touching: Vec<Cluster> = clusters.extract_if(.., shares).collect();
    for old in touching {
        fresh.texts.extend(old.texts);
        fresh.lines.extend(
            old.lines.iter().filter(|line| !fresh.lines.contains(line)).collect::<Vec<_>>(),
        );
    }
    clusters.push(fresh);
}

impl Cluster {
    /// The members' characters in reading order, without spaces.
    fn text(&self, placed: &[Placed], is_printed: bool) -> Vec<char> {
        let indices = if is_printed { &self.texts } else { &self.lines };
        let mut members: Vec<&Placed> =
            indices.iter().filter_map(|index| placed.get(*index)).collect();
        let upright = members.iter().filter(|member| member.is_upright).count();
        let is_upright = 2 * upright > members.len();
        let thickness = |member: &&Placed| {
            let [left, top, right, bottom] = member.area;
            (right - left).min(bottom - top)
        };
        let mut heights: Vec<f32> = members.iter().map(thickness).collect();
        heights.sort_by(f32::total_cmp);
        let band = heights.get(heights.len() / 2).map_or(1.0, |height| (height * 0.7).max(1.0));
        members.sort_by(|first, second| {
            let (first, second) = (order(first, is_upright, band), order(second, is_upright, band));
            first.0.total_cmp(&second.0).then(first.1.total_cmp(&second.1))
        });
        members.iter().flat_map(|member| uniform(&member.text)).collect()
    }
}

/// Row first, then the place in it.
fn order(placed: &Placed, is_upright: bool, band: f32) -> (f32, f32) {
    let [left, top, right, bottom] = placed.area;
    if is_upright {
        (((left + right) / 2.0 / band).round(), -bottom)
    } else {
        (((top + bottom) / 2.0 / band).round(), left)
    }
}

/// One spelling for signs that look the same in print; spaces don't count.
fn uniform(text: &str) -> Vec<char> {
    let one = |character: char| match character {
        'Ø' | 'ø' | 'Φ' | 'φ' | '∅' => '⌀',
        'x' | 'X' | '✕' => '×',
        '–' | '—' | '−' | '‐' => '-',
        'º' | '˚' => '°',
        '’' | '′' => '\'',
        '”' | '″' => '"',
        'µ' => 'μ',
        '\u{ff01}'..='\u{ff5e}' => {
            char::from_u32(u32::from(character) - 0xff01 + u32::from('!')).unwrap_or(character)
        }
        other => other,
    };
    text.chars().filter(|character| !character.is_whitespace()).map(one).map(one).collect()
}

/// Insertions, deletions and replacements between two texts (Levenshtein).
fn edits(a: &[char], b: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (cell, y) in row.iter_mut().skip(1).zip(b) {
            let above = *cell;
            left = (above + 1).min(left + 1).min(diagonal + usize::from(x != y));
            *cell = left;
            diagonal = above;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or(0)
}

fn size([left, top, right, bottom]: Area) -> f32 {
    (right - left).max(0.0) * (bottom - top).max(0.0)
}

fn overlap(a: Area, b: Area) -> f32 {
    size([a[0].max(b[0]), a[1].max(b[1]), a[2].min(b[2]), a[3].min(b[3])])
}

#[expect(clippy::cast_precision_loss, reason = "characters of a drawing are few")]
fn figure(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn distance(a: &str, b: &str) -> usize {
        edits(&a.chars().collect::<Vec<_>>(), &b.chars().collect::<Vec<_>>())
    }

    #[test]
    fn distance_counts_single_changes() {
        assert_eq!(distance("", "ab"), 2);
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("⌀20H7", "020H7"), 1);
        assert_eq!(distance("same", "same"), 0);
    }

    #[test]
    fn look_alikes_are_one_and_spaces_none() {
        assert_eq!(uniform("４ x Ø9"), uniform("4×⌀9"));
    }
}
