//! The same request sent twice.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use cad_common::contract::job::BlobHash;
use cad_common::provider::ProviderName;

use super::{Api, form, png, with_header};

fn keyed(key: &str, width: u32) -> Request<Body> {
    with_header(form(&[("file", &png(width, 80))]), "idempotency-key", key)
}

#[tokio::test]
async fn same_request_is_the_same_job() {
    let api = Api::new();

    let first = api.send(keyed("k1", 100)).await;
    let again = api.send(keyed("k1", 100)).await;

    assert_eq!(first.header("idempotent-replayed"), None);
    assert_eq!(again.status, StatusCode::ACCEPTED);
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(again.json()["id"], first.json()["id"]);
    assert_eq!(api.queue.depth(ProviderName::Paddle).await.unwrap().normal, 1);
}

#[tokio::test]
async fn replay_of_a_finished_job_brings_its_result() {
    let api = Api::new();
    let first = api.send(keyed("k1", 100)).await;
    api.complete(first.json()["id"].as_str().unwrap().parse().unwrap()).await;

    let again = api.send(keyed("k1", 100)).await;

    assert_eq!(again.status, StatusCode::OK);
    assert_eq!(again.json()["result"]["success"], true);
}

#[tokio::test]
async fn other_drawing_or_other_choices_under_the_same_key_are_refused() {
    let api = Api::new();
    api.send(keyed("k1", 100)).await;
    let other_choice = form(&[("file", &png(100, 80)), ("lane", b"high")]);

    let other_drawing = api.send(keyed("k1", 101)).await;
    let other_choice = api.send(with_header(other_choice, "idempotency-key", "k1")).await;

    other_drawing.assert_problem(422, "VALIDATION_FAILED", "idempotency_key_reused");
    other_choice.assert_problem(422, "VALIDATION_FAILED", "idempotency_key_reused");
}

#[tokio::test]
async fn request_that_is_still_being_accepted_is_a_conflict() {
    let api = Api::new();
    let first = api.send(keyed("k1", 100)).await;
    assert_eq!(first.status, StatusCode::ACCEPTED);
    // What another process holds while it accepts: the same scope, claimed and not yet settled.
    let scope = BlobHash::of(b"\nextract\nk2");
    let fingerprint = fingerprint_of_drawing(100);
    api.store.claim_key(scope.as_str(), &fingerprint).await.unwrap();

    let answer = api.send(keyed("k2", 100)).await;

    answer.assert_problem(409, "VALIDATION_FAILED", "idempotency_key_in_flight");
    assert_eq!(answer.header("retry-after"), Some("1"));
}

/// As submit.rs hashes a plain submission.
fn fingerprint_of_drawing(width: u32) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(b"ocr.extract\nauto\nnormal\n\n\n\nbytes\n").update(&png(width, 80));
    hasher.finalize().to_hex().to_string()
}

#[tokio::test]
async fn key_of_a_refused_submission_is_free_again() {
    let api = Api::new();
    api.queue.close().await;

    let refused = api.send(keyed("k1", 100)).await;
    let again = api.send(keyed("k1", 100)).await;

    refused.assert_problem(503, "NETWORK_ERROR", "queue_unavailable");
    again.assert_problem(503, "NETWORK_ERROR", "queue_unavailable");
}

#[tokio::test]
async fn other_keys_are_other_jobs() {
    let api = Api::new();

    let first = api.send(keyed("k1", 100)).await;
    let second = api.send(keyed("k2", 100)).await;

    assert_ne!(first.json()["id"], second.json()["id"]);
}
