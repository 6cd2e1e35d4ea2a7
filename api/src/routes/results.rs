//! What came of a job: its result as JSON, and as boxes to lay over the drawing.

use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use cad_common::contract::job::Kind;
use cad_common::contract::reading::Reading;
use cad_common::contract::record::{JobError, JobRecord, JobState};
use cad_common::error_code::ErrorCode;
use cad_common::overlay;
use jiff::{Timestamp, Unit};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::SharedApp;
use crate::context::{Context, Params};
use crate::error::ApiError;
use crate::etag;
use crate::problem::Problem;
use crate::resource::JobResource;
use crate::routes::jobs;

/// Which page is drawn.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct OverlayParams {
    /// The page, from 1; the first when absent.
    #[param(value_type = Option<u32>)]
    page: Option<String>,
}

/// Gives the result of a completed job, byte for byte as it was stored.
#[utoipa::path(
    get, path = "/api/v1/jobs/{id}/result", operation_id = "getResult", tag = "jobs",
    params(("id" = String, Path, description = "the job's id")),
    responses(
        (status = 200, description = "what the drawing says", body = Reading),
        (status = 304, description = "as the client knows it"),
        (status = 404, description = "unknown", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "not finished, failed or canceled", body = Problem, content_type = "application/problem+json"),
        (status = 410, description = "expired", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn show(
    State(app): State<SharedApp>,
    Path(id): Path<String>,
    context: Context,
) -> Result<Response, ApiError> {
    let record = jobs::find(&app, &context.caller, &id).await?;
    let result = result_of(&app, &record).await?;
    let seconds = seconds_left(&record);
    let cache_control = format!("private, immutable, max-age={seconds}");
    Ok(etag::answer(&context.headers, "application/json", &cache_control, result))
}

/// Draws the text and the dimensions that were found on one page.
#[utoipa::path(
    get, path = "/api/v1/jobs/{id}/overlay.svg", operation_id = "getOverlay", tag = "jobs",
    params(("id" = String, Path, description = "the job's id"), OverlayParams),
    responses(
        (status = 200, description = "the boxes as SVG, in the page's pixels", content_type = "image/svg+xml"),
        (status = 404, description = "unknown job or page", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "not finished, failed or canceled", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn show_overlay(
    State(app): State<SharedApp>,
    Path(id): Path<String>,
    Params(params): Params<OverlayParams>,
    context: Context,
) -> Result<Response, ApiError> {
    let page = match params.page.as_deref() {
        None | Some("") => 1,
        Some(text) => text.parse().map_err(|_| ApiError::field("page", "choose a page from 1"))?,
    };
    let record = jobs::find(&app, &context.caller, &id).await?;
    if record.kind != Kind::OcrExtract {
        return Err(ApiError::NoRoute);
    }
    let result = result_of(&app, &record).await?;
    let drawing = tokio::task::spawn_blocking(move || draw(&result, page)).await;
    let svg = drawing.map_err(|_| ApiError::Defect("drawing an overlay panicked"))??;
    // Text of a stranger's drawing: nothing in it may run, should something slip through.
    let policy = (header::CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'");
    Ok(([policy, (header::CONTENT_TYPE, "image/svg+xml")], svg).into_response())
}

fn draw(result: &[u8], page: u32) -> Result<String, ApiError> {
    let reading: Reading = serde_json::from_slice(result)
        .map_err(|_| ApiError::Defect("stored result is no reading"))?;
    if !reading.pages.iter().any(|known| known.number == page) {
        return Err(ApiError::UnknownPage(page));
    }
    Ok(overlay::svg(&reading, page, None))
}

/// The stored result, or why there is none.
async fn result_of(app: &SharedApp, record: &JobRecord) -> Result<Vec<u8>, ApiError> {
    match record.state {
        JobState::Completed => app.store.result(record.id).await?.ok_or(ApiError::UnknownJob),
        JobState::Failed => {
            let unknown = || JobError::new(ErrorCode::InternalError, "the job failed");
            Err(ApiError::JobFailed(record.provider, record.error.clone().unwrap_or_else(unknown)))
        }
        JobState::Canceled => Err(ApiError::JobCanceled),
        state => Err(ApiError::NotFinished(state)),
    }
}

/// The job with its result, where it has one and the store gives it out.
pub(crate) async fn with_result(app: &SharedApp, record: &JobRecord) -> JobResource {
    let mut job = JobResource::of(record);
    if record.state != JobState::Completed {
        return job;
    }
    match app.store.result(record.id).await {
        Ok(bytes) => {
            let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
            job.result = text.and_then(|text| RawValue::from_string(text).ok());
        }
        Err(error) => tracing::warn!(job.id = %record.id, %error, "result could not be included"),
    }
    job
}

fn seconds_left(record: &JobRecord) -> i64 {
    let left = record.expires_at.map(|expiry| expiry.since((Unit::Second, Timestamp::now())));
    left.and_then(Result::ok).map_or(0, |span| span.get_seconds().max(0))
}
