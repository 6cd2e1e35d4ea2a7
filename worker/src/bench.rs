//! What the jobs of one provider work with.

use std::time::Duration;

use cad_common::config::shared::{JobsConfig, LimitsConfig};
use cad_common::contract::job::Kind;
use cad_common::fetch::Fetcher;
use cad_common::provider::ProviderName;
use cad_common::queue::Queue;
use cad_common::retry::Delays;
use cad_common::store::{Store, StoreError};
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::gate::{Causes, StoreGate};
use crate::pool::Standing;

/// How long a result is held for a store that does not take it, before the message is given back.
///
/// Well under the 30 minutes after which `RabbitMQ` takes an unsettled message away by closing the channel.
const PATIENCE: Duration = Duration::from_secs(300);

/// Shared by the jobs of one provider.
#[derive(Debug)]
pub(crate) struct Bench {
    pub(crate) provider: ProviderName,
    pub(crate) queue: Queue,
    pub(crate) store: Store,
    pub(crate) gate: StoreGate,
    pub(crate) fetcher: Fetcher,
    pub(crate) jobs: JobsConfig,
    pub(crate) limits: LimitsConfig,
    pub(crate) standing: watch::Receiver<Standing>,
    /// Time that a remote provider's own limit leaves it; local ones have the kind's.
    pub(crate) remote_limit: Duration,
    /// How long a doubtful reading waits for a second one.
    pub(crate) fallback_wait: Duration,
}

/// Why something was not stored.
#[derive(Debug)]
pub(crate) enum Interrupted {
    /// The message must be given back.
    HandBack,
    /// What is stored can't be read, however often it is tried.
    Corrupt(StoreError),
}

impl Bench {
    /// The time that a slot may run for one job.
    pub(crate) fn run_limit(&self) -> Duration {
        match self.provider.kind() {
            _ if self.provider.is_remote() => self.remote_limit,
            Kind::VisionAnalyze => self.jobs.vision_timeout,
            _ => self.jobs.ocr_timeout,
        }
    }

    /// Repeats a store operation until the store has done it, patience ends or the worker must give back.
    pub(crate) async fn persist<T, F>(
        &self,
        hand_back: &CancellationToken,
        operation: impl Fn() -> F,
    ) -> Result<T, Interrupted>
    where
        F: Future<Output = Result<T, StoreError>>,
    {
        let mut pauses = Delays::new(Duration::from_millis(100), Duration::from_secs(5));
        let give_up = Instant::now() + PATIENCE;
        loop {
            let error = match operation().await {
                Ok(value) => return Ok(value),
                Err(error @ StoreError::Corrupt { .. }) => return Err(Interrupted::Corrupt(error)),
                Err(error) => error,
            };
            self.gate.shut(&error);
            let try_again = async {
                tokio::time::sleep(pauses.next_delay()).await;
                self.gate.opened().await;
            };
            tokio::select! {
                () = try_again => {}
                () = hand_back.cancelled() => return Err(Interrupted::HandBack),
                () = tokio::time::sleep_until(give_up) => {
                    tracing::error!(error = %Causes(&error), "store stayed away, giving up");
                    return Err(Interrupted::HandBack);
                }
            }
        }
    }
}
