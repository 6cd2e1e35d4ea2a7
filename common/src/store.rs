//! What the fleet remembers: job records, results, drawings, and who may work on what.
//!
//! The claim is what makes an at-least-once queue safe: it hands out a fencing token, and only the
//! holder of the newest token can end the job, once. Every key expires.

pub mod embedded;
pub mod orders;
pub mod redis;
pub mod sweep;

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use self::sweep::Parcel;
use crate::contract::job::{BlobHash, JobId, Kind};
use crate::contract::reading::Warning;
use crate::contract::record::{JobError, JobRecord, JobState, Progress};
use crate::error_code::ErrorCode;
use crate::provider::ProviderName;

/// The two stores there are: inside this process, or Redis.
#[derive(Debug, Clone)]
pub enum Store {
    /// For `cad up` and tests; bounded, and lives as long as the process.
    Embedded(embedded::EmbeddedStore),
    /// For the fleet.
    Redis(redis::RedisStore),
}

/// An accepted request answers its idempotency key for a day; later repeats are new requests.
const IDEMPOTENCY_RETENTION: Duration = Duration::from_secs(24 * 3600);

/// A request that has not been accepted within this has died with its process.
const IDEMPOTENCY_LEASE: Duration = Duration::from_secs(30);

/// Bytes hashed at a time: a few hundred microseconds.
const HASH_STEP: usize = 256 * 1024;

/// How long things are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Records and drawings of jobs that have not ended.
    pub pending: Duration,
    /// Record and result, from the end of the job.
    pub result: Duration,
    /// Cached answers, `OCR_CACHE_TTL`.
    pub cache: Duration,
}

/// What went wrong between this process and the store.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The store's address is no address; correct `REDIS_URL`.
    #[error("store address is not valid")]
    Address(#[source] Box<::redis::RedisError>),
    /// The store can't be reached or does not answer; try again later. A write may have happened.
    #[error("store is not reachable")]
    Unreachable(#[source] Box<::redis::RedisError>),
    /// The store refuses writes (out of memory, read-only, loading); try again later.
    #[error("store refuses to write: {0}")]
    Refused(String),
    /// What is stored under the key is not what this build writes.
    #[error("stored value of {key} can't be read")]
    Corrupt {
        /// The key.
        key: String,
    },
    /// The embedded store is at its limit; try again later.
    #[error("store is full")]
    Full,
}

/// What is known under a job id.
#[derive(Debug, Clone, PartialEq)]
pub enum Lookup {
    /// The record.
    Found(Box<JobRecord>),
    /// There was a record.
    Expired {
        /// When it was forgotten.
        expired_at: Timestamp,
    },
    /// Never seen, or forgotten long ago.
    Unknown,
}

/// Who wants to start a job, and by which rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClaimTerms {
    /// Names the delivery: a claim repeated under the same name, its answer lost, is the same claim.
    pub claimant: Uuid,
    /// How often the job may be started.
    pub max_starts: u32,
    /// A holder that was not heard of for this long has died or is frozen.
    pub lease: Duration,
}

/// The answer to a worker that wants to start a job.
#[derive(Debug, Clone, PartialEq)]
pub enum Claim {
    /// The job is this worker's.
    Granted(Grant),
    /// Somebody is at work on it and was heard of within the lease: look again later.
    Held,
    /// The job has ended already, or had before its record expired: settle the message and go on.
    Ended(JobState),
    /// The job was started as often as allowed and never ended: it kills its workers. The grant is
    /// for failing it; this claim counts as no start.
    Exhausted(Grant),
}

/// The right to end a job.
#[derive(Debug, Clone, PartialEq)]
pub struct Grant {
    /// Newer claims have higher tokens; only the newest can end the job. Not a count.
    pub token: u64,
    /// How often the job has been started, this time included; the record's `attempt` says the same.
    pub starts: u32,
    /// The record as it is now.
    pub record: Box<JobRecord>,
}

/// Whether a worker still holds its job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// Go on.
    Held,
    /// The client has canceled it: stop.
    Canceled,
    /// Somebody else has it, it has ended, or the store has lost it: stop.
    Lost,
}

