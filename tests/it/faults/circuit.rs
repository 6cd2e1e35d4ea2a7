//! A provider fails: its circuit opens, its jobs wait, and all of them complete once it is well again.

use cad_common::contract::record::JobState;
use cad_tests::chat::{Chat, Says, transcript};
use cad_tests::drawings::{self, order};
use cad_tests::fleet::Fleet;
use cad_tests::wait::{seconds, until};
use lapin::options::BasicGetOptions;
use lapin::types::{AMQPValue, ShortString};
use lapin::{Connection, ConnectionProperties};

use super::{all_complete, ended, failed, submit};

/// Recovery long enough for the waiting to be seen, also on a machine at other work.
const SETTINGS: [(&str, &str); 4] = [
    ("CIRCUIT_FAILURE_THRESHOLD", "5"),
    ("CIRCUIT_RECOVERY_TIMEOUT", "15"),
    ("CIRCUIT_EXPECTED_EXCEPTION", "Exception"),
    ("JOB_MAX_ATTEMPTS", "1"),
];

async fn circuit(fleet: &Fleet) -> f64 {
    fleet.worked("circuit_breaker_state", &[("circuit", "paddle")]).await
}

#[tokio::test]
async fn jobs_wait_while_a_circuit_is_open_and_complete_after_the_probe() {
    let fleet = Fleet::start_fake(1, &SETTINGS).await;
    let mut faulty = Vec::new();
    for _ in 0..5 {
        faulty.push(fleet.client().submit("fault.png", &order("fault")).await);
    }
    until("the circuit is open", seconds(20), async || {
        (circuit(&fleet).await == 1.0).then_some(())
    })
    .await;

    let waiting = submit(&fleet, 100).await;
    tokio::time::sleep(seconds(1)).await;
    assert_eq!(ended(&fleet, JobState::Completed).await, 0.0, "nothing is taken meanwhile");
    let queues = fleet.client().get("/api/v1/queues").await.json();
    assert_eq!(queues["queues"][0]["normal"], 100, "they wait in the broker");

    all_complete(&fleet, &waiting).await;
    for job in &waiting {
        assert_eq!(fleet.client().job(&job.id).await.attempt, 1);
    }
    assert_eq!(ended(&fleet, JobState::Failed).await, 5.0, "five faults are charged, not more");
    assert_eq!(circuit(&fleet).await, 0.0);
    for state in ["open", "half_open", "closed"] {
        let labels = [("circuit", "paddle"), ("to", state)];
        let times = fleet.worked("circuit_breaker_transitions_total", &labels).await;
        assert_eq!(times, 1.0, "{state}");
    }
}

#[tokio::test]
async fn an_operator_closes_a_circuit_without_waiting() {
    let settings = [&SETTINGS[..], &[("CIRCUIT_RECOVERY_TIMEOUT", "3600")]].concat();
    let fleet = Fleet::start_fake(2, &settings).await;
    // Both workers get their fill.
    let mut number = 0;
    until("both circuits are open", seconds(40), async || {
        if circuit(&fleet).await < 2.0 {
            number += 1;
            fleet.client().submit(&format!("{number}.png"), &order("fault")).await;
            return None;
        }
        Some(())
    })
    .await;
    let waiting = submit(&fleet, 20).await;

    let answer = fleet
        .client()
        .request(reqwest::Method::POST, "/api/v1/circuits/paddle/reset")
        .send()
        .await
        .unwrap();

    assert_eq!(answer.status().as_u16(), 202);
    all_complete(&fleet, &waiting).await;
}

/// Where drawings go that a remote model alone shall read.
const REMOTE: &str = "/api/v1/ocr/extract?provider=deepseek_hf";

#[tokio::test]
async fn a_remote_provider_that_fails_is_left_alone_by_the_whole_fleet_until_one_probe_succeeds() {
    let unwell = Says::Status(503, "X-Reason", String::new());
    let chat = Chat::serve(&[unwell]).await;
    let url = chat.url();
    let settings = [
        ("WORKER_PROVIDERS", "paddle,deepseek_hf"),
        ("DEEPSEEK_HF_URL", url.as_str()),
        ("DEEPSEEK_HF_MODEL", "reader-1"),
        ("CIRCUIT_FAILURE_THRESHOLD", "5"),
        ("CIRCUIT_RECOVERY_TIMEOUT", "20"),
        ("JOB_MAX_ATTEMPTS", "1"),
    ];
    let fleet = Fleet::start(2, &settings).await;
    let is_served = async || {
        let answer = fleet.client().get("/api/v1/ocr/providers").await.json();
        (answer["details"][1]["workers"] == 2).then_some(())
    };
    until("both workers serve it", seconds(20), is_served).await;
    let send = async || fleet.client().post_to(REMOTE, "part.png", &drawings::small()).await.job();

    for _ in 0..5 {
        let job = send().await;
        assert_eq!(failed(&fleet, &job.id).await.state, JobState::Failed);
    }
    let open = async || fleet.worked("circuit_breaker_state", &[("circuit", "deepseek_hf")]).await;
    until("it is open on both workers", seconds(5), async || (open().await == 2.0).then_some(()))
        .await;
    let asked = chat.asked().len();
    let mut waiting = Vec::new();
    for _ in 0..10 {
        waiting.push(send().await);
    }
    let other = fleet.client().submit("part.png", &drawings::small()).await;
    fleet.client().completed(&other.id, super::LIMIT).await;
    let queues = fleet.client().get("/api/v1/queues").await.json();
    assert_eq!(queues["queues"][1]["normal"], 10, "they wait in the broker: {queues}");
    assert_eq!((asked, chat.asked().len()), (5, 5), "five faults, and nobody asks since");
    assert!(most_deliveries(&fleet).await <= 1, "no message goes round and round");

    chat.say(Says::Text(transcript(&[("M8", [100, 100, 200, 140])])));

    for job in &waiting {
        let job = fleet.client().completed(&job.id, super::LIMIT).await;
        assert_eq!(job.attempt, 1);
    }
    let changes = async |to| {
        let labels = [("circuit", "deepseek_hf"), ("to", to)];
        fleet.worked("circuit_breaker_transitions_total", &labels).await
    };
    // The probe is over before the other worker looks, so that one may see it closed at once.
    assert!((1.0..=2.0).contains(&changes("half_open").await), "one probe");
    until("both workers know that it is well", seconds(5), async || {
        (changes("closed").await == 2.0).then_some(())
    })
    .await;
    assert_eq!(changes("open").await, 2.0);
}

/// The highest delivery count of the messages that wait for the remote provider.
async fn most_deliveries(fleet: &Fleet) -> i64 {
    let addresses = fleet.addresses();
    let connection =
        Connection::connect(&addresses.amqp, ConnectionProperties::default()).await.unwrap();
    let channel = connection.create_channel().await.unwrap();
    let queue: ShortString = format!("{}.ocr.deepseek_hf.normal", addresses.namespace).into();
    let mut most = 0;
    while let Some(message) =
        channel.basic_get(queue.clone(), BasicGetOptions::default()).await.unwrap()
    {
        let headers = message.delivery.properties.headers().clone().unwrap_or_default();
        let count = headers.inner().get("x-delivery-count").and_then(|value| match value {
            AMQPValue::LongLongInt(count) => Some(*count),
            AMQPValue::LongInt(count) => Some(i64::from(*count)),
            AMQPValue::ShortShortUInt(count) => Some(i64::from(*count)),
            _ => None,
        });
        most = most.max(count.unwrap_or_default());
    }
    connection.close(200, "".into()).await.unwrap();
    most
}
