//! Dead letters: what no worker took, and what an operator does about it.

use std::collections::{BTreeMap, BTreeSet};

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use cad_common::contract::codec::decode_job;
use cad_common::contract::job::{JobId, Lane, Source};
use cad_common::contract::record::JobState;
use cad_common::dead_letters::{self, Choice, DeadLetterError};
use cad_common::provider::ProviderName;
use cad_common::queue::dead::DeadLetter;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::SharedApp;
use crate::context::Params;
use crate::error::ApiError;
use crate::problem::Problem;

/// Letters that are shown when the client doesn't say.
const DEFAULT_LIMIT: usize = 50;

/// Most letters of one provider that are shown.
const MAX_LIMIT: usize = 500;

/// Which letters are shown.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListParams {
    /// Only letters of this provider.
    provider: Option<String>,
    /// Only the letter with this id, or of the job with this id.
    id: Option<String>,
    /// Letters of each provider, 1 to 500; 50 when absent.
    #[param(value_type = Option<u32>)]
    limit: Option<String>,
}

/// Which letters are dealt with. Something must be named, or `all` be true.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct DeadChoice {
    /// Ids of letters or of their jobs.
    ids: Vec<String>,
    /// Every letter of this provider.
    #[schema(value_type = Option<ProviderName>)]
    provider: Option<String>,
    /// Every letter there is.
    all: bool,
}

/// Dead letters, the oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeadLetters {
    letters: Vec<Letter>,
}

/// One dead letter.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Letter {
    /// Names the letter; its job's id does too.
    id: String,
    provider: ProviderName,
    lane: Lane,
    /// Why it is here.
    reason: String,
    /// The job, when the message names one.
    job_id: Option<JobId>,
    /// Attempts before the message died.
    attempt: u32,
    message_id: Option<String>,
    correlation_id: Option<String>,
    reply_to: Option<String>,
    content_type: Option<String>,
    traceparent: Option<String>,
    /// Its other headers, which it keeps when it is sent again.
    headers: BTreeMap<String, String>,
    /// Size of the body in bytes.
    size_bytes: usize,
    /// The message as far as it can be read, without the drawing itself.
    #[schema(value_type = Object)]
    message: Value,
}

/// What became of letters that were sent again.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Requeued {
    /// Letters that are back in their lanes.
    requeued: usize,
    /// Letters that stay, because their jobs have ended otherwise.
    #[schema(value_type = Object)]
    kept: BTreeMap<String, JobState>,
}

/// What became of letters that were removed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Purged {
    /// Letters that are gone for good.
    purged: usize,
}

