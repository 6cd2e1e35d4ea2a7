//! Drawings, cached answers, and who computes one that is not there yet.

use std::sync::Arc;
use std::time::Duration;

use super::EmbeddedStore;
use crate::contract::job::{BlobHash, JobId};
use crate::store::{CacheKey, Flight, StoreError};

impl EmbeddedStore {
    pub(in crate::store) fn put_blob(
        &self,
        hash: &BlobHash,
        bytes: &[u8],
        user: JobId,
    ) -> Result<(), StoreError> {
        let retention = self.retention.pending;
        let is_kept = {
            let mut state = self.lock();
            let mut users = state.blob_users.get(hash).cloned().unwrap_or_default();
            users.insert(user);
            state.blob_users.put(hash.clone(), users, retention);
            state.blobs.keep(hash, retention)
        };
        if is_kept {
            return Ok(());
        }
        // Copied before the lock is taken: a large drawing takes milliseconds.
        let copy = Arc::new(bytes.to_vec());
        let mut state = self.lock();
        state.make_room(bytes.len())?;
        state.blobs.put_large(hash.clone(), copy, bytes.len(), retention);
        Ok(())
    }

    pub(in crate::store) fn leave_blob(&self, hash: &BlobHash, user: JobId) {
        let mut state = self.lock();
        let users = state.blob_users.get_mut(hash);
        let is_used = users.is_some_and(|users| {
            users.remove(&user);
            !users.is_empty()
        });
        if !is_used {
            state.blobs.shorten(hash, self.retention.result);
        }
    }

    pub(in crate::store) fn blob(&self, hash: &BlobHash) -> Option<Vec<u8>> {
        let blob = self.lock().blobs.get(hash).cloned();
        blob.map(Arc::unwrap_or_clone)
    }

    pub(in crate::store) fn cached(&self, key: &CacheKey) -> Option<Vec<u8>> {
        let answer = self.lock().cache.get(key).cloned();
        answer.map(Arc::unwrap_or_clone)
    }

    pub(in crate::store) fn lead(&self, key: &CacheKey, holder: JobId, lease: Duration) -> Flight {
        if self.retention.cache.is_zero() {
            return Flight::Leader;
        }
        let mut state = self.lock();
        if state.leads.get(key).is_some_and(|leader| *leader != holder) {
            return Flight::Follower;
        }
        state.leads.put(key.clone(), holder, lease);
        Flight::Leader
    }

    pub(in crate::store) fn land(&self, key: &CacheKey, holder: JobId, answer: Option<&[u8]>) {
        if self.retention.cache.is_zero() {
            return;
        }
        let copy = answer.map(|answer| Arc::new(answer.to_vec()));
        let mut state = self.lock();
        // A full store does without the cache: the answer itself is in the job's result.
        if let Some(copy) = copy.filter(|copy| state.make_room(copy.len()).is_ok()) {
            let bytes = copy.len();
            state.cache.put_large(key.clone(), copy, bytes, self.retention.cache);
        }
        if state.leads.get(key) == Some(&holder) {
            state.leads.remove(key);
        }
    }
}
