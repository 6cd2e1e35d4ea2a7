//! Rectangles of probability in, boxes on the page out.

use ndarray::Array2;

use super::*;

const MAP_PX: usize = 400;

/// A map on which some rectangles (centre, width, height, angle in degrees clockwise) are surely text.
fn map(rectangles: &[([f32; 2], f32, f32, f32)]) -> TextMap {
    map_with(0.95, rectangles)
}

fn map_with(probability: f32, rectangles: &[([f32; 2], f32, f32, f32)]) -> TextMap {
    let mut probabilities = Array2::zeros((MAP_PX, MAP_PX));
    for (center, width, height, degrees) in rectangles {
        let (sine, cosine) = degrees.to_radians().sin_cos();
        for ((y, x), cell) in probabilities.indexed_iter_mut() {
            let (right, down) = (x as f32 - center[0], y as f32 - center[1]);
            let along = right * cosine + down * sine;
            let across = down * cosine - right * sine;
            if along.abs() <= width / 2.0 && across.abs() <= height / 2.0 {
                *cell = probability;
            }
        }
    }
    TextMap { probabilities, step: [1.0, 1.0], page: [MAP_PX as f32; 2] }
}

fn one(map: &TextMap) -> TextBox {
    let boxes = find(map);
    assert_eq!(boxes.len(), 1, "{boxes:?}");
    boxes[0]
}

fn is_near(a: f32, b: f32, by: f32) -> bool {
    (a - b).abs() <= by
}

#[test]
fn level_core_becomes_a_level_box_grown_to_the_text() {
    let found = one(&map(&[([200.0, 100.0], 120.0, 10.0, 0.0)]));

    assert_eq!(found.rotation(), 0.0);
    assert!(is_near(found.center[0], 200.5, 1.0) && is_near(found.center[1], 100.5, 1.0));
    // The growth is 1.6 times area over outline on each side.
    assert!(is_near(found.width, 135.0, 4.0) && is_near(found.height, 24.5, 3.0), "{found:?}");
    let [top_left, _, bottom_right, _] = found.polygon();
    assert!(top_left[0] < bottom_right[0] && top_left[1] < bottom_right[1]);
}

#[test]
fn upright_core_is_read_upwards() {
    let found = one(&map(&[([100.0, 200.0], 10.0, 120.0, 0.0)]));

    assert_eq!(found.rotation(), 90.0);
    assert!(found.width > 4.0 * found.height, "the width runs along the text: {found:?}");
    let [start, end, ..] = found.polygon();
    assert!(start[1] > end[1], "from below to above");
}

#[test]
fn slanted_cores_keep_their_slant() {
    for degrees in [-60.0_f32, -45.0, -20.0, 12.0, 35.0, 70.0] {
        let found = one(&map(&[([200.0, 200.0], 140.0, 14.0, degrees)]));

        let expected = (-degrees).rem_euclid(360.0);
        assert!(is_near(found.rotation(), expected, 2.0), "{degrees}: {}", found.rotation());
        assert!(is_near(found.center[0], 200.5, 1.5) && is_near(found.center[1], 200.5, 1.5));
    }
}

#[test]
fn neighbours_stay_apart() {
    let boxes = find(&map(&[
        ([100.0, 100.0], 80.0, 8.0, 0.0),
        ([100.0, 112.0], 80.0, 8.0, 0.0),
        ([200.0, 106.0], 60.0, 8.0, 0.0),
    ]));

    assert_eq!(boxes.len(), 3);
}

#[test]
fn weak_and_thin_areas_are_no_text() {
    assert!(find(&map_with(0.4, &[([200.0, 100.0], 120.0, 10.0, 0.0)])).is_empty());
    assert!(find(&map(&[([200.0, 100.0], 120.0, 1.0, 0.0)])).is_empty());
    assert!(find(&map(&[])).is_empty());
}

#[test]
fn boxes_are_in_pixels_of_the_page_whatever_the_view_was() {
    let halved = TextMap {
        step: [2.0, 2.0],
        page: [2.0 * MAP_PX as f32; 2],
        ..map(&[([200.0, 100.0], 120.0, 10.0, 0.0)])
    };

    let found = one(&halved);

    assert!(is_near(found.center[0], 401.0, 2.0) && is_near(found.center[1], 201.0, 2.0));
    assert!(is_near(found.width, 270.0, 8.0));
}

#[test]
fn a_page_of_noise_ends_and_stays_within_the_limit() {
    let mut noisy = map(&[]);
    for ((y, x), cell) in noisy.probabilities.indexed_iter_mut() {
        if x % 5 < 4 && y % 5 < 4 {
            *cell = 0.9;
        }
    }

    assert!(find(&noisy).len() <= MAX_BOXES);
}

#[test]
fn only_short_boxes_may_be_read_across() {
    let long = one(&map(&[([200.0, 100.0], 120.0, 10.0, 0.0)]));
    let short = one(&map(&[([200.0, 100.0], 24.0, 20.0, 0.0)]));

    assert_eq!(long.across(), None);
    let across = short.across().unwrap();
    assert_eq!(across.rotation(), 90.0);
    assert_eq!((across.width, across.height), (short.height, short.width));
}

#[test]
fn a_turned_box_is_the_same_place_read_from_the_other_end() {
    let found = one(&map(&[([200.0, 100.0], 120.0, 10.0, 0.0)]));

    let turned = found.turned();

    assert_eq!(turned.rotation(), 180.0);
    let ([a, ..], [_, _, c, _]) = (found.polygon(), turned.polygon());
    assert!(is_near(a[0], c[0], 0.01) && is_near(a[1], c[1], 0.01));
}
