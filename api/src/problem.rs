//! The body of every refusal: `application/problem+json` of RFC 9457.
//!
//! A refusal is made where the fault is found, but its trace id is known to the layer around all
//! handlers only. So a [`Problem`] travels in the response's extensions, and [`render`] writes it out.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use cad_common::error_code::{ErrorCode, Stage};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// The media type of problems.
const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

/// What went wrong and what the client can do.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct Problem {
    /// Where the code is explained, relative to this API.
    #[serde(rename = "type")]
    pub(crate) problem_type: String,
    /// The kind of problem, the same for every occurrence.
    pub(crate) title: &'static str,
    /// The HTTP status.
    pub(crate) status: u16,
    /// What happened this time and what can be done.
    pub(crate) detail: String,
    /// The path that was asked for.
    pub(crate) instance: String,
    /// The stable word for the failure.
    pub(crate) code: ErrorCode,
    /// A finer machine word, such as `file_too_large`.
    pub(crate) reason: String,
    /// Where in the work, for failed jobs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) stage: Option<Stage>,
    /// The provider it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) provider: Option<String>,
    /// Whether the same request may succeed later.
    pub(crate) retryable: bool,
    /// Finds this request in the logs.
    pub(crate) trace_id: String,
    /// When a job was forgotten, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "date-time")]
    pub(crate) expired_at: Option<Timestamp>,
    /// The fields that are wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) errors: Vec<FieldError>,
    /// Seconds after which trying again makes sense; the header `Retry-After`.
    #[serde(skip)]
    pub(crate) retry_after: Option<u64>,
}

/// One wrong field of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct FieldError {
    /// JSON pointer to the field; a form or query field is named the same way.
    pub(crate) pointer: String,
    /// What is wrong with it and what would be right.
    pub(crate) detail: String,
}

impl FieldError {
    /// A fault of a named field.
    pub(crate) fn new(field: &str, detail: impl Into<String>) -> Self {
        Self { pointer: format!("/{field}"), detail: detail.into() }
    }
}

impl Problem {
    /// A problem of a code, with the status and the hope that the code carries.
    pub(crate) fn new(code: ErrorCode, reason: &str, detail: impl Into<String>) -> Self {
        Self {
            problem_type: format!("/docs#{}", code.as_str()),
            title: title(code),
            status: code.http_status(),
            detail: detail.into(),
            instance: String::new(),
            code,
            reason: reason.to_owned(),
            stage: None,
            provider: None,
            retryable: code.is_retryable(),
            trace_id: String::new(),
            expired_at: None,
            errors: Vec::new(),
            retry_after: None,
        }
    }

    /// The same with another status than the code's own.
    pub(crate) fn status(mut self, status: StatusCode) -> Self {
        self.status = status.as_u16();
        self
    }

    /// The same with the time after which trying again makes sense.
    pub(crate) fn retry_after(mut self, seconds: u64) -> Self {
        self.retryable = true;
        self.retry_after = Some(seconds);
        self
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = status.into_response();
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response.extensions_mut().insert(Box::new(self));
        response
    }
}

/// Writes the problem of a response into its body; other responses pass unchanged.
///
/// A refusal that a library made by itself (a method that a route lacks) gets a plain problem.
pub(crate) fn render(mut response: Response, instance: &str, trace_id: &str) -> Response {
    let carried = response.extensions_mut().remove::<Box<Problem>>();
    let is_refusal = response.status().is_client_error() || response.status().is_server_error();
    let mut problem = match carried {
        Some(problem) => *problem,
        None if is_refusal && !is_problem(response.headers()) => plain(response.status()),
        None => return response,
    };
    instance.clone_into(&mut problem.instance);
    trace_id.clone_into(&mut problem.trace_id);
    let body = serde_json::to_vec(&problem).unwrap_or_default();

    let (mut parts, _) = response.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.insert(header::CONTENT_TYPE, PROBLEM_JSON);
    parts.headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Response::from_parts(parts, Body::from(body))
}

/// Answers that carry JSON by intent, such as a `/ready` that says which check failed.
fn is_problem(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().ends_with(b"json"))
}

fn plain(status: StatusCode) -> Problem {
    let reason = status.canonical_reason().unwrap_or("refused").to_lowercase();
    let word = reason.replace([' ', '-'], "_");
    let code = match status {
        StatusCode::UNSUPPORTED_MEDIA_TYPE => ErrorCode::UnsupportedFormat,
        status if status.is_server_error() => ErrorCode::InternalError,
        _ => ErrorCode::InputError,
    };
    Problem::new(code, &word, reason).status(status)
}

/// What a code means, in words that stay the same.
pub(crate) const fn title(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::InputError => "The request or the drawing can't be used",
        ErrorCode::ValidationFailed => "A field of the request is not valid",
        ErrorCode::UnsupportedFormat => "The content is of a kind that is not read here",
        ErrorCode::AuthFailed => "The API key is missing or wrong",
        ErrorCode::RateLimit => "Too many requests",
        ErrorCode::QuotaExceeded => "The quota is used up",
        ErrorCode::CircuitOpen => "The provider is paused after failures",
        ErrorCode::ProviderDown => "The provider is not available",
        ErrorCode::ProviderTimeout => "The provider did not end in its time",
        ErrorCode::Timeout => "The job did not end in its time",
        ErrorCode::NetworkError => "A part of the service can't be reached",
        ErrorCode::ExternalServiceError => "A remote service answered with an error",
        ErrorCode::ModelLoadError => "A model can't be loaded",
        ErrorCode::ResourceExhausted => "The service is at its limit",
        ErrorCode::ParseFailed => "An answer could not be understood",
        ErrorCode::InternalError => "The service failed",
        _ => "The request failed",
    }
}
