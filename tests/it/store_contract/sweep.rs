//! Jobs that nothing is heard of, and failed jobs that are opened again.

use std::time::Duration;

use cad_common::contract::record::{JobError, JobState};
use cad_common::error_code::ErrorCode;
use cad_common::queue::Envelope;
use cad_common::store::sweep::{MOST_RESENDS, Parcel, Reopen, Silent};
use cad_common::store::{Claim, Ending, Finish, Store};

use super::scene::{
    LONG, MAX_STARTS, completed, created, found, granted, new_job, over_both, terms,
};

const SILENCE: Duration = Duration::from_millis(150);

fn parcel() -> Parcel {
    let envelope = Envelope { trace_id: Some("trace-1".to_owned()), ..Envelope::default() };
    Parcel { envelope, body: vec![0x80, 0, 0xff] }
}

fn lost() -> JobError {
    JobError::new(ErrorCode::InternalError, "its message was lost")
}

async fn fall_silent() {
    tokio::time::sleep(SILENCE + Duration::from_millis(30)).await;
}

async fn is_overdue(store: &Store, id: cad_common::contract::job::JobId) -> bool {
    store.overdue(SILENCE, 10).await.unwrap().iter().any(|record| record.id == id)
}

#[tokio::test]
async fn a_silent_jobs_message_is_handed_out_as_it_was_published_and_not_for_ever() {
    over_both(LONG, async |store| {
        let job = new_job();
        store.create(&job, Some(&parcel())).await.unwrap();
        assert!(!is_overdue(store, job.id).await);
        assert_eq!(store.resend(job.id, SILENCE).await.unwrap(), Silent::Settled);

        for _ in 0..MOST_RESENDS {
            fall_silent().await;
            assert!(is_overdue(store, job.id).await);
            let Silent::Resend(found) = store.resend(job.id, SILENCE).await.unwrap() else {
                panic!("it is sent again");
            };
            assert_eq!((found.0.id, found.1), (job.id, parcel()));
            assert_eq!(store.resend(job.id, SILENCE).await.unwrap(), Silent::Settled);
        }
        fall_silent().await;

        assert_eq!(store.resend(job.id, SILENCE).await.unwrap(), Silent::Lost);
    })
    .await;
}

#[tokio::test]
async fn a_job_whose_holder_is_heard_of_is_left_alone() {
    over_both(LONG, async |store| {
        let job = created(store).await;
        let grant = granted(store, &job).await;
        fall_silent().await;

        store.hold(job.id, grant.token, None).await.unwrap();

        assert_eq!(store.resend(job.id, SILENCE).await.unwrap(), Silent::Settled);
        assert!(!store.give_up(job.id, SILENCE, &lost()).await.unwrap());
        assert_eq!(found(store, job.id).await.state, JobState::InProgress);
    })
    .await;
}

#[tokio::test]
async fn a_job_that_is_given_up_has_failed_and_its_late_worker_changes_nothing() {
    over_both(LONG, async |store| {
        let job = created(store).await;
        let grant = granted(store, &job).await;
        fall_silent().await;
        assert_eq!(store.resend(job.id, SILENCE).await.unwrap(), Silent::Lost);

        assert!(store.give_up(job.id, SILENCE, &lost()).await.unwrap());

        let late = store.finish(job.id, grant.token, &completed("{}")).await.unwrap();
        assert_eq!(late, Finish::Stale);
        let record = found(store, job.id).await;
        assert_eq!((record.state, record.error), (JobState::Failed, Some(lost())));
        assert!(!store.give_up(job.id, SILENCE, &lost()).await.unwrap());
        assert!(!is_overdue(store, job.id).await);
    })
    .await;
}

#[tokio::test]
async fn a_failed_job_is_opened_again_with_all_its_starts() {
    over_both(LONG, async |store| {
        let job = created(store).await;
        for _ in 0..MAX_STARTS {
            granted(store, &job).await;
        }
        let Claim::Exhausted(grant) = store.claim(&job, &terms(MAX_STARTS)).await.unwrap() else {
            panic!("its starts are used up");
        };
        store.finish(job.id, grant.token, &Ending::Failed(lost())).await.unwrap();

        assert_eq!(store.reopen(job.id).await.unwrap(), Reopen::Open);

        let record = found(store, job.id).await;
        assert_eq!((record.state, record.attempt, record.error), (JobState::Pending, 0, None));
        assert_eq!(record.finished_at, None);
        let again = granted(store, &job).await;
        assert_eq!(again.starts, 1);
        let history = store.history(job.id).await.unwrap();
        let [first, .., failed, opened, started] = history.as_slice() else {
            panic!("{history:?}");
        };
        assert_eq!(
            [*first, *failed, *opened, *started],
            [JobState::Pending, JobState::Failed, JobState::Pending, JobState::InProgress]
        );
        assert_eq!(
            store.finish(job.id, again.token, &completed("{}")).await.unwrap(),
            Finish::Stored
        );
    })
    .await;
}

#[tokio::test]
async fn an_answered_or_canceled_job_is_not_opened_again() {
    over_both(LONG, async |store| {
        let (answered, canceled) = (created(store).await, created(store).await);
        let grant = granted(store, &answered).await;
        store.finish(answered.id, grant.token, &completed("{}")).await.unwrap();
        store.cancel(canceled.id).await.unwrap();

        let outcomes = [
            store.reopen(answered.id).await.unwrap(),
            store.reopen(canceled.id).await.unwrap(),
            store.reopen(new_job().id).await.unwrap(),
        ];

        assert_eq!(
            outcomes,
            [Reopen::Ended(JobState::Completed), Reopen::Ended(JobState::Canceled), Reopen::Open]
        );
        assert_eq!(found(store, answered.id).await.state, JobState::Completed);
    })
    .await;
}
