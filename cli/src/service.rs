//! A running API, as the commands that talk to one see it.

use std::time::Duration;

use anyhow::{Context, bail};
use cad_common::fetch;
use reqwest::{RequestBuilder, Url};
use serde_json::Value;

/// Longest silence of the API before it counts as gone; a poll may be held for 20 s of it.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(50);

/// Where the API is, and who asks.
#[derive(Debug, clap::Args)]
pub(crate) struct Api {
    /// Address of the API.
    #[arg(long, default_value = "http://127.0.0.1:8000", env = "CAD_URL")]
    pub(crate) url: String,
    /// API key, when the API asks for one.
    #[arg(long, env = "CAD_API_KEY", hide_env_values = true)]
    api_key: Option<String>,
}

/// Calls the API.
pub(crate) struct Client<'a> {
    api: &'a Api,
    http: reqwest::Client,
}

impl Api {
    /// A client.
    ///
    /// # Errors
    /// The machine's TLS settings allow none.
    pub(crate) fn client(&self) -> anyhow::Result<Client<'_>> {
        fetch::install_crypto();
        Ok(Client { api: self, http: reqwest::Client::builder().timeout(ANSWER_TIMEOUT).build()? })
    }
}

impl Client<'_> {
    /// A request that reads.
    pub(crate) fn get(&self, path: &str) -> RequestBuilder {
        self.http.get(self.address(path))
    }

    /// A request that reads, with parameters.
    ///
    /// # Errors
    /// The API's address is none.
    pub(crate) fn ask(&self, path: &str, query: &[(&str, &str)]) -> anyhow::Result<RequestBuilder> {
        let address = self.address(path);
        let url = Url::parse_with_params(&address, query)
            .with_context(|| format!("{address} is no address, see --url"))?;
        Ok(self.http.get(url))
    }

    /// A request that changes something.
    pub(crate) fn post(&self, path: &str) -> RequestBuilder {
        self.http.post(self.address(path))
    }

    /// The JSON of the answer.
    ///
    /// # Errors
    /// Nobody answers, or the API states a problem.
    pub(crate) async fn send(&self, mut request: RequestBuilder) -> anyhow::Result<Value> {
        if let Some(key) = &self.api.api_key {
            request = request.header("X-API-Key", key);
        }
        let url = &self.api.url;
        let response = request
            .send()
            .await
            .with_context(|| format!("no api answers at {url}, start one with `cad up`"))?;
        let status = response.status();
        let body: Value =
            response.json().await.with_context(|| format!("answer {status} is no json"))?;
        if status.is_success() {
            return Ok(body);
        }
        bail!("{status}: {}", body["detail"].as_str().unwrap_or("no reason given"))
    }

    fn address(&self, path: &str) -> String {
        format!("{}{path}", self.api.url.trim_end_matches('/'))
    }
}
