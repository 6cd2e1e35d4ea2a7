//! The consumer over the embedded queue and store, with fake providers in real slots.

use cad_common::contract::job::JobMessage;
use cad_common::contract::record::{JobRecord, JobState};
use cad_common::queue::Envelope;
use cad_common::store::{CircuitState, Lookup, StoreError};
use tokio::task::JoinHandle;

use super::*;
use crate::testing::{
    PROVIDER, Rig, SOON, eventually, fakes, id_of, message, rig_without_subscription,
};

struct Worker {
    rig: Rig,
    station: Arc<Station>,
    shutdown: Shutdown,
    running: JoinHandle<()>,
}

fn worker(slots: usize, settings: &[(&str, &str)]) -> Worker {
    let rig = rig_without_subscription(settings);
    let pool = fakes(slots);
    let station = Arc::new(Station::new(PROVIDER, slots, pool.standing()));
    let shutdown = Shutdown::new();
    let consumer =
        Consumer::new(Arc::clone(&rig.bench), pool, Arc::clone(&station), shutdown.clone());
    Worker { rig, station, shutdown, running: tokio::spawn(consumer.run()) }
}

impl Worker {
    async fn publish(&self, order: &str) -> JobMessage {
        let message = message(order);
        self.rig.publish(&message, Envelope::default()).await;
        message
    }

    async fn record(&self, message: &JobMessage) -> Option<JobRecord> {
        match self.rig.store.lookup(id_of(message)).await.unwrap() {
            Lookup::Found(record) => Some(*record),
            Lookup::Expired { .. } | Lookup::Unknown => None,
        }
    }

    async fn reaches(&self, message: &JobMessage, state: JobState) {
        eventually(state.as_str(), async || {
            self.record(message).await.is_some_and(|record| record.state == state)
        })
        .await;
    }

    async fn circuit_is(&self, state: CircuitState) {
        eventually("the circuit changes", async || self.station.circuit() == state).await;
    }

    async fn has_no_consumers(&self) {
        eventually("nothing is taken", async || self.rig.depth().await.consumers == 0).await;
    }

    async fn ends(self) -> Rig {
        tokio::time::timeout(SOON, self.running).await.expect("it ends").unwrap();
        self.rig
    }
}

#[tokio::test]
async fn jobs_are_taken_and_completed() {
    let worker = worker(2, &[]);
    let mut messages = Vec::new();
    for number in 0..10 {
        messages.push(worker.publish(&format!("read {number}")).await);
    }

    for message in &messages {
        worker.reaches(message, JobState::Completed).await;
    }

    eventually("all is acknowledged", async || worker.rig.depth().await.normal == 0).await;
}

#[tokio::test]
async fn garbage_does_not_stop_the_consumer() {
    let worker = worker(1, &[]);
    for _ in 0..5 {
        worker.rig.publish_bytes(b"garbage", Envelope::default()).await;
    }

    let message = worker.publish("read").await;

    worker.reaches(&message, JobState::Completed).await;
    assert_eq!(worker.rig.depth().await.dead, 5);
}

#[tokio::test]
async fn no_job_is_taken_while_the_store_is_away() {
    let worker = worker(1, &[]);
    eventually("it subscribes", async || worker.rig.depth().await.consumers > 0).await;

    worker.rig.bench.gate.shut(&StoreError::Full);
    worker.has_no_consumers().await;
    let message = worker.publish("read").await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    let meanwhile = worker.record(&message).await;
    worker.rig.bench.gate.open();

    assert_eq!(meanwhile, None);
    worker.reaches(&message, JobState::Completed).await;
}

