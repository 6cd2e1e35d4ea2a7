//! Drawings, cached answers, and who computes one that is not there yet.

use std::time::Duration;

use redis::{cmd, pipe};

use super::{RedisStore, millis};
use crate::contract::job::{BlobHash, JobId};
use crate::store::{CacheKey, Flight, StoreError};

impl RedisStore {
    pub(in crate::store) async fn put_blob(
        &self,
        hash: &BlobHash,
        bytes: &[u8],
        user: JobId,
    ) -> Result<(), StoreError> {
        let key = self.keys.blob(hash);
        let users = self.keys.blob_users(hash);
        let retention = millis(self.retention.pending);
        // First of all, so that no other job's leaving shortens its time meanwhile.
        let mut pipeline = pipe();
        pipeline.sadd(&users, user.to_string()).ignore();
        pipeline.cmd("PEXPIRE").arg(&users).arg(&retention).ignore();
        let () = self.link.run_all(&users, &pipeline).await?;
        // A drawing that is there already need not travel again.
        let is_kept: bool = self.link.run(&key, cmd("PEXPIRE").arg(&key).arg(&retention)).await?;
        if is_kept {
            return Ok(());
        }
        self.link.run(&key, cmd("SET").arg(&key).arg(bytes).arg("PX").arg(retention)).await
    }

    pub(in crate::store) async fn leave_blob(
        &self,
        hash: &BlobHash,
        user: JobId,
    ) -> Result<(), StoreError> {
        let (key, users) = (self.keys.blob(hash), self.keys.blob_users(hash));
        let mut call = self.scripts.leave_blob.key(&key);
        call.key(users).arg(user.to_string()).arg(millis(self.retention.result));
        self.link.invoke(&key, &call).await
    }

    pub(in crate::store) async fn blob(
        &self,
        hash: &BlobHash,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let key = self.keys.blob(hash);
        self.link.run(&key, cmd("GET").arg(&key)).await
    }

    pub(in crate::store) async fn cached(
        &self,
        key: &CacheKey,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        if self.retention.cache.is_zero() {
            return Ok(None);
        }
        let key = self.keys.cache(key);
        self.link.run(&key, cmd("GET").arg(&key)).await
    }

    pub(in crate::store) async fn lead(
        &self,
        key: &CacheKey,
        holder: JobId,
        lease: Duration,
    ) -> Result<Flight, StoreError> {
        if self.retention.cache.is_zero() {
            return Ok(Flight::Leader);
        }
        let key = self.keys.lead(key);
        let mut call = self.scripts.lead.key(&key);
        call.arg(holder.to_string()).arg(millis(lease));
        let leads: bool = self.link.invoke(&key, &call).await?;
        Ok(if leads { Flight::Leader } else { Flight::Follower })
    }

    pub(in crate::store) async fn land(
        &self,
        key: &CacheKey,
        holder: JobId,
        answer: Option<&[u8]>,
    ) -> Result<(), StoreError> {
        if self.retention.cache.is_zero() {
            return Ok(());
        }
        // The answer comes first, so that a follower never finds neither answer nor leader.
        if let Some(answer) = answer {
            let key = self.keys.cache(key);
            let retention = millis(self.retention.cache);
            let () = self
                .link
                .run(&key, cmd("SET").arg(&key).arg(answer).arg("PX").arg(retention))
                .await?;
        }
        let key = self.keys.lead(key);
        self.link.invoke(&key, self.scripts.land.key(&key).arg(holder.to_string())).await
    }
}
