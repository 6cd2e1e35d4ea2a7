//! Readings that wait for a second one.

use redis::cmd;

use super::{RedisStore, millis};
use crate::contract::job::JobId;
use crate::store::StoreError;

impl RedisStore {
    pub(in crate::store) async fn keep_draft(
        &self,
        id: JobId,
        draft: &[u8],
    ) -> Result<(), StoreError> {
        let key = self.keys.draft(id);
        let retention = millis(self.retention.pending);
        self.link.run(&key, cmd("SET").arg(&key).arg(draft).arg("PX").arg(retention)).await
    }

    pub(in crate::store) async fn draft(&self, id: JobId) -> Result<Option<Vec<u8>>, StoreError> {
        let key = self.keys.draft(id);
        self.link.run(&key, cmd("GET").arg(&key)).await
    }

    pub(in crate::store) async fn drop_draft(&self, id: JobId) -> Result<(), StoreError> {
        let key = self.keys.draft(id);
        self.link.run(&key, cmd("DEL").arg(&key)).await
    }
}
