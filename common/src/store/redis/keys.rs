//! The names of everything in Redis. Client text never gets into one, only its hash.

use crate::contract::job::{BlobHash, JobId};
use crate::provider::ProviderName;
use crate::store::CacheKey;

/// Makes keys under a namespace.
#[derive(Debug, Clone)]
pub(super) struct Keys {
    namespace: String,
}

impl Keys {
    pub(super) fn new(namespace: &str) -> Self {
        Self { namespace: namespace.to_owned() }
    }

    /// The four keys of one job in the order of `job.lua`; the braces put them into one cluster slot.
    pub(super) fn job(&self, id: JobId) -> [String; 4] {
        ["job", "result", "events", "gone"]
            .map(|part| format!("{}:{{{id}}}:{part}", self.namespace))
    }

    /// A reading of a job that waits for a second one; in the slot of its other keys.
    pub(super) fn draft(&self, id: JobId) -> String {
        format!("{}:{{{id}}}:draft", self.namespace)
    }

    /// Ids of all jobs by the time they were made.
    pub(super) fn index(&self) -> String {
        format!("{}:jobs", self.namespace)
    }

    pub(super) fn blob(&self, hash: &BlobHash) -> String {
        format!("{}:blob:{}", self.namespace, hash.as_str())
    }

    /// Jobs that still need a drawing; the braces put it into the drawing's own cluster slot.
    pub(super) fn blob_users(&self, hash: &BlobHash) -> String {
        format!("{}:users:{{{}}}", self.namespace, self.blob(hash))
    }

    pub(super) fn cache(&self, key: &CacheKey) -> String {
        let CacheKey { kind, provider, model_version, options_hash, blob } = key;
        let (kind, provider, blob) = (kind.segment(), provider.as_str(), blob.as_str());
        format!("{}:cache:{kind}:{provider}:{model_version}:{options_hash}:{blob}", self.namespace)
    }

    /// Who computes a cached answer at the moment.
    pub(super) fn lead(&self, key: &CacheKey) -> String {
        format!("{}:lead", self.cache(key))
    }

    pub(super) fn idempotency(&self, scope: &str) -> String {
        format!("{}:idem:{}", self.namespace, hashed(scope))
    }

    pub(super) fn rate(&self, client: &str) -> String {
        format!("{}:rate:{}", self.namespace, hashed(client))
    }

    pub(super) fn worker(&self, id: &str) -> String {
        format!("{}:worker:{id}", self.namespace)
    }

    /// Ids of jobs that have not ended, by when to look at them.
    pub(super) fn open(&self) -> String {
        format!("{}:open", self.namespace)
    }

    /// The circuit that the fleet shares for a provider.
    pub(super) fn circuit(&self, provider: ProviderName) -> String {
        format!("{}:circuit:{}:{provider}", self.namespace, provider.kind().segment())
    }

    /// What operators ask of the workers of a provider.
    pub(super) fn orders(&self, provider: ProviderName) -> String {
        format!("{}:orders:{}:{provider}", self.namespace, provider.kind().segment())
    }

    /// Who does a task of the whole fleet.
    pub(super) fn turn(&self, task: &str) -> String {
        format!("{}:turn:{task}", self.namespace)
    }

    /// Ids of all workers that have announced themselves.
    pub(super) fn workers(&self) -> String {
        format!("{}:workers", self.namespace)
    }
}

fn hashed(text: &str) -> String {
    blake3::hash(text.as_bytes()).to_hex().to_string()
}
