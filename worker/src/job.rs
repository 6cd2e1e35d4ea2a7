//! One job, from its message to its settlement, in the order that keeps it safe.
//!
//! Decode, claim, load, run, store, reply, and acknowledge last: a crash at any point leads to redelivery, and the
//! claim's token makes what a late duplicate writes void. While the store is away nothing is settled; the job
//! waits with its message in hand.

use std::sync::Arc;
use std::time::Duration;

use cad_common::contract::job::{Job, Source};
use cad_common::contract::record::{JobError, JobRecord, JobState, Progress};
use cad_common::error_code::{ErrorCode, RetryRule, Severity, Stage};
use cad_common::metrics::{self, labels::DeadReason};
use cad_common::provider::ProviderName;
use cad_common::queue::{Delivery, QueueError, Wait};
use cad_common::store::{Claim, ClaimTerms, Ending, Finish, Grant, Hold, Lookup};
use jiff::Timestamp;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;
use uuid::Uuid;

use crate::bench::{Bench, Interrupted};
use crate::breaker::Verdict;
use crate::gate::Causes;
use crate::pool::{Seat, millis};

mod answer;
mod handover;
mod merge;
mod message;
mod reply;

use answer::{Answered, Flight, Trouble};

/// How often a running job is reported and asked for: a cancellation takes effect within a second.
const HOLD_INTERVAL: Duration = Duration::from_millis(300);

/// Ten reports missed: whoever held the job has died or is frozen, and another may take it.
pub(crate) const LEASE: Duration = Duration::from_secs(3);

/// Works on one message in a free slot until it is settled.
///
/// When `hand_back` is cancelled, the job is stopped and its message given back for another worker.
pub(crate) async fn work(
    bench: Arc<Bench>,
    delivery: Delivery,
    seat: Seat,
    hand_back: CancellationToken,
) -> Verdict {
    let trace_id = message::trace_id(&delivery.envelope);
    let provider = bench.provider;
    match message::understand(&delivery) {
        Ok(job) => {
            let span = tracing::info_span!("job", job.id = %job.id, %provider, %trace_id);
            let terms = terms_for(&bench, &delivery);
            let desk = Desk { bench, hand_back, trace_id: trace_id.to_string(), job, terms };
            desk.work(delivery, seat).instrument(span).await
        }
        Err(refusal) => {
            let span = tracing::info_span!("message", %provider, %trace_id);
            message::refuse(&bench, delivery, &refusal).instrument(span).await;
            Verdict::Neutral
        }
    }
}

/// One job in work.
struct Desk {
    bench: Arc<Bench>,
    hand_back: CancellationToken,
    trace_id: String,
    job: Job,
    terms: ClaimTerms,
}

/// What a delivery claims its job by.
fn terms(bench: &Bench) -> ClaimTerms {
    ClaimTerms { claimant: Uuid::new_v4(), max_starts: bench.jobs.max_attempts, lease: LEASE }
}

/// A second reading has a start of its own, however many the first one took.
fn terms_for(bench: &Bench, delivery: &Delivery) -> ClaimTerms {
    let is_handed_on = handover::asks_for_second(delivery) || handover::is_guard(delivery);
    let terms = terms(bench);
    ClaimTerms { max_starts: terms.max_starts.saturating_add(u32::from(is_handed_on)), ..terms }
}

/// How an attempt ended.
enum Outcome {
    Answered(Answered),
    Troubled(Trouble),
    /// Another job is about to make the same answer.
    Follows,
    /// The client has canceled the job.
    Canceled,
    /// Another worker has it, or it has ended.
    Lost,
    /// This worker must give it back.
    HandBack,
}

impl Desk {
    async fn work(&self, delivery: Delivery, seat: Seat) -> Verdict {
        let Some(delivery) = Box::pin(self.guard(delivery)).await else {
            return Verdict::Neutral;
        };
        let seed = self.seed(&delivery);
        let claim = match self.claim(&seed).await {
            Ok(claim) => claim,
            Err(interrupted) => {
                self.give_back(delivery, interrupted).await;
                return Verdict::Neutral;
            }
        };
        // Boxed, here and for the settlement: a duplicate needs no room for a run, nor a run for its end.
        match claim {
            Claim::Granted(grant) => Box::pin(self.attempt(delivery, seat, &grant)).await,
            Claim::Ended(_) => {
                self.settle_ended(delivery).await;
                Verdict::Neutral
            }
            Claim::Held => {
                self.postpone(delivery).await;
                Verdict::Neutral
            }
            Claim::Exhausted(grant) => {
                self.bury(delivery, &grant).await;
                Verdict::Neutral
            }
        }
    }

