//! The store inside one process: the rules of `redis/job.lua` under one lock, and bounded.

mod admission;
mod answers;
mod drafts;
mod orders;
mod shelf;
mod sweep;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;
use uuid::Uuid;

use self::admission::Claimant;
use self::shelf::Shelf;
use super::orders::{Orders, SharedCircuit};
use super::sweep::Parcel;
use super::{
    CacheKey, Cancel, Claim, ClaimTerms, Ending, Finish, Grant, Hold, JobFilter, Lookup, Retention,
    StoreError, WorkerReport,
};
use crate::contract::job::{BlobHash, JobId};
use crate::contract::record::{JobError, JobRecord, JobState, Progress};
use crate::provider::ProviderName;

/// Drawings, results and cached answers together; more would be the machine's memory, not a store.
const MAX_BYTES: usize = 1024 * 1024 * 1024;

/// Records at once; each has a few KiB at most.
const MAX_RECORDS: usize = 100_000;

/// As in `job.lua`: that there was a job is known for this much longer than the job itself.
const TOMBSTONE_FACTOR: u32 = 4;

/// How often what has expired is cleared away, as a side effect of other calls.
const TIDY_INTERVAL: Duration = Duration::from_secs(30);

/// The store inside this process. Clones are the same store.
#[derive(Clone)]
pub struct EmbeddedStore {
    state: Arc<Mutex<State>>,
    retention: Retention,
}

impl fmt::Debug for EmbeddedStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EmbeddedStore")
    }
}

/// All that is kept: a shelf for each kind of key in Redis.
struct State {
    jobs: Shelf<JobId, Job>,
    /// Ids of jobs by time of creation in milliseconds.
    index: BTreeSet<(i64, JobId)>,
    results: Shelf<JobId, Arc<Vec<u8>>>,
    /// Readings that wait for a second one.
    drafts: Shelf<JobId, Arc<Vec<u8>>>,
    tombstones: Shelf<JobId, Tombstone>,
    blobs: Shelf<BlobHash, Arc<Vec<u8>>>,
    /// Jobs that still need a drawing.
    blob_users: Shelf<BlobHash, BTreeSet<JobId>>,
    cache: Shelf<CacheKey, Arc<Vec<u8>>>,
    leads: Shelf<CacheKey, JobId>,
    keys: Shelf<String, Claimant>,
    /// When each client's bucket is empty again.
    buckets: Shelf<String, Instant>,
    workers: Shelf<String, WorkerReport>,
    orders: Shelf<ProviderName, Orders>,
    circuits: Shelf<ProviderName, SharedCircuit>,
    last_token: u64,
    tidied_at: Instant,
}

struct Job {
    record: JobRecord,
    token: u64,
    /// Who has claimed it last.
    holder: Option<Uuid>,
    heard_at: Instant,
    /// Its message, when it came through the API.
    parcel: Option<Parcel>,
    /// How often that was sent again.
    resent: u32,
    history: Vec<JobState>,
}

impl Job {
    fn grant(&self) -> Grant {
        let record = Box::new(self.record.clone());
        Grant { token: self.token, starts: self.record.attempt, record }
    }
}

/// What is left of an expired job.
struct Tombstone {
    state: JobState,
    expired_at: Timestamp,
}

impl EmbeddedStore {
    /// An empty store.
    #[must_use]
    pub fn new(retention: Retention) -> Self {
        Self { state: Arc::new(Mutex::new(State::new())), retention }
    }

