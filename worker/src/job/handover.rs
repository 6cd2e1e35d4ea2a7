//! The second look of `auto`: a doubtful reading is handed on to another provider, and kept safe meanwhile.
//!
//! The first reading is stored as a draft, the job is published to the next provider, and this message itself goes
//! into a wait queue, again and again, as the job's guard: whatever becomes of the other one (no worker, a crash, a
//! lost broker queue), the guard ends the job with the first reading when the time is up. A crash between two lines
//! leads to a message too many at worst, and the claim lets only one of them end the job.

use std::time::Duration;

use cad_common::contract::codec::{DecodeError, Format, from_messagepack, to_messagepack};
use cad_common::contract::job::{Job, JobMessage};
use cad_common::contract::reading::{Warning, WarningCode};
use cad_common::contract::record::JobError;
use cad_common::metrics::{self, labels::FallbackReason};
use cad_common::provider::{Address, ProviderName};
use cad_common::queue::{Delivery, Envelope, QueueError, Wait};
use cad_common::store::{CircuitState, Claim, Finish, Grant, Lookup, WorkerReport};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::answer::{Answered, Trouble};
use super::{Desk, merge};
use crate::bench::Interrupted;
use crate::gate::Causes;
use crate::provider::Answer;

/// On the message that asks for a second reading: when the job was handed on, in milliseconds since 1970.
const SECOND_HEADER: &str = "x-second-reading";

/// On the first message, once it only guards the job: the same.
const GUARD_HEADER: &str = "x-guard";

/// A reading that waits for a second one.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Draft {
    pub(super) provider: ProviderName,
    pub(super) reason: FallbackReason,
    pub(super) answer: Answer,
}

/// Why a job that was handed on has no second reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Without<'a> {
    /// Nobody began or ended in time.
    InTime,
    /// It could not be handed on.
    Publishing,
    /// The other provider failed.
    Failed(&'a JobError),
}

impl Without<'_> {
    fn warning(self) -> Warning {
        let asked = "a second provider was asked about this reading";
        let detail = match self {
            Self::InTime => format!("{asked} and did not answer in time"),
            Self::Publishing => {
                "a second provider could not be asked about this reading".to_owned()
            }
            Self::Failed(error) => format!("{asked} and failed: {}", error.detail),
        };
        Warning { code: WarningCode::NoSecondReading, detail, page: None }
    }
}

/// Whether a message asks for a second reading.
pub(super) fn asks_for_second(delivery: &Delivery) -> bool {
    delivery.envelope.headers.contains_key(SECOND_HEADER)
}

/// Whether a message only guards a job that was handed on.
pub(super) fn is_guard(delivery: &Delivery) -> bool {
    delivery.envelope.headers.contains_key(GUARD_HEADER)
}

/// Since when a message guards its job.
fn guards_since(envelope: &Envelope) -> Option<Timestamp> {
    let ms = envelope.headers.get(GUARD_HEADER)?.parse().ok()?;
    Timestamp::from_millisecond(ms).ok()
}

/// Why a reading is doubtful, if it is.
fn doubt(answer: &Answer, threshold: f32) -> Option<FallbackReason> {
    if answer.figures.has_gaps {
        return Some(FallbackReason::MissingFields);
    }
    // A sheet on which nothing was read is as doubtful as can be.
    let is_low = answer.figures.confidence.is_none_or(|confidence| confidence < threshold);
    is_low.then_some(FallbackReason::LowConfidence)
}

/// The next provider of the same kind that some worker can run now.
fn next_served(first: ProviderName, workers: &[WorkerReport]) -> Option<ProviderName> {
    ProviderName::of(first.kind()).find(|name| {
        let mut reports = workers.iter().flat_map(|worker| &worker.providers);
        *name != first
            && reports.any(|report| {
                report.name == *name && report.is_ready && report.circuit != CircuitState::Open
            })
    })
}

impl Desk {
    /// Ends a job with an answer, or hands it on when the answer is doubtful and somebody else could do better.
    pub(super) async fn conclude(&self, delivery: Delivery, grant: &Grant, answered: Answered) {
        if asks_for_second(&delivery) {
            return self.conclude_second(delivery, grant, answered).await;
        }
        // What it guarded is lost with the store; it has been handed on once.
        if is_guard(&delivery) {
            return self.complete(delivery, grant, answered).await;
        }
        match self.second_opinion(&answered.answer).await {
            Some((reason, next)) => self.hand_on(delivery, grant, answered, reason, next).await,
            None => self.complete(delivery, grant, answered).await,
        }
    }

