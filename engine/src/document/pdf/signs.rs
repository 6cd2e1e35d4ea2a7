//! Signs that drawing programs draw beside their letters: `SolidWorks` writes a space and draws ⌀ over it.
//!
//! A shape is taken for a sign only when it stands on the base line of a letter, is as large as one, and has
//! exactly the strokes of the sign, seen in the letter's reading direction.

use hayro::kurbo::{BezPath, Line, ParamCurve as _, PathSeg, Point, Rect, Shape as _};

use super::glyphs::Letter;

/// Strokes of the simplest sign and of the finest circle.
const STROKES: std::ops::RangeInclusive<usize> = 3..=150;

/// Sides of signs in pixels, from the smallest lettering at 36 dpi to headlines at 1200.
const SIDE_PX: std::ops::RangeInclusive<f64> = 3.0..=400.0;

/// More shapes than this are hatching.
const MOST_SIGNS: usize = 5000;

/// Comparisons of signs with letters that are worth their time.
const MOST_COMPARISONS: usize = 50_000_000;

/// Widest gap between a sign and its letter, in letter sizes.
const WIDEST_GAP: f64 = 0.7;

/// A shape that may be a sign.
#[derive(Debug)]
pub(super) struct Shape {
    strokes: Vec<Line>,
    area: Rect,
}

/// Keeps a shape that has the size and the number of strokes of a sign.
pub(super) fn keep(shapes: &mut Vec<Shape>, path: &BezPath, place: hayro::kurbo::Affine) {
    if shapes.len() >= MOST_SIGNS || !STROKES.contains(&path.elements().len().saturating_sub(1)) {
        return;
    }
    let area = place.transform_rect_bbox(path.bounding_box());
    if !SIDE_PX.contains(&area.width()) || !SIDE_PX.contains(&area.height()) {
        return;
    }
    let strokes = path.segments().flat_map(halves).map(|stroke| place * stroke).collect();
    shapes.push(Shape { strokes, area });
}

/// A curve in two straight halves, which is enough to tell a circle.
fn halves(segment: PathSeg) -> Vec<Line> {
    match segment {
        PathSeg::Line(line) if line.length() == 0.0 => Vec::new(),
        PathSeg::Line(line) => vec![line],
        PathSeg::Quad(_) | PathSeg::Cubic(_) => {
            let [from, middle, to] = [0.0, 0.5, 1.0].map(|part| segment.eval(part));
            vec![Line::new(from, middle), Line::new(middle, to)]
        }
    }
}

/// Puts the signs among the letters that they stand beside.
pub(super) fn among(mut letters: Vec<Letter>, shapes: &[Shape]) -> Vec<Letter> {
    if letters.len().saturating_mul(shapes.len()) > MOST_COMPARISONS {
        return letters;
    }
    for shape in shapes {
        let nearest = (0..letters.len())
            .filter_map(|index| {
                let (gap, sign) = letters.get(index).and_then(|letter| beside(letter, shape))?;
                Some((index, gap, sign))
            })
            .min_by(|(_, a, _), (_, b, _)| a.abs().total_cmp(&b.abs()));
        let Some((index, gap, sign)) = nearest else { continue };
        // The space that was written for the sign stands under it.
        let center = shape.area.center();
        let holds_sign = |letter: &Letter| {
            let along = letter.along.dot(center - letter.start) / letter.em;
            let reach = letter.along.dot(letter.end - letter.start) / letter.em;
            letter.ink.is_none()
                && (0.0..reach).contains(&along)
                && letter.along.cross(center - letter.start).abs() < letter.em
        };
        let place = if gap > 0.0 { index } else { index + 1 };
        letters.insert(place, sign);
        let mut blank = [place.checked_sub(1), Some(place + 1)].into_iter().flatten();
        let under = blank.rfind(|index| letters.get(*index).is_some_and(holds_sign));
        if let Some(under) = under {
            letters.remove(under);
        }
    }
    letters
}

/// The sign that a shape is beside a letter, and its gap: positive in front of the letter, negative behind.
fn beside(letter: &Letter, shape: &Shape) -> Option<(f64, Letter)> {
    letter.ink?;
    let to_frame = |point: Point| {
        let way = point - letter.start;
        Point::new(letter.along.dot(way) / letter.em, -letter.along.cross(way) / letter.em)
    };
    let center = to_frame(shape.area.center());
    if !(0.0..0.8).contains(&center.y) || center.x.abs() > 3.0 {
        return None;
    }
    let strokes: Vec<Line> =
        shape.strokes.iter().map(|line| Line::new(to_frame(line.p0), to_frame(line.p1))).collect();
    let points = strokes.iter().flat_map(|line| [line.p0, line.p1]);
    let area = points
        .map(|point| Rect::from_points(point, point))
        .reduce(|all, point| all.union(point))?;
    if !(0.35..1.3).contains(&area.height()) || !(0.3..1.3).contains(&area.width()) {
        return None;
    }
    let reach = letter.along.dot(letter.end - letter.start) / letter.em;
    let (in_front, behind) = (-area.x1, area.x0 - reach);
    let gap = if in_front > behind { in_front } else { -behind };
    if !(-0.25..WIDEST_GAP).contains(&in_front.max(behind)) {
        return None;
    }
    let sign = named(&strokes, area)?;
    let at = |x: f64| letter.start + letter.along * (x * letter.em);
    let ink = Rect::new(0.0, area.y0, area.width(), area.y1).scale_from_origin(letter.em);
    let sign = Letter {
        text: Some(sign.to_string()),
        start: at(area.x0),
        end: at(area.x1),
        ink: Some(ink),
        ..letter.clone()
    };
    // The sign of a gap of exactly nothing would be lost; in front is what signs do.
    Some((if gap == 0.0 { f64::MIN_POSITIVE } else { gap }, sign))
}

