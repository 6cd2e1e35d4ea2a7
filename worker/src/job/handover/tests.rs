//! Two providers over one embedded queue and store: the rig's, and a second one that is told what to do.

use std::sync::Arc;

use cad_common::contract::job::JobMessage;
use cad_common::contract::reading::Reading;
use cad_common::contract::record::{JobRecord, JobState};
use cad_common::queue::{Envelope, Subscription};
use cad_common::store::{ClaimTerms, ProviderReport};
use uuid::Uuid;

use super::*;
use crate::bench::Bench;
use crate::breaker::Verdict;
use crate::job;
use crate::pool::{Launch, Plan, Pool};
use crate::provider::fake::Fake;
use crate::testing::{Rig, SOON, id_of, message, rig};

const SECOND: ProviderName = ProviderName::DeepseekHf;

/// The second provider of a rig.
struct Second {
    bench: Arc<Bench>,
    pool: Pool,
    subscription: Subscription,
}

impl Second {
    /// A provider whose worker has reported that it is ready.
    async fn of(rig: &Rig, order: &'static str) -> Self {
        let launch = Launch::Thread { make: Arc::new(move || Ok(Box::new(Fake::told(order)))) };
        let pool = Pool::start(&Plan { provider: SECOND, slots: 1, launch });
        announce(rig, CircuitState::Closed).await;
        let first = &rig.bench;
        let bench = Bench {
            provider: SECOND,
            queue: first.queue.clone(),
            store: first.store.clone(),
            gate: first.gate.clone(),
            fetcher: first.fetcher.clone(),
            jobs: first.jobs.clone(),
            limits: first.limits.clone(),
            standing: pool.standing(),
            remote_limit: first.remote_limit,
            fallback_wait: first.fallback_wait,
        };
        let subscription = bench.queue.subscribe(SECOND, 10);
        Self { bench: Arc::new(bench), pool, subscription }
    }

    async fn work(&mut self, rig: &Rig) -> Verdict {
        let working = async {
            let seat = self.pool.seat().await.unwrap();
            let delivery = self.subscription.next().await.unwrap();
            job::work(Arc::clone(&self.bench), delivery, seat, rig.hand_back.clone()).await
        };
        tokio::time::timeout(SOON, working).await.expect("a message is there and its work ends")
    }
}

async fn announce(rig: &Rig, circuit: CircuitState) {
    let provider = ProviderReport {
        name: SECOND,
        is_ready: true,
        problem: None,
        slots: 1,
        busy: 0,
        circuit,
        error_rate: 0.0,
        models: std::collections::BTreeMap::new(),
        last_error: None,
    };
    let report = WorkerReport {
        id: "w2".to_owned(),
        host: "h".to_owned(),
        version: "1".to_owned(),
        providers: vec![provider],
        reported_at: Timestamp::now(),
    };
    rig.store.announce(&report, Duration::from_secs(60)).await.unwrap();
}

fn auto(order: &str) -> JobMessage {
    JobMessage { auto: true, ..message(order) }
}

async fn waiting(rig: &Rig) -> u64 {
    let depth = rig.bench.queue.depth(SECOND).await.unwrap();
    depth.high + depth.normal + depth.low
}

async fn reading(rig: &Rig, message: &JobMessage) -> Reading {
    serde_json::from_str(&rig.result(message).await.unwrap()).unwrap()
}

fn has_no_second(record: &JobRecord) -> bool {
    record.warnings.iter().any(|warning| warning.code == WarningCode::NoSecondReading)
}

#[tokio::test]
async fn a_doubtful_reading_is_handed_on_and_both_are_joined() {
    let mut rig = rig(&[]);
    let mut second = Second::of(&rig, "doubt second").await;
    let message = auto("doubt first");

    let verdict = rig.do_job(&message).await;
    let between = rig.record(&message).await;
    second.work(&rig).await;
    rig.work().await;

    assert_eq!((verdict, between.state), (Verdict::Healthy, JobState::Pending));
    let record = rig.record(&message).await;
    assert_eq!((record.state, record.warnings.len()), (JobState::Completed, 0));
    let reading = reading(&rig, &message).await;
    assert_eq!(reading.fallback_level.as_deref(), Some("confidence_fallback"));
    assert_eq!(reading.second_reading.unwrap().provider, SECOND);
    assert_eq!(reading.pages[0].text_lines[0].text, "doubt first", "the first one is the base");
    assert_eq!(waiting(&rig).await + rig.depth().await.normal, 0, "both messages are settled");
    assert_eq!(rig.store.draft(id_of(&message)).await.unwrap(), None);
}

#[tokio::test]
async fn a_named_provider_and_a_good_reading_are_never_handed_on() {
    let mut rig = rig(&[("OCR_CONFIDENCE_FALLBACK", "0.3")]);
    let _second = Second::of(&rig, "doubt").await;
    let (named, good) = (message("doubt"), auto("doubt"));

    rig.do_job(&good).await;
    rig.do_job(&named).await;

    for message in [&named, &good] {
        assert_eq!(rig.record(message).await.state, JobState::Completed);
    }
    assert_eq!(waiting(&rig).await, 0);
}