/// How a job ends.
#[derive(Debug, Clone, PartialEq)]
pub enum Ending {
    /// With a result, as JSON text.
    Completed {
        /// The answer, stored and served byte for byte.
        result: Vec<u8>,
        /// What kept it from being whole.
        warnings: Vec<Warning>,
    },
    /// Without.
    Failed(JobError),
}

/// Whether an ending was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finish {
    /// This was the one terminal write, or the same again after its answer was lost.
    Stored,
    /// The token is old, the job has ended, or the store has lost its record: nothing was written.
    Stale,
}

/// The answer to a client that wants to stop a job.
#[derive(Debug, Clone, PartialEq)]
pub enum Cancel {
    /// It is canceled now.
    Canceled(Box<JobRecord>),
    /// It had ended already.
    Ended(Box<JobRecord>),
    /// Nothing is known under the id.
    Unknown,
}

/// What a listing asks for.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct JobFilter {
    /// Only jobs in this state.
    pub state: Option<JobState>,
    /// Only jobs of this key owner; `None` for all.
    pub owner: Option<String>,
    /// Only jobs older than this one, from a page before.
    pub before: Option<JobId>,
    /// How many at most.
    pub limit: usize,
}

impl JobFilter {
    /// Whether a record is one of those asked for, wherever it stands in the list.
    pub(crate) fn matches(&self, record: &JobRecord) -> bool {
        let has_state = self.state.is_none_or(|state| record.state == state);
        has_state && self.owner.as_ref().is_none_or(|owner| record.owner.as_ref() == Some(owner))
    }
}

/// The state of a word that a store has kept.
fn state_of_word(word: &str) -> Option<JobState> {
    JobState::ALL.into_iter().find(|state| state.as_str() == word)
}

/// Names a cached answer.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CacheKey {
    /// What was asked.
    pub kind: Kind,
    /// Who answered.
    pub provider: ProviderName,
    /// With which models, so that a new model never serves old answers.
    pub model_version: String,
    /// With which options, hashed.
    pub options_hash: String,
    /// About which drawing.
    pub blob: BlobHash,
}

/// Who computes a cached answer that is not there yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flight {
    /// The caller, and nobody else until it lands or its time is up.
    Leader,
    /// Somebody else: look into the cache again later.
    Follower,
}

/// The answer to a client that sent an `Idempotency-Key`.
#[derive(Debug, Clone, PartialEq)]
pub enum Idempotency {
    /// The first of its kind: go on, then confirm or release.
    New,
    /// The same request has been accepted as this job.
    Replay(JobId),
    /// The same request is being accepted at this moment.
    InFlight,
    /// The key was used for another request.
    Mismatch,
}

/// The answer of the rate limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// Go on; so many more may follow at once.
    Allowed {
        /// Requests left in the burst.
        remaining: u32,
    },
    /// Too many; try again after this.
    Refused {
        /// When the next one is allowed.
        retry_after: Duration,
    },
}

/// Requests per second that one client may make, and how many at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Per second, on average; 0 switches the limit off.
    pub per_second: u32,
    /// At once; 0 counts as 1.
    pub burst: u32,
}

impl Rate {
    /// The time that one request takes up, in whole microseconds; `None` without a limit.
    fn interval(self) -> Option<Duration> {
        let interval_us = 1_000_000_u32.checked_div(self.per_second)?;
        Some(Duration::from_micros(u64::from(interval_us.max(1))))
    }
}

/// What a worker says of itself every few seconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WorkerReport {
    /// Names the worker process.
    pub id: String,
    /// The host it runs on.
    pub host: String,
    /// The build.
    pub version: String,
    /// What it serves.
    pub providers: Vec<ProviderReport>,
    /// When it said so.
    pub reported_at: Timestamp,
}

