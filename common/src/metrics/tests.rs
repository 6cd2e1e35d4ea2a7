//! The exposition as Prometheus and the runbook's greps see it.
//!
//! The recorder is the process's own, and `cargo nextest` gives each test a process.

use std::collections::BTreeSet;

use super::*;

fn scrape() -> Scrape {
    let config = TelemetryConfig {
        level: tracing::Level::INFO,
        is_json: false,
        directory: None,
        trace_requests: false,
        metrics_enabled: true,
        error_ema_alpha: 0.2,
    };
    install(&config).expect("the one recorder of this process")
}

fn value(text: &str, series: &str) -> Option<f64> {
    text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' ')?.parse().ok())
}

#[test]
fn runbooks_series_are_spelled_as_the_runbook_has_them() {
    let scrape = scrape();
    provider_served(ProviderName::Paddle);
    request_started(ProviderName::Paddle);
    request_succeeded(ProviderName::Paddle, Duration::from_millis(300));
    stage_duration(ProviderName::Paddle, Stage::Infer, Duration::from_millis(200));
    confidence(ProviderName::Paddle, 0.93);
    item_confidence(ProviderName::Paddle, ItemType::Dimension, 0.9);

    let text = scrape.render();

    for series in [
        r#"ocr_requests_total{provider="paddle",status="success"} "#,
        r#"ocr_processing_duration_seconds_bucket{provider="paddle",le="120"} "#,
        r#"ocr_errors_total{provider="paddle",code="TIMEOUT",stage="infer"} "#,
        r#"ocr_input_rejected_total{reason="file_too_large"} "#,
        r#"vision_input_rejected_total{reason="base64_too_large"} "#,
        r#"error_rate_ema{service="ocr"} "#,
        r#"error_rate_ema{service="vision"} "#,
        r#"ocr_stage_duration_seconds_count{provider="paddle",stage="infer"} "#,
        r#"ocr_confidence_distribution_bucket{provider="paddle",le="0.95"} "#,
        r#"ocr_item_confidence_distribution_bucket{provider="paddle",item_type="dimension",le="1"} "#,
        r#"circuit_breaker_state{circuit="paddle"} 0"#,
    ] {
        assert!(text.lines().any(|line| line.starts_with(series)), "{series} is not in\n{text}");
    }
}

