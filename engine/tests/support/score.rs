//! Compares a reading with what a drawing truly says.
//!
//! A dimension counts as found when type and value are equal; `strict` also asks for tolerance, fit,
//! count, pitch and depth. Truth marked optional is neither missed nor wrong. A counterbore states a
//! second diameter, which the truth lists as its own.

use std::collections::BTreeMap;
use std::path::Path;

use cad_common::contract::dimension::{Dimension, DimensionType};
use cad_common::contract::reading::{Bbox, PageReading, Reading, TextLine, TextSource};
use serde::Deserialize;

/// Two values this close, relative to the truth, are one.
const SAME_VALUE: f64 = 1e-3;

/// What a drawing says, read by eye.
#[derive(Debug, Deserialize)]
pub struct Truth {
    pub name: String,
    pub width: u32,
    pub height: u32,
    pub texts: Vec<TrueText>,
    pub dimensions: Vec<TrueDimension>,
    pub roughness: Vec<serde_json::Value>,
    pub gdt: Vec<serde_json::Value>,
    pub title_block: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
pub struct TrueText {
    pub text: String,
    pub bbox: [f32; 4],
    pub rotation: f32,
}

#[derive(Debug, Deserialize)]
pub struct TrueDimension {
    #[serde(rename = "type")]
    pub kind: String,
    pub value: f64,
    pub raw: String,
    pub bbox: Bbox,
    pub count: Option<u32>,
    pub tol_pos: Option<f64>,
    pub tol_neg: Option<f64>,
    pub fit: Option<String>,
    pub pitch: Option<f64>,
    pub depth: Option<f64>,
    #[serde(default)]
    pub accept_types: Vec<String>,
    #[serde(default)]
    pub optional: bool,
}

impl Truth {
    pub fn load(path: &Path) -> Self {
        let text = std::fs::read_to_string(path)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// The page as a perfect recogniser would read it.
    pub fn page(&self) -> PageReading {
        let line = |text: &TrueText| TextLine {
            text: text.text.clone(),
            polygon: outline(text.bbox, text.rotation),
            rotation: text.rotation,
            confidence: 1.0,
            source: TextSource::Ocr,
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

/// The outline of a text in its upright box, from its own top left.
fn outline([left, top, width, height]: [f32; 4], rotation: f32) -> [[f32; 2]; 4] {
    let (sine, cosine) = rotation.to_radians().sin_cos();
    let (s, c) = (sine.abs(), cosine.abs());
    let spread = c * c - s * s;
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

/// Counts over one or more drawings.
#[derive(Debug, Clone, Default)]
pub struct Score {
    pub right: f64,
    pub strictly_right: f64,
    pub wrong: f64,
    pub missed: f64,
    pub fields: f64,
    pub fields_right: f64,
    pub symbols: f64,
    pub symbols_found: f64,
    pub symbols_wrong: f64,
    pub remarks: Vec<String>,
}

impl Score {
    pub fn precision(&self) -> f64 {
        share(self.right, self.right + self.wrong)
    }

    pub fn recall(&self) -> f64 {
        share(self.right, self.right + self.missed)
    }

    pub fn f1(&self) -> f64 {
        share(2.0 * self.right, 2.0 * self.right + self.wrong + self.missed)
    }

    pub fn strict_f1(&self) -> f64 {
        share(2.0 * self.strictly_right, 2.0 * self.right + self.wrong + self.missed)
    }

    pub fn field_accuracy(&self) -> f64 {
        share(self.fields_right, self.fields)
    }

    pub fn symbol_f1(&self) -> f64 {
        share(2.0 * self.symbols_found, self.symbols + self.symbols_found + self.symbols_wrong)
    }

    pub fn summary(&self) -> String {
        format!(
            "precision {:.3} recall {:.3} F1 {:.3} strict {:.3} fields {:.3} symbols {:.3}",
            self.precision(),
            self.recall(),
            self.f1(),
            self.strict_f1(),
            self.field_accuracy(),
            self.symbol_f1()
        )
    }

    pub fn add(&mut self, other: &Self) {
        self.right += other.right;
        self.strictly_right += other.strictly_right;
        self.wrong += other.wrong;
        self.missed += other.missed;
        self.fields += other.fields;
        self.fields_right += other.fields_right;
        self.symbols += other.symbols;
        self.symbols_found += other.symbols_found;
        self.symbols_wrong += other.symbols_wrong;
    }
}

fn share(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 1.0 }
}

/// Scores one reading.
pub fn score(truth: &Truth, reading: &Reading) -> Score {
    let mut score = Score::default();
    dimensions(truth, reading, &mut score);
    symbols(truth, reading, &mut score);
    fields(truth, reading, &mut score);
    score
}

fn dimensions(truth: &Truth, reading: &Reading, score: &mut Score) {
    let mut open: Vec<Dimension> = reading.dimensions.iter().flat_map(stated).collect();
    let mut required: Vec<&TrueDimension> = truth.dimensions.iter().collect();
    required.sort_by_key(|wanted| wanted.optional);
    for wanted in required {
        let fitting = open.iter().enumerate().filter(|(_, found)| is_same(wanted, found));
        let best = fitting.max_by_key(|(_, found)| {
            (is_strictly_same(wanted, found), overlap(wanted.bbox, found.evidence.bbox))
        });
        match best.map(|(index, _)| index) {
            Some(index) => {
                let found = open.remove(index);
                if wanted.optional {
                    continue;
                }
                score.right += 1.0;
                if is_strictly_same(wanted, &found) {
                    score.strictly_right += 1.0;
                } else {
                    score.remarks.push(format!(
                        "inexact {} -> {} {:?} count {}",
                        wanted.raw, found.raw, found.tolerance, found.count
                    ));
                }
            }
            None if wanted.optional => {}
            None => {
                score.missed += 1.0;
                score
                    .remarks
                    .push(format!("missed {} {} {:?}", wanted.kind, wanted.raw, wanted.bbox));
            }
        }
    }
    score.wrong += open.len() as f64;
    score
        .remarks
        .extend(open.iter().map(|found| {
            format!("wrong {:?} {} {:?}", found.kind, found.raw, found.evidence.bbox)
        }));
}

/// The dimensions that one callout states.
fn stated(dimension: &Dimension) -> Vec<Dimension> {
    let bore = dimension.hole.as_ref().and_then(|hole| hole.counterbore.as_ref());
    let second =
        bore.filter(|bore| (bore.diameter - dimension.value).abs() > 1e-9).map(|bore| Dimension {
            kind: DimensionType::Diameter,
            value: bore.diameter,
            count: 1,
            tolerance: None,
            thread: None,
            hole: Some(cad_common::contract::dimension::HoleFeature {
                depth: bore.depth,
                ..Default::default()
            }),
            ..dimension.clone()
        });
    std::iter::once(dimension.clone()).chain(second).collect()
}

fn kind_name(kind: DimensionType) -> String {
    serde_json::to_value(kind)
        .ok()
        .and_then(|name| name.as_str().map(str::to_owned))
        .unwrap_or_default()
}

fn is_same(wanted: &TrueDimension, found: &Dimension) -> bool {
    let name = kind_name(found.kind);
    let is_kind = name == wanted.kind || wanted.accept_types.contains(&name);
    is_kind && (found.value - wanted.value).abs() <= SAME_VALUE * wanted.value.abs().max(SAME_VALUE)
}

fn is_strictly_same(wanted: &TrueDimension, found: &Dimension) -> bool {
    let tolerance = found.tolerance.clone().unwrap_or_default();
    let same = |wanted: Option<f64>, found: Option<f64>| {
        wanted.is_none_or(|wanted| found.is_some_and(|found| (wanted - found).abs() < 1e-6))
    };
    let fit = tolerance.fit.or(found.thread.as_ref().and_then(|thread| thread.class.clone()));
    same(wanted.tol_pos, tolerance.upper)
        && same(wanted.tol_neg, tolerance.lower)
        && same(wanted.pitch, found.thread.as_ref().and_then(|thread| thread.pitch))
        && same(wanted.depth, found.hole.as_ref().and_then(|hole| hole.depth))
        && wanted.count.is_none_or(|count| count == found.count)
        && wanted.fit.as_ref().is_none_or(|wanted| fit.as_ref() == Some(wanted))
}

fn overlap([left, top, width, height]: Bbox, other: Bbox) -> i64 {
    let across = (left + width).min(other[0] + other[2]) - left.max(other[0]);
    let down = (top + height).min(other[1] + other[3]) - top.max(other[1]);
    if across > 0 && down > 0 { i64::from(across) * i64::from(down) } else { 0 }
}

/// Roughness by parameter and value; frames by tolerance and datums, for a text alone rarely names
/// the characteristic.
fn symbols(truth: &Truth, reading: &Reading, score: &mut Score) {
    let number =
        |value: &serde_json::Value, key: &str| value.get(key).and_then(serde_json::Value::as_f64);
    let mut wanted: Vec<(&str, f64)> = Vec::new();
    wanted.extend(
        truth.roughness.iter().filter_map(|value| Some(("surface", number(value, "value")?))),
    );
    wanted
        .extend(truth.gdt.iter().filter_map(|value| Some(("frame", number(value, "tolerance")?))));
    score.symbols += wanted.len() as f64;
    for symbol in &reading.symbols {
        let found = match (&symbol.surface, &symbol.frame) {
            (Some(surface), _) => ("surface", surface.value),
            (None, Some(frame)) => ("frame", frame.tolerance.unwrap_or(-1.0)),
            _ => continue,
        };
        match wanted
            .iter()
            .position(|wanted| wanted.0 == found.0 && (wanted.1 - found.1).abs() < 1e-6)
        {
            Some(index) => {
                wanted.remove(index);
                score.symbols_found += 1.0;
            }
            None => {
                score.symbols_wrong += 1.0;
                score.remarks.push(format!("wrong symbol {} {:?}", symbol.kind, symbol.value));
            }
        }
    }
    score
        .remarks
        .extend(wanted.iter().map(|(kind, value)| format!("missed symbol {kind} {value}")));
}

fn fields(truth: &Truth, reading: &Reading, score: &mut Score) {
    let block = &reading.title_block;
    let found = [
        ("drawing_number", &block.drawing_number),
        ("revision", &block.revision),
        ("material", &block.material),
        ("part_name", &block.part_name),
        ("scale", &block.scale),
        ("sheet", &block.sheet),
        ("date", &block.date),
        ("weight", &block.weight),
        ("company", &block.company),
    ];
    for (name, found) in found {
        let Some(wanted) = truth.title_block.get(name) else {
            continue;
        };
        score.fields += 1.0;
        if plain(wanted) == plain(found.as_deref().unwrap_or("")) {
            score.fields_right += 1.0;
        } else {
            score.remarks.push(format!("field {name}: wanted {wanted:?}, found {found:?}"));
        }
    }
}

/// A field's value without case, spaces and the many spellings of "of".
fn plain(value: &str) -> String {
    let plain: String = value.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ");
    let of = plain.replace(" of ", "/");
    match of.strip_prefix("共 ").and_then(|rest| rest.split_once(" 张 第 ")) {
        Some((of, sheet)) => format!("{}/{of}", sheet.trim_end_matches(" 张")),
        None => of.replace(' ', ""),
    }
}
