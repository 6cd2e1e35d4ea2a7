//! A job's life besides its reading: deadline, cancellation, idempotency, trace.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cad_common::contract::record::JobState;
use cad_common::error_code::{ErrorCode, Stage};
use cad_tests::client::{Answer, Client};
use cad_tests::drawings;
use cad_tests::fleet::Fleet;
use cad_tests::publisher::{self, Publisher};
use cad_tests::services;
use cad_tests::wait::{self, seconds};
use reqwest::Method;
use serde_json::json;
use tokio::time::Instant;

#[tokio::test]
async fn job_beyond_its_time_is_stopped_and_its_slot_is_free_for_the_next() {
    let fleet = Fleet::start(1, &[("OCR_TIMEOUT_MS", "4000"), ("JOB_MAX_ATTEMPTS", "1")]).await;
    let start = Instant::now();

    let job = fleet.client().submit("long.tif", &drawings::long(12)).await;
    let error = fleet.client().failed(&job.id, seconds(15)).await;

    assert_eq!(error.code, ErrorCode::ProviderTimeout, "{error:?}");
    assert_eq!(error.stage, Some(Stage::Infer));
    assert!(start.elapsed() < seconds(12), "the run was stopped, not waited for");
    let labels = [("provider", "paddle"), ("code", "PROVIDER_TIMEOUT"), ("stage", "infer")];
    assert_eq!(fleet.worked("ocr_errors_total", &labels).await, 1.0);
    assert!(fleet.worked("error_rate_ema", &[("service", "ocr")]).await > 0.0);
    fleet.worker().ready().await;
    let next = fleet.client().submit("part.png", &drawings::small()).await;
    fleet.client().completed(&next.id, seconds(20)).await;
}

#[tokio::test]
async fn job_that_times_out_is_tried_as_often_as_allowed() {
    let fleet = Fleet::start(1, &[("OCR_TIMEOUT_MS", "300"), ("JOB_MAX_ATTEMPTS", "2")]).await;

    let job = fleet.client().submit("long.tif", &drawings::long(12)).await;
    let job = fleet.client().ended(&job.id, seconds(30)).await;

    assert_eq!((job.state, job.attempt), (JobState::Failed, 2));
    assert_eq!(job.error.unwrap().code, ErrorCode::ProviderTimeout);
    assert_eq!(fleet.worked("job_retries_total", &[("reason", "PROVIDER_TIMEOUT")]).await, 1.0);
}

#[tokio::test]
async fn canceled_running_job_stops_within_a_second() {
    let fleet = Fleet::start(1, &[]).await;
    let job = fleet.client().submit("long.tif", &drawings::long(12)).await;
    fleet.client().reached(&job.id, JobState::InProgress, seconds(10)).await;

    let answer = fleet.client().cancel(&job.id).await;

    assert_eq!((answer.status, answer.job().state), (200, JobState::Canceled));
    let is_free = async || (fleet.worker().in_flight().await == 0.0).then_some(());
    wait::until("the slot is free", seconds(1), is_free).await;
    let next = fleet.client().submit("part.png", &drawings::small()).await;
    fleet.client().completed(&next.id, seconds(20)).await;
    assert_eq!(fleet.client().job(&job.id).await.state, JobState::Canceled);
    let again = fleet.client().cancel(&job.id).await;
    assert_eq!((again.status, again.job().state), (200, JobState::Canceled));
}

#[tokio::test]
async fn canceled_waiting_job_is_never_started() {
    let fleet = Fleet::start(1, &[]).await;
    let running = fleet.client().submit("long.tif", &drawings::long(2)).await;
    fleet.client().reached(&running.id, JobState::InProgress, seconds(10)).await;
    let waiting = fleet.client().submit("part.png", &drawings::small()).await;

    let answer = fleet.client().cancel(&waiting.id).await;

    assert_eq!((answer.status, answer.job().state), (200, JobState::Canceled));
    fleet.client().completed(&running.id, seconds(60)).await;
    let has_drained =
        async || (fleet.worked("jobs_total", &[("state", "canceled")]).await == 1.0).then_some(());
    wait::until("the canceled job's message is settled", seconds(10), has_drained).await;
    assert_eq!(fleet.client().job(&waiting.id).await.attempt, 0);
    let late = fleet.client().cancel(&running.id).await;
    assert_eq!((late.status, late.problem().1.as_str()), (409, "job_ended"));
}

#[tokio::test]
async fn high_lane_goes_before_the_normal_one() {
    let fleet = Fleet::start(1, &[]).await;
    let running = fleet.client().submit("long.tif", &drawings::long(1)).await;
    fleet.client().reached(&running.id, JobState::InProgress, seconds(10)).await;
    let part = drawings::small();
    let mut normal = Vec::new();
    for _ in 0..4 {
        normal.push(fleet.client().submit("normal.png", &part).await.id);
    }

    let urgent =
        fleet.client().post_to("/api/v1/ocr/extract?lane=high", "high.png", &part).await.job();

    fleet.client().completed(&urgent.id, seconds(60)).await;
    let last = normal.last().unwrap();
    assert!(!fleet.client().job(last).await.state.is_terminal(), "the normal ones still wait");
    fleet.client().completed(last, seconds(60)).await;
}

