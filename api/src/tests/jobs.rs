//! Jobs after their submission.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use cad_common::contract::job::JobId;
use cad_common::contract::record::{JobError, JobState};
use cad_common::error_code::{ErrorCode, Stage};
use cad_common::store::Ending;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{Answer, Api, form, png, with_header};

fn path(id: JobId) -> String {
    format!("/api/v1/jobs/{id}")
}

fn get_with(path: &str, name: &'static str, value: &str) -> Request<Body> {
    with_header(Request::get(path).body(Body::empty()).unwrap(), name, value)
}

async fn delete(api: &Api, id: JobId) -> Answer {
    api.send(Request::delete(path(id)).body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn poll_follows_the_job_to_its_end() {
    let api = Api::new();
    let id = api.submit().await;

    let waiting = api.get(&path(id)).await;
    let result = api.complete(id).await;
    let done = api.get(&path(id)).await;
    let with_result = api.get(&format!("{}?include=result", path(id))).await;

    assert_eq!((waiting.status, &waiting.json()["state"]), (StatusCode::OK, &json!("pending")));
    assert_eq!(waiting.header("retry-after"), Some("1"));
    assert_eq!(done.json()["state"], "completed");
    assert_eq!(done.header("retry-after"), None);
    assert_eq!(done.json()["links"]["result"], format!("{}/result", path(id)));
    assert_eq!(done.json().get("result"), None);
    assert_eq!(with_result.json()["result"], serde_json::from_slice::<Value>(&result).unwrap());
}

#[tokio::test]
async fn unchanged_job_is_not_sent_again() {
    let api = Api::new();
    let id = api.submit().await;
    let first = api.get(&path(id)).await;
    let etag = first.header("etag").unwrap();

    let unchanged = api.send(get_with(&path(id), "if-none-match", etag)).await;
    api.complete(id).await;
    let changed = api.send(get_with(&path(id), "if-none-match", etag)).await;

    assert_eq!((unchanged.status, unchanged.body.len()), (StatusCode::NOT_MODIFIED, 0));
    assert_eq!(unchanged.header("etag"), Some(etag));
    assert_eq!(changed.status, StatusCode::OK);
}

#[tokio::test]
async fn result_is_served_as_it_was_stored_and_may_be_kept() {
    let api = Api::new();
    let id = api.submit().await;
    let result = api.complete(id).await;
    let path = format!("{}/result", path(id));

    let first = api.get(&path).await;
    let again = api.send(get_with(&path, "if-none-match", first.header("etag").unwrap())).await;

    assert_eq!((first.status, &first.body), (StatusCode::OK, &result));
    let cache_control = first.header("cache-control").unwrap();
    assert!(cache_control.starts_with("private, immutable, max-age=3"), "{cache_control}");
    assert_eq!(again.status, StatusCode::NOT_MODIFIED);
}

#[tokio::test]
async fn job_that_has_no_result_says_why() {
    let api = Api::new();
    let (waiting, failed, canceled) = (api.submit().await, api.submit().await, api.submit().await);
    let error = JobError::new(ErrorCode::ProviderTimeout, "no answer within 30 s").at(Stage::Infer);
    api.end(failed, Ending::Failed(error.with_reason("deadline"))).await;
    delete(&api, canceled).await;

    let of_waiting = api.get(&format!("{}/result", path(waiting))).await;
    let of_failed = api.get(&format!("{}/result", path(failed))).await;
    let of_canceled = api.get(&format!("{}/result", path(canceled))).await;

    of_waiting.assert_problem(409, "INPUT_ERROR", "job_not_finished");
    assert_eq!(of_waiting.header("retry-after"), Some("1"));
    of_failed.assert_problem(409, "PROVIDER_TIMEOUT", "deadline");
    assert_eq!(of_failed.json()["stage"], "infer");
    assert_eq!(of_failed.json()["provider"], "paddle");
    of_canceled.assert_problem(409, "INPUT_ERROR", "job_canceled");
}

#[tokio::test]
async fn unknown_and_garbled_ids_are_not_found() {
    let api = Api::new();

    let ids = [JobId::generate().to_string(), "42".to_owned(), "..%2f..%2fetc".to_owned()];
    for id in ids {
        for child in ["", "/result", "/overlay.svg"] {
            let answer = api.get(&format!("/api/v1/jobs/{id}{child}")).await;
            answer.assert_problem(404, "INPUT_ERROR", "job_unknown");
        }
    }
}

#[tokio::test]
async fn forgotten_job_is_gone() {
    let api = Api::with(&[("REDIS_TTL", "1")]);
    let id = api.submit().await;
    api.complete(id).await;

    let mut answer = api.get(&path(id)).await;
    let patience = Instant::now() + Duration::from_secs(10);
    while answer.status == StatusCode::OK && Instant::now() < patience {
        tokio::time::sleep(Duration::from_millis(50)).await;
        answer = api.get(&path(id)).await;
    }

    answer.assert_problem(410, "INPUT_ERROR", "job_expired");
    assert!(answer.json()["expired_at"].is_string());
}

#[tokio::test(start_paused = true)]
async fn waiting_submission_is_answered_with_the_finished_job() {
    let api = Api::new();
    let request = with_header(form(&[("file", &png(9, 9))]), "prefer", "wait=30");
    let worker = async {
        let (_, job) = api.message().await;
        tokio::time::sleep(Duration::from_secs(3)).await;
        api.complete(job.id).await;
    };

    let start = Instant::now();
    let (answer, ()) = tokio::join!(api.send(request), worker);

    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    assert_eq!(answer.header("preference-applied"), Some("wait=30"));
    assert_eq!(answer.json()["state"], "completed");
    assert_eq!(answer.json()["result"]["success"], true);
    assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn wait_that_runs_out_still_names_the_job() {
    let api = Api::new();
    let id = api.submit().await;
    let start = Instant::now();

    let answer = api.get(&format!("{}?wait=5", path(id))).await;

    assert_eq!(answer.status, StatusCode::ACCEPTED);
    assert_eq!(answer.json()["id"], id.to_string());
    assert_eq!(answer.header("preference-applied"), Some("wait=5"));
    assert_eq!(start.elapsed().as_secs(), 5);
}

#[tokio::test(start_paused = true)]
async fn waits_end_when_the_process_stops() {
    let api = Api::new();
    let id = api.submit().await;
    let start = Instant::now();
    let waiting_path = format!("{}?wait=60", path(id));
    let stop = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        api.app.shutdown.stop();
    };

    let (answer, ()) = tokio::join!(api.get(&waiting_path), stop);

    assert_eq!(answer.status, StatusCode::ACCEPTED);
    assert_eq!(answer.header("preference-applied"), None);
    assert!(start.elapsed() < Duration::from_secs(2));
}

#[tokio::test]
async fn failed_job_is_a_finished_job() {
    let api = Api::new();
    let id = api.submit().await;
    let error = JobError::new(ErrorCode::InputError, "page can't be decoded");
    api.end(id, Ending::Failed(error.with_reason("corrupt_file"))).await;

    let answer = api.get(&format!("{}?wait=10", path(id))).await;

    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.json()["state"], "failed");
    assert_eq!(answer.json()["error"]["reason"], "corrupt_file");
}

#[tokio::test]
async fn waiting_job_can_be_canceled_and_a_finished_one_not() {
    let api = Api::new();
    let (waiting, finished) = (api.submit().await, api.submit().await);
    api.complete(finished).await;

    let canceled = delete(&api, waiting).await;
    let again = delete(&api, waiting).await;
    let too_late = delete(&api, finished).await;
    let unknown = delete(&api, JobId::generate()).await;

    assert_eq!((canceled.status, &canceled.json()["state"]), (StatusCode::OK, &json!("canceled")));
    assert_eq!(again.status, StatusCode::OK);
    assert_eq!(api.record(waiting).await.unwrap().state, JobState::Canceled);
    too_late.assert_problem(409, "INPUT_ERROR", "job_ended");
    unknown.assert_problem(404, "INPUT_ERROR", "job_unknown");
}

#[tokio::test]
async fn list_turns_its_pages_newest_first() {
    let api = Api::new();
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(api.submit().await.to_string());
    }
    ids.reverse();

    let mut listed = Vec::new();
    let mut next = "/api/v1/jobs?limit=2".to_owned();
    for _ in 0..3 {
        let page = api.get(&next).await.json();
        let jobs = page["jobs"].as_array().unwrap();
        listed.extend(jobs.iter().map(|job| job["id"].as_str().unwrap().to_owned()));
        next =
            format!("/api/v1/jobs?limit=2&cursor={}", page["next_cursor"].as_str().unwrap_or("-"));
    }

    assert_eq!(listed, ids);
    assert!(next.ends_with("cursor=-"), "the last page has no next one");
}

