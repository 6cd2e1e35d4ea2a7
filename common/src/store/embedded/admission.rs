//! What is asked before a request becomes a job: its idempotency key and its client's rate.

use tokio::time::Instant;

use super::EmbeddedStore;
use crate::contract::job::JobId;
use crate::store::{Admission, IDEMPOTENCY_LEASE, IDEMPOTENCY_RETENTION, Idempotency, Rate};

/// Which request an idempotency key belongs to.
pub(super) struct Claimant {
    fingerprint: String,
    job: Option<JobId>,
}

impl EmbeddedStore {
    pub(in crate::store) fn claim_key(&self, scope: &str, fingerprint: &str) -> Idempotency {
        let mut state = self.lock();
        state.tidy();
        match state.keys.get(scope) {
            None => {
                let claimant = Claimant { fingerprint: fingerprint.to_owned(), job: None };
                state.keys.put(scope.to_owned(), claimant, IDEMPOTENCY_LEASE);
                Idempotency::New
            }
            Some(claimant) if claimant.fingerprint != fingerprint => Idempotency::Mismatch,
            Some(Claimant { job: Some(job), .. }) => Idempotency::Replay(*job),
            Some(Claimant { job: None, .. }) => Idempotency::InFlight,
        }
    }

    pub(in crate::store) fn settle_key(&self, scope: &str, fingerprint: &str, job: Option<JobId>) {
        let mut state = self.lock();
        let is_taken =
            |claimant: &Claimant| claimant.job.is_some() || claimant.fingerprint != fingerprint;
        // After the lease another request may have it: the later one must not take it away.
        if state.keys.get(scope).is_some_and(is_taken) {
            return;
        }
        if job.is_none() {
            return state.keys.remove(scope);
        }
        let claimant = Claimant { fingerprint: fingerprint.to_owned(), job };
        state.keys.put(scope.to_owned(), claimant, IDEMPOTENCY_RETENTION);
    }

    pub(in crate::store) fn admit(&self, client: &str, rate: Rate) -> Admission {
        let Some(interval) = rate.interval() else {
            return Admission::Allowed { remaining: rate.burst };
        };
        let mut state = self.lock();
        state.tidy();
        let now = Instant::now();
        let empty_at = state.buckets.get(client).copied().unwrap_or(now).max(now);
        let next_empty_at = empty_at + interval;
        let filled = next_empty_at - now;
        let room = interval * rate.burst.max(1);
        if filled > room {
            return Admission::Refused { retry_after: filled - room };
        }
        state.buckets.put(client.to_owned(), next_empty_at, filled);
        let remaining = (room - filled).as_nanos() / interval.as_nanos();
        Admission::Allowed { remaining: u32::try_from(remaining).unwrap_or(u32::MAX) }
    }
}
