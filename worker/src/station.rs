//! One provider of this worker, as others see it: its pool, its circuit, and whether its loop is alive.

use std::time::Duration;

use cad_common::metrics;
use cad_common::provider::ProviderName;
use cad_common::store::{CircuitState, ProviderReport};
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use crate::pool::Standing;

/// The loops look up once a second; one that has not for so long hangs.
const SILENCE: Duration = Duration::from_secs(30);

/// The sign of life of a loop.
#[derive(Debug)]
pub(crate) struct Pulse(watch::Sender<Instant>);

impl Pulse {
    pub(crate) fn new() -> Self {
        Self(watch::Sender::new(Instant::now()))
    }

    /// The loop is alive.
    pub(crate) fn beat(&self) {
        self.0.send_replace(Instant::now());
    }

    /// Whether it was lately.
    pub(crate) fn is_alive(&self) -> bool {
        self.0.borrow().elapsed() < SILENCE
    }
}

/// Whether a worker takes jobs of a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Intake {
    /// It does not want any: its circuit is open, the store is away or no slot is ready.
    Paused,
    /// It wants some, and has no way to the queue.
    CutOff,
    /// They can arrive.
    Open,
}

/// One provider of this worker.
#[derive(Debug)]
pub(crate) struct Station {
    pub(crate) provider: ProviderName,
    pub(crate) slots: usize,
    pub(crate) standing: watch::Receiver<Standing>,
    pub(crate) pulse: Pulse,
    circuit: watch::Sender<CircuitState>,
    intake: watch::Sender<Intake>,
    is_paused: watch::Sender<bool>,
    reset: Notify,
}

impl Station {
    pub(crate) fn new(
        provider: ProviderName,
        slots: usize,
        standing: watch::Receiver<Standing>,
    ) -> Self {
        let circuit = watch::Sender::new(CircuitState::Closed);
        let intake = watch::Sender::new(Intake::Paused);
        Self {
            provider,
            slots,
            standing,
            pulse: Pulse::new(),
            circuit,
            intake,
            is_paused: watch::Sender::new(false),
            reset: Notify::new(),
        }
    }

    /// The state of its circuit.
    pub(crate) fn circuit(&self) -> CircuitState {
        *self.circuit.borrow()
    }

    /// Whether jobs can arrive.
    pub(crate) fn intake(&self) -> Intake {
        *self.intake.borrow()
    }

    /// Makes known whether jobs can arrive.
    pub(crate) fn publish_intake(&self, intake: Intake) {
        self.intake.send_replace(intake);
    }

    /// Makes the state of the circuit known, when it is news.
    pub(crate) fn publish_circuit(&self, state: CircuitState) {
        if self.circuit.send_replace(state) == state {
            return;
        }
        metrics::circuit_transition(self.provider, state);
        match state {
            CircuitState::Open => {
                tracing::error!(provider = %self.provider, "circuit opened, jobs wait in the queue")
            }
            CircuitState::HalfOpen => {
                tracing::info!(provider = %self.provider, "circuit is half-open, one job is tried")
            }
            CircuitState::Closed => tracing::info!(provider = %self.provider, "circuit closed"),
        }
    }

    /// Lets jobs wait in the queue, or takes them again.
    pub(crate) fn pause(&self, is_paused: bool) {
        if self.is_paused.send_replace(is_paused) != is_paused {
            let word = if is_paused { "paused" } else { "resumed" };
            tracing::info!(provider = %self.provider, "taking of jobs is {word} by an operator");
        }
    }

    /// Whether an operator wants no jobs to be taken.
    pub(crate) fn is_paused(&self) -> bool {
        *self.is_paused.borrow()
    }

    /// Follows [`Station::pause`].
    pub(crate) fn watch_pause(&self) -> watch::Receiver<bool> {
        self.is_paused.subscribe()
    }

    /// Asks the consumer to close the circuit.
    pub(crate) fn ask_for_reset(&self) {
        self.reset.notify_one();
    }

    /// Waits until somebody asks. Cancel safe.
    pub(crate) async fn reset_asked(&self) {
        self.reset.notified().await;
    }

    /// What the fleet is told of it.
    pub(crate) fn report(&self) -> ProviderReport {
        let standing = self.standing.borrow().clone();
        ProviderReport {
            name: self.provider,
            is_ready: standing.ready > 0,
            problem: standing.problem,
            slots: count(self.slots),
            busy: count(standing.busy),
            is_paused: self.is_paused(),
            circuit: self.circuit(),
            error_rate: metrics::error_rate(self.provider.kind()),
            models: standing.versions,
            last_error: standing.last_error,
        }
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
