//! Every metric there is: its name, what it means, and the buckets of the histograms.
//!
//! The runbook's names and labels stand as the runbook spells them. Of the original's names three are
//! left out because the runbook's own say the same: `ocr_error_rate_ema` and `vision_error_rate_ema`
//! (`error_rate_ema{service}`) and `ocr_circuit_state` (`circuit_breaker_state{circuit}`).

/// One metric.
#[derive(Debug, Clone, Copy)]
pub(super) struct Metric {
    /// Its name in the exposition.
    pub(super) name: &'static str,
    /// The help line.
    pub(super) help: &'static str,
    /// What it is.
    pub(super) form: Form,
}

/// What a metric is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Form {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts by size, with these upper bounds.
    Histogram(&'static [f64]),
}

const fn counter(name: &'static str, help: &'static str) -> Metric {
    Metric { name, help, form: Form::Counter }
}

const fn gauge(name: &'static str, help: &'static str) -> Metric {
    Metric { name, help, form: Form::Gauge }
}

const fn histogram(name: &'static str, help: &'static str, bounds: &'static [f64]) -> Metric {
    Metric { name, help, form: Form::Histogram(bounds) }
}

/// Work on one drawing: the original's bounds, with room for the longest timeout people set.
const WORK_SECONDS: &[f64] = &[0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0];
/// Steps of that work; the shortest take single milliseconds.
const STAGE_SECONDS: &[f64] =
    &[0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0];
/// Waiting in a queue, where a weekend's backlog is hours.
const WAIT_SECONDS: &[f64] =
    &[0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 900.0, 3600.0];
/// Answers of a health endpoint, the original's bounds.
const HEALTH_SECONDS: &[f64] = &[0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0];
/// Confidences, the original's bounds.
const CONFIDENCE: &[f64] = &[0.0, 0.3, 0.5, 0.7, 0.85, 0.9, 0.95, 1.0];
/// Shares of a whole, the original's bounds.
const RATIO: &[f64] = &[0.0, 0.25, 0.5, 0.75, 0.9, 1.0];
/// Sizes of drawings, the original's bounds.
const BYTES: &[f64] = &[1e3, 5e3, 1e4, 2.5e4, 5e4, 1e5, 2.5e5, 5e5, 1e6, 2e6, 5e6, 1e7, 2.5e7, 5e7];

pub(super) const OCR_REQUESTS: Metric =
    counter("ocr_requests_total", "Text recognition requests by provider and status.");
pub(super) const VISION_REQUESTS: Metric =
    counter("vision_requests_total", "Vision requests by provider and status.");
pub(super) const OCR_PROCESSING: Metric = histogram(
    "ocr_processing_duration_seconds",
    "Time a provider worked on a text recognition request.",
    WORK_SECONDS,
);
pub(super) const VISION_PROCESSING: Metric = histogram(
    "vision_processing_duration_seconds",
    "Time a provider worked on a vision request.",
    WORK_SECONDS,
);
pub(super) const OCR_ERRORS: Metric =
    counter("ocr_errors_total", "Failed text recognition requests by provider, code and stage.");
pub(super) const VISION_ERRORS: Metric =
    counter("vision_errors_total", "Failed vision requests by provider and code.");
pub(super) const OCR_REJECTED: Metric =
    counter("ocr_input_rejected_total", "Inputs refused before text recognition, by reason.");
pub(super) const VISION_REJECTED: Metric =
    counter("vision_input_rejected_total", "Inputs refused before vision, by reason.");
pub(super) const ERROR_RATE: Metric = gauge(
    "error_rate_ema",
    "Moving average of failures that are not the client's fault, 0 to 1, by service.",
);
pub(super) const OCR_STAGES: Metric = histogram(
    "ocr_stage_duration_seconds",
    "Time per stage of a text recognition request.",
    STAGE_SECONDS,
);
pub(super) const VISION_STAGES: Metric = histogram(
    "vision_stage_duration_seconds",
    "Time per stage of a vision request.",
    STAGE_SECONDS,
);
pub(super) const OCR_CONFIDENCE: Metric = histogram(
    "ocr_confidence_distribution",
    "Measured confidence of whole readings, 0 to 1.",
    CONFIDENCE,
);
pub(super) const VISION_CONFIDENCE: Metric = histogram(
    "vision_confidence_distribution",
    "Measured confidence of whole descriptions, 0 to 1.",
    CONFIDENCE,
);
pub(super) const OCR_CONFIDENCE_EMA: Metric =
    gauge("ocr_confidence_ema", "Moving average of the confidence of readings, 0 to 1.");
pub(super) const OCR_ITEM_CONFIDENCE: Metric = histogram(
    "ocr_item_confidence_distribution",
    "Measured confidence of single items of a reading, 0 to 1.",
    CONFIDENCE,
);
pub(super) const OCR_COMPLETENESS: Metric = histogram(
    "ocr_completeness_ratio",
    "Share of the title block's fields that a reading found, 0 to 1.",
    RATIO,
);
pub(super) const OCR_IMAGE_SIZE: Metric =
    histogram("ocr_image_size_bytes", "Size of the drawings sent for text recognition.", BYTES);
