//! The settings of the API process.

use std::collections::BTreeMap;
use std::net::IpAddr;

use cad_common::config::shared::{
    self, BrokerConfig, JobsConfig, LimitsConfig, StoreConfig, TelemetryConfig,
};
use cad_common::config::{ConfigError, Env, Setting, redact_url};
use cad_common::store::Rate;

use crate::auth::ApiKeys;

/// The port of the API.
pub const PORT: Setting =
    Setting::new("PORT", "8000", "Port of the API, 0 to 65535; 0 takes any free one and logs it");
/// The address of the API.
pub const HOST: Setting = Setting::new(
    "HOST",
    "0.0.0.0",
    "Address that the API listens on; `127.0.0.1` keeps it to this machine",
);
/// How often a client may submit.
pub const RATE_LIMIT_QPS: Setting = Setting::new(
    "RATE_LIMIT_QPS",
    "10",
    "Submissions per second that one client may make across the fleet, 0 to 100000; 0 switches the limit off",
);
/// How often a client may submit at once.
pub const RATE_LIMIT_BURST: Setting = Setting::new(
    "RATE_LIMIT_BURST",
    "10",
    "Submissions that one client may make at once, 1 to 100000",
);
/// How much is served at once.
pub const MAX_CONCURRENT_REQUESTS: Setting = Setting::new(
    "MAX_CONCURRENT_REQUESTS",
    "100",
    "Requests that one API process works on at once, 1 to 100000; waiting polls and health checks don't count",
);
/// Who may use the API.
pub const API_KEYS_FILE: Setting = Setting::new(
    "API_KEYS_FILE",
    "",
    "File of API keys, one `name:sha256` per line (the hash as `printf %s KEY | sha256sum` prints it); \
     unset leaves the API open",
);

/// Every setting that only the API reads, in the order of the table in README.
pub const SETTINGS: &[Setting] =
    &[PORT, HOST, RATE_LIMIT_QPS, RATE_LIMIT_BURST, MAX_CONCURRENT_REQUESTS, API_KEYS_FILE];

/// How the API process is set up.
#[derive(Debug, Clone)]
pub struct ApiConfig {
    /// `HOST`.
    pub host: IpAddr,
    /// `PORT`.
    pub port: u16,
    /// `RATE_LIMIT_QPS` and `RATE_LIMIT_BURST`.
    pub rate: Rate,
    /// `MAX_CONCURRENT_REQUESTS`.
    pub max_concurrent_requests: usize,
    /// `API_KEYS_FILE`; `None` leaves the API open.
    pub keys: Option<ApiKeys>,
    /// Where the broker is.
    pub broker: BrokerConfig,
    /// Where the store is.
    pub store: StoreConfig,
    /// What a drawing may weigh.
    pub limits: LimitsConfig,
    /// How jobs are run.
    pub jobs: JobsConfig,
    /// How the process reports on itself.
    pub telemetry: TelemetryConfig,
    /// Every variable as it holds now, for `/health`; secrets are masked.
    pub environment: BTreeMap<&'static str, String>,
}

impl ApiConfig {
    /// Reads it.
    ///
    /// # Errors
    /// The first variable that is not valid.
    pub fn from_env(env: &Env<'_>) -> Result<Self, ConfigError> {
        Ok(Self {
            host: env.parse(&HOST)?,
            port: env.parse(&PORT)?,
            rate: Rate {
                per_second: env.parse_within(&RATE_LIMIT_QPS, 0..=100_000)?,
                burst: env.parse_within(&RATE_LIMIT_BURST, 1..=100_000)?,
            },
            max_concurrent_requests: env.parse_within(&MAX_CONCURRENT_REQUESTS, 1..=100_000)?,
            keys: keys(env)?,
            broker: BrokerConfig::from_env(env)?,
            store: StoreConfig::from_env(env)?,
            limits: LimitsConfig::from_env(env)?,
            jobs: JobsConfig::from_env(env)?,
            telemetry: TelemetryConfig::from_env(env)?,
            environment: environment(env),
        })
    }
}

/// A file that is missing, empty or garbled stops the process: an API never opens by mistake.
fn keys(env: &Env<'_>) -> Result<Option<ApiKeys>, ConfigError> {
    let Some(path) = env.text(&API_KEYS_FILE) else {
        return Ok(None);
    };
    let text = std::fs::read_to_string(&path).map_err(|error| {
        ConfigError::new(&API_KEYS_FILE, format!("`{path}` can't be read: {error}"))
    })?;
    let keys = ApiKeys::parse(&text).map_err(|error| {
        ConfigError::new(&API_KEYS_FILE, format!("`{path}` is not valid: {error}"))
    })?;
    Ok(Some(keys))
}

fn environment(env: &Env<'_>) -> BTreeMap<&'static str, String> {
    let mut values = BTreeMap::new();
    for setting in shared::SETTINGS.iter().chain(SETTINGS) {
        let Some(text) = env.text(setting) else {
            continue;
        };
        let shown = if setting.is_secret { "***".to_owned() } else { redact_url(&text) };
        values.insert(setting.name, shown);
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(variables: &'static [(&'static str, &'static str)]) -> Result<ApiConfig, ConfigError> {
        ApiConfig::from_env(&Env::from_lookup(move |name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        }))
    }

    #[test]
    fn defaults_are_the_runbooks() {
        let config = with(&[]).unwrap();

        assert_eq!(config.port, 8000);
        assert_eq!(config.rate, Rate { per_second: 10, burst: 10 });
        assert_eq!(config.max_concurrent_requests, 100);
        assert!(config.keys.is_none());
    }

    #[test]
    fn wrong_port_names_the_variable() {
        let error = with(&[("PORT", "http")]).unwrap_err();

        assert_eq!(error.name, "PORT");
    }

    #[test]
    fn missing_key_file_stops_the_process() {
        let error = with(&[("API_KEYS_FILE", "/nonexistent/keys")]).unwrap_err();

        assert_eq!(error.name, "API_KEYS_FILE");
    }

    #[test]
    fn shown_environment_has_no_password() {
        let config = with(&[("AMQP_URL", "amqp://joe:hunter2@broker:5672/%2f")]).unwrap();

        assert_eq!(config.environment["AMQP_URL"], "amqp://***@broker:5672/%2f");
    }
}