/// What a worker says of one of its providers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProviderReport {
    /// Which.
    pub name: ProviderName,
    /// Whether models are loaded and slots run.
    pub is_ready: bool,
    /// Why not.
    pub problem: Option<String>,
    /// Slots there are.
    pub slots: u32,
    /// Slots at work.
    pub busy: u32,
    /// Whether an operator lets its jobs wait.
    #[serde(default)]
    pub is_paused: bool,
    /// State of its circuit.
    pub circuit: CircuitState,
    /// Moving average of the error rate, 0 to 1.
    pub error_rate: f64,
    /// Names and versions of its models, by role.
    #[serde(default)]
    pub models: BTreeMap<String, String>,
    /// The last failure that was not the client's.
    #[serde(default)]
    pub last_error: Option<LastError>,
}

/// A failure of a provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LastError {
    /// The stable word.
    pub code: ErrorCode,
    /// What happened.
    pub detail: String,
    /// When.
    #[schema(value_type = String, format = "date-time")]
    pub at: Timestamp,
}

/// The state of a circuit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CircuitState {
    /// Jobs are taken.
    #[default]
    Closed,
    /// Jobs wait in the queue.
    Open,
    /// One job is tried.
    HalfOpen,
}

/// What the store says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StoreHealth {
    /// The server's version, where it tells.
    pub version: Option<String>,
    /// Settings under which results can be lost, each with its fix; empty when all is well.
    pub risks: Vec<String>,
}

impl Store {
    /// Writes a new record before its message, the `parcel`, is published.
    ///
    /// # Errors
    /// The store is away, refuses or is full.
    pub async fn create(
        &self,
        record: &JobRecord,
        parcel: Option<&Parcel>,
    ) -> Result<(), StoreError> {
        match self {
            Self::Embedded(store) => store.create(record, parcel),
            Self::Redis(store) => store.create(record, parcel).await,
        }
    }

    /// Removes a record whose message could not be published.
    ///
    /// # Errors
    /// The store is away.
    pub async fn remove(&self, id: JobId) -> Result<(), StoreError> {
        match self {
            Self::Embedded(store) => {
                store.remove(id);
                Ok(())
            }
            Self::Redis(store) => store.remove(id).await,
        }
    }

    /// Reads a record.
    ///
    /// # Errors
    /// The store is away, or what it holds can't be read.
    pub async fn lookup(&self, id: JobId) -> Result<Lookup, StoreError> {
        match self {
            Self::Embedded(store) => Ok(store.lookup(id)),
            Self::Redis(store) => store.lookup(id).await,
        }
    }

    /// Lists records that match, newest first, `limit` at most; ask for one more to learn whether there are more.
    ///
    /// # Errors
    /// The store is away.
    pub async fn list(&self, filter: &JobFilter) -> Result<Vec<JobRecord>, StoreError> {
        match self {
            Self::Embedded(store) => Ok(store.list(filter)),
            Self::Redis(store) => store.list(filter).await,
        }
    }

    /// Claims a job for a worker. `seed` becomes the record when the store has none.
    ///
    /// # Errors
    /// The store is away: the job must not be started.
    pub async fn claim(&self, seed: &JobRecord, terms: &ClaimTerms) -> Result<Claim, StoreError> {
        match self {
            Self::Embedded(store) => Ok(store.claim(seed, terms)),
            Self::Redis(store) => store.claim(seed, terms).await,
        }
    }

    /// Reports progress and learns whether the job is still the caller's.
    ///
    /// # Errors
    /// The store is away.
    pub async fn hold(
        &self,
        id: JobId,
        token: u64,
        progress: Option<Progress>,
    ) -> Result<Hold, StoreError> {
        match self {
            Self::Embedded(store) => Ok(store.hold(id, token, progress)),
            Self::Redis(store) => store.hold(id, token, progress).await,
        }
    }

    /// Puts a claimed job back to pending because it will be tried again; `error` says why.
    ///
    /// `is_unstarted` takes the start back that the claim counted: the job was handed back, not tried.
    ///
    /// # Errors
    /// The store is away.
    pub async fn release(
        &self,
        id: JobId,
        token: u64,
        error: Option<&JobError>,
        is_unstarted: bool,
    ) -> Result<Finish, StoreError> {
        match self {
            Self::Embedded(store) => Ok(store.release(id, token, error, is_unstarted)),
            Self::Redis(store) => store.release(id, token, error, is_unstarted).await,
        }
    }

