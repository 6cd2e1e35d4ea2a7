//! The counts behind every figure, for one drawing or the sum of many.

use cad_common::contract::reading::Reading;

use super::calibration::Forecast;
use super::truth::Truth;
use super::{dimensions, symbols, texts, title_block};

/// Found, invented and missed.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Tally {
    pub(super) right: f64,
    pub(super) wrong: f64,
    pub(super) missed: f64,
}

impl Tally {
    /// Share of what was found that is true.
    pub(super) fn precision(&self) -> f64 {
        share(self.right, self.right + self.wrong)
    }

    /// Share of what is true that was found.
    pub(super) fn recall(&self) -> f64 {
        share(self.right, self.right + self.missed)
    }

    /// The harmonic mean of both.
    pub(super) fn f1(&self) -> f64 {
        share(2.0 * self.right, 2.0 * self.right + self.wrong + self.missed)
    }

    fn add(&mut self, other: &Self) {
        self.right += other.right;
        self.wrong += other.wrong;
        self.missed += other.missed;
    }
}

/// So many of so many.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Share {
    pub(super) part: f64,
    pub(super) whole: f64,
}

impl Share {
    pub(super) fn count(&mut self, is_part: bool) {
        self.whole += 1.0;
        self.part += f64::from(u8::from(is_part));
    }

    pub(super) fn value(&self) -> f64 {
        share(self.part, self.whole)
    }

    fn add(&mut self, other: &Self) {
        self.part += other.part;
        self.whole += other.whole;
    }
}

/// What was counted on a drawing.
#[derive(Debug, Clone, Default)]
pub(super) struct Score {
    pub(super) name: String,
    /// Printed texts whose place was found.
    pub(super) texts: Share,
    /// Wrong characters of those in texts that were found.
    pub(super) characters: Share,
    /// Type and value are equal.
    pub(super) dimensions: Tally,
    /// Tolerance, count, fit, pitch and depth are equal too.
    pub(super) strict: Tally,
    /// Of the dimensions found that state a tolerance, those whose tolerance is right.
    pub(super) tolerances: Share,
    pub(super) roughness: Tally,
    pub(super) frames: Tally,
    pub(super) fields: Share,
    /// The confidence of each dimension found, and whether it was right.
    pub(super) forecasts: Vec<Forecast>,
    /// What was missed, wrong or inexact, in words.
    pub(super) remarks: Vec<String>,
}

/// Scores one reading.
pub(super) fn score(truth: &Truth, reading: &Reading) -> Score {
    let mut score = Score { name: truth.name.clone(), ..Score::default() };
    texts::compare(truth, reading, &mut score);
    dimensions::compare(truth, reading, &mut score);
    symbols::compare(truth, reading, &mut score);
    title_block::compare(truth, reading, &mut score);
    score
}

/// The sum over all drawings: each item counts the same, wherever it stands.
pub(super) fn total(scores: &[Score]) -> Score {
    let mut total = Score { name: "total".to_owned(), ..Score::default() };
    for score in scores {
        total.texts.add(&score.texts);
        total.characters.add(&score.characters);
        total.dimensions.add(&score.dimensions);
        total.strict.add(&score.strict);
        total.tolerances.add(&score.tolerances);
        total.roughness.add(&score.roughness);
        total.frames.add(&score.frames);
        total.fields.add(&score.fields);
        total.forecasts.extend_from_slice(&score.forecasts);
    }
    total
}

/// A share of nothing is whole: nothing was asked, nothing is wrong.
fn share(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 1.0 }
}
