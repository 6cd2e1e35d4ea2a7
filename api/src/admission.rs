//! How much the API takes on: so many submissions per client, so many requests at once.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use cad_common::metrics;
use cad_common::store::{Admission, Rate};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::SharedApp;
use crate::auth::Caller;
use crate::error::{ApiError, whole_seconds};

/// Layer: counts a submission against its client's rate, fleet-wide.
///
/// The peer's address counts where there are no keys; `X-Forwarded-For` is the client's own word and
/// is not looked at.
pub(crate) async fn limit_rate(
    State(app): State<SharedApp>,
    Extension(caller): Extension<Caller>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let rate = app.config.rate;
    if rate.per_second == 0 {
        return Ok(next.run(request).await);
    }
    match app.store.admit(&caller.rate_key(), rate).await? {
        Admission::Refused { retry_after } => {
            metrics::rate_limited();
            Err(ApiError::RateLimited { retry_after, rate })
        }
        Admission::Allowed { remaining } => {
            let mut response = next.run(request).await;
            describe_rate(response.headers_mut(), rate, remaining, refill(rate));
            Ok(response)
        }
    }
}

/// The time in which one more request becomes free.
fn refill(rate: Rate) -> Duration {
    Duration::from_secs(1) / rate.per_second.max(1)
}

/// Writes the headers of draft-ietf-httpapi-ratelimit-headers: the limit, and what is left of it.
pub(crate) fn describe_rate(headers: &mut HeaderMap, rate: Rate, remaining: u32, reset: Duration) {
    let window = rate.burst.div_ceil(rate.per_second.max(1));
    let policy = format!("\"submissions\";q={};w={window}", rate.burst);
    let state = format!("\"submissions\";r={remaining};t={}", whole_seconds(reset));
    for (name, text) in [("ratelimit-policy", policy), ("ratelimit", state)] {
        if let Ok(value) = HeaderValue::from_str(&text) {
            headers.insert(name, value);
        }
    }
}

/// The places for requests that are being worked on.
#[derive(Debug, Clone)]
pub(crate) struct Places(Arc<Semaphore>);

impl Places {
    /// So many.
    pub(crate) fn new(count: usize) -> Self {
        Self(Arc::new(Semaphore::new(count)))
    }
}

/// A request's place. A request that only waits gives it up, so that waiting keeps nobody out.
#[derive(Debug, Clone)]
pub(crate) struct Place(Arc<Mutex<Option<OwnedSemaphorePermit>>>);

impl Place {
    /// Gives the place up.
    pub(crate) fn leave(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

/// Layer: gives each request a place, or refuses it at once when all are taken.
pub(crate) async fn limit_concurrency(
    State(app): State<SharedApp>,
    mut request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let permit = Arc::clone(&app.places.0).try_acquire_owned().map_err(|_| ApiError::Busy)?;
    let place = Place(Arc::new(Mutex::new(Some(permit))));
    request.extensions_mut().insert(place.clone());
    let response = next.run(request).await;
    place.leave();
    Ok(response)
}

/// Says once at start that anybody who can reach the address may use the API.
pub(crate) fn warn_if_open(app: &SharedApp, address: SocketAddr) {
    if app.config.keys.is_none() && !address.ip().is_loopback() {
        tracing::warn!(%address, "api is open to everybody who reaches it, set API_KEYS_FILE or HOST=127.0.0.1");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rate_headers_state_the_burst_and_what_is_left() {
        let mut headers = HeaderMap::new();

        let rate = Rate { per_second: 10, burst: 25 };
        describe_rate(&mut headers, rate, 3, Duration::from_millis(100));

        assert_eq!(headers["ratelimit-policy"], "\"submissions\";q=25;w=3");
        assert_eq!(headers["ratelimit"], "\"submissions\";r=3;t=1");
    }
}
