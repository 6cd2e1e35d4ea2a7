//! The worker's own settings; those it shares with the API are in `cad_common::config::shared`.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use cad_common::config::shared::{self, JobsConfig, LimitsConfig};
use cad_common::config::{ConfigError, Env, Setting, redact_url};
use cad_common::provider::ProviderName;

pub mod remote;

use remote::RemoteSettings;

/// Slots of one worker process, the runbook's name for it.
pub const WORKERS: Setting = Setting::new(
    "WORKERS",
    "4",
    "Slots of one worker process: drawings that it reads at the same time, 1 to 256",
);
/// Slots of one worker process, by its exact name.
pub const WORKER_CONCURRENCY: Setting = Setting::new(
    "WORKER_CONCURRENCY",
    "",
    "Slots of one worker process for each of its providers, 1 to 256 (default: `WORKERS`)",
);
/// What the worker serves.
pub const WORKER_PROVIDERS: Setting = Setting::new(
    "WORKER_PROVIDERS",
    "paddle",
    "Providers that this worker serves, comma-separated; unset adds the remote ones that are set up",
);
/// The admin port.
pub const METRICS_PORT: Setting = Setting::new(
    "METRICS_PORT",
    "9090",
    "Port of a worker's metrics and health, 0 takes a free one",
);
/// The memory of one slot.
pub const WORKER_SLOT_MAX_RSS_MB: Setting = Setting::new(
    "WORKER_SLOT_MAX_RSS_MB",
    "2048",
    "Memory in MiB at which a slot's process is killed, 256 to 1048576; above three quarters of it a slot is replaced after its job",
);
/// The memory of the worker itself.
pub const WORKER_MAX_RSS_MB: Setting = Setting::new(
    "WORKER_MAX_RSS_MB",
    "2048",
    "Memory in MiB above which a worker, its slots not counted, finishes what runs and begins anew in the same process, 64 to 1048576; 0 never",
);
/// When a silent job is looked after.
pub const SWEEP_AFTER_SECONDS: Setting = Setting::new(
    "SWEEP_AFTER_SECONDS",
    "600",
    "Seconds without a sign of life, its queue empty, after which a job's message is sent again, 5 to 86400",
);
/// Where the models are.
pub const MODELS_DIR: Setting =
    Setting::new("MODELS_DIR", "models", "Directory that `make models` has filled");
/// Another ONNX Runtime.
pub const ORT_DYLIB_PATH: Setting = Setting::new(
    "ORT_DYLIB_PATH",
    "",
    "ONNX Runtime library, version 1.24 or newer, to load instead of the one in `MODELS_DIR`",
);
/// Threads of one slot.
pub const ORT_THREADS: Setting =
    Setting::new("ORT_THREADS", "1", "Threads that ONNX Runtime uses in one slot, 1 to 64");

/// How long a doubtful reading waits for a second one.
pub const OCR_FALLBACK_WAIT_MS: Setting = Setting::new(
    "OCR_FALLBACK_WAIT_MS",
    "90000",
    "Milliseconds that a doubtful reading waits for a second provider before its job ends with the first alone, 1 to 1200000",
);

/// Every setting of the worker, in the order of the table in README.
pub const SETTINGS: &[Setting] = &[
    WORKERS,
    WORKER_CONCURRENCY,
    WORKER_PROVIDERS,
    METRICS_PORT,
    WORKER_SLOT_MAX_RSS_MB,
    WORKER_MAX_RSS_MB,
    SWEEP_AFTER_SECONDS,
    MODELS_DIR,
    ORT_DYLIB_PATH,
    ORT_THREADS,
    OCR_FALLBACK_WAIT_MS,
    remote::DEEPSEEK_HF_URL,
    remote::DEEPSEEK_HF_MODEL,
    remote::DEEPSEEK_HF_API_KEY,
    remote::DEEPSEEK_VL_URL,
    remote::DEEPSEEK_VL_MODEL,
    remote::DEEPSEEK_VL_API_KEY,
    remote::DEEPSEEK_TIMEOUT_MS,
    remote::DEEPSEEK_CONCURRENCY,
    remote::DEEPSEEK_IMAGE_MAX_SIDE,
    remote::DEEPSEEK_MAX_TILES,
];

/// The providers that this build can run.
const RUNNABLE: [ProviderName; 3] =
    [ProviderName::Paddle, ProviderName::DeepseekHf, ProviderName::DeepseekVl];

/// What one slot runs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SlotKind {
    /// A child process, which a crash or a stuck call can't outlive: for the fleet.
    Process {
        /// The program that understands `slot --provider NAME`, which is this one.
        program: PathBuf,
    },
    /// A thread of this process: for `cad up`.
    Thread,
}

