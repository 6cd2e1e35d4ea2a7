//! The process's metrics, for Prometheus.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};

use crate::SharedApp;
use crate::error::ApiError;

/// The text form of Prometheus.
const TEXT_FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Shows the metrics of this process.
#[utoipa::path(
    get, path = "/metrics", operation_id = "getMetrics", tag = "operations",
    responses(
        (status = 200, description = "Prometheus' text form", content_type = "text/plain"),
        (status = 404, description = "metrics are off"),
    )
)]
pub(crate) async fn show(State(app): State<SharedApp>) -> Result<Response, ApiError> {
    let scrape = app.scrape.clone().ok_or(ApiError::MetricsOff)?;
    // Writing thousands of series out takes milliseconds.
    let rendering = tokio::task::spawn_blocking(move || scrape.render()).await;
    let text = rendering.map_err(|_| ApiError::Defect("rendering metrics panicked"))?;
    Ok(([(header::CONTENT_TYPE, TEXT_FORMAT)], text).into_response())
}
