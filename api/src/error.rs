//! Everything that an API call can be refused with; one place turns it into a problem.
//!
//! Causes stay in the log: a client reads what it can act on, never an address or a library's words.

use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use cad_common::contract::job::Kind;
use cad_common::contract::record::{JobError, JobState};
use cad_common::error_code::ErrorCode;
use cad_common::inspect::Rejection;
use cad_common::inspect::reason::RejectReason;
use cad_common::metrics;
use cad_common::provider::{ProviderName, UnknownProvider};
use cad_common::queue::QueueError;
use cad_common::store::{Rate, StoreError};
use jiff::Timestamp;

use crate::admission;
use crate::fleet;
use crate::problem::{FieldError, Problem};

/// Seconds to wait for a dependency or a free place: reconnecting takes about that long.
const RETRY_SOON: u64 = 2;

/// Why a call is refused. Each variant says what the client can do.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApiError {
    /// Send another drawing.
    #[error("drawing is refused: {}", .0.detail)]
    Rejected(Rejection),
    /// Correct the named fields.
    #[error("request is not valid")]
    Invalid(Vec<FieldError>),
    /// Send a file or a URL.
    #[error("neither file nor url")]
    MissingImage,
    /// Choose a provider that is listed.
    #[error(transparent)]
    UnknownProvider(UnknownProvider),
    /// Set the provider up, or choose another.
    #[error("no worker serves {0}")]
    ProviderNotServed(ProviderName),
    /// Send the body in the named form.
    #[error("body has the wrong form: {0}")]
    WrongMediaType(&'static str),
    /// Send less.
    #[error("body has more than {limit} bytes")]
    BodyTooLarge {
        /// What is allowed.
        limit: usize,
    },
    /// Send faster.
    #[error("body did not arrive in time")]
    BodyTooSlow,
    /// Send the body whole and well formed.
    #[error("body can't be read")]
    BodyBroken,
    /// Send a key.
    #[error("no api key")]
    NoKey,
    /// Send another key.
    #[error("wrong api key")]
    WrongKey,
    /// Wait.
    #[error("rate limit")]
    RateLimited {
        /// When the next request is allowed.
        retry_after: Duration,
        /// The limit.
        rate: Rate,
    },
    /// Try again soon: every place is taken.
    #[error("too many requests at once")]
    Busy,
    /// Try again soon: uploads hold all the memory set aside for them.
    #[error("upload memory is used up")]
    UploadsFull,
    /// Check the id.
    #[error("job is unknown")]
    UnknownJob,
    /// Submit again.
    #[error("job has expired")]
    JobExpired {
        /// When it was forgotten.
        expired_at: Timestamp,
    },
    /// Poll the job.
    #[error("job is {}", .0.as_str())]
    NotFinished(JobState),
    /// Read why, and submit again.
    #[error("job has failed")]
    JobFailed(ProviderName, JobError),
    /// Submit again.
    #[error("job was canceled")]
    JobCanceled,
    /// Leave it: the job can't be canceled any more.
    #[error("job has ended as {}", .0.as_str())]
    JobEnded(JobState),
    /// Check the page.
    #[error("page {0} is not in the reading")]
    UnknownPage(u32),
    /// Use a new key for a new request.
    #[error("idempotency key was used for another request")]
    KeyReused,
    /// Try again soon: the first request with the key is still being accepted.
    #[error("idempotency key is in flight")]
    KeyInFlight,
    /// Try again soon.
    #[error("queue failed")]
    Queue(#[from] QueueError),
    /// Try again soon.
    #[error("store failed")]
    Store(#[from] StoreError),
    /// Check the path.
    #[error("no such route")]
    NoRoute,
    /// Switch metrics on.
    #[error("metrics are off")]
    MetricsOff,
    /// Report it with the trace id.
    #[error("defect: {0}")]
    Defect(&'static str),
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        self.log();
        let mut response = self.problem().into_response();
        match self {
            Self::NoKey | Self::WrongKey => {
                let challenge = HeaderValue::from_static("Bearer realm=\"cad\"");
                response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
            }
            Self::RateLimited { rate, retry_after } => {
                admission::describe_rate(response.headers_mut(), rate, 0, retry_after);
            }
            _ => {}
        }
        response
    }
}

impl ApiError {
    /// A single wrong field.
    pub(crate) fn field(name: &str, detail: impl Into<String>) -> Self {
        Self::Invalid(vec![FieldError::new(name, detail)])
    }

    /// Counts a refused input under its reason, in the words of its kind of work.
    pub(crate) fn counted(self, kind: Kind) -> Self {
        let reason = match &self {
            Self::Rejected(rejection) => rejection.reason,
            Self::Invalid(_) | Self::UnknownProvider(_) => RejectReason::ValidationFailed,
            Self::MissingImage => RejectReason::MissingImage,
            Self::WrongMediaType(_) => RejectReason::InvalidMime,
            Self::BodyTooLarge { .. } => RejectReason::FileTooLarge,
            Self::BodyBroken => RejectReason::CorruptFile,
            _ => return self,
        };
        metrics::input_rejected(kind, reason);
        match self {
            Self::Rejected(rejection) => {
                Self::Rejected(Rejection { reason: reason.seen_by(kind), ..rejection })
            }
            other => other,
        }
    }

    /// What is ours is logged with its cause; what is the client's is in its answer.
    fn log(&self) {
        match self {
            Self::Queue(error) => tracing::error!(%error, cause = ?error, "queue failed a request"),
            Self::Store(error) => tracing::error!(%error, cause = ?error, "store failed a request"),
            Self::Defect(what) => tracing::error!(what, "request hit a defect"),
            _ => {}
        }
    }

    fn problem(&self) -> Problem {
        match self {
            Self::Rejected(rejection) => rejected(rejection),
            Self::Invalid(errors) => invalid(errors),
            Self::MissingImage
            | Self::WrongMediaType(_)
            | Self::BodyTooLarge { .. }
            | Self::BodyTooSlow
            | Self::BodyBroken => self.body_problem(),
            Self::UnknownProvider(_) | Self::ProviderNotServed(_) => self.provider_problem(),
            Self::NoKey
            | Self::WrongKey
            | Self::RateLimited { .. }
            | Self::Busy
            | Self::UploadsFull => self.admission_problem(),
            Self::UnknownJob
            | Self::JobExpired { .. }
            | Self::NotFinished(_)
            | Self::JobFailed(..)
            | Self::JobCanceled
            | Self::JobEnded(_)
            | Self::UnknownPage(_) => self.job_problem(),
            Self::KeyReused | Self::KeyInFlight => self.key_problem(),
            Self::Queue(error) => queue_problem(error),
            Self::Store(error) => store_problem(error),
            Self::NoRoute | Self::MetricsOff | Self::Defect(_) => self.other_problem(),
        }
    }

    fn body_problem(&self) -> Problem {
        let input = |reason, detail: &str| Problem::new(ErrorCode::InputError, reason, detail);
        match self {
            Self::MissingImage => Problem {
                errors: vec![FieldError::new(
                    "file",
                    "send the drawing here, or its address in `url`",
                )],
                ..Problem::new(ErrorCode::ValidationFailed, "missing_image", "no drawing was sent")
            },
            Self::WrongMediaType(expected) => {
                let detail = format!("send the body as {expected}, without content encoding");
                Problem::new(ErrorCode::UnsupportedFormat, "media_type", detail)
            }
            Self::BodyTooLarge { limit } => {
                input("file_too_large", &format!("File too large: at most {limit} bytes are taken"))
                    .status(StatusCode::PAYLOAD_TOO_LARGE)
            }
            Self::BodyTooSlow => input("body_timeout", "the body did not arrive in time")
                .status(StatusCode::REQUEST_TIMEOUT),
            _ => input("body_broken", "the body is not well formed or ended too early"),
        }
    }

    fn provider_problem(&self) -> Problem {
        match self {
            Self::ProviderNotServed(provider) => {
                let detail = format!(
                    "Provider '{provider}' not available: no worker serves it, {}",
                    fleet::how_to_configure(*provider)
                );
                let problem =
                    Problem::new(ErrorCode::ProviderDown, "provider_not_configured", detail);
                Problem { provider: Some(provider.to_string()), ..problem.retry_after(30) }
            }
            other => Problem {
                errors: vec![FieldError::new(
                    "provider",
                    "choose one that /api/v1/ocr/providers lists",
                )],
                ..Problem::new(ErrorCode::ValidationFailed, "unknown_provider", other.to_string())
            },
        }
    }

    fn admission_problem(&self) -> Problem {
        match self {
            Self::NoKey => Problem::new(
                ErrorCode::AuthFailed,
                "missing_key",
                "send an API key as `X-API-Key` or `Authorization: Bearer`",
            ),
            Self::WrongKey => {
                Problem::new(ErrorCode::AuthFailed, "wrong_key", "this API key is not known")
            }
            Self::RateLimited { retry_after, .. } => {
                let seconds = whole_seconds(*retry_after);
                let detail = format!("too many submissions, the next is taken in {seconds} s");
                Problem::new(ErrorCode::RateLimit, "rate_limited", detail).retry_after(seconds)
            }
            Self::Busy => {
                let detail = "as many requests as allowed are being worked on";
                Problem::new(ErrorCode::ResourceExhausted, "too_many_requests", detail)
                    .retry_after(RETRY_SOON)
            }
            _ => {
                let detail = "uploads in progress hold all the memory set aside for them";
                Problem::new(ErrorCode::ResourceExhausted, "upload_memory", detail)
                    .retry_after(RETRY_SOON)
            }
        }
    }

    fn job_problem(&self) -> Problem {
        let input = |reason, detail: &str| Problem::new(ErrorCode::InputError, reason, detail);
        match self {
            Self::JobExpired { expired_at } => Problem {
                expired_at: Some(*expired_at),
                ..input("job_expired", "the job has expired, submit the drawing again")
                    .status(StatusCode::GONE)
            },
            Self::NotFinished(state) => {
                let detail =
                    format!("the job is {}, poll it until it is completed", state.as_str());
                input("job_not_finished", &detail).status(StatusCode::CONFLICT).retry_after(1)
            }
            Self::JobFailed(provider, error) => Problem {
                stage: error.stage,
                provider: Some(provider.to_string()),
                retryable: error.retryable,
                ..Problem::new(
                    error.code,
                    error.reason.as_deref().unwrap_or("job_failed"),
                    &*error.detail,
                )
                .status(StatusCode::CONFLICT)
            },
            Self::JobCanceled => input("job_canceled", "the job was canceled, it has no result")
                .status(StatusCode::CONFLICT),
            Self::JobEnded(state) => {
                let detail = format!("the job is {} already, it can't be canceled", state.as_str());
                input("job_ended", &detail).status(StatusCode::CONFLICT)
            }
            Self::UnknownPage(page) => {
                input("unknown_page", &format!("the reading has no page {page}"))
                    .status(StatusCode::NOT_FOUND)
            }
            _ => {
                input("job_unknown", "no job is known under this id").status(StatusCode::NOT_FOUND)
            }
        }
    }

    fn key_problem(&self) -> Problem {
        let field = |detail| vec![FieldError::new("Idempotency-Key", detail)];
        if matches!(self, Self::KeyInFlight) {
            let detail = "the first request with this Idempotency-Key is still being accepted";
            return Problem::new(ErrorCode::ValidationFailed, "idempotency_key_in_flight", detail)
                .status(StatusCode::CONFLICT)
                .retry_after(1);
        }
        let detail = "this Idempotency-Key was used for another request";
        Problem {
            errors: field("use a new key for a new request"),
            ..Problem::new(ErrorCode::ValidationFailed, "idempotency_key_reused", detail)
        }
    }

    fn other_problem(&self) -> Problem {
        match self {
            Self::NoRoute => Problem::new(
                ErrorCode::InputError,
                "no_route",
                "nothing is here, see /docs for what is",
            )
            .status(StatusCode::NOT_FOUND),
            Self::MetricsOff => {
                let detail = "metrics are off, set METRICS_ENABLED=true";
                Problem::new(ErrorCode::InputError, "metrics_off", detail)
                    .status(StatusCode::NOT_FOUND)
            }
            _ => Problem::new(
                ErrorCode::InternalError,
                "internal",
                "the service failed on this request, report it with the trace id",
            ),
        }
    }
}

fn rejected(rejection: &Rejection) -> Problem {
    let status = StatusCode::from_u16(rejection.http_status).unwrap_or(StatusCode::BAD_REQUEST);
    Problem::new(rejection.code, rejection.reason.as_str(), &*rejection.detail).status(status)
}

fn invalid(errors: &[FieldError]) -> Problem {
    let names: Vec<&str> =
        errors.iter().map(|error| error.pointer.trim_start_matches('/')).collect();
    let detail = match errors {
        [only] => format!("{}: {}", names.join(""), only.detail),
        _ => format!("these fields are not valid: {}", names.join(", ")),
    };
    Problem {
        errors: errors.to_vec(),
        ..Problem::new(ErrorCode::ValidationFailed, "validation_failed", detail)
    }
}

fn queue_problem(error: &QueueError) -> Problem {
    let (code, reason, detail) = match error {
        QueueError::Full(_) => (
            ErrorCode::ResourceExhausted,
            "queue_full",
            "the queue is full, the job was not accepted",
        ),
        QueueError::Unroutable(_) => (
            ErrorCode::ProviderDown,
            "queue_missing",
            "no queue takes the job, it was not accepted",
        ),
        _ => (
            ErrorCode::NetworkError,
            "queue_unavailable",
            "the queue (RabbitMQ) can't be reached, the job was not accepted",
        ),
    };
    Problem::new(code, reason, detail)
        .status(StatusCode::SERVICE_UNAVAILABLE)
        .retry_after(RETRY_SOON)
}

fn store_problem(error: &StoreError) -> Problem {
    let (code, reason, detail) = match error {
        StoreError::Refused(_) | StoreError::Full => (
            ErrorCode::ResourceExhausted,
            "store_full",
            "the store (Redis) takes no more, try again later",
        ),
        StoreError::Corrupt { .. } => {
            let detail = "what is stored for this job can't be read, submit it again";
            return Problem::new(ErrorCode::InternalError, "store_corrupt", detail);
        }
        _ => (
            ErrorCode::NetworkError,
            "store_unavailable",
            "the store (Redis) can't be reached, try again later",
        ),
    };
    Problem::new(code, reason, detail)
        .status(StatusCode::SERVICE_UNAVAILABLE)
        .retry_after(RETRY_SOON)
}

/// Rounds up: a client that comes back too early is refused again.
pub(crate) fn whole_seconds(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}
