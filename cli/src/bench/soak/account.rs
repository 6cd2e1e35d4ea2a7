//! What became of every job, in the words of RabbitMQ's Jepsen runs.

use std::fmt;
use std::time::Duration;

use cad_common::contract::job::JobId;
use cad_common::contract::record::{JobRecord, JobState};
use cad_common::provider::ProviderName;
use cad_common::store::{JobFilter, Lookup, Store};
use tokio::time::Instant;

use super::clients::{Accepted, Submitted};
use super::fleet::Fleet;

/// The account of a soak.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Account {
    /// Requests and publishes that were tried.
    attempts: usize,
    /// Jobs that were confirmed to the client.
    acknowledged: usize,
    /// Of those, the ones that ended once and as they had to.
    ok: usize,
    /// Of those, the ones that are unknown or have not ended.
    lost: usize,
    /// Of those, the ones that became terminal more than once.
    duplicated: usize,
    /// Requests whose answer was lost; some of them ran all the same.
    recovered: usize,
    /// Of the acknowledged ones, those that ended otherwise than they had to.
    unexpected: usize,
    /// Requests that were refused with a reason to come again.
    refused: usize,
    /// Starts beyond the first of each job.
    extra_starts: usize,
    /// So many could be explained: workers killed times their slots.
    extra_starts_allowed: usize,
    /// Jobs that the store knows and that have not ended, whether their clients heard of them or not.
    pending: usize,
    /// Messages left in lanes and waits.
    left_in_queues: u64,
    /// Messages among the dead letters.
    dead: u64,
    /// From the last accepted job until all had ended.
    calm: Duration,
    /// Bytes by which the workers grew with each job, when none of them was killed.
    pub(super) growth: Option<f64>,
    /// Exit codes of the fleet's processes.
    pub(super) exits: Vec<Option<i32>>,
    /// From the start of the fleet to its end.
    pub(super) elapsed: Duration,
}

impl Account {
    /// Waits for the end of every job, as long as one ends within `limit`, and draws up the account.
    pub(super) async fn of(
        fleet: &Fleet,
        submitted: Submitted,
        extra_starts_allowed: usize,
        limit: Duration,
    ) -> anyhow::Result<Self> {
        let store = fleet.addresses().store()?;
        let queue = fleet.addresses().queue()?;
        let begin = Instant::now();
        let mut account = Self {
            attempts: submitted.attempts,
            acknowledged: submitted.accepted.len(),
            recovered: submitted.unknown,
            refused: submitted.refused,
            extra_starts_allowed,
            ..Self::default()
        };
        let mut pending = submitted.accepted;
        let mut last_end = begin;
        loop {
            let mut left = Vec::new();
            for job in pending {
                match ended(&store, job.id).await? {
                    Some(record) => {
                        last_end = Instant::now();
                        account.enter(&store, job, &record).await?;
                    }
                    None => left.push(job),
                }
            }
            pending = left;
            if pending.is_empty() || last_end.elapsed() > limit {
                break;
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        account.lost = pending.len();
        account.calm = begin.elapsed();
        for job in &pending {
            let found = store.lookup(job.id).await?;
            crate::terminal::note(&format!("lost: {} {found:?}", job.id));
        }
        // What was acknowledged a moment ago leaves the broker's count a moment later.
        tokio::time::sleep(Duration::from_secs(2)).await;
        let depth = queue.depth(ProviderName::Paddle).await?;
        account.left_in_queues = depth.high + depth.normal + depth.low + queue.waiting().await?;
        account.dead = depth.dead;
        for state in [JobState::Pending, JobState::InProgress] {
            let filter = JobFilter { state: Some(state), limit: 1000, ..JobFilter::default() };
            account.pending += store.list(&filter).await?.len();
        }
        queue.close().await;
        Ok(account)
    }

    async fn enter(
        &mut self,
        store: &Store,
        job: Accepted,
        record: &JobRecord,
    ) -> anyhow::Result<()> {
        let history = store.history(job.id).await?;
        let endings = history.iter().filter(|state| state.is_terminal()).count();
        self.extra_starts += usize::try_from(record.attempt.saturating_sub(1))?;
        match (endings, record.state == job.expected) {
            (2.., _) => self.duplicated += 1,
            (1, true) => self.ok += 1,
            _ => {
                self.unexpected += 1;
                let error = record.error.as_ref().map_or("", |error| &error.detail);
                crate::terminal::note(&format!(
                    "unexpected: {} is {} ({error})",
                    job.id,
                    record.state.as_str()
                ));
            }
        }
        Ok(())
    }

    /// Whether nothing was lost, done twice or left over.
    pub(super) fn is_clean(&self) -> bool {
        self.lost == 0
            && self.duplicated == 0
            && self.unexpected == 0
            && self.pending == 0
            && self.left_in_queues == 0
            && self.dead == 0
            && self.extra_starts <= self.extra_starts_allowed
            && self.exits.iter().all(|code| *code == Some(0))
    }
}

async fn ended(store: &Store, id: JobId) -> anyhow::Result<Option<JobRecord>> {
    match store.lookup(id).await? {
        Lookup::Found(record) if record.state.is_terminal() => Ok(Some(*record)),
        Lookup::Found(_) | Lookup::Expired { .. } | Lookup::Unknown => Ok(None),
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = [
            ("attempts", self.attempts.to_string()),
            ("acknowledged", self.acknowledged.to_string()),
            ("ok", self.ok.to_string()),
            ("lost", self.lost.to_string()),
            ("duplicated", self.duplicated.to_string()),
            ("recovered", self.recovered.to_string()),
            ("unexpected", self.unexpected.to_string()),
            ("refused", self.refused.to_string()),
            ("extra starts", format!("{} of {}", self.extra_starts, self.extra_starts_allowed)),
            ("pending", self.pending.to_string()),
            ("left in queues", self.left_in_queues.to_string()),
            ("dead letters", self.dead.to_string()),
            ("calm after", format!("{:.1} s", self.calm.as_secs_f64())),
            ("took", format!("{:.0} s", self.elapsed.as_secs_f64())),
        ];
        for (name, value) in lines {
            writeln!(f, "{name:<15} {value}")?;
        }
        if let Some(bytes) = self.growth {
            let mib = bytes * 1000.0 / (1024.0 * 1024.0);
            writeln!(f, "{:<15} {mib:+.2} MiB per 1000 jobs", "worker growth")?;
        }
        let verdict = if self.is_clean() { "every job ended once" } else { "NOT CLEAN" };
        write!(f, "{:<15} {verdict}", "verdict")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_lost_job_is_enough() {
        let clean = Account { acknowledged: 5, ok: 5, exits: vec![Some(0)], ..Account::default() };
        assert!(clean.is_clean());

        let faults = [
            Account { lost: 1, ..clean.clone() },
            Account { duplicated: 1, ..clean.clone() },
            Account { unexpected: 1, ..clean.clone() },
            Account { pending: 1, ..clean.clone() },
            Account { left_in_queues: 1, ..clean.clone() },
            Account { dead: 1, ..clean.clone() },
            Account { extra_starts: 1, ..clean.clone() },
            Account { exits: vec![Some(137)], ..clean },
        ];

        for account in faults {
            assert!(!account.is_clean(), "{account}");
        }
    }
}
