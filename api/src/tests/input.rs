//! What may come in, and how the rest is refused.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::Body;
use axum::http::{Request, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cad_common::contract::job::{BlobHash, Lane, Source};
use cad_common::provider::ProviderName;
use futures_util::{StreamExt as _, stream};
use serde_json::json;

use super::{Api, base64_request, form, form_to, png, with_header};

#[tokio::test]
async fn drawing_becomes_a_stored_blob_and_a_message() {
    let api = Api::new();
    let drawing = png(100, 80);

    let fields: [(&str, &[u8]); 5] = [
        ("tag", b"A-17"),
        ("file", &drawing),
        ("lane", b"high"),
        ("pages", b"1-2"),
        ("dpi", b"300"),
    ];
    let answer = api.send(form(&fields)).await;

    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text());
    let (delivery, job) = api.message().await;
    let hash = BlobHash::of(&drawing);
    assert_eq!(delivery.address.lane, Lane::High);
    assert_eq!(delivery.envelope.message_type.as_deref(), Some("cad.ocr.extract.v1"));
    assert_eq!(job.source, Source::Blob(hash.clone()));
    assert_eq!(job.filename.as_deref(), Some("shaft.png"));
    assert_eq!(job.tag.as_deref(), Some("A-17"));
    assert_eq!((job.options.pages.as_deref(), job.options.dpi), (Some("1-2"), Some(300)));
    assert_eq!(api.store.blob(&hash).await.unwrap(), Some(drawing));
}

#[tokio::test]
async fn accepted_job_says_where_to_look() {
    let api = Api::new();

    let answer = api.send(form(&[("file", &png(100, 80)), ("tag", b"A-17")])).await;

    let job = answer.json();
    let path = format!("/api/v1/jobs/{}", job["id"].as_str().unwrap());
    assert_eq!(answer.header("location"), Some(path.as_str()));
    assert_eq!(answer.header("operation-location"), Some(path.as_str()));
    assert_eq!(answer.header("retry-after"), Some("1"));
    assert_eq!(job["links"]["self"], path);
    assert_eq!(job["links"]["result"], json!(null));
    assert_eq!((&job["state"], &job["kind"]), (&json!("pending"), &json!("ocr.extract")));
    assert_eq!((&job["provider"], &job["lane"]), (&json!("paddle"), &json!("normal")));
    assert_eq!((&job["tag"], &job["queue_position"]), (&json!("A-17"), &json!(null)));
    assert!(job["created_at"].as_str().unwrap().ends_with('Z'), "{job}");
}

#[tokio::test]
async fn choices_may_stand_in_the_query() {
    let api = Api::new();

    let request = form_to("/api/v1/ocr/extract?lane=low&provider=paddle", &[("file", &png(9, 9))]);
    let answer = api.send(request).await;

    assert_eq!(answer.json()["lane"], "low");
}

#[tokio::test]
async fn url_goes_to_the_worker_unfetched() {
    let api = Api::new();

    let answer = api.send(form(&[("url", b"https://example.com/shaft.png")])).await;

    assert_eq!(answer.status, StatusCode::ACCEPTED);
    let (_, job) = api.message().await;
    assert_eq!(job.source, Source::Url("https://example.com/shaft.png".to_owned()));
}

#[tokio::test]
async fn urls_that_no_worker_would_fetch_are_refused_at_once() {
    let api = Api::new();

    for (url, reason) in [
        ("file:///etc/passwd", "url_invalid_scheme"),
        ("ftp://example.com/a.png", "url_invalid_scheme"),
        ("not a url", "url_invalid_format"),
        ("http://127.0.0.1/a.png", "url_forbidden_address"),
        ("http://169.254.169.254/latest/meta-data", "url_forbidden_address"),
    ] {
        let answer = api.send(form(&[("url", url.as_bytes())])).await;
        answer.assert_problem(400, "INPUT_ERROR", reason);
    }
}

