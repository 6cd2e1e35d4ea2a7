//! What waits in the queues, and what operators do about their providers: pause, resume, reset a circuit.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use cad_common::contract::job::Kind;
use cad_common::provider::ProviderName;
use cad_common::store::orders::Order;
use futures_util::future;
use serde::Serialize;
use utoipa::ToSchema;

use crate::SharedApp;
use crate::error::ApiError;
use crate::problem::Problem;

/// What waits where.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Queues {
    queues: Vec<QueueDepth>,
}

/// What waits for one provider.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct QueueDepth {
    provider: ProviderName,
    kind: Kind,
    /// Jobs waiting in the high lane.
    high: u64,
    /// Jobs waiting in the normal lane.
    normal: u64,
    /// Jobs waiting in the low lane.
    low: u64,
    /// Subscriptions on its lanes.
    consumers: u64,
    /// Messages kept in the dead letters.
    dead: u64,
    /// Whether an operator lets its jobs wait.
    paused: bool,
}

/// An order that every worker of a provider follows within a second.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Ordered {
    provider: ProviderName,
    /// `paused`, `resumed` or `reset`.
    order: &'static str,
}

/// Counts what waits in the queues.
#[utoipa::path(
    get, path = "/api/v1/queues", operation_id = "listQueues", tag = "operations",
    responses(
        (status = 200, description = "what waits where", body = Queues),
        (status = 503, description = "queue or store is away", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list(State(app): State<SharedApp>) -> Result<Json<Queues>, ApiError> {
    let orders = app.store.orders().await?;
    let counting = ProviderName::ALL.map(|provider| {
        let app = &app;
        async move { app.queue.depth(provider).await.map(|depth| (provider, depth)) }
    });
    let depths = future::try_join_all(counting).await?;
    let queues = depths.into_iter().map(|(provider, depth)| QueueDepth {
        provider,
        kind: provider.kind(),
        high: depth.high,
        normal: depth.normal,
        low: depth.low,
        consumers: depth.consumers,
        dead: depth.dead,
        paused: orders.get(&provider).is_some_and(|orders| orders.is_paused),
    });
    Ok(Json(Queues { queues: queues.collect() }))
}

/// Lets the jobs of a provider wait; those that run are finished.
#[utoipa::path(
    post, path = "/api/v1/queues/{provider}/pause", operation_id = "pauseQueue", tag = "operations",
    params(("provider" = String, Path, description = "the provider")),
    responses(
        (status = 202, description = "every worker follows within a second", body = Ordered),
        (status = 422, description = "there is no such provider", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "the store is away", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn pause(
    State(app): State<SharedApp>,
    Path(provider): Path<String>,
) -> Result<(StatusCode, Json<Ordered>), ApiError> {
    give(&app, &provider, Order::Pause, "paused").await
}

/// Lets the workers take the jobs of a provider again.
#[utoipa::path(
    post, path = "/api/v1/queues/{provider}/resume", operation_id = "resumeQueue", tag = "operations",
    params(("provider" = String, Path, description = "the provider")),
    responses(
        (status = 202, description = "every worker follows within a second", body = Ordered),
        (status = 422, description = "there is no such provider", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "the store is away", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn resume(
    State(app): State<SharedApp>,
    Path(provider): Path<String>,
) -> Result<(StatusCode, Json<Ordered>), ApiError> {
    give(&app, &provider, Order::Resume, "resumed").await
}

/// Closes the circuit of a provider on every worker.
#[utoipa::path(
    post, path = "/api/v1/circuits/{provider}/reset", operation_id = "resetCircuit", tag = "operations",
    params(("provider" = String, Path, description = "the provider")),
    responses(
        (status = 202, description = "every worker follows within a second", body = Ordered),
        (status = 422, description = "there is no such provider", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "the store is away", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn reset_circuit(
    State(app): State<SharedApp>,
    Path(provider): Path<String>,
) -> Result<(StatusCode, Json<Ordered>), ApiError> {
    give(&app, &provider, Order::Reset, "reset").await
}

async fn give(
    app: &SharedApp,
    provider: &str,
    order: Order,
    word: &'static str,
) -> Result<(StatusCode, Json<Ordered>), ApiError> {
    let provider: ProviderName = provider.parse().map_err(ApiError::UnknownProvider)?;
    app.store.order(provider, order).await?;
    tracing::warn!(%provider, order = word, "an operator has given an order to all workers");
    Ok((StatusCode::ACCEPTED, Json(Ordered { provider, order: word })))
}