    /// The record of a job that the store knows nothing of: published by a batch system, or lost with the store.
    fn seed(&self, delivery: &Delivery) -> JobRecord {
        JobRecord {
            tag: self.job.tag.clone(),
            filename: self.job.filename.clone(),
            created_at: self.job.submitted_at.unwrap_or_else(Timestamp::now),
            ..message::record(self.job.id, delivery, &self.trace_id)
        }
    }

    /// Claims the job; a record that can't be read is made anew from the message.
    async fn claim(&self, seed: &JobRecord) -> Result<Claim, Interrupted> {
        let store = &self.bench.store;
        let claim = || store.claim(seed, &self.terms);
        match self.bench.persist(&self.hand_back, claim).await {
            Err(Interrupted::Corrupt(error)) => {
                tracing::error!(error = %Causes(&error), "record is made anew");
                self.bench.persist(&self.hand_back, || store.remove(seed.id)).await?;
                self.bench.persist(&self.hand_back, claim).await
            }
            outcome => outcome,
        }
    }

    async fn attempt(&self, delivery: Delivery, seat: Seat, grant: &Grant) -> Verdict {
        let _in_flight = InFlight::new(self.bench.provider);
        let begin = Instant::now();
        let waited = since(grant.record.created_at);
        tracing::debug!(target: cad_common::telemetry::STEPS, starts = grant.starts, "job claimed");
        let (progress_sender, progress) = watch::channel(None);
        let mut flight = Flight::default();
        let outcome = tokio::select! {
            biased;
            () = self.hand_back.cancelled() => Outcome::HandBack,
            outcome = self.keep_hold(grant, progress) => outcome,
            outcome = answer::answer(&self.bench, &self.job, seat, progress_sender, &mut flight) => outcome,
        };
        flight.land(&self.bench, self.job.id, &outcome).await;
        if grant.starts == 1 && !matches!(outcome, Outcome::Follows) {
            metrics::job_queue_wait(self.bench.provider, waited);
        }
        if let Outcome::Troubled(Trouble { error, .. }) = &outcome {
            let stage = error.stage.unwrap_or(Stage::Load);
            metrics::request_failed(self.bench.provider, error.code, stage, begin.elapsed());
        }
        Box::pin(self.settle(delivery, grant, outcome)).await
    }

    /// Reports progress; returns when the job must not be run any further.
    async fn keep_hold(
        &self,
        grant: &Grant,
        mut progress: watch::Receiver<Option<Progress>>,
    ) -> Outcome {
        loop {
            tokio::time::sleep(HOLD_INTERVAL).await;
            let newest = if progress.has_changed().unwrap_or(false) {
                *progress.borrow_and_update()
            } else {
                None
            };
            match self.bench.store.hold(self.job.id, grant.token, newest).await {
                Ok(Hold::Held) => {}
                Ok(Hold::Canceled) => return Outcome::Canceled,
                Ok(Hold::Lost) if matches!(self.is_forgotten().await, Ok(true)) => {
                    // Nobody else can have it, and the result makes the record anew.
                    tracing::warn!("the store lost the record of a running job");
                    return std::future::pending().await;
                }
                Ok(Hold::Lost) => return Outcome::Lost,
                // The job goes on: its result can be stored when the store is back.
                Err(error) => self.bench.gate.shut(&error),
            }
        }
    }

    async fn is_forgotten(&self) -> Result<bool, Interrupted> {
        let store = &self.bench.store;
        let found = self.bench.persist(&self.hand_back, || store.lookup(self.job.id)).await?;
        Ok(matches!(found, Lookup::Unknown | Lookup::Expired { .. }))
    }

