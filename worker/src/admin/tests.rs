//! The admin port, asked through its router.

use axum::body::{Body, to_bytes};
use axum::http::Request;
use cad_common::queue::embedded::EmbeddedQueue;
use serde_json::Value;
use tokio::sync::watch;
use tower::ServiceExt as _;

use super::*;
use crate::pool::Standing;
use crate::testing::{PROVIDER, rig};

fn admin(standing: Standing) -> Arc<Admin> {
    let (_, standing) = watch::channel(standing);
    Arc::new(Admin {
        stations: vec![Arc::new(Station::new(PROVIDER, 2, standing))],
        pulse: Arc::new(Pulse::new()),
        queue: Queue::Embedded(EmbeddedQueue::new()),
        store: rig(&[]).store,
        scrape: None,
        shown: BTreeMap::from([("WORKERS", "2".to_owned())]),
        shutdown: Shutdown::new(),
    })
}

async fn asked(admin: &Arc<Admin>, method: &str, path: &str) -> (StatusCode, Value) {
    let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
    let response = router(Arc::clone(admin)).oneshot(request).await.unwrap();
    let status = response.status();
    let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    (status, serde_json::from_slice(&body).unwrap_or_default())
}

#[tokio::test]
async fn it_is_ready_when_queue_store_and_models_are() {
    let admin = admin(Standing { ready: 1, ..Standing::default() });

    let (status, body) = asked(&admin, "GET", "/ready").await;

    assert_eq!((status, body["status"].as_str()), (StatusCode::OK, Some("ready")));
}

#[tokio::test]
async fn models_that_are_missing_are_named_with_the_fix() {
    let problem = "models/x.onnx: is missing; run `make models`".to_owned();
    let admin = admin(Standing { problem: Some(problem.clone()), ..Standing::default() });

    let (status, body) = asked(&admin, "GET", "/ready").await;

    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(body["models"]["paddle"]["problem"].as_str(), Some(problem.as_str()));
    assert_eq!(body["queue"]["is_ok"], true);
}

#[tokio::test]
async fn a_stopping_worker_is_not_ready_but_alive() {
    let admin = admin(Standing { ready: 1, ..Standing::default() });
    admin.shutdown.stop();

    let (ready, body) = asked(&admin, "GET", "/ready").await;
    let (alive, _) = asked(&admin, "GET", "/livez").await;

    assert_eq!(
        (ready, body["status"].as_str()),
        (StatusCode::SERVICE_UNAVAILABLE, Some("stopping"))
    );
    assert_eq!(alive, StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn a_loop_without_a_sign_of_life_is_named() {
    let admin = admin(Standing::default());
    tokio::time::advance(Duration::from_secs(31)).await;
    admin.pulse.beat();

    let (status, body) = asked(&admin, "GET", "/livez").await;

    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(body["hanging"], serde_json::json!(["paddle"]));
}

#[tokio::test]
async fn health_shows_settings_and_providers() {
    let admin = admin(Standing { ready: 2, busy: 1, ..Standing::default() });

    let (status, body) = asked(&admin, "GET", "/health").await;

    assert_eq!((status, body["status"].as_str()), (StatusCode::OK, Some("healthy")));
    assert_eq!(body["config"]["WORKERS"], "2");
    assert_eq!(body["runtime"]["providers"][0]["circuit"], "closed");
    assert_eq!(body["runtime"]["providers"][0]["busy"], 1);
}

#[tokio::test]
async fn a_reset_reaches_the_consumer() {
    let admin = admin(Standing::default());

    let (status, _) = asked(&admin, "POST", "/circuits/paddle/reset").await;
    let (unknown, body) = asked(&admin, "POST", "/circuits/onnx/reset").await;

    assert_eq!((status, unknown), (StatusCode::ACCEPTED, StatusCode::NOT_FOUND));
    assert_eq!(body["served"], serde_json::json!(["paddle"]));
    let asked = tokio::time::timeout(Duration::from_secs(5), admin.stations[0].reset_asked()).await;
    assert!(asked.is_ok());
}

#[tokio::test]
async fn metrics_that_are_off_say_so() {
    let (status, _) = asked(&admin(Standing::default()), "GET", "/metrics").await;

    assert_eq!(status, StatusCode::NOT_FOUND);
}