#[tokio::test]
async fn without_a_second_provider_the_first_reading_is_the_result_at_once() {
    let mut rig = rig(&[]);
    let (unserved, open) = (auto("doubt"), auto("doubt"));

    rig.do_job(&unserved).await;
    announce(&rig, CircuitState::Open).await;
    rig.do_job(&open).await;

    for message in [&unserved, &open] {
        let record = rig.record(message).await;
        assert_eq!((record.state, has_no_second(&record)), (JobState::Completed, false));
        assert_eq!(reading(&rig, message).await.second_reading, None);
    }
}

#[tokio::test]
async fn a_second_reading_that_fails_leaves_the_first_one() {
    let mut rig = rig(&[]);
    let mut second = Second::of(&rig, "fault").await;
    let message = auto("doubt");

    rig.do_job(&message).await;
    let verdict = second.work(&rig).await;

    assert_eq!(verdict, Verdict::Fault, "its circuit learns of it");
    let record = rig.record(&message).await;
    assert_eq!((record.state, record.error.as_ref()), (JobState::Completed, None));
    assert!(has_no_second(&record));
    let reading = reading(&rig, &message).await;
    assert_eq!(reading.confidence, Some(0.4));
    assert!(reading.warnings.iter().any(|it| it.code == WarningCode::NoSecondReading));
}

#[tokio::test]
async fn the_guard_ends_the_job_when_nobody_takes_the_second_message() {
    let mut rig = rig(&[("OCR_FALLBACK_WAIT_MS", "1")]);
    let mut second = Second::of(&rig, "doubt second").await;
    let message = auto("doubt");

    rig.do_job(&message).await;
    rig.work().await;

    let record = rig.record(&message).await;
    assert_eq!(record.state, JobState::Completed);
    assert!(has_no_second(&record));
    let before = rig.result(&message).await;
    second.work(&rig).await;
    assert_eq!(rig.result(&message).await, before, "a late second reading changes nothing");
    assert_eq!(waiting(&rig).await, 0);
}

#[tokio::test]
async fn the_guard_waits_as_long_as_there_is_time() {
    let mut rig = rig(&[("OCR_FALLBACK_WAIT_MS", "4000")]);
    let mut second = Second::of(&rig, "doubt second").await;
    let message = auto("doubt");

    rig.do_job(&message).await;
    rig.work().await;
    let between = rig.record(&message).await;
    second.work(&rig).await;

    assert_eq!((between.state, between.attempt), (JobState::Pending, 1), "it has claimed nothing");
    assert!(reading(&rig, &message).await.second_reading.is_some());
}

#[tokio::test]
async fn a_second_reading_that_kills_its_workers_leaves_the_first_one() {
    let mut rig = rig(&[("JOB_MAX_ATTEMPTS", "1")]);
    let mut second = Second::of(&rig, "doubt").await;
    let message = auto("doubt");
    rig.do_job(&message).await;
    let seed = rig.record(&message).await;
    let dead =
        ClaimTerms { claimant: Uuid::new_v4(), max_starts: 9, lease: Duration::from_secs(3) };
    rig.store.claim(&seed, &dead).await.unwrap();

    // Its lease has to run out before anybody takes the job over.
    tokio::time::sleep(Duration::from_millis(3100)).await;
    second.work(&rig).await;

    let record = rig.record(&message).await;
    assert_eq!((record.state, has_no_second(&record)), (JobState::Completed, true));
}

#[tokio::test]
async fn a_first_message_that_comes_back_after_a_crash_does_no_harm() {
    let mut rig = rig(&[]);
    let mut second = Second::of(&rig, "doubt second").await;
    let message = auto("doubt");

    // The worker has died after it had published the second message and before the first became the guard.
    rig.do_job(&message).await;
    rig.publish(&message, Envelope::default()).await;
    rig.work().await;
    second.work(&rig).await;
    let result = rig.result(&message).await;
    second.work(&rig).await;
    rig.work().await;
    rig.work().await;

    assert_eq!(rig.record(&message).await.state, JobState::Completed);
    assert_eq!(rig.result(&message).await, result);
    assert_eq!(waiting(&rig).await + rig.depth().await.normal, 0, "every copy is settled");
}

#[tokio::test]
async fn a_first_reading_survives_a_failing_repetition() {
    let mut rig = rig(&[("JOB_MAX_ATTEMPTS", "1")]);
    let _second = Second::of(&rig, "doubt").await;
    let message = auto("doubt");
    rig.do_job(&message).await;

    // The same job comes back and is out of starts.
    rig.publish(&message, Envelope::default()).await;
    rig.work().await;

    let record = rig.record(&message).await;
    assert_eq!((record.state, has_no_second(&record)), (JobState::Completed, true));
}

#[tokio::test]
async fn the_publisher_gets_one_reply() {
    let mut rig = rig(&[]);
    let mut second = Second::of(&rig, "doubt second").await;
    let message = auto("doubt");
    let envelope = Envelope {
        reply_to: Some("answers".to_owned()),
        correlation_id: Some("7".to_owned()),
        ..Envelope::default()
    };

    rig.queue.open_replies("answers");
    rig.publish(&message, envelope).await;
    rig.work().await;
    second.work(&rig).await;
    rig.work().await;

    let reply = rig.queue.take_reply("answers").unwrap();
    assert_eq!(reply.envelope.correlation_id.as_deref(), Some("7"));
    assert_eq!(rig.queue.take_reply("answers"), None);
}
