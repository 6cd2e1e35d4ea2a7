//! A client of the HTTP API, and of a worker's admin port.

use std::time::Duration;

use cad_common::contract::reading::Warning;
use cad_common::contract::record::{JobError, JobState};
use cad_common::fetch;
use reqwest::header::HeaderMap;
use reqwest::multipart::{Form, Part};
use reqwest::{Method, RequestBuilder};
use serde::Deserialize;
use serde_json::Value;

use crate::scrape::Metrics;
use crate::wait;

/// Longest silence before the other side counts as gone.
const SILENCE: Duration = Duration::from_secs(60);

/// Talks to one address.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
}

/// An answer, read to its end.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
}

/// A job as the API shows it.
#[derive(Debug, Clone, Deserialize)]
pub struct Job {
    /// Names it.
    pub id: String,
    /// Who does it.
    pub provider: String,
    /// Where it stands.
    pub state: JobState,
    /// Which attempt is running or ran last.
    pub attempt: u32,
    /// Why it failed.
    pub error: Option<JobError>,
    /// What kept it from being done in full.
    pub warnings: Vec<Warning>,
    /// Finds it in the logs.
    pub trace_id: Option<String>,
    /// What the drawing says.
    pub result: Option<Value>,
}

impl Client {
    /// A client of `http://ADDRESS`.
    ///
    /// # Panics
    /// TLS can't be set up.
    #[must_use]
    pub fn new(address: &str) -> Self {
        fetch::install_crypto();
        let http = reqwest::Client::builder().timeout(SILENCE).no_proxy().build().unwrap();
        Self { http, base: format!("http://{address}") }
    }

    /// Where it talks to.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Begins a request, for what the other functions don't offer.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.base))
    }

    /// Gets a path.
    pub async fn get(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::GET, path)).await
    }

    /// Submits a drawing and gives whatever is answered.
    pub async fn post(&self, filename: &str, bytes: &[u8]) -> Answer {
        self.post_to("/api/v1/ocr/extract", filename, bytes).await
    }

    /// Submits a drawing to a path with a query.
    pub async fn post_to(&self, path: &str, filename: &str, bytes: &[u8]) -> Answer {
        Answer::of(self.upload(path, filename, bytes)).await
    }

    /// The request that submits a drawing.
    pub fn upload(&self, path: &str, filename: &str, bytes: &[u8]) -> RequestBuilder {
        let part = Part::bytes(bytes.to_vec()).file_name(filename.to_owned());
        self.request(Method::POST, path).multipart(Form::new().part("file", part))
    }

    /// Submits a drawing that must be accepted.
    ///
    /// # Panics
    /// It is not.
    pub async fn submit(&self, filename: &str, bytes: &[u8]) -> Job {
        let answer = self.post(filename, bytes).await;
        assert_eq!(answer.status, 202, "{filename} is accepted: {}", answer.text());
        answer.job()
    }

    /// Asks where a job stands.
    ///
    /// # Panics
    /// The API does not know it.
    pub async fn job(&self, id: &str) -> Job {
        let answer = self.get(&format!("/api/v1/jobs/{id}")).await;
        assert_eq!(answer.status, 200, "job {id} is known: {}", answer.text());
        answer.job()
    }

    /// Waits until a job is in a state.
    pub async fn reached(&self, id: &str, state: JobState, limit: Duration) -> Job {
        let what = format!("job {id} is {}", state.as_str());
        let is_there = async || Some(self.job(id).await).filter(|job| job.state == state);
        wait::until(&what, limit, is_there).await
    }

    /// Waits for the end of a job, through outages of the API's dependencies too.
    pub async fn ended(&self, id: &str, limit: Duration) -> Job {
        let what = format!("job {id} ends");
        let path = format!("/api/v1/jobs/{id}?include=result");
        wait::until(&what, limit, async || {
            let answer = self.get(&path).await;
            let job = if answer.status == 200 {
                answer.job()
            } else {
                return None;
            };
            job.state.is_terminal().then_some(job)
        })
        .await
    }

    /// Waits for the end of a job that must be completed.
    ///
    /// # Panics
    /// It ends otherwise.
    pub async fn completed(&self, id: &str, limit: Duration) -> Job {
        let job = self.ended(id, limit).await;
        assert_eq!(job.state, JobState::Completed, "job {id}: {:?}", job.error);
        job
    }

    /// Waits for the end of a job that must fail, and says why it did.
    ///
    /// # Panics
    /// It ends otherwise.
    pub async fn failed(&self, id: &str, limit: Duration) -> JobError {
        let job = self.ended(id, limit).await;
        assert_eq!(job.state, JobState::Failed, "job {id} fails");
        job.error.expect("a failed job says why")
    }

    /// Cancels a job.
    pub async fn cancel(&self, id: &str) -> Answer {
        Answer::of(self.request(Method::DELETE, &format!("/api/v1/jobs/{id}"))).await
    }

    /// Reads the metrics.
    ///
    /// # Panics
    /// They are not served.
    pub async fn metrics(&self) -> Metrics {
        let answer = self.get("/metrics").await;
        assert_eq!(answer.status, 200, "metrics are served");
        Metrics::parse(&answer.text())
    }
}

impl Answer {
    /// Sends a request and reads its answer.
    ///
    /// # Panics
    /// Nobody answers.
    pub async fn of(request: RequestBuilder) -> Self {
        let response = request.send().await.expect("the process answers");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = response.bytes().await.expect("the answer is whole").to_vec();
        Self { status, headers, body }
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// It is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// The body as a job.
    ///
    /// # Panics
    /// It is none.
    #[must_use]
    pub fn job(&self) -> Job {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// A header's text; empty when absent.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Code and reason of a refusal.
    ///
    /// # Panics
    /// It is no `application/problem+json` with status, code, detail and trace id.
    #[must_use]
    pub fn problem(&self) -> (String, String) {
        assert_eq!(self.header("content-type"), "application/problem+json", "{}", self.text());
        let problem = self.json();
        assert_eq!(problem["status"], self.status, "{problem}");
        let text = |field: &str| problem[field].as_str().unwrap_or_default().to_owned();
        for field in ["title", "detail", "trace_id"] {
            assert!(!text(field).is_empty(), "a problem has a {field}: {problem}");
        }
        (text("code"), text("reason"))
    }
}
