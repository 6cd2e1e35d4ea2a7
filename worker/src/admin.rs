//! The worker's port for operators and Prometheus: metrics, health, and the reset of a circuit.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use cad_common::contract::job::Kind;
use cad_common::metrics::labels::HealthEndpoint;
use cad_common::metrics::{self, Scrape};
use cad_common::provider::ProviderName;
use cad_common::queue::Queue;
use cad_common::shutdown::Shutdown;
use cad_common::store::{CircuitState, ProviderReport, Store};
use serde::Serialize;
use tokio::net::TcpListener;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::gate::Causes;
use crate::station::{Intake, Pulse, Station};

/// Less than the second after which probes give up by default.
const CHECK_LIMIT: Duration = Duration::from_millis(500);

/// The exposition format that Prometheus asks for.
const METRICS_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What the port shows.
#[derive(Debug)]
pub(crate) struct Admin {
    pub(crate) stations: Vec<Arc<Station>>,
    /// Of the heartbeat.
    pub(crate) pulse: Arc<Pulse>,
    pub(crate) queue: Queue,
    pub(crate) store: Store,
    pub(crate) scrape: Option<Scrape>,
    pub(crate) shown: BTreeMap<&'static str, String>,
    pub(crate) shutdown: Shutdown,
}

/// Serves until `done`.
pub(crate) async fn serve(listener: TcpListener, admin: Admin, done: CancellationToken) {
    let serving = axum::serve(listener, router(Arc::new(admin)))
        .with_graceful_shutdown(done.clone().cancelled_owned());
    let cut_off = async {
        done.cancelled().await;
        tokio::time::sleep(CHECK_LIMIT).await;
    };
    tokio::select! {
        outcome = serving => {
            if let Err(error) = outcome {
                tracing::error!(%error, "admin port failed");
            }
        }
        // A connection that is kept open does not hold up the end.
        () = cut_off => {}
    }
}

fn router(admin: Arc<Admin>) -> Router {
    Router::new()
        .route("/metrics", get(show_metrics))
        .route("/livez", get(livez))
        .route("/ready", get(ready))
        .route("/health", get(health))
        .route("/circuits/{provider}/reset", post(reset_circuit))
        .route("/queues/{provider}/pause", post(pause))
        .route("/queues/{provider}/resume", post(resume))
        .with_state(admin)
}

async fn show_metrics(State(admin): State<Arc<Admin>>) -> Response {
    match &admin.scrape {
        Some(scrape) => ([(header::CONTENT_TYPE, METRICS_TYPE)], scrape.render()).into_response(),
        None => {
            (StatusCode::NOT_FOUND, "metrics are off, METRICS_ENABLED is false\n").into_response()
        }
    }
}

async fn livez(State(admin): State<Arc<Admin>>) -> Response {
    let begin = Instant::now();
    let hanging = admin.hanging();
    let is_alive = hanging.is_empty();
    let status = status_of(is_alive);
    metrics::health_request(HealthEndpoint::Livez, status.as_u16(), begin.elapsed());
    let word = if is_alive { "alive" } else { "hanging" };
    (status, Json(serde_json::json!({ "status": word, "hanging": hanging }))).into_response()
}

async fn ready(State(admin): State<Arc<Admin>>) -> Response {
    let begin = Instant::now();
    let readiness = admin.readiness().await;
    let status = status_of(readiness.is_ready());
    metrics::health_request(HealthEndpoint::Ready, status.as_u16(), begin.elapsed());
    (status, Json(readiness)).into_response()
}

async fn health(State(admin): State<Arc<Admin>>) -> Response {
    let begin = Instant::now();
    let readiness = admin.readiness().await;
    let status = if readiness.is_ready() { "healthy" } else { "degraded" };
    let page = serde_json::json!({
        "status": status,
        "version": env!("CARGO_PKG_VERSION"),
        "services": readiness,
        "runtime": { "providers": admin.reports(), "models": admin.models() },
        "error_rate_ema": { "ocr": metrics::error_rate(Kind::OcrExtract), "vision": metrics::error_rate(Kind::VisionAnalyze) },
        "config": admin.shown,
    });
    metrics::health_request(HealthEndpoint::Health, 200, begin.elapsed());
    Json(page).into_response()
}

async fn reset_circuit(State(admin): State<Arc<Admin>>, Path(provider): Path<String>) -> Response {
    admin.order(&provider, |station| {
        station.ask_for_reset();
        serde_json::json!({ "provider": station.provider, "circuit": CircuitState::Closed })
    })
}

