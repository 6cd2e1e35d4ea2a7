//! From a message to a job, or to the dead letters with the reason.

use cad_common::contract::codec::{DecodeError, decode_job};
use cad_common::contract::job::{InvalidJob, Job, JobId};
use cad_common::contract::record::{JobError, JobRecord, JobState};
use cad_common::error_code::ErrorCode;
use cad_common::metrics::{self, labels::DeadReason};
use cad_common::queue::{Delivery, Envelope};
use cad_common::store::{Claim, Ending, Lookup, StoreError};
use cad_common::telemetry::trace_id::TraceId;
use jiff::Timestamp;

use super::reply;
use crate::bench::Bench;
use crate::gate::Causes;

/// Why a message is not worked on.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    #[error("{}", Causes(.0))]
    Undecodable(DecodeError),
    #[error("{error}")]
    Invalid { error: InvalidJob, id: Option<JobId> },
    /// Its body names another provider than the queue it came through.
    #[error("message names another provider than the queue {0} serves")]
    WrongQueue(&'static str, JobId),
}

impl Refusal {
    fn reason(&self) -> DeadReason {
        match self {
            Self::Undecodable(error) => error.into(),
            Self::Invalid { error, .. } => error.into(),
            Self::WrongQueue(..) => DeadReason::WRONG_QUEUE,
        }
    }

    fn job_error(&self) -> JobError {
        let code = match self {
            Self::Undecodable(_) => ErrorCode::InputError,
            Self::Invalid { .. } | Self::WrongQueue(..) => ErrorCode::ValidationFailed,
        };
        JobError::new(code, self.to_string()).with_reason(self.reason().as_str())
    }

    /// The job that a client may be waiting for, when the message names one.
    fn job_id(&self, envelope: &Envelope) -> Option<JobId> {
        match self {
            Self::Undecodable(_) => envelope.message_id.as_deref()?.parse().ok(),
            Self::Invalid { id, .. } => *id,
            Self::WrongQueue(_, id) => Some(*id),
        }
    }
}

/// Understands a message.
///
/// # Errors
/// The first thing that makes it no job for this queue.
pub(super) fn understand(delivery: &Delivery) -> Result<Job, Refusal> {
    let envelope = &delivery.envelope;
    let message = decode_job(&delivery.body, envelope.content_type.as_deref())
        .map_err(Refusal::Undecodable)?;
    let message_id = envelope.message_id.as_deref();
    let id = message.job_id.as_deref().or(message_id).and_then(|text| text.parse().ok());
    let job = message.parse(message_id).map_err(|error| Refusal::Invalid { error, id })?;
    if job.provider == delivery.address.provider {
        return Ok(job);
    }
    Err(Refusal::WrongQueue(delivery.address.provider.as_str(), job.id))
}

/// Moves a message to the dead letters, and lets whoever waits for its job know.
pub(super) async fn refuse(bench: &Bench, delivery: Delivery, refusal: &Refusal) {
    let id = refusal.job_id(&delivery.envelope);
    let job_id = id.map(|id| id.to_string());
    let reason = refusal.reason();
    tracing::error!(job.id = job_id, reason = reason.as_str(), "message is no job: {refusal}");
    let error = refusal.job_error();
    if let Some(id) = id
        && let Err(error) = fail_waiting(bench, &delivery, id, &error).await
    {
        bench.gate.shut(&error);
        if let Err(error) = delivery.hand_back().await {
            tracing::debug!(error = %Causes(&error), "message comes back by itself");
        }
        return;
    }
    let outcome = reply::Outcome::of(Ending::Failed(error));
    if let Err(error) = reply::send(bench, &delivery, id, outcome).await {
        tracing::error!(error = %Causes(&error), "reply was not sent");
    }
    dead_letter(delivery, reason).await;
}

/// Shows the job as failed, unless somebody is at work on a good message with the same id.
async fn fail_waiting(
    bench: &Bench,
    delivery: &Delivery,
    id: JobId,
    error: &JobError,
) -> Result<(), StoreError> {
    if let Lookup::Found(record) = bench.store.lookup(id).await?
        && record.state != JobState::Pending
    {
        return Ok(());
    }
    let seed = record(id, delivery, trace_id(&delivery.envelope).as_str());
    let (Claim::Granted(grant) | Claim::Exhausted(grant)) =
        bench.store.claim(&seed, &super::terms(bench)).await?
    else {
        return Ok(());
    };
    bench.store.finish(id, grant.token, &Ending::Failed(error.clone())).await?;
    metrics::job_ended(bench.provider, JobState::Failed);
    Ok(())
}

/// Moves a message to the dead letters.
pub(super) async fn dead_letter(delivery: Delivery, reason: DeadReason) {
    match delivery.dead_letter(reason.as_str()).await {
        Ok(()) => metrics::job_dead_lettered(reason),
        Err(error) => {
            tracing::warn!(error = %Causes(&error), "dead letter was not confirmed, the message comes back");
        }
    }
}

/// The id that the client's log lines have too.
pub(super) fn trace_id(envelope: &Envelope) -> TraceId {
    envelope
        .trace_id
        .as_deref()
        .and_then(TraceId::accept)
        .or_else(|| envelope.traceparent.as_deref().and_then(TraceId::from_traceparent))
        .unwrap_or_else(TraceId::generate)
}

/// The record of a job that the store knows nothing of, by what its message's envelope says.
pub(super) fn record(id: JobId, delivery: &Delivery, trace_id: &str) -> JobRecord {
    let address = delivery.address;
    JobRecord {
        id,
        kind: address.provider.kind(),
        provider: address.provider,
        lane: address.lane,
        tag: None,
        filename: None,
        owner: None,
        trace_id: Some(trace_id.to_owned()),
        state: JobState::Pending,
        attempt: delivery.envelope.attempt,
        created_at: Timestamp::now(),
        started_at: None,
        finished_at: None,
        expires_at: None,
        progress: None,
        warnings: Vec::new(),
        error: None,
    }
}
