//! Who may work on a job, and who may end it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use cad_common::contract::record::{JobError, JobRecord, JobState};
use cad_common::error_code::ErrorCode;
use cad_common::store::{Claim, ClaimTerms, Ending, Finish, Hold, Lookup, Store};
use cad_tests::wait::seconds;
use tokio::task::JoinSet;

use super::scene::{
    LONG, MAX_STARTS, completed, created, found, granted, new_job, over_both, terms,
};

const WORKERS: usize = 6;
const JOBS: usize = 200;

#[tokio::test]
async fn claim_starts_the_job() {
    over_both(LONG, async |store| {
        let job = created(store).await;

        let grant = granted(store, &job).await;

        assert_eq!((grant.starts, grant.record.attempt), (1, 1));
        assert_eq!(grant.record.state, JobState::InProgress);
        assert!(grant.record.started_at.is_some());
        assert_eq!(found(store, job.id).await, *grant.record);
    })
    .await;
}

#[tokio::test]
async fn job_whose_holder_was_heard_of_is_not_given_to_another() {
    over_both(LONG, async |store| {
        let job = created(store).await;
        let patient = || ClaimTerms { lease: seconds(30), ..terms(MAX_STARTS) };
        let holder = granted(store, &job).await;

        let claims = [
            store.claim(&job, &patient()).await.unwrap(),
            store.claim(&job, &patient()).await.unwrap(),
        ];

        assert_eq!(claims, [Claim::Held, Claim::Held]);
        assert_eq!(found(store, job.id).await.attempt, 1, "waiting counts as no start");
        assert_eq!(store.hold(job.id, holder.token, None).await.unwrap(), Hold::Held);
        store.release(job.id, holder.token, None, false).await.unwrap();
        assert!(matches!(store.claim(&job, &patient()).await.unwrap(), Claim::Granted(_)));
    })
    .await;
}

#[tokio::test]
async fn holder_that_falls_silent_loses_its_job_when_the_lease_is_over() {
    over_both(LONG, async |store| {
        let job = created(store).await;
        let short = || ClaimTerms { lease: Duration::from_millis(300), ..terms(MAX_STARTS) };
        let silent = granted(store, &job).await;
        tokio::time::sleep(Duration::from_millis(200)).await;
        store.hold(job.id, silent.token, None).await.unwrap();
        tokio::time::sleep(Duration::from_millis(200)).await;
        let early = store.claim(&job, &short()).await.unwrap();
        tokio::time::sleep(Duration::from_millis(200)).await;

        let late = store.claim(&job, &short()).await.unwrap();

        assert_eq!(early, Claim::Held, "the last word of the holder counts, not the first");
        assert!(matches!(late, Claim::Granted(grant) if grant.starts == 2));
    })
    .await;
}

#[tokio::test]
async fn claim_repeated_because_its_answer_was_lost_is_the_same_claim() {
    over_both(LONG, async |store| {
        let job = created(store).await;
        let terms = ClaimTerms { lease: seconds(30), ..terms(1) };

        let claims =
            [store.claim(&job, &terms).await.unwrap(), store.claim(&job, &terms).await.unwrap()];

        let [Claim::Granted(first), Claim::Granted(again)] = claims else { panic!("{claims:?}") };
        assert_eq!((first.token, first.starts), (again.token, again.starts));
    })
    .await;
}

#[tokio::test]
async fn second_start_keeps_the_time_of_the_first() {
    over_both(LONG, async |store| {
        let job = created(store).await;
        let first = granted(store, &job).await;

        let second = granted(store, &job).await;

        assert!(second.token > first.token);
        assert_eq!(second.starts, 2);
        assert_eq!(second.record.started_at, first.record.started_at);
    })
    .await;
}

#[tokio::test]
async fn only_the_newest_holder_can_end_the_job() {
    over_both(LONG, async |store| {
        let job = created(store).await;
        let frozen = granted(store, &job).await;
        let newest = granted(store, &job).await;

        let hold = store.hold(job.id, frozen.token, None).await.unwrap();
        let release = store.release(job.id, frozen.token, None, true).await.unwrap();
        let late = store.finish(job.id, frozen.token, &completed("late")).await.unwrap();
        let guessed = store.finish(job.id, newest.token + 1, &completed("guessed")).await.unwrap();
        let proper = store.finish(job.id, newest.token, &completed("proper")).await.unwrap();

        assert_eq!((hold, release), (Hold::Lost, Finish::Stale));
        assert_eq!((late, guessed, proper), (Finish::Stale, Finish::Stale, Finish::Stored));
        assert_eq!(store.result(job.id).await.unwrap(), Some(b"proper".to_vec()));
        assert_eq!(found(store, job.id).await.attempt, 2);
    })
    .await;
}

#[tokio::test]
async fn ending_may_be_said_twice_and_is_written_once() {
    over_both(LONG, async |store| {
        let job = created(store).await;
        let grant = granted(store, &job).await;
        store.finish(job.id, grant.token, &completed("first")).await.unwrap();
        let ended = found(store, job.id).await;

        let again = store.finish(job.id, grant.token, &completed("first")).await.unwrap();
        let error = JobError::new(ErrorCode::Timeout, "too late");
        let other = store.finish(job.id, grant.token, &Ending::Failed(error)).await.unwrap();

        assert_eq!((again, other), (Finish::Stored, Finish::Stale));
        assert_eq!(found(store, job.id).await, ended);
        assert_eq!(store.hold(job.id, grant.token, None).await.unwrap(), Hold::Lost);
    })
    .await;
}

