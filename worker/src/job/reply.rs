//! The reply to a batch publisher that named a queue for it.

use std::time::Duration;

use cad_common::contract::codec::{Format, to_messagepack};
use cad_common::contract::job::{JobId, MESSAGE_VERSION};
use cad_common::contract::reading::Warning;
use cad_common::contract::record::{JobError, JobRecord, JobState};
use cad_common::queue::{Delivery, Envelope, QueueError};
use cad_common::retry::{Failure, Policy, retry};
use cad_common::store::Ending;
use serde::Serialize;
use serde_json::Value;

use crate::bench::Bench;
use crate::gate::Causes;

/// A broker that is back within this time costs the job nothing; a longer outage is the redelivery's matter.
const POLICY: Policy = Policy {
    first_delay: Duration::from_millis(200),
    longest_delay: Duration::from_secs(2),
    give_up_after: Duration::from_secs(5),
};

/// How a job ended, as the reply says it.
#[derive(Debug)]
pub(super) struct Outcome {
    state: JobState,
    result: Option<Vec<u8>>,
    error: Option<JobError>,
    warnings: Vec<Warning>,
}

impl Outcome {
    /// An ending of this worker.
    pub(super) fn of(ending: Ending) -> Self {
        match ending {
            Ending::Completed { result, warnings } => {
                Self { state: JobState::Completed, result: Some(result), error: None, warnings }
            }
            Ending::Failed(error) => Self {
                state: JobState::Failed,
                result: None,
                error: Some(error),
                warnings: Vec::new(),
            },
        }
    }

    /// An ending that the store remembers.
    pub(super) fn stored(record: JobRecord, result: Option<Vec<u8>>) -> Self {
        Self { state: record.state, result, error: record.error, warnings: record.warnings }
    }
}

#[derive(Serialize)]
struct Reply {
    v: u8,
    job_id: Option<String>,
    state: JobState,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<JobError>,
    warnings: Vec<Warning>,
}

/// Sends the reply that a message asks for, if it does, and waits for the confirm.
///
/// A reply queue that is gone or full is the publisher's own doing: it is logged, and the job stays as it ended.
///
/// # Errors
/// The broker can't confirm it now.
pub(super) async fn send(
    bench: &Bench,
    delivery: &Delivery,
    id: Option<JobId>,
    outcome: Outcome,
) -> Result<(), QueueError> {
    let Some(to) = delivery.envelope.reply_to.as_deref() else {
        return Ok(());
    };
    let format =
        Format::of_content_type(delivery.envelope.content_type.as_deref()).unwrap_or(Format::Json);
    let Some(body) = encode(outcome, id, format).await else {
        return Ok(());
    };
    let envelope = Envelope {
        message_id: id.map(|id| id.to_string()),
        correlation_id: delivery.envelope.correlation_id.clone(),
        content_type: Some(format.content_type().to_owned()),
        traceparent: delivery.envelope.traceparent.clone(),
        trace_id: delivery.envelope.trace_id.clone(),
        ..Envelope::default()
    };
    let sent = retry(POLICY, || async {
        bench.queue.reply(to, &envelope, &body).await.map_err(|error| match error {
            QueueError::Unroutable(_) | QueueError::Full(_) | QueueError::TooLong(_) => {
                Failure::Permanent(error)
            }
            other => Failure::Transient(other),
        })
    });
    match sent.await {
        Err(error @ (QueueError::Unroutable(_) | QueueError::Full(_) | QueueError::TooLong(_))) => {
            tracing::warn!(error = %Causes(&error), "reply is not wanted, the result can be polled");
            Ok(())
        }
        outcome => outcome,
    }
}

/// Large results take milliseconds to be turned over, so it is done off the runtime.
async fn encode(outcome: Outcome, id: Option<JobId>, format: Format) -> Option<Vec<u8>> {
    let encoding = tokio::task::spawn_blocking(move || {
        let reply = Reply {
            v: MESSAGE_VERSION,
            job_id: id.map(|id| id.to_string()),
            state: outcome.state,
            result: outcome.result.and_then(|result| serde_json::from_slice(&result).ok()),
            error: outcome.error,
            warnings: outcome.warnings,
        };
        match format {
            Format::Json => serde_json::to_vec(&reply).ok(),
            Format::MessagePack => to_messagepack(&reply).ok(),
        }
    });
    let body = encoding.await.ok().flatten();
    if body.is_none() {
        tracing::error!("reply can't be encoded");
    }
    body
}
