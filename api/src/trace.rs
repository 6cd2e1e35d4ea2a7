//! The layer around everything: gives each request its trace id, logs it, and writes out problems.

use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use cad_common::telemetry::STEPS;
use cad_common::telemetry::trace_id::TraceId;
use tracing::Instrument as _;

use crate::problem;

/// The runbook's header.
const TRACE_HEADER: &str = "x-trace-id";

/// W3C trace context.
const TRACEPARENT: &str = "traceparent";

/// The ids that follow a request through the fleet.
#[derive(Debug, Clone)]
pub(crate) struct Trace {
    /// In log lines, headers and the job.
    pub(crate) id: TraceId,
    /// Sent along with the message.
    pub(crate) traceparent: String,
}

impl Trace {
    /// Takes over what the client chose, the runbook's header first.
    fn of(headers: &HeaderMap) -> Self {
        let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        let context = text(TRACEPARENT).and_then(TraceId::from_traceparent);
        let chosen = text(TRACE_HEADER).and_then(TraceId::accept);
        let id = chosen.or_else(|| context.clone()).unwrap_or_else(TraceId::generate);
        let traceparent = context.as_ref().unwrap_or(&id).to_traceparent();
        Self { id, traceparent }
    }

    fn write_to(&self, headers: &mut HeaderMap) {
        for (name, text) in [(TRACE_HEADER, self.id.as_str()), (TRACEPARENT, &self.traceparent)] {
            if let Ok(value) = HeaderValue::from_str(text) {
                headers.insert(name, value);
            }
        }
    }
}

/// Layer: carries the trace id through a request.
pub(crate) async fn follow(mut request: Request, next: Next) -> Response {
    let start = Instant::now();
    let trace = Trace::of(request.headers());
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let matched = request.extensions().get::<MatchedPath>();
    // Log lines name the route: paths are the client's text.
    let route = matched.map_or("-", MatchedPath::as_str).to_owned();
    // Of the highest level, so that errors carry the id whatever `LOG_LEVEL` says.
    let span = tracing::error_span!("request", trace_id = %trace.id);
    request.extensions_mut().insert(trace.clone());

    let response = next.run(request).instrument(span.clone()).await;

    let mut response = problem::render(response, &path, trace.id.as_str());
    trace.write_to(response.headers_mut());
    let latency_ms = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
    span.in_scope(|| log(&method, &route, response.status(), latency_ms));
    response
}

/// Work that was asked for is always logged; polls and probes only when requests are traced.
fn log(method: &Method, route: &str, status: StatusCode, latency_ms: u64) {
    let status = status.as_u16();
    if status >= 500 {
        tracing::error!(%method, route, status, latency_ms, "request failed");
    } else if method == Method::POST || method == Method::DELETE {
        tracing::info!(%method, route, status, latency_ms, "request answered");
    } else {
        tracing::debug!(target: STEPS, %method, route, status, latency_ms, "request answered");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value)))
            .collect()
    }

    const CONTEXT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn chosen_id_names_the_request_and_the_context_goes_on() {
        let trace = Trace::of(&headers(&[("x-trace-id", "debug-123"), ("traceparent", CONTEXT)]));

        assert_eq!(trace.id.as_str(), "debug-123");
        assert!(trace.traceparent.starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-"));
    }

    #[test]
    fn context_alone_names_the_request() {
        let trace = Trace::of(&headers(&[("traceparent", CONTEXT)]));

        assert_eq!(trace.id.as_str(), "4bf92f3577b34da6a3ce929d0e0e4736");
    }

    #[test]
    fn unsafe_id_is_replaced() {
        let trace = Trace::of(&headers(&[("x-trace-id", "a b")]));

        assert_eq!(trace.id.as_str().len(), 32);
    }
}
