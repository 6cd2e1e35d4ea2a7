use cad_common::store::Retention;
use cad_common::store::embedded::EmbeddedStore;

use super::*;

const RECOVERY: Duration = Duration::from_millis(300);

fn store() -> Store {
    let long = Duration::from_secs(60);
    Store::Embedded(EmbeddedStore::new(Retention { pending: long, result: long, cache: long }))
}

/// A worker's circuit of a remote provider, with a threshold of three.
fn worker(store: &Store) -> Circuit {
    Circuit::of(ProviderName::DeepseekHf, 3, RECOVERY, (RECOVERY, store))
}

/// Asks until the answer is as wanted, as the consumer does.
async fn admitted(circuit: &mut Circuit, is_wanted: impl Fn(Admission) -> bool) -> Admission {
    for _ in 0..400 {
        let admission = circuit.admit(Instant::now());
        if is_wanted(admission) {
            return admission;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("stayed {:?}, {:?}", circuit.state(), circuit.admit(Instant::now()))
}

fn ticket(admission: Admission) -> Ticket {
    match admission {
        Admission::All(ticket) | Admission::Probe(ticket) => ticket,
        Admission::Wait(_) => panic!("no job is admitted"),
    }
}

const fn is_waiting(admission: Admission) -> bool {
    matches!(admission, Admission::Wait(_))
}

const fn is_probe(admission: Admission) -> bool {
    matches!(admission, Admission::Probe(_))
}

async fn open(circuit: &mut Circuit) {
    let ticket = ticket(circuit.admit(Instant::now()));
    for _ in 0..3 {
        circuit.record(ticket, Verdict::Fault, Instant::now());
    }
    admitted(circuit, is_waiting).await;
}

#[tokio::test]
async fn faults_of_all_workers_count_together_and_open_it_for_all() {
    let store = store();
    let (mut one, mut other, mut idle) = (worker(&store), worker(&store), worker(&store));
    let ticket = ticket(one.admit(Instant::now()));

    one.record(ticket, Verdict::Fault, Instant::now());
    other.record(ticket, Verdict::Fault, Instant::now());
    one.record(ticket, Verdict::Fault, Instant::now());

    admitted(&mut one, is_waiting).await;
    admitted(&mut other, is_waiting).await;
    admitted(&mut idle, is_waiting).await;
}

#[tokio::test]
async fn one_worker_of_the_fleet_tries_it_and_success_closes_it_for_all() {
    let store = store();
    let mut fleet = [worker(&store), worker(&store), worker(&store)];
    open(&mut fleet[0]).await;
    tokio::time::sleep(RECOVERY).await;

    let mut probes = Vec::new();
    let until = Instant::now() + Duration::from_millis(250);
    while Instant::now() < until {
        for (number, circuit) in fleet.iter_mut().enumerate() {
            if let Admission::Probe(ticket) = circuit.admit(Instant::now())
                && !probes.contains(&(number, ticket))
            {
                probes.push((number, ticket));
            }
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let [(prober, probe)] = *probes.as_slice() else { panic!("one tries: {probes:?}") };
    fleet[prober].record(probe, Verdict::Healthy, Instant::now());

    for circuit in &mut fleet {
        admitted(circuit, |admission| matches!(admission, Admission::All(_))).await;
    }
}

#[tokio::test]
async fn a_failed_probe_opens_it_again_and_is_not_repeated_at_once() {
    let store = store();
    let mut circuit = worker(&store);
    open(&mut circuit).await;

    let probe = ticket(admitted(&mut circuit, is_probe).await);
    circuit.record(probe, Verdict::Fault, Instant::now());

    assert!(is_waiting(circuit.admit(Instant::now())));
    let next = ticket(admitted(&mut circuit, is_probe).await);
    assert_ne!(next, probe);
}

#[tokio::test]
async fn a_prober_that_died_is_replaced() {
    let store = store();
    let (mut dying, mut other) = (worker(&store), worker(&store));
    open(&mut dying).await;
    admitted(&mut dying, is_probe).await;

    drop(dying);

    admitted(&mut other, is_probe).await;
}

#[tokio::test]
async fn a_reset_by_one_worker_closes_it_for_all() {
    let store = store();
    let (mut one, mut other) = (worker(&store), worker(&store));
    open(&mut one).await;
    admitted(&mut other, is_waiting).await;

    other.reset();

    admitted(&mut one, |admission| matches!(admission, Admission::All(_))).await;
}

#[tokio::test]
async fn a_local_circuit_is_the_workers_own() {
    let store = store();
    let circuit = || Circuit::of(ProviderName::Paddle, 3, RECOVERY, (RECOVERY, &store));
    let (mut one, mut other) = (circuit(), circuit());

    open(&mut one).await;

    assert!(matches!(other.admit(Instant::now()), Admission::All(_)));
}