    /// Ends a job, once: compare-and-set on the token.
    ///
    /// # Errors
    /// The store is away or refuses: the message must not be acknowledged.
    pub async fn finish(
        &self,
        id: JobId,
        token: u64,
        ending: &Ending,
    ) -> Result<Finish, StoreError> {
        match self {
            Self::Embedded(store) => Ok(store.finish(id, token, ending)),
            Self::Redis(store) => store.finish(id, token, ending).await,
        }
    }

    /// Cancels a job that has not ended.
    ///
    /// # Errors
    /// The store is away.
    pub async fn cancel(&self, id: JobId) -> Result<Cancel, StoreError> {
        match self {
            Self::Embedded(store) => Ok(store.cancel(id)),
            Self::Redis(store) => store.cancel(id).await,
        }
    }

    /// Reads a result as it was stored.
    ///
    /// # Errors
    /// The store is away.
    pub async fn result(&self, id: JobId) -> Result<Option<Vec<u8>>, StoreError> {
        match self {
            Self::Embedded(store) => Ok(store.result(id)),
            Self::Redis(store) => store.result(id).await,
        }
    }

    /// Keeps a drawing under its hash for a job, for as long as that may wait.
    ///
    /// # Errors
    /// The store is away, refuses or is full.
    pub async fn put_blob(&self, bytes: &[u8], user: JobId) -> Result<BlobHash, StoreError> {
        let hash = hash_of(bytes).await;
        match self {
            Self::Embedded(store) => store.put_blob(&hash, bytes, user)?,
            Self::Redis(store) => store.put_blob(&hash, bytes, user).await?,
        }
        Ok(hash)
    }

    /// Says that a job needs its drawing no more; without users it is kept as long as a result only.
    ///
    /// # Errors
    /// The store is away.
    pub async fn leave_blob(&self, hash: &BlobHash, user: JobId) -> Result<(), StoreError> {
        match self {
            Self::Embedded(store) => {
                store.leave_blob(hash, user);
                Ok(())
            }
            Self::Redis(store) => store.leave_blob(hash, user).await,
        }
    }

    /// Keeps a reading that waits for a second one, for as long as its job may wait.
    ///
    /// # Errors
    /// The store is away, refuses or is full.
    pub async fn keep_draft(&self, id: JobId, draft: &[u8]) -> Result<(), StoreError> {
        match self {
            Self::Embedded(store) => store.keep_draft(id, draft),
            Self::Redis(store) => store.keep_draft(id, draft).await,
        }
    }

    /// Reads what was kept of a job so far.
    ///
    /// # Errors
    /// The store is away.
    pub async fn draft(&self, id: JobId) -> Result<Option<Vec<u8>>, StoreError> {
        match self {
            Self::Embedded(store) => Ok(store.draft(id)),
            Self::Redis(store) => store.draft(id).await,
        }
    }

    /// Forgets it: the job has ended.
    ///
    /// # Errors
    /// The store is away.
    pub async fn drop_draft(&self, id: JobId) -> Result<(), StoreError> {
        match self {
            Self::Embedded(store) => {
                store.drop_draft(id);
                Ok(())
            }
            Self::Redis(store) => store.drop_draft(id).await,
        }
    }

    /// Reads a drawing.
    ///
    /// # Errors
    /// The store is away.
    pub async fn blob(&self, hash: &BlobHash) -> Result<Option<Vec<u8>>, StoreError> {
        match self {
            Self::Embedded(store) => Ok(store.blob(hash)),
            Self::Redis(store) => store.blob(hash).await,
        }
    }

    /// Reads a cached answer.
    ///
    /// # Errors
    /// The store is away.
    pub async fn cached(&self, key: &CacheKey) -> Result<Option<Vec<u8>>, StoreError> {
        match self {
            Self::Embedded(store) => Ok(store.cached(key)),
            Self::Redis(store) => store.cached(key).await,
        }
    }