/// The sign that has these strokes, in a frame where text runs to the right and upwards is up.
fn named(strokes: &[Line], area: Rect) -> Option<char> {
    let near = |a: f64, b: f64| (a - b).abs() < 0.12 * area.height();
    let is_level = |line: &&Line| near(line.p0.y, line.p1.y);
    let is_upright = |line: &&Line| near(line.p0.x, line.p1.x);
    let spans =
        |line: &Line, length: f64, whole: f64| length.abs() > 0.8 * whole && line.length() > 0.0;
    let level: Vec<&Line> = strokes.iter().filter(is_level).collect();
    let upright: Vec<&Line> = strokes.iter().filter(is_upright).collect();
    match (strokes.len(), level.as_slice(), upright.as_slice()) {
        (3, [bottom], [left, right]) => {
            let stands =
                [left, right].iter().all(|line| spans(line, line.p1.y - line.p0.y, area.height()));
            let is_cup = near(bottom.p0.y, area.y0)
                && spans(bottom, bottom.p1.x - bottom.p0.x, area.width())
                && !near(left.p0.x, right.p0.x);
            (stands && is_cup).then_some('⌴')
        }
        (4, [top], [stem]) => {
            let is_depth = near(top.p0.y, area.y1)
                && near(stem.p0.x, area.center().x)
                && spans(stem, stem.p1.y - stem.p0.y, area.height());
            is_depth.then_some('↧')
        }
        (12.., _, _) if is_crossed_circle(strokes, area) => Some('⌀'),
        _ => None,
    }
}

/// A circle and one straight stroke through its middle, longer than the circle is wide.
fn is_crossed_circle(strokes: &[Line], area: Rect) -> bool {
    let center = area.center();
    let mut distances: Vec<f64> =
        strokes.iter().map(|line| (line.midpoint() - center).hypot()).collect();
    distances.sort_by(f64::total_cmp);
    let Some(radius) = distances.get(distances.len() / 2).copied() else { return false };
    let on_circle =
        distances.iter().filter(|distance| (*distance / radius - 1.0).abs() < 0.15).count();
    let crosses = |line: &Line| {
        line.length() > 1.8 * radius && (line.midpoint() - center).hypot() < 0.2 * radius
    };
    10 * on_circle >= 8 * strokes.len() && strokes.iter().any(crosses)
}

#[cfg(test)]
mod tests {
    use hayro::kurbo::{Affine, Circle, Vec2};

    use super::*;

    /// A letter of size 40 whose base line begins at 100, 100.
    fn letter(text: &str) -> Letter {
        Letter {
            text: Some(text.to_owned()),
            start: Point::new(100.0, 100.0),
            end: Point::new(120.0, 100.0),
            along: Vec2::new(1.0, 0.0),
            em: 40.0,
            ink: Some(Rect::new(1.0, 0.0, 19.0, 28.0)),
        }
    }

    fn read(path: &BezPath) -> Vec<String> {
        let mut shapes = Vec::new();
        keep(&mut shapes, path, Affine::IDENTITY);
        among(vec![letter("7")], &shapes).into_iter().filter_map(|letter| letter.text).collect()
    }

    fn strokes(lines: &[[f64; 4]]) -> BezPath {
        let mut path = BezPath::new();
        for [x0, y0, x1, y1] in lines {
            path.move_to((*x0, *y0));
            path.line_to((*x1, *y1));
        }
        path
    }

    #[test]
    fn a_crossed_circle_is_a_diameter_sign_and_a_plain_one_is_not() {
        let circle = Circle::new((82.0, 87.0), 11.0);
        let mut crossed = BezPath::new();
        for step in 0..24 {
            let at = |step: i32| circle.center + Vec2::from_angle(f64::from(step) * 0.2618) * 11.0;
            crossed.move_to(at(step));
            crossed.line_to(at(step + 1));
        }
        let plain = crossed.clone();
        crossed.extend(strokes(&[[76.0, 100.0, 88.0, 74.0]]));

        assert_eq!(read(&crossed), ["⌀", "7"]);
        assert_eq!(read(&plain), ["7"]);
    }

    #[test]
    fn an_arrow_below_a_bar_is_a_depth_and_a_cup_is_a_counterbore() {
        let depth = [
            [68.0, 72.0, 96.0, 72.0],
            [82.0, 72.0, 82.0, 100.0],
            [72.0, 84.0, 82.0, 100.0],
            [92.0, 84.0, 82.0, 100.0],
        ];
        let cup =
            [[68.0, 76.0, 68.0, 100.0], [68.0, 100.0, 96.0, 100.0], [96.0, 100.0, 96.0, 76.0]];

        assert_eq!(read(&strokes(&depth)), ["↧", "7"]);
        assert_eq!(read(&strokes(&cup)), ["⌴", "7"]);
    }

    #[test]
    fn shapes_away_from_the_base_line_are_no_signs() {
        let cup =
            [[68.0, 176.0, 68.0, 200.0], [68.0, 200.0, 96.0, 200.0], [96.0, 200.0, 96.0, 176.0]];

        assert_eq!(read(&strokes(&cup)), ["7"]);
    }
}