#[tokio::test]
async fn bad_files_are_refused_with_their_reason() {
    let api = Api::new();
    let cut = png(100, 80).get(..18).unwrap().to_vec();

    let cases: [(&[u8], u16, &str, &str); 4] = [
        (b"", 400, "INPUT_ERROR", "empty_file"),
        (b"just some text named .png", 415, "UNSUPPORTED_FORMAT", "invalid_mime"),
        (&cut, 400, "INPUT_ERROR", "corrupt_file"),
        (&png(100_000, 100_000), 413, "INPUT_ERROR", "image_too_large"),
    ];
    for (file, status, code, reason) in cases {
        let answer = api.send(form(&[("file", file)])).await;
        answer.assert_problem(status, code, reason);
    }
    assert_eq!(api.queue.depth(ProviderName::Paddle).await.unwrap().normal, 0);
}

#[tokio::test]
async fn upload_over_the_limit_is_refused() {
    let api = Api::new();
    let mut drawing = png(100, 80);
    drawing.resize(51 * 1024 * 1024, 0);

    let answer = api.send(form(&[("file", &drawing)])).await;

    answer.assert_problem(413, "INPUT_ERROR", "file_too_large");
}

#[tokio::test]
async fn upload_over_the_limit_is_read_to_its_end_so_that_the_answer_is_seen() {
    let api = Api::with(&[("OCR_MAX_FILE_MB", "1")]);
    let sent = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&sent);
    let head = "--edge\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n";
    let chunks = stream::iter(0..64).map(move |index| {
        counter.fetch_add(1, Ordering::Relaxed);
        let chunk = if index == 0 { head.into() } else { vec![0; 256 * 1024] };
        Ok::<_, Infallible>(chunk)
    });
    let request = Request::post("/api/v1/ocr/extract")
        .header("content-type", "multipart/form-data; boundary=edge")
        .body(Body::from_stream(chunks))
        .unwrap();

    let answer = api.send(request).await;

    answer.assert_problem(413, "INPUT_ERROR", "file_too_large");
    assert_eq!(sent.load(Ordering::Relaxed), 64);
}

#[tokio::test]
async fn upload_that_asks_first_is_refused_before_it_is_sent() {
    let api = Api::new();
    let endless = Body::from_stream(stream::pending::<Result<Vec<u8>, std::io::Error>>());
    let request = Request::post("/api/v1/ocr/extract")
        .header("content-type", "multipart/form-data; boundary=edge")
        .header("content-length", "53477376")
        .header("expect", "100-continue")
        .body(endless)
        .unwrap();

    let answer = api.send(request).await;

    answer.assert_problem(413, "INPUT_ERROR", "file_too_large");
}

#[tokio::test]
async fn form_without_a_drawing_names_the_field() {
    let api = Api::new();

    let answer = api.send(form(&[("tag", b"A-17")])).await;

    answer.assert_problem(422, "VALIDATION_FAILED", "missing_image");
    assert_eq!(answer.json()["errors"][0]["pointer"], "/file");
}

#[tokio::test]
async fn broken_forms_are_refused() {
    let api = Api::new();
    let post = |kind: &str, body: &'static str| {
        let request = Request::post("/api/v1/ocr/extract").header("content-type", kind);
        request.body(Body::from(body)).unwrap()
    };

    let no_form = api.send(post("image/png", "x")).await;
    let no_edge = api.send(post("multipart/form-data", "x")).await;
    let cut = api.send(post("multipart/form-data; boundary=edge", "--edge\r\nContent-Disp")).await;
    let packed = with_header(form(&[("file", &png(9, 9))]), "content-encoding", "gzip");

    no_form.assert_problem(415, "UNSUPPORTED_FORMAT", "media_type");
    no_edge.assert_problem(415, "UNSUPPORTED_FORMAT", "media_type");
    cut.assert_problem(400, "INPUT_ERROR", "body_broken");
    api.send(packed).await.assert_problem(415, "UNSUPPORTED_FORMAT", "media_type");
}

