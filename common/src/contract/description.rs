//! The answer of a provider that describes a drawing in words.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::provenance::Provenance;
use super::reading::Warning;

/// What a remote model says of a drawing.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct DescribedDrawing {
    /// The version of the result's shape.
    pub v: u8,
    /// True: a failed job has no description.
    pub success: bool,
    /// The provider that described it.
    pub provider: String,
    /// What is to be seen.
    pub description: Description,
    /// How the reply was understood: `json_strict`, `markdown_fence` or `text_regex`.
    pub fallback_level: Option<String>,
    /// Time of the run in the provider, in milliseconds.
    pub processing_time_ms: u64,
    /// Time per stage of the work, in milliseconds.
    pub stages_latency_ms: BTreeMap<String, f64>,
    /// Models and their versions, by role.
    pub model_versions: BTreeMap<String, String>,
    /// What kept the description from being whole.
    pub warnings: Vec<Warning>,
}

/// A description in words.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct Description {
    /// One sentence.
    pub summary: String,
    /// One fact each.
    pub details: Vec<Detail>,
    /// Measured confidence, 0 to 1; null where nothing was measured.
    pub confidence: Option<f32>,
}

/// One fact of a description.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct Detail {
    /// The fact.
    pub text: String,
    /// Who says so and whether its figures are borne out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provenance: Option<Provenance>,
}
