//! Asks a chat-completions server about a picture, and says what went wrong in the fleet's own codes.
//!
//! The provider is sync, the HTTP client is not: a small runtime of the slot's own lies between them. The address
//! is the operator's, so it may be private; but where it redirects to was nobody's choice and is not followed.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cad_common::contract::record::JobError;
use cad_common::error_code::{ErrorCode, Stage};
use cad_common::fetch::install_crypto;
use cad_common::provider::ProviderName;
use cad_engine::stop::StopSignal;
use reqwest::Response;
use reqwest::header::RETRY_AFTER;
use reqwest::redirect::Policy;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};
use tokio::time::Instant;

use super::retry_after;
use crate::config::remote::Endpoint;
use crate::gate::Causes;

/// Longest reply that is read: the text of the densest sheet is a hundredth of it.
const MAX_REPLY_BYTES: usize = 4 * 1024 * 1024;

/// Most tokens of a reply: a tile full of text takes half of them.
const MAX_TOKENS: u32 = 8192;

/// How often a waiting request looks whether it was stopped.
const STOP_INTERVAL: Duration = Duration::from_millis(50);

/// What is asked about a picture.
pub(super) struct Question {
    /// What the model is to do.
    pub(super) prompt: &'static str,
    /// The name of the form that its reply shall have.
    pub(super) name: &'static str,
    /// That form, as JSON schema.
    pub(super) schema: Value,
}

/// A client of one model.
pub(super) struct Client {
    provider: ProviderName,
    endpoint: Endpoint,
    http: reqwest::Client,
    runtime: Runtime,
    /// Whether the server may be told the form of the reply; not any more once it has refused.
    takes_schema: bool,
}

/// Until when and by whom a request may be ended.
#[derive(Clone, Copy)]
pub(super) struct Bounds<'a> {
    pub(super) deadline: Instant,
    pub(super) stop: &'a StopSignal,
}

impl Client {
    /// A client that has not connected yet: a server may come later than its worker.
    ///
    /// # Errors
    /// This machine has no certificates or can't have another runtime.
    pub(super) fn open(provider: ProviderName, endpoint: Endpoint) -> Result<Self, JobError> {
        install_crypto();
        let unusable = |what: &str| {
            JobError::new(ErrorCode::ModelLoadError, format!("no client for {provider}: {what}"))
                .at(Stage::Init)
        };
        let http = reqwest::Client::builder()
            .redirect(Policy::none())
            // Settings come from the fleet's own variables alone.
            .no_proxy()
            .user_agent(concat!("cad/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| unusable(&error.to_string()))?;
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| unusable(&error.to_string()))?;
        Ok(Self { provider, endpoint, http, runtime, takes_schema: true })
    }

    /// Asks about a PNG picture and gives the text of the reply.
    ///
    /// # Errors
    /// Why there is none.
    pub(super) fn ask(
        &mut self,
        question: &Question,
        picture: &[u8],
        bounds: Bounds<'_>,
    ) -> Result<String, JobError> {
        let (provider, takes_schema) = (self.provider, self.takes_schema);
        let exchange = Exchange {
            provider,
            endpoint: &self.endpoint,
            http: &self.http,
            body: self.body(question, picture),
        };
        let asking = async {
            tokio::select! {
                outcome = tokio::time::timeout_at(bounds.deadline, exchange.run(takes_schema)) => {
                    outcome.unwrap_or_else(|_| Err(timed_out(provider)))
                }
                () = stopped(bounds.stop) => Err(timed_out(provider)),
            }
        };
        let (text, took_schema) = self.runtime.block_on(asking)?;
        self.takes_schema = took_schema;
        Ok(text)
    }

    fn body(&self, question: &Question, picture: &[u8]) -> Value {
        let picture = format!("data:image/png;base64,{}", STANDARD.encode(picture));
        json!({
            "model": self.endpoint.model,
            "temperature": 0,
            "max_tokens": MAX_TOKENS,
            "stream": false,
            "messages": [
                { "role": "system", "content": question.prompt },
                { "role": "user", "content": [
                    { "type": "image_url", "image_url": { "url": picture } },
                    { "type": "text", "text": "Answer for this picture." },
                ] },
            ],
            "response_format": { "type": "json_schema", "json_schema": {
                "name": question.name,
                "strict": true,
                "schema": question.schema,
            } },
        })
    }
}

/// One question and its answer.
struct Exchange<'a> {
    provider: ProviderName,
    endpoint: &'a Endpoint,
    http: &'a reqwest::Client,
    body: Value,
}

