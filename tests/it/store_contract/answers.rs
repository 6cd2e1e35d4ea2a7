//! Drawings and cached answers.

use std::time::Duration;

use cad_common::contract::job::{BlobHash, JobId, Kind};
use cad_common::provider::ProviderName;
use cad_common::store::{CacheKey, Flight, Retention};
use cad_tests::wait::{seconds, until};

use super::scene::{LONG, over_both};

const LEASE: Duration = Duration::from_secs(30);

fn cache_key() -> CacheKey {
    CacheKey {
        kind: Kind::OcrExtract,
        provider: ProviderName::Paddle,
        model_version: "PP-OCRv6 small".to_owned(),
        options_hash: "0f".to_owned(),
        blob: BlobHash::of(b"drawing"),
    }
}

/// Bytes that no compression makes small.
fn large_drawing() -> Vec<u8> {
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    (0..5 * 1024 * 1024).map(|_| next()).collect()
}

#[tokio::test]
async fn drawing_of_five_megabytes_comes_back_under_its_hash() {
    over_both(LONG, async |store| {
        let drawing = large_drawing();

        let hash = store.put_blob(&drawing, JobId::generate()).await.unwrap();
        let again = store.put_blob(&drawing, JobId::generate()).await.unwrap();

        assert_eq!((&hash, &again), (&BlobHash::of(&drawing), &hash));
        assert!(store.blob(&hash).await.unwrap().unwrap() == drawing);
        assert_eq!(store.blob(&BlobHash::of(b"other")).await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn drawing_that_is_sent_again_is_kept_longer() {
    let retention = Retention { pending: Duration::from_millis(1500), ..LONG };
    over_both(retention, async |store| {
        let start = std::time::Instant::now();

        until("twice the retention is over", seconds(10), async || {
            store.put_blob(b"drawing", JobId::generate()).await.unwrap();
            (start.elapsed() > 2 * retention.pending).then_some(())
        })
        .await;

        assert!(store.blob(&BlobHash::of(b"drawing")).await.unwrap().is_some());
        until("it expires all the same", seconds(10), async || {
            store.blob(&BlobHash::of(b"drawing")).await.unwrap().is_none().then_some(())
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn drawing_that_no_job_needs_any_more_goes_as_early_as_a_result() {
    let retention = Retention { result: Duration::from_millis(300), ..LONG };
    over_both(retention, async |store| {
        let (first, second) = (JobId::generate(), JobId::generate());
        let hash = store.put_blob(b"drawing", first).await.unwrap();
        store.put_blob(b"drawing", second).await.unwrap();

        store.leave_blob(&hash, first).await.unwrap();
        store.leave_blob(&hash, first).await.unwrap();
        tokio::time::sleep(Duration::from_millis(600)).await;
        assert!(store.blob(&hash).await.unwrap().is_some(), "the second job still needs it");
        store.leave_blob(&hash, second).await.unwrap();

        assert!(store.blob(&hash).await.unwrap().is_some(), "a repeated job may still ask for it");
        until("it is gone", seconds(5), async || {
            store.blob(&hash).await.unwrap().is_none().then_some(())
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn one_leader_computes_and_the_followers_find_its_answer() {
    over_both(LONG, async |store| {
        let (key, leader, follower) = (cache_key(), JobId::generate(), JobId::generate());

        assert_eq!(store.lead(&key, leader, LEASE).await.unwrap(), Flight::Leader);
        assert_eq!(store.lead(&key, follower, LEASE).await.unwrap(), Flight::Follower);
        assert_eq!(store.lead(&key, leader, LEASE).await.unwrap(), Flight::Leader);
        assert_eq!(store.cached(&key).await.unwrap(), None);
        store.land(&key, leader, Some(b"answer")).await.unwrap();

        assert_eq!(store.cached(&key).await.unwrap(), Some(b"answer".to_vec()));
        assert_eq!(store.lead(&key, follower, LEASE).await.unwrap(), Flight::Leader);
    })
    .await;
}

#[tokio::test]
async fn leader_without_an_answer_makes_way_and_nobody_else_can_for_it() {
    over_both(LONG, async |store| {
        let (key, leader, follower) = (cache_key(), JobId::generate(), JobId::generate());
        store.lead(&key, leader, LEASE).await.unwrap();

        store.land(&key, follower, None).await.unwrap();
        assert_eq!(store.lead(&key, follower, LEASE).await.unwrap(), Flight::Follower);
        store.land(&key, leader, None).await.unwrap();

        assert_eq!(store.lead(&key, follower, LEASE).await.unwrap(), Flight::Leader);
        assert_eq!(store.cached(&key).await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn lead_of_a_dead_leader_passes_on_after_its_lease() {
    over_both(LONG, async |store| {
        let (key, dead, follower) = (cache_key(), JobId::generate(), JobId::generate());
        store.lead(&key, dead, Duration::from_millis(200)).await.unwrap();

        until("the lease is over", seconds(5), async || {
            let flight = store.lead(&key, follower, LEASE).await.unwrap();
            (flight == Flight::Leader).then_some(())
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn other_model_or_options_or_drawing_has_another_answer() {
    over_both(LONG, async |store| {
        let key = cache_key();
        store.land(&key, JobId::generate(), Some(b"answer")).await.unwrap();

        let others = [
            CacheKey { model_version: "PP-OCRv7".to_owned(), ..key.clone() },
            CacheKey { options_hash: "1f".to_owned(), ..key.clone() },
            CacheKey { blob: BlobHash::of(b"other"), ..key.clone() },
            CacheKey { provider: ProviderName::DeepseekHf, ..key.clone() },
        ];

        for other in others {
            assert_eq!(store.cached(&other).await.unwrap(), None, "{other:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn cache_that_is_off_keeps_nothing_and_lets_everybody_lead() {
    let retention = Retention { cache: Duration::ZERO, ..LONG };
    over_both(retention, async |store| {
        let key = cache_key();
        let first = store.lead(&key, JobId::generate(), LEASE).await.unwrap();
        let second = store.lead(&key, JobId::generate(), LEASE).await.unwrap();

        store.land(&key, JobId::generate(), Some(b"answer")).await.unwrap();

        assert_eq!((first, second), (Flight::Leader, Flight::Leader));
        assert_eq!(store.cached(&key).await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn a_reading_that_waits_for_a_second_one_is_kept_until_it_is_dropped() {
    over_both(LONG, async |store| {
        let (job, other) = (JobId::generate(), JobId::generate());

        store.keep_draft(job, b"first").await.unwrap();
        store.keep_draft(job, b"first again").await.unwrap();

        assert_eq!(store.draft(job).await.unwrap().as_deref(), Some(&b"first again"[..]));
        assert_eq!(store.draft(other).await.unwrap(), None);
        store.drop_draft(job).await.unwrap();
        store.drop_draft(other).await.unwrap();
        assert_eq!(store.draft(job).await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn a_reading_whose_job_is_never_ended_expires() {
    let retention = Retention { pending: Duration::from_millis(300), ..LONG };
    over_both(retention, async |store| {
        let job = JobId::generate();

        store.keep_draft(job, b"first").await.unwrap();

        until("it expires", seconds(10), async || {
            store.draft(job).await.unwrap().is_none().then_some(())
        })
        .await;
    })
    .await;
}
