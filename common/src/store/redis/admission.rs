//! What is asked before a request becomes a job: its idempotency key and its client's rate.

use std::time::Duration;

use super::{RedisStore, millis};
use crate::contract::job::JobId;
use crate::store::{
    Admission, IDEMPOTENCY_LEASE, IDEMPOTENCY_RETENTION, Idempotency, Rate, StoreError,
};

impl RedisStore {
    pub(in crate::store) async fn claim_key(
        &self,
        scope: &str,
        fingerprint: &str,
    ) -> Result<Idempotency, StoreError> {
        let key = self.keys.idempotency(scope);
        let mut call = self.scripts.claim_key.key(&key);
        call.arg(fingerprint).arg(millis(IDEMPOTENCY_LEASE));
        let (word, job): (String, String) = self.link.invoke(&key, &call).await?;
        match word.as_str() {
            "new" => Ok(Idempotency::New),
            "in_flight" => Ok(Idempotency::InFlight),
            "mismatch" => Ok(Idempotency::Mismatch),
            _ => job.parse().map(Idempotency::Replay).map_err(|_| StoreError::Corrupt { key }),
        }
    }

    pub(in crate::store) async fn settle_key(
        &self,
        scope: &str,
        fingerprint: &str,
        job: Option<JobId>,
    ) -> Result<(), StoreError> {
        let key = self.keys.idempotency(scope);
        let job = job.map(|job| job.to_string()).unwrap_or_default();
        let mut call = self.scripts.settle_key.key(&key);
        call.arg(fingerprint).arg(job).arg(millis(IDEMPOTENCY_RETENTION));
        self.link.invoke(&key, &call).await
    }

    pub(in crate::store) async fn admit(
        &self,
        client: &str,
        rate: Rate,
    ) -> Result<Admission, StoreError> {
        let Some(interval) = rate.interval() else {
            return Ok(Admission::Allowed { remaining: rate.burst });
        };
        let key = self.keys.rate(client);
        let mut call = self.scripts.admit.key(&key);
        call.arg(interval.as_micros().to_string()).arg(rate.burst.max(1));
        let (is_allowed, figure): (bool, u64) = self.link.invoke(&key, &call).await?;
        Ok(if is_allowed {
            Admission::Allowed { remaining: u32::try_from(figure).unwrap_or(u32::MAX) }
        } else {
            Admission::Refused { retry_after: Duration::from_micros(figure) }
        })
    }
}
