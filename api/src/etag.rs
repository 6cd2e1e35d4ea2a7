//! Cheap polls: an answer that the client has already is `304 Not Modified` without a body.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// Answers with a body, or with 304 when the client has it.
pub(crate) fn answer(
    request: &HeaderMap,
    content_type: &'static str,
    cache_control: &str,
    body: Vec<u8>,
) -> Response {
    let hash = blake3::hash(&body).to_hex();
    let etag = format!("\"{}\"", hash.get(..32).unwrap_or(&hash));
    let mut response = if is_known(request, &etag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(header::CONTENT_TYPE, content_type)], body).into_response()
    };
    for (name, text) in [(header::ETAG, etag.as_str()), (header::CACHE_CONTROL, cache_control)] {
        if let Ok(value) = HeaderValue::from_str(text) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// Weak tags match strong ones here (RFC 9110, 13.1.2).
fn is_known(request: &HeaderMap, etag: &str) -> bool {
    request
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|tag| tag.trim().trim_start_matches("W/"))
        .any(|tag| tag == "*" || tag == etag)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer_to(if_none_match: Option<&str>) -> Response {
        let mut request = HeaderMap::new();
        if let Some(tags) = if_none_match {
            request.insert(header::IF_NONE_MATCH, tags.parse().unwrap());
        }
        answer(&request, "application/json", "private", b"{}".to_vec())
    }

    #[test]
    fn known_answer_is_not_sent_again() {
        let first = answer_to(None);
        let etag = first.headers()[header::ETAG].to_str().unwrap().to_owned();

        assert_eq!(first.status(), StatusCode::OK);
        assert_eq!(answer_to(Some(&etag)).status(), StatusCode::NOT_MODIFIED);
        assert_eq!(answer_to(Some(&format!("\"x\", W/{etag}"))).status(), StatusCode::NOT_MODIFIED);
        assert_eq!(answer_to(Some("*")).status(), StatusCode::NOT_MODIFIED);
        assert_eq!(answer_to(Some("\"x\"")).status(), StatusCode::OK);
    }
}
