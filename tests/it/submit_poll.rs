//! The main job: drawings go in over HTTP, two workers read them, the answers come back.

use std::collections::BTreeMap;

use cad_tests::drawings;
use cad_tests::fleet::{Fleet, Settings};
use cad_tests::scratch::Scratch;
use cad_tests::wait::seconds;
use futures_util::future::join_all;
use serde_json::Value;
use tokio::process::Command;

#[tokio::test]
async fn fifty_drawings_are_completed_by_both_workers_as_cad_extract_reads_them() {
    let fleet = Fleet::start(2, &[]).await;
    let parts = drawings::parts(25);
    let expected = extracted(&fleet.settings, &parts).await;

    let submissions = (0..50).map(|number| {
        let index = number % parts.len();
        let (client, part) = (fleet.client(), &parts[index]);
        async move { (index, client.submit(&format!("{index}.png"), part).await.id) }
    });
    let jobs = join_all(submissions).await;

    for (index, id) in &jobs {
        let job = fleet.client().completed(id, seconds(150)).await;
        assert_eq!(job.attempt, 1);
        let reading = comparable(job.result.unwrap());
        assert_eq!(reading, expected[index], "part {index}");
    }
    let texts =
        expected.values().filter(|reading| !reading["dimensions"].as_array().unwrap().is_empty());
    assert!(texts.count() > 5, "the parts have dimensions on them");
    let completed = [("kind", "ocr"), ("provider", "paddle"), ("state", "completed")];
    for worker in &fleet.workers {
        let metrics = worker.admin.metrics().await;
        assert!(metrics.value("jobs_total", &completed) >= 5.0, "each worker has its share");
        assert!(
            metrics.value("ocr_requests_total", &[("provider", "paddle"), ("status", "success")])
                >= 5.0
        );
    }
    assert_eq!(fleet.worked("jobs_total", &completed).await, 50.0);
}

#[tokio::test]
async fn result_is_served_byte_for_byte_and_once_more_as_not_modified() {
    let fleet = Fleet::start(1, &[]).await;
    let job = fleet.client().submit("part.png", &drawings::small()).await;
    fleet.client().completed(&job.id, seconds(30)).await;
    let path = format!("/api/v1/jobs/{}/result", job.id);

    let first = fleet.client().get(&path).await;
    let tag = first.header("etag").to_owned();
    let request = fleet.client().request(reqwest::Method::GET, &path).header("if-none-match", &tag);
    let second = cad_tests::client::Answer::of(request).await;

    assert_eq!(first.status, 200);
    assert_eq!(first.json()["v"], 1);
    assert!(!tag.is_empty());
    assert_eq!((second.status, second.body.len()), (304, 0));
}

#[tokio::test]
async fn waiting_submission_answers_with_the_finished_job() {
    let fleet = Fleet::start(1, &[]).await;
    let request = fleet.client().upload("/api/v1/ocr/extract", "part.png", &drawings::small());

    let answer = cad_tests::client::Answer::of(request.header("prefer", "wait=30")).await;

    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("preference-applied"), "wait=30");
    let job = answer.job();
    assert!(job.state.is_terminal());
    assert!(job.result.is_some());
}

#[tokio::test]
async fn second_request_for_a_drawing_comes_from_the_cache() {
    let fleet = Fleet::start(1, &[("OCR_CACHE_TTL", "60")]).await;
    let part = drawings::small();
    let first = fleet.client().submit("a.png", &part).await;
    let first = fleet.client().completed(&first.id, seconds(30)).await;

    let second = fleet.client().submit("b.png", &part).await;
    let second = fleet.client().completed(&second.id, seconds(30)).await;

    assert_eq!(first.result, second.result);
    let hits = fleet.worked("ocr_requests_total", &[("status", "cache_hit")]).await;
    let runs = fleet.worked("ocr_requests_total", &[("status", "success")]).await;
    assert_eq!((hits, runs), (1.0, 1.0));
}

/// What `cad extract` reads in each part, by its index.
async fn extracted(settings: &Settings, parts: &[Vec<u8>]) -> BTreeMap<usize, Value> {
    let folder = Scratch::new("parts");
    let mut command = Command::from(settings.command("cad"));
    command.args(["extract", "--json"]);
    for (index, part) in parts.iter().enumerate() {
        command.arg(folder.write(&format!("{index:02}.png"), part));
    }
    let output = command.output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let readings = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    readings.map(|line| comparable(line["result"].clone())).enumerate().collect()
}

/// A reading without what the clock says.
fn comparable(mut reading: Value) -> Value {
    let fields = reading.as_object_mut().unwrap();
    for timing in ["processing_time_ms", "stages_latency_ms"] {
        fields.remove(timing).unwrap_or_else(|| panic!("a reading has {timing}"));
    }
    reading
}
