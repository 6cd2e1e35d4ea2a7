//! ONNX Runtime: the library loaded once per process, and the one seam between it and the reading of text.
//!
//! Only this file and its child name the `ort` crate. Everything that prepares a model's input or understands its
//! output works on [`Model`], so it is tested with models made of a few lines.

use std::{fmt, fs};

use ndarray::{ArrayView4, ArrayViewD};
use ort::environment::Environment;
use ort::session::RunOptions;

use crate::error::EngineError;
use crate::models::{ModelFiles, Role};
use crate::stop::StopSignal;

#[cfg(test)]
pub(crate) mod fake;
pub mod session;
mod weights;

use session::Session;

/// Something that turns one batch of pictures into numbers.
pub trait Model: Send {
    /// Runs on a batch (count, channels, height, width) and shows the first output to `read`.
    ///
    /// The output is shown, not returned: it belongs to the runtime and is large.
    ///
    /// # Errors
    /// [`EngineError::Stopped`] after a stop, [`EngineError::Inference`] when the model fails.
    fn run(
        &mut self,
        batch: ArrayView4<'_, f32>,
        stop: &StopSignal,
        read: &mut dyn FnMut(ArrayViewD<'_, f32>),
    ) -> Result<(), EngineError>;
}

/// The loaded library and how its sessions use the processor.
#[derive(Debug, Clone)]
pub struct Runtime {
    environment: Environment,
    threads: usize,
}

impl Runtime {
    /// Loads the library; the second load in a process gives the first one's.
    ///
    /// # Errors
    /// [`EngineError::Model`] when the file is no ONNX Runtime or too old.
    pub fn load(files: &ModelFiles, threads: usize) -> Result<Self, EngineError> {
        let library = files.runtime();
        let builder = ort::init_from(library).map_err(|error| EngineError::Model {
            path: library.to_path_buf(),
            problem: format!("is no usable ONNX Runtime ({error})"),
        })?;
        let environment =
            builder.with_name("cad").with_telemetry(false).build().map_err(|error| {
                EngineError::ModelLoad { path: library.to_path_buf(), source: OnnxError(error) }
            })?;
        Ok(Self { environment, threads: threads.max(1) })
    }

    /// Opens one model; its owner is the only one who runs it.
    ///
    /// # Errors
    /// When the file can't be read or is no model that the library knows.
    pub fn open(&self, files: &ModelFiles, role: Role) -> Result<Session, EngineError> {
        let path = files.path(role).to_path_buf();
        let name =
            path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let mut model = match fs::read(&path) {
            Ok(model) => model,
            Err(error) => {
                return Err(EngineError::Model {
                    path,
                    problem: format!("can't be read ({error})"),
                });
            }
        };
        weights::clear_denormals(&mut model);
        Session::open(&self.environment, name, &model, self.threads)
            .map_err(|source| EngineError::ModelLoad { path, source })
    }
}

/// What ONNX Runtime reports.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct OnnxError(#[from] ort::Error);

/// Ends a model's run from another thread.
pub(crate) struct Interrupt(RunOptions);

impl fmt::Debug for Interrupt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Interrupt")
    }
}

impl Interrupt {
    /// Makes a handle; the library must be loaded.
    pub(crate) fn new() -> Result<Self, OnnxError> {
        Ok(Self(RunOptions::new()?))
    }

    /// Ends the run under this handle and every later one.
    pub(crate) fn terminate(&self) {
        if let Err(error) = self.0.terminate() {
            tracing::error!(%error, "a running model could not be terminated");
        }
    }
}
