//! The fault matrix, as far as one machine can show it and other files don't; `docs/faults.md` says where each row is.
//!
//! Workers here do what their drawings' bytes say, so a job takes milliseconds; all else is what is deployed.
//! What takes minutes is ignored, and run by `make test-faults`.

mod broker;
mod circuit;
mod network;
mod poison;
mod restarts;
mod store;

use std::time::Duration;

use cad_common::contract::record::JobState;
use cad_tests::client::Job;
use cad_tests::drawings::order;
use cad_tests::fleet::Fleet;
use cad_tests::wait::{seconds, until};

/// By then every accepted job has ended, whatever has happened.
const LIMIT: Duration = seconds(60);

/// Hands in jobs that take a few milliseconds.
async fn submit(fleet: &Fleet, count: usize) -> Vec<Job> {
    let mut jobs = Vec::new();
    for number in 0..count {
        jobs.push(fleet.client().submit(&format!("{number}.png"), &order("nap")).await);
    }
    jobs
}

/// Waits until every job is completed.
async fn all_complete(fleet: &Fleet, jobs: &[Job]) {
    for job in jobs {
        fleet.client().completed(&job.id, LIMIT).await;
    }
}

/// Waits for the end of a job that fails, and gives it.
async fn failed(fleet: &Fleet, id: &str) -> Job {
    until("the job ends", LIMIT, async || {
        let job = fleet.client().job(id).await;
        job.state.is_terminal().then_some(job)
    })
    .await
}

/// Jobs in a state, over all workers.
async fn ended(fleet: &Fleet, state: JobState) -> f64 {
    fleet.worked("jobs_total", &[("state", state.as_str())]).await
}
