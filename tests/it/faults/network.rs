//! The way to the broker and to the store is cut, stalls or is slow.

use std::time::{Duration, Instant};

use cad_tests::chaos::ChaosProxy;
use cad_tests::drawings::order;
use cad_tests::fleet::{Fleet, Settings};
use cad_tests::services::{Addresses, Shared};
use cad_tests::wait::{seconds, until};

use super::{LIMIT, all_complete, submit};

/// A fleet with a proxy on its way to the broker and one to the store.
struct Behind {
    fleet: Fleet,
    broker: ChaosProxy,
    store: ChaosProxy,
    _shared: Shared,
}

async fn behind_proxies(settings: &[(&str, &str)]) -> Behind {
    let shared = Shared::new();
    let own = shared.addresses();
    let amqp: lapin::uri::AMQPUri = own.amqp.parse().unwrap();
    let target = format!("{}:{}", amqp.authority.host, amqp.authority.port);
    let broker = ChaosProxy::start(&target).await.unwrap();
    let redis = reqwest::Url::parse(&own.redis).unwrap();
    let target = format!("{}:{}", redis.host_str().unwrap(), redis.port().unwrap_or(6379));
    let store = ChaosProxy::start(&target).await.unwrap();
    let mut uri = amqp;
    uri.authority.host = broker.address().ip().to_string();
    uri.authority.port = broker.address().port();
    let addresses = Addresses {
        amqp: uri.to_string(),
        redis: format!("redis://{}", store.address()),
        namespace: own.namespace.clone(),
    };
    let fleet = Fleet::starting_fake(1, Settings::new(&addresses).with_all(settings)).await;
    fleet.worker().ready().await;
    Behind { fleet, broker, store, _shared: shared }
}

#[tokio::test]
async fn connections_that_are_cut_again_and_again_cost_no_job() {
    let behind = behind_proxies(&[]).await;
    let mut accepted = Vec::new();

    for round in 0..6 {
        for _ in 0..10 {
            let answer = behind.fleet.client().post("nap.png", &order("nap")).await;
            match answer.status {
                202 => accepted.push(answer.job()),
                status => assert_eq!(status, 503, "{}", answer.text()),
            }
        }
        if round % 2 == 0 {
            behind.broker.cut()
        } else {
            behind.store.cut()
        }
        tokio::time::sleep(seconds(1)).await;
    }

    assert!(accepted.len() >= 20, "{} were accepted", accepted.len());
    all_complete(&behind.fleet, &accepted).await;
}

#[tokio::test]
async fn a_slow_network_makes_it_slow_and_nothing_else() {
    let behind = behind_proxies(&[]).await;
    behind.broker.delay(Duration::from_millis(100));
    behind.store.delay(Duration::from_millis(50));
    // The API connects now: its first client may have to come again.
    until("the api has its connection", seconds(40), async || {
        let answer = behind.fleet.client().post("nap.png", &order("nap")).await;
        (answer.status == 202).then_some(())
    })
    .await;

    let jobs = submit(&behind.fleet, 4).await;

    all_complete(&behind.fleet, &jobs).await;
    assert!(!behind.fleet.worker().process.log().contains("ERROR"));
}

#[tokio::test]
async fn a_broker_behind_a_dead_network_is_an_answer_within_seconds_and_work_goes_on_afterwards() {
    let behind = behind_proxies(&[]).await;
    let accepted = submit(&behind.fleet, 5).await;
    behind.broker.stall();

    let begin = Instant::now();
    let answer = behind.fleet.client().post("nap.png", &order("nap")).await;
    assert_eq!(answer.status, 503, "{}", answer.text());
    assert!(begin.elapsed() < seconds(8), "it took {:?}", begin.elapsed());

    behind.broker.refuse();
    behind.broker.pass();
    all_complete(&behind.fleet, &accepted).await;
    let resumed = until("jobs are taken again", LIMIT, async || {
        let answer = behind.fleet.client().post("nap.png", &order("nap")).await;
        (answer.status == 202).then(|| answer.job())
    })
    .await;
    all_complete(&behind.fleet, &[resumed]).await;
}

#[tokio::test]
async fn a_worker_ends_although_its_broker_is_behind_a_dead_network() {
    let mut behind = behind_proxies(&[("SHUTDOWN_GRACE_MS", "2000")]).await;
    behind.fleet.client().submit("hang.png", &order("hang")).await;
    tokio::time::sleep(seconds(1)).await;
    behind.broker.stall();

    let worker = behind.fleet.workers.first_mut().unwrap();
    worker.process.terminate();

    let begin = Instant::now();
    worker.process.ended(seconds(40)).await;
    // The grace, two heartbeats until the connection counts as dead, and what handing back takes.
    assert!(begin.elapsed() < seconds(30), "it ended after {:?}", begin.elapsed());
}
