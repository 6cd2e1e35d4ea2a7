//! Waiting for the end of a job within one request: `Prefer: wait=N` (RFC 7240) or `?wait=N`.
//!
//! A waiting request holds no place and no lock. It looks into the store at growing intervals, and
//! ends with the client's connection, because hyper drops the handler then.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue};
use cad_common::contract::record::JobRecord;
use cad_common::store::Lookup;
use tokio::time::{Instant, sleep_until};

use crate::SharedApp;
use crate::admission::Place;
use crate::error::ApiError;

/// Longest wait; proxies cut connections that are silent for longer.
const MAX_WAIT: Duration = Duration::from_secs(120);

/// First pause between looks: small drawings are read about that fast.
const FIRST_PAUSE: Duration = Duration::from_millis(20);

/// Longest pause between looks: nobody notices a quarter of a second at the end of a long job.
const LONGEST_PAUSE: Duration = Duration::from_millis(250);

/// Requests that may wait at once in one process; further ones are answered at once.
pub(crate) const MAX_WAITING: usize = 1000;

/// How long a client would wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wish(Duration);

impl Wish {
    /// Reads the wish of a request; the query counts before the header.
    ///
    /// # Errors
    /// `?wait=` is no number. A header that can't be understood is ignored, as RFC 7240 has it.
    pub(crate) fn of(headers: &HeaderMap, query: Option<&str>) -> Result<Option<Self>, ApiError> {
        let seconds = match query {
            Some(text) => text.parse().map_err(|_| {
                ApiError::field("wait", format!("choose 0 to {} seconds", MAX_WAIT.as_secs()))
            })?,
            None => preferred_seconds(headers).unwrap_or(0),
        };
        let wish = Duration::from_secs(seconds).min(MAX_WAIT);
        Ok(Some(Self(wish)).filter(|_| seconds > 0))
    }

    /// The header that says how long was waited for.
    pub(crate) fn describe(self, headers: &mut HeaderMap) {
        if let Ok(value) = HeaderValue::from_str(&format!("wait={}", self.0.as_secs())) {
            headers.insert("preference-applied", value);
        }
    }
}

fn preferred_seconds(headers: &HeaderMap) -> Option<u64> {
    let values = headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split([',', ';'])).find_map(|preference| {
        let (name, seconds) = preference.split_once('=')?;
        let is_wait = name.trim().eq_ignore_ascii_case("wait");
        if is_wait { seconds.trim().trim_matches('"').parse().ok() } else { None }
    })
}

/// Waits for the end of a job, and says whether the wish was granted.
///
/// Never an error: whatever happens to the store meanwhile, the client gets the job as last seen.
pub(crate) async fn for_end(
    app: &SharedApp,
    place: &Place,
    record: JobRecord,
    wish: Wish,
) -> (JobRecord, bool) {
    if record.state.is_terminal() {
        return (record, true);
    }
    let Ok(_seat) = app.waiting.try_acquire() else {
        return (record, false);
    };
    place.leave();
    let deadline = Instant::now() + wish.0;
    let mut record = record;
    let mut pause = FIRST_PAUSE;
    while !record.state.is_terminal() && Instant::now() < deadline {
        tokio::select! {
            () = app.shutdown.stopping() => return (record, false),
            () = sleep_until(deadline.min(Instant::now() + pause)) => {}
        }
        pause = (pause * 3 / 2).min(LONGEST_PAUSE);
        match app.store.lookup(record.id).await {
            Ok(Lookup::Found(newer)) => record = *newer,
            Ok(Lookup::Expired { .. } | Lookup::Unknown) => return (record, true),
            Err(error) => tracing::debug!(%error, "store is away while a request waits"),
        }
    }
    (record, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(prefer: &[&str], query: Option<&str>) -> Option<u64> {
        let headers: HeaderMap = prefer
            .iter()
            .map(|value| ("prefer".parse().unwrap(), value.parse().unwrap()))
            .collect();
        Wish::of(&headers, query).unwrap().map(|wish| wish.0.as_secs())
    }

    #[test]
    fn wish_is_read_from_header_and_query() {
        assert_eq!(wish(&["wait=10"], None), Some(10));
        assert_eq!(wish(&["respond-async, Wait=\"7\""], None), Some(7));
        assert_eq!(wish(&["wait=10"], Some("3")), Some(3));
        assert_eq!(wish(&[], None), None);
        assert_eq!(wish(&["wait=10"], Some("0")), None);
    }

    #[test]
    fn wish_is_capped() {
        assert_eq!(wish(&["wait=86400"], None), Some(120));
    }

    #[test]
    fn broken_header_is_ignored_and_a_broken_query_is_not() {
        assert_eq!(wish(&["wait=soon"], None), None);
        assert!(Wish::of(&HeaderMap::new(), Some("soon")).is_err());
    }
}