/// Shows dead letters with their reasons. Each look counts as a return on the broker.
#[utoipa::path(
    get, path = "/api/v1/dead", operation_id = "listDeadLetters", tag = "operations",
    params(ListParams),
    responses(
        (status = 200, description = "the letters", body = DeadLetters),
        (status = 422, description = "a parameter is not valid", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "the queue is away", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list(
    State(app): State<SharedApp>,
    Params(params): Params<ListParams>,
) -> Result<Json<DeadLetters>, ApiError> {
    let limit = params.limit.map_or(Ok(DEFAULT_LIMIT), |text| text.parse()).ok();
    let limit = limit.filter(|limit| (1..=MAX_LIMIT).contains(limit)).ok_or_else(|| {
        ApiError::field("limit", format!("must be a number from 1 to {MAX_LIMIT}"))
    })?;
    let choice = choice(params.provider.as_deref(), params.id.into_iter().collect())?;
    let mut letters = Vec::new();
    let mut show = |letter: &DeadLetter| letters.push(Letter::of(letter));
    dead_letters::show(&app.queue, &choice, limit, &mut show).await?;
    Ok(Json(DeadLetters { letters }))
}

/// Sends dead letters back to their lanes, and opens their failed jobs again.
#[utoipa::path(
    post, path = "/api/v1/dead/requeue", operation_id = "requeueDeadLetters", tag = "operations",
    request_body = DeadChoice,
    responses(
        (status = 200, description = "what became of them", body = Requeued),
        (status = 422, description = "nothing is chosen", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "queue or store is away", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn requeue(
    State(app): State<SharedApp>,
    body: Bytes,
) -> Result<Json<Requeued>, ApiError> {
    let choice = read_choice(&body)?;
    let working = SharedApp::clone(&app);
    // A client that hangs up leaves no job open without its message.
    let work = async move { dead_letters::requeue(&working.queue, &working.store, &choice).await };
    let outcome = app.shutdown.spawn(work).await;
    let outcome = outcome.map_err(|_| ApiError::Defect("requeueing dead letters panicked"))??;
    tracing::info!(count = outcome.count, "dead letters were sent again");
    let kept = outcome.kept.into_iter().map(|(id, state)| (id.to_string(), state)).collect();
    Ok(Json(Requeued { requeued: outcome.count, kept }))
}

/// Removes dead letters for good.
#[utoipa::path(
    post, path = "/api/v1/dead/purge", operation_id = "purgeDeadLetters", tag = "operations",
    request_body = DeadChoice,
    responses(
        (status = 200, description = "what became of them", body = Purged),
        (status = 422, description = "nothing is chosen", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "the queue is away", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn purge(
    State(app): State<SharedApp>,
    body: Bytes,
) -> Result<Json<Purged>, ApiError> {
    let purged = dead_letters::purge(&app.queue, &read_choice(&body)?).await?;
    tracing::warn!(count = purged, "dead letters were removed");
    Ok(Json(Purged { purged }))
}

fn read_choice(body: &[u8]) -> Result<Choice, ApiError> {
    let asked: DeadChoice = serde_json::from_slice(body)
        .map_err(|error| ApiError::field("body", format!("send a JSON object: {error}")))?;
    if asked.ids.is_empty() && asked.provider.is_none() && !asked.all {
        let detail = "name letters or jobs here, or a `provider`, or set `all` to true";
        return Err(ApiError::field("ids", detail));
    }
    choice(asked.provider.as_deref(), asked.ids.into_iter().collect())
}

fn choice(provider: Option<&str>, ids: BTreeSet<String>) -> Result<Choice, ApiError> {
    let provider: Option<ProviderName> =
        provider.map(str::parse).transpose().map_err(ApiError::UnknownProvider)?;
    Ok(Choice { providers: provider.into_iter().collect(), ids })
}

impl Letter {
    fn of(letter: &DeadLetter) -> Self {
        let envelope = letter.envelope.clone();
        Self {
            id: letter.id(),
            provider: letter.address.provider,
            lane: letter.address.lane,
            reason: letter.reason.clone(),
            job_id: letter.job_id(),
            attempt: envelope.attempt,
            message_id: envelope.message_id,
            correlation_id: envelope.correlation_id,
            reply_to: envelope.reply_to,
            traceparent: envelope.traceparent,
            headers: envelope.headers,
            size_bytes: letter.body.len(),
            message: readable(&letter.body, envelope.content_type.as_deref()),
            content_type: envelope.content_type,
        }
    }
}

/// The message as JSON; a drawing inside it is told by its size.
fn readable(body: &[u8], content_type: Option<&str>) -> Value {
    let mut message = match decode_job(body, content_type) {
        Ok(message) => message,
        Err(error) => return json!({ "unreadable": error.to_string() }),
    };
    let Source::Inline(drawing) = &mut message.source else {
        return serde_json::to_value(&message).unwrap_or_default();
    };
    let told = json!({ "inline": format!("{} bytes", std::mem::take(drawing).len()) });
    let mut readable = serde_json::to_value(&message).unwrap_or_default();
    if let Value::Object(fields) = &mut readable {
        fields.insert("source".to_owned(), told);
    }
    readable
}

impl From<DeadLetterError> for ApiError {
    fn from(error: DeadLetterError) -> Self {
        match error {
            DeadLetterError::Queue(error) => Self::Queue(error),
            DeadLetterError::Store(error) => Self::Store(error),
        }
    }
}