    /// Whom to ask about a reading and why, if it is worth it.
    async fn second_opinion(&self, answer: &Answer) -> Option<(FallbackReason, ProviderName)> {
        if !self.job.auto {
            return None;
        }
        let reason = doubt(answer, self.bench.jobs.confidence_fallback)?;
        // A store that is away is the next step's matter; without it there is no second reading.
        let workers = self.bench.store.workers().await.ok()?;
        Some((reason, next_served(self.bench.provider, &workers)?))
    }

    /// Keeps the reading, publishes the job to the next provider, and turns this message into the job's guard.
    async fn hand_on(
        &self,
        delivery: Delivery,
        grant: &Grant,
        answered: Answered,
        reason: FallbackReason,
        next: ProviderName,
    ) {
        let draft = Draft { provider: self.bench.provider, reason, answer: answered.answer };
        let since = Timestamp::now();
        let Some(kept) = self.keep(&draft).await else {
            return self.complete_alone(delivery, grant, draft, Without::Publishing).await;
        };
        if let Err(error) = self.publish(&delivery, next, since).await {
            tracing::warn!(error = %Causes(&error), %next, "job could not be handed on");
            return self.complete_alone(delivery, grant, draft, Without::Publishing).await;
        }
        metrics::fallback_triggered(reason);
        tracing::info!(%next, reason = reason.as_str(), bytes = kept, "reading is doubtful, job is handed on");
        let store = &self.bench.store;
        let release = || store.release(self.job.id, grant.token, None, false);
        match self.bench.persist(&self.hand_back, release).await {
            // Stale: canceled, or the other one has begun already; the guard sees how it ends.
            Ok(Finish::Stored | Finish::Stale) => self.guard_on(delivery, since).await,
            Err(interrupted) => self.give_back(delivery, interrupted).await,
        }
    }

    /// Stores the draft and says how long it is; `None` when it is not stored, and then nothing is handed on.
    async fn keep(&self, draft: &Draft) -> Option<usize> {
        let bytes = to_messagepack(draft).ok()?;
        match self.bench.store.keep_draft(self.job.id, &bytes).await {
            Ok(()) => Some(bytes.len()),
            Err(error) => {
                self.bench.gate.shut(&error);
                None
            }
        }
    }

    async fn publish(
        &self,
        delivery: &Delivery,
        next: ProviderName,
        since: Timestamp,
    ) -> Result<(), QueueError> {
        let content_type = delivery.envelope.content_type.as_deref();
        let format = Format::of_content_type(content_type).unwrap_or(Format::MessagePack);
        let message = JobMessage::from(Job { provider: next, ..self.job.clone() });
        let body = match format {
            Format::Json => serde_json::to_vec(&message).unwrap_or_default(),
            Format::MessagePack => to_messagepack(&message).unwrap_or_default(),
        };
        let mut envelope = Envelope {
            message_id: Some(self.job.id.to_string()),
            attempt: 0,
            ..delivery.envelope.clone()
        };
        envelope.headers.insert(SECOND_HEADER.to_owned(), since.as_millisecond().to_string());
        let address = Address { provider: next, lane: delivery.address.lane };
        self.bench.queue.publish(address, &envelope, &body).await
    }

    /// Puts the guard aside until it looks again.
    async fn guard_on(&self, mut delivery: Delivery, since: Timestamp) {
        let left = self.left(since);
        let wait =
            if left > Wait::FiveSeconds.duration() { Wait::FiveSeconds } else { Wait::OneSecond };
        let since = since.as_millisecond().to_string();
        delivery.envelope.headers.insert(GUARD_HEADER.to_owned(), since);
        if let Err(error) = delivery.postpone(wait).await {
            tracing::warn!(error = %Causes(&error), "guard was not put aside, the message comes back by itself");
        }
    }

    /// The time that the second reading still has.
    fn left(&self, since: Timestamp) -> Duration {
        let waited = Duration::try_from(Timestamp::now().duration_since(since)).unwrap_or_default();
        self.bench.fallback_wait.saturating_sub(waited)
    }

