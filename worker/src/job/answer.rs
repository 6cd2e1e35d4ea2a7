//! From a job to its answer: load the drawing, check it, look into the cache, run a slot.

use std::time::Duration;

use cad_common::config::shared::CircuitFaults;
use cad_common::contract::codec::{from_messagepack, to_messagepack};
use cad_common::contract::job::{BlobHash, Job, JobId, Options, Source};
use cad_common::contract::reading::RESULT_VERSION;
use cad_common::contract::record::{JobError, Progress};
use cad_common::error_code::{ErrorCode, Stage};
use cad_common::inspect::inspect;
use cad_common::metrics;
use cad_common::metrics::labels::ItemType;
use cad_common::provider::ProviderName;
use cad_common::store::{self, CacheKey, StoreError};
use jiff::Timestamp;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::Outcome;
use crate::bench::Bench;
use crate::breaker::Verdict;
use crate::pool::{Control, Seat, SlotFailure};
use crate::provider::{Answer, Task};

/// What a leader needs beside its run before the next one may take the lead: to store the answer.
const LEAD_MARGIN: Duration = Duration::from_secs(10);

/// An answer and how it was come by.
pub(super) struct Answered {
    pub(super) answer: Answer,
    pub(super) is_cached: bool,
    /// Time in the slot, or until the cache had it.
    pub(super) elapsed: Duration,
}

/// Why an attempt has no answer.
pub(super) struct Trouble {
    pub(super) error: JobError,
    /// Whether the provider is to blame, and not the drawing, its source or the clock.
    is_of_provider: bool,
    /// Whether another attempt can't help, whatever the code says.
    pub(super) is_final: bool,
    pub(super) elapsed: Duration,
}

impl Trouble {
    fn before_run(error: JobError) -> Self {
        Self { error, is_of_provider: false, is_final: false, elapsed: Duration::ZERO }
    }

    /// A job was started too often, which is nobody's fault in particular.
    pub(super) fn of_starts(error: JobError) -> Self {
        Self { is_final: true, ..Self::before_run(error) }
    }

    /// What it says about the provider.
    pub(super) fn verdict(&self, faults: CircuitFaults) -> Verdict {
        let code = self.error.code;
        let is_fault = self.is_of_provider
            && code.opens_circuit()
            && match faults {
                CircuitFaults::ProviderFaults => true,
                CircuitFaults::TimeoutsOnly => code == ErrorCode::ProviderTimeout,
            };
        if is_fault { Verdict::Fault } else { Verdict::Neutral }
    }
}

/// The lead that this job has taken, to be ended in any case.
#[derive(Debug, Default)]
pub(super) struct Flight {
    leads: Option<CacheKey>,
}

impl Flight {
    /// Gives the answer to those who follow, or the lead to one of them.
    pub(super) async fn land(self, bench: &Bench, id: JobId, outcome: &Outcome) {
        let Some(key) = self.leads else { return };
        let fresh = match outcome {
            Outcome::Answered(Answered { answer, is_cached: false, .. }) => {
                to_messagepack(answer).ok()
            }
            _ => None,
        };
        if let Err(error) = bench.store.land(&key, id, fresh.as_deref()).await {
            bench.gate.shut(&error);
        }
    }
}

/// Why there is no answer now.
enum Setback {
    Trouble(Trouble),
    /// Another job is about to make it.
    Follows,
}

impl From<Trouble> for Setback {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(trouble)
    }
}

/// Makes the answer, in the time that the job has.
pub(super) async fn answer(
    bench: &Bench,
    job: &Job,
    seat: Seat,
    progress: watch::Sender<Option<Progress>>,
    flight: &mut Flight,
) -> Outcome {
    let answering = answer_without_deadline(bench, job, seat, progress, flight);
    let outcome = match job.deadline {
        None => answering.await,
        Some(deadline) => {
            let left = Duration::try_from(deadline.duration_since(Timestamp::now()));
            match left.unwrap_or_default() {
                Duration::ZERO => Err(expired().into()),
                left => tokio::time::timeout(left, answering)
                    .await
                    .unwrap_or_else(|_| Err(expired().into())),
            }
        }
    };
    match outcome {
        Ok(answered) => Outcome::Answered(answered),
        Err(Setback::Trouble(trouble)) => Outcome::Troubled(trouble),
        Err(Setback::Follows) => Outcome::Follows,
    }
}

fn expired() -> Trouble {
    let error = JobError::new(ErrorCode::Timeout, "the deadline of the job has passed")
        .with_reason("expired");
    Trouble { is_final: true, ..Trouble::before_run(error) }
}

