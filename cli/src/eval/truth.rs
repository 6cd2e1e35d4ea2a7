//! What a drawing truly says: the truth file beside its picture, written by a person.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::Context;
use cad_common::contract::reading::{Bbox, PageReading, Polygon, TextLine};
use serde::Deserialize;

/// One truth file; fields that no figure needs are left out.
#[derive(Debug, Deserialize)]
pub(super) struct Truth {
    #[serde(skip)]
    pub(super) name: String,
    /// The picture's file name.
    pub(super) image: String,
    pub(super) width: u32,
    pub(super) height: u32,
    #[serde(default)]
    pub(super) texts: Vec<TrueText>,
    #[serde(default)]
    pub(super) dimensions: Vec<TrueDimension>,
    #[serde(default)]
    pub(super) roughness: Vec<TrueRoughness>,
    #[serde(default)]
    pub(super) gdt: Vec<TrueFrame>,
    /// `""` where the sheet has no such field or leaves it empty.
    #[serde(default)]
    pub(super) title_block: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct TrueText {
    pub(super) text: String,
    pub(super) bbox: [f32; 4],
    /// Reading direction in degrees, counter-clockwise.
    #[serde(default)]
    pub(super) rotation: f32,
}

#[derive(Debug, Deserialize)]
pub(super) struct TrueDimension {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) value: f64,
    pub(super) raw: String,
    pub(super) bbox: Bbox,
    pub(super) count: Option<u32>,
    pub(super) tol_pos: Option<f64>,
    pub(super) tol_neg: Option<f64>,
    /// The lower and the upper limit.
    pub(super) limits: Option<[f64; 2]>,
    pub(super) fit: Option<String>,
    pub(super) pitch: Option<f64>,
    pub(super) depth: Option<f64>,
    /// Other types that are right too.
    #[serde(default)]
    pub(super) accept_types: Vec<String>,
    /// Neither a miss nor a find counts.
    #[serde(default)]
    pub(super) optional: bool,
}

#[derive(Debug, Deserialize)]
pub(super) struct TrueRoughness {
    #[serde(default)]
    pub(super) param: String,
    pub(super) value: f64,
}

#[derive(Debug, Deserialize)]
pub(super) struct TrueFrame {
    pub(super) characteristic: String,
    pub(super) tolerance: f64,
    #[serde(default)]
    pub(super) diameter: bool,
    #[serde(default)]
    pub(super) datums: Vec<String>,
    pub(super) material: Option<String>,
}

impl TrueDimension {
    /// Whether it states a tolerance of its own.
    pub(super) fn has_tolerance(&self) -> bool {
        self.tol_pos.is_some()
            || self.tol_neg.is_some()
            || self.fit.is_some()
            || self.limits.is_some()
    }
}

impl Truth {
    /// The page as perfect eyes would see it.
    pub(super) fn page(&self) -> PageReading {
        let line = |text: &TrueText| TextLine {
            text: text.text.clone(),
            polygon: text.outline(),
            rotation: text.rotation,
            confidence: 1.0,
            ..TextLine::default()
        };
        PageReading {
            number: 1,
            width: self.width,
            height: self.height,
            text_lines: self.texts.iter().map(line).collect(),
            ..PageReading::default()
        }
    }
}

impl TrueText {
    /// Its outline inside its upright box, clockwise from its own top left.
    fn outline(&self) -> Polygon {
        let [left, top, width, height] = self.bbox;
        let (sine, cosine) = self.rotation.to_radians().sin_cos();
        let (s, c) = (sine.abs(), cosine.abs());
        let spread = c * c - s * s;
        // Near 45 degrees the box does not tell length and thickness apart.
        let (length, thickness) = if spread.abs() > 0.2 {
            ((width * c - height * s) / spread, (height * c - width * s) / spread)
        } else {
            (width.hypot(height) * 0.8, width.min(height) * 0.35)
        };
        let (x, y) = (left + width / 2.0, top + height / 2.0);
        let corner = |along: f32, down: f32| {
            let (along, down) = (along * length / 2.0, down * thickness / 2.0);
            [x + along * cosine + down * sine, y - along * sine + down * cosine]
        };
        [corner(-1.0, -1.0), corner(1.0, -1.0), corner(1.0, 1.0), corner(-1.0, 1.0)]
    }
}

/// The truth files of a folder whose names contain `only`, by name.
pub(super) fn all_in(folder: &Path, only: &str) -> anyhow::Result<Vec<Truth>> {
    let entries =
        fs::read_dir(folder).with_context(|| format!("{} can't be listed", folder.display()))?;
    let mut truths = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let name = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default().to_owned();
        // `NAME.regions.json` beside it says where regions lie, not what is written.
        let is_truth = path.extension().is_some_and(|extension| extension == "json")
            && !name.ends_with(".regions");
        if !is_truth || !name.contains(only) {
            continue;
        }
        let text = fs::read_to_string(&path)
            .with_context(|| format!("{} can't be read", path.display()))?;
        let mut truth: Truth = serde_json::from_str(&text)
            .with_context(|| format!("{} is no truth file", path.display()))?;
        truth.name = name;
        truths.push(truth);
    }
    truths.sort_by(|first, second| first.name.cmp(&second.name));
    Ok(truths)
}
