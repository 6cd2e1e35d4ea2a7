//! From probabilities to boxes: connected areas, the smallest rectangle around each, grown to the text's full size.
//!
//! The network is trained to mark a shrunken core of each line, so that neighbours stay apart; the growth undoes
//! that shrinking (differentiable binarisation, `unclip`).

use std::f32::consts::{FRAC_PI_2, PI};

use cad_common::contract::reading::Polygon;

use super::detect::TextMap;

/// A pixel more probable than this belongs to text.
const PIXEL_THRESHOLD: f32 = 0.3;

/// A box whose pixels are less probable than this on average is none.
const BOX_THRESHOLD: f32 = 0.5;

/// How far a core grows, as a factor of its area over its outline.
const GROWTH: f32 = 1.6;

/// Cores thinner than this are noise.
const MIN_CORE_PX: f32 = 3.0;

/// More boxes than any sheet has; a page of noise must not take forever.
const MAX_BOXES: usize = 5000;

/// Boxes longer than this times their height can only be read along their length.
const ONE_WAY_ASPECT: f32 = 2.5;

/// A line of text on the page: a rectangle with a reading direction.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct TextBox {
    /// In page pixels.
    center: [f32; 2],
    /// Along the reading direction, in page pixels.
    pub(super) width: f32,
    /// Across the reading direction, in page pixels.
    pub(super) height: f32,
    /// Reading direction as the screen has it: clockwise, in radians, 0 to the right.
    angle: f32,
}

impl TextBox {
    /// A box for a test: centre, sides and clockwise degrees.
    #[cfg(test)]
    pub(super) fn at(center: [f32; 2], width: f32, height: f32, degrees: f32) -> Self {
        Self { center, width, height, angle: degrees.to_radians() }
    }

    /// The same place read the other way round.
    pub(super) fn turned(&self) -> Self {
        Self { angle: normal_angle(self.angle + PI), ..*self }
    }

    /// The corners, clockwise from the text's own top left.
    pub(super) fn polygon(&self) -> Polygon {
        let [along, down] = self.axes();
        let corner = |x: f32, y: f32| {
            [
                self.center[0] + x * along[0] + y * down[0],
                self.center[1] + x * along[1] + y * down[1],
            ]
        };
        [corner(-0.5, -0.5), corner(0.5, -0.5), corner(0.5, 0.5), corner(-0.5, 0.5)]
    }

    /// The vectors along the text and from its top to its bottom.
    pub(super) fn axes(&self) -> [[f32; 2]; 2] {
        let (sin, cos) = self.angle.sin_cos();
        [[self.width * cos, self.width * sin], [-self.height * sin, self.height * cos]]
    }

    /// Reading direction in degrees, counter-clockwise, 0 to 360.
    pub(super) fn rotation(&self) -> f32 {
        let tenths = (-10.0 * self.angle.to_degrees()).round().rem_euclid(3600.0);
        // The sum turns a negative zero into a plain one.
        tenths / 10.0 + 0.0
    }

    fn is_steep(&self) -> bool {
        self.angle.sin().abs() > 0.7
    }

    /// The same place read across, upwards when this is level, where its outline allows both.
    ///
    /// A single tall figure and two figures that read upwards look alike from outside.
    pub(super) fn across(&self) -> Option<Self> {
        let is_ambiguous = self.width < ONE_WAY_ASPECT * self.height;
        let angle = if self.is_steep() { self.angle + FRAC_PI_2 } else { self.angle - FRAC_PI_2 };
        is_ambiguous.then(|| Self {
            width: self.height,
            height: self.width,
            angle: normal_angle(angle),
            ..*self
        })
    }
}

/// Finds the boxes of all text on a map, in page pixels.
pub(super) fn find(map: &TextMap) -> Vec<TextBox> {
    let mut found = Vec::new();
    for core in cores(map) {
        if found.len() == MAX_BOXES {
            break;
        }
        let Some(rectangle) = Rectangle::around(&core) else {
            continue;
        };
        if rectangle.thickness() < MIN_CORE_PX || rectangle.mean_of(map) < BOX_THRESHOLD {
            continue;
        }
        found.extend(rectangle.grown().on_page(map));
    }
    found
}

/// A rectangle on the map.
#[derive(Debug, Clone, Copy)]
struct Rectangle {
    center: [f32; 2],
    /// Unit vector of the first side.
    axis: [f32; 2],
    /// Lengths along the axis and across it.
    sides: [f32; 2],
}