async fn answer_without_deadline(
    bench: &Bench,
    job: &Job,
    seat: Seat,
    progress: watch::Sender<Option<Progress>>,
    flight: &mut Flight,
) -> Result<Answered, Setback> {
    let begin = Instant::now();
    let document = load(bench, job).await?;
    let (document, hash) = check(bench, document).await?;
    let key = cache_key(bench, &job.options, hash);
    match look_up(bench, &key, job.id, flight).await {
        Ok(Place::Known(answer)) => {
            metrics::cache_hit(bench.provider);
            return Ok(Answered { answer: *answer, is_cached: true, elapsed: begin.elapsed() });
        }
        Ok(Place::Behind) => return Err(Setback::Follows),
        Ok(Place::Ahead) => {}
        // Without a cache the answer is made again, which is only a waste.
        Err(error) => bench.gate.shut(&error),
    }
    Ok(run(bench, Task { options: job.options.clone(), document }, seat, progress).await?)
}

/// Gets the drawing's bytes from where the message says.
async fn load(bench: &Bench, job: &Job) -> Result<Vec<u8>, Trouble> {
    match &job.source {
        Source::Inline(bytes) => Ok(bytes.to_vec()),
        Source::Blob(hash) => load_blob(bench, hash).await,
        Source::Url(url) => bench.fetcher.fetch(url, bench.run_limit()).await.map_err(|error| {
            metrics::input_rejected(bench.provider.kind(), error.reason());
            let job_error = JobError::new(error.code(), error.to_string());
            Trouble::before_run(job_error.with_reason(error.reason().as_str()).at(Stage::Load))
        }),
        _ => Err(Trouble::before_run(JobError::new(
            ErrorCode::ValidationFailed,
            "unknown kind of source",
        ))),
    }
}

async fn load_blob(bench: &Bench, hash: &BlobHash) -> Result<Vec<u8>, Trouble> {
    // The caller drops this when the job must be handed back, so nothing has to be cancelled here.
    let never = CancellationToken::new();
    let (code, detail, reason) = match bench.persist(&never, || bench.store.blob(hash)).await {
        Ok(Some(bytes)) => return Ok(bytes),
        Ok(None) => (
            ErrorCode::InputError,
            "the drawing is not stored any more, send it again",
            "blob_missing",
        ),
        Err(_) => (
            ErrorCode::NetworkError,
            "the drawing could not be read from the store",
            "store_unreachable",
        ),
    };
    Err(Trouble::before_run(JobError::new(code, detail).with_reason(reason).at(Stage::Load)))
}

/// Refuses what the API would have refused, for those who publish straight to the queue; and names the content.
async fn check(bench: &Bench, document: Vec<u8>) -> Result<(Vec<u8>, BlobHash), Trouble> {
    let kind = bench.provider.kind();
    metrics::image_size(kind, document.len());
    let limits = bench.limits.clone();
    let checking = tokio::task::spawn_blocking(move || {
        let outcome = inspect(&document, &limits);
        let hash = BlobHash::of(&document);
        (document, hash, outcome)
    });
    let (document, hash, outcome) = checking.await.map_err(|error| {
        tracing::error!(%error, "inspection panicked");
        Trouble::before_run(
            JobError::new(ErrorCode::InputError, "the drawing can't be inspected").at(Stage::Load),
        )
    })?;
    outcome.map_err(|rejection| {
        metrics::input_rejected(kind, rejection.reason);
        let error = JobError::new(rejection.code, rejection.detail);
        Trouble::before_run(error.with_reason(rejection.reason.as_str()).at(Stage::Load))
    })?;
    Ok((document, hash))
}

/// Everything that the answer depends on: another build, model, option or limit is another key.
fn cache_key(bench: &Bench, options: &Options, blob: BlobHash) -> CacheKey {
    let versions = bench.standing.borrow().versions.clone();
    let build = (env!("CARGO_PKG_VERSION"), RESULT_VERSION, versions);
    let choices = (options, bench.limits.max_pages, bench.limits.max_page_pixels);
    let hashed = |text: String| BlobHash::of(text.as_bytes()).as_str().to_owned();
    CacheKey {
        kind: bench.provider.kind(),
        provider: bench.provider,
        model_version: hashed(format!("{build:?}")),
        options_hash: hashed(format!("{choices:?}")),
        blob,
    }
}

/// Where a job stands among those that ask for the same answer.
enum Place {
    /// The answer is there.
    Known(Box<Answer>),
    /// This job is to make it.
    Ahead,
    /// Another job is about to make it.
    Behind,
}

async fn look_up(
    bench: &Bench,
    key: &CacheKey,
    id: JobId,
    flight: &mut Flight,
) -> Result<Place, StoreError> {
    if let Some(answer) = cached(bench, key).await? {
        return Ok(Place::Known(Box::new(answer)));
    }
    let role = bench.store.lead(key, id, bench.run_limit() + LEAD_MARGIN).await?;
    if role == store::Flight::Leader {
        flight.leads = Some(key.clone());
    }
    // The leader before may have landed between the look and the lead.
    Ok(match (cached(bench, key).await?, role) {
        (Some(answer), _) => Place::Known(Box::new(answer)),
        (None, store::Flight::Leader) => Place::Ahead,
        (None, store::Flight::Follower) => Place::Behind,
    })
}

