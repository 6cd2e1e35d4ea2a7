//! The store or the broker goes away: processes stay, clients are told, nothing accepted is lost, and
//! work goes on by itself.

use std::time::Duration;

use cad_tests::drawings;
use cad_tests::fleet::{Fleet, Settings};
use cad_tests::services::rabbit::PrivateRabbit;
use cad_tests::services::redis::PrivateRedis;
use cad_tests::services::{Addresses, Shared};
use cad_tests::wait::{self, seconds};
use serde_json::json;

/// By then work goes on after a server's return.
const RESUME_LIMIT: Duration = seconds(10);

/// By then an outage is noticed: two heartbeats of ten seconds, and a little.
const NOTICE_LIMIT: Duration = seconds(25);

/// Time for the jobs that were accepted before, and during, an outage.
const JOB_LIMIT: Duration = seconds(60);

/// Where a server stands in the answers.
struct Server {
    in_api: &'static str,
    in_worker: &'static str,
    /// Of a refused submission.
    reason: &'static str,
}

const STORE: Server = Server {
    in_api: "/checks/redis/status",
    in_worker: "/store/is_ok",
    reason: "store_unavailable",
};

const BROKER: Server = Server {
    in_api: "/checks/rabbitmq/status",
    in_worker: "/queue/is_ok",
    reason: "queue_unavailable",
};

#[tokio::test]
async fn store_that_is_absent_at_the_start_is_waited_for() {
    let (shared, mut redis) = (Shared::new(), PrivateRedis::absent());
    let addresses = Addresses { redis: redis.url(), ..shared.addresses().clone() };
    let mut fleet = Fleet::starting(1, Settings::new(&addresses)).await;
    assert_out(&mut fleet, &STORE).await;

    redis.start().await;

    assert_resumes(&mut fleet, Vec::new()).await;
}

#[tokio::test]
async fn store_that_is_killed_in_the_middle_costs_no_job() {
    let (shared, mut redis) = (Shared::new(), PrivateRedis::running().await);
    let addresses = Addresses { redis: redis.url(), ..shared.addresses().clone() };
    let mut fleet = Fleet::starting(1, Settings::new(&addresses)).await;
    let accepted = begin_work(&fleet).await;

    redis.kill();
    assert_out(&mut fleet, &STORE).await;
    redis.start().await;

    assert_resumes(&mut fleet, accepted).await;
}

#[tokio::test]
async fn store_that_hangs_in_the_middle_costs_no_job() {
    let (shared, redis) = (Shared::new(), PrivateRedis::running().await);
    let addresses = Addresses { redis: redis.url(), ..shared.addresses().clone() };
    let mut fleet = Fleet::starting(1, Settings::new(&addresses)).await;
    let accepted = begin_work(&fleet).await;

    redis.freeze();
    assert_out(&mut fleet, &STORE).await;
    redis.thaw();

    assert_resumes(&mut fleet, accepted).await;
}

#[tokio::test]
async fn broker_that_is_absent_at_the_start_is_waited_for() {
    let (shared, mut rabbit) = (Shared::new(), PrivateRabbit::absent());
    let addresses = Addresses { amqp: rabbit.url(), ..shared.addresses().clone() };
    let mut fleet = Fleet::starting(1, Settings::new(&addresses)).await;
    assert_out(&mut fleet, &BROKER).await;

    rabbit.start().await;

    assert_resumes(&mut fleet, Vec::new()).await;
}

#[tokio::test]
async fn broker_that_is_killed_in_the_middle_costs_no_job() {
    let (shared, mut rabbit) = (Shared::new(), PrivateRabbit::running().await);
    let addresses = Addresses { amqp: rabbit.url(), ..shared.addresses().clone() };
    let mut fleet = Fleet::starting(1, Settings::new(&addresses)).await;
    let accepted = begin_work(&fleet).await;

    rabbit.kill().await;
    assert_out(&mut fleet, &BROKER).await;
    rabbit.start().await;

    assert_resumes(&mut fleet, accepted).await;
}

/// Hands in more than the fleet can do at once, and waits until it is at it.
async fn begin_work(fleet: &Fleet) -> Vec<String> {
    ready(fleet, seconds(60)).await;
    let mut accepted = vec![fleet.client().submit("long.tif", &drawings::long(2)).await.id];
    for part in drawings::parts(5) {
        accepted.push(fleet.client().submit("part.png", &part).await.id);
    }
    let is_at_work = async || (fleet.worker().in_flight().await > 0.0).then_some(());
    wait::until("a job runs", seconds(10), is_at_work).await;
    accepted
}

/// Both processes live and say what is away; submissions are refused for now.
async fn assert_out(fleet: &mut Fleet, server: &Server) {
    let pages = [
        (fleet.client().clone(), server.in_api, json!("not_ready")),
        (fleet.worker().admin.clone(), server.in_worker, json!(false)),
    ];
    for (client, pointer, word) in pages {
        let names_it = async || {
            let answer = client.get("/ready").await;
            let is_named = answer.status == 503 && answer.json().pointer(pointer) == Some(&word);
            is_named.then_some(())
        };
        wait::until(&format!("/ready says that {pointer} is away"), NOTICE_LIMIT, names_it).await;
        assert_eq!(client.get("/livez").await.status, 200);
    }
    let refusal = fleet.client().post("part.png", &drawings::small()).await;
    assert_eq!(refusal.status, 503, "{}", refusal.text());
    assert_eq!(refusal.problem(), ("NETWORK_ERROR".to_owned(), server.reason.to_owned()));
    assert!(refusal.header("retry-after").parse::<u64>().unwrap() >= 1);
    assert_running(fleet);
}

/// Work goes on within the limit, and every accepted job is completed.
async fn assert_resumes(fleet: &mut Fleet, accepted: Vec<String>) {
    let limit = if accepted.is_empty() { seconds(60) } else { RESUME_LIMIT };
    ready(fleet, limit).await;
    let after = fleet.client().submit("after.png", &drawings::small()).await;

    for id in accepted.iter().chain([&after.id]) {
        let job = fleet.client().completed(id, JOB_LIMIT).await;
        assert!(job.result.is_some());
    }
    assert_running(fleet);
}

async fn ready(fleet: &Fleet, limit: Duration) {
    let is_ready = async || (fleet.client().get("/ready").await.status == 200).then_some(());
    wait::until("the api is ready", limit, is_ready).await;
    fleet.worker().ready_within(limit).await;
}

fn assert_running(fleet: &mut Fleet) {
    assert!(fleet.api.process.is_running());
    for worker in &mut fleet.workers {
        assert!(worker.process.is_running());
    }
}