    /// A panic elsewhere leaves no half-made change behind: each call makes its own in one go.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn create(
        &self,
        record: &JobRecord,
        parcel: Option<&Parcel>,
    ) -> Result<(), StoreError> {
        let mut state = self.lock();
        if state.jobs.get(&record.id).is_some() {
            return Ok(());
        }
        state.make_room(0)?;
        state.add(record, parcel.cloned());
        state.keep(record.id, self.retention.pending);
        Ok(())
    }

    pub(super) fn remove(&self, id: JobId) {
        let mut state = self.lock();
        if let Some(job) = state.jobs.get(&id) {
            let place = place_of(&job.record);
            state.index.remove(&place);
        }
        state.jobs.remove(&id);
        state.results.remove(&id);
        state.tombstones.remove(&id);
    }

    pub(super) fn lookup(&self, id: JobId) -> Lookup {
        let state = self.lock();
        if let Some(job) = state.jobs.get(&id) {
            return Lookup::Found(Box::new(job.record.clone()));
        }
        let tombstone = state.tombstones.get(&id);
        tombstone.map_or(Lookup::Unknown, |tombstone| Lookup::Expired {
            expired_at: tombstone.expired_at,
        })
    }

    pub(super) fn list(&self, filter: &JobFilter) -> Vec<JobRecord> {
        let state = self.lock();
        let end = match filter.before {
            None => (i64::MAX, JobId::generate()),
            Some(id) => match (state.jobs.get(&id), id.submitted_ms()) {
                (Some(job), _) => place_of(&job.record),
                (None, Some(ms)) => (ms, id),
                // An id that is gone and says no time of its own has nothing after it.
                (None, None) => return Vec::new(),
            },
        };
        let newest_first = state.index.range(..end).rev().filter_map(|(_, id)| state.jobs.get(id));
        let wanted = newest_first.map(|job| &job.record).filter(|record| filter.matches(record));
        wanted.take(filter.limit).cloned().collect()
    }

    pub(super) fn claim(&self, seed: &JobRecord, terms: &ClaimTerms) -> Claim {
        let mut state = self.lock();
        let last_state = match (state.jobs.get(&seed.id), state.tombstones.get(&seed.id)) {
            (Some(job), _) => Some(job.record.state),
            (None, tombstone) => tombstone.map(|tombstone| tombstone.state),
        };
        if let Some(ended) = last_state.filter(|state| state.is_terminal()) {
            return Claim::Ended(ended);
        }
        if let Some(job) = state.jobs.get(&seed.id)
            && job.record.state == JobState::InProgress
            && let Some(claimant) = job.holder
        {
            if claimant == terms.claimant {
                return Claim::Granted(job.grant());
            }
            if job.heard_at.elapsed() < terms.lease {
                return Claim::Held;
            }
        }
        if state.jobs.get(&seed.id).is_none() {
            state.add(seed, None);
        }
        let grant = state.start(seed, terms);
        state.keep(seed.id, self.retention.pending);
        grant
    }

    pub(super) fn hold(&self, id: JobId, token: u64, progress: Option<Progress>) -> Hold {
        let mut state = self.lock();
        match state.jobs.get_mut(&id) {
            Some(job) if job.record.state == JobState::Canceled => Hold::Canceled,
            Some(job) if job.record.state == JobState::InProgress && job.token == token => {
                job.record.progress = progress.or(job.record.progress);
                job.heard_at = Instant::now();
                Hold::Held
            }
            _ => Hold::Lost,
        }
    }

    pub(super) fn release(
        &self,
        id: JobId,
        token: u64,
        error: Option<&JobError>,
        is_unstarted: bool,
    ) -> Finish {
        let mut state = self.lock();
        let Some(job) = state.jobs.get_mut(&id).filter(|job| job.token == token) else {
            return Finish::Stale;
        };
        let record = &mut job.record;
        match record.state {
            JobState::InProgress => {}
            JobState::Pending => return Finish::Stored,
            JobState::Completed | JobState::Failed | JobState::Canceled => return Finish::Stale,
        }
        job.heard_at = Instant::now();
        record.state = JobState::Pending;
        job.history.push(JobState::Pending);
        record.progress = None;
        record.error = error.cloned().or(record.error.take());
        if is_unstarted {
            record.attempt = record.attempt.saturating_sub(1);
            record.started_at = record.started_at.filter(|_| record.attempt > 0);
        }
        state.keep(id, self.retention.pending);
        Finish::Stored
    }

    pub(super) fn finish(&self, id: JobId, token: u64, ending: &Ending) -> Finish {
        let mut state = self.lock();
        let Some(job) = state.jobs.get_mut(&id).filter(|job| job.token == token) else {
            return Finish::Stale;
        };
        let ended = match ending {
            Ending::Completed { .. } => JobState::Completed,
            Ending::Failed(_) => JobState::Failed,
        };
        if job.record.state.is_terminal() {
            return if job.record.state == ended { Finish::Stored } else { Finish::Stale };
        }
        match ending {
            Ending::Completed { result, warnings } => {
                job.record.warnings.clone_from(warnings);
                job.record.error = None;
                let result = Arc::new(result.clone());
                let bytes = result.len();
                state.results.put_large(id, result, bytes, self.retention.result);
            }
            Ending::Failed(error) => job.record.error = Some(error.clone()),
        }
        state.end(id, ended, self.retention.result);
        Finish::Stored
    }

    pub(super) fn cancel(&self, id: JobId) -> Cancel {
        let mut state = self.lock();
        let Some(job) = state.jobs.get_mut(&id) else {
            return Cancel::Unknown;
        };
        if job.record.state.is_terminal() {
            return Cancel::Ended(Box::new(job.record.clone()));
        }
        job.record.error = None;
        state.end(id, JobState::Canceled, self.retention.result);
        let canceled = state.jobs.get(&id).map(|job| Box::new(job.record.clone()));
        canceled.map_or(Cancel::Unknown, Cancel::Canceled)
    }

    pub(super) fn result(&self, id: JobId) -> Option<Vec<u8>> {
        let result = self.lock().results.get(&id).cloned();
        result.map(Arc::unwrap_or_clone)
    }

    pub(super) fn announce(&self, report: &WorkerReport, ttl: Duration) {
        self.lock().workers.put(report.id.clone(), report.clone(), ttl);
    }

    pub(super) fn retire(&self, worker: &str) {
        self.lock().workers.remove(worker);
    }

    pub(super) fn workers(&self) -> Vec<WorkerReport> {
        let mut reports: Vec<_> = self.lock().workers.values().cloned().collect();
        reports.sort_by(|one, other| one.id.cmp(&other.id));
        reports
    }
}

