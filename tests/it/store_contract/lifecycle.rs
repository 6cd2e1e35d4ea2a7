//! A job's way from its creation to its oblivion.

use std::time::Duration;

use cad_common::contract::job::JobId;
use cad_common::contract::reading::{Warning, WarningCode};
use cad_common::contract::record::{JobError, JobRecord, JobState, Progress};
use cad_common::error_code::{ErrorCode, Stage};
use cad_common::store::{Cancel, Claim, Ending, Finish, Hold, Lookup, Retention, Store};
use cad_tests::wait::{seconds, until};
use jiff::Timestamp;

use super::scene::{LONG, MAX_STARTS, completed, created, found, granted, over_both, terms};

#[tokio::test]
async fn created_job_is_found_as_it_was_handed_in() {
    over_both(LONG, async |store| {
        let job = created(store).await;

        assert_eq!(found(store, job.id).await, job);
        assert_eq!(store.lookup(JobId::generate()).await.unwrap(), Lookup::Unknown);
    })
    .await;
}

#[tokio::test]
async fn job_created_again_keeps_what_became_of_it() {
    over_both(LONG, async |store| {
        let job = created(store).await;
        granted(store, &job).await;

        store.create(&job, None).await.unwrap();

        assert_eq!(found(store, job.id).await.state, JobState::InProgress);
    })
    .await;
}

