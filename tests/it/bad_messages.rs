//! What publishers do wrong on the queue: each ends among the dead letters with its reason, and the
//! consumer goes on.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cad_common::contract::record::JobState;
use cad_tests::drawings;
use cad_tests::fleet::Fleet;
use cad_tests::publisher::{self, Publisher};
use cad_tests::wait::{self, seconds};
use lapin::BasicProperties;
use serde_json::{Value, json};

/// A message that no worker can use.
struct Case {
    body: Vec<u8>,
    content_type: &'static str,
    /// The AMQP `message_id`, or the `job_id` in the body.
    id: Option<String>,
    reason: &'static str,
}

#[tokio::test]
async fn unusable_messages_are_dead_lettered_with_their_reason_and_the_consumer_goes_on() {
    let fleet = Fleet::start(1, &[]).await;
    let publisher = Publisher::connect(fleet.addresses()).await;

    for case in cases() {
        let mut properties = BasicProperties::default().with_content_type(case.content_type.into());
        if let Some(id) = &case.id {
            properties = properties.with_message_id(id.as_str().into());
        }
        let counted = [("reason", case.reason)];
        let before = fleet.worked("jobs_dead_lettered_total", &counted).await;

        publisher.send(&case.body, properties).await;

        let letter =
            wait::until(case.reason, seconds(10), async || publisher.dead_letter().await).await;
        assert_eq!((letter.reason.as_str(), &letter.body), (case.reason, &case.body));
        let has_counted = async || {
            (fleet.worked("jobs_dead_lettered_total", &counted).await > before).then_some(())
        };
        wait::until("the metric has moved", seconds(5), has_counted).await;
        if let Some(id) = case.id.filter(|_| case.reason != "invalid_job_id") {
            let error = fleet.client().failed(&id, seconds(5)).await;
            assert_eq!(error.reason.as_deref(), Some(case.reason));
        }
    }
    let good = publisher.send_drawing(&drawings::small()).await;
    fleet.client().completed(&good, seconds(30)).await;
    assert_eq!(publisher.dead_letter().await, None);
}

#[tokio::test]
async fn unknown_fields_of_a_message_are_ignored() {
    let fleet = Fleet::start(1, &[]).await;
    let publisher = Publisher::connect(fleet.addresses()).await;
    let blob = fleet.client().submit("part.png", &drawings::small()).await;
    let known = fleet.client().completed(&blob.id, seconds(30)).await;
    let id = uuid::Uuid::now_v7().to_string();
    let mut message = publisher::message(&json!({ "inline": STANDARD.encode(drawings::small()) }));
    message["job_id"] = json!(id);
    message["colour"] = json!({ "of": ["another", "version"] });
    message["options"] = json!({ "speed": "fast" });

    publisher.send(message.to_string().as_bytes(), publisher::as_json()).await;

    let job = fleet.client().completed(&id, seconds(30)).await;
    assert_eq!(job.result.unwrap()["pages"], known.result.unwrap()["pages"]);
}

#[tokio::test]
async fn late_garbage_under_the_id_of_a_completed_job_does_not_change_it() {
    let fleet = Fleet::start(1, &[]).await;
    let publisher = Publisher::connect(fleet.addresses()).await;
    let job = fleet.client().submit("part.png", &drawings::small()).await;
    fleet.client().completed(&job.id, seconds(30)).await;

    let properties = BasicProperties::default().with_message_id(job.id.as_str().into());
    publisher.send(b"garbage", properties).await;
    wait::until("garbage is dead", seconds(10), async || publisher.dead_letter().await).await;

    assert_eq!(fleet.client().job(&job.id).await.state, JobState::Completed);
}

fn cases() -> Vec<Case> {
    let source = json!({ "url": "http://example.invalid/a.png" });
    let with = |field: &str, value: Value| {
        let mut message = publisher::message(&source);
        message["job_id"] = json!(new_id());
        message[field] = value;
        message
    };
    let raw = |body: &[u8], content_type, reason| Case {
        body: body.to_vec(),
        content_type,
        id: Some(new_id()),
        reason,
    };
    let json = |message: Value, reason| Case {
        id: message["job_id"].as_str().map(str::to_owned),
        body: message.to_string().into_bytes(),
        content_type: "application/json",
        reason,
    };
    let truncated = with("v", json!(1)).to_string();
    vec![
        raw(b"\xff\x00 garbage \x93", "application/msgpack", "invalid_message"),
        raw(b"", "application/msgpack", "invalid_message"),
        raw(b"\x93\x01\x02\x03", "application/msgpack", "invalid_message"),
        raw(b"\xdf\xff\xff\xff\xff", "application/msgpack", "invalid_message"),
        raw(&truncated.as_bytes()[..truncated.len() - 5], "application/json", "invalid_message"),
        raw(b"<job/>", "application/xml", "unknown_content_type"),
        raw(&vec![b' '; 600 * 1024], "application/json", "message_too_large"),
        Case { id: None, ..raw(b"garbage", "", "invalid_message") },
        json(with("v", json!(99)), "unknown_version"),
        json(with("kind", json!("ocr.translate")), "unknown_kind"),
        json(with("provider", json!("tesseract")), "unknown_provider"),
        json(with("provider", json!("deepseek_hf")), "wrong_queue"),
        json(publisher::message(&source), "missing_job_id"),
        json(with("job_id", json!("../../etc/passwd")), "invalid_job_id"),
    ]
}

fn new_id() -> String {
    uuid::Uuid::now_v7().to_string()
}
