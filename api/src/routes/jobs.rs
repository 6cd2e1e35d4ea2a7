//! Jobs after their submission: poll, cancel, list.

use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use cad_common::contract::job::JobId;
use cad_common::contract::record::{JobRecord, JobState};
use cad_common::store::{Cancel, JobFilter, Lookup};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::SharedApp;
use crate::auth::Caller;
use crate::context::{Context, Params, WaitParams};
use crate::error::ApiError;
use crate::etag;
use crate::problem::Problem;
use crate::resource::{self, JobResource};
use crate::routes::results;
use crate::wait;

/// Jobs on a page of the list when the client doesn't say.
const DEFAULT_LIMIT: usize = 20;

/// Most jobs on a page of the list.
const MAX_LIMIT: usize = 100;

/// What a poll may ask for beside the job.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ShowParams {
    /// `result` puts the result into the job.
    include: Option<String>,
}

/// Which jobs are listed.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListParams {
    /// Only jobs in this state.
    #[param(value_type = Option<JobState>)]
    state: Option<String>,
    /// Jobs on the page, 1 to 100; 20 when absent.
    #[param(value_type = Option<u32>)]
    limit: Option<String>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// A page of jobs, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct JobList {
    jobs: Vec<JobResource>,
    /// Continues the list as `?cursor=`; null on the last page.
    next_cursor: Option<JobId>,
}

/// Says where a job stands, and waits for its end if the client would.
#[utoipa::path(
    get, path = "/api/v1/jobs/{id}", operation_id = "getJob", tag = "jobs",
    params(("id" = String, Path, description = "the job's id"), ShowParams, WaitParams),
    responses(
        (status = 200, description = "where the job stands", body = JobResource),
        (status = 202, description = "not finished within the wait", body = JobResource),
        (status = 304, description = "as the client knows it"),
        (status = 404, description = "unknown", body = Problem, content_type = "application/problem+json"),
        (status = 410, description = "expired", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "the store is away", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn show(
    State(app): State<SharedApp>,
    Path(id): Path<String>,
    Params(params): Params<ShowParams>,
    context: Context,
) -> Result<Response, ApiError> {
    let includes_result = match params.include.as_deref() {
        None | Some("") => context.wish.is_some(),
        Some("result") => true,
        Some(_) => return Err(ApiError::field("include", "choose `result`")),
    };
    let record = find(&app, &context.caller, &id).await?;
    let (record, applied) = match context.wish {
        None => (record, None),
        Some(wish) => {
            let (record, is_granted) = wait::for_end(&app, &context.place, record, wish).await;
            (record, is_granted.then_some(wish))
        }
    };
    if context.wish.is_some() && !record.state.is_terminal() {
        let mut response = resource::accepted(&JobResource::of(&record));
        if let Some(wish) = applied {
            wish.describe(response.headers_mut());
        }
        return Ok(response);
    }
    let job = if includes_result {
        results::with_result(&app, &record).await
    } else {
        JobResource::of(&record)
    };
    let body = serde_json::to_vec(&job).map_err(|_| ApiError::Defect("job can't be encoded"))?;
    let mut response =
        etag::answer(&context.headers, "application/json", "private, no-cache", body);
    if !job.state.is_terminal() {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    }
    if let Some(wish) = applied {
        wish.describe(response.headers_mut());
    }
    Ok(response)
}

/// Cancels a job that waits or runs.
#[utoipa::path(
    delete, path = "/api/v1/jobs/{id}", operation_id = "cancelJob", tag = "jobs",
    params(("id" = String, Path, description = "the job's id")),
    responses(
        (status = 200, description = "canceled", body = JobResource),
        (status = 404, description = "unknown", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "has ended already", body = Problem, content_type = "application/problem+json"),
        (status = 410, description = "expired", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn cancel(
    State(app): State<SharedApp>,
    Path(id): Path<String>,
    context: Context,
) -> Result<Response, ApiError> {
    let record = find(&app, &context.caller, &id).await?;
    let record = match app.store.cancel(record.id).await? {
        Cancel::Canceled(record) => record,
        Cancel::Ended(record) if record.state == JobState::Canceled => record,
        Cancel::Ended(record) => return Err(ApiError::JobEnded(record.state)),
        Cancel::Unknown => return Err(ApiError::UnknownJob),
    };
    tracing::info!(job.id = %record.id, "job canceled");
    Ok((StatusCode::OK, axum::Json(JobResource::of(&record))).into_response())
}

/// Lists the caller's jobs, the newest first.
#[utoipa::path(
    get, path = "/api/v1/jobs", operation_id = "listJobs", tag = "jobs", params(ListParams),
    responses(
        (status = 200, description = "a page of jobs", body = JobList),
        (status = 422, description = "wrong filter", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list(
    State(app): State<SharedApp>,
    Params(params): Params<ListParams>,
    context: Context,
) -> Result<axum::Json<JobList>, ApiError> {
    let mut filter = params.parse()?;
    filter.owner = context.caller.owner;
    let page_size = filter.limit;
    // One more than is shown tells whether there is a next page.
    filter.limit += 1;
    let records = app.store.list(&filter).await?;
    let has_more = records.len() > page_size;
    let jobs: Vec<_> = records.iter().take(page_size).map(JobResource::of).collect();
    let next_cursor = jobs.last().map(|job| job.id).filter(|_| has_more);
    Ok(axum::Json(JobList { jobs, next_cursor }))
}

impl ListParams {
    fn parse(self) -> Result<JobFilter, ApiError> {
        let set = |text: Option<String>| text.filter(|text| !text.is_empty());
        let state = set(self.state).map(|text| parse_state(&text)).transpose()?;
        let limit = match set(self.limit).map(|text| text.parse::<usize>()) {
            None => DEFAULT_LIMIT,
            Some(Ok(limit)) if (1..=MAX_LIMIT).contains(&limit) => limit,
            Some(_) => return Err(ApiError::field("limit", format!("choose 1 to {MAX_LIMIT}"))),
        };
        let before = set(self.cursor).map(|text| text.parse()).transpose();
        let before = before
            .map_err(|_| ApiError::field("cursor", "send the `next_cursor` of the page before"))?;
        Ok(JobFilter { state, owner: None, before, limit })
    }
}

fn parse_state(text: &str) -> Result<JobState, ApiError> {
    let known = JobState::ALL.into_iter().find(|state| state.as_str() == text);
    known.ok_or_else(|| {
        ApiError::field("state", "choose pending, in_progress, completed, failed or canceled")
    })
}

/// Finds a job that the caller may see; what they may not see doesn't exist for them.
pub(crate) async fn find(
    app: &SharedApp,
    caller: &Caller,
    id: &str,
) -> Result<JobRecord, ApiError> {
    let id: JobId = id.parse().map_err(|_| ApiError::UnknownJob)?;
    match app.store.lookup(id).await? {
        Lookup::Found(record) if caller.may_see(&record) => Ok(*record),
        Lookup::Found(_) | Lookup::Unknown => Err(ApiError::UnknownJob),
        Lookup::Expired { expired_at } => Err(ApiError::JobExpired { expired_at }),
    }
}
