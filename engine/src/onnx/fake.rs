//! Models made of a few lines, for tests of what prepares their input and understands their output.

use ndarray::{ArrayD, ArrayView4, ArrayViewD};

use super::Model;
use crate::error::EngineError;
use crate::stop::StopSignal;

/// What a fake says to a batch.
type Reply = dyn FnMut(ArrayView4<'_, f32>) -> ArrayD<f32> + Send;

/// Answers each picture as it is told, and remembers what it was shown.
pub(crate) struct Fake {
    /// The shapes of the batches that it saw.
    pub(crate) seen: Vec<Vec<usize>>,
    answer: Box<Reply>,
}

impl Fake {
    pub(crate) fn new(
        answer: impl FnMut(ArrayView4<'_, f32>) -> ArrayD<f32> + Send + 'static,
    ) -> Self {
        Self { seen: Vec::new(), answer: Box::new(answer) }
    }
}

impl Model for Fake {
    fn run(
        &mut self,
        batch: ArrayView4<'_, f32>,
        stop: &StopSignal,
        read: &mut dyn FnMut(ArrayViewD<'_, f32>),
    ) -> Result<(), EngineError> {
        stop.check()?;
        self.seen.push(batch.shape().to_vec());
        read((self.answer)(batch).view());
        Ok(())
    }
}