impl Rectangle {
    /// The smallest rectangle around points, in any direction; one side of it lies on the hull.
    fn around(points: &[[f32; 2]]) -> Option<Self> {
        let hull = convex_hull(points);
        let mut best: Option<Self> = None;
        for (index, from) in hull.iter().enumerate() {
            let to = hull.get(index + 1).or_else(|| hull.first())?;
            let edge = [to[0] - from[0], to[1] - from[1]];
            let length = edge[0].hypot(edge[1]);
            if length > 0.0 {
                let candidate = Self::along([edge[0] / length, edge[1] / length], &hull);
                if best.is_none_or(|so_far| candidate.area() < so_far.area()) {
                    best = Some(candidate);
                }
            }
        }
        best
    }

    fn along(axis: [f32; 2], hull: &[[f32; 2]]) -> Self {
        let across = [-axis[1], axis[0]];
        let mut low = [f32::INFINITY; 2];
        let mut high = [f32::NEG_INFINITY; 2];
        for point in hull {
            let place = [dot(*point, axis), dot(*point, across)];
            for side in 0..2 {
                low[side] = low[side].min(place[side]);
                high[side] = high[side].max(place[side]);
            }
        }
        let middle = [(low[0] + high[0]) / 2.0, (low[1] + high[1]) / 2.0];
        Self {
            center: [
                middle[0] * axis[0] + middle[1] * across[0],
                middle[0] * axis[1] + middle[1] * across[1],
            ],
            axis,
            sides: [high[0] - low[0], high[1] - low[1]],
        }
    }

    fn area(&self) -> f32 {
        self.sides[0] * self.sides[1]
    }

    fn thickness(&self) -> f32 {
        self.sides[0].min(self.sides[1])
    }

    /// The mean probability inside.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "clamped to the map, whose sides are below 2^24"
    )]
    fn mean_of(&self, map: &TextMap) -> f32 {
        let across = [-self.axis[1], self.axis[0]];
        let reach = |side: usize| {
            (self.sides[0] * self.axis[side]).abs() / 2.0
                + (self.sides[1] * across[side]).abs() / 2.0
        };
        let (rows, columns) = map.probabilities.dim();
        let range = |middle: f32, reach: f32, cells: usize| {
            let from = (middle - reach).floor().max(0.0) as usize;
            from..((middle + reach).ceil().max(0.0) as usize + 1).min(cells)
        };
        let (mut sum, mut count) = (0.0, 0.0);
        for y in range(self.center[1], reach(1), rows) {
            for x in range(self.center[0], reach(0), columns) {
                let offset = [x as f32 - self.center[0], y as f32 - self.center[1]];
                let is_inside = dot(offset, self.axis).abs() <= self.sides[0] / 2.0 + 0.01
                    && dot(offset, across).abs() <= self.sides[1] / 2.0 + 0.01;
                if let Some(probability) = map.probabilities.get((y, x)).filter(|_| is_inside) {
                    sum += probability;
                    count += 1.0;
                }
            }
        }
        if count > 0.0 { sum / count } else { 0.0 }
    }

    fn grown(self) -> Self {
        let outline = 2.0 * (self.sides[0] + self.sides[1]);
        let distance = GROWTH * self.area() / outline.max(f32::EPSILON);
        Self { sides: self.sides.map(|side| side + 2.0 * distance), ..self }
    }

    /// The rectangle in page pixels, with the direction in which its text is most likely read.
    fn on_page(self, map: &TextMap) -> Option<TextBox> {
        let [step_x, step_y] = map.step;
        let scaled = |vector: [f32; 2]| [vector[0] * step_x, vector[1] * step_y];
        let first = scaled([self.axis[0] * self.sides[0], self.axis[1] * self.sides[0]]);
        let second = scaled([-self.axis[1] * self.sides[1], self.axis[0] * self.sides[1]]);
        let [long, short] =
            if length(first) >= length(second) { [first, second] } else { [second, first] };
        let is_square = length(long) < 1.5 * length(short);
        let along = if is_square && long[0].abs() < short[0].abs() { short } else { long };
        let height = if along == long { length(short) } else { length(long) };
        // Pixels have an extent of their own: the map's pixel 0 reaches from 0 to 1.
        let center = scaled([self.center[0] + 0.5, self.center[1] + 0.5]);
        let text_box =
            TextBox { center, width: length(along), height, angle: reading_angle(along) };
        let is_on_page = center[0] < map.page[0] && center[1] < map.page[1];
        (is_on_page && text_box.height >= 4.0 && text_box.width >= 4.0).then_some(text_box)
    }
}

/// The direction of a line: drawings are read from below and from the right, so upright text runs upwards.
///
/// A sheet may lie a little askew on the scanner, so "upwards" reaches 10 degrees beyond the vertical.
fn reading_angle(along: [f32; 2]) -> f32 {
    let angle = along[1].atan2(along[0]);
    let steepest_down = 80.0_f32.to_radians();
    let turned = if angle >= steepest_down {
        angle - PI
    } else if angle < steepest_down - PI {
        angle + PI
    } else {
        angle
    };
    // Right angles are meant as such; a pixel's rounding is no slant.
    let quarter = (turned / FRAC_PI_2).round() * FRAC_PI_2;
    if (turned - quarter).abs() < 0.5_f32.to_radians() { quarter } else { turned }
}

