//! A deadline that works: stops a reading between its steps, and in the middle of a running model.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use crate::error::EngineError;
use crate::onnx::Interrupt;

/// Stops one reading, from any thread; clones stop the same reading.
#[derive(Debug, Clone, Default)]
pub struct StopSignal {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    is_stopped: AtomicBool,
    /// Made by the first model that runs: it can't exist before the runtime library is loaded.
    interrupt: OnceLock<Interrupt>,
}

impl StopSignal {
    /// Makes a signal for one reading.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Stops the reading for good, and terminates the model that runs right now.
    pub fn stop(&self) {
        self.shared.is_stopped.store(true, Ordering::SeqCst);
        if let Some(interrupt) = self.shared.interrupt.get() {
            interrupt.terminate();
        }
    }

    /// Whether [`stop`](Self::stop) was called.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.shared.is_stopped.load(Ordering::SeqCst)
    }

    /// Ends the step that asks when the reading was stopped.
    ///
    /// # Errors
    /// [`EngineError::Stopped`].
    pub fn check(&self) -> Result<(), EngineError> {
        if self.is_stopped() { Err(EngineError::Stopped) } else { Ok(()) }
    }

    /// The handle with which a running model is terminated.
    ///
    /// Callers check once more after this: a `stop` that came before the handle was there did not reach it.
    pub(crate) fn interrupt(&self) -> Result<&Interrupt, crate::onnx::OnnxError> {
        if let Some(interrupt) = self.shared.interrupt.get() {
            return Ok(interrupt);
        }
        let fresh = Interrupt::new()?;
        Ok(self.shared.interrupt.get_or_init(|| fresh))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clone_stops_the_same_reading() {
        let signal = StopSignal::new();
        let watchdog = signal.clone();
        assert!(signal.check().is_ok());

        watchdog.stop();

        assert!(signal.is_stopped());
        assert!(matches!(signal.check(), Err(EngineError::Stopped)));
    }
}
