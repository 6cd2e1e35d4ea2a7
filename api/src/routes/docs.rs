//! The description of the API, for programs and for people.

use std::fmt::Write as _;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Redirect, Response};
use cad_common::error_code::ErrorCode;
use utoipa::OpenApi;

use crate::SharedApp;
use crate::problem;

/// The page shows `/openapi.json`, and loads nothing from anywhere else.
const PAGE: &str = include_str!("docs.html");

/// Where the page has its table of error codes.
const CODES_MARK: &str = "<!-- codes -->";

/// Keeps the page from loading anything but the description.
const PAGE_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; \
                           connect-src 'self'; img-src data:; base-uri 'none'; frame-ancestors 'none'";

/// The head of the description; the routes add themselves in router.rs.
#[derive(Debug, OpenApi)]
#[openapi(
    info(
        title = "CAD drawing analysis",
        description = "Submit a drawing, poll the job or wait for it, and read what the drawing says.\n\n\
            Every refusal is an `application/problem+json` (RFC 9457) with a stable `code`. Where API keys \
            are set up, send one as `X-API-Key` or `Authorization: Bearer`. `X-Trace-Id` and `traceparent` \
            are accepted, returned, and carried through the queue.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")
    ),
    tags(
        (name = "ocr", description = "Reading drawings"),
        (name = "vision", description = "Describing drawings"),
        (name = "jobs", description = "What became of a submission"),
        (name = "operations", description = "For operators and probes"),
    )
)]
pub(crate) struct Description;

/// Gives the description in `OpenAPI` 3.1.
pub(crate) async fn openapi(State(app): State<SharedApp>) -> Response {
    let json = (header::CONTENT_TYPE, "application/json");
    ([json], app.openapi.as_ref().to_owned()).into_response()
}

/// Gives the page for people.
pub(crate) async fn page() -> Response {
    let policy = (header::CONTENT_SECURITY_POLICY, PAGE_POLICY);
    let page = PAGE.replace(CODES_MARK, &code_rows());
    ([policy, (header::CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response()
}

/// The table of error codes, from the types that the answers come from.
fn code_rows() -> String {
    let mut rows = String::new();
    for code in ErrorCode::ALL {
        let (word, meaning) = (code.as_str(), problem::title(code));
        let again = if code.is_retryable() { "may help" } else { "fails the same way" };
        // Writing to a String can't fail.
        let _ = writeln!(
            rows,
            "<tr id=\"{word}\"><td><code>{word}</code></td><td>{meaning}</td><td>{again}</td></tr>"
        );
    }
    rows
}

/// Leads who comes without a path to the page.
pub(crate) async fn index() -> Redirect {
    Redirect::temporary("/docs")
}
