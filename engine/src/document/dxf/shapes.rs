//! Lines and curves of entities, in their own coordinates.

use std::f64::consts::TAU;

use hayro::kurbo::{Affine, Arc, BezPath, Point, Shape as _, Vec2};

use super::tags::Record;

/// How exactly curves are followed, as a share of their size; a picture shows no more.
const TOLERANCE: f64 = 1e-3;

/// Points of a spline between two of its control points.
const SPLINE_STEPS: usize = 6;

/// Most control points of a spline that is followed as a curve.
const MOST_CONTROL_POINTS: usize = 2000;

/// The outline of an entity; empty for one that has none.
pub(super) fn outline(entity: Record<'_>, vertices: &[Record<'_>]) -> BezPath {
    match entity.kind {
        "LINE" => through(entity.point(10).into_iter().chain(entity.point(11)), false),
        "CIRCLE" => circle(entity, 0.0, TAU),
        "ARC" => {
            let start = entity.number(50).unwrap_or(0.0).to_radians();
            let end = entity.number(51).unwrap_or(360.0).to_radians();
            circle(entity, start, (end - start).rem_euclid(TAU))
        }
        "ELLIPSE" => ellipse(entity),
        "LWPOLYLINE" => bulged(&lw_vertices(entity), entity.flags(70) & 1 != 0),
        "POLYLINE" => {
            // Vertices of splines' frames are there for editing, not to be seen.
            let seen = vertices.iter().filter(|vertex| vertex.flags(70) & 16 == 0);
            let points: Vec<_> = seen
                .filter_map(|vertex| Some((vertex.point(10)?, vertex.number(42).unwrap_or(0.0))))
                .collect();
            bulged(&points, entity.flags(70) & 1 != 0)
        }
        "SPLINE" => spline(entity),
        "LEADER" => through(points(entity, 10).into_iter(), false),
        "SOLID" | "TRACE" => {
            let corner = |code| entity.point(code);
            let order = [corner(10), corner(11), corner(13).or(corner(12)), corner(12)];
            through(order.into_iter().flatten(), true)
        }
        _ => BezPath::new(),
    }
}

fn through(points: impl Iterator<Item = Point>, is_closed: bool) -> BezPath {
    let mut path = BezPath::new();
    for point in points {
        // A path that was only moved to counts as empty.
        if path.elements().is_empty() {
            path.move_to(point);
        } else {
            path.line_to(point);
        }
    }
    if is_closed && !path.elements().is_empty() {
        path.close_path();
    }
    path
}

fn circle(entity: Record<'_>, start: f64, sweep: f64) -> BezPath {
    let (Some(center), Some(radius)) = (entity.point(10), entity.number(40)) else {
        return BezPath::new();
    };
    arc(Arc::new(center, (radius, radius), start, if sweep == 0.0 { TAU } else { sweep }, 0.0))
}

fn arc(arc: Arc) -> BezPath {
    arc.to_path(arc.radii.hypot().max(f64::MIN_POSITIVE) * TOLERANCE)
}

fn ellipse(entity: Record<'_>) -> BezPath {
    let (Some(center), Some(major)) = (entity.point(10), entity.point(11)) else {
        return BezPath::new();
    };
    let major = major.to_vec2();
    let length = major.hypot();
    let start = entity.number(41).unwrap_or(0.0);
    let sweep = (entity.number(42).unwrap_or(TAU) - start).rem_euclid(TAU);
    let sweep = if sweep == 0.0 { TAU } else { sweep };
    let radii = Vec2::new(length, length * entity.number(40).unwrap_or(1.0));
    arc(Arc::new(center, radii, start, sweep, major.atan2()))
}

/// The vertices of a light polyline with the bulge of the side behind each.
fn lw_vertices(entity: Record<'_>) -> Vec<(Point, f64)> {
    let mut vertices: Vec<(Point, f64)> = Vec::new();
    for tag in entity.tags() {
        let Some(value) = super::tags::number(tag.value) else { continue };
        match (tag.code, vertices.last_mut()) {
            (10, _) => vertices.push((Point::new(value, 0.0), 0.0)),
            (20, Some((point, _))) => point.y = value,
            (42, Some((_, bulge))) => *bulge = value,
            _ => {}
        }
    }
    vertices
}