#[tokio::test]
async fn wrong_choices_are_all_named() {
    let api = Api::new();

    let fields: [(&str, &[u8]); 4] =
        [("file", &png(9, 9)), ("lane", b"fast"), ("dpi", b"1"), ("callback_url", b"https://x.y/")];
    let answer = api.send(form(&fields)).await;

    answer.assert_problem(422, "VALIDATION_FAILED", "validation_failed");
    assert_eq!(answer.json()["errors"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn unknown_provider_is_named_as_the_runbook_does() {
    let api = Api::new();

    for name in ["tesseract", "onnx"] {
        let answer = api.send(form(&[("file", &png(9, 9)), ("provider", name.as_bytes())])).await;
        answer.assert_problem(422, "VALIDATION_FAILED", "unknown_provider");
        assert_eq!(answer.json()["detail"], format!("Provider '{name}' not available"));
    }
}

#[tokio::test]
async fn provider_that_is_not_set_up_says_what_to_set() {
    let api = Api::new();

    let answer = api.send(form(&[("file", &png(9, 9)), ("provider", b"deepseek_hf")])).await;

    answer.assert_problem(503, "PROVIDER_DOWN", "provider_not_configured");
    let problem = answer.json();
    assert!(problem["detail"].as_str().unwrap().contains("DEEPSEEK_HF_URL"), "{problem}");
    assert_eq!(problem["provider"], "deepseek_hf");
    assert!(answer.header("retry-after").is_some());
}

#[tokio::test]
async fn base64_drawing_is_accepted_with_and_without_a_prefix() {
    let api = Api::new();
    let text = STANDARD.encode(png(100, 80));

    for image in [text.clone(), format!("data:image/png;base64,{text}")] {
        let body =
            json!({ "image_base64": image, "filename": "a/b.png", "dpi": 300, "pages": "1" });
        let answer = api.send(base64_request(&body)).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text());
        assert_eq!(answer.json()["filename"], "b.png");
    }
}

#[tokio::test]
async fn bad_base64_is_refused_with_the_originals_word() {
    let api = Api::new();

    for image in ["", "@@@@", "aGVsbG8", "aGVsb"] {
        let answer = api.send(base64_request(&json!({ "image_base64": image }))).await;
        answer.assert_problem(400, "INPUT_ERROR", "base64_invalid");
    }
}

#[tokio::test]
async fn base64_limit_counts_decoded_bytes() {
    let api = Api::with(&[("VISION_MAX_BASE64_BYTES", "1000")]);
    let drawing = |bytes: usize| {
        let mut drawing = png(100, 80);
        drawing.resize(bytes, 0);
        base64_request(&json!({ "image_base64": STANDARD.encode(drawing) }))
    };

    let at_the_limit = api.send(drawing(1000)).await;
    let over = api.send(drawing(1001)).await;
    let far_over = api.send(drawing(100_000)).await;

    assert_eq!(at_the_limit.status, StatusCode::ACCEPTED);
    over.assert_problem(413, "INPUT_ERROR", "file_too_large");
    far_over.assert_problem(413, "INPUT_ERROR", "file_too_large");
}

#[tokio::test]
async fn json_without_a_drawing_or_that_is_none_is_refused() {
    let api = Api::new();
    let broken = Request::post("/api/v1/ocr/extract-base64").body(Body::from("{")).unwrap();

    let missing = api.send(base64_request(&json!({ "provider": "paddle" }))).await;

    missing.assert_problem(422, "VALIDATION_FAILED", "validation_failed");
    assert_eq!(missing.json()["errors"][0]["pointer"], "/image_base64");
    api.send(broken).await.assert_problem(422, "VALIDATION_FAILED", "validation_failed");
}

#[tokio::test]
async fn two_drawings_in_one_request_are_refused() {
    let api = Api::new();

    let twice = api.send(form(&[("file", &png(9, 9)), ("file", &png(9, 9))])).await;
    let both = api.send(form(&[("file", &png(9, 9)), ("url", b"https://example.com/a.png")])).await;

    twice.assert_problem(422, "VALIDATION_FAILED", "validation_failed");
    both.assert_problem(422, "VALIDATION_FAILED", "validation_failed");
}