#[tokio::test]
async fn an_open_circuit_leaves_jobs_in_the_queue_until_its_time() {
    let worker = worker(
        1,
        &[
            ("CIRCUIT_FAILURE_THRESHOLD", "2"),
            ("CIRCUIT_RECOVERY_TIMEOUT", "1"),
            ("JOB_MAX_ATTEMPTS", "1"),
        ],
    );
    let faults = [worker.publish("fault 1").await, worker.publish("fault 2").await];
    for fault in &faults {
        worker.reaches(fault, JobState::Failed).await;
    }
    worker.circuit_is(CircuitState::Open).await;
    worker.has_no_consumers().await;

    let message = worker.publish("read").await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(worker.record(&message).await, None, "it waits for a healthy worker");

    worker.reaches(&message, JobState::Completed).await;
    worker.circuit_is(CircuitState::Closed).await;
}

#[tokio::test]
async fn a_half_open_circuit_tries_one_job_at_a_time() {
    let worker = worker(
        2,
        &[
            ("CIRCUIT_FAILURE_THRESHOLD", "1"),
            ("CIRCUIT_RECOVERY_TIMEOUT", "1"),
            ("JOB_MAX_ATTEMPTS", "1"),
        ],
    );
    let fault = worker.publish("fault").await;
    worker.reaches(&fault, JobState::Failed).await;
    worker.circuit_is(CircuitState::Open).await;
    let waiting = [
        worker.publish("slow 1").await,
        worker.publish("slow 2").await,
        worker.publish("slow 3").await,
    ];

    worker.circuit_is(CircuitState::HalfOpen).await;
    eventually("the probe runs", async || worker.station.standing.borrow().busy == 1).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(worker.station.standing.borrow().busy, 1, "the second slot stays free");

    for message in &waiting {
        worker.reaches(message, JobState::Completed).await;
    }
}

#[tokio::test]
async fn a_reset_closes_the_circuit_at_once() {
    let worker = worker(1, &[("CIRCUIT_FAILURE_THRESHOLD", "1"), ("JOB_MAX_ATTEMPTS", "1")]);
    let fault = worker.publish("fault").await;
    worker.reaches(&fault, JobState::Failed).await;
    worker.circuit_is(CircuitState::Open).await;

    worker.station.ask_for_reset();
    let message = worker.publish("read").await;

    worker.reaches(&message, JobState::Completed).await;
    assert_eq!(worker.station.circuit(), CircuitState::Closed);
}

#[tokio::test]
async fn a_shutdown_finishes_what_runs_and_leaves_the_rest() {
    let worker = worker(1, &[]);
    let running = worker.publish("slow").await;
    let waiting = worker.publish("read").await;
    worker.reaches(&running, JobState::InProgress).await;

    worker.shutdown.stop();
    let rig = worker.ends().await;

    assert_eq!(rig.record(&running).await.state, JobState::Completed);
    assert_eq!(rig.store.lookup(id_of(&waiting)).await.unwrap(), Lookup::Unknown);
    assert_eq!(rig.depth().await.normal, 1);
}

#[tokio::test]
async fn what_does_not_finish_in_the_grace_is_handed_back() {
    let worker = worker(1, &[("SHUTDOWN_GRACE_MS", "50")]);
    let running = worker.publish("wait").await;
    worker.reaches(&running, JobState::InProgress).await;

    worker.shutdown.stop();
    let rig = worker.ends().await;

    assert_eq!(rig.record(&running).await.state, JobState::Pending);
    assert_eq!(rig.depth().await.normal, 1);
}

#[tokio::test]
async fn a_second_signal_hands_back_at_once() {
    let worker = worker(1, &[("SHUTDOWN_GRACE_MS", "600000")]);
    let running = worker.publish("wait").await;
    worker.reaches(&running, JobState::InProgress).await;

    worker.shutdown.stop();
    worker.shutdown.force();
    let rig = worker.ends().await;

    assert_eq!(rig.record(&running).await.state, JobState::Pending);
}

#[tokio::test]
async fn a_queue_that_is_closed_ends_the_consumer() {
    let worker = worker(1, &[]);

    worker.rig.bench.queue.close().await;

    worker.ends().await;
}
