//! The API as its clients see it, over the queue and the store inside this process.

mod admission;
mod dead;
mod idempotency;
mod input;
mod jobs;
mod operations;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Request, StatusCode};
use cad_common::config::Env;
use cad_common::contract::codec;
use cad_common::contract::job::{Job, JobId};
use cad_common::contract::reading::{PageReading, Reading};
use cad_common::contract::record::JobRecord;
use cad_common::provider::ProviderName;
use cad_common::queue::embedded::EmbeddedQueue;
use cad_common::queue::{Delivery, Queue};
use cad_common::store::embedded::EmbeddedStore;
use cad_common::store::{Claim, ClaimTerms, Ending, Lookup, Store};
use serde_json::Value;
use tower::ServiceExt as _;
use uuid::Uuid;

use crate::config::ApiConfig;
use crate::router::router;
use crate::{App, SharedApp};

/// An API with what it stands on.
struct Api {
    app: SharedApp,
    queue: Queue,
    store: Store,
}

/// An answer, read whole.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Api {
    /// One whose rate limit never strikes.
    fn new() -> Self {
        Self::with(&[])
    }

    fn with(variables: &[(&str, &str)]) -> Self {
        let queue = Queue::Embedded(EmbeddedQueue::new());
        let config = config(variables);
        let store = Store::Embedded(EmbeddedStore::new(config.store.retention));
        Self::over(config, queue, store)
    }

    fn over(config: ApiConfig, queue: Queue, store: Store) -> Self {
        let app = Arc::new(App::new(config, queue.clone(), store.clone(), None));
        Self { app, queue, store }
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        self.send_from([127, 0, 0, 1], request).await
    }

    async fn send_from(&self, address: [u8; 4], mut request: Request<Body>) -> Answer {
        request.extensions_mut().insert(ConnectInfo(SocketAddr::from((address, 40_000))));
        let response = router(&self.app).oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap().to_vec();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    /// Submits a good drawing and gives its id.
    async fn submit(&self) -> JobId {
        let answer = self.send(form(&[("file", &png(100, 80))])).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text());
        answer.json()["id"].as_str().unwrap().parse().unwrap()
    }

    async fn record(&self, id: JobId) -> Option<JobRecord> {
        match self.store.lookup(id).await.unwrap() {
            Lookup::Found(record) => Some(*record),
            Lookup::Expired { .. } | Lookup::Unknown => None,
        }
    }

    /// Takes the next message off paddle's queue, as a worker would.
    async fn delivery(&self) -> Delivery {
        self.queue.subscribe(ProviderName::Paddle, 1).next().await.unwrap()
    }

    async fn message(&self) -> (Delivery, Job) {
        let delivery = self.delivery().await;
        let content_type = delivery.envelope.content_type.clone();
        let message = codec::decode_job(&delivery.body, content_type.as_deref()).unwrap();
        let job = message.parse(delivery.envelope.message_id.as_deref()).unwrap();
        (delivery, job)
    }

    /// Ends a job, as a worker would.
    async fn end(&self, id: JobId, ending: Ending) {
        let record = self.record(id).await.unwrap();
        let terms =
            ClaimTerms { claimant: Uuid::new_v4(), max_starts: 3, lease: Duration::from_secs(3) };
        let Claim::Granted(grant) = self.store.claim(&record, &terms).await.unwrap() else {
            panic!("job {id} was not granted");
        };
        self.store.finish(id, grant.token, &ending).await.unwrap();
    }

    async fn complete(&self, id: JobId) -> Vec<u8> {
        let page = PageReading { number: 1, width: 100, height: 80, ..PageReading::default() };
        let reading = Reading { v: 1, success: true, pages: vec![page], ..Reading::default() };
        let result = serde_json::to_vec(&reading).unwrap();
        self.end(id, Ending::Completed { result: result.clone(), warnings: Vec::new() }).await;
        result
    }
}

impl Answer {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// Checks that it is a whole problem body, and gives status, code and reason.
    #[track_caller]
    fn problem(&self) -> (u16, String, String) {
        assert_eq!(
            self.header("content-type"),
            Some("application/problem+json"),
            "{}",
            self.text()
        );
        let problem = self.json();
        let word = |name: &str| {
            let text = problem[name].as_str().unwrap_or_else(|| panic!("no {name} in {problem}"));
            text.to_owned()
        };
        assert_eq!(problem["status"], self.status.as_u16());
        assert_eq!(Some(word("trace_id").as_str()), self.header("x-trace-id"));
        for name in ["type", "title", "detail", "instance"] {
            assert!(!word(name).is_empty(), "{name} is empty in {problem}");
        }
        assert!(problem["retryable"].is_boolean());
        (self.status.as_u16(), word("code"), word("reason"))
    }

    #[track_caller]
    fn assert_problem(&self, status: u16, code: &str, reason: &str) {
        assert_eq!(self.problem(), (status, code.to_owned(), reason.to_owned()), "{}", self.text());
    }
}

fn config(variables: &[(&str, &str)]) -> ApiConfig {
    let variables: BTreeMap<_, _> =
        [("RATE_LIMIT_QPS", "0")].iter().chain(variables).copied().collect();
    let lookup = |name: &str| variables.get(name).map(|value| (*value).to_owned());
    ApiConfig::from_env(&Env::from_lookup(lookup)).unwrap()
}

/// A multipart form on the extract route; `file` fields get a file name.
fn form(fields: &[(&str, &[u8])]) -> Request<Body> {
    form_to("/api/v1/ocr/extract", fields)
}

fn form_to(path: &str, fields: &[(&str, &[u8])]) -> Request<Body> {
    let mut body = Vec::new();
    for (name, value) in fields {
        let filename = if *name == "file" { "; filename=\"shaft.png\"" } else { "" };
        let head =
            format!("--edge\r\nContent-Disposition: form-data; name=\"{name}\"{filename}\r\n\r\n");
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(value);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--edge--\r\n");
    Request::post(path)
        .header("content-type", "multipart/form-data; boundary=edge")
        .body(Body::from(body))
        .unwrap()
}

fn base64_request(body: &Value) -> Request<Body> {
    Request::post("/api/v1/ocr/extract-base64")
        .header("content-type", "application/json")
        .body(Body::from(body.to_string()))
        .unwrap()
}

fn with_header(mut request: Request<Body>, name: &'static str, value: &str) -> Request<Body> {
    request.headers_mut().insert(name, value.parse().unwrap());
    request
}

/// The beginning of a PNG, which is all that the API looks at.
fn png(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR".to_vec();
    bytes.extend_from_slice(&width.to_be_bytes());
    bytes.extend_from_slice(&height.to_be_bytes());
    bytes.extend_from_slice(b"\x08\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00IEND\xaeB`\x82");
    bytes
}
