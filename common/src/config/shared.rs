//! The settings that API and workers share: broker, store, limits, logs, metrics.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use ipnet::IpNet;
use lapin::uri::AMQPUri;
use redis::IntoConnectionInfo as _;

use super::{ConfigError, Env, Secret, Setting};
use crate::contract::job::Kind;
use crate::provider::{ProviderName, UnknownProvider};
use crate::store::Retention;

/// The broker's address.
pub const AMQP_URL: Setting = Setting::new(
    "AMQP_URL",
    "amqp://guest:guest@127.0.0.1:5672/%2f",
    "RabbitMQ broker, `amqp://user:password@host:port/vhost` (`amqps` for TLS)",
);
/// The store's address.
pub const REDIS_URL: Setting = Setting::new(
    "REDIS_URL",
    "redis://localhost:6379",
    "Redis store, `redis://[:password@]host:port[/db]`",
);
/// How long results are kept.
pub const REDIS_TTL: Setting = Setting::new(
    "REDIS_TTL",
    "3600",
    "Seconds that a job's record and result are kept after its end, 1 to 2592000; `JOB_TTL` overrides it",
);
/// How long results are kept, the fleet's name for it.
pub const JOB_TTL: Setting = Setting::new(
    "JOB_TTL",
    "",
    "Seconds that a job's record and result are kept after its end (default: `REDIS_TTL`)",
);
/// Connections to the store.
pub const REDIS_MAX_CONNECTIONS: Setting = Setting::new(
    "REDIS_MAX_CONNECTIONS",
    "10",
    "Connections that one process opens to Redis, 1 to 1000",
);
/// The prefix of every queue, exchange and key.
pub const NAMESPACE: Setting = Setting::new(
    "NAMESPACE",
    "cad",
    "Prefix of every exchange, queue and Redis key, so that several fleets can share a broker and a store",
);
/// How long cached answers are kept.
pub const OCR_CACHE_TTL: Setting = Setting::new(
    "OCR_CACHE_TTL",
    "3600",
    "Seconds that an answer is reused for the same drawing, 0 switches the cache off",
);
/// How verbose the logs are.
pub const LOG_LEVEL: Setting =
    Setting::new("LOG_LEVEL", "INFO", "Log level: ERROR, WARN (or WARNING), INFO, DEBUG, TRACE");
/// How log lines look.
pub const LOG_FORMAT: Setting =
    Setting::new("LOG_FORMAT", "text", "Form of the log lines on stdout: `text` or `json`");
/// Where log files go.
pub const LOG_DIR: Setting = Setting::new(
    "LOG_DIR",
    "",
    "Directory of the log file `app.log`, rotated daily and kept for 7 days; unset writes no file",
);
/// Whether every request and job step is logged.
pub const TRACE_REQUESTS: Setting = Setting::new(
    "TRACE_REQUESTS",
    "false",
    "Logs every request and every step of a job with its trace id",
);
/// Whether metrics are served.
pub const METRICS_ENABLED: Setting = Setting::new(
    "METRICS_ENABLED",
    "true",
    "Whether metrics are recorded and `/metrics` is served",
);
/// The weight of the newest outcome in the error rate.
pub const ERROR_EMA_ALPHA: Setting = Setting::new(
    "ERROR_EMA_ALPHA",
    "0.2",
    "Weight of the newest outcome in `error_rate_ema`, above 0 up to 1",
);
/// The preferred OCR provider.
pub const OCR_DEFAULT_PROVIDER: Setting = Setting::new(
    "OCR_DEFAULT_PROVIDER",
    "auto",
    "Provider for requests that name none: `auto`, `paddle` or `deepseek_hf`",
);
/// The confidence under which a second provider is asked.
pub const OCR_CONFIDENCE_FALLBACK: Setting = Setting::new(
    "OCR_CONFIDENCE_FALLBACK",
    "0.85",
    "Confidence under which a reading counts as doubtful: shown as `ocr_confidence_fallback_threshold`, 0 to 1",
);
/// Time of an OCR job.
pub const OCR_TIMEOUT_MS: Setting = Setting::new(
    "OCR_TIMEOUT_MS",
    "30000",
    "Milliseconds after which a running OCR job is stopped, 1 to 1200000",
);
/// Time of a vision job.
pub const VISION_TIMEOUT_MS: Setting = Setting::new(
    "VISION_TIMEOUT_MS",
    "5000",
    "Milliseconds after which a running vision job is stopped, 1 to 1200000",
);
/// Largest base64 drawing.
pub const VISION_MAX_BASE64_BYTES: Setting = Setting::new(
    "VISION_MAX_BASE64_BYTES",
    "1048576",
    "Largest drawing sent as base64, in bytes after decoding, 1 to 104857600",
);
/// Largest drawing.
pub const OCR_MAX_FILE_MB: Setting = Setting::new(
    "OCR_MAX_FILE_MB",
    "50",
    "Largest drawing sent as a file or fetched from a URL, in MiB, 1 to 1024",
);
/// Most pages.
pub const OCR_MAX_PAGES: Setting =
    Setting::new("OCR_MAX_PDF_PAGES", "20", "Most pages of one drawing that are read, 1 to 1000");
