//! Jobs that nothing was heard of, as in `redis/sweep.rs`.

use std::time::Duration;

use super::{EmbeddedStore, State};
use crate::contract::job::JobId;
use crate::contract::record::{JobError, JobRecord, JobState};
use crate::store::sweep::{MOST_RESENDS, Reopen, Silent};

impl EmbeddedStore {
    pub(in crate::store) fn overdue(&self, silence: Duration, most: usize) -> Vec<JobRecord> {
        let state = self.lock();
        let oldest_first = state.index.iter().filter_map(|(_, id)| state.jobs.get(id));
        let silent = oldest_first
            .filter(|job| !job.record.state.is_terminal() && job.heard_at.elapsed() >= silence);
        silent.take(most).map(|job| job.record.clone()).collect()
    }

    pub(in crate::store) fn resend(&self, id: JobId, silence: Duration) -> Silent {
        let mut state = self.lock();
        let Some(job) = state.silent(id, silence) else {
            return Silent::Settled;
        };
        let Some(parcel) = job.parcel.clone().filter(|_| job.resent < MOST_RESENDS) else {
            return Silent::Lost;
        };
        job.resent += 1;
        job.heard_at = tokio::time::Instant::now();
        Silent::Resend(Box::new((job.record.clone(), parcel)))
    }

    pub(in crate::store) fn give_up(&self, id: JobId, silence: Duration, error: &JobError) -> bool {
        let mut state = self.lock();
        let Some(job) = state.silent(id, silence) else {
            return false;
        };
        job.record.error = Some(error.clone());
        state.end(id, JobState::Failed, self.retention.result);
        true
    }

    pub(in crate::store) fn history(&self, id: JobId) -> Vec<JobState> {
        self.lock().jobs.get(&id).map(|job| job.history.clone()).unwrap_or_default()
    }

    pub(in crate::store) fn reopen(&self, id: JobId) -> Reopen {
        let mut state = self.lock();
        let last_state = match (state.jobs.get(&id), state.tombstones.get(&id)) {
            (Some(job), _) => Some(job.record.state),
            (None, tombstone) => tombstone.map(|tombstone| tombstone.state),
        };
        match last_state {
            Some(ended @ (JobState::Completed | JobState::Canceled)) => {
                return Reopen::Ended(ended);
            }
            Some(JobState::Failed) => {}
            Some(JobState::Pending | JobState::InProgress) | None => return Reopen::Open,
        }
        let Some(job) = state.jobs.get_mut(&id) else {
            // The next claim makes the record anew from the message.
            state.tombstones.remove(&id);
            return Reopen::Open;
        };
        job.holder = None;
        job.resent = 0;
        job.heard_at = tokio::time::Instant::now();
        job.record = JobRecord {
            state: JobState::Pending,
            attempt: 0,
            started_at: None,
            finished_at: None,
            expires_at: None,
            error: None,
            ..job.record.clone()
        };
        job.history.push(JobState::Pending);
        state.keep(id, self.retention.pending);
        Reopen::Open
    }
}

impl State {
    /// A job that has not ended and was not heard of for so long.
    fn silent(&mut self, id: JobId, silence: Duration) -> Option<&mut super::Job> {
        let job = self.jobs.get_mut(&id)?;
        let is_silent = !job.record.state.is_terminal() && job.heard_at.elapsed() >= silence;
        is_silent.then_some(job)
    }
}
