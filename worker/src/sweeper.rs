//! Settles the jobs that nobody is at work on any more: none stays pending for ever.
//!
//! A message that the broker itself buried ends its job as failed. A job that was silent for long although its
//! queue is empty has lost its message (a queue was deleted or purged, a broker lost its disk, a process died
//! between record and message): the message is sent again from the copy beside the record, which is safe whatever
//! the reason of the silence was, since a claim is given once. One worker of the fleet does it at a time.

use std::collections::BTreeMap;
use std::time::Duration;

use cad_common::contract::job::JobId;
use cad_common::contract::record::{JobError, JobRecord, JobState};
use cad_common::error_code::ErrorCode;
use cad_common::metrics;
use cad_common::metrics::labels::DeadReason;
use cad_common::provider::{Address, ProviderName};
use cad_common::queue::dead::Fate;
use cad_common::queue::{Queue, QueueError};
use cad_common::store::sweep::Silent;
use cad_common::store::{Store, StoreError};
use tokio_util::sync::CancellationToken;

use crate::gate::Causes;
use crate::job::LEASE;

/// How often the fleet is swept.
const INTERVAL: Duration = Duration::from_secs(15);

/// Jobs that one sweep looks at.
const MOST_JOBS: usize = 500;

/// Dead letters that one look sees; each look counts as a return on the broker.
const MOST_LETTERS: usize = 1_000;

/// Sweeps until `done`.
pub(crate) struct Sweeper {
    pub(crate) queue: Queue,
    pub(crate) store: Store,
    pub(crate) done: CancellationToken,
    /// How long a job must have been silent.
    pub(crate) silence: Duration,
    /// Dead letters of each provider at the last look.
    pub(crate) seen_dead: BTreeMap<ProviderName, u64>,
}

/// Why a sweep broke off; the next one goes on.
#[derive(Debug, thiserror::Error)]
enum SweepError {
    #[error(transparent)]
    Queue(#[from] QueueError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Sweeper {
    pub(crate) async fn run(mut self) {
        let interval = INTERVAL.min(self.silence);
        while tokio::time::timeout(interval, self.done.cancelled()).await.is_err() {
            match self.store.take_turn("sweep", interval).await {
                Ok(true) => {}
                Ok(false) | Err(_) => continue,
            }
            if let Err(error) = self.sweep().await {
                tracing::debug!(error = %Causes(&error), "sweep broke off");
            }
        }
    }

    async fn sweep(&mut self) -> Result<(), SweepError> {
        let mut has_waiting = BTreeMap::new();
        for provider in ProviderName::ALL {
            let depth = self.queue.depth(provider).await?;
            has_waiting.insert(provider, depth.high + depth.normal + depth.low > 0);
            if self.seen_dead.insert(provider, depth.dead).unwrap_or_default() < depth.dead {
                self.settle_buried(provider).await?;
            }
        }
        if self.queue.waiting().await? > 0 {
            return Ok(());
        }
        for record in self.store.overdue(self.silence, MOST_JOBS).await? {
            if has_waiting.get(&record.provider) == Some(&false) {
                self.settle_silent(record).await?;
            }
        }
        Ok(())
    }

    /// Fails the jobs of dead letters that no worker has failed.
    async fn settle_buried(&self, provider: ProviderName) -> Result<(), SweepError> {
        let mut buried = Vec::new();
        let mut look = |letter: &cad_common::queue::dead::DeadLetter| {
            buried.extend(letter.job_id().map(|id| (id, letter.reason.clone())));
            Fate::Keep
        };
        self.queue.sift_dead(provider, MOST_LETTERS, &mut look).await?;
        for (id, reason) in buried {
            let detail = format!("the queue gave the job up: {reason}");
            let error = JobError::new(ErrorCode::ResourceExhausted, detail).with_reason(&*reason);
            if self.fail(id, provider, LEASE, error).await? {
                metrics::job_dead_lettered(DeadReason::GIVEN_UP_BY_QUEUE);
            }
        }
        Ok(())
    }

    /// Sends the message of a job again, or fails the job when there is none to send.
    async fn settle_silent(&self, record: JobRecord) -> Result<(), SweepError> {
        match self.store.resend(record.id, self.silence).await? {
            Silent::Settled => {}
            Silent::Resend(found) => {
                let (JobRecord { id, provider, lane, .. }, parcel) = *found;
                tracing::warn!(job.id = %id, %provider, "job was silent, its message is sent again");
                self.queue
                    .publish(Address { provider, lane }, &parcel.envelope, &parcel.body)
                    .await?;
                metrics::job_resent(provider);
            }
            Silent::Lost => {
                let detail =
                    "the message of the job was lost by the queue, submit the drawing again";
                let error =
                    JobError::new(ErrorCode::InternalError, detail).with_reason("message_lost");
                self.fail(record.id, record.provider, self.silence, error).await?;
            }
        }
        Ok(())
    }

    async fn fail(
        &self,
        id: JobId,
        provider: ProviderName,
        silence: Duration,
        error: JobError,
    ) -> Result<bool, StoreError> {
        let is_failed = self.store.give_up(id, silence, &error).await?;
        if is_failed {
            tracing::error!(job.id = %id, %provider, "job is given up: {}", error.detail);
            metrics::job_ended(provider, JobState::Failed);
        }
        Ok(is_failed)
    }
}

#[cfg(test)]
mod tests;