#[tokio::test]
async fn removed_job_leaves_nothing() {
    over_both(LONG, async |store| {
        let job = created(store).await;

        store.remove(job.id).await.unwrap();

        assert_eq!(store.lookup(job.id).await.unwrap(), Lookup::Unknown);
        assert!(store.list(&super::listing::all()).await.unwrap().is_empty());
        store.remove(job.id).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn completed_job_has_its_result_byte_for_byte() {
    over_both(LONG, async |store| {
        let job = created(store).await;
        let grant = granted(store, &job).await;
        let warning = Warning {
            code: WarningCode::NoTextFound,
            detail: "nothing on page 2".to_owned(),
            page: Some(2),
        };
        let result = b"{\"raw\": \"\xc3\x98 12 \xc2\xb10,1\"}\n\0".to_vec();
        let ending = Ending::Completed { result: result.clone(), warnings: vec![warning.clone()] };

        let finish = store.finish(job.id, grant.token, &ending).await.unwrap();

        assert_eq!(finish, Finish::Stored);
        assert_eq!(store.result(job.id).await.unwrap(), Some(result));
        let record = found(store, job.id).await;
        assert_eq!((record.state, record.attempt), (JobState::Completed, 1));
        assert_eq!((record.warnings, record.error, record.progress), (vec![warning], None, None));
        let kept = record.expires_at.unwrap().duration_since(record.finished_at.unwrap());
        assert_eq!(kept.unsigned_abs(), LONG.result);
    })
    .await;
}

#[tokio::test]
async fn failed_job_has_its_error_and_no_result() {
    over_both(LONG, async |store| {
        let job = created(store).await;
        let grant = granted(store, &job).await;
        let error = JobError::new(ErrorCode::InputError, "the file is empty")
            .with_reason("empty_file")
            .at(Stage::Load);

        store.finish(job.id, grant.token, &Ending::Failed(error.clone())).await.unwrap();

        let record = found(store, job.id).await;
        assert_eq!((record.state, record.error), (JobState::Failed, Some(error)));
        assert_eq!(store.result(job.id).await.unwrap(), None);
        let claim = store.claim(&job, &terms(MAX_STARTS)).await.unwrap();
        assert_eq!(claim, Claim::Ended(JobState::Failed));
    })
    .await;
}

#[tokio::test]
async fn progress_is_seen_while_the_job_runs_and_not_after() {
    over_both(LONG, async |store| {
        let job = created(store).await;
        let grant = granted(store, &job).await;
        let progress =
            Progress { stage: Stage::Infer, page: 1, pages: 4, done: 3, total: 8, ratio: 0.25 };

        let first = store.hold(job.id, grant.token, Some(progress)).await.unwrap();
        let second = store.hold(job.id, grant.token, None).await.unwrap();

        assert_eq!((first, second), (Hold::Held, Hold::Held));
        assert_eq!(found(store, job.id).await.progress, Some(progress));
        store.finish(job.id, grant.token, &completed("{}")).await.unwrap();
        assert_eq!(found(store, job.id).await.progress, None);
    })
    .await;
}

#[tokio::test]
async fn pending_job_is_canceled_once_and_never_runs() {
    over_both(LONG, async |store| {
        let job = created(store).await;

        let first = store.cancel(job.id).await.unwrap();
        let second = store.cancel(job.id).await.unwrap();

        let Cancel::Canceled(record) = first else { panic!("not canceled: {first:?}") };
        assert_eq!(record.state, JobState::Canceled);
        assert!(record.finished_at.is_some() && record.expires_at.is_some());
        assert_eq!(second, Cancel::Ended(record));
        let claim = store.claim(&job, &terms(MAX_STARTS)).await.unwrap();
        assert_eq!(claim, Claim::Ended(JobState::Canceled));
        assert_eq!(store.cancel(JobId::generate()).await.unwrap(), Cancel::Unknown);
    })
    .await;
}

#[tokio::test]
async fn running_job_that_is_canceled_stops_and_takes_no_result() {
    over_both(LONG, async |store| {
        let job = created(store).await;
        let grant = granted(store, &job).await;

        store.cancel(job.id).await.unwrap();

        assert_eq!(store.hold(job.id, grant.token, None).await.unwrap(), Hold::Canceled);
        let finish = store.finish(job.id, grant.token, &completed("{}")).await.unwrap();
        let release = store.release(job.id, grant.token, None, false).await.unwrap();
        assert_eq!((finish, release), (Finish::Stale, Finish::Stale));
        assert_eq!(store.result(job.id).await.unwrap(), None);
        assert_eq!(found(store, job.id).await.state, JobState::Canceled);
    })
    .await;
}

#[tokio::test]
async fn ended_job_expires_and_says_when() {
    let retention = Retention { result: Duration::from_millis(300), ..LONG };
    over_both(retention, async |store| {
        let job = created(store).await;
        let grant = granted(store, &job).await;
        store.finish(job.id, grant.token, &completed("{}")).await.unwrap();
        let expires_at = found(store, job.id).await.expires_at.unwrap();

        let expired_at = until("the job expires", seconds(5), async || {
            match store.lookup(job.id).await.unwrap() {
                Lookup::Expired { expired_at } => Some(expired_at),
                _ => None,
            }
        })
        .await;

        assert_eq!(expired_at.as_millisecond(), expires_at.as_millisecond());
        assert_eq!(store.result(job.id).await.unwrap(), None);
        assert!(store.list(&super::listing::all()).await.unwrap().is_empty());
        let late_duplicate = store.claim(&job, &terms(MAX_STARTS)).await.unwrap();
        assert_eq!(late_duplicate, Claim::Ended(JobState::Completed));
    })
    .await;
}

#[tokio::test]
async fn job_that_nobody_took_expires_too_but_runs_when_it_is_taken_after_all() {
    let retention = Retention { pending: Duration::from_millis(300), ..LONG };
    over_both(retention, async |store| {
        let job = created(store).await;

        until("the job expires", seconds(5), async || {
            let lookup = store.lookup(job.id).await.unwrap();
            matches!(lookup, Lookup::Expired { .. }).then_some(())
        })
        .await;

        granted(store, &job).await;
    })
    .await;
}

#[tokio::test]
async fn claim_keeps_a_job_for_as_long_as_a_new_one() {
    let retention = Retention { pending: Duration::from_millis(1500), ..LONG };
    over_both(retention, async |store| {
        let job = created(store).await;
        let start = Timestamp::now();
        let grant = granted(store, &job).await;
        let kept_for = |now: Timestamp| now.duration_since(start).unsigned_abs();

        // Claims renew it beyond its first lease.
        let newest = until("twice the lease is over", seconds(10), async || {
            let newest = granted_again(store, &job).await;
            (kept_for(Timestamp::now()) > 2 * retention.pending).then_some(newest)
        })
        .await;

        assert!(newest > grant.token);
        assert_eq!(found(store, job.id).await.state, JobState::InProgress);
    })
    .await;
}

async fn granted_again(store: &Store, job: &JobRecord) -> u64 {
    match store.claim(job, &terms(u32::MAX)).await.unwrap() {
        Claim::Granted(grant) => grant.token,
        other => panic!("not granted: {other:?}"),
    }
}
