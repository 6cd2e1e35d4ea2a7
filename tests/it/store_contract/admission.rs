//! Idempotency keys and rates.

use std::time::Duration;

use cad_common::contract::job::JobId;
use cad_common::store::{Admission, Idempotency, Rate};
use cad_tests::wait::{seconds, until};
use tokio::task::JoinSet;

use super::scene::{LONG, over_both};

#[tokio::test]
async fn idempotency_key_is_new_then_in_flight_then_replayed() {
    over_both(LONG, async |store| {
        let job = JobId::generate();

        assert_eq!(store.claim_key("plant POST key", "body").await.unwrap(), Idempotency::New);
        assert_eq!(store.claim_key("plant POST key", "body").await.unwrap(), Idempotency::InFlight);
        store.settle_key("plant POST key", "body", Some(job)).await.unwrap();

        let replay = store.claim_key("plant POST key", "body").await.unwrap();
        assert_eq!(replay, Idempotency::Replay(job));
        let other_body = store.claim_key("plant POST key", "other").await.unwrap();
        assert_eq!(other_body, Idempotency::Mismatch);
        let other_owner = store.claim_key("mill POST key", "body").await.unwrap();
        assert_eq!(other_owner, Idempotency::New);
    })
    .await;
}

#[tokio::test]
async fn key_in_flight_is_not_free_for_another_body() {
    over_both(LONG, async |store| {
        store.claim_key("key", "body").await.unwrap();

        assert_eq!(store.claim_key("key", "other").await.unwrap(), Idempotency::Mismatch);
    })
    .await;
}

#[tokio::test]
async fn key_of_a_refused_request_is_free_again() {
    over_both(LONG, async |store| {
        store.claim_key("key", "body").await.unwrap();

        store.settle_key("key", "body", None).await.unwrap();

        assert_eq!(store.claim_key("key", "corrected body").await.unwrap(), Idempotency::New);
    })
    .await;
}

#[tokio::test]
async fn late_settling_takes_no_key_away_from_another_request() {
    over_both(LONG, async |store| {
        let (first, second) = (JobId::generate(), JobId::generate());
        store.claim_key("key", "body").await.unwrap();
        store.settle_key("key", "body", Some(first)).await.unwrap();

        store.settle_key("key", "body", Some(second)).await.unwrap();
        store.settle_key("key", "other", Some(second)).await.unwrap();
        store.settle_key("key", "body", None).await.unwrap();

        let kept = store.claim_key("key", "body").await.unwrap();
        assert_eq!(kept, Idempotency::Replay(first));
    })
    .await;
}

#[tokio::test]
async fn one_of_fifty_parallel_requests_is_new() {
    over_both(LONG, async |store| {
        let mut claims = JoinSet::new();
        for _ in 0..50 {
            let store = store.clone();
            claims.spawn(async move { store.claim_key("key", "body").await.unwrap() });
        }

        let answers = claims.join_all().await;

        let count =
            |wanted: Idempotency| answers.iter().filter(|answer| **answer == wanted).count();
        assert_eq!((count(Idempotency::New), count(Idempotency::InFlight)), (1, 49));
    })
    .await;
}

#[tokio::test]
async fn rate_admits_the_burst_then_says_when_to_come_back() {
    over_both(LONG, async |store| {
        let rate = Rate { per_second: 2, burst: 3 };
        let mut remaining = Vec::new();
        for _ in 0..3 {
            match store.admit("plant", rate).await.unwrap() {
                Admission::Allowed { remaining: left } => remaining.push(left),
                refused @ Admission::Refused { .. } => panic!("{refused:?}"),
            }
        }

        let fourth = store.admit("plant", rate).await.unwrap();

        assert_eq!(remaining, [2, 1, 0]);
        let Admission::Refused { retry_after } = fourth else { panic!("admitted: {fourth:?}") };
        assert!(retry_after <= Duration::from_millis(500), "{retry_after:?}");
        assert!(retry_after > Duration::from_millis(300), "{retry_after:?}");
        let other = store.admit("mill", rate).await.unwrap();
        assert_eq!(other, Admission::Allowed { remaining: 2 });

        tokio::time::sleep(retry_after).await;
        let back_in_time = store.admit("plant", rate).await.unwrap();
        assert_eq!(back_in_time, Admission::Allowed { remaining: 0 });
    })
    .await;
}

#[tokio::test]
async fn refused_requests_do_not_put_the_next_one_off() {
    over_both(LONG, async |store| {
        let rate = Rate { per_second: 4, burst: 1 };
        store.admit("plant", rate).await.unwrap();
        let mut refusals = 0;

        until("a request is admitted", seconds(3), async || {
            let admission = store.admit("plant", rate).await.unwrap();
            refusals += u32::from(matches!(admission, Admission::Refused { .. }));
            matches!(admission, Admission::Allowed { .. }).then_some(())
        })
        .await;

        assert!(refusals > 0);
    })
    .await;
}

#[tokio::test]
async fn rate_of_zero_is_no_limit() {
    over_both(LONG, async |store| {
        let rate = Rate { per_second: 0, burst: 1 };

        for _ in 0..20 {
            let admission = store.admit("plant", rate).await.unwrap();
            assert_eq!(admission, Admission::Allowed { remaining: 1 });
        }
    })
    .await;
}
