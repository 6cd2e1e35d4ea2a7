//! The order in which a person reads a sheet: block by block from the top, and in each block line by line.
//!
//! Lines belong to a block when they stand below or beside each other with no more than a line's height between:
//! a note is read to its end before the view beside it, though both stand at the same height.

use cad_common::contract::reading::TextLine;

/// Lines of text further apart than this times their height are not of one paragraph.
const LINE_GAP: f32 = 0.9;

/// Words further apart than this times their height are not of one row.
const WORD_GAP: f32 = 1.5;

/// Puts lines in reading order.
pub(super) fn sort(lines: &mut Vec<TextLine>) {
    let places: Vec<Place> = lines.iter().map(Place::of).collect();
    let mut blocks = blocks(&places);
    for block in &mut blocks {
        sort_rows(block, &places);
    }
    blocks.sort_by(|a, b| {
        top_left(a, &places)
            .0
            .total_cmp(&top_left(b, &places).0)
            .then(top_left(a, &places).1.total_cmp(&top_left(b, &places).1))
    });
    let mut unsorted: Vec<Option<TextLine>> = std::mem::take(lines).into_iter().map(Some).collect();
    for index in blocks.into_iter().flatten() {
        lines.extend(unsorted.get_mut(index).and_then(Option::take));
    }
}

/// A line as its reader sees it: turned so that it runs from left to right.
#[derive(Debug, Clone, Copy)]
struct Place {
    /// Quarter turns of the text, counter-clockwise.
    quarter: u8,
    left: f32,
    right: f32,
    top: f32,
    bottom: f32,
    /// Where it begins on the sheet: from the top, from the left.
    on_sheet: (f32, f32),
}

impl Place {
    fn of(line: &TextLine) -> Self {
        // Within 45 degrees of a quarter turn; 4 is 0 again.
        let quarter = match line.rotation {
            45.0..135.0 => 1,
            135.0..225.0 => 2,
            225.0..315.0 => 3,
            _ => 0,
        };
        let turned = line.polygon.map(|[x, y]| match quarter {
            1 => [-y, x],
            2 => [-x, -y],
            3 => [y, -x],
            _ => [x, y],
        });
        let low = |axis: usize, of: &[[f32; 2]; 4]| {
            of.iter().map(|point| point[axis]).fold(f32::INFINITY, f32::min)
        };
        let high =
            |axis: usize| turned.iter().map(|point| point[axis]).fold(f32::NEG_INFINITY, f32::max);
        Self {
            quarter,
            left: low(0, &turned),
            right: high(0),
            top: low(1, &turned),
            bottom: high(1),
            on_sheet: (low(1, &line.polygon), low(0, &line.polygon)),
        }
    }

    fn height(&self) -> f32 {
        self.bottom - self.top
    }

    fn middle(&self) -> f32 {
        f32::midpoint(self.top, self.bottom)
    }

    /// Whether two lines are of one block.
    fn joins(&self, other: &Self) -> bool {
        let height = self.height().min(other.height());
        let is_same_size = self.height().max(other.height()) < 2.0 * height;
        if self.quarter != other.quarter || !is_same_size {
            return false;
        }
        let gap_across = self.left.max(other.left) - self.right.min(other.right);
        let gap_down = self.top.max(other.top) - self.bottom.min(other.bottom);
        let is_below = gap_across < 0.0 && gap_down < LINE_GAP * height;
        let is_beside = gap_down < -0.5 * height && gap_across < WORD_GAP * height;
        is_below || is_beside
    }
}

fn blocks(places: &[Place]) -> Vec<Vec<usize>> {
    let mut blocks: Vec<Vec<usize>> = Vec::new();
    for (index, place) in places.iter().enumerate() {
        let touches = |block: &Vec<usize>| {
            block.iter().filter_map(|&member| places.get(member)).any(|member| member.joins(place))
        };
        let (touching, apart): (Vec<_>, Vec<_>) = blocks.into_iter().partition(touches);
        let mut joined: Vec<usize> = touching.into_iter().flatten().collect();
        joined.push(index);
        blocks = apart;
        blocks.push(joined);
    }
    blocks
}

/// Rows from the top, each from the left; a row is what stands level with its first line.
fn sort_rows(block: &mut Vec<usize>, places: &[Place]) {
    let mut waiting: Vec<(usize, Place)> = block
        .drain(..)
        .filter_map(|index| places.get(index).map(|place| (index, *place)))
        .collect();
    waiting.sort_by(|(_, a), (_, b)| a.middle().total_cmp(&b.middle()));
    while let Some((_, first)) = waiting.first().copied() {
        let is_level = |place: &Place| place.middle() - first.middle() < 0.5 * first.height();
        let (mut row, below): (Vec<_>, Vec<_>) =
            waiting.into_iter().partition(|(_, place)| is_level(place));
        row.sort_by(|(_, a), (_, b)| a.left.total_cmp(&b.left));
        block.extend(row.into_iter().map(|(index, _)| index));
        waiting = below;
    }
}

fn top_left(block: &[usize], places: &[Place]) -> (f32, f32) {
    let corners = block.iter().filter_map(|&index| places.get(index)).map(|place| place.on_sheet);
    corners.fold((f32::INFINITY, f32::INFINITY), |low, corner| {
        (low.0.min(corner.0), low.1.min(corner.1))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str, [left, top, width, height]: [f32; 4]) -> TextLine {
        let (right, bottom) = (left + width, top + height);
        let polygon = [[left, top], [right, top], [right, bottom], [left, bottom]];
        TextLine { text: text.to_owned(), polygon, ..TextLine::default() }
    }

    fn upwards(text: &str, [left, top, width, height]: [f32; 4]) -> TextLine {
        let (right, bottom) = (left + width, top + height);
        let polygon = [[left, bottom], [left, top], [right, top], [right, bottom]];
        TextLine { text: text.to_owned(), polygon, rotation: 90.0, ..TextLine::default() }
    }

    fn sorted(mut lines: Vec<TextLine>) -> Vec<String> {
        sort(&mut lines);
        lines.into_iter().map(|line| line.text).collect()
    }

    #[test]
    fn a_block_is_read_to_its_end_before_the_one_beside_it() {
        let lines = vec![
            line("b1", [500.0, 12.0, 100.0, 20.0]),
            line("a2", [10.0, 40.0, 100.0, 20.0]),
            line("b2", [500.0, 42.0, 100.0, 20.0]),
            line("a1", [10.0, 10.0, 100.0, 20.0]),
        ];

        assert_eq!(sorted(lines), ["a1", "a2", "b1", "b2"]);
    }

    #[test]
    fn words_of_a_row_go_from_left_to_right_though_one_stands_higher() {
        let lines = vec![
            line("second", [130.0, 8.0, 100.0, 20.0]),
            line("first", [10.0, 12.0, 100.0, 20.0]),
        ];

        assert_eq!(sorted(lines), ["first", "second"]);
    }

    #[test]
    fn rows_of_upright_text_go_from_left_to_right() {
        let lines = vec![
            upwards("right", [140.0, 10.0, 20.0, 90.0]),
            upwards("left", [110.0, 10.0, 20.0, 90.0]),
        ];

        assert_eq!(sorted(lines), ["left", "right"]);
    }

    #[test]
    fn nothing_is_lost() {
        assert!(sorted(Vec::new()).is_empty());
        let many: Vec<_> = (0_u8..60)
            .map(|n| line("x", [f32::from(n) * 7.0, f32::from(n % 7) * 15.0, 20.0, 14.0]))
            .collect();

        assert_eq!(sorted(many).len(), 60);
    }
}
