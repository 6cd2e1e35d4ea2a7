//! What operators, probes and machines ask for.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use cad_common::provider::ProviderName;
use cad_common::queue::Queue;
use cad_common::queue::embedded::EmbeddedQueue;
use cad_common::store::redis::RedisStore;
use cad_common::store::{CircuitState, ProviderReport, Store, WorkerReport};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Api, config, form, png};

/// An API whose store answers nothing: nobody listens on that port.
fn without_store() -> Api {
    let config = config(&[("REDIS_URL", "redis://127.0.0.1:1"), ("RATE_LIMIT_QPS", "10")]);
    let store = Store::Redis(RedisStore::connect(&config.store).unwrap());
    Api::over(config, Queue::Embedded(EmbeddedQueue::new()), store)
}

async fn announce(api: &Api, is_ready: bool, circuit: CircuitState) {
    let provider = ProviderReport {
        name: ProviderName::Paddle,
        is_ready,
        problem: (!is_ready).then(|| "model is missing".to_owned()),
        slots: 2,
        busy: 1,
        is_paused: false,
        circuit,
        error_rate: 0.25,
        models: BTreeMap::new(),
        last_error: None,
    };
    let report = WorkerReport {
        id: "w1".to_owned(),
        host: "h1".to_owned(),
        version: "1".to_owned(),
        providers: vec![provider],
        reported_at: Timestamp::now(),
    };
    api.store.announce(&report, std::time::Duration::from_secs(60)).await.unwrap();
}

#[tokio::test]
async fn health_shows_what_the_runbook_asks_for() {
    let api = Api::with(&[("REDIS_URL", "redis://:hunter2@localhost:6379")]);
    announce(&api, true, CircuitState::Closed).await;

    let answer = api.get("/health").await;

    let health = answer.json();
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(health["status"], "healthy", "{health}");
    assert_eq!(health["services"]["ml"]["workers"], 1);
    for service in ["api", "ml", "redis", "rabbitmq"] {
        assert_eq!(health["services"][service]["status"], "ready", "{service}");
    }
    assert_eq!(health["runtime"]["error_rate_ema"], json!({ "ocr": 0.25, "vision": 0.0 }));
    assert_eq!(health["runtime"]["metrics_enabled"], false);
    assert_eq!(health["circuits"]["paddle"], "closed");
    assert_eq!(health["config"]["limits"]["ocr_timeout_ms"], 30_000);
    assert_eq!(health["config"]["environment"]["REDIS_URL"], "redis://***@localhost:6379");
    assert!(!answer.text().contains("hunter2"));
}

#[tokio::test]
async fn health_is_degraded_without_workers() {
    let api = Api::new();

    let health = api.get("/health").await.json();

    assert_eq!(health["status"], "degraded");
    assert_eq!(health["services"]["ml"]["detail"], "no worker is alive, jobs wait");
}

