//! `Idempotency-Key`: the same request sent twice is one job.
//!
//! A key belongs to its owner and route, and is bound to the request's content, so that it can't name
//! somebody else's job or hide that the second request asks for something else.

use axum::http::HeaderMap;
use cad_common::contract::job::{BlobHash, JobId};
use cad_common::store::{Idempotency, Store};

use crate::auth::Caller;
use crate::error::ApiError;

/// The header.
const KEY_HEADER: &str = "idempotency-key";

/// Longest key that is taken.
const MAX_KEY_BYTES: usize = 255;

/// A key as the store knows it: hashed, with its owner and route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key(String);

impl Key {
    /// Reads the key of a request, if it has one.
    ///
    /// # Errors
    /// It is empty, too long, or holds more than printable ASCII.
    pub(crate) fn of(
        headers: &HeaderMap,
        caller: &Caller,
        route: &'static str,
    ) -> Result<Option<Self>, ApiError> {
        let Some(value) = headers.get(KEY_HEADER) else {
            return Ok(None);
        };
        let text = value.to_str().unwrap_or_default().trim();
        if text.is_empty() || text.len() > MAX_KEY_BYTES {
            let detail = format!("send 1 to {MAX_KEY_BYTES} printable ASCII characters");
            return Err(ApiError::field("Idempotency-Key", detail));
        }
        // An open API tells clients apart by nothing that lasts, so they share one space of keys.
        let owner = caller.owner.as_deref().unwrap_or_default();
        let scope = BlobHash::of(format!("{owner}\n{route}\n{text}").as_bytes());
        Ok(Some(Self(scope.as_str().to_owned())))
    }
}

/// What is to be done about a request with a key.
#[derive(Debug)]
pub(crate) enum Turn {
    /// Accept it, then settle the claim.
    First(Claim),
    /// Answer with this job.
    Replay(JobId),
}

/// A key that is being used for the first time.
#[derive(Debug)]
pub(crate) struct Claim {
    key: Key,
    fingerprint: String,
}

/// Claims a key for a request.
///
/// # Errors
/// The key was used for another request, or is in use at this moment; the store is away.
pub(crate) async fn claim(store: &Store, key: Key, fingerprint: String) -> Result<Turn, ApiError> {
    match store.claim_key(&key.0, &fingerprint).await? {
        Idempotency::New => Ok(Turn::First(Claim { key, fingerprint })),
        Idempotency::Replay(id) => Ok(Turn::Replay(id)),
        Idempotency::InFlight => Err(ApiError::KeyInFlight),
        Idempotency::Mismatch => Err(ApiError::KeyReused),
    }
}

impl Claim {
    /// Binds the key to its job, or gives it free when the job was not accepted.
    ///
    /// A failure is only logged: the job's fate is decided, and the claim runs out by itself.
    pub(crate) async fn settle(self, store: &Store, job: Option<JobId>) {
        if let Err(error) = store.settle_key(&self.key.0, &self.fingerprint, job).await {
            tracing::warn!(%error, "idempotency key could not be settled");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(owner: Option<&str>, route: &'static str, text: &'static str) -> Option<Key> {
        let headers = HeaderMap::from_iter([(KEY_HEADER.parse().unwrap(), text.parse().unwrap())]);
        let caller = Caller::for_tests(owner);
        Key::of(&headers, &caller, route).unwrap()
    }

    #[test]
    fn key_belongs_to_owner_and_route() {
        let plain = key(Some("joe"), "extract", "k1");

        assert_eq!(plain, key(Some("joe"), "extract", "k1"));
        assert_ne!(plain, key(Some("ann"), "extract", "k1"));
        assert_ne!(plain, key(Some("joe"), "extract-base64", "k1"));
        assert_ne!(plain, key(Some("joe"), "extract", "k2"));
    }

    #[test]
    fn blank_key_is_refused() {
        let headers = HeaderMap::from_iter([(KEY_HEADER.parse().unwrap(), " ".parse().unwrap())]);

        assert!(Key::of(&headers, &Caller::for_tests(None), "extract").is_err());
    }
}
