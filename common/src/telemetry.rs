//! Log lines: as text that the runbook's greps work on, or as JSON; on the console and in `app.log`.
//!
//! Steps of requests and jobs are logged as `debug!(target: telemetry::STEPS, ...)`. They are shown
//! with `LOG_LEVEL=DEBUG`, and with `TRACE_REQUESTS=true` at every level.

mod file;
mod line;
pub mod trace_id;

use std::io;

use tracing::level_filters::LevelFilter;
use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use self::file::DailyFile;
use self::line::Lines;
use crate::config::ConfigError;
use crate::config::shared::{LOG_DIR, TelemetryConfig};

/// The target of events that tell the steps of a request or a job.
pub const STEPS: &str = "cad_steps";

/// The beginning of every target of this project.
const OWN_TARGETS: &str = "cad";

/// Writes what is buffered when it is dropped: keep it until the process ends.
#[must_use]
#[derive(Debug)]
pub struct TelemetryGuard {
    _writers: Vec<WorkerGuard>,
}

/// Begins to log on stdout, for services.
///
/// # Errors
/// `LOG_DIR` can't be written to.
pub fn init(config: &TelemetryConfig) -> Result<TelemetryGuard, ConfigError> {
    init_with(config, io::stdout())
}

/// Begins to log on stderr, for processes whose stdout carries their answer.
///
/// # Errors
/// As [`init`].
pub fn init_on_stderr(config: &TelemetryConfig) -> Result<TelemetryGuard, ConfigError> {
    init_with(config, io::stderr())
}

fn init_with(
    config: &TelemetryConfig,
    console: impl io::Write + Send + 'static,
) -> Result<TelemetryGuard, ConfigError> {
    // Lines go through threads of their own: a slow disk or reader never holds up the runtime.
    let writer = || NonBlockingBuilder::default().thread_name("log");
    let (console, console_guard) = writer().finish(console);
    let (mut writers, mut guards) = (vec![console], vec![console_guard]);
    if let Some(directory) = &config.directory {
        let file = DailyFile::open(directory).map_err(|error| {
            let problem = format!("`{}` can't be written to: {error}", directory.display());
            ConfigError::new(&LOG_DIR, problem)
        })?;
        let (file, file_guard) = writer().finish(file);
        writers.push(file);
        guards.push(file_guard);
    }
    let lines = Lines::new(config.is_json, writers);
    // A second call finds the first one's subscriber in place, which says the same.
    let _ = tracing_subscriber::registry().with(filter(config)).with(lines).try_init();
    Ok(TelemetryGuard { _writers: guards })
}

/// The libraries' own events are for their authors, except when something is wrong.
fn filter(config: &TelemetryConfig) -> Targets {
    let level = LevelFilter::from_level(config.level);
    let steps = if config.trace_requests { level.max(LevelFilter::DEBUG) } else { level };
    Targets::new()
        .with_default(level.min(LevelFilter::WARN))
        .with_target(OWN_TARGETS, level)
        .with_target(STEPS, steps)
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::*;

    fn config(level: Level, trace_requests: bool) -> TelemetryConfig {
        TelemetryConfig {
            level,
            is_json: false,
            directory: None,
            trace_requests,
            metrics_enabled: false,
            error_ema_alpha: 0.2,
        }
    }

    #[test]
    fn libraries_speak_only_when_something_is_wrong() {
        let filter = filter(&config(Level::DEBUG, false));

        assert!(filter.would_enable("cad_worker::job", &Level::DEBUG));
        assert!(filter.would_enable("lapin::channel", &Level::WARN));
        assert!(!filter.would_enable("lapin::channel", &Level::INFO));
    }

    #[test]
    fn steps_are_shown_when_requests_are_traced() {
        let plain = filter(&config(Level::INFO, false));
        let traced = filter(&config(Level::INFO, true));

        assert!(!plain.would_enable(STEPS, &Level::DEBUG));
        assert!(traced.would_enable(STEPS, &Level::DEBUG));
        assert!(!traced.would_enable("cad_worker::job", &Level::DEBUG));
    }

    #[test]
    fn log_directory_that_is_a_file_names_the_variable() {
        let directory = std::env::temp_dir().join(format!("cad-{}", uuid::Uuid::new_v4()));
        std::fs::write(&directory, "").unwrap();
        let config =
            TelemetryConfig { directory: Some(directory.clone()), ..config(Level::INFO, false) };

        let error = init_on_stderr(&config).unwrap_err();

        assert_eq!(error.name, "LOG_DIR");
        std::fs::remove_file(directory).unwrap();
    }
}
