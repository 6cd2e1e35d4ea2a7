//! Symbols of a drawing: geometrical tolerances, datums, surface texture, welds.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::reading::Evidence;

/// One symbol with what it states.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct Symbol {
    /// What it is, in the original's words (`surface_roughness`, `perpendicular`, `flatness` ...).
    #[serde(rename = "type")]
    pub kind: String,
    /// The stated figure or name, as text.
    pub value: String,
    /// The same in the project's one spelling.
    pub normalized_form: Option<String>,
    /// The feature control frame, for geometrical tolerances.
    pub frame: Option<ControlFrame>,
    /// The surface texture, for roughness.
    pub surface: Option<SurfaceTexture>,
    /// Where it stands.
    #[serde(flatten)]
    pub evidence: Evidence,
}

/// A feature control frame.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct ControlFrame {
    /// The characteristic, such as `position`.
    pub characteristic: String,
    /// The tolerance in the sheet's unit.
    pub tolerance: Option<f64>,
    /// Whether the zone is a cylinder.
    pub is_diameter_zone: bool,
    /// Modifiers of the tolerance as plain letters: `M`, `L`, `P`, `F`, `CZ` ...
    pub modifiers: Vec<String>,
    /// Datum letters in order.
    pub datums: Vec<String>,
    /// For each datum that has one, its modifier.
    #[serde(default)]
    pub datum_modifiers: BTreeMap<String, String>,
    /// Whether the zone is a sphere.
    #[serde(default)]
    pub is_spherical_zone: bool,
    /// The length over which the tolerance holds, 100 of `0.02/100`.
    #[serde(default)]
    pub per_length: Option<f64>,
    /// The height of a projected zone, 25 of `Ⓟ25`.
    #[serde(default)]
    pub projected_length: Option<f64>,
    /// Whether it is a lower segment of the composite frame before it.
    #[serde(default)]
    pub is_composite_segment: bool,
}

/// A surface texture indication.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct SurfaceTexture {
    /// The parameter: `Ra`, `Rz`, `N` ...
    pub parameter: String,
    /// The figure in micrometres (microinches on inch sheets), or the grade number.
    pub value: f64,
    /// How the surface is made, where the symbol or text says so.
    pub process: Option<String>,
    /// Whether it holds for every surface without its own, as behind `其余` or `REST`.
    #[serde(default)]
    pub is_general: bool,
    /// Whether the figure must not be passed by any measurement: `max`.
    #[serde(default)]
    pub is_maximum: bool,
}
