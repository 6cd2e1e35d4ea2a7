//! A page as lines with a place: the geometry that all later passes ask for.

use cad_common::contract::reading::{Bbox, Evidence, PageReading, TextLine, bbox_around};

use super::glyphs::Uniform;

/// Two texts with directions closer than this run the same way.
const SAME_DIRECTION_DEGREES: f32 = 4.0;

/// A page and its lines.
#[derive(Debug)]
pub(super) struct Sheet<'p> {
    /// 1-based page number.
    pub(super) number: u32,
    /// Width in pixels.
    pub(super) width: f32,
    /// Height in pixels.
    pub(super) height: f32,
    /// The lines in the page's order.
    pub(super) lines: Vec<Line<'p>>,
}

/// A text line, uniform and placed.
#[derive(Debug)]
pub(super) struct Line<'p> {
    /// As recognised.
    pub(super) source: &'p TextLine,
    /// In the uniform alphabet, without surrounding space.
    uniform: String,
    /// Its upright box on the page.
    pub(super) place: Area,
    /// Its box along its own reading direction.
    pub(super) own: Area,
}

/// A rectangle; along a reading direction `left` is where the text starts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Area {
    /// Start in reading direction.
    pub(super) left: f32,
    /// Upper edge.
    pub(super) top: f32,
    /// End in reading direction.
    pub(super) right: f32,
    /// Lower edge.
    pub(super) bottom: f32,
}

impl<'p> Sheet<'p> {
    /// Places the lines of a page.
    #[expect(
        clippy::cast_precision_loss,
        reason = "pages have far fewer pixels than f32 counts exactly"
    )]
    pub(super) fn new(page: &'p PageReading) -> Self {
        let lines: Vec<Line<'p>> = page.text_lines.iter().map(Line::new).collect();
        let reach =
            |edge: fn(&Area) -> f32| lines.iter().map(|line| edge(&line.place)).fold(1.0, f32::max);
        let (width, height) = (reach(|place| place.right), reach(|place| place.bottom));
        Self {
            number: page.number,
            width: width.max(page.width as f32),
            height: height.max(page.height as f32),
            lines,
        }
    }

    /// The evidence of an item that some whole lines state.
    pub(super) fn evidence(&self, lines: &[usize]) -> Evidence {
        let sources =
            || lines.iter().filter_map(|index| self.lines.get(*index)).map(|line| line.source);
        Evidence {
            page: self.number,
            bbox: bbox_around(sources().flat_map(|source| source.polygon)),
            confidence: mean(sources().map(|source| source.confidence)),
            lines: lines.to_vec(),
            ..Evidence::default()
        }
    }
}

impl<'p> Line<'p> {
    fn new(source: &'p TextLine) -> Self {
        let place = Area::around(source.polygon.iter().copied());
        Self {
            source,
            uniform: Uniform::new(&source.text).text.trim().to_owned(),
            place,
            own: area_along(source, source.rotation),
        }
    }

    /// The text in the uniform alphabet, without surrounding space.
    pub(super) fn text(&self) -> &str {
        &self.uniform
    }

    /// The height of its letters.
    pub(super) fn letter_height(&self) -> f32 {
        self.own.height()
    }

    /// Whether it reads from left to right, give or take the skew of a scan.
    pub(super) fn is_level(&self) -> bool {
        let turn = self.source.rotation.rem_euclid(360.0);
        turn.min(360.0 - turn) < SAME_DIRECTION_DEGREES
    }

    /// Where another line lies in this line's reading direction; none if it runs otherwise.
    pub(super) fn seen_from(&self, other: &Line<'_>) -> Option<Area> {
        let turn = (self.source.rotation - other.source.rotation).rem_euclid(360.0);
        // a single character is as high as wide, so that its direction is a guess
        let is_parallel =
            turn.min(360.0 - turn) < SAME_DIRECTION_DEGREES || other.text().chars().count() == 1;
        is_parallel.then(|| area_along(other.source, self.source.rotation))
    }

    /// The box of a part of the text, as shares of its length.
    pub(super) fn part_bbox(&self, from: f32, to: f32) -> Bbox {
        let [top_left, top_right, bottom_right, bottom_left] = self.source.polygon;
        let between = |start: [f32; 2], end: [f32; 2], share: f32| {
            [start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share]
        };
        bbox_around(
            [
                between(top_left, top_right, from),
                between(top_left, top_right, to),
                between(bottom_left, bottom_right, to),
                between(bottom_left, bottom_right, from),
            ]
            .into_iter(),
        )
    }
}