/// Most pixels.
pub const MAX_PAGE_MEGAPIXELS: Setting = Setting::new(
    "MAX_PAGE_MEGAPIXELS",
    "200",
    "Most pixels of one page, in millions (A0 at 300 dpi has 140), 1 to 1000",
);
/// Networks that may be fetched from.
pub const FETCH_ALLOW_CIDRS: Setting = Setting::new(
    "FETCH_ALLOW_CIDRS",
    "",
    "Private networks that drawings may be fetched from, comma-separated, such as `10.1.0.0/16`",
);
/// Attempts of one job.
pub const JOB_MAX_ATTEMPTS: Setting =
    Setting::new("JOB_MAX_ATTEMPTS", "3", "How often a job is tried before it is failed, 1 to 20");
/// Time to finish on shutdown.
pub const SHUTDOWN_GRACE_MS: Setting = Setting::new(
    "SHUTDOWN_GRACE_MS",
    "30000",
    "Milliseconds that running work gets to finish after SIGTERM, 0 to 600000",
);
/// Faults that open a circuit.
pub const CIRCUIT_FAILURE_THRESHOLD: Setting = Setting::new(
    "CIRCUIT_FAILURE_THRESHOLD",
    "5",
    "Consecutive provider faults that open its circuit, 1 to 1000",
);
/// Which failures a circuit counts.
pub const CIRCUIT_EXPECTED_EXCEPTION: Setting = Setting::new(
    "CIRCUIT_EXPECTED_EXCEPTION",
    "TimeoutError",
    "Failures that a circuit counts: `TimeoutError` or `Exception` (every provider fault), `asyncio.TimeoutError` (timeouts alone)",
);
/// How long a circuit stays open.
pub const CIRCUIT_RECOVERY_TIMEOUT: Setting = Setting::new(
    "CIRCUIT_RECOVERY_TIMEOUT",
    "60",
    "Seconds that a circuit stays open before one job is tried, 1 to 86400",
);

/// Every shared setting, in the order of the table in README.
pub const SETTINGS: &[Setting] = &[
    OCR_DEFAULT_PROVIDER,
    OCR_TIMEOUT_MS,
    OCR_CONFIDENCE_FALLBACK,
    OCR_CACHE_TTL,
    OCR_MAX_FILE_MB,
    OCR_MAX_PAGES,
    MAX_PAGE_MEGAPIXELS,
    VISION_MAX_BASE64_BYTES,
    VISION_TIMEOUT_MS,
    FETCH_ALLOW_CIDRS,
    AMQP_URL,
    REDIS_URL,
    REDIS_TTL,
    JOB_TTL,
    REDIS_MAX_CONNECTIONS,
    NAMESPACE,
    JOB_MAX_ATTEMPTS,
    CIRCUIT_FAILURE_THRESHOLD,
    CIRCUIT_RECOVERY_TIMEOUT,
    CIRCUIT_EXPECTED_EXCEPTION,
    SHUTDOWN_GRACE_MS,
    LOG_LEVEL,
    LOG_FORMAT,
    LOG_DIR,
    TRACE_REQUESTS,
    METRICS_ENABLED,
    ERROR_EMA_ALPHA,
];

