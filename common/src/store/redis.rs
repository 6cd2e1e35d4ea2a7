//! The store in Redis: every change of a job is one script, so that two workers can't both make it.

mod admission;
mod answers;
mod drafts;
mod fleet;
mod keys;
mod link;
mod listing;
mod orders;
mod record;
mod scripts;
mod sweep;

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use jiff::Timestamp;
use redis::{cmd, pipe};
use serde::Serialize;

use self::keys::Keys;
use self::link::Link;
use self::record::Fields;
use self::scripts::Scripts;
use super::sweep::Parcel;
use super::{
    Cancel, Claim, ClaimTerms, Ending, Finish, Grant, Hold, Lookup, Retention, StoreError,
    state_of_word,
};
use crate::config::shared::StoreConfig;
use crate::contract::codec;
use crate::contract::job::JobId;
use crate::contract::record::{JobError, JobRecord, Progress};

/// The store in Redis. Clones share its connections.
#[derive(Debug, Clone)]
pub struct RedisStore {
    link: Link,
    keys: Keys,
    scripts: Arc<Scripts>,
    retention: Retention,
    /// Jobs indexed by this process; says when the index is due for a sample.
    indexed: Arc<AtomicUsize>,
}

/// What `job.lua` answers: a word, a detail of it, and the fields of the record where they are wanted.
type Answer = (String, String, Fields);

impl RedisStore {
    /// Prepares connections; none is made yet, so Redis may come later.
    ///
    /// # Errors
    /// The URL can't be read.
    pub fn connect(config: &StoreConfig) -> Result<Self, StoreError> {
        Ok(Self {
            link: Link::prepare(config.url.reveal(), config.max_connections)?,
            keys: Keys::new(&config.namespace),
            scripts: Arc::new(Scripts::new()),
            retention: config.retention,
            indexed: Arc::default(),
        })
    }

    pub(super) async fn create(
        &self,
        record: &JobRecord,
        parcel: Option<&Parcel>,
    ) -> Result<(), StoreError> {
        let parcel = parcel.and_then(|parcel| codec::to_messagepack(parcel).ok());
        let seed = json(record);
        let args = [&*seed, &self.pending(), &parcel.unwrap_or_default()];
        let _ = self.job(record.id, "create", &args).await?;
        self.index(record).await
    }

    pub(super) async fn remove(&self, id: JobId) -> Result<(), StoreError> {
        let keys = self.keys.job(id);
        let mut pipeline = pipe();
        pipeline.del(&keys).ignore();
        pipeline.zrem(self.keys.index(), id.to_string()).ignore();
        pipeline.zrem(self.keys.open(), id.to_string()).ignore();
        let [job, ..] = keys;
        self.link.run_all(&job, &pipeline).await
    }

    pub(super) async fn lookup(&self, id: JobId) -> Result<Lookup, StoreError> {
        let [job, _, _, tombstone] = self.keys.job(id);
        let mut pipeline = pipe();
        pipeline.hgetall(&job).get(tombstone);
        let (fields, epitaph): (Fields, Option<String>) =
            self.link.run_all(&job, &pipeline).await?;
        if !fields.is_empty() {
            return Ok(Lookup::Found(Box::new(record::of_fields(&job, &fields)?)));
        }
        let expired_at = epitaph
            .as_deref()
            .and_then(|epitaph| epitaph.split_once(' '))
            .and_then(|(_, expires_ms)| expires_ms.parse().ok())
            .and_then(|expires_ms| Timestamp::from_millisecond(expires_ms).ok());
        Ok(expired_at.map_or(Lookup::Unknown, |expired_at| Lookup::Expired { expired_at }))
    }

