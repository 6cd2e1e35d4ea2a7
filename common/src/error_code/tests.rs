//! The table of DESIGN.md section 5, and what must follow from it.

use super::*;

#[test]
fn word_on_the_wire_is_the_word_in_metrics() {
    for code in ErrorCode::ALL {
        let wire = serde_json::to_value(code).unwrap();

        assert_eq!(wire, code.as_str());
        assert_eq!(serde_json::from_value::<ErrorCode>(wire).unwrap(), code);
    }
    for stage in Stage::ALL {
        assert_eq!(serde_json::to_value(stage).unwrap(), stage.as_str());
    }
}

#[test]
fn bad_input_is_never_retried_and_never_opens_a_circuit() {
    let faults = [ErrorCode::InputError, ErrorCode::ValidationFailed, ErrorCode::UnsupportedFormat];
    for code in faults {
        assert_eq!(code.retry_rule(), RetryRule::Never);
        assert!(!code.is_retryable() && !code.opens_circuit());
        assert_eq!(code.severity(), Severity::None);
        assert!((400..500).contains(&code.http_status()));
    }
}

#[test]
fn severities_are_the_runbooks() {
    assert_eq!(ErrorCode::ResourceExhausted.severity(), Severity::P0);
    assert_eq!(ErrorCode::ProviderTimeout.severity(), Severity::P1);
    assert_eq!(ErrorCode::RateLimit.severity(), Severity::P2);
    assert_eq!(ErrorCode::ParseFailed.severity(), Severity::P3);
}

#[test]
fn rate_limits_are_for_the_client_to_retry_and_not_for_the_worker() {
    for code in [ErrorCode::RateLimit, ErrorCode::QuotaExceeded] {
        assert_eq!((code.http_status(), code.retry_rule()), (429, RetryRule::Never));
        assert!(code.is_retryable());
    }
}

#[test]
fn exhausted_resources_are_tried_once_more() {
    assert_eq!(ErrorCode::ResourceExhausted.retry_rule(), RetryRule::Once);
}

#[test]
fn whatever_opens_a_circuit_is_also_tried_again() {
    for code in ErrorCode::ALL.into_iter().filter(|code| code.opens_circuit()) {
        assert_ne!(code.retry_rule(), RetryRule::Never, "{}", code.as_str());
    }
}