/// Everything a worker is told.
#[derive(Debug, Clone, PartialEq)]
pub struct WorkerConfig {
    /// `WORKER_PROVIDERS`.
    pub providers: Vec<ProviderName>,
    /// `WORKER_CONCURRENCY`, or `WORKERS`: slots for each provider.
    pub concurrency: usize,
    /// What the slots run in; threads, unless the program says otherwise.
    pub slots: SlotKind,
    /// `WORKER_SLOT_MAX_RSS_MB` in bytes.
    pub max_slot_bytes: u64,
    /// `WORKER_MAX_RSS_MB` in bytes; `None` sets no mark.
    pub max_bytes: Option<u64>,
    /// `SWEEP_AFTER_SECONDS`.
    pub sweep_after: Duration,
    /// `METRICS_PORT`; `None` serves no admin port.
    pub admin: Option<SocketAddr>,
    /// The models.
    pub models: ModelSettings,
    /// `OCR_FALLBACK_WAIT_MS`.
    pub fallback_wait: Duration,
    /// How jobs are run.
    pub jobs: JobsConfig,
    /// What a drawing may weigh.
    pub limits: LimitsConfig,
    /// The settings in force by name, secrets hidden, for `/health`.
    pub shown: BTreeMap<&'static str, String>,
}

impl WorkerConfig {
    /// Reads it.
    ///
    /// # Errors
    /// The first setting that is wrong.
    pub fn from_env(env: &Env<'_>) -> Result<Self, ConfigError> {
        let concurrency_setting =
            if env.text(&WORKER_CONCURRENCY).is_some() { &WORKER_CONCURRENCY } else { &WORKERS };
        let models = ModelSettings::from_env(env)?;
        let fallback_wait_ms = env.parse_within(&OCR_FALLBACK_WAIT_MS, 1..=1_200_000)?;
        let max_slot_mib: u64 = env.parse_within(&WORKER_SLOT_MAX_RSS_MB, 256..=1_048_576)?;
        Ok(Self {
            providers: providers(env, &models.remote)?,
            concurrency: env.parse_within(concurrency_setting, 1..=256)?,
            slots: SlotKind::Thread,
            max_slot_bytes: max_slot_mib * 1024 * 1024,
            max_bytes: max_bytes(env)?,
            sweep_after: Duration::from_secs(env.parse_within(&SWEEP_AFTER_SECONDS, 5..=86_400)?),
            admin: Some(SocketAddr::new(
                IpAddr::V4(Ipv4Addr::UNSPECIFIED),
                env.parse(&METRICS_PORT)?,
            )),
            models,
            fallback_wait: Duration::from_millis(fallback_wait_ms),
            jobs: JobsConfig::from_env(env)?,
            limits: LimitsConfig::from_env(env)?,
            shown: shown(env),
        })
    }
}

/// Where the models are and how they are run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelSettings {
    /// `MODELS_DIR`.
    pub directory: PathBuf,
    /// `ORT_DYLIB_PATH`.
    pub ort_dylib: Option<PathBuf>,
    /// `ORT_THREADS`.
    pub threads: usize,
    /// The models that are served elsewhere.
    pub remote: RemoteSettings,
}

impl ModelSettings {
    /// Reads them.
    ///
    /// # Errors
    /// A number out of bounds.
    pub fn from_env(env: &Env<'_>) -> Result<Self, ConfigError> {
        Ok(Self {
            directory: env.text(&MODELS_DIR).unwrap_or_default().into(),
            ort_dylib: env.text(&ORT_DYLIB_PATH).map(PathBuf::from),
            threads: env.parse_within(&ORT_THREADS, 1..=64)?,
            remote: RemoteSettings::from_env(env)?,
        })
    }
}

/// Understands a provider's name, and refuses those that this build can't run.
///
/// # Errors
/// The name and what may be chosen instead.
pub fn runnable(name: &str) -> Result<ProviderName, ConfigError> {
    let choice = RUNNABLE.map(ProviderName::as_str).join(", ");
    let provider: ProviderName = name.parse().map_err(|_| {
        ConfigError::new(
            &WORKER_PROVIDERS,
            format!("`{name}` is no provider, choose from {choice}"),
        )
    })?;
    if RUNNABLE.contains(&provider) {
        return Ok(provider);
    }
    Err(ConfigError::new(
        &WORKER_PROVIDERS,
        format!("this build can't run `{name}`, choose from {choice}"),
    ))
}

fn max_bytes(env: &Env<'_>) -> Result<Option<u64>, ConfigError> {
    let mib: u64 = env.parse_within(&WORKER_MAX_RSS_MB, 0..=1_048_576)?;
    match mib {
        0 => Ok(None),
        // A worker that has just begun is larger, and would begin anew for ever.
        1..64 => Err(ConfigError::new(&WORKER_MAX_RSS_MB, "must be 0 or at least 64")),
        _ => Ok(Some(mib * 1024 * 1024)),
    }
}

