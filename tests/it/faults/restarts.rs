//! Workers and the API are restarted under load, one after the other, as in a rolling update.

use cad_common::contract::record::JobState;
use cad_tests::fleet::{Api, Fleet, Worker};
use cad_tests::wait::seconds;

use super::{all_complete, ended, submit};

#[tokio::test]
async fn three_workers_restarted_one_after_the_other_fail_and_repeat_nothing() {
    let mut fleet = Fleet::start_fake(3, &[("WORKERS", "2")]).await;
    let mut jobs = submit(&fleet, 60).await;
    let mut completed_by_the_old = 0.0;

    for _ in 0..3 {
        jobs.extend(submit(&fleet, 40).await);
        let mut old = fleet.workers.remove(0);
        old.process.terminate();
        let status = old.process.ended(seconds(35)).await;
        assert_eq!(status.code(), Some(0), "it ends in order, inside its grace time");
        let log = old.process.log();
        completed_by_the_old +=
            f64::from(u32::try_from(log.matches("job completed").count()).unwrap());
        let new = Worker::start_fake(&fleet.settings).await;
        fleet.workers.push(new);
    }

    all_complete(&fleet, &jobs).await;
    for job in &jobs {
        assert_eq!(fleet.client().job(&job.id).await.attempt, 1, "no run was cut off");
    }
    let completed = completed_by_the_old + ended(&fleet, JobState::Completed).await;
    assert_eq!(completed, 180.0, "each was completed once");
    assert_eq!(ended(&fleet, JobState::Failed).await, 0.0);
}

#[tokio::test]
async fn a_restart_of_the_api_costs_no_job() {
    let mut fleet = Fleet::start_fake(1, &[]).await;
    let jobs = submit(&fleet, 30).await;

    fleet.api.process.terminate();
    let status = fleet.api.process.ended(seconds(35)).await;
    fleet.api = Api::start(&fleet.settings).await;

    assert_eq!(status.code(), Some(0));
    all_complete(&fleet, &jobs).await;
    all_complete(&fleet, &submit(&fleet, 5).await).await;
}

#[tokio::test]
async fn workers_that_come_and_go_share_the_load_and_lose_nothing() {
    let mut fleet = Fleet::start_fake(1, &[("WORKERS", "1")]).await;
    let mut jobs = submit(&fleet, 50).await;
    for _ in 0..3 {
        let worker = Worker::start_fake(&fleet.settings).await;
        worker.ready().await;
        fleet.workers.push(worker);
    }

    jobs.extend(submit(&fleet, 200).await);
    all_complete(&fleet, &jobs).await;

    for worker in &fleet.workers {
        let metrics = worker.admin.metrics().await;
        let share = metrics.value("jobs_total", &[("state", "completed")]);
        assert!(share >= 10.0, "a worker has done {share} of 250");
    }
    while fleet.workers.len() > 1 {
        let mut worker = fleet.workers.remove(0);
        worker.process.terminate();
        assert_eq!(worker.process.ended(seconds(35)).await.code(), Some(0));
    }
    all_complete(&fleet, &submit(&fleet, 20).await).await;
}
