//! Who is let in, and how often.

use axum::body::Body;
use axum::http::{Request, StatusCode};

use super::{Api, form, png, with_header};

/// `printf %s hunter2 | sha256sum`, and the same of `swordfish`.
const KEYS: &str = "joe:f52fbd32b2b3b86ff88ef6c490628285f482af15ddcb29541f94bcf526a3f6c7\n\
                    ann:b9f195c5cc7ef6afadbfbc42892ad47d3b24c6bc94bb510c4564a90a14e8b799\n";

fn drawing() -> Request<Body> {
    form(&[("file", &png(100, 80))])
}

/// An API with two keys.
fn locked() -> Api {
    let path = std::env::temp_dir()
        .join(format!("cad-keys-{}", cad_common::contract::job::JobId::generate()));
    std::fs::write(&path, KEYS).unwrap();
    let api = Api::with(&[("API_KEYS_FILE", path.to_str().unwrap())]);
    std::fs::remove_file(path).unwrap();
    api
}

fn as_joe(request: Request<Body>) -> Request<Body> {
    with_header(request, "x-api-key", "hunter2")
}

fn as_ann(request: Request<Body>) -> Request<Body> {
    with_header(request, "authorization", "Bearer swordfish")
}

fn get(path: &str) -> Request<Body> {
    Request::get(path).body(Body::empty()).unwrap()
}

#[tokio::test]
async fn too_many_submissions_are_told_when_to_come_back() {
    let api = Api::with(&[("RATE_LIMIT_QPS", "1"), ("RATE_LIMIT_BURST", "2")]);

    let first = api.send(drawing()).await;
    let second = api.send(drawing()).await;
    let third = api.send(drawing()).await;

    assert_eq!((first.status, second.status), (StatusCode::ACCEPTED, StatusCode::ACCEPTED));
    assert_eq!(first.header("ratelimit-policy"), Some("\"submissions\";q=2;w=2"));
    third.assert_problem(429, "RATE_LIMIT", "rate_limited");
    assert_eq!(third.header("retry-after"), Some("1"));
    assert_eq!(third.header("ratelimit"), Some("\"submissions\";r=0;t=1"));
}

#[tokio::test]
async fn rate_is_counted_per_peer_and_not_by_forwarded_addresses() {
    let api = Api::with(&[("RATE_LIMIT_QPS", "1"), ("RATE_LIMIT_BURST", "1")]);
    let forwarded = with_header(drawing(), "x-forwarded-for", "10.9.8.7");

    api.send(drawing()).await;
    let disguised = api.send(forwarded).await;
    let other_peer = api.send_from([10, 0, 0, 2], drawing()).await;

    assert_eq!(disguised.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(other_peer.status, StatusCode::ACCEPTED);
}

#[tokio::test]
async fn polls_are_not_counted() {
    let api = Api::with(&[("RATE_LIMIT_QPS", "1"), ("RATE_LIMIT_BURST", "1")]);
    let id = api.submit().await;

    for _ in 0..5 {
        assert_eq!(api.get(&format!("/api/v1/jobs/{id}")).await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn request_without_a_place_is_refused_and_probes_are_not() {
    let api = Api::with(&[("MAX_CONCURRENT_REQUESTS", "1")]);
    let endless =
        Body::from_stream(futures_util::stream::pending::<Result<Vec<u8>, std::io::Error>>());
    let slow = Request::post("/api/v1/ocr/extract")
        .header("content-type", "multipart/form-data; boundary=edge")
        .body(endless)
        .unwrap();

    let probing = async {
        tokio::task::yield_now().await;
        (api.get("/api/v1/jobs").await, api.get("/livez").await)
    };
    let (refused, alive) = tokio::select! {
        biased;
        _ = api.send(slow) => panic!("the upload never ends"),
        answers = probing => answers,
    };

    refused.assert_problem(503, "RESOURCE_EXHAUSTED", "too_many_requests");
    assert!(refused.header("retry-after").is_some());
    assert_eq!(alive.status, StatusCode::OK);
    assert_eq!(api.get("/api/v1/jobs").await.status, StatusCode::OK, "the place is free again");
}

#[tokio::test(start_paused = true)]
async fn waiting_request_gives_its_place_up() {
    let api = Api::with(&[("MAX_CONCURRENT_REQUESTS", "1")]);
    let id = api.submit().await;
    let waiting_path = format!("/api/v1/jobs/{id}?wait=30");

    let (waited, meanwhile) = tokio::join!(api.get(&waiting_path), async {
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        api.get("/api/v1/jobs").await
    });

    assert_eq!(waited.status, StatusCode::ACCEPTED);
    assert_eq!(meanwhile.status, StatusCode::OK);
}

#[tokio::test]
async fn calls_without_a_known_key_are_refused_where_keys_are_set_up() {
    let api = locked();

    let none = api.send(drawing()).await;
    let wrong = api.send(with_header(drawing(), "x-api-key", "hunter")).await;

    none.assert_problem(401, "AUTH_FAILED", "missing_key");
    assert!(none.header("www-authenticate").unwrap().starts_with("Bearer"));
    wrong.assert_problem(401, "AUTH_FAILED", "wrong_key");
    assert_eq!(api.get("/livez").await.status, StatusCode::OK);
}

#[tokio::test]
async fn job_of_another_owner_does_not_exist() {
    let api = locked();
    let submitted = api.send(as_joe(drawing())).await;
    let path = submitted.header("location").unwrap().to_owned();

    let own = api.send(as_joe(get(&path))).await;
    let others = api.send(as_ann(get(&path))).await;
    let others_cancel = api.send(as_ann(Request::delete(&path).body(Body::empty()).unwrap())).await;
    let others_list = api.send(as_ann(get("/api/v1/jobs"))).await;

    assert_eq!(own.status, StatusCode::OK);
    others.assert_problem(404, "INPUT_ERROR", "job_unknown");
    others_cancel.assert_problem(404, "INPUT_ERROR", "job_unknown");
    assert_eq!(others_list.json()["jobs"].as_array().unwrap().len(), 0);
}