impl State {
    fn new() -> Self {
        Self {
            jobs: Shelf::default(),
            index: BTreeSet::new(),
            results: Shelf::default(),
            drafts: Shelf::default(),
            tombstones: Shelf::default(),
            blobs: Shelf::default(),
            blob_users: Shelf::default(),
            cache: Shelf::default(),
            leads: Shelf::default(),
            keys: Shelf::default(),
            buckets: Shelf::default(),
            workers: Shelf::default(),
            orders: Shelf::default(),
            circuits: Shelf::default(),
            last_token: 0,
            tidied_at: Instant::now(),
        }
    }

    fn add(&mut self, seed: &JobRecord, parcel: Option<Parcel>) {
        let record = JobRecord { state: JobState::Pending, attempt: 0, ..seed.clone() };
        self.index.insert(place_of(&record));
        // The caller says how long it is kept.
        let (heard_at, history) = (Instant::now(), vec![JobState::Pending]);
        let job = Job { record, token: 0, holder: None, heard_at, parcel, resent: 0, history };
        self.jobs.put(seed.id, job, TIDY_INTERVAL);
    }

    /// Gives a job that has not ended to a new holder, as a start if it has one left.
    fn start(&mut self, seed: &JobRecord, terms: &ClaimTerms) -> Claim {
        self.last_token += 1;
        let token = self.last_token;
        let Some(job) = self.jobs.get_mut(&seed.id) else {
            return Claim::Ended(JobState::Failed);
        };
        job.token = token;
        let record = &mut job.record;
        let is_exhausted = record.attempt >= terms.max_starts;
        if !is_exhausted {
            record.state = JobState::InProgress;
            job.history.push(JobState::InProgress);
            record.attempt += 1;
            record.started_at.get_or_insert_with(Timestamp::now);
            record.progress = None;
            record.error = None;
            job.holder = Some(terms.claimant);
            job.heard_at = Instant::now();
        }
        let grant = job.grant();
        if is_exhausted { Claim::Exhausted(grant) } else { Claim::Granted(grant) }
    }

    fn end(&mut self, id: JobId, state: JobState, retention: Duration) {
        let now = Timestamp::now();
        if let Some(job) = self.jobs.get_mut(&id) {
            job.record.state = state;
            job.history.push(state);
            job.record.progress = None;
            job.parcel = None;
            job.record.finished_at = Some(now);
            job.record.expires_at = now.checked_add(retention).ok();
        }
        self.keep(id, retention);
    }

    /// Keeps what is known of a job for a while from now, and for longer that there was something.
    fn keep(&mut self, id: JobId, retention: Duration) {
        let Some(job) = self.jobs.get(&id) else {
            return;
        };
        let expired_at = Timestamp::now().checked_add(retention).unwrap_or(Timestamp::MAX);
        let tombstone = Tombstone { state: job.record.state, expired_at };
        self.jobs.keep(&id, retention);
        self.tombstones.put(id, tombstone, retention * TOMBSTONE_FACTOR);
    }

    /// Sees to it that one more record and so many bytes fit in.
    fn make_room(&mut self, bytes: usize) -> Result<(), StoreError> {
        self.tidy();
        if self.has_room(bytes) {
            return Ok(());
        }
        self.purge();
        if self.has_room(bytes) { Ok(()) } else { Err(StoreError::Full) }
    }

    fn has_room(&self, bytes: usize) -> bool {
        let held =
            self.blobs.bytes() + self.results.bytes() + self.drafts.bytes() + self.cache.bytes();
        self.jobs.len() < MAX_RECORDS && held.saturating_add(bytes) <= MAX_BYTES
    }

    /// Clears away what has expired, now and then.
    fn tidy(&mut self) {
        if self.tidied_at.elapsed() >= TIDY_INTERVAL {
            self.purge();
        }
    }

    fn purge(&mut self) {
        self.tidied_at = Instant::now();
        self.jobs.purge();
        self.index.retain(|(_, id)| self.jobs.get(id).is_some());
        self.results.purge();
        self.drafts.purge();
        self.tombstones.purge();
        self.blobs.purge();
        self.blob_users.purge();
        self.cache.purge();
        self.leads.purge();
        self.keys.purge();
        self.buckets.purge();
        self.workers.purge();
        self.orders.purge();
        self.circuits.purge();
    }
}

/// Where a job stands in the list.
fn place_of(record: &JobRecord) -> (i64, JobId) {
    (record.created_at.as_millisecond(), record.id)
}