/// Where the broker is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokerConfig {
    /// `AMQP_URL`.
    pub url: Secret,
    /// `NAMESPACE`.
    pub namespace: String,
}

impl BrokerConfig {
    /// Reads it.
    ///
    /// # Errors
    /// A scheme other than amqp or amqps, or a namespace that can't be part of a name.
    pub fn from_env(env: &Env<'_>) -> Result<Self, ConfigError> {
        let url = env.text(&AMQP_URL).unwrap_or_default();
        if !url.starts_with("amqp://") && !url.starts_with("amqps://") {
            return Err(ConfigError::new(&AMQP_URL, "must begin with amqp:// or amqps://"));
        }
        if url.parse::<AMQPUri>().is_err() {
            return Err(ConfigError::new(
                &AMQP_URL,
                "is no address such as amqp://user:password@host:5672/%2f",
            ));
        }
        Ok(Self { url: url.into(), namespace: namespace(env)? })
    }
}

/// Where the store is, and how long it keeps things.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreConfig {
    /// `REDIS_URL`.
    pub url: Secret,
    /// `NAMESPACE`.
    pub namespace: String,
    /// `REDIS_MAX_CONNECTIONS`.
    pub max_connections: usize,
    /// How long things are kept.
    pub retention: Retention,
}

/// Records and drawings of waiting jobs outlive a weekend's outage of the workers.
const PENDING_RETENTION: Duration = Duration::from_secs(3 * 24 * 3600);

impl StoreConfig {
    /// Reads it.
    ///
    /// # Errors
    /// A scheme other than redis or rediss, or numbers out of bounds.
    pub fn from_env(env: &Env<'_>) -> Result<Self, ConfigError> {
        let url = env.text(&REDIS_URL).unwrap_or_default();
        if !url.starts_with("redis://") && !url.starts_with("rediss://") {
            return Err(ConfigError::new(&REDIS_URL, "must begin with redis:// or rediss://"));
        }
        if url.as_str().into_connection_info().is_err() {
            return Err(ConfigError::new(
                &REDIS_URL,
                "is no address such as redis://:password@host:6379/0",
            ));
        }
        Ok(Self {
            url: url.into(),
            namespace: namespace(env)?,
            max_connections: env.parse_within(&REDIS_MAX_CONNECTIONS, 1..=1000)?,
            retention: retention(env)?,
        })
    }
}

/// Reads how long things are kept.
///
/// # Errors
/// Numbers out of bounds.
pub fn retention(env: &Env<'_>) -> Result<Retention, ConfigError> {
    let ttl_setting = if env.text(&JOB_TTL).is_some() { &JOB_TTL } else { &REDIS_TTL };
    Ok(Retention {
        pending: PENDING_RETENTION,
        result: Duration::from_secs(env.parse_within(ttl_setting, 1..=2_592_000)?),
        cache: Duration::from_secs(env.parse_within(&OCR_CACHE_TTL, 0..=2_592_000)?),
    })
}

fn namespace(env: &Env<'_>) -> Result<String, ConfigError> {
    let text = env.text(&NAMESPACE).unwrap_or_default();
    let is_plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte));
    if is_plain && text.len() <= 64 {
        return Ok(text);
    }
    Err(ConfigError::new(
        &NAMESPACE,
        "may hold letters, digits, dot, dash and underscore, 64 at most",
    ))
}

/// What a drawing may weigh.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LimitsConfig {
    /// `OCR_MAX_FILE_MB` in bytes.
    pub max_file_bytes: usize,
    /// `VISION_MAX_BASE64_BYTES`.
    pub max_base64_bytes: usize,
    /// `OCR_MAX_PDF_PAGES`.
    pub max_pages: u32,
    /// `MAX_PAGE_MEGAPIXELS` in pixels.
    pub max_page_pixels: u64,
    /// `FETCH_ALLOW_CIDRS`.
    pub fetch_allow: Vec<IpNet>,
}

