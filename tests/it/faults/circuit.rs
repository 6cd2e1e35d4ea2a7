//! A provider fails: its circuit opens, its jobs wait, and all of them complete once it is well again.

use cad_common::contract::record::JobState;
use cad_tests::drawings::order;
use cad_tests::fleet::Fleet;
use cad_tests::wait::{seconds, until};

use super::{all_complete, ended, submit};

/// Recovery long enough for the waiting to be seen.
const SETTINGS: [(&str, &str); 4] = [
    ("CIRCUIT_FAILURE_THRESHOLD", "5"),
    ("CIRCUIT_RECOVERY_TIMEOUT", "3"),
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

    let waiting = submit(&fleet, 200).await;
    tokio::time::sleep(seconds(1)).await;
    assert_eq!(ended(&fleet, JobState::Completed).await, 0.0, "nothing is taken meanwhile");
    let queues = fleet.client().get("/api/v1/queues").await.json();
    assert_eq!(queues["queues"][0]["normal"], 200, "they wait in the broker");

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
