//! The list of jobs.

use std::time::Duration;

use cad_common::contract::job::JobId;
use cad_common::contract::record::{JobRecord, JobState};
use cad_common::store::{JobFilter, Store};

use super::scene::{LONG, created, granted, new_job, over_both};

/// Everything, as far as these tests go.
pub(crate) fn all() -> JobFilter {
    JobFilter { limit: 1000, ..JobFilter::default() }
}

/// Jobs made a millisecond apart, oldest first; the ids are in the same order.
async fn jobs(store: &Store, count: usize) -> Vec<JobRecord> {
    let start = new_job().created_at;
    let mut jobs = Vec::new();
    for number in 0..count {
        let since = Duration::from_millis(number.try_into().unwrap());
        let job = JobRecord { created_at: start + since, ..new_job() };
        store.create(&job, None).await.unwrap();
        jobs.push(job);
    }
    jobs
}

async fn ids(store: &Store, filter: &JobFilter) -> Vec<JobId> {
    let records = store.list(filter).await.unwrap();
    records.into_iter().map(|record| record.id).collect()
}

fn newest_first(jobs: &[JobRecord]) -> Vec<JobId> {
    jobs.iter().rev().map(|job| job.id).collect()
}

#[tokio::test]
async fn pages_follow_each_other_from_the_newest_to_the_oldest() {
    over_both(LONG, async |store| {
        let jobs = jobs(store, 230).await;

        let mut pages = Vec::new();
        let mut before = None;
        loop {
            let page = ids(store, &JobFilter { before, limit: 70, ..JobFilter::default() }).await;
            let Some(last) = page.last() else { break };
            before = Some(*last);
            pages.push(page);
        }

        let lengths: Vec<_> = pages.iter().map(Vec::len).collect();
        assert_eq!(lengths, [70, 70, 70, 20]);
        assert_eq!(pages.concat(), newest_first(&jobs));
    })
    .await;
}

#[tokio::test]
async fn filters_find_what_lies_deep_in_the_list() {
    over_both(LONG, async |store| {
        let rare = JobRecord { owner: Some("other plant".to_owned()), ..new_job() };
        store.create(&rare, None).await.unwrap();
        let common = jobs(store, 220).await;
        granted(store, &rare).await;
        granted(store, &common[5]).await;

        let owner = JobFilter { owner: rare.owner.clone(), ..all() };
        let running = JobFilter { state: Some(JobState::InProgress), ..all() };
        let both = JobFilter { owner: rare.owner.clone(), ..running.clone() };
        let none = JobFilter { state: Some(JobState::Failed), ..all() };

        assert_eq!(ids(store, &owner).await, [rare.id]);
        assert_eq!(ids(store, &running).await, [common[5].id, rare.id]);
        assert_eq!(ids(store, &both).await, [rare.id]);
        assert!(ids(store, &none).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn page_after_a_job_that_is_gone_goes_on_where_it_stood() {
    over_both(LONG, async |store| {
        let older = created(store).await;
        tokio::time::sleep(Duration::from_millis(5)).await;
        let gone = created(store).await;
        tokio::time::sleep(Duration::from_millis(5)).await;
        created(store).await;
        store.remove(gone.id).await.unwrap();

        let page = ids(store, &JobFilter { before: Some(gone.id), ..all() }).await;

        assert_eq!(page, [older.id]);
    })
    .await;
}

#[tokio::test]
async fn page_after_an_unknown_id_without_a_time_is_empty() {
    over_both(LONG, async |store| {
        created(store).await;
        let stranger: JobId = "0d9e0a5c-5b1a-4c6e-9a5e-3f6b8c1d2e4f".parse().unwrap();

        let page = ids(store, &JobFilter { before: Some(stranger), ..all() }).await;

        assert!(page.is_empty());
    })
    .await;
}

#[tokio::test]
async fn jobs_of_one_moment_are_listed_once_each() {
    over_both(LONG, async |store| {
        let moment = new_job().created_at;
        let mut made = Vec::new();
        for _ in 0..5 {
            let job = JobRecord { created_at: moment, ..new_job() };
            store.create(&job, None).await.unwrap();
            made.push(job);
        }

        let first = ids(store, &JobFilter { limit: 2, ..JobFilter::default() }).await;
        let rest = ids(store, &JobFilter { before: first.last().copied(), ..all() }).await;

        assert_eq!([first, rest].concat(), newest_first(&made));
    })
    .await;
}
