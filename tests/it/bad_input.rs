//! What clients do wrong over HTTP: each has its status, its problem and its metric.

use cad_common::error_code::ErrorCode;
use cad_tests::client::{Answer, Client};
use cad_tests::fleet::{Api, Fleet, Settings};
use cad_tests::services::Shared;
use cad_tests::wait::seconds;
use cad_tests::{broken, drawings};
use reqwest::Method;
use serde_json::json;

const EXTRACT: &str = "/api/v1/ocr/extract";

#[tokio::test]
async fn empty_file_is_refused() {
    let api = TestApi::start().await;

    let answer = api.client().post("empty.png", b"").await;

    api.assert_refused(&answer, 400, ("INPUT_ERROR", "empty_file")).await;
}

#[tokio::test]
async fn text_named_png_is_refused_by_its_content() {
    let api = TestApi::start().await;

    let answer = api.client().post("drawing.png", &broken::text_named_png()).await;

    api.assert_refused(&answer, 415, ("UNSUPPORTED_FORMAT", "invalid_mime")).await;
}

#[tokio::test]
async fn header_of_ten_thousand_megapixels_is_refused_before_decoding() {
    let api = TestApi::start().await;

    let answer = api.client().post("huge.png", &broken::huge_header()).await;

    api.assert_refused(&answer, 413, ("INPUT_ERROR", "image_too_large")).await;
}

#[tokio::test]
async fn upload_of_51_mb_is_refused() {
    let api = TestApi::start().await;
    let mut upload = drawings::small();
    upload.resize(51 * 1024 * 1024, 0);

    let answer = api.client().post("large.png", &upload).await;

    api.assert_refused(&answer, 413, ("INPUT_ERROR", "file_too_large")).await;
}

#[tokio::test]
async fn wrong_base64_is_refused() {
    let api = TestApi::start().await;
    let request = api.client().request(Method::POST, "/api/v1/ocr/extract-base64");

    let answer = Answer::of(request.json(&json!({ "image_base64": "not*base64" }))).await;

    api.assert_refused(&answer, 400, ("INPUT_ERROR", "base64_invalid")).await;
}

#[tokio::test]
async fn request_without_a_drawing_is_refused() {
    let api = TestApi::start().await;
    let form = reqwest::multipart::Form::new().text("provider", "paddle");

    let answer = Answer::of(api.client().request(Method::POST, EXTRACT).multipart(form)).await;

    assert_eq!(answer.status, 422);
    assert_eq!(answer.problem(), ("VALIDATION_FAILED".to_owned(), "missing_image".to_owned()));
    assert_eq!(answer.json()["errors"][0]["pointer"], "/file");
}

#[tokio::test]
async fn unknown_provider_is_refused() {
    let api = TestApi::start().await;

    let answer = api
        .client()
        .post_to(&format!("{EXTRACT}?provider=tesseract"), "a.png", &drawings::small())
        .await;

    assert_eq!(answer.status, 422);
    assert_eq!(answer.problem(), ("VALIDATION_FAILED".to_owned(), "unknown_provider".to_owned()));
    assert_eq!(answer.json()["detail"], "Provider 'tesseract' not available");
    let metrics = api.client().metrics().await;
    assert_eq!(metrics.value("ocr_input_rejected_total", &[("reason", "validation_failed")]), 1.0);
}

#[tokio::test]
async fn provider_that_no_worker_serves_is_down_and_says_how_to_configure_it() {
    let api = TestApi::start().await;

    let answer = api
        .client()
        .post_to(&format!("{EXTRACT}?provider=deepseek_hf"), "a.png", &drawings::small())
        .await;

    assert_eq!(answer.status, 503);
    assert_eq!(
        answer.problem(),
        ("PROVIDER_DOWN".to_owned(), "provider_not_configured".to_owned())
    );
    assert!(answer.json()["detail"].as_str().unwrap().contains("DEEPSEEK_HF_URL"));
}

#[tokio::test]
async fn job_nobody_knows_is_404_whatever_its_id_looks_like() {
    let api = TestApi::start().await;
    let ids = [uuid::Uuid::now_v7().to_string(), "no-id".to_owned(), "..%2f..%2fjobs".to_owned()];

    for id in ids {
        for path in [format!("/api/v1/jobs/{id}"), format!("/api/v1/jobs/{id}/result")] {
            let answer = api.client().get(&path).await;

            assert_eq!(answer.status, 404, "{path}");
            assert_eq!(answer.problem().0, "INPUT_ERROR", "{path}");
        }
    }
}

#[tokio::test]
async fn rate_beyond_the_burst_is_429_with_the_time_to_wait() {
    let shared = Shared::new();
    let limits = [("RATE_LIMIT_QPS", "1"), ("RATE_LIMIT_BURST", "2")];
    let settings = Settings::new(shared.addresses()).with_all(&limits);
    let api = Api::start(&settings).await;
    let part = drawings::small();

    let mut answers = Vec::new();
    for _ in 0..4 {
        answers.push(api.client.post("part.png", &part).await);
    }

    let refused =
        answers.iter().find(|answer| answer.status != 202).expect("four at once are too many");
    assert_eq!(refused.status, 429);
    assert_eq!(refused.problem().0, "RATE_LIMIT");
    assert!(refused.header("retry-after").parse::<u64>().unwrap() >= 1);
    assert_eq!(answers[..2].iter().filter(|answer| answer.status == 202).count(), 2);
    drop(api);
}

#[tokio::test]
async fn truncated_picture_is_accepted_by_its_header_and_fails_as_the_clients_mistake() {
    let fleet = Fleet::start(1, &[]).await;

    let job = fleet.client().submit("truncated.png", &broken::truncated_png()).await;
    let error = fleet.client().failed(&job.id, seconds(10)).await;

    assert_eq!(error.code, ErrorCode::InputError, "{error:?}");
    assert!(!error.retryable);
    assert!(error.reason.is_some() && error.stage.is_some(), "{error:?}");
    assert_eq!(fleet.worked("ocr_requests_total", &[("status", "input_error")]).await, 1.0);
    assert_eq!(fleet.worked("error_rate_ema", &[("service", "ocr")]).await, 0.0);
    let path = format!("/api/v1/jobs/{}/result", job.id);
    let result = fleet.client().get(&path).await;
    assert_eq!((result.status, result.problem().0.as_str()), (409, "INPUT_ERROR"));
}

/// An API alone: what it refuses, no worker sees.
struct TestApi {
    api: Api,
    /// Dropped after the API.
    _shared: Shared,
}

impl TestApi {
    async fn start() -> Self {
        let shared = Shared::new();
        let api = Api::start(&Settings::new(shared.addresses())).await;
        Self { api, _shared: shared }
    }

    fn client(&self) -> &Client {
        &self.api.client
    }

    async fn assert_refused(&self, answer: &Answer, status: u16, (code, reason): (&str, &str)) {
        assert_eq!(answer.status, status, "{}", answer.text());
        assert_eq!(answer.problem(), (code.to_owned(), reason.to_owned()));
        let metrics = self.client().metrics().await;
        assert_eq!(metrics.value("ocr_input_rejected_total", &[("reason", reason)]), 1.0);
    }
}