    /// Looks after a job that was handed on; gives the delivery back when there is nothing to guard.
    pub(super) async fn guard(&self, delivery: Delivery) -> Option<Delivery> {
        let Some(since) = guards_since(&delivery.envelope) else { return Some(delivery) };
        let draft = match self.draft().await {
            Ok(draft) => draft,
            Err(interrupted) => {
                self.give_back(delivery, interrupted).await;
                return None;
            }
        };
        // The job has ended, or the draft is lost with the store, and then it is run like any other.
        let Some(draft) = draft else { return Some(delivery) };
        let (store, id) = (&self.bench.store, self.job.id);
        match self.bench.persist(&self.hand_back, || store.lookup(id)).await {
            Ok(Lookup::Found(record)) if record.state.is_terminal() => {
                self.settle_ended(delivery).await;
            }
            Ok(_) if !self.left(since).is_zero() => self.guard_on(delivery, since).await,
            Ok(_) => self.give_up_waiting(delivery, draft, since).await,
            Err(interrupted) => self.give_back(delivery, interrupted).await,
        }
        None
    }

    /// Ends the job with the first reading, unless somebody is at work on the second one.
    async fn give_up_waiting(&self, delivery: Delivery, draft: Draft, since: Timestamp) {
        match self.claim(&self.seed(&delivery)).await {
            Ok(Claim::Granted(grant) | Claim::Exhausted(grant)) => {
                tracing::warn!("no second reading in time, the first one is the result");
                self.complete_alone(delivery, &grant, draft, Without::InTime).await;
            }
            Ok(Claim::Held) => self.guard_on(delivery, since).await,
            Ok(Claim::Ended(_)) => self.settle_ended(delivery).await,
            Err(interrupted) => self.give_back(delivery, interrupted).await,
        }
    }

    /// Joins a second reading with the first one; without that it is an answer like any other.
    async fn conclude_second(&self, delivery: Delivery, grant: &Grant, second: Answered) {
        let draft = match self.draft().await {
            Ok(draft) => draft,
            Err(interrupted) => return self.give_back(delivery, interrupted).await,
        };
        let Some(draft) = draft else { return self.complete(delivery, grant, second).await };
        let provider = self.bench.provider;
        let answer = second.answer.clone();
        let kept = draft.answer.clone();
        // Readings are large, and nothing on the runtime may take long.
        let joining = tokio::task::spawn_blocking(move || merge::join(draft, provider, &answer));
        let answer = joining.await.unwrap_or_else(|error| {
            tracing::error!(%error, "joining two readings panicked, the first one is the result");
            kept
        });
        self.complete(delivery, grant, Answered { answer, ..second }).await;
    }

    /// Ends a job with the first reading alone, and a word on why.
    async fn complete_alone(
        &self,
        delivery: Delivery,
        grant: &Grant,
        draft: Draft,
        why: Without<'_>,
    ) {
        let warning = why.warning();
        let kept = draft.answer.clone();
        let noting =
            tokio::task::spawn_blocking(move || merge::with_warning(draft.answer, warning));
        let answer = noting.await.unwrap_or(kept);
        let answered = Answered { answer, is_cached: true, elapsed: Duration::ZERO };
        self.complete(delivery, grant, answered).await;
    }

    /// Ends a job that has failed with its first reading, if one is kept; else gives the delivery back.
    pub(super) async fn rescue(
        &self,
        delivery: Delivery,
        grant: &Grant,
        trouble: &Trouble,
    ) -> Option<Delivery> {
        if !self.job.auto {
            return Some(delivery);
        }
        match self.draft().await {
            Ok(Some(draft)) => {
                trouble.log(grant.starts);
                tracing::warn!("no second reading, the first one is the result");
                let why = Without::Failed(&trouble.error);
                self.complete_alone(delivery, grant, draft, why).await;
                None
            }
            Ok(None) => Some(delivery),
            Err(interrupted) => {
                self.give_back(delivery, interrupted).await;
                None
            }
        }
    }

    /// The reading that is kept of this job; what another build has kept in another form is none.
    async fn draft(&self) -> Result<Option<Draft>, Interrupted> {
        let (store, id) = (&self.bench.store, self.job.id);
        let bytes = self.bench.persist(&self.hand_back, || store.draft(id)).await?;
        let read = |bytes: Vec<u8>| -> Result<Draft, DecodeError> { from_messagepack(&bytes) };
        Ok(bytes.and_then(|bytes| read(bytes).ok()))
    }

    /// The job has ended: what was kept for it may go.
    pub(super) async fn drop_draft(&self, delivery: &Delivery) {
        if !asks_for_second(delivery) && !is_guard(delivery) {
            return;
        }
        if let Err(error) = self.bench.store.drop_draft(self.job.id).await {
            tracing::debug!(error = %Causes(&error), "first reading stays until it expires");
        }
    }
}

#[cfg(test)]
mod tests;