fn providers(env: &Env<'_>, remote: &RemoteSettings) -> Result<Vec<ProviderName>, ConfigError> {
    let text = env.text(&WORKER_PROVIDERS).unwrap_or_default();
    let mut providers = Vec::new();
    for name in text.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        let provider = runnable(name)?;
        if let Some(switch) = remote::switch(provider)
            && remote.endpoint(provider).is_none()
        {
            let problem = format!("must be set, because WORKER_PROVIDERS names {name}");
            return Err(ConfigError::new(&switch, problem));
        }
        if providers.contains(&provider) {
            return Err(ConfigError::new(&WORKER_PROVIDERS, format!("`{name}` is named twice")));
        }
        providers.push(provider);
    }
    if providers.is_empty() {
        return Err(ConfigError::new(&WORKER_PROVIDERS, "names no provider"));
    }
    let is_unset = env.text(&Setting { default: "", ..WORKER_PROVIDERS }).is_none();
    if is_unset {
        providers.extend(remote.configured());
    }
    Ok(providers)
}

fn shown(env: &Env<'_>) -> BTreeMap<&'static str, String> {
    let settings = SETTINGS.iter().chain(shared::SETTINGS);
    settings
        .filter_map(|setting| {
            let text = env.text(setting)?;
            let safe = if setting.is_secret { "***".to_owned() } else { redact_url(&text) };
            Some((setting.name, safe))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<WorkerConfig, ConfigError> {
        let env = Env::from_lookup(|name| {
            pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        });
        WorkerConfig::from_env(&env)
    }

    #[test]
    fn an_empty_environment_gives_the_runbooks_defaults() {
        let config = read(&[]).unwrap();

        assert_eq!(config.providers, [ProviderName::Paddle]);
        assert_eq!(config.concurrency, 4);
        assert_eq!(config.max_slot_bytes, 2048 * 1024 * 1024);
        assert_eq!(config.max_bytes, Some(2048 * 1024 * 1024));
        assert_eq!(config.admin.map(|address| address.port()), Some(9090));
    }

    #[test]
    fn worker_concurrency_wins_over_workers() {
        let config = read(&[("WORKERS", "8"), ("WORKER_CONCURRENCY", "2")]).unwrap();

        assert_eq!(config.concurrency, 2);
    }

    #[test]
    fn wrong_values_name_their_variable() {
        let cases = [
            ("WORKERS", "0"),
            ("WORKER_CONCURRENCY", "many"),
            ("WORKER_PROVIDERS", "tesseract"),
            ("WORKER_PROVIDERS", "paddle,paddle"),
            ("WORKER_PROVIDERS", ","),
            ("METRICS_PORT", "70000"),
            ("WORKER_SLOT_MAX_RSS_MB", "1"),
            ("WORKER_MAX_RSS_MB", "20"),
            ("SWEEP_AFTER_SECONDS", "0"),
            ("ORT_THREADS", "0"),
        ];

        for (name, value) in cases {
            let error = read(&[(name, value)]).unwrap_err();
            assert_eq!(error.name, name, "{value}: {error}");
        }
    }

    #[test]
    fn a_provider_of_another_build_is_refused_with_the_choice() {
        let error = runnable("onnx").unwrap_err();

        assert_eq!(
            error.to_string(),
            "WORKER_PROVIDERS: this build can't run `onnx`, choose from paddle, deepseek_hf, deepseek_vl"
        );
    }

    #[test]
    fn a_remote_provider_is_served_as_soon_as_it_is_set_up() {
        let set_up = [("DEEPSEEK_HF_URL", "http://h/v1"), ("DEEPSEEK_HF_MODEL", "m")];

        let config = read(&set_up).unwrap();
        let chosen = read(&[("WORKER_PROVIDERS", "paddle"), set_up[0], set_up[1]]).unwrap();

        assert_eq!(config.providers, [ProviderName::Paddle, ProviderName::DeepseekHf]);
        assert_eq!(chosen.providers, [ProviderName::Paddle]);
    }

    #[test]
    fn a_remote_provider_that_is_not_set_up_names_what_is_missing() {
        let error = read(&[("WORKER_PROVIDERS", "deepseek_vl")]).unwrap_err();

        assert_eq!(error.name, "DEEPSEEK_VL_URL");
    }

    #[test]
    fn health_shows_no_password() {
        let config = read(&[("AMQP_URL", "amqp://user:secret@broker/")]).unwrap();

        assert_eq!(config.shown["AMQP_URL"], "amqp://***@broker/");
    }
}
