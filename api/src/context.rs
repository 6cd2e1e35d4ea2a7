//! What the layers found out about a request, and its query, for the handlers.

use axum::extract::{FromRequestParts, Query};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use utoipa::IntoParams;

use crate::SharedApp;
use crate::admission::Place;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::trace::Trace;
use crate::wait::Wish;

/// A request's query, understood.
#[derive(Debug)]
pub(crate) struct Params<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for Params<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        let query = Query::try_from_uri(&parts.uri)
            .map_err(|_| ApiError::field("query", "it can't be understood, see /docs"))?;
        Ok(Self(query.0))
    }
}

/// How long the client would wait for the end of the job.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct WaitParams {
    /// Seconds to wait for the end of the job, 120 at most; the header `Prefer: wait=N` says the same.
    #[param(value_type = Option<u32>)]
    wait: Option<String>,
}

/// Who asks, how the request is traced, and how long the client would wait.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) caller: Caller,
    pub(crate) trace: Trace,
    pub(crate) place: Place,
    pub(crate) headers: HeaderMap,
    pub(crate) wish: Option<Wish>,
}

impl FromRequestParts<SharedApp> for Context {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &SharedApp) -> Result<Self, ApiError> {
        let Params(waiting) = Params::<WaitParams>::from_request_parts(parts, app).await?;
        let lacking = || ApiError::Defect("a layer is missing before this route");
        Ok(Self {
            caller: parts.extensions.get().cloned().ok_or_else(lacking)?,
            trace: parts.extensions.get().cloned().ok_or_else(lacking)?,
            place: parts.extensions.get().cloned().ok_or_else(lacking)?,
            wish: Wish::of(&parts.headers, waiting.wait.as_deref())?,
            headers: parts.headers.clone(),
        })
    }
}
