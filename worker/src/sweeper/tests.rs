//! The sweeper over the embedded queue and store.

use cad_common::contract::codec::to_messagepack;
use cad_common::contract::job::Lane;
use cad_common::queue::Envelope;
use cad_common::store::sweep::{MOST_RESENDS, Parcel};

use cad_common::store::ClaimTerms;
use uuid::Uuid;

use super::*;
use crate::testing::{PROVIDER, Rig, id_of, message, rig_without_subscription};

/// Shorter than the lease would be wrong in the fleet; here nobody holds a job.
const SILENCE: Duration = Duration::from_millis(40);

fn sweeper(rig: &Rig) -> Sweeper {
    Sweeper {
        queue: rig.bench.queue.clone(),
        store: rig.store.clone(),
        done: CancellationToken::new(),
        silence: SILENCE,
        max_starts: 3,
        seen_dead: BTreeMap::new(),
    }
}

/// A job whose record is there and whose message is not.
async fn orphan(rig: &Rig, has_parcel: bool) -> JobId {
    let message = message("read");
    let body = to_messagepack(&message).unwrap();
    let parcel = Parcel { envelope: Envelope::default(), body };
    let record = record_of(id_of(&message));
    rig.store.create(&record, has_parcel.then_some(&parcel)).await.unwrap();
    record.id
}

fn record_of(id: JobId) -> JobRecord {
    JobRecord {
        id,
        kind: PROVIDER.kind(),
        provider: PROVIDER,
        lane: Lane::Normal,
        tag: None,
        filename: None,
        owner: None,
        trace_id: None,
        state: JobState::Pending,
        attempt: 0,
        created_at: jiff::Timestamp::now(),
        started_at: None,
        finished_at: None,
        expires_at: None,
        progress: None,
        warnings: Vec::new(),
        error: None,
    }
}

async fn record(rig: &Rig, id: JobId) -> JobRecord {
    match rig.store.lookup(id).await.unwrap() {
        Lookup::Found(record) => *record,
        other => panic!("no record: {other:?}"),
    }
}

async fn waiting(rig: &Rig) -> u64 {
    rig.depth().await.normal
}

#[tokio::test]
async fn a_job_without_its_message_gets_it_again_and_is_given_up_in_the_end() {
    let rig = rig_without_subscription(&[]);
    let (job, mut sweeper) = (orphan(&rig, true).await, sweeper(&rig));
    sweeper.sweep().await.unwrap();
    assert_eq!(waiting(&rig).await, 0, "it was not silent for long");

    for _ in 0..MOST_RESENDS {
        tokio::time::sleep(SILENCE).await;
        sweeper.sweep().await.unwrap();
        assert_eq!(waiting(&rig).await, 1);
        let mut thief = rig.bench.queue.subscribe(PROVIDER, 1);
        thief.next().await.unwrap().ack().await.unwrap();
    }
    tokio::time::sleep(SILENCE).await;
    sweeper.sweep().await.unwrap();

    let error = record(&rig, job).await.error.unwrap();
    assert_eq!(error.reason.as_deref(), Some("message_lost"));
}

#[tokio::test]
async fn while_jobs_wait_in_the_queue_silence_means_nothing() {
    let rig = rig_without_subscription(&[]);
    let (job, mut sweeper) = (orphan(&rig, true).await, sweeper(&rig));
    rig.publish(&message("other"), Envelope::default()).await;
    tokio::time::sleep(SILENCE).await;

    sweeper.sweep().await.unwrap();

    assert_eq!(waiting(&rig).await, 1);
    assert_eq!(record(&rig, job).await.state, JobState::Pending);
}

#[tokio::test]
async fn a_direct_publishers_job_that_lost_its_message_fails() {
    let rig = rig_without_subscription(&[]);
    let (job, mut sweeper) = (orphan(&rig, false).await, sweeper(&rig));
    tokio::time::sleep(SILENCE).await;

    sweeper.sweep().await.unwrap();

    assert_eq!(record(&rig, job).await.state, JobState::Failed);
}

/// A job among the dead letters as the broker puts it there: nobody has said why.
async fn buried(rig: &Rig) -> JobId {
    let buried = message("read");
    rig.publish(&buried, Envelope::default()).await;
    let mut subscription = rig.bench.queue.subscribe(PROVIDER, 1);
    rig.queue.bury(subscription.next().await.unwrap());
    rig.store.create(&record_of(id_of(&buried)), None).await.unwrap();
    id_of(&buried)
}

#[tokio::test]
async fn a_job_that_the_broker_has_buried_unstarted_is_sent_again() {
    let rig = rig_without_subscription(&[]);
    let (job, mut sweeper) = (buried(&rig).await, sweeper(&rig));

    sweeper.sweep().await.unwrap();

    assert_eq!((waiting(&rig).await, rig.depth().await.dead), (1, 0));
    assert_eq!(record(&rig, job).await.state, JobState::Pending);
}

#[tokio::test]
async fn a_buried_job_whose_starts_are_used_up_fails_with_the_reason() {
    let rig = rig_without_subscription(&[]);
    let (job, mut sweeper) = (buried(&rig).await, sweeper(&rig));
    for _ in 0..sweeper.max_starts {
        let terms = ClaimTerms { claimant: Uuid::new_v4(), max_starts: 3, lease: Duration::ZERO };
        rig.store.claim(&record_of(job), &terms).await.unwrap();
    }
    // Nobody at work on it may have been heard of within the lease.
    tokio::time::sleep(LEASE).await;

    sweeper.sweep().await.unwrap();

    let record = record(&rig, job).await;
    assert_eq!(record.state, JobState::Failed);
    assert_eq!(record.error.unwrap().reason.as_deref(), Some("unknown"));
    assert_eq!(rig.depth().await.dead, 1, "the letter is the operator's");
}