    /// Takes the lead in computing an answer, for `lease` at most.
    ///
    /// # Errors
    /// The store is away.
    pub async fn lead(
        &self,
        key: &CacheKey,
        holder: JobId,
        lease: Duration,
    ) -> Result<Flight, StoreError> {
        match self {
            Self::Embedded(store) => Ok(store.lead(key, holder, lease)),
            Self::Redis(store) => store.lead(key, holder, lease).await,
        }
    }

    /// Ends the lead, and caches the answer if there is one.
    ///
    /// # Errors
    /// The store is away.
    pub async fn land(
        &self,
        key: &CacheKey,
        holder: JobId,
        answer: Option<&[u8]>,
    ) -> Result<(), StoreError> {
        match self {
            Self::Embedded(store) => {
                store.land(key, holder, answer);
                Ok(())
            }
            Self::Redis(store) => store.land(key, holder, answer).await,
        }
    }

    /// Claims an idempotency key for a request. `scope` names owner, route and key; `fingerprint` the body.
    ///
    /// # Errors
    /// The store is away.
    pub async fn claim_key(
        &self,
        scope: &str,
        fingerprint: &str,
    ) -> Result<Idempotency, StoreError> {
        match self {
            Self::Embedded(store) => Ok(store.claim_key(scope, fingerprint)),
            Self::Redis(store) => store.claim_key(scope, fingerprint).await,
        }
    }

    /// Binds a claimed key to its job (`Some`), or gives the key free again (`None`).
    ///
    /// # Errors
    /// The store is away.
    pub async fn settle_key(
        &self,
        scope: &str,
        fingerprint: &str,
        job: Option<JobId>,
    ) -> Result<(), StoreError> {
        match self {
            Self::Embedded(store) => {
                store.settle_key(scope, fingerprint, job);
                Ok(())
            }
            Self::Redis(store) => store.settle_key(scope, fingerprint, job).await,
        }
    }

    /// Counts a request against a client's rate, fleet-wide.
    ///
    /// # Errors
    /// The store is away.
    pub async fn admit(&self, client: &str, rate: Rate) -> Result<Admission, StoreError> {
        match self {
            Self::Embedded(store) => Ok(store.admit(client, rate)),
            Self::Redis(store) => store.admit(client, rate).await,
        }
    }

    /// Says that a worker is alive, for `ttl`.
    ///
    /// # Errors
    /// The store is away.
    pub async fn announce(&self, report: &WorkerReport, ttl: Duration) -> Result<(), StoreError> {
        match self {
            Self::Embedded(store) => {
                store.announce(report, ttl);
                Ok(())
            }
            Self::Redis(store) => store.announce(report, ttl).await,
        }
    }

    /// Takes a worker off the list when it leaves.
    ///
    /// # Errors
    /// The store is away.
    pub async fn retire(&self, worker: &str) -> Result<(), StoreError> {
        match self {
            Self::Embedded(store) => {
                store.retire(worker);
                Ok(())
            }
            Self::Redis(store) => store.retire(worker).await,
        }
    }

    /// The workers that are alive.
    ///
    /// # Errors
    /// The store is away.
    pub async fn workers(&self) -> Result<Vec<WorkerReport>, StoreError> {
        match self {
            Self::Embedded(store) => Ok(store.workers()),
            Self::Redis(store) => store.workers().await,
        }
    }

    /// Checks that the store answers, and whether it could lose results.
    ///
    /// # Errors
    /// The store is away.
    pub async fn check(&self) -> Result<StoreHealth, StoreError> {
        match self {
            Self::Embedded(_) => Ok(StoreHealth::default()),
            Self::Redis(store) => store.check().await,
        }
    }
}

/// Hashes a drawing step by step, so that a large one doesn't hold up the other tasks of its thread.
async fn hash_of(bytes: &[u8]) -> BlobHash {
    let mut hasher = blake3::Hasher::new();
    for step in bytes.chunks(HASH_STEP) {
        hasher.update(step);
        tokio::task::yield_now().await;
    }
    hasher.finalize().into()
}
