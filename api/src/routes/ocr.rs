//! Drawings come in here: as a form with a file or a URL, or as base64 in JSON.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use cad_common::contract::job::Kind;
use cad_common::inspect::base64;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::SharedApp;
use crate::body;
use crate::choices::{RawChoices, shown_filename};
use crate::context::{Context, Params, WaitParams};
use crate::error::ApiError;
use crate::idempotency::Key;
use crate::problem::Problem;
use crate::resource::{self, JobResource};
use crate::routes::results;
use crate::submit::{self, Accepted, Drawing, Requester, Submission};
use crate::upload::{self, claimed_type};
use crate::wait;

/// What names, choices and braces may take beside the base64 text.
const JSON_OVERHEAD: usize = 16 * 1024;

/// A drawing as a form. Every other field may stand in the query as well.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "describes the form for OpenAPI; upload.rs reads it field by field")]
pub(crate) struct ExtractForm {
    /// The drawing: PNG, JPEG, TIFF, BMP, WebP, GIF, PDF or DXF; its content decides.
    #[schema(value_type = Option<String>, format = "binary")]
    file: Option<String>,
    /// The drawing's address, instead of `file`; fetched by the worker.
    url: Option<String>,
    #[serde(flatten)]
    choices: RawChoices,
}

/// A drawing as base64 text.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct Base64Request {
    /// The drawing; a `data:` prefix is skipped.
    #[serde(default)]
    #[schema(value_type = String)]
    image_base64: Option<String>,
    /// The client's name for the drawing.
    #[serde(default)]
    filename: Option<String>,
    /// What the client claims the drawing is; its content decides.
    #[serde(default)]
    content_type: Option<String>,
    #[serde(flatten)]
    choices: RawChoices,
}

/// Submits a drawing for reading.
#[utoipa::path(
    post, path = "/api/v1/ocr/extract", operation_id = "extract", tag = "ocr",
    params(RawChoices, WaitParams, ("Idempotency-Key" = Option<String>, Header,
        description = "makes a repeated request the same job")),
    request_body(content = ExtractForm, content_type = "multipart/form-data"),
    responses(
        (status = 202, description = "accepted, poll `Location`", body = JobResource),
        (status = 200, description = "finished within the wait", body = JobResource),
        (status = "4XX", description = "refused", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "a dependency is away", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn extract(
    State(app): State<SharedApp>,
    context: Context,
    Params(query): Params<RawChoices>,
    request: Request,
) -> Result<Response, ApiError> {
    let submission = read_form(&app, query, request).await;
    answer(&app, context, "extract", submission).await
}

/// Submits a drawing as base64 in JSON for reading.
#[utoipa::path(
    post, path = "/api/v1/ocr/extract-base64", operation_id = "extractBase64", tag = "ocr",
    params(WaitParams, ("Idempotency-Key" = Option<String>, Header,
        description = "makes a repeated request the same job")),
    request_body = Base64Request,
    responses(
        (status = 202, description = "accepted, poll `Location`", body = JobResource),
        (status = 200, description = "finished within the wait", body = JobResource),
        (status = "4XX", description = "refused", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "a dependency is away", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn extract_base64(
    State(app): State<SharedApp>,
    context: Context,
    request: Request,
) -> Result<Response, ApiError> {
    let submission = read_base64(&app, request).await;
    answer(&app, context, "extract-base64", submission).await
}

async fn read_form(
    app: &SharedApp,
    query: RawChoices,
    request: Request,
) -> Result<Submission, ApiError> {
    let limit = app.config.limits.max_file_bytes;
    let mut form = upload::read_form(request, limit, &app.body_memory).await?;
    let url = form.fields.remove("url").map(|url| url.trim().to_owned());
    let url = url.filter(|url| !url.is_empty());
    let choices = query.overridden_by(form.fields).parse(app.config.jobs.default_provider)?;
    let kind = Kind::OcrExtract;
    match (form.file, url) {
        (Some(file), None) => Ok(Submission {
            kind,
            drawing: Drawing::Bytes { bytes: file.bytes, _watch: form.watch },
            choices,
            filename: file.filename,
            content_type: file.content_type,
        }),
        (None, Some(url)) => {
            let drawing = Drawing::Url(url);
            Ok(Submission { kind, drawing, choices, filename: None, content_type: None })
        }
        (Some(_), Some(_)) => Err(ApiError::field("url", "send either a file or a URL")),
        (None, None) => Err(ApiError::MissingImage),
    }
}

async fn read_base64(app: &SharedApp, request: Request) -> Result<Submission, ApiError> {
    let (parts, body) = request.into_parts();
    if !is_json(&parts.headers) {
        return Err(ApiError::WrongMediaType("application/json"));
    }
    let max_bytes = app.config.limits.max_base64_bytes;
    let max_text = max_bytes.div_ceil(3).saturating_mul(4);
    let (body, watch) =
        body::watch(&parts.headers, body, max_text, JSON_OVERHEAD, &app.body_memory)?;
    let text = body::read(body, &watch).await?;

    let default_provider = app.config.jobs.default_provider;
    let decoding = move || {
        let request: Base64Request = serde_json::from_slice(&text)
            .map_err(|error| ApiError::field("body", format!("send a JSON object: {error}")))?;
        let image = request.image_base64.ok_or_else(|| {
            ApiError::field("image_base64", "send the drawing here, as base64 text")
        })?;
        let choices = request.choices.parse(default_provider)?;
        let bytes = base64::decode_base64(&image, max_bytes).map_err(ApiError::Rejected)?;
        Ok(Submission {
            kind: Kind::OcrExtract,
            drawing: Drawing::Bytes { bytes, _watch: watch },
            choices,
            filename: request.filename.as_deref().and_then(shown_filename),
            content_type: request.content_type.as_deref().and_then(claimed_type),
        })
    };
    let decoded = tokio::task::spawn_blocking(decoding).await;
    decoded.map_err(|_| ApiError::Defect("decoding a request panicked"))?
}

fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(header::CONTENT_TYPE) else {
        return true;
    };
    let essence = value.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json") || essence.ends_with("+json")
}

/// Hands a submission in, waits if the client would, and answers.
async fn answer(
    app: &SharedApp,
    context: Context,
    route: &'static str,
    submission: Result<Submission, ApiError>,
) -> Result<Response, ApiError> {
    let key = Key::of(&context.headers, &context.caller, route);
    let wish = context.wish;
    let outcome = match (submission, key) {
        (Ok(submission), Ok(key)) => {
            let requester = Requester { caller: context.caller, trace: context.trace, key };
            submit::submit(app, requester, submission).await
        }
        (Err(error), _) | (_, Err(error)) => Err(error),
    };
    let Accepted { record, is_replay } =
        outcome.map_err(|error| error.counted(Kind::OcrExtract))?;

    let (record, applied) = match wish {
        None => (record, None),
        Some(wish) => {
            let (record, is_granted) = wait::for_end(app, &context.place, record, wish).await;
            (record, is_granted.then_some(wish))
        }
    };
    let mut response = if record.state.is_terminal() {
        finished(&results::with_result(app, &record).await)
    } else {
        resource::accepted(&JobResource::of(&record))
    };
    if let Some(wish) = applied {
        wish.describe(response.headers_mut());
    }
    if is_replay {
        response.headers_mut().insert("idempotent-replayed", HeaderValue::from_static("true"));
    }
    Ok(response)
}

fn finished(job: &JobResource) -> Response {
    let mut response = (StatusCode::OK, axum::Json(job)).into_response();
    resource::point_to(response.headers_mut(), job);
    response
}
