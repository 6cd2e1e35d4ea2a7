//! Jobs over the embedded queue and store, with a fake provider in real slots.

use cad_common::contract::codec::from_messagepack;
use cad_common::contract::job::{JobId, JobMessage, Source};
use cad_common::provider::ProviderName;
use cad_common::queue::{DEAD_REASON_HEADER, Depth, Envelope};
use cad_common::store::{Cancel, Claim};
use serde_json::Value;

use super::*;
use crate::provider::fake::{PNG, drawing};
use crate::testing::{PROVIDER, Rig, eventually, id_of, message, rig};

/// Nothing waits, nothing is dead. The consumers are not asked.
fn settled(depth: Depth) -> bool {
    depth.high + depth.normal + depth.low + depth.dead == 0
}

fn dead_reasons(rig: &Rig) -> Vec<String> {
    let letters = rig.queue.dead_letters(PROVIDER);
    letters.into_iter().map(|letter| letter.envelope.headers[DEAD_REASON_HEADER].clone()).collect()
}

fn replying(content_type: &str) -> Envelope {
    Envelope {
        reply_to: Some("answers".to_owned()),
        correlation_id: Some("7".to_owned()),
        content_type: Some(content_type.to_owned()),
        ..Envelope::default()
    }
}

#[tokio::test]
async fn a_job_that_the_store_does_not_know_is_run_from_its_message() {
    let mut rig = rig(&[]);
    let message = message("read");

    let verdict = rig.do_job(&message).await;

    let record = rig.record(&message).await;
    assert_eq!(verdict, Verdict::Healthy);
    assert_eq!(record.state, JobState::Completed);
    assert_eq!(
        (record.tag.as_deref(), record.filename.as_deref()),
        (Some("order 7"), Some("part.png"))
    );
    assert_eq!(rig.result(&message).await.as_deref(), Some(r#"{"run":1}"#));
    assert!(settled(rig.depth().await));
}

#[tokio::test]
async fn a_job_of_the_api_brings_its_drawing_by_hash() {
    let mut rig = rig(&[]);
    let hash = rig.store.put_blob(&drawing("read"), JobId::generate()).await.unwrap();
    let message = JobMessage { source: Source::Blob(hash), ..message("read") };

    rig.do_job(&message).await;

    assert_eq!(rig.record(&message).await.state, JobState::Completed);
}

#[tokio::test]
async fn a_drawing_that_is_gone_fails_the_job_at_once() {
    let mut rig = rig(&[]);
    let hash = cad_common::contract::job::BlobHash::of(b"expired");
    let message = JobMessage { source: Source::Blob(hash), ..message("read") };

    let verdict = rig.do_job(&message).await;

    let error = rig.record(&message).await.error.unwrap();
    assert_eq!(
        (error.code, error.reason.as_deref()),
        (ErrorCode::InputError, Some("blob_missing"))
    );
    assert_eq!(verdict, Verdict::Neutral);
    assert!(settled(rig.depth().await));
}

#[tokio::test]
async fn a_transient_failure_is_tried_again_after_a_wait_and_can_succeed() {
    let mut rig = rig(&[]);
    let message = message("fault once");

    let first = rig.do_job(&message).await;
    let between = rig.record(&message).await;
    let second = rig.work().await;

    assert_eq!((first, second), (Verdict::Fault, Verdict::Healthy));
    assert_eq!(between.state, JobState::Pending);
    assert_eq!(between.error.unwrap().code, ErrorCode::InternalError, "a poll sees why it waits");
    let record = rig.record(&message).await;
    assert_eq!((record.state, record.attempt, record.error), (JobState::Completed, 2, None));
    assert!(settled(rig.depth().await));
}

#[tokio::test]
async fn the_last_attempt_fails_the_job() {
    let mut rig = rig(&[("JOB_MAX_ATTEMPTS", "3")]);
    let message = message("fault");
    rig.publish(&message, Envelope { attempt: 2, ..Envelope::default() }).await;

    rig.work().await;

    let record = rig.record(&message).await;
    assert_eq!(
        (record.state, record.error.unwrap().code),
        (JobState::Failed, ErrorCode::InternalError)
    );
    assert!(settled(rig.depth().await));
}

#[tokio::test]
async fn a_clients_mistake_is_not_tried_again() {
    let mut rig = rig(&[]);
    let message = message("bad");

    let verdict = rig.do_job(&message).await;

    let record = rig.record(&message).await;
    assert_eq!(
        (record.state, record.error.unwrap().code),
        (JobState::Failed, ErrorCode::InputError)
    );
    assert_eq!(verdict, Verdict::Neutral);
    assert!(settled(rig.depth().await));
}

#[tokio::test]
async fn a_crash_in_the_slot_costs_one_attempt() {
    let mut rig = rig(&[("JOB_MAX_ATTEMPTS", "1")]);
    let (crashing, innocent) = (message("panic"), message("read"));

    let verdict = rig.do_job(&crashing).await;
    rig.do_job(&innocent).await;

    let error = rig.record(&crashing).await.error.unwrap();
    assert_eq!(error.reason.as_deref(), Some("crashed_slot"));
    assert_eq!(verdict, Verdict::Fault);
    assert_eq!(rig.record(&innocent).await.state, JobState::Completed);
}

#[tokio::test]
async fn a_run_over_its_time_is_a_fault_of_the_provider() {
    let mut rig = rig(&[("JOB_MAX_ATTEMPTS", "1"), ("OCR_TIMEOUT_MS", "40")]);
    let message = message("wait");

    let verdict = rig.do_job(&message).await;

    assert_eq!(rig.record(&message).await.error.unwrap().code, ErrorCode::ProviderTimeout);
    assert_eq!(verdict, Verdict::Fault);
}

#[tokio::test]
async fn what_the_api_would_refuse_is_refused_here_too() {
    let mut rig = rig(&[]);
    let message =
        JobMessage { source: Source::Inline(b"just text".to_vec().into()), ..message("read") };

    rig.do_job(&message).await;

    let error = rig.record(&message).await.error.unwrap();
    assert_eq!(
        (error.code, error.reason.as_deref()),
        (ErrorCode::UnsupportedFormat, Some("invalid_mime"))
    );
}

#[tokio::test]
async fn a_private_address_is_not_fetched() {
    let mut rig = rig(&[]);
    let message = JobMessage {
        source: Source::Url("http://127.0.0.1:9/x.png".to_owned()),
        ..message("read")
    };

    let verdict = rig.do_job(&message).await;

    let error = rig.record(&message).await.error.unwrap();
    assert_eq!(error.reason.as_deref(), Some("url_forbidden_address"));
    assert_eq!(verdict, Verdict::Neutral);
}

#[tokio::test]
async fn messages_that_are_no_jobs_go_to_the_dead_letters_with_the_reason() {
    let mut rig = rig(&[]);
    let good = message("read");
    let map = |change: &dyn Fn(&mut Value)| {
        let mut value = serde_json::to_value(&good).unwrap();
        change(&mut value);
        serde_json::to_vec(&value).unwrap()
    };
    let cases: [(Vec<u8>, &str); 9] = [
        (b"garbage".to_vec(), "invalid_message"),
        (Vec::new(), "invalid_message"),
        (map(&|value| value["v"] = 2.into()), "unknown_version"),
        (map(&|value| value["job_id"] = Value::Null), "missing_job_id"),
        (map(&|value| value["job_id"] = "../etc".into()), "invalid_job_id"),
        (map(&|value| value["kind"] = "ocr.guess".into()), "unknown_kind"),
        (map(&|value| value["provider"] = "tesseract".into()), "unknown_provider"),
        (map(&|value| value["provider"] = "deepseek_hf".into()), "wrong_queue"),
        (
            map(&|value| value["source"] = serde_json::json!({ "inline": "A".repeat(400_000) })),
            "inline_too_large",
        ),
    ];

    for (body, _) in &cases {
        let json =
            Envelope { content_type: Some("application/json".to_owned()), ..Envelope::default() };
        rig.publish_bytes(body, json).await;
        assert_eq!(rig.work().await, Verdict::Neutral);
    }

    let expected: Vec<_> = cases.iter().map(|(_, reason)| *reason).collect();
    assert_eq!(dead_reasons(&rig), expected);
}

#[tokio::test]
async fn whoever_waits_for_a_dead_lettered_job_sees_it_failed() {
    let mut rig = rig(&[]);
    let id = JobId::generate();
    rig.queue.open_replies("answers");
    let envelope = Envelope { message_id: Some(id.to_string()), ..replying("application/msgpack") };
    rig.publish_bytes(b"\xc1", envelope).await;

    rig.work().await;

    let Lookup::Found(record) = rig.store.lookup(id).await.unwrap() else { panic!("no record") };
    assert_eq!(record.state, JobState::Failed);
    assert_eq!(record.error.unwrap().reason.as_deref(), Some("invalid_message"));
    let reply: Value = from_messagepack(&rig.queue.take_reply("answers").unwrap().body).unwrap();
    assert_eq!(
        (reply["job_id"].as_str(), reply["state"].as_str()),
        (Some(id.to_string().as_str()), Some("failed"))
    );
}

#[tokio::test]
async fn garbage_under_the_id_of_a_running_job_does_not_end_it() {
    let mut rig = rig(&[]);
    let message = message("read");
    let running = rig.bench.store.claim(&seed_of(&message), &terms(&rig.bench)).await.unwrap();
    let Claim::Granted(grant) = running else { panic!("{running:?}") };
    let envelope = Envelope { message_id: message.job_id.clone(), ..Envelope::default() };
    rig.publish_bytes(b"garbage", envelope).await;

    rig.work().await;

    assert_eq!(rig.record(&message).await.state, JobState::InProgress);
    let ending = Ending::Completed { result: b"{}".to_vec(), warnings: Vec::new() };
    assert_eq!(
        rig.store.finish(id_of(&message), grant.token, &ending).await.unwrap(),
        Finish::Stored
    );
}

#[tokio::test]
async fn a_second_message_of_a_running_job_looks_again_until_it_has_ended() {
    let mut rig = rig(&[]);
    let message = message("fault");
    let held = rig.store.claim(&seed_of(&message), &terms(&rig.bench)).await.unwrap();
    let Claim::Granted(grant) = held else { panic!("{held:?}") };

    let verdict = rig.do_job(&message).await;

    assert_eq!(verdict, Verdict::Neutral);
    let record = rig.record(&message).await;
    assert_eq!((record.state, record.attempt), (JobState::InProgress, 1));
    let ending = Ending::Completed { result: b"{}".to_vec(), warnings: Vec::new() };
    rig.store.finish(id_of(&message), grant.token, &ending).await.unwrap();
    rig.work().await;
    assert_eq!(rig.record(&message).await.state, JobState::Completed);
    assert!(settled(rig.depth().await));
}

fn seed_of(message: &JobMessage) -> JobRecord {
    JobRecord {
        id: id_of(message),
        kind: PROVIDER.kind(),
        provider: PROVIDER,
        lane: cad_common::contract::job::Lane::Normal,
        tag: None,
        filename: None,
        owner: None,
        trace_id: None,
        state: JobState::Pending,
        attempt: 0,
        created_at: Timestamp::now(),
        started_at: None,
        finished_at: None,
        expires_at: None,
        progress: None,
        warnings: Vec::new(),
        error: None,
    }
}

#[tokio::test]
async fn a_cancellation_stops_the_running_job_within_a_second() {
    let mut rig = rig(&[]);
    let message = message("wait");
    let (store, id) = (rig.store.clone(), id_of(&message));
    let client = async {
        eventually("it runs", async || {
            matches!(store.lookup(id).await.unwrap(), Lookup::Found(record) if record.progress.is_some())
        })
        .await;
        let canceled_at = std::time::Instant::now();
        assert!(matches!(store.cancel(id).await.unwrap(), Cancel::Canceled(_)));
        canceled_at
    };

    let (canceled_at, verdict) = tokio::join!(client, rig.do_job(&message));

    assert!(canceled_at.elapsed() < Duration::from_secs(1));
    assert_eq!(verdict, Verdict::Neutral);
    assert_eq!(rig.record(&message).await.state, JobState::Canceled);
    assert!(settled(rig.depth().await));
}

#[tokio::test]
async fn a_job_canceled_before_its_start_is_not_run() {
    let mut rig = rig(&[]);
    let message = message("fault");
    rig.store.create(&seed_of(&message), None).await.unwrap();
    rig.store.cancel(id_of(&message)).await.unwrap();

    let verdict = rig.do_job(&message).await;

    assert_eq!(verdict, Verdict::Neutral);
    assert_eq!(rig.record(&message).await.state, JobState::Canceled);
    assert!(settled(rig.depth().await));
}

#[tokio::test]
async fn a_job_that_kills_its_workers_is_given_up() {
    let mut rig = rig(&[]);
    let message = message("read");
    for _ in 0..3 {
        let claim = rig.store.claim(&seed_of(&message), &terms(&rig.bench)).await.unwrap();
        let Claim::Granted(grant) = claim else { panic!("{claim:?}") };
        // As if its holder had fallen silent.
        rig.store.release(id_of(&message), grant.token, None, false).await.unwrap();
    }

    rig.do_job(&message).await;

    let error = rig.record(&message).await.error.unwrap();
    assert_eq!(
        (error.code, error.reason.as_deref()),
        (ErrorCode::ResourceExhausted, Some("crashed_worker"))
    );
    assert_eq!(dead_reasons(&rig), ["crashed_worker"]);
}

#[tokio::test]
async fn a_job_past_its_deadline_is_not_run() {
    let mut rig = rig(&[]);
    let deadline = Timestamp::now() - Duration::from_secs(1);
    let message = JobMessage { deadline: Some(deadline), ..message("panic") };

    let verdict = rig.do_job(&message).await;

    let error = rig.record(&message).await.error.unwrap();
    assert_eq!((error.code, error.reason.as_deref()), (ErrorCode::Timeout, Some("expired")));
    assert_eq!(verdict, Verdict::Neutral);
    assert!(settled(rig.depth().await), "it is not tried again");
}

#[tokio::test]
async fn a_deadline_within_the_run_stops_it() {
    let mut rig = rig(&[]);
    let deadline = Timestamp::now() + Duration::from_millis(100);
    let message = JobMessage { deadline: Some(deadline), ..message("wait") };

    rig.do_job(&message).await;

    assert_eq!(rig.record(&message).await.error.unwrap().reason.as_deref(), Some("expired"));
}

#[tokio::test]
async fn a_record_lost_while_the_job_runs_is_made_anew() {
    let mut rig = rig(&[]);
    let message = message("slow");
    let (store, id) = (rig.store.clone(), id_of(&message));
    let flush = async {
        eventually("it runs", async || matches!(store.lookup(id).await.unwrap(), Lookup::Found(_)))
            .await;
        store.remove(id).await.unwrap();
    };

    tokio::join!(flush, rig.do_job(&message));

    assert_eq!(rig.record(&message).await.state, JobState::Completed);
    assert!(settled(rig.depth().await));
}

#[tokio::test]
async fn a_duplicate_after_the_end_changes_nothing_and_replies_again() {
    let mut rig = rig(&[]);
    rig.queue.open_replies("answers");
    let message = message("read");
    rig.publish(&message, replying("application/msgpack")).await;
    rig.publish(&message, replying("application/msgpack")).await;

    rig.work().await;
    let first = rig.record(&message).await;
    let verdict = rig.work().await;

    assert_eq!(verdict, Verdict::Neutral);
    assert_eq!(rig.record(&message).await, first);
    let replies =
        [rig.queue.take_reply("answers").unwrap(), rig.queue.take_reply("answers").unwrap()];
    assert_eq!(replies[0], replies[1]);
    assert!(settled(rig.depth().await));
}

#[tokio::test]
async fn a_reply_carries_the_result_in_the_format_of_the_message() {
    let mut rig = rig(&[]);
    rig.queue.open_replies("answers");
    let message = message("read");
    let as_json = serde_json::to_vec(&message).unwrap();
    rig.publish_bytes(&as_json, replying("application/json; charset=utf-8")).await;

    rig.work().await;

    let reply = rig.queue.take_reply("answers").unwrap();
    let body: Value = serde_json::from_slice(&reply.body).unwrap();
    assert_eq!(reply.envelope.correlation_id.as_deref(), Some("7"));
    assert_eq!(reply.envelope.content_type.as_deref(), Some("application/json"));
    assert_eq!((body["v"].as_u64(), body["state"].as_str()), (Some(1), Some("completed")));
    assert_eq!(body["job_id"].as_str(), message.job_id.as_deref());
    assert_eq!(body["result"]["run"], 1);
    assert_eq!(body["warnings"], serde_json::json!([]));
}

#[tokio::test]
async fn a_reply_queue_that_is_gone_does_not_fail_the_job() {
    let mut rig = rig(&[]);
    let message = message("read");
    rig.publish(&message, replying("application/msgpack")).await;

    rig.work().await;

    assert_eq!(rig.record(&message).await.state, JobState::Completed);
    assert!(settled(rig.depth().await));
}

#[tokio::test]
async fn the_same_drawing_is_read_once() {
    let mut rig = rig(&[]);
    let (first, second) = (message("read"), message("read"));

    rig.do_job(&first).await;
    let verdict = rig.do_job(&second).await;

    assert_eq!(
        verdict,
        Verdict::Neutral,
        "an answer from the cache says nothing about the provider"
    );
    assert_eq!(rig.result(&second).await, rig.result(&first).await);
    assert_eq!(rig.result(&second).await.as_deref(), Some(r#"{"run":1}"#));
}

#[tokio::test]
async fn other_options_are_another_answer() {
    let mut rig = rig(&[]);
    let first = message("read");
    let mut second = message("read");
    second.options.pages = Some("1".to_owned());

    rig.do_job(&first).await;
    let verdict = rig.do_job(&second).await;

    assert_eq!(verdict, Verdict::Healthy);
}

#[tokio::test]
async fn a_follower_gets_the_answer_of_its_leader() {
    let mut rig = rig(&[]);
    let (leader, follower) = (message("slow"), message("slow"));
    rig.publish(&leader, Envelope::default()).await;
    rig.publish(&follower, Envelope::default()).await;

    let first = rig.started().await;
    let second = rig.started().await;
    let verdicts = [first.await.unwrap(), second.await.unwrap()];
    rig.work().await;

    assert!(
        verdicts.contains(&Verdict::Healthy) && verdicts.contains(&Verdict::Neutral),
        "{verdicts:?}"
    );
    assert_eq!(rig.record(&leader).await.attempt, 1);
    assert_eq!(rig.record(&follower).await.attempt, 1, "following is no attempt");
    assert_eq!(rig.result(&leader).await, rig.result(&follower).await);
}

#[tokio::test]
async fn a_follower_whose_leader_failed_runs_itself() {
    let mut rig = rig(&[]);
    let (leader, follower) = (message("slowbad"), message("slowbad"));
    rig.publish(&leader, Envelope::default()).await;
    rig.publish(&follower, Envelope::default()).await;

    let first = rig.started().await;
    let second = rig.started().await;
    let _ = (first.await.unwrap(), second.await.unwrap());
    rig.work().await;

    for message in [leader, follower] {
        assert_eq!(rig.record(&message).await.error.unwrap().code, ErrorCode::InputError);
    }
}

#[tokio::test]
async fn a_job_that_is_handed_back_costs_no_attempt() {
    let mut rig = rig(&[]);
    let message = message("wait");
    rig.publish(&message, Envelope::default()).await;
    let running = rig.started().await;
    let store = rig.store.clone();
    let id = id_of(&message);
    eventually("it runs", async || matches!(store.lookup(id).await.unwrap(), Lookup::Found(_)))
        .await;

    rig.hand_back.cancel();
    let verdict = running.await.unwrap();

    let record = rig.record(&message).await;
    assert_eq!(verdict, Verdict::Neutral);
    assert_eq!((record.state, record.attempt), (JobState::Pending, 0));
    assert_eq!(rig.depth().await.normal, 1, "another worker can take it");
}

#[test]
fn the_fakes_picture_passes_the_inspection() {
    let env = cad_common::config::Env::from_lookup(|_| None);
    let limits = cad_common::config::shared::LimitsConfig::from_env(&env).unwrap();

    assert!(cad_common::inspect::inspect(PNG, &limits).is_ok());
    assert_eq!(PROVIDER, ProviderName::Paddle);
}