impl LimitsConfig {
    /// Reads them.
    ///
    /// # Errors
    /// Numbers out of bounds, or text that is no network.
    pub fn from_env(env: &Env<'_>) -> Result<Self, ConfigError> {
        let max_file_mib: usize = env.parse_within(&OCR_MAX_FILE_MB, 1..=1024)?;
        let max_megapixels: u64 = env.parse_within(&MAX_PAGE_MEGAPIXELS, 1..=1000)?;
        Ok(Self {
            max_file_bytes: max_file_mib * 1024 * 1024,
            max_base64_bytes: env.parse_within(&VISION_MAX_BASE64_BYTES, 1..=104_857_600)?,
            max_pages: env.parse_within(&OCR_MAX_PAGES, 1..=1000)?,
            max_page_pixels: max_megapixels * 1_000_000,
            fetch_allow: networks(env)?,
        })
    }
}

fn networks(env: &Env<'_>) -> Result<Vec<IpNet>, ConfigError> {
    let text = env.text(&FETCH_ALLOW_CIDRS).unwrap_or_default();
    let mut networks = Vec::new();
    for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let network = part.parse().map_err(|error| {
            ConfigError::new(
                &FETCH_ALLOW_CIDRS,
                format!("`{part}` is no network such as 10.1.0.0/16: {error}"),
            )
        })?;
        networks.push(network);
    }
    Ok(networks)
}

/// How jobs are run, as API and workers must both know it.
#[derive(Debug, Clone, PartialEq)]
pub struct JobsConfig {
    /// `OCR_DEFAULT_PROVIDER`.
    pub default_provider: ProviderChoice,
    /// `OCR_CONFIDENCE_FALLBACK`.
    pub confidence_fallback: f32,
    /// `OCR_TIMEOUT_MS`.
    pub ocr_timeout: Duration,
    /// `VISION_TIMEOUT_MS`.
    pub vision_timeout: Duration,
    /// `JOB_MAX_ATTEMPTS`.
    pub max_attempts: u32,
    /// `SHUTDOWN_GRACE_MS`.
    pub shutdown_grace: Duration,
    /// `CIRCUIT_FAILURE_THRESHOLD`.
    pub circuit_failure_threshold: u32,
    /// `CIRCUIT_RECOVERY_TIMEOUT`.
    pub circuit_recovery: Duration,
    /// `CIRCUIT_EXPECTED_EXCEPTION`.
    pub circuit_faults: CircuitFaults,
}

impl JobsConfig {
    /// Reads it.
    ///
    /// # Errors
    /// Unknown words and numbers out of bounds.
    pub fn from_env(env: &Env<'_>) -> Result<Self, ConfigError> {
        let milliseconds =
            |setting, low, high| env.parse_within(setting, low..=high).map(Duration::from_millis);
        Ok(Self {
            default_provider: default_provider(env)?,
            confidence_fallback: env.parse_within(&OCR_CONFIDENCE_FALLBACK, 0.0..=1.0)?,
            ocr_timeout: milliseconds(&OCR_TIMEOUT_MS, 1, 1_200_000)?,
            vision_timeout: milliseconds(&VISION_TIMEOUT_MS, 1, 1_200_000)?,
            max_attempts: env.parse_within(&JOB_MAX_ATTEMPTS, 1..=20)?,
            shutdown_grace: milliseconds(&SHUTDOWN_GRACE_MS, 0, 600_000)?,
            circuit_failure_threshold: env.parse_within(&CIRCUIT_FAILURE_THRESHOLD, 1..=1000)?,
            circuit_recovery: Duration::from_secs(
                env.parse_within(&CIRCUIT_RECOVERY_TIMEOUT, 1..=86_400)?,
            ),
            circuit_faults: env.parse(&CIRCUIT_EXPECTED_EXCEPTION)?,
        })
    }
}