    async fn settle(&self, delivery: Delivery, grant: &Grant, outcome: Outcome) -> Verdict {
        match outcome {
            Outcome::Answered(answered) => {
                let verdict = if answered.is_cached { Verdict::Neutral } else { Verdict::Healthy };
                self.conclude(delivery, grant, answered).await;
                verdict
            }
            Outcome::Troubled(trouble) => {
                let verdict = trouble.verdict(self.bench.jobs.circuit_faults);
                if let Some(delivery) = self.rescue(delivery, grant, &trouble).await {
                    self.fail_or_retry(delivery, grant, trouble).await;
                }
                verdict
            }
            Outcome::Follows => {
                self.follow(delivery, grant).await;
                Verdict::Neutral
            }
            Outcome::Canceled => {
                tracing::info!("run was stopped, the client canceled the job");
                self.settle_ended(delivery).await;
                Verdict::Neutral
            }
            Outcome::Lost => {
                tracing::warn!("job is worked on elsewhere or has ended, this run is void");
                self.settle_ended(delivery).await;
                Verdict::Neutral
            }
            Outcome::HandBack => {
                let release = self.bench.store.release(self.job.id, grant.token, None, true);
                // The record stays claimed when the store is away; the next claim takes it over all the same.
                let _ = tokio::time::timeout(Duration::from_secs(2), release).await;
                self.give_back(delivery, Interrupted::HandBack).await;
                Verdict::Neutral
            }
        }
    }

    async fn complete(&self, delivery: Delivery, grant: &Grant, answered: Answered) {
        let Answered { answer, is_cached, elapsed } = answered;
        let warnings = answer.warnings.clone();
        let ending = Ending::Completed { result: answer.result, warnings };
        let finish = match self.finish(&delivery, grant, &ending).await {
            Ok(finish) => finish,
            Err(interrupted) => return self.give_back(delivery, interrupted).await,
        };
        if finish == Finish::Stale {
            return self.settle_ended(delivery).await;
        }
        self.record_end(grant, JobState::Completed);
        tracing::info!(
            latency_ms = millis(elapsed),
            is_cached,
            warnings = answer.warnings.len(),
            "job completed"
        );
        self.reply_and_ack(delivery, reply::Outcome::of(ending)).await;
    }

    async fn fail_or_retry(&self, delivery: Delivery, grant: &Grant, trouble: Trouble) {
        let attempts = grant.starts.max(delivery.envelope.attempt.saturating_add(1));
        trouble.log(attempts);
        if trouble.may_retry(attempts, self.bench.jobs.max_attempts) {
            return self.retry(delivery, grant, &trouble.error, attempts).await;
        }
        self.fail(delivery, grant, trouble.error).await;
    }

    async fn retry(&self, delivery: Delivery, grant: &Grant, error: &JobError, attempts: u32) {
        let store = &self.bench.store;
        let release = || store.release(self.job.id, grant.token, Some(error), false);
        match self.bench.persist(&self.hand_back, release).await {
            Ok(Finish::Stored) => {}
            // Canceled or ended meanwhile; or forgotten, and then the retry makes the record anew.
            Ok(Finish::Stale) => match self.is_forgotten().await {
                Ok(true) => {}
                Ok(false) => return self.settle_ended(delivery).await,
                Err(interrupted) => return self.give_back(delivery, interrupted).await,
            },
            Err(interrupted) => return self.give_back(delivery, interrupted).await,
        }
        let asked = error.retry_after_s.map(Duration::from_secs);
        let wait = asked.map_or_else(|| Wait::after(attempts), Wait::at_least);
        metrics::job_retried(error.code);
        tracing::info!(attempt = attempts, wait = wait.as_str(), "job will be tried again");
        if let Err(error) = delivery.retry(wait).await {
            tracing::warn!(error = %Causes(&error), "retry was not confirmed, the message comes back by itself");
        }
    }

    async fn fail(&self, delivery: Delivery, grant: &Grant, error: JobError) {
        let ending = Ending::Failed(error);
        match self.finish(&delivery, grant, &ending).await {
            Ok(Finish::Stored) => {
                self.record_end(grant, JobState::Failed);
                self.reply_and_ack(delivery, reply::Outcome::of(ending)).await;
            }
            Ok(Finish::Stale) => self.settle_ended(delivery).await,
            Err(interrupted) => self.give_back(delivery, interrupted).await,
        }
    }