/// A polyline whose sides may be arcs: a bulge is the tangent of a quarter of the arc's angle.
fn bulged(vertices: &[(Point, f64)], is_closed: bool) -> BezPath {
    let mut path = BezPath::new();
    let Some((first, _)) = vertices.first() else { return path };
    path.move_to(*first);
    let ends = vertices.iter().skip(1).chain(vertices.first().filter(|_| is_closed));
    for ((from, bulge), (to, _)) in vertices.iter().zip(ends) {
        if bulge.abs() < 1e-9 {
            path.line_to(*to);
            continue;
        }
        let chord = *to - *from;
        let sweep = 4.0 * bulge.atan();
        let radius = chord.hypot() / 2.0 / (sweep / 2.0).sin();
        let to_center = Vec2::new(-chord.y, chord.x).normalize() * (radius * (sweep / 2.0).cos());
        let center = from.midpoint(*to) + to_center;
        let side =
            Arc::new(center, (radius.abs(), radius.abs()), (*from - center).atan2(), sweep, 0.0);
        path.extend(arc(side).iter().skip(1));
    }
    path
}

fn points(entity: Record<'_>, code: i32) -> Vec<Point> {
    entity.numbers(code).zip(entity.numbers(code + 10)).map(|(x, y)| Point::new(x, y)).collect()
}

/// A spline by its control points and knots, or the way through its points where those make no sense.
fn spline(entity: Record<'_>) -> BezPath {
    let control = points(entity, 10);
    let fit = points(entity, 11);
    let knots: Vec<f64> = entity.numbers(40).collect();
    let degree = usize::try_from(entity.flags(71)).unwrap_or(0);
    let is_sound = (1..=10).contains(&degree)
        && control.len() > degree
        && control.len() <= MOST_CONTROL_POINTS
        && knots.len() == control.len() + degree + 1
        && knots.is_sorted();
    if !is_sound {
        return through(if fit.is_empty() { control } else { fit }.into_iter(), false);
    }
    let (Some(from), Some(to)) = (knots.get(degree), knots.get(control.len())) else {
        return BezPath::new();
    };
    let steps = SPLINE_STEPS * control.len();
    let at = |step: usize| from + (to - from) * (step as f64 / steps as f64);
    through((0..=steps).filter_map(|step| de_boor(&control, &knots, degree, at(step))), false)
}

/// A point of a spline, by de Boor's rule.
fn de_boor(control: &[Point], knots: &[f64], degree: usize, t: f64) -> Option<Point> {
    let last = control.len().checked_sub(1)?;
    let span =
        (degree..=last).rev().find(|index| knots.get(*index).is_some_and(|knot| *knot <= t))?;
    let mut points: Vec<Point> = control.get(span - degree..=span)?.to_vec();
    for level in 1..=degree {
        for index in (level..=degree).rev() {
            let low = *knots.get(span + index - degree)?;
            let high = *knots.get(span + 1 + index - level)?;
            let part = if high > low { (t - low) / (high - low) } else { 0.0 };
            let point = points.get(index - 1)?.lerp(*points.get(index)?, part);
            *points.get_mut(index)? = point;
        }
    }
    points.get(degree).copied()
}

/// From an entity's own plane to that of the drawing: seen from behind, left and right change.
pub(super) fn plane(entity: Record<'_>) -> Affine {
    let is_from_behind = entity.number(230).is_some_and(|z| z < 0.0);
    let is_in_plane = !matches!(entity.kind, "LINE" | "ELLIPSE" | "SPLINE" | "LEADER" | "MTEXT");
    if is_from_behind && is_in_plane {
        Affine::scale_non_uniform(-1.0, 1.0)
    } else {
        Affine::IDENTITY
    }
}
