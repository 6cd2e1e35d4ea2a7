//! The runbook's variables: defaults, the runbook's own examples, and what is refused.

use std::collections::HashSet;

use super::*;

fn with<'a>(name: &'a str, value: &'a str) -> Env<'a> {
    Env::from_lookup(move |asked| (asked == name).then(|| value.to_owned()))
}

/// Reads every shared setting, as a process does at its start.
fn read(env: &Env<'_>) -> Result<(), ConfigError> {
    BrokerConfig::from_env(env)?;
    StoreConfig::from_env(env)?;
    LimitsConfig::from_env(env)?;
    JobsConfig::from_env(env)?;
    TelemetryConfig::from_env(env)?;
    Ok(())
}

#[test]
fn defaults_are_the_runbooks() {
    let env = Env::from_lookup(|_| None);

    let jobs = JobsConfig::from_env(&env).unwrap();
    assert_eq!(jobs.default_provider, ProviderChoice::Auto);
    assert_eq!(jobs.ocr_timeout, Duration::from_secs(30));
    assert_eq!(jobs.vision_timeout, Duration::from_secs(5));
    assert!((jobs.confidence_fallback - 0.85).abs() < 1e-6);
    assert_eq!(jobs.circuit_failure_threshold, 5);
    assert_eq!(jobs.circuit_recovery, Duration::from_secs(60));
    let limits = LimitsConfig::from_env(&env).unwrap();
    assert_eq!(limits.max_base64_bytes, 1_048_576);
    assert_eq!(limits.max_file_bytes, 50 * 1024 * 1024);
    assert_eq!(limits.max_pages, 20);
    let store = StoreConfig::from_env(&env).unwrap();
    assert_eq!(store.max_connections, 10);
    assert_eq!(store.retention.result, Duration::from_secs(3600));
    assert_eq!(store.retention.cache, Duration::from_secs(3600));
    let telemetry = TelemetryConfig::from_env(&env).unwrap();
    assert_eq!(telemetry.level, tracing::Level::INFO);
    assert!(
        telemetry.metrics_enabled && !telemetry.trace_requests && telemetry.directory.is_none()
    );
    assert!((telemetry.error_ema_alpha - 0.2).abs() < 1e-9);
}

#[test]
fn runbooks_examples_are_taken() {
    let examples = [
        ("OCR_DEFAULT_PROVIDER", "paddle"),
        ("OCR_DEFAULT_PROVIDER", "deepseek_hf"),
        ("OCR_TIMEOUT_MS", "60000"),
        ("OCR_CONFIDENCE_FALLBACK", "0.90"),
        ("VISION_MAX_BASE64_BYTES", "5242880"),
        ("REDIS_URL", "redis://localhost:6379"),
        ("REDIS_TTL", "7200"),
        ("LOG_LEVEL", "DEBUG"),
        ("LOG_LEVEL", "warning"),
        ("TRACE_REQUESTS", "true"),
        ("METRICS_ENABLED", "true"),
        ("CIRCUIT_EXPECTED_EXCEPTION", "TimeoutError"),
        ("FETCH_ALLOW_CIDRS", "10.1.0.0/16, fd00::/8,"),
        ("OCR_CACHE_TTL", "0"),
    ];
    for (name, value) in examples {
        assert_eq!(read(&with(name, value)), Ok(()), "{name}={value}");
    }
}

#[test]
fn wrong_values_stop_the_process_with_the_variables_name() {
    let wrong = [
        ("AMQP_URL", "http://localhost"),
        ("REDIS_URL", "localhost:6379"),
        ("REDIS_TTL", "0"),
        ("JOB_TTL", "-1"),
        ("REDIS_MAX_CONNECTIONS", "0"),
        ("NAMESPACE", "a b"),
        ("NAMESPACE", "{cad}"),
        ("OCR_CACHE_TTL", "1h"),
        ("LOG_LEVEL", "LOUD"),
        ("LOG_FORMAT", "xml"),
        ("TRACE_REQUESTS", "maybe"),
        ("METRICS_ENABLED", "2"),
        ("ERROR_EMA_ALPHA", "0"),
        ("ERROR_EMA_ALPHA", "1.1"),
        ("ERROR_EMA_ALPHA", "nan"),
        ("OCR_DEFAULT_PROVIDER", "tesseract"),
        ("OCR_DEFAULT_PROVIDER", "onnx"),
        ("OCR_CONFIDENCE_FALLBACK", "85"),
        ("OCR_CONFIDENCE_FALLBACK", "NaN"),
        ("OCR_TIMEOUT_MS", "0"),
        ("VISION_TIMEOUT_MS", "5s"),
        ("VISION_MAX_BASE64_BYTES", "0"),
        ("OCR_MAX_FILE_MB", "1025"),
        ("OCR_MAX_PDF_PAGES", "0"),
        ("MAX_PAGE_MEGAPIXELS", "0"),
        ("FETCH_ALLOW_CIDRS", "10.1.0.0"),
        ("FETCH_ALLOW_CIDRS", "internal"),
        ("JOB_MAX_ATTEMPTS", "0"),
        ("SHUTDOWN_GRACE_MS", "600001"),
        ("CIRCUIT_FAILURE_THRESHOLD", "0"),
        ("CIRCUIT_EXPECTED_EXCEPTION", "ValueError"),
        ("CIRCUIT_RECOVERY_TIMEOUT", "0"),
    ];
    for (name, value) in wrong {
        let error = read(&with(name, value)).expect_err(name);
        assert_eq!(error.name, name, "{name}={value}: {error}");
    }
}

#[test]
fn provider_of_vision_is_refused_with_the_choices_there_are() {
    let error = JobsConfig::from_env(&with("OCR_DEFAULT_PROVIDER", "onnx")).unwrap_err();

    assert_eq!(
        error.to_string(),
        "OCR_DEFAULT_PROVIDER: `onnx` is not valid, choose auto, paddle, deepseek_hf"
    );
}

#[test]
fn job_ttl_overrides_redis_ttl() {
    let env = Env::from_lookup(|name| match name {
        "REDIS_TTL" => Some("10".to_owned()),
        "JOB_TTL" => Some("20".to_owned()),
        _ => None,
    });

    assert_eq!(retention(&env).unwrap().result, Duration::from_secs(20));
}

#[test]
fn every_setting_is_listed_once_and_says_what_it_does() {
    let names: HashSet<_> = SETTINGS.iter().map(|setting| setting.name).collect();

    assert_eq!(names.len(), SETTINGS.len());
    for setting in SETTINGS {
        assert!(
            !setting.help.is_empty() && !setting.help.contains(['\n', '|']),
            "{}",
            setting.name
        );
    }
}

#[test]
fn every_setting_that_is_read_is_listed() {
    let asked = std::sync::Mutex::new(HashSet::new());
    let env = Env::from_lookup(|name| {
        asked.lock().unwrap().insert(name.to_owned());
        None
    });

    read(&env).unwrap();

    drop(env);
    let listed = SETTINGS.iter().map(|setting| setting.name.to_owned()).collect();
    assert_eq!(asked.into_inner().unwrap(), listed);
}