#[tokio::test]
async fn same_idempotency_key_gives_the_same_job_and_another_body_is_refused() {
    let fleet = Fleet::start(1, &[]).await;
    let parts = drawings::parts(2);
    let send = async |part: &[u8]| {
        let request = fleet.client().upload("/api/v1/ocr/extract", "part.png", part);
        Answer::of(request.header("idempotency-key", "order-4711")).await
    };

    let (first, again, other) =
        (send(&parts[0]).await, send(&parts[0]).await, send(&parts[1]).await);

    assert_eq!(first.status, 202);
    assert!([200, 202].contains(&again.status));
    assert_eq!(first.job().id, again.job().id);
    assert_eq!(again.header("idempotent-replayed"), "true");
    assert_eq!((other.status, other.problem().1.as_str()), (422, "idempotency_key_reused"));
    fleet.client().completed(&first.job().id, seconds(30)).await;
    assert_eq!(fleet.worked("jobs_total", &[("state", "completed")]).await, 1.0);
}

#[tokio::test]
async fn trace_id_of_a_request_is_found_in_the_logs_of_api_and_worker() {
    let fleet = Fleet::start(1, &[("TRACE_REQUESTS", "true")]).await;
    let request = fleet.client().upload("/api/v1/ocr/extract", "part.png", &drawings::small());

    let answer = Answer::of(request.header("x-trace-id", "debug-123")).await;

    assert_eq!(answer.header("x-trace-id"), "debug-123");
    let job = fleet.client().completed(&answer.job().id, seconds(30)).await;
    assert_eq!(job.trace_id.as_deref(), Some("debug-123"));
    for log in [fleet.api.process.log(), fleet.worker().process.log()] {
        let mut lines = log.lines().filter(|line| line.contains("debug-123"));
        assert!(lines.any(|line| line.contains(&job.id)), "{log}");
    }
    let done = fleet.worker().process.log();
    let done = done.lines().find(|line| line.contains("job completed")).unwrap();
    assert!(done.contains("provider=paddle") && done.contains("latency_ms="), "{done}");
}

#[tokio::test]
async fn expired_deadline_of_a_message_fails_the_job_without_running_it() {
    let fleet = Fleet::start(1, &[]).await;
    let publisher = Publisher::connect(fleet.addresses()).await;
    let id = uuid::Uuid::now_v7().to_string();
    let mut message = publisher::message(&json!({ "url": "http://example.invalid/a.png" }));
    message["job_id"] = json!(id);
    message["deadline"] = json!("2020-01-01T00:00:00Z");

    publisher.send(message.to_string().as_bytes(), publisher::as_json()).await;

    let error = fleet.client().failed(&id, seconds(10)).await;
    assert_eq!(error.code, ErrorCode::Timeout, "{error:?}");
    assert_eq!(fleet.worked("ocr_requests_total", &[("status", "start")]).await, 0.0);
}

#[tokio::test]
async fn message_whose_drawing_is_gone_fails_its_job_with_the_reason() {
    let fleet = Fleet::start(1, &[]).await;
    let publisher = Publisher::connect(fleet.addresses()).await;

    let id = publisher.send_job(&json!({ "blob": "0".repeat(64) })).await;

    let error = fleet.client().failed(&id, seconds(10)).await;
    assert_eq!(error.reason.as_deref(), Some("blob_missing"), "{error:?}");
}

#[tokio::test]
async fn same_message_five_times_is_one_result() {
    let fleet = Fleet::start(2, &[]).await;
    let publisher = Publisher::connect(fleet.addresses()).await;
    let id = uuid::Uuid::now_v7().to_string();
    let drawing = STANDARD.encode(drawings::small());
    let mut message = publisher::message(&json!({ "inline": drawing }));
    message["job_id"] = json!(id);

    for _ in 0..5 {
        publisher.send(message.to_string().as_bytes(), publisher::as_json()).await;
    }

    let job = fleet.client().completed(&id, seconds(20)).await;
    let is_drained = async || (depth(fleet.client()).await == 0).then_some(());
    wait::until("all five are settled", seconds(20), is_drained).await;
    let mut running = 0.0;
    for worker in &fleet.workers {
        running += worker.in_flight().await;
    }
    assert_eq!(running, 0.0);
    assert_eq!(fleet.worked("jobs_total", &[("state", "completed")]).await, 1.0);
    assert_eq!(fleet.client().completed(&id, seconds(1)).await.result, job.result);
}

#[tokio::test]
async fn every_queue_of_the_fleet_is_declared_as_durable_and_named_by_the_contract() {
    let fleet = Fleet::start(1, &[]).await;
    let addresses = fleet.addresses();
    let connection =
        lapin::Connection::connect(&addresses.amqp, lapin::ConnectionProperties::default())
            .await
            .unwrap();

    for name in services::queue_names(&addresses.namespace) {
        let channel = connection.create_channel().await.unwrap();
        let options = lapin::options::QueueDeclareOptions { passive: true, ..Default::default() };
        let found = channel.queue_declare(name.as_str().into(), options, Default::default()).await;
        assert!(found.is_ok(), "{name}: {found:?}");
    }
}

/// Messages that wait for paddle.
async fn depth(client: &Client) -> u64 {
    let answer = Answer::of(client.request(Method::GET, "/api/v1/queues")).await.json();
    let queues = answer["queues"].as_array().unwrap();
    let paddle = queues.iter().find(|queue| queue["provider"] == "paddle").unwrap();
    ["high", "normal", "low"].iter().map(|lane| paddle[lane].as_u64().unwrap()).sum()
}
