//! The job as clients see it.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use cad_common::contract::job::{JobId, Kind, Lane};
use cad_common::contract::reading::{Reading, Warning};
use cad_common::contract::record::{JobError, JobRecord, JobState, Progress};
use cad_common::provider::ProviderName;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

/// Seconds after which a poll makes sense: most drawings are read in that time.
const POLL_AFTER: u64 = 1;

/// A job: where it stands, and its result when that was asked for.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct JobResource {
    /// Names the job; a `UUIDv7`.
    pub(crate) id: JobId,
    /// What was asked.
    pub(crate) kind: Kind,
    /// Who does it.
    pub(crate) provider: ProviderName,
    /// Where it stands. `completed`, `failed` and `canceled` never change again.
    pub(crate) state: JobState,
    /// How urgent.
    pub(crate) lane: Lane,
    /// The client's own word for the job.
    pub(crate) tag: Option<String>,
    /// The client's name for the drawing.
    pub(crate) filename: Option<String>,
    /// Which attempt is running or ran last; 0 before the first.
    pub(crate) attempt: u32,
    /// When it was accepted.
    #[schema(value_type = String, format = "date-time")]
    pub(crate) created_at: Timestamp,
    /// When a worker first started it.
    #[schema(value_type = Option<String>, format = "date-time")]
    pub(crate) started_at: Option<Timestamp>,
    /// When it ended.
    #[schema(value_type = Option<String>, format = "date-time")]
    pub(crate) finished_at: Option<Timestamp>,
    /// When job and result are forgotten.
    #[schema(value_type = Option<String>, format = "date-time")]
    pub(crate) expires_at: Option<Timestamp>,
    /// Jobs before it in its queue; null when that is not known.
    pub(crate) queue_position: Option<u64>,
    /// How far the running attempt is.
    pub(crate) progress: Option<Progress>,
    /// What kept it from being done in full.
    pub(crate) warnings: Vec<Warning>,
    /// Why it failed.
    pub(crate) error: Option<JobError>,
    /// Where to go on from here.
    pub(crate) links: Links,
    /// Finds the job in the logs.
    pub(crate) trace_id: Option<String>,
    /// What the drawing says; with `?include=result`, or after waiting.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Reading>)]
    pub(crate) result: Option<Box<RawValue>>,
}

/// Paths on this API; null where there is nothing to be had in this state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Links {
    /// The job; `DELETE` cancels it.
    #[serde(rename = "self")]
    pub(crate) job: String,
    /// What the drawing says.
    pub(crate) result: Option<String>,
    /// The drawing's text boxes as SVG.
    pub(crate) overlay: Option<String>,
}

impl JobResource {
    /// A job without its result.
    pub(crate) fn of(record: &JobRecord) -> Self {
        Self {
            id: record.id,
            kind: record.kind,
            provider: record.provider,
            state: record.state,
            lane: record.lane,
            tag: record.tag.clone(),
            filename: record.filename.clone(),
            attempt: record.attempt,
            created_at: record.created_at,
            started_at: record.started_at,
            finished_at: record.finished_at,
            expires_at: record.expires_at,
            queue_position: None,
            progress: record.progress,
            warnings: record.warnings.clone(),
            error: record.error.clone(),
            links: Links::of(record),
            trace_id: record.trace_id.clone(),
            result: None,
        }
    }
}

impl Links {
    fn of(record: &JobRecord) -> Self {
        let job = path_of(record.id);
        let is_completed = record.state == JobState::Completed;
        let child = |name: &str| is_completed.then(|| format!("{job}/{name}"));
        let overlay = if record.kind == Kind::OcrExtract { child("overlay.svg") } else { None };
        Self { result: child("result"), overlay, job }
    }
}

/// The path of a job.
pub(crate) fn path_of(id: JobId) -> String {
    format!("/api/v1/jobs/{id}")
}

/// The answer to work that is accepted but not done: where to look for it, and when.
pub(crate) fn accepted(job: &JobResource) -> Response {
    let mut response = (StatusCode::ACCEPTED, axum::Json(job)).into_response();
    point_to(response.headers_mut(), job);
    response
}

/// Writes where a job is found, and when to look again if it has not ended.
pub(crate) fn point_to(headers: &mut HeaderMap, job: &JobResource) {
    if let Ok(path) = HeaderValue::from_str(&job.links.job) {
        headers.insert(header::LOCATION, path.clone());
        // Azure's name for it, which its client libraries poll by themselves.
        headers.insert("operation-location", path);
    }
    if !job.state.is_terminal() {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(POLL_AFTER));
    }
}
