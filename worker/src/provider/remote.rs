//! Providers whose model is served elsewhere, by anything that speaks the chat-completions protocol.
//!
//! `reader` transcribes a drawing, and the engine says what the transcript means, as it does for every other reading;
//! `describer` describes it. Both ask through `client`, send what `picture` makes of a page, and climb down the
//! ladder of `reply`. Nothing of what such a model says is taken for measured: see `contract/provenance.rs`.

use std::collections::BTreeMap;
use std::time::Duration;

use cad_common::contract::record::JobError;
use cad_common::error_code::{ErrorCode, Stage};
use cad_common::provider::ProviderName;
use serde_json::Value;

use crate::config::remote::{Endpoint, RemoteSettings};

mod client;
mod describer;
mod mark;
mod picture;
mod reader;
mod reply;
mod retry_after;
mod transcript;

pub(super) use describer::Describer;
pub(super) use reader::RemoteReader;

/// Between the end of a run and its kill: an answer that is late by a little says itself why.
pub(crate) const KILL_MARGIN: Duration = Duration::from_secs(2);

/// Where a provider's model is served.
///
/// # Errors
/// It is not set up.
fn endpoint(remote: &RemoteSettings, provider: ProviderName) -> Result<Endpoint, JobError> {
    remote.endpoint(provider).cloned().ok_or_else(|| {
        JobError::new(ErrorCode::ProviderDown, format!("{provider} is not set up")).at(Stage::Init)
    })
}

/// The model and the prompt: another one of either gives other answers.
fn versions(endpoint: &Endpoint, prompt: &str) -> BTreeMap<String, String> {
    let model = ("model".to_owned(), endpoint.model.clone());
    BTreeMap::from([model, ("prompt".to_owned(), prompt.to_owned())])
}

/// A schema that is part of this build.
///
/// # Errors
/// It is no JSON.
fn schema(text: &str) -> Result<Value, JobError> {
    serde_json::from_str(text).map_err(|error| {
        JobError::new(ErrorCode::InternalError, format!("a reply's schema is broken: {error}"))
            .at(Stage::Init)
    })
}
