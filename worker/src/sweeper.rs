//! Settles the jobs that nobody is at work on any more: none stays pending for ever.
//!
//! A message that the broker itself buried is sent again while its job has starts left, and else ends the job as
//! failed. A job that was silent for long although its queue is empty has lost its message (a queue was deleted or purged, a broker lost its disk, a process died
//! between record and message): the message is sent again from the copy beside the record, which is safe whatever
//! the reason of the silence was, since a claim is given once. One worker of the fleet does it at a time.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use cad_common::contract::job::JobId;
use cad_common::contract::record::{JobError, JobRecord, JobState};
use cad_common::error_code::ErrorCode;
use cad_common::metrics;
use cad_common::metrics::labels::DeadReason;
use cad_common::provider::{Address, ProviderName};
use cad_common::queue::dead::{DeadLetter, Fate};
use cad_common::queue::{Queue, QueueError};
use cad_common::store::sweep::Silent;
use cad_common::store::{Lookup, Store, StoreError, WorkerReport};
use tokio_util::sync::CancellationToken;

use crate::gate::Causes;
use crate::job::LEASE;

/// How often the fleet is swept.
const INTERVAL: Duration = Duration::from_secs(15);

/// Jobs that one sweep looks at.
const MOST_JOBS: usize = 500;

/// A message that was buried so often is not sent again.
const MOST_REVIVALS: u32 = 3;

/// Sweeps until `done`.
pub(crate) struct Sweeper {
    pub(crate) queue: Queue,
    pub(crate) store: Store,
    pub(crate) done: CancellationToken,
    /// How long a job must have been silent.
    pub(crate) silence: Duration,
    /// `JOB_MAX_ATTEMPTS`.
    pub(crate) max_starts: u32,
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
            let done = self.done.clone();
            let sweep = Box::pin(self.sweep());
            if let Some(Err(error)) = done.run_until_cancelled(sweep).await {
                tracing::warn!(error = %Causes(&error), "sweep broke off, the next one goes on");
            }
        }
    }

    async fn sweep(&mut self) -> Result<(), SweepError> {
        let mut idle = BTreeSet::new();
        let workers = self.store.workers().await?;
        for provider in ProviderName::ALL {
            // A queue that is broken is that provider's matter.
            let depth = match self.queue.depth(provider).await {
                Ok(depth) => depth,
                Err(error) => {
                    tracing::warn!(%provider, error = %Causes(&error), "queue can't be swept");
                    continue;
                }
            };
            if depth.high + depth.normal + depth.low == 0 && !is_busy(provider, &workers) {
                idle.insert(provider);
            }
            if self.seen_dead.get(&provider).copied().unwrap_or_default() != depth.dead {
                self.settle_buried(provider).await?;
                self.seen_dead.insert(provider, depth.dead);
            }
        }
        for record in self.store.overdue(self.silence, MOST_JOBS).await? {
            if idle.contains(&record.provider) {
                self.settle_silent(record).await?;
            }
        }
        Ok(())
    }

    /// Sends a job again that the broker has buried though its starts are not used up: the broker counts every return,
    /// a pause or a restart of a worker too. One whose starts are used up, or that comes back for ever, has failed.
    async fn settle_buried(&self, provider: ProviderName) -> Result<(), SweepError> {
        let mut buried = Vec::new();
        let mut look = |letter: &DeadLetter| {
            let id = letter.job_id().filter(|_| letter.is_from_broker);
            buried.extend(id.map(|id| (id, letter.revivals(), letter.reason.clone())));
            Fate::Keep
        };
        self.queue.sift_dead(provider, usize::MAX, &mut look).await?;
        let mut revived = BTreeSet::new();
        for (id, revivals, reason) in buried {
            let is_spent = match self.store.lookup(id).await? {
                Lookup::Found(record) if record.state.is_terminal() => continue,
                Lookup::Expired { .. } => continue,
                Lookup::Found(record) => record.attempt >= self.max_starts,
                Lookup::Unknown => false,
            };
            if !is_spent && revivals < MOST_REVIVALS {
                revived.insert(id);
                continue;
            }
            let detail = format!("the queue gave the job up: {reason}");
            let error = JobError::new(ErrorCode::ResourceExhausted, detail).with_reason(&*reason);
            if self.fail(id, provider, LEASE, error).await? {
                metrics::job_dead_lettered(DeadReason::GIVEN_UP_BY_QUEUE);
            }
        }
        if revived.is_empty() {
            return Ok(());
        }
        let mut send = |letter: &DeadLetter| {
            let is_revived = letter.job_id().is_some_and(|id| revived.contains(&id));
            if is_revived && letter.is_from_broker { Fate::Requeue } else { Fate::Keep }
        };
        let count = self.queue.sift_dead(provider, usize::MAX, &mut send).await?;
        tracing::warn!(%provider, count, "jobs that the queue gave up unstarted are sent again");
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

/// Whether messages may lie with a worker that has no slot for them: they are not counted as waiting.
fn is_busy(provider: ProviderName, workers: &[WorkerReport]) -> bool {
    let reports = workers.iter().flat_map(|worker| &worker.providers);
    reports.filter(|report| report.name == provider).any(|report| report.busy >= report.slots)
}

#[cfg(test)]
mod tests;
