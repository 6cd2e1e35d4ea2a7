//! Processes die in the middle of a job, or are asked to: the job completes, once, and nobody else notices.

use std::time::Duration;

use cad_common::contract::record::JobState;
use cad_tests::drawings;
use cad_tests::fleet::{Fleet, Worker};
use cad_tests::process::{self, signal};
use cad_tests::wait::{self, seconds};
use rustix::process::Signal;

/// Pages of a job that lasts long enough to be hit in the middle.
const LONG: usize = 3;

/// Time for a long job and a second attempt at it.
const LIMIT: Duration = seconds(90);

#[tokio::test]
async fn job_of_a_killed_worker_is_completed_by_another_once() {
    let mut fleet = Fleet::start(2, &[]).await;
    let job = fleet.client().submit("long.tif", &drawings::long(LONG)).await;
    let busy = busy_worker(&fleet).await;
    let slots = fleet.workers[busy].slots();

    fleet.workers[busy].process.kill();

    let job = fleet.client().completed(&job.id, LIMIT).await;
    assert_eq!(job.attempt, 2);
    let other = fleet.workers.remove(1 - busy);
    assert_eq!(completed(&other).await, 1.0);
    let result = fleet.client().get(&format!("/api/v1/jobs/{}/result", job.id)).await;
    assert_eq!(result.json(), job.result.unwrap());
    let are_gone = async || slots.iter().all(|slot| !process::is_alive(*slot)).then_some(());
    wait::until("the dead worker's slots are gone", seconds(5), are_gone).await;
}

#[tokio::test]
async fn job_of_a_killed_slot_is_completed_and_the_other_slot_does_not_notice() {
    let fleet = Fleet::start(1, &[("WORKERS", "2")]).await;
    let worker = fleet.worker();
    let (pid, slots) = (worker.process.pid(), worker.slots());
    assert_eq!(slots.len(), 2);
    let mut jobs = Vec::new();
    for _ in 0..2 {
        jobs.push(fleet.client().submit("long.tif", &drawings::long(LONG)).await);
    }
    let both_run = async || (worker.in_flight().await == 2.0).then_some(());
    wait::until("both slots are at work", seconds(10), both_run).await;
    for job in &jobs {
        let reads = async || {
            fleet.client().get(&format!("/api/v1/jobs/{}", job.id)).await.json()["progress"]
                .is_object()
                .then_some(())
        };
        wait::until("the slot reads", seconds(10), reads).await;
    }

    signal(slots[0], Signal::KILL);

    let mut attempts = Vec::new();
    for job in &jobs {
        attempts.push(fleet.client().completed(&job.id, LIMIT).await.attempt);
    }
    attempts.sort_unstable();
    assert_eq!(attempts, [1, 2], "one job was hit, the other one not");
    assert!(process::is_alive(pid));
    assert!(worker.slots().contains(&slots[1]), "the other slot is the same process");
    let is_replaced = async || (worker.slots().len() == 2).then_some(());
    wait::until("the killed slot is replaced", seconds(10), is_replaced).await;
    assert_eq!(completed(worker).await, 2.0);
    assert_eq!(worker.admin.metrics().await.value("job_retries_total", &[]), 1.0);
}

#[tokio::test]
async fn worker_that_is_asked_to_stop_finishes_its_job_and_exits_in_order() {
    let mut fleet = Fleet::start(1, &[]).await;
    let job = fleet.client().submit("long.tif", &drawings::long(LONG)).await;
    busy_worker(&fleet).await;
    let waiting = fleet.client().submit("part.png", &drawings::small()).await;
    let mut worker = fleet.workers.remove(0);
    let slots = worker.slots();

    worker.process.terminate();

    let status = worker.process.ended(seconds(40)).await;
    assert_eq!(status.code(), Some(0));
    let job = fleet.client().completed(&job.id, seconds(1)).await;
    assert_eq!(job.attempt, 1);
    assert_eq!(
        fleet.client().job(&waiting.id).await.state,
        JobState::Pending,
        "the unstarted job waits"
    );
    let are_gone = async || slots.iter().all(|slot| !process::is_alive(*slot)).then_some(());
    wait::until("slots end with their worker", seconds(5), are_gone).await;
}

#[tokio::test]
async fn second_request_to_stop_hands_the_job_to_another_worker() {
    let mut fleet = Fleet::start(2, &[]).await;
    let job = fleet.client().submit("long.tif", &drawings::long(LONG)).await;
    let busy = busy_worker(&fleet).await;
    let mut worker = fleet.workers.remove(busy);

    worker.process.terminate();
    worker.process.logged("finishing what runs", seconds(5)).await;
    worker.process.terminate();

    let status = worker.process.ended(seconds(5)).await;
    assert_eq!(status.code(), Some(0));
    fleet.client().completed(&job.id, LIMIT).await;
    assert_eq!(completed(fleet.worker()).await, 1.0);
}

#[tokio::test]
async fn grace_that_runs_out_hands_the_job_back() {
    let mut fleet = Fleet::start(2, &[("SHUTDOWN_GRACE_MS", "200")]).await;
    let job = fleet.client().submit("long.tif", &drawings::long(LONG)).await;
    let busy = busy_worker(&fleet).await;
    let mut worker = fleet.workers.remove(busy);

    worker.process.terminate();

    assert_eq!(worker.process.ended(seconds(5)).await.code(), Some(0));
    fleet.client().completed(&job.id, LIMIT).await;
    assert_eq!(completed(fleet.worker()).await, 1.0);
}

#[tokio::test]
async fn job_that_a_frozen_worker_holds_is_completed_and_its_late_result_changes_nothing() {
    let mut fleet = Fleet::start(2, &[]).await;
    let job = fleet.client().submit("long.tif", &drawings::long(LONG)).await;
    let busy = busy_worker(&fleet).await;
    let frozen = fleet.workers.remove(busy);

    frozen.process.freeze();

    // The broker gives the message to the other worker after two missed heartbeats of ten seconds.
    let done = fleet.client().completed(&job.id, LIMIT).await;
    frozen.process.thaw();
    frozen.ready().await;
    let is_free = async || (frozen.in_flight().await == 0.0).then_some(());
    wait::until("the thawed worker has let go", seconds(60), is_free).await;
    let after = fleet.client().completed(&job.id, seconds(1)).await;
    assert_eq!((after.attempt, after.result), (done.attempt, done.result));
    assert_eq!(completed(&frozen).await + completed(fleet.worker()).await, 1.0);
}

/// The index of the worker that has taken a job.
async fn busy_worker(fleet: &Fleet) -> usize {
    let find = async || {
        for (index, worker) in fleet.workers.iter().enumerate() {
            if worker.in_flight().await > 0.0 {
                return Some(index);
            }
        }
        None
    };
    wait::until("a worker is at the job", seconds(10), find).await
}

async fn completed(worker: &Worker) -> f64 {
    worker.admin.metrics().await.value("jobs_total", &[("state", "completed")])
}
