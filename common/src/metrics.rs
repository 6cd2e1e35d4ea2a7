//! What a process counts: the one place that knows metric names, labels and buckets.
//!
//! Other code calls the functions below in its own words, `metrics::request_started(provider)`. Before
//! [`install`] (and with `METRICS_ENABLED=false`) they do nothing, but the error rates of `/health`.
//! Label values come from enums only, and series that alerts look at exist from the start with 0, so
//! that the first increment is seen.

mod catalogue;
mod error_rate;
pub mod labels;
mod process;

use std::sync::OnceLock;
use std::time::Duration;

use metrics::{counter, gauge, histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use self::catalogue::{Form, Metric};
use self::error_rate::Averages;
use self::labels::{DeadReason, FallbackReason, HealthEndpoint, ItemType, Status, WebhookResult};
use crate::config::shared::TelemetryConfig;
use crate::contract::job::Kind;
use crate::contract::record::JobState;
use crate::error_code::{ErrorCode, RetryRule, Stage};
use crate::inspect::reason::RejectReason;
use crate::provider::ProviderName;
use crate::shutdown::Shutdown;
use crate::store::CircuitState;

/// The process's metrics; like the recorder, there is one per process.
static INSTALLED: OnceLock<Installed> = OnceLock::new();

/// How often histograms are tidied between scrapes, as the exporter itself would.
const UPKEEP_INTERVAL: Duration = Duration::from_secs(5);

#[derive(Debug)]
struct Installed {
    averages: Averages,
    scrape: Option<Scrape>,
}

/// The right to read the metrics of this process.
#[derive(Debug, Clone)]
pub struct Scrape {
    handle: PrometheusHandle,
}

impl Scrape {
    /// The metrics in Prometheus' text form.
    #[must_use]
    pub fn render(&self) -> String {
        let mut text = self.handle.render();
        text.push_str(&process::render());
        text
    }

    /// Tidies histograms until the process stops; without it they grow between scrapes.
    pub async fn upkeep_loop(self, shutdown: Shutdown) {
        let mut ticks = tokio::time::interval(UPKEEP_INTERVAL);
        loop {
            tokio::select! {
                () = shutdown.stopping() => return,
                _ = ticks.tick() => self.handle.run_upkeep(),
            }
        }
    }
}

/// Starts to count, once per process; `None` when `METRICS_ENABLED=false`.
///
/// Called again, it gives the same answer, so that `cad up` may hold an API and a worker.
pub fn install(config: &TelemetryConfig) -> Option<Scrape> {
    let installed = INSTALLED.get_or_init(|| Installed {
        averages: Averages::new(config.error_ema_alpha),
        scrape: if config.metrics_enabled { install_recorder() } else { None },
    });
    installed.scrape.clone()
}

fn install_recorder() -> Option<Scrape> {
    match configured_recorder().and_then(PrometheusBuilder::install_recorder) {
        Ok(handle) => {
            describe_all();
            begin_common_series();
            Some(Scrape { handle })
        }
        Err(error) => {
            tracing::error!(%error, "metrics are off, another recorder is installed");
            None
        }
    }
}

/// Without bounds of its own, a histogram would be exported as a summary.
fn configured_recorder() -> Result<PrometheusBuilder, metrics_exporter_prometheus::BuildError> {
    let mut builder = PrometheusBuilder::new();
    for metric in catalogue::METRICS {
        if let Form::Histogram(bounds) = metric.form {
            builder =
                builder.set_buckets_for_metric(Matcher::Full(metric.name.to_owned()), bounds)?;
        }
    }
    Ok(builder)
}

fn describe_all() {
    for metric in catalogue::METRICS {
        match metric.form {
            Form::Counter => metrics::describe_counter!(metric.name, metric.help),
            Form::Gauge => metrics::describe_gauge!(metric.name, metric.help),
            Form::Histogram(_) => metrics::describe_histogram!(metric.name, metric.help),
        }
    }
}

/// The series that every process has: both can refuse an input.
fn begin_common_series() {
    for kind in Kind::ALL {
        gauge!(catalogue::ERROR_RATE.name, "service" => kind.segment()).set(0.0);
        for reason in RejectReason::ALL.into_iter().filter(|reason| reason.seen_by(kind) == *reason)
        {
            let metric = of_kind(kind, catalogue::OCR_REJECTED, catalogue::VISION_REJECTED);
            counter!(metric, "reason" => reason.as_str()).absolute(0);
        }
    }
}

/// Begins the series of a provider that this worker serves, each with 0.
pub fn provider_served(provider: ProviderName) {
    let (name, kind) = (provider.as_str(), provider.kind());
    let requests = of_kind(kind, catalogue::OCR_REQUESTS, catalogue::VISION_REQUESTS);
    for status in Status::ALL {
        counter!(requests, "provider" => name, "status" => status.as_str()).absolute(0);
    }
    for code in ErrorCode::ALL.into_iter().filter(|code| code.opens_circuit()) {
        errors_of(provider, code, Stage::Infer).absolute(0);
    }
    for state in JobState::ALL.into_iter().filter(|state| state.is_terminal()) {
        jobs_of(provider, state).absolute(0);
    }
    for code in ErrorCode::ALL.into_iter().filter(|code| code.retry_rule() != RetryRule::Never) {
        counter!(catalogue::JOB_RETRIES.name, "reason" => code.as_str()).absolute(0);
    }
    for reason in DeadReason::all() {
        counter!(catalogue::JOBS_DEAD.name, "reason" => reason.as_str()).absolute(0);
    }
    if kind == Kind::OcrExtract {
        for reason in FallbackReason::ALL {
            counter!(catalogue::OCR_FALLBACKS.name, "reason" => reason.as_str()).absolute(0);
        }
    }
    for state in [CircuitState::Closed, CircuitState::Open, CircuitState::HalfOpen] {
        transitions_of(provider, state).absolute(0);
    }
    circuit_state(provider, CircuitState::Closed);
    model_loaded(provider, false);
    jobs_in_flight(provider, 0);
}

/// The failures per request of a kind of work lately, 0 to 1.
#[must_use]
pub fn error_rate(kind: Kind) -> f64 {
    INSTALLED.get().map_or(0.0, |installed| installed.averages.errors(kind).value())
}

/// A provider begins with a request.
pub fn request_started(provider: ProviderName) {
    request(provider, Status::Start);
}

/// A provider has answered a request after working on it for `elapsed`.
pub fn request_succeeded(provider: ProviderName, elapsed: Duration) {
    request(provider, Status::Success);
    worked(provider, elapsed);
    outcome(provider.kind(), false);
}

/// A request was answered without work.
pub fn cache_hit(provider: ProviderName) {
    request(provider, Status::CacheHit);
}

/// A request failed in a stage after `elapsed`.
pub fn request_failed(provider: ProviderName, code: ErrorCode, stage: Stage, elapsed: Duration) {
    errors_of(provider, code, stage).increment(1);
    worked(provider, elapsed);
    if error_rate::counts(code) {
        request(provider, Status::Error);
        outcome(provider.kind(), true);
    } else {
        request(provider, Status::InputError);
    }
}

/// An input was refused before a provider saw it.
pub fn input_rejected(kind: Kind, reason: RejectReason) {
    let metric = of_kind(kind, catalogue::OCR_REJECTED, catalogue::VISION_REJECTED);
    counter!(metric, "reason" => reason.seen_by(kind).as_str()).increment(1);
}

/// A drawing of so many bytes came in.
#[expect(clippy::cast_precision_loss, reason = "drawings are far smaller than 2^52 bytes")]
pub fn image_size(kind: Kind, bytes: usize) {
    let metric = of_kind(kind, catalogue::OCR_IMAGE_SIZE, catalogue::VISION_IMAGE_SIZE);
    histogram!(metric).record(bytes as f64);
}

/// A stage of a request took so long.
pub fn stage_duration(provider: ProviderName, stage: Stage, elapsed: Duration) {
    let metric = of_kind(provider.kind(), catalogue::OCR_STAGES, catalogue::VISION_STAGES);
    histogram!(metric, "provider" => provider.as_str(), "stage" => stage.as_str()).record(elapsed);
}

/// An answer has this measured confidence.
pub fn confidence(provider: ProviderName, confidence: f32) {
    let metric = of_kind(provider.kind(), catalogue::OCR_CONFIDENCE, catalogue::VISION_CONFIDENCE);
    histogram!(metric, "provider" => provider.as_str()).record(confidence);
    if let (Kind::OcrExtract, Some(installed)) = (provider.kind(), INSTALLED.get()) {
        let average = installed.averages.confidence.add(f64::from(confidence));
        gauge!(catalogue::OCR_CONFIDENCE_EMA.name).set(average);
    }
}

/// An item of a reading has this measured confidence.
pub fn item_confidence(provider: ProviderName, item: ItemType, confidence: f32) {
    let name = catalogue::OCR_ITEM_CONFIDENCE.name;
    histogram!(name, "provider" => provider.as_str(), "item_type" => item.as_str())
        .record(confidence);
}

/// A reading found this share of the title block's fields.
pub fn completeness(provider: ProviderName, ratio: f64) {
    histogram!(catalogue::OCR_COMPLETENESS.name, "provider" => provider.as_str()).record(ratio);
}

/// A provider has its models loaded, or has none any more.
pub fn model_loaded(provider: ProviderName, is_loaded: bool) {
    let metric =
        of_kind(provider.kind(), catalogue::OCR_MODEL_LOADED, catalogue::VISION_MODEL_LOADED);
    gauge!(metric, "provider" => provider.as_str()).set(if is_loaded { 1.0 } else { 0.0 });
}

/// Loading a provider's models took so long.
pub fn model_load_duration(provider: ProviderName, elapsed: Duration) {
    histogram!(catalogue::MODEL_LOAD.name, "provider" => provider.as_str()).record(elapsed);
}

/// A slot was ready so long after its start.
pub fn cold_start(provider: ProviderName, elapsed: Duration) {
    let metric = of_kind(provider.kind(), catalogue::OCR_COLD_START, catalogue::VISION_COLD_START);
    gauge!(metric, "provider" => provider.as_str()).set(elapsed);
}

/// A second provider is asked.
pub fn fallback_triggered(reason: FallbackReason) {
    counter!(catalogue::OCR_FALLBACKS.name, "reason" => reason.as_str()).increment(1);
}

/// The confidence under which a second provider is asked.
pub fn confidence_fallback_threshold(threshold: f32) {
    gauge!(catalogue::OCR_FALLBACK_THRESHOLD.name).set(threshold);
}

/// A reading has so many pages.
pub fn pages_read(provider: ProviderName, pages: u32) {
    counter!(catalogue::OCR_PAGES.name, "provider" => provider.as_str()).increment(pages.into());
}

/// So many parts of pages were read, and so many skipped because nothing is on them.
pub fn tiles(provider: ProviderName, read: u32, skipped: u32) {
    for (result, count) in [("read", read), ("skipped", skipped)] {
        counter!(catalogue::OCR_TILES.name, "provider" => provider.as_str(), "result" => result)
            .increment(count.into());
    }
}

/// The rate limit refused a request.
pub fn rate_limited() {
    counter!(catalogue::OCR_RATE_LIMITED.name).increment(1);
}

/// A job has become terminal.
pub fn job_ended(provider: ProviderName, state: JobState) {
    jobs_of(provider, state).increment(1);
}

/// So many more (or fewer) jobs are being worked on.
pub fn jobs_in_flight(provider: ProviderName, change: i32) {
    gauge!(catalogue::JOBS_IN_FLIGHT.name, "provider" => provider.as_str()).increment(change);
}

/// A job waited so long from its submission to its start.
pub fn job_queue_wait(provider: ProviderName, elapsed: Duration) {
    histogram!(catalogue::JOB_QUEUE_WAIT.name, "provider" => provider.as_str()).record(elapsed);
}

/// A job took so long from its submission until its result was stored.
pub fn job_end_to_end(provider: ProviderName, elapsed: Duration) {
    histogram!(catalogue::JOB_END_TO_END.name, "provider" => provider.as_str()).record(elapsed);
}

/// An attempt failed with a code and the job will be tried again.
pub fn job_retried(code: ErrorCode) {
    counter!(catalogue::JOB_RETRIES.name, "reason" => code.as_str()).increment(1);
}

/// A message was moved to the dead letters.
pub fn job_dead_lettered(reason: DeadReason) {
    counter!(catalogue::JOBS_DEAD.name, "reason" => reason.as_str()).increment(1);
}

/// The message of a silent job was sent again.
pub fn job_resent(provider: ProviderName) {
    counter!(catalogue::JOBS_RESENT.name, "provider" => provider.as_str()).increment(1);
}

/// An attempt to post an outcome ended.
pub fn webhook_delivery(result: WebhookResult) {
    counter!(catalogue::WEBHOOKS.name, "result" => result.as_str()).increment(1);
}

/// Names the build of this worker and the models it serves.
pub fn worker_info(version: &'static str, model: String) {
    gauge!(catalogue::WORKER_INFO.name, "version" => version, "model" => model).set(1.0);
}

/// A provider's circuit is in a state.
pub fn circuit_state(provider: ProviderName, state: CircuitState) {
    let figure = match state {
        CircuitState::Closed => 0.0,
        CircuitState::Open => 1.0,
        CircuitState::HalfOpen => 2.0,
    };
    gauge!(catalogue::CIRCUIT_STATE.name, "circuit" => provider.as_str()).set(figure);
}

/// A provider's circuit has changed to a state.
pub fn circuit_transition(provider: ProviderName, to: CircuitState) {
    transitions_of(provider, to).increment(1);
    circuit_state(provider, to);
}

/// A health endpoint has answered with a status.
pub fn health_request(endpoint: HealthEndpoint, status: u16, elapsed: Duration) {
    let word = if status < 400 { "success" } else { "error" };
    let endpoint = endpoint.as_str();
    counter!(catalogue::HEALTH_REQUESTS.name, "endpoint" => endpoint, "status" => word)
        .increment(1);
    histogram!(catalogue::HEALTH_DURATION.name, "endpoint" => endpoint).record(elapsed);
}

fn request(provider: ProviderName, status: Status) {
    let metric = of_kind(provider.kind(), catalogue::OCR_REQUESTS, catalogue::VISION_REQUESTS);
    counter!(metric, "provider" => provider.as_str(), "status" => status.as_str()).increment(1);
}

fn worked(provider: ProviderName, elapsed: Duration) {
    let metric = of_kind(provider.kind(), catalogue::OCR_PROCESSING, catalogue::VISION_PROCESSING);
    histogram!(metric, "provider" => provider.as_str()).record(elapsed);
}

fn outcome(kind: Kind, is_failure: bool) {
    let Some(installed) = INSTALLED.get() else {
        return;
    };
    let rate = installed.averages.errors(kind).add(if is_failure { 1.0 } else { 0.0 });
    gauge!(catalogue::ERROR_RATE.name, "service" => kind.segment()).set(rate);
}

/// The runbook's vision errors have no stage.
fn errors_of(provider: ProviderName, code: ErrorCode, stage: Stage) -> metrics::Counter {
    let (name, code) = (provider.as_str(), code.as_str());
    match provider.kind() {
        Kind::OcrExtract => {
            let metric = catalogue::OCR_ERRORS.name;
            counter!(metric, "provider" => name, "code" => code, "stage" => stage.as_str())
        }
        Kind::VisionAnalyze => {
            counter!(catalogue::VISION_ERRORS.name, "provider" => name, "code" => code)
        }
    }
}

fn jobs_of(provider: ProviderName, state: JobState) -> metrics::Counter {
    counter!(
        catalogue::JOBS.name,
        "kind" => provider.kind().segment(),
        "provider" => provider.as_str(),
        "state" => state.as_str()
    )
}

fn transitions_of(provider: ProviderName, to: CircuitState) -> metrics::Counter {
    let word = match to {
        CircuitState::Closed => "closed",
        CircuitState::Open => "open",
        CircuitState::HalfOpen => "half_open",
    };
    let name = catalogue::CIRCUIT_TRANSITIONS.name;
    counter!(name, "circuit" => provider.as_str(), "to" => word)
}

const fn of_kind(kind: Kind, ocr: Metric, vision: Metric) -> &'static str {
    match kind {
        Kind::OcrExtract => ocr.name,
        Kind::VisionAnalyze => vision.name,
    }
}

#[cfg(test)]
mod tests;
