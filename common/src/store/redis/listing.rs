//! The list of jobs: an index of ids by time of creation.
//!
//! Records expire by themselves and the index can't know of it. Ids without a record leave it when a
//! listing meets them, and by samples taken as jobs come in.

use std::sync::atomic::Ordering;

use jiff::Timestamp;
use redis::{cmd, pipe};

use super::record::{self, Fields};
use super::{RedisStore, millis};
use crate::contract::job::JobId;
use crate::contract::record::JobRecord;
use crate::store::{JobFilter, StoreError};

/// Ids that a listing looks at in one step.
const STEP: usize = 100;

/// Steps of a listing at most, 20,000 jobs: a rare state must not hold up a request for the length of the index.
const MOST_STEPS: usize = 200;

/// How many jobs come in between two samples.
const SAMPLE_INTERVAL: usize = 32;

/// Ids in a sample. Several times the interval, so that expired ids leave faster than they come.
const SAMPLE: usize = 128;

impl RedisStore {
    /// Lists the newest jobs that match, among as many as a request has time for.
    pub(in crate::store) async fn list(
        &self,
        filter: &JobFilter,
    ) -> Result<Vec<JobRecord>, StoreError> {
        let mut records = Vec::new();
        let mut expired = Vec::new();
        let mut before = filter.before;
        for _ in 0..MOST_STEPS {
            if records.len() >= filter.limit {
                break;
            }
            let ids = self.page(before).await?;
            let found = self.records(&ids).await?;
            for (id, record) in ids.iter().zip(found) {
                match record {
                    None => expired.push(*id),
                    Some(record) if filter.matches(&record) => records.push(record),
                    Some(_) => {}
                }
            }
            if ids.len() < STEP {
                break;
            }
            before = ids.last().copied();
        }
        records.truncate(filter.limit);
        // Last of all: a step finds its place by the last id of the one before.
        self.drop_from_index(&expired).await?;
        Ok(records)
    }

    /// Puts a job into the index.
    pub(super) async fn index(&self, record: &JobRecord) -> Result<(), StoreError> {
        let index = self.keys.index();
        let lifetime = self.retention.pending + self.retention.result;
        let mut pipeline = pipe();
        pipeline.zadd(&index, record.id.to_string(), record.created_at.as_millisecond()).ignore();
        pipeline.cmd("PEXPIRE").arg(&index).arg(millis(lifetime)).ignore();
        // Now, and not when a client says that it made the job: that may be any time.
        self.watch_in(&mut pipeline, record.id, Timestamp::now());
        let () = self.link.run_all(&index, &pipeline).await?;
        if !self.indexed.fetch_add(1, Ordering::Relaxed).is_multiple_of(SAMPLE_INTERVAL) {
            return Ok(());
        }
        if let Err(error) = self.sample().await {
            // The job is indexed all the same; the next sample makes up for this one.
            tracing::debug!(%error, "index of jobs was not sampled");
        }
        Ok(())
    }

    /// Drops the expired ids of a random sample.
    async fn sample(&self) -> Result<(), StoreError> {
        let index = self.keys.index();
        let sample: Vec<String> =
            self.link.run(&index, cmd("ZRANDMEMBER").arg(&index).arg(SAMPLE)).await?;
        let ids: Vec<JobId> = sample.iter().filter_map(|id| id.parse().ok()).collect();
        if ids.is_empty() {
            return Ok(());
        }
        let mut pipeline = pipe();
        for id in &ids {
            let [job, ..] = self.keys.job(*id);
            pipeline.exists(job);
        }
        let exist: Vec<bool> = self.link.run_all(&index, &pipeline).await?;
        let expired: Vec<JobId> =
            ids.into_iter().zip(exist).filter(|(_, exists)| !exists).map(|(id, _)| id).collect();
        self.drop_from_index(&expired).await
    }

    async fn drop_from_index(&self, expired: &[JobId]) -> Result<(), StoreError> {
        if expired.is_empty() {
            return Ok(());
        }
        let index = self.keys.index();
        let mut command = cmd("ZREM");
        command.arg(&index);
        for id in expired {
            command.arg(id.to_string());
        }
        self.link.run(&index, &command).await
    }

    /// The next ids after one, newest first.
    async fn page(&self, before: Option<JobId>) -> Result<Vec<JobId>, StoreError> {
        let index = self.keys.index();
        // An id that has left the index and says no time of its own has nothing after it.
        let before_ms = before
            .and_then(JobId::submitted_ms)
            .map_or_else(|| "-inf".to_owned(), |ms| ms.to_string());
        let mut call = self.scripts.page.key(&index);
        call.arg(before.map(|id| id.to_string()).unwrap_or_default()).arg(before_ms).arg(STEP);
        let ids: Vec<String> = self.link.invoke(&index, &call).await?;
        let parsed: Result<Vec<JobId>, _> = ids.iter().map(|id| id.parse()).collect();
        parsed.map_err(|_| StoreError::Corrupt { key: index })
    }

    /// The records of ids, `None` for what has expired.
    pub(super) async fn records(
        &self,
        ids: &[JobId],
    ) -> Result<Vec<Option<JobRecord>>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut pipeline = pipe();
        for id in ids {
            let [job, ..] = self.keys.job(*id);
            pipeline.hgetall(job);
        }
        let hashes: Vec<Fields> = self.link.run_all(&self.keys.index(), &pipeline).await?;
        let mut records = Vec::new();
        for (id, fields) in ids.iter().zip(hashes) {
            let [job, ..] = self.keys.job(*id);
            let record =
                if fields.is_empty() { None } else { Some(record::of_fields(&job, &fields)?) };
            records.push(record);
        }
        Ok(records)
    }
}
