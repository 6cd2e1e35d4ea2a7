//! Dimensions as a drawing states them, with tolerances, threads and hole features.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::reading::Evidence;

/// One dimension.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct Dimension {
    /// What is measured.
    #[serde(rename = "type")]
    pub kind: DimensionType,
    /// The nominal figure in `unit`; the larger limit of a limit dimension.
    pub value: f64,
    /// The exact text.
    pub raw: String,
    /// What `value` counts.
    pub unit: Unit,
    /// How often the feature occurs, 1 unless stated.
    pub count: u32,
    /// The stated deviation, else the sheet's general one, else none.
    pub tolerance: Option<Tolerance>,
    /// The thread, for threads.
    pub thread: Option<Thread>,
    /// Depth, counterbore and the like, for holes.
    pub hole: Option<HoleFeature>,
    /// The second figure of a chamfer, in degrees.
    pub angle: Option<f64>,
    /// Words that hold for it: `typical`, `equally_spaced`, `not_to_scale`, `thickness` ...
    #[serde(default)]
    pub qualifiers: Vec<String>,
    /// Where it stands.
    #[serde(flatten)]
    pub evidence: Evidence,
}

/// What a dimension measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DimensionType {
    /// A distance.
    #[default]
    Length,
    /// A diameter.
    Diameter,
    /// A radius.
    Radius,
    /// The diameter or radius of a sphere.
    Spherical,
    /// An angle.
    Angle,
    /// A chamfer: leg and angle.
    Chamfer,
    /// A thread.
    Thread,
    /// The side of a square section.
    Square,
    /// The length of an arc.
    ArcLength,
    /// A conical taper: difference of the diameters by length, 0.1 for `1:10`.
    Taper,
    /// A slope: rise by length, 0.02 for `1:50`.
    Slope,
}

/// What a figure counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Unit {
    /// Millimetres.
    #[default]
    Mm,
    /// Inches.
    Inch,
    /// Degrees.
    Deg,
    /// Nothing: the value is a ratio of lengths.
    Ratio,
}

/// A stated tolerance; deviations are signed and in the dimension's unit.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct Tolerance {
    /// How it is stated.
    pub kind: ToleranceKind,
    /// Upper deviation from the nominal value.
    pub upper: Option<f64>,
    /// Lower deviation from the nominal value.
    pub lower: Option<f64>,
    /// The fit, whose deviations are by ISO 286 unless printed (of a pair, the hole's), such as `H7` or `H7/g6`.
    pub fit: Option<String>,
    /// The tolerance grade number, such as 7 of `H7`.
    pub grade: Option<u8>,
    /// What a general tolerance rests on, such as `ISO 2768-m`.
    #[serde(default)]
    pub basis: Option<String>,
}

/// How a tolerance is stated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum ToleranceKind {
    /// One figure, both ways.
    #[default]
    Symmetric,
    /// Two signed figures.
    Deviation,
    /// Two limits instead of a nominal value.
    Limits,
    /// A fit code.
    Fit,
    /// By the sheet's general tolerances.
    General,
    /// Boxed: theoretically exact.
    Basic,
    /// In brackets: for information.
    Reference,
    /// No more than.
    Max,
    /// No less than.
    Min,
}

/// A thread's designation.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct Thread {
    /// The system: `metric`, `unc`, `unf`, `g`, `rc`, `npt`, `tr` ...
    pub standard: String,
    /// The size as designated, such as `M10` or `1/4-20 UNC`.
    pub size: String,
    /// Pitch in millimetres, where known.
    pub pitch: Option<f64>,
    /// Whether the pitch is not printed but the one that the standard gives the size.
    #[serde(default)]
    pub is_pitch_implied: bool,
    /// Tolerance class, such as `6H` or `2B`.
    pub class: Option<String>,
    /// `left` or `right`; right unless stated.
    pub hand: String,
}

/// What a hole's callout says beyond its diameter; lengths in the dimension's unit.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct HoleFeature {
    /// Depth.
    pub depth: Option<f64>,
    /// Whether it goes through.
    pub through: bool,
    /// Counterbore.
    pub counterbore: Option<Counterbore>,
    /// Countersink.
    pub countersink: Option<Countersink>,
}

/// A counterbore or spotface.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct Counterbore {
    /// Its diameter.
    pub diameter: f64,
    /// Its depth, where stated.
    pub depth: Option<f64>,
}

/// A countersink.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct Countersink {
    /// Its outer diameter.
    pub diameter: f64,
    /// Its angle in degrees, where stated.
    pub angle: Option<f64>,
}
