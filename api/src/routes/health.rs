//! How the service is, from real checks: `/health` for people, `/ready` and `/livez` for probes.

use std::collections::BTreeMap;
use std::time::Instant;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use cad_common::contract::job::Kind;
use cad_common::metrics;
use cad_common::metrics::labels::HealthEndpoint;
use cad_common::store::{CircuitState, WorkerReport};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::checks::{self, Check};
use crate::fleet::{self, ProviderStatus};
use crate::{App, SharedApp};

/// How the service and what it stands on are.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Health {
    /// `healthy`, or `degraded` when a part is away or could lose results.
    status: &'static str,
    /// When the checks were made.
    #[schema(value_type = String, format = "date-time")]
    timestamp: Timestamp,
    services: Services,
    runtime: Runtime,
    /// State of each provider's circuit: `closed`, `open`, `half_open`, or null without a worker.
    #[schema(value_type = BTreeMap<String, Option<String>>)]
    circuits: BTreeMap<&'static str, Option<CircuitState>>,
    /// The active settings; secrets are masked.
    #[schema(value_type = Object)]
    config: Value,
}

/// The parts of the service.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Services {
    api: Check,
    ml: Workers,
    redis: Check,
    rabbitmq: Check,
}

/// The part that reads drawings.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Workers {
    /// `ready` when a worker can run a job of some kind.
    status: &'static str,
    /// What is wrong.
    detail: Option<String>,
    /// Worker processes that are alive.
    workers: usize,
    providers: Vec<ProviderStatus>,
}

/// This process.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Runtime {
    /// The build.
    version: &'static str,
    /// Whether `/metrics` is served.
    metrics_enabled: bool,
    /// Largest drawing sent as base64.
    vision_max_base64_bytes: usize,
    /// Share of work that failed lately, 0 to 1, the worst of all workers.
    error_rate_ema: ErrorRates,
}

/// Error rates by kind of work.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ErrorRates {
    ocr: f64,
    vision: f64,
}

/// Whether work can be accepted, and what keeps it from being.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Readiness {
    /// `ready` or `not_ready`.
    status: &'static str,
    ready: bool,
    /// When the checks were made.
    #[schema(value_type = String, format = "date-time")]
    timestamp: Timestamp,
    /// What each dependency answered.
    #[schema(value_type = BTreeMap<String, Check>)]
    checks: BTreeMap<&'static str, Check>,
}

/// Shows how the service, its dependencies and its workers are, and the active settings.
#[utoipa::path(
    get, path = "/health", operation_id = "getHealth", tag = "operations",
    responses((status = 200, description = "how things are; read `status`", body = Health))
)]
pub(crate) async fn health(State(app): State<SharedApp>) -> Response {
    let start = Instant::now();
    let (redis, rabbitmq, workers) =
        tokio::join!(checks::store(&app), checks::queue(&app), checks::workers(&app));
    let (workers, problem) = match workers {
        Ok(workers) => (workers, None),
        Err(problem) => (Vec::new(), Some(problem)),
    };
    let providers: Vec<_> =
        Kind::ALL.into_iter().flat_map(|kind| fleet::statuses(kind, &workers)).collect();
    let circuits = providers.iter().map(|status| (status.name.as_str(), status.circuit)).collect();
    let ml = ml_of(&workers, providers, problem);
    let parts_are_well =
        [&redis, &rabbitmq].iter().all(|check| check.is_ready() && !check.degraded);
    let is_healthy = parts_are_well && ml.status == "ready" && !app.shutdown.is_stopping();
    let health = Health {
        status: if is_healthy { "healthy" } else { "degraded" },
        timestamp: Timestamp::now(),
        runtime: runtime_of(&app, &ml.providers),
        services: Services { api: own_check(&app), ml, redis, rabbitmq },
        circuits,
        config: config_of(&app),
    };
    measured(HealthEndpoint::Health, start, axum::Json(health).into_response())
}