    pub(super) async fn claim(
        &self,
        seed: &JobRecord,
        terms: &ClaimTerms,
    ) -> Result<Claim, StoreError> {
        let max_starts = terms.max_starts.to_string();
        let claimant = terms.claimant.to_string();
        let lease_ms = terms.lease.as_millis().to_string();
        let args = [
            &*json(seed),
            &self.pending(),
            max_starts.as_bytes(),
            claimant.as_bytes(),
            lease_ms.as_bytes(),
        ];
        let (word, detail, fields) = self.job(seed.id, "claim", &args).await?;
        let [key, ..] = self.keys.job(seed.id);
        if word == "ended" {
            return state_of_word(&detail).map(Claim::Ended).ok_or(StoreError::Corrupt { key });
        }
        if word == "held" {
            return Ok(Claim::Held);
        }
        let record = record::of_fields(&key, &fields)?;
        if detail == "made" {
            self.index(&record).await?;
        }
        let grant = Grant {
            token: record::token(&fields),
            starts: record.attempt,
            record: Box::new(record),
        };
        Ok(if word == "exhausted" { Claim::Exhausted(grant) } else { Claim::Granted(grant) })
    }

    pub(super) async fn hold(
        &self,
        id: JobId,
        token: u64,
        progress: Option<Progress>,
    ) -> Result<Hold, StoreError> {
        let progress = progress.map(|progress| json(&progress)).unwrap_or_default();
        let (word, ..) = self.job(id, "hold", &[token.to_string().as_bytes(), &progress]).await?;
        Ok(match word.as_str() {
            "held" => Hold::Held,
            "canceled" => Hold::Canceled,
            _ => Hold::Lost,
        })
    }

    pub(super) async fn release(
        &self,
        id: JobId,
        token: u64,
        error: Option<&JobError>,
        is_unstarted: bool,
    ) -> Result<Finish, StoreError> {
        let error = error.map(json).unwrap_or_default();
        let unstarted: &[u8] = if is_unstarted { b"1" } else { b"0" };
        let token = token.to_string();
        let args = [token.as_bytes(), &self.pending(), &error, unstarted];
        self.job(id, "release", &args).await.map(finish_of)
    }

    pub(super) async fn finish(
        &self,
        id: JobId,
        token: u64,
        ending: &Ending,
    ) -> Result<Finish, StoreError> {
        let token = token.to_string();
        let (token, retention) = (token.as_bytes(), &*self.ended());
        let answer = match ending {
            Ending::Completed { result, warnings } => {
                self.job(
                    id,
                    "finish",
                    &[token, retention, b"completed", b"", &json(warnings), result],
                )
                .await
            }
            Ending::Failed(error) => {
                self.job(id, "finish", &[token, retention, b"failed", &json(error)]).await
            }
        };
        answer.map(finish_of)
    }

    pub(super) async fn cancel(&self, id: JobId) -> Result<Cancel, StoreError> {
        let (word, _, fields) = self.job(id, "cancel", &[&self.ended()]).await?;
        if word == "unknown" {
            return Ok(Cancel::Unknown);
        }
        let [key, ..] = self.keys.job(id);
        let record = Box::new(record::of_fields(&key, &fields)?);
        Ok(if word == "canceled" { Cancel::Canceled(record) } else { Cancel::Ended(record) })
    }

    pub(super) async fn result(&self, id: JobId) -> Result<Option<Vec<u8>>, StoreError> {
        let [_, result, ..] = self.keys.job(id);
        self.link.run(&result, cmd("GET").arg(&result)).await
    }

    /// Runs a verb of `job.lua`.
    async fn job(&self, id: JobId, verb: &str, args: &[&[u8]]) -> Result<Answer, StoreError> {
        let keys = self.keys.job(id);
        let mut call = self.scripts.job.key(&keys);
        call.arg(verb);
        for arg in args {
            call.arg(*arg);
        }
        let [job, ..] = &keys;
        self.link.invoke(job, &call).await
    }

    /// How long a job is kept that has not ended, as an argument.
    fn pending(&self) -> Vec<u8> {
        millis(self.retention.pending).into_bytes()
    }

    /// How long a job is kept that has ended, as an argument.
    fn ended(&self) -> Vec<u8> {
        millis(self.retention.result).into_bytes()
    }
}

fn finish_of((word, ..): Answer) -> Finish {
    if word == "stored" { Finish::Stored } else { Finish::Stale }
}

/// JSON text of a type of ours, none of which can fail to be written.
fn json<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}

/// A duration in the milliseconds of `PX`, never the 0 that Redis refuses.
fn millis(duration: Duration) -> String {
    duration.as_millis().max(1).to_string()
}
