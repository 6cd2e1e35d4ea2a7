//! What operators do with dead letters: look, send again, remove.
//!
//! A letter that goes back to its lane opens its failed job again, under the same id: the one way in which a
//! terminal state changes, and only because an operator says so. A job that has its answer stays as it is.

use std::collections::{BTreeMap, BTreeSet};

use crate::contract::job::JobId;
use crate::contract::record::JobState;
use crate::provider::ProviderName;
use crate::queue::dead::{DeadLetter, Fate};
use crate::queue::{Queue, QueueError};
use crate::store::sweep::Reopen;
use crate::store::{Store, StoreError};

/// Which letters are meant.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Choice {
    /// Of these providers; of all when empty.
    pub providers: BTreeSet<ProviderName>,
    /// With these ids, their own or their jobs'; all when empty.
    pub ids: BTreeSet<String>,
}

/// What became of the letters that were to be sent again.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Requeued {
    /// Letters that are back in their lanes.
    pub count: usize,
    /// Letters that stay, because their jobs have ended otherwise.
    pub kept: BTreeMap<JobId, JobState>,
}

/// Why letters could not be dealt with.
#[derive(Debug, thiserror::Error)]
pub enum DeadLetterError {
    /// The queue failed; what was done until then stays done, and the call can be repeated.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// The store failed; nothing was sent.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Choice {
    fn providers(&self) -> impl Iterator<Item = ProviderName> + '_ {
        let chosen =
            |name: &ProviderName| self.providers.is_empty() || self.providers.contains(name);
        ProviderName::ALL.into_iter().filter(chosen)
    }

    fn has(&self, letter: &DeadLetter) -> bool {
        let has_job = |id: JobId| self.ids.contains(&id.to_string());
        self.ids.is_empty()
            || self.ids.contains(&letter.id())
            || letter.job_id().is_some_and(has_job)
    }
}

/// Shows the oldest letters of a choice, so many of each provider at most, one after the other: a letter can be large.
///
/// # Errors
/// The queue can't be asked.
pub async fn show(
    queue: &Queue,
    choice: &Choice,
    most: usize,
    show: &mut (dyn FnMut(&DeadLetter) + Send),
) -> Result<(), QueueError> {
    for provider in choice.providers() {
        let mut shown = 0;
        let mut look = |letter: &DeadLetter| {
            if shown < most && choice.has(letter) {
                shown += 1;
                show(letter);
            }
            Fate::Keep
        };
        let reach = if choice.ids.is_empty() { most } else { usize::MAX };
        queue.sift_dead(provider, reach, &mut look).await?;
    }
    Ok(())
}

/// Sends the letters of a choice back to their lanes, and opens their jobs again.
///
/// # Errors
/// Queue or store failed; a repetition goes on where this ended.
pub async fn requeue(
    queue: &Queue,
    store: &Store,
    choice: &Choice,
) -> Result<Requeued, DeadLetterError> {
    let mut outcome = Requeued::default();
    for provider in choice.providers() {
        let (mut jobs, mut opened) = (BTreeSet::new(), BTreeSet::new());
        let mut look = |letter: &DeadLetter| {
            jobs.extend(letter.job_id().filter(|_| choice.has(letter)));
            Fate::Keep
        };
        queue.sift_dead(provider, usize::MAX, &mut look).await?;
        // Before the message: a worker that meets an ended job takes its message off the queue.
        for id in jobs {
            match store.reopen(id).await? {
                Reopen::Open => opened.insert(id),
                Reopen::Ended(state) => outcome.kept.insert(id, state).is_none(),
            };
        }
        // A letter that has come since is for the next time: its job is not open.
        let mut send = |letter: &DeadLetter| {
            let is_open = letter.job_id().is_none_or(|id| opened.contains(&id));
            if choice.has(letter) && is_open { Fate::Requeue } else { Fate::Keep }
        };
        outcome.count += queue.sift_dead(provider, usize::MAX, &mut send).await?;
    }
    Ok(outcome)
}

/// Removes the letters of a choice for good, and says how many they were.
///
/// # Errors
/// The queue failed; a repetition goes on where this ended.
pub async fn purge(queue: &Queue, choice: &Choice) -> Result<usize, QueueError> {
    let mut count = 0;
    for provider in choice.providers() {
        let mut discard =
            |letter: &DeadLetter| if choice.has(letter) { Fate::Discard } else { Fate::Keep };
        count += queue.sift_dead(provider, usize::MAX, &mut discard).await?;
    }
    Ok(count)
}
