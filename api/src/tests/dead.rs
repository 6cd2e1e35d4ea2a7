//! What operators do about dead letters and queues.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use cad_common::contract::job::JobId;
use cad_common::contract::record::{JobError, JobState};
use cad_common::error_code::ErrorCode;
use cad_common::provider::ProviderName;
use cad_common::store::Ending;
use serde_json::{Value, json};

use super::{Answer, Api};

impl Api {
    async fn order(&self, path: &str, body: &Value) -> Answer {
        let request = Request::post(path).body(Body::from(body.to_string())).unwrap();
        self.send(request).await
    }

    /// A job that failed, its message among the dead letters, as after a crash loop.
    async fn buried(&self) -> JobId {
        let id = self.submit().await;
        let (delivery, _) = self.message().await;
        let error = JobError::new(ErrorCode::ResourceExhausted, "took its workers with it");
        self.end(id, Ending::Failed(error)).await;
        delivery.dead_letter("crashed_worker").await.unwrap();
        id
    }

    async fn letters(&self, query: &str) -> Vec<Value> {
        let answer = self.get(&format!("/api/v1/dead{query}")).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        answer.json()["letters"].as_array().unwrap().clone()
    }
}

#[tokio::test]
async fn a_dead_letter_is_shown_with_its_reason_job_and_readable_message() {
    let api = Api::new();
    let id = api.buried().await;

    let letters = api.letters("").await;

    let [letter] = letters.as_slice() else { panic!("{letters:?}") };
    assert_eq!(letter["reason"], "crashed_worker");
    assert_eq!(letter["job_id"], id.to_string());
    assert_eq!(letter["lane"], "normal");
    assert_eq!(letter["message"]["kind"], "ocr.extract");
    assert!(letter["message"]["source"]["blob"].is_string(), "{letter}");
    assert_eq!(api.letters(&format!("?id={id}")).await, letters);
    let own_id = letter["id"].as_str().unwrap();
    assert_eq!(api.letters(&format!("?id={own_id}&provider=paddle")).await, letters);
    assert!(api.letters("?provider=onnx").await.is_empty());
}

#[tokio::test]
async fn a_requeued_letter_opens_its_failed_job_again() {
    let api = Api::new();
    let (id, other) = (api.buried().await, api.buried().await);

    let answer = api.order("/api/v1/dead/requeue", &json!({ "ids": [id] })).await;

    assert_eq!(answer.json(), json!({ "requeued": 1, "kept": {} }));
    assert_eq!(api.record(id).await.unwrap().state, JobState::Pending);
    assert_eq!(api.record(other).await.unwrap().state, JobState::Failed);
    let (delivery, job) = api.message().await;
    assert_eq!((job.id, delivery.envelope.attempt), (id, 0));
    assert_eq!(api.letters("").await.len(), 1);
}

#[tokio::test]
async fn the_letter_of_a_job_that_has_its_answer_is_kept() {
    let api = Api::new();
    let id = api.submit().await;
    api.delivery().await.dead_letter("delivery_limit").await.unwrap();
    api.complete(id).await;

    let answer = api.order("/api/v1/dead/requeue", &json!({ "all": true })).await;

    assert_eq!(answer.json(), json!({ "requeued": 0, "kept": { id.to_string(): "completed" } }));
    assert_eq!(api.letters("").await.len(), 1);
}

#[tokio::test]
async fn purged_letters_are_gone() {
    let api = Api::new();
    api.buried().await;
    api.buried().await;

    let answer = api.order("/api/v1/dead/purge", &json!({ "provider": "paddle" })).await;

    assert_eq!(answer.json(), json!({ "purged": 2 }));
    assert!(api.letters("").await.is_empty());
}

#[tokio::test]
async fn nothing_is_dealt_with_that_was_not_named() {
    let api = Api::new();
    api.buried().await;

    for body in [json!({}), json!({ "idss": ["x"] }), json!({ "ids": [] }), json!([])] {
        let answer = api.order("/api/v1/dead/purge", &body).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{body}: {}", answer.text());
    }
    let answer = api.order("/api/v1/dead/purge", &json!({ "provider": "tesseract" })).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(api.get("/api/v1/dead?limit=0").await.status, StatusCode::UNPROCESSABLE_ENTITY);

    assert_eq!(api.letters("").await.len(), 1);
}

#[tokio::test]
async fn a_pause_is_stored_for_every_worker_and_shown() {
    let api = Api::new();

    let answer = api.order("/api/v1/queues/paddle/pause", &json!(null)).await;

    assert_eq!(answer.status, StatusCode::ACCEPTED);
    assert_eq!(answer.json(), json!({ "provider": "paddle", "order": "paused" }));
    let queues = api.get("/api/v1/queues").await.json();
    assert_eq!(queues["queues"][0]["paused"], true, "{queues}");
    assert_eq!(queues["queues"][1]["paused"], false, "{queues}");

    api.order("/api/v1/queues/paddle/resume", &json!(null)).await;
    assert!(!api.store.orders().await.unwrap()[&ProviderName::Paddle].is_paused);
}

#[tokio::test]
async fn a_reset_reaches_every_worker_and_an_unknown_provider_nobody() {
    let api = Api::new();

    let answer = api.order("/api/v1/circuits/deepseek_hf/reset", &json!(null)).await;
    let unknown = api.order("/api/v1/circuits/tesseract/reset", &json!(null)).await;

    assert_eq!(answer.status, StatusCode::ACCEPTED);
    assert_eq!(api.store.orders().await.unwrap()[&ProviderName::DeepseekHf].resets, 1);
    assert_eq!(unknown.status, StatusCode::UNPROCESSABLE_ENTITY);
}