#[tokio::test]
async fn list_is_filtered_by_state() {
    let api = Api::new();
    let (done, _waiting) = (api.submit().await, api.submit().await);
    api.complete(done).await;

    let page = api.get("/api/v1/jobs?state=completed").await.json();

    assert_eq!(page["jobs"].as_array().unwrap().len(), 1);
    assert_eq!(page["jobs"][0]["id"], done.to_string());
}

#[tokio::test]
async fn wrong_filters_are_refused() {
    let api = Api::new();

    for query in ["state=done", "limit=0", "limit=101", "limit=x", "cursor=42"] {
        let answer = api.get(&format!("/api/v1/jobs?{query}")).await;
        answer.assert_problem(422, "VALIDATION_FAILED", "validation_failed");
    }
}

#[tokio::test]
async fn overlay_is_drawn_for_pages_that_exist() {
    let api = Api::new();
    let id = api.submit().await;
    api.complete(id).await;

    let first = api.get(&format!("{}/overlay.svg", path(id))).await;
    let second = api.get(&format!("{}/overlay.svg?page=2", path(id))).await;

    assert_eq!(first.header("content-type"), Some("image/svg+xml"));
    assert!(first.text().contains("<svg"), "{}", first.text());
    second.assert_problem(404, "INPUT_ERROR", "unknown_page");
}

#[tokio::test]
async fn trace_id_goes_from_the_request_to_the_job_and_the_message() {
    let api = Api::new();
    let request = with_header(form(&[("file", &png(9, 9))]), "x-trace-id", "debug-123");

    let answer = api.send(request).await;

    assert_eq!(answer.header("x-trace-id"), Some("debug-123"));
    assert!(answer.header("traceparent").is_some());
    assert_eq!(answer.json()["trace_id"], "debug-123");
    let (delivery, _) = api.message().await;
    assert_eq!(delivery.envelope.trace_id.as_deref(), Some("debug-123"));
    assert_eq!(delivery.envelope.traceparent.as_deref(), answer.header("traceparent"));
}