/// Says whether work can be accepted: 200, or 503 with the dependency that is away.
#[utoipa::path(
    get, path = "/ready", operation_id = "getReadiness", tag = "operations",
    responses(
        (status = 200, description = "work is accepted", body = Readiness),
        (status = 503, description = "work is refused", body = Readiness),
    )
)]
pub(crate) async fn ready(State(app): State<SharedApp>) -> Response {
    let start = Instant::now();
    let (redis, rabbitmq) = tokio::join!(checks::store(&app), checks::queue(&app));
    let checks =
        BTreeMap::from([("api", own_check(&app)), ("redis", redis), ("rabbitmq", rabbitmq)]);
    let ready = checks.values().all(Check::is_ready);
    let status = if ready { "ready" } else { "not_ready" };
    let code = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let readiness = Readiness { status, ready, timestamp: Timestamp::now(), checks };
    measured(HealthEndpoint::Ready, start, (code, axum::Json(readiness)).into_response())
}

/// Says that the process answers.
#[utoipa::path(
    get, path = "/livez", operation_id = "getLiveness", tag = "operations",
    responses((status = 200, description = "alive"))
)]
pub(crate) async fn livez() -> Response {
    let start = Instant::now();
    let body = axum::Json(json!({ "status": "alive" }));
    measured(HealthEndpoint::Livez, start, body.into_response())
}

fn measured(endpoint: HealthEndpoint, start: Instant, response: Response) -> Response {
    metrics::health_request(endpoint, response.status().as_u16(), start.elapsed());
    response
}

fn own_check(app: &App) -> Check {
    let is_stopping = app.shutdown.is_stopping();
    Check {
        status: if is_stopping { "not_ready" } else { "ready" },
        detail: is_stopping.then(|| "shutting down".to_owned()),
        duration_ms: 0,
        timed_out: false,
        degraded: false,
    }
}

fn ml_of(
    workers: &[WorkerReport],
    providers: Vec<ProviderStatus>,
    problem: Option<String>,
) -> Workers {
    let is_ready = providers.iter().any(|status| status.ready);
    let detail = problem.or_else(|| {
        let lacking = if workers.is_empty() {
            "no worker is alive, jobs wait"
        } else {
            "no provider is ready"
        };
        (!is_ready).then(|| lacking.to_owned())
    });
    let status = if is_ready { "ready" } else { "not_ready" };
    Workers { status, detail, workers: workers.len(), providers }
}

fn runtime_of(app: &App, providers: &[ProviderStatus]) -> Runtime {
    let worst = |kind: Kind| {
        let of_kind = providers.iter().filter(|status| status.kind == kind);
        of_kind.map(|status| status.error_rate).fold(metrics::error_rate(kind), f64::max)
    };
    Runtime {
        version: env!("CARGO_PKG_VERSION"),
        metrics_enabled: app.scrape.is_some(),
        vision_max_base64_bytes: app.config.limits.max_base64_bytes,
        error_rate_ema: ErrorRates {
            ocr: worst(Kind::OcrExtract),
            vision: worst(Kind::VisionAnalyze),
        },
    }
}

/// The settings by what they are about, as the original shows them, and each variable by its name.
fn config_of(app: &App) -> Value {
    let config = &app.config;
    let variable = |name: &str| config.environment.get(name);
    json!({
        "limits": {
            "max_file_bytes": config.limits.max_file_bytes,
            "max_pages": config.limits.max_pages,
            "max_page_pixels": config.limits.max_page_pixels,
            "vision_max_base64_bytes": config.limits.max_base64_bytes,
            "ocr_timeout_ms": duration_ms(config.jobs.ocr_timeout),
            "vision_timeout_ms": duration_ms(config.jobs.vision_timeout),
            "max_concurrent_requests": config.max_concurrent_requests,
            "rate_limit_qps": config.rate.per_second,
            "rate_limit_burst": config.rate.burst,
        },
        "providers": {
            "ocr_default": variable("OCR_DEFAULT_PROVIDER"),
            "confidence_fallback": variable("OCR_CONFIDENCE_FALLBACK"),
        },
        "monitoring": {
            "error_ema_alpha": config.telemetry.error_ema_alpha,
            "metrics_enabled": config.telemetry.metrics_enabled,
            "log_level": variable("LOG_LEVEL"),
            "trace_requests": config.telemetry.trace_requests,
        },
        "security": { "api_keys": config.keys.is_some() },
        "environment": config.environment,
    })
}

fn duration_ms(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
