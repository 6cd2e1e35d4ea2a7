//! The answer of `ocr.extract`: what a drawing says and where it says it.
//!
//! It keeps every field of the original's `OcrResponse` and grows what those say. Pixel figures are
//! pixels of the page as the client sent it (of the rendered page for vector formats),
//! x to the right, y down.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::dimension::Dimension;
use super::drawing::{
    EngineeringSignals, FieldCoverage, Identifier, MaterialNote, ProcessRequirements, ReviewHints,
    Table, TitleBlock,
};
use super::provenance::{Provenance, SecondReading};
use super::symbol::Symbol;

/// The version of the result's shape.
pub const RESULT_VERSION: u8 = 1;

/// An upright box: left, top, width, height in page pixels.
pub type Bbox = [i32; 4];

/// A quadrangle in page pixels, clockwise from the text's own top left.
pub type Polygon = [[f32; 2]; 4];

/// What one drawing says.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct Reading {
    /// [`RESULT_VERSION`].
    pub v: u8,
    /// True: a failed job has no reading.
    pub success: bool,
    /// The provider that read it.
    pub provider: String,
    /// Mean of the measured line confidences, 0 to 1; null when nothing was read.
    pub confidence: Option<f32>,
    /// How the answer was reached when not in the plain way: `json_strict`, `markdown_fence` or `text_regex` by a
    /// remote model's reply; `missing_fields` or `confidence_fallback` when a second provider was asked.
    pub fallback_level: Option<String>,
    /// What came of asking a second provider, where one was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second_reading: Option<SecondReading>,
    /// Time of the run in the provider, in milliseconds.
    pub processing_time_ms: u64,
    /// The pages with their text.
    pub pages: Vec<PageReading>,
    /// Dimensions, in reading order.
    pub dimensions: Vec<Dimension>,
    /// Geometrical tolerances, datums, surface textures and welds.
    pub symbols: Vec<Symbol>,
    /// The title block's fields.
    pub title_block: TitleBlock,
    /// Everything that names or numbers the part, with its evidence.
    pub identifiers: Vec<Identifier>,
    /// For each field of the title block that was found, where it came from.
    pub field_evidence: BTreeMap<String, Identifier>,
    /// How much of the title block was found.
    pub field_coverage: FieldCoverage,
    /// Counts and kinds of what was found.
    pub engineering_signals: EngineeringSignals,
    /// Whether a person should look, and at what.
    pub review_hints: ReviewHints,
    /// Parts lists, revision tables, hole tables.
    pub tables: Vec<Table>,
    /// General notes, one each.
    pub notes: Vec<Note>,
    /// The material as the title block states it.
    pub material: Option<String>,
    /// What is known of that material.
    pub material_info: Option<MaterialNote>,
    /// Heat treatment, coating, welding and general requirements.
    pub process_requirements: Option<ProcessRequirements>,
    /// Time per stage of the work, in milliseconds.
    pub stages_latency_ms: BTreeMap<String, f64>,
    /// Models and their versions, by role.
    pub model_versions: BTreeMap<String, String>,
    /// What kept the reading from being whole.
    pub warnings: Vec<Warning>,
}

/// One page and its text.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct PageReading {
    /// 1-based.
    pub number: u32,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Resolution where the file states one or the page was rendered here.
    pub dpi: Option<f32>,
    /// Resolution at which the text was looked for, when `dpi` is known.
    pub effective_dpi: Option<f32>,
    /// Sheet size, such as `A3`, where the scale is known.
    pub sheet: Option<String>,
    /// The text in reading order.
    pub text_lines: Vec<TextLine>,
}

/// One run of text on a page.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct TextLine {
    /// What it says.
    pub text: String,
    /// Its outline, clockwise from the text's own top left.
    #[schema(value_type = Vec<Vec<f32>>)]
    pub polygon: Polygon,
    /// Reading direction in degrees, counter-clockwise, 0 to 360.
    pub rotation: f32,
    /// Mean probability of its characters, 0 to 1; 1 where the text is exact.
    pub confidence: f32,
    /// How it came to be known.
    pub source: TextSource,
    /// Who read it and whether that is borne out, for what a remote model has read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provenance: Option<Provenance>,
}

impl TextLine {
    /// The upright box around the outline.
    #[must_use]
    pub fn bbox(&self) -> Bbox {
        bbox_around(self.polygon.iter().copied())
    }
}

/// The upright box around points, rounded outwards; zero for no points.
#[must_use]
#[expect(
    clippy::cast_possible_truncation,
    reason = "pages are limited to far fewer pixels than i32 holds"
)]
pub fn bbox_around(points: impl Iterator<Item = [f32; 2]>) -> Bbox {
    let mut low = [f32::INFINITY; 2];
    let mut high = [f32::NEG_INFINITY; 2];
    for [x, y] in points {
        low = [low[0].min(x), low[1].min(y)];
        high = [high[0].max(x), high[1].max(y)];
    }
    if low[0] > high[0] {
        return [0; 4];
    }
    let (left, top) = (low[0].floor() as i32, low[1].floor() as i32);
    let (right, bottom) = (high[0].ceil() as i32, high[1].ceil() as i32);
    [left, top, right.saturating_sub(left), bottom.saturating_sub(top)]
}

/// How a text came to be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum TextSource {
    /// Recognised from pixels.
    #[default]
    Ocr,
    /// Taken from a PDF's text layer.
    PdfText,
    /// Taken from a DXF's entities.
    Dxf,
    /// Read by a remote model.
    Model,
}

/// Where an item stands and what it was read from.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct Evidence {
    /// 1-based page.
    pub page: u32,
    /// The item's place on the page.
    #[schema(value_type = Vec<i32>)]
    pub bbox: Bbox,
    /// Measured confidence, 0 to 1, or null.
    pub confidence: Option<f32>,
    /// Indices into the page's `text_lines`.
    pub lines: Vec<usize>,
    /// Who read it and whether that is borne out, for what a remote model has read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provenance: Option<Provenance>,
}

/// A general note.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct Note {
    /// Its number on the sheet, where it has one.
    pub number: Option<u32>,
    /// What it says.
    pub text: String,
    /// Where it stands.
    #[serde(flatten)]
    pub evidence: Evidence,
}

/// Something that kept a job from being done in full; never silent, never a failure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Warning {
    /// The stable word.
    pub code: WarningCode,
    /// What happened and what can be done.
    pub detail: String,
    /// 1-based page, where it is about one.
    pub page: Option<u32>,
}

/// The stable words for warnings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum WarningCode {
    /// No text was found on a page.
    NoTextFound,
    /// Parts of a page could not be read.
    PartialReading,
    /// The page was shrunk, so that small text may be lost.
    LowEffectiveDpi,
    /// The document has more pages than the limit.
    PageLimitReached,
    /// Only the first frame of an animation was read.
    FirstFrameOnly,
    /// Text could not be understood where something was expected.
    ParseFailed,
    /// The provider's answer was not checked against the drawing.
    Unverified,
    /// A second provider was asked about a doubtful reading and gave nothing that could be used.
    NoSecondReading,
}
