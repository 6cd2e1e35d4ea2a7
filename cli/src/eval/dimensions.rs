//! Dimensions found against those that are there.
//!
//! Type and value decide whether one was found; `strict` also asks for tolerance, count, fit, pitch and depth.
//! Truth marked optional is neither missed nor wrong. A counterbore states a second diameter, which the truth
//! lists as its own.

use cad_common::contract::dimension::{Dimension, DimensionType, HoleFeature};
use cad_common::contract::reading::{Bbox, Reading};

use super::calibration::Forecast;
use super::score::Score;
use super::truth::{TrueDimension, Truth};

/// Two values this close, relative to the truth, are one.
const SAME_VALUE: f64 = 1e-3;

/// Two deviations this close are one.
const SAME_DEVIATION: f64 = 1e-6;

pub(super) fn compare(truth: &Truth, reading: &Reading, score: &mut Score) {
    let mut open: Vec<Dimension> = reading.dimensions.iter().flat_map(stated).collect();
    let mut wanted: Vec<&TrueDimension> = truth.dimensions.iter().collect();
    wanted.sort_by_key(|wanted| wanted.optional);
    for wanted in wanted {
        let fitting = open.iter().enumerate().filter(|(_, found)| is_same(wanted, found));
        let best = fitting.max_by_key(|(_, found)| {
            (is_strictly_same(wanted, found), overlap(wanted.bbox, found.evidence.bbox))
        });
        match best.map(|(index, _)| index) {
            Some(index) => count_found(wanted, &open.remove(index), score),
            None if wanted.optional => {}
            None => {
                score.dimensions.missed += 1.0;
                score.strict.missed += 1.0;
                score
                    .remarks
                    .push(format!("missed {} {} at {:?}", wanted.kind, wanted.raw, wanted.bbox));
            }
        }
    }
    for found in &open {
        score.dimensions.wrong += 1.0;
        score.strict.wrong += 1.0;
        forecast(found, false, score);
        score.remarks.push(format!(
            "wrong {} {} {} at {:?}",
            kind_name(found.kind),
            found.value,
            found.raw,
            found.evidence.bbox
        ));
    }
}

fn count_found(wanted: &TrueDimension, found: &Dimension, score: &mut Score) {
    forecast(found, true, score);
    if wanted.optional {
        return;
    }
    score.dimensions.right += 1.0;
    if wanted.has_tolerance() {
        score.tolerances.count(has_same_tolerance(wanted, found));
    }
    if is_strictly_same(wanted, found) {
        score.strict.right += 1.0;
        return;
    }
    score.strict.missed += 1.0;
    score.strict.wrong += 1.0;
    score.remarks.push(format!(
        "inexact {} read as {} {:?} count {}",
        wanted.raw, found.raw, found.tolerance, found.count
    ));
}

fn forecast(found: &Dimension, is_right: bool, score: &mut Score) {
    if let Some(confidence) = found.evidence.confidence {
        score.forecasts.push(Forecast { confidence: f64::from(confidence), is_right });
    }
}

/// The dimensions that one callout states.
fn stated(dimension: &Dimension) -> Vec<Dimension> {
    let bore = dimension.hole.as_ref().and_then(|hole| hole.counterbore.as_ref());
    let second =
        bore.filter(|bore| (bore.diameter - dimension.value).abs() > 1e-9).map(|bore| Dimension {
            kind: DimensionType::Diameter,
            value: bore.diameter,
            count: dimension.count,
            tolerance: None,
            thread: None,
            hole: Some(HoleFeature { depth: bore.depth, ..HoleFeature::default() }),
            ..dimension.clone()
        });
    std::iter::once(dimension.clone()).chain(second).collect()
}

fn is_same(wanted: &TrueDimension, found: &Dimension) -> bool {
    let name = kind_name(found.kind);
    let is_kind = name == wanted.kind || wanted.accept_types.contains(&name);
    is_kind && (found.value - wanted.value).abs() <= SAME_VALUE * wanted.value.abs().max(SAME_VALUE)
}

fn is_strictly_same(wanted: &TrueDimension, found: &Dimension) -> bool {
    has_same_tolerance(wanted, found)
        && is_equal(wanted.pitch, found.thread.as_ref().and_then(|thread| thread.pitch))
        && is_equal(wanted.depth, found.hole.as_ref().and_then(|hole| hole.depth))
        && wanted.count.is_none_or(|count| count == found.count)
}

fn has_same_tolerance(wanted: &TrueDimension, found: &Dimension) -> bool {
    let tolerance = found.tolerance.clone().unwrap_or_default();
    let fit = tolerance.fit.or(found.thread.as_ref().and_then(|thread| thread.class.clone()));
    let [low, high] = wanted.limits.map_or([None, None], |[low, high]| [Some(low), Some(high)]);
    is_equal(wanted.tol_pos, tolerance.upper)
        && is_equal(wanted.tol_neg, tolerance.lower)
        && is_equal(low, tolerance.lower.map(|lower| found.value + lower))
        && is_equal(high, tolerance.upper.map(|upper| found.value + upper))
        && wanted.fit.as_ref().is_none_or(|wanted| fit.as_ref() == Some(wanted))
}

/// What is not stated is not asked for.
fn is_equal(wanted: Option<f64>, found: Option<f64>) -> bool {
    wanted.is_none_or(|wanted| found.is_some_and(|found| (wanted - found).abs() < SAME_DEVIATION))
}

fn kind_name(kind: DimensionType) -> String {
    let word = serde_json::to_value(kind).ok();
    word.and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
}

fn overlap([left, top, width, height]: Bbox, other: Bbox) -> i64 {
    let across = (left + width).min(other[0] + other[2]) - left.max(other[0]);
    let down = (top + height).min(other[1] + other[3]) - top.max(other[1]);
    if across > 0 && down > 0 { i64::from(across) * i64::from(down) } else { 0 }
}