#[tokio::test]
async fn store_that_is_away_is_named_and_refuses_submissions_for_a_while() {
    let api = without_store();

    let ready = api.get("/ready").await;
    let submitted = api.send(form(&[("file", &png(9, 9))])).await;
    let polled = api.get("/api/v1/jobs/01940000-0000-7000-8000-000000000000").await;
    let health = api.get("/health").await;

    assert_eq!(ready.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(ready.json()["checks"]["redis"]["status"], "not_ready");
    assert_eq!(ready.json()["checks"]["rabbitmq"]["status"], "ready");
    submitted.assert_problem(503, "NETWORK_ERROR", "store_unavailable");
    assert!(submitted.header("retry-after").is_some());
    polled.assert_problem(503, "NETWORK_ERROR", "store_unavailable");
    assert_eq!((health.status, &health.json()["status"]), (StatusCode::OK, &json!("degraded")));
    assert_eq!(api.get("/livez").await.status, StatusCode::OK);
}

#[tokio::test]
async fn queue_that_is_away_leaves_no_record_behind() {
    let api = Api::new();
    api.queue.close().await;

    let answer = api.send(form(&[("file", &png(9, 9))])).await;

    answer.assert_problem(503, "NETWORK_ERROR", "queue_unavailable");
    assert!(answer.header("retry-after").is_some());
    let listed = api.get("/api/v1/jobs").await.json();
    assert_eq!(listed["jobs"].as_array().unwrap().len(), 0);
}

#[tokio::test]
async fn stopping_process_is_not_ready() {
    let api = Api::new();
    api.app.shutdown.stop();

    let ready = api.get("/ready").await;

    assert_eq!(ready.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(ready.json()["checks"]["api"]["detail"], "shutting down");
}

#[tokio::test]
async fn providers_are_what_workers_report() {
    let api = Api::new();
    let before = api.get("/api/v1/ocr/health").await.json();
    announce(&api, false, CircuitState::Open).await;

    let providers = api.get("/api/v1/ocr/providers").await.json();
    let health = api.get("/api/v1/ocr/health").await.json();

    assert_eq!(before["status"], "unavailable");
    assert_eq!(
        (&providers["providers"], &providers["default"]),
        (&json!(["paddle"]), &json!("auto"))
    );
    assert_eq!(providers["details"][0]["circuit"], "open");
    assert_eq!(
        (&providers["details"][0]["slots"], &providers["details"][0]["busy"]),
        (&json!(2), &json!(1))
    );
    assert_eq!(health["status"], "unhealthy");
    assert_eq!(health["providers"][0]["error"], "model is missing");
}

#[tokio::test]
async fn queues_are_counted() {
    let api = Api::new();
    api.submit().await;

    let queues = api.get("/api/v1/queues").await.json();

    let of_paddle = queues["queues"].as_array().unwrap().iter().find(|q| q["provider"] == "paddle");
    assert_eq!(of_paddle.unwrap()["normal"], 1);
}

#[tokio::test]
async fn metrics_that_are_off_are_not_found() {
    Api::new().get("/metrics").await.assert_problem(404, "INPUT_ERROR", "metrics_off");
}

#[tokio::test]
async fn unknown_paths_and_methods_are_problems() {
    let api = Api::new();
    let put = Request::put("/api/v1/ocr/extract").body(Body::empty()).unwrap();

    api.get("/nowhere").await.assert_problem(404, "INPUT_ERROR", "no_route");
    let wrong_method = api.send(put).await;
    wrong_method.assert_problem(405, "INPUT_ERROR", "method_not_allowed");
    assert_eq!(wrong_method.header("allow"), Some("POST"));
}

#[tokio::test]
async fn answers_are_not_to_be_sniffed() {
    let answer = Api::new().get("/livez").await;

    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
}

#[tokio::test]
async fn description_names_every_call() {
    let api = Api::new();

    let description = api.get("/openapi.json").await.json();

    assert!(description["openapi"].as_str().unwrap().starts_with("3.1"));
    let mut calls = Vec::new();
    for (path, methods) in description["paths"].as_object().unwrap() {
        for (method, call) in methods.as_object().unwrap() {
            calls.push(format!("{method} {path} {}", call["operationId"].as_str().unwrap()));
        }
    }
    calls.sort();
    let expected = [
        "delete /api/v1/jobs/{id} cancelJob",
        "get /api/v1/jobs listJobs",
        "get /api/v1/jobs/{id} getJob",
        "get /api/v1/jobs/{id}/overlay.svg getOverlay",
        "get /api/v1/jobs/{id}/result getResult",
        "get /api/v1/ocr/health getOcrHealth",
        "get /api/v1/ocr/providers listOcrProviders",
        "get /api/v1/queues listQueues",
        "get /health getHealth",
        "get /livez getLiveness",
        "get /metrics getMetrics",
        "get /ready getReadiness",
        "post /api/v1/ocr/extract extract",
        "post /api/v1/ocr/extract-base64 extractBase64",
    ];
    assert_eq!(calls, expected);
}

#[tokio::test]
async fn description_has_the_shapes_it_refers_to() {
    let text = Api::new().get("/openapi.json").await.text();
    let description: Value = serde_json::from_str(&text).unwrap();
    let schemas = description["components"]["schemas"].as_object().unwrap();

    for name in ["JobResource", "Problem", "Reading", "ErrorCode"] {
        assert!(schemas.contains_key(name), "{name}");
    }
    for reference in text.split("#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(schemas.contains_key(name), "{name} is referred to and missing");
    }
}

#[tokio::test]
async fn docs_page_loads_nothing_from_elsewhere() {
    let api = Api::new();

    let page = api.get("/docs").await;
    let index = api.get("/").await;

    assert!(page.header("content-type").unwrap().starts_with("text/html"));
    assert!(page.text().contains("<tr id=\"PROVIDER_DOWN\">"));
    assert!(!page.text().contains("https://") && !page.text().contains("http://"));
    assert!(page.header("content-security-policy").unwrap().contains("connect-src 'self'"));
    assert_eq!(index.header("location"), Some("/docs"));
}