    /// Writes how the job ended; when the store has lost the record meanwhile, into a new one.
    async fn finish(
        &self,
        delivery: &Delivery,
        grant: &Grant,
        ending: &Ending,
    ) -> Result<Finish, Interrupted> {
        let store = &self.bench.store;
        let finish = self
            .bench
            .persist(&self.hand_back, || store.finish(self.job.id, grant.token, ending))
            .await?;
        if finish == Finish::Stored || !self.is_forgotten().await? {
            return Ok(finish);
        }
        tracing::warn!("the store lost the record, it is made anew");
        match self.claim(&self.seed(delivery)).await? {
            Claim::Granted(anew) | Claim::Exhausted(anew) => {
                self.bench
                    .persist(&self.hand_back, || store.finish(self.job.id, anew.token, ending))
                    .await
            }
            Claim::Ended(_) | Claim::Held => Ok(Finish::Stale),
        }
    }

    /// Makes room for others while the leader makes the answer: a slot that only waits is a slot less.
    async fn follow(&self, delivery: Delivery, grant: &Grant) {
        let store = &self.bench.store;
        let release = || store.release(self.job.id, grant.token, None, true);
        match self.bench.persist(&self.hand_back, release).await {
            Ok(Finish::Stored) => self.postpone(delivery).await,
            Ok(Finish::Stale) => self.settle_ended(delivery).await,
            Err(interrupted) => self.give_back(delivery, interrupted).await,
        }
    }

    /// A second message of a job that somebody is at work on: a duplicate, or one that came back although its
    /// holder lives. It looks again later, when the job has ended or its holder has died.
    async fn postpone(&self, delivery: Delivery) {
        tracing::info!("the answer is being made elsewhere, the message looks again in a second");
        if let Err(error) = delivery.postpone(Wait::OneSecond).await {
            tracing::warn!(error = %Causes(&error), "message was not put aside, it comes back by itself");
        }
    }

    /// The job has ended without this run: by another worker, by the client, or by an earlier delivery of the same
    /// message whose acknowledgement was lost, and then its reply may be lost too.
    async fn settle_ended(&self, delivery: Delivery) {
        let (store, id) = (&self.bench.store, self.job.id);
        let record = match self.bench.persist(&self.hand_back, || store.lookup(id)).await {
            Ok(Lookup::Found(record)) if record.state.is_terminal() => record,
            // Lost with the store since: it is run again from its message.
            Ok(Lookup::Unknown) => return self.give_back(delivery, Interrupted::HandBack).await,
            // Expired, or claimed anew by another worker, which will say how it ended.
            Ok(_) => return self.acknowledge(delivery).await,
            Err(interrupted) => return self.give_back(delivery, interrupted).await,
        };
        tracing::info!(state = record.state.as_str(), "job has ended already");
        let is_canceled = record.state == JobState::Canceled;
        if is_canceled && !delivery.is_redelivered && !handover::is_guard(&delivery) {
            metrics::job_ended(self.bench.provider, JobState::Canceled);
        }
        // Of the two messages of a job that was handed on, the one that ended it has replied.
        let is_told = (handover::is_guard(&delivery) || handover::asks_for_second(&delivery))
            && !delivery.is_redelivered
            && !is_canceled;
        if delivery.envelope.reply_to.is_none() || is_told {
            return self.acknowledge(delivery).await;
        }
        match self.bench.persist(&self.hand_back, || store.result(id)).await {
            Ok(result) => {
                self.reply_and_ack(delivery, reply::Outcome::stored(*record, result)).await
            }
            Err(interrupted) => self.give_back(delivery, interrupted).await,
        }
    }

