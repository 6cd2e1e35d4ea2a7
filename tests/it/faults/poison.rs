//! Drawings that take their slot down: they fail with the reason, and nobody else notices.

use cad_common::contract::record::JobState;
use cad_common::error_code::ErrorCode;
use cad_tests::drawings::order;
use cad_tests::fleet::Fleet;

use super::{all_complete, failed, submit};

#[tokio::test]
async fn four_drawings_that_abort_native_code_among_a_hundred_fail_alone() {
    let fleet =
        Fleet::start_fake(2, &[("WORKERS", "2"), ("CIRCUIT_FAILURE_THRESHOLD", "1000")]).await;
    let mut innocent = Vec::new();
    let mut poisoned = Vec::new();
    for _ in 0..4 {
        innocent.extend(submit(&fleet, 24).await);
        poisoned.push(fleet.client().submit("abort.png", &order("abort")).await);
    }

    for job in &poisoned {
        let job = failed(&fleet, &job.id).await;
        let error = job.error.unwrap();
        assert_eq!(error.code, ErrorCode::InternalError, "{error:?}");
        assert_eq!(error.reason.as_deref(), Some("crashed_slot"), "{error:?}");
    }
    for job in &innocent {
        let job = fleet.client().completed(&job.id, super::LIMIT).await;
        assert_eq!(job.attempt, 1, "an innocent job was not touched");
    }
}

#[tokio::test]
async fn a_drawing_that_takes_all_memory_ends_with_its_slot() {
    let fleet = Fleet::start_fake(1, &[("WORKER_SLOT_MAX_RSS_MB", "256")]).await;
    let hog = fleet.client().submit("hog.png", &order("hog")).await;

    let job = failed(&fleet, &hog.id).await;

    assert_eq!(job.state, JobState::Failed);
    assert_eq!(job.error.unwrap().code, ErrorCode::ResourceExhausted);
    all_complete(&fleet, &submit(&fleet, 5).await).await;
}

#[tokio::test]
async fn a_drawing_that_panics_is_the_providers_fault_and_the_next_one_is_read() {
    let fleet = Fleet::start_fake(1, &[("JOB_MAX_ATTEMPTS", "1")]).await;
    let panicking = fleet.client().submit("panic.png", &order("panic")).await;

    let job = failed(&fleet, &panicking.id).await;

    assert_eq!(job.state, JobState::Failed);
    all_complete(&fleet, &submit(&fleet, 5).await).await;
}

#[tokio::test]
async fn a_provider_that_hangs_costs_its_time_limit_and_one_slot() {
    let settings = [("OCR_TIMEOUT_MS", "400"), ("JOB_MAX_ATTEMPTS", "1")];
    let fleet = Fleet::start_fake(1, &settings).await;
    let hanging = fleet.client().submit("hang.png", &order("hang")).await;

    let job = failed(&fleet, &hanging.id).await;

    assert_eq!(job.error.unwrap().code, ErrorCode::ProviderTimeout);
    all_complete(&fleet, &submit(&fleet, 5).await).await;
}
