//! Who reads drawings, as the workers themselves report it.

use axum::Json;
use axum::extract::State;
use cad_common::config::shared::ProviderChoice;
use cad_common::contract::job::Kind;
use cad_common::provider::ProviderName;
use serde::Serialize;
use utoipa::ToSchema;

use crate::SharedApp;
use crate::error::ApiError;
use crate::fleet::{self, ProviderStatus};
use crate::problem::Problem;

/// The providers that jobs are accepted for.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Providers {
    /// Their names.
    providers: Vec<ProviderName>,
    /// Who gets a job that names none: `auto` or a name.
    default: String,
    /// Every provider of this kind, also those that nobody serves.
    details: Vec<ProviderStatus>,
}

/// How the providers of one kind are.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProvidersHealth {
    /// `healthy`; `degraded` when a provider that is served is not ready; `unhealthy` when none is
    /// ready; `unavailable` when no worker is alive.
    status: &'static str,
    providers: Vec<ProviderHealth>,
}

/// How one provider is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProviderHealth {
    name: ProviderName,
    ready: bool,
    /// Why it is not.
    error: Option<String>,
}

/// Lists the providers that read drawings, with what their workers report.
#[utoipa::path(
    get, path = "/api/v1/ocr/providers", operation_id = "listOcrProviders", tag = "ocr",
    responses(
        (status = 200, description = "the providers", body = Providers),
        (status = 503, description = "the store is away", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list(State(app): State<SharedApp>) -> Result<Json<Providers>, ApiError> {
    providers(&app, Kind::OcrExtract).await
}

/// Lists the providers that describe drawings, with what their workers report.
#[utoipa::path(
    get, path = "/api/v1/vision/providers", operation_id = "listVisionProviders", tag = "vision",
    responses(
        (status = 200, description = "the providers", body = Providers),
        (status = 503, description = "the store is away", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list_vision(State(app): State<SharedApp>) -> Result<Json<Providers>, ApiError> {
    providers(&app, Kind::VisionAnalyze).await
}

async fn providers(app: &SharedApp, kind: Kind) -> Result<Json<Providers>, ApiError> {
    let workers = app.store.workers().await?;
    let details = fleet::statuses(kind, &workers);
    let accepting = details.iter().filter(|status| status.accepts_jobs);
    let default = match (kind, app.config.jobs.default_provider) {
        (Kind::OcrExtract, ProviderChoice::Named(name)) => name.to_string(),
        _ => "auto".to_owned(),
    };
    Ok(Json(Providers {
        providers: accepting.map(|status| status.name).collect(),
        default,
        details,
    }))
}

/// Says whether drawings can be read now.
#[utoipa::path(
    get, path = "/api/v1/ocr/health", operation_id = "getOcrHealth", tag = "ocr",
    responses(
        (status = 200, description = "how the providers are; read `status`", body = ProvidersHealth),
        (status = 503, description = "the store is away", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn health(
    State(app): State<SharedApp>,
) -> Result<Json<ProvidersHealth>, ApiError> {
    health_of(&app, Kind::OcrExtract).await
}

/// Says whether drawings can be described now.
#[utoipa::path(
    get, path = "/api/v1/vision/health", operation_id = "getVisionHealth", tag = "vision",
    responses(
        (status = 200, description = "how the providers are; read `status`", body = ProvidersHealth),
        (status = 503, description = "the store is away", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn health_vision(
    State(app): State<SharedApp>,
) -> Result<Json<ProvidersHealth>, ApiError> {
    health_of(&app, Kind::VisionAnalyze).await
}

async fn health_of(app: &SharedApp, kind: Kind) -> Result<Json<ProvidersHealth>, ApiError> {
    let workers = app.store.workers().await?;
    let statuses = fleet::statuses(kind, &workers);
    let served: Vec<_> = statuses.iter().filter(|status| status.workers > 0).collect();
    let status = match served.iter().filter(|status| status.ready).count() {
        _ if served.is_empty() => "unavailable",
        0 => "unhealthy",
        ready if ready < served.len() => "degraded",
        _ => "healthy",
    };
    let providers = statuses.into_iter().map(|status| ProviderHealth {
        name: status.name,
        ready: status.ready,
        error: status.problem,
    });
    Ok(Json(ProvidersHealth { status, providers: providers.collect() }))
}
