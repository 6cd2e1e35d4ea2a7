//! Settings that can't be right stop a process at once, with the exit code 64 and the variable's name.

use cad_tests::fleet::Settings;
use cad_tests::scratch::Scratch;
use cad_tests::services::Shared;
use cad_tests::wait::seconds;
use tokio::process::Command;
use tokio::time::timeout;

/// `EX_USAGE` of sysexits.h.
const BAD_SETTING: i32 = 64;

#[tokio::test]
async fn api_with_a_bad_setting_names_it_and_exits_64() {
    for (name, value) in [
        ("PORT", "eighty"),
        ("PORT", "70000"),
        ("RATE_LIMIT_QPS", "-1"),
        ("OCR_DEFAULT_PROVIDER", "tesseract"),
        ("OCR_CONFIDENCE_FALLBACK", "85"),
        ("LOG_LEVEL", "LOUD"),
        ("LOG_FORMAT", "xml"),
        ("AMQP_URL", "http://broker"),
        ("REDIS_URL", "localhost:6379"),
        ("NAMESPACE", "two words"),
        ("FETCH_ALLOW_CIDRS", "127.0.0.0/33"),
        ("METRICS_ENABLED", "perhaps"),
        ("API_KEYS_FILE", "/nowhere/keys"),
    ] {
        assert_stops("cad-api", &[], name, value).await;
    }
}

#[tokio::test]
async fn worker_with_a_bad_setting_names_it_and_exits_64() {
    for (name, value) in [
        ("WORKERS", "0"),
        ("WORKER_CONCURRENCY", "many"),
        ("WORKER_PROVIDERS", "paddle,tesseract"),
        ("METRICS_PORT", "http"),
        ("OCR_TIMEOUT_MS", "0"),
        ("JOB_MAX_ATTEMPTS", "0"),
        ("CIRCUIT_EXPECTED_EXCEPTION", "KeyError"),
        ("ERROR_EMA_ALPHA", "2"),
        ("SHUTDOWN_GRACE_MS", "soon"),
        ("ORT_THREADS", "0"),
    ] {
        assert_stops("cad-worker", &[], name, value).await;
    }
}

#[tokio::test]
async fn cad_up_with_a_bad_setting_names_it_and_exits_64() {
    for (name, value) in [("WORKERS", "0"), ("RATE_LIMIT_BURST", "0"), ("JOB_TTL", "-5")] {
        assert_stops("cad", &["up", "--port", "0"], name, value).await;
    }
}

#[tokio::test]
async fn log_directory_that_can_not_be_written_to_is_a_bad_setting() {
    let folder = Scratch::new("logs");
    let file = folder.write("file", b"");

    assert_stops("cad-api", &[], "LOG_DIR", file.to_str().unwrap()).await;
}

async fn assert_stops(program: &str, arguments: &[&str], name: &str, value: &str) {
    let shared = Shared::new();
    let settings = Settings::new(shared.addresses()).with(name, value);
    let mut command = Command::from(settings.command(program));
    command.args(arguments).kill_on_drop(true);

    let output = timeout(seconds(10), command.output()).await.expect("it does not start").unwrap();

    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert_eq!(output.status.code(), Some(BAD_SETTING), "{program} with {name}={value}: {said}");
    assert!(said.contains(name), "{program} names {name}: {said}");
    assert!(!said.contains("panicked"), "{said}");
}
