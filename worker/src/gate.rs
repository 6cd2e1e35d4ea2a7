//! Whether the store can be written to: while it can't, no job is taken.
//!
//! Whoever meets the store's absence shuts the gate; the heartbeat, whose report is a real write, opens it.

use cad_common::store::StoreError;
use tokio::sync::watch;

/// Open while the store takes writes; clones are the same gate.
#[derive(Debug, Clone)]
pub(crate) struct StoreGate {
    is_open: watch::Sender<bool>,
}

impl StoreGate {
    /// A shut gate: nothing is known of the store yet.
    pub(crate) fn new() -> Self {
        Self { is_open: watch::Sender::new(false) }
    }

    /// The store took a write.
    pub(crate) fn open(&self) {
        if !self.is_open.send_replace(true) {
            tracing::info!("store is reachable");
        }
    }

    /// The store failed.
    pub(crate) fn shut(&self, error: &StoreError) {
        if self.is_open.send_replace(false) {
            tracing::error!(error = %Causes(error), "no jobs are taken, the store failed");
        }
    }

    /// Follows the gate.
    pub(crate) fn watch(&self) -> watch::Receiver<bool> {
        self.is_open.subscribe()
    }

    /// Waits until jobs may be taken. Cancel safe.
    pub(crate) async fn opened(&self) {
        // The sender lives in `self`, so this only returns when the gate is open.
        let _ = self.is_open.subscribe().wait_for(|is_open| *is_open).await;
    }
}

/// An error with what caused it, for log lines.
pub(crate) struct Causes<'a>(pub(crate) &'a (dyn std::error::Error + 'a));

impl std::fmt::Display for Causes<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_stays_shut_until_a_write_succeeds() {
        let gate = StoreGate::new();
        let watched = gate.watch();
        assert!(!*watched.borrow());

        gate.open();
        gate.opened().await;
        gate.shut(&StoreError::Full);

        assert!(!*watched.borrow());
    }
}
