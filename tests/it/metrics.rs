//! What Prometheus and the runbook's dashboards find on `/metrics`.

use std::process::Stdio;

use cad_tests::client::Client;
use cad_tests::fleet::Fleet;
use cad_tests::publisher::Publisher;
use cad_tests::scratch::in_repository;
use cad_tests::wait::{self, seconds};
use cad_tests::{broken, drawings};
use lapin::BasicProperties;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

/// Every series of the runbook that reading drawings can produce, as a worker shows it, with labels.
const RUNBOOK: &[(&str, &[(&str, &str)])] = &[
    ("ocr_requests_total", &[("provider", "paddle"), ("status", "start")]),
    ("ocr_requests_total", &[("provider", "paddle"), ("status", "success")]),
    ("ocr_requests_total", &[("provider", "paddle"), ("status", "input_error")]),
    ("ocr_processing_duration_seconds_bucket", &[("provider", "paddle"), ("le", "+Inf")]),
    ("ocr_processing_duration_seconds_count", &[("provider", "paddle")]),
    ("ocr_errors_total", &[("provider", "paddle"), ("code", "INPUT_ERROR")]),
    ("ocr_stage_duration_seconds_count", &[("provider", "paddle"), ("stage", "preprocess")]),
    ("ocr_stage_duration_seconds_count", &[("provider", "paddle"), ("stage", "infer")]),
    ("ocr_stage_duration_seconds_count", &[("provider", "paddle"), ("stage", "parse")]),
    ("ocr_confidence_distribution_bucket", &[("le", "+Inf")]),
    ("ocr_item_confidence_distribution_bucket", &[("le", "+Inf")]),
    ("ocr_model_loaded", &[("provider", "paddle")]),
    ("jobs_total", &[("kind", "ocr"), ("provider", "paddle"), ("state", "completed")]),
    ("jobs_total", &[("kind", "ocr"), ("provider", "paddle"), ("state", "failed")]),
    ("job_queue_wait_seconds_count", &[]),
    ("job_end_to_end_seconds_count", &[]),
    ("jobs_dead_lettered_total", &[("reason", "invalid_message")]),
    ("worker_info", &[]),
    ("model_load_duration_seconds_count", &[]),
    ("ocr_pages_total", &[]),
    ("process_resident_memory_bytes", &[]),
];

/// Gauges that are there and zero as long as all is well.
const QUIET: &[(&str, &[(&str, &str)])] = &[
    ("error_rate_ema", &[("service", "ocr")]),
    ("error_rate_ema", &[("service", "vision")]),
    ("circuit_breaker_state", &[("circuit", "paddle")]),
    ("jobs_in_flight", &[("provider", "paddle")]),
];

#[tokio::test]
async fn worker_shows_every_metric_of_the_runbook_moved_by_its_jobs() {
    let fleet = Fleet::start(1, &[]).await;
    let worker = &fleet.worker().admin;
    let jobs = [("kind", "ocr"), ("provider", "paddle"), ("state", "completed")];
    assert_eq!(worker.metrics().await.value("jobs_total", &jobs), 0.0);

    work(&fleet).await;

    let has_settled = async || {
        let metrics = worker.metrics().await;
        (metrics.value("jobs_in_flight", &[("provider", "paddle")]) == 0.0).then_some(metrics)
    };
    let metrics = wait::until("no job is in flight", seconds(5), has_settled).await;
    for (name, labels) in RUNBOOK {
        assert!(metrics.value(name, labels) > 0.0, "{name}{labels:?} has moved");
    }
    for (name, labels) in QUIET {
        assert_eq!(metrics.get(name, labels), Some(0.0), "{name}{labels:?} is there");
    }
    assert_eq!(metrics.value("jobs_total", &jobs), 2.0);
}

#[tokio::test]
async fn api_shows_its_rejections_and_health_checks() {
    let fleet = Fleet::start(0, &[]).await;
    let api = fleet.client();

    api.post("empty.png", b"").await;
    let is_ready = async || (api.get("/ready").await.status == 200).then_some(());
    wait::until("the api is ready", seconds(10), is_ready).await;

    let metrics = api.metrics().await;
    assert_eq!(metrics.value("ocr_input_rejected_total", &[("reason", "empty_file")]), 1.0);
    assert_eq!(metrics.get("ocr_input_rejected_total", &[("reason", "file_too_large")]), Some(0.0));
    assert_eq!(
        metrics.value("health_requests_total", &[("endpoint", "ready"), ("status", "success")]),
        1.0
    );
    assert!(metrics.get("error_rate_ema", &[("service", "vision")]).is_some());
    assert!(metrics.value("process_cpu_seconds_total", &[]) > 0.0);
}

#[tokio::test]
async fn metrics_of_api_and_worker_pass_promtool() {
    let fleet = Fleet::start(1, &[]).await;
    work(&fleet).await;

    for client in [fleet.client(), &fleet.worker().admin] {
        let problems = promtool(client).await;
        assert!(problems.is_empty(), "{problems}");
    }
}

/// Two jobs that complete, one that fails, one dead letter.
async fn work(fleet: &Fleet) {
    let publisher = Publisher::connect(fleet.addresses()).await;
    publisher.send(b"garbage", BasicProperties::default()).await;
    let bad = fleet.client().submit("bad.png", &broken::truncated_png()).await;
    for part in drawings::parts(2) {
        let job = fleet.client().submit("part.png", &part).await;
        fleet.client().completed(&job.id, seconds(30)).await;
    }
    fleet.client().failed(&bad.id, seconds(30)).await;
    wait::until("garbage is dead", seconds(10), async || publisher.dead_letter().await).await;
}

/// What `promtool check metrics` complains of.
async fn promtool(client: &Client) -> String {
    let fetched = in_repository("target/tools/promtool");
    let program = if fetched.exists() { fetched } else { "promtool".into() };
    let mut child = Command::new(program)
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("promtool is fetched by `make tools`");
    let scrape = client.get("/metrics").await;
    assert!(scrape.header("content-type").starts_with("text/plain; version=0.0.4"));
    child.stdin.take().unwrap().write_all(&scrape.body).await.unwrap();
    let output = child.wait_with_output().await.unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    if output.status.success() { String::new() } else { format!("{}: {said}", output.status) }
}
