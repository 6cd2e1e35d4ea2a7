//! One opened model.

use ndarray::{ArrayView4, ArrayViewD};
use ort::environment::Environment;
use ort::session::Session as OrtSession;
use ort::value::TensorRef;

use super::{Model, OnnxError};
use crate::error::EngineError;
use crate::stop::StopSignal;

/// A model with its own memory, used by one owner at a time.
#[derive(Debug)]
pub struct Session {
    name: String,
    session: OrtSession,
}

impl Session {
    pub(super) fn open(
        environment: &Environment,
        name: String,
        model: &[u8],
        threads: usize,
    ) -> Result<Self, OnnxError> {
        let session = OrtSession::builder(environment)?
            .with_intra_threads(threads)
            .map_err(ort::Error::from)?
            // Idle threads that spin take the processor from the other slots.
            .with_intra_op_spinning(false)
            .map_err(ort::Error::from)?
            // Every page and line has its own shape, so a plan made for the last one is never used.
            .with_memory_pattern(false)
            .map_err(ort::Error::from)?
            .commit_from_memory(model)?;
        Ok(Self { name, session })
    }

    /// The model's name, as its file is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A text that the model's author stored in it.
    #[must_use]
    pub fn metadata(&self, key: &str) -> Option<String> {
        self.session.metadata().ok()?.custom(key)
    }

    #[expect(clippy::needless_pass_by_value, reason = "a view is a reference already")]
    fn run_inner(
        &mut self,
        batch: ArrayView4<'_, f32>,
        stop: &StopSignal,
        read: &mut dyn FnMut(ArrayViewD<'_, f32>),
    ) -> Result<(), Failure> {
        let input = TensorRef::from_array_view(batch)?;
        let interrupt = stop.interrupt()?;
        if stop.is_stopped() {
            return Err(Failure::Stopped);
        }
        let outputs = self.session.run_with_options(ort::inputs![input], &interrupt.0)?;
        let (_, first) = outputs.iter().next().ok_or(Failure::NoOutput)?;
        read(first.try_extract_array::<f32>()?);
        Ok(())
    }
}

impl Model for Session {
    fn run(
        &mut self,
        batch: ArrayView4<'_, f32>,
        stop: &StopSignal,
        read: &mut dyn FnMut(ArrayViewD<'_, f32>),
    ) -> Result<(), EngineError> {
        self.run_inner(batch, stop, read).map_err(|failure| match failure {
            Failure::Stopped => EngineError::Stopped,
            // A terminated run reports an error of its own; the reason is that it was stopped.
            Failure::Onnx(_) if stop.is_stopped() => EngineError::Stopped,
            Failure::Onnx(source) => EngineError::Inference { model: self.name.clone(), source },
            Failure::NoOutput => {
                EngineError::ModelOutput { model: self.name.clone(), shape: Vec::new() }
            }
        })
    }
}

enum Failure {
    Stopped,
    NoOutput,
    Onnx(OnnxError),
}

impl From<ort::Error> for Failure {
    fn from(error: ort::Error) -> Self {
        Self::Onnx(error.into())
    }
}

impl From<OnnxError> for Failure {
    fn from(error: OnnxError) -> Self {
        Self::Onnx(error)
    }
}
