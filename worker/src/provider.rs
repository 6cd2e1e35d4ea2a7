//! What a provider is: something that owns its models and turns one drawing into one answer.
//!
//! It is sync, because it works on the processor; a slot of `pool.rs` owns it and runs one task at a time.

use std::collections::BTreeMap;
use std::time::Duration;

use cad_common::config::shared::LimitsConfig;
use cad_common::contract::job::Options;
use cad_common::contract::reading::{Reading, Warning};
use cad_common::contract::record::{JobError, Progress};
use cad_common::error_code::{ErrorCode, Stage};
use cad_common::provider::ProviderName;
use cad_engine::error::EngineError;
use cad_engine::stop::StopSignal;
use serde::{Deserialize, Serialize};

use crate::config::ModelSettings;

pub mod fake;
mod gaps;
pub mod paddle;
mod pages;
pub(crate) mod remote;

/// Reads drawings, one at a time.
pub trait Provider: Send {
    /// Names and versions of its models by role, for cache keys and `worker_info`.
    fn versions(&self) -> &BTreeMap<String, String>;

    /// Reads a drawing, telling `report` how far it is, until `stop` is called.
    ///
    /// # Errors
    /// Why there is no answer, in the words that the client sees.
    fn run(
        &mut self,
        task: &Task,
        stop: &StopSignal,
        report: &mut dyn FnMut(Progress),
    ) -> Result<Answer, JobError>;
}

/// What a provider is given.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Task {
    /// What the client chose.
    pub options: Options,
    /// The drawing's bytes.
    pub document: Vec<u8>,
}

/// What a provider gives back. It crosses the pipe of a slot, and is what the cache keeps.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Answer {
    /// The result as JSON text, stored and served byte for byte.
    #[serde(with = "serde_bytes")]
    pub result: Vec<u8>,
    /// What kept it from being whole.
    pub warnings: Vec<Warning>,
    /// What the metrics say about it.
    pub figures: Figures,
}

/// The measured side of an answer.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Figures {
    /// Time per stage.
    pub stages: Vec<(Stage, Duration)>,
    /// Confidence of the whole, when something was read.
    pub confidence: Option<f32>,
    /// Confidence of each dimension that has one.
    pub dimensions: Vec<f32>,
    /// Confidence of each symbol that has one.
    pub symbols: Vec<f32>,
    /// Share of the expected fields that were found, 0 to 1.
    pub completeness: Option<f64>,
    /// Pages that were read.
    pub pages: u32,
    /// Tiles of pages that were searched, and those without ink.
    pub tiles: (u32, u32),
    /// Whether the text hints at more than was understood.
    #[serde(default)]
    pub has_gaps: bool,
}

impl Figures {
    /// What a reading says itself; the rest is the provider's to add.
    fn of(reading: &Reading) -> Self {
        let of_dimensions = reading.dimensions.iter().filter_map(|item| item.evidence.confidence);
        let of_symbols = reading.symbols.iter().filter_map(|item| item.evidence.confidence);
        Self {
            confidence: reading.confidence,
            dimensions: of_dimensions.collect(),
            symbols: of_symbols.collect(),
            completeness: Some(reading.field_coverage.coverage_ratio),
            pages: u32::try_from(reading.pages.len()).unwrap_or(u32::MAX),
            has_gaps: gaps::has_gaps(reading),
            ..Self::default()
        }
    }
}

/// Makes a provider and loads its models.
///
/// # Errors
/// A model is missing, changed or can't be loaded; or this build has no such provider.
pub fn build(
    name: ProviderName,
    models: &ModelSettings,
    limits: &LimitsConfig,
) -> Result<Box<dyn Provider>, JobError> {
    match name {
        ProviderName::Paddle => {
            let provider =
                paddle::PaddleProvider::open(models, limits).map_err(|error| job_error(&error))?;
            Ok(Box::new(provider))
        }
        ProviderName::DeepseekHf => {
            Ok(Box::new(remote::RemoteReader::open(&models.remote, limits)?))
        }
        ProviderName::DeepseekVl => Ok(Box::new(remote::Describer::open(&models.remote, limits)?)),
        other => {
            Err(JobError::new(ErrorCode::ProviderDown, format!("this build can't run {other}"))
                .at(Stage::Init))
        }
    }
}

/// What a client is told of a failure in the engine.
#[must_use]
pub fn job_error(error: &EngineError) -> JobError {
    JobError::new(error.code(), error.to_string()).with_reason(error.reason()).at(error.stage())
}
