//! What an operator does to a running fleet: pause and resume, dead letters, and recycling by memory.

use std::process::Output;
use std::time::Duration;

use cad_common::contract::record::JobState;
use cad_tests::drawings;
use cad_tests::fleet::Fleet;
use cad_tests::process;
use cad_tests::publisher::Publisher;
use cad_tests::services::queue_names;
use cad_tests::wait::{seconds, until};
use lapin::options::QueuePurgeOptions;
use lapin::{Connection, ConnectionProperties};
use reqwest::Method;
use tokio::process::Command;

const LIMIT: Duration = seconds(60);

/// Runs `cad` against a fleet.
async fn cad(fleet: &Fleet, arguments: &[&str]) -> Output {
    let mut command = Command::new(process::built("cad"));
    command.args(arguments).env("CAD_URL", fleet.client().base());
    command.output().await.unwrap()
}

fn said(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

async fn consumers(fleet: &Fleet) -> u64 {
    fleet.client().get("/api/v1/queues").await.json()["queues"][0]["consumers"].as_u64().unwrap()
}

#[tokio::test]
async fn a_paused_queue_keeps_its_jobs_until_it_is_resumed() {
    let fleet = Fleet::start(2, &[]).await;

    assert_eq!(said(&cad(&fleet, &["queue", "pause", "paddle"]).await), "paddle paused\n");
    until("nobody consumes", seconds(10), async || (consumers(&fleet).await == 0).then_some(()))
        .await;
    let job = fleet.client().submit("part.png", &drawings::small()).await;
    tokio::time::sleep(seconds(2)).await;
    assert_eq!(fleet.client().job(&job.id).await.state, JobState::Pending);

    assert_eq!(said(&cad(&fleet, &["queue", "resume", "paddle"]).await), "paddle resumed\n");

    assert_eq!(fleet.client().completed(&job.id, LIMIT).await.attempt, 1);
    assert_eq!(said(&cad(&fleet, &["circuit", "reset", "paddle"]).await), "paddle reset\n");
}

#[tokio::test]
async fn three_hundred_pauses_under_load_cost_no_connection_and_no_job() {
    let fleet = Fleet::start_fake(1, &[]).await;
    let worker = fleet.worker();
    let order = async |verb: &str| {
        let path = format!("/queues/paddle/{verb}");
        let answer = worker.admin.request(Method::POST, &path).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 202);
    };
    let subscriptions = || worker.process.log().matches("consuming from the queue").count();
    let mut jobs = Vec::new();

    for round in 0..300 {
        for _ in 0..2 {
            jobs.push(fleet.client().submit("nap.png", &drawings::order("nap")).await);
        }
        order("pause").await;
        order("resume").await;
        let is_back = async || (subscriptions() > round + 1).then_some(());
        until("a new subscription stands", seconds(10), is_back).await;
    }

    for job in &jobs {
        fleet.client().completed(&job.id, LIMIT).await;
    }
    let log = worker.process.log();
    assert!(!log.contains("queue can't be consumed"), "no connection was lost:\n{log}");
}

#[tokio::test]
async fn a_dead_letter_is_listed_shown_and_removed_from_the_command_line() {
    let fleet = Fleet::start(1, &[]).await;
    let publisher = Publisher::connect(fleet.addresses()).await;
    publisher.send(b"no message", lapin::BasicProperties::default()).await;
    let is_dead = async || {
        let listed = said(&cad(&fleet, &["dead", "list", "--json"]).await);
        let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
        listed["letters"][0]["id"].as_str().map(str::to_owned)
    };
    let letter = until("the message is dead", seconds(20), is_dead).await;

    let table = said(&cad(&fleet, &["dead", "list"]).await);
    let shown = said(&cad(&fleet, &["dead", "show", &letter]).await);
    let refused = cad(&fleet, &["dead", "purge"]).await;
    let purged = said(&cad(&fleet, &["dead", "purge", &letter]).await);

    assert!(table.contains("invalid_message") && table.contains(&letter), "{table}");
    assert!(shown.contains("unreadable"), "{shown}");
    assert!(!refused.status.success(), "a purge of everything must be asked for");
    assert_eq!(purged, "1 removed\n");
    assert_eq!(said(&cad(&fleet, &["dead", "list"]).await), "");
}

#[tokio::test]
async fn a_job_whose_message_was_purged_is_sent_again_and_completed() {
    let fleet = Fleet::start(1, &[("SWEEP_AFTER_SECONDS", "5")]).await;
    cad(&fleet, &["queue", "pause", "paddle"]).await;
    until("nobody consumes", seconds(10), async || (consumers(&fleet).await == 0).then_some(()))
        .await;
    let job = fleet.client().submit("part.png", &drawings::small()).await;
    let addresses = fleet.addresses();
    let connection =
        Connection::connect(&addresses.amqp, ConnectionProperties::default()).await.unwrap();
    let channel = connection.create_channel().await.unwrap();
    for name in queue_names(&addresses.namespace) {
        channel.queue_purge(name.into(), QueuePurgeOptions::default()).await.unwrap();
    }

    cad(&fleet, &["queue", "resume", "paddle"]).await;

    fleet.client().completed(&job.id, LIMIT).await;
    let resent = fleet.worked("jobs_resent_total", &[("provider", "paddle")]).await;
    assert_eq!(resent, 1.0);
}

#[tokio::test]
async fn a_worker_over_its_memory_mark_begins_anew_and_loses_no_job() {
    // The smallest mark there is; what a drawing of 45 MB takes in transit is over it.
    let mut fleet = Fleet::start(1, &[("WORKER_MAX_RSS_MB", "64")]).await;
    let pid = fleet.worker().process.pid();
    let heavy = [drawings::small(), vec![0; 45 * 1024 * 1024]].concat();
    let mut jobs = Vec::new();
    for number in 0..8 {
        jobs.push(fleet.client().submit(&format!("{number}.png"), &heavy).await);
    }

    let worker = fleet.workers.first_mut().unwrap();
    worker.process.logged("begins anew", seconds(60)).await;

    for job in &jobs {
        let job = fleet.client().completed(&job.id, seconds(120)).await;
        assert_eq!(job.attempt, 1, "no run was cut off");
    }
    assert!(process::is_alive(pid), "the process is the same");
}
