//! Surface textures and feature control frames found against those that are there.
//!
//! A texture is found with its parameter and value; a frame with its characteristic, tolerance and datums.

use cad_common::contract::reading::Reading;

use super::score::{Score, Tally};
use super::truth::{TrueFrame, TrueRoughness, Truth};

const SAME: f64 = 1e-6;

pub(super) fn compare(truth: &Truth, reading: &Reading, score: &mut Score) {
    let textures: Vec<Texture> = reading.symbols.iter().filter_map(Texture::of).collect();
    let wanted = truth.roughness.iter().map(Texture::wanted).collect();
    score.roughness = matched(wanted, textures, Texture::is_same, &mut score.remarks);

    let frames: Vec<Frame> = reading.symbols.iter().filter_map(Frame::of).collect();
    let wanted = truth.gdt.iter().map(Frame::wanted).collect();
    score.frames = matched(wanted, frames, |wanted, found| wanted == found, &mut score.remarks);
}

#[derive(Debug)]
struct Texture {
    parameter: String,
    value: f64,
}

impl Texture {
    fn of(symbol: &cad_common::contract::symbol::Symbol) -> Option<Self> {
        let surface = symbol.surface.as_ref()?;
        Some(Self { parameter: surface.parameter.clone(), value: surface.value })
    }

    fn wanted(truth: &TrueRoughness) -> Self {
        Self { parameter: truth.param.clone(), value: truth.value }
    }

    fn is_same(&self, found: &Self) -> bool {
        let is_parameter = self.parameter.is_empty() || self.parameter == found.parameter;
        is_parameter && (self.value - found.value).abs() < SAME
    }
}

#[derive(Debug)]
struct Frame {
    characteristic: String,
    tolerance: f64,
    datums: Vec<String>,
    /// Told in remarks, not scored.
    _zone: (bool, Vec<String>),
}

impl Frame {
    fn of(symbol: &cad_common::contract::symbol::Symbol) -> Option<Self> {
        let frame = symbol.frame.as_ref()?;
        Some(Self {
            characteristic: one_word(&frame.characteristic),
            tolerance: frame.tolerance.unwrap_or_default(),
            datums: frame.datums.clone(),
            _zone: (frame.is_diameter_zone, frame.modifiers.clone()),
        })
    }

    fn wanted(truth: &TrueFrame) -> Self {
        Self {
            characteristic: one_word(&truth.characteristic),
            tolerance: truth.tolerance,
            datums: truth.datums.clone(),
            _zone: (truth.diameter, truth.material.clone().into_iter().collect()),
        }
    }
}

impl PartialEq for Frame {
    fn eq(&self, other: &Self) -> bool {
        self.characteristic == other.characteristic
            && (self.tolerance - other.tolerance).abs() < SAME
            && self.datums == other.datums
    }
}

/// The original's short words and the standard's long ones mean the same.
fn one_word(characteristic: &str) -> String {
    match characteristic {
        "perpendicular" => "perpendicularity",
        "parallel" => "parallelism",
        "profile_line" => "profile_of_a_line",
        "profile_surface" => "profile_of_a_surface",
        other => other,
    }
    .to_owned()
}

fn matched<T: std::fmt::Debug>(
    wanted: Vec<T>,
    mut found: Vec<T>,
    is_same: impl Fn(&T, &T) -> bool,
    remarks: &mut Vec<String>,
) -> Tally {
    let mut tally = Tally::default();
    for wanted in wanted {
        match found.iter().position(|found| is_same(&wanted, found)) {
            Some(index) => {
                found.remove(index);
                tally.right += 1.0;
            }
            None => {
                tally.missed += 1.0;
                remarks.push(format!("missed {wanted:?}"));
            }
        }
    }
    for found in found {
        tally.wrong += 1.0;
        remarks.push(format!("wrong {found:?}"));
    }
    tally
}
