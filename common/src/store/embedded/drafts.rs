//! Readings that wait for a second one.

use std::sync::Arc;

use super::EmbeddedStore;
use crate::contract::job::JobId;
use crate::store::StoreError;

impl EmbeddedStore {
    pub(in crate::store) fn keep_draft(&self, id: JobId, draft: &[u8]) -> Result<(), StoreError> {
        let copy = Arc::new(draft.to_vec());
        let mut state = self.lock();
        state.make_room(draft.len())?;
        state.drafts.put_large(id, copy, draft.len(), self.retention.pending);
        Ok(())
    }

    pub(in crate::store) fn draft(&self, id: JobId) -> Option<Vec<u8>> {
        let draft = self.lock().drafts.get(&id).cloned();
        draft.map(Arc::unwrap_or_clone)
    }

    pub(in crate::store) fn drop_draft(&self, id: JobId) {
        self.lock().drafts.remove(&id);
    }
}