async fn pause(State(admin): State<Arc<Admin>>, Path(provider): Path<String>) -> Response {
    admin.order(&provider, |station| set_pause(station, true))
}

async fn resume(State(admin): State<Arc<Admin>>, Path(provider): Path<String>) -> Response {
    admin.order(&provider, |station| set_pause(station, false))
}

fn set_pause(station: &Station, is_paused: bool) -> serde_json::Value {
    station.pause(is_paused);
    serde_json::json!({ "provider": station.provider, "paused": is_paused })
}

const fn status_of(is_well: bool) -> StatusCode {
    if is_well { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }
}

/// The answer of `/ready`.
#[derive(Debug, Serialize)]
struct Readiness {
    status: &'static str,
    queue: Check,
    store: Check,
    /// Settings of the store under which results can be lost, each with its fix.
    store_risks: Vec<String>,
    models: BTreeMap<ProviderName, Check>,
}

#[derive(Debug, Serialize)]
struct Check {
    is_ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
}

impl Check {
    fn of(outcome: Result<(), String>) -> Self {
        Self { is_ok: outcome.is_ok(), problem: outcome.err() }
    }
}

impl Readiness {
    fn is_ready(&self) -> bool {
        self.status == "ready"
    }
}

impl Admin {
    /// Gives an order to the consumer of a provider, which follows at once.
    fn order(&self, provider: &str, give: impl FnOnce(&Station) -> serde_json::Value) -> Response {
        if let Some(station) = self.stations.iter().find(|one| one.provider.as_str() == provider) {
            return (StatusCode::ACCEPTED, Json(give(station))).into_response();
        }
        let served: Vec<_> = self.stations.iter().map(|station| station.provider).collect();
        let body = serde_json::json!({ "detail": "this worker does not serve the provider", "served": served });
        (StatusCode::NOT_FOUND, Json(body)).into_response()
    }

    async fn readiness(&self) -> Readiness {
        let (queue, store) = tokio::join!(
            tokio::time::timeout(CHECK_LIMIT, self.queue.check()),
            tokio::time::timeout(CHECK_LIMIT, self.store.check()),
        );
        let late = || format!("no answer within {} ms", CHECK_LIMIT.as_millis());
        let queue = queue
            .map_or_else(
                |_| Err(late()),
                |outcome| outcome.map_err(|error| Causes(&error).to_string()),
            )
            .and_then(|()| self.intake());
        let store = store.map_or_else(
            |_| Err(late()),
            |outcome| outcome.map_err(|error| Causes(&error).to_string()),
        );
        let models: BTreeMap<_, _> = self
            .stations
            .iter()
            .map(|station| (station.provider, Check::of(models_of(station))))
            .collect();
        let is_ready = queue.is_ok() && store.is_ok() && models.values().all(|check| check.is_ok);
        Readiness {
            status: match (self.shutdown.is_stopping(), is_ready) {
                (true, _) => "stopping",
                (false, true) => "ready",
                (false, false) => "not ready",
            },
            queue: Check::of(queue),
            store_risks: store.as_ref().map(|health| health.risks.clone()).unwrap_or_default(),
            store: Check::of(store.map(|_| ())),
            models,
        }
    }

    /// Publishing may work where consuming doesn't: they have a connection each.
    fn intake(&self) -> Result<(), String> {
        let cut_off = self.stations.iter().find(|station| station.intake() == Intake::CutOff);
        cut_off.map_or(Ok(()), |station| {
            Err(format!("jobs of {} can't arrive, no subscription stands", station.provider))
        })
    }

    fn reports(&self) -> Vec<ProviderReport> {
        self.stations.iter().map(|station| station.report()).collect()
    }

    fn models(&self) -> BTreeMap<ProviderName, BTreeMap<String, String>> {
        let versions =
            |station: &Arc<Station>| (station.provider, station.standing.borrow().versions.clone());
        self.stations.iter().map(versions).collect()
    }

    /// Loops that have given no sign of life lately.
    fn hanging(&self) -> Vec<&'static str> {
        let consumers = self.stations.iter().filter(|station| !station.pulse.is_alive());
        let mut hanging: Vec<_> = consumers.map(|station| station.provider.as_str()).collect();
        if !self.pulse.is_alive() {
            hanging.push("heartbeat");
        }
        hanging
    }
}

fn models_of(station: &Station) -> Result<(), String> {
    let standing = station.standing.borrow();
    if standing.ready > 0 {
        return Ok(());
    }
    Err(standing.problem.clone().unwrap_or_else(|| "models are being loaded".to_owned()))
}

#[cfg(test)]
mod tests;