/// What another build has cached in another form is no answer.
async fn cached(bench: &Bench, key: &CacheKey) -> Result<Option<Answer>, StoreError> {
    let bytes = bench.store.cached(key).await?;
    Ok(bytes.and_then(|bytes| from_messagepack(&bytes).ok()))
}

async fn run(
    bench: &Bench,
    task: Task,
    seat: Seat,
    progress: watch::Sender<Option<Progress>>,
) -> Result<Answered, Trouble> {
    let provider = bench.provider;
    metrics::request_started(provider);
    let begin = Instant::now();
    let control = Control { deadline: begin + bench.run_limit(), progress };
    let outcome = seat.run(task, control).await;
    let elapsed = begin.elapsed();
    match outcome {
        Ok(answer) => {
            record_success(provider, &answer, elapsed);
            Ok(Answered { answer, is_cached: false, elapsed })
        }
        Err(failure) => {
            let error = job_error(failure, bench.run_limit());
            Err(Trouble { error, is_of_provider: true, is_final: false, elapsed })
        }
    }
}

fn job_error(failure: SlotFailure, limit: Duration) -> JobError {
    let detail = failure.to_string();
    match failure {
        SlotFailure::Failed(error) => error,
        SlotFailure::TimedOut => {
            let detail = format!("the drawing was not read within {} ms", limit.as_millis());
            JobError::new(ErrorCode::ProviderTimeout, detail)
                .with_reason("run_timeout")
                .at(Stage::Infer)
        }
        SlotFailure::OutOfMemory { .. } => JobError::new(ErrorCode::ResourceExhausted, detail)
            .with_reason("out_of_memory")
            .at(Stage::Infer),
        // Nobody but this job can stop its run, and then it does not ask why.
        SlotFailure::Stopped => JobError::new(ErrorCode::InternalError, detail).at(Stage::Infer),
        SlotFailure::Crashed(symptom) => {
            tracing::error!(symptom, "slot crashed");
            let detail = "the process that read the drawing crashed";
            JobError::new(ErrorCode::InternalError, detail)
                .with_reason("crashed_slot")
                .at(Stage::Infer)
        }
    }
}

fn record_success(provider: ProviderName, answer: &Answer, elapsed: Duration) {
    metrics::request_succeeded(provider, elapsed);
    let figures = &answer.figures;
    for (stage, duration) in &figures.stages {
        metrics::stage_duration(provider, *stage, *duration);
    }
    if let Some(confidence) = figures.confidence {
        metrics::confidence(provider, confidence);
    }
    for confidence in &figures.dimensions {
        metrics::item_confidence(provider, ItemType::Dimension, *confidence);
    }
    for confidence in &figures.symbols {
        metrics::item_confidence(provider, ItemType::Symbol, *confidence);
    }
    if let Some(share) = figures.completeness {
        metrics::completeness(provider, share);
    }
    metrics::pages_read(provider, figures.pages);
    metrics::tiles(provider, figures.tiles.0, figures.tiles.1);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trouble(code: ErrorCode, is_of_provider: bool) -> Trouble {
        Trouble { is_of_provider, ..Trouble::before_run(JobError::new(code, "test")) }
    }

    #[test]
    fn only_faults_of_the_provider_count_against_it() {
        let all = CircuitFaults::ProviderFaults;

        assert_eq!(trouble(ErrorCode::InternalError, true).verdict(all), Verdict::Fault);
        assert_eq!(trouble(ErrorCode::ProviderTimeout, true).verdict(all), Verdict::Fault);
        assert_eq!(trouble(ErrorCode::InputError, true).verdict(all), Verdict::Neutral);
        assert_eq!(trouble(ErrorCode::NetworkError, false).verdict(all), Verdict::Neutral);
        assert_eq!(expired().verdict(all), Verdict::Neutral);
    }

    #[test]
    fn timeouts_alone_count_when_the_operator_says_so() {
        let timeouts = CircuitFaults::TimeoutsOnly;

        assert_eq!(trouble(ErrorCode::ProviderTimeout, true).verdict(timeouts), Verdict::Fault);
        assert_eq!(trouble(ErrorCode::InternalError, true).verdict(timeouts), Verdict::Neutral);
    }

    #[test]
    fn a_crash_does_not_show_its_symptoms_to_the_client() {
        let error =
            job_error(SlotFailure::Crashed("signal: 11, /srv/secret".to_owned()), Duration::ZERO);

        assert!(!error.detail.contains("secret"), "{}", error.detail);
        assert_eq!(error.reason.as_deref(), Some("crashed_slot"));
    }
}