fn normal_angle(angle: f32) -> f32 {
    let wrapped = (angle + PI).rem_euclid(2.0 * PI) - PI;
    if wrapped < -PI + 1e-4 { PI } else { wrapped }
}

fn dot(a: [f32; 2], b: [f32; 2]) -> f32 {
    a[0] * b[0] + a[1] * b[1]
}

fn length(vector: [f32; 2]) -> f32 {
    vector[0].hypot(vector[1])
}

/// A stretch of text pixels in one row.
#[derive(Debug, Clone, Copy)]
struct Run {
    row: usize,
    /// First column.
    from: usize,
    /// Column after the last.
    to: usize,
}

/// The connected areas of text pixels, each as the ends of its runs: all that its hull depends on.
fn cores(map: &TextMap) -> Vec<Vec<[f32; 2]>> {
    let mut runs: Vec<Run> = Vec::new();
    let mut areas = Areas::default();
    let mut above = 0..0;
    for (row, cells) in map.probabilities.rows().into_iter().enumerate() {
        let first = runs.len();
        collect_runs(row, cells, &mut runs);
        for index in first..runs.len() {
            areas.add();
            // Runs stand in order: what ends before this one begins is of no use to the next ones either.
            let begin = runs.get(index).map_or(0, |run| run.from);
            while above.start < above.end && runs.get(above.start).is_some_and(|run| run.to < begin)
            {
                above.start += 1;
            }
            for upper in above.clone() {
                let (Some(a), Some(b)) = (runs.get(upper), runs.get(index)) else { break };
                // Corners touch, too.
                if a.from > b.to {
                    break;
                }
                if b.from <= a.to {
                    areas.join(upper, index);
                }
            }
        }
        above = first..runs.len();
    }
    areas.group(&runs)
}

#[expect(clippy::needless_pass_by_value, reason = "a view is a reference already")]
fn collect_runs(row: usize, cells: ndarray::ArrayView1<'_, f32>, runs: &mut Vec<Run>) {
    let mut from = None;
    for (column, &probability) in cells.iter().enumerate() {
        match (from, probability > PIXEL_THRESHOLD) {
            (None, true) => from = Some(column),
            (Some(start), false) => {
                runs.push(Run { row, from: start, to: column });
                from = None;
            }
            _ => {}
        }
    }
    runs.extend(from.map(|start| Run { row, from: start, to: cells.len() }));
}

/// Which runs belong together: each points to an earlier one of its area, the first to itself.
#[derive(Default)]
struct Areas {
    parents: Vec<usize>,
}

impl Areas {
    fn add(&mut self) {
        self.parents.push(self.parents.len());
    }

    fn root(&self, mut index: usize) -> usize {
        while let Some(&parent) = self.parents.get(index).filter(|&&parent| parent != index) {
            index = parent;
        }
        index
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        let (first, second) = (a.min(b), a.max(b));
        if let Some(parent) = self.parents.get_mut(second) {
            *parent = first;
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "the map's sides are below 2^24")]
    fn group(&self, runs: &[Run]) -> Vec<Vec<[f32; 2]>> {
        let mut groups: Vec<Vec<[f32; 2]>> = vec![Vec::new(); runs.len()];
        for (index, run) in runs.iter().enumerate() {
            if let Some(group) = groups.get_mut(self.root(index)) {
                group.push([run.from as f32, run.row as f32]);
                group.push([(run.to - 1) as f32, run.row as f32]);
            }
        }
        groups.retain(|group| !group.is_empty());
        groups
    }
}

/// The convex hull, by the monotone chain; fewer than three corners for points on a line.
fn convex_hull(points: &[[f32; 2]]) -> Vec<[f32; 2]> {
    let mut sorted = points.to_vec();
    sorted.sort_by(|a, b| a[0].total_cmp(&b[0]).then(a[1].total_cmp(&b[1])));
    sorted.dedup();
    let lower = chain(sorted.iter());
    let upper = chain(sorted.iter().rev());
    let mut hull = lower;
    hull.pop();
    hull.extend(upper);
    if hull.len() > 1 {
        hull.pop();
    }
    hull
}

fn chain<'points>(points: impl Iterator<Item = &'points [f32; 2]>) -> Vec<[f32; 2]> {
    let mut chain: Vec<[f32; 2]> = Vec::new();
    for &point in points {
        while let [.., a, b] = chain.as_slice() {
            let turn = (b[0] - a[0]) * (point[1] - a[1]) - (b[1] - a[1]) * (point[0] - a[0]);
            if turn > 0.0 {
                break;
            }
            chain.pop();
        }
        chain.push(point);
    }
    chain
}

#[cfg(test)]
mod tests;