impl Area {
    /// The smallest area around points.
    pub(super) fn around(points: impl Iterator<Item = [f32; 2]>) -> Self {
        let empty = Self {
            left: f32::INFINITY,
            top: f32::INFINITY,
            right: f32::NEG_INFINITY,
            bottom: f32::NEG_INFINITY,
        };
        points.filter(|point| point.iter().all(|value| value.is_finite())).fold(
            empty,
            |area, [x, y]| Self {
                left: area.left.min(x),
                top: area.top.min(y),
                right: area.right.max(x),
                bottom: area.bottom.max(y),
            },
        )
    }

    /// The smallest area around both.
    pub(super) fn with(self, other: Self) -> Self {
        Self {
            left: self.left.min(other.left),
            top: self.top.min(other.top),
            right: self.right.max(other.right),
            bottom: self.bottom.max(other.bottom),
        }
    }

    /// The area with a margin on every side.
    pub(super) fn grown(self, margin: f32) -> Self {
        Self {
            left: self.left - margin,
            top: self.top - margin,
            right: self.right + margin,
            bottom: self.bottom + margin,
        }
    }

    /// Height, never under one pixel.
    pub(super) fn height(self) -> f32 {
        (self.bottom - self.top).max(1.0)
    }

    /// Width, never under one pixel.
    pub(super) fn width(self) -> f32 {
        (self.right - self.left).max(1.0)
    }

    /// Middle across.
    pub(super) fn middle_x(self) -> f32 {
        f32::midpoint(self.left, self.right)
    }

    /// Middle down.
    pub(super) fn middle_y(self) -> f32 {
        f32::midpoint(self.top, self.bottom)
    }

    /// Distance from this area's end to the other's start; negative where they overlap.
    pub(super) fn gap_across(self, other: Self) -> f32 {
        (other.left - self.right).max(self.left - other.right)
    }

    /// Distance from this area to the other up or down; negative where they overlap.
    pub(super) fn gap_down(self, other: Self) -> f32 {
        (other.top - self.bottom).max(self.top - other.bottom)
    }

    /// Whether they share any point.
    pub(super) fn touches(self, other: Self) -> bool {
        self.gap_across(other) <= 0.0 && self.gap_down(other) <= 0.0
    }
}

/// The mean of measured confidences, none for no lines.
pub(super) fn mean(values: impl Iterator<Item = f32>) -> Option<f32> {
    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    (count > 0.0).then(|| sum / count)
}

/// The middle of some lengths, one pixel for none.
pub(super) fn median(mut values: Vec<f32>) -> f32 {
    values.sort_by(f32::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(1.0)
}

/// The area of a text along a reading direction given in degrees counter-clockwise.
fn area_along(source: &TextLine, rotation: f32) -> Area {
    let (sine, cosine) = rotation.to_radians().sin_cos();
    Area::around(source.polygon.iter().map(|[x, y]| [x * cosine - y * sine, x * sine + y * cosine]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(left: f32, top: f32, width: f32, height: f32, rotation: f32) -> TextLine {
        let (right, bottom) = (left + width, top + height);
        let polygon = match rotation {
            90.0 => [[left, bottom], [left, top], [right, top], [right, bottom]],
            _ => [[left, top], [right, top], [right, bottom], [left, bottom]],
        };
        TextLine { rotation, polygon, ..TextLine::default() }
    }

    #[test]
    fn below_is_to_the_right_for_text_that_reads_upwards() {
        let first = line(100.0, 100.0, 20.0, 80.0, 90.0);
        let second = line(130.0, 100.0, 20.0, 80.0, 90.0);

        let (first, second) = (Line::new(&first), Line::new(&second));
        let seen = first.seen_from(&second).unwrap();

        assert!((seen.top - first.own.bottom - 10.0).abs() < 0.01);
        assert!((first.letter_height() - 20.0).abs() < 0.01);
    }

    #[test]
    fn lines_of_other_directions_are_not_seen() {
        let (level, upright) = (line(0.0, 0.0, 80.0, 20.0, 0.0), line(0.0, 0.0, 20.0, 80.0, 90.0));

        assert!(Line::new(&level).seen_from(&Line::new(&upright)).is_none());
    }

    #[test]
    fn a_part_of_a_line_has_its_share_of_the_box() {
        let source = line(0.0, 0.0, 100.0, 20.0, 0.0);

        assert_eq!(Line::new(&source).part_bbox(0.5, 1.0), [50, 0, 50, 20]);
    }
}