/// A provider of vision can't be the one that reads text.
fn default_provider(env: &Env<'_>) -> Result<ProviderChoice, ConfigError> {
    let text = env.text(&OCR_DEFAULT_PROVIDER).unwrap_or_default();
    match text.parse() {
        Ok(ProviderChoice::Named(name)) if name.kind() != Kind::OcrExtract => {}
        Ok(choice) => return Ok(choice),
        Err(_) => {}
    }
    let names: Vec<_> = ProviderName::of(Kind::OcrExtract).map(ProviderName::as_str).collect();
    let problem = format!("`{text}` is not valid, choose auto, {}", names.join(", "));
    Err(ConfigError::new(&OCR_DEFAULT_PROVIDER, problem))
}

/// Which provider a request gets that names none, or names `auto`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProviderChoice {
    /// The preferred one whose circuit is closed.
    Auto,
    /// This one.
    Named(ProviderName),
}

impl FromStr for ProviderChoice {
    type Err = UnknownProvider;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "auto" {
            return Ok(Self::Auto);
        }
        text.parse().map(Self::Named)
    }
}

/// Which failures a circuit counts, in the runbook's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CircuitFaults {
    /// `TimeoutError`: every fault of a provider (timeouts, crashes, remote errors).
    ProviderFaults,
    /// `asyncio.TimeoutError`: timeouts alone.
    TimeoutsOnly,
}

impl FromStr for CircuitFaults {
    type Err = UnknownFaults;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "TimeoutError" | "Exception" => Ok(Self::ProviderFaults),
            "asyncio.TimeoutError" => Ok(Self::TimeoutsOnly),
            _ => Err(UnknownFaults),
        }
    }
}

/// A word for faults that does not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "choose TimeoutError or Exception (every provider fault), or asyncio.TimeoutError (timeouts alone)"
)]
pub struct UnknownFaults;

/// How a process reports on itself.
#[derive(Debug, Clone, PartialEq)]
pub struct TelemetryConfig {
    /// `LOG_LEVEL`.
    pub level: tracing::Level,
    /// `LOG_FORMAT`: one JSON object per line instead of text.
    pub is_json: bool,
    /// `LOG_DIR`.
    pub directory: Option<PathBuf>,
    /// `TRACE_REQUESTS`.
    pub trace_requests: bool,
    /// `METRICS_ENABLED`.
    pub metrics_enabled: bool,
    /// `ERROR_EMA_ALPHA`.
    pub error_ema_alpha: f64,
}

impl TelemetryConfig {
    /// Reads it.
    ///
    /// # Errors
    /// Unknown words and numbers out of bounds.
    pub fn from_env(env: &Env<'_>) -> Result<Self, ConfigError> {
        Ok(Self {
            level: log_level(env)?,
            is_json: match env.text(&LOG_FORMAT).as_deref() {
                Some("json") => true,
                Some("text") => false,
                _ => return Err(ConfigError::new(&LOG_FORMAT, "choose text or json")),
            },
            directory: env.text(&LOG_DIR).map(PathBuf::from),
            trace_requests: env.flag(&TRACE_REQUESTS)?,
            metrics_enabled: env.flag(&METRICS_ENABLED)?,
            error_ema_alpha: env.parse_within(&ERROR_EMA_ALPHA, 1e-6..=1.0)?,
        })
    }
}

/// `WARNING` and `CRITICAL` are Python's words, which the runbook's users know.
fn log_level(env: &Env<'_>) -> Result<tracing::Level, ConfigError> {
    let text = env.text(&LOG_LEVEL).unwrap_or_default().to_ascii_uppercase();
    match text.as_str() {
        "ERROR" | "CRITICAL" => Ok(tracing::Level::ERROR),
        "WARN" | "WARNING" => Ok(tracing::Level::WARN),
        "INFO" => Ok(tracing::Level::INFO),
        "DEBUG" => Ok(tracing::Level::DEBUG),
        "TRACE" => Ok(tracing::Level::TRACE),
        _ => Err(ConfigError::new(&LOG_LEVEL, "choose ERROR, WARN, INFO, DEBUG or TRACE")),
    }
}

#[cfg(test)]
mod tests;