#[tokio::test]
async fn job_that_was_started_too_often_is_exhausted_and_can_be_failed() {
    over_both(LONG, async |store| {
        let job = created(store).await;
        for _ in 0..MAX_STARTS {
            granted(store, &job).await;
        }

        let claim = store.claim(&job, &terms(MAX_STARTS)).await.unwrap();

        let Claim::Exhausted(grant) = claim else { panic!("not exhausted: {claim:?}") };
        assert_eq!((grant.starts, grant.record.attempt), (MAX_STARTS, MAX_STARTS));
        let error = JobError::new(ErrorCode::ResourceExhausted, "it killed its workers")
            .with_reason("crashed_worker");
        let finish =
            store.finish(job.id, grant.token, &Ending::Failed(error.clone())).await.unwrap();
        assert_eq!(finish, Finish::Stored);
        assert_eq!(found(store, job.id).await.error, Some(error));
    })
    .await;
}

#[tokio::test]
async fn released_job_waits_with_its_error_and_is_started_anew() {
    over_both(LONG, async |store| {
        let job = created(store).await;
        let first = granted(store, &job).await;
        let error = JobError::new(ErrorCode::ProviderTimeout, "no answer within 30 s");

        let release = store.release(job.id, first.token, Some(&error), false).await.unwrap();

        assert_eq!(release, Finish::Stored);
        let waiting = found(store, job.id).await;
        assert_eq!((waiting.state, waiting.attempt), (JobState::Pending, 1));
        assert_eq!((waiting.error, waiting.progress), (Some(error), None));
        assert_eq!(store.hold(job.id, first.token, None).await.unwrap(), Hold::Lost);
        let second = granted(store, &job).await;
        assert_eq!((second.starts, second.record.error.as_ref()), (2, None));
    })
    .await;
}

#[tokio::test]
async fn unstarted_release_gives_the_start_back_once() {
    over_both(LONG, async |store| {
        let job = created(store).await;
        let grant = granted(store, &job).await;

        store.release(job.id, grant.token, None, true).await.unwrap();
        let again = store.release(job.id, grant.token, None, true).await.unwrap();

        assert_eq!(again, Finish::Stored);
        assert_eq!(found(store, job.id).await, job);
        assert_eq!(granted(store, &job).await.starts, 1);
    })
    .await;
}

#[tokio::test]
async fn holder_that_released_a_job_may_still_fail_it_until_it_is_claimed_anew() {
    over_both(LONG, async |store| {
        let error = Ending::Failed(JobError::new(ErrorCode::Timeout, "given up"));
        let given_up = created(store).await;
        let grant = granted(store, &given_up).await;
        store.release(given_up.id, grant.token, None, false).await.unwrap();
        let finish = store.finish(given_up.id, grant.token, &error).await.unwrap();

        let taken = created(store).await;
        let old = granted(store, &taken).await;
        store.release(taken.id, old.token, None, false).await.unwrap();
        granted(store, &taken).await;
        let late = store.finish(taken.id, old.token, &error).await.unwrap();

        assert_eq!((finish, late), (Finish::Stored, Finish::Stale));
    })
    .await;
}

#[tokio::test]
async fn claim_makes_the_record_of_a_job_that_the_store_has_lost() {
    over_both(LONG, async |store| {
        let job = new_job();

        let grant = granted(store, &job).await;

        assert_eq!((grant.starts, grant.record.tag.as_deref()), (1, Some("order 7")));
        assert_eq!(found(store, job.id).await, *grant.record);
        assert_eq!(store.list(&super::listing::all()).await.unwrap().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn token_of_a_lost_record_is_worth_nothing_on_the_new_one() {
    over_both(LONG, async |store| {
        let job = created(store).await;
        let lost = granted(store, &job).await;
        store.remove(job.id).await.unwrap();
        let on_nothing = store.finish(job.id, lost.token, &completed("old")).await.unwrap();

        let anew = granted(store, &job).await;

        assert_eq!(on_nothing, Finish::Stale);
        assert!(anew.token > lost.token);
        let late = store.finish(job.id, lost.token, &completed("old")).await.unwrap();
        assert_eq!(late, Finish::Stale);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn jobs_delivered_to_every_worker_end_once_each() {
    over_both(LONG, async |store| {
        let mut jobs = Vec::new();
        for _ in 0..JOBS {
            jobs.push(created(store).await);
        }
        let jobs = Arc::new(jobs);
        let stored = Arc::new(AtomicUsize::new(0));
        let mut workers = JoinSet::new();
        for worker in 0..WORKERS {
            let (store, jobs, stored) = (store.clone(), Arc::clone(&jobs), Arc::clone(&stored));
            workers.spawn(async move {
                for job in jobs.iter() {
                    if work(&store, job, worker).await == Finish::Stored {
                        stored.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
        workers.join_all().await;

        assert_eq!(stored.load(Ordering::Relaxed), JOBS);
        for job in jobs.iter() {
            let Lookup::Found(record) = store.lookup(job.id).await.unwrap() else { panic!("lost") };
            assert_eq!(record.state, JobState::Completed);
        }
    })
    .await;
}

/// Claims and ends a job, as a worker does that knows nothing of the others.
async fn work(store: &Store, job: &JobRecord, worker: usize) -> Finish {
    match store.claim(job, &terms(u32::MAX)).await.unwrap() {
        Claim::Granted(grant) => {
            tokio::task::yield_now().await;
            let ending = completed(&format!("by worker {worker}"));
            store.finish(job.id, grant.token, &ending).await.unwrap()
        }
        Claim::Ended(_) | Claim::Held => Finish::Stale,
        Claim::Exhausted(grant) => panic!("exhausted: {grant:?}"),
    }
}
