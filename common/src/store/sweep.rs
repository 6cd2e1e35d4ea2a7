//! Jobs that nothing was heard of: found, sent again, or given up; and dead letters called back.
//!
//! A job that waits in a long queue is silent too, so who asks must know that its queue is empty.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Store, StoreError};
use crate::contract::job::JobId;
use crate::contract::record::{JobError, JobRecord, JobState};
use crate::queue::Envelope;

/// How often the message of one job is sent again before the job is given up.
pub const MOST_RESENDS: u32 = 3;

/// A message as it was published, kept beside the record until the job ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parcel {
    /// What travels beside the body.
    pub envelope: Envelope,
    /// The body.
    #[serde(with = "serde_bytes")]
    pub body: Vec<u8>,
}

/// What is to be done about a silent job.
#[derive(Debug, Clone, PartialEq)]
pub enum Silent {
    /// Nothing: it was heard of since, or has ended.
    Settled,
    /// Its message may be sent again; this one of [`MOST_RESENDS`] is counted.
    Resend(Box<(JobRecord, Parcel)>),
    /// There is no message to send, or it was sent often enough: give it up.
    Lost,
}

/// Whether a job may run again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reopen {
    /// It is pending now, or unknown, and the next claim makes its record from the message.
    Open,
    /// It has an answer, or its client does not want one.
    Ended(JobState),
}

impl Store {
    /// Jobs that have not ended and that were made, or returned from here, so long ago; the oldest first.
    ///
    /// # Errors
    /// The store is away.
    pub async fn overdue(
        &self,
        silence: Duration,
        most: usize,
    ) -> Result<Vec<JobRecord>, StoreError> {
        match self {
            Self::Embedded(store) => Ok(store.overdue(silence, most)),
            Self::Redis(store) => store.overdue(silence, most).await,
        }
    }

    /// Says what to do about a job, when nothing was heard of it for so long.
    ///
    /// # Errors
    /// The store is away.
    pub async fn resend(&self, id: JobId, silence: Duration) -> Result<Silent, StoreError> {
        match self {
            Self::Embedded(store) => Ok(store.resend(id, silence)),
            Self::Redis(store) => store.resend(id, silence).await,
        }
    }

    /// Ends a job as failed, when nothing was heard of it for so long; says whether it did.
    ///
    /// # Errors
    /// The store is away.
    pub async fn give_up(
        &self,
        id: JobId,
        silence: Duration,
        error: &JobError,
    ) -> Result<bool, StoreError> {
        match self {
            Self::Embedded(store) => Ok(store.give_up(id, silence, error)),
            Self::Redis(store) => store.give_up(id, silence, error).await,
        }
    }

    /// Makes a failed job pending again, its starts not counted: an operator sends its message once more.
    ///
    /// # Errors
    /// The store is away.
    pub async fn reopen(&self, id: JobId) -> Result<Reopen, StoreError> {
        match self {
            Self::Embedded(store) => Ok(store.reopen(id)),
            Self::Redis(store) => store.reopen(id).await,
        }
    }

    /// The states that a job has gone through, oldest first, as far back as they are kept.
    ///
    /// # Errors
    /// The store is away.
    pub async fn history(&self, id: JobId) -> Result<Vec<JobState>, StoreError> {
        match self {
            Self::Embedded(store) => Ok(store.history(id)),
            Self::Redis(store) => store.history(id).await,
        }
    }

    /// Gives a task of the whole fleet to one process for so long; says whether to this one.
    ///
    /// # Errors
    /// The store is away.
    pub async fn take_turn(&self, task: &str, turn: Duration) -> Result<bool, StoreError> {
        match self {
            // There is only this process.
            Self::Embedded(_) => Ok(true),
            Self::Redis(store) => store.take_turn(task, turn).await,
        }
    }
}