impl Exchange<'_> {
    /// Asks with the schema and, where the server does not like that, once more without.
    async fn run(mut self, takes_schema: bool) -> Result<(String, bool), JobError> {
        if takes_schema {
            let response = self.send().await?;
            if !matches!(response.status().as_u16(), 400 | 422) {
                return Ok((self.text(response).await?, true));
            }
        }
        if let Some(fields) = self.body.as_object_mut() {
            fields.remove("response_format");
        }
        let response = self.send().await?;
        Ok((self.text(response).await?, false))
    }

    async fn send(&self) -> Result<Response, JobError> {
        let mut request = self.http.post(&self.endpoint.url).json(&self.body);
        if let Some(key) = &self.endpoint.api_key {
            request = request.bearer_auth(key.reveal());
        }
        request.send().await.map_err(|error| self.no_connection(error))
    }

    async fn text(&self, response: Response) -> Result<String, JobError> {
        if !response.status().is_success() {
            return Err(self.refusal(&response));
        }
        let body = self.read(response).await?;
        let completion: Completion = serde_json::from_slice(&body)
            .map_err(|_| self.unusable("no_completion", "its reply is no chat completion"))?;
        let text = completion.text();
        if text.trim().is_empty() {
            return Err(self.unusable("empty_reply", "its reply is empty"));
        }
        Ok(text)
    }

    async fn read(&self, mut response: Response) -> Result<Vec<u8>, JobError> {
        let too_long = || {
            let detail = format!("{} replied more than {MAX_REPLY_BYTES} bytes", self.provider);
            JobError::new(ErrorCode::ExternalServiceError, detail)
                .with_reason("reply_too_large")
                .at(Stage::Infer)
        };
        if response.content_length().is_some_and(|length| length > MAX_REPLY_BYTES as u64) {
            return Err(too_long());
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.no_connection(error))? {
            if body.len() + chunk.len() > MAX_REPLY_BYTES {
                return Err(too_long());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    /// The connection failed.
    fn no_connection(&self, error: reqwest::Error) -> JobError {
        let provider = self.provider;
        // Its address may hold a password.
        let error = error.without_url();
        tracing::warn!(%provider, error = %Causes(&error), "remote provider can't be asked");
        if error.is_timeout() {
            return timed_out(provider);
        }
        let (reason, what) = if error.is_connect() {
            ("connection_failed", "can't be reached")
        } else {
            ("connection_cut", "broke off the connection")
        };
        JobError::new(ErrorCode::NetworkError, format!("{provider} {what}"))
            .with_reason(reason)
            .at(Stage::Infer)
    }

    /// The server has answered, but not to the question.
    fn refusal(&self, response: &Response) -> JobError {
        let (provider, status) = (self.provider, response.status().as_u16());
        tracing::warn!(%provider, status, "remote provider refuses");
        let (code, what) = match status {
            401 | 403 => (ErrorCode::AuthFailed, "refuses the key that this fleet sends"),
            402 => (ErrorCode::QuotaExceeded, "has no quota left for this fleet"),
            408 | 504 => (ErrorCode::ProviderTimeout, "did not answer in time"),
            429 => (ErrorCode::RateLimit, "gets too many requests"),
            300..=399 => (ErrorCode::ExternalServiceError, "redirects, which is not followed"),
            400..=499 => (ErrorCode::ExternalServiceError, "refuses the request"),
            _ => (ErrorCode::ExternalServiceError, "failed"),
        };
        let error = JobError::new(code, format!("{provider} {what} (HTTP {status})"))
            .with_reason(format!("http_{status}"))
            .at(Stage::Infer);
        let wait = (status == 429).then(|| {
            let header = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
            retry_after::seconds(header)
        });
        JobError { retry_after_s: wait, ..error }
    }

    fn unusable(&self, reason: &str, what: &str) -> JobError {
        JobError::new(
            ErrorCode::ParseFailed,
            format!("{} can't be understood: {what}", self.provider),
        )
        .with_reason(reason)
        .at(Stage::Parse)
    }
}

fn timed_out(provider: ProviderName) -> JobError {
    JobError::new(ErrorCode::ProviderTimeout, format!("{provider} did not answer in time"))
        .with_reason("run_timeout")
        .at(Stage::Infer)
}

async fn stopped(stop: &StopSignal) {
    while !stop.is_stopped() {
        tokio::time::sleep(STOP_INTERVAL).await;
    }
}

/// The part of a chat completion that is read here.
#[derive(Deserialize)]
struct Completion {
    choices: Vec<Choice>,
}

#[derive(Deserialize)]
struct Choice {
    message: Message,
}

#[derive(Deserialize)]
struct Message {
    #[serde(default)]
    content: Option<Content>,
}

/// Most servers send a text, some a list of parts.
#[derive(Deserialize)]
#[serde(untagged)]
enum Content {
    Text(String),
    Parts(Vec<Part>),
}

#[derive(Deserialize)]
struct Part {
    #[serde(default)]
    text: String,
}

impl Completion {
    fn text(self) -> String {
        match self.choices.into_iter().next().and_then(|choice| choice.message.content) {
            Some(Content::Text(text)) => text,
            Some(Content::Parts(parts)) => parts.into_iter().map(|part| part.text).collect(),
            None => String::new(),
        }
    }
}
