//! The parts of a reading that belong to the sheet as a whole.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::provenance::Provenance;
use super::reading::{Bbox, Evidence};

/// The fields of a title block as stated; `field_evidence` says where each stands.
///
/// The first ten are the original's, and coverage counts them alone.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[expect(missing_docs, reason = "the field names are the words of the sheet")]
pub struct TitleBlock {
    pub drawing_number: Option<String>,
    pub revision: Option<String>,
    pub material: Option<String>,
    pub part_name: Option<String>,
    pub scale: Option<String>,
    pub sheet: Option<String>,
    pub date: Option<String>,
    pub weight: Option<String>,
    pub company: Option<String>,
    pub projection: Option<String>,
    pub author: Option<String>,
    pub checker: Option<String>,
    pub approver: Option<String>,
    pub standard: Option<String>,
    pub tolerance_note: Option<String>,
    pub units: Option<String>,
    pub sheet_size: Option<String>,
}

/// One named or numbered thing with its evidence.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct Identifier {
    /// The field of the title block it belongs to, such as `drawing_number`.
    pub identifier_type: String,
    /// The caption it stood beside, where it had one.
    pub label: Option<String>,
    /// As printed.
    pub value: String,
    /// White space and case made uniform.
    pub normalized_value: String,
    /// The whole line it was read from.
    pub source_text: Option<String>,
    /// 1-based page.
    pub page: u32,
    /// Where it stands.
    #[schema(value_type = Option<Vec<i32>>)]
    pub bbox: Option<Bbox>,
    /// Measured confidence, 0 to 1, or null.
    pub confidence: Option<f32>,
    /// `ocr_line`, `regex_text` or `provider_json`.
    pub source: String,
    /// Who read it and whether that is borne out, for what a remote model has read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provenance: Option<Provenance>,
}

/// How much of the title block was found.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct FieldCoverage {
    /// Fields found.
    pub recognized_count: u32,
    /// Fields there are: ten.
    pub total_fields: u32,
    /// Share found, to four places.
    pub coverage_ratio: f64,
    /// Names of those found.
    pub recognized_keys: Vec<String>,
    /// Names of those not found.
    pub missing_keys: Vec<String>,
}

/// Counts and kinds of what was found.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct EngineeringSignals {
    /// Dimensions read.
    pub dimension_count: u32,
    /// Symbols read.
    pub symbol_count: u32,
    /// Kinds of symbol, each once.
    pub symbol_types: Vec<String>,
    /// Kinds of geometrical tolerance, each once.
    pub gdt_symbol_types: Vec<String>,
    /// Whether a surface texture was read.
    pub has_surface_finish: bool,
    /// Whether a geometrical tolerance was read.
    pub has_gdt: bool,
    /// Requirements by group.
    pub process_requirement_counts: BTreeMap<String, u32>,
    /// Material grades seen.
    pub materials_detected: Vec<String>,
    /// Standards named.
    pub standards_candidates: Vec<String>,
}

/// Whether a person should look, and at what.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]

pub struct ReviewHints {
    /// The fields no drawing should lack.
    pub critical_fields: Vec<String>,
    /// Those of them that were found.
    pub present_critical_fields: Vec<String>,
    /// Those that were not.
    pub missing_critical_fields: Vec<String>,
    /// Whether any identifier was found.
    pub has_identifiers: bool,
    /// Whether any dimension was found.
    pub has_dimensions: bool,
    /// Whether any symbol was found.
    pub has_symbols: bool,
    /// Whether any process requirement was found.
    pub has_process_requirements: bool,
    /// Whether any standard was named.
    pub has_standards_candidates: bool,
    /// Whether a person should look.
    pub review_recommended: bool,
    /// Why.
    pub review_reasons: Vec<String>,
    /// The gap that matters most.
    pub primary_gap: Option<String>,
    /// `high`, `medium` or `low`.
    pub review_priority: String,
    /// Whether a machine may go on with it.
    pub automation_ready: bool,
    /// What to do.
    pub recommended_actions: Vec<String>,
    /// 0 to 1.
    pub readiness_score: f64,
    /// `high`, `medium` or `low`.
    pub readiness_band: String,
}

/// What is known of the stated material.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct MaterialNote {
    /// Whether the grade is known here.
    pub found: bool,
    /// The grade in its standard's spelling.
    pub grade: Option<String>,
    /// Its common name.
    pub name: Option<String>,
    /// Such as `metal`.
    pub category: Option<String>,
    /// Such as `stainless_steel`.
    pub group: Option<String>,
    /// What to mind.
    pub warnings: Vec<String>,
    /// What is advised.
    pub recommendations: Vec<String>,
}

/// Heat treatment, coating, welding and general requirements.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct ProcessRequirements {
    /// Heat treatments.
    pub heat_treatments: Vec<Requirement>,
    /// Surface treatments.
    pub surface_treatments: Vec<Requirement>,
    /// Welding.
    pub welding: Vec<Requirement>,
    /// General requirements, as text.
    pub general_notes: Vec<String>,
    /// All the text they were read from.
    pub raw_text: Option<String>,
}

/// One process requirement.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct Requirement {
    /// What is to be done, such as `quenching` or `anodizing`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Figures by name: `hardness`, `depth_mm`, `thickness_um`, `leg_mm`, `filler` ...
    pub parameters: BTreeMap<String, String>,
    /// The text it was read from.
    pub source_text: String,
    /// Where it stands.
    #[serde(flatten)]
    pub evidence: Evidence,
}

/// A table as rows of cells.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct Table {
    /// `parts_list`, `revisions`, `holes` or `unknown`.
    pub kind: String,
    /// Cell texts, row by row from the top; an empty cell is an empty string.
    pub rows: Vec<Vec<String>>,
    /// Where it stands.
    #[serde(flatten)]
    pub evidence: Evidence,
}
