//! Every route and every layer of the API.

use std::any::Any;
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderValue, header};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use utoipa::OpenApi as _;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::SharedApp;
use crate::error::ApiError;
use crate::routes::{dead, docs, health, jobs, metrics, ocr, providers, queues, results};
use crate::{admission, auth, trace};

/// The way from a request to its handler. Of several layers, the last one added sees it first.
pub(crate) fn router(app: &SharedApp) -> Router {
    let app = Arc::clone(app);
    let submissions = submissions()
        .layer(DefaultBodyLimit::disable())
        .route_layer(from_fn_with_state(Arc::clone(&app), admission::limit_rate));
    let calls = submissions
        .merge(calls())
        .route_layer(from_fn_with_state(Arc::clone(&app), admission::limit_concurrency))
        .route_layer(from_fn_with_state(Arc::clone(&app), auth::identify));
    let no_sniff = HeaderValue::from_static("nosniff");
    Router::from(calls.merge(operations()))
        .route("/", get(docs::index))
        .route("/docs", get(docs::page))
        .route("/openapi.json", get(docs::openapi))
        .fallback(no_route)
        .layer(CatchPanicLayer::custom(panicked))
        .layer(SetResponseHeaderLayer::if_not_present(header::X_CONTENT_TYPE_OPTIONS, no_sniff))
        .layer(from_fn(trace::follow))
        .with_state(app)
}

/// Calls that bring work; these are counted against the rate limit.
fn submissions() -> OpenApiRouter<SharedApp> {
    OpenApiRouter::new().routes(routes!(ocr::extract)).routes(routes!(ocr::extract_base64))
}

/// Calls about work and the fleet.
fn calls() -> OpenApiRouter<SharedApp> {
    OpenApiRouter::new()
        .routes(routes!(jobs::show, jobs::cancel))
        .routes(routes!(jobs::list))
        .routes(routes!(results::show))
        .routes(routes!(results::show_overlay))
        .routes(routes!(providers::list))
        .routes(routes!(providers::health))
        .routes(routes!(queues::list))
        .routes(routes!(queues::pause))
        .routes(routes!(queues::resume))
        .routes(routes!(queues::reset_circuit))
        .routes(routes!(dead::list))
        .routes(routes!(dead::requeue))
        .routes(routes!(dead::purge))
        .routes(routes!(providers::list_vision))
        .routes(routes!(providers::health_vision))
}

/// Calls of operators and probes: without keys, and answered however busy the process is.
fn operations() -> OpenApiRouter<SharedApp> {
    OpenApiRouter::new()
        .routes(routes!(health::health))
        .routes(routes!(health::ready))
        .routes(routes!(health::livez))
        .routes(routes!(metrics::show))
}

/// The description of every route, as JSON text.
pub(crate) fn describe() -> String {
    let routes = submissions().merge(calls()).merge(operations());
    let description =
        OpenApiRouter::<SharedApp>::with_openapi(docs::Description::openapi()).merge(routes);
    description.into_openapi().to_json().unwrap_or_default()
}

async fn no_route() -> ApiError {
    ApiError::NoRoute
}

/// The panic itself is in the log, written by the panic hook.
fn panicked(_panic: Box<dyn Any + Send>) -> Response {
    ApiError::Defect("handler panicked").into_response()
}
