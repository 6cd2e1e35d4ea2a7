//! The list of jobs that have not ended, by the time at which somebody should look at them.
//!
//! A job leaves the list when a look finds it ended; so a job costs one entry, and ending one nothing.

use std::time::Duration;

use jiff::Timestamp;
use redis::{cmd, pipe};

use super::{RedisStore, json, millis, record};
use crate::contract::codec;
use crate::contract::job::JobId;
use crate::contract::record::{JobError, JobRecord, JobState};
use crate::store::sweep::{MOST_RESENDS, Reopen, Silent};
use crate::store::{Lookup, StoreError, state_of_word};

impl RedisStore {
    pub(in crate::store) async fn overdue(
        &self,
        silence: Duration,
        most: usize,
    ) -> Result<Vec<JobRecord>, StoreError> {
        let open = self.keys.open();
        let now_ms = Timestamp::now().as_millisecond();
        let silence_ms = i64::try_from(silence.as_millis()).unwrap_or(i64::MAX);
        let mut read = cmd("ZRANGEBYSCORE");
        read.arg(&open).arg("-inf").arg(now_ms.saturating_sub(silence_ms));
        let due: Vec<String> = self.link.run(&open, read.arg("LIMIT").arg(0).arg(most)).await?;
        let ids: Vec<JobId> = due.iter().filter_map(|id| id.parse().ok()).collect();
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut overdue = Vec::new();
        let mut pipeline = pipe();
        for (id, record) in ids.iter().zip(self.readable(&ids).await?) {
            match record.filter(|record| !record.state.is_terminal()) {
                Some(record) => {
                    pipeline.cmd("ZADD").arg(&open).arg("XX").arg(now_ms).arg(id.to_string());
                    overdue.push(record);
                }
                None => {
                    pipeline.zrem(&open, id.to_string());
                }
            }
            pipeline.ignore();
        }
        let () = self.link.run_all(&open, &pipeline).await?;
        Ok(overdue)
    }

    /// The records of ids, `None` also for what can't be read: one such record must not hold up the others.
    async fn readable(&self, ids: &[JobId]) -> Result<Vec<Option<JobRecord>>, StoreError> {
        match self.records(ids).await {
            Err(StoreError::Corrupt { .. }) => {}
            outcome => return outcome,
        }
        let mut records = Vec::new();
        for id in ids {
            records.push(match self.lookup(*id).await {
                Ok(Lookup::Found(record)) => Some(*record),
                Ok(Lookup::Expired { .. } | Lookup::Unknown) => None,
                Err(error @ StoreError::Corrupt { .. }) => {
                    tracing::error!(job.id = %id, %error, "record is not looked after any more");
                    None
                }
                Err(error) => return Err(error),
            });
        }
        Ok(records)
    }

    pub(in crate::store) async fn resend(
        &self,
        id: JobId,
        silence: Duration,
    ) -> Result<Silent, StoreError> {
        let most = MOST_RESENDS.to_string();
        let args = [&*millis(silence).into_bytes(), most.as_bytes()];
        let (word, _, fields) = self.job(id, "resend", &args).await?;
        match word.as_str() {
            "resend" => {}
            "lost" => return Ok(Silent::Lost),
            _ => return Ok(Silent::Settled),
        }
        let [key, ..] = self.keys.job(id);
        let record = record::of_fields(&key, &fields)?;
        let parcel = fields.get("parcel").map(|bytes| codec::from_messagepack(bytes));
        // Written by another version of the build: nothing that could be sent.
        Ok(parcel
            .and_then(Result::ok)
            .map_or(Silent::Lost, |parcel| Silent::Resend(Box::new((record, parcel)))))
    }

    pub(in crate::store) async fn give_up(
        &self,
        id: JobId,
        silence: Duration,
        error: &JobError,
    ) -> Result<bool, StoreError> {
        let args = [&*self.ended(), &millis(silence).into_bytes(), &json(error)];
        let (word, ..) = self.job(id, "give_up", &args).await?;
        Ok(word == "stored")
    }

    pub(in crate::store) async fn reopen(&self, id: JobId) -> Result<Reopen, StoreError> {
        let (word, detail, _) = self.job(id, "reopen", &[&self.pending()]).await?;
        if word == "open" {
            self.watch(id, Timestamp::now()).await?;
            return Ok(Reopen::Open);
        }
        let [key, ..] = self.keys.job(id);
        state_of_word(&detail).map(Reopen::Ended).ok_or(StoreError::Corrupt { key })
    }

    pub(in crate::store) async fn history(&self, id: JobId) -> Result<Vec<JobState>, StoreError> {
        let [_, _, events, _] = self.keys.job(id);
        let mut read = cmd("XRANGE");
        read.arg(&events).arg("-").arg("+");
        let entries: Vec<(String, Vec<String>)> = self.link.run(&events, &read).await?;
        let words = entries.iter().filter_map(|(_, fields)| fields.get(1));
        Ok(words.filter_map(|word| state_of_word(word)).collect())
    }

    pub(in crate::store) async fn take_turn(
        &self,
        task: &str,
        turn: Duration,
    ) -> Result<bool, StoreError> {
        let key = self.keys.turn(task);
        let mut set = cmd("SET");
        set.arg(&key).arg("taken").arg("NX").arg("PX").arg(millis(turn));
        let answer: Option<String> = self.link.run(&key, &set).await?;
        Ok(answer.is_some())
    }

    /// Puts a job on the list.
    async fn watch(&self, id: JobId, since: Timestamp) -> Result<(), StoreError> {
        let open = self.keys.open();
        let mut pipeline = pipe();
        self.watch_in(&mut pipeline, id, since);
        self.link.run_all(&open, &pipeline).await
    }

    /// Adds to a pipeline what puts a job on the list.
    pub(super) fn watch_in(&self, pipeline: &mut redis::Pipeline, id: JobId, since: Timestamp) {
        let open = self.keys.open();
        let lifetime = self.retention.pending + self.retention.result;
        pipeline.zadd(&open, id.to_string(), since.as_millisecond()).ignore();
        pipeline.cmd("PEXPIRE").arg(&open).arg(millis(lifetime)).ignore();
    }
}