#[test]
fn failures_are_counted_by_code_and_stage_and_clients_faults_leave_the_rate() {
    let scrape = scrape();
    let (provider, elapsed) = (ProviderName::DeepseekVl, Duration::from_secs(1));

    request_failed(provider, ErrorCode::InputError, Stage::Preprocess, elapsed);
    assert!(error_rate(Kind::VisionAnalyze).abs() < 1e-9);
    request_failed(provider, ErrorCode::ProviderTimeout, Stage::Infer, elapsed);

    let text = scrape.render();
    assert!((error_rate(Kind::VisionAnalyze) - 0.2).abs() < 1e-9);
    assert_eq!(value(&text, r#"error_rate_ema{service="vision"}"#), Some(0.2));
    for (series, count) in [
        (r#"vision_errors_total{provider="deepseek_vl",code="INPUT_ERROR"}"#, 1.0),
        (r#"vision_errors_total{provider="deepseek_vl",code="PROVIDER_TIMEOUT"}"#, 1.0),
        (r#"vision_requests_total{provider="deepseek_vl",status="input_error"}"#, 1.0),
        (r#"vision_requests_total{provider="deepseek_vl",status="error"}"#, 1.0),
    ] {
        assert_eq!(value(&text, series), Some(count), "{series}");
    }
}

#[test]
fn circuit_figures_are_the_runbooks() {
    let scrape = scrape();
    let series = r#"circuit_breaker_state{circuit="deepseek_hf"}"#;
    let states =
        [(CircuitState::Open, 1.0), (CircuitState::HalfOpen, 2.0), (CircuitState::Closed, 0.0)];

    for (state, figure) in states {
        circuit_transition(ProviderName::DeepseekHf, state);
        assert_eq!(value(&scrape.render(), series), Some(figure));
    }

    let opened = r#"circuit_breaker_transitions_total{circuit="deepseek_hf",to="open"}"#;
    assert_eq!(value(&scrape.render(), opened), Some(1.0));
}

#[test]
fn bad_base64_has_one_word_for_ocr_and_its_own_for_vision() {
    let scrape = scrape();
    let before = value(&scrape.render(), r#"ocr_input_rejected_total{reason="base64_invalid"}"#);

    input_rejected(Kind::OcrExtract, RejectReason::Base64PaddingError);
    input_rejected(Kind::VisionAnalyze, RejectReason::Base64PaddingError);

    let text = scrape.render();
    assert_eq!(before, Some(0.0));
    assert_eq!(value(&text, r#"ocr_input_rejected_total{reason="base64_invalid"}"#), Some(1.0));
    assert_eq!(
        value(&text, r#"vision_input_rejected_total{reason="base64_padding_error"}"#),
        Some(1.0)
    );
    assert!(!text.contains(r#"ocr_input_rejected_total{reason="base64_padding_error"}"#));
}

#[test]
fn jobs_in_flight_come_back_to_zero() {
    let scrape = scrape();

    jobs_in_flight(ProviderName::Onnx, 1);
    jobs_in_flight(ProviderName::Onnx, 1);
    assert_eq!(value(&scrape.render(), r#"jobs_in_flight{provider="onnx"}"#), Some(2.0));
    jobs_in_flight(ProviderName::Onnx, -2);

    assert_eq!(value(&scrape.render(), r#"jobs_in_flight{provider="onnx"}"#), Some(0.0));
}

#[test]
fn second_install_reads_the_same_figures() {
    scrape();
    fallback_triggered(FallbackReason::LowConfidence);

    let series = r#"ocr_fallback_triggered_total{reason="low_confidence"}"#;
    assert!(value(&scrape().render(), series) >= Some(1.0));
}

#[test]
fn every_metric_has_help_a_type_and_a_name_of_its_own() {
    let names: BTreeSet<_> = catalogue::METRICS.iter().map(|metric| metric.name).collect();

    assert_eq!(names.len(), catalogue::METRICS.len());
    for metric in catalogue::METRICS {
        assert_eq!(
            matches!(metric.form, Form::Counter),
            metric.name.ends_with("_total"),
            "{}",
            metric.name
        );
        assert!(metric.help.ends_with('.') && !metric.help.contains('\n'), "{}", metric.name);
        if let Form::Histogram(bounds) = metric.form {
            assert!(bounds.is_sorted() && bounds.len() <= 16, "{}", metric.name);
        }
    }
}

/// Prints a sample of everything for `promtool check metrics`: run with `--no-capture`.
#[test]
fn sample_of_every_metric_is_rendered() {
    let scrape = scrape();
    for provider in ProviderName::ALL {
        record_everything(provider);
    }

    let text = scrape.render();

    for metric in catalogue::METRICS {
        let heading = format!("# HELP {} {}\n", metric.name, metric.help);
        assert!(text.contains(&heading), "{} is never recorded", metric.name);
    }
    assert!(!text.contains(" summary\n"), "a histogram without bounds");
    println!("{text}");
}

fn record_everything(provider: ProviderName) {
    let (kind, elapsed) = (provider.kind(), Duration::from_millis(20));
    provider_served(provider);
    request_started(provider);
    request_succeeded(provider, elapsed);
    request_failed(provider, ErrorCode::ResourceExhausted, Stage::Load, elapsed);
    cache_hit(provider);
    image_size(kind, 120_000);
    stage_duration(provider, Stage::Parse, elapsed);
    confidence(provider, 0.9);
    item_confidence(provider, ItemType::Symbol, 0.9);
    completeness(provider, 0.7);
    model_loaded(provider, true);
    model_load_duration(provider, elapsed);
    cold_start(provider, elapsed);
    fallback_triggered(FallbackReason::MissingFields);
    confidence_fallback_threshold(0.85);
    pages_read(provider, 2);
    tiles(provider, 8, 1);
    rate_limited();
    job_ended(provider, JobState::Completed);
    job_queue_wait(provider, elapsed);
    job_end_to_end(provider, elapsed);
    job_retried(ErrorCode::ProviderTimeout);
    job_dead_lettered(DeadReason::CRASHED_WORKER);
    job_resent(ProviderName::Paddle);
    webhook_delivery(WebhookResult::Delivered);
    worker_info("0.1.0", "pp-ocrv6".to_owned());
    health_request(HealthEndpoint::Ready, 503, elapsed);
}
