//! Redis refuses: it is full, read-only, out of clients, or has forgotten its scripts.

use cad_tests::drawings::order;
use cad_tests::fleet::{Fleet, Settings};
use cad_tests::services::redis::PrivateRedis;
use cad_tests::services::{Addresses, Shared};
use cad_tests::wait::{seconds, until};

use super::{LIMIT, all_complete, submit};

async fn fleet_on(redis: &PrivateRedis, shared: &Shared) -> Fleet {
    let addresses = Addresses { redis: redis.url(), ..shared.addresses().clone() };
    let fleet = Fleet::starting_fake(1, Settings::new(&addresses)).await;
    fleet.worker().ready().await;
    fleet
}

/// A store that takes no writes: submissions are refused, a running job keeps its result until it is taken.
async fn refuses_writes(refuse: &[&str], allow: &[&str]) {
    let (shared, redis) = (Shared::new(), PrivateRedis::running().await);
    let fleet = fleet_on(&redis, &shared).await;
    let running = fleet.client().submit("slow.png", &order("slow")).await;

    redis.command(refuse).await;

    let refused = until("a job is refused", seconds(20), async || {
        let answer = fleet.client().post("nap.png", &order("nap")).await;
        (answer.status == 503).then_some(answer)
    })
    .await;
    assert!(refused.headers.contains_key("retry-after"), "{}", refused.text());
    tokio::time::sleep(seconds(2)).await;
    redis.command(allow).await;

    let done = fleet.client().completed(&running.id, LIMIT).await;
    assert!(done.attempt <= 2, "a job that could not be stored is not run again and again");
    until("jobs are taken again", seconds(20), async || {
        (fleet.client().post("nap.png", &order("nap")).await.status == 202).then_some(())
    })
    .await;
    all_complete(&fleet, &submit(&fleet, 3).await).await;
}

#[tokio::test]
async fn a_store_without_memory_refuses_jobs_and_gets_the_results_later() {
    refuses_writes(&["CONFIG", "SET", "maxmemory", "1"], &["CONFIG", "SET", "maxmemory", "0"])
        .await;
}

#[tokio::test]
async fn a_store_that_has_become_a_replica_refuses_jobs_and_gets_the_results_later() {
    refuses_writes(&["REPLICAOF", "127.0.0.1", "1"], &["REPLICAOF", "NO", "ONE"]).await;
}

#[tokio::test]
async fn a_store_that_wants_replicas_refuses_jobs_and_gets_the_results_later() {
    refuses_writes(
        &["CONFIG", "SET", "min-replicas-to-write", "1"],
        &["CONFIG", "SET", "min-replicas-to-write", "0"],
    )
    .await;
}

#[tokio::test]
async fn scripts_that_the_store_has_forgotten_are_sent_again() {
    let (shared, redis) = (Shared::new(), PrivateRedis::running().await);
    let fleet = fleet_on(&redis, &shared).await;
    all_complete(&fleet, &submit(&fleet, 2).await).await;

    redis.command(&["SCRIPT", "FLUSH"]).await;

    all_complete(&fleet, &submit(&fleet, 2).await).await;
}