    /// A job that was started again and again and never ended: it takes its workers with it.
    async fn bury(&self, delivery: Delivery, grant: &Grant) {
        let reason = DeadReason::CRASHED_WORKER;
        let detail = format!(
            "the job was started {} times and took its worker with it each time",
            grant.starts
        );
        let error =
            JobError::new(ErrorCode::ResourceExhausted, detail).with_reason(reason.as_str());
        tracing::error!(code = error.code.as_str(), starts = grant.starts, "job is given up");
        let trouble = Trouble::of_starts(error);
        let Some(delivery) = self.rescue(delivery, grant, &trouble).await else { return };
        let code = trouble.error.code;
        let ending = Ending::Failed(trouble.error);
        match self.finish(&delivery, grant, &ending).await {
            Ok(Finish::Stored) => {}
            Ok(Finish::Stale) => return self.settle_ended(delivery).await,
            Err(interrupted) => return self.give_back(delivery, interrupted).await,
        }
        metrics::request_failed(self.bench.provider, code, Stage::Infer, Duration::ZERO);
        self.record_end(grant, JobState::Failed);
        if let Err(error) =
            reply::send(&self.bench, &delivery, Some(self.job.id), reply::Outcome::of(ending)).await
        {
            tracing::error!(error = %Causes(&error), "reply was not sent");
        }
        message::dead_letter(delivery, reason).await;
    }

    async fn reply_and_ack(&self, delivery: Delivery, outcome: reply::Outcome) {
        match reply::send(&self.bench, &delivery, Some(self.job.id), outcome).await {
            Ok(()) => self.acknowledge(delivery).await,
            Err(error) => {
                tracing::error!(error = %Causes(&error), "reply was not confirmed, it is sent again on redelivery");
                self.give_back(delivery, Interrupted::HandBack).await;
            }
        }
    }

    /// The last thing of all; what the job alone needed may go.
    async fn acknowledge(&self, delivery: Delivery) {
        self.drop_draft(&delivery).await;
        if let Source::Blob(hash) = &self.job.source
            && let Err(error) = self.bench.store.leave_blob(hash, self.job.id).await
        {
            tracing::debug!(error = %Causes(&error), "drawing stays until it expires");
        }
        match delivery.ack().await {
            Ok(()) => {}
            Err(QueueError::NotSettled) => {
                tracing::info!("acknowledgement was lost, the message comes back");
            }
            Err(error) => {
                tracing::warn!(error = %Causes(&error), "message could not be acknowledged");
            }
        }
    }

    async fn give_back(&self, delivery: Delivery, interrupted: Interrupted) {
        if let Interrupted::Corrupt(error) = &interrupted {
            tracing::error!(error = %Causes(error), "the store holds what can't be read");
        }
        tracing::info!("job is handed back");
        if let Err(error) = delivery.hand_back().await {
            tracing::debug!(error = %Causes(&error), "message comes back by itself");
        }
    }

    fn record_end(&self, grant: &Grant, state: JobState) {
        metrics::job_ended(self.bench.provider, state);
        metrics::job_end_to_end(self.bench.provider, since(grant.record.created_at));
    }
}

impl Trouble {
    /// A client's mistake is news for the client; everything else is for us.
    fn log(&self, attempt: u32) {
        let JobError { code, detail, reason, stage, .. } = &self.error;
        let code_word = code.as_str();
        let stage = stage.map_or("", Stage::as_str);
        let latency_ms = millis(self.elapsed);
        let reason = reason.as_deref().unwrap_or_default();
        if code.severity() == Severity::None {
            tracing::warn!(
                code = code_word,
                reason,
                stage,
                latency_ms,
                attempt,
                "attempt failed: {detail}"
            );
        } else {
            tracing::error!(
                code = code_word,
                reason,
                stage,
                latency_ms,
                attempt,
                "attempt failed: {detail}"
            );
        }
    }

    fn may_retry(&self, attempts: u32, max_attempts: u32) -> bool {
        let limit = match self.error.code.retry_rule() {
            // A busy service that says when to come back is asked again by the fleet, not by the client.
            RetryRule::Never if self.error.retry_after_s.is_some() => max_attempts,
            RetryRule::Never => 1,
            RetryRule::Once => max_attempts.min(2),
            RetryRule::UpToLimit => max_attempts,
        };
        !self.is_final && attempts < limit
    }
}

/// Counts the job among those in work, however it ends.
struct InFlight(ProviderName);

impl InFlight {
    fn new(provider: ProviderName) -> Self {
        metrics::jobs_in_flight(provider, 1);
        Self(provider)
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        metrics::jobs_in_flight(self.0, -1);
    }
}

/// Zero when the clocks of two machines disagree.
fn since(begin: Timestamp) -> Duration {
    Duration::try_from(Timestamp::now().duration_since(begin)).unwrap_or_default()
}

#[cfg(test)]
mod tests;
