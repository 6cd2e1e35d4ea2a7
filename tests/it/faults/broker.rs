//! Faults of RabbitMQ that only its operator, or its disk, can cause.

use std::time::Instant;

use cad_tests::drawings::order;
use cad_tests::fleet::{Fleet, Settings};
use cad_tests::services::rabbit::PrivateRabbit;
use cad_tests::services::{Addresses, Shared};
use cad_tests::wait::{seconds, until};

use super::{LIMIT, all_complete, submit};

async fn fleet_on(rabbit: &PrivateRabbit, shared: &Shared, settings: &[(&str, &str)]) -> Fleet {
    let addresses = Addresses { amqp: rabbit.url(), ..shared.addresses().clone() };
    let fleet = Fleet::starting_fake(1, Settings::new(&addresses).with_all(settings)).await;
    fleet.worker().ready().await;
    fleet
}

#[tokio::test]
async fn connections_that_an_operator_closes_are_made_again_at_once() {
    let (shared, rabbit) = (Shared::new(), PrivateRabbit::running().await);
    let fleet = fleet_on(&rabbit, &shared, &[]).await;
    let slow = fleet.client().submit("slow.png", &order("slow")).await;

    rabbit.control(&["close_all_connections", "as a test"]);

    let closed = Instant::now();
    fleet.client().completed(&slow.id, seconds(15)).await;
    all_complete(&fleet, &submit(&fleet, 5).await).await;
    assert!(closed.elapsed() < seconds(15), "it took {:?}", closed.elapsed());
}

#[tokio::test]
async fn a_broker_short_of_disk_or_memory_refuses_jobs_and_lets_running_ones_end() {
    let (shared, rabbit) = (Shared::new(), PrivateRabbit::running().await);
    let fleet = fleet_on(&rabbit, &shared, &[]).await;
    let alarms = [
        (["set_disk_free_limit", "100000GB"], ["set_disk_free_limit", "50MB"]),
        (["set_vm_memory_high_watermark", "0.0000001"], ["set_vm_memory_high_watermark", "0.6"]),
    ];
    for (raise, clear) in alarms {
        let running = fleet.client().submit("slow.png", &order("slow")).await;
        rabbit.control(&raise);

        let begin = Instant::now();
        let refused = until("a job is refused", seconds(20), async || {
            let answer = fleet.client().post("nap.png", &order("nap")).await;
            (answer.status == 503).then_some(answer)
        })
        .await;
        assert!(begin.elapsed() < seconds(20));
        assert!(refused.headers.contains_key("retry-after"), "{}", refused.text());
        fleet.client().completed(&running.id, LIMIT).await;

        rabbit.control(&clear);
        until("jobs are taken again", seconds(20), async || {
            (fleet.client().post("nap.png", &order("nap")).await.status == 202).then_some(())
        })
        .await;
    }
    all_complete(&fleet, &submit(&fleet, 3).await).await;
}

#[tokio::test]
async fn a_full_queue_refuses_at_once_and_keeps_no_record() {
    let (shared, rabbit) = (Shared::new(), PrivateRabbit::running().await);
    let fleet = fleet_on(&rabbit, &shared, &[]).await;
    rabbit.control(&["set_policy", "short", r"\.normal$", r#"{"max-length":10}"#]);
    let path = "/queues/paddle/pause";
    fleet.worker().admin.request(reqwest::Method::POST, path).send().await.unwrap();
    until("nobody consumes", seconds(10), async || {
        let queues = fleet.client().get("/api/v1/queues").await.json();
        (queues["queues"][0]["consumers"] == 0).then_some(())
    })
    .await;

    let mut accepted = Vec::new();
    let (refused, took) = loop {
        let begin = Instant::now();
        let answer = fleet.client().post("nap.png", &order("nap")).await;
        match answer.status {
            202 => accepted.push(answer.job()),
            _ => break (answer, begin.elapsed()),
        }
        assert!(accepted.len() < 30, "the queue is never full");
    };

    assert_eq!(refused.status, 503, "{}", refused.text());
    assert_eq!(refused.json()["reason"], "queue_full");
    assert!(refused.headers.contains_key("retry-after"));
    assert!(took < seconds(1), "a full queue refused after {took:?}");
    println!("a full queue refused after {took:?}");
    let listed = fleet.client().get("/api/v1/jobs?limit=100").await.json();
    assert_eq!(listed["jobs"].as_array().unwrap().len(), accepted.len(), "no record is left");
    let path = "/queues/paddle/resume";
    fleet.worker().admin.request(reqwest::Method::POST, path).send().await.unwrap();
    all_complete(&fleet, &accepted).await;
}

#[tokio::test]
#[ignore = "the broker looks at its consumers once a minute: make test-faults"]
async fn a_consumer_that_the_broker_gave_up_is_opened_again() {
    let shared = Shared::new();
    let mut rabbit =
        PrivateRabbit::configured("consumer_timeout = 5000\nchannel_tick_interval = 3000", "[].");
    rabbit.start().await;
    let fleet = fleet_on(&rabbit, &shared, &[("OCR_TIMEOUT_MS", "60000")]).await;
    let hanging = fleet.client().submit("hang.png", &order("hang")).await;

    let worker = &fleet.worker().process;
    until("the channel was closed", seconds(90), async || {
        worker.log().contains("queue can't be consumed").then_some(())
    })
    .await;

    all_complete(&fleet, &submit(&fleet, 5).await).await;
    until("the job that hung ends", LIMIT, async || {
        fleet.client().job(&hanging.id).await.state.is_terminal().then_some(())
    })
    .await;
}

#[tokio::test]
#[ignore = "a minute without a broker: make test-faults"]
async fn a_broker_that_was_away_for_a_minute_is_consumed_from_within_ten_seconds() {
    let (shared, mut rabbit) = (Shared::new(), PrivateRabbit::running().await);
    let fleet = fleet_on(&rabbit, &shared, &[]).await;
    let accepted = submit(&fleet, 20).await;
    rabbit.kill().await;
    let refused = fleet.client().post("nap.png", &order("nap")).await;
    assert_eq!(refused.status, 503, "{}", refused.text());
    tokio::time::sleep(seconds(60)).await;

    rabbit.start().await;

    let back = Instant::now();
    until("a job is taken and done", seconds(10), async || {
        let answer = fleet.client().post("nap.png", &order("nap")).await;
        if answer.status != 202 {
            return None;
        }
        let id = answer.job().id;
        tokio::time::sleep(seconds(1)).await;
        fleet.client().job(&id).await.state.is_terminal().then_some(())
    })
    .await;
    println!("work went on {:?} after the broker's return", back.elapsed());
    all_complete(&fleet, &accepted).await;
}