pub(super) const VISION_IMAGE_SIZE: Metric =
    histogram("vision_image_size_bytes", "Size of the drawings sent for vision.", BYTES);
pub(super) const OCR_MODEL_LOADED: Metric =
    gauge("ocr_model_loaded", "Whether a text recognition provider has its models loaded, 0 or 1.");
pub(super) const VISION_MODEL_LOADED: Metric =
    gauge("vision_model_loaded", "Whether a vision provider has its models loaded, 0 or 1.");
pub(super) const MODEL_LOAD: Metric =
    histogram("model_load_duration_seconds", "Time to load a provider's models.", WORK_SECONDS);
pub(super) const OCR_COLD_START: Metric = gauge(
    "ocr_cold_start_seconds",
    "Time from the start of the newest text recognition slot until it was ready.",
);
pub(super) const VISION_COLD_START: Metric = gauge(
    "vision_cold_start_seconds",
    "Time from the start of the newest vision slot until it was ready.",
);
pub(super) const OCR_FALLBACKS: Metric =
    counter("ocr_fallback_triggered_total", "Readings handed on to a second provider, by reason.");
pub(super) const OCR_FALLBACK_THRESHOLD: Metric = gauge(
    "ocr_confidence_fallback_threshold",
    "Confidence under which a second provider is asked, 0 to 1.",
);
pub(super) const OCR_PAGES: Metric = counter("ocr_pages_total", "Pages read, by provider.");
pub(super) const OCR_TILES: Metric =
    counter("ocr_tiles_total", "Parts of pages by provider and whether they were read or skipped.");
pub(super) const OCR_RATE_LIMITED: Metric =
    counter("ocr_rate_limited_total", "Requests refused by the rate limit.");

pub(super) const JOBS: Metric = counter("jobs_total", "Jobs ended by kind, provider and state.");
pub(super) const JOBS_IN_FLIGHT: Metric =
    gauge("jobs_in_flight", "Jobs that this process is working on, by provider.");
pub(super) const JOB_QUEUE_WAIT: Metric = histogram(
    "job_queue_wait_seconds",
    "Time from a job's submission until a worker started it.",
    WAIT_SECONDS,
);
pub(super) const JOB_END_TO_END: Metric = histogram(
    "job_end_to_end_seconds",
    "Time from a job's submission until its result was stored.",
    WAIT_SECONDS,
);
pub(super) const JOB_RETRIES: Metric =
    counter("job_retries_total", "Attempts that failed and will be tried again, by reason.");
pub(super) const JOBS_DEAD: Metric =
    counter("jobs_dead_lettered_total", "Messages moved to the dead letters, by reason.");
pub(super) const JOBS_RESENT: Metric = counter(
    "jobs_resent_total",
    "Silent jobs whose message was sent again by the sweeper, by provider.",
);
pub(super) const WEBHOOKS: Metric =
    counter("webhook_deliveries_total", "Attempts to post a job's outcome, by result.");
pub(super) const WORKER_INFO: Metric =
    gauge("worker_info", "Always 1; the labels name this worker's build and models.");
pub(super) const CIRCUIT_STATE: Metric =
    gauge("circuit_breaker_state", "State of a provider's circuit: 0 closed, 1 open, 2 half-open.");
pub(super) const CIRCUIT_TRANSITIONS: Metric = counter(
    "circuit_breaker_transitions_total",
    "Changes of a provider's circuit, by the state it went to.",
);
pub(super) const HEALTH_REQUESTS: Metric =
    counter("health_requests_total", "Health checks answered, by endpoint and status.");
pub(super) const HEALTH_DURATION: Metric = histogram(
    "health_request_duration_seconds",
    "Time to answer a health check, by endpoint.",
    HEALTH_SECONDS,
);

/// Every metric of the recorder; `process_*` stands in `process.rs`.
pub(super) const METRICS: &[Metric] = &[
    OCR_REQUESTS,
    VISION_REQUESTS,
    OCR_PROCESSING,
    VISION_PROCESSING,
    OCR_ERRORS,
    VISION_ERRORS,
    OCR_REJECTED,
    VISION_REJECTED,
    ERROR_RATE,
    OCR_STAGES,
    VISION_STAGES,
    OCR_CONFIDENCE,
    VISION_CONFIDENCE,
    OCR_CONFIDENCE_EMA,
    OCR_ITEM_CONFIDENCE,
    OCR_COMPLETENESS,
    OCR_IMAGE_SIZE,
    VISION_IMAGE_SIZE,
    OCR_MODEL_LOADED,
    VISION_MODEL_LOADED,
    MODEL_LOAD,
    OCR_COLD_START,
    VISION_COLD_START,
    OCR_FALLBACKS,
    OCR_FALLBACK_THRESHOLD,
    OCR_PAGES,
    OCR_TILES,
    OCR_RATE_LIMITED,
    JOBS,
    JOBS_IN_FLIGHT,
    JOB_QUEUE_WAIT,
    JOB_END_TO_END,
    JOB_RETRIES,
    JOBS_DEAD,
    JOBS_RESENT,
    WEBHOOKS,
    WORKER_INFO,
    CIRCUIT_STATE,
    CIRCUIT_TRANSITIONS,
    HEALTH_REQUESTS,
    HEALTH_DURATION,
];
